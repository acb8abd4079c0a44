"""Trajectories over five or more waves: gradual or at once, alike for all or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.mixed import within_person_sd
from rejsens.inference.mixedlm_adapter import fit_mixed_model
from rejsens.inference.wide_panel import FIML, Wide, derived, fit_row, fit_wide, position, wide
from rejsens.psychometrics.engine.moments import State
from rejsens.psychometrics.engine.table import Parameter
from rejsens.psychometrics.factor_model import FactorModel

ANALYSIS, LEVEL, SLOPE = "latent_growth", "level", "slope"
MINIMUM_WAVES = 5


def latent_growth(
    panel: pd.DataFrame, outcome: str, *, estimator: str = "MLR", ci_level: float = 0.95, alpha: float = 0.05
) -> list[Estimate]:
    """Latent growth of one score: linear against a step, and whether people differ in their slopes (H38).

        y_it = level_i + slope_i * time_t + e_it,   time_t = wave number - number of the first wave,   var(e) constant

    The mean slope is how the sample moves; the slopes' variance is how people differ in how they move. Neither says
    what moved them, and a change of the whole sample between two waves is in the slope like everything else.

    panel       five or more waves that hold the outcome
    returns     `slope_within`   mean slope per wave in pooled within-person SDs of the outcome (taken as known), z test
                `sd_slope`       SD of the slopes in the same units; statistic and p: likelihood ratio (REML) of a
                                 random slope with its covariance against none, with the null of an even mixture of
                                 chi-square on 1 and 2 degrees of freedom, as a variance cannot be negative (Stram &
                                 Lee, 1994, Biometrics, 50, 1171-1177)
                `r`              correlation of level and slope
                `aic_difference` AIC of the best step minus AIC of the line: above 0 the line is nearer. A step model
                                 has level_i and a rise_i from one wave on; its wave is the one of highest likelihood
                                 among all, which counts as one more parameter. Description, no test: the two are not
                                 nested, and a search for a break has no chi-square null
                `chi2`           fit of the line
    missing     FIML (the likelihood ratio: all answered person-waves, which is the same assumption)
    raises      NotTestable: fewer than five waves, or the linear model is not admissible (a slope variance below 0)
    checked against R: lavaan; lme4 for the likelihood ratio

    >>> rng = np.random.default_rng(1)
    >>> values = rng.normal(size=(200, 1)) + np.arange(5) * (0.2 + 0.3 * rng.normal(size=(200, 1)))
    >>> values += rng.normal(size=(200, 5))
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(200), 5), "wave": list("abcde") * 200,
    ...                       "wave_number": [1, 2, 3, 4, 5] * 200, "y": values.ravel()})
    >>> [(row.metric, round(row.estimate, 2)) for row in latent_growth(panel, "y")][:2]
    [('slope_within', 0.15), ('sd_slope', 0.24)]
    """
    data = wide(panel, [outcome], MINIMUM_WAVES)
    times = np.array(data.numbers, dtype=float) - data.numbers[0]
    long = panel[panel["wave"].isin(data.waves)].dropna(subset=[outcome])
    y, person = long[outcome].to_numpy(float), long["participant"].to_numpy()
    unit = within_person_sd(y, person)
    line = _fit(data, outcome, times, estimator)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=line.n, n_obs=data.n_obs, n_lost=data.n_lost,
        ci_level=ci_level, missing_rule=FIML, method=f"latent growth, {len(times)} waves, {estimator}, FIML",
    )  # fmt: skip
    place = position(line)
    i, j = place[LEVEL], place[SLOPE]

    def correlation(_: Mapping[str, float], state: State) -> float:
        return state.covariances[i, j] / np.sqrt(state.covariances[i, i] * state.covariances[j, j])

    wanted = {
        (f"slope of {outcome}", "slope_within"): lambda _, state: state.means[j] / unit,
        (f"SD of slopes of {outcome}", "sd_slope"): lambda _, state: np.sqrt(state.covariances[j, j]) / unit,
        ("level with slope", "r"): correlation,
    }  # fmt: skip
    rows = [
        replace(blank, term=term, metric=metric, **t_columns(*found, math.inf, ci_level, alpha))
        for (term, metric), found in derived(line, wanted).items()
    ]
    ratio, p = slope_variance_test(y, long["wave_number"].to_numpy(float), person)
    rows[1] = replace(rows[1], statistic=ratio, p=p)
    return [*rows, *_against_step(blank, data, outcome, line, estimator), *fit_row(blank, line)]


def slope_variance_test(y: np.ndarray, time: np.ndarray, person: np.ndarray) -> tuple[float, float]:
    """Likelihood ratio of a random slope of time against a random intercept alone, REML, and its mixture p.

    y, time, person   (n,) answered person-waves
    returns           2 (logL1 - logL0), never below 0; p = (P(chi2_1 > LR) + P(chi2_2 > LR)) / 2
    checked against R: lme4::lmer

    >>> rng = np.random.default_rng(1)
    >>> time, person = np.tile(np.arange(5.0), 100), np.repeat(np.arange(100), 5)
    >>> y = rng.normal(size=100)[person] + 0.4 * rng.normal(size=100)[person] * time + rng.normal(size=500)
    >>> ratio, p = slope_variance_test(y, time, person)
    >>> ratio > 10, p < 0.001
    (True, True)
    """
    column = pd.DataFrame({"time": time - time.min()})
    with_slope, without = (fit_mixed_model(y, column, person, slope) for slope in ("time", None))
    if not (with_slope.converged and without.converged):
        raise NotTestable("the mixed model did not converge")
    ratio = max(2 * (with_slope.loglik - without.loglik), 0.0)
    return ratio, float((stats.chi2.sf(ratio, 1) + stats.chi2.sf(ratio, 2)) / 2)


def _fit(data: Wide, outcome: str, scores: Sequence[float] | np.ndarray, estimator: str) -> FactorModel:
    """Level and a second factor with the given scores on the waves; one residual variance; means in the factors."""
    y = data.columns[outcome]
    rows = [Parameter(LEVEL, "=~", column, fixed=1.0) for column in y]
    rows += [Parameter(SLOPE, "=~", column, fixed=float(score)) for column, score in zip(y, scores, strict=True)]
    rows += [Parameter(column, "~1", fixed=0.0) for column in y]
    variance = float(np.nanmean(np.nanvar(data.frame[list(y)], axis=0)))
    rows += [Parameter(column, "~~", column, label="noise", start=variance / 2) for column in y]
    rise = variance / (2 * max(np.max(scores) ** 2, 1.0))
    rows += [Parameter(LEVEL, "~~", LEVEL, start=variance / 2), Parameter(SLOPE, "~~", SLOPE, start=rise)]
    rows += [Parameter(LEVEL, "~~", SLOPE, start=0.0), Parameter(SLOPE, "~1", start=0.0)]
    rows += [Parameter(LEVEL, "~1", start=float(np.nanmean(data.frame[list(y)])))]
    return fit_wide(data.frame, y, [LEVEL, SLOPE], rows, estimator)


def _against_step(blank: Estimate, data: Wide, outcome: str, line: FactorModel, estimator: str) -> list[Estimate]:
    """AIC of the best step minus AIC of the line; no row where no step is admissible."""
    found = {}
    for k in range(1, len(data.waves)):
        try:
            step = _fit(data, outcome, [0.0] * k + [1.0] * (len(data.waves) - k), estimator)
        except NotTestable:
            continue
        found[k] = step.fit.aic + 2  # the wave of the step was searched for
    if not found:
        return []
    best = min(found, key=found.__getitem__)
    skipped = len(data.waves) - 1 - len(found)
    warnings = [blank.warnings, f"{skipped} steps not admissible" if skipped else ""]
    return [
        replace(
            blank, term=f"step at {data.waves[best]} against line", metric="aic_difference",
            estimate=float(found[best] - line.fit.aic), warnings="; ".join(filter(None, warnings)),
        )
    ]  # fmt: skip
