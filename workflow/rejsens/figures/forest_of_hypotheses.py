"""Estimates and verdicts of the hypotheses of a family

Each row is one coefficient with its confidence interval; the thick part is the 90% interval, on which equivalence is
judged. Declared is the direction of the claim, 0 where it claims no difference. Filled marks carry the verdict of a
hypothesis, hollow marks are reported without one. The band is the range smaller than the smallest effect of interest
(SESOI), which each row has of its own. Measures of different units stand in panels of their own. Hypotheses that cannot
be tested with these data are listed with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._page import wider
from rejsens.figures._study import counted, level, sentences, span, spoken
from rejsens.result_names import (
    METRICS,
    analysis_of,
    bounds,
    from_0,
    heading,
    interval,
    labels_of,
    metric_of,
    spelled,
    written,
)
from rejsens.sentences import lower_first

TABLES = ("estimates", "dictionary")
SHOWS_PEOPLE = False
OF = "family"

MOST = 40
NARROW = 0.05  # reach of an axis up to which its labels take three decimals, and more room
ASSOCIATION = ("within_between", "cross_sectional")  # analyses of one question: within, between, one wave at a time
SIGNS = {"negative": "−", "positive": "+"}

ID = 1.5  # mm from the left edge of the page; the identifiers take what they need
NARROW_PAGE = 130.0  # mm of a page on which labels stand above what they belong to
VALUE_WIDE, VERDICT_WIDE, AXIS_GAP = 27.0, 17.5, 3.0  # mm of the columns on the right, and before them
ROW = 4.8
HEAD, FOOT = 9.2, 11.5  # mm above and below the rows of a panel


@dataclass(frozen=True)
class Columns:
    """mm from the left edge of the page to each column; `above`: labels stand on lines of their own."""

    sign: float
    axis: float
    value: float
    verdict: float
    above: bool = False

    @property
    def label(self) -> float:
        """mm where labels end."""
        return style.PAGE - style.MARGIN if self.above else self.sign - 3


def _columns() -> Columns:
    """Labels take three fifths of what a page is wider than the report's."""
    verdict = style.PAGE - style.MARGIN - VERDICT_WIDE
    if style.PAGE < NARROW_PAGE:
        return Columns(ID + 2, ID + 5.5, verdict - VALUE_WIDE, verdict, above=True)
    return Columns(64.5 + 0.6 * wider(), 69.0 + 0.6 * wider(), verdict - VALUE_WIDE, verdict)


@style.styled
def draw(
    *,
    estimates: pd.DataFrame,
    study: dict[str, Any],
    dictionary: pd.DataFrame | None = None,
    family: str | None = None,
    people: bool = False,
) -> style.Drawing:
    """`family`: the one whose hypotheses are drawn, every row when None; `dictionary` spells out reasons."""
    own = estimates if family is None else estimates[estimates["family"].eq(family)]
    names = {} if dictionary is None else labels_of(dictionary)
    own = own.assign(reason=[spelled(reason, names) for reason in own["reason"]])
    every = candidates(own)
    if every.empty:
        return style.sentence("No hypothesis has been declared for this study, so there is nothing to test.", study)
    rows = that_fit(every)
    panels = [(metric, rows[rows["metric"].eq(metric) & rows["testable"]]) for metric in metrics(rows)]
    untestable = rows[~rows["testable"]]
    top = style.header(study, legend=bool(panels))
    sheet = style.Sheet(style.PAGE, top + _length(rows) + style.MARGIN, study, legend=bool(panels))
    if panels:
        _legend(sheet, rows[rows["testable"]], study)
        top = sheet.top
    for metric, panel in panels:
        _panel(sheet, metric, panel, top, study)
        top += HEAD + panel["height"].sum() + FOOT
    if len(untestable):
        _reasons(sheet, untestable, top)
    data = rows[[column for column in estimates if column in rows]]
    hidden = int(own[["estimate", "ci_low"]].notna().all(axis=1).sum() - rows["testable"].sum())
    return style.Drawing(sheet.figure, _alt(rows, study), data, _note(rows, hidden, study))


# Rows ----------------------------------------------------------------------------------------------------------------


