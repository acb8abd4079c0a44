"""Simulated people, waves and events for the reference values of panel.R. Run once; the CSV files are kept.

python tests/reference/panel_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED, PEOPLE, WAVES = 20264, 320, 5


def processes(rng: np.random.Generator, n: int, waves: int) -> np.ndarray:
    """Exposure and outcome: stable parts that covary, and deviations that carry over from wave to wave."""
    stable = rng.multivariate_normal([1.6, 28.0], [[0.30, -0.8], [-0.8, 12.0]], size=n)
    own = rng.multivariate_normal([0, 0], [[1, -0.3], [-0.3, 1]], size=n)
    values = np.zeros((n, waves, 2))
    for t in range(waves):
        values[:, t] = stable + own * [0.5, 2.5]
        shock = rng.multivariate_normal([0, 0], [[0.85, -0.2], [-0.2, 0.85]], size=n)
        own = own @ np.array([[0.30, -0.15], [-0.08, 0.25]]) + shock
    return values


def panel(rng: np.random.Generator) -> pd.DataFrame:
    """Long form with covariates, a moderator of the first wave, two more predictors, a second outcome and drop-out."""
    n, waves = PEOPLE, WAVES
    values, person = processes(rng, n, waves), np.repeat(np.arange(n), waves)
    number = np.tile(np.arange(1, waves + 1), n)
    moderator, slope = rng.normal(size=n), rng.normal(0, 0.9, size=n)
    x = values[:, :, 0].ravel()
    deviation = (values[:, :, 0] - values[:, :, 0].mean(axis=1, keepdims=True)).ravel()
    y = (
        values[:, :, 1].ravel()
        + (slope - 0.7 * moderator)[person] * deviation
        + rng.normal(0, 0.15, n)[person] * number
    )
    cold = 0.4 * x + rng.normal(0, 0.5, n)[person] + rng.normal(0, 0.6, n * waves)
    source = np.where(rng.random(n * waves) < 0.25, np.nan, 0.3 * x + rng.normal(0, 0.7, n * waves))
    second = 10 + 0.6 * cold + rng.normal(0, 1.5, n)[person] + rng.normal(0, 1.2, n * waves)
    table = pd.DataFrame(
        {"participant": [f"p{k:03d}" for k in person], "wave": [f"w{t}" for t in number], "wave_number": number,
         "role": "wave", "age": rng.normal(40, 12, n).round()[person],
         "gender": rng.choice([1, 2], n, p=[0.6, 0.4])[person],
         "m": np.where(number == 1, moderator[person].round(4), np.nan),
         "o": (0.5 * x + rng.normal(0, 0.4, n)[person] + rng.normal(0, 0.6, n * waves)).round(4), "x": x.round(4),
         "cold": cold.round(4), "source": source.round(4), "y": y.round(4), "second": second.round(4)}
    )  # fmt: skip
    for name, share in (("x", 0.04), ("y", 0.05), ("o", 0.03), ("second", 0.03)):
        table[name] = table[name].mask(rng.random(len(table)) < share)
    low = (values[:, 0, 1] < np.median(values[:, 0, 1]))[person]
    leaves = np.where(rng.random(n) < 0.3, rng.integers(2, waves + 1, n), waves + 1)
    early = low & (rng.random(n) < 0.25)[person] & (number > 2)
    return table[(number < leaves[person]) & ~early].reset_index(drop=True)


def events(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """One ambiguous and one overt event per person-wave of the first three waves, some of them not reported."""
    rows = people.loc[people["wave_number"] <= 3, ["participant", "wave", "wave_number", "role"]]
    rows = rows.loc[rows.index.repeat(2)].reset_index(drop=True).assign(event=["clear", "unclear"] * len(rows))
    of_person = pd.Series(rng.normal(0, 0.8, rows["participant"].nunique()), index=rows["participant"].unique())
    occasion = np.repeat(rng.normal(0, 0.5, len(rows) // 2), 2)
    kind = (rows["event"] == "unclear").to_numpy(float)
    rows["came_first"] = (rng.integers(0, 2, len(rows) // 2).repeat(2) == kind).astype(int)
    rows["severity"] = (4 - 0.5 * kind + rng.normal(0, 1.2, len(rows))).round(3)
    rows["ambiguity"] = (3 + 1.5 * kind + rng.normal(0, 1, len(rows))).round(3)
    rows["intent"] = (3 - 0.8 * kind + rng.normal(0, 1, len(rows))).round(3)
    rows["hurt"] = (
        1.5 + of_person[rows["participant"]].to_numpy() + occasion + 0.5 * rows["severity"] + 0.2 * kind
        + 0.15 * rows["ambiguity"] + rng.normal(0, 1, len(rows))
    ).round(3)  # fmt: skip
    rows["severity"] = rows["severity"].mask(rng.random(len(rows)) < 0.04)
    return rows[rng.random(len(rows)) > 0.12].reset_index(drop=True)


def main() -> None:
    rng = np.random.default_rng(SEED)
    people = panel(rng)
    people.to_csv(HERE / "panel_waves.csv", index=False)
    events(rng, people).to_csv(HERE / "panel_events.csv", index=False)


if __name__ == "__main__":
    main()
