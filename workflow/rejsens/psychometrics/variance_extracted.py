"""How much of its items' variance a factor explains, and whether that is more than it shares with another factor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine.standardise import standardised
from rejsens.psychometrics.engine.table import LOADING
from rejsens.psychometrics.factor_model import FactorModel
from rejsens.psychometrics.intervals import normal_interval
from rejsens.psychometrics.reliability import ESTIMATED


def average_variance_extracted(model: FactorModel) -> pd.DataFrame:
    """Average variance extracted by each factor of a confirmatory model.

    Parameters
    ----------
    model : :py:class:`FactorModel`
        Of one group, from :py:func:`cfa`.

    Returns
    -------
    extracted : :py:class:`pandas.DataFrame`
        ``factor``, ``items``, ``estimate``, ``se``, ``ci_low``, ``ci_high``, ``status``. Withheld for every factor of a
        model that is not admissible.

    Raises
    ------
    ValueError
        If the model has several groups.

    Notes
    -----
    .. math:: AVE = \\frac{1}{k} \\sum_i l_i^2

    with standardised loadings *l* [1]_: the share of its items' variance that a factor explains, on average, every item
    weighing alike. Where items differ in variance, Fornell and Larcker's own formula weighs them by it, so that other
    programs may differ. Standard error and interval by the delta method.

    Checked against semTools 0.5.6, ``AVE()`` of standardised items (tests/reference/validity.R), to 1e-5.

    References
    ----------
    .. [1] Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable variables and
           measurement error. Journal of Marketing Research, 18(1), 39–50. https://doi.org/10.1177/002224378101800104

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import average_variance_extracted, cfa
    >>> rng = np.random.default_rng(1)
    >>> values = 0.8 * rng.normal(size=(400, 1)) + 0.6 * rng.normal(size=(400, 4))
    >>> model = cfa(pd.DataFrame(values, columns=["a1", "a2", "a3", "a4"]), {"a": ["a1", "a2", "a3", "a4"]})
    >>> average_variance_extracted(model)[["factor", "items", "estimate", "ci_low", "ci_high"]].round(2)
      factor  items  estimate  ci_low  ci_high
    0      a      4       0.6    0.56     0.65
    """
    if model.groups:
        raise ValueError("average_variance_extracted takes a model of one group")
    factors = list(dict.fromkeys(model.loadings["factor"]))
    rows = []
    for factor in factors:
        own = model.loadings[model.loadings["factor"] == factor]
        if not model.admissible:
            rows.append(
                (factor, len(own), *[np.nan] * 4, f"not reported: the model is not admissible ({model.status})")
            )
            continue
        estimate, se = _extracted(model, factor)
        rows.append((factor, len(own), estimate, se, *normal_interval(estimate, se, model.ci_level), ESTIMATED))
    return pd.DataFrame(rows, columns=["factor", "items", "estimate", "se", "ci_low", "ci_high", "status"])


def fornell_larcker(model: FactorModel) -> pd.DataFrame:
    """Fornell and Larcker's criterion: does each factor explain more of its items than two factors share?

    Parameters
    ----------
    model : :py:class:`FactorModel`
        Of one group, with correlated factors, from :py:func:`cfa`.

    Returns
    -------
    criterion : :py:class:`pandas.DataFrame`
        A row per pair of factors: ``x``, ``y``, ``ave_x``, ``ave_y``, ``shared`` (their squared correlation), ``holds``
        (both above it), ``status``. ``holds`` is missing where the model is not admissible.

    Raises
    ------
    ValueError
        If the model has several groups.

    Notes
    -----
    See :py:func:`average_variance_extracted`. The criterion misses a lack of discriminant validity often; read it
    beside :py:func:`htmt`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import cfa, fornell_larcker
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400).T
    >>> values = 0.8 * np.column_stack([a, a, a, b, b, b]) + 0.6 * rng.normal(size=(400, 6))
    >>> items = pd.DataFrame(values, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> model = cfa(items, {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]})
    >>> fornell_larcker(model)[["x", "y", "ave_x", "ave_y", "shared", "holds"]].round(2)
       x  y  ave_x  ave_y  shared  holds
    0  a  b   0.65   0.64    0.22   True
    """
    extracted = average_variance_extracted(model).set_index("factor")
    rows = []
    for pair in model.factor_correlations.itertuples():
        ave = [float(extracted.loc[name, "estimate"]) for name in (pair.x, pair.y)]
        shared = float(pair.estimate) ** 2 if model.admissible else np.nan
        holds = bool(min(ave) > shared) if model.admissible else pd.NA
        rows.append((pair.x, pair.y, *ave, shared, holds, extracted.loc[pair.x, "status"]))
    table = pd.DataFrame(rows, columns=["x", "y", "ave_x", "ave_y", "shared", "holds", "status"])
    return table.astype({"holds": "boolean"})


def _extracted(model: FactorModel, factor: str) -> tuple[float, float]:
    fitted = model.solution
    assert fitted.covariance is not None  # the model is admissible
    rows, values, slopes = standardised(fitted.structure, 0, fitted.states[0])
    own = [j for j, row in enumerate(rows) if row.op == LOADING and row.lhs == factor]
    gradient = 2 * (values[own, None] * slopes[own]).mean(axis=0)
    return float((values[own] ** 2).mean()), float(np.sqrt(gradient @ fitted.covariance @ gradient))
