"""Confirmatory factor analysis by maximum likelihood, with a status that says whether the model may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, chndtr, chndtrinc, ndtri

from rejsens.psychometrics import maximum_likelihood as ml
from rejsens.psychometrics.cases import MISSING_RULE, complete_cases, named, why_no_model

ADMISSIBLE = "admissible"
JUST_IDENTIFIED = "not reported: the model is just identified (0 degrees of freedom)"
EDGE = 1e-9  # rounding allowed before a correlation counts as outside ±1


@dataclass(frozen=True)
class Fit:
    """Fit of one model. Every field but `df` is NaN where fit is not reported.

    chi2, p            n times the discrepancy (divisor n, as in lavaan); upper tail of chi-square
    cfi, tli           against the independence model; TLI is not clipped
    rmsea              with its 90 % interval from the non-central chi-square
    srmr               Bentler's: covariance residuals over observed standard deviations, diagonal included
    loglik, aic, bic   normal likelihood; the saturated means are not counted as parameters
    """

    chi2: float = np.nan
    df: int = 0
    p: float = np.nan
    cfi: float = np.nan
    tli: float = np.nan
    rmsea: float = np.nan
    rmsea_ci_low: float = np.nan
    rmsea_ci_high: float = np.nan
    srmr: float = np.nan
    loglik: float = np.nan
    aic: float = np.nan
    bic: float = np.nan


@dataclass(frozen=True, eq=False)
class FactorModel:
    """One fitted factor model. Nothing may be computed from it unless `status` is "admissible".

    status               "admissible", or every reason why it is not, as a sentence
    fit_status           "reported", or why the fit is not
    fit                  Fit
    loadings             factor, item, estimate, se, ci_low, ci_high (units of the items); std, std_se, std_ci_low,
                         std_ci_high (completely standardised). A fixed loading has no se and no interval.
    residual_variances   item, estimate, se, std (share of the item's variance)
    factor_correlations  x, y, estimate, se, ci_low, ci_high; no rows with one factor
    parameters           free parameters by name, in lavaan's notation ("f=~x1", "f~~g", "x1~~x1")
    covariance           covariance matrix of `parameters` from the expected information, divisor n
    implied              model-implied covariance matrix of the items
    n, n_lost            complete rows used, and rows lost to missing answers
    """

    status: str
    fit_status: str
    fit: Fit
    loadings: pd.DataFrame
    residual_variances: pd.DataFrame
    factor_correlations: pd.DataFrame
    parameters: pd.Series
    covariance: pd.DataFrame
    implied: pd.DataFrame
    n: int
    n_lost: int
    missing_rule: str
    estimator: str
    identification: str
    ci_level: float
    gradient_norm: float
    iterations: int

    @property
    def admissible(self) -> bool:
        return self.status == ADMISSIBLE


@dataclass(frozen=True)
class _Frame:
    """Names and structure of one model, in the order in which results are laid out."""

    items: list[str]
    factors: list[str]
    membership: np.ndarray  # items x factors
    markers: np.ndarray  # the first item of each factor

    @property
    def df(self) -> int:
        p, k = self.membership.shape
        return p * (p + 1) // 2 - int(self.membership.sum()) - p - k * (k - 1) // 2

    def free(self, identification: str) -> ml.Pattern:
        return ml.pattern(self.membership, self.markers if identification == "marker" else None)

    def parameter_names(self, free: ml.Pattern) -> list[str]:
        loadings = [f"{self.factors[f]}=~{self.items[i]}" for i, f in zip(free.items, free.factors, strict=True)]
        latent = [f"{self.factors[c]}~~{self.factors[r]}" for r, c in zip(free.rows, free.columns, strict=True)]
        return loadings + latent + [f"{item}~~{item}" for item in self.items]


def cfa(
    data: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    identification: str = "marker",
    ci_level: float = 0.95,
) -> FactorModel:
    """Confirmatory factor analysis by maximum likelihood, with correlated factors.

    Parameters
    ----------
    data : :py:class:`pandas.DataFrame`
        People x items, numeric, keyed already. Columns that the model does not name are ignored.
    model : mapping of str to list of str
        Items of each factor. An item may load on several factors. Residuals are uncorrelated.
    identification : str
        ``"marker"`` fixes the first loading of each factor to 1, ``"variance"`` fixes each factor's variance to 1.
        Fit and standardised results are the same. With ``"marker"`` a factor points the way of its first item, with
        ``"variance"`` the way of the sum of its loadings.
    ci_level : float
        Level of the intervals of loadings and factor correlations. The interval of RMSEA is always 90 %.

    Returns
    -------
    model : :py:class:`FactorModel`
        See there. ``model.status`` is ``"admissible"`` or says why the model may not be used: it could not be
        estimated (too few rows, an item that does not vary, items that are linearly dependent, not identified), it did
        not converge (judged by the gradient), the information matrix is not positive definite, a residual variance
        is negative, or a standardised loading or a factor correlation lies outside ±1. Estimates of a fit that
        did not converge are NaN; those of a converged but inadmissible fit are shown, to be looked at.

    Raises
    ------
    ValueError
        If the model names no factor, an empty factor, an item that ``data`` lacks or an item twice in one factor,
        if items are not numeric or hold infinite values, or if an argument has no meaning.

    Notes
    -----
    Missing data: rows with an answer to every item of the model are used; ``n_lost`` counts the others.

    The discrepancy

    .. math:: F = \\ln|\\Sigma| + \\mathrm{tr}(S \\Sigma^{-1}) - \\ln|S| - p, \\quad
              \\Sigma = \\Lambda \\Psi \\Lambda' + \\Theta

    with *S* of divisor n is minimised by damped Fisher scoring on the correlation matrix [1]_. Standard errors come
    from the expected information, those of standardised loadings by the delta method. The test statistic is n F.
    All conventions are lavaan's defaults [2]_. A model without degrees of freedom has no fit to report: it is NaN and
    ``fit_status`` says so, while its parameters stand.

    Checked against lavaan 0.6.14 (tests/reference/psychometrics.R): chi-square to 1e-3, indices and standardised
    loadings to 1e-4, standard errors to 1e-3.

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
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")
    frame = _frame(data, model)
    items = data[frame.items]
    complete, n_lost = complete_cases(items)
    settings = {"n": len(complete), "n_lost": n_lost, "missing_rule": MISSING_RULE, "estimator": "ML",
                "identification": identification, "ci_level": ci_level}  # fmt: skip
    if reason := why_not_estimated(items, complete, frame.df):
        return _without_estimates(frame, f"not estimated: {reason}", settings)
    covariance = np.cov(complete, rowvar=False, bias=True)
    scale = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(scale, scale)
    free, solution = ml.fit(frame.membership, correlations)
    inverse = ml.invert_information(
        ml.information(free, solution.loadings, solution.factor_covariances, solution.residual_variances)
    )
    status = why_inadmissible(solution, inverse, frame.items, frame.factors)
    if not solution.converged:
        return _without_estimates(frame, status, settings, solution)
    return _results(frame, free, solution, inverse, correlations, scale, status, settings)


def why_not_estimated(items: pd.DataFrame, complete: np.ndarray, df: int) -> str:
    """Why the model cannot be fitted to these rows, or an empty string."""
    if df < 0:
        return f"the model is not identified ({-df} more parameters than variances and covariances)"
    return why_no_model(items, complete)


def why_inadmissible(
    solution: ml.Solution, inverse_information: np.ndarray | None, items: Sequence[str], factors: Sequence[str]
) -> str:
    """ "admissible", or each reason against using the solution, joined by semicolons."""
    if not solution.converged:
        running = solution.residual_variances < -1  # of a variance of 1: the likelihood grows without a maximum
        where = f"; the residual variance of {named(items, running)} falls without limit" if running.any() else ""
        return (
            f"not converged: the largest gradient element is {solution.gradient_norm:.2g} "
            f"after {solution.iterations} iterations{where}"
        )
    reasons = []
    if inverse_information is None:
        reasons.append("the information matrix is not positive definite, so the model is not identified by these data")
    if (negative := solution.residual_variances < 0).any():
        reasons.append(f"negative residual variance: {named(items, negative)}")
    if (outside := (np.abs(solution.loadings) > 1 + EDGE).any(axis=1)).any():
        reasons.append(f"standardised loading outside ±1: {named(items, outside)}")
    latent = solution.factor_covariances
    if pairs := [
        f"{factors[c]} with {factors[r]}"
        for r, c in zip(*np.tril_indices(len(latent), -1), strict=True)
        if abs(latent[r, c]) > 1 + EDGE
    ]:
        reasons.append(f"factor correlation outside ±1: {', '.join(pairs)}")
    elif np.linalg.eigvalsh(latent)[0] < -EDGE:
        reasons.append("the factor correlations are not positive definite")
    return "; ".join(reasons) or ADMISSIBLE


def _frame(data: pd.DataFrame, model: Mapping[str, Sequence[str]]) -> _Frame:
    if not model:
        raise ValueError("the model names no factor")
    for factor, items in model.items():
        if isinstance(items, str) or not len(items):
            raise ValueError(f"the factor {factor} needs a list of items")
        if len(set(items)) < len(items):
            raise ValueError(f"the factor {factor} names an item twice")
        if absent := [str(item) for item in items if item not in data.columns]:
            raise ValueError(f"the data lack these items of {factor}: {', '.join(absent)}")
    names = list(dict.fromkeys(item for items in model.values() for item in items))
    membership = np.array([[item in items for items in model.values()] for item in names])
    markers = np.array([names.index(items[0]) for items in model.values()])
    return _Frame(names, list(model), membership, markers)


def _results(
    frame: _Frame,
    free: ml.Pattern,
    solution: ml.Solution,
    inverse: np.ndarray | None,
    correlations: np.ndarray,
    scale: np.ndarray,
    status: str,
    settings: dict,
) -> FactorModel:
    n, z = settings["n"], float(ndtri((1 + settings["ci_level"]) / 2))
    signs = _directions(frame, solution.loadings, settings["identification"])
    standard = (
        solution.loadings * signs,
        solution.factor_covariances * np.outer(signs, signs),
        solution.residual_variances,
    )
    # Turning a factor round changes the signs of its parameters, and so of their covariances.
    turn = np.concatenate([signs[free.factors], signs[free.rows] * signs[free.columns], np.ones(free.n_items)])
    standard_covariance = _filled(inverse, free.size) / n * np.outer(turn, turn)
    raw_free, raw = _raw_metric(frame, standard, scale, settings["identification"])
    raw_inverse = ml.invert_information(ml.information(raw_free, *raw)) if inverse is not None else None
    raw_covariance = _filled(raw_inverse, raw_free.size) / n
    names = frame.parameter_names(raw_free)
    raw_se = np.sqrt(np.diag(raw_covariance))
    fit, fit_status = _fit(frame, solution, correlations, scale, n)
    return FactorModel(
        status=status,
        fit_status=fit_status,
        fit=fit,
        loadings=_loadings(frame, raw_free, raw[0], raw_se, *_standardised(free, standard, standard_covariance), z),
        residual_variances=pd.DataFrame(
            {"item": frame.items, "estimate": raw[2], "se": raw_se[raw_free.size - raw_free.n_items :],
             "std": standard[2] / np.diag(ml.implied_covariance(*standard))}
        ),
        factor_correlations=_factor_correlations(frame, free, standard[1], standard_covariance, z),
        parameters=pd.Series(ml.pack(raw_free, *raw), index=names, name="estimate"),
        covariance=pd.DataFrame(raw_covariance, index=names, columns=names),
        implied=pd.DataFrame(ml.implied_covariance(*raw), index=frame.items, columns=frame.items),
        gradient_norm=solution.gradient_norm,
        iterations=solution.iterations,
        **settings,
    )  # fmt: skip


def _directions(frame: _Frame, loadings: np.ndarray, identification: str) -> np.ndarray:
    """The sign of each factor: its marker's, or that of the sum of its loadings."""
    factors = np.arange(len(frame.factors))
    leading = loadings[frame.markers, factors] if identification == "marker" else loadings.sum(axis=0)
    return np.where(leading < 0, -1.0, 1.0)


def _raw_metric(
    frame: _Frame, standard: tuple[np.ndarray, np.ndarray, np.ndarray], scale: np.ndarray, identification: str
) -> tuple[ml.Pattern, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The solution in the units of the items, with the identification asked for."""
    loadings, latent, residuals = standard[0] * scale[:, None], standard[1], standard[2] * scale**2
    if identification == "marker":
        unit = loadings[frame.markers, np.arange(len(frame.factors))]
        unit = np.where(unit == 0, np.finfo(float).eps, unit)  # no division by an exact zero
        loadings, latent = loadings / unit, latent * np.outer(unit, unit)
        loadings[frame.markers, np.arange(len(unit))] = 1.0
    return frame.free(identification), (loadings, latent, residuals)


def _standardised(
    free: ml.Pattern, standard: tuple[np.ndarray, np.ndarray, np.ndarray], covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Loadings over model-implied standard deviations, and their standard errors by the delta method."""
    variances = np.diag(ml.implied_covariance(*standard))
    values = standard[0] / np.sqrt(variances)[:, None]
    of_variances = np.einsum("qii->iq", ml.derivatives(free, standard[0], standard[1]))
    jacobian = -0.5 * (values[free.items, free.factors] / variances[free.items])[:, None] * of_variances[free.items]
    each = np.arange(free.n_loadings)
    jacobian[each, each] += 1 / np.sqrt(variances[free.items])
    errors = np.zeros_like(values)
    errors[free.items, free.factors] = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian))
    return values, errors


