"""Multiple imputation around any analysis: people's waves side by side, gaps drawn, the analysis run on each, rows pooled.

The design is wide (one row per person), so that a wave a person missed is drawn from the waves that the person answered.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.covariates import AT_FIRST, absent_sources, inapplicable
from rejsens.inference.estimates import NOT_TESTABLE, OK, Estimate, smallest_detectable, t_interval
from rejsens.inference.imputation_notes import words_of
from rejsens.inference.joint_tests import differences_of, is_equality, pooled_equality
from rejsens.missing import enough_imputations, impute, pool

Analysis = Callable[[pd.DataFrame], Sequence[Estimate]]
NO = "no "  # before a score's name: the column that is 1 where it does not apply
NEAR = 5  # waves before and after that predict a wave one by one where there are many; the others by their mean
TEN = 10  # people for each predictor of a draw; with fewer, coefficients after imputation come out nearer to 0


@dataclass(frozen=True)
class Variables:
    """What an imputation holds, and how.

    varying     asked in every wave: each wave is a column of its own
    constant    one value per person
    categories  those of either kind whose numbers are names of answers
    always      varying ones whose every wave predicts every other column, of many waves the far ones by their mean: what the
                analysis is about, and its covariates
    first       of the constant ones, those that count as the first wave that asked anybody has them: moderators
    sources     of the varying ones, those that stand in one model of which nobody has all; where one is absent
                (`covariates.absent_sources`) it stays so. What does not apply is not drawn of any other varying one either
    moderators  those of either kind of which each person has one value, at the first wave that asked anybody
    """

    varying: tuple[str, ...]
    constant: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    always: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Panels(Sequence[pd.DataFrame]):
    """Completed panels, each made when it is asked for: many of many people need the memory of one, and of their gaps.

    asked   the panel as it was answered
    gaps    the rows of each variable that are gaps in it
    drawn   of each completed panel, what each variable has there
    """

    asked: pd.DataFrame
    gaps: Mapping[str, np.ndarray]
    drawn: tuple[Mapping[str, np.ndarray], ...]

    def __len__(self) -> int:
        return len(self.drawn)

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return replace(self, drawn=self.drawn[place])
        drawn = self.drawn[place]  # ends a loop over panels that have no gap, too
        columns = {name: self.asked[name].to_numpy(copy=True) for name, rows in self.gaps.items() if len(rows)}
        for name, values in columns.items():
            values[self.gaps[name]] = drawn[name]
        return self.asked.assign(**columns)

    def and_more(self, others: Panels) -> Panels:
        """With further ones drawn for the same panel."""
        return replace(self, drawn=self.drawn + others.drawn)


def side_by_side(panel: pd.DataFrame, variables: Variables) -> pd.DataFrame:
    """One row per participant: each constant once (the first value seen), each varying variable once per wave that asked it.

    Columns are named `score@wave`; a wave that nobody answered has none. Categories come as pandas categories.

    >>> panel = pd.DataFrame({"participant": ["a", "a", "b"], "wave": ["w1", "w2", "w1"], "wave_number": [1, 2, 1],
    ...                       "x": [1.0, 2.0, 3.0], "g": [1.0, 1.0, 2.0]})
    >>> side_by_side(panel, Variables(("x",), ("g",))).to_dict("list")
    {'g': [1.0, 2.0], 'x@w1': [1.0, 3.0], 'x@w2': [2.0, nan]}
    """
    people = panel.groupby("participant", sort=False)
    columns = {
        name: at_first(panel, name) if name in variables.first else people[name].first() for name in variables.constant
    }
    waves = in_order(panel)
    by_wave = panel.pivot(index="participant", columns="wave", values=list(variables.varying))
    for name in variables.varying:
        for wave in waves:
            if by_wave[name, wave].notna().any():
                columns[f"{name}@{wave}"] = by_wave[name, wave]
    wide = pd.DataFrame(columns).reindex(pd.Index(panel["participant"].drop_duplicates()))
    named = [column for column in wide if column.partition("@")[0] in variables.categories]
    return wide.astype(dict.fromkeys(named, "category"))


def predictors_of(wide: pd.DataFrame, variables: Variables, waves: Sequence[str] = ()) -> dict[str, list[str]]:
    """Each column is drawn from its own other waves, from everything of its wave, from what does not change, and from every
    wave of what the analysis is about; the last is left out for categories, whose every predictor costs a coefficient per
    level.

    waves     as `many_waves` gives them: of numbers only the near ones are named then, the others count by `far_waves`
    """
    place, chosen = {wave: k for k, wave in enumerate(waves)}, {}
    parted = {column: column.partition("@")[::2] for column in wide}
    for column, (name, wave) in parted.items():
        by_name = {name, *variables.constant} | (set() if name in variables.categories else set(variables.always))
        by_mean = by_name - variables.categories if name not in variables.categories else set()
        chosen[column] = [
            other
            for other, (of, at) in parted.items()
            if other != column
            and ((wave and at == wave) or (of in by_name and not (of in by_mean and _far(place, wave, at))))
        ]
    return chosen


def _far(place: Mapping[str, int], wave: str, at: str) -> bool:
    """Whether a wave lies far from another one; what does not change has none, and all waves are far from it."""
    return at in place and (wave not in place or abs(place[wave] - place[at]) > NEAR)


def many_waves(panel: pd.DataFrame, products: Mapping[str, Sequence[str]]) -> list[str]:
    """The waves in order where some lie farther than `NEAR` from both sides of one in the middle, or none.

    Interactions hold each wave by itself, and so does what they are drawn from.
    """
    waves = in_order(panel)
    return waves if len(waves) > 2 * NEAR + 1 and not products else []


def far_waves(wide: pd.DataFrame, variables: Variables, waves: Sequence[str]) -> dict[str, list[list[str]]]:
    """Of each column of numbers, what it is drawn from by a person's mean over the waves that are not near (`NEAR`).

    waves     as `many_waves` gives them
    returns   column -> groups of columns: all waves of its own variable, and of each that the analysis is about
    """
    numbers = set(_numbers(wide)) if waves else set()
    of = {name: [c for c in wide if c in numbers and c.startswith(f"{name}@")] for name in variables.varying}
    return {
        column: [of[name] for name in dict.fromkeys((column.partition("@")[0], *variables.always)) if of.get(name)]
        for column in wide
        if column in numbers
    }


def crowded(panel: pd.DataFrame, variables: Variables, products: Mapping[str, Sequence[str]]) -> bool:
    """Whether some gap would be drawn from more predictors than there are tens of people without it.

    In simulated panels of 4 waves, a fourth of all answers missing and 12 outcomes imputed together, coefficients of .30
    came out .12 lower with 120 people, .04 lower with 300 and .01 lower with 1,000.
    """
    asked, held = _with_absent(panel, variables)
    wide = side_by_side(asked, held)
    interactions = _products(wide, products)
    waves = many_waves(panel, interactions)
    seen, far = wide.notna().sum(), far_waves(wide, held, waves)
    return any(
        (len(own) + len(interactions) + sum(not {column, *own} >= {*group} for group in far.get(column, ()))) * TEN
        > seen[column]
        for column, own in predictors_of(wide, held, waves).items()
        if seen[column] < len(wide)
    )


def at_first(panel: pd.DataFrame, name: str) -> pd.Series:
    """Each person's value in the first wave that asked anybody, indexed by participant."""
    asked = panel.dropna(subset=[name])
    return asked[asked["wave_number"] == asked["wave_number"].min()].set_index("participant")[name]


