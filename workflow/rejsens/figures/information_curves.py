"""Information curves of items and scales

Graded response model: how precisely each item, and the whole scale, tells people apart at each level of what the scale
measures. Levels are standard deviations of the people who answered, around their mean. The line on the right is the
standard error of measurement of the scale; where it is low, scores are precise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._instrument import ADMISSIBLE, counts, few, item_label
from rejsens.figures._page import whole, wider
from rejsens.figures._study import counted, min_cell, sentences, spoken

TABLES = ("information", "item_response", "factor_models")
SHOWS_PEOPLE = False
OF = "instrument"

ROW = 4.6  # mm of an item
LEAST, FOOT, GAP = 18.0, 8.5, 2.0  # mm of a scale's plots at least, of the axis below, between scales
TALLEST, MOST_ITEMS = 200.0, 66  # mm of a scale's plots, and items that fit there
NAMES, ITEMS, VALUE = 34.0, 42.0, 9.0  # mm of the names, of the items' curves, of the numbers beside them
WHOLE, AXIS = 50.0, 9.0  # mm of the scale's plot, and of the words of an axis beside it
NARROW, BENEATH = 130.0, 24.0  # mm of a page on which the scale's plot stands beneath, and of that plot
WITHHELD = "its curve would give away a threshold that is blank"
MOST_ERROR = 2.0  # standard errors above it leave the plot
RISE = 0.92  # of an item's row that the highest curve takes


def _narrow() -> bool:
    """Whether the plot of a scale stands beneath those of its items."""
    return style.PAGE < NARROW


def _items() -> float:
    """mm of the items' curves."""
    return whole() - NAMES - VALUE if _narrow() else ITEMS + 0.45 * wider()


@dataclass(frozen=True)
class Panel:
    """One scale: `items` as in `item_response`, their curves, and the curve of the whole."""

    name: str
    wave: str
    items: pd.DataFrame
    curves: pd.DataFrame
    whole: pd.DataFrame

    @property
    def head(self) -> float:
        return style.height_of(1, style.SMALL) + 1.0

    @property
    def plot(self) -> float:
        return max(LEAST, min(ROW * len(self.items), TALLEST))

    @property
    def height(self) -> float:
        return self.head + self.plot + FOOT + GAP + (BENEATH + FOOT if _narrow() else 0.0)


@style.styled
def draw(
    *,
    information: pd.DataFrame,
    item_response: pd.DataFrame,
    factor_models: pd.DataFrame,
    study: dict[str, Any],
    instrument: str = "",
    people: bool = False,
) -> style.Drawing:
    slopes = item_response[item_response["parameter"].eq("a")]
    least = 1 if people else min_cell(study)
    enough = slopes.groupby("score")["n"].transform("min").ge(least)
    names = {row.model: row.label for row in factor_models[factor_models["structure"].eq("one_factor")].itertuples()}
    panels = [_panel_of(information, own, names) for _, own in slopes[enough].groupby("score", sort=False)]
    long = [f"{panel.name}: too many items for one page" for panel in panels if len(panel.items) > MOST_ITEMS]
    withheld = [f"{panel.name}: {WITHHELD}" for panel in panels if not _drawable(panel) and _admissible(panel)]
    failed = _failed(slopes, {panel.name for panel in panels if _drawable(panel)}, names) + withheld + long
    panels = [panel for panel in panels if _drawable(panel) and len(panel.items) <= MOST_ITEMS]
    if not panels:
        return style.sentence(_nothing(failed), study)
    kept, dropped = _that_fit(panels)
    sheet = _sheet(kept, study)
    return style.Drawing(sheet.figure, _alt(kept), _data(kept), _note(kept, failed, dropped))


