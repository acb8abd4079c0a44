"""Nothing that a spreadsheet would run leaves the pipeline, and what was meant comes back as it was."""

from __future__ import annotations

import ast
import csv
import datetime
import io
import re
import time
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejsens import layout, tabular
from rejsens.registry import LIBRARY
from rejsens.spreadsheet import Sheet, csv_text, restored, safe, safe_frame, write_csv, write_xlsx

# what OWASP (CSV Injection; ASVS 1.2.10) names, and what spreadsheets strip before they look
RUN = ['=HYPERLINK("http://x.example","y")', "@SUM(1,2)", "+1+cmd|' /C calc'!A0", "-2+3", "\t=1+1", "\r=1+1", "\n=1", "＝1+1", "＋1+2",
       "－2+3", "＠SUM(1)", ' "=1+1"', "'=1+1", "“=1+1”", "\u00a0=1", "-", "=", "\0=1", "\ufeff=1"]  # fmt: skip
PLAIN = [
    "",
    "never",
    "-99",
    "+3",
    "-0.5",
    "-1,5",
    "1e-5",
    "-1.5E+10",
    "−0.13",
    "—",
    "< .001",
    "[-99]",
    '{"-99": "x"}',
    "a=b",
    "x-1",
    "'",
    "'quoted'",
]
FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r\0]")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


def runs(cell: str) -> bool:
    """Whether a spreadsheet would run a cell; written without the module that is tested."""
    return bool(FORMULA.match(cell)) and not NUMBER.fullmatch(cell)


@pytest.mark.parametrize("text", RUN)
def test_what_would_run_is_a_text(text: str) -> None:
    assert safe(text).startswith("'") or safe(text).lstrip(" \u00a0").startswith("'")
    assert not runs(safe(text).lstrip(' \u00a0\ufeff"“'))
    assert restored(safe(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_what_would_not_run_stays(text: str) -> None:
    assert safe(text) == text


@given(st.text(alphabet="=+-@＝＋－＠'\"“ ;,\t\n\rab1.|\0", max_size=12))
def test_any_text_comes_back_and_no_part_of_it_runs(text: str) -> None:
    assert restored(safe(text)) == text
    if not NUMBER.fullmatch(text):
        for part in re.split(r"[;\t\r\n]", safe(text)):  # where another language setting would begin a cell
            assert not re.match(r"[ \"“]*[=+\-@＝＋－＠]", part)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_touched(number: float) -> None:
    assert safe(repr(number)) == repr(number) and safe(f"{number:g}") == f"{number:g}"


def bad_frame() -> pd.DataFrame:
    texts = pd.Series([*RUN, "plain"], dtype="str")
    n = len(texts)
    return pd.DataFrame(
        {"=name": texts, "mixed": [None, 1.5, *RUN[: n - 2]], "kind": texts.astype("category"), "number": np.arange(n) - 99.0,
         "whole": np.arange(n) - 99, "flag": [True] * n}
    )  # fmt: skip


def test_a_csv_file_is_parsed_and_no_cell_runs(tmp_path: Path) -> None:
    write_csv(bad_frame(), tmp_path / "new" / "a.csv")
    with open(tmp_path / "new" / "a.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "'=name"
    assert len(rows) == len(RUN) + 2 and not [cell for row in rows for cell in row if runs(cell)]
    assert [row[3] for row in rows[1:3]] == ["-99.0", "-98.0"] and rows[1][4] == "-99"


def test_what_is_written_as_a_table_is_read_as_it_was(tmp_path: Path) -> None:
    texts = [text for text in RUN if "\0" not in text]
    frame = pd.DataFrame(
        {"wave": texts, "order": -1, "rule": texts, "label": texts, "n_excluded": -5, "n_remaining": range(len(texts))}
    )
    tabular.write_table(frame, tmp_path / "flow.csv")
    with open(tmp_path / "flow.csv", encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))
    assert not [cell for row in written for cell in row if runs(cell)] and written[1][1] == "-1"
    pd.testing.assert_frame_equal(
        tabular.read_table(tmp_path / "flow.csv"), frame.astype({"order": int}), check_dtype=False
    )


def test_a_printed_table_does_not_run() -> None:
    cells = (("@x", "−0.13"), ("-2+3^a", "-5"))
    table = layout.PrintedTable("T", ("=a", "+b+c"), cells, sections=((0, "=s"),), specific=(("a", "a mark"),))
    rows = list(csv.reader(io.StringIO(layout.to_csv(table))))
    assert rows == [["Section", "'=a", "'+b+c"], ["'=s", "'@x", "−0.13"], ["'=s", "'-2+3", "-5"]]


def workbook(path: Path, mark: str = "") -> Path:
    sheets = [Sheet("First", bad_frame(), {"=name": 33}, ("=name",), mark), Sheet("Second", pd.DataFrame({"a": [1]}))]
    write_xlsx(sheets, path, datetime.date(2026, 7, 5), title="=T")
    return path


def test_a_workbook_is_opened_and_holds_no_formula(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert not [cell.coordinate for cell in cells if isinstance(cell.value, str) and runs(cell.value)]
    first = book["First"]
    assert (first["A2"].value, first["B3"].value, first["D2"].value, first["E2"].value) == (safe(RUN[0]), 1.5, -99, -99)
    assert first["B2"].value is None and first["F2"].value is True
    assert book.properties.title == "'=T"


def test_a_workbook_has_a_header_that_stays_widths_and_a_mark(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx", "Simulated data"))["First"]
    assert sheet.freeze_panes == "A2" and sheet["A1"].font.bold and sheet.auto_filter.ref == sheet.dimensions
    assert sheet.column_dimensions["A"].width == 33 and sheet.column_dimensions["D"].width == 8
    assert sheet["A2"].alignment.wrap_text and sheet["A5"].alignment.wrap_text and not sheet["B5"].alignment.wrap_text
    assert sheet.oddHeader.center.text == "Simulated data"


def test_equal_frames_give_equal_workbooks_whenever_they_are_written(tmp_path: Path) -> None:
    first = workbook(tmp_path / "a.xlsx").read_bytes()
    time.sleep(2.1)  # an archive's clock counts in steps of two seconds
    assert workbook(tmp_path / "b.xlsx").read_bytes() == first
    properties = openpyxl.load_workbook(tmp_path / "b.xlsx").properties
    assert properties.created == properties.modified == datetime.datetime(2026, 7, 5)


def test_a_frame_keeps_its_numbers_and_its_missing_cells() -> None:
    frame = bad_frame()
    made = safe_frame(frame)
    assert made["mixed"].tolist()[:2] == [None, 1.5] and made["number"].tolist() == frame["number"].tolist()
    assert made.dtypes["flag"] == "bool" and "'=name" in made and csv_text(pd.DataFrame({"a": []})) == "a\n"


def test_nothing_else_in_the_library_writes_csv_or_workbooks() -> None:
    """A new writer would have to be as careful; what imitates a platform's export must not be."""
    careful = {"spreadsheet.py", "layout.py"}
    for path in LIBRARY.rglob("*.py"):
        if path.name in careful or "simulate" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        writes = called & {"to_csv", "to_excel", "writer", "DictWriter", "writerow"}
        uses_safe = "safe" in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        assert not writes or uses_safe, f"{path.name} writes {writes} without rejsens.spreadsheet"
