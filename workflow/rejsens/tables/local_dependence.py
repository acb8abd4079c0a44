"""Local Dependence of Items"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import labels, marked, marks, missing_rules, sentence, status_of

TABLES = ("local_dependence", "items", "dictionary")
STATISTICS: dict[str, Callable[[float], float]] = {
    "q3_above_mean": float,
    "residual": abs,
}  # Q3 counts upwards, a residual either way
MOST = 5  # pairs that a cell names; the table's file has them all


def lay_out(
    *, local_dependence: pd.DataFrame, items: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One row per score: how far its pairs of items go, and the pairs beyond the limits."""
    names = labels(dictionary)
    called = dict(zip(items["item"], items["label"].str.replace("_", " "), strict=True))
    reasons = marks([status_of(status) for status in local_dependence["status"]])
    rows = []
    for (score, wave), own in local_dependence.groupby(["score", "wave"], sort=False):
        pairs = own[["x", "y"]].drop_duplicates()
        ends = [_end(own[own["statistic"] == statistic], key, reasons) for statistic, key in STATISTICS.items()]
        people = own[own["statistic"] == "residual"].iloc[0]
        head = (
            names.get(score, score),
            wave,
            apa.count(people["n"]),
            apa.count(people["n_lost"]),
            apa.count(len(pairs)),
        )
        rows.append((*head, *ends, _beyond(own, called)))
    return PrintedTable(
        title=__doc__,
        columns=("Score", "Wave", "n", "Lost", "Pairs", "Highest Q3", "Furthest residual", "Pairs beyond a limit"),
        rows=tuple(rows),
        alignment=("left", "left") + ("right",) * 5 + ("left",),
        general=(
            "What pairs of items share beside the one thing that the scale measures. Q3 is the correlation of what the graded "
            "response model leaves over, above its mean over all pairs; the residual is a correlation minus the one that the "
            "one-factor model implies.",
            "n and lost are those of the residuals; Q3 takes every row with an answer, and its own stand in the table's file.",
            *missing_rules(local_dependence["missing_rule"]),
            "The limits, .20 for Q3 and ±.10 for residuals, are conventions that point to items worth reading side by side.",
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _end(rows: pd.DataFrame, key: Callable[[float], float], reasons: Mapping[str, str]) -> str:
    status = status_of(rows["status"].iloc[0]) if len(rows) else ""
    return marked(apa.r(max(rows["value"].dropna(), key=key, default=None)), status, reasons)


def _beyond(rows: pd.DataFrame, called: Mapping[str, str]) -> str:
    flagged = rows[rows["flagged"]][["x", "y"]].drop_duplicates()
    named = [f"{called.get(x, x)} – {called.get(y, y)}" for x, y in flagged.itertuples(index=False)]
    if not named:
        return "none" if rows["value"].notna().any() else apa.MISSING
    return "; ".join(named[:MOST]) + (f"; and {len(named) - MOST} more" if len(named) > MOST else "")
