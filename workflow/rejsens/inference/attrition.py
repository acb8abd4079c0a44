"""Who is lost on the way, and what the within-person coefficient is when those who stay stand for those who left."""

from __future__ import annotations

import math
import warnings as python_warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special
from statsmodels.discrete.discrete_model import Logit

from rejsens.inference.covariates import (
    Covariate,
    covariate_columns,
    independent_columns,
    require,
    varies,
    wave_contrasts,
    z_scores,
)
from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.mixed import within_person_sd
from rejsens.inference.person_effects import person_fixed_effects

MODEL, WEIGHTED = "attrition", "inverse_probability"
FEWEST = 10  # people lost, and people kept, below which there is no model of who is lost
EDGE = 1e-8  # fitted probabilities nearer to 0 or 1 mean that the groups are told apart completely


def attrition_model(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Who of the first wave is without the outcome in the last one? A logistic regression on the first wave.

        logit P(lost_i) = b0 + b1 z(y_i1) + b2 z(x_i1) + covariates at the first wave

    panel       two or more waves; first and last are those of the waves that hold the outcome
    returns     one row for outcome, predictor and each covariate column, metric `log_odds`: difference in the log odds
                of being lost per SD (numbers) or against the most frequent level (categories), among people of the
                first wave (*between* people). Maximum likelihood, z tests. Differences here speak against "missing
                completely at random"; none of them says that what is missing depends on nothing else
    missing     people of the first wave with outcome, predictor and covariates there; n_lost counts its other people
    raises      NotTestable: one wave, fewer than ten people lost or kept, or groups told apart completely
    checked against R: glm(family = binomial)

    >>> rng = np.random.default_rng(1)
    >>> y, x = rng.normal(size=(2, 300))
    >>> lost = rng.random(300) < 1 / (1 + np.exp(1 + 0.8 * y))
    >>> panel = pd.DataFrame({"participant": np.tile(np.arange(300), 2), "wave": ["w1"] * 300 + ["w2"] * 300,
    ...                       "wave_number": [1] * 300 + [2] * 300, "x": np.tile(x, 2),
    ...                       "y": np.concatenate([y, np.where(lost, np.nan, y)])})
    >>> [(row.term, round(row.estimate, 2)) for row in attrition_model(panel, "y", "x")]
    [('y at w1', -0.71), ('x at w1', -0.24)]
    """
    first, columns, waves, n_lost = _baseline(panel, outcome, predictor, covariates)
    held = panel.loc[(panel["wave"] == waves[-1]) & panel[outcome].notna(), "participant"]
    lost = ~first["participant"].isin(held).to_numpy()
    estimate, covariance, _ = logistic(lost, columns)
    blank = Estimate(
        analysis=MODEL, wave=f"{waves[0]} to {waves[-1]}", outcome="lost", metric="log_odds", n_people=len(first),
        n_obs=len(first), n_lost=n_lost, ci_level=ci_level, method="logistic regression, maximum likelihood",
    )  # fmt: skip
    return [
        replace(
            blank, term=name, **t_columns(float(estimate[k]), math.sqrt(covariance[k, k]), math.inf, ci_level, alpha)
        )
        for k, name in enumerate(columns.columns, start=1)
    ]


def weighted_within(
    panel: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Sensitivity of the within coefficient to who is missing: inverse-probability weights, person fixed effects.

    Weights   at each later wave, P(analysed at t) / P(analysed at t | first wave), both among the people of the first
              wave; the second by the logistic model of `attrition_model`. A person-wave whose like are often missing
              counts for them. The first wave, and a wave that fewer than ten people miss (or attend), weighs 1
    returns   one row, `beta_within`: weighted least squares of the outcome on the predictor, the waves and the within
              parts of the covariates that vary, with person fixed effects; pooled within-person SDs as in
              `within_between` (unweighted), sandwich standard error clustered by person times sqrt(G / (G - 1)), t on
              G - 1. The weights are taken as known, which makes the standard error a little too large (Robins, Hernán
              & Brumback, 2000, Epidemiology, 11, 550-560). `warnings` names the largest weight
    assumes   what is missing at a wave depends on the first wave only, through the columns of the logistic model
    missing   complete person-waves of people with a complete first wave, with at least two waves
    raises    NotTestable, as `attrition_model`, or where the predictor does not vary within people
    checked against R: glm, lm(weights = ), sandwich::vcovCL

    >>> rng = np.random.default_rng(1)
    >>> x, level = rng.normal(size=(300, 3)), rng.normal(size=(300, 1))
    >>> y = level + 0.3 * x + rng.normal(size=(300, 3))
    >>> y[rng.random(300) < 1 / (1 + np.exp(1 + y[:, 0])), 2] = np.nan
    >>> panel = pd.DataFrame({"participant": np.repeat(np.arange(300), 3), "wave": ["w1", "w2", "w3"] * 300,
    ...                       "wave_number": [1, 2, 3] * 300, "x": x.ravel(), "y": y.ravel()})
    >>> (row,) = weighted_within(panel, "y", "x")
    >>> round(row.estimate, 2), row.n_people
    (0.33, 300)
    """
    first, columns, waves, _ = _baseline(panel, outcome, predictor, covariates)
    varying = [covariate for covariate in covariates if covariate.get("varies")]
    rows = panel.dropna(subset=[outcome, predictor, *(covariate["name"] for covariate in varying)])
    rows = rows[rows["participant"].isin(first["participant"]) & rows["wave"].isin(waves)].reset_index(drop=True)
    weights, notes = _weights(rows, first, columns, waves)
    keep = rows["participant"].duplicated(keep=False).to_numpy()
    rows, weights = rows[keep].reset_index(drop=True), weights[keep]
    person = rows["participant"].to_numpy()
    y, x = rows[outcome].to_numpy(float), rows[predictor].to_numpy(float)
    scale = within_person_sd(x, person) / within_person_sd(y, person) if varies(y) and varies(x) else math.nan
    if not math.isfinite(scale) or not scale > 0:
        raise NotTestable("outcome or predictor does not vary within people over the complete person-waves")
    design = pd.concat([pd.DataFrame(wave_contrasts(rows)), covariate_columns(rows, varying)], axis=1).assign(
        predictor_=x
    )
    fit = person_fixed_effects(y, design, person, weights)
    notes.append(f"largest weight {weights.max():.2f}")
    return [
        Estimate(
            **t_columns(fit.estimate * scale, fit.se * scale, fit.n_people - 1, ci_level, alpha),
            analysis=WEIGHTED, wave="all", outcome=outcome, term=f"{predictor}_within", metric="beta_within",
            n_people=fit.n_people, n_obs=fit.n_obs,
            n_lost=len(panel) - fit.n_obs, missing_rule="inverse-probability weights", warnings="; ".join(notes),
            method="person fixed effects, inverse-probability weights, person-clustered standard error",
        )
    ]  # fmt: skip


def _baseline(
    panel: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str], int]:
    """People of the first wave, their columns, the waves that hold the outcome, and how many are incomplete."""
    names = [outcome, predictor, *(covariate["name"] for covariate in covariates)]
    require(panel, names)
    held = panel.dropna(subset=[outcome]).drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()
    if len(held) < 2:
        raise NotTestable("one wave holds the outcome: nobody can be lost")
    everybody = panel[panel["wave"] == held[0]]
    first = everybody.dropna(subset=names).reset_index(drop=True)
    if len(first) < FEWEST:
        raise NotTestable(f"{len(first)} people have a complete first wave")
    columns = pd.DataFrame(
        {f"{name} at {held[0]}": z_scores(first[name].to_numpy(float)) for name in (outcome, predictor)}
    )
    columns = pd.concat([columns, covariate_columns(first, covariates)], axis=1)
    return first, columns[independent_columns(columns)], held, len(everybody) - len(first)


