"""Sizes at which figures are printed: config/figure_presets.yaml. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rejsens.declarations import read_yaml
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import SHIPPED

FILE = SHIPPED / "config" / "figure_presets.yaml"
DRAWN = {"smallest": 7.0, "base": 8.0, "largest": 8.5}  # points at which the project's figures are laid out (style.py)
LEAST_TIFF = 600  # dots per inch


@dataclass(frozen=True)
class Size:
    """One width of one preset; mm and points at final size, `dpi` of the bitmaps."""

    preset: str
    columns: str
    width: float
    height: float
    smallest: float
    base: float
    dpi: int

    @property
    def name(self) -> str:
        """The folder of its figures below results/figures/."""
        return f"{self.preset}-{self.columns}"

    @property
    def scale(self) -> float:
        """How much larger the text is printed than the figures are laid out for."""
        return self.base / DRAWN["base"]

    def plain(self) -> dict[str, Any]:
        """As plain values, for the params of a job."""
        return asdict(self)


def load_presets() -> dict[str, dict[str, Any]]:
    """Every preset by name; refused when the file breaks its schema or a size of text its own limits."""
    presets = read_yaml(FILE, "figure_presets")["presets"]
    problems = [problem for name, preset in presets.items() for problem in _size_problems(name, preset)]
    if problems:
        raise Refused(problems, str(FILE))
    return presets


def _size_problems(name: str, preset: dict[str, Any]) -> list[Problem]:
    """Whether every text of a figure whose axes are lettered at `base` keeps between the smallest and the largest."""
    scale = preset["base"] / DRAWN["base"]
    low, high = DRAWN["smallest"] * scale, DRAWN["largest"] * scale
    where, cause = f"{FILE.name} › {name}", "Settings with a wrong value"
    if low < preset["smallest"]:
        return [Problem(f"{where} › base", cause, f"the smallest text would be {low:.2f} points", "", "a larger base")]
    if high > preset.get("largest", high):
        return [Problem(f"{where} › base", cause, f"the largest text would be {high:.2f} points", "", "a smaller base")]
    return []


def size_of(preset: str, columns: str = "") -> Size:
    """A size by the names of its preset and of its columns (the narrowest when none is named).

    raises   Refused: an unknown preset, with near matches, or a number of columns that it does not have
    """
    presets = load_presets()
    if preset not in presets:
        hint = did_you_mean(preset, presets) or "choose one of these"
        found = Problem(
            f"“{preset}”", "An unknown preset", "there is no preset of that name", listed(list(presets), 40), hint
        )
        raise Refused(found, "The figures")  # fmt: skip
    own = presets[preset]
    wanted = _columns(columns) or next(iter(own["columns"]))
    if wanted not in own["columns"]:
        widths = [f"{name} ({width:g} mm)" for name, width in own["columns"].items()]
        found = Problem(f"“{columns}”", "A width that the preset does not have", f"{preset} is not printed in that many columns", listed(widths), "choose one of these")  # fmt: skip
        raise Refused(found, "The figures")
    width, height = float(own["columns"][wanted]), float(own["height"])
    return Size(preset, wanted, width, height, float(own["smallest"]), float(own["base"]), max(own["combination"], LEAST_TIFF))  # fmt: skip


def _columns(text: object) -> str:
    """A number of columns as the presets write it: 1, 1.0 and "1" are one."""
    try:
        return f"{float(str(text)):g}" if str(text) else ""
    except ValueError:
        return str(text)


def every_size() -> dict[str, Size]:
    """Every width of every preset, by the name of its folder."""
    sizes = [size_of(name, columns) for name, preset in load_presets().items() for columns in preset["columns"]]
    return {size.name: size for size in sizes}


def chosen_size(settings: Mapping[str, Any]) -> Size | None:
    """The size that a study's settings name; None where they name none."""
    wanted = settings.get("figures") or {}
    return size_of(wanted["preset"], wanted.get("columns", "")) if wanted.get("preset") else None
