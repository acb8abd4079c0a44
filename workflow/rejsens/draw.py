"""One figure of a job: drawn by its module, on the report's page or at the size of a journal, and saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens import house_style
from rejsens.figure_files import save
from rejsens.figure_presets import Size
from rejsens.registry import load_plugin
from rejsens.status_lines import on_drawing


def rows_of_wave(tables: Mapping[str, pd.DataFrame], wave: str) -> dict[str, pd.DataFrame]:
    """Of each table that is made wave by wave, the rows of one; every other table whole.

    >>> rows_of_wave({"a": pd.DataFrame({"wave": ["w1", "w2"], "n": [1, 2]})}, "w2")["a"]["n"].tolist()
    [2]
    """
    return {
        name: frame[frame["wave"].eq(wave)].reset_index(drop=True) if "wave" in frame else frame
        for name, frame in tables.items()
    }


def draw_and_save(settings: Mapping[str, Any], figure: str, module: str, path: Path, **given: Any) -> list[Path]:
    """Draw a figure and write its files beside `path`.

    settings   params of the job: `study`, `people`, and at the size of a journal `size`
    given      tables by name, and what else `draw` of the module takes
    returns    the files written
    """
    study, stem = settings["study"], path.with_suffix("")
    house_style.use(study)

    def draw() -> Any:
        drawing = load_plugin(module).draw(**given, study=study, people=settings["people"])
        return house_style.on_drawing(drawing, study)

    if "size" not in settings:
        return save(on_drawing(draw(), study), stem)
    from rejsens.journal_size import draw_at, save_at

    size = Size(**settings["size"])
    of = given.get("instrument") or given.get("family")
    name = f"{figure} of {of}" if of else figure
    return save_at(size, on_drawing(draw_at(size, name, draw, study), study), stem)
