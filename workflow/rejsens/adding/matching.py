"""Which column of an export holds which item: by its name, as in earlier waves, by its question, and what is only similar.

What is only similar is a suggestion. It is never applied by itself, since a wrong item looks like a right one for ever.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rejsens.administration import administer
from rejsens.definitions import Instrument
from rejsens.importers.cells import answer_text
from rejsens.importers.companions import TAG
from rejsens.importers.model import Export
from rejsens.problems import Problem, counted, did_you_mean, listed
from rejsens.sidecars import Wave, administered_name
from rejsens.translations import language_name

NONE = "none"  # `--map COLUMN=none`: the column holds no item, whatever it is called
CLOSE, CLOSER = 0.75, 0.9  # similarity of names, and of questions, from which one is suggested for the other


@dataclass(frozen=True)
class Earlier:
    """One earlier wave: what it asked, and in which column each item stood."""

    wave: Wave
    asked: tuple[Instrument, ...]
    item_of: Mapping[str, str]  # column -> item as administered
    several: Mapping[str, Mapping[str, str]]  # column -> {choice -> item}
    questions: Mapping[str, str]  # item -> the question as it was asked
    slots: Mapping[str, tuple[str, int]] = field(
        default_factory=dict
    )  # column -> (instrument, place), where orders circulate
    ids: frozenset[str] = frozenset()  # of its participants, as its export holds them; empty when that is not at hand


@dataclass(frozen=True)
class Match:
    """One column that holds one item, and how that was found out, in words."""

    column: str
    item: str
    how: str


@dataclass(frozen=True)
class Suggestion:
    """A column that may hold an item; a person has to say so."""

    column: str
    item: str
    why: str


@dataclass
class Matching:
    """What was found out: matches by column, questions with several choices in one cell, suggestions, faults."""

    matches: dict[str, Match] = field(default_factory=dict)
    several: dict[str, str] = field(default_factory=dict)  # column -> the question whose choices it holds
    suggestions: list[Suggestion] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)  # instrument -> the item order that its questions show
    problems: list[Problem] = field(default_factory=list)

    def take(self, column: str, item: str, how: str) -> None:
        self.matches[column] = Match(column, item, how)

    @property
    def column_of(self) -> dict[str, str]:
        return {match.item: match.column for match in self.matches.values()}


def earlier_wave(wave: Wave, asked: Sequence[Instrument], export: Export | None = None) -> Earlier:
    """What one sidecar says of columns and items, and its export of questions and ids, where it is at hand."""
    column_of = columns_of(wave, asked)
    several = {column: dict(choices) for column, choices in (wave.multiple or {}).items()}
    ticked = {item for choices in several.values() for item in choices.values()}
    item_of = {column: item for item, column in column_of.items() if item not in ticked}
    told = {**(export.questions if export else {}), **(wave.questions or {})}
    questions = {item: told[c] for item, c in column_of.items() if told.get(c)}
    who = wave.participant["column"]
    ids = {answer_text(text) for text in export.cells[who].to_pylist()} if export and who in export.columns else set()
    slots = {
        column_of[item]: (instrument.name, place)
        for instrument in asked
        if instrument.orders
        for place, item in enumerate(instrument.columns)
        if column_of[item] not in (wave.headers or {})
    }
    return Earlier(wave, tuple(asked), item_of, several, questions, slots, frozenset(ids - {""}))


def columns_of(wave: Wave, asked: Iterable[Instrument]) -> dict[str, str]:
    """Item -> column, as a sidecar alone says: explicit lists and patterns, the header map, equal names."""
    entries = {administered_name(entry): entry for entry in wave.settings["instruments"]}
    renamed = {item: column for column, item in (wave.headers or {}).items()}
    found: dict[str, str] = {}
    for instrument in asked:
        declared = entries[instrument.name].get("columns")
        if isinstance(declared, str):
            declared = [declared.format(n=n) for n in range(1, len(instrument.columns) + 1)]
        names = declared if declared and len(declared) == len(instrument.columns) else names_of(instrument)
        found |= {
            item: name if declared else renamed.get(item, name)
            for item, name in zip(instrument.columns, names, strict=True)
        }
    ticked = {item: column for column, choices in (wave.multiple or {}).items() for item in choices.values()}
    return found | {item: column for item, column in ticked.items() if item in found}


def names_of(instrument: Instrument) -> list[str]:
    """The names that an export without maps gives to the items, in the order in which they were presented.

    A name numbers the question, whatever the item order: rses_03 is the third one shown.
    """
    if instrument.order is None:
        return list(instrument.columns)
    prefix = instrument.name.removesuffix(instrument.id)
    return [prefix + i for i in next(iter(instrument.orders.values())) if prefix + i in instrument.columns]


def lenient(instrument: Instrument, entry: Mapping[str, Any]) -> Instrument:
    """The instrument as an entry administers it, also while a setting that it requires is not known yet."""
    settings = {key: value for key, value in entry.items() if key not in ("id", "columns")}
    return administer(replace(instrument, settings_required=()), instrument.id, **settings)


# --- questions -------------------------------------------------------------------------------------------------------


def plain_question(text: str) -> str:
    """A question without mark-up, case, kinds of blanks and quotation marks, and punctuation at its ends.

    >>> plain_question("  <b>How old</b> are\\u00a0you? ") == plain_question("How old are you")
    True
    """
    text = unicodedata.normalize("NFKC", TAG.sub(" ", text).replace("&nbsp;", " ")).casefold()
    text = text.translate(str.maketrans("’‘“”«»–—", '\'\'""""--'))
    return " ".join(text.split()).strip(" .?!:;-*\"'")


