"""The marginal likelihood of the graded response model, its gradient, and what a person's answers say of the trait.

The trait is standard normal; the integral over it is a sum over equally spaced points, as in R's mirt (61 from -6 to 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

POINTS = np.linspace(-6, 6, 61)
WEIGHTS = np.exp(-(POINTS**2) / 2) / np.exp(-(POINTS**2) / 2).sum()
LEAST = 1e-300
BLOCK = 16_384


@dataclass(frozen=True, eq=False)
class Answered:
    """Distinct answer patterns.

    marks       patterns x categories of all items one after the other: 1 where the answer is that category; as bytes, but
                for the blocks that are computed with
    counts      how many people have each pattern
    of_person   the pattern of each person
    categories  number of categories of each item
    """

    marks: np.ndarray
    counts: np.ndarray
    of_person: np.ndarray
    categories: tuple[int, ...]


def answered(codes: np.ndarray, categories: tuple[int, ...]) -> Answered:
    """From codes 0, 1, ... (people x items), -1 where missing."""
    small = codes.astype(np.int8)  # there are no more than ordered_answers.MOST_CATEGORIES
    rows, of_person, counts = np.unique(small, axis=0, return_inverse=True, return_counts=True)
    marks = np.concatenate([rows[:, [j]] == np.arange(k) for j, k in enumerate(categories)], axis=1)
    return Answered(marks.view(np.int8), counts.astype(float), of_person.ravel(), categories)


def split(values: np.ndarray, categories: tuple[int, ...]) -> list[np.ndarray]:
    """The parameters item by item."""
    return np.split(values, np.cumsum(categories)[:-1])


def category_chances(own: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Chance of each category at each point: categories x points. `own` is the slope, then falling intercepts."""
    above = expit(own[0] * points + own[1:, None])
    edges = np.concatenate([np.ones((1, len(points))), above, np.zeros((1, len(points)))])
    return np.maximum(edges[:-1] - edges[1:], LEAST)


def log_chances(parameters: np.ndarray, categories: tuple[int, ...], points: np.ndarray = POINTS) -> np.ndarray:
    """Log-chances of all categories of all items: categories x points."""
    return np.log(np.concatenate([category_chances(own, points) for own in split(parameters, categories)]))


