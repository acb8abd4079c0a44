"""A model as a readable parameter table, and the matrices that it compiles to.

All variables stand in one vector, items first, then factors (the reticular action model of McArdle and McDonald):

    A   directed paths, A[to, from]: loadings and regressions
    S   variances and covariances of what the paths leave over
    m   intercepts of items, means of factors
    t   thresholds of ordered items
    d   scales of ordered items (1 / standard deviation of the answer that lies behind the categories)

A row is free, fixed at a number, or equal to every other row with the same label. So every cell of the matrices is a
linear map of the free parameters: cell = constant, or cell = one parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

LOADING, REGRESSION, COVARIANCE, MEAN, THRESHOLD, SCALE = "=~", "~", "~~", "~1", "|", "~*~"
OPERATORS = (LOADING, REGRESSION, COVARIANCE, MEAN, THRESHOLD, SCALE)


@dataclass(frozen=True)
class Parameter:
    """One row of a model in one group.

    lhs, op, rhs   as lavaan writes them: f =~ x (factor f is measured by x), y ~ x (y on x), x ~~ y, x ~1,
                   x | t1 (first threshold of x), x ~*~ x (scale of x)
    group          position of the group, 0 for the first
    fixed          the number at which it stands; None where it is estimated
    label          rows that share a label share one value
    start          where the search begins; None leaves it to the engine
    """

    lhs: str
    op: str
    rhs: str = ""
    group: int = 0
    fixed: float | None = None
    label: str = ""
    start: float | None = None

    @property
    def name(self) -> str:
        text = self.lhs + self.op + self.rhs
        return text if self.group == 0 else f"{text}.g{self.group + 1}"


@dataclass(frozen=True)
class Table:
    """A whole model. `means` says whether it has a mean structure; without one, means are left alone.

    Items are ordered where `thresholds` names them (item -> number of thresholds); where it names some, the others are
    continuous, with a mean and a variance, and all go into one least squares model. `parameterisation`
    says what identifies their scale: "delta" (the total variance of the answer behind the categories is 1 / d²) or
    "theta" (its residual variance is a parameter, or fixed).
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    rows: tuple[Parameter, ...]
    n_groups: int = 1
    means: bool = False
    thresholds: dict[str, int] = field(default_factory=dict)
    parameterisation: str = "delta"

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a data frame, to be read."""
        columns = ("lhs", "op", "rhs", "group", "fixed", "label", "start")
        return pd.DataFrame([[getattr(row, c) for c in columns] for row in self.rows], columns=list(columns))


def _cell(row: Parameter) -> tuple[Any, ...]:
    ends = tuple(sorted((row.lhs, row.rhs))) if row.op == COVARIANCE else (row.lhs, row.rhs)
    return (row.group, row.op, *ends)


@dataclass(frozen=True, eq=False)
class Cells:
    """The free cells of one group, in the order paths, covariances, means, thresholds, scales."""

    path_to: np.ndarray
    path_from: np.ndarray
    row: np.ndarray  # of S, with column <= row
    column: np.ndarray
    mean: np.ndarray
    threshold: np.ndarray  # positions in the vector of all thresholds
    scale: np.ndarray
    parameter: np.ndarray  # of every cell, in this order
    spread: np.ndarray  # cells x parameters, 1 where the cell is that parameter

    @property
    def n_structural(self) -> int:
        """Cells that move covariances."""
        return len(self.path_to) + len(self.row)

    @property
    def size(self) -> int:
        return len(self.parameter)


@dataclass(frozen=True, eq=False)
class Matrices:
    """One group's numbers: paths A, left-over covariances S, means m, thresholds t, scales d (empty if not ordered)."""

    paths: np.ndarray
    covariances: np.ndarray
    means: np.ndarray
    thresholds: np.ndarray
    scales: np.ndarray


