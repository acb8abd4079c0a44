"""Assumptions of mixed models: each check with what the coefficient becomes when it is taken into account.

A check is a mapping: `check`, `term`, `statistic`, `value`, `df`, `p`, `guide`, `flagged`, and what `instead` says was
done, with `numbers` (estimate and intervals as `t_columns`) and `n_instead` people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate, independent_columns, varies
from rejsens.inference.design_rows import in_slices, triangle
from rejsens.inference.estimates import NotTestable, t_columns
from rejsens.inference.mixed_blocks import Blocks, blocks_of
from rejsens.inference.mixedlm_adapter import INTERCEPT, MixedFit, fit_mixed_model
from rejsens.inference.person_effects import PersonEffects, person_fixed_effects

Check = dict[str, Any]
SKEWNESS, KURTOSIS = 2.0, 7.0  # Curran, West & Finch (1996), Psychological Methods, 1, 16-29
MOVES = 1.0  # one person moves the coefficient by its standard error
DISTANCE = 1.0  # Cook & Weisberg (1982), Residuals and Influence in Regression
INFLATION = 10.0  # Belsley, Kuh & Welsch (1980), Regression Diagnostics
REFUSALS = (NotTestable, np.linalg.LinAlgError)
ALONE = "no coefficient is left without them"


@dataclass(frozen=True)
class MixedModel:
    """A mixed model as it was analysed, and which of its coefficients the hypothesis is about.

    y, columns, person, slope, occasion, correlated   as `fit_mixed_model` took them
    focal     the column whose coefficient is meant; scale: from it to the metric of the deciding row, held at the
              analysis' own standard deviations in every refit
    time      (n,) wave numbers
    may_vary  the column whose slope could differ between people, or "" where there is none
    needs_slope   whether the coefficient is never reported without it (a cross-level interaction)
    curved    columns whose squares are tried beside
    covariates    as declared
    clustered     whether the analysis takes errors clustered by person, and not the model's own
    """

    y: np.ndarray
    columns: pd.DataFrame
    person: np.ndarray
    focal: str
    time: np.ndarray
    scale: float = 1.0
    slope: str | None = None
    correlated: bool = True
    occasion: np.ndarray | None = None
    may_vary: str = ""
    needs_slope: bool = False
    curved: tuple[str, ...] = ()
    covariates: Sequence[Covariate] = field(default=())
    clustered: bool = False
    ci_level: float = 0.95
    alpha: float = 0.05

    @cached_property
    def fit(self) -> MixedFit:
        return self.fitted(self.slope)

    @cached_property
    def blocks(self) -> Blocks:
        return blocks_of(self.fit, self.y, self.columns, self.person, self.slope, self.occasion)

    @cached_property
    def numbers(self) -> dict[str, float]:
        return self.of(self.fit)

    def fitted(self, slope: str | None) -> MixedFit:
        options: dict[str, Any] = {"occasion": self.occasion, "correlated": self.correlated}
        return fit_mixed_model(self.y, self.columns, self.person, slope, **options)

    def of(self, fit: MixedFit) -> dict[str, float]:
        """The coefficient of a fit with this model's columns and random part, with the errors that the analysis takes."""
        if not self.clustered:
            return self.with_own_errors(fit)
        return self.with_clustered_errors(blocks_of(fit, self.y, self.columns, self.person, self.slope, self.occasion))

    def with_own_errors(self, fit: MixedFit) -> dict[str, float]:
        return self.in_metric(fit.estimate[self.focal], fit.se[self.focal], fit.df[self.focal])

    def with_clustered_errors(self, blocks: Blocks) -> dict[str, float]:
        place = blocks.names.index(self.focal)
        variance = float(blocks.clustered()[place, place])
        if not variance > 0:
            raise NotTestable("the clustered variance of the coefficient is not positive")
        return self.in_metric(float(blocks.coefficients[place]), math.sqrt(variance), blocks.clustered_df)

    def in_metric(self, estimate: float, se: float, df: float) -> dict[str, float]:
        return t_columns(estimate * self.scale, se * abs(self.scale), df, self.ci_level, self.alpha)

    def with_person_effects(self) -> PersonEffects:
        others = [name for name in self.columns if name != self.focal]
        return person_fixed_effects(self.y, self.columns[[*others, self.focal]], self.person)

    def kept(self, rows: np.ndarray) -> MixedModel:
        """The model on some of its rows; columns that no longer add anything drop out."""
        columns = self.columns.loc[rows].reset_index(drop=True)
        columns = columns[independent_columns(columns)]
        if self.focal not in columns:
            raise NotTestable(ALONE)
        occasion = None if self.occasion is None else self.occasion[rows]
        return replace(
            self, y=self.y[rows], columns=columns, person=self.person[rows], time=self.time[rows], occasion=occasion
        )

    def refit(self) -> tuple[dict[str, float], str]:
        """The coefficient of these rows and columns, with the random part that they carry; and which was left out."""
        fit = self.fit
        if fit.problem and self.slope and self.correlated:
            fit = replace(self, correlated=False).fit
        said, model = "", self
        if fit.problem and self.needs_slope:
            found = fixed_effects_instead(self)
            return found["numbers"], f"; {found['instead']}, as the random slope is not admissible there"
        if fit.problem and self.slope:
            model, said = replace(self, slope=None), ", random slope left out"
            fit = model.fit
        if fit.problem:
            raise NotTestable(fit.problem)
        return model.of(fit), said