def readings(question: str) -> list[str]:
    """A question as it stands, and the part that tells it from its neighbours in a matrix: what follows the last dash, or
    stands in brackets at the end.

    >>> readings("How often? - Nervous"), readings("How often? [Nervous]")
    (['how often? - nervous', 'nervous'], ['how often? [nervous', 'nervous'])
    """
    whole = plain_question(question)
    parts = [whole]
    if found := re.search(r"[\[(](?:choice=)?([^\])]*)[\])]\s*$", question):
        parts.append(plain_question(found[1]))
    for dash in (" - ", " – ", " — "):
        if dash in question:
            parts.append(plain_question(question.rsplit(dash, 1)[1]))
    return [p for p in dict.fromkeys(p.rstrip("])") if i == 0 else p for i, p in enumerate(parts)) if p]


def question_index(instruments: Iterable[Instrument], earlier: Sequence[Earlier]) -> dict[str, set[str]]:
    """Question -> the items that were ever put in these words: by an instrument's own wording, or in an earlier wave."""
    index: dict[str, set[str]] = {}
    for past in earlier:
        for known, text in past.questions.items():
            index.setdefault(plain_question(text), set()).add(known)
    for past in earlier:  # the part in a matrix counts only where no whole question reads so
        for known, text in past.questions.items():
            for part in readings(text)[1:]:
                index.setdefault(part, set()).add(known)
    for instrument in instruments:
        for item in instrument.items:
            if item.wording:
                index.setdefault(plain_question(item.wording), set()).add(item.id)
            lead = instrument.questions.get(item.row_of or "")
            for whole in (f"{lead} - {item.wording}", f"{lead} [{item.wording}]") if lead else ():  # a row of a matrix
                index.setdefault(readings(whole)[0], set()).add(item.id)
    return index


def item_by_question(question: str, index: Mapping[str, set[str]], likely: Iterable[str] = ()) -> str | None:
    """The one item that a question is known for, or None; the whole question counts before its part.

    likely   items that the study asks: of several items with the same words the one among them is meant
    """
    for reading in readings(question):
        if items := index.get(reading):
            items = items if len(items) == 1 else items & set(likely)
            return next(iter(items)) if len(items) == 1 else None
    return None


def _same_question(question: str, item: str | None, items: Mapping[str, Instrument]) -> str:
    """How an item was known by its question: by an earlier wave's or the source's words, or by those of a translation."""
    instrument = items.get(item) if item else None
    if item and instrument and instrument.language:
        wording = instrument.item(item).wording
        if wording and plain_question(wording) in readings(question):
            return f"same question, by its {language_name(instrument.language)} wording"
    return "same question"


# --- matching --------------------------------------------------------------------------------------------------------


