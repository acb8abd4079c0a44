"""Data Quality Checks by Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import marked, marks, panel, sentence, text_of

TABLES = ("quality", "waves")


def lay_out(*, quality: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Rows flagged by each check; a check that could not run says why instead of showing a zero."""
    letters = marks([text_of(t) for t in quality["reason"]])
    groups = {}
    for wave in panel(waves):
        groups[f"Wave {wave}"] = [_row(row, letters) for _, row in quality[quality["wave"] == wave].iterrows()]
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    columns = ("Check", "Action", "Rows checked", "Rows flagged")
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=("left", "left", "right", "right"), specific=specific
    )  # fmt: skip


def _row(row: pd.Series, letters: Mapping[str, str]) -> tuple[str, ...]:
    reason = text_of(row["reason"])
    flagged = "not run" if reason and not row["n_checked"] else apa.count(row["n_flagged"])
    return (row["label"], row["action"], apa.count(row["n_checked"]), marked(flagged, reason, letters))
