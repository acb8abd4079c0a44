"""An intended structure on two random halves of a wave: explored on one, confirmed on the other.

Nobody is in both halves, so that the confirmation owes nothing to what the exploration found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from rejsens.assess_structure import fit, parts
from rejsens.definitions import Instrument, Model
from rejsens.psychometrics import (
    ExploratoryModel,
    FactorModel,
    ParallelAnalysis,
    SamplingAdequacy,
    cfa,
    efa,
    parallel_analysis,
    sampling_adequacy,
)
from rejsens.scoring import keyed_name
from rejsens.seeds import generator

EXPLORED, CONFIRMED = "exploration", "confirmation"


@dataclass(frozen=True, eq=False)
class Explored:
    """One half explored with the intended number of factors.

    homes      index: items (keyed names), in the order of the scales; `scale`, the one that the item belongs to; `factor`,
               the scale that the factor of its highest loading was matched with; `loading`, the loading on its own factor
    matched    factor of the solution -> scale
    """

    parallel: ParallelAnalysis
    adequacy: SamplingAdequacy
    solution: ExploratoryModel
    homes: pd.DataFrame
    matched: Mapping[str, str]

    @property
    def status(self) -> str:
        """Of the solution, or of the parallel analysis where that could not be made."""
        return self.solution.status if self.parallel.status == "estimated" else self.parallel.status

    @property
    def astray(self) -> list[str]:
        """Items whose highest loading lies on the factor of another scale, or runs against their own."""
        wrong = (self.homes["factor"] != self.homes["scale"]) | (self.homes["loading"] <= 0)
        return list(self.homes.index[wrong])


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The other half: the intended model as the pipeline estimates it, and on polychorics where the plan asks for these."""

    model: FactorModel
    ordered: FactorModel | None


def halves(people: pd.DataFrame, seed: int, *analysis: str) -> dict[str, pd.DataFrame]:
    """Two random halves of the people of one wave; an odd one out is in the second.

    people    pooled answers of one wave, with `participant`; the draw does not depend on the order of the rows
    """
    ordered = people.sort_values("participant", kind="stable")
    places = generator(seed, *analysis).permutation(len(ordered))
    middle = len(ordered) // 2
    return {EXPLORED: ordered.iloc[np.sort(places[:middle])], CONFIRMED: ordered.iloc[np.sort(places[middle:])]}


def too_few(people: pd.DataFrame, instrument: Instrument, model: Model, least: int) -> bool:
    """Whether somebody, but fewer people than `least`, answered every item of the model."""
    frame, _ = parts(people, instrument, model)
    return 0 < len(frame.dropna()) < least


def explore(
    people: pd.DataFrame, instrument: Instrument, model: Model, how: Mapping[str, Any], rng: np.random.Generator
) -> Explored:
    """Parallel analysis, sampling adequacy, and the solution with as many factors as are intended.

    how       correlations, extraction, rotation, draws; see `ValidationPlan.exploration`
    missing data: people with an answer to every item of the model
    """
    frame, scales = parts(people, instrument, model)
    correlation = how["correlations"]
    solution = efa(frame, len(scales), method=how["extraction"], rotation=how["rotation"], correlation=correlation)
    matched = match(solution.loadings, scales)
    return Explored(
        parallel=parallel_analysis(frame, correlation=correlation, draws=how["draws"], seed=rng),
        adequacy=sampling_adequacy(frame, correlation=correlation),
        solution=solution,
        homes=_homes(solution.loadings, scales, matched),
        matched=matched,
    )


def match(loadings: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Factor -> scale, one to one, such that items have the highest sum of absolute loadings on their scales' factors.

    loadings  items x factors; scales: scale -> items. Nothing is matched where a loading is missing.

    >>> found = pd.DataFrame({"F1": [0.1, 0.2, 0.8], "F2": [-0.7, -0.6, 0.1]}, index=["a", "b", "c"])
    >>> match(found, {"first": ["a", "b"], "second": ["c"]})
    {'F1': 'second', 'F2': 'first'}
    """
    if loadings.empty or loadings.isna().any(axis=None):
        return {}
    sums = np.array([loadings.loc[list(items)].abs().sum().to_numpy() for items in scales.values()])
    rows, columns = linear_sum_assignment(-sums)
    names = list(scales)
    found = {loadings.columns[column]: names[row] for row, column in zip(rows, columns, strict=True)}
    return {factor: found[factor] for factor in loadings.columns if factor in found}


def _homes(loadings: pd.DataFrame, scales: Mapping[str, Sequence[str]], matched: Mapping[str, str]) -> pd.DataFrame:
    belongs = {item: scale for scale, items in scales.items() for item in items}
    homes = pd.DataFrame({"scale": pd.Series(belongs, dtype="str")})
    if not matched:
        return homes.assign(factor="", loading=np.nan)
    own = {scale: factor for factor, scale in matched.items()}
    highest = loadings.abs().idxmax(axis=1)
    return homes.assign(
        factor=[matched.get(highest[item], "") for item in homes.index],
        loading=[float(loadings.at[item, own[belongs[item]]]) for item in homes.index],
    )


def confirm(people: pd.DataFrame, instrument: Instrument, model: Model, ci_level: float, polychoric: bool) -> Confirmed:
    """The intended model on people who were not explored."""
    fitted = fit(people, instrument, model, ci_level)
    if not polychoric or fitted.estimator == "WLSMV":
        return Confirmed(fitted, None)
    frame, scales = parts(people, instrument, model)
    ordered = cfa(
        frame,
        scales,
        structure=model.structure,
        estimator="WLSMV",
        identification="variance",
        ci_level=ci_level,
    )
    return Confirmed(fitted, ordered)


def loading_rows(instrument: Instrument, explored: Explored, confirmed: Confirmed) -> pd.DataFrame:
    """Loadings of both halves (table `validation_loadings`, without set, instrument, model and wave).

    A factor of the explored half bears its own name and, in `scale`, that of the scale it was matched with.
    """
    found = explored.solution
    long = found.loadings.rename_axis(index="item").melt(var_name="factor", value_name="loading", ignore_index=False)
    first = long.reset_index().assign(half=EXPLORED, n=found.n, n_lost=found.n_lost, status=explored.status)
    second = confirmed.model.loadings[["item", "factor", "std", "std_ci_low", "std_ci_high"]].rename(
        columns={"std": "loading", "std_ci_low": "ci_low", "std_ci_high": "ci_high"}
    )
    fitted = confirmed.model
    second = second.assign(half=CONFIRMED, n=fitted.n, n_lost=fitted.n_lost, status=fitted.status)
    table = pd.concat(
        [first.assign(scale=first["factor"].map(explored.matched)), second.assign(scale=second["factor"])]
    )
    named = {keyed_name(item): item for item in instrument.items}
    items = [named[column] for column in table["item"]]
    return table.assign(
        label=[item.label for item in items], reverse=[bool(item.reverse) for item in items]
    ).reset_index(drop=True)
