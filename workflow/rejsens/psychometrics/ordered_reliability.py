"""Reliability of sums of ordered categories: by a factor model of the answers behind the categories, and ordinal alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr

from rejsens.psychometrics.cases import complete_cases, why_no_rows
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.polychoric import OrderedSample, bivariate_normal
from rejsens.psychometrics.engine.table import compile_table
from rejsens.psychometrics.factor_reliability import DELTA, PERCENTILE, model_parts
from rejsens.psychometrics.factor_structure import Design, ordered_table
from rejsens.psychometrics.intervals import check_draws, check_level, normal_interval, slopes
from rejsens.psychometrics.ordered_answers import ordered_samples
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, with_bootstrap, withheld

CATEGORICAL = "categorical omega (Green and Yang), one-factor WLSMV"
ORDINAL_ALPHA = (
    "ordinal alpha: of the answers assumed behind the categories, not of the observed sum; delta-method interval"
)
VARIANCES = ("observed", "implied")
BEYOND = 10.0  # a threshold beyond all answers: it adds nothing to any covariance


def categorical_omega(
    items: pd.DataFrame,
    ci_level: float = 0.95,
    *,
    variance: str = "observed",
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> Reliability:
    """Categorical omega: reliability of the sum of ordered items with one factor, on the metric of the observed sum.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, ordered categories, keyed already, three or more columns.
    ci_level : float
        Level of the interval.
    variance : str
        Variance of the sum in the denominator: ``"observed"`` from the polychoric correlations, or ``"implied"`` from
        those that the factor model implies. The two agree where the model fits.
    draws : int
        Resamples of people. With 0 the interval is the delta method's, else it is the percentile interval of the draws.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why it is withheld: fewer than three items, an item that does not vary or has more than 20
        different answers, a polychoric correlation that runs to ±1, or a model that is not admissible. ``failed``
        counts the draws in which any of that happened.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, if ``ci_level`` is not inside 0 to 1, if
        ``variance`` is neither, or if ``draws`` come without ``rng``.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    Categories are scored 0, 1, 2, ... in the order of the answers that occur, so that steps count alike [1]_.

    .. math:: \\omega_{cat} = \\frac{\\sum_{ij} c_{ij}(l_i l_j)}{\\sum_{ij} c_{ij}(r_{ij})}, \\quad
              c_{ij}(\\rho) = \\sum_{kl} \\Phi_2(\\tau_{ik}, \\tau_{jl}, \\rho)
              - \\sum_k \\Phi(\\tau_{ik}) \\sum_l \\Phi(\\tau_{jl})

    with standardised loadings *l*, thresholds tau and polychoric correlations *r*: *c* is the covariance of two scored
    items whose answers behind the categories correlate rho. The delta-method interval goes from the thresholds and
    polychoric correlations, with their asymptotic covariance, to the coefficient.

    Checked against semTools 0.5.6, ``compRelSEM(ord.scale = TRUE)`` with either variance, to 1e-5, and 300 refits by
    lavaan, within Monte Carlo error (tests/reference/reliability.R).

    References
    ----------
    .. [1] Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural equation modeling: An
           alternative to coefficient alpha. Psychometrika, 74(1), 155–167. https://doi.org/10.1007/s11336-008-9099-3

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import categorical_omega
    >>> rng = np.random.default_rng(1)
    >>> behind = 0.7 * rng.normal(size=(600, 1)) + 0.7 * rng.normal(size=(600, 5))
    >>> items = pd.DataFrame(np.digitize(behind, [-0.5, 0.3, 1.0])).rename(columns="i{}".format)
    >>> result = categorical_omega(items)
    >>> print(f"{result.estimate:.3f} [{result.ci_low:.3f}, {result.ci_high:.3f}] {result.status}")
    0.782 [0.754, 0.809] estimated
    """
    check_level(ci_level)
    check_draws(draws, rng)
    if variance not in VARIANCES:
        raise ValueError(f"variance is “observed” or “implied”, not “{variance}”")
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    names = tuple(map(str, items.columns))
    method = f"{CATEGORICAL}, {variance} variance, {DELTA}"
    shape = {"coefficient": "omega_categorical", "n": n, "n_lost": n_lost, "k": k, "method": method,
             "ci_level": ci_level}  # fmt: skip
    if k < 3:
        return withheld("omega_categorical needs three items or more", shape)
    if n == 0:
        return withheld(why_no_rows(items), shape)
    fitted, reason = _fit(complete, names)
    if fitted is None:
        return withheld(reason, shape)
    estimate, se = _with_error(fitted, variance)
    low, high = normal_interval(estimate, se, ci_level)
    result = Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED, **shape)
    if not draws:
        return result
    method = f"{CATEGORICAL}, {variance} variance, {PERCENTILE}"
    return with_bootstrap(result, method, lambda rows: _refitted(complete[rows], names, variance), draws, rng)


def ordinal_alpha(items: pd.DataFrame, ci_level: float = 0.95) -> Reliability:
    """Ordinal alpha: alpha of the polychoric correlations.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, ordered categories, keyed already, two or more columns.
    ci_level : float
        Level of the interval.

    Returns
    -------
    reliability : :py:class:`Reliability`
        ``status`` says why it is withheld: an item that does not vary or has more than 20 different answers, a
        polychoric correlation that runs to ±1, correlations that sum to nothing.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, or if ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\alpha_{ord} = \\frac{k}{k - 1}\\left(1 - \\frac{k}{\\sum_{ij} r_{ij}}\\right)

    with polychoric correlations *r* [1]_. **It is not the reliability of any score that can be computed**: it is the
    alpha that the normal answers assumed behind the categories would have, were they seen [2]_. For the observed sum
    take :py:func:`categorical_omega`. The interval is the delta method's, from the asymptotic covariance of the
    polychoric correlations.

    Checked against psych 2.2.9, ``alpha()`` of lavaan's polychoric correlations (tests/reference/reliability.R), to
    1e-5.

    References
    ----------
    .. [1] Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients alpha and theta for
           Likert rating scales. Journal of Modern Applied Statistical Methods, 6(1), 21–29.
           https://doi.org/10.22237/jmasm/1177992180

    .. [2] Chalmers, R. P. (2018). On misconceptions and the limited usefulness of ordinal alpha. Educational and
           Psychological Measurement, 78(6), 1056–1071. https://doi.org/10.1177/0013164417727036

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import ordinal_alpha
    >>> rng = np.random.default_rng(1)
    >>> behind = 0.7 * rng.normal(size=(600, 1)) + 0.7 * rng.normal(size=(600, 5))
    >>> items = pd.DataFrame(np.digitize(behind, [-0.5, 0.3, 1.0])).rename(columns="i{}".format)
    >>> result = ordinal_alpha(items)
    >>> print(f"{result.estimate:.3f} [{result.ci_low:.3f}, {result.ci_high:.3f}]")
    0.818 [0.792, 0.844]
    """
    check_level(ci_level)
    complete, n_lost = complete_cases(items)
    n, k = complete.shape
    names = tuple(map(str, items.columns))
    shape = {"coefficient": "alpha_ordinal", "n": n, "n_lost": n_lost, "k": k, "method": ORDINAL_ALPHA,
             "ci_level": ci_level}  # fmt: skip
    if k < 2:
        return withheld("internal consistency needs two items or more", shape)
    if n == 0:
        return withheld(why_no_rows(items), shape)
    sample, _, reason = _sample(complete, names)
    if sample is None:
        return withheld(reason, shape)
    total = float(sample.correlations.sum())
    if total <= 1e-9:
        return withheld("the polychoric correlations sum to nothing: keyed the wrong way?", shape)
    gamma = sample.gamma[len(sample.thresholds) :, len(sample.thresholds) :]
    se = 2 * k**2 / ((k - 1) * total**2) * float(np.sqrt(gamma.sum() / n))
    estimate = k / (k - 1) * (1 - k / total)
    low, high = normal_interval(estimate, se, ci_level)
    return Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED, **shape)


def _sample(complete: np.ndarray, names: Sequence[str]) -> tuple[OrderedSample | None, dict[str, int], str]:
    samples, thresholds, _, reason = ordered_samples(complete, np.zeros(len(complete), dtype=int), list(names), ())
    return (None if reason else samples[0]), thresholds, reason


def _fit(complete: np.ndarray, names: tuple[str, ...]) -> tuple[engine.Estimate | None, str]:
    """The one-factor model of the answers behind the categories, or why there is none."""
    sample, thresholds, reason = _sample(complete, names)
    if reason:
        return None, reason
    structure = compile_table(ordered_table(Design(names, {"factor": names}), thresholds))
    fitted = engine.estimate(structure, [sample], "WLSMV")
    if reason := engine.why_inadmissible(fitted):
        return None, f"the one-factor model is not admissible ({reason})"
    return fitted, ""


def _refitted(complete: np.ndarray, names: tuple[str, ...], variance: str) -> float:
    fitted, _ = _fit(complete, names)
    return np.nan if fitted is None else _coefficient(fitted, fitted.parameters, fitted.samples[0].moments, variance)


def _with_error(fitted: engine.Estimate, variance: str) -> tuple[float, float]:
    """The coefficient and its standard error. Parameters follow from the sample moments by d(theta) = H⁻¹ D'W d(s)."""
    sample, point, objective = fitted.samples[0], fitted.optimum.point, fitted.objective
    parameters, moments = fitted.parameters, sample.moments
    # The full curvature H, not its expectation D'WD: so the error stays right where the model does not fit.
    moved = np.linalg.solve(objective.hessian(point) / 2, objective.pulls[0] * point.jacobians[0].T * sample.weights)
    gradient = slopes(lambda theta: _coefficient(fitted, theta, moments, variance), parameters) @ moved
    gradient += slopes(lambda s: _coefficient(fitted, parameters, s, variance), moments)
    value = _coefficient(fitted, parameters, moments, variance)
    return value, float(np.sqrt(gradient @ sample.gamma @ gradient / sample.n))


