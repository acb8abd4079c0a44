"""Files of fixed convergent predictions (`schemas/predictions/*.yaml`), read and checked."""

from __future__ import annotations

from pathlib import Path

from rejsens.declarations import read_yaml
from rejsens.problems import Problem, Refused
from rejsens.psychometrics import Prediction
from rejsens.registry import SHIPPED, files

PLACE = "schemas/predictions"
MREII = SHIPPED / PLACE / "mreii.yaml"


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
    entries = read_yaml(path, "predictions")["predictions"]
    problems, seen = [], set()
    for entry in entries:
        where, (low, high) = f"{path} › {entry['id']}", entry["range"]
        if not low < high:
            problems.append(
                Problem(where, "A range is empty", f"it goes from {low:g} to {high:g}", "", "write the lower end first")
            )
        if entry["id"] in seen:
            problems.append(Problem(where, "An id stands twice", "two predictions are called so", "", "rename one"))
        seen.add(entry["id"])
    if problems:
        raise Refused(problems, str(path))
    return [Prediction(e["id"], e["score"], e["with"], *map(float, e["range"])) for e in entries]
