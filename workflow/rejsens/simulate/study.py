"""A whole simulated study in memory: who took part in which wave, what they would answer, what the export holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from rejsens.administration import administer
from rejsens.definitions import Instrument, load_instruments
from rejsens.scoring import score
from rejsens.simulate.defects import plant, skip_answers
from rejsens.simulate.items import ItemModel, draw_answers, item_models
from rejsens.simulate.latent import People, draw_people, draw_states, levels
from rejsens.simulate.parameters import Parameters, stream

NOT_APPLICABLE = 9.0
IN_A_RELATIONSHIP = 1.0
BASELINE = "rses_sum"  # the first wave's score on which leaving depends


@dataclass(frozen=True)
class SimulatedWave:
    """One wave. Columns of both tables: participant, and one float column per item in the order of the questionnaire.

    complete   what each person would have answered: one row per person, nothing missing, 9 for not applicable
    cells      what the export holds, cell for cell: missing answers, planted defects, repeated rows
    planted    kind, participant, position (row of `cells`, from 0), column, detail
    """

    declared: Mapping[str, Any]  # its entry in the parameter file
    entries: tuple[Mapping[str, Any], ...]  # its instruments, as a sidecar states them
    instruments: tuple[Instrument, ...]  # as administered
    complete: pd.DataFrame
    cells: pd.DataFrame
    planted: pd.DataFrame

    @property
    def name(self) -> str:
        return self.declared["name"]


@dataclass(frozen=True)
class SimulatedStudy:
    """`waves`: the panel in order of time, then the retest. `present`: people × panel waves, whether they took part."""

    parameters: Parameters
    seed: int
    waves: tuple[SimulatedWave, ...]
    present: np.ndarray
    models: Mapping[str, ItemModel]


def simulate(parameters: Parameters, seed: int) -> SimulatedStudy:
    """Draw one study.

    parameters   as from `read_parameters`
    seed         the same seed and parameters give the same study; each part draws from a stream of its own, so that
                 defects, missing answers and retest change no honest answer
    """
    n = parameters["people"]
    people = draw_people(parameters, n, stream(seed, "people"))
    definitions = load_instruments(only=[e["id"] for e in _entries(parameters, parameters["waves"][0], True)])
    models = item_models(parameters, list(definitions.values()))
    absent = _absent(parameters, n, stream(seed, "not applicable"))
    boxes = households(parameters, people, seed)
    present = np.ones((n, len(parameters["waves"])), dtype=bool)
    waves = []
    for number, declared in enumerate(parameters["waves"]):
        states = draw_states(parameters, people, stream(seed, declared["name"], "states"))
        asked = _Asked(parameters, seed, declared, number, definitions, models, boxes[number])
        everybody = asked.complete(people, states, absent)
        if number == 0:
            first = asked, states
            present[:, 1:] = stay(parameters, everybody, asked.instruments, stream(seed, "attrition"))
        waves.append(asked.wave(everybody[present[:, number]].reset_index(drop=True)))
    waves.append(_retest(parameters, seed, people, absent, *first))
    return SimulatedStudy(parameters, seed, tuple(waves), present, models)


def stay(
    parameters: Parameters, first: pd.DataFrame, instruments: Sequence[Instrument], rng: np.random.Generator
) -> np.ndarray:
    """Who is still there in waves 2, 3, …: leaving is for good, and depends on the self-esteem score of the first wave.

    returns   people × (waves − 1), bool
    """
    baseline = score(first, [i for i in instruments if i.scores])[BASELINE].to_numpy()
    z = (baseline - baseline.mean()) / baseline.std(ddof=1)
    at_mean = parameters["attrition"]["at_mean"]
    log_odds = np.log(at_mean / (1 - at_mean)) + parameters["attrition"]["log_odds_per_sd"] * z
    leaves = rng.random((len(first), len(parameters["waves"]) - 1)) < (1 / (1 + np.exp(-log_odds)))[:, None]
    return ~np.logical_or.accumulate(leaves, axis=1)


def households(parameters: Parameters, people: People, seed: int) -> list[dict[str, np.ndarray]]:
    """Whom people live with, in each wave; from streams of their own, so that no other answer depends on them.

    returns   one entry per panel wave: tick box -> (people,), 1.0 where it is ticked; everybody ticks at least one
    """
    chances = parameters["background"]["lives_with"]
    shares = np.array(list(chances.values()))
    drawn = stream(seed, "lives_with").random((len(people), len(shares))) < shares
    found = []
    for number, wave in enumerate(parameters["waves"]):
        rng = stream(seed, wave["name"], "lives_with")
        moves = rng.random(len(people)) < (parameters["background"]["moves"] if number else 0)
        drawn = np.where(moves[:, None], rng.random(drawn.shape) < shares, drawn)
        with_whom = drawn.copy()
        with_whom[:, list(chances).index("partner")] &= people.status[:, number] == IN_A_RELATIONSHIP
        boxes = {"alone": ~with_whom.any(axis=1)} | dict(zip(chances, with_whom.T, strict=True))
        found.append({f"lives_with_{box}": ticked.astype(float) for box, ticked in boxes.items()})
    return found


def _retest(parameters: Parameters, seed: int, people: People, absent: Mapping[str, np.ndarray],
            asked: _Asked, states: Mapping[str, np.ndarray]) -> SimulatedWave:  # fmt: skip
    """People of the first wave again: their states of then, with a little noise."""
    declared = parameters["retest"]
    rng = stream(seed, declared["name"], "states")
    again = {name: state + declared["noise"] * rng.standard_normal(len(people)) for name, state in states.items()}
    asked = _Asked(parameters, seed, declared, 0, asked.definitions, asked.models, asked.household)
    chosen = np.sort(rng.choice(len(people), size=min(declared["people"], len(people)), replace=False))
    return asked.wave(asked.complete(people, again, absent).iloc[chosen].reset_index(drop=True))


@dataclass(frozen=True)
class _Asked:
    """One wave's questionnaire, and the streams that fill it in."""

    parameters: Parameters
    seed: int
    declared: Mapping[str, Any]
    number: int  # of the panel wave, from 0; a retest carries the number of the wave it repeats
    definitions: Mapping[str, Instrument]
    models: Mapping[str, ItemModel]
    household: Mapping[str, np.ndarray]  # tick box -> (people,), 0 or 1

    @property
    def entries(self) -> tuple[Mapping[str, Any], ...]:
        return _entries(self.parameters, self.declared, self.number == 0)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(administer(self.definitions[e["id"]], **e) for e in self.entries)

    def complete(
        self, people: People, states: Mapping[str, np.ndarray], absent: Mapping[str, np.ndarray]
    ) -> pd.DataFrame:
        """What everybody would answer, also those who are not there."""
        rng = stream(self.seed, self.declared["name"], "answers")
        asked = [item for instrument in self.instruments for item in instrument.items]
        wanted = {item.id: self.models[item.id] for item in asked if item.id in self.models}
        answers = draw_answers(wanted, levels(self.parameters, people, states, self.number), rng)
        answers |= {i: np.where(absent[i], NOT_APPLICABLE, answers[i]) for i in absent if i in answers}
        answers |= self._background(people)
        columns = {"participant": np.array([f"p{k:04}" for k in range(1, len(people) + 1)], dtype=object)}
        for item in asked:
            answer = item.high if item.instructed is None else item.instructed  # quality items: read, careful, usable
            columns[item.id] = answers.get(item.id, np.full(len(people), answer)).astype(float)
        return pd.DataFrame(columns)

    def _background(self, people: People) -> dict[str, np.ndarray]:
        first = date.fromisoformat(self.parameters["waves"][0]["from"])
        years = (date.fromisoformat(self.declared["from"]) - first).days / 365.25
        pace = self.parameters["duration"]
        noise = stream(self.seed, self.declared["name"], "duration").standard_normal(len(people))
        seconds = pace["median"] * (1.5 if self.number == 0 else 1.0) * np.exp(pace["spread"] * noise)
        return {
            "age": np.floor(people.age + years),
            "gender": people.gender,
            "relationship_status": people.status[:, self.number],
            **self.household,
            "duration_seconds": np.round(seconds),
        }

    def wave(self, complete: pd.DataFrame) -> SimulatedWave:
        name, asked, rates = self.declared["name"], self.instruments, self.parameters
        skipped = skip_answers(complete, asked, rates["missing"], stream(self.seed, name, "missing"))
        left_out = stream(self.seed, name, "lives_with missing").random(len(skipped)) < rates["missing"]["refused"]
        skipped.loc[left_out, [box for box in self.household if box in skipped]] = np.nan
        cells, planted = plant(skipped, asked, rates["defects"], stream(self.seed, name, "defects"))
        return SimulatedWave(self.declared, self.entries, asked, complete, cells, planted)


def _entries(parameters: Parameters, declared: Mapping[str, Any], first: bool) -> tuple[Mapping[str, Any], ...]:
    """What one wave asks, with the item orders that it declares for itself."""
    listed = [*parameters["instruments"]["every_wave"], *(parameters["instruments"]["first_wave"] if first else ())]
    orders = declared.get("orders", {})
    return tuple({**entry, "order": orders[entry["id"]]} if entry["id"] in orders else dict(entry) for entry in listed)


def _absent(parameters: Parameters, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Who has no such person or setting, for the whole study: item id -> (n,) bool."""
    return {item: rng.random(n) < share for item, share in parameters["missing"]["not_applicable"].items()}
