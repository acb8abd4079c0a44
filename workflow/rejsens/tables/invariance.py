"""Measurement Invariance"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.measured_alike import NOT_TESTED
from rejsens.phrases import ABOVE_REJECTED, above_rejected, labelled
from rejsens.tables._cells import labels, marked, marks, missing_rules, sentence, text_of

TABLES = ("invariance", "dictionary", "loadings")
ADMISSIBLE, REJECTED = "admissible", "rejected"
UNTESTED = "the scaled difference of the two models could not be computed"
ABOVE = (
    f"{ABOVE_REJECTED}: it is compared with a model that fits worse already, and that it is not rejected tells little"
)
LEFT_OUT = (
    "Left out of a comparison of groups are people of that wave who named no group or one of too few people "
    "(invariance.min_people in the settings); n, lost and left out together are everybody who was asked."
)
STEPS = {  # what a rung makes equal, whichever name the ladder has for it
    "Thresholds": ("thresholds",),
    "Loadings": ("metric", "loadings"),
    "Intercepts": ("scalar", "intercepts"),
    "Residual variances": ("strict", "unique variances"),
}


def lay_out(
    *, invariance: pd.DataFrame, dictionary: pd.DataFrame, loadings: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per comparison, one row per scale: fit with nothing equal, then what each further equality costs."""
    names = labels(dictionary)
    ladders = [ladder for _, ladder in invariance.groupby(["between", "compared", "model"], sort=False)]
    reasons = marks(
        [_reason(*pair) for pair in zip(invariance["status"], invariance["holds"], strict=True)]
        + [ABOVE for ladder in ladders if any(above_rejected(ladder))]
    )
    groups: dict[str, list[tuple[str, ...]]] = {}
    for ladder in ladders:
        first, rungs = ladder.iloc[0], ladder.assign(above=above_rejected(ladder)).set_index("rung")
        heading = f"{_over(first['between'])}: {first['compared'].replace('; ', ', ')}"
        groups.setdefault(heading, []).append(_row(names.get(first["model"], first["model"]), rungs, reasons))
    columns = ("Scale", "Estimator", "n", "Lost", "Left out", "CFI", "RMSEA", *(f"{step} equal" for step in STEPS))
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        alignment=("left", "left") + ("right",) * 9,
        general=(
            "CFI and RMSEA are those of the model in which nothing is equal. What is equal in a column, and to its left, is "
            "tested against the column before: p of the difference in fit, and in brackets the change of CFI.",
            f"p below {apa.r(study['alpha'])} says that the equality fits worse, not by how much: over many people it always "
            "will. Changes of CFI are guides with maximum likelihood (MLR) and decide nothing with ordered answers (WLSMV).",
            *_releases(invariance, names, dict(zip(loadings["item"], loadings["label"], strict=True))),
            LEFT_OUT,
            *missing_rules(invariance["missing_rule"]),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _releases(invariance: pd.DataFrame, names: Mapping[str, str], items: Mapping[str, str]) -> list[str]:
    """What a rejected equality may give up, or why nothing was tried: one sentence each for the whole table.

    items   short labels of the items by id
    """
    rejected = [row for row in invariance.to_dict("records") if text_of(row["holds"]) == REJECTED]
    told = [row for row in rejected if text_of(row["released"])]
    untried = [row for row in rejected if not text_of(row["released"]) and text_of(row["partial_holds"])]
    freed = "; ".join(f"{_place(row, names)}: {_released(row, items)}" for row in told)
    kept = "; ".join(f"{_place(row, names)}: {row['partial_holds']}" for row in untried)
    return [
        *([f"Exploratory, for what is released was chosen by the data: {freed}."] if told else []),
        *([f"Nothing could be released: {kept}."] if untried else []),
    ]


def _place(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return f"{names.get(row['model'], row['model'])} {_over(row['between']).lower()}, {_step_of(row['rung'])}"


def _released(row: Mapping[str, Any], items: Mapping[str, str]) -> str:
    p = "" if apa.is_missing(row["partial_d_p"]) else f" (p {apa.p(row['partial_d_p'], relation=True)})"
    return f"{text_of(row['partial_holds'])} with the {labelled(text_of(row['released']), items)} free{p}"


def _step_of(rung: str) -> str:
    return next((f"{step.lower()} equal" for step, rungs in STEPS.items() if rung in rungs), rung)


def _over(between: str) -> str:
    return "Over waves" if between == "waves" else f"By {between.replace('_', ' ')}"


def _reason(status: str, holds: Any = "") -> str:
    if status != ADMISSIBLE:
        return status
    return UNTESTED if text_of(holds) == NOT_TESTED else ""


def _row(name: str, rungs: pd.DataFrame, reasons: Mapping[str, str]) -> tuple[str, ...]:
    first = rungs.iloc[0]
    return (
        marked(name, _reason(first["status"]), reasons),
        first["estimator"],
        apa.count(first["n"]),
        apa.count(first["n_lost"]),
        apa.count(first["n_left_out"]),
        apa.r(first["cfi"], 3),
        apa.r(first["rmsea"], 3),
        *(_step(rungs, step, reasons) for step in STEPS.values()),
    )


def _step(rungs: pd.DataFrame, step: tuple[str, ...], reasons: Mapping[str, str]) -> str:
    found = [rung for rung in step if rung in rungs.index]
    if not found:
        return ""
    row = rungs.loc[found[0]]
    if reason := _reason(row["status"], row["holds"]):
        return marked(apa.MISSING, reason, reasons)
    cell = f"{apa.p(row['d_p'])} ({apa.r(row['d_cfi'], 3)})"
    return marked(cell, ABOVE, reasons) if row["above"] else cell
