"""Hypotheses and Verdicts"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.layout import PrintedTable, grouped

TABLES = ("estimates", "hypotheses", "dictionary")


def lay_out(
    *, estimates: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """The deciding estimate of every declared hypothesis, by family."""
    findings = narrative.findings(estimates, hypotheses, dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in findings:
        groups.setdefault(_family(row), []).append(_row(row))
    columns = (
        "Hypothesis",
        "Metric",
        "n",
        "Estimate",
        f"{apa.level(study['ci_level'])} CI",
        "p",
        "Adjusted p",
        "Smallest detectable",
        "Beyond SESOI",
        "Verdict",
    )
    alignment = ("left", "left", *("right",) * 6, "left", "left")
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=alignment, general=_notes(findings)
    )


def _family(row: Mapping[str, Any]) -> str:
    return f"{narrative.family_name(row)}, {narrative.correction_name(row)}"


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    metric, bounded = row.get("metric"), apa.is_bounded(str(row.get("metric")))
    write = apa.r if bounded else apa.number
    return (
        f"{row['hypothesis']} {row['label']}",
        narrative.metric_name(metric).removesuffix(" persons"),
        apa.count(row.get("n_people")),
        write(row.get("estimate")),
        apa.interval(row.get("ci_low"), row.get("ci_high"), bounded=bounded),
        apa.p(row.get("p"), apa.draws_in(row.get("method"))),
        apa.p(row.get("p_adjusted"), apa.draws_in(row.get("method"))),
        write(row.get("smallest_detectable")),
        row.get("exceeds_sesoi") or apa.MISSING,
        row.get("verdict") or "not tested",
    )


def _notes(findings: list[dict[str, Any]]) -> tuple[str, ...]:
    if not findings:
        return ("This study declares no hypothesis.",)
    bounds = sorted({apa.number(row["sesoi"]) for row in findings if not apa.is_missing(row.get("sesoi"))})
    notes = (
        [f"SESOI, the smallest association of interest, is ±{' or ±'.join(bounds)} as declared before the data."]
        if bounds
        else []
    )
    notes.append("Each hypothesis is one test; other coefficients carry no verdict.")
    notes.append(
        f"Smallest detectable: with {apa.level(narrative.POWER)} power, two-sided, before the family's correction."
    )
    if any(narrative.is_provisional(row) for row in findings):
        notes.append("Complete cases, provisional: nothing was imputed.")
    return tuple(notes)
