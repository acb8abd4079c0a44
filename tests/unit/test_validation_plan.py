"""Validation plans run through: two halves of a wave, and what the tables of earlier jobs say against declared guides."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_assess_structure import answered, scale, two_factors

from rejsens import halves, predictions, validation_steps
from rejsens.administration import administer
from rejsens.definitions import load_instruments
from rejsens.tabular import COLUMNS, schema, tidy
from rejsens.validation import validate, within_guides
from rejsens.validation_plan import plan_files, read_plan, read_plans
from rejsens.validation_steps import HOLDS

PLAN = replace(
    read_plan(), structures=("both",), formative=("counted",), exploration=dict(read_plan().exploration) | {"draws": 20}
)
READ = ("reliability", "items", "responses", "factor_models", "invariance", "predictions", "discriminant")


def asked(**more):
    return {"w1": (administer(scale(1, 5, **(two_factors() | more))),)}


def run(answers, instruments, plan=PLAN, **tables):
    empty = {name: pd.DataFrame(columns=list(COLUMNS[name])) for name in READ}
    found = validate(answers, instruments, {"mine": plan}, empty | tables, seed=1, ci_level=0.95)
    return {name: schema(name).validate(tidy(table, name)) for name, table in found.items()}


@pytest.fixture(scope="module")
def people():
    return answered(asked()["w1"][0], waves=("w1",))


@pytest.fixture(scope="module")
def found(people):
    return run(people, asked())


def of(found, step):
    return found["validation"][found["validation"]["step"] == step]


# --- two halves ------------------------------------------------------------------------------------------------------


def test_nobody_is_in_both_halves_and_the_draw_is_the_seeds_alone(people):
    split = halves.halves(people, 7, "mine")
    first, second = (set(half["participant"]) for half in split.values())
    assert first | second == set(people["participant"]) and not first & second
    assert abs(len(first) - len(second)) <= 1
    shuffled = halves.halves(people.sample(frac=1, random_state=3), 7, "mine")
    assert set(shuffled[halves.EXPLORED]["participant"]) == first
    assert set(halves.halves(people, 8, "mine")[halves.EXPLORED]["participant"]) != first


def test_the_intended_structure_is_found_in_one_half_and_confirmed_in_the_other(found):
    explored, confirmed = of(found, "exploration").iloc[0], of(found, "confirmation").iloc[0]
    assert explored["outcome"] == confirmed["outcome"] == "met"
    assert explored["result"].startswith("2 factors advised, 2 intended; 8 of 8 items")
    assert confirmed["result"].startswith("MLR χ²(19) = ") and "WLSMV χ²(19) = " in confirmed["result"]
    loadings = found["validation_loadings"]
    by_half = loadings.groupby("half")
    assert by_half.size().to_dict() == {"confirmation": 8, "exploration": 16}  # own factor; every factor
    assert (by_half["n"].first() + by_half["n_lost"].first() <= 200).all()
    own = loadings[(loadings["half"] == "exploration") & (loadings["scale"] == loadings["item"].str[0])]
    assert (own["loading"] > 0.4).all() and len(own) == 8


def test_an_item_on_the_wrong_scale_is_named_and_the_step_is_not_met(people):
    """b1 answers what a asks: a structure in which it belongs to b is not found."""
    noise = np.random.default_rng(4).normal(size=len(people))
    wrong = people.assign(b1=np.clip(np.round(people[["a1", "a2", "a3"]].mean(axis=1) + noise), 1, 5))
    row = of(run(wrong, asked()), "exploration").iloc[0]
    assert row["outcome"] == "not met" and "(not: “b 1”)" in row["result"] and "7 of 8 items" in row["result"]


def test_a_structure_that_does_not_fit_is_not_met_and_one_nobody_asked_could_not_run(people):
    noise = np.random.default_rng(4).normal(size=len(people))
    shared = {item: np.clip(people[item] + np.round(1.5 * noise), 1, 5) for item in ("a1", "b1")}  # beside the scales
    tied = people.assign(**shared)
    plan = replace(PLAN, structures=("both", "other"))
    rows = of(run(tied, asked(), plan), "confirmation")
    assert list(rows["outcome"]) == ["not met", "could not run"] and rows["result"].iloc[1] == "no wave asked it"


def test_too_few_people_give_a_reason_and_never_an_error(people):
    row = of(run(people.head(6), asked()), "exploration").iloc[0]
    assert row["outcome"] == "could not run" and row["result"].startswith("not estimated: ")


def test_a_study_that_never_asked_it_has_no_plan(people):
    assert run(people, {"w1": (administer(scale(1, 5)),)})["validation"].empty


# --- the tables of earlier jobs --------------------------------------------------------------------------------------


def rows(name, *given):
    frame = pd.DataFrame([{"instrument": "mine", "wave": "w1"} | row for row in given])
    return frame.reindex(columns=list(COLUMNS[name]))


def alpha(value, **more):
    return {"score": "a", "coefficient": "alpha", "n": 90, "estimate": value, "status": "estimated"} | more


def rung(d_cfi, d_rmsea, estimator="MLR", holds="not rejected", name="metric"):
    return {"model": "a", "between": "waves", "rung": name, "estimator": estimator, "status": "admissible", "n": 90,
            "d_cfi": d_cfi, "d_rmsea": d_rmsea, "df": 7, "d_df": 3, "d_chi2": 8.93, "d_p": 0.03, "holds": holds}  # fmt: skip


@pytest.mark.parametrize(
    ("step", "table", "given", "outcome"),
    [
        ("consistency", "reliability", [alpha(0.70)], "met"),
        ("consistency", "reliability", [alpha(0.699)], "not met"),
        ("consistency", "reliability", [alpha(0.8), alpha(0.6, coefficient="omega_u")], "not met"),
        ("consistency", "reliability", [alpha(0.72, ci_low=0.68, ci_high=0.75)], f"met{HOLDS}"),
        ("consistency", "reliability", [alpha(0.69, ci_low=0.66, ci_high=0.72)], f"not met{HOLDS}"),
        ("consistency", "reliability", [alpha(0.74, ci_low=0.70, ci_high=0.78)], "met"),
        ("consistency", "reliability", [alpha(np.nan, status="no variance")], "could not run"),
        ("items", "items", [{"score": "a", "label": "x", "n": 9, "item_rest": r} for r in (0.3, 0.6)], "met"),
        ("items", "items", [{"score": "a", "label": "x", "n": 9, "item_rest": r} for r in (0.29, 0.6)], "not met"),
        ("categories", "responses", [{"item": "a1", "label": "x", "n": 10, "percent": 5.0}], "met"),
        ("categories", "responses", [{"item": "a1", "label": "x", "n": np.nan, "percent": np.nan}], "not met"),
        ("retest", "reliability", [alpha(0.70, coefficient="retest_icc2", wave="again")], "met"),
        ("retest", "reliability", [alpha(0.69, coefficient="retest_icc2", wave="again")], "not met"),
        (
            "retest",
            "reliability",
            [alpha(0.8, coefficient="retest_icc2", wave="a", ci_low=0.6, ci_high=0.9)],
            f"met{HOLDS}",
        ),
        ("retest", "reliability", [alpha(0.90, coefficient="stability_icc2", wave="w2")], "could not run"),
        ("invariance", "invariance", [rung(-0.010, 0.015)], "met"),
        ("invariance", "invariance", [rung(-0.0101, 0.0)], "not met"),
        ("invariance", "invariance", [rung(0.0, 0.0151)], "not met"),
        ("invariance", "invariance", [rung(-0.2, 0.2, name="strict")], "could not run"),  # strict decides nothing
        ("invariance", "invariance", [rung(-0.2, 0.2, "WLSMV", name="loadings")], "met"),  # nor do guides under WLSMV
        ("invariance", "invariance", [rung(0.0, 0.0, "WLSMV", "rejected", "loadings")], "not met"),
        ("invariance", "invariance", [rung(np.nan, np.nan)], "met"),  # three items: the rung below has no fit
        ("invariance", "invariance", [rung(np.nan, np.nan, holds="rejected")], "not met"),
        ("invariance", "invariance", [rung(np.nan, np.nan, holds="not tested")], "could not run"),
    ],
)
def test_each_guide_holds_its_end_and_nothing_beyond(people, step, table, given, outcome):
    found = run(people.head(6), asked(), **{table: rows(table, *given)})
    row = of(found, step)
    assert row[row["part"] == "A"]["outcome"].tolist() == [outcome], row["result"].tolist()
    assert row[row["part"] == "B"]["outcome"].tolist() == ["could not run"]  # of b the tables hold nothing


def test_a_rung_outside_the_guides_names_the_index_its_df_and_the_test(people):
    found = run(people.head(6), asked(), invariance=rows("invariance", rung(-0.003, 0.0152)))
    (said,) = of(found, "invariance").query("part == 'A'")["result"]
    assert (
        said
        == "waves: metric ΔCFI = −.003, ΔRMSEA = .0152, outside the guide by RMSEA (df = 7; Δχ²(3) = 8.93, p = .030)"
    )


def test_an_estimate_shows_the_side_of_its_guide(people):
    table = rows("reliability", alpha(0.6996, ci_low=0.66, ci_high=0.73))
    (said,) = of(run(people.head(6), asked(), reliability=table), "consistency").query("part == 'A'")["result"]
    assert said == "alpha = .6996 [.66, .73]"


def test_each_half_tells_how_many_were_left_out_and_by_which_rule(found, people):
    for step, rule in (("exploration", "complete cases"), ("confirmation", "full information maximum likelihood")):
        row = of(found, step).iloc[0]
        lost = 200 - row["n"]  # of a half of 200 people
        assert f"(n = {row['n']:.0f}, {lost:.0f} lost; {rule})" in row["result"], row["result"]


def test_a_half_of_fewer_people_than_may_be_told_gives_no_number(people):
    few = people.head(12)
    found = validate(
        few, asked(), {"mine": PLAN}, {name: rows(name) for name in READ}, seed=1, ci_level=0.95, min_cell=10
    )
    for step in ("exploration", "confirmation"):
        row = found["validation"].set_index("step").loc[step]
        assert row["outcome"] == "could not run" and row["n"] == 0
        assert row["result"] == "not reported: fewer than 10 people answered every item"
    table = found["validation_loadings"]
    assert table["loading"].isna().all() and table["n"].eq(0).all()
    assert table["status"].str.startswith("not reported: fewer than 10").all()


def test_each_index_of_fit_is_held_against_its_own_guide():
    at = {"cfi": 0.95, "rmsea": 0.06, "srmr": 0.08}
    assert within_guides(at, PLAN.guides)
    for beyond in ({"cfi": 0.9499}, {"rmsea": 0.0601}, {"srmr": 0.0801}, {"srmr": np.nan}):
        assert not within_guides(at | beyond, PLAN.guides), beyond


@pytest.mark.parametrize(("failed", "outcome"), [(1, "met"), (2, "not met")])
def test_predictions_fail_when_more_than_a_quarter_of_the_testable_ones_do(failed, outcome):
    """COSMIN: 1 of 4 is a quarter, 2 of 4 more; what was not asked counts neither way."""
    said = ["failed"] * failed + ["met"] * (4 - failed) + ["not testable"] * 3
    table = pd.DataFrame({"set": "mreii", "outcome": said, "n": 50, "sentence": "so many", "wave": "w1"})
    (row,) = validation_steps._predictions(PLAN, {"predictions": table})
    assert row["outcome"] == outcome and row["result"] == "so many"


@pytest.mark.parametrize(
    ("outcome", "judged"), [("below", "met"), ("uncertain", f"not met{HOLDS}"), ("above", "not met")]
)
def test_scales_are_told_apart_by_the_whole_interval(outcome, judged):
    pair = {"set": "mreii", "x": "a", "y": "b", "wave": "w1", "n": 90, "htmt": 0.8, "htmt_ci_low": 0.7,
            "htmt_ci_high": 0.9, "below": 0.85, "outcome": outcome, "status": "estimated"}  # fmt: skip
    (row,) = validation_steps._discriminant(PLAN, {"discriminant": pd.DataFrame([pair])}, {"a": "A scale"})
    assert row["outcome"] == judged and row["part"] == "A scale and b"
    assert row["result"] == "HTMT = .80 [.70, .90], guide .85"


def test_an_index_that_was_modelled_is_told(people):
    table = rows("factor_models", {"instrument": "counted"})
    assert of(run(people.head(6), asked(), factor_models=table), "formative")["outcome"].tolist() == ["not met"]


# --- outside the data, and the shipped plan --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raters", "verdict", "simulated", "outcome"),
    [
        (6, "reached", False, "met"),
        (6, "not reached", False, "not met"),
        (5, "undecided", False, "could not run"),
        (8, "reached", True, "done outside the data"),
    ],
)
def test_experts_count_when_their_indices_are_there_and_are_not_simulated(
    people, tmp_path, raters, verdict, simulated, outcome
):
    files = {kind: tmp_path / f"{kind}.csv" for kind in ("items", "scales")}
    common = {"rated": "relevance", "simulated": simulated}
    pd.DataFrame([common | {"item": "a1", "verdict": "kept"}]).to_csv(files["items"], index=False)
    total = {"scale": "all items", "s_cvi_ave": 0.93, "raters_least": raters, "verdict": verdict}
    pd.DataFrame([common | total]).to_csv(files["scales"], index=False)
    plan = replace(PLAN, experts={kind: str(path) for kind, path in files.items()})
    row = of(run(people.head(6), asked(), plan), "experts").iloc[0]
    assert row["outcome"] == outcome and "S-CVI/Ave = .93" in row["result"]


def test_without_files_experts_and_interviews_are_not_provided(found):
    assert list(found["validation"]["outcome"].head(2)) == ["outside the data, not provided"] * 2


def test_every_shipped_plan_names_what_exists():
    instruments = load_instruments()
    models = {model.id for instrument in instruments.values() for model in instrument.models}
    for name, plan in read_plans().items():
        assert plan.id == name and set(plan.structures) <= models and set(plan.formative) <= set(instruments)
        assert (
            plan.predictions in predictions.prediction_files() and plan.discriminant in predictions.prediction_files()
        )
    assert set(plan_files()) == {"mreii"}


@pytest.mark.parametrize(("polychoric", "estimator"), [(False, "MLR"), (True, "WLSMV")])
def test_a_model_of_ordered_answers_is_not_fitted_twice(monkeypatch, polychoric, estimator):
    fitted = SimpleNamespace(estimator=estimator)
    monkeypatch.setattr(halves, "fit", lambda *given: fitted)
    monkeypatch.setattr(halves, "cfa", None)
    found = halves.confirm(None, None, None, 0.95, polychoric)
    assert found.model is fitted and found.ordered is None
