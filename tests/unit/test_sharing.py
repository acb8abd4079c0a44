"""Exports: each format holds the package's tables cell by cell, keeps to its standard, and appears whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import contents
from tests.example_package import AWKWARD, LONG, example_package
from tests.psych_ds_rules import faults
from tests.validators import checked

from rejsens.pool import CREATED
from rejsens.problems import Refused
from rejsens.sharing import plain_csv, spss
from rejsens.sharing.columns import DTYPES, as_dictionary
from rejsens.sharing.package import Package
from rejsens.sharing.writing import FORMATS, write_export
from rejsens.spreadsheet import restored, restored_frame, safe

TABLES = {  # format -> where a table stands
    "csv": "{}.csv",
    "datapackage": "data/{}.csv",
    "ro-crate": "data/{}.csv",
    "psych-ds": "data/study-ATitleBBoldBCmdXYZQ_description-{}_data.csv",
}
DICTIONARY = {"psych-ds": "documentation/dictionary.csv"}


@pytest.fixture(scope="module")
def package() -> Package:
    return example_package()


@pytest.fixture(scope="module")
def exports(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name in FORMATS:
        write_export(package, name, folder / name, folder / "study")
    return folder


def read(path: Path, rows: list[dict]) -> pd.DataFrame:
    """A table as somebody reads it who has the dictionary, with the apostrophes taken off."""
    types = {row["variable"]: DTYPES[row["type"]] for row in rows}
    numbers = {name: [""] for name, kind in types.items() if kind in ("Int64", "float64")}
    frame = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=numbers, lineterminator=None)
    return restored_frame(frame).astype(types)


# --- what was written is what was there ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_each_table_reads_back_cell_by_cell(package: Package, exports: Path, name: str) -> None:
    for table, frame in package.tables.items():
        pd.testing.assert_frame_equal(
            read(exports / name / TABLES[name].format(table), package.columns(table)), frame, check_exact=True
        )


@pytest.mark.parametrize("name", FORMATS)
def test_the_dictionary_reads_back_too(package: Package, exports: Path, name: str) -> None:
    found = pd.read_csv(
        exports / name / DICTIONARY.get(name, "dictionary.csv"),
        keep_default_na=False,
        na_values={"minimum": [""], "maximum": [""]},
    )
    pd.testing.assert_frame_equal(as_dictionary(restored_frame(found)), package.dictionary)


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_runs_in_a_spreadsheet(exports: Path, name: str) -> None:
    for path in (exports / name).rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as handle:
            assert [cell for row in csv.reader(handle) for cell in row if safe(restored(cell)) != cell] == []


@settings(max_examples=25)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1, unique=True
    )
)
def test_any_id_reads_back_from_csv(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    package, folder = example_package(tuple(ids)), tmp_path_factory.mktemp("any")
    plain_csv.write(package, folder)
    found = read(folder / "answers.csv", package.columns("answers"))
    assert found["participant"].tolist() == package.tables["answers"]["participant"].tolist()


# --- SPSS ------------------------------------------------------------------------------------------------------------


def test_spss_reads_back_with_its_labels(package: Package, exports: Path) -> None:
    names = pd.read_csv(exports / "spss/names.csv").set_index(["table", "variable"])["name_in_file"]
    for table, frame in package.tables.items():
        found, about = pyreadstat.read_sav(exports / f"spss/{table}.sav")
        own = {name: names.get((table, name), name) for name in frame}
        assert about.column_names == list(own.values())
        for row in package.columns(table):
            name = own[row["variable"]]
            expected = frame[row["variable"]]
            if row["type"] == "string":
                assert found[name].tolist() == expected.tolist()
            else:
                assert found[name].astype("float64").equals(expected.astype("float64"))
            label = about.column_names_to_labels[name]
            assert label == row["label"] or (label.endswith("…") and len(label.encode()) <= spss.LABEL)
    _, about = pyreadstat.read_sav(exports / "spss/answers.sav", user_missing=True)
    assert about.variable_measure["gad7_01"] == "ordinal" and about.variable_measure["participant"] == "nominal"
    assert [entry["lo"] for entry in about.missing_ranges["gad7_01"]] == [-99.0, -98.0, -97.0]
    assert about.variable_value_labels["gad7_01"][-99.0] == "no answer"
    assert all(len(label.encode()) <= spss.VALUE_LABEL for label in about.variable_value_labels["gad7_01"].values())


def test_names_that_spss_cannot_hold_are_mapped_and_told(exports: Path) -> None:
    mapped = pd.read_csv(exports / "spss/names.csv")
    assert set(mapped["variable"]) == {LONG, "to"}
    assert all(len(name.encode()) <= spss.NAME for name in mapped["name_in_file"])
    assert len(set(spss.spss_names([LONG, LONG + "2", "Ab", "aB"]).values())) == 4


@pytest.mark.parametrize("text", ["ends in a blank ", "null\0sign", "x" * 40_000])
def test_a_text_that_spss_would_change_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="SPSS would change"):
        write_export(example_package((text, "p2")), "spss", tmp_path / "out", tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


def test_an_spss_file_that_differs_from_its_table_never_appears(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = pyreadstat.write_sav
    monkeypatch.setattr(pyreadstat, "write_sav", lambda frame, *a, **k: write(frame.assign(to_663ea1bf=0.0), *a, **k))
    with pytest.raises(Refused, match="differs from the table"):
        write_export(package, "spss", tmp_path / "out", tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


# --- standards -------------------------------------------------------------------------------------------------------


def test_psych_ds_keeps_its_rules(exports: Path) -> None:
    assert faults(exports / "psych-ds") == []


BREAKS: dict[str, Callable[[Path], object]] = {
    "no data/": lambda folder: shutil.rmtree(folder / "data"),
    "is not named": lambda folder: next(folder.glob("data/*")).rename(folder / "data/answers.csv"),
    "has no name": lambda folder: _edit(folder, lambda told: told.pop("name")),
    "@type": lambda folder: _edit(folder, lambda told: told.update({"@type": "Thing"})),
    "@context": lambda folder: _edit(folder, lambda told: told.pop("@context")),
    "not in variableMeasured": lambda folder: _edit(folder, lambda told: told["variableMeasured"].pop()),
    "is not JSON": lambda folder: (folder / "dataset_description.json").write_text("{NaN"),
    "cells": lambda folder: next(folder.glob("data/*")).write_text("participant,wave\nonly one\n"),
    "is not UTF-8": lambda folder: next(folder.glob("data/*")).write_bytes(b"\xff\xfe\n"),
    "no schema.org name": lambda folder: _edit(folder, lambda told: told.update({"colour": "red"})),
}


def _edit(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "dataset_description.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    change(told)
    path.write_text(json.dumps(told), encoding="utf-8")


@pytest.mark.parametrize("fault", BREAKS)
def test_the_rules_of_psych_ds_can_be_broken(exports: Path, tmp_path: Path, fault: str) -> None:
    shutil.copytree(exports / "psych-ds", tmp_path / "broken")
    BREAKS[fault](tmp_path / "broken")
    assert any(fault in found for found in faults(tmp_path / "broken"))


def test_frictionless_finds_no_fault_and_reads_the_same(package: Package, exports: Path, tmp_path: Path) -> None:
    shutil.copytree(exports / "datapackage", tmp_path / "broken")
    table = tmp_path / "broken/data/answers.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",wave,", ",wave,7", 1), encoding="utf-8")
    files = [folder / "datapackage.json" for folder in (exports / "datapackage", tmp_path / "broken")]
    said = checked("frictionless", "package_check.py", *files)
    assert said.returncode == 0, said.stderr
    found, broken = json.loads(said.stdout)
    assert found["faults"] == [] and broken["faults"]
    for name, frame in package.tables.items():
        types = {row["variable"]: DTYPES[row["type"]] for row in package.columns(name)}
        again = restored_frame(pd.DataFrame(found["tables"][name], dtype="object")).astype(types)
        pd.testing.assert_frame_equal(again, frame, check_exact=True)


def test_rocrate_validator_finds_no_fault(exports: Path, tmp_path: Path) -> None:
    shutil.copytree(exports / "ro-crate", tmp_path / "broken")
    path = tmp_path / "broken/ro-crate-metadata.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"datePublished"', '"dateOfSomething"'), encoding="utf-8")
    said = checked("rocrate_validator", "crate_check.py", exports / "ro-crate", tmp_path / "broken")
    assert said.returncode == 0, said.stderr
    found, broken = json.loads(said.stdout)
    assert found == {"passed": True, "faults": []}
    assert all(any(word in fault for fault in broken["faults"]) for word in ("datePublished", "dateOfSomething"))


@pytest.mark.parametrize("name", FORMATS)
def test_descriptions_are_strict_json_and_name_every_column(package: Package, exports: Path, name: str) -> None:
    columns = {column for frame in package.tables.values() for column in frame}
    for path in (exports / name).rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        assert all(json.dumps(column) in text for column in columns)


# --- the folder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_equal_packages_give_equal_bytes(package: Package, exports: Path, tmp_path: Path, name: str) -> None:
    write_export(package, name, tmp_path / "again", tmp_path / "study")
    assert contents(tmp_path / "again") == contents(exports / name)
    for path in (tmp_path / "again").rglob("*.sav"):
        assert path.read_bytes()[CREATED : CREATED + 17] == b"01 Jan 0000:00:00"  # no clock


@pytest.mark.parametrize("name", FORMATS)
def test_rows_of_everybody_are_closed_to_others(exports: Path, name: str) -> None:
    for path in (exports / name, *(exports / name).rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_copy_to_be_shared_can_be_read_by_others(tmp_path: Path) -> None:
    write_export(example_package(kind="public"), "csv", tmp_path / "out", tmp_path / "study")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out/answers.csv").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("study/results/export", "there to be shared"),
        ("study/results/tables", "there to be shared"),
        ("study/results/participants", "there to be shared"),
        ("study/results/participants/../export", "there to be shared"),
        ("study/export", "git would carry them along"),
        ("link/export", "git would carry them along"),
    ],
)
def test_single_people_are_kept_out_of_what_is_shared(tmp_path: Path, place: str, word: str) -> None:
    (tmp_path / "study/.git").mkdir(parents=True)
    (tmp_path / "link").symlink_to("study")
    with pytest.raises(Refused, match=word):
        write_export(example_package(), "csv", tmp_path / place, tmp_path / "study")
    write_export(example_package(), "csv", tmp_path / "study/results/participants/export", tmp_path / "study")
    if place == "study/export":
        write_export(example_package(kind="synthetic"), "csv", tmp_path / place, tmp_path / "study")


def test_nothing_is_overwritten(package: Package, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(Refused, match=r"taken: something of that name is there already"):
        write_export(package, "csv", tmp_path / "taken", tmp_path / "study")


def test_a_failed_export_leaves_nothing(package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = os.umask(0o022)
    monkeypatch.setattr(plain_csv, "write_beside", full)
    with pytest.raises(OSError):
        write_export(package, "csv", tmp_path / "out", tmp_path / "study")
    assert list(tmp_path.iterdir()) == [] and os.umask(before) == 0o022


def test_what_a_killed_export_left_is_cleared(package: Package, tmp_path: Path) -> None:
    (tmp_path / ".staging.out.999999999").mkdir()
    (tmp_path / f".staging.out.{os.getppid()}").mkdir()  # of one that is at work
    write_export(package, "csv", tmp_path / "out", tmp_path / "study")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".staging.out.{os.getppid()}", "out"]


@pytest.mark.parametrize(
    ("kind", "simulated", "says"),
    [
        ("full", True, "Simulated data: nobody answered"),
        ("full", False, "keep this folder closed"),
        ("public", False, "coarsened so that they can be shared"),
        ("synthetic", False, "no row is a person's"),
    ],
)
def test_the_readme_says_whose_rows_they_are(tmp_path: Path, kind: str, simulated: bool, says: str) -> None:
    package = example_package(kind=kind, simulated=simulated)
    write_export(package, "csv", tmp_path / "out", tmp_path / "study")
    text = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert says in text and "CC0-1.0" in text and package.facts.citation in text
    assert "<b>" not in re.sub(r"\\<", "", text) and "<script" not in text
    assert len(text.splitlines()) < 60


def test_tables_beside_are_written_and_described(tmp_path: Path) -> None:
    package = replace(
        example_package(kind="synthetic"), beside={"utility": pd.DataFrame({"measure": ["=1"], "value": [0.5]})}
    )
    for name in FORMATS:
        files = write_export(package, name, tmp_path / name, tmp_path / "study")
        assert any(path.endswith("utility.csv") for path in files) and list((tmp_path / name).rglob("utility.csv"))
    assert faults(tmp_path / "psych-ds") == []


def test_the_example_is_awkward_enough() -> None:
    assert any(safe(text) != text for text in AWKWARD) and any("\n" in text for text in AWKWARD)
