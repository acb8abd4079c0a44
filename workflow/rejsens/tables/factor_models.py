"""Factor Models"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.phrases import labelled
from rejsens.tables._cells import labels, latest, marked, marks, missing_rules, sentence

TABLES = ("factor_models", "loadings", "dictionary", "waves")
ADMISSIBLE, REPORTED = "admissible", "reported"
GUIDES = (
    "CFI and RMSEA are guides with maximum likelihood; with WLSMV they have no cut-offs, and nothing is decided by them.",
    "RMSEA with its 90% interval; p close is the p of the hypothesis that it is .05 or less.",
)
ESTIMATORS = {
    "MLR": "MLR is maximum likelihood with Huber–White standard errors, the Yuan–Bentler statistic and indices corrected for it.",
    "WLSMV": "WLSMV takes the answers as ordered categories; scaled and shifted statistic, scaled indices.",
}


def lay_out(
    *,
    factor_models: pd.DataFrame,
    loadings: pd.DataFrame,
    dictionary: pd.DataFrame,
    waves: pd.DataFrame,
    study: Mapping[str, Any],
) -> PrintedTable:
    """One section per instrument: one factor for each scale in its newest wave, then what the file declares beside it."""
    titles = dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    items = dict(zip(loadings["item"], loadings["label"], strict=True))
    scales = set(labels(dictionary))
    shown = pd.concat(
        [
            _newest(rows, waves) if model in scales else rows
            for model, rows in factor_models.groupby("model", sort=False)
        ]
        or [factor_models]
    )
    reasons = marks([_reason(row) for row in shown.to_dict("records")])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in shown.to_dict("records"):
        groups.setdefault(titles.get(row["instrument"], row["instrument"]), []).append(_row(row, reasons))
    columns = ("Model", "Wave", "Estimator", "n", "Lost", "χ²", "df", "p", "CFI", "TLI", "RMSEA", "p close", "SRMR")
    used = [words for name, words in ESTIMATORS.items() if name in set(shown["estimator"])]
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        alignment=("left",) * 3 + ("right",) * 10,
        general=(
            "A scale of one factor is shown in its newest wave, what an instrument's file declares beside that in the first.",
            *used,
            *GUIDES,
            *missing_rules(shown["missing_rule"]),
        ),
        specific=tuple((mark, sentence(labelled(text, items))) for text, mark in reasons.items()),
    )


def _newest(rows: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["wave"] == (latest(rows, waves) or rows["wave"].iloc[-1])]


def _reason(row: Mapping[str, Any]) -> str:
    if row["status"] != ADMISSIBLE:
        return row["status"]
    return "" if row["fit_status"] == REPORTED else row["fit_status"]


def _row(row: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[str, ...]:
    stub = marked(row["label"], _reason(row), reasons)
    head = (stub, row["wave"], row["estimator"], apa.count(row["n"]), apa.count(row["n_lost"]))
    if row["status"] != ADMISSIBLE or apa.is_missing(row["chi2"]):
        return (*head, *(apa.MISSING,) * 8)
    rmsea = apa.coefficient(row["rmsea"], row["rmsea_ci_low"], row["rmsea_ci_high"], decimals=3, bounded=True)
    return (
        *head,
        apa.number(row["chi2"]),
        apa.count(row["df"]),
        apa.p(row["p"]),
        *(apa.r(row[index], 3) for index in ("cfi", "tli")),
        rmsea,
        apa.p(row["p_close"]),
        apa.r(row["srmr"], 3),
    )
