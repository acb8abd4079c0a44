"""Power and precision of a planned study: by an exact formula, or by simulation with the pipeline's own models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from rejsens.inference.cross_lagged import ri_clpm
from rejsens.inference.cross_level import cross_level
from rejsens.inference.estimates import NOT_TESTABLE, POWER, Estimate, NotTestable, t_interval
from rejsens.inference.mixed import within_between
from rejsens.inference.moderation import moderation
from rejsens.inference.planned_panel import (
    BETWEEN,
    INTERACTION,
    LAGGED,
    MODERATOR,
    OUTCOME,
    PREDICTOR,
    WITHIN,
    Plan,
    problems,
    simulate,
)
from rejsens.inference.regression import change_on_change, cross_sectional
from rejsens.inference.wilson import wilson_interval
from rejsens.problems import Problem, Refused
from rejsens.seeds import generator

DRAWS = 400
FEWEST_DRAWS = 50
FORMULA, SIMULATION = "formula", "simulation"
_NODES = 64  # of the quadrature over the predictor's sum of squares


@dataclass(frozen=True)
class Planned:
    """What one planned study would reach; the fields are the columns of the table.

    effect               as stated: between error-free scores
    expected             what the model then estimates on average, between scores as they are observed
    power                share of studies in which p is below alpha / tests and the sign is the effect's (no effect: any
                         sign); power_low and power_high its 95 % Wilson interval, missing for a formula
    width                expected width of the printed interval: the median over draws
    smallest_detectable  the effect found with 80 % power, between scores as they are observed; smallest_error_free the
                         same between error-free scores (missing when the stated effect is 0: nothing to scale by)
    people_needed        about how many people find the stated effect with 80 % power, all else alike; from the standard
                         error's fall with the root of people, exact for a formula; missing when the effect is 0
    within_sesoi         share of studies that end with the verdict "equivalent"; missing without a SESOI
    not_testable         share of studies whose model gave no estimate, with the commonest `reason`; they count as not
                         finding the effect
    """

    kind: str
    people: int
    waves: int
    effect: float
    method: str
    draws: int
    power: float
    power_low: float
    power_high: float
    expected: float
    width: float
    smallest_detectable: float
    smallest_error_free: float
    people_needed: float
    within_sesoi: float = math.nan
    not_testable: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class _Draw:
    estimate: float
    p: float
    width: float
    smallest_detectable: float
    ci90: float  # the end of the 90 % interval that is farther from 0
    reason: str = ""


def power_table(
    plans: Sequence[Plan],
    *,
    draws: int = DRAWS,
    seed: int = 1,
    sesoi: float = math.nan,
    simulate_all: bool = False,
    cores: int = 1,
    progress: Callable[[Plan, int, int], None] | None = None,
) -> pd.DataFrame:
    """One row for each planned study: power, precision, smallest detectable effect.

    plans         as many as wanted, such as several numbers of people
    draws         simulated studies for each plan but those of two scores in one wave, which a formula covers; 50 or
                  more. The Monte Carlo standard error of a power near .80 is .4 / sqrt(draws): .02 with 400
    seed          each draw has a generator of its own from seed, people, waves and its number: the same rows in any
                  order and with any number of cores
    sesoi         the verdict "equivalent" is counted against it, between scores as they are observed
    simulate_all  also where a formula would do
    progress      called with the plan, draws done and draws in all
    returns       DataFrame, columns as in `Planned`
    models        one wave: `cross_sectional` or `moderation`; two: `change_on_change` (within), `within_between`
                  (between); more: `within_between`, `cross_level`, `ri_clpm`. No covariates: the effect is net of them
    raises        Refused: a plan that cannot be simulated, every fault of every plan at once
    checked against a power worked out in other ways: tests/unit/test_planner.py

    >>> power_table([Plan("between", 782, 1, 0.10)])[["method", "power"]].round(3).values.tolist()
    [['formula', 0.8]]
    """
    refuse([*(problem for plan in plans for problem in problems(plan)), *_call_problems(draws, sesoi)])
    rows = []
    for plan in plans:
        if plan.kind == BETWEEN and not plan.panel and not simulate_all:
            rows.append(by_formula(plan, sesoi))
        else:
            watched = partial(progress, plan) if progress else None
            rows.append(_summary(plan, _draws(plan, draws, seed, cores, watched), sesoi))
    return pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(Planned)])


def refuse(found: Iterable[Problem]) -> None:
    """Raise Refused with every distinct fault, if there is one."""
    distinct = list(dict.fromkeys(found))
    if distinct:
        raise Refused(distinct, "The plan")


def _call_problems(draws: int, sesoi: float) -> list[Problem]:
    cause = "Plans that cannot be simulated"
    few = [] if draws >= FEWEST_DRAWS else [Problem("draws", cause, f"{draws}", f"{FEWEST_DRAWS} or more")]
    return few if math.isnan(sesoi) or sesoi > 0 else [*few, Problem("sesoi", cause, f"{sesoi:g}", "above 0")]


# --- by formula ------------------------------------------------------------------------------------------------------


def by_formula(plan: Plan, sesoi: float = math.nan) -> Planned:
    """Two scores of people in one wave: exact for the classical t test, see `power_of_correlation`.

    The robust standard error of `cross_sectional` costs a little power with few people.

    raises    ValueError for another kind of plan
    """
    if plan.panel or plan.kind != BETWEEN:
        raise ValueError(f"no formula covers {plan.waves} waves of kind {plan.kind!r}")
    attenuation = math.sqrt(plan.reliability_predictor * plan.reliability_outcome)
    observed, n, df = plan.effect * attenuation, plan.people, plan.people - 2

    def short(r: float, people: float) -> float:
        return power_of_correlation(abs(r), people, plan.level) - POWER

    detectable = optimize.brentq(short, 1e-6, 0.999, args=(n,))
    needed = math.nan
    if observed:
        most = 50 / observed**2
        while short(observed, most) < 0:
            most *= 2
        needed = float(math.ceil(optimize.brentq(lambda people: short(observed, people), 4, most) - 1e-6))
    se = math.sqrt((1 - observed**2) / df)
    low, high = t_interval(observed, se, df, plan.ci_level)
    return Planned(
        plan.kind, n, plan.waves, plan.effect, FORMULA, 0, power_of_correlation(abs(observed), n, plan.level), math.nan,
        math.nan, observed, high - low, detectable, detectable / attenuation, needed,
        _equivalent(observed, se, df, sesoi),
    )  # fmt: skip


def _equivalent(estimate: float, se: float, df: int, sesoi: float) -> float:
    """Chance that a 90 % interval falls inside the SESOI, the standard error taken as known."""
    if math.isnan(sesoi):
        return math.nan
    room = sesoi - stats.t.ppf(0.95, df) * se
    if room <= 0:
        return 0.0
    return float(stats.norm.cdf((room - estimate) / se) - stats.norm.cdf((-room - estimate) / se))


def power_of_correlation(r: float, n: float, alpha: float = 0.05) -> float:
    """Power of the two-sided t test of a correlation between two normal scores, in the direction of r.

    r, n      size of the correlation in the population (0 to 1); people
    returns   given x, t is noncentral t with n - 2 degrees of freedom and noncentrality r / sqrt(1 - r^2) * sqrt(Sxx),
              and Sxx is chi-square with n - 1: the mean of the noncentral t over it, by Gauss-Legendre quadrature on
              its quantiles. With r = 0 the rate of rejections, alpha. Stands for a standardised coefficient as well
    checked against simulation and pwr's approximation (`people_needed`)

    >>> round(power_of_correlation(0.10, 782), 3), round(power_of_correlation(0.30, 84), 3), power_of_correlation(0, 50)
    (0.8, 0.8, 0.05)
    """
    if r == 0:
        return alpha
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    spread = stats.chi2.ppf((nodes + 1) / 2, n - 1)
    return float(weights @ _beyond(n - 2, r / math.sqrt(1 - r * r) * np.sqrt(spread), alpha) / 2)


def _beyond(df: float, noncentrality: np.ndarray, alpha: float) -> np.ndarray:
    """Chance that a noncentral t exceeds the two-sided critical value; 1 far beyond it, where scipy gives no number."""
    critical = stats.t.ppf(1 - alpha / 2, df)
    far = noncentrality > 3 * critical + 20
    return np.where(far, 1.0, 1 - special.nctdtr(df, np.where(far, 0.0, noncentrality), critical))


# --- by simulation ---------------------------------------------------------------------------------------------------


def _draws(plan: Plan, draws: int, seed: int, cores: int, progress: Callable[[int, int], None] | None) -> list[_Draw]:
    one = partial(_draw, plan, seed)
    if cores == 1:
        return _watched(map(one, range(draws)), draws, progress)
    with ProcessPoolExecutor(cores) as pool:
        return _watched(pool.map(one, range(draws), chunksize=5), draws, progress)


def _watched(found: Iterable[_Draw], draws: int, progress: Callable[[int, int], None] | None) -> list[_Draw]:
    done = []
    for draw in found:
        done.append(draw)
        if progress:
            progress(len(done), draws)
    return done


def _draw(plan: Plan, seed: int, number: int) -> _Draw:
    """One simulated study and the row of the pipeline's model that would carry its verdict."""
    rng = generator(seed, "power", str(plan.people), str(plan.waves), str(number))
    try:
        row = _model(plan, simulate(plan, rng))
    except NotTestable as refusal:
        return replace(_NOTHING, reason=str(refusal))
    if row.status == NOT_TESTABLE or not math.isfinite(row.estimate):
        return replace(_NOTHING, reason=row.reason or NOT_TESTABLE)
    farther = max(abs(row.ci90_low), abs(row.ci90_high))
    return _Draw(row.estimate, row.p, row.ci_high - row.ci_low, row.smallest_detectable, farther)


