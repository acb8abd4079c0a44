"""Recovery: how an outcome moves from wave to wave once exposure has dropped for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rejsens.inference.covariates import (
    Covariate,
    complete_cases,
    covariate_columns,
    independent_columns,
    require,
    varies,
    z_scores,
)
from rejsens.inference.estimates import NOT_TESTABLE, OK, Estimate, NotTestable, t_columns
from rejsens.inference.mixed import within_person_sd
from rejsens.inference.mixedlm_adapter import MixedFit, fit_mixed_model
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF

ANALYSIS = "piecewise_recovery"
MINIMUM_WAVES = 5
BEFORE, DROP, AFTER, TIME = "waves before", "from the drop on", "waves after", "time"


def first_drop(panel: pd.DataFrame, predictor: str) -> pd.Series:
    """The wave number at which each person's exposure first fell by a within-person SD or more.

    panel     one row per person-wave: participant, wave_number and the predictor
    returns   float64 by participant: number of the first wave t with x_t <= x_(t-1) - SDw, where x_(t-1) is the last
              answered wave before t and SDw the pooled within-person SD of all answered person-waves; missing for
              people without such a fall. The first, never the last: that a fall was the last one is known only from
              what came after it

    >>> panel = pd.DataFrame({"participant": ["a"] * 4 + ["b"] * 4, "wave_number": [1, 2, 3, 4] * 2,
    ...                       "x": [3.0, 3.0, 1.0, 0.0, 2.0, 2.5, 2.0, 2.5]})
    >>> first_drop(panel, "x").tolist()
    [3.0, nan]
    """
    require(panel, [predictor])
    rows = panel.dropna(subset=[predictor]).sort_values(["participant", "wave_number"], kind="stable")
    deviations = rows[predictor] - rows.groupby("participant")[predictor].transform("mean")
    if not varies(deviations.to_numpy(float)):
        raise NotTestable("the predictor does not vary within people")
    sd = within_person_sd(rows[predictor].to_numpy(float), rows["participant"].to_numpy())
    fell = rows.groupby("participant")[predictor].diff() <= -sd
    first = rows[fell].groupby("participant")["wave_number"].min().astype(float)
    return first.reindex(pd.unique(panel["participant"]))


def piecewise_recovery(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Piecewise growth around each person's first drop in exposure (H37).

        y_it = b0 + b1 min(t - d_i, 0) + b2 [t >= d_i] + b3 max(t - d_i, 0) + wave of the drop + covariates
               + u_0i + u_1i max(t - d_i, 0) + e_it,      d_i = `first_drop`

    *Within*: the pieces compare a person's waves with each other; the wave of the drop enters as a category, so that
    people who drop early and late may differ in level (*between*).

    panel       five or more waves that hold outcome and predictor
    covariates  as for `within_between`; the waves themselves are no covariate, as time is in the pieces
    returns     four rows, in pooled within-person SDs of the outcome over the analysed person-waves (taken as known):
                `slope_within` after the drop, per wave (b3, the hypothesis; above 0 is recovery where more of the
                outcome is better) and before it (b1); `slope_difference` b3 - b1, which a trend of the whole sample
                leaves as it is; `rise_within` b2, the step at the drop. The wave before the drop was chosen for its
                high exposure, so that b2 and the last wave of b1 hold a return to the usual; b3 rests on waves from
                the drop on. REML, Satterthwaite degrees of freedom, random slope of the waves after, without its
                correlation or without the slope where a fit needs that, and `status` says so
    missing     complete person-waves of people with a drop, likelihood-based; n_lost counts all others
    raises      NotTestable: fewer than five waves, too few people with a drop and two waves from it on
    checked against R: lmerTest::lmer

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(200, 6))
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(200), 6), "wave": list("abcdef") * 200,
    ...                       "wave_number": [1, 2, 3, 4, 5, 6] * 200, "x": x.ravel()})
    >>> since = (panel["wave_number"] - panel["participant"].map(first_drop(panel, "x"))).clip(lower=0).fillna(0)
    >>> panel["y"] = 0.3 * since + rng.normal(size=200).repeat(6) + rng.normal(size=1200)
    >>> after, before, *_ = piecewise_recovery(panel, "y", "x")
    >>> after.metric, round(after.estimate, 2), round(before.estimate, 2)
    ('slope_within', 0.28, 0.07)
    """
    pieces = pieces_of(panel, outcome, predictor, covariates)
    fit, status, random = fit_pieces(pieces)
    again = pieces.columns.rename(columns={BEFORE: TIME})
    again[TIME] = pieces.columns[BEFORE] + pieces.columns[AFTER]
    slope, correlated = (AFTER if "slope" in random else None), "uncorrelated" not in random
    difference = fit_mixed_model(pieces.y, again, pieces.person, slope, correlated=correlated)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=len(set(pieces.person)), n_obs=len(pieces.y),
        n_lost=len(panel) - len(pieces.y), ci_level=ci_level, status=status,
        method=f"piecewise growth after the first drop, mixed model, REML, {random}, Satterthwaite",
    )  # fmt: skip
    rows = [
        (f"waves after first drop of {predictor}", "slope_within", fit, AFTER),
        (f"waves before first drop of {predictor}", "slope_within", fit, BEFORE),
        (f"waves after - before first drop of {predictor}", "slope_difference", difference, AFTER),
        (f"at first drop of {predictor}", "rise_within", fit, DROP),
    ]
    return [
        _row(replace(blank, term=term, metric=metric), found, column, alpha) for term, metric, found, column in rows
    ]


