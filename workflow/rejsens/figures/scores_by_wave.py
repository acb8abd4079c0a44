"""Scores by survey wave

Points with vertical lines are means with their confidence intervals, joined in time order; the pale shape beside or
behind each is the distribution of the score in that wave. Where there are fine dots, they are people, moved a little
so that they do not hide each other. Where there are steps, each holds at least as many people as may be shown together.
The thin line under a mean reaches over the middle half of the people, its dash is their median. Each scale has its own
axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import gaussian_kde

from rejsens import apa, style
from rejsens.figures._by_wave import means_of, most, panel_of, people_in_each, quartiles, sheet_of
from rejsens.figures._study import counted, first_scores, labels, level, min_cell, sentences, unvalidated

TABLES = ("dictionary", "descriptives", "scores")
SHOWS_PEOPLE = True

ANSWERS = 11  # a score of so many values at most is a single question's
DOTS = 5_000  # people of a wave who are drawn: more dots make one blot, and one more row of data each
BINS = 14  # steps a distribution is cut into before small ones are joined


@style.styled
def draw(
    *,
    dictionary: pd.DataFrame,
    descriptives: pd.DataFrame,
    scores: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    panel = scores[scores["role"].ne("retest")]
    waves = list(panel.sort_values("wave_number", kind="stable")["wave"].astype(str).unique())
    means = means_of(descriptives, waves, min_cell(study) if not people else 1)
    known = [score for score in dictionary["score"] if score in panel and score in set(means["score"])]
    shown, hidden = first_scores(study, dictionary, known, most(study))
    if not shown:
        return style.sentence("No score has enough people in any wave to be drawn.", study)
    declared = dictionary.set_index("score")
    bounds = {score: (row["range_low"], row["range_high"]) for score, row in declared.iterrows()}
    shape, half = (style.swatch(style.PALE_BLUE), "distribution"), (_upright, "middle half and median")
    sheet = sheet_of(len(shown), study, shape, half)
    parts = []
    for place, score in enumerate(shown):
        own = means[means["score"].eq(score)]
        asked = [wave for wave in waves if wave in set(own["wave"])]
        axes = panel_of(sheet, place, len(shown), asked, declared.loc[score])
        if people:
            seed = [int(study.get("seed") or 0), place]
            cloud = _people(panel, score, asked, np.random.default_rng([*seed, DOTS]))
            _draw_people(axes, cloud, asked, np.random.default_rng(seed))
        else:
            cloud = _steps(panel, score, asked, bounds[score], min_cell(study))
            _draw_steps(axes, cloud, asked)
        middle = quartiles(descriptives, score, asked, 1 if people else min_cell(study))
        _draw_middle(axes, middle, asked)
        _draw_means(axes, own, asked)
        _limits(axes, cloud, own, bounds[score])
        parts += [own, middle, cloud]
    alt = _alt(means, shown, labels(dictionary), study, people)
    note = _note(means, dictionary, shown, hidden, study, people)
    return style.Drawing(sheet.figure, alt, pd.concat(parts, ignore_index=True), note)


# Numbers -------------------------------------------------------------------------------------------------------------


def _people(panel: pd.DataFrame, score: str, waves: list[str], random: np.random.Generator) -> pd.DataFrame:
    """Everybody with the score; of waves of more than `DOTS` as many, drawn at random."""
    own = panel[["wave", score]].dropna().rename(columns={score: "value"}).astype({"wave": "str"})
    own = own[own["wave"].isin(waves)]
    if own["wave"].value_counts().max() > DOTS:
        places = [rows for _, rows in own.groupby("wave", sort=False).indices.items()]
        drawn = [rows if len(rows) <= DOTS else random.choice(rows, DOTS, replace=False) for rows in places]
        own = own.iloc[np.sort(np.concatenate(drawn))]
    return own.assign(kind="person", score=score)


def _steps(panel: pd.DataFrame, score: str, waves: list[str], bounds: tuple[float, float], fewest: int) -> pd.DataFrame:
    """Each wave's distribution in steps of at least `fewest` people; no edge is set by a person."""
    values = panel[score].dropna()
    edges = step_edges(values, bounds)
    if fewest > 1 and values.nunique() <= ANSWERS:  # its answers are counted by the disclosure guard's rules elsewhere
        edges = edges[[0, -1]]
    tables = []
    for wave in waves:
        own = panel.loc[panel["wave"].astype(str).eq(wave), score].dropna()
        # Without a theoretical range a value may lie outside: it is counted in the end step and does not move the edge.
        counts = np.histogram(own.clip(edges[0], edges[-1]), edges)[0]
        tables.append(joined_steps(edges, counts, fewest).assign(wave=wave))
    return pd.concat(tables, ignore_index=True).assign(kind="step", score=score)


