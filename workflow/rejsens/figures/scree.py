"""Scree plots with parallel analysis

Eigenvalues of the correlations between items, largest first, beside those of random data with as many people and items.
Filled dots lie above the 95th percentile of the random ones before the first that does not: their number is the number
that parallel analysis suggests. A set of items is a scale, or all scales of the instrument together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._instrument import few
from rejsens.figures._page import wider
from rejsens.figures._study import counted, min_cell, sentences

TABLES = ("eigenvalues", "dimensionality")
SHOWS_PEOPLE = False
OF = "instrument"

KIND = "components"  # the eigenvalues on which the suggested number rests
EVERYTHING = "all"
ESTIMATED = "estimated"
MOST = 15  # panels
HEAD = 5.0  # mm of a panel's title, about
LEFT, FOOT, GAP = 9.5, 10.5, 3.5  # mm for the axis on the left, for the one below, between panels


@dataclass(frozen=True)
class Grid:
    """Panels in rows: how many a row holds, and the mm of their plots."""

    columns: int
    width: float
    height: float


LEAST = 28.0  # mm of a plot
GRIDS = {1: Grid(1, 76.0, 46.0), 2: Grid(2, 66.0, 42.0), 3: Grid(3, 40.0, 34.0)}  # on the report's page


def _grid(panels: int) -> Grid:
    """Three panels in a row, or two where four are to be shown or the page is narrow, or one."""
    for columns in range(min(panels, 3) if panels != 4 else 2, 1, -1):
        wide = GRIDS[columns].width + wider() / columns
        if wide >= LEAST:
            return Grid(columns, wide, GRIDS[columns].height)
    return Grid(1, style.COLUMN - LEFT - 4.5, GRIDS[1].height if panels == 1 else GRIDS[3].height)


@style.styled
def draw(
    *,
    eigenvalues: pd.DataFrame,
    dimensionality: pd.DataFrame,
    study: dict[str, Any],
    instrument: str = "",
    people: bool = False,
) -> style.Drawing:
    sets = dimensionality[dimensionality["n"].ge(1 if people else min_cell(study))]
    rows = eigenvalues[eigenvalues["kind"].eq(KIND) & eigenvalues["eigenvalue"].notna()]
    known = rows.merge(
        sets[["set", "wave", "label", "n", "k", "correlations", "factors_parallel", "factors_map", "kmo"]]
    )
    if known.empty:
        return style.sentence(_nothing(sets), study)
    found = sorted(known.groupby("set", sort=False), key=lambda entry: entry[0] != EVERYTHING)
    most = min(MOST, len(found))
    while most > 1 and math.ceil(most / _grid(most).columns) * (_grid(most).height + FOOT + HEAD) > style.MAX_HEIGHT:
        most -= 1
    shown, hidden = found[:most], [own["label"].iloc[0] for _, own in found[most:]]
    sheet = _sheet([own for _, own in shown], study)
    data = pd.concat([own for _, own in shown], ignore_index=True)
    missed = sets[~sets["set"].isin(known["set"])]
    return style.Drawing(sheet.figure, _alt(data), data, _note(data, missed, hidden))


def _nothing(sets: pd.DataFrame) -> str:
    reasons = few([f"{row.label}: {row.status}" for row in sets.itertuples() if row.status])
    why = reasons or "no scale of this instrument has three items and enough people"
    return f"There are no eigenvalues to show. {why[:1].upper()}{why[1:]}."


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(panels: list[pd.DataFrame], study: dict[str, Any]) -> style.Sheet:
    grid = _grid(len(panels))
    titles = [style.wrap(_title(own), grid.width + LEFT - 2, style.SMALL, weight="bold") for own in panels]
    rows = math.ceil(len(panels) / grid.columns)
    heads = [
        style.height_of(max(t.count("\n") for t in titles[row * grid.columns : (row + 1) * grid.columns]) + 1, style.SMALL) + 1.5
        for row in range(rows)
    ]  # fmt: skip
    tall = style.HEADER + sum(heads) + rows * (grid.height + FOOT)
    width = style.COLUMN if grid.columns == 1 else style.PAGE
    sheet = style.Sheet(width, tall, study, legend=True)
    sheet.legend(_key(narrow=grid.columns == 1))
    for place, (own, title) in enumerate(zip(panels, titles, strict=True)):
        row, column = divmod(place, grid.columns)
        left = style.MARGIN + column * (LEFT + grid.width + GAP)
        top = sheet.top + sum(heads[: row + 1]) + row * (grid.height + FOOT)
        sheet.text(left, top - heads[row], title, size=style.SMALL, weight="bold")
        _panel(
            sheet.axes(left + LEFT, top, grid.width, grid.height), own, style.height_of(1, style.SMALLEST) / grid.height
        )
    return sheet


def _key(narrow: bool) -> list[Any]:
    random = "random data, 95th percentile"
    return [
        (style.dot(style.BLUE), "suggested" if narrow else "suggested by parallel analysis"),
        (style.dot(style.BLUE, hollow=True), "others"),
        (style.stroke(style.SOFT, style.LINE, "--"), "random" if narrow else random),
    ]


def _title(own: pd.DataFrame) -> str:
    return str(own["label"].iloc[0]) + (": all items" if own["set"].iloc[0] == EVERYTHING else "")


def _panel(axes: Axes, own: pd.DataFrame, line: float) -> None:
    """One set; `line` is the height of a line of text as a share of the plot's."""
    x, y = own["number"], own["eigenvalue"]
    advised = own["factors_parallel"].iloc[0]
    chosen = x <= (advised if pd.notna(advised) else 0)
    axes.plot(x, own["random_high"], color=style.SOFT, linewidth=style.LINE, linestyle="--", label="random", zorder=2)
    axes.plot(x, y, color=style.BLUE, linewidth=style.THIN, zorder=3)
    mark: dict[str, Any] = {
        "marker": "o",
        "linestyle": "",
        "color": style.BLUE,
        "markersize": style.DOT,
        "markeredgewidth": style.LINE,
    }
    axes.plot(x[chosen], y[chosen], label="suggested", zorder=4, **mark)
    axes.plot(x[~chosen], y[~chosen], markerfacecolor=style.WHITE, label="others", zorder=4, **mark)
    top = max(y.max(), own["random_high"].max())
    axes.set(xlim=(1 - max(0.4, 0.03 * len(x)), x.max() + 0.6), ylim=(min(0.0, y.min()), 1.12 * top))
    step = max(1, math.ceil(len(x) / 8))
    ticks = np.arange(step if step > 1 else 1, x.max() + 1, step)
    axes.set_xticks(ticks, [apa.count(tick) for tick in ticks], fontsize=style.SMALLEST)
    axes.locator_params(axis="y", nbins=5)
    axes.tick_params(axis="y", labelsize=style.SMALLEST)
    axes.set_xlabel("number", fontsize=style.SMALLEST, labelpad=0.5)
    axes.set_ylabel("eigenvalue", fontsize=style.SMALLEST, labelpad=1)
    corner: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": style.SMALLEST}
    for place, words in enumerate(_advice(own)):
        axes.text(0.98, 0.98 - place * line, words, **corner)


