"""Ordinary least squares with heteroscedasticity-robust (HC3) standard errors: one wave, or changes over two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS, RegressionResultsWrapper

from rejsens.inference.correlation import correlation_p, fisher_interval
from rejsens.inference.covariates import (
    TOLERANCE,
    Covariate,
    complete_cases,
    covariate_columns,
    independent_columns,
    require,
    varies,
    z_scores,
)
from rejsens.inference.estimates import Estimate, NotTestable, t_columns

MINIMUM_RESIDUAL_DF = 10  # below this neither a robust standard error nor a verdict means anything


@dataclass(frozen=True)
class Design:
    """What is analysed: outcome and predictor of the complete cases, covariate columns, and who was left out."""

    y: np.ndarray  # (n,)
    x: np.ndarray  # (n,)
    covariates: np.ndarray  # (n, k), linearly independent, no intercept
    n_lost: int
    warnings: tuple[str, ...] = ()

    @property
    def residual_df(self) -> int:
        return len(self.y) - 2 - self.covariates.shape[1]


def cross_sectional_design(
    frame: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]
) -> Design:
    """Complete cases of one wave with outcome and predictor as z scores (n - 1) of these cases.

    frame       one row per person
    raises      NotTestable: a column is absent, outcome or predictor does not vary, the predictor is a combination of
                the covariates, or fewer than 10 residual degrees of freedom

    >>> frame = pd.DataFrame({"x": range(20), "y": [3.0, 1] * 10, "g": [1.0] * 10 + [2.0] * 9 + [None]})
    >>> design = cross_sectional_design(frame, "y", "x", [{"name": "g", "type": "category"}])
    >>> design.y.shape, design.covariates.shape, design.n_lost
    ((19,), (19, 1), 1)
    """
    names = dict.fromkeys([outcome, predictor, *(covariate["name"] for covariate in covariates)])
    rows = complete_cases(frame[[name for name in names if name in frame]], outcome, predictor, covariates)
    columns = covariate_columns(rows, covariates)
    return design(rows[outcome].to_numpy(float), rows[predictor].to_numpy(float), columns, len(frame) - len(rows))


def design(y: np.ndarray, x: np.ndarray, covariates: pd.DataFrame, n_lost: int, *, scaled: bool = True) -> Design:
    """Drop redundant covariates and people whom one dummy fits exactly; then z scores, unless `scaled` is False.

    A category held by one person has leverage 1: that person's residual is 0 whatever they answered, HC3 divides by
    zero, and no other coefficient depends on them. They are left out, counted as lost, and named in the warnings.
    """
    warnings = []
    covariates = covariates.reset_index(drop=True)
    kept = np.arange(len(y))
    while True:
        _require_variation(y[kept], x[kept])
        rows = covariates.iloc[kept]
        names = independent_columns(rows)
        if len(independent_columns(rows[names].assign(predictor_=x[kept]))) == len(names):
            raise NotTestable("the predictor is a linear combination of the covariates")
        matrix = np.column_stack([np.ones(len(kept)), x[kept], rows[names]])
        if len(kept) - matrix.shape[1] < MINIMUM_RESIDUAL_DF:
            raise NotTestable(
                f"{len(kept)} complete cases leave fewer than {MINIMUM_RESIDUAL_DF} residual degrees of freedom"
            )
        exact = (np.linalg.qr(matrix)[0] ** 2).sum(axis=1) > 1 - TOLERANCE
        if not exact.any():
            break
        warnings.append(f"{int(exact.sum())} left out: the only one in a category of a covariate")
        kept = kept[~exact]
    constant = [name for name in covariates if scaled and not varies(covariates[name].to_numpy())]
    if constant:
        warnings.append(f"{', '.join(constant)} does not vary and is left out")
    scale = z_scores if scaled else np.asarray
    return Design(scale(y[kept]), scale(x[kept]), rows[names].to_numpy(), n_lost + len(y) - len(kept), tuple(warnings))


def _require_variation(y: np.ndarray, x: np.ndarray) -> None:
    if len(y) < 2:
        raise NotTestable(f"{len(y)} complete cases: hardly anybody answered everything that the model holds")
    for role, values in (("outcome", y), ("predictor", x)):
        if not varies(values):
            raise NotTestable(f"the {role} does not vary among the {len(values)} complete cases")


def cross_sectional(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Standardised coefficient of the predictor net of the covariates in one wave, and its partial correlation.

    frame       one row per person; columns named below
    covariates  dicts {name, type: number | category}: numbers enter as z scores, categories as dummies against the
                most frequent level
    returns     two rows.
                `beta`: outcome and predictor are z scores (SD with n - 1) of the analysed complete cases, so beta is
                the difference in the outcome, in its SDs, per SD of the predictor. OLS; HC3 standard error (MacKinnon
                & White, 1985, doi 10.1016/0304-4076(85)90158-7); t test and interval on n - k degrees of freedom.
                The SDs are taken as known, as `lm(scale(y) ~ scale(x))` does.
                `r`: partial correlation t / sqrt(t^2 + df) from the classical t, with Fisher z interval.
    missing     complete cases; n_lost counts the rows of `frame` that are not analysed
    raises      NotTestable, see `cross_sectional_design`
    checked against R: lm, sandwich::vcovHC(type = "HC3")

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> frame = pd.DataFrame({"x": x, "y": 0.3 * x + rng.normal(size=200)})
    >>> beta, partial = cross_sectional(frame, "y", "x", wave="w1")
    >>> beta.metric, round(beta.estimate, 3), round(beta.se, 3), beta.df, partial.metric
    ('beta', 0.331, 0.063, 198.0, 'r')
    """
    prepared = cross_sectional_design(frame, outcome, predictor, covariates)
    fit = _ols(prepared)
    common: dict[str, Any] = {
        "analysis": "cross_sectional", "wave": wave, "outcome": outcome, "term": predictor,
        "n_people": len(prepared.y), "n_obs": len(prepared.y), "n_lost": prepared.n_lost,
        "warnings": "; ".join(prepared.warnings),
    }  # fmt: skip
    beta: dict[str, Any] = t_columns(fit.params[1], fit.HC3_se[1], prepared.residual_df, ci_level, alpha)
    return [
        Estimate(**common, **beta, metric="beta", method="OLS, HC3"),
        Estimate(**common, **_partial_correlation(fit, prepared, ci_level), metric="r", method="partial correlation"),
    ]


