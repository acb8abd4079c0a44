"""Estimates and verdicts of the hypotheses

Each row is one coefficient with its confidence interval; the thick part is the 90% interval, on which equivalence is
judged. Filled marks carry the verdict of a hypothesis, hollow marks are reported without one. The band is the range
smaller than the smallest effect of interest. Hypotheses that cannot be tested with these data are listed with the reason.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rejsens import apa, style
from rejsens.figures._study import level, sentences, spoken

TABLES = ("estimates",)
SHOWS_PEOPLE = False

MOST = 40
METRICS = {
    "beta_within": "Within people: standardised by the pooled within-person SDs",
    "beta_between": "Between people: standardised coefficient of the person means",
    "beta": "One wave: standardised coefficient",
    "r": "Correlation",
    "b": "Raw coefficient, in the units of the outcome",
}
SYMBOLS = {"beta_within": "β within", "beta_between": "β between", "beta": "β", "r": "$r$", "b": "$b$"}
SIGNS = {"negative": "−", "positive": "+"}

# Columns in mm from the left edge of the page.
ID, LABEL, SIGN, AXIS, VALUE, VERDICT, END = 1.5, 10.5, 62.0, 68.0, 114.0, 141.0, 158.5
ROW, TWO_LINES = 4.8, 7.4
FOOT = 10.0  # mm of axis below a panel


@style.styled
def draw(*, estimates: pd.DataFrame, study: dict[str, Any], people: bool = False) -> style.Drawing:
    rows, hidden = rows_to_show(estimates)
    if rows.empty:
        return style.sentence("No hypothesis has been declared for this study, so there is nothing to test.", study)
    panels = [(metric, rows[rows["metric"].eq(metric) & rows["testable"]]) for metric in _metrics(rows)]
    untestable = rows[~rows["testable"]].drop_duplicates(["family", "hypothesis", "reason"])
    heights = [_height(panel) for _, panel in panels]
    top = style.header(study, legend=bool(panels))
    total = top + sum(heights) + (6.5 + sum(map(_reason_height, untestable.itertuples())) if len(untestable) else 0)
    sheet = style.Sheet(style.PAGE, total + style.MARGIN, study, legend=bool(panels))
    if panels:
        _legend(sheet, rows[rows["testable"]], study)
    for (metric, panel), height in zip(panels, heights, strict=True):
        _panel(sheet, metric, panel, top, study)
        top += height
    if len(untestable):
        _reasons(sheet, untestable, top)
    columns = [column for column in rows.columns if column not in ("testable", "text", "order")]
    return style.Drawing(sheet.figure, _alt(rows, study), rows[columns], _note(rows, hidden, study))


# Rows ----------------------------------------------------------------------------------------------------------------


def rows_to_show(estimates: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows that carry a verdict, and as many of the others as fit, in the order of families and hypotheses."""
    rows = estimates[estimates["hypothesis"].notna()].copy()
    rows["decides"] = rows["decides"].astype("boolean").fillna(False).astype(bool)
    rows["testable"] = rows["verdict"].ne("not testable") & rows[["estimate", "ci_low", "ci_high"]].notna().all(axis=1)
    # A row without a verdict and without an estimate has nothing to say here.
    rows = rows[rows["testable"] | rows["verdict"].eq("not testable")]
    families = {family: number for number, family in enumerate(dict.fromkeys(rows["family"]))}
    rows["order"] = [(families[row.family], _natural(row.hypothesis), not row.decides) for row in rows.itertuples()]
    rows = rows.sort_values("order", kind="stable")
    hidden = 0
    if len(rows) > MOST:
        keep = rows.sort_values("decides", ascending=False, kind="stable").index[:MOST]
        hidden, rows = len(rows) - MOST, rows.loc[rows.index.isin(keep)]
    rows["text"] = [_words(row) for row in rows.to_dict("records")]
    alike = rows.groupby(["family", "hypothesis", "metric"])["text"].transform("size").gt(1) & rows["testable"]
    rows["text"] = [f"{row.text}, {_tells_apart(row)}" if several else row.text
                    for row, several in zip(rows.itertuples(), alike, strict=True)]  # fmt: skip
    return rows.reset_index(drop=True), hidden


