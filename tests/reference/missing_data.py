"""Simulated people with missing values for missing.R. Run once; the CSV file is kept.

python tests/reference/missing_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20266


def people(rng: np.random.Generator, n: int = 400) -> pd.DataFrame:
    """An outcome, two scales, an item of five categories, a group of two and one of three, and what moves the gaps."""
    known = rng.normal(size=n)
    x = 0.5 * known + rng.normal(size=n)
    z = 0.3 * x + rng.normal(size=n)
    q = np.clip(np.round(2 + 0.8 * x + 0.7 * rng.normal(size=n)), 0, 4)
    w = np.where(rng.random(n) < 1 / (1 + np.exp(-0.8 * x - 0.5 * known)), "north", "south")
    lean = np.column_stack([np.zeros(n), 0.7 * z, 0.5 * known])
    g = np.array(["a", "b", "c"])[(lean + rng.gumbel(size=(n, 3))).argmax(axis=1)]
    y = 1 + 0.5 * x - 0.3 * z + 0.25 * q + 0.4 * (w == "north") + 0.5 * (g == "c") + 0.3 * x * z + rng.normal(size=n)
    table = pd.DataFrame({"known": known, "x": x, "z": z, "q": q, "w": w, "g": g, "y": y}).round(5)
    chance = 0.08 + 0.24 / (1 + np.exp(-1.5 * known))
    for name in ("x", "z", "q", "w", "g", "y"):
        table[name] = table[name].mask(rng.random(n) < chance)
    return table


def main() -> None:
    people(np.random.default_rng(SEED)).to_csv(HERE / "missing_people.csv", index=False)


if __name__ == "__main__":
    main()
