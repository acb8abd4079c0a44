"""Negative binomial regression (NB2) of a count or a count-like sum, with its test against the Poisson model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.least_squares import analysed_people
from rejsens.inference.ordinal_regression import exponentiated

_STEPS = 100


@dataclass(frozen=True)
class CountFit:
    """Maximum-likelihood fit with log link; variance mu + dispersion * mu^2 (dispersion 0: Poisson)."""

    coefficients: np.ndarray  # (p,)
    covariance: np.ndarray  # (p, p) inverse expected information
    dispersion: float
    dispersion_se: float
    mean: np.ndarray  # (n,) fitted
    loglik: float


def negative_binomial(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Log rate ratio per SD of the predictor for an outcome of counts.

    frame       one row per person; outcome whole numbers from 0 up (a prorated sum is not one)
    covariates  as for `cross_sectional`; the predictor is a z score of the complete cases
    returns     four rows: `log_rate` (Wald z test and interval, df infinite), `rate_ratio` (exp), `dispersion` (alpha in
                variance = mu + alpha mu^2; 1 / theta of R's glm.nb) and `poisson_dispersion` (Pearson chi squared of
                the Poisson model over its degrees of freedom; statistic and p are the likelihood ratio of negative
                binomial against Poisson, p halved since alpha = 0 lies on the boundary). When the counts vary no more
                than a Poisson model says, that model is fitted instead and `status` says so
    missing     complete cases
    raises      NotTestable: see `analysed_people`; an outcome that is not a count; counts that a column makes all zero
    source      Lawless (1987), Canadian Journal of Statistics, 15, 209-225; Self & Liang (1987), Journal of the American
                Statistical Association, 82, 605-610
    checked against R's MASS::glm.nb and glm(family = poisson)

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> frame = pd.DataFrame({"x": x, "count": rng.poisson(np.exp(1 + 0.3 * x) * rng.gamma(2, 0.5, 300))})
    >>> [(row.metric, round(row.estimate, 2)) for row in negative_binomial(frame, "count", "x")][:3]
    [('log_rate', 0.35), ('rate_ratio', 1.42), ('dispersion', 0.44)]
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y, x = counts(people.rows, outcome), people.matrix.to_numpy()
    poisson = fit_count_model(y, x, 0.0)
    fit = fit_negative_binomial(y, x, poisson)
    common: dict[str, Any] = {"analysis": "negative_binomial", "wave": wave, "outcome": outcome, **people.columns()}
    over = fit.dispersion > 0
    method = "negative binomial (NB2), Wald" if over else "Poisson, Wald"
    row = Estimate(
        **common, term=predictor, metric="log_rate", method=method,
        status="ok" if over else "no overdispersion: Poisson model",
        **t_columns(fit.coefficients[1], float(np.sqrt(fit.covariance[1, 1])), np.inf, ci_level, alpha),
    )  # fmt: skip
    pearson, ratio, p = overdispersion_test(y, poisson, fit, people.residual_df)
    return [
        row,
        exponentiated(row, "rate_ratio"),
        replace(
            Estimate(**common), term="dispersion", metric="dispersion", estimate=fit.dispersion, se=fit.dispersion_se,
            method=method, status=row.status,
        ),
        replace(
            Estimate(**common), term="dispersion", metric="poisson_dispersion", estimate=pearson, statistic=ratio, df=1.0,
            p=p,
            method="Pearson chi squared over df; likelihood ratio against Poisson, mixture null",
        ),
    ]  # fmt: skip


def counts(rows: pd.DataFrame, outcome: str) -> np.ndarray:
    """The outcome as float64; raises NotTestable unless every value is a whole number from 0 up.

    >>> counts(pd.DataFrame({"y": [0, 3]}), "y").tolist()
    [0.0, 3.0]
    """
    y = rows[outcome].to_numpy(float)
    if (y < 0).any() or (np.abs(y - np.round(y)) > 1e-9).any():
        raise NotTestable(f"{outcome} is not a count: it holds negative or broken numbers")
    return y


def overdispersion_test(y: np.ndarray, poisson: CountFit, fit: CountFit, df: int) -> tuple[float, float, float]:
    """Pearson chi squared of the Poisson model over df; likelihood ratio against it, and its halved p (boundary null)."""
    pearson = float(((y - poisson.mean) ** 2 / poisson.mean).sum()) / df
    ratio = max(2 * (fit.loglik - poisson.loglik), 0.0)
    return pearson, ratio, float(stats.chi2.sf(ratio, 1)) / 2 if ratio > 0 else 1.0


def fit_count_model(y: np.ndarray, x: np.ndarray, dispersion: float, start: np.ndarray | None = None) -> CountFit:
    """Coefficients at a given dispersion by iteratively reweighted least squares (log link).

    >>> fit = fit_count_model(np.array([1.0, 3, 2, 6]), np.column_stack([np.ones(4), [0, 0, 1, 1]]), 0.0)
    >>> np.exp(fit.coefficients).round(4).tolist()
    [2.0, 2.0]
    """
    b = np.zeros(x.shape[1]) if start is None else start
    mean = y + 0.5 if start is None else np.exp(x @ b)
    for _ in range(_STEPS):
        weight = mean / (1 + dispersion * mean)
        working = np.log(mean) + (y - mean) / mean
        information = (x * weight[:, None]).T @ x
        new = np.linalg.solve(information, x.T @ (weight * working))
        change, b = np.abs(new - b).max(), new
        if not np.isfinite(b).all() or np.abs(x @ b).max() > 30:
            raise NotTestable("a predictor or covariate makes all counts zero")
        mean = np.exp(x @ b)
        if change < 1e-11:
            break
    else:
        raise NotTestable("the count model did not converge")
    covariance = np.linalg.inv((x * (mean / (1 + dispersion * mean))[:, None]).T @ x)
    return CountFit(b, covariance, dispersion, np.nan, mean, _loglik(y, mean, dispersion))


def fit_negative_binomial(y: np.ndarray, x: np.ndarray, poisson: CountFit) -> CountFit:
    """NB2 fit: coefficients and dispersion alternate to the joint maximum; the Poisson fit where the dispersion is 0."""
    if ((y - poisson.mean) ** 2 - y).sum() <= 0:  # the score of the dispersion at 0
        return poisson
    fit = poisson
    for _ in range(_STEPS):
        mean = fit.mean
        found = optimize.minimize_scalar(
            lambda log_alpha, mean=mean: -_loglik(y, mean, float(np.exp(log_alpha))), bounds=(-14, 6), method="bounded",
            options={"xatol": 1e-11},
        )  # fmt: skip
        alpha = _dispersion_root(y, mean, float(np.exp(found.x)))
        new = fit_count_model(y, x, alpha, fit.coefficients)
        change = abs(new.dispersion - fit.dispersion) + np.abs(new.coefficients - fit.coefficients).max()
        fit = new
        if change < 1e-10:
            break
    else:
        raise NotTestable("the negative binomial model did not converge")
    theta = 1 / fit.dispersion
    curvature = _theta_information(y, fit.mean, theta)
    se = float(fit.dispersion**2 / np.sqrt(curvature)) if curvature > 0 else np.nan
    return replace(fit, dispersion_se=se)


def _loglik(y: np.ndarray, mean: np.ndarray, dispersion: float) -> float:
    if dispersion == 0:
        return float((y * np.log(mean) - mean - special.gammaln(y + 1)).sum())
    theta = 1 / dispersion
    return float(
        (
            special.gammaln(y + theta) - special.gammaln(theta) - special.gammaln(y + 1)
            - theta * np.log1p(mean * dispersion) + y * (np.log(mean * dispersion) - np.log1p(mean * dispersion))
        ).sum()
    )  # fmt: skip


def _dispersion_root(y: np.ndarray, mean: np.ndarray, near: float) -> float:
    """The dispersion where its score is zero, to machine precision, beside the maximum that a search found."""

    def score(theta: float) -> float:
        return float(
            (
                special.digamma(y + theta) - special.digamma(theta) + np.log(theta / (theta + mean))
                + 1 - (y + theta) / (theta + mean)
            ).sum()
        )  # fmt: skip

    low, high = 0.99 / near, 1.01 / near
    return 1 / optimize.brentq(score, low, high, xtol=1e-13) if score(low) * score(high) < 0 else near


def _theta_information(y: np.ndarray, mean: np.ndarray, theta: float) -> float:
    """Observed information about theta = 1 / dispersion."""
    total = theta + mean
    return float(
        (
            special.polygamma(1, theta) - special.polygamma(1, y + theta) - 1 / theta
            + 2 / total - (y + theta) / total**2
        ).sum()
    )  # fmt: skip
