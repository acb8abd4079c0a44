"""Thresholds, polychoric correlations and their asymptotic covariance, in two steps as lavaan 0.6 (Muthén, 1984).

Thresholds come from the margins; each correlation maximises the bivariate likelihood with the thresholds held. The
asymptotic covariance is B⁻¹ M B⁻ᵀ, M the average outer product of everybody's scores and B its blocks that hold the
derivatives: the outer product stands for the curvature too, which is lavaan's convention and decides its last digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

FAR = 10.0  # a threshold beyond all answers
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
ITERATIONS = 60
CLOSE = 1e-11  # change of Fisher's z at which a correlation stands
EDGE = 5.0  # of Fisher's z: a correlation of .9999
LEAST_CELL = 1e-12
BLOCK = 8192


@dataclass(frozen=True, eq=False)
class OrderedSample:
    """One group's sample moments.

    thresholds    of all items, one after the other; `threshold_item` says whose
    correlations  polychoric, items x items; with continuous items (engine/mixed.py) covariances, where those have their
                  variance and ordered ones 1
    gamma         asymptotic covariance of `moments` times n
    at_edge       pairs of items whose correlation ran to ±1
    means         of all items, 0 of ordered ones (None: all are ordered)
    continuous    positions of continuous items
    """

    n: int
    thresholds: np.ndarray
    threshold_item: np.ndarray
    correlations: np.ndarray
    gamma: np.ndarray
    at_edge: tuple[tuple[int, int], ...] = ()
    means: np.ndarray | None = None
    continuous: tuple[int, ...] = ()

    @property
    def moments(self) -> np.ndarray:
        """Thresholds, lower triangle of correlations (covariances); means and variances of continuous items."""
        shared = [self.thresholds, self.correlations[np.tril_indices(len(self.correlations), -1)]]
        if not self.continuous:
            return np.concatenate(shared)
        assert self.means is not None  # as wherever there are continuous items
        own = list(self.continuous)
        return np.concatenate([*shared, self.means[own], self.correlations.diagonal()[own]])

    @property
    def between(self) -> slice:
        """Where the correlations stand among the moments."""
        first, p = len(self.thresholds), len(self.correlations)
        return slice(first, first + p * (p - 1) // 2)

    @property
    def weights(self) -> np.ndarray:
        return 1 / self.gamma.diagonal()


@dataclass(frozen=True, eq=False)
class _Pairs:
    """All pairs of items, padded to the largest number of categories: thresholds far out have empty cells."""

    left: np.ndarray
    right: np.ndarray
    a: np.ndarray  # pairs x thresholds of the left item
    b: np.ndarray
    counts: np.ndarray  # pairs x categories x categories


def ordered_sample(codes: np.ndarray, categories: np.ndarray) -> OrderedSample:
    """Sample moments of answers coded 0, 1, ... (people x items); every category of every item is used."""
    with np.errstate(under="ignore"):  # far cells are as good as empty
        return _ordered_sample(codes, categories)


def _ordered_sample(codes: np.ndarray, categories: np.ndarray) -> OrderedSample:
    thresholds, pairs, rho = _two_steps(codes, categories)
    correlations, edge = _matrix(pairs, rho, codes.shape[1])
    owner = np.repeat(np.arange(codes.shape[1]), [len(t) for t in thresholds])
    gamma = _asymptotic_covariance(codes, thresholds, pairs, rho)
    return OrderedSample(len(codes), np.concatenate(thresholds), owner, correlations, gamma, edge)


def polychoric_correlations(
    codes: np.ndarray, categories: np.ndarray
) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """Polychoric correlations alone, and the pairs that ran to ±1: what an exploration needs, at a tenth of the cost."""
    with np.errstate(under="ignore"):
        _, pairs, rho = _two_steps(codes, categories)
    return _matrix(pairs, rho, codes.shape[1])


def _two_steps(codes: np.ndarray, categories: np.ndarray) -> tuple[list[np.ndarray], _Pairs, np.ndarray]:
    n, p = codes.shape
    margins = [np.bincount(codes[:, j], minlength=categories[j]) for j in range(p)]
    thresholds = [ndtri(np.cumsum(counts)[:-1] / n) for counts in margins]
    pairs = _pairs(codes, categories, thresholds)
    return thresholds, pairs, _correlations(pairs)


def _matrix(pairs: _Pairs, rho: np.ndarray, p: int) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    correlations = np.eye(p)
    correlations[pairs.left, pairs.right] = correlations[pairs.right, pairs.left] = rho
    edge = np.flatnonzero(np.abs(np.arctanh(rho)) >= EDGE - 1e-9)
    return correlations, tuple((int(pairs.right[q]), int(pairs.left[q])) for q in edge)


def _pairs(codes: np.ndarray, categories: np.ndarray, thresholds: list[np.ndarray]) -> _Pairs:
    p, most = codes.shape[1], int(categories.max())
    left, right = np.tril_indices(p, -1)
    padded = np.full((p, most - 1), FAR)
    for j, own in enumerate(thresholds):
        padded[j, : len(own)] = own
    columns = np.ascontiguousarray(codes.T).astype(np.int64)
    scaled = columns * most
    counts = np.array(
        [np.bincount(scaled[i] + columns[j], minlength=most * most) for i, j in zip(left, right, strict=True)],
        dtype=float,
    ).reshape(len(left), most, most)
    twofold = (categories[left] == 2) & (categories[right] == 2)
    for q in np.flatnonzero(twofold):
        counts[q, :2, :2] = _without_empty_cells(counts[q, :2, :2])
    return _Pairs(left, right, padded[left], padded[right], counts)


def _without_empty_cells(table: np.ndarray) -> np.ndarray:
    """Half a person into an empty cell of a 2 x 2 table, the margins kept (lavaan's zero.add and zero.keep.margins)."""
    if table.all():
        return table
    sign = 1.0 if table[0, 0] == 0 or table[1, 1] == 0 else -1.0
    return table + 0.5 * sign * np.array([[1, -1], [-1, 1]])


def bivariate_normal(a: np.ndarray, b: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """P(X <= a, Y <= b) on the grid of each pair: pairs x len(a) x len(b).

    Gauss-Legendre over the angle asin(u), u from 0 to rho (Drezner & Wesolowsky, 1990; Genz, 2004).
    """
    angle = np.arcsin(rho)[:, None, None]
    squares, product = a[:, :, None] ** 2 + b[:, None, :] ** 2, a[:, :, None] * b[:, None, :]
    total = np.zeros_like(product)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        theta = angle * (node + 1) / 2
        sine = np.sin(theta)
        total += weight * np.exp(-(squares / 2 - product * sine) / (1 - sine**2))
    return ndtr(a)[:, :, None] * ndtr(b)[:, None, :] + total * angle / (4 * np.pi)


def _density(a: np.ndarray, b: np.ndarray, rho: np.ndarray) -> np.ndarray:
    r = rho[:, None, None]
    left = 1 - r**2
    exponent = -(a[:, :, None] ** 2 - 2 * r * a[:, :, None] * b[:, None, :] + b[:, None, :] ** 2) / (2 * left)
    return np.exp(np.maximum(exponent, -700)) / (2 * np.pi * np.sqrt(left))


def _cells(corner: np.ndarray, left: np.ndarray | None = None, right: np.ndarray | None = None) -> np.ndarray:
    """Rectangles from values at inner corners; margins are given for probabilities, and 0 for derivatives."""
    q, k, m = corner.shape
    full = np.zeros((q, k + 2, m + 2))
    full[:, 1:-1, 1:-1] = corner
    if left is not None:
        full[:, 1:-1, -1], full[:, -1, 1:-1], full[:, -1, -1] = left, right, 1.0
    return full[:, 1:, 1:] - full[:, :-1, 1:] - full[:, 1:, :-1] + full[:, :-1, :-1]


def _probabilities(pairs: _Pairs, rho: np.ndarray) -> np.ndarray:
    cells = _cells(bivariate_normal(pairs.a, pairs.b, rho), ndtr(pairs.a), ndtr(pairs.b))
    return np.maximum(cells, LEAST_CELL)


def _correlations(pairs: _Pairs) -> np.ndarray:
    """Fisher scoring on Fisher's z, all pairs at once; a step that lowers a likelihood is halved."""
    total = pairs.counts.sum(axis=(1, 2))
    z = np.zeros(len(pairs.left))
    likelihood = (pairs.counts * np.log(_probabilities(pairs, np.tanh(z)))).sum(axis=(1, 2))
    active = np.arange(len(z))
    probabilities = _probabilities(pairs, np.tanh(z))
    for _ in range(ITERATIONS):
        if not len(active):
            break
        own = _take(pairs, active)
        rho = np.tanh(z[active])
        slopes = _cells(_density(own.a, own.b, rho))
        turn = 1 - rho**2
        gradient = (own.counts * slopes / probabilities[active]).sum(axis=(1, 2)) * turn
        information = total[active] * (slopes**2 / probabilities[active]).sum(axis=(1, 2)) * turn**2
        step = np.clip(gradient / np.maximum(information, 1e-10), -1, 1)
        for _ in range(12):
            candidate = np.clip(z[active] + step, -EDGE, EDGE)
            new = _probabilities(own, np.tanh(candidate))
            value = (own.counts * np.log(new)).sum(axis=(1, 2))
            worse = value < likelihood[active] - 1e-11 * np.abs(likelihood[active])
            if not worse.any():
                break
            step = np.where(worse, step / 2, step)
        moved = np.abs(candidate - z[active])
        z[active], likelihood[active], probabilities[active] = candidate, value, new
        active = active[moved > CLOSE]
    return np.tanh(z)


def _take(pairs: _Pairs, chosen: np.ndarray) -> _Pairs:
    return _Pairs(*(getattr(pairs, name)[chosen] for name in ("left", "right", "a", "b", "counts")))


# --- asymptotic covariance -------------------------------------------------------------------------------------------


def _asymptotic_covariance(
    codes: np.ndarray, thresholds: list[np.ndarray], pairs: _Pairs, rho: np.ndarray
) -> np.ndarray:
    probabilities = _probabilities(pairs, rho)
    slopes = _cells(_density(pairs.a, pairs.b, rho)) / probabilities  # scores of each correlation, by cell
    scores = [threshold_scores(own) for own in thresholds]  # categories x thresholds, by item
    size = sum(len(own) for own in thresholds)
    meat = _outer_products(codes, scores, slopes, pairs, size)
    bread = np.zeros_like(meat)
    starts = np.cumsum([0, *(len(own) for own in thresholds)])
    for j, own in enumerate(scores):
        block = slice(starts[j], starts[j + 1])
        bread[block, block] = meat[block, block] if len(own) else 0
    share = pairs.counts / pairs.counts.sum(axis=(1, 2), keepdims=True)
    for side, items in ((0, pairs.left), (1, pairs.right)):
        crossing = _crossing(pairs, rho, probabilities, slopes, share, side)
        for q, item in enumerate(items):
            k = len(thresholds[item])
            bread[size + q, starts[item] : starts[item] + k] = crossing[q, :k]
    rows = np.arange(size, len(bread))
    bread[rows, rows] = meat[rows, rows]
    half = np.linalg.solve(bread, meat)
    gamma = np.linalg.solve(bread, half.T)
    return (gamma + gamma.T) / 2


def threshold_scores(thresholds: np.ndarray) -> np.ndarray:
    """Derivative of the log-probability of each category in each threshold: categories x thresholds."""
    edges = np.concatenate([[0.0], ndtr(thresholds), [1.0]])
    probability = np.diff(edges)
    density = np.exp(-(thresholds**2) / 2) / np.sqrt(2 * np.pi)
    out = np.zeros((len(probability), len(thresholds)))
    each = np.arange(len(thresholds))
    out[each, each] = density / probability[:-1]
    out[each + 1, each] = -density / probability[1:]
    return out


def pair_scores(
    x: np.ndarray, y: np.ndarray, of_x: np.ndarray, of_y: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, bool]:
    """Polychoric correlation of two items coded 0, 1, ... with thresholds `of_x` and `of_y`; everybody's score of it, of
    x's and of y's thresholds in this pair (thresholds x people); whether it ran to ±1."""
    categories = np.array([len(of_x) + 1, len(of_y) + 1])
    pairs = _pairs(np.column_stack([y, x]), categories[::-1], [of_y, of_x])  # the lower triangle: x is the left one
    rho = _correlations(pairs)
    probabilities = _probabilities(pairs, rho)
    k, m = categories
    score = (_cells(_density(pairs.a, pairs.b, rho)) / probabilities)[0][x, y]
    out = []
    for side, own, codes, others in ((0, k, x, y), (1, m, y, x)):
        moved = _moved(pairs, rho, side)[0, : own - 1]  # own thresholds x categories of the other item
        chance = probabilities[0] if side == 0 else probabilities[0].T
        scores = np.zeros((own - 1, len(x)))
        for t in range(own - 1):
            scores[t] = moved[t, others] * ((codes == t).astype(float) - (codes == t + 1)) / chance[codes, others]
        out.append(scores)
    return float(rho[0]), score, out[0], out[1], bool(np.abs(np.arctanh(rho[0])) >= EDGE - 1e-9)


def _crossing(
    pairs: _Pairs, rho: np.ndarray, probabilities: np.ndarray, slopes: np.ndarray, share: np.ndarray, side: int
) -> np.ndarray:
    """Average product of a correlation's score and the pair's scores of one item's thresholds: pairs x thresholds."""
    moved = _moved(pairs, rho, side)
    weight = share * slopes / probabilities
    weight = weight if side == 0 else weight.transpose(0, 2, 1)
    return ((weight[:, :-1] - weight[:, 1:]) * moved).sum(axis=2)


def _moved(pairs: _Pairs, rho: np.ndarray, side: int) -> np.ndarray:
    """What each threshold of one item adds to the cells below it as it moves: pairs x thresholds x other's categories."""
    own, other = (pairs.a, pairs.b) if side == 0 else (pairs.b, pairs.a)
    spread = np.sqrt(1 - rho**2)[:, None, None]
    edge = ndtr((other[:, None, :] - rho[:, None, None] * own[:, :, None]) / spread)
    inner = np.concatenate([np.zeros((*edge.shape[:2], 1)), edge, np.ones((*edge.shape[:2], 1))], axis=2)
    return np.diff(inner, axis=2) * (np.exp(-(own**2) / 2) / np.sqrt(2 * np.pi))[:, :, None]


def _outer_products(
    codes: np.ndarray, scores: list[np.ndarray], slopes: np.ndarray, pairs: _Pairs, size: int
) -> np.ndarray:
    """Average outer product of everybody's scores, rows in blocks."""
    n, most = len(codes), slopes.shape[1]
    flat = slopes.reshape(len(slopes), -1)
    out = np.zeros((size + len(flat),) * 2)
    for start in range(0, n, BLOCK):
        own = np.ascontiguousarray(codes[start : start + BLOCK].T).astype(np.intp)
        block = np.empty((size + len(flat), own.shape[1]))
        block[:size] = np.concatenate([table.T[:, own[j]] for j, table in enumerate(scores)])
        scaled = own * most
        for q, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
            np.take(flat[q], scaled[i] + own[j], out=block[size + q])
        out += block @ block.T
    return out / n
