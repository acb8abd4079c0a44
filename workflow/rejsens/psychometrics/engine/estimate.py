"""One model fitted to one set of samples: parameters, their covariance, test statistics, and whether it may be used.

ML      normal likelihood; standard errors from the expected information (from the observed one with missing answers)
MLM     ML estimates; Satorra and Bentler's standard errors and scaled statistic (complete rows)
MLR     ML estimates; Huber and White's standard errors and the Yuan-Bentler statistic in Mplus' form
WLSMV   diagonally weighted least squares on thresholds and polychoric correlations; sandwich standard errors,
        scaled and shifted statistic
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rejsens.psychometrics.engine import minimise, moments, normal, robust
from rejsens.psychometrics.engine.identify import group_jacobian, why_not_identified
from rejsens.psychometrics.engine.start import start_values
from rejsens.psychometrics.engine.table import COVARIANCE, MEAN, Parameter, Structure, Table, compile_table

if TYPE_CHECKING:
    from rejsens.psychometrics.engine.polychoric import OrderedSample

ESTIMATORS = ("ML", "MLM", "MLR", "WLSMV")
EDGE = 1e-9  # rounding allowed before a correlation counts as outside ±1
MOST_INFLATION = 1e3  # of a variance by the other parameters


@dataclass(frozen=True)
class Test:
    """Statistic and degrees of freedom, plain and corrected. Without a correction the scaled values are NaN.

    scaling  what chi2 is divided by (WLSMV: 1 / a of a chi2 + b)
    shift    b of WLSMV, else 0
    trace    tr(U Gamma)
    """

    chi2: float
    df: int
    scaled: float = np.nan
    scaling: float = np.nan
    shift: float = 0.0
    trace: float = np.nan

    @property
    def unit(self) -> float:
        """Average size of the statistic per degree of freedom under a true model."""
        return self.trace / self.df if self.df > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Estimate:
    """A fitted structure. `covariance` is None where the information matrix is not positive definite."""

    structure: Structure
    estimator: str
    samples: tuple[Any, ...]
    optimum: minimise.Optimum
    objective: Any  # NormalLikelihood, or LeastSquares of ordered items: each with more than a search needs
    information: np.ndarray  # of one row
    covariance: np.ndarray | None
    test: Test
    baseline: Test
    loglik: float
    saturated: tuple[Any, ...]

    @property
    def parameters(self) -> np.ndarray:
        return self.optimum.parameters

    @property
    def states(self) -> tuple[moments.State, ...]:
        return self.optimum.point.states

    @property
    def n(self) -> int:
        return sum(sample.n for sample in self.samples)

    @property
    def converged(self) -> bool:
        return self.optimum.converged

    @property
    def statistic_n(self) -> int:
        """n of test statistics and RMSEA: all rows; with WLSMV one less in each group."""
        return self.n - len(self.samples) if self.structure.ordered else self.n

    def inverse_expected(self) -> np.ndarray:
        """Inverse of the expected information of one row (its pseudo-inverse where that is singular)."""
        information = self.objective.expected(self.optimum.point) / 2
        inverse = minimise.invert_information(information)
        return np.linalg.pinv(information) if inverse is None else inverse

    def robust_tests(self) -> tuple[Test, Test] | None:
        """Statistics of the model and of the baseline from which robust indices are made, or None."""
        if self.structure.ordered:
            from rejsens.psychometrics.engine.ordered import corrected_for_categories

            if self.covariance is None or len(self.structure.continuous):
                return None  # lavaan has no robust indices of mixed items either
            inverse = np.linalg.inv(self.information)
            return corrected_for_categories(self.objective, self.optimum.point, inverse)
        if all(sample.complete for sample in self.samples):
            return (self.test, self.baseline) if np.isfinite(self.test.scaled) else None
        if self.covariance is None:
            return None
        bare = independence_structure(self.structure)
        none = bare.fill(_independent(bare, [sample_moments(sample) for sample in self.samples]))
        null = [moments.implied(matrices, bare.n_items) for matrices in none]
        return self._corrected(self.structure, self.states), self._corrected(bare, null)

    def _corrected(self, structure: Structure, states: Sequence[moments.State]) -> Test:
        jacobians = [
            group_jacobian(structure, cells, state) @ cells.spread
            for cells, state in zip(structure.cells, states, strict=True)
        ]
        shares = [sample.n / self.n for sample in self.samples]
        value, trace = robust.corrected_for_holes(
            self.saturated, shares, jacobians, [(s.mu, s.sigma) for s in states], self.estimator == "MLR"
        )
        return scaled_test(self.n * value, structure.df, trace)


def solve(
    structure: Structure, samples: Sequence[Any], start: np.ndarray | None = None
) -> tuple[Any, minimise.Optimum]:
    """The objective and where its minimum was found (or the search gave up)."""
    objective = objective_of(structure, samples)
    if start is None:
        start = start_values(structure, [sample_moments(sample) for sample in samples])
    return objective, minimise.minimise(objective, start)


def objective_of(structure: Structure, samples: Sequence[Any]) -> Any:
    """NormalLikelihood, or LeastSquares of ordered items; each takes points of its own kind."""
    if structure.ordered:
        from rejsens.psychometrics.engine.ordered import LeastSquares

        return LeastSquares(structure, samples)
    return normal.NormalLikelihood(structure, samples)


def sample_moments(sample: normal.Sample | OrderedSample) -> tuple[np.ndarray, ...]:
    """Mean and covariance to start from; with holes, each from the answers there are; of ordered items also thresholds."""
    if isinstance(sample, normal.Sample):
        if sample.complete:
            return sample.mean, sample.covariance
        p = sample.n_items
        count, total, square = np.zeros(p), np.zeros(p), np.zeros(p)
        for pattern in sample.patterns:
            count[pattern.items] += pattern.n
            total[pattern.items] += pattern.n * pattern.mean
            square[pattern.items] += pattern.n * (pattern.covariance.diagonal() + pattern.mean**2)
        mean = total / count
        spread = np.sqrt(square / count - mean**2)
        return mean, _pairwise_correlations(sample, mean, spread) * np.outer(spread, spread)
    mean = np.zeros(len(sample.correlations)) if sample.means is None else sample.means
    return mean, sample.correlations, sample.thresholds


def _pairwise_correlations(sample: normal.Sample, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    p = sample.n_items
    total, count = np.zeros((p, p)), np.zeros((p, p))
    for pattern in sample.patterns:
        own = np.ix_(pattern.items, pattern.items)
        away = pattern.mean - mean[pattern.items]
        total[own] += pattern.n * (pattern.covariance + np.outer(away, away))
        count[own] += pattern.n
    out = np.clip(total / np.maximum(count, 1) / np.outer(spread, spread), -0.95, 0.95)
    np.fill_diagonal(out, 1.0)
    return out


def estimate(
    structure: Structure,
    samples: Sequence[Any],
    estimator: str = "ML",
    start: np.ndarray | None = None,
    full: Sequence[Any] | None = None,
    baseline: Test | None = None,
) -> Estimate:
    """Fit a structure. `full` (saturated moments) and `baseline` are computed where they are not given: a ladder of
    models of the same people shares them."""
    objective, optimum = solve(structure, samples, start)
    if not np.isfinite(optimum.point.value):
        optimum = minimise.Optimum(optimum.point, np.inf, optimum.iterations)
    if structure.ordered:
        from rejsens.psychometrics.engine.ordered import finish

        return finish(structure, samples, objective, optimum, estimator, baseline)
    return _finish_normal(structure, samples, objective, optimum, estimator, full, baseline)


def _finish_normal(
    structure: Structure,
    samples: Sequence[normal.Sample],
    objective: normal.NormalLikelihood,
    optimum: minimise.Optimum,
    estimator: str,
    full: Sequence[normal.Saturated] | None,
    baseline: Test | None,
) -> Estimate:
    n = objective.n
    full = tuple(normal.saturated(sample) for sample in samples) if full is None else tuple(full)
    if not np.isfinite(optimum.point.value):
        blank = np.full((structure.size,) * 2, np.nan)
        nothing = Test(np.nan, structure.df)
        return Estimate(
            structure, estimator, tuple(samples), optimum, objective, blank, None, nothing, nothing, np.nan, full
        )
    complete = all(sample.complete for sample in samples)
    observed = estimator == "MLR" or not complete
    point = optimum.point
    information = (objective.hessian(point) if observed else objective.expected(point)) / 2
    inverse = minimise.invert_information(information)
    saturated_traces = None
    if estimator == "MLR":
        means = structure.table.means
        saturated_traces = sum(robust.saturated_trace(s, f, means) for s, f in zip(samples, full, strict=True))
    covariance, test = _tested(structure, objective, point, estimator, inverse, full, saturated_traces)
    if baseline is None:
        baseline = independence(structure, samples, estimator, full, saturated_traces)
    answers = sum(pattern.n * len(pattern.items) for sample in samples for pattern in sample.patterns)
    loglik = -n / 2 * point.value - answers / 2 * np.log(2 * np.pi)
    return Estimate(
        structure, estimator, tuple(samples), optimum, objective, information, covariance, test, baseline, loglik, full
    )


def _tested(
    structure: Structure,
    objective: normal.NormalLikelihood,
    point: normal.Point,
    estimator: str,
    inverse: np.ndarray | None,
    full: Sequence[normal.Saturated],
    saturated_traces: float | None,
) -> tuple[np.ndarray | None, Test]:
    n, df = objective.n, structure.df
    chi2 = max(n * point.value - sum(one.deviance for one in full), 0.0)
    if inverse is None or estimator == "ML":
        return (None if inverse is None else inverse / n), Test(chi2, df)
    meat = objective.crossproduct(point, about_sample=estimator == "MLM")
    covariance = inverse @ meat @ inverse / n
    if estimator == "MLM":
        whole = sum(
            robust.weighted_trace(sample, seen[0].inverse, objective.means)
            for sample, seen in zip(objective.samples, point.seen, strict=True)
        )
    else:
        assert saturated_traces is not None  # MLR has them
        whole = saturated_traces
    trace = whole - float((meat * inverse).sum())
    return covariance, scaled_test(chi2, df, trace)


def scaled_test(chi2: float, df: int, trace: float) -> Test:
    scaling = trace / df if df > 0 and trace > 0 else np.nan
    return Test(chi2, df, chi2 / scaling, scaling, 0.0, trace)


def independence(
    structure: Structure,
    samples: Sequence[normal.Sample],
    estimator: str,
    full: Sequence[normal.Saturated],
    saturated_traces: float | None = None,
) -> Test:
    """The baseline: variances (and means) free in each group, no covariance. Its maximum is known in closed form."""
    bare = independence_structure(structure)
    objective = normal.NormalLikelihood(bare, samples)
    point = objective.at(_independent(bare, [sample_moments(sample) for sample in samples]))
    inverse = None
    if estimator != "ML":
        observed = estimator == "MLR" or not all(sample.complete for sample in samples)
        inverse = minimise.invert_information((objective.hessian(point) if observed else objective.expected(point)) / 2)
    return _tested(bare, objective, point, estimator, inverse, full, saturated_traces)[1]


def independence_structure(structure: Structure) -> Structure:
    table = structure.table
    rows = [
        row
        for group in range(table.n_groups)
        for row in (
            *(Parameter(item, COVARIANCE, item, group) for item in table.items),
            *(Parameter(item, MEAN, "", group) for item in table.items if table.means),
        )
    ]
    return compile_table(Table(table.items, (), tuple(rows), table.n_groups, table.means))


def _independent(bare: Structure, by_group: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
    parts = [(covariance.diagonal(), mean if bare.table.means else mean[:0]) for mean, covariance in by_group]
    return np.concatenate([part for pair in parts for part in pair])


# --- may it be used? -------------------------------------------------------------------------------------------------


def why_inadmissible(fitted: Estimate) -> str:
    """Each reason against using a fit, joined by semicolons; empty where there is none."""
    if reason := not_converged(fitted.structure, fitted.samples, fitted.optimum):
        return reason
    reasons = []
    if fitted.covariance is None:
        reasons.append("the information matrix is not positive definite, so the model is not identified by these data")
    structure = fitted.structure
    for group, state in enumerate(fitted.states):
        where = f" (group {group + 1})" if structure.table.n_groups > 1 else ""
        reasons += [reason + where for reason in _improper(structure, group, state)]
    if fitted.covariance is not None and not reasons and (names := _hardly_told_apart(fitted, fitted.covariance)):
        reasons.append(f"these data hardly tell parameters apart: {', '.join(names[:6])}")
    return "; ".join(reasons)


def _hardly_told_apart(fitted: Estimate, covariance: np.ndarray) -> list[str]:
    """Parameters whose variance is inflated by the others beyond all use, such as loadings of a factor without variance.

    Sound models stay below a few hundred; corrected statistics of one far beyond are arbitrary, however it converged.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        inflation = covariance.diagonal() * np.linalg.pinv(covariance).diagonal()
    return [name for name, own in zip(fitted.structure.names, inflation, strict=True) if own > MOST_INFLATION]


