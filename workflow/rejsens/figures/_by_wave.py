"""Scores over the waves of a panel, one small panel each: what figures of them have in common."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from rejsens import style
from rejsens.figures._page import beside
from rejsens.figures._study import level, span, wave_ticks

MOST = 9
COLUMNS, LEAST = 3, 33.0  # panels side by side at most, mm of one at least
PANEL = 36.0  # mm high
TITLE = 9.5  # mm above a panel
TICKS = 7.5  # mm left of a panel
BELOW = 9.5  # mm below it
QUARTERS = 4  # groups that quartiles make, each of which must hold enough people


def means_of(descriptives: pd.DataFrame, waves: list[str], fewest: int) -> pd.DataFrame:
    """Mean and interval of each score in each of the waves, where enough people have it."""
    own = descriptives.assign(wave=descriptives["wave"].astype(str), kind="mean")
    own = own[own["wave"].isin(waves) & own["n"].ge(fewest) & own["mean"].notna()]
    return own[["kind", "score", "wave", "n", "mean", "ci_low", "ci_high"]].reset_index(drop=True)


def quartiles(descriptives: pd.DataFrame, score: str, waves: list[str], fewest: int) -> pd.DataFrame:
    """Quartiles of a score in each wave with `fewest` people in each quarter, as in the table of descriptive statistics."""
    own = descriptives[descriptives["score"].eq(score) & descriptives["n"].ge(QUARTERS * fewest)]
    own = own[own["wave"].astype(str).isin(waves)][["score", "wave", "n", "q25", "median", "q75"]].astype({"wave": str})
    return own.assign(kind="quartiles").sort_values("wave", key=lambda w: w.map(waves.index), kind="stable")


def sheet_of(panels: int, study: dict[str, Any], *marks: tuple[style.Mark, str]) -> style.Sheet:
    """A page for so many scores; `marks` stand in its legend after that of a mean."""
    rows = -(-panels // beside(LEAST, COLUMNS))
    height = style.header(study, legend=True) + rows * (TITLE + PANEL + BELOW) + style.MARGIN
    sheet = style.Sheet(style.PAGE, height, study, legend=True)
    sheet.legend([(style.dot(style.BLUE), f"mean with {level(study)} interval"), *marks])
    return sheet


def most(study: dict[str, Any]) -> int:
    """Panels that fit the page."""
    rows = (style.MAX_HEIGHT - style.header(study, legend=True) - style.MARGIN) / (TITLE + PANEL + BELOW)
    return min(MOST, int(rows) * beside(LEAST, COLUMNS))


def _slot(panels: int) -> float:
    """Width in mm of one panel with its ticks."""
    return (style.PAGE - 2 * style.MARGIN) / max(min(2, beside(LEAST, COLUMNS)), min(beside(LEAST, COLUMNS), panels))


def panel_of(sheet: style.Sheet, place: int, panels: int, waves: list[str], score: pd.Series) -> Axes:
    """Axes with a place for each wave, under the label of a score (a row of the dictionary)."""
    slot, columns = _slot(panels), beside(LEAST, COLUMNS)
    left = style.MARGIN + (place % columns) * slot
    top = sheet.top + (place // columns) * (TITLE + PANEL + BELOW)
    title = style.wrap(score["label"], slot - 3, weight="bold")
    sheet.text(left, top + 0.4, title, weight="bold")
    if "\n" not in title and isinstance(score["higher_means"], str) and score["higher_means"]:
        meaning = style.wrap(f"high: {score['higher_means']}", slot - 2, style.SMALL, lines=1)
        if not (style.EXACT and meaning.endswith("…")):  # on a narrow page half a sentence helps nobody
            sheet.text(left, top + 4.4, meaning, size=style.SMALL, colour=style.SOFT)
    axes = sheet.axes(left + TICKS, top + TITLE - 0.5, slot - TICKS - 2, PANEL)
    axes.set_xlim(-0.6, len(waves) - 0.4)
    ticks, axis_label = wave_ticks(waves, (slot - TICKS - 2) / len(waves))
    axes.set_xticks(range(len(waves)), ticks, fontsize=style.SMALLEST)
    axes.set_xlabel(axis_label, fontsize=style.SMALLEST, labelpad=0.5, color=style.SOFT)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color=style.GHOST, linewidth=style.THIN)
    return axes


def people_in_each(means: pd.DataFrame, shown: list[str]) -> str:
    """How many people have the shown scores, wave by wave."""
    per_wave = means[means["score"].isin(shown)].groupby("wave", sort=False)["n"]
    counts = "; ".join(f"{wave} n = {span(n)}" for wave, n in per_wave)
    return f"People with a score: {counts}."
