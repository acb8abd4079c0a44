"""Models of persons of one wave against R (tests/reference/people.R) and against hand-worked cases."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.inference.bootstrap import cross_sectional_bootstrap
from rejsens.inference.count_regression import negative_binomial
from rejsens.inference.dose_response import dose_response, dose_response_curve
from rejsens.inference.estimates import NOT_TESTABLE, NotTestable, estimates_frame
from rejsens.inference.generalised_linear_diagnostics import count_diagnostics, ordinal_diagnostics
from rejsens.inference.group_contrasts import group_contrast
from rejsens.inference.incremental_variance import incremental_variance
from rejsens.inference.mediation import indirect_association
from rejsens.inference.moderation import johnson_neyman_curve, moderation
from rejsens.inference.multivariate_regression import outcome_contrast, predictor_contrasts
from rejsens.inference.ordinal_regression import proportional_odds
from rejsens.inference.paired_contrasts import noncentrality_interval, paired_contrast
from rejsens.inference.partial_correlation import partial_correlation
from rejsens.inference.proportions import proportion, ranked_proportions
from rejsens.inference.regression_diagnostics import linear_diagnostics, moderation_diagnostics
from rejsens.narrative import banned_words

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "people.json").read_text(encoding="utf-8"))
K = [{"name": "age", "type": "number"}, {"name": "gender", "type": "category"}]
ENDS = ("ci_low", "ci_high", "ci90_low", "ci90_high")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "people.csv")


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def agrees(row, expected: dict, tolerance: float = 1e-6) -> None:
    """The project's tolerances are 1e-5 for estimates and 1e-3 for the rest; 1e-6 is reached unless said otherwise."""
    for name in ("estimate", "se", "df", "statistic", "p", *ENDS):
        if name in expected:
            assert getattr(row, name) == pytest.approx(expected[name], rel=tolerance, abs=tolerance), name


def term(rows, name: str, metric: str | None = None):
    (found,) = [row for row in rows if row.term == name and metric in (None, row.metric)]
    return found


# --- one coefficient -------------------------------------------------------------------------------------------------


def test_partial_and_plain_correlation(people):
    (row,) = partial_correlation(people, "y", "x", K)
    agrees(row, R["partial"])
    assert row.n_people == R["partial"]["n"] and row.n_lost == len(people) - row.n_people
    assert row.estimate / row.se == pytest.approx(row.statistic)
    agrees(partial_correlation(people, "y", "x")[0], R["plain"])


def test_proportional_odds(people):
    row, ratio, of_predictor, of_all = proportional_odds(people, "item", "x", K)
    agrees(row, R["ordinal"], 2e-5)  # polr's own optimiser and numerical Hessian
    assert ratio.ci_low == pytest.approx(math.exp(row.ci_low)) and row.n_people == R["ordinal"]["n"]
    agrees(of_predictor, R["brant"]["predictor"])
    agrees(of_all, R["brant"]["all"])
    cuts = ordinal_diagnostics(people, "item", "x", K)
    assert cuts["estimate_instead"].tolist() == pytest.approx(R["brant"]["cuts"], abs=1e-6)


def test_brant_notices_a_slope_that_differs_by_cut():
    x = rng(3).normal(size=600)
    y = np.where(rng(4).logistic(size=600) < -1 + 1.5 * x, 0, np.where(rng(5).random(600) < 0.5, 1, 2))
    rows = proportional_odds(pd.DataFrame({"x": x, "y": y}), "y", "x")
    assert rows[2].p < 0.001


