"""The model that is checked is the one that decided, for models of events, of recovery and of contrasts in one wave."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.inference import regression_diagnostics
from rejsens.inference.diagnostics import _told, diagnose_family
from rejsens.inference.estimates import NotTestable
from rejsens.inference.families import test_family as run_family
from rejsens.inference.mixed_blocks import Blocks
from rejsens.inference.mixed_diagnostics import (
    ALONE,
    MixedModel,
    covariate_groups,
    fixed_effects_instead,
    koenker,
    mixed_checks,
    mixture_p,
    shape,
)
from rejsens.inference.mixedlm_adapter import fit_mixed_model
from rejsens.inference.ordinary_diagnostics import LinearModel, linear_checks, mean_checks
from rejsens.inference.person_effects import person_fixed_effects

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 100, "seed": 1, "imputation": {"m": 0, "most": 0}}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_events.csv")


def one(**asked: object) -> dict:
    known = {"id": "one", "label": "l", "covariates": [], "direction": "negative", "sesoi": 0.1}
    return {"claim_type": "difference"} | known | asked


def told(panel: pd.DataFrame, events: pd.DataFrame | None = None, **asked: object) -> tuple[pd.DataFrame, pd.Series]:
    """The checks of one hypothesis, and its deciding row."""
    family = {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [one(**asked)]}
    estimates = run_family(panel, family, SETTINGS, events)
    return diagnose_family(panel, family, SETTINGS, estimates, events), estimates[estimates["decides"]].iloc[0]


@pytest.mark.parametrize(
    ("asked", "analysis", "missing"),
    [
        ({"model": "event_slope", "outcome": "hurt", "predictor": "ambiguity"}, "event_level", set()),
        ({"model": "contrast_of_events", "outcome": "hurt", "contrast": ["ambiguous", "clear"]}, "event_level",
         {"linearity"}),
        ({"model": "recovery", "outcome": "y", "predictor": "x"}, "piecewise_recovery", set()),
    ],
    ids=["event slope", "contrast of events", "recovery"],
)  # fmt: skip
def test_a_mixed_model_is_checked_at_its_own_coefficient(panel, events, asked, analysis, missing):
    kinds = set(events["event"])
    if "contrast" in asked:
        asked = asked | {"contrast": sorted(kinds, reverse=True)}
    table, deciding = told(panel, events, **asked)
    assert deciding["analysis"] == analysis
    own = ["estimate", "ci_low", "ci_high", "n_people"]
    assert len(table[own].drop_duplicates()) == 1
    assert table[own].iloc[0].to_list() == pytest.approx(deciding[own].to_list(), abs=1e-6)
    every = {"residuals", "equal variances", "person effects", "dfbetas", "collinearity", "linearity", "random slope"}
    assert set(table["check"]) == (every | {"autocorrelation"}) - missing


def standardised(people: pd.DataFrame, *names: str) -> tuple[np.ndarray, np.ndarray]:
    """The columns as z scores with an intercept before them, and the outcome y as one."""
    z = people[[*names, "y"]].apply(lambda column: (column - column.mean()) / column.std())
    return np.column_stack([np.ones(len(z)), z[list(names)]]), z["y"].to_numpy()


def test_two_predictors_of_one_wave_are_checked_at_their_difference(panel):
    first = panel[panel["wave"] == "w1"]
    table, deciding = told(first, model="contrast_of_predictors", outcome="y", predictors=["x", "cold"])
    assert deciding["analysis"] == "predictor_contrast"
    own = ["estimate", "ci_low", "ci_high", "n_people"]
    assert table[own].iloc[0].to_list() == pytest.approx(deciding[own].to_list(), abs=1e-9)
    # leaving each person out by a regression of its own: the ten who move the difference most, in its standard errors
    design, y = standardised(first.dropna(subset=["x", "cold", "y"]), "x", "cold")

    def difference(kept: np.ndarray) -> tuple[float, float]:
        b, rss, *_ = np.linalg.lstsq(design[kept], y[kept], rcond=None)
        return b[1] - b[2], math.sqrt(rss[0] / (kept.sum() - 3))

    toward = np.array([0.0, 1.0, -1.0])
    spread = math.sqrt(toward @ np.linalg.inv(design.T @ design) @ toward)
    everybody = np.ones(len(y), dtype=bool)
    moves = []
    for k in range(len(y)):
        without, sd = difference(np.arange(len(y)) != k)
        moves.append((difference(everybody)[0] - without) / (sd * spread))
    row = table[table["check"] == "dfbetas"].iloc[0]
    assert row["value"] == pytest.approx(np.abs(moves).max())
    fewer = everybody.copy()
    fewer[np.argsort(np.abs(moves))[-10:]] = False
    assert row["estimate_instead"] == pytest.approx(difference(fewer)[0])
    assert "covariate products" not in set(table["check"])  # the other predictor is no covariate


@pytest.mark.parametrize("covariates", [[], [{"name": "age", "type": "number"}]])
def test_a_contrast_of_predictors_that_go_together_stays_one(covariates):
    """Beyond the guide the difference is shown without the covariates; the other predictor is never left out for one."""
    rng = np.random.default_rng(3)
    x, age = rng.normal(size=(2, 300))
    cold = 0.9 * x + 0.44 * rng.normal(size=300)
    people = pd.DataFrame({"participant": [f"p{k}" for k in range(300)], "x": x, "cold": cold, "age": age})
    people = people.assign(
        wave="w1", wave_number=1, role="wave", y=0.1 * x + 0.5 * cold + 0.3 * age + rng.normal(size=300)
    )
    table, deciding = told(
        people, model="contrast_of_predictors", outcome="y", predictors=["x", "cold"], covariates=covariates
    )
    assert deciding["estimate"] < 0
    row = table[(table["check"] == "collinearity") & (table["term"] == "x")].iloc[0]
    assert row["flagged"]
    if not covariates:
        assert (row["instead"], row["changes"], row["status"]) == ("", "", "ok")
        return
    design, y = standardised(people, "x", "cold")
    b = np.linalg.lstsq(design, y, rcond=None)[0]
    assert row["instead"] == "without any covariate"
    assert row["estimate_instead"] == pytest.approx(b[1] - b[2])
    products = table[table["check"] == "covariate products"]
    assert products["term"].to_list() == ["x by 1 columns"]


def test_three_sources_in_one_wave_say_that_they_are_not_checked(panel):
    table, deciding = told(
        panel[panel["wave"] == "w1"].assign(warm=lambda d: d["o"]),
        model="contrast_of_predictors", outcome="y", predictors=["x", "cold", "warm"],
    )  # fmt: skip
    (row,) = table.to_dict("records")
    assert row["check"] == "all checks" and row["status"].startswith("sources that some people do not have")
    assert (row["estimate"], row["ci_low"], row["n_people"]) == (
        deciding["estimate"], deciding["ci_low"], deciding["n_people"]
    )  # fmt: skip
    assert math.isfinite(row["estimate"]) and row["changes"] == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "proportion", "outcome": "gender", "at_least": 2, "reference": 0.5},
        {"model": "added_variance", "outcome": "y", "predictor": "x", "verdict": False},
    ],
)
def test_an_analysis_that_is_no_regression_has_no_rows(panel, asked):
    table, deciding = told(panel[panel["wave"] == "w1"], **asked)
    assert math.isfinite(deciding["estimate"])
    assert table.empty


# --- what a check finds, and what it cannot -----------------------------------------------------------------------------


PERSON, TIME = np.repeat(np.arange(70), 5), np.tile(np.arange(1.0, 6.0), 70)


def within(values: np.ndarray) -> np.ndarray:
    return values - pd.Series(values).groupby(PERSON).transform("mean").to_numpy()


@pytest.fixture(scope="module")
def crossed() -> MixedModel:
    """Ten people whose slopes differ by more than their moderator says; those of the others differ by less than chance."""
    rng = np.random.default_rng(5)
    x, m = within(rng.normal(size=350)), rng.normal(size=70)[PERSON]
    noise = within(rng.normal(size=350))
    slopes = pd.Series(noise * x).groupby(PERSON).transform("sum") / pd.Series(x * x).groupby(PERSON).transform("sum")
    noise = noise - 0.7 * slopes.to_numpy() * x
    own = np.where(np.arange(70) < 10, 4.0 * np.sign(rng.normal(size=70)), 0.0)[PERSON]
    y = (0.3 * m + own) * x + rng.normal(size=70)[PERSON] + noise
    columns = pd.DataFrame({"x_within": x, "product": m * x, "m": m})
    return MixedModel(y, columns, PERSON, "product", TIME, slope="x_within", needs_slope=True, may_vary="x_within")


def test_without_an_admissible_slope_an_interaction_has_person_fixed_effects(crossed):
    """A cross-level interaction is never shown by a mixed model without its random slope."""
    assert crossed.fit.problem == ""
    kept = PERSON >= 10
    smaller = crossed.kept(kept)
    assert smaller.fit.problem
    numbers, said = smaller.refit()
    assert said == "; person fixed effects, person-clustered errors, as the random slope is not admissible there"
    alone = person_fixed_effects(crossed.y[kept], crossed.columns.loc[kept, ["x_within", "product"]], PERSON[kept])
    assert (numbers["estimate"], numbers["se"]) == pytest.approx((alone.estimate, alone.se))
    assert numbers["estimate"] == pytest.approx(0.3, abs=3 * numbers["se"])
    assert numbers["df"] == alone.n_people - 1 == 59
    optional = replace(smaller, needs_slope=False).refit()
    assert optional[1] == ", random slope left out"
    errors = replace(smaller, needs_slope=False, clustered=True)  # with the errors of the model that was fitted
    assert errors.refit() == (replace(errors, slope=None).numbers, ", random slope left out")
    (row,) = (check for check in mixed_checks(crossed) if check["check"] == "random slope")
    assert row["instead"] == "person fixed effects, person-clustered errors"
    assert row["numbers"] == fixed_effects_instead(crossed)["numbers"]


def test_a_coefficient_that_rests_on_those_who_are_left_out_is_not_told_without_them(crossed):
    few = np.where(PERSON < 4, crossed.columns["x_within"], 0.0)
    model = replace(
        crossed, columns=pd.DataFrame({"few": few}), focal="few", slope=None, needs_slope=False, may_vary=""
    )  # fmt: skip
    with pytest.raises(NotTestable, match=ALONE):
        model.kept(PERSON >= 4)
    (row,) = (check for check in mixed_checks(model) if check["check"] == "dfbetas")
    assert row["reason"] == ALONE and "numbers" not in row


def test_a_column_of_two_values_has_no_curve(crossed):
    rng = np.random.default_rng(8)
    two = rng.permuted(np.tile([0.0, 0.0, 0.0, 1.0, 1.0], (70, 1)), axis=1).ravel()
    y = 0.4 * two + rng.normal(size=70)[PERSON] + rng.normal(size=350)
    model = MixedModel(y, pd.DataFrame({"two": two}), PERSON, "two", np.ones(350), curved=("two",))
    checks = mixed_checks(model)
    (row,) = (check for check in checks if check["check"] == "linearity")
    assert row == {"check": "linearity", "reason": "the predictor has too few values: a line fits them"}
    assert not any(check["check"] in ("collinearity", "random slope", "autocorrelation") for check in checks)


def test_values_that_are_all_alike_have_no_shape_and_no_variance_to_explain():
    assert shape("person effects", "", np.full(9, 0.1 + 0.2), {}) == []
    x = np.column_stack([np.ones(40), np.random.default_rng(1).normal(size=40)])
    squares = np.tile([0.1 + 0.2, 0.3], 20) ** 2  # one number up to rounding
    with pytest.raises(NotTestable, match="all alike"):
        koenker(squares, pd.DataFrame(x))
    assert mixture_p(0.0) == mixture_p(0.0, correlated=False) == 1.0


def test_a_curve_keeps_the_random_part_that_it_can_carry():
    """Slopes that are the intercepts once more: their correlation of 1 is not admissible, and without it both stand."""
    rng = np.random.default_rng(3)
    x, level = within(rng.normal(size=350)), rng.normal(size=70)[PERSON]
    y = level * (1 + x) + 0.4 * x**2 + 1.5 * rng.normal(size=350)
    columns = pd.DataFrame({"x_within": x})
    model = MixedModel(y, columns, PERSON, "x_within", TIME, slope="x_within", curved=("x_within",))
    square = columns.assign(square=x**2 - (x**2).mean())
    assert fit_mixed_model(y, square, PERSON, "x_within").problem
    fit = fit_mixed_model(y, square, PERSON, "x_within", correlated=False)
    (row,) = (check for check in mixed_checks(model) if check["check"] == "linearity")
    assert row["value"] == pytest.approx(fit.estimate["square"] / fit.se["square"], rel=1e-6)
    assert row["df"] == pytest.approx(fit.df["square"]) and row["flagged"]
    assert row["numbers"]["estimate"] == pytest.approx(fit.estimate["x_within"])


def test_a_curve_without_any_admissible_random_part_says_so(crossed):
    smaller = replace(crossed.kept(PERSON >= 10), curved=("x_within",), needs_slope=False)
    (row,) = (check for check in mixed_checks(smaller) if check["check"] == "linearity")
    assert "singular" in row["reason"] and "value" not in row


def test_a_covariate_that_was_left_out_has_no_columns():
    groups = covariate_groups(["age", "x"], [{"name": "age", "type": "number"}, {"name": "flat", "type": "number"}])
    assert groups == {"age": ["age"]}


def test_what_was_done_instead_without_an_interval_is_no_result():
    """Where some are left out, another may be the only one of a category: its robust error is no number."""
    ends = dict.fromkeys(("ci_low", "ci_high", "ci90_low", "ci90_high"), math.nan)
    before = {"estimate": 0.3, "ci_low": 0.1, "ci_high": 0.5, "ci90_low": 0.13, "ci90_high": 0.47}
    check = {"check": "dfbetas", "value": 0.4, "instead": "without ten", "numbers": {"estimate": -0.2, **ends}}
    row = _told(check, before, {"sesoi": 0.1})
    assert row["status"] == "no interval: what was done instead fits somebody exactly"
    assert (row["changes"], row["effect"]) == ("", "") and "estimate_instead" not in row
    row = _told(check | {"numbers": {"estimate": -0.2}}, before, {"sesoi": 0.1})  # Huber's has none by nature
    assert (row["status"], row["changes"]) == ("ok", "yes")


def test_too_few_people_for_a_mean_without_the_farthest():
    rows = pd.DataFrame({"a": np.arange(29.0)})
    with pytest.raises(NotTestable, match="leaving out 10 of 29 people is not possible"):
        mean_checks(rows, rows["a"], None, lambda some: [], 10, 0.05)


def test_an_estimate_that_cannot_be_made_robust_leaves_the_shape_of_the_residuals(monkeypatch):
    rng = np.random.default_rng(1)
    matrix = pd.DataFrame({"(intercept)": 1.0, "x": rng.normal(size=80)})
    model = LinearModel(0.3 * matrix["x"].to_numpy() + rng.normal(size=80), matrix, "x")

    def fails(*given: object) -> None:
        raise np.linalg.LinAlgError("SVD did not converge")

    whole = linear_checks(model)
    monkeypatch.setattr(regression_diagnostics, "huber_coefficients", fails)
    found = [check for check in linear_checks(model) if check["check"] == "residuals"]
    assert [check["value"] for check in found] == [check["value"] for check in whole[:2]]
    assert all("numbers" in check for check in whole[:2])
    assert all("numbers" not in check and "cannot be told apart" in check["reason"] for check in found)


# --- one person's share, and neighbouring waves -------------------------------------------------------------------------


def test_a_column_that_one_person_alone_holds_takes_nothing_from_the_others():
    """Leaving that person out leaves the column out too, whatever its units are."""
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(30), 4)
    x, alone = rng.normal(size=120), (person == 7) * 1.0
    y = 0.3 * x + rng.normal(size=30)[person] + rng.normal(size=120)

    def blocks(kept: np.ndarray, *columns: np.ndarray) -> Blocks:
        design = np.column_stack([np.ones(kept.sum()), *(column[kept] for column in columns)])
        names = ("(Intercept)", "x", "alone")[: design.shape[1]]
        return Blocks(
            y[kept], pd.DataFrame(design, columns=names), person[kept], np.ones((kept.sum(), 1)), np.array([[0.8]]), 1.0
        )

    whole = np.ones(120, dtype=bool)
    for column in (alone, (alone - alone.mean()) / alone.std(), 3.0 - 2.0 * alone):
        found = blocks(whole, x, column)
        moved = found.without_each[:, 1]
        for k in range(30):
            rest = [x, alone] if k != 7 else [x]
            without = blocks(person != k, *rest).coefficients[1]
            assert moved[k] == pytest.approx(found.coefficients[1] - without, abs=1e-12)
        assert found.clustered()[1, 1] == pytest.approx(29 / 30 * (moved**2).sum())


def test_autocorrelation_with_occasions_is_the_slope_of_the_restricted_likelihood():
    """Against full matrices: score by central differences of the REML likelihood, information by traces."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(12), 8)
    wave = np.tile(np.repeat([1.0, 2.0, 3.0, 4.0], 2), 12)
    occasion = pd.factorize(pd.Series(person * 10 + wave))[0]
    x = np.column_stack([np.ones(96), rng.normal(size=96)])
    y = rng.normal(size=12)[person] + 0.6 * rng.normal(size=48)[occasion] + rng.normal(size=96)
    psi, omega, sigma = 0.7, 0.3, 0.9
    same, at_once = (np.equal.outer(label, label) * 1.0 for label in (person, occasion))
    near = same * (np.abs(np.subtract.outer(wave, wave)) == 1)

    def variance(rho: float) -> np.ndarray:
        return psi * same + omega * at_once + sigma * np.eye(96) + sigma * rho * near

    def restricted(rho: float) -> float:
        v = variance(rho)
        w = np.linalg.inv(v)
        left = y - x @ np.linalg.solve(x.T @ w @ x, x.T @ w @ y)
        return -(np.linalg.slogdet(v)[1] + np.linalg.slogdet(x.T @ w @ x)[1] + left @ w @ left) / 2

    score = (restricted(1e-5) - restricted(-1e-5)) / 2e-5
    w = np.linalg.inv(variance(0.0))
    parts = [w @ part for part in (sigma * near, np.eye(96), same, at_once)]
    information = np.array([[np.trace(a @ b) / 2 for b in parts] for a in parts])
    left = 1 / np.linalg.inv(information)[0, 0]  # what the three variances leave
    blocks = Blocks(
        y, pd.DataFrame(x, columns=["(Intercept)", "x"]), person, np.ones((96, 1)), np.array([[psi]]), sigma, occasion, omega
    )  # fmt: skip
    rho, z = blocks.autocorrelation(wave)
    assert rho == pytest.approx(score / left, rel=1e-5)
    assert z == pytest.approx(score / math.sqrt(left), rel=1e-5)


def test_two_waves_cannot_tell_neighbours_from_the_level_of_a_person():
    rng = np.random.default_rng(4)
    person, wave = np.repeat(np.arange(20), 2), np.tile([1.0, 2.0], 20)
    blocks = Blocks(
        rng.normal(size=40), pd.DataFrame({"(Intercept)": np.ones(40)}), person, np.ones((40, 1)), np.array([[0.5]]), 1.0
    )  # fmt: skip
    with pytest.raises(NotTestable, match="too few neighbouring waves"):
        blocks.autocorrelation(wave)
