"""Patterns of Missing Answers"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import joined, n_percent, shown_waves, text_of

TABLES = ("missing_patterns", "waves")
MOST = {"waves": 12, "instruments": 6}  # patterns of a section; the CSV table holds the others
HEADINGS = {
    "waves": "Waves of the panel in which somebody did not take part",
    "instruments": "Wave {}: instruments left incomplete",
}
NOTHING = {"waves": "took part in every wave", "instruments": "nothing missing"}


def lay_out(*, missing_patterns: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """A section for the panel and one per wave; a row per pattern, the most frequent first, and one of all the others."""
    names, note = shown_waves(waves)
    groups = {}
    for (wave, level), rows in missing_patterns.groupby(["wave", "level"], sort=False):
        if level == "waves" or wave in names:
            groups[HEADINGS[level].format(wave)] = _section(rows, level)
    return PrintedTable(
        title=__doc__,
        columns=("Missing", "n (%)"),
        **grouped(groups),
        general=(
            "Cells are n (%) of the people of the wave; for waves, of everybody who took part in one of the panel at least.",
            "An instrument is incomplete where a score of it that applies to the person could not be computed; ratings of single "
            "events are left out. Patterns of few people stand together in the row of all others.",
            *note,
        ),
    )


def _section(rows: pd.DataFrame, level: str) -> list[tuple[str, ...]]:
    shown = rows[rows["pattern"] > 0].head(MOST[level])
    rest = rows[~rows.index.isin(shown.index)]
    people = 100 * shown["n"].iloc[0] / shown["percent"].iloc[0] if len(shown) else None
    cells = [
        (_words(text_of(row["missing"]), row["asked"], level), n_percent(row["n"], people))
        for _, row in shown.iterrows()
    ]
    if len(rest):
        n = rest["n"].sum(min_count=len(rest))
        cells.append((f"{apa.count(rest['n_patterns'].sum())} other {'pattern' if rest['n_patterns'].sum() == 1 else 'patterns'}", n_percent(n, people or n)))  # fmt: skip
    return cells


def _words(missing: str, asked: str, level: str) -> str:
    """What is missing, or (where that is most of what was asked) what is there.

    >>> _words("gad7; rses; ucla3", "gad7; rses; phq8; ucla3", "instruments"), _words("", "w1; w2", "waves")
    ('all but phq8', 'took part in every wave')
    """
    if not missing:
        return NOTHING[level]
    away, everything = missing.split("; "), asked.split("; ")
    there = [name for name in everything if name not in away]
    if not there:
        return "everything"
    return f"all but {joined(there)}" if len(there) < len(away) else joined(away)
