"""Shares of people with Wilson intervals, and their order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate, require
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.inference.power import smallest_detectable_share
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF
from rejsens.inference.wilson import wilson_interval


def proportion(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str = "",
    covariates: Sequence[Covariate] = (),
    *,
    at_least: float,
    against: float | None = None,
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Share of people whose answer is `at_least` a given value, with a Wilson score interval.

    frame       one row per person (of those the share is about: filter before)
    predictor, covariates   not used; there so that every model is called alike
    at_least    an answer counts when it is this value or higher
    against     a share to test against (score test, the one that the interval inverts); None: no test
    returns     one row, metric `share`, estimate in 0 .. 1; `se` is sqrt(p (1 - p) / n); with `against`, statistic is
                the z of the score test, df infinite and smallest_detectable the distance from `against`
    missing     people who answered; n_lost counts the others
    raises      NotTestable: the column is absent, fewer than 10 people answered. Whether the count behind the share may
                be shown (min_cell) is for the caller to judge
    source      Wilson (1927), Journal of the American Statistical Association, 22, 209-212
    checked against R's prop.test(correct = FALSE)

    >>> row = proportion(pd.DataFrame({"reason": [1, 2, 3, 4, 5] * 8}), "reason", at_least=4)[0]
    >>> row.estimate, round(row.ci_low, 3), round(row.ci_high, 3)
    (0.4, 0.263, 0.554)
    """
    require(frame, [outcome])
    answered = frame[outcome].dropna()
    n = len(answered)
    if n < MINIMUM_RESIDUAL_DF:
        raise NotTestable(f"{n} people answered, too few for a share")
    share = float((answered >= at_least).mean())
    (low, high), (low90, high90) = (wilson_interval(share, n, level) for level in (ci_level, 0.90))
    row = Estimate(
        analysis="proportion", wave=wave, outcome=outcome, term=f"{outcome} at least {at_least:g}", metric="share",
        estimate=share, se=math.sqrt(share * (1 - share) / n), ci_level=ci_level, ci_low=low, ci_high=high,
        ci90_low=low90, ci90_high=high90, n_people=n, n_obs=n, n_lost=len(frame) - n, method="Wilson score interval",
    )  # fmt: skip
    if against is None:
        return [row]
    z = (share - against) / math.sqrt(against * (1 - against) / n)
    p = float(2 * stats.norm.sf(abs(z)))
    method = f"Wilson score interval; score test against {against:g}"
    detectable = smallest_detectable_share(n, against, alpha)
    return [replace(row, statistic=z, df=math.inf, p=p, method=method, smallest_detectable=detectable)]


def ranked_proportions(
    frame: pd.DataFrame, outcomes: Sequence[str], *, at_least: float, wave: str = "", ci_level: float = 0.95
) -> list[Estimate]:
    """`proportion` of several answers, the highest share first; each over those who answered it (rows as there).

    >>> frame = pd.DataFrame({"a": [0, 1] * 10, "b": [1, 1, 1, 0] * 5})
    >>> [row.outcome for row in ranked_proportions(frame, ["a", "b"], at_least=1)]
    ['b', 'a']
    """
    rows = [proportion(frame, name, at_least=at_least, wave=wave, ci_level=ci_level)[0] for name in outcomes]
    return sorted(rows, key=lambda row: -row.estimate)
