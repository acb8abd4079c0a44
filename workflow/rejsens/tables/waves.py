"""Survey Waves"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import Alignment, PrintedTable
from rejsens.tables._cells import panel

TABLES = ("waves",)


def lay_out(*, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per wave: where and when it was collected, how many rows came and stayed, and the hash of its export."""
    by_name = waves.set_index("wave")
    rows = tuple(_row(name, by_name.loc[name]) for name in panel(waves))
    columns = ("Wave", "Title", "Role", "Platform", "First day", "Last day", "Rows", "Kept", "SHA-256 (first 12)")
    alignment: tuple[Alignment, ...] = (
        *("left",) * 4,
        *("right",) * 4,
        "left",
    )  # a date does not break when it stands to the right
    general = ["The full content hash of every file is in the section on reproducing this report."]
    if waves["simulated"].any():
        general.insert(0, "Simulated data: nobody answered these questions.")
    return PrintedTable(title=__doc__, columns=columns, rows=rows, alignment=alignment, general=tuple(general))


def _row(name: str, wave: pd.Series) -> tuple[str, ...]:
    texts = [str(wave[c]) or apa.MISSING for c in ("title", "role", "platform", "collected_from", "collected_to")]
    return (name, *texts, apa.count(wave["n_raw"]), apa.count(wave["n_kept"]), str(wave["sha256"])[:12])