def _panel_of(information: pd.DataFrame, items: pd.DataFrame, names: dict[str, str]) -> Panel:
    first = items.iloc[0]
    own = information[information["score"].eq(first["score"]) & information["wave"].eq(first["wave"])]
    whole = own["item"].fillna("").eq("")
    name = names.get(first["score"], spoken(first["score"]))
    return Panel(name, first["wave"], items.reset_index(drop=True), own[~whole], own[whole])


def _drawable(panel: Panel) -> bool:
    """Whether the scale has its curve, and any of its items; where every item has a blank threshold none has."""
    return len(panel.whole) > 0 and len(panel.curves) > 0


def _admissible(panel: Panel) -> bool:
    return panel.items["status"].eq(ADMISSIBLE).all()


def _failed(slopes: pd.DataFrame, drawn: set[str], names: dict[str, str]) -> list[str]:
    rows = slopes.drop_duplicates("score")
    told = [(names.get(row.score, spoken(row.score)), row.status) for row in rows.itertuples()]
    return [f"{name}: {status}" for name, status in told if name not in drawn and status != ADMISSIBLE]


def _nothing(failed: list[str]) -> str:
    why = few(failed) or "no scale of this instrument has an admissible graded response model of enough people"
    return f"There is no information curve to show. {why[:1].upper()}{why[1:]}."


def _that_fit(panels: list[Panel]) -> tuple[list[Panel], list[str]]:
    kept = list(panels)
    dropped: list[str] = []
    while len(kept) > 1 and style.HEADER + sum(panel.height for panel in kept) > style.MAX_HEIGHT:
        dropped.insert(0, kept.pop().name)
    return kept, dropped


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(panels: list[Panel], study: dict[str, Any]) -> style.Sheet:
    sheet = style.Sheet(style.PAGE, style.HEADER + sum(panel.height for panel in panels), study, legend=True)
    sheet.legend(
        [
            (style.swatch(style.PALE_BLUE), "item information, with its peak"),
            (style.stroke(style.BLUE, style.LINE), "scale information"),
            (style.stroke(style.RUST, style.LINE, "--"), "standard error of measurement"),
        ]
    )
    highest = max(panel.curves["information"].max() for panel in panels)
    top = sheet.top
    for panel in panels:
        sheet.text(style.MARGIN, top, style.wrap(panel.name, min(140.0, whole()), style.SMALL, weight="bold", lines=1), size=style.SMALL, weight="bold")  # fmt: skip
        _draw_items(sheet, panel, top + panel.head, highest)
        _draw_scale(sheet, panel, top + panel.head)
        top += panel.height
    return sheet


def _draw_items(sheet: style.Sheet, panel: Panel, top: float, highest: float) -> None:
    """A curve for each item on a line of its own, all in one scale, so that their heights can be compared."""
    pitch = panel.plot / len(panel.items)
    axes = sheet.axes(style.MARGIN + NAMES, top, _items(), panel.plot)
    axes.set(ylim=(len(panel.items), 0), xlim=(panel.whole["theta"].min(), panel.whole["theta"].max()))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _level_axis(axes)
    for place, item in enumerate(panel.items.itertuples()):
        own = panel.curves[panel.curves["item"].eq(item.item)].sort_values("theta")  # none beside a blank threshold
        base, height = place + 1, RISE * own["information"] / highest
        axes.fill_between(own["theta"], base, base - height, color=style.PALE_BLUE, linewidth=0, zorder=2)
        axes.plot(own["theta"], base - height, color=style.BLUE, linewidth=style.THIN, zorder=3, label=item.item)
        axes.axhline(base, color=style.FAINT, linewidth=style.HAIR, zorder=1)
        middle = top + (place + 1) * pitch - 0.42 * min(pitch, ROW)
        words = item_label(item.label, item.item, item.reverse, NAMES - 1.5)
        sheet.text(style.MARGIN, middle, words, size=style.SMALLEST, va="middle")
        peak = apa.number(own["information"].max())
        sheet.text(
            style.MARGIN + NAMES + _items() + VALUE - 1, middle, peak, size=style.SMALLEST, ha="right", va="middle"
        )


