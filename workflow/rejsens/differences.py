"""How a wave's questionnaire differs from the waves before it, from the tables "variables" that say what each asked.

A question that keeps its id but not its words, or a code that keeps its number but not its meaning, is another measure
under a known name. Such a change stops the run unless the wave's sidecar states, under `replaces:`, why the answers may
still be compared. Everything else is told and stops nothing.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens.problems import Problem, Refused, counted, listed

COLUMNS = ("wave", "previous_wave", "change", "variable", "instrument", "before", "after", "status", "reason")
BLOCKS, REPLACED, NOTED, COMPARED = "blocks", "replaced", "noted", "compared"
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
    before = [_by_name(frame) for frame in earlier]
    now = _by_name(new)
    rows = [_compared(now, before), *_instruments(now, before, not_asked), *_items(now, before)]
    for name, item in now.items():
        rows += _of_item(item, before, name)
    rows += [*_orders(now, before[0]), *_declared_in_vain(now, rows)]
    return _frame(rows, new, earlier[0])


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


def common_stem(texts: Sequence[str]) -> str:
    """What a platform puts in front of each of several questions: the words they share, up to a mark that parts them.

    >>> common_stem(["How often? - I am sad.", "How often? - I am glad."]), common_stem(["I am sad.", "I am glad."])
    ('How often? - ', '')
    """
    if len(texts) < 2:
        return ""
    ends = min(texts), max(texts)  # what these two share, all share
    shared = ends[0][: next((k for k, (a, b) in enumerate(zip(*ends, strict=False)) if a != b), len(ends[0]))]
    parted = re.match(r".*(?: [-–—|:>] |\[|: )", shared, flags=re.DOTALL)
    return parted[0] if parted else ""


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
    words = sum(bool(now[n]["question_source"] in WORDS_ASKED and _last_told(before, n, "question")) for n in shared)
    options = sum(bool(now[n]["choices_source"] in CHOICES_ASKED and _last_told(before, n, "choices")) for n in shared)
    reason = f"{counted(len(shared), 'item')} asked before; compared were the wording of {words} and the answer labels of {options}"
    return _row("compared", None, counted(len(before[0]), "item"), counted(len(now), "item"), reason, status=COMPARED)


def _last(before: Sequence[Mapping[str, Row]], name: str) -> Row | None:
    """An item as the nearest wave that asked it did."""
    return next((wave[name] for wave in before if name in wave), None)


def _last_told(before: Sequence[Mapping[str, Row]], name: str, what: str) -> Row | None:
    """An item as the nearest wave did that tells its wording ("question") or its answer labels ("choices")."""
    sources = WORDS_ASKED if what == "question" else CHOICES_ASKED
    return next((wave[name] for wave in before if name in wave and wave[name][f"{what}_source"] in sources), None)


# --- what was asked --------------------------------------------------------------------------------------------------


def _instruments(now: Mapping[str, Row], before: Sequence[Mapping[str, Row]], not_asked: Collection[str]) -> list[Row]:
    sizes = _sizes(now)
    were = [_sizes(wave) for wave in before]
    rows = []
    for name in (name for name in sizes if name not in were[0]):
        last = next((k for k, wave in enumerate(were) if name in wave), None)
        size = {"instrument": name, "after": counted(sizes[name], "item")}
        if last is None:
            rows.append(_row("instrument new", **size))
        else:
            rows.append(_row("instrument asked again", reason=f"last asked in {_wave(before[last])}", **size))
    for name in (name for name in were[0] if name not in sizes):
        told = name in not_asked
        advice = "if this is meant, list it under `not_asked:`; if not, add it to `instruments:`"
        reason = "as the sidecar says (`not_asked:`)" if told else advice
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
    rows += _wording(item, before, name) + _options(item, before, name)
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
    return [_row("declared, not found", group[0], reason=f"`replaces:` says: {why}") for why, group in idle.items()]


def _wording(item: Row, before: Sequence[Mapping[str, Row]], name: str) -> list[Row]:
    if item["question_source"] not in WORDS_ASKED:
        return []
    told = _last_told(before, name, "question")
    if told:
        if _asked_alike(told, item):
            return []
        ends = told["question_text"], item["question_text"]
        return [_row("reworded", item, *ends, previous_wave=told["wave"], status=BLOCKS)]
    was = _last(before, name)
    if was["question_source"] == "definition" and plain_key(was["question_text"]) not in plain_key(
        item["question_text"]
    ):
        ends = was["question_text"], item["question_text"]
        return [_row("other words than the definition", item, *ends, previous_wave=was["wave"])]
    return []


def same_words(first: str, second: str) -> bool:
    """Whether two texts are the same but for case, spaces, typographic marks and mark-up.

    >>> same_words("I don't  feel “seen”.", "i don’t feel \\"seen\\"."), same_words("I feel seen.", "I feel unseen.")
    (True, False)
    """
    return plain_key(first) == plain_key(second)


_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("‘’‚‛´`′", "'") | dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)


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


def plain_key(text: str) -> str:
    """What is left of a text without case, spaces, typographic marks and mark-up."""
    plain = re.sub(r"</?[a-zA-Z][^>]*>", " ", html.unescape(text))
    # an accent that stands alone would become a space and a mark
    plain = unicodedata.normalize("NFKC", plain.translate(_TYPOGRAPHIC)).translate(_TYPOGRAPHIC).casefold()
    return "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Cf")


# --- answer options --------------------------------------------------------------------------------------------------


def _options(item: Row, before: Sequence[Mapping[str, Row]], name: str) -> list[Row]:
    told = _last_told(before, name, "choices")
    if item["choices_source"] not in CHOICES_ASKED or not told:
        return []
    old, new = _labels(told), _labels(item)
    found = options_changed(old, new)
    return [_row(kind, item, *ends, previous_wave=told["wave"], status=status) for kind, status, *ends in found]


def _labels(item: Row) -> dict[str, list[str]]:
    choices = json.loads(item["choices"] or "{}")
    return {code: label if isinstance(label, list) else [label] for code, label in choices.items()}


def options_changed(
    old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]
) -> list[tuple[str, str, str, str]]:
    """What became of the answers of one item: (change, status, before, after) per kind of change.

    old, new   code in the answers -> the label, or the several spellings, that stand for it

    A label that is itself a number is a code of the export, not a label.

    >>> options_changed({"0": ["never"], "1": ["often"]}, {"0": ["Often"], "1": ["Never"]})
    [('recoded', 'blocks', '“never” is 0, “often” is 1', '“Often” is 0, “Never” is 1')]
    >>> options_changed({"0": ["non-binary"]}, {"0": ["Nonbinary"], "1": ["other"]})
    [('spelled otherwise', 'noted', '“non-binary” is 0', '“Nonbinary” is 0'), ('options added', 'noted', '', '“other” is 1')]
    """
    words = [{code: [x for x in labels if not _is_number(x)] for code, labels in side.items()} for side in (old, new)]
    where = [_codes_of(side) for side in words]
    moved = {label for label in where[0].keys() & where[1].keys() if not where[0][label] & where[1][label]}
    kinds: dict[str, tuple[set[str], set[str]]] = {}

    def note(kind: str, side: int, *codes: str) -> None:
        kinds.setdefault(kind, (set(), set()))[side].update(codes)

    for label in moved:
        note("recoded", 0, *where[0][label])
        note("recoded", 1, *where[1][label])
    for code in (c for c in old if c in new):
        was, is_ = ({plain_key(x) for x in side[code]} for side in words)
        if was & is_ or moved & (was | is_):
            continue
        kind = "read from another code"
        if was and is_:
            spelled = any(_spelled_otherwise(x, y) for x in words[0][code] for y in words[1][code])
            kind = "spelled otherwise" if spelled else "recoded"
        elif sorted(old[code]) == sorted(new[code]):
            continue
        note(kind, 0, code)
        note(kind, 1, code)
    gone, come = ([c for c in x if c not in y] for x, y in ((old, new), (new, old)))
    note("options added", 1, *(c for c in come if not moved & {plain_key(x) for x in words[1][c]}))
    note("options removed", 0, *(c for c in gone if not moved & {plain_key(x) for x in words[0][c]}))
    return [
        (kind, BLOCKS if kind == "recoded" else NOTED, _named(old, was), _named(new, is_))
        for kind, (was, is_) in kinds.items()
        if was or is_
    ]


def _codes_of(labels: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Label, freed of its spelling -> the codes for which it stands."""
    found: dict[str, set[str]] = {}
    for code, own in labels.items():
        for label in own:
            found.setdefault(plain_key(label), set()).add(code)
    return found


