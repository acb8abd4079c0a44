"""Data Quality Checks by Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import RIGHT, Alignment, PrintedTable
from rejsens.tables._cells import marked, marks, n_percent, sentence, shown_waves, text_of

TABLES = ("quality", "waves")


def lay_out(*, quality: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Rows flagged by each check; a check that could not run says why instead of showing a zero."""
    names, note = shown_waves(waves)
    letters = marks([text_of(t) for t in quality["reason"]])
    rows = []
    for (_, label, action), frame in quality.groupby(["check", "label", "action"], sort=False):
        by_wave = frame.drop_duplicates("wave").set_index("wave")
        cells = (_cell(by_wave.loc[w], letters) if w in by_wave.index else apa.MISSING for w in names)
        rows.append((label, action, *cells))
    general = ("Cells are n (%) flagged of the rows checked; a dash marks a check that a wave does not declare.", *note)
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    alignment: tuple[Alignment, ...] = ("left", "left", *(RIGHT,) * len(names))
    return PrintedTable(
        title=__doc__,
        columns=("Check", "Action", *names),
        rows=tuple(rows),
        alignment=alignment,
        general=general,
        specific=specific,
    )


def _cell(row: pd.Series, letters: Mapping[str, str]) -> str:
    reason = text_of(row["reason"])
    found = "not run" if reason and not row["n_checked"] else n_percent(row["n_flagged"], row["n_checked"])
    return marked(found, reason, letters)
