"""Reliability in This Sample"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.events import OF_RATERS
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import joined, labels, marked, marks, panel, sentence, status_of

TABLES = ("reliability", "dictionary", "waves")
LOST = "Lost are people without an answer to every item."
# Full names, since many coefficients go by the name of omega.
NAMES = {
    "alpha": "Alpha",
    "omega_u": "Omega (one factor)",
    "omega_categorical": "Omega (categorical)",
    "spearman_brown": "Spearman–Brown",
}


def lay_out(
    *, reliability: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per score; coefficients side by side, each with its interval; rows differ in wave, n or k."""
    reliability = reliability[reliability["coefficient"].isin(NAMES)]  # what a retest says has a table of its own
    kinds = list(dict.fromkeys(reliability["coefficient"]))
    letters = marks([status_of(status) for status in reliability["status"]])
    names, order = labels(dictionary), {wave: k for k, wave in enumerate(panel(waves))}
    groups = {}
    for score, frame in reliability.groupby("score", sort=False):
        by_row = sorted(
            frame.groupby(["wave", "n", "n_lost", "k"], sort=False),
            key=lambda found: order.get(found[0][0], len(order)),
        )
        groups[names.get(score, score)] = [_row(key, rows, kinds, letters) for key, rows in by_row]
    columns = ("Wave", "n", "Lost", "k", *(NAMES[kind] for kind in kinds))
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        general=_notes(reliability, dictionary, study),
        specific=specific,
    )


def _row(key: tuple[Any, ...], rows: pd.DataFrame, kinds: Sequence[str], letters: Mapping[str, str]) -> tuple[str, ...]:
    by_kind = rows.drop_duplicates("coefficient").set_index("coefficient")
    cells = (_cell(by_kind.loc[kind], letters) if kind in by_kind.index else "" for kind in kinds)
    return (key[0], *map(apa.count, key[1:]), *cells)


def _cell(row: pd.Series, letters: Mapping[str, str]) -> str:
    text = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=True)
    return marked(text, status_of(row["status"]), letters)


def _notes(reliability: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> tuple[str, ...]:
    notes = [f"Brackets hold {apa.level(study['ci_level'])} intervals; k is the number of items.", LOST]
    if dictionary["event"].fillna("").ne("").any():
        notes.append(sentence(OF_RATERS))
    for kind, frame in reliability.groupby("coefficient", sort=False):
        methods = " or ".join(dict.fromkeys(m for m in frame["method"] if m))
        if methods:
            notes.append(sentence(f"{NAMES[kind]}: {methods}"))
    for model, what in (("formative", "Formative indices"), ("single_item", "Single items")):
        own = dictionary.loc[dictionary["model"] == model, "label"]
        if len(own):
            notes.append(f"{what}, to which internal consistency does not apply: {joined(own)}.")
    return tuple(notes)
