"""Individual trajectories and the mean

Points with vertical lines are means with their confidence intervals, joined in time order. Where there are fine lines,
each is one person, drawn at random from those with the score in two waves or more; a line stops where a wave is
missing. Where there is a band instead, it holds the middle half of the people of each wave, and the dashes are medians.
Each scale has its own axis.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from rejsens import apa, style
from rejsens.figures._by_wave import QUARTERS, means_of, most, panel_of, people_in_each, quartiles, sheet_of
from rejsens.figures._study import counted, first_scores, labels, level, min_cell, sentences, unvalidated

TABLES = ("dictionary", "descriptives", "scores")
SHOWS_PEOPLE = True

LINES = 40  # people drawn for each score


@style.styled
def draw(
    *,
    dictionary: pd.DataFrame,
    descriptives: pd.DataFrame,
    scores: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    panel = scores[scores["role"].ne("retest")].assign(wave=lambda rows: rows["wave"].astype(str))
    waves = list(panel.sort_values("wave_number", kind="stable")["wave"].unique())
    means = means_of(descriptives, waves, 1 if people else QUARTERS * min_cell(study))
    repeated = means.groupby("score")["wave"].size()
    known = [score for score in dictionary["score"] if score in panel and repeated.get(score, 0) > 1]
    shown, hidden = first_scores(study, dictionary, known, most(study))
    if not shown:
        return style.sentence(_nothing(waves), study)
    declared, parts = dictionary.set_index("score"), []
    sheet = sheet_of(len(shown), study, *_marks(people))
    for place, score in enumerate(shown):
        own = means[means["score"].eq(score)]
        asked = [wave for wave in waves if wave in set(own["wave"])]
        axes = panel_of(sheet, place, len(shown), asked, declared.loc[score])
        if people:
            random = np.random.default_rng([int(study.get("seed") or 0), place, LINES])
            beside = trajectories(panel, score, asked, random)
            _draw_people(axes, beside, asked)
        else:
            beside = quartiles(descriptives, score, asked, min_cell(study))
            _draw_band(axes, beside, asked)
        own = own.assign(x=own["wave"].map(asked.index)).sort_values("x")
        style.means(axes, own["x"], own["mean"], own["ci_low"], own["ci_high"])
        _limits(axes, (declared.loc[score, "range_low"], declared.loc[score, "range_high"]))
        parts += [own.drop(columns="x"), beside]
    note = _note(means, dictionary, shown, hidden, people)
    data = pd.concat(parts, ignore_index=True)
    return style.Drawing(sheet.figure, _alt(means, shown, labels(dictionary), study, people), data, note)


def _nothing(waves: list[str]) -> str:
    if len(waves) < 2:
        return "There is one wave, so nobody has a trajectory."
    return "No score has enough people in two waves, so no trajectory is drawn."


# Numbers -------------------------------------------------------------------------------------------------------------


def trajectories(panel: pd.DataFrame, score: str, waves: list[str], random: np.random.Generator) -> pd.DataFrame:
    """Scores of people drawn at random from those with two or more, by number and never by name."""
    own = panel.loc[panel["wave"].isin(waves), ["participant", "wave", score]].dropna()
    often = own["participant"].value_counts()
    several = sorted(often.index[often > 1].astype(str))
    drawn: Iterable[str] = random.choice(several, min(LINES, len(several)), replace=False) if several else []
    number = {person: place for place, person in enumerate(drawn, start=1)}
    own = own.assign(person=own["participant"].astype(str).map(number)).dropna(subset=["person"])
    order = own["wave"].map(waves.index)
    own = own.assign(order=order).sort_values(["person", "order"]).rename(columns={score: "value"})
    own = own[["person", "wave", "value"]].astype({"person": int})
    return own.assign(kind="person", score=score).reset_index(drop=True)


# Ink -----------------------------------------------------------------------------------------------------------------


def _marks(people: bool) -> list[tuple[style.Mark, str]]:
    if people:
        return [(style.stroke(style.SOFT, style.HAIR), "one person")]
    return [(style.swatch(style.PALE_BLUE), "middle half"), (style.stroke(style.INK, style.THIN, "--"), "median")]


def _draw_people(axes: Axes, lines: pd.DataFrame, waves: list[str]) -> None:
    """One line for each person, broken where a wave is missing; what stands alone between gaps is a speck."""
    wide = lines.pivot(index="person", columns="wave", values="value").reindex(columns=waves)
    xs = np.arange(len(waves), dtype=float)
    paths = [np.column_stack([xs, values]) for values in wide.to_numpy(float)]
    look: dict[str, Any] = {"colors": style.SOFT, "linewidths": style.HAIR, "alpha": style.VEIL, "zorder": 2}
    axes.add_collection(LineCollection(paths, label="person", **look))
    alone = _alone(wide)
    axes.plot(
        alone["x"], alone["value"], "o", color=style.SOFT, markersize=style.SPECK, alpha=style.VEIL, label="alone"
    )
    axes.update_datalim(np.concatenate([path[np.isfinite(path[:, 1])] for path in paths]) if paths else [])
    axes.autoscale_view(scalex=False)


def _alone(wide: pd.DataFrame) -> pd.DataFrame:
    """Scores whose neighbours in time are both missing: no line leads to them."""
    there = wide.notna().to_numpy()
    padded = np.pad(there, ((0, 0), (1, 1)))
    people, x = np.nonzero(there & ~padded[:, :-2] & ~padded[:, 2:])
    return pd.DataFrame({"x": x, "value": wide.to_numpy(float)[people, x]})


def _limits(axes: Axes, bounds: tuple[float, float]) -> None:
    """The theoretical range, unless what is drawn fills less than a quarter of it."""
    low, high = axes.get_ylim()
    if np.isfinite(bounds).all() and high - low >= 0.25 * (bounds[1] - bounds[0]):
        low, high = bounds
        room = 0.04 * (high - low)
        axes.set_ylim(low - room, high + room)
    axes.locator_params(axis="y", nbins=5)


def _draw_band(axes: Axes, own: pd.DataFrame, waves: list[str]) -> None:
    x = own["wave"].map(waves.index)
    axes.fill_between(x, own["q25"], own["q75"], color=style.PALE_BLUE, linewidth=0, label="middle half")
    axes.plot(x, own["median"], color=style.INK, linewidth=style.THIN, linestyle="--", label="median")


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(means: pd.DataFrame, shown: list[str], names: dict[str, str], study: dict[str, Any], people: bool) -> str:
    parts = []
    for score in shown:
        own = means[means["score"].eq(score)]
        first, last = own.iloc[0], own.iloc[-1]
        parts.append(
            f"{names[score]} {apa.number(first['mean'])} in {first['wave']}, {apa.number(last['mean'])} in {last['wave']}"
        )
    kind = f"Trajectories of up to {LINES} people each" if people else "Middle halves by wave"
    what = f"{kind} of {counted(len(shown), 'score')}, with means and {level(study)} intervals."
    return f"{what} Means: {'; '.join(parts)}."


def _note(means: pd.DataFrame, dictionary: pd.DataFrame, shown: list[str], hidden: int, people: bool) -> str:
    return sentences(
        people_in_each(means, shown),
        "Means are of everybody with a score in that wave, the lines of a part of them." if people else "",
        f"{counted(hidden, 'further score')} in the table of descriptive statistics." if hidden else "",
        unvalidated(dictionary, shown),
    )
