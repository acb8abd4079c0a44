"""Reliability: against psych, semTools and lavaan (tests/reference/reliability.R), printed values, and by hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens import psychometrics as p
from rejsens.psychometrics.intervals import Draws
from rejsens.psychometrics.reliability import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "reliability.json").read_text(encoding="utf-8"))


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


Q = [f"q{j}" for j in range(1, 7)]
ORDINAL, THREE, BIFACTOR = read("psychometrics_ordinal"), read("psychometrics_three_items"), read("sem_bifactor")
MISSING, WAVES, CONTINUOUS = read("psychometrics_missing"), read("sem_waves"), read("psychometrics_continuous")
FOUR, THREE_CATEGORIES = read("sem_ordinal4")[Q], read("sem_ordinal3")[Q]
GROUPS = {"f": ["b1", "b2", "b3"], "g": ["b4", "b5", "b6"], "h": ["b7", "b8", "b9"]}
HEYWOOD = read("psychometrics_heywood")
SUMS = pd.DataFrame({t: WAVES[[f"i{j}_w{t}" for j in range(1, 5)]].mean(axis=1) for t in (1, 2, 3)})
SHROUT = pd.DataFrame([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
ITEMS = ["i1", "i2", "i3", "i4"]


def long(people: slice = slice(None)) -> pd.DataFrame:
    """The simulated waves, one row per person and wave."""
    wide = WAVES.iloc[people]
    parts = [
        wide[[f"{i}_w{t}" for i in ITEMS]].set_axis(ITEMS, axis=1).assign(participant=wide.index, wave=t)
        for t in (1, 2, 3)
    ]
    return pd.concat(parts, ignore_index=True)


def agrees(result: p.Reliability, reference: dict, atol: float = 1e-5) -> None:
    for name in ("estimate", "ci_low", "ci_high"):
        if name in reference:
            assert getattr(result, name) == pytest.approx(reference[name], abs=atol), name


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# --- coefficient H and omega of a bifactor model ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "items"), [("ordinal", ORDINAL), ("three_items", THREE), ("continuous", MISSING[["x1", "x2", "x3"]])])  # fmt: skip
def test_h_equals_a_parameter_defined_in_lavaan(name, items):
    result = p.coefficient_h(items)
    agrees(result, R["h"][name])
    assert result.estimate == pytest.approx(R["h"][name]["from_loadings"], abs=1e-5)
    assert result.n + result.n_lost == len(items)
    assert result.estimate > p.omega(items).estimate  # the best weights cannot do worse than equal ones


def test_bifactor_omegas_equal_parameters_defined_in_lavaan():
    found = p.omega_bifactor(BIFACTOR, GROUPS)
    assert set(found) == set(R["bifactor"])
    for name, result in found.items():
        agrees(result, R["bifactor"][name])
        assert result.coefficient == name and result.status == "estimated"
    assert found["omega_h"].k == 9 and found["omega_hs_f"].k == 3


def test_a_model_that_may_not_be_used_gives_no_coefficient():
    for result in (p.coefficient_h(HEYWOOD), p.omega(HEYWOOD, draws=200, rng=rng())):
        assert np.isnan([result.estimate, result.ci_low, result.ci_high]).all()
        assert "the one-factor model is not admissible (negative residual variance: h1" in result.status
    found = p.omega_bifactor(BIFACTOR, {"f": ["b1"], "g": ["b2", "b3", "b4"]})
    assert all(result.status.startswith("not reported: ") for result in found.values())


# --- bootstraps ------------------------------------------------------------------------------------------------------


def near_draws(result: p.Reliability, reference: dict) -> None:
    """Both ends within four Monte Carlo errors of a quantile, from as many draws as the smaller set has."""
    error = 2.7 * reference["sd"] / np.sqrt(min(result.draws, reference["draws"]))  # of a 2.5 % quantile, normal draws
    bound = 4 * error * np.sqrt(2)
    assert result.ci_low == pytest.approx(reference["ends"][0], abs=bound)
    assert result.ci_high == pytest.approx(reference["ends"][1], abs=bound)


@pytest.mark.parametrize(
    ("function", "items", "draws", "name"),
    [(p.alpha, ORDINAL, 2000, "alpha"), (p.omega, ORDINAL, 300, "omega"), (p.categorical_omega, FOUR, 100, "categorical")],
)  # fmt: skip
def test_bootstrap_intervals_equal_those_drawn_in_r(function, items, draws, name):
    result = function(items, draws=draws, rng=rng())
    near_draws(result, R["bootstrap"][name])
    assert (result.draws, result.failed) == (draws, 0) and "bootstrap" in result.method
    assert result.estimate == function(items).estimate


def test_a_bootstrap_is_repeated_by_its_generator_and_needs_one():
    first, again, other = (p.omega(THREE, draws=100, rng=rng(seed)) for seed in (3, 3, 4))
    assert (first.ci_low, first.ci_high) == (again.ci_low, again.ci_high) != (other.ci_low, other.ci_high)
    with pytest.raises(ValueError, match="needs rng"):
        p.alpha(ORDINAL, draws=100)


def test_draws_that_fail_are_counted_and_said():
    """Three items: the model has a solution in closed form, theta_a = s_aa − s_ab s_ac / s_bc, and no other."""
    made = rng(7)
    factor = made.normal(size=150)
    items = pd.DataFrame({"a": factor + 0.3 * made.normal(size=150)} | {c: 0.5 * factor + made.normal(size=150) for c in "bc"})  # fmt: skip
    result, again, improper = p.omega(items, draws=300, rng=rng()), rng(), 0
    for _ in range(300):
        s = items.iloc[again.integers(0, 150, size=150)].cov().to_numpy()
        explained = [s[0, 1] * s[0, 2] / s[1, 2], s[0, 1] * s[1, 2] / s[0, 2], s[0, 2] * s[1, 2] / s[0, 1]]
        improper += min(explained) < 0 or (explained > s.diagonal()).any()
    assert result.failed == improper > 30
    assert result.status == f"estimated; {improper} of 300 draws failed and are left out"


def test_no_interval_rests_on_few_draws_or_on_a_minority():
    assert np.isnan(Draws(np.arange(99.0), 0).interval(0.95)).all()
    assert np.isnan(Draws(np.arange(400.0), 401).interval(0.95)).all()
    assert Draws(np.arange(400.0), 401).remark == "; no interval: only 400 of 801 draws can be used"
    assert Draws(np.arange(101.0), 0).interval(0.90) == pytest.approx((5.0, 95.0))


# --- Schmid and Leiman -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "items", "factors"), [("bifactor3", BIFACTOR, 3), ("bifactor2", BIFACTOR, 2), ("continuous3", CONTINUOUS, 3)])  # fmt: skip
def test_schmid_leiman_equals_psych(name, items, factors):
    found, reference = p.omega_schmid_leiman(items, factors), R["schmid_leiman"][name]
    for ours, theirs in (("omega_h_sl", "omega_h"), ("omega_t_sl", "omega_t"), ("omega_asymptotic_sl", "asymptotic")):
        assert found[ours].estimate == pytest.approx(reference[theirs], abs=1e-4), ours
    assert found["omega_h_sl"].n == reference["n"]
    assert ("set equal" in found["omega_h_sl"].status) == (factors == 2)


def test_schmid_leiman_says_why_not():
    few = p.omega_schmid_leiman(BIFACTOR[["b1", "b2", "b3", "b4"]])
    assert few["omega_h_sl"].status == "not reported: 3 factors of 4 items have more parameters than there are correlations"  # fmt: skip
    with pytest.raises(ValueError, match="two group factors or more"):
        p.omega_schmid_leiman(BIFACTOR, 1)


def test_schmid_leiman_draws():
    found = p.omega_schmid_leiman(BIFACTOR, draws=100, rng=rng())
    result = found["omega_t_sl"]
    assert result.ci_low < result.estimate < result.ci_high and result.draws == 100
    assert result.ci_high - result.ci_low < 0.05  # omega total of nine items and 500 people is well known


# --- ordered answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "items"), [("four", FOUR), ("three", THREE_CATEGORIES), ("ordinal", ORDINAL)])
def test_ordered_coefficients_equal_semtools_and_psych(name, items):
    reference = R["ordered"][name]
    assert p.categorical_omega(items).estimate == pytest.approx(reference["omega"], abs=1e-5)
    implied = p.categorical_omega(items, variance="implied")
    assert implied.estimate == pytest.approx(reference["omega_implied"], abs=1e-5)
    assert p.ordinal_alpha(items).estimate == pytest.approx(reference["alpha_ordinal"], abs=1e-5)
    assert implied.n == reference["n"]


def test_delta_intervals_of_ordered_coefficients_are_as_wide_as_the_draws():
    made = rng(3)
    items = pd.DataFrame(np.digitize(made.normal(size=(500, 1)) + made.normal(size=(500, 4)), [-1, 0.2, 1.4]))
    by_delta, by_draws = p.categorical_omega(items), p.categorical_omega(items, draws=150, rng=made)
    wide = by_draws.ci_high - by_draws.ci_low
    assert by_delta.ci_high - by_delta.ci_low == pytest.approx(wide, rel=0.25)
    drawn = [p.ordinal_alpha(items.iloc[made.integers(0, 500, 500)]).estimate for _ in range(150)]
    ordinal = p.ordinal_alpha(items)
    assert (ordinal.ci_high - ordinal.ci_low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.25)


def test_categorical_omega_is_the_reliability_of_the_sum():
    """The share of the variance of a sum of categories that two parallel sums have in common, in 200,000 people."""
    made, n = rng(11), 200_000
    factor, loadings = made.normal(size=(n, 1)), np.array([0.8, 0.7, 0.6, 0.5])
    sums = [
        np.digitize(factor * loadings + made.normal(size=(n, 4)) * np.sqrt(1 - loadings**2), [-1, 0, 1.5])
        for _ in range(2)
    ]
    true = np.corrcoef(sums[0].sum(axis=1), sums[1].sum(axis=1))[0, 1]
    assert p.categorical_omega(pd.DataFrame(sums[0][:20_000])).estimate == pytest.approx(true, abs=0.01)


def test_ordered_coefficients_say_why_not():
    assert p.categorical_omega(FOUR[["q1", "q2"]]).status == "not reported: omega_categorical needs three items or more"
    flat = FOUR.assign(q2=1)
    assert p.categorical_omega(flat).status == p.ordinal_alpha(flat).status == "not reported: q2 does not vary"
    assert "too many to be ordered categories" in p.ordinal_alpha(CONTINUOUS).status
    assert p.ordinal_alpha(FOUR.iloc[:0]).status == "not reported: no complete rows"
    with pytest.raises(ValueError, match="observed"):
        p.categorical_omega(FOUR, variance="other")


# --- split halves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "items", "standardised"),
    [("bifactor_cov", BIFACTOR, False), ("bifactor_cor", BIFACTOR, True), ("ordinal", ORDINAL, False), ("four", FOUR, False)],
)  # fmt: skip
def test_split_halves_equal_psych(name, items, standardised):
    halves, reference = p.split_half(items, standardised=standardised), R["split_half"][name]
    assert halves.highest.estimate == pytest.approx(reference["maxrb"], abs=1e-5)
    assert halves.lowest.estimate == pytest.approx(reference["minrb"], abs=1e-5)
    if items.shape[1] % 2 == 0:  # of an odd number psych counts half of the splits in its mean
        assert halves.mean.estimate == pytest.approx(reference["meanr"], abs=1e-5)
        assert halves.mean.estimate == pytest.approx(
            p.alpha(items).estimate if not standardised else reference["meanr"]
        )


def test_split_halves_by_hand():
    items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4], "c": [2, 1, 4, 3], "d": [4, 1, 2, 3]})
    s = items.cov().to_numpy()
    own = [4 * s[np.ix_([0, j], [k for k in range(4) if k not in (0, j)])].sum() / s.sum() for j in (1, 2, 3)]
    halves = p.split_half(items)
    np.testing.assert_allclose(halves.values, own, atol=1e-12)
    assert set(halves.best) in [{"a", "b"}, {"a", "c"}, {"a", "d"}] and halves.all_splits
    odd = p.split_half(items[["a", "b", "c"]])
    assert len(odd.values) == 3 == len(list(combinations(range(3), 1)))


def test_many_items_have_a_sample_of_splits():
    made = rng(5)
    items = pd.DataFrame(made.normal(size=(150, 1)) + made.normal(size=(150, 18)))
    halves = p.split_half(items, rng=rng(2))
    assert not halves.all_splits and len(halves.values) == 10_000
    assert halves.mean.status == "estimated; from a sample of 10,000 of 24,310 splits"
    assert halves.mean.estimate == pytest.approx(p.alpha(items).estimate, abs=2e-3)
    with pytest.raises(ValueError, match="draws a sample"):
        p.split_half(items)
    drawn = p.split_half(items[[0, 1, 2, 3]], draws=150, rng=rng(3)).mean
    assert drawn.ci_low < drawn.estimate < drawn.ci_high
    assert p.split_half(items[[0]]).mean.status == "not reported: internal consistency needs two items or more"


# --- the same score again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "ratings"), [("waves", SUMS), ("two", SUMS[[1, 2]]), ("shrout", SHROUT)])
def test_intraclass_correlations_equal_psych(name, ratings):
    found, reference = p.icc(ratings), {row["type"].lower(): row for row in R["icc"][name]}
    assert set(found) == set(reference)
    for form, result in found.items():
        agrees(result, reference[form] | {"estimate": reference[form]["icc"]})
        assert (result.n, result.k) == ratings.shape


def test_intraclass_correlations_as_shrout_and_fleiss_print_them():
    found = {name: round(result.estimate, 2) for name, result in p.icc(SHROUT).items()}
    assert found == {"icc1": 0.17, "icc2": 0.29, "icc3": 0.71, "icc1k": 0.44, "icc2k": 0.62, "icc3k": 0.91}


def test_intraclass_correlations_say_why_not():
    assert p.icc(SHROUT[[0]])["icc2"].status == "not reported: one rating of each person says nothing of agreement"
    assert p.icc(SHROUT.iloc[:2])["icc1"].status == "not reported: 2 complete rows, three are needed"
    same = pd.DataFrame({"a": [1, 2, 3, 4.0]}).assign(b=lambda d: d["a"] + 1)
    assert "differ by nothing but a constant" in p.icc(same)["icc3"].status
    assert "people do not differ" in p.icc(pd.DataFrame({"a": [1, 1, 1], "b": [2, 2, 2]}))["icc3"].status
    assert p.icc(SHROUT.mask(SHROUT == 10))["icc1"].n_lost == 1


@pytest.mark.parametrize(("name", "ratings"), [("waves", SUMS), ("two", SUMS[[1, 2]])])
def test_errors_of_measurement_equal_an_analysis_of_variance_in_r(name, ratings):
    found = p.measurement_error(ratings)
    for kind in ("sem_consistency", "sem_agreement"):
        expected = dict(zip(("estimate", "ci_low", "ci_high"), R["error"][name][kind], strict=True))
        agrees(found[kind], expected)
        detectable = found[{"sem_consistency": "sdc95", "sem_agreement": "sdc95_agreement"}[kind]]
        assert detectable.estimate == pytest.approx(1.96 * np.sqrt(2) * expected["estimate"], abs=1e-5)


def test_two_waves_by_hand():
    found = p.test_retest(SUMS[[1, 2]], days=14)
    differences = SUMS[2] - SUMS[1]
    assert found["sem_consistency"].estimate == pytest.approx(differences.std(ddof=1) / np.sqrt(2))
    assert found["sdc95"].estimate == pytest.approx(1.96 * differences.std(ddof=1))
    assert found["retest_r"].estimate == pytest.approx(SUMS[1].corr(SUMS[2]))
    assert found["retest_icc2"].estimate == p.icc(SUMS[[1, 2]])["icc2"].estimate
    assert all(result.status == "estimated" for result in found.values())


def test_waves_far_apart_are_no_retest():
    found = p.test_retest(SUMS[[1, 2]], days=28)
    assert {"stability_icc2", "stability_icc3", "stability_r"} < set(found)
    assert all("28 days apart" in result.status for result in found.values())
    with pytest.raises(ValueError, match="two waves"):
        p.test_retest(SUMS, days=7)
    with pytest.raises(ValueError, match="more than 0"):
        p.test_retest(SUMS[[1, 2]], days=0)


def test_error_from_one_wave():
    total, alpha = ORDINAL.sum(axis=1), p.alpha(ORDINAL)
    found = p.error_from_reliability(total, alpha)
    sem = total.std(ddof=1) * np.sqrt(1 - np.array([alpha.estimate, alpha.ci_high, alpha.ci_low]))
    result = found["sem_internal"]
    np.testing.assert_allclose([result.estimate, result.ci_low, result.ci_high], sem)
    assert found["sdc95_internal"].estimate == pytest.approx(1.96 * np.sqrt(2) * sem[0])
    withheld = p.error_from_reliability(total, p.omega(HEYWOOD))["sem_internal"]
    assert withheld.status.startswith("not reported: omega_u is not reported")


# --- items over waves ------------------------------------------------------------------------------------------------


def test_generalisability_equals_psych():
    data = long(slice(120))
    found, reference = p.generalisability(data, ITEMS), R["multilevel"]
    for ours, theirs in (("r_c", "Rc"), ("r_kf", "RkF"), ("r_1r", "R1R"), ("r_kr", "RkR")):
        assert found[ours].estimate == pytest.approx(reference[theirs], abs=1e-5), ours
    # psych names them id, time, items, id x time, id x items, time x items, residual
    order = ["person", "wave", "item", "person x wave", "person x item", "wave x item", "residual"]
    components = p.variance_components(data, ITEMS).set_index("component")["variance"]
    np.testing.assert_allclose(components[order], reference["components"], atol=1e-5)


def test_reliability_of_change_has_an_exact_interval_and_draws():
    found = p.generalisability(long(), ITEMS)
    drawn = p.generalisability(long(), ITEMS, draws=400, rng=rng())
    exact, by_draws = found["r_c"], drawn["r_c"]
    assert exact.ci_high - exact.ci_low == pytest.approx(by_draws.ci_high - by_draws.ci_low, rel=0.2)
    assert np.isnan(found["r_kf"].ci_low) and found["r_kf"].status == "estimated; its interval needs draws"
    assert drawn["r_kf"].ci_low < found["r_kf"].estimate < drawn["r_kf"].ci_high


def test_people_without_every_wave_are_lost_and_counted():
    data = long().drop(index=[0, 405])
    data.loc[10, "i2"] = np.nan
    found = p.generalisability(data, ITEMS)["r_c"]
    assert (found.n, found.n_lost) == (397, 3)
    assert found.estimate == pytest.approx(p.generalisability(long().query("participant not in [0, 5, 10]"), ITEMS)["r_c"].estimate)  # fmt: skip
    with pytest.raises(ValueError, match="stands twice"):
        p.generalisability(pd.concat([data, data.iloc[:1]]), ITEMS)
    with pytest.raises(ValueError, match="the data lack these columns: other"):
        p.generalisability(data, ["i1", "other"])
    assert p.generalisability(data.query("wave == 1"), ITEMS)["r_c"].status == "not reported: one wave shows no change"


def test_omega_within_and_between_equals_a_two_level_model_in_lavaan():
    found = p.omega_within_between(long(), ITEMS)
    for level in ("within", "between"):
        agrees(found[f"omega_{level}"], R["two_level"][level])
    assert found["omega_within"].status == "estimated"


def test_omega_within_says_why_not():
    made = rng(2)
    noise = pd.DataFrame(made.normal(size=(300, 4)), columns=ITEMS)
    data = noise.assign(participant=np.repeat(np.arange(100), 3), wave=np.tile([1, 2, 3], 100))
    assert p.omega_within_between(data, ITEMS)["omega_between"].status.startswith("not reported: the two-level model")
    same = data.assign(i2=data["i1"])
    assert p.omega_within_between(same, ITEMS)["omega_within"].status == (
        "not reported: within people, an item does not vary, or repeats another or a sum of others"
    )
    assert "three items" in p.omega_within_between(data, ITEMS[:2])["omega_within"].status


# --- one table -------------------------------------------------------------------------------------------------------


def test_every_coefficient_is_a_row_of_one_table():
    results = [
        p.alpha(ORDINAL), p.omega(ORDINAL), p.coefficient_h(ORDINAL), p.ordinal_alpha(ORDINAL),
        *p.omega_bifactor(BIFACTOR, GROUPS).values(), *p.icc(SUMS).values(), *p.measurement_error(SUMS).values(),
        *p.generalisability(long(), ITEMS).values(), p.split_half(ORDINAL).mean, p.coefficient_h(HEYWOOD),
    ]  # fmt: skip
    table = p.reliability_table(results)
    assert list(table) == list(COLUMNS) and len(table) == len(results)
    assert table["estimate"].isna().sum() == 1 and table["method"].str.len().min() > 10
    assert set(COLUMNS) == set(asdict(results[0]))
    assert list(p.reliability_table([])) == list(COLUMNS)
