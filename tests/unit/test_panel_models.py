"""Event, panel and growth models against R (tests/reference/panel.R), hand-worked cases and simulated truths."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import calibrate_panel

from rejsens.inference.accumulation import cumulative_exposure, exposure_before
from rejsens.inference.attrition import attrition_model, weighted_within
from rejsens.inference.cross_lagged import both_directions, ri_clpm
from rejsens.inference.cross_level import AT_ZERO, cross_level, cross_level_clustered
from rejsens.inference.estimates import NotTestable, estimates_frame
from rejsens.inference.event_models import event_association, event_contrast, with_scores
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.lagged_mediation import lagged_indirect
from rejsens.inference.latent_change import latent_change
from rejsens.inference.latent_growth import latent_growth
from rejsens.inference.mixed import fixed_effects
from rejsens.inference.recovery import first_drop, piecewise_recovery
from rejsens.inference.within_contrasts import contrast_of_outcomes, contrast_of_predictors
from rejsens.psychometrics import Parameter, Table, fit_model

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "panel.json").read_text(encoding="utf-8"))
VARYING = [{"name": "o", "type": "number", "varies": True}]
COVARIATES = [{"name": "age", "type": "number"}, {"name": "gender", "type": "category"}, *VARYING]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_events.csv")


def agrees(row, expected) -> None:
    """Estimates to 1e-5, standard errors and degrees of freedom to 1e-3 of their size."""
    assert row.estimate == pytest.approx(expected["estimate"], abs=1e-5), row.term
    assert row.se == pytest.approx(expected["se"], rel=1e-3), row.term
    if expected.get("df") is not None:
        assert row.df == pytest.approx(expected["df"], rel=1e-3), row.term


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_as_lmer(events):
    came_first = {"name": "came_first", "type": "number", "varies": True}
    severity = {"name": "severity", "type": "number", "varies": True}
    dz, raw = event_contrast(events, "hurt", ("unclear", "clear"), [severity, came_first])
    agrees(dz, R["event_contrast"]["dz"])
    agrees(raw, R["event_contrast"]["b"])
    assert (dz.n_obs, dz.n_people) == (R["event_contrast"]["n"], R["event_contrast"]["n_people"])
    assert dz.n_obs + dz.n_lost == len(events)
    ambiguous = events.assign(kind=(events["event"] == "unclear") * 1.0)
    kind = {"name": "kind", "type": "number", "varies": True}
    within, between = event_association(ambiguous, "hurt", "ambiguity", [severity, kind])
    agrees(within, R["event_association"]["within"])
    agrees(between, R["event_association"]["between"])


def test_one_wave_of_paired_events_is_the_paired_t_test(events):
    first = events[events["wave"] == "w1"]
    paired = first[first.groupby("participant")["hurt"].transform("count") == 2]
    dz, _ = event_contrast(paired, "hurt", ("unclear", "clear"))
    assert dz.wave == "w1"
    assert dz.estimate == pytest.approx(R["paired"]["dz"], abs=1e-5)
    assert (dz.statistic, dz.df) == pytest.approx((R["paired"]["statistic"], R["paired"]["df"]), rel=1e-4)
    turned, _ = event_contrast(paired, "hurt", ("clear", "unclear"))
    assert turned.estimate == pytest.approx(-dz.estimate, abs=1e-6)


def test_occasions_without_variance_are_left_out_and_said(events):
    rng = np.random.default_rng(5)
    flat = events.assign(hurt=rng.normal(size=events["participant"].nunique())[pd.factorize(events["participant"])[0]])
    flat["hurt"] += np.where(flat["event"] == "clear", 1, -1) * rng.normal(size=len(flat))
    opposite = flat.groupby(["participant", "wave"])["hurt"].transform("mean")
    flat["hurt"] = flat["hurt"] - 0.8 * (opposite - flat.groupby("participant")["hurt"].transform("mean"))
    dz, _ = event_contrast(flat, "hurt", ("unclear", "clear"))
    assert dz.status == "random intercept of occasion not admissible: person only"
    assert math.isfinite(dz.p)


def test_events_take_the_scores_of_their_wave(events, panel):
    joined = with_scores(events, panel, ["age", "x"])
    assert len(joined) == len(events)
    row = joined.iloc[100]
    own = panel[(panel["participant"] == row["participant"]) & (panel["wave"] == row["wave"])]
    assert row["age"] == own["age"].item()
    with pytest.raises(NotTestable, match="no event of the kind overt"):
        event_contrast(events, "hurt", ("unclear", "overt"))
    with pytest.raises(NotTestable, match="is not among"):
        event_contrast(events, "pain", ("unclear", "clear"))


# --- interactions and contrasts -------------------------------------------------------------------------------------


def test_cross_level_interaction_as_lmer(panel):
    interaction, mean, low, high = cross_level(panel, "y", "x", COVARIATES, moderator="m")
    for row, name in ((interaction, "interaction"), (mean, "mean"), (low, "low"), (high, "high")):
        agrees(row, R["cross_level"][name])
    assert (interaction.n_obs, interaction.n_people) == (R["cross_level"]["n"], R["cross_level"]["n_people"])
    assert high.estimate - low.estimate == pytest.approx(2 * interaction.estimate, abs=1e-4)
    (clustered,) = cross_level_clustered(panel, "y", "x", VARYING, moderator="m")
    assert clustered.n_people == clustered.df + 1


def test_clustered_interaction_as_sandwich(panel):
    (row,) = cross_level_clustered(panel, "y", "x", COVARIATES, moderator="m")
    agrees(row, R["cross_level"]["clustered"])


def test_slopes_without_variance_are_told():
    """Slopes alike in everybody: the model keeps its random slope, whose variance is estimated as 0."""
    rng = np.random.default_rng(0)
    n, waves = 60, 4
    noise = rng.normal(size=(n, waves))
    data = pd.DataFrame(
        {"participant": np.repeat(np.arange(n), waves), "wave": list("abcd") * n, "wave_number": [1, 2, 3, 4] * n,
         "m": np.repeat(rng.normal(size=n), waves), "x": np.tile([0.0, 1, 3, 2], n) + 0.01 * rng.normal(size=n * waves)}
    )  # fmt: skip
    slope = (noise * [-1.5, -0.5, 1.5, 0.5]).sum(axis=1, keepdims=True) / 5
    data["y"] = (rng.normal(size=(n, 1)) + noise - slope * [-1.5, -0.5, 1.5, 0.5]).ravel()  # all slopes are 0
    rows = cross_level(data, "y", "x", moderator="m")
    assert {row.status for row in rows} == {AT_ZERO}
    assert math.isfinite(rows[0].p) and math.isfinite(cross_level_clustered(data, "y", "x", moderator="m")[0].p)


def test_the_moderator_is_that_of_the_first_wave(panel):
    """What it becomes later, when the outcome may have moved it, is not used."""
    later = panel.assign(m=panel["m"].where(panel["wave_number"] == 1, panel["y"]))
    (first,), (again,) = (cross_level_clustered(d, "y", "x", moderator="m") for d in (panel, later))
    assert (again.estimate, again.n_obs) == (first.estimate, first.n_obs)


def test_a_moderator_asked_after_the_outcome_is_refused(panel):
    late = panel.assign(m=panel["x"].where(panel["wave_number"] == 2))
    with pytest.raises(NotTestable, match="first asked after the first outcome"):
        cross_level(late, "y", "x", moderator="m")
    with pytest.raises(NotTestable, match="does not vary"):
        cross_level(panel.assign(m=1.0), "y", "x", moderator="m")


def test_contrasts_as_lmer_contest(panel):
    difference, x, cold = contrast_of_predictors(panel, "y", ["x", "cold"], COVARIATES)
    for row, name in ((difference, "difference"), (x, "x"), (cold, "cold")):
        agrees(row, R["contrast_predictors"][name])
    wald, *rows = contrast_of_predictors(panel, "y", ["x", "cold", "source"], absent_is_zero=True)
    expected = R["sources"]
    for row, name in zip(rows[:3], ("xc", "xs", "cs"), strict=True):
        agrees(row, expected[name])
    agrees(rows[-1], expected["source"])
    assert wald.statistic == pytest.approx(expected["wald"]["statistic"], rel=1e-3)
    assert (wald.df, wald.p) == pytest.approx((expected["wald"]["df"], expected["wald"]["p"]), rel=2e-3)
    assert rows[1].p_adjusted == pytest.approx(3 * rows[1].p)  # Holm: the lowest p of three pairs
    assert rows[0].n_obs == expected["n"] > len(panel.dropna(subset=["x", "cold", "source", "y"]))


def test_contrast_of_outcomes_is_the_model_of_their_difference(panel):
    difference, first, second = contrast_of_outcomes(panel, "y", "second", "x")
    agrees(difference, R["contrast_outcomes"])
    assert difference.metric == "beta_difference"
    fixed = [fixed_effects(panel.dropna(subset=["y", "second", "x"]), name, "x").estimate for name in ("y", "second")]
    assert first.estimate - second.estimate == pytest.approx(fixed[0] - fixed[1], abs=0.03)
    assert difference.estimate == pytest.approx(first.estimate - second.estimate, abs=0.03)


def test_exposure_before_and_now(panel):
    before, now, difference = cumulative_exposure(panel, "y", "x")
    agrees(before, R["cumulative"]["before"])
    agrees(now, R["cumulative"]["now"])
    assert before.n_obs == R["cumulative"]["n"]
    assert difference.estimate == pytest.approx(before.estimate - now.estimate, abs=1e-5)
    shuffled = panel.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(exposure_before(shuffled, "x").sort_index(), exposure_before(panel, "x"))
    with pytest.raises(NotTestable, match="fewer than two waves"):
        cumulative_exposure(panel[panel["wave_number"] < 3], "y", "x")


# --- panels as structural equations ---------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_cross_lagged_panel_as_lavaan(panel, estimator):
    rows = ri_clpm(panel, "y", "x", estimator=estimator)
    forward, back, _, carried, between, within, fit, equality = rows
    expected = R["riclpm"][estimator]
    named = zip(
        ("forward", "back", "carried", "between", "within"), (forward, back, carried, between, within), strict=True
    )
    for name, row in named:
        agrees(row, expected[name])
    assert (fit.statistic, fit.df, fit.p) == pytest.approx((expected["chi2"], expected["df"], expected["p"]), abs=1e-3)
    found = (equality.statistic, equality.df, equality.p)
    assert found == pytest.approx(tuple(expected["equality"].values()), abs=2e-3)
    assert forward.n_lost == panel[["x", "y"]].isna().all(axis=1).sum() > 0  # every person-wave with either is used


def test_free_paths_and_three_waves(panel):
    free = [row for row in ri_clpm(panel, "y", "x", paths="free") if row.term == "x_lagged" and row.outcome == "y"]
    for row, expected in zip(free, R["riclpm"]["free"], strict=True):
        agrees(row, expected)
    assert [row.wave for row in free] == ["w1 to w2", "w2 to w3", "w3 to w4", "w4 to w5"]
    assert R["riclpm"]["three_waves_df"] == 1
    with pytest.raises(NotTestable, match="needs 3"):
        ri_clpm(panel[panel["wave_number"] < 3], "y", "x")


def test_an_inadmissible_panel_is_not_tested_and_says_why():
    """Scores without anything stable: the variance of a level comes out below 0."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, 4, 2))
    values[:, 1:] -= 0.5 * values[:, :-1]
    with pytest.raises(NotTestable, match=r"the model is not admissible: .*level"):
        ri_clpm(calibrate_panel.long(values), "y", "x")


