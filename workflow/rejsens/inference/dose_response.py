"""The shape of an association over the range of the predictor: a line, a spline, a break, or only an order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.breakpoints import breakpoint_rows
from rejsens.inference.covariates import Covariate, z_scores
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.isotonic import isotonic_row
from rejsens.inference.least_squares import (
    INTERCEPT,
    Fit,
    People,
    analysed_people,
    combination,
    fit_least_squares,
    joint_row,
)

KNOTS = (0.05, 0.35, 0.65, 0.95)  # quantiles of the predictor
DOSES = (0.0, 1.0)
QUARTILES = {"p25": 0.25, "p75": 0.75}
CURVE_COLUMNS = ("dose", "linear", "spline", "ci_low", "ci_high")


def dose_response(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    rng: np.random.Generator,
    draws: int = 999,
    direction: str = "",
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Line, restricted cubic spline, one breakpoint and isotonic order of the outcome over one predictor.

    frame, covariates   as for `cross_sectional`
    rng, draws  generator and number of draws of the bootstrap (breakpoint) and of the permutations (isotonic)
    direction   positive | negative: the order that the isotonic test assumes; "" tries both
    returns     rows in this order. A model that these data cannot give is a row "not testable" with the reason; the
                others stand
                `beta`           of the line (z scores, HC3), as `cross_sectional`
                `wald_f`         of the two columns by which the spline departs from the line (HC3)
                `aic`            of line, spline and breakpoint model, same people: 2 k - 2 log L with the normal
                                 likelihood; k counts the residual variance, and the breakpoint as a coefficient
                `breakpoint` ... see `breakpoint_rows`
                `isotonic_r2`    see `isotonic_row`
                `adjusted_mean`  outcome (in its units) at 0 and 1 and at the predictor's quartiles, covariates at their
                                 means; from the spline, or the line where there is none. A dose outside the observed
                                 range is not testable
                `difference`     outcome at 1 minus at 0, in SDs of the outcome
    missing     complete cases
    raises      NotTestable when there is no line, see `analysed_people`
    source      Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4
    checked against R's lm with splines::ns, sandwich::vcovHC, AIC

    >>> rng = np.random.default_rng(1)
    >>> x = np.maximum(rng.gamma(2, size=300) - 0.5, 0)
    >>> frame = pd.DataFrame({"x": x, "y": -np.maximum(x - 1, 0) + rng.normal(size=300)})
    >>> rows = dose_response(frame, "y", "x", rng=np.random.default_rng(2), draws=199, direction="negative")
    >>> [row.metric for row in rows[:5]], [round(row.estimate, 2) for row in rows if row.metric == "adjusted_mean"]
    (['beta', 'wald_f', 'aic', 'aic', 'aic'], [-0.21, -0.13, -0.01, -1.24])
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y = people.rows[outcome].to_numpy(float)
    line = fit_least_squares(z_scores(y), people.matrix)
    common: dict[str, Any] = {"analysis": "dose_response", "wave": wave, "outcome": outcome, **people.columns()}
    levels: dict[str, Any] = {"ci_level": ci_level, "alpha": alpha}
    beta = Estimate(
        **common, term=predictor, metric="beta", method="OLS, HC3", **combination(line, {predictor: 1.0}, **levels)
    )
    broken, broken_rss = breakpoint_rows(people, predictor, z_scores(y), rng, draws, common, ci_level, alpha)
    try:
        knots, shape, spline = _spline(people, predictor, z_scores(y))
        bend = joint_row(
            spline, [{"bend 1": 1.0}, {"bend 2": 1.0}], **common, term=f"{predictor}, departure from a line"
        )
        spline_rss = spline.rss
    except NotTestable as refusal:
        knots, shape, spline_rss = None, people.matrix, math.nan
        bend = Estimate(
            **common, term=f"{predictor}, departure from a line", metric="wald_f", status=NOT_TESTABLE,
            reason=str(refusal),
        )  # fmt: skip
    p = people.matrix.shape[1]
    models = [("line", line.rss, p), ("spline", spline_rss, p + 2), ("breakpoint", broken_rss, p + 2)]
    return [
        beta,
        bend,
        *(_aic_row(name, rss, k, len(y), common) for name, rss, k in models),
        *broken,
        isotonic_row(people, predictor, z_scores(y), direction, rng, draws, common),
        *_adjusted_means(people, predictor, y, knots, shape, common, levels),
    ]


def spline_columns(x: np.ndarray, knots: Sequence[float] | np.ndarray) -> np.ndarray:
    """(n, 2) columns that, beside x, make a cubic spline of four knots which is linear beyond the outer ones.

    formula   ((x - k_j)+^3 - (x - k_3)+^3 (k_4 - k_j) / (k_4 - k_3) + (x - k_4)+^3 (k_3 - k_j) / (k_4 - k_3))
              / (k_4 - k_1)^2 for j = 1, 2

    >>> spline_columns(np.array([0.0, 1, 2, 3, 4, 5]), [1, 2, 3, 4]).round(3)[:, 0].tolist()
    [0.0, 0.0, 0.111, 0.889, 2.667, 4.667]
    """
    cube = [np.maximum(x - knot, 0) ** 3 for knot in knots]
    k1, _, k3, k4 = knots
    columns = [
        (cube[j] - cube[2] * (k4 - knots[j]) / (k4 - k3) + cube[3] * (k3 - knots[j]) / (k4 - k3)) / (k4 - k1) ** 2
        for j in (0, 1)
    ]
    return np.column_stack(columns)


def _spline(people: People, predictor: str, y: np.ndarray) -> tuple[np.ndarray, pd.DataFrame, Fit]:
    x = people.rows[predictor].to_numpy(float)
    knots = np.quantile(x, KNOTS)
    if (np.diff(knots) <= 1e-8 * np.ptp(x)).any():
        raise NotTestable(f"the spline's four knots coincide: too many people share one value of {predictor}")
    bends = spline_columns(x, knots)
    matrix = people.matrix.assign(**{"bend 1": bends[:, 0], "bend 2": bends[:, 1]})
    if np.linalg.matrix_rank(matrix.to_numpy()) < matrix.shape[1]:
        raise NotTestable(f"{predictor} has too few different values for a spline")
    return knots, matrix, fit_least_squares(y, matrix)


def _aic_row(name: str, rss: float, columns: int, n: int, common: dict[str, Any]) -> Estimate:
    row = Estimate(**common, term=name, metric="aic", method="AIC, normal likelihood, standardised outcome")
    if math.isnan(rss):
        return replace(row, status=NOT_TESTABLE, reason=f"no {name} model on these data")
    return replace(row, estimate=n * (math.log(2 * math.pi * rss / n) + 1) + 2 * (columns + 1))


def _weights(
    dose: float, people: People, predictor: str, knots: np.ndarray | None, matrix: pd.DataFrame
) -> dict[str, float]:
    """The row of the model's columns at a dose, covariates at their means."""
    x = people.rows[predictor].to_numpy(float)
    weights = matrix.mean().to_dict() | {INTERCEPT: 1.0, predictor: float((dose - x.mean()) / x.std(ddof=1))}
    if knots is not None:
        bends = spline_columns(np.array([dose]), knots)[0]
        weights |= {"bend 1": float(bends[0]), "bend 2": float(bends[1])}
    return weights


