"""Coefficients, intervals and verdicts against R (tests/reference/inference.R) and against hand-worked cases."""

from __future__ import annotations

import copy
import json
import math
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rejsens import pingouin_adapter
from rejsens.declarations import read_yaml, schema_problems
from rejsens.inference import families, mixed, power
from rejsens.inference.bootstrap import (
    bca_interval,
    bootstrapped_beta,
    cross_sectional_bootstrap,
    jackknife_acceleration,
    jackknifed_beta,
)
from rejsens.inference.correlation import correlations
from rejsens.inference.covariates import carry_constants, covariate_columns, person_waves
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable, estimates_frame, smallest_detectable
from rejsens.inference.regression import change_on_change, cross_sectional, cross_sectional_design
from rejsens.inference.verdicts import adjust, decide, exceeds_sesoi, tost, verdict
from rejsens.seeds import generator
from rejsens.tabular import COLUMNS, schema, tidy

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "inference.json").read_text(encoding="utf-8"))
COVARIATES = [
    {"name": "age", "type": "number"},
    {"name": "gender", "type": "category"},
    {"name": "status", "type": "category", "varies": True},
    {"name": "o", "type": "number", "varies": True},
]
SETTINGS = {
    "alpha": 0.05,
    "ci_level": 0.95,
    "bootstrap_draws": 400,
    "seed": 20260105,
    "imputation": {"m": 0, "most": 60},
}
HYPOTHESIS = {
    "id": "H1", "label": "x and y", "outcome": "y", "predictor": "x", "covariates": COVARIATES,
    "direction": "negative", "sesoi": 0.10, "claim_type": "difference",
}  # fmt: skip


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "inference.csv")


@pytest.fixture(scope="module")
def wave1(panel) -> pd.DataFrame:
    return panel[panel["wave"] == "w1"].reset_index(drop=True)