@dataclass(frozen=True, eq=False)
class Structure:
    """A compiled table."""

    table: Table
    names: tuple[str, ...]
    cells: tuple[Cells, ...]
    constants: tuple[Matrices, ...]
    threshold_item: np.ndarray  # which item each threshold belongs to

    @property
    def n_items(self) -> int:
        return len(self.table.items)

    @property
    def size(self) -> int:
        return len(self.names)

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.table.items, *self.table.factors)

    @property
    def ordered(self) -> bool:
        return bool(self.table.thresholds)

    @property
    def theta(self) -> bool:
        return self.ordered and self.table.parameterisation == "theta"

    @property
    def continuous(self) -> np.ndarray:
        """Positions of continuous items of a model with ordered ones."""
        named = self.table.thresholds
        return np.array([j for j, item in enumerate(self.table.items) if named and item not in named], dtype=int)

    @property
    def unit_variance(self) -> np.ndarray:
        """Which items are ordered, and have no variance but that which `scales` say (parameterisation "delta")."""
        chosen = np.full(self.n_items, self.ordered and not self.theta)
        chosen[self.continuous] = False
        return chosen

    @property
    def n_moments(self) -> int:
        """Distinct sample moments that the model has to reproduce, over all groups."""
        p = self.n_items
        if self.ordered:
            each = p * (p - 1) // 2 + len(self.threshold_item) + 2 * len(self.continuous)
        else:
            each = p * (p + 1) // 2 + (p if self.table.means else 0)
        return each * self.table.n_groups

    @property
    def df(self) -> int:
        return self.n_moments - self.size

    def fill(self, parameters: np.ndarray) -> list[Matrices]:
        return [self._fill_group(g, parameters) for g in range(self.table.n_groups)]

    def _fill_group(self, group: int, parameters: np.ndarray) -> Matrices:
        cells, fixed = self.cells[group], self.constants[group]
        values = parameters[cells.parameter]
        paths, covariances, means = fixed.paths.copy(), fixed.covariances.copy(), fixed.means.copy()
        ends = np.cumsum([len(cells.path_to), len(cells.row), len(cells.mean), len(cells.threshold)])
        paths[cells.path_to, cells.path_from] = values[: ends[0]]
        covariances[cells.row, cells.column] = values[ends[0] : ends[1]]
        covariances[cells.column, cells.row] = values[ends[0] : ends[1]]
        means[cells.mean] = values[ends[1] : ends[2]]
        thresholds, scales = fixed.thresholds, fixed.scales
        if self.ordered:
            thresholds, scales = thresholds.copy(), scales.copy()
            thresholds[cells.threshold] = values[ends[2] : ends[3]]
            scales[cells.scale] = values[ends[3] :]
        return Matrices(paths, covariances, means, thresholds, scales)

    def read(self, matrices: Sequence[Matrices]) -> np.ndarray:
        """The parameters that stand in the free cells; of equal cells, their average."""
        total, count = np.zeros(self.size), np.zeros(self.size)
        for cells, group in zip(self.cells, matrices, strict=True):
            values = np.concatenate(
                [group.paths[cells.path_to, cells.path_from], group.covariances[cells.row, cells.column],
                 group.means[cells.mean], group.thresholds[cells.threshold], group.scales[cells.scale]]
            )  # fmt: skip
            np.add.at(total, cells.parameter, values)
            np.add.at(count, cells.parameter, 1)
        return total / count


