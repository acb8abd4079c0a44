"""Covariances of resampled people, many draws at once: what a bootstrap of correlations spends its time on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rejsens.psychometrics.intervals import Draws
from rejsens.resampled_people import times_drawn

BATCH, CELLS = 250, 10_000_000  # draws at a time, and draws x people: fewer draws where people are many
PRODUCTS = 10_000_000  # people x products of two items held at once: with more, sums are taken in parts
PART = 2_500_000  # and of each part
SHARING = 100  # draws that then share the products of a part, whatever the number of people
ROWS = 4_096  # people whose products are worked out at once
FLAT = 1e-12  # a resampled variance below this share of the whole sample's is rounding noise


def bootstrap_covariances(
    values: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    draws: int,
    rng: np.random.Generator | None,
) -> Draws:
    """Resample people with replacement for a statistic of the covariances alone.

    values      people x items, float, complete, no item constant
    statistic   takes draws x items x items (divisor n − 1; NaN throughout where an item came out constant) and gives
                draws x coefficients; a draw with a value that is not finite counts as failed
    returns     the same draws, and so the same numbers, as `intervals.bootstrap` of the same statistic

    A covariance is a mean of products less a product of means, so that counts of how often each person was drawn, times
    the products of all pairs of items, give every covariance of a batch of draws in one multiplication.

    >>> values = np.random.default_rng(1).normal(size=(50, 2))
    >>> made = bootstrap_covariances(values, lambda c: c[:, 0, 1:2], 200, np.random.default_rng(2))
    >>> rows = np.random.default_rng(2).integers(0, 50, size=50)
    >>> bool(np.isclose(made.values[0, 0], np.cov(values[rows].T)[0, 1])), made.failed
    (True, 0)
    """
    assert rng is not None  # see `intervals.check_draws`
    n, k = values.shape
    away = values - values.mean(axis=0)
    first, second = np.triu_indices(k)
    spread = away.var(axis=0)
    width = k + len(first)
    whole, at_once = _products(away, first, second) if n * width <= PRODUCTS else None, max(1, PART // width)
    # in parts the products are worked out for each batch anew, and a batch must not shrink as people grow: time would go
    # with their square
    batch = SHARING if whole is None else min(BATCH, max(1, CELLS // n))
    made = []
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        counts = times_drawn(n, size, rng)
        if whole is not None:
            means = counts.astype(float) @ whole / n
        else:
            parts = (slice(first_row, first_row + at_once) for first_row in range(0, n, at_once))
            means = sum(counts[:, part].astype(float) @ _products(away[part], first, second) for part in parts) / n
        covariances = np.empty((size, k, k))
        covariances[:, first, second] = covariances[:, second, first] = (
            means[:, k:] - means[:, first] * means[:, second]
        )
        flat = (np.diagonal(covariances, axis1=1, axis2=2) <= FLAT * spread).any(axis=1)
        covariances[flat] = np.nan
        made.append(statistic(covariances * (n / (n - 1))))
    found = np.concatenate(made)
    good = np.isfinite(found).all(axis=1)
    return Draws(found[good], int(draws - good.sum()))


def _products(away: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """People x (items, then the product of each pair of items)."""
    n, k = away.shape
    found = np.empty((n, k + len(first)))
    found[:, :k] = away
    for start in range(0, n, ROWS):
        rows = slice(start, start + ROWS)
        np.multiply(away[rows][:, first], away[rows][:, second], out=found[rows, k:])
    return found


def correlations(covariances: np.ndarray) -> np.ndarray:
    """Correlations of a stack of covariance matrices: draws x items x items.

    >>> correlations(np.array([[[4.0, 1.0], [1.0, 1.0]]])).tolist()
    [[[1.0, 0.5], [0.5, 1.0]]]
    """
    scale = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    return covariances / (scale[:, :, None] * scale[:, None, :])
