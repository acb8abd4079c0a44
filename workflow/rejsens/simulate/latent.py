"""People of a simulated study: background, traits, own effects; and their states in one wave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rejsens.simulate.parameters import (
    Parameters,
    module_block,
    module_parameters,
    person_variables,
    state_remainder,
    trait_remainder,
)

MOOD = "mood"  # stands among the states of a wave


@dataclass(frozen=True)
class People:
    """n people. Everything that holds for all waves, and the relationship status in each of them."""

    traits: Mapping[str, np.ndarray]  # variable -> (n,), mean 0, variance 1
    slopes: Mapping[tuple[str, str], np.ndarray]  # (cause, outcome) -> (n,), each person's effect between states
    age: np.ndarray  # (n,), exact years at the first wave
    gender: np.ndarray  # (n,), codes
    status: np.ndarray  # (n, waves), codes
    shared: np.ndarray  # (n, dimensions), what traits have in common

    def __len__(self) -> int:
        return len(self.age)


def draw_people(parameters: Parameters, n: int, rng: np.random.Generator) -> People:
    """People without the modules' variables: `with_modules` adds those from a stream of their own."""
    names = parameters["dimensions"]["names"]
    shared = rng.standard_normal((n, len(names))) @ np.linalg.cholesky(parameters["dimensions"]["correlations"]).T
    traits = _traits(parameters, shared, rng)
    slopes = _slopes(parameters, traits["climate"], rng)
    declared = parameters["background"]
    age = declared["age"]
    a, b = age["shape"]
    years = age["low"] + (age["high"] - age["low"]) * rng.beta(a, b, size=n)
    gender = _codes(declared["gender"], n, rng)
    statuses = [_codes(declared["relationship_status"], n, rng)]
    for _ in parameters["waves"][1:]:
        anew = _codes(declared["relationship_status"], n, rng)
        statuses.append(np.where(rng.random(n) < declared["relationship_change"], anew, statuses[-1]))
    return People(traits, slopes, years, gender, np.column_stack(statuses), shared)


def with_modules(parameters: Parameters, people: People, rng: np.random.Generator) -> People:
    """The same people with the traits and the own effects of the modules' variables."""
    block = module_parameters(parameters)
    traits = {**people.traits, **_traits(block, people.shared, rng)}
    return replace(people, traits=traits, slopes={**people.slopes, **_slopes(block, traits["climate"], rng)})


def _traits(parameters: Parameters, shared: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    names = parameters["dimensions"]["names"]
    traits = {}
    for name, variable in parameters["variables"].items():
        rest = math.sqrt(trait_remainder(parameters, name)) * rng.standard_normal(len(shared))
        traits[name] = rest + sum(loading * shared[:, names.index(d)] for d, loading in variable["trait"].items())
    return traits


def _slopes(parameters: Parameters, climate: np.ndarray, rng: np.random.Generator) -> dict[tuple[str, str], np.ndarray]:
    slopes = {}
    for effect in parameters["effects"]:
        own = effect.get("spread", 0) * rng.standard_normal(len(climate))
        slopes[effect["x"], effect["y"]] = effect["size"] + effect.get("by_climate", 0) * climate + own
    return slopes


def _codes(shares: Mapping[float, float], n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(np.array([float(code) for code in shares]), size=n, p=list(shares.values()))


def draw_states(parameters: Parameters, people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Every variable's state in one wave, mean 0 and variance 1; independent of the states of other waves.

    returns   variable -> (n,), and the day's mood; a variable without within-person variance has no state
    """
    n, rho = len(people), parameters["exposure_with_overt"]
    mood = rng.standard_normal(n)
    exposure = rng.standard_normal(n)
    causes = {"exposure": exposure, "overt": rho * exposure + math.sqrt(1 - rho**2) * rng.standard_normal(n)}
    return causes | _outcomes(parameters, people, {**causes, MOOD: mood}, rng) | {MOOD: mood}


def module_states(
    parameters: Parameters, people: People, states: Mapping[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The states of the modules' variables in one wave, under the exposure and the mood of that wave; variable -> (n,)."""
    return _outcomes(module_parameters(parameters), people, states, rng)


def _outcomes(
    parameters: Parameters, people: People, states: Mapping[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    found = {}
    for name, variable in parameters["variables"].items():
        if name in states or not variable["within"]:
            continue
        found[name] = math.sqrt(state_remainder(parameters, name)) * rng.standard_normal(len(people))
        found[name] += variable.get("mood", 0) * states[MOOD]
        for cause in ("exposure", "overt"):
            if (cause, name) in people.slopes:
                found[name] += people.slopes[cause, name] * states[cause]
    return found


def levels(
    parameters: Parameters, people: People, states: Mapping[str, np.ndarray], wave: int
) -> dict[str, np.ndarray]:
    """Each variable's level in wave number `wave` (0, 1, …): trait, state, trend and background; variable -> (n,).

    Only variables whose traits, and states if they have any, are given: those of the modules may be left out.
    """
    found = {}
    for name, variable in person_variables(parameters).items():
        within = variable["within"]
        if name not in people.traits or (within and name not in states):
            continue
        found[name] = math.sqrt(1 - within) * people.traits[name] + variable.get("trend", 0) * wave
        if within:
            found[name] = found[name] + math.sqrt(within) * states[name]
    for effect in [*parameters["background"]["effects"], *module_block(parameters)["background_effects"]]:
        if effect["y"] in found:
            found[effect["y"]] = found[effect["y"]] + effect["size"] * background(effect, people, wave)
    return found


def background(effect: Mapping[str, Any], people: People, wave: int) -> np.ndarray:
    """A number in units of `per`, from 40; or 1 for the people at `level`."""
    values = {"age": people.age, "gender": people.gender, "relationship_status": people.status[:, wave]}[effect["x"]]
    return (values - 40) / effect["per"] if "per" in effect else (values == effect["level"]).astype(float)
