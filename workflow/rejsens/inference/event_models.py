"""Mixed models of single events: ambiguous against overt ones, and ratings that go together across a person's events.

An event is a row of its own (participant, wave, event, ratings), so that person and wave are levels above it. *Within*
is how a person's events differ among themselves, over kinds and waves; *between* is how people differ in what they
tend to report. Only the first is free of everything that is stable about a person.

People may differ in what a kind of event or a rating goes with, which random intercepts leave out: errors are clustered by
person (`Blocks.clustered`), t on G - 1 degrees of freedom, G people with two events (between: G people).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate, require
from rejsens.inference.estimates import NOT_TESTABLE, OK, Estimate, NotTestable, t_columns
from rejsens.inference.mixed import BETWEEN, WITHIN, Panel, prepare_panel, within_person_sd
from rejsens.inference.mixed_blocks import Blocks, blocks_of
from rejsens.inference.mixedlm_adapter import MixedFit, fit_mixed_model

ANALYSIS = "event_level"
INDICATOR = "event_kind_"  # column that tells the two kinds apart, 1 for the first


def with_scores(events: pd.DataFrame, scores: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Give each event the scores and background of its person and wave.

    events    the panel proper of the events table (role "wave"; others are left out)
    scores    one row per participant and wave
    names     columns of `scores` to carry over; those that the events have already are left alone
    returns   one row per event, sorted by person, wave and kind

    >>> events = pd.DataFrame({"participant": ["a", "a"], "wave": ["w1", "w1"], "wave_number": [1, 1],
    ...                        "role": ["wave", "wave"], "event": ["clear", "unclear"], "hurt": [3.0, 5.0]})
    >>> scores = pd.DataFrame({"participant": ["a"], "wave": ["w1"], "age": [30]})
    >>> with_scores(events, scores, ["age"])["age"].tolist()
    [30, 30]
    """
    require(scores, names)
    added = [name for name in names if name not in events.columns]
    rows = events[events["role"] == "wave"].merge(
        scores[["participant", "wave", *added]], on=["participant", "wave"], how="left", validate="many_to_one"
    )
    return rows.sort_values(["participant", "wave_number", "event"], kind="stable").reset_index(drop=True)


