"""What is to be said of an imputation's draws, in words for the rows that rest on them."""

from __future__ import annotations

import math
import re

import pandas as pd
from scipy import stats

from rejsens.missing import Imputations
from rejsens.problems import listed

FEW = "; too few to rest much on"  # how `impute` ends its note of a column with few values
SHOWN = 3  # columns by name; the rest as a count
MOVED = 0.1  # SDs of what was drawn: a mean that still moves by less counts as settled
CLEAR = 0.001  # level, divided by the columns looked at, below which a movement is no chance of the draws


def words_of(found: Imputations) -> list[str]:
    """Columns drawn from few people, columns without differences, and columns whose chains had not settled.

    found     as from `rejsens.missing.impute`, its columns named `score@wave` or `score`
    returns   clauses; none where there is nothing to say. Each goes to every row that rests on these draws, since each
              column helps to draw the others

    >>> import numpy as np, pandas as pd
    >>> from rejsens.missing import impute
    >>> frame = pd.DataFrame(np.random.default_rng(1).normal(size=(9, 6)), columns=[f"x@w{k}" for k in range(6)])
    >>> frame.loc[:2, "x@w0"], frame["x@w5"] = np.nan, 1.0
    >>> words_of(impute(frame, m=2, seed=1))
    ['drawn from few people: x in w0 (6 values and 4 predictors)', 'x in w5 holds one value only, so that nothing was drawn from it']
    """
    notes = [re.sub(r"(\S+)@(\S+)", r"\1 in \2", note) for note in found.notes]
    few = [note.removesuffix(FEW) for note in notes if note.endswith(FEW)]
    said = [f"drawn from few people: {listed([_in_brackets(note) for note in few], SHOWN)}"] if few else []
    said += [note for note in notes if not note.endswith(FEW)]
    if moving := unsettled(found.trace):
        shown = [re.sub(r"(\S+)@(\S+)", r"\1 in \2", name) for name in moving]
        rounds = int(found.trace["iteration"].max())
        said.append(
            f"the imputation had not settled after {rounds} rounds: the mean drawn for {listed(shown, SHOWN)} still moved "
            f"by up to {max(moving.values()):.2f} SD"
        )
    return said


def _in_brackets(note: str) -> str:
    name, _, counts = note.partition(": ")
    return f"{name} ({counts})"


def unsettled(trace: pd.DataFrame) -> dict[str, float]:
    """Columns whose drawn mean still moves between the middle and the last round of the chains, and by how many SDs.

    trace     of `Imputations`: a row per imputation, iteration and column of numbers, with mean and sd of what was drawn
    formula   a paired t test over the chains of mean(last) - mean(middle), which must lie below .001 / columns, and the
              mean movement beyond a tenth of the SD of what was drawn. Every chain starts at random draws from the
              observed values, so that all of them move the same way as long as they have not arrived; chains that only
              wander (slow mixing) do no harm, as each gives one panel
    source    van Buuren (2018), Flexible imputation of missing data, 2nd ed., section 6.5.2: the means of the chains
              should be free of any trend
    returns   column -> movement, the largest first; empty with fewer than five chains or three rounds

    >>> rounds = [(k, i, "x", 1.0 - 0.7 ** i + 0.01 * (k * i % 7), 1.0) for k in range(20) for i in range(1, 6)]
    >>> trace = pd.DataFrame(rounds, columns=["imputation", "iteration", "column", "mean", "sd"])
    >>> {name: round(moved, 1) for name, moved in unsettled(trace).items()}
    {'x': 0.2}
    """
    last = trace["iteration"].max() if len(trace) else 0
    if last < 3 or trace["imputation"].nunique() < 5:
        return {}
    means = trace.pivot(index="imputation", columns=["iteration", "column"], values="mean")
    spread = trace[trace["iteration"] == last].groupby("column")["sd"].mean()
    moved = means[last] - means[(last + 1) // 2]
    found = {}
    for name, own in moved.items():
        se, mean = float(own.std(ddof=1)) / math.sqrt(len(own)), float(own.mean())
        size = abs(mean) / spread[name] if spread[name] > 0 else 0.0
        p = 2 * stats.t.sf(abs(mean) / se, len(own) - 1) if se > 0 else float(mean == 0)
        if size > MOVED and p < CLEAR / len(moved.columns):
            found[str(name)] = float(size)
    return dict(sorted(found.items(), key=lambda one: -one[1]))
