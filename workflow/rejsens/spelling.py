"""American spelling of the project's own sentences, by a closed list of the British forms that stand in them.

What a study wrote (labels, questions, titles), quotations, paths and identifiers stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

DEFAULTS = {"numbers": "apa7", "spelling": "british"}  # what the project's sentences are written in

AMERICAN = {
    "analysed": "analyzed",
    "backwards": "backward",
    "behaviour": "behavior",
    "colour": "color",
    "grey": "gray",
    "judgement": "judgment",
    "licence": "license",
    "neighbour": "neighbor",
    "neighbouring": "neighboring",
    "recognise": "recognize",
    "recognised": "recognized",
    "spelt": "spelled",
    "standardised": "standardized",
    "summarised": "summarized",
    "towards": "toward",
    "upwards": "upward",
    "winsorise": "winsorize",
}
BRITISH = re.compile(rf"(?<![\w/.])(un)?({'|'.join(AMERICAN)})(?![\w/]|\.\w)", re.IGNORECASE)

# what a style that is not the default may change: numbers with decimals, signs, British forms
TOUCHED = re.compile(rf"\d\.\d|(?<!\w)\.\d|−\d|{BRITISH.pattern}", re.IGNORECASE)


def asked(settings: Mapping[str, Any]) -> bool:
    """Whether a study asks for another style than the default."""
    return any(settings.get(name, default) != default for name, default in DEFAULTS.items())


def american(text: str) -> str:
    """A text of the project's own in American spelling.

    >>> american("Standardised by the neighbouring behaviour; un-standardised"), american("results/colour.csv")
    ('Standardized by the neighboring behavior; un-standardized', 'results/colour.csv')
    """
    return BRITISH.sub(lambda match: (match[1] or "") + _cased(AMERICAN[match[2].lower()], match[2]), text)


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[0].isupper() else word


def apart(text: str, kept: Iterable[str]) -> list[tuple[str, bool]]:
    """A text cut into parts, each with whether it stays as it is: quotations, and what somebody else wrote.

    kept   texts of others; their case does not count, since a label may stand inside a sentence. One of a single word
           is only known where it stands alone

    >>> apart("a “grey” cat of Grey Owl", ["grey owl", "cat"])
    [('a ', False), ('“grey”', True), (' cat of ', False), ('Grey Owl', True)]
    """
    alone, pattern = _kept(tuple(kept))
    if text.strip().lower() in alone:
        return [(text, True)]
    parts, end = [], 0
    for match in pattern.finditer(text):
        parts += [(text[end : match.start()], False), (match[0], True)]
        end = match.end()
    return [part for part in [*parts, (text[end:], False)] if part[0]]


@cache
def _kept(texts: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str]]:
    """Texts of others in lower case, and a pattern that finds those of several words, also where lines break them."""
    longest = sorted({own.strip() for own in texts}, key=lambda own: (-len(own), own))
    several = [r"\s+".join(map(re.escape, own.split())) for own in longest if len(own.split()) > 1]
    return frozenset(own.lower() for own in longest), re.compile(
        "|".join([*several, "“[^”]*”", "`[^`]*`"]), re.IGNORECASE
    )


def as_written(settings: Mapping[str, Any], *declared: Any) -> list[str]:
    """Texts of a study's declarations that its style would change if they were the project's own; none by default.

    Short labels also as they are read, with blanks for underscores.

    >>> as_written({"numbers": "apa7", "spelling": "american"}, {"label": "Grey areas", "id": 3}, ("No such word",))
    ['Grey areas']
    """
    if not asked(settings):
        return []
    spoken = {form for text in _texts(declared) for form in (text, text.replace("_", " "))}
    return sorted(text for text in spoken if TOUCHED.search(text))


def _texts(value: Any) -> Iterator[str]:
    """Every text in plain values and dataclasses, however deep."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        yield from _texts([getattr(value, f.name) for f in fields(value)])
    elif isinstance(value, Mapping):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple)):
        for own in value:
            yield from _texts(own)
