"""From rows of the export to people in the analysis

Each column is one survey wave. The bar is what remains after a step; the orange end of it is what that step set aside.
Exclusions are applied from top to bottom, so a row that breaks several rules is counted under the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import whole
from rejsens.figures._study import in_time, sentences

TABLES = ("flow", "waves")
SHOWS_PEOPLE = False

LABELS = 44.0  # mm for the names of the steps
MOST_COLUMNS = 7  # waves side by side; more go below
WIDEST, LOWEST = 30.0, 7.6  # mm for one wave, mm for one step
BAR = 1.5  # mm
GAP = 4.0  # mm between blocks of waves


Step = tuple[str, str]  # rule and label: two waves may leave rows out by rules of one name and different labels


@dataclass(frozen=True)
class Layout:
    """Sizes that all blocks of waves share, in mm."""

    rules: dict[Step, str]  # rule and label -> the label, broken into lines
    heights: dict[Step, float]  # the same -> height of its row
    titles: dict[str, str]  # wave -> its name, broken into lines
    width: float  # of one wave
    people: float  # mm per person in a bar
    shares: bool = True  # whether the last step has its share beside its number

    @property
    def head(self) -> float:
        return 1.6 + style.height_of(max(title.count("\n") for title in self.titles.values()) + 1)

    @property
    def block(self) -> float:
        return self.head + sum(self.heights.values()) + style.MARGIN


@style.styled
def draw(*, flow: pd.DataFrame, waves: pd.DataFrame, study: dict[str, Any], people: bool = False) -> style.Drawing:
    steps = steps_by_wave(flow, waves)
    if steps.empty:
        return style.sentence("No wave has been read yet, so there is no participant flow.", study)
    names = list(dict.fromkeys(steps["wave"]))
    blocks, layout = _that_fit(steps, names)
    width = max(style.COLUMN, _labels() + len(blocks[0]) * layout.width + 2 * style.MARGIN)
    height = style.header(study) + len(blocks) * (layout.block + GAP) - GAP + style.MARGIN
    sheet = style.Sheet(width, height, study)
    for place, block in enumerate(blocks):
        _draw_block(sheet, layout, steps, block, sheet.top + place * (layout.block + GAP) + layout.head)
    return style.Drawing(sheet.figure, alt=_alt(steps, names), data=steps, note=_note(waves))


def steps_by_wave(flow: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    """The ledger in wave order, with a last step `kept` per wave."""
    order = {str(wave): number for number, wave in enumerate(in_time(waves)["wave"])}
    steps = flow.assign(wave=flow["wave"].astype(str))
    steps = steps[steps["wave"].isin(order)]
    last = steps.sort_values("order", kind="stable").groupby("wave").tail(1)
    kept = last.assign(order=last["order"] + 1, rule="kept", label="Kept for the analysis", n_excluded=0)
    steps = pd.concat([steps, kept], ignore_index=True)
    steps["percent_remaining"] = 100 * steps["n_remaining"] / steps.groupby("wave")["n_remaining"].transform("max")
    position = steps["wave"].map(order)
    return (
        steps.assign(position=position)
        .sort_values(["position", "order"], kind="stable")
        .drop(columns="position")
        .reset_index(drop=True)
    )


def _labels() -> float:
    """mm for the names of the steps: less of a narrow page."""
    return min(LABELS, 0.42 * style.PAGE)


def _that_fit(steps: pd.DataFrame, names: list[str]) -> tuple[list[list[str]], Layout]:
    """Waves in blocks, one below the other; without shares more waves stand side by side, where else none would fit."""
    for shares in (True, False):
        most = _columns(steps, shares)
        blocks = [names[start : start + most] for start in range(0, len(names), most)]
        layout = replace(_layout(steps, names, len(blocks[0])), shares=shares)
        if len(blocks) * (layout.block + GAP) + style.HEADER <= style.MAX_HEIGHT or not style.EXACT:
            break
    return blocks, layout


def _columns(steps: pd.DataFrame, shares: bool) -> int:
    """Waves side by side: as many as leave each its number and, if wanted, its share."""
    kept = [apa.count(n) for n in steps.loc[steps["rule"].eq("kept"), "n_remaining"]]
    least = max(style.width_of(number, weight="bold") for number in kept) + 2.4
    least += style.width_of("100%", style.SMALL) if shares else 0.0
    return max(1, min(MOST_COLUMNS, int((whole() - _labels()) / least)))


def _layout(steps: pd.DataFrame, names: list[str], columns: int) -> Layout:
    ranked = steps.assign(last=steps["rule"].eq("kept")).sort_values(["last", "order"], kind="stable")
    named = dict.fromkeys(zip(ranked["rule"], ranked["label"], strict=True))
    rules = {step: style.wrap(step[1], _labels() - 4, lines=3 if _labels() == LABELS else 4) for step in named}
    heights = {rule: max(LOWEST, style.height_of(text.count("\n") + 1) + 2.2) for rule, text in rules.items()}
    width = min(WIDEST, (whole() - _labels()) / columns)
    titles = {wave: style.wrap(wave, width - 2, weight="bold", lines=2) for wave in names}
    return Layout(rules, heights, titles, width, (width - 3) / steps["n_remaining"].max())


def _draw_block(sheet: style.Sheet, layout: Layout, steps: pd.DataFrame, waves: list[str], top: float) -> None:
    """Waves side by side, one row per step; `top` is the line below the names of the waves."""
    left, width = style.MARGIN + _labels(), layout.width * len(waves)
    bars = sheet.canvas(left, top, width, sum(layout.heights.values()))
    found = {(step.wave, (step.rule, step.label)): step for step in steps.itertuples()}
    for column, wave in enumerate(waves):
        sheet.text(left + column * layout.width, top - 0.8, layout.titles[wave], weight="bold", va="bottom")
    y = 0.0
    for rule, label in layout.rules.items():
        kept = rule[0] == "kept"
        sheet.rule(style.MARGIN, left + width - 2, top + y, colour=style.INK if kept else style.FAINT)
        middle = y + layout.heights[rule] / 2
        sheet.text(style.MARGIN, top + middle, label, weight="bold" if kept else "normal", va="middle")
        for column, wave in enumerate(waves):
            x = column * layout.width
            if step := found.get((wave, rule)):
                _draw_number(sheet, step, left + x, top + middle, layout.shares)
                _draw_bar(bars, step, x, middle + 1.75, layout.people)
            else:
                sheet.text(left + x, top + middle, "not applied", size=style.SMALLEST, colour=style.SOFT, va="middle")
        y += layout.heights[rule]


def _draw_number(sheet: style.Sheet, step: Any, x: float, middle: float, shares: bool) -> None:
    """What a step set aside; what there was before the first and after the last."""
    total = step.rule == "kept" or step.order == 0
    number = apa.count(step.n_remaining if total else -step.n_excluded)
    colour = style.INK if total else style.RUST if step.n_excluded else style.SOFT
    weight = "bold" if step.rule == "kept" else "normal"
    sheet.text(x, middle + 0.3, number, colour=colour, weight=weight, va="bottom")
    if step.rule == "kept" and shares:
        x += style.width_of(number, weight=weight) + 1.4
        share = f"{apa.percent(step.percent_remaining, 0)}%"
        sheet.text(x, middle + 0.3, share, size=style.SMALL, colour=style.SOFT, va="bottom")


def _draw_bar(bars: Axes, step: Any, x: float, y: float, scale: float) -> None:
    remaining, excluded = step.n_remaining * scale, step.n_excluded * scale
    bars.barh(y, remaining, left=x, height=BAR, color=style.BLUE if step.rule == "kept" else style.PALE_BLUE)
    if excluded:
        bars.barh(y, excluded, left=x + remaining, height=BAR, color=style.VERMILLION)


def _alt(steps: pd.DataFrame, names: list[str]) -> str:
    parts = []
    for wave in names:
        own = steps[steps["wave"].eq(wave)]
        raw, kept = own["n_remaining"].iloc[0], own["n_remaining"].iloc[-1]
        parts.append(
            f"{wave}: {apa.count(raw)} rows, {apa.count(kept)} kept "
            f"({apa.percent(own['percent_remaining'].iloc[-1], 0)}%)"
        )
    lost = steps.groupby("label", sort=False)["n_excluded"].sum()
    most = (
        f"Most rows were set aside by the rule “{lost.idxmax()}” ({apa.count(lost.max())} over all waves)."
        if lost.max() > 0
        else ""
    )
    return sentences(f"Participant flow per survey wave. {'; '.join(parts)}.", most)


def _note(waves: pd.DataFrame) -> str:
    retest = waves.loc[waves["role"].eq("retest"), "wave"] if "role" in waves else []
    retest = f"{', '.join(map(str, retest))}: short retest of a subsample, outside the panel." if len(retest) else ""
    return sentences("One row of an export is one person who opened the survey.", retest)
