"""One wave's questionnaire without a platform: what each question says, which answers it offers, when it was filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from rejsens.declarations import read_yaml
from rejsens.definitions import Instrument, Item
from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.parameters import stream
from rejsens.simulate.study import SimulatedWave

NO_ANSWER = "No answer"  # what a choice text stands for where codes would say -99


@dataclass(frozen=True)
class Exported:
    """One wave as a platform writes it, and what a sidecar must say so that it is read.

    content     the file's bytes
    maps        keys of the sidecar: platform, participant, headers, labels, ...
    columns     instrument -> its entry's `columns:` in the sidecar, where names do not say it
    suffix      ending of the file
    first_row   row of the first answer, as a spreadsheet counts
    companions  ending -> bytes of what the platform gives beside the answers (dictionary, structure)
    """

    content: bytes
    maps: Mapping[str, Any]
    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    suffix: str = ".csv"
    first_row: int = 2
    companions: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One item as it is asked. `name` is its plain column, `number` its place in the instrument's presentation, from 1."""

    item: Item
    instrument: Instrument
    name: str
    number: int
    text: str
    choices: Mapping[float, str]  # code -> answer text; none where a number is typed

    @property
    def box_of(self) -> str | None:
        """The question of which this is one tick box."""
        return self.item.choice_of


def questionnaire(wave: SimulatedWave) -> list[Question]:
    """Every item of a wave in the order in which it is presented."""
    found = []
    for instrument in wave.instruments:
        for number, (name, item) in enumerate(zip(plain_names(instrument), instrument.columns, strict=True), start=1):
            asked = instrument.item(item)
            text = asked.wording or f"{instrument.name}: {asked.label.replace('_', ' ')}"
            found.append(Question(asked, instrument, name, number, text, answer_texts(asked, instrument)))
    return found


def plain_names(instrument: Instrument) -> list[str]:
    """Plain column names: under a named order, rses_03 is the third question, whichever item that is."""
    if not instrument.order:
        return list(instrument.columns)
    return [name for name in instrument.orders[next(iter(instrument.orders))] if name in instrument.columns]


def alone(question: Question) -> bool:
    """A question of its own, or what the platform writes down by itself; any other is a line of a matrix or a box."""
    return not question.instrument.scores and question.item.type != "scale" and not question.box_of


def tick_questions(questions: Iterable[Question]) -> dict[str, list[Question]]:
    """Question with tick boxes -> its boxes, in order."""
    boxes: dict[str, list[Question]] = {}
    for question in questions:
        if question.box_of:
            boxes.setdefault(question.box_of, []).append(question)
    return boxes


def answer_texts(item: Item, instrument: Instrument) -> dict[float, str]:
    """What people click on: our own labels with a capital; for a published scale the code, and the anchor at either end."""
    if item.choice_of or item.labels:
        return {code: label[0].upper() + label[1:] for code, label in item.labels.items()}
    if item.type == "number":
        return {}
    low, high = _anchors(instrument.path, item.id)
    codes = np.arange(item.low, item.high + 1).tolist()
    return {c: f"{c:g} {low}" if c == item.low else f"{c:g} {high}" if c == item.high else f"{c:g}" for c in codes}


@cache
def _anchors(path: str, item: str) -> tuple[str, str]:
    content = read_yaml(path, "instrument")
    own: dict[str, Any] = next((entry.get("answers", {}) for entry in content["items"] if entry["id"] == item), {})
    anchors = {**content["answers"], **own}.get("anchors", {})
    return anchors.get("min", "lowest"), anchors.get("max", "highest")


def text_above(question: Question) -> str:
    """What stands above a line of a matrix or a box: the kind of event, then the question or the instrument's stem.

    A published scale has only its name.
    """
    instrument = question.instrument
    of = question.box_of or question.item.row_of
    above = instrument.questions[of] if of else instrument.stem or instrument.name
    event = instrument.events[instrument.event] if instrument.event else ""
    return " ".join(f"{event} {above}".split())


