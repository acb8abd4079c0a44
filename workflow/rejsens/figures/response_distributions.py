"""How the items were answered

One bar per item: the share of people who gave each answer, from the lowest code (dark) to the highest (light). All bars
meet at the middle of their scale: answers below it lie left of the line, those above it right, the middle answer half on
each side. Items marked (R) are reverse-keyed and are shown as they were answered, before any reversal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import half, halved
from rejsens.figures._study import counted, min_cell, panel_waves, sentences, span, spoken

TABLES = ("responses", "dictionary", "waves")
SHOWS_PEOPLE = False
BY_WAVE = True

ROW = 2.9  # mm per item
GAP = 2.2
FOOT = 9.5
LABELS = 32.0
BETWEEN = 4.0  # mm between columns
LEAST_TICK = 5.6  # mm from one number of the axis to the next
KEY = 24.0  # mm for the key of the codes, in the heading of a panel


@dataclass(frozen=True)
class Panel:
    """One instrument's bars."""

    instrument: str
    title: str  # already broken into lines
    bars: pd.DataFrame

    @property
    def head(self) -> float:
        return 1.2 + style.height_of(self.title.count("\n") + 1, style.SMALL)

    @property
    def height(self) -> float:
        return self.head + self.bars["item"].nunique() * ROW + GAP


