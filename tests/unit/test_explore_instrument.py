"""Exploration, item response and general factors of an instrument's scores, as the pipeline asks for them. Simulated people."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_assess_structure import answered, scale, two_factors

from rejsens import explore_instrument as explore_instrument_module
from rejsens import general_factors as general_factors_module
from rejsens import psychometrics as p
from rejsens.administration import administer
from rejsens.assess_instrument import assess_instrument
from rejsens.declarations import SHIPPED
from rejsens.definitions import instrument_from, load_instruments
from rejsens.disclosure import Policy, guarded
from rejsens.explore_instrument import PRODUCTS, TABLES, TWO_ITEMS, explore_instrument, item_sets, respond
from rejsens.general_factors import general_factors
from rejsens.tabular import schema, tidy

HOW = {"seed": 1, "ci_level": 0.95}
REFERENCE = SHIPPED / "tests" / "reference"
BIFACTOR = pd.read_csv(REFERENCE / "sem_bifactor.csv")
GROUPS = {"f": ["b1", "b2", "b3"], "g": ["b4", "b5", "b6"], "h": ["b7", "b8", "b9"]}


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """What is random here is told by its seed, not by how well it is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explore_instrument_module, "DRAWS", 20)
        patch.setattr(general_factors_module, "DRAWS", 100)
        yield


def explored(instrument, answers: pd.DataFrame, **how: object) -> dict[str, pd.DataFrame]:
    found = explore_instrument(answers, dict.fromkeys(answers["wave"].unique(), instrument), **HOW | how)
    assert set(found) == set(TABLES)
    for name, table in found.items():
        schema(name).validate(tidy(table, name))
    return found


@pytest.fixture(scope="module")
def instrument():
    return scale(high=5)


@pytest.fixture(scope="module")
def answers(instrument) -> pd.DataFrame:
    return answered(instrument, waves=("w1", "w2"))


@pytest.fixture(scope="module")
def found(instrument, answers) -> dict[str, pd.DataFrame]:
    return explored(instrument, answers)


def keyed(answers: pd.DataFrame) -> pd.DataFrame:
    """Both scales in the first wave, the fourth item of each turned."""
    first = answers[answers["wave"] == "w1"]
    turned = pd.DataFrame({f"{s}4_r": 6 - first[f"{s}4"] for s in "ab"})
    return pd.concat([first[["a1", "a2", "a3", "b1", "b2", "b3"]], turned], axis=1)


def test_each_set_is_looked_at_in_the_first_wave_and_the_number_of_its_factors_found(found):
    table = found["dimensionality"]
    assert table[["set", "wave", "k"]].to_numpy().tolist() == [["a", "w1", 4], ["b", "w1", 4], ["all", "w1", 8]]
    assert table["factors_parallel"].tolist() == table["factors_map"].tolist() == [1, 1, 2]
    assert set(table["correlations"]) == {"pearson"} and set(table["status"]) == {"estimated"}


def test_eigenvalues_are_those_of_the_keyed_items_correlations(found, answers):
    own = found["eigenvalues"].query("set == 'all' and kind == 'components'")
    complete = keyed(answers).dropna()
    assert own["eigenvalue"].tolist() == pytest.approx(np.linalg.eigvalsh(np.corrcoef(complete, rowvar=False))[::-1])
    assert own["number"].tolist() == list(range(1, 9)) and (own["random_high"] > own["random_mean"]).all()
    assert found["dimensionality"].set_index("set").loc["all", ["n", "n_lost"]].tolist() == [
        len(complete),
        400 - len(complete),
    ]


def test_the_same_seed_draws_the_same_random_data_and_another_others(instrument, answers, found):
    again, other = (explored(instrument, answers, seed=seed)["eigenvalues"] for seed in (1, 2))
    pd.testing.assert_frame_equal(again, found["eigenvalues"])
    assert (other["random_mean"] != again["random_mean"]).any()
    pd.testing.assert_series_equal(other["eigenvalue"], again["eigenvalue"])


def test_exploratory_loadings_find_the_two_scales(found):
    own = found["exploratory_loadings"].query("set == 'all'")
    assert set(own["factors"]) == {2} and set(own["status"]) == {"admissible"} and set(own["rotation"]) == {"oblimin"}
    wide = own.pivot(index="item", columns="factor", values="loading").abs()
    home = wide.idxmax(axis=1)
    assert home[["a1", "a2", "a3", "a4_r"]].nunique() == home[["b1", "b2", "b3", "b4_r"]].nunique() == 1
    assert wide.max(axis=1).min() > 0.5 > 0.15 > wide.min(axis=1).max()
    assert set(own.loc[own["reverse"], "label"]) == {"a_4", "b_4"}
    alone = found["exploratory_loadings"].query("set == 'a'")
    assert alone["communality"].tolist() == pytest.approx((alone["loading"] ** 2).tolist())


