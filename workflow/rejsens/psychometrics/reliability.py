"""What every reliability coefficient looks like, and those that need no factor model: alpha and Spearman-Brown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtri

from rejsens.psychometrics.cases import complete_cases, constant, not_varying, why_no_rows
from rejsens.psychometrics.intervals import bootstrap, check_draws, check_level, correlation_interval

ESTIMATED = "estimated"
ALPHA = "alpha, raw, Feldt interval"
ALPHA_BOOTSTRAP = "alpha, raw, percentile bootstrap interval"
SPEARMAN_BROWN = "Spearman-Brown of two items, Fisher z interval"
COLUMNS = (
    "coefficient", "n", "n_lost", "k", "estimate", "ci_low", "ci_high", "ci_level", "method", "draws", "failed", "status",
)  # fmt: skip


@dataclass(frozen=True)
class Reliability:
    """One coefficient of one scale; :py:func:`reliability_table` makes rows of them.

    coefficient      its short name: alpha, omega_u, omega_h, icc2, ...; "none" where no coefficient applies
    estimate         NaN where the coefficient is withheld
    ci_low, ci_high  interval of level `ci_level`; NaN where there is none, and `status` says why
    n, n_lost        complete rows used, and rows lost to missing answers
    k                items (waves or raters, where those are what is summed)
    method           what was computed, and which interval
    status           "estimated", "estimated; " and a remark, or "not reported: " and the reason
    draws, failed    resamples of a bootstrap interval, and how many of them could not be used
    """

    coefficient: str
    estimate: float
    ci_low: float
    ci_high: float
    n: int
    n_lost: int
    k: int
    method: str
    status: str
    ci_level: float = 0.95
    draws: int = 0
    failed: int = 0


def reliability_table(results: Iterable[Reliability]) -> pd.DataFrame:
    """Coefficients as one tidy table, a row each.

    Parameters
    ----------
    results : iterable of :py:class:`Reliability`

    Returns
    -------
    table : :py:class:`pandas.DataFrame`
        ``coefficient``, ``n``, ``n_lost``, ``k``, ``estimate``, ``ci_low``, ``ci_high``, ``ci_level``, ``method``,
        ``draws``, ``failed``, ``status``.

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import alpha, reliability_table, spearman_brown
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    >>> reliability_table([alpha(items), spearman_brown(items)])[["coefficient", "n", "k", "estimate"]].round(2)
          coefficient  n  k  estimate
    0           alpha  5  2      0.89
    1  spearman_brown  5  2      0.89
    """
    rows = [[getattr(result, column) for column in COLUMNS] for result in results]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def alpha(
    items: pd.DataFrame, ci_level: float = 0.95, *, draws: int = 0, rng: np.random.Generator | None = None
) -> Reliability:
    """Cronbach's raw alpha with Feldt's interval, or with a bootstrap interval.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already, two or more columns.
    ci_level : float
        Level of the interval.
    draws : int
        Resamples of people. With 0 the interval is Feldt's, else it is the percentile interval of the draws.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why no estimate is given (one item, fewer than two complete rows, a sum that does not vary) or
        names items that do not vary, which alpha counts all the same.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, if ``ci_level`` is not inside 0 to 1, or if
        ``draws`` come without ``rng``.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\alpha = \\frac{k}{k-1}\\left(1 - \\frac{\\sum s_i^2}{s_{sum}^2}\\right)

    with the interval 1 − (1 − alpha) F, F being quantiles of the F distribution with n − 1 and (n − 1)(k − 1) degrees
    of freedom [1]_. That interval holds for tau-equivalent, normal items; elsewhere its coverage is not promised. A draw
    in which the sum does not vary has no alpha; it is left out and counted.

    Checked against psych 2.2.9, ``alpha()`` and its Feldt interval (tests/reference/psychometrics.R), to 1e-5, a value
    worked by hand, and 20,000 draws made by R (reliability.R), within Monte Carlo error.

    References
    ----------
    .. [1] Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for coefficient alpha.
           Applied Psychological Measurement, 11(1), 93–103. https://doi.org/10.1177/014662168701100107

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import alpha
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, None], "b": [1, 3, 2, 4, 2], "c": [2, 1, 4, 3, 1]})
    >>> result = alpha(items)
    >>> result.n, result.n_lost, result.k, result.status
    (4, 1, 3, 'estimated')
    >>> round(result.estimate, 6)
    0.724138

    The same with a bootstrap, 500 simulated people.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame(rng.normal(size=(500, 1)) + rng.normal(size=(500, 4)))
    >>> by_draws = alpha(people, draws=1000, rng=np.random.default_rng(2))
    >>> print(f"{by_draws.estimate:.2f} [{by_draws.ci_low:.2f}, {by_draws.ci_high:.2f}] {by_draws.method}")
    0.78 [0.74, 0.81] alpha, raw, percentile bootstrap interval
    """
    check_level(ci_level)
    check_draws(draws, rng)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    shape = {"coefficient": "alpha", "n": n, "n_lost": n_lost, "k": k, "method": ALPHA, "ci_level": ci_level}
    reason = _why_no_alpha(items, complete)
    if reason:
        return withheld(reason, shape)
    estimate = raw_alpha(np.cov(complete, rowvar=False))
    tail = (1 - ci_level) / 2
    low, high = (1 - (1 - estimate) * float(fdtri(n - 1, (n - 1) * (k - 1), q)) for q in (1 - tail, tail))
    flat = not_varying(list(items), constant(complete))
    remark = f"; {flat}" if flat else ""
    result = Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED + remark, **shape)
    if not draws:
        return result
    return with_bootstrap(result, ALPHA_BOOTSTRAP, lambda rows: _alpha_of(complete[rows]), draws, rng)


def with_bootstrap(
    result: Reliability,
    method: str,
    statistic: Callable[[np.ndarray], float],
    draws: int,
    rng: np.random.Generator | None,
) -> Reliability:
    """The same coefficient with a percentile interval; `statistic` computes it anew from the positions of people."""
    made = bootstrap(result.n, statistic, draws, rng)
    low, high = made.interval(result.ci_level)
    return replace(
        result, ci_low=low, ci_high=high, method=method, draws=draws, failed=made.failed,
        status=result.status + made.remark,
    )  # fmt: skip


def _alpha_of(values: np.ndarray) -> float:
    """Alpha of complete rows; NaN where their sum does not vary."""
    covariance = np.cov(values, rowvar=False)
    return raw_alpha(covariance) if covariance.sum() > 1e-12 * np.trace(covariance) else np.nan


def raw_alpha(covariance: np.ndarray) -> float:
    """Alpha from a covariance matrix of items."""
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _why_no_alpha(items: pd.DataFrame, complete: np.ndarray) -> str:
    n, k = complete.shape
    if k < 2:
        return "internal consistency needs two items or more"
    if n == 0:
        return why_no_rows(items)
    if n == 1:
        return "1 complete row"
    # Rounding leaves a trace of variance in sums of decimals that are equal.
    spread = np.var(complete.sum(axis=1))
    return "the sum of the items does not vary" if spread <= 1e-12 * max(1.0, np.abs(complete).max()) ** 2 else ""


def spearman_brown(items: pd.DataFrame, ci_level: float = 0.95) -> Reliability:
    """Spearman-Brown reliability of a scale of exactly two items.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x 2 items, numeric, keyed already.
    ci_level : float
        Level of the interval.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why no estimate is given (fewer than four complete rows, an item that does not vary, items that
        correlate −1), or remarks that the items correlate negatively.

    Raises
    ------
    ValueError
        If there are not exactly two items, if they are not numeric, stand twice or hold infinite values, or if
        ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others. The coefficient is 2r / (1 + r) and its interval the
    same transformation of the Fisher z interval of r. With two items alpha can only understate it, and a factor model
    is not identified [1]_. It equals psych's standardised alpha of two items.

    Checked against psych 2.2.9 and R's ``cor.test`` (tests/reference/psychometrics.R), to 1e-5.

    References
    ----------
    .. [1] Eisinga, R., te Grotenhuis, M., & Pelzer, B. (2013). The reliability of a two-item scale: Pearson, Cronbach,
           or Spearman-Brown? International Journal of Public Health, 58(4), 637–642.
           https://doi.org/10.1007/s00038-012-0416-3

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import spearman_brown
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    >>> result = spearman_brown(items)  # r is .80
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.8889, -0.7764, 0.9931)
    """
    check_level(ci_level)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    if k != 2:
        raise ValueError(f"spearman_brown takes two items, not {k}")
    shape = {"coefficient": "spearman_brown", "n": n, "n_lost": n_lost, "k": k, "method": SPEARMAN_BROWN,
             "ci_level": ci_level}  # fmt: skip
    if n < 4:
        return withheld(why_no_rows(items) if n == 0 else f"{n} complete {'row' if n == 1 else 'rows'}", shape)
    if flat := not_varying(list(items), constant(complete)):
        return withheld(flat, shape)
    r = float(np.corrcoef(complete, rowvar=False)[0, 1])
    if r <= -1 + 1e-12:
        return withheld("the two items correlate −1: keyed the wrong way?", shape)
    low, high = correlation_interval(r, n, ci_level)
    estimate, ci_low, ci_high = (2 * value / (1 + value) for value in (r, low, high))
    remark = "; the two items correlate negatively: keyed the wrong way?" if r < 0 else ""
    return Reliability(estimate=estimate, ci_low=ci_low, ci_high=ci_high, status=ESTIMATED + remark, **shape)


def withheld(reason: str, shape: dict[str, Any]) -> Reliability:
    """A result without a number, and why."""
    return Reliability(estimate=np.nan, ci_low=np.nan, ci_high=np.nan, status=f"not reported: {reason}", **shape)
