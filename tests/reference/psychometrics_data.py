"""Simulated items for the reference values of psychometrics.R. Run once; the CSV files are kept.

python tests/reference/psychometrics_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20260


def continuous(rng: np.random.Generator, n: int = 320) -> pd.DataFrame:
    """Nine items of three correlated factors, with a cross-loading that the model leaves out, in different units."""
    root = np.linalg.cholesky(np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]))
    factors = rng.normal(size=(n, 3)) @ root.T
    loadings = np.zeros((9, 3))
    loadings[np.arange(9), np.repeat([0, 1, 2], 3)] = [0.8, 0.7, 0.6, 0.75, 0.85, 0.65, 0.5, 0.7, 0.6]
    loadings[8, 0] = 0.4
    noise = rng.normal(size=(n, 9)) * np.sqrt([0.36, 0.51, 0.64, 0.44, 0.28, 0.58, 0.75, 0.51, 0.45])
    values = (factors @ loadings.T + noise) * [1, 2, 0.5, 1, 10, 1, 3, 1, 1] + [0, 5, 1, 3, 50, 2, 0, 1, 4]
    return pd.DataFrame(values.round(6), columns=[f"x{i}" for i in range(1, 10)])


def ordinal(rng: np.random.Generator, n: int = 420) -> pd.DataFrame:
    """Ten items of one factor, answered 0 to 3; the second is not turned round although its key says so."""
    loadings = np.array([0.8, -0.5, 0.6, 0.7, 0.55, 0.75, 0.65, 0.45, 0.1, 0.7])
    latent = loadings * rng.normal(size=(n, 1)) + np.sqrt(1 - loadings**2) * rng.normal(size=(n, 10))
    answers = np.digitize(latent, [-0.6, 0.5, 1.3])
    return pd.DataFrame(answers, columns=[f"q{i:02d}" for i in range(1, 11)])


def three_items(rng: np.random.Generator, n: int = 250) -> pd.DataFrame:
    values = np.array([0.7, 0.6, 0.8]) * rng.normal(size=(n, 1)) + rng.normal(size=(n, 3)) * [0.7, 0.8, 0.6]
    return pd.DataFrame(values.round(6), columns=["t1", "t2", "t3"])


def missing(complete: pd.DataFrame, rng: np.random.Generator, share: float = 0.03) -> pd.DataFrame:
    return complete.mask(rng.random(complete.shape) < share)


def heywood(rng: np.random.Generator, n: int = 150) -> pd.DataFrame:
    """Four items whose correlations ask for a first loading above 1: .75 x .60 / .30 is 1.5, its square."""
    correlations = np.array([[1, 0.75, 0.6, 0.5], [0.75, 1, 0.3, 0.25], [0.6, 0.3, 1, 0.25], [0.5, 0.25, 0.25, 1]])
    values = rng.normal(size=(n, 4)) @ np.linalg.cholesky(correlations).T
    return pd.DataFrame(values.round(6), columns=["h1", "h2", "h3", "h4"])


def misfit(rng: np.random.Generator, n: int = 150) -> pd.DataFrame:
    """Five items that no single factor explains, on which Fisher scoring alone crawls."""
    correlations = np.array(
        [[1, 0.25, 0.22, 0.23, 0.09], [0.25, 1, 0.17, 0.21, -0.17], [0.22, 0.17, 1, 0.02, 0.32],
         [0.23, 0.21, 0.02, 1, 0.37], [0.09, -0.17, 0.32, 0.37, 1]]
    )  # fmt: skip
    values = rng.normal(size=(n, 5))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(values.T @ values / n)).T  # so that these are the sample's own
    return pd.DataFrame((white @ np.linalg.cholesky(correlations).T).round(6), columns=[f"m{i}" for i in range(1, 6)])


if __name__ == "__main__":
    rng = np.random.default_rng(SEED)
    first = continuous(rng)
    tables = {"continuous": first, "ordinal": ordinal(rng), "three_items": three_items(rng),
              "missing": missing(first, rng), "heywood": heywood(rng), "misfit": misfit(rng)}  # fmt: skip
    for name, table in tables.items():
        table.to_csv(HERE / f"psychometrics_{name}.csv", index=False)
