"""Items over waves: how reliably people differ, and how reliably a person's change shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtri

from rejsens.psychometrics.cases import SINGULAR, answers, constant
from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine.minimise import invert_information
from rejsens.psychometrics.engine.normal import sample_from_moments
from rejsens.psychometrics.engine.table import COVARIANCE, LOADING, Parameter, Structure, Table, compile_table
from rejsens.psychometrics.factor_reliability import DELTA, model_parts
from rejsens.psychometrics.intervals import Draws, bootstrap, check_draws, check_level, delta_se, normal_interval
from rejsens.psychometrics.reliability import ESTIMATED, Reliability, withheld

METHODS = {
    "r_c": "R_C, reliability of change within people, F interval",
    "r_kf": "R_kF, reliability of the mean over all waves, waves fixed",
    "r_1r": "R_1R, reliability of one wave, waves random",
    "r_kr": "R_kR, reliability of the mean over all waves, waves random",
}
PARTS = ("person", "wave", "item", "person x wave", "wave x item", "person x item", "residual")


def variance_components(
    data: pd.DataFrame, items: Sequence[str], *, person: str = "participant", wave: str = "wave"
) -> pd.DataFrame:
    """Variance of single answers by person, wave, item and their interactions.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        One row per person and wave; ``person``, ``wave`` and the keyed items, numeric.
    items : list of str
        Items of one scale, two or more.
    person, wave : str
        Columns that say who and when.

    Returns
    -------
    components : :py:class:`pandas.DataFrame`
        ``component``, ``variance`` (may be negative: an estimate near 0), ``share`` of the sum of them.

    Raises
    ------
    ValueError
        If a column is absent, a person stands twice in a wave, or items are not numeric.

    Notes
    -----
    Missing data: people with every item at every wave. Expected mean squares of the balanced crossed design.

    Checked against psych 2.2.9, ``multilevel.reliability()``, to 1e-5 (tests/reference/reliability.R).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import variance_components
    >>> rng = np.random.default_rng(1)
    >>> state = rng.normal(size=(200, 1)) + 0.7 * rng.normal(size=(200, 3))
    >>> rows = [{"participant": i, "wave": t, **{f"i{j}": state[i, t] + 0.8 * rng.normal() for j in range(4)}}
    ...         for i in range(200) for t in range(3)]
    >>> variance_components(pd.DataFrame(rows), ["i0", "i1", "i2", "i3"]).round(2)
           component  variance  share
    0         person      0.81   0.41
    1           wave      0.01   0.01
    2           item     -0.00  -0.00
    3  person x wave      0.53   0.27
    4    wave x item      0.00   0.00
    5  person x item      0.01   0.00
    6       residual      0.62   0.31
    """
    cube, _ = _cube(data, items, person, wave)
    if reason := _why_none(cube):
        raise ValueError(f"no variance components: {reason}")
    variances = _components(_mean_squares(cube), cube.shape)
    return pd.DataFrame({"component": list(PARTS), "variance": variances, "share": variances / variances.sum()})


def generalisability(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    person: str = "participant",
    wave: str = "wave",
    ci_level: float = 0.95,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> dict[str, Reliability]:
    """Reliability of differences between people and of change within people, from items asked at several waves.

    Parameters
    ----------
    data, items, person, wave
        As in :py:func:`variance_components`.
    ci_level : float
        Level of the intervals.
    draws : int
        Resamples of people for percentile intervals. With 0 only ``r_c`` has an interval, an F interval.
    rng : :py:class:`numpy.random.Generator` or None
        Makes the draws; needed with ``draws``.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``r_c``: of a person's change from wave to wave in the mean of the items; ``r_kf``: of differences between
        people in the mean over these waves; ``r_1r``, ``r_kr``: of one wave, and of the mean over all, where waves are
        a random sample of waves. ``n`` counts people with every answer at every wave, ``n_lost`` the others, ``k``
        items. Withheld for fewer than two waves, two items or three people; ``r_c`` also where waves add no variance.

    Raises
    ------
    ValueError
        As :py:func:`variance_components`, and if ``draws`` come without ``rng``.

    Notes
    -----
    Missing data: people with every item at every wave.

    With variances of person *p*, wave *t*, person by wave *pt*, person by item *pi* and residual *e*, m items and k
    waves [1]_:

    .. math:: R_C = \\frac{\\sigma^2_{pt}}{\\sigma^2_{pt} + \\sigma^2_e / m}, \\quad
              R_{kF} = \\frac{\\sigma^2_p + \\sigma^2_{pi} / m}{\\sigma^2_p + \\sigma^2_{pi} / m + \\sigma^2_e / (km)}

    R_1R adds the variances of wave and person by wave to the denominator (and sigma²_e / m), R_kR adds a k-th of them.
    R_C is 1 minus the ratio of two mean squares, so that it has an exact F interval for normal answers, as alpha has.

    Checked against psych 2.2.9, ``multilevel.reliability()``, to 1e-5 (tests/reference/reliability.R).

    References
    ----------
    .. [1] Cranford, J. A., Shrout, P. E., Iida, M., Rafaeli, E., Yip, T., & Bolger, N. (2006). A procedure for
           evaluating sensitivity to within-person change: Can mood measures in diary studies detect change reliably?
           Personality and Social Psychology Bulletin, 32(7), 917–929. https://doi.org/10.1177/0146167206287721

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import generalisability
    >>> rng = np.random.default_rng(1)
    >>> state = rng.normal(size=(200, 1)) + 0.7 * rng.normal(size=(200, 3))
    >>> rows = [{"participant": i, "wave": t, **{f"i{j}": state[i, t] + 0.8 * rng.normal() for j in range(4)}}
    ...         for i in range(200) for t in range(3)]
    >>> found = generalisability(pd.DataFrame(rows), ["i0", "i1", "i2", "i3"])
    >>> {name: round(one.estimate, 2) for name, one in found.items()}
    {'r_c': 0.77, 'r_kf': 0.94, 'r_1r': 0.54, 'r_kr': 0.78}
    """
    check_level(ci_level)
    check_draws(draws, rng)
    cube, n_lost = _cube(data, items, person, wave)
    n, waves, k = cube.shape
    shapes = {
        name: {"coefficient": name, "n": n, "n_lost": n_lost, "k": k, "method": method, "ci_level": ci_level}
        for name, method in METHODS.items()
    }
    if reason := _why_none(cube):
        return {name: withheld(reason, shape) for name, shape in shapes.items()}
    found = _cranford(cube)
    made = bootstrap(n, lambda rows: np.array(list(_cranford(cube[rows]).values())), draws, rng) if draws else None
    return {
        name: _generalised(value, shapes[name], made and made.of(j), waves)
        for j, (name, value) in enumerate(found.items())
    }


def omega_within_between(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    person: str = "participant",
    wave: str = "wave",
    ci_level: float = 0.95,
) -> dict[str, Reliability]:
    """Omega of change within people and of stable differences between them, from a two-level one-factor model.

    Parameters
    ----------
    data, items, person, wave
        As in :py:func:`variance_components`; three items or more.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    coefficients : dict of str to :py:class:`Reliability`
        ``omega_within`` and ``omega_between``. Withheld, with the reason, where the model is not admissible.

    Raises
    ------
    ValueError
        As :py:func:`variance_components`.

    Notes
    -----
    Missing data: people with every item at every wave, so that the design is balanced; then the covariances within
    people, and k times those of person means, are all that the likelihood needs [1]_.

    .. math:: \\omega_W = \\frac{(\\sum \\lambda_{Wi})^2}{(\\sum \\lambda_{Wi})^2 + \\sum \\theta_{Wi}}, \\quad
              \\omega_B = \\frac{(\\sum \\lambda_{Bi})^2}{(\\sum \\lambda_{Bi})^2 + \\sum \\theta_{Bi}}

    with loadings and residual variances of each level [2]_. Omega between is of person means as they would be over
    infinitely many waves. Shifts of the whole sample between waves count as variance within people. The interval is
    the delta method's, from the observed information.

    Checked against lavaan 0.6.14 (two levels, defined parameters, tests/reference/reliability.R), to 1e-5.

    References
    ----------
    .. [1] Muthén, B. O. (1994). Multilevel covariance structure analysis. Sociological Methods & Research, 22(3),
           376–398. https://doi.org/10.1177/0049124194022003006

    .. [2] Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a multilevel confirmatory
           factor analysis framework. Psychological Methods, 19(1), 72–91. https://doi.org/10.1037/a0032138

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import omega_within_between
    >>> rng = np.random.default_rng(1)
    >>> state, own = rng.normal(size=(200, 1)) + 0.7 * rng.normal(size=(200, 3)), 0.4 * rng.normal(size=(200, 4))
    >>> rows = [{"participant": i, "wave": t, **{f"i{j}": state[i, t] + own[i, j] + 0.8 * rng.normal()
    ...          for j in range(4)}} for i in range(200) for t in range(3)]
    >>> found = omega_within_between(pd.DataFrame(rows), ["i0", "i1", "i2", "i3"])
    >>> {name: round(one.estimate, 2) for name, one in found.items()}
    {'omega_within': 0.75, 'omega_between': 0.95}
    """
    check_level(ci_level)
    cube, n_lost = _cube(data, items, person, wave)
    n, waves, k = cube.shape
    shapes = {
        f"omega_{level}": {"coefficient": f"omega_{level}", "n": n, "n_lost": n_lost, "k": k, "ci_level": ci_level,
                           "method": f"omega {level} people, two-level one-factor ML, {DELTA}"}
        for level in ("within", "between")
    }  # fmt: skip
    reason = _why_none(cube) or ("omega needs three items or more" if k < 3 else "")
    reason = reason or (f"{n} people for {k} items, too few" if n <= k else "") or _why_no_levels(cube)
    fitted = None if reason else _two_level(cube)
    covariance = None if fitted is None else _from_observed_information(fitted)
    if fitted is not None:
        reason = _why_not_two_level(fitted, covariance, waves)
    if fitted is None or covariance is None or reason:
        return {name: withheld(reason, shape) for name, shape in shapes.items()}
    out = {}
    for level, (name, shape) in enumerate(shapes.items()):

        def of(parameters: np.ndarray, level: int = level) -> float:
            return _omega_of_level(fitted.structure, parameters, level, waves)

        estimate = of(fitted.parameters)
        low, high = normal_interval(estimate, delta_se(of, fitted.parameters, covariance), ci_level)
        out[name] = Reliability(estimate=estimate, ci_low=low, ci_high=high, status=ESTIMATED, **shape)
    return out


# --- people x waves x items ------------------------------------------------------------------------------------------


def _cube(data: pd.DataFrame, items: Sequence[str], person: str, wave: str) -> tuple[np.ndarray, int]:
    """Answers of the people who have them all, and how many people have not."""
    if absent := [name for name in (person, wave, *items) if name not in data.columns]:
        raise ValueError(f"the data lack these columns: {', '.join(map(str, absent))}")
    if data.duplicated([person, wave]).any():
        raise ValueError(f"a {person} stands twice in one {wave}")
    values = answers(data[list(items)])
    rows, people = pd.factorize(data[person])
    columns, waves = pd.factorize(data[wave], sort=True)
    cube = np.full((len(people), len(waves), len(items)), np.nan)
    known = (rows >= 0) & (columns >= 0)
    cube[rows[known], columns[known]] = values[known]
    complete = ~np.isnan(cube).any(axis=(1, 2))
    return cube[complete], int((~complete).sum())


def _why_none(cube: np.ndarray) -> str:
    n, waves, k = cube.shape
    if waves < 2:
        return "one wave shows no change"
    if k < 2:
        return "one item shows no consistency"
    if n < 3:
        return f"{n} {'person' if n == 1 else 'people'} with every item at every wave, three are needed"
    return "the answers do not vary" if np.ptp(cube) == 0 else ""


def _mean_squares(cube: np.ndarray) -> np.ndarray:
    """In the order of PARTS."""
    n, waves, k = cube.shape
    centre = cube.mean()
    p, t, i = (cube.mean(axis=axes) - centre for axes in ((1, 2), (0, 2), (0, 1)))
    pt = cube.mean(axis=2) - centre - p[:, None] - t
    ti = cube.mean(axis=0) - centre - t[:, None] - i
    pi = cube.mean(axis=1) - centre - p[:, None] - i
    left = cube - centre - p[:, None, None] - t[:, None] - i - pt[:, :, None] - ti - pi[:, None, :]
    a, b, c = n - 1, waves - 1, k - 1
    sums = [waves * k * (p**2).sum(), n * k * (t**2).sum(), n * waves * (i**2).sum(), k * (pt**2).sum(),
            n * (ti**2).sum(), waves * (pi**2).sum(), (left**2).sum()]  # fmt: skip
    return np.array(sums) / [a, b, c, a * b, b * c, a * c, a * b * c]


def _components(ms: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    n, waves, k = shape
    p, t, i, pt, ti, pi, e = ms
    return np.array(
        [(p - pt - pi + e) / (waves * k), (t - pt - ti + e) / (n * k), (i - pi - ti + e) / (n * waves), (pt - e) / k,
         (ti - e) / n, (pi - e) / waves, e]
    )  # fmt: skip


def _cranford(cube: np.ndarray) -> dict[str, float]:
    _, waves, k = cube.shape
    p, t, _, pt, _, pi, e = _components(_mean_squares(cube), cube.shape)
    people = p + pi / k
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "r_c": float(pt / (pt + e / k)),
            "r_kf": float(people / (people + e / (waves * k))),
            "r_1r": float(people / (people + t + pt + e / k)),
            "r_kr": float(people / (people + t / waves + pt / waves + e / (waves * k))),
        }


def _generalised(value: float, shape: dict[str, Any], made: Draws | None, waves: int) -> Reliability:
    if not np.isfinite(value):
        return withheld("its variances sum to nothing", shape)
    status, low, high, failed, draws = ESTIMATED, np.nan, np.nan, 0, 0
    if made is not None:
        low, high = made.interval(shape["ci_level"])
        shape = shape | {"method": shape["method"].replace(", F interval", "") + ", percentile bootstrap interval"}
        status, failed, draws = status + made.remark, made.failed, made.n
    elif shape["coefficient"] == "r_c":
        tail, df = (1 - shape["ci_level"]) / 2, (shape["n"] - 1) * (waves - 1)
        low, high = (1 - (1 - value) * float(fdtri(df, df * (shape["k"] - 1), q)) for q in (1 - tail, tail))
    else:
        status += "; its interval needs draws"
    if value < 0:
        status += "; below 0: the waves (or the people) add no variance"
    return Reliability(estimate=value, ci_low=low, ci_high=high, status=status, draws=draws, failed=failed, **shape)


# --- two levels ------------------------------------------------------------------------------------------------------


def _why_no_levels(cube: np.ndarray) -> str:
    """Covariances within people, and those of person means, must each be those of items that are not one another's sums."""
    means = cube.mean(axis=1)
    levels = {"within people": (cube - means[:, None]).reshape(-1, cube.shape[2]), "in person means": means}
    for level, values in levels.items():
        if constant(values).any() or np.linalg.eigvalsh(np.corrcoef(values, rowvar=False))[0] < SINGULAR:
            return f"{level}, an item does not vary, or repeats another or a sum of others"
    return ""


