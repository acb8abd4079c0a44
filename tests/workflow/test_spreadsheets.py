"""A study whose every free text would run in a spreadsheet, from export to report: no file that it leaves does."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest

from tests.hostile_study import IDS

FORMULA = re.compile(r"[\s\"“”‘`]*[=+\-@＝＋－＠]|[\t\r\0]")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@pytest.fixture(scope="module")
def results(hostile_study: SimpleNamespace) -> Path:
    folder: Path = hostile_study.folder
    return folder / "results"


def runs(cell: object) -> bool:
    return isinstance(cell, str) and bool(FORMULA.match(cell)) and not NUMBER.fullmatch(cell)


def test_no_cell_of_any_csv_file_runs(results: Path) -> None:
    files = sorted(results.rglob("*.csv"))
    assert len(files) > 30
    neutralised = set()
    for path in files:
        text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(text.splitlines(keepends=True)))
        assert not [cell for row in rows for cell in row if runs(cell)], path
        for row in rows:  # where a spreadsheet splits lines at semicolons
            assert not [part for cell in row for part in cell.split(";") if runs(part)], path
        neutralised |= {path.name for row in rows for cell in row if cell.startswith(("'=", "'@", "'+", "'-"))}
    assert {"waves.csv", "dictionary.csv", "codebook.csv", "differences.csv", "columns.csv", "quality.csv", "variables.csv", "descriptives.csv",
            "scores.csv", "scores_dictionary.csv", "instruments.csv", "participants.csv", "sample.csv"} <= neutralised  # fmt: skip


def test_no_cell_of_the_workbook_is_a_formula(results: Path) -> None:
    files = list(results.rglob("*.xlsx"))
    assert files
    cells = [
        cell for path in files for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row
    ]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or runs(cell.value)]
    assert [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith("'=")]


def test_files_for_programs_hold_the_texts_as_they_are(results: Path) -> None:
    people = set(pd.read_parquet(results / "participants/scores.parquet")["participant"])
    assert set(IDS) <= people


def test_the_pipeline_reads_its_own_tables_as_they_were_meant(results: Path) -> None:
    """What was neutralised on the way between two jobs is whole again on the page."""
    html = (results / "report/index.html").read_text(encoding="utf-8")
    assert "=HYPERLINK(" in html and "&#39;=HYPERLINK" not in html and "'=HYPERLINK" not in html
    page = (results / "codebook/codebook.html").read_text(encoding="utf-8")
    assert "=HYPERLINK(" in page and "&#39;=HYPERLINK" not in page


def test_numbers_stay_numbers(results: Path) -> None:
    with open(results / "correlations.csv", encoding="utf-8", newline="") as file:
        values = [cell for row in list(csv.reader(file))[1:] for cell in row[4:]]
    assert values and not [value for value in values if value.startswith("'")]
