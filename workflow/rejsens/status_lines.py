"""The line that an instrument asks to have printed wherever it appears, such as MREII's "new, unvalidated"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rejsens.layout import PrintedTable
    from rejsens.style import Drawing


def lines_for(texts: Iterable[object], study: Mapping[str, Any]) -> list[str]:
    """Status lines of the instruments that are named in any of the texts.

    study   its `status_lines` maps a line to the names by which its instruments appear: scores, items, labels

    >>> study = {"status_lines": {"New, unvalidated.": ["mreii_hv", "Hypervigilance (MREII-HV)"]}}
    >>> lines_for(["gad7_sum", "Hypervigilance (MREII-HV), wave 2"], study), lines_for(["gad7_sum"], study)
    (['New, unvalidated.'], [])
    """
    words = {str(text) for text in texts}
    return [
        line
        for line, names in study.get("status_lines", {}).items()
        if any(name in text for name in names for text in words)
    ]


def on_table(table: PrintedTable, study: Mapping[str, Any]) -> PrintedTable:
    """The table with the lines it needs among its general notes."""
    texts = [*(cell for row in table.rows for cell in row), *(heading for _, heading in table.sections), *table.columns]
    said = " ".join(table.general)
    return replace(table, general=(*table.general, *(line for line in lines_for(texts, study) if line not in said)))


def on_drawing(drawing: Drawing, study: Mapping[str, Any]) -> Drawing:
    """The drawing with the lines it needs at the end of its note; its data say what it shows."""
    texts = [
        value for column in drawing.data.select_dtypes(["object", "str"]) for value in drawing.data[column].unique()
    ]
    missing = [line for line in lines_for(texts, study) if line not in drawing.note]
    return replace(drawing, note=" ".join(filter(None, [drawing.note, *missing])))
