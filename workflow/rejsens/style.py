"""How anything looks: the only place where a colour, a size or a font is chosen.

A figure is laid out on a `Sheet` in millimetres from its top left corner, at the size at which it is printed, so that
a text of 7 pt is 7 pt on paper. Saving is deterministic: no dates, no versions, no random identifiers.
"""

from __future__ import annotations

import bisect
import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Literal

import matplotlib
import pandas as pd
from matplotlib import rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from rejsens.shipped_fonts import FAMILY, font_files

Slant = Literal["normal", "italic", "oblique"]

# Okabe and Ito's eight colours, told apart with any common colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
OKABE_ITO = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, YELLOW, BLACK)

INK = "#1F2328"  # text and axes
SOFT = "#595F66"  # second-rank text; 6:1 against white
RUST = "#B84A00"  # vermillion, dark enough for text
FAINT = "#D5D9DE"  # rules and reference lines
GHOST = "#EDF0F2"  # grid, empty bars
BAND = "#E3EAF1"  # the band of the smallest effect of interest
PALE_BLUE = "#A9CCE3"  # the part of a bar or cloud behind a mark in BLUE
WHITE = "#FFFFFF"

VERDICT_COLOURS = {
    "supported": BLUE,
    "opposite": RUST,
    "equivalent": "#00734F",
    "inconclusive": SOFT,
    "not testable": SOFT,
    "not tested": SOFT,
}

# Widths in mm: the text of an A4 page, and one printed column (Elsevier's is 90 mm). `journal_size` puts those of a
# journal in their place while it draws, so read them as `style.PAGE` when drawing, never once for all.
PAGE, COLUMN = 160.0, 90.0
MAX_HEIGHT = 235.0
EXACT = False  # whether every sheet is as wide as the page, and no higher than allowed
MARGIN = 1.5  # mm kept clear at each edge
HEADER = 6.5  # mm of the strip that holds the legend and the "Simulated data" mark
LEGEND_ROW = 4.0  # mm of each further row of the legend
SPARE = 2 * LEGEND_ROW + 0.01  # mm that figures leave on a journal's page for such rows

# Text sizes in points, at final size. Nothing is printed below SMALLEST.
BODY, SMALL, SMALLEST, HEADING = 8.0, 7.5, 7.0, 8.5
LEADING = 1.22  # line pitch as a multiple of the text size

HAIR, THIN, LINE, THICK = 0.4, 0.6, 1.0, 2.4  # line widths in points
DOT, BIG_DOT, SPECK = 3.6, 4.5, 1.1  # diameters in points: a mean, an estimate that decides, a person
INTERVAL, EDGE = 1.4, 0.5  # widths in points: the interval of a mean, the white edge that sets a mark off
VEIL, HAZE = 0.55, 0.35  # opacity of the 90% interval, and of one person among many
DPI = 300
POINT = 25.4 / 72  # mm
FORMATS = ("pdf", "svg", "png")
SIMULATED = "Simulated data"

FONT = FAMILY

RC: dict[str, Any] = {
    "font.family": [FONT],
    "font.size": BODY,
    "mathtext.fontset": "custom",
    "mathtext.rm": FONT,
    "mathtext.it": f"{FONT}:italic",
    "mathtext.bf": f"{FONT}:bold",
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a label is a dollar: a study may name its scales as it likes
    "axes.unicode_minus": True,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelsize": BODY,
    "axes.labelpad": 2.5,
    "axes.linewidth": THIN,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "ytick.alignment": "center",
    "xtick.major.size": 2.2,
    "ytick.major.size": 2.2,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "xtick.major.width": THIN,
    "ytick.major.width": THIN,
    "lines.linewidth": LINE,
    "lines.solid_capstyle": "butt",
    "patch.linewidth": 0.0,
    "hatch.linewidth": HAIR,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "savefig.facecolor": WHITE,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "rejsens",
    "path.simplify": True,
}


def _use_shipped_font() -> None:
    # A copy of the family that the machine happens to have must not be taken for ours.
    fontManager.ttflist[:] = [entry for entry in fontManager.ttflist if entry.name != FONT]
    for file in font_files():
        fontManager.addfont(str(file))


_use_shipped_font()


