"""Participant Characteristics by Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import cover_note, shown_waves, withheld

TABLES = ("sample", "waves")


def lay_out(*, sample: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """One column per wave; counts with percentages for categories, M (SD) for numbers."""
    names, note = shown_waves(waves)
    kept = waves.set_index("wave")["n_kept"]
    columns = ("Characteristic", *names)
    groups: dict[str, list[tuple[str, ...]]] = {"Sample": [("Participants", *(apa.count(kept[w]) for w in names))]}
    hidden = False
    for (variable, label), frame in sample.groupby(["variable", "label"], sort=False):
        numeric = frame["level"].eq("").all()  # not by its mean, which is covered where few people answered
        cells = {w: (_numeric if numeric else _levels)(frame[frame["wave"] == w], study) for w in names}
        hidden |= any(covered for _, covered in cells.values())
        stubs = list(dict.fromkeys(stub for found, _ in cells.values() for stub in found))
        stubs.sort(key=lambda stub: stub == "Missing")
        groups[f"{label}"] = [(stub, *(cells[w][0].get(stub, _absent(cells[w][0])) for w in names)) for stub in stubs]
        del variable
    general = ("Categories are n (%) of those who answered.", *note, *cover_note(study, hidden))
    return PrintedTable(title=__doc__, columns=columns, **grouped(groups), general=general)


def _absent(found: Mapping[str, str]) -> str:
    """A level that nobody of the wave chose is a zero; a variable that the wave did not ask is a dash."""
    return "0" if found else apa.MISSING


def _numeric(frame: pd.DataFrame, study: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
    if frame.empty:
        return {}, False
    row = frame.iloc[0]
    if withheld(row["n"], study):
        return {"M (SD)": apa.MISSING}, True
    found = {"M (SD)": f"{apa.number(row['mean'], 1)} ({apa.number(row['sd'], 1)})"}
    return found | ({"Missing": apa.count(row["n_missing"])} if row["n_missing"] else {}), False


def _levels(frame: pd.DataFrame, study: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
    if frame.empty:
        return {}, False
    levels, counts = list(frame["level"]), list(frame["n"])  # a count is missing where the table already covers it
    missing = frame["n_missing"].iloc[0]
    if missing:
        levels, counts = [*levels, "Missing"], [*counts, missing]
    covered = [withheld(n, study) for n in counts]
    percents = [*frame["percent"], None]
    cells = {
        level: apa.MISSING if hidden else _count(n, share)
        for level, n, share, hidden in zip(levels, counts, percents, covered, strict=False)
    }
    return cells, any(covered)


def _count(n: float, share: float | None) -> str:
    """A count with its share of those who answered; people who did not answer have no share of it."""
    return apa.count(n) if apa.is_missing(share) or n == 0 else f"{apa.count(n)} ({apa.percent(share)})"
