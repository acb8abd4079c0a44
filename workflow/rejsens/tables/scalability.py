"""Scalability of Items and Scales"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, missing_rules, sentence, status_of

TABLES = ("scalability", "dictionary")


def lay_out(*, scalability: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per score: the scale, then its items, in the first wave that asked it."""
    names = labels(dictionary)
    reasons = marks([status_of(status) for status in scalability["status"]])
    groups = {
        f"{names.get(score, score)}, wave {wave}": [_row(row, reasons) for row in _shown(rows).to_dict("records")]
        for (score, wave), rows in scalability.groupby(["score", "wave"], sort=False)
    }
    return PrintedTable(
        title=__doc__,
        columns=("Item", "n", "Lost", "H", f"{apa.level(study['ci_level'])} CI"),
        **grouped(groups),
        general=(
            "Mokken's coefficients of items as keyed. H of a scale says how well people "
            "can be ordered by the sum of its items, not that these measure one thing; .30 is the convention for the least.",
            *missing_rules(scalability["missing_rule"]),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Of a scale that has no coefficient the reason once; of two items, whose coefficients are all the same, one row."""
    whole = rows["item"] == ""
    return rows[whole] if rows["h"].isna().all() or len(rows) < 4 else rows


def _row(row: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[str, ...]:
    name = str(row["label"]).replace("_", " ") if row["item"] else "Whole scale"
    stub = marked(name, status_of(row["status"]), reasons)
    ends = apa.interval(row["ci_low"], row["ci_high"], bounded=True)
    return (stub, apa.count(row["n"]), apa.count(row["n_lost"]), apa.r(row["h"]), ends)
