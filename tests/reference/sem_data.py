"""Simulated items for the reference values of sem.R and sem_mixed.R. Run once; the CSV files are kept.

python tests/reference/sem_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 20261


def three_factors(rng: np.random.Generator, n: int, loadings=None, latent_mean=(0, 0, 0), latent_sd=(1, 1, 1)):
    """Nine items of three correlated factors."""
    root = np.linalg.cholesky(np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]))
    factors = rng.normal(size=(n, 3)) @ root.T * latent_sd + latent_mean
    size = np.array([0.8, 0.7, 0.6, 0.75, 0.85, 0.65, 0.5, 0.7, 0.6]) if loadings is None else np.asarray(loadings)
    return factors[:, np.repeat([0, 1, 2], 3)] * size + rng.normal(size=(n, 9)) * np.sqrt(np.maximum(1 - size**2, 0.2))


def groups(rng: np.random.Generator) -> pd.DataFrame:
    """Two groups that differ in latent means and spread, in the intercept of x5, and a little in noise."""
    a = three_factors(rng, 260)
    b = three_factors(rng, 210, latent_mean=(0.3, -0.2, 0.4), latent_sd=(1.2, 0.9, 1.0))
    b[:, 4] += 0.5
    table = pd.DataFrame(np.concatenate([a, b]).round(5), columns=[f"x{i}" for i in range(1, 10)])
    return table.assign(group=["one"] * len(a) + ["two"] * len(b))


def skewed(rng: np.random.Generator, n: int = 350) -> pd.DataFrame:
    """Items with long right tails."""
    values = three_factors(rng, n)
    return pd.DataFrame(np.exp(0.6 * values).round(5), columns=[f"x{i}" for i in range(1, 10)])


def with_holes(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A tenth of the answers lost, more of them from people with a high first item; the last row has none at all."""
    values = table.copy()
    rank = values["x1"].rank(pct=True).to_numpy()[:, None]
    lost = rng.random(values.shape) < 0.04 + 0.12 * rank
    lost[:, 0] = rng.random(len(values)) < 0.03
    values = values.mask(lost)
    values.iloc[-1] = np.nan
    return values


def waves(rng: np.random.Generator, n: int = 400) -> pd.DataFrame:
    """Four items of one factor at three waves; items keep something of their own; the mean of the trait falls."""
    trait = rng.multivariate_normal([0, -0.2, -0.3], [[1, 0.6, 0.5], [0.6, 1.1, 0.6], [0.5, 0.6, 0.9]], size=n)
    own = rng.normal(size=(n, 4)) * 0.4
    loadings, intercepts = np.array([0.9, 0.8, 0.7, 0.85]), np.array([3, 2.5, 3.2, 2.8])
    parts = [
        intercepts + trait[:, [t]] * loadings + own + rng.normal(size=(n, 4)) * np.array([0.5, 0.6, 0.7, 0.5])
        for t in range(3)
    ]
    parts[2][:, 1] += 0.35  # the second item drifts at the third wave
    names = [f"i{j}_w{t}" for t in (1, 2, 3) for j in (1, 2, 3, 4)]
    return pd.DataFrame(np.concatenate(parts, axis=1).round(5), columns=names)


