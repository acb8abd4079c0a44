"""Do two within-person coefficients differ? Of two predictors on one outcome, or of one predictor on two outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate, absent_sources, require
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable, t_columns
from rejsens.inference.mixed import WITHIN, Panel, prepare_panel, within_between, within_person_sd
from rejsens.inference.mixed_blocks import blocks_of
from rejsens.inference.mixedlm_adapter import fit_mixed_model
from rejsens.inference.verdicts import adjust

ANALYSIS = "within_contrast"
METHOD = "mixed model, REML, random intercept, person-clustered errors"
ABSENT = "no_"  # leads the name of the column that says that a source is absent


def contrast_of_outcomes(
    panel: pd.DataFrame,
    outcome: str,
    other: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    random_slope: bool = False,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Does the predictor go together with one outcome more than with another, within people (H7)?

    outcome, other   two scores of the same person-waves; each is divided by its pooled within-person SD over the
                     analysed person-waves, so that their units agree
    returns          three rows. `beta_difference`: the within coefficient of the difference of the two outcomes, which
                     is bW(outcome) - bW(other) in within-person SDs, with the covariance of the two outcomes taken into
                     account because the difference itself is modelled (the Wald test of a multivariate model with the
                     same predictors for both). Then `beta_within` of each outcome on the same person-waves.
                     REML, Satterthwaite degrees of freedom; covariates and random slope as in `within_between`
    missing          person-waves with both outcomes, predictor and covariates, likelihood-based
    raises           NotTestable, see `prepare_panel`
    checked against R: lmerTest::lmer on the difference

    >>> rng = np.random.default_rng(1)
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(80), 4), "wave": list("abcd") * 80,
    ...                       "wave_number": [1, 2, 3, 4] * 80, "x": rng.normal(size=320)})
    >>> panel["emotional"] = 0.5 * panel["x"] + rng.normal(size=80).repeat(4) + rng.normal(size=320)
    >>> panel["social"] = 0.1 * panel["x"] + rng.normal(size=80).repeat(4) + rng.normal(size=320)
    >>> [round(row.estimate, 2) for row in contrast_of_outcomes(panel, "emotional", "social", "x")]
    [0.37, 0.48, 0.11]
    """
    rows, name, sd = with_difference(panel, outcome, other, predictor, covariates)
    found = []
    for which, scale in ((name, sd), (outcome, 1.0), (other, 1.0)):
        options: dict[str, Any] = {"random_slope": random_slope, "ci_level": ci_level, "alpha": alpha}
        row = within_between(rows, which, predictor, covariates, **options)[0]
        found.append(replace(_rescaled(row, scale), analysis=ANALYSIS, n_lost=len(panel) - row.n_obs))
    return [replace(found[0], metric="beta_difference"), *found[1:]]


def with_difference(
    panel: pd.DataFrame, outcome: str, other: str, predictor: str, covariates: Sequence[Covariate]
) -> tuple[pd.DataFrame, str, float]:
    """Complete person-waves with both outcomes in within-person SDs and their difference; its name and within-person SD."""
    names = [outcome, other, predictor, *(covariate["name"] for covariate in covariates)]
    require(panel, names)
    rows = panel.dropna(subset=names).reset_index(drop=True)
    person = rows["participant"].to_numpy()
    scaled = {name: rows[name] / _spread(rows[name].to_numpy(float), person, name) for name in (outcome, other)}
    rows = rows.assign(**scaled)
    name = f"{outcome} - {other}"
    rows[name] = rows[outcome] - rows[other]
    return rows, name, _spread(rows[name].to_numpy(), person, name)


