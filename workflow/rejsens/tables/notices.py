"""What Is Worth a Look in the Data"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.plausibility import FOUND, NOT_RUN
from rejsens.problems import listed
from rejsens.tables._cells import sentence, text_of

TABLES = ("notices", "waves")
NOTHING = "nothing was seen"


def lay_out(*, notices: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per finding, in the order of the waves; checks that could not run are named with their reason."""
    seen = notices[notices["status"] == FOUND]
    rows = [
        (row.label, row.wave, text_of(row.variable) or apa.MISSING, sentence(_plain(row.finding)))
        for row in seen.itertuples()
    ]
    calm = [(f"All checks: {NOTHING}", *(apa.MISSING,) * 3)] if len(notices) and not rows else []
    checks = apa.count(notices["check"].nunique())
    general = (
        f"{checks} checks look at what is legal in every cell and may be wrong all the same; none of them stops a run.",
        "Correlations are judged by their 99% interval and need 30 people.",
        *_not_run(notices[notices["status"] == NOT_RUN]),
        "notices.csv holds every check of every wave, also those that saw nothing.",
    )
    return PrintedTable(
        title=__doc__,
        columns=("What", "Wave", "Where", "Evidence"),
        rows=(*rows, *calm),
        alignment=("left", "left", "left", "left"),
        general=general if len(notices) else (),
    )


def _not_run(lacking: pd.DataFrame) -> list[str]:
    """One sentence for each check and reason, with its waves."""
    groups = lacking.groupby(["label", "finding"], sort=False)["wave"]
    return [sentence(f"{label} (wave {listed(list(waves))}): {_plain(reason)}") for (label, reason), waves in groups]


def _plain(text: str) -> str:
    return text_of(text).replace("`", "")
