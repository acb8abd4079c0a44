"""Exploratory factor analysis: extraction, rotation, fit, and whether the solution may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import MISSING_RULE
from rejsens.psychometrics.correlation_matrix import Correlations, correlations_of
from rejsens.psychometrics.engine.indices import rmsea_interval, upper_tail
from rejsens.psychometrics.extraction import LEAST_UNIQUENESS, extract
from rejsens.psychometrics.factor_model import ADMISSIBLE
from rejsens.psychometrics.rotation import ROTATIONS, explained, ordered_and_signed, rotate

METHODS = ("minres", "ml")
STARTS = 10  # of the oblimin rotation


@dataclass(frozen=True)
class ExploratoryFit:
    """Fit of an exploratory model, as psych's ``fa`` names and defines it.

    chi2, df, p            likelihood statistic with Bartlett's correction; also for minres, where it is a convention
    objective              discrepancy of maximum likelihood at the solution
    chi2_empirical, p_empirical   n times the sum of squared residual correlations (both triangles)
    rmsr, rmsr_corrected   root mean square residual correlation; corrected for degrees of freedom
    tli, rmsea, rmsea_ci_low, rmsea_ci_high (90 %), bic
    off_diagonal           1 − squared residuals / squared correlations, off the diagonal

    NaN where the number of people is not known, or without degrees of freedom.
    """

    objective: float = np.nan
    chi2: float = np.nan
    df: int = 0
    p: float = np.nan
    chi2_empirical: float = np.nan
    p_empirical: float = np.nan
    rmsr: float = np.nan
    rmsr_corrected: float = np.nan
    tli: float = np.nan
    rmsea: float = np.nan
    rmsea_ci_low: float = np.nan
    rmsea_ci_high: float = np.nan
    bic: float = np.nan
    off_diagonal: float = np.nan


@dataclass(frozen=True, eq=False)
class ExploratoryModel:
    """One exploratory solution. Nothing may be computed from it unless `status` is "admissible".

    status               "admissible", or every reason why it is not, as a sentence
    loadings             items x factors "F1", "F2", ...: the pattern
    structure            items x factors: correlations of items and factors; the pattern again without correlation
    factor_correlations  factors x factors
    communality, uniqueness   by item: what the factors account for, and the rest of the item's variance
    complexity           by item: Hofmann's, how many factors it takes (1 is simple)
    variance             a row per factor: factor, ss_loadings, proportion, cumulative, share (of what is explained)
    residuals            items x items: correlations observed minus implied, the diagonal the uniqueness
    unrotated            items x factors, before rotation
    table                the loadings as a tidy table: item, factor, loading, structure, communality, uniqueness,
                         complexity
    """

    status: str
    method: str
    rotation: str
    correlation: str
    n: int | None
    n_lost: int
    fit: ExploratoryFit
    loadings: pd.DataFrame
    structure: pd.DataFrame
    factor_correlations: pd.DataFrame
    communality: pd.Series
    uniqueness: pd.Series
    complexity: pd.Series
    variance: pd.DataFrame
    residuals: pd.DataFrame
    unrotated: pd.DataFrame
    missing_rule: str = MISSING_RULE

    @property
    def admissible(self) -> bool:
        return self.status == ADMISSIBLE

    @property
    def table(self) -> pd.DataFrame:
        tidy = self.loadings.rename_axis(index="item", columns="factor").stack().rename("loading").reset_index()
        tidy["structure"] = self.structure.to_numpy().ravel()
        for name in ("communality", "uniqueness", "complexity"):
            tidy[name] = tidy["item"].map(getattr(self, name))
        return tidy.astype({"item": "str", "factor": "str"})


def efa(
    data: pd.DataFrame,
    factors: int,
    *,
    method: str = "minres",
    rotation: str = "oblimin",
    correlation: str = "pearson",
    n: int | None = None,
    starts: int = STARTS,
) -> ExploratoryModel:
    """Exploratory factor analysis.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already; or items x items, a matrix of correlations whose index names its
        columns.
    factors : int
        Number of factors, decided beforehand (:py:func:`parallel_analysis` and
        :py:func:`minimum_average_partial` advise).
    method : str
        ``"minres"``: least squares of the residual correlations; ``"ml"``: maximum likelihood.
    rotation : str
        ``"oblimin"`` (direct quartimin), ``"promax"`` (power 4, Kaiser's normalisation), ``"varimax"`` or ``"none"``.
    correlation : str
        ``"pearson"``, or ``"polychoric"`` for ordered items: every item is taken as ordered categories.
    starts : int
        Starts of the oblimin rotation, which may have several minima: the unrotated factors, and random turns of them
        (always the same). The lowest minimum counts; with 1 it is psych's.
    n : int or None
        Number of people behind a matrix of correlations. Without it there is no test and no RMSEA.

    Returns
    -------
    model : :py:class:`ExploratoryModel`
        See there. ``model.status`` is ``"admissible"`` or says why the solution may not be used: it could not be
        estimated (too few rows, an item that does not vary, dependent items, more parameters than correlations), the
        search did not arrive, a Heywood case (a uniqueness at its bound of .005), or the rotation did not arrive.
        Estimates of what was not estimated are NaN; those of a Heywood case are shown, to be looked at.

    Raises
    ------
    ValueError
        If an argument has no meaning, or items are not numeric, stand twice or hold infinite values.

    Notes
    -----
    Missing data: rows with an answer to every item; ``n_lost`` counts the others.

    Minres minimises :math:`\\sum_{i<j} (r_{ij} - (\\Lambda\\Lambda')_{ij})^2`, maximum likelihood
    :math:`\\ln|\\Sigma| + \\mathrm{tr}(R\\Sigma^{-1}) - \\ln|R| - p`; both by Newton's method in the uniquenesses,
    which are kept between .005 and 1. Factors are ordered by the variance that they account for and point the way of
    the sum of their loadings. Statistics of polychorics are descriptive: no test is right for them.

    Checked against psych 2.2.9 with GPArotation 2022.10.2 (tests/reference/exploration.R): loadings, factor
    correlations, communalities and fit to 1e-4, each method with each rotation, Pearson and polychoric.

    References
    ----------
    .. [1] Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika,
           31(3), 351–368. https://doi.org/10.1007/BF02289468

    .. [2] Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software for arbitrary
           rotation criteria in factor analysis. Educational and Psychological Measurement, 65(5), 676–696.
           https://doi.org/10.1177/0013164404272507

    Examples
    --------
    Two correlated factors of three items each, 300 simulated people.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import efa
    >>> rng = np.random.default_rng(2026)
    >>> a = rng.normal(size=300)
    >>> b = 0.4 * a + 0.9 * rng.normal(size=300)
    >>> values = 0.8 * np.column_stack([a, a, a, b, b, b]) + 0.6 * rng.normal(size=(300, 6))
    >>> data = pd.DataFrame(values, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> found = efa(data, 2)
    >>> found.status, found.n, found.fit.df
    ('admissible', 300, 4)
    >>> found.loadings.round(2).abs()
          F1    F2
    a1  0.01  0.84
    a2  0.02  0.79
    a3  0.00  0.81
    b1  0.80  0.00
    b2  0.84  0.00
    b3  0.84  0.00
    >>> float(found.factor_correlations.loc["F1", "F2"].round(2))
    0.45
    """
    if method not in METHODS:
        raise ValueError(f"method is “minres” or “ml”, not “{method}”")
    if rotation not in ROTATIONS:
        raise ValueError(f"rotation is one of {', '.join(ROTATIONS)}, not “{rotation}”")
    if factors < 1:
        raise ValueError(f"one factor or more, not {factors}")
    if starts < 1:
        raise ValueError(f"one start or more, not {starts}")
    return factor(correlations_of(data, correlation, n), factors, method, rotation, starts)


def factor(found: Correlations, factors: int, method: str, rotation: str, starts: int = STARTS) -> ExploratoryModel:
    """As :py:func:`efa`, from correlations that are at hand."""
    reason = found.reason or why_too_many(len(found.items), factors)
    if reason:
        return _without_estimates(found, factors, method, rotation, f"not estimated: {reason}")
    extracted = extract(found.matrix, factors, method)
    turned, phi, arrived = rotate(extracted.loadings, rotation, starts)
    pattern, phi = ordered_and_signed(turned, phi)
    faults = []
    if not extracted.converged:
        faults.append(f"the extraction did not converge (gradient {extracted.gradient:.1e})")
    if extracted.at_bound.any():
        whose = ", ".join(item for item, held in zip(found.items, extracted.at_bound, strict=True) if held)
        faults.append(f"Heywood case: the uniqueness of {whose} is at its lower bound of {LEAST_UNIQUENESS:g}")
    if not arrived:
        faults.append(f"the {rotation} rotation did not converge")
    return _result(found, extracted.loadings, pattern, phi, method, rotation, "; ".join(faults) or ADMISSIBLE)


def why_too_many(p: int, k: int) -> str:
    if k >= p or (p - k) ** 2 < p + k:
        return f"{k} factors of {p} items have more parameters than there are correlations"
    return ""


def _without_estimates(found: Correlations, k: int, method: str, rotation: str, status: str) -> ExploratoryModel:
    empty = np.full((len(found.items), k), np.nan)
    return _result(found, empty, empty, np.full((k, k), np.nan), method, rotation, status)


def _result(
    found: Correlations, unrotated: np.ndarray, pattern: np.ndarray, phi: np.ndarray, method: str, rotation: str,
    status: str,
) -> ExploratoryModel:  # fmt: skip
    items, names = list(found.items), [f"F{j + 1}" for j in range(pattern.shape[1])]
    residuals = found.matrix - pattern @ phi @ pattern.T
    communality = 1 - residuals.diagonal()
    squares = (pattern**2).sum(axis=1)
    return ExploratoryModel(
        status=status,
        method=method,
        rotation=rotation if len(names) > 1 else "none",
        correlation=found.kind,
        n=found.n,
        n_lost=found.n_lost,
        fit=_fit(found, residuals, len(names)),
        loadings=pd.DataFrame(pattern, items, names),
        structure=pd.DataFrame(pattern @ phi, items, names),
        factor_correlations=pd.DataFrame(phi, names, names),
        communality=pd.Series(communality, items, name="communality"),
        uniqueness=pd.Series(residuals.diagonal(), items, name="uniqueness"),
        complexity=pd.Series(squares**2 / (pattern**4).sum(axis=1), items, name="complexity"),
        variance=_variance(explained(pattern, phi), len(items), names),
        residuals=pd.DataFrame(residuals, items, items),
        unrotated=pd.DataFrame(unrotated, items, names),
    )


def _variance(sums: np.ndarray, p: int, names: list[str]) -> pd.DataFrame:
    proportion = sums / p
    return pd.DataFrame(
        {"factor": names, "ss_loadings": sums, "proportion": proportion, "cumulative": proportion.cumsum(),
         "share": sums / sums.sum()}
    )  # fmt: skip


def _fit(found: Correlations, residuals: np.ndarray, k: int) -> ExploratoryFit:
    """As psych's ``fa.stats``; Bartlett's correction of n is (n − 1) − (2p + 5)/6 − 2k/3."""
    p = len(residuals)
    df = p * (p - 1) // 2 - p * k + k * (k - 1) // 2
    if np.isnan(residuals).any():
        return ExploratoryFit(df=df)
    off = float((residuals**2).sum() - (residuals.diagonal() ** 2).sum())
    total = float((found.matrix**2).sum() - p)
    implied = found.matrix - residuals
    np.fill_diagonal(implied, 1.0)
    objective = _discrepancy(found.matrix, implied)
    shared: dict[str, Any] = {
        "objective": objective, "df": df, "rmsr": float(np.sqrt(off / (p * (p - 1)))),
        "rmsr_corrected": float(np.sqrt(off / (2 * df))) if df > 0 else np.nan, "off_diagonal": 1 - off / total,
    }  # fmt: skip
    if found.n is None:
        return ExploratoryFit(**shared)
    n, corrected = found.n, found.n - 1 - (2 * p + 5) / 6 - 2 * k / 3
    chi2, empirical = max(objective * corrected, 0.0), off * n
    tested: dict[str, Any] = {}
    if df > 0:
        base = _discrepancy(found.matrix, np.eye(p)) * 2 / (p * (p - 1))
        low, high = rmsea_interval(chi2, df, n - 1)
        tested = {
            "p": upper_tail(chi2, df), "p_empirical": upper_tail(empirical, df), "bic": float(chi2 - df * np.log(n)),
            "tli": (base - objective / df) / (base - 1 / corrected),
            "rmsea": float(np.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0.0))), "rmsea_ci_low": low, "rmsea_ci_high": high,
        }  # fmt: skip
    return ExploratoryFit(chi2=chi2, chi2_empirical=empirical, **shared, **tested)


def _discrepancy(observed: np.ndarray, implied: np.ndarray) -> float:
    """tr(R Σ⁻¹) − ln|R Σ⁻¹| − p; an implied matrix that is not positive definite has none."""
    if np.linalg.eigvalsh(implied)[0] <= 0:
        return np.nan
    ratio = np.linalg.solve(implied, observed)
    return float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(observed))
