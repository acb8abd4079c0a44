"""Indirect associations by way of a third variable

Each diagram is one hypothesis: a from the predictor to the third variable, b from that to the outcome, c′ from the
predictor to the outcome beside it. Numbers are standardised, with their intervals; the indirect association is the
product of a and b. None of it shows what brought anything about. Over waves each arrow goes from one wave to the next;
in one wave the order in time is not established.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens import apa, style
from rejsens.figures import _arrows
from rejsens.figures._page import half, halved, whole
from rejsens.figures._study import level, opening, sentences, span
from rejsens.result_names import bounds, label_of, labels_of, third_of

TABLES = ("estimates", "dictionary")
SHOWS_PEOPLE = False

LAGGED, ONE_WAVE = "lagged_indirect", "mediation"
ORDER = {
    LAGGED: "From wave to wave, within persons: the order in time is in the model, but not that nothing else goes with both.",
    ONE_WAVE: "In wave {}, between persons: the order in time is not established.",
}
GAP = 6.0  # mm between columns
MOST = 110.0  # mm of a diagram that stands alone, at most
BOX, TALL, APART = 19.5, 9.6, 25.0  # mm, width and height of a box, and from the upper to the lower middle
BELOW = 4.5
LETTERS = {"a": "a", "b": "b", "direct": "c′"}
SHOWN = ("hypothesis", "analysis", "wave", "path", "outcome", "term", "metric", "estimate", "ci_low", "ci_high", "sesoi", "n_people", "missing_rule", "verdict")  # fmt: skip


@dataclass(frozen=True)
class Diagram:
    """One hypothesis: `rows` are its paths by name (a, b, direct, perhaps total) and `indirect`, as in the table."""

    hypothesis: str
    analysis: str
    names: tuple[str, str, str]
    rows: pd.DataFrame

    def row(self, path: str) -> Any:
        return next(self.rows[self.rows["path"].eq(path)].itertuples())

    @property
    def label(self) -> str:
        return str(self.row("indirect").label)


@style.styled
def draw(
    *, estimates: pd.DataFrame, dictionary: pd.DataFrame, study: dict[str, Any], people: bool = False
) -> style.Drawing:
    every, refused = diagrams(estimates)
    if not every:
        return style.sentence(_nothing(refused), study, SHOWN)
    columns = 2 if halved(GAP) and len(every) > 1 else 1
    lines = [every[start : start + columns] for start in range(0, len(every), columns)]
    width = half(GAP) if columns == 2 else min(whole(), MOST)
    heights = [max(sum(_heights(diagram, width)) for diagram in line) + BELOW for line in lines]
    room = style.MAX_HEIGHT - style.header(study, legend=True)
    lines = [line for k, line in enumerate(lines) if sum(heights[: k + 1]) <= room]
    shown = [diagram for line in lines for diagram in line]
    rows = pd.concat([diagram.rows for diagram in shown], ignore_index=True)
    wide = style.PAGE if columns == 2 else width + 2 * style.MARGIN
    height = style.header(study, legend=True) + sum(heights[: len(lines)])
    sheet = style.Sheet(wide, height, study, legend=True)
    _arrows.legend(sheet, rows[rows["path"].isin(list(LETTERS))], level(study))
    names, top = labels_of(dictionary), sheet.top
    for line, tall in zip(lines, heights, strict=False):
        for column, diagram in enumerate(line):
            _diagram(sheet, diagram, (style.MARGIN + column * (width + GAP), top), width, names)
        top += tall
    hidden = [diagram.hypothesis for diagram in every[len(shown) :]]
    return style.Drawing(sheet.figure, _alt(shown, names, study), rows[list(SHOWN)], _note(rows, hidden, refused))


# Rows ----------------------------------------------------------------------------------------------------------------


def diagrams(estimates: pd.DataFrame) -> tuple[list[Diagram], list[tuple[str, str]]]:
    """The hypotheses whose indirect association and paths were estimated, and the others, with the reason."""
    return _arrows.diagrams_of(estimates, (LAGGED, ONE_WAVE), _one)


def _one(name: str, own: pd.DataFrame) -> Diagram | None:
    """The analysis that decides where there are two, and of several indirect rows the first, which decides."""
    own = own[own["analysis"].eq(own["analysis"].iloc[0])].dropna(subset=["estimate", "ci_low"])
    indirect = own[own["metric"].eq("indirect")].head(1)
    if indirect.empty or not third_of(indirect.iloc[0].to_dict()):
        return None
    x, m, y = indirect["term"].iloc[0].split(" > ")
    terms = {
        LAGGED: {"a": (m, f"{x}_lagged"), "b": (y, f"{m}_lagged"), "direct": (y, f"{x}_lagged")},
        ONE_WAVE: {"a": (m, f"{x} > {m}"), "b": (y, f"{m} > {y}"), "direct": (y, f"{x} > {y}, direct"), "total": (y, f"{x} > {y}, total")},
    }  # fmt: skip
    parts = [indirect.assign(path="indirect")]
    for path, (outcome, term) in terms[own["analysis"].iloc[0]].items():
        parts.append(own[own["outcome"].eq(outcome) & own["term"].eq(term)].head(1).assign(path=path))
    rows = pd.concat([part for part in parts if len(part)]).assign(carries=False)
    if not {*LETTERS} <= set(rows["path"]):
        return None
    return Diagram(name, str(own["analysis"].iloc[0]), (x, m, y), rows)


def _nothing(refused: list[tuple[str, str]]) -> str:
    if not refused:
        return "No hypothesis asks for an association by way of a third variable, so no such path is drawn."
    told = "; ".join(f"{name}: {reason}" for name, reason in refused[:3])
    return f"No indirect association could be estimated, so no path is drawn. {told}."


# Ink -----------------------------------------------------------------------------------------------------------------


def _title(diagram: Diagram, width: float) -> str:
    room = width - style.width_of(diagram.hypothesis, style.SMALL, "bold") - 2.0
    return style.wrap(diagram.label, room, style.SMALL)


def _product(diagram: Diagram, width: float) -> str:
    """The indirect association, and the total one where the model has it."""
    own = [row for row in diagram.rows.itertuples() if row.path == "total"]
    total = "".join(f"; total {_arrows.estimate(row)}" for row in own)
    return style.wrap(f"Indirect a × b = {_arrows.estimate(diagram.row('indirect'))}{total}", width - 1, style.SMALL)


def _order(diagram: Diagram, width: float) -> str:
    words = ORDER[diagram.analysis].format(diagram.row("indirect").wave)
    return style.wrap(words, width - 1, style.SMALLEST, lines=3)


def _heights(diagram: Diagram, width: float) -> tuple[float, float, float, float]:
    """mm of the title, of the boxes, of the indirect association, of what is said of the order."""
    title, product, order = (make(diagram, width).count("\n") + 1 for make in (_title, _product, _order))
    return (
        style.height_of(title, style.SMALL) + 1.0,
        APART + TALL,
        style.height_of(product, style.SMALL) + 1.6,
        style.height_of(order, style.SMALLEST) + 0.6,
    )


def _diagram(sheet: style.Sheet, diagram: Diagram, corner: _arrows.Point, width: float, names: dict[str, str]) -> None:
    left, top = corner
    head, boxes, product, _ = _heights(diagram, width)
    indent = style.width_of(diagram.hypothesis, style.SMALL, "bold") + 1.5
    sheet.text(left, top, diagram.hypothesis, size=style.SMALL, weight="bold")
    sheet.text(left + indent, top, _title(diagram, width), size=style.SMALL)
    corner = (left, top + head)
    canvas = sheet.canvas(*corner, width - 0.4, boxes)
    right, upper, lower = width - 0.4 - BOX - 0.2, TALL / 2, TALL / 2 + APART
    places = ((0.2, lower), ((width - 0.4 - BOX) / 2, upper), (right, lower))
    for name, (x, y) in zip(diagram.names, places, strict=True):
        words = style.wrap(opening(label_of(name, names)), BOX - 1.6, style.SMALLEST, lines=3)
        _arrows.box(canvas, x, y - TALL / 2, BOX, TALL, words)
        _arrows.words(sheet, corner, x + BOX / 2, y, words)
    middle, edge = places[1][0], upper + TALL / 2
    ends = {
        "a": ((BOX / 2, lower - TALL / 2 - 0.2), (middle + 3, edge + 0.3)),
        "b": ((middle + BOX - 3, edge + 0.3), (right + BOX / 2, lower - TALL / 2 - 0.2)),
        "direct": ((BOX + 0.5, lower), (right - 0.3, lower)),
    }
    for path, (start, end) in ends.items():
        row = diagram.row(path)
        _arrows.arrow(canvas, start, end, row)
        above = 2.2 if path == "direct" else 0.0  # on a narrow page its number is as long as the arrow
        at = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - above)
        _arrows.number(sheet, canvas, corner, at, row, f"{LETTERS[path]} ")
    below = top + head + boxes + 1.4
    sheet.text(left, below, _product(diagram, width), size=style.SMALL, weight="bold")
    sheet.text(left, below + product - 0.6, _order(diagram, width), size=style.SMALLEST, colour=style.SOFT)


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(shown: list[Diagram], names: dict[str, str], study: dict[str, Any]) -> str:
    said = []
    for diagram in shown:
        x, m, y = (label_of(name, names) for name in diagram.names)
        numbers = {row.path: _arrows.estimate(row) for row in diagram.rows.itertuples()}
        total = f"; total {numbers['total']}" if "total" in numbers else ""
        order = ORDER[diagram.analysis].format(diagram.row("indirect").wave)
        said.append(
            f"{diagram.hypothesis} {diagram.label}: {x} to {m} {numbers['a']}; {m} to {y} {numbers['b']}; {x} to {y} "
            f"beside it {numbers['direct']}; indirect {numbers['indirect']}{total}. {order}"
        )
    start = f"{len(said)} {'diagram' if len(said) == 1 else 'diagrams'} of indirect associations with {level(study)} intervals."
    return sentences(start, *said)


def _note(rows: pd.DataFrame, hidden: list[str], refused: list[tuple[str, str]]) -> str:
    people, indirect = rows["n_people"].dropna(), rows[rows["path"].eq("indirect")]
    rules = "; ".join(dict.fromkeys(str(rule) for rule in rows["missing_rule"].dropna() if rule))
    methods = "; ".join(dict.fromkeys(str(method) for method in indirect["method"].dropna() if method))
    sesoi = dict.fromkeys(bounds(row) for row in indirect.to_dict("records"))
    return sentences(
        f"n = {span(people)} people." if len(people) else "",
        f"Missing data: {rules}." if rules else "",
        f"Interval of the product: {methods}." if methods else "",
        f"Smallest effect of interest of the product: {' or '.join(text for text in sesoi if text != apa.MISSING)}."
        if indirect["sesoi"].notna().any()
        else "",
        f"Without a model that could be estimated: {', '.join(name for name, _ in refused)}." if refused else "",
        f"Not shown: {', '.join(hidden)}." if hidden else "",
    )
