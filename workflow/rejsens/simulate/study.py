"""A whole simulated study in memory: who took part in which wave, what they would answer, what the export holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from rejsens.administration import administer
from rejsens.definitions import Instrument, load_instruments
from rejsens.scoring import score
from rejsens.simulate.defects import plant, skip_answers
from rejsens.simulate.events import draw_events
from rejsens.simulate.items import ItemModel, draw_answers, item_models
from rejsens.simulate.latent import MOOD, People, draw_people, draw_states, levels, module_states, with_modules
from rejsens.simulate.modules import (
    NOT_APPLICABLE,
    Lasting,
    ModuleStates,
    draw_lasting,
    module_answers,
    shown,
)
from rejsens.simulate.parameters import Parameters, module_block, stream

IN_A_RELATIONSHIP = 1.0
BASELINE = "rses_sum"  # the first wave's score on which leaving depends


@dataclass(frozen=True)
class SimulatedWave:
    """One wave. Columns of both tables: participant, and one float column per item in the order of the questionnaire.

    complete   what each person would have answered: one row per person, 9 for not applicable, blank only where the
               questionnaire does not show an item
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
    people = with_modules(parameters, draw_people(parameters, n, stream(seed, "people")), stream(seed, "modules"))
    lasting = draw_lasting(parameters, n, seed)
    definitions = load_instruments(only=_named(parameters))
    models = item_models(parameters, list(definitions.values()))
    absent = _absent(parameters, n, stream(seed, "not applicable"))
    boxes = households(parameters, people, seed)
    present = np.ones((n, len(parameters["waves"])), dtype=bool)
    waves = []
    for number, declared in enumerate(parameters["waves"]):
        name = declared["name"]
        states = draw_states(parameters, people, stream(seed, name, "states"))
        of_modules = ModuleStates(
            module_states(parameters, people, states, stream(seed, name, "module states")),
            draw_events(parameters, n, stream(seed, name, "events")),
        )
        asked = _Asked(parameters, seed, declared, number, definitions, models, boxes[number], lasting)
        everybody = asked.complete(people, states, of_modules, absent)
        if number == 0:
            first = asked, states, of_modules
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
            asked: _Asked, states: Mapping[str, np.ndarray], of_modules: ModuleStates) -> SimulatedWave:  # fmt: skip
    """People of the first wave again: their states and their events of then, with a little noise."""
    declared = parameters["retest"]
    noise = declared["noise"]
    rng = stream(seed, declared["name"], "states")
    again = {n: state + noise * rng.standard_normal(len(people)) for n, state in states.items() if n != MOOD}
    own = stream(seed, declared["name"], "module states")
    modules_again = ModuleStates(
        {n: state + noise * own.standard_normal(len(people)) for n, state in of_modules.states.items()},
        of_modules.events.with_noise(noise, stream(seed, declared["name"], "events")),
    )
    asked = replace(asked, declared=declared)
    chosen = np.sort(rng.choice(len(people), size=min(declared["people"], len(people)), replace=False))
    return asked.wave(asked.complete(people, again, modules_again, absent).iloc[chosen].reset_index(drop=True))


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
    lasting: Lasting

    @property
    def entries(self) -> tuple[Mapping[str, Any], ...]:
        return (*self._main, *self._modules)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return (*self.main, *self.modules)

    @property
    def main(self) -> tuple[Instrument, ...]:
        """The instruments whose answers come from the streams of the whole wave."""
        return tuple(administer(self.definitions[e["id"]], **e) for e in self._main)

    @property
    def modules(self) -> tuple[Instrument, ...]:
        """The instruments behind them, each from streams of its own."""
        return tuple(administer(self.definitions[e["id"]], **e) for e in self._modules)

    @property
    def _main(self) -> tuple[Mapping[str, Any], ...]:
        return asked_in(self.parameters["instruments"], self.declared, self.number)

    @property
    def _modules(self) -> tuple[Mapping[str, Any], ...]:
        return asked_in(module_block(self.parameters), self.declared, self.number)

    def complete(
        self,
        people: People,
        states: Mapping[str, np.ndarray],
        of_modules: ModuleStates,
        absent: Mapping[str, np.ndarray],
    ) -> pd.DataFrame:
        """What everybody would answer, also those who are not there."""
        rng = stream(self.seed, self.declared["name"], "answers")
        asked = [item for instrument in self.main for item in instrument.items]
        wanted = {item.id: self.models[item.id] for item in asked if item.id in self.models}
        answers = draw_answers(wanted, levels(self.parameters, people, states, self.number), rng)
        answers |= {i: np.where(absent[i], NOT_APPLICABLE, answers[i]) for i in absent if i in answers}
        answers |= self._background(people)
        columns = {"participant": np.array([f"p{k:04}" for k in range(1, len(people) + 1)], dtype=object)}
        for item in asked:
            answer = item.high if item.instructed is None else item.instructed  # quality items: read, careful, usable
            columns[item.id] = answers.get(item.id, np.full(len(people), answer)).astype(float)
        behind = module_answers(
            self.parameters, self.seed, self.declared["name"], self.number, self.modules, self.models, people, states,
            of_modules, self.lasting,
        )  # fmt: skip
        return pd.concat([pd.DataFrame(columns), behind], axis=1)

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
        name, rates = self.declared["name"], self.parameters
        own = {i.name: stream(self.seed, name, "missing", i.name) for i in self.modules}
        skipped = skip_answers(
            complete, self.main, rates["missing"], stream(self.seed, name, "missing"), self.modules, own
        )
        left_out = stream(self.seed, name, "lives_with missing").random(len(skipped)) < rates["missing"]["refused"]
        skipped.loc[left_out, [box for box in self.household if box in skipped]] = np.nan
        streams = (stream(self.seed, name, "defects"), stream(self.seed, name, "defects of the modules"))
        cells, planted = plant(skipped, self.main, rates["defects"], streams, self.modules)
        return SimulatedWave(
            self.declared, self.entries, self.instruments, complete, shown(cells, self.modules), planted
        )


def asked_in(listed: Mapping[str, Any], declared: Mapping[str, Any], number: int) -> tuple[Mapping[str, Any], ...]:
    """What one wave asks of a block, with the item orders and the exchanges that the wave declares for itself."""
    asked = [*listed["every_wave"], *listed.get("later_waves" if number else "first_wave", ())]
    orders, instead = declared.get("orders", {}), declared.get("instead", {})
    asked = [{**entry, "id": instead.get(entry["id"], entry["id"])} for entry in asked]
    return tuple({**entry, "order": orders[entry["id"]]} if entry["id"] in orders else entry for entry in asked)


def _named(parameters: Parameters) -> list[str]:
    """The ids of all instruments that some wave asks."""
    blocks = (parameters["instruments"], module_block(parameters))
    listed = [entry["id"] for block in blocks for key in ("every_wave", "first_wave", "later_waves")
              for entry in block.get(key, ())]  # fmt: skip
    return [*listed, *(other for wave in parameters["waves"] for other in wave.get("instead", {}).values())]


def _absent(parameters: Parameters, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Who has no such person or setting, for the whole study: item id -> (n,) bool."""
    return {item: rng.random(n) < share for item, share in parameters["missing"]["not_applicable"].items()}
