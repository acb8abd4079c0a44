"""The record and the list that a run leaves, and what is told of a run that was touched, changed or made again."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from rejsens.manifest import AUDIT, OF_PEOPLE, SHARED
from rejsens.past_runs import RECORDS, params
from rejsens.plan import Plan
from rejsens.registry import AGGREGATES, TABLES, sha256
from rejsens.study import load_study
from tests.conftest import ROOT, contents, rejsens_here, seal, write_study

RECORD = "results/report/provenance.json"


@pytest.fixture
def study(finished_study: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "study"
    shutil.copytree(finished_study, copy, copy_function=shutil.copy2)
    return copy


def test_the_record_holds_all_that_any_job_depends_on(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each job was told, as the run left it on record, against the one record of the whole."""
    record = json.loads((study / RECORD).read_text(encoding="utf-8"))
    known = {**record["inputs"], **record["definitions"], **record["code"], "requirements.lock": record["lock_sha256"]}
    monkeypatch.chdir(study)
    told = [params(str(path)) for path in Path("results").rglob("*") if path.is_file()]
    assert RECORDS.is_dir() and len(told) > 300 and None not in told
    for job in told:
        given = {name: digest for name, digest in job["depends"].items() if digest != "missing"}
        depends = {
            name: digest for name, digest in given.items() if name != "export"
        }  # named by its wave in the record
        assert depends.items() <= known.items()
        assert job["depends"].get("export") in (None, *record["inputs"].values())


def test_the_record_is_about_this_run_and_tells_no_place_or_time(study: Path) -> None:
    text = (study / RECORD).read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["inputs"]["export of wave w1"] == sha256(study / "data/waves/w1.csv")
    assert record["results"] == {TABLES[name]: sha256(study / TABLES[name]) for name in AGGREGATES}
    assert record["code"]["workflow/rejsens/scoring.py"] == sha256(ROOT / "workflow/rejsens/scoring.py")
    assert record["code"]["Snakefile"] == sha256(ROOT / "Snakefile") and len(record["code_sha256"]) == 64
    assert record["inputs"]["schemas/instruments/ucla3.yaml"] == sha256(ROOT / "schemas/instruments/ucla3.yaml")
    assert (
        str(ROOT) not in text and str(study) not in text and not re.search(r"/(home|root|tmp)/|20\d\d-\d\d-\d\dT", text)
    )


def test_the_lists_hold_every_file_of_the_run(study: Path) -> None:
    listed = [json.loads((study / name).read_text(encoding="utf-8"))["files"] for name in (SHARED, OF_PEOPLE)]
    there = contents(study / "results")
    beside = {AUDIT, "manifest.json", "participants/manifest.json"}
    assert set(listed[0]) | set(listed[1]) == set(there) - beside
    assert all(there[path] == told["sha256"] for files in listed for path, told in files.items())
    assert not [path for path in listed[0] if path.startswith("participants/")]


def test_a_finished_run_verifies_and_a_touched_one_does_not(study: Path) -> None:
    said = rejsens_here(study, "verify")
    assert said.returncode == 0, said.stdout
    assert "What made them is as it was" in said.stdout and "simulated" in said.stdout
    (study / TABLES["estimates"]).write_text("edited")
    (study / "config/config.yaml").write_text((study / "config/config.yaml").read_text() + "alpha: 0.01\n")
    write = (study / "config/hypotheses/other.yaml").write_text
    write((study / "config/hypotheses/loneliness.yaml").read_text().replace("loneliness", "other").replace("L1", "O1"))
    said = rejsens_here(study, "verify")
    words = " ".join(said.stdout.split())
    assert said.returncode == 1 and "1 file changed since the run: estimates.csv." in words
    assert "the setting alpha changed from 0.05 to 0.01; the family of hypotheses other was added." in words
    (study / "config/config.yaml").write_text("study: [")
    said = rejsens_here(study, "verify")
    assert said.returncode == 1 and "the study can no longer be read" in said.stdout and "Traceback" not in said.stdout


def test_another_version_since_the_run_is_told(study: Path) -> None:
    record = json.loads((study / RECORD).read_text(encoding="utf-8"))
    now = record["packages"]["pandas"]
    record["packages"]["pandas"] = "3.0.0"
    (study / RECORD).write_text(json.dumps(record), encoding="utf-8")
    said = rejsens_here(study, "verify")
    assert said.returncode == 1 and f"versions: pandas 3.0.0 → {now}." in said.stdout
    assert "rejsens run --force" in said.stdout.splitlines()[-1]


def test_a_run_against_a_copy_of_itself_and_against_a_changed_one(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study / "results", tmp_path / "copy")
    said = rejsens_here(tmp_path, "compare", "study", "copy")
    assert said.returncode == 0 and "No number differs" in said.stdout
    estimates = tmp_path / "copy/estimates.csv"
    frame = pd.read_csv(estimates, dtype="str", keep_default_na=False)
    frame.loc[frame["decides"] == "True", ["verdict", "estimate"]] = ["opposite", "-0.5"]
    frame[::-1].to_csv(estimates, index=False)
    said = rejsens_here(tmp_path, "compare", "study", "copy")
    assert said.returncode == 1 and "→ opposite" in said.stdout
    assert "The record of B is older than its tables (estimates)" in " ".join(said.stdout.split())


def test_the_planned_record_is_that_of_another_study_with_the_same_files(study: Path, tmp_path: Path) -> None:
    """Where a study stands is no part of what it is."""
    other = write_study(tmp_path / "elsewhere" / "deep")
    seal(other, "w1")
    told = []
    for folder in (study, other):
        with contextlib.chdir(folder):
            told.append(Plan(load_study(".")).params("record_provenance"))
    assert told[0] == told[1]
