"""Every planted fault is told in its sentences; none passes unnoticed, crashes, prints a traceback or quotes what people wrote."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from rejsens.check import Checked, check
from rejsens.check_report import FORMATS
from rejsens.differences import compare_waves
from rejsens.problems import Refused
from rejsens.study import load_study
from rejsens.validate import validate
from tests.conftest import contents, rejsens_here
from tests.faults.catalogue import ASIDE, FAULTS, GUARDED, LOOK, STOPS, Fault
from tests.faults.listing import PAGE, page
from tests.faults.small_study import SECRET

PROGRAMMERS_WORDS = ("Traceback", "Error(", "SchemaError", "NaN", "nan", "None", 'File "', "KeyError", "dtype")
SOFTWARE_KNOWS = {"TRUE", "NA", "inf", "#REF!", "#N/A"}  # words that are known whoever answered
ON_THE_COMMAND_LINE = (
    "an empty file", "two files one under the other, with the header of the second", "a misspelt column", "two encodings in one file",
    "a text where a number stands", "the codes 1 to 4 of another platform", "leading zeros lost in a spreadsheet",
    "reversed items that the platform had reversed already", "concern and acceptance columns swapped", "a key twice",
    "a hypothesis about an unknown score",
)  # fmt: skip
by_name = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def spoilt(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to plant a fault into."""
    monkeypatch.setenv("REJSENS_ID_KEY", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    shutil.copytree(small, tmp_path / "study")
    return tmp_path / "study"


def told(checked: Checked) -> str:
    return FORMATS["text"](checked)


# --- the catalogue itself --------------------------------------------------------------------------------------------


def test_the_catalogue_holds_many_distinct_faults_of_every_kind() -> None:
    assert len(FAULTS) >= 80 and len(by_name) == len(FAULTS)
    assert {fault.kind for fault in FAULTS} == {STOPS, ASIDE, LOOK, GUARDED}
    assert all(any(fault.says) for fault in FAULTS if fault.kind is not GUARDED)
    assert all(fault.guard for fault in FAULTS if fault.kind is GUARDED)


def test_the_page_that_lists_the_faults_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.faults.listing"


def test_nothing_is_told_of_the_small_study(small: Path) -> None:
    """Or every fault would be noticed for the wrong reason."""
    checked = check(small)
    assert not checked.found and not checked.not_run and checked.exit_code == 0
    assert not refused_by_a_run(small)


# --- every fault -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f.name for f in FAULTS if f.kind is not GUARDED])
def test_a_fault_is_told_in_its_sentences(name: str, spoilt: Path) -> None:
    fault = by_name[name]
    fault.plant(spoilt)
    before = contents(spoilt)

    checked = check(spoilt)

    text = told(checked)
    assert [sentence for sentence in fault.says if sentence not in text] == []
    assert checked.exit_code == (1 if fault.kind in (STOPS, ASIDE) else 0), text
    assert checked.usable == (fault.kind is not STOPS)
    assert [word for word in PROGRAMMERS_WORDS if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)] == []
    assert contents(spoilt) == before  # nothing is written into the study
    for format_ in FORMATS.values():
        assert_nothing_is_quoted(format_(checked), spoilt)
    assert_every_format_tells_the_same(checked)
    assert refused_by_a_run(spoilt) == (fault.kind is STOPS), "the check and the run disagree"
    if fault.kind is ASIDE:
        assert list(load_study(spoilt).set_aside) == ["loneliness"] and not load_study(spoilt).families


@pytest.mark.parametrize("name", [f.name for f in FAULTS if f.kind is GUARDED])
def test_what_no_file_can_show_is_guarded_by_a_declaration(name: str, spoilt: Path, small: Path) -> None:
    fault = by_name[name]
    fault.plant(spoilt)
    if fault.declare is None:
        checked = check(spoilt)
        assert checked.exit_code == 1 and all(sentence in told(checked) for sentence in fault.says)
        return
    assert check(spoilt).exit_code == 0
    assert not guarded(fault, spoilt, small)
    fault.declare(spoilt)
    assert check(spoilt).exit_code == 0
    assert guarded(fault, spoilt, small)