def _adjusted_means(
    people: People,
    predictor: str,
    y: np.ndarray,
    knots: np.ndarray | None,
    matrix: pd.DataFrame,
    common: dict[str, Any],
    levels: dict[str, Any],
) -> list[Estimate]:
    x = people.rows[predictor].to_numpy(float)
    fit = fit_least_squares(y, matrix)
    method = f"{'line' if knots is None else 'restricted cubic spline, 4 knots'}, HC3"
    doses = {f"{dose:g}": dose for dose in DOSES} | {name: float(np.quantile(x, q)) for name, q in QUARTILES.items()}
    outside = f"outside the observed range of {predictor}"
    rows = []
    for name, dose in doses.items():
        row = Estimate(**common, term=f"{predictor} at {name}", metric="adjusted_mean", method=method)
        if not x.min() <= dose <= x.max():
            rows.append(replace(row, status=NOT_TESTABLE, reason=outside))
            continue
        numbers = combination(fit, _weights(dose, people, predictor, knots, matrix), **levels)
        # the test of a mean against 0 answers no question
        rows.append(replace(row, **numbers | dict.fromkeys(("statistic", "p", "smallest_detectable"), math.nan)))
    row = Estimate(**common, term=f"{predictor} at 1 - at 0", metric="difference", method=method)
    if x.min() > 0 or x.max() < 1:
        return [*rows, replace(row, status=NOT_TESTABLE, reason=outside)]
    at_one, at_zero = (_weights(dose, people, predictor, knots, matrix) for dose in (1.0, 0.0))
    weights = {name: at_one[name] - at_zero[name] for name in at_one}
    standardised = fit_least_squares(z_scores(y), matrix)
    return [*rows, replace(row, **combination(standardised, weights, **levels))]


def dose_response_curve(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    points: int = 61,
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """Line and spline over the predictor, for the figure.

    returns   columns dose (the predictor's units), linear, spline (outcome's units, covariates at their means) and the
              spline's interval; `points` evenly spaced from the predictor's 5th to its 95th percentile. Without a
              spline its columns are missing
    raises    NotTestable as `dose_response`

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(100, 2)), columns=["x", "y"])
    >>> dose_response_curve(frame, "y", "x", points=3).shape
    (3, 5)
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y, x = (people.rows[name].to_numpy(float) for name in (outcome, predictor))
    line = fit_least_squares(y, people.matrix)
    try:
        knots, matrix, spline = _spline(people, predictor, y)
    except NotTestable:
        spline = None
    rows = []
    lowest, highest = np.quantile(x, (KNOTS[0], KNOTS[-1]))
    for dose in np.linspace(lowest, highest, points):
        straight = combination(line, _weights(dose, people, predictor, None, people.matrix), ci_level)["estimate"]
        bent = {"estimate": math.nan, "ci_low": math.nan, "ci_high": math.nan}
        if spline is not None:
            bent = combination(spline, _weights(dose, people, predictor, knots, matrix), ci_level)
        rows.append((float(dose), straight, bent["estimate"], bent["ci_low"], bent["ci_high"]))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS), dtype=float)