def _ols(prepared: Design) -> RegressionResultsWrapper:
    return OLS(prepared.y, np.column_stack([np.ones_like(prepared.x), prepared.x, prepared.covariates])).fit()


def _partial_correlation(fit: Any, prepared: Design, ci_level: float) -> dict[str, Any]:
    n, df, k = len(prepared.y), prepared.residual_df, prepared.covariates.shape[1]
    t = float(fit.tvalues[1])
    r = t / np.sqrt(t * t + df)
    low, high = fisher_interval(r, n, ci_level, k)
    low90, high90 = fisher_interval(r, n, 0.90, k)
    return {
        "estimate": float(r), "statistic": t, "df": float(df), "p": correlation_p(r, df), "ci_level": ci_level,
        "ci_low": low, "ci_high": high, "ci90_low": low90, "ci90_high": high90,
    }  # fmt: skip


def change_on_change(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> Estimate:
    """Two waves: change of the outcome on change of the predictor and of the covariates that vary.

    panel       rows of exactly two waves (participant, wave, wave_number and the variables)
    covariates  those with `varies: true` enter as changes (categories: changes of their dummies); constant ones cannot
                change and drop out, which is how the design removes everything stable about a person
    returns     one row, metric `beta_within`: y2 - y1 on x2 - x1 with an intercept (the shift between the waves), OLS
                with HC3, times SDw(x) / SDw(y). SDw is the pooled within-person SD of the analysed person-waves,
                sqrt(sum of squared deviations from the person mean / (person-waves - people)); with two waves
                sqrt(mean(d^2) / 2) for changes d. It is the within coefficient of a two-wave panel and not a slope of
                residualised change.
    missing     people with both waves complete; n_lost counts the other person-waves
    raises      NotTestable, as in `cross_sectional_design`
    checked against R: lm on changes, sandwich::vcovHC

    >>> rng = np.random.default_rng(1)
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(100), 2), "wave": ["a", "b"] * 100,
    ...                       "wave_number": [1, 2] * 100, "x": rng.normal(size=200)})
    >>> panel["y"] = 0.5 * panel["x"] + rng.normal(size=200)
    >>> row = change_on_change(panel, "y", "x")
    >>> row.metric, row.n_people, row.n_obs, round(row.estimate, 2)
    ('beta_within', 100, 200, 0.47)
    """
    prepared = change_design(panel, outcome, predictor, covariates)
    fit = _ols(prepared)
    to_within_sd = change_scale(prepared)
    n_obs = 2 * len(prepared.y)
    return Estimate(
        **t_columns(
            fit.params[1] * to_within_sd, fit.HC3_se[1] * to_within_sd, prepared.residual_df, ci_level, alpha
        ),
        analysis="change", wave="all", outcome=outcome, term=f"{predictor}_within", metric="beta_within",
        n_people=len(prepared.y), n_obs=n_obs, n_lost=len(panel) - n_obs, method="OLS on changes, HC3",
        warnings="; ".join(prepared.warnings),
    )  # fmt: skip


def change_design(panel: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]) -> Design:
    """Changes of outcome, predictor and covariates that vary, of the people with both waves, in their own units."""
    varying = [covariate for covariate in covariates if covariate.get("varies")]
    require(panel, [covariate["name"] for covariate in covariates])
    rows = complete_cases(panel, outcome, predictor, varying).sort_values(["participant", "wave_number"])
    rows = rows[rows.groupby("participant")["wave"].transform("size") == 2].reset_index(drop=True)
    first, second = rows.iloc[0::2].reset_index(drop=True), rows.iloc[1::2].reset_index(drop=True)
    columns = covariate_columns(rows, varying)
    changes = columns.iloc[1::2].reset_index(drop=True) - columns.iloc[0::2].reset_index(drop=True)
    dy, dx = ((second[name] - first[name]).to_numpy(float) for name in (outcome, predictor))
    return design(dy, dx, changes, 0, scaled=False)


def change_scale(prepared: Design) -> float:
    """SDw(x) / SDw(y) of changes: from a slope of changes to `beta_within`."""
    return float(np.sqrt((prepared.x**2).mean() / (prepared.y**2).mean()))
