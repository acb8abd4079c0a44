"""Every Coefficient of Every Hypothesis"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import marked, text_of

TABLES = ("estimates",)
DECIDES = "This row carries the verdict."


def lay_out(*, estimates: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """All analyses, also those without a verdict: estimate, SE, interval, statistic, p and the n behind each."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for _, row in estimates.iterrows():
        groups.setdefault(f"{row['hypothesis']} {row['label']}", []).append(_row(row))
    columns = ("Analysis", "Wave", "Metric", "n", "Rows", "Estimate", "SE", "CI", "Statistic (df)", "p")
    alignment = ("left",) * 3 + ("right",) * 7
    levels = sorted({apa.level(x) for x in estimates["ci_level"]})
    general = (f"CI: {' or '.join(levels)} interval.",) if levels else ("This study declares no hypothesis.",)
    specific = (("a", DECIDES),) if any(narrative.is_true(d) for d in estimates["decides"]) else ()
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=alignment, general=general, specific=specific
    )


def _row(row: pd.Series) -> tuple[str, ...]:
    bounded = apa.is_bounded(row["metric"])
    write = apa.r if bounded else apa.number
    statistic = apa.number(row["statistic"])
    if not apa.is_missing(row["statistic"]) and not apa.is_missing(row["df"]):
        statistic += f" ({apa.df(row['df'])})"
    return (
        marked(
            narrative.analysis_name(row["analysis"]),
            DECIDES if narrative.is_true(row["decides"]) else "",
            {DECIDES: "a"},
        ),
        text_of(row["wave"]) or apa.MISSING,
        narrative.metric_name(row["metric"]).removesuffix(" persons"),
        apa.count(row["n_people"]),
        apa.count(row["n_obs"]),
        write(row["estimate"]),
        apa.number(row["se"], 3),
        apa.interval(row["ci_low"], row["ci_high"], bounded=bounded),
        statistic,
        apa.p(row["p"], apa.draws_in(row["method"])),
    )
