"""Planning: what a correlation needs. The smallest effect that a finished analysis could detect is in `estimates`."""

from __future__ import annotations

import math

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
