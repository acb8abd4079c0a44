"""Extraction of common factors from a correlation matrix: minimum residuals and maximum likelihood, by Newton's method.

Both are functions of the uniquenesses alone once the loadings are concentrated out (for maximum likelihood: Jöreskog,
1967, Psychometrika, 32(4), 443–482); the derivatives follow from those of eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LEAST_UNIQUENESS = 0.005  # psych's and factanal's bound: below it a solution is a Heywood case
ITERATIONS = 200
CLOSE = 1e-9  # largest element of the gradient that is not held by a bound

Derivatives = tuple[float, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Extraction:
    """Unrotated loadings (items x factors), the uniquenesses that were searched, and how the search ended."""

    loadings: np.ndarray
    uniqueness: np.ndarray
    converged: bool
    gradient: float
    at_bound: np.ndarray  # items whose uniqueness is held at its lower bound


def extract(correlations: np.ndarray, factors: int, method: str) -> Extraction:
    """Loadings by "minres" or "ml"; the factors in the order of their eigenvalues, each with a positive sum."""
    start = 1 / np.linalg.inv(correlations).diagonal()  # one minus the squared multiple correlation
    if method == "minres":
        low, high = LEAST_UNIQUENESS, 1.0
        search = _newton(lambda psi: _least_squares(correlations, psi, factors), start, low, high)
        uniqueness = search[0]
        reduced = correlations - np.diag(uniqueness)
        values, vectors = _descending(reduced)
        loadings = vectors[:, :factors] * np.sqrt(np.maximum(values[:factors], 0))
    else:
        low, high = np.log(LEAST_UNIQUENESS), 0.0
        search = _newton(lambda theta: _likelihood(correlations, theta, factors), np.log(start), low, high)
        uniqueness = np.exp(search[0])
        root = np.sqrt(uniqueness)
        values, vectors = _descending(correlations / np.outer(root, root))
        loadings = root[:, None] * vectors[:, :factors] * np.sqrt(np.maximum(values[:factors] - 1, 0))
    loadings = loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    return Extraction(loadings, uniqueness, search[2], search[1], search[0] <= low + 1e-8)


def _descending(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eigh(matrix)
    return values[::-1], vectors[:, ::-1]


def _least_squares(correlations: np.ndarray, psi: np.ndarray, k: int) -> Derivatives:
    """Half the sum of squared residuals, the diagonal left free, in the uniquenesses."""
    values, vectors = _descending(correlations - np.diag(psi))
    rest = values[k:]
    gradient = -(vectors[:, k:] ** 2) @ rest
    return float(rest @ rest) / 2, gradient, _curvature(vectors, k, *_weights_least_squares(values, k))


def _weights_least_squares(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    rest, kept = values[k:], values[:k]
    return np.ones((len(rest),) * 2), 2 * rest[:, None] / _apart(rest[:, None] - kept)


def _likelihood(correlations: np.ndarray, theta: np.ndarray, k: int) -> Derivatives:
    """The discrepancy of maximum likelihood in the logarithms of the uniquenesses."""
    root = np.exp(theta / 2)
    values, vectors = _descending(correlations / np.outer(root, root))
    rest, kept = values[k:], values[:k]
    gradient = (vectors[:, k:] ** 2) @ (1 - rest)
    among = (rest[:, None] + rest) / 2
    across = -(1 - rest)[:, None] * (rest[:, None] + kept) / _apart(rest[:, None] - kept)
    return float((rest - np.log(rest) - 1).sum()), gradient, _curvature(vectors, k, among, across)


def _curvature(vectors: np.ndarray, k: int, among: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Second derivatives, from pairs of residual eigenvectors and pairs of a residual and a kept one."""
    p, rest, kept = len(vectors), vectors[:, k:], vectors[:, :k]
    within = (rest[:, :, None] * rest[:, None, :]).reshape(p, -1)
    between = (rest[:, :, None] * kept[:, None, :]).reshape(p, -1)
    return (within * among.ravel()) @ within.T + (between * across.ravel()) @ between.T


def _apart(difference: np.ndarray) -> np.ndarray:
    """Differences of eigenvalues, never nil: equal ones have no direction of their own."""
    return np.where(np.abs(difference) < 1e-10, -1e-10, difference)


def _newton(
    derivatives: Callable[[np.ndarray], Derivatives], start: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, float, bool]:
    """Minimum between bounds: Newton's step among the free elements, halved until it descends.

    Returns the point, the largest element of the gradient that no bound holds, and whether it is close to nil.
    """
    point = np.clip(start, low, high)
    value, gradient, curvature = derivatives(point)
    for _ in range(ITERATIONS):
        free = ~(((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0)))
        if not free.any() or np.abs(gradient[free]).max() < CLOSE:
            break
        step = np.zeros_like(point)
        step[free] = -_solve(curvature[np.ix_(free, free)], gradient[free])
        for halving in range(30):
            candidate = np.clip(point + step / 2**halving, low, high)
            new = derivatives(candidate)
            if new[0] <= value + 1e-4 * gradient @ (candidate - point) + 1e-15:
                break
        if np.array_equal(candidate, point):
            break
        point, (value, gradient, curvature) = candidate, new
    free = ~(((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0)))
    left = float(np.abs(gradient[free]).max()) if free.any() else 0.0
    return point, left, left < 1e-6


def _solve(curvature: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Newton's step; where the curvature is not positive, each of its directions is taken by its size."""
    values, vectors = np.linalg.eigh(curvature)
    size = np.maximum(np.abs(values), 1e-4 * max(np.abs(values).max(), 1e-8))
    return vectors @ ((vectors.T @ gradient) / size)
