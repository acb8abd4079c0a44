"""Maximum likelihood for the factor model Sigma = Lambda Psi Lambda' + Theta, Theta diagonal: numbers in, numbers out.

All work is done on a correlation matrix with factor variances of 1, so that neither the units of the items nor the
choice of a marker item decides whether a fit converges; `factor.py` turns the solution into the metric asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRADIENT_NORM = 1e-8  # largest absolute element of the gradient at which a fit has converged
SCORING_ITERATIONS = 8
MAX_ITERATIONS = 150
ROUNDING = 1e-13  # by which F may seem to rise
HOPELESS = 1e10  # damping at which no step is left
LEAST_EIGENVALUE = 1e-9  # of the information scaled to a unit diagonal


@dataclass(frozen=True)
class Pattern:
    """Which cells are free. Parameters stand in the order loadings, factor (co)variances, residual variances."""

    n_items: int
    n_factors: int
    items: np.ndarray  # row of each free loading
    factors: np.ndarray  # column of each free loading
    rows: np.ndarray  # row of each free cell in the lower triangle of Psi
    columns: np.ndarray

    @property
    def n_loadings(self) -> int:
        return len(self.items)

    @property
    def size(self) -> int:
        return len(self.items) + len(self.rows) + self.n_items


@dataclass(frozen=True)
class Solution:
    """One fit in the correlation metric; `converged` is judged by the gradient, not by the optimiser's word."""

    loadings: np.ndarray
    factor_covariances: np.ndarray
    residual_variances: np.ndarray
    discrepancy: float
    gradient_norm: float
    iterations: int

    @property
    def converged(self) -> bool:
        return bool(self.gradient_norm <= GRADIENT_NORM)


def pattern(membership: np.ndarray, markers: np.ndarray | None = None) -> Pattern:
    """Free cells of a model: `membership` is items x factors (bool); `markers` holds the fixed item of each factor."""
    free = np.array(membership, dtype=bool)
    n_items, n_factors = free.shape
    if markers is not None:
        free[markers, np.arange(n_factors)] = False
    items, factors = np.nonzero(free.T)[::-1]
    rows, columns = np.tril_indices(n_factors, 0 if markers is not None else -1)
    return Pattern(n_items, n_factors, items, factors, rows, columns)


def implied_covariance(loadings: np.ndarray, latent: np.ndarray, residual_variances: np.ndarray) -> np.ndarray:
    return loadings @ latent @ loadings.T + np.diag(residual_variances)


def derivatives(free: Pattern, loadings: np.ndarray, latent: np.ndarray) -> np.ndarray:
    """Derivative of Sigma in every free parameter, parameters x items x items."""
    n_loadings, n_latent = free.n_loadings, len(free.rows)
    out = np.zeros((free.size, free.n_items, free.n_items))
    each = np.arange(n_loadings)
    slopes = (loadings @ latent)[:, free.factors].T
    out[each, free.items, :] = slopes
    out[each, :, free.items] += slopes
    if n_latent:
        outer = loadings[:, free.rows].T[:, :, None] * loadings[:, free.columns].T[:, None, :]
        both = outer + outer.transpose(0, 2, 1)
        both[free.rows == free.columns] /= 2
        out[n_loadings : n_loadings + n_latent] = both
    items = np.arange(free.n_items)
    out[n_loadings + n_latent + items, items, items] = 1.0
    return out