def _loadings(
    frame: _Frame, free: ml.Pattern, raw: np.ndarray, raw_se: np.ndarray, std: np.ndarray, std_se: np.ndarray, z: float
) -> pd.DataFrame:
    items, factors = np.nonzero(frame.membership.T)[::-1]
    errors = np.full_like(raw, np.nan)
    errors[free.items, free.factors] = raw_se[: free.n_loadings]
    estimate, se, value, error = (matrix[items, factors] for matrix in (raw, errors, std, std_se))
    return pd.DataFrame(
        {"factor": [frame.factors[f] for f in factors], "item": [frame.items[i] for i in items],
         "estimate": estimate, "se": se, "ci_low": estimate - z * se, "ci_high": estimate + z * se,
         "std": value, "std_se": error, "std_ci_low": value - z * error, "std_ci_high": value + z * error}
    )  # fmt: skip


def _factor_correlations(
    frame: _Frame, free: ml.Pattern, latent: np.ndarray, covariance: np.ndarray, z: float
) -> pd.DataFrame:
    r = latent[free.rows, free.columns]
    se = np.sqrt(np.diag(covariance)[free.n_loadings : free.n_loadings + len(r)])
    return pd.DataFrame(
        {"x": pd.Series([frame.factors[c] for c in free.columns], dtype="str"),
         "y": pd.Series([frame.factors[f] for f in free.rows], dtype="str"),
         "estimate": r, "se": se, "ci_low": r - z * se, "ci_high": r + z * se}
    )  # fmt: skip


