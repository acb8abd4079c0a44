"""What the assumptions table says of structural equations over waves, against lavaan (tests/reference/panel.json)."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.inference.cross_lagged import both_directions, ri_clpm
from rejsens.inference.diagnostics import diagnose_family
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable, estimates_frame
from rejsens.inference.families import test_family as run_family
from rejsens.inference.fixed_effects_sem import dynamic_panel
from rejsens.inference.lagged_diagnostics import lagged_checks
from rejsens.inference.lagged_mediation import fit_of_panel, lagged_indirect
from rejsens.inference.latent_growth import latent_growth

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "panel.json").read_text(encoding="utf-8"))
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 500, "seed": 1, "imputation": {"m": 0, "most": 0}}
MEDIATOR = {"name": "o", "type": "number", "varies": True}
FIT = "model fit"


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


def told(panel: pd.DataFrame, **hypothesis: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The checks of one hypothesis by their names, and its estimates."""
    known = {"id": "one", "label": "l", "outcome": "y", "covariates": [], "direction": "negative", "sesoi": 0.1}
    one = known | {"claim_type": "difference"} | hypothesis
    family = {"family": "demo", "confirmatory": False, "correction": "holm", "hypotheses": [one]}
    estimates = run_family(panel, family, SETTINGS)
    return diagnose_family(panel, family, SETTINGS, estimates).set_index("check"), estimates


def test_checks_of_a_lagged_panel_are_those_of_lavaan(panel):
    checks, estimates = told(panel, model="lagged", predictor="x")
    assert list(checks.index) == ["model fit", "equal paths", "normal answers"]
    robust, normal = R["riclpm"]["MLR"], R["riclpm"]["ML"]
    fit, equal, scaling = (checks.loc[name] for name in checks.index)
    assert (fit["value"], fit["df"], fit["p"]) == pytest.approx((robust["chi2"], robust["df"], robust["p"]), abs=1e-3)
    assert not fit["flagged"] and fit["instead"] == ""
    assert (equal["value"], equal["df"], equal["p"]) == pytest.approx(tuple(robust["equality"].values()), abs=2e-3)
    assert equal["flagged"]  # p = .04: the paths are not one over the intervals
    assert scaling["value"] == pytest.approx(normal["chi2"] / robust["chi2"], abs=1e-4)
    forward = normal["forward"]
    ends = [forward["estimate"] + side * 1.959964 * forward["se"] for side in (-1, 1)]
    assert [scaling["ci_low_instead"], scaling["ci_high_instead"]] == pytest.approx(ends, abs=1e-4)
    # the sandwich's interval lies below 0, that of normal theory reaches beyond it
    assert scaling["ci_high"] == pytest.approx(
        robust["forward"]["estimate"] + 1.959964 * robust["forward"]["se"], abs=1e-4
    )
    assert scaling["ci_high"] < 0 < scaling["ci_high_instead"] and scaling["changes"] == "yes"
    assert scaling["n_people"] == scaling["n_instead"] == estimates.iloc[0]["n_people"]


def test_the_checks_of_both_paths_are_of_the_panel_behind_them(panel):
    checks, estimates = told(panel, model="lagged", predictor="x", both_directions=True)
    assert checks.loc["model fit", "value"] == pytest.approx(R["riclpm"]["MLR"]["chi2"], abs=1e-3)
    assert (checks["estimate"] == estimates.iloc[0]["estimate"]).all()
    joint = both_directions(panel, "y", "x", estimator="ML")[0]
    assert checks.loc["normal answers", "ci_low_instead"] == pytest.approx(joint.ci_low)
    assert checks.loc["normal answers", "value"] == pytest.approx(
        R["riclpm"]["ML"]["chi2"] / R["riclpm"]["MLR"]["chi2"], abs=1e-4
    )


