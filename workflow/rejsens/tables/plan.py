"""The Registered Plan and What Has Changed Since"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import sentence, text_of

TABLES = ("plan",)


def lay_out(*, plan: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """When the plan was frozen, and each later difference in a sentence."""
    rows = tuple(
        (sentence(row["status"]).removesuffix("."), text_of(row["date"]) or apa.MISSING, row["sentence"])
        for row in plan.to_dict("records")
    )
    general = (
        "The plan is every family of hypotheses, the settings that bind inference and the scoring of the instruments "
        "that the hypotheses use. The command “rejsens plan freeze” records it.",
        "A difference is told and is no fault; a hypothesis that was added after the data were seen explores.",
    )
    return PrintedTable(
        title=__doc__, columns=("Status", "Date", "What"), rows=rows, alignment=("left",) * 3, general=general
    )