def test_negative_binomial(people):
    row, ratio, dispersion, poisson = negative_binomial(people, "count", "x", K)
    agrees(row, R["count"])
    assert dispersion.estimate == pytest.approx(R["count"]["dispersion"], rel=1e-7)
    assert dispersion.se == pytest.approx(R["count"]["dispersion_se"], rel=1e-3)  # theta.ml stops at 1e-4
    assert (poisson.estimate, poisson.statistic) == pytest.approx((R["count"]["pearson"], R["count"]["lr"]), rel=1e-6)
    assert poisson.p == pytest.approx(R["count"]["p_lr"], rel=1e-5, abs=0)
    assert ratio.estimate == pytest.approx(math.exp(R["count"]["estimate"]), rel=1e-6)
    calm = negative_binomial(people, "calm", "x")
    agrees(calm[0], R["calm"])
    assert calm[0].status == "no overdispersion: Poisson model" and calm[2].estimate == 0 and calm[3].p == 1


# --- contrasts between coefficients ------------------------------------------------------------------------------------


def test_one_predictor_two_outcomes(people):
    contrast, first, second = outcome_contrast(people, "y", "x", K, other_outcome="y2")
    agrees(contrast, R["outcomes"])
    assert [first.estimate, second.estimate] == pytest.approx(R["outcomes"]["betas"], abs=1e-8)
    assert [first.se, second.se] == pytest.approx(R["outcomes"]["se_betas"], rel=1e-6)


def test_two_predictors_of_one_outcome(people):
    agrees(predictor_contrasts(people, "y", "x", K, other_predictors=["s2"])[0], R["predictors"])
    twice = [*K, {"name": "s2", "type": "number"}]  # a predictor that is declared as covariate too is entered once
    agrees(predictor_contrasts(people, "y", "x", twice, other_predictors=["s2"])[0], R["predictors"])


@pytest.mark.parametrize(("common_scale", "key"), [(False, "sources"), (True, "sources_common")])
def test_sources_are_compared_with_an_absent_one_as_zero(people, common_scale, key):
    others = {"other_predictors": ["s2", "s3", "s4"], "absent": {"s1": "no_partner"}, "common_scale": common_scale}
    rows = predictor_contrasts(people, "y", "s1", K, **others)
    joint, betas, pairs = rows[0], rows[1:5], rows[5:]
    expected = R[key]
    assert joint.n_people == expected["n"]  # nobody is lost for having no partner
    assert (joint.statistic, joint.df, joint.p) == pytest.approx(
        [expected["joint"][k] for k in ("f", "df", "p")], rel=1e-6
    )
    assert [row.estimate for row in betas] == pytest.approx(expected["betas"], abs=1e-8)
    assert [row.se for row in betas] == pytest.approx(expected["se"], rel=1e-6)
    assert [row.estimate for row in pairs] == pytest.approx(expected["pairs"], abs=1e-8)
    assert [row.p for row in pairs] == pytest.approx(expected["p"], rel=1e-5)
    assert [row.p_adjusted for row in pairs] == pytest.approx(expected["holm"], rel=1e-5)


# --- added variance, indirect association: intervals within the Monte Carlo error of both --------------------------------


def end_error(draws_here: int, draws_r: int, se: float) -> float:
    """Four Monte Carlo standard errors of a 2.5 % quantile of roughly normal draws, ours and R's together."""
    one = se * math.sqrt(0.025 * 0.975) / 0.0584
    return 4 * one * math.sqrt(1 / draws_here + 1 / draws_r)


def test_incremental_variance(people):
    added, covariates, whole = incremental_variance(people, "y", "x", K, draws=4000, rng=rng())
    expected = R["added"]
    assert added.estimate == pytest.approx(expected["estimate"], abs=1e-9)
    assert covariates.estimate == pytest.approx(expected["covariates"], abs=1e-9)
    assert whole.estimate == pytest.approx(expected["estimate"] + expected["covariates"], abs=1e-9)
    assert (added.statistic, added.p) == pytest.approx((expected["f"]["f"], expected["f"]["p"]), rel=1e-6)
    error = end_error(4000, expected["R"], expected["se"])
    assert [added.ci_low, added.ci_high] == pytest.approx(expected["ci95"], abs=error)
    assert [added.ci90_low, added.ci90_high] == pytest.approx(expected["ci90"], abs=error)
    assert added.se == pytest.approx(expected["se"], rel=4 * math.sqrt(1 / 8000 + 1 / 8000))


