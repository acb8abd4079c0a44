"""Ordinal answers to items: thresholds on a latent response, and the instrument's own key for reversed items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, Refused
from rejsens.simulate.parameters import Parameters, module_block, person_variables, scores_of

# Steps that fill an interval evenly without a random draw: the items' parameters are facts, the same under every seed.
LOADING_STEP, SHIFT_STEP = 0.6180339887, 0.7548776662


@dataclass(frozen=True)
class ItemModel:
    """response = loading × level + sqrt(1 − loading²) × noise; the category is the number of thresholds below it."""

    item: Item
    variable: str
    loading: float
    thresholds: tuple[float, ...]

    def answers(self, level: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Raw answers (float codes) of people at these levels of the variable.

        level     (n,), in SDs of the variable
        returns   (n,); a reversed item is written in its raw direction, low + high − keyed
        """
        response = self.loading * level + math.sqrt(1 - self.loading**2) * rng.standard_normal(len(level))
        keyed = self.item.low + np.searchsorted(self.thresholds, response)
        return self.item.low + self.item.high - keyed if self.item.must_be_reversed else keyed


def item_models(parameters: Parameters, instruments: Sequence[Instrument]) -> dict[str, ItemModel]:
    """The model of every item that a variable's scores use, those of people before those of events; item id -> ItemModel.

    raises   Refused when an item has other categories than declared
    """
    scores = {score.id: (instrument, score) for instrument in instruments for score in instrument.scores}
    models: dict[str, ItemModel] = {}
    events = module_block(parameters)["events"]["variables"]
    for name, variable in {**person_variables(parameters), **events}.items():
        for instrument, score in (scores[s] for s in scores_of(variable) if s in scores):
            models |= _models_of(parameters, name, variable, [instrument.item(i) for i in score.items])
    return models


def _models_of(
    parameters: Parameters, name: str, variable: Mapping[str, Any], items: Sequence[Item]
) -> dict[str, ItemModel]:
    cuts = norm.ppf(np.cumsum(variable["percent"])[:-1] / 100)
    low, high = variable.get("loadings", parameters["items"]["loadings"])
    models = {}
    for number, item in enumerate(items, start=1):
        if item.high - item.low != len(cuts):
            found, allowed = f"{len(cuts) + 1} percentages", f"{item.id} takes {item.allowed}"
            raise Refused(Problem(f"variables › {name}", "Another number of categories", found, allowed))
        shift = parameters["items"]["spread"] * (2 * _spaced(number, SHIFT_STEP) - 1)
        loading = low + (high - low) * _spaced(number, LOADING_STEP)
        models[item.id] = ItemModel(item, name, round(loading, 4), tuple(np.round(cuts + shift, 4).tolist()))
    return models


def _spaced(number: int, step: float) -> float:
    return (number * step) % 1.0


def draw_answers(
    models: Mapping[str, ItemModel], level: Mapping[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Item id -> raw answers (n,), for every model."""
    return {name: model.answers(level[model.variable], rng) for name, model in models.items()}
