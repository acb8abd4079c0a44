"""Change between two waves as a latent variable: who changes, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate, independent_columns
from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.wide_panel import FIML, constant_columns, derived, fit_wide, position, wide
from rejsens.psychometrics.engine.moments import State
from rejsens.psychometrics.engine.table import Parameter
from rejsens.psychometrics.factor_model import FactorModel

ANALYSIS, CHANGE = "latent_change", "change"


def latent_change(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    waves: tuple[str, str] | None = None,
    estimator: str = "MLR",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Does the predictor at one wave go before change of the outcome to the next?

        y2 = y1 + change,   change = m + g y1 + b x1 + covariates at the first wave + residual

    *Between*: people who differ in x1 are compared. b holds the outcome's first wave, but a stable difference between
    people that goes with both x1 and change is not held, as it is in a panel of three waves or more.

    panel       rows of at least two waves
    waves       names of the two waves; the first two that hold the outcome when None
    covariates  values at the first of the two waves (`varies: true`) or the first that was observed; numbers as z
                scores, taken as random like the scores; categories as dummies, taken as given
    returns     two rows. `beta_change`: b times SD(x1) over SD(y1), model-implied (delta method), with the first wave
                of the outcome held (the slope of residualised change). `d_change`: mean change over the SD of change,
                both model-implied, over all analysed people, without the categories. z tests; the model is just
                identified, so there is no fit
    missing     FIML: people with the outcome in one wave only, without the predictor or without a number among the
                covariates stay in; people without a category are lost
    raises      NotTestable: fewer than two waves, or the model is not admissible
    source      McArdle (2009), Annual Review of Psychology, 60, 577-605
    checked against R: lavaan; for complete rows lm(y2 - y1 ~ y1 + x1)

    >>> rng = np.random.default_rng(1)
    >>> x, y1 = rng.normal(size=(2, 300))
    >>> y2 = 0.6 * y1 - 0.3 * x + rng.normal(size=300) + 0.5
    >>> panel = pd.DataFrame({"participant": np.tile(np.arange(300), 2), "wave": ["w1"] * 300 + ["w2"] * 300,
    ...                       "wave_number": [1] * 300 + [2] * 300, "x": np.tile(x, 2), "y": np.concatenate([y1, y2])})
    >>> [(row.metric, round(row.estimate, 2)) for row in latent_change(panel, "y", "x")]
    [('beta_change', -0.42), ('d_change', 0.37)]
    """
    rows = panel if waves is None else panel[panel["wave"].isin(waves)]
    data = wide(rows, [outcome], 2)
    first, second = data.waves[:2]
    y1, y2 = data.columns[outcome][:2]
    pair = data.frame[[y1, y2]].dropna(how="all")
    frame, numbers, dummies = _frame(panel, rows[rows["wave"] == first], pair, predictor, covariates)
    cause = numbers[0]
    adjusted = _fit(frame, y1, y2, numbers, dummies, estimator)
    plain = _fit(frame, y1, y2, numbers, [], estimator) if dummies else adjusted
    place, bare = position(adjusted), position(plain)[CHANGE]

    def standardised(parameters: Mapping[str, float], state: State) -> float:
        variances = state.covariances.diagonal()
        return parameters[f"{CHANGE}~{cause}"] * np.sqrt(variances[place[cause]] / variances[place[y1]])

    def mean(_: Mapping[str, float], state: State) -> float:
        return state.means[bare] / np.sqrt(state.covariances[bare, bare])

    n_obs = int(frame[[y1, y2]].notna().to_numpy().sum())
    blank = Estimate(
        analysis=ANALYSIS, wave=f"{first} to {second}", outcome=outcome, n_people=adjusted.n, n_obs=n_obs,
        n_lost=int(rows["wave"].isin([first, second]).sum()) - n_obs, ci_level=ci_level, missing_rule=FIML,
        method=f"latent change, {estimator}, FIML",
    )  # fmt: skip
    return [
        replace(blank, term=term, metric=metric, **t_columns(*derived(model, {0: of})[0], math.inf, ci_level, alpha))
        for term, metric, model, of in (
            (f"{predictor} at {first}", "beta_change", adjusted, standardised),
            (f"change of {outcome}", "d_change", plain, mean),
        )
    ]


def _fit(
    frame: pd.DataFrame, y1: str, y2: str, numbers: Sequence[str], dummies: Sequence[str], estimator: str
) -> FactorModel:
    """Change on the first wave, numbers and dummies. Numbers are random; dummies stand at their sample moments, as
    the mean of a 0/1 variable settles its variance and a sandwich of both would be singular."""
    given = [y1, *numbers]
    rows = [Parameter(CHANGE, "=~", y2, fixed=1.0), Parameter(y2, "~", y1, fixed=1.0), Parameter(y2, "~1", fixed=0.0)]
    rows += [Parameter(CHANGE, "~1"), Parameter(CHANGE, "~~", CHANGE)]
    rows += [Parameter(CHANGE, "~", name) for name in (*given, *dummies)]
    rows += [Parameter(name, "~", dummy) for name in given for dummy in dummies]
    rows += [Parameter(a, "~~", b) for i, a in enumerate(given) for b in given[: i + 1]]
    if dummies:
        moments = np.atleast_2d(np.cov(frame[list(dummies)].to_numpy().T, ddof=0))
        rows += [
            Parameter(a, "~~", b, fixed=float(moments[i, j]))
            for i, a in enumerate(dummies)
            for j, b in enumerate(dummies[: i + 1])
        ]
        rows += [Parameter(name, "~1", fixed=float(frame[name].mean())) for name in dummies]
    return fit_wide(frame, [y1, y2, *numbers, *dummies], [CHANGE], rows, estimator)


def _frame(
    panel: pd.DataFrame, at_first: pd.DataFrame, pair: pd.DataFrame, predictor: str, covariates: Sequence[Covariate]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The outcome beside predictor and covariates of the first wave; names of numbers (predictor first) and dummies."""
    if predictor not in panel.columns or not at_first[predictor].notna().any():
        raise NotTestable(f"{predictor} was not asked at the first of the two waves")
    x = at_first.set_index("participant")[predictor].astype(float).reindex(pair.index).rename(f"{predictor}@1")
    parts: dict[str, list[pd.DataFrame]] = {"number": [], "category": []}
    for covariate in covariates:
        source = at_first if covariate.get("varies") else panel
        parts[covariate["type"]].append(constant_columns(source, pair.index, [covariate]))
    frame = pd.concat([pair, x, *parts["number"], *parts["category"]], axis=1)
    numbers, dummies = (list(pd.concat(parts[kind], axis=1)) if parts[kind] else [] for kind in parts)
    frame = frame.dropna(subset=dummies)
    return frame, [x.name, *numbers], independent_columns(frame[dummies])