def _natural(name: Any) -> list[Any]:
    """H2 before H10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", str(name)) if part]


def _words(row: dict[str, Any]) -> str:
    label = row.get("label")
    return str(label) if isinstance(label, str) and label else f"{spoken(row['term'])} with {spoken(row['outcome'])}"


def _tells_apart(row: Any) -> str:
    return str(row.wave) if isinstance(row.wave, str) and row.wave else spoken(row.term)


def _metrics(rows: pd.DataFrame) -> list[str]:
    present = rows.loc[rows["testable"], "metric"]
    return sorted(present.unique(), key=lambda metric: list(METRICS).index(metric) if metric in METRICS else len(METRICS))


def _text(row: Any) -> str:
    return style.wrap(row.text, SIGN - LABEL - 1.5, style.SMALL, lines=2)


def _row_heights(panel: pd.DataFrame) -> list[float]:
    return [TWO_LINES if "\n" in _text(row) else ROW for row in panel.itertuples()]


def _height(panel: pd.DataFrame) -> float:
    return 9.0 + sum(_row_heights(panel)) + FOOT


def _reason(row: Any) -> str:
    reason = row.reason if isinstance(row.reason, str) and row.reason else "no reason was recorded"
    return style.wrap(reason, END - AXIS - 18, style.SMALL, lines=3)


def _reason_height(row: Any) -> float:
    lines = max(_text(row).count("\n"), _reason(row).count("\n")) + 1
    return max(ROW, style.height_of(lines, style.SMALL) + 1.0)


# Ink -----------------------------------------------------------------------------------------------------------------


def _legend(sheet: style.Sheet, rows: pd.DataFrame, study: dict[str, Any]) -> None:
    entries = [(style.dot(style.BLUE), "carries the verdict")]
    if (~rows["decides"]).any():
        entries.append((style.dot(style.BLUE, hollow=True), "without a verdict"))
    entries.append((style.stroke(style.SOFT, style.LINE), f"{level(study)} interval"))
    if rows[["ci90_low", "ci90_high"]].notna().all(axis=1).any():
        entries.append((style.stroke(style.SOFT, style.THICK), "90% interval"))
    if rows["sesoi"].notna().any():
        entries.append((style.swatch(style.BAND), "smaller than the SESOI"))
    sheet.legend(entries)


def _panel(sheet: style.Sheet, metric: str, panel: pd.DataFrame, top: float, study: dict[str, Any]) -> None:
    heights = _row_heights(panel)
    sheet.text(ID, top, METRICS.get(metric, spoken(metric)), weight="bold", size=style.HEADING)
    for x, words, ha in ((SIGN + 2, "predicted", "center"), (VALUE, f"{SYMBOLS.get(metric, spoken(metric))} [{level(study)} CI]", "left"),
                         (VERDICT, "verdict", "left")):  # fmt: skip
        sheet.text(x, top + 4.8, words, size=style.SMALL, colour=style.SOFT, ha=ha)
    top += 9.0
    axes = sheet.axes(AXIS, top, VALUE - AXIS - 3, sum(heights))
    middles = np.cumsum(heights) - np.array(heights) / 2
    draw_intervals(axes, panel, middles, np.array(heights))
    axes.set_xlabel(SYMBOLS.get(metric, spoken(metric)), fontsize=style.SMALL, labelpad=1)
    for row, middle in zip(panel.itertuples(), middles, strict=True):
        y = top + middle
        sheet.text(ID, y, str(row.hypothesis), size=style.SMALL, weight="bold" if row.decides else "normal", va="middle")
        sheet.text(LABEL, y, _text(row), size=style.SMALL, va="middle")
        sheet.text(SIGN + 2, y, SIGNS.get(row.direction, ""), ha="center", va="middle")
        sheet.text(VALUE, y, value_text(row), size=style.SMALL, va="middle")
        if row.decides and isinstance(row.verdict, str) and row.verdict:
            sheet.text(VERDICT, y, row.verdict, size=style.SMALL, colour=style.VERDICT_COLOURS.get(row.verdict, style.INK),
                       weight="normal" if row.verdict == "inconclusive" else "bold", va="middle")  # fmt: skip


def value_text(row: Any) -> str:
    """Estimate and interval as printed; only correlations are bounded by one."""
    bounded = row.metric == "r"
    estimate = apa.r(row.estimate) if bounded else apa.number(row.estimate, 2)
    return f"{estimate} {apa.interval(row.ci_low, row.ci_high, 2, bounded)}"


def draw_intervals(axes: Axes, rows: pd.DataFrame, y: np.ndarray, heights: np.ndarray) -> None:
    """Marks, intervals and the band of the smallest effect of interest; an interval that leaves the axis ends in an arrow."""
    low, high = limits(rows)
    axes.set(xlim=(low, high), ylim=(float(np.sum(heights)), 0))
    for row, middle, height in zip(rows.itertuples(), y, heights, strict=True):
        if pd.notna(row.sesoi):
            axes.barh(middle, 2 * row.sesoi, left=-row.sesoi, height=height, color=style.BAND, zorder=0, label="sesoi")
        colour = style.VERDICT_COLOURS.get(row.verdict, style.SOFT) if row.decides else style.SOFT
        axes.hlines(middle, max(row.ci_low, low), min(row.ci_high, high), color=colour, linewidth=style.LINE, zorder=2, label="interval")
        for end, limit, arrow in ((row.ci_low, low, "<"), (row.ci_high, high, ">")):
            if (end < limit) if arrow == "<" else (end > limit):
                axes.plot(limit, middle, marker=arrow, markersize=style.DOT, color=colour, clip_on=False, zorder=2)
        if pd.notna(row.ci90_low) and pd.notna(row.ci90_high) and row.ci90_low < high and row.ci90_high > low:
            axes.hlines(middle, max(row.ci90_low, low), min(row.ci90_high, high), color=colour, linewidth=style.THICK, alpha=0.55, zorder=2)
        if low <= row.estimate <= high:
            axes.plot(row.estimate, middle, marker="o", markersize=style.DOT + (0.6 if row.decides else 0), color=colour, zorder=4,
                      markerfacecolor=colour if row.decides else style.WHITE, markeredgewidth=style.LINE,
                      label="decides" if row.decides else "reported")  # fmt: skip
    axes.axvline(0, color=style.INK, linewidth=style.THIN, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=6)


def limits(rows: pd.DataFrame) -> tuple[float, float]:
    """An axis that holds zero, the band and every interval, unless one is several times wider than is usual here."""
    reach = rows[["ci_low", "ci_high"]].abs().max(axis=1)
    cap = max(4 * reach.median(), 2.5 * rows["sesoi"].max() if rows["sesoi"].notna().any() else 0)
    band = 1.3 * rows["sesoi"].max() if rows["sesoi"].notna().any() else 0
    low = max(min(rows["ci_low"].min(), -band, 0), -cap)
    high = min(max(rows["ci_high"].max(), band, 0), cap)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _reasons(sheet: style.Sheet, rows: pd.DataFrame, top: float) -> None:
    sheet.text(ID, top, "Not testable with these data", weight="bold", size=style.HEADING)
    top += 5.8
    for row in rows.itertuples():
        height = _reason_height(row)
        middle = top + height / 2
        sheet.text(ID, middle, str(row.hypothesis), size=style.SMALL, colour=style.SOFT, weight="bold", va="middle")
        sheet.text(LABEL, middle, _text(row), size=style.SMALL, colour=style.SOFT, va="middle")
        sheet.text(SIGN + 2, middle, SIGNS.get(row.direction, ""), colour=style.SOFT, ha="center", va="middle")
        sheet.text(AXIS, middle, _reason(row), size=style.SMALL, colour=style.SOFT, va="middle")
        sheet.text(VERDICT, middle, "not testable", size=style.SMALL, colour=style.SOFT, va="middle")
        top += height


# Words ---------------------------------------------------------------------------------------------------------------


def _alt(rows: pd.DataFrame, study: dict[str, Any]) -> str:
    deciding = rows[rows["decides"] & rows["testable"]]
    parts = [f"{row.hypothesis} {_words(row._asdict())}: {_plain(row)}, {row.verdict or 'no verdict'}" for row in deciding.itertuples()]
    untestable = [str(name) for name in dict.fromkeys(rows.loc[~rows["testable"], "hypothesis"])]
    others = int((rows["testable"] & ~rows["decides"]).sum())
    return sentences(
        f"Forest plot of {int(rows['testable'].sum())} coefficients with {level(study)} intervals.",
        f"{'; '.join(parts)}." if parts else "",
        f"{others} coefficients are shown without a verdict." if others else "",
        f"Not testable: {', '.join(untestable)}." if untestable else "",
    )


def _plain(row: Any) -> str:
    return f"{SYMBOLS.get(row.metric, spoken(row.metric)).replace('$', '')} = {value_text(row)}"


def _note(rows: pd.DataFrame, hidden: int, study: dict[str, Any]) -> str:
    tested = rows[rows["testable"]]
    people = tested["n_people"].dropna()
    n = f"n = {int(people.min())}" + (f" to {int(people.max())}" if people.max() > people.min() else "") + " people." if len(people) else ""
    rules = "; ".join(dict.fromkeys(str(rule).rstrip(".") for rule in tested["missing_rule"].dropna() if str(rule)))
    exploratory = list(dict.fromkeys(rows.loc[~rows["confirmatory"].astype("boolean").fillna(False), "family"]))
    sesoi = sorted(tested["sesoi"].dropna().unique())
    return sentences(
        n,
        f"Missing data: {rules}." if rules else "",
        f"SESOI = smallest effect of interest, ±{' or ±'.join(apa.number(value, 2) for value in sesoi)}." if sesoi else "",
        f"Verdicts at alpha = {apa.r(float(study.get('alpha') or 0.05))}, adjusted within the family.",
        f"Exploratory: {', '.join(spoken(family) for family in exploratory)}." if exploratory else "",
        f"{hidden} further coefficients are in the table of estimates." if hidden else "",
    )
