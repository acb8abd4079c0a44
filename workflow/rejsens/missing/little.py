"""Little's test of data missing completely at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import answers
from rejsens.psychometrics.engine.indices import upper_tail
from rejsens.psychometrics.engine.normal import sample_from_rows, saturated
from rejsens.psychometrics.gathering import NEARLY_SINGULAR

ESTIMATED = "estimated"
WEAK = (
    "“weak” evidence: it looks at means alone and assumes normal data; a large p does not show that answers are missing "
    "completely at random, and no test can tell missing at random from missing not at random"
)


@dataclass(frozen=True)
class LittleTest:
    """Chi-square, df and p; `status` is "estimated" or says why there is none; `remark` belongs beside every p."""

    status: str
    chi2: float
    df: int
    p: float
    patterns: int
    n: int
    n_lost: int
    remark: str = WEAK


def little_test(frame: pd.DataFrame) -> LittleTest:
    """Little's chi-square test of data missing completely at random (weak evidence either way).

    Parameters
    ----------
    frame : :py:class:`pandas.DataFrame`
        People x numeric columns.

    Returns
    -------
    test : :py:class:`LittleTest`

    Raises
    ------
    ValueError
        If columns are not numeric, stand twice or hold infinite values.

    Notes
    -----
    Missing data: every row with a value; ``n_lost`` counts rows without any.

    :math:`d^2 = \\sum_j n_j (\\bar y_j - \\hat\\mu_j)' \\hat\\Sigma_{jj}^{-1} (\\bar y_j - \\hat\\mu_j)` over the
    patterns *j* of what is observed, with maximum-likelihood moments (EM, divisor n), and
    :math:`\\sum_j k_j - p` degrees of freedom [1]_. Checked against lavaan's saturated moments with the sum written
    out in R, to 1e-4 (tests/reference/missing.R).

    References
    ----------
    .. [1] Little, R. J. A. (1988). A test of missing completely at random for multivariate data with missing values.
           Journal of the American Statistical Association, 83(404), 1198–1202.
           https://doi.org/10.1080/01621459.1988.10478722

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.missing import little_test
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    >>> at_random = little_test(frame.mask(rng.random(frame.shape) < 0.1))
    >>> at_random.df, at_random.p > 0.05
    (8, True)
    >>> little_test(frame.assign(b=frame["b"].mask(frame["a"] > 0.5))).p < 0.001
    True
    """
    values = answers(frame)
    names = [str(name) for name in frame.columns]
    kept = values[~np.isnan(values).all(axis=1)]
    n, n_lost = len(kept), len(values) - len(kept)
    if reason := _why_not(kept, names):
        return LittleTest(f"not estimated: {reason}", np.nan, 0, np.nan, 0, n, n_lost)
    spread = kept - np.nanmean(kept, axis=0)
    spread = spread / np.sqrt(np.nanmean(spread**2, axis=0))  # the statistic has no units
    sample = sample_from_rows(spread)
    full = saturated(sample)
    if not full.converged or np.linalg.eigvalsh(full.covariance)[0] < NEARLY_SINGULAR:
        reason = "too little was answered together, or columns are linearly dependent"
        return LittleTest(f"not estimated: {reason}", np.nan, 0, np.nan, len(sample.patterns), n, n_lost)
    df = sum(len(pattern.items) for pattern in sample.patterns) - len(names)
    if df == 0:
        reason = "no column was answered in two patterns, so that there are no means to compare"
        return LittleTest(f"not estimated: {reason}", np.nan, 0, np.nan, len(sample.patterns), n, n_lost)
    chi2 = 0.0
    for pattern in sample.patterns:
        apart = pattern.mean - full.mean[pattern.items]
        within = full.covariance[np.ix_(pattern.items, pattern.items)]
        chi2 += pattern.n * float(apart @ np.linalg.solve(within, apart))
    return LittleTest(ESTIMATED, chi2, df, upper_tail(chi2, df), len(sample.patterns), n, n_lost)


def _why_not(values: np.ndarray, names: list[str]) -> str:
    missing = np.isnan(values)
    if not len(values):
        return "no values"
    if not missing.any():
        return "nothing is missing"
    if (empty := missing.all(axis=0)).any():
        return f"no values of {', '.join(name for name, yes in zip(names, empty, strict=True) if yes)}"
    flat = np.nanmin(values, axis=0) == np.nanmax(values, axis=0)
    if flat.any():
        return f"{', '.join(name for name, yes in zip(names, flat, strict=True) if yes)}: one value only"
    if len(values) <= len(names):
        return f"{len(values)} rows for {len(names)} columns, too few"
    return ""