def test_indirect_association(people):
    rows = indirect_association(people, "y", "x", K, mediator="med", draws=4000, rng=rng())
    expected = R["mediation"]
    bootstrap, monte_carlo = rows[:2]
    for row, name in zip(rows[2:], ("a", "b", "direct", "total"), strict=True):
        agrees(row, expected[name])
    assert bootstrap.estimate == pytest.approx(expected["total"]["estimate"] - expected["direct"]["estimate"], abs=1e-9)
    error = end_error(4000, expected["R"], expected["se"])
    assert [bootstrap.ci_low, bootstrap.ci_high] == pytest.approx(expected["ci95"], abs=error)
    assert [bootstrap.ci90_low, bootstrap.ci90_high] == pytest.approx(expected["ci90"], abs=error)
    exact = end_error(4000, 10**9, expected["se"])
    assert [getattr(monte_carlo, end) for end in ENDS] == pytest.approx(expected["monte_carlo"], abs=exact)
    assert all("temporal order not established" in row.method for row in rows[:2])


def test_covariates_stand_in_every_equation_of_every_draw():
    k = rng(1).normal(size=(4, 300))
    frame = pd.DataFrame({"k": k[0], "x": k[0] + k[1], "m": 2 * k[0] + k[2]})
    frame["y"] = 3 * k[0] + frame["m"] + k[3]
    row = indirect_association(frame, "y", "x", [{"name": "k", "type": "number"}], mediator="m", draws=500, rng=rng())[
        0
    ]
    assert (row.ci_low + row.ci_high) / 2 == pytest.approx(row.estimate, abs=row.se) and row.ci_low < 0 < row.ci_high
    added = incremental_variance(frame, "y", "x", [{"name": "k", "type": "number"}], draws=500, rng=rng())[0]
    assert added.estimate < 0.01 and added.ci_high < 0.05


# --- dose and response ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dose(people):
    return dose_response(people, "y", "x", K, rng=rng(), draws=5000, direction="negative")


def test_line_spline_and_means(people, dose):
    expected = R["dose"]
    agrees(dose[0], expected["beta"])
    assert (dose[1].statistic, dose[1].df, dose[1].p) == pytest.approx([expected["bend"][k] for k in ("f", "df", "p")])
    assert [row.estimate for row in dose if row.metric == "aic"] == pytest.approx(expected["aic"], abs=1e-6)
    for row, value in zip([row for row in dose if row.metric == "adjusted_mean"], expected["means"], strict=True):
        agrees(row, value)
    agrees(dose[-1], expected["difference"])
    curve = dose_response_curve(people, "y", "x", K, points=5)
    assert curve["spline"].between(curve["ci_low"], curve["ci_high"]).all()


def test_breakpoint(dose):
    expected = R["dose"]
    (row,) = [row for row in dose if row.metric == "breakpoint"]
    assert (row.estimate, row.statistic) == pytest.approx((expected["breakpoint"], expected["lr"]), abs=1e-8)
    agrees(term(dose, "x below the breakpoint"), expected["slopes"]["below"])
    agrees(term(dose, "x above the breakpoint"), expected["slopes"]["above"])
    assert row.p == pytest.approx(expected["p"], abs=4 * math.sqrt(2 * expected["p"] / 5000))
    assert row.se == pytest.approx(expected["break_se"], rel=0.1)
    assert [row.ci_low, row.ci_high] == pytest.approx(expected["break_ci"], abs=0.12)  # draws cluster on few values


def test_isotonic(people, dose):
    (row,) = [row for row in dose if row.metric == "isotonic_r2"]
    assert row.estimate == pytest.approx(R["dose"]["isotonic"], abs=1e-8) and row.p == 1 / 5001
    null = R["dose"]["isotonic_null"]
    rows = dose_response(people, "calm", "x", K, rng=rng(), draws=1000, direction="positive")
    (row,) = [row for row in rows if row.metric == "isotonic_r2"]
    error = 4 * math.sqrt(null["p"] * (1 - null["p"]) * (1 / null["draws"] + 1 / 1000))
    assert row.estimate == pytest.approx(null["estimate"], abs=1e-8) and row.p == pytest.approx(null["p"], abs=error)


