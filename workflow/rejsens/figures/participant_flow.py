"""From rows of the export to people in the analysis

Each column is one survey wave. The bar is what remains after a step; the orange end of it is what that step set aside.
Exclusions are applied from top to bottom, so a row that breaks several rules is counted under the first.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from rejsens import apa, style
from rejsens.figures._study import sentences

TABLES = ("flow", "waves")
SHOWS_PEOPLE = False

LABELS = 44.0  # mm for the names of the steps
MOST_COLUMNS = 7  # waves side by side; more go below
WIDEST = 30.0  # mm for one wave
BAR = 1.5  # mm


@style.styled
def draw(*, flow: pd.DataFrame, waves: pd.DataFrame, study: dict[str, Any], people: bool = False) -> style.Drawing:
    steps = steps_by_wave(flow, waves)
    if steps.empty:
        return style.sentence("No wave has been read yet, so there is no participant flow.", study)
    names = list(dict.fromkeys(steps["wave"]))
    blocks = [names[start : start + MOST_COLUMNS] for start in range(0, len(names), MOST_COLUMNS)]
    rows = {rule: style.wrap(label, LABELS - 4, lines=3) for rule, label in _rules(steps).items()}
    heights = {rule: max(7.6, style.height_of(text.count("\n") + 1) + 2.2) for rule, text in rows.items()}
    block_height = 6.5 + sum(heights.values())
    top = style.header(study)
    sheet = style.Sheet(style.PAGE, top + len(blocks) * block_height + (len(blocks) - 1) * 4 + style.MARGIN, study)
    for block in blocks:
        _block(sheet, steps[steps["wave"].isin(block)], block, rows, heights, top, steps["n_remaining"].max())
        top += block_height + 4
    return style.Drawing(sheet.figure, alt=_alt(steps, names), data=steps, note=_note(waves))


def steps_by_wave(flow: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    """The ledger in wave order, with a last step `kept` per wave."""
    order = {str(wave): number for number, wave in enumerate(waves.sort_values("wave_number", kind="stable")["wave"])}
    steps = flow.assign(wave=flow["wave"].astype(str))
    steps = steps[steps["wave"].isin(order)]
    last = steps.sort_values("order", kind="stable").groupby("wave").tail(1)
    kept = last.assign(order=last["order"] + 1, rule="kept", label="Kept for the analysis", n_excluded=0)
    steps = pd.concat([steps, kept], ignore_index=True)
    steps["percent_remaining"] = 100 * steps["n_remaining"] / steps.groupby("wave")["n_remaining"].transform("max")
    position = steps["wave"].map(order)
    return steps.assign(position=position).sort_values(["position", "order"], kind="stable").drop(columns="position").reset_index(drop=True)


def _rules(steps: pd.DataFrame) -> dict[str, str]:
    """Steps of all waves in the order in which they are applied, `kept` last."""
    ranked = steps.assign(last=steps["rule"].eq("kept")).sort_values(["last", "order"], kind="stable")
    names = dict(zip(ranked["rule"], ranked["label"], strict=True))
    first = ranked["rule"].iloc[0]
    return {rule: "Rows in the export" if rule == first and pd.isna(label) else str(label) for rule, label in names.items()}


def _block(sheet, steps, names, rows, heights, top, longest) -> None:
    width = min(WIDEST, (style.PAGE - 2 * style.MARGIN - LABELS) / len(names))
    left = style.MARGIN + LABELS
    right = left + width * len(names)
    for column, wave in enumerate(names):
        title = style.wrap(wave, width - 2, weight="bold", lines=2)
        sheet.text(left + column * width, top + 4.0, title, weight="bold", va="bottom")
    y = top + 4.8
    bars = sheet.canvas(left, y, width * len(names), sum(heights.values()))
    cells = steps.set_index(["wave", "rule"], drop=False)
    for position, (rule, text) in enumerate(rows.items()):
        kept = rule == "kept"
        sheet.rule(style.MARGIN, right - 2, y, colour=style.INK if kept else style.FAINT, width=style.THIN)
        middle = y + heights[rule] / 2
        sheet.text(style.MARGIN, middle, text, weight="bold" if kept else "normal", va="middle")
        for column, wave in enumerate(names):
            if (wave, rule) not in cells.index:
                sheet.text(left + column * width, middle, "not applied", size=style.SMALLEST, colour=style.SOFT, va="middle")
                continue
            _cell(sheet, bars, cells.loc[(wave, rule)], left, column * width, middle, y - (top + 4.8) + heights[rule] / 2,
                  (width - 3) / longest, first=position == 0)  # fmt: skip
        y += heights[rule]


def _cell(sheet, bars, step, left, x, middle, y, scale, *, first) -> None:
    """One step of one wave: the number above, the bar below it."""
    kept, excluded, remaining = step["rule"] == "kept", int(step["n_excluded"]), int(step["n_remaining"])
    number = apa.count(remaining) if first or kept else apa.count(-excluded) if excluded else "0"
    colour = style.INK if first or kept else style.VERMILLION if excluded else style.SOFT
    sheet.text(left + x, middle + 0.3, number, colour=colour, weight="bold" if kept else "normal", va="bottom")
    if kept:
        share = f"{apa.percent(step['percent_remaining'], 0)}%"
        sheet.text(left + x + style.width_of(number, weight="bold") + 1.4, middle + 0.3, share, size=style.SMALL, colour=style.SOFT,
                   va="bottom")  # fmt: skip
    bars.barh(y + 1.75, remaining * scale, left=x, height=BAR, color=style.BLUE if kept else style.PALE_BLUE)
    if excluded:
        bars.barh(y + 1.75, excluded * scale, left=x + remaining * scale, height=BAR, color=style.VERMILLION)


def _alt(steps: pd.DataFrame, names: list[str]) -> str:
    parts = []
    for wave in names:
        own = steps[steps["wave"].eq(wave)]
        raw, kept = own["n_remaining"].iloc[0], own["n_remaining"].iloc[-1]
        parts.append(f"{wave}: {apa.count(raw)} rows, {apa.count(kept)} kept ({apa.percent(own['percent_remaining'].iloc[-1], 0)}%)")
    lost = steps.groupby("label", sort=False)["n_excluded"].sum()
    most = f"Most rows were set aside by the rule “{lost.idxmax()}” ({apa.count(lost.max())} over all waves)." if lost.max() > 0 else ""
    return sentences(f"Participant flow per survey wave. {'; '.join(parts)}.", most)


def _note(waves: pd.DataFrame) -> str:
    retest = waves.loc[waves["role"].eq("retest"), "wave"] if "role" in waves else []
    retest = f"{', '.join(map(str, retest))}: short retest of a subsample, outside the panel." if len(retest) else ""
    return sentences("One row of an export is one person who opened the survey.", retest)
