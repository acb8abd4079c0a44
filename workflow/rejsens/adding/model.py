"""What adding a wave works out, as one object: the proposal, what only a person knows, and one row for each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from rejsens.adding.cleaning import Cleaned
from rejsens.adding.context import Context
from rejsens.adding.labels import Reading
from rejsens.adding.matching import Matching, Suggestion
from rejsens.adding.panels import Joined
from rejsens.adding.participants import Participants
from rejsens.adding.personal import Secrets
from rejsens.adding.request import Request
from rejsens.adding.several import Choices
from rejsens.definitions import Instrument, Item
from rejsens.importers.model import Export
from rejsens.problems import Problem


@dataclass(frozen=True)
class Need:
    """Something only a person knows. Asked at a terminal; told as a problem elsewhere.

    choices   what may be answered; empty for any text
    apply     the request with the answer in it
    """

    problem: Problem
    question: str
    choices: tuple[str, ...]
    apply: Callable[[Request, str], Request]


@dataclass(frozen=True)
class Row:
    """One column of the export in the table that is shown: what becomes of it, and why."""

    column: str
    becomes: str
    how: str
    kind: str  # item | participant | kept | left over | dropped


@dataclass
class Proposal:
    """A wave as it would be added.

    export       the original, with joined columns behind its own
    sidecar      as it would be written, but for the fingerprint of the stored file
    matching, several, readings, cleaned   what was found out on the way: see the modules of these names
    rows         one per column, for the table
    carried      settings that were taken over from earlier waves, in words
    notes        sentences for the person
    problems     faults, and what is worth a look
    needs        what a person could answer instead
    suggestions  columns that may hold an item; never applied by themselves
    """

    request: Request
    export: Export
    context: Context
    module: ModuleType
    joined: list[Joined] = field(default_factory=list)
    who: Participants = field(default_factory=Participants)
    leave_out: list[dict[str, Any]] = field(default_factory=list)
    matching: Matching = field(default_factory=Matching)
    several: dict[str, Choices] = field(default_factory=dict)
    asked: tuple[Instrument, ...] = ()
    not_asked: tuple[str, ...] = ()
    cleaned: Cleaned = field(default_factory=Cleaned)
    readings: dict[str, Reading] = field(default_factory=dict)
    sidecar: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # instruments that cannot be read before a setting is stated
    own_words: dict[str, set[str]] = field(
        default_factory=dict
    )  # column -> cells in people's own words, where answers should be

    @property
    def blocking(self) -> list[Problem]:
        return [p for p in self.problems if p.blocks] + [need.problem for need in self.needs if need.problem.blocks]

    @property
    def columns(self) -> dict[str, list[str]]:
        """What would be stored, column by column: the same rows, without what tells who somebody is, ids hashed."""
        return self.cleaned.columns

    @property
    def secrets(self) -> Secrets:
        return self.cleaned.secrets

    @property
    def column_of(self) -> dict[str, str]:
        """Item -> its column, for every item that was asked; several items may share one."""
        asked = {item.id for instrument in self.asked for item in instrument.items}
        ticked = {item: name for name, choices in self.several.items() for item in choices.items.values()}
        return {i: c for i, c in {**self.matching.column_of, **ticked}.items() if i in asked}

    @property
    def items_of(self) -> dict[str, list[Item]]:
        """Column -> the items that it holds."""
        found: dict[str, list[Item]] = {}
        items = {item.id: item for instrument in self.asked for item in instrument.items}
        for item, name in self.column_of.items():
            found.setdefault(name, []).append(items[item])
        return found

    def shown(self, name: str) -> str:
        """A column's name as it may be printed and stored."""
        place = {column: k for k, column in enumerate(self.export.columns, start=1)}
        return self.cleaned.shown(name, place.get(name))
