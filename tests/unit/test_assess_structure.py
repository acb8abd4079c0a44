"""The factor models of an instrument's file, fitted wave by wave, and the ladder over waves and groups. Simulated people."""

import numpy as np
import pandas as pd
import pytest

from rejsens.administration import administer
from rejsens.assess_instrument import assess_instrument
from rejsens.assess_structure import TABLES, _rows_of, assess_structure, estimator, fit, parts
from rejsens.definitions import instrument_from, load_instruments, models_of
from rejsens.measured_alike import OF_EVENTS, reached, with_invariance
from rejsens.problems import Refused
from rejsens.psychometrics import cfa, invariance
from rejsens.tabular import schema, tidy

SHIPPED = load_instruments()
PEOPLE, WAVES = 400, ("w1", "w2", "w3", "w4")
HOW = {"alpha": 0.05, "ci_level": 0.95, "min_people": 100, "max_columns": 30}
GENDER = {"gender": {1.0: "woman", 2.0: "man", 3.0: "other"}}


def scale(low: int = 1, high: int = 7, **more: object) -> object:
    """Two scales of four items, the fourth of each reversed."""
    items = [{"id": f"{s}{j}", "label": f"{s}_{j}", "reverse": j == 4} for s in "ab" for j in range(1, 5)]
    scores = [
        {"id": s, "label": s.upper(), "method": "mean", "items": [f"{s}{j}" for j in range(1, 5)], "min_answered": 4,
         "range": [low, high], "higher_means": "more", "model": "reflective"}
        for s in "ab"
    ]  # fmt: skip
    content = {
        "id": "mine",
        "title": "Mine",
        "version": "1",
        "answers": {"min": low, "max": high},
        "items": items,
        "scores": scores,
    }
    return instrument_from(content | more)


def two_factors(structure: str = "correlated", **entry: object) -> dict:
    return {
        "models": [{"id": "both", "label": "Both", "structure": structure, "factors": {"a": "a", "b": "b"}} | entry]
    }


def answered(instrument, waves=WAVES, shift: float = 0.0, seed: int = 8) -> pd.DataFrame:
    """Answers in the codes of the questionnaire: reversed items run the other way. `shift` moves b1 in the last wave."""
    rng = np.random.default_rng(seed)
    trait = {s: rng.normal(size=PEOPLE) for s in "ab"}
    gender = rng.choice([1.0, 2.0, 3.0], PEOPLE, p=[0.5, 0.45, 0.05])
    gender[:7] = np.nan  # did not say
    frames = []
    for number, wave in enumerate(waves, start=1):
        columns, state = {}, {s: 0.8 * trait[s] + 0.6 * rng.normal(size=PEOPLE) for s in "ab"}
        for item in instrument.items:
            y = 0.75 * state[item.id[0]] + 0.65 * rng.normal(size=PEOPLE)
            y += shift * (item.id == "b1" and wave == waves[-1])
            middle, width = (item.low + item.high) / 2, (item.high - item.low) / 5
            coded = np.clip(np.round(middle + width * y), item.low, item.high)
            columns[item.id] = item.low + item.high - coded if item.reverse else coded
        frame = pd.DataFrame(columns).mask(rng.random((PEOPLE, len(instrument.items))) < 0.02)
        there = rng.random(PEOPLE) > 0.1 * (number - 1)
        who = {"participant": [f"p{k}" for k in range(PEOPLE)], "wave": wave, "wave_number": number, "role": "wave"}
        frames.append(frame.assign(**who, gender=gender)[there])
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def found() -> dict[str, pd.DataFrame]:
    instrument = scale(**two_factors())
    return assess_structure(answered(instrument), dict.fromkeys(WAVES, instrument), GENDER, **HOW)


def test_every_table_keeps_its_schema(found):
    assert set(found) == set(TABLES)
    for name, table in found.items():
        assert len(schema(name).validate(tidy(table, name))) == len(table) > 0, name


def test_scales_are_fitted_in_every_wave_and_a_declared_model_in_the_first(found):
    models = found["factor_models"].groupby("model")["wave"].agg(list).to_dict()
    assert models == {"a": list(WAVES), "b": list(WAVES), "both": ["w1"]}
    assert len(found["factor_correlations"]) == 1 and (found["factor_models"]["status"] == "admissible").all()


def test_items_are_keyed_before_they_are_fitted_and_told_as_reversed(found):
    loadings = found["loadings"]
    assert (loadings["std"] > 0.5).all()
    assert set(loadings.loc[loadings["reverse"], "label"]) == {"a_4", "b_4"}


