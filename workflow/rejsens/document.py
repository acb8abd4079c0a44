"""A report as data: sections of paragraphs, lists, facts, tables and figures. Writers turn it into pages and cannot disagree.

A text is a string, in which statistical symbols are set in italics, or a tuple of strings and the marked parts below.
Nothing here knows a format, and no writer knows what a report is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rejsens.layout import PrintedTable


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Link:
    text: str
    target: str


@dataclass(frozen=True)
class See:
    """The number of a table or figure of this document, as a link to it; nothing where the document does not hold it."""

    name: str


Part = str | Strong | Code | Link | See
Text = str | tuple[Part, ...]


@dataclass(frozen=True)
class Paragraph:
    """role: what it is for a reader: "", lead, legend, absent, status, warning, support, terms, citation, evidence, eyebrow."""

    text: Text
    role: str = ""


@dataclass(frozen=True)
class Bullets:
    items: tuple[Text, ...]
    role: str = ""


@dataclass(frozen=True)
class Facts:
    """Names with what they are: facts of the study, words with their meaning."""

    pairs: tuple[tuple[str, Text], ...]
    role: str = ""


@dataclass(frozen=True)
class Table:
    """series   what stands before its number: "" in the text, "A" in what is looked up."""

    name: str
    printed: PrintedTable
    series: str = ""
    kind: Literal["Table"] = "Table"


@dataclass(frozen=True)
class Figure:
    """svg, png   the drawing in both forms; png may be empty where no writer needs it."""

    name: str
    svg: str
    alt: str
    caption: str
    title: str = ""
    note: str = ""
    png: bytes = b""
    series: str = ""
    kind: Literal["Figure"] = "Figure"


@dataclass(frozen=True)
class Finding:
    """What the first page says of one hypothesis. `strip` is where estimate and intervals stand on a common axis."""

    id: str
    eyebrow: str
    heading: str
    verdict: str
    estimated: str
    metric: str = ""
    value: str = ""
    interval: str = ""
    details: tuple[tuple[str, str], ...] = ()
    why: str = ""
    strip: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """folded   closed on a screen until it is opened, a section like any other on paper; `summary` stands beside its heading."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    folded: bool = False
    summary: str = ""


Block = Paragraph | Bullets | Facts | Table | Figure | Finding | Section


@dataclass(frozen=True)
class Document:
    title: str
    sections: tuple[Section, ...]
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    simulated: bool = False
    language: str = "en-GB"
    numbers: Mapping[str, str] = field(init=False)  # name of a table or figure -> "Table 3", "Figure A1"

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", _numbers(self.sections))


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every block in the order of reading, a section before what it holds."""
    for block in blocks:
        yield block
        if isinstance(block, Section):
            yield from walk(block.blocks)


def _numbers(sections: Sequence[Section]) -> dict[str, str]:
    """Tables and figures are counted as they come, each series on its own.

    raises   ValueError: two of one name, to which no reference could be told apart
    """
    count: Counter[tuple[str, str]] = Counter()
    numbers: dict[str, str] = {}
    for block in walk(sections):
        if isinstance(block, Table | Figure):
            if block.name in numbers:
                raise ValueError(f"two tables or figures are named “{block.name}”")
            count[block.kind, block.series] += 1
            numbers[block.name] = f"{block.kind} {block.series}{count[block.kind, block.series]}"
    return numbers
