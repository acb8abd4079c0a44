"""Tables that people open in a spreadsheet: CSV and XLSX in which no text runs as a formula.

A spreadsheet runs a cell that begins with = + - or @ (their full-width forms too), also behind blanks and quotation
marks, which it strips; and where its language splits lines at semicolons, a cell begins behind each of them. An
apostrophe in front keeps such a text a text (OWASP ASVS 1.2.10, CWE-1236). Plain numbers, such as -99, stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

_RUNS = "=+\\-@＝＋－＠"
_STRIPPED = " \u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff\"'`´‘’‚“”„«»"  # what may stand before it
_STARTS = r"(?:\A|(?<=[;\t\r\n\v\f]))"  # of the text, and of what another spreadsheet takes for a cell of its own
_AHEAD = rf"(?=[{_STRIPPED}]*[{_RUNS}])"
_FIRST = rf"(?=[{_STRIPPED}]*[\t\r\n\0])"
_UNSAFE = re.compile(rf"{_STARTS}{_AHEAD}|\A{_FIRST}")
_MADE_SAFE = re.compile(rf"{_STARTS}'{_AHEAD}|\A'{_FIRST}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # characters that no workbook can hold
_STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest time that an archive can state
WIDEST = 60  # characters of a column


def safe(text: str) -> str:
    """A text as it may stand in a cell: an apostrophe before each place at which a spreadsheet would run it.

    >>> safe("=1+1"), safe("-2+3"), safe("-99"), safe(' "@SUM(A1)"'), safe("never; =1+1"), safe("plain")
    ("'=1+1", "'-2+3", '-99', '\\' "@SUM(A1)"', "never;' =1+1", 'plain')
    """
    return text if _NUMBER.fullmatch(text) else _UNSAFE.sub("'", text)


def restored(text: str) -> str:
    """The text that `safe` was given.

    >>> restored("'=1+1"), restored("'quoted'"), restored(safe("'-99"))
    ('=1+1', "'quoted'", "'-99")
    """
    return _MADE_SAFE.sub("", text) if "'" in text else text


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text made safe, column names included; numbers, and what is missing, stay."""
    return _each_text(frame, safe)


def restored_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """What `safe_frame` was given."""
    return _each_text(frame, restored)


def _each_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    def changed(value: object) -> object:
        return change(value) if isinstance(value, str) else value

    texts = frame.select_dtypes(exclude=["number", "bool", "datetime"]).columns
    new = {name: frame[name].astype("object").map(changed).astype(_kept(frame[name].dtype)) for name in texts}
    return frame.assign(**new).rename(columns=changed)


def _kept(dtype: object) -> object:
    return "object" if isinstance(dtype, pd.CategoricalDtype) else dtype


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV: UTF-8 text, comma, LF, numbers at full precision, missing empty, texts made safe."""
    ready = safe_frame(frame)
    texts = ready.select_dtypes(exclude=["number", "bool", "datetime"])
    returns = any("\r" in str(value) for name in texts for value in [name, *texts[name].unique()])
    # a lone carriage return ends a row for most readers, and no writer quotes it by itself
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    return ready.to_csv(index=False, lineterminator="\n", quoting=quoting)


def write_csv(frame: pd.DataFrame, path: Path | str) -> None:
    """Write a frame as `csv_text` gives it; the folder is made where there is none."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(csv_text(frame), encoding="utf-8", newline="")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: a frame under a header row that stays in view.

    widths   column -> width in characters; others take that of their longest text, at most 60
    wrap     columns whose texts are broken over lines
    mark     printed at the head of every page, such as "Simulated data"
    """

    name: str
    frame: pd.DataFrame
    widths: Mapping[str, int] = field(default_factory=dict)
    wrap: Sequence[str] = ()
    mark: str = ""


def write_xlsx(sheets: Sequence[Sheet], path: Path | str, made: date, title: str = "") -> None:
    """Write a workbook: bold header rows that stay in view, filters, no formula; equal frames give equal bytes.

    sheets   names of at most 31 characters; texts and names are made safe, numbers stay numbers, missing is empty
    made     the date that the document states; a clock is never asked
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = _plain(safe(title)), "rejsens"
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        frame = safe_frame(sheet.frame)
        for position, (own, name) in enumerate(zip(sheet.frame.columns, frame.columns, strict=True), start=1):
            column = [_cell(value) for value in frame[name]]
            _fill(page, position, [name, *column])
            longest = max((len(str(value)) for value in [name, *column] if value is not None), default=0)
            letter = page.cell(1, position).column_letter
            page.column_dimensions[letter].width = sheet.widths.get(own, min(longest + 2, WIDEST))
            for row in range(2, len(column) + 2):
                cell = page.cell(row, position)
                if (
                    row == 2
                ):  # the first cell is styled, the others take its style: thousands of styles are slow to make
                    cell.alignment = Alignment(vertical="top", wrap_text=own in sheet.wrap)
                cell._style = copy(page.cell(2, position)._style)
        for cell in page[1]:
            cell.font, cell.alignment = Font(bold=True), Alignment(vertical="bottom", wrap_text=True)
        page.freeze_panes = "A2"
        page.auto_filter.ref = page.dimensions
        page.print_title_rows, page.page_setup.orientation = "1:1", "landscape"
        page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True
        page.oddHeader.center.text = sheet.mark or None
    book.save(memory := io.BytesIO())
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(_stamped(memory.getvalue(), made))


def _fill(page: Any, position: int, values: Sequence[object]) -> None:
    for row, value in enumerate(values, start=1):
        cell = page.cell(row, position)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"  # never a formula, whatever it begins with


def _cell(value: object) -> object:
    if isinstance(value, str):
        return _plain(value) or None
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _plain(text: str) -> str:
    return _NOT_XML.sub(" ", text)


def _stamped(workbook: bytes, made: date) -> bytes:
    """The workbook's parts packed again with one time stamp; openpyxl states the clock whatever one asks for."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(
                    rb"(<dcterms:\w+[^>]*>)[^<]*(?=</dcterms:)", rb"\g<1>%sT00:00:00Z" % str(made).encode(), part
                )
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, part)
    return packed.getvalue()
