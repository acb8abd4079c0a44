"""Reliability Over Time"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, sentence, status_of

TABLES = ("reliability", "dictionary")
CHANGE = "r_c"
COLUMNS = {  # column of the table -> the coefficient, by either of its names (a retest within four weeks, or later)
    "ICC(2,1)": ("retest_icc2", "stability_icc2"),
    "r": ("retest_r", "stability_r"),
    "SEM": ("sem_agreement",),
    "SDC95": ("sdc95_agreement",),
}
IN_THE_METRIC_OF_THE_SCORE = ("SEM", "SDC95")


def lay_out(*, reliability: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One row per score: agreement and error of measurement at a retest, and how reliably change differs between people."""
    names = labels(dictionary)
    kinds = [kind for group in COLUMNS.values() for kind in group]
    shown = reliability[reliability["coefficient"].isin([*kinds, CHANGE])]
    letters = marks([status_of(status) for status in shown["status"]])
    groups: dict[str, list[tuple[str, ...]]] = {}
    titles = dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    retests = list(dict.fromkeys(shown.loc[shown["coefficient"] != CHANGE, "wave"]))
    for (instrument, score), rows in shown.groupby(["instrument", "score"], sort=False):
        own = [wave for wave in retests if wave in set(rows["wave"])] or [""]
        for wave in own:  # what is said of change stands once, with the first retest
            kept = rows[(rows["wave"] == wave) | ((rows["coefficient"] == CHANGE) & (wave == own[0]))]
            name = names.get(score, score) + (f", {wave}" if len(retests) > 1 and wave else "")
            groups.setdefault(titles.get(instrument, instrument), []).append(_row(name, kept, letters))
    return PrintedTable(
        title=__doc__,
        columns=("Score", "n", *COLUMNS, "n in all waves", "Change"),
        **grouped(groups),
        general=(
            f"Brackets hold {apa.level(study['ci_level'])} intervals. Retest: {', '.join(retests) or 'none in this study'}.",
            "ICC(2,1) is agreement of a score with itself, r its correlation; SEM is the standard error of measurement and SDC95 "
            "the smallest change of one person beyond that error (95%), both in units of the score.",
            "Change: how reliably people's changes from wave to wave differ (R_C of generalisability theory), from people with "
            "every answer in every wave.",
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _row(name: str, rows: pd.DataFrame, letters: Mapping[str, str]) -> tuple[str, ...]:
    by_kind = rows.drop_duplicates("coefficient").set_index("coefficient")
    found = {heading: next((k for k in kinds if k in by_kind.index), "") for heading, kinds in COLUMNS.items()}
    cells = [
        _cell(by_kind, kind, heading not in IN_THE_METRIC_OF_THE_SCORE, letters) for heading, kind in found.items()
    ]
    n = by_kind["n"].get(next(filter(None, found.values()), ""))
    return (name, apa.count(n), *cells, apa.count(by_kind["n"].get(CHANGE)), _cell(by_kind, CHANGE, True, letters))


def _cell(by_kind: pd.DataFrame, kind: str, bounded: bool, letters: Mapping[str, str]) -> str:
    if kind not in by_kind.index:
        return apa.MISSING
    row = by_kind.loc[kind]
    text = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=bounded)
    return marked(text, status_of(row["status"]), letters)
