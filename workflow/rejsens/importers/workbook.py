"""Excel workbooks (.xlsx) as cells: the first sheet, numbers as they were typed; what a spreadsheet computed is refused."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rejsens.importers import plain
from rejsens.importers.cells import clean, encoded, number_text
from rejsens.importers.model import Head, Layout, Source
from rejsens.importers.text import HEAD_ROWS, not_a_table
from rejsens.limits import CELLS, PARTS, ROWS, UNPACKED_BYTES, UNPACKED_RATIO, UNPACKED_SMALL
from rejsens.problems import Problem, Refused, counted, listed

TITLE = "Excel"
COMPANION = ""
IDS = plain.IDS
PERSONAL: dict[str, str] = {}
DATES = None
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()

DECLARATIONS = [word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")]
SPREAD = f"the sheet spreads over more than {CELLS:,} cells, most of them empty"
SAVE_AS_CSV = "open it in the program that wrote it and save it as CSV (UTF-8) or .xlsx"


def recognise(head: Head) -> str:
    return "it is an Excel workbook" if head.container == "workbook" else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names in the first row; a stored wave of a workbook is a plain table."""
    return Layout(head.names)


def open_workbook(path: str, data: bytes) -> Source:
    """One workbook; its first visible sheet is read, the others are named.

    data     the file's bytes
    raises   Refused: no workbook, no sheet, formulas (by cell address)
    """
    book = _load(path, data)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise Refused(not_a_table(path, "the workbook has no visible sheet of cells", SAVE_AS_CSV), path)
    sheet = visible[0]
    notes = [f"Excel workbook, sheet “{sheet.title}”", *_other_sheets(book, sheet), *_hidden(_part(data, sheet))]
    formulas: list[str] = []
    texts: list[list[str]] = []
    numbers: list[int] = []
    for number, row, computed in _rows(path, sheet):
        formulas += computed
        if any(row):
            texts.append(row)
            numbers.append(number)
    if problems := _problems(path, formulas, _merged(_part(data, sheet))):
        raise Refused(problems, path)
    if not texts:
        raise Refused(
            Problem(path, "The export is empty", f"sheet “{sheet.title}” holds no cells", "", "export the wave again"),
            path,
        )
    width = max(max(i for i, cell in enumerate(row, start=1) if cell) for row in texts)
    texts = [row[:width] + [""] * (width - len(row)) for row in texts]
    head = Head(path, "workbook", tuple(texts[0]), tuple(map(tuple, texts[1 : HEAD_ROWS + 1])))

    def read(layout: Layout, participant: str | None) -> tuple[pa.Table, np.ndarray]:
        body = texts[layout.header_rows :]
        columns = [[row[i] for row in body] for i in range(len(layout.names))]
        return encoded(columns, layout.names, participant), np.array(numbers[layout.header_rows :], dtype=np.int64)

    return Source(head, read, notes=tuple(notes))