def family(*hypotheses, **changes) -> dict:
    return {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": list(hypotheses)} | changes


def deciding(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["decides"]].set_index("hypothesis")


def assert_row(row: Estimate, expected: dict) -> None:
    """The project's tolerance is 1e-5 for estimates and 1e-3 for the rest; what is reached is 1e-9 and 1e-6."""
    assert row.estimate == pytest.approx(expected["estimate"], abs=1e-8)
    assert row.se == pytest.approx(expected["se"], rel=1e-6)
    assert row.df == pytest.approx(expected["df"], rel=1e-4)
    assert row.p == pytest.approx(expected["p"], rel=1e-4)
    for end in ("ci_low", "ci_high", "ci90_low", "ci90_high"):
        assert getattr(row, end) == pytest.approx(expected[end], abs=1e-6), end


# --- the table ------------------------------------------------------------------------------------------------------


def test_estimates_have_the_columns_of_the_table_in_order():
    assert [field.name for field in fields(Estimate)] == list(COLUMNS["estimates"])
    for frame in (estimates_frame([Estimate(hypothesis="H1", estimate=0.1)]), estimates_frame([])):
        schema("estimates").validate(tidy(frame, "estimates"))
    assert list(families.hypotheses_frame([]).columns) == list(COLUMNS["hypotheses"])
    assert list(correlations(pd.DataFrame(columns=["wave", "wave_number", "role"]), []).columns) == list(
        COLUMNS["correlations"]
    )


# --- against R ------------------------------------------------------------------------------------------------------


def test_cross_sectional_beta_and_partial_correlation_equal_r(wave1):
    beta, partial = cross_sectional(wave1, "y", "x", COVARIATES, wave="w1")
    assert_row(beta, R["cross"])
    assert (beta.n_people, beta.n_lost) == (R["cross"]["n"], R["cross"]["n_lost"])
    assert partial.estimate == pytest.approx(R["partial"]["estimate"], abs=1e-9)
    assert partial.p == pytest.approx(R["partial"]["p"], rel=1e-9)
    assert [partial.ci_low, partial.ci_high] == pytest.approx([R["partial"]["ci_low"], R["partial"]["ci_high"]])


def test_change_on_change_equals_r(panel):
    row = change_on_change(panel[panel["wave"].isin(["w1", "w2"])], "y", "x", COVARIATES)
    assert_row(row, R["change"])
    assert row.n_people == R["change"]["n_people"]


@pytest.mark.parametrize("model", ["intercept", "slope", "small"])
def test_within_between_equals_lmertest(panel, model):
    if model == "small":
        first = panel["participant"].drop_duplicates()[:45]
        panel = panel[panel["participant"].isin(first) & (panel["wave_number"] <= 3)]
    within, between = mixed.within_between(panel, "y", "x", COVARIATES, random_slope=model == "slope")
    assert_row(within, R[model]["within"])
    assert_row(between, R[model]["between"])
    assert (within.status, between.status) == ("ok", "ok")
    for name in ("n_people", "n_obs", "n_lost"):
        assert getattr(within, name) == R[model][name]


def test_within_person_sd_equals_r(panel):
    rows = panel.dropna(subset=["x", "y", "o"])
    for name, expected in zip("xy", R["intercept"]["sd_within"], strict=True):
        found = mixed.within_person_sd(rows[name].to_numpy(), rows["participant"].to_numpy())
        assert found == pytest.approx(expected, rel=1e-9)


def test_person_clustered_companion_equals_r(panel):
    assert_row(mixed.fixed_effects(panel, "y", "x", COVARIATES), R["fixed_effects"])


def test_jackknife_and_acceleration_equal_r(wave1):
    estimate, jackknife = jackknifed_beta(cross_sectional_design(wave1, "y", "x", COVARIATES))
    expected = pd.read_csv(REFERENCE / "inference_jackknife.csv")["beta"].to_numpy()
    assert estimate == pytest.approx(R["bootstrap"]["estimate"], abs=1e-10)
    np.testing.assert_allclose(np.sort(jackknife), np.sort(expected), atol=1e-9)
    assert jackknife_acceleration(jackknife) == pytest.approx(R["bootstrap"]["acceleration"], rel=1e-6)


def test_bca_interval_of_the_same_draws_equals_r():
    # boot interpolates on the normal scale and this library linearly: at most a tenth of the gap between two draws.
    draws = pd.read_csv(REFERENCE / "inference_draws.csv")["draw"].to_numpy()
    jackknife = pd.read_csv(REFERENCE / "inference_jackknife.csv")["beta"].to_numpy()
    for level, expected in ((0.90, R["bca"]["ci90"]), (0.95, R["bca"]["ci95"])):
        assert bca_interval(R["bca"]["estimate"], draws, jackknife, level) == pytest.approx(expected, abs=3e-4)


def test_draws_equal_to_the_estimate_count_half():
    # 200 draws below, 100 equal, 200 above: z0 = 0, so with no acceleration the plain 5 % and 95 % quantiles
    draws = np.concatenate([np.linspace(-2, -0.01, 200), np.zeros(100), np.linspace(0.01, 2, 200)])
    low, high = bca_interval(0.0, draws, np.array([-1.0, 0, 1]), 0.90)
    assert (low, high) == pytest.approx(np.quantile(draws, [0.05, 0.95], method="weibull"))
    assert math.isnan(bca_interval(3.0, draws, np.array([-1.0, 0, 1]))[0])  # every draw on one side


def test_bootstrap_agrees_with_r_within_monte_carlo_error(wave1):
    rng = generator(1, "H1", "w1")
    row = cross_sectional_bootstrap(wave1, "y", "x", COVARIATES, draws=5000, rng=rng)
    se = R["bootstrap"]["se"]
    assert row.se == pytest.approx(se, abs=4 * se / math.sqrt(2 * 5000))
    for level, ends in ((0.95, "ci95"), (0.90, "ci90")):
        # Error of one end: of the quantile, and of z0, which shifts both ends by twice its own error; for B draws each.
        q = stats.norm.ppf(0.5 + level / 2)
        tail = 0.5 - level / 2
        error = se * math.hypot(math.sqrt(tail * (1 - tail)) / stats.norm.pdf(q), 2 * 0.5 / stats.norm.pdf(0))
        tolerance = 4 * error * math.sqrt(1 / 5000 + 1 / R["bootstrap"]["R"])
        found = (row.ci_low, row.ci_high) if level == 0.95 else (row.ci90_low, row.ci90_high)
        assert found == pytest.approx(R["bootstrap"][ends], abs=tolerance)


def test_correlation_equals_cor_test(panel):
    table = correlations(panel, ["x", "y", "o"])
    row = table[(table["wave"] == "w1") & (table["x"] == "x") & (table["y"] == "y")].iloc[0]
    for name, expected in R["correlation"].items():
        assert row[name] == pytest.approx(expected, rel=1e-9), name
    assert table["wave"].drop_duplicates().tolist() == ["w1", "w2", "w3", "w4"]
    assert table.loc[table["wave"] == "w1", ["x", "y"]].to_numpy().tolist() == [["x", "y"], ["x", "o"], ["y", "o"]]


def test_corrections_tost_and_smallest_detectable_equal_r():
    p = [math.nan if value is None else value for value in R["adjust"]["p"]]
    for ours, theirs in (("holm", "holm"), ("benjamini-hochberg", "bh")):
        expected = [math.nan if value is None else value for value in R["adjust"][theirs]]
        np.testing.assert_allclose(adjust(p, ours), expected, rtol=1e-12)
    np.testing.assert_array_equal(adjust(p, "none"), p)
    t = R["tost"]
    assert tost(t["estimate"], t["se"], t["df"], t["sesoi"]) == pytest.approx((t["lower"], t["upper"]), rel=1e-9)
    for case in R["detectable"]:
        assert smallest_detectable(0.5, case["df"]) == pytest.approx(0.5 * case["multiple"], abs=1e-4)


def test_pingouin_gives_the_known_sample_sizes_at_full_precision():
    # 782, 346 and 194 people: r = .10, .15, .20 at 80 % power in published tables (pwr::pwr.r.test)
    assert [power.people_needed(r) for r in (0.10, 0.15, -0.20)] == [782, 346, 194]
    assert power.smallest_detectable_r(782) == pytest.approx(0.10, abs=1e-4)
    assert math.isnan(power.smallest_detectable_r(3))
    pg = pingouin_adapter.pingouin()
    found = pg.corr([1.0, 2, 3, 4, 5, 6], [2.0, 1, 4, 3, 7, 5])
    assert {"n", "r", "CI95", "p_val"} <= set(found.columns)
    low = math.tanh(math.atanh(found["r"].iloc[0]) - stats.norm.ppf(0.975) / math.sqrt(3))
    assert found["CI95"].iloc[0][0] == pytest.approx(low, abs=1e-6)  # pingouin keeps six decimals here, not two


# --- identities and edges of the models -----------------------------------------------------------------------------


def test_units_do_not_matter_and_signs_do(wave1):
    base = cross_sectional(wave1, "y", "x", COVARIATES)[0]
    scaled = wave1.assign(x=1e-3 * wave1["x"] + 5, y=-40 * wave1["y"], o=wave1["o"] * 1e4, gender=10 - wave1["gender"])
    turned = cross_sectional(scaled, "y", "x", COVARIATES)[0]
    assert [turned.estimate, turned.se, turned.p] == pytest.approx([-base.estimate, base.se, base.p], rel=1e-8)


def test_units_do_not_matter_within_people(panel):
    base = mixed.within_between(panel, "y", "x", COVARIATES)
    scaled = panel.assign(x=1e-3 * panel["x"] + 5, y=40 * panel["y"] - 3, o=panel["o"] * 1e4)
    for row, other in zip(base, mixed.within_between(scaled, "y", "x", COVARIATES), strict=True):
        assert [other.estimate, other.se, other.df] == pytest.approx([row.estimate, row.se, row.df], rel=1e-5)


def test_two_complete_waves_give_the_fixed_effects_coefficient(panel):
    two = panel[panel["wave"].isin(["w1", "w2"])].dropna()
    two = two[two.groupby("participant")["wave"].transform("size") == 2]
    change, fixed = (f(two, "y", "x", COVARIATES) for f in (change_on_change, mixed.fixed_effects))
    assert change.estimate == pytest.approx(fixed.estimate, rel=1e-9)


def test_the_only_person_of_a_category_is_left_out_and_named(wave1):
    lonely = wave1.dropna().copy()
    lonely.loc[lonely.index[0], "gender"] = 9
    without = lonely.iloc[1:]
    found, expected = (cross_sectional(frame, "y", "x", COVARIATES)[0] for frame in (lonely, without))
    assert (found.estimate, found.se, found.df) == pytest.approx((expected.estimate, expected.se, expected.df))
    assert found.n_lost == 1 and "only one in a category" in found.warnings


def test_redundant_covariates_change_nothing_and_a_redundant_predictor_is_refused(wave1):
    base = cross_sectional(wave1, "y", "x", COVARIATES)[0]
    doubled = wave1.assign(again=2 * wave1["o"] - 1)
    extra = cross_sectional(doubled, "y", "x", [*COVARIATES, {"name": "again", "type": "number"}])[0]
    assert (extra.estimate, extra.se, extra.df) == pytest.approx((base.estimate, base.se, base.df))
    with pytest.raises(NotTestable, match="linear combination"):
        cross_sectional(wave1.assign(again=wave1["x"] * 3), "y", "x", [{"name": "again", "type": "number"}])


def test_a_category_that_vanishes_from_a_resample_leaves_the_coefficient_finite(wave1):
    rare = wave1.dropna().copy()
    rare["gender"] = 1.0
    rare.loc[rare.index[:2], "gender"] = 2.0  # absent from about one resample in seven
    draws = bootstrapped_beta(cross_sectional_design(rare, "y", "x", COVARIATES), 300, np.random.default_rng(1))
    assert np.isfinite(draws).all() and np.abs(draws).max() < 1


def test_draws_equal_refitted_models(wave1):
    rare = wave1.dropna().copy()
    rare["gender"] = np.where(np.arange(len(rare)) < 2, 2.0, 1.0)
    design = cross_sectional_design(rare, "y", "x", COVARIATES)
    draws = bootstrapped_beta(design, 40, np.random.default_rng(2))
    n = len(design.y)
    for people, draw in zip(np.random.default_rng(2).integers(0, n, size=(40, n)), draws, strict=True):
        y, x = ((v - v.mean()) / v.std(ddof=1) for v in (design.y[people], design.x[people]))
        matrix = np.column_stack([np.ones(n), x, design.covariates[people]])
        assert draw == pytest.approx(np.linalg.lstsq(matrix, y, rcond=None)[0][1], abs=1e-7)


def test_draws_do_not_depend_on_the_number_of_threads():
    script = (
        "import numpy as np; from rejsens.inference.bootstrap import Design, bootstrapped_beta; "
        "r = np.random.default_rng(1); d = Design(r.normal(size=600), r.normal(size=600), r.normal(size=(600, 6)), 0); "
        "print(bootstrapped_beta(d, 600, r).tobytes().hex())"
    )
    printed = set()
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        environment["PYTHONPATH"] = str(ROOT / "workflow")
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1


def test_covariates_constant_by_design_take_the_first_observed_value():
    scores = pd.DataFrame(
        {"participant": ["a", "a", "b", "b"], "wave": ["w1", "w2"] * 2, "wave_number": [1, 2] * 2, "role": "wave",
         "age": [30.0, 31, np.nan, 40], "gender": [1.0, np.nan, 2, 2], "mood": [1.0, 2, np.nan, 4]}
    )  # fmt: skip
    declared = [
        {"name": "age", "type": "number"},
        {"name": "gender", "type": "category", "varies": False},
        {"name": "mood", "type": "number", "varies": True},
    ]
    filled, warnings = carry_constants(person_waves(scores), declared)
    assert filled["age"].tolist() == [30, 30, 40, 40] and filled["gender"].tolist() == [1, 1, 2, 2]
    assert filled["mood"].isna().sum() == 1
    assert warnings == ["age changes in 1 people; their first value is used"]


def test_the_most_frequent_level_is_the_reference():
    frame = pd.DataFrame({"g": [2.0, 2, 1, 3, 3]})
    assert list(covariate_columns(frame, [{"name": "g", "type": "category"}])) == ["g=1", "g=3"]


def test_a_singular_mixed_model_has_no_numbers_and_a_reason(panel):
    rows = panel.dropna().copy()
    rows["y"] -= rows.groupby("participant")["y"].transform("mean")  # nothing left between people
    assert R["singular"] is True
    for row in mixed.within_between(rows, "y", "x", COVARIATES):
        assert row.status == NOT_TESTABLE and "singular" in row.reason
        assert math.isnan(row.estimate) and math.isnan(row.p)


def test_a_random_slope_that_does_not_exist_falls_back_and_says_so():
    rng = np.random.default_rng(5)  # the slope is 0 for everyone; this draw puts its variance on the boundary
    person = np.repeat(np.arange(80), 4)
    flat = pd.DataFrame({"participant": person, "wave": list("abcd") * 80, "wave_number": [1, 2, 3, 4] * 80})
    flat["x"], flat["y"] = rng.normal(size=320), rng.normal(size=80)[person] + rng.normal(size=320)
    with_slope = mixed.within_between(flat, "y", "x", random_slope=True)[0]
    without = mixed.within_between(flat, "y", "x")[0]
    assert with_slope.status == "random slope not admissible: random intercept only"
    assert with_slope.estimate == without.estimate and "random intercept," in with_slope.method


def test_a_slope_that_differs_between_people_is_warned_about():
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(120), 6)
    wide = pd.DataFrame({"participant": person, "wave": list("abcdef") * 120, "wave_number": list(range(6)) * 120})
    wide["x"] = rng.normal(size=720)
    wide["y"] = rng.normal(size=120)[person] + rng.normal(size=120)[person] * wide["x"] + rng.normal(size=720)
    table = families.test_family(wide.assign(role="wave"), family(HYPOTHESIS | {"covariates": []}), SETTINGS)
    assert "times the model's" in deciding(table).loc["H1", "warnings"]
    table = families.test_family(
        wide.assign(role="wave"), family(HYPOTHESIS | {"covariates": []}, random_slope=True), SETTINGS
    )
    assert deciding(table).loc["H1", "warnings"] == ""


