"""Diagonally weighted least squares for ordered items: f = sum over groups of (n_g − 1) / n (s − m)' W (s − m).

s holds thresholds and polychoric correlations (and what continuous items among them add, see OrderedSample.moments), m
what the model makes of them, W = diag(Gamma)⁻¹. The statistic is n f.
Curvatures weigh the groups by n_g / n: lavaan does so, and the difference is in the last digits only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rejsens.psychometrics.engine import minimise, moments
from rejsens.psychometrics.engine.normal import pairs
from rejsens.psychometrics.engine.polychoric import OrderedSample
from rejsens.psychometrics.engine.table import Cells, Structure

if TYPE_CHECKING:
    from rejsens.psychometrics.engine.estimate import Estimate, Test


@dataclass(frozen=True, eq=False)
class Point:
    """Where the search stands; f is infinite where a variance is not positive."""

    parameters: np.ndarray
    value: float
    states: tuple[moments.State, ...] = ()
    residuals: tuple[np.ndarray, ...] = ()
    jacobians: tuple[np.ndarray, ...] = ()  # moments x parameters


class LeastSquares:
    """f of a structure for given samples, with gradient and curvature."""

    def __init__(self, structure: Structure, samples: Sequence[OrderedSample]) -> None:
        self.structure = structure
        self.samples = tuple(samples)
        self.n = sum(sample.n for sample in samples)
        self.weights = [sample.weights for sample in samples]
        self.targets = [sample.moments for sample in samples]
        self.pulls = [(sample.n - 1) / self.n for sample in samples]
        self.shares = [sample.n / self.n for sample in samples]

    def at(self, parameters: np.ndarray) -> Point:
        states, residuals, jacobians, value = [], [], [], 0.0
        structure = self.structure
        for group, matrices in enumerate(structure.fill(parameters)):
            state = moments.implied(matrices, structure.n_items)
            if structure.theta and (state.sigma.diagonal() <= 0).any():
                return Point(parameters, np.inf)
            cells = structure.cells[group]
            model, jacobian = ordered_jacobian(structure, cells, state, moments.directions(state, cells))
            residual = self.targets[group] - model
            value += self.pulls[group] * float(self.weights[group] @ residual**2)
            states.append(state)
            residuals.append(residual)
            jacobians.append(jacobian @ cells.spread)
        if not np.isfinite(value):
            return Point(parameters, np.inf)
        return Point(parameters, value, tuple(states), tuple(residuals), tuple(jacobians))

    def gradient(self, point: Point) -> np.ndarray:
        parts = zip(self.pulls, self.weights, point.residuals, point.jacobians, strict=True)
        return -2 * sum(pull * (weight * residual) @ jacobian for pull, weight, residual, jacobian in parts)

    def expected(self, point: Point) -> np.ndarray:
        parts = zip(self.shares, self.weights, point.jacobians, strict=True)
        return 2 * sum(share * (jacobian.T * weight) @ jacobian for share, weight, jacobian in parts)

    def hessian(self, point: Point) -> np.ndarray:
        """By differences of the analytic gradient: it only steers the search where Gauss and Newton's steps crawl."""
        size = 1e-6
        out = np.empty((len(point.parameters),) * 2)
        for k, value in enumerate(point.parameters):
            step = np.zeros_like(point.parameters)
            step[k] = size * max(1.0, abs(value))
            ahead, behind = self.at(point.parameters + step), self.at(point.parameters - step)
            if not (np.isfinite(ahead.value) and np.isfinite(behind.value)):
                return self.expected(point)
            out[k] = (self.gradient(ahead) - self.gradient(behind)) / (2 * step[k])
        return (out + out.T) / 2

    def candidates(self, point: Point, cells: Sequence[Cells]) -> tuple[list[Any], list[Any], list[Any]]:
        """As :py:meth:`NormalLikelihood.candidates`."""
        gradient, within, across = [], [], []
        for group, (extra, state) in enumerate(zip(cells, point.states, strict=True)):
            jacobian = ordered_jacobian(self.structure, extra, state, moments.directions(state, extra))[1]
            weighted = jacobian.T * (self.weights[group] * self.shares[group])
            gradient.append(-2 * self.pulls[group] / self.shares[group] * weighted @ point.residuals[group])
            within.append(np.einsum("ij,ji->i", weighted, jacobian))
            across.append(weighted @ point.jacobians[group])
        return gradient, within, across