def _two_level(cube: np.ndarray) -> engine.Estimate:
    """Balanced two-level likelihood as two groups: pooled covariances within people, n (k − 1) rows, are Sigma_W; k times
    the covariances of person means, n rows, are Sigma_W + k Sigma_B."""
    n, waves, k = cube.shape
    means = cube.mean(axis=1)
    inside = (cube - means[:, None]).reshape(-1, k)
    away = means - means.mean(axis=0)
    samples = [
        sample_from_moments(n * (waves - 1), inside.T @ inside / (n * (waves - 1))),
        sample_from_moments(n, waves * away.T @ away / n),
    ]
    within = np.sqrt(samples[0].covariance.diagonal())
    between = np.sqrt(np.maximum(samples[1].covariance.diagonal() - within**2, 0.05 * within**2) / waves)
    return engine.estimate(_two_level_structure(k, waves, within, between), samples)


def _two_level_structure(k: int, waves: int, within: np.ndarray, between: np.ndarray) -> Structure:
    items, own = [f"i{j}" for j in range(k)], [f"u{j}" for j in range(k)]
    rows = []
    for group in (0, 1):
        rows += [Parameter("within", LOADING, i, group, label=f"w{i}", start=0.7 * s) for i, s in zip(items, within, strict=True)]  # fmt: skip
        rows.append(Parameter("within", COVARIANCE, "within", group, fixed=1.0))
        rows += [Parameter(i, COVARIANCE, i, group, label=f"e{i}", start=0.5 * s**2) for i, s in zip(items, within, strict=True)]  # fmt: skip
    rows += [Parameter("between", LOADING, i, 1, start=0.7 * s) for i, s in zip(items, between, strict=True)]
    rows.append(Parameter("between", COVARIANCE, "between", 1, fixed=float(waves)))
    rows += [Parameter(u, LOADING, i, 1, fixed=1.0) for u, i in zip(own, items, strict=True)]
    rows += [Parameter(u, COVARIANCE, u, 1, start=0.5 * waves * s**2) for u, s in zip(own, between, strict=True)]
    return compile_table(Table(tuple(items), ("within", "between", *own), tuple(rows), n_groups=2))


