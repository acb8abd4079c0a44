"""Further Coefficients of Internal Consistency"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import RIGHT, PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, panel, sentence, status_of

TABLES = ("reliability", "dictionary", "waves")
COLUMNS = {  # column of the table -> the coefficient, by either of its names (declared model, or Schmid and Leiman)
    "Omega hierarchical": ("omega_h", "omega_h_sl"),
    "Omega total": ("omega_t", "omega_t_sl"),
    "Omega of the subscale": ("omega_s",),
    "Of its own factor": ("omega_hs",),
    "Coefficient H": ("coefficient_h",),
    "AVE": ("ave",),
    "Ordinal alpha": ("alpha_ordinal",),
}
LOWEST, HIGHEST = "split_half_lowest", "split_half_highest"
HALVES = "Split halves"
NOTES = (
    "Omega hierarchical is the share of the variance of the sum that a general factor explains, omega total the share that "
    "all factors explain; of a subscale, the share of all factors and that of its own factor over and above the general one, "
    "by the bifactor or second-order model that the instrument's file declares.",
    "Coefficient H is the reliability of the best weighted sum, not of the score. AVE, the average variance extracted, is the "
    "mean share of the items' variance that the one factor explains, and no reliability.",
    "Split halves: lowest to highest over all splits of an even number of items; the highest capitalises on chance.",
)


def lay_out(
    *, reliability: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One row per reflective score, in the first wave that asked it; a coefficient that does not apply is blank."""
    kinds = {kind for group in COLUMNS.values() for kind in group} | {LOWEST, HIGHEST}
    shown = reliability[reliability["coefficient"].isin(kinds)]
    order = panel(waves)
    firsts = {score: next((w for w in order if w in set(own["wave"])), "") for score, own in shown.groupby("score")}
    shown = shown[shown["wave"] == shown["score"].map(firsts)]
    present = [name for name, group in COLUMNS.items() if shown["coefficient"].isin(group).any()]
    letters = marks([status_of(status) for status in shown["status"]])
    titles, names = dict(zip(dictionary["instrument"], dictionary["title"], strict=True)), labels(dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for (instrument, score), rows in shown.groupby(["instrument", "score"], sort=False):
        row = (names.get(score, score), firsts[score], *_cells(rows, present, letters))
        groups.setdefault(titles.get(instrument, instrument), []).append(row)
    told = shown.loc[shown["coefficient"].isin([*COLUMNS["Omega hierarchical"], "alpha_ordinal"]), "method"]
    return PrintedTable(
        title=__doc__,
        columns=("Score", "Wave", *present, HALVES),
        **grouped(groups),
        alignment=("left", "left", *(RIGHT,) * (len(present) + 1)),
        general=(
            f"Brackets hold {apa.level(study['ci_level'])} intervals; rows with an answer to every item.",
            *NOTES,
            *(sentence(text) for text in dict.fromkeys(told)),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _cells(rows: pd.DataFrame, present: list[str], letters: Mapping[str, str]) -> list[str]:
    by_kind = rows.drop_duplicates("coefficient").set_index("coefficient")
    cells = []
    for name in present:
        kind = next((k for k in COLUMNS[name] if k in by_kind.index), "")
        cells.append(_cell(by_kind.loc[kind], letters) if kind else "")
    if LOWEST not in by_kind.index:
        return [*cells, ""]
    low, high = by_kind.loc[LOWEST], by_kind.loc[HIGHEST]
    text = apa.MISSING if apa.is_missing(low["estimate"]) else f"{apa.r(low['estimate'])} to {apa.r(high['estimate'])}"
    return [*cells, marked(text, status_of(low["status"]), letters)]


def _cell(row: pd.Series, letters: Mapping[str, str]) -> str:
    text = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=True)
    return marked(text, status_of(row["status"]), letters)
