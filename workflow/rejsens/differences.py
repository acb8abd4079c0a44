"""How a wave's questionnaire differs from the waves before it, from the tables "variables" that say what each asked.

A question that keeps its id but not its words, or a code that keeps its number but not its meaning, is another measure
under a known name. Such a change stops the run unless the wave's sidecar states, under `replaces:`, why the answers may
still be compared. Everything else is told and stops nothing.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.answer_options import BLOCKS, NOTED, meanings, options_across, options_changed
from rejsens.problems import Problem, Refused, counted
from rejsens.translations import SOURCE, language_name, same_language
from rejsens.wording import common_stem, plain_key, same_words

COLUMNS = ("wave", "previous_wave", "change", "variable", "instrument", "before", "after", "status", "reason")
REPLACED, COMPARED = "replaced", "compared"
WORDS_ASKED, CHOICES_ASKED = ("sidecar", "export"), ("labels", "export")  # sources that tell what people really read
CAUSES = {"reworded": "A known item was reworded", "recoded": "A known item was recoded"}

Row = dict[str, Any]


def compare(new: pd.DataFrame, earlier: Sequence[pd.DataFrame], not_asked: Collection[str] = ()) -> pd.DataFrame:
    """The differences of one wave from those before it.

    new         rows of the table "variables" of the wave
    earlier     the same of earlier waves, the one to compare with first; the others serve for what that one did not ask,
                or of which it does not tell the wording or the answer options
    not_asked   instruments that the wave's sidecar says were left out
    returns     the table "differences"; its row "compared" says how much could be compared at all
    """
    if not earlier:
        return pd.DataFrame(columns=list(COLUMNS))
    return _differences(new, earlier[0], _by_name(new), [_by_name(frame) for frame in earlier], not_asked)


def _differences(
    new: pd.DataFrame,
    old: pd.DataFrame,
    now: Mapping[str, Row],
    before: Sequence[Mapping[str, Row]],
    not_asked: Collection[str],
) -> pd.DataFrame:
    """The same of waves whose rows are known by name."""
    rows = [
        _compared(now, before),
        *_language(now, before),
        *_instruments(now, before, not_asked),
        *_items(now, before),
    ]
    for name, item in now.items():
        rows += _of_item(item, before, name)
    rows += [*_orders(now, before[0]), *_declared_in_vain(now, rows)]
    return _frame(rows, new, old)


def _by_name(variables: pd.DataFrame) -> dict[str, Row]:
    """Variable -> its row, with the stem that a platform put in front of an instrument's questions.

    `to_dict` does the same five times as slowly, and `rejsens check` waits for it.
    """
    cells = {column: variables[column].tolist() for column in variables}
    items = {
        row["variable"]: row for row in (dict(zip(cells, r, strict=True)) for r in zip(*cells.values(), strict=True))
    }
    texts: dict[str, list[str]] = {}
    for item in items.values():
        if item["question_source"] in WORDS_ASKED:
            texts.setdefault(item["instrument"], []).append(item["question_text"])
    stems = {instrument: common_stem(own) for instrument, own in texts.items()}
    return {name: item | {"stem": stems.get(item["instrument"], "")} for name, item in items.items()}


def _frame(rows: Sequence[Row], new: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """In the order of what stops first, then of the questionnaire."""
    wave, previous = (str(f["wave"].iloc[0]) if len(f) else "" for f in (new, old))
    place = {name: k for k, name in enumerate([*new["variable"], *old["variable"]])}
    rank = {COMPARED: 0, BLOCKS: 1, REPLACED: 2, NOTED: 3}
    whole = [{"wave": wave, "previous_wave": previous, "variable": "", "instrument": ""} | row for row in rows]
    ordered = sorted(whole, key=lambda row: (rank[row["status"]], place.get(row["variable"], -1)))
    return pd.DataFrame(ordered, columns=list(COLUMNS)).fillna("")


def _row(change: str, item: Row | None = None, before: str = "", after: str = "", reason: str = "", **more: str) -> Row:
    own = {"variable": item["variable"], "instrument": item["instrument"]} if item else {}
    return {"change": change, "before": before, "after": after, "status": NOTED, "reason": reason} | own | more


def _compared(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]]) -> Row:
    shared = [name for name in now if _last(before, name)]
    words = sum(_tells(now[n], "question") and _words_known(now[n], before) for n in shared)
    options = sum(_tells(now[n], "choices") and _options_known(now[n], before) for n in shared)
    items = f"{counted(len(shared), 'item')} asked before; "
    if words and options:
        reach = f"compared were the wording of {words} and the answer labels of {options}"
    elif words or options:
        kinds = ("wording", "answer labels") if words else ("answer labels", "wording")
        reach = (
            f"compared were the {kinds[0]} of {words or options}; not the {kinds[1]}, which the waves do not both tell"
        )
    else:
        reach = "neither wording nor answer labels could be compared, since the waves do not both tell them"
    reason = f"{items}{reach}" if shared else "no item was asked before"
    return _row("compared", None, counted(len(before[0]), "item"), counted(len(now), "item"), reason, status=COMPARED)


def _tells(item: Row, what: str) -> bool:
    """Whether a wave itself tells the wording ("question") or the answer labels ("choices") of an item."""
    return item[f"{what}_source"] in (WORDS_ASKED if what == "question" else CHOICES_ASKED)


def _words_known(item: Row, before: Sequence[Mapping[str, Row]]) -> bool:
    """Whether the wording can be compared: with an earlier wave in its language, or across two by the instrument's file."""
    if _told(before, item, "question"):
        return True
    return bool(item["defined_text"] and _told(before, item, "question", across=True))


