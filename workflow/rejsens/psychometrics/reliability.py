"""Internal consistency of one scale: each coefficient under its full name, with its interval and its n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtri, ndtri

from rejsens.psychometrics.cases import complete_cases, constant, named, why_no_model, why_no_rows
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.normal import sample_from_rows
from rejsens.psychometrics.engine.table import compile_table
from rejsens.psychometrics.factor_structure import Design, factor_table

ESTIMATED = "estimated"
ALPHA = "alpha, raw, Feldt interval"
OMEGA_U = "omega_u, one-factor ML, delta-method interval"
SPEARMAN_BROWN = "Spearman-Brown of two items, Fisher z interval"


@dataclass(frozen=True)
class Reliability:
    """One coefficient of one scale.

    coefficient      alpha | omega_u | spearman_brown | none
    estimate         NaN where the coefficient is withheld
    ci_low, ci_high  interval of level `ci_level`
    n, n_lost        complete rows used, and rows lost to missing answers
    k                items
    method           what was computed, and which interval
    status           "estimated", "estimated; " and a remark, or "not reported: " and the reason
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


def alpha(items: pd.DataFrame, ci_level: float = 0.95) -> Reliability:
    """Cronbach's raw alpha with Feldt's interval.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already, two or more columns.
    ci_level : float
        Level of the interval.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why no estimate is given (one item, fewer than two complete rows, a sum that does not vary) or
        names items that do not vary, which alpha counts all the same.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\alpha = \\frac{k}{k-1}\\left(1 - \\frac{\\sum s_i^2}{s_{sum}^2}\\right)

    with the interval 1 − (1 − alpha) F, F being quantiles of the F distribution with n − 1 and (n − 1)(k − 1) degrees
    of freedom [1]_. That interval holds for tau-equivalent, normal items; elsewhere its coverage is not promised.

    Checked against psych 2.2.9, ``alpha()`` and its Feldt interval (tests/reference/psychometrics.R), to 1e-5, and a
    value worked by hand.

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
    """
    _check_level(ci_level)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    shape = {"coefficient": "alpha", "n": n, "n_lost": n_lost, "k": k, "method": ALPHA, "ci_level": ci_level}
    reason = _why_no_alpha(items, complete)
    if reason:
        return _withheld(reason, shape)
    estimate = raw_alpha(np.cov(complete, rowvar=False))
    tail = (1 - ci_level) / 2
    low, high = (1 - (1 - estimate) * float(fdtri(n - 1, (n - 1) * (k - 1), q)) for q in (1 - tail, tail))
    flat = constant(complete)
    remark = f"; {named(list(items), flat)} {'does' if flat.sum() == 1 else 'do'} not vary" if flat.any() else ""
    return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED + remark, **shape)


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


