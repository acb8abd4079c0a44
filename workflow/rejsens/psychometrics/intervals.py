"""Intervals of estimates: Fisher's z of a correlation, the delta method, and resampling of people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from rejsens.problems import counted

LEAST_DRAWS = 100  # usable draws below which no percentile interval is given
STEP = 1e-6  # of a central difference, relative to parameters beyond 1


def check_level(ci_level: float) -> None:
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")


def check_draws(draws: int, rng: np.random.Generator | None) -> None:
    """Every random draw comes from a generator that the caller names, or it could not be repeated."""
    if draws < 0:
        raise ValueError(f"draws counts resamples: 0 or more, not {draws}")
    if draws and rng is None:
        raise ValueError("a bootstrap needs rng, a seeded numpy Generator, so that it can be repeated")


def correlation_interval(r: float, n: int, ci_level: float) -> tuple[float, float]:
    """Fisher z interval of a Pearson correlation of n pairs, n at least 4."""
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))  # a correlation of exactly 1 has an interval at 1
    half = float(ndtri((1 + ci_level) / 2)) / np.sqrt(n - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def normal_interval(estimate: float, se: float, ci_level: float) -> tuple[float, float]:
    """Estimate plus or minus z standard errors."""
    half = float(ndtri((1 + ci_level) / 2)) * se
    return estimate - half, estimate + half


def slopes(function: Callable[[np.ndarray], float | np.ndarray], at: np.ndarray) -> np.ndarray:
    """Central differences of a function of parameters: parameters last."""
    columns = []
    for k, value in enumerate(at):
        step = np.zeros_like(at)
        step[k] = STEP * max(1.0, abs(value))
        columns.append((np.asarray(function(at + step)) - np.asarray(function(at - step))) / (2 * step[k]))
    return np.stack(columns, axis=-1)


def delta_se(function: Callable[[np.ndarray], float], at: np.ndarray, covariance: np.ndarray) -> float:
    """Standard error of a function of parameters by the delta method."""
    gradient = slopes(function, at)
    return float(np.sqrt(gradient @ covariance @ gradient))


@dataclass(frozen=True, eq=False)
class Draws:
    """What resampling gave. `values` holds the draws that worked (or, of several coefficients at once, draws x
    coefficients), `failed` counts the others."""

    values: np.ndarray
    failed: int

    @property
    def n(self) -> int:
        return len(self.values) + self.failed

    def of(self, position: int) -> Draws:
        """One of several coefficients."""
        return Draws(self.values[:, position], self.failed)

    @property
    def usable(self) -> bool:
        """Whether there are enough draws for an interval: 100, and at least as many as failed."""
        return len(self.values) >= max(LEAST_DRAWS, self.failed)

    def interval(self, ci_level: float) -> tuple[float, float]:
        """Percentile interval of one coefficient; NaN where the draws are not usable."""
        if not self.usable:
            return np.nan, np.nan
        tail = (1 - ci_level) / 2
        low, high = np.quantile(self.values, [tail, 1 - tail])
        return float(low), float(high)

    @property
    def remark(self) -> str:
        """What to say of draws that failed, or an empty string."""
        if not self.usable:
            return f"; no interval: only {len(self.values)} of {counted(self.n, 'draw')} can be used"
        return f"; {self.failed} of {counted(self.n, 'draw')} failed and are left out" if self.failed else ""


def bootstrap(
    n: int, statistic: Callable[[np.ndarray], float | np.ndarray], draws: int, rng: np.random.Generator | None
) -> Draws:
    """Resample n people with replacement; `statistic` takes the positions that were drawn and gives NaN where it fails."""
    assert rng is not None  # see `check_draws`
    values = np.array([statistic(rng.integers(0, n, size=n)) for _ in range(draws)], dtype=float)
    good = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
    return Draws(values[good], int(draws - good.sum()))
