"""Cells become canonical answers: rows that are none set aside, columns and labels mapped, missing codes set.

Cells are never interpreted one by one: each column is read as its distinct texts, and the few texts are mapped. A text is
read as the label map says, else as the instrument's own label, else as the platform's (an SPSS value label), else as the
number that it spells; what is none of these is refused. Blanks and invisible characters around a text carry no meaning,
nor does the case of a label; nothing else is overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.exports import Export
from rejsens.importers.cells import answer_text, label_key
from rejsens.importers.choices import chosen
from rejsens.numerals import EXCEL_DATES, NO_LABEL, Damage, damage, date_serials, number, quotable
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.sidecars import Wave
from rejsens.translations import labels_in
from rejsens.wave_columns import column_map, column_uses
from rejsens.wave_rows import NO_LEFT_OUT, Rows, answer_rows


@dataclass(frozen=True)
class Answers:
    """Canonical answers of one wave: `frame` (participant, row, one float column per item), what each column was used for.

    left_out   participant, row, rule (left_out_1, …), label: rows that the sidecar leaves out; they stand nowhere else
    """

    frame: pd.DataFrame
    not_applicable: pd.DataFrame
    columns: pd.DataFrame
    stored_totals: pd.DataFrame
    left_out: pd.DataFrame = field(default_factory=NO_LEFT_OUT.copy)


# --- answers ---------------------------------------------------------------------------------------------------------


def read_answers(export: Export, wave: Wave, asked: list[Instrument]) -> Answers:
    """All answers of a wave as numbers. Texts that no map knows and ids that are missing are refused, all at once."""
    problems: list[Problem] = []
    answers = gather_answers(export, wave, asked, problems)
    if any(problem.blocks for problem in problems):
        raise Refused(problems, wave.name)
    return answers


def gather_answers(export: Export, wave: Wave, asked: list[Instrument], problems: list[Problem]) -> Answers:
    """The answers as far as they can be read; every fault goes into `problems`, and what it is about stays missing."""
    columns = column_map(export, wave, asked, problems)
    rows, aside = answer_rows(export, wave, problems)
    items = [(instrument, item) for instrument in asked for item in instrument.items]
    values = {item.id: np.full(len(rows.numbers), np.nan) for _, item in items}
    boxes = {item for choices in (wave.multiple or {}).values() for item in choices.values()}
    not_applicable: dict[str, np.ndarray] = {}
    for column, choices in (wave.multiple or {}).items():
        if column in export.columns:
            values |= _choices_of_cells(rows, wave, column, choices, problems)
    for instrument, item in items:
        if item.id in columns and item.id not in boxes:
            values[item.id] = _item_values(rows, wave, instrument, item, columns[item.id], problems)
        if item.not_applicable:
            not_applicable[item.id] = np.isin(values[item.id], item.not_applicable)
            values[item.id] = np.where(not_applicable[item.id], np.nan, values[item.id])
    values |= _tick_boxes([(instrument, item) for instrument, item in items if item.id in columns], values)
    for item in (item for _, item in items if item.asked_if):
        not_applicable[item.id] = not_asked(item, values, not_applicable)
    stored = [column for column in (wave.stored_totals or {}) if column in export.columns]
    totals = {column: _numbers(rows, column, wave, problems) for column in stored}
    frame = {"participant": rows.participants, "row": rows.numbers}
    return Answers(
        pd.DataFrame(frame | {item.id: values[item.id] for _, item in items}, copy=False),
        pd.DataFrame(not_applicable, index=range(len(rows.numbers))),
        column_uses(export, wave, columns),
        pd.DataFrame(totals),
        aside,
    )


def not_asked(item: Item, values: Mapping[str, np.ndarray], absent: Mapping[str, np.ndarray]) -> np.ndarray:
    """To whom an item with a condition does not apply: who says so, and who left it blank and does not meet the condition.

    values   item -> answers (n,), NaN = none
    absent   item -> where people said that it does not apply; the item's own conditions come before it
    returns  (n,), bool; while an item of the condition is unanswered nobody can tell, and a blank stays missing

    >>> from rejsens.definitions import AskedIf
    >>> why = Item("why", "why", 0, 3, asked_if=AskedIf(("did",), 1))
    >>> blank = np.full(3, np.nan)
    >>> not_asked(why, {"did": np.array([0, 1, np.nan]), "why": blank}, {}).tolist()
    [True, False, False]
    """
    assert item.asked_if is not None
    nobody = np.zeros(len(values[item.id]), bool)
    below = [(values[i] < item.asked_if.at_least) | absent.get(i, nobody) for i in item.asked_if.any_of]
    return absent.get(item.id, nobody) | (np.logical_and.reduce(below) & np.isnan(values[item.id]))


def _tick_boxes(items: Sequence[tuple[Instrument, Item]], values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Boxes of one question together: an empty box beside a ticked one is not ticked; without any tick nobody answered.

    Platforms write an empty box as 0, as No or not at all, and none tells a question that was left out from one without a
    tick; so every platform's boxes mean the same.
    """
    questions: dict[tuple[str, str], list[str]] = {}
    for instrument, item in items:
        if item.choice_of:  # the same question may be asked twice, under another name of its instrument
            questions.setdefault((instrument.name, item.choice_of), []).append(item.id)
    read: dict[str, np.ndarray] = {}
    for boxes in questions.values():
        if len(boxes) > 1:
            ticked = np.logical_or.reduce([values[box] == 1 for box in boxes])
            read |= {box: np.where(ticked, np.nan_to_num(values[box]), np.nan) for box in boxes}
    return read


