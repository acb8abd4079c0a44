"""Sample moments of ordered and continuous items together, in two steps as lavaan 0.6 (`muthen1984`; Muthén, 1984).

Thresholds of ordered items, means and variances of continuous ones come from the margins; then each pair has its
correlation, the rest held: polychoric, polyserial (Olsson, Drasgow and Dorans, 1982, https://doi.org/10.1007/BF02294164)
or Pearson's. The asymptotic covariance is made of everybody's scores as for ordered items alone, and then turned from
correlations to covariances wherever an item has a variance of its own. lavaan leaves people whose joint density is below
1.5e-8 out of the likelihood of a polyserial correlation (about six standard deviations from the mean); here nobody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from rejsens.psychometrics.engine import polychoric
from rejsens.psychometrics.engine.polychoric import OrderedSample

EDGE = 0.995  # of a polyserial correlation, as lavaan
LEAST = 1e-290  # of the probability of an answer given another
CLOSE = 1e-12


@dataclass(frozen=True, eq=False)
class _Continuous:
    """A continuous item: everybody's standard score, and the mean and variance it was made with."""

    z: np.ndarray
    mean: float
    variance: float

    @property
    def scores(self) -> np.ndarray:
        """Everybody's scores of mean and variance: 2 x people."""
        return np.stack([self.z / np.sqrt(self.variance), (self.z**2 - 1) / (2 * self.variance)])


@dataclass(frozen=True, eq=False)
class _Ordered:
    """An ordered item: codes, thresholds, and everybody's scores of these (thresholds x people)."""

    codes: np.ndarray
    thresholds: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class _Pair:
    """Correlation of two items, everybody's score of it, and the scores of each item's own moments in this pair."""

    rho: float
    score: np.ndarray
    first: np.ndarray
    second: np.ndarray
    at_edge: bool = False


def mixed_sample(values: np.ndarray, categories: np.ndarray) -> OrderedSample:
    """Sample moments of people x items; `categories` counts those of ordered items, coded 0, 1, ..., and is 0 for
    continuous ones."""
    n, p = values.shape
    with np.errstate(under="ignore"):
        items = [_ordered(values[:, j].astype(np.intp), k) if k else _continuous(values[:, j]) for j, k in enumerate(categories)]  # fmt: skip
        rows, columns = np.tril_indices(p, -1)
        pairs = [_pair(items[i], items[j]) for i, j in zip(rows, columns, strict=True)]
    owner = np.concatenate([[j] * max(k - 1, 0) for j, k in enumerate(categories)]).astype(int)
    continuous = np.flatnonzero(categories == 0)
    means, spread = np.zeros(p), np.ones(p)
    means[continuous] = [one.mean for one in items if isinstance(one, _Continuous)]
    spread[continuous] = [np.sqrt(one.variance) for one in items if isinstance(one, _Continuous)]
    matrix = np.eye(p)
    matrix[rows, columns] = matrix[columns, rows] = [pair.rho for pair in pairs]
    gamma = _in_units(_of_correlations(items, pairs, rows, columns, n), items, matrix, spread, rows, columns)
    return OrderedSample(
        n, np.concatenate([one.thresholds for one in items if isinstance(one, _Ordered)]), owner,
        matrix * np.outer(spread, spread), gamma,
        tuple((int(j), int(i)) for i, j, pair in zip(rows, columns, pairs, strict=True) if pair.at_edge), means,
        tuple(map(int, continuous)),
    )  # fmt: skip


def _ordered(codes: np.ndarray, categories: int) -> _Ordered:
    thresholds = ndtri(np.cumsum(np.bincount(codes, minlength=categories))[:-1] / len(codes))
    return _Ordered(codes, thresholds, polychoric.threshold_scores(thresholds).T[:, codes])


def _continuous(values: np.ndarray) -> _Continuous:
    mean, variance = float(values.mean()), float(values.var())
    return _Continuous((values - mean) / np.sqrt(variance), mean, variance)


def _pair(a: _Ordered | _Continuous, b: _Ordered | _Continuous) -> _Pair:
    if isinstance(a, _Continuous):
        return _both_continuous(a, b) if isinstance(b, _Continuous) else _polyserial(a, b)
    if isinstance(b, _Ordered):
        return _both_ordered(a, b)
    turned = _polyserial(b, a)
    return _Pair(turned.rho, turned.score, turned.second, turned.first, turned.at_edge)


def _both_ordered(a: _Ordered, b: _Ordered) -> _Pair:
    found = polychoric.pair_scores(a.codes, b.codes, a.thresholds, b.thresholds)
    return _Pair(*found)


def _both_continuous(a: _Continuous, b: _Continuous) -> _Pair:
    """Pearson's correlation with the scores of the bivariate normal density."""
    rho = float((a.z * b.z).mean())
    left = 1 - rho**2
    score = rho / left + a.z * b.z / left - (a.z**2 - 2 * rho * a.z * b.z + b.z**2) * rho / left**2
    own = []
    for one, other in ((a, b), (b, a)):
        pull = (one.z - rho * other.z) / left
        own.append(np.stack([pull / np.sqrt(one.variance), (one.z * pull - 1) / (2 * one.variance)]))
    return _Pair(rho, score, first=own[0], second=own[1])


