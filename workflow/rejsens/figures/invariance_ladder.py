"""Measurement invariance, rung by rung

From left to right ever more is made equal between groups or waves. Each box compares its rung with the one before: the
verdict of the test, its p, and CFI and RMSEA with their changes in brackets. An asterisk marks a rung above a rejected
one, which is compared with a model that fits worse already. A tinted box is a rung whose equality was
not rejected, a framed white box one that was rejected; broken frames hold rungs that could not be fitted or tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rejsens import apa, style
from rejsens.figures._instrument import ADMISSIBLE, few
from rejsens.figures._study import min_cell, sentences, spoken
from rejsens.phrases import ABOVE_REJECTED, above_rejected, labelled

TABLES = ("invariance", "factor_models", "loadings")
SHOWS_PEOPLE = False
OF = "instrument"

NAMES, GAP = 31.0, 3.0  # mm of the names of the scales, and from box to box
ROW_GAP, HEAD_GAP = 1.6, 2.0
LINES = 4  # of text in a box
WIDEST = 32.0
WAVES = "waves"
STEPS = {  # what a rung makes equal, in the words of the heading
    "configural": "nothing equal",
    "thresholds": "thresholds equal",
    "metric": "and loadings",
    "loadings": "and loadings",
    "scalar": "and intercepts",
    "intercepts": "and intercepts",
    "strict": "and residuals",
    "unique variances": "and residuals",
}
MARK = " *"  # behind the verdict of a rung above a rejected one
LOOKS = {  # verdict -> (fill, frame, width of the frame, style of the frame, colour of the verdict)
    "start": (style.GHOST, style.SOFT, style.HAIR, "-", style.INK),
    "not rejected": (style.BAND, style.BLUE, style.THIN, "-", style.INK),
    "rejected": (style.WHITE, style.RUST, style.INTERVAL, "-", style.RUST),
    "other": (style.WHITE, style.SOFT, style.THIN, (0, (3, 2)), style.SOFT),
}


@dataclass(frozen=True)
class Section:
    """The ladders of one comparison: `ladders` holds one table per scale, by its name."""

    title: str  # already broken into lines
    said: str
    rungs: list[str]
    ladders: dict[str, pd.DataFrame]

    @property
    def head(self) -> float:
        title = style.height_of(self.title.count("\n") + 1, style.SMALL)
        return title + style.height_of(2, style.SMALLEST) + 1.0

    def height(self, lines: int) -> float:
        return self.head + len(self.ladders) * (_box(lines) + ROW_GAP) + HEAD_GAP


@style.styled
def draw(
    *,
    invariance: pd.DataFrame,
    factor_models: pd.DataFrame,
    loadings: pd.DataFrame,
    study: dict[str, Any],
    instrument: str = "",
    people: bool = False,
) -> style.Drawing:
    people_of_ladder = invariance.groupby(["model", "between"])["n"].transform("max")  # a barred rung has no people
    rows = invariance[people_of_ladder.ge(1 if people else min_cell(study))]
    if rows.empty:
        why = "no scale was asked in two waves, or of two groups, that are large enough"
        return style.sentence(f"There is no ladder of invariance to show: {why}.", study)
    names = {row.model: row.label for row in factor_models[factor_models["structure"].eq("one_factor")].itertuples()}
    items = dict(zip(loadings["item"], loadings["label"], strict=True))
    sections, lines, dropped = _that_fit(_sections(rows, names))
    sheet = _sheet(sections, lines, study)
    shown = pd.concat([ladder for section in sections for ladder in section.ladders.values()], ignore_index=True)
    return style.Drawing(sheet.figure, _alt(sections), shown, _note(shown, names, items, dropped, study))


# Layout --------------------------------------------------------------------------------------------------------------


def _sections(rows: pd.DataFrame, names: dict[str, str]) -> list[Section]:
    """Comparisons in the order of the table; scales that share groups or waves, and the names of their rungs, together."""
    found: dict[tuple[Any, ...], dict[str, pd.DataFrame]] = {}
    for (between, compared, model), own in rows.groupby(["between", "compared", "model"], sort=False):
        place = (between, compared, tuple(own["rung"]))
        found.setdefault(place, {})[names.get(model, spoken(model))] = own
    sections = []
    for (between, compared, rungs), ladders in found.items():
        over = "Over waves" if between == WAVES else f"By {spoken(between)}"
        said = f"{over}: {compared.replace('; ', ', ')}"
        title = style.wrap(said, style.PAGE - 2 * style.MARGIN, style.SMALL, weight="bold")
        sections.append(Section(title, said, list(rungs), ladders))
    return sections


def _that_fit(sections: list[Section]) -> tuple[list[Section], int, list[str]]:
    """What fits a page: boxes of fewer lines first, then fewer scales, the last ones going first."""
    partial = any(ladder["partial_d_p"].notna().any() for section in sections for ladder in section.ladders.values())
    zeros = apa.r(0.5).startswith("0")  # leading zeros break the longest line
    for lines in (LINES + partial + zeros, LINES + partial, LINES - 1, LINES - 2):
        if _tall(sections, lines) <= style.MAX_HEIGHT:
            return sections, lines, []
    kept = [Section(s.title, s.said, s.rungs, dict(s.ladders)) for s in sections]
    dropped: list[str] = []
    while sum(len(s.ladders) for s in kept) > 1 and _tall(kept, lines) > style.MAX_HEIGHT:
        name, _ = kept[-1].ladders.popitem()
        dropped.insert(0, f"{name} ({kept[-1].said.split(':')[0].lower()})")
        kept = [section for section in kept if section.ladders]
    return kept, lines, dropped


def _tall(sections: list[Section], lines: int) -> float:
    return style.HEADER + sum(section.height(lines) for section in sections)


def _box(lines: int) -> float:
    return style.height_of(lines, style.SMALLEST) + 1.4


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(sections: list[Section], lines: int, study: dict[str, Any]) -> style.Sheet:
    tall = _tall(sections, lines) - style.HEADER
    sheet = style.Sheet(style.PAGE, style.header(study) + tall, study)
    top = sheet.top
    for section in sections:
        _section(sheet, section, lines, top)
        top += section.height(lines)
    return sheet


def _section(sheet: style.Sheet, section: Section, lines: int, top: float) -> None:
    room = (style.PAGE - 2 * style.MARGIN - NAMES) / len(section.rungs)
    wide = min(room, WIDEST) - GAP
    sheet.text(style.MARGIN, top, section.title, size=style.SMALL, weight="bold")
    top += style.height_of(section.title.count("\n") + 1, style.SMALL) + 0.4
    lefts = [style.MARGIN + NAMES + place * (wide + GAP) for place in range(len(section.rungs))]
    for left, rung in zip(lefts, section.rungs, strict=True):
        sheet.text(left, top, style.wrap(rung, wide, style.SMALLEST, lines=1), size=style.SMALLEST, weight="bold")
        words = style.wrap(STEPS.get(rung, ""), wide, style.SMALLEST, lines=1)
        sheet.text(left, top + style.height_of(1, style.SMALLEST), words, size=style.SMALLEST, colour=style.SOFT)
    top += style.height_of(2, style.SMALLEST) + 0.6
    tall = _box(lines)
    for name, ladder in section.ladders.items():
        canvas = sheet.canvas(0, top, style.PAGE, tall)
        words = style.wrap(name, NAMES - 2, style.SMALLEST, lines=max(lines - 1, 1))
        sheet.text(style.MARGIN, top + 0.4, words, size=style.SMALLEST)
        below = top + 0.4 + style.height_of(words.count("\n") + 1, style.SMALLEST)
        people = f"n = {apa.count(ladder['n'].max())}"
        sheet.text(style.MARGIN, below, people, size=style.SMALLEST, colour=style.SOFT)
        _ladder(sheet, canvas, ladder, lefts, wide, lines, top)
        top += tall + ROW_GAP


def _ladder(
    sheet: style.Sheet, canvas: Axes, ladder: pd.DataFrame, lefts: list[float], wide: float, lines: int, top: float
) -> None:
    """One scale: a box for each rung, an arrow from the rung that it is compared with."""
    tall, places = _box(lines), dict(zip(ladder["rung"], lefts, strict=True))
    for left, rung, above in zip(lefts, ladder.itertuples(), above_rejected(ladder), strict=True):
        verdict, words = in_words(rung, above)
        fill, frame, width, dashes, colour = LOOKS[verdict]
        look: dict[str, Any] = {"facecolor": fill, "edgecolor": frame, "linewidth": width, "linestyle": dashes}
        canvas.add_patch(Rectangle((left, 0.2), wide, tall - 0.4, label=verdict, clip_on=False, **look))
        if rung.against in places:
            _arrow(canvas, places[rung.against] + wide, left, tall)
        inside = [style.wrap(words[0], wide - 1.6, style.SMALLEST, weight="bold", lines=1)]
        inside += _fitted_lines(words[1:], wide - 1.6, lines - 1)
        _words(sheet, left + 0.9, top + 0.8, inside, colour)


def _arrow(canvas: Axes, start: float, end: float, tall: float) -> None:
    """From box to box; below the boxes where one that could not be tested lies between."""
    middle = tall / 2
    line: dict[str, Any] = {"color": style.SOFT, "linewidth": style.THIN, "clip_on": False}
    if end - start > GAP + 0.1:
        out, back, under = start + 1.2, end - 1.6, tall + 0.6
        canvas.plot([start, out, out, back, back, end - 1.0], [middle, middle, under, under, middle, middle], **line)
    else:
        canvas.plot([start, end - 1.0], [middle, middle], **line)
    canvas.fill([end - 0.2, end - 1.2, end - 1.2], [middle, middle - 0.6, middle + 0.6], color=style.SOFT)


def _words(sheet: style.Sheet, left: float, top: float, inside: list[str], colour: str) -> None:
    sheet.text(left, top, inside[0], size=style.SMALLEST, weight="bold", colour=colour)
    below = top + style.height_of(1, style.SMALLEST)
    plain = style.SOFT if colour == style.SOFT else style.INK
    sheet.text(left, below, "\n".join(inside[1:]), size=style.SMALLEST, colour=plain)


def _fitted_lines(words: list[str], width: float, lines: int) -> list[str]:
    """Numbers keep a line each, but for a change in brackets that has no room; a reason in words is broken to fill the box."""
    if len(words) > 1:
        wide = {word for word in words if style.width_of(word, style.SMALLEST) > width}
        return [part for word in words for part in (word.replace(" (", "\n(").split("\n") if word in wide else [word])][
            :lines
        ]
    return style.wrap(words[0], width, style.SMALLEST, lines=lines).split("\n")


# Words ---------------------------------------------------------------------------------------------------------------


def in_words(rung: Any, above: bool = False) -> tuple[str, list[str]]:
    """A rung's verdict, and the lines of its box: the verdict, then numbers or a reason; `above`: above a rejected rung."""
    if rung.status != ADMISSIBLE:
        kind, _, reason = rung.status.partition(": ")
        known = kind in ("barred", "not testable")
        return "other", [kind, reason] if known else ["not admissible", rung.status]
    if not rung.against:
        return "start", ["fitted", *_fit(rung)] if pd.notna(rung.cfi) else [
            "fitted",
            "fits always: no fit to report",
        ]
    if rung.holds not in ("rejected", "not rejected"):
        return "other", ["not tested", *_fit(rung)]
    verdict = f"{rung.holds}{MARK if above else ''}"
    return rung.holds, [verdict, f"p {apa.p(rung.d_p, relation=True)}", *_partial(rung), *_fit(rung)]


