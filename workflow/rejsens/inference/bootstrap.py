"""Bias-corrected and accelerated (BCa) bootstrap of a standardised coefficient; every draw from a named generator."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import Estimate
from rejsens.inference.regression import Design, cross_sectional_design
from rejsens.inference.resampling import bootstrap_correlations, correlation_matrix, jackknife


def cross_sectional_bootstrap(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    draws: int = 5000,
    rng: np.random.Generator,
    wave: str = "",
    ci_level: float = 0.95,
) -> Estimate:
    """Companion BCa interval of the coefficient of `cross_sectional`: same people, same model, no p and no verdict.

    frame, outcome, predictor, covariates, wave   as for `cross_sectional`
    draws     resamples of people; outcome and predictor are standardised anew in each, because their SDs are estimates
              too
    rng       generator that makes the draws
    returns   one row; `se` is the standard deviation of the draws. A draw in which the coefficient is not identified
              is left out and counted in the warnings
    missing   complete cases
    source    Efron (1987), doi 10.1080/01621459.1987.10478410
    checked against R's boot.ci(type = "bca") with the jackknife acceleration

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=100)
    >>> frame = pd.DataFrame({"x": x, "y": 0.5 * x + rng.normal(size=100)})
    >>> row = cross_sectional_bootstrap(frame, "y", "x", draws=1000, rng=np.random.default_rng(7))
    >>> round(row.estimate, 3), row.method
    (0.373, 'BCa bootstrap, 1000 draws')
    """
    prepared = cross_sectional_design(frame, outcome, predictor, covariates)
    estimate, without_one = jackknifed_beta(prepared)
    replicates = bootstrapped_beta(prepared, draws, rng)
    usable = replicates[np.isfinite(replicates)]
    failed = len(replicates) - len(usable)
    warnings = list(prepared.warnings)
    if failed:
        warnings.append(f"{failed} of {draws} draws did not identify the coefficient")
    low, high = bca_interval(estimate, usable, without_one, ci_level)
    low90, high90 = bca_interval(estimate, usable, without_one, 0.90)
    return Estimate(
        analysis="cross_sectional_bootstrap", wave=wave, outcome=outcome, term=predictor, metric="beta",
        estimate=estimate, se=float(usable.std(ddof=1)) if len(usable) > 1 else math.nan, ci_level=ci_level,
        ci_low=low, ci_high=high, ci90_low=low90, ci90_high=high90, n_people=len(prepared.y), n_obs=len(prepared.y),
        n_lost=prepared.n_lost, method=f"BCa bootstrap, {draws} draws", warnings="; ".join(warnings),
    )  # fmt: skip


def bca_interval(estimate: float, draws: np.ndarray, jackknife: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated interval.

    draws       (B,) bootstrap replicates; jackknife (n,) leave-one-out estimates
    returns     the a1 and a2 quantiles of the draws, a = Phi(z0 + (z0 + z) / (1 - acceleration (z0 + z))), where z0 is
                the normal quantile of the share of draws below the estimate (ties count half) and the acceleration is
                sum(d^3) / (6 sum(d^2)^1.5), d = mean(jackknife) - jackknife. Quantiles at position (B + 1) a. Missing
                when all draws lie on one side of the estimate or fewer than 100 are left

    >>> draws = stats.norm.ppf(np.arange(1, 4000) / 4000)
    >>> [round(end, 2) for end in bca_interval(0.0, draws, np.array([-0.1, 0.0, 0.1]))]
    [-1.96, 1.96]
    """
    below = (np.sum(draws < estimate) + np.sum(draws == estimate) / 2) / max(len(draws), 1)
    if len(draws) < 100 or not 0 < below < 1:
        return math.nan, math.nan
    z0, acceleration = stats.norm.ppf(below), jackknife_acceleration(jackknife)
    z = z0 + stats.norm.ppf([0.5 - level / 2, 0.5 + level / 2])
    low, high = np.quantile(draws, stats.norm.cdf(z0 + z / (1 - acceleration * z)), method="weibull")
    return float(low), float(high)


def jackknife_acceleration(jackknife: np.ndarray) -> float:
    """Skewness of the leave-one-out influence values over six; 0 when nobody moves the estimate.

    >>> jackknife_acceleration(np.array([1.0, 2.0, 3.0]))
    0.0
    """
    d = jackknife.mean() - jackknife
    spread = float(d @ d)
    return float((d**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def jackknifed_beta(prepared: Design) -> tuple[float, np.ndarray]:
    """The standardised coefficient and its (n,) leave-one-out values."""
    columns = _columns(prepared)
    return float(_betas(correlation_matrix(columns))[0]), jackknife(columns, _betas)


def bootstrapped_beta(prepared: Design, draws: int, rng: np.random.Generator) -> np.ndarray:
    """(draws,) standardised coefficients of resampled people; NaN where a resample does not identify it."""
    return _betas(bootstrap_correlations(_columns(prepared), draws, rng))


def _columns(prepared: Design) -> np.ndarray:
    return np.column_stack([prepared.x, prepared.y, prepared.covariates])


def _betas(r: np.ndarray) -> np.ndarray:
    """Standardised coefficient of x for y given the covariates, one for each correlation matrix of x, y, covariates.

    A covariate that vanished from a draw (a rare category) has a zero row; the pseudo-inverse gives it no weight.
    """
    weights = np.linalg.pinv(r[:, 2:, 2:], rtol=1e-9, hermitian=True) @ r[:, 2:, :2]
    partial = r[:, :2, :2] - np.swapaxes(r[:, 2:, :2], 1, 2) @ weights
    beta = np.full(len(r), np.nan)
    np.divide(partial[:, 0, 1], partial[:, 0, 0], out=beta, where=partial[:, 0, 0] > 1e-9)
    return beta
