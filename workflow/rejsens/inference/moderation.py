"""Does an association differ by a third variable? Interaction, simple slopes and the Johnson-Neyman region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rejsens.inference.covariates import Covariate, covariate_columns, independent_columns, require, varies, z_scores
from rejsens.inference.estimates import NOT_TESTABLE, Estimate, NotTestable
from rejsens.inference.least_squares import Fit, People, analysed_people, combination, fit_least_squares, joint_row
from rejsens.inference.regression import MINIMUM_RESIDUAL_DF

RANGE = (0.05, 0.95)  # quantiles of the moderator between which the region is reported: extremes are single people
CURVE_COLUMNS = ("moderator", "z", "slope", "ci_low", "ci_high")


@dataclass(frozen=True)
class Moderated:
    """A fitted model with products."""

    people: People
    fit: Fit
    products: dict[str, str]  # product column -> moderator column ("m", or a dummy "m=2")
    reference: str  # the moderator's most frequent level; empty for a number


def moderation(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    moderator: str,
    moderator_type: str = "number",
    wave: str = "",
    ci_level: float = 0.95,
    alpha: float = 0.05,
) -> list[Estimate]:
    """Interaction of predictor and moderator, with simple slopes and, for a number, the Johnson-Neyman bounds.

    frame, covariates   as for `cross_sectional`; the moderator is left out of the covariates when it is among them
    moderator_type      number: a z score, product of the two z scores; category: dummies against its most frequent
                        level, one product each; people in a level of fewer than 10 are left out, as the warnings say
    returns     rows in this order, all OLS with HC3:
                `beta`  of each product, term `x:m`: difference in the predictor's beta per SD of the moderator, or
                        between a level and the most frequent one. More than two levels: first the joint Wald F test
                        (`wald_f`)
                `beta`  simple slopes of the predictor: at -1, 0 and +1 SD of the moderator, or in each level
                `johnson_neyman`  (a number) each bound between the moderator's 5th and 95th percentile at which the
                        slope's interval starts or stops to exclude 0, in the moderator's units; or one row whose
                        status says that there is none and what holds throughout
                `beta`  (covariates only) the products again in a model that also holds every covariate's product with
                        predictor and with moderator: what differs by the moderator may differ by a covariate that goes
                        with it
    missing     complete cases
    raises      NotTestable, see `analysed_people`; a product that the other columns determine
    source      Johnson-Neyman: Bauer & Curran (2005), doi 10.1207/s15327906mbr4003_5; covariate products: Yzerbyt, Muller
                & Judd (2004), Journal of Experimental Social Psychology, 40, 424-431
    checked against R's lm with sandwich::vcovHC and emmeans::emtrends; bounds by uniroot

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(300, 2)), columns=["x", "m"])
    >>> frame["y"] = 0.3 * frame["x"] + 0.3 * frame["x"] * frame["m"] + rng.normal(size=300)
    >>> rows = moderation(frame, "y", "x", moderator="m")
    >>> [(row.term, round(row.estimate, 2)) for row in rows[:4]]
    [('x:m', 0.29), ('x | m -1 SD', -0.02), ('x | m +0 SD', 0.26), ('x | m +1 SD', 0.55)]
    >>> [(row.metric, round(row.estimate, 2)) for row in rows[4:]]
    [('johnson_neyman', -1.29), ('johnson_neyman', -0.55)]
    """
    model = moderated_model(frame, outcome, predictor, covariates, moderator, moderator_type)
    common: dict[str, Any] = {
        "analysis": "moderation", "wave": wave, "outcome": outcome, "metric": "beta", "method": "OLS, HC3",
        **model.people.columns(),
    }  # fmt: skip
    levels: dict[str, Any] = {"ci_level": ci_level, "alpha": alpha}
    rows = [Estimate(**common, term=name, **combination(model.fit, {name: 1.0}, **levels)) for name in model.products]
    if len(rows) > 1:
        contrasts = [{name: 1.0} for name in model.products]
        rows.insert(0, joint_row(model.fit, contrasts, **_without(common), term=f"{predictor}:{moderator}"))
    rows += _simple_slopes(model, predictor, moderator, common, levels)
    if moderator_type == "number":
        rows += _bounds(model, predictor, moderator, common, ci_level)
    if covariates:
        rows += _with_covariate_products(
            (frame, outcome, predictor, covariates, moderator, moderator_type), model, common, levels
        )
    return rows


def moderated_model(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate],
    moderator: str,
    moderator_type: str = "number",
    *,
    covariate_products: bool = False,
) -> Moderated:
    """Fit the model of `moderation`; with `covariate_products` also covariates by predictor and by moderator."""
    found: dict[str, Any] = {}
    covariates = [covariate for covariate in covariates if covariate["name"] not in (predictor, moderator)]

    def moderator_columns(rows: pd.DataFrame) -> pd.DataFrame:
        columns = covariate_columns(rows, [{"name": moderator, "type": moderator_type}])
        if not any(varies(columns[name].to_numpy()) for name in columns):
            raise NotTestable(f"the moderator {moderator} does not vary among the {len(rows)} complete cases")
        return columns

    def interest(rows: pd.DataFrame) -> dict[str, np.ndarray]:
        x, columns = z_scores(rows[predictor].to_numpy(float)), moderator_columns(rows)
        found["products"] = {f"{predictor}:{name}": name for name in columns}
        return {predictor: x} | {f"{predictor}:{name}": x * columns[name].to_numpy() for name in columns}

    def beside(rows: pd.DataFrame) -> dict[str, np.ndarray]:
        columns = moderator_columns(rows)
        parts = {name: columns[name].to_numpy() for name in columns}
        if covariate_products:
            x, others = z_scores(rows[predictor].to_numpy(float)), covariate_columns(rows, covariates)
            others = others[independent_columns(others)]
            parts |= {f"{predictor}:{name}": x * others[name].to_numpy() for name in others}
            parts |= {f"{m}:{name}": columns[m].to_numpy() * others[name] for m in columns for name in others}
        return parts

    used = [predictor, moderator]
    left_out: tuple[str, ...] = ()
    if moderator_type == "category":
        frame, left_out = _without_rare_levels(frame, [outcome, *used, *(c["name"] for c in covariates)], moderator)
    people = analysed_people(frame, [outcome], used, covariates, interest=interest, beside=beside)
    people = replace(people, warnings=people.warnings + left_out)
    fit = fit_least_squares(z_scores(people.rows[outcome].to_numpy(float)), people.matrix)
    reference = ""
    if moderator_type == "category":
        level = people.rows[moderator].value_counts().sort_index().idxmax()
        reference = f"{level:g}" if isinstance(level, (int, float)) else str(level)
    return Moderated(people, fit, found["products"], reference)


def _without_rare_levels(
    frame: pd.DataFrame, names: Sequence[str], moderator: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The frame without the moderator's levels of fewer than 10 complete cases: too few for a slope of their own."""
    require(frame, names)
    counts = frame.dropna(subset=list(names))[moderator].value_counts().sort_index()
    rare = counts.index[counts < MINIMUM_RESIDUAL_DF]
    if not len(rare):
        return frame, ()
    words = f"levels of {moderator} with fewer than {MINIMUM_RESIDUAL_DF} people are left out"
    return frame.assign(**{moderator: frame[moderator].mask(frame[moderator].isin(rare))}), (words,)