def _draw_scale(sheet: style.Sheet, panel: Panel, top: float) -> None:
    if _narrow():
        left, wide, tall = style.MARGIN + AXIS, whole() - 2 * AXIS, BENEATH
        top += panel.plot + FOOT
    else:
        left, wide, tall = style.MARGIN + NAMES + _items() + VALUE + AXIS, WHOLE + 0.55 * wider(), panel.plot
    axes = sheet.axes(left, top, wide, tall)
    curve = panel.whole.sort_values("theta")
    axes.plot(curve["theta"], curve["information"], color=style.BLUE, linewidth=style.LINE, label="scale")
    axes.set(xlim=(curve["theta"].min(), curve["theta"].max()), ylim=(0, 1.08 * curve["information"].max()))
    axes.set_ylabel("information", fontsize=style.SMALLEST, labelpad=1)
    _level_axis(axes)
    beside = axes.twinx()
    beside.plot(curve["theta"], curve["se"], color=style.RUST, linewidth=style.LINE, linestyle="--", label="se")
    beside.set(ylim=(0, 1.08 * min(curve["se"].max(), MOST_ERROR)))
    beside.set_ylabel("standard error", fontsize=style.SMALLEST, labelpad=2)
    beside.spines["right"].set_visible(True)
    for own in (axes, beside):
        own.locator_params(axis="y", nbins=4)
        own.tick_params(axis="y", labelsize=style.SMALLEST)


def _level_axis(axes: Axes) -> None:
    low, high = axes.get_xlim()
    ticks = np.arange(np.ceil(low / 2) * 2, high + 0.01, 2)
    axes.set_xticks(ticks, [apa.number(tick, 0) for tick in ticks], fontsize=style.SMALLEST)
    axes.set_xlabel("level (standard deviations)", fontsize=style.SMALLEST, labelpad=0.5)


# Words ---------------------------------------------------------------------------------------------------------------


def _data(panels: list[Panel]) -> pd.DataFrame:
    kept = ["score", "wave", "item", "theta", "information", "se"]
    return pd.concat([pd.concat([p.whole, p.curves])[kept] for p in panels], ignore_index=True)


def _alt(panels: list[Panel]) -> str:
    parts = []
    for panel in panels:
        whole = panel.whole.sort_values("information").iloc[-1]
        peaks = panel.curves.groupby("item")["information"].max()
        labels = panel.items.set_index("item")["label"]
        most, least = (item_label(labels.get(k), k, False, 99) for k in (peaks.idxmax(), peaks.idxmin()))
        parts.append(
            f"{panel.name}: most information {apa.number(whole['information'])} at {apa.number(whole['theta'], 1)} "
            f"(standard error {apa.number(whole['se'])}); items from {apa.number(peaks.min())} ({least}) "
            f"to {apa.number(peaks.max())} ({most})"
        )
    return f"Information curves of {counted(len(panels), 'scale')}. {'. '.join(parts)}."


def _note(panels: list[Panel], failed: list[str], dropped: list[str]) -> str:
    people = pd.concat([panel.items for panel in panels])
    return sentences(
        f"{counts(people)}.",
        "All items of the figure are drawn to one height; the number is an item's peak. Items marked (R) are reverse-keyed; "
        "their answers were turned before.",
        "Items with a blank threshold have no curve." if any(map(_lacks_curves, panels)) else "",
        f"Standard errors above {apa.number(MOST_ERROR, 0)} leave the plot." if _leaves(panels) else "",
        f"Not drawn: {few(failed)}." if failed else "",
        f"Not shown for space: {'; '.join(dropped)}." if dropped else "",
    )


def _lacks_curves(panel: Panel) -> bool:
    return panel.curves["item"].nunique() < len(panel.items)


def _leaves(panels: list[Panel]) -> bool:
    return max(panel.whole["se"].max() for panel in panels) > 1.08 * MOST_ERROR
