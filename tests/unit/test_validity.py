"""Validity and careless responding: against semTools, psych, lavaan and base R (tests/reference/validity.R), by hand."""

from __future__ import annotations

import importlib
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens import psychometrics as p
from rejsens.predictions import MREII, read_predictions
from rejsens.problems import Refused
from rejsens.psychometrics.careless import DEFINITIONS, guttman_errors
from rejsens.psychometrics.discriminant import PAIR_COLUMNS
from rejsens.registry import SHIPPED

careless_module = importlib.import_module("rejsens.psychometrics.careless")  # the function has its name in the package
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
sys.path.insert(0, str(REFERENCE))
from validity_data import REVERSED  # noqa: E402

R = json.loads((REFERENCE / "validity.json").read_text(encoding="utf-8"))


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


CONTINUOUS, SKEWED, FOUR = read("psychometrics_continuous"), read("sem_skewed"), read("sem_ordinal4")
THREE = {"f": ["x1", "x2", "x3"], "g": ["x4", "x5", "x6"], "h": ["x7", "x8", "x9"]}
TWO = {"f": ["q1", "q2", "q3"], "g": ["q4", "q5", "q6"]}
ANSWERS = read("validity_answers")
SCALES = {scale: [f"{scale}{j}" for j in range(1, 5)] for scale in "abcd"}


def by_pair(table: pd.DataFrame) -> dict[str, float]:
    return {row.x + row.y: row.estimate for row in table.itertuples()}


# --- heterotrait-monotrait ratios ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["htmt", "htmt2"])
@pytest.mark.parametrize(("name", "items"), [("continuous", CONTINUOUS), ("skewed", SKEWED)])
def test_ratios_equal_semtools(kind, name, items):
    table = p.htmt(items, THREE, kind=kind)
    assert by_pair(table) == pytest.approx(R[kind][name], abs=1e-5)
    assert list(table) == list(PAIR_COLUMNS) and (table["n"] == len(items)).all()
    assert table["ci_low"].isna().all() and table["status"].str.startswith("estimated").all()


@pytest.mark.parametrize("kind", ["htmt", "htmt2"])
def test_ratios_of_ordered_items_equal_semtools(kind):
    table = p.htmt(FOUR, TWO, kind=kind, correlation="polychoric")
    assert by_pair(table)["fg"] == pytest.approx(R[kind]["ordered"]["fg"], abs=1e-5)


def test_ratio_draws_equal_those_of_r():
    table = p.htmt(CONTINUOUS, {"f": THREE["f"], "g": THREE["g"]}, draws=1000, rng=np.random.default_rng(1))
    reference = R["htmt_draws"]
    bound = 4 * 2.7 * reference["sd"] * np.sqrt(1 / 1000 + 1 / reference["draws"])  # four errors of a 2.5 % quantile
    assert table.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(reference["ends"], abs=bound)
    assert (table.loc[0, "draws"], table.loc[0, "failed"]) == (1000, 0) and "bootstrap" in table.loc[0, "method"]


def test_ratios_of_a_table_of_correlations_need_no_people_and_their_draws_do():
    given = CONTINUOUS[[item for own in THREE.values() for item in own]].corr()
    assert by_pair(p.htmt(given, THREE)) == pytest.approx(by_pair(p.htmt(CONTINUOUS, THREE)))
    with pytest.raises(ValueError, match="give the answers, or leave draws at 0"):
        p.htmt(given, THREE, draws=10, rng=np.random.default_rng(1))


def test_ratio_of_equally_good_items_is_the_correlation_of_the_constructs():
    rng = np.random.default_rng(2)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=20_000)
    items = pd.DataFrame(0.7 * np.repeat(factors, 3, axis=1) + 0.7 * rng.normal(size=(20_000, 6)))
    for kind in ("htmt", "htmt2"):
        table = p.htmt(items, {"a": [0, 1, 2], "b": [3, 4, 5]}, kind=kind)
        assert table.loc[0, "estimate"] == pytest.approx(0.4, abs=0.03)


