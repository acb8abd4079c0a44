"""An export as delivered: decoded, split into cells, its header rows told apart. What is not a whole table is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from rejsens.problems import Problem, Refused, listed
from rejsens.sidecars import Wave

DELIMITERS = ",;\t|"
BLOCK = 1 << 24  # large blocks: each has its own dictionaries, and they must be unified
HEAD = 1 << 20  # header rows stand in the first megabyte
IMPORT_ID = '{"ImportId"'  # Qualtrics writes it in the third header row


@dataclass(frozen=True)
class Export:
    """A decoded export. `cells` holds one dictionary-encoded column per header; `rows` the spreadsheet row of each."""

    path: str
    cells: pa.Table
    rows: np.ndarray
    encoding: str
    delimiter: str
    questions: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        return self.cells.column_names

    @property
    def first_row(self) -> int:
        return int(self.rows[0])

    @property
    def n_rows(self) -> int:
        return self.cells.num_rows


def read_export(wave: Wave) -> Export:
    """Decode one export and split it into cells; refuse what is not a whole table.

    raises   Refused: missing, empty or changed file, not text, ragged or cut-off rows, repeated headers
    """
    data, encoding = _decode(_bytes(wave), wave)
    head = data[:HEAD].decode("utf-8", errors="ignore")
    delimiter = wave.delimiter or max(DELIMITERS, key=re.sub('"[^"]*"', "", head.partition("\n")[0]).count)
    names = _header(head, delimiter, wave)
    skip, questions = _extra_header_rows(head, delimiter, names)
    cells = _cells(data, delimiter, names, skip, wave)
    return Export(wave.file, cells, _row_numbers(data, delimiter, skip, cells.num_rows), encoding, delimiter, questions)


def _bytes(wave: Wave) -> bytes:
    path = Path(wave.file)
    if not path.is_file():
        variable = " (is the environment variable set?)" if "$" in str(path) else ""
        raise Refused(
            Problem(
                wave.path,
                "A wave's export is missing",
                f"{path} does not exist{variable}",
                "",
                "put the export there, or correct `file:` in the sidecar",
            ),
            wave.name,
        )
    data = path.read_bytes()
    if not data.strip():
        raise Refused(
            Problem(str(path), "The export is empty", "the file holds no text", "", "export the wave again"), wave.name
        )
    found = hashlib.sha256(data).hexdigest()
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or str(wave.encoding).lower().startswith(("utf-16", "utf-32"))
    if data[:4] in (b"PK\x03\x04", b"%PDF") or (b"\x00" in data[:4096] and not wide):
        raise Refused(
            Problem(
                str(path),
                "The export is not a table",
                "the file is not text (a workbook, an archive or a picture?)",
                "comma-, semicolon- or tab-separated text",
                "export the wave as CSV",
            ),
            wave.name,
        )
    if found != wave.sha256:
        raise Refused(
            Problem(
                str(path),
                "The export changed since its sidecar was written",
                f"its SHA-256 begins {found[:12]}, the sidecar states {wave.sha256[:12]}",
                "",
                f"if the change is meant, put `sha256: {found}` into {wave.path}; a cut-off download also looks like this",
            ),
            wave.name,
        )
    return data


def _decode(data: bytes, wave: Wave) -> tuple[bytes, str]:
    """The export as UTF-8, and its encoding: declared, by byte-order mark, UTF-8 if it is, else Windows-1252."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if data.startswith(mark)), None)
    for encoding in filter(None, [wave.encoding, marked, "utf-8", "cp1252", "latin-1"]):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            if encoding == wave.encoding:
                raise Refused(
                    Problem(
                        wave.file,
                        "The export cannot be decoded",
                        f"it is not {encoding}",
                        "",
                        f"correct or remove `encoding:` in {wave.path}",
                    ),
                    wave.name,
                ) from None
            continue
        plain = encoding == "utf-8" and not marked and b"\r" not in data
        return data if plain else _unix(text.removeprefix("\ufeff")).encode(), encoding
    raise AssertionError("latin-1 decodes every byte")


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _header(head: str, delimiter: str, wave: Wave) -> list[str]:
    rows = csv.reader(io.StringIO(head), delimiter=delimiter)
    names = [name.strip() for name in next(rows)]
    named = max((position for position, name in enumerate(names, start=1) if name), default=0)
    every_row_ends_so = len(next(rows, [])) == len(names)  # with a delimiter too many; nothing reads what follows it
    names[named:] = (
        [f"(no name {position})" for position in range(named + 1, len(names) + 1)] if every_row_ends_so else []
    )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if len(names) < 2:
        raise Refused(
            Problem(
                wave.file,
                "The export is not a table",
                f"its first row holds {len(names)} column name",
                "at least two columns",
                "export the wave as CSV with a header row",
            ),
            wave.name,
        )
    if repeated:
        raise Refused(
            Problem(
                f"{wave.file}, row 1",
                "Two columns with one name",
                listed([f"“{n}”" for n in repeated]),
                "",
                "rename one of them in the export",
            ),
            wave.name,
        )
    return names


