"""Patterns of Incomplete Answers"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import joined, n_percent, shown_waves, text_of

TABLES = ("missing_patterns", "dictionary", "waves")
MOST = 8  # patterns of a section, here and in the figure; the CSV table holds the others
ATTENDANCE = "waves"  # the level of the table at which waves are missing
POOLED = 0  # the pattern in which those of few people stand together
HEADINGS = {
    ATTENDANCE: "Waves of the panel in which somebody took part",
    "instruments": "Wave {}: instruments left incomplete",
}


def lay_out(
    *, missing_patterns: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """A section for the panel and one per wave; a row per pattern, the most frequent first, and one of all the others."""
    names, note = shown_waves(waves)
    titles = dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    groups = {}
    for (wave, level), rows in missing_patterns.groupby(["wave", "level"], sort=False):
        if level == ATTENDANCE or wave in names:
            groups[HEADINGS[level].format(wave)] = _section(rows, level, titles)
    return PrintedTable(
        title=__doc__,
        columns=("Incomplete", "n (%)"),
        **grouped(groups),
        general=(
            "Cells are n (%) of the people of the wave; for waves, of everybody who took part in one of the panel at least.",
            "An instrument is incomplete where a score of it that applies to the person could not be computed, be it for one "
            "answer or for all: “every instrument incomplete” need not be an empty record. Ratings of single events are left out.",
            most_frequent(missing_patterns, MOST, study),
            *note,
        ),
    )


def most_frequent(missing_patterns: pd.DataFrame, most: int, study: Mapping[str, Any]) -> str:
    """What is shown of the patterns, in words."""
    few = missing_patterns["pattern"].eq(POOLED).any()
    among = f", every pattern of fewer than {study['min_cell']} people among them" if few else ""
    return f"Shown are the {most} most frequent patterns at most; all others stand together in the last row{among}."


def frequent(rows: pd.DataFrame, most: int = MOST) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The most frequent patterns of one wave, and the others, those of few people among them."""
    shown = rows[rows["pattern"] != POOLED].sort_values("pattern", kind="stable").head(most)
    return shown, rows[~rows.index.isin(shown.index)]


def words(missing: str, asked: str, level: str, titles: Mapping[str, str]) -> str:
    """A pattern in words: what is incomplete, or (where that is most of what was asked) what is complete.

    >>> titles = {"gad7": "Anxiety", "phq8": "Depression", "ucla3": "Loneliness"}
    >>> words("gad7; ucla3", "gad7; phq8; ucla3", "instruments", titles), words("w2; w3", "w1; w2; w3", "waves", {})
    ('all incomplete but Depression', 'took part in w1 only')
    """
    away, everything = [name for name in missing.split("; ") if name], asked.split("; ")
    there = [name for name in everything if name not in away]
    if level == ATTENDANCE:
        if not away:
            return "took part in every wave"
        if len(there) < len(away):
            return f"took part in {_and(there)} only"
        return f"took part in every wave but {_and(away)}"
    if not away:
        return "nothing incomplete"
    if not there:
        return "every instrument incomplete"
    if len(there) < len(away):
        return f"all incomplete but {joined(titles.get(name, name) for name in there)}"
    return joined(titles.get(name, name) for name in away)


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _section(rows: pd.DataFrame, level: str, titles: Mapping[str, str]) -> list[tuple[str, ...]]:
    shown, rest = frequent(rows)
    people = 100 * shown["n"].iloc[0] / shown["percent"].iloc[0] if len(shown) else None
    cells: list[tuple[str, ...]] = [
        (words(text_of(row["missing"]), row["asked"], level, titles), n_percent(row["n"], people))
        for _, row in shown.iterrows()
    ]
    if len(rest):
        n, patterns = rest["n"].sum(min_count=len(rest)), rest["n_patterns"].sum()
        other = f"{apa.count(patterns)} other {'pattern' if patterns == 1 else 'patterns'}"
        cells.append((other, n_percent(n, people or n)))
    return cells