def unpack(free: Pattern, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameter vector -> loadings, factor covariances (1 on a fixed diagonal), residual variances."""
    loadings = np.zeros((free.n_items, free.n_factors))
    loadings[free.items, free.factors] = parameters[: free.n_loadings]
    latent = np.eye(free.n_factors)
    values = parameters[free.n_loadings : free.n_loadings + len(free.rows)]
    latent[free.rows, free.columns] = values
    latent[free.columns, free.rows] = values
    return loadings, latent, parameters[free.size - free.n_items :]


def pack(free: Pattern, loadings: np.ndarray, latent: np.ndarray, residual_variances: np.ndarray) -> np.ndarray:
    return np.concatenate([loadings[free.items, free.factors], latent[free.rows, free.columns], residual_variances])


def discrepancy(free: Pattern, parameters: np.ndarray, observed: np.ndarray) -> tuple[float, np.ndarray]:
    """F = ln|Sigma| + tr(S Sigma^-1) - ln|S| - p and its analytic gradient tr(Sigma^-1 (Sigma - S) Sigma^-1 dSigma).

    F is infinite, and the gradient not defined, where Sigma is not positive definite.
    """
    value, inverse = _discrepancy(unpack(free, parameters), observed, _log_determinant(observed))
    if inverse is None:
        return value, np.full(free.size, np.nan)
    loadings, latent, _ = unpack(free, parameters)
    slopes = derivatives(free, loadings, latent).reshape(free.size, -1)
    return value, slopes @ (inverse - inverse @ observed @ inverse).ravel()


def information(free: Pattern, loadings: np.ndarray, latent: np.ndarray, residual_variances: np.ndarray) -> np.ndarray:
    """Expected information of one person: 1/2 tr(Sigma^-1 dSigma_i Sigma^-1 dSigma_j)."""
    inverse = np.linalg.inv(implied_covariance(loadings, latent, residual_variances))
    return _curvature(derivatives(free, loadings, latent), inverse) / 2


def invert_information(matrix: np.ndarray) -> np.ndarray | None:
    """Inverse of an information matrix, or None where it is not positive definite (judged free of units)."""
    diagonal = np.diag(matrix)
    if not np.isfinite(matrix).all() or (diagonal <= 0).any():
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < LEAST_EIGENVALUE:
        return None
    return np.linalg.inv(scaled) * np.outer(scale, scale)


def hessian(free: Pattern, parameters: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Second derivatives of F: tr((2 Sigma^-1 S Sigma^-1 - Sigma^-1) dSigma_i Sigma^-1 dSigma_j) + tr(W d2Sigma_ij)."""
    loadings, latent, residuals = unpack(free, parameters)
    inverse = np.linalg.inv(implied_covariance(loadings, latent, residuals))
    return _hessian(free, derivatives(free, loadings, latent), inverse, observed, loadings, latent)


def fit(membership: np.ndarray, correlations: np.ndarray) -> tuple[Pattern, Solution]:
    """Minimise F over a correlation matrix, factor variances fixed to 1.

    Fisher scoring first, which needs few steps where the model fits; then Newton's method on the observed curvature,
    which finishes where it does not (scoring crawls there). Both with Levenberg's damping, so that F never rises.
    """
    free = pattern(membership)
    parameters = pack(free, *_start(np.asarray(membership, dtype=bool), correlations))
    log_determinant = _log_determinant(correlations)
    matrices = unpack(free, parameters)
    value, inverse = _discrepancy(matrices, correlations, log_determinant)
    damping, norm, iteration = 0.0, np.inf, 0
    for iteration in range(1, MAX_ITERATIONS + 1):
        slopes = derivatives(free, matrices[0], matrices[1])
        gradient = slopes.reshape(free.size, -1) @ (inverse - inverse @ correlations @ inverse).ravel()
        norm = float(np.abs(gradient).max())
        if norm <= GRADIENT_NORM:
            break
        if iteration <= SCORING_ITERATIONS:
            curvature = _curvature(slopes, inverse)
        else:
            curvature = _hessian(free, slopes, inverse, correlations, matrices[0], matrices[1])
            damping = max(damping, _least_damping(curvature))
        while True:
            candidate = parameters - _step(curvature, gradient, damping)
            new = unpack(free, candidate)
            new_value, new_inverse = _discrepancy(new, correlations, log_determinant)
            if new_value <= value + ROUNDING or damping > HOPELESS:
                break
            damping = max(10 * damping, 1e-3)
        if new_value > value + ROUNDING:
            break
        parameters, matrices, value, inverse = candidate, new, new_value, new_inverse
        damping = damping / 10 if damping > 1e-4 else 0.0
    return free, Solution(*matrices, discrepancy=value, gradient_norm=norm, iterations=iteration)


def _log_determinant(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1])


