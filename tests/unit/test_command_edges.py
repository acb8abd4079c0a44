"""Commands at the edge: what stands in the way is told in a sentence with an exit code, and nothing is half done."""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import typer
from tests.canaries import table
from tests.conftest import contents, declare, rejsens_here, write_study
from tests.unit.example_adding import answers

from rejsens import system_faults
from rejsens.catalogue import COLUMNS, _wording
from rejsens.commands import _pipeline, explain, export, figures, init, report
from rejsens.definitions import load_instruments
from rejsens.problems import Refused
from rejsens.wave_comparison import compare_wave

Told = Callable[..., CompletedProcess[str]]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", waves=2)


def refuse(error: Exception) -> Callable[..., Any]:
    def fail(*given: Any, **named: Any) -> Any:
        raise error

    return fail


# --- what is asked of no study ---------------------------------------------------------------------------------------


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    said = rejsens_here(tmp_path, "--version")
    assert (said.returncode, said.stdout) == (0, f"rejsens {version('rejsens')}\n")


def test_instruments_are_listed_as_a_table_and_by_what_they_measure(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(rejsens_here(tmp_path, "instruments", "--format", "csv").stdout)))
    assert tuple(rows[0]) == tuple(COLUMNS) and {"gad7", "rses", "mreii_impact"} <= {row["id"] for row in rows}
    some = rejsens_here(tmp_path, "instruments", "--format", "csv", "--measures", "self-esteem")
    found = {row["id"] for row in csv.DictReader(io.StringIO(some.stdout))}
    assert "rses" in found and "gad7" not in found and found < {row["id"] for row in rows}
    wrong = rejsens_here(tmp_path, "instruments", "--measures", "self-esteam")
    assert wrong.returncode == 2 and "No construct of that name" in wrong.stdout


def test_an_instrument_with_words_says_in_which_languages_they_are_at_hand() -> None:
    impact = load_instruments(only=["mreii_impact"])["mreii_impact"]
    assert _wording(impact, ["en", "de"]).startswith("in English and German; the words stand in ")
    assert _wording(impact, []).startswith("not part of this definition")


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_a_computer_without_memory_is_not_called_a_fault_of_the_software(error: Exception) -> None:
    said = system_faults.sentence(error)
    assert said == system_faults.SENTENCES[errno.ENOMEM]
    assert system_faults.told(f"numpy._core._exceptions._ArrayMemoryError: {error}") == said


def test_a_study_that_cannot_be_written_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init, "write_whole", refuse(OSError(errno.ENOSPC, "No space left on device")))
    said = rejsens_here(tmp_path, "init", "mine")
    assert said.returncode and "The study could not be made" in said.stderr and "The disk is full" in said.stderr


@pytest.mark.parametrize(("flag", "wanted"), [([], False), (["--truth"], True)])
def test_the_truth_of_a_simulation_is_written_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: list[str], wanted: bool
) -> None:
    from rejsens import simulate

    called: list[str] = []
    monkeypatch.setattr(simulate, "simulate_study", lambda *given: called.append("study"))
    monkeypatch.setattr(simulate, "write_truth", lambda *given, **named: called.append("truth"))
    assert rejsens_here(tmp_path, "simulate", "--seed", "1", "--out", "drawn", *flag).returncode == 0
    assert called == ["study", "truth"][: 1 + wanted]


# --- waves -----------------------------------------------------------------------------------------------------------


def test_a_wave_with_flags_that_cannot_be_read_is_not_added(study: Path) -> None:
    before = contents(study)
    said = rejsens_here(study, "add-wave", "no.csv", "--name", "w3", "--map", "gad7_01")
    assert said.returncode == 2 and "it has no =" in said.stderr and "Nothing was written." in said.stderr
    assert contents(study) == before


def test_an_export_that_could_be_added_is_called_so(study: Path) -> None:
    (study / "download.csv").write_text(table(answers()))
    said = rejsens_here(study, "check", "download.csv")
    assert said.returncode == 0 and "Next: rejsens add-wave download.csv --name NAME --study STUDY" in said.stdout