def ordered_jacobian(
    structure: Structure, cells: Cells, state: moments.State, way: moments.Directions
) -> tuple[np.ndarray, np.ndarray]:
    """Implied (thresholds, lower triangle of correlations; means and variances of continuous items) of one group, and
    their derivatives in its cells."""
    owner, p, k = structure.threshold_item, structure.n_items, cells.n_structural
    rows, columns = np.tril_indices(p, -1)
    n_thresholds = len(owner)
    sigma = moments.sigma_jacobian(way, rows, columns)
    first_threshold = k + len(cells.mean)
    first_scale = first_threshold + len(cells.threshold)
    if structure.theta:
        variances = state.sigma.diagonal()
        scales, d_log_scale = np.ones(p), np.zeros((p, cells.size))
        own = np.setdiff1d(np.arange(p), structure.continuous)
        scales[own] = 1 / np.sqrt(variances[own])
        # dSigma_jj = 2 a b; scale = Sigma_jj^(-1/2)
        d_log_scale[own, :k] = -way.a[own] * way.b[own] / variances[own, None]
    else:
        scales = state.matrices.scales
        d_log_scale = np.zeros((p, cells.size))
        d_log_scale[cells.scale, first_scale + np.arange(len(cells.scale))] = 1 / scales[cells.scale]
    thresholds = (state.matrices.thresholds - state.mu[owner]) * scales[owner]
    correlations = state.sigma[rows, columns] * scales[rows] * scales[columns]
    jacobian = np.zeros((n_thresholds + len(rows), cells.size))
    jacobian[:n_thresholds] = thresholds[:, None] * d_log_scale[owner] - scales[owner][:, None] * way.mu[owner]
    jacobian[cells.threshold, first_threshold + np.arange(len(cells.threshold))] += scales[owner[cells.threshold]]
    jacobian[n_thresholds:, :k] = sigma * (scales[rows] * scales[columns])[:, None]
    jacobian[n_thresholds:] += correlations[:, None] * (d_log_scale[rows] + d_log_scale[columns])
    own = structure.continuous
    if not len(own):
        return np.concatenate([thresholds, correlations]), jacobian
    variances = np.zeros((len(own), cells.size))
    variances[:, :k] = 2 * way.a[own] * way.b[own]
    implied = [thresholds, correlations, state.mu[own], state.sigma.diagonal()[own]]
    return np.concatenate(implied), np.concatenate([jacobian, way.mu[own], variances])


def implied_correlations(structure: Structure, state: moments.State) -> np.ndarray:
    """Implied correlations of ordered items; continuous ones keep their variance."""
    scales = 1 / np.sqrt(state.sigma.diagonal()) if structure.theta else state.matrices.scales.copy()
    scales[structure.continuous] = 1.0
    out = state.sigma * np.outer(scales, scales)
    ordered = np.setdiff1d(np.arange(structure.n_items), structure.continuous)
    out[ordered, ordered] = 1.0
    return out


def finish(
    structure: Structure,
    samples: Sequence[OrderedSample],
    objective: LeastSquares,
    optimum: minimise.Optimum,
    estimator: str,
    baseline: Test | None,
) -> Estimate:
    """Covariance of the parameters and scaled and shifted statistics."""
    from rejsens.psychometrics.engine.estimate import Estimate, Test

    size = structure.size
    if not np.isfinite(optimum.point.value):
        blank, nothing = np.full((size, size), np.nan), Test(np.nan, structure.df)
        return Estimate(
            structure, estimator, tuple(samples), optimum, objective, blank, None, nothing, nothing, np.nan, ()
        )
    point = optimum.point
    information = objective.expected(point) / 2
    inverse = minimise.invert_information(information)
    chi2 = objective.n * point.value
    if inverse is None:
        covariance, test = None, Test(chi2, structure.df)
    else:
        first, second = filling(objective, point)
        covariance = inverse @ _spread_of_scores(objective, point) @ inverse / objective.n
        test = shifted_test(chi2, structure.df, *_traces(objective, inverse, first, second))
    if baseline is None:
        baseline = independence(samples)
    return Estimate(
        structure, estimator, tuple(samples), optimum, objective, information, covariance, test, baseline, np.nan, ()
    )


