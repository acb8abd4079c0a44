"""Item Analysis in the Latest Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import cover_note, labels, latest, marked, marks, sentence, text_of, withheld

TABLES = ("items", "dictionary", "waves")


def lay_out(
    *, items: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per reflective score, in the newest wave that asked it; items after keying."""
    names = labels(dictionary)
    newest = {
        score: frame[frame["wave"] == latest(frame, waves)] for score, frame in items.groupby("score", sort=False)
    }
    letters = marks([text_of(t) for frame in newest.values() for t in frame["warning"]])
    groups = {
        f"{names.get(score, score)}, wave {frame['wave'].iloc[0]}": [
            _row(row, letters, study) for _, row in frame.iterrows()
        ]
        for score, frame in newest.items()
        if len(frame)
    }
    told = [frame[["n", "floor_percent", "ceiling_percent"]].to_numpy().ravel() for frame in newest.values()]
    covered = any(withheld(cell, study) for cells in told for cell in cells)
    columns = ("Item", "Reversed", "n", "M", "SD", "Item–rest r", "Alpha if dropped", "Floor %", "Ceiling %")
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        alignment=("left", "left") + ("right",) * 7,
        general=(
            "Items are named by this project's short labels and are analysed after keying.",
            *cover_note(study, covered),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _row(row: pd.Series, letters: Mapping[str, str], study: Mapping[str, Any]) -> tuple[str, ...]:
    stub = marked(str(row["label"]).replace("_", " "), text_of(row["warning"]), letters)
    reverse = "yes" if row["reverse"] else "no"
    if withheld(row["n"], study):
        return (stub, reverse, *(apa.MISSING,) * 7)
    numbers = (apa.number(row["mean"]), apa.number(row["sd"]), apa.r(row["item_rest"]), apa.r(row["alpha_if_dropped"]))
    return (
        stub,
        reverse,
        apa.count(row["n"]),
        *numbers,
        apa.percent(row["floor_percent"]),
        apa.percent(row["ceiling_percent"]),
    )