def test_a_wave_is_compared_with_the_nearest_of_the_panel(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    Path("new.csv").write_text(table({name: cells for name, cells in answers().items() if name != "gad7_07"}))
    assert compare_wave("new.csv").previous == "w2"  # of an export that is no wave yet the latest
    declare(study, "w2", role="retest", retest_of="w1", collected={"from": "2026-01-15", "to": "2026-01-21"})
    assert compare_wave("new.csv").previous == "w1" and compare_wave("w2").previous == "w1"
    declare(study, "w2", role="retest", retest_of="w9")
    with pytest.raises(Refused, match="no wave of the panel came before it"):
        compare_wave("w2")


def test_a_sidecar_that_cannot_be_read_hides_no_other_wave_and_is_told_when_it_is_meant(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(study / "data/waves/w3.yaml").write_text("title: [\n")
    monkeypatch.chdir(study)
    assert compare_wave("w2").previous == "w1"
    with pytest.raises(Refused, match=r"w3\.yaml"):
        compare_wave("data/waves/w3.yaml")
    said = rejsens_here(study, "diff-wave", "w2", "--study", "nowhere")
    assert said.returncode == 2 and "nowhere is no folder" in said.stdout


def test_a_plan_of_a_study_that_cannot_be_read_is_not_shown(study: Path) -> None:
    (study / "config/config.yaml").write_text("study: {title: New, simulated: maybe}\n")
    said = rejsens_here(study, "plan", "show")
    assert said.returncode == 1 and "cannot be frozen or shown" in said.stdout and "simulated" in said.stdout


# --- runs ------------------------------------------------------------------------------------------------------------


def test_a_word_that_is_no_study_is_not_passed_over(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(report, "make", lambda *given: made.append(given))
    said = rejsens_here(study, "report", "anxiety")
    assert said.returncode == 2 and "“anxiety”" in said.stderr and not made


@pytest.mark.parametrize(("flags", "opened"), [(["--open"], True), (["--open", "--dry-run"], False), ([], False)])
def test_the_report_is_opened_when_that_is_asked_and_it_was_made(
    study: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], opened: bool
) -> None:
    pages: list[str] = []
    monkeypatch.setattr(report, "make", lambda *given: None)
    monkeypatch.setattr("webbrowser.open", pages.append)
    assert rejsens_here(study, "report", *flags).returncode == 0
    assert pages == ([(study / _pipeline.REPORT).resolve().as_uri()] if opened else [])


def test_a_folder_that_may_not_be_written_is_not_run(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **given: mode != os.W_OK and may(path, mode, **given))
    before = contents(study)
    said = rejsens_here(study, "run")
    assert said.returncode == 2 and "the folder cannot be written" in said.stderr and contents(study) == before


@pytest.mark.parametrize(("cores", "more"), [("all", []), ("8", ["--cores", "8"])])
def test_a_shipped_profile_is_found_by_its_name_and_decides_the_cores_itself(cores: str, more: list[str]) -> None:
    assert _pipeline._where(cores, "slurm") == ["--profile", str(_pipeline.PROFILES / "slurm"), *more]
    assert _pipeline._where(cores, "") == ["--cores", cores]


def test_figures_of_a_journals_size_are_only_told_in_a_dry_run(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(figures, "make", lambda *given: asked.append(given))
    said = rejsens_here(study, "figures", "flow", "--preset", "elsevier", "--columns", "1", "--dry-run")
    if said.returncode == 2:  # the figure's own name
        said = rejsens_here(study, "figures", "--preset", "elsevier", "--columns", "1", "--dry-run")
    assert said.returncode == 0 and "Nothing was done. Next: rejsens figures" in said.stdout
    assert "--preset elsevier --columns 1" in said.stdout and asked[0][-1] is True


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Incomplete output files: results/flow.csv", "the step “Pool” was cut off before it ended"),
        ("Set of input files has changed since last execution", "it is made from other tables now"),
        ("Updated input files: a.csv, b.csv", "a.csv and b.csv were made anew since"),
        ("Missing output files: no/such.csv", "no/such.csv is not there"),
        ("Something new of Snakemake", "a step before it is done again"),
    ],
)
def test_a_reason_of_snakemakes_is_told_in_words(reason: str, told: str) -> None:
    step = {"rule": "no_such_rule", "message": "Pool", "reason": reason, "output": ["no/such.csv"], "wildcards": {}}
    assert explain.reasons([step], object()) == [told]


def test_when_a_file_was_made_is_not_guessed(tmp_path: Path) -> None:
    assert explain._made(tmp_path / "none.csv") == ""
    (tmp_path / "one.csv").touch()
    os.utime(tmp_path / "one.csv", (0, 86400 * 365))
    assert explain._made(tmp_path / "one.csv").startswith(" (made on 197")


@pytest.mark.parametrize("module", [explain, export])
def test_a_plan_that_cannot_be_made_is_no_fault_of_the_file_that_was_asked_for(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: Any
) -> None:
    monkeypatch.setattr(module, "planned", refuse(LookupError("two steps make one file")))
    with pytest.raises(typer.Exit) as left:
        if module is explain:
            explain._steps(study, "results/flow.csv")
        else:
            export._refuse_what_is_out_of_date(study)
    assert left.value.exit_code == 1
    assert "The plan could not be made" in (said := capsys.readouterr().err) and "two steps make one file" in said