def _simple_slopes(
    model: Moderated, predictor: str, moderator: str, common: dict[str, Any], levels: dict[str, Any]
) -> list[Estimate]:
    places: list[tuple[str, dict[str, float]]]
    if model.reference:
        places = [(f"{predictor} | {moderator}={model.reference}", {predictor: 1.0})]
        places += [
            (f"{predictor} | {name}", {predictor: 1.0, product: 1.0}) for product, name in model.products.items()
        ]
    else:
        (product,) = model.products
        places = [(f"{predictor} | {moderator} {k:+d} SD", {predictor: 1.0, product: float(k)}) for k in (-1, 0, 1)]
    return [Estimate(**common, term=term, **combination(model.fit, weights, **levels)) for term, weights in places]


def johnson_neyman_bounds(fit: Fit, predictor: str, product: str, ci_level: float = 0.95) -> list[float]:
    """Values of the standardised moderator, ascending, at which an end of the slope's interval is 0.

    formula   roots m of (b1 + b3 m)^2 = t^2 (V11 + 2 m V13 + m^2 V33), with t the quantile of the interval

    returns   none, one or two values
    """
    b1, b3 = fit.coefficient(predictor), fit.coefficient(product)
    places = [fit.names.index(predictor), fit.names.index(product)]
    v = fit.covariance[np.ix_(places, places)]
    t2 = stats.t.ppf(0.5 + ci_level / 2, fit.df) ** 2
    a, b, c = b3 * b3 - t2 * v[1, 1], 2 * (b1 * b3 - t2 * v[0, 1]), b1 * b1 - t2 * v[0, 0]
    if a == 0:
        return [] if b == 0 else [float(-c / b)]
    inside = b * b - 4 * a * c
    return [] if inside < 0 else sorted(float((-b + sign * math.sqrt(inside)) / (2 * a)) for sign in (-1, 1))