def filling(objective: LeastSquares, point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Delta' V Gamma V Delta and Delta' V Gamma V Gamma V Delta over all groups, V weighted by the groups' shares."""
    first, second = np.zeros(()), np.zeros(())
    for share, weight, sample, jacobian in zip(
        objective.shares, objective.weights, objective.samples, point.jacobians, strict=True
    ):
        weighted = jacobian * weight[:, None]
        spread = sample.gamma @ weighted
        first = first + share * (weighted.T @ spread)
        second = second + share * (spread.T * weight) @ spread
    return first, second


def _spread_of_scores(objective: LeastSquares, point: Point) -> np.ndarray:
    """Delta' V Gamma V Delta for standard errors, where lavaan divides by n_g − 1."""
    total = np.zeros(())
    for share, weight, sample, jacobian in zip(
        objective.shares, objective.weights, objective.samples, point.jacobians, strict=True
    ):
        weighted = jacobian * weight[:, None]
        total = total + share * sample.n / (sample.n - 1) * (weighted.T @ sample.gamma @ weighted)
    return total


def _traces(objective: LeastSquares, inverse: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """tr(U Gamma) and tr(U Gamma U Gamma)."""
    whole, square = 0.0, 0.0
    for weight, sample in zip(objective.weights, objective.samples, strict=True):
        whole += float(weight @ sample.gamma.diagonal())
        square += float(weight @ (sample.gamma**2) @ weight)
    inner = inverse @ first
    return whole - float(np.trace(inner)), square - 2 * float((inverse * second).sum()) + float((inner * inner.T).sum())


def shifted_test(chi2: float, df: int, trace: float, trace_of_square: float) -> Test:
    from rejsens.psychometrics.engine.estimate import Test

    if df <= 0 or trace_of_square <= 0:
        return Test(chi2, df)
    slope = float(np.sqrt(df / trace_of_square))
    shift = df - slope * trace
    return Test(chi2, df, chi2 * slope + shift, 1 / slope, shift, trace)


def independence(samples: Sequence[OrderedSample]) -> Test:
    """The baseline: thresholds (means and variances of continuous items) free, all correlations 0."""
    chi2, df, trace, square = 0.0, 0, 0.0, 0.0
    for sample in samples:
        own = sample.between
        weight, gamma = sample.weights[own], sample.gamma[own, own]
        chi2 += (sample.n - 1) * float(weight @ sample.moments[own] ** 2)
        df += len(weight)
        trace += float(weight @ gamma.diagonal())
        square += float(weight @ (gamma**2) @ weight)
    return shifted_test(chi2, df, trace, square)


def corrected_for_categories(objective: LeastSquares, point: Point, inverse: np.ndarray) -> tuple[Test, Test] | None:
    """Statistics of the model and of the baseline for robust indices (Savalei, 2021): how far the implied correlations
    are from the polychoric ones by the normal likelihood, and what that averages. None where these are not positive
    definite."""
    from rejsens.psychometrics.engine.estimate import scaled_test

    structure, p = objective.structure, objective.structure.n_items
    rows, columns = np.tril_indices(p, -1)
    value = null = trace = null_trace = 0.0
    blocks = []
    for share, weight, sample, jacobian, state in zip(
        objective.shares, objective.weights, objective.samples, point.jacobians, point.states, strict=True
    ):
        expected, observed = implied_correlations(structure, state), sample.correlations
        if min(np.linalg.eigvalsh(expected)[0], np.linalg.eigvalsh(observed)[0]) < 1.5e-8:
            return None
        inverse_expected = np.linalg.inv(expected)
        log_observed = float(np.linalg.slogdet(observed)[1])
        value += share * float(np.linalg.slogdet(expected)[1] - log_observed + (observed * inverse_expected).sum() - p)
        null -= share * log_observed
        first = len(sample.thresholds)
        gamma = sample.gamma[first:, first:]
        null_trace += float(np.trace(gamma))
        normal = pairs(inverse_expected, inverse_expected, rows, columns)
        blocks.append((share, weight[first:], gamma, jacobian[first:], normal))
    # trace of (I − D E⁻¹ D' W)' V (I − D E⁻¹ D' W) Gamma, group by group: only E⁻¹ joins the groups.
    middle = sum(share * (delta.T @ normal @ delta) for share, _, _, delta, normal in blocks)
    for share, weight, gamma, delta, normal in blocks:
        weighted = delta.T * weight
        trace += float((normal * gamma).sum())
        trace -= 2 * share * float(np.trace(inverse @ weighted @ gamma @ normal @ delta))
        trace += share * float(np.trace(inverse @ middle @ inverse @ (weighted @ gamma @ weighted.T)))
    n_groups = len(blocks)
    df = n_groups * len(rows) - _covariance_parameters(structure)
    whole = n_groups * len(rows)
    return scaled_test(objective.n * value, df, trace), scaled_test(objective.n * null, whole, null_trace)


def _covariance_parameters(structure: Structure) -> int:
    """Parameters other than thresholds and means."""
    own: set[int] = set()
    for cells in structure.cells:
        first = cells.n_structural
        last = first + len(cells.mean) + len(cells.threshold)
        own |= set(cells.parameter[:first].tolist()) | set(cells.parameter[last:].tolist())
    return len(own)
