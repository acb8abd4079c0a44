"""Reliability of the unweighted sum (omega) and of the best weighted one (H), from maximum likelihood factor models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import complete_cases, why_no_model
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.normal import Sample, sample_from_rows
from rejsens.psychometrics.engine.table import Structure, compile_table
from rejsens.psychometrics.factor_structure import Design, design, factor_table
from rejsens.psychometrics.intervals import Draws, bootstrap, check_draws, check_level, delta_se, normal_interval
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, withheld

DELTA = "delta-method interval"
PERCENTILE = "percentile bootstrap interval, model refitted in each draw"
OMEGA_U = "omega_u, one-factor ML"
H = "coefficient H, one-factor ML"
BIFACTOR = "bifactor ML"

Of = Callable[[np.ndarray, np.ndarray], float]  # loadings (items x factors), residual covariances (items x items)


def omega(
    items: pd.DataFrame, ci_level: float = 0.95, *, draws: int = 0, rng: np.random.Generator | None = None
) -> Reliability:
    """Omega of a scale with one factor (omega_u), from the one-factor maximum likelihood model.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already, three or more columns.
    ci_level : float
        Level of the interval.
    draws : int
        Resamples of people. With 0 the interval is the delta method's, else it is the percentile interval of the draws.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why omega is withheld: fewer than three items, a model that cannot be fitted, or one that is not
        admissible (see :py:func:`rejsens.psychometrics.cfa`). Three items are enough: the model is then just
        identified, so that omega exists although fit does not. ``failed`` counts the draws in which the model did not
        converge or had a negative residual variance; they are left out, and ``status`` says how many.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, if ``ci_level`` is not inside 0 to 1, or if
        ``draws`` come without ``rng``.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\omega_u = \\frac{(\\sum \\lambda_i)^2}{(\\sum \\lambda_i)^2 + \\sum \\theta_i}

    with unstandardised loadings and residual variances, factor variance 1: the share of the variance of the unweighted
    sum that the factor explains, in the model-implied covariance matrix [1]_. Many coefficients are called omega; this
    is not omega hierarchical and not omega of ordered categories. The interval is the estimate plus or minus z standard
    errors, by the delta method from the expected information [2]_, and not bounded by 1; or it comes from draws of
    people, the model refitted in full in each, which holds where answers are not normal too [3]_.

    Checked against lavaan 0.6.14 (a defined parameter) and semTools 0.5.6 (tests/reference/psychometrics.R), to 1e-5;
    the bootstrap against 2,000 refits by lavaan (reliability.R), within Monte Carlo error.

    References
    ----------
    .. [1] Flora, D. B. (2020). Your coefficient alpha is probably wrong, but which coefficient omega is right? Advances
           in Methods and Practices in Psychological Science, 3(4), 484–501. https://doi.org/10.1177/2515245920951747

    .. [2] Raykov, T. (2002). Analytic estimation of standard error and confidence interval for scale reliability.
           Multivariate Behavioral Research, 37(1), 89–103. https://doi.org/10.1207/S15327906MBR3701_04

    .. [3] Kelley, K., & Pornprasertmanit, S. (2016). Confidence intervals for population reliability coefficients.
           Psychological Methods, 21(1), 69–92. https://doi.org/10.1037/a0040086

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
    >>> result = omega(items, draws=200, rng=np.random.default_rng(2))
    >>> print(f"{result.estimate:.3f} [{result.ci_low:.2f}, {result.ci_high:.2f}], failed: {result.failed}")
    0.769 [0.74, 0.80], failed: 0

    Two items do not identify a factor.

    >>> omega(items[["i0", "i1"]]).status
    'not reported: omega_u needs three items or more'
    """
    return _one_factor(items, Wanted("omega_u", OMEGA_U, _omega_u), ci_level, draws, rng)


def coefficient_h(
    items: pd.DataFrame, ci_level: float = 0.95, *, draws: int = 0, rng: np.random.Generator | None = None
) -> Reliability:
    """Coefficient H: reliability of the best weighted sum of the items of one factor.

    Parameters
    ----------
    items, ci_level, draws, rng
        As in :py:func:`omega`.

    Returns
    -------
    reliability : :py:class:`Reliability`
        Withheld for the same reasons as omega.

    Raises
    ------
    ValueError
        As :py:func:`omega`.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: H = \\left(1 + 1 / \\sum \\frac{l_i^2}{1 - l_i^2}\\right)^{-1} = \\frac{s}{1 + s}, \\quad
              s = \\sum \\lambda_i^2 / \\theta_i

    with *l* the standardised loadings of the one-factor model [1]_: how well the factor shows in its items when each
    weighs as much as it deserves. It says nothing of the unweighted sum that a scale score is. It is never below the
    best single item's reliability.

    Checked against lavaan 0.6.14 (a defined parameter, tests/reference/reliability.R), to 1e-5.

    References
    ----------
    .. [1] Hancock, G. R., & Mueller, R. O. (2001). Rethinking construct reliability within latent variable systems. In
           R. Cudeck, S. du Toit, & D. Sörbom (Eds.), Structural equation modeling: Present and future (pp. 195–216).
           Scientific Software International.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import coefficient_h
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=500)
    >>> items = pd.DataFrame({f"i{j}": 0.7 * factor + 0.7 * rng.normal(size=500) for j in range(4)})
    >>> result = coefficient_h(items)
    >>> print(f"{result.estimate:.3f} [{result.ci_low:.3f}, {result.ci_high:.3f}]")
    0.772 [0.739, 0.805]
    """
    return _one_factor(items, Wanted("coefficient_h", H, _coefficient_h), ci_level, draws, rng)


def omega_bifactor(
    items: pd.DataFrame,
    groups: Mapping[str, Sequence[str]],
    ci_level: float = 0.95,
    *,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> dict[str, Reliability]:
    """Omega total and hierarchical, of the whole scale and of each subscale, from a confirmatory bifactor model.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that ``groups`` does not name are ignored.
    groups : mapping of str to list of str
        Items of each group factor (subscale), three or more each where the model is to be identified without doubt.
    ci_level, draws, rng
        As in :py:func:`omega`.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``omega_t``: share of the variance of the total score that all factors explain; ``omega_h``: that the general
        factor explains; ``omega_s_NAME``: share of the variance of the subscale score that all factors explain;
        ``omega_hs_NAME``: that its own group factor explains, over and above the general one. All withheld, with the
        reason, where the model is not admissible.

    Raises
    ------
    ValueError
        As :py:func:`omega`, and if ``groups`` is no model of these items.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\omega_h = \\frac{(\\sum \\lambda_{ig})^2}{1' \\Sigma 1}, \\quad
              \\omega_t = \\frac{(\\sum \\lambda_{ig})^2 + \\sum_s (\\sum_{i \\in s} \\lambda_{is})^2}{1' \\Sigma 1}

    with all factors uncorrelated and the model-implied Sigma [1]_. Subscales take the sums over their own items.
    Intervals as in :py:func:`omega`.

    Checked against lavaan 0.6.14 (defined parameters, tests/reference/reliability.R), to 1e-5.

    References
    ----------
    .. [1] Rodriguez, A., Reise, S. P., & Haviland, M. G. (2016). Evaluating bifactor models: Calculating and
           interpreting statistical indices. Psychological Methods, 21(2), 137–150. https://doi.org/10.1037/met0000045

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import omega_bifactor
    >>> rng = np.random.default_rng(3)
    >>> general, own = rng.normal(size=(800, 1)), np.repeat(rng.normal(size=(800, 3)), 3, axis=1)
    >>> items = pd.DataFrame(0.6 * general + 0.5 * own + 0.6 * rng.normal(size=(800, 9))).rename(columns="i{}".format)
    >>> groups = {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"], "c": ["i6", "i7", "i8"]}
    >>> for name, result in omega_bifactor(items, groups).items():
    ...     print(f"{name} {result.estimate:.2f} [{result.ci_low:.2f}, {result.ci_high:.2f}]")
    omega_t 0.92 [0.91, 0.93]
    omega_h 0.75 [0.71, 0.78]
    omega_s_a 0.84 [0.82, 0.86]
    omega_hs_a 0.36 [0.29, 0.44]
    omega_s_b 0.83 [0.81, 0.85]
    omega_hs_b 0.30 [0.22, 0.38]
    omega_s_c 0.84 [0.82, 0.86]
    omega_hs_c 0.37 [0.29, 0.44]
    """
    check_level(ci_level)
    check_draws(draws, rng)
    plan = design(items.columns, groups, "bifactor")
    results = _by_model(items[list(plan.items)], plan, _bifactor_coefficients(plan), ci_level, draws, rng)
    sizes = {f"{kind}_{name}": len(own) for name, own in groups.items() for kind in ("omega_s", "omega_hs")}
    return {r.coefficient: replace(r, k=sizes.get(r.coefficient, r.k)) for r in results}


# --- from a fitted model to coefficients -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A coefficient: its short name, what it is called in full, and how it follows from a model."""

    name: str
    method: str
    of: Of


def _omega_u(loadings: np.ndarray, residuals: np.ndarray) -> float:
    common = loadings.sum() ** 2
    return float(common / (common + residuals.sum()))


def _coefficient_h(loadings: np.ndarray, residuals: np.ndarray) -> float:
    shown = float((loadings[:, 0] ** 2 / residuals.diagonal()).sum())
    return shown / (1 + shown)


def _bifactor_coefficients(plan: Design) -> list[Wanted]:
    everything = np.arange(len(plan.items))
    wanted = [
        Wanted("omega_t", f"omega total, {BIFACTOR}", _share(everything, slice(None))),
        Wanted("omega_h", f"omega hierarchical, {BIFACTOR}", _share(everything, [0])),
    ]
    position = {item: j for j, item in enumerate(plan.items)}
    for k, (name, own) in enumerate(list(plan.loads.items())[1:], start=1):
        rows = np.array([position[item] for item in own])
        wanted += [
            Wanted(f"omega_s_{name}", f"omega of the subscale {name}, {BIFACTOR}", _share(rows, slice(None))),
            Wanted(f"omega_hs_{name}", f"omega hierarchical of the subscale {name}, {BIFACTOR}", _share(rows, [k])),
        ]
    return wanted


def _share(rows: np.ndarray, factors: slice | list[int]) -> Of:
    """What some factors explain of the sum of some items; factors are uncorrelated and have variance 1."""

    def of(loadings: np.ndarray, residuals: np.ndarray) -> float:
        sums = loadings[rows].sum(axis=0) ** 2
        return float(sums[factors].sum() / (sums.sum() + residuals[np.ix_(rows, rows)].sum()))

    return of


def _one_factor(
    items: pd.DataFrame, wanted: Wanted, ci_level: float, draws: int, rng: np.random.Generator | None
) -> Reliability:
    check_level(ci_level)
    check_draws(draws, rng)
    names = tuple(map(str, items.columns))
    return _by_model(items, Design(names, {"factor": names}), [wanted], ci_level, draws, rng)[0]


def _by_model(
    items: pd.DataFrame, plan: Design, wanted: Sequence[Wanted], ci_level: float, draws: int, rng
) -> list[Reliability]:
    """Coefficients of one model: estimates, and intervals by the delta method or by refitting."""
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    shape = {"n": n, "n_lost": n_lost, "k": k, "ci_level": ci_level, "draws": draws}
    interval = PERCENTILE if draws else DELTA
    shapes = [{"coefficient": one.name, "method": f"{one.method}, {interval}", **shape} for one in wanted]
    reason = f"{wanted[0].name} needs three items or more" if k < 3 else why_no_model(items, complete)
    structure = compile_table(factor_table(plan))
    sample = None if reason else sample_from_rows(complete)
    reason = reason or engine.identified(structure, [sample])
    fitted = None if reason else engine.estimate(structure, [sample])
    if fitted is not None and (improper := engine.why_inadmissible(fitted)):
        reason = f"the {_called(plan)} model is not admissible ({improper})"
    if reason:
        return [withheld(reason, one) for one in shapes]
    made = _refitted(complete, structure, fitted.parameters, wanted, draws, rng) if draws else None
    return [_result(structure, fitted, one, own, made and made.of(j)) for j, (one, own) in enumerate(zip(wanted, shapes, strict=True))]  # fmt: skip


def _called(plan: Design) -> str:
    return "one-factor" if len(plan.loads) == 1 else "bifactor"


def _result(
    structure: Structure, fitted: engine.Estimate, wanted: Wanted, shape: dict, made: Draws | None
) -> Reliability:
    def of(parameters: np.ndarray) -> float:
        return wanted.of(*model_parts(structure, parameters))

    estimate = of(fitted.parameters)
    if made is None:
        se = delta_se(of, fitted.parameters, fitted.covariance)
        low, high = normal_interval(estimate, se, shape["ci_level"])
        return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED, **shape)
    low, high = made.interval(shape["ci_level"])
    status = ESTIMATED + made.remark
    return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=status, failed=made.failed, **shape)


def model_parts(structure: Structure, parameters: np.ndarray, group: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Loadings (items x factors) and residual covariances (items x items) of one group."""
    matrices, p = structure.fill(parameters)[group], structure.n_items
    return matrices.paths[:p, p:], matrices.covariances[:p, :p]


def fitted_omega(structure: Structure, sample: Sample, start: np.ndarray | None) -> tuple[float, np.ndarray]:
    """Omega_u and the parameters of one more fit; NaN where it did not converge or has a negative residual variance."""
    _, optimum = engine.solve(structure, [sample], start)
    loadings, residuals = model_parts(structure, optimum.parameters)
    good = optimum.converged and not (residuals.diagonal() < 0).any()
    return (_omega_u(loadings, residuals) if good else np.nan), optimum.parameters


def _refitted(
    complete: np.ndarray, structure: Structure, start: np.ndarray, wanted: Sequence[Wanted], draws: int, rng
) -> Draws:
    """Every coefficient from the model fitted anew to each draw; a fit that failed or is improper counts as failed."""
    nothing = np.full(len(wanted), np.nan)

    def statistic(rows: np.ndarray) -> np.ndarray:
        _, optimum = engine.solve(structure, [sample_from_rows(complete[rows])], start)
        if not optimum.converged:
            return nothing
        loadings, residuals = model_parts(structure, optimum.parameters)
        if (residuals.diagonal() < 0).any():
            return nothing
        return np.array([one.of(loadings, residuals) for one in wanted])

    return bootstrap(len(complete), statistic, draws, rng)
