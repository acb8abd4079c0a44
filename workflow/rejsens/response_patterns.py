"""Runs of identical answers and the spread of a person's answers, for the screening of waves and for the indices of
careless responding. One item at a time: a million people need no second table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def string_lengths(columns: Iterable[tuple[np.ndarray, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Longest and mean run of identical consecutive answers of each person.

    columns   for each item, in order: the answers of all people, and whether a new block begins (another range), where
              no run goes on. A blank ends a run and belongs to none
    returns   (people,) whole numbers, and their mean length (NaN without an answer)

    >>> first, second, third = np.array([1.0, 1.0]), np.array([1.0, np.nan]), np.array([1.0, 1.0])
    >>> longest, average = string_lengths([(first, True), (second, False), (third, False)])
    >>> longest.tolist(), average.tolist()
    ([3, 1], [3.0, 1.0])
    >>> string_lengths([])[0].tolist()
    []
    """
    longest, run, n_answers, n_runs = (np.zeros(0, dtype=np.int32) for _ in range(4))
    previous: np.ndarray | None = None
    for values, begins in columns:
        if previous is None:
            longest, run, n_answers, n_runs = (np.zeros(len(values), dtype=np.int32) for _ in range(4))
        same = np.zeros(len(values), dtype=bool) if begins or previous is None else values == previous
        seen = ~np.isnan(values)
        run = np.where(same, run + 1, seen)
        longest = np.maximum(longest, run)
        n_answers += seen
        n_runs += seen & ~same
        previous = values
    with np.errstate(invalid="ignore", divide="ignore"):
        return longest, n_answers / n_runs


def response_variability(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Intra-individual response variability: SD (n − 1) of each person's answers; blanks are left out.

    columns   for each item, the answers of all people, mapped to 0–1 by its declared range
    returns   (people,); NaN with fewer than two answers

    >>> response_variability([np.array([0.0, 0.5]), np.array([1.0, np.nan])]).round(3).tolist()
    [0.707, nan]
    """
    total, squares, count = np.zeros(()), np.zeros(()), np.zeros(())
    for values in columns:
        seen = ~np.isnan(values)
        total = total + np.where(seen, values, 0)
        squares = squares + np.where(seen, values**2, 0)
        count = count + seen
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.maximum(squares - total**2 / count, 0) / (count - 1))
