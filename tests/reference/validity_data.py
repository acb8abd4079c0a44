"""Simulated answers for the careless-responding indices of validity.R:  python validity_data.py  (in this folder)."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20260511
REVERSED = ("a2", "b3", "c1", "d4")


def answers(rng: np.random.Generator, n: int = 90) -> pd.DataFrame:
    """Sixteen items of four scales, 1 to 5, clicked by people with care, at random, and always alike; some blanks."""
    trait = rng.multivariate_normal(np.zeros(4), 0.7 * np.eye(4) + 0.3, size=n)
    behind = 0.92 * np.repeat(trait, 4, axis=1) + 0.4 * rng.normal(size=(n, 16))
    values = np.digitize(behind, [-1.2, -0.4, 0.4, 1.2]) + 1.0
    names = [f"{scale}{j}" for scale in "abcd" for j in range(1, 5)]
    turned = np.isin(names, REVERSED)
    values[:, turned] = 6 - values[:, turned]
    values[:8] = rng.integers(1, 6, size=(8, 16))
    values[8:10] = [[3.0] * 16, [5.0] * 16]
    values[10:20][rng.random((10, 16)) < 0.15] = np.nan
    return pd.DataFrame(values, columns=names).astype("Int64")


if __name__ == "__main__":
    answers(np.random.default_rng(SEED)).to_csv(HERE / "validity_answers.csv", index=False)
