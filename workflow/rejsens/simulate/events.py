"""Events that people appraise: each wave one of every kind, with latent variables of its own and causes among people's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rejsens.simulate.latent import People, background
from rejsens.simulate.parameters import Parameters, causal_order, event_remainder, module_block


@dataclass(frozen=True)
class Events:
    """The events of n people in one wave."""

    own: Mapping[str, Mapping[str, np.ndarray]]  # kind -> variable -> (n,), what is this event's alone; SD 1
    none: Mapping[str, np.ndarray]  # kind -> (n,) bool, who can think of no such event

    def with_noise(self, noise: float, rng: np.random.Generator) -> Events:
        """The same events a little later, each of their variables with a little noise."""
        own = {
            kind: {name: drawn + noise * rng.standard_normal(len(drawn)) for name, drawn in of.items()}
            for kind, of in self.own.items()
        }
        return Events(own, self.none)


def draw_tendencies(parameters: Parameters, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """How people rate every event of theirs, in all waves; variable -> (n,), variance 1."""
    return {name: rng.standard_normal(n) for name in module_block(parameters)["events"]["variables"]}


def draw_events(parameters: Parameters, n: int, rng: np.random.Generator) -> Events:
    """One event of every kind for each of n people."""
    declared = module_block(parameters)["events"]
    own = {kind: {name: rng.standard_normal(n) for name in declared["variables"]} for kind in declared["none"]}
    return Events(own, {kind: rng.random(n) < share for kind, share in declared["none"].items()})


def event_levels(
    parameters: Parameters,
    events: Events,
    kind: str,
    tendencies: Mapping[str, np.ndarray],
    people: People,
    of_people: Mapping[str, np.ndarray],
    wave: int,
) -> dict[str, np.ndarray]:
    """Each variable of the events of one kind; variable -> (n,).

    level = shift of its kind + size × cause of the event + ... + size × level of the person + ... + background
            + tendency × the person's own + sqrt(what the squares leave) × this event's own
    """
    block = module_block(parameters)
    found: dict[str, np.ndarray] = {}
    variables = block["events"]["variables"]
    for name in causal_order(variables):
        variable = variables[name]
        level = variable.get("kinds", {}).get(kind, 0.0) + variable.get("tendency", 0) * tendencies[name]
        level = level + sum(size * found[cause] for cause, size in variable.get("events", {}).items())
        level = level + sum(size * of_people[cause] for cause, size in variable.get("people", {}).items())
        for effect in block["background_effects"]:
            if effect["y"] == name:
                level = level + effect["size"] * background(effect, people, wave)
        found[name] = level + math.sqrt(event_remainder(variable)) * events.own[kind][name]
    return found


def implied_effects(parameters: Parameters) -> dict[str, Any]:
    """What the parameters of events add up to: the truth behind hypotheses about single events.

    returns   difference_between_kinds   kind -> variable -> mean of that kind minus the mean of the first kind
              total_effects              outcome -> cause -> sum over all paths from one event variable to another
    """
    declared = module_block(parameters)["events"]
    kinds, variables = list(declared["none"]), declared["variables"]
    totals: dict[str, dict[str, float]] = {}
    shifts: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    for name in causal_order(variables):
        variable = variables[name]
        direct = variable.get("events", {})
        causes = [cause for cause in variables if cause in direct or any(cause in totals[via] for via in direct)]
        totals[name] = {
            cause: direct.get(cause, 0) + sum(size * totals[via].get(cause, 0) for via, size in direct.items())
            for cause in causes
        }
        for kind in kinds:
            through = sum(size * shifts[kind][cause] for cause, size in direct.items())
            shifts[kind][name] = variable.get("kinds", {}).get(kind, 0) + through
    first = shifts[kinds[0]] if kinds else {}
    return {
        "difference_between_kinds": {k: {v: round(shifts[k][v] - first[v], 4) for v in variables} for k in kinds[1:]},
        "total_effects": {o: {c: round(t, 4) for c, t in of.items()} for o, of in totals.items() if of},
    }
