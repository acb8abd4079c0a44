"""When a wave was collected, from the platform's own date columns: day first or month first by evidence, never by habit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rejsens.problems import Problem

ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
PARTS = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)")
WORDS = re.compile(r"(?:(\d{1,2})\.?[ -])?([A-Za-z]{3})[a-z]*\.?[ -](?:(\d{1,2}),? )?(\d{4})")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Days:
    """First and last day of a wave, and how the dates were read, in words."""

    first: date
    last: date
    how: str


def days_of(starts: Iterable[str], ends: Iterable[str], where: str) -> Days | Problem:
    """The first start and the last end of a wave.

    starts, ends   the different texts of the platform's two date columns
    returns        Days, or the problem that they raise: no dates, two ways of writing them, or days and months that could
                   be either
    """
    starts, ends = [t for t in starts if t], [t for t in ends if t]
    texts = starts + ends
    read = [parts for text in texts if (parts := _parts(text)) is not None]
    if not texts or len(read) < len(texts):
        n = len(texts) - len(read)
        found = f"{n} of {len(texts)} different texts are no dates" if texts else "the column is empty"
        return unknown(where, found)
    orders = {parts[0] for parts in read}
    if len(orders) > 1:
        return unknown(where, "dates are written in more than one way", "two files may have been put together")
    order = orders.pop()
    how = "day first" if order == "dots" else "year first"
    if order == "either":
        how, problem = _day_or_month(read, where)
        if problem:
            return problem
    days = [day for parts in read if (day := _day(parts, how)) is not None]
    if len(days) < len(read):
        return unknown(where, f"{len(read) - len(days)} dates do not exist, read {how}")
    first = min(days[: len(starts)] or days)
    return Days(first, max(days), how)


def _parts(text: str) -> tuple[str, int, int, int] | None:
    if found := ISO.match(text.strip()):
        return "iso", int(found[1]), int(found[2]), int(found[3])
    if found := PARTS.match(text.strip()):
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        return ("dots" if found[2] == "." else "either"), year, int(found[1]), int(found[3])
    if (found := WORDS.match(text.strip())) and found[2].lower() in MONTHS and (found[1] or found[3]):
        return "iso", int(found[4]), MONTHS.index(found[2].lower()) + 1, int(found[1] or found[3])
    return None


def _day_or_month(read: Sequence[tuple[str, int, int, int]], where: str) -> tuple[str, Problem | None]:
    """Which number is the day: the one that is above 12 somewhere."""
    first_above, second_above = any(p[2] > 12 for p in read), any(p[3] > 12 for p in read)
    if first_above and second_above:
        return "", unknown(
            where, "some dates put the day first and some the month", "two files may have been put together"
        )
    if first_above or second_above:
        return ("day first" if first_above else "month first"), None
    if all(p[2] == p[3] for p in read):
        return "day first", None  # 05/05/2026 is one day, however it is read
    return "", unknown(where, "no day is above 12: each date could put the day first or the month", "")


def _day(parts: tuple[str, int, int, int], how: str) -> date | None:
    order, year, one, two = parts
    month, day = (one, two) if order == "iso" or how == "month first" else (two, one)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def unknown(where: str, found: str, hint: str = "") -> Problem:
    """The dates of a wave that cannot be found out, and how to state them."""
    fix = "state the first and the last day: --dates-from YEAR-MONTH-DAY --dates-to YEAR-MONTH-DAY"
    return Problem(where, "The dates of the wave are not known", found, "", f"{hint}; otherwise {fix}" if hint else fix)
