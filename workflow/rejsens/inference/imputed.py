"""Multiple imputation around any analysis: people's waves side by side, gaps drawn, the analysis run on each, rows pooled.

The design is wide (one row per person), so that a wave a person missed is drawn from the waves that the person answered.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rejsens.inference.estimates import NOT_TESTABLE, OK, Estimate, smallest_detectable, t_interval
from rejsens.missing import enough_imputations, impute, pool

Analysis = Callable[[pd.DataFrame], Sequence[Estimate]]
LEAST = 0.1  # smallest correlation at which another variable of the same wave helps to draw a gap


@dataclass(frozen=True)
class Variables:
    """What an imputation holds, and how.

    varying     asked in every wave: each wave is a column of its own
    constant    one value per person
    categories  those of either kind whose numbers are names of answers
    always      varying ones whose every wave predicts every other column: outcomes and predictors of the analysis
    """

    varying: tuple[str, ...]
    constant: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    always: tuple[str, ...] = ()


def side_by_side(panel: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """One row per participant: each constant once (the first value seen), each varying variable once per wave that asked it.

    Columns are named `score@wave`; a wave that nobody answered has none. Categories come as pandas categories.

    >>> panel = pd.DataFrame({"participant": ["a", "a", "b"], "wave": ["w1", "w2", "w1"], "x": [1.0, 2.0, 3.0], "g": [1.0, 1.0, 2.0]})
    >>> side_by_side(panel, Variables(("x",), ("g",))).to_dict("list")
    {'g': [1.0, 2.0], 'x@w1': [1.0, 3.0], 'x@w2': [2.0, nan]}
    """
    people = panel.groupby("participant", sort=False)
    columns = {name: people[name].first() for name in variables.constant}
    by_wave = panel.pivot(index="participant", columns="wave", values=list(variables.varying))
    for name in variables.varying:
        for wave in panel["wave"].drop_duplicates():
            if by_wave[name, wave].notna().any():
                columns[f"{name}@{wave}"] = by_wave[name, wave]
    wide = pd.DataFrame(columns).reindex(list(people.groups))
    named = [column for column in wide if column.partition("@")[0] in variables.categories]
    return wide.astype(dict.fromkeys(named, "category"))


def predictors_of(wide: pd.DataFrame, variables: Variables) -> dict[str, list[str]]:
    """Each column is drawn from its own other waves, from everything of its wave, from what does not change, and from every
    wave of what the analysis is about; the last is left out for categories, whose every predictor costs a coefficient per
    level."""
    chosen = {}
    for column in wide:
        name, _, wave = column.partition("@")
        by_name = {name, *variables.constant} | (set() if name in variables.categories else set(variables.always))
        chosen[column] = [
            other
            for other in wide
            if other != column
            and ((parts := other.partition("@"))[0] in by_name or (wave and parts[2] == wave))
        ]
    return chosen


def completed_panels(
    panel: pd.DataFrame,
    variables: Variables,
    m: int,
    rng: np.random.Generator,
    products: Mapping[str, Sequence[str]] | None = None,
    iterations: int = 5,
) -> list[pd.DataFrame]:
    """`m` panels like the one that came in, without gaps.

    A wave that a person missed is drawn too, since it helps to draw the rest, and then left out again: it holds nothing
    on the coefficients that the likelihood of the other waves does not, only noise (von Hippel, 2007, doi
    10.1111/j.1467-9531.2007.00180.x). What differs between people in a slope stays as it was answered.

    panel      one row per person-wave: participant, wave, wave_number and the variables
    products   interactions of the analysis, new name -> two names; those of a wave are kept wave by wave
    returns    frames with the columns participant, wave, wave_number, role and the variables, in the order of the panel
               (people, then waves); a variable that a wave did not ask stays missing there
    """
    wide = side_by_side(panel, variables)
    interactions = _products(wide, products or {})
    drawn_from = {column: [*own, *interactions] for column, own in predictors_of(wide, variables).items()}
    drawn = impute(wide, m, rng, predictors=drawn_from, products=interactions, iterations=iterations)
    return [_long(frame, variables, panel) for frame in drawn]


def _products(wide: pd.DataFrame, products: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Interactions column by column: a part that varies stands in each wave, one that does not stands once."""
    found = {}
    for name, (left, right) in products.items():
        for column in (c for c in wide if c.partition("@")[0] == left):
            wave = column.partition("@")[2]
            other = right if right in wide else f"{right}@{wave}"
            if other in wide:
                found[f"{name}@{wave}"] = [column, other]
    return found


