"""Indirect association of a predictor with an outcome through a third variable. Not a causal mediation analysis.

In one wave nothing orders the three in time; every row says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate, z_scores
from rejsens.inference.estimates import Estimate
from rejsens.inference.least_squares import INTERCEPT, analysed_people, combination, fit_least_squares
from rejsens.inference.resampling import bootstrap_correlations, percentile_interval, standardised_slopes

LABEL = "indirect association, temporal order not established"


def indirect_association(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    mediator: str,
    draws: int = 5000,
    rng: np.random.Generator,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Product of two standardised coefficients: a (mediator on predictor) times b (outcome on mediator, predictor).

    frame, covariates   as for `cross_sectional`; the covariates stand in every equation. Outcome, predictor and
                mediator are z scores of the complete cases. With columns of three ordered waves the same product is
                an indirect association over time; the label is then the caller's to replace
    draws, rng  resamples (and Monte Carlo draws), and the generator that makes them
    returns     six rows. Two `indirect` rows with estimate a * b: percentile bootstrap (people resampled, everything
                standardised anew in each draw; two-sided p = 2 (1 + draws beyond 0) / (draws + 1)), and Monte Carlo
                (a and b drawn from independent normal distributions with their HC3 standard errors). Then `beta` rows:
                a, b, the direct coefficient and the total one (a * b = total - direct), OLS with HC3
    missing     complete cases on all variables; raises NotTestable, see `analysed_people`
    source      MacKinnon, Lockwood & Williams (2004), Multivariate Behavioral Research, 39, 99-128
    checked against R's lm, boot, and a Monte Carlo interval from numerical integration of the product of two normals

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> m = 0.5 * x + rng.normal(size=300)
    >>> frame = pd.DataFrame({"x": x, "m": m, "y": 0.4 * m + rng.normal(size=300)})
    >>> rows = indirect_association(frame, "y", "x", mediator="m", draws=500, rng=np.random.default_rng(2))
    >>> [row.term for row in rows]
    ['x > m > y', 'x > m > y', 'x > m', 'm > y', 'x > y, direct', 'x > y, total']
    """
    people = analysed_people(frame, [outcome], [predictor, mediator], covariates)
    y = z_scores(people.rows[outcome].to_numpy(float))
    without = people.matrix.drop(columns=mediator)
    first = fit_least_squares(people.matrix[mediator].to_numpy(), without)
    second = fit_least_squares(y, people.matrix)
    parts = [
        (mediator, f"{predictor} > {mediator}", combination(first, {predictor: 1.0}, ci_level, alpha)),
        (outcome, f"{mediator} > {outcome}", combination(second, {mediator: 1.0}, ci_level, alpha)),
        (outcome, f"{predictor} > {outcome}, direct", combination(second, {predictor: 1.0}, ci_level, alpha)),
        (
            outcome, f"{predictor} > {outcome}, total",
            combination(fit_least_squares(y, without), {predictor: 1.0}, ci_level, alpha),
        ),
    ]  # fmt: skip
    common: dict[str, Any] = {"analysis": "mediation", "wave": wave, **people.columns()}
    a, b = parts[0][2], parts[1][2]
    values = np.column_stack([y, people.matrix.drop(columns=INTERCEPT).to_numpy()])
    indirect: dict[str, Any] = {
        "outcome": outcome,
        "term": f"{predictor} > {mediator} > {outcome}",
        "metric": "indirect",
    }
    rows = [
        ("percentile bootstrap", _resampled_products(values, draws, rng)),
        ("Monte Carlo", _drawn_products(a, b, draws, rng)),
    ]
    return [
        *(
            Estimate(**common, **indirect, **drawn_columns(a["estimate"] * b["estimate"], found, ci_level),
                     method=f"{LABEL}; {name}, {draws} draws")
            for name, found in rows
        ),
        *(
            Estimate(**common, outcome=name, term=term, metric="beta", **numbers, method="OLS, HC3")
            for name, term, numbers in parts
        ),
    ]  # fmt: skip


def _resampled_products(values: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """a * b in each resample; columns are outcome, predictor, mediator, covariates."""
    r = bootstrap_correlations(values, draws, rng)
    covariates = list(range(3, values.shape[1]))
    a = standardised_slopes(r, 2, [1, *covariates])[:, 0]
    return a * standardised_slopes(r, 0, [2, 1, *covariates])[:, 0]


def _drawn_products(a: dict[str, float], b: dict[str, float], draws: int, rng: np.random.Generator) -> np.ndarray:
    z = rng.standard_normal((2, draws))
    return (a["estimate"] + a["se"] * z[0]) * (b["estimate"] + b["se"] * z[1])


def drawn_columns(estimate: float, draws: np.ndarray, ci_level: float) -> dict[str, Any]:
    """Interval, standard error and two-sided p of a product from its draws."""
    low, high = percentile_interval(draws, ci_level)
    low90, high90 = percentile_interval(draws, 0.90)
    beyond = min((draws <= 0).sum(), (draws >= 0).sum())
    return {
        "estimate": estimate, "se": float(draws.std(ddof=1)), "p": float(min(1.0, 2 * (1 + beyond) / (len(draws) + 1))),
        "ci_level": ci_level, "ci_low": low, "ci_high": high, "ci90_low": low90, "ci90_high": high90,
    }  # fmt: skip
