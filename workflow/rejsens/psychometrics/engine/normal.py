"""Normal likelihood of a structure, from complete rows or from rows with holes.

Rows are gathered by which items they answer. Complete data are one such pattern, so that one code serves maximum
likelihood and full information maximum likelihood. The function that is minimised is

    f = sum over groups and patterns of n_k / n (ln|Sigma_k| + tr(T_k Sigma_k⁻¹)),   T_k = S_k + d_k d_k',  d_k = xbar_k − mu_k

with S_k of divisor n_k; −n/2 (f + mean number of answers × ln 2π) is the log-likelihood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rejsens.psychometrics.engine import moments
from rejsens.psychometrics.engine.table import Cells, Structure

BLOCK = 8192  # rows whose scores are held at a time
EM_TOLERANCE = 1e-12  # relative change of the log-likelihood at which the saturated moments stand
EM_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class Pattern:
    """The rows of one group that answer the same items."""

    n: int
    items: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray  # divisor n
    rows: np.ndarray | slice


@dataclass(frozen=True, eq=False)
class Sample:
    """One group. `values` (people x items, NaN where missing) is needed for robust results only."""

    n: int
    n_items: int
    patterns: tuple[Pattern, ...]
    values: np.ndarray | None = None

    @property
    def complete(self) -> bool:
        return len(self.patterns) == 1 and len(self.patterns[0].items) == self.n_items

    @property
    def mean(self) -> np.ndarray:
        return self.patterns[0].mean

    @property
    def covariance(self) -> np.ndarray:
        return self.patterns[0].covariance


def sample_from_moments(n: int, covariance: np.ndarray, mean: np.ndarray | None = None) -> Sample:
    p = len(covariance)
    centre = np.zeros(p) if mean is None else mean
    return Sample(n, p, (Pattern(n, np.arange(p), centre, covariance, slice(None)),))


def sample_from_rows(values: np.ndarray) -> Sample:
    """Gather rows by pattern. Rows without any answer must be gone."""
    n, p = values.shape
    missing = np.isnan(values)
    if not missing.any():
        return Sample(n, p, (_pattern(values, np.arange(p), slice(None)),), values)
    packed = np.packbits(~missing, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    order = np.argsort(inverse, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    patterns = [
        _pattern(values, np.flatnonzero(~missing[start]), rows) for start, rows in zip(first, groups, strict=True)
    ]
    patterns.sort(key=lambda one: (-len(one.items), tuple(one.items)))
    return Sample(n, p, tuple(patterns), values)


def _pattern(values: np.ndarray, items: np.ndarray, rows: np.ndarray | slice) -> Pattern:
    own = values if isinstance(rows, slice) else values[np.ix_(rows, items)]
    mean = own.mean(axis=0)
    centred = own - mean
    return Pattern(len(own), items, mean, centred.T @ centred / len(own), rows)


@dataclass(frozen=True, eq=False)
class _Seen:
    """One pattern at one point."""

    weight: float  # share of all rows
    items: np.ndarray
    inverse: np.ndarray
    moment: np.ndarray  # T
    deviation: np.ndarray  # d


@dataclass(frozen=True, eq=False)
class Point:
    """Where the search stands: parameters, f (infinite where Sigma is not positive definite), and what follows."""

    parameters: np.ndarray
    value: float
    states: tuple[moments.State, ...] = ()
    seen: tuple[tuple[_Seen, ...], ...] = ()


class NormalLikelihood:
    """f of a structure for given samples, with gradient, expected and observed curvature."""

    def __init__(self, structure: Structure, samples: Sequence[Sample]) -> None:
        self.structure = structure
        self.samples = tuple(samples)
        self.n = sum(sample.n for sample in samples)
        self.means = structure.table.means

    def at(self, parameters: np.ndarray) -> Point:
        states, seen, value = [], [], 0.0
        for sample, matrices in zip(self.samples, self.structure.fill(parameters), strict=True):
            state = moments.implied(matrices, sample.n_items)
            here = []
            for pattern in sample.patterns:
                sigma = (
                    state.sigma
                    if len(pattern.items) == sample.n_items
                    else state.sigma[np.ix_(pattern.items, pattern.items)]
                )
                try:
                    root = np.linalg.cholesky(sigma)
                    inverse = np.linalg.inv(sigma)
                except np.linalg.LinAlgError:
                    return Point(parameters, np.inf)
                deviation = pattern.mean - state.mu[pattern.items] if self.means else np.zeros(len(pattern.items))
                moment = pattern.covariance + np.outer(deviation, deviation) if self.means else pattern.covariance
                weight = pattern.n / self.n
                value += weight * (2 * np.log(root.diagonal()).sum() + (moment * inverse).sum())
                here.append(_Seen(weight, pattern.items, inverse, moment, deviation))
            states.append(state)
            seen.append(tuple(here))
        if not np.isfinite(value):
            return Point(parameters, np.inf)
        return Point(parameters, float(value), tuple(states), tuple(seen))

    def _by_group(self, point: Point) -> Iterator[tuple[Any, ...]]:
        for cells, state, seen in zip(self.structure.cells, point.states, point.seen, strict=True):
            yield cells, state, seen, moments.directions(state, cells)

    def gradient(self, point: Point) -> np.ndarray:
        out = np.zeros(self.structure.size)
        for cells, state, seen, way in self._by_group(point):
            np.add.at(out, cells.parameter, moments.first_derivative(way, *_pulls(seen, state.n_items)))
        return out

    def expected(self, point: Point) -> np.ndarray:
        """Expected second derivatives of f: twice the information of one row."""
        out = np.zeros((self.structure.size,) * 2)
        for cells, _, seen, way in self._by_group(point):
            inner = np.zeros((cells.size,) * 2)
            k = cells.n_structural
            for one in seen:
                a, b, mu = way.a[one.items], way.b[one.items], way.mu[one.items]
                left, right = one.inverse @ a, one.inverse @ b
                inner[:k, :k] += one.weight * 2 * ((a.T @ left) * (b.T @ right) + (a.T @ right) * (b.T @ left))
                if self.means:
                    inner += one.weight * 2 * (mu.T @ (one.inverse @ mu))
            out += cells.spread.T @ inner @ cells.spread
        return out

    def hessian(self, point: Point) -> np.ndarray:
        """Second derivatives of f."""
        out = np.zeros((self.structure.size,) * 2)
        for cells, state, seen, way in self._by_group(point):
            inner = moments.second_derivative(state, cells, *_pulls(seen, state.n_items))
            k = cells.n_structural
            for one in seen:
                inner += one.weight * _curvature(one, way, k, self.means)
            out += cells.spread.T @ inner @ cells.spread
        return (out + out.T) / 2

    def candidates(self, point: Point, cells: Sequence[Cells]) -> tuple[list[Any], list[Any], list[Any]]:
        """For cells that are not in the structure: gradient of f, expected information of one row of each, and
        between each and the structure's parameters."""
        gradient, within, across = [], [], []
        for extra, (own, state, seen, way) in zip(cells, self._by_group(point), strict=True):
            new = moments.directions(state, extra)
            gradient.append(moments.first_derivative(new, *_pulls(seen, state.n_items)))
            inner, outer = np.zeros(extra.size), np.zeros((extra.size, own.size))
            k, m = extra.n_structural, own.n_structural
            for one in seen:
                a, b, mu = (part[one.items] for part in (new.a, new.b, new.mu))
                left, right = one.inverse @ a, one.inverse @ b
                inner[:k] += one.weight * ((a * left).sum(0) * (b * right).sum(0) + (a * right).sum(0) ** 2)
                c, d = way.a[one.items], way.b[one.items]
                outer[:k, :m] += one.weight * ((left.T @ c) * (right.T @ d) + (left.T @ d) * (right.T @ c))
                if self.means:
                    weighted = one.inverse @ mu
                    inner += one.weight * (mu * weighted).sum(0)
                    outer += one.weight * (weighted.T @ way.mu[one.items])
            within.append(inner)
            across.append(outer @ own.spread)
        return gradient, within, across

    def scores(self, point: Point, about_sample: bool = False) -> Iterator[tuple[int, np.ndarray]]:
        """Derivatives of each row's log-likelihood in the cells of its group: (group, rows x cells), in blocks.

        With `about_sample` they are taken about the sample's own moments instead of the model's, so that they sum to
        zero whatever the misfit (complete rows only).
        """
        for group, (cells, state, seen, way) in enumerate(self._by_group(point)):
            sample = self.samples[group]
            centre = state.mu if self.means and not about_sample else sample.mean
            for pattern, one in zip(sample.patterns, seen, strict=True):
                yield from (
                    (group, block)
                    for block in _pattern_scores(sample, pattern, one, way, centre, cells.n_structural, about_sample)
                )

    def crossproduct(self, point: Point, about_sample: bool = False) -> np.ndarray:
        """Average outer product of scores of a row: the first-order information, in the parameters."""
        out = np.zeros((self.structure.size,) * 2)
        within = [np.zeros((cells.size,) * 2) for cells in self.structure.cells]
        for group, block in self.scores(point, about_sample):
            within[group] += block.T @ block
        for cells, inner in zip(self.structure.cells, within, strict=True):
            out += cells.spread.T @ inner @ cells.spread
        return out / self.n


