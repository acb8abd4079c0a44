"""Which analysis answers a hypothesis, by its model and the number of waves: the deciding row first, its companions after."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from rejsens.hypotheses import Hypothesis, model_of, variables
from rejsens.inference.accumulation import cumulative_exposure
from rejsens.inference.attrition import weighted_within
from rejsens.inference.bootstrap import cross_sectional_bootstrap
from rejsens.inference.count_regression import negative_binomial
from rejsens.inference.covariates import among, kept
from rejsens.inference.cross_lagged import both_directions, ri_clpm
from rejsens.inference.cross_level import cross_level, cross_level_clustered
from rejsens.inference.dose_response import dose_response
from rejsens.inference.estimates import MISSING_RULE, NOT_TESTABLE, OK, Estimate, NotTestable
from rejsens.inference.event_models import event_association, event_contrast
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.group_contrasts import group_contrast
from rejsens.inference.incremental_variance import incremental_variance
from rejsens.inference.lagged_mediation import lagged_indirect
from rejsens.inference.latent_growth import latent_growth
from rejsens.inference.mediation import indirect_association
from rejsens.inference.mixed import fixed_effects, within_between
from rejsens.inference.moderation import moderation as moderated
from rejsens.inference.multivariate_regression import outcome_contrast, predictor_contrasts, with_absent_sources
from rejsens.inference.paired_contrasts import paired_contrast
from rejsens.inference.partial_correlation import partial_correlation
from rejsens.inference.proportions import proportion as share
from rejsens.inference.questions import IMPUTED, Question, not_applying, with_unknown
from rejsens.inference.recovery import piecewise_recovery
from rejsens.inference.regression import change_on_change, cross_sectional
from rejsens.inference.verdicts import adjust
from rejsens.inference.within_contrasts import contrast_of_outcomes, contrast_of_predictors
from rejsens.measured_alike import NOT_ASSESSED, OF_EVENTS
from rejsens.result_names import APPLIES

Rows = list[Estimate]
OVER_WAVES = (
    "within_between",
    "change",
    "fixed_effects",
    "inverse_probability",
    "cross_level",
    "cross_level_fixed_effects",
    "ri_clpm",
    "fixed_effects_sem",
)
PRORATED = "people whose sum is prorated are left out, as it is no count"
FEW_CLUSTERS = 200  # people; docs/decisions.md has the rates of 25 to 300
CLUSTERED_RATIO = 1.25  # clustered standard error over the model's, from which a warning is due
NO_VERDICT = "reported without a verdict"
SENSITIVITY = "complete cases, sensitivity to the imputation"
BY_LIKELIHOOD = "complete person-waves, likelihood of the waves that are there, sensitivity to the imputation"
NOT_IMPUTED = {
    "added_variance": "a difference of two R² has no standard error to pool",
    "dose_response": "curves and their bootstrapped tests are not pooled",
    "mediation": "a bootstrap of an indirect association is not pooled",
    "contrast_of_pairs": "the interval of dz is exact for complete cases only",
    "difference_of_groups": "the interval of d is exact for complete cases only",
    "proportion": "Wilson's interval counts people who answered",
    "contrast_of_events": "who met no such event was not asked to rate it",
    "event_slope": "who met no such event was not asked to rate it",
    "recovery": "the first drop is read off the waves that were answered",
}  # why a model keeps to complete cases where the settings ask for imputation
CONDITIONAL = (
    "contrast_of_pairs",
    "contrast_of_events",
    "event_slope",
    "proportion",
    "recovery",
)  # not put to everybody
COMPANION = "a companion of the imputed result"
ORDER_UNKNOWN = "indirect association, temporal order not established"


def rows_of(question: Question) -> Rows:
    """Every row of one hypothesis, the deciding one first; no correction and no verdict yet."""
    model = question.hypothesis.get("model", "association")
    rows = ANALYSES[model](question)
    said = [
        replace(
            with_unknown(row, question),
            missing_rule=_missing_rule(row, rows, question),
            invariance=_invariance(row, question.hypothesis),
        )
        for row in rows
    ]
    for k, row in enumerate(said):
        notes = [row.warnings, *question.changes, *not_applying(row, question), *few_clusters(row)]
        said[k] = replace(row, warnings="; ".join(filter(None, notes)))
    return [replace(said[0], decides=True), *said[1:]]


def few_clusters(row: Estimate) -> list[str]:
    """What is to be said of errors that rest on few people: their size is then itself known from few.

    >>> few_clusters(Estimate(method="REML, person-clustered errors", df=24.0))[0].partition(";")[0]
    'errors are clustered by 25 people'
    """
    if "person-clustered" not in row.method or not row.df + 1 < FEW_CLUSTERS:
        return []
    return [
        f"errors are clustered by {row.df + 1:.0f} people; of 25 to 120 who vary unequally a true null was rejected in 6 to "
        "8 % of simulated studies, where 5 % was promised"
    ]


def _missing_rule(row: Estimate, rows: Rows, q: Question) -> str:
    """The row's rule; complete cases of a study that imputes say why they are."""
    if row.missing_rule != MISSING_RULE or not q.settings["imputation"]["m"] or row.status == NOT_TESTABLE:
        return row.missing_rule
    imputed = any(other.m == other.m for other in rows)
    model = q.hypothesis.get("model", "association")
    why = COMPANION if imputed else NOT_IMPUTED.get(model, "")
    if model in CONDITIONAL:
        return f"{APPLIES}, since {why}"
    return f"{MISSING_RULE}: {why}" if why else row.missing_rule


