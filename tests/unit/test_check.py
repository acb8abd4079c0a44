"""`rejsens check`: a study, a wave, a loose export; faults as the pipeline finds them; four formats; exit codes; what it imports."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.conftest import ROOT, contents, rejsens, rejsens_here, seal, write_study
from tests.faults.catalogue import FAULTS
from tests.faults.small_study import SECRET, sheet, sidecar, write_small_study

from rejsens.administration import administer
from rejsens.check import Checked, Finding, Unreadable, check
from rejsens.check_report import COLUMNS, FORMATS, as_csv, as_html, as_json, as_text
from rejsens.definitions import load_instruments
from rejsens.plausibility import CHECKS, Notice
from rejsens.problems import Problem, explain
from rejsens.responses import cells_outside, cells_refused, without

by_name = {fault.name: fault for fault in FAULTS}
DOCS = ROOT / "docs/check.md"
TOO_HEAVY = ("matplotlib", "scipy.stats", "statsmodels", "snakemake", "pandera", "pingouin")


@pytest.fixture
def study(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "study"))


def causes(checked: Checked) -> set[str]:
    return {finding.problem.cause for finding in checked.found}


# --- the same cells as the schema ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_cells_outside_their_range_are_those_that_pandera_refuses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    defined = load_instruments(only={"gad7", "background", "mreii_exposure"})
    asked = [defined["gad7"], administer(defined["background"], items=["age", "gender"]), defined["mreii_exposure"]]
    items = [item for instrument in asked for item in instrument.items]
    answers = rng.choice([np.nan, -1, 0, 1, 1.5, 2, 3, 4, 9, 40, 111, np.inf], size=(60, len(items)))
    frame = pd.DataFrame(answers, columns=[item.id for item in items])
    frame.insert(0, "participant", pd.Series([f"p{k}" for k in range(60)], dtype="str"))
    frame.insert(1, "row", np.arange(60) + 2)
    ours, theirs = cells_outside(frame, asked), cells_refused(frame.copy(), asked, "w1.csv")
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    assert len(ours) > 100
    assert not len(cells_outside(without(frame, ours), asked))


# --- a study ---------------------------------------------------------------------------------------------------------


def test_a_sound_study_has_no_faults_and_says_what_was_read(small: Path) -> None:
    checked = check(small)
    assert (checked.kind, checked.exit_code, checked.found) == ("study", 0, [])
    assert checked.looked_at == [
        "wave w1: 120 rows, 120 kept",
        "wave w2: 112 rows, 112 kept",
        "2 waves, 1 family of hypotheses",
    ]


def test_a_broken_file_does_not_hide_what_is_wrong_in_another(study: Path) -> None:
    """A settings file that cannot be read, a sidecar with an unknown instrument and an answer out of range, at once."""
    (study / "config/config.yaml").write_text("study: [")
    with sidecar(study, "w1") as content:
        content["instruments"].append({"id": "gad_7"})
    with sheet(study, "w1") as s:
        s.cell("gad7_05", 14, "11")
    with sheet(study, "w2") as s:
        s.cell("ucla3_02", 9, SECRET)
    assert {
        "The file is not valid YAML", "Unknown instruments", "Answers outside the range", "Answers that no label or code explains",
    } <= causes(check(study))  # fmt: skip


def test_a_hypothesis_is_checked_though_a_wave_has_faults(study: Path) -> None:
    by_name["a hypothesis about an unknown score"].plant(study)
    by_name["a number typed twice"].plant(study)
    by_name["a screening rule for an unknown wave"].plant(study)
    assert {
        "Hypotheses that name an unknown score",
        "Answers outside the range",
        "A screening rule for an unknown wave",
    } <= causes(check(study))


def test_faults_name_participants_and_spreadsheet_rows(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.cell("gad7_05", 14, "11")
        s.cell("id", 30, s.column("id")[3])
        who = s.column("id")
    cells = {finding.problem.cause: finding.problem.cells for finding in check(study).faults}
    assert cells["Answers outside the range"] == ((who[12], 14),)
    assert cells["Two rows for one person"] == ((who[3], 5), (who[3], 30))


def test_what_the_study_sets_aside_is_no_fault(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.cell("gad7_05", 14, "11")
    config = study / "config/config.yaml"
    config.write_text(config.read_text().replace("out_of_range: stop", "out_of_range: missing"))
    assert check(study).exit_code == 0


# --- a wave ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["w2.csv", "w2.yaml"])
def test_a_wave_is_checked_with_the_wave_before_it_and_without_the_faults_of_others(study: Path, named: str) -> None:
    by_name["a number typed twice"].plant(study)  # in w1
    by_name["a whole scale turned round"].plant(study)  # in w2
    checked = check(study / "data/waves" / named)
    assert (checked.kind, checked.exit_code) == ("wave", 0)
    assert causes(checked) == {"A scale that looks turned round"}
    assert checked.looked_at == ["wave w2: 112 rows, 112 kept", "compared with wave w1"]
    assert check(study / "data/waves/w1.csv").exit_code == 1


def test_a_wave_is_found_from_within_its_folder(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study / "data/waves")
    assert "compared with wave w1" in check(Path("w2.csv")).looked_at


def test_a_wave_whose_sidecar_cannot_be_read_says_so(study: Path) -> None:
    (study / "data/waves/w2.yaml").write_text("title: [")
    assert causes(check(study / "data/waves/w2.csv")) == {"The file is not valid YAML"}


def test_a_wave_outside_any_study_is_checked_by_its_sidecar(study: Path, tmp_path: Path) -> None:
    for ending in ("csv", "yaml"):
        shutil.copy(study / f"data/waves/w1.{ending}", tmp_path / f"w1.{ending}")
    assert check(tmp_path / "w1.csv").exit_code == 0
    with sidecar(study, "w1") as content:
        content["instruments"].append({"id": "gad_7"})
    shutil.copy(study / "data/waves/w1.yaml", tmp_path / "w1.yaml")
    assert "Unknown instruments" in causes(check(tmp_path / "w1.yaml"))


def test_a_retest_is_compared_with_the_wave_that_it_repeats(study: Path) -> None:
    with sidecar(study, "w2") as content:
        content.update(role="retest", retest_of="w1")
    assert "compared with wave w1" in check(study / "data/waves/w2.csv").looked_at


# --- an export that belongs to no study ------------------------------------------------------------------------------


def loose(study: Path, tmp_path: Path, name: str = "export.csv") -> Path:
    return Path(shutil.copy(study / "data/waves/w1.csv", tmp_path / name))


def test_a_loose_export_is_named_and_its_instruments_are_found(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checked = check(loose(study, tmp_path))
    said = " ".join(checked.looked_at)
    assert checked.kind == "export" and checked.exit_code == 0
    assert "a plain table" in said and "120 rows and 43 columns" in said and "gad7 (7 items)" in said
    asked = [f.problem.found for f in checked.notices if f.problem.cause == "To be stated when it is added"]
    assert any("`order`" in found for found in asked) and any("`anchor_direction`" in found for found in asked)


def test_what_would_be_wrong_with_a_loose_export_is_told(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder of a study that asks the same instruments; nothing is written there."""
    with sheet(study, "w1") as s:
        s.cell("gad7_05", 14, "11")
        s.header.append("email")
        for k, row in enumerate(s.rows):
            row.append(f"person{k}@example.org")
    export = loose(study, tmp_path)
    shutil.rmtree(study)
    write_small_study(study)
    before = contents(study)
    monkeypatch.chdir(study)
    checked = check(export)
    text = as_text(checked)
    assert checked.exit_code == 1 and "Answers outside the range" in text and "11" in text
    assert "left out because they tell who somebody is: email" in text and "@" not in text
    assert contents(study) == before


