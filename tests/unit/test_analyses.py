"""Each model that a hypothesis may name, put to a simulated panel whose truth is known; and gaps imputed around an analysis."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from rejsens.hypotheses import MODELS, unfit
from rejsens.inference import imputed
from rejsens.inference.analyses import ANALYSES, warn_about_clustering
from rejsens.inference.count_regression import negative_binomial
from rejsens.inference.cross_level import cross_level
from rejsens.inference.estimates import Estimate
from rejsens.inference.families import columns_read, family_of, hypotheses_frame, test_family
from rejsens.inference.imputation_notes import unsettled, words_of
from rejsens.inference.imputed import (
    Variables,
    completed_panels,
    pooled,
    pooled_rows,
    predictors_of,
    side_by_side,
)
from rejsens.inference.mixed import within_between
from rejsens.inference.mixed_blocks import blocks_of
from rejsens.inference.mixedlm_adapter import fit_mixed_model
from rejsens.inference.questions import complete
from rejsens.inference.verdicts import decide
from rejsens.inference.within_contrasts import prepare_contrast
from rejsens.missing import pool_test
from rejsens.narrative import is_provisional
from rejsens.result_names import numerator_df

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, WAVES = 240, 6
SETTINGS = {
    "alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 200, "seed": 20260105, "imputation": {"m": 0, "most": 20},
}  # fmt: skip
CONCURRENT = 0.6


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """Simulated: y goes with x within people (more where m is high), z with neither; b is another outcome that x leaves alone."""
    rng = np.random.default_rng(7)
    person = np.repeat(np.arange(PEOPLE), WAVES)
    m = rng.normal(size=PEOPLE)[person]
    x = rng.normal(size=PEOPLE)[person] + rng.normal(size=len(person))
    slope = CONCURRENT + 0.3 * m + 0.4 * rng.normal(size=PEOPLE)[person]
    y = slope * x + rng.normal(size=PEOPLE)[person] + rng.normal(size=len(person))
    b = rng.normal(size=PEOPLE)[person] + rng.normal(size=len(person))
    wave = np.tile(np.arange(1, WAVES + 1), PEOPLE)
    return pd.DataFrame(
        {"participant": [f"p{k:03}" for k in person], "wave": [f"w{k}" for k in wave], "wave_number": wave, "role": "wave",
         "x": x, "y": y, "b": b, "z": rng.normal(size=len(person)), "m": np.where(wave == 1, m, np.nan),
         "g": (rng.random(PEOPLE) < 0.5).astype(float)[person], "reason": np.where(rng.random(len(person)) < 0.2, 1.0, 0.0)}
    )  # fmt: skip


@pytest.fixture(scope="module")
def events(panel: pd.DataFrame) -> pd.DataFrame:
    """Simulated: of each kind one event in the first two waves; unclear ones hurt 1 more, and hurt goes with doubt."""
    rng = np.random.default_rng(8)
    rows = panel[panel["wave_number"] < 3][["participant", "wave", "wave_number", "role"]]
    kinds = [rows.assign(event=kind, more=more) for kind, more in (("unclear", 1.0), ("clear", 0.0))]
    both = pd.concat(kinds, ignore_index=True)
    doubt = rng.normal(size=len(both))
    usual = dict(zip(panel["participant"].unique(), rng.normal(size=PEOPLE), strict=True))
    own = both["participant"].map(usual) + both.pop("more")
    return both.assign(doubt=doubt, hurt=own + 0.5 * doubt + rng.normal(size=len(both)))


def declared(model: str, **keys) -> dict:
    return {
        "id": "A1", "label": "one", "claim": {"quotation": "said", "document": "d"}, "claim_ids": ["C8"], "estimand": "e",
        "model": model, "covariates": [], "direction": "positive", "sesoi": 0.10, "claim_type": "difference", **keys,
    }  # fmt: skip


def found(panel: pd.DataFrame, hypothesis: dict, events: pd.DataFrame | None = None, **settings) -> pd.DataFrame:
    family = {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": [hypothesis]}
    return test_family(panel, family, SETTINGS | settings, events)


# model -> what it names, the analysis and metric that decide, the verdict that the truth of the panel asks for
PUT = {
    "association": ({"outcome": "y", "predictor": "x"}, "within_between", "beta_within", "supported"),
    "correlation": ({"outcome": "y", "predictor": "x"}, "fixed_effects", "beta_within", "supported"),
    "added_variance": ({"outcome": "y", "predictor": "x", "verdict": False}, "incremental_variance", "delta_r2", "not tested"),
    "moderation": ({"outcome": "y", "predictor": "x", "moderator": "m"}, "cross_level", "beta_interaction", "supported"),
    "dose_response": ({"outcome": "y", "predictor": "x"}, "dose_response", "beta", "supported"),
    "cumulative": ({"outcome": "y", "predictor": "x", "sesoi": 0.2}, "cumulative_exposure", "beta_within", "equivalent"),
    "mediation": ({"outcome": "b", "predictor": "x", "mediator": "z", "sesoi": 0.1}, "lagged_indirect", "indirect", "equivalent"),
    "lagged": ({"outcome": "b", "predictor": "x", "sesoi": 0.3}, "ri_clpm", "beta_within", "equivalent"),
    "contrast_of_outcomes": ({"outcomes": ["y", "b"], "predictor": "x"}, "within_contrast", "beta_difference", "supported"),
    "contrast_of_predictors": ({"outcome": "y", "predictors": ["x", "z"]}, "within_contrast", "beta_difference", "supported"),
    "contrast_of_pairs": ({"outcomes": ["x", "b"], "sesoi": 0.6}, "paired_contrast", "dz", "equivalent"),
    "contrast_of_events": ({"outcome": "hurt", "contrast": ["unclear", "clear"]}, "event_level", "dz", "supported"),
    "event_slope": ({"outcome": "hurt", "predictor": "doubt"}, "event_level", "beta_within", "supported"),
    "difference_of_groups": ({"outcome": "z", "predictor": "g", "groups": [1, 0], "sesoi": 0.6}, "group_contrast", "d", "equivalent"),
    "proportion": ({"outcome": "reason", "at_least": 1, "reference": 0.5, "direction": "negative"}, "proportion",
                   "share_difference", "supported"),
    "recovery": ({"outcome": "b", "predictor": "x", "sesoi": 0.5}, "piecewise_recovery", "slope_within", "equivalent"),
    "growth": ({"outcome": "b", "sesoi": 0.3}, "latent_growth", "slope_within", "equivalent"),
}  # fmt: skip


def test_every_model_has_an_analysis():
    assert set(MODELS) == set(ANALYSES) == set(PUT)


@pytest.mark.parametrize("model", list(PUT))
def test_a_model_decides_by_its_own_analysis(panel, events, model):
    keys, analysis, metric, verdict = PUT[model]
    hypothesis = declared(model, **keys)
    assert unfit(hypothesis) == ([], [])
    table = found(panel, hypothesis, events)
    deciding = table[table["decides"]]
    assert len(deciding) == 1
    row = deciding.iloc[0]
    assert (row["analysis"], row["metric"], row["verdict"]) == (analysis, metric, verdict), row["reason"]
    assert row["confirmatory"]


def test_one_wave_gives_the_coefficients_of_one_wave(panel):
    one = panel[panel["wave"] == "w1"]
    wanted = {"association": "cross_sectional", "correlation": "partial_correlation", "moderation": "moderation",
              "contrast_of_outcomes": "multivariate_regression", "mediation": "mediation"}  # fmt: skip
    for model, analysis in wanted.items():
        row = found(one, declared(model, **PUT[model][0])).query("decides").iloc[0]
        assert row["analysis"].startswith(analysis.split("_")[0]) or row["analysis"] == "outcome_contrast", row[
            "analysis"
        ]
        assert row["wave"] == "w1" and row["status"] == "ok"
        assert row["confirmatory"] == (model != "mediation")  # its order is open in one wave


@pytest.mark.parametrize(("model", "waves"), [("cumulative", 2), ("lagged", 2), ("recovery", 4), ("growth", 4)])
def test_too_few_waves_are_told(panel, model, waves):
    few = panel[panel["wave_number"] <= waves]
    row = found(few, declared(model, **PUT[model][0])).query("decides").iloc[0]
    assert row["verdict"] == "not testable" and row["reason"].startswith(
        f"it takes {MODELS[model].waves} waves that hold "
    )
    assert row["reason"].endswith(f"and there {'is' if waves == 1 else 'are'} {waves}")


def test_one_hypothesis_that_cannot_run_stops_no_other(panel):
    family = {
        "family": "f", "confirmatory": True, "correction": "holm",
        "hypotheses": [
            declared("association", id="A1", outcome="y", predictor="nowhere"),
            declared("moderation", id="A2", outcome="y", predictor="x", moderator="late"),
            declared("event_slope", id="A3", outcome="hurt", predictor="doubt"),
            declared("association", id="A4", outcome="y", predictor="x"),
        ],
    }  # fmt: skip
    late = panel.assign(late=np.where(panel["wave_number"] == 6, panel["z"], np.nan), constant=1.0)
    rows = test_family(late, family, SETTINGS).query("decides").set_index("hypothesis")
    assert rows["verdict"].to_dict() == {k: "not testable" for k in ("A1", "A2", "A3")} | {"A4": "supported"}
    assert "nowhere is not among the scores" in rows.loc["A1", "reason"]
    assert "first asked after the first outcome" in rows.loc["A2", "reason"]
    assert rows.loc["A3", "reason"] == "no wave of this study asks about single events"
    assert rows.loc["A4", "p"] == rows.loc["A4", "p_adjusted"]  # what made no test does not count in the correction


def test_a_row_over_events_names_what_its_invariance_is_asked_of(panel, events):
    hypothesis = declared(
        "event_slope", outcome="hurt", predictor="doubt", covariates=[{"name": "z", "type": "number"}]
    )
    assert set(found(panel, hypothesis, events)["invariance"]) == {"not assessed, over single events: hurt; doubt; z"}
    one = events[events["wave"] == "w1"]
    assert set(found(panel[panel["wave"] == "w1"], hypothesis, one)["invariance"]) == {""}


@pytest.mark.parametrize("m", [0, 3])
def test_a_condition_that_was_not_answered_is_lost_and_said(panel, m):
    """g is 1 for some; of these and the others every seventh person-wave leaves it open, and wave 6 does not ask it."""
    rows = panel.assign(g=panel["g"].mask(panel["wave_number"] == 6))
    rows.loc[::7, "g"] = np.nan
    rows.loc[3::50, "y"] = np.nan
    table = found(
        rows, declared("association", outcome="y", predictor="x", where={"g": 1.0}), imputation={"m": m, "most": 3}
    )
    used = rows[rows["wave_number"] < 6]
    unknown, own = used[used["g"].isna()], used[used["g"] == 1]
    first = table.iloc[0]
    assert first["n_obs"] + first["n_lost"] == len(unknown) + len(own) and first["n_lost"] >= len(unknown) > 0
    assert f"{len(unknown)} person-waves left out and counted as lost, as g was not answered there" in first["warnings"]
    assert "g was not asked about in w6, which is left out" in first["warnings"]
    one = table[table["wave"] == "w2"].iloc[0]
    of_wave = int((unknown["wave"] == "w2").sum())
    assert f"{of_wave} person-waves left out" in one["warnings"]
    assert one["n_lost"] == of_wave + int(own.loc[own["wave"] == "w2", "y"].isna().sum())


def test_where_keeps_to_some_people(panel):
    rows = found(panel, declared("association", outcome="y", predictor="x", where={"g": 1.0}))
    people = panel.loc[panel["g"] == 1, "participant"].nunique()
    assert rows.query("decides")["n_people"].item() == people < PEOPLE


def test_an_exploratory_hypothesis_stays_so_in_a_confirmatory_family(panel):
    hypothesis = declared("association", outcome="y", predictor="x", exploratory=True)
    family = {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": [hypothesis]}
    assert not found(panel, hypothesis)["confirmatory"].any()
    assert not hypotheses_frame([family])["confirmatory"].any()


def test_a_normal_reference_decides_equivalence_too():
    """z rows have no finite degrees of freedom: 90 % interval -0.02 -+ 1.645 × 0.03 inside ±0.1; p = P(Z < -0.08 / 0.03)."""
    row = Estimate(estimate=-0.02, se=0.03, df=math.inf, p=0.5, ci_low=-0.079, ci_high=0.039, ci90_low=-0.069,
                   ci90_high=0.029, sesoi=0.1, claim_type="equivalence", decides=True)  # fmt: skip
    decided = decide([row], "none")[0]
    assert decided.verdict == "equivalent"
    assert decided.p_equivalence == pytest.approx(0.0038304, abs=1e-6)


# --- imputation ------------------------------------------------------------------------------------------------------

HELD = Variables(("x", "y"), ("g",), frozenset({"g"}), ("x", "y"))


@pytest.fixture(scope="module")
def with_gaps(panel: pd.DataFrame) -> pd.DataFrame:
    """A fifth of y missing where x is high, and some people gone after wave 3."""
    rng = np.random.default_rng(9)
    gone = panel["participant"].isin([f"p{k:03}" for k in range(0, PEOPLE, 5)]) & (panel["wave_number"] > 3)
    kept = panel[~gone].reset_index(drop=True)
    hole = (kept["x"] > 0.5) & (rng.random(len(kept)) < 0.5)
    return kept.assign(y=kept["y"].mask(hole))


def test_waves_side_by_side_and_back(with_gaps):
    wide = side_by_side(with_gaps, HELD)
    assert list(wide) == ["g", *(f"x@w{k}" for k in range(1, 7)), *(f"y@w{k}" for k in range(1, 7))]
    assert len(wide) == PEOPLE and wide["y@w4"].isna().mean() > 0.2
    drawn = predictors_of(wide, HELD)
    assert set(drawn["y@w2"]) == set(wide) - {"y@w2"} and set(drawn["g"]) == set()
    back = completed_panels(with_gaps, HELD, 2, np.random.default_rng(1))
    for one in back:
        assert one[["participant", "wave"]].equals(with_gaps[["participant", "wave"]])
        assert one[["x", "y", "g"]].notna().all().all()
        seen = with_gaps["y"].notna()
        assert one.loc[seen, "y"].equals(with_gaps.loc[seen, "y"])  # nothing answered is changed
    assert not back[0]["y"].equals(back[1]["y"])


def test_a_family_says_the_same_of_the_columns_that_it_reads_as_of_all(with_gaps):
    """Other scores of the study, and whether they apply, do not enter; whether its own apply does."""
    rows = with_gaps.assign(z__does_not_apply=with_gaps["z"] > 1, y__n_answered=3, other=with_gaps["x"])
    rows["z"] = rows["z"].mask(rows["z__does_not_apply"])
    hypotheses = [
        declared("moderation", outcome="y", predictor="x", moderator="m") | {"id": "H1"},
        declared("association", outcome="z", predictor="x", where={"g": 1}) | {"id": "H2"},
    ]
    family = {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": hypotheses, "auxiliary": ["b"]}
    settings = SETTINGS | {"imputation": {"m": 2, "most": 2}, "bootstrap_draws": 100}
    named = columns_read(family)
    assert {"x", "y", "z", "m", "g", "b", "z__does_not_apply"} <= {*named} and "other" not in named
    few = rows[["participant", "wave", "wave_number", "role", *(name for name in rows if name in named)]]
    whole, again = (test_family(given, family, settings) for given in (rows, few))
    pd.testing.assert_frame_equal(whole, again, check_exact=True)
    assert (whole["status"] == "ok").any() and (whole["m"] == 2).any()
    aside = family | {"hypotheses": [h | {"set_aside": "its file is at fault"} for h in hypotheses]}
    assert columns_read(aside) == []
    assert family_of("nowhere", {"told": ["a fault"], "readable": aside}) is aside


@pytest.mark.parametrize("kind", ["moderator", "sources"])
def test_a_panel_made_again_is_the_one_that_was_drawn_bit_by_bit(with_gaps, monkeypatch, kind):
    """Only what stands in gaps is held; with a moderator, categories, and sources that are absent or not known to be."""
    panel, drawn = with_gaps.assign(home=with_gaps["y"].mask(with_gaps.index % 5 == 0), work=with_gaps["x"]), []
    panel.loc[panel.index % 7 == 0, ["home", "work"]] = np.nan
    panel["g"] = panel["g"].mask(panel["participant"].str.endswith("3"))
    panel["m"] = panel["m"].mask(panel["participant"].str.endswith("4"))
    variables = {
        "moderator": Variables(("x", "y"), ("m", "g"), frozenset("g"), ("x", "y"), ("m",), (), ("m",)),
        "sources": Variables(("y", "home", "work"), always=("y",), sources=("home", "work")),
    }[kind]
    in_gaps = imputed._Long.in_gaps

    def recorded(long, wide):
        drawn.append(long.columns(wide))
        return in_gaps(long, wide)

    monkeypatch.setattr(imputed._Long, "in_gaps", recorded)
    products = {"x by m": ["x", "m"]} if kind == "moderator" else {}
    panels = completed_panels(
        panel, variables, 3, np.random.default_rng(1), products, {name: ["y"] for name in products}
    )
    assert len(panels) == len(drawn) == 3
    for one, columns in zip(panels, drawn, strict=True):
        assert list(one) == ["participant", "wave", "wave_number", "role", *columns]
        for name, values in columns.items():
            assert one[name].to_numpy().tobytes() == values.tobytes()
    held = sum(values.size for own in panels.drawn for values in own.values())
    assert held == 3 * sum(panels.asked[name].isna().sum() for name in drawn[0])
    assert not panels[0].equals(panels[1]) and panels[1:][0].equals(panels[1])


def test_pooled_rows_follow_rubin_s_rules(with_gaps):
    def analyse(panel):
        return within_between(panel, "y", "x")

    panels = completed_panels(with_gaps, HELD, 8, np.random.default_rng(2))
    rows, single = pooled(analyse, panels), [analyse(panel) for panel in panels]
    estimates = np.array([own[0].estimate for own in single])
    within, between = np.mean([own[0].se ** 2 for own in single]), estimates.var(ddof=1)
    assert rows[0].estimate == pytest.approx(estimates.mean())
    assert rows[0].se == pytest.approx(math.sqrt(within + (1 + 1 / 8) * between))
    assert rows[0].m == 8 and 0 < rows[0].fmi < 0.5
    assert rows[0].missing_rule == "multiple imputation, m = 8" and rows[0].n_obs == len(with_gaps)


def test_panels_of_complete_answers_are_as_many_as_asked_for():
    """A loop over them ends by the first that is not there, also where nothing had to be drawn."""
    panel = pd.DataFrame({"participant": ["a", "b"], "x": [1.0, 2.0]})
    whole = imputed.Panels(panel, {"x": np.array([], dtype=int)}, ({}, {}, {}))
    made = [one for one, _ in zip(whole, range(10), strict=False)]
    assert len(made) == 3 and all(one.equals(panel) for one in made)


def test_a_family_is_imputed_where_its_settings_say_so(with_gaps):
    rows = found(with_gaps, declared("association", outcome="y", predictor="x"), imputation={"m": 5, "most": 6})
    deciding = rows.query("decides").iloc[0]
    assert deciding["m"] in (5, 6) and deciding["verdict"] == "supported"
    complete = rows[(rows["analysis"] == "within_between") & rows["m"].isna()]
    assert len(complete) == 2 and complete["missing_rule"].str.contains("sensitivity").all()
    again = found(with_gaps, declared("association", outcome="y", predictor="x"), imputation={"m": 5, "most": 6})
    assert rows.equals(again)


ONE_WAVE = {
    "association": ({"outcome": "y", "predictor": "x"}, "cross_sectional"),
    "correlation": ({"outcome": "y", "predictor": "x"}, "partial_correlation"),
    "moderation": ({"outcome": "y", "predictor": "x", "moderator": "m"}, "moderation"),
    "contrast_of_outcomes": ({"outcomes": ["y", "b"], "predictor": "x"}, "outcome_contrast"),
    "contrast_of_predictors": ({"outcome": "y", "predictors": ["x", "z"]}, "predictor_contrast"),
}


@pytest.mark.parametrize("model", ONE_WAVE)
def test_one_wave_is_decided_by_imputation_too(with_gaps, model):
    names, analysis = ONE_WAVE[model]
    rows = found(with_gaps.query("wave == 'w1'"), declared(model, **names), imputation={"m": 3, "most": 3})
    deciding = rows.query("decides").iloc[0]
    assert deciding["analysis"] == analysis and deciding["m"] == 3 and deciding["n_obs"] == PEOPLE
    beside = rows[(rows["analysis"] == analysis) & (rows["term"] == deciding["term"]) & rows["m"].isna()].iloc[0]
    assert "sensitivity" in beside["missing_rule"] and beside["n_obs"] < PEOPLE
    assert deciding["estimate"] == pytest.approx(beside["estimate"], abs=0.12)
    assert -1 < deciding["ci_low"] < deciding["ci90_low"] < deciding["estimate"] < deciding["ci_high"] < 1


def test_a_correlation_is_pooled_as_its_fisher_z():
    rows = [[Estimate(metric="r", estimate=r, se=0.05, df=97.0, ci_level=0.95)] for r in (0.4, 0.5, 0.6)]
    (row,) = pooled_rows(rows)
    z = np.arctanh([0.4, 0.5, 0.6])
    assert row.estimate == pytest.approx(math.tanh(z.mean()))
    se = math.sqrt(1 / 96 + 4 / 3 * z.var(ddof=1))
    assert row.statistic == pytest.approx(z.mean() / se)
    assert row.se == pytest.approx(se * (1 - row.estimate**2))


def test_rows_pool_whatever_random_part_each_draw_could_carry():
    draws = [[Estimate(metric=metric, estimate=0.1 * k, se=0.1, df=90.0, ci_level=0.95, method=f"{k} random parts")
              for metric in ("beta_within", "beta_between")] for k in (1, 2)]  # fmt: skip
    assert [row.metric for row in pooled_rows(draws)] == ["beta_within", "beta_between"]
    assert [row.metric for row in pooled_rows([draws[0], draws[1][:1]])] == ["beta_within"]  # one that a draw lacks


def test_a_cap_that_missing_information_exceeds_is_told(with_gaps):
    asked = declared("association", outcome="y", predictor="x")
    capped = found(with_gaps, asked, imputation={"m": 4, "most": 4}).iloc[0]
    assert capped["fmi"] > 0.04 and "asks for" in capped["warnings"] and "the settings allow 4" in capped["warnings"]


def test_what_imputation_does_not_serve_says_why(with_gaps):
    pair = found(with_gaps, declared("contrast_of_pairs", outcomes=["y", "b"]), imputation={"m": 4, "most": 4}).iloc[0]
    assert (
        pair["missing_rule"]
        == "complete cases where it applies, since the interval of dz is exact for complete cases only"
    )
    assert not is_provisional(pair) and is_provisional(
        dict(pair) | {"missing_rule": "complete cases, provisional: said"}
    )


def test_more_panels_leave_the_first_as_they_are(with_gaps):
    family = {
        "family": "f",
        "hypotheses": [declared("moderation", outcome="y", predictor="x", moderator="m")],
        "auxiliary": ["b"],
    }
    settings = SETTINGS | {"imputation": {"m": 2, "most": 9}}
    (one,), (other,) = (complete(with_gaps, family, settings).values() for _ in range(2))
    one.first(1)
    for left, right in zip(one.first(3), other.first(3), strict=True):
        pd.testing.assert_frame_equal(left, right)
    assert one.outcomes == {"x by m": ["y"]} and one.slopes == [("x", "y")] and "b" in one.drawn[0]
    held = one.drawn[0]["m"].notna()
    assert held.equals(one.drawn[0]["wave"] == "w1")  # a moderator counts as its first wave has it


@pytest.mark.parametrize("asked", ["in the first wave", "in every wave", "at intake"])
def test_who_missed_the_wave_of_the_moderator_keeps_the_waves_that_were_answered(panel, asked):
    """The moderator is drawn for them; complete cases lose them, since a later answer may follow from the outcome."""
    missed = panel["participant"].isin(
        [f"p{k:03}" for k in range(0, PEOPLE, 6)]
    )  # the first person of the panel among them
    if asked == "in every wave":
        panel = panel.assign(m=panel.groupby("participant")["m"].transform("first"))
    rows = panel.assign(y=panel["y"].mask(panel["wave_number"] == 1)) if asked == "at intake" else panel
    rows = rows[~(missed & (rows["wave_number"] == 1))]
    hypothesis = declared("moderation", outcome="y", predictor="x", moderator="m")
    hypotheses = [hypothesis, declared("association", id="A2", outcome="m", predictor="x")][
        : 1 + (asked == "in every wave")
    ]
    family = {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": hypotheses}
    table = test_family(rows, family, SETTINGS | {"imputation": {"m": 3, "most": 3}})
    own = table[
        (table["hypothesis"] == "A1") & (table["metric"] == "beta_interaction") & (table["analysis"] == "cross_level")
    ]
    imputed, complete_cases = own.iloc[0], own.iloc[1]
    assert (imputed["m"], imputed["n_people"], imputed["n_lost"]) == (3, PEOPLE, 0)
    assert complete_cases["n_people"] == PEOPLE - 40 and imputed["estimate"] == pytest.approx(
        complete_cases["estimate"], abs=0.1
    )


def test_what_there_is_to_say_of_the_draws_stands_in_every_row_that_rests_on_them(with_gaps):
    """One score that hardly anybody answered in a wave, one that is the same for all: in words, once, and not in complete cases."""
    rows = with_gaps.assign(same=np.where(with_gaps["wave"] == "w1", 1.0, with_gaps["z"]), rare=with_gaps["b"])
    rows.loc[(rows["wave"] == "w2") & (rows["participant"] > "p012"), "rare"] = np.nan
    family = {"family": "f", "confirmatory": True, "correction": "holm", "auxiliary": ["same", "rare"],
              "hypotheses": [declared("association", outcome="y", predictor="x")]}  # fmt: skip
    table = test_family(rows, family, SETTINGS | {"imputation": {"m": 5, "most": 6}})
    imputed, complete_cases = table[table["m"].notna()], table[table["m"].isna()]
    assert len(imputed) and imputed["warnings"].str.contains("drawn from few people: rare in w2 (", regex=False).all()
    assert (
        imputed["warnings"].str.count("same in w1 holds one value only, so that nothing was drawn from it") == 1
    ).all()
    assert not complete_cases["warnings"].str.contains("drawn").any() and not table["warnings"].str.contains("@").any()


@pytest.mark.parametrize(("pace", "flagged"), [(0.8, True), (0.1, False), (None, False)])
def test_chains_that_still_move_together_are_told_from_those_that_wander(pace, flagged):
    """20 chains of 10 rounds: on their way at a pace, arrived early, or each wandering about its own place."""
    rng = np.random.default_rng(6)
    place, rows = rng.normal(0, 0.5, size=20), []
    for chain, own in enumerate(place):
        for i in range(1, 11):
            own = own + 0.2 * rng.normal() if pace is None else 2 * pace**i + 0.05 * rng.normal()
            rows.append((chain, i, "x@w1", own, 1.0))
    trace = pd.DataFrame(rows, columns=["imputation", "iteration", "column", "mean", "sd"])
    assert bool(unsettled(trace)) == flagged
    noted = words_of(SimpleNamespace(notes=(), trace=trace))
    assert noted == (
        []
        if not flagged
        else [
            f"the imputation had not settled after 10 rounds: the mean drawn for x in w1 still moved by up to {unsettled(trace)['x@w1']:.2f} SD"
        ]
    )


def test_a_source_that_is_not_there_is_not_drawn():
    rng = np.random.default_rng(3)
    panel = pd.DataFrame({"participant": np.repeat([f"p{k}" for k in range(90)], 2), "wave": ["w1", "w2"] * 90,
                          "wave_number": [1, 2] * 90, "role": "wave"}).assign(
        **{name: rng.normal(3, 1, size=180) for name in ("home", "work", "club")})  # fmt: skip
    panel.loc[::5, "club"] = np.nan
    panel.loc[::7, ["home", "work", "club"]] = np.nan
    names = ("home", "work", "club")
    drawn = completed_panels(panel, Variables(names, always=names, sources=names), 1, rng)[0]
    assert not [name for name in drawn if name.startswith("no ")]
    nobody = panel["home"].notna() & panel["club"].isna()
    refused = panel["home"].isna()
    assert drawn.loc[nobody, "club"].isna().all() and drawn[["home", "work"]].notna().all().all()
    assert 0 < drawn.loc[refused, "club"].isna().mean() < 0.6  # somebody, or nobody, as among those who answered
    assert (drawn["club"].dropna() != 0).all()


@pytest.mark.parametrize("waves", [1, 4])
def test_what_does_not_apply_is_neither_drawn_nor_counted(panel, waves):
    """Every third person has no work and every seventh person-wave of the others leaves it out; y has gaps in both."""
    rows = panel[panel["wave_number"] <= waves].reset_index(drop=True)
    nobody = rows["participant"].str[1:].astype(int) % 3 == 0
    rows = rows.assign(work=rows["x"].mask(nobody | (rows.index % 7 == 0)), work__does_not_apply=nobody)
    rows.loc[::5, "y"] = np.nan
    hypothesis = declared("association", outcome="y", predictor="work")
    table = found(rows, hypothesis, imputation={"m": 3, "most": 3})
    imputed, own = table.iloc[0], rows[~nobody]
    assert imputed["m"] == 3 and (imputed["n_people"], imputed["n_obs"], imputed["n_lost"]) == (160, len(own), 0)
    for wave, own_rows in table.groupby("wave"):
        gone = nobody.sum() if wave == "all" else nobody[rows["wave"] == wave].sum()
        said = f"{gone} person-waves to which work does not apply are not among those it asks about"
        assert own_rows["warnings"].str.contains(said).all()
    complete_cases = table[table["m"].isna() & (table["analysis"] == imputed["analysis"])].iloc[0]
    assert complete_cases["n_obs"] == len(own.dropna(subset=["work", "y"])) < len(own)
    assert complete_cases["n_obs"] + complete_cases["n_lost"] == len(own)
    family = {"family": "f", "hypotheses": [hypothesis]}
    for drawn in complete(rows, family, SETTINGS | {"imputation": {"m": 2, "most": 2}})["A1"].first(2):
        assert drawn["work"].isna().equals(nobody) and drawn["y"].notna().all()


def test_a_covariate_that_does_not_apply_leaves_a_person_out_of_the_question(panel):
    """What does not change is asked once: who had no childhood home in the first wave has none later."""
    nobody = panel["participant"].isin(panel["participant"].unique()[:40])
    rows = panel.assign(home=panel["m"].mask(nobody), home__does_not_apply=nobody & (panel["wave_number"] == 1))
    covariates = [{"name": "home", "type": "number", "varies": False}]
    row = found(rows, declared("association", outcome="y", predictor="x", covariates=covariates)).iloc[0]
    assert (row["n_people"], row["n_obs"], row["n_lost"]) == (PEOPLE - 40, (PEOPLE - 40) * WAVES, 0)
    assert f"{40 * WAVES} person-waves to which home does not apply" in row["warnings"]


def test_two_scores_that_lack_in_the_same_person_waves_are_told_together(panel):
    nobody = panel.index % 4 == 0
    flags = {f"{name}__does_not_apply": nobody for name in ("x", "b")}
    rows = panel.assign(x=panel["x"].mask(nobody), b=panel["b"].mask(nobody), **flags)
    row = found(rows, declared("contrast_of_pairs", outcomes=["x", "b"])).iloc[0]
    assert "to which x and b do not apply are not among those it asks about" in row["warnings"]


def test_a_source_that_was_left_out_is_lost_and_one_that_does_not_apply_is_not(panel):
    rng = np.random.default_rng(5)
    rows = panel.assign(**{name: rng.normal(size=len(panel)) for name in ("home", "work", "club")})
    none, left_out = rows.index % 5 == 0, rows.index % 11 == 1
    rows = rows.assign(work=rows["work"].mask(none | left_out), work__does_not_apply=none)
    rows = rows.assign(home__does_not_apply=False, club__does_not_apply=False)
    hypothesis = declared("contrast_of_predictors", outcome="y", predictors=["home", "work", "club"])
    table = found(rows, hypothesis, imputation={"m": 2, "most": 2})
    n = len(rows)
    assert table["n_obs"].tolist()[:1] + table.loc[table["m"].isna(), "n_obs"].unique().tolist() == [
        n,
        n - int((left_out & ~none).sum()),
    ]


def test_a_slope_variance_of_nothing_is_an_estimate_and_said(panel):
    rng = np.random.default_rng(1)
    alike = panel.assign(
        y=0.3 * panel["x"] + rng.normal(size=len(panel)) + panel["participant"].str[1:].astype(int) % 9
    )
    asked = {"panel": alike, "outcome": "y", "predictor": "x", "moderator": "m", "simple_slopes": False}
    row = cross_level(**asked)[0]
    assert row.status == "variance of the random slope estimated as 0"
    assert row.estimate == pytest.approx(0, abs=0.1) and row.se > 0


def test_a_joint_test_is_pooled_as_one_makes_it_by_hand():
    """Two contrasts, two panels: q = (1, 0) and (3, 2), U = [4 2; 2 4] in both, so that r = 1.5 tr(B U^-1) / 2 = .5 and
    D1 = q' U^-1 q / (2 x 1.5) = 1/3 on 2 and 2 x 1.5 x (1 + 1/.5)^2 / 2 = 13.5 degrees of freedom (Li et al., 1991). Each
    panel's own q' U^-1 q / 2 is 1/6 and 7/6; F tests that take .9 of them, as Hotelling's does, leave .9 of D1."""
    joint = Estimate(
        metric="wald_f", term="a = b = c", df=1000.0, method="OLS, HC3, Wald F test on 2 and 1000 degrees of freedom"
    )
    panels = [
        [Estimate(metric="beta_difference", term=term, estimate=q, se=2.0, df=1000.0, ci_level=0.95) for term, q in own.items()]
        + [replace(joint, statistic=f)]
        for own, f in (({"a - b": 1.0, "a - c": 0.0, "b - c": -1.0}, 1 / 6), ({"a - b": 3.0, "a - c": 2.0, "b - c": -1.0}, 7 / 6))
    ]  # fmt: skip
    *_, row = pooled_rows(panels)
    assert (row.statistic, row.df, row.m) == pytest.approx((1 / 3, 13.5, 2))
    assert row.p == pytest.approx(0.7223, abs=1e-4) and row.fmi == pytest.approx((0.5 + 2 / 16.5) / 1.5)
    assert row.method == "OLS, HC3, Wald F test on 2 degrees of freedom, pooled as D1"
    assert row.missing_rule == "multiple imputation, m = 2"
    less = [[*own[:-1], replace(own[-1], statistic=0.9 * own[-1].statistic)] for own in panels]
    assert pooled_rows(less)[-1].statistic == pytest.approx(0.3)
    refused = [panels[0], [replace(panels[1][0], se=math.nan), *panels[1][1:]]]
    assert pooled_rows(refused)[-1].status == "not testable"
    assert [other.term for other in pooled_rows([own[1:] for own in panels])] == ["a - c", "b - c"]