def completed_panels(
    panel: pd.DataFrame,
    variables: Variables,
    m: int,
    rng: np.random.Generator,
    products: Mapping[str, Sequence[str]] | None = None,
    outcomes: Mapping[str, Sequence[str]] | None = None,
    slopes: Sequence[tuple[str, str]] = (),
    iterations: int | None = None,
    notes: list[str] | None = None,
) -> Panels:
    """`m` panels like the one that came in, without gaps, of which only what was drawn is held.

    Up to 2 * `NEAR` + 1 waves predict each other one by one. Of more, each is drawn from the near ones one by one and from
    the mean of those farther away, which holds what a person's waves have in common: a hundred predictors would ask for a
    thousand people. Products, slopes and categories that vary still read every wave.

    A wave that a person missed is drawn too, since it helps to draw the rest, and then left out again: it holds nothing
    on the coefficients that the likelihood of the other waves does not, only noise (von Hippel, 2007, doi
    10.1111/j.1467-9531.2007.00180.x).

    panel      one row per person-wave: participant, wave, wave_number and the variables
    rng        each panel draws from a child of its own, so that the i-th is the same however many are asked for at once
    products   interactions of the analysis, new name -> two names; those of a wave are kept wave by wave
    outcomes   product -> outcomes of its model: its parts are drawn so that they fit that model in every wave
               (`rejsens.missing.impute`); without, the product is only kept passively
    slopes     predictor and outcome whose slope may differ between people (`rejsens.missing.impute`)
    iterations rounds of each chain; by default 10 with outcomes and 5 without
    notes      a list that takes what is to be said of these draws (`imputation_notes.words_of`)
    returns    a sequence of frames with the columns participant, wave, wave_number, role and the variables, in the order of the panel
               (people, then waves); a variable that a wave did not ask stays missing there. Of each moderator also a
               column `AT_FIRST`: what was drawn, or answered, for the first wave that asked it, in every row since then
    """
    asked, held = _with_absent(panel, variables)
    wide = side_by_side(asked, held)
    interactions = _products(wide, products or {})
    models = {name: [c for c in _numbers(wide) if c.partition("@")[0] in (outcomes or {}).get(name.partition("@")[0], ())
                     and c not in parts] for name, parts in interactions.items()}  # fmt: skip
    waves = many_waves(panel, interactions)
    drawn_from = {column: [*own, *interactions] for column, own in predictors_of(wide, held, waves).items()}
    drawn = impute(
        wide, m, rng, predictors=drawn_from, products=interactions, outcomes={k: v for k, v in models.items() if v},
        means=far_waves(wide, held, waves), slopes=_slopes(wide, slopes), iterations=iterations or (10 if any(models.values()) else 5),
        keep=(long := _Long(wide, held, panel)).in_gaps,
    )  # fmt: skip
    if notes is not None:
        notes += words_of(drawn)
    return Panels(long.asked, long.gaps, tuple(drawn))


