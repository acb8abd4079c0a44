"""Indirect Associations and Their Paths"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens.layout import PrintedTable
from rejsens.result_names import label_of, labels_of, term_of
from rejsens.tables import _coefficients

TABLES = ("estimates", "dictionary")
ANALYSES = ("mediation", "lagged_indirect")
NOTES = (
    "a: from predictor to mediator; b: from mediator to outcome; c′: from predictor to outcome beside the mediator; "
    "c: without it; a × b: the indirect association, with an interval from draws. All are standardised.",
    "An indirect association is a product of associations: nothing here establishes what brings what about.",
)
LAGGED = "Over waves each path goes from one wave to the next, within persons."
ORDER = "In one wave the order in time is not established."


def lay_out(*, estimates: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """The paths of every indirect association and their product."""
    names = labels_of(dictionary)
    own = estimates[estimates["analysis"].isin(ANALYSES)]
    chains = {
        (row["hypothesis"], row["wave"]): str(row["term"]).split(" > ")
        for row in own.to_dict("records")
        if row["metric"] == "indirect" and str(row["term"]).count(" > ") == 2
    }

    def stub(row: Mapping[str, Any]) -> str:
        chain = chains.get((row["hypothesis"], row["wave"]), ())
        path = _path(row, chain)
        ends = {"a": chain[:2], "b": chain[1:], "a × b": chain}.get(path, chain[::2])
        return f"{path}: {' – '.join(label_of(name, names) for name in ends)}" if path else term_of(row, names)

    kinds = set(own["analysis"])
    notes = (*NOTES, *((LAGGED,) if "lagged_indirect" in kinds else ()), *((ORDER,) if "mediation" in kinds else ()))
    return _coefficients.lay_out(__doc__, own, names, stub, notes, outcomes=False)


def _path(row: Mapping[str, Any], chain: list[str] | tuple[()]) -> str:
    """Which path of a chain of predictor, mediator and outcome a row is; empty where it is none of them.

    >>> _path({"metric": "beta_within", "term": "m_lagged", "outcome": "y"}, ["x", "m", "y"])
    'b'
    >>> _path({"metric": "beta", "term": "x > y, direct", "outcome": "y"}, ["x", "m", "y"])
    'c′'
    """
    if row["metric"] == "indirect":
        return "a × b"
    if not chain:
        return ""
    x, m, y = chain
    start = str(row["term"]).split(" > ")[0].removesuffix("_lagged")
    if str(row["term"]).endswith(", total"):
        return "c"
    return {(x, m): "a", (m, y): "b", (x, y): "c′"}.get((start, row["outcome"]), "")
