"""Linear mixed models by REML with Satterthwaite degrees of freedom; the only module that imports `mixedlm`.

Models whose only groups are people are fitted by sums over each person (`person_mixed`), which gives the same numbers in a
fraction of the time; `mixedlm` fits those of occasions within people, and whatever that search does not settle.

Checked against lme4 and lmerTest (tests/reference/inference.R): estimates, standard errors, degrees of freedom agree.
Its `anova_type3` and `emmeans` do not agree with R and are not used.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from rejsens.inference.estimates import EXACT, NO_ERROR, NotTestable
from rejsens.inference.person_mixed import fit_people, sums_of_people

INTERCEPT = "(Intercept)"


@dataclass(frozen=True)
class MixedFit:
    """Fixed effects by column name, and whether the fit is admissible."""

    estimate: Mapping[str, float]
    se: Mapping[str, float]
    df: Mapping[str, float]
    residual_sd: float
    random_sd: tuple[float, ...]  # of people: intercept, then slope
    converged: bool
    singular: bool
    loglik: float  # restricted, or of ML
    covariance: pd.DataFrame  # of the fixed effects, intercept first
    random_covariance: np.ndarray  # (q, q) of people: intercept, then slope
    occasion_sd: float = math.nan  # of occasions within people, where the model has them

    @property
    def problem(self) -> str:
        """Why the fit is not admissible, as a clause; empty when it is."""
        if not self.converged:
            return "the mixed model did not converge"
        if self.singular:
            return "the mixed model is singular: a variance is estimated as 0 or a correlation as 1"
        return ""


def fit_mixed_model(
    y: np.ndarray,
    columns: pd.DataFrame,
    person: np.ndarray,
    slope: str | None = None,
    *,
    occasion: np.ndarray | None = None,
    correlated: bool = True,
    reml: bool = True,
) -> MixedFit:
    """y = intercept + columns + person intercept (+ person slope of one column) (+ occasion intercept) + residual.

    y           (n,) float, no missing values
    columns     (n, k) float or bool fixed effects of full rank, without an intercept; any names
    person      (n,) labels of the people
    slope       name of the column with a random slope, or None
    occasion    (n,) labels of occasions within people, for several rows at one occasion; None leaves them out
    correlated  whether random intercept and slope covary
    reml        REML, else ML (to compare likelihoods)
    returns     MixedFit; degrees of freedom by Satterthwaite (1946, doi 10.2307/3002019) as in lmerTest
    raises      NotTestable: the columns fit y without error, or the search ends without a solution
    checked against R: lmerTest::lmer

    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(np.arange(40), 4)
    >>> x = rng.normal(size=160)
    >>> y = 0.5 * x + rng.normal(size=40)[person] + rng.normal(size=160)
    >>> fit = fit_mixed_model(y, pd.DataFrame({"x": x}), person)
    >>> fit.problem, round(fit.estimate["x"], 3), round(fit.se["x"], 3), round(fit.df["x"])
    ('', 0.464, 0.092, 128)
    """
    if occasion is None:
        by_sums = _by_sums(y, columns, person, slope, correlated, reml)
        if by_sums is not None:
            return by_sums
    if _fits_without_error(y, columns):  # a deviance of minus infinity
        raise NotTestable(NO_ERROR)
    from mixedlm import lmer, satterthwaite_df

    plain = {name: f"v{position}" for position, name in enumerate(columns.columns)}  # formula-safe names
    data = (
        columns.astype(float).rename(columns=plain).assign(y=y, person=[f"p{code}" for code in pd.factorize(person)[0]])
    )
    random = _person_terms(plain.get(slope, ""), correlated)
    if occasion is not None:
        data["occasion"] = [f"o{code}" for code in pd.factorize(occasion)[0]]
        random += " + (1 | occasion)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence and singularity are read off the fit
        try:
            fit = lmer(f"y ~ {' + '.join(plain.values()) or '1'} + {random}", data.reset_index(drop=True), REML=reml)
            df = satterthwaite_df(fit)
        except (ArithmeticError, RuntimeError, ValueError) as error:
            raise NotTestable("the mixed model finds no solution for these data") from error
    names = [INTERCEPT, *plain.values()]
    if list(df.param_names) != names:
        raise RuntimeError(f"mixedlm named its coefficients {df.param_names}, not {names}")
    labels, covariance = [INTERCEPT, *plain], np.asarray(fit.vcov())
    groups = {name: group for name, group in fit.VarCorr().groups.items() if name != "occasion"}
    spreads = {name: [float(sd) for sd in group.stddev.values()] for name, group in fit.VarCorr().groups.items()}
    return MixedFit(
        estimate=_named(labels, fit.beta),
        se=_named(labels, np.sqrt(np.diag(covariance))),
        df=_named(labels, df.df),
        residual_sd=float(fit.sigma),
        random_sd=tuple(sd for name, sds in spreads.items() if name != "occasion" for sd in sds),
        converged=bool(fit.converged),
        singular=bool(fit.isSingular()),
        occasion_sd=spreads.get("occasion", [math.nan])[0],
        loglik=float(getattr(fit.logLik(), "value", fit.logLik())),
        covariance=pd.DataFrame(covariance, index=labels, columns=labels),
        random_covariance=block_diag(*(np.asarray(group.cov, dtype=float) for group in groups.values())),
    )


def _named(labels: Sequence[str], values: np.ndarray) -> dict[str, float]:
    return dict(zip(labels, map(float, values), strict=True))


def _by_sums(
    y: np.ndarray, columns: pd.DataFrame, person: np.ndarray, slope: str | None, correlated: bool, reml: bool
) -> MixedFit | None:
    """The model by sums over people; None where they are not positive definite or the search did not end."""
    try:
        fit = fit_people(sums_of_people(columns, np.asarray(y, float), person, slope, reml), correlated)
    except (np.linalg.LinAlgError, ValueError):
        return None
    if not fit.converged or not np.isfinite(fit.vcov).all():
        return None
    labels = [INTERCEPT, *columns]
    return MixedFit(
        estimate=_named(labels, fit.beta), se=_named(labels, np.sqrt(fit.vcov.diagonal())), df=_named(labels, fit.df),
        residual_sd=fit.sigma, random_sd=tuple(map(float, np.sqrt(fit.random_covariance.diagonal()))), converged=True, singular=fit.singular,
        loglik=-fit.deviance / 2, covariance=pd.DataFrame(fit.vcov, index=labels, columns=labels),
        random_covariance=fit.random_covariance,
    )  # fmt: skip


def _fits_without_error(y: np.ndarray, columns: pd.DataFrame) -> bool:
    matrix = np.column_stack([np.ones(len(y)), columns.to_numpy(float)])
    residuals = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
    return not residuals @ residuals > EXACT**2 * (y @ y)


def _person_terms(slope: str, correlated: bool) -> str:
    if not slope:
        return "(1 | person)"
    return f"(1 + {slope} | person)" if correlated else f"(1 | person) + (0 + {slope} | person)"