def test_ratios_remark_signs_and_say_why_not():
    turned = CONTINUOUS.assign(x1=-CONTINUOUS["x1"])
    table = p.htmt(turned, THREE)
    assert by_pair(table) == pytest.approx(R["htmt"]["continuous"], abs=1e-5)
    assert table.loc[0, "status"] == "estimated; 5 negative correlations taken without sign"
    flat = p.htmt(CONTINUOUS.assign(x1=1.0), THREE)
    assert (flat["status"] == "not reported: x1 does not vary").all() and flat["estimate"].isna().all()
    for wrong, message in (({"f": ["x1", "x2"]}, "two scales"), ({"f": ["x1"], "g": ["x2", "x3"]}, "list of 2 items"),
                           ({"f": ["x1", "no"], "g": ["x2", "x3"]}, "lack these items of f: no"),
                           ({"f": ["x1", "x2"], "g": ["x2", "x3"]}, "twice in one: x2")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            p.htmt(CONTINUOUS, wrong)


# --- variance extracted ----------------------------------------------------------------------------------------------


def test_variance_extracted_equals_semtools_and_a_parameter_defined_in_lavaan():
    model = p.cfa(CONTINUOUS, THREE)
    table = p.average_variance_extracted(model).set_index("factor")
    assert table["estimate"].to_dict() == pytest.approx(R["ave"], abs=1e-5)
    own = table.loc["f", ["estimate", "se", "ci_low", "ci_high"]].to_dict()
    assert own == pytest.approx(R["ave_f"], abs=1e-5)
    criterion = p.fornell_larcker(model)
    shared = {row.x + row.y: row.shared for row in criterion.itertuples()}
    assert shared == pytest.approx({pair: value**2 for pair, value in R["phi"].items()}, abs=1e-4)
    assert criterion["holds"].tolist() == [True, True, True]


def test_factors_that_share_more_than_they_explain_fail_the_criterion():
    rng = np.random.default_rng(3)
    factors = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=1000)
    items = pd.DataFrame(0.6 * np.repeat(factors, 3, axis=1) + 0.8 * rng.normal(size=(1000, 6))).rename(columns="i{}".format)  # fmt: skip
    criterion = p.fornell_larcker(p.cfa(items, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]}))
    assert criterion["holds"].tolist() == [False]


def test_no_variance_is_extracted_from_a_model_that_may_not_be_used():
    model = p.cfa(read("psychometrics_heywood"), {"f": ["h1", "h2", "h3", "h4"]})
    table = p.average_variance_extracted(model)
    assert table["estimate"].isna().all() and "the model is not admissible (negative residual" in table.loc[0, "status"]
    grouped = p.cfa(read("sem_groups"), THREE, groups="group")
    with pytest.raises(ValueError, match="one group"):
        p.average_variance_extracted(grouped)


# --- correction for attenuation --------------------------------------------------------------------------------------


@pytest.mark.parametrize("coefficient", ["alpha", "omega_u"])
def test_corrected_correlations_equal_psych(coefficient):
    table = p.disattenuated_correlations(CONTINUOUS, THREE, coefficient=coefficient)
    assert by_pair(table) == pytest.approx(R["attenuation"][coefficient], abs=1e-5)
    assert table.loc[0, "r"] == pytest.approx(R["attenuation"]["r"]["fg"])


def test_intervals_of_corrected_correlations():
    table = p.disattenuated_correlations(CONTINUOUS, THREE)
    assert table.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(R["attenuation"]["known"], abs=1e-5)
    assert "as if the reliabilities were known" in table.loc[0, "method"]
    drawn = p.disattenuated_correlations(SKEWED, THREE, draws=200, rng=np.random.default_rng(1), coefficient="omega_u")
    assert ((drawn["ci_low"] < drawn["estimate"]) & (drawn["estimate"] < drawn["ci_high"])).all()
    assert (drawn["draws"] == 200).all()


def test_a_corrected_correlation_above_one_stands_and_is_remarked():
    rng = np.random.default_rng(4)
    factor, day = rng.normal(size=(500, 1)), rng.normal(size=500)
    items = pd.DataFrame(0.5 * factor + rng.normal(size=(500, 4)), columns=["a1", "a2", "b1", "b2"])
    items["a1"] += day
    items["b1"] += day  # an error that the scales share
    row = p.disattenuated_correlations(items, {"a": ["a1", "a2"], "b": ["b1", "b2"]}).loc[0]
    assert row["estimate"] > 1 and "outside ±1: alpha is too low for these scales, or they share error" in row["status"]
    turned = items.assign(a2=-items["a2"])
    none = p.disattenuated_correlations(turned, {"a": ["a1", "a2"], "b": ["b1", "b2"]}).loc[0]
    assert np.isnan(none["estimate"]) and none["status"].startswith("not reported: it has no value")


# --- weak checks -----------------------------------------------------------------------------------------------------


