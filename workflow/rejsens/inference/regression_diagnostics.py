"""Assumptions of the models of persons: each check with what the coefficient becomes when it is taken into account."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import WLS
from statsmodels.robust.norms import HuberT
from statsmodels.robust.scale import mad

from rejsens.inference.covariates import Covariate, z_scores
from rejsens.inference.estimates import NOT_TESTABLE, OK, NotTestable, t_columns
from rejsens.inference.least_squares import (
    INTERCEPT,
    Fit,
    analysed_people,
    combination,
    fit_least_squares,
    wald_f,
)
from rejsens.inference.moderation import moderated_model

COLUMNS = {
    "model": "str", "outcome": "str", "predictor": "str", "wave": "str", "diagnostic": "str", "term": "str",
    "value": "float64", "df": "float64", "p": "float64", "guide": "str", "estimate": "float64", "instead": "str",
    "estimate_instead": "float64", "ci_low_instead": "float64", "ci_high_instead": "float64", "n_people": "int64",
    "n_instead": "int64", "status": "str", "reason": "str",
}  # fmt: skip


def linear_diagnostics(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    left_out: int = 10,
    wave: str = "",
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """Checks of the regression of `cross_sectional` (standardised, OLS, HC3).

    frame, covariates   as there
    left_out    how many people the influence row leaves out; a single one would show what that person answered
    returns     one row per check: columns as COLUMNS. `value`, `df`, `p`: the check; `guide`: the customary bound, which
                decides nothing; `estimate`: the coefficient; `estimate_instead` with its interval: the coefficient when
                the check is taken into account, as `instead` says.
                normality         Jarque-Bera of the residuals | Huber's M-estimate (tuning 1.345), without interval
                equal variances   Koenker's Breusch-Pagan, n R^2 of the squared residuals | the classical interval
                linearity         t of the predictor's square (HC3) | slope at the predictor's mean with its square
                dfbetas           largest |DFBETAS| of the predictor | without the `left_out` people who move it most
                cook distance     largest Cook's distance | without the `left_out` people with the largest
                collinearity      `variance_inflation` of the predictor and of each covariate | without that covariate; for
                                  the predictor: without any covariate
                covariate products  Wald F of predictor by covariate products (HC3) | coefficient at the covariates'
                                  means in a model that holds them
    missing     complete cases
    raises      NotTestable, see `analysed_people`; a check that these data cannot give is a row that says so
    source      Jarque & Bera (1987), International Statistical Review, 55, 163-172; Koenker (1981), Journal of
                Econometrics, 17, 107-112; Belsley, Kuh & Welsch (1980), Regression Diagnostics
    checked against R's lm, dfbetas, cooks.distance, MASS::rlm, sandwich

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["x", "y", "age"])
    >>> table = linear_diagnostics(frame, "y", "x", [{"name": "age", "type": "number"}])
    >>> table[["diagnostic", "term"]].agg(" ".join, axis=1).tolist()[:5]
    ['normality residuals', 'equal variances residuals', 'linearity x', 'dfbetas x', 'cook distance all columns']
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    y = z_scores(people.rows[outcome].to_numpy(float))
    fit = fit_least_squares(y, people.matrix)
    parts = linear_parts(y, people.matrix, fit, predictor, covariates, left_out, ci_level)
    known = {
        "model": "linear", "outcome": outcome, "predictor": predictor, "wave": wave, "n_people": len(y),
        "estimate": fit.coefficient(predictor),
    }  # fmt: skip
    return diagnostics_frame(row for name, part in parts.items() for row in attempted(part, name, known))


Parts = dict[str, Callable[[], list[dict[str, Any]]]]


def linear_parts(
    y: np.ndarray,
    matrix: pd.DataFrame,
    fit: Fit,
    predictor: str,
    covariates: Sequence[Covariate],
    left_out: int,
    ci_level: float,
    beside: Sequence[str] = (),
) -> Parts:
    """The checks of one coefficient of a least squares fit by name, each to be run; the rows of `linear_diagnostics`.

    beside   columns that belong to the question, as the other predictor of a contrast: no check takes them for covariates
    """
    return {
        "normality": lambda: _normality(y, matrix, fit, predictor),
        "equal variances": lambda: _equal_variances(matrix, fit, predictor, ci_level),
        "linearity": lambda: _linearity(y, matrix, predictor, ci_level),
        "dfbetas": lambda: _influence(y, matrix, fit, predictor, left_out, ci_level),
        "collinearity": lambda: _collinearity(y, matrix, predictor, covariates, ci_level, beside),
        "covariate products": lambda: _covariate_products(y, matrix, predictor, ci_level, beside),
    }


