"""Delimited text of any encoding as cells: what is not a whole table is refused, by the rows where it goes wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from rejsens.importers.model import Head, Layout, Source
from rejsens.problems import Problem, Refused, counted, listed, rows_named

DELIMITERS = ",;\t|"
BLOCK = 1 << 24  # large blocks: each has its own dictionaries, and they must be unified
PIECE = 1 << 18  # bytes that a processor keeps at hand
HEAD = 1 << 20  # header rows stand in the first megabyte
HEAD_ROWS = 50
QUOTE, LINE_END = 34, 10
MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
NAMED_BY_EXCEL = re.compile(rb"\Asep=(.)\n", re.I)  # a first line that only tells Excel the delimiter
WORDS = {
    ",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars",
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte-order mark", "utf-16": "UTF-16", "utf-16-le": "UTF-16 (little-endian, without mark)",
    "utf-16-be": "UTF-16 (big-endian, without mark)", "utf-32": "UTF-32", "cp1252": "Windows-1252", "latin-1": "Latin-1 (ISO 8859-1)",
}  # fmt: skip
csv.field_size_limit(1 << 28)  # an answer may be longer than the 128 kB that the module takes for a mistake


def open_text(path: str, data: bytes, encoding: str | None, delimiter: str | None, advice: str) -> Source:
    """One text file, decoded, with its delimiter found.

    data       the file's bytes
    encoding   as declared; by mark, by pattern of zero bytes, UTF-8, Windows-1252 or Latin-1 when None
    delimiter  as declared; found in the header and the rows under it when None
    advice     where the encoding may be declared, for messages
    raises     Refused: not text, bytes that the encoding does not have, a quotation mark that is never closed
    """
    data, encoding = decoded(path, data, encoding, advice)
    first_row = 1
    if named := NAMED_BY_EXCEL.match(data):
        data, first_row, delimiter = data[named.end() :], 2, delimiter or named[1].decode()
    blank = len(data) - len(data.lstrip(b"\n"))
    data, first_row = data[blank:], first_row + blank
    delimiter = delimiter or _delimiter(data)
    _refuse_quotes(path, data, delimiter, first_row)
    rows = _first_rows(data, delimiter)
    head = Head(path, "text", tuple(rows[0]), tuple(map(tuple, rows[1 : HEAD_ROWS + 1])))
    note = f"text in {WORDS.get(encoding, encoding)}, separated by {WORDS.get(delimiter, f'“{delimiter}”')}"
    reader = _Reader(path, data, delimiter, first_row)
    return Source(head, reader.read, encoding, delimiter, notes=(note,))


# --- encodings -------------------------------------------------------------------------------------------------------


def decoded(path: str, data: bytes, encoding: str | None, advice: str) -> tuple[bytes, str]:
    """The text as UTF-8 with LF line ends, and the encoding it was found in.

    raises   Refused: an unknown encoding; bytes that it does not have, by row; two encodings in one file; zero bytes
    """
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    found = encoding or marked or _by_zero_bytes(data)
    if found is None:
        found = "utf-8" if _decodes(data, "utf-8") else _single_byte(path, data, advice)
    as_it_is = found == "utf-8" and not marked and (encoding is None or _decodes(data, "utf-8"))
    if not as_it_is:
        data = _as_utf8(path, data, found, advice)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in data:
        _refuse_zero_bytes(path, data)
    return data, found


def _decodes(data: bytes, encoding: str) -> bool:
    if encoding == "utf-8" and data.isascii():
        return True
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(path: str, data: bytes, encoding: str, advice: str) -> bytes:
    where: list[int] = []
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except LookupError:
        found = f"“{encoding}” is not an encoding"
    except UnicodeEncodeError:
        found = f"it holds half characters that {encoding} does not allow"
    except UnicodeDecodeError as error:
        where = _undecodable_rows(data, encoding) or [_row_at(data, error.start)]
        found = f"it is not {encoding}: {counted(len(where), 'row')} with bytes that {encoding} does not have, {rows_named(where)}"
    raise Refused(
        Problem(
            path,
            "The export cannot be decoded",
            found,
            "",
            f"correct or leave out {encoding_setting(advice)}",
            cells=_cells_of(where),
        ),
        path,
    ) from None


def encoding_setting(advice: str) -> str:
    """How a person states the encoding: a flag, or a line of a file."""
    return f"`{advice}`" if advice.startswith("--") else f"`encoding:` in {advice}"


def _cells_of(rows: list[int]) -> tuple[tuple[str, int], ...]:
    return tuple(("", int(row)) for row in rows)


def _by_zero_bytes(data: bytes) -> str | None:
    """UTF-16 without its mark: in a table of mostly plain letters every other byte is zero."""
    sample = np.frombuffer(data[:65536], np.uint8)
    sample = sample[: len(sample) // 2 * 2].reshape(-1, 2)
    if len(sample) < 4:
        return None
    first, second = (sample == 0).mean(axis=0)
    if second > 0.5 and first < 0.1:
        return "utf-16-le"
    return "utf-16-be" if first > 0.5 and second < 0.1 else None


def _single_byte(path: str, data: bytes, advice: str) -> str:
    """Windows-1252, or Latin-1 where nothing tells them apart; never when the file holds UTF-8 as well, or neither."""
    rows = _undecodable_rows(data, "utf-8")
    if others := _rows_where(data, lambda line: not line.isascii() and _decodes(line, "utf-8")):
        raise Refused(
            Problem(
                path,
                "Two encodings in one file",
                f"{counted(len(others), 'row')} in UTF-8 ({rows_named(others)}) and {counted(len(rows), 'row')} in another ({rows_named(rows)})",
                "one encoding",
                f"two files may have been put together: export again, or state {encoding_setting(advice)} if you know which one it is",
                cells=_cells_of(rows),
            ),
            path,
        )
    if not _decodes(data, "cp1252"):
        rows = _undecodable_rows(data, "cp1252")
        raise Refused(
            Problem(
                path,
                "The export cannot be decoded",
                f"bytes that neither UTF-8 nor Windows-1252 has, {rows_named(rows)}",
                "",
                f"state {encoding_setting(advice)} (cp1250, cp1251, mac_roman, shift_jis, …), or export as UTF-8",
                cells=_cells_of(rows),
            ),
            path,
        )
    special = np.frombuffer(data, np.uint8)
    return "cp1252" if ((special >= 0x80) & (special < 0xA0)).any() else "latin-1"


def _undecodable_rows(data: bytes, encoding: str) -> list[int]:
    if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return []  # its lines cannot be told apart by bytes
    return _rows_where(data, lambda line: not _decodes(line, encoding))


def _rows_where(data: bytes, test: Callable[[bytes], bool]) -> list[int]:
    """Spreadsheet rows of the lines that a test holds for; quotation marks join lines to one row."""
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    rows: list[int] = []
    row, open_ = 1, False
    for line in data.split(b"\n"):
        if test(line) and (not rows or rows[-1] != row):
            rows.append(row)
        open_ ^= line.count(b'"') % 2 == 1
        row += not open_
    return rows


def _row_at(data: bytes, offset: int) -> int:
    return _rows_where(data[:offset] + b"\x00", lambda line: line.endswith(b"\x00"))[-1]


def _refuse_zero_bytes(path: str, data: bytes) -> None:
    if data.count(b"\0") > len(data) // 50:
        raise Refused(not_a_table(path, "the file is not text (an archive or a picture?)"), path)
    rows = _rows_where(data, lambda line: b"\0" in line)
    raise Refused(
        Problem(
            path,
            "Zero bytes in the export",
            f"{counted(len(rows), 'row')} with bytes that no text has, {rows_named(rows)}",
            "",
            "the file was damaged on its way: download the export again",
            cells=_cells_of(rows),
        ),
        path,
    )


def not_a_table(path: str, found: str, fix: str = "export the wave as CSV") -> Problem:
    """A file that is no export at all."""
    return Problem(
        path,
        "The export is not a table",
        found,
        "comma-, semicolon- or tab-separated text, an Excel workbook (.xlsx) or an SPSS file (.sav)",
        fix,
    )


# --- rows and cells --------------------------------------------------------------------------------------------------


def _delimiter(data: bytes) -> str:
    """The character that splits the header into most names and the rows under it into as many cells."""
    head = data[:HEAD].decode("utf-8", errors="ignore")
    header = re.sub('"[^"]*"', "", head).partition("\n")[0]
    found = sorted((d for d in DELIMITERS if d in header), key=header.count, reverse=True)
    consistent = [d for d in found if len({len(row) for row in _rows(head, d, len(data) > HEAD)[:20]}) == 1]
    return (consistent or found or [","])[0]


def _rows(head: str, delimiter: str, cut: bool) -> list[list[str]]:
    """Complete rows at the head of a text; the last one is none where the head was cut. Blank lines are none."""
    rows = []
    for row in csv.reader(io.StringIO(head), delimiter=delimiter):
        if row:
            rows.append(row)
        if len(rows) > HEAD_ROWS:
            return rows
    return rows[:-1] if cut and len(rows) > 1 else rows


def _first_rows(data: bytes, delimiter: str) -> list[list[str]]:
    """At least the header rows, however long they are."""
    length = HEAD
    while True:
        rows = _rows(data[:length].decode("utf-8", errors="ignore"), delimiter, len(data) > length)
        if len(rows) > 3 or length >= len(data):
            return rows or [[]]
        length *= 8


def _refuse_quotes(path: str, data: bytes, delimiter: str, first_row: int) -> None:
    """Quotation marks that do not stand around whole cells would be read in as many ways as there are programs."""
    stray, total, last = _stray_quotes(data, ord(delimiter))
    if total % 2:
        raise Refused(
            Problem(
                path,
                "The export is cut off",
                f"a quotation mark is opened and never closed, row {_outer_row(data, stray or last) + first_row - 1} or after it",
                "",
                "download the export again, or mend the quotation mark",
            ),
            path,
        )
    if stray is not None:
        raise Refused(
            Problem(
                path,
                "Quotation marks inside cells",
                f"row {_outer_row(data, stray) + first_row - 1}: a quotation mark stands neither at the beginning nor at the end of a cell",
                "cells that are quoted as a whole, with every mark inside doubled",
                "export the wave again; a file that was edited by hand or put together from two often looks like this",
            ),
            path,
        )


def _stray_quotes(data: bytes, delimiter: int) -> tuple[int | None, int, int]:
    """Place of the first mark that neither opens nor closes a cell, how many marks there are, and where the last one is."""
    if b'"' not in data:
        return None, 0, 0
    buffer = np.frombuffer(data, np.uint8)
    edge = np.zeros(256, bool)
    edge[[delimiter, LINE_END, QUOTE]] = True
    stray, total, last = None, 0, 0
    for start in range(0, len(data), PIECE):
        at = np.flatnonzero(buffer[start : start + PIECE] == QUOTE) + start
        if not len(at):
            continue
        opens, closes = (at[total % 2 :: 2], at[1 - total % 2 :: 2])
        before = edge[buffer[np.maximum(opens - 1, 0)]] | (opens == 0)
        after = edge[buffer[np.minimum(closes + 1, len(data) - 1)]] | (closes == len(data) - 1)
        wrong = np.sort(np.concatenate([opens[~before], closes[~after]]))
        if stray is None and len(wrong):
            stray = int(wrong[0])
        total, last = total + len(at), int(at[-1])
    return stray, total, last


def _outer_line_ends(data: bytes) -> np.ndarray:
    """Places of the line ends that end a row: those outside quotation marks."""
    buffer = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(buffer == LINE_END)
    if b'"' not in data:
        return ends
    return ends[np.searchsorted(np.flatnonzero(buffer == QUOTE), ends) % 2 == 0]


def _outer_row(data: bytes, offset: int) -> int:
    return int(np.searchsorted(_outer_line_ends(data[:offset]), offset)) + 1


class _Reader:
    """The rows of one decoded text."""

    def __init__(self, path: str, data: bytes, delimiter: str, first_row: int):
        self.path, self.data, self.delimiter, self.first_row = path, data, delimiter, first_row

    def read(self, layout: Layout, participant: str | None) -> tuple[pa.Table, np.ndarray]:
        names, body = list(layout.names), self._body(layout.header_rows)
        ragged: list[object] = []
        table = _table(body, self.delimiter, names, participant, b'"' in self.data, ragged)
        if ragged:
            raise Refused(self._ragged(len(names), layout.header_rows), self.path)
        return table.unify_dictionaries(), self._row_numbers(layout.header_rows, table.num_rows)

    def _body(self, header_rows: int) -> pa.Buffer:
        """Everything under the header rows; not copied."""
        length = min(len(self.data), HEAD)
        while True:
            ends = _outer_line_ends(self.data[:length])
            kept = ends[np.diff(ends, prepend=-1) > 1]  # a blank line is no row
            if len(kept) >= header_rows or length == len(self.data):
                break
            length = min(len(self.data), length * 8)
        start = int(kept[header_rows - 1]) + 1 if len(kept) >= header_rows else len(self.data)
        return pa.py_buffer(self.data).slice(start)

    def _row_numbers(self, header_rows: int, n_rows: int) -> np.ndarray:
        """Spreadsheet row of each answer row; a blank line holds no answers but counts as a row there."""
        blank = self.data.find(b"\n\n")
        if blank < 0 or not self.data[blank:].strip(b"\n"):
            return np.arange(n_rows) + self.first_row + header_rows
        ends = _outer_line_ends(self.data.rstrip(b"\n") + b"\n")
        rows = np.flatnonzero(np.diff(ends, prepend=-1) > 1)
        return rows[header_rows:] + self.first_row

    def _ragged(self, width: int, header_rows: int) -> Problem:
        rows = csv.reader(io.StringIO(self.data.decode("utf-8"), newline=""), delimiter=self.delimiter)
        lengths = [(number, len(row)) for number, row in enumerate(rows, start=self.first_row) if row][header_rows:]
        wrong = [(number, cells) for number, cells in lengths if cells != width]
        fix = "a cut-off download or an unquoted comma looks like this: export the wave again"
        if len(wrong) == len(lengths):  # every row: not one accident but another way of writing
            counts = {cells for _, cells in wrong}
            if counts == {1}:
                fix = "the rows are separated by another character than the column names: export the wave again"
            elif counts == {width + 1}:
                fix = "each row ends with a delimiter that the header row does not have, or lacks the first column's name: export the wave again"
        return Problem(
            self.path,
            "Rows with too few or too many cells",
            listed([f"row {number} ({cells} cells)" for number, cells in wrong]),
            f"{width} cells in each row",
            fix,
            cells=_cells_of([number for number, _ in wrong]),
        )


def _table(
    body: pa.Buffer, delimiter: str, names: list[str], participant: str | None, quoted: bool, ragged: list[Any]
) -> pa.Table:
    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    encoded = pa.dictionary(pa.int32(), pa.string())
    if body.size == 0:
        return pa.table([pa.array([], encoded) for _ in names], names=names)
    return pa.csv.read_csv(
        pa.BufferReader(body),
        read_options=pa.csv.ReadOptions(column_names=names, block_size=BLOCK),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=quoted, invalid_row_handler=note),
        convert_options=pa.csv.ConvertOptions(
            # ids are all distinct: a dictionary of them would only cost
            column_types={name: pa.string() if name == participant else encoded for name in names},
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        ),
    )