def dropped_out(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The low scorers of the first wave leave more often."""
    out = table.copy()
    gone = rng.random(len(out)) < 0.1 + 0.25 * (table["i1_w1"].rank(pct=True) < 0.4)
    out.loc[gone, [c for c in out if c.endswith("w3")]] = np.nan
    early = rng.random(len(out)) < 0.08
    out.loc[early, [c for c in out if not c.endswith("w1")]] = np.nan
    return out


def ordinal(rng: np.random.Generator, cuts, n: int = 500) -> pd.DataFrame:
    """Six items of two factors in ordered categories, two groups; group two has another spread and mean."""
    tables = []
    for name, size, mean, sd in (("one", n, 0.0, 1.0), ("two", int(0.8 * n), 0.3, 1.2)):
        factors = rng.multivariate_normal([mean, mean], np.array([[1, 0.5], [0.5, 1]]) * sd**2, size=size)
        loadings = np.array([0.8, 0.7, 0.6, 0.75, 0.65, 0.8])
        values = factors[:, [0, 0, 0, 1, 1, 1]] * loadings + rng.normal(size=(size, 6)) * np.sqrt(1 - loadings**2)
        values[:, 3:] -= 0.2  # skewed answers
        coded = np.digitize(values, cuts)
        tables.append(pd.DataFrame(coded, columns=[f"q{i}" for i in range(1, 7)]).assign(group=name))
    return pd.concat(tables, ignore_index=True)


def ordinal_waves(rng: np.random.Generator, n: int = 450) -> pd.DataFrame:
    """The four items of three waves, answered in four categories."""
    table = waves(rng, n)
    return pd.DataFrame({c: np.digitize(table[c], [1.9, 2.7, 3.6]) for c in table})


def bifactor(rng: np.random.Generator, n: int = 500) -> pd.DataFrame:
    """Nine items with a general factor and three group factors; the last item of each is of the reversed kind."""
    general, own, method = rng.normal(size=(n, 1)), rng.normal(size=(n, 3)), rng.normal(size=n)
    values = 0.65 * general + 0.5 * own[:, np.repeat([0, 1, 2], 3)] + 0.6 * rng.normal(size=(n, 9))
    values[:, [2, 5, 8]] += 0.4 * method[:, None]
    return pd.DataFrame(values.round(5), columns=[f"b{i}" for i in range(1, 10)])


def empty_category(table: pd.DataFrame) -> pd.DataFrame:
    """Group two never gives the highest answer to q2, and nobody gives 1 to q5."""
    out = table.copy()
    out.loc[(out["group"] == "two") & (out["q2"] == 4), "q2"] = 3
    out["q5"] = out["q5"].replace(1, 0)
    return out


def mixed(rng: np.random.Generator) -> pd.DataFrame:
    """Four ordered and four continuous items of two factors, two groups; y3 is skewed, the units differ widely."""
    tables = []
    for name, size, mean, sd in (("one", 420, 0.0, 1.0), ("two", 380, 0.3, 1.2)):
        factors = rng.multivariate_normal([mean, mean], np.array([[1, 0.5], [0.5, 1]]) * sd**2, size=size)
        loadings = np.array([0.8, 0.7, 0.6, 0.5, 0.7, 0.6, 0.8, 0.6])
        values = factors[:, [0, 0, 0, 0, 1, 1, 1, 1]] * loadings + rng.normal(size=(size, 8)) * np.sqrt(1 - loadings**2)
        values[:, 7] += 0.3 * (name == "two")
        one = pd.DataFrame(
            {
                "y1": 3 + 2 * values[:, 0],
                "y2": 10 * values[:, 3],
                "y3": (2 + 0.2 * values[:, 5]) ** 3,
                "y4": 0.1 * values[:, 7],
            }
        )
        cuts = {
            "q1": (1, [-0.5, 0.4, 1.2]),
            "q2": (2, [-1.0, 0.0, 0.9]),
            "q3": (4, [-0.5, 0.4, 1.2, 1.6]),
            "q4": (6, [-0.7, 0.2, 0.9]),
        }
        coded = {name: np.digitize(values[:, j], own) for name, (j, own) in cuts.items()}
        tables.append(one.round(5).assign(**coded, group=name))
    return pd.concat(tables, ignore_index=True)


if __name__ == "__main__":
    rng = np.random.default_rng(SEED)
    wide, five = waves(rng), ordinal(rng, [-1.2, -0.3, 0.5, 1.4])
    curved = skewed(rng)
    tables = {
        "groups": groups(rng), "skewed": curved, "holes": with_holes(curved, rng), "waves": wide,
        "dropout": dropped_out(wide, rng), "ordinal4": ordinal(rng, [-0.8, 0.2, 1.2]), "ordinal5": five,
        "ordinal3": ordinal(rng, [-0.5, 0.7], 300), "ordinal_waves": ordinal_waves(rng), "bifactor": bifactor(rng),
        "empty": empty_category(five), "mixed": mixed(np.random.default_rng(SEED + 1)),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(HERE / f"sem_{name}.csv", index=False)