def candidates(estimates: pd.DataFrame) -> pd.DataFrame:
    """Rows that could be drawn, in the order of families and hypotheses: those that decide, the same coefficient by
    another analysis, and of an association its other parts; a bootstrap companion repeats another row."""
    rows = estimates[estimates["hypothesis"].notna() & ~estimates["analysis"].str.endswith("_bootstrap")].copy()
    rows["decides"] = rows["decides"].astype("boolean").fillna(False).astype(bool)
    # the number of a hypothesis may be reported without judging it
    rows["carries"] = rows["decides"] & rows["verdict"].ne("not tested")
    rows["testable"] = rows["verdict"].ne("not testable") & rows[["estimate", "ci_low", "ci_high"]].notna().all(axis=1)
    # A row without a verdict and without an estimate has nothing to say here; a reason is given once.
    repeated = rows.duplicated(["family", "hypothesis", "verdict", "reason"])
    rows = rows[rows["testable"] | (rows["verdict"].eq("not testable") & ~repeated)]
    rows = rows[rows["decides"] | _beside(rows)]
    families = {family: number for number, family in enumerate(dict.fromkeys(rows["family"]))}
    order = [(families[row.family], _natural(row.hypothesis), not row.decides) for row in rows.itertuples()]
    rows = rows.iloc[sorted(range(len(rows)), key=order.__getitem__)].reset_index(drop=True)
    return rows.assign(text=_words(rows))


def _beside(rows: pd.DataFrame) -> pd.Series:
    """Rows that show the deciding coefficient again, or another part of the same association."""
    keys = ["family", "hypothesis", "outcome", "term", "metric"]
    decided = set(rows.loc[rows["decides"], keys].itertuples(index=False, name=None))
    again = [key in decided for key in rows[keys].itertuples(index=False, name=None)]
    return pd.Series(again, rows.index) | (rows["analysis"].isin(ASSOCIATION) & rows["metric"].ne("r"))


def that_fit(rows: pd.DataFrame) -> pd.DataFrame:
    """At most MOST rows on at most one page.

    Rows without a verdict give way, all of one metric and analysis at a time, so that what stands beside one hypothesis
    stands beside every other one: those of the last metric first. When the rest is still too long, labels and reasons
    are cut to one line.
    """
    rank = {metric: number for number, metric in enumerate(metrics(rows))}
    spare = rows[rows["testable"] & ~rows["decides"]]
    kinds = [spare["metric"], spare["analysis"], spare["missing_rule"].map(_rule)]
    groups = sorted(spare.groupby(kinds, sort=False).groups.items(), key=lambda g: rank[g[0][0]])
    shown = _laid_out(rows)
    while groups and (len(shown) > MOST or _length(shown) > style.MAX_HEIGHT - style.HEADER):
        rows = rows.drop(index=groups.pop()[1])
        shown = _laid_out(rows)
    if len(shown) > MOST or _length(shown) > style.MAX_HEIGHT - style.HEADER:
        shown = _laid_out(rows.iloc[:MOST], lines=1)
    return shown


def _rule(rule: Any) -> str:
    """A rule of missing data without its details."""
    return str(rule).partition(",")[0].rstrip(".") if isinstance(rule, str) else ""


def _words(rows: pd.DataFrame) -> list[str]:
    """What each row is called; where several of a hypothesis share a metric, also its wave or its analysis."""
    alike = rows.groupby(["family", "hypothesis", "metric"])["term"].transform("size").gt(1) & rows["testable"]
    decided = {(row.hypothesis, row.metric, row.analysis) for row in rows[rows["decides"]].itertuples()}
    words = []
    repeated = rows.duplicated(["family", "hypothesis", "metric", "analysis", "term", "wave"], keep=False)
    for row, several, twice in zip(rows.itertuples(), alike, repeated, strict=True):
        label = (
            row.label if isinstance(row.label, str) and row.label else f"{spoken(row.term)} with {spoken(row.outcome)}"
        )
        apart = row.wave if row.wave not in ("", "all") and isinstance(row.wave, str) else _short(row)
        if (row.hypothesis, row.metric, row.analysis) in decided or twice:  # the same analysis of other answers
            apart = _rule(row.missing_rule)
        told_apart = several and not row.decides  # first, since a label that is too long loses its end
        words.append(f"{apart[:1].upper()}{apart[1:]}: {lower_first(label)}" if told_apart else label)
    return words


def _short(row: Any) -> str:
    return analysis_of(row._asdict()).short or spoken(row.analysis)


