"""Rows that no participant gave: blank ones, header rows among the answers, and those that a sidecar leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rejsens.importers.cells import answer_text, label_key, texts_of
from rejsens.problems import Problem, counted, rows_named


def blank_rows(cells: pa.Table, first: str | None = None) -> np.ndarray:
    """Rows without anything in any cell; `first` names a column that is seldom empty."""
    names = sorted(cells.column_names, key=lambda name: name != first)
    blank = np.ones(cells.num_rows, bool)
    for name in names:
        blank &= _holding(cells[name], lambda texts: pc.equal(pc.utf8_trim_whitespace(texts), ""))
        if not blank.any():
            break
    return blank


def header_rows(cells: pa.Table) -> np.ndarray:
    """Rows of which at least half the cells are column names: the header of a second file."""
    names = pa.array(cells.column_names)
    found = np.zeros(cells.num_rows, np.int64)
    for name in cells.column_names:
        found += _holding(cells[name], lambda texts: pc.is_in(pc.utf8_trim_whitespace(texts), value_set=names))
    return (found >= 2) & (2 * found >= cells.num_columns)


def _holding(column: pa.ChunkedArray, test: Any) -> np.ndarray:
    """Rows whose text meets a test, which is put to the distinct texts only."""
    array = column.combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    if not pa.types.is_dictionary(array.type):
        return test(array).to_numpy(zero_copy_only=False).astype(bool)
    met = np.flatnonzero(test(array.dictionary).to_numpy(zero_copy_only=False))
    codes = array.indices.to_numpy(zero_copy_only=False)
    return np.isin(codes, met) if len(met) else np.zeros(len(codes), bool)


def repeated_header(path: str, rows: np.ndarray) -> Problem:
    return Problem(
        path,
        "The header stands again among the answers",
        f"{counted(len(rows), 'row')} of column names, {rows_named(rows.tolist())}",
        "one header, at the top",
        "two files were put together: make each a wave of its own, or remove the header in the middle if they are one",
        cells=tuple(("", int(row)) for row in rows),
    )


def left_out(cells: pa.Table, entries: Sequence[Mapping[str, Any]]) -> list[np.ndarray]:
    """For each entry of `leave_out:` (column, values, label) the rows that it catches and none before it caught.

    A number stands for every spelling of it (1, 1.0), a text for itself whatever its case and blanks; a column that is not
    there catches nobody.
    """
    caught = np.zeros(cells.num_rows, bool)
    found = []
    for entry in entries:
        hit = np.zeros(cells.num_rows, bool)
        if entry["column"] in cells.column_names:
            codes, texts = texts_of(cells[entry["column"]])
            hit = np.isin(codes, [i for i, text in enumerate(texts) if _means(text, entry["values"])])
        found.append(hit & ~caught)
        caught |= hit
    return found


def _means(text: str, values: Sequence[str | float]) -> bool:
    written = answer_text(text)
    try:
        number = float(written)
    except ValueError:
        number = None
    return any(
        label_key(written) == label_key(value) if isinstance(value, str) else number == float(value) for value in values
    )