def _invariance(row: Estimate, hypothesis: Hypothesis) -> str:
    """What `measured_alike.with_invariance` finds the status of; of events their ratings and covariates are named."""
    if model_of(hypothesis).of_events and row.wave == "all":
        named = variables(hypothesis)
        about = [name for key in ("outcome", "predictor", "covariates") for name in named.get(key, ())]
        return OF_EVENTS + "; ".join(dict.fromkeys(about))
    return NOT_ASSESSED if _compares(row, hypothesis) else ""


def _compares(row: Estimate, hypothesis: Mapping[str, Any]) -> bool:
    """Whether a row takes scores of different waves, or of different groups, for scores of one scale."""
    return row.analysis == "group_contrast" or (row.wave == "all" and not model_of(hypothesis).of_events)


# --- one analysis each -----------------------------------------------------------------------------------------------


def association(q: Question) -> Rows:
    """One wave: the cross-sectional coefficient. Two: change on change. More: the concurrent within-person coefficient."""
    if len(q.waves) == 1:
        found = _in_wave(
            q, lambda frame: cross_sectional(frame, **q.asked, wave=q.waves[0], **q.levels), "cross_sectional"
        )
        return [*found, *_bootstrapped(q, found), *_as_count(q)]
    slope = q.random_slope and len(q.waves) > 2  # two waves cannot tell a random slope from the residual
    within = _over_waves(
        q, lambda panel: within_between(panel, **q.asked, random_slope=slope, **q.levels), "within_between"
    )
    if len(q.waves) == 2:
        change = _over_waves(q, lambda panel: [change_on_change(panel, **q.asked, **q.levels)], "change")
        return [*change, *within, *_in_each_wave(q), *_as_count(q)]
    clustered = _attempt(q, lambda: [fixed_effects(q.panel, **q.asked, **q.levels)], "fixed_effects")
    weighted = _attempt(q, lambda: weighted_within(q.panel, **q.asked, **q.levels), "inverse_probability")
    return [*warn_about_clustering([*within, *clustered]), *weighted, *_in_each_wave(q), *_as_count(q)]


def correlation(q: Question) -> Rows:
    """Within persons over several waves, between people in one."""
    if len(q.waves) == 1:
        wave = q.waves[0]
        return _in_wave(
            q, lambda frame: partial_correlation(frame, **q.asked, wave=wave, **q.levels), "partial_correlation"
        )

    def alone(wave: str) -> Rows:
        return partial_correlation(q.frame(wave), **q.asked, wave=wave, **q.levels)

    in_waves = [row for wave in q.waves for row in _attempt(q, partial(alone, wave), "partial_correlation", wave)]
    within = _over_waves(q, lambda panel: [fixed_effects(panel, **q.asked, **q.levels)], "fixed_effects")
    return [*within, *in_waves]


def added_variance(q: Question) -> Rows:
    wave, draws = q.waves[0], q.settings["bootstrap_draws"]
    rows = incremental_variance(q.frame(), **q.asked, draws=draws, rng=q.rng(wave), wave=wave, **q.levels)
    return [replace(rows[0], verdict="not tested", reason=NO_VERDICT), *rows[1:]]


