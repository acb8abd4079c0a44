"""How many factors, and whether the correlations hold any: parallel analysis, MAP, KMO, Bartlett's test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import MISSING_RULE, SINGULAR
from rejsens.psychometrics.correlation_matrix import Correlations, category_codes, correlations_of
from rejsens.psychometrics.engine.indices import upper_tail
from rejsens.psychometrics.engine.polychoric import polychoric_correlations
from rejsens.psychometrics.extraction import extract

ESTIMATED = "estimated"
MOST_FAILED = 0.10  # share of random draws without correlations that is still accepted


@dataclass(frozen=True, eq=False)
class ParallelAnalysis:
    """Eigenvalues of the data beside those of data without correlation: the data of a scree plot, and the advice.

    table     basis ("components", "factors"), position (1, 2, ...), eigenvalue, random_mean, random_p95
    advice    basis, threshold ("mean", "p95"), factors: how many leading eigenvalues exceed the random ones
    draws     random data sets used; draws_failed had no correlations (polychorics, or those of few people, that run to ±1)
    status    "estimated", or "not estimated: " and the reason
    """

    status: str
    correlation: str
    n: int | None
    n_lost: int
    draws: int
    draws_failed: int
    table: pd.DataFrame
    advice: pd.DataFrame
    missing_rule: str = MISSING_RULE

    def factors(self, basis: str = "factors", threshold: str = "p95") -> int:
        """The advice of one rule."""
        chosen = self.advice[(self.advice["basis"] == basis) & (self.advice["threshold"] == threshold)]
        if chosen.empty:
            raise ValueError(f"there is no advice by {basis} and {threshold}")
        return int(chosen["factors"].iloc[0])


@dataclass(frozen=True, eq=False)
class MinimumAveragePartial:
    """Velicer's minimum average partial correlation.

    table     components (0, 1, ...), squared (1976), fourth_power (2000): average partial correlations
    squared, fourth_power   the number of components where each is least
    """

    status: str
    correlation: str
    n: int | None
    n_lost: int
    table: pd.DataFrame
    squared: int | None
    fourth_power: int | None


@dataclass(frozen=True, eq=False)
class SamplingAdequacy:
    """Kaiser, Meyer and Olkin's measure (overall and by item) and Bartlett's test of no correlation at all."""

    status: str
    correlation: str
    n: int | None
    n_lost: int
    kmo: float
    items: pd.DataFrame
    chi2: float
    df: int
    p: float


def parallel_analysis(
    data: pd.DataFrame,
    *,
    correlation: str = "pearson",
    draws: int = 200,
    seed: int | np.random.Generator = 0,
    n: int | None = None,
) -> ParallelAnalysis:
    """Horn's parallel analysis, on components and on common factors, against the mean and the 95th percentile.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x items, numeric; or a matrix of correlations (as in :py:func:`efa`).
    correlation : str
        ``"pearson"`` or ``"polychoric"``.
    draws : int
        Random data sets.
    seed : int or :py:class:`numpy.random.Generator`
        Of the random data sets. The same seed gives the same result.
    n : int or None
        Number of people behind a matrix of correlations, which needs it.

    Returns
    -------
    analysis : :py:class:`ParallelAnalysis`

    Raises
    ------
    ValueError
        As :py:func:`efa`; and for a matrix of correlations without ``n``, or fewer than ten draws.

    Notes
    -----
    Missing data: rows with an answer to every item.

    A random data set is the answers with each item's column shuffled on its own: margins stay, correlation goes. A
    matrix of correlations has no answers to shuffle, and normal numbers are drawn. Factors of the data are advised
    as long as an eigenvalue exceeds the mean [1]_ or the 95th percentile [2]_ of its like; the first that does not
    ends the count. The basis "factors" has the communalities of one minres factor in the diagonal, as psych's
    ``fa.parallel``: under it more factors may be advised than under "components".

    Checked against psych 2.2.9, ``fa.parallel``: eigenvalues of the data to 1e-4, random ones within Monte Carlo
    error (tests/reference/exploration.R).

    References
    ----------
    .. [1] Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis. Psychometrika,
           30(2), 179–185. https://doi.org/10.1007/BF02289447

    .. [2] Glorfeld, L. W. (1995). An improvement on Horn's parallel analysis methodology for selecting the correct
           number of factors to retain. Educational and Psychological Measurement, 55(3), 377–393.
           https://doi.org/10.1177/0013164495055003002

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import parallel_analysis
    >>> rng = np.random.default_rng(1)
    >>> two = np.repeat(rng.normal(size=(300, 2)), 4, axis=1) + 0.8 * rng.normal(size=(300, 8))
    >>> parallel_analysis(pd.DataFrame(two).rename(columns="i{}".format), draws=50, seed=1).advice
            basis threshold  factors
    0  components      mean        2
    1  components       p95        2
    2     factors      mean        2
    3     factors       p95        2
    """
    if draws < 10:
        raise ValueError(f"ten random data sets or more, not {draws}")
    found = correlations_of(data, correlation, n)
    if found.kind == "given" and found.n is None:
        raise ValueError("parallel analysis of a matrix of correlations needs n, the number of people")
    if found.reason:
        return _no_parallel(found, 0, f"not estimated: {found.reason}")
    random = _random_correlations(found, draws, np.random.default_rng(seed))
    failed = draws - len(random)
    if failed > MOST_FAILED * draws:
        reason = f"{failed} of {draws} random data sets have correlations that run to ±1"
        return _no_parallel(found, failed, f"not estimated: {reason}")
    table, advice = [], []
    for basis, eigenvalues in (("components", _components), ("factors", _common)):
        values = np.array([eigenvalues(matrix) for matrix in random])
        rows = pd.DataFrame(
            {"basis": basis, "position": np.arange(1, len(found.items) + 1), "eigenvalue": eigenvalues(found.matrix),
             "random_mean": values.mean(axis=0), "random_p95": np.quantile(values, 0.95, axis=0)}
        )  # fmt: skip
        table.append(rows)
        for threshold in ("mean", "p95"):
            above = (rows["eigenvalue"] > rows[f"random_{threshold}"]).to_numpy()
            advice.append((basis, threshold, int(above.argmin()) if not above.all() else len(above)))
    return ParallelAnalysis(
        ESTIMATED, found.kind, found.n, found.n_lost, len(random), failed, pd.concat(table, ignore_index=True),
        pd.DataFrame(advice, columns=["basis", "threshold", "factors"]),
    )  # fmt: skip


def minimum_average_partial(
    data: pd.DataFrame, *, correlation: str = "pearson", n: int | None = None
) -> MinimumAveragePartial:
    """Velicer's minimum average partial test, original (squared) and revised (fourth power).

    Parameters
    ----------
    data, correlation, n
        As in :py:func:`efa`; ``n`` is reported only.

    Returns
    -------
    result : :py:class:`MinimumAveragePartial`
        ``table`` goes from 0 to items − 1 components.

    Notes
    -----
    Missing data: rows with an answer to every item. Components are partialled out one after the other; the number
    that leaves the least average squared [1]_ (or fourth power [2]_) partial correlation is advised. The squared
    averages equal psych 2.2.9's ``vss(...)$map`` to 1e-4, which starts at 1 component; the fourth power was written
    out once more in R (tests/reference/exploration.R).

    References
    ----------
    .. [1] Velicer, W. F. (1976). Determining the number of components from the matrix of partial correlations.
           Psychometrika, 41(3), 321–327. https://doi.org/10.1007/BF02293557

    .. [2] Velicer, W. F., Eaton, C. A., & Fava, J. L. (2000). Construct explication through factor or component
           analysis. In R. D. Goffin & E. Helmes (Eds.), Problems and solutions in human assessment (pp. 41–71).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import minimum_average_partial
    >>> rng = np.random.default_rng(1)
    >>> two = np.repeat(rng.normal(size=(300, 2)), 4, axis=1) + 0.8 * rng.normal(size=(300, 8))
    >>> found = minimum_average_partial(pd.DataFrame(two).rename(columns="i{}".format))
    >>> found.squared, found.fourth_power
    (2, 2)
    """
    found = correlations_of(data, correlation, n)
    shown = (found.kind, found.n, found.n_lost)
    if found.reason:
        empty = pd.DataFrame({"components": [], "squared": [], "fourth_power": []})
        return MinimumAveragePartial(f"not estimated: {found.reason}", *shown, empty, None, None)
    values, vectors = np.linalg.eigh(found.matrix)
    weights = (vectors * np.sqrt(values))[:, ::-1]
    p = len(values)
    rows = []
    for k in range(p):
        left = found.matrix - weights[:, :k] @ weights[:, :k].T
        spread = np.sqrt(np.maximum(left.diagonal(), np.finfo(float).tiny))
        squares = ((left / np.outer(spread, spread)) ** 2)[~np.eye(p, dtype=bool)]
        rows.append((k, squares.mean(), (squares**2).mean()))
    table = pd.DataFrame(rows, columns=["components", "squared", "fourth_power"])
    least = (int(table[column].idxmin()) for column in ("squared", "fourth_power"))
    return MinimumAveragePartial(ESTIMATED, *shown, table, *least)


def sampling_adequacy(data: pd.DataFrame, *, correlation: str = "pearson", n: int | None = None) -> SamplingAdequacy:
    """The Kaiser-Meyer-Olkin measure, overall and of each item, and Bartlett's test of sphericity.

    Parameters
    ----------
    data, correlation, n
        As in :py:func:`efa`.

    Returns
    -------
    result : :py:class:`SamplingAdequacy`
        ``items`` has a row per item: ``item``, ``kmo``.

    Notes
    -----
    Missing data: rows with an answer to every item. With :math:`q_{ij}` the anti-image (partial) correlations,

    .. math:: \\mathrm{KMO} = \\sum r_{ij}^2 / (\\sum r_{ij}^2 + \\sum q_{ij}^2), \\quad
              \\chi^2 = -(n - 1 - (2p + 5)/6) \\ln|R|,

    the sums over :math:`i \\ne j`. Bartlett's test is of no use with large samples, which reject always, and is not
    right for polychorics. Checked against psych 2.2.9, ``KMO`` and ``cortest.bartlett``, to 1e-4.

    References
    ----------
    .. [1] Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. Educational and Psychological Measurement, 34(1),
           111–117. https://doi.org/10.1177/001316447403400115

    Examples
    --------
    >>> import pandas as pd
    >>> from rejsens.psychometrics import sampling_adequacy
    >>> r = pd.DataFrame([[1, .5, .4], [.5, 1, .3], [.4, .3, 1]], index=list("abc"), columns=list("abc"))
    >>> found = sampling_adequacy(r, n=100)
    >>> print(f"{found.kmo:.3f} {found.chi2:.1f} {found.df} {found.p:.1e}")
    0.628 46.4 3 4.6e-10
    """
    found = correlations_of(data, correlation, n)
    p = len(found.items)
    df = p * (p - 1) // 2
    if found.reason or p < 2:
        table = pd.DataFrame({"item": list(found.items), "kmo": np.nan})
        reason = found.reason or "one item"
        return SamplingAdequacy(
            f"not estimated: {reason}", found.kind, found.n, found.n_lost, np.nan, table, np.nan, df, np.nan
        )
    inverse = np.linalg.inv(found.matrix)
    spread = np.sqrt(inverse.diagonal())
    off = 1 - np.eye(p)
    observed, partial = (found.matrix**2) * off, ((inverse / np.outer(spread, spread)) ** 2) * off
    items = observed.sum(axis=0) / (observed.sum(axis=0) + partial.sum(axis=0))
    chi2 = np.nan
    if found.n is not None:
        chi2 = float(-np.linalg.slogdet(found.matrix)[1] * (found.n - 1 - (2 * p + 5) / 6))
    return SamplingAdequacy(
        ESTIMATED, found.kind, found.n, found.n_lost, float(observed.sum() / (observed.sum() + partial.sum())),
        pd.DataFrame({"item": list(found.items), "kmo": items}), chi2, df, upper_tail(chi2, df),
    )  # fmt: skip


def _components(matrix: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(matrix)[::-1]


def _common(matrix: np.ndarray) -> np.ndarray:
    """Eigenvalues with the communalities of one minres factor in the diagonal."""
    loadings = extract(matrix, 1, "minres").loadings
    reduced = matrix.copy()
    np.fill_diagonal(reduced, (loadings**2).sum(axis=1))
    return np.linalg.eigvalsh(reduced)[::-1]


def _random_correlations(found: Correlations, draws: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Correlations of data sets without correlation; those that ran to ±1 (of polychorics, or few people) are left out."""
    draw = _drawing(found, rng)
    matrices = (draw() for _ in range(draws))
    return [matrix for matrix in matrices if matrix is not None and np.linalg.eigvalsh(matrix)[0] > SINGULAR]


def _drawing(found: Correlations, rng: np.random.Generator) -> Callable[[], np.ndarray | None]:
    n, p, values = found.n, len(found.items), found.values
    if values is None:
        assert n is not None  # whoever gives a matrix was asked for it
        return lambda: np.asarray(np.corrcoef(rng.normal(size=(n, p)), rowvar=False))
    if found.kind == "pearson":
        return lambda: np.asarray(np.corrcoef(rng.permuted(values, axis=0), rowvar=False))
    codes, categories = category_codes(values)

    def shuffled() -> np.ndarray | None:
        matrix, edge = polychoric_correlations(rng.permuted(codes, axis=0), categories)
        return None if edge else matrix

    return shuffled


def _no_parallel(found: Correlations, failed: int, status: str) -> ParallelAnalysis:
    table = pd.DataFrame(columns=["basis", "position", "eigenvalue", "random_mean", "random_p95"])
    advice = pd.DataFrame(columns=["basis", "threshold", "factors"])
    return ParallelAnalysis(status, found.kind, found.n, found.n_lost, 0, failed, table, advice)
