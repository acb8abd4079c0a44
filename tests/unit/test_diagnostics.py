"""Assumptions behind the verdicts against R (tests/reference/diagnostics.R), and what the table says of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.inference.diagnostics import COLUMNS, diagnose_family, effect_of
from rejsens.inference.families import test_family as run_family
from rejsens.inference.fixed_effects_diagnostics import fixed_effects_checks
from rejsens.inference.group_contrasts import group_contrast
from rejsens.inference.mixed import WITHIN, prepare_panel
from rejsens.inference.mixed_blocks import Blocks
from rejsens.inference.mixed_diagnostics import (
    MixedModel,
    fixed_effects_instead,
    influence_of_people,
    mixed_checks,
    mixture_p,
)
from rejsens.inference.ordinary_diagnostics import correlation_checks, mean_checks
from rejsens.inference.partial_correlation import partial_correlation
from rejsens.tabular import tidy

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "diagnostics.json").read_text(encoding="utf-8"))
VARYING = [{"name": "o", "type": "number", "varies": True}]
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 100, "seed": 1, "imputation": {"m": 0, "most": 0}}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


@pytest.fixture(scope="module")
def sloped(panel) -> MixedModel:
    prepared = prepare_panel(panel, "y", "x", VARYING)
    columns = prepared.columns.reset_index(drop=True)
    return MixedModel(
        prepared.y, columns, prepared.person, WITHIN, prepared.time, slope=WITHIN, may_vary=WITHIN, curved=(WITHIN,),
        covariates=VARYING,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checks(sloped) -> dict[tuple[str, str, str], dict]:
    return {(c["check"], c.get("term", ""), c["statistic"]): c for c in mixed_checks(sloped)}


def agrees(numbers, expected) -> None:
    assert numbers["estimate"] == pytest.approx(expected["estimate"], abs=1e-5)
    assert numbers["se"] == pytest.approx(expected["se"], rel=1e-3)
    assert numbers["df"] == pytest.approx(expected["df"], rel=1e-3)


# --- mixed models ----------------------------------------------------------------------------------------------------


def test_values_of_the_checks_as_lme4(checks, sloped):
    agrees(sloped.numbers, R["numbers"])
    for (name, term), expected in {
        ("residuals", ""): R["residuals"], ("person effects", "intercepts"): R["intercepts"],
        ("person effects", "slopes"): R["slopes"],
    }.items():  # fmt: skip
        found = [checks[name, term, statistic]["value"] for statistic in ("skewness", "excess kurtosis")]
        assert found == pytest.approx(expected, rel=1e-3)  # they follow the variances
    assert checks["equal variances", "", "chi2"]["value"] == pytest.approx(R["koenker"], rel=1e-4)
    assert checks["collinearity", "", "variance inflation"]["value"] == pytest.approx(R["inflation"], rel=1e-4)
    assert checks["linearity", "", "t"]["value"] == pytest.approx(R["curve"]["t"], abs=1e-4)
    slope = checks["random slope", "", "likelihood ratio"]
    assert (slope["value"], slope["p"]) == pytest.approx((R["slope"]["ratio"], R["slope"]["p"]), rel=1e-3)
    assert mixture_p(slope["value"], correlated=False) == pytest.approx(0.5 * math.erfc(math.sqrt(slope["value"] / 2)))


def test_effects_of_the_remedies_as_lme4(checks):
    agrees(checks["linearity", "", "t"]["numbers"], R["curve"]["instead"])
    agrees(checks["random slope", "", "likelihood ratio"]["numbers"], R["simple"])
    agrees(checks["dfbetas", "", "largest"]["numbers"], R["influence"]["without_ten"])
    agrees(checks["residuals", "", "skewness"]["numbers"], R["without_rows"])
    clustered = checks["equal variances", "", "chi2"]["numbers"]
    assert (clustered["se"], clustered["df"]) == pytest.approx((R["clustered"]["se"], R["clustered"]["df"]), rel=1e-4)
    assert clustered["estimate"] == pytest.approx(R["numbers"]["estimate"], abs=1e-5)


def test_leaving_out_each_person_is_exact_for_held_variances_and_near_a_refit(sloped):
    people, moves = influence_of_people(sloped)
    found = dict(zip(people, moves, strict=True))
    order = list(dict.fromkeys(sloped.person))  # R's order
    moves = np.array([found[person] for person in order])
    held, refitted = (np.array(R["influence"][name]) for name in ("held", "refitted"))
    assert moves == pytest.approx(held, abs=1e-5)
    assert np.abs(moves - refitted).max() < 0.08  # of a standard error
    assert np.corrcoef(moves, refitted)[0, 1] > 0.98
    most = {name: set(np.argsort(np.abs(values))[-10:]) for name, values in (("held", moves), ("refitted", refitted))}
    assert len(most["held"] & most["refitted"]) >= 8


def test_autocorrelation_of_neighbouring_waves(checks, sloped):
    simple = replace(sloped, slope=None).blocks.autocorrelation(sloped.time)
    assert simple == pytest.approx(
        (R["autocorrelation"]["intercept"]["rho"], R["autocorrelation"]["intercept"]["z"]), rel=1e-3
    )
    row = checks["autocorrelation", "", "correlation of neighbouring waves"]
    assert row["value"] == pytest.approx(R["autocorrelation"]["slope"]["rho"], rel=1e-3)
    assert row["flagged"]
    assert row["numbers"]["se"] == pytest.approx(R["clustered"]["se"], rel=1e-4)
    assert simple[0] == pytest.approx(R["autocorrelation"]["lme"], abs=0.06)  # nlme's maximum; one step is near it


def test_occasions_within_people_by_hand():
    """Two people, two occasions of two events: generalised least squares with the full matrix."""
    rng = np.random.default_rng(3)
    person, occasion = np.repeat([0, 1], 4), np.repeat([0, 1, 2, 3], 2)
    x, y = np.column_stack([np.ones(8), rng.normal(size=8)]), rng.normal(size=8)
    columns = pd.DataFrame(x, columns=["(Intercept)", "x"])
    blocks = Blocks(y, columns, person, np.ones((8, 1)), np.array([[0.7]]), 0.5, occasion, 0.3)
    v = 0.7 * (person[:, None] == person) + 0.3 * (occasion[:, None] == occasion) + 0.5 * np.eye(8)
    w = np.linalg.inv(v)
    assert blocks.coefficients == pytest.approx(np.linalg.solve(x.T @ w @ x, x.T @ w @ y))
    assert blocks.residuals() == pytest.approx(0.5 * w @ (y - x @ blocks.coefficients))


def test_person_fixed_effects_without_each_person(sloped):
    simple = replace(sloped, slope=None)
    assert fixed_effects_instead(simple)["numbers"]["estimate"] == pytest.approx(
        R["fixed_effects"]["estimate"], abs=1e-6
    )
    row = fixed_effects_checks(simple)[-1]
    assert row["value"] == pytest.approx(R["fixed_effects"]["largest"], rel=1e-5)
    assert row["instead"] == "without the 10 people who move it most"


def test_a_slope_that_was_left_out_is_flagged(sloped):
    (row,) = (c for c in mixed_checks(replace(sloped, slope=None)) if c["check"] == "random slope")
    assert row["flagged"]
    assert row["instead"] == "with a random slope"
    agrees(row["numbers"], R["numbers"])


def test_an_inflated_coefficient_is_shown_without_the_covariate(sloped):
    twin = sloped.columns[WITHIN] + 0.05 * np.random.default_rng(1).normal(size=len(sloped.y))
    model = replace(
        sloped, columns=sloped.columns.assign(twin=twin), covariates=[*VARYING, {"name": "twin", "type": "number"}], slope=None
    )  # fmt: skip
    (row,) = (c for c in mixed_checks(model) if c["check"] == "collinearity")
    assert row["flagged"]
    assert row["instead"] == "without twin"
    agrees(row["numbers"], R["simple"])


# --- people of one wave ----------------------------------------------------------------------------------------------


def test_two_groups_and_ranks_as_r():
    people = pd.read_csv(REFERENCE / "people.csv")
    rows = people[people["partner"].isin([1, 2])].dropna(subset=["y"])

    def contrast(some):
        return group_contrast(some, "y", "partner", groups=(1, 2))

    *_, row = mean_checks(rows, rows["y"], rows["partner"], contrast, 10, 0.05)
    assert (row["value"], row["p"]) == pytest.approx((R["groups"]["f"], R["groups"]["p"]), rel=1e-6)
    ends = (row["numbers"]["ci_low"], row["numbers"]["ci_high"])
    assert ends == pytest.approx((R["groups"]["low"], R["groups"]["high"]), abs=1e-6)

    def correlation(some):
        return partial_correlation(some, "y", "x")[0]

    first, *_, last = correlation_checks(people, "y", "x", (), correlation, 10, 0.95, 0.05)
    assert first["numbers"]["estimate"] == pytest.approx(R["ranks"], abs=1e-8)
    assert last["n_instead"] == len(people.dropna(subset=["x", "y"])) - 10


# --- the table -------------------------------------------------------------------------------------------------------


def _family(*hypotheses) -> dict:
    known = {"label": "l", "covariates": [], "direction": "negative", "sesoi": 0.1, "claim_type": "difference"}
    return {"family": "demo", "confirmatory": False, "correction": "holm", "random_slope": True,
            "hypotheses": [known | h for h in hypotheses]}  # fmt: skip


def test_every_deciding_analysis_is_checked_at_its_own_coefficient(panel):
    pair = {"outcome": "y", "predictor": "x"}
    three = panel.assign(
        early=panel["cold"].where(panel["wave"] == "w1"), late=panel["cold"].where(panel["wave"].isin(["w1", "w2"]))
    )
    family = _family(
        pair | {"id": "within", "covariates": VARYING},
        pair | {"id": "between", "model": "moderation", "moderator": "m"},
        {"id": "outcomes", "model": "contrast_of_outcomes", "outcomes": ["y", "second"], "predictor": "x"},
        {"id": "predictors", "model": "contrast_of_predictors", "outcome": "y", "predictors": ["x", "cold"]},
        pair | {"id": "before", "model": "cumulative"},
        pair | {"id": "alone", "model": "correlation"},
        {"id": "change", "outcome": "y", "predictor": "late"},
        {"id": "wave", "outcome": "y", "predictor": "early"},
        {"id": "rank", "model": "correlation", "outcome": "y", "predictor": "early"},
        {"id": "pairs", "model": "contrast_of_pairs", "outcomes": ["early", "x"]},
        pair | {"id": "gone", "outcome": "nothing"},
    )
    estimates = run_family(three, family, SETTINGS)
    table = tidy(diagnose_family(three, family, SETTINGS, estimates), "diagnostics")
    deciding = estimates[estimates["decides"]].set_index("hypothesis")
    assert set(deciding["analysis"]) > {"within_between", "cross_level", "within_contrast", "change", "cross_sectional"}
    assert "gone" not in set(table["hypothesis"])
    for name in deciding.index.drop("gone"):
        own = table[table["hypothesis"] == name]
        found = own[["estimate", "ci_low", "ci_high", "n_people"]].drop_duplicates()
        assert len(found) == 1, name
        wanted = deciding.loc[name, ["estimate", "ci_low", "ci_high", "n_people"]].to_list()
        assert found.iloc[0].to_list() == pytest.approx(wanted, abs=1e-6), name
        assert (own["check"] == "dfbetas").sum() + (own["instead"].str.contains("farthest")).sum() > 0, name
    assert list(table) == list(COLUMNS)
    persons = set(panel["participant"])
    assert not any(persons & set(table[name].astype(str)) for name in table)


def test_a_changed_interval_is_told_in_words():
    ends = {"estimate": -0.2, "ci_low": -0.38, "ci_high": -0.02, "ci90_low": -0.35, "ci90_high": -0.05}
    inside = {"estimate": -0.02, "ci_low": -0.12, "ci_high": 0.08, "ci90_low": -0.09, "ci90_high": 0.05}
    assert effect_of(ends, ends, 0.1) == ("no", "the interval lies below 0, like that of the analysis")
    assert effect_of(ends, inside, 0.1)[0] == "yes"
    assert effect_of(ends, {"estimate": 0.1}, 0.1) == ("yes", "the sign is the other one; there is no interval")


def test_too_few_people_to_leave_some_out(panel):
    few = panel[panel["participant"].isin(panel["participant"].unique()[:30])]
    family = _family({"id": "within", "outcome": "y", "predictor": "x"})
    table = diagnose_family(few, family, SETTINGS | {"min_cell": 40}, run_family(few, family, SETTINGS))
    row = table[table["check"] == "dfbetas"].iloc[0]
    assert row["status"].startswith("leaving out 40 of")
    assert row["changes"] == ""