def _options_known(item: Row, before: Sequence[Mapping[str, Row]]) -> bool:
    """Whether the answer labels can be compared: in one language as they stand, across two by the instrument's file."""
    if _told(before, item, "choices"):
        return True
    other = _told(before, item, "choices", across=True)
    return other is not None and all(meanings(_labels(x), _words(x)) for x in (other, item))


def _last(before: Sequence[Mapping[str, Row]], name: str) -> Row | None:
    """An item as the nearest wave that asked it did."""
    return next((wave[name] for wave in before if name in wave), None)


def _told(before: Sequence[Mapping[str, Row]], item: Row, what: str, across: bool = False) -> Row | None:
    """An item as the nearest wave did that tells its wording ("question") or its answer labels ("choices"), of the waves in
    the item's language, or of those in others."""
    name = item["variable"]
    waves = (wave[name] for wave in before if name in wave)
    return next(
        (x for x in waves if _tells(x, what) and same_language(x["language"], item["language"]) != across), None
    )


# --- the language ----------------------------------------------------------------------------------------------------


def _language(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]]) -> list[Row]:
    """One row where the wave was asked in another language than the one before it, and none for each item."""
    is_, was = (next(iter(wave.values()))["language"] if wave else "" for wave in (now, before[0]))
    if same_language(is_, was):
        return []
    here, there = _language_said(is_), _language_said(was)
    shared = [item for name, item in now.items() if _last(before, name)]
    told = [item for item in shared if _tells(item, "question")]
    afresh = [item for item in told if not _told(before, item, "question")]
    by_file = sum(bool(item["defined_text"]) for item in afresh)
    parts = [
        (len(told) - len(afresh), f"the wording of {{}} was compared with an earlier wave in {here}"),
        (by_file, f"the wording of {{}} was compared with the {here} of the instruments' files"),
        (len(afresh) - by_file, f"the wording of {{}} could not be compared, since no file holds it in {here}"),
        (len(shared) - len(told), "the wording of {} is not told"),
    ]
    reach = [text.format(counted(n, "item")) for n, text in parts if n]
    scores = f"scores in {here} and {there} are compared without a test that the two languages measure alike, unless one is reported"
    return [_row("other language", None, there, here, "; ".join([*reach, scores]))]


def _language_said(tag: str) -> str:
    return language_name(tag) if tag else f"{language_name(SOURCE)} (taken as such, since the sidecar states none)"


# --- what was asked --------------------------------------------------------------------------------------------------