def test_what_cannot_be_read_is_told_apart_from_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    (tmp_path / "folder").mkdir()
    for what in ("noise.csv", "nothing.csv", "folder"):
        with pytest.raises(Unreadable):
            check(tmp_path / what)


# --- how it is said --------------------------------------------------------------------------------------------------

DANGEROUS = '=HYPERLINK("http://x")'
FOUND = Checked(
    "study",
    "The study",
    ["wave w1: 3 rows, 3 kept"],
    [
        Finding("w1", Problem("gad7_01", "Answers outside the range", "p1 (row 2): 11", "0 to 3", "correct it", cells=(("p1", 2), ("p2", 3)))),
        Finding("w1", Problem(DANGEROUS, "Missing columns", "<b>x</b> & “y”")),
        Finding("w2", Problem("rses", "Items that run against their scale", "r = −.3", blocks=False),
                Notice("w2", "items_turned", "rses", "r = −.3", n=90, measure="r", value=-0.3)),
    ],
    [Notice(w, "ids_link", "", "could not run: 4 people", ran=False) for w in ("w2", "w3")],
)  # fmt: skip


def test_text_groups_by_cause_and_sets_apart_what_stops_nothing() -> None:
    text = as_text(FOUND)
    faults, notices = (
        text.index("The study cannot be used: 2 faults."),
        text.index("Worth a look (1 thing that stops nothing)"),
    )
    assert faults < text.index("Answers outside the range") < notices < text.index("Items that run against their scale")
    assert "Ids that seem to link the wrong people (w2 and w3): 4 people." in text


def test_only_notices_can_be_used() -> None:
    told = explain([Problem("w1.csv", "Columns that say nothing", "all 3", blocks=False)], "Wave w1")
    assert told.startswith("Wave w1 can be used.") and "cannot" not in told


