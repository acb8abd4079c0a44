"""Least squares with person fixed effects and person-clustered errors: what trusts no variance structure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.inference.covariates import independent_columns
from rejsens.inference.estimates import NotTestable


@dataclass(frozen=True)
class PersonEffects:
    """Coefficient of the last column, its standard error, people and rows with at least two of a person."""

    estimate: float
    se: float
    n_people: int
    n_obs: int


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
    weights = np.ones(len(y)) if weights is None else weights
    repeated = pd.Series(person).duplicated(keep=False).to_numpy()
    weights, (labels, codes) = weights[repeated], np.unique(person[repeated], return_inverse=True)
    total = np.bincount(codes, weights)

    def deviations(values: np.ndarray) -> np.ndarray:
        return values[repeated] - (np.bincount(codes, weights * values[repeated]) / total)[codes]

    values = np.empty(
        (len(codes), columns.shape[1]), order="F"
    )  # in one block: fifty waves of a million rows are held once
    for place, name in enumerate(columns):
        values[:, place] = deviations(columns[name].to_numpy(float))
    centred = pd.DataFrame(values, columns=columns.columns, copy=False)
    kept, focal = independent_columns(centred), columns.columns[-1]
    if focal not in kept:
        raise NotTestable("the predictor's within part is a linear combination of the covariates and waves")
    x, y = values.T[centred.columns.get_indexer(kept)].T, deviations(y)
    del centred, values
    bread = np.linalg.inv(x.T @ (weights[:, None] * x))
    coefficients = bread @ x.T @ (weights * y)
    scores = np.zeros((len(labels), x.shape[1]))
    np.add.at(scores, codes, x * (weights * (y - x @ coefficients))[:, None])
    variance = (bread @ scores.T @ scores @ bread)[-1, -1] * len(labels) / (len(labels) - 1)
    return PersonEffects(float(coefficients[-1]), math.sqrt(variance), len(labels), len(y))