def _instruments(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]], not_asked: Collection[str]) -> list[Row]:
    sizes = _sizes(now)
    were = [_sizes(wave) for wave in before]
    rows = []
    for name in (name for name in sizes if name not in were[0]):
        last = next((k for k, wave in enumerate(were) if name in wave), None)
        size: dict[str, Any] = {"instrument": name, "after": counted(sizes[name], "item")}
        if last is None:
            rows.append(_row("instrument new", **size))
        else:
            rows.append(_row("instrument asked again", reason=f"last asked in {_wave(before[last])}", **size))
    for name in (name for name in were[0] if name not in sizes):
        told = name in not_asked
        advice = "if this is meant, list it under `not_asked`; if not, add it to `instruments`"
        reason = "as the sidecar says (`not_asked`)" if told else advice
        size = {"instrument": name, "before": counted(were[0][name], "item")}
        rows.append(_row("instrument not asked", reason=reason, **size))
    return rows


def _sizes(wave: Mapping[str, Row]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for item in wave.values():
        sizes[item["instrument"]] = sizes.get(item["instrument"], 0) + 1
    return sizes


def _wave(frame: Mapping[str, Row]) -> str:
    return next(iter(frame.values()))["wave"]


def _items(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]]) -> list[Row]:
    """Items that came to, or went from, an instrument that both waves ask."""
    old = before[0]
    both = _sizes(now).keys() & _sizes(old).keys()
    rows = []
    for name in (n for n, item in now.items() if n not in old and item["instrument"] in both):
        last = _last(before, name)
        kind, reason = ("item asked again", f"last asked in {last['wave']}") if last else ("item added", "")
        rows.append(_row(kind, now[name], after=_called(now[name]), reason=reason))
    for name in (n for n, item in old.items() if n not in now and item["instrument"] in both):
        advice = "its scale is scored without it where the key allows; if it was asked, map its column"
        rows.append(_row("item missing", old[name], before=_called(old[name]), reason=advice))
    return rows


def _called(item: Row) -> str:
    return item["question_text"] or item["label"].replace("_", " ")


# --- one item --------------------------------------------------------------------------------------------------------


def _of_item(item: Row, before: Sequence[Mapping[str, Row]], name: str) -> list[Row]:
    was = _last(before, name)
    if was is None:
        return []
    rows = []
    if was["column"] != item["column"]:
        rows.append(_row("renamed", item, was["column"], item["column"], previous_wave=was["wave"]))
    if (was["min"], was["max"]) != (item["min"], item["max"]) and not _both_open(was, item):
        rows.append(_row("range changed", item, _range(was), _range(item), previous_wave=was["wave"]))
    if was["already_reversed"] != item["already_reversed"]:
        ends = ("stored reversed" if x["already_reversed"] else "stored as answered" for x in (was, item))
        rows.append(_row("stored reversed", item, *ends, previous_wave=was["wave"]))
    if was["missing_codes"] != item["missing_codes"]:
        ends = (_codes(x) for x in (was, item))
        rows.append(_row("missing codes", item, *ends, previous_wave=was["wave"]))
    rows += _wording(item, before) + _options(item, before)
    return _declared(rows, item["replaces"])


def _both_open(was: Row, item: Row) -> bool:
    return all(pd.isna(x[end]) for x in (was, item) for end in ("min", "max"))


def _range(item: Row) -> str:
    return f"{item['min']:g} to {item['max']:g}"


def _codes(item: Row) -> str:
    return ", ".join(map(str, json.loads(item["missing_codes"] or "[]"))) or "none"


MEANING = ("reworded", "recoded", "spelled otherwise", "options added", "options removed", "range changed")


def _declared(rows: list[Row], why: str) -> list[Row]:
    """What stops and is declared under `replaces:` does not stop, and whatever changed in meaning carries the reason."""
    if not why:
        return rows
    status = {BLOCKS: REPLACED}
    return [
        row | {"status": status.get(row["status"], row["status"]), "reason": why} if row["change"] in MEANING else row
        for row in rows
    ]


def _declared_in_vain(now: Mapping[str, Row], rows: Sequence[Row]) -> list[Row]:
    """Declarations under `replaces:` that nothing needs: the item is the same, or nobody knows what it was."""
    used = {row["reason"] for row in rows if row["change"] in MEANING}
    idle: dict[str, list[Row]] = {}
    for item in (x for x in now.values() if x["replaces"] and x["replaces"] not in used):
        idle.setdefault(item["replaces"], []).append(item)
    return [_row("declared, not found", group[0], reason=f"`replaces` says: {why}") for why, group in idle.items()]


