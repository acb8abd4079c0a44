"""Damped Fisher scoring, then Newton's method: the search for every estimator here.

Neither is moved by the units of the items: steps are scaled by the expected curvature, and so is the gradient by which
convergence is judged (its largest element, each divided by the root of the expected curvature of its parameter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

GRADIENT_NORM = 1e-7
SCORING_ITERATIONS = 10
MAX_ITERATIONS = 200
ROUNDING = 1e-13  # relative, by which f may seem to rise
HOPELESS = 1e8  # damping at which no step is left
LEAST_CURVATURE = 1e-100
LEAST_EIGENVALUE = 1e-9  # of an information matrix scaled to a unit diagonal


class Objective(Protocol):
    """What can be minimised; a point has `value` and `parameters`."""

    def at(self, parameters: np.ndarray) -> Any: ...

    def gradient(self, point: Any) -> np.ndarray: ...

    def expected(self, point: Any) -> np.ndarray: ...

    def hessian(self, point: Any) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the search ended; `converged` is judged by the gradient, not by the search's word."""

    point: Any
    gradient_norm: float
    iterations: int

    @property
    def parameters(self) -> np.ndarray:
        return self.point.parameters

    @property
    def converged(self) -> bool:
        return bool(self.gradient_norm <= GRADIENT_NORM)


def minimise(objective: Objective, start: np.ndarray) -> Optimum:
    """Scoring first, which needs few steps where the model fits; then Newton's method, which finishes where it does
    not (scoring crawls there). Both with Levenberg's damping, so that f never rises."""
    point = objective.at(start)
    if not np.isfinite(point.value):
        return Optimum(point, np.inf, 0)
    damping, norm, iteration = 0.0, np.inf, 0
    for iteration in range(1, MAX_ITERATIONS + 1):
        gradient, expected = objective.gradient(point), objective.expected(point)
        scale = np.sqrt(np.maximum(expected.diagonal(), LEAST_CURVATURE))
        scaled = gradient / scale
        norm = float(np.abs(scaled).max(initial=0.0))
        if norm <= GRADIENT_NORM:
            break
        if iteration <= SCORING_ITERATIONS:
            curvature = expected / np.outer(scale, scale)
        else:
            curvature = objective.hessian(point) / np.outer(scale, scale)
            damping = max(damping, _least_damping(curvature))
        allowed = point.value + ROUNDING * (1 + abs(point.value))
        while True:
            candidate = objective.at(point.parameters - _step(curvature, scaled, damping) / scale)
            if candidate.value <= allowed or damping > HOPELESS:
                break
            damping = max(10 * damping, 1e-3)
        if not candidate.value <= allowed:
            break
        point = candidate
        damping = damping / 10 if damping > 1e-4 else 0.0
    return Optimum(point, norm, iteration)


def _least_damping(curvature: np.ndarray) -> float:
    """What a curvature that is not positive definite needs to become so; 0 where it is."""
    least = float(np.linalg.eigvalsh(curvature)[0])
    return 0.0 if least > 0 else 1e-3 - 2 * least


def _step(curvature: np.ndarray, gradient: np.ndarray, damping: float) -> np.ndarray:
    if damping:
        curvature = curvature + damping * np.eye(len(curvature))
    try:
        return np.linalg.solve(curvature, gradient)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(curvature, gradient, rcond=None)[0]


def invert_information(matrix: np.ndarray) -> np.ndarray | None:
    """Inverse of an information matrix, or None where it is not positive definite (judged free of units)."""
    diagonal = np.diag(matrix)
    if not np.isfinite(matrix).all() or (diagonal <= 0).any():
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    if len(scaled) and np.linalg.eigvalsh(scaled)[0] < LEAST_EIGENVALUE:
        return None
    return np.linalg.inv(scaled) * np.outer(scale, scale)
