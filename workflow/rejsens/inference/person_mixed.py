"""Linear mixed models whose only groups are people: REML by sums over each person, with Satterthwaite degrees of freedom.

What a general engine does in a quarter of a second takes some 20 ms here, since a person has one or two random effects and
their sums of products are taken once: imputations fit the same model many times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from rejsens.inference.design_rows import counted, marked, numbers, products, whole_people

STEP = 1e-4  # of a central difference of the gradient in the relative standard deviations
NEAR_ZERO = 1e-4  # a relative standard deviation below this is at its boundary, as in lme4's isSingular
LEAST_DF = 1.0
STARTS = (
    1.0,
    0.2,
)  # relative standard deviations at which the search starts; the second if the first ends at a boundary


@dataclass(frozen=True, eq=False)
class PersonSums:
    """Sums of products of one data set; W holds the fixed effects' columns (intercept first) and the outcome.

    total     W'W
    random    Z'Z of people: q x q x kinds, a kind being people who have the same
    people    how many each kind has
    crossed   Z'W: q x rows x columns, a row for each person, or as many for a kind as give the same products
    kind      of each of those rows
    """

    total: np.ndarray
    random: np.ndarray
    people: np.ndarray
    crossed: np.ndarray
    kind: np.ndarray
    n: int
    reml: bool

    @property
    def p(self) -> int:
        return len(self.total) - 1

    @property
    def df(self) -> int:
        return self.n - self.p if self.reml else self.n


@dataclass(frozen=True, eq=False)
class Point:
    """The profiled likelihood at one relative covariance of the random effects, L L'."""

    deviance: float
    gradient: np.ndarray  # of the deviance in L L', symmetric q x q
    beta: np.ndarray
    sigma: float
    vcov: np.ndarray


@dataclass(frozen=True, eq=False)
class PersonFit:
    """Fixed effects (intercept first) with covariance and degrees of freedom; covariance of the random effects."""

    beta: np.ndarray
    vcov: np.ndarray
    df: np.ndarray
    sigma: float
    random_covariance: np.ndarray
    converged: bool
    singular: bool
    deviance: float


def sums_of_people(
    columns: pd.DataFrame, y: np.ndarray, person: np.ndarray, slope: str | None, reml: bool
) -> PersonSums:
    """`columns` (n, k) without an intercept; `y` (n,), `person` (n,) labels, `slope` a column or None for an intercept alone."""
    codes = pd.factorize(person, sort=True)[0]
    held, marks = marked(columns)
    sloped = None if slope is None else columns[slope].to_numpy(dtype=float)
    plain, waves, marks = columns.loc[:, ~marks], int(marks.sum()), np.array([False, *marks, False])
    total, random, crossed = np.zeros((len(marks),) * 2), [], []
    for rows, starts in whole_people(codes, len(marks)):
        own = np.column_stack([np.ones(len(rows)), numbers(plain, rows), y[rows]])
        effects = [own[:, 0]] if sloped is None else [own[:, 0], sloped[rows]]
        cells = held[rows] + (waves + 1) * np.repeat(np.arange(len(starts)), np.diff(starts, append=len(rows)))
        here = np.empty((len(effects), len(starts), len(marks)))
        here[:, :, ~marks] = [np.add.reduceat(own * effect[:, None], starts) for effect in effects]
        here[:, :, marks] = [counted(cells, effect, len(starts), waves) for effect in effects]
        total += products(own, held[rows], marks)
        crossed.append(here)
        random.append(np.array([[np.add.reduceat(a * b, starts) for a in effects] for b in effects]))
    return PersonSums(total, *_kinds(np.concatenate(random, axis=2), np.concatenate(crossed, axis=1)), len(y), reml)