# --- verdicts -------------------------------------------------------------------------------------------------------


def a_row(estimate, half, half90=None, **changes) -> Estimate:
    half90 = half if half90 is None else half90
    defaults = {
        "estimate": estimate, "se": half / 2, "df": 100.0, "p": 0.5, "p_adjusted": 0.5, "ci_level": 0.95,
        "ci_low": estimate - half, "ci_high": estimate + half, "ci90_low": estimate - half90,
        "ci90_high": estimate + half90, "sesoi": 0.10, "direction": "negative", "claim_type": "difference",
        "smallest_detectable": 0.12, "decides": True,
    }  # fmt: skip
    return Estimate(**(defaults | changes))


NAN = math.nan
TRUTH = [
    # what, row, verdict, exceeds
    ("no estimate", a_row(NAN, 0.1), "not testable", ""),
    ("refused", a_row(-0.3, 0.1, p_adjusted=0.001, status=NOT_TESTABLE), "not testable", ""),
    ("no p", a_row(-0.3, 0.1, p_adjusted=NAN), "not testable", ""),
    ("no interval", a_row(-0.3, 0.1, p_adjusted=0.01, ci90_low=NAN), "not testable", ""),
    ("small and clear", a_row(-0.05, 0.04, p_adjusted=0.01), "equivalent", "no"),
    ("small, unclear", a_row(0.00, 0.12, 0.09, p_adjusted=0.9), "equivalent", "uncertain"),
    ("90 % end on the bound", a_row(0.0, 0.11, 0.10, p_adjusted=0.9), "inconclusive", "uncertain"),
    ("declared sign, large", a_row(-0.30, 0.10, p_adjusted=0.001), "supported", "yes"),
    ("declared sign, unsettled size", a_row(-0.15, 0.10, p_adjusted=0.03), "supported", "uncertain"),
    ("other sign", a_row(0.30, 0.10, p_adjusted=0.001), "opposite", "yes"),
    ("p on alpha", a_row(-0.15, 0.10, p_adjusted=0.05), "inconclusive", "uncertain"),
    ("p below alpha before correction only", a_row(-0.15, 0.10, p=0.02, p_adjusted=0.06), "inconclusive", "uncertain"),
    ("wide", a_row(-0.05, 0.30), "inconclusive", "uncertain"),
    ("positive as declared", a_row(0.30, 0.1, p_adjusted=0.001, direction="positive"), "supported", "yes"),
    ("negative though positive declared", a_row(-0.3, 0.1, p_adjusted=0.001, direction="positive"), "opposite", "yes"),
    ("equivalence: inside", a_row(0.01, 0.05, claim_type="equivalence", direction=""), "equivalent", "no"),
    ("equivalence: beyond", a_row(0.3, 0.1, claim_type="equivalence", direction=""), "opposite", "yes"),
    ("equivalence: a difference of unsettled size", a_row(0.15, 0.1, claim_type="equivalence", p_adjusted=0.001,
                                                          direction=""), "inconclusive", "uncertain"),
    ("non-inferiority: not worse", a_row(0.05, 0.12, claim_type="non-inferiority", direction="positive",
                                         p_adjusted=0.01), "supported", "uncertain"),
    ("non-inferiority: worse", a_row(-0.3, 0.1, claim_type="non-inferiority", direction="positive",
                                     p_adjusted=0.99), "opposite", "yes"),
    ("non-inferiority: better by far, p not small", a_row(0.3, 0.1, claim_type="non-inferiority", direction="positive",
                                                          p_adjusted=0.2), "inconclusive", "yes"),
    ("non-inferiority: negative declared, worse", a_row(0.3, 0.1, claim_type="non-inferiority", p_adjusted=0.9),
     "opposite", "yes"),
    ("non-inferiority: inside", a_row(0.0, 0.05, claim_type="non-inferiority", p_adjusted=0.001), "equivalent", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "row", "expected", "exceeds"), TRUTH, ids=[case[0] for case in TRUTH])
