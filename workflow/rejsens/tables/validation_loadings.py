"""Loadings in Two Random Halves"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.halves import CONFIRMED, EXPLORED
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, status_of

TABLES = ("validation_loadings", "dictionary")


def lay_out(*, validation_loadings: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per scale: each item's loading on its own factor and the highest on another, beside the confirmed one."""
    names = labels(dictionary)
    letters = marks([_said(status) for status in validation_loadings["status"]])
    groups: dict[str, list[tuple[str, ...]]] = {}
    people = []
    for _, table in validation_loadings.groupby(["set", "model"], sort=False):
        first, second = (table[table["half"] == half] for half in (EXPLORED, CONFIRMED))
        people.append(f"{apa.count(first['n'].max())} explored and {apa.count(second['n'].max())} confirmed")
        for row in second.to_dict("records"):
            heading = f"{names.get(row['factor'], row['factor'])}, wave {row['wave']}"
            groups.setdefault(heading, []).append(_row(row, first[first["item"] == row["item"]], names, letters))
    return PrintedTable(
        title=__doc__,
        columns=("Item", "Explored: own factor", "Explored: highest other", "Of", "Confirmed"),
        **grouped(groups),
        alignment=("left", "right", "right", "left", "right"),
        general=(
            "People were put into two halves at random: the exploration found its factors in one, which were matched "
            "with the scales; the intended factors were fitted to the other. Nobody is in both.",
            f"People in each: {'; '.join(people)}. Standardised loadings of keyed items; (R) marks reversed ones. Brackets "
            f"hold {apa.level(study['ci_level'])} intervals.",
        ),
        specific=tuple((mark, f"Not admissible: {text}.") for text, mark in letters.items()),
    )


def _said(status: str) -> str:
    return "" if status == "admissible" else status_of(status)


def _row(
    row: Mapping[str, Any], explored: pd.DataFrame, names: Mapping[str, str], letters: Mapping[str, str]
) -> tuple[str, ...]:
    own = explored[explored["scale"] == row["factor"]]["loading"]
    others = explored[explored["scale"] != row["factor"]]
    other = others.loc[others["loading"].abs().idxmax()] if others["loading"].notna().any() else None
    item = row["label"].replace("_", " ") + (" (R)" if row["reverse"] else "")
    return (
        marked(item, _said(row["status"]), letters),
        apa.r(own.iloc[0]) if len(own) else apa.MISSING,
        apa.MISSING if other is None else apa.r(other["loading"]),
        apa.MISSING if other is None else names.get(other["scale"], other["factor"]),
        apa.coefficient(row["loading"], row["ci_low"], row["ci_high"], bounded=True),
    )