def _partial(rung: Any) -> list[str]:
    """The test of a rung without what was released, on a line of its own."""
    return [f"partial: p {apa.p(rung.partial_d_p, relation=True)}"] if pd.notna(rung.partial_d_p) else []


def _fit(rung: Any) -> list[str]:
    return [f"CFI {apa.r(rung.cfi, 3)}{_change(rung.d_cfi)}", f"RMSEA {apa.r(rung.rmsea, 3)}{_change(rung.d_rmsea)}"]


def _change(value: float) -> str:
    """A change in brackets, with its sign."""
    if pd.isna(value):
        return ""
    words = apa.r(value, 3)
    return f" ({words})" if value < 0 or apa.rounded(value, 3) == 0 else f" (+{words})"


def _alt(sections: list[Section]) -> str:
    parts = []
    for section in sections:
        scales = [f"{name}: {_climb(ladder)}" for name, ladder in section.ladders.items()]
        parts.append(f"{section.said}. {'; '.join(scales)}")
    return f"Ladders of measurement invariance. {'. '.join(parts)}."


def _climb(ladder: pd.DataFrame) -> str:
    steps = []
    for rung, above in zip(ladder.itertuples(), above_rejected(ladder), strict=True):
        verdict, words = in_words(rung, above)
        told = "; ".join([f"p {apa.p(rung.d_p, relation=True)}", *_partial(rung), *([ABOVE_REJECTED] if above else [])])
        p = f" ({told})" if verdict in ("rejected", "not rejected") else ""
        fit = f" (CFI {apa.r(rung.cfi, 3)})" if verdict == "start" and pd.notna(rung.cfi) else ""
        steps.append(f"{rung.rung} {words[0].removesuffix(MARK)}{p}{fit}")
    return ", ".join(steps)