def test_truth_table_of_verdicts(what, row, expected, exceeds):
    assert verdict(row) == expected
    if exceeds:
        assert exceeds_sesoi(row.ci_low, row.ci_high, row.sesoi) == exceeds


def test_an_interval_that_touches_the_bound_is_uncertain():
    assert exceeds_sesoi(0.10, 0.30, 0.10) == "uncertain"
    assert exceeds_sesoi(-0.10, 0.05, 0.10) == "uncertain"
    assert exceeds_sesoi(math.nextafter(0.10, 1), 0.30, 0.10) == "yes"


def test_equivalence_by_interval_and_by_two_one_sided_tests_agree():
    rng = np.random.default_rng(2)
    for estimate, se in zip(rng.normal(0, 0.06, 300), rng.uniform(0.01, 0.06, 300), strict=True):
        half = stats.t.ppf(0.95, 40) * se
        inside = abs(estimate) + half < 0.10
        assert inside == (max(tost(estimate, se, 40, 0.10)) < 0.05)


def test_only_deciding_rows_enter_the_correction_and_carry_verdicts():
    rows = [
        a_row(-0.3, 0.1, p=0.01),
        a_row(-0.3, 0.1, p=0.02),
        a_row(-0.3, 0.1, p=0.0001, p_adjusted=math.nan, decides=False),
        Estimate(decides=True, status=NOT_TESTABLE, reason="too few", claim_type="difference", sesoi=0.1),
    ]
    decided = decide(rows, "holm")
    assert [row.p_adjusted for row in decided[:2]] == pytest.approx([0.02, 0.02])
    assert (decided[2].verdict, decided[2].exceeds_sesoi, decided[2].reason) == ("", "", "")
    assert math.isnan(decided[2].p_adjusted) and math.isfinite(decided[2].p_equivalence)
    assert (decided[3].verdict, decided[3].reason, decided[3].exceeds_sesoi) == (NOT_TESTABLE, "too few", "")


