"""What the answers of an export mean as codes: by the instrument, by earlier waves, by the platform, by a person's map."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rejsens.adding.columns import Column
from rejsens.adding.matching import Earlier, readings
from rejsens.declarations import load_yaml
from rejsens.definitions import Instrument, Item
from rejsens.importers.cells import label_key
from rejsens.problems import Problem, counted, did_you_mean, listed
from rejsens.translations import language_name

Labels = dict[str, float]


@dataclass
class Reading:
    """How the answers to one item are read.

    codes     text as it stands in the export -> code; empty where every text is its own code
    sources   where the codes come from, in words
    unread    texts that nothing explains
    """

    codes: Labels = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def number(text: str, decimal: str = ".") -> float:
    """The number that a text spells, or NaN."""
    try:
        return (
            float(text.replace(decimal, ".") if decimal != "." else text)
            if text and text[0] not in "nNiI"
            else math.nan
        )
    except ValueError:
        return math.nan


def allowed(code: float, item: Item) -> bool:
    """Whether a code is one of the item's: in its range, or declared as missing or not applicable."""
    if code in item.not_applicable or code in item.missing_codes:
        return True
    if item.type == "category":
        return code in item.labels
    return item.low <= code <= item.high and (item.type == "number" or code == math.floor(code))


def read_item(
    column: Column,
    item: Item,
    instrument: Instrument,
    given: Mapping[str, Mapping[str, float]],
    earlier: Sequence[Earlier],
    choices: Mapping[str, str],
    missing: set[str],
    decimal: str = ".",
    question: str = "",
) -> Reading:
    """The code of every answer in one column.

    given     labels that a person stated: item, administered or plain instrument -> (answer -> code); they come first
    choices   code in the export -> label, where the platform tells it
    missing   texts that mean no answer
    """
    texts = [text for text in column.filled if text not in missing]
    stated = _by_key(_for(given, item, instrument) or {})
    known = {label_key(text): _turned(code, item, instrument) for code, text in item.labels.items()}
    past, wave = _earlier_labels(earlier, item, instrument)
    by_choice = _by_choices(choices, item, known)
    ticks = _ticks(item, question)
    sources = (
        (stated, "your map"),
        (
            known,
            f"the instrument's {language_name(instrument.language)} labels"
            if instrument.language
            else "the instrument",
        ),
        (past, f"wave {wave}"),
        (by_choice, "the platform"),
        (ticks, "tick box"),
    )
    reading = Reading()
    for text in texts:
        key, value = label_key(text), number(text, decimal)
        found = [(labels[key], source) for labels, source in sources if key in labels]
        if not found and not math.isnan(value) and not stated:
            found = [(value, "")]
        if found:
            reading.codes[text] = found[0][0]
            reading.sources += [found[0][1]] if found[0][1] and found[0][1] not in reading.sources else []
        else:
            reading.unread.append(text)
    if reading.unread and (begin := _numbers_in_front(texts, item)):
        reading.codes |= begin
        reading.unread = []
        reading.sources.append("the number in front")
    own_codes = all(number(text, decimal) == code for text, code in reading.codes.items())
    if own_codes:  # what lies outside the range keeps its number: whether that stops the wave, the study decides
        told = _told_anew(choices, item, known)
        reading.codes = reading.codes | told if told else {}
    else:  # answers that nobody chose this time are explained as well
        reading.codes = _unseen(column.filled, choices, by_choice, _for(given, item, instrument) or {}) | reading.codes
    return reading


def _told_anew(choices: Mapping[str, str], item: Item, known: Labels) -> Labels:
    """Answers come as codes, and the platform words them as the instrument does not: its words are kept for the codebook.

    A map must explain every code, so those without words are in it as well.
    """
    codes = {number(code): label for code, label in choices.items()}
    fits = codes and all(not math.isnan(c) and allowed(c, item) for c in codes)
    if not fits or item.type == "number" or all(label_key(label) in known for label in choices.values()):
        return {}
    scale = range(int(item.low), int(item.high) + 1) if item.type == "scale" else item.labels
    every = [*scale, *item.not_applicable, *(c for c in codes if c not in item.missing_codes)]
    return {label: code for code, label in codes.items() if label} | {f"{c:g}": float(c) for c in every}


