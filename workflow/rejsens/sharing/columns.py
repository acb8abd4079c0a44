"""The dictionary of a package: one row per column of each table, from the instruments' files and the codebook."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.codebook import UNITS
from rejsens.definitions import Instrument, Item, Score
from rejsens.describe import missing_rule
from rejsens.scoring import DOES_NOT_APPLY, N_ANSWERED, PRORATED
from rejsens.study import Study
from rejsens.variables import NOT_APPLICABLE

# column -> what it holds
DICTIONARY = {
    "table": "table of the package",
    "variable": "column of that table",
    "label": "short label",
    "question_text": "the question, where its wording may be handed on",
    "type": "string, integer, number or boolean",
    "level": "level of measurement: nominal, ordinal or interval",
    "unit": "what the number counts or measures",
    "minimum": "lowest possible value",
    "maximum": "highest possible value",
    "values": "every possible value and its label, as JSON; blank: any within the range",
    "blank_means": "what an empty cell says; blank: no cell is empty",
    "missing_codes": "codes and texts of the export that mean no answer, as JSON; in the tables such cells are empty",
    "not_applicable": "column that says where this one is empty because it does not apply",
    "reverse_keyed": "true: scores take the item turned round; the answers here are not turned",
    "already_reversed": "true: the export holds the item turned round already, and scores do not turn it again",
    "instrument": "instrument, with the prefix under which it was asked",
    "subscale": "part of the instrument, where it has parts",
    "scored_in": "scores that use it",
    "higher_means": "what a higher score says",
    "waves": "waves that asked it",
    "source": "publication of the instrument",
    "licence": "terms of the instrument",
    "key_status": "of the scoring key: verified, rule_only, own (this project's), or user_supplied (not verified)",
    "status_line": "what must be said of the instrument",
}
NUMBERS, FLAGS = ("minimum", "maximum"), ("reverse_keyed", "already_reversed")
DTYPES = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "bool"}
NOT_ANSWERED = "not answered, or not asked in that wave"
NOT_SCORED = "fewer answers than the score needs, or not asked in that wave"
FIXED = {  # the columns that every table begins with, and those of events -> label, type, level
    "participant": ("Participant, the same in every wave", "string", "nominal"),
    "wave": ("Wave", "string", "nominal"),
    "wave_number": (
        "Number of the wave, in order of time; a retest has that of the wave it repeats",
        "integer",
        "ordinal",
    ),
    "role": ("Wave of the panel, or short retest", "string", "nominal"),
    "event": ("Kind of event that was rated", "string", "nominal"),
    "came_first": ("Whether the wave asked about this kind of event first", "integer", "nominal"),
}
BESIDE = {  # what stands beside a score -> label, type, level
    N_ANSWERED: ("number of answers it was computed from; 0 where it was not asked", "integer", "interval"),
    PRORATED: ("computed although answers are missing", "boolean", "nominal"),
    DOES_NOT_APPLY: ("empty because nothing of it applies", "boolean", "nominal"),
}


def dictionary_of(
    tables: Mapping[str, pd.DataFrame], study: Study, codebook: pd.DataFrame, wording: bool = False
) -> pd.DataFrame:
    """One row per column of each table.

    codebook   the pipeline's table of that name
    wording    whether published scales keep the questions that the study's platform told
    returns    the columns of DICTIONARY; text "" and number NaN where there is nothing to say
    """
    told = {name: rows for name, rows in codebook.groupby("variable", sort=False)}
    rows = [
        {"table": table, "variable": column} | _column(column, set(frame.columns), study, told, wording)
        for table, frame in tables.items()
        for column in frame.columns
    ]
    return as_dictionary(pd.DataFrame(rows))


def as_dictionary(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with the dictionary's columns in their order and types; what is absent is "", NaN or false."""
    frame = frame.reindex(columns=list(DICTIONARY))
    for name in frame:
        if name in NUMBERS:
            frame[name] = frame[name].astype("float64")
        elif name in FLAGS:
            frame[name] = frame[name].eq(True).astype(bool)
        else:
            frame[name] = frame[name].astype("object").where(frame[name].notna(), "").astype("str")
    return frame.reset_index(drop=True)


