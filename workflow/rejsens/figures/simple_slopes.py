"""Associations that may differ by a third variable, with the regions of Johnson and Neyman

Each hypothesis has the slope of its outcome on its predictor at three values of the third variable: one SD below its
mean, at it and one SD above. Left, within persons over the waves; right, between persons in one wave, where the band is
the interval of the slope all along: dark where it excludes 0, pale where it includes 0. A broken upright line is a bound
between both, its value in the units of the third variable above. Dotted lines show how far the slope would fan out if
the difference per SD were the smallest effect of interest (SESOI).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import beside, whole
from rejsens.figures._study import level, opening, sentences, span
from rejsens.result_names import label_of, labels_of, third_of

TABLES = ("estimates", "dictionary", "descriptives")
SHOWS_PEOPLE = False

COLUMNS, LEAST = 3, 43.0  # hypotheses side by side at most, mm of one at least
TITLE, HEAD, PANEL, BELOW = 6.8, 3.2, 15.4, 12.0  # mm from the top of a hypothesis down to the next
PITCH = TITLE + HEAD + PANEL + BELOW
TICKS, RIGHT, WIDE = 9.0, 3.0, 34.0  # mm left and right of a plot, and of a plot at most
BEYOND = 0.3  # SDs that the curve goes on beyond a bound
PLACES = {"-1 SD": -1.0, "mean": 0.0, "+0 SD": 0.0, "+1 SD": 1.0}
WITHIN, ONE_WAVE = "cross_level", "moderation"
SLOPE = {WITHIN: ("beta_within", " at "), ONE_WAVE: ("beta", " | ")}
SHOWN = ("hypothesis", "analysis", "wave", "outcome", "term", "metric", "estimate", "ci_low", "ci_high", "n_people", "sesoi")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One analysis of one hypothesis.

    product   its row of the difference per SD (of a category: the first level's)
    slopes    its rows of simple slopes; `z` is the third variable in SDs, or the place of a category's level
    levels    of a category, as they are called; empty for a number
    bounds    its bounds: value in the units of the third variable, and z
    """

    analysis: str
    product: Any
    slopes: pd.DataFrame
    levels: list[str] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    status: str = ""


