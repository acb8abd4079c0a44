"""How much of a sum of items is one general factor: omega hierarchical and total from confirmatory models that have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine.table import Structure
from rejsens.psychometrics.factor_reliability import Of, Wanted, by_model, model_parts
from rejsens.psychometrics.factor_structure import Design, design
from rejsens.psychometrics.intervals import check_draws, check_level
from rejsens.psychometrics.reliability import Reliability

STRUCTURES = {
    "bifactor": "bifactor ML",
    "second_order": "second-order ML",
    "method": "ML with a factor of the reversed items",
}


def omega_general(
    items: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    structure: str = "bifactor",
    ci_level: float = 0.95,
    *,
    reversed_items: Sequence[str] = (),
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> dict[str, Reliability]:
    """Omega total and hierarchical from a confirmatory model with a general factor.

    Parameters
    ----------
    items : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that ``factors`` does not name are ignored.
    factors : mapping of str to list of str
        Items of each group factor (subscale), three or more each where the model is to be identified without doubt; for
        ``"method"`` the one factor with its items.
    structure : str
        ``"bifactor"``: a general factor beside the group factors, none correlated; ``"second_order"``: one factor above
        them; ``"method"``: one factor, and one of the reversed items beside it.
    ci_level : float
        Level of the intervals.
    reversed_items : list of str
        Items of the method factor; for ``"method"`` only.
    draws : int
        Resamples of people. With 0 the interval is the delta method's, else it is the percentile interval of the draws.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``omega_t``: share of the variance of the total score that all factors explain; ``omega_h``: that the general
        factor explains; ``omega_s_NAME``: share of the variance of the subscale score that all factors explain;
        ``omega_hs_NAME``: that its own group factor explains, over and above the general one (the last two not for
        ``"method"``). All withheld, with the reason, where the model is not admissible.

    Raises
    ------
    ValueError
        As :py:func:`omega`; if ``factors`` is no model of these items; if ``structure`` is none of the three, or is
        ``"method"`` and there are several factors.

    Notes
    -----
    Missing data: complete rows only; ``n_lost`` counts the others.

    .. math:: \\omega_h = \\frac{(\\sum_i \\lambda_{ig})^2}{1' \\Sigma 1}, \\quad
              \\omega_t = \\frac{(\\sum_i \\lambda_{ig})^2 + \\sum_s (\\sum_{i \\in s} \\lambda_{is})^2}{1' \\Sigma 1}

    with the model-implied Sigma [1]_. Subscales take the sums over their own items. A second-order model is turned into
    its equal with uncorrelated factors: item *i* of factor *f* has the general loading :math:`\\lambda_i \\gamma_f` and the
    group loading :math:`\\lambda_i \\sqrt{\\psi_f}` (Schmid and Leiman's transformation of a confirmatory model) [2]_. Of
    ``"method"``, the factor that is not the reversed items' counts as the general one. Intervals as in :py:func:`omega`.

    Checked against parameters defined in lavaan 0.6.14 (tests/reference/reliability.R, general_factor.R), to 1e-5.

    References
    ----------
    .. [1] Rodriguez, A., Reise, S. P., & Haviland, M. G. (2016). Evaluating bifactor models: Calculating and
           interpreting statistical indices. Psychological Methods, 21(2), 137–150. https://doi.org/10.1037/met0000045

    .. [2] Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions. Psychometrika, 22(1),
           53–61. https://doi.org/10.1007/BF02289209

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import omega_general
    >>> rng = np.random.default_rng(3)
    >>> general, own = rng.normal(size=(800, 1)), np.repeat(rng.normal(size=(800, 3)), 3, axis=1)
    >>> items = pd.DataFrame(0.6 * general + 0.5 * own + 0.6 * rng.normal(size=(800, 9))).rename(columns="i{}".format)
    >>> groups = {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"], "c": ["i6", "i7", "i8"]}
    >>> for name in ("omega_t", "omega_h"):
    ...     one = omega_general(items, groups, "second_order")[name]
    ...     print(f"{name} {one.estimate:.2f} [{one.ci_low:.2f}, {one.ci_high:.2f}]")
    omega_t 0.92 [0.91, 0.93]
    omega_h 0.75 [0.72, 0.78]
    """
    check_level(ci_level)
    check_draws(draws, rng)
    if structure not in STRUCTURES:
        raise ValueError(f"structure is one of {', '.join(STRUCTURES)}, not “{structure}”")
    if structure == "method" and len(factors) > 1:
        raise ValueError(
            "a model with a factor of the reversed items has a general factor only if it has one other factor"
        )
    plan = design(items.columns, factors, structure, reversed_items=reversed_items)
    wanted, sizes = _wanted(plan, factors, structure)
    results = by_model(
        items[list(plan.items)], plan, wanted, ci_level, draws, rng, called=structure.replace("_", "-"), parts=_sources
    )
    return {r.coefficient: replace(r, k=sizes.get(r.coefficient, r.k)) for r in results}


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
    items, groups, ci_level, draws, rng
        As ``items``, ``factors`` and so on of :py:func:`omega_general`, which this is with ``structure="bifactor"``.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        As :py:func:`omega_general`.

    Raises
    ------
    ValueError
        As :py:func:`omega_general`.

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
    return omega_general(items, groups, "bifactor", ci_level, draws=draws, rng=rng)


def _sources(structure: Structure, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loadings of the items on what the model's factors come from: uncorrelated sources of variance 1, one per factor."""
    matrices, p = structure.fill(parameters)[0], structure.n_items
    loadings, residuals = model_parts(structure, parameters)
    among = np.linalg.inv(np.eye(loadings.shape[1]) - matrices.paths[p:, p:])
    return loadings @ among * np.sqrt(matrices.covariances[p:, p:].diagonal()), residuals


def _wanted(plan: Design, factors: Mapping[str, Sequence[str]], structure: str) -> tuple[list[Wanted], dict[str, int]]:
    """The coefficients of a model, and how many items those of a subscale are about."""
    how, names = STRUCTURES[structure], list(plan.factors)
    general = next(iter(factors)) if structure == "method" else next(name for name in names if name not in factors)
    everything, first = np.arange(len(plan.items)), names.index(general)
    wanted = [
        Wanted("omega_t", f"omega total, {how}", _share(everything, slice(None))),
        Wanted("omega_h", f"omega hierarchical, {how}", _share(everything, [first])),
    ]
    position = {item: j for j, item in enumerate(plan.items)}
    sizes: dict[str, int] = {}
    for name, own in factors.items() if structure != "method" else ():
        rows, k = np.array([position[str(item)] for item in own]), names.index(str(name))
        wanted += [
            Wanted(f"omega_s_{name}", f"omega of the subscale {name}, {how}", _share(rows, slice(None))),
            Wanted(f"omega_hs_{name}", f"omega hierarchical of the subscale {name}, {how}", _share(rows, [k])),
        ]
        sizes |= {f"omega_s_{name}": len(own), f"omega_hs_{name}": len(own)}
    return wanted, sizes


def _share(rows: np.ndarray, factors: slice | list[int]) -> Of:
    """What some factors explain of the sum of some items; factors are uncorrelated and have variance 1."""

    def of(loadings: np.ndarray, residuals: np.ndarray) -> float:
        sums = loadings[rows].sum(axis=0) ** 2
        return float(sums[factors].sum() / (sums.sum() + residuals[np.ix_(rows, rows)].sum()))

    return of
