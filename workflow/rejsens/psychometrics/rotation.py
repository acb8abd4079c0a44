"""Rotation of loadings: varimax, promax, oblimin, with the conventions of R's stats, psych and GPArotation."""

from __future__ import annotations

import numpy as np

ROTATIONS = ("oblimin", "promax", "varimax", "none")
PROMAX_POWER = 4
ITERATIONS = 2000
CLOSE = 1e-6  # norm of the projected gradient; below 1e-8 rounding stops the search
SAME_MINIMUM = 1e-6  # relative difference of the criterion up to which two starts found the same
SEED = 20240  # of the turns from which oblimin starts again
SMALL_GAIN = 1e-5  # of the varimax criterion: where R stops, which decides the fourth digit of a loading


def rotate(loadings: np.ndarray, rotation: str, starts: int = 1) -> tuple[np.ndarray, np.ndarray, bool]:
    """Rotated loadings (items x factors), correlations of the factors, and whether the search ended.

    starts   of oblimin: from the unrotated factors, and from random turns of them; the lowest criterion counts

    varimax  Kaiser's normalisation, as R's ``varimax``
    promax   Kaiser's normalisation, then power 4, as psych's ``rotate = "promax"``
    oblimin  direct quartimin (gamma 0) without normalisation, as GPArotation's ``oblimin``
    """
    k = loadings.shape[1]
    if k == 1 or rotation == "none":
        return loadings, np.eye(k), True
    if rotation == "oblimin":
        return _best_oblimin(loadings, starts)
    length = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    length = np.where(length > 0, length, 1.0)  # an item without any common variance stays where it is
    turned, converged = _varimax(loadings / length)
    if rotation == "varimax":
        return turned * length, np.eye(k), converged
    turned, correlations = _promax(turned)
    return turned * length, correlations, converged


def _varimax(loadings: np.ndarray) -> tuple[np.ndarray, bool]:
    """Singular value decompositions to a fixed point (Kaiser, 1958; the algorithm of R's ``varimax``)."""
    p, k = loadings.shape
    turn, before, converged = np.eye(k), 0.0, False
    for _ in range(ITERATIONS):
        turned = loadings @ turn
        left, values, right = np.linalg.svd(loadings.T @ (turned**3 - turned * (turned**2).sum(axis=0) / p))
        turn = left @ right
        if values.sum() < before * (1 + SMALL_GAIN):
            converged = True
            break
        before = values.sum()
    return loadings @ turn, converged


def _promax(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares turn to the loadings' powers (Hendrickson & White, 1964)."""
    target = loadings * np.abs(loadings) ** (PROMAX_POWER - 1)
    turn = np.linalg.lstsq(loadings, target, rcond=None)[0]
    turn = turn * np.sqrt(np.linalg.inv(turn.T @ turn).diagonal())
    back = np.linalg.inv(turn)
    return loadings @ turn, back @ back.T


def _best_oblimin(loadings: np.ndarray, starts: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Of several starts the one with the lowest criterion; another start counts only if it gains more than rounding.

    Random starts are orthogonal turns, as GPArotation's ``Random.Start``; psych's ``faRotations`` does the same (Nguyen &
    Waller, 2022, on local minima of rotations).
    """
    best = _oblimin(loadings)
    rng, k = np.random.default_rng(SEED), loadings.shape[1]
    for _ in range(starts - 1):
        other = _oblimin(loadings @ np.linalg.qr(rng.normal(size=(k, k)))[0])
        lower = quartimin(other[0]) < quartimin(best[0]) * (1 - SAME_MINIMUM)
        if other[2] and (lower or not best[2]):
            best = other
    return best


def quartimin(loadings: np.ndarray) -> float:
    """Sum over pairs of factors of the products of squared loadings: what oblimin makes small."""
    squares = loadings**2
    return float((squares.sum(axis=1) ** 2 - (squares**2).sum(axis=1)).sum() / 2)


def _oblimin(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Gradient projection (Jennrich, 2002; Bernaards & Jennrich, 2005, https://doi.org/10.1177/0013164404272507)."""
    from statsmodels.multivariate.factor_rotation import rotate_factors  # slow to import, and rarely needed

    turned, turn = rotate_factors(loadings, "oblimin", 0, "oblique", max_tries=ITERATIONS, tol=CLOSE)
    slope = turned * (turned**2 @ (1 - np.eye(len(turn))))
    uphill = -np.linalg.solve(turn.T, slope.T @ turned)
    along = uphill - turn * (turn * uphill).sum(axis=0)  # what is left of it among factors of variance 1
    return turned, turn.T @ turn, bool(np.linalg.norm(along) < 10 * CLOSE)


def ordered_and_signed(loadings: np.ndarray, correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors by the variance that they account for, largest first, each with a positive sum of loadings."""
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    loadings, correlations = loadings * sign, correlations * np.outer(sign, sign)
    order = np.argsort(-explained(loadings, correlations), kind="stable")
    return loadings[:, order], correlations[np.ix_(order, order)]


def explained(loadings: np.ndarray, correlations: np.ndarray) -> np.ndarray:
    """Sum of squares that each factor accounts for, its share of what it has in common with others included."""
    return np.einsum("ij,ik,kj->j", loadings, loadings, correlations)