def test_single_factor_check_equals_r_and_is_called_weak():
    check = p.single_factor_check(CONTINUOUS).set_index("statistic")
    assert check["estimate"].to_dict() == pytest.approx(R["single_factor"], abs=1e-4)
    assert check["status"].str.contains("“weak” check").all()
    few = p.single_factor_check(CONTINUOUS[["x1", "x2", "x3"]])
    assert (few["status"] == "not reported: fewer than four items").all()


def test_marker_check_equals_r_and_is_called_weak():
    check = p.marker_check(CONTINUOUS[["x1", "x4", "x7", "x9"]], "x9")
    row, reference = check.iloc[0], R["marker"]
    assert (row["x"], row["y"]) == ("x1", "x4") and len(check) == 3
    found = {"r": row["r"], "marker": row["r_marker"], "adjusted": row["estimate"], "p": row["p"]}
    assert found == pytest.approx(reference, abs=1e-8)
    assert check["status"].str.contains("“weak” check").all()
    opposite = p.marker_check(CONTINUOUS[["x1", "x4", "x9"]].assign(x9=-CONTINUOUS["x9"]), "x9")
    assert opposite.loc[0, "estimate"] == pytest.approx(opposite.loc[0, "r"])
    assert "nothing is taken out" in opposite.loc[0, "status"]
    with pytest.raises(ValueError, match="lack the marker"):
        p.marker_check(CONTINUOUS, "none")


# --- fixed predictions -----------------------------------------------------------------------------------------------


def with_correlations(wanted: dict[str, float], n: int = 400) -> pd.DataFrame:
    """A score x whose sample correlations with the others are exactly these."""
    values = np.random.default_rng(6).normal(size=(n, 1 + len(wanted)))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(values.T @ values / n)).T
    columns = {"x": white[:, 0]}
    for j, (name, r) in enumerate(wanted.items(), start=1):
        columns[name] = r * white[:, 0] + np.sqrt(1 - r**2) * white[:, j]
    return pd.DataFrame(columns)


def plan(*ranges: tuple[str, float, float]) -> list[p.Prediction]:
    return [p.Prediction(f"p_{y}", "x", y, low, high) for y, low, high in ranges]


def test_predictions_are_met_by_the_estimate():
    scores = with_correlations({"a": 0.5, "b": 0.2, "c": -0.3})
    found = p.check_predictions(scores, plan(("a", 0.4, 0.7), ("b", 0.3, 0.5), ("c", -0.4, -0.1), ("d", 0.1, 0.2)))
    table = found.table.set_index("y")
    assert table["outcome"].to_dict() == {"a": "met", "b": "failed", "c": "met", "d": "not testable"}
    assert table.loc["b", "reason"] == "the correlation lies below the range"
    above = p.check_predictions(scores, plan(("a", 0.2, 0.4))).table.loc[0]
    assert (above["outcome"], above["reason"]) == ("failed", "the correlation lies above the range")
    assert table.loc["d", "reason"] == "d was not asked" and np.isnan(table.loc["d", "estimate"])
    np.testing.assert_allclose(table.loc["a", ["estimate", "ci_low", "ci_high"]].astype(float), [0.5, *np.tanh(np.arctanh(0.5) + np.array([-1, 1]) * 1.959964 / np.sqrt(397))], atol=1e-6)  # fmt: skip
    assert found.sentence == (
        "1 of 3 testable predictions failed (33 %), 1 of 4 not testable: construct validity has failed (more than 25 %)"
    )


