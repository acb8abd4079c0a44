"""Which equalities of a rejected rung could be given up, and what is left when the worst are: exploratory throughout."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.engine.estimate import Estimate, objective_of
from rejsens.psychometrics.engine.indices import upper_tail
from rejsens.psychometrics.engine.table import Parameter, Structure, Table, compile_table
from rejsens.psychometrics.factor_model import FactorModel
from rejsens.psychometrics.invariance import Invariance, Rungs, released_words
from rejsens.psychometrics.nested import TESTED, Difference, compare_models

OWN = {  # what a rung adds to the one below
    "metric": "loadings", "scalar": "intercepts", "strict": "residuals",
    "thresholds": "thresholds", "loadings": "loadings", "intercepts": "intercepts", "unique variances": "residuals",
}  # fmt: skip
COLUMNS = ("rung", "released", "status", "against", "d_chi2", "d_df", "d_p", "holds")
HOLDS, REJECTED, UNTESTED = "not rejected", "rejected", "not tested"
FEW = "no release: fewer items than {}"
SINGULAR = 1e-9


def partial_invariance(ladder: Invariance, alpha: float = 0.05, most: float = 0.2) -> pd.DataFrame:
    """From the first rejected rung on: which equalities to give up so that the rung is no longer rejected.

    Parameters
    ----------
    ladder : :py:class:`Invariance`
        From :py:func:`invariance`. Releases that it was given are kept, and count.
    alpha : float
        A rung whose difference test has a p below is rejected.
    most : float
        Largest share of the items that may be released, over the whole ladder.

    Returns
    -------
    partial : :py:class:`pandas.DataFrame`
        One row per rung from the first rejected one on (no rows where none is): ``rung``; ``released``, what is free
        there although the rung says equal, such as "loadings of a, intercepts of b"; ``status`` of the model; the test
        against the partial rung below, ``against``, ``d_chi2``, ``d_df``, ``d_p``; ``holds``: "not rejected",
        "rejected" (nothing more may be released), "not tested" and why, or why nothing was tried. A
        rung that does not hold is the last row.

    Raises
    ------
    ValueError
        If ``most`` is not between 0 and 1.

    Notes
    -----
    At each rejected rung the equality of the rung's own kind with the largest score test is released and the rung
    fitted again, until its difference from the partial rung below is not rejected [1]_. The search follows chance where
    groups are few people or many items: what it finds is exploratory, and wants new data [2]_. Score tests only order
    the candidates; they are uncorrected for non-normal answers.

    Missing data: as in the ladder.

    Checked against lavaan 0.6.14: the released rungs and the order of the candidates are those of
    tests/reference/sem.R (``group.partial``, ``lavTestScore``).

    References
    ----------
    .. [1] Byrne, B. M., Shavelson, R. J., & Muthén, B. (1989). Testing for the equivalence of factor covariance and mean
           structures: The issue of partial measurement invariance. Psychological Bulletin, 105(3), 456–466.
           https://doi.org/10.1037/0033-2909.105.3.456

    .. [2] MacCallum, R. C., Roznowski, M., & Necowitz, L. B. (1992). Model modifications in covariance structure
           analysis: The problem of capitalization on chance. Psychological Bulletin, 111(3), 490–504.
           https://doi.org/10.1037/0033-2909.111.3.490

    Examples
    --------
    Two simulated groups; the second answers the third of five items higher, whatever its trait.

    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import invariance, partial_invariance
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(600, 1))
    >>> data = pd.DataFrame(0.8 * trait + 0.6 * rng.normal(size=(600, 5)), columns=list("abcde"))
    >>> data["group"] = ["one"] * 300 + ["two"] * 300
    >>> data.loc[data["group"] == "two", "c"] += 0.5
    >>> found = partial_invariance(invariance(data, {"f": list("abcde")}, groups="group"))
    >>> found[["rung", "released", "holds"]]
         rung         released         holds
    0  scalar  intercepts of c  not rejected
    1  strict  intercepts of c  not rejected
    """
    if not 0 <= most <= 1:
        raise ValueError(f"most is a share of the items between 0 and 1, not {most}")
    source = ladder.source
    if source is None or ladder.table["d_p"].lt(alpha).sum() == 0:
        return _table([])
    allowed = int(most * len(source.plan.items) + 1e-9)
    return _table(_search(source, ladder, alpha, allowed, most))


@dataclass(frozen=True, eq=False)
class _Step:
    """A partial rung: what is free in it, its model, and how that compares with the rung below."""

    released: frozenset[tuple[str, str]]
    model: FactorModel
    difference: Difference | None

    @property
    def rejected_by(self) -> float:
        return np.nan if self.difference is None else self.difference.p


def _search(source: Rungs, ladder: Invariance, alpha: float, allowed: int, most: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    released, last = source.released, ""
    models = dict(ladder.models)
    p = ladder.table.set_index("rung")["d_p"]
    for rung in ladder.models:
        if not rows and not p[rung] < alpha:
            last = rung
            continue
        if not rows and not allowed:
            few = FEW.format(int(np.ceil(1 / most)) if most else "any")
            return [{"rung": rung, "released": "", "status": ladder.models[rung].status, "against": last, "holds": few}]
        step = _released(
            source, rung, released, models[last], alpha, allowed, ladder.models[rung] if not rows else None
        )
        holds = _verdict(step, alpha)
        test = step.difference or Difference(np.nan, 0, np.nan, "")
        rows.append(
            {"rung": rung, "released": released_words(step.released, source.kinds(rung)), "status": step.model.status, "against": last,
             "d_chi2": test.chi2, "d_df": test.df if step.difference else pd.NA, "d_p": test.p, "holds": holds}
        )  # fmt: skip
        if holds != HOLDS:
            break
        released, models[rung], last = step.released, step.model, rung
    return rows


def _released(
    source: Rungs,
    rung: str,
    released: frozenset[tuple[str, str]],
    below: FactorModel,
    alpha: float,
    allowed: int,
    full: FactorModel | None,
) -> _Step:
    """The rung with ever more released, until it is not rejected or nothing more may be. `full`: fitted already."""
    step = _step(released, full if full is not None else source.fit(rung, released), below)
    while step.rejected_by < alpha:
        spent = {item for _, item in step.released}
        table = score_tests(source, rung, step.model, step.released, [OWN[rung]])
        free = table[table["item"].isin(spent) | (len(spent) < allowed)]
        if free.empty:
            break
        chosen = (free.iloc[0]["kind"], free.iloc[0]["item"])
        wider = _step(step.released | {chosen}, source.fit(rung, step.released | {chosen}), below)
        if wider.difference is None:
            break
        step = wider
    return step


def _step(released: frozenset[tuple[str, str]], model: FactorModel, below: FactorModel) -> _Step:
    return _Step(released, model, compare_models(model, below) if model.admissible else None)


def _verdict(step: _Step, alpha: float) -> str:
    if step.difference is None:
        return f"{UNTESTED}: {step.model.status}"
    if np.isnan(step.difference.p):
        return step.difference.status if step.difference.status != TESTED else UNTESTED
    return REJECTED if step.difference.p < alpha else HOLDS


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    words = dict.fromkeys(("rung", "released", "status", "against", "holds"), "str")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        words | {"d_chi2": "float64", "d_df": "Int64", "d_p": "float64"}
    )


# --- score tests -----------------------------------------------------------------------------------------------------


def score_tests(
    source: Rungs, rung: str, model: FactorModel, released: frozenset[tuple[str, str]], kinds: Collection[str]
) -> pd.DataFrame:
    """Rows kind, item, chi2, df, p, largest first: what making an equality free again would gain."""
    columns = ["kind", "item", "chi2", "df", "p"]
    if model.fitted is None:
        return pd.DataFrame(columns=columns)
    wanted = [(kind, item) for kind in kinds for item in source.plan.items if (kind, item) not in released]
    rows = []
    for kind, item in wanted:
        wider = compile_table(_wider(source, rung, model.fitted.structure.table, released, kind, item))
        chi2, df = _score(model.fitted, wider)
        if df > 0:
            rows.append((kind, item, chi2, df, upper_tail(chi2, df)))
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("chi2", ascending=False, kind="stable").reset_index(drop=True)


def _wider(source: Rungs, rung: str, table: Table, released: frozenset[tuple[str, str]], kind: str, item: str) -> Table:
    """The rung's table with one equality less. Free thresholds would fix the item's intercept and unique variance, which
    is another model: only their labels are taken off."""
    if kind != "thresholds":
        return source.table(rung, released | {(kind, item)})
    rows = [
        Parameter(row.lhs, row.op, row.rhs, row.group, row.fixed, "" if row.label.startswith(f"{item}|") else row.label, row.start)
        for row in table.rows
    ]  # fmt: skip
    return Table(
        table.items, table.factors, tuple(rows), table.n_groups, table.means, table.thresholds, table.parameterisation
    )


def _score(fitted: Estimate, wider: Structure) -> tuple[float, int]:
    """Score statistic of the wider structure at the narrower one's estimates, and how many directions it adds."""
    objective = objective_of(wider, fitted.samples)
    point = objective.at(wider.read(fitted.structure.fill(fitted.parameters)))
    score, information = -objective.gradient(point) / 2, objective.expected(point) / 2
    scale = 1 / np.sqrt(np.maximum(information.diagonal(), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    kept = values > SINGULAR * values[-1]
    along = vectors[:, kept].T @ (scale * score)
    return float(fitted.n * (along**2 / values[kept]).sum()), int(kept.sum()) - fitted.structure.size
