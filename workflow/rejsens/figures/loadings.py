"""Standardised loadings of the items

One factor for each scale: how closely each item goes with it, with its confidence interval. Items marked (R) are
reverse-keyed; their answers were turned before, so that all loadings of a scale should point the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._instrument import (
    ADMISSIBLE,
    counts,
    few,
    item_label,
    not_admissible,
    spread,
    waves_in_time,
    with_people,
)
from rejsens.figures._page import half
from rejsens.figures._study import counted, level, sentences
from rejsens.figures.response_distributions import in_columns

TABLES = ("loadings", "factor_models", "waves")
SHOWS_PEOPLE = False
OF = "instrument"

MOST_WAVES = 8
MOST_ITEMS = 40  # of a panel; a longer scale goes on in the next
ROW, STEP = 4.2, 0.85  # mm of an item with one wave, and from one wave to the next
FOOT, GAP = 9.0, 2.5
BETWEEN = 3.0  # mm between columns of panels
VALUE = 7.0  # mm for the number of the first wave


@dataclass(frozen=True)
class Panel:
    """The loadings of one scale: `items` in order, `rows` one per item and wave."""

    title: str  # already broken into lines
    items: pd.DataFrame
    rows: pd.DataFrame
    waves: list[str]

    @property
    def head(self) -> float:
        return 1.0 + style.height_of(self.title.count("\n") + 1, style.SMALL)

    @property
    def row(self) -> float:
        return max(ROW, STEP * len(self.waves) + 1.4)

    @property
    def height(self) -> float:
        return self.head + len(self.items) * self.row + GAP


@style.styled
def draw(
    *,
    loadings: pd.DataFrame,
    factor_models: pd.DataFrame,
    waves: pd.DataFrame,
    study: dict[str, Any],
    instrument: str = "",
    people: bool = False,
) -> style.Drawing:
    models = with_people(factor_models[factor_models["structure"].eq("one_factor")], study, people)
    rows = drawable(loadings, models)
    if rows.empty:
        return style.sentence(_nothing(models), study)
    panels, dropped = _that_fit(rows, waves)
    shown = pd.concat([panel.rows for panel in panels], ignore_index=True)
    sheet = _sheet(panels, shown, study)
    later = models[models["wave"].isin(shown["wave"])]
    note = _note(shown, later, models, dropped, study)
    data = shown[["model", "scale", "wave", "n", "item", "label", "reverse", "std", "std_ci_low", "std_ci_high"]]
    return style.Drawing(sheet.figure, _alt(panels), data, note)


def drawable(loadings: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Loadings of admissible models, with the label of the scale and its people."""
    known = models.loc[models["status"].eq(ADMISSIBLE), ["model", "wave", "label", "n"]]
    rows = loadings[loadings["std"].notna()].merge(
        known.rename(columns={"label": "scale"}), on=["model", "wave"], how="inner"
    )
    return rows.astype({"n": int})


def _nothing(models: pd.DataFrame) -> str:
    failed = not_admissible(models)
    why = f"No model is admissible ({few(failed)})." if failed else "No scale has a model of enough people."
    return f"There are no loadings to show. {why}"


# Layout --------------------------------------------------------------------------------------------------------------


def _that_fit(rows: pd.DataFrame, waves: pd.DataFrame) -> tuple[list[Panel], list[str]]:
    """Panels for one page: with all waves where that fits, else with fewer; the last scales give way last."""
    for most in (MOST_WAVES, 4, 2, 1):
        panels = [part for _, own in rows.groupby("model", sort=False) for part in _panels_of(own, waves, most)]
        if _tall(panels) <= style.MAX_HEIGHT:
            return panels, []
    dropped: list[str] = []
    while len(panels) > 1 and _tall(panels) > style.MAX_HEIGHT:
        dropped.insert(0, panels.pop().rows["scale"].iloc[0])
    return panels, dropped


def _tall(panels: list[Panel]) -> float:
    return style.HEADER + max(sum(p.height for p in column) for column in in_columns(panels)) + FOOT


def _panels_of(own: pd.DataFrame, waves: pd.DataFrame, most: int) -> list[Panel]:
    """One panel, or several of a scale of many items."""
    shown = spread(waves_in_time(own["wave"], waves), most)
    rows = own[own["wave"].isin(shown)]
    items = rows.drop_duplicates("item")[["item", "label", "reverse"]].reset_index(drop=True)
    panels = []
    for start in range(0, len(items), MOST_ITEMS):
        part = items.iloc[start : start + MOST_ITEMS].reset_index(drop=True)
        name = rows["scale"].iloc[0] + (", continued" if start else "")
        title = style.wrap(name, half(BETWEEN) - 2, style.SMALL, weight="bold")
        panels.append(Panel(title, part, rows[rows["item"].isin(part["item"])], shown))
    return panels


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(panels: list[Panel], shown: pd.DataFrame, study: dict[str, Any]) -> style.Sheet:
    columns = in_columns(panels)
    width = style.PAGE if len(columns) > 1 else style.COLUMN
    sheet = style.Sheet(width, _tall(panels), study, legend=True)
    sheet.legend(_key(shown, panels, narrow=len(columns) == 1))
    room = width - 2 * style.MARGIN if len(columns) == 1 else half(BETWEEN)
    for place, column in enumerate(columns):
        left, top = style.MARGIN + place * (room + BETWEEN), sheet.top
        for panel in column:
            axes = _panel(sheet, panel, left, top, room, _limits(shown))
            top += panel.height
        axes.tick_params(axis="x", bottom=True, labelbottom=True, labelsize=style.SMALLEST)
        axes.spines["bottom"].set_visible(True)
        axes.set_xlabel("standardised loading", fontsize=style.SMALLEST, labelpad=0.5)
    return sheet


