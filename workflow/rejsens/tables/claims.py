"""Claims of the Source Documents and Their Verdicts"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import joined, labels, text_of

TABLES = ("claims", "dictionary")


def lay_out(*, claims: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Every claim once, tested or not; what is not tested says why."""
    names = labels(dictionary) | _event_labels(dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for _, row in claims.iterrows():
        groups.setdefault(_heading(row), []).append(_row(row, names))
    columns = ("Hypothesis", "Measured by", "Verdict", "Result or reason")
    general = (
        "Text between “ and ” is quoted from the documents.",
        "Claims that are not tested are listed with the reason.",
        "What could measure a claim, the command “rejsens instruments --measures C12” says.",
    )
    return PrintedTable(title=__doc__, columns=columns, **grouped(groups), alignment=("left",) * 4, general=general)


def _heading(row: pd.Series) -> str:
    quotation = text_of(row["quotation"])
    source = f"“{quotation}”, in “{row['document']}”" if quotation else f"in “{row['document']}”"
    return f"{row['claim']} {row['construct']}: {source}"


def _event_labels(dictionary: pd.DataFrame) -> dict[str, str]:
    """Score of single events, without its kind -> its label without the kind: the ledger names such a score once."""
    rated = dictionary[dictionary["event"].map(text_of) != ""]
    rows = zip(rated["score"], rated["label"], rated["event"], strict=True)
    return {score.removeprefix(f"{kind}_"): label.removesuffix(f", {kind}") for score, label, kind in rows}


def _row(row: pd.Series, names: Mapping[str, str]) -> tuple[str, ...]:
    parts = text_of(row["measured_by"]).split("; ")
    measured = joined(names.get(part, part) for part in parts if part)
    return (text_of(row["hypothesis"]) or "None", measured or apa.MISSING, row["verdict"], text_of(row["reason"]))
