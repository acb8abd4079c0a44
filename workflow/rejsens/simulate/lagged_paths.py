"""Paths between deviations of people from their usual level, off the moments of a whole population.

A model of its own code for the random-intercept cross-lagged panel: nothing is shared with `rejsens.inference`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize


def lagged_paths(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Standardised paths with one value each over all intervals.

    scores    one (people, waves) array per process; people with a gap are left out
    returns   (processes, processes): the path of the column's process on the row's, a wave later, times the SD of the
              cause's deviations over that of the effect's (roots of mean variances over the waves that take part)
    method    maximum likelihood on the covariances of all scores; every covariance of the model is a product L L'

    >>> rng = np.random.default_rng(1)
    >>> level, own, waves = rng.normal(size=(50_000, 2)), rng.normal(size=(50_000, 2)), []
    >>> for _ in range(4):
    ...     waves.append(level + own)
    ...     own = own @ [[0.3, -0.2], [0.0, 0.3]] + 0.9 * rng.normal(size=(50_000, 2))
    >>> x, y = (np.column_stack([wave[:, k] for wave in waves]) for k in (0, 1))
    >>> [abs(round(float(path), 1)) for path in lagged_paths([x, y])[:, 0]]
    [0.3, 0.2]
    """
    cube = np.stack(scores, axis=2)
    people, waves, k = cube.shape
    rows = cube.reshape(people, waves * k)
    rows = rows[np.isfinite(rows).all(axis=1)]
    spreads = rows.reshape(-1, waves, k).std(axis=(0, 1))
    sample = np.cov(rows / np.tile(spreads, waves), rowvar=False)
    model = _Model(waves, k)

    def deviance(parameters: np.ndarray) -> float:
        implied, _ = model.implied(parameters)
        sign, log_det = np.linalg.slogdet(implied)
        return log_det + np.trace(np.linalg.solve(implied, sample)) if sign > 0 else 1e6

    found = minimize(deviance, model.start(sample), method="L-BFGS-B", options={"maxfun": 100_000, "ftol": 1e-13}).x
    _, within = model.implied(found)
    causes, effects = (np.sqrt(np.mean([np.diag(w) for w in of], axis=0)) for of in (within[:-1], within[1:]))
    return model.parts(found)[1] * causes / effects[:, None]


class _Model:
    """The parameters in order: factor of the levels' covariance, paths, factors of the first and of later deviations."""

    def __init__(self, waves: int, k: int) -> None:
        self.waves, self.k, self.lower = waves, k, np.tril_indices(k)

    def parts(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        size, k = len(self.lower[0]), self.k
        rest = parameters[size + k * k :].reshape(self.waves, size)
        paths = parameters[size : size + k * k].reshape(k, k)
        return self._square(parameters[:size]), paths, [self._square(one) for one in rest]

    def _square(self, values: np.ndarray) -> np.ndarray:
        factor = np.zeros((self.k, self.k))
        factor[self.lower] = values
        return factor @ factor.T

    def implied(self, parameters: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Covariance of all scores (waves, then processes), and of the deviations in each wave."""
        levels, paths, own = self.parts(parameters)
        within = [own[0]]
        for shocks in own[1:]:
            within.append(paths @ within[-1] @ paths.T + shocks)
        blocks = [[levels] * self.waves for _ in range(self.waves)]  # each is replaced below
        for s in range(self.waves):
            lagged = within[s]
            for t in range(s, self.waves):
                blocks[t][s], blocks[s][t] = levels + lagged, (levels + lagged).T
                lagged = paths @ lagged
        return np.block(blocks), within

    def start(self, sample: np.ndarray) -> np.ndarray:
        """Half of the first wave's covariance for levels, half for deviations; no paths."""
        half = np.linalg.cholesky(sample[: self.k, : self.k] / 2)[self.lower]
        return np.concatenate([half, np.zeros(self.k**2), np.tile(half, self.waves)])
