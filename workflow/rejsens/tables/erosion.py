"""Change Between Waves and the Smallest Detectable Change"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import cover_note, labels, marked, marks, n_percent, sentence, status_of, withheld

TABLES = ("erosion", "dictionary", "waves")


def lay_out(
    *, erosion: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """Mean change for each pair of waves, with how many people changed by more than measurement error explains."""
    names = labels(dictionary)
    erosion = erosion[erosion["n"] > 0]  # a score that one wave asked has a row that only says so
    letters = marks([status_of(status) for status in erosion["status"]])
    groups, covered = {}, False
    for source, frame in erosion.groupby("source", sort=False):
        pairs = [_row(row, letters, study) for _, row in frame.iterrows()]
        covered |= any(hidden for _, hidden in pairs)
        groups[f"Change in {names.get(source, source)}"] = [cells for cells, _ in pairs]
    columns = (
        "Waves",
        "n",
        "Mean change",
        "SD",
        f"{apa.level(study['ci_level'])} CI",
        "SDC95",
        "Reliability",
        "Lower n (%)",
        "Higher n (%)",
    )
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        general=(*_notes(erosion, waves), *cover_note(study, covered)),
        specific=specific,
    )


def _row(row: pd.Series, letters: Mapping[str, str], study: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    hidden = [withheld(row[c], study) for c in ("n_decline", "n_improve")]
    low, high = (n_percent(row[c], row["n"], h) for c, h in zip(("n_decline", "n_improve"), hidden, strict=False))
    stub = marked(f"{row['from_wave']} to {row['to_wave']}", status_of(row["status"]), letters)
    moments = (
        apa.number(row["mean_change"]),
        apa.number(row["sd_change"]),
        apa.interval(row["ci_low"], row["ci_high"]),
    )
    return (stub, apa.count(row["n"]), *moments, apa.number(row["sdc95"]), apa.r(row["reliability"]), low, high), any(
        hidden[:2]
    )


def _notes(erosion: pd.DataFrame, waves: pd.DataFrame) -> tuple[str, ...]:
    if erosion.empty:
        return (narrative.NO_CHANGE if (waves["role"] == "wave").sum() < 2 else "No score declares a change score.",)
    methods = "; ".join(dict.fromkeys(m for m in erosion["method"] if m))
    return (
        "Lower and Higher count the people whose score fell or rose by more than SDC95, the smallest change that "
        "measurement error does not explain.",
        *((f"Reliability: {methods}.",) if methods else ()),
    )