def match_columns(
    columns: Sequence[str],
    questions: Mapping[str, str],
    candidates: Mapping[str, Instrument],
    stated: Mapping[str, Sequence[str]],
    earlier: Sequence[Earlier],
    given: Mapping[str, str],
    durations: Iterable[str] = (),
) -> Matching:
    """Match columns to items.

    columns      the columns that may hold an answer, in the order of the export
    questions    column -> the question as it was asked, where the platform tells it
    candidates   instruments as they may have been asked, by administered name: those of flags and earlier waves first
    stated       administered name -> its columns in the order of presentation, as a person said
    earlier      earlier waves, the latest first
    given        column -> item, as a person said ("none": no item)
    durations    columns of the platform that hold the seconds a person took
    """
    found = Matching()
    items = {item: instrument for instrument in candidates.values() for item in instrument.columns}
    index = question_index(candidates.values(), earlier)
    index = {words: known & set(items) for words, known in index.items() if known & set(items)}
    _take_given(found, columns, given, items)
    _take_stated(found, columns, stated, candidates)
    by_name: dict[str, list[str]] = {}
    for instrument in candidates.values():
        for name, item in zip(names_of(instrument), instrument.columns, strict=True):
            by_name.setdefault(name.casefold(), []).append(item)
    named = {column: _by_name(column, by_name, earlier, candidates, set(items)) for column in columns}
    likely = {item for name in (*stated, *(i.name for past in earlier for i in past.asked)) if name in candidates
              for item in candidates[name].columns}  # fmt: skip
    worded = {c: item_by_question(questions[c], index, likely) for c in columns if questions.get(c)}
    open_columns = [c for c in columns if not named[c] and not worded.get(c) and given.get(c) != NONE]
    _take_several(found, open_columns, questions, candidates, earlier)
    contradicted: dict[str, tuple[str, str, str]] = {}
    for column in columns:
        if column in found.matches or column in found.several or given.get(column) == NONE:
            continue
        own, word = named[column], worded.get(column)
        if own and word and own[0] != word:
            contradicted[column] = (*own, word)
        elif own and own[0] not in found.column_of:
            found.take(column, *own)
    _take_contradicted(found, contradicted, items)
    _take_worded(
        found, columns, worded, given, contradicted, {c: _same_question(questions[c], worded[c], items) for c in worded}
    )
    for column in durations:
        target = next((item for item in items if item.endswith("duration_seconds")), None)
        if target and target not in found.column_of and column not in found.matches and given.get(column) != NONE:
            found.take(column, target, "the platform's own measure")
    free = [c for c in columns if c not in found.matches and c not in found.several and given.get(c) != NONE]
    found.suggestions = _suggestions(free, questions, items, found, earlier)
    return found


def _take_given(
    found: Matching, columns: Sequence[str], given: Mapping[str, str], items: Mapping[str, Instrument]
) -> None:
    for column, item in given.items():
        if column not in columns:
            found.problems.append(
                Problem(
                    f"--map {column}={item}",
                    "A map names a column that is not there",
                    f"“{column}” is no column of the export that may hold an answer",
                    "",
                    did_you_mean(column, columns) or "correct the name",
                )
            )
        elif item == NONE:
            continue
        elif item not in items:
            found.problems.append(
                Problem(
                    f"--map {column}={item}",
                    "A map names an unknown item",
                    f"“{item}”",
                    "",
                    did_you_mean(item, items) or "name an item of an instrument in schemas/instruments/",
                )
            )
        elif item in found.column_of:
            found.problems.append(
                Problem(
                    f"--map {column}={item}", "Two columns read as one item", f"“{item}”", "", "keep one of the maps"
                )
            )
        else:
            found.take(column, item, "as you said")


def _take_stated(
    found: Matching,
    columns: Sequence[str],
    stated: Mapping[str, Sequence[str]],
    candidates: Mapping[str, Instrument],
) -> None:
    for name, listed_columns in stated.items():
        instrument = candidates[name]
        if len(listed_columns) != len(instrument.columns):
            found.problems.append(
                Problem(
                    f"--instrument {name}",
                    "A column list of the wrong length",
                    f"{len(listed_columns)} columns",
                    f"{len(instrument.columns)} items were asked",
                    "list one column per item, in the order of the questionnaire, or state `items=[…]`",
                )
            )
            continue
        absent = [c for c in listed_columns if c not in columns]
        if absent:
            found.problems.append(
                Problem(
                    f"--instrument {name}",
                    "Missing columns",
                    f"{listed(absent)} {'is' if len(absent) == 1 else 'are'} not among the columns of the export that may hold an answer",
                    "",
                    did_you_mean(absent[0], columns) or "correct `columns=`",
                )
            )
            continue
        for column, item in zip(listed_columns, instrument.columns, strict=True):
            if column in found.matches:
                other = found.matches[column].item
                found.problems.append(
                    Problem(
                        f"--instrument {name}",
                        "One column read as two items",
                        f"“{column}”: {other} and {item}",
                        "",
                        "correct one",
                    )
                )
            else:
                found.take(column, item, "as you said")


