"""Simulated people of one wave for people.R. Run once; the CSV file is kept.

python tests/reference/people_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20268


def people(rng: np.random.Generator, n: int = 320) -> pd.DataFrame:
    """Exposure with many zeros, four sources, moderators, a mediator, and outcomes of every kind the models take."""
    trait = rng.normal(size=n)
    x = np.maximum(1.1 + 0.6 * trait + 0.9 * rng.normal(size=n), 0)
    sources = {f"s{k}": np.maximum(0.5 + 0.4 * x + 0.7 * rng.normal(size=n), 0) for k in range(1, 5)}
    no_partner = (rng.random(n) < 0.25).astype(float)
    m = 0.3 * trait + rng.normal(size=n)
    partner = rng.choice([1, 2, 3], n, p=[0.5, 0.35, 0.15])
    age = np.round(rng.normal(40, 12, n))
    gender = rng.choice([1, 2, 3], n, p=[0.55, 0.37, 0.08])
    med = 0.4 * x + 0.2 * m + rng.normal(size=n)
    noise = rng.normal(size=n) * (1 + 0.3 * (gender == 2))
    y = 20 - 1.5 * np.maximum(x - 1.0, 0) - 0.6 * m - 0.5 * x * m - 0.5 * med + 0.02 * age + 2 * noise
    y2 = 15 + 0.5 * x + 0.3 * y + 2 * rng.normal(size=n)
    lean = 0.6 * x - 0.3 * m + 0.3 * (gender == 2) + rng.logistic(size=n)
    mean = np.exp(0.6 + 0.35 * x + 0.1 * m)
    table = pd.DataFrame(
        {
            "x": x, **sources, "no_partner": no_partner, "m": m, "partner": partner, "age": age, "gender": gender,
            "med": med, "y": y, "y2": y2, "item": 1 + np.digitize(lean, [-0.8, 0.4, 1.3, 2.4]),
            "count": rng.poisson(mean * rng.gamma(1.6, 1 / 1.6, n)), "calm": rng.poisson(1.5, n),
            "hurt_a": 3 + trait + 0.25 + rng.normal(size=n), "hurt_o": 3 + trait + rng.normal(size=n),
            "reason": rng.choice([0, 1, 2, 3, 4], n, p=[0.2, 0.2, 0.25, 0.2, 0.15]),
        }
    ).round(2)  # fmt: skip
    for name in ("x", "y", "m", "med", "item", "count", "hurt_a", "reason", "gender"):
        table[name] = table[name].mask(rng.random(n) < 0.02)
    table.loc[table["no_partner"] == 1, "s1"] = np.nan
    return table


def main() -> None:
    people(np.random.default_rng(SEED)).to_csv(HERE / "people.csv", index=False)


if __name__ == "__main__":
    main()
