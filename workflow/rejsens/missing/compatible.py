"""Draws of a variable that stands in an interaction, so that they fit the model of the outcome that the interaction is in.

A product that is only computed again after each draw (passive imputation) is not enough: how its parts go with the outcome
then misses the product, and intervals of the interaction cover too seldom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from rejsens.missing.draws import LEAST, RIDGE


@dataclass(frozen=True, eq=False)
class Lines:
    """Regressions of several outcomes on the same predictors: estimates, one draw from their posterior.

    estimate, drawn   predictors x outcomes
    residual, sigma   covariance of the residuals, outcomes x outcomes, estimated and drawn
    """

    estimate: np.ndarray
    drawn: np.ndarray
    residual: np.ndarray
    sigma: np.ndarray


def draw_lines(cross: np.ndarray, moments: np.ndarray, squares: np.ndarray, n: int, rng: np.random.Generator) -> Lines:
    """From sums over the rows: X'X, X'Y, Y'Y. With one outcome, what `draw_line` does.

    Posterior under a flat prior: residual covariance inverse Wishart with n - k degrees of freedom (drawn by Bartlett's
    decomposition), coefficients matrix normal (Gelman et al., 2013, Bayesian data analysis, 3rd ed., section 3.6).
    """
    k, outcomes = moments.shape
    root = cholesky(cross + np.diag(RIDGE * cross.diagonal() + LEAST * n), lower=True, check_finite=False)
    half = solve_triangular(root, moments, lower=True, check_finite=False)
    estimate = solve_triangular(root, half, lower=True, trans=1, check_finite=False)
    sums = squares - moments.T @ estimate - estimate.T @ moments + estimate.T @ cross @ estimate
    sums = (sums + sums.T) / 2 + LEAST * np.diag(
        np.maximum(squares.diagonal(), LEAST)
    )  # outcomes that determine each other
    df = max(n - k, outcomes)
    wishart = np.tril(rng.normal(size=(outcomes, outcomes)), -1)
    wishart += np.diag(np.sqrt(rng.chisquare(df - np.arange(outcomes))))
    scale = cholesky(sums, lower=True, check_finite=False)
    spread = solve_triangular(wishart, scale.T, lower=True, check_finite=False).T  # sigma = spread @ spread.T
    noise = solve_triangular(root, rng.normal(size=(k, outcomes)), lower=True, trans=1, check_finite=False)
    return Lines(estimate, estimate + noise @ spread.T, sums / df, spread @ spread.T)


def posterior(
    mean: np.ndarray, variance: float, slopes: np.ndarray, rest: np.ndarray, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of x, row by row, given the other predictors and the outcomes.

    mean, variance   of x given the other predictors: (n,) and one number
    slopes           how each outcome goes with x in that row, interactions included: n x outcomes
    rest             outcomes less their prediction at x = 0: n x outcomes
    sigma            covariance of the outcomes' residuals

    x given all is normal, since the outcomes' means are linear in x however x stands in products with other columns:
    precision 1 / variance + b' S^-1 b, mean times precision = mean / variance + b' S^-1 rest.

    >>> mean, variance = posterior(np.zeros(1), 1.0, np.array([[1.0]]), np.array([[2.0]]), np.eye(1))
    >>> mean.tolist(), variance.tolist()
    ([1.0], [0.5])
    """
    weighted = np.linalg.solve(sigma, slopes.T).T
    precision = 1 / variance + (weighted * slopes).sum(axis=1)
    return (mean / variance + (weighted * rest).sum(axis=1)) / precision, 1 / precision


def nearest(observed: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The observed value that is nearest to each draw, so that a scale keeps its values.

    >>> nearest(np.array([1.0, 3.0, 2.0]), np.array([-4.0, 2.4, 2.6])).tolist()
    [1.0, 2.0, 3.0]
    """
    values = np.unique(observed)
    return values[np.searchsorted((values[1:] + values[:-1]) / 2, drawn)]


def slope_of_others(x: np.ndarray, y: np.ndarray, place: int, deviating: np.ndarray) -> np.ndarray:
    """What a person's own slope over the other waves says of the wave at `place`, as one more predictor of it.

    x, y        people x waves, three or more, without gaps
    deviating   `x` or `y`: whichever is not drawn. Its distance from the person's mean of the other waves, times the slope of
                y on x over those waves, shrunken by the mean of its denominators since few waves tell little of a person
    returns     (people,); a regression on it finds how much slopes differ between people, nothing if they do not

    >>> x = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    >>> slope_of_others(x, np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]), 2, x).tolist()
    [1.5, 0.0]
    """
    others = np.delete(np.arange(x.shape[1]), place)
    apart = x[:, others] - x[:, others].mean(axis=1, keepdims=True)
    size = (apart**2).sum(axis=1)
    slope = (apart * y[:, others]).sum(axis=1) / np.maximum(size + size.mean(), 1e-12)
    return slope * (deviating[:, place] - deviating[:, others].mean(axis=1))
