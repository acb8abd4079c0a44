"""A study that is only planned: what is expected of it, what it cannot hold, and one simulated set of its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.problems import Problem

BETWEEN, WITHIN, LAGGED, INTERACTION = "between", "within", "lagged", "interaction"
MINIMUM_WAVES = {BETWEEN: 1, WITHIN: 2, LAGGED: 3, INTERACTION: 1}
LEVEL_CORRELATION = 0.30  # of the two scores' stable levels, where the plan is about something else
OUTCOME, PREDICTOR, MODERATOR = "y", "x", "m"


@dataclass(frozen=True)
class Plan:
    """One planned study. Effects hold between error-free scores, in their standard deviations.

    kind        between: two scores of people (one wave), or their stable levels (several); within: a person's own
                ups and downs at the same wave; lagged: ups and downs of the predictor with the outcome's at the next
                wave, as in `ri_clpm`; interaction: how the coefficient differs per SD of a moderator (one wave: of
                `between`; three and more: of `within`)
    attrition   share of those still in who leave before each later wave, whatever they answered
    reliability_*   share of a score's variance in one wave that is not error
    icc         share of a score's variance in one wave that is the person's stable level; the rest is change and error,
                so that the reliability of the change is 1 - (1 - reliability) / (1 - icc). Not used with one wave
    slope_sd    SD over people of the within-person coefficient; with 0 the model holds no random slope
    main_effect interaction only: the coefficient at the moderator's mean
    carry_over  lagged only: each score's own path from wave to wave
    tests       in the family: each test is made at alpha / tests, the first step of Holm's correction
    """

    kind: str
    people: int
    waves: int
    effect: float
    attrition: float = 0.0
    reliability_predictor: float = 1.0
    reliability_outcome: float = 1.0
    reliability_moderator: float = 1.0
    icc: float = 0.5
    slope_sd: float = 0.0
    main_effect: float = 0.0
    carry_over: float = 0.3
    alpha: float = 0.05
    tests: int = 1
    ci_level: float = 0.95

    @property
    def level(self) -> float:
        """The two-sided level of one test."""
        return self.alpha / self.tests

    @property
    def panel(self) -> bool:
        return self.waves > 1


def change_reliability(reliability: float, icc: float) -> float:
    """Reliability of a score's ups and downs within people: 1 - (1 - reliability) / (1 - icc).

    All error of one wave lies within people, so the smaller part of the variance carries the whole of it.

    >>> round(change_reliability(0.85, 0.60), 3)
    0.625
    """
    return 1 - (1 - reliability) / (1 - icc)


def problems(plan: Plan) -> list[Problem]:
    """Everything that makes a plan impossible, as sentences; empty when it can be simulated."""
    found = [_outside(name, value, low, high) for name, value, low, high in _ranges(plan) if not low <= value <= high]
    if plan.kind not in MINIMUM_WAVES:
        found.append(_refusal("kind", f"“{plan.kind}” is not known", ", ".join(MINIMUM_WAVES)))
    return found or [*_design_problems(plan), *_variance_problems(plan)]


def _ranges(plan: Plan) -> list[tuple[str, float, float, float]]:
    """Setting, value, lowest and highest that is allowed."""
    shares = ("reliability_predictor", "reliability_outcome", "reliability_moderator")
    return [
        ("people", plan.people, 20, 100_000), ("waves", plan.waves, 1, 100), ("effect", plan.effect, -0.95, 0.95),
        ("attrition", plan.attrition, 0, 0.9), *((name, getattr(plan, name), 0.05, 1) for name in shares),
        ("icc", plan.icc, 0, 0.95), ("slope_sd", plan.slope_sd, 0, 0.95),
        ("main_effect", plan.main_effect, -0.95, 0.95), ("carry_over", plan.carry_over, -0.95, 0.95),
        ("alpha", plan.alpha, 1e-6, 0.5), ("tests", plan.tests, 1, 1000), ("ci_level", plan.ci_level, 0.5, 0.9999),
    ]  # fmt: skip


def _outside(name: str, value: float, low: float, high: float) -> Problem:
    return _refusal(name.replace("_", "-"), f"{value:g}", f"from {low:g} to {high:g}")


def _refusal(where: str, found: str, allowed: str = "", fix: str = "") -> Problem:
    return Problem(where, "Plans that cannot be simulated", found, allowed, fix)


def _design_problems(plan: Plan) -> list[Problem]:
    found, needed = [], MINIMUM_WAVES[plan.kind]
    if plan.waves < needed:
        found.append(_refusal("waves", f"{plan.waves}; an effect of kind “{plan.kind}” needs {needed}"))
    if plan.kind == INTERACTION and plan.waves == 2:
        fix = "plan one wave, or three and more"
        found.append(_refusal("waves", "2, which cannot tell how far a coefficient differs between people", fix=fix))
    if not plan.panel and plan.attrition:
        found.append(_refusal("attrition", "nobody can leave a study of one wave", fix="leave it out"))
    if not plan.panel and plan.slope_sd:
        fix = "leave it out"
        found.append(_refusal("slope-sd", "with one wave nobody has a coefficient of their own", fix=fix))
    if plan.slope_sd and plan.kind in (BETWEEN, LAGGED):
        fix = "leave it out"
        found.append(
            _refusal("slope-sd", f"an effect of kind “{plan.kind}” has no coefficient of each person", fix=fix)
        )
    if plan.kind == INTERACTION and plan.waves > 2 and not plan.slope_sd:
        cause = "0; people's coefficients differ by more than the moderator, and the model always holds that"
        found.append(_refusal("slope-sd", cause, "above 0", "0.10 to 0.20 is a careful guess"))
    return found


def _variance_problems(plan: Plan) -> list[Problem]:
    found = []
    if plan.panel:
        for role in ("predictor", "outcome"):
            reliability = getattr(plan, f"reliability_{role}")
            if change_reliability(reliability, plan.icc) <= 0:
                text = f"{reliability:g} with an ICC of {plan.icc:g} leaves no change that is not error"
                fix = "check both: stable level and error cannot make up more than the whole variance"
                found.append(_refusal(f"reliability-{role}", text, f"above {plan.icc:g}", fix))
    if _residual_variance(plan) <= 0:
        found.append(_refusal("effect", "the stated effects explain more than all of the outcome", fix="lower them"))
    return found


def _residual_variance(plan: Plan) -> float:
    """Of the error-free outcome that carries the effect, whose variance is 1."""
    if plan.kind != LAGGED:
        other = plan.main_effect if plan.kind == INTERACTION else 0.0
        return 1 - plan.effect**2 - other**2 - plan.slope_sd**2
    a, b = plan.carry_over, plan.effect
    return 1 - a * a - b * b - 2 * a * b * _stationary_covariance(plan)


def _stationary_covariance(plan: Plan) -> float:
    """Of both scores' deviations at one wave, when both carry over by a and the predictor adds b: a b / (1 - a^2)."""
    return plan.carry_over * plan.effect / (1 - plan.carry_over**2)


