"""Check of the Scoring Keys Against Expected Signs"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import RIGHT, Alignment, PrintedTable, grouped
from rejsens.tables._cells import labels, marked, marks, sentence, shown_waves, text_of

TABLES = ("keying", "dictionary", "waves")
UNCERTAIN = "uncertain: the interval of the correlation holds 0"


def lay_out(
    *, keying: pd.DataFrame, dictionary: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """Correlations whose sign the keys predict, per wave; a key that is wrong as a whole shows here, not in alpha."""
    names, note = shown_waves(waves)
    known = labels(dictionary)
    letters = marks([_status(text_of(s)) for s in keying["status"]])
    groups: dict[str, list[tuple[str, ...]]] = {}
    for (check, x, y, expected), frame in keying.groupby(["check", "x", "y", "expected"], sort=False):
        by_wave = frame.drop_duplicates("wave").set_index("wave")
        cells = (_cell(by_wave.loc[w], letters) if w in by_wave.index else apa.MISSING for w in names)
        groups.setdefault(f"Signs {check}", []).append((f"{known.get(x, x)} with {known.get(y, y)}", expected, *cells))
    general = ("Cells are correlations r; an unmarked one has the expected sign over its whole interval.", *note)
    specific = tuple((mark, sentence(text)) for text, mark in letters.items())
    alignment: tuple[Alignment, ...] = ("left", "left", *(RIGHT,) * len(names))
    return PrintedTable(
        title=__doc__,
        columns=("Pair", "Expected", *names),
        **grouped(groups),
        alignment=alignment,
        general=general,
        specific=specific,
    )


def _status(status: str) -> str:
    return {"as expected": "", "uncertain": UNCERTAIN}.get(status, status)


def _cell(row: pd.Series, letters: Mapping[str, str]) -> str:
    return marked(apa.r(row["r"]), _status(text_of(row["status"])), letters)
