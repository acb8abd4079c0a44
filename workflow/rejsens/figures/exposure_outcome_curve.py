"""Reported exposure and the outcomes of the primary hypotheses

Points are means of groups of people, or of their reports, who stand next to each other in reported exposure, with
confidence intervals; lines only join them. Upper row: people compared with each other, in the first wave. Lower row:
each person compared with their own mean over the waves. The curves show an association and are not adjusted for the
covariates of the hypotheses. The vertical axis covers at least one standard deviation either side of the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import stdtrit

from rejsens import apa, style
from rejsens.disclosure import SIGMAS, policy, step, to_step
from rejsens.disclosure_columns import SPREAD
from rejsens.figures._page import beside, whole
from rejsens.figures._study import counted, labels, level, min_cell, sentences, span, spoken, unvalidated

TABLES = ("scores", "hypotheses", "dictionary")
SHOWS_PEOPLE = False

MOST = 6
COLUMNS, LEAST = 3, 33.0  # panels side by side at most, mm of one at least
PANEL = 30.0  # mm high
PITCH = PANEL + 21.5
NARROW, SECOND = 45.0, 3.6  # mm of a panel whose title may take a second line, and of that line
TICKS = 9.5  # mm left of a panel
GROUPS = 8
WITHIN_WAVES = 3  # fewer waves say little about people's own means


BETWEEN, WITHIN = "between people", "within people"
COLUMNS_OF_DATA = (
    "comparison", "exposure", "outcome", "wave", "group", "n_people", "n_reports", "x", "y", "ci_low", "ci_high",
)  # fmt: skip


@style.styled
def draw(
    *,
    scores: pd.DataFrame,
    hypotheses: pd.DataFrame,
    dictionary: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    pairs = pairs_of_interest(hypotheses, scores)
    data = curves(scores, pairs[:MOST], study)
    if data.empty:
        return style.sentence(
            "No primary hypothesis relates two scores that enough people have, so there is no curve.", study
        )
    kinds = [kind for kind in (BETWEEN, WITHIN) if data["comparison"].eq(kind).any()]
    columns = beside(LEAST, COLUMNS)
    pitch = PITCH + (SECOND if whole() / columns < NARROW else 0.0)
    fit = columns * int((style.MAX_HEIGHT - style.header(study, legend=True)) / (pitch * len(kinds)))
    shown = list(dict.fromkeys(zip(data["exposure"], data["outcome"], strict=True)))[:fit]
    data = data[[pair in shown for pair in zip(data["exposure"], data["outcome"], strict=True)]]
    blocks = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    slot = whole() / min(columns, max(2, len(shown)))
    names = labels(dictionary)
    sheet = style.Sheet(
        style.PAGE, style.header(study, legend=True) + len(blocks) * len(kinds) * pitch + 0.5, study, legend=True
    )
    sheet.legend([(style.dot(style.BLUE), f"mean of a group with {level(study)} interval")])
    top = sheet.top
    for block in blocks:
        for kind in kinds:
            for column, (exposure, outcome) in enumerate(block):
                own = data[data["comparison"].eq(kind) & data["exposure"].eq(exposure) & data["outcome"].eq(outcome)]
                if len(own):
                    _panel(sheet, own, style.MARGIN + column * slot, top, slot, names)
            top += pitch
    return style.Drawing(
        sheet.figure, _alt(data, names, study), data, _note(data, dictionary, study, len(pairs) - len(shown))
    )


# Numbers -------------------------------------------------------------------------------------------------------------


def pairs_of_interest(hypotheses: pd.DataFrame, scores: pd.DataFrame) -> list[tuple[str, str]]:
    """Predictor and outcome of the primary family, else of the first confirmatory one, else of the first."""
    if hypotheses.empty:
        return []
    confirmatory = hypotheses.loc[hypotheses["confirmatory"].astype("boolean").fillna(False), "family"]
    candidates = [
        *(["primary"] if hypotheses["family"].eq("primary").any() else []),
        *confirmatory,
        *hypotheses["family"],
    ]
    family = hypotheses[hypotheses["family"].eq(candidates[0])]
    pairs = zip(family["predictor"], family["outcome"], strict=True)
    return list(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1] and set(pair) <= set(scores.columns)))


def curves(scores: pd.DataFrame, pairs: list[tuple[str, str]], study: dict[str, Any]) -> pd.DataFrame:
    """Group means for every pair, between people in the first wave and, with enough waves, within people."""
    panel = scores[scores["role"].ne("retest")]
    parts = [pd.DataFrame(columns=list(COLUMNS_OF_DATA))]
    for exposure, outcome in pairs:
        both = panel[["participant", "wave", "wave_number", exposure, outcome]].dropna()
        both = both.rename(columns={exposure: "x", outcome: "y"})
        if both.empty:
            continue
        first = both[both["wave_number"].eq(both["wave_number"].min())]
        found = [(BETWEEN, str(first["wave"].iloc[0]), first)]
        if both["wave_number"].nunique() >= WITHIN_WAVES:
            found.append((WITHIN, "all", deviations(both)))
        for kind, wave, values in found:
            means = group_means(values, min_cell(study), float(study.get("ci_level") or 0.95))
            if len(means) > 1:
                moments = {
                    "exposure_mean": values["x"].mean(),
                    "exposure_sd": values["x"].std(),
                    "outcome_mean": values["y"].mean(),
                    "outcome_sd": values["y"].std(),
                }
                named = means.assign(comparison=kind, exposure=exposure, outcome=outcome, wave=wave, **moments)
                parts.append(rounded_means(named, values["participant"].nunique()))
    parts = [part for part in parts if len(part)] or parts
    return pd.concat(parts, ignore_index=True)


def rounded_means(means: pd.DataFrame, people: int) -> pd.DataFrame:
    """The disclosure guard's rounding, by the people of the whole curve: group means add up to the mean of everybody."""
    rule = policy()
    if not (rule.guards and rule.rounding):
        return means
    found = means.copy()
    for sd, columns in (
        ("exposure_sd", ("x", "exposure_mean")),
        ("outcome_sd", ("y", "ci_low", "ci_high", "outcome_mean")),
    ):
        width = step(SIGMAS * means[sd].iloc[0], people, SPREAD)
        for column in (*columns, sd):
            found[column] = [to_step(value, width) for value in means[column]]
    return found