def event_contrast(
    events: pd.DataFrame,
    outcome: str,
    kinds: tuple[str, str],
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Do events of one kind get higher ratings than events of another, within the same person?

        rating = b0 + b first_kind_within + bB share_of_first_kind + wave + covariates + u_person + v_occasion + e

    events      one row per event: participant, wave, wave_number, event, the rating and the covariates
    kinds       the two kinds; the contrast is the first minus the second, other events are not used
    covariates  as for `within_between`; those that vary between events (`varies: true`: severity, came_first) enter
                with both parts. Severity is a rating of the same event: with it the contrast holds severity, without it
                the contrast is what the two kinds differ by in all
    returns     two rows. `dz`: b / (sqrt(2) * residual SD), the contrast in SDs of the difference of two events of one
                occasion as the model has it. With one wave, all pairs complete and no covariates it is the mean
                difference over the SD of the differences, and its t test is the paired t test. `b`: in units of the
                rating. The residual SD is taken as known. REML, person-clustered errors.
                Random intercepts of people and, with several waves, of occasions (a person's wave); waves are also
                contrasts of their own. An intercept of occasions without variance is left out and `status` says so
    missing     complete events, likelihood-based: a person with one kind only informs the rest of the model
    raises      NotTestable: a kind or a column is absent, or see `prepare_panel`
    checked against R: lme4::lmer, each person left out with the variances held (tests/reference/panel.R);
                t.test(paired = TRUE)

    >>> rng = np.random.default_rng(1)
    >>> hurt = rng.normal(size=80)[:, None] + rng.normal(size=(80, 2)) + [0.5, 0.0]
    >>> events = pd.DataFrame({"participant": np.repeat(np.arange(80), 2), "wave": "w1", "wave_number": 1,
    ...                        "event": ["unclear", "clear"] * 80, "hurt": hurt.ravel()})
    >>> dz, raw = event_contrast(events, "hurt", ("unclear", "clear"))
    >>> difference = hurt[:, 0] - hurt[:, 1]
    >>> round(dz.estimate, 4), round(float(difference.mean() / difference.std(ddof=1)), 4), round(dz.df)
    (0.2393, 0.2393, 79)
    """
    rows = of_kinds(events, outcome, kinds)
    prepared, fit, blocks, blank = _fit_events(rows, outcome, INDICATOR, covariates, ci_level)
    step = step_of_kind(rows, outcome, covariates)
    scales = {"dz": step / (math.sqrt(2) * fit.residual_sd), "b": step * prepared.sd_within}
    term = f"event {kinds[0]} - {kinds[1]}"
    return [
        _row(replace(blank, term=term, metric=metric), fit, blocks, WITHIN, scale, alpha)
        for metric, scale in scales.items()
    ]


def event_association(
    events: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Within a person, do events with more of one rating have more of another, other ratings held?

        outcome = b0 + bW predictor_within + bB predictor_mean + wave + covariates + u_person + v_occasion + e

    events      one row per event, as for `event_contrast`
    predictor   a number per event: perceived ambiguity (H19), perceived intent (H44)
    covariates  as for `within_between`; ratings of the event and its kind need `varies: true` and enter with both parts
    returns     two rows, `beta_within` (pooled within-person SDs over all analysed events of predictor and outcome) and
                `beta_between` (SDs of person means). For an equivalence claim (H44) the row's 90 % interval is compared
                with the SESOI by the verdict. Random intercepts and errors as in `event_contrast`
    missing     complete events, likelihood-based
    raises      NotTestable, see `prepare_panel`
    checked against R: lme4::lmer, each person left out with the variances held (tests/reference/panel.R)

    >>> rng = np.random.default_rng(1)
    >>> waves = ["w1", "w1", "w2", "w2", "w3", "w3"] * 60
    >>> events = pd.DataFrame({"participant": np.repeat(np.arange(60), 6), "wave": waves,
    ...                        "wave_number": [1, 1, 2, 2, 3, 3] * 60, "event": ["clear", "unclear"] * 180})
    >>> events["intent"] = rng.normal(size=360)
    >>> events["hurt"] = rng.normal(size=60)[events["participant"]] + 0.5 * rng.normal(size=180).repeat(2)
    >>> events["hurt"] += rng.normal(size=360)
    >>> within, between = event_association(events, "hurt", "intent")
    >>> within.metric, round(within.estimate, 2), within.method
    ('beta_within', -0.11, 'mixed model of events, REML, random intercepts of person and occasion, person-clustered errors')
    """
    prepared, fit, blocks, blank = _fit_events(events, outcome, predictor, covariates, ci_level)
    scale = prepared.sd_within / prepared.sd_between if prepared.sd_between > 0 else math.nan
    parts = [(WITHIN, "within", 1.0), (BETWEEN, "between", scale)]
    return [
        _row(replace(blank, term=f"{predictor}_{part}", metric=f"beta_{part}"), fit, blocks, column, scale, alpha)
        for column, part, scale in parts
        if column in fit.estimate
    ]


def of_kinds(events: pd.DataFrame, outcome: str, kinds: tuple[str, str]) -> pd.DataFrame:
    """The events of two kinds, with a column that is 1 for the first; NotTestable when a kind was not rated."""
    require(events, ["event", outcome])
    rows = events[events["event"].isin(kinds)]
    if absent := [kind for kind in kinds if not rows.loc[rows["event"] == kind, outcome].notna().any()]:
        raise NotTestable(f"no event of the kind {absent[0]} was rated")
    return rows.assign(**{INDICATOR: (rows["event"] == kinds[0]).astype(float)})


def step_of_kind(rows: pd.DataFrame, outcome: str, covariates: Sequence[Covariate]) -> float:
    """From one kind to the other in the units of the model's column, which are within-person SDs."""
    used = rows.dropna(subset=[outcome, *(covariate["name"] for covariate in covariates)])
    return 1 / within_person_sd(used[INDICATOR].to_numpy(), used["participant"].to_numpy())


def _fit_events(
    rows: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate], ci_level: float
) -> tuple[Panel, MixedFit, Blocks, Estimate]:
    """The prepared events, the fit as a whole and person by person, and a row with everything but the coefficient."""
    prepared, fit, status, occasion = fit_events(rows, outcome, predictor, covariates)
    levels = "random intercept of person" if occasion is None else "random intercepts of person and occasion"
    used = rows.dropna(subset=[outcome, predictor, *(covariate["name"] for covariate in covariates)])
    waves = used["wave"].unique()
    blank = Estimate(
        analysis=ANALYSIS, wave=str(waves[0]) if len(waves) == 1 else "all", outcome=outcome,
        n_people=prepared.n_people, n_obs=len(prepared.y), n_lost=prepared.n_lost, ci_level=ci_level,
        method=f"mixed model of events, REML, {levels}, person-clustered errors", status=status,
        warnings="; ".join(prepared.warnings),
    )  # fmt: skip
    return prepared, fit, blocks_of(fit, prepared.y, prepared.columns, prepared.person, occasion=occasion), blank


def fit_events(
    rows: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]
) -> tuple[Panel, MixedFit, str, np.ndarray | None]:
    """The prepared events, the fit, its status, and the occasions that have an intercept of their own (None: none have)."""
    rows = rows.reset_index(drop=True)
    prepared = prepare_panel(rows, outcome, predictor, covariates)
    used = rows.dropna(subset=[outcome, predictor, *(covariate["name"] for covariate in covariates)])
    occasion = used.groupby(["participant", "wave"]).ngroup().to_numpy()
    if not prepared.n_people < len(set(occasion)) < len(occasion):
        return prepared, fit_mixed_model(prepared.y, prepared.columns, prepared.person), OK, None
    fit = fit_mixed_model(prepared.y, prepared.columns, prepared.person, occasion=occasion)
    if not fit.singular:
        return prepared, fit, OK, occasion
    status = "random intercept of occasion not admissible: person only"
    return prepared, fit_mixed_model(prepared.y, prepared.columns, prepared.person), status, None


def _row(blank: Estimate, fit: MixedFit, blocks: Blocks, column: str, scale: float, alpha: float) -> Estimate:
    if fit.problem:
        return replace(blank, status=NOT_TESTABLE, reason=fit.problem)
    place = blocks.names.index(column)
    se = math.sqrt(blocks.clustered()[place, place])
    df = blocks.clustered_df if column == WITHIN else len(blocks.labels) - 1
    return replace(blank, **t_columns(fit.estimate[column] * scale, se * scale, df, blank.ci_level, alpha))
