"""Which columns of a wide frame are worth imputing each other from."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from rejsens.missing.coding import Coded, coded


def choose_predictors(frame: pd.DataFrame, least: float = 0.1, always: Collection[str] = ()) -> dict[str, list[str]]:
    """For each column with gaps, the columns that tell something of its values or of its being missing.

    Parameters
    ----------
    frame : :py:class:`pandas.DataFrame`
        As for :py:func:`impute`: one row per person.
    least : float
        Smallest correlation, in size, with the column or with whether it is missing.
    always : collection of str
        Columns that predict every other: those of the analysis, so that imputation keeps what it asks about.

    Returns
    -------
    predictors : dict of str to list of str
        For ``impute(predictors=...)``. Columns without gaps have no entry.

    Raises
    ------
    ValueError
        If ``always`` names a column that the frame lacks, ``least`` has no meaning, or a column is empty.

    Notes
    -----
    Missing data: correlations of the pairs that are there. A category counts by the largest correlation of any of its
    levels. Wide frames have more columns than people can tell apart; some 15 to 25 predictors are usually enough [1]_.
    Checked against mice 3.15, ``quickpred``, for numbers (tests/reference/missing.R).

    References
    ----------
    .. [1] van Buuren, S. (2018). Flexible imputation of missing data (2nd ed.), section 6.3.2. CRC Press.
           https://stefvanbuuren.name/fimd/sec-modelform.html

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.missing import choose_predictors
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=400)
    >>> frame = pd.DataFrame({"x": x, "y": x + rng.normal(size=400), "noise": rng.normal(size=400)})
    >>> choose_predictors(frame.assign(y=frame["y"].mask(rng.random(400) < 0.2)), least=0.15)
    {'y': ['x']}
    """
    if not 0 <= least < 1:
        raise ValueError(f"a smallest correlation lies between 0 and 1, not at {least}")
    if unknown := sorted({*always} - {*map(str, frame.columns)}):
        raise ValueError(f"the frame lacks these columns: {', '.join(unknown)}")
    columns = [coded(frame[name]) for name in frame]
    matrix = pd.DataFrame(np.concatenate([_numbers(column) for column in columns], axis=1))
    owner = np.repeat(np.arange(len(columns)), [column.width for column in columns])
    values = _sizes(matrix, matrix)
    absent = _sizes(matrix, matrix.isna().astype(float))
    chosen = {}
    for j, column in enumerate(columns):
        if not column.missing.any():
            continue
        own = owner == j
        strength = np.maximum(values[:, own], absent[:, own]).max(axis=1)
        largest = [strength[owner == other].max(initial=0.0) for other in range(len(columns))]
        chosen[column.name] = [
            other.name for k, other in enumerate(columns) if k != j and (largest[k] > least or other.name in always)
        ]
    return chosen


def _numbers(column: Coded) -> np.ndarray:
    """The column as it stands in a regression, its gaps as NaN."""
    out = column.columns(np.where(column.missing, 0, column.values))
    out[column.missing] = np.nan
    return out


def _sizes(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Absolute correlations of columns over the rows where both are there, nil where there is none."""
    both = pd.concat([left, right], axis=1, ignore_index=True).corr().to_numpy()
    return np.nan_to_num(np.abs(both[: left.shape[1], left.shape[1] :]))
