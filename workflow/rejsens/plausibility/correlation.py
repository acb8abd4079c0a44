"""Correlations of many columns at once, with numpy alone: `rejsens check` must not wait for scipy."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from rejsens.plausibility.model import LEVEL


def correlate(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pearson correlation of each column of x with the same column of y, pairwise complete.

    x, y      (n,) or (n, k) float, missing as NaN
    returns   r and n, each of shape (k,); r is NaN where a column does not vary or fewer than four pairs are complete

    >>> r, n = correlate(np.array([1.0, 2.0, 3.0, 4.0, np.nan]), np.array([2.0, 4.0, 6.0, 8.0, 1.0]))
    >>> r.round(6).tolist(), n.tolist()
    ([1.0], [4])
    """
    x, y = (table[:, None] if table.ndim == 1 else table for table in (x, y))
    seen = ~(np.isnan(x) | np.isnan(y))
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx = np.where(seen, x - np.where(seen, x, 0).sum(axis=0) / n, 0)
        dy = np.where(seen, y - np.where(seen, y, 0).sum(axis=0) / n, 0)
        spread = np.sqrt((dx**2).sum(axis=0) * (dy**2).sum(axis=0))
        r = (dx * dy).sum(axis=0) / spread
    return np.where((n >= 4) & (spread > 1e-12 * np.maximum(n, 1)), np.clip(r, -1, 1), np.nan), n


def interval(r: np.ndarray | float, n: np.ndarray | int, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Fisher z interval of a Pearson correlation; the whole line where n is below four."""
    with np.errstate(invalid="ignore", divide="ignore"):
        half = NormalDist().inv_cdf((1 + level) / 2) / np.sqrt(np.maximum(np.asarray(n) - 3, 0))
        z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
        return np.tanh(z - half), np.tanh(z + half)


def meng(r_own: np.ndarray, r_other: np.ndarray, r_between: np.ndarray, n: np.ndarray) -> np.ndarray:
    """z of the difference of two correlations that share a variable (Meng, Rosenthal & Rubin, 1992).

    r_own      correlation of a variable with its own earlier self
    r_other    its correlation with another variable
    r_between  correlation of the two it is compared with
    returns    z, positive where `r_other` is the larger one; NaN where one of them is NaN
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = (r_own**2 + r_other**2) / 2
        f = np.minimum((1 - r_between) / (2 * (1 - squares)), 1)
        h = (1 - f * squares) / (1 - squares)
        gap = np.arctanh(np.clip(r_other, -0.999999, 0.999999)) - np.arctanh(np.clip(r_own, -0.999999, 0.999999))
        return gap * np.sqrt(np.maximum(n - 3, 0) / np.maximum(2 * (1 - r_between) * h, 1e-12))


def told(r: float) -> str:
    """A correlation as it is printed: two places, no leading zero, a true minus.

    >>> told(-0.456), told(0.5), told(1.0)
    ('−.46', '.50', '1.00')
    """
    text = f"{abs(r):.2f}"
    return ("−" if r < 0 and text != "0.00" else "") + (text[1:] if text.startswith("0") else text)