_NOTHING = _Draw(math.nan, math.nan, math.nan, math.nan, math.nan)


def _model(plan: Plan, panel: pd.DataFrame) -> Estimate:
    asked: dict[str, Any] = {"outcome": OUTCOME, "predictor": PREDICTOR, "ci_level": plan.ci_level, "alpha": plan.level}
    if plan.kind == INTERACTION:
        model = partial(cross_level, simple_slopes=False) if plan.panel else moderation
        return model(panel, moderator=MODERATOR, **asked)[0]
    if plan.kind == LAGGED:
        return ri_clpm(panel, test_equality=False, **asked)[0]
    if not plan.panel:
        return cross_sectional(panel, **asked)[0]
    if plan.kind == WITHIN and plan.waves == 2:
        return change_on_change(panel, **asked)
    rows = within_between(panel, random_slope=plan.slope_sd > 0, **asked)
    return next(row for row in rows if row.metric == f"beta_{plan.kind}")


def _summary(plan: Plan, draws: Sequence[_Draw], sesoi: float) -> Planned:
    n = len(draws)
    found = pd.DataFrame([asdict(draw) for draw in draws])
    sign = np.sign(plan.effect) or np.sign(found["estimate"])
    hits = (found["p"] < plan.level) & (found["estimate"] * sign > 0)
    low, high = wilson_interval(hits.mean(), n)
    expected, detectable = found["estimate"].mean(), found["smallest_detectable"].median()
    scale = expected / plan.effect if plan.effect else math.nan
    reasons = found.loc[found["estimate"].isna(), "reason"]
    return Planned(
        plan.kind, plan.people, plan.waves, plan.effect, SIMULATION, n, float(hits.mean()), low, high, expected,
        found["width"].median(), detectable, detectable / scale if scale > 0 else math.nan,
        float(np.ceil(plan.people * (detectable / expected) ** 2)) if scale > 0 else math.nan,
        float((found["ci90"] < sesoi).mean()) if math.isfinite(sesoi) else math.nan,
        len(reasons) / n, "" if reasons.empty else reasons.mode()[0],
    )  # fmt: skip
