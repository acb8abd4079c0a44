"""What a correlation needs, and what a finished design could find. Nothing here looks at the estimate that was found.

The smallest effect that a t test detects is `estimates.smallest_detectable`; here are those of other tests, what remains of
them under a family's correction, and the bounds within which an absence could be shown.
"""

from __future__ import annotations

import math

from scipy import optimize, special, stats

from rejsens import pingouin_adapter
from rejsens.inference.estimates import POWER


def people_needed(r: float, alpha: float = 0.05, power: float = POWER) -> int:
    """Smallest number of people with which the two-sided test of a correlation of size r reaches the stated power.

    Stands for a standardised coefficient too when the covariates explain little of predictor and outcome.

    >>> people_needed(0.10), people_needed(0.10, power=0.90)
    (782, 1046)
    """
    return math.ceil(pingouin_adapter.power_of_correlation(r=abs(r), alpha=alpha, power=power))


def smallest_detectable_r(n: int, alpha: float = 0.05, power: float = POWER) -> float:
    """Size of the correlation that n people detect with the stated power; missing below four people.

    >>> round(smallest_detectable_r(600), 3)
    0.114
    """
    return pingouin_adapter.power_of_correlation(n=n, alpha=alpha, power=power) if n > 3 else math.nan


def smallest_detectable_share(n: int, against: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Distance from the share tested against that the score test finds with the stated power; missing where none is so far.

    formula   the d with P(|z| > z(1 - alpha / 2)) = power for a share of against + d, by the normal distribution with that
              share's own variance; of the two sides the farther one, as a row does not say on which it lies
    checked against the exact binomial rejection rate

    >>> round(smallest_detectable_share(400, 0.5), 3)
    0.07
    """
    sides = [_detectable_on(side, n, against, alpha, power) for side in (-1, 1)]
    return max(sides) if all(map(math.isfinite, sides)) else math.nan


def _detectable_on(side: int, n: int, against: float, alpha: float, power: float) -> float:
    reach = stats.norm.isf(alpha / 2) * math.sqrt(against * (1 - against) / n)
    room = against if side < 0 else 1 - against

    def lacking(d: float) -> float:
        share = against + side * d
        return (d - reach) - stats.norm.ppf(power) * math.sqrt(max(share * (1 - share), 0.0) / n)

    return optimize.brentq(lacking, 0, room) if room > 0 and lacking(room) > 0 else math.nan


def smallest_detectable_r2(n: int, df: float, r2: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Added R squared of one predictor that its F test on 1 and df finds with the stated power.

    r2        R squared of the whole model, taken as reached
    formula   noncentral F with lambda = n * added / (1 - r2), which is noncentral t with sqrt(lambda)
    source    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section 9.2
    checked against the noncentral F distribution

    >>> round(smallest_detectable_r2(200, 195, 0.2), 4)
    0.0317
    """
    noncentrality = special.nctdtrinc(df, 1 - power, stats.t.ppf(1 - alpha / 2, df))
    return float(noncentrality**2 * (1 - r2) / n)


def after_correction(detectable: float, df: float, metric: str, tests: int, alpha: float = 0.05) -> float:
    """The smallest detectable effect of a test that stands alone in its family: its p must then be below alpha / tests.

    detectable   the one before correction; df those of the test (infinite, or missing, for z)
    metric       `delta_r2` goes with the square of the noncentrality, `r` with its Fisher z
    returns      what Holm's and Benjamini and Hochberg's procedures leave in the worst case; where other hypotheses of the
                 family are found too, they ask for less

    >>> round(after_correction(0.10, 1000, "beta", 15), 3), after_correction(0.10, 1000, "beta", 1)
    (0.135, 0.1)
    """
    df = df if math.isfinite(df) else 1e9
    wide, narrow = (
        special.nctdtrinc(df, 1 - POWER, stats.t.ppf(1 - level / 2, df)) for level in (alpha, alpha / max(tests, 1))
    )
    ratio = float(narrow / wide)
    if metric == "r":
        return math.tanh(math.atanh(detectable) * ratio)
    return detectable * (ratio**2 if metric == "delta_r2" else ratio)


def equivalence_bounds(
    se: float, df: float, alpha: float = 0.05, power: float = POWER, *, one_sided: bool = False
) -> float:
    """The narrowest +-bounds within which two one-sided tests show equivalence with the stated power if the effect is zero.

    one_sided  of one bound only, which is non-inferiority
    formula   se * (t(1 - alpha) + t((1 + power) / 2)); of one bound se * (t(1 - alpha) + t(power))
    source    Julious (2004), doi 10.1002/sim.1783, for an expected difference of zero
    checked against drawn tests

    >>> round(equivalence_bounds(0.03, 500), 3)
    0.088
    """
    df = df if math.isfinite(df) else 1e9
    reached = power if one_sided else (1 + power) / 2
    return float(se * (stats.t.ppf(1 - alpha, df) + stats.t.ppf(reached, df)))
