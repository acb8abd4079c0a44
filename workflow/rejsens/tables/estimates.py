"""Every Coefficient of Every Hypothesis"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.narrative import is_true
from rejsens.result_names import analysis_of, interval, labels_of, metric_of, spelled, statistic_of, term_of, written
from rejsens.tables._cells import marked, marks, sentence, text_of

TABLES = ("estimates", "dictionary")
DECIDES = "This row carries the verdict."
COLUMNS = (
    "Coefficient",
    "Analysis",
    "Wave",
    "Measure",
    "n",
    "Rows",
    "Estimate",
    "CI",
    "SE",
    "Test",
    "p",
    "Missing data",
)


def lay_out(
    *, estimates: pd.DataFrame, study: Mapping[str, Any], dictionary: pd.DataFrame | None = None
) -> PrintedTable:
    """All analyses, also those without a verdict: estimate, interval, SE, test, p, and the n and rule behind each.

    dictionary   calls scores by their labels; without it by their plain names
    """
    names = {} if dictionary is None else labels_of(dictionary)
    rows = estimates.to_dict("records")
    said = [_said(row, names) for row in rows]
    letters = marks(said)
    outcomes = estimates.groupby(["family", "hypothesis"])["outcome"].transform("nunique") > 1
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row, note, several in zip(rows, said, outcomes, strict=True):
        groups.setdefault(f"{row['hypothesis']} {row['label']}", []).append(_row(row, note, letters, names, several))
    alignment: tuple[Alignment, ...] = (*("left",) * 4, *("right",) * 7, "left")
    specific = tuple((letter, sentence(text)) for text, letter in letters.items())
    return PrintedTable(
        title=__doc__, columns=COLUMNS, **grouped(groups), alignment=alignment, general=_notes(estimates),
        specific=specific,
    )  # fmt: skip


def _said(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What a reader should know of a row: that it decides, or why it has no number, or what was done instead."""
    if is_true(row["decides"]):
        return DECIDES
    if apa.is_missing(row["estimate"]) and apa.is_missing(row["statistic"]):
        return spelled(row["reason"], names) or spelled(row["status"], names)
    return ""


def _row(
    row: Mapping[str, Any], note: str, letters: Mapping[str, str], names: Mapping[str, str], several: bool
) -> tuple[str, ...]:
    """`several`: the hypothesis has more outcomes than one, so the row names its own."""
    own = str(row["outcome"]).replace(" - ", " less ")
    term = f"{term_of(row, names)}, with {spelled(own, names)}" if several and own else term_of(row, names)
    return (
        marked(term or metric_of(row).symbol, note, letters),
        analysis_of(row).name,
        text_of(row["wave"]) or apa.MISSING,
        metric_of(row).symbol.removesuffix(" persons"),
        apa.count(row["n_people"] or None),
        apa.count(row["n_obs"] or None),
        written(row, "estimate"),
        interval(row),
        apa.number(row["se"], 3),
        statistic_of(row) or apa.MISSING,
        apa.p(row["p"], apa.draws_in(row["method"])),
        missing_data(row),
    )


def missing_data(row: Mapping[str, Any]) -> str:
    """How missing answers were taken, in a cell.

    >>> missing_data({"missing_rule": "multiple imputation, m = 20", "m": 20.0, "fmi": 0.161})
    'm = 20 (.16)'
    >>> missing_data({"missing_rule": "complete cases, provisional", "m": float("nan")})
    'complete cases'
    """
    if not apa.is_missing(row.get("m")):
        unknown = "" if apa.is_missing(row.get("fmi")) else f" ({apa.r(row['fmi'])})"
        return f"m = {apa.count(row['m'])}{unknown}"
    return text_of(row.get("missing_rule")).partition(",")[0].replace(" maximum likelihood", "") or apa.MISSING


def _notes(estimates: pd.DataFrame) -> tuple[str, ...]:
    levels = sorted({apa.level(x) for x in estimates["ci_level"] if not apa.is_missing(x)})
    if not levels:
        return ("This study declares no hypothesis.",) if estimates.empty else ()
    imputed = estimates["m"].notna().any()
    return (
        f"CI: {' or '.join(levels)} interval.",
        "Terms are the labels of scores; “by” stands for a product, “less” for a difference.",
        *(["m: panels with their gaps drawn, in brackets the fraction of missing information."] if imputed else []),
    )
