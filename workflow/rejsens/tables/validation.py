"""Validation Plan Run Through"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import sentence, text_of

TABLES = ("validation",)


def lay_out(*, validation: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One section per step, in the order of the plan: what is asked stands in its heading, how in a note."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    steps = list(dict.fromkeys(zip(validation["set"], validation["step"], strict=True)))
    for row in validation.to_dict("records"):
        place = steps.index((row["set"], row["step"])) + 1
        groups.setdefault(f"{place}. {row['question']}", []).append(_row(row))
    notes = validation.drop_duplicates(["set", "step"])
    return PrintedTable(
        title=__doc__,
        columns=("Scale or structure", "Wave", "n", "Result", "Outcome"),
        **grouped(groups),
        alignment=("left", "left", "right", "left", "left"),
        general=(
            "Structures, sets and guides were fixed before the data. A guide is a rule of thumb, met or not met; it is no "
            "test. Where the interval holds the guide, another sample might have given the other outcome. Steps outside the data are done by experts and in interviews.",
            f"Brackets hold {apa.level(study['ci_level'])} intervals, behind RMSEA 90% intervals.",
            *(f"{place}: {sentence(text)}" for place, text in enumerate(notes["done"], start=1)),
        ),
    )


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    part = text_of(row["part"]) or "all"
    return (part, text_of(row["wave"]) or apa.MISSING, apa.count(row["n"]), sentence(row["result"]), row["outcome"])
