"""Least squares with several columns of interest at once: who is analysed, the HC3 covariance, tests of combinations.

`regression` holds the model with one predictor; the models of persons that need more build on this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import (
    TOLERANCE,
    Covariate,
    covariate_columns,
    independent_columns,
    require,
    varies,
    z_scores,
)
from rejsens.inference.estimates import NO_ERROR, Estimate, NotTestable, t_columns
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF

INTERCEPT = "(intercept)"
Columns = Callable[[pd.DataFrame], dict[str, np.ndarray]]


@dataclass(frozen=True)
class People:
    """The analysed people of one model."""

    rows: pd.DataFrame  # (n) complete cases with the variables as given
    matrix: pd.DataFrame  # (n, p) float64: intercept, columns of interest, covariates; of full rank
    n_lost: int
    warnings: tuple[str, ...] = ()

    @property
    def residual_df(self) -> int:
        return len(self.matrix) - self.matrix.shape[1]

    def columns(self) -> dict[str, Any]:
        """Counts and warnings as columns of the estimates table."""
        n = len(self.matrix)
        return {"n_people": n, "n_obs": n, "n_lost": self.n_lost, "warnings": "; ".join(self.warnings)}


def analysed_people(
    frame: pd.DataFrame,
    outcomes: Sequence[str],
    predictors: Sequence[str],
    covariates: Sequence[Covariate],
    *,
    interest: Columns | None = None,
    beside: Columns | None = None,
) -> People:
    """Complete cases and the columns of a model; the several-predictor form of `cross_sectional_design`.

    frame       one row per person
    predictors  numeric columns that must vary; a covariate of the same name is left out
    interest    from the complete cases to the columns that the model is about (default: predictors as z scores); none
                may be a combination of the others and the covariates
    beside      further columns (a moderator by itself) that enter like covariates, ahead of them
    returns     People; a person whom a covariate's category fits exactly is left out and named in the warnings
    missing     complete cases on outcomes, predictors and covariates
    raises      NotTestable: a column is absent or does not vary, a column of interest is a linear combination of the
                rest, or fewer than 10 residual degrees of freedom

    >>> frame = pd.DataFrame({"y": [3.0, 1, 4, 1, 5] * 4, "a": range(20), "b": [1.0, 2, 2, 5] * 5})
    >>> analysed_people(frame, ["y"], ["a", "b"], []).matrix.columns.tolist()
    ['(intercept)', 'a', 'b']
    """
    covariates = [covariate for covariate in covariates if covariate["name"] not in predictors]
    names = [*outcomes, *predictors, *(covariate["name"] for covariate in covariates)]
    require(frame, names)
    rows = frame.dropna(subset=names).reset_index(drop=True)
    interest = interest or (lambda kept: {name: z_scores(kept[name].to_numpy(float)) for name in predictors})
    warnings: list[str] = []
    while True:
        _require_variation(rows, outcomes, predictors)
        matrix, flat = _matrix(rows, covariates, interest, beside)
        exact = (np.linalg.qr(matrix.to_numpy())[0] ** 2).sum(axis=1) > 1 - TOLERANCE
        if not exact.any():
            break
        warnings.append(f"{int(exact.sum())} left out: the only one in a category of a covariate")
        rows = rows[~exact].reset_index(drop=True)
    if flat:
        warnings.append(f"{', '.join(flat)} does not vary and is left out")
    return People(rows, matrix, len(frame) - len(rows), tuple(warnings))


def _require_variation(rows: pd.DataFrame, outcomes: Sequence[str], predictors: Sequence[str]) -> None:
    if len(rows) < 2:
        raise NotTestable(f"{len(rows)} complete cases: hardly anybody answered everything that the model holds")
    for role, names in (("outcome", outcomes), ("predictor", predictors)):
        for name in names:
            if pd.api.types.is_numeric_dtype(rows[name]) and not varies(rows[name].to_numpy(float)):
                raise NotTestable(f"the {role} {name} does not vary among the {len(rows)} complete cases")


def _matrix(
    rows: pd.DataFrame, covariates: Sequence[Covariate], interest: Columns, beside: Columns | None
) -> tuple[pd.DataFrame, list[str]]:
    """Columns of the model in full rank, and the covariates that do not vary."""
    nuisance = covariate_columns(rows, covariates)
    flat = [name for name in nuisance if not varies(nuisance[name].to_numpy())]
    if beside is not None:
        nuisance = pd.concat([pd.DataFrame(beside(rows), index=rows.index, dtype=float), nuisance], axis=1)
    focal = pd.DataFrame(interest(rows), index=rows.index, dtype=float)
    nuisance = nuisance[independent_columns(nuisance)]
    kept = independent_columns(pd.concat([nuisance, focal], axis=1))
    if len(kept) < nuisance.shape[1] + focal.shape[1]:
        each_other = "each other or from " if focal.shape[1] > 1 else ""
        raise NotTestable(f"{' and '.join(focal)} cannot be told apart from {each_other}the covariates")
    matrix = pd.concat([focal, nuisance], axis=1)
    matrix.insert(0, INTERCEPT, 1.0)
    if len(rows) - matrix.shape[1] < MINIMUM_RESIDUAL_DF:
        raise NotTestable(
            f"{len(rows)} complete cases leave fewer than {MINIMUM_RESIDUAL_DF} residual degrees of freedom"
        )
    return matrix, flat


@dataclass(frozen=True)
class Fit:
    """An ordinary least squares fit."""

    names: tuple[str, ...]  # of the p columns
    coefficients: np.ndarray  # (p,)
    covariance: np.ndarray  # (p, p) HC3
    classical: np.ndarray  # (p, p) residual variance times inverse cross-products
    residuals: np.ndarray  # (n,)
    leverage: np.ndarray  # (n,)
    df: int

    def weights(self, weights: Mapping[str, float]) -> np.ndarray:
        """(p,) a weighted sum of coefficients as a vector over all columns."""
        vector = np.zeros(len(self.names))
        for name, weight in weights.items():
            vector[self.names.index(name)] = weight
        return vector

    def coefficient(self, name: str) -> float:
        return float(self.coefficients[self.names.index(name)])

    @property
    def rss(self) -> float:
        return float(self.residuals @ self.residuals)


def fit_least_squares(y: np.ndarray, matrix: pd.DataFrame) -> Fit:
    """OLS with the HC3 covariance (X'X)^-1 X' diag(e^2 / (1 - h)^2) X (X'X)^-1.

    y, matrix   (n,) and (n, p) of full rank
    source      MacKinnon & White (1985), doi 10.1016/0304-4076(85)90158-7
    checked against R's lm and sandwich::vcovHC(type = "HC3")

    >>> fit = fit_least_squares(np.array([1.0, 2, 4, 5]), pd.DataFrame({"a": [1.0] * 4, "b": [0.0, 1, 2, 3]}))
    >>> fit.coefficients.round(3).tolist(), fit.df
    ([0.9, 1.4], 2)
    """
    x = matrix.to_numpy()
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ y)
    residuals = y - x @ coefficients
    leverage = (q**2).sum(axis=1)
    bread = inverse @ inverse.T
    scores = x * (residuals / (1 - leverage))[:, None] @ bread
    df = len(y) - x.shape[1]
    classical = bread * (residuals @ residuals) / df
    return Fit(tuple(matrix.columns), coefficients, scores.T @ scores, classical, residuals, leverage, df)


def combination(fit: Fit, weights: Mapping[str, float], ci_level: float = 0.95, alpha: float = 0.05) -> dict[str, Any]:
    """Test and intervals of a weighted sum of coefficients (HC3, t on the residual degrees of freedom).

    >>> matrix = pd.DataFrame({"a": [1.0] * 20, "b": range(20)}, dtype=float)
    >>> fit = fit_least_squares(matrix["b"].to_numpy() * 2 + np.tile([0.5, -0.5], 10), matrix)
    >>> round(combination(fit, {"b": 1.0})["estimate"], 3)
    1.992
    """
    w = fit.weights(weights)
    variance, estimate = float(w @ fit.covariance @ w), float(w @ fit.coefficients)
    if variance <= 0:
        raise NotTestable(NO_ERROR)
    return t_columns(estimate, float(np.sqrt(variance)), fit.df, ci_level, alpha)


def wald_f(fit: Fit, contrasts: Sequence[Mapping[str, float]]) -> tuple[float, int, float]:
    """Joint test that every contrast is zero: F, its numerator degrees of freedom, and p.

    formula   F = w' (L V L')^-1 w / q with w = L b, V the HC3 covariance, on q and the residual degrees of freedom
    """
    weights = np.array([fit.weights(contrast) for contrast in contrasts])
    w = weights @ fit.coefficients
    f = float(w @ np.linalg.solve(weights @ fit.covariance @ weights.T, w)) / len(contrasts)
    return f, len(contrasts), float(stats.f.sf(f, len(contrasts), fit.df))


def joint_row(fit: Fit, contrasts: Sequence[Mapping[str, float]], **identity: Any) -> Estimate:
    """A joint test as a row: `statistic` is F, `df` its denominator; the numerator stands in `method`."""
    f, q, p = wald_f(fit, contrasts)
    found: dict[str, Any] = {
        "metric": "wald_f", "statistic": f, "df": float(fit.df), "p": p,
        "method": f"OLS, HC3, Wald F test on {q} and {fit.df} degrees of freedom",
    }  # fmt: skip
    return Estimate(**found | identity)
