"""Correlations between the scores

Pearson correlations within one survey wave. Blue is positive, orange is negative, white is none; grey numbers have an
interval that includes zero. Column numbers stand for the scores numbered on the left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rejsens import apa, style
from rejsens.figures._study import first_scores, labels, level, min_cell, sentences, unvalidated

TABLES = ("correlations", "dictionary")
SHOWS_PEOPLE = False

MOST = 20
CELL = 7.6  # mm at most
LEAST_CELL = 5.25  # mm: the width of a number of 7 pt with its sign


@style.styled
def draw(*, correlations: pd.DataFrame, dictionary: pd.DataFrame, study: dict[str, Any], people: bool = False) -> style.Drawing:
    pairs = correlations[correlations["x"].ne(correlations["y"]) & correlations["n"].ge(min_cell(study))]
    pairs = pairs[pairs["r"].notna()]
    if pairs.empty:
        return style.sentence("There are not two scores with enough people in common, so there is no correlation to show.", study)
    wave = fullest_wave(pairs)
    pairs = pairs[pairs["wave"].eq(wave)]
    shown, hidden = first_scores(study, dictionary, set(pairs["x"]) | set(pairs["y"]), MOST)
    cells = _lower_triangle(pairs, shown)
    sheet = _draw(cells, shown, labels(dictionary), study)
    return style.Drawing(sheet.figure, _alt(cells, wave, labels(dictionary)), cells, _note(cells, wave, hidden, dictionary, shown, study))


def fullest_wave(pairs: pd.DataFrame) -> str:
    """The first wave in which most pairs of scores were observed: attrition comes later, and a retest asks less."""
    counts = pairs.groupby("wave", sort=False).size()
    return counts.idxmax()


def _lower_triangle(pairs: pd.DataFrame, shown: list[str]) -> pd.DataFrame:
    """One row per pair of shown scores, the later score in `row`."""
    rank = {score: number for number, score in enumerate(shown)}
    own = pairs[pairs["x"].isin(rank) & pairs["y"].isin(rank)]
    x, y = own["x"].map(rank), own["y"].map(rank)
    own = own.assign(row=np.where(x > y, own["x"], own["y"]), column=np.where(x > y, own["y"], own["x"]), i=np.maximum(x, y), j=np.minimum(x, y))
    own = own.drop_duplicates(["row", "column"]).sort_values(["i", "j"], kind="stable")
    return own[["wave", "row", "column", "n", "r", "ci_low", "ci_high", "p"]].reset_index(drop=True)


def _draw(cells: pd.DataFrame, shown: list[str], names: dict[str, str], study: dict[str, Any]) -> style.Sheet:
    count = len(shown)
    room = style.PAGE - 2 * style.MARGIN
    names = {score: f"{place}  {names[score]}" for place, score in enumerate(shown, 1)}
    label_width = min(max(style.width_of(text, style.SMALL) for text in names.values()) + 3, room - LEAST_CELL * count)
    side = min(CELL, (room - label_width) / count)
    size = style.SMALLEST if side < 6.2 else style.SMALL
    lines = 2 if style.height_of(2, style.SMALL) < side else 1
    texts = [style.wrap(names[score], label_width - 2.5, style.SMALL, lines=lines) for score in shown]
    top = style.header(study) + 3.5
    bar = 14 if count < 4 else 0  # with few scores the colour bar has no free corner and stands on the right
    width = max(style.MARGIN * 2 + label_width + side * count + bar + 8, style.COLUMN)
    sheet = style.Sheet(min(style.PAGE, width), top + side * count + style.MARGIN + 1, study)
    left = style.MARGIN + label_width
    axes = sheet.axes(left, top, side * count, side * count)
    grid = np.full((count, count), np.nan)
    rank = {score: number for number, score in enumerate(shown)}
    for cell in cells.itertuples():
        grid[rank[cell.row], rank[cell.column]] = cell.r
    colours = style.diverging()
    axes.pcolormesh(np.arange(count + 1), np.arange(count + 1), grid, cmap=colours, vmin=-1, vmax=1, edgecolors=style.WHITE,
                    linewidth=style.THIN)  # fmt: skip
    axes.set(xlim=(0, count), ylim=(count, 0))
    axes.set_yticks([])
    for place, text in enumerate(texts):
        sheet.text(style.MARGIN, top + (place + 0.5) * side, text, size=style.SMALL, va="middle")
    axes.set_xticks(np.arange(count) + 0.5, [str(place) for place in range(1, count + 1)], fontsize=style.SMALL)
    axes.tick_params(axis="x", length=0, top=True, labeltop=True, bottom=False, labelbottom=False, pad=1)
    axes.spines[:].set_visible(False)
    for i in range(count):
        axes.text(i + 0.5, i + 0.5, "–", ha="center", va="center", fontsize=size, color=style.SOFT)
    for cell in cells.itertuples():
        fill = colours((cell.r + 1) / 2)
        unsure = cell.ci_low <= 0 <= cell.ci_high
        axes.text(rank[cell.column] + 0.5, rank[cell.row] + 0.5, apa.r(cell.r), ha="center", va="center", fontsize=size,
                  color=style.SOFT if unsure else style.readable_on(fill))  # fmt: skip
    _colour_bar(sheet, colours, left, top, side, count)
    return sheet


def _colour_bar(sheet: style.Sheet, colours: Any, left: float, top: float, side: float, count: int) -> None:
    """In the empty upper triangle, or to the right of a small one."""
    if count >= 4:
        width = min(34.0, side * (count - 2) - 4)
        x, y = left + side * count - width - 2, top + 1.5
    else:
        width, x, y = 14.0, left + side * count + 4, top + 1.5
    bar = sheet.axes(x, y, width, 2.2)
    bar.imshow(np.linspace(-1, 1, 201)[None, :], aspect="auto", cmap=colours, extent=(-1, 1, 0, 1))
    bar.set_yticks([])
    bar.set_xticks([-1, 0, 1], [apa.r(-1.0), "0", apa.r(1.0)], fontsize=style.SMALLEST)
    bar.spines[:].set_visible(False)


def _alt(cells: pd.DataFrame, wave: str, names: dict[str, str]) -> str:
    if cells.empty:
        return "No pair of scores was observed together."
    order = cells.sort_values("r")
    low, high = order.iloc[0], order.iloc[-1]
    count = len(set(cells["row"]) | set(cells["column"]))
    return (
        f"Correlations of {count} scores in wave {wave}, from {apa.r(low.r)} ({names[low.row]} with {names[low.column]}) "
        f"to {apa.r(high.r)} ({names[high.row]} with {names[high.column]})."
    )


def _note(cells: pd.DataFrame, wave: str, hidden: int, dictionary: pd.DataFrame, shown: list[str], study: dict[str, Any]) -> str:
    low, high = int(cells["n"].min()), int(cells["n"].max())
    return sentences(
        f"Wave {wave}, n = {low}" + (f" to {high}" if high > low else "") + ", pairwise complete.",
        f"Grey: the {level(study)} interval includes zero. Unadjusted for the number of pairs.",
        f"{hidden} further scores are in the table of correlations." if hidden else "",
        unvalidated(dictionary, shown),
    )