def _load(path: str, data: bytes) -> Any:
    from openpyxl import load_workbook

    try:
        names = refuse_hostile(path, data)
        if "xl/workbook.xml" not in names:
            raise Refused(not_a_table(path, _archive(names), _unpack(names)), path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that no cell needs
            return load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Refused:
        raise
    except Exception:  # a damaged archive fails in as many ways as it has parts
        raise Refused(
            not_a_table(path, "the workbook is damaged and cannot be opened", f"download it again, or {SAVE_AS_CSV}"),
            path,
        ) from None


def refuse_hostile(path: str, data: bytes) -> list[str]:
    """The names in an archive that does not grow beyond measure when it is opened.

    raises   Refused: more parts or more content than a workbook has; entities. BadZipFile: no archive
    """
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        found = _swollen(parts.infolist(), len(data))
        if not found and any(_declares(parts, name) for name in parts.namelist()):
            found = "the workbook declares entities, which no spreadsheet writes"
        if found:
            raise Refused(not_a_table(path, found, SAVE_AS_CSV), path)
        return parts.namelist()


def _swollen(parts: list[zipfile.ZipInfo], packed: int) -> str:
    """What makes an archive larger than any export, from its list of contents alone."""
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS:
        return f"the archive holds {len(parts):,} files; at most {PARTS:,} are read"
    if unpacked > UNPACKED_BYTES:
        return f"the archive unpacks to {unpacked >> 20:,} MB; at most {UNPACKED_BYTES >> 20:,} are read"
    if unpacked > UNPACKED_SMALL and unpacked > UNPACKED_RATIO * packed:
        return f"the archive unpacks to {unpacked // packed:,} times its size; at most {UNPACKED_RATIO} are read"
    return ""


def _declares(parts: zipfile.ZipFile, name: str) -> bool:
    """Whether a part declares a document type, by which XML grows or reads other files; its check sum is tested on the way."""
    before = b""
    with parts.open(name) as part:
        while piece := part.read(1 << 20):
            if any(mark in before + piece for mark in DECLARATIONS):
                return True
            before = piece[-20:]
    return False


def _archive(names: list[str]) -> str:
    if "mimetype" in names:
        return "the file is an OpenDocument table (.ods)"
    if "xl/workbook.bin" in names:
        return "the file is a binary Excel workbook (.xlsb)"
    return "the file is an archive (.zip)"


def _unpack(names: list[str]) -> str:
    inside = [name for name in names if name.lower().endswith((".csv", ".tsv", ".txt", ".sav", ".xlsx"))]
    return f"unpack it first, and give the file inside ({listed(inside)})" if inside else SAVE_AS_CSV


def _rows(path: str, sheet: Any) -> Iterator[tuple[int, list[str], list[str]]]:
    """Row number, its cells as texts, the addresses of its formulas."""
    sheet.reset_dimensions()  # some programs state a size that is not true
    rows = widest = spread = 0
    try:
        for place, row in enumerate(sheet.iter_rows(), start=1):
            if place > ROWS:
                raise Refused(
                    not_a_table(path, f"the sheet has a row below row {ROWS:,}, the last of Excel", SAVE_AS_CSV), path
                )
            spread += len(row)
            if spread > 4 * CELLS:  # empty rows that only have a format are many, and harmless
                raise Refused(not_a_table(path, SPREAD, SAVE_AS_CSV), path)
            cells = [cell for cell in row if cell.value is not None]
            if not cells:
                continue
            rows, widest = rows + 1, max(widest, cells[-1].column)
            if rows * widest > CELLS:
                raise Refused(not_a_table(path, SPREAD, SAVE_AS_CSV), path)
            texts = [""] * max(cell.column for cell in cells)
            for cell in cells:
                texts[cell.column - 1] = _text(cell)
            yield cells[0].row, texts, [cell.coordinate for cell in cells if cell.data_type == "f"]
    except Refused:
        raise
    except Exception:
        raise Refused(
            not_a_table(
                path, "the sheet is damaged and cannot be read to its end", f"download it again, or {SAVE_AS_CSV}"
            ),
            path,
        ) from None


def _text(cell: Any) -> str:
    """A cell as CSV would hold it: numbers with every digit, truth as TRUE and FALSE, times in ISO form; blanks are empty."""
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, datetime.datetime):
        return str(value.replace(microsecond=0)).removesuffix(" 00:00:00")
    return str(value) if clean(str(value)) else ""


def _problems(path: str, formulas: list[str], merged: list[str]) -> list[Problem]:
    problems = []
    if formulas:
        problems.append(
            Problem(
                path,
                "Formulas in cells",
                f"{counted(len(formulas), 'cell')} hold a formula and not an answer: {listed(formulas)}",
                "what people answered",
                "in Excel, copy the sheet and paste it back as values (Paste Special › Values), or use the platform's own export",
            )
        )
    if merged:
        problems.append(
            Problem(
                path,
                "Merged cells",
                f"{listed(merged)}: only the first cell of each holds anything",
                "one cell for each answer",
                "unmerge the cells, or use the platform's own export",
            )
        )
    return problems


def _other_sheets(book: Any, chosen: Any) -> list[str]:
    others = [
        f"“{sheet.title}”" + (" (hidden)" if sheet.sheet_state != "visible" else "")
        for sheet in [*book.worksheets, *book.chartsheets]
        if sheet is not chosen
    ]
    return [f"other sheets were not read: {listed(others)}"] if others else []


def _part(data: bytes, sheet: Any) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        return parts.read(sheet._worksheet_path)


def _merged(part: bytes) -> list[str]:
    return [ref.decode() for ref in re.findall(rb'<(?:\w+:)?mergeCell ref="([A-Z0-9:]+)"', part)]


def _hidden(part: bytes) -> list[str]:
    rows = len(re.findall(rb'<(?:\w+:)?row [^>]*hidden="(?:1|true)"', part))
    columns = len(re.findall(rb'<(?:\w+:)?col [^>]*hidden="(?:1|true)"', part))
    found = [counted(n, f"hidden {what}") for n, what in ((rows, "row"), (columns, "column")) if n]
    return [f"{listed(found)} of the sheet were read like the others"] if found else []
