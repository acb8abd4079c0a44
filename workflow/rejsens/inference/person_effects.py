"""Least squares with person fixed effects and person-clustered errors: what trusts no variance structure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from rejsens.inference.covariates import independent
from rejsens.inference.design_rows import numbers, whole_people
from rejsens.inference.estimates import NotTestable


@dataclass(frozen=True)
class PersonEffects:
    """Coefficient of the last column, its standard error, people and rows with at least two of a person."""

    estimate: float
    se: float
    n_people: int
    n_obs: int


class Deviations:
    """Columns and outcome as deviations from (weighted) person means, of people with two rows or more, some at a time.

    y, columns, person, weights   as `person_fixed_effects` takes them; repeated: positions of the rows that count
    """

    def __init__(
        self, y: np.ndarray, columns: pd.DataFrame, person: np.ndarray, weights: np.ndarray | None = None
    ) -> None:
        self.repeated = np.flatnonzero(pd.Series(person).duplicated(keep=False))
        self.codes = pd.factorize(person[self.repeated], sort=True)[0]
        self.y, self.columns = y, columns
        self.weights = np.ones(len(y)) if weights is None else weights

    @property
    def n_obs(self) -> int:
        return len(self.codes)

    @property
    def n_people(self) -> int:
        return int(self.codes.max(initial=-1)) + 1

    def parts(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Deviations (some, k + 1) with the outcome last, weights, and where each person begins."""
        for own, starts in whole_people(self.codes, self.columns.shape[1] + 1):
            rows = self.repeated[own]
            values, weights = np.column_stack([numbers(self.columns, rows), self.y[rows]]), self.weights[rows]
            total = np.add.reduceat(weights, starts)
            means = np.add.reduceat(weights[:, None] * values, starts) / total[:, None]
            yield values - np.repeat(means, np.diff(starts, append=len(rows)), axis=0), weights, starts

    @cached_property
    def independent(self) -> list[str]:
        """Names of the columns that vary within people and do not repeat others."""
        return independent(self.columns.columns, lambda: (own[:, :-1] for own, _, _ in self.parts()))


def person_fixed_effects(
    y: np.ndarray, columns: pd.DataFrame, person: np.ndarray, weights: np.ndarray | None = None
) -> PersonEffects:
    """(Weighted) least squares on deviations from (weighted) person means, for the coefficient of the last column.

    y, person   (n,); columns (n, k), of which those that do not vary within people, or repeat others, drop out
    weights     (n,) positive, or None for equal ones
    returns     sandwich standard error clustered by person times sqrt(G / (G - 1)) for G people with two rows or more
    raises      NotTestable when the last column has no part of its own within people
    source      Arellano (1987), doi 10.1111/j.1468-0084.1987.mp49004006.x
    checked against R's sandwich::vcovCL(type = "HC0", cadjust = TRUE) on deviations and on lm with person dummies

    >>> person, x = np.repeat(np.arange(40), 3), np.random.default_rng(1).normal(size=120)
    >>> found = person_fixed_effects(2 * x + person, pd.DataFrame({"x": x}), person)
    >>> round(found.estimate, 6), found.n_people, found.n_obs
    (2.0, 40, 120)
    """
    data = Deviations(y, columns, person, weights)
    names, focal = data.independent, columns.columns[-1]
    if focal not in names:
        raise NotTestable("the predictor's within part is a linear combination of the covariates and waves")
    used = columns.columns.get_indexer(names)
    products = np.zeros((len(used) + 1,) * 2)
    for own, weight, _ in data.parts():
        own = own[:, [*used, -1]]
        products += own.T @ (weight[:, None] * own)
    bread = np.linalg.inv(products[:-1, :-1])
    coefficients = bread @ products[:-1, -1]
    meat = np.zeros_like(bread)
    for own, weight, starts in data.parts():
        x, left = own[:, used], own[:, -1] - own[:, used] @ coefficients
        scores = np.add.reduceat(x * (weight * left)[:, None], starts)
        meat += scores.T @ scores
    variance = (bread @ meat @ bread)[-1, -1] * data.n_people / (data.n_people - 1)
    return PersonEffects(float(coefficients[-1]), math.sqrt(variance), data.n_people, data.n_obs)