def test_the_numbers_are_those_of_the_model_by_itself():
    instrument = scale()
    answers = answered(instrument, waves=("w1",))
    turned = answers.assign(a4=8 - answers["a4"])
    alone = cfa(turned, {"a": ["a1", "a2", "a3", "a4"]}, estimator="MLR", missing="fiml")
    fitted = fit(answers, instrument, instrument.models[0], 0.95)
    assert fitted.fit.chi2_scaled == pytest.approx(alone.fit.chi2_scaled, abs=1e-6)
    assert fitted.n == alone.n and fitted.loadings["std"].tolist() == pytest.approx(
        alone.loadings["std"].tolist(), abs=1e-6
    )


@pytest.mark.parametrize(("high", "wanted"), [(4, "WLSMV"), (5, "MLR"), (7, "MLR")])
def test_few_ordered_answers_are_taken_as_ordered(high, wanted):
    instrument = scale(high=high)
    assert estimator(instrument, instrument.models[0])["estimator"] == wanted


def test_products_are_fitted_as_products_and_never_as_ordered_answers():
    a_rsq = administer(SHIPPED["a_rsq"])
    model = next(m for m in a_rsq.models if m.id == "a_rsq")
    people = pd.DataFrame({item.id: [2.0, 5.0] for item in a_rsq.items})
    frame, factors = parts(people, a_rsq, model)
    assert frame.shape == (2, 9) and frame.iloc[0].tolist() == [2.0 * (7 - 2)] * 9 and len(factors["a_rsq"]) == 9
    assert estimator(a_rsq, model) == {"estimator": "MLR", "missing": "fiml"}
    rng = np.random.default_rng(3)
    level = rng.normal(size=(300, 1))
    codes = np.clip(np.round(3.5 + level * np.tile([1.0, -1.0], 9) + rng.normal(size=(300, 18))), 1, 6)
    named = pd.DataFrame(codes, columns=[item.id for item in a_rsq.items])
    loadings = _rows_of(fit(named, a_rsq, model, 0.95), a_rsq, model)["loadings"]
    assert loadings["label"].tolist() == [f"situation_{k}_product" for k in range(1, 10)]


def test_a_method_factor_holds_the_reversed_items():
    instrument = scale(**two_factors("method"))
    fitted = fit(answered(instrument, waves=("w1",)), instrument, instrument.models[-1], 0.95)
    assert set(fitted.loadings.loc[fitted.loadings["factor"] == "method", "item"]) == {"a4_r", "b4_r"}


# --- invariance ------------------------------------------------------------------------------------------------------


def test_small_groups_are_left_out_and_named_groups_are_compared(found):
    rows = found["invariance"].query("between == 'gender' and model == 'a'")
    assert rows["compared"].unique().tolist() == ["man; woman"] and rows["rung"].tolist()[0] == "configural"
    first = answered(scale(), waves=("w1",))["gender"]
    left_out = first.eq(3.0).sum() + first.isna().sum()  # the third category has too few people
    assert set(rows["n_left_out"]) == {left_out} and left_out > 7
    assert (rows["n"] + rows["n_lost"] + rows["n_left_out"]).eq(PEOPLE).all()
    assert (found["invariance"].query("between == 'waves'")["n_left_out"] == 0).all()


def test_waves_are_compared_and_missing_waves_do_not_lose_a_person(found):
    rows = found["invariance"].query("between == 'waves' and model == 'a'")
    assert rows["compared"].unique().tolist() == ["; ".join(WAVES)]
    assert rows["n"].max() > 0.95 * PEOPLE and "a wave counts for a person" in rows["missing_rule"].iloc[0]


def test_the_ladder_over_waves_is_that_of_the_wide_frame():
    instrument = scale()
    answers = answered(instrument, waves=("w1", "w2")).dropna()
    found = assess_structure(answers, dict.fromkeys(("w1", "w2"), instrument), {}, **HOW)["invariance"].query(
        "model == 'a'"
    )
    turned = answers.assign(a4=8 - answers["a4"]).set_index("participant")
    wide = pd.concat(
        [turned[turned["wave"] == w][["a1", "a2", "a3", "a4"]].add_suffix(f"_{w}") for w in ("w1", "w2")], axis=1
    )
    waves = {w: {f"a{j}": f"a{j}_{w}" for j in range(1, 5)} for w in ("w1", "w2")}
    ladder = invariance(wide, {"a": ["a1", "a2", "a3", "a4"]}, waves=waves, estimator="MLR", missing="fiml").table
    assert found["chi2"].tolist() == pytest.approx(ladder["chi2"].tolist(), rel=1e-5)


