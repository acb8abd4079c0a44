"""Split-half reliability over all splits of a scale into halves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import complete_cases, constant, not_varying, why_no_rows
from rejsens.psychometrics.intervals import check_draws, check_level
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, with_bootstrap, withheld

METHOD = "split half (Guttman's lambda 4 of each split)"
MOST_SPLITS = 10_000
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """Split halves of one scale.

    mean, lowest, highest   coefficients over the splits; ``mean`` has an interval where draws were asked for
    best, worst             items of the first half of the split with the highest and the lowest coefficient
    values                  every coefficient, in the order of the splits
    all_splits              whether all splits were tried, or a sample of them
    """

    mean: Reliability
    lowest: Reliability
    highest: Reliability
    best: tuple[str, ...]
    worst: tuple[str, ...]
    values: np.ndarray
    all_splits: bool


def split_half(
    items: pd.DataFrame,
    ci_level: float = 0.95,
    *,
    standardised: bool = False,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> SplitHalf:
    """Split-half reliability: the mean, the lowest and the highest over all splits into halves.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already, two or more columns.
    ci_level : float
        Level of the interval.
    standardised : bool
        Whether items are standardised first.
    draws : int
        Resamples of people for the interval of the mean, a percentile interval. With 0 there is none.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws, and the sample of splits where there are more than 10,000 of them (16 items or more).

    Returns
    -------
    halves : :py:class:`SplitHalf`
        ``status`` of its coefficients says why none is given (one item, fewer than two complete rows, an item that
        does not vary), and of the mean that it rests on a sample of splits.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, if ``ci_level`` is not inside 0 to 1, or if
        ``rng`` is needed and absent.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\lambda_4 = \\frac{4\\,\\mathrm{cov}(A, B)}{s_{A+B}^2}

    for the sums A and B of the two halves [1]_; of an odd number of items one half has one more. The mean over all
    splits of an even number of items is alpha [2]_, so that lowest and highest say what alpha does not: how much hangs
    on the split. The highest capitalises on chance.

    Checked against psych 2.2.9, ``splitHalf()`` with covariances and with correlations, to 1e-5
    (tests/reference/reliability.R).

    References
    ----------
    .. [1] Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika, 10(4), 255–282.
           https://doi.org/10.1007/BF02288892

    .. [2] Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika, 16(3), 297–334.
           https://doi.org/10.1007/BF02310555

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import alpha, split_half
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6))).rename(columns="i{}".format)
    >>> halves = split_half(items)
    >>> print(f"{halves.lowest.estimate:.3f} {halves.mean.estimate:.3f} {halves.highest.estimate:.3f}")
    0.805 0.838 0.858
    >>> len(halves.values), round(alpha(items).estimate, 3)
    (10, 0.838)
    """
    check_level(ci_level)
    check_draws(draws, rng)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    shape = {"n": n, "n_lost": n_lost, "k": k, "ci_level": ci_level}
    kinds = {name: {"coefficient": f"split_half_{name}", "method": f"{METHOD}, {name}", **shape}
             for name in ("mean", "lowest", "highest")}  # fmt: skip
    if reason := _why_none(items, complete):
        none = {name: withheld(reason, own) for name, own in kinds.items()}
        return SplitHalf(**none, best=(), worst=(), values=np.empty(0), all_splits=True)
    halves, everything = _splits(k, rng)
    values = _coefficients(_matrix(complete, standardised), halves)
    nan = float("nan")
    at = {"lowest": int(values.argmin()), "highest": int(values.argmax())}
    results = {
        name: Reliability(estimate=float(values[where]), ci_low=nan, ci_high=nan, status=ESTIMATED, **kinds[name])
        for name, where in at.items()
    }
    status = ESTIMATED if everything else f"{ESTIMATED}; from a sample of {len(halves):,} of {_n_splits(k):,} splits"
    mean = Reliability(estimate=float(values.mean()), ci_low=nan, ci_high=nan, status=status, **kinds["mean"])
    if draws:

        def statistic(rows: np.ndarray) -> float:
            drawn = complete[rows]
            return (
                np.nan if constant(drawn).any() else float(_coefficients(_matrix(drawn, standardised), halves).mean())
            )

        mean = with_bootstrap(mean, f"{METHOD}, mean, percentile bootstrap interval", statistic, draws, rng)
    best, worst = (tuple(str(items.columns[j]) for j in np.flatnonzero(halves[at[w]])) for w in ("highest", "lowest"))
    return SplitHalf(mean=mean, **results, best=best, worst=worst, values=values, all_splits=everything)


def _why_none(items: pd.DataFrame, complete: np.ndarray) -> str:
    n, k = complete.shape
    if k < 2:
        return "internal consistency needs two items or more"
    if n < 2:
        return why_no_rows(items) if n == 0 else "1 complete row"
    return not_varying(list(items), constant(complete))


def _matrix(complete: np.ndarray, standardised: bool) -> np.ndarray:
    return np.corrcoef(complete, rowvar=False) if standardised else np.cov(complete, rowvar=False)


def _n_splits(k: int) -> int:
    """Ways to split k items into halves; of an odd number, one half has one more."""
    return comb(k, k // 2) if k % 2 else comb(k, k // 2) // 2


def _splits(k: int, rng: np.random.Generator | None) -> tuple[np.ndarray, bool]:
    """First halves (splits x items), all of them or a sample."""
    if _n_splits(k) <= MOST_SPLITS:
        return np.array(list(_all_splits(k))), True
    if rng is None:
        raise ValueError(f"{k} items have {_n_splits(k):,} splits: rng, a seeded numpy Generator, draws a sample")
    halves = np.zeros((MOST_SPLITS, k), dtype=bool)
    for half in halves:
        half[rng.permutation(k)[: k // 2]] = True
    return halves, False


def _all_splits(k: int) -> Iterator[np.ndarray]:
    for chosen in combinations(range(k), k // 2):
        if k % 2 == 0 and chosen[0] != 0:
            return  # from here on every half is the other half of a split already seen
        half = np.zeros(k, dtype=bool)
        half[list(chosen)] = True
        yield half


def _coefficients(matrix: np.ndarray, halves: np.ndarray) -> np.ndarray:
    total = matrix.sum()
    parts = []
    for start in range(0, len(halves), BLOCK):
        first = halves[start : start + BLOCK].astype(float)
        parts.append(4 * np.einsum("si,si->s", first @ matrix, 1 - first) / total)
    return np.concatenate(parts)