def deviations(both: pd.DataFrame) -> pd.DataFrame:
    """Each report minus its person's mean, for people with at least two reports; x and y are such deviations."""
    people = both.groupby("participant")
    own = both.assign(x=both["x"] - people["x"].transform("mean"), y=both["y"] - people["y"].transform("mean"))
    return own[people["x"].transform("size").ge(2)]


def group_means(values: pd.DataFrame, fewest: int, ci_level: float) -> pd.DataFrame:
    """Means of x and y in groups of neighbouring x, with an interval of the mean of y.

    values   participant, x, y, no missing cells; a participant may have several rows
    fewest   people that each group must hold
    returns  group, n_people, n_reports, x, y, ci_low, ci_high

    Equal x stay together. The interval is Student's t on people, with the standard error that allows for several
    reports of one person in a group: sqrt(G / (G - 1) * sum over people of (sum of residuals)^2) / n.
    """
    rows = []
    for group, own in enumerate(groups_of_neighbours(values, fewest), 1):
        n, people = len(own), own["participant"].nunique()
        mean = own["y"].mean()
        residual = (own["y"] - mean).groupby(own["participant"]).sum()
        se = np.sqrt(people / (people - 1) * (residual**2).sum()) / n if people > 1 else np.nan
        half = stdtrit(people - 1, (1 + ci_level) / 2) * se
        moments = {"x": own["x"].mean(), "y": mean, "ci_low": mean - half, "ci_high": mean + half}
        rows.append({"group": group, "n_people": people, "n_reports": n} | moments)
    return pd.DataFrame(rows)


def groups_of_neighbours(values: pd.DataFrame, fewest: int) -> list[pd.DataFrame]:
    """At most GROUPS groups of about the same number of rows, each with at least `fewest` people."""
    ordered = values.assign(x=values["x"].round(9)).sort_values("x", kind="stable")
    groups: list[pd.DataFrame] = []
    start, end, people = 0, 0, set()
    for _, same in ordered.groupby("x", sort=True):
        end += len(same)
        people |= set(same["participant"])
        still = GROUPS - len(groups)
        if still > 1 and end - start >= 0.95 * (len(ordered) - start) / still and len(people) >= fewest:
            groups.append(ordered.iloc[start:end])
            start, people = end, set()
    rest = ordered.iloc[start:]
    if len(people) >= fewest and len(rest) >= 0.5 * len(ordered) / GROUPS:
        groups.append(rest)
    elif len(rest) and groups:
        groups[-1] = pd.concat([groups[-1], rest])
    return groups


