"""A report as data: sections of paragraphs, lists, facts, tables and figures. Writers turn it into pages and cannot disagree.

A text is a string, in which statistical symbols are set in italics, or a tuple of strings and the marked parts below;
several strings and nothing else are the sentences of a passage.
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
class Emphasis:
    """In italics, such as the name of a journal."""

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
    """The number of a table or figure of this document, as a link to it; nothing where the document does not hold it.

    anchor   `table-NAME` or `figure-NAME`
    """

    anchor: str


Part = str | Strong | Emphasis | Code | Link | See
Text = str | tuple[Part, ...]


def passage(sentences: Sequence[str]) -> Text:
    """Sentences as one text that a writer can still tell apart: a tuple of strings.

    >>> passage(["One.", "Two."])
    ('One. ', 'Two.')
    """
    return tuple(f"{sentence} " for sentence in sentences[:-1]) + tuple(sentences[-1:])


@dataclass(frozen=True)
class Paragraph:
    """role: what it is for a reader: "", legend, absent, status, warning, support, terms, citation, evidence, eyebrow, see,
    reference (an entry of a list of references), unwritten (what the reader has to write)."""

    text: Text
    role: str = ""


@dataclass(frozen=True)
class Bullets:
    items: tuple[Text, ...]
    role: str = ""


@dataclass(frozen=True)
class Entries:
    """A list whose entries have several paragraphs each."""

    items: tuple[tuple[Paragraph, ...], ...]
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

    @property
    def anchor(self) -> str:
        return f"table-{self.name}"


@dataclass(frozen=True)
class Record:
    """What is looked up by machines too, such as fingerprints: names with a text that is set as code; nothing numbers it."""

    title: str
    columns: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figure:
    """svg, png   the drawing in both forms; png may be empty where no writer needs it
    by_wave    the same of single waves, (wave, figure) each: a page switches between them, paper shows only this one
    file       where its files stand below the folder of results, without a suffix; empty: nowhere
    """

    name: str
    svg: str
    alt: str
    caption: str
    title: str = ""
    note: str = ""
    png: bytes = b""
    series: str = ""
    file: str = ""
    by_wave: tuple[tuple[str, Figure], ...] = ()
    kind: Literal["Figure"] = "Figure"

    @property
    def anchor(self) -> str:
        return f"figure-{self.name}"


@dataclass(frozen=True)
class Finding:
    """What the first page says of one hypothesis.

    claimed   whether the verdict is what was claimed, where that does not go without saying
    details   names of numbers (statistical symbols in italics) with the numbers
    strip     where estimate and intervals stand on a common axis from 0 to 320, and what is written at its ends
    """

    id: str
    eyebrow: str
    heading: str
    verdict: str
    estimated: str
    claimed: str = ""
    metric: str = ""
    value: str = ""
    interval: str = ""
    details: tuple[tuple[str, str], ...] = ()
    why: str = ""
    strip: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it.

    id       what a link to it calls it; may be empty inside another section
    short    its name in the list of contents; empty: it stands in none
    folded   closed on a screen until it is opened, a section like any other on paper
    summary  stands beside its heading
    role     what it is for a reader: "", first (the first page), findings, question, prose, words
    """

    id: str
    heading: str
    blocks: tuple[Block, ...]
    short: str = ""
    folded: bool = False
    summary: str = ""
    role: str = ""


Leaf = Paragraph | Bullets | Entries | Facts | Table | Record | Figure | Finding
Block = Leaf | Section


@dataclass(frozen=True)
class Document:
    """A report.

    mark     what every page says of the data, such as "Simulated data"; `notice` says it in full, once
    date     of the newest data, as YEAR-MONTH-DAY; empty where it is not known
    """

    title: str
    sections: tuple[Section, ...]
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    mark: str = ""
    notice: Text = ""
    date: str = ""
    language: str = "en-GB"
    numbers: Mapping[str, str] = field(init=False)  # anchor of a table or figure -> "Table 3", "Figure A1"
    anchors: frozenset[str] = field(init=False)  # what a cell may lead to: tables, figures and whole sections

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", _numbers(self.sections))
        object.__setattr__(self, "anchors", frozenset(self.numbers) | {section.id for section in self.sections})


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
            if block.anchor in numbers:
                raise ValueError(f"two of one name: “{block.anchor}”")
            count[block.kind, block.series] += 1
            numbers[block.anchor] = f"{block.kind} {block.series}{count[block.kind, block.series]}"
    return numbers
