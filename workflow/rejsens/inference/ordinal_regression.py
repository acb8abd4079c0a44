"""Proportional-odds (cumulative logit) regression of a single ordered item, and the test of its assumption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from rejsens.inference.covariates import Covariate, varies
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable, t_columns
from rejsens.inference.least_squares import INTERCEPT, analysed_people

MAXIMUM_CATEGORIES = 15  # beyond this an outcome is a score, not an item
_STEPS = 100
SEPARATED = "a predictor or covariate separates the categories of the outcome"


@dataclass(frozen=True)
class OrdinalFit:
    """Maximum-likelihood cumulative logit fit: logit P(y <= j) = theta_j - x b."""

    coefficients: np.ndarray  # (p,)
    thresholds: np.ndarray  # (J - 1,)
    covariance: np.ndarray  # (p + J - 1, p + J - 1): inverse observed information; coefficients first
    loglik: float


def proportional_odds(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Log odds ratio of a higher answer per SD of the predictor, in a proportional-odds model.

    frame       one row per person; the outcome has at most 15 different ordered values, as they are (empty categories
                between them do not matter)
    covariates  as for `cross_sectional`; the predictor is a z score of the complete cases
    returns     four rows: `log_odds` (the coefficient b of logit P(y <= j) = theta_j - x b; Wald z test and interval,
                so df is infinite), `odds_ratio` (exp of estimate and ends), and Brant's tests that the coefficients are
                the same at every cut of the outcome: of the predictor and of all columns (`chi2`; statistic is chi
                squared, df its degrees of freedom). Where a cut has no estimate the Brant rows are not testable; they
                are companions and take nothing from the first row
    missing     complete cases
    raises      NotTestable: see `analysed_people`; more than 15 categories; a column that separates the categories
    source      McCullagh (1980), Journal of the Royal Statistical Society B, 42, 109-142; Brant (1990), doi 10.2307/2532457
    checked against R's MASS::polr, and Brant's statistic from glm fits

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> frame = pd.DataFrame({"x": x, "item": np.digitize(0.8 * x + rng.logistic(size=300), [-1, 0, 1])})
    >>> rows = proportional_odds(frame, "item", "x")
    >>> [row.metric for row in rows], round(rows[0].estimate, 2)
    (['log_odds', 'odds_ratio', 'chi2', 'chi2'], 0.69)
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    values, category = np.unique(people.rows[outcome].to_numpy(float), return_inverse=True)
    if len(values) > MAXIMUM_CATEGORIES:
        raise NotTestable(f"{outcome} has {len(values)} different values, too many for an ordinal model")
    x = people.matrix.drop(columns=INTERCEPT).to_numpy()
    fit = fit_proportional_odds(category, x)
    common: dict[str, Any] = {"analysis": "proportional_odds", "wave": wave, "outcome": outcome, **people.columns()}
    log_odds = Estimate(
        **common, term=predictor, metric="log_odds", method=f"proportional odds, {len(values)} categories, Wald",
        **t_columns(fit.coefficients[0], float(np.sqrt(fit.covariance[0, 0])), np.inf, ci_level, alpha),
    )  # fmt: skip
    brant = Estimate(**common, metric="chi2", method="Brant test of proportional odds")
    return [log_odds, exponentiated(log_odds, "odds_ratio"), *_brant_rows(category, x, predictor, brant)]


def exponentiated(row: Estimate, metric: str) -> Estimate:
    """A row on the log scale as a ratio: exp of the estimate and of the ends of its intervals; same test, no se.

    >>> exponentiated(Estimate(estimate=0.0, ci_low=-1.0, ci_high=1.0), "odds_ratio").estimate
    1.0
    """
    names = ("estimate", "ci_low", "ci_high", "ci90_low", "ci90_high")
    ratios: dict[str, Any] = {name: float(np.exp(getattr(row, name))) for name in names}
    return replace(row, **ratios, metric=metric, se=np.nan, smallest_detectable=np.nan)


def fit_proportional_odds(category: np.ndarray, x: np.ndarray) -> OrdinalFit:
    """Newton-Raphson with step halving; raises NotTestable when the likelihood has no maximum.

    category    (n,) int, 0 .. J - 1, each at least once; J = 2 is logistic regression
    x           (n, p) float64, no intercept, full rank

    >>> fit = fit_proportional_odds(np.array([0, 0, 1, 1, 1, 0]), np.array([[0.0], [0], [0], [1], [1], [1]]))
    >>> float(fit.coefficients[0].round(4)), float(fit.thresholds[0].round(4))  # log(2 / 1) - log(1 / 2), log(2 / 1)
    (1.3863, 0.6931)
    """
    p, cuts = x.shape[1], category.max()
    at_most = np.cumsum(np.bincount(category))[:-1] / len(category)
    parameters = np.concatenate([np.zeros(p), np.log(at_most / (1 - at_most))])
    loglik, gradient, hessian = _likelihood(parameters, category, x, cuts)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:  # flat where a coefficient runs off
            raise NotTestable(SEPARATED) from None
        for _halving in range(30):
            candidate = parameters - step
            found = _likelihood(candidate, category, x, cuts)
            if found[0] >= loglik - 1e-10:
                break
            step = step / 2
        else:
            break
        parameters, (loglik, gradient, hessian) = candidate, found
        if np.abs(step).max() < 1e-10:
            break
        if np.abs(parameters).max() > 50:
            raise NotTestable(SEPARATED)
    eigenvalues = np.linalg.eigvalsh(-hessian)
    if eigenvalues[0] < 1e-9 * eigenvalues[-1] or np.abs(gradient).max() > 1e-5 * len(category):
        raise NotTestable("the ordinal model has no maximum on these data")
    return OrdinalFit(parameters[:p], parameters[p:], np.linalg.inv(-hessian), float(loglik))


def _likelihood(
    parameters: np.ndarray, category: np.ndarray, x: np.ndarray, cuts: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, gradient and Hessian; minus infinity where thresholds are out of order."""
    p, n = x.shape[1], len(category)
    if (np.diff(parameters[p:]) <= 0).any():
        return -np.inf, np.zeros_like(parameters), -np.eye(len(parameters))
    ends = np.concatenate([[-np.inf], parameters[p:], [np.inf]])
    linear = x @ parameters[:p]
    upper, lower = expit(ends[category + 1] - linear), expit(ends[category] - linear)
    share = np.maximum(upper - lower, 1e-300)
    du, dl = upper * (1 - upper), lower * (1 - lower)
    ddu, ddl = du * (1 - 2 * upper), dl * (1 - 2 * lower)
    # columns: how the upper and the lower end move with each parameter
    is_upper, is_lower = np.zeros((n, cuts + 2)), np.zeros((n, cuts + 2))
    is_upper[np.arange(n), category + 1] = is_lower[np.arange(n), category] = 1.0
    a, b = (np.hstack([-x, ends_of[:, 1:-1]]) for ends_of in (is_upper, is_lower))
    slope = a * (du / share)[:, None] - b * (dl / share)[:, None]
    hessian = (a * (ddu / share)[:, None]).T @ a - (b * (ddl / share)[:, None]).T @ b - slope.T @ slope
    return float(np.log(share).sum()), slope.sum(axis=0), hessian


