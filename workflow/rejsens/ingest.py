"""A raw export becomes canonical answers: decode, find the header, map columns and labels, set missing codes.

Cells are never interpreted one by one: each column is read as its distinct texts, and the few texts are mapped.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from rejsens.definitions import Instrument, Item, Wave
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed

DELIMITERS = ",;\t|"
IMPORT_ID = '{"ImportId"'  # Qualtrics writes it in the third header row


@dataclass(frozen=True)
class Export:
    """A decoded export. `cells` holds one dictionary-encoded column per header; `first_row` is the spreadsheet row of the first."""

    path: str
    cells: pa.Table
    first_row: int
    encoding: str
    delimiter: str
    questions: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        return self.cells.column_names

    @property
    def n_rows(self) -> int:
        return self.cells.num_rows


@dataclass(frozen=True)
class Answers:
    """Canonical answers of one wave: `frame` (participant, row, one float column per item), what each column was used for."""

    frame: pd.DataFrame
    not_applicable: pd.DataFrame
    columns: pd.DataFrame
    stored_totals: pd.DataFrame


# --- reading ---------------------------------------------------------------------------------------------------------


def read_export(wave: Wave) -> Export:
    """Decode one export and split it into cells; refuse what is not a whole table.

    raises   Refused: missing, empty or changed file, not text, ragged or cut-off rows, repeated headers
    """
    data = _bytes(wave)
    text, encoding = _decode(data, wave)
    first_line = text[: text.find("\n")] if "\n" in text else text
    delimiter = wave.delimiter or max(DELIMITERS, key=first_line.count)
    names = _header(text, delimiter, wave)
    skip, questions = _extra_header_rows(text, delimiter, names)
    cells = _cells(text, delimiter, names, skip, wave)
    return Export(wave.file, cells, 2 + skip, encoding, delimiter, questions)


def _bytes(wave: Wave) -> bytes:
    path = Path(wave.file)
    if not path.is_file():
        variable = " (is the environment variable set?)" if "$" in str(path) else ""
        raise Refused(Problem(wave.path, "A wave's export is missing", f"{path} does not exist{variable}", "",
                              "put the export there, or correct `file:` in the sidecar"), wave.name)  # fmt: skip
    data = path.read_bytes()
    if not data.strip():
        raise Refused(Problem(str(path), "The export is empty", "the file holds no text", "", "export the wave again"), wave.name)
    found = hashlib.sha256(data).hexdigest()
    if data[:4] in (b"PK\x03\x04", b"%PDF") or (b"\x00" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        raise Refused(Problem(str(path), "The export is not a table", "the file is not text (a workbook, an archive or a picture?)",
                              "comma-, semicolon- or tab-separated text", "export the wave as CSV"), wave.name)  # fmt: skip
    if found != wave.sha256:
        raise Refused(Problem(str(path), "The export changed since its sidecar was written",
                              f"its SHA-256 begins {found[:12]}, the sidecar states {wave.sha256[:12]}", "",
                              f"if the change is meant, put `sha256: {found}` into {wave.path}; a cut-off download also looks like this"), wave.name)  # fmt: skip
    return data


def _decode(data: bytes, wave: Wave) -> tuple[str, str]:
    """Text and the name of its encoding: declared, by byte-order mark, UTF-8 if it is, else Windows-1252."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if data.startswith(mark)), None)
    for encoding in filter(None, [wave.encoding, marked, "utf-8", "cp1252", "latin-1"]):
        try:
            text = data.decode(encoding)
            return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text), encoding
        except (UnicodeDecodeError, LookupError):
            if encoding == wave.encoding:
                raise Refused(Problem(wave.file, "The export cannot be decoded", f"it is not {encoding}", "",
                                      f"correct or remove `encoding:` in {wave.path}"), wave.name) from None  # fmt: skip
    raise AssertionError("latin-1 decodes every byte")


