"""Estimates under every declared way of analysis

Each column is one hypothesis. Above, the estimate of each specification with its interval, sorted; dark where the
interval excludes zero, light where it includes it. Below, a mark in the row of each option that the specification
takes. The diamond is the declared specification. Specifications with a possible mediator as covariate stand apart, on
the right, hollow. The band is the range smaller than the smallest effect of interest (SESOI). Where kinds of analysis
were drawn at unequal rates, the note says how many of each: the curve shows mostly the kind of which most were drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._study import counted, level, sentences
from rejsens.multiverse_file import CHOICES
from rejsens.multiverse_words import KIND_WORDS, drawn_unequally, kinds_of

TABLES = ("multiverse", "multiverse_summary")
SHOWS_PEOPLE = False

MOST, LEAST = 4, 23.0  # hypotheses on one page at most, mm of each at least
LABELS, TICKS = 56.0, 9.0  # mm: right end of the option labels, room for a column's numbers
CURVE, ROW, HEADING, HEAD = 52.0, 3.5, 4.3, 9.0  # mm: height of the curves, of an option, of a choice, above the curves
NAMES = {
    "exclusions": "Who is analysed", "scoring": "Scoring rule", "items": "Items", "scores": "Score",
    "covariates": "Covariates", "missing": "Missing answers", "outliers": "Outliers", "model": "Model",
}  # fmt: skip
SYMBOLS = {"beta_within": "β within", "beta": "β", "r": "r"}


@style.styled
def draw(
    *, multiverse: pd.DataFrame, multiverse_summary: pd.DataFrame, study: dict[str, Any], people: bool = False
) -> style.Drawing:
    testable = multiverse[multiverse["estimate"].notna()]
    if testable.empty:
        return style.sentence("No hypothesis of this study was analysed in several ways.", study)
    every = list(dict.fromkeys(testable["hypothesis"]))
    shown = every[: _most()]
    columns = {name: in_order(testable[testable["hypothesis"] == name]) for name in shown}
    rows = option_rows(testable[testable["hypothesis"].isin(shown)])
    lower = sum(HEADING + len(own) * ROW for own in rows.values())
    top = style.header(study, legend=True)
    sheet = style.Sheet(style.PAGE, top + HEAD + CURVE + 4 + lower + style.MARGIN, study, legend=True)
    _legend(sheet, testable, study)
    top = sheet.top
    heights = _labels(sheet, rows, top + HEAD + CURVE + 4)
    slot = (_end() - _labels_end()) / len(shown)
    for place, own in enumerate(columns.values()):
        _column(sheet, own, heights, (_labels_end() + place * slot + TICKS, top, slot - TICKS, lower))
    data = pd.concat(columns.values()).drop(columns="x")
    return style.Drawing(
        sheet.figure, _alt(multiverse_summary, shown, study), data, _note(multiverse, multiverse_summary, every)
    )


def _end() -> float:
    """mm from the left to the right edge of the last column."""
    return style.PAGE - style.MARGIN


def _labels_end() -> float:
    """mm from the left to where the labels end: less of a narrow page."""
    return min(LABELS, 0.46 * style.PAGE)


def _most() -> int:
    """Hypotheses side by side."""
    return max(1, min(MOST, int((_end() - _labels_end()) / LEAST)))


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Specifications sorted by their estimates, those with possible mediators after the others and a gap; `x` is the place."""
    rows = rows.sort_values(["apart", "estimate"], kind="stable").reset_index(drop=True)
    gap = max(2.0, 0.04 * len(rows))
    return rows.assign(x=np.arange(len(rows)) + gap * rows["apart"])