# --- texts as numbers ------------------------------------------------------------------------------------------------


def _item_values(
    rows: Rows, wave: Wave, instrument: Instrument, item: Item, column: str, problems: list[Problem]
) -> np.ndarray:
    codes, texts = rows.texts(column)
    explicit, labels = _labels(rows.export, wave, instrument, item, column, problems)
    missing = _means_missing(texts, wave, rows.export.missing.get(column, ()), explicit)
    values, unread = _read_texts(texts, labels, missing, _decimal(wave))
    if explicit:  # a code that the label map knows nothing about is as unmapped as a text
        unread = [
            i for i, text in enumerate(texts)
            if not missing[i] and label_key(text) not in labels and number(text, _decimal(wave)) not in item.missing_codes
        ]  # fmt: skip
        values[unread] = np.nan
    known = [*(str(label) for label in item.labels.values()), *map(str, explicit)]
    problems += _unread_problems(rows, codes, texts, unread, column, item, known, instrument, wave)
    problems += _serial_problems(rows, codes, values, column, item)
    problems += _thousands_problems(rows, codes, texts, column, item, wave)
    values = np.where(np.isin(values, item.missing_codes), np.nan, values)
    if instrument.codes_descend:  # a code for "not applicable" stands outside the range and stays
        values = np.where(np.isin(values, item.not_applicable), values, item.low + item.high - values)
    return values[codes]


def _decimal(wave: Wave) -> str:
    return wave.decimal or "."


def _labels(
    export: Export, wave: Wave, instrument: Instrument, item: Item, column: str, problems: list[Problem]
) -> tuple[Mapping[str, float], dict[str, float]]:
    """The sidecar's own map for an item, and everything that gives a text a code, the sidecar's word before the others'."""
    given = wave.labels or {}
    explicit = given.get(item.id) or given.get(instrument.name) or given.get(instrument.id) or {}
    turned = {code: item.low + item.high - code for code in item.labels if code not in item.not_applicable}
    # the instrument's labels belong to its own codes; in a wave whose codes descend these are turned back afterwards
    own = {
        label_key(text): turned.get(code, code) if instrument.codes_descend else code
        for texts in (item.labels, labels_in(instrument, item, wave.language))
        for code, text in texts.items()
    }
    if explicit:
        stated = {label_key(text): float(code) for text, code in explicit.items()}
        numbers = {n: code for text, code in explicit.items() if not np.isnan(n := number(answer_text(str(text))))}
        return explicit, _Labels(own | stated, {n: float(code) for n, code in numbers.items()})
    platform = _platform_labels(export, column, own, item, problems)
    return {}, platform | own


class _Labels(dict[str, float]):
    """A label map in which a number stands for every spelling of it (1, 1.0, +1)."""

    def __init__(self, labels: Mapping[str, float], numbers: Mapping[float, float]):
        super().__init__(labels)
        self.numbers = numbers

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or number(str(key)) in self.numbers

    def __missing__(self, key: str) -> float:
        return self.numbers[number(key)]


