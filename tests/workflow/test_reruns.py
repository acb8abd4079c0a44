"""What reruns after which edit: content decides, never a clock; and the same inputs give the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT, contents, seal, write_wave

Edit = Callable[[Path, Path], None]  # (project, study)
FITTING = "Holding answers of wave {} against a model of each scale"
COMPARED = {"Comparing what the waves asked", "Writing the codebook"}
AFTER_POOL = {"Describing participants and scores", "Assessing gad7", "Assessing ucla3", "Writing the report",
              "Checking keys between scales, and change between waves", "Testing the hypotheses of family loneliness",
              "Writing estimates and the claim ledger", "Writing the codebook", "Holding scales against each other",
              "Describing how people answered, and what is missing together"}  # fmt: skip


def snakemake(project: Path, study: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
    return subprocess.run([sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile"), "--logger", "rejsens", "--max-checksum-file-size", "1GB",
                           "--rerun-triggers", "params", "input", "mtime", *arguments],
                          cwd=study, env=clean | {"PYTHONPATH": str(project / "workflow")}, capture_output=True, text=True, timeout=PATIENCE, check=False)  # fmt: skip


def planned(project: Path, study: Path) -> set[str]:
    """What a run would do, in its own words, without the figures and printed tables that follow from any new number."""
    dry = snakemake(project, study, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    return {line.strip().removeprefix("would do: ") for line in dry.stderr.splitlines() if "would do:" in line}


def drawn(plan: set[str]) -> set[str]:
    return {step for step in plan if step.startswith(("Drawing", "Laying out"))}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pipeline that a test may edit."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("workflow", "schemas", "config"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "requirements.lock", "CITATION.cff"):
        shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def study(finished_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study as the original pipeline ran it: to that copy, elsewhere but equal, it is up to date as well."""
    copy = tmp_path_factory.mktemp("rerun") / "study"
    shutil.copytree(finished_study, copy, copy_function=shutil.copy2)
    return copy


def append(file: str, line: str, to_study: bool = False) -> Edit:
    def edit(project: Path, study: Path) -> None:
        path = (study if to_study else project) / file
        path.write_text(path.read_text() + line)

    return edit


def touch_everything(project: Path, study: Path) -> None:
    for path in [
        *(project / "workflow").rglob("*.py"),
        *(project / "schemas").rglob("*.yaml"),
        *(study / "data").rglob("*"),
        *(study / "config").rglob("*"),
    ]:
        path.touch()


def replace_export_by_an_older_one(project: Path, study: Path) -> None:
    path = study / "data/waves/w2.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    seal(study, "w2")
    for changed in (path, path.with_suffix(".yaml")):
        os.utime(changed, (946684800, 946684800))  # a clock that runs backwards hides nothing


def replace_adapter_by_an_older_one(project: Path, study: Path) -> None:
    path = project / "workflow/scripts/collect_estimates.py"
    path.write_text(path.read_text() + "EDITED = 1\n")
    os.utime(path, (946684800, 946684800))


def replace_in_config(old: str, new: str) -> Edit:
    def edit(project: Path, study: Path) -> None:
        path = study / "config/config.yaml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return edit


def at_once(*edits: Edit) -> Edit:
    def edit(project: Path, study: Path) -> None:
        for one in edits:
            one(project, study)

    return edit


def declare_a_change(project: Path, study: Path) -> None:
    path = study / "data/waves/w2.yaml"
    path.write_text(path.read_text() + "replaces: {gad7_01: shorter}\n")


def add_figure(project: Path, study: Path) -> None:
    (study / "figures").mkdir()
    shutil.copy(project / "workflow/rejsens/figures/correlation_heatmap.py", study / "figures/my_heatmap.py")


