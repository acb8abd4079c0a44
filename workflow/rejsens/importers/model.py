"""What the reading layer hands on: an export as cells of text, and what its platform tells about the columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Head:
    """The first rows of a file as cells of text, the row of names apart: what a platform is recognised by.

    container   "text", "workbook" or "spss"
    names       the cells of the first row
    rows        up to 50 rows under it
    """

    path: str
    container: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a platform wrote one file.

    names         the columns' names, in the order of the file
    header_rows   rows above the first answer
    questions, choices, notes   as in `Export`
    personal      column -> what it tells about the person, where the companion says so
    """

    names: tuple[str, ...]
    header_rows: int = 1
    questions: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """An opened file of one container: its head, what the file itself declares, and `read(layout, participant)`.

    `read` gives the cells (one text column per name of the layout) and the spreadsheet row of each answer row.
    """

    head: Head
    read: Callable[[Layout, str | None], tuple[pa.Table, np.ndarray]]
    encoding: str = ""
    delimiter: str = ""
    questions: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    """A decoded export.

    platform    name of the platform (or panel) module that read it
    cells       one dictionary-encoded text column per column of the export (the participant column plain, when it is known)
    rows        spreadsheet row of each answer row, as a person sees it in the original file (for SPSS the case number)
    container   "text", "workbook" or "spss"
    encoding    as found, named ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", …); "" for a workbook
    delimiter   "" where the container has none
    questions   column -> the question as it was asked, where the platform tells it
    choices     column -> {code as text: label}, where the file or its companion tells it
    missing     column -> the values that the file itself declares as missing: a number, a text, or a range (low, high)
    personal    column -> what it tells about the person, where the file or its companion says so
    notes       sentences for the person: what was recognised and how it was read
    """

    path: str
    platform: str
    cells: pa.Table
    rows: np.ndarray
    container: str = "text"
    encoding: str = "utf-8"
    delimiter: str = ","
    questions: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return self.cells.column_names

    @property
    def n_rows(self) -> int:
        return self.cells.num_rows

    @property
    def first_row(self) -> int:
        return int(self.rows[0])