def compile_table(table: Table) -> Structure:
    """Check a table and turn it into index arrays.

    Raises
    ------
    ValueError
        If a row names a variable that the table lacks, a cell stands twice, an operator or a group is not known, or a
        label is given to a fixed row.
    """
    position = {name: k for k, name in enumerate((*table.items, *table.factors))}
    if len(position) < len(table.items) + len(table.factors):
        raise ValueError("an item and a factor, or two of them, bear the same name")
    starts = (
        np.cumsum([0, *(table.thresholds.get(item, 0) for item in table.items)]) if table.thresholds else np.array([0])
    )
    names: dict[str, int] = {}
    groups = []
    seen: set[tuple[Any, ...]] = set()
    for row in table.rows:
        _check(row, table, position, seen)
    for group in range(table.n_groups):
        kinds: dict[str, list[Any]] = {kind: [] for kind in ("paths", "covariances", "means", "thresholds", "scales")}
        constants = _constants(table, int(starts[-1]))
        for row in (row for row in table.rows if row.group == group):
            kind, where = _place(row, position, starts)
            if row.fixed is not None:
                _set(getattr(constants, kind), kind, where, row.fixed)
            else:
                kinds[kind].append((*where, names.setdefault(row.label or row.name, len(names))))
        groups.append((kinds, constants))
    owner = np.repeat(np.arange(len(table.items)), np.diff(starts)) if table.thresholds else np.zeros(0, dtype=int)
    cells = tuple(_cells(kinds, len(names)) for kinds, _ in groups)
    return Structure(table, tuple(names), cells, tuple(constants for _, constants in groups), owner)


def _check(row: Parameter, table: Table, position: dict[str, int], seen: set[tuple[Any, ...]]) -> None:
    if row.op not in OPERATORS:
        raise ValueError(f"“{row.op}” is no operator; they are {' '.join(OPERATORS)}")
    unknown = [n for n in (row.lhs, row.rhs if row.op not in (MEAN, THRESHOLD) else row.lhs) if n not in position]
    if unknown:
        raise ValueError(f"{row.name} names {unknown[0]}, which is neither an item nor a factor")
    if not 0 <= row.group < table.n_groups:
        raise ValueError(f"{row.name} names group {row.group}, of {table.n_groups}")
    if row.fixed is not None and row.label:
        raise ValueError(f"{row.name} is fixed and bears the label {row.label}")
    if _cell(row) in seen:
        raise ValueError(f"{row.name} stands twice")
    seen.add(_cell(row))


def _constants(table: Table, n_thresholds: int) -> Matrices:
    size = len(table.items) + len(table.factors)
    scales = np.ones(len(table.items)) if table.thresholds else np.zeros(0)
    return Matrices(
        np.zeros((size, size)), np.zeros((size, size)), np.zeros(size), np.zeros(n_thresholds), scales
    )  # fmt: skip


def _place(row: Parameter, position: dict[str, int], starts: np.ndarray) -> tuple[str, tuple[int, ...]]:
    left = position[row.lhs]
    if row.op == LOADING:
        return "paths", (position[row.rhs], left)
    if row.op == REGRESSION:
        return "paths", (left, position[row.rhs])
    if row.op == COVARIANCE:
        right = position[row.rhs]
        return "covariances", (max(left, right), min(left, right))
    if row.op == MEAN:
        return "means", (left,)
    if row.op == SCALE:
        return "scales", (left,)
    return "thresholds", (int(starts[left]) + int(row.rhs.removeprefix("t")) - 1,)


def _set(target: np.ndarray, kind: str, where: tuple[int, ...], value: float) -> None:
    target[where] = value
    if kind == "covariances":
        target[where[::-1]] = value


def _cells(kinds: dict[str, list[Any]], size: int) -> Cells:
    columns = {
        kind: np.array(rows, dtype=int).reshape(len(rows), 3 if kind in ("paths", "covariances") else 2)
        for kind, rows in kinds.items()
    }
    parameter = np.concatenate([rows[:, -1] for rows in columns.values()])
    spread = np.zeros((len(parameter), size))
    spread[np.arange(len(parameter)), parameter] = 1.0
    return Cells(
        path_to=columns["paths"][:, 0],
        path_from=columns["paths"][:, 1],
        row=columns["covariances"][:, 0],
        column=columns["covariances"][:, 1],
        mean=columns["means"][:, 0],
        threshold=columns["thresholds"][:, 0],
        scale=columns["scales"][:, 0],
        parameter=parameter,
        spread=spread,
    )