def _coefficient(fitted: engine.Estimate, parameters: np.ndarray, moments: np.ndarray, variance: str) -> float:
    """Categorical omega from parameters (loadings, thresholds) and sample moments (of which the correlations count)."""
    structure, sample = fitted.structure, fitted.samples[0]
    loadings = model_parts(structure, parameters)[0][:, 0]
    thresholds = _padded(structure.fill(parameters)[0].thresholds, sample.threshold_item, len(loadings))
    shared = np.outer(loadings, loadings)
    common = _category_covariances(thresholds, shared)
    if variance == "observed":
        rows, columns = np.tril_indices(len(loadings), -1)
        shared = np.eye(len(loadings))
        shared[rows, columns] = shared[columns, rows] = moments[len(sample.thresholds) :]
    total = _category_covariances(thresholds, shared)
    np.fill_diagonal(total, _category_variances(thresholds))
    return float(common.sum() / total.sum())


def _padded(thresholds: np.ndarray, owner: np.ndarray, k: int) -> np.ndarray:
    """Items x thresholds."""
    own = [thresholds[owner == j] for j in range(k)]
    out = np.full((k, max(map(len, own))), BEYOND)
    for j, values in enumerate(own):
        out[j, : len(values)] = values
    return out


def _category_covariances(thresholds: np.ndarray, correlations: np.ndarray) -> np.ndarray:
    """Covariances of scored items whose answers behind the categories correlate so (the diagonal too: parallel items)."""
    k = len(thresholds)
    rows, columns = np.tril_indices(k)
    both = bivariate_normal(thresholds[rows], thresholds[columns], correlations[rows, columns]).sum(axis=(1, 2))
    below = ndtr(thresholds).sum(axis=1)
    out = np.empty((k, k))
    out[rows, columns] = out[columns, rows] = both - below[rows] * below[columns]
    return out


def _category_variances(thresholds: np.ndarray) -> np.ndarray:
    lesser = np.minimum(thresholds[:, :, None], thresholds[:, None, :])
    return ndtr(lesser).sum(axis=(1, 2)) - ndtr(thresholds).sum(axis=1) ** 2