def test_item_parameters_and_curves_are_those_of_the_model(found, answers):
    columns = ["a1", "a2", "a3", "a4_r"]
    model = p.graded_response(keyed(answers)[columns])
    own = found["item_response"].query("score == 'a'")
    assert own.query("parameter == 'a'")["estimate"].tolist() == pytest.approx(model.items["a"].tolist())
    assert own.query("parameter == 'b2'")["estimate"].tolist() == pytest.approx(
        model.thresholds.query("threshold == 2")["b"].tolist()
    )
    curve = found["information"].query("score == 'a' and item == ''").set_index("theta")
    slopes = own.query("parameter == 'a'")["estimate"].tolist()
    assert 0 < curve.loc[0.0, "information"] < sum(a**2 for a in slopes) / 4 * 4  # no category tells more than a²
    parts = found["information"].query("score == 'a' and item != '' and theta == 0.0")["information"]
    assert curve.loc[0.0, "information"] == pytest.approx(parts.sum()) and curve.loc[0.0, "se"] == pytest.approx(
        parts.sum() ** -0.5
    )


def test_scalability_has_the_scale_and_its_items(found, answers):
    own = found["scalability"].query("score == 'b'")
    complete = keyed(answers)[["b1", "b2", "b3", "b4_r"]].dropna()
    assert own["item"].tolist() == ["", "b1", "b2", "b3", "b4_r"] and set(own["n"]) == {len(complete)}
    observed, largest = (np.cov(x, rowvar=False) for x in (complete, np.sort(complete, axis=0)))
    off = ~np.eye(4, dtype=bool)
    assert own["h"].iloc[0] == pytest.approx(observed[off].sum() / largest[off].sum())  # people sorted item by item


def test_everybody_of_the_wave_is_used_or_lost(found, answers):
    own = keyed(answers)[["a1", "a2", "a3", "a4_r"]]
    lost = {"dimensionality": own.isna().any(axis=1).sum(), "scalability": own.isna().any(axis=1).sum(),
            "exploratory_loadings": own.isna().any(axis=1).sum(), "item_response": own["a1"].isna().sum(),
            "local_dependence": own.isna().all(axis=1).sum()}  # fmt: skip
    for name, expected in lost.items():
        table = found[name]
        table = table[table["set" if "set" in table else "score"] == "a"]
        assert (table["n"] + table["n_lost"] == 400).all() and table["n_lost"].iloc[0] == expected, name
        assert table["missing_rule"].str.len().gt(0).all() and expected < 400
    reliability, _ = assess_instrument(answers[answers["wave"] == "w1"], {"w1": scale(high=5)}, 0.95)
    assert set(reliability["n_lost"]) == {lost["scalability"], keyed(answers).filter(like="b").isna().any(axis=1).sum()}


def test_pairs_that_share_something_are_flagged(instrument, answers):
    rng = np.random.default_rng(3)
    first = answers[answers["wave"] == "w1"]
    first = first.assign(a2=first["a1"].where(rng.random(len(first)) < 0.4, first["a2"]))
    own = explored(instrument, first)["local_dependence"].query("score == 'a'")
    flagged = own[own["flagged"]]
    # Of four items a pair that shares something cannot be told from the other pair, which is what the factor leaves.
    assert flagged[["x", "y", "statistic"]].to_numpy().tolist() == [["a3", "a4_r", "q3_above_mean"]]
    alone = p.local_dependence(keyed(first)[["a1", "a2", "a3", "a4_r"]], estimator="MLR").pairs
    assert own.query("statistic == 'q3_above_mean'")["value"].tolist() == pytest.approx(alone["q3_above_mean"].tolist())
    assert len(own) == 12 and set(own["statistic"]) == {"q3_above_mean", "residual"}


def rare_items(instrument, answers: pd.DataFrame, min_cell: int = 10) -> list[str]:
    """Whose information curves are told of the first scale."""
    first = item_sets(answers, {"w1": instrument})[0]
    return respond(first, 0.95, min_cell)["information"]["item"].unique().tolist()


def test_the_curve_of_an_item_with_a_blank_threshold_cannot_be_told_from_the_others(instrument, answers):
    first = answers[answers["wave"] == "w1"].copy()
    first[["a1", "a2", "a3", "a4"]] = first[["a1", "a2", "a3", "a4"]].clip(2, 4)  # answers that many people gave
    assert rare_items(instrument, first) == ["", "a1", "a2", "a3", "a4_r"]
    first.loc[first.index[:3], "a1"] = 5.0
    assert rare_items(instrument, first) == ["a2", "a3", "a4_r"] and len(rare_items(instrument, first, 1)) == 5