@pytest.mark.parametrize("waves", [1, 3])
def test_the_joint_test_of_sources_is_pooled_with_its_own_covariance(panel, waves):
    """In one wave against statsmodels' HC3 covariance in every panel; in three against the clustered one."""
    rng = np.random.default_rng(5)
    rows = panel[panel["wave_number"] <= waves].drop(columns="m").reset_index(drop=True)
    rows = rows.assign(**{name: rng.normal(size=len(rows)) for name in ("home", "work", "club")})
    rows["y"] += rows["home"]
    rows.loc[::9, "y"] = np.nan
    rows.loc[4::11, "work"] = np.nan
    hypothesis = declared("contrast_of_predictors", outcome="y", predictors=["home", "work", "club"])
    table = found(rows, hypothesis, imputation={"m": 6, "most": 6})
    own = table[table["metric"].eq("wald_f")].reset_index(drop=True)
    assert own["m"].tolist() == pytest.approx([6, math.nan], nan_ok=True) and 0 < own.loc[0, "fmi"] < 1
    assert own.loc[0, "df"] < own.loc[1, "df"] and own.loc[0, "missing_rule"] == "multiple imputation, m = 6"
    assert own.loc[0, "p"] < 0.01 and numerator_df(own.loc[0, "method"]) == 2
    family = {"family": "f", "hypotheses": [hypothesis]}
    drawn = complete(rows, family, SETTINGS | {"imputation": {"m": 6, "most": 6}})["A1"].first(6)
    fits = [equal_by_hand(one, waves) for one in drawn]
    test = pool_test([b for b, _ in fits], [v for _, v in fits], PEOPLE - (5 if waves == 1 else 2)).iloc[0]
    hotelling = 1.0 if waves == 1 else (PEOPLE - 2) / (PEOPLE - 1)
    assert own.loc[0, "statistic"] == pytest.approx(test["statistic"] * hotelling, rel=1e-3)
    assert own.loc[0, ["df", "m"]].astype(float).tolist() == pytest.approx([test["df2"], 6], rel=1e-6)


