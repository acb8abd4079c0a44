"""What is on a drawn page, measured: every text with the box of its letters, and what a reader would see as a fault."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from rejsens import style


@dataclass(frozen=True)
class Ink:
    """A drawn text and the box of its letters in pixels, without the leading around them."""

    text: str
    size: float
    family: str
    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Ink) -> float:
        """Depth of the overlap in pixels, along the axis in which it is smaller; zero when apart."""
        across = min(self.right, other.right) - max(self.left, other.left)
        up = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, min(across, up))


@lru_cache(maxsize=256)
def drawn_texts(figure: Figure) -> list[Ink]:
    """Every text that the figure really draws (ticks outside an axis are not), with the box of its letters."""
    drawn: list[Text] = []
    original = Text.draw

    def recording(self: Text, renderer: Any, *arguments: Any, **keywords: Any) -> Any:
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        return original(self, renderer, *arguments, **keywords)

    with style.applied():
        Text.draw = recording  # type: ignore[assignment, method-assign]  # only a drawing tells which texts it draws
        try:
            figure.canvas.draw()
        finally:
            Text.draw = original  # type: ignore[method-assign]  # as it was
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # its canvas is Agg's
        return [_ink(text, renderer) for text in dict.fromkeys(drawn)]


def _ink(text: Text, renderer: Any) -> Ink:
    box = text.get_window_extent(renderer)
    words, mathtext = text._preprocess_math(text.get_text())  # type: ignore[attr-defined]  # private, not in the stubs
    width, height, _ = renderer.get_text_width_height_descent(words, text.get_fontproperties(), mathtext)
    if text.get_rotation() % 180:
        width, height = height, width
    middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    return Ink(
        text.get_text(),
        float(text.get_fontsize()),
        text.get_fontname(),
        middle[0] - width / 2,
        middle[1] - height / 2,
        middle[0] + width / 2,
        middle[1] + height / 2,
    )


def faults_of_layout(figure: Figure, smallest: float = style.SMALLEST) -> list[str]:
    """What a reader would see as a fault: small, clipped or overlapping text, text across a framed plot.

    smallest   points that no text may fall below
    """
    texts = drawn_texts(figure)
    width, height = figure.get_size_inches() * figure.dpi
    faults = [f"{ink.text!r} is {ink.size} pt" for ink in texts if ink.size < smallest - 1e-6]
    faults += [f"{ink.text!r} is not in {style.FONT}" for ink in texts if ink.family != style.FONT]
    faults += [
        f"{ink.text!r} leaves the page"
        for ink in texts
        if ink.left < 0 or ink.bottom < 0 or ink.right > width or ink.top > height
    ]
    faults += [
        f"{a.text!r} overlaps {b.text!r} by {a.overlap(b):.1f} px"
        for a, b in combinations(texts, 2)
        if a.overlap(b) > 1
    ]
    framed = [axes.get_window_extent() for axes in figure.axes if axes.axison]
    faults += _across(texts, {text.get_text() for text in figure.texts}, framed)
    return faults + [
        f"axes leave the page: {box}" for box in framed if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]


def _across(texts: list[Ink], outside: Collection[str], framed: list[Any]) -> list[str]:
    """Words of the page that lie across a plot."""
    boxes = [Ink("", 0, "", box.x0, box.y0, box.x1, box.y1) for box in framed]
    return [
        f"{ink.text!r} lies across a plot"
        for ink in texts
        if ink.text in outside
        for box in boxes
        if box.overlap(ink) > 1
    ]
