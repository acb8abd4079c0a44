"""Scale scores from answers, as the instrument files prescribe. Raw answers are never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item, Score

N_ANSWERED, PRORATED, DOES_NOT_APPLY = "__n_answered", "__prorated", "__does_not_apply"  # what stands beside a score


def columns_of(instrument: Instrument, score: Score) -> list[str]:
    """A score's own column and those beside it."""
    beside = (N_ANSWERED, PRORATED, *((DOES_NOT_APPLY,) if instrument.may_not_apply(score) else ()))
    return [score.id, *(score.id + end for end in beside)]


def filled(scores: pd.DataFrame) -> pd.DataFrame:
    """The same scores; where one was not asked, its count of answers is 0 and its flags are false."""
    counts = [column for column in scores if column.endswith(N_ANSWERED)]
    flags = [column for column in scores if column.endswith((PRORATED, DOES_NOT_APPLY))]
    return scores.assign(
        **{column: scores[column].fillna(0).astype("int64") for column in counts},
        **{column: scores[column].eq(True).astype(bool) for column in flags},
    )


def keyed(answers: pd.DataFrame, items: Sequence[Item]) -> pd.DataFrame:
    """Items keyed in the direction of their scale: low + high − x with the declared range, for items that need it.

    answers   people × items, float, missing as NaN
    returns   the same shape; a reversed copy is named `<item>_r`, an item that needs no reversal keeps its name
    """
    return pd.DataFrame({keyed_name(item): keyed_values(answers, item) for item in items}, index=answers.index)


def keyed_name(item: Item) -> str:
    return f"{item.id}_r" if item.must_be_reversed else item.id


def keyed_values(answers: pd.DataFrame, item: Item) -> np.ndarray:
    values = answers[item.id].to_numpy(dtype=float)
    return item.low + item.high - values if item.must_be_reversed else values


def units(answers: pd.DataFrame, instrument: Instrument, score: Score) -> pd.DataFrame:
    """What a score is the mean or sum of: keyed items (of all its subscales), or the products of its pairs; people × units."""
    return units_of_scales(answers, [(instrument, score)])


def units_of_scales(answers: pd.DataFrame, scales: Iterable[tuple[Instrument, Score]]) -> pd.DataFrame:
    """The same of several scores that share no item, side by side; people × units, laid out once."""
    columns = {name: values for scale in scales for name, values in _units(answers, *scale)}
    return pd.DataFrame(columns, index=answers.index)


def _units(answers: pd.DataFrame, instrument: Instrument, score: Score) -> Iterator[tuple[str, np.ndarray]]:
    if score.method == "product_mean":
        for a, b in score.pairs:
            product = keyed_values(answers, instrument.item(a)) * keyed_values(answers, instrument.item(b))
            yield product_name(a, b), product
    else:
        for item in instrument.items_of(score):
            yield keyed_name(item), keyed_values(answers, item)


def product_name(a: str, b: str) -> str:
    """The column of a product of two answers, after the ids of both items."""
    return f"{a}_x_{b.rsplit('_', 1)[-1]}"


def product_label(rated: Item) -> str:
    """What a product of two answers is called, after the item that is rated for concern."""
    return f"{rated.label.removesuffix('_concern')}_product"