def line_text(question: Question, between: str = " ") -> str:
    """A line's own words, behind what tells it from another line in the same words: its kind of event, its question."""
    instrument, of = question.instrument, question.item.row_of
    event = instrument.events[instrument.event] if instrument.event else ""
    return between.join(filter(None, [event, instrument.questions[of] if of else "", question.text]))


# --- cells -----------------------------------------------------------------------------------------------------------


def codes(wave: SimulatedWave, question: Question) -> list[str]:
    """The answers to one question as codes, one text per row, "" where there is none."""
    return written(wave.cells[question.item.id])


def texts(wave: SimulatedWave, question: Question) -> list[str]:
    """The answers to one question as choice texts; a code that no choice has is written as it is."""
    return written(wave.cells[question.item.id], {MISSING_CODE: NO_ANSWER} | dict(question.choices))


def written(answers: pd.Series, labels: Mapping[float, str] | None = None) -> list[str]:
    found = {code: (labels or {}).get(code, f"{code:g}") for code in answers.dropna().unique()}
    return ["" if np.isnan(code) else found[code] for code in answers]


def in_one_cell(wave: SimulatedWave, boxes: Sequence[Question], choices: Sequence[str], between: str) -> list[str]:
    """The ticked choices of one question in one cell per row, "" where the question was left out."""
    ticked = wave.cells[[box.item.id for box in boxes]].to_numpy() == 1
    return [between.join(choice for choice, tick in zip(choices, row, strict=True) if tick) for row in ticked]


def label_maps(wave: SimulatedWave, questions: Iterable[Question]) -> dict[str, dict[str, int]]:
    """Choice text -> code, for whole instruments where all their items share it, otherwise for single items.

    A planted answer outside the range stands in the file as it was typed, and its text means that number.
    """
    by_instrument: dict[str, list[Question]] = {}
    for question in questions:
        by_instrument.setdefault(question.instrument.name, []).append(question)
    maps: dict[str, dict[str, int]] = {}
    for name, asked in by_instrument.items():
        own = {q.item.id: _label_map(wave, q) for q in asked if q.choices}
        alike = all(q.choices == asked[0].choices for q in asked)
        shared = {text: code for labels in own.values() for text, code in labels.items()}
        maps |= {name: shared} if alike and own else own
    return maps


def _label_map(wave: SimulatedWave, question: Question) -> dict[str, int]:
    strays = set(wave.cells[question.item.id].dropna()) - set(question.choices) - {MISSING_CODE}
    offered = {text: int(code) for code, text in question.choices.items()}
    return offered | {f"{code:g}": int(code) for code in sorted(strays)}


# --- sittings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sittings:
    """When each row was filled in, and the platform's own name for it. A repeated row repeats these too."""

    start: list[datetime]
    end: list[datetime]
    seconds: list[int]
    response: list[str]


def sittings(wave: SimulatedWave, seed: int) -> Sittings:
    """Moments and response ids of a wave's rows, the same on every platform."""
    rng = stream(seed, wave.name, "platform")
    n = len(wave.cells)
    opened = datetime.fromisoformat(wave.declared["from"])
    days = (datetime.fromisoformat(wave.declared["to"]) - opened).days
    seconds = wave.cells["duration_seconds"].to_numpy(dtype=int).tolist()
    start = [opened + timedelta(seconds=int(s)) for s in rng.integers(8 * 3600, days * 86400, size=n)]
    letters = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
    response = ["R_" + "".join(rng.choice(letters, size=15)) for _ in range(n)]
    end = [moment + timedelta(seconds=s) for moment, s in zip(start, seconds, strict=True)]
    columns: tuple[list[Any], ...] = (start, end, seconds, response)
    for copy in wave.planted[wave.planted["kind"] == "exact_duplicate"].itertuples():
        for column in columns:
            column[copy.position] = column[int(copy.detail.rpartition(" ")[2])]
    return Sittings(start, end, seconds, response)