def test_a_shape_that_the_data_cannot_give_is_a_row_and_the_line_stands():
    x = np.repeat([0.0, 1.0], [70, 30])
    rows = dose_response(pd.DataFrame({"x": x, "y": x + rng().normal(size=100)}), "y", "x", rng=rng(), draws=199)
    refused = {row.metric: row.reason for row in rows if row.status == NOT_TESTABLE}
    assert set(refused) == {"wald_f", "aic", "breakpoint"} and all(refused.values())
    assert math.isfinite(rows[0].estimate)
    means = [row.estimate for row in rows if row.metric == "adjusted_mean"]
    assert means[1] - means[0] == pytest.approx(means[3] - means[2])  # quartiles are 0 and 1


# --- moderation -----------------------------------------------------------------------------------------------------------


def test_moderation_by_a_number(people):
    rows = moderation(people, "y", "x", K, moderator="m")
    expected = R["moderation"]
    agrees(rows[0], expected["interaction"])
    slopes = rows[1:4]
    assert [row.estimate for row in slopes] == pytest.approx(expected["slopes"], abs=1e-8)
    assert [row.ci_low for row in slopes] == pytest.approx(expected["slopes_low"], abs=1e-7)
    assert [row.ci_high for row in slopes] == pytest.approx(expected["slopes_high"], abs=1e-7)
    low, high = expected["range"]
    bounds = [row.estimate for row in rows if row.metric == "johnson_neyman"]
    assert bounds == pytest.approx([b for b in expected["bounds"] if low <= b <= high], abs=1e-6) and bounds
    agrees(rows[-1], expected["wide"])
    curve = johnson_neyman_curve(people, "y", "x", K, moderator="m", points=120)
    inside = curve[(curve["ci_low"] > 0) | (curve["ci_high"] < 0)]
    assert inside["moderator"].min() == pytest.approx(bounds[0], abs=0.03)  # the interval excludes 0 above the bound


def test_moderation_by_a_category(people):
    rows = moderation(people, "y", "x", K, moderator="partner", moderator_type="category")
    expected = R["groups"]
    assert (rows[0].statistic, rows[0].p) == pytest.approx((expected["joint"]["f"], expected["joint"]["p"]), rel=1e-6)
    for row, value in zip(rows[1:3], expected["terms"], strict=True):
        agrees(row, value)
    slopes = [term(rows, f"x | partner={level}") for level in expected["levels"]]
    assert [row.estimate for row in slopes] == pytest.approx(expected["slopes"], abs=1e-8)
    assert [row.ci_low for row in slopes] == pytest.approx(expected["slopes_low"], abs=1e-7)


def test_a_level_of_few_people_gets_no_slope_of_its_own(people):
    rare = people.assign(partner=people["partner"].mask(people.index < 6, 4))
    rows = moderation(rare, "y", "x", K, moderator="partner", moderator_type="category")
    assert not any("partner=4" in row.term for row in rows) and "levels of partner" in rows[0].warnings
    assert rows[0].n_people + rows[0].n_lost == len(people)


def test_a_moderator_among_the_covariates_is_entered_once(people):
    twice = moderation(people, "y", "x", [*K, {"name": "m", "type": "number"}], moderator="m")
    assert twice[0].estimate == pytest.approx(R["moderation"]["interaction"]["estimate"], abs=1e-8)


# --- means and shares -------------------------------------------------------------------------------------------------------


