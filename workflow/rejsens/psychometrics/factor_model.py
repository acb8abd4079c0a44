"""What a fitted model looks like to its user: tables of estimates, fit, a status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from rejsens.psychometrics.engine import estimate as engine
from rejsens.psychometrics.engine import indices
from rejsens.psychometrics.engine.minimise import Optimum
from rejsens.psychometrics.engine.modification import score_tests
from rejsens.psychometrics.engine.ordered import implied_correlations
from rejsens.psychometrics.engine.standardise import standardised
from rejsens.psychometrics.engine.table import COVARIANCE, LOADING, Parameter, Structure
from rejsens.psychometrics.gathering import MISSING_RULES, Found, Settings

ADMISSIBLE = "admissible"
JUST_IDENTIFIED = "not reported: the model is just identified (0 degrees of freedom)"
REPORTED = "reported"


@dataclass(frozen=True)
class Fit:
    """Fit of one model. Every field but `df` is NaN where fit is not reported, or where the estimator has none.

    chi2, p             ML: n times the discrepancy (divisor n); WLSMV: n − 1 times; upper tail of chi-square
    cfi, tli            against the independence model; TLI is not clipped
    rmsea               with its 90 % interval from the non-central chi-square; over G groups times √G
    p_close             of the hypothesis that RMSEA is .05 or less (test of close fit)
    srmr                Bentler's: residuals over observed standard deviations, diagonal (and modelled means) included
    loglik, aic, bic    normal likelihood; saturated means are not counted as parameters
    chi2_scaled         corrected for non-normal answers: Satorra-Bentler (MLM), Yuan-Bentler in Mplus' form (MLR),
                        scaled and shifted (WLSMV); with p_scaled and its scaling factor
    ..._scaled          the index from the corrected statistic
    ..._robust          the index that estimates what the uncorrected one would be in the population
    """

    chi2: float = np.nan
    df: int = 0
    p: float = np.nan
    cfi: float = np.nan
    tli: float = np.nan
    rmsea: float = np.nan
    rmsea_ci_low: float = np.nan
    rmsea_ci_high: float = np.nan
    p_close: float = np.nan
    srmr: float = np.nan
    loglik: float = np.nan
    aic: float = np.nan
    bic: float = np.nan
    chi2_scaled: float = np.nan
    p_scaled: float = np.nan
    scaling: float = np.nan
    cfi_scaled: float = np.nan
    tli_scaled: float = np.nan
    rmsea_scaled: float = np.nan
    rmsea_scaled_ci_low: float = np.nan
    rmsea_scaled_ci_high: float = np.nan
    p_close_scaled: float = np.nan
    cfi_robust: float = np.nan
    tli_robust: float = np.nan
    rmsea_robust: float = np.nan
    rmsea_robust_ci_low: float = np.nan
    rmsea_robust_ci_high: float = np.nan
    p_close_robust: float = np.nan


@dataclass(frozen=True, repr=False, eq=False)
class FactorModel:
    """One fitted model. Nothing may be computed from it unless `status` is "admissible".

    status               "admissible", or every reason why it is not, as a sentence
    fit_status           "reported", or why the fit is not
    fit                  Fit
    estimates            every row of the model: lhs, op, rhs, free, estimate, se, z, p, ci_low, ci_high (units of the
                         items), std, std_se, std_ci_low, std_ci_high (completely standardised). A fixed row has no se.
    loadings             factor, item and the same columns without z and p
    residual_variances   item, estimate, se, std (share of the item's variance)
    factor_correlations  x, y, estimate, se, ci_low, ci_high; no rows with one factor
    parameters           free parameters by name, in lavaan's notation ("f=~x1", "f~~g", "x1~~x1")
    covariance           covariance matrix of `parameters`
    implied              model-implied covariance matrix of the items (WLSMV: correlations)
    residuals            correlation residuals: observed minus implied, each as a correlation
    n, n_lost            rows used, and rows lost to missing answers

    With groups, the tables open with a column `group`, and `implied` and `residuals` have it in their index.
    """

    status: str
    fit_status: str
    fit: Fit
    estimates: pd.DataFrame
    loadings: pd.DataFrame
    residual_variances: pd.DataFrame
    factor_correlations: pd.DataFrame
    parameters: pd.Series
    covariance: pd.DataFrame
    implied: pd.DataFrame
    residuals: pd.DataFrame
    n: int
    n_lost: int
    missing_rule: str
    estimator: str
    identification: str
    ci_level: float
    gradient_norm: float
    iterations: int
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fitted: engine.Estimate | None = field(default=None, repr=False)

    @property
    def solution(self) -> engine.Estimate:
        """What the engine found; every model has it that could be set up for the data, so every admissible one."""
        assert self.fitted is not None, self.status
        return self.fitted

    def __repr__(self) -> str:
        """What a notebook shows: status, people, fit, loadings."""
        told = self.reported
        fit = (
            f"chi2({self.fit.df}) = {told['chi2']:.2f}, p = {told['p']:.3f}, CFI = {told['cfi']:.3f}, "
            f"RMSEA = {told['rmsea']:.3f}, SRMR = {told['srmr']:.3f}"
        )
        shown = self.loadings[
            [c for c in ("group", "factor", "item", "std", "std_ci_low", "std_ci_high") if c in self.loadings]
        ]
        head = f"{self.estimator}, n = {self.n}, {self.n_lost} lost: {self.status}"
        return "\n".join(
            [head, fit if np.isfinite(told["chi2"]) else self.fit_status, shown.round(3).to_string(index=False)]
        )

    @property
    def admissible(self) -> bool:
        return self.status == ADMISSIBLE

    @property
    def reported(self) -> dict[str, float]:
        """What is printed of the fit: corrected chi-square and p where the estimator corrects them; CFI, TLI, RMSEA and the
        p of close fit robust with MLM and MLR, scaled with WLSMV; SRMR."""
        kind = {"MLM": "_robust", "MLR": "_robust", "WLSMV": "_scaled"}.get(self.estimator, "")
        test = "_scaled" if kind else ""
        named = {"chi2": f"chi2{test}", "p": f"p{test}"}
        named |= {index: f"{index}{kind}" for index in ("cfi", "tli", "rmsea", "p_close")}
        named |= {end: f"rmsea{kind}_{end[6:]}" for end in ("rmsea_ci_low", "rmsea_ci_high")} | {"srmr": "srmr"}
        return {name: getattr(self.fit, field) for name, field in named.items()}

    def modification_indices(self, minimum: float = 0.0) -> pd.DataFrame:
        """What freeing each loading or covariance that the model fixes at 0 would gain.

        Parameters
        ----------
        minimum : float
            Smallest index that is listed.

        Returns
        -------
        indices : :py:class:`pandas.DataFrame`
            ``lhs``, ``op``, ``rhs`` (and ``group``), ``mi`` (expected fall of chi-square, 1 degree of freedom), ``epc``
            (expected value of the freed parameter), ``std_epc``; largest first. No rows for a model without estimates.

        Notes
        -----
        Score tests with the expected information, as lavaan's ``modindices``. They say where a model misses; a model
        changed because of them is exploratory.
        """
        if self.fitted is None or self.fitted.covariance is None:
            return pd.DataFrame(columns=["lhs", "op", "rhs", "mi", "epc", "std_epc"])
        table = score_tests(self.fitted)
        if not self.groups:
            table = table.drop(columns="group")
        else:
            table["group"] = [self.groups[g] for g in table["group"]]
        table = table[table["mi"] >= minimum]
        return table.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


def build_result(fitted: engine.Estimate, status: str, found: Found, settings: Settings) -> FactorModel:
    structure = fitted.structure
    names = list(structure.names)
    covariance = np.full((len(names),) * 2, np.nan) if fitted.covariance is None else fitted.covariance
    fit, fit_status = _fit(fitted)
    estimates = _estimates(fitted, covariance, found, settings)
    return FactorModel(
        status=status,
        fit_status=fit_status,
        fit=fit,
        estimates=estimates,
        loadings=_loadings(estimates),
        residual_variances=_residual_variances(estimates, structure),
        factor_correlations=_factor_correlations(fitted, covariance, found, settings),
        parameters=pd.Series(fitted.parameters, index=names, name="estimate"),
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        implied=_by_group([expected[1] for _, expected in _moments(fitted)], structure, found),
        residuals=_by_group([_correlation_residuals(*pair) for pair in _moments(fitted)], structure, found),
        gradient_norm=fitted.optimum.gradient_norm,
        iterations=fitted.optimum.iterations,
        **_common(found, settings),
        fitted=fitted,
    )


def _common(found: Found, settings: Settings) -> dict[str, Any]:
    """What a result says of its data and settings, whether or not it was estimated."""
    return {
        "n": found.n,
        "n_lost": found.n_lost,
        "missing_rule": MISSING_RULES[settings.missing],
        "estimator": settings.estimator,
        "identification": settings.identification,
        "ci_level": settings.ci_level,
        "groups": found.groups,
        "notes": found.notes,
    }


INTERVAL = ("estimate", "se", "ci_low", "ci_high", "std", "std_se", "std_ci_low", "std_ci_high")


def _estimates(fitted: engine.Estimate, covariance: np.ndarray, found: Found, settings: Settings) -> pd.DataFrame:
    structure, z = fitted.structure, float(ndtri((1 + settings.ci_level) / 2))
    position = {name: k for k, name in enumerate(structure.names)}
    errors = _roots(covariance.diagonal())
    tables = []
    for group, state in enumerate(fitted.states):
        rows, std, slopes = standardised(structure, group, state)
        where = np.array([position[row.label or row.name] if row.fixed is None else -1 for row in rows], dtype=int)
        fixed = np.array([row.fixed if row.fixed is not None else 0.0 for row in rows])
        estimate = np.where(where >= 0, fitted.parameters[where], fixed)
        se = np.where(where >= 0, errors[where], np.nan)
        std_se = _roots(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))
        ratio = np.divide(estimate, se, out=np.full(len(se), np.nan), where=se > 0)
        tables.append(
            pd.DataFrame(
                {"group": found.groups[group] if found.groups else "",
                 "lhs": [row.lhs for row in rows], "op": [row.op for row in rows], "rhs": [row.rhs for row in rows],
                 "free": where >= 0, "estimate": estimate, "se": se, "z": ratio, "p": 2 * ndtr(-np.abs(ratio)),
                 "ci_low": estimate - z * se, "ci_high": estimate + z * se, "std": std, "std_se": std_se,
                 "std_ci_low": std - z * std_se, "std_ci_high": std + z * std_se}
            )
        )  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    return table if found.groups else table.drop(columns="group")


def _roots(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.where(values >= 0, values, np.nan))


def _lead(table: pd.DataFrame) -> list[str]:
    return ["group"] if "group" in table else []


def _loadings(estimates: pd.DataFrame) -> pd.DataFrame:
    rows = estimates[estimates["op"] == LOADING].rename(columns={"lhs": "factor", "rhs": "item"})
    return rows[[*_lead(rows), "factor", "item", *INTERVAL]].reset_index(drop=True)


def _residual_variances(estimates: pd.DataFrame, structure: Structure) -> pd.DataFrame:
    own = (estimates["op"] == COVARIANCE) & (estimates["lhs"] == estimates["rhs"])
    rows = estimates[own & estimates["lhs"].isin(structure.table.items)].rename(columns={"lhs": "item"})
    return rows[[*_lead(rows), "item", "estimate", "se", "std"]].reset_index(drop=True)


def _factor_correlations(
    fitted: engine.Estimate, covariance: np.ndarray, found: Found, settings: Settings
) -> pd.DataFrame:
    """Correlations of factors that the model lets covary, by the delta method."""
    structure, z = fitted.structure, float(ndtri((1 + settings.ci_level) / 2))
    tables = []
    for group, state in enumerate(fitted.states):
        rows, std, slopes = standardised(structure, group, state)
        chosen = [k for k, row in enumerate(rows) if _between_factors(row, structure)]
        se = _roots(np.einsum("ij,jk,ik->i", slopes[chosen], covariance, slopes[chosen]))
        tables.append(_correlation_rows([rows[k] for k in chosen], std[chosen], se, z, found, group))
    table = pd.concat(tables, ignore_index=True)
    return table if found.groups else table.drop(columns="group")


def _between_factors(row: Parameter, structure: Structure) -> bool:
    factors = structure.table.factors
    return row.op == COVARIANCE and row.lhs != row.rhs and row.lhs in factors and row.rhs in factors


def _correlation_rows(
    rows: Sequence[Parameter], r: np.ndarray, se: np.ndarray, z: float, found: Found, group: int
) -> pd.DataFrame:
    return pd.DataFrame(
        {"group": pd.Series([found.groups[group] if found.groups else ""] * len(rows), dtype="str"),
         "x": pd.Series([row.lhs for row in rows], dtype="str"), "y": pd.Series([row.rhs for row in rows], dtype="str"),
         "estimate": r, "se": se, "ci_low": r - z * se, "ci_high": r + z * se}
    )  # fmt: skip


def _moments(fitted: engine.Estimate) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """By group: observed (mean, covariance) and implied ones."""
    if fitted.structure.ordered:
        return [
            ((np.zeros(len(s.correlations)), s.correlations), (np.zeros(len(s.correlations)), implied_correlations(fitted.structure, t)))
            for s, t in zip(fitted.samples, fitted.states, strict=True)
        ]  # fmt: skip
    return [
        ((full.mean, full.covariance), (state.mu, state.sigma))
        for full, state in zip(fitted.saturated, fitted.states, strict=True)
    ]


def _correlation_residuals(observed: tuple[Any, ...], expected: tuple[Any, ...]) -> np.ndarray:
    correlations = []
    for _, covariance in (observed, expected):
        spread = np.sqrt(covariance.diagonal())
        correlations.append(covariance / np.outer(spread, spread))
    return correlations[0] - correlations[1]


def _by_group(matrices: Sequence[np.ndarray], structure: Structure, found: Found) -> pd.DataFrame:
    items = list(structure.table.items)
    frames = [pd.DataFrame(matrix, index=items, columns=items) for matrix in matrices]
    return pd.concat(frames, keys=found.groups, names=["group", "item"]) if found.groups else frames[0]


def _fit(fitted: engine.Estimate) -> tuple[Fit, str]:
    test, base, structure = fitted.test, fitted.baseline, fitted.structure
    df, n, n_groups = test.df, fitted.statistic_n, structure.table.n_groups
    if df == 0:
        return Fit(), JUST_IDENTIFIED
    shares = [sample.n / fitted.n for sample in fitted.samples]
    observed, expected = zip(*_moments(fitted), strict=True)
    low, high = indices.rmsea_interval(test.chi2, df, n, n_groups)
    plain = {
        "chi2": test.chi2, "df": df, "p": indices.upper_tail(test.chi2, df),
        "cfi": indices.cfi(test.chi2, df, base.chi2, base.df), "tli": indices.tli(test.chi2, df, base.chi2, base.df),
        "rmsea": indices.rmsea(test.chi2, df, n, n_groups), "rmsea_ci_low": low, "rmsea_ci_high": high,
        "p_close": indices.close_fit(test.chi2, df, n, n_groups),
        "srmr": indices.srmr(observed, expected, shares, structure.table.means, not structure.ordered), "loglik": fitted.loglik,
        "aic": -2 * fitted.loglik + 2 * structure.size, "bic": -2 * fitted.loglik + structure.size * np.log(n),
    }  # fmt: skip
    found = plain | _scaled_fit(fitted) | _robust_fit(fitted)
    numbers: dict[str, Any] = {name: value if name == "df" else float(value) for name, value in found.items()}
    return Fit(**numbers), REPORTED


def _scaled_fit(fitted: engine.Estimate) -> dict[str, float]:
    test, base = fitted.test, fitted.baseline
    if not np.isfinite(test.scaled):
        return {}
    df, n, n_groups = test.df, fitted.statistic_n, fitted.structure.table.n_groups
    shifted = fitted.structure.ordered
    # lavaan scales RMSEA by the trace itself, and only the scaled and shifted statistic by its own value.
    chi2, of = (test.scaled, df) if shifted else (test.chi2, test.trace)
    low, high = indices.rmsea_interval(chi2, of, n, n_groups)
    return {
        "chi2_scaled": test.scaled, "p_scaled": indices.upper_tail(test.scaled, df), "scaling": test.scaling,
        "cfi_scaled": indices.cfi(test.scaled, df, base.scaled, base.df),
        "tli_scaled": indices.tli(test.scaled, df, base.scaled, base.df),
        "rmsea_scaled": indices.rmsea(chi2, of, n, n_groups), "rmsea_scaled_ci_low": low, "rmsea_scaled_ci_high": high,
        "p_close_scaled": indices.close_fit(chi2, of, n, n_groups),
    }  # fmt: skip


def _robust_fit(fitted: engine.Estimate) -> dict[str, float]:
    if (tests := fitted.robust_tests()) is None:
        return {}
    own, null = tests
    df, n, n_groups = fitted.test.df, fitted.statistic_n, fitted.structure.table.n_groups
    low, high = indices.rmsea_interval(own.scaled, own.df, n, n_groups, own.unit)
    return {
        "cfi_robust": indices.cfi(own.chi2, df, null.chi2, fitted.baseline.df, own.unit, null.unit),
        "tli_robust": indices.tli(own.chi2, df, null.chi2, fitted.baseline.df, own.unit, null.unit),
        "rmsea_robust": indices.rmsea(own.chi2, own.df, n, n_groups, own.unit),
        "rmsea_robust_ci_low": low, "rmsea_robust_ci_high": high,
        "p_close_robust": indices.close_fit(own.scaled, own.df, n, n_groups, own.unit),
    }  # fmt: skip


def without_estimates(
    structure: Structure, status: str, found: Found, settings: Settings, optimum: Optimum | None = None
) -> FactorModel:
    """A result of the usual shape that holds no number."""
    names = list(structure.names)
    items = list(structure.table.items)
    n_groups = structure.table.n_groups
    nothing = np.full((len(items),) * 2, np.nan)
    rows = [row for group in range(n_groups) for row in structure.table.rows if row.group == group]
    estimates = pd.DataFrame(
        {"group": [found.groups[row.group] if found.groups else "" for row in rows],
         "lhs": [row.lhs for row in rows], "op": [row.op for row in rows], "rhs": [row.rhs for row in rows],
         "free": [row.fixed is None for row in rows]}
    )  # fmt: skip
    for column in ("estimate", "se", "z", "p", *INTERVAL[2:]):
        estimates[column] = np.nan
    pairs = [row for row in rows if _between_factors(row, structure)]
    empty = np.full(len(pairs), np.nan)
    correlations = _correlation_rows(pairs, empty, empty, np.nan, found, 0)
    correlations["group"] = [found.groups[row.group] if found.groups else "" for row in pairs]
    if not found.groups:
        estimates, correlations = estimates.drop(columns="group"), correlations.drop(columns="group")
    return FactorModel(
        status=status,
        fit_status=f"not reported: {status.removeprefix('not estimated: ')}",
        fit=Fit(df=structure.df),
        estimates=estimates,
        loadings=_loadings(estimates),
        residual_variances=_residual_variances(estimates, structure),
        factor_correlations=correlations,
        parameters=pd.Series(np.nan, index=names, name="estimate"),
        covariance=pd.DataFrame(np.nan, index=names, columns=names),
        implied=_by_group([nothing] * n_groups, structure, found),
        residuals=_by_group([nothing] * n_groups, structure, found),
        gradient_norm=optimum.gradient_norm if optimum else np.nan,
        iterations=optimum.iterations if optimum else 0,
        **_common(found, settings),
    )
