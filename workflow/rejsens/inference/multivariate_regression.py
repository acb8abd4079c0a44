"""Is one association larger than another? Contrasts of standardised coefficients between outcomes or predictors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate, absent_sources, require, varies, z_scores
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.least_squares import (
    Fit,
    People,
    analysed_people,
    combination,
    fit_least_squares,
    joint_row,
)
from rejsens.inference.verdicts import adjust

METHOD = "OLS, HC3"


def outcome_contrast(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    other_outcome: str,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Does the predictor go with one outcome more than with another? Two outcomes, one set of predictors.

    frame, covariates   as for `cross_sectional`; both outcomes are z scores of the same complete cases
    returns     three rows. First the contrast, term `predictor: outcome - other_outcome`, metric `beta_difference`:
                beta(outcome) - beta(other). With the same predictors in both equations the multivariate (seemingly
                unrelated) regression is OLS equation by equation, and its Wald contrast with the HC3 covariance of both
                equations is the coefficient of the difference of the two standardised outcomes. Then the two betas
    missing     complete cases on both outcomes; raises NotTestable, see `analysed_people`
    source      Zellner (1962), Journal of the American Statistical Association, 57, 348-368
    checked against R's lm(cbind()) and sandwich::vcovHC of the multivariate fit

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> frame = pd.DataFrame({"x": x, "a": 0.5 * x + rng.normal(size=200), "b": rng.normal(size=200)})
    >>> [row.term for row in outcome_contrast(frame, "a", "x", other_outcome="b")]
    ['x: a - b', 'x', 'x']
    """
    people = analysed_people(frame, [outcome, other_outcome], [predictor], covariates)
    first, second = (z_scores(people.rows[name].to_numpy(float)) for name in (outcome, other_outcome))
    if not varies(first - second):
        raise NotTestable(f"{outcome} and {other_outcome} are the same up to their units")
    common: dict[str, Any] = {"analysis": "outcome_contrast", "wave": wave, **people.columns()}
    rows: list[tuple[dict[str, Any], np.ndarray]] = [
        ({"outcome": outcome, "term": f"{predictor}: {outcome} - {other_outcome}", "metric": "beta_difference",
          "method": "multivariate regression, HC3, Wald contrast"}, first - second),
        ({"outcome": outcome, "term": predictor, "metric": "beta", "method": METHOD}, first),
        ({"outcome": other_outcome, "term": predictor, "metric": "beta", "method": METHOD}, second),
    ]  # fmt: skip
    return [
        Estimate(**common, **own, **combination(fit_least_squares(y, people.matrix), {predictor: 1.0}, ci_level, alpha))
        for own, y in rows
    ]


