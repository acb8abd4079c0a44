"""Conditions of `make calibrate` for panels: do lagged paths come back, at 0 where they are 0, and parts after imputation?

The conditions are fixed here, before any result, and `tests/calibrate.py` runs them: `conditions(Condition)` gives
them in its form. A replication whose model is not admissible is withheld (NaN) and counted.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd

from rejsens.inference.cross_lagged import ri_clpm
from rejsens.inference.estimates import NotTestable
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.imputed import Variables, completed_panels, pooled
from rejsens.inference.mixed import within_between

COVERS, REJECTS, SUPPORTS = (0.93, 0.97), (0.04, 0.06), (0.0, 0.025)
COVERAGE, REJECTION = 2000, 5000
PEOPLE, CARRY, STABLE = 600, 0.3, 1.0  # carry-over of both; variance of the stable part over that of the deviations
WAVES = (3, 4, 5, 6)
EFFECT = -0.15  # of the deviations of x on those of y, a wave later


def cross_lagged(rng: np.random.Generator, n: int, waves: int, forward: float, back: float) -> np.ndarray:
    """People x waves x (x, y): a stable part and deviations of variance 1 at every wave, correlated -.3 at each.

    forward is the path of x on the y of the next wave, back that of y on the next x; the shocks' covariances keep the
    deviations' covariances the same at all waves, so that both paths are in within-person SDs.
    """
    own_covariance = np.array([[1.0, -0.3], [-0.3, 1.0]])
    paths = np.array([[CARRY, back], [forward, CARRY]])
    shocks = own_covariance - paths @ own_covariance @ paths.T
    stable = rng.multivariate_normal([0, 0], STABLE * own_covariance, size=n)
    own = rng.multivariate_normal([0, 0], own_covariance, size=n)
    values = np.empty((n, waves, 2))
    for t in range(waves):
        values[:, t] = stable + own
        own = own @ paths.T + rng.multivariate_normal([0, 0], shocks, size=n)
    return values


def long(values: np.ndarray) -> pd.DataFrame:
    """People x waves x (x, y) as a panel; NaN is a missing score."""
    n, waves, _ = values.shape
    number = np.tile(np.arange(1, waves + 1), n)
    flat = values.reshape(-1, 2)
    return pd.DataFrame(
        {"participant": np.repeat(np.arange(n), waves), "wave": [f"w{t}" for t in number], "wave_number": number,
         "role": "wave", "x": flat[:, 0], "y": flat[:, 1]}
    )  # fmt: skip


def with_dropout(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From the second wave on people leave for good, more often after a low y: missing at random."""
    out, gone = values.copy(), np.zeros(len(values), dtype=bool)
    for t in range(1, values.shape[1]):
        gone |= rng.random(len(values)) < 0.05 + 0.10 * (values[:, t - 1, 1] < 0)
        out[gone, t] = np.nan
    return out


def lagged(
    rng: np.random.Generator, waves: int, truth: float, estimator=ri_clpm, dropout: bool = False
) -> tuple[float, ...]:
    """Estimate, p and interval of x_lagged on y in one simulated panel; NaN where the model is not admissible."""
    values = cross_lagged(rng, PEOPLE, waves, truth, 0.0)
    if dropout:
        values = with_dropout(values, rng)
    try:
        options = {"test_equality": False} if estimator is ri_clpm else {}
        row = estimator(long(values), "y", "x", **options)[0]
    except NotTestable:
        return (np.nan,) * 4
    return row.estimate, row.p, row.ci_low, row.ci_high


def rejected(rng: np.random.Generator, waves: int, estimator=ri_clpm, dropout: bool = False) -> float:
    """1 when a true null is rejected."""
    _, p, _, _ = lagged(rng, waves, 0.0, estimator, dropout)
    return float(p < 0.05) if np.isfinite(p) else np.nan


def supported(rng: np.random.Generator, waves: int) -> float:
    """1 when a true null is supported in the declared direction (here: below 0)."""
    estimate, p, _, _ = lagged(rng, waves, 0.0)
    return float(p < 0.05 and estimate < 0) if np.isfinite(p) else np.nan


def covered(rng: np.random.Generator, waves: int, dropout: bool = False) -> float:
    """1 when the interval holds the true path."""
    _, _, low, high = lagged(rng, waves, EFFECT, dropout=dropout)
    return float(low <= EFFECT <= high) if np.isfinite(low) else np.nan


