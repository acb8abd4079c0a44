"""The assumptions behind each verdict: every check of a hypothesis' deciding analysis, and its effect on the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.hypotheses import Hypothesis, variables
from rejsens.inference.covariates import person_waves
from rejsens.inference.cross_lagged import both_directions, ri_clpm
from rejsens.inference.diagnosed import Model, model_behind
from rejsens.inference.estimates import NOT_TESTABLE, OK, estimates_frame
from rejsens.inference.families import rated_events
from rejsens.inference.fixed_effects_diagnostics import fixed_effects_checks
from rejsens.inference.group_contrasts import group_contrast
from rejsens.inference.lagged_diagnostics import lagged_checks
from rejsens.inference.lagged_mediation import fit_of_panel, lagged_indirect
from rejsens.inference.latent_growth import latent_growth
from rejsens.inference.mixed_diagnostics import (
    REFUSALS,
    Check,
    MixedModel,
    fixed_effects_instead,
    mixed_checks,
    reason_of,
)
from rejsens.inference.ordinary_diagnostics import correlation_checks, linear_checks, mean_checks
from rejsens.inference.paired_contrasts import paired_contrast
from rejsens.inference.partial_correlation import partial_correlation
from rejsens.inference.questions import Question, put

IDENTITY = ("participant", "wave", "wave_number", "role", "event")
LEFT_OUT = 10  # people whom an influence row leaves out, more where min_cell is more
ENDS = ("estimate", "ci_low", "ci_high", "ci90_low", "ci90_high")
COLUMNS = {
    "hypothesis": "str", "family": "str", "analysis": "str", "wave": "str", "metric": "str", "check": "str",
    "term": "str", "statistic": "str", "value": "float64", "df": "float64", "p": "float64", "guide": "str",
    "flagged": "bool", "estimate": "float64", "ci_level": "float64", "ci_low": "float64", "ci_high": "float64",
    "n_people": "int64", "instead": "str", "estimate_instead": "float64", "ci_low_instead": "float64",
    "ci_high_instead": "float64", "n_instead": "float64", "changes": "str", "effect": "str", "status": "str",
}  # fmt: skip
Found = tuple[Mapping[str, float], int, list[Check]]  # coefficient that was checked, people, its checks


def diagnose_family(
    scores: pd.DataFrame,
    family: Mapping[str, Any],
    settings: Mapping[str, Any],
    estimates: pd.DataFrame,
    events: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every check of the deciding analysis of every hypothesis of one family.

    scores, family, settings, events   as for `test_family`; settings also with min_cell (10 where absent)
    estimates   the family's table from `test_family`
    returns     one row per check: columns as COLUMNS. `estimate` with its interval: the deciding coefficient on complete
                cases, which is what is checked (the verdict may rest on imputed data); `..._instead`: the same coefficient
                in the same metric when the check is taken into account, as `instead` says; `changes`: whether its interval
                would then speak otherwise ("yes", "no", "" where there is nothing to compare), in words in `effect`;
                `flagged`: whether the value is beyond its guide; `status`: "ok", or why a check or its remedy gave nothing.
                A hypothesis that is not testable, and an analysis without such checks (a share of people), has no rows
    missing     complete cases (structural equations: FIML)
    privacy     influence rows leave out `LEFT_OUT` people together, or `min_cell` where that is more; nobody is named

    >>> import numpy as np
    >>> from rejsens.inference.families import test_family
    >>> rng = np.random.default_rng(1)
    >>> scores = pd.DataFrame({"participant": [f"p{k}" for k in range(80)], "wave": "w1", "wave_number": 1,
    ...                        "role": "wave", "x": rng.normal(size=80), "y": rng.normal(size=80)})
    >>> hypothesis = {"id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "covariates": [],
    ...               "direction": "positive", "sesoi": 0.10, "claim_type": "difference"}
    >>> family = {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [hypothesis]}
    >>> settings = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 500, "seed": 1, "imputation": {"m": 0, "most": 0}}
    >>> table = diagnose_family(scores, family, settings, test_family(scores, family, settings))
    >>> table.loc[table["check"] == "equal variances", ["instead", "changes"]].to_dict("records")
    [{'instead': 'interval that assumes equal variances', 'changes': 'no'}]
    """
    panel, rated = person_waves(scores), rated_events(scores, events)
    left_out = max(LEFT_OUT, int(settings.get("min_cell", LEFT_OUT)))
    rows: list[dict[str, Any]] = []
    for hypothesis in family["hypotheses"]:
        own = estimates[estimates["hypothesis"] == hypothesis["id"]]
        deciding = own[own["decides"].astype(bool)].iloc[0]
        if deciding["status"] == NOT_TESTABLE or not math.isfinite(deciding["estimate"]):
            continue
        slope = bool(family.get("random_slope", False))

        def asked(hypothesis: Hypothesis = hypothesis, slope: bool = slope) -> Question:
            of_waves, of_events = (
                _of(rows, hypothesis) for rows in (panel, rated)
            )  # a study's hundreds of other columns cost time
            return put(hypothesis, of_waves, of_events, settings, slope, None)

        rows += _rows(hypothesis, deciding, own, asked, left_out)
    return diagnostics_table(rows)