def contrast_of_predictors(
    panel: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    covariates: Sequence[Covariate] = (),
    *,
    absent_is_zero: bool = False,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Do two or more predictors in one model have different within-person coefficients (H20, H42)?

    predictors      two or more scores, each split into its within and between part; all are in the model together
    absent_is_zero  for sources (H42): one that is absent (`absent_sources`) counts as zero, and a column that says so is
                    a covariate with both parts. The person-wave is not lost
    returns         `beta_difference`, one row for each pair, first minus second, each coefficient in pooled
                    within-person SDs of its own predictor and of the outcome (so that the question is which one goes
                    with more for a usual change of its own); with three or more predictors first one row `wald_f`, the
                    test that all q + 1 coefficients are equal: W (G - q) / ((G - 1) q) against F with q and G - q
                    degrees of freedom (Hotelling's, as W is of clustered errors), no estimate; q stands in the method,
                    G - q in df. Then `beta_within` of each predictor. p of pairs is raw, p_adjusted is Holm's over the
                    pairs. REML with a random intercept; people may differ in each slope, so that errors are clustered
                    by person (`Blocks.clustered`), t on G - 1 degrees of freedom, G people with two person-waves
    missing         complete person-waves, likelihood-based
    raises          NotTestable: fewer than two predictors, one is a combination of the others, and see `prepare_panel`
    checked against R: lme4::lmer, each person left out with the variances held (tests/reference/panel.R)

    >>> rng = np.random.default_rng(1)
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(80), 4), "wave": list("abcd") * 80,
    ...                       "wave_number": [1, 2, 3, 4] * 80, "hot_cold": rng.normal(size=320),
    ...                       "cold": rng.normal(size=320)})
    >>> panel["y"] = 0.5 * panel["hot_cold"] + 0.1 * panel["cold"] + rng.normal(size=80).repeat(4)
    >>> panel["y"] += rng.normal(size=320)
    >>> difference, first, second = contrast_of_predictors(panel, "y", ["hot_cold", "cold"])
    >>> difference.term, [round(row.estimate, 2) for row in (difference, first, second)]
    ('hot_cold_within - cold_within', [0.39, 0.46, 0.08])
    """
    predictors = list(predictors)
    prepared, columns = prepare_contrast(panel, outcome, predictors, covariates, absent_is_zero)
    fit = fit_mixed_model(prepared.y, columns, prepared.person)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=prepared.n_people, n_obs=len(prepared.y),
        n_lost=prepared.n_lost, method=METHOD, ci_level=ci_level, warnings="; ".join(prepared.warnings),
    )  # fmt: skip
    labels = [f"{name}_within" for name in predictors]
    pairs = list(combinations(labels, 2))
    rows = [replace(blank, term=" - ".join(pair), metric="beta_difference") for pair in pairs]
    rows += [replace(blank, term=label, metric="beta_within") for label in labels]
    equal = [replace(blank, term=" = ".join(labels), metric="wald_f")] if len(labels) > 2 else []
    if fit.problem:
        return [replace(row, status=NOT_TESTABLE, reason=fit.problem) for row in [*equal, *rows]]
    blocks = blocks_of(fit, prepared.y, columns, prepared.person)
    places = [blocks.names.index(label) for label in labels]
    b, covariance, df = blocks.coefficients[places], blocks.clustered()[np.ix_(places, places)], blocks.clustered_df
    one = dict(zip(labels, np.eye(len(labels)), strict=True))
    weights = [*(one[first] - one[second] for first, second in pairs), *one.values()]
    filled = [
        replace(row, **t_columns(float(w @ b), float(np.sqrt(w @ covariance @ w)), df, ci_level, alpha))
        for row, w in zip(rows, weights, strict=True)
    ]
    holm = adjust([row.p for row in filled[: len(pairs)]], "holm")
    filled[: len(pairs)] = [replace(row, p_adjusted=float(p)) for row, p in zip(filled, holm, strict=False)]
    return [*(_equality(row, b, covariance, df + 1) for row in equal), *filled]


def prepare_contrast(
    panel: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    covariates: Sequence[Covariate],
    absent_is_zero: bool = False,
) -> tuple[Panel, pd.DataFrame]:
    """The prepared panel, and its columns with the within part of each predictor as `{name}_within`."""
    if len(set(predictors)) < 2:
        raise NotTestable("a contrast of predictors needs two of them")
    if absent_is_zero:
        panel, covariates = _absent_as_zero(panel, predictors, covariates)
    others = [{"name": name, "type": "number", "varies": True} for name in predictors[1:]]
    prepared = prepare_panel(panel, outcome, predictors[0], [*covariates, *others])
    return prepared, _in_within_units(prepared, predictors)


def _absent_as_zero(
    panel: pd.DataFrame, predictors: Sequence[str], covariates: Sequence[Covariate]
) -> tuple[pd.DataFrame, list[Covariate]]:
    """Zero for an absent source, and an indicator of each as a covariate that varies."""
    require(panel, predictors)
    absent = absent_sources(panel, predictors)
    indicators = {ABSENT + name: absent[name].astype(float) for name in predictors if absent[name].any()}
    filled = panel.assign(**{name: panel[name].mask(absent[name], 0.0) for name in predictors}, **indicators)
    return filled, [*covariates, *({"name": name, "type": "number", "varies": True} for name in indicators)]


def _spread(values: np.ndarray, person: np.ndarray, name: str) -> float:
    sd = within_person_sd(values, person)
    if not sd > 0:
        raise NotTestable(f"{name} does not vary within people over the complete person-waves")
    return sd


def _rescaled(row: Estimate, scale: float) -> Estimate:
    """The row's coefficient and everything in its units times `scale`."""
    units = ("estimate", "se", "ci_low", "ci_high", "ci90_low", "ci90_high", "smallest_detectable")
    return replace(row, **{name: getattr(row, name) * scale for name in units})


def _in_within_units(prepared: Panel, predictors: Sequence[str]) -> pd.DataFrame:
    """The prepared columns with the within part of every predictor under its own name, in its within-person SD."""
    columns = prepared.columns.rename(columns={WITHIN: f"{predictors[0]}_within"})
    for name in predictors:
        label = f"{name}_within"
        if label not in columns:
            raise NotTestable(f"{name} does not vary within people or is a linear combination of the other columns")
        columns[label] = columns[label] / within_person_sd(columns[label].to_numpy(), prepared.person)
    return columns


def _equality(row: Estimate, b: np.ndarray, covariance: np.ndarray, people: int) -> Estimate:
    """F test that all coefficients are equal, by the first less each of the others."""
    q = len(b) - 1
    from_first = np.column_stack([np.ones(q), -np.eye(q)])
    difference = from_first @ b
    wald = float(difference @ np.linalg.solve(from_first @ covariance @ from_first.T, difference))
    f, df = wald * (people - q) / ((people - 1) * q), float(people - q)
    return replace(
        row, statistic=f, df=df, p=float(stats.f.sf(f, q, df)), method=f"{row.method}, F with {q} numerator df"
    )
