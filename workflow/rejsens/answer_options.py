"""What became of the answers of one item from one wave to another: recoded, spelled otherwise, added, removed."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from rejsens.wording import plain_key

BLOCKS, NOTED = "blocks", "noted"  # whether a change stops the run
Change = tuple[str, str, str, str]  # what became of the answers, whether it stops, before, after


def options_changed(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> list[Change]:
    """What became of the answers of one item: (change, status, before, after) per kind of change.

    old, new   code in the answers -> the label, or the several spellings, that stand for it

    A label that is itself a number is a code of the export, not a label.

    >>> options_changed({"0": ["never"], "1": ["often"]}, {"0": ["Often"], "1": ["Never"]})
    [('recoded', 'blocks', '“never” is 0, “often” is 1', '“Often” is 0, “Never” is 1')]
    >>> options_changed({"0": ["non-binary"]}, {"0": ["Nonbinary"], "1": ["other"]})
    [('spelled otherwise', 'noted', '“non-binary” is 0', '“Nonbinary” is 0'), ('options added', 'noted', '', '“other” is 1')]
    """
    words = [{code: [x for x in labels if not _is_number(x)] for code, labels in side.items()} for side in (old, new)]
    where = [_codes_of(side) for side in words]
    moved = {label for label in where[0].keys() & where[1].keys() if not where[0][label] & where[1][label]}
    kinds: dict[str, tuple[set[str], set[str]]] = {}

    def note(kind: str, side: int, *codes: str) -> None:
        kinds.setdefault(kind, (set(), set()))[side].update(codes)

    for label in moved:
        note("recoded", 0, *where[0][label])
        note("recoded", 1, *where[1][label])
    for code in (c for c in old if c in new):
        was, is_ = ({plain_key(x) for x in side[code]} for side in words)
        if was & is_ or moved & (was | is_):
            continue
        kind = "read from another code"
        if was and is_:
            spelled = any(_spelled_otherwise(x, y) for x in words[0][code] for y in words[1][code])
            kind = "spelled otherwise" if spelled else "recoded"
        elif sorted(old[code]) == sorted(new[code]):
            continue
        note(kind, 0, code)
        note(kind, 1, code)
    gone, come = ([c for c in x if c not in y] for x, y in ((old, new), (new, old)))
    note("options added", 1, *(c for c in come if not moved & {plain_key(x) for x in words[1][c]}))
    note("options removed", 0, *(c for c in gone if not moved & {plain_key(x) for x in words[0][c]}))
    return [
        (kind, BLOCKS if kind == "recoded" else NOTED, _named(old, was), _named(new, is_))
        for kind, (was, is_) in kinds.items()
        if was or is_
    ]


def _codes_of(labels: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Label, freed of its spelling -> the codes for which it stands."""
    found: dict[str, set[str]] = {}
    for code, own in labels.items():
        for label in own:
            found.setdefault(plain_key(label), set()).add(code)
    return found


def _named(labels: Mapping[str, Sequence[str]], codes: Collection[str]) -> str:
    return ", ".join(f"{' or '.join(f'“{x}”' for x in labels[code])} is {code}" for code in labels if code in codes)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?\d+(?:[.,]\d+)?\s*", text))


def _spelled_otherwise(first: str, second: str) -> bool:
    """Whether two labels differ in spelling only: accents, punctuation, or one letter of a word that begins alike.

    A word more or less, or another beginning, may turn the meaning round ("likely", "unlikely") and is no spelling.

    >>> _spelled_otherwise("Several days", "several day"), _spelled_otherwise("likely", "unlikely")
    (True, False)
    """
    bare = [_bare(text) for text in (first, second)]
    if bare[0].replace(" ", "") == bare[1].replace(" ", ""):
        return True
    pairs = list(zip(*(text.split() for text in bare), strict=False))
    same_length = len(pairs) == len(bare[0].split()) == len(bare[1].split())
    return same_length and all(a == b or _slip(a, b) for a, b in pairs)


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", html.unescape(text)).casefold()
    return " ".join(re.sub(r"[^\w\s]|_", "", "".join(c for c in letters if not unicodedata.combining(c))).split())


def _slip(a: str, b: str) -> bool:
    """Two words of four letters or more that begin alike and differ by one letter left out, put in or changed."""
    if max(len(a), len(b)) < 4 or a[0] != b[0] or any(map(str.isdigit, a + b)) or abs(len(a) - len(b)) > 1:
        return False
    start = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rests = {(a[start + 1 :], b[start + 1 :]), (a[start + 1 :], b[start:]), (a[start:], b[start + 1 :])}
    return any(x == y for x, y in rests) or (
        a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
    )


def options_across(
    old: Mapping[str, Sequence[str]],
    new: Mapping[str, Sequence[str]],
    old_words: Mapping[str, str],
    new_words: Mapping[str, str],
) -> list[Change]:
    """The same for two waves in two languages, as far as the labels are those of the instrument's file in each of them.

    old_words, new_words   code of the instrument -> its label in the language of that wave

    A label that the file does not hold has no known meaning and is compared with nothing.

    >>> options_across({"0": ["never"], "4": ["daily"]}, {"0": ["täglich"], "4": ["nie"]},
    ...                {"0": "never", "4": "daily"}, {"0": "nie", "4": "täglich"})
    [('recoded', 'blocks', '“never” is 0, “daily” is 4', '“täglich” is 0, “nie” is 4')]
    """
    meant = [meanings(side, words) for side, words in ((old, old_words), (new, new_words))]
    where = [{meaning: code for code, meaning in side.items()} for side in meant]
    moved = [m for m in where[0] if m in where[1] and where[0][m] != where[1][m]]
    found: list[Change] = []
    if moved:
        before, after = (_named(side, {place[m] for m in moved}) for side, place in zip((old, new), where, strict=True))
        found.append(("recoded", BLOCKS, before, after))
    gone, come = ([c for c in x if c not in y] for x, y in ((old, new), (new, old)))
    changes = (("options added", "", _named(new, come)), ("options removed", _named(old, gone), ""))
    return (
        found + [(kind, NOTED, was, is_) for kind, was, is_ in changes if was or is_] if meant[0] and meant[1] else []
    )


def meanings(labels: Mapping[str, Sequence[str]], words: Mapping[str, str]) -> dict[str, str]:
    """Code in the answers -> code of the instrument that its labels stand for, where they stand for exactly one.

    >>> meanings({"0": ["Nie"], "1": ["oft", "Oft!"], "2": ["nie", "oft"]}, {"0": "nie", "4": "oft"})
    {'0': '0', '1': '4'}
    """
    known = {plain_key(text): code for code, text in words.items()}
    found = {code: {known[key] for key in map(plain_key, own) if key in known} for code, own in labels.items()}
    return {code: next(iter(codes)) for code, codes in found.items() if len(codes) == 1}
