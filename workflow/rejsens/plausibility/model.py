"""What the plausibility checks look at and what they say: waves as they were answered, and notices."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, people_named

MIN_PEOPLE = 30  # fewest people behind a correlation that is judged
LEVEL = 0.99  # level of the intervals that decide; a study has hundreds of items, and 95 % would cry wolf

# check -> the heading that its findings share
CHECKS = {
    "items_turned": "Items that run against their scale",
    "scale_turned": "A scale that looks turned round",
    "concern_expectancy": "Concern and acceptance look swapped",
    "shifted_columns": "Columns look shifted",
    "codes": "Answers look coded otherwise",
    "missing_code": "A number that looks like a missing code",
    "missing_answer": "A missing code that is an answer",
    "constant": "Columns that say nothing",
    "sorted_column": "A column that is sorted by itself",
    "same_columns": "Columns that are the same",
    "ids_spelling": "Ids that are spelt otherwise in an earlier wave",
    "ids_known": "Few people of earlier waves",
    "ids_link": "Ids that seem to link the wrong people",
    "empty_rows": "Rows without an answer",
    "same_rows": "Different people with the same answers",
    "old_rows": "Answers that stand in another wave too",
    "background": "Background that cannot have changed so",
    "personal": "Personal data in a wave",
    "dates": "Dates outside the wave",
    "waves_in_time": "Waves that overlap in time",
    "pasted_twice": "Rows that stand in the export twice",
    "cut_off": "An export that may be cut off",
    "outside": "What answers outside their range have in common",
    "stored_totals": "Totals that differ from those recomputed",
}


@dataclass(frozen=True)
class Notice:
    """Something in one wave that is worth a look, with its evidence; or a check that could not run.

    check      key of CHECKS
    variable   item, score or column; "" for the whole wave
    finding    what is seen, in a sentence without a person
    advice     what to do
    n          people (or cells, where `measure` says so) it rests on
    measure    what `value` is: "r", "share", "count", "difference" or ""
    people     (participant, spreadsheet row) of those concerned; told by `rejsens check`, never written to a shared table
    ran        False: the check could not run, and `finding` says why
    """

    wave: str
    check: str
    variable: str
    finding: str
    advice: str = ""
    n: int = 0
    measure: str = ""
    value: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    people: tuple[tuple[str, int], ...] = ()
    ran: bool = True

    def problem(self, file: str) -> Problem:
        """The notice as a Problem that stops nothing."""
        where = f"{file}, {self.variable}" if self.variable else file
        shown = ": " + people_named([f"{who} (row {row})" for who, row in self.people]) if self.people else ""
        return Problem(
            where, CHECKS[self.check], self.finding + shown, fix=self.advice, blocks=False, cells=self.people
        )


@dataclass(frozen=True)
class Answered:
    """One wave as the checks see it: who answered what, one row per person.

    participants  (n,) ids as text
    rows          (n,) spreadsheet rows; row 0 where they are not known
    answers       item id -> (n,) float, missing as NaN, as the instruments' files code them
    scores        score id -> (n,) float
    columns       item id -> column of the export, in the order of the export
    unread        items whose column is missing: told as a fault, not looked at again
    """

    name: str
    number: int
    role: str
    instruments: Sequence[Instrument]
    participants: np.ndarray
    rows: np.ndarray
    answers: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]
    columns: Mapping[str, str] = field(default_factory=dict)
    collected: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    @property
    def n(self) -> int:
        return len(self.participants)

    def items(self) -> dict[str, Item]:
        """Item id -> item, of every instrument, in the order of the export as far as that is known."""
        found = {item.id: item for instrument in self.instruments for item in instrument.items}
        return {i: found[i] for i in [*(c for c in self.columns if c in found), *found]}

    def scored_items(self) -> dict[str, Item]:
        scored = {item.id for instrument in self.instruments if instrument.scores for item in instrument.items}
        return {i: item for i, item in self.items().items() if i in scored}

    def table(self, items: Iterable[str]) -> np.ndarray:
        """People x items, one column after the other in memory."""
        columns = [self.answers[i] for i in items]
        return np.array(columns).T if columns else np.empty((self.n, 0))

    def fingerprints(self, items: Iterable[str]) -> np.ndarray:
        """(n,) uint64, equal for rows with equal answers to these items (for others once in 10^19 pairs)."""
        return sum((self._fingerprint(item) for item in items), np.zeros(self.n, dtype=np.uint64))

    def _fingerprint(self, item: str) -> np.ndarray:
        factor = np.uint64(int.from_bytes(hashlib.sha256(item.encode()).digest()[:8], "big") | 1)
        values = self.answers[item]
        codes = np.round(np.where(np.isnan(values), -9_999_999, values) * 100).astype(np.int64)
        return codes.view(np.uint64) * factor

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids as text."""
        return frozenset(map(str, self.participants))

    @cached_property
    def plain_ids(self) -> frozenset[str]:
        """The ids without what a spreadsheet changes."""
        return frozenset(map(plain_id, self.ids))

    @cached_property
    def keys(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[np.ndarray, np.ndarray]]:
        """What `rows` found of sets of items: every later wave is held against the same ones."""
        return {}

    def who(self, which: np.ndarray) -> tuple[tuple[str, int], ...]:
        """(participant, row) of the people at these positions."""
        return tuple((str(self.participants[p]), int(self.rows[p])) for p in which)

    def column(self, item: str) -> str:
        """The item as a researcher finds it: its column in the export, and its id where that differs."""
        column = self.columns.get(item, item)
        return item if column == item else f"{column} ({item})"


def plain_id(text: str) -> str:
    """An id without what a spreadsheet changes.

    >>> plain_id("P 007"), plain_id("p7"), plain_id("7.0")
    ('p7', 'p7', '7')
    """
    text = re.sub(r"[\s_-]", "", text.casefold())
    text = re.sub(r"\.0+$", "", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def people_in_both(now: Answered, before: Answered) -> tuple[np.ndarray, np.ndarray]:
    """Positions in either wave of the people who are in both."""
    where = {participant: position for position, participant in enumerate(before.participants)}
    pairs = [(p, where[who]) for p, who in enumerate(now.participants) if who in where]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def not_run(wave: str, check: str, reason: str, n: int = 0) -> Notice:
    return Notice(wave, check, "", f"could not run: {reason}", n=n, ran=False)


def ran(wave: str, n: int, check: str, found: Iterable[Notice]) -> list[Notice]:
    """What a check found; a notice without a finding where it ran and found nothing."""
    return list(found) or [Notice(wave, check, "", "", n=n)]