def test_both_directions_take_the_larger_p(panel):
    joint, forward, back = both_directions(panel, "y", "x")[:3]
    assert joint.p == max(forward.p, back.p) == back.p
    own = ("estimate", "se", "statistic", "ci_low", "ci_high")
    assert [getattr(joint, name) for name in own] == [getattr(back, name) for name in own]
    assert joint.ci90_low == min(forward.ci90_low, back.ci90_low)
    assert joint.ci90_high == max(forward.ci90_high, back.ci90_high)
    assert joint.outcome == "y" and "is that from y to later x" in joint.warnings
    turned = calibrate_panel.long(calibrate_panel.cross_lagged(np.random.default_rng(8), 500, 4, 0.3, -0.3))
    joint, forward, back = both_directions(turned, "y", "x")[:3]
    assert max(forward.p, back.p) < 0.05
    assert joint.p == 1.0
    assert "opposite signs" in joint.warnings
    unclear = calibrate_panel.long(calibrate_panel.cross_lagged(np.random.default_rng(8), 500, 4, 0.3, -0.01))
    joint, forward, back = both_directions(unclear, "y", "x")[:3]
    assert forward.estimate * back.estimate < 0 and "opposite signs" in joint.warnings
    assert joint.p == max(forward.p, back.p) > 0.05