# edit -> (what must rerun, what must not), besides figures and tables
TABLE: dict[str, tuple[Edit, set[str], set[str]]] = {
    "nothing": (lambda project, study: None, set(), AFTER_POOL),
    "touching every file": (touch_everything, set(), AFTER_POOL),
    "the scoring formula": (append("workflow/rejsens/scoring.py", "\nEDITED = 1\n"),
                            {"Scoring wave w1", "Scoring wave w2", "Bringing all waves together", *AFTER_POOL}, {"Checking wave w1", "Checking wave w2", "Comparing what the waves asked"}),
    "how waves are compared": (append("workflow/rejsens/differences.py", "\nEDITED = 1\n"),
                               {*COMPARED, "Bringing all waves together", *AFTER_POOL}, {"Checking wave w1", "Scoring wave w2"}),
    "how waves are compared, and a setting of hypotheses": (at_once(append("workflow/rejsens/differences.py", "\nEDITED = 1\n"), replace_in_config("bootstrap_draws: 200", "bootstrap_draws: 300")),
                                                            {*COMPARED, "Testing the hypotheses of family loneliness"}, {"Checking wave w1"}),
    "how the codebook looks": (append("workflow/report/codebook/codebook.css", "/* edited */\n"), {"Writing the codebook", "Writing the report"},
                               {"Checking wave w1", "Bringing all waves together", "Describing participants and scores"}),
    "a change of wording that is declared": (declare_a_change, {"Checking wave w2", "Scoring wave w2", *COMPARED, *AFTER_POOL},
                                             {"Checking wave w1", "Scoring wave w1"}),
    "how a number is printed": (append("workflow/rejsens/apa.py", "\nEDITED = 1\n"), {"Writing the report"},
                                {"Scoring wave w1", "Bringing all waves together", "Describing participants and scores", "Assessing gad7"}),
    "the versions of the libraries": (append("requirements.lock", "# edited\n"), {"Checking wave w1", "Scoring wave w2", *COMPARED, *AFTER_POOL}, set()),
    "an instrument that was asked": (append("schemas/instruments/ucla3.yaml", "# edited\n"), {"Checking wave w1", "Scoring wave w2", *AFTER_POOL}, set()),
    "an instrument that was not asked": (append("schemas/instruments/phq8.yaml", "# edited\n"), set(), AFTER_POOL | {"Checking wave w1"}),
    "an export, replaced by an older file": (replace_export_by_an_older_one, {"Checking wave w2", "Scoring wave w2", *COMPARED, *AFTER_POOL}, {"Checking wave w1", "Scoring wave w1"}),
    "what a step's adapter does, replaced by an older file": (replace_adapter_by_an_older_one, {"Writing estimates and the claim ledger"}, {"Testing the hypotheses of family loneliness", *COMPARED}),
    "a new wave": (lambda project, study: write_wave(study, "w3", 3), {"Checking wave w3", "Scoring wave w3", FITTING.format("w3"), *COMPARED, *AFTER_POOL},
                   {"Checking wave w1", "Scoring wave w1", FITTING.format("w1"), "Checking wave w2", "Scoring wave w2", FITTING.format("w2")}),
    "a family of hypotheses": (append("config/hypotheses/loneliness.yaml", "# edited\n", to_study=True),
                               {"Testing the hypotheses of family loneliness", "Writing estimates and the claim ledger", "Writing the report"},
                               {"Bringing all waves together", "Describing participants and scores", "Assessing gad7", *COMPARED}),
    "the seed's companion, the number of draws": (replace_in_config("bootstrap_draws: 200", "bootstrap_draws: 300"),
                                                  {"Testing the hypotheses of family loneliness"}, {"Scoring wave w1", "Describing participants and scores"}),
}  # fmt: skip


@pytest.mark.parametrize("edit", TABLE)
def test_an_edit_reruns_what_depends_on_it_and_nothing_else(
    edit: str, project: Path, study: Path, tmp_path: Path
) -> None:
    change, must, must_not = TABLE[edit]
    own_project, own_study = tmp_path / "project", tmp_path / "study"
    shutil.copytree(project, own_project, copy_function=shutil.copy2)
    shutil.copytree(study, own_study, copy_function=shutil.copy2)
    change(own_project, own_study)

    plan = planned(own_project, own_study)

    assert must <= plan
    assert not must_not & plan
    if not must:
        assert plan == set()


def test_a_figures_caption_redraws_that_figure_only(project: Path, study: Path, tmp_path: Path) -> None:
    own = tmp_path / "project"
    shutil.copytree(project, own, copy_function=shutil.copy2)
    append("workflow/rejsens/figures/participant_flow.py", "\n# edited\n")(own, study)
    assert drawn(planned(own, study)) == {"Drawing participant_flow"}


def test_a_new_figure_draws_that_figure_and_it_by_wave_only(project: Path, study: Path, tmp_path: Path) -> None:
    own = tmp_path / "study"
    shutil.copytree(study, own, copy_function=shutil.copy2)
    add_figure(project, own)
    assert drawn(planned(project, own)) == {"Drawing my_heatmap", "Drawing what stands in each wave"}  # one job for all


def test_a_moved_study_reruns_nothing(project: Path, study: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(study, moved, copy_function=shutil.copy)  # every file gets a new time
    assert planned(project, moved) == set()


def test_same_inputs_same_bytes_whatever_the_cores(project: Path, study: Path, tmp_path: Path) -> None:
    """New on two cores, and again on one, by another copy of the pipeline and over results that are all spoilt."""
    reference = contents(study / "results")
    again = tmp_path / "one_core"
    shutil.copytree(study, again, copy_function=shutil.copy2)
    for path in (again / "results").rglob("*"):
        if path.is_file():
            path.write_text("spoilt")  # so that every byte below is one that this run wrote
    run = snakemake(
        project, again, "--cores", "1", "--forceall", "--rerun-incomplete"
    )  # what is spoilt counts as half done
    assert run.returncode == 0, run.stderr
    assert contents(again / "results") == reference