@pytest.mark.parametrize(
    ("rule", "adjusted"), [("holm", [0.03, 0.06, 0.06]), ("benjamini-hochberg", [0.03, 0.045, 0.045])]
)
def test_an_equivalence_claim_is_none_of_the_tests_of_a_difference(rule, adjusted):
    """By hand, m = 3. Holm: 3 x .01, 2 x .03, 1 x .045 raised to .06; BH: 3/1 x .01, 3/2 x .03, 3/3 x .045. With the claim
    among them m would be 4, and .01 would come to .04."""
    claimed = a_row(0.01, 0.05, half90=0.042, p=0.7, claim_type="equivalence", direction="")
    open_ = a_row(0.08, 0.05, half90=0.042, p=1e-9, claim_type="equivalence", direction="")
    others = [a_row(-0.3, 0.1, p=p) for p in (0.01, 0.03, 0.045)]
    *tested, first, second = decide([*others, claimed, open_], rule)
    assert [row.p_adjusted for row in tested] == pytest.approx(adjusted)
    own = max(tost(claimed.estimate, claimed.se, claimed.df, 0.10))
    assert first.p_adjusted == first.p_equivalence == pytest.approx(own)
    assert (first.verdict, second.verdict) == ("equivalent", "inconclusive")  # by the 90 % interval alone
    assert second.reason.startswith("unadjusted p = ") and "over 3 tests" in tested[0].reason
    assert decide([replace(claimed, p=NAN)], rule)[0].verdict == "equivalent"