def test_a_category_that_varies_is_named_and_a_number_is_a_process(panel):
    varying = [*VARYING, {"name": "gender", "type": "category", "varies": True}]
    short = panel[panel["wave_number"] < 5]
    row = ri_clpm(short, "y", "x", varying, test_equality=False)[0]
    assert "gender is not in the model" in row.warnings
    assert row.estimate != pytest.approx(ri_clpm(short, "y", "x", test_equality=False)[0].estimate, abs=1e-6)


def test_lagged_indirect_as_lavaan(panel):
    draws = 20_000
    rng = np.random.default_rng(4)
    indirect, *paths = lagged_indirect(panel, "y", "x", mediator="o", draws=draws, rng=rng)
    expected = R["indirect"]
    for row, name in zip(paths, ("a", "b", "direct"), strict=True):
        agrees(row, expected[name])
    assert indirect.estimate == pytest.approx(paths[0].estimate * paths[1].estimate)
    assert indirect.se == pytest.approx(expected["sd"], rel=4 / math.sqrt(2 * draws) + 1e-3)
    for found, end in zip((indirect.ci_low, indirect.ci_high), expected["interval"], strict=True):
        assert found == pytest.approx(end, abs=4 * 2.7 * expected["sd"] / math.sqrt(draws))


def test_fixed_effects_panel_as_lavaan(panel):
    lagged, carried, fit = dynamic_panel(panel, "y", "x", COVARIATES)
    agrees(lagged, R["dynamic"]["lagged"])
    agrees(carried, R["dynamic"]["carried"])
    assert (fit.statistic, fit.df) == pytest.approx((R["dynamic"]["chi2"], R["dynamic"]["df"]), abs=1e-3)