def _level(structure: Structure, parameters: np.ndarray, level: int, waves: int) -> tuple[np.ndarray, np.ndarray]:
    """Loadings and residual variances of one level (0 within, 1 between)."""
    loadings, residuals = model_parts(structure, parameters, level)
    if level == 0:
        return loadings[:, 0], residuals.diagonal()
    p = structure.n_items
    return loadings[:, 1], structure.fill(parameters)[1].covariances.diagonal()[p + 2 :] / waves


def _omega_of_level(structure: Structure, parameters: np.ndarray, level: int, waves: int) -> float:
    loadings, residuals = _level(structure, parameters, level, waves)
    common = loadings.sum() ** 2
    return float(common / (common + residuals.sum()))


def _from_observed_information(fitted: engine.Estimate) -> np.ndarray | None:
    """Covariance of the parameters as lavaan has it for two levels; None where it is not positive definite."""
    inverse = invert_information(fitted.objective.hessian(fitted.optimum.point) / 2) if fitted.converged else None
    return None if inverse is None else inverse / fitted.n


def _why_not_two_level(fitted: engine.Estimate, covariance: np.ndarray | None, waves: int) -> str:
    if reason := engine.not_converged(fitted.structure, fitted.samples, fitted.optimum):
        return f"the two-level model has {reason}"
    if covariance is None:
        return "the two-level model is not identified by these data"
    for level, name in enumerate(("within", "between")):
        negative = _level(fitted.structure, fitted.parameters, level, waves)[1] < 0
        if negative.any():
            return f"the two-level model is not admissible (negative residual variance {name} people)"
    return ""
