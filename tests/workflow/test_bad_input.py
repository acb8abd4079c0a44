"""Each fault a newcomer makes stops with its own sentence, shows no traceback, and leaves earlier results as they were."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import contents, declare, rejsens, seal

Fault = Callable[[Path], None]
EXPORT, SIDECAR, CONFIG, FAMILY = (
    "data/waves/w1.csv",
    "data/waves/w1.yaml",
    "config/config.yaml",
    "config/hypotheses/loneliness.yaml",
)


def replace(file: str, old: str, new: str) -> Fault:
    def plant(study: Path) -> None:
        text = (study / file).read_text()
        assert old in text, f"{old} is not in {file}"
        (study / file).write_text(text.replace(old, new, 1))
        if file == EXPORT:
            seal(study, "w1")

    return plant


def cell(column: str, row: int, value: str) -> Fault:
    """Put `value` into one cell; `row` is the spreadsheet row (the header is row 1)."""

    def plant(study: Path) -> None:
        lines = [line.split(",") for line in (study / EXPORT).read_text().splitlines()]
        lines[row - 1][lines[0].index(column)] = value
        (study / EXPORT).write_text("\n".join(map(",".join, lines)) + "\n")
        seal(study, "w1")

    return plant


def whole_export(data: bytes) -> Fault:
    def plant(study: Path) -> None:
        (study / EXPORT).write_bytes(data)
        seal(study, "w1")

    return plant


def cut_off(study: Path) -> None:
    lines = (study / EXPORT).read_text().splitlines()
    (study / EXPORT).write_text("\n".join([*lines[:40], ",".join(lines[40].split(",")[:3])]))
    seal(study, "w1")


def ask(entry: dict) -> Fault:
    def plant(study: Path) -> None:
        sidecar = yaml.safe_load((study / SIDECAR).read_text())
        sidecar["instruments"].append(entry)
        (study / SIDECAR).write_text(yaml.safe_dump(sidecar))

    return plant


# name -> (how to plant it, what the terminal must say)
FAULTS: dict[str, tuple[Fault, list[str]]] = {
    "missing column": (replace(EXPORT, "gad7_03", "gad7_three"), ["Missing columns", "gad7_03 is not in the header", "What to do"]),
    "unmapped label": (
        cell("ucla3_02", 9, "offen"),
        ["Answers that no label or code explains", "ucla3_02", "1 different answer in 1 cell, row 9", "whole numbers 1 to 3", "`labels:`"],
    ),
    "value outside the range": (
        cell("gad7_05", 14, "11"),
        ["Answers outside the range", "gad7_05", "p012 (row 14): 11", "Allowed: whole numbers 0 to 3 (schemas/instruments/gad7.yaml)", "What to do"],
    ),
    "half an answer": (cell("gad7_05", 14, "1.5"), ["Answers outside the range", "p012 (row 14): 1.5", "whole numbers 0 to 3"]),
    "two rows for one person": (cell("id", 12, "p003"), ["Two rows for one person", "p003 (rows 5 and 12)", "duplicate_participant"]),
    "a row without an id": (cell("id", 12, ""), ["Rows without a participant id", "row 12"]),
    "unknown instrument": (ask({"id": "gad_7"}), ["Unknown instruments", "“gad_7” is not defined", "Did you mean “gad7”?"]),
    "instrument that must not ship": (ask({"id": "cerq"}), ["Instruments that are not shipped", "two item orders circulate"]),
    "order not stated": (ask({"id": "rses"}), ["rses does not state `order`", "rses does not state `anchor_direction`", "A and B"]),
    "misspelt config key": (replace(CONFIG, "bootstrap_draws", "bootstrap_drawz"), ["Unknown settings", "“bootstrap_drawz”", "Did you mean “bootstrap_draws”?"]),
    "misspelt sidecar key": (replace(SIDECAR, "platform", "plattform"), ["Unknown settings", "“plattform”", "Did you mean “platform”?"]),
    "a key twice": (replace(CONFIG, "screening: []", "screening: []\nscreening: []"), ["not valid YAML", "the key “screening” stands twice"]),
    "empty file": (whole_export(b""), ["The export is empty"]),
    "header without answers": (whole_export(b"id,age\n"), ["The export is empty", "no answer row"]),
    "truncated file": (cut_off, ["Rows with too few or too many cells", "cells in each row"]),
    "open quotation mark": (cell("age", 20, '"34'), ["The export is cut off", "quotation mark"]),
    "not a table": (whole_export(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), ["The export is not a table", "export the wave as CSV"]),
    "a workbook": (whole_export(b"PK\x03\x04" + bytes(200)), ["The export is not a table"]),
    "two columns of one name": (replace(EXPORT, "gad7_02", "gad7_01"), ["Two columns with one name", "gad7_01"]),
    "changed export": (lambda study: (study / EXPORT).write_text((study / EXPORT).read_text() + "x,1\n"), ["The export changed since its sidecar was written"]),
    "wave without sidecar": (lambda study: (study / SIDECAR).unlink(), ["A wave without a sidecar", "w1.yaml does not exist"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_with_its_sentence_and_touches_nothing(name: str, finished_study: Path, tmp_path: Path) -> None:
    plant, sentences = FAULTS[name]
    study = tmp_path / "study"
    shutil.copytree(finished_study, study, copy_function=shutil.copy2)
    before = contents(study / "results")
    plant(study)

    run = rejsens(study, "run", "--cores", "2")

    terminal = run.stdout + run.stderr
    assert run.returncode == 1
    for sentence in sentences:
        assert sentence in terminal
    for programmers_word in (
        "Traceback",
        "RuleException",
        "WorkflowError",
        "SchemaError",
        "Error in rule",
        "NaN",
        'File "',
    ):
        assert programmers_word not in terminal
    assert contents(study / "results") == before


def test_all_faults_are_told_at_once(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study, copy_function=shutil.copy2)
    cell("gad7_05", 14, "11")(study)
    cell("gad7_06", 15, "12")(study)
    (study / "data/waves/w2.csv").write_bytes(b"")
    seal(study, "w2")

    terminal = rejsens(study, "run", "--cores", "2").stderr

    assert terminal.count("Answers outside the range") == 1  # one cause, told once
    for sentence in ("p012 (row 14): 11", "p013 (row 15): 12", "The export is empty"):
        assert sentence in terminal


def test_a_reworded_question_stops_a_run_before_the_waves_are_pooled(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study, copy_function=shutil.copy2)
    before = contents(study / "results")
    declare(study, "w1", questions={"gad7_01": "Were you uneasy?", "gad7_02": "Did you worry?"})
    declare(study, "w2", questions={"gad7_01": "Were you at ease?", "gad7_02": "Did you   WORRY?"})
    run = rejsens(study, "run", "--cores", "2")
    terminal = run.stdout + run.stderr
    assert run.returncode == 1 and "A known item was reworded" in terminal and "What to do" in terminal
    assert "Traceback" not in terminal and "Bringing all waves together" not in terminal
    kept = {path: digest for path, digest in contents(study / "results").items() if not path.endswith("variables.csv")}
    assert kept == {path: before[path] for path in kept}  # each wave's own list is new; nothing that follows it is
    declare(study, "w2", replaces={"gad7_01": "turned round on purpose"})
    run = rejsens(study, "run", "--cores", "2", "results/differences.csv")
    assert run.returncode == 0 and "turned round on purpose" in (study / "results/differences.csv").read_text()


def test_a_family_at_fault_is_set_aside_and_the_others_run(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study, copy_function=shutil.copy2)
    sound = yaml.safe_load((study / FAMILY).read_text())
    sound["family"], sound["hypotheses"][0]["id"] = "sound", "S1"
    (study / "config/hypotheses/sound.yaml").write_text(yaml.safe_dump(sound, sort_keys=False))
    replace(FAMILY, "predictor: ucla3", "predictor: ucla4")(study)

    run = rejsens(study, "run", ".", "results/claims.csv", "--cores", "2")

    assert run.returncode == 0, run.stderr
    for sentence in ("can be used, but for 1 family", "“ucla4”", "Did you mean “ucla3”?", "Set aside until mended"):
        assert sentence in run.stderr
    estimates = pd.read_csv(study / "results/estimates.csv").query("decides").set_index("hypothesis")
    assert estimates.loc["L1", "verdict"] == "not testable" and "“ucla4”" in estimates.loc["L1", "reason"]
    assert estimates.loc["S1", "verdict"] != "not testable"
    claims = pd.read_csv(study / "results/claims.csv").query("claim == 'C16'").set_index("hypothesis")
    assert claims.loc["L1", "verdict"] == "not testable" and "“ucla4”" in claims.loc["L1", "reason"]
    assert "“ucla4”" in (study / "logs/test_hypotheses/loneliness.log").read_text()
