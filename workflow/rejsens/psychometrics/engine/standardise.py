"""Completely standardised parameters of one group, and their derivatives in the free parameters (delta method).

loading, regression   times SD of the cause over SD of the effect, as the model implies them
covariance            over the roots of the two variances that the paths leave over (so a correlation of residuals)
variance              over the variable's implied variance
mean, threshold       over the variable's implied SD
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejsens.psychometrics.engine.moments import State
from rejsens.psychometrics.engine.table import COVARIANCE, LOADING, MEAN, REGRESSION, Parameter, Structure


@dataclass(frozen=True, eq=False)
class _Spread:
    """Variances of all variables, and those that paths leave over, with derivatives in the cells."""

    total: np.ndarray
    left: np.ndarray
    d_total: np.ndarray  # variables x cells
    d_left: np.ndarray


def standardised(structure: Structure, group: int, state: State) -> tuple[list[Parameter], np.ndarray, np.ndarray]:
    """The group's rows, the standardised value of each, and the derivatives (rows x parameters)."""
    cells = structure.cells[group]
    spread = _spread(structure, group, state)
    position = {name: k for k, name in enumerate(structure.variables)}
    free = _free_cells(structure, group)
    rows = [row for row in structure.table.rows if row.group == group]
    values, slopes = np.zeros(len(rows)), np.zeros((len(rows), cells.size))
    for k, row in enumerate(rows):
        raw = _raw(structure, state, row, position)
        value, relative, factor = _one(row, raw, spread, position)
        values[k] = value
        slopes[k] = value * relative
        if (cell := free.get((row.op, row.lhs, row.rhs))) is not None:
            slopes[k, cell] += factor
    return rows, values, slopes @ cells.spread


def _one(row: Parameter, raw: float, spread: _Spread, position: dict[str, int]) -> tuple[float, np.ndarray, float]:
    """Standardised value, its relative change as the variances move, and what the raw value is multiplied by."""
    left = position[row.lhs]
    if row.op in (LOADING, REGRESSION):
        cause, effect = (left, position[row.rhs]) if row.op == LOADING else (position[row.rhs], left)
        factor = _root(spread.total[cause] / spread.total[effect])
        relative = (spread.d_total[cause] / spread.total[cause] - spread.d_total[effect] / spread.total[effect]) / 2
        return raw * factor, relative, factor
    if row.op == COVARIANCE and row.lhs != row.rhs:
        right = position[row.rhs]
        factor = 1 / _root(spread.left[left] * spread.left[right])
        relative = -(spread.d_left[left] / spread.left[left] + spread.d_left[right] / spread.left[right]) / 2
        return raw * factor, relative, factor
    if row.op == COVARIANCE:
        return raw / spread.total[left], -spread.d_total[left] / spread.total[left], float(1 / spread.total[left])
    factor = 1 / _root(spread.total[left])
    return raw * factor, -spread.d_total[left] / spread.total[left] / 2, factor


def _root(value: float) -> float:
    return float(np.sqrt(value)) if value > 0 else np.nan


def _raw(structure: Structure, state: State, row: Parameter, position: dict[str, int]) -> float:
    matrices, left = state.matrices, position[row.lhs]
    if row.op == LOADING:
        return matrices.paths[position[row.rhs], left]
    if row.op == REGRESSION:
        return matrices.paths[left, position[row.rhs]]
    if row.op == COVARIANCE:
        return matrices.covariances[left, position[row.rhs]]
    if row.op == MEAN:
        return matrices.means[left]
    if row.op == "|":
        first = int(np.flatnonzero(structure.threshold_item == left)[0])
        return matrices.thresholds[first + int(row.rhs.removeprefix("t")) - 1]
    return matrices.scales[left]


def _free_cells(structure: Structure, group: int) -> dict[tuple[str, str, str], int]:
    """Where the derivative of each free row stands among the cells."""
    kinds = {LOADING: 0, REGRESSION: 0, COVARIANCE: 1, MEAN: 2, "|": 3, "~*~": 4}
    queues: list[list[Parameter]] = [[], [], [], [], []]
    for row in structure.table.rows:
        if row.group == group and row.fixed is None:
            queues[kinds[row.op]].append(row)
    return {(row.op, row.lhs, row.rhs): k for k, row in enumerate(row for queue in queues for row in queue)}


def _spread(structure: Structure, group: int, state: State) -> _Spread:
    cells, p = structure.cells[group], structure.n_items
    effects, covariances = state.total_effects, state.covariances
    total = covariances.diagonal().copy()
    d_total = np.zeros((len(total), cells.size))
    n_paths, k = len(cells.path_to), cells.n_structural
    d_total[:, :n_paths] = 2 * effects[:, cells.path_to] * covariances[:, cells.path_from]
    d_total[:, n_paths:k] = effects[:, cells.row] * effects[:, cells.column] * np.where(cells.row == cells.column, 1, 2)
    left = state.matrices.covariances.diagonal().copy()
    d_left = np.zeros_like(d_total)
    own = np.flatnonzero(cells.row == cells.column)
    d_left[cells.row[own], n_paths + own] = 1.0
    if (unit := np.flatnonzero(structure.unit_variance)).size:
        scales = state.matrices.scales
        d_scale = np.zeros((p, cells.size))
        first = cells.size - len(cells.scale)
        d_scale[cells.scale, first + np.arange(len(cells.scale))] = -2 / scales[cells.scale] ** 3
        left[unit] = 1 / scales[unit] ** 2 - total[unit]
        d_left[unit] = d_scale[unit] - d_total[unit]
        total[unit], d_total[unit] = 1 / scales[unit] ** 2, d_scale[unit]
    # A variance that is not positive has no root; what would need it is NaN, and the model not admissible.
    return _Spread(np.where(total > 0, total, np.nan), np.where(left > 0, left, np.nan), d_total, d_left)