def test_a_non_inferiority_claim_is_tested_against_the_unfavourable_bound():
    better = a_row(0.30, 0.1, claim_type="non-inferiority", direction="positive")
    below, above = tost(better.estimate, better.se, better.df, better.sesoi)
    assert decide([better], "none")[0].p_equivalence == below < 0.001
    assert decide([replace(better, direction="negative")], "none")[0].p_equivalence == above > 0.999


def test_reasons_state_interval_bounds_and_what_could_have_been_found():
    wide, small, clear, refuted = (
        decide([row], "holm")[0]
        for row in (
            a_row(-0.05, 0.30, p=0.7),
            a_row(0.01, 0.05, p=0.6),
            a_row(-0.3, 0.1, p=0.0001),
            a_row(-0.15, 0.1, p=0.06),
        )
    )
    assert wide.reason == (
        "the 95% interval [−0.350, 0.250] includes 0, and the 90% interval [−0.350, 0.250] reaches beyond ±0.10; "
        "smallest effect detectable with 80% power, before correction: 0.12"
    )
    assert small.reason == "the 90% interval [−0.040, 0.060] lies inside ±0.10"
    assert clear.reason == (
        "Holm p < .001 over 1 test with the declared sign; the 95% interval [−0.400, −0.200] lies beyond ±0.10"
    )
    assert "excludes 0, but Holm p = .060 over 1 test is not below 0.05" in refuted.reason


# --- families -------------------------------------------------------------------------------------------------------


def test_the_number_of_waves_decides_which_coefficient_decides(panel):
    expected = {1: ("cross_sectional", "beta"), 2: ("change", "beta_within"), 3: ("within_between", "beta_within")}
    for n_waves, (analysis, metric) in expected.items():
        table = families.test_family(panel[panel["wave_number"] <= n_waves], family(HYPOTHESIS), SETTINGS)
        schema("estimates").validate(tidy(table, "estimates"))
        row = deciding(table).loc["H1"]
        assert (row["analysis"], row["metric"]) == (analysis, metric)
        assert (table["analysis"] == "cross_sectional_bootstrap").sum() == n_waves
        assert (table.loc[~table["decides"], "verdict"] == "").all()
        over = table["wave"].eq("all")
        assert (table.loc[over, "invariance"] == "not assessed").all()
        assert (table.loc[~over, "invariance"] == "").all()
        weighted = table["analysis"] == "inverse_probability"
        assert (table.loc[~weighted, "missing_rule"] == "complete cases, provisional").all()
        assert weighted.sum() == (n_waves == 3)