def _note(
    shown: pd.DataFrame, names: dict[str, str], items: dict[str, str], dropped: list[str], study: dict[str, Any]
) -> str:
    failed = shown[shown["status"].ne(ADMISSIBLE) & ~shown["status"].str.startswith("barred")]
    reasons = [
        f"{names.get(row.model, spoken(row.model))}, {row.rung}: {labelled(row.status, items)}"
        for row in failed.itertuples()
    ]
    kept = shown[shown["holds"].eq("rejected") & shown["partial_holds"].fillna("").str.startswith("no release")]
    reasons += [
        f"{names.get(row.model, spoken(row.model))}, {row.rung}: {row.partial_holds}" for row in kept.itertuples()
    ]
    released = shown[shown["released"].astype("str").str.len().gt(0) & shown["released"].notna()]
    free = [
        f"{names.get(row.model, spoken(row.model))}, {row.rung}: {labelled(row.released, items)}"
        for row in released.itertuples()
    ]
    rules = dict.fromkeys(zip(shown["estimator"], shown["missing_rule"], strict=True))
    guide = (
        "Changes of CFI and RMSEA have no cut-offs with ordered answers (WLSMV) and decide nothing."
        if shown["estimator"].eq("WLSMV").any()
        else "Changes of CFI and RMSEA are guides and decide nothing."
    )
    return sentences(
        f"Rejected: fits worse than the rung before at alpha = {apa.r(float(study.get('alpha') or 0.05))}, which tells "
        "not by how much; over many people it always will.",
        guide,
        f"* {ABOVE_REJECTED[0].upper()}{ABOVE_REJECTED[1:]}."
        if any(any(above_rejected(ladder)) for _, ladder in shown.groupby(["model", "between"], sort=False))
        else "",
        " ".join(f"{name}: {rule}." for name, rule in rules if name),
        f"“Partial” is the test without what was released: exploratory, chosen by the data and free from there on: {few(free)}."
        if free
        else "",
        f"{few(list(dict.fromkeys(reasons)))}." if reasons else "",
        f"Not shown for space: {'; '.join(dropped)}." if dropped else "",
    )
