"""Which way round? The cross-lagged panel model with random intercepts, on the factor-model engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import BOTH_PATHS, Estimate, NotTestable, t_columns
from rejsens.inference.wide_panel import FIML, Function, Wide, derived, fit_row, fit_wide, position, wide
from rejsens.psychometrics.engine.moments import State
from rejsens.psychometrics.engine.table import Parameter
from rejsens.psychometrics.factor_model import FactorModel
from rejsens.psychometrics.nested import compare_models

ANALYSIS = "ri_clpm"
EQUAL, FREE = "equal", "free"
FEW_PEOPLE = 300
MINIMUM_WAVES = 3
COLUMNS = ("wave", "outcome", "term", "metric")


def ri_clpm(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    paths: str = EQUAL,
    estimator: str = "MLR",
    test_equality: bool = True,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Random-intercept cross-lagged panel model: does a person's usual level apart, one score go before the other?

        x_it = mu_xt + I_i^x + w_it^x,   w_it^y = a_y w_i,t-1^y + b w_i,t-1^x + e_it^y,   and the same for x

    *Between*: the random intercepts I hold everything about a person that adds the same amount at every wave.
    *Within*: the paths a and b run between deviations w from that level. A path says that a wave in which somebody was
    above their own level on x is followed by a wave in which they are above (below) it on y; it does not say why.

    panel       three or more waves that hold all scores, about evenly spaced; other waves are not used
    covariates  a number that varies enters as a further process with paths to and from the others. One that does not
                vary adds to the random intercepts, which hold it already, and is not entered; nor is a category that
                varies, and a warning says so
    paths       "equal": one value of each path over all intervals (residual variances stay free); "free": one per
                interval, the companion whose difference to "equal" is tested
    estimator   "MLR" (Huber-White standard errors) or "ML"
    test_equality   whether to fit the free model too, which the test of equal paths needs
    returns     with equal paths: `beta_within` of predictor_lagged on the outcome (the hypothesis), of outcome_lagged
                on the predictor, and of both carry-overs (a path times the model's within-person SD of the cause over
                that of the effect, each the root of the mean within variance over the waves it takes part in; delta
                method); `r_between` of the random intercepts; `r_within`, the correlation of the deviations at the
                first wave; `chi2` of the model and, where the free model is admissible, of the equality of paths.
                With free paths: the same, each path once per interval with that interval's own SDs, `wave` as "w1 to
                w2". z tests. A model that is not admissible (a negative variance, a correlation beyond one, no
                convergence) gives NotTestable with the engine's reason: often a score that has next to no stable part
    missing     FIML
    raises      NotTestable
    source      Hamaker, Kuiper & Grasman (2015), Psychological Methods, 20, 102-116; Mulder & Hamaker (2021),
                Structural Equation Modeling, 28, 638-648
    checked against R: lavaan

    >>> rng = np.random.default_rng(3)
    >>> level, own, rows = rng.normal(size=(400, 2)), rng.normal(size=(400, 2)), []
    >>> for wave in range(1, 5):
    ...     values = level + own
    ...     rows += [(k, f"w{wave}", wave, *values[k]) for k in range(400)]
    ...     own = own @ [[0.3, -0.2], [0.0, 0.3]] + 0.9 * rng.normal(size=(400, 2))
    >>> panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "x", "y"])
    >>> forward, back = ri_clpm(panel, "y", "x")[:2]
    >>> forward.term, round(forward.estimate, 2), forward.p < 0.05, back.p < 0.05
    ('x_lagged', -0.22, True, False)
    """
    data, names, warnings = processes(panel, outcome, predictor, covariates)
    model = fit_processes(data, names, paths, estimator)
    blank = Estimate(
        analysis=ANALYSIS, wave="all", outcome=outcome, n_people=model.n, n_obs=data.n_obs, n_lost=data.n_lost,
        ci_level=ci_level, missing_rule=FIML, warnings="; ".join(warnings),
        method=f"random-intercept cross-lagged panel, {paths} paths over {len(data.waves)} waves, {estimator}, FIML",
    )  # fmt: skip
    pairs = [(predictor, outcome), (outcome, predictor), (predictor, predictor), (outcome, outcome)]
    wanted = paths_between(model, data, pairs, paths) | _correlations(model, outcome, predictor)
    rows = [
        replace(blank, **dict(zip(COLUMNS, key, strict=True)), **t_columns(*found, math.inf, ci_level, alpha))
        for key, found in derived(model, wanted).items()
    ] + fit_row(blank, model)
    return rows + (_equality(blank, model, data, names, estimator) if paths == EQUAL and test_equality else [])


