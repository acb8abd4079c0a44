"""Within-between models over three or more waves: what goes with a person's own ups and downs, apart from who they are.

No model here holds a lagged outcome.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import (
    Covariate,
    complete_cases,
    covariate_columns,
    independent_columns,
    varies,
    wave_contrasts,
    z_scores,
)
from rejsens.inference.estimates import NOT_TESTABLE, OK, Estimate, NotTestable, t_columns
from rejsens.inference.mixedlm_adapter import MixedFit, fit_mixed_model
from rejsens.inference.person_effects import person_fixed_effects
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF


@dataclass(frozen=True)
class Panel:
    """The analysed person-waves, with every time-varying column split into its within and between part."""

    y: np.ndarray  # outcome in pooled within-person SDs, mean 0
    columns: pd.DataFrame  # fixed effects of full rank, waves as bool; the predictor's are called WITHIN and BETWEEN
    person: np.ndarray
    sd_within: float  # of the outcome, in its own units
    sd_between: float  # SD of the outcome's person means, in its own units
    n_lost: int
    warnings: tuple[str, ...]
    time: np.ndarray  # wave numbers

    @property
    def n_people(self) -> int:
        return len(np.unique(self.person))


WITHIN, BETWEEN = "predictor_within", "predictor_between"


def within_person_sd(values: np.ndarray, person: np.ndarray) -> float:
    """Pooled within-person SD: sqrt(sum over person-waves of (x - person mean)^2 / (person-waves - people)).

    The square root of the mean square within people of a one-way analysis of variance. A person seen once adds nothing.
    Shifts of the whole sample between waves are not removed.

    >>> round(within_person_sd(np.array([1.0, 3.0, 10.0, 12.0, 5.0]), np.array([1, 1, 2, 2, 3])), 4)
    1.4142
    """
    df = len(values) - len(np.unique(person))
    return math.sqrt(float((_deviation(values, person) ** 2).sum()) / df) if df > 0 else math.nan


def _person_mean(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    codes = pd.factorize(np.asarray(person))[0]
    return (np.bincount(codes, values) / np.bincount(codes))[codes]


def _deviation(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    return values - _person_mean(values, person)


def prepare_panel(panel: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]) -> Panel:
    """Complete person-waves, split and scaled for `within_between`.

    Person means are taken over the analysed person-waves, so that each within part sums to zero within each person.

    raises    NotTestable: a column is absent, nobody or too few people have two waves, or outcome or predictor does not
              vary within people
    """
    rows = complete_cases(panel, outcome, predictor, covariates)
    person = rows["participant"].to_numpy()
    y, x = rows[outcome].to_numpy(float), rows[predictor].to_numpy(float)
    if not rows["participant"].duplicated().any():
        raise NotTestable(f"nobody has two complete waves ({len(rows)} complete person-waves)")
    for role, values in (("outcome", y), ("predictor", x)):
        if not varies(_deviation(values, person)):
            raise NotTestable(f"the {role} does not vary within people over the complete person-waves")

    parts, warnings = _covariate_parts(rows, covariates, person)
    means = _person_mean(x, person)
    sd_means = _sd_of_person_means(x, person)
    parts[BETWEEN] = (means - means.mean()) / sd_means if varies(means) else np.zeros_like(means)
    parts[WITHIN] = _deviation(x, person) / within_person_sd(x, person)
    columns = pd.DataFrame(parts, index=rows.index)
    kept = independent_columns(columns)
    if WITHIN not in kept:
        raise NotTestable("the predictor's within part is a linear combination of the covariates and waves")
    if len(kept) < columns.shape[1]:
        columns = columns[kept]
    _require_people(columns, person)
    sd_y = within_person_sd(y, person)
    return Panel(
        (y - y.mean()) / sd_y, columns, person, sd_y, _sd_of_person_means(y, person),
        len(panel) - len(rows), tuple(warnings), rows["wave_number"].to_numpy(float),
    )  # fmt: skip


def _covariate_parts(
    rows: pd.DataFrame, covariates: Sequence[Covariate], person: np.ndarray
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Wave contrasts, constant covariates, and both parts of every covariate that varies (dummies included)."""
    constant = covariate_columns(rows, [c for c in covariates if not c.get("varies")])
    varying = covariate_columns(rows, [c for c in covariates if c.get("varies")])
    parts = wave_contrasts(rows) | {name: constant[name].to_numpy() for name in constant}
    for name in varying:
        values = varying[name].to_numpy()
        parts[f"{name}_between"] = z_scores(_person_mean(values, person))
        parts[f"{name}_within"] = _deviation(values, person)
    flat = [name for name in constant if not varies(constant[name].to_numpy())]
    warnings = [f"{', '.join(flat)} does not vary and is left out"] if flat else []
    return parts, warnings


def _sd_of_person_means(values: np.ndarray, person: np.ndarray) -> float:
    return float(pd.Series(values).groupby(np.asarray(person)).mean().std(ddof=1))


def _require_people(columns: pd.DataFrame, person: np.ndarray) -> None:
    """Enough people for the columns that differ between them, enough repeated waves for those within them."""
    within = [name for name in columns if name.endswith("_within") or name.startswith("wave=")]
    n_people = len(np.unique(person))
    if n_people - 1 - (columns.shape[1] - len(within)) < MINIMUM_RESIDUAL_DF:
        raise NotTestable(f"{n_people} people are too few for {columns.shape[1]} coefficients")
    if len(person) - n_people - len(within) < MINIMUM_RESIDUAL_DF:
        raise NotTestable(f"{len(person) - n_people} repeated person-waves are too few for {len(within)} coefficients")


