"""Weak checks for variance that scales share because they were asked in the same way."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from rejsens.psychometrics.cases import complete_cases, why_no_model
from rejsens.psychometrics.factor import cfa
from rejsens.psychometrics.reliability import ESTIMATED

WEAK_HARMAN = (
    "“weak” check: a share below one half does not rule method variance out, and a share above it has other causes too"
)
WEAK_MARKER = "“weak” check: it holds only if the marker shares method and nothing else with every score, all alike"


def single_factor_check(items: pd.DataFrame) -> pd.DataFrame:
    """Harman's single-factor check: how much of all items one unrotated factor accounts for. Weak.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of several scales, numeric, keyed already, four or more columns.

    Returns
    -------
    check : :py:class:`pandas.DataFrame`
        ``statistic``, ``estimate``, ``n``, ``n_lost``, ``k``, ``status``; the statistics are ``first_component`` (share
        of the items' variance that the first principal component accounts for), ``first_over_second`` (ratio of the
        first two eigenvalues), ``one_factor_cfi`` and ``one_factor_rmsea`` (of the one-factor maximum likelihood
        model).

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others. **Weak:** the check misses method variance that is
    there, and alarms where scales measure related things [1]_; every row's status says so.

    The eigenvalues are checked against R's ``eigen()``, the model against lavaan 0.6.14 (tests/reference/validity.R).

    References
    ----------
    .. [1] Podsakoff, P. M., MacKenzie, S. B., Lee, J.-Y., & Podsakoff, N. P. (2003). Common method biases in behavioral
           research. Journal of Applied Psychology, 88(5), 879–903. https://doi.org/10.1037/0021-9010.88.5.879

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import single_factor_check
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=300)
    >>> values = np.repeat(factors, 3, axis=1) + rng.normal(size=(300, 6))
    >>> check = single_factor_check(pd.DataFrame(values))
    >>> check[["statistic", "estimate"]].round(2)
               statistic  estimate
    0    first_component      0.45
    1  first_over_second      2.17
    2     one_factor_cfi      0.75
    3   one_factor_rmsea      0.20
    """
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    names = ["first_component", "first_over_second", "one_factor_cfi", "one_factor_rmsea"]
    reason = "fewer than four items" if k < 4 else why_no_model(items, complete)
    values, faults = [np.nan] * 4, [f"not reported: {reason}"] * 4
    if not reason:
        roots = np.linalg.eigvalsh(np.corrcoef(complete, rowvar=False))[::-1]
        frame = pd.DataFrame(complete, columns=[f"i{j}" for j in range(k)])
        model = cfa(frame, {"one": list(frame)})
        values = [roots[0] / k, roots[0] / roots[1], model.fit.cfi, model.fit.rmsea]
        usable = f"{ESTIMATED}; {WEAK_HARMAN}"
        faults = [usable, usable]
        if model.admissible:
            faults += [usable, usable]
        else:
            values[2:], faults = (
                [np.nan] * 2,
                faults + [f"not reported: the model is not admissible ({model.status})"] * 2,
            )
    return pd.DataFrame(
        {"statistic": names, "estimate": values, "n": n, "n_lost": n_lost, "k": k, "status": faults}
    )  # fmt: skip


def marker_check(scores: pd.DataFrame, marker: str) -> pd.DataFrame:
    """Correlations of scores with what they share with a marker variable taken out. Weak.

    Parameters
    ----------
    scores : :py:class:`pandas.DataFrame`
        People x scores, numeric; ``marker`` is one of the columns: something that by theory has nothing to do with the
        others, asked in the same way.
    marker : str
        Its name.

    Returns
    -------
    check : :py:class:`pandas.DataFrame`
        A row per pair of the other scores: ``x``, ``y``, ``r``, ``r_marker``, ``estimate`` (adjusted), ``p`` (two-sided),
        ``n``, ``n_lost``, ``status``.

    Raises
    ------
    ValueError
        If ``marker`` is absent, fewer than two other scores are there, or scores are not numeric.

    Notes
    -----
    Missing data: rows complete on all scores; ``n_lost`` counts the others.

    .. math:: r_a = \\frac{r_{xy} - r_M}{1 - r_M}, \\quad t = r_a \\sqrt{\\frac{n - 3}{1 - r_a^2}}

    where r_M is the lowest correlation of the marker with any of the scores, and 0 if that is negative [1]_. **Weak:**
    it takes method variance for one number, alike for all scores.

    Checked against values worked in R (tests/reference/validity.R), to 1e-8.

    References
    ----------
    .. [1] Lindell, M. K., & Whitney, D. J. (2001). Accounting for common method variance in cross-sectional research
           designs. Journal of Applied Psychology, 86(1), 114–121. https://doi.org/10.1037/0021-9010.86.1.114

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import marker_check
    >>> rng = np.random.default_rng(1)
    >>> style = rng.normal(size=400)
    >>> scores = pd.DataFrame({name: 0.5 * style + rng.normal(size=400) for name in ("x", "y", "marker")})
    >>> marker_check(scores, "marker")[["x", "y", "r", "r_marker", "estimate"]].round(2)
       x  y     r  r_marker  estimate
    0  x  y  0.14      0.13      0.02
    """
    if marker not in scores.columns:
        raise ValueError(f"the data lack the marker, {marker}")
    others = [name for name in scores.columns if name != marker]
    if len(others) < 2:
        raise ValueError("a marker is held against two scores or more")
    complete, n_lost = complete_cases(scores[[*others, marker]])
    n = len(complete)
    reason = why_no_model(scores[[*others, marker]], complete) or ("" if n > 4 else f"{n} complete rows")
    r = np.full((len(others) + 1,) * 2, np.nan) if reason else np.corrcoef(complete, rowvar=False)
    shared = max(0.0, float(r[-1, :-1].min()))
    status = f"not reported: {reason}" if reason else f"{ESTIMATED}; {WEAK_MARKER}"
    if not reason and r[-1, :-1].min() < 0:
        status += "; the marker's lowest correlation is negative, so that nothing is taken out"
    rows = []
    for i, j in combinations(range(len(others)), 2):
        adjusted = (r[i, j] - shared) / (1 - shared)
        t = abs(adjusted) * np.sqrt((n - 3) / (1 - adjusted**2)) if not reason else np.nan
        rows.append((others[i], others[j], r[i, j], shared, adjusted, 2 * stdtr(n - 3, -t), n, n_lost, status))
    columns = ["x", "y", "r", "r_marker", "estimate", "p", "n", "n_lost", "status"]
    table = pd.DataFrame(rows, columns=columns)
    if reason:
        table[["r_marker", "p"]] = np.nan
    return table
