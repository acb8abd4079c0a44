"""Correlation of two variables of one wave, alone or given covariates, as a row that can carry a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import Estimate
from rejsens.inference.power import smallest_detectable_r
from rejsens.inference.regression import cross_sectional, cross_sectional_design


def partial_correlation(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Pearson correlation of outcome and predictor given the covariates; without covariates the plain correlation.

    frame, covariates   as for `cross_sectional`, whose companion row this is
    returns     one row, metric `r`: t = r sqrt(df / (1 - r^2)) on n - 2 - k degrees of freedom, se = r / t, Fisher z
                interval with 1 / sqrt(n - 3 - k); smallest_detectable as the planner computes it, for n - k people
    missing     complete cases; raises NotTestable as `cross_sectional`
    checked against R's cor.test, alone and on residuals

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> row = partial_correlation(pd.DataFrame({"x": x, "y": 0.3 * x + rng.normal(size=200)}), "y", "x")[0]
    >>> row.metric, round(row.estimate, 3), round(row.statistic, 2)
    ('r', 0.331, 4.94)
    """
    row = cross_sectional(frame, outcome, predictor, covariates, wave=wave, ci_level=ci_level, alpha=alpha)[1]
    partialled = cross_sectional_design(frame, outcome, predictor, covariates).covariates.shape[1]
    se = math.sqrt((1 - row.estimate**2) / row.df)
    method = "partial correlation, Fisher z interval" if covariates else "Pearson correlation, Fisher z interval"
    detectable = smallest_detectable_r(row.n_people - partialled, alpha)
    return [replace(row, analysis="partial_correlation", se=se, method=method, smallest_detectable=float(detectable))]
