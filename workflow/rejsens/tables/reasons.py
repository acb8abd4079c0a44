"""Reasons for Giving Micro-Rejections, the Most Often Named First"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.inference.wilson import wilson_interval
from rejsens.layout import PrintedTable
from rejsens.phrases import spoken
from rejsens.tables._cells import panel

TABLES = ("responses", "waves")
REASONS = ("mreii_giving", "mreii_r")  # the instrument, and how the ids of its reasons begin
NAMED = 1  # an answer from here on names the reason, as H47 counts


def lay_out(*, responses: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Share of those who give who name a reason at all, with Wilson's interval, in the first wave that asked."""
    instrument, begin = REASONS
    asked = responses[(responses["instrument"] == instrument) & responses["item"].str.startswith(begin)]
    wave = next((name for name in panel(waves) if (asked["wave"] == name).any()), "")
    rows = [_row(rows, study) for _, rows in asked[asked["wave"] == wave].groupby("item", sort=False)]
    ranked = sorted(rows, key=lambda row: -row[0])
    first = f"Wave {wave}, people who said that they had done such a thing to somebody. " if wave else ""
    return PrintedTable(
        title=__doc__,
        columns=("Reason", "People", "Named it at all, %", f"{apa.level(study['ci_level'])} CI, %"),
        rows=tuple(cells for _, cells in ranked),
        alignment=("left", "right", "right", "right"),
        general=(
            f"{first}A person may name several reasons. Wilson score intervals (Wilson, 1927); none is adjusted for the "
            "number of reasons, and shares of the same people are no independent ones: H40 contrasts them.",
        )
        if ranked
        else ("The reasons for giving (MREII-G) were not asked.",),
    )


def _row(rows: pd.DataFrame, study: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    """The share, to rank by (a withheld one last), and the cells of one reason."""
    label, n = spoken(rows["label"].iloc[0]), rows["n"].sum(min_count=len(rows))
    if apa.is_missing(n):  # a count is withheld, so that no share can be told
        return -1.0, (label, apa.MISSING, apa.MISSING, apa.MISSING)
    share = float(rows.loc[rows["value"] >= NAMED, "n"].sum() / n)
    low, high = (100 * end for end in wilson_interval(share, int(n), study["ci_level"]))
    interval = f"[{apa.percent(low)}, {apa.percent(high)}]"
    return share, (label, apa.count(n), apa.percent(100 * share), interval)
