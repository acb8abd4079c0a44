"""Omega hierarchical and total from an exploratory solution, turned into a general and group factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import constant
from rejsens.psychometrics.correlation_matrix import correlations_of
from rejsens.psychometrics.exploratory import why_too_many
from rejsens.psychometrics.extraction import LEAST_UNIQUENESS, extract
from rejsens.psychometrics.intervals import bootstrap, check_draws, check_level
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, withheld
from rejsens.psychometrics.rotation import rotate

BASIC = "basic bootstrap interval, everything estimated again in each draw"
METHODS = {
    "omega_h_sl": "omega hierarchical, Schmid-Leiman (minres, oblimin), standardised items",
    "omega_t_sl": "omega total, Schmid-Leiman (minres, oblimin), standardised items",
    "omega_asymptotic_sl": "omega hierarchical over omega total, Schmid-Leiman (minres, oblimin), standardised items",
}


class NoSolution(Exception):
    """An exploratory solution that may not be used, with the reason."""


def omega_schmid_leiman(
    items: pd.DataFrame,
    factors: int = 3,
    ci_level: float = 0.95,
    *,
    correlation: str = "pearson",
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> dict[str, Reliability]:
    """Omega hierarchical and omega total by the Schmid-Leiman transformation of an exploratory solution.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items of one scale, numeric, keyed already.
    factors : int
        Group factors, 3 or more; with 2, the general factor loads on both alike, which is a convention and no estimate.
    ci_level : float
        Level of the intervals.
    correlation : str
        ``"pearson"``, or ``"polychoric"`` for the answers assumed behind ordered categories.
    draws : int
        Resamples of people for intervals, everything estimated anew in each. With 0 there is no interval.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``omega_h_sl``: share of the variance of the total score that the general factor explains; ``omega_t_sl``: that
        all factors explain; ``omega_asymptotic_sl``: the first over the second. Withheld, with the reason, where the
        solution is not admissible: not enough items, an extraction or rotation that did not converge, a Heywood case
        among items or factors. ``failed`` counts such draws.

    Raises
    ------
    ValueError
        If items are not numeric, stand twice or hold infinite values, if ``factors`` is below 2, if ``correlation`` or
        ``ci_level`` has no meaning, or if ``draws`` come without ``rng``.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    With oblimin loadings L, factor correlations Phi, the loadings *g* of one minres factor of Phi, and R the
    correlations of the items [1]_ [2]_:

    .. math:: \\omega_h = \\frac{(\\sum_i (L g)_i)^2}{1'R1}, \\quad
              \\omega_t = 1 - \\frac{\\sum_i (1 - h_i^2)}{1'R1}

    A resample's omega hierarchical lies below the estimate's as the estimate's lies below the truth (by about .01 in
    samples of 500), so the interval is the basic one, 2 x estimate less the percentiles [3]_; percentiles themselves
    cover too seldom (docs/calibration.md says how often these do).

    An exploratory solution finds group factors whether or not there are any; where the groups are known,
    :py:func:`omega_bifactor` is the better question.

    Checked against psych 2.2.9, ``omega()`` with GPArotation 2022.10-2 (tests/reference/reliability.R), to 1e-4.

    References
    ----------
    .. [1] Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions. Psychometrika, 22(1),
           53–61. https://doi.org/10.1007/BF02289209

    .. [2] Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's alpha, Revelle's beta, and McDonald's
           omega_H: Their relations with each other and two alternative conceptualizations of reliability.
           Psychometrika, 70(1), 123–133. https://doi.org/10.1007/s11336-003-0974-7

    .. [3] Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application, section 5.2. Cambridge
           University Press. https://doi.org/10.1017/CBO9780511802843

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import omega_schmid_leiman
    >>> rng = np.random.default_rng(3)
    >>> general, own = rng.normal(size=(800, 1)), np.repeat(rng.normal(size=(800, 3)), 3, axis=1)
    >>> items = pd.DataFrame(0.6 * general + 0.5 * own + 0.6 * rng.normal(size=(800, 9))).rename(columns="i{}".format)
    >>> {name: round(one.estimate, 2) for name, one in omega_schmid_leiman(items).items()}
    {'omega_h_sl': 0.74, 'omega_t_sl': 0.92, 'omega_asymptotic_sl': 0.8}
    """
    check_level(ci_level)
    check_draws(draws, rng)
    if factors < 2:
        raise ValueError(f"a general factor stands above two group factors or more, not {factors}")
    found = correlations_of(items, correlation)
    people = found.values
    if people is None:
        raise ValueError("omega_schmid_leiman takes people, not correlations")
    shape = {"n": found.n, "n_lost": found.n_lost, "k": len(found.items), "ci_level": ci_level}
    interval = BASIC if draws else "no interval"
    shapes: dict[str, dict[str, Any]] = {
        name: {"coefficient": name, "method": f"{method}, {found.kind} correlations, {interval}", **shape}
        for name, method in METHODS.items()
    }
    try:
        if reason := found.reason or why_too_many(len(found.items), factors):
            raise NoSolution(reason)
        values = _omegas(found.matrix, factors)
    except NoSolution as none:
        return {name: withheld(str(none), own) for name, own in shapes.items()}
    status = ESTIMATED if draws else f"{ESTIMATED}; its interval needs draws"
    status += "; with two group factors the general factor's loadings are set equal" if factors == 2 else ""
    if not draws:
        nan = float("nan")
        return {
            name: Reliability(estimate=float(value), ci_low=nan, ci_high=nan, status=status, **shapes[name])
            for name, value in zip(METHODS, values, strict=True)
        }
    made = bootstrap(len(people), lambda rows: _again(people[rows], items.columns, factors, correlation), draws, rng)
    out = {}
    for j, (name, value) in enumerate(zip(METHODS, values, strict=True)):
        low, high = _basic(float(value), made.of(j).interval(ci_level))
        out[name] = Reliability(
            estimate=float(value), ci_low=low, ci_high=high, status=status + made.remark, draws=draws,
            failed=made.failed, **shapes[name],
        )  # fmt: skip
    return out


def _basic(estimate: float, percentiles: tuple[float, float]) -> tuple[float, float]:
    """The percentiles mirrored at the estimate, inside 0 and 1.

    >>> [round(end, 2) for end in _basic(0.70, (0.60, 0.74))]
    [0.66, 0.8]
    """
    low, high = percentiles
    return max(2 * estimate - high, 0.0), min(2 * estimate - low, 1.0)


def schmid_leiman(correlations: np.ndarray, factors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loadings on the general factor (items), on the group factors (items x factors), and communalities."""
    extracted = extract(correlations, factors, "minres")
    pattern, phi, arrived = rotate(extracted.loadings, "oblimin")
    if not (extracted.converged and arrived):
        raise NoSolution("the extraction or the rotation did not converge")
    if extracted.at_bound.any():
        raise NoSolution(f"Heywood case: a uniqueness is at its lower bound of {LEAST_UNIQUENESS:g}")
    above = _above(phi)
    group = pattern * np.sqrt(1 - above**2)
    return pattern @ above, group, (extracted.loadings**2).sum(axis=1)


def _above(phi: np.ndarray) -> np.ndarray:
    """Loadings of the group factors on the general one."""
    if len(phi) == 2:
        return np.array([1.0, np.sign(phi[0, 1])]) * np.sqrt(abs(phi[0, 1]))
    above = extract(phi, 1, "minres")
    if not above.converged or above.at_bound.any():
        raise NoSolution("Heywood case: a group factor is the general factor")
    return above.loadings[:, 0]


def _omegas(correlations: np.ndarray, factors: int) -> np.ndarray:
    general, _, communality = schmid_leiman(correlations, factors)
    total = correlations.sum()
    hierarchical, everything = general.sum() ** 2 / total, 1 - (1 - communality).sum() / total
    return np.array([hierarchical, everything, hierarchical / everything])


def _again(values: np.ndarray, names: pd.Index, factors: int, correlation: str) -> np.ndarray:
    nothing = np.full(len(METHODS), np.nan)
    if constant(values).any():
        return nothing
    found = correlations_of(pd.DataFrame(values, columns=names), correlation)
    try:
        return nothing if found.reason else _omegas(found.matrix, factors)
    except NoSolution:
        return nothing
