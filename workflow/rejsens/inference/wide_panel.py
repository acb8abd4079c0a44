"""Panel models as structural equations: one row per person, one column per score and wave, fitted with FIML.

Full information maximum likelihood uses every person with any answer. It is right when what is missing depends on what
was observed of the same people in the model (missing at random), and it takes the scores as jointly normal: the
estimates do not need that, the plain ML standard errors do, and MLR (Huber and White's) does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import Covariate, covariate_columns, require
from rejsens.inference.estimates import Estimate, NotTestable
from rejsens.psychometrics.engine.moments import State, implied
from rejsens.psychometrics.engine.table import Parameter, Table
from rejsens.psychometrics.factor import fit_model
from rejsens.psychometrics.factor_model import FactorModel

FIML = "full information maximum likelihood"
Function = Callable[[Mapping[str, float], State], float]
STEP = 1e-5  # of a numerical derivative, in standard errors of the parameter


@dataclass(frozen=True)
class Wide:
    """One row per person; `columns[name]` are the columns of a score in the order of the waves."""

    frame: pd.DataFrame
    columns: Mapping[str, tuple[str, ...]]
    waves: tuple[str, ...]
    numbers: tuple[int, ...]
    n_obs: int  # person-waves with any of the scores
    n_lost: int  # person-waves of the same waves without one

    @property
    def n_people(self) -> int:
        return len(self.frame)

    def warnings(self) -> list[str]:
        gaps = np.diff(self.numbers)
        return ["the waves are not evenly spaced"] if len(gaps) and (gaps != gaps[0]).any() else []


def wide(panel: pd.DataFrame, names: Sequence[str], minimum: int) -> Wide:
    """Wide form of the waves that hold every one of the scores for somebody.

    panel     one row per person-wave: participant, wave, wave_number, the scores
    minimum   fewest waves
    raises    NotTestable: a score is absent, or fewer waves hold all of them

    >>> panel = pd.DataFrame({"participant": list("aabb"), "wave": ["w1", "w2"] * 2, "wave_number": [1, 2] * 2,
    ...                       "x": [1.0, 2.0, None, 4.0]})
    >>> wide(panel, ["x"], 2).frame.to_numpy().tolist()
    [[1.0, 2.0], [nan, 4.0]]
    """
    names = list(dict.fromkeys(names))
    require(panel, names)
    held = panel.groupby("wave")[names].count().gt(0).all(axis=1)
    rows = panel[panel["wave"].isin(held[held].index)]
    order = rows.drop_duplicates("wave").sort_values("wave_number")
    if len(order) < minimum:
        raise NotTestable(f"waves that hold {' and '.join(names)}: {len(order)}; the model needs {minimum}")
    used = rows.dropna(subset=names, how="all")
    columns, parts = {}, []
    for name in names:
        columns[name] = tuple(f"{name}@{k}" for k in range(1, len(order) + 1))
        part = used.pivot(index="participant", columns="wave", values=name)[order["wave"].tolist()].astype(float)
        parts.append(part.set_axis(list(columns[name]), axis=1))
    numbers = tuple(int(number) for number in order["wave_number"])
    return Wide(pd.concat(parts, axis=1), columns, tuple(order["wave"]), numbers, len(used), len(rows) - len(used))


def constant_columns(panel: pd.DataFrame, people: pd.Index, covariates: Sequence[Covariate]) -> pd.DataFrame:
    """Covariates that do not vary, one row for each of `people`: their first observed value, as z scores and dummies.

    A person without the value of a covariate has missing values in its columns, which FIML carries.

    >>> panel = pd.DataFrame({"participant": list("aab"), "wave_number": [1, 2, 1], "age": [None, 20.0, 40.0]})
    >>> constant_columns(panel, pd.Index(["a", "b"]), [{"name": "age", "type": "number"}])["age"].round(2).tolist()
    [-0.71, 0.71]
    """
    require(panel, [covariate["name"] for covariate in covariates])
    ordered = panel.sort_values(["participant", "wave_number"], kind="stable")
    parts = []
    for covariate in covariates:
        values = ordered.groupby("participant")[covariate["name"]].first().reindex(people)
        known = values.dropna().to_frame()
        columns = covariate_columns(known, [covariate]) if len(known) else pd.DataFrame(index=people)
        parts.append(columns.loc[:, columns.nunique() > 1].reindex(people))
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(index=people)


def fit_wide(
    frame: pd.DataFrame, items: Sequence[str], factors: Sequence[str], rows: Sequence[Parameter], estimator: str
) -> FactorModel:
    """The model with a free intercept for every item that `rows` gives none, by FIML.

    raises   NotTestable: too few people, a column that does not vary between them; the model is not admissible, with
             the engine's reason
    """
    _require_people(frame, items)
    named = {row.lhs for row in rows if row.op == "~1"}
    means = [Parameter(item, "~1") for item in items if item not in named]
    table = Table(tuple(items), tuple(factors), (*rows, *means), means=True)
    model = fit_model(frame, table, estimator=estimator, missing="fiml")
    if not model.admissible:
        raise NotTestable(f"the model is not admissible: {model.status}")
    return model


def _require_people(frame: pd.DataFrame, items: Sequence[str]) -> None:
    flat = dict.fromkeys(item.partition("@")[0] for item in items if frame[item].nunique() < 2)
    if flat:
        raise NotTestable(
            f"{' and '.join(flat)} {'does' if len(flat) == 1 else 'do'} not vary between people in a wave"
        )
    if len(frame) <= len(items):
        raise NotTestable(f"{len(frame)} people are too few for a model of {len(items)} scores (each wave counted)")


def derived(model: FactorModel, functions: Mapping[Any, Function]) -> dict[Any, tuple[float, float]]:
    """Functions of the parameters and of what they imply, with standard errors by the delta method.

    functions   by any key; each takes the parameters by name and the implied State (means and covariances of all
                variables, items first)
    returns     by key: value, standard error (central differences)
    raises      NotTestable when a standard error is not positive
    """
    structure, names = model.solution.structure, list(model.parameters.index)
    values, covariance = model.parameters.to_numpy(), model.covariance.to_numpy()

    def at(point: np.ndarray) -> np.ndarray:
        state, named = implied(structure.fill(point)[0], structure.n_items), dict(zip(names, point, strict=True))
        return np.array([of(named, state) for of in functions.values()])

    steps = np.maximum(STEP * np.sqrt(covariance.diagonal()), np.finfo(float).tiny)
    slopes = np.array([(at(values + h) - at(values - h)) / (2 * h[k]) for k, h in enumerate(np.diag(steps))])
    variances = np.einsum("ij,ik,kj->j", slopes, covariance, slopes)
    if not (variances > 0).all():
        raise NotTestable("the standard error of a coefficient is not positive")
    errors = np.sqrt(variances)
    return {key: (float(v), float(e)) for key, v, e in zip(functions, at(values), errors, strict=True)}


def position(model: FactorModel) -> dict[str, int]:
    """Where each item and factor stands in the State's matrices."""
    return {name: k for k, name in enumerate(model.solution.structure.variables)}


def fit_row(blank: Estimate, model: FactorModel) -> list[Estimate]:
    """The model's own test of fit as a row without an estimate; no row without degrees of freedom."""
    if model.fit.df == 0:
        return []
    chi2, p = model.reported["chi2"], model.reported["p"]
    return [replace(blank, term="model fit", metric="chi2", statistic=chi2, df=float(model.fit.df), p=p)]