def _platform_labels(
    export: Export, column: str, own: Mapping[str, float], item: Item, problems: list[Problem]
) -> dict[str, float]:
    """Label -> code as the export's own choices say; choices that contradict the instrument are a fault, never a guess."""
    declared = export.missing.get(column, ())
    choices = [(number(code), label) for code, label in export.choices.get(column, {}).items()]
    choices = [(code, label) for code, label in choices if not np.isnan(code) and not _declared_missing(code, declared)]
    clashes = [
        f"“{label}” is {code:g} in the export and {own[label_key(label)]:g} in the instrument"
        for code, label in choices
        if own.get(label_key(label), code) != code
    ]
    if clashes:
        problems.append(
            Problem(
                _where(column, item),
                "The export's codes are not the instrument's",
                listed(clashes),
                item.allowed,
                "say in `labels:` which code each answer has",
            )
        )
    strange = [c for c, _ in choices if not _is_code(c, item)]
    if strange and not clashes:
        problems.append(
            Problem(
                _where(column, item),
                "The export's codes are not the instrument's",
                f"its choices have the codes {listed([f'{c:g}' for c, _ in choices], 12)}",
                item.allowed,
                f"say in `labels:` which code each answer has, or in `missing_codes:` that {listed([f'{c:g}' for c in strange])} means no answer",
            )
        )
    labels: dict[str, float] = {}
    for code, label in choices:
        key = label_key(label)
        labels[key] = code if labels.get(key, code) == code else np.nan  # one label with two codes explains nothing
    return {key: code for key, code in labels.items() if key and not np.isnan(code)}


def _is_code(code: float, item: Item) -> bool:
    if code in item.missing_codes or code in item.not_applicable or item.type == "number":
        return True
    return code in item.labels if item.type == "category" else item.low <= code <= item.high


def _where(column: str, item: Item) -> str:
    return f"{column} ({item.id})" if column != item.id else column


def _means_missing(
    texts: list[str], wave: Wave, of_file: tuple[Any, ...] = (), explicit: Iterable[object] = ()
) -> list[bool]:
    """Which texts mean no answer: blanks, declared texts, declared numbers however they are written (-99, -99.0).

    of_file   values that an SPSS file itself calls missing in this column; a label map may say otherwise
    """
    declared = wave.missing_codes or ()
    words = {"", *(answer_text(code) for code in declared if isinstance(code, str))}
    numbers = {float(code) for code in declared if not isinstance(code, str)}
    mapped = {label_key(text) for text in explicit}
    read = [number(text, _decimal(wave)) for text in texts]
    return [
        text in words or value in numbers or (label_key(text) not in mapped and _declared_missing(text if np.isnan(value) else value, of_file))
        for text, value in zip(texts, read, strict=True)
    ]  # fmt: skip


def _declared_missing(value: str | float, declared: tuple[Any, ...]) -> bool:
    """Whether a file declares a value as missing, alone or within a range."""
    for entry in declared:
        low, high = entry if isinstance(entry, tuple) else (entry, entry)
        if isinstance(value, str) == isinstance(low, str) and low <= value <= high:
            return True
    return False


def _read_texts(
    texts: list[str], labels: Mapping[str, float], missing: list[bool], decimal: str
) -> tuple[np.ndarray, list[int]]:
    """The number each distinct text stands for (NaN = missing), and the positions of texts that stand for none."""
    values, unread = np.full(len(texts), np.nan), []
    for i, text in enumerate(texts):
        if missing[i]:
            continue
        key = label_key(text)
        values[i] = labels[key] if key in labels else number(text, decimal)
        if np.isnan(values[i]):
            unread.append(i)
    return values, unread


def _numbers(rows: Rows, column: str, wave: Wave, problems: list[Problem]) -> np.ndarray:
    codes, texts = rows.texts(column)
    missing = _means_missing(texts, wave, rows.export.missing.get(column, ()))
    values, unread = _read_texts(texts, {}, missing, _decimal(wave))
    if unread:
        where = rows.holding(codes, unread)
        problems.append(
            Problem(
                column,
                "Answers that are not numbers",
                f"{counted(len(where), 'cell')}, {rows.named(where)}",
                "numbers",
                "correct the cells",
                cells=rows.cells(where),
            )
        )
    return values[codes]


# --- several choices in one cell -------------------------------------------------------------------------------------