def _bounds(
    model: Moderated, predictor: str, moderator: str, common: dict[str, Any], ci_level: float
) -> list[Estimate]:
    (product,) = model.products
    values = model.people.rows[moderator].to_numpy(float)
    low, high = np.quantile(values, RANGE)
    centre, sd = values.mean(), values.std(ddof=1)
    found = [centre + sd * z for z in johnson_neyman_bounds(model.fit, predictor, product, ci_level)]
    inside = [float(value) for value in found if low <= value <= high]
    blank = replace(
        Estimate(**common), term=f"{predictor} | {moderator} bound", metric="johnson_neyman", ci_level=ci_level,
        method="Johnson-Neyman, HC3",
    )  # fmt: skip
    if inside:
        return [replace(blank, estimate=value) for value in inside]
    middle = combination(model.fit, {predictor: 1.0, product: float(((low + high) / 2 - centre) / sd)}, ci_level)
    holds = "excludes" if middle["ci_low"] > 0 or middle["ci_high"] < 0 else "includes"
    status = f"no bound: the slope's interval {holds} 0 from the 5th to the 95th percentile of {moderator}"
    return [replace(blank, status=status)]


def johnson_neyman_curve(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    covariates: Sequence[Covariate] = (),
    *,
    moderator: str,
    points: int = 61,
    ci_level: float = 0.95,
) -> pd.DataFrame:
    """The simple slope over the moderator, for the figure.

    returns   columns moderator (its units), z (SDs from its mean), slope, ci_low, ci_high; `points` evenly spaced from
              the moderator's 5th to its 95th percentile
    raises    NotTestable as `moderation`

    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.normal(size=(100, 3)), columns=["x", "m", "y"])
    >>> johnson_neyman_curve(frame, "y", "x", moderator="m", points=3).round(2).columns.tolist()
    ['moderator', 'z', 'slope', 'ci_low', 'ci_high']
    """
    model = moderated_model(frame, outcome, predictor, covariates, moderator)
    (product,) = model.products
    values = model.people.rows[moderator].to_numpy(float)
    rows = []
    low, high = np.quantile(values, RANGE)
    for value in np.linspace(low, high, points):
        z = float((value - values.mean()) / values.std(ddof=1))
        slope = combination(model.fit, {predictor: 1.0, product: z}, ci_level)
        rows.append((float(value), z, slope["estimate"], slope["ci_low"], slope["ci_high"]))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS), dtype=float)


def _with_covariate_products(
    asked: tuple[Any, ...], model: Moderated, common: dict[str, Any], levels: dict[str, Any]
) -> list[Estimate]:
    common = common | {"method": "OLS, HC3, with covariate by predictor and covariate by moderator products"}
    try:
        fit = moderated_model(*asked, covariate_products=True).fit
        return [Estimate(**common, term=name, **combination(fit, {name: 1.0}, **levels)) for name in model.products]
    except NotTestable as refusal:
        blank = Estimate(**common, status=NOT_TESTABLE, reason=str(refusal))
        return [replace(blank, term=name) for name in model.products]


def _without(common: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in common.items() if name not in ("metric", "method")}
