"""A factor model laid out for a path diagram: what stands where in mm, and the ink of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PatchCollection, PolyCollection
from matplotlib.patches import Arc, Ellipse, Rectangle

from rejsens import apa, style
from rejsens.figures._instrument import REVERSED, item_label
from rejsens.figures._study import spoken

PITCH, BETWEEN = 3.15, 1.6  # mm from item to item, and more from factor to factor
BOX = 2.8  # mm, the height of an item's box
LEAST_LABEL, MOST_LABEL, LEAST_CODE = 21.0, 42.0, 9.0
FACTOR, FACTOR_TALL = 18.5, 8.0  # mm, the ellipse of a factor
FAN, NUMBER, HEAD = 8.5, 5.0, 1.5  # mm of arrows from a factor, of a loading, of an arrow's head
ABOVE = 22.0  # mm for a factor above factors: a narrower ellipse and its arrows
ARC = 5.0  # mm from one column of factor correlations to the next
TRUNK = 9.5  # mm for the loadings of a factor beside the others
LANE = 6.0  # mm for a residual correlation
MOST_ARCS = 9  # factors; between more of them correlations are in the table only


@dataclass(frozen=True)
class Paths:
    """One model. Items stand once for each factor of theirs, in the order of the factors.

    items     factor, item, label, reverse, std
    beside    the general factor of a bifactor model or the method factor: its name and its loadings, by item
    above     the factor above the factors: its name and its loadings, by factor
    between   correlations of factors, by pair; `residuals` those of items' residuals
    """

    items: pd.DataFrame
    names: Mapping[str, str]
    beside: tuple[str, Mapping[str, float]] = ("", {})
    above: tuple[str, Mapping[str, float]] = ("", {})
    between: Mapping[tuple[str, str], float] = field(default_factory=dict)
    residuals: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def factors(self) -> list[str]:
        return list(dict.fromkeys(self.items["factor"]))

    @property
    def rows(self) -> np.ndarray:
        """Middle of each item, in mm from the top."""
        number = {factor: place for place, factor in enumerate(self.factors)}
        return (np.arange(len(self.items)) + 0.5) * PITCH + self.items["factor"].map(number).to_numpy() * BETWEEN

    @property
    def height(self) -> float:
        return len(self.items) * PITCH + (len(self.factors) - 1) * BETWEEN

    @property
    def left(self) -> float:
        """mm before the ellipses of the factors."""
        if self.above[1]:
            return ABOVE
        return ARC * (len(self.factors) - 1) + 1.0 if self.arcs else 0.0

    @property
    def arcs(self) -> bool:
        return bool(self.between) and len(self.factors) <= MOST_ARCS

    @property
    def lanes(self) -> dict[tuple[str, str], int]:
        """A lane for each residual correlation, so that no two of one lane lie side by side."""
        place = dict(zip(self.items["item"], range(len(self.items)), strict=True))
        taken: list[list[tuple[int, int]]] = []
        lanes = {}
        spans = {pair: tuple(sorted(place[item] for item in pair)) for pair in self.residuals}
        for pair, (low, high) in sorted(spans.items(), key=lambda entry: (entry[1][1] - entry[1][0], entry[1])):
            free = (k for k, lane in enumerate(taken) if all(high < a or b < low for a, b in lane))
            number = next(free, len(taken))
            taken += [[]] * (number == len(taken))
            taken[number] = [*taken[number], (low, high)]
            lanes[pair] = number
        return lanes

    @property
    def right(self) -> float:
        """mm after the boxes of the items."""
        return TRUNK * bool(self.beside[1]) + LANE * (max(self.lanes.values()) + 1 if self.residuals else 0)

    @property
    def fixed(self) -> float:
        """mm of everything but the labels."""
        return self.left + FACTOR + FAN + NUMBER + HEAD + self.right

    @property
    def widest(self) -> float:
        """mm with every label in full, up to a limit."""
        words = [item_label(row.label, row.item, row.reverse, 999) for row in self.items.itertuples()]
        return self.fixed + min(max(style.width_of(text, style.SMALLEST) for text in words) + 2, MOST_LABEL)

    def coded(self, room: float) -> bool:
        """Whether boxes of `room` mm are too narrow for labels."""
        return room < LEAST_LABEL and self.widest - self.fixed > room

    def labels(self, room: float) -> list[str]:
        """What the boxes of `room` mm say: the labels, or where these would be cut to stumps the codes of the items."""
        inside = room - 1.6
        if not self.coded(room):
            return [item_label(row.label, row.item, row.reverse, inside) for row in self.items.itertuples()]
        stem = len(_shared_stem(list(self.items["item"])))
        codes = [item[stem:].removesuffix("_r") for item in self.items["item"]]
        return [
            style.wrap(code, inside - style.width_of(mark, style.SMALLEST), style.SMALLEST, lines=1) + mark
            for code, mark in zip(codes, self.items["reverse"].map({True: REVERSED, False: ""}), strict=True)
        ]


def _shared_stem(items: list[str]) -> str:
    """What all item names begin with, up to an underscore."""
    first, last = min(items), max(items)
    shared = next((first[:k] for k in range(len(first)) if first[k] != last[k : k + 1]), "")
    return shared[: shared.rfind("_") + 1]


def paths(model: Any, loadings: pd.DataFrame, correlations: pd.DataFrame, names: Mapping[str, str]) -> Paths:
    """The layout of one model (a row of `factor_models`) from its own loadings and correlations."""
    factors = list(dict.fromkeys(loadings["factor"]))
    over = set(loadings.loc[loadings["item"].isin(factors), "factor"])
    if model.structure == "bifactor":
        aside = {
            factor
            for factor in factors
            if set(loadings.loc[loadings["factor"].eq(factor), "item"]) == set(loadings["item"])
        }
    else:
        aside = {factors[-1]} if model.structure == "method" else set()
    aside, over = set(sorted(aside, key=factors.index)[:1]), set(sorted(over, key=factors.index)[:1])
    pairs = {(row.x, row.y): row.estimate for row in correlations.itertuples() if pd.notna(row.estimate)}
    items = loadings[~loadings["factor"].isin(aside | over)].reset_index(drop=True)
    of = {name: loadings[loadings["factor"].eq(name)].set_index("item")["std"].to_dict() for name in aside | over}
    measured = set(items["item"])
    return Paths(
        items[["factor", "item", "label", "reverse", "std"]],
        {factor: names.get(factor, spoken(factor)) for factor in factors},
        next(((name, of[name]) for name in aside), ("", {})),
        next(((name, of[name]) for name in over), ("", {})),
        {pair: r for pair, r in pairs.items() if set(pair) <= set(items["factor"])},
        {pair: r for pair, r in pairs.items() if set(pair) <= measured},
    )


# Ink -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pen:
    """Where a model is drawn: a canvas in mm, and the sheet place of its corner for the words.

    Paths and boxes are gathered and put on the canvas together by `finish`, which is several times faster than one by one.
    """

    sheet: style.Sheet
    canvas: Axes
    x: float
    y: float
    paths: list[tuple[list[tuple[float, float]], float]] = field(default_factory=list)  # points, value
    heads: list[list[tuple[float, float]]] = field(default_factory=list)
    boxes: list[Rectangle] = field(default_factory=list)
    blots: list[Rectangle] = field(default_factory=list)
    ellipses: list[Ellipse] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, **keywords: Any) -> None:
        looks: dict[str, Any] = {"size": style.SMALLEST, "va": "middle"}
        self.sheet.text(self.x + x, self.y + y, words, **looks | keywords)

    def number(self, x: float, y: float, value: float) -> None:
        """A coefficient centred on a point, the line under it blotted out."""
        words = apa.r(value)
        wide = style.width_of(words, style.SMALLEST) + 0.5
        self.blots.append(Rectangle((x - wide / 2, y - 1.2), wide, 2.4))
        self.text(x, y, words, ha="center")

    def line(self, points: list[tuple[float, float]], value: float) -> None:
        """A path: the thicker the further from zero, broken when negative."""
        self.paths.append((points, value))

    def head(self, x: float, y: float, towards: float) -> None:
        """The head of an arrow whose tip is at x, coming from the side `towards` (-1 left, 1 right)."""
        back = x + towards * HEAD * 0.75
        self.heads.append([(x, y), (back, y - 0.6), (back, y + 0.6)])

    def factor(self, x: float, y: float, width: float, name: str) -> None:
        """An ellipse from x rightwards, its name in it."""
        self.ellipses.append(Ellipse((x + width / 2, y), width, FACTOR_TALL))
        self.text(x + width / 2, y, style.wrap(name, width - 2.2, style.SMALLEST), ha="center")

    def finish(self) -> None:
        """Everything that was gathered, onto the canvas; half a line's width may stand outside it."""
        grey: dict[str, Any] = {"edgecolor": style.SOFT, "linewidth": style.HAIR}
        ink: dict[str, Any] = {"edgecolor": style.INK, "linewidth": style.THIN}
        for dashes, negative in (("-", False), ((0, (3, 1.5)), True)):
            own = [(points, value) for points, value in self.paths if (value < 0) == negative]
            widths = [
                style.HAIR + style.LINE * min(abs(value), 1.0) if np.isfinite(value) else style.HAIR for _, value in own
            ]
            self._add(LineCollection([p for p, _ in own], colors=style.SOFT, linewidths=widths, linestyles=[dashes]), 2)
        self._add(PatchCollection(self.boxes, facecolor=style.WHITE, **grey), 2)
        self._add(PolyCollection(self.heads, facecolor=style.SOFT, linewidth=0), 3)
        self._add(PatchCollection(self.ellipses, facecolor=style.BAND, **ink), 3)
        self._add(PatchCollection(self.blots, facecolor=style.WHITE, linewidth=0), 4)

    def _add(self, artists: Collection, zorder: float) -> None:
        artists.set(zorder=zorder, clip_on=False)
        self.canvas.add_collection(artists, autolim=False)


