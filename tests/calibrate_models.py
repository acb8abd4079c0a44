"""Conditions of `make calibrate` for the estimators of hypotheses, each under its own assumptions.

The conditions are fixed here, before any result, and `tests/calibrate.py` runs them: `conditions(Condition)` gives them in
its form. True values are written out from the parameters; where a score is standardised they are those of the population.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pandas as pd

from rejsens.inference.bootstrap import cross_sectional_bootstrap
from rejsens.inference.count_regression import negative_binomial
from rejsens.inference.cross_level import cross_level
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.event_models import event_contrast
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.latent_growth import latent_growth
from rejsens.inference.mediation import indirect_association
from rejsens.inference.moderation import moderation
from rejsens.inference.ordinal_regression import proportional_odds
from rejsens.inference.paired_contrasts import paired_contrast
from rejsens.inference.regression import cross_sectional
from rejsens.inference.within_contrasts import contrast_of_predictors
from tests.calibrate_panel import COVERAGE, COVERS, EFFECT, PEOPLE, REJECTION, REJECTS, cross_lagged, long

K = [{"name": "k", "type": "number"}]
TOGETHER = 0.4  # correlation of predictor and covariate
SKEWED = 4  # degrees of freedom of chi-square errors
SESOI = 0.2
APART = 0.6  # SD of people's own differences of two kinds of event, in residual SDs


def holds(row: Estimate, truth: float) -> float:
    """1 when the interval holds the truth; not a number where there is none."""
    if row.status == NOT_TESTABLE or not np.isfinite(row.ci_low):
        return np.nan
    return float(row.ci_low <= truth <= row.ci_high)


def two_predictors(rng: np.random.Generator, n: int) -> pd.DataFrame:
    x = rng.normal(size=n)
    return pd.DataFrame({"x": x, "k": TOGETHER * x + np.sqrt(1 - TOGETHER**2) * rng.normal(size=n)})


def explained(b: float, c: float) -> float:
    """Variance of b x + c k."""
    return b**2 + c**2 + 2 * b * c * TOGETHER


def regression_hc3(rng: np.random.Generator) -> float:
    """Errors whose variance, 1 on average, is .5 + .5 x²."""
    frame = two_predictors(rng, 200)
    error = rng.normal(size=200) * np.sqrt(0.5 + 0.5 * frame["x"] ** 2)
    frame["y"] = 0.3 * frame["x"] + 0.3 * frame["k"] + error
    return holds(cross_sectional(frame, "y", "x", K)[0], 0.3 / np.sqrt(explained(0.3, 0.3) + 1))


def bca(rng: np.random.Generator) -> float:
    """Errors of a chi-square distribution, variance 1."""
    frame = two_predictors(rng, 200)
    error = (rng.chisquare(SKEWED, size=200) - SKEWED) / np.sqrt(2 * SKEWED)
    frame["y"] = 0.3 * frame["x"] + 0.3 * frame["k"] + error
    row = cross_sectional_bootstrap(frame, "y", "x", K, draws=1000, rng=rng)
    return holds(row, 0.3 / np.sqrt(explained(0.3, 0.3) + 1))


def ordinal(rng: np.random.Generator) -> float:
    frame = two_predictors(rng, 300)
    level = 0.5 * frame["x"] + 0.3 * frame["k"] + rng.logistic(size=300)
    frame["y"] = np.digitize(level, [-1.5, -0.5, 0.5, 1.5])
    return holds(proportional_odds(frame, "y", "x", K)[0], 0.5)


def count(rng: np.random.Generator) -> float:
    """Rates exp(.5 + .3 x + .2 k) times gamma variates of mean 1 and variance .5."""
    frame = two_predictors(rng, 300)
    frame["y"] = rng.poisson(np.exp(0.5 + 0.3 * frame["x"] + 0.2 * frame["k"]) * rng.gamma(2, 0.5, size=300))
    row = negative_binomial(frame, "y", "x", K)[0]
    return holds(row, 0.3) if row.status == "ok" else np.nan


def pair(rng: np.random.Generator) -> float:
    difference = 0.3 + rng.normal(size=60)
    frame = pd.DataFrame({"a": difference, "b": 0.0})
    return holds(paired_contrast(frame, "a", "b")[0], 0.3)


def equivalent(rng: np.random.Generator) -> float:
    """1 when a difference of exactly the smallest effect of interest is declared equivalent."""
    frame = pd.DataFrame({"a": SESOI + rng.normal(size=300), "b": 0.0})
    return float(paired_contrast(frame, "a", "b", sesoi=SESOI)[0].p_equivalence < 0.05)


def moderated(rng: np.random.Generator) -> float:
    frame = two_predictors(rng, 300).rename(columns={"k": "m"})
    product = frame["x"] * frame["m"]  # variance 1 + r², uncorrelated with x and m
    frame["y"] = 0.3 * frame["x"] + 0.2 * frame["m"] + 0.2 * product + rng.normal(size=300)
    variance = explained(0.3, 0.2) + 0.04 * (1 + TOGETHER**2) + 1
    return holds(moderation(frame, "y", "x", moderator="m")[0], 0.2 / np.sqrt(variance))


def mediated(rng: np.random.Generator, which: int) -> float:
    """Rows of `indirect_association`: 0 is the percentile bootstrap, 1 the Monte Carlo interval."""
    x, n = rng.normal(size=200), 200
    m = 0.4 * x + np.sqrt(1 - 0.16) * rng.normal(size=n)
    y = 0.3 * m + 0.1 * x + np.sqrt(1 - 0.09 - 0.01 - 2 * 0.3 * 0.1 * 0.4) * rng.normal(size=n)
    frame = pd.DataFrame({"x": x, "m": m, "y": y})
    return holds(indirect_association(frame, "y", "x", mediator="m", draws=1000, rng=rng)[which], 0.4 * 0.3)


def events(rng: np.random.Generator, metric: str = "dz", apart: float = 0.0) -> float:
    """Two kinds of event in each of three waves; one in five is missing. Difference .3, of SD `apart` over people, residual SD 1."""
    n, waves = 120, 3
    rating = rng.normal(size=(n, 1, 1)) + 0.6 * rng.normal(size=(n, waves, 1)) + rng.normal(size=(n, waves, 2))
    rating[:, :, 0] += 0.3 + apart * rng.normal(size=(n, 1))
    rating[rng.random(rating.shape) < 0.2] = np.nan
    wave = np.tile(np.repeat(np.arange(1, waves + 1), 2), n)
    frame = pd.DataFrame(
        {"participant": np.repeat(np.arange(n), 2 * waves), "wave": [f"w{k}" for k in wave], "wave_number": wave,
         "event": np.tile(["unclear", "clear"], n * waves), "hurt": rating.ravel()}
    ).dropna()  # fmt: skip
    row = next(row for row in event_contrast(frame, "hurt", ("unclear", "clear")) if row.metric == metric)
    return holds(row, {"dz": 0.3 / np.sqrt(2), "b": 0.3}[metric])


def alike(rng: np.random.Generator) -> float:
    """1 when two predictors whose slopes are .2 on average and differ between people with SD .4 are told apart."""
    n, waves = 150, 5
    x, z = rng.normal(size=(2, n, waves))
    slopes = 0.2 + 0.4 * rng.normal(size=(2, n, 1))
    y = rng.normal(size=(n, 1)) + slopes[0] * x + slopes[1] * z + rng.normal(size=(n, waves))
    panel = long(np.stack([x, y], axis=2)).assign(z=z.ravel())
    row = contrast_of_predictors(panel, "y", ["x", "z"])[0]
    return np.nan if row.status == NOT_TESTABLE else float(row.p < 0.05)


def interaction(rng: np.random.Generator) -> float:
    """Slopes .3 + .2 m + .3 u over five waves; the within-person variance of y is the mean square of slopes plus 1."""
    n, waves = 200, 5
    m, x = rng.normal(size=(n, 1)), rng.normal(size=(n, waves))
    slopes = 0.3 + 0.2 * m + 0.3 * rng.normal(size=(n, 1))
    y = rng.normal(size=(n, 1)) + slopes * x + rng.normal(size=(n, waves))
    panel = long(np.stack([x, y], axis=2)).assign(m=np.repeat(m, waves))
    row = cross_level(panel, "y", "x", moderator="m", simple_slopes=False)[0]
    return holds(row, 0.2 / np.sqrt(0.09 + 0.04 + 0.09 + 1))


def growth(rng: np.random.Generator) -> float:
    """Slopes of mean .1 and SD .2 over five waves (variance of time 2.5), residuals of variance 1."""
    n, time = 200, np.arange(5)
    y = rng.normal(size=(n, 1)) + (0.1 + 0.2 * rng.normal(size=(n, 1))) * time + rng.normal(size=(n, 5))
    try:
        row = latent_growth(long(np.stack([y, y], axis=2)), "y")[0]
    except NotTestable:
        return np.nan
    return holds(row, 0.1 / np.sqrt((0.01 + 0.04) * 2.5 + 1))


@cache
def fixed_effects_truth() -> float:
    """The path times the ratio of the pooled within-person SDs of observed scores, off 400,000 people."""
    values = cross_lagged(np.random.default_rng(20260511), 400_000, 5, EFFECT, 0.0)
    spread = values.std(axis=1, ddof=1)
    return float(EFFECT * np.sqrt((spread[:, 0] ** 2).mean() / (spread[:, 1] ** 2).mean()))


def fixed_effects_path(rng: np.random.Generator) -> float:
    try:
        row = dynamic_panel(long(cross_lagged(rng, PEOPLE, 5, EFFECT, 0.0)), "y", "x")[0]
    except NotTestable:
        return np.nan
    return holds(row, fixed_effects_truth())


def conditions(condition) -> list:
    """The conditions, each made by `condition(name, promise, target, replications, once)`."""
    covers = [
        ("regression_hc3", "standardised, HC3, 200 people, error variance grows with x²", regression_hc3),
        ("bca", "standardised, 1,000 draws, 200 people, skewed errors", bca),
        ("proportional_odds", "log odds, Wald, 300 people, 5 categories", ordinal),
        ("negative_binomial", "log rate, Wald, 300 people, dispersion .5", count),
        ("paired_contrast", "dz of .3, noncentral t, 60 people", pair),
        ("moderation", "standardised product, HC3, 300 people", moderated),
        ("mediation_percentile", "indirect, 1,000 draws, 200 people", partial(mediated, which=0)),
        ("mediation_monte_carlo", "indirect, 1,000 draws, 200 people", partial(mediated, which=1)),
        ("event_contrast", "dz of two kinds of event, clustered errors, 120 people, 3 waves, a fifth missing", events),
        (
            "event_contrast_apart",
            f"difference of the same in rating points, which differs between people with SD {APART}",
            partial(events, metric="b", apart=APART),
        ),
        ("cross_level", "interaction, random slope, Satterthwaite, 200 people, 5 waves", interaction),
        ("latent_growth", "mean slope, 200 people, 5 waves", growth),
        (
            "fixed_effects_sem_path",
            f"fixed effects as SEM, {PEOPLE} people, 5 waves: a lagged path",
            fixed_effects_path,
        ),
    ]
    made = [condition(name, said, COVERS, COVERAGE, once) for name, said, once in covers]
    said = f"TOST, 300 people: a difference of just the smallest effect of interest (dz {SESOI}) declared equivalent"
    made.append(condition("equivalence", said, REJECTS, REJECTION, equivalent))
    said = "clustered errors, 150 people, 5 waves: two predictors alike on average, whose slopes differ with SD .4, told apart"
    return [*made, condition("predictors_alike", said, REJECTS, REJECTION, alike)]