def _kinds(random: np.ndarray, crossed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `PersonSums` says of people. Those with an intercept alone and equally many rows differ in no matrix of theirs:
    the triangle of their rows serves for all of them, so that a search is as quick for a million people as for a few."""
    if len(random) > 1:
        each = np.arange(crossed.shape[1])
        return random, np.ones(len(each)), crossed, each
    sizes, kind, people = np.unique(random[0, 0], return_inverse=True, return_counts=True)
    shares = [crossed[0][kind == number] for number in range(len(sizes))]
    shares = [np.linalg.qr(own, mode="r") if len(own) > own.shape[1] else own for own in shares]
    told = np.repeat(np.arange(len(sizes)), [len(own) for own in shares])
    return sizes[None, None], people.astype(float), np.concatenate(shares)[None], told


def evaluate(sums: PersonSums, root: np.ndarray) -> Point:
    """Deviance, its gradient and the estimates at the relative covariance root @ root.T.

    With V = I + Z L L' Z' and one person's S = Z'Z, G = Z'W: W'V^-1 W = W'W - sum G' K G, K = L (L'S L + I)^-1 L',
    log |V| = sum log |L'S L + I| (Bates et al., 2015, doi 10.18637/jss.v067.i01, equations 30 to 42, person by person).
    """
    kernel, log_det = _kernel(sums, root)
    half = _times(kernel[..., sums.kind], sums.crossed)
    flat = sums.crossed.reshape(-1, sums.p + 1)
    moments = sums.total - flat.T @ half.reshape(flat.shape)
    factor = linalg.cho_factor(moments[:-1, :-1], lower=True, check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(sums.p), check_finite=False)
    beta = inverse @ moments[:-1, -1]
    residual = float(moments[-1, -1] - moments[:-1, -1] @ beta)
    deviance = log_det + sums.df * (1 + math.log(2 * math.pi * residual / sums.df))
    left = sums.crossed - _times(sums.random[..., sums.kind], half)  # Z'V^-1 W
    fitted = left[..., -1] - left[..., :-1] @ beta
    inner = np.einsum("abg,bcg->acg", kernel, sums.random)
    gradient = sums.random @ sums.people - np.einsum("g,abg,bcg->ac", sums.people, sums.random, inner)
    gradient -= sums.df / residual * fitted @ fitted.T
    if sums.reml:
        deviance += 2 * float(np.log(factor[0].diagonal()).sum())
        gradient -= _products(left[..., :-1] @ inverse, left[..., :-1])
    sigma2 = residual / sums.df
    return Point(deviance, gradient, beta, math.sqrt(sigma2), sigma2 * inverse)


def _kernel(sums: PersonSums, root: np.ndarray) -> tuple[np.ndarray, float]:
    """L (L'S L + I)^-1 L' of each kind, q x q x kinds, and the sum over people of the log determinants of L'S L + I."""
    scaled = np.einsum("ba,bcg,cd->adg", root, sums.random, root)
    if len(root) == 1:
        inner = scaled[0, 0] + 1
        return (root[0, 0] ** 2 / inner)[None, None], float(sums.people @ np.log(inner))
    a, b, c = scaled[0, 0] + 1, scaled[0, 1], scaled[1, 1] + 1
    det = a * c - b * b
    inverse = np.array([[c, -b], [-b, a]]) / det
    return np.einsum("ab,bcg,dc->adg", root, inverse, root), float(sums.people @ np.log(det))


def _times(matrices: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Each person's matrix times the person's columns: (q, q, people), (q, people, k) -> (q, people, k)."""
    return np.stack([sum(own[:, None] * part for own, part in zip(row, columns, strict=True)) for row in matrices])


def _products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum over people of left' right: (q, people, k) twice -> (q, q)."""
    return left.reshape(len(left), -1) @ right.reshape(len(right), -1).T


def fit_people(sums: PersonSums, correlated: bool = True) -> PersonFit:
    """The model at its restricted (or full) likelihood's maximum.

    correlated  whether the two random effects covary; with an intercept alone it says nothing
    returns     degrees of freedom by Satterthwaite, with the profiled variance as in lmerTest's approximation; where a
                variance is nil `singular` is True
    """
    places = _places(len(sums.random), correlated)
    found = [_search(sums, places, STARTS[0])]
    if _at_boundary(found[0].x, places):
        found.append(_search(sums, places, STARTS[1]))
    best = min(found, key=lambda one: one.fun)
    theta, hessian, slopes = best.x, None, None
    singular = _at_boundary(theta, places)
    hessian, slopes = _curvature(sums, theta, places)
    point = evaluate(sums, _root(theta, places))
    if not singular:
        moved = theta - np.linalg.lstsq(hessian, _gradient(point, theta, places), rcond=None)[0]
        again = evaluate(sums, _root(moved, places))
        if again.deviance <= point.deviance:
            theta, point = moved, again
    root = _root(theta, places)
    steep = float(np.abs(_gradient(point, theta, places)).max())
    return PersonFit(
        point.beta, point.vcov, _satterthwaite(point.vcov, hessian, slopes, sums.n - sums.p), point.sigma,
        point.sigma**2 * root @ root.T, bool(singular or steep < 1e-4 * sums.n), singular, point.deviance,
    )  # fmt: skip


# --- the search ------------------------------------------------------------------------------------------------------


def _places(q: int, correlated: bool) -> list[tuple[int, int]]:
    return [(a, b) for a in range(q) for b in range(a + 1) if a == b or correlated]


def _root(theta: np.ndarray, places: list[tuple[int, int]]) -> np.ndarray:
    root = np.zeros((places[-1][0] + 1,) * 2)
    for value, place in zip(theta, places, strict=True):
        root[place] = value
    return root


def _gradient(point: Point, theta: np.ndarray, places: list[tuple[int, int]]) -> np.ndarray:
    whole = 2 * point.gradient @ _root(theta, places)
    return np.array([whole[place] for place in places])


def _at_boundary(theta: np.ndarray, places: list[tuple[int, int]]) -> bool:
    return any(value < NEAR_ZERO for value, (a, b) in zip(theta, places, strict=True) if a == b)


def _search(sums: PersonSums, places: list[tuple[int, int]], start: float) -> optimize.OptimizeResult:
    def both(theta: np.ndarray) -> tuple[float, np.ndarray]:
        point = evaluate(sums, _root(theta, places))
        return point.deviance, _gradient(point, theta, places)

    diagonal = [a == b for a, b in places]
    begin = np.where(diagonal, start, 0.0)
    bounds = [(0.0, None) if own else (None, None) for own in diagonal]
    options = {"ftol": 1e-13, "gtol": 1e-6 * sums.n, "maxiter": 200}
    return optimize.minimize(both, begin, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _curvature(sums: PersonSums, theta: np.ndarray, places: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Hessian of the deviance in theta, and the derivative of each fixed effect's variance (theta x effects)."""
    bends, slopes = [], []
    for j in range(len(theta)):
        ends = [theta + sign * STEP * np.eye(len(theta))[j] for sign in (1, -1)]
        high, low = (evaluate(sums, _root(end, places)) for end in ends)
        bends.append((_gradient(high, ends[0], places) - _gradient(low, ends[1], places)) / (2 * STEP))
        slopes.append((high.vcov.diagonal() - low.vcov.diagonal()) / (2 * STEP))
    hessian = np.array(bends)
    return (hessian + hessian.T) / 2, np.array(slopes)


def _satterthwaite(vcov: np.ndarray, hessian: np.ndarray, slopes: np.ndarray, residual_df: int) -> np.ndarray:
    """2 v^2 / var(v) for each variance v, the covariance of theta from the curvature of the deviance."""
    values, vectors = np.linalg.eigh(hessian)
    kept = values > max(float(np.abs(values).max()), 1.0) * 1e-8
    moved = (slopes / vcov.diagonal()).T @ (vectors[:, kept] * np.sqrt(2 / values[kept]))
    return np.clip(2 / ((moved**2).sum(axis=1) + 2 / residual_df), LEAST_DF, residual_df)
