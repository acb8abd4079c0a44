"""Two groups of people: the standardised mean difference with its interval, and Welch's test."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from rejsens.inference.covariates import Covariate, require, varies
from rejsens.inference.estimates import Estimate, NotTestable, t_columns
from rejsens.inference.paired_contrasts import equivalence_of_difference, standardised_difference
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF


def group_contrast(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    groups: tuple[Hashable, Hashable] | None = None,
    sesoi: float = math.nan,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Mean of the outcome in one group minus its mean in the other, in pooled SDs (d).

    frame       one row per person; `predictor` holds the group
    covariates  not used; the difference given covariates is `cross_sectional` of the outcome on a 0/1 column
    groups      (first, second): first minus second. Default: the two values there are, the higher minus the lower
    sesoi       bounds of the equivalence test in d; not a number: none
    returns     two rows: `d` = difference / pooled SD, Student's t on n1 + n2 - 2, interval from the noncentral t
                distribution, se = sqrt(1 / n1 + 1 / n2), p_equivalence from the noncentral t at -+SESOI; and `b`, the
                difference in its own units with Welch's t interval, which does not assume equal variances
    missing     people with both; n_lost counts those of the two groups, or of no known group, without; people of other
                groups are not asked about
    raises      NotTestable: a column is absent, more than two groups and none named, a group of fewer than 10 people,
                an outcome that does not vary within groups
    source      Cumming & Finch (2001), Educational and Psychological Measurement, 61, 532-574; Welch (1947),
                Biometrika, 34, 28-35
    checked against R's t.test and uniroot on pt(ncp = )

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"g": ["a", "b"] * 60, "y": rng.normal(size=120)})
    >>> [(row.term, row.metric, round(row.estimate, 3)) for row in group_contrast(frame, "y", "g")]
    [('b - a', 'd', -0.038), ('b - a', 'b', -0.033)]
    """
    require(frame, [outcome, predictor])
    rows = frame.dropna(subset=[outcome, predictor])
    first, second = groups or _two_groups(rows[predictor], predictor)
    a, b = (rows.loc[rows[predictor] == group, outcome].to_numpy(float) for group in (first, second))
    if min(len(a), len(b)) < MINIMUM_RESIDUAL_DF:
        raise NotTestable(f"groups of {len(a)} and {len(b)} people; each needs at least {MINIMUM_RESIDUAL_DF}")
    if not varies(a) and not varies(b):
        raise NotTestable(f"{outcome} does not vary within the groups")
    n, df = len(a) + len(b), len(a) + len(b) - 2
    asked = frame[predictor].isin((first, second)) | frame[predictor].isna()
    variances = a.var(ddof=1), b.var(ddof=1)
    pooled = math.sqrt(((len(a) - 1) * variances[0] + (len(b) - 1) * variances[1]) / df)
    difference, scale = float(a.mean() - b.mean()), math.sqrt(1 / len(a) + 1 / len(b))
    t = difference / (pooled * scale)
    d: dict[str, Any] = standardised_difference(t, df, scale, ci_level, alpha)
    if math.isfinite(sesoi):
        d |= {"sesoi": sesoi, "p_equivalence": equivalence_of_difference(t, df, scale, sesoi)}
    parts = variances[0] / len(a), variances[1] / len(b)
    welch_df = sum(parts) ** 2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    common: dict[str, Any] = {
        "analysis": "group_contrast", "wave": wave, "outcome": outcome, "term": f"{_name(first)} - {_name(second)}",
        "n_people": n, "n_obs": n, "n_lost": int(asked.sum()) - n,
    }  # fmt: skip
    welch: dict[str, Any] = t_columns(difference, math.sqrt(sum(parts)), float(welch_df), ci_level, alpha)
    return [
        Estimate(**common, **d, metric="d", method="Student t test, noncentral t interval"),
        Estimate(**common, **welch, metric="b", method="Welch t test"),
    ]


def _two_groups(values: pd.Series, predictor: str) -> tuple[Hashable, Hashable]:
    found = sorted(values.unique())
    if len(found) != 2:
        raise NotTestable(f"{predictor} has {len(found)} groups among the complete cases; the contrast needs two")
    return found[1], found[0]


def _name(group: Hashable) -> str:
    return f"{group:g}" if isinstance(group, (int, float)) else str(group)
