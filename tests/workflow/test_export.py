"""`rejsens export` on a finished study: every format holds its rows, fits its dictionary, and is refused where it should be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from rejsens.problems import Refused
from rejsens.sharing.columns import DICTIONARY
from rejsens.sharing.package import Package, full_package
from rejsens.sharing.writing import FORMATS, write_export
from rejsens.spreadsheet import restored_frame
from rejsens.tabular import read_table
from tests.conftest import rejsens_here, seal
from tests.psych_ds_rules import faults
from tests.validators import checked


@pytest.fixture(scope="module")
def package(finished_study: Path) -> Package:
    return full_package(finished_study)


@pytest.fixture(scope="module")
def exports(package: Package, finished_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name in FORMATS:
        write_export(package, name, folder / name, finished_study)
    return folder


def test_the_command_writes_what_a_run_made(finished_study: Path, tmp_path: Path) -> None:
    done = rejsens_here(finished_study, "export", "--format", "csv", "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "README.md first" in done.stdout
    again = rejsens_here(finished_study, "export", "--format", "spss", "--to", str(tmp_path / "out"))
    assert again.returncode == 1 and "overwrites nothing" in again.stderr
    unknown = rejsens_here(finished_study, "export", "--format", "stata", "--to", str(tmp_path / "other"))
    assert unknown.returncode == 1 and "“stata”" in unknown.stderr and "psych-ds" in unknown.stderr
    inside = rejsens_here(finished_study, "export", "--to", "results/shared")
    assert inside.returncode == 1 and "below results/participants/" in inside.stderr
    assert not (finished_study / "results/shared").exists() and [p.name for p in tmp_path.iterdir()] == ["out"]
    scores = read_table(finished_study / "results/participants/scores.parquet")
    assert len(pd.read_csv(tmp_path / "out/scores.csv")) == len(scores)


def test_results_that_are_out_of_date_or_gone_are_refused(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study)
    wave = study / "data/waves/w2.csv"
    wave.write_text("\n".join(wave.read_text().splitlines()[:-1]) + "\n")
    seal(study, "w2")
    done = rejsens_here(study, "export", "--to", str(tmp_path / "out"))
    assert done.returncode == 1 and "`rejsens run" in done.stderr and not (tmp_path / "out").exists()
    (study / "results/participants/scores.parquet").unlink()
    with pytest.raises(Refused, match=r"results/participants/scores\.parquet is not there"):
        full_package(study)


def test_tables_are_those_of_the_run(package: Package, finished_study: Path) -> None:
    assert list(package.tables) == ["answers", "scores"]  # the study asks about no events
    for name, frame in package.tables.items():
        made = read_table(finished_study / f"results/participants/{name}.parquet", name)
        assert list(frame.columns) == list(made.columns)
        pd.testing.assert_frame_equal(frame.astype(dict(made.dtypes)), made, check_exact=True)


def test_the_dictionary_says_what_the_instruments_say(package: Package) -> None:
    assert list(package.dictionary.columns) == list(DICTIONARY)
    for name, frame in package.tables.items():
        rows = {row["variable"]: row for row in package.columns(name)}
        assert list(rows) == list(frame.columns)
        for column, row in rows.items():
            assert row["label"] and row["type"] and row["level"], column
            assert bool(row["blank_means"]) or not frame[column].isna().any(), column
            if row["type"] in ("integer", "number"):
                assert not (frame[column] < row["minimum"]).any() and not (frame[column] > row["maximum"]).any(), column
            if values := json.loads(row["values"] or "{}"):
                assert set(frame[column].dropna().astype("str")) <= set(values), column
    answers = {row["variable"]: row for row in package.columns("answers")}
    item, age = answers["gad7_03"], answers["age"]
    assert (item["minimum"], item["maximum"], item["type"], item["level"]) == (0, 3, "integer", "ordinal")
    assert item["question_text"] == "" and "Spitzer" in item["source"] and item["scored_in"] == "gad7_sum"
    assert (
        age["question_text"] == "How old are you, in years?" and age["type"] == "number"
    )  # this project's own wording
    score = next(row for row in package.columns("scores") if row["variable"] == "gad7_sum")
    assert (score["minimum"], score["maximum"], score["unit"]) == (0, 21, "sum of answers")
    assert "at least" in score["blank_means"] and score["waves"] == "w1 w2"


def test_the_wording_of_published_scales_is_told_only_on_demand(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study)
    path = study / "results/codebook/codebook.csv"
    told = pd.read_csv(path, dtype=str, keep_default_na=False)
    told.loc[told["variable"] == "gad7_01", ["question_text", "question_source"]] = ["a planted question", "export"]
    told.to_csv(path, index=False)
    found = [
        set(p.dictionary.loc[p.dictionary["variable"] == "gad7_01", "question_text"])
        for p in (full_package(study), full_package(study, wording=True))
    ]
    assert found == [{""}, {"a planted question"}]


@pytest.mark.parametrize("name", ["csv", "datapackage", "ro-crate", "psych-ds"])
def test_tables_read_back(package: Package, exports: Path, name: str) -> None:
    for table, frame in package.tables.items():
        (path,) = (exports / name).rglob(f"*{table}*.csv")
        found = restored_frame(pd.read_csv(path, dtype={"participant": "str", "wave": "str", "role": "str"}))
        pd.testing.assert_frame_equal(found.astype(dict(frame.dtypes)), frame, check_exact=True)


def test_spss_reads_back(package: Package, exports: Path) -> None:
    for table, frame in package.tables.items():
        found, about = pyreadstat.read_sav(exports / f"spss/{table}.sav")
        kinds = {name: kind if kind != "Int64" else "float64" for name, kind in dict(frame.dtypes).items()}
        pd.testing.assert_frame_equal(found.astype(kinds).astype(dict(frame.dtypes)), frame, check_exact=True)
        assert all(about.column_labels)


def test_validators_find_no_fault(exports: Path) -> None:
    assert faults(exports / "psych-ds") == []
    package = checked("frictionless", "package_check.py", exports / "datapackage/datapackage.json")
    assert json.loads(package.stdout)[0]["faults"] == []
    crate = checked("rocrate_validator", "crate_check.py", exports / "ro-crate")
    assert json.loads(crate.stdout) == [{"passed": True, "faults": []}]