def _take_several(
    found: Matching,
    columns: Sequence[str],
    questions: Mapping[str, str],
    candidates: Mapping[str, Instrument],
    earlier: Sequence[Earlier],
) -> None:
    """Questions with tick boxes whose choices stand in one cell: known by name, by wording, or from an earlier wave."""
    known: dict[str, str] = {}
    for instrument in candidates.values():
        for question, wording in instrument.questions.items():
            known |= {question.casefold(): question, plain_question(wording): question}
    for column in columns:
        if column in found.matches:
            continue
        past = next((e for e in earlier if column in e.several), None)
        texts = [column.casefold(), plain_question(column), plain_question(questions.get(column, ""))]
        asked = next((known[text] for text in texts if text in known), None)
        if past or asked:
            found.several[column] = asked or column


def _by_name(
    column: str,
    by_name: Mapping[str, list[str]],
    earlier: Sequence[Earlier],
    candidates: Mapping[str, Instrument],
    known: set[str],
) -> tuple[str, str] | None:
    """The item that a column's name stands for: its own name, or what it held in an earlier wave.

    Where several item orders circulate, a column of an earlier wave stands for a place among the items that were asked, and
    the item is the one that this wave's order puts there.
    """
    items = by_name.get(column.casefold(), [])
    if len(items) == 1:
        return items[0], "same name"
    for past in earlier:
        name, place = past.slots.get(column, ("", 0))
        then = {item for instrument in past.asked if instrument.name == name for item in instrument.columns}
        shown = [item for item in candidates[name].columns if item in then] if name in candidates else []
        if place < len(shown):
            return shown[place], f"as in wave {past.wave.name}"
        if past.item_of.get(column) in known:
            return past.item_of[column], f"as in wave {past.wave.name}"
    return None


def _contradiction(column: str, item: str, how: str, word: str) -> Problem:
    return Problem(
        column,
        "A column whose name says one item and whose question another",
        f"{how}, it would be {item}; its question is the one of {word}",
        "",
        f"look at the questionnaire, then say which: --map {column}={item} or --map {column}={word}",
    )


def _take_contradicted(
    found: Matching, contradicted: Mapping[str, tuple[str, str, str]], items: Mapping[str, Instrument]
) -> None:
    """Columns whose names and questions disagree: a whole instrument in another item order, or single columns."""
    told: set[str] = set()
    for instrument in {items[item].name: items[item] for item, _, _ in contradicted.values()}.values():
        own = {c: what for c, what in contradicted.items() if items[what[0]] is instrument}
        column_of = {**{m.item: m.column for m in found.matches.values()}, **{what[0]: c for c, what in own.items()}}
        shown = [own[c][2] if (c := column_of.get(item)) in own else item for item in instrument.columns]
        prefix = instrument.name.removesuffix(instrument.id)
        order = next(
            (n for n, o in instrument.orders.items() if [prefix + i for i in o if prefix + i in shown] == shown), None
        )
        if order:
            found.orders[instrument.name] = order
            for column, (_, _, word) in own.items():
                found.take(column, word, "same question")
            told |= set(own)
    found.problems += [_contradiction(c, *what) for c, what in contradicted.items() if c not in told]


def _take_worded(
    found: Matching,
    columns: Sequence[str],
    worded: Mapping[str, str | None],
    given: Mapping[str, str],
    contradicted: Iterable[str],
    how: Mapping[str, str],
) -> None:
    """Matches by question, where one column alone asks it."""
    wanting: dict[str, list[str]] = {}
    for column in columns:
        item = worded.get(column)
        free = column not in found.matches and column not in found.several and given.get(column) != NONE
        if item and free and item not in found.column_of:
            wanting.setdefault(item, []).append(column)
    contradicted = set(contradicted)
    for item, asking in wanting.items():
        if len(asking) == 1 and asking[0] not in contradicted:
            found.take(asking[0], item, how[asking[0]])
        elif len(asking) > 1:
            found.problems.append(
                Problem(
                    listed(asking),
                    "One question in several columns",
                    f"{counted(len(asking), 'column')} ask what {item} asks",
                    "one column for each item",
                    f"say which is meant (--map {asking[0]}={item}), and what the others are (--map {asking[1]}=none); "
                    "an instrument asked twice gets a name of its own (--instrument ID:as=NAME)",
                    blocks=False,
                )
            )


