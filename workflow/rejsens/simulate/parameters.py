"""The parameter file of a simulated study, checked for what its JSON Schema cannot see."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np

from rejsens.declarations import read_yaml
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import SHIPPED

DEFAULT = SHIPPED / "config" / "simulation.yaml"
Parameters = Mapping[str, Any]
NO_MODULES: dict[str, Any] = {
    "every_wave": [], "first_wave": [], "later_waves": [], "variables": {}, "effects": [], "background_effects": [],
    "not_applicable": {}, "no_such_person": {}, "events": {"none": {}, "variables": {}},
}  # fmt: skip


def read_parameters(path: Path | str | None = None) -> dict[str, Any]:
    """Read `config/simulation.yaml`, or another file of its form.

    raises   Refused: the file breaks `schemas/simulation.schema.yaml`, names a variable or dimension that it does not
             define, or asks for more variance than there is
    """
    path = Path(path or DEFAULT)
    parameters = read_yaml(path, "simulation")
    if problems := [*_unknown_names(parameters, path), *_impossible_numbers(parameters, path)]:
        raise Refused(problems, str(path))
    return parameters


def stream(seed: int, *names: str) -> np.random.Generator:
    """The random generator of one part of a study: the seed and the names of the part. No part disturbs another.

    >>> float(stream(1, "2026a", "states").random()) == float(stream(1, "2026a", "defects").random())
    False
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "big")])


def module_block(parameters: Parameters) -> dict[str, Any]:
    """The block `modules:` with every key, empty where the file does not state it."""
    return NO_MODULES | dict(parameters.get("modules") or {})


def module_parameters(parameters: Parameters) -> dict[str, Any]:
    """Parameters in which the modules' variables and effects stand in place of the others: the same models draw both."""
    block = module_block(parameters)
    return {**parameters, "variables": block["variables"], "effects": block["effects"]}


def person_variables(parameters: Parameters) -> dict[str, Mapping[str, Any]]:
    """Every latent variable of people, those of the modules last; events have variables of their own."""
    return {**parameters["variables"], **module_block(parameters)["variables"]}


def scores_of(variable: Mapping[str, Any]) -> list[str]:
    """The scores whose items answer to a variable; one as a rule."""
    return [variable["score"]] if isinstance(variable["score"], str) else list(variable["score"])


def trait_remainder(parameters: Parameters, variable: str) -> float:
    """Variance of a trait that its dimensions leave."""
    names = parameters["dimensions"]["names"]
    loadings = np.array([parameters["variables"][variable]["trait"].get(name, 0.0) for name in names])
    return 1 - float(loadings @ np.array(parameters["dimensions"]["correlations"]) @ loadings)


def state_remainder(parameters: Parameters, variable: str) -> float:
    """Variance of a state that its mood and the effects on it leave; slopes are independent of states."""
    effects = [effect for effect in parameters["effects"] if effect["y"] == variable]
    of = {effect["x"]: effect["size"] for effect in effects}
    explained = sum(e["size"] ** 2 + e.get("spread", 0) ** 2 + e.get("by_climate", 0) ** 2 for e in effects)
    explained += 2 * parameters["exposure_with_overt"] * of.get("exposure", 0) * of.get("overt", 0)
    return 1 - explained - parameters["variables"][variable].get("mood", 0) ** 2


def causal_order(variables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """An event's variables, causes before what they cause.

    raises   CycleError where one causes itself, directly or through others
    """
    return list(TopologicalSorter({name: v.get("events", {}) for name, v in variables.items()}).static_order())


def event_remainder(variable: Mapping[str, Any]) -> float:
    """Variance that is this event's alone: what the squares of tendency and sizes leave of 1.

    Causes are taken as uncorrelated: the unit of an event's variable is near, and not exactly, its SD within a kind.
    """
    sizes = [*variable.get("events", {}).values(), *variable.get("people", {}).values(), variable.get("tendency", 0)]
    return 1 - sum(size**2 for size in sizes)


def _unknown_names(parameters: Parameters, path: Path) -> list[Problem]:
    variables, dimensions = parameters["variables"], parameters["dimensions"]["names"]
    block = module_block(parameters)
    people, events = person_variables(parameters), block["events"]["variables"]
    named = [("effects", effect["y"], variables) for effect in parameters["effects"]]
    named += [("background › effects", effect["y"], variables) for effect in parameters["background"]["effects"]]
    named += [(f"variables › {v}", d, dimensions) for v, content in people.items() for d in content["trait"]]
    named += [("variables", needed, variables) for needed in ("exposure", "overt", "self_esteem", "climate")]
    named += [("modules › effects", effect["y"], block["variables"]) for effect in block["effects"]]
    named += [("modules › background_effects", e["y"], {**people, **events}) for e in block["background_effects"]]
    for v, content in events.items():
        place = f"modules › events › {v}"
        named += [(place, kind, block["events"]["none"]) for kind in content.get("kinds", {})]
        named += [(place, cause, people) for cause in content.get("people", {})]
        named += [(place, cause, events) for cause in content.get("events", {})]
    return [
        Problem(f"{path} › {place}", "Unknown names", f"“{name}”", listed(list(known), 40), did_you_mean(name, known))
        for place, name, known in named if name not in known
    ]  # fmt: skip


def _impossible_numbers(parameters: Parameters, path: Path) -> list[Problem]:
    correlations = np.array(parameters["dimensions"]["correlations"], dtype=float)
    size = len(parameters["dimensions"]["names"])
    cause, where = "Numbers that cannot all be true", f"{path} › dimensions"
    if correlations.shape != (size, size) or not np.array_equal(correlations, correlations.T):
        return [
            Problem(f"{path} › dimensions", cause, "the correlations are not a symmetric table", f"{size} × {size}")
        ]
    if np.linalg.eigvalsh(correlations)[0] <= 0:
        return [Problem(where, cause, "the correlations contradict one another", "", "weaken the largest")]
    taken = [*_taken(parameters, "variables"), *_taken(module_parameters(parameters), "modules › variables")]
    events = module_block(parameters)["events"]["variables"]
    taken += [(f"modules › events › {name}", v, event_remainder(v) < 0) for name, v in events.items()]
    problems = _circles(events, f"{path} › modules › events")
    for place, variable, too_much in taken:
        if too_much:
            fix = "weaken its loadings, mood or effects"
            problems.append(Problem(f"{path} › {place}", cause, "more than all of its variance is taken", "", fix))
        if not math.isclose(sum(variable["percent"]), 100):
            found = f"the percentages add up to {sum(variable['percent']):g}"
            problems.append(Problem(f"{path} › {place}", cause, found, "100"))
    return problems


def _circles(events: Mapping[str, Mapping[str, Any]], where: str) -> list[Problem]:
    try:
        causal_order(events)
    except CycleError as error:
        found = " → ".join(error.args[1])
        return [Problem(where, "Numbers that cannot all be true", found, "", "no variable may be a cause of itself")]
    return []


def _taken(parameters: Parameters, place: str) -> list[tuple[str, Mapping[str, Any], bool]]:
    """Each variable, and whether its loadings or effects take more than there is."""
    return [
        (f"{place} › {name}", variable, min(trait_remainder(parameters, name), state_remainder(parameters, name)) < 0)
        for name, variable in parameters["variables"].items()
    ]