def _of(rows: pd.DataFrame, hypothesis: Hypothesis) -> pd.DataFrame:
    """What identifies the rows, and what the hypothesis names."""
    named = {name for names in variables(hypothesis).values() for name in names}
    return rows[[name for name in rows if name in IDENTITY or name in named]]


def diagnostics_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table: columns and dtypes as COLUMNS, "" or missing where nothing applies.

    >>> diagnostics_table([]).shape
    (0, 26)
    """
    blank = {"str": "", "float64": math.nan, "int64": 0, "bool": False}
    filled = [{name: row.get(name, blank[kind]) for name, kind in COLUMNS.items()} for row in rows]
    return pd.DataFrame(filled, columns=list(COLUMNS)).astype(COLUMNS)


def _rows(
    hypothesis: Hypothesis, deciding: pd.Series, own: pd.DataFrame, asked: Callable[[], Question], left_out: int
) -> list[dict[str, Any]]:
    known = {name: deciding[name] for name in ("hypothesis", "family", "analysis", "wave", "metric", "ci_level")}
    try:
        numbers, people, checks = _checks(asked(), deciding, own, left_out)
    except REFUSALS as refusal:
        ends = {name: deciding[name] for name in ("estimate", "ci_low", "ci_high", "n_people")}
        return [known | ends | {"check": "all checks", "status": reason_of(refusal)}]
    known |= {name: numbers.get(name, math.nan) for name in ("estimate", "ci_low", "ci_high")} | {"n_people": people}
    return [known | _told(check, numbers, hypothesis) for check in checks]


def _checks(q: Question, deciding: pd.Series, own: pd.DataFrame, left_out: int) -> Found:
    analysis = deciding["analysis"]
    if analysis in STRUCTURAL:
        numbers = {name: float(deciding[name]) for name in ENDS}
        normal = STRUCTURAL[analysis]
        if analysis == "lagged_indirect":  # its rows are the paths alone
            own = pd.concat([own, estimates_frame(fit_of_panel(q.panel, **q.asked, mediator=q.hypothesis["mediator"]))])
        return numbers, int(deciding["n_people"]), lagged_checks(own, deciding, lambda: normal(q), q.settings["alpha"])
    if analysis in OF_ONE_WAVE:
        return OF_ONE_WAVE[analysis](q, left_out)
    model = model_behind(q, analysis)
    if model is None:
        return {}, 0, []
    if analysis == "fixed_effects":
        assert isinstance(model, MixedModel)  # the one with the same columns
        found = fixed_effects_instead(model)
        return found["numbers"], found["n_instead"], fixed_effects_checks(model, left_out)
    checks = mixed_checks(model, left_out) if isinstance(model, MixedModel) else linear_checks(model, left_out)
    return model.numbers, _people(model), checks


def _people(model: Model) -> int:
    return len(set(model.person)) if isinstance(model, MixedModel) else len(model.y)


# --- analyses that are no single regression --------------------------------------------------------------------------


def _mediated(q: Question) -> list[Any]:
    by: dict[str, Any] = {
        "mediator": q.hypothesis["mediator"],
        "draws": q.settings["bootstrap_draws"],
        "rng": q.rng("mediation"),
    }
    found = lagged_indirect(q.panel, **q.asked, **by, estimator="ML", **q.levels)
    return [*found, *fit_of_panel(q.panel, **q.asked, mediator=by["mediator"], estimator="ML")]


STRUCTURAL: Mapping[str, Callable[[Question], list[Any]]] = {
    "ri_clpm": lambda q: ri_clpm(q.panel, **q.asked, estimator="ML", test_equality=False, **q.levels),
    "ri_clpm_both": lambda q: both_directions(q.panel, **q.asked, estimator="ML", **q.levels),
    "lagged_indirect": _mediated,
    "latent_growth": lambda q: latent_growth(q.panel, q.hypothesis["outcome"], estimator="ML", **q.levels),
}


def _correlation(q: Question, left_out: int) -> Found:
    def analyse(frame: pd.DataFrame) -> Any:
        return partial_correlation(frame, **q.asked, **q.levels)[0]

    row = analyse(q.frame())
    checks = correlation_checks(q.frame(), **q.asked, analyse=analyse, left_out=left_out, **q.levels)
    return _ends(row), row.n_people, checks


def _paired(q: Question, left_out: int) -> Found:
    one, other = q.hypothesis["outcomes"]
    frame = q.frame()
    values = (frame[one] - frame[other]).dropna().astype(float)

    def analyse(rows: pd.DataFrame) -> list[Any]:
        return paired_contrast(rows, one, other, q.covariates, **q.levels)

    row = analyse(frame)[0]
    return _ends(row), row.n_people, mean_checks(frame, values, None, analyse, left_out, q.settings["alpha"])


def _groups(q: Question, left_out: int) -> Found:
    outcome, predictor, wanted = q.hypothesis["outcome"], q.hypothesis["predictor"], tuple(q.hypothesis["groups"])
    frame = q.frame()
    rows = frame[frame[predictor].isin(wanted)].dropna(subset=[outcome])

    def analyse(some: pd.DataFrame) -> list[Any]:
        return group_contrast(some, outcome, predictor, q.covariates, groups=wanted, **q.levels)

    row = analyse(rows)[0]
    values = rows[outcome].astype(float)
    return _ends(row), row.n_people, mean_checks(rows, values, rows[predictor], analyse, left_out, q.settings["alpha"])


OF_ONE_WAVE: Mapping[str, Callable[[Question, int], Found]] = {
    "partial_correlation": _correlation, "paired_contrast": _paired, "group_contrast": _groups,
}  # fmt: skip


def _ends(row: Any) -> dict[str, float]:
    return {name: getattr(row, name) for name in ENDS}


# --- what a check does to the result ---------------------------------------------------------------------------------


def _told(check: Check, numbers: Mapping[str, float], hypothesis: Hypothesis) -> dict[str, Any]:
    """The row of a check: its numbers, and in words whether the interval would speak otherwise."""
    found, status = check.get("numbers", {}), check.get("reason", OK)
    if not all(map(math.isfinite, (value for name, value in found.items() if name in ENDS))):
        found, status = {}, "no interval: what was done instead fits somebody exactly"
    row = {name: value for name, value in check.items() if name in COLUMNS}
    row |= {f"{name}_instead": found[name] for name in ("estimate", "ci_low", "ci_high") if name in found}
    changes, effect = effect_of(numbers, found, float(hypothesis["sesoi"])) if found else ("", "")
    return row | {"changes": changes, "effect": effect, "status": status}


def effect_of(before: Mapping[str, float], after: Mapping[str, float], sesoi: float) -> tuple[str, str]:
    """Whether two intervals of one coefficient speak alike ("no") or not ("yes"), and in words.

    before, after   estimate, ci_low, ci_high, ci90_low, ci90_high; `after` may have no interval: then the sign is compared
    sesoi           smallest effect of interest; not a number where there is none

    >>> ends = {"estimate": 0.2, "ci_low": 0.02, "ci_high": 0.38, "ci90_low": 0.05, "ci90_high": 0.35}
    >>> effect_of(ends, ends | {"ci_low": -0.01}, 0.1)
    ('yes', 'the interval includes 0, where that of the analysis lies above 0')
    >>> effect_of(ends, {"estimate": 0.1}, 0.1)
    ('no', 'the sign is the same; there is no interval')
    """
    if not math.isfinite(after.get("ci_low", math.nan)):
        same = (before["estimate"] > 0) == (after["estimate"] > 0)
        return "no" if same else "yes", f"the sign is {'the same' if same else 'the other one'}; there is no interval"
    was, now = _place(before, sesoi), _place(after, sesoi)
    if was == now:
        return "no", f"the interval {now}, like that of the analysis"
    return "yes", f"the interval {now}, where that of the analysis {was}"


def _place(ends: Mapping[str, float], sesoi: float) -> str:
    """In the order of the verdicts: inside the bounds, beyond 0, or neither."""
    if -sesoi < ends["ci90_low"] and ends["ci90_high"] < sesoi:
        return "(90%) lies inside the smallest effect of interest (SESOI)"
    if ends["ci_low"] > 0:
        return "lies above 0"
    return "lies below 0" if ends["ci_high"] < 0 else "includes 0"
