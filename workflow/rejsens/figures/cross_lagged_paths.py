"""Cross-lagged paths from one wave to the next

Each diagram is a random-intercept cross-lagged panel model of one hypothesis. Left is one wave, right the next, the
paths are equal over all of them: level arrows carry a deviation on to the same measure, crossing arrows to the other one.
Numbers are standardised within persons, with their intervals. What is stable about a person stands below, apart
from the paths. The order in time is in the model; what brought it about is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens import apa, style
from rejsens.figures import _arrows
from rejsens.figures._page import half, halved
from rejsens.figures._study import level, opening, sentences, span
from rejsens.result_names import label_of, labels_of

TABLES = ("estimates", "dictionary")
SHOWS_PEOPLE = False

MODEL, BOTH = "ri_clpm", "ri_clpm_both"
LAGGED = "_lagged"
GAP = 6.0  # mm between columns
BOX, TALL, APART = 19.0, 9.6, 21.5  # mm, width and height of a box, and from the middle of the upper to the lower one
ALONG = 0.7  # of a crossing arrow, where its number stands at most
BELOW = 3.6  # mm after a diagram
CORRELATIONS = {"r_within": "together in one wave", "r_between": "stable levels"}
SHOWN = ("hypothesis", "analysis", "wave", "outcome", "term", "metric", "estimate", "ci_low", "ci_high", "sesoi", "n_people", "missing_rule")  # fmt: skip


@dataclass(frozen=True)
class Diagram:
    """One hypothesis: `rows` are its four paths (`cause`, `effect`, `carries`), then its correlations."""

    hypothesis: str
    label: str
    rows: pd.DataFrame
    predictor: str
    outcome: str

    def path(self, cause: str, effect: str) -> Any:
        return next(self.rows[self.rows["cause"].eq(cause) & self.rows["effect"].eq(effect)].itertuples())


@style.styled
def draw(
    *, estimates: pd.DataFrame, dictionary: pd.DataFrame, study: dict[str, Any], people: bool = False
) -> style.Drawing:
    every, refused = diagrams(estimates)
    if not every:
        return style.sentence(_nothing(refused), study, (*SHOWN, "carries"))
    lines = _lines(every)
    room = style.MAX_HEIGHT - style.header(study, legend=True)
    lines = [line for k, line in enumerate(lines) if sum(map(_tall, lines[: k + 1])) <= room]
    shown = [diagram for line in lines for diagram in line]
    rows = pd.concat([diagram.rows for diagram in shown])
    height = style.header(study, legend=True) + sum(map(_tall, lines)) + 0.5
    sheet = style.Sheet(style.PAGE, height, study, legend=True)
    _arrows.legend(sheet, rows.dropna(subset=["cause"]), level(study))
    names, top = labels_of(dictionary), sheet.top
    for line in lines:
        for column, diagram in enumerate(line):
            _diagram(sheet, diagram, (style.MARGIN + column * (half(GAP) + GAP), top), names)
        top += _tall(line)
    data = rows[[*SHOWN, "carries"]].reset_index(drop=True)
    hidden = [diagram.hypothesis for diagram in every[len(shown) :]]
    return style.Drawing(sheet.figure, _alt(shown, names, study), data, _note(rows, hidden, refused))


# Rows ----------------------------------------------------------------------------------------------------------------


def diagrams(estimates: pd.DataFrame) -> tuple[list[Diagram], list[tuple[str, str]]]:
    """The hypotheses whose model has all four paths, and those that have none, with the reason."""
    return _arrows.diagrams_of(estimates, (MODEL, BOTH), _one)


def _one(name: str, own: pd.DataFrame) -> Diagram | None:
    model = own[own["analysis"].eq(MODEL)].dropna(subset=["estimate", "ci_low"])
    paths = model[model["metric"].eq("beta_within") & model["term"].str.endswith(LAGGED)]
    paths = paths.assign(cause=paths["term"].str.removesuffix(LAGGED), effect=paths["outcome"])
    paths = paths.drop_duplicates(["cause", "effect"])
    across = paths[paths["cause"].ne(paths["effect"])]
    if len(paths) != 4 or len(across) != 2:
        return None
    first = next(across.itertuples())
    decides = own["decides"].astype("boolean").fillna(False)
    both = own.loc[decides, "analysis"].eq(BOTH).any()
    judged = paths["decides"].astype("boolean").fillna(False) | (both & paths["cause"].ne(paths["effect"]))
    rest = model[model["metric"].isin(list(CORRELATIONS))].assign(cause=None, effect=None)
    rows = pd.concat([paths.assign(carries=judged.astype(bool)), rest.assign(carries=False)])
    return Diagram(name, str(first.label), rows, first.cause, first.effect)


def _lines(every: list[Diagram]) -> list[list[Diagram]]:
    """Diagrams side by side, as many as the page is wide."""
    columns = 2 if halved(GAP) else 1
    return [every[start : start + columns] for start in range(0, len(every), columns)]


def _nothing(refused: list[tuple[str, str]]) -> str:
    if not refused:
        return "No hypothesis asks what follows what over the waves, so no cross-lagged path is drawn."
    told = "; ".join(f"{name}: {reason}" for name, reason in refused[:3])
    return f"No cross-lagged panel model could be estimated, so no path is drawn. {told}."


# Ink -----------------------------------------------------------------------------------------------------------------


def _title(diagram: Diagram) -> str:
    room = half(GAP) - style.width_of(diagram.hypothesis, style.SMALL, "bold") - 2.0
    return style.wrap(diagram.label, room, style.SMALL)


def _below(diagram: Diagram) -> str:
    """The correlations beside the paths."""
    own = diagram.rows[diagram.rows["metric"].isin(list(CORRELATIONS))]
    said = [f"{CORRELATIONS[row.metric]} r = {_arrows.estimate(row)}" for row in own.itertuples()]
    return style.wrap(opening("; ".join(said)), half(GAP) - 1, style.SMALLEST, lines=2)


def _heights(diagram: Diagram) -> tuple[float, float, float]:
    """mm of the title, of the boxes, of the correlations."""
    below = _below(diagram)
    lines = below.count("\n") + 1 if below else 0
    return (
        style.height_of(_title(diagram).count("\n") + 1, style.SMALL) + 1.0,
        APART + TALL,
        style.height_of(lines, style.SMALLEST) + 1.2 if lines else 0.0,
    )


def _tall(line: list[Diagram]) -> float:
    return max(sum(_heights(diagram)) for diagram in line) + BELOW


def _diagram(sheet: style.Sheet, diagram: Diagram, corner: _arrows.Point, names: dict[str, str]) -> None:
    left, top = corner
    head, boxes, _ = _heights(diagram)
    indent = style.width_of(diagram.hypothesis, style.SMALL, "bold") + 1.5
    sheet.text(left, top, diagram.hypothesis, size=style.SMALL, weight="bold")
    sheet.text(left + indent, top, _title(diagram), size=style.SMALL)
    corner = (left, top + head)
    width = half(GAP) - 0.4
    canvas = sheet.canvas(*corner, width, boxes)
    heights = {diagram.predictor: TALL / 2, diagram.outcome: TALL / 2 + APART}
    for name, y in heights.items():
        words = style.wrap(opening(label_of(name, names)), BOX - 1.6, style.SMALLEST, lines=3)
        for x in (0.2, width - BOX - 0.2):
            _arrows.box(canvas, x, y - TALL / 2, BOX, TALL, words)
            _arrows.words(sheet, corner, x + BOX / 2, y, words)
    start, end = BOX + 0.4, width - BOX - 0.4
    for cause, y in heights.items():
        for effect, to in heights.items():
            row = diagram.path(cause, effect)
            share = 0.5 if cause == effect else min(ALONG, 1 - (_arrows.wide(row) / 2 + 0.3) / (end - start))
            across = 0.0 if cause == effect else 2.2 if to > y else -2.2
            _arrows.arrow(canvas, (start, y + across), (end, to - across), row)
            at = (start + share * (end - start), y + across + share * (to - y - 2 * across))
            _arrows.number(sheet, canvas, corner, at, row)
    sheet.text(left, top + head + boxes + 1.2, _below(diagram), size=style.SMALLEST, colour=style.SOFT)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(shown: list[Diagram], names: dict[str, str], study: dict[str, Any]) -> str:
    said = []
    for diagram in shown:
        paths = "; ".join(
            f"{label_of(row.cause, names)} to {'itself' if row.cause == row.effect else label_of(row.effect, names)} "
            f"{_arrows.estimate(row)}"
            for row in diagram.rows.dropna(subset=["cause"]).itertuples()
        )
        said.append(f"{diagram.hypothesis} {diagram.label}: from one wave to the next, {paths}")
    start = f"{len(said)} cross-lagged {'diagram' if len(said) == 1 else 'diagrams'} with {level(study)} intervals."
    return f"{start} {'. '.join(said)}."


def _note(rows: pd.DataFrame, hidden: list[str], refused: list[tuple[str, str]]) -> str:
    people, sesoi = rows["n_people"].dropna(), sorted(set(rows["sesoi"].dropna()))
    rules = "; ".join(dict.fromkeys(str(rule) for rule in rows["missing_rule"].dropna() if rule))
    return sentences(
        f"n = {span(people)} people." if len(people) else "",
        f"Missing data: {rules}." if rules else "",
        f"Smallest effect of interest ±{' or ±'.join(apa.number(s) for s in sesoi)}." if sesoi else "",
        f"Without a model that could be estimated: {', '.join(name for name, _ in refused)}." if refused else "",
        f"Not shown: {', '.join(hidden)}." if hidden else "",
    )
