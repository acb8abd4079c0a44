"""Answers drawn anew from a Gaussian copula: the margins and the product-moment correlations of a table, and nobody's row.

Every variable is a normal score cut at thresholds (a number: mapped by its quantiles). The correlation of the normal scores is
the one at which the cut variables correlate as the answers do, found from the Hermite series of each step function, so that
cutting does not attenuate anything a second time. Correlations are shrunk towards the mean of their block, by as much as their
own sampling error asks (Schäfer & Strimmer, 2005, 10.2202/1544-6115.1175, with block means for the target).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

TERMS = 12  # of the Hermite series
LARGEST = 0.98  # correlation of normal scores beyond which the series is not used
NEWTON = 12  # steps; three to five are enough where a correlation can be reached at all
LEAST_EIGENVALUE = 1e-8
PAIRS = 3  # times the least number of people: fewer pairs than that give no correlation of their own


@dataclass(frozen=True)
class Column:
    """One variable of n people.

    values    (n,) float, NaN = no value
    number    whether any value may occur, not only those seen
    ordered   whether neighbouring values are alike, so that a rare one may join its neighbour
    block     variables of one block are of one kind, such as the items of a scale
    time      when it was asked; what a noisy correlation is shrunk towards is the mean of its two blocks at its two times
    sign      -1 for one that runs against the others of its block
    kin       variables of one kin are the same question at several times, which correlate by more than others of their blocks
    """

    name: str
    values: np.ndarray
    number: bool = False
    ordered: bool = True
    block: str = ""
    time: str = ""
    sign: int = 1
    kin: str = ""


@dataclass(frozen=True)
class Margin:
    """How a normal score becomes a value: `values[i]` above the first i of `cuts`; of a number, between quantiles.

    hermite   (TERMS,) coefficients of the standardised value in normalised Hermite polynomials of order 1, 2, …
    """

    values: np.ndarray
    cuts: np.ndarray
    hermite: np.ndarray
    number: bool = False
    whole: bool = True

    def of(self, score: np.ndarray) -> np.ndarray:
        if not self.number:
            return self.values[np.searchsorted(self.cuts, score)]
        drawn = np.interp(ndtr(score), self.cuts, self.values)
        return np.round(drawn) if self.whole else drawn


@dataclass(frozen=True)
class Copula:
    """Margins by name, and a root of the correlations of their normal scores: (p, q)."""

    margins: dict[str, Margin]
    root: np.ndarray
    shrunk: float  # mean share by which correlations were moved to their block's mean
    bent: float  # mean absolute change that made the correlations those of some distribution

    def draw(self, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """n people: name -> (n,)."""
        scores = rng.standard_normal((n, self.root.shape[1])) @ self.root.T
        return {name: margin.of(scores[:, i]) for i, (name, margin) in enumerate(self.margins.items())}


def fit(columns: Sequence[Column], least: int) -> Copula:
    """The copula of a table; a variable with one value, or with fewer than `least` people, is left out.

    least     fewest people behind a value: a rarer one joins its neighbour, or is left out where values have no order
    """
    margins = {c.name: margin_of(c, least) for c in columns}
    used = [c for c in columns if margins[c.name] is not None]
    kept = {c.name: m for c in used if (m := margins[c.name]) is not None}
    if not used:
        return Copula({}, np.zeros((0, 0)), 0.0, 0.0)
    r, n = correlations(np.column_stack([_in_terms_of(c, kept[c.name]) for c in used]))
    r, shrunk = shrink(r, n, used, PAIRS * least)
    latent = latent_correlations(r, np.array([kept[c.name].hermite for c in used]))
    root, bent = root_of(latent)
    return Copula(kept, root, shrunk, bent)


# --- margins ---------------------------------------------------------------------------------------------------------


def margin_of(column: Column, least: int) -> Margin | None:
    """The margin of a variable, without what fewer than `least` people have; None where nothing is left to vary."""
    values = column.values[~np.isnan(column.values)]
    if len(values) < max(2 * least, 2) or len(np.unique(values)) < 2:
        return None
    return _number(values, least) if column.number else _steps(values, least, column.ordered)


def _steps(values: np.ndarray, least: int, ordered: bool) -> Margin | None:
    codes, counts = np.unique(values, return_counts=True)
    codes, counts = (_joined if ordered else _without)(codes, counts, least)
    if len(codes) < 2:
        return None
    cuts = ndtri(np.cumsum(counts)[:-1] / counts.sum())
    return Margin(codes, cuts, hermite_of(codes, counts / counts.sum(), cuts))


def _joined(codes: np.ndarray, counts: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Each rare value joins the neighbour that more people gave."""
    codes, counts = codes.copy(), counts.copy()
    while len(codes) > 1 and counts.min() < least:
        i = int(counts.argmin())
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(codes)]
        counts[max(beside, key=lambda j: counts[j])] += counts[i]
        codes, counts = np.delete(codes, i), np.delete(counts, i)
    return codes, counts


