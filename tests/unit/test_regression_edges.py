"""Regressions of people in one wave where the data end: what is left out, what is refused, and what stands all the same."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats

from rejsens.inference import ordinal_regression
from rejsens.inference.bootstrap import bootstrapped_beta, cross_sectional_bootstrap
from rejsens.inference.correlation import correlation_p, fisher_interval, pearson
from rejsens.inference.count_regression import negative_binomial
from rejsens.inference.dose_response import dose_response, dose_response_curve
from rejsens.inference.estimates import NO_ERROR, NOT_TESTABLE, NotTestable
from rejsens.inference.least_squares import combination, fit_least_squares
from rejsens.inference.moderation import moderation
from rejsens.inference.multivariate_regression import predictor_contrasts, with_absent_sources
from rejsens.inference.ordinal_regression import brant, fit_proportional_odds, proportional_odds
from rejsens.inference.regression import cross_sectional, cross_sectional_design
from rejsens.inference.regression_diagnostics import linear_diagnostics, moderation_diagnostics
from rejsens.inference.resampling import bootstrap_correlations

GROUP = [{"name": "group", "type": "category"}]
AGE = [{"name": "age", "type": "number"}]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def people() -> pd.DataFrame:
    draws = rng(11)
    frame = pd.DataFrame(draws.normal(size=(200, 4)), columns=["x", "m", "age", "e"])
    return frame.assign(y=0.4 * frame["x"] + frame["e"], group=draws.integers(1, 3, 200).astype(float))


# --- correlations ----------------------------------------------------------------------------------------------------


def test_too_few_pairs_and_constant_answers_have_no_correlation():
    nothing = pytest.approx([math.nan] * 4, nan_ok=True)
    n, *numbers = pearson(np.array([1.0, 2, np.nan]), np.array([2.0, 1, 3]))
    assert (n, numbers) == (2, nothing)
    n, *numbers = pearson(np.arange(5.0), np.full(5, 0.1 + 0.2))
    assert (n, numbers) == (5, nothing)
    n, r, low, high, p = pearson(np.array([1.0, 2, 4]), np.array([2.0, 1, 3]))
    assert n == 3 and math.isnan(low) and math.isnan(high)  # the interval needs four
    assert (r, p) == pytest.approx(tuple(stats.pearsonr([1, 2, 4], [2, 1, 3])))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_correlation_has_no_interval_and_a_p_of_nil(sign):
    n, r, low, high, p = pearson(np.arange(4.0), sign * np.array([1.0, 3, 5, 7]))
    assert (n, r, p) == (4, sign, 0.0)
    assert math.isnan(low) and math.isnan(high)
    assert correlation_p(-1.0, 2) == 0.0


def test_a_partial_correlation_of_few_people_loses_one_degree_for_each_covariate():
    z = 1.959963984540054
    wanted = [math.tanh(math.atanh(0.4) + side * z / math.sqrt(20 - 3 - 2)) for side in (-1, 1)]
    assert fisher_interval(0.4, 20, partialled=2) == pytest.approx(wanted)
    assert all(map(math.isnan, fisher_interval(0.4, 5, partialled=2)))


# --- one ordered item ------------------------------------------------------------------------------------------------


def answers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ordered answers of few people to long-tailed predictors: (n,) categories, each at least once, and (n, p)."""
    draws = rng(seed)
    n, p = draws.integers(12, 80), draws.integers(1, 4)
    x = draws.normal(size=(n, p)) * draws.choice([1, 1, 1, 8], size=(n, p))
    b = draws.normal(size=p) * draws.choice([0.5, 2, 4])
    latent = x @ b + draws.logistic(size=n)
    cuts = np.sort(draws.normal(size=draws.integers(1, 6)))
    return np.unique(np.digitize(latent, cuts), return_inverse=True)[1], x


def minus_log_likelihood(parameters: np.ndarray, category: np.ndarray, x: np.ndarray) -> float:
    """Of coefficients and thresholds; the latter as the first and the logarithms of the steps between them."""
    p = x.shape[1]
    ends = np.concatenate([[-np.inf], np.cumsum([parameters[p], *np.exp(parameters[p + 1 :])]), [np.inf]])
    linear = x @ parameters[:p]
    share = special.expit(ends[category + 1] - linear) - special.expit(ends[category] - linear)
    return -np.log(np.maximum(share, 1e-300)).sum()


