"""Which rows and which items an estimate can use, and the sentence that says why it cannot be made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

MISSING_RULE = "complete cases"
SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that still counts as positive


def answers(items: pd.DataFrame) -> np.ndarray:
    """The items as a float array, missing as NaN; text and infinite values are refused."""
    if duplicated := sorted({str(name) for name in items.columns[items.columns.duplicated()]}):
        raise ValueError(f"items stand twice: {', '.join(duplicated)}")
    try:
        values = items.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        text = [str(name) for name in items if not pd.api.types.is_numeric_dtype(items[name])]
        raise ValueError(f"items that are not numeric: {', '.join(text)}") from None
    if np.isinf(values).any():
        raise ValueError("items hold infinite values")
    return values


def complete_cases(items: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Rows with an answer to every item, and how many rows were lost."""
    values = answers(items)
    complete = values[~np.isnan(values).any(axis=1)]
    return complete, len(values) - len(complete)


def constant(values: np.ndarray) -> np.ndarray:
    """Which columns hold one value only (a variance of rounding noise is no variance)."""
    return np.ptp(values, axis=0) == 0 if len(values) else np.ones(values.shape[1], dtype=bool)


def named(names: Sequence[str], chosen: np.ndarray) -> str:
    return ", ".join(str(name) for name, yes in zip(names, chosen, strict=True) if yes)


def not_varying(names: Sequence[str], flat: np.ndarray) -> str:
    """The sentence that names items without variance; empty where there are none."""
    return f"{named(names, flat)} {'does' if flat.sum() == 1 else 'do'} not vary" if flat.any() else ""


def why_no_rows(items: pd.DataFrame) -> str:
    """Why too few rows are complete: items that nobody answered are named."""
    empty = items.columns[items.isna().all(axis=0).to_numpy()]
    if len(items) and len(empty):
        return f"no answers to {', '.join(map(str, empty))}"
    return "no complete rows"


def why_no_model(items: pd.DataFrame, complete: np.ndarray) -> str:
    """Why a covariance model of these items cannot be fitted, or an empty string."""
    names, (n, k) = list(items.columns), complete.shape
    if n == 0:
        return why_no_rows(items)
    if n <= k:
        return f"{n} complete {'row' if n == 1 else 'rows'} for {k} items, too few"
    if flat := not_varying(names, constant(complete)):
        return flat
    if np.linalg.eigvalsh(np.corrcoef(complete, rowvar=False))[0] < SINGULAR:
        return "the items are linearly dependent: one repeats another, or a sum of others"
    return ""
