"""Patterns, Little's test, chained equations, Rubin's rules: against mice and lavaan (tests/reference/missing.R), by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.missing import (
    choose_predictors,
    enough_imputations,
    impute,
    little_test,
    missing_patterns,
    pool,
    pool_test,
)
from rejsens.missing.compatible import draw_lines, posterior
from rejsens.missing.draws import draw_line, match

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "missing.json").read_text(encoding="utf-8"))
PEOPLE = pd.read_csv(REFERENCE / "missing_people.csv")
POOLED = ("estimate", "within", "between", "total", "df", "riv", "fmi")


# --- Rubin's rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", R["scalar"])
def test_pooling_one_coefficient_equals_mice(case):
    mice = R["scalar"][case]
    df = mice.get("df_complete")
    df = df if isinstance(df, (int, float)) else math.inf
    pooled = pool([[q] for q in mice["estimates"]], [[u] for u in mice["variances"]], df)
    for name in POOLED:
        assert pooled.loc[0, name] == pytest.approx(mice[name], abs=1e-6, rel=1e-6), name


def test_pooling_regressions_equals_mice():
    mice = R["fits"]
    estimates = [pd.Series(values, index=mice["terms"]) for values in mice["estimates"]]
    pooled = pool(estimates, [np.array(own) for own in mice["covariances"]], mice["df_complete"])
    assert pooled["term"].tolist() == mice["terms"]
    for name, values in mice["pooled"].items():
        np.testing.assert_allclose(pooled[name], values, atol=1e-6, rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(pooled["relative_efficiency"], 1 / (1 + pooled["fmi"] / 8))


def test_variances_alone_are_enough_and_order_of_names_does_not_matter():
    mice = R["fits"]
    estimates = [pd.Series(values, index=mice["terms"]) for values in mice["estimates"]]
    whole = pool(estimates, mice["covariances"], 50)
    pd.testing.assert_frame_equal(pool(estimates, [np.diag(own) for own in mice["covariances"]], 50), whole)
    assert pool(pd.DataFrame(estimates), mice["covariances"], 50)["term"].tolist() == mice["terms"]
    mixed = [estimates[0], *(own[::-1] for own in estimates[1:])]
    pd.testing.assert_frame_equal(pool(mixed, mice["covariances"], 50)[["estimate"]], whole[["estimate"]])


@pytest.mark.parametrize("case", ["large", "small"])
def test_the_pooled_wald_test_equals_its_formulas(case):
    mice, wald = R["fits"], R["wald"][case]
    test = pool_test(
        np.array(mice["estimates"])[:, 1:], np.array(mice["covariances"])[:, 1:, 1:],
        math.inf if case == "large" else mice["df_complete"],
    )  # fmt: skip
    for name, value in wald.items():
        assert test.loc[0, name] == pytest.approx(value, rel=1e-6), name


def test_one_coefficient_of_many_imputations_is_tested_alike_by_both():
    rng = np.random.default_rng(1)
    estimates, variances = 0.3 + 0.05 * rng.normal(size=(200, 1)), np.full((200, 1), 0.01)
    single, joint = pool(estimates, variances), pool_test(estimates, variances[:, :, None])
    assert joint.loc[0, "statistic"] == pytest.approx(single.loc[0, "statistic"] ** 2)
    assert joint.loc[0, "p"] == pytest.approx(single.loc[0, "p"], rel=0.02)


@pytest.mark.parametrize(
    ("estimates", "covariances", "df", "words"),
    [([[1.0]], [[1.0]], 9, "two imputations"), ([[1.0], [math.nan]], [[1.0], [1.0]], 9, "no estimate"),
     ([[1.0], [2.0]], [[1.0], [0.0]], 9, "positive"), ([[1.0], [2.0]], [[1.0, 2.0]], 9, "covariance matrices"),
     ([[1.0], [2.0]], [[1.0], [1.0]], 0, "degrees of freedom"), ([[1.0], [2.0, 3.0]], [[1.0], [1.0]], 9, "different"),
     ([pd.Series({"a": 1.0}), pd.Series({"b": 2.0})], [[1.0], [1.0]], 9, "different coefficients")],
)  # fmt: skip
def test_what_cannot_be_pooled_is_refused(estimates, covariances, df, words):
    with pytest.raises(ValueError, match=words):
        pool(estimates, covariances, df)


def test_one_variance_for_each_imputation_is_enough_for_one_coefficient():
    estimates, variances = [0.2, 0.4, 0.3], [0.01, 0.02, 0.03]
    (row,) = pool([[b] for b in estimates], variances).to_dict("records")
    assert (row["estimate"], row["within"]) == pytest.approx((0.3, 0.02))
    assert row["total"] == pytest.approx(0.02 + (1 + 1 / 3) * np.var(estimates, ddof=1))
    with pytest.raises(ValueError, match="ci_level lies between 0 and 1, not at 95"):
        pool([[b] for b in estimates], variances, ci_level=95)


def test_enough_imputations():
    assert [enough_imputations(f) for f in (0, 0.2, 0.21, 0.335)] == [20, 20, 21, 34]
    for impossible in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="lies between 0 and 1"):
            enough_imputations(impossible)


# --- chained equations -----------------------------------------------------------------------------------------------


def dummies(frame: pd.DataFrame, terms: list[str]) -> np.ndarray:
    """The design of R's lm: a factor's first level is left out."""
    columns = {"(Intercept)": np.ones(len(frame)), "xz": frame.get("xz")}
    columns |= (
        {"wsouth": frame["w"] == "south", "gb": frame["g"] == "b", "gc": frame["g"] == "c"} if "w" in frame else {}
    )
    return np.column_stack([columns.get(term, frame.get(term)) for term in terms]).astype(float)


def regression(frame: pd.DataFrame, terms: list[str]) -> tuple[np.ndarray, np.ndarray]:
    design, outcome = dummies(frame, terms), frame["y"].to_numpy(dtype=float)
    inverse = np.linalg.inv(design.T @ design)
    estimate = inverse @ design.T @ outcome
    residual = outcome - design @ estimate
    return estimate, inverse * (residual @ residual) / (len(frame) - len(terms))


def pooled(imputations, terms):
    fits = [regression(frame, terms) for frame in imputations]
    return pool([one for one, _ in fits], [two for _, two in fits], len(PEOPLE) - len(terms))


CHAINED = {
    "pmm": (PEOPLE, {}, {}),
    "linear": (PEOPLE, dict.fromkeys(["x", "z", "y"], "linear"), {}),
    "product": (PEOPLE[["known", "x", "z", "y"]], {}, {"xz": ["x", "z"]}),
}


@pytest.mark.parametrize("case", CHAINED)
def test_imputations_equal_mice_within_monte_carlo_error(case):
    """The mean of m imputations has the error √(between / m); both sides have one, and four of them are allowed."""
    mice = R["chained"][case]
    frame, methods, products = CHAINED[case]
    ours = pooled(impute(frame, mice["m"], 11, methods, products=products), mice["terms"])
    error = np.sqrt((ours["between"] + mice["between"]) / mice["m"])
    np.testing.assert_array_less(np.abs(ours["estimate"] - mice["estimate"]), 4 * error)
    np.testing.assert_allclose(ours["within"], mice["within"], rtol=0.06)
    # the ratio of two variances of 59 degrees of freedom each lies within 0.47 and 2.1 in 99.6 of 100
    assert (np.log(ours["between"] / mice["between"]).abs() < np.log(2.1)).all()
    assert np.log(ours["between"] / mice["between"]).mean() == pytest.approx(0, abs=0.25)


def test_imputation_recovers_what_complete_cases_lose():
    """Answers are missing where `known` is high; the mean of x is that of all people, not of those who answered."""
    rng = np.random.default_rng(4)
    known = rng.normal(size=3000)
    x = 0.8 * known + 0.6 * rng.normal(size=3000)
    frame = pd.DataFrame({"known": known, "x": np.where(rng.random(3000) < 1 / (1 + np.exp(-2 * known)), np.nan, x)})
    assert frame["x"].mean() < -0.35
    for method in ("pmm", "linear"):
        means = [one["x"].mean() for one in impute(frame, 20, 3, {"x": method})]
        assert np.mean(means) == pytest.approx(x.mean(), abs=0.06), method


def test_imputations_are_seeded_and_do_not_depend_on_how_many_there_are():
    few, more = impute(PEOPLE, 2, 7, iterations=2), impute(PEOPLE, 4, 7, iterations=2)
    for one, two in zip(few, more, strict=False):
        pd.testing.assert_frame_equal(one, two)
    assert not few[0]["x"].equals(few[1]["x"])
    assert not few[0]["x"].equals(impute(PEOPLE, 1, 8, iterations=2)[0]["x"])
    np.testing.assert_array_equal(impute(PEOPLE, 1, np.random.default_rng(7), iterations=2)[0]["x"], few[0]["x"])


def test_what_was_observed_stays_and_matching_takes_observed_values():
    done = impute(PEOPLE, 2, 1, {"x": "linear"}, iterations=3)
    for frame in done:
        assert frame.notna().all(axis=None)
        seen = PEOPLE.notna()
        assert (frame.where(seen, 0) == PEOPLE.where(seen, 0)).all(axis=None)
        for name in ("z", "q", "w", "g"):
            assert set(frame[name]) <= set(PEOPLE[name].dropna())
        assert not set(frame["x"]) <= set(PEOPLE["x"].dropna())
    assert done.methods == {"x": "linear", "z": "pmm", "q": "pmm", "w": "logistic", "g": "logistic", "y": "pmm"}
    assert done.n_missing["x"] == PEOPLE["x"].isna().sum()
    assert "known" not in done.methods
    assert len(done.trace) == 2 * 3 * 4


def test_types_come_back_as_they_went_in():
    frame = pd.DataFrame(
        {"whole": pd.array([1, 2, None, 4, 5, 6] * 5, dtype="Int64"), "flag": pd.array([True, None, False] * 10, "boolean"),
         "band": pd.Categorical(["low", "mid", "high", None, "low", "high"] * 5, ["low", "mid", "high"], ordered=True)},
        index=range(100, 130),
    )  # fmt: skip
    done = impute(frame, 1, 1, {"band": "pmm"})[0]
    assert done.dtypes.tolist() == frame.dtypes.tolist()
    assert done.index.equals(frame.index)
    assert done.notna().all(axis=None)


def test_products_follow_their_parts_and_do_not_draw_them():
    done = impute(PEOPLE[["known", "x", "z", "y"]], 2, 1, products={"xz": ["x", "z"]}, iterations=2)
    for frame in done:
        np.testing.assert_allclose(frame["xz"], frame["x"] * frame["z"])
    assert done.predictors["x"] == ("known", "z", "y")
    assert done.predictors["y"] == ("known", "x", "z", "xz")


def test_predictors_are_those_that_were_asked_for():
    done = impute(PEOPLE, 1, 1, predictors={"x": ["known"]}, iterations=1)
    assert done.predictors["x"] == ("known",)
    assert set(done.predictors["z"]) == {"known", "x", "q", "w", "g", "y"}


@pytest.mark.parametrize(("case", "least"), [("low", 0.1), ("high", 0.35)])
def test_predictors_are_chosen_as_by_mice(case, least):
    names = ["known", "x", "z", "q", "y"]
    mice = np.array(R["quickpred"][case])
    ours = choose_predictors(PEOPLE[names], least)
    assert ours == {name: [names[k] for k in np.flatnonzero(mice[j])] for j, name in enumerate(names) if j}


def test_categories_and_wanted_columns_predict_too():
    chosen = choose_predictors(PEOPLE, 0.2, always=["g"])
    assert all("g" in own for name, own in chosen.items() if name != "g")
    assert "g" not in chosen["g"]
    assert "x" in chosen["w"]
    done = impute(PEOPLE, 1, 1, predictors=chosen, iterations=1)
    assert done.predictors["z"] == tuple(chosen["z"])
    with pytest.raises(ValueError, match="lacks these columns: nobody"):
        choose_predictors(PEOPLE, always=["nobody"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        choose_predictors(PEOPLE, 2)


def test_collinear_constant_and_separating_columns_do_not_stop_the_chain():
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    frame = pd.DataFrame({"x": x, "twice": 2 * x, "flat": 1.0, "above": np.where(x > 0, "yes", "no")})
    frame[["twice", "flat", "above"]] = frame[["twice", "flat", "above"]].mask(rng.random((60, 3)) < 0.2)
    done = impute(frame, 3, 1, {"twice": "linear"})
    for one in done:
        assert one.notna().all(axis=None)
        assert np.abs(one["twice"] - 2 * x).max() < 0.01
        assert (one["flat"] == 1).all()
    assert done.notes == ("flat holds one value only, and keeps it",)
    right = np.mean([((one["x"] > 0) == (one["above"] == "yes")).mean() for one in done])
    assert right > 0.9


def test_a_frame_without_gaps_comes_back_as_it_is():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})
    done = impute(frame, 2, 1)
    assert len(done) == 2
    for one in done:
        pd.testing.assert_frame_equal(one, frame)
    assert done.methods == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [({"methods": {"x": "norm"}}, "a method is one of"), ({"methods": {"w": "linear"}}, "holds categories"),
     ({"methods": {"x": "logistic"}}, "holds numbers"), ({"methods": {"g": "pmm"}}, "unordered"),
     ({"methods": {"nobody": "pmm"}}, "lacks these columns: nobody"), ({"predictors": {"x": ["none"]}}, "lacks"),
     ({"products": {"y": ["x", "z"]}}, "new columns"), ({"products": {"xw": ["x", "w"]}}, "holds categories"),
     ({"products": {"xz": ["x", "z"]}, "methods": {"xz": "pmm"}}, "have no method"), ({"m": 0}, "m is 1 or more"),
     ({"outcomes": {"xz": ["y"]}}, "not among the products"),
     ({"products": {"xx": ["x", "x"]}, "outcomes": {"xx": ["y"]}}, "by itself"),
     ({"products": {"xz": ["x", "z"]}, "outcomes": {"xz": ["w"]}}, "holds categories"),
     ({"slopes": [(["x", "z"], ["y", "q"])]}, "three or more waves"),
     ({"products": {"xz": ["x", "z"]}, "outcomes": {"xz": ["nobody"]}}, "lacks these columns: nobody"),
     ({"slopes": [(["x", "z", "known"], ["y", "q", "nobody"])]}, "lacks these columns: nobody"),
     ({"slopes": [(["x", "z", "known"], ["y", "q", "w"])]}, "no slope"),
     ({"means": {"x": [["z", "nobody"]]}}, "lacks these columns: nobody"), ({"means": {"x": [["z", "w"]]}}, "no mean"),
     ({"means": {"x": [["z", "y"]]}, "products": {"xz": ["x", "z"]}}, "beside products"), ({"iterations": 0}, "iterations"), ({"donors": 0}, "donors")],
)  # fmt: skip
def test_imputations_without_meaning_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        impute(PEOPLE, **({"m": 1} | change))


def test_a_frame_that_cannot_be_told_apart_or_has_no_scale_is_refused():
    with pytest.raises(ValueError, match="x holds infinite values"):
        impute(PEOPLE.assign(x=PEOPLE["x"].where(PEOPLE.index != 3, np.inf)), 1)
    twice = pd.concat([PEOPLE, PEOPLE[["x"]]], axis=1)
    for of in (lambda: impute(twice, 1), lambda: missing_patterns(twice)):
        with pytest.raises(ValueError, match="columns stand twice"):
            of()
    with pytest.raises(ValueError, match="min_cell is 1 or more, not 0"):
        missing_patterns(PEOPLE, min_cell=0)


def test_a_column_without_any_value_is_refused_by_name():
    with pytest.raises(ValueError, match="q holds no value at all"):
        impute(PEOPLE.assign(q=np.nan), 1)


def test_donors_are_the_nearest():
    observed, wanted = np.array([0.0, 1.0, 2.0, 3.0, 10.0, 11.0]), np.array([0.4, 2.4, 100.0, -5.0])
    nearest = [{0, 1}, {2, 3}, {4, 5}, {0, 1}]
    drawn = np.array([match(observed, wanted, 2, np.random.default_rng(seed)) for seed in range(200)])
    for j, allowed in enumerate(nearest):
        assert set(drawn[:, j]) == allowed
    assert set(match(observed, np.zeros(400), 50, np.random.default_rng(1))) == set(range(6))  # more than there are


def test_ties_are_shared_out():
    drawn = [match(np.zeros(40), np.zeros(40), 5, np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(np.concatenate(drawn))) == 40


def test_a_drawn_line_has_the_posterior_of_a_regression():
    rng = np.random.default_rng(6)
    design = np.column_stack([np.ones(80), rng.normal(size=80)])
    outcome = design @ [1.0, 0.5] + rng.normal(size=80)
    sums = design.T @ design, design.T @ outcome, float(outcome @ outcome), 80
    lines = [draw_line(*sums, rng) for _ in range(4000)]
    estimate = np.linalg.lstsq(design, outcome, rcond=None)[0]
    np.testing.assert_allclose(lines[0].estimate, estimate, atol=1e-4)
    residual = ((outcome - design @ estimate) ** 2).sum()
    covariance = np.linalg.inv(design.T @ design) * residual / (78 - 2)  # of a t distribution with 78 df
    drawn = np.array([line.drawn for line in lines])
    np.testing.assert_allclose(drawn.mean(axis=0), estimate, atol=4 * np.sqrt(covariance.diagonal() / 4000).max())
    np.testing.assert_allclose(np.cov(drawn, rowvar=False).diagonal(), covariance.diagonal(), rtol=0.1)
    assert np.mean([line.sigma**2 for line in lines]) == pytest.approx(residual / 76, rel=0.03)


# --- interactions and slopes that differ between people --------------------------------------------------------------


def test_interactions_equal_smcfcs_within_monte_carlo_error():
    """Drawn so that they fit the model of y; kept passively, the interaction is a third smaller, and this would see it."""
    smcfcs = json.loads((REFERENCE / "compatible.json").read_text(encoding="utf-8"))
    frame = PEOPLE[["known", "x", "z", "y"]]
    held = {"products": {"xz": ["x", "z"]}, "outcomes": {"xz": ["y"]}}
    ours = pooled(impute(frame, 40, 11, dict.fromkeys("xzy", "linear"), **held), smcfcs["terms"])
    error = np.sqrt(ours["between"] / 40 + np.array(smcfcs["between"]) / smcfcs["m"])
    np.testing.assert_array_less(np.abs(ours["estimate"] - smcfcs["estimate"]), 4 * error)
    np.testing.assert_allclose(ours["within"], smcfcs["within"], rtol=0.06)
    # the ratio of two variances of 39 degrees of freedom each lies within 0.39 and 2.6 in 99.6 of 100
    assert (np.log(ours["between"] / smcfcs["between"]).abs() < np.log(2.6)).all()


def test_matching_keeps_the_values_of_a_part_of_an_interaction():
    held = {"products": {"xq": ["x", "q"]}, "outcomes": {"xq": ["y"]}}
    done = impute(PEOPLE[["known", "x", "q", "y"]], 2, 1, iterations=2, **held)
    for frame in done:
        assert set(frame["q"]) <= set(PEOPLE["q"].dropna()) and set(frame["x"]) <= set(PEOPLE["x"].dropna())
        np.testing.assert_allclose(frame["xq"], frame["x"] * frame["q"])


def test_lines_of_several_outcomes_have_the_posterior_of_their_regressions():
    rng = np.random.default_rng(6)
    design = np.column_stack([np.ones(60), rng.normal(size=60)])
    outcomes = design @ [[1.0, 0.0], [0.5, -0.5]] + rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 2]], size=60)
    sums = design.T @ design, design.T @ outcomes, outcomes.T @ outcomes, 60
    lines = [draw_lines(*sums, rng) for _ in range(4000)]
    estimate = np.linalg.lstsq(design, outcomes, rcond=None)[0]
    residual = outcomes - design @ estimate
    np.testing.assert_allclose(lines[0].estimate, estimate, atol=1e-4)
    mean = residual.T @ residual / (58 - 2 - 1)  # of an inverse Wishart with 58 degrees of freedom
    np.testing.assert_allclose(np.mean([line.sigma for line in lines], axis=0), mean, rtol=0.05)
    drawn = np.array([line.drawn for line in lines])[:, 1]  # both slopes, whose errors go together as the residuals do
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), mean * np.linalg.inv(sums[0])[1, 1], rtol=0.12)


def test_given_the_outcome_a_part_is_drawn_by_bayes_rule():
    """Against sums over a fine grid of x: prior of x times the density of two outcomes that go together."""
    grid = np.linspace(-6, 6, 4001)
    slopes, rest, sigma = np.array([[0.4, -0.3]]), np.array([[0.5, 0.2]]), np.array([[1.0, 0.3], [0.3, 0.5]])
    apart = rest - grid[:, None] * slopes
    log = -((grid - 0.2) ** 2) / (2 * 0.7) - (apart @ np.linalg.inv(sigma) * apart).sum(axis=1) / 2
    weight = np.exp(log) / np.exp(log).sum()
    mean, variance = posterior(np.array([0.2]), 0.7, slopes, rest, sigma)
    assert mean[0] == pytest.approx(weight @ grid, abs=1e-6)
    assert variance[0] == pytest.approx(weight @ (grid - weight @ grid) ** 2, abs=1e-6)


def test_slopes_that_differ_between_people_stay_different():
    """Slopes of people over eight waves: their spread in complete data, kept, and flattened without the option."""
    rng = np.random.default_rng(3)
    waves = [f"{k}" for k in range(8)]
    x = rng.normal(size=(400, 8))
    y = x * (0.3 + 0.8 * rng.normal(size=(400, 1))) + rng.normal(size=(400, 8))
    whole = pd.DataFrame(np.hstack([x, y]), columns=[*(f"x{k}" for k in waves), *(f"y{k}" for k in waves)])
    holes = whole.mask(rng.random(whole.shape) < 0.15)
    pairs = [(list(whole)[:8], list(whole)[8:])]

    def spread(frame: pd.DataFrame) -> float:
        one, other = frame.to_numpy()[:, :8], frame.to_numpy()[:, 8:]
        one, other = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
        return float(((one * other).sum(axis=1) / (one**2).sum(axis=1)).std())

    flat, kept = (spread(impute(holes, 1, 1, iterations=4, slopes=own)[0]) / spread(whole) for own in ((), pairs))
    assert flat < 0.88 < 0.93 < kept < 1.05


# --- Little's test and patterns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"), [("holes", "sem_holes"), ("missing", "psychometrics_missing"), ("people", "missing_people")]
)
def test_littles_test_equals_the_sum_over_lavaans_moments(name, file):
    reference = R["little"][name]
    test = little_test(pd.read_csv(REFERENCE / f"{file}.csv").select_dtypes("number"))
    assert test.status == "estimated"
    assert (test.df, test.patterns, test.n) == (reference["df"], reference["patterns"], reference["n"])
    assert test.chi2 == pytest.approx(reference["chi2"], rel=1e-4)
    assert test.p == pytest.approx(reference["p"], abs=1e-4)
    assert test.remark.startswith("“weak” evidence")


def test_littles_test_says_why_it_cannot():
    numbers = PEOPLE[["known", "x", "z"]]
    assert little_test(numbers.dropna()).status == "not estimated: nothing is missing"
    assert "one value only" in little_test(numbers.assign(z=1.0)).status
    assert "no values of z" in little_test(numbers.assign(z=np.nan)).status
    assert "too few" in little_test(pd.DataFrame({"a": [1, 2, None], "b": [None, 1, 2], "c": [1, 2, 5]})).status
    assert little_test(numbers.assign(**dict.fromkeys(numbers, np.nan))).status == "not estimated: no values"
    never_both = pd.DataFrame({"a": [1.0, 2, 4, 3, 5, *[None] * 5], "b": [*[None] * 5, 2.0, 1, 4, 3, 6]}, dtype=float)
    repeated = numbers.assign(sum=numbers["known"] + numbers["x"])
    for frame, why in (
        (never_both, "no column was answered in two patterns, so that there are no means to compare"),
        (repeated, "too little was answered together, or columns are linearly dependent"),
    ):
        test = little_test(frame)
        assert test.status == f"not estimated: {why}"
        assert math.isnan(test.chi2) and math.isnan(test.p)
    with pytest.raises(ValueError, match="not numeric"):
        little_test(PEOPLE)


def test_patterns_equal_mice():
    found = missing_patterns(PEOPLE)
    ours = found.table[["n", "n_missing"]].sort_values(["n_missing", "n"]).to_numpy()
    theirs = np.array(sorted(zip(R["patterns"]["n_missing"], R["patterns"]["n"], strict=True)))[:, ::-1]
    np.testing.assert_array_equal(ours, theirs)
    assert found.table["n"].sum() == found.n == len(PEOPLE)
    assert found.n_complete == len(PEOPLE.dropna())
    cells = found.cells.pivot(index="pattern", columns="column", values="missing")
    assert (cells.sum(axis=1).to_numpy() == found.table["n_missing"].to_numpy()).all()


def test_rare_patterns_are_counted_together_and_cannot_be_told_from_the_rest():
    found = missing_patterns(PEOPLE, min_cell=10)
    assert (found.table["n"] >= 10).all()
    assert found.n_pooled >= 10
    assert found.table["n"].sum() + found.n_pooled == len(PEOPLE)
    frame = pd.DataFrame({"a": [1.0] * 30 + [np.nan] * 6 + [1.0], "b": [1.0] * 36 + [np.nan]})
    found = missing_patterns(frame, min_cell=5)  # one person alone would be 37 less what is shown
    assert len(found.table) == 1
    assert (found.n_pooled, found.patterns_pooled) == (7, 2)
    assert found.columns.set_index("column").loc["b", "n_missing"] == 1  # of what leaves the building the guard decides
