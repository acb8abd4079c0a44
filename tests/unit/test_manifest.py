"""The list of a finished run: what is on it, and what a folder that was touched is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.conftest import rejsens_here

from rejsens.manifest import OF_PEOPLE, SHARED, Checked, check_files, listed_files, manifests
from rejsens.problems import Refused
from rejsens.registry import sha256
from rejsens.verification import NOT_HERE, UNRECORDED, Verified, as_text, verified

MADE = [r"results/(?P<name>waves|flow)\.csv$", r"results/report/index\.html$", r"results/participants/.+\.parquet$"]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Results of a run with their two lists; an audit trail, a note of somebody's and a half-written file beside them."""
    folder = tmp_path / "study"
    for name in ("waves.csv", "flow.csv", "report/index.html", "participants/answers.parquet"):
        (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results" / name).write_text(f"what is in {name}")
    for name, text in manifests(listed_files(MADE, folder), folder).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "results/report/audit.html").write_text("when")
    (folder / "results/notes.txt").write_text("mine")
    (folder / "results/.staging.12").mkdir()
    (folder / "results/.staging.12/waves.csv").write_text("half")
    return folder


def test_the_list_holds_what_the_run_made_and_nothing_else(study: Path) -> None:
    told = json.loads((study / SHARED).read_text(encoding="utf-8"))["files"]
    assert set(told) == {"waves.csv", "flow.csv", "report/index.html"}
    assert told["waves.csv"] == {"bytes": 20, "sha256": sha256(study / "results/waves.csv")}


def test_files_about_people_leave_no_trace_in_what_is_shared(study: Path) -> None:
    shared = (study / SHARED).read_text(encoding="utf-8")
    own = json.loads((study / OF_PEOPLE).read_text(encoding="utf-8"))["files"]
    assert list(own) == ["participants/answers.parquet"] and own["participants/answers.parquet"]["sha256"] not in shared
    assert "participants/" not in shared and sha256(study / OF_PEOPLE) not in shared


def test_the_list_is_the_same_bytes_whenever_and_wherever_it_is_written(study: Path, tmp_path: Path) -> None:
    before = (study / SHARED).read_bytes()
    moved = tmp_path / "elsewhere"
    shutil.copytree(study, moved)
    assert manifests(listed_files(MADE, moved), moved)[SHARED].encode() == before


def test_changed_missing_and_extra_files_are_told_apart(study: Path) -> None:
    (study / "results/waves.csv").write_text("another")
    (study / "results/flow.csv").unlink()
    found = check_files(study / "results")
    same = ("participants/answers.parquet", "report/index.html")
    assert found == Checked(same, ("waves.csv",), ("flow.csv",), ("notes.txt",), True)
    text = as_text(Verified(found, ()), "rejsens run study")
    assert "2 of 4 files are as the run left them." in text and "1 file changed since the run: waves.csv." in text
    assert "1 file gone: flow.csv." in text and "somebody put it there: notes.txt." in text
    assert text.splitlines()[-1].startswith("Next: rejsens run study")


def test_a_file_about_a_person_that_changed_is_told(study: Path) -> None:
    (study / "results/participants/answers.parquet").write_text("another")
    assert check_files(study / "results").changed == ("participants/answers.parquet",)
    (study / OF_PEOPLE).unlink()
    with pytest.raises(Refused, match="not there"):
        check_files(study / "results")


def test_a_copy_without_the_files_about_people_can_be_checked(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study / "results", tmp_path / "copy", ignore=shutil.ignore_patterns("participants"))
    found = verified(tmp_path / "copy", None)
    assert found.all_well and found.untold == NOT_HERE and not found.files.people
    said = rejsens_here(tmp_path, "verify", "copy")
    assert said.returncode == 0 and "All 3 files are as the run left them." in said.stdout
    assert "single people (participants/) are not here" in said.stdout and NOT_HERE in said.stdout
    (tmp_path / "copy/flow.csv").write_text("another")
    said = rejsens_here(tmp_path, "verify", "copy")
    assert said.returncode == 1 and "flow.csv" in said.stdout


def test_without_a_record_it_is_not_all_well(study: Path) -> None:
    found = verified(study / "results", study)
    assert found.untouched and not found.all_well and UNRECORDED in as_text(found, "rejsens run")


@pytest.mark.parametrize("spoilt", ["", "[]", '{"files": [1]}', '{"files": {"waves.csv": {}}}', '{"files": {"a": 1}}'])
def test_a_list_that_cannot_be_read_is_told(study: Path, spoilt: str) -> None:
    (study / SHARED).write_text(spoilt)
    said = rejsens_here(study / "results", "verify", ".")
    assert said.returncode == 2 and "cannot be read" in said.stderr


def test_no_list_no_answer(study: Path) -> None:
    (study / SHARED).unlink()
    said = rejsens_here(study / "results", "verify")
    assert said.returncode == 2 and "`rejsens run` writes it at the end of a complete run" in said.stderr
    said = rejsens_here(study, "verify", "none")
    assert said.returncode == 2 and "there is no such folder" in said.stderr
