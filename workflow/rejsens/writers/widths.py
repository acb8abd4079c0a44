"""How wide a printed table is in letters, and what becomes of one that no page holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rejsens.layout import PrintedTable, split_mark

LINE = 112  # letters of a table's type on an upright page, blanks between columns included
LANDSCAPE = 172  # the same on a page that lies on its side
SHORT = 14  # letters up to which a column is never narrower than its text
READABLE = 24  # letters that a column of longer texts needs


def cut(text: str, most: int) -> str:
    """A text of at most so many characters; the last of a longer one is an ellipsis.

    >>> cut("abcdef", 6), cut("abcdefg", 6)
    ('abcdef', 'abcde…')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def columns_of(printed: PrintedTable) -> list[list[str]]:
    """Head and cells of each column, without the marks of notes."""
    rows = [printed.columns, *printed.rows]
    return [[split_mark(row[k], printed)[0] for row in rows] for k in range(len(printed.columns))]


def letters(printed: PrintedTable) -> int:
    """Letters that a line of the table needs, blanks between columns included."""
    return sum(needed(column) + 2 for column in columns_of(printed))


def needed(column: Sequence[str]) -> int:
    """Letters that a column needs: of its longest number or short text, or enough to read longer ones in lines."""
    size = max(map(len, column))
    return size if size <= SHORT or all(map(of_numbers, column[1:])) else min(size, READABLE)


def of_numbers(text: str) -> bool:
    """Whether a text holds no word; the "to" between the ends of an interval is none.

    >>> of_numbers("0.84 [0.80, 0.88]"), of_numbers("men"), of_numbers("n"), of_numbers("0·84 (−0·80 to 0·88)")
    (True, False, True, True)
    """
    return not re.search(r"[^\W\d_]{2}", re.sub(r"(?<=\d) to (?=[−\d])", " ", text))


def lies(printed: PrintedTable, line: float) -> bool:
    """Whether a table needs a page that lies on its side. line: as in :py:func:`fitted`"""
    return max(map(letters, fitted(printed, line))) > LINE


def fitted(printed: PrintedTable, line: float) -> tuple[PrintedTable, ...]:
    """The table, or where a line of so many letters does not hold it, several that repeat the first column.

    >>> wide = PrintedTable("T", ("Score", *"abcdef"), (("Self-esteem", *(["0.123456789"] * 6)),))
    >>> [part.columns for part in fitted(wide, 60)], fitted(wide, 500) == (wide,)
    ([('Score', 'a', 'b', 'c'), ('Score', 'd', 'e', 'f')], True)
    """
    if letters(printed) <= line or len(printed.columns) < 3:
        return (printed,)
    sizes = [needed(column) + 2 for column in columns_of(printed)]
    parts, room = [[1]], line - sizes[0] - sizes[1]
    for k in range(2, len(sizes)):
        if sizes[k] > room:
            parts.append([])
            room = line - sizes[0]
        parts[-1].append(k)
        room -= sizes[k]
    return tuple(_of_columns(printed, [0, *own], continued=k > 0) for k, own in enumerate(parts))


def _of_columns(printed: PrintedTable, places: Sequence[int], continued: bool) -> PrintedTable:
    return replace(
        printed,
        title=f"{printed.title} (continued)" if continued else printed.title,
        columns=tuple(printed.columns[k] for k in places),
        rows=tuple(tuple(row[k] for k in places) for row in printed.rows),
        alignment=tuple(printed.alignment[k] for k in places),
        links=tuple((row, places.index(k), anchor) for row, k, anchor in printed.links if k in places),
    )
