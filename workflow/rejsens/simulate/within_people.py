"""Regressions within people of a whole population, by sums per person: nothing here is shared with `rejsens.inference`.

Rows stand as people × slots (a wave, or a kind of event in a wave); a slot that a person has no answer for holds zeros in
every column. Maximum likelihood: at the size of a population it is what REML is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

FOR_VARIANCES = 5000  # people


def person_means(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(people, slots): each person's mean over the kept slots, 0 where nothing is kept.

    >>> person_means(np.array([[1.0, 3.0, 9.0]]), np.array([[True, True, False]])).tolist()
    [[2.0, 2.0, 0.0]]
    """
    counts = np.maximum(kept.sum(axis=1, keepdims=True), 1)
    return np.where(kept, np.where(kept, values, 0.0).sum(axis=1, keepdims=True) / counts, 0.0)


def deviations(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(people, slots): what is kept less the person's mean of it; 0 elsewhere."""
    return np.where(kept, np.where(kept, values, 0.0) - person_means(values, kept), 0.0)


def spread(values: np.ndarray, kept: np.ndarray) -> float:
    """Root of the sum of squared deviations; the ratio of two is that of two pooled within-person SDs."""
    return float(np.sqrt((deviations(values, kept) ** 2).sum()))


@dataclass(frozen=True)
class Rows:
    """Outcome and columns of one model. The first column is a deviation from the person's mean; it may have a slope."""

    columns: Mapping[str, np.ndarray]  # name -> (people, slots), 0 where not kept
    y: np.ndarray  # (people, slots), the same
    kept: np.ndarray  # (people, slots), bool
    per_occasion: int = 1  # slots that stand side by side and share an occasion

    def position(self, name: str) -> int:
        return list(self.columns).index(name)

    def fixed_effects(self, name: str) -> float:
        """Coefficient by least squares on deviations from person means."""
        parts = [deviations(column, self.kept).ravel() for column in self.columns.values()]
        return float(_solved(np.stack([*parts, deviations(self.y, self.kept).ravel()]))[self.position(name)])

    def coefficients(self, root: np.ndarray) -> tuple[np.ndarray, float]:
        """Generalised least squares under a known relative covariance of the random parts; and the residual variance."""
        found, _ = self._products(root)
        slopes = _solution(found)
        return slopes, float((found[-1, -1] - found[:-1, -1] @ slopes) / self.kept.sum())

    def random_parts(self, size: int) -> np.ndarray:
        """Their maximum likelihood: SDs of the person's intercept, and of occasions; or intercept, covariance, slope.

        size   1: intercept; 2: intercept and occasion; 3: intercept and slope. In units of the residual SD; all else is
               profiled out. The first `FOR_VARIANCES` people tell them well enough: their error counts twice only
        """
        part = Rows({n: c[:FOR_VARIANCES] for n, c in self.columns.items()}, self.y[:FOR_VARIANCES],
                    self.kept[:FOR_VARIANCES], self.per_occasion)  # fmt: skip
        people, rows = len(part.y), int(part.kept.sum())

        def deviance(root: np.ndarray) -> float:
            found, log_det = part._products(root)
            rest = found[-1, -1] - found[:-1, -1] @ _solution(found)
            return (log_det + rows * np.log(rest)) / people

        start = {1: [1.0], 2: [1.0, 0.5], 3: [1.0, 0.0, 0.2]}[size]
        return minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-8}).x

    def _products(self, root: np.ndarray) -> tuple[np.ndarray, float]:
        return self._with_occasions(*root) if len(root) == 2 else self._with_slope(*(*root, 0.0, 0.0)[:3])

    @cached_property
    def _sums(self) -> tuple[np.ndarray, ...]:
        """Cross-products of all columns and the outcome; sums and how many rows per occasion, and per person; sums of all
        columns times the first, and of its square."""
        design = np.stack([*self.columns.values(), self.y], axis=2)
        people, slots, k = design.shape
        total = np.tensordot(design, design, axes=((0, 1), (0, 1)))
        occasions = design.reshape(people, slots // self.per_occasion, self.per_occasion, k).sum(axis=2)
        counts = self.kept.reshape(people, slots // self.per_occasion, self.per_occasion).sum(axis=2)
        first = design[:, :, 0]
        slope, square = np.einsum("nt,ntk->nk", first, design), (first**2).sum(axis=1)
        return total, occasions, counts, occasions.sum(axis=1), counts.sum(axis=1), slope, square

    def _with_slope(self, first: float, both: float, second: float) -> tuple[np.ndarray, float]:
        """X'V⁻¹X with the outcome as last column, and log det V.

        With Z = (1, deviation) and D the covariance of the random parts in units of the residual variance,
        V⁻¹ = I − Z (D⁻¹ + Z'Z)⁻¹ Z'; Z'Z is diagonal, so the inverse of each person's 2 × 2 is written out.
        """
        total, _, _, level, n, slope, square = self._sums
        a, c, b = first**2, first * both, both**2 + second**2
        det = 1 + n * a + square * b + n * square * (a * b - c**2)
        cross = level.T @ (slope * (c / det)[:, None])
        taken = level.T @ (level * ((a + square * (a * b - c**2)) / det)[:, None]) + cross + cross.T
        taken += slope.T @ (slope * ((b + n * (a * b - c**2)) / det)[:, None])
        return total - taken, float(np.log(det).sum())

    def _with_occasions(self, person: float, occasion: float) -> tuple[np.ndarray, float]:
        """The same for intercepts of people and of occasions: the inverse of a sum of blocks of ones, twice."""
        total, sums, counts, *_ = self._sums
        a, g = person**2, occasion**2
        share = 1 / (1 + counts * g)
        people, occasions, k = sums.shape
        flat = sums.reshape(people * occasions, k)
        taken = flat.T @ (flat * (g * share).reshape(-1, 1))
        weighted, weight = np.einsum("nok,no->nk", sums, share), (counts * share).sum(axis=1)
        taken += weighted.T @ (weighted * (a / (1 + a * weight))[:, None])
        return total - taken, float(-np.log(share).sum() + np.log(1 + a * weight).sum())


def _solution(products: np.ndarray) -> np.ndarray:
    """Coefficients from products with the outcome last; of columns that depend on each other, the shortest."""
    scale = np.sqrt(np.maximum(np.diag(products)[:-1], 1e-12))
    inner = np.linalg.pinv(products[:-1, :-1] / np.outer(scale, scale), rcond=1e-9, hermitian=True)
    return inner @ (products[:-1, -1] / scale) / scale


def _solved(stacked: np.ndarray) -> np.ndarray:
    return _solution(stacked @ stacked.T)
