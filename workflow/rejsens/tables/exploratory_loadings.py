"""Exploratory Factor Loadings"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import RIGHT, PrintedTable, grouped
from rejsens.phrases import labelled
from rejsens.tables._cells import labels, marked, marks, missing_rules, sentence

TABLES = ("exploratory_loadings", "dictionary")
EVERYTHING, ADMISSIBLE = "all", "admissible"


def lay_out(*, exploratory_loadings: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per solution, a row per item; solutions of one factor only where there are no others."""
    several = exploratory_loadings[exploratory_loadings["factors"] > 1]
    shown = several if len(several) else exploratory_loadings
    reasons = marks([status for status in shown["status"] if status != ADMISSIBLE])
    factors = list(dict.fromkeys(shown["factor"].sort_values(kind="stable")))
    called = dict(zip(shown["item"], shown["label"], strict=True))
    names, titles = labels(dictionary), dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    groups = {}
    for (instrument, items, number), rows in shown.groupby(["instrument", "set", "factors"], sort=False):
        title = titles.get(instrument, instrument) + ", all items" if items == EVERYTHING else names.get(items, items)
        first = rows.iloc[0]
        people = f"n = {apa.count(first['n'])}, {apa.count(first['n_lost'])} lost"
        heading = f"{title}, {number} {'factor' if number == 1 else 'factors'}, wave {first['wave']}, {people}"
        groups[heading] = [_row(own, factors, reasons) for _, own in rows.groupby("item", sort=False)]
    how = dict.fromkeys(zip(shown["extraction"], shown["rotation"], strict=True))
    methods = " or ".join(f"{extraction} and {rotation}" for extraction, rotation in how)
    return PrintedTable(
        title=__doc__,
        columns=("Item", "Reversed", *factors, "Communality"),
        **grouped(groups),
        alignment=("left", "left", *(RIGHT,) * (len(factors) + 1)),
        general=(
            f"Pattern loadings, extraction and rotation: {methods or 'none'}. Factors are ordered by the variance that they "
            "account for; items after keying.",
            *missing_rules(shown["missing_rule"]),
            "Shown are the numbers of factors that parallel analysis advises and that the instrument's file declares"
            + ("; solutions of one factor are in the table's file." if len(several) else "."),
        ),
        specific=tuple((mark, sentence(labelled(text, called))) for text, mark in reasons.items()),
    )


def _row(rows: pd.DataFrame, factors: Sequence[str], reasons: Mapping[str, str]) -> tuple[str, ...]:
    first = rows.iloc[0]
    stub = marked(str(first["label"]).replace("_", " "), first["status"], reasons)
    own = dict(zip(rows["factor"], rows["loading"], strict=True)) if first["status"] == ADMISSIBLE else {}
    cells = (apa.number(own[factor]) if factor in own else "" for factor in factors)
    communality = apa.r(first["communality"]) if own else apa.MISSING
    return (stub, "yes" if first["reverse"] else "no", *cells, communality)
