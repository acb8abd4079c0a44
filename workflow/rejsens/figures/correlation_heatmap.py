"""Correlations between the scores

Pearson correlations within one survey wave. Blue is positive, orange is negative, white is none; grey numbers have an
interval that includes zero. Column numbers stand for the scores numbered on the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import whole
from rejsens.figures._study import (
    counted,
    first_scores,
    labels,
    level,
    min_cell,
    panel_waves,
    sentences,
    span,
    unvalidated,
)

TABLES = ("correlations", "dictionary", "waves")
SHOWS_PEOPLE = False
BY_WAVE = True

MOST = 20
CELL = 7.6  # mm at most
LEAST_CELL = 5.25  # mm: the width of a number of 7 pt with its sign
LEAST_LABELS, WIDEST_LABELS = 27.0, 80.0
BAR = 16.0  # mm, the colour bar beside few scores
CORNER = 7  # from so many scores on it stands in the empty corner


@dataclass(frozen=True)
class Layout:
    """Sizes in mm, and the numbered names of the scores broken into lines."""

    names: list[str]
    labels: float  # width of the names
    side: float  # of a cell
    tall: float  # of a cell

    @property
    def size(self) -> float:
        """Text size of the numbers in the cells, in points."""
        return style.SMALLEST if self.side < 6.2 else style.SMALL

    @property
    def height(self) -> float:
        return self.tall * len(self.names)

    @property
    def square(self) -> float:
        return self.side * len(self.names)


@style.styled
def draw(
    *,
    correlations: pd.DataFrame,
    dictionary: pd.DataFrame,
    waves: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    pairs = correlations[correlations["x"].ne(correlations["y"]) & correlations["r"].notna()]
    pairs = pairs[pairs["n"].ge(1 if people else min_cell(study))]
    wave = wave_to_show(pairs, waves)
    pairs = pairs[pairs["wave"].eq(wave)]
    shown, hidden = first_scores(study, dictionary, set(pairs["x"]) | set(pairs["y"]), _most())
    cells = lower_triangle(pairs, shown)
    if cells.empty:
        return style.sentence("No two scores have enough people in common, so there is no correlation to show.", study)
    names = labels(dictionary)
    sheet = _draw(cells, shown, _layout([names[score] for score in shown]), study)
    note = _note(cells, wave, hidden, dictionary, shown, study)
    return style.Drawing(sheet.figure, _alt(cells, wave, names), cells, note)


# Numbers -------------------------------------------------------------------------------------------------------------


def wave_to_show(pairs: pd.DataFrame, waves: pd.DataFrame) -> str:
    """The latest wave of the panel in which at least half as many pairs of scores were observed as in the fullest."""
    counts = pairs.groupby("wave").size()
    enough = counts[counts >= counts.max() / 2]
    return next((wave for wave in reversed(panel_waves(waves)) if wave in enough.index), "")


def lower_triangle(pairs: pd.DataFrame, shown: list[str]) -> pd.DataFrame:
    """One row per pair of shown scores, the later score in `row`."""
    rank = {score: number for number, score in enumerate(shown)}
    own = pairs[pairs["x"].isin(rank) & pairs["y"].isin(rank)]
    x, y = own["x"].map(rank), own["y"].map(rank)
    own = own.assign(
        row=np.where(x > y, own["x"], own["y"]),
        column=np.where(x > y, own["y"], own["x"]),
        i=np.maximum(x, y),
        j=np.minimum(x, y),
    )
    own = own.drop_duplicates(["row", "column"]).sort_values(["i", "j"], kind="stable")
    return own[["wave", "row", "column", "n", "r", "ci_low", "ci_high", "p"]].reset_index(drop=True)


# Ink -----------------------------------------------------------------------------------------------------------------


def _most() -> int:
    """Scores whose cells leave room for names."""
    return min(MOST, int((whole() - LEAST_LABELS) / LEAST_CELL))


def _layout(names: list[str]) -> Layout:
    room = whole()
    numbered = [f"{place}  {name}" for place, name in enumerate(names, 1)]
    width = max(style.width_of(name, style.SMALL) for name in numbered) + 3
    width = min(width, room - LEAST_CELL * len(names), WIDEST_LABELS)
    side = min(CELL, (room - width) / len(names))
    lines, tall = 2 if style.height_of(2, style.SMALL) < side else 1, side
    if style.EXACT and max(style.width_of(name, style.SMALL) for name in numbered) > width - 2.5:
        lines, tall = 2, max(side, style.height_of(2, style.SMALL) + 1.0)  # names on two lines make cells taller
    return Layout([style.wrap(name, width - 2.5, style.SMALL, lines=lines) for name in numbered], width, side, tall)


def _draw(cells: pd.DataFrame, shown: list[str], layout: Layout, study: dict[str, Any]) -> style.Sheet:
    left, top = style.MARGIN + layout.labels, style.header(study) + 3.5
    beside = BAR + 10 if len(shown) < CORNER else style.MARGIN
    width = max(style.COLUMN, left + layout.square + beside)
    sheet = style.Sheet(width, top + layout.height + style.MARGIN + 1, study)
    for place, name in enumerate(layout.names):
        sheet.text(style.MARGIN, top + (place + 0.5) * layout.tall, name, size=style.SMALL, va="middle")
    axes = sheet.axes(left, top, layout.square, layout.height)
    _draw_cells(axes, cells, shown, layout.size)
    bar = min(34.0, layout.square - 3 * layout.side) if len(shown) >= CORNER else BAR
    end = left + layout.square - 2 if len(shown) >= CORNER else left + layout.square + BAR + 5
    _draw_colour_bar(sheet, end - bar, top + 1.5, bar)
    return sheet


def _draw_cells(axes: Axes, cells: pd.DataFrame, shown: list[str], size: float) -> None:
    rank = {score: place for place, score in enumerate(shown)}
    colours = style.diverging()
    grid = np.full((len(shown), len(shown)), np.nan)
    centred: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": size}
    for cell in cells.itertuples():
        row, column = rank[cell.row], rank[cell.column]
        grid[row, column] = cell.r
        unsure = cell.ci_low <= 0 <= cell.ci_high
        colour = style.SOFT if unsure else style.readable_on(colours((cell.r + 1) / 2))
        axes.text(column + 0.5, row + 0.5, apa.r(cell.r), color=colour, **centred)
    for place in range(len(shown)):
        axes.text(place + 0.5, place + 0.5, "–", color=style.SOFT, **centred)
    edges = np.arange(len(shown) + 1)
    lines: dict[str, Any] = {"edgecolors": style.WHITE, "linewidth": style.THIN}
    axes.pcolormesh(edges, edges, grid, cmap=colours, vmin=-1, vmax=1, **lines)
    axes.set(xlim=(0, len(shown)), ylim=(len(shown), 0))
    axes.set_yticks([])
    axes.set_xticks(edges[:-1] + 0.5, [str(place) for place in edges[1:]], fontsize=style.SMALL)
    axes.tick_params(axis="x", length=0, top=True, labeltop=True, bottom=False, labelbottom=False, pad=1)
    axes.spines[:].set_visible(False)


def _draw_colour_bar(sheet: style.Sheet, left: float, top: float, width: float) -> None:
    bar = sheet.axes(left, top, width, 2.2)
    bar.imshow(np.linspace(-1, 1, 201)[None, :], aspect="auto", cmap=style.diverging(), extent=(-1, 1, 0, 1))
    bar.set_yticks([])
    bar.set_xticks([-1, 0, 1], [apa.r(-1.0), "0", apa.r(1.0)], fontsize=style.SMALLEST)
    bar.spines[:].set_visible(False)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(cells: pd.DataFrame, wave: str, names: dict[str, str]) -> str:
    order = cells.sort_values("r")
    low, high = order.iloc[0], order.iloc[-1]
    count = len(set(cells["row"]) | set(cells["column"]))
    return (
        f"Correlations of {count} scores in wave {wave}, "
        f"from {apa.r(low.r)} ({names[low.row]} with {names[low.column]}) "
        f"to {apa.r(high.r)} ({names[high.row]} with {names[high.column]})."
    )


def _note(
    cells: pd.DataFrame, wave: str, hidden: int, dictionary: pd.DataFrame, shown: list[str], study: dict[str, Any]
) -> str:
    return sentences(
        f"Wave {wave}, n = {span(cells['n'])}, pairwise complete.",
        f"Grey: the {level(study)} interval includes zero. Unadjusted for the number of pairs.",
        f"{counted(hidden, 'further score')} in the file of correlations." if hidden else "",
        unvalidated(dictionary, shown),
    )
