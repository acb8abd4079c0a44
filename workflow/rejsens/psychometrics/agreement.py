"""The same score more than once: intraclass correlations, error of measurement, smallest detectable change, retest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtri, fdtri

from rejsens.psychometrics.cases import complete_cases, why_no_rows
from rejsens.psychometrics.intervals import check_level, correlation_interval
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, withheld

CLOSE_DAYS = 28  # waves of the panel are at least this far apart, a retest is closer
SDC_FACTOR = 1.96 * np.sqrt(2)
ICC_METHODS = {
    "icc1": "ICC(1,1), one-way random, one rating, agreement",
    "icc2": "ICC(2,1), two-way random, one rating, agreement",
    "icc3": "ICC(3,1), two-way mixed, one rating, consistency",
    "icc1k": "ICC(1,k), one-way random, mean of k ratings, agreement",
    "icc2k": "ICC(2,k), two-way random, mean of k ratings, agreement",
    "icc3k": "ICC(3,k), two-way mixed, mean of k ratings, consistency",
}
SEM_METHODS = {
    "sem_consistency": "standard error of measurement, shifts of the mean left out, chi-square interval",
    "sem_agreement": "standard error of measurement, shifts of the mean included, Satterthwaite interval",
    "sdc95": "smallest detectable change, 1.96 √2 times the standard error of measurement (consistency)",
    "sdc95_agreement": "smallest detectable change, 1.96 √2 times the standard error of measurement (agreement)",
}


@dataclass(frozen=True)
class _MeanSquares:
    """Of people x ratings: between people, between ratings, what is left, and within people."""

    n: int
    k: int
    people: float
    ratings: float
    error: float

    @property
    def within(self) -> float:
        n, k = self.n, self.k
        return (self.ratings * (k - 1) + self.error * (n - 1) * (k - 1)) / (n * (k - 1))


def icc(ratings: pd.DataFrame, ci_level: float = 0.95) -> dict[str, Reliability]:
    """The six intraclass correlations of Shrout and Fleiss, with F intervals.

    Parameters
    ----------
    ratings : :py:class:`pandas.DataFrame`
        People x ratings (raters, or waves of one score), numeric, two or more columns.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``icc1``, ``icc2``, ``icc3``: of one rating; ``icc1k``, ``icc2k``, ``icc3k``: of the mean of all. ``k`` counts
        ratings. Withheld, with the reason, for one rating, fewer than three complete rows, people who do not differ, or
        ratings that agree to the last digit.

    Raises
    ------
    ValueError
        If ratings are not numeric, stand twice or hold infinite values, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    From the mean squares of the two-way analysis of variance (between people B, between ratings J, error E, within
    people W) [1]_:

    .. math:: ICC(1,1) = \\frac{B - W}{B + (k-1)W}, \\quad ICC(2,1) = \\frac{B - E}{B + (k-1)E + k(J - E)/n}, \\quad
              ICC(3,1) = \\frac{B - E}{B + (k-1)E}

    .. math:: ICC(1,k) = \\frac{B - W}{B}, \\quad ICC(2,k) = \\frac{B - E}{B + (J - E)/n}, \\quad
              ICC(3,k) = \\frac{B - E}{B}

    For retest, ICC(2,1) is agreement (a shift of everybody counts against it), ICC(3,1) consistency (it does not).
    Estimates below 0 are shown as they are.

    Checked against psych 2.2.9, ``ICC(lmer = FALSE)`` (tests/reference/reliability.R), to 1e-5, and the six printed
    values of [1]_, Table 4.

    References
    ----------
    .. [1] Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater reliability.
           Psychological Bulletin, 86(2), 420–428. https://doi.org/10.1037/0033-2909.86.2.420

    Examples
    --------
    The six targets and four judges of Shrout and Fleiss.

    >>> import pandas as pd
    >>> from rejsens.psychometrics import icc
    >>> judges = pd.DataFrame({"a": [9, 6, 8, 7, 10, 6], "b": [2, 1, 4, 1, 5, 2], "c": [5, 3, 6, 2, 6, 4],
    ...                        "d": [8, 2, 8, 6, 9, 7]})
    >>> {name: round(result.estimate, 2) for name, result in icc(judges).items()}
    {'icc1': 0.17, 'icc2': 0.29, 'icc3': 0.71, 'icc1k': 0.44, 'icc2k': 0.62, 'icc3k': 0.91}
    """
    check_level(ci_level)
    complete, n_lost = complete_cases(ratings)
    n, k = complete.shape
    shapes = {
        name: {"coefficient": name, "n": n, "n_lost": n_lost, "k": k, "method": f"{method}, F interval",
               "ci_level": ci_level}
        for name, method in ICC_METHODS.items()
    }  # fmt: skip
    ms = None if (reason := _why_too_few(ratings, complete)) else mean_squares(complete)
    reason = reason if ms is None else _why_no_ratio(ms)
    if ms is None or reason:
        return {name: withheld(reason, shape) for name, shape in shapes.items()}
    found = _intraclass(ms, (1 - ci_level) / 2)
    return {
        name: Reliability(estimate=one[0], ci_low=one[1], ci_high=one[2], status=ESTIMATED, **shapes[name])
        for name, one in found.items()
    }


def measurement_error(ratings: pd.DataFrame, ci_level: float = 0.95) -> dict[str, Reliability]:
    """Standard error of measurement and smallest detectable change, in the units of the score, from repeated scores.

    Parameters
    ----------
    ratings : :py:class:`pandas.DataFrame`
        People x waves of one score, numeric, two or more columns; people should not have changed in between.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    errors : dict of str to :py:class:`Reliability`
        ``sem_consistency``, ``sem_agreement``, ``sdc95``, ``sdc95_agreement``; ``estimate`` is in units of the score.
        Withheld, with the reason, for one wave or fewer than three complete rows.

    Raises
    ------
    ValueError
        If ratings are not numeric, stand twice or hold infinite values, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: SEM_{consistency} = \\sqrt{E}, \\quad SEM_{agreement} = \\sqrt{E + \\max(0, (J - E)/n)}, \\quad
              SDC_{95} = 1.96 \\sqrt{2}\\, SEM

    with the mean squares of error E and between waves J [1]_. A person's change that is smaller than the SDC may be
    error. The interval of consistency is exact for normal errors, (n − 1)(k − 1) E / sigma² being chi-square; that of
    agreement takes Satterthwaite's degrees of freedom. With two waves the consistency SEM is the SD of the differences
    over √2.

    Checked against an analysis of variance and chi-square quantiles worked in R (tests/reference/reliability.R), to
    1e-5.

    References
    ----------
    .. [1] de Vet, H. C. W., Terwee, C. B., Knol, D. L., & Bouter, L. M. (2006). When to use agreement versus
           reliability measures. Journal of Clinical Epidemiology, 59(10), 1033–1039.
           https://doi.org/10.1016/j.jclinepi.2005.10.015

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import measurement_error
    >>> scores = pd.DataFrame({"first": [10, 12, 15, 11, 18, 9], "second": [11, 12, 14, 13, 17, 9]})
    >>> errors = measurement_error(scores)
    >>> round(errors["sem_consistency"].estimate, 3), round(errors["sdc95"].estimate, 2)
    (0.827, 2.29)
    """
    check_level(ci_level)
    complete, n_lost = complete_cases(ratings)
    n, k = complete.shape
    shapes = {
        name: {"coefficient": name, "n": n, "n_lost": n_lost, "k": k, "method": method, "ci_level": ci_level}
        for name, method in SEM_METHODS.items()
    }
    if reason := _why_too_few(ratings, complete):
        return {name: withheld(reason, shape) for name, shape in shapes.items()}
    ms = mean_squares(complete)
    df = (n - 1) * (k - 1)
    shift = max(0.0, (ms.ratings - ms.error) / n)
    parts = np.array([ms.ratings / n, ms.error * (1 - 1 / n)]) if shift else np.array([0.0, ms.error])
    df_agreement = parts.sum() ** 2 / (parts**2 / [k - 1, df]).sum() if parts.sum() else df
    spans = {
        "sem_consistency": _root_interval(ms.error, df, ci_level),
        "sem_agreement": _root_interval(ms.error + shift, df_agreement, ci_level),
    }
    spans["sdc95"] = spans["sem_consistency"] * SDC_FACTOR
    spans["sdc95_agreement"] = spans["sem_agreement"] * SDC_FACTOR
    return {
        name: Reliability(
            estimate=float(span[0]), ci_low=float(span[1]), ci_high=float(span[2]), status=ESTIMATED, **shapes[name]
        )
        for name, span in spans.items()
    }


def error_from_reliability(scores: pd.Series, reliability: Reliability) -> dict[str, Reliability]:
    """Standard error of measurement and smallest detectable change from one wave: a score's SD and its reliability.

    Parameters
    ----------
    scores : :py:class:`pandas.Series`
        The scale score of people, numeric.
    reliability : :py:class:`Reliability`
        A coefficient of that score, of alpha's or omega's kind.

    Returns
    -------
    errors : dict of str to :py:class:`Reliability`
        ``sem_internal`` and ``sdc95_internal``, in units of the score. Withheld where the coefficient is.

    Raises
    ------
    ValueError
        If scores are not numeric or hold infinite values.

    Notes
    -----
    Missing data: people without a score are left out of the SD; ``n_lost`` counts them.

    .. math:: SEM = s \\sqrt{1 - \\rho}, \\quad SDC_{95} = 1.96 \\sqrt{2}\\, SEM

    The interval carries over from the coefficient; the SD is taken as known. Errors that last from one day to the next
    are not in it: where there is a retest, :py:func:`measurement_error` says more.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import alpha, error_from_reliability
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)))
    >>> errors = error_from_reliability(items.sum(axis=1), alpha(items))
    >>> round(errors["sem_internal"].estimate, 2), errors["sem_internal"].method
    (2.47, 'standard error of measurement from SD and alpha')
    """
    values, n_lost = complete_cases(scores.to_frame("score"))
    n = len(values)
    source = reliability.coefficient
    shape = {"n": n, "n_lost": n_lost, "k": reliability.k, "ci_level": reliability.ci_level}
    shapes: dict[str, dict[str, Any]] = {
        "sem_internal": {"method": f"standard error of measurement from SD and {source}", **shape},
        "sdc95_internal": {"method": f"smallest detectable change from SD and {source}", **shape},
    }
    shapes = {name: {"coefficient": name, **own} for name, own in shapes.items()}
    if not reliability.status.startswith(ESTIMATED):
        return {name: withheld(f"{source} is {reliability.status}", own) for name, own in shapes.items()}
    if n < 2:
        return {name: withheld("fewer than two people have a score", own) for name, own in shapes.items()}
    ends = np.array([reliability.estimate, reliability.ci_high, reliability.ci_low])
    sem = float(values.std(ddof=1)) * np.sqrt(np.maximum(1 - ends, 0))
    spans = {"sem_internal": sem, "sdc95_internal": sem * SDC_FACTOR}
    return {
        name: Reliability(
            estimate=float(span[0]), ci_low=float(span[1]), ci_high=float(span[2]), status=ESTIMATED, **shapes[name]
        )
        for name, span in spans.items()
    }


def test_retest(scores: pd.DataFrame, days: float, ci_level: float = 0.95) -> dict[str, Reliability]:
    """Test-retest reliability of one score at two waves, where these are close.

    Parameters
    ----------
    scores : :py:class:`pandas.DataFrame`
        People x 2 waves of one score.
    days : float
        Days between the waves: of their first days, or the median over people.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``retest_icc2`` (agreement), ``retest_icc3`` (consistency), ``retest_r`` (Pearson, Fisher z interval),
        ``sem_consistency``, ``sem_agreement``, ``sdc95``, ``sdc95_agreement``. Waves 28 days apart or more: the status
        says that change of people and error of measurement cannot be told apart, and the names begin with
        ``stability_`` instead of ``retest_``.

    Raises
    ------
    ValueError
        As :py:func:`icc`, and if there are not exactly two waves or ``days`` is not above 0.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others. See :py:func:`icc` and :py:func:`measurement_error`.
    Pearson's r does not see that everybody moved, or that the spread changed; it is there to be compared with others'.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import test_retest
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(120, 1))
    >>> scores = pd.DataFrame(trait + 0.4 * rng.normal(size=(120, 2)), columns=["first", "second"])
    >>> found = test_retest(scores, days=14)
    >>> {name: round(one.estimate, 2) for name, one in found.items()}
    {'retest_icc2': 0.79, 'retest_icc3': 0.79, 'retest_r': 0.79, 'sem_consistency': 0.43, 'sem_agreement': 0.43, 'sdc95': 1.19, 'sdc95_agreement': 1.19}
    >>> test_retest(scores, days=84)["stability_icc3"].status
    'estimated; waves 84 days apart: change of people and error of measurement together, no retest'
    """
    if scores.shape[1] != 2:
        raise ValueError(f"test_retest takes two waves, not {scores.shape[1]}")
    if not days > 0:
        raise ValueError(f"days counts the days between the waves, more than 0, not {days}")
    coefficients = {name: one for name, one in icc(scores, ci_level).items() if name in ("icc2", "icc3")}
    coefficients["r"] = _pearson(scores, ci_level)
    far = days >= CLOSE_DAYS
    kind = "stability" if far else "retest"
    found = {f"{kind}_{name}": replace(one, coefficient=f"{kind}_{name}") for name, one in coefficients.items()}
    found |= measurement_error(scores, ci_level)
    if not far:
        return found
    remark = f"; waves {days:g} days apart: change of people and error of measurement together, no retest"
    return {name: replace(one, status=one.status + remark) for name, one in found.items()}


test_retest.__test__ = False  # type: ignore[attr-defined]  # pytest asks for it: a statistic of psychometrics, not a test of this code


def _pearson(scores: pd.DataFrame, ci_level: float) -> Reliability:
    complete, n_lost = complete_cases(scores)
    shape: dict[str, Any] = {"coefficient": "r", "n": len(complete), "n_lost": n_lost, "k": 2, "ci_level": ci_level,
             "method": "Pearson correlation of two waves, Fisher z interval"}  # fmt: skip
    if len(complete) < 4:
        return withheld(why_no_rows(scores) if not len(complete) else "fewer than four complete rows", shape)
    if (np.ptp(complete, axis=0) == 0).any():
        return withheld("the score does not vary at one of the waves", shape)
    r = float(np.corrcoef(complete, rowvar=False)[0, 1])
    low, high = correlation_interval(r, len(complete), ci_level)
    return Reliability(estimate=r, ci_low=low, ci_high=high, status=ESTIMATED, **shape)


def mean_squares(values: np.ndarray) -> _MeanSquares:
    n, k = values.shape
    centre = values.mean()
    people, ratings = values.mean(axis=1) - centre, values.mean(axis=0) - centre
    left = values - people[:, None] - ratings - centre
    return _MeanSquares(
        n, k, float(k * (people**2).sum() / (n - 1)), float(n * (ratings**2).sum() / (k - 1)),
        float((left**2).sum() / ((n - 1) * (k - 1))),
    )  # fmt: skip


def _why_too_few(ratings: pd.DataFrame, complete: np.ndarray) -> str:
    n, k = complete.shape
    if k < 2:
        return "one rating of each person says nothing of agreement"
    if n == 0:
        return why_no_rows(ratings)
    return f"{n} complete {'row' if n == 1 else 'rows'}, three are needed" if n < 3 else ""


def _why_no_ratio(ms: _MeanSquares) -> str:
    scale = max(ms.people, ms.ratings, ms.error, np.finfo(float).tiny)
    if ms.people <= 1e-12 * scale:
        return "people do not differ"
    return "the ratings of a person differ by nothing but a constant" if ms.error <= 1e-12 * scale else ""


def _intraclass(ms: _MeanSquares, tail: float) -> dict[str, tuple[float, ...]]:
    """Estimate and interval of each form (Shrout & Fleiss, 1979, and McGraw & Wong's names aside)."""
    n, k = ms.n, ms.k
    b, j, e, w = ms.people, ms.ratings, ms.error, ms.within
    one_way = _f_interval(b / w, n - 1, n * (k - 1), tail)
    two_way = _f_interval(b / e, n - 1, (n - 1) * (k - 1), tail)
    icc2 = (b - e) / (b + (k - 1) * e + k * (j - e) / n)
    agreement = _agreement_interval(ms, icc2, tail)
    return {
        "icc1": ((b - w) / (b + (k - 1) * w), *((f - 1) / (f + k - 1) for f in one_way)),
        "icc2": (icc2, *agreement),
        "icc3": ((b - e) / (b + (k - 1) * e), *((f - 1) / (f + k - 1) for f in two_way)),
        "icc1k": ((b - w) / b, *(1 - 1 / f for f in one_way)),
        "icc2k": ((b - e) / (b + (j - e) / n), *(end * k / (1 + end * (k - 1)) for end in agreement)),
        "icc3k": ((b - e) / b, *(1 - 1 / f for f in two_way)),
    }


def _f_interval(f: float, above: float, below: float, tail: float) -> tuple[float, float]:
    return f / float(fdtri(above, below, 1 - tail)), f * float(fdtri(below, above, 1 - tail))


def _agreement_interval(ms: _MeanSquares, icc2: float, tail: float) -> tuple[float, float]:
    """Satterthwaite's interval of ICC(2,1)."""
    n, k, ratio = ms.n, ms.k, ms.ratings / ms.error
    share = n * (1 + (k - 1) * icc2) - k * icc2
    v = (k - 1) * (n - 1) * (k * icc2 * ratio + share) ** 2 / ((n - 1) * k**2 * icc2**2 * ratio**2 + share**2)
    upper, lower = float(fdtri(n - 1, v, 1 - tail)), float(fdtri(v, n - 1, 1 - tail))
    rest = k * ms.ratings + (k * n - k - n) * ms.error
    low = n * (ms.people - upper * ms.error) / (upper * rest + n * ms.people)
    high = n * (lower * ms.people - ms.error) / (rest + n * lower * ms.people)
    return low, high


def _root_interval(variance: float, df: float, ci_level: float) -> np.ndarray:
    """A standard deviation with its chi-square interval."""
    tail = (1 - ci_level) / 2
    return np.sqrt(variance * np.array([1.0, df / chdtri(df, tail), df / chdtri(df, 1 - tail)]))