def test_a_quarter_failed_is_not_yet_a_failure():
    scores = with_correlations({"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.1})
    four = plan(*((y, 0.4, 0.6) for y in "abcd"))
    assert p.check_predictions(scores, four).verdict == "supported"
    assert p.check_predictions(scores, four[1:]).verdict == "failed"
    assert p.check_predictions(scores[["x"]], four).verdict == "not testable"


def test_predictions_without_people_or_spread_are_not_testable():
    scores = with_correlations({"a": 0.5}).assign(b=1.0, c=np.nan)
    table = p.check_predictions(scores, plan(("a", 0.4, 0.6), ("b", 0.1, 0.2), ("c", 0.1, 0.2))).table.set_index("y")
    assert table.loc["b", "reason"] == "b did not vary" and table.loc["c", "reason"] == "0 people have both scores"
    with pytest.raises(ValueError, match="stand twice: p_a"):
        p.check_predictions(scores, plan(("a", 0.1, 0.2), ("a", 0.3, 0.4)))
    with pytest.raises(ValueError, match="from low to high"):
        p.Prediction("a", "x", "y", 0.4, 0.2)


def test_the_predictions_of_the_inventory_name_scores_that_exist():
    import yaml

    known = {
        score["id"]
        for path in (SHIPPED / "schemas/instruments").glob("*.yaml")
        for score in yaml.safe_load(path.read_text(encoding="utf-8")).get("scores", [])
    }
    predictions = read_predictions()
    assert len(predictions) == 9
    assert {name for one in predictions for name in (one.x, one.y)} <= known
    ranges = {(one.x, one.y): (one.low, one.high) for one in predictions}
    assert ranges[("mreii_e_freq", "mreii_s_freq")] == (-0.40, -0.10)
    assert ranges[("mreii_sw", "rses_sum")] == (0.65, 0.85)


def test_faults_of_a_predictions_file_are_told_all_at_once(tmp_path):
    own = tmp_path / "own.yaml"
    text = MREII.read_text(encoding="utf-8").replace("[0.40, 0.70]", "[0.70, 0.40]", 1)
    own.write_text(text.replace("self_blame_coping", "self_worth_self_esteem"), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_predictions(own)
    assert [problem.cause for problem in refused.value.problems] == ["A range is empty", "An id stands twice"]
    own.write_text("id: own\ntitle: none\npredictions: []\n", encoding="utf-8")
    with pytest.raises(Refused):
        read_predictions(own)


# --- careless responding ---------------------------------------------------------------------------------------------


def screened(**changes) -> p.Careless:
    return p.careless(ANSWERS, 1, 5, **({"reverse": REVERSED, "scales": SCALES} | changes))


@pytest.mark.parametrize("index", DEFINITIONS)
def test_indices_equal_those_of_base_r(index):
    reference = np.array([np.nan if value is None else value for value in R["careless"][index]], dtype=float)
    ours = screened().indices[index].to_numpy(dtype=float)
    np.testing.assert_allclose(ours, reference, atol=1e-8)
    assert np.isfinite(ours).sum() > 60


def test_the_simulated_careless_stand_out():
    indices = screened().indices
    assert indices["long_string"].nlargest(2).index.tolist() == [8, 9]
    at_random, careful = indices.iloc[:8], indices.iloc[20:]
    assert at_random["guttman_errors"].median() > careful["guttman_errors"].quantile(0.95)
    assert at_random["mahalanobis_p"].median() < 0.01 < careful["mahalanobis_p"].median()


def test_indices_say_what_they_rest_on_and_when_they_could_not_run():
    found = screened()
    checks = found.checks.set_index("index")
    assert checks.loc["synonyms", "status"].startswith(f"estimated; from {R['careless']['n_synonyms']} pairs")
    assert (found.pairs["kind"] == "antonyms").sum() == R["careless"]["n_antonyms"]
    assert checks["definition"].str.len().min() > 20 and checks.loc["long_string", "n"] == len(ANSWERS)
    none = screened(scales=None).checks.set_index("index")["status"]
    assert none["even_odd"] == none["guttman_errors"] == "not run: no scales were named"
    two = screened(scales={s: SCALES[s] for s in "ab"}).checks.set_index("index")["status"]
    assert two["even_odd"] == "not run: 2 of 3 scales with two items or more"
    few = p.careless(ANSWERS[["a1", "b1", "c1"]].iloc[:3], 1, 5).checks.set_index("index")["status"]
    assert few["mahalanobis_d2"] == few["mahalanobis_p"] == "not run: 3 complete rows for 3 items, too few"
    independent = pd.DataFrame(np.random.default_rng(1).integers(1, 6, size=(200, 6))).rename(columns="i{}".format)
    status = p.careless(independent, 1, 5).checks.set_index("index")["status"]
    seven = p.careless(independent.iloc[:7], 1, 5).checks.set_index("index")["status"]
    assert "one person more than items" in seven["mahalanobis_p"] and seven["mahalanobis_d2"] == "estimated"
    assert status["synonyms"] == "not run: no pair of items correlates above .60"
    assert status["antonyms"] == "not run: no pair of items correlates below −.60"
    pair = independent.assign(i1=independent["i0"])
    assert "1 pair of items correlates above .60, 3 are needed" in p.careless(pair, 1, 5).checks.set_index("index").loc["synonyms", "status"]  # fmt: skip
    assert "linearly dependent" in p.careless(pair, 1, 5).checks.set_index("index").loc["mahalanobis_d2", "status"]


def test_strings_end_where_the_range_changes():
    items = pd.DataFrame([[2, 2, 2, 2]], columns=list("abcd"))
    together = p.careless(items, 1, 5).indices
    apart = p.careless(items, 1, {"a": 5, "b": 5, "c": 7, "d": 7}).indices
    assert (together.loc[0, "long_string"], apart.loc[0, "long_string"]) == (4, 2)
    assert apart.loc[0, "average_string"] == 2


def test_guttman_errors_by_hand():
    # Steps by popularity: i1>=1 (1.0), i0>=1 (.75), then i0>=2 and i1>=2 (.5, in the order of items).
    steps = np.array([[2, 1], [1, 2], [2, 2], [0, 1]])
    errors, most = guttman_errors(steps)
    assert errors.tolist() == [0, 1, 0, 0]  # i1>=2 without i0>=2 before it
    assert most.tolist() == [1, 1, 0, 1]


def test_person_fit_is_the_likelihood_against_all_patterns():
    """Mean and variance of the log-likelihood over every pattern of answers, each counted by its chance."""
    rng = np.random.default_rng(9)
    behind = rng.normal(size=(500, 1)) + 0.8 * rng.normal(size=(500, 4))
    items = pd.DataFrame(np.digitize(behind, [-0.7, 0.6])).rename(columns="i{}".format)
    items.iloc[0, 0] = np.nan
    model = p.graded_response(items)
    fit = p.person_fit(items, model)
    slopes = model.items.set_index("item")["a"]
    places = model.thresholds.pivot(index="item", columns="threshold", values="b")
    for person in (0, 1, 2):
        asked = items.columns[items.loc[person].notna()]
        above = 1 / (1 + np.exp(-slopes[asked].to_numpy()[:, None] * (fit.loc[person, "trait"] - places.loc[asked])))
        chances = -np.diff(np.column_stack([np.ones(len(asked)), above, np.zeros(len(asked))]))
        patterns = np.array(list(product(range(3), repeat=len(asked))))
        each = np.log(chances)[np.arange(len(asked)), patterns].sum(axis=1)
        weight = np.exp(each)
        mean = (weight * each).sum()
        own = np.log(chances)[np.arange(len(asked)), items.loc[person, asked].astype(int)].sum()
        expected = (own - mean) / np.sqrt((weight * (each - mean) ** 2).sum())
        assert weight.sum() == pytest.approx(1) and fit.loc[person, "lz"] == pytest.approx(expected, abs=1e-8)
    assert fit["answered"].iloc[0] == 3 and (fit["status"] == "estimated").all()
    few = p.person_fit(items.iloc[[0]].assign(i1=np.nan, i2=np.nan), model)
    assert np.isnan(few["lz"].iloc[0]) and few["status"].iloc[0] == "not run: fewer than two answers"


def test_an_index_on_its_own_is_the_one_worked_out_with_the_others_bit_by_bit():
    whole = p.careless(ANSWERS, 1, 5, reverse=REVERSED, scales=SCALES)
    for name in DEFINITIONS:
        one = p.careless(ANSWERS, 1, 5, reverse=REVERSED, scales=SCALES, wanted=[name])
        pd.testing.assert_frame_equal(one.indices, whole.indices[[name]], check_exact=True)
        assert one.checks.equals(whole.checks[whole.checks["index"] == name].reset_index(drop=True))
        assert len(one.pairs) == (len(whole.pairs) if name in ("synonyms", "antonyms") else 0)


def test_indices_of_people_in_parts_are_those_of_all_together(monkeypatch):
    whole = p.careless(ANSWERS, 1, 5, reverse=REVERSED, scales=SCALES).indices
    monkeypatch.setattr(careless_module, "PEOPLE", 30)
    parts = p.careless(ANSWERS, 1, 5, reverse=REVERSED, scales=SCALES).indices
    assert len(ANSWERS) > 60
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-13, atol=0)


def test_careless_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="outside the theoretical range: a1"):
        p.careless(pd.DataFrame({"a1": [1, 9], "a2": [1, 2]}), 1, 5)
    with pytest.raises(ValueError, match="range from low to high"):
        p.careless(ANSWERS, 5, 1)
    with pytest.raises(ValueError, match="reverse names items that are not there: z"):
        screened(reverse=["z"])
    with pytest.raises(ValueError, match="lack these items of z: no"):
        screened(scales={"z": ["no"]})