def _numbers(wide: pd.DataFrame) -> list[str]:
    return [column for column in wide if not isinstance(wide[column].dtype, pd.CategoricalDtype)]


def _slopes(wide: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """The waves that hold both of a pair, where there are three or more."""
    numbers, found = _numbers(wide), []
    waves = list(dict.fromkeys(column.partition("@")[2] for column in numbers))
    for x, y in dict.fromkeys(pairs):
        both = [wave for wave in waves if f"{x}@{wave}" in numbers and f"{y}@{wave}" in numbers]
        if len(both) > 2:
            found.append(([f"{x}@{wave}" for wave in both], [f"{y}@{wave}" for wave in both]))
    return found


def _with_absent(panel: pd.DataFrame, variables: Variables) -> tuple[pd.DataFrame, Variables]:
    """Zero for what does not apply, and a column `no NAME` that says so, drawn with the rest.

    Who answered about no source may lack any of them; another score that was left out is taken to apply.
    """
    sources = absent_sources(panel, variables.sources)
    known = panel[list(variables.sources)].notna().any(axis=1) | sources.any(axis=1)
    others = [name for name in variables.varying if name not in sources]
    absent = {name: sources[name].astype(float).where(known) for name in sources}
    absent |= {name: inapplicable(panel, name).astype(float) for name in others}
    absent = {
        name: values.where((panel[name].notna() | (values == 1)).groupby(panel["wave"]).transform("any"))
        for name, values in absent.items()
        if (values == 1).any()
    }  # a wave that did not ask has no such column
    kept = dict.fromkeys(["participant", "wave", "wave_number", *variables.varying, *variables.constant])
    filled = {name: panel[name].mask(values == 1, 0.0) for name, values in absent.items()}
    beside = {NO + name: values for name, values in absent.items()}
    return panel[list(kept)].assign(**filled, **beside), replace(variables, varying=(*variables.varying, *beside))


def _products(wide: pd.DataFrame, products: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Interactions column by column: a part that varies stands in each wave, one that does not stands once.

    The second part, a moderator, counts as its first wave has it. Categories have no product.
    """
    numbers, found = _numbers(wide), {}
    for name, (left, right) in products.items():
        other = next((column for column in numbers if column.partition("@")[0] == right), None)
        for column in (c for c in numbers if c.partition("@")[0] == left and c != other):
            if other is not None:
                found[f"{name}@{column.partition('@')[2]}"] = [column, other]
    return found


class _Long:
    """Columns side by side as person-waves again: those of a panel, in its order.

    asked   the panel as it was answered: participant, wave, wave_number, role and the variables, gaps as NaN
    gaps    the rows of each variable that are gaps there, which are all that draws can fill
    """

    def __init__(self, wide: pd.DataFrame, variables: Variables, panel: pd.DataFrame) -> None:
        self.variables, self.length = variables, len(panel)
        self.place = wide.index.get_indexer(panel["participant"])
        self.in_wave = panel.groupby("wave", sort=False).indices
        self.asked_in = {name: panel.loc[panel[name].notna(), "wave_number"].min() == panel["wave_number"].to_numpy()
                         for name in variables.first}  # fmt: skip
        self.at_firsts = _at_firsts(wide, variables, panel)
        columns = self.columns(wide)
        self.asked = panel[["participant", "wave", "wave_number", "role"]].assign(**columns)
        self.gaps = {name: np.flatnonzero(np.isnan(values)) for name, values in columns.items()}

    def in_gaps(self, wide: pd.DataFrame) -> dict[str, np.ndarray]:
        """What completed columns hold in the gaps of the panel."""
        return {name: values[self.gaps[name]] for name, values in self.columns(wide).items()}

    def columns(self, wide: pd.DataFrame) -> dict[str, np.ndarray]:
        """Every variable, one value per row of the panel."""
        variables, place = self.variables, self.place
        columns = {name: wide[name].to_numpy(float)[place] for name in variables.constant}
        columns |= {name: np.where(rows, columns[name], np.nan) for name, rows in self.asked_in.items()}
        for name in variables.varying:
            columns[name] = np.full(self.length, np.nan)
            for wave, rows in self.in_wave.items():
                if f"{name}@{wave}" in wide:
                    columns[name][rows] = wide[f"{name}@{wave}"].to_numpy(float)[place[rows]]
        for name, (column, since) in self.at_firsts.items():
            columns[AT_FIRST.format(name)] = np.where(since, wide[column].to_numpy(float)[place], np.nan)
        for name in [name for name in variables.varying if NO + name in columns]:
            columns[name] = np.where(columns.pop(NO + name) == 1, np.nan, columns[name])
        return columns


def _at_firsts(wide: pd.DataFrame, variables: Variables, panel: pd.DataFrame) -> dict[str, tuple[str, np.ndarray]]:
    """Moderator -> its column at the first wave that asked anybody, and the rows of the panel since that wave."""
    numbers = panel["wave_number"].to_numpy()
    found = {}
    for name in variables.moderators:
        first = panel[panel[name].notna()].sort_values("wave_number", kind="stable").iloc[0]
        column = name if name in wide else f"{name}@{first['wave']}"
        if column in _numbers(wide):
            found[name] = (column, numbers >= first["wave_number"])
    return found


def in_order(panel: pd.DataFrame) -> list[str]:
    """The waves of a panel by their number, whoever stands first in it."""
    return panel.drop_duplicates("wave").sort_values("wave_number", kind="stable")["wave"].tolist()


def pooled(analyse: Analysis, panels: Sequence[pd.DataFrame], alpha: float = 0.05) -> list[Estimate]:
    """The rows of an analysis over imputed panels, pooled by Rubin's rules, as rows of the estimates table.

    analyse   gives the deciding row first, and the same one for each panel
    panels    as from `completed_panels`
    returns   one row per row of the analysis: estimate and se pooled, t on Barnard and Rubin's degrees of freedom, m and
              fmi; a correlation is pooled as its Fisher z; a test that several coefficients are equal as D1, see
              `joint_tests.pooled_equality`. A row that is not testable in one imputation is not testable. Left out, but for
              the first: other rows without a standard error (joint tests, bounds), and those that some panels do not give
    """
    return pooled_rows([list(analyse(panel)) for panel in panels], alpha)


def pooled_rows(found: Sequence[list[Estimate]], alpha: float = 0.05) -> list[Estimate]:
    """As `pooled`, of rows that are there: one list for each panel."""
    named = [{_name(row): row for row in rows} for rows in found]
    shared = [_name(row) for row in found[0] if all(_name(row) in own for own in named)]
    kept = [name for name in shared if _can_be_pooled(named[0][name], found[0])]
    first = _name(found[0][0])
    return [
        _pooled_row([own[name] for own in named], alpha)
        if not is_equality(named[0][name])
        else pooled_equality([own[name] for own in named], found, missing_rule(len(found)))
        for name in ([] if first in kept else [first]) + kept
    ]


def _can_be_pooled(row: Estimate, beside: Sequence[Estimate]) -> bool:
    return (
        row.status == NOT_TESTABLE or math.isfinite(row.se) or (is_equality(row) and bool(differences_of(row, beside)))
    )


def _name(row: Estimate) -> tuple[str, ...]:
    """What a row is of; the method tells two coefficients of one wave apart, and says of waves how a single draw went."""
    return row.analysis, row.wave, row.outcome, row.term, row.metric, row.method if row.metric == "beta" else ""


def _pooled_row(rows: list[Estimate], alpha: float) -> Estimate:
    first = rows[0]
    refused = next((row for row in rows if row.status == NOT_TESTABLE or not math.isfinite(row.se)), None)
    if refused is not None:
        why = refused.reason or "the analysis gave no standard error"
        return replace(refused, status=NOT_TESTABLE, reason=f"in an imputed panel: {why}", m=len(rows))
    is_r = first.metric == "r"
    values = [math.atanh(row.estimate) if is_r else row.estimate for row in rows]
    variances = [
        1 / max(row.df - 1, 1) if is_r else row.se**2 for row in rows
    ]  # of Fisher's z: 1 / (n - 3 - covariates)
    one = pool(
        np.array(values)[:, None], np.array(variances)[:, None],
        df_complete=float(np.median([row.df for row in rows])), ci_level=first.ci_level,
    ).iloc[0]  # fmt: skip
    low90, high90 = t_interval(one["estimate"], one["se"], one["df"], 0.90)
    ends: dict[str, float] = {
        "estimate": one["estimate"],
        "ci_low": one["ci_low"],
        "ci_high": one["ci_high"],
        "ci90_low": low90,
        "ci90_high": high90,
    }
    slope = 1 - math.tanh(one["estimate"]) ** 2 if is_r else 1.0
    in_metric: dict[str, Any] = {end: math.tanh(value) if is_r else float(value) for end, value in ends.items()}
    return replace(
        first, **in_metric,
        se=float(one["se"] * slope), statistic=float(one["statistic"]), df=float(one["df"]), p=float(one["p"]),
        p_adjusted=math.nan, p_equivalence=math.nan, m=len(rows), fmi=float(one["fmi"]), smallest_detectable=_detectable(float(one["se"]), float(one["df"]), alpha, is_r),
        missing_rule=missing_rule(len(rows)), status=_status(rows),
    )  # fmt: skip


def _detectable(se: float, df: float, alpha: float, is_r: bool) -> float:
    """On the scale of the standard error; of a correlation back from Fisher's z, so that the estimate does not enter."""
    found = smallest_detectable(se, df, alpha)
    return math.tanh(found) if is_r else found


def _status(rows: Sequence[Estimate]) -> str:
    """What was done instead in some of the imputations, and in how many."""
    counts = Counter(row.status for row in rows if row.status != OK)
    return "; ".join(f"{status} (in {n} of {len(rows)} imputations)" for status, n in counts.items()) or OK


def missing_rule(m: int) -> str:
    return f"multiple imputation, m = {m}"


def with_cap(rows: Sequence[Estimate], most: int) -> list[Estimate]:
    """Each row whose fraction of missing information asks for more imputations than the settings allow says so."""
    return [_capped(row, most) if math.isfinite(row.fmi) and too_few([row]) > row.m else row for row in rows]


def _capped(row: Estimate, most: int) -> Estimate:
    said = (
        f"{row.fmi:.0%} of the information is missing, which asks for {too_few([row])} imputations; the settings allow"
        f" {most} (imputation: most)"
    )
    return replace(row, warnings="; ".join(filter(None, [row.warnings, said])))


def too_few(rows: Sequence[Estimate]) -> int:
    """How many imputations the rows ask for, by their largest fraction of missing information."""
    seen = [row.fmi for row in rows if math.isfinite(row.fmi)]
    return max(map(enough_imputations, seen), default=0)