def _choices_of_cells(
    rows: Rows, wave: Wave, column: str, choices: Mapping[str, str], problems: list[Problem]
) -> dict[str, np.ndarray]:
    """Item -> 1 where its choice stands in the cell, 0 where only others do, missing where nothing does.

    choices   choice as it stands in the export -> item; the choice "*" is whatever no other choice explains
    """
    codes, texts = rows.texts(column)
    missing = _means_missing(texts, wave, rows.export.missing.get(column, ()))
    items = list(choices.values())
    ticked = np.full((len(texts), len(items)), np.nan)
    unread = []
    for i, text in enumerate(texts):
        if missing[i]:
            continue
        found = chosen(label_key(text), {label_key(choice): item for choice, item in choices.items()})
        if found is None:
            unread.append(i)
        else:
            ticked[i] = [item in found for item in items]
    if unread:
        where = rows.holding(codes, unread)
        problems.append(
            Problem(
                column,
                "Choices that `multiple:` does not explain",
                f"{counted(len(unread), 'different cell')} in {counted(len(where), 'row')}, {rows.named(where)}",
                f"{listed([f'“{choice}”' for choice in choices], 12)}, with commas or semicolons between them",
                f'add each choice to `multiple:` in {wave.path}; "*" stands for whatever else people wrote',
                cells=rows.cells(where),
            )
        )
    return {item: ticked[codes, k] for k, item in enumerate(items)}


# --- faults in cells -------------------------------------------------------------------------------------------------


def _unread_problems(
    rows: Rows,
    codes: np.ndarray,
    texts: list[str],
    unread: list[int],
    column: str,
    item: Item,
    known: list[str],
    instrument: Instrument,
    wave: Wave,
) -> list[Problem]:
    """One fault for each way in which the column's unreadable cells went wrong."""
    kinds: dict[Damage, list[int]] = {}
    for i in unread:
        kinds.setdefault(damage(texts[i]), []).append(i)
    problems = []
    for kind, group in kinds.items():
        where = rows.holding(codes, group)
        in_cells = f"in {counted(len(where), 'cell')}, {rows.named(where)}"
        if kind == NO_LABEL:
            hints = [did_you_mean(label_key(texts[i]), known) for i in group]
            fix = " ".join(filter(None, dict.fromkeys(hints))) or (
                f"add each spelling to `labels:` › {instrument.name} in {wave.path}, or to `missing_codes:`"
            )
            found = f"{counted(len(group), 'different answer')} {in_cells}"
        else:
            quoted = [f"“{texts[i]}”" for i in group if kind.quoted and quotable(texts[i])]
            shown = f" ({listed(quoted, 4)})" if quoted else ""
            found, fix = f"{kind.found}{shown} {in_cells}", kind.fix
        problems.append(Problem(_where(column, item), kind.cause, found, item.allowed, fix, cells=rows.cells(where)))
    return problems


def _serial_problems(rows: Rows, codes: np.ndarray, values: np.ndarray, column: str, item: Item) -> list[Problem]:
    """Days since 1900, as a spreadsheet stores dates, in an item whose codes are small."""
    if item.type == "number" or not item.high < 1000:
        return []
    serials = np.flatnonzero(date_serials(values))
    where = rows.holding(codes, serials) if len(serials) else np.array([], dtype=int)
    if not len(where):
        return []
    values[serials] = np.nan
    return [
        Problem(
            _where(column, item),
            EXCEL_DATES.cause,
            f"numbers such as a spreadsheet keeps dates in, in {counted(len(where), 'cell')}, {rows.named(where)}",
            item.allowed,
            EXCEL_DATES.fix,
            cells=rows.cells(where),
        )
    ]


def _thousands_problems(
    rows: Rows, codes: np.ndarray, texts: list[str], column: str, item: Item, wave: Wave
) -> list[Problem]:
    """1.234 beside 987 is more likely 1234 than a fraction; the cells are read as they stand, and it is told."""
    mark = _decimal(wave)
    fractions = [i for i, text in enumerate(texts) if mark in text and not np.isnan(number(text, mark))]
    grouped = all(re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}", texts[i]) for i in fractions)
    hundreds = any(mark not in text and number(text, mark) >= 100 for text in texts)
    if item.type != "number" or not fractions or not grouped or not hundreds:
        return []
    where = rows.holding(codes, fractions)
    shown = listed([f"“{texts[i]}”" for i in fractions if quotable(texts[i])], 4) or "such numbers"
    return [
        Problem(
            _where(column, item),
            "Numbers that may hold thousands separators",
            f"{shown} in {counted(len(where), 'cell')}, {rows.named(where)}, beside whole numbers of three digits",
            item.allowed,
            "if they are thousands, export plain numbers; if they are fractions, nothing needs to be done",
            blocks=False,
            cells=rows.cells(where),
        )
    ]
