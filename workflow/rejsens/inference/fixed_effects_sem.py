"""The dynamic panel with person fixed effects as a structural equation model: companion of the cross-lagged panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.mixed import within_person_sd
from rejsens.inference.wide_panel import FIML, Wide, fit_row, fit_wide, wide
from rejsens.psychometrics.engine.table import Parameter

ANALYSIS = "fixed_effects_sem"
EFFECT = "person effect"
MINIMUM_WAVES = 3


def dynamic_panel(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    estimator: str = "MLR",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Lagged outcome and lagged predictor with person fixed effects, without the bias of person-mean centring.

        y_it = mu_t + a y_i,t-1 + b x_i,t-1 (+ c z_i,t-1) + f_i + e_it,   t = 2 .. T

    The person effect f is a latent variable that covaries freely with y_1 and with every x, so that b is free of all
    that is stable about a person, observed or not (*within*; there is no between coefficient to report). x is
    predetermined: e_it may covary with x at every later wave, so that the outcome may move the predictor afterwards.

    panel       three or more waves that hold all scores
    covariates  a number that varies enters with its lag, predetermined like the predictor. One that does not vary is
                part of f; a category that varies is left out with a warning
    returns     `beta_within` of predictor_lagged (the hypothesis) and of outcome_lagged: coefficient times the pooled
                within-person SD of the cause over that of the outcome (SDs of the observed scores, taken as known); and
                `chi2`, the model's fit, where it has degrees of freedom (three waves have none). Coefficients are equal
                over waves, residual variances are not. z tests; estimator "MLR" or "ML"
    missing     FIML
    raises      NotTestable: fewer than three waves, or the model is not admissible
    source      Allison, Williams & Moral-Benito (2017), doi 10.1177/2378023117710578
    checked against R: lavaan

    >>> rng = np.random.default_rng(3)
    >>> level, own, rows = rng.normal(size=(400, 2)), rng.normal(size=(400, 2)), []
    >>> for wave in range(1, 6):
    ...     rows += [(k, f"w{wave}", wave, *(level + own)[k]) for k in range(400)]
    ...     own = own @ [[0.3, -0.2], [0.0, 0.3]] + 0.9 * rng.normal(size=(400, 2))
    >>> panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "x", "y"])
    >>> lagged, carried, fit = dynamic_panel(panel, "y", "x")
    >>> lagged.term, round(lagged.estimate, 2), round(carried.estimate, 2), round(fit.df)
    ('x_lagged', -0.32, 0.3, 12)
    """
    if outcome == predictor:
        raise NotTestable("predictor and outcome are the same score")
    varying = [covariate for covariate in covariates if covariate.get("varies")]
    causes = [predictor, *(c["name"] for c in varying if c["type"] == "number")]
    data = wide(panel, [outcome, *causes], MINIMUM_WAVES)
    warnings = data.warnings()
    if left := [covariate["name"] for covariate in varying if covariate["type"] != "number"]:
        warnings.append(f"{', '.join(left)} is not in the model: a category that varies has no lagged part here")
    items = [*data.columns[outcome], *(column for name in causes for column in data.columns[name][:-1])]
    model = fit_wide(data.frame, items, [EFFECT], _table_rows(data, outcome, causes), estimator)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=model.n, n_obs=data.n_obs, n_lost=data.n_lost,
        ci_level=ci_level, missing_rule=FIML, warnings="; ".join(warnings), metric="beta_within",
        method=f"panel with person fixed effects as SEM, {len(data.waves)} waves, {estimator}, FIML",
    )  # fmt: skip
    estimates = model.estimates.set_index(["op", "lhs", "rhs"])
    rows = []
    for cause in (predictor, outcome):
        own = estimates.loc[("~", data.columns[outcome][1], data.columns[cause][0])]
        scale = _within_sd(data, cause) / _within_sd(data, outcome)
        numbers: dict[str, Any] = t_columns(
            float(own["estimate"]) * scale, float(own["se"]) * scale, math.inf, ci_level, alpha
        )
        rows.append(replace(blank, term=f"{cause}_lagged", **numbers))
    return rows + fit_row(blank, model)


def _table_rows(data: Wide, outcome: str, causes: Sequence[str]) -> list[Parameter]:
    y, lagged = data.columns[outcome], {name: data.columns[name][:-1] for name in causes}
    rows = []
    for t in range(1, len(y)):
        rows.append(Parameter(EFFECT, "=~", y[t], fixed=1.0))
        rows.append(Parameter(y[t], "~", y[t - 1], label=f"{outcome}<-{outcome}"))
        rows += [Parameter(y[t], "~", columns[t - 1], label=f"{outcome}<-{name}") for name, columns in lagged.items()]
        rows.append(Parameter(y[t], "~~", y[t]))
        rows += [Parameter(y[t], "~~", column) for columns in lagged.values() for column in columns[t:]]
    given = [y[0], *(column for columns in lagged.values() for column in columns)]
    rows += [Parameter(a, "~~", b) for i, a in enumerate(given) for b in given[: i + 1]]
    variance = float(np.nanmean(np.nanvar(data.frame[list(y)], axis=0)))
    rows += [Parameter(EFFECT, "~~", EFFECT, start=variance / 4)]
    return rows + [Parameter(EFFECT, "~~", column, start=0.0) for column in given]


def _within_sd(data: Wide, name: str) -> float:
    long = data.frame[list(data.columns[name])].stack().dropna()
    return within_person_sd(long.to_numpy(), long.index.get_level_values(0).to_numpy())
