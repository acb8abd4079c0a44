"""One hypothesis analysed in every declared way: an estimate, an interval and a verdict for each specification.

Nothing is inferred from the curve as a whole: specifications share their people, and how many point one way is a
description of the choices, not a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from rejsens.hypotheses import DEFAULT, Hypothesis, outcomes, predictors, variables
from rejsens.inference.covariates import among, kept, person_waves
from rejsens.inference.cross_level import cross_level, cross_level_clustered
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.families import identity
from rejsens.inference.imputed import pooled
from rejsens.inference.mixed import fixed_effects, within_between
from rejsens.inference.moderation import moderation
from rejsens.inference.multivariate_regression import outcome_contrast, predictor_contrasts, with_absent_sources
from rejsens.inference.multiverse_specifications import Ground, Specification, distinct, sampled, specified
from rejsens.inference.partial_correlation import partial_correlation
from rejsens.inference.questions import Completed, Question, complete, put, with_unknown
from rejsens.inference.regression import change_on_change, cross_sectional
from rejsens.inference.verdicts import decide
from rejsens.inference.within_contrasts import contrast_of_outcomes, contrast_of_predictors
from rejsens.multiverse_file import CHOICES, Multiverse, hypotheses_of, options
from rejsens.tabular import COLUMNS

NO_EVENTS = pd.DataFrame(columns=["participant", "wave", "event"])
OF_AN_ESTIMATE = [f.name for f in fields(Estimate)]


class Scores(Protocol):
    """Where scores come from: `rescored.Rescored`, or anything that makes them."""

    def scores(self, exclusions: Mapping[str, Any], scoring: str, removed: frozenset[str]) -> pd.DataFrame: ...


@dataclass
class Runner:
    """What the specifications of one family share: panels by how they were made, and imputations of them."""

    source: Scores
    multiverse: Multiverse
    family: Mapping[str, Any]
    settings: Mapping[str, Any]
    panels: dict[Any, pd.DataFrame] = field(default_factory=dict)
    completed: dict[Any, dict[str, Completed]] = field(default_factory=dict)

    def panel(self, one: Specification) -> pd.DataFrame:
        """The panel proper, before anything is done about outliers."""
        key = (one.place[0], one.scoring, one.removed)
        if key not in self.panels:
            exclusions = options(self.multiverse, "exclusions")[one.place[0]]
            self.panels[key] = person_waves(self.source.scores(exclusions, one.scoring, one.removed))
        return self.panels[key]

    def imputation(self, one: Specification, changed: Hypothesis, panel: pd.DataFrame) -> Completed | None:
        """Imputations as the family has them; what this specification adds or exchanges is imputed with the rest."""
        own = _exchanged(self._declared(changed["id"]), dict(one.instead))
        added = [c for c in changed["covariates"] if c["name"] not in _covariates(own)]
        about = tuple(_about(changed)) if one.outliers else ()
        key = (
            one.place[0],
            one.scoring,
            one.removed,
            one.instead,
            one.outliers,
            about,
            tuple(c["name"] for c in added),
        )
        if key not in self.completed:
            own["covariates"] = [*own["covariates"], *added]
            each = [own if h["id"] == own["id"] else h for h in self.family["hypotheses"]]
            self.completed[key] = complete(panel, {**self.family, "hypotheses": each}, self.settings)
        return self.completed[key].get(changed["id"])

    def _declared(self, name: str) -> dict[str, Any]:
        return dict(next(h for h in self.family["hypotheses"] if h["id"] == name))


def run_multiverse(
    source: Scores,
    multiverse: Multiverse,
    family: Mapping[str, Any],
    settings: Mapping[str, Any],
    items: Mapping[str, frozenset[str]],
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every specification of the hypotheses of one family that the multiverse names.

    source       gives scores for each way of screening and scoring (`rescored.Rescored`)
    multiverse   config/multiverse.yaml as parsed
    family       a family file as parsed
    settings     alpha, ci_level, bootstrap_draws, seed, imputation (m, most), as for `test_family`
    items        score -> items that it rests on
    known        the family's estimates table: the declared specification is its deciding row and is not computed again
    returns      the table "multiverse": one row per specification with its options in words. `verdict` follows the
                 rules of `verdicts.verdict` with the p value of that specification alone (nothing is adjusted: a
                 correction over specifications of one question has no meaning), so that of the declared specification
                 may differ from the family's. `possible`: how many specifications of its kind there are; of more than
                 the declared maximum some are drawn (`multiverse_specifications.sampled`). One that gives no estimate
                 is a row "not testable" with the reason
    missing      imputed specifications other than the declared one take the least number of draws, `imputation: m`
    source       Steegen et al. (2016), doi 10.1177/1745691616658637; Simonsohn et al. (2020), doi
                 10.1038/s41562-020-0912-z, whose inference over the curve is not made here
    checked against ordinary regressions by statsmodels, and the deciding rows of `test_family`

    >>> rng = np.random.default_rng(1)
    >>> class Simple:
    ...     def scores(self, exclusions, scoring, removed):
    ...         x = rng.normal(size=80)
    ...         return pd.DataFrame({"participant": range(80), "wave": "w1", "wave_number": 1, "role": "wave",
    ...                              "x": x, "y": x + rng.normal(size=80), "age": rng.normal(size=80)})
    >>> choices = {"covariates": [{"label": "as declared"}, {"label": "none", "without": "all"}]}
    >>> hypothesis = {"id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "direction": "positive",
    ...               "covariates": [{"name": "age", "type": "number"}], "sesoi": 0.10, "claim_type": "difference"}
    >>> table = run_multiverse(
    ...     Simple(), {"hypotheses": ["H1"], "most": {"regression": 9, "mixed": 9, "imputed": 9, "apart": 9}, "choices": choices},
    ...     {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [hypothesis]},
    ...     {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 500, "seed": 1, "imputation": {"m": 0, "most": 0}}, {})
    >>> table[["covariates", "declared", "verdict"]].values.tolist()
    [['as declared', True, 'supported'], ['none', False, 'supported']]
    """
    runner = Runner(source, multiverse, family, settings)
    rows = [row for h in hypotheses_of(multiverse, family) for row in _of_hypothesis(h, runner, items, known)]
    return pd.DataFrame(rows, columns=list(COLUMNS["multiverse"]))