def draw_paths(pen: Pen, model: Paths, width: float, head: float) -> None:
    """A model in a panel of `width` mm; `head` is the height of the words above it, into which a factor may reach."""
    rows = model.rows
    label = width - model.fixed - 0.3
    box = model.left + FACTOR + FAN + NUMBER + HEAD
    middles = {factor: rows[model.items["factor"].eq(factor).to_numpy()].mean() for factor in model.factors}
    for words, y in zip(model.labels(label), rows, strict=True):
        pen.boxes.append(Rectangle((box, y - BOX / 2), label, BOX))
        pen.text(box + 0.8, y, words)
    for row, y in zip(model.items.itertuples(), rows, strict=True):
        start, end = model.left + FACTOR, box - HEAD - NUMBER
        pen.line([(start - 0.3, middles[row.factor]), (end, y)], row.std)
        pen.text(box - HEAD - NUMBER / 2, y, apa.r(row.std), ha="center")
        pen.head(box - 0.1, y, -1)
    for factor, y in middles.items():
        pen.factor(model.left, y, FACTOR, model.names[factor])
    _draw_above(pen, model, middles)
    _draw_between(pen, model, middles)
    _draw_beside(pen, model, box + label, rows, head)
    _draw_residuals(pen, model, box + label + TRUNK * bool(model.beside[1]), rows)
    pen.finish()


