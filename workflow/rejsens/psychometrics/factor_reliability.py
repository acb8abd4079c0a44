"""Reliability of the unweighted sum (omega) and of the best weighted one (H), from the one-factor maximum likelihood model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import complete_cases, why_no_model
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.normal import Sample, sample_from_rows
from rejsens.psychometrics.engine.table import Structure, compile_table
from rejsens.psychometrics.factor_structure import Design, factor_table
from rejsens.psychometrics.intervals import Draws, bootstrap, check_draws, check_level, delta_se, normal_interval
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, withheld

DELTA = "delta-method interval"
PERCENTILE = "percentile bootstrap interval, model refitted in each draw"
OMEGA_U = "omega_u, one-factor ML"
H = "coefficient H, one-factor ML"
EXTRACTED = "average variance extracted by the factor, one-factor ML"

Of = Callable[[np.ndarray, np.ndarray], float]  # loadings (items x factors), residual covariances (items x items)
Parts = Callable[[Structure, np.ndarray], tuple[np.ndarray, np.ndarray]]  # those two, from a model's parameters


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
    return _one_factor(items, [OF_ONE_FACTOR["omega_u"]], ci_level, draws, rng)[0]


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
    return _one_factor(items, [OF_ONE_FACTOR["coefficient_h"]], ci_level, draws, rng)[0]


def one_factor_coefficients(items: pd.DataFrame, ci_level: float = 0.95) -> dict[str, Reliability]:
    """Omega, coefficient H and the average variance extracted, from one fit of the one-factor model.

    Parameters
    ----------
    items, ci_level
        As in :py:func:`omega`.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``omega_u`` and ``coefficient_h`` as :py:func:`omega` and :py:func:`coefficient_h` give them by themselves, and
        ``ave``, the mean squared standardised loading, which is no reliability: see
        :py:func:`average_variance_extracted`. All with delta-method intervals.

    Raises
    ------
    ValueError
        As :py:func:`omega`.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import one_factor_coefficients
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=500)
    >>> items = pd.DataFrame({f"i{j}": 0.7 * factor + 0.7 * rng.normal(size=500) for j in range(4)})
    >>> {name: round(one.estimate, 3) for name, one in one_factor_coefficients(items).items()}
    {'omega_u': 0.769, 'coefficient_h': 0.772, 'ave': 0.455}
    """
    return {one.coefficient: one for one in _one_factor(items, list(OF_ONE_FACTOR.values()), ci_level, 0, None)}


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


def _average_variance(loadings: np.ndarray, residuals: np.ndarray) -> float:
    explained = loadings[:, 0] ** 2
    return float((explained / (explained + residuals.diagonal())).mean())


OF_ONE_FACTOR = {
    "omega_u": Wanted("omega_u", OMEGA_U, _omega_u),
    "coefficient_h": Wanted("coefficient_h", H, _coefficient_h),
    "ave": Wanted("ave", EXTRACTED, _average_variance),
}


def _one_factor(
    items: pd.DataFrame, wanted: Sequence[Wanted], ci_level: float, draws: int, rng: np.random.Generator | None
) -> list[Reliability]:
    check_level(ci_level)
    check_draws(draws, rng)
    names = tuple(map(str, items.columns))
    return by_model(items, Design(names, {"factor": names}), wanted, ci_level, draws, rng)


def model_parts(structure: Structure, parameters: np.ndarray, group: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Loadings (items x factors) and residual covariances (items x items) of one group."""
    matrices, p = structure.fill(parameters)[group], structure.n_items
    return matrices.paths[:p, p:], matrices.covariances[:p, :p]


def by_model(
    items: pd.DataFrame,
    plan: Design,
    wanted: Sequence[Wanted],
    ci_level: float,
    draws: int,
    rng: np.random.Generator | None,
    *,
    called: str = "one-factor",
    parts: Parts = model_parts,
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
        reason = f"the {called} model is not admissible ({improper})"
    if fitted is None or reason:
        return [withheld(reason, one) for one in shapes]
    made = _refitted(complete, structure, fitted.parameters, wanted, parts, draws, rng) if draws else None
    return [
        _result(structure, fitted, one, own, parts, made and made.of(j))
        for j, (one, own) in enumerate(zip(wanted, shapes, strict=True))
    ]


def _result(
    structure: Structure,
    fitted: engine.Estimate,
    wanted: Wanted,
    shape: dict[str, Any],
    parts: Parts,
    made: Draws | None,
) -> Reliability:
    def of(parameters: np.ndarray) -> float:
        return wanted.of(*parts(structure, parameters))

    estimate = of(fitted.parameters)
    if made is None:
        assert fitted.covariance is not None  # the fit is admissible
        se = delta_se(of, fitted.parameters, fitted.covariance)
        low, high = normal_interval(estimate, se, shape["ci_level"])
        return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED, **shape)
    low, high = made.interval(shape["ci_level"])
    status = ESTIMATED + made.remark
    return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=status, failed=made.failed, **shape)


def fitted_omega(structure: Structure, sample: Sample, start: np.ndarray | None) -> tuple[float, np.ndarray]:
    """Omega_u and the parameters of one more fit; NaN where it did not converge or has a negative residual variance."""
    _, optimum = engine.solve(structure, [sample], start)
    loadings, residuals = model_parts(structure, optimum.parameters)
    good = optimum.converged and not (residuals.diagonal() < 0).any()
    return (_omega_u(loadings, residuals) if good else np.nan), optimum.parameters


def _refitted(
    complete: np.ndarray,
    structure: Structure,
    start: np.ndarray,
    wanted: Sequence[Wanted],
    parts: Parts,
    draws: int,
    rng: np.random.Generator | None,
) -> Draws:
    """Every coefficient from the model fitted anew to each draw; a fit that failed or is improper counts as failed."""
    nothing = np.full(len(wanted), np.nan)

    def statistic(rows: np.ndarray) -> np.ndarray:
        _, optimum = engine.solve(structure, [sample_from_rows(complete[rows])], start)
        if not optimum.converged:
            return nothing
        loadings, residuals = parts(structure, optimum.parameters)
        if (residuals.diagonal() < 0).any():
            return nothing
        return np.array([one.of(loadings, residuals) for one in wanted])

    return bootstrap(len(complete), statistic, draws, rng)