def _wording(item: Row, before: Sequence[Mapping[str, Row]]) -> list[Row]:
    """An item's words against the nearest wave in its language that tells them, else against the instrument's file."""
    if not _tells(item, "question"):
        return []
    if told := _told(before, item, "question"):
        if _asked_alike(told, item):
            return []
        ends = told["question_text"], item["question_text"]
        return [_row("reworded", item, *ends, previous_wave=told["wave"], status=BLOCKS)]
    if _as_defined(item):
        return []
    ends = item["defined_text"], item["question_text"]
    return [_row("other words than the definition", item, *ends)]


def _as_defined(item: Row) -> bool:
    """Whether the wave tells the file's words, whatever stem its platform put in front; True where the file has none.

    A platform that stores several tick boxes in one cell tells their question alone, without the words of a box.
    """
    file, asked = plain_key(item["defined_text"]), plain_key(item["question_text"])
    return file in asked or (item["type"] == "multi" and asked in file)


def _asked_alike(was: Row, item: Row) -> bool:
    """Whether a question is put in the same words in two waves, each by what its platform tells.

    One platform puts an instrument's stem in front of every question, or a box's label behind it, and another does not: what
    only one of two platforms tells is not compared. On one and the same platform it is.
    """
    first, second = was["question_text"], item["question_text"]
    if same_words(first, second) or was["platform"] == item["platform"]:
        return same_words(first, second)
    if item["type"] == "multi":
        keys = sorted(map(plain_key, (first, second)), key=len)
        return keys[0] in keys[1]
    own = [text.removeprefix(side["stem"]).rstrip("] ") for text, side in ((first, was), (second, item))]
    stems = [plain_key(side["stem"]).rstrip("-|:>[") for side in (was, item)]
    return same_words(*own) and (not all(stems) or stems[0] == stems[1])


# --- answer options --------------------------------------------------------------------------------------------------


def _options(item: Row, before: Sequence[Mapping[str, Row]]) -> list[Row]:
    if not _tells(item, "choices"):
        return []
    told = _told(before, item, "choices")
    other = None if told else _told(before, item, "choices", across=True)
    if told:
        found, wave = options_changed(_labels(told), _labels(item)), told["wave"]
    elif other:
        found, wave = options_across(_labels(other), _labels(item), _words(other), _words(item)), other["wave"]
    else:
        return []
    return [_row(kind, item, *ends, previous_wave=wave, status=status) for kind, status, *ends in found]


def _labels(item: Row) -> dict[str, list[str]]:
    choices = json.loads(item["choices"] or "{}")
    return {code: label if isinstance(label, list) else [label] for code, label in choices.items()}


def _words(item: Row) -> dict[str, str]:
    """The answers as the instrument's file words them in the language of the wave."""
    return json.loads(item["defined_choices"] or "{}")


# --- order -----------------------------------------------------------------------------------------------------------


def _orders(now: Mapping[str, Row], old: Mapping[str, Row]) -> list[Row]:
    """Declared item orders and directions, instruments and items that stand elsewhere than in the wave before."""
    rows = []
    shared: dict[str, list[str]] = {}
    for name in (name for name in now if name in old):
        shared.setdefault(now[name]["instrument"], []).append(name)
    for instrument, names in shared.items():
        is_, was = now[names[0]], old[names[0]]
        if is_["item_order"] != was["item_order"]:
            reason = "items stand in other columns and places"
            rows.append(_row("item order", None, was["item_order"], is_["item_order"], reason, instrument=instrument))
        if is_["anchor_direction"] != was["anchor_direction"]:
            ends = was["anchor_direction"], is_["anchor_direction"]
            reason = "the codes of one of the waves are turned when they are read"
            rows.append(_row("answer direction", None, *ends, reason, instrument=instrument))
        for name in _moved(sorted(names, key=lambda n: now[n]["position"]), {n: old[n]["position"] for n in names}):
            stood, stands = (f"{_place(side, names, name)} of {len(names)}" for side in (old, now))
            rows.append(_row("reordered", now[name], stood, stands))
    places = [
        {i: min(side[n]["position"] for n in names) for i, names in shared.items()} for side in (now, old)
    ]  # fmt: skip
    for instrument in _moved(sorted(shared, key=places[0].__getitem__), places[1]):
        stood, stands = (
            f"{sorted(side, key=side.__getitem__).index(instrument) + 1} of {len(shared)}" for side in reversed(places)
        )
        rows.append(_row("instrument moved", None, stood, stands, instrument=instrument))
    return rows


