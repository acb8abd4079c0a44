"""A second reader of exports, slow and simple: what a careful person would see in a file, by its sidecar.

It shares no code with the reading layer under test, except the libraries that open .sav and .xlsx files. It does not
explain faults: a file it cannot make sense of is `Unreadable`, and the reader under test must refuse it.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item

csv.field_size_limit(1 << 30)
UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.I | re.A)


class Unreadable(Exception):
    """Not a table, or a cell of it is no answer."""


@dataclass(frozen=True)
class Reading:
    """What a file says. `answers`: participant, row, one float column per item; `not_applicable`: bool per such item."""

    answers: pd.DataFrame
    not_applicable: pd.DataFrame
    left_out: int


Grid = tuple[list[str], list[tuple[int, list[str]]]]  # names; (spreadsheet row, cells)


def read(content: bytes, sidecar: Mapping[str, Any], instruments: Sequence[Instrument]) -> Reading:
    """Read one export by its sidecar.

    raises   Unreadable
    """
    file = str(sidecar.get("file", ".csv"))
    kind = {".sav": _sav, ".xlsx": _workbook}.get(Path(file).suffix, _text)
    names, rows, missing = kind(content, sidecar)
    names = [" ".join(answer(name).split()) for name in names]
    if len(set(names)) < len(names):
        raise Unreadable("two columns with one name")
    rows, left_out = _answer_rows(names, rows, sidecar)
    if not rows:
        raise Unreadable("no answers")
    who = sidecar["participant"]["column"]
    if who not in names:
        raise Unreadable("no participant column")
    ids = [clean(cells[names.index(who)]) for _, cells in rows]
    if "" in ids:
        raise Unreadable("a row without an id")
    columns = columns_of(sidecar, instruments)
    answers: dict[str, Any] = {"participant": ids, "row": [row for row, _ in rows]}
    for instrument in instruments:
        for item in instrument.items:
            where, choice = columns[item.id]
            if where not in names:
                raise Unreadable(f"no column for {item.id}")
            texts = [cells[names.index(where)] for _, cells in rows]
            how = Texts(item, instrument, sidecar, missing.get(where, ()))
            known = {text: how.box(text, choice) if choice else how.code(text) for text in dict.fromkeys(texts)}
            answers[item.id] = [known[text] for text in texts]
    _boxes(answers, instruments)
    frame = pd.DataFrame(answers)
    frame["participant"] = frame["participant"].astype("str")
    applicable = [item for instrument in instruments for item in instrument.items if item.not_applicable]
    absent = pd.DataFrame({i.id: frame[i.id].isin(i.not_applicable) for i in applicable}, index=frame.index)
    for item in absent:
        frame.loc[absent[item], item] = np.nan
    return Reading(frame, absent, left_out)


# --- cells of text ---------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """What is seen of a cell."""
    return UNSEEN.sub("", text).strip()


def key(text: str) -> str:
    """What two spellings of one label share."""
    return " ".join(answer(text).split()).casefold()


def answer(text: str) -> str:
    """A cell as an answer: an apostrophe that only keeps a spreadsheet from running it is none."""
    text = clean(text)
    return text[1:] if re.match(r"'[=+\-@\t\r]", text) else text


@dataclass(frozen=True)
class Texts:
    """How the texts of one item are to be read."""

    item: Item
    instrument: Instrument
    sidecar: Mapping[str, Any]
    in_file: Sequence[Any] = ()

    def is_missing(self, text: str) -> bool:
        codes = self.sidecar.get("missing_codes", ())
        words = {"", *(key(code) for code in codes if isinstance(code, str))}
        numbers = [float(code) for code in codes if not isinstance(code, str)]
        value = self.number(text)
        inside = any(low <= value <= high for low, high in self.in_file)
        return key(text) in words or value in numbers or value in self.item.missing_codes or inside

    def number(self, text: str) -> float:
        text = answer(text)
        if self.sidecar.get("decimal") == ",":
            text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
        return float(text) if NUMBER.fullmatch(text) else np.nan

    @property
    def labels(self) -> dict[str, float]:
        declared = self.sidecar.get("labels", {})
        names = (self.item.id, self.instrument.name, self.instrument.id)
        return {
            key(str(text)): float(code)
            for text, code in next((declared[n] for n in names if n in declared), {}).items()
        }

    def code(self, text: str) -> float:
        """The number that a cell means, NaN for none."""
        if self.is_missing(text):
            return np.nan
        own = {key(label): code for code, label in self.item.labels.items()}
        found = (own | self.labels).get(key(text))
        if found is None:  # a number stands for every spelling of it
            numbers = {self.number(label): code for label, code in self.labels.items()}
            value = self.number(text)
            found = numbers.get(value) if self.labels else value
        if found is None or not np.isfinite(found):
            raise Unreadable(f"{self.item.id}: a text that is no answer")
        return found

    def box(self, text: str, choices: Mapping[str, str]) -> float:
        """1 where the item's choice is among those in the cell."""
        if self.is_missing(text):
            return np.nan
        known = {key(str(choice)): item for choice, item in choices.items()}
        parts = [key(part) for part in re.split("[;,]", answer(text))]
        if not set(parts) <= set(known):
            raise Unreadable(f"{self.item.id}: a choice that nobody offered")
        return float(self.item.id in [known[part] for part in parts])