def within_between(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    random_slope: bool = False,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Concurrent within-person and between-person coefficient of the predictor in one linear mixed model.

        y_it = b0 + bW (x_it - xbar_i) + bB xbar_i + wave_t + covariates + u_0i (+ u_1i (x_it - xbar_i)) + e_it

    panel         one row per person-wave: participant, wave, wave_number and the variables
    covariates    dicts {name, type: number | category, varies: bool}; one that varies enters with a within and a
                  between part (categories: each dummy), a constant one as it is; waves are categorical contrasts
    random_slope  adds a random slope of the within predictor, correlated with the intercept; when that fit is not
                  admissible the random intercept alone is fitted and `status` says so
    returns       two rows (one when the predictor's person means do not differ):
                  `beta_within`: bW * SDw(x) / SDw(y), SDw the pooled within-person SD of the analysed person-waves
                  (`within_person_sd`); `beta_between`: bB * SD(xbar) / SD(ybar), SD (n - 1) over people of the person
                  means, which also hold within-person noise. The SDs are taken as known.
                  REML, Satterthwaite degrees of freedom, t test and interval. A fit that is singular or did not
                  converge gives rows without numbers, status "not testable" and the reason
    missing       complete person-waves, likelihood-based: unbiased when what is missing depends on observed outcomes of
                  analysed waves and on the covariates only. A person with one wave informs the between part
    raises        NotTestable, see `prepare_panel`
    checked against R: lmerTest::lmer

    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(np.arange(60), 4)
    >>> x = rng.normal(size=60)[person] + rng.normal(size=240)
    >>> panel = pd.DataFrame({"participant": person, "wave": list("abcd") * 60, "wave_number": [1, 2, 3, 4] * 60,
    ...                       "x": x, "y": 0.4 * x + rng.normal(size=60)[person] + rng.normal(size=240)})
    >>> within, between = within_between(panel, "y", "x")
    >>> within.term, within.metric, round(within.estimate, 2), between.metric, round(between.estimate, 2)
    ('x_within', 'beta_within', 0.49, 'beta_between', 0.4)
    """
    prepared = prepare_panel(panel, outcome, predictor, covariates)
    fit, status = _admissible_fit(prepared, random_slope)
    random = "random intercept and slope" if len(fit.random_sd) > 1 else "random intercept"
    blank = Estimate(
        analysis="within_between", wave="all", outcome=outcome, n_people=prepared.n_people, n_obs=len(prepared.y),
        n_lost=prepared.n_lost, method=f"mixed model, REML, {random}, Satterthwaite", status=status,
        warnings="; ".join(prepared.warnings), ci_level=ci_level,
    )  # fmt: skip
    to_between = prepared.sd_within / prepared.sd_between if prepared.sd_between > 0 else math.nan
    parts = [(WITHIN, "within", 1.0), (BETWEEN, "between", to_between)]
    rows = []
    for column, part, scale in parts:
        if column not in fit.estimate:
            continue
        row = replace(blank, term=f"{predictor}_{part}", metric=f"beta_{part}")
        if fit.problem:
            rows.append(replace(row, status=NOT_TESTABLE, reason=fit.problem))
        else:
            numbers: dict[str, Any] = t_columns(
                fit.estimate[column] * scale, fit.se[column] * scale, fit.df[column], ci_level, alpha
            )
            rows.append(replace(row, **numbers))
    return rows


def _admissible_fit(prepared: Panel, random_slope: bool) -> tuple[MixedFit, str]:
    """The declared model, or the random intercept alone when the random slope is not admissible; and the status."""
    if random_slope:
        fit = fit_mixed_model(prepared.y, prepared.columns, prepared.person, WITHIN)
        if not fit.problem:
            return fit, OK
    status = "random slope not admissible: random intercept only" if random_slope else OK
    return fit_mixed_model(prepared.y, prepared.columns, prepared.person), status


def fixed_effects(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> Estimate:
    """Companion of the within coefficient that trusts no variance structure: person fixed effects, clustered errors.

    panel, outcome, predictor, covariates   as for `within_between`; constant covariates drop out
    returns   one row, metric `beta_within`: all columns as deviations from person means, OLS, sandwich standard error
              clustered by person times sqrt(G / (G - 1)), t on G - 1 degrees of freedom, G people with at least two
              waves. Where residuals are correlated in time, or the slope differs between people and no random slope is
              declared, this standard error stays right and the mixed model's may be too small
    missing   complete person-waves of people with at least two
    raises    NotTestable, see `prepare_panel`
    source    Arellano (1987), doi 10.1111/j.1468-0084.1987.mp49004006.x
    checked against R's sandwich::vcovCL(type = "HC0", cadjust = TRUE) on deviations

    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(np.arange(60), 4)
    >>> panel = pd.DataFrame({"participant": person, "wave": list("abcd") * 60, "wave_number": [1, 2, 3, 4] * 60,
    ...                       "x": rng.normal(size=240), "y": rng.normal(size=240)})
    >>> row = fixed_effects(panel, "y", "x")
    >>> row.df, row.method
    (59.0, 'person fixed effects, person-clustered standard error')
    """
    prepared = prepare_panel(panel, outcome, predictor, covariates)
    others = [name for name in prepared.columns if name != WITHIN]
    fit = person_fixed_effects(prepared.y, prepared.columns[[*others, WITHIN]], prepared.person)
    return Estimate(
        **t_columns(fit.estimate, fit.se, fit.n_people - 1, ci_level, alpha),
        analysis="fixed_effects", wave="all", outcome=outcome, term=f"{predictor}_within", metric="beta_within",
        n_people=fit.n_people, n_obs=fit.n_obs, n_lost=len(panel) - fit.n_obs,
        method="person fixed effects, person-clustered standard error", warnings="; ".join(prepared.warnings),
    )  # fmt: skip
