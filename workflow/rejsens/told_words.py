"""Questions and answer options as an export tells them, without words that tell who somebody is.

`rejsens add-wave` takes such words out of what it stores. An export that is read where it lies, personal columns and all,
comes here: what its platform says of a question stands in the codebook, which is there to be shared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from rejsens.adding.personal import HARMLESS, OF_A_LANGUAGE, WORD, Secrets, named
from rejsens.importers.model import Export

LEAST_LETTERS = 3
PUNCTUATION = ".,;:!?()[]\"'"


def without_persons(export: Export, columns: Iterable[str]) -> Export:
    """The export with what its questions and answer options tell of people replaced by […], in the given columns.

    Its cells, and the codes of its options, are those of the export: this one is for telling, not for reading answers.
    """
    wanted = [name for name in dict.fromkeys(columns) if name in export.questions or name in export.choices]
    if not wanted:
        return export
    secrets = secrets_in(export, wanted)
    questions = {name: secrets.mask(export.questions[name]) for name in wanted if name in export.questions}
    choices = {
        name: {code: secrets.mask(label) for code, label in export.choices[name].items()}
        for name in wanted
        if name in export.choices
    }
    return replace(export, questions={**export.questions, **questions}, choices={**export.choices, **choices})


def secrets_in(export: Export, columns: Iterable[str]) -> Secrets:
    """Words of the questions and answer options of some columns that stand in a personal column of the same export.

    export    as it was read
    columns   those whose questions and options are to be told
    returns   what `Secrets.mask` takes out; addresses and numbers it knows without. A word that is also written in small
              letters somewhere is one of the language, also where it is somebody's name

    >>> cells = pa.table({"First name": ["Ann", "Bo"], "q1": ["1", "2"]})
    >>> from rejsens.importers.model import Export
    >>> export = Export("e.csv", "plain", cells, None, questions={"q1": "Dear Ann, how are you?"})
    >>> secrets_in(export, ["q1"]).mask(export.questions["q1"])
    'Dear […], how are you?'
    """
    wanted = set(columns)
    texts = [export.questions.get(name, "") for name in wanted]
    texts += [label for name in wanted for label in export.choices.get(name, {}).values()]
    words = {word for text in texts for word in WORD.findall(text)}
    asked = _names(words)
    if not asked:
        return Secrets()
    found: set[str] = set()
    for name in export.columns:
        if name in export.personal or named(name, export.questions.get(name, "")):
            found |= _standing(export.cells[name], asked)
    return Secrets(frozenset(found))


def _names(words: Iterable[str]) -> set[str]:
    """Words that could be names, folded: of some letters, never written small, and none that a language uses otherwise."""
    small = {word for word in words if word[:1].islower()}
    folded = {word.casefold() for word in words if len(word) >= LEAST_LETTERS and not re.fullmatch(r"[\d\W]+", word)}
    return folded - small - OF_A_LANGUAGE - HARMLESS


def _standing(column: pa.ChunkedArray, words: set[str]) -> set[str]:
    """Which of the words are a word of some cell; each distinct cell is looked at once."""
    cells = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    distinct = pc.unique(cells.cast("string")).drop_null()
    parts = pc.list_flatten(pc.utf8_split_whitespace(pc.utf8_lower(distinct)))
    parts = pc.unique(pc.utf8_trim(parts, PUNCTUATION))
    return set(parts.filter(pc.is_in(parts, pa.array(sorted(words)))).to_pylist())
