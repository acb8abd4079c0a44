"""What data that no model can use come to: each model says so in words, raises nothing and gives no number.

Each of the 17 models meets a predictor that does not vary, five people, no answers, one wave, a covariate that repeats
the predictor, an outcome that repeats it, and people who stand in the data twice. Simulated data.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from test_analyses import PUT, SETTINGS, declared, found

from rejsens.hypotheses import MODELS
from rejsens.inference.families import test_family
from rejsens.inference.verdicts import NOT_TESTABLE

PEOPLE, WAVES = 48, 6
Data = tuple[pd.DataFrame, pd.DataFrame, dict]
QUICK = SETTINGS | {"bootstrap_draws": 200}
PROGRAMMERS_WORDS = re.compile(r"nan|None|Error|array|dtype|@\d|shape|singular matrix|Traceback", re.ASCII)
ANSWERED_ALIKE = {"proportion"}  # a share of all or of nobody is a result, with Wilson's interval
UNADJUSTED = {model for model, facts in MODELS.items() if not facts.adjusts}


@pytest.fixture(scope="module")
def simulated() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulated person-waves and rated events; y goes with x."""
    rng = np.random.default_rng(11)
    person, wave = np.repeat(np.arange(PEOPLE), WAVES), np.tile(np.arange(1, WAVES + 1), PEOPLE)
    own = rng.normal(size=(4, PEOPLE))[:, person] + rng.normal(size=(4, len(person)))
    ids = {
        "participant": [f"p{k:02}" for k in person],
        "wave": [f"w{k}" for k in wave],
        "wave_number": wave,
        "role": "wave",
    }
    panel = pd.DataFrame(
        ids
        | {"x": own[0], "y": 0.5 * own[0] + own[1], "b": own[2] + rng.normal(size=PEOPLE)[person] * wave, "z": own[3]}
    )
    panel["m"], panel["g"] = rng.normal(size=PEOPLE)[person], (np.arange(PEOPLE) % 2)[person].astype(float)
    panel["reason"] = (rng.random(len(person)) < 0.3).astype(float)
    rows = panel.loc[wave < 4, list(ids)]
    events = pd.concat([rows.assign(event=kind) for kind in ("unclear", "clear")], ignore_index=True)
    doubt = rng.normal(size=len(events))
    hurt = (
        0.5 * doubt
        + rng.normal(size=len(events))
        + events["participant"].map(dict(zip(ids["participant"], own[1], strict=True)))
    )
    return panel, events.assign(doubt=doubt, hurt=hurt)


def held_against(model: str) -> str:
    """The predictor of a model; of one without, what it is about."""
    keys = PUT[model][0]
    several = keys.get("predictors") or keys.get("outcomes") or [keys.get("outcome")]
    return keys.get("predictor") or several[0]


def about(model: str) -> str:
    return PUT[model][0].get("outcome") or PUT[model][0]["outcomes"][0]


