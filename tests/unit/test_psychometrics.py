"""Factor models, reliability, item statistics, keying checks: against R (tests/reference/psychometrics.R), by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rejsens.definitions import Score
from rejsens.psychometrics import (
    alpha,
    assess,
    cfa,
    item_keying,
    item_statistics,
    keying,
    omega,
    response_distribution,
    spearman_brown,
)
from rejsens.psychometrics.engine import minimise
from rejsens.psychometrics.engine.moments import implied
from rejsens.psychometrics.engine.normal import NormalLikelihood, sample_from_moments, sample_from_rows
from rejsens.psychometrics.engine.standardise import standardised
from rejsens.psychometrics.engine.start import start_values
from rejsens.psychometrics.engine.table import Parameter, Structure, Table, compile_table
from rejsens.psychometrics.scale import FORMATIVE, SINGLE_ITEM
from rejsens.tabular import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "psychometrics.json").read_text(encoding="utf-8"))
DATA = {
    name: pd.read_csv(REFERENCE / f"psychometrics_{name}.csv")
    for name in ("continuous", "ordinal", "three_items", "missing", "heywood", "misfit")
}
THREE = {"f": ["x1", "x2", "x3"], "g": ["x4", "x5", "x6"], "h": ["x7", "x8", "x9"]}
MODELS = {
    "continuous": ("continuous", THREE, "marker"),
    "continuous_variance": ("continuous", THREE, "variance"),
    "crossed": ("continuous", {**THREE, "f": ["x1", "x2", "x3", "x9"]}, "marker"),
    "missing": ("missing", THREE, "marker"),
    "ordinal": ("ordinal", {"f": list(DATA["ordinal"])}, "marker"),
    "three_items": ("three_items", {"f": ["t1", "t2", "t3"]}, "marker"),
    "heywood": ("heywood", {"f": ["h1", "h2", "h3", "h4"]}, "marker"),
    "misfit": ("misfit", {"f": ["m1", "m2", "m3", "m4", "m5"]}, "marker"),
}
INDICES = {"cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "rmsea_ci_low": "rmsea.ci.lower",
           "rmsea_ci_high": "rmsea.ci.upper", "srmr": "srmr", "p": "pvalue"}  # fmt: skip


def fitted(name: str):
    data, model, identification = MODELS[name]
    return cfa(DATA[data], model, identification=identification)


def with_correlations(correlations, n: int = 200) -> pd.DataFrame:
    """Data whose sample correlations are exactly these."""
    values = np.random.default_rng(5).normal(size=(n, len(correlations)))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(values.T @ values / n)).T
    return pd.DataFrame(white @ np.linalg.cholesky(np.asarray(correlations)).T).rename(columns="i{}".format)


def implied_by(loading: float, latent) -> np.ndarray:
    """Correlations of three items per factor, all loadings equal."""
    latent = np.asarray(latent, dtype=float)
    loadings = np.kron(np.eye(len(latent)), np.full((3, 1), loading))
    out = loadings @ latent @ loadings.T
    np.fill_diagonal(out, 1.0)
    return out


# --- against lavaan --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in MODELS if name != "three_items"])
def test_fit_equals_lavaan(name):
    model, reference = fitted(name), R["models"][name]
    assert (model.n, model.n + model.n_lost) == (reference["n"], reference["n_total"])
    fit, lavaan = model.fit, reference["fit"]
    assert fit.df == lavaan["df"]
    assert fit.chi2 == pytest.approx(lavaan["chisq"], abs=1e-3, rel=1e-5)
    for ours, theirs in (("loglik", "logl"), ("aic", "aic"), ("bic", "bic")):
        assert getattr(fit, ours) == pytest.approx(lavaan[theirs], abs=1e-3)
    for ours, theirs in INDICES.items():
        assert getattr(fit, ours) == pytest.approx(lavaan[theirs], abs=1e-4), ours
    assert model.fit_status == "reported"


@pytest.mark.parametrize("name", MODELS)
def test_loadings_and_their_errors_equal_lavaan(name):
    model, rows = fitted(name), pd.DataFrame(R["models"][name]["loadings"])
    ours = rows[["lhs", "rhs"]].merge(model.loadings, left_on=["lhs", "rhs"], right_on=["factor", "item"])
    assert len(ours) == len(rows) == len(model.loadings)
    np.testing.assert_allclose(ours["std"], rows["std"], atol=1e-4)
    np.testing.assert_allclose(ours["estimate"], rows["est"], rtol=1e-4)
    for column in ("std_se", "std_ci_low", "std_ci_high"):
        np.testing.assert_allclose(ours[column], rows[column], atol=1e-3)
    free = rows["se"] > 0  # lavaan gives a fixed loading an error of 0, we give it none
    assert (ours["se"].notna() == free).all()
    for column, theirs in (("se", "se"), ("ci_low", "ci.lower"), ("ci_high", "ci.upper")):
        np.testing.assert_allclose(ours.loc[free, column], rows.loc[free, theirs], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_their_covariance_equal_lavaan(name):
    model, reference = fitted(name), R["models"][name]
    names = reference["parameters"]
    assert sorted(names) == sorted(model.parameters.index)
    np.testing.assert_allclose(model.parameters[names], reference["coef"], rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(model.covariance.loc[names, names], reference["covariance"], rtol=2e-3, atol=1e-4)
    residuals = pd.DataFrame(reference["residual_variances"]).set_index("lhs")
    ours = model.residual_variances.set_index("item")
    np.testing.assert_allclose(ours.loc[residuals.index, "se"], residuals["se"], atol=1e-3)


@pytest.mark.parametrize("name", ["continuous", "continuous_variance", "missing", "crossed"])
def test_factor_correlations_equal_lavaan(name):
    ours, rows = fitted(name).factor_correlations, pd.DataFrame(R["models"][name]["factor_correlations"])
    assert ours[["x", "y"]].to_numpy().tolist() == rows[["lhs", "rhs"]].to_numpy().tolist()
    np.testing.assert_allclose(ours["estimate"], rows["est.std"], atol=1e-4)
    for column, theirs in (("se", "se"), ("ci_low", "ci.lower"), ("ci_high", "ci.upper")):
        np.testing.assert_allclose(ours[column], rows[theirs], atol=1e-3)


# --- admissibility ---------------------------------------------------------------------------------------------------


def test_three_items_have_parameters_but_no_fit():
    model = fitted("three_items")
    assert model.status == "admissible"
    assert model.fit_status == "not reported: the model is just identified (0 degrees of freedom)"
    assert model.fit.df == 0
    assert all(np.isnan(value) for name, value in asdict(model.fit).items() if name != "df")


def test_heywood_case_is_shown_as_inadmissible_and_omega_is_withheld():
    model = fitted("heywood")
    assert not model.admissible
    assert model.status == "negative residual variance: h1; standardised loading outside ±1: h1"
    assert model.residual_variances.loc[0, "estimate"] < 0
    withheld = omega(DATA["heywood"])
    assert np.isnan([withheld.estimate, withheld.ci_low, withheld.ci_high]).all()
    assert withheld.status.startswith(
        "not reported: the one-factor model is not admissible (negative residual variance: h1"
    )


def test_factor_correlation_outside_one():
    items = with_correlations(implied_by(0.5, [[1, 1.2], [1.2, 1]]))
    model = cfa(items, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]})
    assert model.factor_correlations.loc[0, "estimate"] == pytest.approx(1.2, abs=1e-6)
    assert model.status == "factor correlation outside ±1: a with b"


def test_factor_correlations_that_no_population_has():
    items = with_correlations(implied_by(0.5, [[1, 0.8, 0.8], [0.8, 1, 0.1], [0.8, 0.1, 1]]))
    model = cfa(items, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"], "c": ["i6", "i7", "i8"]})
    assert model.status == "the factor correlations are not positive definite"


def test_likelihood_without_a_maximum_has_not_converged():
    # One negative correlation of three: the squared loading .3 x .3 / -.05 cannot be.
    items = with_correlations([[1, 0.3, 0.3], [0.3, 1, -0.05], [0.3, -0.05, 1]])
    model = cfa(items, {"f": ["i0", "i1", "i2"]})
    assert model.status.startswith("not converged: the largest gradient element is")
    assert model.status.endswith("the residual variance of i0 falls without limit")
    assert model.gradient_norm > minimise.GRADIENT_NORM
    assert model.loadings["std"].isna().all() and model.parameters.isna().all()
    assert omega(items).status.startswith("not reported: the one-factor model is not admissible (not converged")


def test_information_that_is_not_positive_definite():
    # Two items a factor are enough only while the factors correlate, and here they do not.
    items = with_correlations(np.kron(np.eye(2), [[1, 0.5], [0.5, 1]]))
    model = cfa(items, {"a": ["i0", "i1"], "b": ["i2", "i3"]})
    assert "information matrix is not positive definite" in model.status
    assert model.covariance.isna().to_numpy().all() and model.loadings["se"].isna().all()


def test_too_many_parameters():
    model = cfa(DATA["continuous"], {"f": ["x1", "x2"]})
    assert (
        model.status == "not estimated: the model is not identified (1 more parameter than variances and covariances)"
    )
    assert model.fit.df == -1


def test_a_model_that_counts_well_and_is_not_identified():
    model = cfa(DATA["continuous"], {"a": ["x1"], "b": ["x2", "x3", "x4", "x5"]})
    assert model.status == "not estimated: the model is not identified: a~~a, x1~~x1 cannot be told apart"
    assert model.fit.df == 4 and model.parameters.isna().all()


# --- the mathematics -------------------------------------------------------------------------------------------------


def path_model(means: bool) -> Structure:
    """Everything at once: crossed loadings, regressions of factors and items, covariances of residuals and factors."""
    names = [f"x{i}" for i in range(1, 10)]
    rows = [Parameter(f, "=~", item) for f, items in THREE.items() for item in items]
    rows += [
        Parameter("f", "=~", "x9"),
        Parameter("g", "~", "f"),
        Parameter("x1", "~", "g"),
        Parameter("x9", "~", "x2"),
    ]
    rows += [Parameter(name, "~~", name) for name in (*names, "f", "g", "h")]
    rows += [Parameter("g", "~~", "h"), Parameter("x1", "~~", "x2"), Parameter("x7", "~~", "x8", label="same")]
    rows += [Parameter("x4", "~~", "x5", label="same")]
    rows += [Parameter(name, "~1") for name in (*names, "f", "g", "h")] * means
    return compile_table(Table(tuple(names), ("f", "g", "h"), tuple(rows), means=means))


@pytest.mark.parametrize("data", ["continuous", "continuous with means", "missing"])
def test_derivatives_equal_numerical_ones(data):
    structure = path_model(data != "continuous")
    values = (DATA[data.split()[0]] / DATA["continuous"].std()).to_numpy()
    likelihood = NormalLikelihood(structure, [sample_from_rows(values)])
    start = start_values(structure, [(np.nanmean(values, axis=0), pd.DataFrame(values).cov().to_numpy())])
    start += np.random.default_rng(3).normal(size=structure.size) * 0.05
    steps = 1e-5 * np.eye(structure.size)
    sides = [[likelihood.at(start + sign * step) for sign in (1, -1)] for step in steps]
    gradient = [(high.value - low.value) / 2e-5 for high, low in sides]
    hessian = [(likelihood.gradient(high) - likelihood.gradient(low)) / 2e-5 for high, low in sides]
    point = likelihood.at(start)
    np.testing.assert_allclose(likelihood.gradient(point), gradient, atol=1e-7)
    np.testing.assert_allclose(likelihood.hessian(point), hessian, atol=1e-6)
    total = np.zeros(structure.size)
    for _, block in likelihood.scores(point):
        np.add.at(total, structure.cells[0].parameter, block.sum(axis=0))
    np.testing.assert_allclose(-2 * total / len(values), likelihood.gradient(point), atol=1e-12)


def test_information_is_the_expected_curvature():
    """Where the sample's moments are the model's own, the observed curvature of f is the expected one."""
    structure = path_model(True)
    start = start_values(structure, [(np.arange(9.0), DATA["continuous"].corr().to_numpy())])
    state = implied(structure.fill(start)[0], 9)
    likelihood = NormalLikelihood(structure, [sample_from_moments(100, state.sigma, state.mu)])
    point = likelihood.at(start)
    np.testing.assert_allclose(likelihood.gradient(point), 0, atol=1e-12)
    np.testing.assert_allclose(likelihood.expected(point), likelihood.hessian(point), atol=1e-10)


def test_standardised_derivatives_equal_numerical_ones():
    structure = path_model(True)
    start = start_values(structure, [(np.arange(9.0), DATA["continuous"].corr().to_numpy())])
    values = lambda at: standardised(structure, 0, implied(structure.fill(at)[0], 9))[1]  # noqa: E731
    numeric = [(values(start + step) - values(start - step)) / 2e-6 for step in 1e-6 * np.eye(structure.size)]
    slopes = standardised(structure, 0, implied(structure.fill(start)[0], 9))[2]
    np.testing.assert_allclose(slopes, np.transpose(numeric), atol=1e-7)


def test_population_parameters_are_recovered_exactly():
    items = with_correlations(implied_by(0.7, [[1, 0.4], [0.4, 1]]))
    model = cfa(items, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]})
    np.testing.assert_allclose(model.loadings["std"], 0.7, atol=1e-7)
    assert model.factor_correlations.loc[0, "estimate"] == pytest.approx(0.4, abs=1e-7)
    assert model.fit.chi2 == pytest.approx(0, abs=1e-6)
    assert (model.fit.cfi, model.fit.rmsea, model.fit.rmsea_ci_low) == (1.0, 0.0, 0.0)


def test_standardised_results_depend_on_neither_order_nor_units():
    data, first = DATA["continuous"], fitted("continuous")
    turned = {factor: items[::-1] for factor, items in reversed(THREE.items())}
    units = pd.Series([1e-3, 1e4, 1, 7, 0.1, 50, 1e-2, 3, 1e5], index=data.columns)
    wanted = first.loadings.set_index("item")
    for other in (cfa(data[data.columns[::-1]], turned), cfa(data * units + 12, THREE)):
        found = other.loadings.set_index("item").loc[wanted.index]
        np.testing.assert_allclose(found[["std", "std_se"]], wanted[["std", "std_se"]], atol=1e-7)
        assert other.fit.chi2 == pytest.approx(first.fit.chi2, abs=1e-6)
    scaled = cfa(data * units, THREE).loadings
    markers = np.repeat(units[["x1", "x4", "x7"]].to_numpy(), 3)
    ratio = scaled["estimate"] / first.loadings["estimate"]
    np.testing.assert_allclose(ratio, units[scaled["item"]].to_numpy() / markers)


def test_identification_changes_neither_fit_nor_standardised_results():
    marker, variance = fitted("continuous"), fitted("continuous_variance")
    assert asdict(marker.fit) == pytest.approx(asdict(variance.fit), abs=1e-9, nan_ok=True)
    np.testing.assert_allclose(marker.loadings[["std", "std_se"]], variance.loadings[["std", "std_se"]], atol=1e-7)
    assert (marker.loadings.groupby("factor")["estimate"].first() == 1).all()
    assert variance.loadings["se"].notna().all()
    np.testing.assert_allclose(marker.implied, variance.implied, rtol=1e-10)


def test_a_model_that_fits_badly_converges_by_newtons_method(monkeypatch):
    assert fitted("misfit").gradient_norm < minimise.GRADIENT_NORM
    monkeypatch.setattr(minimise, "SCORING_ITERATIONS", minimise.MAX_ITERATIONS)
    assert fitted("misfit").status.startswith("not converged")


def test_factor_direction_follows_the_marker_or_the_sum():
    data = DATA["ordinal"].assign(q01=lambda d: 3 - d["q01"])
    marker = cfa(data, {"f": list(data)}).loadings
    variance = cfa(data, {"f": list(data)}, identification="variance").loadings
    assert marker.loc[0, "std"] > 0 > marker.loc[2, "std"]
    np.testing.assert_allclose(variance["std"], -marker["std"], atol=1e-9)
    two, first = cfa(DATA["continuous"].assign(x1=lambda d: -d["x1"]), THREE), fitted("continuous")
    np.testing.assert_allclose(two.loadings["std_se"], first.loadings["std_se"], atol=1e-7)
    assert two.factor_correlations["estimate"].tolist() == pytest.approx(
        (first.factor_correlations["estimate"] * [-1, -1, 1]).tolist(), abs=1e-7
    )


# --- reliability -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["ordinal", "three_items", "continuous", "missing"])
def test_alpha_and_omega_equal_r(scale):
    items = DATA[scale].iloc[:, :3] if scale == "continuous" else DATA[scale]
    for function, reference in ((alpha, R["alpha"][scale]), (omega, R["omega"][scale])):
        result = function(items)
        assert (result.n, result.n + result.n_lost) == (reference["n"], len(items))
        assert result.status == "estimated"
        for field in ("estimate", "ci_low", "ci_high"):
            assert getattr(result, field) == pytest.approx(reference[field], abs=1e-5), field
    assert omega(items).estimate == pytest.approx(R["omega"][scale]["semtools"], abs=1e-5)


def test_spearman_brown_equals_r():
    result, reference = spearman_brown(DATA["missing"][["x4", "x5"]]), R["spearman_brown"]
    assert (result.n, result.k, result.status) == (reference["n"], 2, "estimated")
    for field in ("estimate", "ci_low", "ci_high"):
        assert getattr(result, field) == pytest.approx(reference[field], abs=1e-5)


def test_alpha_worked_by_hand():
    """Variances 5/3 three times, sums 4, 6, 9, 11 with variance 29/3: alpha = 3/2 (1 - 15/29) = 21/29."""
    items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4], "c": [2, 1, 4, 3]})
    assert alpha(items).estimate == pytest.approx(21 / 29, abs=1e-14)


def test_omega_of_known_parameters():
    """Loadings .7, residuals .51: 2.1^2 / (2.1^2 + 3 x .51) = 4.41 / 5.94; with equal loadings alpha is the same."""
    items = with_correlations(implied_by(0.7, [[1]]))
    assert omega(items).estimate == pytest.approx(4.41 / 5.94, abs=1e-8)
    assert alpha(items).estimate == pytest.approx(4.41 / 5.94, abs=1e-12)


def test_reliability_states_what_it_is():
    result = omega(DATA["missing"], ci_level=0.90)
    assert result.method == "omega_u, one-factor ML, delta-method interval"
    assert result.ci_level == 0.90
    wide = omega(DATA["missing"], ci_level=0.95)
    assert wide.ci_low < result.ci_low < result.estimate < result.ci_high < wide.ci_high
    assert alpha(DATA["missing"]).method == "alpha, raw, Feldt interval"


def test_intervals_cover():
    """Machinery only: 80 draws of a scale with known reliability. Far too few to judge the rate."""
    rng = np.random.default_rng(8)
    covered = np.zeros(3)
    for _ in range(80):
        factor = rng.normal(size=(120, 1))
        items = pd.DataFrame(0.7 * factor + np.sqrt(0.51) * rng.normal(size=(120, 4)))
        four, two = 16 * 0.49 / (16 * 0.49 + 4 * 0.51), 2 * 0.49 / 1.49
        results = (alpha(items), four), (omega(items), four), (spearman_brown(items[[0, 1]]), two)
        covered += [result.ci_low <= truth <= result.ci_high for result, truth in results]
    assert (covered >= 68).all() and (covered < 80).any()  # 95 % is 76; 68 is four standard errors below


def test_internal_consistency_of_awkward_items():
    rng = np.random.default_rng(4)
    items = pd.DataFrame(rng.integers(0, 4, (30, 5)), columns=list("abcde")).astype("float64")
    flat = items.assign(b=2.0)
    assert alpha(flat).status == "estimated; b does not vary"
    assert omega(flat).status == "not reported: b does not vary"
    assert cfa(flat, {"f": list(flat)}).status == "not estimated: b does not vary"
    empty = items.assign(c=np.nan)
    for result in (alpha(empty), omega(empty)):
        assert (result.status, result.n, result.n_lost) == ("not reported: no answers to c", 0, 30)
    assert cfa(empty, {"f": list(empty)}).status == "not estimated: no answers to c"
    few = items.head(4)
    assert np.isfinite(alpha(few).estimate)
    assert omega(few).status == "not reported: 4 complete rows for 5 items, too few"
    assert cfa(few, {"f": list(few)}).status == "not estimated: 4 complete rows for 5 items, too few"
    repeated = items.assign(e=items["a"])
    assert (
        omega(repeated).status
        == "not reported: the items are linearly dependent: one repeats another, or a sum of others"
    )
    holes = items.head(5).mask(np.eye(5, dtype=bool))
    assert alpha(holes).status == omega(holes).status == "not reported: no complete rows"
    assert alpha(items.head(1)).status == "not reported: 1 complete row"
    assert alpha(items * 0 + 1.1).status == "not reported: the sum of the items does not vary"
    assert alpha(items[["a"]]).status == "not reported: internal consistency needs two items or more"
    assert alpha(items.head(0)).status == "not reported: no complete rows"


def test_two_items_that_are_awkward():
    pair = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [5.0, 3, 4, 1, 2]})
    assert spearman_brown(pair).status == "estimated; the two items correlate negatively: keyed the wrong way?"
    assert (
        spearman_brown(pair.assign(b=-pair["a"])).status
        == "not reported: the two items correlate −1: keyed the wrong way?"
    )
    same = spearman_brown(pair.assign(b=pair["a"]))
    assert same.estimate == pytest.approx(1) and same.ci_high == pytest.approx(1)
    assert spearman_brown(pair.head(3)).status == "not reported: 3 complete rows"
    assert spearman_brown(pair.assign(b=1.0)).status == "not reported: b does not vary"
    assert omega(pair).status == "not reported: omega_u needs three items or more"


@pytest.mark.parametrize("seed", range(12))
def test_small_samples_of_coarse_answers_never_raise(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(0, 25)), int(rng.integers(2, 8))
    items = pd.DataFrame(rng.integers(0, 3, (n, k)).astype(float)).rename(columns="i{}".format)
    items = items.mask(rng.random(items.shape) < rng.choice([0.0, 0.1, 0.5]))
    with np.errstate(all="raise"):
        results = [alpha(items), omega(items)]
        model = cfa(items, {"f": list(items)}, identification="variance")
        table = item_statistics(items, 0, 2)
    for result in results:
        assert np.isfinite(result.estimate) == result.status.startswith("estimated")
        assert result.n + result.n_lost == n
    assert model.status and len(table) == k
    assert table["floor_percent"].dropna().between(0, 100).all()


# --- items -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["ordinal", "three_items", "missing"])
def test_item_rest_and_alpha_if_dropped_equal_psych(scale):
    table, reference = item_statistics(DATA[scale]), R["alpha"][scale]
    np.testing.assert_allclose(table["item_rest"], reference["item_rest"], atol=1e-5)
    np.testing.assert_allclose(table["alpha_if_dropped"], reference["alpha_if_dropped"], atol=1e-5)


def test_item_moments_use_every_answer():
    table = item_statistics(DATA["missing"])
    assert table["n"].tolist() == R["items"]["n"]
    np.testing.assert_allclose(table["mean"], R["items"]["mean"], rtol=1e-9)
    np.testing.assert_allclose(table["sd"], R["items"]["sd"], rtol=1e-9)


def test_floor_and_ceiling_stand_on_the_theoretical_range():
    items = pd.DataFrame({"a": [1, 1, 2, 4], "b": [2, 2, 3, np.nan]})
    table = item_statistics(items, 1, 5)
    assert table["floor_percent"].tolist() == [50, 0]  # nobody reaches 5: the highest answer given is no ceiling
    assert table["ceiling_percent"].tolist() == [0, 0]
    own = item_statistics(items, {"a": 1, "b": 2}, {"a": 4, "b": 3})
    assert own["floor_percent"].tolist() == pytest.approx([50, 200 / 3])
    assert own["ceiling_percent"].tolist() == pytest.approx([25, 100 / 3])
    assert item_statistics(items)["floor_percent"].isna().all()


def test_item_warnings():
    table = item_statistics(DATA["ordinal"], 0, 3).set_index("item")
    assert table.loc["q02", "warning"] == "negative item-rest correlation: keyed the wrong way?"
    assert table.loc["q09", "warning"] == "item-rest correlation below .20"
    assert (table["warning"] == "").sum() == 8
    odd = item_statistics(DATA["ordinal"].assign(q03=1.0, q04=np.nan)).set_index("item")
    assert (odd.loc["q03", "warning"], odd.loc["q04", "warning"]) == ("does not vary", "no answers")
    assert odd["item_rest"].isna().all()  # q04 leaves no complete row
    pair = item_statistics(DATA["ordinal"][["q01", "q03"]])
    assert pair["alpha_if_dropped"].isna().all()
    r = np.corrcoef(DATA["ordinal"][["q01", "q03"]], rowvar=False)[0, 1]
    np.testing.assert_allclose(pair["item_rest"], r)


def test_a_reversed_key_is_found_and_never_repaired():
    items = DATA["three_items"].assign(t2=lambda d: -d["t2"])
    before = items.copy()
    statistics = item_statistics(items)
    rows = item_keying(statistics, "scale")
    assert "t2" in rows["x"].tolist()
    assert rows["status"].str.startswith("opposite sign: ").all()
    assert set(rows["expected"]) == {"positive"} and set(rows["y"]) == {"scale"}
    assert item_keying(item_statistics(DATA["three_items"]), "scale").empty
    pd.testing.assert_frame_equal(items, before)


def test_response_distribution():
    table = response_distribution(
        DATA["ordinal"][["q01"]].mask(DATA["ordinal"].index.to_numpy()[:, None] < 20), range(5)
    )
    counts = DATA["ordinal"]["q01"].iloc[20:].value_counts()
    assert table["n"].tolist() == [counts[0], counts[1], counts[2], counts[3], 0]
    assert table["percent"].sum() == pytest.approx(100) and table["n"].sum() == 400
    empty = response_distribution(pd.DataFrame({"a": [np.nan, np.nan]}), [1, 2])
    assert empty["n"].tolist() == [0, 0] and empty["percent"].isna().all()
    with pytest.raises(ValueError, match="q01: answers that were not offered: 3"):
        response_distribution(DATA["ordinal"][["q01"]], [0, 1, 2])


# --- keying between scales -------------------------------------------------------------------------------------------


def test_keying_check():
    rng = np.random.default_rng(2)
    trait = rng.normal(size=200)
    scores = pd.DataFrame({"a": trait + rng.normal(size=200), "b": -trait + rng.normal(size=200),
                           "noise": rng.normal(size=200), "flat": 1.0, "none": np.nan})  # fmt: skip
    scores.loc[:9, "b"] = np.nan
    expects = [
        ("a", "b", "negative"), ("a", "b", "positive"), ("a", "noise", "positive"), ("a", "flat", "positive"),
        ("a", "none", "negative"), ("a", "absent", "negative"), ("b", "a", "negative"), ("a", "a", "positive"),
    ]  # fmt: skip
    rows = keying.keying_check(scores, expects)
    assert list(rows.columns) == ["x", "y", "expected", "r", "n", "status"]
    assert rows["status"].tolist() == [
        "as expected",
        "opposite sign: a and b correlate negatively, positive was expected; one of them may be keyed the wrong way",
        "uncertain",
        "could not run: flat does not vary",
        "could not run: 0 complete pairs, 4 are needed",
        "could not run: absent is not in the data",
        "as expected",
        "could not run: a is compared with itself",
    ]
    assert rows["n"].tolist() == [190, 190, 200, 200, 0, 0, 190, 0]
    complete = scores[["a", "b"]].dropna()
    assert rows.loc[0, "r"] == pytest.approx(complete["a"].corr(complete["b"]))
    assert keying.keying_check(scores, []).empty


def test_keying_interval_is_fishers():
    """r = .80 of 5 pairs: z = 1.0986 ± 1.3859 holds 0. Of 10 pairs: ± 0.7408 does not."""
    five = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    twice = pd.concat([five, five])
    assert keying.keying_check(five, [("a", "b", "positive")]).loc[0, "status"] == "uncertain"
    assert keying.keying_check(twice, [("a", "b", "positive")]).loc[0, "status"] == "as expected"


# --- what the pipeline calls -----------------------------------------------------------------------------------------


def score(model: str) -> Score:
    return Score(
        id="s", label="S", method="sum", items=(), min_answered=1, low=0, high=3, higher_means="more", model=model
    )


def test_assess_gives_the_columns_of_the_tables():
    items = DATA["ordinal"]
    reliability, rows = assess(items, score("reflective"), low=0, high=3, labels={"q01": "first"}, reverse=["q02"])
    added = {"instrument", "wave"}
    assert set(reliability.columns) == set(COLUMNS["reliability"]) - added
    assert set(rows.columns) == set(COLUMNS["items"]) - added
    halves = ["split_half_lowest", "split_half_mean", "split_half_highest"]
    assert reliability["coefficient"].tolist() == ["alpha", "omega_u", "coefficient_h", "ave", *halves]
    assert reliability.loc[1, "estimate"] == omega(items).estimate
    assert "split_half_mean" not in set(assess(items.iloc[:, :5], score("reflective"))[0]["coefficient"])
    assert rows.loc[:1, "label"].tolist() == ["first", "q02"]
    assert rows["reverse"].tolist() == [False, True] + [False] * 8


def test_assess_by_model_and_number_of_items():
    items = DATA["ordinal"]
    for model, sentence in (("formative", FORMATIVE), ("single_item", SINGLE_ITEM)):
        reliability, rows = assess(items, score(model))
        assert reliability[["coefficient", "status"]].to_numpy().tolist() == [["none", sentence]]
        assert reliability["estimate"].isna().all() and rows.empty
        assert set(rows.columns) == set(COLUMNS["items"]) - {"instrument", "wave"}
    pair, pair_rows = assess(items[["q01", "q03"]], score("reflective"))
    assert pair["coefficient"].tolist() == ["spearman_brown"] and len(pair_rows) == 2
    alone, no_rows = assess(items[["q01"]], score("reflective"))
    assert alone["status"].tolist() == [SINGLE_ITEM] and no_rows.empty
    assert (no_rows.dtypes == pair_rows.dtypes).all()  # so that tables put together keep their types
    with pytest.raises(ValueError, match="which is not known"):
        assess(items, SimpleNamespace(id="s", model="reflexive"))


# --- arguments without meaning ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cfa(DATA["ordinal"], {}), "names no factor"),
        (lambda: cfa(DATA["ordinal"], {"f": []}), "needs a list of items"),
        (lambda: cfa(DATA["ordinal"], {"f": "q01"}), "needs a list of items"),
        (lambda: cfa(DATA["ordinal"], {"f": ["q01", "q01", "q02"]}), "names an item twice"),
        (lambda: cfa(DATA["ordinal"], {"f": ["q01", "q99", "q02"]}), "lack these items of f: q99"),
        (lambda: cfa(DATA["ordinal"], {"f": ["q01"]}, identification="effects"), "marker"),
        (lambda: cfa(DATA["ordinal"], {"f": ["q01"]}, ci_level=95), "between 0 and 1"),
        (lambda: alpha(DATA["ordinal"], ci_level=1.0), "between 0 and 1"),
        (lambda: omega(DATA["ordinal"], ci_level=0.0), "between 0 and 1"),
        (lambda: spearman_brown(DATA["ordinal"]), "two items, not 10"),
        (lambda: alpha(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})), "not numeric: a"),
        (lambda: alpha(pd.DataFrame({"a": [np.inf, 2], "b": [1, 2]})), "infinite"),
        (lambda: alpha(pd.DataFrame([[1, 2]], columns=["a", "a"])), "stand twice: a"),
        (lambda: item_statistics(pd.DataFrame({"a": [1, 7]}), 1, 6), r"outside the theoretical range: a \(1 to 6\)"),
        (lambda: item_statistics(pd.DataFrame({"a": [1, 7]}), {"b": 1}, 9), "low is not stated for a"),
        (lambda: keying.keying_check(DATA["ordinal"], [("q01", "q02", "up")]), "not “up”"),
        (lambda: keying.keying_check(DATA["ordinal"], [], ci_level=0), "between 0 and 1"),
    ],
)
def test_mistakes_of_the_caller_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nullable_and_whole_number_columns_are_numbers():
    items = DATA["ordinal"].astype("Int64").mask(DATA["ordinal"] == 99)
    items.iloc[0, 0] = pd.NA
    result = alpha(items)
    assert (result.n, result.n_lost) == (419, 1)
    assert result.estimate == alpha(DATA["ordinal"].iloc[1:]).estimate


def test_import_is_light():
    heavy = ("statsmodels", "pingouin", "scipy.stats", "scipy.optimize", "matplotlib", "pandera")
    code = f"import sys, rejsens.psychometrics; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "workflow"
    )
    assert out.stdout.strip() == "[]"
