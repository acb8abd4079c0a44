"""Files of what scales should show with each other (`schemas/predictions/*.yaml`), fixed before the data: read, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejsens.declarations import read_yaml
from rejsens.problems import Problem, Refused
from rejsens.psychometrics import Prediction
from rejsens.registry import SHIPPED, files

PLACE = "schemas/predictions"
MREII = SHIPPED / PLACE / "mreii.yaml"
GUIDE = 0.85  # heterotrait-monotrait ratio that scales of different things stay below; a guide, see psychometrics.htmt


def prediction_files(study: Path | str = ".") -> dict[str, Path]:
    """Files of predictions by name: the shipped ones, then the study's own."""
    return files("*.yaml", SHIPPED / PLACE) | files("*.yaml", Path(study) / PLACE)


def read_all(study: Path | str = ".") -> dict[str, list[Prediction]]:
    """Every set of predictions, by the name of its file."""
    return {name: read_predictions(path) for name, path in prediction_files(study).items()}


def read_predictions(path: Path | str = MREII) -> list[Prediction]:
    """The predictions of one file, in its order.

    path      a file after `schemas/predictions.schema.yaml`; without one, those of MREII
    raises    Refused: the file breaks its schema, an id stands twice, or a range does not go from low to high

    >>> predictions = read_predictions()
    >>> len(predictions), predictions[3].x, predictions[3].y, predictions[3].low, predictions[3].high
    (9, 'mreii_sw', 'rses_sum', 0.65, 0.85)
    """
    entries, twice = _entries(path, "predictions")
    words, advice = "it goes from {:g} to {:g}", "write the lower end first"
    empty = [
        Problem(f"{path} › {name}", "A range is empty", words.format(low, high), "", advice)
        for name, (low, high) in ((entry["id"], entry["range"]) for entry in entries)
        if not low < high
    ]
    if empty or twice:
        raise Refused([*empty, *twice], str(path))
    return [Prediction(e["id"], e["score"], e["with"], *map(float, e["range"])) for e in entries]


@dataclass(frozen=True)
class Pair:
    """Two scales that should measure different things: their heterotrait-monotrait ratio, and its interval, below `below`."""

    id: str
    x: str
    y: str
    below: float = GUIDE


def read_pairs(study: Path | str = ".") -> dict[str, list[Pair]]:
    """The pairs that each file declares under `discriminant:`, by the name of the file.

    raises    Refused: a file breaks its schema, or an id stands twice

    >>> pairs = read_pairs()["mreii"]
    >>> [(pair.x, pair.y) for pair in pairs]
    [('mreii_hv', 'gad7_sum'), ('mreii_sb', 'rses_sum'), ('mreii_in', 'ucla3')]
    """
    pairs, problems = {}, []
    for name, path in prediction_files(study).items():
        entries, faults = _entries(path, "discriminant")
        problems += faults
        pairs[name] = [Pair(e["id"], e["score"], e["with"], float(e["below"])) for e in entries]
    if problems:
        raise Refused(problems, PLACE)
    return pairs


def _entries(path: Path | str, kind: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """One list of a file, empty where the file has none; and the ids that stand twice in it."""
    entries = read_yaml(path, "predictions").get(kind, [])
    ids = [entry["id"] for entry in entries]
    found = f"two {'predictions' if kind == 'predictions' else 'pairs'} are called so"
    twice = [name for name in dict.fromkeys(ids) if ids.count(name) > 1]
    return entries, [Problem(f"{path} › {name}", "An id stands twice", found, "", "rename one") for name in twice]
