"""Indices of fit from test statistics, as lavaan 0.6 defines them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc, chndtr, chndtrinc


def cfi(chi2: float, df: float, base: float, base_df: float, c: float = 1.0, base_c: float = 1.0) -> float:
    if np.isnan([chi2, base, c, base_c]).any():  # max() would take the other of its two, and call that a perfect fit
        return np.nan
    excess = max(chi2 - c * df, 0.0)
    worst = max(base - base_c * base_df, excess)
    return 1 - excess / worst if worst > 0 else 1.0


def tli(chi2: float, df: float, base: float, base_df: float, c: float = 1.0, base_c: float = 1.0) -> float:
    if np.isnan([chi2, base, c, base_c]).any():
        return np.nan
    below = (base - base_c * base_df) * df
    return 1 - (chi2 - c * df) * base_df / below if below != 0 else 1.0


def rmsea(chi2: float, df: float, n: int, n_groups: int = 1, c: float = 1.0) -> float:
    return float(np.sqrt(max(chi2 / df - c, 0.0) / n * n_groups)) if df > 0 else 0.0


def rmsea_interval(
    chi2: float, df: float, n: int, n_groups: int = 1, c: float = 1.0, level: float = 0.90
) -> tuple[float, float]:
    """The non-centralities that put chi2 at the upper and the lower percentile, 0 where none does."""
    if np.isnan([chi2, c]).any():
        return np.nan, np.nan
    bounds = []
    for percentile in ((1 + level) / 2, (1 - level) / 2):
        reached = chi2 > 0 and chndtr(chi2, df, 0.0) > percentile
        bounds.append(float(chndtrinc(chi2, df, percentile)) if reached else 0.0)
    low, high = np.sqrt(c * np.array(bounds) / (n * df) * n_groups)
    return float(low), float(high)


def close_fit(chi2: float, df: float, n: int, n_groups: int = 1, c: float = 1.0, rmsea: float = 0.05) -> float:
    """p of the hypothesis that RMSEA is `rmsea` or less (MacCallum, Browne & Sugawara, 1996,
    https://doi.org/10.1037/1082-989X.1.2.130; over groups Dudgeon, 2004, as lavaan).

    >>> round(close_fit(35.2, 24, 400), 2)
    0.86
    """
    return float(1 - chndtr(chi2, df, n * df * rmsea**2 / c / n_groups)) if df > 0 and np.isfinite(chi2) else np.nan


def upper_tail(chi2: float, df: float) -> float:
    return float(chdtrc(df, chi2)) if df > 0 and np.isfinite(chi2) else np.nan


def srmr(
    observed: Sequence[tuple[np.ndarray, np.ndarray]],
    expected: Sequence[tuple[np.ndarray, np.ndarray]],
    shares: Sequence[float],
    means: bool,
    variances: bool = True,
) -> float:
    """Bentler's: residuals over observed standard deviations, diagonal and (with a mean structure) means included;
    the groups' values are averaged by their share of people. Without `variances` residuals of these count as 0."""
    total = 0.0
    for (mean, covariance), (mu, sigma), share in zip(observed, expected, shares, strict=True):
        spread = np.sqrt(covariance.diagonal())
        residuals = (covariance - sigma) / np.outer(spread, spread)
        if not variances:
            np.fill_diagonal(residuals, 0.0)
        squares = residuals[np.tril_indices(len(spread))] ** 2
        if means:
            squares = np.concatenate([squares, ((mean - mu) / spread) ** 2])
        total += share * float(np.sqrt(squares.mean()))
    return total