def _filled(matrix: np.ndarray | None, size: int) -> np.ndarray:
    return np.full((size, size), np.nan) if matrix is None else matrix


def _fit(frame: _Frame, solution: ml.Solution, correlations: np.ndarray, scale: np.ndarray, n: int) -> tuple[Fit, str]:
    df, k = frame.df, len(frame.items)
    if df == 0:
        return Fit(), JUST_IDENTIFIED
    chi2 = max(n * solution.discrepancy, 0.0)
    log_determinant = np.linalg.slogdet(correlations)[1]
    baseline, baseline_df = -n * log_determinant, k * (k - 1) // 2
    excess, baseline_excess = max(chi2 - df, 0.0), max(baseline - baseline_df, chi2 - df, 0.0)
    tli_base = (baseline - baseline_df) * df
    implied = ml.implied_covariance(solution.loadings, solution.factor_covariances, solution.residual_variances)
    residuals = (correlations - implied)[np.tril_indices(k)]
    loglik = -n / 2 * (k * np.log(2 * np.pi) + 2 * np.log(scale).sum() + log_determinant + solution.discrepancy + k)
    n_parameters = k * (k + 1) // 2 - df
    low, high = _rmsea_interval(chi2, df, n)
    return Fit(
        chi2=chi2,
        df=df,
        p=float(chdtrc(df, chi2)),
        cfi=float(1 - excess / baseline_excess) if baseline_excess > 0 else 1.0,
        tli=float(1 - (chi2 - df) * baseline_df / tli_base) if tli_base != 0 else 1.0,
        rmsea=float(np.sqrt(excess / (n * df))),
        rmsea_ci_low=low,
        rmsea_ci_high=high,
        srmr=float(np.sqrt((residuals**2).mean())),
        loglik=float(loglik),
        aic=float(-2 * loglik + 2 * n_parameters),
        bic=float(-2 * loglik + n_parameters * np.log(n)),
    ), "reported"


