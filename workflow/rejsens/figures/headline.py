"""The study at a glance

A: people kept of the rows in each wave's export. B: the coefficients that decide the primary hypotheses, with their
confidence intervals; the thick part is the 90% interval, the band is the range smaller than the smallest effect of
interest (SESOI). C: means of each outcome in groups of reported exposure, in standard deviations, not adjusted for
covariates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import REPORT, whole
from rejsens.figures._study import in_time, labels, level, sentences, span, spoken, unvalidated
from rejsens.figures.exposure_outcome_curve import BETWEEN, WITHIN, curves
from rejsens.figures.forest_of_hypotheses import candidates, draw_interval, limits, symbol_of, value_text

TABLES = ("waves", "estimates", "scores", "hypotheses", "dictionary")
SHOWS_PEOPLE = False

MOST = 4  # hypotheses
HEIGHT = 70.0  # mm, with up to three hypotheses; each further one takes a row
ROW = 15.0
FLOW, FOREST, CURVE = (1.5, 38.0), (44.0, 62.0), (110.5, 48.0)  # left edge and width of the panels on the report's page
LEAST = 150.0  # mm of a page on which they stand side by side
CURVE_TALL, APART = 52.0, 4.0  # mm of panel C, and from panel to panel, where one stands above the other
WORDS, TICKS = 30.0, 8.0  # mm of panel B for its words, of its 62; of panel C for its axis
LONG_NAME = 9.0  # mm of a hypothesis's name beside which there is too little room for its words
BAR = 6.0  # mm that the longest bar has at least
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE)
MARKERS = ("o", "s", "D", "^")


@style.styled
def draw(
    *,
    waves: pd.DataFrame,
    estimates: pd.DataFrame,
    scores: pd.DataFrame,
    hypotheses: pd.DataFrame,
    dictionary: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    alike = deciding(estimates)
    rows = alike.head(MOST)
    if rows.empty:
        return style.sentence("No hypothesis has an estimate yet, so there is nothing to show at a glance.", study)
    lines = _lines(rows, hypotheses, scores, study)
    names = labels(dictionary)
    flow = in_time(waves[waves["role"].ne("retest")])
    boxes = _boxes(len(rows), len(flow), study)
    sheet = style.Sheet(style.PAGE, max(box.bottom for box in boxes), study)
    _flow(sheet, flow, boxes[0])
    _forest(sheet, rows, study, boxes[1])
    _curve(sheet, lines, boxes[2])
    outcomes = list(dict.fromkeys(lines["outcome"])) if len(lines) else []
    return style.Drawing(
        sheet.figure,
        _alt(flow, rows, lines, names, study),
        _data(flow, rows, lines),
        sentences(_chosen(alike), _note(rows, dictionary, outcomes)),
    )


# Numbers -------------------------------------------------------------------------------------------------------------


def deciding(estimates: pd.DataFrame) -> pd.DataFrame:
    """Deciding rows of the primary family (or the first one), of one metric; the first MOST of them are shown."""
    rows = candidates(estimates)
    rows = rows[rows["decides"] & rows["testable"]]
    family = "primary" if rows["family"].eq("primary").any() else next(iter(rows["family"]), "")
    rows = rows[rows["family"].eq(family)]
    return rows[rows["metric"].eq(next(iter(rows["metric"]), ""))].reset_index(drop=True)


def _lines(rows: pd.DataFrame, hypotheses: pd.DataFrame, scores: pd.DataFrame, study: dict[str, Any]) -> pd.DataFrame:
    """The curves of the shown hypotheses in standard deviations, within people where the verdict is."""
    declared = hypotheses.drop_duplicates("hypothesis").set_index("hypothesis")
    pairs = {
        name: (declared.loc[name, "predictor"], declared.loc[name, "outcome"])
        for name in rows["hypothesis"]
        if name in declared.index
    }
    pairs = {name: pair for name, pair in pairs.items() if set(pair) <= set(scores.columns)}
    found = curves(scores, list(dict.fromkeys(pairs.values())), study)
    within = rows["metric"].iloc[0] == "beta_within" and found["comparison"].eq(WITHIN).any()
    found = found[found["comparison"].eq(WITHIN if within else BETWEEN)]
    if found.empty:
        return found.assign(hypothesis="")
    found = found.assign(
        x=(found["x"] - found["exposure_mean"]) / found["exposure_sd"],
        **{end: (found[end] - found["outcome_mean"]) / found["outcome_sd"] for end in ("y", "ci_low", "ci_high")},
    )
    name_of = {pair: name for name, pair in reversed(pairs.items())}
    return found.assign(hypothesis=[name_of[pair] for pair in zip(found["exposure"], found["outcome"], strict=True)])


# Layout --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """Where a panel stands, in mm of the sheet; `top` is where its title stands."""

    left: float
    width: float
    top: float
    bottom: float


def _boxes(rows: int, waves: int, study: dict[str, Any]) -> list[Box]:
    """The three panels: side by side, or on a narrow page one above the other."""
    top = style.header(study)
    if style.PAGE >= LEAST:
        bottom, k = max(HEIGHT, HEIGHT + ROW * (rows - 3)), style.PAGE / REPORT
        return [Box(k * left, k * width, top, bottom) for left, width in (FLOW, FOREST, CURVE)]
    boxes = []
    for tall in (12 + 6.0 * waves, 17.5 + ROW * rows, CURVE_TALL + 17.5):
        boxes.append(Box(style.MARGIN, whole(), top, top + tall))
        top += tall + APART
    return boxes


# Ink -----------------------------------------------------------------------------------------------------------------


def _title(sheet: style.Sheet, box: Box, letter: str, words: str) -> None:
    sheet.text(box.left, box.top - 0.5, letter, size=style.HEADING, weight="bold")
    sheet.text(box.left + 4.5, box.top - 0.5, words, size=style.HEADING, weight="bold")


def _flow(sheet: style.Sheet, waves: pd.DataFrame, box: Box) -> None:
    left, width = box.left, box.width
    _title(sheet, box, "A", "People in each wave")
    names = [style.wrap(str(wave), 16, style.SMALL, lines=1) for wave in waves["wave"]]
    label = max(style.width_of(name, style.SMALL) for name in names) + 2
    top, pitch = box.top + 6, min(8.6, (box.bottom - box.top - 12) / len(waves))
    bars = sheet.canvas(left + label, top, width - label, pitch * len(waves))
    counts = [(apa.count(row.n_kept), f"of {apa.count(row.n_raw)}") for row in waves.itertuples()]
    words = [style.width_of(kept, style.SMALL, "bold") + style.width_of(raw, style.SMALLEST) for kept, raw in counts]
    beside = width - label - max(words) - 3.2 >= BAR
    room = max(words) if beside else max(style.width_of(word, style.SMALL, "bold") for pair in counts for word in pair)
    scale = (width - label - room - 3.2) / waves["n_raw"].max()
    for place, (row, name, (kept, raw)) in enumerate(zip(waves.itertuples(), names, counts, strict=True)):
        middle = (place + 0.5) * pitch
        sheet.text(left, top + middle, name, size=style.SMALL, va="middle")
        thick = min(4.2, 0.6 * pitch)
        bars.barh(middle, row.n_raw * scale, height=thick, color=style.PALE_BLUE)
        bars.barh(middle, row.n_kept * scale, height=thick, color=style.BLUE)
        end = left + label + row.n_raw * scale + 1.2
        half = 0.0 if beside else style.height_of(1, style.SMALL) / 2  # or one above the other
        sheet.text(end, top + middle - half, kept, size=style.SMALL, weight="bold", va="middle")
        end += style.width_of(kept, style.SMALL, "bold") + 0.8 if beside else 0.0
        sheet.text(end, top + middle + half, raw, size=style.SMALLEST, colour=style.SOFT, va="middle")


def _forest(sheet: style.Sheet, rows: pd.DataFrame, study: dict[str, Any], box: Box) -> None:
    left, width = box.left, box.width
    metric = rows["metric"].iloc[0]
    compared = {"beta_within": "within people", "beta": "one wave"}.get(metric, "")
    _title(sheet, box, "B", ", ".join(filter(None, ("Verdicts", compared))))
    top, bottom = box.top + 6, box.bottom - 11.5
    pitch, inset = (bottom - top) / len(rows), WORDS * width / FOREST[1]
    axes = sheet.axes(left + inset, top, width - inset, bottom - top)
    axes.set(xlim=limits(rows), ylim=(bottom - top, 0))
    for place, row in enumerate(rows.itertuples()):
        y, colour = (place + 0.5) * pitch, COLOURS[place]
        draw_interval(axes, row, y, pitch, colour, MARKERS[place])
        _verdict(sheet, row, left, top + y, (pitch, inset), colour)
    axes.axvline(0, color=style.INK, linewidth=style.THIN, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=4)
    symbol = symbol_of(metric)
    axes.set_xlabel(f"{symbol}, {level(study)} interval", fontsize=style.SMALL, labelpad=0.5)


def _verdict(sheet: style.Sheet, row: Any, left: float, middle: float, room: tuple[float, float], colour: str) -> None:
    """What is tested, the coefficient and the verdict, as one block of lines centred on the interval; `room`: its mm.

    A long name of the hypothesis has a line of its own above them.
    """
    pitch, words = room
    wide = style.width_of(str(row.hypothesis), style.SMALL, "bold")
    above, inset = (1, 0.0) if wide > LONG_NAME else (0, wide + 1.6)
    line = style.height_of(1, style.SMALL)
    label = style.wrap(row.text, words - inset - 2, style.SMALL, lines=max(1, min(3, int(pitch / line) - 2 - above)))
    y = middle - (above + label.count("\n") + 3) * line / 2
    name = style.wrap(str(row.hypothesis), words - 2, style.SMALL, lines=1, weight="bold")
    sheet.text(left, y, name, size=style.SMALL, weight="bold", colour=colour)
    y += above * line
    sheet.text(left + inset, y, label, size=style.SMALL)
    y += (label.count("\n") + 1) * line
    sheet.text(left + inset, y, value_text(row), size=style.SMALL, colour=style.SOFT)
    sheet.text(left + inset, y + line, str(row.verdict), size=style.SMALL, weight="bold")


def _curve(sheet: style.Sheet, lines: pd.DataFrame, box: Box) -> None:
    left, width = box.left, box.width
    if lines.empty:
        _title(sheet, box, "C", "Means by reported exposure")
        words = style.wrap("Too few people have both scores for a curve.", width, lines=3)
        sheet.text(left, box.top + 8, words, colour=style.SOFT)
        return
    within = lines["comparison"].iloc[0] == WITHIN
    _title(sheet, box, "C", "Means, " + ("within people" if within else "between people"))
    top, bottom = box.top + 6, box.bottom - 11.5
    ticks = TICKS if style.PAGE >= LEAST else TICKS + 3
    names = max(style.width_of(name, style.SMALL, "bold") for name in lines["hypothesis"].unique())
    axes = sheet.axes(left + ticks, top, width - ticks - max(4.5, names), bottom - top)
    for place, (_, own) in enumerate(lines.groupby("hypothesis", sort=False)):
        look: dict[str, Any] = {"colour": COLOURS[place], "marker": MARKERS[place], "width": style.LINE}
        style.means(axes, own["x"], own["y"], own["ci_low"], own["ci_high"], **look)
    reach = max(0.6, lines["ci_low"].abs().max(), lines["ci_high"].abs().max()) * 1.05
    low, high = lines["x"].min(), lines["x"].max()
    axes.set(xlim=(low - 0.08 * (high - low), high + 0.08 * (high - low)), ylim=(-reach, reach))
    axes.axhline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
    axes.axvline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
    axes.locator_params(axis="both", nbins=5)
    _names_of_lines(axes, lines, bottom - top)
    unit = "within-person SDs" if within else "SDs"
    axes.set_xlabel(f"reported exposure, {unit}", fontsize=style.SMALL, labelpad=0.5)
    axes.set_ylabel(f"outcome, {unit}", fontsize=style.SMALL, labelpad=1)


def _names_of_lines(axes: Axes, lines: pd.DataFrame, height: float) -> None:
    """Each line's hypothesis at its right end, moved apart where ends lie close together."""
    groups = [own for _, own in lines.groupby("hypothesis", sort=False)]
    low, high = axes.get_ylim()
    least = style.height_of(1, style.SMALL) / height * (high - low)
    ends = [own["y"].iloc[-1] for own in groups]
    placed = dict(zip(np.argsort(ends), moved_apart(sorted(ends), least), strict=True))
    look: dict[str, Any] = {"fontsize": style.SMALL, "weight": "bold", "va": "center", "transform": axes.transAxes}
    for place, own in enumerate(groups):
        y = (placed[place] - low) / (high - low)
        axes.text(1.02, y, own["hypothesis"].iloc[0], color=COLOURS[place], **look)