def moderation(q: Question) -> Rows:
    """Three waves or more: the cross-level interaction with its random slope. Else the interaction in the first wave."""
    by: dict[str, Any] = {"moderator": q.hypothesis["moderator"]}
    if len(q.waves) < 3:
        wave = q.waves[0]
        return _in_wave(q, lambda frame: moderated(frame, **q.asked, **by, wave=wave, **q.levels), "moderation")
    across = _over_waves(
        q,
        lambda panel: cross_level(panel, **q.asked, **by, **q.levels),
        "cross_level",
    )
    clustered = _attempt(
        q, lambda: cross_level_clustered(q.panel, **q.asked, **by, **q.levels), "cross_level_fixed_effects"
    )
    one_wave = _attempt(
        q, lambda: moderated(q.frame(), **q.asked, **by, wave=q.waves[0], **q.levels), "moderation", q.waves[0]
    )
    return [*across, *clustered, *one_wave]


def dose(q: Question) -> Rows:
    draws = min(q.settings["bootstrap_draws"], 999)
    return dose_response(
        q.frame(), **q.asked, rng=q.rng("dose"), draws=draws, direction=q.hypothesis["direction"], wave=q.waves[0], **q.levels
    )  # fmt: skip


def cumulative(q: Question) -> Rows:
    return _over_waves(q, lambda panel: cumulative_exposure(panel, **q.asked, **q.levels), "cumulative_exposure")


def mediation(q: Question) -> Rows:
    """Over three waves predictor, mediator and outcome follow each other; in fewer nothing is said of their order."""
    by: dict[str, Any] = {
        "mediator": q.hypothesis["mediator"],
        "draws": q.settings["bootstrap_draws"],
        "rng": q.rng("mediation"),
    }
    if len(q.waves) > 2:
        return lagged_indirect(q.panel, **q.asked, **by, **q.levels)
    rows = indirect_association(q.frame(), **q.asked, **by, wave=q.waves[0], **q.levels)
    return [replace(row, method=f"{ORDER_UNKNOWN}; {row.method}") if row.metric == "indirect" else row for row in rows]


def lagged(q: Question) -> Rows:
    if q.hypothesis.get("both_directions"):
        return both_directions(q.panel, **q.asked, **q.levels)
    rows = _attempt(q, lambda: ri_clpm(q.panel, **q.asked, **q.levels), "ri_clpm")
    return [*rows, *_attempt(q, lambda: dynamic_panel(q.panel, **q.asked, **q.levels), "fixed_effects_sem")]


def outcomes_beside_each_other(q: Question) -> Rows:
    one, other = q.hypothesis["outcomes"]
    predictor, covariates = q.hypothesis["predictor"], q.covariates

    def over_waves(panel: pd.DataFrame) -> Rows:
        return contrast_of_outcomes(panel, one, other, predictor, covariates, random_slope=q.random_slope, **q.levels)

    within = _over_waves(q, over_waves, "within_contrast") if len(q.waves) > 1 else []
    wave = q.waves[0]

    def in_wave(frame: pd.DataFrame) -> Rows:
        return outcome_contrast(frame, one, predictor, covariates, other_outcome=other, wave=wave, **q.levels)

    return [*within, *in_wave(q.frame())] if within else _in_wave(q, in_wave, "outcome_contrast")


def predictors_beside_each_other(q: Question) -> Rows:
    """The first two predictors are contrasted; with more, the joint test and every other pair stand beside it."""
    outcome, named = q.hypothesis["outcome"], q.hypothesis["predictors"]
    several = len(named) > 2  # sources: who has no such person is no lost row

    def over_waves(panel: pd.DataFrame) -> Rows:
        return _pairs_first(
            contrast_of_predictors(panel, outcome, named, q.covariates, absent_is_zero=several, **q.levels)
        )

    if len(q.waves) > 1:
        rows = _over_waves(q, over_waves, "within_contrast")
    else:
        rows = _in_wave(q, lambda frame: _pairs_first(_predictors_of_one_wave(q, frame, several)), "predictor_contrast")
    return _pairs_first(_adjusted_pairs(rows))


def _pairs_first(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: row.metric != "beta_difference")


