"""What is imputed from what: the columns, their places in the matrix, methods, predictors and what follows from others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rejsens.missing.asked import method_of, refuse_means, refuse_outcomes, refuse_products, refuse_slopes
from rejsens.missing.coding import Coded, blocks, coded, product


@dataclass(frozen=True, eq=False)
class Rest:
    """Those of a group of columns that do not predict a column one by one: their mean is a predictor.

    group   all columns of the group; others: places in the matrix of those that are not meant; count of the rest
    """

    group: tuple[str, ...]
    others: np.ndarray
    count: int


@dataclass(frozen=True, eq=False)
class Plan:
    """What is imputed from what: columns, their places in the matrix, and products that follow from others."""

    columns: Mapping[str, Coded]
    places: Mapping[str, slice]
    methods: Mapping[str, str]
    predictors: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    outcomes: Mapping[str, tuple[str, ...]]
    slopes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    rests: Mapping[str, tuple[Rest, ...]]
    donors: int

    def predicting(self, name: str, without: Collection[str] = ()) -> np.ndarray:
        """Columns of the matrix that predict `name`, the constant first."""
        used = [self.places[other] for other in self.predictors[name] if other not in without]
        return np.concatenate([[0], *(np.arange(place.start, place.stop) for place in used)]).astype(int)

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups of which the sums stand in the matrix, behind all columns."""
        return tuple(dict.fromkeys(rest.group for own in self.rests.values() for rest in own))

    @property
    def behind(self) -> int:
        """Where the sums begin."""
        return max((place.stop for place in self.places.values()), default=1)

    def turning(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Columns of the matrix, those that predict `name` one by one first, and (columns, means) what makes means of them:
        a sum of a group less the columns that are not meant."""
        used, rests = self.predicting(name), self.rests[name]
        sums = [self.behind + self.groups.index(rest.group) for rest in rests]
        read = list(dict.fromkeys([*used, *(int(k) for rest in rests for k in rest.others), *sums]))
        turn = np.zeros((len(read), len(rests)))
        for k, (rest, total) in enumerate(zip(rests, sums, strict=True)):
            turn[[read.index(int(other)) for other in rest.others], k] = -1 / rest.count
            turn[read.index(total), k] = 1 / rest.count
        return np.array(read, dtype=int), turn

    def interacting(self, name: str) -> dict[str, tuple[str, ...]]:
        """Products that `name` is a part of and that stand in the model of an outcome, with those outcomes."""
        found = {product: self.outcomes[product] for product, parts in self.parts.items()
                 if name in parts and product in self.outcomes}  # fmt: skip
        return {product: own for product, own in found.items() if name not in own}


def plan_of(
    frame: pd.DataFrame,
    methods: Mapping[str, Any],
    predictors: Mapping[str, Any],
    products: Mapping[str, Any],
    outcomes: Mapping[str, Any],
    slopes: Sequence[Any],
    means: Mapping[str, Any],
    donors: int,
) -> tuple[Plan, tuple[str, ...]]:
    if twice := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise ValueError(f"columns stand twice: {', '.join(twice)}")
    columns = {str(name): coded(frame[name]) for name in frame}
    asked = {*methods, *predictors, *(name for own in predictors.values() for name in own)} - {*products}
    asked |= {name for own in products.values() for name in own}
    if unknown := sorted(asked - {*columns}):
        raise ValueError(f"the frame lacks these columns: {', '.join(unknown)}")
    refuse_products(columns, products, methods)
    refuse_outcomes(columns, products, outcomes)
    pairs = tuple((tuple(x), tuple(y)) for x, y in slopes)
    refuse_slopes(columns, pairs)
    refuse_means(columns, means, products)
    columns |= {name: product(name, [columns[part] for part in own]) for name, own in products.items()}
    chosen = {name: method_of(column, methods.get(name)) for name, column in columns.items()
              if name not in products and (column.missing.any() or name in methods)}  # fmt: skip
    notes = [f"{name} holds one value only, and keeps it" for name in chosen if constant(columns[name])]
    chosen = {name: method for name, method in chosen.items() if columns[name].missing.any()}
    flat = {name for name, column in columns.items() if constant(column)}
    drawn_from = {name: _predictors(name, columns, predictors, products, flat) for name in chosen}
    places = blocks(columns)
    rests = {name: _rests(name, drawn_from[name], means.get(name, ()), places, flat) for name in chosen}
    told = {name: len(own) + len(rests[name]) for name, own in drawn_from.items()}
    notes += [
        f"{name}: {int((~columns[name].missing).sum())} values and {k} predictors; too few to rest much on"
        for name, k in told.items()
        if (~columns[name].missing).sum() < 2 * k
    ]
    wanted = {name: set(predictors.get(name, columns)) for name in chosen}
    notes += [
        f"{name} holds one value only, so that nothing was drawn from it"
        for name in columns
        if name in flat and name not in chosen and any(name in own for own in wanted.values())
    ]
    parts = {name: tuple(own) for name, own in products.items()}
    models = {name: tuple(own) for name, own in outcomes.items()}
    return Plan(columns, places, chosen, drawn_from, parts, models, pairs, rests, donors), tuple(notes)


def _predictors(
    name: str,
    columns: Mapping[str, Coded],
    asked: Mapping[str, Sequence[str]],
    products: Mapping[str, Sequence[str]],
    flat: Collection[str],
) -> tuple[str, ...]:
    """Columns that vary, without the target and the products that it is a part of."""
    wanted = dict.fromkeys(asked.get(name, columns))
    own = {name, *(product for product, parts in products.items() if name in parts)}
    return tuple(other for other in wanted if other not in own and other not in flat)


def _rests(
    name: str, own: Sequence[str], groups: Sequence[Sequence[str]], places: Mapping[str, slice], flat: Collection[str]
) -> tuple[Rest, ...]:
    """What is left of each group; columns that do not vary tell nothing."""
    found = []
    for group in map(tuple, map(dict.fromkeys, groups)):
        left_out = [other for other in group if other == name or other in own or other in flat]
        if len(left_out) < len(group):
            others = np.array([places[other].start for other in left_out], dtype=int)
            found.append(Rest(group, others, len(group) - len(left_out)))
    return tuple(found)


def constant(column: Coded) -> bool:
    observed = column.values[~column.missing]
    return not len(observed) or bool((observed == observed[0]).all())