def test_latent_change_as_lavaan_and_least_squares(panel):
    beta, mean = latent_change(panel, "y", "x", COVARIATES)
    agrees(beta, R["change"]["beta"])
    agrees(mean, R["change"]["d"])
    assert beta.n_people == R["change"]["n"]
    pair = panel[panel["wave_number"] < 3].pivot(index="participant", columns="wave", values=["x", "y"]).dropna()
    complete = panel[panel["participant"].isin(pair.index) & (panel["wave_number"] < 3)]
    rise = pair["y", "w2"] - pair["y", "w1"]
    design = np.column_stack([np.ones(len(pair)), pair["x", "w1"], pair["y", "w1"]])
    slope = np.linalg.lstsq(design, rise, rcond=None)[0][1] * pair["x", "w1"].std() / pair["y", "w1"].std()
    found = latent_change(complete, "y", "x", estimator="ML")
    assert found[0].estimate == pytest.approx(slope, abs=1e-6)
    assert found[1].estimate == pytest.approx(rise.mean() / rise.std(ddof=0), abs=1e-6)


def test_growth_as_lavaan_and_lme4(panel):
    slope, spread, r, step, fit = latent_growth(panel, "y")
    expected = R["growth"]
    agrees(slope, expected["slope"])
    agrees(spread, expected["sd"])
    agrees(r, expected["r"])
    assert spread.statistic == pytest.approx(expected["ratio"], abs=1e-3)
    assert spread.p == pytest.approx(expected["p"], rel=0.01)  # printed with few digits
    assert step.estimate == pytest.approx(expected["aic"], abs=1e-3)
    assert step.term == f"step at w{expected['break_at']} against line"
    assert fit.statistic == pytest.approx(expected["chi2"], abs=1e-3)
    with pytest.raises(NotTestable, match="needs 5"):
        latent_growth(panel[panel["wave_number"] < 5], "y")


# --- recovery, attrition --------------------------------------------------------------------------------------------


