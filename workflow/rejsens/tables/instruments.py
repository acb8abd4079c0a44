"""Instruments and Scores"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.tables._cells import sentence, text_of

TABLES = ("dictionary",)
METHODS = {
    "mean": "mean",
    "sum": "sum",
    "product_mean": "mean of products",
    "count": "count",
    "weighted_sum": "weighted sum",
    "max_share": "largest share of the total",
    "mean_of_scores": "mean of subscale means",
    "sum_of_scores": "sum of subscale sums",
}
KEYS = {
    "verified": "verified",
    "rule_only": "rule verified",
    "own": "this project's own",
    "user_supplied": "user-supplied",
}


def lay_out(*, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per score under its instrument: items, rule, range, direction, model and status of the key."""
    groups = {
        title: [_row(row) for _, row in frame.iterrows()] for title, frame in dictionary.groupby("title", sort=False)
    }
    columns = ("Score", "Items", "Rule", "Range", "Higher means", "Model", "Key")
    alignment: tuple[Alignment, ...] = ("left", "right", "left", "right", "left", "left", "left")
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=alignment, general=_notes(dictionary)
    )


def _row(row: pd.Series) -> tuple[str, ...]:
    ends = f"{_end(row['range_low'])}–{_end(row['range_high'])}"
    key = KEYS.get(row["key_status"], row["key_status"])
    model = row["model"].replace("_", " ")
    return (
        row["label"],
        apa.count(row["n_items"]),
        METHODS.get(row["method"], row["method"]),
        ends,
        row["higher_means"],
        model,
        key,
    )


def _end(x: float) -> str:
    return apa.number(x, 0 if float(x).is_integer() else 2)


def _notes(dictionary: pd.DataFrame) -> tuple[str, ...]:
    notes = [
        "Ranges are theoretical; reversed items are reversed from the declared range, never from the observed one."
    ]
    if (dictionary["model"] == "formative").any():
        notes.append("Formative indices have no internal consistency: no alpha, no omega, no item analysis.")
    if (dictionary["key_status"] == "user_supplied").any():
        notes.append("A user-supplied key has not been verified by this project.")
    notes += dict.fromkeys(sentence(line) for line in dictionary["status_line"].map(text_of) if line)
    return tuple(notes)