def _suggestions(
    free: Sequence[str],
    questions: Mapping[str, str],
    items: Mapping[str, Instrument],
    found: Matching,
    earlier: Sequence[Earlier],
) -> list[Suggestion]:
    """For each item that is still without a column, the column most like it: by name, or by its question."""
    begun = {items[match.item].name for match in found.matches.values()}
    asked_before = {instrument.name for past in earlier for instrument in past.asked}
    open_items = [
        item
        for item, instrument in items.items()
        if item not in found.column_of and instrument.name in begun | asked_before
    ]
    wording = {item.id: item.wording for i in items.values() for item in i.items if item.wording}
    wording |= {item: text for past in reversed(earlier) for item, text in past.questions.items()}
    plain = {column: plain_question(questions[column]) for column in free if questions.get(column)}
    ranked = []
    for item in open_items:
        for column in free:
            if (likeness := _likeness(column.casefold(), item)) >= CLOSE:
                ranked.append((likeness, column, item, "similar name"))
            if item in wording and column in plain:
                likeness = _likeness(plain[column], plain_question(wording[item]))
                if likeness >= CLOSER:
                    ranked.append((1 + likeness, column, item, "similar question, in other words than before"))
    chosen: list[Suggestion] = []
    for _, column, item, why in sorted(ranked, key=lambda r: (-r[0], r[1], r[2])):
        if column not in {s.column for s in chosen} and item not in {s.item for s in chosen}:
            chosen.append(Suggestion(column, item, why))
    return sorted(chosen, key=lambda s: free.index(s.column))


def _likeness(one: str, other: str) -> float:
    if abs(len(one) - len(other)) > max(len(one), len(other)) * 0.4:
        return 0.0
    numbers = [re.findall(r"\d+", text) for text in (one, other)]
    if [n.lstrip("0") for n in numbers[0]] != [n.lstrip("0") for n in numbers[1]] and all(numbers):
        return 0.0  # gad7_02 is no misspelling of gad7_03
    matcher = difflib.SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.real_quick_ratio() >= CLOSE and matcher.quick_ratio() >= CLOSE else 0.0


# --- columns that are numbered alike ---------------------------------------------------------------------------------


def matrices(columns: Sequence[str], at_least: int = 3) -> dict[str, int]:
    """Patterns of numbered columns, such as Q7_{n} or rses[SQ{n:03}], and up to which number they go without a gap.

    >>> matrices(["age", "Q7_1", "Q7_2", "Q7_3", "Q9_1", "q[SQ01]", "q[SQ02]", "q[SQ03]"])
    {'Q7_{n}': 3, 'q[SQ{n:02}]': 3}
    """
    found: dict[str, set[int]] = {}
    for column in columns:
        part = re.fullmatch(r"(.*?)(0*)(\d+)(\D{0,3})", column)
        if part and not {"{", "}"} & set(column):
            number = part[2] + part[3]
            wide = f"{{n:0{len(number)}}}" if len(number) > 1 and number.startswith("0") else "{n}"
            found.setdefault(f"{part[1]}{wide}{part[4]}", set()).add(int(number))
    for pattern in [p for p in found if "{n}" in p]:  # gad7_01 … gad7_10: the tenth has no zero to show
        for width in (2, 3, 4):
            if (wide := pattern.replace("{n}", f"{{n:0{width}}}")) in found:
                found[wide] |= {n for n in found[pattern] if len(str(n)) == width}
    runs = {pattern: next(n for n in range(1, len(ns) + 2) if n not in ns) - 1 for pattern, ns in found.items()}
    return {pattern: n for pattern, n in runs.items() if n >= at_least}


def pattern_of(columns: Sequence[str]) -> str | None:
    """The pattern that gives exactly these columns in this order, or None.

    >>> pattern_of(["Q7_1", "Q7_2", "Q7_3"]), pattern_of(["Q7_2", "Q7_1", "Q7_3"])
    ('Q7_{n}', None)
    """
    if len(columns) < 2:
        return None
    return next(
        (p for p in matrices(columns, 2) if [p.format(n=n) for n in range(1, len(columns) + 1)] == list(columns)), None
    )