def test_recovery_as_lmer(panel):
    after, before, difference, rise = piecewise_recovery(panel, "y", "x", COVARIATES)
    for row, name in ((after, "after"), (before, "before"), (difference, "difference"), (rise, "rise")):
        agrees(row, R["recovery"][name])
    assert (after.n_obs, after.n_people) == (R["recovery"]["n"], R["recovery"]["n_people"])
    found = first_drop(panel, "x")
    for person, wave in R["recovery"]["first"].items():
        assert found[person] == wave if isinstance(wave, int) else math.isnan(found[person])


def test_the_break_is_the_first_drop_and_not_the_last():
    rows = [("a", t, x) for t, x in enumerate([5.0, 3.0, 5.0, 1.0, 5.0, 0.0], start=1)]
    rows += [
        ("b", t, x) for t, x in enumerate([3.0, np.nan, 0.5, 0.5, 0.5, 0.5], start=1)
    ]  # from the last answered wave
    found = first_drop(pd.DataFrame(rows, columns=["participant", "wave_number", "x"]), "x")
    assert found.to_dict() == {"a": 2.0, "b": 3.0}


def test_attrition_as_glm_and_weights_as_lm(panel):
    rows = {row.term: row for row in attrition_model(panel, "y", "x", COVARIATES)}
    for term, name in (("y at w1", "y"), ("x at w1", "x"), ("gender=2", "gender")):
        agrees(rows[term], R["attrition"][name])
    assert rows["age"].n_people == R["attrition"]["n"]
    (weighted,) = weighted_within(panel, "y", "x", COVARIATES)
    agrees(weighted, R["weighted"])
    assert weighted.n_obs == R["weighted"]["n"]
    assert f"largest weight {R['weighted']['largest']:.2f}" in weighted.warnings


def test_weights_of_one_give_the_fixed_effects_estimate(panel):
    """Nobody is missing: every weight is 1 and the estimate is that of `fixed_effects`."""
    names = ["x", "y", "o"]
    whole = panel[panel["wave_number"] < 3].dropna(subset=names)
    whole = whole[whole.groupby("participant")["wave"].transform("size") == 2]
    (weighted,) = weighted_within(whole, "y", "x", VARYING)
    plain = fixed_effects(whole, "y", "x", VARYING)
    assert (weighted.estimate, weighted.se, weighted.df) == pytest.approx((plain.estimate, plain.se, plain.df))
    with pytest.raises(NotTestable, match="0 of"):
        attrition_model(whole, "y", "x")
    told = panel.assign(left=panel["participant"].map(panel.groupby("participant")["wave_number"].max() < 5) * 1.0)
    told = told[told["wave_number"].isin([1, 5])].assign(
        y=lambda d: d["y"].fillna(28.0), x=lambda d: d["x"].fillna(1.6)
    )
    with pytest.raises(NotTestable, match="tells completely"):
        attrition_model(told, "y", "x", [{"name": "left", "type": "number"}])


# --- truths ---------------------------------------------------------------------------------------------------------


SINGLE = {
    "cross_level": lambda d: cross_level(d, "y", "x", COVARIATES, moderator="m"),
    "clustered": lambda d: cross_level_clustered(d, "y", "x", COVARIATES, moderator="m"),
    "predictors": lambda d: contrast_of_predictors(d, "y", ["x", "cold"], COVARIATES),
    "outcomes": lambda d: contrast_of_outcomes(d, "y", "second", "x", COVARIATES),
    "cumulative": lambda d: cumulative_exposure(d, "y", "x", COVARIATES),
    "ri_clpm": lambda d: ri_clpm(d, "y", "x"),
    "dynamic_panel": lambda d: dynamic_panel(d, "y", "x"),
    "change": lambda d: latent_change(d, "y", "x"),
    "growth": lambda d: latent_growth(d, "y"),
    "recovery": lambda d: piecewise_recovery(d, "y", "x"),
    "attrition": lambda d: attrition_model(d, "y", "x"),
    "weighted": lambda d: weighted_within(d, "y", "x"),
}


@pytest.mark.parametrize("run", SINGLE.values(), ids=SINGLE)
def test_data_that_carry_no_model_are_refused_in_words(panel, run):
    """Five people, one wave, no score, a score that does not vary, nobody: a sentence each, no other exception."""
    five = panel[panel["participant"].isin(panel["participant"].unique()[:5])]
    for data in (five, panel[panel["wave"] == "w1"], panel.drop(columns="y"), panel.iloc[:0], panel.assign(y=np.nan)):
        with pytest.raises(NotTestable, match=r"\w+ \w+"):
            run(data)


