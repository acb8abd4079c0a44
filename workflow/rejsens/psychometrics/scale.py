"""Everything the pipeline reports of one score's items: reliability rows and item rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import complete_cases
from rejsens.psychometrics.factor_reliability import one_factor_coefficients
from rejsens.psychometrics.items import ITEM_TYPES, Bound, item_statistics
from rejsens.psychometrics.ordered_reliability import categorical_omega, ordinal_alpha
from rejsens.psychometrics.reliability import Reliability, alpha, spearman_brown
from rejsens.psychometrics.split_half import split_half

RELIABILITY_COLUMNS = ("score", "coefficient", "n", "n_lost", "k", "estimate", "ci_low", "ci_high", "method", "status")
ITEM_ROW_TYPES = {"score": "str", "item": "str", "label": "str", "reverse": "bool"} | ITEM_TYPES
FORMATIVE = "formative index: internal consistency does not apply"
SINGLE_ITEM = "single item: internal consistency does not apply"
NOT_APPLICABLE = {"formative": FORMATIVE, "single_item": SINGLE_ITEM}


class Scored(Protocol):
    """What is needed of a score; :py:class:`rejsens.definitions.Score` has it."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str: ...


def assess(
    keyed_items: pd.DataFrame,
    score: Scored,
    *,
    low: Bound = None,
    high: Bound = None,
    labels: Mapping[str, str] | None = None,
    reverse: Collection[str] = (),
    ordered: bool = False,
    ci_level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reliability rows and item rows of one score in one wave.

    Parameters
    ----------
    keyed_items : :py:class:`pandas.DataFrame`
        People x what the score sums or averages: keyed items, the products of a product score, the scores of a mean of
        scores.
    score : :py:class:`rejsens.definitions.Score`
        Its ``id`` and ``model`` are used.
    low, high : float, mapping of item to float, or None
        Theoretical range of ``keyed_items`` as administered.
    labels : mapping of item to str, or None
        Short labels; an item without one is labelled by its id.
    reverse : collection of str
        Items that the key reverses (told in the table; ``keyed_items`` are turned already).
    ordered : bool
        The items have so few answers that they are better taken as ordered categories: categorical omega and ordinal
        alpha are added.
    ci_level : float
        Level of the intervals.
    rng : :py:class:`numpy.random.Generator` or None
        Draws a sample of splits into halves where there are more than 10,000 (16 items or more); needed there.

    Returns
    -------
    reliability : :py:class:`pandas.DataFrame`
        ``score``, ``coefficient``, ``n``, ``n_lost``, ``k``, ``estimate``, ``ci_low``, ``ci_high``, ``method``,
        ``status``. A reflective score has alpha, omega_u (and omega_categorical, alpha_ordinal), coefficient_h, ave and, with an
        even number of items, the lowest, mean and highest split half; one of two items Spearman-Brown alone; a formative score or a single item has one
        row, coefficient ``"none"``, with the reason.
    items : :py:class:`pandas.DataFrame`
        ``score``, ``item``, ``label``, ``reverse``, then :py:func:`item_statistics`. No rows unless reflective with two
        items or more.

    Raises
    ------
    ValueError
        As :py:func:`alpha` and :py:func:`item_statistics` do, and if ``score.model`` is not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> from rejsens.psychometrics import assess
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    >>> reliability, item_rows = assess(items, SimpleNamespace(id="pair", model="reflective"), low=1, high=5)
    >>> reliability[["score", "coefficient", "n", "k", "estimate", "status"]].round(2)
      score     coefficient  n  k  estimate     status
    0  pair  spearman_brown  5  2      0.89  estimated
    >>> reliability, item_rows = assess(items, SimpleNamespace(id="exposure", model="formative"))
    >>> reliability.loc[0, "status"], len(item_rows)
    ('formative index: internal consistency does not apply', 0)
    """
    if score.model not in {"reflective", *NOT_APPLICABLE}:
        raise ValueError(f"the score {score.id} has the model “{score.model}”, which is not known")
    reason = NOT_APPLICABLE.get(score.model, SINGLE_ITEM if keyed_items.shape[1] < 2 else "")
    if reason:
        return _reliability_rows([_none(keyed_items, reason)], score.id), _item_rows(None, score.id, {}, ())
    return (
        _reliability_rows(_coefficients(keyed_items, ordered, ci_level, rng), score.id),
        _item_rows(item_statistics(keyed_items, low, high), score.id, labels or {}, reverse),
    )


def _coefficients(
    items: pd.DataFrame, ordered: bool, ci_level: float, rng: np.random.Generator | None
) -> list[Reliability]:
    if items.shape[1] == 2:
        return [spearman_brown(items, ci_level)]
    modelled = one_factor_coefficients(items, ci_level)
    found = [alpha(items, ci_level), modelled.pop("omega_u")]
    found += [coefficient(items, ci_level) for coefficient in (categorical_omega, ordinal_alpha) if ordered]
    found += modelled.values()
    if items.shape[1] % 2:  # halves of unequal length are not what the coefficient is about
        return found
    halves = split_half(items, ci_level, rng=rng)
    return [*found, halves.lowest, halves.mean, halves.highest]


def _none(items: pd.DataFrame, reason: str) -> Reliability:
    complete, n_lost = complete_cases(items)
    nan = float("nan")
    return Reliability("none", nan, nan, nan, len(complete), n_lost, items.shape[1], "none", reason)


def _reliability_rows(results: list[Reliability], score: str) -> pd.DataFrame:
    rows = [
        {column: score if column == "score" else getattr(result, column) for column in RELIABILITY_COLUMNS}
        for result in results
    ]
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS))


def _item_rows(
    statistics: pd.DataFrame | None, score: str, labels: Mapping[str, str], reverse: Collection[str]
) -> pd.DataFrame:
    if statistics is None:
        # An empty table of the right types, so that putting tables together keeps them.
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in ITEM_ROW_TYPES.items()})
    table = statistics.assign(
        score=score,
        label=[str(labels.get(item, item)) for item in statistics["item"]],
        reverse=[item in reverse for item in statistics["item"]],
    )
    return table[list(ITEM_ROW_TYPES)].astype(ITEM_ROW_TYPES)