def test_paired_contrast(people):
    dz, b = paired_contrast(people, "hurt_a", "hurt_o", sesoi=0.2)
    expected = R["paired"]
    assert (dz.estimate, dz.statistic, dz.p) == pytest.approx([expected[k] for k in ("dz", "statistic", "p")], rel=1e-6)
    assert [getattr(dz, end) for end in ENDS] == pytest.approx(expected["ci95"] + expected["ci90"], abs=1e-6)
    assert dz.p_equivalence == pytest.approx(expected["p_equivalence"], abs=1e-6) and dz.n_people == expected["n"]
    assert (b.estimate, b.ci_low, b.ci_high) == pytest.approx((expected["difference"], *expected["difference_ci"]))


def test_group_contrast(people):
    d, b = group_contrast(people, "y", "no_partner", sesoi=0.2)
    expected = R["group"]
    assert (d.estimate, d.df, d.p) == pytest.approx([expected[k] for k in ("d", "df", "p")], rel=1e-6)
    assert [getattr(d, end) for end in ENDS] == pytest.approx(expected["ci95"] + expected["ci90"], abs=1e-6)
    assert d.p_equivalence == pytest.approx(expected["p_equivalence"], abs=1e-6) and d.term == "1 - 0"
    agrees(b, expected["welch"])
    third = people.assign(no_partner=people["no_partner"].mask(people.index < 40, 2.0))
    few = group_contrast(third, "y", "no_partner", groups=(1, 0))[0]
    asked = third[third["no_partner"] != 2]
    assert (few.n_people, few.n_lost) == (
        asked[["y", "no_partner"]].notna().all(axis=1).sum(),
        len(asked) - few.n_people,
    )


def test_equivalence_is_inside_the_90_percent_interval():
    frame = pd.DataFrame({"b": rng().normal(size=400)})
    for shift in (0.0, 0.05, 0.1, 0.15, 0.3):
        (row, _) = paired_contrast(frame.assign(a=frame["b"] + shift + rng(2).normal(size=400)), "a", "b", sesoi=0.2)
        assert (row.p_equivalence < 0.05) == (max(-row.ci90_low, row.ci90_high) < 0.2)


def test_shares(people):
    (row,) = proportion(people, "reason", at_least=3, against=0.5)
    expected = R["share"]
    assert (row.estimate, row.p) == pytest.approx((expected["estimate"], expected["p"]), rel=1e-8)
    assert [getattr(row, end) for end in ENDS] == pytest.approx(expected["ci"] + expected["ci90"], abs=1e-8)
    assert row.n_lost == people["reason"].isna().sum()
    shares = [row.estimate for row in ranked_proportions(people, ["reason", "item"], at_least=3)]
    assert shares == sorted(shares, reverse=True)


# --- diagnostics --------------------------------------------------------------------------------------------------------------


def test_linear_diagnostics(people):
    covariates = [{"name": "m", "type": "number"}, *K]
    table = linear_diagnostics(people, "y", "x", covariates).set_index(["diagnostic", "term"])
    expected = R["diagnostics"]
    assert table["estimate"].iloc[0] == pytest.approx(expected["beta"], abs=1e-9)

    def instead(row, name):
        agree = (row["estimate_instead"], row["ci_low_instead"], row["ci_high_instead"])
        assert agree == pytest.approx([expected[name][k] for k in ("estimate", "ci_low", "ci_high")], abs=1e-7), name

    normality = table.loc[("normality", "residuals")]
    assert (normality["value"], normality["estimate_instead"]) == pytest.approx(
        (expected["jarque_bera"], expected["huber"]), abs=1e-5
    )
    variances = table.loc[("equal variances", "residuals")]
    assert (variances["value"], variances["df"]) == pytest.approx((expected["breusch_pagan"], expected["bp_df"]))
    assert [variances["ci_low_instead"], variances["ci_high_instead"]] == pytest.approx(expected["classical"], abs=1e-7)
    square = table.loc[("linearity", "x")]
    assert (square["value"], square["p"]) == pytest.approx((expected["square"]["statistic"], expected["square"]["p"]))
    instead(square, "beside_square")
    influence, cook = table.loc[("dfbetas", "x")], table.loc[("cook distance", "all columns")]
    assert (influence["value"], cook["value"]) == pytest.approx((expected["dfbetas"], expected["cook"]), rel=1e-6)
    instead(influence, "without")
    instead(cook, "without_cook")
    assert influence["n_instead"] == expected["n"] - 10
    inflation = table.loc["collinearity", "value"]
    names = {"x": "z(x)", "m": "z(m)", "age": "z(age)"}
    assert [inflation[name] for name in names] == pytest.approx([expected["vif"][r] for r in names.values()], rel=1e-6)
    assert inflation["gender"] == pytest.approx(expected["gvif"], rel=1e-6)  # GVIF^(1/2), two dummies
    instead(table.loc[("collinearity", "x")], "alone")
    instead(table.loc[("collinearity", "gender")], "without_gender")
    products = table.loc["covariate products"].iloc[0]
    assert (products["value"], products["p"]) == pytest.approx((expected["products"]["f"], expected["products"]["p"]))
    instead(products, "at_means")