def _draw_above(pen: Pen, model: Paths, middles: Mapping[str, float]) -> None:
    name, loadings = model.above
    if not loadings:
        return
    middle, ellipse = float(np.mean(list(middles.values()))), ABOVE - 9.0
    for factor, y in middles.items():
        value = loadings.get(factor, np.nan)
        pen.line([(ellipse - 0.3, middle), (ABOVE - HEAD - NUMBER, y)], value)
        pen.text(ABOVE - HEAD - NUMBER / 2, y, apa.r(value), ha="center")
        pen.head(ABOVE - 0.1, y, -1)
    pen.factor(0.2, middle, ellipse, model.names[name])


def _draw_between(pen: Pen, model: Paths, middles: Mapping[str, float]) -> None:
    if not model.arcs:
        return
    places = {factor: place for place, factor in enumerate(model.factors)}
    for (x, y), value in model.between.items():
        reach = ARC * abs(places[x] - places[y]) - 1.5
        top, bottom = sorted((middles[x], middles[y]))
        _arc(pen, model.left + 0.4, top, bottom, -reach, value)


def _draw_beside(pen: Pen, model: Paths, edge: float, rows: np.ndarray, head: float) -> None:
    """The factor beside the others: an ellipse on top, a trunk down from it, and an arrow to each of its items."""
    name, loadings = model.beside
    if not loadings:
        return
    trunk = edge + TRUNK - 0.6
    targets = [(y, loadings[item]) for item, y in zip(model.items["item"], rows, strict=True) if item in loadings]
    top = FACTOR_TALL / 2 - head
    pen.canvas.plot([trunk, trunk], [top, max(y for y, _ in targets)], color=style.SOFT, linewidth=style.THIN, zorder=1)
    for y, value in targets:
        pen.line([(trunk, y), (edge + HEAD + NUMBER, y)], value)
        pen.text(edge + HEAD + NUMBER / 2, y, apa.r(value), ha="center")
        pen.head(edge + 0.1, y, 1)
    pen.factor(trunk + 0.2 - FACTOR + 3, top, FACTOR - 3, model.names[name])


def _draw_residuals(pen: Pen, model: Paths, edge: float, rows: np.ndarray) -> None:
    place = dict(zip(model.items["item"], rows, strict=True))
    for pair, lane in model.lanes.items():
        top, bottom = sorted(place[item] for item in pair)
        _arc(pen, edge + 0.4, top, bottom, LANE * (lane + 1) - 3.0, model.residuals[pair])


def _arc(pen: Pen, x: float, top: float, bottom: float, reach: float, value: float) -> None:
    """Half an ellipse that reaches so far to the right (to the left when negative), the number at its far end."""
    start, end = (90, 270) if reach < 0 else (-90, 90)
    shape = Arc((x, (top + bottom) / 2), 2 * abs(reach), bottom - top, theta1=start, theta2=end, edgecolor=style.SOFT,
                linewidth=style.HAIR, linestyle="-" if value >= 0 else (0, (4, 2)), zorder=1)  # fmt: skip
    pen.canvas.add_patch(shape)
    pen.number(x + reach, (top + bottom) / 2, value)