@dataclass(frozen=True)
class Pieces:
    y: np.ndarray  # in pooled within-person SDs
    columns: pd.DataFrame
    person: np.ndarray
    time: np.ndarray  # wave numbers


def pieces_of(panel: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]) -> Pieces:
    both = panel.dropna(subset=[outcome, predictor]) if {outcome, predictor} <= set(panel) else panel
    require(panel, [outcome, predictor])
    if (n_waves := both["wave"].nunique()) < MINIMUM_WAVES:
        raise NotTestable(f"waves that hold outcome and predictor: {n_waves}; recovery needs {MINIMUM_WAVES}")
    at = panel["participant"].map(first_drop(panel, predictor))
    rows = complete_cases(panel.assign(**{DROP: at}).dropna(subset=[DROP]), outcome, DROP, covariates)
    if rows.empty:
        raise NotTestable(f"nobody has a drop in {predictor} and complete waves")
    since, person = (rows["wave_number"] - rows[DROP]).to_numpy(float), rows["participant"].to_numpy()
    columns = _covariates(rows, covariates, person)
    columns[DROP], columns[AFTER], columns[BEFORE] = (since >= 0) * 1.0, np.maximum(since, 0), np.minimum(since, 0)
    columns = columns[[BEFORE, DROP, AFTER, *columns.columns.drop([BEFORE, DROP, AFTER])]]
    kept = independent_columns(columns)
    followed = int((rows[since >= 0].groupby("participant").size() > 1).sum())
    if followed - len(kept) < MINIMUM_RESIDUAL_DF:
        raise NotTestable(
            f"{followed} people have a drop in {predictor} and two waves from it on, too few for this model"
        )
    if not {BEFORE, DROP, AFTER} <= set(kept):
        raise NotTestable("the waves before and after the drop cannot be told from each other and the covariates")
    y = rows[outcome].to_numpy(float)
    if not varies(y - pd.Series(y).groupby(person).transform("mean").to_numpy()):
        raise NotTestable("the outcome does not vary within people")
    time = rows["wave_number"].to_numpy(float)
    return Pieces((y - y.mean()) / within_person_sd(y, person), columns[kept], person, time)


def _covariates(rows: pd.DataFrame, covariates: Sequence[Covariate], person: np.ndarray) -> pd.DataFrame:
    """The wave of the drop as a category, constant covariates, both parts of those that vary."""
    constant = [covariate for covariate in covariates if not covariate.get("varies")]
    columns = covariate_columns(rows, [{"name": DROP, "type": "category"}, *constant])
    varying = covariate_columns(rows, [covariate for covariate in covariates if covariate.get("varies")])
    means = varying.groupby(person).transform("mean")
    for name in varying:
        columns[f"{name}_between"], columns[f"{name}_within"] = (
            z_scores(means[name].to_numpy()),
            varying[name] - means[name],
        )
    return columns


def fit_pieces(pieces: Pieces) -> tuple[MixedFit, str, str]:
    """The richest admissible random part: fit, status, its name."""
    fit = fit_mixed_model(pieces.y, pieces.columns, pieces.person, AFTER)
    if not fit.problem:
        return fit, OK, "random intercept and slope"
    fit = fit_mixed_model(pieces.y, pieces.columns, pieces.person, AFTER, correlated=False)
    if not fit.problem:
        return (
            fit,
            "random slope kept without its correlation with the intercept",
            "uncorrelated random intercept and slope",
        )
    fit = fit_mixed_model(pieces.y, pieces.columns, pieces.person)
    return fit, "random slope not admissible: random intercept only", "random intercept"


def _row(blank: Estimate, fit: MixedFit, column: str, alpha: float) -> Estimate:
    if fit.problem:
        return replace(blank, status=NOT_TESTABLE, reason=fit.problem)
    return replace(blank, **t_columns(fit.estimate[column], fit.se[column], fit.df[column], blank.ci_level, alpha))
