"""The modules of a wave's questionnaire: what was asked behind the rest, each instrument from a stream of its own.

No answer to the rest of the questionnaire depends on them: they may be changed, added or left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.simulate.events import Events, draw_tendencies, event_levels
from rejsens.simulate.items import ItemModel, draw_answers
from rejsens.simulate.latent import People, levels
from rejsens.simulate.parameters import Parameters, module_block, stream

NOT_APPLICABLE = 9.0


@dataclass(frozen=True)
class ModuleStates:
    """What is true of one wave beside the states of the rest: states and events of the modules."""

    states: Mapping[str, np.ndarray]
    events: Events


@dataclass(frozen=True)
class Lasting:
    """What is true of people in all waves: how they rate events, and whom they do not have."""

    tendencies: Mapping[str, np.ndarray]  # event variable -> (n,)
    never: Mapping[str, np.ndarray]  # item -> (n,) bool: such a person or setting does not exist
    lacking: Mapping[str, np.ndarray]  # source -> (n,), uniform: no such person while this lies below the share


def draw_lasting(parameters: Parameters, n: int, seed: int) -> Lasting:
    """From streams of the study's seed, one for each item and each source."""
    block = module_block(parameters)
    never = {
        item: stream(seed, "not applicable", item).random(n) < share for item, share in block["not_applicable"].items()
    }
    lacking = {source: stream(seed, "no such person", source).random(n) for source in block["no_such_person"]}
    return Lasting(draw_tendencies(parameters, n, stream(seed, "events")), never, lacking)


def lacking_in(parameters: Parameters, people: People, lasting: Lasting, wave: int) -> dict[str, np.ndarray]:
    """Who has no such person or setting in one wave: item -> (n,) bool; who lacks one goes on lacking it.

    The share depends on the relationship status of the wave, the person's place in it holds for all waves.
    """
    found = dict(lasting.never)
    for source, declared in module_block(parameters)["no_such_person"].items():
        share = np.array([declared["share"][status] for status in people.status[:, wave]])
        found |= {item: lasting.lacking[source] < share for item in declared["items"]}
    return found


def module_answers(
    parameters: Parameters,
    seed: int,
    wave: str,
    number: int,
    instruments: Sequence[Instrument],
    models: Mapping[str, ItemModel],
    people: People,
    states: Mapping[str, np.ndarray],
    of_modules: ModuleStates,
    lasting: Lasting,
) -> pd.DataFrame:
    """What everybody would answer to the modules of one wave: one float column per item, blank where it is not shown.

    states       of the rest of the questionnaire, in that wave
    of_modules   of the modules, in that wave
    """
    person = levels(parameters, people, {**states, **of_modules.states}, number)
    lacking = lacking_in(parameters, people, lasting, number)
    columns: dict[str, np.ndarray] = {}
    for instrument in instruments:
        rng = stream(seed, wave, "answers", instrument.name)
        level, prefix = person, ""
        if instrument.event:
            prefix = f"{instrument.event}_"
            level = event_levels(
                parameters, of_modules.events, instrument.event, lasting.tendencies, people, person, number
            )
        known = {
            i.id: models[i.id.removeprefix(prefix)] for i in instrument.items if i.id.removeprefix(prefix) in models
        }
        columns |= draw_answers(known, level, rng)
        for item in instrument.items:
            if item.id not in columns:  # drawn by the platform
                columns[item.id] = rng.integers(int(item.low), int(item.high) + 1, size=len(people))
            if item.id in lacking:
                columns[item.id] = np.where(lacking[item.id], NOT_APPLICABLE, columns[item.id])
        if instrument.event:
            first = instrument.items[0].id
            columns[first] = np.where(of_modules.events.none[instrument.event], NOT_APPLICABLE, columns[first])
    return shown(pd.DataFrame(columns, index=range(len(people)), dtype=float), instruments)


def shown(answers: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """The answers without those to items that the questionnaire does not show: blank where no condition is met.

    An item is shown when one of the items that it depends on was answered with at least its code, and not with "does
    not apply"; where that item is blank, what was answered stays.
    """
    values = {name: answers[name].to_numpy() for name in answers}
    for instrument in instruments:
        for item in instrument.items:
            if item.asked_if is None:
                continue
            closed = [
                (values[gate] < item.asked_if.at_least) | np.isin(values[gate], instrument.item(gate).not_applicable)
                for gate in item.asked_if.any_of
            ]
            values[item.id] = np.where(np.logical_and.reduce(closed), np.nan, values[item.id])
    return pd.DataFrame(values, index=answers.index)
