"""The columns of a model as numbers, some rows at a time: a column for each wave is yes or no, a byte, until it is multiplied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

CELLS = 250_000  # numbers that are worked on at once: what a processor keeps at hand


def numbers(columns: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """(rows, k) float64 of some rows by position, in the order of `rows`.

    >>> numbers(pd.DataFrame({"late": [False, True, True], "x": [0.5, 1.5, 2.5]}), np.array([2, 0])).tolist()
    [[1.0, 2.5], [0.0, 0.5]]
    """
    in_a_row = len(rows) > 0 and bool((np.diff(rows) == 1).all())  # a slice needs no copy before it becomes numbers
    part = columns.iloc[rows[0] : rows[-1] + 1] if in_a_row else columns.take(rows)
    return part.to_numpy(dtype=float)


def in_slices(columns: pd.DataFrame, *beside: np.ndarray) -> Iterator[np.ndarray]:
    """All rows in order, (some, k + beside) float64 at a time, the (n,) arrays `beside` as last columns.

    >>> [part.tolist() for part in in_slices(pd.DataFrame({"late": [False, True]}), np.array([0.5, 1.5]))]
    [[[0.0, 0.5], [1.0, 1.5]]]
    """
    step = max(1, CELLS // max(1, columns.shape[1] + len(beside)))
    for start in range(0, len(columns), step):
        part = columns.iloc[start : start + step].to_numpy(dtype=float)
        yield np.column_stack([part, *(other[start : start + step] for other in beside)]) if beside else part


def whole_people(codes: np.ndarray, width: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows person by person, some people at a time: positions of the rows, and where each person begins among them.

    codes   (n,) numbers of the people from 0 on, each of whom has a row; width: columns that are wanted of them

    >>> [(rows.tolist(), starts.tolist()) for rows, starts in whole_people(np.array([1, 0, 1]), 2)]
    [([1, 0, 2], [0, 1])]
    """
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    firsts = np.flatnonzero(np.diff(starts * width // CELLS, prepend=-1))
    for first, after in zip(firsts, [*firsts[1:], len(starts)], strict=True):
        own = starts[first:after]
        end = starts[after] if after < len(starts) else len(codes)
        yield order[own[0] : end], own - own[0]


def marked(columns: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Columns of yes and no as one: (n,) which of them a row holds, from 1 on, 0 where none; and (k,) bool where they stand.

    Where a row holds two of them, as no answer is of two waves, they cannot be told so and none is.

    >>> marked(pd.DataFrame({"x": [0.5, 1.5, 2.5], "second": [False, True, False], "third": [False, False, True]}))
    (array([0, 1, 2]), array([False,  True,  True]))
    """
    marks = np.array([dtype.kind == "b" for dtype in columns.dtypes], dtype=bool)
    held = np.zeros(len(columns), dtype=np.intp)
    for number, place in enumerate(np.flatnonzero(marks), start=1):
        own = columns.iloc[:, place].to_numpy()
        if held[own].any():
            return np.zeros(len(columns), dtype=np.intp), np.zeros_like(marks)
        held[own] = number
    return held, marks


def counted(cells: np.ndarray, values: np.ndarray, rows: int, marks: int) -> np.ndarray:
    """(rows, marks) sums of values (n,) by cell: of each row first what holds no mark, which is left out, then mark by mark.

    >>> counted(np.array([0, 1, 2, 1]), np.array([9.0, 1, 2, 3]), 1, 2).tolist()
    [[4.0, 2.0]]
    """
    return np.bincount(cells, values, minlength=rows * (marks + 1)).reshape(rows, marks + 1)[:, 1:]


def products(plain: np.ndarray, held: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(k, k) sums of products of all columns, X'X, of some rows.

    plain   (n, those that are no marks); held (n,) and marks (k,) as `marked` tells them: products of two marks are 0, and of
            each with itself its count

    >>> products(np.array([[2.0], [3], [4]]), np.array([1, 2, 0]), np.array([True, True, False])).tolist()
    [[1.0, 0.0, 2.0], [0.0, 1.0, 3.0], [2.0, 3.0, 29.0]]
    """
    found, waves = np.zeros((len(marks),) * 2), int(marks.sum())
    found[np.ix_(~marks, ~marks)] = plain.T @ plain
    if waves:
        found[marks, marks] = np.bincount(held, minlength=waves + 1)[1:]
        found[np.ix_(~marks, marks)] = [counted(held, column, 1, waves)[0] for column in plain.T]
        found[np.ix_(marks, ~marks)] = found[np.ix_(~marks, marks)].T
    return found


def triangle(slices: Iterable[np.ndarray]) -> np.ndarray:
    """R of the QR decomposition of all rows: R'R are their products, to the precision of the rows themselves.

    source   Golub & Van Loan (2013), Matrix Computations, 4th ed., 5.2: each slice below the R of those before

    >>> rows = np.random.default_rng(1).normal(size=(9, 2))
    >>> r = triangle([rows[:4], rows[4:]])
    >>> bool(np.allclose(r.T @ r, rows.T @ rows))
    True
    """
    above: list[np.ndarray] = []
    for part in slices:
        above = [np.asarray(np.linalg.qr(np.vstack([*above, part]), mode="r"))]
    return above[0]