def _boxes(answers: dict[str, Any], instruments: Sequence[Instrument]) -> None:
    """Only a tick says that a question with tick boxes was answered; then an empty box is not ticked."""
    for instrument in instruments:
        for question in {item.choice_of for item in instrument.items if item.choice_of}:
            boxes = [item.id for item in instrument.items if item.choice_of == question]
            ticked = (np.array([answers[box] for box in boxes]) == 1).any(axis=0)
            for box in boxes:
                answers[box] = np.where(ticked, np.nan_to_num(answers[box], nan=0.0), np.nan)


def columns_of(sidecar: Mapping[str, Any], instruments: Sequence[Instrument]) -> dict[str, tuple[str, Mapping]]:
    """Item -> its column, and the choices of that column where it holds several in one cell."""
    headers = {item: column for column, item in sidecar.get("headers", {}).items()}
    several = {
        item: (column, choices) for column, choices in sidecar.get("multiple", {}).items() for item in choices.values()
    }
    found: dict[str, tuple[str, Mapping]] = {}
    for entry, instrument in zip(sidecar["instruments"], instruments, strict=True):
        declared = entry.get("columns")
        plain = list(instrument.orders[next(iter(instrument.orders))] if instrument.order else instrument.columns)
        for place, item in enumerate(instrument.columns):
            name = headers.get(item, plain[place])
            if declared:
                name = declared.format(n=place + 1) if isinstance(declared, str) else declared[place]
            found[item] = several.get(item, (name, {}))
    return found


# --- tables ----------------------------------------------------------------------------------------------------------


def _answer_rows(names: list[str], rows: list[tuple[int, list[str]]], sidecar: Mapping[str, Any]) -> tuple[list, int]:
    """Rows of participants, and how many others were left out."""
    kept = rows
    for rule in sidecar.get("leave_out", ()):
        if rule["column"] not in names:
            raise Unreadable("no column to leave rows out by")
        place = names.index(rule["column"])
        kept = [row for row in kept if key(row[1][place]) not in {key(str(value)) for value in rule["values"]}]
    return kept, len(rows) - len(kept)


def _text(content: bytes, sidecar: Mapping[str, Any]) -> tuple[list[str], list, dict]:
    text = decoded(content, sidecar.get("encoding"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count('"') % 2:
        raise Unreadable("a quotation mark is never closed")
    delimiter = sidecar.get("delimiter") or max(",;\t|", key=re.sub('"[^"]*"', "", text.partition("\n")[0]).count)
    try:
        rows = [
            (k, row) for k, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1)
        ]
    except csv.Error as error:
        raise Unreadable(str(error)) from None
    rows = [(k, row) for k, row in rows if any(clean(cell) for cell in row)]
    if not rows:
        raise Unreadable("empty")
    names = rows[0][1]
    above = 3 if len(rows) > 2 and any("ImportId" in cell for cell in rows[2][1]) else 1
    if any(len(row) != len(names) for _, row in rows):
        raise Unreadable("rows of other lengths")
    return names, rows[above:], {}


def decoded(content: bytes, declared: str | None) -> str:
    """Text of a file: as declared, by its mark, UTF-8, else Windows-1252 or Latin-1."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if content.startswith(mark)), None)
    for encoding in [declared] if declared else [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise Unreadable("bytes that are no text")


def _workbook(content: bytes, sidecar: Mapping[str, Any]) -> tuple[list[str], list, dict]:
    import openpyxl

    try:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [[_shown(cell) for cell in row] for row in sheet.iter_rows()]
    except Exception as error:  # openpyxl says what is wrong with a file in twenty kinds of exceptions
        raise Unreadable(str(error)) from None
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise Unreadable("empty")
    return rows[0], [(k, row) for k, row in enumerate(rows[1:], start=2) if any(row)], {}


def _shown(cell: Any) -> str:
    if cell.value is None:
        return ""
    if cell.data_type == "n" and not cell.is_date:
        return repr(cell.value)
    return str(cell.value) if cell.data_type == "s" else f"[{cell.data_type}]"  # no answer to anything


def _sav(content: bytes, sidecar: Mapping[str, Any]) -> tuple[list[str], list, dict]:
    import pyreadstat

    with tempfile.NamedTemporaryFile(suffix=".sav") as file:
        file.write(content)
        file.flush()
        try:
            frame, facts = pyreadstat.read_sav(file.name, user_missing=True)
        except Exception as error:
            raise Unreadable(str(error)) from None
    columns = [["" if pd.isna(v) else repr(v) if isinstance(v, float) else str(v) for v in frame[c]] for c in frame]
    missing = {name: [(r["lo"], r["hi"]) for r in ranges] for name, ranges in facts.missing_ranges.items()}
    return list(frame.columns), [(k, list(row)) for k, row in enumerate(zip(*columns, strict=True), start=1)], missing