def option_rows(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Options of each choice that has more than one here, the declared one first."""
    declared = rows[rows["declared"]]
    found = {c: list(dict.fromkeys([*declared[c], *rows.loc[~rows["apart"], c], *rows[c]])) for c in CHOICES}
    return {choice: own for choice, own in found.items() if len(own) > 1}


# Ink -----------------------------------------------------------------------------------------------------------------


def _legend(sheet: style.Sheet, rows: pd.DataFrame, study: dict[str, Any]) -> None:
    entries = [
        (_diamond, "declared"),
        (style.stroke(style.BLUE, style.THICK), f"{level(study)} interval excludes 0"),
        (style.stroke(style.FAINT, style.THICK), "includes 0"),
    ]
    if rows["apart"].any():
        entries.append((style.dot(style.SOFT, hollow=True), "possible mediator as covariate"))
    sheet.legend(entries)


def _diamond(axes: Axes, x: float, y: float) -> object:
    return axes.plot(x, y, marker="D", markersize=style.BIG_DOT, color=style.RUST, markeredgecolor=style.WHITE)


def _labels(sheet: style.Sheet, rows: Mapping[str, list[str]], top: float) -> dict[tuple[str, str], float]:
    """Words of choices and options; returns the mm below the curves at which each option's marks stand."""
    start, heights = top, {}
    for choice, own in rows.items():
        sheet.text(style.MARGIN, top + HEADING / 2, NAMES[choice], size=style.SMALL, weight="bold", va="middle")
        top += HEADING
        for option in own:
            words = style.wrap(option, _labels_end() - style.MARGIN - 2, style.SMALL, lines=1)
            sheet.text(style.MARGIN + 2, top + ROW / 2, words, size=style.SMALL, va="middle")
            heights[choice, option] = top + ROW / 2 - start
            top += ROW
    return heights


def _column(
    sheet: style.Sheet, own: pd.DataFrame, heights: Mapping[tuple[str, str], float], box: tuple[float, float, float, float]
) -> None:  # fmt: skip
    left, top, width, lower = box
    name, metric = own["hypothesis"].iloc[0], str(own["metric"].iloc[0])
    sheet.text(left, top, str(name), weight="bold", size=style.HEADING)
    slant: style.Slant = "italic" if metric == "r" else "normal"
    sheet.text(
        left, top + 4.4, SYMBOLS.get(metric, metric.replace("_", " ")), size=style.SMALL, colour=style.SOFT, slant=slant
    )
    room = 0.03 * len(own) + 0.5
    reach = (own["x"].min() - room, own["x"].max() + room)
    _curve(sheet.axes(left, top + HEAD, width, CURVE), own, reach)
    canvas = sheet.axes(left, top + HEAD + CURVE + 4, width, lower)
    canvas.set(xlim=reach, ylim=(lower, 0))
    canvas.axis("off")
    for (choice, option), height in heights.items():
        if own[choice].nunique() == 1:  # no choice of this hypothesis
            continue
        canvas.hlines(height, *reach, color=style.GHOST, linewidth=style.HAIR, zorder=0)
        for apart, colour in ((False, style.INK), (True, style.SOFT)):
            taken = own[(own[choice] == option) & (own["apart"] == apart)]
            ends: dict[str, Any] = {"ymin": height - 0.36 * ROW, "ymax": height + 0.36 * ROW}
            canvas.vlines(taken["x"], **ends, color=colour, linewidth=_tick(width, len(own)), label=option)


def _tick(width: float, count: int) -> float:
    """Line width in points that leaves a little white between neighbours."""
    return float(np.clip(0.6 * width / max(count, 1) / style.POINT, 0.35, 2.0))


def _curve(axes: Axes, own: pd.DataFrame, reach: tuple[float, float]) -> None:
    sesoi = float(np.nan_to_num(own["sesoi"].iloc[0]))
    if sesoi:
        axes.axhspan(-sesoi, sesoi, color=style.BAND, zorder=0, label="sesoi")
    excludes = (own["ci_low"] > 0) | (own["ci_high"] < 0)
    for clear, colour in ((True, style.BLUE), (False, style.SOFT)):
        rows = own[excludes == clear]
        pale = style.PALE_BLUE if clear else style.FAINT
        axes.vlines(
            rows["x"],
            rows["ci_low"],
            rows["ci_high"],
            color=pale,
            linewidth=_tick(26, len(own)),
            zorder=1,
            label="interval",
        )
        for apart, face in ((False, colour), (True, style.WHITE)):
            part = rows[rows["apart"] == apart]
            mark: dict[str, Any] = {"markersize": 2.0 if len(own) > 30 else style.DOT, "markeredgewidth": style.HAIR}
            axes.plot(
                part["x"], part["estimate"], "o", color=colour, markerfacecolor=face, zorder=3, label="estimate", **mark
            )
    declared = own[own["declared"]]
    axes.plot(
        declared["x"], declared["estimate"], "D", color=style.RUST, markersize=style.BIG_DOT, markeredgecolor=style.WHITE,
        markeredgewidth=style.EDGE, zorder=5, label="declared",
    )  # fmt: skip
    axes.axhline(0, color=style.INK, linewidth=style.THIN, zorder=2)
    axes.set(xlim=reach, xticks=[])
    axes.spines["bottom"].set_visible(False)
    axes.locator_params(axis="y", nbins=6)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(summary: pd.DataFrame, shown: list[str], study: dict[str, Any]) -> str:
    rows = summary[(summary["part"] == "all") & summary["hypothesis"].isin(shown)]
    parts = [
        f"{row.hypothesis} {row.label}: declared {apa.number(row.declared)}, median {apa.number(row.median)}, "
        f"from {apa.number(row.low)} to {apa.number(row.high)} over {counted(row.n_estimated, 'specification')}; "
        f"{_by_kind(summary[summary['hypothesis'] == row.hypothesis])}"
        for row in rows.itertuples()
    ]
    return sentences("Specification curves: sorted estimates above, options taken below.", f"{'. '.join(parts)}.")


def _by_kind(summary: pd.DataFrame) -> str:
    """Shares of one hypothesis for each kind of analysis, since kinds are drawn at rates of their own."""
    return "; ".join(
        f"of {KIND_WORDS[row.part]} {apa.percent(100 * row.share_supported, 0)}% supported and "
        f"{apa.percent(100 * row.share_same_sign, 0)}% of the declared sign"
        for row in kinds_of(summary).itertuples()
        if row.n_estimated
    )


def _note(multiverse: pd.DataFrame, summary: pd.DataFrame, every: list[str]) -> str:
    refused = int(multiverse["estimate"].isna().sum())
    ran = multiverse.groupby(["hypothesis", "kind", "apart"])["possible"].agg(["size", "first"])
    cut = bool((ran["size"] < ran["first"]).any())
    hidden = len(every) - _most()
    return sentences(
        "Each specification by its own p value, nothing adjusted; specifications share their people, so the curve is "
        "a description and no test.",
        "Of more combinations than the declared maximum some are drawn." if cut else "",
        *drawn_unequally(summary),
        f"Without an estimate: {counted(refused, 'specification')}." if refused else "",
        f"Not shown: {', '.join(every[_most() :])}." if hidden > 0 else "",
    )