# Ink -----------------------------------------------------------------------------------------------------------------


def _panel(sheet: style.Sheet, own: pd.DataFrame, left: float, top: float, slot: float, names: dict[str, str]) -> None:
    exposure, outcome = (names.get(own[side].iloc[0], spoken(own[side].iloc[0])) for side in ("exposure", "outcome"))
    title = style.wrap(outcome, slot - 3, weight="bold", lines=2 if slot < NARROW else 1)
    sheet.text(left, top + 0.4, title, weight="bold")
    top += SECOND if slot < NARROW else 0.0
    compared = _compared(own) if slot >= NARROW else _compared(own).split(",")[0]
    subtitle = style.wrap(compared, slot - 3, style.SMALL, lines=1)
    sheet.text(left, top + 4.2, subtitle, size=style.SMALL, colour=style.SOFT)
    axes = sheet.axes(left + TICKS, top + 9.0, slot - TICKS - 4, PANEL)
    draw_curve(axes, own)
    middle = left + TICKS + (slot - TICKS - 4) / 2
    sheet.text(
        middle,
        top + PANEL + 14.4,
        style.wrap(exposure, slot - (2 if slot >= NARROW else TICKS), style.SMALL),
        size=style.SMALL,
        ha="center",
    )


def _compared(own: pd.DataFrame) -> str:
    if own["comparison"].iloc[0] == WITHIN:
        return "within people, minus own mean"
    return f"between people, wave {own['wave'].iloc[0]}"


def draw_curve(axes: Axes, own: pd.DataFrame) -> None:
    """Group means with intervals; the axis covers at least one SD of the outcome either side of its mean."""
    if own["comparison"].iloc[0] == WITHIN:
        axes.axhline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
        axes.axvline(0, color=style.FAINT, linewidth=style.THIN, zorder=0)
    style.means(axes, own["x"], own["y"], own["ci_low"], own["ci_high"])
    middle = np.average(own["y"], weights=own["n_reports"])
    sd = own["outcome_sd"].iloc[0]
    low, high = min(middle - sd, own["ci_low"].min()), max(middle + sd, own["ci_high"].max())
    axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=5 if _width(axes) > 30 else 3)
    axes.grid(axis="y", color=style.GHOST, linewidth=style.THIN)


def _width(axes: Axes) -> float:
    """mm of a plot."""
    assert isinstance(axes.figure, Figure)  # no figure here has others within
    return axes.get_position().width * axes.figure.get_size_inches()[0] * 25.4


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(data: pd.DataFrame, names: dict[str, str], study: dict[str, Any]) -> str:
    parts = []
    for (kind, exposure, outcome), own in data.groupby(["comparison", "exposure", "outcome"], sort=False):
        ends = own.iloc[[0, -1]]
        parts.append(
            f"{names.get(outcome, spoken(outcome))} against {names.get(exposure, spoken(exposure))}, {kind}: "
            f"mean {apa.number(ends['y'].iloc[0])} in the lowest and {apa.number(ends['y'].iloc[1])} in the highest "
            f"of {len(own)} groups"
        )
    return f"Means of outcomes in groups of reported exposure, with {level(study)} intervals. {'; '.join(parts)}."


def _note(data: pd.DataFrame, dictionary: pd.DataFrame, study: dict[str, Any], hidden: int) -> str:
    counts = []
    for kind, own in data.groupby("comparison", sort=False):
        n = span(own.groupby(["exposure", "outcome"])["n_reports"].sum())
        counts.append(f"{kind}, n = {n} {'people' if kind == BETWEEN else 'reports'}")
    within = data["comparison"].eq(WITHIN).any()
    return sentences(
        f"{'; '.join(counts)}; those with both scores.".capitalize(),
        f"Each group holds at least {min_cell(study)} people.",
        "Intervals within people allow for several reports of one person." if within else "",
        f"Not shown: {counted(hidden, 'further pair')}." if hidden else "",
        unvalidated(dictionary, [*data["exposure"], *data["outcome"]]),
    )