@style.styled
def draw(
    *,
    estimates: pd.DataFrame,
    dictionary: pd.DataFrame,
    descriptives: pd.DataFrame,
    study: dict[str, Any],
    people: bool = False,
) -> style.Drawing:
    every = moderated(estimates, descriptives)
    if not every:
        return style.sentence(
            "No hypothesis asks whether an association differs by a third variable, or none could be tested, so no "
            "slope is drawn.",
            study, SHOWN,
        )  # fmt: skip
    columns = min(beside(LEAST, COLUMNS), max(2, len(every)))
    most = columns * int((style.MAX_HEIGHT - style.header(study, legend=True)) / PITCH)
    shown = dict(list(every.items())[:most])
    height = style.header(study, legend=True) + -(-len(shown) // columns) * PITCH + 0.5
    sheet = style.Sheet(style.PAGE, height, study, legend=True)
    _legend(sheet, shown, study)
    slot, names = whole() / columns, labels_of(dictionary)
    for place, (hypothesis, parts) in enumerate(shown.items()):
        row, column = divmod(place, columns)
        _hypothesis(sheet, hypothesis, parts, (style.MARGIN + column * slot, sheet.top + row * PITCH, slot), names)
    return style.Drawing(sheet.figure, _alt(shown, study), _data(shown), _note(shown, list(every)[most:]))


# Rows ----------------------------------------------------------------------------------------------------------------


def moderated(estimates: pd.DataFrame, descriptives: pd.DataFrame) -> dict[str, list[Part]]:
    """Hypothesis -> its analyses with slopes, within persons first; one without any slope is left out."""
    found: dict[str, list[Part]] = {}
    of = estimates[estimates["analysis"].isin(SLOPE) & estimates["hypothesis"].notna()]
    for hypothesis, own in of.groupby("hypothesis", sort=False):
        parts = [_part(kind, own[own["analysis"].eq(kind)], descriptives) for kind in SLOPE]
        if any(part is not None for part in parts):
            found[str(hypothesis)] = [part for part in parts if part is not None]
    return found


def _part(kind: str, own: pd.DataFrame, descriptives: pd.DataFrame) -> Part | None:
    """One analysis; of several missing-data rules the first, which is the one that decides."""
    own = own[own["missing_rule"].eq(own["missing_rule"].iloc[0])] if len(own) else own
    metric, joint = SLOPE[kind]
    products = own[own["term"].str.contains(":", regex=False) & own["metric"].ne("wald_f") & own["estimate"].notna()]
    slopes = own[own["term"].str.contains(joint, regex=False) & own["metric"].eq(metric)].dropna(subset=["ci_low"])
    if products.empty or len(slopes) < 2:
        return None
    ends = [end for term in slopes["term"] if (end := re.search(r"(-1 SD|mean|\+0 SD|\+1 SD)$", term))]
    product = next(products.itertuples())
    if len(ends) < len(slopes):
        levels = [term.rpartition("=")[2] for term in slopes["term"]]
        return Part(kind, product, slopes.assign(z=np.arange(float(len(slopes)))), levels)
    slopes = slopes.assign(z=[PLACES[end[1]] for end in ends]).sort_values("z")
    told = own[own["metric"].eq("johnson_neyman")]
    values = sorted(told["estimate"].dropna())
    status = "" if values or told.empty else str(told["status"].iloc[0])
    return Part(kind, product, slopes, [], _placed(values, product, slopes, descriptives), status)


def _placed(
    values: list[float], product: Any, slopes: pd.DataFrame, descriptives: pd.DataFrame
) -> list[tuple[float, float]]:
    """Bounds with where they lie in SDs. One of two crossings may lie among the extremes, and is no bound: then it is
    the crossing next to where the mean and the SD of the third variable put the bound."""
    found = crossings(slopes)
    if len(found) == len(values):
        return list(zip(values, found, strict=True))
    rows = descriptives[descriptives["score"].eq(third_of(product._asdict())) & descriptives["wave"].eq(product.wave)]
    mean, sd = (rows["mean"].iloc[0], rows["sd"].iloc[0]) if len(rows) else (np.nan, np.nan)
    near = [(value, (value - mean) / sd if np.isfinite(mean) else 0.0) for value in values]
    return [(value, min(found, key=lambda z: abs(z - at))) for value, at in near if found]


def _lines(slopes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, highest power first, of the slope and of its interval's squared half width in z.

    The slope is a line in the third variable and the variance of a slope is a parabola, so that three rows of the table
    determine both exactly.
    """
    z, b = slopes["z"].to_numpy(), slopes["estimate"].to_numpy()
    half = (slopes["ci_high"] - slopes["ci_low"]).to_numpy() / 2
    return np.polyfit(z, b, 1), np.polyfit(z, half**2, 2)


def crossings(slopes: pd.DataFrame) -> list[float]:
    """Values of z at which an end of the interval is 0, ascending; none unless the table has all three slopes."""
    if len(slopes) != 3:
        return []
    line, square = _lines(slopes)
    roots = np.roots(np.polysub(np.polymul(line, line), square))
    return sorted(float(root.real) for root in roots if abs(root.imag) < 1e-9)


def curve(part: Part) -> pd.DataFrame:
    """The slope and its interval from one SD below to one above, and on to a bound beyond; `excludes` 0 or not.

    Each stretch between crossings is whole, its ends included, so that colours meet where the interval reaches 0.
    """
    inside = [z for _, z in part.bounds]
    low, high = min([-1.0, *(z - BEYOND for z in inside)]), max([1.0, *(z + BEYOND for z in inside)])
    ends = [low, *(z for z in crossings(part.slopes) if low < z < high), high]
    line, square = _lines(part.slopes)
    parts = []
    for number, (start, end) in enumerate(pairwise(ends)):
        z = np.linspace(start, end, max(2, round(20 * (end - start))))
        slope, half = np.polyval(line, z), np.sqrt(np.maximum(np.polyval(square, z), 0.0))
        middle = (start + end) / 2
        excludes = bool(np.polyval(line, middle) ** 2 > np.polyval(square, middle))
        stretch = {"stretch": number, "z": z, "estimate": slope, "ci_low": slope - half, "ci_high": slope + half}
        parts.append(pd.DataFrame(stretch | {"excludes": excludes}))
    return pd.concat(parts, ignore_index=True)


def has_curve(part: Part) -> bool:
    """Whether the interval is known all along: one wave, a number, three slopes."""
    return part.analysis == ONE_WAVE and not part.levels and len(part.slopes) == 3


def _data(shown: dict[str, list[Part]]) -> pd.DataFrame:
    """One row for each mark: the difference, slopes, bounds, and the curve of one wave."""
    rows = []
    for hypothesis, parts in shown.items():
        for part in parts:
            own = {name: getattr(part.product, name) for name in SHOWN}
            rows += [pd.DataFrame([own | {"kind": "difference"}])]
            rows += [part.slopes[[*SHOWN, "z"]].assign(kind="slope")]
            rows += [pd.DataFrame([own | NO_NUMBER | {"kind": "bound", "value": v, "z": z}]) for v, z in part.bounds]
            if has_curve(part):
                rest = {"hypothesis": hypothesis, "analysis": part.analysis, "wave": own["wave"], "kind": "curve"}
                rows += [curve(part).drop(columns="stretch").assign(**rest)]
    data = pd.concat([row.dropna(axis=1, how="all") for row in rows], ignore_index=True)
    order = ["kind", *SHOWN, "z", "value", "excludes"]
    return data.reindex(columns=[name for name in order if name in data])


NO_NUMBER = dict.fromkeys(("estimate", "ci_low", "ci_high"), np.nan)


# Ink -----------------------------------------------------------------------------------------------------------------


def _legend(sheet: style.Sheet, shown: dict[str, list[Part]], study: dict[str, Any]) -> None:
    parts = [part for own in shown.values() for part in own]
    entries = [(style.dot(style.BLUE), f"slope with {level(study)} interval")]
    if any(has_curve(part) for part in parts):
        entries += [(style.swatch(style.PALE_BLUE), "interval excludes 0"), (style.swatch(style.GHOST), "includes 0")]
    if any(part.bounds for part in parts):
        entries.append((style.stroke(style.RUST, style.LINE, "--"), "bound"))
    if any(_fans(part) for part in parts):
        entries.append((style.stroke(style.SOFT, style.LINE, ":"), "difference of the SESOI"))
    sheet.legend(entries)


def _fans(part: Part) -> bool:
    return not part.levels and pd.notna(part.product.sesoi)


def _hypothesis(
    sheet: style.Sheet, name: str, parts: list[Part], box: tuple[float, float, float], names: dict[str, str]
) -> None:
    left, top, slot = box
    wide = style.width_of(name, style.SMALL, "bold") + 1.5
    sheet.text(left, top, name, size=style.SMALL, weight="bold")
    sheet.text(left + wide, top, style.wrap(_pair(parts[0], names), slot - wide - 2, style.SMALL), size=style.SMALL)
    room = slot - RIGHT - TICKS * len(parts)
    width = min(room / len(parts), WIDE)
    for place, part in enumerate(parts):
        start = left + TICKS + place * (TICKS + width)
        head = _head(part, width + (TICKS - 2 if place < len(parts) - 1 else RIGHT))
        sheet.text(start, top + TITLE, head, size=style.SMALLEST, colour=style.SOFT)
        draw_slopes(sheet.axes(start, top + TITLE + HEAD, width, PANEL), part)
    third = third_of(parts[0].product._asdict()).partition("=")[0]
    words = opening(label_of(third, names)) + ("" if parts[0].levels else ", in SDs")
    middle = (TICKS + len(parts) * (width + TICKS)) / 2
    words = style.wrap(words, 2 * min(middle, slot - 1 - middle), style.SMALLEST)
    sheet.text(left + middle, top + PITCH - 7.4, words, size=style.SMALLEST, ha="center")


def _pair(part: Part, names: dict[str, str]) -> str:
    """Predictor and outcome, as a title."""
    predictor = str(part.product.term).partition(":")[0]
    return opening(f"{label_of(predictor, names)} with {label_of(part.product.outcome, names)}")


def _head(part: Part, room: float) -> str:
    """Whose slopes they are; of one wave with its bounds, which have the room before the name of the wave has it."""
    wave = "within persons" if part.analysis == WITHIN else str(part.product.wave)
    values = " and ".join(apa.number(value) for value, _ in part.bounds)
    said = [f"{wave}, 0 at {values}", f"0 at {values}"] if values else [wave]
    fits = (text for text in said if style.width_of(text, style.SMALLEST) <= room)
    return next(fits, style.wrap(wave, room, style.SMALLEST, lines=1))


def draw_slopes(axes: Axes, part: Part) -> None:
    """Simple slopes with their intervals; in one wave also the curve and its regions."""
    own = part.slopes
    low, high = own["ci_low"].min(), own["ci_high"].max()
    axes.axhline(0, color=style.INK, linewidth=style.THIN, zorder=1.5)
    if has_curve(part):
        found = curve(part)
        low, high = min(low, found["ci_low"].min()), max(high, found["ci_high"].max())
        for _, stretch in found.groupby("stretch"):
            excludes = bool(stretch["excludes"].iloc[0])
            fill, name = (style.PALE_BLUE, "excludes 0") if excludes else (style.GHOST, "includes 0")
            axes.fill_between(stretch["z"], stretch["ci_low"], stretch["ci_high"], color=fill, linewidth=0, label=name)
        for end in ("ci_low", "ci_high"):
            axes.plot(found["z"], found[end], color=style.SOFT, linewidth=style.HAIR, zorder=2, label=end)
        axes.plot(found["z"], found["estimate"], color=style.BLUE, linewidth=style.THIN, zorder=3, label="curve")
        for _, z in part.bounds:
            axes.axvline(z, color=style.RUST, linewidth=style.LINE, linestyle="--", zorder=2, label="bound")
    if _fans(part) and 0.0 in set(own["z"]):
        middle = own.loc[own["z"].eq(0.0), "estimate"].iloc[0]
        for sign in (-1, 1):
            ends = [middle - sign * part.product.sesoi, middle + sign * part.product.sesoi]
            axes.plot([-1, 1], ends, color=style.SOFT, linewidth=style.LINE, linestyle=":", zorder=2, label="sesoi")
            low, high = min(low, *ends), max(high, *ends)
    style.means(axes, own["z"], own["estimate"], own["ci_low"], own["ci_high"])
    if part.levels:
        axes.lines[-2].set_visible(False)  # levels of a category are not joined
    low, high = min(low, 0.0), max(high, 0.0)
    axes.set_ylim(low - 0.07 * (high - low), high + 0.07 * (high - low))
    axes.locator_params(axis="y", nbins=4)
    _ticks(axes, part)


def _ticks(axes: Axes, part: Part) -> None:
    """One, 0 and one SD, whatever the reach of the curve; the levels of a category by their codes."""
    places = part.slopes["z"].to_numpy()
    reach = [*places, *(z + BEYOND * np.sign(z) for _, z in part.bounds)]
    words = part.levels or [apa.number(z, 0) for z in places]
    axes.set(xlim=(min(reach) - 0.25, max(reach) + 0.25), xticks=places)
    axes.set_xticklabels(words)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(shown: dict[str, list[Part]], study: dict[str, Any]) -> str:
    said = []
    for hypothesis, parts in shown.items():
        said.append(f"{hypothesis} {parts[0].product.label}: {'; '.join(_plain(part) for part in parts)}")
    return sentences(
        f"Simple slopes of {len(shown)} {'hypothesis' if len(shown) == 1 else 'hypotheses'} with "
        f"{level(study)} intervals.",
        f"{'. '.join(said)}.",
    )


def _plain(part: Part) -> str:
    """The slopes in order, the difference and the bounds of one analysis."""
    slopes = ", ".join(apa.number(b) for b in part.slopes["estimate"])
    where = "within persons" if part.analysis == WITHIN else f"wave {part.product.wave}"
    at = f"levels {', '.join(part.levels)}" if part.levels else "one SD below, at and above the mean"
    own = part.product
    per = "of the first level" if part.levels else "per SD"
    bounds = "".join(f", bound at {apa.number(value)}" for value, _ in part.bounds)
    difference = apa.coefficient(own.estimate, own.ci_low, own.ci_high)
    return f"{where} {slopes} at {at}, difference {per} {difference}{bounds}"


def _note(shown: dict[str, list[Part]], hidden: list[str]) -> str:
    parts = [(name, part) for name, own in shown.items() for part in own]
    people = pd.Series([part.product.n_people for _, part in parts]).dropna()
    said = [(word, [name for name, part in parts if f"interval {word} 0" in part.status]) for word in ("excludes", "includes")]  # fmt: skip
    throughout = [f"{word} 0 all along: {', '.join(own)}" for word, own in said if own]
    both = {part.analysis for _, part in parts}
    return sentences(
        f"n = {span(people)} people." if len(people) else "",
        "Slopes within persons are in within-person SDs, those of one wave in SDs." if both == {*SLOPE} else "",
        f"Between the 5th and the 95th percentile the interval {'; it '.join(throughout)}." if throughout else "",
        "SESOI: smallest effect of interest." if any(_fans(part) for _, part in parts) else "",
        f"Not shown: {', '.join(hidden)}." if hidden else "",
    )