def _extra_header_rows(head: str, delimiter: str, names: list[str]) -> tuple[int, dict[str, str]]:
    """Qualtrics puts question texts and ImportIds under the names: rows to skip, and the question texts."""
    rows = csv.reader(io.StringIO(head), delimiter=delimiter)
    next(rows)
    second, third = next(rows, []), next(rows, [])
    if third and third[0].startswith(IMPORT_ID):
        return 2, dict(zip(names, (" ".join(cell.split()) for cell in second), strict=False))
    return 0, {}


def _cells(data: bytes, delimiter: str, names: list[str], skip: int, wave: Wave) -> pa.Table:
    if data.count(b'"') % 2:
        raise Refused(
            Problem(
                wave.file,
                "The export is cut off",
                "a quotation mark is opened and never closed",
                "",
                "download the export again, or mend the quotation mark",
            ),
            wave.name,
        )
    ragged: list[pa.csv.InvalidRow] = []
    table = _read_cells(data, delimiter, names, skip, ragged, wave.participant["column"], threads=True)
    if ragged:
        ragged.clear()
        # only one thread knows the number of a row
        _read_cells(data, delimiter, names, skip, ragged, wave.participant["column"], threads=False)
        rows = [f"row {row.number or '?'} ({row.actual_columns} cells)" for row in ragged]
        raise Refused(
            Problem(
                wave.file,
                "Rows with too few or too many cells",
                listed(rows),
                f"{len(names)} cells in each row",
                "a cut-off download or an unquoted comma looks like this: export the wave again",
            ),
            wave.name,
        )
    if table.num_rows == 0:
        raise Refused(
            Problem(
                wave.file, "The export is empty", "there is a header and no answer row", "", "export the wave again"
            ),
            wave.name,
        )
    return table.unify_dictionaries()


def _row_numbers(data: bytes, delimiter: str, skip: int, n_rows: int) -> np.ndarray:
    """Spreadsheet row of each answer row; a blank line holds no answers but counts as a row there."""
    if b"\n\n" not in data:
        return np.arange(n_rows) + 2 + skip
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=delimiter)
    return np.array([number for number, row in enumerate(rows, start=1) if row][1 + skip :])


def _read_cells(
    data: bytes,
    delimiter: str,
    names: list[str],
    skip: int,
    ragged: list[pa.csv.InvalidRow],
    participant: str,
    threads: bool,
) -> pa.Table:
    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    encoded, whole = (
        pa.dictionary(pa.int32(), pa.string()),
        participant,
    )  # ids are all distinct: a dictionary would only cost
    return pa.csv.read_csv(
        pa.BufferReader(data),
        read_options=pa.csv.ReadOptions(
            column_names=names, skip_rows_after_names=1 + skip, use_threads=threads, block_size=BLOCK
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=b'"' in data, invalid_row_handler=note
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types={n: pa.string() if n == whole else encoded for n in names},
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        ),
    )