def not_converged(structure: Structure, samples: Sequence[Any], optimum: minimise.Optimum) -> str:
    """The sentence for a search that did not arrive; empty where it did."""
    if optimum.converged:
        return ""
    if not np.isfinite(optimum.point.value):
        return "not converged: no admissible start was found"
    running = [
        name
        for state, sample in zip(optimum.point.states, samples, strict=True)
        for name, left, own in zip(
            structure.table.items,
            state.matrices.covariances.diagonal(),
            sample_moments(sample)[1].diagonal(),
            strict=False,
        )
        if left < -own  # the likelihood grows without a maximum
    ]
    where = f"; the residual variance of {', '.join(dict.fromkeys(running))} falls without limit" if running else ""
    return (
        f"not converged: the largest gradient element is {optimum.gradient_norm:.2g} "
        f"after {optimum.iterations} iterations{where}"
    )


def residual_variances(structure: Structure, state: moments.State) -> np.ndarray:
    """What the paths leave over of each variable; of ordered items under "delta", what their scale implies."""
    left = state.matrices.covariances.diagonal().copy()
    if (unit := np.flatnonzero(structure.unit_variance)).size:
        left[unit] = 1 / state.matrices.scales[unit] ** 2 - state.covariances.diagonal()[unit]
    return left


def _improper(structure: Structure, group: int, state: moments.State) -> list[str]:
    items, factors = structure.table.items, structure.table.factors
    p = len(items)
    left = residual_variances(structure, state)
    reasons = []
    scale = total_variances(structure, state)
    if negative := [name for name, one, all_ in zip(items, left, scale, strict=False) if one < -EDGE * abs(all_)]:
        reasons.append(f"negative residual variance: {', '.join(negative)}")
    if negative := [
        name for name, one, all_ in zip(factors, left[p:], scale[p:], strict=True) if one < -EDGE * abs(all_)
    ]:
        reasons.append(f"negative factor variance: {', '.join(negative)}")
    reasons += _loadings_outside(structure, group, state, scale)
    reasons += _latent_outside(structure, state)
    return reasons + _residuals_outside(structure, state, left)