def posterior(data: Answered, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the points for each pattern (patterns x points), and the pattern's log-likelihood."""
    joint = data.marks @ log_chances(parameters, data.categories) + np.log(WEIGHTS)
    highest = joint.max(axis=1, keepdims=True)
    joint = np.exp(joint - highest)
    total = joint.sum(axis=1, keepdims=True)
    return joint / total, (np.log(total) + highest)[:, 0]


def moments(data: Answered, parameters: np.ndarray, size: int = BLOCK) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood of each pattern, and the posterior mean of the trait and of its square; a block at a time."""
    found = []
    for part in blocks(data, size):
        weights, logs = posterior(part, parameters)
        found.append((logs, weights @ POINTS, weights @ POINTS**2))
    logs, means, squares = (np.concatenate(moment) for moment in zip(*found, strict=True))
    return logs, means, squares


def log_likelihood(data: Answered, parameters: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood and its gradient, by Fisher's identity: expected complete-data scores."""
    value, expected = 0.0, np.zeros((data.marks.shape[1], len(POINTS)))
    for part in blocks(data):
        weights, logs = posterior(part, parameters)
        value += float(part.counts @ logs)
        expected += part.marks.T @ (weights * part.counts[:, None])
    return value, (_category_scores(parameters, data.categories) * expected).sum(axis=(1, 2))


def log_likelihood_and_products(data: Answered, parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The same, and the sum of the outer products of the patterns' scores, which is near the information."""
    scores = _category_scores(parameters, data.categories)
    size = len(parameters)
    owner = np.any(scores, axis=2)  # parameters x categories: a parameter's score is nil off its item
    value, gradient, products = 0.0, np.zeros(size), np.zeros((size, size))
    for part in blocks(data, BLOCK // 8):
        weights, logs = posterior(part, parameters)
        value += float(part.counts @ logs)
        own = np.empty((len(part.counts), size))
        for j in range(size):
            columns = np.flatnonzero(owner[j])
            own[:, j] = ((weights @ scores[j, columns].T) * part.marks[:, columns]).sum(axis=1)
        gradient += part.counts @ own
        products += own.T @ (own * part.counts[:, None])
    return value, gradient, products


def observed_information(data: Answered, parameters: np.ndarray) -> np.ndarray:
    """Minus the second derivatives of the log-likelihood (Louis, 1982, https://doi.org/10.1111/j.2517-6161.1982.tb01203.x).

    What the complete data would say, less what the trait's being unknown takes away: the posterior variance of the
    complete-data scores, whose cross-products come from the joint counts of categories at each point.
    """
    scores = _category_scores(parameters, data.categories)
    size = len(parameters)
    missing, expected = np.zeros((size, size)), np.zeros((data.marks.shape[1], len(POINTS)))
    _, _, products = log_likelihood_and_products(data, parameters)
    for part in blocks(data):
        weights, _ = posterior(part, parameters)
        weights = weights * part.counts[:, None]
        expected += part.marks.T @ weights
        for q in range(len(POINTS)):
            joint = part.marks.T @ (part.marks * weights[:, [q]])
            missing += scores[:, :, q] @ joint @ scores[:, :, q].T
    return _complete_information(parameters, data.categories, expected) - (missing - products)


def blocks(data: Answered, size: int = BLOCK) -> Iterator[Answered]:
    """The patterns in parts that fit into memory, their marks as numbers."""
    for start in range(0, len(data.counts), size):
        rows = slice(start, start + size)
        yield Answered(data.marks[rows].astype(float), data.counts[rows], data.of_person, data.categories)


def _category_scores(parameters: np.ndarray, categories: tuple[int, ...]) -> np.ndarray:
    """Derivative of each category's log-chance in each parameter: parameters x categories (of all items) x points."""
    out = np.zeros((len(parameters), len(parameters), len(POINTS)))
    start = 0
    for own, k in zip(split(parameters, categories), categories, strict=True):
        above = expit(own[0] * POINTS + own[1:, None])
        scores = _item_scores(above * (1 - above), category_chances(own, POINTS))
        out[start : start + k, start : start + k] = scores
        start += k
    return out


def _complete_information(parameters: np.ndarray, categories: tuple[int, ...], expected: np.ndarray) -> np.ndarray:
    """Minus the expected second derivatives of the complete-data log-likelihood: a block for each item."""
    out = np.zeros((len(parameters),) * 2)
    start = 0
    for own, k in zip(split(parameters, categories), categories, strict=True):
        rows = slice(start, start + k)
        above = expit(own[0] * POINTS + own[1:, None])
        slope = above * (1 - above)
        bend = slope * (1 - 2 * above)
        ratio = expected[rows] / category_chances(own, POINTS)
        curve = bend * (ratio[1:] - ratio[:-1])  # second derivatives of the chances themselves, by intercept
        scores = _item_scores(slope, category_chances(own, POINTS))
        block = np.einsum("acq,bcq,cq->ab", scores, scores, expected[rows])
        block[0, 0] -= (curve * POINTS**2).sum()
        cross = (curve * POINTS).sum(axis=1)
        block[0, 1:] -= cross
        block[1:, 0] -= cross
        block[np.arange(1, k), np.arange(1, k)] -= curve.sum(axis=1)
        out[rows, rows] = block
        start += k
    return out


def _item_scores(slope: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Parameters x categories x points of one item: the slope first, then the intercepts."""
    k = len(chance)
    block = np.zeros((k, k, len(POINTS)))
    each = np.arange(1, k)
    block[each, each] = slope / chance[1:]
    block[each, each - 1] = -slope / chance[:-1]
    block[0] = block[1:].sum(axis=0) * POINTS
    return block


def item_information(own: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Fisher's information of one item about the trait at each point (Samejima, 1969)."""
    above = expit(own[0] * points + own[1:, None])
    slope = np.concatenate([np.zeros((1, len(points))), above * (1 - above), np.zeros((1, len(points)))])
    return own[0] ** 2 * ((slope[:-1] - slope[1:]) ** 2 / category_chances(own, points)).sum(axis=0)
