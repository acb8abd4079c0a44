"""Where the search begins: first principal components for loadings, their correlations, what is left for residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rejsens.psychometrics.engine import moments
from rejsens.psychometrics.engine.table import Matrices, Structure

SHRINK = 0.9  # a component overstates loadings, the more the fewer its items
LEAST_RESIDUAL = 0.1  # of an item's variance
SECOND_ORDER = 0.6  # standardised loading of a factor on a factor


def start_values(structure: Structure, samples: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
    """Parameters to start from, given (mean, covariance) of each group, and thresholds of ordered items; rows' own
    `start` come first."""
    filled = [_group(structure, group, *own) for group, own in enumerate(samples)]
    values = structure.read(filled)
    given: dict[str, float] = {}
    for row in structure.table.rows:
        if row.fixed is None and row.start is not None:
            given.setdefault(row.label or row.name, row.start)
    for name, value in given.items():
        values[structure.names.index(name)] = value
    return _positive(structure, values)


def _group(
    structure: Structure, group: int, mean: np.ndarray, covariance: np.ndarray, thresholds: np.ndarray | None = None
) -> Matrices:
    """Guesses for every free cell of one group, in the units of the items; fixed cells keep their number."""
    p, fixed, cells = structure.n_items, structure.constants[group], structure.cells[group]
    free_path = np.zeros(fixed.paths.shape, dtype=bool)
    free_path[cells.path_to, cells.path_from] = True
    free_covariance = np.zeros(fixed.covariances.shape, dtype=bool)
    free_covariance[cells.row, cells.column] = free_covariance[cells.column, cells.row] = True
    spread = np.sqrt(covariance.diagonal())
    correlations = covariance / np.outer(spread, spread)
    q, size = len(fixed.paths), len(fixed.paths) - p
    paths, left = fixed.paths.copy(), fixed.covariances.copy()
    measured = free_path[:p, p:] | (fixed.paths[:p, p:] != 0)
    shared = np.maximum(measured.sum(axis=1), 1)
    weights = np.zeros((p, size))
    variances = np.ones(size)
    for factor in range(size):
        own = np.flatnonzero(measured[:, factor])
        if not len(own):
            continue
        values, vectors = np.linalg.eigh(correlations[np.ix_(own, own)])
        leading = vectors[:, -1] * (-1 if vectors[:, -1].sum() < 0 else 1)
        weights[own, factor] = leading
        strength = np.clip(SHRINK * leading * np.sqrt(max(values[-1], 0)), -0.9, 0.9) / shared[own] * spread[own]
        constant = own[~free_path[own, p + factor]]
        if len(constant):  # the factor's scale is set by fixed loadings
            ratio = strength[~free_path[own, p + factor]] / fixed.paths[constant, p + factor]
            unit = float(np.median(np.abs(ratio))) or 1.0
        elif not free_covariance[p + factor, p + factor] and fixed.covariances[p + factor, p + factor] > 0:
            unit = float(np.sqrt(fixed.covariances[p + factor, p + factor]))
        else:
            unit = 1.0
        variances[factor] = unit**2
        chosen = free_path[own, p + factor]
        paths[own[chosen], p + factor] = strength[chosen] / unit
    left = _latent(structure, paths, left, free_path, free_covariance, variances, weights, correlations)
    paths[p:, p:][free_path[p:, p:]] = _among_factors(fixed, free_path, variances, p)
    guess = moments.implied(Matrices(paths, _without_residuals(left, p), np.zeros(q), np.zeros(0), np.zeros(0)), p)
    explained = guess.covariances.diagonal()[:p]
    residual = np.maximum(covariance.diagonal() - explained, LEAST_RESIDUAL * covariance.diagonal())
    items = np.arange(p)
    chosen = free_covariance[items, items]
    left[items[chosen], items[chosen]] = residual[chosen]
    means = fixed.means.copy()
    free_mean = np.zeros(q, dtype=bool)
    free_mean[cells.mean] = True
    means[:p][free_mean[:p]] = mean[free_mean[:p]]
    means[p:][free_mean[p:]] = 0.0
    if not structure.ordered:
        return Matrices(paths, left, means, fixed.thresholds, fixed.scales)
    assert thresholds is not None  # ordered items have them
    if structure.theta:  # the residual variance is the unit: everything else grows by what it was
        unit = 1 / np.sqrt(residual)
        unit[structure.continuous] = 1.0
        paths[:p] *= np.where(free_path[:p], unit[:, None], 1.0)
        chosen[structure.continuous] = False
        left[items[chosen], items[chosen]] = 1.0
        thresholds = thresholds * unit[structure.threshold_item]
    return Matrices(paths, left, means, thresholds, fixed.scales.copy())


def _among_factors(fixed: Matrices, free_path: np.ndarray, variances: np.ndarray, p: int) -> np.ndarray:
    """Regressions start at 0; a factor that only factors measure (a second order) starts with even loadings."""
    out = np.zeros_like(fixed.paths[p:, p:])
    above = np.flatnonzero(
        free_path[p:, p:].any(axis=0) & ~(free_path[:p, p:] | (fixed.paths[:p, p:] != 0)).any(axis=0)
    )
    for factor in above:
        out[:, factor] = SECOND_ORDER * np.sqrt(variances / variances[factor])
    return out[free_path[p:, p:]]


def _latent(
    structure: Structure,
    paths: np.ndarray,
    left: np.ndarray,
    free_path: np.ndarray,
    free: np.ndarray,
    variances: np.ndarray,
    weights: np.ndarray,
    correlations: np.ndarray,
) -> np.ndarray:
    p = structure.n_items
    composites = weights.T @ correlations @ weights
    scale = 1 / np.sqrt(np.maximum(composites.diagonal(), np.finfo(float).tiny))
    latent = np.clip(composites * np.outer(scale, scale), -0.8, 0.8)
    np.fill_diagonal(latent, 1.0)
    if len(latent) and np.linalg.eigvalsh(latent)[0] < 0.05:
        latent = (latent + np.eye(len(latent))) / 2
    latent *= np.sqrt(np.outer(variances, variances))
    out = left.copy()
    inner = out[p:, p:]
    inner[free[p:, p:]] = latent[free[p:, p:]]
    return out


def _without_residuals(left: np.ndarray, p: int) -> np.ndarray:
    out = left.copy()
    out[:p, :p] = 0.0
    return out


def _positive(structure: Structure, values: np.ndarray) -> np.ndarray:
    """The start, with covariances and then loadings drawn towards zero until Sigma is positive definite everywhere."""
    off_diagonal, paths = np.zeros(structure.size, dtype=bool), np.zeros(structure.size, dtype=bool)
    for cells in structure.cells:
        k, n_paths = cells.n_structural, len(cells.path_to)
        paths[cells.parameter[:n_paths]] = True
        off_diagonal[cells.parameter[n_paths:k][cells.row != cells.column]] = True
    for _ in range(8):
        if _all_positive(structure, values):
            return values
        values = np.where(off_diagonal, values / 4, np.where(paths, values * 0.8, values))
    return values


def _all_positive(structure: Structure, values: np.ndarray) -> bool:
    if structure.ordered and not structure.theta:
        return True  # only what lies off the diagonal of Sigma is modelled
    for matrices in structure.fill(values):
        try:
            np.linalg.cholesky(moments.implied(matrices, structure.n_items).sigma)
        except np.linalg.LinAlgError:
            return False
    return True