def step_edges(values: pd.Series, bounds: tuple[float, float]) -> np.ndarray:
    """Edges over the theoretical range, or over two standard deviations around the median where there is none.

    Scores on a grid (sums, means of whole answers) get edges halfway between possible scores, and the same number of
    possible scores in every step; otherwise the distribution would look combed.
    """
    low, high = bounds
    if not np.isfinite(low) or not np.isfinite(high):
        middle, spread = values.median(), values.std()
        spread = spread if spread > 0 else 1e-9  # people who are all alike, or one alone, who has no deviation
        low, high = middle - 2 * spread, middle + 2 * spread
    grain = _grain(values)
    places = (values - low) / grain if grain else values * 0
    if not grain or (high - low) / grain > 400 or np.isclose(places, places.round(), atol=0.02).mean() < 0.8:
        return np.linspace(low, high, BINS + 1)
    possible = round((high - low) / grain) + 1
    each = max(1, -(-possible // BINS))
    edges = low + grain * (np.arange(0, possible + each, each) - 0.5)
    return np.append(edges[edges < high], high + grain / 2)


def _grain(values: pd.Series) -> float:
    """The usual distance between neighbouring scores; rare ones (prorated means lie between the others) do not count."""
    counts = values.round(6).value_counts(sort=True)
    usual = counts[counts.cumsum().shift(fill_value=0) < 0.8 * counts.sum()]
    steps = np.diff(np.sort(usual.index.to_numpy()))
    return float(np.median(steps)) if len(steps) else 0.0


def joined_steps(edges: np.ndarray, counts: np.ndarray, fewest: int) -> pd.DataFrame:
    """Neighbouring steps joined until each holds at least `fewest` people; no step at all when there are too few.

    The joined steps tile the whole range, so that no edge is set by where the most extreme person happens to be.

    >>> joined_steps(np.array([0.0, 1, 2, 3]), np.array([2, 12, 9]), 10)[["low", "high", "n"]].values.tolist()
    [[0.0, 3.0, 23.0]]
    >>> joined_steps(np.array([0.0, 1, 2, 3]), np.array([0, 12, 11]), 10)[["low", "high", "n"]].values.tolist()
    [[0.0, 2.0, 12.0], [2.0, 3.0, 11.0]]
    """
    steps: list[list[float]] = []
    low, held = edges[0], 0
    for high, count in zip(edges[1:], counts, strict=True):
        held += int(count)
        if held >= fewest:
            steps.append([low, high, held])
            low, held = high, 0
    if steps:
        steps[-1][1], steps[-1][2] = edges[-1], steps[-1][2] + held
    return pd.DataFrame(steps, columns=["low", "high", "n"])


# Ink -----------------------------------------------------------------------------------------------------------------


def _draw_steps(axes: Axes, steps: pd.DataFrame, waves: list[str]) -> None:
    """Each wave as a shape whose width is the density of people, the same scale for every wave."""
    density = steps["n"] / (steps["high"] - steps["low"]) / steps.groupby("wave")["n"].transform("sum")
    half = 0.42 * density / density.max()
    left, height = steps["wave"].map(waves.index) - half, steps["high"] - steps["low"]
    axes.barh(steps["low"] + height / 2, 2 * half, height=height, left=left, color=style.PALE_BLUE)


def _draw_people(axes: Axes, cloud: pd.DataFrame, waves: list[str], random: np.random.Generator) -> None:
    """Each wave as a raincloud: people on the left, their density on the right, the same scale for every wave."""
    people = {wave: own["value"].to_numpy() for wave, own in cloud.groupby("wave")}
    densities = {wave: density for wave, values in people.items() if (density := _density(values)) is not None}
    highest = max((height.max() for _, height in densities.values()), default=1.0)
    grain = min(_grain(cloud["value"]), np.ptp(cloud["value"]) / 20)
    for wave, values in people.items():
        x = waves.index(wave)
        left, up = random.random((2, len(values)))
        dots: dict[str, Any] = {
            "marker": "o",
            "markersize": style.SPECK,
            "markeredgewidth": 0,
            "alpha": style.HAZE,
            "rasterized": True,
        }
        moved = values + 0.7 * (up - 0.5) * grain
        axes.plot(x - 0.1 - 0.34 * left, moved, linestyle="", color=style.BLUE, **dots)
        if wave in densities:
            grid, height = densities[wave]
            right = x + 0.02 + 0.42 * height / highest
            axes.fill_betweenx(grid, x + 0.02, right, color=style.PALE_BLUE, linewidth=0)


def _density(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Kernel density within the observed range; none when there are too few people or all have the same score."""
    if len(values) < 3 or np.ptp(values) == 0:
        return None
    grid = np.linspace(values.min(), values.max(), 80)
    return grid, gaussian_kde(values)(grid)


def _draw_means(axes: Axes, means: pd.DataFrame, waves: list[str]) -> None:
    own = means.assign(x=means["wave"].map(waves.index)).sort_values("x")
    style.means(axes, own["x"], own["mean"], own["ci_low"], own["ci_high"])


def _draw_middle(axes: Axes, middle: pd.DataFrame, waves: list[str]) -> None:
    """From quartile to quartile, with a dash at the median."""
    x = middle["wave"].map(waves.index).astype(float)  # also where no wave has enough people
    line: dict[str, Any] = {"color": style.INK, "linewidth": style.THIN, "zorder": 2.5}
    axes.vlines(x, middle["q25"], middle["q75"], label="middle half", **line)
    axes.hlines(middle["median"], x - 0.09, x + 0.09, label="median", **line)


def _upright(axes: Axes, x: float, y: float) -> None:
    """The mark of the middle half in the legend."""
    axes.plot([x, x], [y - 1.1, y + 1.1], color=style.INK, linewidth=style.THIN)
    axes.plot([x - 0.8, x + 0.8], [y, y], color=style.INK, linewidth=style.THIN)


def _limits(axes: Axes, cloud: pd.DataFrame, means: pd.DataFrame, bounds: tuple[float, float]) -> None:
    """The theoretical range, unless the scores fill less than half of it."""
    if "value" in cloud:
        low, high = cloud["value"].min(), cloud["value"].max()
    else:
        density = cloud["n"] / (cloud["high"] - cloud["low"])
        dense = cloud[density > 0.05 * density.max()]
        low, high = dense["low"].min(), dense["high"].max()
    low, high = np.nanmin([low, means["ci_low"].min()]), np.nanmax([high, means["ci_high"].max()])
    if np.isfinite(bounds).all() and (high - low) >= 0.5 * (bounds[1] - bounds[0]):
        low, high = bounds
    room = 0.05 * (high - low) or 1.0
    axes.set_ylim(low - room, high + room)
    axes.locator_params(axis="y", nbins=5)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(means: pd.DataFrame, shown: list[str], names: dict[str, str], study: dict[str, Any], people: bool) -> str:
    parts = []
    for score in shown:
        own = means[means["score"].eq(score)]
        values = ", ".join(f"{row.wave} {apa.number(row.mean, 2)}" for row in own.itertuples(index=False))
        parts.append(f"{names[score]}: {values}")
    kind = "Raincloud plots" if people else "Distributions in steps"
    what = f"{kind} of {counted(len(shown), 'score')} by survey wave, with means and {level(study)} intervals."
    return f"{what} Means: {'; '.join(parts)}."


def _note(
    means: pd.DataFrame, dictionary: pd.DataFrame, shown: list[str], hidden: int, study: dict[str, Any], people: bool
) -> str:
    return sentences(
        people_in_each(means, shown),
        f"Of waves of more than {DOTS:,} people, dots and shapes are those of {DOTS:,} drawn at random."
        if people and means["n"].max() > DOTS
        else "",
        "A score is missing when fewer items were answered than its scoring rule asks for; nothing is imputed here.",
        "" if people else f"Steps hold at least {min_cell(study)} people; means of fewer are not shown.",
        f"{counted(hidden, 'further score')} in the table of descriptive statistics." if hidden else "",
        unvalidated(dictionary, shown),
    )
