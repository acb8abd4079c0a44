"""Isotonic trend test: does the outcome only ever go one way as the predictor rises? Nothing else is assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from rejsens.inference.estimates import Estimate
from rejsens.inference.least_squares import People

DIRECTIONS = {"positive": (True,), "negative": (False,), "": (True, False)}


def isotonic_row(
    people: People,
    predictor: str,
    y: np.ndarray,
    direction: str,
    rng: np.random.Generator,
    draws: int,
    common: dict[str, Any],
) -> Estimate:
    """Share of variance that a monotone step function of the predictor explains, tested by permutation.

    people, y   the analysed people (`analysed_people`) and the outcome (n,)
    direction   positive: never falling; negative: never rising; "": whichever fits better, in each permutation too
    returns     one row, metric `isotonic_r2`, estimate E^2 = 1 - RSS of the isotonic fit / total sum of squares, both
                of the outcome's residuals on the covariates; people with equal predictor values share a step. p is the
                share of permutations of these residuals (made residuals again) with an E^2 at least as high, (1 +
                count) / (draws + 1). The null hypothesis is no association, the alternative an ordered one; a low p
                does not say that the association is nowhere flat or that it never turns
    source      Barlow et al. (1972), Statistical Inference under Order Restrictions; permutation of residuals: Freedman
                & Lane (1983), Journal of Business & Economic Statistics, 1, 292-298
    checked against R: isotonic least squares by quadprog::solve.QP, the same permutation test with other draws
    """
    nuisance = np.linalg.qr(people.matrix.drop(columns=predictor).to_numpy())[0]
    _, step, counts = np.unique(people.rows[predictor].to_numpy(float), return_inverse=True, return_counts=True)
    residuals = y - nuisance @ (nuisance.T @ y)
    ways = DIRECTIONS[direction]
    observed = isotonic_share(residuals, step, counts, ways)
    reached = 0
    for _ in range(draws):
        shuffled = rng.permutation(residuals)
        shuffled = shuffled - nuisance @ (nuisance.T @ shuffled)
        reached += isotonic_share(shuffled, step, counts, ways) >= observed
    row = Estimate(**common, term=predictor, metric="isotonic_r2", method=f"isotonic regression, {draws} permutations")
    return replace(row, estimate=observed, statistic=observed, p=(1 + reached) / (draws + 1))


def isotonic_share(values: np.ndarray, step: np.ndarray, counts: np.ndarray, ways: tuple[bool, ...]) -> float:
    """E^2 of values (n,) of mean 0 over the ordered steps (n,) with their counts; the best of the ways (True: rising).

    >>> isotonic_share(np.array([-1.0, 1, 0]), np.array([0, 1, 2]), np.array([1, 1, 1]), (True,))
    0.75
    """
    means = np.bincount(step, values) / counts
    between = max(
        float(counts @ isotonic_regression(means, weights=counts, increasing=rising).x ** 2) for rising in ways
    )
    return between / float(values @ values)
