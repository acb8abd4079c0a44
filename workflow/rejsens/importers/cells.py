"""Texts of cells: what is invisible in them carries no meaning, and nothing else is ever changed."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa

from rejsens.spreadsheet import restored

# Zero-width characters, marks of direction, soft hyphens and byte-order marks: never seen, so never meant.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


def clean(text: str) -> str:
    """A cell without what nobody sees: zero-width characters anywhere, blanks (also unbreakable ones) around it.

    >>> clean(" 3\u00a0"), clean("\ufeffid"), clean("of\u200bten")
    ('3', 'id', 'often')
    """
    return text.strip() if text.isascii() else _UNSEEN.sub("", text).strip()


def answer_text(text: str) -> str:
    """A cell as an answer: cleaned, and without the apostrophe by which a spreadsheet is kept from running it."""
    text = clean(text)
    return restored(text)


def name_text(text: str) -> str:
    """A column's name: cleaned, on one line, every run of blanks one blank."""
    return " ".join(answer_text(text).split())


def label_key(text: object) -> str:
    """What two spellings of one label share: case, kind and number of blanks and composed letters make no difference.

    >>> label_key("  Once or\u00a0Twice ") == label_key("once  or twice")
    True
    """
    return unicodedata.normalize("NFC", " ".join(answer_text(str(text)).split())).casefold()


def number_text(value: float) -> str:
    """A number as a cell writes it: whole numbers without a decimal point, others with every digit they have.

    >>> number_text(3.0), number_text(0.1), number_text(1e15)
    ('3', '0.1', '1000000000000000')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def encoded(columns: dict[str, list[str]] | list[list[str]], names: tuple[str, ...], plain: str | None) -> pa.Table:
    """Columns of texts as a table: dictionary-encoded, the participant column plain."""
    values = columns.values() if isinstance(columns, dict) else columns
    arrays = [pa.array(column, pa.string()) for column in values]
    return pa.table(
        [a if name == plain else a.dictionary_encode() for a, name in zip(arrays, names, strict=True)],
        names=list(names),
    )


def texts_of(column: pa.ChunkedArray | pa.Array) -> tuple[np.ndarray, list[str]]:
    """Codes and distinct texts of one column, as they stand in the file."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    if not pa.types.is_dictionary(array.type):  # the participant column may be read as an item too
        array = array.dictionary_encode()
    return array.indices.to_numpy(zero_copy_only=False), array.dictionary.to_pylist()