def _laid_out(rows: pd.DataFrame, lines: int = 2) -> pd.DataFrame:
    """The printed words and the height of each row."""
    left = ID + 2 + max(style.width_of(str(name), style.SMALL, "bold") for name in rows["hypothesis"])
    columns = _columns()
    texts = [style.wrap(text, columns.label - left, style.SMALL, lines=lines) for text in rows["text"]]
    reasons = ["" if row.testable else _reason(row, lines) for row in rows.itertuples()]
    both = zip(texts, reasons, strict=True)
    if columns.above:
        breaks = [text.count("\n") + 1 + reason.count("\n") for text, reason in both]
    else:
        breaks = [max(text.count("\n"), reason.count("\n")) for text, reason in both]
    heights = [ROW + style.height_of(count, style.SMALL) for count in breaks]
    return rows.assign(printed_label=texts, printed_reason=reasons, height=heights, label_left=left)


def _length(rows: pd.DataFrame) -> float:
    return len(metrics(rows)) * (HEAD + FOOT) + rows["height"].sum() + (0 if rows["testable"].all() else 6.5)


def _natural(name: Any) -> list[Any]:
    """H2 before H10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", str(name)) if part]


def metrics(rows: pd.DataFrame) -> list[str]:
    """Metrics with something to draw, within-person coefficients first."""
    present = rows.loc[rows["testable"], "metric"]
    return sorted(
        present.unique(), key=lambda metric: list(METRICS).index(metric) if metric in METRICS else len(METRICS)
    )


def _reason(row: Any, lines: int) -> str:
    reason = row.reason if isinstance(row.reason, str) and row.reason else "no reason was recorded"
    columns = _columns()
    return style.wrap(reason, columns.verdict - columns.axis - 2, style.SMALL, lines=lines + (lines > 1))


# Ink -----------------------------------------------------------------------------------------------------------------


def _legend(sheet: style.Sheet, rows: pd.DataFrame, study: dict[str, Any]) -> None:
    entries = [(style.dot(style.BLUE), "carries the verdict")] if rows["carries"].any() else []
    if (~rows["carries"]).any():
        entries.append((style.dot(style.BLUE, hollow=True), "without a verdict"))
    entries.append((style.stroke(style.SOFT, style.LINE), f"{level(study)} interval"))
    if rows[["ci90_low", "ci90_high"]].notna().all(axis=1).any():
        entries.append((style.stroke(style.SOFT, style.THICK), "90% interval"))
    if rows["sesoi"].notna().any():
        entries.append((style.swatch(style.BAND), "smaller than the SESOI"))
    sheet.legend(entries)


def _panel(sheet: style.Sheet, metric: str, panel: pd.DataFrame, top: float, study: dict[str, Any]) -> None:
    heights, columns = panel["height"].to_numpy(), _columns()
    symbol = symbol_of(metric)
    sheet.text(ID, top, heading(metric), weight="bold", size=style.HEADING)
    place, ha = (ID, "left") if columns.above else (columns.sign, "center")
    sheet.text(place, top + 5.2, "declared", size=style.SMALL, colour=style.SOFT, ha=ha)
    head = f"{symbol} [{level(study)} CI]"
    if style.width_of(head, style.SMALL) > columns.verdict - columns.value - 2:
        head = f"estimate [{level(study)} CI]"
    sheet.text(columns.value, top + 5.2, head, size=style.SMALL, colour=style.SOFT)
    if panel["decides"].any():
        sheet.text(columns.verdict, top + 5.2, "verdict", size=style.SMALL, colour=style.SOFT)
    top += HEAD
    labels = np.cumsum(heights) - heights / 2
    middles = np.cumsum(heights) - ROW / 2 if columns.above else labels
    wide = columns.value - columns.axis - AXIS_GAP
    if columns.above:
        axes = _rows_apart(sheet, panel, top + middles - ROW / 2, (columns.axis, wide))
    else:
        axes = sheet.axes(columns.axis, top, wide, heights.sum())
        draw_intervals(axes, panel, middles, heights)
    axes.locator_params(axis="x", nbins=_ticks(axes, wide if columns.above else 99.0))
    axes.set_xlabel(symbol, fontsize=style.SMALL, labelpad=0.5)
    for row, label, middle in zip(panel.itertuples(), top + labels, top + middles, strict=True):
        weight = "bold" if row.carries else "normal"
        _label(sheet, row, label - ROW / 2 if columns.above else label, weight, style.INK)
        sheet.text(columns.sign, middle, declared(row), ha="center", va="middle")
        sheet.text(columns.value, middle, value_text(row), size=style.SMALL, va="middle")
        if row.decides and isinstance(row.verdict, str) and row.verdict:
            colour = style.VERDICT_COLOURS.get(row.verdict, style.INK)
            weight = "normal" if row.verdict in ("inconclusive", "not tested") else "bold"
            sheet.text(
                columns.verdict, middle, row.verdict, size=style.SMALL, colour=colour, weight=weight, va="middle"
            )


def _label(sheet: style.Sheet, row: Any, middle: float, weight: str, colour: str) -> None:
    """A hypothesis and what it says; its name stands beside the middle of the label."""
    look: dict[str, Any] = {"size": style.SMALL, "colour": colour, "va": "middle"}
    sheet.text(ID, middle, str(row.hypothesis), weight=weight, **look)
    sheet.text(row.label_left, middle, row.printed_label, **look)


def declared(row: Any) -> str:
    """What a hypothesis declares: a direction, or 0 where it claims that there is no difference."""
    return "0" if row.claim_type == "equivalence" else SIGNS.get(row.direction, "")


def symbol_of(metric: str) -> str:
    """A metric on an axis."""
    return metric_of({"metric": metric}).symbol.removesuffix(" persons")


def value_text(row: Any) -> str:
    """Estimate and interval as printed."""
    own = row._asdict()
    return f"{written(own, 'estimate')} {interval(own)}"


def draw_intervals(
    axes: Axes, rows: pd.DataFrame, y: np.ndarray, heights: np.ndarray, reach: tuple[float, float] | None = None
) -> None:
    """Marks, intervals and the band of the smallest effect of interest, from the top down; `reach` of the axis."""
    axes.set(xlim=reach or limits(rows), ylim=(float(np.sum(heights)), 0))
    for row, middle, height in zip(rows.itertuples(), y, heights, strict=True):
        colour = style.VERDICT_COLOURS.get(row.verdict, style.SOFT) if row.carries else style.SOFT
        draw_interval(axes, row, middle, height, colour)
    axes.axvline(0, color=style.INK, linewidth=style.THIN, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])


def _ticks(axes: Axes, wide: float) -> int:
    """Steps of an axis of `wide` mm: fewer where its numbers have many decimals or little room."""
    return min(6 if max(map(abs, axes.get_xlim())) > NARROW else 3, max(2, int(wide / 9)))


def _rows_apart(sheet: style.Sheet, panel: pd.DataFrame, tops: np.ndarray, place: tuple[float, float]) -> Axes:
    """A strip for each row, so that no line runs through the labels between; the last has the axis and is returned."""
    for number, top in enumerate(tops):
        axes = sheet.axes(place[0], top, place[1], ROW)
        draw_intervals(axes, panel.iloc[[number]], np.array([ROW / 2]), np.array([ROW]), limits(panel))
        if top < tops[-1]:
            axes.axis("off")
    return axes


def draw_interval(axes: Axes, row: Any, y: float, height: float, colour: str, marker: str = "o") -> None:
    """One coefficient: its mark, its interval, the 90% interval in bold; an arrow ends what leaves the axis."""
    low, high = axes.get_xlim()
    if pd.notna(row.sesoi):
        left = 0.0 if from_0(row._asdict()) else -row.sesoi
        axes.barh(y, row.sesoi - left, left=left, height=height, color=style.BAND, zorder=0, label="sesoi")
    spans: list[tuple[float, float, dict[str, Any]]] = [
        (row.ci_low, row.ci_high, {"linewidth": style.LINE, "label": "interval"})
    ]
    if pd.notna(row.ci90_low) and pd.notna(row.ci90_high):
        spans.append((row.ci90_low, row.ci90_high, {"linewidth": style.THICK, "alpha": style.VEIL}))
    for left, right, line in spans:
        axes.hlines(y, max(left, low), min(right, high), color=colour, zorder=2, **line)
    for arrow, end, leaves in (("<", low, row.ci_low < low), (">", high, row.ci_high > high)):
        if leaves:
            axes.plot(end, y, marker=arrow, markersize=style.DOT, color=colour, clip_on=False, zorder=2)
    mark: dict[str, Any] = {"markersize": style.BIG_DOT, "label": "decides"}
    if not row.carries:
        mark = {"markersize": style.DOT, "markerfacecolor": style.WHITE, "label": "reported"}
    axes.plot(row.estimate, y, marker=marker, color=colour, markeredgewidth=style.LINE, zorder=4, **mark)


def limits(rows: pd.DataFrame) -> tuple[float, float]:
    """An axis that holds zero, the band and every interval, unless one is several times wider than is usual here."""
    sesoi = np.nan_to_num(rows["sesoi"].astype(float).max())
    estimates, reach = rows["estimate"].abs().max(), rows[["ci_low", "ci_high"]].abs().max(axis=1)
    cap = max(4 * reach.median(), 2.5 * sesoi, 1.1 * estimates)
    low = max(min(rows["ci_low"].min(), -1.3 * sesoi, 0), -cap)
    high = min(max(rows["ci_high"].max(), 1.3 * sesoi, 0), cap)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _reasons(sheet: style.Sheet, rows: pd.DataFrame, top: float) -> None:
    sheet.text(ID, top, "Not testable with these data", weight="bold", size=style.HEADING)
    top += 5.8
    columns = _columns()
    for row in rows.itertuples():
        label = middle = top + row.height / 2
        if columns.above:
            below = style.height_of(row.printed_reason.count("\n") + 1, style.SMALL) / 2
            label, middle = label - below, top + row.height - below - 1.2
        _label(sheet, row, label, "bold", style.SOFT)
        for x, words, ha in (
            (columns.sign, declared(row), "center"),
            (columns.axis, row.printed_reason, "left"),
            (columns.verdict, "not testable", "left"),
        ):
            sheet.text(x, middle, words, size=style.SMALL, colour=style.SOFT, ha=ha, va="middle")
        top += row.height


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(rows: pd.DataFrame, study: dict[str, Any]) -> str:
    deciding = rows[rows["decides"] & rows["testable"]]
    parts = [
        f"{row.hypothesis} {row.text}: {_plain(row)}, {row.verdict or 'no verdict'}" for row in deciding.itertuples()
    ]
    untestable = [str(name) for name in dict.fromkeys(rows.loc[~rows["testable"], "hypothesis"])]
    others = int((rows["testable"] & ~rows["decides"]).sum())
    return sentences(
        f"Forest plot of {counted(int(rows['testable'].sum()), 'coefficient')} with {level(study)} intervals.",
        f"{'; '.join(parts)}." if parts else "",
        f"Without a verdict: {counted(others, 'coefficient')}." if others else "",
        f"Not testable: {', '.join(untestable)}." if untestable else "",
    )


def _plain(row: Any) -> str:
    return f"{symbol_of(row.metric)} = {value_text(row)}"


def _note(rows: pd.DataFrame, hidden: int, study: dict[str, Any]) -> str:
    tested = rows[rows["testable"]]
    people = tested["n_people"].dropna()
    rules = "; ".join(_rules(tested))
    exploratory = dict.fromkeys(rows.loc[~rows["confirmatory"].astype("boolean").fillna(False), "hypothesis"])
    said = "Exploratory" if len(exploratory) == rows["hypothesis"].nunique() else "Exploratory, outside the correction"
    sesoi = dict.fromkeys(bounds(row) for row in tested[tested["decides"]].to_dict("records"))
    return sentences(
        f"n = {span(people)} people." if len(people) else "",
        f"Missing data: {rules}." if rules else "",
        f"SESOI = smallest effect of interest, {' or '.join(sesoi)}." if sesoi else "",
        f"Verdicts at alpha = {apa.r(float(study.get('alpha') or 0.05))}, adjusted within the family.",
        f"{said}: {', '.join(map(str, exploratory))}." if exploratory else "",
        f"{counted(hidden, 'further coefficient')} in the table of estimates." if hidden else "",
    )


def _rules(rows: pd.DataFrame) -> list[str]:
    """Each rule of missing data once, with the numbers of imputations it took."""
    said = {}
    for rule, own in rows.groupby(rows["missing_rule"].map(_rule), sort=False):
        draws = own["m"].dropna()
        said[rule] = f"{rule}, m = {span(draws)}" if len(draws) else rule
    return [text for rule, text in said.items() if rule]
