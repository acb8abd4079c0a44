"""Simulated answers for the reference values of exploration.R and missing.R. Run once; the CSV files are kept.

python tests/reference/exploration_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20265
DISCRIMINATION = np.array([1.2, 0.8, 1.8, 2.4, 1.0, 1.5, 2.0, 0.6])


def ordered(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    """Twelve items of five categories, four of each of three correlated factors; the last of each is answered low."""
    root = np.linalg.cholesky(np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]))
    size = np.tile([0.8, 0.7, 0.75, 0.6], 3)
    latent = (rng.normal(size=(n, 3)) @ root.T)[:, np.repeat([0, 1, 2], 4)] * size
    latent += rng.normal(size=(n, 12)) * np.sqrt(1 - size**2)
    cuts = np.array([-1.2, -0.4, 0.4, 1.2])
    answers = [np.digitize(latent[:, j], cuts + (0.8 if j % 4 == 3 else 0.1 * (j % 4))) for j in range(12)]
    return pd.DataFrame(np.column_stack(answers), columns=[f"o{j + 1:02}" for j in range(12)])


def graded(rng: np.random.Generator, n: int = 800) -> pd.DataFrame:
    """Eight items of one trait by the graded response model, four categories each; the last has two."""
    trait = rng.normal(size=n)
    table = {}
    for j, slope in enumerate(DISCRIMINATION):
        cuts = np.array([-1.2, 0.1, 1.3]) + 0.25 * (j - 3.5) / 2 if j < 7 else np.array([0.4])
        chance = 1 / (1 + np.exp(-slope * (trait[:, None] - cuts)))
        table[f"g{j + 1}"] = (rng.random((n, 1)) < chance).sum(axis=1)
    return pd.DataFrame(table)


def holes(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A twelfth of the answers lost at random, a few people with one answer only; the last has none at all."""
    values = table.astype(float).mask(rng.random(table.shape) < 0.08)
    values.iloc[-4:-1, 1:] = np.nan
    values.iloc[-1] = np.nan
    return values


def main() -> None:
    rng = np.random.default_rng(SEED)
    ordered(rng).to_csv(HERE / "exploration_ordered.csv", index=False)
    table = graded(rng)
    table.to_csv(HERE / "exploration_graded.csv", index=False)
    holes(table, rng).to_csv(HERE / "exploration_graded_holes.csv", index=False, float_format="%.0f")


if __name__ == "__main__":
    main()