def score(
    answers: pd.DataFrame, instruments: Sequence[Instrument], not_applicable: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every score of the instruments.

    answers         people × items (float, NaN = no answer), columns named by item id
    not_applicable  people × items (bool) for items that allow it: structurally absent, so outside the denominator
    returns         people × scores, float; a score is missing when fewer than `min_answered` items (or complete pairs)
                    were answered, and a formative score as soon as one applicable item was not; beside each,
                    `<score>__n_answered` (int) and `<score>__prorated` (bool: computed although items are missing);
                    `<score>__does_not_apply` (bool: missing although nothing that applies was left out) where
                    `Instrument.may_not_apply` says that it can be

    Prorated sums are the mean of the answered items times their number, unrounded. A product score averages the products
    of complete pairs. Sums, means and counts follow each instrument's file; the rule is `docs/decisions.md`, missing data.
    Checked against the worked examples of every instrument file.

    >>> from rejsens.definitions import load_instruments
    >>> gad7 = load_instruments()["gad7"]
    >>> answers = pd.DataFrame({f"gad7_{i:02}": [2.0, 3.0] for i in range(1, 8)})
    >>> answers.loc[1, "gad7_07"] = float("nan")
    >>> score(answers, [gad7])[["gad7_sum", "gad7_sum__n_answered", "gad7_sum__prorated"]].values.tolist()
    [[14.0, 7, False], [21.0, 6, True]]
    """
    columns: dict[str, np.ndarray] = {}
    for instrument in instruments:
        for declared in instrument.scores:
            values, n_answered, prorated = METHODS[declared.method](
                answers, instrument, declared, not_applicable, columns
            )
            columns[declared.id] = values
            columns[declared.id + N_ANSWERED] = n_answered
            columns[declared.id + PRORATED] = prorated
            if instrument.may_not_apply(declared):
                columns[declared.id + DOES_NOT_APPLY] = np.isnan(values) & _nothing_left_out(
                    answers, instrument.items_of(declared), not_applicable
                )
    return pd.DataFrame(columns, index=answers.index)


def _nothing_left_out(answers: pd.DataFrame, items: Sequence[Item], absent: pd.DataFrame | None) -> np.ndarray:
    """Who answered each item that applies; to somebody to whom none applies, so did they."""
    settled = [
        answers[item.id].notna().to_numpy() | (absent[item.id].to_numpy() if absent is not None and item.id in absent else False)
        for item in items
    ]  # fmt: skip
    return np.logical_and.reduce(settled)


Scored = tuple[np.ndarray, np.ndarray, np.ndarray]
Absent: TypeAlias = pd.DataFrame | None
Done = Mapping[str, np.ndarray]  # scores worked out before, by name


def _totals(
    answers: pd.DataFrame,
    instrument: Instrument,
    declared: Score,
    absent: pd.DataFrame | None,
    value: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of `value` over answered items, how many were answered, how many apply; one column at a time."""
    total = np.zeros(len(answers))
    answered, applicable = np.zeros(len(answers), dtype=np.int64), np.zeros(len(answers), dtype=np.int64)
    for item in (instrument.item(i) for i in declared.items):
        values = value(keyed_values(answers, item))
        seen = ~np.isnan(values)
        total += np.where(seen, values, 0.0)
        answered += seen
        applicable += ~absent[item.id].to_numpy() if absent is not None and item.id in absent else 1
    return total, answered, applicable


def _finish(values: np.ndarray, answered: np.ndarray, applicable: np.ndarray, declared: Score) -> Scored:
    """Blank what the missing-data rule does not allow."""
    enough = (
        (answered == applicable) & (answered >= 1)
        if declared.model == "formative"
        else answered >= declared.min_answered
    )
    return np.where(enough, values, np.nan), answered, enough & (answered < applicable)


def mean_of(answers: pd.DataFrame, instrument: Instrument, declared: Score, absent: Absent, _done: Done) -> Scored:
    total, answered, applicable = _totals(answers, instrument, declared, absent, lambda v: v)
    return _finish(declared.multiply * total / np.maximum(answered, 1), answered, applicable, declared)


def sum_of(answers: pd.DataFrame, instrument: Instrument, declared: Score, absent: Absent, _done: Done) -> Scored:
    """A sum over all items; with items missing, the mean of those answered times the number that apply."""
    total, answered, applicable = _totals(answers, instrument, declared, absent, lambda v: v)
    complete = answered == applicable
    sums = np.where(complete, total, total / np.maximum(answered, 1) * applicable)
    return _finish(declared.multiply * sums, answered, applicable, declared)


def count_of(answers: pd.DataFrame, instrument: Instrument, declared: Score, absent: Absent, _done: Done) -> Scored:
    """How many items reach `at_least`; a count is never prorated."""
    total, answered, applicable = _totals(
        answers, instrument, declared, absent, lambda v: np.where(np.isnan(v), np.nan, v >= declared.at_least)
    )
    return _finish(total, answered, applicable, declared)


def weighted_sum_of(
    answers: pd.DataFrame, instrument: Instrument, declared: Score, absent: Absent, _done: Done
) -> Scored:
    """Each answer stands for a declared amount, and the amounts are added."""
    total, answered, applicable = _totals(
        answers, instrument, declared, absent, lambda v: pd.Series(v).map(declared.weights).to_numpy(dtype=float)
    )
    return _finish(total, answered, applicable, declared)


def max_share_of(answers: pd.DataFrame, instrument: Instrument, declared: Score, absent: Absent, done: Done) -> Scored:
    """The largest of several amounts as a share of their total; where the total is 0 there is nothing to share."""
    names = declared.of or declared.items
    parts = np.column_stack(
        [done[name] if declared.of else keyed_values(answers, instrument.item(name)) for name in names]
    )
    applies = np.column_stack([_applies(answers, instrument, declared, name, absent) for name in names])
    answered, total = (~np.isnan(parts)).sum(axis=1), np.nansum(parts, axis=1)
    largest = np.where(np.isnan(parts), 0.0, parts).max(axis=1)
    shares = np.where(total > 0, largest / np.where(total > 0, total, 1.0), np.nan)
    return _finish(shares, answered, applies.sum(axis=1), declared)


def _applies(
    answers: pd.DataFrame, instrument: Instrument, declared: Score, name: str, absent: pd.DataFrame | None
) -> np.ndarray:
    """To whom an item applies; a part score, to whom any of its items applies."""
    part = {score.id: score.items for score in instrument.scores}[name] if declared.of else (name,)
    flags = [absent[i].to_numpy() for i in part if absent is not None and i in absent]
    return ~np.logical_and.reduce(flags) if len(flags) == len(part) else np.ones(len(answers), bool)


def product_mean_of(
    answers: pd.DataFrame, instrument: Instrument, declared: Score, _absent: Absent, _done: Done
) -> Scored:
    """Mean of the products of complete pairs; the mean of products is not the product of means."""
    products = units(answers, instrument, declared).to_numpy()
    answered = (~np.isnan(products)).sum(axis=1)
    total = np.nansum(products, axis=1)
    return _finish(total / np.maximum(answered, 1), answered, np.full(len(answers), products.shape[1]), declared)


def mean_of_scores_of(
    answers: pd.DataFrame, instrument: Instrument, declared: Score, _absent: Absent, done: Done
) -> Scored:
    """Mean of subscale scores, each of which must exist (80 % of the items of each subscale)."""
    return _of_scores(declared, done, np.mean)


def sum_of_scores_of(
    answers: pd.DataFrame, instrument: Instrument, declared: Score, _absent: Absent, done: Done
) -> Scored:
    """Sum of subscale scores, each of which must exist (80 % of the items of each subscale)."""
    return _of_scores(declared, done, np.sum)


def _of_scores(declared: Score, done: Done, combined: Callable[..., np.ndarray]) -> Scored:
    parts = np.column_stack([done[part] for part in declared.of])
    answered = (~np.isnan(parts)).sum(axis=1)
    prorated = np.column_stack([done[part + PRORATED] for part in declared.of]).any(axis=1)
    values = np.where(answered == parts.shape[1], combined(parts, axis=1), np.nan)
    return values, answered, prorated & ~np.isnan(values)


METHODS: dict[str, Callable[..., Scored]] = {
    "mean": mean_of,
    "sum": sum_of,
    "count": count_of,
    "weighted_sum": weighted_sum_of,
    "max_share": max_share_of,
    "product_mean": product_mean_of,
    "mean_of_scores": mean_of_scores_of,
    "sum_of_scores": sum_of_scores_of,
}
