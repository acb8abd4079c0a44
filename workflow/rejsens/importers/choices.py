"""Several choices in one cell: codes or texts with commas, semicolons or bars between them."""

from __future__ import annotations

import re
from collections.abc import Mapping

SEPARATORS = (",", ";", "|")


def chosen(text: str, choices: Mapping[str, str]) -> set[str] | None:
    """The items of the choices that a cell is made of, each once; None where it is made of others, or in two ways.

    The choice "*" is whatever no other choice explains.

    >>> chosen("yes, often;no", {"yes": "a", "yes, often": "b", "no": "c"}) == {"b", "c"}
    True
    >>> chosen("1,7", {"1": "a", "2": "b"}), chosen("1,1", {"1": "a", "2": "b"})
    (None, None)
    >>> chosen("cats, dogs, my hen, too", {"cats, dogs": "a", "*": "b"}) == {"a", "b"}
    True
    """
    ways = _ways(text, choices)
    least = min((unknown for unknown, _ in ways), default=0)
    found = {way for unknown, way in ways if unknown == least}
    return {choices[choice] for choice in next(iter(found))} if len(found) == 1 else None


def _ways(
    text: str, choices: Mapping[str, str], used: frozenset[str] = frozenset()
) -> list[tuple[int, frozenset[str]]]:
    """Every way to read a cell as a row of different choices, with the number of characters that no choice explains.

    A choice may hold the separator itself; where "*" is a choice, what lies between two separators may be anything.
    """
    unknown = 0
    while not (met := [choice for choice in choices if choice != "*" and _begins(text, choice)]):
        other = re.match(r"[^,;|]+", text)
        if not other or "*" not in choices:
            return []
        unknown, used = unknown + other.end(), used | {"*"}
        text = text[other.end() + 1 :].lstrip()
        if not text:
            return [(unknown, used)]
    ways = []
    for choice in (choice for choice in met if choice not in used):
        rest = text[len(choice) :].lstrip()
        onwards = _ways(rest[1:].lstrip(), choices, used | {choice}) if rest else [(0, used | {choice})]
        ways += [(unknown + more, way) for more, way in onwards]
    return ways


def _begins(text: str, choice: str) -> bool:
    """Whether a text begins with a choice, and the choice ends at a separator or with the text."""
    return text.startswith(choice) and text[len(choice) :].lstrip()[:1] in ("", *SEPARATORS)
