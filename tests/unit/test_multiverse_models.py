"""Each model in several ways: the declared way comes to the deciding row, the others to the companions that say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejsens.inference import multiverse as ways
from rejsens.inference.families import test_family as run_family
from rejsens.inference.multiverse import run_multiverse

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SETTINGS = {"alpha": 0.05, "ci_level": 0.95, "bootstrap_draws": 50, "seed": 1, "imputation": {"m": 0, "most": 0}}
MOST = {"regression": 50, "mixed": 50, "imputed": 50, "apart": 50}
PERSONS = {"model": [{"label": "declared"}, {"label": "persons", "person_fixed_effects": True}]}
NUMBERS = ["estimate", "ci_low", "ci_high", "n_people"]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_waves.csv")


class Same:
    """Scores that no choice of screening or scoring changes."""

    def __init__(self, panel: pd.DataFrame) -> None:
        self.panel = panel

    def scores(self, exclusions: object, scoring: str, removed: frozenset[str]) -> pd.DataFrame:
        return self.panel


def family_of(**asked: Any) -> dict[str, Any]:
    known = {"id": "one", "label": "l", "covariates": [], "direction": "negative", "sesoi": 0.1}
    one = {"claim_type": "difference"} | known | asked
    return {"family": "demo", "confirmatory": False, "correction": "none", "random_slope": True, "hypotheses": [one]}


def run(panel: pd.DataFrame, family: dict[str, Any], choices: dict[str, Any], **more: Any) -> pd.DataFrame:
    declared = {"hypotheses": ["one"], "most": MOST, "choices": choices}
    known, settings = more.pop("known", None), SETTINGS | more
    return run_multiverse(Same(panel), declared, family, settings, {}, known)


PUT = {
    "association": {"outcome": "y", "predictor": "x"},
    "correlation": {"model": "correlation", "outcome": "y", "predictor": "x"},
    "moderation": {"model": "moderation", "outcome": "y", "predictor": "x", "moderator": "m"},
    "outcomes": {"model": "contrast_of_outcomes", "outcomes": ["y", "second"], "predictor": "x"},
    "two": {"model": "contrast_of_predictors", "outcome": "y", "predictors": ["x", "cold"]},
    "three": {"model": "contrast_of_predictors", "outcome": "y", "predictors": ["x", "cold", "source"]},
}


@pytest.mark.parametrize("waves", [1, 2, 4])
@pytest.mark.parametrize("asked", PUT.values(), ids=PUT)
def test_the_declared_way_of_each_model_is_its_deciding_row(panel, asked, waves):
    """Two analyses are chosen by two pieces of code: they must be the same one, whatever the number of waves."""
    rows = panel[panel["wave_number"] <= waves].reset_index(drop=True)
    family = family_of(**asked)
    estimates = run_family(rows, family, SETTINGS)
    deciding = estimates[estimates["decides"]].iloc[0]
    (found,) = run(rows, family, {}).to_dict("records")
    assert deciding["verdict"] != "not testable"
    for name in ("analysis", "wave", "outcome", "term", "metric", "verdict"):
        if name in found:
            assert found[name] == deciding[name], name
    assert [found[name] for name in NUMBERS] == pytest.approx([deciding[name] for name in NUMBERS], rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "companion", "metric"),
    [(PUT["association"], "fixed_effects", "beta_within"),
     (PUT["moderation"], "cross_level_fixed_effects", "beta_interaction")],
    ids=["association", "moderation"],
)  # fmt: skip
def test_person_fixed_effects_are_the_companion_of_that_name(panel, asked, companion, metric):
    family = family_of(**asked)
    estimates = run_family(panel, family, SETTINGS)
    wanted = estimates[(estimates["analysis"] == companion) & (estimates["metric"] == metric)].iloc[0]
    table = run(panel, family, PERSONS)
    row = table[table["model"] == "persons"].iloc[0]
    assert [row[name] for name in NUMBERS] == pytest.approx([wanted[name] for name in NUMBERS], rel=1e-9)
    assert row["estimate"] != table.loc[table["declared"], "estimate"].iloc[0]


@pytest.mark.parametrize("among", [{}, {"where": {"gender": 2.0}}], ids=["everybody", "some"])
def test_what_is_exchanged_in_a_contrast_is_each_score_that_it_names(panel, among):
    instead = {"scores": [{"label": "as declared"}, {"label": "other", "instead": {"cold": "source", "y": "second"}}]}
    table = run(panel, family_of(**PUT["two"], **among), instead)
    other = family_of(model="contrast_of_predictors", outcome="second", predictors=["x", "source"], **among)
    estimates = run_family(panel, other, SETTINGS)
    wanted = estimates[estimates["decides"]].iloc[0]
    row = table[table["scores"] == "other"].iloc[0]
    assert [row[name] for name in NUMBERS] == pytest.approx([wanted[name] for name in NUMBERS], rel=1e-9)


def test_a_question_that_cannot_be_put_is_one_row_with_its_reason(panel):
    table = run(panel.assign(y=np.nan), family_of(**PUT["association"]), PERSONS)
    (row,) = table.to_dict("records")
    assert row["declared"] and row["verdict"] == "not testable"
    assert "y" in row["reason"] and np.isnan(row["estimate"])


def test_a_table_without_the_hypothesis_decides_nothing_beforehand(panel):
    family = family_of(**PUT["association"])
    estimates = run_family(panel, family, SETTINGS)
    moved = estimates.assign(estimate=estimates["estimate"] + 1.0)
    assert run(panel, family, {}, known=moved)["estimate"][0] == pytest.approx(
        moved.loc[moved["decides"], "estimate"].iloc[0]
    )
    for known in (moved.assign(hypothesis="another"), moved.assign(decides=False)):
        computed = run(panel, family, {}, known=known)["estimate"][0]
        assert computed == pytest.approx(estimates.loc[estimates["decides"], "estimate"].iloc[0])


def test_what_cannot_be_solved_or_drawn_is_a_row_that_says_so(panel, monkeypatch):
    family = family_of(**PUT["association"])

    def unsolved(*given: object, **named: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    with monkeypatch.context() as patch:
        patch.setattr(ways, "within_between", unsolved)
        row = run(panel, family, {}).iloc[0]
    assert (row["verdict"], row["reason"]) == ("not testable", "the model could not be solved (Singular matrix)")
    monkeypatch.setattr(ways, "complete", lambda *given: {})
    row = run(panel, family, {}, imputation={"m": 5, "most": 5}).iloc[0]
    assert (row["verdict"], row["reason"]) == ("not testable", "the imputation gave no panel")