def predictor_contrasts(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    other_predictors: Sequence[str],
    absent: Mapping[str, str] | None = None,
    common_scale: bool = False,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Do two or more predictors of one model differ in their association with the outcome?

    frame         one row per person
    other_predictors  one or more numeric columns that stand in one model with `predictor`
    absent        predictor -> 0/1 column that is 1 where there is no such source (no partner, no coworker): the
                  predictor is then 0 there, whatever the cell holds, and the indicator enters the model, so that its
                  coefficient is the slope among those who have the source and nobody is lost
    common_scale  one SD for all predictors, the root mean of their variances, for answers on one response scale; else
                  each its own. SDs are of those who have the source
    returns       with two predictors: the contrast first (term `a - b`, metric `beta_difference`), then the betas; with
                  more: the joint Wald F test of equality first (metric `wald_f`, term `a = b = c`), then the betas,
                  then every pair with Holm's `p_adjusted` over the pairs. OLS, HC3, t tests
    missing       complete cases; raises NotTestable, see `analysed_people`
    checked against R's lm, sandwich::vcovHC(type = "HC3"), p.adjust

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    >>> frame["y"] = 0.5 * frame["a"] + rng.normal(size=200)
    >>> [row.term for row in predictor_contrasts(frame, "y", "a", other_predictors=["b"])]
    ['a - b', 'a', 'b']
    >>> [row.term for row in predictor_contrasts(frame, "y", "a", other_predictors=["b", "c"])]
    ['a = b = c', 'a', 'b', 'c', 'a - b', 'a - c', 'b - c']
    """
    predictors = [predictor, *other_predictors]
    if len(set(predictors)) < max(2, len(predictors)):
        raise NotTestable("a contrast needs predictors that differ")
    people = _sources(frame, outcome, predictors, covariates, absent or {}, common_scale)
    fit = fit_least_squares(z_scores(people.rows[outcome].to_numpy(float)), people.matrix)
    common: dict[str, Any] = {"analysis": "predictor_contrast", "wave": wave, "outcome": outcome, **people.columns()}
    betas = [
        Estimate(**common, term=name, metric="beta", method=METHOD, **combination(fit, {name: 1.0}, ci_level, alpha))
        for name in predictors
    ]
    pairs = [_pair(fit, a, b, common, ci_level, alpha) for a, b in itertools.combinations(predictors, 2)]
    if len(pairs) == 1:
        return [*pairs, *betas]
    holm = adjust([row.p for row in pairs], "holm")
    pairs = [replace(row, p_adjusted=float(p)) for row, p in zip(pairs, holm, strict=True)]
    contrasts = [{predictors[0]: 1.0, other: -1.0} for other in predictors[1:]]
    return [joint_row(fit, contrasts, term=" = ".join(predictors), **common), *betas, *pairs]


def with_absent_sources(frame: pd.DataFrame, sources: Sequence[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Columns that say which sources people do not have, and their names as `absent` of `predictor_contrasts`.

    frame     one row per person; which sources are absent is told by `absent_sources`
    returns   the frame with a 0/1 column for each source that somebody lacks, and source -> that column

    >>> frame = pd.DataFrame({"work": [1.0, np.nan, np.nan], "partner": [2.0, 3.0, np.nan]})
    >>> found, absent = with_absent_sources(frame, ["work", "partner"])
    >>> absent["work"], found["no work"].tolist()
    ('no work', [0.0, 1.0, 0.0])
    """
    require(frame, sources)
    absent = absent_sources(frame, sources)
    lacking = {name: f"no {name}" for name in sources if absent[name].any()}
    return frame.assign(**{no: absent[name].astype(float) for name, no in lacking.items()}), lacking


def _pair(fit: Fit, a: str, b: str, common: Mapping[str, Any], ci_level: float, alpha: float) -> Estimate:
    return Estimate(
        **common, term=f"{a} - {b}", metric="beta_difference", method=f"{METHOD}, Wald contrast",
        **combination(fit, {a: 1.0, b: -1.0}, ci_level, alpha),
    )  # fmt: skip


def _sources(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    covariates: Sequence[Covariate],
    absent: Mapping[str, str],
    common_scale: bool,
) -> People:
    """The analysed people with scaled predictors; an absent source is zero, with its indicator beside it."""
    require(frame, [*predictors, *absent.values()])
    frame = frame.copy()
    for name, indicator in absent.items():
        frame[name] = frame[name].mask(frame[indicator] == 1, 0.0)

    def scaled(rows: pd.DataFrame) -> dict[str, np.ndarray]:
        here = {name: _present(rows, name, absent) for name in predictors}
        values = {name: rows[name].to_numpy(float) for name in predictors}
        variances = {name: values[name][here[name]].var(ddof=1) for name in predictors}
        mean = np.mean(list(variances.values()))
        columns = {}
        for name in predictors:
            sd = np.sqrt(mean if common_scale else variances[name])
            centre = values[name][here[name]].mean()
            columns[name] = np.where(here[name], (values[name] - centre) / sd, 0.0)
        return columns

    def indicators(rows: pd.DataFrame) -> dict[str, np.ndarray]:
        return {f"no {name}": 1.0 - _present(rows, name, absent) for name in absent}

    return analysed_people(frame, [outcome], predictors, covariates, interest=scaled, beside=indicators)


def _present(rows: pd.DataFrame, name: str, absent: Mapping[str, str]) -> np.ndarray:
    here = (rows[absent[name]] != 1).to_numpy() if name in absent else np.ones(len(rows), bool)
    if here.sum() < 2 or not varies(rows.loc[here, name].to_numpy(float)):
        raise NotTestable(f"{name} does not vary among those who have this source")
    return here
