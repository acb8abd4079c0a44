"""What non-normal answers do to standard errors and to the test statistic.

Every scaling is tr(U Gamma) / df in some form; here no matrix of moments x moments is made for complete data, since

    tr(W Gamma) = mean of (y' W y)² / 2 − ...

needs one quadratic form a person, and the rest of the trace lives in the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rejsens.psychometrics.engine.normal import BLOCK, Sample, Saturated, pairs


def weighted_trace(sample: Sample, inverse: np.ndarray, means: bool) -> float:
    """tr(W Gamma) of one complete group, W the normal weight of its moments at Sigma⁻¹ = `inverse`.

    Gamma is the distribution-free covariance of the sample moments, divisor n.
    """
    assert sample.values is not None  # a fourth moment needs the people
    total = 0.0
    for start in range(0, sample.n, BLOCK):
        deviations = sample.values[start : start + BLOCK] - sample.mean
        total += float(((deviations @ inverse * deviations).sum(axis=1) ** 2).sum())
    product = inverse @ sample.covariance
    fourth = (total / sample.n - float((product * product.T).sum())) / 2
    return fourth + (float(np.trace(product)) if means else 0.0)


def saturated_trace(sample: Sample, full: Saturated, means: bool) -> float:
    """tr(B A⁻¹) of one group under the saturated model: A observed, B first-order information."""
    if sample.complete:
        return weighted_trace(sample, np.linalg.inv(full.covariance), means)
    observed, first_order = full.information
    return float(np.trace(np.linalg.solve(observed, first_order)))


def corrected_for_holes(
    full: Sequence[Saturated],
    shares: Sequence[float],
    jacobians: Sequence[np.ndarray],
    implied: Sequence[tuple[np.ndarray, np.ndarray]],
    scaled: bool,
) -> tuple[float, float]:
    """Statistic per person and trace from which robust indices of rows with holes are made (Zhang & Savalei, 2023).

    The model's moments are held against the saturated ones as if those came from complete rows; the trace says what
    that statistic averages, with holes as they are and, where `scaled`, answers as they are distributed.
    """
    value, whole, middle, left, meat = 0.0, [], [], [], []
    for one, share, (mu, sigma) in zip(full, shares, implied, strict=True):
        inverse = np.linalg.inv(one.covariance)
        away = one.mean - mu
        at = np.linalg.inv(sigma)
        moment = one.covariance + np.outer(away, away)
        value += share * float(
            np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(one.covariance)[1] + (moment * at).sum() - len(mu)
        )
        inverted, sandwich = one.errors
        whole.append(share * one.information[0])
        middle.append(share * complete_information(inverse))
        left.append(inverted / share)
        meat.append(sandwich / share)
    weight, complete, back, gamma = (_block_diagonal(part) for part in (whole, middle, left, meat))
    delta = np.concatenate(list(jacobians))
    u = weight - weight @ delta @ np.linalg.solve(delta.T @ weight @ delta, delta.T @ weight)
    outer = u @ back @ complete @ back
    return value, float(np.trace(outer @ u @ gamma) if scaled else np.trace(outer))


def complete_information(inverse: np.ndarray) -> np.ndarray:
    """Information of one complete row about (means, lower triangle of Sigma)."""
    p = len(inverse)
    rows, columns = np.tril_indices(p)
    half = np.where(rows == columns, 0.5, 1.0)
    out = np.zeros((p + len(rows),) * 2)
    out[:p, :p] = inverse
    out[p:, p:] = np.outer(half, half) * pairs(inverse, inverse, rows, columns)
    return out


def _block_diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    size = sum(len(block) for block in blocks)
    out, start = np.zeros((size, size)), 0
    for block in blocks:
        out[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    return out