def _brant_rows(category: np.ndarray, x: np.ndarray, predictor: str, blank: Estimate) -> list[Estimate]:
    """Brant's test of the predictor's column (the first) and of all columns."""
    terms = [(predictor, [0]), ("all columns", list(range(x.shape[1])))]
    try:
        if category.max() < 2:
            raise NotTestable("an outcome of two categories has one cut")
        found = [(term, *brant(category, x, columns)) for term, columns in terms]
    except NotTestable as refusal:
        return [replace(blank, term=term, status=NOT_TESTABLE, reason=str(refusal)) for term, _ in terms]
    return [
        replace(blank, term=term, statistic=chi2, df=float(df), p=float(stats.chi2.sf(chi2, df)))
        for term, chi2, df in found
    ]


def brant(category: np.ndarray, x: np.ndarray, columns: Sequence[int]) -> tuple[float, int]:
    """Wald statistic that the coefficients of the chosen columns agree over the J - 1 binary logits y > j.

    formula   W = (D b)' (D V D')^-1 D b, b the stacked slopes, D their differences from the first cut. Between cuts
              l < m: V = (X' W_l X)^-1 X' W_lm X (X' W_m X)^-1 with weights pi_l (1 - pi_l) and pi_m (1 - pi_l), as
              y > m implies y > l
    returns   chi squared and its (J - 2) * len(columns) degrees of freedom

    >>> rng = np.random.default_rng(1)
    >>> chi2, df = brant(rng.integers(0, 4, 300), rng.normal(size=(300, 2)), [0, 1])
    >>> df, bool(chi2 > 0)
    (4, True)
    """
    design = np.column_stack([np.ones(len(x)), x])
    cuts = int(category.max())
    pick = 1 + np.asarray(columns)
    slopes, shares, breads = [], [], []
    for cut in range(cuts):
        above = (category > cut).astype(int)
        if any(not varies(x[above == side, k]) and varies(x[:, k]) for side in (0, 1) for k in range(x.shape[1])):
            raise NotTestable(f"cut {cut + 1} of the outcome leaves a column without variation")
        fit = fit_proportional_odds(above, x)
        share = expit(x @ fit.coefficients - fit.thresholds[0])
        slopes.append(np.concatenate([[0.0], fit.coefficients])[pick])
        shares.append(share)
        breads.append(np.linalg.inv((design * (share * (1 - share))[:, None]).T @ design))
    k = len(pick)
    v = np.empty((cuts * k, cuts * k))
    for first in range(cuts):
        for second in range(first, cuts):
            weight = shares[second] * (1 - shares[first])
            block = breads[first] @ ((design * weight[:, None]).T @ design) @ breads[second]
            v[first * k : first * k + k, second * k : second * k + k] = block[np.ix_(pick, pick)]
            v[second * k : second * k + k, first * k : first * k + k] = block[np.ix_(pick, pick)].T
    differences = np.hstack([-np.tile(np.eye(k), (cuts - 1, 1)), np.eye((cuts - 1) * k)])
    d = differences @ np.concatenate(slopes)
    return float(d @ np.linalg.solve(differences @ v @ differences.T, d)), (cuts - 1) * k
