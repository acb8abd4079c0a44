"""Indices of Careless Answers"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.layout import PrintedTable, grouped
from rejsens.tables._cells import marked, marks, n_percent, sentence, shown_waves, status_of, text_of

TABLES = ("careless", "waves")


def lay_out(*, careless: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """Each index as it is distributed, and those with a cut-off as counts; what an index is stands in its note."""
    names, note = shown_waves(waves)
    shown = careless[careless["wave"].isin(names)]
    letters = marks([*shown["definition"], *shown["status"].map(_why)])
    counted, described = [], []
    for _, rows in shown.groupby("index", sort=False):
        by_wave = rows.set_index("wave")
        label = marked(rows["label"].iloc[0], rows["definition"].iloc[0], letters)
        described.append((label, *(_moments(by_wave, wave, letters) for wave in names)))
        if any(cut := rows["cutoff"].map(text_of)):
            head = f"{rows['label'].iloc[0]}, {_cutoff(next(filter(None, cut)))}"
            counted.append((head, *(_flagged(by_wave, wave) for wave in names)))
    return PrintedTable(
        title=__doc__,
        columns=("Index", *names),
        **grouped({"M (SD)": described, "Beyond a cut-off, n (%)": counted}),
        general=(
            "People who were kept. Nobody leaves by an index: an unusual person is not a careless one, and who is set aside "
            "stands in the table of participants by step.",
            *note,
        ),
        specific=tuple((mark, sentence(text)) for text, mark in letters.items()),
    )


def _moments(by_wave: pd.DataFrame, wave: str, letters: Mapping[str, str]) -> str:
    if wave not in by_wave.index:
        return apa.MISSING
    row = by_wave.loc[wave]
    text = apa.MISSING if apa.is_missing(row["mean"]) else f"{apa.number(row['mean'])} ({apa.number(row['sd'])})"
    return marked(text, _why(row["status"]), letters)


def _why(status: str) -> str:
    """Why an index has no value, what is left out of it, or how many pairs of items it rests on."""
    text = status_of(status)
    return text if text.startswith(("not run", "from ")) or "without" in text else ""


def _flagged(by_wave: pd.DataFrame, wave: str) -> str:
    if wave not in by_wave.index or not by_wave.at[wave, "n"]:
        return apa.MISSING
    return n_percent(by_wave.at[wave, "n_flagged"], by_wave.at[wave, "n"])


def _cutoff(text: str) -> str:
    side, value = text.split(" ")
    return apa.retold(
        f"{side} {value.replace('0.', '.', 1) if value.startswith('0.') else value.replace('-', apa.MINUS)}"
    )