def test_an_item_that_moved_is_found_at_the_intercepts():
    instrument = scale()
    answers = answered(instrument, shift=0.8)
    found = assess_structure(answers, dict.fromkeys(WAVES, instrument), {}, **HOW)["invariance"]
    assert reached(found, "a", "waves") == "strict invariance between w1, w2, w3 and w4"
    assert reached(found, "b", "waves") == "metric invariance between w1, w2, w3 and w4; scalar rejected"
    few = found.query("model == 'b' and between == 'waves' and rung == 'scalar'").iloc[
        0
    ]  # a fifth of four items is none
    assert (few["released"], few["partial_holds"]) == ("", "no release: fewer items than 5")
    assert reached(found, "b", "gender") == "not assessed"


def test_with_many_items_waves_between_the_first_and_the_last_are_left_out():
    instrument = scale()
    found = assess_structure(answered(instrument), dict.fromkeys(WAVES, instrument), {}, **HOW | {"max_columns": 12})
    assert found["invariance"]["compared"].unique().tolist() == ["w1; w3; w4"]


def test_a_retest_is_no_wave_of_the_panel():
    instrument = scale()
    answers = answered(instrument, waves=("w1", "w2"))
    answers.loc[answers["wave"] == "w2", "role"] = "retest"
    found = assess_structure(answers, dict.fromkeys(("w1", "w2"), instrument), {}, **HOW)
    assert found["invariance"].empty and set(found["factor_models"]["wave"]) == {"w1", "w2"}


def test_few_people_get_a_reason_and_no_number():
    instrument = scale(**two_factors("bifactor"))
    answers = answered(instrument).query("participant in ['p1', 'p2', 'p3', 'p4']")
    found = assess_structure(answers, dict.fromkeys(WAVES, instrument), GENDER, **HOW)
    assert not (found["factor_models"]["status"] == "admissible").any()
    assert found["factor_models"]["chi2"].isna().all() and (found["factor_models"]["status"].str.len() > 20).all()


def test_a_result_over_waves_or_groups_carries_the_status_of_its_scales(found):
    estimates = pd.DataFrame({"hypothesis": "H1", "family": "f", "wave": ["all", "w1", "w1"], "outcome": "a"})
    estimates["invariance"] = [
        "not assessed",
        "",
        "not assessed",
    ]  # over waves, in one wave, between groups of one wave
    hypotheses = pd.DataFrame(
        {"hypothesis": "H1", "family": ["e", "f"], "outcome": ["b", "a; single"], "predictor": "gender"}
    )
    dictionary = pd.DataFrame({"score": ["a", "b", "single"], "model": ["reflective", "reflective", "single_item"]})
    dictionary["modelled_by"] = ["a", "b", ""]
    asked = pd.DataFrame({"score": "a", "wave": [*WAVES, "w9"]})
    waves, none, groups = with_invariance(estimates, hypotheses, found["invariance"], dictionary, asked)["invariance"]
    status = reached(found["invariance"], "a", "waves", [*WAVES, "w9"])
    assert waves == f"a: {status}; single: a single item" and none == "" and f"({len(WAVES)} of 5 waves)" in waves
    assert groups == f"a: {reached(found['invariance'], 'a', 'gender')}; single: a single item"
    assert "between man and woman" in groups and "waves)" not in groups
    assert with_invariance(estimates.assign(term="x > b > a"), hypotheses, found["invariance"], dictionary, asked)[
        "invariance"
    ][0].endswith(f"; b: {reached(found['invariance'], 'b', 'waves')}")


