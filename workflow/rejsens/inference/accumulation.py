"""Accumulation against recency: exposure up to the last wave, over and above exposure now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from rejsens.inference.covariates import Covariate, require
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.within_contrasts import contrast_of_predictors

ANALYSIS = "cumulative_exposure"
BEFORE = "_before"


def exposure_before(panel: pd.DataFrame, predictor: str) -> pd.Series:
    """Mean of the predictor over the person's earlier waves, for each row; missing where none was answered.

    panel    one row per person-wave: participant, wave_number and the predictor, in any order
    returns  float64 in the panel's order: mean of x over the waves with a smaller number, missing ones skipped

    >>> panel = pd.DataFrame({"participant": ["a"] * 3, "wave_number": [1, 2, 3], "x": [1.0, 3.0, 9.0]})
    >>> exposure_before(panel, "x").tolist()
    [nan, 1.0, 2.0]
    """
    require(panel, [predictor])
    ordered = panel.sort_values(["participant", "wave_number"], kind="stable")
    values, people = ordered[predictor].astype(float), ordered["participant"]
    total = values.fillna(0.0).groupby(people).cumsum() - values.fillna(0.0)
    count = values.notna().astype(float).groupby(people).cumsum() - values.notna()
    return (total / count.where(count > 0)).reindex(panel.index)


def cumulative_exposure(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Does exposure over the earlier waves go with the outcome over and above exposure now (H15)?

        y_it = b0 + bC c_it + bN x_it + person means of both + wave + covariates + u_0i + e_it
        c_it = mean of x_i1 .. x_i,t-1,  both split into within and between parts over the analysed person-waves

    panel       three or more waves; the first wave of each person has no earlier one and serves only to make c
    returns     three rows: `beta_within` of the exposure before (the hypothesis), `beta_within` of the exposure now,
                and their difference `beta_difference`; each in pooled within-person SDs of its own predictor and of the
                outcome. c moves less and less from wave to wave, so that its SD is smaller than that of x
                REML, random intercept, person-clustered errors as in `contrast_of_predictors`. The outcome of an earlier
                wave is not in the model (no mixed model here holds one)
    assumes     exposure is not itself moved by earlier outcomes. Where it is (H28), deviations of c from its person
                mean are tied to earlier residuals and bC is biased towards that path; the cross-lagged panel stands
                beside it
    missing     complete person-waves, likelihood-based; a missing earlier wave is skipped in c
    raises      NotTestable: fewer than two waves with an earlier exposure, and see `prepare_panel`
    checked against R: lme4::lmer, each person left out with the variances held (tests/reference/panel.R)

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(150), 5), "wave": list("abcde") * 150,
    ...                       "wave_number": [1, 2, 3, 4, 5] * 150, "x": rng.normal(size=750)})
    >>> panel["y"] = -0.6 * exposure_before(panel, "x").fillna(0) + rng.normal(size=150).repeat(5)
    >>> panel["y"] += rng.normal(size=750)
    >>> [round(row.estimate, 2) for row in cumulative_exposure(panel, "y", "x")]
    [-0.23, 0.03, -0.26]
    """
    before, later = with_exposure_before(panel, outcome, predictor)
    rows = contrast_of_predictors(
        later, outcome, [before, predictor], covariates, ci_level=ci_level, alpha=alpha
    )  # fmt: skip
    difference, first, second = (replace(row, analysis=ANALYSIS) for row in rows)
    return [first, second, difference]


def with_exposure_before(panel: pd.DataFrame, outcome: str, predictor: str) -> tuple[str, pd.DataFrame]:
    """Name of the column of exposure so far, and the waves from the second on with it; NotTestable with one such wave."""
    before = predictor + BEFORE
    later = panel.assign(**{before: exposure_before(panel, predictor)})
    numbers = later.dropna(subset=[outcome, predictor, before])["wave_number"] if outcome in later else ()
    require(panel, [outcome])
    if len(set(numbers)) < 2:
        raise NotTestable("fewer than two waves have the outcome and an earlier wave of the predictor")
    return before, later[later["wave_number"] > panel["wave_number"].min()].reset_index(drop=True)
