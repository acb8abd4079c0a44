"""Keying checks: do scores correlate with other scores, and items with their scale, the way their keys say?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import answers
from rejsens.psychometrics.intervals import correlation_interval

AS_EXPECTED = "as expected"
UNCERTAIN = "uncertain"
COLUMNS = ("x", "y", "expected", "r", "n", "status")
SIGNS = {"positive": 1, "negative": -1}


def keying_check(scores: pd.DataFrame, expects: Sequence[tuple[str, str, str]], ci_level: float = 0.95) -> pd.DataFrame:
    """Compare the sign of correlations between scores with the sign that their definitions expect.

    Parameters
    ----------
    scores : :py:class:`pandas.DataFrame`
        People x scores, numeric.
    expects : sequence of (x, y, "positive" or "negative")
        Expected signs. Pairs whose scores the data lack are reported, not skipped.
    ci_level : float
        Level of the Fisher z interval that decides.

    Returns
    -------
    checks : :py:class:`pandas.DataFrame`
        One row per expectation: ``x``, ``y``, ``expected``, ``r`` (Pearson), ``n`` (complete pairs), ``status``:

        * ``"as expected"``: the whole interval has the expected sign
        * ``"opposite sign: ..."``: the whole interval has the other sign; one of the two may be keyed the wrong way
        * ``"uncertain"``: the interval holds 0
        * ``"could not run: ..."``: with the reason

    Raises
    ------
    ValueError
        If an expected sign is neither "positive" nor "negative", if a score that is used is not numeric or stands
        twice, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: pairwise; ``n`` counts the people with both scores, four or more.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import keying
    >>> scores = pd.DataFrame({"esteem": [1, 2, 3, 4, 5, 6], "worry": [6, 4, 5, 3, 1, 2]})
    >>> checks = keying.keying_check(scores, [("esteem", "worry", "negative"), ("esteem", "mood", "positive")])
    >>> checks[["x", "y", "n", "status"]]
            x      y  n                                  status
    0  esteem  worry  6                             as expected
    1  esteem   mood  0  could not run: mood is not in the data
    """
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")
    return _table([_check(scores, x, y, expected, ci_level) for x, y, expected in expects])


def item_keying(statistics: pd.DataFrame, score: str) -> pd.DataFrame:
    """Items that correlate negatively with the rest of their scale, in the columns of :py:func:`keying_check`.

    Parameters
    ----------
    statistics : :py:class:`pandas.DataFrame`
        Result of :py:func:`rejsens.psychometrics.item_statistics`.
    score : str
        The scale's score.

    Returns
    -------
    checks : :py:class:`pandas.DataFrame`
        ``x`` is the item, ``y`` the score, ``r`` the item-rest correlation and ``n`` the answers to the item. Items
        without a negative correlation have no row.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import item_statistics, keying
    >>> items = pd.DataFrame({"a": [0, 1, 2, 3], "b": [0, 2, 1, 3], "c": [1, 2, 2, 3], "d": [3, 2, 1, 0]})
    >>> keying.item_keying(item_statistics(items), "scale")[["x", "y", "r"]].round(2)
       x      y     r
    0  d  scale -0.95
    """
    return _table(
        [
            (row.item, score, "positive", row.item_rest, row.n,
             f"opposite sign: {row.item} correlates negatively with the other items of {score}; keyed the wrong way?")
            for row in statistics.itertuples()
            if row.item_rest < 0
        ]
    )  # fmt: skip


def _check(scores: pd.DataFrame, x: str, y: str, expected: str, ci_level: float) -> tuple[Any, ...]:
    if expected not in SIGNS:
        raise ValueError(f"the sign expected of {x} with {y} is “positive” or “negative”, not “{expected}”")
    r, n, reason = _correlation(scores, x, y)
    if reason:
        return x, y, expected, r, n, f"could not run: {reason}"
    low, high = correlation_interval(r, n, ci_level)
    if low <= 0 <= high:
        return x, y, expected, r, n, UNCERTAIN
    if np.sign(r) == SIGNS[expected]:
        return x, y, expected, r, n, AS_EXPECTED
    found = "positively" if r > 0 else "negatively"
    sentence = f"{x} and {y} correlate {found}, {expected} was expected; one of them may be keyed the wrong way"
    return x, y, expected, r, n, f"opposite sign: {sentence}"


def _correlation(scores: pd.DataFrame, x: str, y: str) -> tuple[float, int, str]:
    """Pearson correlation of complete pairs, their number, and why there is none."""
    if absent := [name for name in dict.fromkeys((x, y)) if name not in scores.columns]:
        return np.nan, 0, f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not in the data"
    if x == y:
        return np.nan, 0, f"{x} is compared with itself"
    pairs = answers(scores[[x, y]])
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    n = len(pairs)
    if n < 4:
        return np.nan, n, f"{n} complete {'pair' if n == 1 else 'pairs'}, 4 are needed"
    if flat := [name for name, spread in zip((x, y), np.ptp(pairs, axis=0), strict=True) if spread == 0]:
        return np.nan, n, f"{' and '.join(flat)} {'does' if len(flat) == 1 else 'do'} not vary"
    return float(np.corrcoef(pairs, rowvar=False)[0, 1]), n, ""


def _table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    types = {"x": "str", "y": "str", "expected": "str", "r": "float64", "n": "int64", "status": "str"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