def test_a_result_over_events_says_what_there_is_to_assess(found):
    """Of single ratings nothing; of a rating of several items, and of a person's scale among the covariates, the status."""
    named = ["hurt; intent; ease; age", "hurt", "ease; c"]
    estimates = pd.DataFrame({"hypothesis": ["H1", "H2", "H3"], "family": "f", "wave": "all", "outcome": "hurt"})
    estimates["invariance"] = [OF_EVENTS + names for names in named]
    hypotheses = pd.DataFrame({"hypothesis": ["H1", "H2", "H3"], "family": "f", "outcome": "hurt"})
    hypotheses["predictor"] = ["intent", "un; cl", "un; cl"]
    rows = [("un_hurt", "single_item", "", "un"), ("cl_hurt", "single_item", "", "cl"), ("un_intent", "single_item", "", "un"),
            ("un_ease", "reflective", "a", "un"), ("cl_ease", "reflective", "", "cl"), ("c", "reflective", "a", None)]  # fmt: skip
    dictionary = pd.DataFrame(rows, columns=["score", "model", "modelled_by", "event"])
    asked = pd.DataFrame({"score": [], "wave": []})
    slope, contrast, scale = with_invariance(estimates, hypotheses, found["invariance"], dictionary, asked)[
        "invariance"
    ]
    status = reached(found["invariance"], "a", "waves")
    assert slope == f"hurt and intent: single ratings, with nothing to assess; ease: un {status}; cl not assessed"
    assert contrast == "hurt: a single rating, with nothing to assess"
    assert scale == f"ease: un {status}; cl not assessed; between the kinds of event not assessed; c: {status}"


def test_a_rung_that_could_not_be_tested_is_not_told_as_holding():
    rungs = {"model": "a", "between": "waves", "compared": "w1; w2", "status": "admissible"}
    table = pd.DataFrame(
        [rungs | {"rung": "configural", "holds": ""}, rungs | {"rung": "metric", "holds": "not tested"}]
    )
    assert reached(table, "a", "waves") == "configural invariance between w1 and w2; metric not tested"


def test_people_without_a_whole_wave_count_as_lost():
    instrument = scale()
    answers = answered(instrument, waves=("w1", "w2"))
    gone = answers["participant"].isin([f"p{k}" for k in range(100)])
    answers.loc[gone, "a1"] = np.nan
    rungs = assess_structure(answers, dict.fromkeys(("w1", "w2"), instrument), {}, **HOW)["invariance"].query(
        "model == 'a'"
    )
    assert rungs["n_lost"].iloc[0] >= 100 and rungs["n"].iloc[0] + rungs["n_lost"].iloc[0] == PEOPLE


def test_scores_of_the_same_items_and_of_subscales_know_their_models():
    def behind(instrument: str, score: str) -> list[str]:
        own = SHIPPED[instrument]
        return models_of(own, next(s for s in own.scores if s.id == score))

    assert behind("rses", "rses_mean") == ["rses_sum"] and behind("a_rsq", "a_rsq_concern") == ["a_rsq_concern"]
    assert len(behind("scs_26", "scs_26")) == 6 and behind("mreii_exposure", "mreii_e_freq") == []


# --- over time -------------------------------------------------------------------------------------------------------


def test_a_retest_gives_agreement_and_error_of_each_score():
    instrument = scale()
    answers = answered(instrument, waves=("w1", "again"))
    answers.loc[answers["wave"] == "again", "role"] = "retest"
    asked = dict.fromkeys(("w1", "again"), instrument)
    found, _ = assess_instrument(answers, asked, 0.95, retests={"again": ("w1", 14.0)})
    mine = found[(found["wave"] == "again") & (found["score"] == "a")].set_index("coefficient")["estimate"]
    keyed_answers = answers.assign(a4=8 - answers["a4"])
    means = keyed_answers.assign(a=keyed_answers[["a1", "a2", "a3", "a4"]].mean(axis=1, skipna=False))
    pair = means.pivot(index="participant", columns="wave", values="a").dropna()
    assert mine["retest_r"] == pytest.approx(pair.corr().iloc[0, 1], abs=1e-9)
    assert mine["sdc95"] == pytest.approx(1.96 * np.sqrt(2) * mine["sem_consistency"], rel=1e-6)
    assert "stability_r" in set(
        assess_instrument(answers, asked, 0.95, retests={"again": ("w1", 35.0)})[0]["coefficient"]
    )


def test_a_retest_keeps_people_to_whom_an_item_does_not_apply():
    exposure = administer(SHIPPED["mreii_exposure"])
    rng = np.random.default_rng(4)
    frames = []
    for number, wave in enumerate(("w1", "again"), start=1):
        frame = pd.DataFrame({i.id: rng.integers(0, 5, 60).astype(float) for i in exposure.items})
        flags = {f"{i.id}__na": False for i in exposure.items} | {"mreii_e01__na": np.arange(60) < 30}
        frame.loc[:29, "mreii_e01"] = np.nan  # they had no such person
        who = {"participant": [f"p{k}" for k in range(60)], "wave": wave, "wave_number": number}
        frames.append(frame.assign(**flags, **who, role="wave" if number == 1 else "retest"))
    asked = dict.fromkeys(("w1", "again"), exposure)
    found, _ = assess_instrument(pd.concat(frames, ignore_index=True), asked, 0.95, retests={"again": ("w1", 14.0)})
    assert found.query("score == 'mreii_e_freq' and coefficient == 'retest_r'")["n"].tolist() == [60]


