"""How much the predictor adds to what the covariates already explain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rejsens.inference.bootstrap import bca_interval
from rejsens.inference.covariates import Covariate, z_scores
from rejsens.inference.estimates import EXACT, NO_ERROR, Estimate, NotTestable
from rejsens.inference.least_squares import INTERCEPT, analysed_people, fit_least_squares, wald_f
from rejsens.inference.power import smallest_detectable_r2
from rejsens.inference.resampling import (
    bootstrap_correlations,
    correlation_matrix,
    explained_variance,
    jackknife,
)


def incremental_variance(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    draws: int = 5000,
    rng: np.random.Generator,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """R squared that the predictor adds to the covariates.

    frame, covariates   as for `cross_sectional`
    draws, rng          resamples of people for the interval, and the generator that makes them
    returns     three rows: `delta_r2` (BCa interval; it cannot reach below 0, so the test is not read off it: statistic
                and p are the HC3 Wald F of the predictor, the square of its t, with its degrees of freedom in
                `method`; `se` is the SD of the draws; smallest_detectable is that of the F test), then `r2`
                of the covariates alone and `r2` of the whole model, without intervals
    missing     complete cases; raises NotTestable, see `analysed_people`
    checked against R's lm and boot

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=["x", "k"])
    >>> frame["y"] = 0.5 * frame["x"] + frame["k"] + rng.normal(size=200)
    >>> rows = incremental_variance(frame, "y", "x", [{"name": "k", "type": "number"}], draws=500, rng=rng)
    >>> [(row.metric, round(row.estimate, 3)) for row in rows]
    [('delta_r2', 0.114), ('r2', 0.357), ('r2', 0.471)]
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y = z_scores(people.rows[outcome].to_numpy(float))
    fit = fit_least_squares(y, people.matrix)
    if not fit.rss > EXACT * len(y):
        raise NotTestable(NO_ERROR)
    values = np.column_stack([y, people.matrix.drop(columns=INTERCEPT).to_numpy()])
    alone, whole = _explained(correlation_matrix(values))
    resampled = np.subtract(*_explained(bootstrap_correlations(values, draws, rng))[::-1])
    without_one = jackknife(values, lambda r: np.subtract(*_explained(r)[::-1]))
    estimate = float(whole[0] - alone[0])
    low, high = bca_interval(estimate, resampled, without_one, ci_level)
    low90, high90 = bca_interval(estimate, resampled, without_one, 0.90)
    f, _, p = wald_f(fit, [{predictor: 1.0}])
    common = {"analysis": "incremental_variance", "wave": wave, "outcome": outcome, **people.columns()}
    return [
        Estimate(
            **common, term=predictor, metric="delta_r2", estimate=estimate, se=float(resampled.std(ddof=1)),
            ci_level=ci_level, ci_low=low, ci_high=high, ci90_low=low90, ci90_high=high90, statistic=f,
            p=p, smallest_detectable=smallest_detectable_r2(len(y), fit.df, float(whole[0]), alpha),
            method=f"added R squared, BCa bootstrap, {draws} draws; HC3 Wald F on 1 and {fit.df}",
        ),
        Estimate(**common, term="covariates", metric="r2", estimate=float(alone[0]), method="R squared, OLS"),
        Estimate(**common, term=f"covariates and {predictor}", metric="r2", estimate=float(whole[0]),
                 method="R squared, OLS"),
    ]  # fmt: skip


def _explained(correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R squared of the outcome (column 0) on the covariates (2 ...), and on these and the predictor (1 ...)."""
    k = correlations.shape[1]
    return explained_variance(correlations, 0, range(2, k)), explained_variance(correlations, 0, range(1, k))
