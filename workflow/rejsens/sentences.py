"""Pieces of sentences: a capital and a full stop, a count with its noun, labels inside a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rejsens import apa


def sentence(text: str) -> str:
    """A text with a capital first letter and a full stop.

    >>> sentence("not converged"), sentence("Done.")
    ('Not converged.', 'Done.')
    """
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def counted(n: Any, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "person", "people"), counted(1200, "row")
    ('1 person', '1,200 rows')
    """
    return f"{apa.count(n)} {one if n == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Labels in a row.

    >>> listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"])
    ('A', 'A and B', 'A, B and C')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def reported(label: str) -> str:
    """A label in which exposure is always called reported.

    >>> reported("Exposure, frequency"), reported("Reported ambiguous exposure (MREII)"), reported("Self-esteem")
    ('Reported exposure, frequency', 'Reported ambiguous exposure (MREII)', 'Self-esteem')
    """

    def said(match: re.Match[str]) -> str:
        before = re.search(r"\breported(?: \w+){0,2} $", label[: match.start()], flags=re.IGNORECASE)
        return match[0] if before else f"reported {match[0].lower()}"

    text = re.sub(r"\bexposure\b", said, label, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:] if label[:1].isupper() else text


def lower_first(label: str) -> str:
    """A label inside a sentence: a capitalised word becomes lower case, an abbreviation does not.

    >>> lower_first("Self-esteem (RSES)"), lower_first("GAD-7 sum"), lower_first("A poor climate")
    ('self-esteem (RSES)', 'GAD-7 sum', 'a poor climate')
    """
    return label[:1].lower() + label[1:] if label[1:2].islower() or label.startswith("A ") else label