def _adjusted_pairs(rows: Rows) -> Rows:
    """Holm's p over the pairs of pooled rows, when there are several; complete cases have theirs."""
    pooled = [row for row in rows if row.metric == "beta_difference" and row.m == row.m and row.status != NOT_TESTABLE]
    if len(pooled) < 2:
        return rows
    holm = iter(adjust([row.p for row in pooled], "holm"))
    return [replace(row, p_adjusted=float(next(holm))) if row in pooled else row for row in rows]


def _predictors_of_one_wave(q: Question, frame: pd.DataFrame, several: bool) -> Rows:
    first, *others = q.hypothesis["predictors"]
    frame, lacking = with_absent_sources(frame, [first, *others]) if several else (frame, {})
    return predictor_contrasts(
        frame, q.hypothesis["outcome"], first, q.covariates, other_predictors=others, absent=lacking, wave=q.waves[0],
        **q.levels,
    )  # fmt: skip


def pairs(q: Question) -> Rows:
    one, other = q.hypothesis["outcomes"]
    return paired_contrast(
        q.frame(), one, other, q.covariates, sesoi=q.hypothesis["sesoi"], wave=q.waves[0], **q.levels
    )


def events_of_two_kinds(q: Question) -> Rows:
    kinds = tuple(q.hypothesis["contrast"])
    return event_contrast(q.events, q.hypothesis["outcome"], kinds, q.covariates, **q.levels)


def slope_over_events(q: Question) -> Rows:
    return event_association(q.events, **q.asked, **q.levels)


def groups(q: Question) -> Rows:
    wanted = tuple(q.hypothesis["groups"])
    return group_contrast(q.frame(), **q.asked, groups=wanted, sesoi=q.hypothesis["sesoi"], wave=q.waves[0], **q.levels)


def proportion(q: Question) -> Rows:
    """The share less the one that it is held against decides; the share itself stands beside it."""
    against = q.hypothesis["reference"]
    found = share(
        q.frame(), q.hypothesis["outcome"], at_least=q.hypothesis["at_least"], against=against, wave=q.waves[0],
        ci_level=q.settings["ci_level"],
    )  # fmt: skip
    ends = ("estimate", "ci_low", "ci_high", "ci90_low", "ci90_high")
    less = replace(found[0], metric="share_difference", **{end: getattr(found[0], end) - against for end in ends})
    return [less, *found]


def recovery(q: Question) -> Rows:
    return piecewise_recovery(q.panel, **q.asked, **q.levels)


def growth(q: Question) -> Rows:
    return latent_growth(q.panel, q.hypothesis["outcome"], **q.levels)


ANALYSES: Mapping[str, Callable[[Question], Rows]] = {
    "association": association, "correlation": correlation, "added_variance": added_variance, "moderation": moderation,
    "dose_response": dose, "cumulative": cumulative, "mediation": mediation, "lagged": lagged,
    "contrast_of_outcomes": outcomes_beside_each_other, "contrast_of_predictors": predictors_beside_each_other,
    "contrast_of_pairs": pairs, "contrast_of_events": events_of_two_kinds, "event_slope": slope_over_events,
    "difference_of_groups": groups, "proportion": proportion, "recovery": recovery, "growth": growth,
}  # fmt: skip


# --- shared ----------------------------------------------------------------------------------------------------------


def _over_waves(q: Question, analyse: Callable[[pd.DataFrame], Rows], name: str) -> Rows:
    """Rows over several waves: pooled over imputations where there are any, complete cases beside them."""
    return _with_imputed(q, analyse, q.panel, name)


def _in_wave(q: Question, analyse: Callable[[pd.DataFrame], Rows], name: str) -> Rows:
    """The same of the people of the first wave."""
    return _with_imputed(q, analyse, q.frame(), name, q.waves[0])