def _by_key(labels: Mapping[Any, float]) -> Labels:
    return {label_key(text): float(code) for text, code in labels.items()}


def _turned(code: float, item: Item, instrument: Instrument) -> float:
    """An instrument's own code as a wave whose codes run the other way writes it; it is turned back when it is read."""
    turned = instrument.codes_descend and code not in item.not_applicable and code not in item.missing_codes
    return item.low + item.high - code if turned else code


TICKED = {"checked", "yes", "y", "true", "selected", "x", "1", "ja", "oui", "si"}
NOT_TICKED = {"unchecked", "no", "n", "false", "not selected", "0", "nein", "non"}


def _ticks(item: Item, question: str) -> Labels:
    """What a tick box may hold on any platform: a mark, a yes, or the words of the choice itself."""
    if not item.choice_of:
        return {}
    own = {label_key(item.wording or ""), *map(label_key, readings(question)[1:])} - {""}
    return dict.fromkeys(TICKED | own, 1.0) | dict.fromkeys(NOT_TICKED, 0.0)


def _for(given: Mapping[str, Any], item: Item, instrument: Instrument) -> Any:
    return given.get(item.id) or given.get(instrument.name) or given.get(instrument.id)


def _unseen(texts: Sequence[str], choices: Mapping[str, str], by_choice: Labels, stated: Mapping[Any, float]) -> Labels:
    """Answers that nobody chose this time: they are explained as well."""
    have = {label_key(text) for text in texts}
    listed_choices = [text for code, label in choices.items() for text in (label, code)]
    labels = {
        t: by_choice[label_key(t)] for t in listed_choices if label_key(t) in by_choice and label_key(t) not in have
    }
    return labels | {str(text): float(code) for text, code in stated.items() if label_key(text) not in have}


def _earlier_labels(earlier: Sequence[Earlier], item: Item, instrument: Instrument) -> tuple[Labels, str]:
    """The label map of the latest wave that asked the item in the same direction and range, and that wave's name."""
    for past in earlier:
        then = next((i for i in past.asked if i.name == instrument.name), None)
        if then is None or then.codes_descend != instrument.codes_descend or item.id not in {i.id for i in then.items}:
            continue
        if (then.item(item.id).low, then.item(item.id).high) != (item.low, item.high):
            continue
        if labels := _for(past.wave.labels or {}, item, instrument):
            return _by_key(labels), past.wave.name
    return {}, ""


def _by_choices(choices: Mapping[str, str], item: Item, known: Labels) -> Labels:
    """What the platform's list of choices says, for its labels and for its codes; nothing unless it fits the item whole.

    Choices that the instrument words alike take the instrument's codes. Others take the platform's codes, when those are
    exactly the item's: a list from 1 to 4 for an item from 0 to 3 says nothing about which code is meant.
    """
    codes = {code: number(code) for code in choices}
    if any(math.isnan(value) for value in codes.values()):
        return {}
    worded = {code: known[label_key(label)] for code, label in choices.items() if label_key(label) in known}
    if known and len(worded) == len(choices):
        return {label_key(choices[c]): v for c, v in worded.items()} | {label_key(c): v for c, v in worded.items()}
    scale = {value for value in codes.values() if item.low <= value <= item.high}
    whole = item.type == "scale" and scale == {float(v) for v in range(int(item.low), int(item.high) + 1)}
    if whole and all(allowed(value, item) for value in codes.values()):
        return {label_key(choices[c]): v for c, v in codes.items()} | {label_key(c): v for c, v in codes.items()}
    return {}


