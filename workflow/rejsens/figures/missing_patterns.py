"""What is incomplete together

Each row is a pattern: dark squares are what these people left incomplete, or the waves in which they did not take part;
pale squares are complete. The bar and the number give the share of people with the pattern. An instrument is incomplete
when a score of it that applies to the person could not be computed, be it for one answer or for all; dark
throughout need not be an empty record. Where there is no square, the wave did not ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from rejsens import apa, style
from rejsens.figures._instrument import spread, waves_in_time
from rejsens.figures._page import half, halved, whole
from rejsens.figures._study import counted, min_cell, sentences, spoken
from rejsens.tables.missing_patterns import ATTENDANCE, MOST, POOLED, frequent, most_frequent, words

TABLES = ("missing_patterns", "waves")
SHOWS_PEOPLE = False

ROW = 3.2
CELL, LEAST_CELL = 3.4, 2.75  # mm of a square, at most and at least
NAMES = 25.0  # mm for the upright names above the squares, at most
TOGETHER = 38.0  # mm for the words of the rare patterns, at least
SHARE, BAR = 11.0, 12.0  # mm for a share in numbers, and for the bar of everybody
BETWEEN = 3.0  # mm between columns of waves
HEAD, GAP = 4.2, 3.0


@dataclass(frozen=True)
class Block:
    """The patterns of one wave (or of taking part), the most frequent first; `columns` are what was asked."""

    title: str
    wave: str
    columns: list[str]
    rows: pd.DataFrame

    @property
    def height(self) -> float:
        return HEAD + len(self.rows) * ROW + GAP


@style.styled
def draw(
    *, missing_patterns: pd.DataFrame, waves: pd.DataFrame, study: dict[str, Any], people: bool = False
) -> style.Drawing:
    least = 1 if people else min_cell(study)
    table = missing_patterns[missing_patterns["n"].isna() | missing_patterns["n"].ge(least)]
    blocks = _blocks(table, waves)
    if not blocks:
        return style.sentence("No wave has scores or patterns of enough people, so nothing is mapped.", study)
    blocks, hidden, most = _that_fit(blocks)
    sheet = _sheet(blocks, study)
    data = pd.concat([block.rows for block in blocks], ignore_index=True)
    return style.Drawing(sheet.figure, _alt(blocks), data, _note(most_frequent(table, most, study), hidden))


def _blocks(table: pd.DataFrame, waves: pd.DataFrame) -> list[Block]:
    """Taking part in waves first, then one block per wave, in time."""
    over = table[table["level"].eq(ATTENDANCE)]
    blocks = [_block("Taking part in the waves", over)] if len(over) else []
    inside = table[table["level"].ne(ATTENDANCE)]
    found = {wave: inside[inside["wave"].eq(wave)] for wave in waves_in_time(inside["wave"], waves)}
    return blocks + [_block(f"Wave {wave}", own) for wave, own in found.items()]


def _block(title: str, own: pd.DataFrame) -> Block:
    asked = [name for name in str(own["asked"].iloc[0]).split("; ") if name]
    shares = own[own["percent"].gt(0) & own["n"].notna()]
    everybody = round(100 * shares["n"].iloc[0] / shares["percent"].iloc[0]) if len(shares) else np.nan
    people = f", n = {apa.count(everybody)}" if np.isfinite(everybody) else ""
    order = own.assign(last=own["pattern"].eq(POOLED)).sort_values(["last", "pattern"], kind="stable")
    return Block(title + people, own["wave"].iloc[0], asked, order.drop(columns="last").reset_index(drop=True))


# Layout --------------------------------------------------------------------------------------------------------------


def _that_fit(blocks: list[Block]) -> tuple[list[Block], list[str], int]:
    """Blocks for one page, and how many patterns each shows: fewer of them first, then fewer waves in the middle."""
    for most in (MOST, 6, 4, 3):
        cut = [_cut(block, most) for block in blocks]
        if _tall(cut) <= style.MAX_HEIGHT:
            return cut, [], most
    over, inside = [b for b in cut if b.wave not in _waves(cut)], [b for b in cut if b.wave in _waves(cut)]
    for count in range(len(inside) - 1, 0, -1):
        shown = spread([block.wave for block in inside], count)
        kept = over + [block for block in inside if block.wave in shown]
        if _tall(kept) <= style.MAX_HEIGHT or count == 1:
            return kept, [block.wave for block in inside if block.wave not in shown], most
    return cut, [], most


def _waves(blocks: list[Block]) -> list[str]:
    return [block.wave for block in blocks if block.rows["level"].iloc[0] != ATTENDANCE]


def _cut(block: Block, most: int) -> Block:
    """The most frequent patterns; all others stand together in the last row."""
    shown, rest = frequent(block.rows, most)
    if rest.empty:
        return block
    joined = rest.iloc[[-1]].assign(
        pattern=POOLED, n_patterns=int(rest["n_patterns"].sum()), n=rest["n"].sum(min_count=len(rest)),
        percent=rest["percent"].sum(min_count=len(rest)), n_missing=np.nan, missing="",
    )  # fmt: skip
    return replace(block, rows=pd.concat([shown, joined], ignore_index=True))


def _columns(blocks: list[Block]) -> list[str]:
    """What any wave asked, in the order of the waves; no more than have room."""
    asked = dict.fromkeys(name for block in blocks if block.wave in _waves(blocks) for name in block.columns)
    return list(asked)[: int((whole() - SHARE - BAR - 1) / LEAST_CELL)]


def _cell(names: list[str], width: float) -> float:
    return min(CELL, (width - SHARE - BAR - 1) / max(len(names), 1))


def _halves(blocks: list[Block]) -> list[list[Block]]:
    """Two columns of waves where the squares are wide enough for that, else one. Taking part stands before them."""
    inside = [block for block in blocks if block.wave in _waves(blocks)]
    if not halved(BETWEEN) or _cell(_columns(blocks), half(BETWEEN)) < LEAST_CELL or len(inside) < 2:
        return [inside] if inside else []
    middle = (len(inside) + 1) // 2
    return [inside[:middle], inside[middle:]]


def _over(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block.wave not in _waves(blocks)]


def _tall(blocks: list[Block]) -> float:
    over = sum(_upright(block.columns) + block.height for block in _over(blocks))
    inside = max((sum(block.height for block in column) for column in _halves(blocks)), default=0.0)
    return style.HEADER + over + _upright(_columns(blocks)) + inside


def _upright(names: list[str]) -> float:
    """mm for names that stand upright."""
    return min(NAMES, max((style.width_of(spoken(name), style.SMALLEST) for name in names), default=0.0) + 2.3)


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(blocks: list[Block], study: dict[str, Any]) -> style.Sheet:
    sheet = style.Sheet(style.PAGE, _tall(blocks), study, legend=True)
    sheet.legend(
        [(style.swatch(style.BLUE), "incomplete, or did not take part"), (style.swatch(style.BAND), "complete")]
    )
    top = sheet.top
    for block in _over(blocks):
        side = max(_cell(block.columns, half(BETWEEN)), min(_cell(block.columns, whole()), LEAST_CELL))
        _names(sheet, block.columns, style.MARGIN, top, side)
        _draw(sheet, block, block.columns, style.MARGIN, top + _upright(block.columns), side)
        top += _upright(block.columns) + block.height
    names, halves = _columns(blocks), _halves(blocks)
    for place, column in enumerate(halves):
        left, below = style.MARGIN + place * (half(BETWEEN) + BETWEEN), top + _upright(names)
        side = _cell(names, half(BETWEEN) if len(halves) > 1 else whole())
        _names(sheet, names, left, top, side)
        for block in column:
            _draw(sheet, block, names, left, below, side)
            below += block.height
    return sheet


def _names(sheet: style.Sheet, names: list[str], left: float, top: float, side: float) -> None:
    """Upright names, each above its column of squares."""
    tall = _upright(names)
    canvas = sheet.canvas(left, top, side * len(names), tall)
    upright: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom", "fontsize": style.SMALLEST}
    for place, name in enumerate(names):
        words = style.wrap(spoken(name), tall - 2, style.SMALLEST, lines=1)
        canvas.text((place + 0.5) * side, tall - 0.8, words, **upright)


def _draw(sheet: style.Sheet, block: Block, names: list[str], left: float, top: float, side: float) -> None:
    sheet.text(left, top, block.title, size=style.SMALL, weight="bold")
    top += HEAD
    width = max(side * len(names), TOGETHER)
    canvas = sheet.canvas(left, top, width + SHARE + BAR, len(block.rows) * ROW)
    for place, row in enumerate(block.rows.itertuples()):
        middle = (place + 0.5) * ROW
        if row.pattern == POOLED:
            words = style.wrap(
                f"{counted(int(row.n_patterns), 'other pattern')} together", width, style.SMALLEST, lines=1
            )
            sheet.text(left, top + middle, words, size=style.SMALLEST, colour=style.SOFT, va="middle")
        else:
            _squares(canvas, block, names, set(str(row.missing).split("; ")), place * ROW, side)
        share = f"{apa.percent(row.percent)}%" if pd.notna(row.percent) else apa.MISSING
        right = left + width + SHARE - 1
        sheet.text(right, top + middle, share, size=style.SMALLEST, ha="right", va="middle")
        if pd.notna(row.percent):
            _bar(canvas, width + SHARE, middle, row.percent)


def _bar(canvas: Axes, left: float, middle: float, percent: float) -> None:
    bar = Rectangle((left, middle - 0.9), BAR * percent / 100, 1.8, facecolor=style.SOFT, clip_on=False, label="share")
    canvas.add_patch(bar)


def _squares(canvas: Axes, block: Block, names: list[str], missing: set[str], top: float, side: float) -> None:
    """One pattern. Dark and pale differ in lightness, so that they differ in grey too."""
    kinds: dict[str, list[Rectangle]] = {style.BLUE: [], style.BAND: []}
    for place, name in ((k, name) for k, name in enumerate(names) if name in block.columns):
        square = Rectangle((place * side + 0.2, top + 0.2), side - 0.4, ROW - 0.4)
        kinds[style.BLUE if name in missing else style.BAND].append(square)
    for colour, squares in kinds.items():
        canvas.add_collection(PatchCollection(squares, facecolor=colour, linewidth=0))


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(blocks: list[Block]) -> str:
    parts = []
    for block in blocks:
        told, names = [], {name: spoken(name) for name in block.columns}
        for row in block.rows.itertuples():
            if row.pattern == POOLED or pd.isna(row.percent):
                continue
            what = words(str(row.missing), "; ".join(block.columns), row.level, names)
            told.append(f"{what} {apa.percent(row.percent)}%")
        parts.append(f"{block.title}: {'; '.join(told[:3])}" if told else f"{block.title}: only other patterns")
    return f"Map of what is incomplete together. {'. '.join(parts)}."


def _note(shown: str, hidden: list[str]) -> str:
    return sentences(
        "Shares are of the people of the wave, or of everybody who took part in any wave. Ratings of single events are left "
        "out: who has no such event has none to rate.",
        shown,
        "A map shows what is incomplete, not why.",
        f"In the table only: wave {', '.join(hidden)}." if hidden else "",
    )