def test_a_predictor_that_people_keep_has_no_within_part(panel):
    kept = panel.assign(x=panel.groupby("participant")["x"].transform("first"))
    for name in ("cross_level", "clustered", "predictors", "outcomes", "cumulative", "recovery", "weighted", "ri_clpm"):
        with pytest.raises(NotTestable, match=r"within people|linear combination|linearly dependent"):
            SINGLE[name](kept)
    with pytest.raises(NotTestable, match="three complete waves"):
        SINGLE["cross_level"](panel[panel["wave_number"] < 3])


@pytest.mark.parametrize("waves", [3, 6])
def test_a_null_lagged_effect_comes_back_at_0(waves):
    """The machinery of `make calibrate` on few draws: the lagged path is 0, which person-mean centring misses."""
    rng = np.random.default_rng(waves)
    found = [calibrate_panel.lagged(rng, waves, 0.0)[0] for _ in range(6)]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found)) < 3.5 * error < 0.09


def test_conditions_of_calibrate_run_elsewhere():
    made = calibrate_panel.conditions(lambda *columns: columns)
    assert len({name for name, *_ in made}) == len(made) == 13
    once = pickle.loads(pickle.dumps(dict((name, once) for name, _, _, _, once in made)["ri_clpm_null_direction"]))
    assert once(np.random.default_rng(1)) in (0.0, 1.0)


def test_the_true_parts_of_many_waves_are_those_of_many_people():
    """Against the closed form: the slope on deviations from person means, and the correlation of the means."""
    x, y = calibrate_panel.many_waves(np.random.default_rng(2), 20_000)
    own, other = (values - values.mean(axis=1, keepdims=True) for values in (x, y))
    slope = (own * other).sum() / (own**2).sum() * own.std() / other.std()
    together = np.corrcoef(x.mean(axis=1), y.mean(axis=1))[0, 1]
    assert (slope, together) == pytest.approx(calibrate_panel.true_parts(), abs=0.015)
    assert calibrate_panel.many_waves_imputed(np.random.default_rng(2), 60, 2) in (0.0, 0.5, 1.0)


def test_every_function_gives_rows_of_the_estimates_table(panel, events):
    rows = [
        *ri_clpm(panel, "y", "x"),
        *event_association(events, "hurt", "ambiguity"),
        *attrition_model(panel, "y", "x"),
    ]
    frame = estimates_frame(replace(row, hypothesis="H") for row in rows)
    assert (frame["method"] != "").all()
    assert (frame["n_people"] > 0).all()
    assert (frame["metric"] != "").all()


def test_both_engines_agree_on_growth(panel):
    """The slope variance by the factor-model engine and by the mixed model: one likelihood, two implementations."""
    from rejsens.inference.mixedlm_adapter import fit_mixed_model

    wide = panel.pivot(index="participant", columns="wave_number", values="y").rename(columns="y{}".format)
    rows = [Parameter("l", "=~", f"y{t}", fixed=1) for t in range(1, 6)]
    rows += [Parameter("s", "=~", f"y{t}", fixed=t - 1) for t in range(1, 6)]
    rows += [Parameter(f"y{t}", "~~", f"y{t}", label="e") for t in range(1, 6)]
    rows += [
        Parameter("l", "~~", "l"),
        Parameter("s", "~~", "s"),
        Parameter("l", "~~", "s"),
        Parameter("l", "~1"),
        Parameter("s", "~1"),
    ]
    grown = fit_model(wide, Table(tuple(wide.columns), ("l", "s"), tuple(rows), means=True), missing="fiml")
    long = panel.dropna(subset=["y"])
    time = pd.DataFrame({"t": long["wave_number"].to_numpy(float) - 1})
    mixed = fit_mixed_model(long["y"].to_numpy(), time, long["participant"].to_numpy(), "t", reml=False)
    assert mixed.loglik == pytest.approx(grown.fit.loglik, abs=1e-3)
    assert mixed.estimate["t"] == pytest.approx(grown.parameters["s~1"], abs=1e-4)
