"""Assumptions of the analyses of people in one wave, or of changes, as checks like those of `mixed_diagnostics`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.least_squares import Fit, analysed_people, combination, fit_least_squares
from rejsens.inference.mixed_diagnostics import DISTANCE, INFLATION, MOVES, Check, remedied, shape, tried
from rejsens.inference.regression_diagnostics import Parts, linear_parts, moderation_parts

BOUNDS = {"dfbetas": MOVES, "cook distance": DISTANCE, "collinearity": INFLATION}
STATISTICS = {
    "equal variances": "chi2", "linearity": "t", "dfbetas": "largest", "cook distance": "largest",
    "collinearity": "variance inflation", "covariate products": "F",
}  # fmt: skip
SCALED = ("estimate", "se", "ci_low", "ci_high", "ci90_low", "ci90_high")


@dataclass(frozen=True)
class LinearModel:
    """A least squares fit as it was analysed (HC3), and which of its coefficients the hypothesis is about.

    y, matrix   (n,) and (n, p) with the intercept first; focal: a column of it; scale: from its coefficient to the
                metric of the deciding row, held in every refit
    factors     the two columns whose product the focal column is, or none
    covariates  as declared; beside: columns that are none, as the other predictor of a contrast
    """

    y: np.ndarray
    matrix: pd.DataFrame
    focal: str
    scale: float = 1.0
    factors: tuple[str, str] | None = None
    covariates: Sequence[Covariate] = ()
    beside: tuple[str, ...] = ()
    ci_level: float = 0.95
    alpha: float = 0.05

    @property
    def numbers(self) -> dict[str, float]:
        fit = fit_least_squares(self.y, self.matrix)
        return scaled(combination(fit, {self.focal: 1.0}, self.ci_level, self.alpha), self.scale)

    def parts(self, fit: Fit, left_out: int) -> Parts:
        if self.factors:
            return moderation_parts(self.y, self.matrix, fit, self.focal, self.factors, left_out, self.ci_level)
        return linear_parts(self.y, self.matrix, fit, self.focal, self.covariates, left_out, self.ci_level, self.beside)


def linear_checks(model: LinearModel, left_out: int = 10) -> list[Check]:
    """Every check of `linear_diagnostics` (or `moderation_diagnostics`) in the deciding row's metric.

    returns    residuals (skewness and excess kurtosis | Huber's M-estimate, without interval), equal variances (Koenker |
               the classical interval beside HC3), linearity, dfbetas, cook distance, collinearity, covariate products

    >>> rng = np.random.default_rng(1)
    >>> matrix = pd.DataFrame({"(intercept)": 1.0, "x": rng.normal(size=100)})
    >>> model = LinearModel(0.3 * matrix["x"].to_numpy() + rng.normal(size=100), matrix, "x")
    >>> [check["check"] for check in linear_checks(model)][:4]
    ['residuals', 'residuals', 'equal variances', 'linearity']
    """
    fit = fit_least_squares(model.y, model.matrix)
    checks: list[Check] = []
    for name, part in model.parts(fit, left_out).items():
        with np.errstate(divide="ignore", invalid="ignore"):  # whom a smaller sample fits exactly has leverage 1
            rows = tried(part, name)
        if name == "normality":
            checks += shape("residuals", "", fit.residuals, _huber(rows[0], model))
        else:
            checks += [_check(row, model) for row in rows]
    return [check for check in checks if check["check"] != "collinearity" or _concerns(check, model)]


def _concerns(check: Check, model: LinearModel) -> bool:
    """Of the inflation of every column that of the focal one, and of a covariate where it is beyond the guide."""
    return check.get("term", model.focal) == model.focal or check["flagged"]


def scaled(numbers: Mapping[str, float], scale: float) -> dict[str, float]:
    """Estimate, standard error and intervals times `scale`; ends change places below 0.

    >>> scaled({"estimate": 1.0, "ci_low": 0.5, "ci_high": 2.0}, -2.0)
    {'estimate': -2.0, 'ci_low': -4.0, 'ci_high': -1.0}
    """
    found = {name: numbers[name] * scale for name in SCALED if name in numbers}
    for low, high in (("ci_low", "ci_high"), ("ci90_low", "ci90_high")):
        if scale < 0 and low in found:
            found[low], found[high] = found[high], found[low]
    if "se" in found:
        found["se"] = abs(found["se"])
    return found


def _huber(row: Mapping[str, Any], model: LinearModel) -> dict[str, Any]:
    if "reason" in row:
        return {"reason": row["reason"]}
    numbers = {"estimate": row["estimate_instead"] * model.scale}
    return {"instead": row["instead"], "numbers": numbers, "n_instead": len(model.y)}


def _check(row: Mapping[str, Any], model: LinearModel) -> Check:
    if "reason" in row:
        return {"check": row["check"], "reason": row["reason"], "flagged": False}
    name, value, p = row["diagnostic"], row["value"], row.get("p", math.nan)
    bound = BOUNDS.get(name)
    kept = {key: row[key] for key in ("term", "value", "df", "p", "instead") if key in row}
    statistic = "F" if name == "linearity" and model.factors else STATISTICS[name]
    flagged = bool(value > bound if bound else p < model.alpha)
    said = {"check": name, "statistic": statistic, "guide": f"{bound:g}" if bound else f"p below {model.alpha:g}",
            "flagged": flagged}  # fmt: skip
    if name == "collinearity" and not flagged:  # below it a covariate left out shows confounding, not collinearity
        return {key: value for key, value in kept.items() if key != "instead"} | said
    if "numbers" not in row:
        return kept | said
    numbers = scaled(row["numbers"], model.scale)
    return kept | said | {"numbers": numbers, "n_instead": row.get("n_instead", len(model.y))}


Row = Callable[[pd.DataFrame], Estimate]


def correlation_checks(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate],
    analyse: Row,
    left_out: int,
    ci_level: float,
    alpha: float,
) -> list[Check]:
    """Of a (partial) correlation: shape and bend | correlation of ranks; influence | without those who move it most.

    analyse    from people to the deciding row, run again on ranks (Spearman's correlation, its interval with Fisher's z:
               1.03 times too narrow at most below .5, as Bonett & Wright, 2000, Psychometrika, 65, 23-28, say) and
               without some people
    """
    people = analysed_people(frame, [outcome], [predictor], covariates)
    rows = people.rows
    y = ((rows[outcome] - rows[outcome].mean()) / rows[outcome].std()).to_numpy(float)
    model = LinearModel(y, people.matrix, predictor, covariates=covariates, ci_level=ci_level, alpha=alpha)
    ranked = rows.assign(**{name: rows[name].rank() for name in (outcome, predictor)})
    ranks = remedied(lambda: _again(analyse, ranked, "correlation of ranks"))
    fit = fit_least_squares(y, people.matrix)
    parts = model.parts(fit, left_out)
    checks = shape("residuals", "", fit.residuals, ranks)
    checks += [_check(row, model) | ranks for row in tried(parts["linearity"], "linearity")]
    for row in tried(parts["dfbetas"], "dfbetas")[:1]:
        told = "reason" in row
        gone: np.ndarray | list[int] = [] if told else _most_moving(people.matrix, fit, predictor, left_out)
        fewer = rows.drop(index=gone)
        words = f"without the {left_out} people who move it most"
        checks.append(_check(row, model) | remedied(lambda: _again(analyse, fewer, words)))  # noqa: B023
    return checks


def _again(analyse: Row, rows: pd.DataFrame, words: str) -> dict[str, Any]:
    row = analyse(rows)
    return {
        "instead": words, "numbers": {name: getattr(row, name) for name in SCALED}, "n_instead": row.n_people
    }  # fmt: skip


def _most_moving(matrix: pd.DataFrame, fit: Fit, predictor: str, left_out: int) -> np.ndarray:
    x = matrix.to_numpy()
    toward = (x @ np.linalg.inv(x.T @ x))[:, list(matrix.columns).index(predictor)]
    moves = np.abs(toward * fit.residuals / (1 - fit.leverage))
    return np.argsort(moves, kind="stable")[len(moves) - left_out :]


def mean_checks(
    frame: pd.DataFrame,
    values: pd.Series,
    groups: pd.Series | None,
    analyse: Callable[[pd.DataFrame], Sequence[Estimate]],
    left_out: int,
    alpha: float,
) -> list[Check]:
    """Of a mean of differences, or of two groups: shape | without those farthest from the mean (of their group);
    two groups also Brown and Forsythe's test of equal variances | Welch's interval over the pooled SD.

    values    one per analysed row of `frame`, indexed alike; groups: of these, or None
    analyse   from people to the deciding row and the one in the outcome's own units
    source    Brown & Forsythe (1974), Journal of the American Statistical Association, 69, 364-367
    """
    centre = values.groupby(groups).transform("mean") if groups is not None else values.mean()
    distance = (values - centre).abs().sort_values(kind="stable")
    if len(values) - left_out < 2 * left_out:
        raise NotTestable(f"leaving out {left_out} of {len(values)} people is not possible")
    fewer = frame.drop(index=distance.index[len(distance) - left_out :])
    words = f"without the {left_out} people farthest from the mean"
    remedy = remedied(lambda: _again(lambda rows: analyse(rows)[0], fewer, words))
    checks = shape("residuals", "", (values - centre).to_numpy(float), remedy)
    if groups is None:
        return checks
    test = stats.levene(*(values[groups == group].to_numpy(float) for group in pd.unique(groups)), center="median")
    _, own_units = analyse(frame)
    pooled = math.sqrt(float(((values - centre) ** 2).sum()) / (len(values) - 2))
    numbers = scaled({name: getattr(own_units, name) for name in SCALED}, 1 / pooled)
    return [*checks, {
        "check": "equal variances", "term": "groups", "statistic": "F", "value": float(test.statistic),
        "df": float(len(values) - 2), "p": float(test.pvalue), "guide": f"p below {alpha:g}",
        "flagged": bool(test.pvalue < alpha), "instead": "interval that does not assume equal variances (Welch)",
        "numbers": numbers, "n_instead": len(values),
    }]  # fmt: skip