@pytest.mark.parametrize("seed", [962, 2850])
def test_a_step_too_far_is_halved_and_the_maximum_is_found(seed, monkeypatch):
    """Newton's step overshoots on these; the maximum is that of a search without derivatives."""
    category, x = answers(seed)
    found, tried = ordinal_regression._likelihood, []

    def watched(*given: object) -> tuple[float, np.ndarray, np.ndarray]:
        tried.append(found(*given))
        return tried[-1]

    monkeypatch.setattr(ordinal_regression, "_likelihood", watched)
    fit = fit_proportional_odds(category, x)
    logs = [one[0] for one in tried]
    assert any(later < before - 1e-6 for before, later in itertools.pairwise(logs))
    start = np.concatenate([fit.coefficients, fit.thresholds[:1], np.log(np.diff(fit.thresholds))])
    search = optimize.minimize(minus_log_likelihood, 0.9 * start, args=(category, x), method="Nelder-Mead",
                               options={"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-8, "fatol": 1e-10})  # fmt: skip
    assert fit.loglik == pytest.approx(-search.fun, abs=1e-6)
    assert fit.coefficients == pytest.approx(search.x[: x.shape[1]], rel=1e-3)


@pytest.mark.parametrize("seed", [343, 1258, 1532, 14, 790])
def test_coefficients_that_run_off_are_refused_in_words(seed):
    """Whether the curvature vanishes to the last digit, the coefficients pass every bound, or the search ends in between."""
    with pytest.raises(NotTestable, match=r"separates the categories|no maximum"):
        fit_proportional_odds(*answers(seed))


def test_two_categories_are_logistic_regression_without_a_test_of_cuts(people):
    frame = people.assign(item=(people["y"] > 0.3) * 2.0)
    log_odds, ratio, *cuts = proportional_odds(frame, "item", "x", AGE)
    z = (frame["x"] - frame["x"].mean()) / frame["x"].std()
    fit = sm.Logit(frame["item"].to_numpy() / 2, np.column_stack([np.ones(200), z, frame["age"]])).fit(
        disp=0, tol=1e-12
    )
    assert (log_odds.estimate, log_odds.se, log_odds.p) == pytest.approx((fit.params[1], fit.bse[1], fit.pvalues[1]))
    assert ratio.estimate == pytest.approx(math.exp(fit.params[1]))
    assert [row.status for row in cuts] == [NOT_TESTABLE] * 2
    assert cuts[0].reason == "an outcome of two categories has one cut" and math.isnan(cuts[0].p)


def test_a_cut_that_a_covariate_separates_has_no_test_and_the_coefficient_stands(people):
    """Everybody of group 2 answered 1 or more: no slope of that group at the first cut."""
    item = np.digitize(people["y"], [-0.5, 0.5]).astype(float)
    frame = people.assign(item=np.where((people["group"] == 2) & (item == 0), 1.0, item))
    log_odds, _, *cuts = proportional_odds(frame, "item", "x", GROUP)
    assert math.isfinite(log_odds.p) and log_odds.status == "ok"
    assert {row.reason for row in cuts} == {"cut 1 of the outcome leaves a column without variation"}
    assert {row.status for row in cuts} == {NOT_TESTABLE}
    with pytest.raises(NotTestable, match="cut 2"):
        one = (frame["group"] == 2) & (item == 2)
        brant(np.where(one, 1, item).astype(int), (people[["group"]] == 2).to_numpy(float), [0])


# --- counts ----------------------------------------------------------------------------------------------------------


def test_a_category_without_any_event_is_refused(people):
    counted = rng(2).poisson(2.0, 200) * (people["group"] == 1)
    with pytest.raises(NotTestable, match="makes all counts zero"):
        negative_binomial(people.assign(count=counted.astype(float)), "count", "x", GROUP)


# --- doses -----------------------------------------------------------------------------------------------------------


def test_doses_that_nobody_has_are_not_told():
    draws = rng(4)
    frame = pd.DataFrame({"x": draws.uniform(0.5, 2.5, 150)})
    frame["y"] = 3 - frame["x"] + 0.5 * draws.normal(size=150)
    rows = dose_response(frame, "y", "x", rng=rng(), draws=99)
    means = {row.term: row for row in rows if row.metric in ("adjusted_mean", "difference")}
    for name in ("x at 0", "x at 1 - at 0"):
        assert means[name].status == NOT_TESTABLE and math.isnan(means[name].estimate)
        assert means[name].reason == "outside the observed range of x"
    assert means["x at 1"].estimate == pytest.approx(2.0, abs=4 * means["x at 1"].se)
    above = dose_response(frame.assign(x=frame["x"] - 2.6), "y", "x", rng=rng(), draws=99)  # none reaches 0
    assert [row.term for row in above if row.reason == "outside the observed range of x"] == [
        "x at 0", "x at 1", "x at 1 - at 0",
    ]  # fmt: skip


@pytest.fixture
def three_doses() -> pd.DataFrame:
    """Three values, spread so that four quantiles of them differ."""
    x = np.repeat([0.0, 1.0, 2.0], [14, 24, 2])
    assert len(np.unique(np.quantile(x, [0.05, 0.35, 0.65, 0.95]))) == 4
    return pd.DataFrame({"x": x, "age": rng(5).normal(size=40), "y": 1 + 0.5 * x + 0.3 * rng(6).normal(size=40)})


def test_three_doses_have_a_line_and_no_spline(three_doses):
    rows = dose_response(three_doses, "y", "x", AGE, rng=rng(), draws=99)
    line, bend = rows[:2]
    assert math.isfinite(line.p)
    assert bend.status == NOT_TESTABLE and bend.reason == "x has too few different values for a spline"
    curve = dose_response_curve(three_doses, "y", "x", AGE, points=5)
    assert curve[["spline", "ci_low", "ci_high"]].isna().all(axis=None)
    design = np.column_stack([np.ones(40), three_doses[["x", "age"]]])
    b = np.linalg.lstsq(design, three_doses["y"].to_numpy(), rcond=None)[0]
    assert curve["linear"].to_numpy() == pytest.approx(b[0] + b[1] * curve["dose"] + b[2] * three_doses["age"].mean())
    mean = next(row for row in rows if row.metric == "adjusted_mean" and row.term == "x at 1")
    assert mean.estimate == pytest.approx(b[0] + b[1] + b[2] * three_doses["age"].mean())


# --- least squares ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyse", [cross_sectional, proportional_odds])
def test_a_covariate_that_all_share_is_left_out_and_named(people, analyse):
    frame = people.assign(y=np.round(people["y"]).clip(-2, 2), flat=3.0)
    alone = analyse(frame, "y", "x")[0]
    beside = analyse(frame, "y", "x", [{"name": "flat", "type": "number"}])[0]
    assert "flat does not vary and is left out" in beside.warnings
    assert (beside.estimate, beside.se) == pytest.approx((alone.estimate, alone.se))


def test_a_contrast_without_weights_has_no_error(people):
    matrix = pd.DataFrame({"(intercept)": 1.0, "x": people["x"]})
    fit = fit_least_squares(people["y"].to_numpy(), matrix)
    with pytest.raises(NotTestable, match=NO_ERROR):
        combination(fit, {"x": 0.0})


def test_draws_without_the_rare_answer_are_counted(people):
    """Three of 60 people differ in the predictor; a draw that holds none of them gives no coefficient, and not one of 0."""
    frame = people[:60].assign(x=np.where(np.arange(60) < 3, 1.0, 0.0))
    row = cross_sectional_bootstrap(frame, "y", "x", draws=2000, rng=rng(7))
    drawn = rng(7).integers(0, 60, size=(2000, 60))  # as the bootstrap draws people
    alike = (drawn >= 3).all(axis=1)
    lacking = int(alike.sum())
    chance = (57 / 60) ** 60
    assert lacking == pytest.approx(2000 * chance, abs=4 * math.sqrt(2000 * chance * (1 - chance)))
    betas = bootstrapped_beta(cross_sectional_design(frame, "y", "x", ()), 2000, rng(7))
    assert (np.isnan(betas) == alike).all()
    r = bootstrap_correlations(frame[["x", "y"]].to_numpy(), 2000, rng(7))
    assert (r[alike][:, 0, :] == 0).all() and r[~alike][:, 0, 0] == pytest.approx(1.0)
    by_hand = np.corrcoef(frame["x"].to_numpy()[drawn[~alike][0]], frame["y"].to_numpy()[drawn[~alike][0]])[0, 1]
    assert betas[~alike][0] == pytest.approx(by_hand, abs=1e-7)
    assert row.warnings == f"{lacking} of 2000 draws did not identify the coefficient"
    assert row.ci_low < row.estimate < row.ci_high and math.isfinite(row.se)


def test_a_moderator_that_all_share_and_products_that_are_not_identified(people):
    words = people.assign(m="one")
    with pytest.raises(NotTestable, match=r"moderator .* does not vary among the 200 complete cases"):
        moderation(words, "y", "x", moderator="m", moderator_type="category")
    few = people[:22].assign(job=np.resize([1.0, 2.0, 3.0, 4.0], 22))
    plain, *_, beside = moderation(few, "y", "x", [{"name": "job", "type": "category"}], moderator="m")
    assert plain.term == beside.term == "x:m"
    assert math.isfinite(plain.p) and plain.status == "ok"
    assert beside.status == NOT_TESTABLE and "residual degrees of freedom" in beside.reason
    assert math.isnan(beside.estimate)


@pytest.mark.parametrize("others", [[], ["x"], ["m", "m"]])
def test_a_contrast_takes_predictors_that_differ(people, others):
    with pytest.raises(NotTestable, match="predictors that differ"):
        predictor_contrasts(people, "y", "x", other_predictors=others)


def test_a_source_that_is_the_same_for_all_who_have_it_is_refused(people):
    frame = people.assign(work=np.where(people["group"] == 1, 2.0, np.nan))
    frame, absent = with_absent_sources(frame, ["x", "m", "work"])
    with pytest.raises(NotTestable, match="work does not vary among those who have this source"):
        predictor_contrasts(frame, "y", "x", other_predictors=["m", "work"], absent=absent)


# --- checks that cannot be made --------------------------------------------------------------------------------------


def test_checks_that_the_data_cannot_give_are_rows_that_say_why(people):
    frame = people.assign(x=(people["x"] > 0) * 1.0)
    table = linear_diagnostics(frame, "y", "x", left_out=200).set_index("diagnostic")
    said = table["reason"][table["status"] == NOT_TESTABLE].to_dict()
    assert said == {
        "linearity": "x has two values: a line fits both",
        "dfbetas": "leaving out 200 people is not possible here",
    }
    assert math.isfinite(table.loc["equal variances", "p"])
    halves = people.assign(x=(people["x"] > 0) * 1.0, m=(people["m"] > 0) * 1.0)
    table = moderation_diagnostics(halves, "y", "x", moderator="m").set_index("diagnostic")
    assert table.loc["linearity", "reason"] == "x or m has two values: a line fits both"


@pytest.mark.parametrize(
    ("predictor", "said"),
    [
        ((0.5, 0.5), "the products are combinations of the other columns"),
        ((0.5, -1.0), "a product fits one person exactly"),
    ],
)
def test_a_group_of_two_has_no_slope_of_its_own(people, predictor, said):
    frame = people.assign(group=np.where(np.arange(200) < 2, 2.0, 1.0))
    frame.loc[:1, "x"] = predictor
    table = linear_diagnostics(frame, "y", "x", GROUP).set_index("diagnostic")
    assert table.loc["covariate products", "reason"] == said
    assert math.isnan(table.loc["covariate products", "estimate_instead"])
    assert (table["status"].drop("covariate products") == "ok").all()


def test_without_those_who_have_it_a_rare_answer_has_no_coefficient(people):
    """Five of 200 differ in the predictor, by a lot: they are the first whom the influence row leaves out."""
    rare = (np.arange(200) < 5) * 1.0
    table = linear_diagnostics(people.assign(x=rare, y=3.0 * rare * people["m"] + 0.01 * people["e"]), "y", "x")
    row = table.set_index("diagnostic").loc["dfbetas"]
    assert row["reason"] == "without the most influential people the model is not identified"
    assert row["status"] == NOT_TESTABLE and math.isnan(row["estimate_instead"])


def test_a_covariate_that_all_share_inflates_nothing(people):
    table = linear_diagnostics(people.assign(flat=1.0), "y", "x", [*AGE, {"name": "flat", "type": "number"}])
    assert table.loc[table["diagnostic"] == "collinearity", "term"].to_list() == ["x", "age"]
