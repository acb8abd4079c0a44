"""Models over waves where the data end: a question that the waves cannot answer says so, and gives no number."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import mixedlm
import numpy as np
import pandas as pd
import pytest

from rejsens.inference import cross_lagged, questions
from rejsens.inference.cross_lagged import fit_processes, ri_clpm
from rejsens.inference.cross_level import SINGULAR_SLOPE, cross_level
from rejsens.inference.diagnosed import model_behind
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.families import test_family as run_family
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.imputed import _products
from rejsens.inference.joint_tests import pooled_equality
from rejsens.inference.latent_change import latent_change
from rejsens.inference.mixed import fixed_effects, within_between
from rejsens.inference.mixedlm_adapter import fit_mixed_model
from rejsens.inference.questions import put
from rejsens.inference.recovery import piecewise_recovery
from rejsens.inference.wide_panel import derived, fit_row
from rejsens.inference.within_contrasts import contrast_of_predictors

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 50, "seed": 1, "imputation": {"m": 0, "most": 0}}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


def long(people: int, waves: int, seed: int = 1, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    person, wave = np.repeat(np.arange(people), waves), np.tile(np.arange(1, waves + 1), people)
    x, y = rng.normal(size=(2, people * waves)) + rng.normal(size=(2, people))[:, person]
    frame = {"participant": [f"p{k:03}" for k in person], "wave": [f"w{k}" for k in wave], "wave_number": wave}
    return pd.DataFrame(frame | {"role": "wave", "x": x, "y": y} | columns)


def centred(panel: pd.DataFrame, name: str) -> pd.Series:
    return panel[name] - panel.groupby("participant")[name].transform("mean")


def family_of(**asked: object) -> dict:
    known = {"id": "one", "label": "l", "covariates": [], "direction": "negative", "sesoi": 0.1}
    one = {"claim_type": "difference"} | known | asked
    return {"family": "demo", "confirmatory": False, "correction": "none", "random_slope": True, "hypotheses": [one]}


# --- recovery --------------------------------------------------------------------------------------------------------


def test_who_has_a_drop_must_have_answered():
    rows = long(60, 6)
    up = rows["participant"] < "p030"
    rows.loc[up, "x"] = rows.loc[up, "wave_number"].astype(float)  # of half nobody ever drops
    rows.loc[~up, "y"] = np.nan
    with pytest.raises(NotTestable, match="nobody has a drop in x and complete waves"):
        piecewise_recovery(rows, "y", "x")


def test_a_drop_of_all_in_the_second_wave_leaves_no_slope_before_it():
    rows = long(60, 6)
    rows["x"] = np.where(rows["wave_number"] == 1, 3.0, 0.01 * rows["wave_number"])
    with pytest.raises(NotTestable, match="before and after the drop cannot be told from each other"):
        piecewise_recovery(rows, "y", "x")


def test_recovery_of_what_never_changes_and_of_what_nobody_keeps():
    rows = long(60, 6)
    with pytest.raises(NotTestable, match="the outcome does not vary within people"):
        piecewise_recovery(rows.assign(y=rows.groupby("participant")["y"].transform("first")), "y", "x")
    found = piecewise_recovery(rows.assign(y=centred(rows, "y")), "y", "x")  # people differ in nothing: a variance of 0
    assert [row.status for row in found] == [NOT_TESTABLE] * 4
    assert all("singular" in row.reason and math.isnan(row.estimate) and math.isnan(row.p) for row in found)


# --- mixed models ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["centred", "ranked"])
def test_a_predictor_whose_person_means_are_alike_has_a_within_part_alone(kind):
    """Alike up to rounding: what is left of it would otherwise pass for a difference between people."""
    rows = long(80, 4)
    rows["y"] += 0.5 * rows["x"]
    ranks = rows.groupby("participant")["x"].rank() / 10
    same = rows.assign(x=centred(rows, "x") if kind == "centred" else ranks)
    assert same.groupby("participant")["x"].mean().nunique() > 1
    (within,) = within_between(same, "y", "x")
    assert within.metric == "beta_within"
    assert within.estimate == pytest.approx(fixed_effects(same, "y", "x").estimate, abs=1e-6)


@pytest.fixture(scope="module")
def moderated() -> pd.DataFrame:
    """Slopes that follow the moderator, and differ beyond it."""
    rng = np.random.default_rng(4)
    rows = long(120, 5, seed=3)
    m, own = rng.normal(size=120).repeat(5), 0.5 * rng.normal(size=120).repeat(5)
    return rows.assign(m=m, y=rows["y"] + (0.3 * m + own) * rows["x"])


def test_an_interaction_without_a_between_part_of_its_predictor(moderated):
    same = moderated.assign(x=centred(moderated, "x"))
    first = cross_level(same, "y", "x", moderator="m")[0]
    sd_x, sd_y = (math.sqrt((centred(same, name) ** 2).sum() / (4 * 120)) for name in ("x", "y"))
    z = (same["m"] - same["m"][::5].mean()) / same["m"][::5].std()
    columns = pd.DataFrame({"x": same["x"] / sd_x, "m": z, "xm": same["x"] / sd_x * z})
    columns = columns.assign(**{wave: (same["wave"] == wave) * 1.0 for wave in same["wave"].unique()[1:]})
    fit = fit_mixed_model((same["y"] / sd_y).to_numpy(), columns, same["participant"].to_numpy(), "x")
    assert first.status == "ok" and first.estimate > 0.1
    assert (first.estimate, first.se) == pytest.approx((fit.estimate["xm"], fit.se["xm"]), rel=1e-4)


def test_an_interaction_is_not_told_where_people_differ_in_nothing(moderated):
    """Neither random part is admissible: no number, the reason, and the checks give the same one."""
    alike = moderated.assign(y=centred(moderated, "y"))
    rows = cross_level(alike, "y", "x", moderator="m")
    assert {row.status for row in rows} == {NOT_TESTABLE}
    assert all(math.isnan(row.estimate) and row.reason.startswith(SINGULAR_SLOPE) for row in rows)
    family = family_of(model="moderation", outcome="y", predictor="x", moderator="m")
    question = put(family["hypotheses"][0], alike, pd.DataFrame(), SETTINGS, True, None)
    with pytest.raises(NotTestable, match="singular"):
        model_behind(question, "cross_level")


def test_a_moderator_that_is_a_covariate_in_other_units_leaves_the_interaction(moderated):
    repeated = moderated.assign(copy=moderated["x"] * (moderated["m"] - moderated["m"][::5].mean()))
    with pytest.raises(NotTestable, match="the interaction is a linear combination of the other columns"):
        cross_level(repeated, "y", "x", [{"name": "copy", "type": "number", "varies": True}], moderator="m")


def test_a_fit_that_did_not_converge_or_has_no_solution_is_no_estimate(moderated, monkeypatch):
    x, person = moderated[["x"]], moderated["participant"].to_numpy()
    fit = fit_mixed_model(moderated["y"].to_numpy(), x, person, "x")
    assert fit.problem == ""
    assert replace(fit, converged=False).problem == "the mixed model did not converge"

    def fails(*given: object, **named: object) -> None:
        raise RuntimeError("downdated matrix is not positive definite")

    monkeypatch.setattr(mixedlm, "lmer", fails)
    with pytest.raises(NotTestable, match="the mixed model finds no solution"):
        fit_mixed_model(
            moderated["y"].to_numpy(),
            x,
            person,
            "x",
            occasion=(moderated["participant"] + moderated["wave"]).to_numpy(),
        )


def test_a_contrast_of_a_predictor_with_itself(moderated):
    with pytest.raises(NotTestable, match="needs two of them"):
        contrast_of_predictors(moderated, "y", ["x", "x"])


# --- structural equations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyse", [ri_clpm, dynamic_panel])
def test_a_score_does_not_go_before_itself(panel, analyse):
    with pytest.raises(NotTestable, match="the same score"):
        analyse(panel, "y", "y")


def test_a_category_that_varies_is_no_lagged_cause(panel):
    plain = dynamic_panel(panel, "y", "x")[0]
    beside = dynamic_panel(panel, "y", "x", [{"name": "gender", "type": "category", "varies": True}])[0]
    assert "gender is not in the model" in beside.warnings and plain.warnings == ""
    assert (beside.estimate, beside.se) == (plain.estimate, plain.se)


def test_paths_are_equal_or_free(panel):
    with pytest.raises(ValueError, match="'equal' or 'free', not 'some'"):
        ri_clpm(panel, "y", "x", paths="some")


@pytest.mark.parametrize("how", ["refused", "no test"])
def test_without_a_free_model_equal_paths_are_reported_untested(panel, monkeypatch, how):
    whole = ri_clpm(panel, "y", "x")

    def refused(data: object, names: object, paths: str, estimator: str) -> object:
        if paths == "free":
            raise NotTestable("the model is not admissible")
        return fit_processes(data, names, paths, estimator)

    if how == "refused":
        monkeypatch.setattr(cross_lagged, "fit_processes", refused)
    else:
        monkeypatch.setattr(cross_lagged, "compare_models", lambda equal, free: SimpleNamespace(chi2=math.nan))
    rows = ri_clpm(panel, "y", "x")
    assert [row.term for row in whole[len(rows) :]] == ["equal paths over waves"]
    assert [(row.term, row.estimate, row.p) for row in rows] == [
        pytest.approx((row.term, row.estimate, row.p), nan_ok=True) for row in whole[: len(rows)]
    ]


def test_a_number_that_no_parameter_moves_has_no_error(panel):
    data, names, _ = cross_lagged.processes(panel, "y", "x", [])
    model = fit_processes(data, names, "equal", "ML")
    with pytest.raises(NotTestable, match="standard error of a coefficient is not positive"):
        derived(model, {"one": lambda parameters, state: 1.0})
    assert fit_row(Estimate(), SimpleNamespace(fit=SimpleNamespace(df=0))) == []


def test_a_predictor_of_change_is_asked_at_the_first_wave(panel):
    later = panel[panel["wave_number"] < 3]
    later = later.assign(x=later["x"].where(later["wave_number"] == 2))
    with pytest.raises(NotTestable, match="x was not asked at the first of the two waves"):
        latent_change(later, "y", "x")


# --- imputation ------------------------------------------------------------------------------------------------------


def test_a_condition_that_nobody_meets_is_told(panel):
    family = family_of(outcome="y", predictor="x", where={"gender": 7})
    (row,) = run_family(panel, family, SETTINGS).to_dict("records")
    assert row["verdict"] == "not testable"
    assert row["reason"] == "nobody is left of those it asks about: gender is 7 for none of them"


@pytest.mark.parametrize("waves", [1, 3])
@pytest.mark.parametrize("fault", [ValueError("too few donors"), np.linalg.LinAlgError("Singular matrix")])
def test_gaps_that_cannot_be_drawn_leave_complete_cases_that_say_so(panel, monkeypatch, waves, fault):
    rows = panel[panel["wave_number"] <= waves]
    family = family_of(outcome="y", predictor="x")
    complete = run_family(rows, family, SETTINGS)

    def fails(*given: object, **named: object) -> None:
        raise fault

    monkeypatch.setattr(questions, "completed_panels", fails)
    found = run_family(rows, family, SETTINGS | {"imputation": {"m": 5, "most": 5}})
    one, other = (table[table["decides"]].iloc[0] for table in (found, complete))
    for name in ("estimate", "ci_low", "ci_high", "p", "n_obs", "verdict"):
        assert one[name] == other[name]
    assert one["status"] == f"complete cases, as imputation gave no estimate: the gaps could not be drawn ({fault})"
    assert math.isnan(one["m"]) and len(found) == len(complete)


def test_a_joint_test_that_cannot_be_pooled_says_so():
    """Three differences of which one standard error is 0: their covariance has no inverse."""
    blank = Estimate(analysis="a", wave="w", outcome="y")
    joint = replace(
        blank, metric="wald_f", term="x1 = x2 = x3", df=100.0, statistic=2.0, method="F with 2 numerator df"
    )
    pairs = [
        replace(blank, metric="beta_difference", term=term, estimate=0.2, se=se)
        for term, se in (("x1 - x2", 0.1), ("x1 - x3", 0.1), ("x2 - x3", 0.0))
    ]
    row = pooled_equality([joint] * 3, [pairs] * 3, "multiple imputation, m = 3")
    assert row.status == NOT_TESTABLE and row.m == 3
    assert row.reason.startswith("the panels' tests could not be pooled (")
    assert math.isnan(row.statistic) and math.isnan(row.p) and math.isnan(row.df)


@pytest.mark.parametrize(
    ("moderator", "found"),
    [({"m@w1": [1.0, 2.0]}, {"x:m@w1": ["x@w1", "m@w1"], "x:m@w2": ["x@w2", "m@w1"]}),
     ({"m": [1.0, 2.0]}, {"x:m@w1": ["x@w1", "m"], "x:m@w2": ["x@w2", "m"]}),
     ({"m": pd.Categorical(["a", "b"])}, {}), ({}, {})],
    ids=["asked in a wave", "constant", "category", "not there"],
)  # fmt: skip
def test_an_interaction_is_drawn_with_the_moderator_of_its_first_wave(moderator, found):
    wide = pd.DataFrame({"x@w1": [0.0, 1.0], "x@w2": [1.0, 3.0], **moderator})
    assert _products(wide, {"x:m": ("x", "m")}) == found