def _polyserial(a: _Continuous, b: _Ordered) -> _Pair:
    """Correlation of a continuous item and an ordered one at the maximum of the likelihood, both margins held."""
    from scipy.optimize import brentq  # heavy, and only models of both kinds of item need it

    def slope(rho: float) -> float:
        return float(_polyserial_score(a, b, rho).mean())

    low, high = slope(-EDGE), slope(EDGE)
    at_edge = low <= 0 or high >= 0
    rho = (-EDGE if low <= 0 else EDGE) if at_edge else float(brentq(slope, -EDGE, EDGE, xtol=CLOSE, rtol=1e-14))
    root = np.sqrt(1 - rho**2)
    _, density, chance = _between(a, b, rho)
    difference = (density[0] - density[1]) / chance * rho / root
    first = np.stack([(a.z + difference) / np.sqrt(a.variance), (a.z**2 - 1 + a.z * difference) / (2 * a.variance)])
    second = np.zeros((len(b.thresholds), len(a.z)))
    people = np.arange(len(a.z))
    last, lowest = b.codes < len(b.thresholds), b.codes > 0
    second[b.codes[last], people[last]] = (density[0] / chance / root)[last]
    second[b.codes[lowest] - 1, people[lowest]] = -(density[1] / chance / root)[lowest]
    return _Pair(rho, _polyserial_score(a, b, rho), first, second, at_edge)


def _polyserial_score(a: _Continuous, b: _Ordered, rho: float) -> np.ndarray:
    (above, below), density, chance = _between(a, b, rho)
    return (density[0] * (above * rho - a.z) - density[1] * (below * rho - a.z)) / chance / (1 - rho**2) ** 1.5


def _between(a: _Continuous, b: _Ordered, rho: float) -> tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray]:
    """Thresholds above and below each answer, their densities given the continuous one, and the answer's probability."""
    edges = np.concatenate([[-100.0], b.thresholds, [100.0]])  # finite, so that 0 x infinity does not arise
    above, below = edges[b.codes + 1], edges[b.codes]
    root = np.sqrt(1 - rho**2)
    upper, lower = (above - rho * a.z) / root, (below - rho * a.z) / root
    density = tuple(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) for x in (upper, lower))
    # Both ends in the lower tail, where a difference of small probabilities keeps its digits.
    near, far = np.where(lower > 0, -lower, upper), np.where(lower > 0, -upper, lower)
    return (above, below), density, np.maximum(ndtr(near) - ndtr(far), LEAST)


def _of_correlations(items: list[Any], pairs: list[_Pair], rows: np.ndarray, columns: np.ndarray, n: int) -> np.ndarray:
    """n times the covariance of (each item's own moments, correlations), the former item by item."""
    starts = np.cumsum([0, *(len(one.scores) for one in items)])
    scores = np.concatenate([*(one.scores for one in items), [pair.score for pair in pairs]])
    meat = scores @ scores.T / n
    size = int(starts[-1])
    bread = np.zeros_like(meat)
    for j in range(len(items)):
        own = slice(starts[j], starts[j + 1])
        bread[own, own] = meat[own, own]
    for q, (i, j, pair) in enumerate(zip(rows, columns, pairs, strict=True)):
        bread[size + q, starts[i] : starts[i + 1]] = pair.first @ pair.score / n
        bread[size + q, starts[j] : starts[j + 1]] = pair.second @ pair.score / n
        bread[size + q, size + q] = meat[size + q, size + q]
    gamma = np.linalg.solve(bread, np.linalg.solve(bread, meat).T)
    return (gamma + gamma.T) / 2


def _in_units(
    gamma: np.ndarray,
    items: list[Any],
    correlations: np.ndarray,
    spread: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
) -> np.ndarray:
    """The same of (thresholds, covariances, means, variances): the order of an ordered sample's moments."""
    starts = np.cumsum([0, *(len(one.scores) for one in items)])
    size = int(starts[-1])
    thresholds = [
        k for j, one in enumerate(items) if isinstance(one, _Ordered) for k in range(starts[j], starts[j + 1])
    ]
    continuous = [j for j, one in enumerate(items) if isinstance(one, _Continuous)]
    chosen = [*thresholds, *range(size, len(gamma)), *(starts[j] for j in continuous), *(starts[j] + 1 for j in continuous)]  # fmt: skip
    turn = np.eye(len(gamma))
    for q, (i, j) in enumerate(zip(rows, columns, strict=True)):
        turn[size + q, size + q] = spread[i] * spread[j]
        for own, other in ((i, j), (j, i)):
            if isinstance(items[own], _Continuous):
                turn[size + q, starts[own] + 1] = correlations[i, j] * spread[other] / (2 * spread[own])
    return (turn @ gamma @ turn.T)[np.ix_(chosen, chosen)]
