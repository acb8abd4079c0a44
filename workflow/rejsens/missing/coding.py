"""A frame as a matrix of numbers that regressions can use, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Coded:
    """One column of a frame.

    values     numbers, or codes 0, 1, ... of `levels`; NaN where missing
    levels     of a categorical column, otherwise empty
    centre, spread   of the observed numbers; they are standardised in the matrix
    """

    name: str
    values: np.ndarray
    levels: tuple[Any, ...] = ()
    ordered: bool = False
    centre: float = 0.0
    spread: float = 1.0

    @property
    def missing(self) -> np.ndarray:
        return np.isnan(self.values)

    @property
    def categorical(self) -> bool:
        return bool(self.levels)

    @property
    def width(self) -> int:
        """Columns in the matrix: one of a number, one less than the levels of a category."""
        return len(self.levels) - 1 if self.categorical else 1

    def columns(self, values: np.ndarray) -> np.ndarray:
        """Values or codes as they stand in the matrix: people x width."""
        if self.categorical:
            return (values[:, None] == np.arange(1, len(self.levels))).astype(float)
        return ((values - self.centre) / self.spread)[:, None]

    def series(self, values: np.ndarray, like: pd.Series) -> pd.Series:
        """Completed values in the dtype of the frame, wherever that dtype can hold them."""
        if self.categorical:
            filled = pd.Series(np.array(self.levels, dtype=object)[values.astype(int)], index=like.index)
            return filled.astype(like.dtype)
        if pd.api.types.is_integer_dtype(like.dtype) and (values == np.round(values)).all():
            return pd.Series(values, index=like.index).astype(like.dtype)
        return pd.Series(values, index=like.index, dtype="float64")


def coded(series: pd.Series) -> Coded:
    """A column of numbers, or of categories (text, booleans, pandas categories)."""
    name, dtype = str(series.name), series.dtype
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        values = series.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            raise ValueError(f"{name} holds infinite values")
        _refuse_empty(name, values)
        spread = float(np.nanstd(values))
        return Coded(name, values, centre=float(np.nanmean(values)), spread=spread if spread > 0 else 1.0)
    categories = series.astype("category").cat.remove_unused_categories()
    codes = categories.cat.codes.to_numpy().astype(float)
    codes[codes < 0] = np.nan
    _refuse_empty(name, codes)
    ordered = isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)
    return Coded(name, codes, tuple(categories.cat.categories), ordered)


def product(name: str, parts: Sequence[Coded]) -> Coded:
    """A column that is the product of others, known where all of them are."""
    values = np.prod([part.values for part in parts], axis=0)
    known = values[~np.isnan(values)]
    spread = float(known.std()) if len(known) else 0.0
    centre = float(known.mean()) if len(known) else 0.0
    return Coded(name, values, centre=centre, spread=spread if spread > 0 else 1.0)


def blocks(columns: Mapping[str, Coded]) -> dict[str, slice]:
    """Where each column stands in the matrix, whose first column is 1."""
    out, start = {}, 1
    for name, column in columns.items():
        out[name] = slice(start, start + column.width)
        start += column.width
    return out


def _refuse_empty(name: str, values: np.ndarray) -> None:
    if np.isnan(values).all():
        raise ValueError(f"{name} holds no value at all, and nothing can be drawn for it")