MANY, LASTS = 20, 0.4  # waves, of which some lie far from each other; correlation of the deviations of x a wave apart
WITHIN, BETWEEN, LEVEL = (
    0.3,
    0.5,
    0.8,
)  # slope on the deviations and on the level of x; SD of the rest of the level of y


def many_waves(rng: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray]:
    """People x waves of x and of y, nobody leaving anything out."""
    level = rng.normal(size=(people, 1))
    own = np.empty((people, MANY))
    own[:, 0] = rng.normal(size=people)
    for t in range(1, MANY):
        own[:, t] = LASTS * own[:, t - 1] + math.sqrt(1 - LASTS**2) * rng.normal(size=people)
    y = WITHIN * own + BETWEEN * level + LEVEL * rng.normal(size=(people, 1)) + rng.normal(size=own.shape)
    return level + own, y


def many_waves_imputed(rng: np.random.Generator, people: int, m: int) -> float:
    """Share of the within- and between-person coefficients of twenty waves that pooled intervals cover.

    A tenth of x is missing at random, of y the more the larger x is, where x was answered: a fifth.
    """
    x, y = many_waves(rng, people)
    without_x = rng.random(x.shape) < 0.1
    without_y = ~without_x & (rng.random(x.shape) < 1 / (1 + np.exp(1.4 - 0.8 * x)))
    panel = long(np.stack([np.where(without_x, np.nan, x), np.where(without_y, np.nan, y)], axis=2))
    panels = completed_panels(panel, Variables(("x", "y"), always=("x", "y")), m, rng)
    found = [pooled(lambda one, k=k: [within_between(one, "y", "x")[k]], panels)[0] for k in (0, 1)]
    return float(np.mean([row.ci_low <= truth <= row.ci_high for row, truth in zip(found, true_parts(), strict=True)]))


def true_parts() -> tuple[float, float]:
    """The coefficients over `MANY` waves: of deviations from observed person means, and of those means, in their SDs."""
    apart = np.abs(np.subtract.outer(np.arange(MANY), np.arange(MANY)))
    of_mean = float((LASTS**apart).mean())  # variance of the mean of a person's deviations
    deviations = (1 - of_mean) * MANY / (MANY - 1)
    shared = BETWEEN + WITHIN * of_mean
    means = (1 + of_mean) * (BETWEEN**2 + LEVEL**2 + WITHIN**2 * of_mean + 1 / MANY)
    return WITHIN * math.sqrt(deviations / (WITHIN**2 * deviations + 1)), shared / math.sqrt(means)


def conditions(condition) -> list:
    """The conditions, each made by `condition(name, promise, target, replications, once)`."""
    made = []
    for waves in WAVES:
        null, holds = partial(rejected, waves=waves), partial(covered, waves=waves)
        text = f"RI-CLPM, {PEOPLE} people, {waves} waves"
        made += [
            condition(f"ri_clpm_null_{waves}", f"{text}: a true null lagged path", REJECTS, REJECTION, null),
            condition(f"ri_clpm_path_{waves}", f"{text}: a lagged path", COVERS, COVERAGE, holds),
        ]
    text, null = f"{PEOPLE} people, 5 waves", "a true null"
    fixed = partial(rejected, waves=5, estimator=dynamic_panel)
    left = f"{text}, people leave after a low outcome"
    lost = partial(rejected, waves=5, dropout=True), partial(covered, waves=5, dropout=True)
    return [
        *made,
        condition(
            "ri_clpm_null_direction", f"RI-CLPM, {PEOPLE} people, 4 waves: {null} supported in its direction",
            SUPPORTS, REJECTION, partial(supported, waves=4),
        ),
        condition("ri_clpm_null_dropout", f"RI-CLPM, {left}: {null} lagged path", REJECTS, REJECTION, lost[0]),
        condition("ri_clpm_path_dropout", f"RI-CLPM, {left}: a lagged path", COVERS, COVERAGE, lost[1]),
        condition("fixed_effects_sem_null", f"fixed effects as SEM, {text}: {null}", REJECTS, REJECTION, fixed),
        condition(
            "many_waves_imputed", f"within and between, 300 people, {MANY} waves, a fifth of y missing by x, m = 20",
            COVERS, COVERAGE, partial(many_waves_imputed, people=300, m=20),
        ),
    ]  # fmt: skip