def test_rows_of_the_family_equal_r(panel):
    table = families.test_family(panel, family(HYPOTHESIS), SETTINGS)
    row = deciding(table).loc["H1"]
    assert row["estimate"] == pytest.approx(R["intercept"]["within"]["estimate"], abs=1e-5)
    assert row["p_adjusted"] == row["p"]  # one test
    assert (row["verdict"], row["direction"]) == ("supported", "negative")
    cross = table[(table["analysis"] == "cross_sectional") & (table["wave"] == "w1") & (table["metric"] == "beta")]
    assert cross["estimate"].item() == pytest.approx(R["cross"]["estimate"], abs=1e-9)


def test_same_seed_same_table_whatever_the_order_of_rows(panel):
    first = families.test_family(panel, family(HYPOTHESIS), SETTINGS)
    shuffled = families.test_family(panel.sample(frac=1, random_state=4), family(HYPOTHESIS), SETTINGS)
    pd.testing.assert_frame_equal(first, shuffled, check_exact=True)
    other = families.test_family(panel, family(HYPOTHESIS), SETTINGS | {"seed": 1})
    drawn = first["analysis"] == "cross_sectional_bootstrap"
    assert (first.loc[drawn, "ci_low"] != other.loc[drawn, "ci_low"]).all()
    pd.testing.assert_frame_equal(first[~drawn], other[~drawn])


def test_another_hypothesis_or_wave_changes_no_bootstrap(panel):
    def boot(table):
        rows = table[(table["analysis"] == "cross_sectional_bootstrap") & (table["hypothesis"] == "H1")]
        return rows.set_index("wave")[["ci_low", "ci_high"]]

    alone = boot(families.test_family(panel[panel["wave_number"] == 1], family(HYPOTHESIS), SETTINGS))
    more = boot(families.test_family(panel, family(HYPOTHESIS | {"id": "H2"}, HYPOTHESIS), SETTINGS))
    pd.testing.assert_frame_equal(alone, more.loc[["w1"]])


def test_waves_with_the_same_answers_get_different_draws(wave1):
    twice = pd.concat([wave1, wave1.assign(wave="w2", wave_number=2)])
    table = families.test_family(twice, family(HYPOTHESIS), SETTINGS)
    ends = table.loc[table["analysis"] == "cross_sectional_bootstrap", ["estimate", "ci_low"]].to_numpy()
    assert ends[0, 0] == ends[1, 0] and ends[0, 1] != ends[1, 1]


def test_a_wave_that_did_not_ask_is_not_counted_as_lost(panel):
    def n_lost(frame):
        return deciding(families.test_family(frame, family(HYPOTHESIS), SETTINGS)).loc["H1", "n_lost"]

    unasked = panel[panel["wave"] == "w1"].assign(wave="w9", wave_number=9, x=np.nan)
    assert n_lost(pd.concat([panel, unasked])) == n_lost(panel) == R["intercept"]["n_lost"]


def test_retest_rows_are_not_used(panel):
    retest = panel[panel["wave"] == "w1"].assign(wave="retest", wave_number=9, role="retest", y=lambda d: d["x"])
    with_retest = families.test_family(pd.concat([panel, retest]), family(HYPOTHESIS), SETTINGS)
    pd.testing.assert_frame_equal(with_retest, families.test_family(panel, family(HYPOTHESIS), SETTINGS))


def test_what_cannot_run_says_why_and_the_others_still_run(panel):
    broken = panel.assign(flat=3.0, never=np.nan, stable=panel.groupby("participant")["x"].transform("first"))
    hypotheses = [
        HYPOTHESIS | {"id": "H1"},
        HYPOTHESIS | {"id": "H2", "predictor": "flat"},
        HYPOTHESIS | {"id": "H3", "predictor": "never"},
        HYPOTHESIS | {"id": "H4", "outcome": "not_a_score"},
        HYPOTHESIS | {"id": "H5", "predictor": "stable"},
        HYPOTHESIS | {"id": "H6", "covariates": [{"name": "stress", "type": "number"}]},
    ]
    table = deciding(families.test_family(broken, family(*hypotheses), SETTINGS))
    assert list(table.index) == ["H1", "H2", "H3", "H4", "H5", "H6"]
    assert table["verdict"].tolist() == ["supported", *["not testable"] * 5]
    reasons = table["reason"].to_dict()
    assert "does not vary" in reasons["H2"] and "does not vary within people" in reasons["H5"]
    assert reasons["H3"] == "no wave holds both y and never"
    assert reasons["H4"].startswith("not_a_score is not among") and reasons["H6"].startswith("stress is not among")
    assert table.loc["H1", "p_adjusted"] == table.loc["H1", "p"]  # the others made no test


def test_few_people_are_not_testable_in_any_number_of_waves(panel):
    few = panel[panel["participant"].isin(panel["participant"].drop_duplicates()[:5])]
    for n_waves in (1, 2, 4):
        row = deciding(families.test_family(few[few["wave_number"] <= n_waves], family(HYPOTHESIS), SETTINGS)).loc["H1"]
        assert row["verdict"] == "not testable" and row["reason"]