def guarded(fault: Fault, study: Path, small: Path) -> bool:
    """Whether the study gives what it should: the small study's answers in the first wave, or what the fault says."""
    if fault.shows:
        return fault.shows(study)
    answers = answers_of(study)
    return answers.equals(answers_of(small)[answers.columns])


def answers_of(study: Path) -> pd.DataFrame:
    found = load_study(study)
    wave = found.waves[0]
    settings = found.settings["screening"], found.settings["out_of_range"]
    return validate(wave, found.asked[wave.name], *settings).checked_answers


def refused_by_a_run(study: Path) -> bool:
    """Whether the jobs of a run refuse the study: its declarations, a wave, or the waves' questionnaires together."""
    try:
        found = load_study(study)
        settings = found.settings["screening"], found.settings["out_of_range"]
        variables = {w.name: validate(w, found.asked[w.name], *settings).variables for w in found.waves}
        compare_waves(variables, found.waves_before, {w.name: w.not_asked or () for w in found.waves})
    except Refused:
        return True
    return False


def assert_nothing_is_quoted(text: str, study: Path) -> None:
    """No message quotes a cell that is neither numeric nor a known label; ids and column names may be named."""
    assert SECRET not in text
    for export in (study / "data/waves").glob("*.csv"):
        rows = list(csv.reader(io.StringIO(export.read_bytes().decode("utf-8", errors="replace"), newline="")))
        ids = {cell for row in rows for cell in row[:1]}
        known = SOFTWARE_KNOWS | ids | labels_of(export.with_suffix(".yaml")) | set(rows[0] if rows else ())
        typed = {cell for row in rows[1:] for cell in row if re.search(r"[^\W\d_]{3}", cell)} - known
        assert [cell for cell in typed if re.search(rf"(?<!\w){re.escape(cell.strip())}(?!\w)", text)] == []
        assert not re.search(r"person\d+@example\.org", text)


def labels_of(sidecar: Path) -> set[str]:
    try:
        maps = (yaml.safe_load(sidecar.read_text()).get("labels") or {}).values()
    except (OSError, yaml.YAMLError):
        return set()
    return {str(label) for labels in maps for label in labels}


def assert_every_format_tells_the_same(checked: Checked) -> None:
    as_json = json.loads(FORMATS["json"](checked))
    assert (len(as_json["faults"]), len(as_json["worth_a_look"])) == (len(checked.faults), len(checked.notices))
    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"](checked))))
    for kind, findings in (("fault", checked.faults), ("worth a look", checked.notices)):
        assert sum(line["kind"] == kind for line in lines) == sum(max(1, len(f.problem.cells)) for f in findings)
    page = FORMATS["html"](checked)
    assert page.startswith("<!doctype html>") and all(
        f.problem.cause.replace("'", "&#x27;") in page for f in checked.found
    )


# --- as a researcher meets them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_THE_COMMAND_LINE)
def test_a_fault_is_told_on_the_command_line(name: str, spoilt: Path) -> None:
    fault = by_name[name]
    fault.plant(spoilt)
    run = rejsens_here(spoilt, "check")
    terminal = run.stdout + run.stderr
    assert [sentence for sentence in fault.says if sentence not in terminal] == []
    assert run.returncode == (1 if fault.kind in (STOPS, ASIDE) else 0)
    assert "Traceback" not in terminal and terminal.rstrip().splitlines()[-1].startswith("Next: ")


def test_all_faults_of_all_waves_are_told_at_once_and_each_cause_once(spoilt: Path) -> None:
    names = ("a text where a number stands", "a number typed twice", "two rows for one person", "a misspelt column",
             "a label map for an instrument that was not asked", "a screening rule for an unknown wave")  # fmt: skip
    for name in names:
        by_name[name].plant(spoilt)
    with_second_wave = by_name["another platform's codes, one higher, where nobody gave the highest answer"]
    with_second_wave.plant(spoilt)
    (spoilt / "data/waves/w2.csv").write_bytes((spoilt / "data/waves/w2.csv").read_bytes() + b"x,1\n")

    text = told(check(spoilt))

    for name in names[:1] + names[2:]:
        assert [sentence for sentence in by_name[name].says if sentence not in text] == [], name
    assert "The export changed since its sidecar was written" in text
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert len(headings) == len(set(headings))