def applied() -> AbstractContextManager[None]:
    """The style as a context; nobody's own matplotlibrc reaches a figure."""
    plain = {
        key: value for key, value in rcParamsDefault.items() if not key.startswith(("backend", "toolbar", "date."))
    }
    settings: Any = {**plain, **RC}  # its stubs know each key by name
    return rc_context(settings)


@dataclass(frozen=True)
class Drawing:
    """A figure with everything that travels with it.

    figure   matplotlib Figure, at final size
    alt      what the figure says, in words and numbers, for somebody who cannot see it
    data     the plotted values, one row per mark
    note     the general note under the figure: people, waves, rules
    title, caption   from the docstring of the module that drew it (`styled` fills them in)
    no_room  why there is a sentence in the place of the figure at the size of a journal, else empty
    """

    figure: Figure
    alt: str
    data: pd.DataFrame
    note: str = ""
    title: str = ""
    caption: str = ""
    no_room: str = ""


def styled(draw: Callable[..., Drawing]) -> Callable[..., Drawing]:
    """Run a draw function in the project's style, and give its drawing the title and caption of its module."""
    title, caption = title_and_caption(draw.__globals__.get("__doc__"))

    @functools.wraps(draw)
    def in_style(**arguments: Any) -> Drawing:
        with applied():
            return replace(draw(**arguments), title=title, caption=caption)

    return in_style


def title_and_caption(docstring: str | None) -> tuple[str, str]:
    """The first line of a module's docstring, and the rest of it as one paragraph.

    >>> title_and_caption("Scores by wave\\n\\nMeans with\\nintervals.\\n")
    ('Scores by wave', 'Means with intervals.')
    """
    title, _, caption = inspect.cleandoc(docstring or "").partition("\n")
    return title.strip(), " ".join(caption.split())


# Text that fits ------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4096)
def width_of(text: str, size: float = BODY, weight: str = "normal", slant: Slant = "normal") -> float:
    """Printed width of a text in mm (the widest of its lines)."""
    font = FontProperties(family=FONT, size=size, weight=weight, style=slant)
    lines = text.split("\n")
    return max(text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] for line in lines) * POINT


def height_of(lines: int, size: float = BODY) -> float:
    """Printed height in mm of so many lines of text."""
    return lines * size * LEADING * POINT


def wrap(text: str, width: float, size: float = BODY, *, weight: str = "normal", lines: int = 2) -> str:
    """Break a text into at most `lines` lines of `width` mm; what does not fit ends in an ellipsis.

    >>> wrap("Rejection sensitivity in close relationships", 30).split("\\n")
    ['Rejection sensitivity in', 'close relationships']
    """
    rows, words = [""], str(text).split()
    while words:
        candidate = f"{rows[-1]} {words[0]}".strip()
        if width_of(candidate, size, weight) <= width:
            rows[-1] = candidate
            words.pop(0)
        elif not rows[-1] and len(pieces := _pieces(words[0], width, size, weight)) > 1:
            words[:1] = pieces
        elif not rows[-1]:
            rows[-1] = words.pop(0)
        else:
            rows.append("")
    if len(rows) > lines:
        rest = "".join(row if row.endswith("_") else f"{row} " for row in rows[lines - 1 :]).strip()
        rows = [*rows[: lines - 1], rest]
        rows[-1] = _shortened(rows[-1], width, size, weight)
    return "\n".join(rows)


def _pieces(word: str, width: float, size: float, weight: str) -> list[str]:
    """A word too long for a line, cut after an underscore or a hyphen where it has one, else where the line ends."""
    if len(word) < 2 or width_of(word, size, weight) <= width:  # a letter is not cut, however narrow the line
        return [word]
    fits = [cut for cut in range(1, len(word)) if width_of(word[:cut], size, weight) <= width] or [1]
    at_joint = [cut for cut in fits if word[cut - 1] in "_-/"]
    cut = (at_joint or fits)[-1]
    return [word[:cut], word[cut:]]


def _shortened(text: str, width: float, size: float, weight: str) -> str:
    kept = (
        bisect.bisect_right(range(len(text) + 1), width, key=lambda end: width_of(text[:end] + "…", size, weight)) - 1
    )
    return text[: max(kept, 0)].rstrip(" ,;:(") + "…"


