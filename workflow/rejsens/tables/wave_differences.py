"""What Changed in the Questionnaire From Wave to Wave"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.difference_lines import SHOW_ALL, Summary, said_of, summarise
from rejsens.differences import COMPARED, REPLACED
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.tables._cells import panel, sentence, text_of

TABLES = ("differences", "waves", "dictionary")
QUOTES = "all"  # its cells hold questions as they were asked
NOTHING = "nothing changed"


def lay_out(
    *, differences: pd.DataFrame, waves: pd.DataFrame, dictionary: pd.DataFrame, study: Mapping[str, Any]
) -> PrintedTable:
    """One section per wave that has one before it: what changed, in how many items, and what could be compared at all."""
    titles = _titles(dictionary)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for wave in panel(waves):
        own = differences[differences["wave"] == wave]
        if len(own):
            compared = own[own["status"] == COMPARED].iloc[0]
            groups[f"{wave}, compared with {compared['previous_wave']}"] = _rows(own, compared, titles)
    columns = ("What changed", "Where", "Items", "Before", "Now", "Remark")
    alignment: tuple[Alignment, ...] = ("left", "left", "right", "left", "left", "left")
    general = (
        "A question that was put in other words, or whose codes changed their meaning, stops the run unless the wave’s "
        "sidecar says why its answers may still be compared; the remark then holds the reason.",
        "Case, spaces and typographic marks do not count as other words.",
        "Every single difference is in differences.csv.",
    )
    return PrintedTable(
        title=__doc__, columns=columns, **grouped(groups), alignment=alignment, general=general if groups else ()
    )


def _rows(own: pd.DataFrame, compared: pd.Series, titles: Mapping[str, str]) -> list[tuple[str, ...]]:
    lines = [_row(line, titles) for line in summarise(own)]
    asked = (text_of(compared["before"]), text_of(compared["after"]), sentence(text_of(compared["reason"])))
    first = ("compared" if lines else NOTHING, "the questionnaire", "", *asked)
    return [first, *lines]


def _row(line: Summary, titles: Mapping[str, str]) -> tuple[str, ...]:
    named = Summary(**{**vars(line), "instruments": tuple(titles.get(i, i) for i in line.instruments)})
    ends: tuple[str, ...] = (line.before, line.after)
    if line.kind in SHOW_ALL:
        ends = tuple(text if not text or text.startswith("“") else f"“{text}”" for text in ends)
    declared = line.status == REPLACED  # then the reason is the researcher's own text
    remark = sentence(line.reason if declared else line.reason.replace("`", "")) if line.reason else ""
    if declared:
        remark = f"Declared: {remark}"
    items = apa.count(line.n_items) if line.n_items else apa.MISSING
    return (line.change, said_of(named), items, *(end or apa.MISSING for end in ends), remark)


def _titles(dictionary: pd.DataFrame) -> dict[str, str]:
    """Instrument -> its title, with its own name where an instrument was asked under several."""
    named = dictionary.drop_duplicates("instrument")
    shared = set(named.loc[named["title"].duplicated(keep=False), "title"])
    return {
        name: f"{title} ({name})" if title in shared else title
        for name, title in zip(named["instrument"], named["title"], strict=True)
    }
