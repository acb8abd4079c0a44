"""What reporting standards ask for: the study's own statements, and the appendix that tells where each item is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from rejsens import apa
from rejsens.document import Block, Bullets, Document, Facts, Paragraph, Section, Table
from rejsens.layout import PrintedTable
from rejsens.sections.places import Given
from rejsens.standards import NOT_PROVIDED, OUTCOMES, provider

ASKED = (
    "The standards are told in our own words. Satisfied means that the report holds what an item asks for, at the place that "
    "is named; whether it is said well, and what only people can write (background, interpretation, discussion), a reader "
    "judges. NOT PROVIDED names the file and the setting that would provide it."
)


def statements(given: Given) -> tuple[Section, ...]:
    """What the study says of itself besides its numbers; no section where it says nothing."""
    said = tuple((name, text) for name, text in given.study["statements"])
    return (Section("statements", "Statements", (Facts(said, "words"),), "Statements"),) if said else ()


def standards(given: Given) -> Section:
    """What reporting standards ask, and where this report answers it."""
    found = given.tables["standards"]
    opening: tuple[Block, ...] = (Paragraph(f"{in_short(found)} {ASKED}"),) if len(found) else ()
    if lacking := _lacking(found):
        opening += (Paragraph("What would provide the rest:"), Bullets(lacking))
    blocks = (*opening, *given.placed("standards"))
    return Section("standards", "Appendix: reporting standards", blocks, "Reporting standards")


def numbered(document: Document) -> Document:
    """The report with its own numbers before the titles in the appendix: only the whole report knows them."""
    return replace(document, sections=tuple(map(partial(_with_numbers, document.numbers), document.sections)))


def _with_numbers(numbers: Mapping[str, str], section: Section) -> Section:
    if section.id != "standards":
        return section
    blocks = [replace(b, printed=_told(numbers, b.printed)) if isinstance(b, Table) else b for b in section.blocks]
    return replace(section, blocks=tuple(blocks))


def _told(numbers: Mapping[str, str], printed: PrintedTable) -> PrintedTable:
    rows = [list(row) for row in printed.rows]
    for row, column, anchor in printed.links:
        if anchor in numbers:
            rows[row][column] = f"{numbers[anchor]}. {rows[row][column]}"
    return replace(printed, rows=tuple(map(tuple, rows)))


def _lacking(found: pd.DataFrame) -> tuple[str, ...]:
    """What would provide the items that are not provided, each setting once with the items that ask for it."""
    asked: dict[str, list[str]] = {}
    for row in found[found["outcome"] == NOT_PROVIDED].to_dict("records") if len(found) else ():
        asked.setdefault(provider(row), []).append(f"{row['standard']}, {row['part']}")
    return tuple(f"{by} ({'; '.join(dict.fromkeys(items))})" for by, items in asked.items())


def in_short(found: pd.DataFrame) -> str:
    """How many items have which outcome.

    >>> in_short(pd.DataFrame({"outcome": ["satisfied", "satisfied", "NOT PROVIDED"]}))
    '3 items: 2 satisfied, 1 NOT PROVIDED.'
    """
    n = found["outcome"].value_counts()
    said = [f"{apa.count(n[outcome])} {outcome}" for outcome in OUTCOMES if outcome in n]
    return f"{apa.count(len(found))} items: {', '.join(said)}."