def test_the_json_has_the_shape_that_is_documented() -> None:
    content = json.loads(as_json(FOUND))
    page = DOCS.read_text(encoding="utf-8").split("## The JSON", 1)[1]
    documented = set(re.findall(r"`([a-z_]+)`", page))
    finding = content["worth_a_look"][0]
    used = {
        *content,
        *content["faults"][0],
        *finding,
        *finding["evidence"],
        *content["not_checked"][0],
        *content["faults"][0]["cells"][0],
    }
    assert used <= documented, used - documented
    assert content["format"] == 1 and content["exit_code"] == 1 and content["kind"] == "study"
    assert content["faults"][0]["cells"] == [{"participant": "p1", "row": 2}, {"participant": "p2", "row": 3}]
    assert finding["evidence"]["value"] == -0.3 and finding["evidence"]["ci_low"] is None
    assert set(COLUMNS) <= documented


def test_every_check_is_documented() -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \| ", DOCS.read_text(encoding="utf-8").split("## The JSON")[0], re.M)
    assert sorted(listed) == sorted(CHECKS)


def test_the_csv_has_a_line_for_each_cell_and_runs_nothing() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(FOUND))))
    assert [(line["kind"], line["participant"], line["row"]) for line in lines[:2]] == [
        ("fault", "p1", "2"),
        ("fault", "p2", "3"),
    ]
    assert lines[2]["where"] == f"'{DANGEROUS}'"[:-1]
    assert not [cell for line in lines for cell in line.values() if cell.startswith(("=", "+", "@"))]


def test_the_html_is_one_whole_page_in_which_nothing_of_a_study_runs() -> None:
    opened: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list) -> None:
            assert tag not in ("b", "script", "img", "link")
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    page = as_html(FOUND)
    reader = Tags()
    reader.feed(page)
    assert not opened and "&lt;b&gt;x&lt;/b&gt; &amp; “y”" in page and 'lang="en"' in page


# --- the command -----------------------------------------------------------------------------------------------------


def test_exit_codes_are_those_that_are_documented(study: Path, tmp_path: Path) -> None:
    assert rejsens(study, "check").returncode == 0
    with sheet(study, "w1") as s:
        s.cell("gad7_05", 14, "11")
    assert rejsens(study, "check").returncode == 1
    assert rejsens(tmp_path, "check", "nothing.csv").returncode == 2
    assert rejsens(study, "check", "--format", "pdf").returncode == 2


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_holds_what_would_be_printed(study: Path, format_: str) -> None:
    printed = rejsens_here(study, "check", "--format", format_)
    written = rejsens_here(study, "check", "--format", format_, "--out", "found.txt")
    assert printed.returncode == written.returncode == 0
    expected = (study / "found.txt").read_text(encoding="utf-8").rstrip()
    assert printed.stdout.startswith(expected) and "Wrote found.txt" in written.stdout
    if format_ == "json":
        json.loads(printed.stdout)  # nothing else is printed


def test_what_is_told_to_programs_goes_to_standard_output(tmp_path: Path) -> None:
    study = write_study(tmp_path / "tiny")
    (study / "data/waves/w1.csv").write_bytes(b"")
    seal(study, "w1")
    run = rejsens(study, "check", "--format", "json")
    assert run.returncode == 1 and json.loads(run.stdout)["faults"][0]["cause"] == "The export is empty"


def test_an_unforeseen_fault_is_told_without_a_traceback_and_without_a_cell(study: Path) -> None:
    program = (
        "import sys; from rejsens import check; from rejsens.cli import app\n"
        f"def broken(path): raise KeyError('{SECRET}')\n"
        "check.check = broken; sys.argv = ['rejsens', 'check', '.']; app()"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=study, capture_output=True, text=True, check=False)
    told = run.stdout + run.stderr
    assert (
        run.returncode == 2 and "not of your data (KeyError" in told and SECRET not in told and "Traceback" not in told
    )


def test_a_check_imports_nothing_heavy(study: Path) -> None:
    """Pandera, too, stays away: its import costs as much as reading a wave."""
    program = (
        "import sys; from pathlib import Path; from rejsens.check import check; from rejsens.check_report import FORMATS\n"
        "checked = check(Path('.')); [write(checked) for write in FORMATS.values()]\n"
        f"print([name for name in {TOO_HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=study, capture_output=True, text=True, check=True, env=os.environ
    )
    assert run.stdout.strip() == "[]"


def test_the_repositorys_own_study_has_no_faults_and_nothing_worth_a_look() -> None:
    """Its planted defects are what its screening sets aside; nothing else may look wrong in honest simulated answers."""
    checked = check(ROOT)
    assert [finding.problem.sentence() for finding in checked.found] == []
    assert yaml.safe_load((ROOT / "config/config.yaml").read_text())["study"]["simulated"]