def readable_on(colour: Any) -> str:
    """Ink, white or black: the first whose contrast with a background is at least 4.5 to 1."""
    background = _luminance(colour)

    def contrast(other: str) -> float:
        low, high = sorted((background, _luminance(other)))
        return (high + 0.05) / (low + 0.05)

    return next(other for other in (INK, WHITE, BLACK) if contrast(other) >= 4.5)


def _luminance(colour: Any) -> float:
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


# Colour scales -------------------------------------------------------------------------------------------------------


def ordered(count: int) -> list[Any]:
    """Colours for ordered categories, dark to light, from viridis."""
    viridis = matplotlib.colormaps["viridis"]
    return [viridis(0.5)] if count == 1 else [viridis(0.08 + 0.88 * step / (count - 1)) for step in range(count)]


def diverging() -> Colormap:
    """Vermillion for negative, blue for positive, white at zero; light enough to print numbers on."""
    return LinearSegmentedColormap.from_list(
        "rejsens_diverging", ["#B84A00", "#E58A4E", "#F8DCC8", WHITE, "#CFE2F1", "#5FA5D3", "#005C93"]
    )


class NoRoom(Exception):
    """A figure cannot be drawn at the size of the page that it is asked for."""


Mark = Callable[[Axes, float, float], object]  # draws a legend's mark in mm, centred on x and y


# The sheet -----------------------------------------------------------------------------------------------------------


