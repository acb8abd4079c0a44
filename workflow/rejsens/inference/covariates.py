"""From scores and background variables to the columns of a model: who is analysed, dummy codes, redundant columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.inference.design_rows import in_slices, marked, products, triangle
from rejsens.inference.estimates import NotTestable
from rejsens.scoring import DOES_NOT_APPLY

AT_FIRST = (
    "{} at first"  # column of an imputed panel: the person's moderator as the first wave that asked it would have it
)
APART = 1e-3  # columns whose residuals are all longer than this share of their own length are told so by their products alone
TOLERANCE = 1e-8  # a column whose residual is shorter than this share of its own length adds nothing
Slices = Callable[[], Iterable[np.ndarray]]  # (some, k) rows of the same columns, from the first row on each time
Covariate = Mapping[str, Any]  # {name, type: number | category, varies: bool (optional)}, as in a family file


def person_waves(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of the panel proper (role "wave"), sorted by participant and wave; retest samples are left out.

    scores    one row per participant and wave with columns participant, wave, wave_number, role
    raises    ValueError when a participant has two rows in one wave

    >>> import pandas as pd
    >>> scores = pd.DataFrame({"participant": ["b", "a", "a"], "wave": ["w1", "w2", "retest"],
    ...                        "wave_number": [1, 2, 9], "role": ["wave", "wave", "retest"]})
    >>> person_waves(scores)["participant"].tolist()
    ['a', 'b']
    """
    panel = kept(scores, scores["role"] == "wave")
    if not _is_sorted(panel):
        panel = panel.sort_values(["participant", "wave_number"], kind="stable")
    if panel.duplicated(["participant", "wave"]).any():
        raise ValueError("a participant has more than one row in a wave")
    return panel.reset_index(drop=True)


