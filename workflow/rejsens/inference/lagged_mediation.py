"""An indirect association over three waves: predictor, then mediator, then outcome, all within people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate
from rejsens.inference.cross_lagged import EQUAL, fit_processes, paths_between, processes
from rejsens.inference.estimates import Estimate, t_columns
from rejsens.inference.mediation import drawn_columns
from rejsens.inference.wide_panel import FIML, Wide, derived, fit_row
from rejsens.psychometrics.factor_model import FactorModel

ANALYSIS = "lagged_indirect"


def lagged_indirect(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    mediator: str,
    draws: int = 5000,
    rng: np.random.Generator,
    estimator: str = "MLR",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Product of two lagged paths: a (predictor on the next mediator) times b (mediator on the next outcome).

    panel       three or more waves that hold the three scores, which are processes of one cross-lagged panel with
                random intercepts and equal paths (`ri_clpm`); so a and b are net of all that is stable about a person,
                of the carry-over of each score and of each other's paths
    covariates  as for `ri_clpm`
    draws, rng  Monte Carlo draws of (a, b), and their generator
    returns     four rows: `indirect`, estimate a * b; interval, standard error and p from draws of a and b from a
                normal distribution with the covariance of both, as a product of normals is not normal (p = 2 (1 +
                draws beyond 0) / (draws + 1)). Then `beta_within` of a, b and the direct path (predictor on the next
                outcome). Order in time is in the model; that nothing else moves both mediator and outcome is not
    missing     FIML
    raises      NotTestable, as `ri_clpm`
    source      Cole & Maxwell (2003), Journal of Abnormal Psychology, 112, 558-577
    checked against R: lavaan, with the covariance of both paths

    >>> rng = np.random.default_rng(3)
    >>> level, own, rows = rng.normal(size=(400, 3)), rng.normal(size=(400, 3)), []
    >>> for wave in range(1, 5):
    ...     rows += [(k, f"w{wave}", wave, *(level + own)[k]) for k in range(400)]
    ...     own = own @ [[0.3, 0.4, 0.0], [0.0, 0.3, -0.4], [0.0, 0.0, 0.3]] + 0.9 * rng.normal(size=(400, 3))
    >>> panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "x", "m", "y"])
    >>> indirect, a, b, direct = lagged_indirect(panel, "y", "x", mediator="m", rng=np.random.default_rng(1))
    >>> indirect.term, [round(row.estimate, 2) for row in (indirect, a, b, direct)], indirect.ci_high < 0
    ('x > m > y', [-0.12, 0.33, -0.38, 0.04], True)
    """
    data, model, warnings = _three_processes(panel, outcome, predictor, covariates, mediator, estimator)
    pairs = [(predictor, mediator), (mediator, outcome), (predictor, outcome)]
    first, second, direct = paths_between(model, data, pairs, EQUAL).values()
    wanted = {"a": first, "b": second, "direct": direct, "a + b": lambda *given: first(*given) + second(*given)}
    found = derived(model, wanted)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=model.n, n_obs=data.n_obs, n_lost=data.n_lost,
        ci_level=ci_level, missing_rule=FIML, warnings="; ".join(warnings), metric="beta_within",
        method=f"random-intercept cross-lagged panel, equal paths over {len(data.waves)} waves, {estimator}, FIML",
    )  # fmt: skip
    paths = [
        replace(blank, outcome=effect, term=f"{cause}_lagged", **t_columns(*found[key], math.inf, ci_level, alpha))
        for (cause, effect), key in zip(pairs, ("a", "b", "direct"), strict=True)
    ]
    products = _products(found, draws, rng)
    numbers: dict[str, Any] = drawn_columns(found["a"][0] * found["b"][0], products, ci_level)
    method = f"{blank.method}; Monte Carlo, {draws} draws"
    term = f"{predictor} > {mediator} > {outcome}"
    return [replace(blank, term=term, metric="indirect", method=method, **numbers), *paths]


def fit_of_panel(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    mediator: str,
    estimator: str = "MLR",
) -> list[Estimate]:
    """The chi-square of the panel in which `lagged_indirect` finds its paths, for what is said of its assumptions.

    panel, covariates, estimator   as for `lagged_indirect`
    returns     one row without an estimate: `chi2` with its degrees of freedom and p (MLR: Yuan-Bentler)
    missing     FIML
    raises      NotTestable, as `ri_clpm`
    checked against R: lavaan, through `ri_clpm` with the mediator as a further process, which is the same model

    >>> rng = np.random.default_rng(3)
    >>> level, own, rows = rng.normal(size=(400, 3)), rng.normal(size=(400, 3)), []
    >>> for wave in range(1, 5):
    ...     rows += [(k, f"w{wave}", wave, *(level + own)[k]) for k in range(400)]
    ...     own = 0.3 * own + 0.9 * rng.normal(size=(400, 3))
    >>> panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "x", "m", "y"])
    >>> (row,) = fit_of_panel(panel, "y", "x", mediator="m")
    >>> row.metric, row.df
    ('chi2', 39.0)
    """
    data, model, _ = _three_processes(panel, outcome, predictor, covariates, mediator, estimator)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=model.n, n_obs=data.n_obs, n_lost=data.n_lost
    )
    return fit_row(blank, model)


def _three_processes(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate],
    mediator: str,
    estimator: str,
) -> tuple[Wide, FactorModel, list[str]]:
    between = {"name": mediator, "type": "number", "varies": True}
    data, names, warnings = processes(panel, outcome, predictor, [between, *covariates])
    return data, fit_processes(data, names, EQUAL, estimator), warnings


def _products(found: dict[str, tuple[float, float]], draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws of a * b; the covariance of a and b follows from the variance of their sum."""
    (a, sa), (b, sb), (_, both) = found["a"], found["b"], found["a + b"]
    covariance = (both**2 - sa**2 - sb**2) / 2
    pairs = rng.multivariate_normal([a, b], [[sa**2, covariance], [covariance, sb**2]], size=draws)
    return pairs[:, 0] * pairs[:, 1]
