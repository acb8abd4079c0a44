"""Item statistics of one scale, and the distribution of the answers to each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import answers
from rejsens.psychometrics.reliability import raw_alpha

LOW_ITEM_REST = 0.20
NEGATIVE = "negative item-rest correlation: keyed the wrong way?"
WEAK = "item-rest correlation below .20"
FLAT = "does not vary"
EMPTY = "no answers"
ITEM_TYPES = {
    "item": "str", "n": "int64", "mean": "float64", "sd": "float64", "item_rest": "float64",
    "alpha_if_dropped": "float64", "floor_percent": "float64", "ceiling_percent": "float64", "warning": "str",
}  # fmt: skip

Bound = float | Mapping[str, float] | None


def item_statistics(items: pd.DataFrame, low: Bound = None, high: Bound = None) -> pd.DataFrame:
    """Mean, spread, item-rest correlation, alpha if dropped, floor and ceiling of each item of one reflective scale.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already (a product score: its products).
    low, high : float, mapping of item to float, or None
        Theoretical range of the keyed items, never the observed one. Without it floor and ceiling are NaN.

    Returns
    -------
    statistics : :py:class:`pandas.DataFrame`
        One row per item, in the order of the columns:

        * ``item``
        * ``n``: people who answered the item
        * ``mean``, ``sd``: of those people; sd has divisor n − 1
        * ``item_rest``: Pearson correlation with the sum of the other items
        * ``alpha_if_dropped``: raw alpha of the other items, which must be two or more
        * ``floor_percent``, ``ceiling_percent``: share of those who answered at ``low`` or ``high``, 0 to 100
        * ``warning``: sentences, or an empty string

    Raises
    ------
    ValueError
        If items are not numeric, stand twice, hold infinite values or values outside the range.

    Notes
    -----
    Missing data: ``n``, ``mean``, ``sd``, floor and ceiling use every answer to the item; ``item_rest`` and
    ``alpha_if_dropped`` use the rows that are complete on all items (as many as :py:func:`alpha` counts), and need
    three of them. An item is never turned round here: a negative correlation is warned about.

    Checked against psych 2.2.9, ``alpha()``: r.drop and raw alpha if dropped, to 1e-5
    (tests/reference/psychometrics.R).

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import item_statistics
    >>> items = pd.DataFrame({"a": [0, 1, 2, 3], "b": [0, 2, 1, 3], "c": [1, 2, 2, 3], "d": [3, 2, 1, 0]})
    >>> table = item_statistics(items, 0, 3)
    >>> table[["item", "n", "mean", "item_rest", "floor_percent"]].round(2)
      item  n  mean  item_rest  floor_percent
    0    a  4   1.5       0.45           25.0
    1    b  4   1.5       0.95           25.0
    2    c  4   2.0       0.95            0.0
    3    d  4   1.5      -0.95           25.0
    >>> table.loc[3, "warning"]
    'negative item-rest correlation: keyed the wrong way?'
    """
    values = answers(items)
    names = [str(name) for name in items.columns]
    lows, highs = bounds(low, names, "low"), bounds(high, names, "high")
    _refuse_outside(values, names, lows, highs)
    complete = values[~np.isnan(values).any(axis=1)]
    covariance = np.cov(complete, rowvar=False).reshape(len(names), -1) if len(complete) >= 3 else None
    rows = []
    for position, name in enumerate(names):
        own = values[~np.isnan(values[:, position]), position]
        item_rest, dropped = _against_rest(covariance, position) if covariance is not None else (np.nan, np.nan)
        rows.append(
            (name, len(own), own.mean() if len(own) else np.nan, own.std(ddof=1) if len(own) > 1 else np.nan, item_rest,
             dropped, _percent_at(own, lows[position]), _percent_at(own, highs[position]), _warning(own, item_rest))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(ITEM_TYPES)).astype(ITEM_TYPES)


def response_distribution(items: pd.DataFrame, values: Iterable[float] | None = None) -> pd.DataFrame:
    """How many people gave each answer to each item.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, as answered or keyed.
    values : iterable of float, or None
        The answers that were offered: those that nobody chose are counted as 0. Without it, the answers that occur.

    Returns
    -------
    distribution : :py:class:`pandas.DataFrame`
        ``item``, ``value`` (float, ascending), ``n``, ``percent`` (of those who answered the item, 0 to 100; NaN where
        nobody did).

    Raises
    ------
    ValueError
        If items are not numeric, stand twice, hold infinite values or a value that was not offered.

    Notes
    -----
    Missing data: each item on its own; missing answers are in no count and no denominator.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics.items import response_distribution
    >>> response_distribution(pd.DataFrame({"a": [1, 1, 3, None]}), [1, 2, 3]).round(1)
      item  value  n  percent
    0    a    1.0  2     66.7
    1    a    2.0  0      0.0
    2    a    3.0  1     33.3
    """
    table = answers(items)
    offered = None if values is None else sorted({float(value) for value in values})
    rows = []
    for position, name in enumerate(items.columns):
        own = table[~np.isnan(table[:, position]), position]
        observed, counts = np.unique(own, return_counts=True)
        count = dict(zip(observed.tolist(), counts.tolist(), strict=True))
        if offered is not None and (strange := [value for value in count if value not in offered]):
            raise ValueError(f"{name}: answers that were not offered: {', '.join(f'{value:g}' for value in strange)}")
        for value in offered if offered is not None else count:
            n = count.get(value, 0)
            rows.append((str(name), value, n, 100 * n / len(own) if len(own) else np.nan))
    types = {"item": "str", "value": "float64", "n": "int64", "percent": "float64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def bounds(bound: Bound, names: list[str], side: str) -> np.ndarray:
    if isinstance(bound, Mapping):
        if absent := [name for name in names if name not in bound]:
            raise ValueError(f"{side} is not stated for {', '.join(absent)}")
        return np.array([float(bound[name]) for name in names])
    return np.full(len(names), np.nan if bound is None else float(bound))


def _refuse_outside(values: np.ndarray, names: list[str], lows: np.ndarray, highs: np.ndarray) -> None:
    outside = np.any((values < lows) | (values > highs), axis=0)  # comparisons with NaN are false
    if outside.any():
        wrong = [
            f"{name} ({low:g} to {high:g})"
            for name, low, high, bad in zip(names, lows, highs, outside, strict=True)
            if bad
        ]
        raise ValueError(f"values outside the theoretical range: {', '.join(wrong)}")


def _against_rest(covariance: np.ndarray, position: int) -> tuple[float, float]:
    """Item-rest correlation and alpha of the rest, NaN where a variance is nil or fewer than two items are left."""
    others = np.arange(len(covariance)) != position
    rest = covariance[np.ix_(others, others)]
    total = rest.sum()
    if total <= 1e-12 * max(np.trace(rest), np.finfo(float).tiny):
        return np.nan, np.nan
    dropped = raw_alpha(rest) if len(rest) > 1 else np.nan
    variance = covariance[position, position]
    return (float(covariance[position, others].sum() / np.sqrt(variance * total)) if variance > 0 else np.nan), dropped


def _percent_at(own: np.ndarray, bound: float) -> float:
    return float(100 * (own == bound).mean()) if len(own) and not np.isnan(bound) else np.nan


def _warning(own: np.ndarray, item_rest: float) -> str:
    if not len(own):
        return EMPTY
    if len(own) > 1 and np.ptp(own) == 0:
        return FLAT
    if item_rest < 0:
        return NEGATIVE
    return WEAK if item_rest < LOW_ITEM_REST else ""
