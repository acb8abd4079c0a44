"""Draws of the missing values of one column: predictive mean matching, Bayesian linear and logistic regression.

Each draws its parameters from their posterior first, so that imputations differ as much as the data leave open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

RIDGE = 1e-5  # share of each predictor's sum of squares, as in mice: collinear predictors stay usable
LEAST = 1e-8  # keeps a predictor that is nil among the observed rows from stopping the run
PRIOR = 0.04  # precision of a logistic coefficient per unit of a standardised predictor (a standard deviation of 5)
NEWTON = 40
FAR = 0.5  # a step of this length or less lets the curvature stand
NEAR = 0.25  # the curvature of a place this near the estimate serves for the draw too


@dataclass(frozen=True, eq=False)
class Line:
    """A regression on the observed rows: its coefficients, and one draw from their posterior."""

    estimate: np.ndarray
    drawn: np.ndarray
    sigma: float


def draw_line(cross: np.ndarray, moment: np.ndarray, square: float, n: int, rng: np.random.Generator) -> Line:
    """From sums over the observed rows: X'X, X'y, y'y (Rubin, 1987, p. 167, with a ridge)."""
    k = len(moment)
    diagonal = cross.diagonal()
    penalised = cross + np.diag(RIDGE * diagonal + LEAST * n)
    root = cholesky(penalised, lower=True, check_finite=False)
    half = solve_triangular(root, moment, lower=True, check_finite=False)
    estimate = solve_triangular(root, half, lower=True, trans=1, check_finite=False)
    residual = max(square - 2 * moment @ estimate + estimate @ cross @ estimate, 1e-12 * max(square, 1e-12))
    sigma = float(np.sqrt(residual / rng.chisquare(max(n - k, 1))))
    noise = solve_triangular(root, rng.normal(size=k), lower=True, trans=1, check_finite=False)
    return Line(estimate, estimate + sigma * noise, sigma)


def match(observed: np.ndarray, wanted: np.ndarray, donors: int, rng: np.random.Generator) -> np.ndarray:
    """For each wanted prediction, the position of one of the `donors` nearest observed ones, drawn at random.

    The nearest lie next to each other once the predictions are sorted; equal ones stand in random order.
    """
    n, donors = len(observed), min(donors, len(observed))
    shuffled = rng.permutation(n)
    order = shuffled[np.argsort(observed[shuffled], kind="stable")]
    ranked = observed[order]
    first = np.clip(np.searchsorted(ranked, wanted) - donors, 0, max(n - 2 * donors, 0))
    window = np.minimum(first[:, None] + np.arange(min(2 * donors, n)), n - 1)
    distance = np.abs(ranked[window] - wanted[:, None])
    nearest = np.argpartition(distance, donors - 1, axis=1)[:, :donors] if window.shape[1] > donors else None
    drawn = rng.integers(donors, size=len(wanted))
    rows = np.arange(len(wanted))
    chosen = nearest[rows, drawn] if nearest is not None else drawn
    return order[window[rows, chosen]]


def draw_categories(
    predictors: np.ndarray,
    codes: np.ndarray,
    wanted: np.ndarray,
    levels: int,
    rng: np.random.Generator,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes for the rows `wanted`, by multinomial logistic regression (two levels: logistic) with a weak prior.

    The prior (a normal of standard deviation 5 on each coefficient but the intercepts) keeps a predictor that
    separates the levels from running off.

    start     coefficients to begin at: those of the chain's last round are near
    returns   the codes, and the estimated coefficients
    """
    k = predictors.shape[1]
    target = (codes[:, None] == np.arange(1, levels)).astype(float)
    penalty = np.tile(np.concatenate([[LEAST], np.full(k - 1, PRIOR)]), levels - 1)
    beta = np.zeros((levels - 1) * k) if start is None else start
    root, far, moved = None, True, 0.0
    for _ in range(NEWTON):
        chance = _chances(predictors, beta.reshape(levels - 1, k))[:, 1:]
        gradient = ((target - chance).T @ predictors).ravel() - penalty * beta
        if far:  # the curvature costs most by far, and changes little once the steps are short
            root = cholesky(_information(predictors, chance) + np.diag(penalty), lower=True, check_finite=False)
            moved = 0.0
        step = cho_solve((root, True), gradient, check_finite=False)
        largest = np.abs(step).max()
        beta, far, moved = beta + step * min(1.0, 5 / max(largest, 1e-12)), largest > FAR, moved + largest
        if largest < 1e-6:
            break
    if moved > NEAR:
        chance = _chances(predictors, beta.reshape(levels - 1, k))[:, 1:]
        root = cholesky(_information(predictors, chance) + np.diag(penalty), lower=True, check_finite=False)
    noise = solve_triangular(root, rng.normal(size=len(beta)), lower=True, trans=1, check_finite=False)
    chance = _chances(wanted, (beta + noise).reshape(levels - 1, k))
    drawn = (rng.random((len(wanted), 1)) > chance.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(float)
    return drawn, beta


def _chances(predictors: np.ndarray, beta: np.ndarray) -> np.ndarray:
    score = np.column_stack([np.zeros(len(predictors)), predictors @ beta.T])
    score -= score.max(axis=1, keepdims=True)
    score = np.exp(score)
    return score / score.sum(axis=1, keepdims=True)


def _information(predictors: np.ndarray, chance: np.ndarray) -> np.ndarray:
    k, kinds = predictors.shape[1], chance.shape[1]
    out = np.empty((kinds * k,) * 2)
    for a in range(kinds):
        weights = chance[:, a, None] * ((np.arange(a + 1) == a) - chance[:, : a + 1])
        blocks = (predictors.T[None] * weights.T[:, None]).reshape(-1, len(predictors)) @ predictors
        for b, block in enumerate(blocks.reshape(a + 1, k, k)):
            out[a * k : (a + 1) * k, b * k : (b + 1) * k] = block
            out[b * k : (b + 1) * k, a * k : (a + 1) * k] = block
    return out