def _pulls(seen: Sequence[_Seen], n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """df/dSigma and df/dmu."""
    if len(seen) == 1 and len(seen[0].items) == n_items:
        one = seen[0]
        in_sigma = one.inverse - one.inverse @ one.moment @ one.inverse
        return one.weight * in_sigma, -2 * one.weight * (one.inverse @ one.deviation)
    in_sigma, in_mu = np.zeros((n_items, n_items)), np.zeros(n_items)
    for one in seen:
        in_sigma[np.ix_(one.items, one.items)] += one.weight * (one.inverse - one.inverse @ one.moment @ one.inverse)
        in_mu[one.items] -= 2 * one.weight * (one.inverse @ one.deviation)
    return in_sigma, in_mu


def _curvature(one: _Seen, way: moments.Directions, k: int, means: bool) -> np.ndarray:
    """What the curvature of f in (Sigma, mu) adds to its second derivatives in the cells."""
    both = np.concatenate([way.a[one.items], way.b[one.items]], axis=1)
    fitted = one.inverse @ one.moment @ one.inverse
    plain = both.T @ one.inverse @ both
    pulled = both.T @ (2 * fitted - one.inverse) @ both
    a, b = slice(0, k), slice(k, 2 * k)
    out = np.zeros((way.mu.shape[1],) * 2)
    part = (
        pulled[b, a] * plain[a, b]
        + pulled[b, b] * plain[a, a]
        + pulled[a, a] * plain[b, b]
        + pulled[a, b] * plain[b, a]
    )
    out[:k, :k] = (part + part.T) / 2
    if means:
        mu = way.mu[one.items]
        weighted = one.inverse @ mu
        pull = one.deviation @ one.inverse @ both
        cross = pull[a][:, None] * (both[:, b].T @ weighted) + pull[b][:, None] * (both[:, a].T @ weighted)
        out[:k, :] += 2 * cross
        out[:, :k] += 2 * cross.T
        out += 2 * (mu.T @ weighted)
    return out


def _pattern_scores(
    sample: Sample,
    pattern: Pattern,
    one: _Seen,
    way: moments.Directions,
    centre: np.ndarray,
    k: int,
    about_sample: bool,
) -> Iterator[np.ndarray]:
    assert sample.values is not None  # scores are people's own
    a, b, mu = (one.inverse @ part[pattern.items] for part in (way.a, way.b, way.mu))
    constant = np.einsum("ij,ij->j", a, pattern.covariance @ b if about_sample else way.b[pattern.items])
    rows = np.arange(sample.n) if isinstance(pattern.rows, slice) else pattern.rows
    for start in range(0, len(rows), BLOCK):
        deviations = sample.values[rows[start : start + BLOCK]][:, pattern.items] - centre[pattern.items]
        block = deviations @ mu
        block[:, :k] += (deviations @ a) * (deviations @ b) - constant
        yield block


# --- saturated moments -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Saturated:
    """The unrestricted moments of one group, and ln|Sigma_k| + tr(T_k Sigma_k⁻¹) summed over its rows."""

    mean: np.ndarray
    covariance: np.ndarray
    deviance: float
    sample: Sample = field(repr=False)
    converged: bool = True

    @cached_property
    def information(self) -> tuple[np.ndarray, np.ndarray]:
        """Observed and first-order information of one row about (means, lower triangle of Sigma)."""
        return saturated_information(self.sample, self.mean, self.covariance)

    @cached_property
    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Covariance matrix of the moments, n times: as the likelihood says, and whatever the answers' distribution."""
        observed, first_order = self.information
        inverse = np.linalg.inv(observed)
        return inverse, inverse @ first_order @ inverse


def saturated(sample: Sample) -> Saturated:
    """Sample moments of complete rows; of others the maximum of the likelihood, by accelerated EM."""
    if sample.complete:
        deviance = sample.n * (np.linalg.slogdet(sample.covariance)[1] + sample.n_items)
        return Saturated(sample.mean, sample.covariance, float(deviance), sample)
    return _expectation_maximisation(sample)


def _expectation_maximisation(sample: Sample) -> Saturated:
    """EM, each two steps extrapolated as in SQUAREM (Varadhan & Roland, 2008) where that raises the likelihood."""
    p = sample.n_items
    answered = np.zeros(p)
    total, square = np.zeros(p), np.zeros(p)
    for pattern in sample.patterns:
        answered[pattern.items] += pattern.n
        total[pattern.items] += pattern.n * pattern.mean
        square[pattern.items] += pattern.n * (pattern.mean**2 + pattern.covariance.diagonal())
    mean = total / answered
    current = (mean, np.diag(square / answered - mean**2))
    deviance, previous = np.inf, np.inf
    converged = False
    for _ in range(EM_ITERATIONS):
        first, deviance = _em_step(sample, *current)
        if previous - deviance <= EM_TOLERANCE * abs(deviance) and np.isfinite(previous):
            converged = True
            break
        previous = deviance
        second, after_one = _em_step(sample, *first)
        leap = _leap(current, first, second)
        current = second
        if leap is not None:
            third, after_leap = _em_step(sample, *leap)
            if after_leap <= after_one:
                current = third
    return Saturated(*current, deviance, sample, converged)


def _em_step(sample: Sample, mean: np.ndarray, covariance: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Next moments, and the deviance of those given (infinite where they are not positive definite)."""
    p = sample.n_items
    total, cross, deviance = np.zeros(p), np.zeros((p, p)), 0.0
    for pattern in sample.patterns:
        own = covariance[np.ix_(pattern.items, pattern.items)]
        try:
            root = np.linalg.cholesky(own)
            inverse = np.linalg.inv(own)
        except np.linalg.LinAlgError:
            return (mean, covariance), np.inf
        regress = covariance[:, pattern.items] @ inverse
        deviation = pattern.mean - mean[pattern.items]
        moment = pattern.covariance + np.outer(deviation, deviation)
        deviance += pattern.n * (2 * np.log(root.diagonal()).sum() + (moment * inverse).sum())
        centre = mean + regress @ deviation
        total += pattern.n * centre
        spread = regress @ pattern.covariance @ regress.T + covariance - regress @ covariance[pattern.items]
        cross += pattern.n * (spread + np.outer(centre, centre))
    new = total / sample.n
    moments_ = cross / sample.n - np.outer(new, new)
    return (new, (moments_ + moments_.T) / 2), float(deviance)


def _leap(before: tuple[Any, ...], one: tuple[Any, ...], two: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray] | None:
    flat = [np.concatenate([mean, covariance.ravel()]) for mean, covariance in (before, one, two)]
    step, bend = flat[1] - flat[0], flat[2] - 2 * flat[1] + flat[0]
    if not bend.any():
        return None
    length = min(-1.0, -float(np.linalg.norm(step) / np.linalg.norm(bend)))
    there = flat[0] - 2 * length * step + length**2 * bend
    p = len(before[0])
    return there[:p], there[p:].reshape(p, p)


def saturated_information(sample: Sample, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed and first-order information of one row about (means, lower triangle of Sigma), rows with holes."""
    p = sample.n_items
    rows, columns = np.tril_indices(p)
    half = np.where(rows == columns, 0.5, 1.0)
    size = p + len(rows)
    observed, first_order = np.zeros((size, size)), np.zeros((size, size))
    for pattern in sample.patterns:
        own = np.ix_(pattern.items, pattern.items)
        inverse = np.zeros((p, p))
        inverse[own] = np.linalg.inv(covariance[own])
        deviation = np.zeros(p)
        deviation[pattern.items] = pattern.mean - mean[pattern.items]
        moment = np.zeros((p, p))
        moment[own] = pattern.covariance
        moment += np.outer(deviation, deviation)
        fitted = inverse @ moment @ inverse
        pull = inverse @ deviation
        weight = pattern.n / sample.n
        outer = 2 * fitted - inverse
        across = pairs(outer, inverse, rows, columns) + pairs(inverse, outer, rows, columns)
        observed[p:, p:] += weight * np.outer(half, half) * across / 2
        cross = inverse[:, rows] * pull[columns] + inverse[:, columns] * pull[rows]
        observed[:p, p:] += weight * half * cross
        observed[:p, :p] += weight * inverse
        first_order += _saturated_scores(sample, pattern, inverse, mean, rows, columns, half)
    observed[p:, :p] = observed[:p, p:].T
    return observed, first_order / sample.n


def pairs(left: np.ndarray, right: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """tr(left dSigma right dSigma') / 1 for unit changes of each two entries of Sigma, before halving diagonals."""
    return (
        left[np.ix_(rows, rows)] * right[np.ix_(columns, columns)]
        + left[np.ix_(rows, columns)] * right[np.ix_(columns, rows)]
    )


def _saturated_scores(
    sample: Sample,
    pattern: Pattern,
    inverse: np.ndarray,
    mean: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    half: np.ndarray,
) -> np.ndarray:
    assert sample.values is not None  # scores are people's own
    p = sample.n_items
    out = np.zeros((p + len(rows),) * 2)
    people = np.arange(sample.n) if isinstance(pattern.rows, slice) else pattern.rows
    constant = inverse[rows, columns] * half
    for start in range(0, len(people), BLOCK):
        deviations = np.nan_to_num(sample.values[people[start : start + BLOCK]] - mean)
        pulls = deviations @ inverse
        block = np.concatenate([pulls, pulls[:, rows] * pulls[:, columns] * half - constant], axis=1)
        out += block.T @ block
    return out
