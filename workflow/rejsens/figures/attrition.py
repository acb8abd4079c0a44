"""Who of the first wave was absent later

Bars: of those who took part in the first wave, the share that is there in each later one. Below, the odds of being
absent from the latest wave: how they are multiplied for each SD more, or against the answer named last, with the
interval; at 1 nothing differs. Filled marks have an interval that excludes 1. The background stands in one model, each
score beside it. What is told here is not all in which those who leave may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import whole
from rejsens.figures._study import counted, level, min_cell, panel_waves, sentences, span

TABLES = ("attrition", "waves")
SHOWS_PEOPLE = False

BACKGROUND = "background"  # the model of rejsens.absence, whose estimators a figure need not import
BARS, TICKS = 17.0, 5.0  # mm of the bars, and of the names of the waves below them
HEAD, ROW, FOOT = 5.6, 4.1, 10.0  # mm of a heading, of an odds ratio, of the axis below all of them
LABELS, VALUES = 68.0, 27.0  # mm for the labels at most, and for the numbers
WITH_VALUES = 130.0  # mm of a page that has room for the numbers beside the marks
FARTHEST = 5.0  # odds ratio up to which, and down to whose inverse, the axis goes at most
STEPS = (0.2, 0.25, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 4.0, 5.0)
SHOWN = ("kind", "wave", "model", "label", "odds_ratio", "ci_low", "ci_high", "n", "n_absent")


@style.styled
def draw(*, attrition: pd.DataFrame, waves: pd.DataFrame, study: dict[str, Any], people: bool = False) -> style.Drawing:
    order = panel_waves(waves)
    present = present_by_wave(attrition, order, min_cell(study))
    ratios = latest_ratios(attrition, order, list(study.get("score_order") or []))
    if present.empty and ratios.empty:
        return style.sentence(
            "No later wave has enough people present and absent to tell who left.", study, SHOWN
        )  # fmt: skip
    top = style.header(study, legend=True)
    above = BARS + TICKS + 8.0 if len(present) else 0.0
    ratios = _laid_out(ratios)
    room = style.MAX_HEIGHT - top - above - ratios["group"].nunique() * HEAD - FOOT
    shown = ratios[ratios["height"].cumsum().le(room)]
    height = top + above + (_tall(shown) + FOOT if len(shown) else 0.0)
    sheet = style.Sheet(style.PAGE, height, study, legend=True)
    sheet.legend(_entries(shown, study))
    if len(present):
        _bars(sheet, present, sheet.top)
    if len(shown):
        _ratios(sheet, shown, sheet.top + above)
    data = pd.concat([part for part in (present, shown) if len(part)]).reindex(columns=list(SHOWN))
    note = _note(present, shown, len(ratios) - len(shown))
    return style.Drawing(sheet.figure, _alt(present, shown, study), data, note)


# Rows ----------------------------------------------------------------------------------------------------------------


def present_by_wave(attrition: pd.DataFrame, order: list[str], fewest: int) -> pd.DataFrame:
    """Share of the first wave's people in each later wave, as the model with the most people has it."""
    counts = attrition[attrition["n"].gt(0) & attrition["n_absent"].notna() & attrition["wave"].isin(order)]
    if counts.empty:
        return pd.DataFrame(columns=[*SHOWN, "percent"])
    own = counts.sort_values("n", kind="stable").groupby("wave").tail(1)
    own = own[own["n_absent"].ge(fewest) & (own["n"] - own["n_absent"]).ge(fewest)]
    place = own["wave"].map({wave: k for k, wave in enumerate(order)})
    own = own[["wave", "n", "n_absent"]].iloc[np.argsort(place, kind="stable")]
    return own.assign(kind="present", percent=100 * (1 - own["n_absent"] / own["n"])).reset_index(drop=True)


def latest_ratios(attrition: pd.DataFrame, order: list[str], first: list[str]) -> pd.DataFrame:
    """Odds ratios of the latest wave that has any: the background, then the scores, those that a study names first."""
    rows = attrition[attrition[["odds_ratio", "ci_low", "ci_high"]].notna().all(axis=1) & attrition["ci_low"].gt(0)]
    waves = [wave for wave in order if wave in set(rows["wave"])]
    own = rows[rows["wave"].eq(waves[-1])] if waves else rows.iloc[:0]
    together = own["model"].eq(BACKGROUND)
    rank = {score: number for number, score in enumerate(first)}
    scores = own[~together].sort_values("model", key=lambda m: m.map(rank).fillna(len(rank)), kind="stable")
    beside = "Scores, one by one" if together.any() else "Scores, each alone"
    return pd.concat(
        [own[together].assign(group="Background, in one model"), scores.assign(group=beside)], ignore_index=True
    ).assign(kind="odds ratio")


def _labels() -> float:
    """mm for the labels: less of a narrow page."""
    return min(LABELS, 0.46 * style.PAGE)


def _laid_out(ratios: pd.DataFrame) -> pd.DataFrame:
    """The printed label of each row, in as many lines as it takes, and its height."""
    printed = [style.wrap(label, _labels(), style.SMALL, lines=3) for label in ratios["label"]]
    heights = [ROW + style.height_of(text.count("\n"), style.SMALL) for text in printed]
    return ratios.assign(printed=printed, height=pd.Series(heights, ratios.index, dtype=float))


def _tall(shown: pd.DataFrame) -> float:
    """mm of the rows with the headings between."""
    return shown["group"].nunique() * HEAD + float(shown["height"].sum())


# Ink -----------------------------------------------------------------------------------------------------------------


def _excludes(rows: pd.DataFrame) -> pd.Series:
    return rows["ci_low"].gt(1) | rows["ci_high"].lt(1)


