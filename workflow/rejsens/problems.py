"""Faults in a study, told to a researcher: what is wrong, where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")
SHOWN = 8  # cells named in one sentence; the rest are counted and listed in the fault file


CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""A text as it may stand in a message: what would move or colour a terminal, or turn its reading round, is spelt out.

    >>> printable("\x1b[31mred"), printable("a\nb")
    ('\\x1b[31mred', 'a\nb')
    """
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True)
class Problem:
    """One fault, or several of one cause in one place.

    where    file (and column) as the researcher knows it
    cause    the heading that faults of this kind share
    found    what is there: participants, rows, numbers; never the text of an answer that is not a known label
    allowed  what would have been accepted
    fix      what to do
    blocks   False for what is only worth a look: it is told, and the run goes on
    cells    (participant, spreadsheet row) of each cell or row that it is about, as far as they can be told
    family   the family of hypotheses that is set aside until the fault is mended; the rest of the study can be used
    """

    where: str
    cause: str
    found: str
    allowed: str = ""
    fix: str = ""
    blocks: bool = True
    cells: tuple[tuple[str, int], ...] = ()
    family: str = ""

    def __post_init__(self) -> None:
        for name in ("where", "found", "allowed", "fix"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def stops(self) -> bool:
        """Whether nothing runs before it is mended."""
        return self.blocks and not self.family

    def sentence(self) -> str:
        parts = [f"{self.where}: {self.found}"]
        if self.allowed:
            parts.append(f"Allowed: {self.allowed}")
        if self.fix:
            parts.append(f"What to do: {self.fix}")
        return "\n".join(part if part.endswith((".", "?", ":")) else part + "." for part in parts)


class Refused(Exception):
    """Input that is refused whole, with every fault that was found."""

    def __init__(self, problems: Problem | Iterable[Problem], subject: str = "The study"):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        self.subject = subject
        super().__init__(explain(self.problems, subject))


def collect(problems: list[Problem], call: Callable[..., T], *arguments: Any) -> T | None:
    """What a call returns; if it refuses, None, with its faults added to `problems` so that reading can go on."""
    try:
        return call(*arguments)
    except Refused as refused:
        problems += refused.problems
        return None


def explain(problems: Sequence[Problem], subject: str = "The study") -> str:
    """All faults as text, grouped by cause, one cause once; after them what is only worth a look.

    >>> print(explain([Problem("gad7_03", "Answers outside the range", "row 14: 11", "0 to 3", "correct the cell")]))
    The study cannot be used: 1 fault.
    <BLANKLINE>
    Answers outside the range
      gad7_03: row 14: 11.
      Allowed: 0 to 3.
      What to do: correct the cell.
    """
    faults = [problem for problem in problems if problem.blocks]
    notices = [problem for problem in problems if not problem.blocks]
    blocks = [usable(faults, subject), *grouped(faults)]
    if notices:
        blocks += [f"Worth a look ({counted(len(notices), 'thing')} that {_stop(len(notices))} nothing)"]
        blocks += [textwrap.indent(group, "  ") for group in grouped(notices)]
    return "\n\n".join(blocks)


def usable(faults: Sequence[Problem], subject: str) -> str:
    """Whether something can be used, in a sentence: not at all, but for some families of hypotheses, or as it is.

    >>> usable([Problem("L1", "An unknown score", "“ucla4”", family="loneliness")], "The study")
    'The study can be used, but for 1 family of hypotheses that is set aside (loneliness): 1 fault.'
    """
    if not faults:
        return f"{subject} can be used."
    if any(problem.stops for problem in faults):
        return f"{subject} cannot be used: {counted(len(faults), 'fault')}."
    aside = list(dict.fromkeys(problem.family for problem in faults))
    what = "1 family of hypotheses that is" if len(aside) == 1 else f"{len(aside)} families of hypotheses that are"
    return f"{subject} can be used, but for {what} set aside ({listed(aside)}): {counted(len(faults), 'fault')}."


def grouped(problems: Sequence[Problem]) -> list[str]:
    """One text for each cause: its heading once, under it a sentence for each fault, and each advice once."""
    texts = []
    for cause, group in by_cause(problems).items():
        body = "\n".join(problem.sentence() for problem in _share_advice(group))
        texts.append(f"{cause}\n{textwrap.indent(body, '  ')}")
    return texts


def by_cause(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Cause -> its problems, in the order in which the causes were met."""
    causes: dict[str, list[Problem]] = {}
    for problem in problems:
        causes.setdefault(problem.cause, []).append(problem)
    return causes


def _stop(n: int) -> str:
    return "stops" if n == 1 else "stop"


def _share_advice(group: Sequence[Problem]) -> list[Problem]:
    """The same advice is given once, after the last fault that it is for."""
    following = [*(problem.fix for problem in group[1:]), None]
    return [replace(p, fix="" if p.fix == after else p.fix) for p, after in zip(group, following, strict=True)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name, or the empty string.

    >>> did_you_mean("rses_sun", ["rses_sum", "gad7_sum"])
    'Did you mean “rses_sum”?'
    """
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.6)
    return f"Did you mean “{close[0]}”?" if close else ""


def counted(n: int, thing: str) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(3, "row")
    ('1 row', '3 rows')
    """
    return f"{n} {thing}" if n == 1 else f"{n:,} {thing}s"


def listed(things: Sequence[object], shown: int = SHOWN) -> str:
    """Things in a row, the first few by name and the rest as a count.

    >>> listed(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    named = [str(thing) for thing in things[:shown]]
    rest = len(things) - len(named)
    if rest:
        return f"{', '.join(named)} and {rest} more"
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def people_named(people: Sequence[str]) -> str:
    """People as a sentence names them, each with what is said of them.

    >>> people_named(["p4 (row 6)"]), people_named(["p4 (row 6)", "p9 (row 2)"])
    ('participant p4 (row 6)', 'participants p4 (row 6) and p9 (row 2)')
    """
    return f"{'participant' if len(people) == 1 else 'participants'} {listed(people)}"


def rows_named(rows: Sequence[object]) -> str:
    """Rows of a table as a sentence names them.

    >>> rows_named([6]), rows_named([6, 9])
    ('row 6', 'rows 6 and 9')
    """
    return f"{'row' if len(rows) == 1 else 'rows'} {listed(rows)}"
