"""Assumptions of the structural equations over waves: fit, equal paths, and normal answers, each with its effect."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.mixed_diagnostics import Check, remedied

FIT, EQUAL_PATHS = "model fit", "equal paths over waves"
ENDS = ("estimate", "ci_low", "ci_high", "ci90_low", "ci90_high")


def lagged_checks(
    rows: pd.DataFrame, deciding: Mapping[str, Any], normal: Callable[[], Sequence[Estimate]], alpha: float
) -> list[Check]:
    """Checks of a model fitted with MLR and FIML, from the rows that it gave and one refit.

    rows       the hypothesis' rows of the estimates table; deciding: the one that decides
    normal     runs the same analysis with estimator ML: rows, the deciding one first
    returns    model fit      the test of fit (Yuan-Bentler) | where it is beyond its guide, the same path in the panel
                              with person fixed effects, which makes other assumptions, if that was fitted
               equal paths    the test that they are equal over the intervals (no remedy: there is then no one path)
               normal answers the scaling of the test of fit, 1 for normal answers (Yuan & Bentler, 2000, Sociological
                              Methodology, 30, 165-200) | interval of normal theory (ML) in place of the sandwich; no
                              customary bound, so it is never flagged
    """
    own = rows[rows["analysis"].isin({deciding["analysis"], "ri_clpm"})]
    checks: list[Check] = []
    fit = own[own["term"] == FIT].head(1)
    for label, found, remedy in (
        ("model fit", fit, _companion(rows, deciding)),
        ("equal paths", own[own["term"] == EQUAL_PATHS].head(1), {}),
    ):
        checks += [
            {"check": label, "statistic": "chi2", "value": row["statistic"], "df": row["df"], "p": row["p"],
             "guide": f"p below {alpha:g}", "flagged": bool(row["p"] < alpha), **(remedy if row["p"] < alpha else {})}
            for _, row in found.iterrows()
        ]  # fmt: skip
    return [*checks, _normal(fit, normal)]


def _companion(rows: pd.DataFrame, deciding: Mapping[str, Any]) -> dict[str, Any]:
    beside = rows[(rows["analysis"] == "fixed_effects_sem") & (rows["term"] == deciding["term"])].head(1)
    if beside.empty or not math.isfinite(beside["estimate"].iloc[0]):
        return {}
    row = beside.iloc[0]
    return {
        "instead": "panel with person fixed effects", "numbers": {name: float(row[name]) for name in ENDS},
        "n_instead": int(row["n_people"]),
    }  # fmt: skip


def _normal(fit: pd.DataFrame, normal: Callable[[], Sequence[Estimate]]) -> Check:
    check: Check = {"check": "normal answers", "statistic": "scaling of chi2", "guide": "1 for normal answers",
                    "flagged": False}  # fmt: skip
    found: list[Estimate] = []

    def remedy() -> dict[str, Any]:
        found.extend(normal())
        row = found[0]
        if not math.isfinite(row.estimate):
            raise NotTestable(row.reason or "the analysis gave no estimate")
        numbers = {name: getattr(row, name) for name in ENDS}
        return {"instead": "interval of normal theory (ML)", "numbers": numbers, "n_instead": row.n_people}

    check |= remedied(remedy)
    plain = [row.statistic for row in found if row.term == FIT]
    if plain and len(fit) and fit["statistic"].iloc[0] > 0:
        check["value"] = plain[0] / float(fit["statistic"].iloc[0])
    return check