def test_moderation_diagnostics(people):
    table = moderation_diagnostics(people, "y", "x", K, moderator="m").set_index("diagnostic")
    expected = R["product"]
    assert table.loc["linearity", "estimate"] == pytest.approx(expected["estimate"], abs=1e-9)
    assert table.loc["linearity", "value"] == pytest.approx(expected["squares"]["f"], rel=1e-6)
    assert table.loc["linearity", "estimate_instead"] == pytest.approx(expected["beside"]["estimate"], abs=1e-8)
    assert table.loc["dfbetas", "value"] == pytest.approx(expected["dfbetas"], rel=1e-6)
    assert table.loc["dfbetas", "estimate_instead"] == pytest.approx(expected["without"]["estimate"], abs=1e-8)
    assert table.loc["dfbetas", "ci_low_instead"] == pytest.approx(expected["without"]["ci_low"], abs=1e-7)


def test_count_diagnostics(people):
    table = count_diagnostics(people, "count", "x", K).set_index("diagnostic")
    assert table.loc["overdispersion", "value"] == pytest.approx(R["count"]["pearson"], rel=1e-6)
    assert table.loc["overdispersion", "estimate_instead"] == pytest.approx(R["count"]["poisson"][0], abs=1e-7)
    assert table.loc["zeros", "value"] == pytest.approx(R["count"]["zeros"], rel=1e-6)
    assert table.loc["dfbetas", "n_instead"] == table.loc["dfbetas", "n_people"] - 10


# --- what the data cannot give -------------------------------------------------------------------------------------------------

CALLS = {
    "correlation": lambda f: partial_correlation(f, "y", "x", K),
    "ordinal": lambda f: proportional_odds(f, "item", "x", K),
    "count": lambda f: negative_binomial(f, "count", "x", K),
    "outcomes": lambda f: outcome_contrast(f, "y", "x", K, other_outcome="y2"),
    "predictors": lambda f: predictor_contrasts(f, "y", "x", K, other_predictors=["s2"]),
    "added": lambda f: incremental_variance(f, "y", "x", K, draws=200, rng=rng()),
    "dose": lambda f: dose_response(f, "y", "x", K, rng=rng(), draws=199),
    "moderation": lambda f: moderation(f, "y", "x", K, moderator="m"),
    "mediation": lambda f: indirect_association(f, "y", "x", K, mediator="med", draws=200, rng=rng()),
    "paired": lambda f: paired_contrast(f, "hurt_a", "x"),
    "group": lambda f: group_contrast(f, "y", "x"),
    "share": lambda f: proportion(f, "x", at_least=3),
    "linear checks": lambda f: linear_diagnostics(f, "y", "x", K),
    "count checks": lambda f: count_diagnostics(f, "count", "x", K),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_five_people_and_an_unknown_score_are_refused_in_words(people, call):
    for frame in (people.head(5), people.drop(columns="x")):
        with pytest.raises(NotTestable) as refusal:
            call(frame)
        assert banned_words(str(refusal.value)) == [] and str(refusal.value)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("paired", "group", "share")])
