"""Assumptions of count and ordinal models: each check with what the coefficient becomes when it is taken into account."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.count_regression import (
    CountFit,
    counts,
    fit_count_model,
    fit_negative_binomial,
    overdispersion_test,
)
from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import t_columns
from rejsens.inference.least_squares import INTERCEPT, analysed_people
from rejsens.inference.ordinal_regression import fit_proportional_odds
from rejsens.inference.regression_diagnostics import attempted, diagnostics_frame, full_rank, instead


@dataclass(frozen=True)
class _Counts:
    y: np.ndarray
    matrix: pd.DataFrame
    poisson: CountFit
    fit: CountFit
    predictor: str
    ci_level: float


def count_diagnostics(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    left_out: int = 10,
    wave: str = "",
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """Checks of `negative_binomial`; columns, arguments and missing data as `linear_diagnostics`.

    returns   overdispersion  Pearson chi squared of the Poisson model over its df, with the halved likelihood-ratio p |
                              the Poisson log rate
              zeros           observed zeros over those the fitted model expects
              dfbetas         largest |one-step change of the log rate| in its standard errors | without the `left_out`
                              people with the largest
    raises    NotTestable as `negative_binomial`
    checked against R's glm, MASS::glm.nb, dnbinom

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> frame = pd.DataFrame({"x": x, "y": rng.poisson(np.exp(1 + 0.3 * x) * rng.gamma(2, 0.5, 200))})
    >>> count_diagnostics(frame, "y", "x")["diagnostic"].tolist()
    ['overdispersion', 'zeros', 'dfbetas']
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y = counts(people.rows, outcome)
    poisson = fit_count_model(y, people.matrix.to_numpy(), 0.0)
    fit = fit_negative_binomial(y, people.matrix.to_numpy(), poisson)
    model = _Counts(y, people.matrix, poisson, fit, predictor, ci_level)
    known = {
        "model": "count", "outcome": outcome, "predictor": predictor, "wave": wave, "n_people": len(y),
        "estimate": float(fit.coefficients[1]),
    }  # fmt: skip
    parts = {
        "overdispersion": lambda: _overdispersion(model),
        "zeros": lambda: _zeros(model),
        "dfbetas": lambda: _without_the_most_moving(model, left_out),
    }
    return diagnostics_frame(row for name, part in parts.items() for row in attempted(part, name, known))


def _wald(fit: CountFit, ci_level: float) -> dict[str, float]:
    return t_columns(float(fit.coefficients[1]), math.sqrt(fit.covariance[1, 1]), math.inf, ci_level)


def _overdispersion(model: _Counts) -> list[dict[str, Any]]:
    df = len(model.y) - model.matrix.shape[1]
    value, _, p = overdispersion_test(model.y, model.poisson, model.fit, df)
    return [{
        "diagnostic": "overdispersion", "term": "Pearson chi squared / df", "value": value, "guide": "1",
        "df": float(df), "p": p, **instead(_wald(model.poisson, model.ci_level), "Poisson model"),
    }]  # fmt: skip


def _zeros(model: _Counts) -> list[dict[str, Any]]:
    a, mean = model.fit.dispersion, model.fit.mean
    none = np.exp(-mean) if a == 0 else (1 + a * mean) ** (-1 / a)
    value = float((model.y == 0).sum() / none.sum())
    return [{"diagnostic": "zeros", "term": "observed / expected", "value": value, "guide": "1"}]


def _without_the_most_moving(model: _Counts, left_out: int) -> list[dict[str, Any]]:
    fit, y = model.fit, model.y
    scores = model.matrix.to_numpy() * ((y - fit.mean) / (1 + fit.dispersion * fit.mean))[:, None]
    steps = np.abs(scores @ fit.covariance[:, 1]) / math.sqrt(fit.covariance[1, 1])
    kept = np.argsort(steps, kind="stable")[: len(y) - left_out]
    x = full_rank(model.matrix.iloc[kept], model.predictor).to_numpy()
    refit = fit_negative_binomial(y[kept], x, fit_count_model(y[kept], x, 0.0))
    words = f"without the {left_out} people who move it most"
    return [{
        "diagnostic": "dfbetas", "term": model.predictor, "value": float(steps.max()), "n_instead": len(kept),
        **instead(_wald(refit, model.ci_level), words),
    }]  # fmt: skip


def ordinal_diagnostics(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    wave: str = "",
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """What Brant's test of `proportional_odds` compares: the log odds ratio at each cut of the outcome.

    returns   one row per cut between neighbouring answers; columns as `linear_diagnostics`, `estimate` the common log
              odds ratio, `estimate_instead` the one of the logistic regression of "above the cut"

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> frame = pd.DataFrame({"x": x, "item": np.digitize(0.8 * x + rng.logistic(size=300), [-1, 0, 1])})
    >>> ordinal_diagnostics(frame, "item", "x")["estimate_instead"].round(2).tolist()
    [0.77, 0.75, 0.59]
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    values, category = np.unique(people.rows[outcome].to_numpy(float), return_inverse=True)
    x = people.matrix.drop(columns=INTERCEPT).to_numpy()
    known = {
        "model": "ordinal", "outcome": outcome, "predictor": predictor, "wave": wave, "n_people": len(x),
        "estimate": float(fit_proportional_odds(category, x).coefficients[0]),
    }  # fmt: skip

    def cut(number: int) -> list[dict[str, Any]]:
        fit = fit_proportional_odds((category > number).astype(int), x)
        numbers = t_columns(float(fit.coefficients[0]), math.sqrt(fit.covariance[0, 0]), math.inf, ci_level)
        name = f"above {values[number]:g}"
        return [{"diagnostic": "proportional odds", "term": name, **instead(numbers, f"logistic regression, {name}")}]

    cuts = range(len(values) - 1)
    return diagnostics_frame(
        row for number in cuts for row in attempted(partial(cut, number), "proportional odds", known)
    )
