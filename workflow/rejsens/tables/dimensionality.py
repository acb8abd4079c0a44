"""Number of Factors"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import marked, marks, missing_rules, sentence, status_of

TABLES = ("dimensionality", "dictionary")
SEVERAL = "all"
COLUMNS = (
    "Items of",
    "Wave",
    "n",
    "Lost",
    "k",
    "Correlations",
    "KMO",
    "Bartlett's χ²",
    "df",
    "p",
    "Parallel analysis",
    "MAP",
)
GUIDES = (
    "The last two columns advise a number of factors; where they differ, what the items say decides.",
    "KMO sets the items' squared correlations against those that are left when all other items are held; near 1, hardly any "
    "is. Bartlett's test asks whether all correlations are 0; with many people it rejects whatever they answered.",
)


def lay_out(*, dimensionality: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per instrument, a row per set of items: each reflective score, then all items together."""
    titles = dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    reasons = marks([status_of(status) for status in dimensionality["status"]])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in dimensionality.to_dict("records"):
        groups.setdefault(titles.get(row["instrument"], row["instrument"]), []).append(_row(row, reasons))
    methods = dict.fromkeys(part for method in dimensionality["method"] for part in method.split("; "))
    return PrintedTable(
        title=__doc__,
        columns=COLUMNS,
        **grouped(groups),
        alignment=("left", "left", "right", "right", "right", "left") + ("right",) * 6,
        general=(
            "Items as keyed, in the first wave that asked them; k is the number of items. "
            "Items of few answers by polychoric correlations, others by Pearson's.",
            *missing_rules(dimensionality["missing_rule"]),
            *map(sentence, methods),
            *GUIDES,
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _row(row: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[str, ...]:
    name = "All items together" if row["set"] == SEVERAL else row["label"]
    return (
        marked(name, status_of(row["status"]), reasons),
        row["wave"],
        apa.count(row["n"]),
        apa.count(row["n_lost"]),
        apa.count(row["k"]),
        row["correlations"].capitalize(),
        apa.r(row["kmo"]),
        apa.number(row["bartlett_chi2"]),
        apa.count(row["bartlett_df"]),
        apa.p(row["bartlett_p"]),
        apa.count(row["factors_parallel"]),
        apa.count(row["factors_map"]),
    )