def put(frames: tuple[pd.DataFrame, pd.DataFrame], name: str, value: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(frame.assign(**{name: value}) if name in frame else frame for frame in frames)


def constant(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    if model == "contrast_of_events":
        return panel, events[events["event"] == "clear"], {}
    names = PUT[model][0].get("outcomes") if model == "contrast_of_pairs" else [held_against(model)]
    for name in names:  # of two ratings both: their difference is what must vary
        panel, events = put((panel, events), name, 1.0)
    return panel, events, {}


def five_people(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    few = panel["participant"].unique()[:5]
    return panel[panel["participant"].isin(few)], events[events["participant"].isin(few)], {}


def no_answers(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    return *put((panel, events), about(model), np.nan), {}


def one_wave(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    return panel[panel["wave"] == "w1"], events[events["wave"] == "w1"], {}


def covariate_repeats_it(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    name = held_against(model)
    frames = tuple(f.assign(copy=3 - 2 * f[name]) if name in f else f for f in (panel, events))
    if model == "contrast_of_events":
        frames = panel, events.assign(copy=(events["event"] == "clear").astype(float))
    return *frames, {"covariates": [{"name": "copy", "type": "number", "varies": True}]}


def outcome_repeats_it(model: str, panel: pd.DataFrame, events: pd.DataFrame) -> Data:
    name, other = held_against(model), (PUT[model][0].get("outcomes") or [about(model)])[-1]
    if model == "contrast_of_events":
        return panel, events.assign(hurt=(events["event"] == "clear").astype(float)), {}
    return *(f.assign(**{other: 2 * f[name] + 1}) if name in f else f for f in (panel, events)), {}


def deciding(model: str, panel: pd.DataFrame, events: pd.DataFrame, more: dict) -> tuple[pd.Series, pd.DataFrame]:
    hypothesis = declared(model, **PUT[model][0] | more)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        table = found(panel.reset_index(drop=True), hypothesis, events.reset_index(drop=True), **QUICK)
    (row,) = table[table["decides"]].to_dict("records")
    return pd.Series(row), table


@pytest.mark.parametrize("model", PUT)
@pytest.mark.parametrize("spoil", [constant, five_people, no_answers, covariate_repeats_it, outcome_repeats_it])
def test_what_no_model_can_use_is_not_testable_in_words(simulated, spoil: Callable[..., Data], model: str) -> None:
    panel, events, more = spoil(model, *simulated)
    row, table = deciding(model, panel, events, more)
    said = f"{model}: {row['verdict']}, {row['estimate']}, {row['reason']}"
    if usable(spoil, model):
        assert row["verdict"] != NOT_TESTABLE and math.isfinite(row["ci_low"]) and abs(row["estimate"]) < 5, said
        return
    assert row["verdict"] == NOT_TESTABLE and not table["estimate"].notna().any(), said
    assert len(row["reason"].split()) > 3 and not PROGRAMMERS_WORDS.search(row["reason"]), said


def usable(spoil: Callable[..., Data], model: str) -> bool:
    """What is no obstacle: nothing to adjust for is adjusted for, no predictor is repeated, all gave one answer."""
    if spoil is covariate_repeats_it:
        return model in UNADJUSTED | {"recovery"}  # a recovery asks after the first drop, at equal exposure
    if spoil is outcome_repeats_it:
        return model in ("growth", "proportion", "recovery", "contrast_of_pairs")
    return spoil is constant and model in ANSWERED_ALIKE


@pytest.mark.parametrize("model", PUT)
def test_one_wave_is_enough_or_the_number_of_waves_that_it_takes_is_told(simulated, model: str) -> None:
    row, _ = deciding(model, *one_wave(model, *simulated))
    if MODELS[model].waves == 1:
        assert row["verdict"] != NOT_TESTABLE and abs(row["estimate"]) < 5, row["reason"]
    else:
        assert row["verdict"] == NOT_TESTABLE
        assert row["reason"].startswith(f"it takes {MODELS[model].waves} waves") and "there is 1" in row["reason"]


@pytest.mark.parametrize("model", [m for m in PUT if m not in ("mediation", "lagged", "growth", "recovery")])
def test_people_under_two_ids_change_no_estimate(simulated, model: str) -> None:
    """Nothing shows that they are one person; the estimate stays, and no model breaks off."""
    panel, events = (frame.copy() for frame in simulated)
    once, _ = deciding(model, panel, events, {})
    twice = [pd.concat([f, f.assign(participant=f["participant"] + "x")], ignore_index=True) for f in (panel, events)]
    row, _ = deciding(model, *twice, {})
    assert (
        row["estimate"] == pytest.approx(once["estimate"], rel=0.02, abs=0.005)
        and row["n_people"] == 2 * once["n_people"]
    )


def test_two_rows_of_one_person_in_a_wave_are_told_for_each_hypothesis(simulated) -> None:
    panel, _ = simulated
    family = {"family": "f", "confirmatory": True, "correction": "holm",
              "hypotheses": [declared("growth", id=f"A{k}", outcome="b") for k in (1, 2)]}  # fmt: skip
    rows = test_family(pd.concat([panel, panel[:1]]), family, SETTINGS)
    assert rows["verdict"].tolist() == [NOT_TESTABLE] * 2 and rows["decides"].all()
    assert set(rows["reason"]) == {"a participant has more than one row in a wave"}