def _of_hypothesis(
    hypothesis: Hypothesis, runner: Runner, items: Mapping[str, frozenset[str]], known: pd.DataFrame | None
) -> list[dict[str, Any]]:
    slope = bool(runner.family.get("random_slope", False))
    imputes = bool(runner.settings["imputation"]["m"])
    ground = Ground(hypothesis, 0, slope, imputes, items)
    declared = specified((0,) * len(CHOICES), runner.multiverse, ground)
    try:
        question = put(hypothesis, runner.panel(declared), NO_EVENTS, runner.settings, slope, None)
    except NotTestable as refusal:
        return [_row(declared, 1, 1, _refused(hypothesis, str(refusal)), hypothesis, runner)]
    found = distinct(runner.multiverse, replace(ground, waves=len(question.waves)))
    chosen = sampled(found, runner.multiverse["most"], runner.settings["seed"])
    decided = _deciding(known, hypothesis["id"])
    return [
        _row(one, number, possible, decided if one.declared and decided else estimated(one, hypothesis, runner), hypothesis, runner)
        for number, (one, possible) in enumerate(chosen, start=1)
    ]  # fmt: skip


def _deciding(known: pd.DataFrame | None, name: str) -> Estimate | None:
    """The deciding row of a hypothesis in the estimates table, without its verdict."""
    if known is None:
        return None
    own = known[(known["hypothesis"] == name) & known["decides"]]
    if own.empty:
        return None
    row = Estimate(**{name: own.iloc[0][name] for name in OF_AN_ESTIMATE})
    return row if row.status == NOT_TESTABLE else replace(row, verdict="", reason="", exceeds_sesoi="")


