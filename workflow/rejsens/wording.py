"""When two texts are the same words: what a platform adds to a question does not count."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("‘’‚‛´`′", "'") | dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)


def same_words(first: str, second: str) -> bool:
    """Whether two texts are the same but for case, spaces, typographic marks and mark-up.

    >>> same_words("I don't  feel “seen”.", "i don’t feel \\"seen\\"."), same_words("I feel seen.", "I feel unseen.")
    (True, False)
    """
    return plain_key(first) == plain_key(second)


def plain_key(text: str) -> str:
    """What is left of a text without case, spaces, typographic marks and mark-up."""
    plain = re.sub(r"</?[a-zA-Z][^>]*>", " ", html.unescape(text))
    # an accent that stands alone would become a space and a mark
    plain = unicodedata.normalize("NFKC", plain.translate(_TYPOGRAPHIC)).translate(_TYPOGRAPHIC).casefold()
    return "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Cf")


def common_stem(texts: Sequence[str]) -> str:
    """What a platform puts in front of each of several questions: the words they share, up to a mark that parts them.

    >>> common_stem(["How often? - I am sad.", "How often? - I am glad."]), common_stem(["I am sad.", "I am glad."])
    ('How often? - ', '')
    """
    if len(texts) < 2:
        return ""
    ends = min(texts), max(texts)  # what these two share, all share
    shared = ends[0][: next((k for k, (a, b) in enumerate(zip(*ends, strict=False)) if a != b), len(ends[0]))]
    parted = re.match(r".*(?: [-–—|:>] |\[|: )", shared, flags=re.DOTALL)
    return parted[0] if parted else ""
