"""Validation plans (`schemas/validation/*.yaml`): which structures, sets and guides an inventory is to be held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rejsens.declarations import read_yaml
from rejsens.registry import SHIPPED, files

PLACE = "schemas/validation"
MREII = SHIPPED / PLACE / "mreii.yaml"
EXPERTS = "content-validity"  # where `rejsens content-validity` writes the experts' indices, in the study's folder


@dataclass(frozen=True)
class ValidationPlan:
    """What is fixed before the data: intended models, sets of predictions and pairs, and the guides that decide.

    structures   ids of factor models that instruments declare
    formative    instruments no item of which may stand in a factor model
    exploration  correlations (pearson, polychoric), extraction, rotation, draws of the parallel analysis
    guides       name -> number; see docs/psychometrics.md
    """

    id: str
    title: str
    structures: tuple[str, ...]
    exploration: Mapping[str, Any]
    guides: Mapping[str, float]
    formative: tuple[str, ...] = ()
    predictions: str = ""
    discriminant: str = ""
    experts: Mapping[str, str] = field(default_factory=dict)  # "items", "scales" -> file, where the study has them


def plan_files(study: Path | str = ".") -> dict[str, Path]:
    """Files of plans by name: the shipped ones, then the study's own."""
    return files("*.yaml", SHIPPED / PLACE) | files("*.yaml", Path(study) / PLACE)


def expert_files(study: Path | str = ".") -> dict[str, Path]:
    """The experts' indices of items and of scales, where somebody has scored review sheets."""
    found = {kind: Path(study) / EXPERTS / f"{kind}.csv" for kind in ("items", "scales")}
    return found if all(path.is_file() for path in found.values()) else {}


def read_plans(study: Path | str = ".") -> dict[str, ValidationPlan]:
    """Every plan, by the name of its file.

    raises    Refused: a file breaks `schemas/validation.schema.yaml`
    """
    experts = {kind: str(path) for kind, path in expert_files(study).items()}
    return {name: read_plan(path, experts) for name, path in plan_files(study).items()}


def read_plan(path: Path | str = MREII, experts: Mapping[str, str] | None = None) -> ValidationPlan:
    """The plan of one file; without one, that of MREII.

    >>> plan = read_plan()
    >>> plan.structures[0], plan.guides["cfi"], plan.exploration["rotation"]
    ('mreii_impact_correlated', 0.95, 'oblimin')
    """
    content = read_yaml(path, "validation")
    lists = {name: tuple(content.get(name, ())) for name in ("structures", "formative")}
    return ValidationPlan(**{**content, **lists}, experts=experts or {})