def equal_by_hand(frame, waves):
    """home - work and home - club, and their covariance: by statsmodels in one wave, from the mixed model in more."""
    names = ["home", "work", "club"]
    contrasts = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    absent = frame[names].isna()
    if waves == 1:
        x = frame[names].apply(lambda own: (own - own.mean()) / own.std()).fillna(0.0)
        x = x.assign(**{f"no {name}": absent[name].astype(float) for name in names if absent[name].any()})
        fit = sm.OLS((frame["y"] - frame["y"].mean()) / frame["y"].std(), sm.add_constant(x)).fit(cov_type="HC3")
        b, v = fit.params[names], fit.cov_params().loc[names, names]
    else:
        prepared, columns = prepare_contrast(frame, "y", names, [], absent_is_zero=True)
        blocks = blocks_of(fit_mixed_model(prepared.y, columns, prepared.person), prepared.y, columns, prepared.person)
        places = [blocks.names.index(f"{name}_within") for name in names]
        b, v = blocks.coefficients[places], blocks.clustered()[np.ix_(places, places)]
    return contrasts @ np.asarray(b), contrasts @ np.asarray(v) @ contrasts.T


@pytest.mark.parametrize(("people", "warned"), [(60, True), (PEOPLE, False)])
def test_errors_that_rest_on_few_people_say_so(panel, people, warned):
    few = panel[panel["participant"].isin(panel["participant"].unique()[:people])]
    row = found(few, declared("contrast_of_predictors", outcome="y", predictors=["x", "z"])).iloc[0]
    assert (
        ("errors are clustered by 60 people" in row["warnings"])
        == warned
        == ("errors are clustered" in row["warnings"])
    )