def _advice(own: pd.DataFrame) -> list[str]:
    first = own.iloc[0]
    words = [f"parallel analysis: {apa.count(first['factors_parallel'])}", f"MAP: {apa.count(first['factors_map'])}"]
    return [*words, f"n = {apa.count(first['n'])}"]


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(data: pd.DataFrame) -> str:
    parts = []
    for _, own in data.groupby("set", sort=False):
        first = own.iloc[0]
        largest = ", ".join(apa.number(value) for value in own["eigenvalue"].head(3))
        parts.append(
            f"{_title(own)} ({apa.count(first['k'])} items, n = {apa.count(first['n'])}): first eigenvalues {largest}; "
            f"parallel analysis suggests {apa.count(first['factors_parallel'])}, MAP {apa.count(first['factors_map'])}"
        )
    return f"Scree plots of {counted(data['set'].nunique(), 'set')} of items. {'. '.join(parts)}."


def _note(data: pd.DataFrame, missed: pd.DataFrame, hidden: list[str]) -> str:
    waves = ", ".join(dict.fromkeys(data["wave"]))
    kinds = " and ".join(dict.fromkeys(data["correlations"])).replace("pearson", "Pearson")
    reasons = [f"{row.label}: {row.status}" for row in missed.itertuples() if row.status != ESTIMATED]
    return sentences(
        f"Wave {waves}; {kinds} correlations; eigenvalues of components.",
        "Parallel analysis compares with random data, MAP (minimum average partial) asks what is left after each component; "
        "neither decides alone.",
        f"Not drawn: {few(reasons)}." if reasons else "",
        f"Not shown for space: {'; '.join(hidden)}." if hidden else "",
    )
