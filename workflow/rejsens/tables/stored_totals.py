"""Totals Stored in the Data Compared With Recomputed Scores"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import labels

TABLES = ("stored_totals", "dictionary")


def lay_out(*, stored_totals: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per stored column: how many rows were compared and how many differ."""
    names = labels(dictionary)
    rows = tuple(
        (
            r["wave"],
            r["column"],
            names.get(r["score"], r["score"]),
            apa.count(r["n_compared"]),
            apa.count(r["n_differ"]),
            apa.number(r["max_difference"]),
            r["status"],
        )
        for _, r in stored_totals.iterrows()
    )
    columns = ("Wave", "Stored column", "Score", "Compared", "Different", "Widest difference", "Status")
    general = () if rows else ("No wave stores totals of its own.",)
    return PrintedTable(
        title=__doc__, columns=columns, rows=rows, alignment=("left",) * 3 + ("right",) * 3 + ("left",), general=general
    )
