"""Precision and What This Design Could Have Found"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.inference import power
from rejsens.inference.estimates import NOT_TESTABLE
from rejsens.layout import PrintedTable, grouped
from rejsens.narrative import POWER, PRIMARY, correction_name, family_name
from rejsens.problems import counted
from rejsens.result_names import metric_of
from rejsens.tables._cells import marked, text_of

TABLES = ("estimates", "hypotheses")
COLUMNS = (
    "Hypothesis", "Metric", "n", "Rows", "SE", "Half width", "SESOI", "Smallest detectable", "Same, corrected",
    "Could it find its SESOI?",
)  # fmt: skip
YES, BEFORE, NO = "Yes", "Yes, before correction", "No"
OUT, OUT_BEFORE, NOT_OUT = "Could rule it out", "Could rule it out, before correction", "Could not rule it out"
EQUIVALENCE = (
    "An equivalence claim: the narrowest bounds within which it would be shown with that power if there were no "
    "association at all."
)
NO_FORMULA = "Its interval is drawn from a product of coefficients; no formula gives the power of that."
NO_NUMBER = "Its analysis gives no standard error that a power could be worked out from."
MARKS = {EQUIVALENCE: "a", NO_FORMULA: "b", NO_NUMBER: "c"}


def lay_out(*, estimates: pd.DataFrame, hypotheses: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """The deciding row of every hypothesis: how exact it is, and the least that its design finds."""
    deciding = estimates[estimates["decides"].astype(bool)]
    declared = hypotheses.set_index("hypothesis")["correction"].to_dict()
    rows = [row | {"correction": declared.get(row["hypothesis"], "none")} for row in deciding.to_dict("records")]
    rows.sort(key=lambda row: row["family"] != PRIMARY)
    tests = Counter(row["family"] for row in rows if _corrected(row))
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        count = tests[row["family"]] if row["correction"] != "none" else 1
        over = f" over {counted(count, 'test')}" if row["correction"] != "none" else ""
        head = f"{family_name(row)}, {correction_name(row)}{over}"
        groups.setdefault(head, []).append(_row(row, max(count, 1), study["alpha"]))
    found = grouped(groups)
    used = {cell[-1] for row in found["rows"] for cell in row if cell[-2:-1] == "^"}
    return PrintedTable(
        title=__doc__, columns=COLUMNS, **found, alignment=("left", "left", *("right",) * 7, "left"),
        general=_notes(study) if found["rows"] else ("This study declares no hypothesis.",),
        specific=tuple((mark, note) for note, mark in MARKS.items() if mark in used),
    )  # fmt: skip


def _corrected(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of the tests that its family's correction is over, as `inference.verdicts.decide` counts them."""
    made = math.isfinite(row["p_adjusted"]) and row["claim_type"] != "equivalence"
    return made and row["correction"] != "none"


def _notes(study: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"Half width is half of the {apa.level(study['ci_level'])} interval: how far the estimate may lie off.",
        f"Smallest detectable: found with {apa.level(POWER)} power by a two-sided test at {apa.number(study['alpha'])}, given the "
        "standard error reached; the estimate itself does not enter.",
        "Corrected: the same for the only finding of its family; the more of a family are found, the nearer it comes to "
        "the column before.",
        "SESOI is the smallest effect of interest as declared in the family's file.",
        "To find a value as far from 0 as the SESOI and to show that the value is smaller (the verdict equivalent) are two "
        "questions: with a standard error that is too wide for the first, the 90% interval of an estimate near 0 may "
        "still lie inside the SESOI. So a row may say No here and be equivalent.",
        "A claim of equivalence is decided by its interval and is none of the tests that a correction is over: corrected or "
        "not, its bounds are the same.",
    )


def _row(row: Mapping[str, Any], tests: int, alpha: float) -> tuple[str, ...]:
    bounded = metric_of(row).bounded
    write = apa.r if bounded else apa.number
    least, corrected, note = detectable(row, tests, alpha)
    return (
        f"{row['hypothesis']} {row['label']}",
        metric_of(row).symbol.removesuffix(" persons"),
        apa.count(row["n_people"]),
        apa.count(row["n_obs"]),
        apa.number(row["se"], 3),
        write((row["ci_high"] - row["ci_low"]) / 2, 3),
        write(row["sesoi"], 3),
        marked(write(least, 3), note, MARKS),
        write(corrected, 3),
        could_find(row, least, corrected),
    )


def detectable(row: Mapping[str, Any], tests: int, alpha: float) -> tuple[float, float, str]:
    """The least that the row's design finds, the same after its family's correction, and what has to be said of it.

    tests   that the correction is over; none of a claim of equivalence, which is decided by its interval
    """
    if row["status"] == NOT_TESTABLE:
        return math.nan, math.nan, ""
    if row["claim_type"] != "difference":
        one = row["claim_type"] == "non-inferiority"
        if not math.isfinite(row["se"]) or math.isnan(row["df"]):
            return math.nan, math.nan, NO_NUMBER
        least, corrected = (
            power.equivalence_bounds(row["se"], row["df"], level, one_sided=one)
            for level in (alpha, alpha / tests if one else alpha)
        )
        return least, corrected, EQUIVALENCE
    least = row["smallest_detectable"]
    if not math.isfinite(least):
        return math.nan, math.nan, NO_FORMULA if row["metric"] == "indirect" else NO_NUMBER
    return least, power.after_correction(least, row["df"], row["metric"], tests, alpha), ""


def could_find(row: Mapping[str, Any], least: float, corrected: float) -> str:
    """Whether a value as large as the SESOI would have been found, or ruled out where that is the claim, in a word.

    >>> row = {"status": "ok", "sesoi": 0.10, "claim_type": "difference"}
    >>> could_find(row, 0.05, 0.08), could_find(row, 0.09, 0.12), could_find(row, 0.11, 0.15)
    ('Yes', 'Yes, before correction', 'No')
    >>> could_find(row | {"claim_type": "equivalence"}, 0.05, 0.08)
    'Could rule it out'
    """
    if text_of(row["status"]) == NOT_TESTABLE:
        return "Not testable"
    if not math.isfinite(least):
        return apa.MISSING
    yes, before, no = (YES, BEFORE, NO) if row["claim_type"] == "difference" else (OUT, OUT_BEFORE, NOT_OUT)
    if corrected <= row["sesoi"]:
        return yes
    return before if least <= row["sesoi"] else no