def _with_imputed(
    q: Question, analyse: Callable[[pd.DataFrame], Rows], own: pd.DataFrame, name: str, wave: str = "all"
) -> Rows:
    """Rows of imputed panels where there are any, which decide, and of complete cases; the latter say what they are."""
    complete = _attempt(q, lambda: analyse(own), name, wave)
    completed = q.completed
    if (
        completed is None
        or q.hypothesis.get("model", "association") not in IMPUTED
        or complete[0].status == NOT_TESTABLE
    ):
        return complete
    about = among(completed.panel, own)  # the person-waves of an imputed panel that the question is about
    pooled = _attempt(
        q,
        lambda: completed.pooled(lambda panel: analyse(kept(panel, about).reset_index(drop=True)), q.settings["alpha"]),
        name,
        wave,
    )
    if pooled[0].status == NOT_TESTABLE and math.isnan(pooled[0].m):  # no panel was drawn: there is no imputation
        said = [complete[0].status] if complete[0].status != OK else []
        why = f"complete cases, as imputation gave no estimate: {pooled[0].reason}"
        return [replace(complete[0], status="; ".join([*said, why])), *complete[1:]]
    beside = BY_LIKELIHOOD if complete[0].method.startswith("mixed model") else SENSITIVITY
    return [*pooled, *(replace(row, missing_rule=beside) for row in complete)]


def _in_each_wave(q: Question) -> Rows:
    """The cross-sectional coefficient of each wave, its partial correlation, and the bootstrap when there is one to accompany."""
    found: Rows = []
    for wave in q.waves:
        frame = q.frame(wave)
        rows = _attempt(q, lambda: cross_sectional(frame, **q.asked, wave=wave, **q.levels), "cross_sectional", wave)  # noqa: B023
        found += [*rows, *_bootstrapped(q, rows)]
    return found


def _as_count(q: Question) -> Rows:
    """A sum declared as one of counts, by the negative binomial model of the first wave; a prorated sum is no count."""
    if not q.hypothesis.get("counts"):
        return []
    frame, outcome = q.frame(), q.asked["outcome"]
    whole = frame.assign(**{outcome: frame[outcome].where(frame[outcome] % 1 == 0)})
    rows = _attempt(
        q, lambda: negative_binomial(whole, **q.asked, wave=q.waves[0], **q.levels), "negative_binomial", q.waves[0]
    )
    said = PRORATED if whole[outcome].notna().sum() < frame[outcome].notna().sum() else ""
    return [replace(row, warnings="; ".join(filter(None, [row.warnings, said]))) for row in rows[:2]]


def _bootstrapped(q: Question, rows: Rows) -> Rows:
    """The bootstrap of complete cases that accompanies a cross-sectional coefficient, where there is one."""
    wave = rows[0].wave
    if rows[0].status == NOT_TESTABLE:
        return []
    settings = {"draws": q.settings["bootstrap_draws"], "rng": q.rng(wave), "ci_level": q.settings["ci_level"]}
    return [cross_sectional_bootstrap(q.frame(wave), **q.asked, wave=wave, **settings)]


def warn_about_clustering(rows: Rows) -> Rows:
    """The deciding row says so when the standard error that trusts no variance structure is much larger than the model's,
    both of complete cases: what imputation adds to the one is no fault of the other's variance structure."""
    clustered = next((row for row in rows if row.analysis == "fixed_effects"), None)
    own = next((row for row in rows if row.analysis == "within_between" and math.isnan(row.m)), None)
    if clustered is None or own is None or not clustered.se > CLUSTERED_RATIO * own.se:
        return rows
    of = "" if own is rows[0] else " of complete cases"
    warning = f"the person-clustered standard error{of} is {clustered.se / own.se:.1f} times the model's"
    return [replace(rows[0], warnings="; ".join(filter(None, [rows[0].warnings, warning]))), *rows[1:]]


def _attempt(q: Question, run: Callable[[], Rows], analysis: str, wave: str = "all") -> Rows:
    """The rows of an analysis, or one row that says why there are none."""
    try:
        return list(run())
    except NotTestable as refusal:
        return [refused(q.hypothesis, str(refusal), analysis, wave)]


def refused(hypothesis: Mapping[str, Any], reason: str, analysis: str = "none", wave: str = "all") -> Estimate:
    """The row of an analysis that these data cannot give."""
    outcome = hypothesis.get("outcome") or " and ".join(hypothesis.get("outcomes", ()))
    term = hypothesis.get("predictor") or " and ".join(hypothesis.get("predictors", hypothesis.get("contrast", ())))
    within = analysis in OVER_WAVES
    return Estimate(
        analysis=analysis, wave=wave, outcome=outcome, term=f"{term}_within" if within else term,
        metric="beta_within" if within else "beta", method="none", status=NOT_TESTABLE, reason=reason,
    )  # fmt: skip