def test_a_threshold_beside_a_rare_answer_is_blank_and_an_answer_never_given_has_none(instrument, answers):
    rare = answers.assign(a1=answers["a1"].replace({1.0: 2.0, 5.0: 4.0}))
    rare.loc[rare[rare["wave"] == "w1"].index[:3], "a1"] = 5.0
    seldom = rare["a2"].eq(2.0) & (rare["wave"] == "w1")
    rare.loc[seldom[seldom].index[3:], "a2"] = 3.0
    table = explored(instrument, rare, min_cell=10)["item_response"]
    own = table.query("item == 'a1'").set_index("parameter")
    assert own.index.tolist() == ["a", "b2", "b3", "b4"]  # nobody gave the first answer, which b1 would end
    assert np.isnan(own.loc["b4", "estimate"]) and "fewer than 10 people" in own.loc["b4", "status"]
    assert own.loc[["a", "b2", "b3"], "estimate"].notna().all()
    # Of two items the scale's curve tells the sum alone.
    assert set(rare_items(instrument, rare)) == {"", "a3", "a4_r"}
    between = table.query("item == 'a2' and estimate != estimate")["parameter"]
    assert between.tolist() == ["b1", "b2"]  # both ends of the second answer, which three people gave


@pytest.mark.parametrize("case", ["nobody", "constant", "unanswered", "four people", "few"])
def test_whatever_people_answered_gives_a_status_and_never_an_error(instrument, answers, case):
    changed = {
        "nobody": answers.assign(**{c: np.nan for c in ("a1", "a2", "a3", "a4")}),
        "constant": answers.assign(a1=3.0),
        "unanswered": answers.assign(a1=np.nan),
        "four people": answers.iloc[:4],
        "few": answers.iloc[:60],
    }[case]
    found = explored(instrument, changed)
    if case == "few":
        found = {name: guarded(tidy(own, name), name, found, Policy(100)) for name, own in found.items()}
    table = found["dimensionality"].set_index("set")
    why = {"nobody": "no answers to a1", "constant": "a1 does not vary", "unanswered": "no answers to a1",
           "four people": "too few", "few": "fewer than 100 people"}[case]  # fmt: skip
    assert (
        why in table.loc["a", "status"]
        and pd.isna(table.loc["a", "factors_parallel"])
        and np.isnan(table.loc["a", "kmo"])
    )
    for name in ("exploratory_loadings", "item_response", "scalability", "local_dependence"):
        own = found[name].query("set == 'a'" if "set" in found[name] else "score == 'a'")
        usable = own["status"].isin(["admissible", "estimated"]).any()
        assert len(own) and (not usable or (name, case) == ("scalability", "four people")), name
    assert "information" not in found or not (found["information"].get("score", pd.Series(dtype=str)) == "a").any()
    if case == "few":
        assert found["dimensionality"]["n"].isna().all()


def test_shuffled_answers_of_few_people_may_have_no_correlations(answers):
    few = keyed(answers)[["a1", "a2", "a3", "a4_r"]].head(6)
    found = p.parallel_analysis(few, draws=100)
    assert found.draws + found.draws_failed == 100 and found.draws_failed > 0
    assert found.status == "estimated" or "run to ±1" in found.status


def test_products_and_pairs_say_what_they_have_none_of():
    a_rsq = administer(load_instruments()["a_rsq"])
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(250, 1)) + rng.normal(size=(250, len(a_rsq.items)))
    people = pd.DataFrame(np.clip(np.round(3.5 + latent), 1, 6), columns=[i.id for i in a_rsq.items])
    people = people.assign(participant=[f"p{k}" for k in range(250)], wave="w1", wave_number=1, role="wave")
    found = explored(a_rsq, people)
    own = found["item_response"].query("score == 'a_rsq'")
    assert set(own["status"]) == set(found["scalability"].query("score == 'a_rsq'")["status"]) == {PRODUCTS}
    assert own["label"].iloc[0].endswith("_product") and not own["reverse"].any()
    assert found["dimensionality"].set_index("set").loc["all", "k"] == 18
    short = replace(scale(), scores=tuple(replace(s, items=s.items[:2]) for s in scale().scores), models=())
    table = explored(short, answered(scale(), waves=("w1",)))["dimensionality"]
    assert table["status"].tolist()[:2] == [TWO_ITEMS] * 2