class Sheet:
    """A figure of a fixed size in mm, on which things are placed from the top left corner.

    The mark "Simulated data" stands in the top right corner of every sheet of a simulated study; `top` is where the
    content may begin.
    """

    def __init__(self, width: float, height: float, study: dict[str, Any], *, legend: bool = False):
        self.width, self.height = float(max(width, PAGE) if EXACT else width), float(height)
        self.shift = (self.width - width) / 2  # what is narrower than the page stands in its middle
        if EXACT and (width > PAGE + 0.01 or height > MAX_HEIGHT + SPARE):
            raise NoRoom(f"{width:.0f} by {height:.0f} mm")
        self.figure = Figure(figsize=(self.width / 25.4, height / 25.4), dpi=DPI, facecolor=WHITE)
        FigureCanvasAgg(self.figure)
        self.top = header(study, legend=legend)
        self.marked = bool(study.get("simulated"))
        if self.marked:
            self.text(
                self.width - self.shift - MARGIN, MARGIN, SIMULATED, size=SMALL, weight="bold", colour=RUST, ha="right"
            )

    def axes(self, left: float, top: float, width: float, height: float, **keywords: Any) -> Axes:
        if min(width, height) <= 0:
            raise NoRoom(f"a plot of {width:.0f} by {height:.0f} mm")
        x = (left + self.shift) / self.width
        box = (x, 1 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box, **keywords)

    def canvas(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes without a frame whose data units are mm, x to the right and y down, for drawing by hand."""
        axes = self.axes(left, top, width, height)
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        return axes

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = BODY,
        colour: str = INK,
        weight: str = "normal",
        slant: Slant = "normal",
        ha: str = "left",
        va: str = "top",
    ) -> list[Text]:
        """Lines of text, each on its own baseline, so that a letter with a tail moves nothing.

        va   what `y` is: "top" or "bottom" of the lines, or the "middle" of the capitals of all lines
        """
        lines, pitch = text.split("\n"), height_of(1, size)
        rest = (len(lines) - 1) * pitch
        first = {
            "top": y + 0.80 * size * POINT,
            "middle": y + 0.32 * size * POINT - rest / 2,
            "bottom": y - 0.22 * size * POINT - rest,
        }[va]
        return [
            self.figure.text(
                (x + self.shift) / self.width,
                1 - (first + place * pitch) / self.height,
                line,
                fontsize=size,
                color=colour,
                fontweight=weight,
                fontstyle=slant,
                ha=ha,
                va="baseline",
            )
            for place, line in enumerate(lines)
        ]

    def rule(self, left: float, right: float, y: float, *, colour: str = FAINT, width: float = THIN) -> Line2D:
        xs, ys = tuple((x + self.shift) / self.width for x in (left, right)), (1 - y / self.height,) * 2
        line = Line2D(xs, ys, transform=self.figure.transFigure, color=colour, linewidth=width)
        self.figure.add_artist(line)
        return line

    def legend(self, entries: Sequence[tuple[Mark, str]], left: float = MARGIN) -> None:
        """A row of marks and words in the header strip, before anything else is drawn; on a narrow page several rows."""
        rows = self._rows(entries, left)
        self._grow((len(rows) - 1) * LEGEND_ROW)
        height = HEADER - MARGIN + (len(rows) - 1) * LEGEND_ROW
        strip = self.canvas(left, MARGIN, self.width - 2 * self.shift - left - MARGIN, height)
        for number, row in enumerate(rows):
            x, below = 0.0, number * LEGEND_ROW
            for draw_mark, words in row:
                draw_mark(strip, x + 2.0, below + 0.48 * SMALL * POINT)
                self.text(left + x + 5.0, MARGIN + below, words, size=SMALL)
                x += 5.0 + width_of(words, SMALL) + 3.5

    def _rows(self, entries: Sequence[tuple[Mark, str]], left: float) -> list[list[tuple[Mark, str]]]:
        """Entries in rows: one on the project's own page, on a journal's as many as it takes."""
        if not EXACT:
            return [list(entries)]
        whole = self.width - 2 * self.shift - left - MARGIN
        room = whole - (width_of(SIMULATED, SMALL, "bold") + 2 if self.marked else 0)
        rows: list[list[tuple[Mark, str]]] = [[]]
        used = 0.0
        for entry in entries:
            wide = 5.0 + width_of(entry[1], SMALL)
            if rows[-1] and used + wide > room:
                rows.append([])
                used, room = 0.0, whole
            rows[-1].append(entry)
            used += wide + 3.5
        return rows

    def _grow(self, more: float) -> None:
        """Room for more rows of the legend; what stands at the top stays there."""
        if not more:
            return
        before, self.height, self.top = self.height, self.height + more, self.top + more
        if self.height > MAX_HEIGHT + SPARE:
            raise NoRoom(f"{self.height:.0f} mm high")
        self.figure.set_size_inches(self.width / 25.4, self.height / 25.4)
        for text in self.figure.texts:
            text.set_y(1 - (1 - text.get_position()[1]) * before / self.height)


def header(study: dict[str, Any], *, legend: bool = False) -> float:
    """Height in mm of the strip above the content: none when there is nothing to put there."""
    return HEADER if legend or study.get("simulated") else MARGIN


def sentence(text: str, study: dict[str, Any], columns: Sequence[str] = ()) -> Drawing:
    """A figure that has nothing to show says so in one plain sentence."""
    lines = wrap(text, PAGE - 20, lines=6)
    height = 2 * HEADER + height_of(lines.count("\n") + 1) + 4
    sheet = Sheet(PAGE, height, study)
    sheet.text(PAGE / 2, height / 2, lines, colour=SOFT, ha="center", va="middle")
    return Drawing(sheet.figure, alt=text, data=pd.DataFrame(columns=list(columns)))


def dot(colour: str = INK, *, hollow: bool = False) -> Mark:
    """A mark for a legend: a mean or an estimate."""
    return lambda axes, x, y: axes.plot(
        x,
        y,
        marker="o",
        markersize=DOT,
        markerfacecolor=WHITE if hollow else colour,
        markeredgecolor=colour,
        markeredgewidth=LINE,
    )


def stroke(colour: str = INK, width: float = LINE, dashes: str | tuple[float, Sequence[float]] = "-") -> Mark:
    """A mark for a legend: a line."""
    return lambda axes, x, y: axes.plot([x - 1.8, x + 1.8], [y, y], color=colour, linewidth=width, linestyle=dashes)


def swatch(colour: str) -> Mark:
    """A mark for a legend: a filled area."""
    return lambda axes, x, y: axes.barh(y, 3.6, left=x - 1.8, height=2.0, color=colour)


def means(
    axes: Axes, x: Any, y: Any, low: Any, high: Any, *, colour: str = BLUE, marker: str = "o", width: float = INTERVAL
) -> None:
    """Means with their intervals, joined by a thin line in the order given."""
    axes.plot(x, y, color=colour, linewidth=THIN, zorder=3)
    axes.vlines(x, low, high, color=colour, linewidth=width, zorder=4, label="interval")
    mark: dict[str, Any] = {"marker": marker, "markersize": DOT, "markeredgecolor": WHITE, "markeredgewidth": EDGE}
    axes.plot(x, y, linestyle="", color=colour, zorder=5, label="mean", **mark)
