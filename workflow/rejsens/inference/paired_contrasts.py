"""Two ratings of the same people: the standardised mean difference, its interval, and the test of equivalence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy import optimize, special, stats

from rejsens.inference.covariates import Covariate, require, varies
from rejsens.inference.estimates import Estimate, NotTestable, smallest_detectable, t_columns
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF


def paired_contrast(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    sesoi: float = math.nan,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Mean of `outcome` minus `predictor` within people, in SDs of the differences (dz).

    frame       one row per person with the two ratings (of an ambiguous and an overt event; two indices of reasons)
    covariates  not used: both ratings come from one person
    sesoi       bounds of the equivalence test in dz; not a number: no test of equivalence
    returns     two rows: `dz` = mean / SD of the differences (n - 1), t test on n - 1, interval from the noncentral t
                distribution (exact for normal differences), se = dz / t = 1 / sqrt(n), p_equivalence the larger of the
                two one-sided p of the noncentral t against -+SESOI; and `b`, the mean difference in its own units with
                its t interval
    missing     people with both; n_lost counts the others
    raises      NotTestable: a column is absent, fewer than 11 people, the difference does not vary
    source      Cumming & Finch (2001), Educational and Psychological Measurement, 61, 532-574; Schuirmann (1987), doi 10.1007/BF01068419
    checked against R's t.test and uniroot on pt(ncp = )

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> base = rng.normal(size=100)
    >>> frame = pd.DataFrame({"a": base + 0.3 + rng.normal(size=100), "b": base})
    >>> dz, b = paired_contrast(frame, "a", "b", sesoi=0.2)
    >>> round(dz.estimate, 3), round(dz.ci_low, 3), round(dz.ci_high, 3), round(dz.p_equivalence, 3)
    (0.227, 0.028, 0.425, 0.603)
    """
    require(frame, [outcome, predictor])
    rows = frame.dropna(subset=[outcome, predictor])
    difference = rows[outcome].to_numpy(float) - rows[predictor].to_numpy(float)
    n = len(difference)
    if n - 1 < MINIMUM_RESIDUAL_DF:
        raise NotTestable(f"{n} people gave both ratings, too few for a paired contrast")
    if not varies(difference):
        raise NotTestable(f"{outcome} minus {predictor} does not vary among the {n} people")
    mean, se = float(difference.mean()), float(difference.std(ddof=1) / math.sqrt(n))
    common: dict[str, Any] = {
        "analysis": "paired_contrast", "wave": wave, "outcome": outcome, "term": f"{outcome} - {predictor}",
        "n_people": n, "n_obs": n, "n_lost": len(frame) - n,
    }  # fmt: skip
    t, scale = mean / se, 1 / math.sqrt(n)
    dz: dict[str, Any] = standardised_difference(t, n - 1, scale, ci_level, alpha)
    if math.isfinite(sesoi):
        dz |= {"sesoi": sesoi, "p_equivalence": equivalence_of_difference(t, n - 1, scale, sesoi)}
    return [
        Estimate(**common, **dz, metric="dz", method="paired t test, noncentral t interval"),
        Estimate(**common, **t_columns(mean, se, n - 1, ci_level, alpha), metric="b", method="paired t test"),
    ]


def standardised_difference(t: float, df: float, scale: float, ci_level: float, alpha: float) -> dict[str, float]:
    """Columns of a standardised mean difference d = t * scale whose t statistic is noncentral t with ncp d / scale.

    scale     1 / sqrt(n) within people; sqrt(1 / n1 + 1 / n2) between two groups

    >>> columns = standardised_difference(2.0, 99, 0.1, 0.95, 0.05)
    >>> round(columns["ci_low"], 3), round(columns["ci_high"], 3), columns["estimate"]
    (0.002, 0.397, 0.2)
    """
    low, high = (scale * end for end in noncentrality_interval(t, df, ci_level))
    low90, high90 = (scale * end for end in noncentrality_interval(t, df, 0.90))
    return {
        "estimate": float(t * scale), "se": float(scale), "statistic": float(t), "df": float(df),
        "p": float(2 * stats.t.sf(abs(t), df)), "ci_level": ci_level, "ci_low": low, "ci_high": high,
        "ci90_low": low90, "ci90_high": high90, "smallest_detectable": smallest_detectable(scale, df, alpha),
    }  # fmt: skip


def noncentrality_interval(t: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """The noncentrality parameters under which t lies at the upper and at the lower tail of (1 - level) / 2.

    >>> [round(end, 3) for end in noncentrality_interval(2.0, 99)]
    [0.015, 3.975]
    """
    tail = (1 - level) / 2
    reach = (
        2 * stats.norm.isf(tail) * math.sqrt(1 + t * t / (2 * df))
    )  # twice the normal approximation: far out it is NaN

    def end(share: float) -> float:
        return float(optimize.brentq(lambda ncp: special.nctdtr(df, ncp, t) - share, t - reach, t + reach, xtol=1e-10))

    return end(1 - tail), end(tail)


def equivalence_of_difference(t: float, df: float, scale: float, sesoi: float) -> float:
    """p of two one-sided tests that a standardised difference lies inside -+sesoi (noncentral t at the bounds).

    Below alpha exactly when the interval of level 1 - 2 alpha lies inside.
    """
    above_lower = 1 - float(special.nctdtr(df, -sesoi / scale, t))
    below_upper = float(special.nctdtr(df, sesoi / scale, t))
    return max(above_lower, below_upper)