@pytest.mark.parametrize(("clustered", "complete", "said"), [(0.06, 0.04, True), (0.06, 0.055, False)])
def test_standard_errors_of_complete_cases_are_compared_with_each_other(clustered, complete, said):
    """The imputed row's 0.03 is smaller than either: with it a warning would always be due."""
    imputed = Estimate(analysis="within_between", se=0.03, m=20.0)
    rows = [imputed, replace(imputed, se=complete, m=math.nan), Estimate(analysis="fixed_effects", se=clustered)]
    first = warn_about_clustering(rows)[0]
    words = "the person-clustered standard error of complete cases is 1.5 times the model's" if said else ""
    assert first.warnings == words
    assert "of complete cases" not in (alone := warn_about_clustering(rows[1:])[0].warnings) and bool(alone) == said


def test_the_page_of_models_says_what_the_code_says():
    page = (ROOT / "docs/hypothesis-models.md").read_text(encoding="utf-8")
    for name, model in MODELS.items():
        needs = ", ".join(f"`{key}`" for key in (*model.names, *model.also))
        may = ", ".join(f"`{key}`" for key in model.may)
        assert f"| `{name}` | {model.says} | {needs} | {may} | {model.waves} |" in page


def test_hypotheses_are_imputed_together_while_there_are_ten_people_for_each_predictor(with_gaps):
    three = with_gaps[with_gaps["wave_number"] < 4]
    asked = [declared("association", id=f"H{k}", outcome=y, predictor="x") for k, y in enumerate("yb")]
    family, settings = {"family": "f", "hypotheses": asked}, SETTINGS | {"imputation": {"m": 3, "most": 3}}
    many = complete(three, family, settings)
    assert many["H0"] is many["H1"] and many["H0"].note == ""
    few = complete(three[three["participant"] < "p070"], family, settings)
    assert few["H0"] is not few["H1"] and few["H0"].variables.varying == ("y", "x") and few["H0"].note == ""
    row = found(three[three["participant"] < "p030"], asked[0], imputation={"m": 3, "most": 3}).iloc[0]
    assert "more variables than a tenth of the people" in row["warnings"]