def _rmsea_interval(chi2: float, df: int, n: int) -> tuple[float, float]:
    """90 % interval: the non-centralities that put chi2 at the 95th and the 5th percentile, 0 where none does."""
    bounds = []
    for percentile in (0.95, 0.05):
        reached = chndtr(chi2, df, 0.0) > percentile
        bounds.append(float(chndtrinc(chi2, df, percentile)) if reached else 0.0)
    low, high = np.sqrt(np.array(bounds) / (n * df))
    return float(low), float(high)


def _without_estimates(frame: _Frame, status: str, settings: dict, solution: ml.Solution | None = None) -> FactorModel:
    """A result of the usual shape that holds no number."""
    items, factors = np.nonzero(frame.membership.T)[::-1]
    free = frame.free(settings["identification"])
    pairs = frame.free("variance")
    names = frame.parameter_names(free)
    loadings = pd.DataFrame({"factor": [frame.factors[f] for f in factors], "item": [frame.items[i] for i in items]})
    for column in ("estimate", "se", "ci_low", "ci_high", "std", "std_se", "std_ci_low", "std_ci_high"):
        loadings[column] = np.nan
    correlations = _factor_correlations(
        frame, pairs, np.full((pairs.n_factors,) * 2, np.nan), _filled(None, pairs.size), np.nan
    )
    return FactorModel(
        status=status,
        fit_status=f"not reported: {status.removeprefix('not estimated: ')}",
        fit=Fit(df=frame.df),
        loadings=loadings,
        residual_variances=pd.DataFrame({"item": frame.items, "estimate": np.nan, "se": np.nan, "std": np.nan}),
        factor_correlations=correlations,
        parameters=pd.Series(np.nan, index=names, name="estimate"),
        covariance=pd.DataFrame(np.nan, index=names, columns=names),
        implied=pd.DataFrame(np.nan, index=frame.items, columns=frame.items),
        gradient_norm=solution.gradient_norm if solution else np.nan,
        iterations=solution.iterations if solution else 0,
        **settings,
    )