def estimated(one: Specification, hypothesis: Hypothesis, runner: Runner) -> Estimate:
    """The coefficient that decides, in one specification; a row that says why where there is none."""
    changed = altered(hypothesis, one)
    try:
        panel = without_outliers(runner.panel(one), changed, one.outliers)
        question = put(changed, panel, NO_EVENTS, runner.settings, one.random_slope, None)
        analyse = analysis(question, one)
        if not one.imputed:
            return with_unknown(analyse(question.panel)[0], question)
        completed = runner.imputation(one, changed, panel)
        if completed is None:
            return _refused(hypothesis, "the imputation gave no panel")
        found = _pooled(completed, lambda drawn: analyse(_same_rows(drawn, question))[:1], one, runner)
        return with_unknown(found, question)
    except NotTestable as refusal:
        return _refused(hypothesis, str(refusal))
    except np.linalg.LinAlgError as fault:
        return _refused(hypothesis, f"the model could not be solved ({fault})")


def _pooled(
    completed: Completed, analyse: Callable[[pd.DataFrame], list[Estimate]], one: Specification, runner: Runner
) -> Estimate:
    alpha = runner.settings["alpha"]
    if one.declared:
        return completed.pooled(analyse, alpha)[0]
    return pooled(analyse, completed.first(completed.least), alpha)[0]


