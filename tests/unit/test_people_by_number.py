"""A family works on people by number: the same results as by name, and no second copy of what many people answered."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.robust.robust_linear_model import RLM
from tests.unit.test_analyses import SETTINGS, declared

from rejsens.inference.covariates import among, numbered, person_waves
from rejsens.inference.diagnostics import diagnose_family
from rejsens.inference.families import test_family as put_family
from rejsens.inference.regression_diagnostics import huber_coefficients

PEOPLE, WAVES = 70, 3
MODELS = {
    "association": {"outcome": "y", "predictor": "x", "covariates": [{"name": "age", "type": "number"}]},
    "contrast_of_outcomes": {"outcomes": ["y", "z"], "predictor": "x"},
    "contrast_of_events": {"outcome": "hurt", "contrast": ["unclear", "clear"]},
    "event_slope": {"outcome": "hurt", "predictor": "doubt"},
    "correlation": {"outcome": "y", "predictor": "z"},
}


def study(people: int = PEOPLE, waves: int = WAVES, gaps: float = 0.05) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulated scores wave by wave and events: names that sort otherwise than they stand, and a retest that counts nowhere."""
    rng = np.random.default_rng(5)
    names = rng.permutation([f"p{k}" for k in range(people)])
    frames = []
    for number in range(1, waves + 1):
        x, usual = rng.normal(size=people), rng.normal(size=people)
        frame = pd.DataFrame({"participant": names, "wave": f"w{number}", "wave_number": number, "role": "wave"})
        frame = frame.assign(x=x, y=0.5 * x + usual, z=rng.normal(size=people), age=rng.integers(18, 60, people) * 1.0)
        values = frame[["x", "y", "z"]]
        frames.append(frame.assign(**values.mask(rng.random(values.shape) < gaps)))
    retest = frames[0].head(3).assign(wave="again", wave_number=9, role="retest")
    scores = pd.concat([*frames, retest], ignore_index=True)
    rated = scores.loc[scores["role"] == "wave", ["participant", "wave", "wave_number", "role"]]
    both = pd.concat([rated.assign(event=kind) for kind in ("unclear", "clear")], ignore_index=True)
    doubt, own = rng.normal(size=(2, len(both)))
    return scores, both.assign(doubt=doubt, hurt=own + 0.4 * doubt + (both["event"] == "unclear"))


def tables(scores: pd.DataFrame, events: pd.DataFrame, *models: str, m: int = 2) -> tuple[str, str]:
    hypotheses = [declared(model, **(MODELS[model] | {"id": f"A{k}"})) for k, model in enumerate(models or MODELS)]
    family: dict[str, Any] = {"family": "f", "confirmatory": True, "correction": "holm", "hypotheses": hypotheses}
    settings = SETTINGS | {"imputation": {"m": m, "most": 3}, "bootstrap_draws": 120}
    estimates = put_family(scores, family, settings, events)
    return estimates.to_csv(), diagnose_family(scores, family, settings, estimates, events).to_csv()


@pytest.mark.parametrize("waves", [1, 2, 3])
def test_people_by_number_and_by_name_give_the_same_to_the_last_digit(waves):
    scores, events = study(waves=waves)
    assert tables(*numbered(scores, events)) == tables(scores, events)


@pytest.mark.parametrize(
    ("people", "gaps", "met"), [(40, 0.0, False), (40, 0.1, False), (1, 0.0, True), (1, 1.0, False)]
)
def test_without_gaps_without_events_and_of_one_person(people, gaps, met):
    scores, events = study(people, waves=1, gaps=gaps)
    events = events if met else events.iloc[:0]
    named, by_number = tables(scores, events), tables(*numbered(scores, events))
    assert named == by_number and named[0].count("\n") > len(MODELS)


def test_numbers_go_by_name_and_an_event_keeps_its_person():
    scores, events = study()
    panel, rated = numbered(scores, events.iloc[::-1])
    names = sorted(scores["participant"].unique())
    assert [names[k] for k in panel["participant"]] == person_waves(scores)["participant"].tolist()
    assert [names[k] for k in rated["participant"]] == events.iloc[::-1]["participant"].tolist()
    assert set(panel["role"]) == {"wave"}


def test_a_panel_in_order_is_not_copied():
    panel, _ = numbered(*study())
    assert np.shares_memory(person_waves(panel)["x"].to_numpy(), panel["x"].to_numpy())
    turned = panel.iloc[::-1]
    assert person_waves(turned).equals(panel)


def test_a_person_twice_in_a_wave_is_refused_by_number_too():
    scores, events = study(5)
    with pytest.raises(ValueError, match="more than one row in a wave"):
        person_waves(numbered(pd.concat([scores, scores.iloc[:1]]), events)[0])


def test_the_wanted_person_waves_are_found_by_both_their_names():
    scores, _ = study()
    wanted = scores.sample(50, random_state=1)[["participant", "wave", "x"]]
    both = pd.MultiIndex.from_frame(scores[["participant", "wave"]])
    expected = both.isin(pd.MultiIndex.from_frame(wanted[["participant", "wave"]]))
    assert among(scores, wanted).tolist() == expected.tolist()
    assert not among(scores, wanted.iloc[:0]).any() and among(scores.iloc[:0], wanted).tolist() == []


@pytest.mark.parametrize("people", [12, 57, 1000])
@pytest.mark.parametrize("exact", [0.0, 0.7, 1.0])
def test_hubers_estimate_is_that_of_statsmodels_to_the_bit(people, exact):
    rng = np.random.default_rng(people)
    for columns in (1, 2, 5):
        x = np.column_stack([np.ones(people), *rng.normal(size=(columns - 1, people))])
        y = x.sum(axis=1) + np.where(rng.random(people) < exact, 0.0, rng.standard_t(2, people))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that is exact for most
            expected = RLM(y, x).fit(tol=1e-10, maxiter=200).params
        assert huber_coefficients(y, x).tolist() == expected.tolist()


def test_hubers_estimate_holds_no_array_for_each_of_its_fits():
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(20_000), rng.normal(size=20_000)])
    y = x[:, 1] + rng.standard_t(1.5, 20_000)
    tracemalloc.start()
    huber_coefficients(y, x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * y.nbytes  # statsmodels' own loop holds seven more with each of dozens of fits
