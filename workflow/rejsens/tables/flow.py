"""Rows Set Aside by Each Rule, in Order"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import shown_waves

TABLES = ("flow", "waves")


def lay_out(*, flow: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One column per wave: rows in the export, rows set aside by each rule, rows kept."""
    names, note = shown_waves(waves)
    steps = flow[flow["wave"].isin(names)].sort_values("order", kind="stable")
    raw, rules = steps[steps["order"] == 0], steps[steps["order"] > 0]
    rows = [_row(label, frame, "n_remaining", names) for label, frame in raw.groupby("label", sort=False)]
    rows += [_row(label, frame, "n_excluded", names) for label, frame in rules.groupby("label", sort=False)]
    rows.append(_row("Kept", steps.groupby("wave", sort=False).tail(1), "n_remaining", names))
    general = ("A row leaves at the first rule that applies to it; rules are applied in the order shown.", *note)
    return PrintedTable(title=__doc__, columns=("Step", *names), rows=tuple(rows) if len(flow) else (), general=general)


def _row(label: str, frame: pd.DataFrame, column: str, names: list[str]) -> tuple[str, ...]:
    """A rule that a wave does not apply is a dash, one that set nobody aside a zero."""
    by_wave = frame.set_index("wave")[column]
    return (str(label), *(apa.count(by_wave.get(wave)) for wave in names))
