"""Rubin's rules: estimates of several imputations as one, with Barnard and Rubin's degrees of freedom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import special, stats

FEWEST = 20  # imputations, however little is missing
LEAST_LAMBDA = 1e-4  # mice's bound, which keeps the degrees of freedom finite where nothing is missing

Estimates: TypeAlias = Sequence[pd.Series] | Sequence[np.ndarray] | pd.DataFrame | np.ndarray
Covariances: TypeAlias = Sequence[pd.DataFrame] | Sequence[np.ndarray] | np.ndarray


def pool(
    estimates: Estimates, covariances: Covariances, df_complete: float = math.inf, ci_level: float = 0.95
) -> pd.DataFrame:
    """Rubin's rules for each coefficient.

    Parameters
    ----------
    estimates : sequence of m vectors, or m x k array or frame
        Coefficients of each imputation. Names come from the first vector's index (or the frame's columns).
    covariances : sequence of m matrices k x k, or m vectors of k variances
        Squared standard errors in the diagonal; nothing else is used here.
    df_complete : float
        Residual degrees of freedom that complete data would have; infinite for large samples.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    pooled : :py:class:`pandas.DataFrame`
        One row per coefficient: ``term``, ``m``, ``estimate``, ``se``, ``statistic`` (t), ``df``, ``p``, ``ci_low``,
        ``ci_high``; ``within``, ``between``, ``total`` (variances); ``riv`` (relative increase in variance),
        ``lambda`` (share of the variance that is due to what is missing), ``fmi`` (fraction of missing information),
        ``relative_efficiency`` (of m imputations against infinitely many).

    Raises
    ------
    ValueError
        With fewer than two imputations, with shapes or names that do not fit each other, or with gaps: an imputation
        whose model could not be fitted is the caller's to report.

    Notes
    -----
    With :math:`\\bar u` the mean variance and *b* the variance of the estimates,
    :math:`t = \\bar u + (1 + 1/m) b`, :math:`\\lambda = (1 + 1/m) b / t`,
    :math:`\\nu_m = (m - 1) / \\lambda^2`,
    :math:`\\nu_{obs} = \\nu_{com} (\\nu_{com} + 1) / (\\nu_{com} + 3) \\cdot (1 - \\lambda)`,
    :math:`\\nu = \\nu_m \\nu_{obs} / (\\nu_m + \\nu_{obs})` [1]_, and the fraction of missing information
    :math:`(r + 2 / (\\nu + 3)) / (r + 1)` with *r* the relative increase. Checked against mice 3.15,
    ``pool.scalar`` and ``pool``, to 1e-6 (tests/reference/missing.R).

    References
    ----------
    .. [1] Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple imputation. Biometrika,
           86(4), 948–955. https://doi.org/10.1093/biomet/86.4.948

    Examples
    --------
    >>> import numpy as np
    >>> from rejsens.missing import pool
    >>> pooled = pool([[1.0], [1.2], [1.1]], [[0.04], [0.05], [0.045]], df_complete=50)
    >>> print(pooled[["estimate", "se", "df", "fmi"]].round(3).to_string(index=False))
     estimate    se     df   fmi
          1.1 0.242 18.845 0.299
    """
    names, values = _stacked(estimates)
    matrices = _matrices(covariances, *values.shape)
    _refuse(values, matrices, df_complete, ci_level)
    m = len(values)
    within = np.einsum("ijj->ij", matrices).mean(axis=0)
    between = values.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    riv, share = (1 + 1 / m) * between / within, (1 + 1 / m) * between / total
    df = barnard_rubin(m, share, df_complete)
    fmi = (riv + 2 / (df + 3)) / (riv + 1)
    estimate, se = values.mean(axis=0), np.sqrt(total)
    statistic = estimate / se
    reach = special.stdtrit(df, (1 + ci_level) / 2) * se
    return pd.DataFrame(
        {"term": names, "m": m, "estimate": estimate, "se": se, "statistic": statistic, "df": df,
         "p": 2 * special.stdtr(df, -np.abs(statistic)), "ci_low": estimate - reach, "ci_high": estimate + reach,
         "within": within, "between": between, "total": total, "riv": riv, "lambda": share, "fmi": fmi,
         "relative_efficiency": 1 / (1 + fmi / m)}
    )  # fmt: skip


def pool_test(estimates: Estimates, covariances: Covariances, df_complete: float = math.inf) -> pd.DataFrame:
    """One test that all the given coefficients are nil: the pooled Wald test D1.

    Parameters
    ----------
    estimates, covariances, df_complete
        As in :py:func:`pool`, the covariances as full matrices k x k.

    Returns
    -------
    test : :py:class:`pandas.DataFrame`
        One row: ``statistic`` (F), ``df1``, ``df2``, ``p``, ``riv`` (average relative increase in variance), ``m``.

    Raises
    ------
    ValueError
        As :py:func:`pool`.

    Notes
    -----
    :math:`D_1 = \\bar q' \\bar U^{-1} \\bar q / (k (1 + r))` with :math:`r = (1 + 1/m)\\,\\mathrm{tr}(B \\bar U^{-1})/k`,
    against an F distribution with the denominator of Li, Raghunathan and Rubin [1]_ for large samples, and of Reiter
    [2]_ where `df_complete` is finite. Checked against the formulas written out in R (tests/reference/missing.R).

    References
    ----------
    .. [1] Li, K. H., Raghunathan, T. E., & Rubin, D. B. (1991). Large-sample significance levels from multiply
           imputed data using moment-based statistics and an F reference distribution. Journal of the American
           Statistical Association, 86(416), 1065–1073. https://doi.org/10.1080/01621459.1991.10475152

    .. [2] Reiter, J. P. (2007). Small-sample degrees of freedom for multi-component significance tests with multiple
           imputation for missing data. Biometrika, 94(2), 502–508. https://doi.org/10.1093/biomet/asm028

    Examples
    --------
    >>> from rejsens.missing import pool_test
    >>> test = pool_test([[1.0, 0.2], [1.2, 0.1], [1.1, 0.3]], [[[0.04, 0.01], [0.01, 0.03]]] * 3)
    >>> print(test[["statistic", "df1", "df2"]].round(2).to_string(index=False))
     statistic  df1   df2
         10.26    2 28.14
    """
    _, values = _stacked(estimates)
    matrices = _matrices(covariances, values.shape[0], values.shape[1], full=True)
    _refuse(values, matrices, df_complete, 0.95)
    m, k = values.shape
    mean, within = values.mean(axis=0), matrices.mean(axis=0)
    between = np.cov(values, rowvar=False).reshape(k, k)
    riv = float((1 + 1 / m) * np.trace(np.linalg.solve(within, between)) / k)
    statistic = float(mean @ np.linalg.solve(within, mean) / (k * (1 + riv)))
    df2 = _li(m, k, riv) if math.isinf(df_complete) else _reiter(m, k, riv, df_complete)
    p = float(stats.f.sf(statistic, k, df2))
    return pd.DataFrame({"statistic": [statistic], "df1": [k], "df2": [df2], "p": [p], "riv": [riv], "m": [m]})


def enough_imputations(fmi: float) -> int:
    """How many imputations a fraction of missing information asks for: 100 times it, and never fewer than 20.

    >>> enough_imputations(0.05), enough_imputations(0.334)
    (20, 34)
    """
    if not 0 <= fmi <= 1:
        raise ValueError(f"a fraction of missing information lies between 0 and 1, not at {fmi}")
    return max(FEWEST, math.ceil(round(100 * fmi, 9)))


def barnard_rubin(m: int, share: np.ndarray, df_complete: float) -> np.ndarray:
    """Degrees of freedom of a pooled coefficient; `share` of its variance is due to what is missing."""
    share = np.maximum(share, LEAST_LAMBDA)
    large = (m - 1) / share**2
    if math.isinf(df_complete):
        return large
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    return large * observed / (large + observed)


def _stacked(estimates: Estimates) -> tuple[list[str], np.ndarray]:
    if isinstance(estimates, pd.DataFrame):
        return [str(name) for name in estimates.columns], estimates.to_numpy(dtype=float)
    vectors: list[Any] = list(estimates)
    names = [list(map(str, v.index)) if isinstance(v, pd.Series) else None for v in vectors]
    if vectors and names[0] is not None:
        if any(sorted(own or []) != sorted(names[0]) for own in names):
            raise ValueError("the imputations have different coefficients")
        return names[0], np.array(
            [v.set_axis(own)[names[0]].to_numpy(dtype=float) for v, own in zip(vectors, names, strict=True)]
        )
    try:
        values = np.array([np.atleast_1d(np.asarray(v, dtype=float)) for v in vectors], dtype=float)
    except ValueError:
        raise ValueError("the imputations have different coefficients") from None
    return [str(j + 1) for j in range(values.shape[1] if values.ndim == 2 else 0)], values


def _matrices(covariances: Covariances, m: int, k: int, full: bool = False) -> np.ndarray:
    matrices = np.array([np.asarray(own, dtype=float) for own in covariances])
    if matrices.shape == (m, k) and not full:
        return np.array([np.diag(own) for own in matrices])
    if matrices.shape == (m,) and k == 1:
        return matrices[:, None, None]
    if matrices.shape != (m, k, k):
        raise ValueError(f"{m} imputations of {k} coefficients need as many covariance matrices of {k} x {k}")
    return matrices


def _refuse(values: np.ndarray, matrices: np.ndarray, df_complete: float, ci_level: float) -> None:
    if len(values) < 2:
        raise ValueError("pooling needs two imputations or more")
    if not np.isfinite(values).all() or not np.isfinite(matrices).all():
        raise ValueError("an imputation has no estimate: leave it out and report it, or mend its model")
    if (np.einsum("ijj->ij", matrices) <= 0).any():
        raise ValueError("variances are positive")
    if not df_complete > 0:
        raise ValueError(f"the degrees of freedom of complete data are positive, not {df_complete}")
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")


def _li(m: int, k: int, riv: float) -> float:
    t = k * (m - 1)
    riv = max(riv, 1e-12)
    if t > 4:
        return 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2
    return t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2


def _reiter(m: int, k: int, riv: float, df_complete: float) -> float:
    """Reiter (2007); with k (m − 1) of 4 or fewer, or too few people for it, the lesser of Li's and the complete one."""
    t = k * (m - 1)
    a = riv * t / (t - 2) if t > 4 else np.nan
    com = df_complete * (df_complete + 1) / (df_complete + 3)
    if not com - 4 * (1 + a) > 0:
        return min(_li(m, k, riv), df_complete)
    c0, c1 = 1 / (t - 4), com - 2 * (1 + a)
    c2 = com - 4 * (1 + a)
    z = (
        1 / c2
        + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
        + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
    )
    z += c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3) + c0 * (8 * a**2 / c2**2)
    return 4 + 1 / z
