"""Rows Set Aside by Each Rule, in Order"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import panel

TABLES = ("flow", "waves")


def lay_out(*, flow: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Every wave's ledger of exclusions: a row leaves at the first rule that applies to it."""
    groups = {}
    for wave in panel(waves):
        steps = flow[flow["wave"] == wave].sort_values("order")
        groups[f"Wave {wave}"] = [
            (row["label"], apa.count(row["n_excluded"]) if row["order"] else "", apa.count(row["n_remaining"]))
            for _, row in steps.iterrows()
        ]
    general = ("A row leaves at the first rule that applies to it; rules are applied in the order shown.",)
    return PrintedTable(title=__doc__, columns=("Step", "Set aside", "Remaining"), **grouped(groups), general=general)
