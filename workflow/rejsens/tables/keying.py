"""Check of the Scoring Keys Against Expected Signs"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, panel

TABLES = ("keying", "dictionary", "waves")


def lay_out(*, keying: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Scales whose correlation should be positive or negative; a key that is wrong as a whole shows here and not in alpha."""
    names = labels(dictionary)
    groups = {f"Wave {wave}": [_row(row, names) for _, row in keying[keying["wave"] == wave].iterrows()] for wave in panel(waves)}
    columns = ("Pair", "Check", "Expected", "n", "r", "Status")
    alignment = ("left", "left", "left", "right", "right", "left")
    return PrintedTable(title=__doc__, columns=columns, **grouped(groups), alignment=alignment)


def _row(row: pd.Series, names: Mapping[str, str]) -> tuple[str, ...]:
    pair = " with ".join(names.get(x, x) for x in (row["x"], row["y"]) if x)
    return (pair, row["check"], row["expected"], apa.count(row["n"]), apa.r(row["r"]), row["status"])
