"""Ladders of invariance that R has no value for here: second-order models, mixed items over waves, thresholds, refusals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_factor_models import DATA, ITEMS, LADDERS, MODELS, PANEL, REFERENCE, THREE, TWO, WAVES, growth

from rejsens.psychometrics import Parameter, Table, cfa, compare_models, fit_model, invariance, partial_invariance
from rejsens.psychometrics.nested import Difference, _satorra_bentler_2001
from rejsens.psychometrics.partial_invariance import _released, _Step, _verdict

NINE = [item for own in THREE.values() for item in own]
HEYWOOD = pd.read_csv(REFERENCE / "psychometrics_heywood.csv")


def second_order(n: int, seed: int, above: tuple[float, ...] = (0.8, 0.8, 0.8)) -> pd.DataFrame:
    """Nine items of three factors, which load on one factor above them."""
    rng, general = np.random.default_rng(seed), np.array(above)
    factors = rng.normal(size=(n, 1)) * general + np.sqrt(1 - general**2) * rng.normal(size=(n, 3))
    return pd.DataFrame(0.8 * np.repeat(factors, 3, axis=1) + 0.6 * rng.normal(size=(n, 9)), columns=NINE)


# --- a factor above the factors --------------------------------------------------------------------------------------


def test_a_second_order_ladder_of_groups_adds_up():
    """Rungs without equalities are the groups' own models; of groups that are copies no equality costs anything."""
    one, other = second_order(400, 1), second_order(300, 2)
    apart = [cfa(own, THREE, structure="second_order").fit for own in (one, other)]
    ladder = invariance(
        pd.concat([one.assign(g=1), other.assign(g=2)]), THREE, groups="g", structure="second_order"
    ).table
    assert ladder.loc[0, "chi2"] == pytest.approx(apart[0].chi2 + apart[1].chi2, rel=1e-6)
    assert ladder.loc[0, "df"] == apart[0].df + apart[1].df == 48
    copies = invariance(pd.concat([one.assign(g=1), one.assign(g=2)]), THREE, groups="g", structure="second_order")
    assert copies.table["chi2"].tolist() == pytest.approx([2 * apart[0].chi2] * 4, rel=1e-6)
    # 9 loadings of items and 3 of factors, less 4 variances that become free; 9 intercepts less 3 means; 9 residuals
    assert copies.table["d_df"].tolist()[1:] == [8, 6, 9]


def test_a_second_order_loading_of_one_group_is_seen_at_the_loadings():
    data = pd.concat([second_order(900, 3).assign(g=1), second_order(900, 4, (0.8, 0.8, 0.2)).assign(g=2)])
    p = invariance(data, THREE, groups="g", structure="second_order").table["d_p"]
    assert p[1] < 1e-6 and p[2] > 0.01


def test_a_second_order_ladder_of_waves_is_the_model_written_out():
    """The rung of equal loadings, row by row: what a wave shares with another is every residual and every factor."""
    rng = np.random.default_rng(6)
    first = second_order(500, 5)
    second = 0.6 * first + 0.8 * second_order(500, 7) + 0.1 * rng.normal(size=(500, 9))
    data = pd.concat([first.add_suffix("_w1"), second.add_suffix("_w2")], axis=1)
    waves = {w: {item: f"{item}_{w}" for item in NINE} for w in ("w1", "w2")}
    ladder = invariance(data, THREE, waves=waves, structure="second_order")
    rows = []
    for w in ("w1", "w2"):
        own = {factor: f"{factor}_{w}" for factor in (*THREE, "general")}
        rows += [Parameter(own[f], "=~", f"{i}_{w}", label=f"{f}{i}") for f, items in THREE.items() for i in items]
        rows += [Parameter(own["general"], "=~", own[f], label=f"general{f}") for f in THREE]
        rows += [Parameter(f, "~~", f, fixed=1.0 if w == "w1" else None) for f in own.values()]
        rows += [Parameter(f"{i}_{w}", "~~", f"{i}_{w}") for i in NINE]
    rows += [Parameter(f"{name}_w1", "~~", f"{name}_w2") for name in (*NINE, *THREE, "general")]
    factors = tuple(f"{f}_{w}" for w in ("w1", "w2") for f in (*THREE, "general"))
    by_hand = fit_model(data, Table(tuple(data.columns), factors, tuple(rows)))
    metric = ladder.models["metric"].fit
    assert (metric.df, metric.chi2) == (by_hand.fit.df, pytest.approx(by_hand.fit.chi2, rel=1e-6))
    assert by_hand.status == ladder.status == "admissible"


# --- ordered items ---------------------------------------------------------------------------------------------------


def test_naming_some_items_as_ordered_reaches_every_wave():
    mixed = invariance(DATA["ordinal_waves"], ITEMS, waves=WAVES, estimator="WLSMV", ordered=["i1", "i3"])
    thresholds = mixed.models["configural"].estimates.query("op == '|'")["lhs"]
    assert set(thresholds) == {f"{item}_w{t}" for item in ("i1", "i3") for t in (1, 2, 3)}
    every = invariance(DATA["ordinal_waves"], ITEMS, waves=WAVES, estimator="WLSMV", ordered=["i4", "i3", "i2", "i1"])
    assert every.table["chi2"].tolist() == LADDERS["ordered", "waves"]().table["chi2"].tolist()