def _numbers_in_front(texts: Sequence[str], item: Item) -> Labels:
    """Answers such as "1 - never", "2", "5 - always": the number is the code, when each has one and all are the item's."""
    found = {text: re.match(r"\s*(-?\d+)(?![\d.,])", text) for text in texts}
    codes = {text: float(m[1]) for text, m in found.items() if m}
    complete = len(codes) == len(texts) > 1 and len(set(codes.values())) == len(texts)
    return codes if complete and item.type == "scale" and all(allowed(c, item) for c in codes.values()) else {}


def direction_problem(
    instrument: Instrument, choices: Mapping[str, Mapping[str, str]], column_of: Mapping[str, str]
) -> Problem | None:
    """Choices of the platform whose end words stand at the other ends than the wave's direction says.

    Of published instruments only the end words are known; the definition's file tells them.
    """
    anchors = _anchors(instrument)
    low, high = label_key(anchors.get("min", "")), label_key(anchors.get("max", ""))
    if not low or not high:
        return None
    seen = []
    for item in instrument.items:
        codes = {number(code): label_key(label) for code, label in choices.get(column_of.get(item.id, ""), {}).items()}
        codes = {code: label for code, label in codes.items() if label in (low, high)}
        if set(codes.values()) == {low, high} and len(codes) == 2:
            ends = sorted(codes)
            seen.append("ascending" if codes[ends[0]] == low else "descending")
    stated = "descending" if instrument.codes_descend else "ascending"
    if not seen or stated in seen:
        return None
    return Problem(
        instrument.name,
        "Answers that run the other way",
        f"the platform's choices put “{anchors['max']}” at the lowest code and “{anchors['min']}” at the highest"
        if seen[0] == "descending"
        else f"the platform's choices put “{anchors['min']}” at the lowest code and “{anchors['max']}” at the highest",
        f"anchor_direction {stated}, as stated or as defined",
        f'if the platform tells the truth: --instrument "{instrument.name}:anchor_direction={seen[0]}"',
    )


def _anchors(instrument: Instrument) -> dict[str, str]:
    """The end words of the answers: of a translation those of its labels, else those that the definition's file states."""
    if instrument.language:
        item = next((item for item in instrument.items if item.type == "scale" and item.labels), None)
        return {"min": item.labels.get(item.low, ""), "max": item.labels.get(item.high, "")} if item else {}
    return load_yaml(instrument.path)["answers"].get("anchors", {}) if instrument.path else {}


def strange_codes(
    read: Mapping[str, Reading],
    instruments: Iterable[Instrument],
    choices: Mapping[str, Mapping[str, str]],
    column_of: Mapping[str, str],
    given: Mapping[str, Mapping[str, float]],
) -> list[Problem]:
    """Answers that come as codes, from a list of choices whose codes are not the item's: 1 to 4 where 0 to 3 stands.

    That nobody chose the strangest of them this time proves nothing, so the list is looked at and not the answers.
    """
    problems = []
    for instrument in instruments:
        found: dict[str, list[str]] = {}
        for item in instrument.items:
            options = choices.get(column_of.get(item.id, ""), {})
            codes = [number(code) for code in options]
            mapped = (item.id in read and read[item.id].codes) or _for(given, item, instrument)
            strange = [c for c in codes if not math.isnan(c) and not allowed(c, item)]
            if strange and not mapped and item.type != "number":
                found.setdefault(f"{listed([f'{c:g}' for c in codes], 12)}, allowed are {item.allowed}", []).append(
                    item.id
                )
        problems += [
            Problem(
                f"{instrument.name} ({listed(items, 3)})",
                "The export's codes are not the instrument's",
                f"the platform's choices have the codes {what}",
                "",
                "say which code each answer has (--labels FILE.yaml), or which of them mean no answer (--missing CODE)",
            )
            for what, items in found.items()
        ]
    return problems


# --- the label map of a sidecar --------------------------------------------------------------------------------------


