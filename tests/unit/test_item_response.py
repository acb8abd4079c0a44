"""Graded response model, scores, Q3, Mokken's H: against R (tests/reference/exploration.R), simulations, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.psychometrics import cfa, graded_response, local_dependence, scalability
from rejsens.psychometrics.graded_likelihood import (
    POINTS,
    WEIGHTS,
    answered,
    log_likelihood,
    log_likelihood_and_products,
    observed_information,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "exploration.json").read_text(encoding="utf-8"))
GRADED = pd.read_csv(REFERENCE / "exploration_graded.csv")
DATA = {"complete": GRADED, "holes": pd.read_csv(REFERENCE / "exploration_graded_holes.csv")}
TRUE_SLOPES = np.array([1.2, 0.8, 1.8, 2.4, 1.0, 1.5, 2.0, 0.6])  # of exploration_data.py


@pytest.fixture(scope="module")
def models():
    return {name: graded_response(data) for name, data in DATA.items()}


# --- the graded response model ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
def test_estimates_and_errors_equal_a_likelihood_written_out_in_r(models, name):
    model, reference = models[name], R["graded"][name]
    assert model.status == "admissible"
    assert (model.n, model.n + model.n_lost) == (reference["n"], len(DATA[name]))
    assert model.loglik == pytest.approx(reference["loglik"], abs=1e-3, rel=1e-6)
    for table, ours, theirs in (("items", "a", "a"), ("items", "se", "a_se"), ("thresholds", "b", "b"),
                                ("thresholds", "se", "b_se")):  # fmt: skip
        np.testing.assert_allclose(getattr(model, table)[ours], reference[theirs], atol=1e-3, err_msg=theirs)
    assert model.reliability_empirical == pytest.approx(reference["reliability"], abs=1e-4)
    assert model.n_parameters == 30
    assert model.aic == pytest.approx(60 - 2 * reference["loglik"], abs=2e-3)


@pytest.mark.parametrize("name", DATA)
def test_scores_information_and_q3_equal_r(models, name):
    model, reference = models[name], R["graded"][name]
    scores = model.scores(DATA[name])
    known = scores["trait"].notna()
    np.testing.assert_allclose(scores.loc[known, "trait"], reference["eap"], atol=1e-3)
    np.testing.assert_allclose(scores.loc[known, "se"], reference["eap_se"], atol=1e-3)
    assert (scores["answered"] == DATA[name].notna().sum(axis=1)).all()
    items, test = model.information(reference["theta"])
    curves = items.pivot(index="trait", columns="item", values="information")
    np.testing.assert_allclose(curves, np.array(reference["information"]), atol=2e-3)
    np.testing.assert_allclose(test["information"], curves.sum(axis=1), atol=1e-10)
    np.testing.assert_allclose(test["se"], test["information"] ** -0.5)
    q3 = model.local_dependence(DATA[name])
    names = list(DATA[name])
    theirs = [reference["q3"][names.index(row.item)][names.index(row.other)] for row in q3.itertuples()]
    np.testing.assert_allclose(q3["q3"], theirs, atol=1e-3)
    assert q3["q3_above_mean"].mean() == pytest.approx(0, abs=1e-12)


def test_derivatives_are_those_of_the_likelihood():
    codes = DATA["holes"].dropna(how="all").fillna(-1).to_numpy(dtype=int)[:200]
    data = answered(codes, (4,) * 7 + (2,))
    point = np.concatenate([np.tile([1.2, 1.0, 0.1, -1.1], 7), [0.7, -0.2]])
    value, gradient, products = log_likelihood_and_products(data, point)
    assert value == pytest.approx(log_likelihood(data, point)[0])
    np.testing.assert_allclose(gradient, log_likelihood(data, point)[1], atol=1e-9)
    information = observed_information(data, point)
    for j in range(len(point)):
        step = np.zeros(len(point))
        step[j] = 1e-5
        after, before = log_likelihood(data, point + step), log_likelihood(data, point - step)
        assert gradient[j] == pytest.approx((after[0] - before[0]) / 2e-5, abs=1e-4)
        np.testing.assert_allclose(information[j], (before[1] - after[1]) / 2e-5, atol=1e-4)
    alone = [log_likelihood(answered(codes[[i]], data.categories), point)[1] for i in range(len(codes))]
    np.testing.assert_allclose(products, np.transpose(alone) @ np.array(alone), atol=1e-8)


def test_the_trait_points_the_way_of_most_discrimination():
    """Three sharp items are answered the other way than three blunt ones, which make up most of the sum."""
    rng = np.random.default_rng(4)
    trait = rng.normal(size=(600, 1))
    blunt = np.digitize(0.8 * trait + rng.logistic(size=(600, 3)), [-1.5, -0.5, 0.5, 1.5])
    sharp = (rng.logistic(size=(600, 3)) - 2.5 * trait > 0).astype(int)
    items = pd.DataFrame(np.column_stack([blunt, sharp])).rename(columns="i{}".format)
    model = graded_response(items)
    assert model.status == "admissible"
    assert (np.sign(model.items["a"]) == [-1, -1, -1, 1, 1, 1]).all()
    assert np.corrcoef(model.scores(items)["trait"], trait[:, 0])[0, 1] < -0.8
    assert (model.items["se"] > 0).all()


def test_true_parameters_come_back(models):
    """Each of 8 estimates within three of its errors of what was simulated; their spread is that of the errors."""
    items, cuts = models["complete"].items, models["complete"].thresholds
    distance = (items["a"] - TRUE_SLOPES) / items["se"]
    assert distance.abs().max() < 3
    places = np.concatenate([np.array([-1.2, 0.1, 1.3]) + 0.25 * (j - 3.5) / 2 for j in range(7)] + [[0.4]])
    distance = (cuts["b"] - places) / cuts["se"]
    assert distance.abs().max() < 3.5
    assert 0.4 < (distance**2).mean() < 2.2


def test_loadings_agree_with_the_factor_model_of_polychorics(models):
    """Logistic maximum likelihood and WLSMV are different estimators of nearly the same model: a few hundredths."""
    factor = cfa(GRADED, {"f": list(GRADED)}, estimator="WLSMV").loadings
    np.testing.assert_allclose(models["complete"].items["loading"], factor["std"], atol=0.03)


def test_reliabilities_are_those_of_their_definitions(models):
    model = models["complete"]
    _, test = model.information(POINTS)
    assert model.reliability_marginal == pytest.approx(float(WEIGHTS @ test["reliability"]))
    scores = model.scores(GRADED)
    error = (scores["se"] ** 2).mean()
    assert model.reliability_empirical == pytest.approx(scores["trait"].var() / (scores["trait"].var() + error))
    assert model.reliability_empirical == pytest.approx(model.reliability_marginal, abs=0.02)


def test_items_that_share_more_than_the_trait_stand_out():
    rng = np.random.default_rng(8)
    trait, shared = rng.normal(size=(800, 1)), rng.normal(size=800)
    latent = 1.3 * trait + rng.logistic(size=(800, 6))
    latent[:, 0] += 1.5 * shared
    latent[:, 1] += 1.5 * shared
    items = pd.DataFrame(np.digitize(latent, [-1, 0.5])).rename(columns="i{}".format)
    first = graded_response(items).local_dependence(items).iloc[0]
    assert (first["item"], first["other"]) == ("i0", "i1")
    assert first["q3_above_mean"] > 0.2


def test_q3_and_residuals_stand_side_by_side():
    found = local_dependence(GRADED)
    assert found.status == "estimated"
    factor = cfa(GRADED, {"f": list(GRADED)}, estimator="WLSMV")
    q3 = graded_response(GRADED).local_dependence(GRADED).set_index(["item", "other"])["q3"]
    for row in found.pairs.itertuples():
        assert row.residual == pytest.approx(factor.residuals.loc[row.item, row.other])
        assert row.q3 == pytest.approx(q3[row.item, row.other])
    # one polychoric of two categories with four strays by .13, and nothing does in Q3
    assert found.pairs.loc[found.pairs["notable"], "item"].tolist() == ["g5"]
    assert found.pairs["q3_above_mean"].max() < 0.2
    assert len(found.pairs) == 28
    three = local_dependence(GRADED[["g1", "g2", "g3"]])
    assert three.status == "residuals: the factor model fits always"
    assert three.pairs["residual"].isna().all()
    flat = local_dependence(GRADED.assign(g1=1))
    assert flat.status == "Q3 not estimated: g1 does not vary; residuals: not estimated: g1 does not vary"
    assert not flat.pairs["notable"].any()


def test_an_item_that_is_keyed_the_wrong_way_has_a_negative_discrimination(models):
    turned = graded_response(GRADED.assign(g3=3 - GRADED["g3"]))
    assert turned.items.loc[2, "a"] == pytest.approx(-models["complete"].items.loc[2, "a"], abs=1e-3)
    assert turned.loglik == pytest.approx(models["complete"].loglik, abs=1e-4)
    assert turned.items["a"].sum() > 0


def test_spacing_of_the_answers_does_not_matter_and_new_people_are_scored(models):
    wide = graded_response(GRADED.replace({0: 1, 1: 10, 2: 100, 3: 1000}))
    assert wide.loglik == pytest.approx(models["complete"].loglik, abs=1e-6)
    assert wide.thresholds["above"].tolist()[:3] == [10, 100, 1000]
    fresh = pd.DataFrame({name: [1.0, np.nan] for name in GRADED}, index=["p", "q"])
    scores = models["complete"].scores(fresh)
    assert scores.loc["q"].isna().tolist() == [True, True, False]
    assert scores.index.tolist() == ["p", "q"]
    with pytest.raises(ValueError, match="not seen"):
        models["complete"].scores(fresh.assign(g1=7))
    with pytest.raises(ValueError, match="lack these items: g2"):
        models["complete"].scores(fresh.drop(columns="g2"))


def test_what_cannot_be_fitted_says_why():
    assert "fewer than three items" in graded_response(GRADED[["g1", "g2"]]).status
    assert "g1 does not vary" in graded_response(GRADED.assign(g1=1)).status
    assert "too few" in graded_response(GRADED.head(20)).status
    flat = graded_response(GRADED.assign(g1=1))
    assert flat.scores(GRADED)["trait"].isna().all()
    assert flat.information()[0].empty
    assert flat.local_dependence(GRADED).empty
    assert flat.items["a"].isna().all()


def test_an_item_that_is_the_trait_itself_is_a_heywood_case():
    rng = np.random.default_rng(1)
    trait = rng.normal(size=400)
    items = {f"i{j}": (trait + 1.2 * rng.logistic(size=400) > 0).astype(int) for j in range(3)}
    twins = pd.DataFrame(items | {"twin": (trait > 0).astype(int), "same": (trait > 0).astype(int)})
    assert "runs off" in graded_response(twins).status


# --- Mokken ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", R["mokken"])
def test_scalability_equals_its_definition_in_r(name):
    data = pd.read_csv(REFERENCE / f"exploration_{name}.csv")
    items = data.iloc[:, [0, 1, 2, 3] if name == "ordered" else [0, 2, 3, 7]]
    reference, found = R["mokken"][name], scalability(items)
    for table, h in (("items", "items"), ("pairs", "pairs")):
        np.testing.assert_allclose(getattr(found, table)["h"], reference[h], atol=1e-6)
        np.testing.assert_allclose(getattr(found, table)["se"], reference[f"{h}_se"], atol=1e-4)
    assert found.scale.loc[0, "h"] == pytest.approx(reference["h"], abs=1e-6)
    assert found.scale.loc[0, "se"] == pytest.approx(reference["se"], abs=1e-4)
    whole = [found.scale.loc[0, "h"], *found.items["h"]]
    np.testing.assert_allclose(whole, reference["by_variances"], atol=1e-6)


def test_its_interval_covers_what_a_bootstrap_spreads():
    items = GRADED[["g1", "g3", "g4"]]
    rng = np.random.default_rng(2)
    drawn = [scalability(items.iloc[rng.integers(800, size=800)]).scale.loc[0, "h"] for _ in range(150)]
    assert scalability(items).scale.loc[0, "se"] == pytest.approx(np.std(drawn), rel=0.25)


def test_one_guttman_error_by_hand():
    """Six people, two items of two answers: one error where 6 · (2/6) · (2/6) = 2/3 are expected; H = 1 − 3/2."""
    items = pd.DataFrame({"easy": [1, 1, 1, 1, 0, 0], "hard": [1, 0, 0, 0, 1, 0]})
    assert scalability(items).scale.loc[0, "h"] == pytest.approx(1 - 1 / (6 * (2 / 6) * (2 / 6)))


def test_warnings_and_reasons():
    turned = GRADED.assign(g3=3 - GRADED["g3"])
    assert scalability(turned).items.loc[2, "warning"] == "negative: keyed the wrong way?"
    assert "lower bound" in scalability(GRADED).items.loc[7, "warning"]
    flat = scalability(GRADED.assign(g1=1))
    assert flat.status == "not estimated: g1 does not vary"
    assert flat.scale["h"].isna().all()
    assert scalability(GRADED[["g1"]]).status == "not estimated: one item"
    holes = DATA["holes"]
    assert (scalability(holes).n, scalability(holes).n_lost) == (len(holes.dropna()), len(holes) - len(holes.dropna()))