def _named(labels: Mapping[str, Sequence[str]], codes: Collection[str]) -> str:
    return ", ".join(f"{' or '.join(f'“{x}”' for x in labels[code])} is {code}" for code in labels if code in codes)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?\d+(?:[.,]\d+)?\s*", text))


def _spelled_otherwise(first: str, second: str) -> bool:
    """Whether two labels differ in spelling only: accents, punctuation, or one letter of a word that begins alike.

    A word more or less, or another beginning, may turn the meaning round ("likely", "unlikely") and is no spelling.

    >>> _spelled_otherwise("Several days", "several day"), _spelled_otherwise("likely", "unlikely")
    (True, False)
    """
    bare = [_bare(text) for text in (first, second)]
    if bare[0].replace(" ", "") == bare[1].replace(" ", ""):
        return True
    pairs = list(zip(*(text.split() for text in bare), strict=False))
    same_length = len(pairs) == len(bare[0].split()) == len(bare[1].split())
    return same_length and all(a == b or _slip(a, b) for a, b in pairs)


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", html.unescape(text)).casefold()
    return " ".join(re.sub(r"[^\w\s]|_", "", "".join(c for c in letters if not unicodedata.combining(c))).split())


def _slip(a: str, b: str) -> bool:
    """Two words of four letters or more that begin alike and differ by one letter left out, put in or changed."""
    if max(len(a), len(b)) < 4 or a[0] != b[0] or any(map(str.isdigit, a + b)) or abs(len(a) - len(b)) > 1:
        return False
    start = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rests = {(a[start + 1 :], b[start + 1 :]), (a[start + 1 :], b[start:]), (a[start:], b[start + 1 :])}
    return any(x == y for x, y in rests) or (
        a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
    )


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
            ends = (f"{_place(side, names, name)} of {len(names)}" for side in (old, now))
            rows.append(_row("reordered", now[name], *ends))
    places = [
        {i: min(side[n]["position"] for n in names) for i, names in shared.items()} for side in (now, old)
    ]  # fmt: skip
    for instrument in _moved(sorted(shared, key=places[0].get), places[1]):
        ends = (f"{sorted(side, key=side.get).index(instrument) + 1} of {len(shared)}" for side in reversed(places))
        rows.append(_row("instrument moved", None, *ends, instrument=instrument))
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
    tables = [
        compare(variables[wave], [variables[name] for name in before[wave]], not_asked.get(wave, ()))
        for wave in variables
        if before[wave]
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


def wording_changed(new: pd.DataFrame, earlier: Sequence[pd.DataFrame]) -> dict[str, str]:
    """Item -> "yes", "no", "not known" (a wording is not told), or "" where no earlier wave asked it."""
    before = [_by_name(frame) for frame in earlier]
    found = {}
    for name, item in _by_name(new).items():
        told = _last_told(before, name, "question")
        if _last(before, name) is None:
            found[name] = ""
        elif told is None or item["question_source"] not in WORDS_ASKED:
            found[name] = "not known"
        else:
            found[name] = "no" if _asked_alike(told, item) else "yes"
    return found


# --- in few words ----------------------------------------------------------------------------------------------------

# change -> how it is said of n items; the order is that of the page
SAID = {
    "reworded": "reworded",
    "recoded": "answers recoded",
    "instrument new": "new instrument",
    "instrument asked again": "asked again",
    "instrument not asked": "no longer asked",
    "item added": "item added",
    "item asked again": "item asked again",
    "item missing": "item missing",
    "options added": "answer options added",
    "options removed": "answer options removed",
    "range changed": "range changed",
    "item order": "other item order",
    "answer direction": "answers run the other way",
    "stored reversed": "stored reversed or not",
    "other words than the definition": "other words than the instrument's file",
    "spelled otherwise": "answers spelled otherwise",
    "read from another code": "answers read from other codes",
    "missing codes": "other missing codes",
    "renamed": "in another column",
    "reordered": "in another place of its scale",
    "instrument moved": "instrument in another place",
    "declared, not found": "declared as changed, no change found",
}
SHOW_ALL = ("reworded", "recoded", "options added", "options removed")  # each text is shown, not one as an example
MOST_SHOWN = 12


@dataclass(frozen=True)
class Summary:
    """Some items of one or several instruments that changed in the same way."""

    instruments: tuple[str, ...]
    kind: str
    change: str  # the kind in words
    n_items: int
    before: str
    after: str
    status: str
    reason: str


def summarise(differences: pd.DataFrame) -> list[Summary]:
    """The differences of one wave in few lines: a line per instrument and kind of change; one line for all instruments
    when more than three changed in the same way; one line per item where its texts matter."""
    lines = []
    rows = differences[differences["status"] != COMPARED]
    reordered = set(rows.loc[rows["change"] == "item order", "instrument"])  # other columns and places follow from that
    rows = rows[~(rows["change"].isin(["renamed", "reordered"]) & rows["instrument"].isin(reordered))]
    for change in SAID:
        own = rows[rows["change"] == change]
        if change in SHOW_ALL:
            lines += _each(own, change)
            continue
        groups = list(own.groupby(["instrument", "status"], sort=False))
        if len({instrument for (instrument, _), _ in groups}) > 3:
            groups = [(("", status), group) for status, group in own.groupby("status", sort=False)]
        lines += [_line(group, change) for _, group in groups]
    return lines


def _each(rows: pd.DataFrame, change: str) -> list[Summary]:
    """Rows that say the same of several items of one instrument are one line."""
    alike = [group for _, group in rows.groupby(["instrument", "before", "after", "status"], sort=False)]
    lines = [_line(group, change) for group in alike[:MOST_SHOWN]]
    return [*lines, _line(pd.concat(alike[MOST_SHOWN:]), change)] if len(alike) > MOST_SHOWN else lines


def _line(rows: pd.DataFrame, change: str) -> Summary:
    first = rows.iloc[0]
    same = rows.groupby(["before", "after"], sort=False).ngroups == 1
    example = "" if same else "e.g. "
    items = [name for name in rows["variable"] if name]
    return Summary(
        instruments=tuple(dict.fromkeys(rows["instrument"])),
        kind=change,
        change=SAID[change],
        n_items=len(items),
        before=f"{example}{first['before']}" if first["before"] else "",
        after=first["after"] if first["before"] or not first["after"] else f"{example}{first['after']}",
        status=first["status"],
        reason=first["reason"] if rows["reason"].nunique() == 1 else "",
    )


def said_of(line: Summary, shown: int = 3) -> str:
    """Whom a line is about, in words."""
    return listed(line.instruments, shown) if len(line.instruments) <= shown else f"{len(line.instruments)} instruments"