def in_types(tables: Mapping[str, pd.DataFrame], dictionary: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables with each column in the type that the dictionary states, so that a whole number is written as one."""
    types = dictionary.set_index(["table", "variable"])["type"]
    return {
        name: frame.astype({column: DTYPES[types[name, column]] for column in frame}) for name, frame in tables.items()
    }


# --- one column ------------------------------------------------------------------------------------------------------


def _column(
    name: str, beside: set[str], study: Study, told: Mapping[str, pd.DataFrame], wording: bool
) -> dict[str, Any]:
    """What the dictionary says of one column, but for table and name."""
    if name in FIXED:
        return _fixed(name, study)
    of, _, part = name.partition("__")
    if f"__{part}" in BESIDE:
        label, kind, level = BESIDE[f"__{part}"]
        own = _column(of, beside, study, told, wording)
        said = {"label": f"{own['label']}: {label}", "type": kind, "level": level}
        least = {"minimum": 0.0, "unit": "answers"} if kind == "integer" else {}
        return said | least | {key: own.get(key, "") for key in ("instrument", "waves")}
    if name.endswith(NOT_APPLICABLE):
        own = _column(name.removesuffix(NOT_APPLICABLE), beside, study, told, wording)
        said = {"label": f"{own['label']}: does not apply", "type": "boolean", "level": "nominal"}
        return said | {key: own.get(key, "") for key in ("instrument", "subscale", "waves")}
    for instrument in study.instruments.values():
        for item in instrument.items:
            if item.id == name:
                return _item(item, instrument, beside, told.get(name), wording)
        for score in instrument.scores:
            if name in (score.id, score.id.removeprefix(f"{instrument.event}_") if instrument.event else ""):
                return _score(score, instrument, beside, study, told)
    raise KeyError(f"no instrument of the study has “{name}”")


def _fixed(name: str, study: Study) -> dict[str, Any]:
    label, kind, level = FIXED[name]
    kinds = {i.event: i.events.get(i.event, i.event) for i in study.instruments.values() if i.event}
    values = {
        "wave": {wave.name: wave.title or wave.name for wave in study.waves},
        "role": {"wave": "wave of the panel", "retest": "short retest"},
        "event": {kind: " ".join(text.split()) for kind, text in kinds.items()},
        "came_first": {"0": "no", "1": "yes"},
    }
    blank = "the wave does not say which kind came first" if name == "came_first" else ""
    said = {"label": label, "type": kind, "level": level, "values": _json(values.get(name, {})), "blank_means": blank}
    return said | ({"minimum": 1.0} if name == "wave_number" else {})


def _item(
    item: Item, instrument: Instrument, beside: set[str], told: pd.DataFrame | None, wording: bool
) -> dict[str, Any]:
    rows = [] if told is None else told.to_dict("records")
    flag = item.id + NOT_APPLICABLE
    whole = item.type != "number"
    outside = {float(code) for code in item.not_applicable}
    values = {code: text for code, text in _choices(item, rows).items() if float(code) not in outside}
    if whole and values and math.isfinite(item.low) and math.isfinite(item.high) and item.type == "scale":
        values = {f"{code}": values.get(f"{code}", "") for code in range(int(item.low), int(item.high) + 1)}
    blank = f"{NOT_ANSWERED}, or it does not apply (see {flag})" if flag in beside else NOT_ANSWERED
    return {
        "label": item.label.replace("_", " ").capitalize(),
        "question_text": _question(instrument, rows, wording),
        "type": "integer" if whole else "number",
        "level": {"scale": "ordinal", "category": "nominal"}.get(item.type, "interval"),
        "minimum": item.low if math.isfinite(item.low) else math.nan,
        "maximum": item.high if math.isfinite(item.high) else math.nan,
        "values": _json(values),
        "blank_means": blank,
        "missing_codes": _json(
            list(dict.fromkeys(c for row in rows for c in json.loads(row["missing_codes"] or "[]")))
        ),
        "not_applicable": flag if flag in beside else "",
        "reverse_keyed": item.reverse,
        "already_reversed": item.already_reversed,
        "subscale": rows[-1]["subscale"] if rows else "",
        "scored_in": " ".join(dict.fromkeys(s for row in rows for s in row["scored_in"].split())),
        "waves": " ".join(row["wave"] for row in rows),
    } | _whose(instrument)


def _score(
    score: Score, instrument: Instrument, beside: set[str], study: Study, told: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    plain = score.id.removeprefix(f"{instrument.event}_") if instrument.event else score.id
    flag = plain + DOES_NOT_APPLY
    kinds = [i for i in study.instruments.values() if i.id == instrument.id] if instrument.event else [instrument]
    asked = {w for i in kinds for s in i.scores if _plain(s, i) == plain for w in _waves(told.get(s.id))}
    blank = f"{NOT_SCORED}, or nothing of it applies (see {flag})" if flag in beside else NOT_SCORED
    return {
        "label": score.label.removesuffix(f", {instrument.event}") if instrument.event else score.label,
        "type": "number",
        "level": "interval",
        "unit": UNITS[score.method],
        "minimum": score.low,
        "maximum": score.high,
        "blank_means": f"{blank} ({missing_rule(score)})",
        "not_applicable": flag if flag in beside else "",
        "higher_means": score.higher_means,
        "waves": " ".join(wave.name for wave in study.waves if wave.name in asked),
    } | (_whose(instrument) | ({"instrument": instrument.id} if instrument.event else {}))


def _plain(score: Score, instrument: Instrument) -> str:
    return score.id.removeprefix(f"{instrument.event}_") if instrument.event else score.id


def _waves(rows: pd.DataFrame | None) -> Sequence[str]:
    return [] if rows is None else list(rows["wave"])


def _choices(item: Item, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Code -> label; what waves say differently (another language, say) stands side by side."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        for code, label in json.loads(row["choices"] or "{}").items():
            own = found.setdefault(f"{float(code):g}", {})
            for text in [label] if isinstance(label, str) else label:
                own.setdefault(text.casefold(), text)  # "Never" and "never" are one label
    if not found:
        return {f"{code:g}": text for code, text in sorted(item.labels.items())}
    return {code: " / ".join(found[code].values()) for code in sorted(found, key=float)}


def _question(instrument: Instrument, rows: Sequence[Mapping[str, Any]], wording: bool) -> str:
    """The newest wording that may be handed on: this project's or the study's own; a published scale's only on demand."""
    own = instrument.key.get("status") == "own"
    asks = bool(instrument.licence.get("permission_required"))
    if not own and (asks or not wording):
        return ""
    return next((row["question_text"] for row in reversed(rows) if row["question_text"]), "")


def _whose(instrument: Instrument) -> dict[str, Any]:
    licence = instrument.licence
    permission = "Permission required." if licence.get("permission_required") else ""
    return {
        "instrument": instrument.name,
        "source": instrument.citation + (f" https://doi.org/{instrument.doi}" if instrument.doi else ""),
        "licence": " ".join(filter(None, [licence.get("terms", ""), permission, licence.get("notice") or ""])),
        "key_status": "user_supplied" if instrument.user_supplied else instrument.key.get("status", ""),
        "status_line": instrument.status_line or "",
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False) if content else ""
