"""Exploratory factor analysis and what advises it: against psych (tests/reference/exploration.R), by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.psychometrics import (
    efa,
    extraction,
    minimum_average_partial,
    parallel_analysis,
    rotation,
    sampling_adequacy,
)
from rejsens.psychometrics.extraction import _least_squares, _likelihood
from rejsens.psychometrics.rotation import quartimin, rotate

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "exploration.json").read_text(encoding="utf-8"))
FILES = {
    "continuous": "psychometrics_continuous", "bifactor": "sem_bifactor", "holes": "sem_holes",
    "ordinal": "psychometrics_ordinal", "ordered_polychoric": "exploration_ordered",
}  # fmt: skip
FACTORS = {"continuous": 3, "bifactor": 3, "holes": 2, "ordinal": 1, "ordered_polychoric": 3}
WAYS = [f"{method} {rotation}" for method in ("minres", "ml") for rotation in ("oblimin", "promax", "varimax", "none")]


def data_of(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{FILES[name]}.csv")


def kind_of(name: str) -> str:
    return "polychoric" if name.endswith("polychoric") else "pearson"


# --- factor analysis -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FACTORS)
def test_factor_analysis_equals_psych(name, way):
    method, rotation = way.split()
    psych = R["fa"][name][way]
    model = efa(data_of(name), FACTORS[name], method=method, rotation=rotation, correlation=kind_of(name))
    assert model.status == "admissible"
    assert (model.n, model.fit.df) == (psych["n"], psych["df"])
    for ours, theirs in (("loadings", "loadings"), ("structure", "structure"), ("factor_correlations", "phi")):
        np.testing.assert_allclose(getattr(model, ours), np.atleast_2d(psych[theirs]), atol=1e-4, err_msg=ours)
    for column in ("communality", "uniqueness"):
        np.testing.assert_allclose(getattr(model, column), psych[column], atol=1e-4)
    np.testing.assert_allclose(model.complexity, psych["complexity"], atol=1e-3)
    np.testing.assert_allclose(model.variance["ss_loadings"], psych["ss"], atol=1e-4)
    np.testing.assert_allclose(model.variance["proportion"], psych["proportion"], atol=1e-4)


@pytest.mark.parametrize("way", ["minres oblimin", "ml oblimin"])
@pytest.mark.parametrize("name", FACTORS)
def test_its_fit_equals_psych(name, way):
    psych = R["fa"][name][way]
    fit = efa(data_of(name), FACTORS[name], method=way.split()[0], correlation=kind_of(name)).fit
    for index in ("objective", "p", "p_empirical", "rmsr", "rmsr_corrected", "tli", "rmsea", "rmsea_ci_low",
                  "rmsea_ci_high", "off_diagonal"):  # fmt: skip
        assert getattr(fit, index) == pytest.approx(psych[index], abs=1e-4), index
    for statistic in ("chi2", "chi2_empirical", "bic"):
        assert getattr(fit, statistic) == pytest.approx(psych[statistic], rel=1e-4, abs=1e-3), statistic


@pytest.mark.parametrize(
    ("derivatives", "point"),
    [(_least_squares, np.linspace(0.3, 0.7, 9)), (_likelihood, np.log(np.linspace(0.3, 0.7, 9)))],
)
def test_derivatives_are_those_of_the_discrepancies(derivatives, point):
    correlations = data_of("bifactor").corr().to_numpy()
    _, gradient, curvature = derivatives(correlations, point, 2)
    for j in range(len(point)):
        step = np.zeros(len(point))
        step[j] = 1e-5
        after, before = derivatives(correlations, point + step, 2), derivatives(correlations, point - step, 2)
        assert gradient[j] == pytest.approx((after[0] - before[0]) / 2e-5, abs=1e-8)
        np.testing.assert_allclose(curvature[j], (after[1] - before[1]) / 2e-5, atol=1e-6)


def test_a_matrix_of_correlations_gives_the_same_and_without_n_no_test():
    people = data_of("bifactor")
    whole, given = efa(people, 3), efa(people.corr(), 3, n=len(people))
    np.testing.assert_allclose(given.loadings, whole.loadings, atol=1e-8)
    assert given.fit.chi2 == pytest.approx(whole.fit.chi2)
    blind = efa(people.corr(), 3).fit
    assert np.isnan(blind.chi2)
    assert blind.rmsr == pytest.approx(whole.fit.rmsr)


def test_the_tidy_table_holds_every_loading_once():
    model = efa(data_of("bifactor"), 3)
    assert len(model.table) == 27
    row = model.table.set_index(["item", "factor"]).loc[("b4", "F2")]
    assert row["loading"] == model.loadings.loc["b4", "F2"]
    assert row["communality"] == model.communality["b4"]


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_a_heywood_case_is_a_status_with_the_item(method):
    model = efa(pd.read_csv(REFERENCE / "psychometrics_heywood.csv"), 1, method=method)
    assert model.status == "Heywood case: the uniqueness of h1 is at its lower bound of 0.005"
    assert not model.admissible
    assert model.loadings.notna().all(axis=None)  # shown, to be looked at


def test_a_search_that_does_not_arrive_is_told(monkeypatch):
    with monkeypatch.context() as short:
        short.setattr(rotation, "ITERATIONS", 3)
        for way in ("oblimin", "varimax"):
            assert efa(data_of("bifactor"), 3, rotation=way).status == f"the {way} rotation did not converge"
    monkeypatch.setattr(extraction, "ITERATIONS", 1)
    assert efa(data_of("bifactor"), 3, rotation="none").status.startswith("the extraction did not converge (gradient ")


def test_what_cannot_be_estimated_says_why():
    people = data_of("continuous")
    assert "3 factors of 4 items" in efa(people[["x1", "x2", "x3", "x4"]], 3).status
    assert "too few" in efa(people.head(5), 1).status
    assert "x1 does not vary" in efa(people.assign(x1=1.0), 1).status
    assert "linearly dependent" in efa(people.assign(x1=people["x2"] * 2), 1).status
    assert "too many for polychorics" in efa(people, 1, correlation="polychoric").status
    assert efa(people.assign(x1=1.0), 2).table["loading"].isna().all()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"method": "pa"}, "method"), ({"rotation": "geomin"}, "rotation"), ({"correlation": "rank"}, "correlation"),
     ({"factors": 0}, "one factor or more"), ({"n": 9}, "n goes with")],
)  # fmt: skip
def test_arguments_without_meaning_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        efa(data_of("continuous"), **({"factors": 1} | change))


def test_a_matrix_that_is_none_is_refused():
    wrong = data_of("bifactor").corr()
    wrong.iloc[0, 1] = 0.1
    with pytest.raises(ValueError, match="symmetric"):
        efa(wrong, 1)


# --- how many factors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", R["adequacy"])
def test_adequacy_and_map_equal_psych(name):
    psych, kind = R["adequacy"][name], kind_of(name)
    found = sampling_adequacy(data_of(name), correlation=kind)
    assert found.kmo == pytest.approx(psych["kmo"], abs=1e-4)
    np.testing.assert_allclose(found.items["kmo"], psych["kmo_items"], atol=1e-4)
    assert found.chi2 == pytest.approx(psych["chi2"], rel=1e-5)
    assert (found.df, found.n) == (psych["df"], psych["n"])
    assert found.p == pytest.approx(psych["p"], abs=1e-6)
    partial = minimum_average_partial(data_of(name), correlation=kind)
    np.testing.assert_allclose(partial.table["squared"], psych["map"], atol=1e-4)
    np.testing.assert_allclose(partial.table["fourth_power"], psych["map4"], atol=1e-4)
    assert partial.squared == int(np.argmin(psych["map"]))
    assert partial.fourth_power == int(np.argmin(psych["map4"]))


def within_error(ours, theirs, spread, *draws):
    """Means of random eigenvalues lie within four Monte Carlo errors of each other."""
    error = np.array(spread) * np.sqrt(sum(1 / n for n in draws))
    np.testing.assert_array_less(np.abs(np.array(ours) - np.array(theirs)), 4 * error + 1e-6)


@pytest.mark.parametrize("name", ["bifactor", "ordinal"])
def test_parallel_analysis_equals_psych_within_monte_carlo_error(name):
    psych = R["parallel"][name]
    found = parallel_analysis(data_of(name), draws=300, seed=5)
    for basis, prefix in (("components", ""), ("factors", "factor_")):
        table = found.table[found.table["basis"] == basis]
        np.testing.assert_allclose(table["eigenvalue"], psych[basis], atol=1e-4)
        within_error(table["random_mean"], psych[f"{prefix}mean"], psych[f"{prefix}sd"], 300, psych["draws"])
        # a percentile's error is about twice that of a mean
        within_error(table["random_p95"], psych[f"{prefix}p95"], 2 * np.array(psych[f"{prefix}sd"]), 300, 300)


def test_parallel_analysis_of_polychorics_equals_lavaan_within_monte_carlo_error():
    reference = R["parallel"]["ordinal5_polychoric"]
    items = pd.read_csv(REFERENCE / "sem_ordinal5.csv").drop(columns="group")
    found = parallel_analysis(items, correlation="polychoric", draws=60, seed=5)
    table = found.table[found.table["basis"] == "components"]
    np.testing.assert_allclose(table["eigenvalue"], reference["components"], atol=1e-4)
    within_error(table["random_mean"], reference["mean"], reference["sd"], 60, reference["draws"])


def test_parallel_analysis_is_seeded_and_counts_until_the_first_that_falls_short():
    people = data_of("bifactor")
    one, again, other = (parallel_analysis(people, draws=40, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.table, again.table)
    assert not one.table["random_mean"].equals(other.table["random_mean"])
    for row in one.advice.itertuples():
        table = one.table[one.table["basis"] == row.basis]
        above = (table["eigenvalue"] > table[f"random_{row.threshold}"]).tolist()
        assert above[: row.factors] == [True] * row.factors
        assert not above[row.factors]
    assert one.factors("factors", "mean") == 3


def test_no_correlation_advises_no_factor():
    noise = pd.DataFrame(np.random.default_rng(3).normal(size=(400, 8))).rename(columns="i{}".format)
    assert parallel_analysis(noise, draws=100, seed=1).factors("components", "p95") == 0
    assert minimum_average_partial(noise).squared == 0
    assert sampling_adequacy(noise).p > 0.01


def test_parallel_analysis_of_a_matrix_needs_n():
    matrix = data_of("bifactor").corr()
    with pytest.raises(ValueError, match="needs n"):
        parallel_analysis(matrix)
    assert parallel_analysis(matrix, n=500, draws=40).factors("factors", "mean") == 3


def test_what_advises_says_why_it_cannot():
    flat = data_of("continuous").assign(x1=1.0)
    for result in (parallel_analysis(flat), minimum_average_partial(flat), sampling_adequacy(flat)):
        assert result.status == "not estimated: x1 does not vary"


def test_oblimin_takes_the_lowest_of_its_minima():
    """Eight items whose quartimin has a second minimum, which psych finds from the unrotated factors (rotation.R)."""
    unrotated = np.loadtxt(REFERENCE / "rotation_loadings.csv", delimiter=",")
    lavish = json.loads((REFERENCE / "rotation.json").read_text(encoding="utf-8"))
    once, often = rotate(unrotated, "oblimin"), rotate(unrotated, "oblimin", starts=10)
    assert quartimin(once[0]) == pytest.approx(lavish["unrotated_start"], abs=1e-6)
    assert quartimin(often[0]) == pytest.approx(lavish["lowest"], abs=1e-6)
    assert np.abs(often[0]).max() == pytest.approx(lavish["largest_loading"], abs=1e-4)
    np.testing.assert_allclose(often[0] @ often[1] @ often[0].T, unrotated @ unrotated.T, atol=1e-9)
    assert once[2] and often[2]