def _header(text: str, delimiter: str, wave: Wave) -> list[str]:
    names = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=delimiter))]
    while names and not names[-1]:
        names.pop()
    repeated = sorted({name for name in names if names.count(name) > 1})
    if len(names) < 2:
        raise Refused(Problem(wave.file, "The export is not a table", f"its first row holds {len(names)} column name", "at least two columns",
                              "export the wave as CSV with a header row"), wave.name)  # fmt: skip
    if repeated:
        raise Refused(Problem(f"{wave.file}, row 1", "Two columns with one name", listed([f"“{n}”" for n in repeated]), "",
                              "rename one of them in the export"), wave.name)  # fmt: skip
    return names


def _extra_header_rows(text: str, delimiter: str, names: list[str]) -> tuple[int, dict[str, str]]:
    """Qualtrics puts question texts and ImportIds under the names: rows to skip, and the question texts."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    next(rows)
    second, third = next(rows, []), next(rows, [])
    if third and third[0].startswith(IMPORT_ID):
        return 2, dict(zip(names, (" ".join(cell.split()) for cell in second), strict=False))
    return 0, {}


def _cells(text: str, delimiter: str, names: list[str], skip: int, wave: Wave) -> pa.Table:
    ragged: list[tuple[int, int]] = []

    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append((row.number or 0, row.actual_columns))
        return "skip"

    if text.count('"') % 2:
        raise Refused(Problem(wave.file, "The export is cut off", "a quotation mark is opened and never closed", "",
                              "download the export again, or mend the quotation mark"), wave.name)  # fmt: skip
    table = pa.csv.read_csv(
        io.BytesIO(text.encode("utf-8")),
        read_options=pa.csv.ReadOptions(column_names=names, skip_rows_after_names=1 + skip, use_threads=False, block_size=1 << 24),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values='"' in text, invalid_row_handler=note),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())), strings_can_be_null=False, quoted_strings_can_be_null=False
        ),
    )  # fmt: skip
    if ragged:
        rows = [f"row {number or '?'} ({columns} cells)" for number, columns in ragged]
        raise Refused(Problem(wave.file, "Rows with too few or too many cells", listed(rows), f"{len(names)} cells in each row",
                              "a cut-off download or an unquoted comma looks like this: export the wave again"), wave.name)  # fmt: skip
    if table.num_rows == 0:
        raise Refused(Problem(wave.file, "The export is empty", "there is a header and no answer row", "", "export the wave again"), wave.name)
    return table.unify_dictionaries().combine_chunks()


# --- mapping ---------------------------------------------------------------------------------------------------------


def column_map(export: Export, wave: Wave, asked: list[Instrument]) -> dict[str, str]:
    """Item id -> column of the export. Explicit lists and patterns first, then the header map, then equal names."""
    entries = {f"{e['as']}_{e['id']}" if e.get("as") else e["id"]: e for e in wave.settings["instruments"]}
    renamed = {item: column for column, item in (wave.headers or {}).items()}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for instrument in asked:
        declared = _declared_columns(instrument, entries[instrument.name], wave, problems)
        absent = []
        for position, item in enumerate(instrument.columns):
            # under a named order, column k of the wave is the k-th item of that order
            column = declared[position] if declared else renamed.get(item) or _positional(instrument, position, item)
            if column in export.columns:
                found[item] = column
            else:
                absent.append(column)
        if absent:
            problems.append(Problem(f"{wave.file}, row 1", "Missing columns",
                                    f"{instrument.name}: {listed(absent)} {'is' if len(absent) == 1 else 'are'} not in the header",
                                    "", " ".join(filter(None, [did_you_mean(absent[0], export.columns),
                                                               f"Map the column in {wave.path} (`headers:` or `columns:`), or list the items that were asked (`items:`)"]))))  # fmt: skip
    problems += [
        Problem(wave.path, "Header map names a column that is not there", f"“{column}”", "", did_you_mean(column, export.columns) or "remove the line")
        for column in (wave.headers or {}) if column not in export.columns
    ]  # fmt: skip
    known = {item for instrument in asked for item in instrument.columns}
    problems += [
        Problem(wave.path, "Header map names an unknown item", f"{column} → “{item}”", "", did_you_mean(item, known) or "correct the item")
        for column, item in (wave.headers or {}).items() if item not in known
    ]  # fmt: skip
    twice = [column for column in set(found.values()) if list(found.values()).count(column) > 1]
    problems += [Problem(wave.path, "One column read as two items", f"“{c}”", "", "correct `columns:` or `headers:`") for c in sorted(twice)]
    if wave.participant["column"] not in export.columns:
        problems.append(Problem(wave.path, "The participant column is missing", f"“{wave.participant['column']}”", "",
                                did_you_mean(wave.participant["column"], export.columns) or "name the column that identifies a person"))  # fmt: skip
    problems += [
        Problem(f"{wave.path} › stored_totals", "Missing columns", f"“{c}” is not in the header", "", did_you_mean(c, export.columns) or "remove the line")
        for c in (wave.stored_totals or {}) if c not in export.columns
    ]  # fmt: skip
    if problems:
        raise Refused(problems, wave.name)
    return found


def _declared_columns(instrument: Instrument, entry: Mapping, wave: Wave, problems: list[Problem]) -> list[str]:
    declared = entry.get("columns")
    if isinstance(declared, str):
        return [declared.format(n=n) for n in range(1, len(instrument.columns) + 1)]
    if declared and len(declared) != len(instrument.columns):
        problems.append(Problem(f"{wave.path} › {instrument.name} › columns", "A column list of the wrong length", f"{len(declared)} columns",
                                f"{len(instrument.columns)} items were asked", "list one column per item, in the order of the questionnaire"))  # fmt: skip
        return []
    return list(declared or [])


def _positional(instrument: Instrument, position: int, item: str) -> str:
    """The name an export gives to the item at one position: rses_03 is the third question, whatever the item order."""
    if instrument.order is None:
        return item
    prefix = instrument.name.removesuffix(instrument.id)
    numbered = [prefix + i for i in next(iter(instrument.orders.values())) if prefix + i in instrument.columns]
    return numbered[position]


def read_answers(export: Export, wave: Wave, asked: list[Instrument]) -> Answers:
    """All answers of a wave as numbers. Texts that no map knows and ids that are missing are refused, all at once."""
    columns = column_map(export, wave, asked)
    problems: list[Problem] = []
    frame: dict[str, object] = {"participant": _participants(export, wave, problems), "row": np.arange(export.n_rows) + export.first_row}
    not_applicable: dict[str, np.ndarray] = {}
    for instrument in asked:
        for item in instrument.items:
            values = _item_values(export, wave, instrument, item, columns[item.id], problems)
            if item.not_applicable:
                not_applicable[item.id] = np.isin(values, item.not_applicable)
                values = np.where(not_applicable[item.id], np.nan, values)
            frame[item.id] = values
    totals = {c: _numbers(export, c, wave, problems) for c in (wave.stored_totals or {})}
    if problems:
        raise Refused(problems, f"{wave.file}")
    return Answers(pd.DataFrame(frame), pd.DataFrame(not_applicable, index=range(export.n_rows)),
                   _column_uses(export, wave, columns), pd.DataFrame(totals))  # fmt: skip


def _column_uses(export: Export, wave: Wave, columns: Mapping[str, str]) -> pd.DataFrame:
    """What became of each column of the export; a column that nothing reads is listed, not forgotten."""
    uses = {column: ("item", item) for item, column in columns.items()}
    uses |= {column: ("stored total", score) for column, score in (wave.stored_totals or {}).items()}
    uses[wave.participant["column"]] = ("participant", "participant")
    rows = [(wave.name, column, *uses.get(column, ("not used", ""))) for column in export.columns]
    return pd.DataFrame(rows, columns=["wave", "column", "used_as", "name"])


def _texts(export: Export, column: str) -> tuple[np.ndarray, list[str]]:
    """Codes and distinct texts (trimmed) of one column."""
    encoded = export.cells[column].combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    return encoded.indices.to_numpy(zero_copy_only=False), [text.strip() for text in encoded.dictionary.to_pylist()]


def _rows_of(export: Export, codes: np.ndarray, wanted: list[int]) -> list[int]:
    return (np.flatnonzero(np.isin(codes, wanted)) + export.first_row).tolist()


def _participants(export: Export, wave: Wave, problems: list[Problem]) -> pd.Series:
    codes, texts = _texts(export, wave.participant["column"])
    if empty := [i for i, text in enumerate(texts) if not text]:
        rows = _rows_of(export, codes, empty)
        problems.append(Problem(f"{wave.participant['column']}", "Rows without a participant id", listed([f"row {r}" for r in rows]), "",
                                "fill in the id or remove the row from the export"))  # fmt: skip
    if wave.participant.get("hash"):
        key = _key(wave)
        texts = [hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16] for text in texts]
    return pd.Series(np.array(texts, dtype=object)[codes], dtype="str")


def _key(wave: Wave) -> bytes:
    path = Path(os.environ.get("REJSENS_ID_KEY", ""))
    if not path.is_file():
        raise Refused(Problem(wave.path, "The key for participant ids is missing", "the environment variable REJSENS_ID_KEY names no file", "",
                              "set it to the study's key file, which stands outside the repository"), wave.name)  # fmt: skip
    key = path.read_bytes()
    fingerprint = hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]
    if wave.participant.get("key_fingerprint") != fingerprint:
        raise Refused(Problem(wave.path, "Another key for participant ids", f"this key's fingerprint is {fingerprint}",
                              str(wave.participant.get("key_fingerprint")), "use the study's one key, or the waves would never link"), wave.name)  # fmt: skip
    return key


def _numbers(export: Export, column: str, wave: Wave, problems: list[Problem]) -> np.ndarray:
    codes, texts = _texts(export, column)
    values, unread = _read_texts(texts, {}, _missing_texts(wave))
    if unread:
        rows = _rows_of(export, codes, unread)
        problems.append(Problem(column, "Answers that are not numbers", f"{counted(len(rows), 'cell')}, rows {listed(rows)}", "numbers", "correct the cells"))
    return values[codes]


def _missing_texts(wave: Wave) -> set[str]:
    return {"", *(f"{code:g}" if isinstance(code, (int, float)) else code.strip() for code in wave.missing_codes or ())}


def _read_texts(texts: list[str], labels: Mapping[str, float], missing: set[str]) -> tuple[np.ndarray, list[int]]:
    """The number each distinct text stands for (NaN = missing), and the positions of texts that stand for none."""
    values, unread = np.full(len(texts), np.nan), []
    for i, text in enumerate(texts):
        if text in missing:
            continue
        if text.casefold() in labels:
            values[i] = labels[text.casefold()]
            continue
        try:
            values[i] = float(text) if not set(text) - set("0123456789+-.eE") else np.nan
        except ValueError:
            pass
        if np.isnan(values[i]):
            unread.append(i)
    return values, unread


def _item_values(
    export: Export, wave: Wave, instrument: Instrument, item: Item, column: str, problems: list[Problem]
) -> np.ndarray:
    codes, texts = _texts(export, column)
    given = wave.labels or {}
    explicit = given.get(item.id) or given.get(instrument.name) or given.get(instrument.id) or {}
    own = {text.casefold(): code for code, text in item.labels.items()}
    values, unread = _read_texts(texts, own | {str(k).strip().casefold(): float(v) for k, v in explicit.items()}, _missing_texts(wave))
    if explicit:  # a code that the label map knows nothing about is as unmapped as a text
        known = {str(k).strip().casefold() for k in explicit} | set(own)
        unread = sorted({*unread, *(i for i, text in enumerate(texts) if text.casefold() not in known and text not in _missing_texts(wave))})
    if unread:
        rows = _rows_of(export, codes, unread)
        hints = [did_you_mean(texts[i].casefold(), [*own, *map(str, explicit)]) for i in unread]
        problems.append(Problem(
            f"{column} ({item.id})" if column != item.id else column, "Answers that no label or code explains",
            f"{counted(len(unread), 'different answer')} in {counted(len(rows), 'cell')}, rows {listed(rows)}", item.allowed,
            " ".join(filter(None, dict.fromkeys(hints))) or f"add each spelling to `labels:` › {instrument.name} in {wave.path}, or to `missing_codes:`",
        ))  # fmt: skip
    values = np.where(np.isin(values, item.missing_codes), np.nan, values)
    if instrument.codes_descend:
        values = item.low + item.high - values
    return values[codes]

