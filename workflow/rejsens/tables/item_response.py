"""Item Response: Discriminations and Thresholds"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import RIGHT, PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, missing_rules, sentence

TABLES = ("item_response", "dictionary")
ADMISSIBLE = "admissible"
NOTES = (
    "Graded response model of each scale by itself, logistic metric. a is how "
    "sharply an item tells people apart, with its interval; b1, b2, … is the place on the trait (in standard deviations of "
    "these people) from which on the second, third, … answer or a higher one is more likely than not.",
    "A threshold is blank where nobody gave the answer that it opens.",
)


def lay_out(*, item_response: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per score, a row per item, in the first wave that asked it."""
    names = labels(dictionary)
    reasons = marks([status for status in item_response["status"] if status != ADMISSIBLE])
    numbers = sorted({int(name[1:]) for name in item_response["parameter"] if name.startswith("b")})
    cuts = [f"b{number}" for number in numbers]
    groups = {
        f"{names.get(score, score)}, wave {wave}": [
            _row(own, cuts, reasons) for _, own in rows.groupby("item", sort=False)
        ]
        for (score, wave), rows in item_response.groupby(["score", "wave"], sort=False)
    }
    return PrintedTable(
        title=__doc__,
        columns=("Item", "Reversed", "n", "Lost", "a", *cuts),
        **grouped(groups),
        alignment=("left", "left", *(RIGHT,) * (len(cuts) + 3)),
        general=(
            *NOTES,
            *missing_rules(item_response["missing_rule"]),
            "n answered the item; lost did not, and count by their other answers.",
            f"Brackets hold {apa.level(study['ci_level'])} intervals; those of b are in the table's file.",
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _row(rows: pd.DataFrame, cuts: Sequence[str], reasons: Mapping[str, str]) -> tuple[str, ...]:
    by_name = rows.set_index("parameter")
    slope = by_name.loc["a"]
    stub = marked(str(slope["label"]).replace("_", " "), slope["status"], reasons)
    head = (stub, "yes" if slope["reverse"] else "no", apa.count(slope["n"]), apa.count(slope["n_lost"]))
    if slope["status"] != ADMISSIBLE:
        return (*head, apa.MISSING, *("" for _ in cuts))
    found = (_threshold(by_name.loc[cut], reasons) if cut in by_name.index else "" for cut in cuts)
    return (*head, apa.coefficient(slope["estimate"], slope["ci_low"], slope["ci_high"]), *found)


def _threshold(row: pd.Series, reasons: Mapping[str, str]) -> str:
    return marked(apa.number(row["estimate"]), row["status"], reasons)