def attempted(part: Callable[[], list[dict[str, Any]]], name: str, known: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one check, with what is known of the model; or one row that says why there are none."""
    try:
        return [{"n_instead": known["n_people"], "status": OK} | known | row for row in part()]
    except NotTestable as refusal:
        return [known | {"diagnostic": name, "status": NOT_TESTABLE, "reason": str(refusal)}]


def diagnostics_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table: columns and dtypes as COLUMNS, "" or missing where nothing applies.

    >>> diagnostics_frame([{"model": "linear", "value": 1.0}]).shape
    (1, 19)
    """
    blank = {"str": "", "float64": math.nan, "int64": 0}
    filled = [{name: row.get(name, blank[kind]) for name, kind in COLUMNS.items()} for row in rows]
    return pd.DataFrame(filled, columns=list(COLUMNS)).astype(COLUMNS)


def instead(numbers: dict[str, float], words: str) -> dict[str, Any]:
    """What the coefficient becomes: estimate and interval of `t_columns` (whole under `numbers`), and in words under which
    change."""
    return {
        "instead": words, "estimate_instead": numbers["estimate"], "ci_low_instead": numbers["ci_low"],
        "ci_high_instead": numbers["ci_high"], "numbers": numbers,
    }  # fmt: skip


def _normality(y: np.ndarray, matrix: pd.DataFrame, fit: Fit, predictor: str) -> list[dict[str, Any]]:
    n = len(y)
    skewness, kurtosis = stats.skew(fit.residuals), stats.kurtosis(fit.residuals)
    value = n / 6 * (skewness**2 + kurtosis**2 / 4)
    huber = huber_coefficients(y, matrix.to_numpy())
    return [{
        "diagnostic": "normality", "term": "residuals", "value": float(value), "df": 2.0,
        "p": float(stats.chi2.sf(value, 2)), "instead": "Huber's M-estimate",
        "guide": f"skewness {skewness:.2f}, excess kurtosis {kurtosis:.2f}; 0 when normal",
        "estimate_instead": float(huber[list(matrix.columns).index(predictor)]),
    }]  # fmt: skip


def huber_coefficients(y: np.ndarray, x: np.ndarray, tolerance: float = 1e-10, most: int = 200) -> np.ndarray:
    """(p,) Huber's M-estimate (tuning 1.345; scale: median of the absolute residuals over .6745) by reweighted least squares.

    y, x       (n,) and (n, p), nothing missing; ends when the criterion changes by `tolerance`, or after `most` fits
    raises     LinAlgError where weights are not numbers
    The steps of statsmodels' RLM to the bit; that one leaves several arrays of all people of each fit in memory.
    checked against R's MASS::rlm, and RLM

    >>> x = np.column_stack([np.ones(7), np.arange(7.0)])
    >>> huber_coefficients(np.array([0.1, 0.9, 2.1, 2.9, 4.1, 4.9, 99.0]), x).round(2).tolist()
    [-0.07, 1.05]
    """
    norm, n_free = HuberT(), x.shape[0] - x.shape[1]
    plain = WLS(y, x).fit()
    coefficients, residuals = np.asarray(plain.params), np.asarray(plain.resid)
    before = norm((y - plain.fittedvalues) / plain.scale).sum()
    del plain
    for _ in range(1, most):
        spread = mad(residuals, center=0)
        if spread == 0.0:  # most people are fitted exactly
            break
        root = np.sqrt(norm.weights(residuals / spread))
        weighted_x, weighted_y = root[:, None] * x, root * y
        coefficients = np.linalg.pinv(weighted_x).dot(weighted_y)
        residuals = y - x.dot(coefficients)
        weighted = weighted_y - weighted_x.dot(coefficients)
        criterion = norm(residuals / (np.dot(weighted, weighted) / n_free)).sum()
        if not abs(criterion - before) > tolerance:
            break
        before = criterion
    return coefficients


def _equal_variances(matrix: pd.DataFrame, fit: Fit, predictor: str, ci_level: float) -> list[dict[str, Any]]:
    squares = fit.residuals**2
    explained = 1 - fit_least_squares(squares, matrix).rss / float(((squares - squares.mean()) ** 2).sum())
    value, df = len(squares) * explained, matrix.shape[1] - 1
    place = fit.names.index(predictor)
    classical = t_columns(fit.coefficient(predictor), math.sqrt(fit.classical[place, place]), fit.df, ci_level)
    return [{
        "diagnostic": "equal variances", "term": "residuals", "value": float(value), "df": float(df),
        "p": float(stats.chi2.sf(value, df)), **instead(classical, "interval that assumes equal variances"),
    }]  # fmt: skip


def _linearity(y: np.ndarray, matrix: pd.DataFrame, predictor: str, ci_level: float) -> list[dict[str, Any]]:
    curved = matrix.assign(square=matrix[predictor] ** 2)
    if np.linalg.matrix_rank(curved.to_numpy()) < curved.shape[1]:
        raise NotTestable(f"{predictor} has two values: a line fits both")
    fit = fit_least_squares(y, curved)
    test = combination(fit, {"square": 1.0}, ci_level)
    return [{
        "diagnostic": "linearity", "term": predictor, "value": test["statistic"], "df": test["df"], "p": test["p"],
        **instead(combination(fit, {predictor: 1.0}, ci_level), f"slope at the mean of {predictor}, its square beside"),
    }]  # fmt: skip


def _influence(
    y: np.ndarray, matrix: pd.DataFrame, fit: Fit, predictor: str, left_out: int, ci_level: float
) -> list[dict[str, Any]]:
    """DFBETAS and Cook's distance from the leave-one-out formulas."""
    x, h, e = matrix.to_numpy(), fit.leverage, fit.residuals
    column = list(matrix.columns).index(predictor)
    bread = np.linalg.inv(x.T @ x)
    variance = fit.rss / fit.df
    without_one = np.sqrt((fit.rss - e**2 / (1 - h)) / (fit.df - 1))
    dfbetas = (x @ bread)[:, column] * e / (1 - h) / (without_one * math.sqrt(bread[column, column]))
    cook = e**2 * h / (x.shape[1] * variance * (1 - h) ** 2)
    shares = [
        ("dfbetas", predictor, dfbetas, f"2 / sqrt(n) = {2 / math.sqrt(len(y)):.3f}", "who move it most"),
        ("cook distance", "all columns", cook, f"4 / n = {4 / len(y):.3f}", "with the largest distance"),
    ]
    if left_out < 1 or fit.df - left_out < 1:
        raise NotTestable(f"leaving out {left_out} people is not possible here")
    rows = []
    for name, term, values, guide, who in shares:
        kept = np.argsort(np.abs(values), kind="stable")[: len(y) - left_out]
        refit = fit_least_squares(y[kept], full_rank(matrix.iloc[kept], predictor))
        rows.append({
            "diagnostic": name, "term": term, "value": float(np.abs(values).max()), "guide": guide,
            "n_instead": len(kept),
            **instead(combination(refit, {predictor: 1.0}, ci_level), f"without the {left_out} people {who}"),
        })  # fmt: skip
    return rows


def full_rank(matrix: pd.DataFrame, predictor: str) -> pd.DataFrame:
    """Columns that still vary once people are left out; the predictor has to."""
    varying = [name for name in matrix if name == INTERCEPT or np.ptp(matrix[name].to_numpy()) > 0]
    matrix = matrix[varying]
    if predictor not in matrix or np.linalg.matrix_rank(matrix.to_numpy()) < matrix.shape[1]:
        raise NotTestable("without the most influential people the model is not identified")
    return matrix


def _collinearity(
    y: np.ndarray,
    matrix: pd.DataFrame,
    predictor: str,
    covariates: Sequence[Covariate],
    ci_level: float,
    beside: Sequence[str],
) -> list[dict[str, Any]]:
    """A category's dummies stand or fall together: the generalised factor of Fox & Monette."""
    columns = matrix.drop(columns=INTERCEPT)
    groups = {predictor: [predictor]}
    for covariate in covariates:
        name = covariate["name"]
        groups[name] = [c for c in columns if c != predictor and (c == name or c.startswith(f"{name}="))]
    rows = []
    for name, own in groups.items():
        if not own:
            continue
        fewer = matrix[[INTERCEPT, predictor, *beside]] if name == predictor else matrix.drop(columns=own)
        row = {
            "diagnostic": "collinearity", "term": name, "value": variance_inflation(columns, own), "guide": "10",
            "df": float(len(own)),
        }  # fmt: skip
        if fewer.shape[1] < matrix.shape[1] or not beside:  # a contrast may have nothing to leave out
            numbers = combination(fit_least_squares(y, fewer), {predictor: 1.0}, ci_level)
            row |= instead(numbers, "without any covariate" if name == predictor else f"without {name}")
        rows.append(row)
    return rows


def variance_inflation(columns: pd.DataFrame, own: Sequence[str]) -> float:
    """(det R_own det R_others / det R)^(1 / number of own columns); with one column 1 / (1 - R^2 on the others).

    source    Fox & Monette (1992), Journal of the American Statistical Association, 87, 178-183

    >>> columns = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [0.0, 1, 1, 3]})
    >>> round(variance_inflation(columns, ["a"]), 3)
    6.786
    """
    r = np.atleast_2d(np.corrcoef(columns.to_numpy(), rowvar=False))
    inside = np.isin(list(columns), list(own))

    def logarithm(block: np.ndarray) -> float:
        return float(np.linalg.slogdet(block)[1]) if len(block) else 0.0

    parts = logarithm(r[np.ix_(inside, inside)]) + logarithm(r[np.ix_(~inside, ~inside)]) - logarithm(r)
    return math.exp(parts / len(own))


def _covariate_products(
    y: np.ndarray, matrix: pd.DataFrame, predictor: str, ci_level: float, beside: Sequence[str]
) -> list[dict[str, Any]]:
    covariates = matrix.drop(columns=[INTERCEPT, predictor, *beside])
    if covariates.empty:
        return []
    products = {f"{predictor}:{name}": matrix[predictor] * (covariates[name] - covariates[name].mean())
                for name in covariates}  # fmt: skip
    wider = matrix.assign(**products)
    if np.linalg.matrix_rank(wider.to_numpy()) < wider.shape[1] or len(y) - wider.shape[1] < 1:
        raise NotTestable("the products are combinations of the other columns")
    fit = fit_least_squares(y, wider)
    if (fit.leverage > 1 - 1e-8).any():
        raise NotTestable("a product fits one person exactly")
    f, q, p = wald_f(fit, [{name: 1.0} for name in products])
    return [{
        "diagnostic": "covariate products", "term": f"{predictor} by {q} columns", "value": f, "df": float(fit.df), "p": p,
        **instead(combination(fit, {predictor: 1.0}, ci_level), "at the covariates' means, their products beside"),
    }]  # fmt: skip


def moderation_diagnostics(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    moderator: str,
    left_out: int = 10,
    wave: str = "",
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """Checks of the interaction of `moderation` with a number as moderator; columns as `linear_diagnostics`.

    returns   normality, equal variances, dfbetas and cook distance as there, for the coefficient of the product; and
              `linearity`: Wald F (HC3) of the squares of predictor and moderator | the product with both squares beside.
              Two variables that go together and a curve in one of them look like an interaction
    missing   complete cases; raises NotTestable as `moderation`
    source    Ganzach (1997), Psychological Methods, 2, 235-247
    checked against R's lm, dfbetas, sandwich

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["x", "y", "m"])
    >>> moderation_diagnostics(frame, "y", "x", moderator="m")["diagnostic"].tolist()
    ['normality', 'equal variances', 'linearity', 'dfbetas', 'cook distance']
    """
    model = moderated_model(frame, outcome, predictor, covariates, moderator)
    matrix, fit, (product,) = model.people.matrix, model.fit, model.products
    y = z_scores(model.people.rows[outcome].to_numpy(float))
    parts = moderation_parts(y, matrix, fit, product, (predictor, moderator), left_out, ci_level)
    known = {
        "model": "moderation", "outcome": outcome, "predictor": product, "wave": wave, "n_people": len(y),
        "estimate": fit.coefficient(product),
    }  # fmt: skip
    return diagnostics_frame(row for name, part in parts.items() for row in attempted(part, name, known))


def moderation_parts(
    y: np.ndarray,
    matrix: pd.DataFrame,
    fit: Fit,
    product: str,
    factors: tuple[str, str],
    left_out: int,
    ci_level: float,
) -> Parts:
    """The checks of a product of two columns, `factors`, by name; the rows of `moderation_diagnostics`."""
    return {
        "normality": lambda: _normality(y, matrix, fit, product),
        "equal variances": lambda: _equal_variances(matrix, fit, product, ci_level),
        "linearity": lambda: _squares(y, matrix, *factors, product, ci_level),
        "dfbetas": lambda: _influence(y, matrix, fit, product, left_out, ci_level),
    }


def _squares(
    y: np.ndarray, matrix: pd.DataFrame, predictor: str, moderator: str, product: str, ci_level: float
) -> list[dict[str, Any]]:
    names = [name for name in (predictor, moderator) if name in matrix]
    curved = matrix.assign(**{f"{name} squared": matrix[name] ** 2 for name in names})
    if np.linalg.matrix_rank(curved.to_numpy()) < curved.shape[1]:
        raise NotTestable(f"{' or '.join(names)} has two values: a line fits both")
    fit = fit_least_squares(y, curved)
    f, q, p = wald_f(fit, [{f"{name} squared": 1.0} for name in names])
    return [{
        "diagnostic": "linearity", "term": " and ".join(names), "value": f, "df": float(fit.df), "p": p,
        "guide": f"F on {q} and {fit.df} degrees of freedom",
        **instead(combination(fit, {product: 1.0}, ci_level), "the squares beside"),
    }]  # fmt: skip