def test_three_waves_of_different_people_are_not_testable(panel):
    number = panel["participant"].str[1:].astype(int) % 4 + 1
    apart = panel[panel["wave_number"] == number]
    row = deciding(families.test_family(apart, family(HYPOTHESIS), SETTINGS)).loc["H1"]
    assert row["verdict"] == "not testable" and row["reason"].startswith("nobody has two complete waves")


def test_two_rows_of_a_person_in_one_wave_are_told_and_nothing_is_tested(panel):
    twice = pd.concat([panel, panel.iloc[:1]])
    row = deciding(families.test_family(twice, family(HYPOTHESIS), SETTINGS)).loc["H1"]
    assert row["verdict"] == "not testable" and "more than one row" in row["reason"] and np.isnan(row["estimate"])


def test_a_true_null_is_rarely_supported_and_a_true_effect_usually():
    # The machinery, not the rate: 400 studies of 60 people, and the count may exceed 2.5 % by three Monte Carlo errors.
    rng = np.random.default_rng(11)
    counts = {0.0: 0, -0.5: 0}
    for effect in counts:
        for _ in range(400):
            x = rng.normal(size=60)
            frame = pd.DataFrame({"x": x, "y": effect * x + rng.normal(size=60)})
            row = replace(
                cross_sectional(frame, "y", "x")[0],
                sesoi=0.10, direction="negative", claim_type="difference", decides=True,
            )  # fmt: skip
            counts[effect] += decide([row], "holm")[0].verdict == "supported"
    assert counts[0.0] <= 400 * (0.025 + 3 * math.sqrt(0.025 * 0.975 / 400))
    assert counts[-0.5] > 0.8 * 400


def test_a_true_null_within_people_is_rarely_supported():
    rng = np.random.default_rng(12)
    person, supported = np.repeat(np.arange(50), 3), 0
    for _ in range(60):
        x, y = (rng.normal(size=50)[person] + rng.normal(size=150) for _ in range(2))
        data = pd.DataFrame({"participant": person, "wave": list("abc") * 50, "wave_number": [1, 2, 3] * 50})
        row = mixed.within_between(data.assign(x=x, y=y), "y", "x")[0]
        row = replace(row, sesoi=0.10, direction="negative", claim_type="difference", decides=True)
        supported += decide([row], "holm")[0].verdict == "supported"
    assert supported <= 60 * (0.025 + 3 * math.sqrt(0.025 * 0.975 / 60))


# --- the family file ------------------------------------------------------------------------------------------------


def test_the_primary_family_is_as_declared():
    primary = read_yaml(ROOT / "config" / "hypotheses" / "primary.yaml", "hypotheses")
    frame = families.hypotheses_frame([primary])
    schema("hypotheses").validate(tidy(frame, "hypotheses"))
    assert frame["hypothesis"].tolist() == ["H1", "H2", "H3"]
    assert frame["outcome"].tolist() == ["rses_sum", "mreii_hv", "mreii_sb"]
    assert frame["direction"].tolist() == ["negative", "positive", "positive"]
    assert (frame["sesoi"] == 0.10).all() and frame["confirmatory"].all() and (frame["correction"] == "holm").all()
    assert {c["name"] for h in primary["hypotheses"] for c in h["covariates"]} == {
        "age", "gender", "relationship_status", "mreii_o_freq",
    }  # fmt: skip
    assert not any(c["name"] in ("rses_sum", "mreii_hv", "mreii_sb") for c in primary["hypotheses"][0]["covariates"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f.update(corection="holm"),
        lambda f: f.pop("declared"),
        lambda f: f["hypotheses"][0].pop("direction"),
        lambda f: f["hypotheses"][0].pop("sesoi"),
        lambda f: f["hypotheses"][0].update(sesoi=0),
        lambda f: f["hypotheses"][0].update(claim_type="superiority"),
        lambda f: f["hypotheses"][0]["claim"].update(page=3),
        lambda f: f["hypotheses"][0]["covariates"][0].update(kind="number"),
        lambda f: f["hypotheses"].clear(),
    ],
)
def test_a_damaged_family_file_is_refused(damage):
    primary = copy.deepcopy(read_yaml(ROOT / "config" / "hypotheses" / "primary.yaml", "hypotheses"))
    assert schema_problems(primary, "hypotheses", "primary") == []
    damage(primary)
    assert schema_problems(primary, "hypotheses", "primary") != []


def test_an_equivalence_claim_needs_no_direction():
    primary = copy.deepcopy(read_yaml(ROOT / "config" / "hypotheses" / "primary.yaml", "hypotheses"))
    primary["hypotheses"][0]["claim_type"] = "equivalence"
    primary["hypotheses"][0].pop("direction")
    assert schema_problems(primary, "hypotheses", "primary") == []
