"""What each wave asked, item by item: where it stood, how it was put, which answers it allowed, how it was answered.

What was asked comes from the export and its sidecar; of the answers only counts and moments are kept, never a cell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.disclosure import end_shares
from rejsens.importers.model import Export
from rejsens.problems import Problem, Refused, did_you_mean
from rejsens.sidecars import Wave
from rejsens.told_words import without_persons
from rejsens.translations import in_language, language_tag

ASKED = (
    "sidecar",
    "export",
)  # a text from these is what people read; one from the definition only what they should have
MOST_VALUES = 1000  # up to so many whole numbers are counted, more are sorted
NOT_APPLICABLE = "__na"  # suffix of the column that says where an item was structurally not applicable
STATISTICS = ("n", "n_missing", "n_not_applicable", "mean", "sd", "median", "skew", "kurtosis", "floor_pct", "ceiling_pct")  # fmt: skip


def not_applicable(answers: pd.DataFrame) -> pd.DataFrame:
    """The flags that stand beside answers, by item: people × items (bool), True where an item did not apply to a person."""
    flags = answers.filter(regex=f"{NOT_APPLICABLE}$")
    return flags.rename(columns=lambda column: column.removesuffix(NOT_APPLICABLE))


def columns_asked(asked: Mapping[str, Instrument], beside: Iterable[str] = ()) -> list[str]:
    """The columns of pooled answers that belong to one instrument: its items, the flags beside them, and those named.

    A job about one of ten instruments reads a tenth of the table.

    asked   wave -> the instrument as that wave administered it
    """
    items = dict.fromkeys(item.id for instrument in asked.values() for item in instrument.items)
    return [*(column for item in items for column in (item, f"{item}{NOT_APPLICABLE}")), *beside]


def asked_variables(
    wave: Wave, instruments: Sequence[Instrument], export: Export, columns: Mapping[str, str]
) -> pd.DataFrame:
    """One row per item that a wave asked, in the order of the export's columns, without statistics.

    columns   item id -> column of the export, as the reading layer found them; an item without a column has no row
    returns   the columns of the table "variables" before `n`, in the export's own texts […] for what tells who somebody is;
              `question_source` says who tells the wording: "sidecar" or
              "export" (what people read), "definition" (what the instrument's file says), or "" where nobody does;
              `choices_source` likewise: "labels" (the sidecar's map), "export", "definition" or ""; `defined_text` and
              `defined_choices` are the words of the instrument's file in the wave's `language`, "" where it has none
    raises    Refused when `replaces:` names what the wave did not ask, or a translation is at fault
    """
    _check_replaces(wave, instruments)
    words = {instrument.name: in_language(instrument, wave.language) for instrument in instruments}
    place = {column: position for position, column in enumerate(export.columns)}
    asked = [(instrument, instrument.item(i)) for instrument in instruments for i in instrument.columns if i in columns]
    asked.sort(
        key=lambda pair: place.get(columns[pair[1].id], len(place))
    )  # stable: tick boxes of one column keep order
    told = without_persons(export, columns.values())
    rows = [_row(wave, i, item, words[i.name], told, columns[item.id]) for i, item in asked]
    return pd.DataFrame([{**row, "position": k} for k, row in enumerate(rows, start=1)])


def variables(
    wave: Wave,
    instruments: Sequence[Instrument],
    export: Export,
    columns: Mapping[str, str],
    answers: pd.DataFrame,
    min_cell: int,
) -> pd.DataFrame:
    """`asked_variables` with statistics of the rows kept, in the direction in which the answers are stored.

    answers    checked answers of the rows kept: one float column per item, NaN = missing; a bool column `<item>__na` where
               an item allows "does not apply", which is not missing
    min_cell   fewer people than this behind a number: blank (1 shows everything; only simulated data may)
    """
    asked = asked_variables(wave, instruments, export, columns)
    items = {item.id: item for instrument in instruments for item in instrument.items}
    found = []
    for name in asked["variable"]:
        outside = int(answers[f"{name}{NOT_APPLICABLE}"].sum()) if f"{name}{NOT_APPLICABLE}" in answers else 0
        found.append(item_statistics(answers[name].to_numpy(), items[name], outside, min_cell))
    return pd.concat([asked, pd.DataFrame(found, columns=list(STATISTICS))], axis=1)


def columns_of_items(uses: pd.DataFrame, wave: Wave) -> dict[str, str]:
    """Item -> column of the export, from the table "columns" and the sidecar's cells that hold several choices."""
    several = {item: column for column, choices in (wave.multiple or {}).items() for item in choices.values()}
    read = uses[uses["used_as"] == "item"]
    return several | dict(zip(read["name"], read["column"], strict=True))


def _check_replaces(wave: Wave, instruments: Sequence[Instrument]) -> None:
    known = [name for i in instruments for name in (i.name, i.id, *(item.id for item in i.items))]
    problems = [
        Problem(
            f"{wave.path} › replaces",
            "A declared change of an item that was not asked",
            f"“{name}”",
            "items and instruments of this wave",
            did_you_mean(name, known) or "remove the line",
        )
        for name in (wave.replaces or {})
        if name not in known
    ]
    if problems:
        raise Refused(problems, wave.name)


def _row(
    wave: Wave, instrument: Instrument, item: Item, words: Instrument | None, export: Export, column: str
) -> dict[str, object]:
    """One item; `words` is the instrument in the wave's language, None where nobody has written that down."""
    worded = words.item(item.id) if words else None
    defined = _defined_text(words, worded) if words and worded else ""
    question, question_source = _question(wave, item, export, column, defined or _defined_text(instrument, item))
    choices, choices_source = _choices(wave, instrument, worded or item, export, column)
    several = wave.multiple or {}
    used_by = [s for s in instrument.scores if item.id in s.items or any(item.id in pair for pair in s.pairs)]
    part = [s.label for s in used_by if len({*s.items, *(i for p in s.pairs for i in p)}) < len(instrument.items)]
    turned = {"ascending": "descending", "descending": "ascending"}
    direction = instrument.anchor_direction
    declared = wave.replaces or {}
    return {
        "wave": wave.name,
        "variable": item.id,
        "instrument": instrument.name,
        "subscale": part[0] if part else "",
        "position": 0,
        "column": column,
        "platform": export.platform,
        "label": item.label,
        "question_text": question,
        "question_source": question_source,
        "language": language_tag(wave.language),
        "defined_text": defined,
        "defined_choices": _json({f"{code:g}": text for code, text in worded.labels.items()}) if worded else "",
        "type": "multi" if item.choice_of or column in several else "numeric" if item.type == "number" else "single",
        "choices": _json(choices),
        "choices_source": choices_source,
        "missing_codes": _json(_missing_codes(wave, item, export, column)),
        "min": item.low if math.isfinite(item.low) else math.nan,
        "max": item.high if math.isfinite(item.high) else math.nan,
        "reverse_keyed": item.reverse,
        "already_reversed": item.already_reversed,
        "item_order": instrument.order or "",
        "anchor_direction": turned[direction] if instrument.codes_descend else direction,
        "scored_in": " ".join(s.id for s in used_by),
        "replaces": next((declared[n] for n in (item.id, instrument.name, instrument.id) if n in declared), ""),
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False) if content else ""


def _defined_text(instrument: Instrument, item: Item) -> str:
    """The words of the instrument's file: those of a box or row behind those of its question."""
    own = [instrument.questions.get(item.choice_of or item.row_of or "", ""), item.wording or ""]
    return " ".join(" – ".join(filter(None, own)).split())


def _question(wave: Wave, item: Item, export: Export, column: str, defined: str) -> tuple[str, str]:
    """The question and who tells it; a platform that has no text repeats the column's name."""
    told = {"sidecar": (wave.questions or {}).get(column, ""), "export": export.questions.get(column, "")}
    for source, text in told.items():
        text = " ".join(str(text).split())
        if text and text not in (column, item.id):
            return text, source
    return defined, "definition" if defined else ""


def _choices(
    wave: Wave, instrument: Instrument, item: Item, export: Export, column: str
) -> tuple[dict[str, object], str]:
    """Code in the checked answers -> label (a list where several spellings are read as one code), and who tells it."""
    given = wave.labels or {}
    explicit = given.get(item.id) or given.get(instrument.name) or given.get(instrument.id) or {}
    platform = export.choices.get(column, {})
    if box := next((str(c) for c, i in (wave.multiple or {}).get(column, {}).items() if i == item.id), ""):
        return {"0": "not chosen", "1": platform.get(box, box)}, "export" if box in platform else "labels"
    pairs = [(code, platform.get(str(text), str(text))) for text, code in explicit.items()]
    source = "labels"
    if not pairs:
        absent = [*(wave.missing_codes or ()), *item.missing_codes, *export.missing.get(column, ())]
        read = [(_number(code), label) for code, label in platform.items()]
        pairs = [(code, label) for code, label in read if not math.isnan(code) and not _is_absent(code, absent)]
        source = "export"
    if not pairs:
        return {f"{code:g}": label for code, label in sorted(item.labels.items())}, "definition" if item.labels else ""
    found: dict[float, list[str]] = {}
    for code, label in pairs:
        found.setdefault(_stored(float(code), instrument, item), []).append(" ".join(str(label).split()))
    return {f"{c:g}": x[0] if len(x) == 1 else x for c, x in sorted(found.items())}, source


def choices_of_platform(export: Export, column: str) -> str:
    """The choices of a column as its platform tells them, as JSON; codes that are no numbers are left out."""
    read = {code: label for code, label in export.choices.get(column, {}).items() if not math.isnan(_number(code))}
    return _json({f"{_number(code):g}": " ".join(label.split()) for code, label in read.items()})


def _stored(code: float, instrument: Instrument, item: Item) -> float:
    """The code as the checked answers hold it: turned where this wave's codes run the other way."""
    turns = instrument.codes_descend and code not in item.not_applicable
    return item.low + item.high - code if turns else code


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan


def _is_absent(code: float, declared: Sequence[object]) -> bool:
    ranges = [entry if isinstance(entry, tuple) else (entry, entry) for entry in declared]
    return any(low <= code <= high for low, high in ranges if not isinstance(low, str))


def _missing_codes(wave: Wave, item: Item, export: Export, column: str) -> list[object]:
    """Numbers and texts that mean no answer; a range of an SPSS file reads "low to high"."""
    declared = [*(wave.missing_codes or ()), *item.missing_codes, *export.missing.get(column, ())]
    words = [f"{c[0]:g} to {c[1]:g}" if isinstance(c, tuple) else c for c in declared]
    plain = [int(c) if isinstance(c, float) and c.is_integer() else c for c in words]
    return list(dict.fromkeys(plain))


# --- statistics ------------------------------------------------------------------------------------------------------


def item_statistics(values: np.ndarray, item: Item, n_not_applicable: int, min_cell: int) -> dict[str, float]:
    """Counts and moments of one item; what rests on few people is left to the disclosure guard.

    values    float, NaN = missing or not applicable
    returns   n, n_missing, n_not_applicable; mean, sd (n − 1), median, bias-corrected skew and excess kurtosis; per cent at
              either end of the declared range. Codes of a category have no moments.

    Skew, kurtosis and the shares at the ends are blank where some answer was given by 1 to min_cell − 1 people: only the
    answers themselves show that, and the table that the guard sees does not hold them.

    >>> answers = np.array([0, 1, 1, 3, np.nan])
    >>> found = item_statistics(answers, Item("x", "x", 0, 3), 0, 1)
    >>> found["n"], found["n_missing"], found["mean"], found["median"], found["floor_pct"]
    (4, 1, 1.25, 1.0, 25.0)
    """
    points, counts = _counted(values[~np.isnan(values)], item)
    n = int(counts.sum())
    found = dict.fromkeys(STATISTICS, math.nan) | {
        "n": n,
        "n_missing": len(values) - n - n_not_applicable,
        "n_not_applicable": n_not_applicable,
    }
    if n == 0 or item.type == "category":
        return found
    closed = item.type != "number"
    few = closed and bool(((counts > 0) & (counts < min_cell)).any())
    found |= _moments(points, counts, n)
    if few:  # stays beside the gate, which sees no answers: two more equations for the hidden counts
        found |= {"skew": math.nan, "kurtosis": math.nan}
    if closed:
        low, high = (int(counts[points == end].sum()) for end in (item.low, item.high))
        found["floor_pct"], found["ceiling_pct"] = end_shares(counts.tolist(), low, high, min_cell)
    return found


def _counted(values: np.ndarray, item: Item) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and how often each occurs; whole numbers are counted without sorting."""
    if item.type == "scale" and item.high - item.low <= MOST_VALUES:
        points = np.arange(item.low, item.high + 1)
        return points, np.bincount((values - item.low).astype(np.intp), minlength=len(points))
    return np.unique(values, return_counts=True)


def _moments(points: np.ndarray, counts: np.ndarray, n: int) -> dict[str, float]:
    mean = float(points @ counts / n)
    second, third, fourth = (float((points - mean) ** k @ counts / n) for k in (2, 3, 4))
    places = np.cumsum(counts)
    middle = [points[np.searchsorted(places, k + 1)] for k in ((n - 1) // 2, n // 2)]
    skew = kurtosis = math.nan
    if n > 2 and second > 0:
        skew = math.sqrt(n * (n - 1)) / (n - 2) * third / second**1.5
    if n > 3 and second > 0:
        kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * fourth / second**2 - 3 * (n - 1))
    return {
        "mean": mean,
        "sd": math.sqrt(second * n / (n - 1)) if n > 1 else math.nan,
        "median": float(sum(middle) / 2),
        "skew": skew,
        "kurtosis": kurtosis,
    }
