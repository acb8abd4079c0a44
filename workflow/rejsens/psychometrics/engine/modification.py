"""Score tests of what a model fixes at zero: modification indices, and expected parameter changes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine import moments
from rejsens.psychometrics.engine.estimate import Estimate
from rejsens.psychometrics.engine.table import COVARIANCE, LOADING, Cells, Parameter, Structure


def score_tests(fitted: Estimate) -> pd.DataFrame:
    """Rows group, lhs, op, rhs, mi, epc, std_epc for every loading and covariance that is not in the model."""
    structure = fitted.structure
    candidates = [_absent(structure, group) for group in range(structure.table.n_groups)]
    gradient, within, across = fitted.objective.candidates(
        fitted.optimum.point, [_cells(structure, c) for c in candidates]
    )
    inverse = fitted.inverse_expected()
    rows = []
    for group, names in enumerate(candidates):
        left = within[group] - np.einsum("ij,jk,ik->i", across[group], inverse, across[group])
        usable = left > 1e-8 * np.abs(within[group])
        score = -gradient[group] / 2
        mi = np.where(usable, fitted.n * score**2 / np.where(usable, left, 1), np.nan)
        epc = np.where(usable, score / np.where(usable, left, 1), np.nan)
        std = epc * _standardisers(structure, fitted.states[group], names)
        rows.append(
            pd.DataFrame(
                {"group": group, "lhs": [c.lhs for c in names], "op": [c.op for c in names],
                 "rhs": [c.rhs for c in names], "mi": mi, "epc": epc, "std_epc": std}
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _absent(structure: Structure, group: int) -> list[Parameter]:
    """Loadings of items on factors, and covariances of items and of factors, that the table does not have."""
    table = structure.table
    there = {
        (row.op, *(sorted((row.lhs, row.rhs)) if row.op == COVARIANCE else (row.lhs, row.rhs)))
        for row in table.rows
        if row.group == group
    }
    above = {row.lhs for row in table.rows if row.op == LOADING and row.rhs in table.factors}
    out = [
        Parameter(factor, LOADING, item, group)
        for factor in table.factors
        if factor not in above
        for item in table.items
        if (LOADING, factor, item) not in there
    ]
    for names in (table.items, table.factors):
        out += [
            Parameter(names[c], COVARIANCE, names[r], group)
            for r, c in zip(*np.tril_indices(len(names), -1), strict=True)
            if (COVARIANCE, *sorted((names[c], names[r]))) not in there
        ]
    return out


def _cells(structure: Structure, candidates: list[Parameter]) -> Cells:
    position = {name: k for k, name in enumerate(structure.variables)}
    loads = [row for row in candidates if row.op == LOADING]
    covaries = [row for row in candidates if row.op == COVARIANCE]
    ends = np.array([[position[row.lhs], position[row.rhs]] for row in covaries], dtype=int).reshape(len(covaries), 2)
    none = np.zeros(0, dtype=int)
    return Cells(
        path_to=np.array([position[row.rhs] for row in loads], dtype=int),
        path_from=np.array([position[row.lhs] for row in loads], dtype=int),
        row=ends.max(axis=1, initial=0) if len(covaries) else none,
        column=ends.min(axis=1) if len(covaries) else none,
        mean=none,
        threshold=none,
        scale=none,
        parameter=np.arange(len(candidates)),
        spread=np.zeros((0, 0)),
    )


def _standardisers(structure: Structure, state: moments.State, candidates: list[Parameter]) -> np.ndarray:
    from rejsens.psychometrics.engine.estimate import residual_variances, total_variances

    position = {name: k for k, name in enumerate(structure.variables)}
    total = np.sqrt(np.maximum(total_variances(structure, state), 0))
    left = np.sqrt(np.maximum(residual_variances(structure, state), 0))
    out = []
    for row in candidates:
        a, b = position[row.lhs], position[row.rhs]
        below = total[b] if row.op == LOADING else left[a] * left[b]
        out.append((total[a] / below if row.op == LOADING else 1 / below) if below > 0 else np.nan)
    return np.array(out)