def _without(codes: np.ndarray, counts: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    return codes[counts >= least], counts[counts >= least]


def _number(values: np.ndarray, least: int) -> Margin:
    """Means of groups of neighbours, `least` or more people each, for quantiles: no value is that of one person."""
    groups = np.array_split(np.sort(values), max(2, len(values) // max(least, 2)))
    shares = np.cumsum([len(g) for g in groups]) / len(values) - np.array([len(g) for g in groups]) / (2 * len(values))
    first = np.zeros(TERMS)
    first[0] = 1.0
    whole = bool((values == np.round(values)).all())
    return Margin(np.array([g.mean() for g in groups]), shares, first, True, whole)


def hermite_of(codes: np.ndarray, shares: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Coefficients of a standardised step function of a normal variable in normalised Hermite polynomials, orders 1 to TERMS.

    The integral of He_m times the normal density above t is He_(m-1)(t) times the density at t.

    >>> a = hermite_of(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.array([0.0]))
    >>> round(float(a[0]) ** 2, 4), float(a[1])  # 2 / pi; and no even terms in a symmetric step
    (0.6366, 0.0)
    """
    spread = math.sqrt(float(shares @ codes**2 - (shares @ codes) ** 2))
    heights = np.diff(codes) * np.exp(-(cuts**2) / 2) / math.sqrt(2 * math.pi)
    before, now, found = np.zeros_like(cuts), np.ones_like(cuts), []
    for m in range(1, TERMS + 1):
        found.append(float(heights @ now) / math.sqrt(math.factorial(m)) / spread)
        before, now = now, cuts * now - (m - 1) * before
    return np.array(found)


def _in_terms_of(column: Column, margin: Margin) -> np.ndarray:
    """The values that the margin knows, (n,); a number as its normal score."""
    v = column.values
    if margin.number:
        given = ~np.isnan(v)
        ranks = np.full(len(v), np.nan)
        _, inverse, counts = np.unique(v[given], return_inverse=True, return_counts=True)
        ranks[given] = ndtri(((np.cumsum(counts) - (counts - 1) / 2) / (given.sum() + 1))[inverse])
        return ranks
    if not column.ordered:
        return np.where(np.isin(v, margin.values), v, np.nan)
    nearest = np.abs(v[:, None] - margin.values[None, :]).argmin(axis=1)
    return np.where(np.isnan(v), np.nan, margin.values[nearest])


# --- correlations ----------------------------------------------------------------------------------------------------


def correlations(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Product-moment correlation of every two columns over the people who have both, and how many those are; (p, p) each."""
    given = ~np.isnan(values)
    means = np.where(given, values, 0.0).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    centred = np.where(given, values - means, 0.0)
    centred /= np.maximum(np.sqrt((centred**2).sum(axis=0) / np.maximum(given.sum(axis=0), 1)), 1e-12)
    mask = given.astype(float)
    n = mask.T @ mask
    pairs = np.maximum(n, 1)
    sums, squares = centred.T @ mask, (centred**2).T @ mask
    between = centred.T @ centred - sums * sums.T / pairs
    within = np.maximum(squares - sums**2 / pairs, 0.0)
    scale = np.sqrt(within * within.T)
    r = np.where(scale > 1e-9, between / np.where(scale > 1e-9, scale, 1.0), np.nan)
    return np.clip(r, -1, 1), n


def shrink(r: np.ndarray, n: np.ndarray, columns: Sequence[Column], least_pairs: int) -> tuple[np.ndarray, float]:
    """Correlations moved towards the mean of their two blocks at their two times, and such means towards those of all times.

    Each step goes as far as sampling variance over spread, at most the whole way: in a short retest of few people the mean
    of two scales is as noisy as single correlations are, and is taken from the waves that many answered.
    returns   (p, p), and the mean share of the first step. What rests on fewer than `least_pairs` people is the mean itself.
              The same question at two times has means of its own.
    """
    _, time = np.unique([c.time for c in columns], return_inverse=True)
    kinds, kind = np.unique([c.block for c in columns], return_inverse=True)
    kin = pd.factorize(pd.Series([c.kin or c.name for c in columns]))[0]
    order = np.lexsort((kind, time))
    block = time[order] * len(kinds) + kind[order]
    flip = np.outer([c.sign for c in columns], [c.sign for c in columns])
    turned, pairs = (r * flip)[np.ix_(order, order)], n[np.ix_(order, order)]
    use = (pairs >= least_pairs) & ~np.isnan(turned) & ~np.eye(len(r), dtype=bool)
    turned = np.where(use, turned, 0.0)
    same = kin[order][:, None] == kin[order][None, :]
    shrunk, share = np.zeros_like(turned), np.zeros_like(turned)
    for which in (same, ~same):
        own, moved = _towards_means(turned, pairs, use & which, block, len(kinds))
        shrunk, share = np.where(which, own, shrunk), np.where(which, moved, share)
    back = np.argsort(order)
    shrunk = shrunk[np.ix_(back, back)] * flip
    np.fill_diagonal(shrunk, 1.0)
    return shrunk, float(share[use].mean()) if use.any() else 0.0


def _towards_means(
    r: np.ndarray, n: np.ndarray, use: np.ndarray, block: np.ndarray, n_kinds: int
) -> tuple[np.ndarray, np.ndarray]:
    """The shrunken correlations and the share by which each was moved, (p, p); blocks stand one after the other."""
    starts = np.flatnonzero(np.r_[True, np.diff(block) > 0])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(block)]))
    place = np.ix_(group, group)

    def per_block(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.add.reduceat(values, starts, axis=0), starts, axis=1)

    counts = per_block(use.astype(float))
    means = per_block(np.where(use, r, 0.0)) / np.maximum(counts, 1)
    people = per_block(np.where(use, n, 0.0)) / np.maximum(counts, 1)
    target = means[place]
    variance = per_block(np.where(use, (1 - r**2) ** 2 / np.maximum(n - 1, 1), 0.0))
    spread = per_block(np.where(use, (r - target) ** 2, 0.0))
    share = np.where(counts > 1, np.minimum(1.0, variance / np.maximum(spread, 1e-12)), 0.0)[place]
    steadied = _over_times(means, people, counts > 0, block[starts], n_kinds)[place]
    return steadied + np.where(use, (1 - share) * (r - target), 0.0), share


def _over_times(means: np.ndarray, people: np.ndarray, use: np.ndarray, block: np.ndarray, n_kinds: int) -> np.ndarray:
    """Means of blocks moved towards the mean of the same two kinds over all pairs of times (those of one time apart)."""
    time, kind = block // n_kinds, block % n_kinds
    apart = time[:, None] != time[None, :]
    what = (kind[:, None] * n_kinds + kind[None, :]) * 2 + apart
    weight = np.where(use, people, 0.0)
    size = 2 * n_kinds**2
    total = np.bincount(what.ravel(), weight.ravel(), size)
    of_all = np.bincount(what.ravel(), (weight * means).ravel(), size) / np.maximum(total, 1e-12)
    target = of_all[what]
    when = time[:, None] * (time.max() + 1) + time[None, :]
    noise = np.where(use, (1 - means**2) ** 2 / np.maximum(people - 1, 1), 0.0)
    found = np.where(use, (means - target) ** 2, 0.0)
    share = np.bincount(when.ravel(), noise.ravel()) / np.maximum(np.bincount(when.ravel(), found.ravel()), 1e-12)
    moved = np.minimum(share, 1.0)[when]
    return np.where(use, (1 - moved) * means + moved * target, target)


def latent_correlations(r: np.ndarray, hermite: np.ndarray) -> np.ndarray:
    """Correlations of normal scores at which the variables correlate by r, (p, p): the root of sum(a_im a_jm rho^m) = r."""
    rho = np.clip(r / np.maximum(np.outer(hermite[:, 0], hermite[:, 0]), 1e-6), -LARGEST, LARGEST)
    for _ in range(NEWTON):
        value, slope = np.zeros_like(rho), np.zeros_like(rho)
        for m in range(hermite.shape[1], 0, -1):  # Horner
            product = np.outer(hermite[:, m - 1], hermite[:, m - 1])
            slope = slope * rho + value
            value = value * rho + product
        slope, value = slope * rho + value, value * rho
        step = np.clip((value - r) / np.where(np.abs(slope) > 1e-6, slope, 1e-6), -0.3, 0.3)
        before, rho = rho, np.clip(rho - step, -LARGEST, LARGEST)
        if np.abs(rho - before).max() < 1e-7:
            break
    np.fill_diagonal(rho, 1.0)
    return rho


def root_of(correlation: np.ndarray) -> tuple[np.ndarray, float]:
    """A root of the nearest positive matrix (negative eigenvalues left out, the diagonal made 1 again), and the mean change."""
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    kept = values > LEAST_EIGENVALUE
    root = vectors[:, kept] * np.sqrt(values[kept])
    root /= np.maximum(np.sqrt((root**2).sum(axis=1, keepdims=True)), 1e-12)
    return root, float(np.abs(root @ root.T - correlation).mean())
