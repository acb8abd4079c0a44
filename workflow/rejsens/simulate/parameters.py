"""The parameter file of a simulated study, checked for what its JSON Schema cannot see."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rejsens.declarations import SHIPPED, read_yaml
from rejsens.problems import Problem, Refused, did_you_mean, listed

DEFAULT = SHIPPED / "config" / "simulation.yaml"
Parameters = Mapping[str, Any]


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


def _unknown_names(parameters: Parameters, path: Path) -> list[Problem]:
    variables, dimensions = parameters["variables"], parameters["dimensions"]["names"]
    named = [("effects", effect["y"], variables) for effect in parameters["effects"]]
    named += [("background › effects", effect["y"], variables) for effect in parameters["background"]["effects"]]
    named += [(f"variables › {v}", d, dimensions) for v, content in variables.items() for d in content["trait"]]
    named += [("variables", needed, variables) for needed in ("exposure", "overt", "self_esteem", "climate")]
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
    problems = []
    for name, variable in parameters["variables"].items():
        if trait_remainder(parameters, name) < 0 or state_remainder(parameters, name) < 0:
            fix = "weaken its loadings, mood or effects"
            problems.append(
                Problem(f"{path} › variables › {name}", cause, "more than all of its variance is taken", "", fix)
            )
        if not math.isclose(sum(variable["percent"]), 100):
            found = f"the percentages add up to {sum(variable['percent']):g}"
            problems.append(Problem(f"{path} › variables › {name}", cause, found, "100"))
    return problems