def moved_apart(positions: list[float], least: float) -> list[float]:
    """Ascending positions, moved (each cluster about its mean) so that neighbours are `least` apart.

    >>> moved_apart([0.0, 0.1, 3.0], 0.5)
    [-0.2, 0.3, 3.0]
    """
    clusters = [[position] for position in positions]
    at = 0
    while at < len(clusters) - 1:
        upper, lower = clusters[at], clusters[at + 1]
        if np.mean(lower) - least * (len(lower) - 1) / 2 - (np.mean(upper) + least * (len(upper) - 1) / 2) < least:
            clusters[at : at + 2] = [upper + lower]
            at = max(at - 1, 0)
        else:
            at += 1
    return [
        round(float(np.mean(own) + least * (k - (len(own) - 1) / 2)), 9) for own in clusters for k in range(len(own))
    ]


# Words ---------------------------------------------------------------------------------------------------------------


def _data(waves: pd.DataFrame, rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    ends = ["ci_low", "ci_high"]
    estimates = ["hypothesis", "metric", "estimate", *ends, "ci90_low", "ci90_high", "sesoi", "verdict"]
    groups = ["hypothesis", "comparison", "exposure", "outcome", "n_people", "n_reports", "x", "y", *ends]
    parts = {"A": waves[["wave", "n_raw", "n_kept"]], "B": rows[estimates], "C": lines[groups]}
    joined = pd.concat([part.assign(panel=name) for name, part in parts.items() if len(part)], ignore_index=True)
    return joined[["panel", *joined.columns.drop("panel")]]


def _alt(
    waves: pd.DataFrame, rows: pd.DataFrame, lines: pd.DataFrame, names: dict[str, str], study: dict[str, Any]
) -> str:
    kept = ", ".join(f"{row.wave} {apa.count(row.n_kept)}" for row in waves.itertuples())
    verdicts = "; ".join(f"{row.hypothesis} {row.text}: {value_text(row)}, {row.verdict}" for row in rows.itertuples())
    parts = []
    for (outcome, kind), own in lines.groupby(["outcome", "comparison"], sort=False):
        parts.append(
            f"{names.get(outcome, spoken(outcome))} "
            f"from {apa.number(own['y'].iloc[0])} to {apa.number(own['y'].iloc[-1])} SD {kind}"
        )
    return sentences(
        f"Three panels. People kept in each wave: {kept}.",
        f"Deciding coefficients with {level(study)} intervals: {verdicts}.",
        f"Mean outcome from the lowest to the highest group of reported exposure: {'; '.join(parts)}." if parts else "",
    )


def _chosen(alike: pd.DataFrame) -> str:
    """Which hypotheses stand here, where it is not simply all of the primary ones."""
    family = "" if alike["family"].iloc[0] == "primary" else f" of the family “{alike['family'].iloc[0]}”"
    if len(alike) > MOST:
        return f"Panels B and C show the first {MOST} of {len(alike)} hypotheses{family or ' of the primary family'}."
    return f"Panels B and C show hypotheses{family}." if family else ""


def _note(rows: pd.DataFrame, dictionary: pd.DataFrame, outcomes: list[str]) -> str:
    people = rows["n_people"].dropna()
    rules = "; ".join(dict.fromkeys(str(rule).rstrip(".") for rule in rows["missing_rule"].dropna() if str(rule)))
    return sentences(
        f"Panel B: n = {span(people)} people." if len(people) else "",
        f"Missing data: {rules}." if rules else "",
        unvalidated(dictionary, outcomes),
    )