def _entries(shown: pd.DataFrame, study: dict[str, Any]) -> list[tuple[style.Mark, str]]:
    entries = [(style.swatch(style.PALE_BLUE), "present")]
    if _excludes(shown).any():
        entries.append((style.dot(style.BLUE), f"{level(study)} interval excludes 1"))
    if (~_excludes(shown)).any():
        entries.append((style.dot(style.SOFT, hollow=True), "includes 1"))
    return entries


def _bars(sheet: style.Sheet, present: pd.DataFrame, top: float) -> None:
    """One bar for each later wave, its share above it."""
    width = min(whole(), 12.0 * len(present) + 10.0)
    axes = sheet.axes(style.MARGIN, top + 3.5, width, BARS)
    axes.bar(range(len(present)), present["percent"], width=0.6, color=style.PALE_BLUE, label="present")
    axes.set(xlim=(-0.6, len(present) - 0.4), ylim=(0, 100), xticks=range(len(present)), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xticklabels(style.wrap(wave, width / len(present) - 1, style.SMALL, lines=1) for wave in present["wave"])
    axes.tick_params(axis="x", length=0)
    for place, percent in enumerate(present["percent"]):
        words: dict[str, Any] = {"fontsize": style.SMALLEST, "ha": "center", "va": "bottom"}
        axes.text(place, percent, f"{apa.percent(percent, 0)}%", **words)


def _ratios(sheet: style.Sheet, shown: pd.DataFrame, top: float) -> None:
    """Labels, marks and, on a wide page, numbers; one axis for all."""
    numbers = style.PAGE >= WITH_VALUES
    left = style.MARGIN + _labels() + 2.0
    width = style.PAGE - style.MARGIN - left - (VALUES if numbers else 3.0)
    tall = _tall(shown)
    axes = sheet.axes(left, top, width, tall)
    low, high = max(1 / FARTHEST, shown["ci_low"].min() / 1.05), min(FARTHEST, shown["ci_high"].max() * 1.05)
    axes.set(xscale="log", xlim=(min(low, 0.8), max(high, 1.25)), ylim=(tall, 0), yticks=[])
    axes.axvline(1, color=style.INK, linewidth=style.THIN, zorder=1)
    y, group = 0.0, None
    for row, clear in zip(shown.itertuples(), _excludes(shown), strict=True):
        if row.group != group:
            sheet.text(style.MARGIN, top + y + HEAD / 2, row.group, size=style.SMALL, weight="bold", va="middle")
            y, group = y + HEAD, row.group
        middle = y + row.height / 2
        sheet.text(style.MARGIN, top + middle, row.printed, size=style.SMALL, va="middle")
        draw_ratio(axes, row, middle, bool(clear))
        if numbers:
            value = apa.coefficient(row.odds_ratio, row.ci_low, row.ci_high)
            sheet.text(style.PAGE - style.MARGIN, top + middle, value, size=style.SMALL, ha="right", va="middle")
        y += row.height
    _axis(axes, width)


def draw_ratio(axes: Axes, row: Any, y: float, clear: bool) -> None:
    """One odds ratio with its interval; an arrow ends what leaves the axis."""
    low, high = axes.get_xlim()
    colour = style.BLUE if clear else style.SOFT
    axes.hlines(y, max(row.ci_low, low), min(row.ci_high, high), color=colour, linewidth=style.LINE, label="interval")
    for arrow, end, leaves in (("<", low, row.ci_low < low), (">", high, row.ci_high > high)):
        if leaves:
            axes.plot(end, y, marker=arrow, markersize=style.DOT, color=colour, clip_on=False)
    face = colour if clear else style.WHITE
    axes.plot(
        row.odds_ratio, y, "o", color=colour, markerfacecolor=face, markersize=style.DOT, zorder=3, label="odds ratio"
    )


def _axis(axes: Axes, width: float) -> None:
    """Steps that stand far enough apart, 1 first."""
    low, high = axes.get_xlim()
    place = {step: np.log(step / low) / np.log(high / low) * width for step in STEPS if low <= step <= high}
    kept: list[float] = []
    for step in sorted(place, key=lambda s: abs(np.log(s))):
        if all(abs(place[step] - place[other]) >= 8.0 for other in kept):
            kept.append(step)
    axes.set_xticks(sorted(kept), [apa.number(step, 2 if step in (0.25, 0.67, 1.25) else 1) for step in sorted(kept)])
    axes.set_xticks([], minor=True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("odds ratio of being absent", fontsize=style.SMALL, labelpad=1.5)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(present: pd.DataFrame, shown: pd.DataFrame, study: dict[str, Any]) -> str:
    bars = ", ".join(f"{row.wave} {apa.percent(row.percent, 0)}%" for row in present.itertuples())
    clear = shown[_excludes(shown)]
    told = "; ".join(
        f"{row.label} {apa.coefficient(row.odds_ratio, row.ci_low, row.ci_high)}" for row in clear.itertuples()
    )
    many = counted(len(shown), "odds ratio")
    return sentences(
        f"Of those in the first wave present later: {bars}." if bars else "",
        f"{many} of being absent from {shown['wave'].iloc[0]} with {level(study)} intervals." if len(shown) else "",
        f"The interval excludes 1 for {told}." if told else "No interval excludes 1." if len(shown) else "",
    )


def _note(present: pd.DataFrame, shown: pd.DataFrame, hidden: int) -> str:
    return sentences(
        f"Bars: n = {span(present['n'])} people of the first wave, those whose background is known." if len(present) else "",
        f"Odds ratios: wave {shown['wave'].iloc[0]}, n = {span(shown['n'])}, of them absent "
        f"{span(shown['n_absent'])}; logistic models, complete cases." if len(shown) else "",
        f"In the table only: {counted(hidden, 'further odds ratio')}." if hidden > 0 else "",
    )  # fmt: skip