def mixed_checks(model: MixedModel, left_out: int = 10) -> list[Check]:
    """Every check of a mixed model that applies to it.

    left_out   how many people (or rows, for residuals) are left out where some are; a single one would show what that
               person answered
    returns    residuals        skewness and excess kurtosis of the conditional residuals | without the rows with the
                                largest
               equal variances  Koenker's n R^2 of their squares on the columns | the same coefficient with
                                person-clustered errors, or with the model's own where the analysis has clustered ones
               person effects   skewness and excess kurtosis of the predicted random effects (which look nearer to
                                normal than the effects are: Verbeke & Lesaffre, 1996, Journal of the American
                                Statistical Association, 91, 217-221) | person fixed effects, which assume no distribution
               dfbetas          largest change by one person, in standard errors | refitted without those who move it most
               collinearity     variance inflation of the coefficient | without the covariate that inflates it most, where
                                the value is beyond its guide: below it a covariate left out shows confounding, not this
               linearity        t (F) of the square | coefficient at the mean with the square beside
               random slope     likelihood ratio (REML) with the mixture null | with the slope, or without it
               autocorrelation  of neighbouring waves, see `Blocks.autocorrelation` | as for equal variances
               A check that these data cannot give has a `reason` and no value
    checked against R: lme4, dense matrices (tests/reference/diagnostics.R)

    >>> rng = np.random.default_rng(1)
    >>> person, x = np.repeat(np.arange(80), 4), rng.normal(size=320)
    >>> y = 0.3 * x + rng.normal(size=80)[person] + rng.normal(size=320)
    >>> model = MixedModel(y, pd.DataFrame({"x": x}), person, "x", np.tile([1.0, 2, 3, 4], 80), may_vary="x", curved=("x",))
    >>> [check["check"] for check in mixed_checks(model)][-3:]
    ['linearity', 'random slope', 'autocorrelation']
    """
    parts: dict[str, Callable[[], list[Check]]] = {
        "residuals": lambda: _residuals(model, left_out),
        "equal variances": lambda: _equal_variances(model),
        "person effects": lambda: _person_effects(model),
        "dfbetas": lambda: _influence(model, left_out),
        "collinearity": lambda: _collinearity(model),
        "linearity": lambda: _linearity(model),
        "random slope": lambda: _random_slope(model),
        "autocorrelation": lambda: _autocorrelation(model),
    }
    return [check for name, part in parts.items() for check in tried(part, name)]