def _key(shown: pd.DataFrame, panels: list[Panel], narrow: bool) -> list[Any]:
    several = max(len(panel.waves) for panel in panels) > 1
    firsts = {panel.waves[0] for panel in panels}
    first = f"wave {firsts.pop()}" if len(firsts) == 1 else "first wave"
    entries = [(style.dot(style.BLUE), first if several else "loading")]
    if several:
        entries.append((style.dot(style.SOFT, hollow=True), "later" if narrow else "later waves, one below the other"))
    return entries


def _limits(shown: pd.DataFrame) -> tuple[float, float]:
    ends = shown[["std", "std_ci_low", "std_ci_high"]].to_numpy(dtype=float)
    low, high = np.nanmin(ends), np.nanmax(ends)
    return min(0.0, np.floor(low * 5) / 5), max(1.0, high + 0.02)


def _panel(sheet: style.Sheet, panel: Panel, left: float, top: float, room: float, limits: tuple[float, float]) -> Axes:
    sheet.text(left, top, panel.title, size=style.SMALL, weight="bold")
    top += panel.head
    names = 0.44 * room
    axes = sheet.axes(left + names, top, room - names - VALUE, len(panel.items) * panel.row)
    axes.set(xlim=limits, ylim=(len(panel.items) - 0.5, -0.5))
    axes.set_yticks([])
    axes.set_xticks(ticks := _ticks(limits), [apa.r(tick, 1) if tick else "0" for tick in ticks])
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.grid(axis="x", color=style.FAINT, linewidth=style.HAIR)
    axes.spines[:].set_visible(False)
    for place, wave in enumerate(panel.waves):
        _draw_wave(axes, panel, wave, place)
    first = panel.rows[panel.rows["wave"].eq(panel.waves[0])].set_index("item")["std"]
    for place, item in enumerate(panel.items.itertuples()):
        middle = top + (place + 0.5) * panel.row
        words = item_label(item.label, item.item, item.reverse, names - 1.5)
        sheet.text(left, middle, words, size=style.SMALLEST, va="middle")
        if item.item in first:
            sheet.text(left + room, middle, apa.r(first[item.item]), size=style.SMALLEST, ha="right", va="middle")
    return axes


def _ticks(limits: tuple[float, float]) -> list[float]:
    step = 0.2 if limits[0] >= 0 else 0.5
    ticks = np.arange(np.ceil(limits[0] / step - 1e-9), np.floor(limits[1] / step + 1e-9) + 1) * step
    return [float(tick) for tick in np.round(ticks, 10) + 0.0]


def _draw_wave(axes: Axes, panel: Panel, wave: str, place: int) -> None:
    """One wave's loadings, a step below those of the wave before."""
    own = panel.rows[panel.rows["wave"].eq(wave)].set_index("item").reindex(panel.items["item"])
    y = np.arange(len(own)) + (place - (len(panel.waves) - 1) / 2) * STEP / panel.row
    first = place == 0
    colour, width = (style.BLUE, style.INTERVAL) if first else (style.SOFT, style.HAIR)
    axes.hlines(y, own["std_ci_low"], own["std_ci_high"], color=colour, linewidth=width, zorder=2, label="interval")
    for turned, marker in ((False, "o"), (True, "D")):
        those = panel.items["reverse"].to_numpy(dtype=bool) == turned
        mark: dict[str, Any] = {"marker": marker, "markersize": style.DOT if first else style.DOT / 2, "linestyle": ""}
        face = colour if first else style.WHITE
        axes.plot(
            own["std"][those], y[those], color=colour, markerfacecolor=face, markeredgewidth=style.EDGE, zorder=3,
            label="first" if first else "later", **mark,
        )  # fmt: skip


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(panels: list[Panel]) -> str:
    parts = []
    for panel in panels:
        first = panel.rows[panel.rows["wave"].eq(panel.waves[0])].sort_values("std", kind="stable")
        low, high = first.iloc[0], first.iloc[-1]
        low, high = (f"{apa.r(row['std'])} ({item_label(row['label'], row['item'], False, 99)})" for row in (low, high))
        people = apa.count(first["n"].iloc[0])
        parts.append(f"{first['scale'].iloc[0]} (wave {panel.waves[0]}, n = {people}): from {low} to {high}")
    waves = max(len(panel.waves) for panel in panels)
    scales = counted(len({panel.rows["scale"].iloc[0] for panel in panels}), "scale")
    return f"Standardised loadings of {scales} in {counted(waves, 'wave')}. {'; '.join(parts)}."


def _note(
    shown: pd.DataFrame, models: pd.DataFrame, every: pd.DataFrame, dropped: list[str], study: dict[str, Any]
) -> str:
    estimators = dict.fromkeys(zip(models["estimator"], models["missing_rule"], strict=True))
    hidden = sorted(set(every["wave"]) - set(shown["wave"]))
    failed = not_admissible(every)
    return sentences(
        f"{counts(shown)}." if len(shown) else "",
        f"{level(study)} intervals; the number is the first wave's.",
        "Diamonds: reverse-keyed items." if shown["reverse"].any() else "",
        " ".join(f"{name}: {rule}." for name, rule in estimators if name),
        f"In the table of loadings only: wave {', '.join(hidden)}." if hidden else "",
        f"Not drawn, since not admissible: {few(failed)}." if failed else "",
        f"Not shown for space: {'; '.join(dropped)}." if dropped else "",
    )
