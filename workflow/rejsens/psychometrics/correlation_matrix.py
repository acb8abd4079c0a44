"""The correlation matrix that an exploration starts from: Pearson or polychoric, or one that the caller has already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import SINGULAR, complete_cases, why_no_model
from rejsens.psychometrics.engine.polychoric import polychoric_correlations
from rejsens.psychometrics.ordered_answers import MOST_CATEGORIES

KINDS = ("pearson", "polychoric")


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of items, and what they rest on.

    matrix     items x items; NaN where `reason` says why there are none
    n          complete rows, or the n that came with a matrix; None where nobody told it
    n_lost     rows lost to missing answers
    kind       "pearson", "polychoric" or "given"
    values     complete rows x items, or None for a matrix that was given
    """

    matrix: np.ndarray
    items: tuple[str, ...]
    n: int | None
    n_lost: int
    kind: str
    reason: str = ""
    values: np.ndarray | None = None


def correlations_of(data: pd.DataFrame, correlation: str = "pearson", n: int | None = None) -> Correlations:
    """Correlations of the items of a frame of people, or a frame of correlations as it stands.

    A frame is taken for correlations when its index and its columns have the same names, in the same order.
    """
    if correlation not in KINDS:
        raise ValueError(f"correlation is “pearson” or “polychoric”, not “{correlation}”")
    if data.shape[0] == data.shape[1] and list(data.index) == list(data.columns):
        return _given(data, n)
    if n is not None:
        raise ValueError("n goes with a correlation matrix; with people it is counted")
    complete, n_lost = complete_cases(data)
    items = tuple(map(str, data.columns))
    nothing = np.full((len(items),) * 2, np.nan)
    reason = why_no_model(data, complete)
    if reason or correlation == "pearson":
        matrix = nothing if reason else np.corrcoef(complete, rowvar=False).reshape(len(items), -1)
        return Correlations(matrix, items, len(complete), n_lost, correlation, reason, complete)
    codes, categories = category_codes(complete)
    if (categories > MOST_CATEGORIES).any():
        reason = f"{items[int(categories.argmax())]} has {categories.max()} different answers, too many for polychorics"
        return Correlations(nothing, items, len(complete), n_lost, correlation, reason, complete)
    matrix, edge = polychoric_correlations(codes, categories)
    if edge:
        a, b = edge[0]
        reason = f"the polychoric correlation of {items[a]} and {items[b]} runs to ±1 (empty cells)"
    elif np.linalg.eigvalsh(matrix)[0] < SINGULAR:
        reason = "the matrix of polychoric correlations is not positive definite"
    return Correlations(nothing if reason else matrix, items, len(complete), n_lost, correlation, reason, complete)


def category_codes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers as 0, 1, ... in the order of the values that occur, and how many occur, by item."""
    codes = np.empty(values.shape, dtype=np.int64)
    for j, column in enumerate(values.T):
        codes[:, j] = np.unique(column, return_inverse=True)[1]
    return codes, codes.max(axis=0) + 1


def _given(data: pd.DataFrame, n: int | None) -> Correlations:
    matrix = data.to_numpy(dtype=float)
    items = tuple(map(str, data.columns))
    if np.isnan(matrix).any() or np.abs(matrix - matrix.T).max() > 1e-8 or np.abs(matrix.diagonal() - 1).max() > 1e-8:
        raise ValueError("a matrix of correlations is symmetric, has no gaps, and 1 in its diagonal")
    if n is not None and n <= len(matrix):
        raise ValueError(f"correlations of {len(matrix)} items need more than {n} people")
    reason = "" if np.linalg.eigvalsh(matrix)[0] > SINGULAR else "the matrix of correlations is not positive definite"
    return Correlations(matrix, items, n, 0, "given", reason)
