"""Implied moments of one group, with first and second derivatives in every free cell.

With E = (I − A)⁻¹, C = E S E' (covariances of all variables) and e = E m (their means), items first:

    dA[i,j]   dSigma = G[:,i] C[j,:]' + transpose,   dmu = G[:,i] e[j]        G = rows of E that are items
    dS[i,j]   dSigma = G[:,i] G[:,j]' + transpose,   half of that where i = j
    dm[i]     dmu = G[:,i]

So every derivative of Sigma is a b' + b a'. Information matrices are then made of products of columns, and no array of
parameters x items x items is ever needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejsens.psychometrics.engine.table import Cells, Matrices


@dataclass(frozen=True, eq=False)
class State:
    """Everything that follows from one group's matrices."""

    matrices: Matrices
    total_effects: np.ndarray  # E, variables x variables
    covariances: np.ndarray  # C, variables x variables
    means: np.ndarray  # e, variables
    n_items: int

    @property
    def sigma(self) -> np.ndarray:
        return self.covariances[: self.n_items, : self.n_items]

    @property
    def mu(self) -> np.ndarray:
        return self.means[: self.n_items]

    @property
    def onto_items(self) -> np.ndarray:
        return self.total_effects[: self.n_items]


@dataclass(frozen=True, eq=False)
class Directions:
    """Derivatives by cell: dSigma = a b' + b a' over structural cells, and dmu (items x cells)."""

    a: np.ndarray
    b: np.ndarray
    mu: np.ndarray


def implied(matrices: Matrices, n_items: int) -> State:
    effects = np.linalg.inv(np.eye(len(matrices.paths)) - matrices.paths)
    covariances = effects @ matrices.covariances @ effects.T
    return State(matrices, effects, (covariances + covariances.T) / 2, effects @ matrices.means, n_items)


def directions(state: State, cells: Cells) -> Directions:
    onto, items = state.onto_items, slice(0, state.n_items)
    a = np.concatenate([onto[:, cells.path_to], onto[:, cells.row]], axis=1)
    b = np.concatenate(
        [
            state.covariances[items][:, cells.path_from],
            onto[:, cells.column] * np.where(cells.row == cells.column, 0.5, 1.0),
        ],
        axis=1,
    )
    mu = np.zeros((state.n_items, cells.size))
    n_paths, n_structural = len(cells.path_to), cells.n_structural
    mu[:, :n_paths] = onto[:, cells.path_to] * state.means[cells.path_from]
    mu[:, n_structural : n_structural + len(cells.mean)] = onto[:, cells.mean]
    return Directions(a, b, mu)


def sigma_jacobian(way: Directions, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Derivatives of the entries (rows, columns) of Sigma, entries x structural cells."""
    return way.a[rows] * way.b[columns] + way.b[rows] * way.a[columns]


def first_derivative(way: Directions, in_sigma: np.ndarray, in_mu: np.ndarray) -> np.ndarray:
    """sum(in_sigma * dSigma) + in_mu . dmu for every cell; `in_sigma` is symmetric."""
    out = in_mu @ way.mu
    out[: way.a.shape[1]] += 2 * np.einsum("ij,ij->j", way.a, in_sigma @ way.b)
    return out


def second_derivative(state: State, cells: Cells, in_sigma: np.ndarray, in_mu: np.ndarray) -> np.ndarray:
    """sum(in_sigma * d²Sigma) + in_mu . d²mu for every pair of cells."""
    onto, effects, items = state.onto_items, state.total_effects, slice(0, state.n_items)
    weighted = onto.T @ in_sigma
    by_cause, by_source = weighted @ onto, weighted @ state.covariances[items]
    pull = onto.T @ in_mu
    to, source, row, column = cells.path_to, cells.path_from, cells.row, cells.column
    n_paths, n_structural = len(to), cells.n_structural
    n_means = n_structural + len(cells.mean)
    out = np.zeros((cells.size, cells.size))
    back = effects[np.ix_(source, to)]  # E[from, to]
    crossing = by_source[np.ix_(to, source)]
    both = 2 * (
        back.T * crossing.T + back * crossing + state.covariances[np.ix_(source, source)] * by_cause[np.ix_(to, to)]
    )
    mean_part = back * pull[to][:, None] * state.means[source]
    out[:n_paths, :n_paths] = both + mean_part + mean_part.T
    if len(row):
        mixed = 2 * (
            effects[np.ix_(source, row)] * by_cause[np.ix_(to, column)]
            + effects[np.ix_(source, column)] * by_cause[np.ix_(to, row)]
        )
        mixed[:, row == column] /= 2
        out[:n_paths, n_paths:n_structural] = mixed
        out[n_paths:n_structural, :n_paths] = mixed.T
    if len(cells.mean):
        shift = pull[to][:, None] * effects[np.ix_(source, cells.mean)]
        out[:n_paths, n_structural:n_means] = shift
        out[n_structural:n_means, :n_paths] = shift.T
    return out
