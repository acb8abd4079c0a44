"""From a mapping of factor to items, and a word for how the factors hang together, to a parameter table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rejsens.psychometrics.engine.table import (
    COVARIANCE,
    LOADING,
    MEAN,
    SCALE,
    THRESHOLD,
    Matrices,
    Parameter,
    Structure,
    Table,
)

STRUCTURES = ("correlated", "one_factor", "bifactor", "second_order", "method")


@dataclass(frozen=True)
class Design:
    """A factor model in words, checked.

    loads         factor -> items, general and method factors included
    uncorrelated  factors that correlate with no other
    above         the second-order factor, and what it explains
    """

    items: tuple[str, ...]
    loads: dict[str, tuple[str, ...]]
    uncorrelated: frozenset[str] = frozenset()
    above: tuple[str, tuple[str, ...]] | None = None
    residual_covariances: tuple[tuple[str, str], ...] = ()

    @property
    def factors(self) -> tuple[str, ...]:
        return (*self.loads, self.above[0]) if self.above else tuple(self.loads)

    @property
    def correlated_pairs(self) -> list[tuple[str, str]]:
        """Pairs of factors whose covariance is a parameter, as lavaan orders them."""
        if self.above:
            return []
        free = [name for name in self.loads if name not in self.uncorrelated]
        return [(free[c], free[r]) for r, c in zip(*np.tril_indices(len(free), -1), strict=True)]


def design(
    columns: Sequence[str],
    model: Mapping[str, Sequence[str]],
    structure: str = "correlated",
    *,
    reversed_items: Sequence[str] = (),
    residual_covariances: Sequence[tuple[str, str]] = (),
    general: str = "general",
    method: str = "method",
) -> Design:
    """Check a model against the columns at hand and lay its factors out."""
    if structure not in STRUCTURES:
        raise ValueError(f"structure is one of {', '.join(STRUCTURES)}, not “{structure}”")
    _check_model(columns, model)
    items = tuple(dict.fromkeys(str(item) for own in model.values() for item in own))
    loads = {str(factor): tuple(map(str, own)) for factor, own in model.items()}
    pairs = _check_pairs(items, residual_covariances)
    extra = {"one_factor": general, "bifactor": general, "second_order": general, "method": method}.get(structure)
    if extra in loads and not (structure == "one_factor" and len(loads) == 1):
        raise ValueError(f"a factor of the model is called {extra} already; name the added one otherwise")
    if reversed_items and structure != "method":
        raise ValueError("reversed_items are for structure “method”")
    if structure == "one_factor":
        name = next(iter(loads)) if len(loads) == 1 else general
        return Design(items, {name: items}, residual_covariances=pairs)
    if structure == "bifactor":
        return Design(items, {general: items, **loads}, frozenset((general, *loads)), residual_covariances=pairs)
    if structure == "second_order":
        return Design(items, loads, frozenset(loads), (general, tuple(loads)), pairs)
    if structure == "method":
        own = tuple(map(str, reversed_items))
        if not own or set(own) - set(items):
            raise ValueError("structure “method” needs reversed_items, all of them items of the model")
        return Design(items, {**loads, method: own}, frozenset((method,)), residual_covariances=pairs)
    return Design(items, loads, residual_covariances=pairs)


def _check_model(columns: Sequence[str], model: Mapping[str, Sequence[str]]) -> None:
    if not model:
        raise ValueError("the model names no factor")
    for factor, items in model.items():
        if isinstance(items, str) or not len(items):
            raise ValueError(f"the factor {factor} needs a list of items")
        if len(set(items)) < len(items):
            raise ValueError(f"the factor {factor} names an item twice")
        if absent := [str(item) for item in items if item not in columns]:
            raise ValueError(f"the data lack these items of {factor}: {', '.join(absent)}")


def _check_pairs(items: Sequence[str], pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    seen = set()
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
            raise ValueError(f"a residual covariance names two items, not {pair!r}")
        if absent := [str(item) for item in pair if item not in items]:
            raise ValueError(f"a residual covariance names {absent[0]}, which is no item of the model")
        if frozenset(pair) in seen:
            raise ValueError(f"the residual covariance of {pair[0]} and {pair[1]} stands twice")
        seen.add(frozenset(pair))
    return tuple((str(a), str(b)) for a, b in pairs)


@dataclass(frozen=True)
class Equal:
    """What is equal over groups, and what is released from that.

    kinds     of "thresholds", "loadings", "intercepts", "residuals"
    released  (kind, item) or (kind, item, factor), free in every group
    """

    kinds: frozenset[str] = frozenset()
    released: frozenset[tuple[Any, ...]] = field(default_factory=frozenset)

    def label(self, kind: str, item: str, text: str) -> str:
        return text if kind in self.kinds and (kind, item) not in self.released else ""


def factor_table(
    plan: Design,
    *,
    n_groups: int = 1,
    means: bool = False,
    identification: str = "variance",
) -> Table:
    """Rows of a factor model of continuous items, by group; nothing is equal over groups, and latent means are 0.

    identification  "variance": factor variances are 1; "marker": the first loading of each factor is 1
    """
    rows: list[Parameter] = []
    for group in range(n_groups):
        rows += _loadings(plan, group, identification) + _latent(plan, group, identification)
        rows += [Parameter(item, COVARIANCE, item, group) for item in plan.items]
        rows += [Parameter(a, COVARIANCE, b, group) for a, b in plan.residual_covariances]
        rows += [Parameter(item, MEAN, "", group) for item in plan.items if means]
    return Table(plan.items, plan.factors, tuple(rows), n_groups, means)


def _loadings(plan: Design, group: int, identification: str) -> list[Parameter]:
    pairs = [(factor, item) for factor, own in plan.loads.items() for item in own]
    if plan.above:
        pairs += [(plan.above[0], factor) for factor in plan.above[1]]
    markers = {factor: item for factor, item in reversed(pairs)}
    return [
        Parameter(factor, LOADING, item, group, fixed=1.0)
        if identification == "marker" and markers[factor] == item
        else Parameter(factor, LOADING, item, group)
        for factor, item in pairs
    ]


def _latent(plan: Design, group: int, identification: str) -> list[Parameter]:
    variance = 1.0 if identification == "variance" else None
    variances = [Parameter(f, COVARIANCE, f, group, fixed=variance) for f in plan.factors]
    return variances + [Parameter(a, COVARIANCE, b, group) for a, b in plan.correlated_pairs]


def ordered_table(
    plan: Design,
    thresholds: Mapping[str, int],
    *,
    n_groups: int = 1,
    identification: str = "variance",
) -> Table:
    """Rows of a factor model of ordered items, nothing equal over groups; items without `thresholds` are continuous."""
    rows: list[Parameter] = []
    for group in range(n_groups):
        rows += _loadings(plan, group, identification) + _latent(plan, group, identification)
        rows += [Parameter(a, COVARIANCE, b, group) for a, b in plan.residual_covariances]
        rows += [Parameter(i, THRESHOLD, f"t{k + 1}", group) for i in thresholds for k in range(thresholds[i])]
        for item in plan.items:
            if item not in thresholds:
                rows += [Parameter(item, COVARIANCE, item, group), Parameter(item, MEAN, "", group)]
            else:
                rows.append(Parameter(item, SCALE, item, group, fixed=1.0))
    return Table(plan.items, plan.factors, tuple(rows), n_groups, False, dict(thresholds), "delta")


# --- the scale and the direction of factors --------------------------------------------------------------------------


def rescaled(matrices: Matrices, n_items: int, units: np.ndarray) -> Matrices:
    """The same model with every factor in other units: a factor of unit u becomes u times as wide."""
    all_units = np.concatenate([np.ones(n_items), units])
    return Matrices(
        matrices.paths * all_units[:, None] / all_units[None, :],
        matrices.covariances * np.outer(all_units, all_units),
        matrices.means * all_units,
        matrices.thresholds,
        matrices.scales,
    )


def factor_signs(structure: Structure, matrices: Matrices, identification: str) -> np.ndarray:
    """±1 by factor: the way of its first loading ("marker"), or of the sum of its loadings."""
    leading = [
        _loadings_of(structure, matrices, factor)[0] if identification == "marker"
        else _loadings_of(structure, matrices, factor).sum()
        for factor in structure.table.factors
    ]  # fmt: skip
    return np.where(np.array(leading, dtype=float) < 0, -1.0, 1.0)


def marker_units(structure: Structure, matrices: Matrices) -> np.ndarray:
    """What makes the first loading of each factor 1."""
    first = np.array([_loadings_of(structure, matrices, factor)[0] for factor in structure.table.factors])
    units = np.where(first == 0, np.finfo(float).eps, first)  # no division by an exact zero
    # A factor above is read in the units of the factor below it that marks it.
    position = {name: k for k, name in enumerate(structure.table.factors)}
    for factor, row in _first_rows(structure).items():
        if row.rhs in position:
            units[position[factor]] *= units[position[row.rhs]]
    return units


def _first_rows(structure: Structure) -> dict[str, Parameter]:
    out: dict[str, Parameter] = {}
    for row in structure.table.rows:
        if row.op == LOADING and row.group == 0:
            out.setdefault(row.lhs, row)
    return out


def _loadings_of(structure: Structure, matrices: Matrices, factor: str) -> np.ndarray:
    position = {name: k for k, name in enumerate(structure.variables)}
    return np.array(
        [matrices.paths[position[row.rhs], position[factor]] for row in structure.table.rows
         if row.op == LOADING and row.group == 0 and row.lhs == factor]
    )  # fmt: skip
