"""Convergent Predictions"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.phrases import relabelled, shipped_labels, sided
from rejsens.tables._cells import labels, marked, marks, sentence

TABLES = ("predictions", "dictionary")


def lay_out(*, predictions: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per set; each correlation beside the range that was written down before the data."""
    names = labels(dictionary)
    names = shipped_labels() | names  # what was not asked has its label in the shipped files
    letters = marks([relabelled(reason, names) for reason in predictions["reason"]])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in predictions.to_dict("records"):
        groups.setdefault(f"{row['set'].upper()}, wave {row['wave']}", []).append(_row(row, names, letters))
    return PrintedTable(
        title=__doc__,
        columns=("Score", "With", "Range for r", "n", "r", "Outcome"),
        **grouped(groups),
        alignment=("left", "left", "right", "right", "right", "left"),
        general=(
            f"Brackets behind r hold {apa.level(study['ci_level'])} intervals. A prediction is met when the estimate of r lies in its range, whatever its interval holds; "
            "construct validity fails when more than 25% of those that could be tested are not met (COSMIN).",
            *(
                sentence(f"{name.upper()}: {text}")
                for name, text in zip(predictions["set"], predictions["sentence"], strict=True)
            ),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _row(row: Mapping[str, Any], names: Mapping[str, str], letters: Mapping[str, str]) -> tuple[str, ...]:
    return (
        names.get(row["x"], row["x"]),
        names.get(row["y"], row["y"]),
        apa.interval(row["low"], row["high"], bounded=True),
        apa.count(row["n"]),
        _beside(row),
        marked(row["outcome"], relabelled(row["reason"], names), letters),
    )


def _beside(row: Mapping[str, Any]) -> str:
    """The correlation with its interval, with as many decimals as show on which side of its range it lies."""
    if apa.is_missing(row["estimate"]):
        return apa.MISSING
    ends = apa.interval(row["ci_low"], row["ci_high"], bounded=True)
    return sided(row["estimate"], row["low"], row["high"]) + ("" if ends == apa.MISSING else f" {ends}")