def test_a_moderator_of_the_intake_serves_the_waves_after_it(panel):
    intake = panel.assign(m=panel["m"].where(panel["wave"] == "w1"))
    intake.loc[intake["wave"] == "w1", ["x", "y"]] = np.nan
    row = found(intake, declared("moderation", outcome="y", predictor="x", moderator="m")).iloc[0]
    everywhere = intake.assign(m=intake.groupby("participant")["m"].transform("first"))
    same = found(everywhere, declared("moderation", outcome="y", predictor="x", moderator="m")).iloc[0]
    assert row["analysis"] == "cross_level" and row["estimate"] == pytest.approx(same["estimate"], abs=1e-12)


def test_a_sum_declared_as_counts_has_its_negative_binomial_beside_and_prorated_sums_are_left_out(panel):
    whole = panel.assign(y=np.round(np.exp(panel["y"].clip(-2, 2)) * 2))
    first = whole["wave_number"].eq(whole["wave_number"].min())
    some = whole.index[first & whole["y"].notna()][:5]
    prorated = whole.assign(y=whole["y"].where(~whole.index.isin(some), whole["y"] + 0.5))
    plain, marked = (
        found(prorated, declared("association", outcome="y", predictor="x", **more)) for more in ({}, {"counts": True})
    )
    rows = marked[marked["analysis"] == "negative_binomial"]
    assert rows["metric"].tolist() == ["log_rate", "rate_ratio"] and not rows["decides"].any()
    assert "prorated" in rows["warnings"].iloc[0] and "negative_binomial" not in set(plain["analysis"])
    left = prorated[first].assign(y=prorated.loc[first, "y"].where(prorated.loc[first, "y"] % 1 == 0))
    alone = negative_binomial(left, "y", "x")[0]
    assert rows["estimate"].iloc[0] == pytest.approx(alone.estimate) and rows["n_people"].iloc[0] == alone.n_people