def numbered(scores: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The panel proper as `person_waves` sorts it, and the events, with a whole number for each participant: names of many
    people take more memory than their scores, and each copy of a panel would hold them again.

    scores, events   as pooled; numbers go by the order of the names, so that everything sorts as it did
    returns          rows of role "wave", and all events

    >>> people = pd.DataFrame({"participant": ["b", "a"], "wave": "w1", "wave_number": 1, "role": "wave"})
    >>> panel, events = numbered(people, people.iloc[:1])
    >>> panel["participant"].tolist(), events["participant"].tolist()
    ([0, 1], [1])
    """
    scores = kept(scores, scores["role"] == "wave")
    names = pd.concat([scores["participant"], events["participant"]], ignore_index=True)
    codes, different = pd.factorize(names)
    places = np.empty(len(different), dtype=np.int64)
    places[different.argsort()] = np.arange(len(different))
    numbers = places[codes]
    panel = scores.assign(participant=numbers[: len(scores)])
    if not _is_sorted(panel):
        panel = panel.sort_values(["participant", "wave_number"], kind="stable")
    return panel.reset_index(drop=True), events.assign(participant=numbers[len(scores) :])


def _is_sorted(panel: pd.DataFrame) -> bool:
    """Whether people who go by number stand in order, and the waves of each."""
    people, waves = panel["participant"].to_numpy(), panel["wave_number"].to_numpy()
    if people.dtype != np.int64:
        return False
    step = np.diff(people)
    return bool(((step > 0) | ((step == 0) & (np.diff(waves) >= 0))).all())


def kept(rows: pd.DataFrame, which: pd.Series | np.ndarray) -> pd.DataFrame:
    """Some rows; where it is all of them the frame itself, without a copy.

    >>> rows = pd.DataFrame({"a": [1, 2]})
    >>> kept(rows, rows["a"] > 0) is rows, kept(rows, rows["a"] > 1)["a"].tolist()
    (True, [2])
    """
    return rows if np.all(which) else rows[which]


def among(rows: pd.DataFrame, wanted: pd.DataFrame) -> np.ndarray:
    """Which person-waves (participant, wave) of `rows` are among the `wanted` ones: bool, one per row.

    >>> rows = pd.DataFrame({"participant": ["a", "a", "b"], "wave": ["w1", "w2", "w1"]})
    >>> among(rows, rows.iloc[1:]).tolist()
    [False, True, True]
    """
    key: Any = 0
    for name in ("participant", "wave"):
        codes, different = pd.factorize(pd.concat([wanted[name], rows[name]], ignore_index=True))
        key = key * len(different) + codes
    return np.isin(key[len(wanted) :], key[: len(wanted)])


def require(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise NotTestable when a score or covariate is not a column of the data."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise NotTestable(f"{', '.join(absent)} is not among the scores and background variables of this study")


def carry_constants(panel: pd.DataFrame, covariates: Sequence[Covariate]) -> tuple[pd.DataFrame, list[str]]:
    """Give each person one value of every covariate that does not vary: the first that was observed.

    panel       as from `person_waves`
    covariates  those with `varies: true` are left alone
    returns     the panel with constant covariates filled over all waves of a person, and warnings about covariates
                that change although nothing is declared (`varies: false` is a declaration: age in years)
    """
    warnings = []
    filled = {}
    for covariate in covariates:
        name = covariate["name"]
        if covariate.get("varies"):
            continue
        by_person = panel.groupby("participant")[name]
        changing = int((by_person.nunique() > 1).sum())
        if changing and "varies" not in covariate:
            warnings.append(f"{name} changes in {changing} people; their first value is used")
        filled[name] = by_person.transform("first")
    return panel.assign(**filled), warnings


def inapplicable(panel: pd.DataFrame, name: str) -> pd.Series:
    """Person-waves without a score that does not apply there, as its flag says; False where there is no flag.

    >>> panel = pd.DataFrame({"participant": ["a", "b", "c"], "work": [1.0, None, None],
    ...                       "work__does_not_apply": [False, True, False]})
    >>> inapplicable(panel, "work").tolist()
    [False, True, False]
    """
    flag = name + DOES_NOT_APPLY
    return panel[flag].eq(True) & panel[name].isna() if flag in panel else pd.Series(False, index=panel.index)


def absent_sources(panel: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Where there is no such source: it does not apply; without flags, where it has no score beside one that has.

    returns   bool, one column per source

    >>> panel = pd.DataFrame({"work": [1.0, np.nan, np.nan], "partner": [2.0, 3.0, np.nan]})
    >>> absent_sources(panel, ["work", "partner"])["work"].tolist()
    [False, True, False]
    >>> panel["work__does_not_apply"] = [False, False, True]
    >>> absent_sources(panel, ["work", "partner"])["work"].tolist()
    [False, False, True]
    """
    somebody = panel[list(sources)].notna().any(axis=1)
    return pd.DataFrame(
        {
            name: inapplicable(panel, name) if name + DOES_NOT_APPLY in panel else panel[name].isna() & somebody
            for name in sources
        }
    )


def complete_cases(frame: pd.DataFrame, outcome: str, predictor: str, covariates: Sequence[Covariate]) -> pd.DataFrame:
    """Rows with outcome, predictor and every covariate; raises NotTestable when a column does not exist."""
    names = [outcome, predictor, *(covariate["name"] for covariate in covariates)]
    require(frame, names)
    return frame.dropna(subset=names).reset_index(drop=True)


def covariate_columns(frame: pd.DataFrame, covariates: Sequence[Covariate]) -> pd.DataFrame:
    """Numbers as z scores, categories as 0/1 dummies against the most frequent level (ties: the lowest level).

    frame     complete cases
    returns   float64 columns, named `age` or `gender=2`; a number that does not vary is a column of zeros

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [20.0, 30.0, 40.0], "gender": [1.0, 2.0, 1.0]})
    >>> covariate_columns(frame, [{"name": "age", "type": "number"}, {"name": "gender", "type": "category"}])
       age  gender=2
    0 -1.0       0.0
    1  0.0       1.0
    2  1.0       0.0
    """
    columns: dict[str, Any] = {}
    for covariate in covariates:
        name = covariate["name"]
        if covariate["type"] == "number":
            columns[name] = z_scores(frame[name].to_numpy(float))
            continue
        counts = frame[name].value_counts().sort_index()
        for level in counts.index.drop(counts.idxmax()):
            columns[f"{name}={level:g}" if isinstance(level, (int, float)) else f"{name}={level}"] = (
                frame[name] == level
            ).to_numpy(float)
    return pd.DataFrame(columns, index=frame.index, dtype=float)


def wave_contrasts(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Each wave but the first as yes or no, in order of time: (n,) bool by names like `wave=w2`; a byte a row each.

    >>> rows = pd.DataFrame({"wave": ["w2", "w1", "w3"], "wave_number": [2, 1, 3]})
    >>> {name: column.tolist() for name, column in wave_contrasts(rows).items()}
    {'wave=w2': [True, False, False], 'wave=w3': [False, False, True]}
    """
    codes, waves = pd.factorize(rows["wave"])
    in_order = rows.drop_duplicates("wave").sort_values("wave_number")["wave"]
    return {f"wave={wave}": codes == waves.get_loc(wave) for wave in in_order[1:]}


def z_scores(values: np.ndarray) -> np.ndarray:
    """(values - mean) / SD with n - 1; zeros when the values do not vary."""
    centred = values - values.mean()
    return centred / centred.std(ddof=1) if varies(values) else np.zeros_like(centred)


def varies(values: np.ndarray) -> bool:
    """True unless the values are one number up to rounding."""
    return len(values) > 1 and bool(np.ptp(values) > TOLERANCE * max(1.0, np.abs(values).max()))


def independent_columns(columns: pd.DataFrame) -> list[str]:
    """Names of the columns that add something to an intercept and to the columns before them, in order.

    The rule of R's `lm`: a column is dropped when it is a linear combination of the intercept and earlier columns.

    >>> import pandas as pd
    >>> independent_columns(pd.DataFrame({"a": [1.0, 2, 3, 5], "twice": [2.0, 4, 6, 10], "flat": [1.0, 1, 1, 1]}))
    ['a']
    """
    held, marks = marked(columns)
    parts = ((part[:, :-1], part[:, -1].astype(np.intp)) for part in in_slices(columns.loc[:, ~marks], held))
    return _independent(columns.columns, lambda: in_slices(columns), _moments(parts, marks))


def independent(names: pd.Index, slices: Slices) -> list[str]:
    """`independent_columns` of columns whose rows come some at a time, as often as they are asked for.

    >>> rows = np.array([[1.0, 2, 1], [2, 4, 1], [3, 6, 1], [5, 10, 1]])
    >>> independent(pd.Index(["a", "twice", "flat"]), lambda: iter([rows[:2], rows[2:]]))
    ['a']
    """
    parts = ((part, np.zeros(len(part), dtype=np.intp)) for part in slices())
    return _independent(names, slices, _moments(parts, np.zeros(len(names), dtype=bool)))


def _independent(names: pd.Index, slices: Slices, seen: _Moments) -> list[str]:
    moving = seen.moving
    if not moving.any() or _far_apart(seen):
        return list(names[moving])  # the others are zero up to rounding, or the intercept again
    columns = triangle(np.column_stack([np.ones(len(part)), part[:, moving]]) for part in slices())
    basis = columns[:, :1] / np.linalg.norm(columns[:, 0])
    added = []
    for name, column in zip(names[moving], columns.T[1:], strict=True):
        residual = column - basis @ (basis.T @ column)
        residual -= basis @ (basis.T @ residual)  # twice, so that the basis stays orthogonal
        length = np.linalg.norm(residual)
        if length > TOLERANCE * np.linalg.norm(column):
            basis = np.column_stack([basis, residual / length])
            added.append(name)
    return added


@dataclass(frozen=True)
class _Moments:
    """Smallest, largest, sum of each of k columns of n rows, and their products (k, k)."""

    n: int
    low: np.ndarray
    high: np.ndarray
    sums: np.ndarray
    products: np.ndarray

    @property
    def moving(self) -> np.ndarray:
        """`varies` of each column."""
        size = np.maximum(1.0, np.maximum(np.abs(self.low), np.abs(self.high)))
        return (self.n > 1) & (self.high - self.low > TOLERANCE * size)


def _moments(parts: Iterable[tuple[np.ndarray, np.ndarray]], marks: np.ndarray) -> _Moments:
    """Of some rows after the others: their columns that are no marks, and which mark they hold, as `marked` tells them."""
    k = len(marks)
    n, low, high, sums, squares = 0, np.full(k, np.inf), np.full(k, -np.inf), np.zeros(k), np.zeros((k, k))
    for plain, held in parts:
        n, squares = n + len(plain), squares + products(plain, held, marks)
        sums[~marks] += np.ones(len(plain)) @ plain
        low[~marks] = np.minimum(low[~marks], plain.min(axis=0))
        high[~marks] = np.maximum(high[~marks], plain.max(axis=0))
    sums[marks] = squares[marks, marks]
    low[marks], high[marks] = sums[marks] == n, sums[marks] > 0
    return _Moments(n, low, high, sums, squares)


def _far_apart(seen: _Moments) -> bool:
    """Whether each column that varies adds plenty to an intercept and the others; sums of products show it without a copy.

    A column's share that the others do not explain is at least the smallest eigenvalue of the correlations.
    """
    moving = seen.moving
    if seen.n <= moving.sum() + 1:
        return False
    squares, means = seen.products[np.ix_(moving, moving)], seen.sums[moving] / seen.n
    lengths = np.diagonal(squares)
    away = squares - seen.n * np.outer(means, means)
    spread = np.diagonal(away)
    if not (spread > APART**2 * lengths).all():
        return False
    smallest = float(np.linalg.eigvalsh(away / np.sqrt(np.outer(spread, spread)))[0])
    return smallest * float((spread / lengths).min()) > APART**2