def label_map(read: Mapping[str, Reading], instruments: Iterable[Instrument]) -> dict[str, Labels]:
    """The sidecar's `labels:`: one map per instrument where its items share one, else one per item."""
    labels: dict[str, Labels] = {}
    for instrument in instruments:
        own = {item.id: read[item.id].codes for item in instrument.items if item.id in read}
        mapped = {item: codes for item, codes in own.items() if codes}
        alike = len({(i.low, i.high, i.type, tuple(i.labels.items())) for i in instrument.items}) == 1
        together: dict[str, set[float]] = {}
        for codes in mapped.values():
            for text, code in codes.items():
                together.setdefault(text, set()).add(code)
        numbers = any(not codes for codes in own.values())  # an item whose texts are codes needs no map, and gets none
        if (
            mapped
            and alike
            and not numbers
            and len(instrument.items) > 1
            and all(len(c) == 1 for c in together.values())
        ):
            labels[instrument.name] = {text: next(iter(codes)) for text, codes in together.items()}
        else:
            labels |= {item: dict(codes) for item, codes in mapped.items()}
    return {
        name: {text: _whole(code) for text, code in sorted(codes.items(), key=lambda e: e[1])}
        for name, codes in labels.items()
    }


def _whole(code: float) -> float:
    return int(code) if float(code).is_integer() else code


@dataclass(frozen=True)
class Unread:
    """Answers to one instrument that nothing explains: those that may be shown, with how many people gave them, and others.

    rows   of the others
    """

    instrument: Instrument
    tellable: Mapping[str, int]
    hidden: tuple[str, ...]
    rows: tuple[int, ...]
    hints: tuple[str, ...]

    def problem(self, least: int) -> Problem:
        """What stands there, and the lines that a labels file would need."""
        name, items = self.instrument.name, self.instrument.items
        what = [f"“{text}” ({n} {'person' if n == 1 else 'people'})" for text, n in self.tellable.items()]
        if self.hidden:
            rows = f"row{'s' if len(self.rows) > 1 else ''} {listed(self.rows)}"
            what.append(
                f"{counted(len(self.hidden), 'answer')} of fewer than {least} people, not shown here, in {rows}"
            )
        lines = ", ".join(f'"{text}": …' for text in self.tellable)
        template = (
            f"write into a file labels.yaml: {name}: {{{lines}}}"
            if lines
            else f"state each under {name}: in a file labels.yaml"
        )
        advice = (
            f"{template}, with the code of each, and add --labels labels.yaml; what means no answer: --missing TEXT"
        )
        alike = len({item.allowed for item in items}) == 1
        return Problem(
            name,
            "Answers that no label or code explains",
            listed(what, 12),
            items[0].allowed if alike else "the codes of each item",
            " ".join([*self.hints, advice]),
        )


def unread_answers(
    read: Mapping[str, Reading],
    columns: Mapping[str, Column],
    instruments: Iterable[Instrument],
    choices: Mapping[str, Mapping[str, str]],
    least: int,
    shown: Callable[[str], bool],
) -> list[Unread]:
    """Answers that nothing explains, instrument by instrument.

    columns   item -> its column
    least     a text is shown when the platform lists it as a choice, or at least so many people gave it
    shown     whether a text may be shown at all
    """
    found = []
    for instrument in instruments:
        people: dict[str, set[int]] = {}
        declared: set[str] = set()
        known: list[str] = []
        for item in (item for item in instrument.items if item.id in read and read[item.id].unread):
            column = columns[item.id]
            declared |= {label_key(text) for pair in choices.get(column.name, {}).items() for text in pair}
            known += [*map(str, item.labels.values()), *read[item.id].codes]
            for text in read[item.id].unread:
                people.setdefault(text, set()).update(column.rows_with([text]))
        tellable = {
            t: len(rows) for t, rows in people.items() if shown(t) and (label_key(t) in declared or len(rows) >= least)
        }
        hidden = tuple(t for t in people if t not in tellable)
        rows = tuple(sorted({row for text in hidden for row in people[text]}))
        hints = tuple(dict.fromkeys(filter(None, (did_you_mean(label_key(t), known) for t in tellable))))
        if people:
            found.append(Unread(instrument, tellable, hidden, rows, hints))
    return found