def test_a_constant_predictor_and_a_singular_model_are_refused(people, name):
    with pytest.raises(NotTestable, match="does not vary"):
        CALLS[name](people.assign(x=2.0))
    with pytest.raises(NotTestable, match=r"combination|told apart"):
        CALLS[name](people.assign(x=3 * people["age"] - 1))


def test_particular_refusals(people):
    for call, reason in (
        (lambda: proportional_odds(people.assign(item=people["age"]), "item", "x"), "too many for an ordinal model"),
        (lambda: proportional_odds(people.assign(item=(people["x"] > 1) * 1.0), "item", "x"), "separates"),
        (lambda: negative_binomial(people, "y", "x"), "not a count"),
        (lambda: outcome_contrast(people, "y", "x", other_outcome="y"), "same up to"),
        (lambda: moderation(people.assign(m=1.0), "y", "x", moderator="m"), "does not vary"),
        (lambda: group_contrast(people, "y", "partner"), "3 groups"),
        (lambda: paired_contrast(people, "hurt_a", "hurt_a"), "does not vary"),
    ):
        with pytest.raises(NotTestable, match=reason):
            call()


def test_rows_fit_the_table_and_say_nothing_that_the_report_may_not(people):
    skipped = ("linear checks", "count checks", "group")
    rows = [row for name, call in CALLS.items() if name not in skipped for row in call(people)]
    table = estimates_frame(rows)
    assert (table["n_people"] + table["n_lost"] == len(people)).all() and table["missing_rule"].str.len().all()
    words = {word for name in ("method", "reason", "status", "term", "warnings") for word in table[name]}
    checks = pd.concat([linear_diagnostics(people, "y", "x", K), ordinal_diagnostics(people, "item", "x", K)])
    checks = pd.concat([checks, moderation_diagnostics(people, "y", "x", K, moderator="m")])
    words |= {word for name in ("guide", "instead", "diagnostic", "reason") for word in checks[name]}
    assert [word for word in words if banned_words(word)] == []


def test_a_category_of_one_person_is_left_out_and_named(people):
    alone = people.assign(gender=people["gender"].mask(people.index == 3, 9.0))
    row = moderation(alone, "y", "x", K, moderator="m")[0]
    assert "1 left out" in row.warnings and row.n_people + row.n_lost == len(people)


def test_draws_come_from_the_generator_alone(people):
    same = [cross_sectional_bootstrap(people, "y", "x", K, draws=300, rng=rng(5)).ci_low for _ in range(2)]
    rows = [indirect_association(people, "y", "x", mediator="med", draws=300, rng=rng(s))[0].ci_low for s in (5, 5, 6)]
    assert same[0] == same[1] and rows[0] == rows[1] != rows[2]


def test_the_example_of_the_page_runs(capsys):
    page = Path(__file__).resolve().parents[2] / "docs" / "models-of-people.md"
    exec(page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], {})
    assert "exposure:neglect" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("t", "df", "low", "high"),
    [(-5.0, 12, -7.73302487, -2.16527103), (12.0, 300, 9.8094941, 14.1741846), (3.0, 3, -0.081353277, 5.927219703)],
)
def test_noncentrality_interval_by_r(t, df, low, high):
    """R 4.2.2: uniroot(function(n) pt(t, df, n) - .975, ...) and .025."""
    assert noncentrality_interval(t, df) == pytest.approx((low, high), abs=1e-6)


def test_a_difference_far_from_nil_has_an_interval():
    low, high = noncentrality_interval(200.0, 2000)  # delta method: the SE of t is sqrt(1 + t² / 2 df)
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(1 + 200**2 / 4000), rel=0.01)
    assert (low, high) == pytest.approx(tuple(-end for end in reversed(noncentrality_interval(-200.0, 2000))))