def test_an_instrument_of_two_items_is_assessed_without_a_number_of_factors():
    """Nothing else of it is explored, so that the table says of no number at all."""
    two = instrument_from(
        {"id": "two", "title": "Two", "version": "1", "answers": {"min": 1, "max": 5}, "items": [{"id": "a1", "label": "a"}, {"id": "a2", "label": "b"}],
         "scores": [{"id": "a", "label": "A", "method": "mean", "items": "all", "min_answered": 2, "range": [1, 5], "higher_means": "more", "model": "reflective"}]}
    )  # fmt: skip
    answers = answered(scale(high=5), waves=("w1",))
    number = explore_instrument(answers, {"w1": two}, **HOW)["dimensionality"]
    found, _ = assess_instrument(answers, {"w1": two}, 0.95, dimensionality=number)
    assert {"spearman_brown"} <= set(found["coefficient"]) and "omega_h_sl" not in set(found["coefficient"])


def test_formative_scores_have_none_of_this():
    mine = scale()
    formative = replace(mine, scores=tuple(replace(s, model="formative") for s in mine.scores), models=())
    assert all(table.empty for table in explored(formative, answered(mine, waves=("w1",))).values())


# --- general factors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", ["second_order", "method"])
def test_general_omegas_equal_parameters_defined_in_lavaan(structure):
    reference = json.loads((REFERENCE / "general_factor.json").read_text(encoding="utf-8"))[structure]
    factors = GROUPS if structure == "second_order" else {"f": list(BIFACTOR)}
    found = p.omega_general(BIFACTOR, factors, structure, reversed_items=GROUPS["g"] if structure == "method" else ())
    assert set(found) == set(reference)
    for name, one in found.items():
        for value in ("estimate", "ci_low", "ci_high"):
            assert getattr(one, value) == pytest.approx(reference[name][value], abs=1e-5), (name, value)


def test_one_fit_gives_what_each_coefficient_gives_by_itself():
    items = BIFACTOR[GROUPS["f"]]
    found = p.one_factor_coefficients(items)
    assert found["omega_u"] == p.omega(items) and found["coefficient_h"] == p.coefficient_h(items)
    ave = p.average_variance_extracted(p.cfa(items, {"f": GROUPS["f"]})).iloc[0]
    for name in ("estimate", "ci_low", "ci_high"):
        assert getattr(found["ave"], name) == pytest.approx(ave[name], abs=1e-5)


def several(total: bool, **more: object):
    """Nine items of three subscales, their answers those of sem_bifactor; with or without a score of all nine."""
    base = scale(low=-9, high=9)
    item, score = base.items[0], base.scores[0]
    items = tuple(replace(item, id=name, label=name) for name in BIFACTOR)
    scores = [replace(score, id=name, label=name, items=tuple(own), min_answered=3) for name, own in GROUPS.items()]
    scores += [replace(score, id="whole", label="whole", items=tuple(BIFACTOR), min_answered=9)] if total else []
    return replace(base, items=items, scores=tuple(scores), models=(), **more)


def test_a_total_has_the_omegas_of_its_declared_model_and_opposite_subscales_have_no_total():
    people = BIFACTOR.assign(participant=BIFACTOR.index.astype(str), wave="w1", wave_number=1, role="wave")
    model = next(m for m in scale(**two_factors("bifactor")).models if m.structure == "bifactor")
    model = replace(model, factors={name: tuple(own) for name, own in GROUPS.items()})
    for total in (True, False):
        mine = replace(several(total), models=(model,))
        rows = pd.concat(general_factors(people, {"w1": mine}, None, 1, 0.95))
        assert set(rows.loc[rows["score"] == "f", "coefficient"]) == {"omega_s", "omega_hs"}
        whole = rows[rows["score"] == "whole"].set_index("coefficient")["estimate"]
        assert set(whole.index) == ({"omega_h", "omega_t"} if total else set())
        few = guarded(tidy(rows, "reliability"), "reliability", stated=Policy(len(people) + 1))
        assert few[["estimate", "n"]].isna().all(axis=None) and few["status"].str.contains("fewer than").all()
        assert not total or whole["omega_h"] == pytest.approx(p.omega_bifactor(BIFACTOR, GROUPS)["omega_h"].estimate)


def test_schmid_and_leiman_speak_where_parallel_analysis_sees_several_factors_and_no_model_is_declared():
    people = BIFACTOR.assign(participant=BIFACTOR.index.astype(str), wave="w1", wave_number=1, role="wave")
    mine = several(True)
    for seen, wanted in ((3, {"omega_h_sl", "omega_t_sl"}), (1, set())):
        dimensionality = pd.DataFrame({"set": ["whole", "f"], "wave": "w1", "factors_parallel": [seen, 2]})
        reliability, _ = assess_instrument(people, {"w1": mine}, 0.95, dimensionality=dimensionality)
        schema("reliability").validate(tidy(reliability, "reliability"))
        found = reliability[reliability["coefficient"].str.endswith("_sl")]
        assert set(found["coefficient"]) == wanted and set(found["score"]) <= {"whole"}  # three items hold no groups
        assert (found["ci_low"] < found["estimate"]).all()
