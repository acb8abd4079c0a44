"""Exports at the edge: what a platform was said to be and is not, dates of no calendar, workbooks with nothing to read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from rejsens.importers import open_export
from rejsens.importers.limesurvey import Question, _of_column
from rejsens.problems import Refused

QUALTRICS = 'id,q1\nid,"How, often?"\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\nann,1\nbob,2\n'


def refusal(path: Path, **settings: object) -> str:
    with pytest.raises(Refused) as refused:
        open_export(path, **settings)
    return str(refused.value)


@pytest.mark.parametrize("platform", ["plain", None])
def test_header_rows_of_qualtrics_are_no_answers_whatever_the_platform_was_said_to_be(
    tmp_path: Path, platform: str | None
) -> None:
    (tmp_path / "export.csv").write_text(QUALTRICS)
    export = open_export(tmp_path / "export.csv", platform)
    assert (export.platform, export.n_rows, export.rows.tolist()) == ("qualtrics", 2, [4, 5])
    assert export.cells["q1"].to_pylist() == ["1", "2"] and export.questions["q1"] == "How, often?"


def test_a_column_of_limesurvey_belongs_to_the_longest_code_that_begins_it() -> None:
    short, long = Question("M", "Which?", {"SQ1": "one"}), Question("L", "Why?")
    structure = {"Q1": short, "Q1_2": long}
    assert _of_column("Q1_SQ1", structure) == (short, "SQ1", None)
    assert _of_column("Q1_2_other", structure) == (long, "other", None)
    assert _of_column("Q1[SQ1]", structure) == (short, "SQ1", None)
    assert _of_column("Q1_2", structure) == (long, None, None)
    assert _of_column("Q12", structure) == (None, None, None)


def test_half_characters_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(b"id,q1\nann,1\n" + b"+2D0-,2\n")  # UTF-7 for half of a pair
    assert "half characters that utf-7 does not allow" in refusal(tmp_path / "export.csv", encoding="utf-7")


def test_a_date_of_no_calendar_in_spss_is_read_as_its_number(tmp_path: Path) -> None:
    """SPSS counts seconds from 1582; a slip in a syntax file makes dates beyond the year 9999."""
    pyreadstat.write_sav(pd.DataFrame({"id": ["a", "b"], "born": [1.3e10, 1e15]}), str(tmp_path / "w.sav"),
                         variable_format={"born": "DATE11"})  # fmt: skip
    export = open_export(tmp_path / "w.sav")
    assert export.cells["born"].to_pylist() == ["13000000000", "1000000000000000"]


# --- workbooks -------------------------------------------------------------------------------------------------------


def workbook(change: Callable[[openpyxl.Workbook], None]) -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    change(book)
    book.save(held)
    return held.getvalue()


def repacked(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(held, "w") as after:
        for name in before.namelist():
            after.writestr(name, change(before.read(name)) if name == part else before.read(name))
    return held.getvalue()


def filled(book: openpyxl.Workbook) -> None:
    book.active.append(["id", "q1"])
    book.active.append(["ann", 1])


def hidden(xml: bytes) -> bytes:
    assert b'state="visible"' in xml
    return xml.replace(b'state="visible"', b'state="hidden"')


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as parts:
        for name in names:
            parts.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (repacked(workbook(filled), "xl/workbook.xml", hidden), "the workbook has no visible sheet of cells"),
        (workbook(lambda book: None), "holds no cells"),
        (archive("[Content_Types].xml", "xl/workbook.bin"), "a binary Excel workbook (.xlsb)"),
        (repacked(workbook(filled), "xl/worksheets/sheet1.xml", lambda xml: xml[:-40]), "cannot be read to its end"),
    ],
    ids=["hidden", "empty", "binary", "cut"],
)
def test_a_workbook_with_nothing_to_read_says_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "w.xlsx").write_bytes(data)
    assert said in refusal(tmp_path / "w.xlsx")


@pytest.mark.parametrize("spread", [1, 2])
def test_a_sheet_of_more_cells_than_are_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spread: int
) -> None:
    def wide(book: openpyxl.Workbook) -> None:
        book.active.append(["id", "q1"])
        for row in range(2, 12):
            book.active.cell(row, 8 if spread == 1 else 1).value = 1
            book.active.cell(row, 9).number_format = "0.00"  # an empty cell that only has a format

    monkeypatch.setattr("rejsens.importers.workbook.CELLS", 20 if spread == 1 else 19)
    (tmp_path / "w.xlsx").write_bytes(workbook(wide))
    assert "the sheet spreads over more than" in refusal(tmp_path / "w.xlsx")