@style.styled
def draw(
    *,
    responses: pd.DataFrame,
    dictionary: pd.DataFrame,
    waves: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    data = segments(latest_answers(responses, dictionary, waves))
    data = data[data["n_item"].ge(1 if people else min_cell(study))]
    if data.empty:
        return style.sentence("No item of a scored instrument was answered by enough people to be drawn.", study)
    titles = dict(zip(dictionary["instrument"], dictionary["title"], strict=True))
    panels = [
        Panel(str(name), style.wrap(titles[name], half(BETWEEN) - KEY, style.SMALL, weight="bold", lines=3), own)
        for name, own in data.groupby("instrument", sort=False)
    ]
    panels, dropped = _that_fit(panels, study, dictionary)
    columns = in_columns(panels)
    height = max(map(_length, columns))
    column_width = half(BETWEEN)
    wide = column_width * len(columns) + BETWEEN * (len(columns) - 1) + 2 * style.MARGIN
    sheet = style.Sheet(max(wide, style.COLUMN), style.header(study) + height + FOOT, study)
    reach = _reach(pd.concat([panel.bars for panel in panels]))
    for place, column in enumerate(columns):
        _column(sheet, column, style.MARGIN + place * (column_width + BETWEEN), reach)
    shown = data[data["instrument"].isin([panel.instrument for panel in panels])].reset_index(drop=True)
    return style.Drawing(
        sheet.figure,
        _alt(shown, titles),
        shown,
        _note(shown, list(dict.fromkeys(titles[name] for name in dropped)), study),
    )


# Numbers -------------------------------------------------------------------------------------------------------------


def latest_answers(responses: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    """Answers of each scored instrument in the latest wave that asked it."""
    own = responses[responses["instrument"].isin(dictionary["instrument"]) & responses["value"].notna()]
    own = own.assign(wave=own["wave"].astype(str), value=own["value"].astype(float))
    rank = {wave: number for number, wave in enumerate(panel_waves(waves))}
    own = own[own["wave"].isin(rank)].assign(rank=own["wave"].map(rank))
    return own[own["rank"].eq(own.groupby("instrument")["rank"].transform("max"))].drop(columns="rank")


def segments(answers: pd.DataFrame) -> pd.DataFrame:
    """One row per drawn segment: the answers in order, then what was blanked to protect few people, without a code.

    `start` is where it begins on the axis, on which the middle of the instrument's codes is 0.
    """
    rows = []
    codes = answers.groupby("instrument")["value"]
    middles = ((codes.min() + codes.max()) / 2).to_dict()
    for (instrument, item), own in answers.groupby(["instrument", "item"], sort=False):
        given = own[own["n"].notna() & own["n"].gt(0)].sort_values("value")
        if given.empty:
            continue
        fullest = given.loc[given["n"].astype(float).idxmax()]
        asked = {
            "instrument": instrument,
            "wave": own["wave"].iloc[0],
            "item": item,
            "label": own["label"].iloc[0],
            "reverse": bool(own["reverse"].iloc[0]),
            "n_item": round(100 * float(fullest["n"]) / fullest["percent"]),
        }
        start = -_below(given, middles[instrument])
        for row in given.itertuples():
            rows.append(asked | {"code": row.value, "n": float(row.n), "percent": row.percent, "start": start})
            start += row.percent
        rest = 100 - given["percent"].sum()
        if rest > 0.01:
            rows.append(asked | {"code": np.nan, "n": np.nan, "percent": rest, "start": start})
    return pd.DataFrame(
        rows, columns=["instrument", "wave", "item", "label", "reverse", "code", "n", "percent", "n_item", "start"]
    )


def _below(given: pd.DataFrame, middle: float) -> float:
    """Share of answers below the middle of the scale, and half of those at it."""
    sides = np.select([given["value"].lt(middle), given["value"].eq(middle)], [1.0, 0.5], 0.0)
    return float((sides * given["percent"]).sum())


# Layout --------------------------------------------------------------------------------------------------------------


class Tall(Protocol):
    """A panel of any figure that stands in columns."""

    @property
    def height(self) -> float:
        """mm."""
        ...


T = TypeVar("T", bound=Tall)


def _length(panels: Sequence[Tall]) -> float:
    return sum(panel.height for panel in panels)


def in_columns(panels: list[T]) -> list[list[T]]:
    """One column, or on a page wide enough two as nearly of one height as can be; each column keeps the order, the first panel comes first.

    Of columns alike in height the one with fewest panels, the earliest ones. Heights are added up in tenths of a
    millimetre, so that the work grows with their sum and not with the number of ways to choose panels.
    """
    if len(panels) < 2 or _length(panels) < 60 or not halved(BETWEEN):
        return [panels]
    tenths = [round(10 * panel.height) for panel in panels]
    reached: dict[int, tuple[int, ...]] = {tenths[0]: (0,)}  # height of a left column -> its panels
    for place, height in list(enumerate(tenths))[1:]:
        for total, chosen in list(reached.items()):
            longer = (*chosen, place)
            known = reached.get(total + height, longer)
            reached[total + height] = min(known, longer, key=lambda left: (len(left), left))
    whole = sum(tenths)
    _, _, best = min(
        (abs(whole - 2 * total), len(left), left) for total, left in reached.items() if len(left) < len(panels)
    )
    return [[panels[k] for k in best], [panel for k, panel in enumerate(panels) if k not in best]]


def _that_fit(panels: list[Panel], study: dict[str, Any], dictionary: pd.DataFrame) -> tuple[list[Panel], list[str]]:
    """Instruments for one page; those of the study's first scores stay longest."""
    of_score = dict(zip(dictionary["score"], dictionary["instrument"], strict=True))
    first = list(dict.fromkeys(of_score[score] for score in study.get("score_order") or [] if score in of_score))
    rank = {
        name: place
        for place, name in enumerate([*first, *(panel.instrument for panel in panels if panel.instrument not in first)])
    }
    kept, dropped = list(panels), []
    while len(kept) > 1 and max(map(_length, in_columns(kept))) > style.MAX_HEIGHT - 16:
        least = max(kept, key=lambda panel: rank[panel.instrument])
        kept.remove(least)
        dropped.append(least.instrument)
    return kept, dropped[::-1]


# Ink -----------------------------------------------------------------------------------------------------------------


def _reach(bars: pd.DataFrame) -> tuple[int, int]:
    """Ends of the axis of all panels, in whole quarters."""
    low, high = bars["start"].min(), (bars["start"] + bars["percent"]).max()
    return min(-25, 25 * int(np.floor(low / 25 + 1e-9))), max(25, 25 * int(np.ceil(high / 25 - 1e-9)))


def _column(sheet: style.Sheet, panels: list[Panel], left: float, reach: tuple[int, int]) -> None:
    top = sheet.top
    for panel in panels:
        axes = _panel(sheet, panel, left, top, reach)
        top += panel.height
    room = half(BETWEEN) - LABELS - 1
    step = 25 if 25 * room / (reach[1] - reach[0]) >= LEAST_TICK else 50
    ticks = [tick for tick in range(-100, 101, step) if reach[0] <= tick <= reach[1]]
    axes.set_xticks(ticks, [str(abs(tick)) for tick in ticks], fontsize=style.SMALLEST)
    said = ("per cent of people, below and above the middle", "per cent of people")
    fits = next((text for text in said if style.width_of(text, style.SMALLEST) <= room), said[-1])
    axes.set_xlabel(fits, fontsize=style.SMALLEST, labelpad=0.5)
    axes.spines["bottom"].set_visible(True)


def _panel(sheet: style.Sheet, panel: Panel, left: float, top: float, reach: tuple[int, int]) -> Axes:
    codes = sorted(panel.bars["code"].dropna().unique())
    colours = dict(zip(codes, style.ordered(len(codes)), strict=True))
    sheet.text(left, top, panel.title, size=style.SMALL, weight="bold")
    _key(sheet, codes, colours, left + half(BETWEEN) - 1, top)
    top += panel.head
    count = panel.bars["item"].nunique()
    axes = sheet.axes(left + LABELS, top, half(BETWEEN) - LABELS - 1, count * ROW)
    axes.set(xlim=reach, ylim=(count - 0.5, -0.5))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    for place, (_, item) in enumerate(panel.bars.groupby("item", sort=False)):
        for bar in item.itertuples():
            hidden = pd.isna(bar.code)
            axes.barh(
                place,
                bar.percent,
                left=bar.start,
                height=0.8,
                color=style.GHOST if hidden else colours[bar.code],
                edgecolor=style.SOFT if hidden else style.WHITE,
                linewidth=0 if hidden else 0.3,
                hatch="/////" if hidden else None,
            )
        sheet.text(left, top + (place + 0.5) * ROW, _label(item.iloc[0]), size=style.SMALLEST, va="middle")
    axes.axvline(0, color=style.INK, linewidth=style.THIN, zorder=3)
    return axes


def _label(item: pd.Series) -> str:
    """An item's short label on one line, with (R) where the key reverses it."""
    mark = " (R)" if item["reverse"] else ""
    text = spoken(item["label"]) if pd.notna(item["label"]) and item["label"] else spoken(item["item"])
    return style.wrap(text, LABELS - 1.5 - style.width_of(mark, style.SMALLEST), style.SMALLEST, lines=1) + mark


def _key(sheet: style.Sheet, codes: list[float], colours: dict[float, Any], right: float, top: float) -> None:
    """The lowest and the highest code, and the colours between them."""
    low, high = (apa.number(code, 0) for code in (codes[0], codes[-1]))
    sheet.text(right, top + 0.15, high, size=style.SMALLEST, colour=style.SOFT, ha="right")
    square = min(2.2, (KEY - 8) / len(codes))
    start = right - style.width_of(high, style.SMALLEST) - 1 - square * len(codes)
    strip = sheet.canvas(start, top + 0.5, square * len(codes), 2.0)
    for place, code in enumerate(codes):
        strip.barh(
            1.0, square, left=place * square, height=2.0, color=colours[code], edgecolor=style.WHITE, linewidth=0.3
        )
    sheet.text(start - 1, top + 0.15, low, size=style.SMALLEST, colour=style.SOFT, ha="right")


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(shown: pd.DataFrame, titles: dict[str, str]) -> str:
    parts = []
    for instrument, own in shown.groupby("instrument", sort=False):
        highest = own["code"].max()
        top = own[own["code"].eq(highest)]["percent"]
        parts.append(
            f"{titles[instrument]} (wave {own['wave'].iloc[0]}, {counted(own['item'].nunique(), 'item')}): "
            f"answer {apa.number(highest, 0)} was given by {_spread(top)}"
        )
    items = counted(shown["item"].nunique(), "item")
    return f"Stacked bars of the answers to {items}, which meet at the middle of the scale. {'; '.join(parts)}."


def _spread(percent: pd.Series) -> str:
    low, high = apa.percent(percent.min(), 0), apa.percent(percent.max(), 0)
    return f"{low}%" if low == high else f"{low}% to {high}%"


def _note(shown: pd.DataFrame, dropped: list[str], study: dict[str, Any]) -> str:
    n = "; ".join(f"wave {wave}, n = {span(asked)}" for wave, asked in shown.groupby("wave", sort=False)["n_item"])
    return sentences(
        f"Latest wave that asked each instrument: {n}. Shares are of the people who answered the item.",
        f"Hatched: answers given by fewer than {min_cell(study)} people, and what would reveal them."
        if shown["code"].isna().any()
        else "",
        f"Not shown for space: {'; '.join(dropped)}." if dropped else "",
    )
