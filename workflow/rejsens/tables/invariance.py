"""Measurement Invariance"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.measured_alike import NOT_TESTED
from rejsens.tables._cells import labels, marked, marks, sentence, text_of

TABLES = ("invariance", "dictionary")
ADMISSIBLE, REJECTED = "admissible", "rejected"
UNTESTED = "the scaled difference of the two models could not be computed"
STEPS = {  # what a rung makes equal, whichever name the ladder has for it
    "Thresholds": ("thresholds",),
    "Loadings": ("metric", "loadings"),
    "Intercepts": ("scalar", "intercepts"),
    "Residual variances": ("strict", "unique variances"),
}


def lay_out(*, invariance: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per comparison, one row per scale: fit with nothing equal, then what each further equality costs."""
    names = labels(dictionary)
    reasons = marks([_reason(*pair) for pair in zip(invariance["status"], invariance["holds"], strict=True)])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for (between, compared, model), rungs in invariance.groupby(["between", "compared", "model"], sort=False):
        heading = f"{_over(between)}: {compared.replace('; ', ', ')}"
        groups.setdefault(heading, []).append(_row(names.get(model, model), rungs.set_index("rung"), reasons))
    columns = ("Scale", "Estimator", "n", "CFI", "RMSEA", *(f"{step} equal" for step in STEPS))
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        alignment=("left", "left") + ("right",) * 7,
        general=(
            "CFI and RMSEA are those of the model in which nothing is equal. What is equal in a column, and to its left, is "
            "tested against the column before: p of the difference in fit, and in brackets the change of CFI.",
            f"p below {apa.r(study['alpha'])} says that the equality fits worse, not by how much: over many people it always "
            "will. Changes of CFI are guides with maximum likelihood (MLR) and decide nothing with ordered answers (WLSMV).",
            *_releases(invariance, names),
            *(f"Missing answers: {rule}." for rule in dict.fromkeys(invariance["missing_rule"]) if rule),
        ),
        specific=tuple((mark, sentence(text)) for text, mark in reasons.items()),
    )


def _releases(invariance: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """What a rejected equality may give up: one sentence for the whole table."""
    said = [
        f"{names.get(row['model'], row['model'])} {_over(row['between']).lower()}, {_step_of(row['rung'])}: {_released(row)}"
        for row in invariance.to_dict("records")
        if text_of(row["holds"]) == REJECTED and text_of(row["released"])
    ]
    return [f"Exploratory, for what is released was chosen by the data: {'; '.join(said)}."] if said else []


def _released(row: Mapping[str, Any]) -> str:
    p = "" if apa.is_missing(row["partial_d_p"]) else f" (p {apa.p(row['partial_d_p'], relation=True)})"
    return f"{text_of(row['partial_holds'])} with the {text_of(row['released'])} free{p}"


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
    return f"{apa.p(row['d_p'])} ({apa.r(row['d_cfi'], 3)})"
