"""Is there one set of parameters for each set of moments? Asked of the model alone, before any data are fitted."""

from __future__ import annotations

import numpy as np

from rejsens.psychometrics.engine import moments
from rejsens.psychometrics.engine.table import Cells, Structure

POINTS = 3  # random points at which the rank is judged; the largest counts
RANK = 1e-9  # smallest singular value, over the largest, of the Jacobian with columns of length 1
SHARE = 0.05  # of a null direction's length, from which a parameter is named


def why_not_identified(structure: Structure, start: np.ndarray, seed: int = 20260) -> str:
    """A sentence that says why the parameters are not identified, or an empty string.

    First the counting rule; then the rank of the derivatives of the moments at random points near `start`. A model of
    full rank there is locally identified almost everywhere.
    """
    if structure.df < 0:
        unit = "parameter" if structure.df == -1 else "parameters"
        return f"the model is not identified ({-structure.df} more {unit} than {_moments(structure)})"
    rng = np.random.default_rng(seed)
    for _ in range(POINTS):
        there = start * (1 + rng.uniform(-0.1, 0.1, structure.size)) + rng.uniform(-0.01, 0.01, structure.size)
        jacobian = moment_jacobian(structure, there)
        lengths = np.linalg.norm(jacobian, axis=0)
        if (lengths == 0).any():
            return f"the model is not identified: nothing observed depends on {_named(structure, lengths == 0)}"
        scaled = jacobian / lengths
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        # Squaring halves the digits: only where the small root is in doubt is the decomposition of the matrix needed.
        if values[0] > 1e-6 * values[-1]:
            return ""
        singular = np.linalg.svd(scaled, compute_uv=False)
        if singular[-1] > RANK * singular[0]:
            return ""
    free = np.abs(vectors[:, values < RANK * values[-1]]).max(axis=1, initial=0.0)
    return f"the model is not identified: {_named(structure, free > SHARE)} cannot be told apart"


def _moments(structure: Structure) -> str:
    if structure.ordered:
        return "thresholds and correlations" + (", means and variances" if len(structure.continuous) else "")
    return "means, variances and covariances" if structure.table.means else "variances and covariances"


def _named(structure: Structure, chosen: np.ndarray, most: int = 6) -> str:
    names = [name for name, yes in zip(structure.names, chosen, strict=True) if yes]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def moment_jacobian(structure: Structure, parameters: np.ndarray) -> np.ndarray:
    """Derivatives of all groups' moments in the parameters: means (if modelled) and lower triangle, or, of ordered
    items, thresholds and correlations."""
    parts = []
    for cells, matrices in zip(structure.cells, structure.fill(parameters), strict=True):
        state = moments.implied(matrices, structure.n_items)
        parts.append(group_jacobian(structure, cells, state) @ cells.spread)
    return np.concatenate(parts)


def group_jacobian(structure: Structure, cells: Cells, state: moments.State) -> np.ndarray:
    way = moments.directions(state, cells)
    if structure.ordered:
        from rejsens.psychometrics.engine.ordered import ordered_jacobian

        return ordered_jacobian(structure, cells, state, way)[1]
    rows, columns = np.tril_indices(structure.n_items)
    sigma = np.zeros((len(rows), cells.size))
    sigma[:, : cells.n_structural] = moments.sigma_jacobian(way, rows, columns)
    return np.concatenate([way.mu, sigma]) if structure.table.means else sigma