def test_thresholds_that_differ_head_the_candidates():
    """In one group the middle category of q2 swallows half of its neighbours, which no intercept and no scale makes good."""
    data = DATA["ordinal5"].copy()
    middle = (data["group"] == "two") & data["q2"].isin([1, 3]) & (np.arange(len(data)) % 2 == 0)
    data.loc[middle, "q2"] = 2
    ladder = invariance(data, TWO, groups="group", estimator="WLSMV")
    rows = ladder.release_candidates("thresholds")
    own = rows[rows["kind"] == "thresholds"]
    assert own["item"].iloc[0] == "q2" and sorted(own["item"]) == [q for own in TWO.values() for q in own]
    assert own["df"].eq(2).all()  # four thresholds more, less the intercept and the unique variance
    freed = invariance(data, TWO, groups="group", estimator="WLSMV", release=[("thresholds", "q2")])
    gain = ladder.models["thresholds"].fit.chi2 - freed.models["thresholds"].fit.chi2
    assert own["chi2"].iloc[0] == pytest.approx(gain, rel=0.2) and own["chi2"].iloc[1] < gain / 4


# --- what is not tested says why -------------------------------------------------------------------------------------


def test_models_that_cannot_be_compared_say_why():
    one, three = MODELS["one_factor"](), cfa(DATA["skewed"], THREE)
    assert compare_models(one, three).status == "tested"
    assert compare_models(three, one).status == "not tested: the restricted model has no more degrees of freedom"
    bad = cfa(HEYWOOD, {"f": list(HEYWOOD)})
    found = compare_models(bad, bad)
    assert found.status.startswith("not tested: a model is not admissible (negative residual variance")
    assert np.isnan([found.chi2, found.p]).all()
    holes = dict(missing="fiml", estimator="MLR")
    one, three = cfa(DATA["holes"], {"f": NINE}, **holes), cfa(DATA["holes"], THREE, **holes)
    assert compare_models(one, three).status == "tested"
    assert compare_models(one, three, "satorra_2000").status == "not tested: satorra_2000 needs complete rows"
    with pytest.raises(ValueError, match="method is one of default"):
        compare_models(one, three, "bentler")


def test_a_negative_scaling_of_a_difference_is_no_test():
    """Satorra and Bentler (2001): (24 x 0.9 - 20 x 1.2) / 4 = -0.6; with 1.0 below it is 0.4, and 10 / 0.4 = 25."""
    made = lambda df, scaling, chi2: SimpleNamespace(test=SimpleNamespace(df=df, scaling=scaling, chi2=chi2))  # noqa: E731
    refused = _satorra_bentler_2001(made(24, 0.9, 50.0), made(20, 1.2, 40.0), 4)
    assert refused.status == "not tested: the difference has a negative scaling" and np.isnan(refused.p)
    tested = _satorra_bentler_2001(made(24, 0.9, 50.0), made(20, 1.0, 40.0), 4)
    assert tested.chi2 == pytest.approx(25.0) and tested.p == pytest.approx(5.03e-5, rel=1e-3)


def test_a_partial_rung_that_is_not_admissible_is_no_rung_that_holds():
    bad = SimpleNamespace(admissible=False, status="negative residual variance: q1")
    assert _verdict(_Step(frozenset(), bad, None), 0.05) == "not tested: negative residual variance: q1"
    none = Difference(np.nan, 3, np.nan, "satorra_2000", "not tested: the difference has a negative scaling")
    assert _verdict(_Step(frozenset(), bad, none), 0.05) == none.status


def test_a_release_that_breaks_the_model_is_not_kept(monkeypatch):
    """The rung stays rejected as it was: a release whose model may not be used is none."""
    ladder = LADDERS["groups", "ml"]()
    source, below = ladder.source, ladder.models["metric"]
    whole = _released(source, "scalar", frozenset(), below, 0.05, 1, ladder.models["scalar"])
    assert whole.released == {("intercepts", "x5")}
    bad = cfa(HEYWOOD, {"f": list(HEYWOOD)})
    monkeypatch.setattr(type(source), "fit", lambda self, rung, released: bad)
    kept = _released(source, "scalar", frozenset(), below, 0.05, 1, ladder.models["scalar"])
    assert kept.released == frozenset() and _verdict(kept, 0.05) == "rejected"


def test_a_rung_without_a_model_has_no_candidates_and_the_ladder_no_fit():
    one = DATA["groups"].query("group == group.iloc[0]").head(5)
    few = pd.concat([one, one.assign(group="other")])
    ladder = invariance(few, THREE, groups="group")
    assert ladder.highest == "" and partial_invariance(ladder).empty
    assert ladder.release_candidates("configural").empty
    with pytest.raises(AttributeError, match="no rung could be fitted"):
        _ = ladder.fit
    assert cfa(one, THREE).modification_indices().empty


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: invariance(DATA["waves"], ITEMS, waves=WAVES | {"w4": WAVES["w3"]}), "name the same column"),
        (lambda: fit_model(PANEL.assign(g=np.arange(len(PANEL)) % 2), growth(), groups="g", missing="fiml"), "has 1 groups, the data 2"),
        (lambda: fit_model(PANEL, Table(("x1",), ("x1",), (Parameter("x1", "~~", "x1"),))), "bear the same name"),
        (lambda: fit_model(PANEL, Table(("x1",), (), (Parameter("x1", "~~", "x1", 1),))), "names group 1, of 1"),
        (lambda: fit_model(PANEL, Table(("x1",), (), (Parameter("x1", "~~", "x1", 0, 1.0, "a"),))), "is fixed and bears"),
    ],
)  # fmt: skip
def test_mistakes_in_tables_of_models_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
