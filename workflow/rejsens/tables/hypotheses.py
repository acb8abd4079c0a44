"""Hypotheses and Verdicts"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa, narrative
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.result_names import bounds, interval, metric_of, written
from rejsens.tables._cells import marked, marks, sentence
from rejsens.tables.estimates import missing_data
from rejsens.verdict_words import AS_CLAIMED, against_claim

TABLES = ("estimates", "hypotheses", "dictionary")
CLAIMED = "as claimed: no difference of interest is what the hypothesis claims"


def lay_out(
    *, estimates: pd.DataFrame, hypotheses: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """The deciding estimate of every declared hypothesis, by family; the reason where there is none."""
    findings = narrative.findings(estimates, hypotheses, dictionary)
    letters = marks([_mark(row) for row in findings])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in findings:
        groups.setdefault(_family(row), []).append(_row(row, letters))
    columns = (
        "Hypothesis",
        "Verdict",
        "Measure",
        "Estimate",
        f"{apa.level(study['ci_level'])} CI",
        "SESOI",
        "Beyond SESOI",
        "p",
        "Adjusted p",
        "Smallest detectable",
        "n",
        "Missing data",
    )
    alignment: tuple[Alignment, ...] = (*("left",) * 3, *("right",) * 3, "left", *("right",) * 4, "left")
    specific = tuple((letter, sentence(text)) for text, letter in letters.items())
    return PrintedTable(
        title=__doc__,
        columns=columns,
        **grouped(groups),
        alignment=alignment,
        general=_notes(findings),
        specific=specific,
    )


def _family(row: Mapping[str, Any]) -> str:
    return f"{narrative.family_name(row)}, {narrative.correction_name(row)}"


def _mark(row: Mapping[str, Any]) -> str:
    """What a mark beside the verdict says: why there is no test, or that equivalence is what was claimed."""
    if row.get("verdict") == "equivalent":
        return CLAIMED if against_claim(row) == AS_CLAIMED else ""
    untested = apa.is_missing(row.get("estimate")) or row.get("verdict") in ("not testable", "not tested")
    return "" if not untested or apa.is_missing(row.get("reason")) else str(row["reason"])


def _row(row: Mapping[str, Any], letters: Mapping[str, str]) -> tuple[str, ...]:
    draws = apa.draws_in(row.get("method"))
    made = not apa.is_missing(row.get("estimate"))
    return (
        f"{row['hypothesis']} {row['label']}",
        marked(row.get("verdict") or "not tested", _mark(row), letters),
        metric_of(row).symbol.removesuffix(" persons") if made else apa.MISSING,
        written(row, "estimate"),
        interval(row),
        bounds(row).partition(" ")[0],
        row.get("exceeds_sesoi") or apa.MISSING,
        apa.p(row.get("p"), draws),
        apa.p(row.get("p_adjusted"), draws),
        written(row, "smallest_detectable"),
        apa.count(row.get("n_people") if made else None),
        missing_data(row) if made else apa.MISSING,
    )


def _notes(findings: list[dict[str, Any]]) -> tuple[str, ...]:
    if not findings:
        return ("This study declares no hypothesis.",)
    units = dict.fromkeys(
        f"{metric_of(row).symbol}: {metric_of(row).unit}"
        for row in findings
        if not apa.is_missing(row.get("estimate")) and metric_of(row).unit
    )
    notes = ["SESOI: the smallest effect of interest, declared in the family's file, in the unit of its measure."]
    notes += [f"Units: {'; '.join(units)}."] if units else []
    notes.append("Each hypothesis is one test; other coefficients carry no verdict.")
    claimed = {row.get("claim_type") for row in findings}
    if "equivalence" in claimed:
        notes.append("Where equivalence is claimed, p is that of the equivalence test, and no correction is over it.")
    if "non-inferiority" in claimed:
        notes.append("Where non-inferiority is claimed, the adjusted p is that of its own test.")
    if any(row.get("verdict") == "equivalent" and against_claim(row) != AS_CLAIMED for row in findings):
        notes.append(
            "Equivalent without a mark: a difference was claimed, and none of interest was found, even where p is below "
            "its level."
        )
    notes.append(
        f"Smallest detectable: with {apa.level(narrative.POWER)} power, two-sided, before the family's correction."
    )
    if any(not apa.is_missing(row.get("m")) for row in findings):
        notes.append("m: panels with their gaps drawn, in brackets the fraction of missing information.")
    if any(narrative.is_provisional(row) for row in findings):
        notes.append("Complete cases, provisional: nothing was imputed.")
    return tuple(notes)