def _long(wide: pd.DataFrame, variables: Variables, panel: pd.DataFrame) -> pd.DataFrame:
    """The completed columns as person-waves again: those of the panel, in its order."""
    place = wide.index.get_indexer(panel["participant"])
    columns = {name: wide[name].to_numpy(float)[place] for name in variables.constant}
    for name in variables.varying:
        columns[name] = np.full(len(panel), np.nan)
        for wave, rows in panel.groupby("wave", sort=False).indices.items():
            if f"{name}@{wave}" in wide:
                columns[name][rows] = wide[f"{name}@{wave}"].to_numpy(float)[place[rows]]
    return panel[["participant", "wave", "wave_number", "role"]].assign(**columns)


def pooled(analyse: Analysis, panels: Sequence[pd.DataFrame], alpha: float = 0.05) -> list[Estimate]:
    """The rows of an analysis over imputed panels, pooled by Rubin's rules, as rows of the estimates table.

    analyse   gives the same rows for each panel
    panels    as from `completed_panels`
    returns   one row per row of the analysis: estimate and se pooled, t on Barnard and Rubin's degrees of freedom, m and
              fmi. A row that is not testable in one imputation is not testable
    """
    found = [list(analyse(panel)) for panel in panels]
    return [_pooled_row(list(rows), alpha) for rows in zip(*found, strict=True)]


def _pooled_row(rows: list[Estimate], alpha: float) -> Estimate:
    first = rows[0]
    refused = next((row for row in rows if row.status == NOT_TESTABLE or not math.isfinite(row.se)), None)
    if refused is not None:
        why = refused.reason or "the analysis gave no standard error"
        return replace(refused, status=NOT_TESTABLE, reason=f"in an imputed panel: {why}", m=len(rows))
    one = pool(
        [[row.estimate] for row in rows], [[row.se**2] for row in rows],
        df_complete=float(np.median([row.df for row in rows])), ci_level=first.ci_level,
    ).iloc[0]  # fmt: skip
    low90, high90 = t_interval(one["estimate"], one["se"], one["df"], 0.90)
    return replace(
        first, estimate=float(one["estimate"]), se=float(one["se"]), statistic=float(one["statistic"]),
        df=float(one["df"]), p=float(one["p"]), ci_low=float(one["ci_low"]), ci_high=float(one["ci_high"]),
        ci90_low=low90, ci90_high=high90, m=len(rows), fmi=float(one["fmi"]),
        smallest_detectable=smallest_detectable(one["se"], one["df"], alpha), missing_rule=missing_rule(len(rows)),
        status=_status(rows),
    )  # fmt: skip


def _status(rows: Sequence[Estimate]) -> str:
    """What was done instead in some of the imputations, and in how many."""
    counts = Counter(row.status for row in rows if row.status != OK)
    return "; ".join(f"{status} (in {n} of {len(rows)} imputations)" for status, n in counts.items()) or OK


def missing_rule(m: int) -> str:
    return f"multiple imputation, m = {m}"


def too_few(rows: Sequence[Estimate]) -> int:
    """How many imputations the rows ask for, by their largest fraction of missing information."""
    seen = [row.fmi for row in rows if math.isfinite(row.fmi)]
    return max(map(enough_imputations, seen), default=0)
