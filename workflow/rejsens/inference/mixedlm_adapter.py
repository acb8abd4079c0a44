"""The only module that imports `mixedlm`: linear mixed models by REML with Satterthwaite degrees of freedom.

Checked against lme4 and lmerTest (tests/reference/inference.R): estimates, standard errors, degrees of freedom agree.
Its `anova_type3` and `emmeans` do not agree with R and are not used.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


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
    occasion_sd: float = math.nan  # of occasions within people, where the model has them
    loglik: float = math.nan  # restricted, or of ML
    covariance: pd.DataFrame | None = None  # of the fixed effects, intercept first

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
    columns     (n, k) float fixed effects of full rank, without an intercept; any names
    person      (n,) labels of the people
    slope       name of the column with a random slope, or None
    occasion    (n,) labels of occasions within people, for several rows at one occasion; None leaves them out
    correlated  whether random intercept and slope covary
    reml        REML, else ML (to compare likelihoods)
    returns     MixedFit; degrees of freedom by Satterthwaite (1946, doi 10.2307/3002019) as in lmerTest
    checked against R: lmerTest::lmer

    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(np.arange(40), 4)
    >>> x = rng.normal(size=160)
    >>> y = 0.5 * x + rng.normal(size=40)[person] + rng.normal(size=160)
    >>> fit = fit_mixed_model(y, pd.DataFrame({"x": x}), person)
    >>> fit.problem, round(fit.estimate["x"], 3), round(fit.se["x"], 3), round(fit.df["x"])
    ('', 0.464, 0.092, 128)
    """
    from mixedlm import lmer, satterthwaite_df

    plain = {name: f"v{position}" for position, name in enumerate(columns.columns)}  # formula-safe names
    data = columns.rename(columns=plain).assign(y=y, person=[f"p{code}" for code in pd.factorize(person)[0]])
    random = _person_terms(plain.get(slope, ""), correlated)
    if occasion is not None:
        data["occasion"] = [f"o{code}" for code in pd.factorize(occasion)[0]]
        random += " + (1 | occasion)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence and singularity are read off the fit
        fit = lmer(f"y ~ {' + '.join(plain.values()) or '1'} + {random}", data.reset_index(drop=True), REML=reml)
        df = satterthwaite_df(fit)
    names = ["(Intercept)", *plain.values()]
    if list(df.param_names) != names:
        raise RuntimeError(f"mixedlm named its coefficients {df.param_names}, not {names}")
    labels, covariance = ["(Intercept)", *plain], np.asarray(fit.vcov())
    spreads = {name: [float(sd) for sd in group.stddev.values()] for name, group in fit.VarCorr().groups.items()}
    return MixedFit(
        *(dict(zip(labels, map(float, v), strict=True)) for v in (fit.beta, np.sqrt(np.diag(covariance)), df.df)),
        residual_sd=float(fit.sigma),
        random_sd=tuple(sd for name, sds in spreads.items() if name != "occasion" for sd in sds),
        converged=bool(fit.converged),
        singular=bool(fit.isSingular()),
        occasion_sd=spreads.get("occasion", [math.nan])[0],
        loglik=float(getattr(fit.logLik(), "value", fit.logLik())),
        covariance=pd.DataFrame(covariance, index=labels, columns=labels),
    )


def _person_terms(slope: str, correlated: bool) -> str:
    if not slope:
        return "(1 | person)"
    return f"(1 + {slope} | person)" if correlated else f"(1 | person) + (0 + {slope} | person)"
