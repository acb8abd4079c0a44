"""Confirmatory factor models and any model that a parameter table can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.table import Structure, Table, compile_table
from rejsens.psychometrics.factor_model import ADMISSIBLE, FactorModel, build_result, without_estimates
from rejsens.psychometrics.factor_structure import (
    Design,
    design,
    factor_signs,
    factor_table,
    marker_units,
    ordered_table,
    rescaled,
)
from rejsens.psychometrics.gathering import Found, Settings, gather, require_frame


def cfa(
    data: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    structure: str = "correlated",
    estimator: str = "ML",
    missing: str = "listwise",
    groups: str | None = None,
    ordered: Sequence[str] | None = None,
    residual_covariances: Sequence[tuple[str, str]] = (),
    reversed_items: Sequence[str] = (),
    general: str = "general",
    method: str = "method",
    identification: str = "marker",
    ci_level: float = 0.95,
) -> FactorModel:
    """Confirmatory factor analysis.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that the model does not name are ignored.
    model : mapping of str to list of str
        Items of each factor. An item may load on several factors.
    structure : str
        ``"correlated"``: the factors of ``model``, correlated; ``"one_factor"``: all items on one factor;
        ``"bifactor"``: a general factor of all items beside the factors of ``model``, none correlated;
        ``"second_order"``: a general factor above the factors of ``model``; ``"method"``: the factors of ``model``,
        correlated, and a method factor of ``reversed_items`` that correlates with none.
    estimator : str
        ``"ML"``; ``"MLM"`` (Satorra-Bentler, complete rows); ``"MLR"`` (Huber-White errors, Yuan-Bentler statistic);
        ``"WLSMV"`` (ordered items).
    missing : str
        ``"listwise"``: rows with an answer to every item; ``"fiml"``: every row with an answer (ML and MLR).
    groups : str or None
        Column of ``data`` that tells the groups, which are fitted together, nothing equal between them.
    ordered : list of str or None
        With ``"WLSMV"``: the items that are ordered categories; the others are continuous, with a mean and a variance.
        None takes every item as ordered.
    residual_covariances : list of pairs of str
        Items whose residuals covary.
    reversed_items : list of str
        Items of the method factor.
    general, method : str
        Names of the factors that ``structure`` adds.
    identification : str
        ``"marker"`` fixes the first loading of each factor to 1, ``"variance"`` fixes each factor's variance to 1.
        Fit and standardised results are the same. With ``"marker"`` a factor points the way of its first item, with
        ``"variance"`` the way of the sum of its loadings.
    ci_level : float
        Level of the intervals of estimates. The interval of RMSEA is always 90 %.

    Returns
    -------
    model : :py:class:`FactorModel`
        See there. ``model.status`` is ``"admissible"`` or says why the model may not be used: it could not be
        estimated (too few rows, an item that does not vary, items that are linearly dependent, not identified), it did
        not converge (judged by the gradient), the information matrix is not positive definite, a variance is negative,
        or a correlation lies outside ±1. Estimates of a fit that did not converge are NaN; those of a converged but
        inadmissible fit are shown, to be looked at.

    Raises
    ------
    ValueError
        If the model names no factor, an empty factor, an item that ``data`` lacks or an item twice in one factor,
        if items are not numeric or hold infinite values, or if an argument has no meaning.
    TypeError
        If ``data`` is no data frame.

    Notes
    -----
    Missing data: see ``missing``; ``n_lost`` counts the rows that are not used.

    The discrepancy

    .. math:: F = \\ln|\\Sigma| + \\mathrm{tr}(S \\Sigma^{-1}) - \\ln|S| - p, \\quad
              \\Sigma = \\Lambda \\Psi \\Lambda' + \\Theta

    with *S* of divisor n is minimised by damped Fisher scoring, then Newton's method, with analytic derivatives [1]_.
    Whether the model is identified is asked before: by counting, and by the rank of the derivatives of its moments.
    All conventions are lavaan's defaults [2]_ and stand in docs/psychometrics.md. A model without degrees of freedom
    has no fit to report: it is NaN and ``fit_status`` says so, while its parameters stand.

    Checked against lavaan 0.6.14 (tests/reference/psychometrics.R, sem.R, and sem_mixed.R for ordered and continuous items
    together): chi-square to 1e-3, indices and standardised estimates to 1e-4, standard errors to 1e-3.

    References
    ----------
    .. [1] Jöreskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis.
           Psychometrika, 34(2), 183–202. https://doi.org/10.1007/BF02289343

    .. [2] Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. Journal of Statistical
           Software, 48(2), 1–36. https://doi.org/10.18637/jss.v048.i02

    Examples
    --------
    Two correlated factors of three items each, 300 simulated people.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import cfa
    >>> rng = np.random.default_rng(2026)
    >>> a = rng.normal(size=300)
    >>> b = 0.4 * a + 0.9 * rng.normal(size=300)
    >>> values = 0.8 * np.column_stack([a, a, a, b, b, b]) + 0.6 * rng.normal(size=(300, 6))
    >>> data = pd.DataFrame(values, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> fitted = cfa(data, {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]})
    >>> fitted.status, fitted.n, fitted.n_lost, fitted.fit.df
    ('admissible', 300, 0, 8)
    >>> print(f"{fitted.fit.chi2:.2f} {fitted.fit.cfi:.3f} {fitted.fit.srmr:.3f}")
    1.42 1.000 0.007
    >>> fitted.loadings[["factor", "item", "std", "std_se"]].round(2)
      factor item   std  std_se
    0      a   a1  0.83    0.03
    1      a   a2  0.80    0.03
    2      a   a3  0.81    0.03
    3      b   b1  0.80    0.03
    4      b   b2  0.84    0.02
    5      b   b3  0.84    0.02

    Three items of one factor fit always, so that their fit is not reported.

    >>> three = cfa(data, {"a": ["a1", "a2", "a3"]})
    >>> three.status, three.fit.chi2, three.fit_status
    ('admissible', nan, 'not reported: the model is just identified (0 degrees of freedom)')
    """
    if identification not in ("marker", "variance"):
        raise ValueError(f"identification is “marker” or “variance”, not “{identification}”")
    require_frame(data)
    plan = design(
        data.columns, model, structure, reversed_items=reversed_items, residual_covariances=residual_covariances,
        general=general, method=method,
    )  # fmt: skip
    settings = Settings(estimator, missing, ci_level, identification, ordered_of(plan.items, ordered, estimator))
    found = gather(data, plan.items, settings, groups)
    tables = {name: _table(plan, found, settings, name) for name in ("variance", identification)}
    return fit_tables(tables["variance"], tables[identification], found, settings)


def fit_model(
    data: pd.DataFrame,
    table: Table,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    groups: str | None = None,
    ci_level: float = 0.95,
) -> FactorModel:
    """Fit any model that a parameter table can say: regressions among factors, growth, cross-lagged panels.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x variables, numeric.
    table : :py:class:`rejsens.psychometrics.engine.table.Table`
        The model. Rows are taken as they stand: what is not there is 0, and the scale of each factor is the caller's.
    estimator, missing, groups, ci_level
        As in :py:func:`cfa`.

    Returns
    -------
    model : :py:class:`FactorModel`
        As from :py:func:`cfa`.

    Raises
    ------
    ValueError
        If the table contradicts itself or the data, or if an argument has no meaning.

    Examples
    --------
    A latent growth model over three occasions, 200 simulated people.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import Parameter, Table, fit_model
    >>> rng = np.random.default_rng(4)
    >>> level, slope = 5 + rng.normal(size=200), 0.5 + 0.4 * rng.normal(size=200)
    >>> data = pd.DataFrame({f"y{t}": level + slope * t + 0.5 * rng.normal(size=200) for t in range(3)})
    >>> rows = [Parameter("level", "=~", f"y{t}", fixed=1) for t in range(3)]
    >>> rows += [Parameter("slope", "=~", f"y{t}", fixed=t) for t in range(3)]
    >>> rows += [Parameter("level", "~~", "level"), Parameter("slope", "~~", "slope"), Parameter("level", "~~", "slope")]
    >>> rows += [Parameter(f"y{t}", "~~", f"y{t}", label="noise") for t in range(3)]
    >>> rows += [Parameter("level", "~1"), Parameter("slope", "~1")]
    >>> grown = fit_model(data, Table(("y0", "y1", "y2"), ("level", "slope"), tuple(rows), means=True))
    >>> grown.status, grown.fit.df
    ('admissible', 3)
    >>> grown.parameters[["level~1", "slope~1"]].round(1).tolist()
    [5.0, 0.5]
    """
    if absent := [item for item in table.items if item not in data.columns]:
        raise ValueError(f"the data lack these items: {', '.join(absent)}")
    named = tuple(item for item in table.items if item in table.thresholds)
    some = bool(named) and len(named) < len(table.items)
    settings = Settings(estimator, missing, ci_level, "as given", named if some else None)
    found = gather(data, table.items, settings, groups)
    if table.n_groups != max(len(found.groups), 1):
        raise ValueError(f"the table has {table.n_groups} groups, the data {max(len(found.groups), 1)}")
    return fit_tables(table, table, found, settings)


def ordered_of(items: Sequence[str], ordered: Sequence[str] | None, estimator: str) -> tuple[str, ...] | None:
    """Which items are ordered, in their order; None where all are, or where nothing was said."""
    if ordered is None:
        return None
    if estimator != "WLSMV":
        raise ValueError(f"ordered names items for WLSMV; {estimator} takes none")
    if isinstance(ordered, str) or set(ordered) - set(items):
        raise ValueError("ordered is a list of items of the model")
    return None if set(ordered) == set(items) else tuple(item for item in items if item in set(ordered))


def _table(plan: Design, found: Found, settings: Settings, identification: str) -> Table:
    n_groups = max(len(found.groups), 1)
    if settings.ordered:
        thresholds = found.thresholds or dict.fromkeys(settings.ordered_items or plan.items, 1)
        return ordered_table(plan, thresholds, n_groups=n_groups, identification=identification)
    means = n_groups > 1 or settings.missing == "fiml"
    return factor_table(plan, n_groups=n_groups, means=means, identification=identification)


def fit_tables(
    search: Table,
    shown: Table,
    found: Found,
    settings: Settings,
    *,
    baseline: engine.Test | None = None,
    start: np.ndarray | None = None,
) -> FactorModel:
    """Fit `search`; show the result as `shown`, the same model with the factors in other units.

    A factor of variance 1 is found more surely than one in the units of a marker item, which may be a poor one.
    """
    structure = compile_table(shown)
    if found.reason:
        return without_estimates(structure, f"not estimated: {found.reason}", found, settings)
    if reason := engine.identified(structure, found.samples):
        return without_estimates(structure, f"not estimated: {reason}", found, settings)
    if search != shown or settings.identification == "variance":
        searched = compile_table(search)
        _, optimum = engine.solve(searched, found.samples, start)
        if reason := engine.not_converged(searched, found.samples, optimum):
            return without_estimates(structure, reason, found, settings, optimum)
        start = _in_other_units(searched, structure, optimum.parameters, settings)
    fitted = engine.estimate(structure, found.samples, settings.estimator, start, found.full, baseline)
    status = engine.why_inadmissible(fitted) or ADMISSIBLE
    if not fitted.converged:
        return without_estimates(structure, status, found, settings, fitted.optimum)
    return build_result(fitted, status, found, settings)


def _in_other_units(search: Structure, shown: Structure, parameters: np.ndarray, settings: Settings) -> np.ndarray:
    """Parameters of `search` as parameters of `shown`: factors turned the right way, markers at 1."""
    moved = []
    for matrices in search.fill(parameters):
        turned = rescaled(matrices, search.n_items, factor_signs(search, matrices, settings.identification))
        if settings.identification == "marker":
            turned = rescaled(turned, search.n_items, marker_units(search, turned))
        moved.append(turned)
    return shown.read(moved)
