"""Checks for Variance Shared by Method"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, sentence, text_of

TABLES = ("method_variance", "dictionary")
SINGLE_FACTOR = "single factor"
WITHHELD = ("not run", "not reported")
OF_A_WAVE = ("First component (%)", "First ÷ second", "CFI", "RMSEA")
OF_A_PAIR = ("r", "Adjusted r", "p")
NOT_PROOF = (
    "Neither check can rule out that scales go together because they were asked in the same way: a first component below one "
    "half does not show that they do not, and one above it can come from what the scales share.",
    "First component: share of the variance of all k items, and its ratio to the second; CFI and RMSEA are those of a model with "
    "one factor for all of them (people who answered every item).",
)
ADJUSTED = (
    "Adjusted r: correlation less the lowest correlation of the marker variable with any of the scores (0 where that is "
    "negative), divided by 1 less the same; that is right only where the marker shares method, and nothing else, with every "
    "score alike."
)


def lay_out(*, method_variance: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per wave for the single factor; one row per pair of scores for a marker variable, in the first wave that has it."""
    names, is_single = labels(dictionary), method_variance["check"] == SINGLE_FACTOR
    single, marker = method_variance[is_single], method_variance[~is_single]
    withheld = marker["status"].map(_why).astype(bool)
    pairs = marker[~withheld]
    pairs = pairs[pairs["wave"] == pairs["wave"].iloc[0]] if len(pairs) else pairs
    letters = marks([_why(status) for status in single["status"]])
    blank = ("",) * len(OF_A_PAIR) if len(pairs) else ()
    groups = {
        "One factor for all items of reflective scales": [
            (*_single(wave, rows, letters), *blank) for wave, rows in single.groupby("wave", sort=False)
        ],
        **({f"Marker variable, wave {pairs['wave'].iloc[0]}": _pairs(pairs, names)} if len(pairs) else {}),
    }
    absent = [f"Marker variable {text}." for text in dict.fromkeys(marker.loc[withheld, "status"].map(_why))]
    return PrintedTable(
        title=__doc__,
        columns=("Wave or pair of scores", "n", "k", *OF_A_WAVE, *(OF_A_PAIR if len(pairs) else ())),
        **grouped(groups),
        general=(*NOT_PROOF, *((ADJUSTED,) if len(pairs) else absent)),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _why(status: Any) -> str:
    """Why there is no number; what holds of every row stands in the general notes."""
    text = text_of(status)
    return text if text.startswith(WITHHELD) else ""


def _single(wave: str, rows: pd.DataFrame, letters: Mapping[str, str]) -> tuple[str, ...]:
    first, values = rows.iloc[0], rows.set_index("statistic")["estimate"]
    share = values.get("first_component")
    reason = next((why for why in map(_why, rows["status"]) if why), "")
    return (
        marked(wave, reason, letters),
        apa.count(first["n"]) if first["n"] else apa.MISSING,
        apa.count(first["k"]) if first["k"] else apa.MISSING,
        apa.percent(None if apa.is_missing(share) else 100 * share),
        apa.number(values.get("first_over_second")),
        apa.r(values.get("one_factor_cfi"), 3),
        apa.r(values.get("one_factor_rmsea"), 3),
    )


def _pairs(rows: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Each pair of scores, without and with what the marker shares taken out."""
    return [
        (
            f"{names.get(row['x'], row['x'])} with {names.get(row['y'], row['y'])}",
            apa.count(row["n"]),
            apa.count(row["k"]),
            *("",) * len(OF_A_WAVE),
            apa.r(row["r"]),
            apa.r(row["estimate"]),
            apa.p(row["p"]),
        )
        for row in rows.to_dict("records")
    ]