def _discrepancy(
    matrices: tuple[np.ndarray, np.ndarray, np.ndarray], observed: np.ndarray, log_determinant: float
) -> tuple[float, np.ndarray | None]:
    sigma = implied_covariance(*matrices)
    try:
        root = np.linalg.cholesky(sigma)  # fails where Sigma is not positive definite, which a determinant may hide
    except np.linalg.LinAlgError:
        return np.inf, None
    inverse = np.linalg.inv(sigma)
    value = 2 * np.log(root.diagonal()).sum() + (observed * inverse).sum() - log_determinant - len(observed)
    return (float(value), inverse) if np.isfinite(value) else (np.inf, None)


def _curvature(slopes: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    weighted = inverse @ slopes
    size = len(slopes)
    return weighted.reshape(size, -1) @ weighted.transpose(0, 2, 1).reshape(size, -1).T


def _hessian(
    free: Pattern,
    slopes: np.ndarray,
    inverse: np.ndarray,
    observed: np.ndarray,
    loadings: np.ndarray,
    latent: np.ndarray,
) -> np.ndarray:
    size, n_loadings, n_latent = free.size, free.n_loadings, len(free.rows)
    fitted = inverse @ observed @ inverse
    left = ((2 * fitted - inverse) @ slopes).reshape(size, -1)
    right = (inverse @ slopes).transpose(0, 2, 1).reshape(size, -1)
    out = left @ right.T
    weights = inverse - fitted
    out[:n_loadings, :n_loadings] += (
        2 * weights[np.ix_(free.items, free.items)] * latent[np.ix_(free.factors, free.factors)]
    )
    if n_latent:
        spread = weights @ loadings
        # Psi_bc moves Lambda's row i by Lambda_c in column b and by Lambda_b in column c.
        mixed = 2 * (
            spread[np.ix_(free.items, free.columns)] * (free.factors[:, None] == free.rows)
            + spread[np.ix_(free.items, free.rows)] * (free.factors[:, None] == free.columns)
        )
        mixed[:, free.rows == free.columns] /= 2
        out[:n_loadings, n_loadings : n_loadings + n_latent] += mixed
        out[n_loadings : n_loadings + n_latent, :n_loadings] += mixed.T
    return (out + out.T) / 2


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


def _start(membership: np.ndarray, correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First principal component of each factor's items; the components' correlations; what is left."""
    n_items, n_factors = membership.shape
    loadings, weights = np.zeros((n_items, n_factors)), np.zeros((n_items, n_factors))
    shared = membership.sum(axis=1).clip(1)
    for factor in range(n_factors):
        own = np.flatnonzero(membership[:, factor])
        values, vectors = np.linalg.eigh(correlations[np.ix_(own, own)])
        leading = vectors[:, -1] * (-1 if vectors[:, -1].sum() < 0 else 1)
        weights[own, factor] = leading
        # A component overstates loadings, the more the fewer its items; .9 keeps every starting residual positive.
        loadings[own, factor] = np.clip(0.9 * leading * np.sqrt(values[-1]), -0.9, 0.9) / shared[own]
    composites = weights.T @ correlations @ weights
    scale = 1 / np.sqrt(np.diag(composites))
    latent = np.clip(composites * np.outer(scale, scale), -0.8, 0.8)
    np.fill_diagonal(latent, 1.0)
    if np.linalg.eigvalsh(latent)[0] < 0.05:
        latent = (latent + np.eye(n_factors)) / 2
    communality = np.einsum("ij,jk,ik->i", loadings, latent, loadings)
    return loadings, latent, np.clip(1 - communality, 0.1, None)
