"""Path diagrams of the factor models

Ellipses are factors, boxes are items; the number on an arrow is a standardised loading, the number on an arc a
correlation of factors, or of what two items share beyond their factors. The further a loading is from zero the thicker
its arrow; broken lines are negative. Items marked (R) are reverse-keyed; their answers were turned before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens import apa, style
from rejsens.figures._instrument import ADMISSIBLE, few, waves_in_time, with_people
from rejsens.figures._page import half
from rejsens.figures._paths import LEAST_CODE, LEAST_LABEL, MOST_ARCS, Paths, Pen, draw_paths, paths
from rejsens.figures._study import sentences
from rejsens.figures.response_distributions import in_columns
from rejsens.phrases import labelled

TABLES = ("loadings", "factor_models", "factor_correlations", "waves")
SHOWS_PEOPLE = False
OF = "instrument"

BETWEEN = 2.0  # mm between columns
GAP = 3.0
MOST_ITEMS = 60
REPORTED = "reported"


@dataclass(frozen=True)
class Panel:
    """One model with the words above it; `paths` is None where the model is not admissible."""

    model: Any
    paths: Paths | None
    width: float

    @property
    def words(self) -> float:
        """mm for the words: a factor beside the others stands at their right."""
        return self.width - (self.paths.right + 10.5 if self.paths is not None and self.paths.beside[1] else 1.0)

    @property
    def title(self) -> str:
        return style.wrap(self.model.label, self.words, style.SMALL, weight="bold")

    @property
    def text(self) -> str:
        if self.paths is not None:
            return _in_lines(_fit(self.model), self.words)
        return style.wrap(f"Not admissible, so not drawn: {self.model.status}", self.words, style.SMALLEST, lines=4)

    @property
    def head(self) -> float:
        lines = style.height_of(self.title.count("\n") + 1, style.SMALL)
        return max(lines + style.height_of(self.text.count("\n") + 1, style.SMALLEST) + 0.8, 9.0)

    @property
    def height(self) -> float:
        return self.head + (self.paths.height if self.paths is not None else 0.0) + GAP

    @property
    def fits_half(self) -> bool:
        return self.paths is None or self.paths.fixed + min(LEAST_CODE, LEAST_LABEL) <= half(BETWEEN)


@style.styled
def draw(
    *,
    loadings: pd.DataFrame,
    factor_models: pd.DataFrame,
    factor_correlations: pd.DataFrame,
    waves: pd.DataFrame,
    study: dict[str, Any],
    instrument: str = "",
    people: bool = False,
) -> style.Drawing:
    models = models_to_show(with_people(factor_models, study, people), waves)
    if not models["status"].eq(ADMISSIBLE).any():
        return style.sentence(_nothing(models), study)
    items = dict(zip(loadings["item"], loadings["label"], strict=True))
    models = models.assign(status=[labelled(status, items) for status in models["status"]])
    sizes = loadings.groupby(["model", "wave"])["item"].nunique()
    long = [sizes.get((row.model, row.wave), 0) > MOST_ITEMS for row in models.itertuples()]
    if all(long):
        return style.sentence(
            f"A model of more than {MOST_ITEMS} items has no room for a path diagram; its loadings are in the table.",
            study,
        )
    models, crowded = models[~np.array(long)], list(models.loc[long, "label"])
    laid = {
        row.model: paths(row, *_own(row, loadings, factor_correlations), _names(factor_models)) if row.status == ADMISSIBLE else None
        for row in models.itertuples()
    }  # fmt: skip
    panels, dropped = _that_fit([(row, laid[row.model]) for row in models.itertuples()])
    sheet = _sheet(panels, study)
    shown = [panel for panel in panels if panel.paths is not None]
    return style.Drawing(sheet.figure, _alt(panels), _data(shown), _note(panels, [*dropped, *crowded]))


def models_to_show(models: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    """Each model once, in the first wave that has it; what a file declares before what every scale gets."""
    order = {wave: place for place, wave in enumerate(waves_in_time(models["wave"], waves))}
    first = models.assign(order=models["wave"].map(order)).sort_values("order", kind="stable").drop_duplicates("model")
    ranked = first.assign(scale=first["structure"].eq("one_factor"), place=range(len(first)))
    return ranked.sort_values(["scale", "place"], kind="stable").drop(columns=["order", "scale", "place"])


def _own(model: Any, loadings: pd.DataFrame, correlations: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(t[t["model"].eq(model.model) & t["wave"].eq(model.wave)] for t in (loadings, correlations))


def _names(models: pd.DataFrame) -> dict[str, str]:
    """Scale -> its name without the abbreviation in brackets."""
    return {row.model: re.sub(r" \([^)]*\)$", "", row.label) for row in models.itertuples()}


def _nothing(models: pd.DataFrame) -> str:
    if models.empty:
        return "No factor model of this instrument has enough people, so there is no path to draw."
    failed = few([f"{row.label}: {row.status}" for row in models.itertuples()])
    return f"No factor model of this instrument is admissible, so there is no path to draw. {failed}."


# Layout --------------------------------------------------------------------------------------------------------------


def _that_fit(models: list[tuple[Any, Paths | None]]) -> tuple[list[Panel], list[str]]:
    """Panels for one page; the last models give way first."""
    kept, dropped = list(models), []
    if _tall(_sized(kept)) > style.MAX_HEIGHT:  # scales that are factors of a larger model give way together
        parts = {factor for _, laid in models if laid is not None and len(laid.factors) > 1 for factor in laid.factors}
        kept = [(model, laid) for model, laid in models if model.model not in parts]
        dropped = [model.label for model, _ in models if model.model in parts]
    while len(kept) > 1 and _tall(_sized(kept)) > style.MAX_HEIGHT:
        dropped.insert(0, kept.pop()[0].label)
    return _sized(kept), dropped


def _sized(models: list[tuple[Any, Paths | None]]) -> list[Panel]:
    """One panel as wide as its labels need, several in halves of the page where they can be."""
    if len(models) == 1:
        ((model, laid),) = models
        return [Panel(model, laid, min(max(laid.widest, style.COLUMN - 3), style.PAGE - 3) if laid else style.COLUMN)]
    halves = [Panel(model, laid, half(BETWEEN)) for model, laid in models]
    return [p if p.fits_half else Panel(p.model, p.paths, style.PAGE - 2 * style.MARGIN) for p in halves]


def _places(panels: list[Panel]) -> tuple[list[list[Panel]], list[Panel]]:
    """Columns of halves, and what goes over the whole width below them."""
    halves = [panel for panel in panels if panel.width == half(BETWEEN)]
    columns = in_columns(halves) if halves else []
    return columns, [panel for panel in panels if panel.width != half(BETWEEN)]


def _tall(panels: list[Panel]) -> float:
    columns, wide = _places(panels)
    return style.HEADER + max((sum(p.height for p in c) for c in columns), default=0.0) + sum(p.height for p in wide)


# Ink -----------------------------------------------------------------------------------------------------------------


def _sheet(panels: list[Panel], study: dict[str, Any]) -> style.Sheet:
    columns, wide = _places(panels)
    narrow = len(panels) == 1 or (len(columns) == 1 and not wide)
    width = min(style.PAGE, max(style.COLUMN, panels[0].width + 2 * style.MARGIN)) if narrow else style.PAGE
    tall = _tall(panels) - style.HEADER
    sheet = style.Sheet(width, style.header(study) + tall, study)
    for place, column in enumerate(columns):
        top = sheet.top
        for panel in column:
            _panel(sheet, panel, style.MARGIN + place * (half(BETWEEN) + BETWEEN), top)
            top += panel.height
    top = sheet.top + max((sum(p.height for p in c) for c in columns), default=0.0)
    for panel in wide:
        _panel(sheet, panel, style.MARGIN, top)
        top += panel.height
    return sheet


def _panel(sheet: style.Sheet, panel: Panel, left: float, top: float) -> None:
    sheet.text(left, top, panel.title, size=style.SMALL, weight="bold")
    below = top + style.height_of(panel.title.count("\n") + 1, style.SMALL)
    sheet.text(left, below, panel.text, size=style.SMALLEST, colour=style.SOFT)
    if panel.paths is None:
        return
    top += panel.head
    # The canvas reaches into the words above, where the factor beside the others has its ellipse.
    canvas = sheet.canvas(left, top - panel.head, panel.width, panel.head + panel.paths.height + GAP)
    canvas.set_ylim(panel.paths.height + GAP, -panel.head)
    draw_paths(Pen(sheet, canvas, left, top), panel.paths, panel.width, panel.head)


# Words ---------------------------------------------------------------------------------------------------------------


def _fit(model: Any) -> list[str]:
    """Fit, piece by piece: χ²(340) = 512.34, p < .001, CFI .985, RMSEA .019 [.015, .022], SRMR .026, n = 1,433, MLR, wave w1."""
    people = [f"n = {apa.count(model.n)}", model.estimator, f"wave {model.wave}"]
    if model.fit_status != REPORTED:
        return [f"Fit {model.fit_status}", *people]
    rmsea = apa.coefficient(model.rmsea, model.rmsea_ci_low, model.rmsea_ci_high, decimals=3, bounded=True)
    test = [f"χ²({apa.count(model.df)}) = {apa.number(model.chi2)}", f"p {apa.p(model.p, relation=True)}"]
    return [*test, f"CFI {apa.r(model.cfi, 3)}", f"RMSEA {rmsea}", f"SRMR {apa.r(model.srmr, 3)}", *people]


def _in_lines(pieces: list[str], width: float) -> str:
    """Pieces one after the other, a line broken only between them."""
    lines = style.wrap(pieces[0], width, style.SMALLEST).split("\n")
    for piece in pieces[1:]:
        longer = f"{lines[-1]}, {piece}"
        if style.width_of(longer, style.SMALLEST) <= width:
            lines[-1] = longer
        else:
            lines[-1] += ","
            lines += style.wrap(piece, width, style.SMALLEST).split("\n")
    return "\n".join(lines)


def _data(panels: list[Panel]) -> pd.DataFrame:
    """One row per path that is drawn."""
    rows = []
    for panel in panels:
        m, laid = panel.model, panel.paths
        assert laid is not None  # these panels are drawn
        own = {"model": m.model, "label": m.label, "wave": m.wave, "n": int(m.n)}
        rows += [
            own | {"path": "loading", "from": r.factor, "to": r.item, "value": r.std} for r in laid.items.itertuples()
        ]
        for name, loadings in (laid.beside, laid.above):
            rows += [own | {"path": "loading", "from": name, "to": to, "value": std} for to, std in loadings.items()]
        for path, pairs in (("correlation", laid.between), ("residual correlation", laid.residuals)):
            rows += [own | {"path": path, "from": x, "to": y, "value": r} for (x, y), r in pairs.items()]
    return pd.DataFrame(rows)


def _alt(panels: list[Panel]) -> str:
    parts = []
    for panel in panels:
        if panel.paths is None:
            parts.append(f"{panel.model.label}: not admissible")
            continue
        laid = panel.paths
        said = [f"loadings {_span(laid.items['std'])}"]
        for name, loadings in (laid.beside, laid.above):
            said += [f"loadings on {laid.names[name]} {_span(pd.Series(loadings))}"] if loadings else []
        said += [f"correlations of factors {_span(pd.Series(laid.between))}"] if laid.between else []
        said += [f"residual correlations {_span(pd.Series(laid.residuals))}"] if laid.residuals else []
        count = len(laid.items["item"].unique())
        parts.append(f"{panel.model.label}, {count} items, n = {apa.count(panel.model.n)}: {', '.join(said)}")
    return f"Path diagrams. {'; '.join(parts)}."


def _span(values: pd.Series) -> str:
    low, high = apa.r(values.min()), apa.r(values.max())
    return low if low == high else f"{low} to {high}"


def _note(panels: list[Panel], dropped: list[str]) -> str:
    shown = [(panel, panel.paths) for panel in panels if panel.paths is not None]
    waves = dict.fromkeys(panel.model.wave for panel, _ in shown)
    rules = dict.fromkeys((panel.model.estimator, panel.model.missing_rule) for panel, _ in shown)
    failed = [f"{p.model.label}: {p.model.status}" for p in panels if p.paths is None]
    coded = any(laid.coded(panel.width - laid.fixed - 0.3) for panel, laid in shown)
    crowded = [panel.model.label for panel, laid in shown if laid.between and not laid.arcs]
    return sentences(
        f"Wave {', '.join(waves)}; {' '.join(f'{name}: {rule}.' for name, rule in rules)}",
        "Completely standardised; what is left of an item's variance is not drawn.",
        "Where labels have no room, boxes hold the names of the items in the tables." if coded else "",
        f"Not admissible, so not drawn: {'; '.join(failed)}." if failed else "",
        f"Correlations between more than {MOST_ARCS} factors stand in the table only: {'; '.join(crowded)}."
        if crowded
        else "",
        f"Not shown for space: {'; '.join(dropped)}." if dropped else "",
    )
