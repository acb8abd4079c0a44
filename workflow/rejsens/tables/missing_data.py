"""Missing Values by Variable and Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import n_percent, shown_waves

TABLES = ("missing", "waves")


def lay_out(*, missing: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Counts with percentages per wave; items are summed up in the note, since their table has one row each."""
    names, note = shown_waves(waves)
    groups = {}
    for kind, frame in missing[missing["kind"] != "item"].groupby("kind", sort=False):
        groups[str(kind).capitalize()] = [_row(rows, names) for _, rows in frame.groupby("variable", sort=False)]
    general = (
        "Cells are n (%) missing among the wave's participants.",
        *_items(missing[missing["kind"] == "item"]),
        *note,
    )
    return PrintedTable(title=__doc__, columns=("Variable", *names), **grouped(groups), general=general)


def _row(rows: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    by_wave = rows.set_index("wave")
    cells = (
        n_percent(by_wave.at[w, "n_missing"], by_wave.at[w, "n"]) if w in by_wave.index else apa.MISSING for w in names
    )
    return (rows["label"].iloc[0], *cells)


def _items(items: pd.DataFrame) -> tuple[str, ...]:
    items = items.dropna(subset=["n", "n_missing"])  # the disclosure guard tells nothing of the others
    if items.empty:
        return ()
    if not items["n_missing"].any():
        return (f"None of {apa.count(len(items))} items by wave has missing answers.",)
    gaps = apa.count((items["n_missing"] > 0).sum())
    worst = items.loc[items["percent_missing"].idxmax()]
    where = f"{str(worst['label']).replace('_', ' ')}, wave {worst['wave']}"
    most = f"at most {apa.percent(worst['percent_missing'])}% ({where})"
    return (f"Of {apa.count(len(items))} items by wave, {gaps} have missing answers, {most}.",)
