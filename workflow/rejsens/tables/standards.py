"""What Reporting Standards Ask, and Where It Is Answered"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens.layout import PrintedTable
from rejsens.standards import provider
from rejsens.tables._cells import text_of

TABLES = ("standards",)
COLUMNS = ("Item", "Asks for", "Outcome", "Where, or what would provide it")


def lay_out(*, standards: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Every item under its standard, with a link to its place."""
    rows = standards.to_dict("records")
    about = dict(zip(standards["standard"], standards["about"], strict=True))
    sections = [
        (k, row["standard"]) for k, row in enumerate(rows) if k == 0 or row["standard"] != rows[k - 1]["standard"]
    ]
    return PrintedTable(
        title=__doc__,
        columns=COLUMNS,
        rows=tuple((row["part"], row["asks"], row["outcome"], _where(row)) for row in rows),
        sections=tuple(sections),
        alignment=("left",) * 4,
        links=tuple((k, len(COLUMNS) - 1, row["anchor"]) for k, row in enumerate(rows) if text_of(row["anchor"])),
        general=(
            f"{'; '.join(f'{name}: {text}' for name, text in about.items())}.",
            "Names of items and the data behind each stand in the file standards.csv.",
        ),
    )


def _where(row: Mapping[str, Any]) -> str:
    """A place, a reason, or what would provide it."""
    return text_of(row["place"]) or text_of(row["reason"]) or provider(row)
