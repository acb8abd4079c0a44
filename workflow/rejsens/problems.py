"""Faults in a study, told to a researcher: what is wrong, where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHOWN = 8  # cells named in one sentence; the rest are counted and listed in the fault file


@dataclass(frozen=True)
class Problem:
    """One fault, or several of one cause in one place.

    where    file (and column) as the researcher knows it
    cause    the heading that faults of this kind share
    found    what is there: participants, rows, numbers; never the text of an answer that is not a known label
    allowed  what would have been accepted
    fix      what to do
    blocks   False for what is only worth a look: it is told, and the run goes on
    """

    where: str
    cause: str
    found: str
    allowed: str = ""
    fix: str = ""
    blocks: bool = True

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


def explain(problems: Sequence[Problem], subject: str = "The study") -> str:
    """All faults as text, grouped by cause, one cause once.

    >>> print(explain([Problem("gad7_03", "Answers outside the range", "row 14: 11", "0 to 3", "correct the cell")]))
    The study cannot be used: 1 fault.
    <BLANKLINE>
    Answers outside the range
      gad7_03: row 14: 11.
      Allowed: 0 to 3.
      What to do: correct the cell.
    """
    by_cause: dict[str, list[Problem]] = {}
    for problem in problems:
        by_cause.setdefault(problem.cause, []).append(problem)
    blocks = [f"{subject} cannot be used: {counted(len(problems), 'fault')}."]
    for cause, group in by_cause.items():
        body = "\n".join(problem.sentence() for problem in _share_advice(group))
        blocks.append(f"{cause}\n{textwrap.indent(body, '  ')}")
    return "\n\n".join(blocks)


def _share_advice(group: Sequence[Problem]) -> list[Problem]:
    """The same advice is given once, after the last fault that it is for."""
    shared = []
    for problem, following in zip(group, [*group[1:], None], strict=True):
        same = following is not None and following.fix == problem.fix
        shared.append(
            Problem(problem.where, problem.cause, problem.found, problem.allowed, "" if same else problem.fix)
        )
    return shared


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
