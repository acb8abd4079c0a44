"""A joint test of equal coefficients over imputed panels, from the pairwise differences that stand beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy import stats

from rejsens.inference.estimates import NOT_TESTABLE, Estimate
from rejsens.missing import pool_test

EQUAL, LESS = " = ", " - "
_DENOMINATOR = re.compile(r"(F test on \d+) and \d+ degrees of freedom")


def is_equality(row: Estimate) -> bool:
    """Whether a row is one test that two or more coefficients are equal."""
    return row.metric == "wald_f" and EQUAL in row.term


def differences_of(row: Estimate, beside: Sequence[Estimate]) -> dict[tuple[str, str], Estimate]:
    """Pair of coefficients -> its difference, of the coefficients that the test is about; empty when one is absent."""
    pairs = list(combinations(row.term.split(EQUAL), 2))
    own = {
        other.term: other for other in beside
        if other.metric == "beta_difference" and (other.analysis, other.wave, other.outcome) == (row.analysis, row.wave, row.outcome)
    }  # fmt: skip
    found = {pair: own[LESS.join(pair)] for pair in pairs if LESS.join(pair) in own}
    return found if len(found) == len(pairs) else {}


def pooled_equality(rows: Sequence[Estimate], beside: Sequence[Sequence[Estimate]], missing_rule: str) -> Estimate:
    """The joint test of all panels as one row: the pooled Wald test D1 (Li, Raghunathan and Rubin, 1991; Reiter, 2007).

    rows      the test in each panel. The median of its degrees of freedom counts as those of complete data, and D1 is
              multiplied by the median of F over the Wald statistic divided by q: 1, or (G - q) / (G - 1) of clustered errors,
              where the complete-data test is Hotelling's
    beside    each panel's rows, the differences of every pair among them. D1 takes the differences from the first coefficient
              and their covariance, which the pairs hold: 2 Cov(b1 - b2, b1 - b3) = Var(b1 - b2) + Var(b1 - b3) - Var(b2 - b3)
    returns   statistic (F), df (the denominator; the numerator stands in the method), p, m, and fmi: that of `pool`'s
              formula at the average relative increase in variance over the contrasts
    source    see `rejsens.missing.pool_test`, which is checked against its formulas in R
    checked against pool_test on coefficients and covariances of statsmodels, and an example by hand

    >>> blank = Estimate(analysis="a", wave="w", outcome="y")
    >>> joint = replace(blank, metric="wald_f", term="x1 = x2 = x3", df=100.0, method="F with 2 numerator df")
    >>> pairs = {"x1 - x2": 0.2, "x1 - x3": 0.1, "x2 - x3": -0.1}
    >>> panels = [[replace(blank, metric="beta_difference", term=term, estimate=b + more, se=0.1) for term, b in pairs.items()]
    ...           for more in (0.0, 0.05, 0.1)]
    >>> tests = [replace(joint, statistic=f) for f in (2.0, 19 / 6, 14 / 3)]
    >>> row = pooled_equality(tests, panels, "multiple imputation, m = 3")
    >>> round(row.statistic, 2), round(row.df, 1), row.m, round(row.fmi, 2)
    (2.59, 90.8, 3, 0.2)
    """
    refused = next((row for row in rows if row.status == NOT_TESTABLE), None)
    tables = [differences_of(row, own) for row, own in zip(rows, beside, strict=True)]
    usable = all(tables) and all(math.isfinite(one.se) for table in tables for one in table.values())
    if refused is not None or not usable:
        row = refused or rows[0]
        why = row.reason or "the analysis gave no standard error"
        return _without_numbers(replace(row, reason=f"in an imputed panel: {why}", m=len(rows)))
    estimates, covariances = zip(*(_from_first(table) for table in tables), strict=True)
    try:
        plain = [b @ np.linalg.solve(v, b) / len(b) for b, v in zip(estimates, covariances, strict=True)]
        test = pool_test(estimates, covariances, float(np.median([row.df for row in rows]))).iloc[0]
    except (np.linalg.LinAlgError, ValueError) as fault:
        return _without_numbers(
            replace(rows[0], reason=f"the panels' tests could not be pooled ({fault})", m=len(rows))
        )
    riv, df = float(test["riv"]), float(test["df2"])
    f = float(test["statistic"] * np.median([row.statistic / own for row, own in zip(rows, plain, strict=True)]))
    method = _DENOMINATOR.sub(r"\1 degrees of freedom", rows[0].method)
    return replace(
        rows[0], statistic=f, df=df, p=float(stats.f.sf(f, test["df1"], df)), m=len(rows),
        fmi=(riv + 2 / (df + 3)) / (riv + 1), missing_rule=missing_rule,
        method=f"{method}, pooled as D1",
    )  # fmt: skip


def _from_first(differences: dict[tuple[str, str], Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Differences of the first coefficient from each other one, and their covariance."""
    first = next(iter(differences))[0]
    others = [b for a, b in differences if a == first]
    variance = {pair: row.se**2 for pair, row in differences.items()}
    covariance = np.diag([variance[first, other] for other in others])
    for (j, a), (k, b) in combinations(enumerate(others), 2):
        covariance[j, k] = covariance[k, j] = (variance[first, a] + variance[first, b] - variance[a, b]) / 2
    return np.array([differences[first, other].estimate for other in others]), covariance


def _without_numbers(row: Estimate) -> Estimate:
    return replace(row, status=NOT_TESTABLE, statistic=math.nan, df=math.nan, p=math.nan)