def test_change_within_people_has_a_reliability_with_three_waves_and_none_with_two():
    instrument = scale()
    for waves, wanted in ((WAVES[:3], 1), (WAVES[:2], 0)):
        found, _ = assess_instrument(answered(instrument, waves=waves), dict.fromkeys(waves, instrument), 0.95)
        change = found[(found["coefficient"] == "r_c") & (found["score"] == "a")]
        assert len(change) == wanted and (change["wave"] == "all").all() and change["estimate"].between(0.2, 0.9).all()


def test_few_answers_add_categorical_omega():
    for high, wanted in ((4, True), (7, False)):
        instrument = scale(high=high)
        found, _ = assess_instrument(answered(instrument, waves=("w1",)), {"w1": instrument}, 0.95)
        assert ("omega_categorical" in set(found["coefficient"])) is wanted


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_model_of_unknown_items_is_refused_with_the_nearest():
    with pytest.raises(Refused, match="Did you mean “a1”"):
        scale(**two_factors(factors={"a": ["a11", "a2", "a3"]}))


def test_models_follow_the_administration():
    declared = scale(**two_factors())
    asked = administer(declared, **{"as": "now"})
    assert [m.id for m in asked.models] == ["now_a", "now_b", "now_both"]
    assert asked.models[-1].factors["now_a"] == ("now_a1", "now_a2", "now_a3", "now_a4")
    assert [m.id for m in administer(declared, items=["a1", "a2", "a3", "a4"]).models] == ["a"]


def test_a_product_whose_acceptance_was_not_asked_has_no_model():
    concern = [item.id for item in SHIPPED["a_rsq"].items if item.role == "concern"]
    assert [m.id for m in administer(SHIPPED["a_rsq"], items=concern).models] == ["a_rsq_concern"]


def test_of_a_sum_and_a_mean_of_the_same_items_one_is_modelled():
    assert [m.id for m in SHIPPED["rses"].models] == ["rses_sum", "rses_method"]
    assert all(len(model.items) > 2 for instrument in SHIPPED.values() for model in instrument.models)
    formative = {score.id for i in SHIPPED.values() for score in i.scores if score.model != "reflective"}
    assert not formative & {model.score for i in SHIPPED.values() for model in i.models}


def test_items_that_share_more_than_their_factor_have_a_row_among_the_correlations():
    """The covariance of their residuals over the roots of both variances."""
    instrument = scale(**two_factors(residual_covariances=[["a1", "a2"], ["a4", "b4"]]))
    people = answered(instrument, ("w1",))
    rows = assess_structure(people, {"w1": instrument}, {}, **HOW)["factor_correlations"].query("model == 'both'")
    assert [*zip(rows["x"], rows["y"], strict=True)] == [("a", "b"), ("a1", "a2"), ("a4_r", "b4_r")]
    model = next(m for m in instrument.models if m.id == "both")
    fitted = fit(people, instrument, model, 0.95)
    variances = fitted.residual_variances.set_index("item")["estimate"]
    expected = fitted.parameters["a1~~a2"] / np.sqrt(variances["a1"] * variances["a2"])
    assert rows["estimate"].iloc[1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("rungs", "words"),
    [
        ([("configural", "admissible", ""), ("thresholds", "not testable: three categories", ""),
          ("loadings", "admissible", "not rejected")], "equal loadings between w1 and w2"),
        ([("configural", "admissible", ""), ("metric", "not testable: no degrees of freedom", "")],
         "configural invariance between w1 and w2"),
        ([("configural", "admissible", ""), ("metric", "not converged", "not rejected"), ("scalar", "admissible", "not rejected")],
         "configural invariance between w1 and w2; metric not assessable"),
        ([("configural", "not testable: one wave", "")], "not assessed"),
        ([("configural", "not converged", "")], "not assessed"),
    ],
)  # fmt: skip
def test_a_rung_that_these_data_cannot_test_is_stepped_over_and_a_model_that_failed_is_not(
    rungs: list[tuple[str, str, str]], words: str
) -> None:
    table = pd.DataFrame(rungs, columns=["rung", "status", "holds"]).assign(
        model="a", between="waves", compared="w1; w2"
    )
    assert reached(table, "a", "waves") == words