def test_the_panel_behind_an_indirect_association_is_checked_like_any_other(panel):
    """Its rows are its paths, without a test of fit; the same model, of three processes, has one."""
    checks, estimates = told(panel, model="mediation", predictor="x", mediator="o")
    assert FIT not in set(estimates["term"])
    whole = {
        estimator: next(r for r in ri_clpm(panel, "y", "x", [MEDIATOR], estimator=estimator) if r.term == FIT)
        for estimator in ("ML", "MLR")
    }
    found = checks.loc["model fit"]
    wanted = whole["MLR"]
    assert (found["value"], found["df"], found["p"]) == pytest.approx((wanted.statistic, wanted.df, wanted.p), abs=1e-6)
    # five waves of three: 15 means and 120 variances and covariances; free are 15 means, 3 + 3 of the levels, 3 + 3 of the
    # first deviations, 4 times 3 + 3 of the later ones, and 9 paths
    assert found["df"] == 15 + 120 - (15 + 6 + 6 + 4 * 6 + 9)
    assert checks.loc["normal answers", "value"] == pytest.approx(whole["ML"].statistic / whole["MLR"].statistic)
    assert (found["estimate"], found["n_people"]) == (estimates.iloc[0]["estimate"], estimates.iloc[0]["n_people"])


def test_checks_of_growth(panel):
    checks, _ = told(panel, model="growth")
    assert list(checks.index) == ["model fit", "normal answers"]
    assert checks.loc["model fit", "value"] == pytest.approx(R["growth"]["chi2"], abs=1e-3)
    assert checks.loc["model fit", "flagged"]
    slope, *_, fit = latent_growth(panel, "y", estimator="ML")
    normal = checks.loc["normal answers"]
    assert normal["value"] == pytest.approx(fit.statistic / R["growth"]["chi2"], abs=1e-4)
    assert (normal["ci_low_instead"], normal["ci_high_instead"]) == pytest.approx((slope.ci_low, slope.ci_high))


@pytest.fixture(scope="module")
def lagged(panel) -> list[Estimate]:
    return [*ri_clpm(panel, "y", "x"), *dynamic_panel(panel, "y", "x")]


def checked(rows: list[Estimate], normal, alpha: float = 0.5) -> dict[str, dict]:
    frame = estimates_frame(rows)
    return {check["check"]: check for check in lagged_checks(frame, frame.iloc[0], normal, alpha)}


def test_a_panel_that_does_not_fit_has_person_fixed_effects_beside(panel, lagged):
    """At a level of .5 the panel's p of .19 is beyond the guide."""
    found = checked(lagged, lambda: lagged)
    beside = next(row for row in lagged if row.analysis == "fixed_effects_sem")
    assert found["model fit"]["flagged"] and found["equal paths"]["flagged"]
    assert found["model fit"]["instead"] == "panel with person fixed effects"
    assert found["model fit"]["numbers"]["estimate"] == beside.estimate != lagged[0].estimate
    assert found["model fit"]["numbers"]["ci90_high"] == beside.ci90_high
    assert "instead" not in found["equal paths"]
    for others in (
        [row for row in lagged if row.analysis == "ri_clpm"],
        [replace(row, estimate=math.nan) if row is beside else row for row in lagged],
    ):
        alone = checked(others, lambda: lagged)["model fit"]
        assert alone["flagged"] and "instead" not in alone


@pytest.mark.parametrize(
    ("refit", "said"),
    [
        (Estimate(status=NOT_TESTABLE, reason="the model is not admissible"), "the model is not admissible"),
        (Estimate(), "the analysis gave no estimate"),
        (NotTestable("too few people"), "too few people"),
    ],
)
def test_a_refit_that_gives_nothing_says_why(lagged, refit, said):
    def normal() -> list[Estimate]:
        if isinstance(refit, NotTestable):
            raise refit
        return [refit]

    check = checked(lagged, normal)["normal answers"]
    assert check["reason"] == said
    assert "numbers" not in check and "value" not in check


def test_the_fit_of_the_panel_belongs_to_the_paths_that_are_reported(panel):
    """The panel of predictor, mediator and outcome: other people or waves would be another test."""
    (fit,) = fit_of_panel(panel, "y", "x", mediator="o")
    paths = lagged_indirect(panel, "y", "x", mediator="o", draws=10, rng=np.random.default_rng(1))
    assert {(row.n_people, row.n_obs, row.n_lost) for row in paths} == {(fit.n_people, fit.n_obs, fit.n_lost)}
