"""Which answers are missing together: a table of patterns, and the cells of its figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMN_TYPES = {"column": "str", "n_missing": "float64", "percent": "float64"}
TABLE_TYPES = {"pattern": "int64", "n": "float64", "percent": "float64", "n_missing": "int64", "missing": "str"}
CELL_TYPES = {"pattern": "int64", "column": "str", "missing": "bool"}


@dataclass(frozen=True, eq=False)
class MissingPatterns:
    """Patterns of missing answers.

    table        a row per pattern, the most frequent first: pattern (1, 2, ...), n and percent of people, n_missing
                 (columns that are missing), missing (their names, joined by commas)
    cells        the data of the figure: pattern, column, missing
    columns      a row per column: column, n_missing, percent of people
    n            people; n_complete of them have every answer
    n_pooled, patterns_pooled   people, and patterns, that were too few to be shown on their own
    """

    table: pd.DataFrame
    cells: pd.DataFrame
    columns: pd.DataFrame
    n: int
    n_complete: float
    n_pooled: float
    patterns_pooled: int


def missing_patterns(frame: pd.DataFrame, min_cell: int = 1) -> MissingPatterns:
    """Count people by what they left out.

    Parameters
    ----------
    frame : :py:class:`pandas.DataFrame`
        People x columns of any kind.
    min_cell : int
        Patterns of fewer people are counted together, with the next rarer one where they alone would still be too few:
        one row says more than as many blank ones, which is all that the disclosure guard could make of them.

    Returns
    -------
    patterns : :py:class:`MissingPatterns`

    Raises
    ------
    ValueError
        If columns stand twice or `min_cell` is below 1.

    Notes
    -----
    Missing data: this is their description; no row is lost.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.missing import missing_patterns
    >>> frame = pd.DataFrame({"a": [1, 2, None, 4, None], "b": [1, 2, 3, 4, None]})
    >>> missing_patterns(frame).table[["n", "percent", "n_missing"]].to_numpy().tolist()
    [[3.0, 60.0, 0.0], [1.0, 20.0, 1.0], [1.0, 20.0, 2.0]]
    >>> missing_patterns(frame).table["missing"].tolist()
    ['', 'a', 'a, b']
    >>> hidden = missing_patterns(frame, min_cell=2)
    >>> len(hidden.table), hidden.n_pooled, hidden.patterns_pooled
    (1, 2.0, 2)
    """
    if min_cell < 1:
        raise ValueError(f"min_cell is 1 or more, not {min_cell}")
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise ValueError("columns stand twice")
    missing = frame.isna().to_numpy()
    rows, counts = np.unique(missing, axis=0, return_counts=True) if len(missing) else (missing, np.zeros(0, dtype=int))
    order = np.lexsort((*rows.T[::-1], rows.sum(axis=1), -counts)) if len(rows) else np.zeros(0, dtype=int)
    rows, counts = rows[order], counts[order]
    shown = _shown(counts, min_cell)
    n = len(frame)
    kept, size = rows[:shown], counts[:shown]
    table = pd.DataFrame(
        {"pattern": np.arange(1, shown + 1), "n": size, "percent": 100 * size / max(n, 1),
         "n_missing": kept.sum(axis=1) if shown else np.zeros(0, dtype=int),
         "missing": [", ".join(np.array(names)[row]) for row in kept]}
    ).astype(TABLE_TYPES)  # fmt: skip
    cells = pd.DataFrame(
        {"pattern": np.repeat(np.arange(1, shown + 1), len(names)), "column": names * shown, "missing": kept.ravel()}
    ).astype(CELL_TYPES)
    by_column = missing.sum(axis=0)
    columns = pd.DataFrame({"column": names, "n_missing": by_column, "percent": 100 * by_column / max(n, 1)})
    complete, pooled = float((~missing.any(axis=1)).sum()), float(counts[shown:].sum())
    return MissingPatterns(table, cells, columns.astype(COLUMN_TYPES), n, complete, pooled, len(counts) - shown)


def _shown(counts: np.ndarray, min_cell: int) -> int:
    """How many of the (descending) patterns are shown; those that are not are together enough people, or all."""
    shown = int((counts >= min_cell).sum())
    while shown and 0 < counts[shown:].sum() < min_cell:
        shown -= 1
    return shown