def total_variances(structure: Structure, state: moments.State) -> np.ndarray:
    total = state.covariances.diagonal().copy()
    if (unit := np.flatnonzero(structure.unit_variance)).size:
        total[unit] = 1 / state.matrices.scales[unit] ** 2
    return total


def _loadings_outside(structure: Structure, group: int, state: moments.State, total: np.ndarray) -> list[str]:
    """Standardised loadings beyond ±1, of effects that one factor alone explains (others may pass 1 honestly)."""
    paths, p = state.matrices.paths, structure.n_items
    with np.errstate(invalid="ignore", divide="ignore"):
        std = paths[:, p:] * np.sqrt(np.maximum(total[p:], 0)) / np.sqrt(total)[:, None]
    alone = (paths != 0).sum(axis=1) == 1
    outside = alone & (np.abs(std) > 1 + EDGE).any(axis=1)
    names = [name for name, yes in zip(structure.variables, outside, strict=True) if yes]
    return [f"standardised loading outside ±1: {', '.join(names)}"] if names else []


def _latent_outside(structure: Structure, state: moments.State) -> list[str]:
    factors, p = structure.table.factors, structure.n_items
    latent = state.covariances[p:, p:]
    spread = latent.diagonal()
    if len(latent) < 2 or (spread <= 0).any():
        return []
    correlations = latent / np.sqrt(np.outer(spread, spread))
    pairs = [
        f"{factors[c]} with {factors[r]}"
        for r, c in zip(*np.tril_indices(len(latent), -1), strict=True)
        if abs(correlations[r, c]) > 1 + EDGE
    ]
    if pairs:
        return [f"factor correlation outside ±1: {', '.join(pairs)}"]
    if np.linalg.eigvalsh(correlations)[0] < -EDGE:
        return ["the factor correlations are not positive definite"]
    return []


def _residuals_outside(structure: Structure, state: moments.State, left: np.ndarray) -> list[str]:
    matrix = state.matrices.covariances
    rows, columns = np.nonzero(np.tril(matrix[: structure.n_items, : structure.n_items], -1))
    pairs = [
        f"{structure.variables[c]} with {structure.variables[r]}"
        for r, c in zip(rows, columns, strict=True)
        if left[r] > 0 and left[c] > 0 and matrix[r, c] ** 2 > left[r] * left[c] * (1 + EDGE)
    ]
    return [f"residual correlation outside ±1: {', '.join(pairs)}"] if pairs else []


def identified(structure: Structure, samples: Sequence[Any]) -> str:
    """Why the structure is not identified, or an empty string; data only set the units of the random points."""
    if structure.df < 0:
        return why_not_identified(structure, np.zeros(structure.size))
    return why_not_identified(structure, start_values(structure, [sample_moments(sample) for sample in samples]))
