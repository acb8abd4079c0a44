"""A seeded mutator of exports: bytes and cells. It knows each change from one legal answer to another that it made.

A mutation of cells works on the table (header rows, answer rows) and writes it back as the platform wrote it; a mutation
of bytes knows nothing of tables. What a mutated file means is judged by `reference.py`, not here.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rejsens.definitions import Instrument, Item
from rejsens.simulate.platforms import WRITERS, Exported
from rejsens.simulate.study import SimulatedWave
from tests.fuzz.reference import columns_of, key

CANARY = "Zebulon Quartermaine"  # a name that no message may repeat
HEADER_ROWS = {"qualtrics": 3, "qualtrics_text": 3, "qualtrics_tsv": 3}


@dataclass(frozen=True)
class Change:
    """One cell that went from one legal answer to another."""

    position: int  # of the answer row, from 0
    items: tuple[str, ...]  # the items whose value changed


@dataclass(frozen=True)
class Table:
    """Header rows and answer rows as cells: texts, or numbers where the container has numbers."""

    header: list[list[Any]]
    rows: list[list[Any]]

    @property
    def names(self) -> list[str]:
        return self.header[0]

    def at(self, name: str) -> int:
        return self.names.index(name)


@dataclass(frozen=True)
class Valid:
    """A valid export, and what is known of it: how it is written, and which texts answer which column."""

    platform: str
    exported: Exported
    table: Table
    style: Mapping[str, Any]
    answers: Mapping[str, Mapping[Any, Mapping[str, float]]]  # column -> legal cell -> item -> value

    @property
    def container(self) -> str:
        return {".sav": "spss", ".xlsx": "workbook"}.get(self.exported.suffix, "text")


@dataclass(frozen=True)
class Mutated:
    """A mutated file. `kind` is harmless (must be read the same), legal (only `changes` may show), or any."""

    content: bytes
    steps: tuple[str, ...]
    kind: str
    changes: tuple[Change, ...] = ()


# --- valid exports ---------------------------------------------------------------------------------------------------


def valid_export(platform: str, wave: SimulatedWave, seed: int, sidecar: Mapping[str, Any]) -> Valid:
    """A wave as a platform writes it, taken apart."""
    exported = WRITERS[platform](wave, seed)
    style = _style(platform, exported)
    header = HEADER_ROWS.get(platform, 1)
    cells = _taken_apart(exported, style)
    table = Table(cells[:header], cells[header:])
    return Valid(platform, exported, table, style, _answers(wave.instruments, sidecar, style))


def _style(platform: str, exported: Exported) -> dict[str, Any]:
    text = exported.suffix not in (".sav", ".xlsx")
    limesurvey = platform.startswith("limesurvey")
    return {
        "container": "text" if text else exported.suffix,
        "encoding": "utf-16" if platform == "qualtrics_tsv" else "utf-8-sig" if limesurvey else "cp1252" if platform == "semicolon" else "utf-8",
        "delimiter": "\t" if platform in ("tsv", "qualtrics_tsv") else ";" if platform in ("semicolon", "limesurvey_text") else ",",
        "quoting": csv.QUOTE_ALL if limesurvey or platform in ("google_forms", "formr") else csv.QUOTE_MINIMAL,
        "line": "\r\n" if limesurvey or platform in ("google_forms", "google_sheets", "semicolon") else "\n",
        "end": "\r\n" if limesurvey else "",
        "comma": platform == "semicolon",
        "text": platform in ("qualtrics_text", "redcap_labels", "limesurvey_text", "google_forms", "google_sheets"),
    }  # fmt: skip


def _taken_apart(exported: Exported, style: Mapping[str, Any]) -> list[list[Any]]:
    if style["container"] == ".xlsx":
        import openpyxl

        return [
            list(row)
            for row in openpyxl.load_workbook(io.BytesIO(exported.content)).worksheets[0].iter_rows(values_only=True)
        ]
    if style["container"] == ".sav":
        frame, _ = _read_sav(exported.content)
        return [list(frame.columns), *frame.astype(object).where(frame.notna(), None).values.tolist()]
    text = exported.content.decode(style["encoding"])
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=style["delimiter"]) if row]


def put_together(valid: Valid, table: Table, **style: Any) -> bytes:
    """A table as the platform writes it."""
    style = {**valid.style, **style}
    rows = [*table.header, *table.rows]
    if style["container"] == ".xlsx":
        return _workbook(rows)
    if style["container"] == ".sav":
        return _sav(valid.exported.content, table)
    text = io.StringIO()
    csv.writer(text, delimiter=style["delimiter"], quoting=style["quoting"], lineterminator=style["line"]).writerows(
        rows
    )
    return (text.getvalue() + style["end"]).encode(style["encoding"], errors="replace")


def _workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    import openpyxl

    book, found = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([None if cell == "" else cell for cell in row])
    book.save(found)
    return found.getvalue()


def _read_sav(content: bytes) -> tuple[Any, Any]:
    import pyreadstat

    with tempfile.NamedTemporaryFile(suffix=".sav") as file:
        Path(file.name).write_bytes(content)
        return pyreadstat.read_sav(file.name, user_missing=True)


def _sav(original: bytes, table: Table) -> bytes:
    import pandas as pd
    import pyreadstat

    _, facts = _read_sav(original)
    frame = pd.DataFrame(table.rows, columns=table.names)
    for name in frame:
        texts = any(isinstance(cell, str) for cell in frame[name])
        frame[name] = frame[name].astype(object).where(frame[name].notna(), "") if texts else frame[name].astype(float)
    with tempfile.NamedTemporaryFile(suffix=".sav") as file:
        pyreadstat.write_sav(
            frame, file.name, column_labels=facts.column_names_to_labels, variable_value_labels=facts.variable_value_labels,
            missing_ranges={n: r for n, r in facts.missing_ranges.items() if n in frame and frame[n].dtype == float},
        )  # fmt: skip
        return Path(file.name).read_bytes()


def _answers(
    instruments: Sequence[Instrument], sidecar: Mapping[str, Any], style: Mapping[str, Any]
) -> dict[str, dict[Any, dict[str, float]]]:
    """Every legal cell of every column that holds an answer with a handful of choices."""
    columns = columns_of(sidecar, instruments)
    found: dict[str, dict[Any, dict[str, float]]] = {}
    labels = sidecar.get("labels", {})
    for instrument in instruments:
        for item in instrument.items:
            name, choices = columns[item.id]
            if choices:
                items = list(choices.values())
                for choice, chosen in choices.items():
                    found.setdefault(name, {})[str(choice)] = {i: float(i == chosen) for i in items}
            elif item.type != "number" and not item.choice_of:
                said = labels.get(item.id, labels.get(instrument.name, {}))
                found[name] = {cell: {item.id: code} for cell, code in _legal(item, said, style).items()}
    return found


def _legal(item: Item, said: Mapping[str, float], style: Mapping[str, Any]) -> dict[Any, float]:
    codes = list(item.labels) or list(np.arange(item.low, item.high + 1))
    codes = [code for code in codes if code not in item.not_applicable]
    if said:
        return {text: float(code) for text, code in said.items() if code in codes}
    if style["container"] != "text":
        return {(int(code) if style["container"] == ".xlsx" else float(code)): float(code) for code in codes}
    return {f"{code:g}" + (",0" if style["comma"] else ""): float(code) for code in codes}


# --- mutations of cells ----------------------------------------------------------------------------------------------


@dataclass
class Draft:
    """A table while it is being mutated."""

    valid: Valid
    table: Table
    rng: np.random.Generator
    style: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def pick(self, things: Sequence[Any]) -> Any:
        return things[int(self.rng.integers(len(things)))]

    def row(self) -> int:
        return int(self.rng.integers(len(self.table.rows)))

    def answer_column(self) -> str:
        return self.pick([name for name in self.valid.answers if name in self.table.names])

    def column(self) -> int:
        return int(self.rng.integers(len(self.table.names)))

    def set(self, row: int, column: int, cell: Any) -> None:
        self.table.rows[row] = [*self.table.rows[row][:column], cell, *self.table.rows[row][column + 1 :]]


def other_answers(d: Draft) -> str:
    """Up to five cells go from one legal answer to another."""
    done = []
    for _ in range(int(d.rng.integers(1, 6))):
        row, name = d.row(), d.answer_column()
        if (row, name) in done:
            continue
        place, legal = d.table.at(name), d.valid.answers[name]
        before = legal.get(d.table.rows[row][place])
        others = [cell for cell, values in legal.items() if values != before]
        if before is None or not others:
            continue
        after = d.pick(others)
        d.set(row, place, after)
        done.append((row, name))
        d.changes.append(Change(row, tuple(i for i in before if before[i] != legal[after][i])))
    return f"{len(done)} legal answers changed"


def blanked(d: Draft) -> str:
    row, place = d.row(), d.table.at(d.answer_column())
    d.set(row, place, None if d.valid.style["container"] != "text" else "")
    return f"a cell of row {row} blanked"


def missing_code(d: Draft) -> str:
    row, place = d.row(), d.table.at(d.answer_column())
    cell = {".sav": -99.0, ".xlsx": -99}.get(
        d.valid.style["container"], "No answer" if d.valid.style["text"] else "-99"
    )
    d.set(row, place, cell)
    return f"a missing code in row {row}"


def other_number(d: Draft) -> str:
    row, place = d.row(), d.table.at(d.answer_column())
    number = d.pick([0, 5, 6, 7, 8, 9, 10, 12, 77, 99, 999, -1, -9, -98, -100, 2.5, 1e6, -0.0, 3.0000001])
    d.set(row, place, {".sav": float(number), ".xlsx": number}.get(d.valid.style["container"], f"{number:.10g}"))
    return f"{number} in row {row}"


TEXTS = (
    "2,5", "2.5", "1e0", "３", "²", "NaN", "inf", "-inf", "1_0", "0x3", "+3", "--3", "3-", " 3", "3 ", "3.", ".", "3,0", "3;", "1,2", "1;2", "1 2",
    "03", "abc", "N/A", "NA", "n/a", "null", "NULL", "None", "#REF!", "#N/A", "=1+2", "'3", "@SUM(1)", "03.Jan", "3-Jan", "2026-01-03", "01/03/2026",
    "TRUE", "false", "\u200b3", "3\u00a0", "\ufeff3", "3\n", "a\nb", 'say "3"', '"', "a;b", "a\tb", "\x003", "é", "\U0001f600", "x" * 70_000, CANARY,
    "٣", "Ⅲ", "1/2", "50%", "$3", "3 nearly every day", "never", "NEVER", "Never ", "once  or twice", "No answer", "no answer", "-99,0", "-99.00",
)  # fmt: skip


def other_text(d: Draft) -> str:
    """Something else in a cell that holds an answer."""
    if d.valid.style["container"] == ".sav":
        return other_number(d)
    row, place, text = d.row(), d.table.at(d.answer_column()), d.pick(TEXTS)
    if d.valid.style["container"] == ".xlsx" and "\x00" in text:
        text = "?"
    d.set(row, place, text)
    return f"{text[:20]!r} in row {row}"


def other_id(d: Draft) -> str:
    name = d.valid.exported.maps["participant"]["column"]
    row, place = d.row(), d.table.at(name)
    who = str(d.table.rows[row][place])
    d.set(
        row,
        place,
        d.pick(
            [who.upper(), f" {who}", f"{who} ", "", "0", who[1:], d.table.rows[d.row()][place], "p9999", f"{who}\u200b"]
        ),
    )
    return f"another id in row {row}"


def swapped_cells(d: Draft) -> str:
    row, a, b = d.row(), d.table.at(d.answer_column()), d.table.at(d.answer_column())
    cells = d.table.rows[row]
    first, second = cells[a], cells[b]
    d.set(row, a, second)
    d.set(row, b, first)
    return f"two cells of row {row} swapped"


def swapped_names(d: Draft) -> str:
    a, b = d.column(), d.column()
    for line in d.table.header:
        line[a], line[b] = line[b], line[a]
    return f"names of columns {a} and {b} swapped"


def renamed(d: Draft) -> str:
    a = d.column()
    name = str(d.table.header[0][a])
    d.table.header[0][a] = d.pick(
        [name.upper(), f" {name} ", f"{name}x", name[:-1], "", "x", name.replace("_", ""), f"{name}\u200b", "=1"]
    )
    return f"column {a} renamed"


def shifted_row(d: Draft) -> str:
    row = d.row()
    start = int(d.rng.integers(len(d.table.names)))
    cells = d.table.rows[row]
    blank = "" if d.valid.style["container"] == "text" else None
    if d.rng.random() < 0.5:
        d.table.rows[row] = [*cells[:start], blank, *cells[start:-1]]
    else:
        d.table.rows[row] = [*cells[:start], *cells[start + 1 :], blank]
    return f"row {row} shifted from column {start}"


def longer_row(d: Draft) -> str:
    row = d.row()
    cells = d.table.rows[row]
    d.table.rows[row] = cells[:-1] if d.rng.random() < 0.5 else [*cells, cells[-1]]
    return f"row {row} of another length"


def repeated_row(d: Draft) -> str:
    row, to = d.row(), d.row()
    d.table.rows.insert(to, list(d.table.rows[row]))
    return f"row {row} repeated at {to}"


def lost_rows(d: Draft) -> str:
    row, n = d.row(), int(d.rng.integers(1, 6))
    del d.table.rows[row : row + n]
    return f"up to {n} rows lost from {row}"


def all_rows_lost(d: Draft) -> str:
    d.table.rows.clear()
    return "no rows left"


def blank_row(d: Draft) -> str:
    row = d.row()
    d.table.rows.insert(row, [None if d.valid.style["container"] != "text" else ""] * len(d.table.names))
    return f"a blank row at {row}"


def header_again(d: Draft) -> str:
    row = d.row()
    d.table.rows[row:row] = [list(line) for line in d.table.header]
    return f"the header again at {row}"


def file_twice(d: Draft) -> str:
    d.table.rows.extend([*(list(line) for line in d.table.header), *map(list, d.table.rows)])
    return "the file behind itself"


def lost_column(d: Draft) -> str:
    a = d.column()
    for line in (*d.table.header, *d.table.rows):
        del line[a]
    return f"column {a} lost"


def repeated_column(d: Draft) -> str:
    a = d.column()
    for line in (*d.table.header, *d.table.rows):
        line.append(line[a])
    return f"column {a} repeated"


def reordered_rows(d: Draft) -> str:
    order = d.rng.permutation(len(d.table.rows))
    d.table.rows[:] = [d.table.rows[k] for k in order]
    return "rows in another order"


def reordered_columns(d: Draft) -> str:
    order = d.rng.permutation(len(d.table.names))
    for lines in (d.table.header, d.table.rows):
        lines[:] = [[line[k] for k in order] for line in lines]
    return "columns in another order"


def further_column(d: Draft) -> str:
    name, place = d.pick(["remark", "Q99", "extra_1"]), d.column()
    numbers = d.valid.style["container"] == ".sav"
    for line in d.table.header:
        line.insert(place, name)
    for line in d.table.rows:
        line.insert(place, 1.0 if numbers else d.pick(["", "x", "3", CANARY]))
    return f"a further column at {place}"


ANY = (
    other_answers, other_answers, blanked, missing_code, other_number, other_number, other_text, other_text, other_text, other_id, swapped_cells,
    swapped_names, renamed, shifted_row, longer_row, repeated_row, lost_rows, blank_row, header_again, file_twice, lost_column, repeated_column,
    reordered_rows, all_rows_lost,
)  # fmt: skip
TEXT_ONLY = (renamed, longer_row, header_again, file_twice, blank_row, repeated_column)  # a .sav file cannot hold these


def mutated_cells(valid: Valid, rng: np.random.Generator) -> Mutated:
    """One to three mutations of cells."""
    steps = [step for step in ANY if valid.container != "spss" or step not in TEXT_ONLY]
    draft = _draft(valid, rng)
    done = []
    for _ in range(int(rng.integers(1, 4))):
        if draft.table.rows:
            done.append(draft.pick(steps)(draft))
    return Mutated(put_together(valid, draft.table), tuple(done), "any")


def legal_changes(valid: Valid, rng: np.random.Generator) -> Mutated:
    """Only legal answers for legal answers."""
    draft = _draft(valid, rng)
    said = other_answers(draft)
    return Mutated(put_together(valid, draft.table), (said,), "legal", tuple(draft.changes))


def _draft(valid: Valid, rng: np.random.Generator) -> Draft:
    return Draft(valid, Table([list(row) for row in valid.table.header], [list(row) for row in valid.table.rows]), rng)


# --- changes that carry no meaning -----------------------------------------------------------------------------------


def harmless(valid: Valid, rng: np.random.Generator) -> Mutated:
    """The same answers, written otherwise: quotes, line ends, marks, blanks around cells, further columns, their order."""
    draft = _draft(valid, rng)
    steps: list[Callable[[Draft], str]] = [reordered_columns, further_column]
    if valid.container == "text":
        steps += [_quotes, _line_ends, _blank_lines, _mark, _blanks, _wide]
    said = draft.pick(steps)(draft)
    return Mutated(put_together(valid, draft.table, **draft.style), (said,), "harmless")


def _quotes(d: Draft) -> str:
    d.style["quoting"] = csv.QUOTE_ALL if d.valid.style["quoting"] == csv.QUOTE_MINIMAL else csv.QUOTE_MINIMAL
    return "other quotation marks"


def _line_ends(d: Draft) -> str:
    d.style["line"] = d.pick(["\n", "\r\n", "\r"])
    return f"line ends {d.style['line']!r}"


def _blank_lines(d: Draft) -> str:
    d.style["end"] = d.pick(["", "\n", "\r\n\r\n\n"])
    return "other blank lines at the end"


def _mark(d: Draft) -> str:
    if d.valid.style["encoding"].startswith("utf-8") and "encoding" not in d.valid.exported.maps:
        d.style["encoding"] = "utf-8" if d.valid.style["encoding"] == "utf-8-sig" else "utf-8-sig"
    return "with or without a byte-order mark"


def _blanks(d: Draft) -> str:
    blanks = [" ", "  ", "\u00a0", *(["\u200b"] if d.valid.style["encoding"] != "cp1252" else [])]
    for line in d.table.rows:
        place = d.column()
        line[place] = f"{line[place]}{d.pick(blanks)}" if d.rng.random() < 0.5 else f"{d.pick(blanks)}{line[place]}"
    return "blanks around cells"


def _wide(d: Draft) -> str:
    if "encoding" not in d.valid.exported.maps:
        d.style["encoding"] = d.pick(["utf-16", "utf-8"])
    return "in another encoding"


# --- mutations of bytes ----------------------------------------------------------------------------------------------


def mutated_bytes(valid: Valid, rng: np.random.Generator) -> Mutated:
    """One to four damages of bytes, in text mostly small ones."""
    data, done = bytearray(valid.exported.content), []
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(data))) if data else 0
        n = int(rng.integers(1, 5 if rng.random() < 0.7 else 400))
        what = str(
            rng.choice(["flip", "digit", "replace", "delete", "insert", "repeat", "cut", "zeros", "swap", "separator"])
        )
        noise = rng.integers(0, 256, n, dtype=np.uint8).tobytes()
        match what:
            case "flip" if data:
                data[at % len(data)] ^= 1 << int(rng.integers(8))
            case "digit":
                data[at : at + 1] = bytes([48 + int(rng.integers(10))])
            case "replace":
                data[at : at + n] = noise[: len(data[at : at + n])]
            case "delete":
                del data[at : at + n]
            case "insert":
                data[at:at] = noise
            case "repeat":
                data[at:at] = data[at : at + n]
            case "cut" if rng.random() < 0.3:
                del data[at:]
            case "zeros":
                data[at : at + n] = bytes(len(data[at : at + n]))
            case "swap":
                to = int(rng.integers(len(data))) if data else 0
                data[at : at + n], data[to : to + n] = data[to : to + n], data[at : at + n]
            case "separator":
                data[at : at + 1] = bytes([int(rng.choice(list(b",;\t\n\r\"'|= ")))])
        done.append(f"{what} at byte {at}")
    return Mutated(bytes(data), tuple(done), "any")


MUTATIONS = (mutated_cells, mutated_cells, mutated_bytes, legal_changes, harmless)


def mutation(valid: Valid, seed: int) -> Mutated:
    """The mutation of one seed: the same seed gives the same file."""
    rng = np.random.default_rng([seed, len(valid.platform), *valid.platform.encode()])
    return MUTATIONS[int(rng.integers(len(MUTATIONS)))](valid, rng)


__all__ = ["CANARY", "Change", "Mutated", "Valid", "key", "mutation", "put_together", "replace", "valid_export"]
