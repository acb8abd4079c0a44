"""Confirmatory Factor Loadings"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.phrases import labelled
from rejsens.tables._cells import labels, latest, marked, marks, sentence

TABLES = ("loadings", "dictionary", "waves")
ADMISSIBLE = "admissible"


def lay_out(
    *, loadings: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per scale: its items in the model of one factor, in the newest wave that asked them."""
    names = labels(dictionary)
    own = loadings[loadings["model"] == loadings["factor"]]
    newest = own.groupby("model")["wave"].transform(
        lambda run: latest(pd.DataFrame({"wave": run}), waves) or run.iloc[0]
    )
    shown = own[own["wave"] == newest]
    letters = marks([_reason(row) for row in shown.to_dict("records")])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in shown.to_dict("records"):
        groups.setdefault(f"{names.get(row['model'], row['model'])}, wave {row['wave']}", []).append(_row(row, letters))
    items = dict(zip(loadings["item"], loadings["label"], strict=True))
    return PrintedTable(
        title=__doc__,
        columns=("Item", "Reversed", "Loading", "SE", "Standardised loading", f"{apa.level(study['ci_level'])} CI"),
        **grouped(groups),
        alignment=("left", "left", *("right",) * 4),
        general=(
            "One factor for each scale, items after keying. How the models fit stands in the table of factor models; those "
            "with several factors are in results/psychometrics/loadings.csv.",
        ),
        specific=tuple((mark, sentence(labelled(text, items))) for text, mark in letters.items()),
    )


def _reason(row: Mapping[str, Any]) -> str:
    return "" if row["status"] == ADMISSIBLE else str(row["status"])


def _row(row: Mapping[str, Any], letters: Mapping[str, str]) -> tuple[str, ...]:
    stub = marked(str(row["label"]).replace("_", " "), _reason(row), letters)
    reverse = "yes" if row["reverse"] else "no"
    if row["status"] != ADMISSIBLE:
        return (stub, reverse, *(apa.MISSING,) * 4)
    standardised = apa.interval(row["std_ci_low"], row["std_ci_high"], bounded=True)
    return (stub, reverse, apa.number(row["estimate"]), apa.number(row["se"]), apa.r(row["std"]), standardised)