def _place(side: Mapping[str, Row], names: Sequence[str], name: str) -> int:
    return sorted(names, key=lambda n: side[n]["position"]).index(name) + 1


def _moved(names: Sequence[str], was: Mapping[str, int]) -> list[str]:
    """The fewest names to take out so that the others stand in the order in which they stood.

    >>> _moved(["b", "a", "c", "d"], {"a": 1, "b": 2, "c": 3, "d": 4})
    ['b']
    """
    ends: list[int] = []  # ends[k]: smallest last place of a rising chain of k + 1 names
    chains: list[list[str]] = []
    for name in names:
        k = bisect_left(ends, was[name])
        chain = [*(chains[k - 1] if k else []), name]
        ends[k : k + 1], chains[k : k + 1] = [was[name]], [chain]
    kept = set(chains[-1]) if chains else set()
    return [name for name in names if name not in kept]


# --- several waves, and what stops -----------------------------------------------------------------------------------


def compare_waves(
    variables: Mapping[str, pd.DataFrame],
    before: Mapping[str, Sequence[str]],
    not_asked: Mapping[str, Collection[str]],
    sidecars: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Every wave with those before it.

    variables   wave -> its table "variables", in order of time
    before      wave -> the waves to compare with, nearest first (a retest: the wave it repeats first)
    returns     the table "differences"
    raises      Refused with one sentence per change that stops and that no `replaces:` declares
    """
    named = {wave: _by_name(frame) for wave, frame in variables.items()}  # once, not once for every later wave
    tables = [
        _differences(frame, variables[old[0]], named[wave], [named[name] for name in old], not_asked.get(wave, ()))
        for wave, frame in variables.items()
        if (old := before[wave])
    ]
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    if problems := blocking(found, sidecars):
        raise Refused(problems, "The waves as they stand")
    return found


def blocking(differences: pd.DataFrame, sidecars: Mapping[str, str] | None = None) -> list[Problem]:
    """What stops, in sentences: both versions, and what to do.

    sidecars   wave -> its file; data/waves/WAVE.yaml where nothing else is said
    """
    problems = []
    for row in differences[differences["status"] == BLOCKS].to_dict("records"):
        sidecar = (sidecars or {}).get(row["wave"], f"data/waves/{row['wave']}.yaml")
        if row["change"] == "reworded":
            found = f"wave {row['previous_wave']} asked “{row['before']}”, wave {row['wave']} asks “{row['after']}”"
        else:
            found = f"in wave {row['previous_wave']} {row['before']}; in wave {row['wave']} {row['after']}"
        problems.append(
            Problem(
                f"{sidecar} › {row['variable']}",
                CAUSES[row["change"]],
                found,
                "",
                "if the answers may still be compared, say why in the new wave's sidecar under `replaces:` (item id, or "
                "instrument id for all its items: what changed and why); if not, give the new question an item id of its "
                "own, or ask the instrument under another name with `as:`",
            )
        )
    return problems


def wording_changed(
    variables: Mapping[str, pd.DataFrame], before: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str]]:
    """Wave -> item -> "yes", "no", "other language" (so far told in others only), "not known" (a wording is not told), or ""
    where no earlier wave asked it.

    variables   wave -> its table "variables"
    before      wave -> the waves with which its wording is compared, nearest first
    """
    named = {wave: _by_name(frame) for wave, frame in variables.items()}  # once, not once for every later wave
    return {wave: _wording_changed(now, [named[name] for name in before[wave]]) for wave, now in named.items()}


def _wording_changed(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]]) -> dict[str, str]:
    found = {}
    for name, item in now.items():
        told = _told(before, item, "question")
        if _last(before, name) is None:
            found[name] = ""
        elif not _tells(item, "question") or not (told or _told(before, item, "question", across=True)):
            found[name] = "not known"
        elif told is None:
            found[name] = "other language"
        else:
            found[name] = "no" if _asked_alike(told, item) else "yes"
    return found