def simulate(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """One draw of the planned study: normal scores of observed variance 1 in each wave.

    returns   one row per person-wave that took place: participant int, wave str, wave_number int, x, y and m float (m,
              the moderator, is one value per person and has nothing to do with x)
    missing   people who left have no later rows

    >>> panel = simulate(Plan("within", 100, 3, 0.2, attrition=0.1), np.random.default_rng(1))
    >>> panel.columns.tolist(), panel["wave_number"].value_counts().sort_index().tolist()
    (['participant', 'wave', 'wave_number', 'x', 'y', 'm'], [100, 94, 86])
    """
    n, waves = plan.people, plan.waves
    moderator = rng.normal(size=n)
    x, y = _panel_scores(plan, moderator, rng) if plan.panel else _one_wave_scores(plan, moderator, rng)
    stays = np.cumprod(np.column_stack([np.ones(n), rng.random((n, waves - 1)) >= plan.attrition]), axis=1).astype(bool)
    person, wave = np.nonzero(stays)
    shown = _with_error(moderator, plan.reliability_moderator, rng)
    names = np.array([f"w{k:02d}" for k in range(1, waves + 1)])
    return pd.DataFrame(
        {"participant": person, "wave": names[wave], "wave_number": wave + 1, PREDICTOR: x[stays], OUTCOME: y[stays],
         MODERATOR: shown[person]}
    )  # fmt: skip


def _with_error(true: np.ndarray, reliability: float, rng: np.random.Generator) -> np.ndarray:
    """Observed scores of variance 1 from true ones of variance 1."""
    return math.sqrt(reliability) * true + math.sqrt(1 - reliability) * rng.normal(size=true.shape)


def _one_wave_scores(plan: Plan, m: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(plan.people, 1))
    y = _answer(plan, x, m, rng)
    return _with_error(x, plan.reliability_predictor, rng), _with_error(y, plan.reliability_outcome, rng)


def _answer(plan: Plan, x: np.ndarray, m: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, waves) error-free outcome of variance 1 on x: a coefficient for each person."""
    coefficient = np.full(len(x), plan.effect)
    if plan.kind == INTERACTION:
        coefficient = plan.main_effect + plan.effect * m
    coefficient = coefficient + plan.slope_sd * rng.normal(size=len(x))
    return coefficient[:, None] * x + math.sqrt(_residual_variance(plan)) * rng.normal(size=x.shape)


def _panel_scores(plan: Plan, m: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n, waves) each: stable levels and deviations from them, error added to the deviations."""
    shape = (plan.people, plan.waves)
    together = plan.effect if plan.kind == BETWEEN else LEVEL_CORRELATION
    level_x = rng.normal(size=(plan.people, 1))
    level_y = together * level_x + math.sqrt(1 - together**2) * rng.normal(size=(plan.people, 1))
    if plan.kind == LAGGED:
        x, y = _lagged_deviations(plan, rng)
    else:
        x = rng.normal(size=shape)
        y = rng.normal(size=shape) if plan.kind == BETWEEN else _answer(plan, x, m, rng)
    rel_x, rel_y = (change_reliability(r, plan.icc) for r in (plan.reliability_predictor, plan.reliability_outcome))
    stable, changing = math.sqrt(plan.icc), math.sqrt(1 - plan.icc)
    return (
        stable * level_x + changing * _with_error(x, rel_x, rng),
        stable * level_y + changing * _with_error(y, rel_y, rng),
    )


def _lagged_deviations(plan: Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stationary: every wave has variance 1 and the same covariance; no path from outcome to predictor."""
    a, b, c = plan.carry_over, plan.effect, _stationary_covariance(plan)
    x, y = np.empty((plan.people, plan.waves)), np.empty((plan.people, plan.waves))
    x[:, 0] = rng.normal(size=plan.people)
    y[:, 0] = c * x[:, 0] + math.sqrt(1 - c * c) * rng.normal(size=plan.people)
    for k in range(1, plan.waves):
        x[:, k] = a * x[:, k - 1] + math.sqrt(1 - a * a) * rng.normal(size=plan.people)
        y[:, k] = a * y[:, k - 1] + b * x[:, k - 1] + math.sqrt(_residual_variance(plan)) * rng.normal(size=plan.people)
    return x, y
