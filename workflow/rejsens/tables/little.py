"""Little's Test of Data Missing Completely at Random"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable
from rejsens.tables._cells import marked, marks, sentence, status_of

TABLES = ("little",)


def lay_out(*, little: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per wave, and beside the p what it cannot show."""
    letters = marks([status_of(status) for status in little["status"]])
    return PrintedTable(
        title=__doc__,
        columns=("Wave", "n", "Scores", "Patterns", "χ²", "df", "p"),
        rows=tuple(_row(row, letters) for row in little.to_dict("records")),
        general=(
            "Scores that share no item and apply to everybody. The test looks at means alone and takes the scores for normal: "
            "it misses much, and over many people finds what does not matter.",
            "A p above any level does not show that answers are missing completely at random; no test can tell whether what is "
            "missing depends on the missing answers themselves.",
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _row(row: Mapping[str, Any], letters: Mapping[str, str]) -> tuple[str, ...]:
    return (
        marked(row["wave"], status_of(row["status"]), letters),
        apa.count(row["n"]),
        apa.count(row["k"]),
        apa.count(row["patterns"]) if row["patterns"] else apa.MISSING,
        apa.number(row["chi2"]),
        apa.df(row["df"]),
        apa.p(row["p"]),
    )
