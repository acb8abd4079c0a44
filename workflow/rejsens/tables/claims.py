"""Claims of the Source Documents and Their Verdicts"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, text_of

TABLES = ("claims", "dictionary")


def lay_out(*, claims: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Every claim once, tested or not; what is not tested says why."""
    names = labels(dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for _, row in claims.iterrows():
        groups.setdefault(f"{row['claim']} {row['construct']}", []).append(_row(row, names))
    columns = ("Quotation", "Document", "Measured by", "Hypothesis", "Verdict", "Result or reason")
    general = ("Quotations are the documents' words, not this report's.", "Untested claims are listed with the reason.")
    return PrintedTable(title=__doc__, columns=columns, **grouped(groups), alignment=("left",) * 6, general=general)


def _row(row: pd.Series, names: Mapping[str, str]) -> tuple[str, ...]:
    measured = ", ".join(names.get(part, part) for part in text_of(row["measured_by"]).split("; ") if part)
    quotation = text_of(row["quotation"])
    return (
        f"“{quotation}”" if quotation else apa.MISSING,
        row["document"],
        measured or apa.MISSING,
        text_of(row["hypothesis"]) or apa.MISSING,
        row["verdict"],
        text_of(row["reason"]),
    )
