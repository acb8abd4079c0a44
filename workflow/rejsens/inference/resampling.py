"""Resampled people as correlation matrices: a statistic of least squares needs no more, and thousands come at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rejsens.resampled_people import times_drawn

# at most so many draws, and so many draws x people, at a time: a processor keeps them at hand, and their memory is used again
_BATCH, _CELLS = 500, 100_000
_LEFT_OUT = 16_384  # rows left out, each in turn, at a time
_GRID = 2.0**-28  # z scores and their products are rounded to its multiples, which add up exactly in any order
_VANISHED = 4 * _GRID  # a column that is constant in a resample keeps this much variance at most, from that rounding


def bootstrap_correlations(values: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Correlation matrices of resamples of rows.

    values    (n, k) float64
    returns   (draws, k, k); a column that is constant in a resample has zeros, its own variance included

    >>> values = np.random.default_rng(1).normal(size=(50, 2))
    >>> bootstrap_correlations(values, 1000, np.random.default_rng(2)).shape
    (1000, 2, 2)
    """
    # Sums that are exact do not depend on how many threads multiply matrices.
    columns, products = (np.round(moments / _GRID) * _GRID for moments in _moments(values))
    n = len(columns)
    found = []
    batch = min(_BATCH, max(1, _CELLS // n))  # the random numbers, and sums that are exact, are the same in any batch
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        counts = times_drawn(n, size, rng).astype(float)
        found.append(_correlations(counts @ columns, counts @ products, n))
    return np.concatenate(found)


def jackknife(values: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A statistic of the correlation matrix with each row left out in turn: (n, ...).

    statistic   takes (some, k, k) correlation matrices and gives (some, ...), each from its own matrix: all n at once
                would be more than memory holds

    >>> jackknife(np.array([[1.0, 2], [2, 1], [3, 5], [9, 9]]), lambda r: r[:, 0, 1])[3].round(4)
    np.float64(0.7206)
    """
    columns, products = _moments(values)
    n, whole = len(columns), (columns.sum(0), products.sum(0))
    parts = (slice(start, start + _LEFT_OUT) for start in range(0, n, _LEFT_OUT))
    return np.concatenate(
        [statistic(_correlations(whole[0] - columns[part], whole[1] - products[part], n - 1)) for part in parts]
    )


def correlation_matrix(values: np.ndarray) -> np.ndarray:
    """(1, k, k) correlation matrix of all rows, in the form of the resampled ones."""
    columns, products = _moments(values)
    return _correlations(columns.sum(0)[None], products.sum(0)[None], len(columns))


def standardised_slopes(correlations: np.ndarray, outcome: int, predictors: Sequence[int]) -> np.ndarray:
    """(draws, len(predictors)) standardised coefficients of one column on others; 0 for a column that vanished.

    >>> r = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> standardised_slopes(r, 1, [0]).tolist()
    [[0.5]]
    """
    if not len(predictors):
        return np.zeros((len(correlations), 0))
    among = correlations[:, predictors][:, :, predictors]
    inverse = np.linalg.pinv(among, rtol=1e-9, hermitian=True)
    return (inverse @ correlations[:, predictors, outcome][:, :, None])[:, :, 0]


def explained_variance(correlations: np.ndarray, outcome: int, predictors: Sequence[int]) -> np.ndarray:
    """(draws,) R squared of one column on others.

    >>> explained_variance(np.array([[[1.0, 0.5], [0.5, 1.0]]]), 1, [0]).tolist()
    [0.25]
    """
    slopes = standardised_slopes(correlations, outcome, predictors)
    return (slopes * correlations[:, predictors, outcome]).sum(axis=1)


def percentile_interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Quantiles of the finite draws at position (B + 1) a; missing below 100 draws.

    >>> tuple(round(end, 6) for end in percentile_interval(np.arange(1.0, 1000.0), 0.90))
    (50.0, 950.0)
    """
    usable = draws[np.isfinite(draws)]
    if len(usable) < 100:
        return float("nan"), float("nan")
    low, high = np.quantile(usable, [0.5 - level / 2, 0.5 + level / 2], method="weibull")
    return float(low), float(high)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per row: z scores (n), and their products (upper triangle)."""
    spread = values.std(axis=0)
    columns = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    first, second = np.triu_indices(columns.shape[1])
    return columns, columns[:, first] * columns[:, second]


def _correlations(sums: np.ndarray, products: np.ndarray, n: int) -> np.ndarray:
    k = sums.shape[1]
    first, second = np.triu_indices(k)
    s = np.empty((len(sums), k, k))
    s[:, first, second] = s[:, second, first] = products - sums[:, first] * sums[:, second] / n
    squares = np.diagonal(s, axis1=1, axis2=2) / n  # 1 in the full sample
    inverse_sd = np.where(squares > _VANISHED, 1 / np.sqrt(np.maximum(squares, _VANISHED)), 0.0)
    return s / n * inverse_sd[:, :, None] * inverse_sd[:, None, :]
