"""Descriptive Statistics of All Scores by Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import cover_note, joined, panel, sentence, withheld

TABLES = ("descriptives", "waves")


def lay_out(*, descriptives: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per score, one row per wave; observed extremes are not printed."""
    order = {wave: k for k, wave in enumerate(panel(waves))}
    groups = {}
    for (_, label), frame in descriptives.groupby(["score", "label"], sort=False):
        ordered = frame.assign(_k=frame["wave"].map(order)).sort_values("_k")
        ends = f"{_end(frame['range_low'].iloc[0])} to {_end(frame['range_high'].iloc[0])}"
        groups[f"{label}, range {ends}"] = [_row(row, study) for _, row in ordered.iterrows()]
    told = descriptives[["n", "floor_percent", "ceiling_percent"]]
    covered = any(withheld(cell, study) for cell in told.to_numpy().ravel())
    columns = (
        "Wave",
        "n",
        "Missing",
        "Prorated",
        "M",
        "SD",
        f"{apa.level(study['ci_level'])} CI",
        "Median",
        "Skew",
        "Floor %",
        "Ceiling %",
    )
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), general=(*_rules(descriptives), *cover_note(study, covered))
    )


def _row(row: pd.Series, study: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (row["wave"], apa.count(row["n"]), apa.count(row["n_missing"]), apa.count(row["n_prorated"]))
    if withheld(row["n"], study):
        return (row["wave"], *(apa.MISSING,) * 10)
    numbers = (
        apa.number(row["mean"]),
        apa.number(row["sd"]),
        apa.interval(row["ci_low"], row["ci_high"]),
        apa.number(row["median"]),
    )
    return (
        *counts,
        *numbers,
        apa.number(row["skew"]),
        apa.percent(row["floor_percent"]),
        apa.percent(row["ceiling_percent"]),
    )


def _end(x: float) -> str:
    return apa.number(x, 0 if float(x).is_integer() else 2)


def _rules(descriptives: pd.DataFrame) -> list[str]:
    """The missing-data rules, each with the scores that follow it when there are several."""
    by_rule = descriptives.drop_duplicates("score").groupby("missing_rule", sort=False)["label"].apply(list)
    if len(by_rule) == 1:
        return [sentence(f"missing-data rule: {by_rule.index[0]}")]
    return [sentence(f"missing-data rule “{rule}”: {joined(names)}") for rule, names in by_rule.items()]
