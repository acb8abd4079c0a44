"""Boxes, arrows and the numbers on them, for diagrams of a few variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from rejsens import style
from rejsens.result_names import interval, written

HEAD, HALF = 1.6, 0.7  # mm, length and half width of the head of an arrow
TALL = 2.9  # mm of white behind a number
Point = tuple[float, float]


def diagrams_of(
    estimates: pd.DataFrame, analyses: Sequence[str], one: Callable[[str, pd.DataFrame], Any]
) -> tuple[list[Any], list[tuple[str, str]]]:
    """What `one` makes of the rows of each hypothesis, and the hypotheses of which it makes nothing, with the reason."""
    found, refused = [], []
    of = estimates[estimates["analysis"].isin(analyses) & estimates["hypothesis"].notna()]
    for name, own in of.groupby("hypothesis", sort=False):
        diagram = one(str(name), own)
        if diagram is not None:
            found.append(diagram)
        else:
            reasons = [text for text in own["reason"] if isinstance(text, str) and text]
            refused.append((str(name), reasons[0] if reasons else "no path was estimated"))
    return found, refused


def estimate(row: Any) -> str:
    """A path as it is printed on its arrow."""
    own = row._asdict()
    return f"{written(own, 'estimate')} {interval(own)}"


def includes_0(row: Any) -> bool:
    return not (row.ci_low > 0 or row.ci_high < 0)


def box(canvas: Axes, left: float, top: float, width: float, height: float, name: str) -> None:
    """A variable with its name."""
    look: dict[str, Any] = {
        "facecolor": style.BAND,
        "edgecolor": style.INK,
        "linewidth": style.THIN,
        "zorder": 3,
        "clip_on": False,
    }
    canvas.add_patch(Rectangle((left, top), width, height, label=name.replace("\n", " "), **look))


def words(sheet: style.Sheet, corner: Point, x: float, y: float, text: str, **keywords: Any) -> None:
    """Text on a canvas whose top left corner stands at `corner` on the sheet."""
    looks: dict[str, Any] = {"size": style.SMALLEST, "ha": "center", "va": "middle"}
    sheet.text(corner[0] + x, corner[1] + y, text, **looks | keywords)


def arrow(canvas: Axes, start: Point, end: Point, row: Any) -> None:
    """A path: dark where its interval excludes 0, pale where it includes 0; thick where it carries the verdict."""
    colour = style.SOFT if includes_0(row) else style.BLUE
    dashes = (0, (4, 2)) if includes_0(row) else "-"
    width = style.THICK if bool(row.carries) else style.LINE
    length = math.dist(start, end)
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    neck = (end[0] - HEAD * ux, end[1] - HEAD * uy)
    path: dict[str, Any] = {"color": colour, "linewidth": width, "linestyle": dashes, "zorder": 2, "clip_on": False}
    canvas.plot([start[0], neck[0]], [start[1], neck[1]], label=str(row.term), **path)
    half = HALF + (0.35 if bool(row.carries) else 0.0)
    corners = [end, (neck[0] - half * uy, neck[1] + half * ux), (neck[0] + half * uy, neck[1] - half * ux)]
    canvas.add_patch(Polygon(corners, facecolor=colour, linewidth=0, zorder=3, clip_on=False))


def number(sheet: style.Sheet, canvas: Axes, corner: Point, at: Point, row: Any, before: str = "") -> None:
    """The estimate of a path over its arrow, the line beneath blotted out; bold where it carries the verdict."""
    room = wide(row, before)
    blot = Rectangle((at[0] - room / 2, at[1] - TALL / 2), room, TALL, facecolor=style.WHITE, linewidth=0, zorder=4)
    canvas.add_patch(blot)
    words(sheet, corner, *at, before + estimate(row), weight=_weight(row))


def wide(row: Any, before: str = "") -> float:
    """mm that a number takes with a little white on both sides."""
    return style.width_of(before + estimate(row), style.SMALLEST, _weight(row)) + 0.8


def _weight(row: Any) -> str:
    return "bold" if bool(row.carries) else "normal"


def legend(sheet: style.Sheet, rows: pd.DataFrame, ci: str) -> None:
    """What a line tells, as far as the rows have it."""
    clear = ~rows.apply(includes_0, axis=1)
    entries = []
    if clear.any():
        entries.append((style.stroke(style.BLUE, style.LINE), f"{ci} interval excludes 0"))
    if (~clear).any():
        entries.append(
            (
                style.stroke(style.SOFT, style.LINE, (0, (4, 2))),
                "includes 0" if clear.any() else f"{ci} interval includes 0",
            )
        )
    if rows["carries"].any():
        entries.append((style.stroke(style.SOFT, style.THICK), "carries the verdict"))
    sheet.legend(entries)
