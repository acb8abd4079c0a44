"""The model behind a deciding row, built as its analysis built it, with the complete cases that it is checked on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.accumulation import with_exposure_before
from rejsens.inference.covariates import z_scores
from rejsens.inference.cross_level import MODERATOR, PRODUCT, fit_with_slope, moderated_panel
from rejsens.inference.estimates import NOT_TESTABLE, OK, NotTestable
from rejsens.inference.event_models import INDICATOR, fit_events, of_kinds, step_of_kind
from rejsens.inference.least_squares import INTERCEPT, analysed_people
from rejsens.inference.mixed import WITHIN, Panel, prepare_panel
from rejsens.inference.mixed_diagnostics import MixedModel
from rejsens.inference.moderation import moderated_model
from rejsens.inference.ordinary_diagnostics import LinearModel
from rejsens.inference.questions import Question
from rejsens.inference.recovery import AFTER, fit_pieces, pieces_of
from rejsens.inference.regression import change_design, change_scale
from rejsens.inference.within_contrasts import prepare_contrast, with_difference

Model = MixedModel | LinearModel


def model_behind(q: Question, analysis: str) -> Model | None:
    """The model of a deciding row, or None for an analysis that is no single (mixed) regression.

    q, analysis   the hypothesis as it was put to the data; `analysis` of its deciding row
    returns       a model whose coefficient and interval are those of the row on complete cases; nothing imputed is used.
                  For `fixed_effects` the mixed model with the same columns, see `fixed_effects_checks`
    raises        NotTestable, as the analysis itself
    """
    build = BUILDERS.get(analysis)
    return build(q) if build else None


def _mixed(q: Question, prepared: Panel, columns: pd.DataFrame, **more: Any) -> MixedModel:
    known = {
        "y": prepared.y, "columns": columns.reset_index(drop=True), "person": prepared.person, "focal": WITHIN,
        "time": prepared.time, "may_vary": WITHIN, "curved": (WITHIN,), "covariates": q.covariates, **q.levels,
    }  # fmt: skip
    return MixedModel(**known | more)


def _within_between(q: Question) -> MixedModel:
    return _with_declared_slope(q, prepare_panel(q.panel, **q.asked), 1.0, len(q.waves) > 2)


def _with_declared_slope(q: Question, prepared: Panel, scale: float, enough: bool) -> MixedModel:
    """With the random slope when the family declares one and it is admissible."""
    model = _mixed(q, prepared, prepared.columns, scale=scale)
    if not (q.random_slope and enough):
        return model
    sloped = replace(model, slope=WITHIN)
    return model if sloped.fit.problem else sloped


def _of_outcomes(q: Question) -> MixedModel:
    outcome, other = q.hypothesis["outcomes"]
    rows, name, sd = with_difference(q.panel, outcome, other, q.hypothesis["predictor"], q.covariates)
    prepared = prepare_panel(rows, name, q.hypothesis["predictor"], q.covariates)
    return _with_declared_slope(q, prepared, sd, enough=True)


def _of_predictors(q: Question) -> MixedModel:
    """b1 - b2 is a coefficient once the column of the second predictor is the sum of both."""
    named = list(q.hypothesis["predictors"])
    prepared, columns = prepare_contrast(q.panel, q.hypothesis["outcome"], named, q.covariates, len(named) > 2)
    first, second = (f"{name}_within" for name in named[:2])
    turned = columns.assign(**{second: columns[first] + columns[second]})
    return _mixed(q, prepared, turned, focal=first, may_vary=first, curved=(first, second), clustered=True)


def _contrast(q: Question) -> MixedModel:
    return _of_outcomes(q) if "outcomes" in q.hypothesis else _of_predictors(q)


def _cumulative(q: Question) -> MixedModel:
    predictor = q.hypothesis["predictor"]
    before, later = with_exposure_before(q.panel, q.hypothesis["outcome"], predictor)
    prepared, columns = prepare_contrast(later, q.hypothesis["outcome"], [before, predictor], q.covariates)
    focal = f"{before}_within"
    return _mixed(q, prepared, columns, focal=focal, may_vary=focal, curved=(focal,), clustered=True)


def _cross_level(q: Question) -> MixedModel:
    prepared, columns, _ = moderated_panel(**_moderated(q))
    fit, status = fit_with_slope(prepared, columns)
    if status == NOT_TESTABLE:
        raise NotTestable(fit.problem)
    return _mixed(
        q, prepared, columns, focal=PRODUCT, slope=WITHIN, correlated=status == OK, needs_slope=True,
        covariates=[*q.covariates, {"name": MODERATOR, "type": "number"}],
    )  # fmt: skip


def _moderated(q: Question) -> dict[str, Any]:
    return {"panel": q.panel, **q.asked, "moderator": q.hypothesis["moderator"]}


def _events(q: Question) -> MixedModel:
    if "contrast" not in q.hypothesis:
        prepared, fit, _, occasion = fit_events(q.events, **q.asked)
        return _mixed(q, prepared, prepared.columns, occasion=occasion, clustered=True)
    outcome = q.hypothesis["outcome"]
    rows = of_kinds(q.events, outcome, tuple(q.hypothesis["contrast"]))
    prepared, fit, _, occasion = fit_events(rows, outcome, INDICATOR, q.covariates)
    scale = step_of_kind(rows, outcome, q.covariates) / (math.sqrt(2) * fit.residual_sd)
    return _mixed(q, prepared, prepared.columns, occasion=occasion, scale=scale, curved=(), clustered=True)


def _recovery(q: Question) -> MixedModel:
    pieces = pieces_of(q.panel, **q.asked)
    _, _, random = fit_pieces(pieces)
    return MixedModel(
        pieces.y, pieces.columns.reset_index(drop=True), pieces.person, AFTER, pieces.time, may_vary=AFTER,
        slope=AFTER if "slope" in random else None, correlated="uncorrelated" not in random, curved=(AFTER,),
        covariates=q.covariates, **q.levels,
    )  # fmt: skip


# --- one wave, or changes --------------------------------------------------------------------------------------------


def _cross_sectional(q: Question) -> LinearModel:
    outcome, predictor = q.hypothesis["outcome"], q.hypothesis["predictor"]
    people = analysed_people(q.frame(), [outcome], [predictor], q.covariates)
    y = z_scores(people.rows[outcome].to_numpy(float))
    return LinearModel(y, people.matrix, predictor, covariates=q.covariates, **q.levels)


def _moderation(q: Question) -> LinearModel:
    outcome, predictor, moderator = (q.hypothesis[key] for key in ("outcome", "predictor", "moderator"))
    model = moderated_model(q.frame(), outcome, predictor, q.covariates, moderator)
    y = z_scores(model.people.rows[outcome].to_numpy(float))
    (product,) = model.products
    return LinearModel(y, model.people.matrix, product, factors=(predictor, moderator), **q.levels)


def _change(q: Question) -> LinearModel:
    predictor = q.hypothesis["predictor"]
    design = change_design(q.panel, **q.asked)
    columns = {INTERCEPT: np.ones(len(design.y)), predictor: design.x - design.x.mean()}
    columns |= {f"change {k + 1}": design.covariates[:, k] for k in range(design.covariates.shape[1])}
    return LinearModel(design.y, pd.DataFrame(columns), predictor, change_scale(design), **q.levels)


def _outcome_contrast(q: Question) -> LinearModel:
    one, other = q.hypothesis["outcomes"]
    people = analysed_people(q.frame(), [one, other], [q.hypothesis["predictor"]], q.covariates)
    first, second = (z_scores(people.rows[name].to_numpy(float)) for name in (one, other))
    return LinearModel(first - second, people.matrix, q.hypothesis["predictor"], covariates=q.covariates, **q.levels)


def _predictor_contrast(q: Question) -> LinearModel:
    """As `_of_predictors`; two predictors that everybody has."""
    outcome, named = q.hypothesis["outcome"], list(q.hypothesis["predictors"])
    if len(named) > 2:
        raise NotTestable("sources that some people do not have are checked over several waves only")
    people = analysed_people(q.frame(), [outcome], named, q.covariates)
    matrix = people.matrix.assign(**{named[1]: people.matrix[named[0]] + people.matrix[named[1]]})
    y = z_scores(people.rows[outcome].to_numpy(float))
    return LinearModel(y, matrix, named[0], covariates=q.covariates, beside=(named[1],), **q.levels)


BUILDERS: Mapping[str, Callable[[Question], Model]] = {
    "within_between": _within_between, "within_contrast": _contrast, "cumulative_exposure": _cumulative,
    "cross_level": _cross_level, "event_level": _events, "piecewise_recovery": _recovery,
    "cross_sectional": _cross_sectional, "dose_response": _cross_sectional, "moderation": _moderation,
    "change": _change, "outcome_contrast": _outcome_contrast, "predictor_contrast": _predictor_contrast,
    "fixed_effects": _within_between,
}  # fmt: skip