def _same_rows(drawn: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The person-waves of an imputed panel that the question is about."""
    return kept(drawn, among(drawn, question.panel)).reset_index(drop=True)


def _refused(hypothesis: Hypothesis, reason: str) -> Estimate:
    return Estimate(
        analysis="none", wave="all", outcome=" and ".join(outcomes(hypothesis)), term=" and ".join(predictors(hypothesis)),
        method="none", status=NOT_TESTABLE, reason=reason,
    )  # fmt: skip


# --- what a specification changes ------------------------------------------------------------------------------------


def altered(hypothesis: Hypothesis, one: Specification) -> Hypothesis:
    """The hypothesis with the scores and covariates of one specification.

    >>> from types import SimpleNamespace
    >>> one = SimpleNamespace(instead=(("a_rsq", "a_rsq_concern"),), covariates=())
    >>> altered({"outcome": "a_rsq", "predictor": "x", "covariates": []}, one)["outcome"]
    'a_rsq_concern'
    """
    return _exchanged({**hypothesis, "covariates": list(one.covariates)}, dict(one.instead))


def _exchanged(hypothesis: Hypothesis, instead: Mapping[str, str]) -> dict[str, Any]:
    changed = dict(hypothesis)
    for key in variables(hypothesis):
        if key == "covariates":
            changed[key] = [{**c, "name": instead.get(c["name"], c["name"])} for c in hypothesis[key]]
        elif key in changed and key != "where":
            own = changed[key]
            changed[key] = instead.get(own, own) if isinstance(own, str) else [instead.get(n, n) for n in own]
    return changed


def _about(hypothesis: Hypothesis) -> list[str]:
    """Outcomes, predictors and the moderator: the variables whose outliers are looked at."""
    return [*outcomes(hypothesis), *predictors(hypothesis), *variables(hypothesis).get("moderator", ())]


def _covariates(hypothesis: Hypothesis) -> list[str]:
    return [covariate["name"] for covariate in hypothesis["covariates"]]


def without_outliers(panel: pd.DataFrame, hypothesis: Hypothesis, rule: tuple[str, float] | None) -> pd.DataFrame:
    """The panel with values of outcome, predictor and moderator beyond so many SDs (n - 1) of their wave dealt with.

    rule   ("winsorise", k): set to mean - k SD or mean + k SD; ("leave_out_beyond", k): the person-wave is left out;
           None: as it is

    >>> panel = pd.DataFrame({"wave": "w", "x": [0.0] * 20 + [9.0], "y": 1.0})
    >>> float(without_outliers(panel, {"outcome": "y", "predictor": "x", "covariates": []}, ("winsorise", 3))["x"].max().round(3))
    6.32
    >>> len(without_outliers(panel, {"outcome": "y", "predictor": "x", "covariates": []}, ("leave_out_beyond", 3)))
    20
    """
    if rule is None:
        return panel
    name, k = rule
    own = [column for column in dict.fromkeys(_about(hypothesis)) if column in panel]
    of_wave = panel.groupby("wave")[own]
    mean, spread = of_wave.transform("mean"), k * of_wave.transform("std")
    low, high = mean - spread, mean + spread
    if name == "winsorise":
        held = panel[own].where(panel[own].isna() | (panel[own] >= low) | low.isna(), low)
        return panel.assign(**held.where(held.isna() | (held <= high) | high.isna(), high))
    beyond = ((panel[own] < low) | (panel[own] > high)).any(axis=1)
    return panel[~beyond].reset_index(drop=True)


def analysis(q: Question, one: Specification) -> Callable[[pd.DataFrame], list[Estimate]]:
    """The estimator of a specification, as a function of the panel; its first row is the coefficient that decides."""
    model, several = q.hypothesis.get("model", DEFAULT), len(q.waves) > 1
    first = q.waves[0]
    at_once: dict[str, Any] = {"wave": first, **q.levels}

    def frame(panel: pd.DataFrame) -> pd.DataFrame:
        return panel[panel["wave"] == first].reset_index(drop=True)

    if model == "correlation":
        if several:
            return lambda panel: [fixed_effects(panel, **q.asked, **q.levels)]
        return lambda panel: partial_correlation(frame(panel), **q.asked, **at_once)
    if model == "moderation":
        by: dict[str, Any] = {"moderator": q.hypothesis["moderator"]}
        if len(q.waves) < 3:
            return lambda panel: moderation(frame(panel), **q.asked, **by, **at_once)
        within = cross_level if one.mixed else cross_level_clustered
        return lambda panel: within(panel, **q.asked, **by, **q.levels)
    if model == "association":
        return _association(q, one, frame, at_once)
    return _contrast(q, one, frame, at_once)


def _association(
    q: Question, one: Specification, frame: Callable[..., Any], at_once: Mapping[str, Any]
) -> Callable[..., Any]:
    if len(q.waves) == 1:
        return lambda panel: cross_sectional(frame(panel), **q.asked, **at_once)
    if len(q.waves) == 2:
        return lambda panel: [change_on_change(panel, **q.asked, **q.levels)]
    if one.mixed:
        return lambda panel: within_between(panel, **q.asked, random_slope=one.random_slope, **q.levels)
    return lambda panel: [fixed_effects(panel, **q.asked, **q.levels)]


def _contrast(
    q: Question, one: Specification, frame: Callable[..., Any], at_once: Mapping[str, Any]
) -> Callable[..., Any]:
    """Two outcomes, or two predictors, beside each other."""
    if "outcomes" in q.hypothesis:
        this, other = q.hypothesis["outcomes"]
        predictor = q.hypothesis["predictor"]
        if len(q.waves) > 1:
            return lambda panel: contrast_of_outcomes(
                panel, this, other, predictor, q.covariates, random_slope=one.random_slope, **q.levels
            )
        return lambda panel: outcome_contrast(
            frame(panel), this, predictor, q.covariates, other_outcome=other, **at_once
        )
    outcome, named = q.hypothesis["outcome"], q.hypothesis["predictors"]
    several = len(named) > 2  # sources: who has no such person is no lost row

    def contrasts(panel: pd.DataFrame) -> list[Estimate]:
        if len(q.waves) > 1:
            rows = contrast_of_predictors(panel, outcome, named, q.covariates, absent_is_zero=several, **q.levels)
        else:
            people, absent = with_absent_sources(frame(panel), named) if several else (frame(panel), {})
            rest: dict[str, Any] = {"other_predictors": list(named[1:]), "absent": absent}
            rows = predictor_contrasts(people, outcome, named[0], q.covariates, **rest, **at_once)
        return sorted(rows, key=lambda row: row.metric != "beta_difference")

    return contrasts


# --- one row ---------------------------------------------------------------------------------------------------------


def _row(
    one: Specification, number: int, possible: int, found: Estimate, hypothesis: Hypothesis, runner: Runner
) -> dict[str, Any]:
    """A specification's options in words, its numbers, and its verdict by its own p value."""
    said = {
        choice: options(runner.multiverse, choice)[at]["label"] for choice, at in zip(CHOICES, one.place, strict=True)
    }
    undecided = replace(found, **identity(hypothesis, runner.family), decides=True, verdict="")
    decided = decide([undecided], "none", runner.settings["alpha"])[0]
    numbers = {name: getattr(decided, name) for name in OF_AN_ESTIMATE if name in COLUMNS["multiverse"]}
    return numbers | said | {
        "specification": number, "declared": one.declared, "apart": one.apart, "kind": one.kind, "possible": possible,
    }  # fmt: skip