def omega(items: pd.DataFrame, ci_level: float = 0.95) -> Reliability:
    """Omega of a scale with one factor (omega_u), from the one-factor maximum likelihood model.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already, three or more columns.
    ci_level : float
        Level of the interval.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why omega is withheld: fewer than three items, a model that cannot be fitted, or one that is not
        admissible (see :py:func:`rejsens.psychometrics.cfa`). Three items are enough: the model is then just
        identified, so that omega exists although fit does not.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\omega_u = \\frac{(\\sum \\lambda_i)^2}{(\\sum \\lambda_i)^2 + \\sum \\theta_i}

    with unstandardised loadings and residual variances, factor variance 1: the share of the variance of the unweighted
    sum that the factor explains, in the model-implied covariance matrix [1]_. Many coefficients are called omega; this
    is not omega hierarchical and not omega of ordered categories. The interval is the estimate plus or minus z standard
    errors, by the delta method from the expected information [2]_; it is not bounded by 1.

    Checked against lavaan 0.6.14 (a defined parameter) and semTools 0.5.6 (tests/reference/psychometrics.R), to 1e-5.

    References
    ----------
    .. [1] Flora, D. B. (2020). Your coefficient alpha is probably wrong, but which coefficient omega is right? Advances
           in Methods and Practices in Psychological Science, 3(4), 484–501. https://doi.org/10.1177/2515245920951747

    .. [2] Raykov, T. (2002). Analytic estimation of standard error and confidence interval for scale reliability.
           Multivariate Behavioral Research, 37(1), 89–103. https://doi.org/10.1207/S15327906MBR3701_04

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import omega
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=500)
    >>> items = pd.DataFrame({f"i{j}": 0.7 * factor + 0.7 * rng.normal(size=500) for j in range(4)})
    >>> result = omega(items)
    >>> print(f"{result.estimate:.3f} [{result.ci_low:.3f}, {result.ci_high:.3f}] {result.status}")
    0.769 [0.736, 0.802] estimated

    Two items do not identify a factor.

    >>> omega(items[["i0", "i1"]]).status
    'not reported: omega_u needs three items or more'
    """
    _check_level(ci_level)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    shape = {"coefficient": "omega_u", "n": n, "n_lost": n_lost, "k": k, "method": OMEGA_U, "ci_level": ci_level}
    reason = "omega_u needs three items or more" if k < 3 else why_no_model(items, complete)
    if reason:
        return _withheld(reason, shape)
    names = tuple(map(str, items.columns))
    structure = compile_table(factor_table(Design(names, {"factor": names})))
    fitted = engine.estimate(structure, [sample_from_rows(complete)])
    if reason := engine.why_inadmissible(fitted):
        return _withheld(f"the one-factor model is not admissible ({reason})", shape)
    estimate, se = _omega_u(fitted.parameters, fitted.covariance)
    half = float(ndtri((1 + ci_level) / 2)) * se
    return Reliability(estimate=estimate, ci_low=estimate - half, ci_high=estimate + half, status=ESTIMATED, **shape)


def _omega_u(parameters: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    """Omega and its standard error, from k loadings (factor variance 1), k residual variances and their covariance."""
    k = len(parameters) // 2
    total, unique = float(parameters[:k].sum()), float(parameters[k:].sum())
    whole = total**2 + unique
    slopes = np.repeat([2 * total * unique / whole**2, -(total**2) / whole**2], k)
    return total**2 / whole, float(np.sqrt(slopes @ covariance @ slopes))


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
    _check_level(ci_level)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    if k != 2:
        raise ValueError(f"spearman_brown takes two items, not {k}")
    shape = {"coefficient": "spearman_brown", "n": n, "n_lost": n_lost, "k": k, "method": SPEARMAN_BROWN,
             "ci_level": ci_level}  # fmt: skip
    if n < 4:
        return _withheld(why_no_rows(items) if n == 0 else f"{n} complete {'row' if n == 1 else 'rows'}", shape)
    if (flat := constant(complete)).any():
        return _withheld(f"{named(list(items), flat)} {'does' if flat.sum() == 1 else 'do'} not vary", shape)
    r = float(np.corrcoef(complete, rowvar=False)[0, 1])
    if r <= -1 + 1e-12:
        return _withheld("the two items correlate −1: keyed the wrong way?", shape)
    low, high = correlation_interval(r, n, ci_level)
    estimate, ci_low, ci_high = (2 * value / (1 + value) for value in (r, low, high))
    remark = "; the two items correlate negatively: keyed the wrong way?" if r < 0 else ""
    return Reliability(estimate=estimate, ci_low=ci_low, ci_high=ci_high, status=ESTIMATED + remark, **shape)


def correlation_interval(r: float, n: int, ci_level: float) -> tuple[float, float]:
    """Fisher z interval of a Pearson correlation of n pairs, n at least 4."""
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))  # a correlation of exactly 1 has an interval at 1
    half = float(ndtri((1 + ci_level) / 2)) / np.sqrt(n - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _check_level(ci_level: float) -> None:
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")


def _withheld(reason: str, shape: dict) -> Reliability:
    return Reliability(estimate=np.nan, ci_low=np.nan, ci_high=np.nan, status=f"not reported: {reason}", **shape)