def logistic(lost: np.ndarray, columns: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (intercept first), their covariance, fitted probabilities of the logistic regression of `lost`.

    lost      bool, one per person; columns: one row per person, without an intercept
    raises    NotTestable: fewer than ten people lost or kept, or groups told apart completely
    """
    n_lost = int(lost.sum())
    if min(n_lost, len(lost) - n_lost) < FEWEST:
        raise NotTestable(f"{n_lost} of {len(lost)} people are lost; the model needs {FEWEST} lost and {FEWEST} kept")
    x = np.column_stack([np.ones(len(columns)), columns.to_numpy()])
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # separation and convergence are read off the fit
        try:
            fit = Logit(lost.astype(float), x).fit(disp=0, maxiter=100, tol=1e-12)
        except np.linalg.LinAlgError:
            raise NotTestable("the first wave tells completely who is lost") from None
    fitted = special.expit(x @ fit.params)
    if not fit.mle_retvals["converged"] or (np.minimum(fitted, 1 - fitted) < EDGE).any():
        raise NotTestable("the first wave tells completely who is lost")
    return fit.params, np.asarray(fit.cov_params()), fitted


def _weights(
    rows: pd.DataFrame, first: pd.DataFrame, columns: pd.DataFrame, waves: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Stabilised weight of each row, and the waves that were not weighted."""
    weights, notes, at = np.ones(len(rows)), [], rows.groupby("wave").indices
    for wave in waves[1:]:
        here = at.get(wave, np.empty(0, dtype=int))
        seen = rows["participant"].iloc[here]
        kept = first["participant"].isin(seen).to_numpy()
        if min(kept.sum(), (~kept).sum()) < FEWEST:
            notes.append(f"{wave} is not weighted: fewer than {FEWEST} people are missing or present")
            continue
        _, _, lost = logistic(~kept, columns)
        weight = pd.Series(kept.mean() / (1 - lost), index=first["participant"])
        weights[here] = weight.loc[seen].to_numpy()
    return weights, notes