def tried(part: Callable[[], list[Check]], name: str) -> list[Check]:
    """The rows of a check, or one that says why there are none."""
    try:
        return part()
    except REFUSALS as refusal:
        return [{"check": name, "reason": reason_of(refusal)}]


def remedied(run: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """What a remedy gives, or why it gives nothing; the check itself stands either way."""
    try:
        return dict(run())
    except REFUSALS as refusal:
        return {"reason": reason_of(refusal)}


def reason_of(refusal: Exception) -> str:
    """Why a check gave nothing, as a clause."""
    return str(refusal) if isinstance(refusal, NotTestable) else "the columns cannot be told apart from each other"


def shape(check: str, label: str, values: np.ndarray, remedy: Mapping[str, Any]) -> list[Check]:
    """Skewness and excess kurtosis (both 0 for normal values), two rows with one remedy.

    >>> [row["flagged"] for row in shape("residuals", "", np.array([0.0] * 99 + [9.0]), {})]
    [True, True]
    """
    if not varies(values):
        return []
    found = (("skewness", stats.skew(values), SKEWNESS), ("excess kurtosis", stats.kurtosis(values), KURTOSIS))
    return [
        {"check": check, "term": label, "statistic": name, "value": float(value), "guide": f"{bound:g} to either side",
         "flagged": bool(abs(value) > bound), **remedy}
        for name, value, bound in found
    ]  # fmt: skip


def koenker(squares: np.ndarray, columns: pd.DataFrame) -> tuple[float, int, float]:
    """n R^2 of the squared residuals on the columns, its degrees of freedom and p (Koenker, 1981, J. Econometrics, 17,
    107-112); columns of full rank with an intercept."""
    if not varies(squares):
        raise NotTestable("the residuals are all alike")
    total = float(((squares - squares.mean()) ** 2).sum())
    left = float(triangle(in_slices(columns, squares))[-1, -1]) ** 2
    value, df = len(squares) * (1 - left / total), columns.shape[1] - 1
    return value, df, float(stats.chi2.sf(value, df))


def without(model: MixedModel, rows: np.ndarray, words: str) -> dict[str, Any]:
    """The refit on the rows that are kept."""
    smaller = model.kept(rows)
    numbers, said = smaller.refit()
    return {"instead": words + said, "numbers": numbers, "n_instead": len(np.unique(smaller.person))}


def _residuals(model: MixedModel, left_out: int) -> list[Check]:
    values = model.blocks.residuals()
    order = np.argsort(np.abs(values), kind="stable")
    kept = np.ones(len(values), dtype=bool)
    kept[order[len(values) - left_out :]] = False
    remedy = remedied(lambda: without(model, kept, f"without the {left_out} rows with the largest residuals"))
    return shape("residuals", "", values, remedy)


def _other_errors(model: MixedModel) -> dict[str, Any]:
    if model.clustered:
        words, numbers = "the model's own errors", model.with_own_errors(model.fit)
    else:
        words, numbers = "person-clustered errors", model.with_clustered_errors(model.blocks)
    return {"instead": words, "numbers": numbers, "n_instead": len(model.blocks.labels)}


def _equal_variances(model: MixedModel) -> list[Check]:
    value, df, p = koenker(model.blocks.residuals() ** 2, model.blocks.columns)
    return [{
        "check": "equal variances", "statistic": "chi2", "value": value, "df": float(df), "p": p,
        "guide": f"p below {model.alpha:g}", "flagged": p < model.alpha, **remedied(lambda: _other_errors(model)),
    }]  # fmt: skip


def fixed_effects_instead(model: MixedModel) -> dict[str, Any]:
    found = model.with_person_effects()
    numbers = model.in_metric(found.estimate, found.se, found.n_people - 1)
    return {"instead": "person fixed effects, person-clustered errors", "numbers": numbers, "n_instead": found.n_people}


def _person_effects(model: MixedModel) -> list[Check]:
    remedy = remedied(lambda: fixed_effects_instead(model))
    effects = model.blocks.person_effects()
    names = ["intercepts", "slopes"][: effects.shape[1]]
    return [row for k, name in enumerate(names) for row in shape("person effects", name, effects[:, k], remedy)]


def influence_of_people(model: MixedModel) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the people, and their DFBETAS: (b - b_(-i)) / SE(b) of the focal coefficient, the variances held."""
    blocks = model.blocks
    place = blocks.names.index(model.focal)
    covariance = blocks.clustered() if model.clustered else blocks.covariance
    return blocks.labels, blocks.without_each[:, place] / math.sqrt(covariance[place, place])


def _influence(model: MixedModel, left_out: int) -> list[Check]:
    return influence_check(
        model.person, *influence_of_people(model), left_out, lambda kept, words: without(model, kept, words)
    )


def influence_check(
    person: np.ndarray,
    labels: np.ndarray,
    moves: np.ndarray,
    left_out: int,
    refit: Callable[[np.ndarray, str], Mapping[str, Any]],
) -> list[Check]:
    """The largest DFBETAS, and the refit without the people who have the `left_out` largest."""
    if len(labels) - left_out < 2:
        raise NotTestable(f"leaving out {left_out} of {len(labels)} people is not possible")
    gone = labels[np.argsort(np.abs(moves), kind="stable")[len(labels) - left_out :]]
    kept, words = ~np.isin(person, gone), f"without the {left_out} people who move it most"
    largest = float(np.abs(moves).max())
    return [{"check": "dfbetas", "statistic": "largest", "value": largest, "guide": f"{MOVES:g}",
             "flagged": largest > MOVES, **remedied(lambda: refit(kept, words))}]  # fmt: skip


def covariate_groups(columns: Sequence[str], covariates: Sequence[Covariate]) -> dict[str, list[str]]:
    """The columns of each covariate: itself, its dummies, and the within and between part of either.

    >>> covariate_groups(["age", "job=2_within", "job=2_between", "x"], [{"name": "age"}, {"name": "job"}])
    {'age': ['age'], 'job': ['job=2_within', 'job=2_between']}
    """
    groups = {}
    for covariate in covariates:
        name = covariate["name"]
        own = [
            c for c in columns if c.removesuffix("_within").removesuffix("_between") == name or c.startswith(f"{name}=")
        ]
        if own:
            groups[name] = own
    return groups


def _collinearity(model: MixedModel) -> list[Check]:
    """Inflation as 1 / (1 - R^2) in the correlations of the fixed effects, as car::vif takes it from a mixed model."""
    if model.columns.shape[1] < 2:
        return []
    covariance = model.fit.covariance.drop(index=INTERCEPT, columns=INTERCEPT)
    inflation = float(covariance.loc[model.focal, model.focal] * np.linalg.inv(covariance).diagonal()[
        list(covariance.index).index(model.focal)])  # fmt: skip
    row = {"check": "collinearity", "statistic": "variance inflation", "value": inflation, "guide": f"{INFLATION:g}",
           "flagged": inflation > INFLATION}  # fmt: skip
    groups = covariate_groups([c for c in model.columns if c != model.focal], model.covariates)
    if not groups or inflation <= INFLATION:
        return [row]
    shared = {name: _inflation_left(covariance, model.focal, own) for name, own in groups.items()}
    name = min(shared, key=shared.__getitem__)
    fewer = replace(model, columns=model.columns.drop(columns=groups[name]))

    def remedy() -> dict[str, Any]:
        numbers, said = fewer.refit()
        return {"instead": f"without {name}{said}", "numbers": numbers, "n_instead": len(np.unique(model.person))}

    return [row | {"term": name} | remedied(remedy)]


def _inflation_left(covariance: pd.DataFrame, focal: str, own: Sequence[str]) -> float:
    """Inflation of the coefficient once the columns are left out: their rows leave the precision, not the covariance."""
    precision = pd.DataFrame(np.linalg.inv(covariance), index=covariance.index, columns=covariance.columns)
    rest = precision.drop(index=own, columns=own)
    place = list(rest.index).index(focal)
    return float(np.linalg.inv(rest)[place, place] * rest.iloc[place, place])


def _linearity(model: MixedModel) -> list[Check]:
    if not model.curved:
        return []
    squares = {f"{name} squared": model.columns[name] ** 2 for name in model.curved}
    curved = model.columns.assign(**{name: value - value.mean() for name, value in squares.items()})
    kept = independent_columns(curved)
    if not set(curved) <= set(kept):
        raise NotTestable("the predictor has too few values: a line fits them")
    wider = replace(model, columns=curved)
    slope = model.slope
    fit = wider.fitted(slope)
    if fit.problem and slope:
        wider = replace(wider, correlated=False)
        fit = wider.fitted(slope)
    if fit.problem:
        raise NotTestable(fit.problem)
    names = list(squares)
    b = np.array([fit.estimate[name] for name in names])
    f = float(b @ np.linalg.solve(fit.covariance.loc[names, names].to_numpy(), b)) / len(names)
    df = min(fit.df[name] for name in names)
    p = float(stats.f.sf(f, len(names), df))
    one = len(names) == 1
    return [{
        "check": "linearity", "statistic": "t" if one else f"F ({len(names)} and df)",
        "value": math.copysign(math.sqrt(f), b[0]) if one else f, "df": float(df), "p": p,
        "guide": f"p below {model.alpha:g}", "flagged": p < model.alpha,
        "instead": "with the square of the predictor beside, at its mean", "numbers": wider.of(fit),
        "n_instead": len(np.unique(model.person)),
    }]  # fmt: skip


def _random_slope(model: MixedModel) -> list[Check]:
    """The likelihood ratio's null is an even mixture: the variance lies at its boundary (Stram & Lee, 1994, Biometrics,
    50, 1171-1177); chi-square on 1 and 2 degrees of freedom with its correlation, on 0 and 1 without."""
    if not model.may_vary:
        return []
    has = model.slope is not None
    simple = model.fitted(None) if has else model.fit
    full = model.fit if has else model.fitted(model.may_vary)
    ratio = max(2 * (full.loglik - simple.loglik), 0.0)
    p = mixture_p(ratio, model.correlated)
    people = len(np.unique(model.person))
    row = {
        "check": "random slope", "statistic": "likelihood ratio", "value": ratio, "df": 2.0 if model.correlated else 1.0,
        "p": p, "guide": f"left out and p below {model.alpha:g}", "flagged": not has and p < model.alpha,
    }  # fmt: skip
    if model.needs_slope:
        return [row | remedied(lambda: fixed_effects_instead(model))]
    other, words = (simple, "without the random slope") if has else (full, "with a random slope")
    if other.problem:
        return [row | {"reason": f"{words}: {other.problem}"}]
    return [row | {"instead": words, "numbers": model.with_own_errors(other), "n_instead": people}]


def mixture_p(ratio: float, correlated: bool = True) -> float:
    """p of a likelihood ratio for one more random effect, with its covariance or without.

    >>> round(mixture_p(3.84), 4), round(mixture_p(2.706, False), 4)
    (0.0983, 0.05)
    """
    if ratio <= 0:
        return 1.0
    high = 2 if correlated else 1
    low = float(stats.chi2.sf(ratio, high - 1)) if high > 1 else 0.0
    return (low + float(stats.chi2.sf(ratio, high))) / 2


def _autocorrelation(model: MixedModel) -> list[Check]:
    if len(np.unique(model.time)) < 2:
        return []
    value, z = model.blocks.autocorrelation(model.time)
    p = float(2 * stats.norm.sf(abs(z)))
    return [{
        "check": "autocorrelation", "statistic": "correlation of neighbouring waves", "value": value, "p": p,
        "guide": f"p below {model.alpha:g}", "flagged": p < model.alpha, **remedied(lambda: _other_errors(model)),
    }]  # fmt: skip
