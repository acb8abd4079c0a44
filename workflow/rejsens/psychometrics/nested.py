"""Is a model worse than a less restricted one that holds it? Chi-square difference tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.identify import group_jacobian
from rejsens.psychometrics.engine.indices import upper_tail
from rejsens.psychometrics.engine.ordered import filling
from rejsens.psychometrics.factor_model import FactorModel

METHODS = ("default", "satorra_2000", "satorra_bentler_2001")
TESTED = "tested"


@dataclass(frozen=True)
class Difference:
    """Test of a restricted model against a freer one.

    chi2, df, p   NaN where it could not be made
    method        "plain", "satorra_bentler_2001", or "satorra_2000" (scaled and shifted)
    status        "tested", or why not
    """

    chi2: float
    df: int
    p: float
    method: str
    status: str = TESTED


def compare_models(restricted: FactorModel, free: FactorModel, method: str = "default") -> Difference:
    """Chi-square difference of two nested models of the same people.

    Parameters
    ----------
    restricted, free : :py:class:`FactorModel`
        Of one estimator; ``restricted`` is ``free`` with parameters fixed or made equal.
    method : str
        ``"default"`` is lavaan's: the plain difference for ML, Satorra and Bentler's of 2001 for MLM and MLR, Satorra's
        of 2000, scaled and shifted, for WLSMV. ``"satorra_2000"`` and ``"satorra_bentler_2001"`` can be asked for with
        MLM and MLR.

    Returns
    -------
    difference : :py:class:`Difference`
        ``status`` says why there is no test: a model that is not admissible, no difference in degrees of freedom, a
        scaling that came out negative, or Satorra's of 2000 with missing answers.

    Raises
    ------
    ValueError
        If the estimators or the numbers of people differ, or the method is not known.

    Notes
    -----
    That ``free`` holds ``restricted`` is taken on trust. Checked against lavaan 0.6.14, ``lavTestLRT``
    (tests/reference/sem.R).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import cfa, compare_models
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.normal(size=(2, 400, 1))
    >>> data = pd.DataFrame(np.hstack([a, a, a, b, b, b]) + rng.normal(size=(400, 6))).rename(columns="i{}".format)
    >>> two = cfa(data, {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]})
    >>> one = cfa(data, {"f": list(data)})
    >>> difference = compare_models(one, two)
    >>> difference.df, difference.p < 0.001
    (1, True)
    """
    if method not in METHODS:
        raise ValueError(f"method is one of {', '.join(METHODS)}, not “{method}”")
    if (restricted.estimator, restricted.n) != (free.estimator, free.n):
        raise ValueError("two nested models have the same estimator and the same people")
    df = restricted.fit.df - free.fit.df
    chosen = _method(free, method)
    for model in (free, restricted):
        if not model.admissible:
            return Difference(np.nan, df, np.nan, chosen, f"not tested: a model is not admissible ({model.status})")
    if df <= 0:
        return Difference(np.nan, df, np.nan, chosen, "not tested: the restricted model has no more degrees of freedom")
    if chosen == "plain":
        chi2 = restricted.solution.test.chi2 - free.solution.test.chi2
        return Difference(chi2, df, upper_tail(max(chi2, 0.0), df), chosen)
    if chosen == "satorra_bentler_2001":
        return _satorra_bentler_2001(restricted.solution, free.solution, df)
    if free.missing_rule != "complete cases":
        return Difference(np.nan, df, np.nan, chosen, "not tested: satorra_2000 needs complete rows")
    return _satorra_2000(restricted.solution, free.solution, df, chosen)


def _method(model: FactorModel, method: str) -> str:
    if model.estimator == "ML":
        return "plain"
    if model.estimator == "WLSMV":
        return "satorra_2000"
    return "satorra_bentler_2001" if method == "default" else method


def _satorra_bentler_2001(restricted: engine.Estimate, free: engine.Estimate, df: int) -> Difference:
    one, other = restricted.test, free.test
    scaling = (one.df * one.scaling - (other.df * other.scaling if other.df else 0.0)) / df
    if not scaling > 0:
        reason = "not tested: the difference has a negative scaling"
        return Difference(np.nan, df, np.nan, "satorra_bentler_2001", reason)
    chi2 = (one.chi2 - other.chi2) / scaling
    return Difference(chi2, df, upper_tail(max(chi2, 0.0), df), "satorra_bentler_2001")


def _satorra_2000(restricted: engine.Estimate, free: engine.Estimate, df: int, method: str) -> Difference:
    """Restrictions A theta = 0 are read off the derivatives of both models' moments, as lavaan's A.method "delta"."""
    within = np.linalg.pinv(_jacobian(free)) @ _jacobian(restricted)
    basis, values, _ = np.linalg.svd(within)
    a = basis[:, int((values > 1e-8 * values[0]).sum()) :].T
    inverse = np.linalg.inv(free.information)
    middle = inverse @ a.T @ np.linalg.pinv(a @ inverse @ a.T) @ a @ inverse
    if free.structure.ordered:
        first, _ = filling(free.objective, free.optimum.point)
    else:
        first = free.objective.crossproduct(free.optimum.point, about_sample=True)
    product = middle @ first
    trace, square = float(np.trace(product)), float((product * product.T).sum())
    slope = float(np.sqrt(df / square))
    chi2 = (restricted.test.chi2 - free.test.chi2) * slope + df - slope * trace
    return Difference(chi2, df, upper_tail(max(chi2, 0.0), df), method)


def _jacobian(fitted: engine.Estimate) -> np.ndarray:
    parts = [
        group_jacobian(fitted.structure, cells, state) @ cells.spread
        for cells, state in zip(fitted.structure.cells, fitted.states, strict=True)
    ]
    return np.concatenate(parts)
