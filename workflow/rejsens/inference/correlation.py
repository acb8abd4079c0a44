"""Pearson correlations per wave, pairwise complete, with Fisher z intervals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import varies

COLUMNS = ("wave", "x", "y", "n", "r", "ci_low", "ci_high", "p")


def correlations(scores: pd.DataFrame, variables: Sequence[str], ci_level: float = 0.95) -> pd.DataFrame:
    """Correlations of every pair of variables within every wave.

    scores      one row per participant and wave with columns participant, wave, wave_number, role; only role "wave"
                is used, so that retest samples do not count twice
    variables   numeric columns; one that is not in the data, or was never answered in a wave, is left out there
    returns     one row per wave (in wave order) and pair (in the order of `variables`): n pairwise complete,
                r, two-sided t test on n - 2 degrees of freedom, and the interval tanh(atanh r -+ z / sqrt(n - 3)).
                r and p are missing below three people or when a variable does not vary, the interval below four
    checked against R's cor.test

    Fisher's z interval assumes that the two variables are bivariate normal.

    >>> scores = pd.DataFrame({"participant": list("abcde"), "wave": "w1", "wave_number": 1, "role": "wave",
    ...                        "x": [1.0, 2, 3, 4, 5], "y": [2.0, 1, 4, 3, None]})
    >>> correlations(scores, ["x", "y"]).round(3)
      wave  x  y  n    r  ci_low  ci_high    p
    0   w1  x  y  4  0.6  -0.853     0.99  0.4
    """
    panel = scores.loc[scores["role"] == "wave"].sort_values("wave_number", kind="stable")
    rows = []
    for wave, frame in panel.groupby("wave", sort=False):
        asked = [name for name in variables if name in frame and frame[name].notna().any()]
        values = {name: frame[name].to_numpy(float) for name in asked}
        for x, y in itertools.combinations(values, 2):
            rows.append((wave, x, y, *pearson(values[x], values[y], ci_level)))
    dtypes = dict.fromkeys(COLUMNS[:3], "str") | {"n": "int64"} | dict.fromkeys(COLUMNS[4:], "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dtypes)


def pearson(x: np.ndarray, y: np.ndarray, ci_level: float = 0.95) -> tuple[int, float, float, float, float]:
    """n, r, interval and p of the complete pairs; see `correlations`.

    >>> pearson(np.array([1.0, 2, 3, 4, np.nan]), np.array([2.0, 1, 4, 3, 9]))[:2]
    (4, 0.6)
    """
    complete = ~(np.isnan(x) | np.isnan(y))
    x, y, n = x[complete], y[complete], int(complete.sum())
    if n < 3 or not varies(x) or not varies(y):
        return n, math.nan, math.nan, math.nan, math.nan
    x, y = x - x.mean(), y - y.mean()
    r = float(np.clip(x @ y / math.sqrt((x @ x) * (y @ y)), -1, 1))
    return n, r, *fisher_interval(r, n, ci_level), correlation_p(r, n - 2)


def fisher_interval(r: float, n: int, ci_level: float = 0.95, partialled: int = 0) -> tuple[float, float]:
    """Fisher z interval of a correlation, or of a partial correlation given `partialled` further variables.

    >>> [round(end, 3) for end in fisher_interval(0.3, 100)]
    [0.11, 0.469]
    """
    spread = n - 3 - partialled
    if spread <= 0 or abs(r) == 1:
        return math.nan, math.nan
    half = stats.norm.ppf(0.5 + ci_level / 2) / math.sqrt(spread)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def correlation_p(r: float, df: int) -> float:
    """Two-sided p of a (partial) correlation by t = r sqrt(df / (1 - r^2)).

    >>> round(correlation_p(0.6, 2), 3)
    0.4
    """
    if abs(r) == 1:
        return 0.0
    return float(2 * stats.t.sf(abs(r) * math.sqrt(df / (1 - r * r)), df))