def both_directions(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    estimator: str = "MLR",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """A cycle claims both paths (H28): the larger of the two p decides, and both must have the same sign.

    returns   first one row, term "predictor_lagged and back": estimate, standard error, interval and p of the path with
              the larger p, as in its own row; a warning names the path, and says so where the two have opposite signs.
              The 90 % interval, on which equivalence is judged, reaches from the lower end of both to the higher: it
              lies inside the SESOI only where both do (the path of the larger p alone would err twice as often).
              Opposite signs with both p below alpha: p is 1, since there is no cycle although there are two paths. Then
              the rows of `ri_clpm` with equal paths, both paths first
    source    intersection-union test: Berger (1982), Technometrics, 24, 295-300
    raises    NotTestable, as `ri_clpm`

    >>> rng = np.random.default_rng(3)
    >>> level, own, rows = rng.normal(size=(400, 2)), rng.normal(size=(400, 2)), []
    >>> for wave in range(1, 5):
    ...     rows += [(k, f"w{wave}", wave, *(level + own)[k]) for k in range(400)]
    ...     own = own @ [[0.3, 0.2], [0.2, 0.3]] + 0.9 * rng.normal(size=(400, 2))
    >>> panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "x", "y"])
    >>> joint, forward, back = both_directions(panel, "y", "x")[:3]
    >>> joint.term, joint.p == max(forward.p, back.p)
    ('x_lagged and back', True)
    """
    rows = ri_clpm(panel, outcome, predictor, covariates, estimator=estimator, ci_level=ci_level, alpha=alpha)
    forward, back = rows[:2]
    larger = max(forward, back, key=lambda row: row.p)
    shown = (predictor, outcome) if larger is forward else (outcome, predictor)
    path = f"the path shown, with the larger p, is that from {shown[0]} to later {shown[1]}"
    warnings = [larger.warnings, f"{path}; the equivalence interval spans both paths"]
    against = forward.estimate * back.estimate < 0
    warnings += ["the two paths have opposite signs"] if against else []
    joint = replace(
        larger, analysis=BOTH_PATHS, outcome=outcome, term=f"{predictor}_lagged and back",
        p=1.0 if against and larger.p < alpha else larger.p, warnings="; ".join(filter(None, warnings)),
        ci90_low=min(forward.ci90_low, back.ci90_low), ci90_high=max(forward.ci90_high, back.ci90_high),
        smallest_detectable=max(forward.smallest_detectable, back.smallest_detectable),
    )  # fmt: skip
    return [joint, *rows]


def processes(
    panel: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]
) -> tuple[Wide, list[str], list[str]]:
    """Wide data, names of the processes (predictor and outcome first), warnings."""
    if outcome == predictor:
        raise NotTestable("predictor and outcome are the same score")
    varying = [covariate for covariate in covariates if covariate.get("varies")]
    left = [covariate["name"] for covariate in varying if covariate["type"] != "number"]
    names = [predictor, outcome, *(c["name"] for c in varying if c["type"] == "number")]
    data = wide(panel, names, MINIMUM_WAVES)
    warnings = data.warnings()
    if left:
        warnings.append(f"{', '.join(left)} is not in the model: a category that varies cannot be a process")
    if data.n_people < FEW_PEOPLE:
        warnings.append(f"{data.n_people} people: fewer than {FEW_PEOPLE}")
    return data, names, warnings


def _deviation(name: str, k: int) -> str:
    return f"within {name}@{k + 1}"


def _level(name: str) -> str:
    return f"level {name}"


