"""People of a simulated study: background, traits, own effects; and their states in one wave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rejsens.simulate.parameters import Parameters, state_remainder, trait_remainder


@dataclass(frozen=True)
class People:
    """n people. Everything that holds for all waves, and the relationship status in each of them."""

    traits: Mapping[str, np.ndarray]  # variable -> (n,), mean 0, variance 1
    slopes: Mapping[tuple[str, str], np.ndarray]  # (cause, outcome) -> (n,), each person's effect between states
    age: np.ndarray  # (n,), exact years at the first wave
    gender: np.ndarray  # (n,), codes
    status: np.ndarray  # (n, waves), codes

    def __len__(self) -> int:
        return len(self.age)


def draw_people(parameters: Parameters, n: int, rng: np.random.Generator) -> People:
    traits = _traits(parameters, n, rng)
    slopes = {}
    for effect in parameters["effects"]:
        own = effect.get("spread", 0) * rng.standard_normal(n)
        slopes[effect["x"], effect["y"]] = effect["size"] + effect.get("by_climate", 0) * traits["climate"] + own
    declared = parameters["background"]
    age = declared["age"]
    years = age["low"] + (age["high"] - age["low"]) * rng.beta(*age["shape"], size=n)
    gender = _codes(declared["gender"], n, rng)
    statuses = [_codes(declared["relationship_status"], n, rng)]
    for _ in parameters["waves"][1:]:
        anew = _codes(declared["relationship_status"], n, rng)
        statuses.append(np.where(rng.random(n) < declared["relationship_change"], anew, statuses[-1]))
    return People(traits, slopes, years, gender, np.column_stack(statuses))


def _traits(parameters: Parameters, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    names = parameters["dimensions"]["names"]
    shared = rng.standard_normal((n, len(names))) @ np.linalg.cholesky(parameters["dimensions"]["correlations"]).T
    traits = {}
    for name, variable in parameters["variables"].items():
        rest = math.sqrt(trait_remainder(parameters, name)) * rng.standard_normal(n)
        traits[name] = rest + sum(loading * shared[:, names.index(d)] for d, loading in variable["trait"].items())
    return traits


def _codes(shares: Mapping[float, float], n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(np.array([float(code) for code in shares]), size=n, p=list(shares.values()))


def draw_states(parameters: Parameters, people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Every variable's state in one wave, mean 0 and variance 1; independent of the states of other waves.

    returns   variable -> (n,); a variable without within-person variance has no state
    """
    n, rho = len(people), parameters["exposure_with_overt"]
    mood = rng.standard_normal(n)
    exposure = rng.standard_normal(n)
    states = {"exposure": exposure, "overt": rho * exposure + math.sqrt(1 - rho**2) * rng.standard_normal(n)}
    for name, variable in parameters["variables"].items():
        if name in states or not variable["within"]:
            continue
        states[name] = math.sqrt(state_remainder(parameters, name)) * rng.standard_normal(n)
        states[name] += variable.get("mood", 0) * mood
        for cause in ("exposure", "overt"):
            if (cause, name) in people.slopes:
                states[name] += people.slopes[cause, name] * states[cause]
    return states


def levels(
    parameters: Parameters, people: People, states: Mapping[str, np.ndarray], wave: int
) -> dict[str, np.ndarray]:
    """Each variable's level in wave number `wave` (0, 1, …): trait, state, trend and background; variable -> (n,)."""
    found = {}
    for name, variable in parameters["variables"].items():
        within = variable["within"]
        found[name] = math.sqrt(1 - within) * people.traits[name] + variable.get("trend", 0) * wave
        if within:
            found[name] = found[name] + math.sqrt(within) * states[name]
    for effect in parameters["background"]["effects"]:
        found[effect["y"]] = found[effect["y"]] + effect["size"] * _background(effect, people, wave)
    return found


def _background(effect: Mapping[str, object], people: People, wave: int) -> np.ndarray:
    """A number in units of `per`, from 40; or 1 for the people at `level`."""
    values = {"age": people.age, "gender": people.gender, "relationship_status": people.status[:, wave]}[effect["x"]]
    return (values - 40) / effect["per"] if "per" in effect else (values == effect["level"]).astype(float)
