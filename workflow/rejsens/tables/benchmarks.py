"""Published Results Beside Those of This Study"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.benchmarks import METRICS
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.tables._cells import labels, text_of, withheld

TABLES = ("benchmarks", "dictionary")
QUOTES = "words"  # its cells hold the words of others
COMPARED, ELSEWHERE, OTHER = "Measured here", "Not measured here", "In another metric"


def lay_out(*, benchmarks: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """What can be compared first, then what this study does not measure, then what no survey can set beside it."""
    names = labels(dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {COMPARED: [], ELSEWHERE: [], OTHER: []}
    for row in benchmarks.to_dict("records"):
        section = OTHER if row["metric"] == "none" else COMPARED if text_of(row["x"]) else ELSEWHERE
        groups[section].append(_row(row, names, study))
    shown = {heading: rows for heading, rows in groups.items() if rows}
    general: tuple[str, ...] = (
        f"Brackets behind an estimate hold {apa.level(study['ci_level'])} intervals. Other people were asked, often in another "
        "language and in another way: no line is a pass or a fail.",
        "z compares two samples; where several samples stand behind a published value there is none.",
        "Evidence against a claim of the source documents is marked as such.",
    )
    if study["simulated"]:
        general = ("The numbers of this study are simulated and say nothing about the published ones.", *general)
    columns = ("Published finding", "Source", "Metric", "Published", "This study", "Estimate", "z", "Comparison")
    alignment: tuple[Alignment, ...] = ("left", "left", "left", "right", "left", "right", "right", "left")
    return PrintedTable(title=__doc__, columns=columns, **grouped(shown), alignment=alignment, general=general)


def _row(row: Mapping[str, Any], names: Mapping[str, str], study: Mapping[str, Any]) -> tuple[str, ...]:
    marked = " (against a claim)" if row["against"] else ""
    words = "; ".join(filter(None, [text_of(row["comparison"]), text_of(row["note"]).removesuffix(".")]))
    if row["metric"] == "none":
        words = text_of(row["note"]).removesuffix(".")
    published = (
        f"{row['finding']}{marked}",
        f"{row['source']}, {row['sample']}",
        METRICS.get(row["metric"], apa.MISSING),
    )
    if not re.match(r"\w = ", words):  # a symbol keeps its case
        words = words[:1].upper() + words[1:]
    return (*published, _published(row), *_own(row, names, study), words)


def _published(row: Mapping[str, Any]) -> str:
    bounded = row["metric"] != "mean"
    write = apa.r if bounded else apa.number
    if apa.is_missing(row["value"]):
        if apa.is_missing(row["low"]):
            return apa.MISSING
        return f"{write(row['low'])} to {write(row['high'])}"
    if not apa.is_missing(row["sd"]):
        return f"{write(row['value'])} (SD {apa.number(row['sd'])})"
    if apa.is_missing(row["low"]):
        return write(row["value"])
    return apa.coefficient(row["value"], row["low"], row["high"], bounded=bounded)


def _own(row: Mapping[str, Any], names: Mapping[str, str], study: Mapping[str, Any]) -> tuple[str, str, str]:
    """Whose number it is, the estimate with its interval, and z."""
    if not text_of(row["x"]):
        return apa.MISSING, apa.MISSING, apa.MISSING
    scores = " and ".join(names.get(name, name) for name in (row["x"], text_of(row["y"])) if name)
    where = f"{scores}, wave {row['wave']}"
    if withheld(row["n"], study):
        return where, apa.MISSING, apa.MISSING
    bounded = row["metric"] != "mean"
    estimate = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=bounded)
    return f"{where}, n = {apa.count(row['n'])}", estimate, apa.number(row["z"])