def _table_rows(data: Wide, names: Sequence[str], paths: str) -> tuple[list[str], list[Parameter]]:
    """Factors and rows: levels and deviations make up the scores without residuals; paths run between deviations."""
    waves = range(len(data.waves))
    levels = [_level(name) for name in names]
    deviations = [[_deviation(name, k) for name in names] for k in waves]
    rows = []
    for name in names:
        for k in waves:
            rows.append(Parameter(_level(name), "=~", data.columns[name][k], fixed=1.0))
            rows.append(Parameter(_deviation(name, k), "=~", data.columns[name][k], fixed=1.0))
    for k in waves[1:]:
        for effect in names:
            for cause in names:
                label = f"{effect}<-{cause}" if paths == EQUAL else f"{effect}<-{cause}@{k + 1}"
                rows.append(Parameter(_deviation(effect, k), "~", _deviation(cause, k - 1), label=label))
    for together in (levels, *deviations):
        rows += [Parameter(a, "~~", b) for i, a in enumerate(together) for b in together[: i + 1]]
    return [*levels, *(name for wave in deviations for name in wave)], _started(rows, data, names)


def _started(rows: Sequence[Parameter], data: Wide, names: Sequence[str]) -> list[Parameter]:
    """Half of each score's variance in its level, half in its deviations, to start from."""
    spread = {name: float(np.nanmean(np.nanvar(data.frame[list(data.columns[name])], axis=0))) for name in names}
    of = {_level(name): spread[name] for name in names}
    of |= {_deviation(name, k): spread[name] for name in names for k in range(len(data.waves))}
    starts = []
    for row in rows:
        if row.op == "~~":
            row = replace(row, start=of[row.lhs] / 2 if row.lhs == row.rhs else 0.0)
        starts.append(row)
    return starts


def fit_processes(data: Wide, names: Sequence[str], paths: str, estimator: str) -> FactorModel:
    if paths not in (EQUAL, FREE):
        raise ValueError(f"paths is {EQUAL!r} or {FREE!r}, not {paths!r}")
    factors, rows = _table_rows(data, names, paths)
    items = [column for name in names for column in data.columns[name]]
    return fit_wide(data.frame, items, factors, rows, estimator)


def paths_between(
    model: FactorModel, data: Wide, pairs: Sequence[tuple[str, str]], paths: str
) -> dict[tuple[str, ...], Function]:
    """The standardised paths by their columns: one each, or one for each interval."""
    place, later = position(model), range(1, len(data.waves))
    found: dict[tuple[str, ...], Function] = {}
    for cause, effect in pairs:
        steps = [(f"{effect}<-{cause}", list(later), "all")]
        if paths == FREE:
            names = [f"{data.waves[k - 1]} to {data.waves[k]}" for k in later]
            steps = [(f"{effect}<-{cause}@{k + 1}", [k], name) for k, name in zip(later, names, strict=True)]
        for label, at, wave in steps:
            causes = [place[_deviation(cause, k - 1)] for k in at]
            effects = [place[_deviation(effect, k)] for k in at]

            def scaled(
                parameters: Mapping[str, float],
                state: State,
                label: str = label,
                causes: list[int] = causes,
                effects: list[int] = effects,
            ) -> float:
                variances = state.covariances.diagonal()
                return parameters[label] * np.sqrt(variances[causes].mean() / variances[effects].mean())

            found[wave, effect, f"{cause}_lagged", "beta_within"] = scaled
    return found


def _correlations(model: FactorModel, outcome: str, predictor: str) -> dict[tuple[str, ...], Function]:
    """Correlation of the levels, and of the deviations at the first wave."""
    place = position(model)
    found: dict[tuple[str, ...], Function] = {}
    for metric, part, pair in (
        ("r_between", "level", (_level(predictor), _level(outcome))),
        ("r_within", "deviation", (_deviation(predictor, 0), _deviation(outcome, 0))),
    ):
        i, j = (place[name] for name in pair)

        def correlation(_: Mapping[str, float], state: State, i: int = i, j: int = j) -> float:
            c = state.covariances
            return c[i, j] / np.sqrt(c[i, i] * c[j, j])

        found["all", outcome, f"{predictor}_{part}", metric] = correlation
    return found


def _equality(blank: Estimate, equal: FactorModel, data: Wide, names: Sequence[str], estimator: str) -> list[Estimate]:
    """Chi-square difference of equal against free paths; no row where the free model is not admissible."""
    try:
        free = fit_processes(data, names, FREE, estimator)
    except NotTestable:
        return []
    test = compare_models(equal, free)
    if not np.isfinite(test.chi2):
        return []
    numbers: dict[str, Any] = {"statistic": test.chi2, "df": float(test.df), "p": test.p}
    return [replace(blank, term="equal paths over waves", metric="chi2", **numbers)]
