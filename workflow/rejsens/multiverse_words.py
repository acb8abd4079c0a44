"""Kinds of analysis of a multiverse in words, and at which rates they were drawn."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rejsens import apa
from rejsens.sentences import listed

KIND_WORDS: Mapping[str, str] = {
    "regression": "complete-case regressions",
    "mixed": "complete-case mixed models",
    "imputed": "analyses with multiple imputation",
}


def kinds_of(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table "multiverse_summary" for one kind each, in the order of `KIND_WORDS`."""
    kinds = summary[summary["part"].isin(list(KIND_WORDS))]
    return kinds.sort_values("part", key=lambda parts: parts.map(list(KIND_WORDS).index), kind="stable")


def drawn_unequally(summary: pd.DataFrame) -> tuple[str, ...]:
    """How many of each kind were run, where their rates differ within a hypothesis; empty where they do not.

    >>> kinds = {"hypothesis": "H1", "part": ["regression", "mixed", "imputed"], "n": [80, 16, 3]}
    >>> for said in drawn_unequally(pd.DataFrame(kinds | {"possible": [160, 320, 1000]})):
    ...     print(said)
    Kinds of analysis were drawn at unequal rates: 50% of the complete-case regressions that the options allow, 5.0% of the complete-case mixed models and 0.3% of the analyses with multiple imputation.
    What is said over all kinds together counts each kind by how many of it were drawn, so read the kinds first.
    >>> drawn_unequally(pd.DataFrame(kinds | {"possible": [80, 16, 3]}))
    ()
    """
    kinds = kinds_of(summary).assign(rate=lambda rows: rows["n"] / rows["possible"])
    uneven = kinds.groupby("hypothesis")["rate"].transform("nunique") > 1
    if not uneven.any():
        return ()
    ends = kinds[uneven].groupby("part", sort=False)["rate"].agg(["min", "max"])
    said = [f"{_span(row.min, row.max)} of the {KIND_WORDS[row.Index]}" for row in ends.itertuples()]
    said[0] += " that the options allow"
    return (
        f"Kinds of analysis were drawn at unequal rates: {listed(said)}.",
        "What is said over all kinds together counts each kind by how many of it were drawn, so read the kinds first.",
    )


def _span(low: float, high: float) -> str:
    ends = [f"{apa.percent(100 * rate, 0 if rate >= 0.1 else 1)}%" for rate in (low, high)]
    return " to ".join(dict.fromkeys(ends))
