"""The study at a glance

A: people kept of the rows in each wave's export. B: the coefficients that decide the primary hypotheses, with their
confidence intervals; the thick part is the 90% interval, the band is the range smaller than the smallest effect of
interest. C: means of the outcomes in groups of reported exposure, in standard deviations and not adjusted for covariates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._study import labels, level, sentences, spoken, unvalidated
from rejsens.figures.exposure_outcome_curve import WITHIN, curves
from rejsens.figures.forest_of_hypotheses import METRICS, SYMBOLS, candidates, limits, value_text

TABLES = ("waves", "estimates", "scores", "hypotheses", "dictionary")
SHOWS_PEOPLE = False

MOST = 4  # hypotheses
HEIGHT = 74.0
FLOW, FOREST, CURVE = (1.5, 46.0), (54.0, 66.0), (133.5, 55.0)  # left edge and width of the panels in mm
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE)
MARKERS = ("o", "s", "D", "^")


@style.styled
def draw(*, waves: pd.DataFrame, estimates: pd.DataFrame, scores: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame,
         study: dict[str, Any], people: bool = False) -> style.Drawing:  # fmt: skip
    rows = deciding(estimates)
    if rows.empty:
        return style.sentence("No hypothesis has an estimate yet, so there is nothing to show at a glance.", study)
    lines = _lines(rows, hypotheses, scores, study)
    names = labels(dictionary)
    flow = waves.sort_values("wave_number", kind="stable")
    sheet = style.Sheet(style.SPREAD, HEIGHT, study)
    _flow(sheet, flow)
    _forest(sheet, rows, study)
    _curve(sheet, lines, names)
    outcomes = list(dict.fromkeys(lines["outcome"])) if len(lines) else []
    return style.Drawing(sheet.figure, _alt(flow, rows, lines, names, study), _data(flow, rows, lines), _note(rows, study, dictionary, outcomes))


# Numbers -------------------------------------------------------------------------------------------------------------


def deciding(estimates: pd.DataFrame) -> pd.DataFrame:
    """Deciding rows of the primary family (or the first one), of one metric."""
    rows = candidates(estimates)
    rows = rows[rows["decides"] & rows["testable"]]
    family = "primary" if rows["family"].eq("primary").any() else next(iter(rows["family"]), "")
    rows = rows[rows["family"].eq(family)]
    return rows[rows["metric"].eq(next(iter(rows["metric"]), ""))].head(MOST).reset_index(drop=True)


def _lines(rows: pd.DataFrame, hypotheses: pd.DataFrame, scores: pd.DataFrame, study: dict[str, Any]) -> pd.DataFrame:
    """The curves of the shown hypotheses in standard deviations, within people where the verdict is."""
    declared = hypotheses.drop_duplicates("hypothesis").set_index("hypothesis")
    pairs = {name: (declared.loc[name, "predictor"], declared.loc[name, "outcome"]) for name in rows["hypothesis"] if name in declared.index}
    pairs = {name: pair for name, pair in pairs.items() if set(pair) <= set(scores.columns)}
    found = curves(scores, list(dict.fromkeys(pairs.values())), study)
    kind = WITHIN if rows["metric"].iloc[0] == "beta_within" and found["comparison"].eq(WITHIN).any() else "between people"
    found = found[found["comparison"].eq(kind)]
    if found.empty:
        return found.assign(hypothesis="")
    found = found.assign(x=(found["x"] - found["exposure_mean"]) / found["exposure_sd"],
                         **{end: (found[end] - found["outcome_mean"]) / found["outcome_sd"] for end in ("y", "ci_low", "ci_high")})  # fmt: skip
    name_of = {pair: name for name, pair in reversed(pairs.items())}
    return found.assign(hypothesis=[name_of[pair] for pair in zip(found["exposure"], found["outcome"], strict=True)])


# Ink -----------------------------------------------------------------------------------------------------------------


def _title(sheet: style.Sheet, left: float, letter: str, words: str) -> None:
    sheet.text(left, sheet.top - 0.5, letter, size=style.HEADING, weight="bold")
    sheet.text(left + 4.5, sheet.top - 0.5, words, size=style.HEADING, weight="bold")


def _flow(sheet: style.Sheet, waves: pd.DataFrame) -> None:
    left, width = FLOW
    _title(sheet, left, "A", "People in each wave")
    names = [style.wrap(str(wave), 16, style.SMALL, lines=1) for wave in waves["wave"]]
    label = max(style.width_of(name, style.SMALL) for name in names) + 2
    top, pitch = sheet.top + 7, min(8.6, (HEIGHT - sheet.top - 12) / len(waves))
    bars = sheet.canvas(left + label, top, width - label, pitch * len(waves))
    scale = (width - label - 15) / waves["n_raw"].max()
    for place, (row, name) in enumerate(zip(waves.itertuples(), names, strict=True)):
        middle = (place + 0.5) * pitch
        sheet.text(left, top + middle, name, size=style.SMALL, va="middle")
        thick = min(4.2, 0.6 * pitch)
        bars.barh(middle, row.n_raw * scale, height=thick, color=style.PALE_BLUE)
        bars.barh(middle, row.n_kept * scale, height=thick, color=style.BLUE)
        end = left + label + row.n_raw * scale + 1.2
        sheet.text(end, top + middle, apa.count(row.n_kept), size=style.SMALL, weight="bold", va="middle")
        sheet.text(end + style.width_of(apa.count(row.n_kept), style.SMALL, "bold") + 0.8, top + middle, f"of {apa.count(row.n_raw)}",
                   size=style.SMALLEST, colour=style.SOFT, va="middle")  # fmt: skip


def _forest(sheet: style.Sheet, rows: pd.DataFrame, study: dict[str, Any]) -> None:
    left, width = FOREST
    metric = rows["metric"].iloc[0]
    _title(sheet, left, "B", "Verdicts" if metric not in METRICS else f"Verdicts, {METRICS[metric].split(':')[0].lower()}")
    top, bottom = sheet.top + 7, HEIGHT - 11.5
    pitch = (bottom - top) / len(rows)
    axes = sheet.axes(left, top, width, bottom - top)
    axes.set(xlim=limits(rows), ylim=(bottom - top, 0))
    for place, row in enumerate(rows.itertuples()):
        y, colour = place * pitch + pitch * 0.70, COLOURS[place]
        if pd.notna(row.sesoi):
            axes.barh((place + 0.5) * pitch, 2 * row.sesoi, left=-row.sesoi, height=pitch, color=style.BAND, zorder=0)
        axes.hlines(y, row.ci_low, row.ci_high, color=colour, linewidth=style.LINE, zorder=2)
        if pd.notna(row.ci90_low) and pd.notna(row.ci90_high):
            axes.hlines(y, row.ci90_low, row.ci90_high, color=colour, linewidth=style.THICK, alpha=0.55, zorder=2)
        axes.plot(row.estimate, y, marker=MARKERS[place], markersize=style.DOT + 1, color=colour, zorder=4)
        line = top + place * pitch + 0.4
        sheet.text(left + 0.8, line, str(row.hypothesis), size=style.SMALL, weight="bold", colour=colour)
        words = style.width_of(str(row.hypothesis), style.SMALL, "bold") + 2.6
        label = row.label if isinstance(row.label, str) else ""
        sheet.text(left + words, line, style.wrap(label, width - words - 1, style.SMALL, lines=1), size=style.SMALL)
        sheet.text(left + words, line + style.height_of(1, style.SMALL), f"{value_text(row)}, {row.verdict}", size=style.SMALLEST,
                   colour=style.SOFT)  # fmt: skip
    axes.axvline(0, color=style.INK, linewidth=style.THIN, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"{SYMBOLS.get(metric, spoken(metric))} with {level(study)} interval", fontsize=style.SMALL, labelpad=0.5)


def _curve(sheet: style.Sheet, lines: pd.DataFrame, names: dict[str, str]) -> None:
    left, width = CURVE
    if lines.empty:
        _title(sheet, left, "C", "Reported exposure and outcomes")
        sheet.text(left, sheet.top + 8, style.wrap("Too few people have both scores for a curve.", width, lines=3), colour=style.SOFT)
        return
    within = lines["comparison"].iloc[0] == WITHIN
    _title(sheet, left, "C", "Reported exposure, " + ("within people" if within else "between people"))
    top, bottom = sheet.top + 7, HEIGHT - 11.5
    axes = sheet.axes(left + 8, top, width - 8 - 1, bottom - top)
    for place, (_, own) in enumerate(lines.groupby("hypothesis", sort=False)):
        colour = COLOURS[place]
        axes.plot(own["x"], own["y"], color=colour, linewidth=style.THIN, zorder=2)
        axes.vlines(own["x"], own["ci_low"], own["ci_high"], color=colour, linewidth=style.LINE, zorder=2)
        axes.plot(own["x"], own["y"], linestyle="", marker=MARKERS[place], markersize=style.DOT, color=colour,
                  markeredgecolor=style.WHITE, markeredgewidth=0.4, zorder=3)  # fmt: skip
    reach = max(0.6, lines["ci_low"].abs().max(), lines["ci_high"].abs().max()) * 1.05
    low, high = lines["x"].min(), lines["x"].max()
    axes.set(xlim=(low - 0.08 * (high - low), high + 0.08 * (high - low)), ylim=(-reach, reach))
    axes.axhline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
    axes.axvline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
    axes.locator_params(axis="both", nbins=5)
    _names_of_lines(axes, lines, names)
    unit = "within-person SDs" if within else "SDs"
    axes.set_xlabel(f"reported exposure, {unit}", fontsize=style.SMALL, labelpad=0.5)
    axes.set_ylabel(f"outcome, {unit}", fontsize=style.SMALL, labelpad=1)


def _names_of_lines(axes: Axes, lines: pd.DataFrame, names: dict[str, str]) -> None:
    """A key in the quadrant that the lines leave free, in the colours and marks of panel B."""
    groups = [own for _, own in lines.groupby("hypothesis", sort=False)]
    ends = np.array([own["y"].iloc[-1] for own in groups])
    up = (ends > 0).sum() * 2 >= len(ends)
    for place, own in enumerate(groups):
        y = (0.05 + 0.075 * (len(groups) - 1 - place)) if up else (0.95 - 0.075 * place)
        words = style.wrap(names.get(own["outcome"].iloc[0], spoken(own["outcome"].iloc[0])), 28, style.SMALLEST, lines=1)
        axes.plot(0.05, y, marker=MARKERS[place], markersize=style.DOT, color=COLOURS[place], transform=axes.transAxes)
        axes.text(0.09, y, words, fontsize=style.SMALLEST, va="center", transform=axes.transAxes)


# Words ---------------------------------------------------------------------------------------------------------------


def _data(waves: pd.DataFrame, rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    parts = [
        waves[["wave", "n_raw", "n_kept"]].assign(panel="A"),
        rows[["hypothesis", "metric", "estimate", "ci_low", "ci_high", "ci90_low", "ci90_high", "sesoi", "verdict"]].assign(panel="B"),
        lines[["hypothesis", "comparison", "exposure", "outcome", "n_people", "n_reports", "x", "y", "ci_low", "ci_high"]].assign(panel="C"),
    ]
    joined = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return joined[["panel", *joined.columns.drop("panel")]]


def _alt(waves: pd.DataFrame, rows: pd.DataFrame, lines: pd.DataFrame, names: dict[str, str], study: dict[str, Any]) -> str:
    kept = ", ".join(f"{row.wave} {apa.count(row.n_kept)}" for row in waves.itertuples())
    verdicts = "; ".join(f"{row.hypothesis} {row.text}: {value_text(row)}, {row.verdict}" for row in rows.assign(text=rows["label"]).itertuples())
    parts = []
    for (outcome, kind), own in lines.groupby(["outcome", "comparison"], sort=False):
        parts.append(f"{names.get(outcome, spoken(outcome))} from {apa.number(own['y'].iloc[0])} to {apa.number(own['y'].iloc[-1])} SD {kind}")
    return sentences(
        f"Three panels. People kept in each wave: {kept}.",
        f"Deciding coefficients with {level(study)} intervals: {verdicts}.",
        f"Mean outcome from the lowest to the highest group of reported exposure: {'; '.join(parts)}." if parts else "",
    )


def _note(rows: pd.DataFrame, study: dict[str, Any], dictionary: pd.DataFrame, outcomes: list[str]) -> str:
    people = rows["n_people"].dropna()
    rules = "; ".join(dict.fromkeys(str(rule).rstrip(".") for rule in rows["missing_rule"].dropna() if str(rule)))
    low, high = (int(people.min()), int(people.max())) if len(people) else (0, 0)
    return sentences(
        f"Panel B: n = {apa.count(low)}" + (f" to {apa.count(high)}" if high > low else "") + " people." if len(people) else "",
        f"Missing data: {rules}." if rules else "",
        unvalidated(dictionary, outcomes),
    )
