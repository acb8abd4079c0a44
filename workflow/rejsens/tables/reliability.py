"""Reliability in This Sample"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import joined, labels, marked, marks, panel, sentence, status_of

TABLES = ("reliability", "dictionary", "waves")
# Full names, since many coefficients go by the name of omega.
NAMES = {
    "alpha": "Alpha",
    "alpha_ordinal": "Ordinal alpha",
    "omega_u": "Omega (one factor)",
    "omega": "Omega (one factor)",
    "omega_cat": "Omega (categorical)",
    "omega_h": "Omega hierarchical",
    "omega_t": "Omega total",
    "glb": "Greatest lower bound",
    "spearman_brown": "Spearman–Brown",
    "icc_a1": "ICC(A,1)",
    "sem": "SEM",
    "sdc95": "SDC95",
}
NOT_BOUNDED = ("sem", "sdc", "loa")  # in the metric of the score


def lay_out(
    *, reliability: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per score; coefficients side by side, each with its interval; rows differ in wave, n or k."""
    reliability = reliability[
        reliability["coefficient"] != "none"
    ]  # a score to which no coefficient applies: in the note
    kinds = list(dict.fromkeys(reliability["coefficient"]))
    letters = marks([status_of(status) for status in reliability["status"]])
    names, order = labels(dictionary), {wave: k for k, wave in enumerate(panel(waves))}
    groups = {}
    for score, frame in reliability.groupby("score", sort=False):
        by_row = sorted(
            frame.groupby(["wave", "n", "k"], sort=False), key=lambda found: order.get(found[0][0], len(order))
        )
        groups[names.get(score, score)] = [_row(key, rows, kinds, letters) for key, rows in by_row]
    columns = ("Wave", "n", "k", *(NAMES.get(kind, kind) for kind in kinds))
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        general=_notes(reliability, dictionary, study),
        specific=specific,
    )


def _row(key: tuple, rows: pd.DataFrame, kinds: Sequence[str], letters: Mapping[str, str]) -> tuple[str, ...]:
    by_kind = rows.drop_duplicates("coefficient").set_index("coefficient")
    cells = (_cell(by_kind.loc[kind], kind, letters) if kind in by_kind.index else "" for kind in kinds)
    return (key[0], apa.count(key[1]), apa.count(key[2]), *cells)


def _cell(row: pd.Series, kind: str, letters: Mapping[str, str]) -> str:
    bounded = not kind.startswith(NOT_BOUNDED)
    return marked(
        apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=bounded),
        status_of(row["status"]),
        letters,
    )


def _notes(reliability: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> tuple[str, ...]:
    notes = [f"Brackets hold {apa.level(study['ci_level'])} intervals; k is the number of items or of occasions."]
    for kind, frame in reliability.groupby("coefficient", sort=False):
        methods = " or ".join(dict.fromkeys(m for m in frame["method"] if m))
        if methods:
            notes.append(sentence(f"{NAMES.get(kind, kind)}: {methods}"))
    for model, what in (("formative", "Formative indices"), ("single_item", "Single items")):
        own = dictionary.loc[dictionary["model"] == model, "label"]
        if len(own):
            notes.append(f"{what}, to which internal consistency does not apply: {joined(own)}.")
    return tuple(notes)
