"""Construct validity by predictions that were fixed before the data: which of them hold, and COSMIN's rule over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.psychometrics.cases import answers
from rejsens.psychometrics.intervals import check_level, correlation_interval

MOST_FAILED = 0.25  # construct validity fails when more than this share of the testable predictions fail
LEAST_PEOPLE = 4
MET, FAILED, NOT_TESTABLE = "met", "failed", "not testable"


@dataclass(frozen=True)
class Prediction:
    """One correlation that theory expects: that of score `x` with score `y`, between `low` and `high`, ends included."""

    id: str
    x: str
    y: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not -1 <= self.low < self.high <= 1:
            raise ValueError(f"the prediction {self.id} needs a range within ±1, from low to high")


@dataclass(frozen=True, eq=False)
class ConstructValidity:
    """What became of a set of predictions.

    table                      a row per prediction: ``id``, ``x``, ``y``, ``low``, ``high``, ``n``, ``n_lost``,
                               ``estimate``, ``ci_low``, ``ci_high``, ``ci_level``, ``outcome`` (met, failed, not
                               testable), ``reason``
    met, failed, not_testable  counts
    verdict                    supported | failed | not testable
    sentence                   the verdict with its counts
    """

    table: pd.DataFrame
    met: int
    failed: int
    not_testable: int
    verdict: str
    sentence: str


def check_predictions(
    scores: pd.DataFrame, predictions: Sequence[Prediction], ci_level: float = 0.95
) -> ConstructValidity:
    """Correlations against ranges that were fixed before the data.

    Parameters
    ----------
    scores : :py:class:`pandas.DataFrame`
        People x scores, numeric; scores that no prediction names are ignored.
    predictions : list of :py:class:`Prediction`
        The whole set, all of it written down before the data: the rule counts over it.
    ci_level : float
        Level of the intervals.

    Returns
    -------
    validity : :py:class:`ConstructValidity`
        A prediction is met when the correlation lies in its range; the interval says how sure that is, and decides
        nothing. One whose scores were not asked, do not vary, or are shared by fewer than four people is not testable
        and counts neither way.

    Raises
    ------
    ValueError
        If two predictions have one id, scores are not numeric, or ``ci_level`` is not inside 0 to 1.

    Notes
    -----
    Missing data: people with both scores, prediction by prediction; ``n_lost`` counts the others.

    Construct validity fails when more than 25 % of the testable predictions fail [1]_. Correlations are Pearson's, not
    corrected for attenuation, with Fisher z intervals.

    References
    ----------
    .. [1] Prinsen, C. A. C., Mokkink, L. B., Bouter, L. M., Alonso, J., Patrick, D. L., de Vet, H. C. W., & Terwee, C. B.
           (2018). COSMIN guideline for systematic reviews of patient-reported outcome measures. Quality of Life Research,
           27(5), 1147–1157. https://doi.org/10.1007/s11136-018-1798-3

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from rejsens.psychometrics import Prediction, check_predictions
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=300).T
    >>> plan = [Prediction("close", "x", "y", 0.40, 0.70), Prediction("absent", "x", "z", 0.10, 0.30)]
    >>> found = check_predictions(pd.DataFrame({"x": x, "y": y}), plan)
    >>> found.table[["id", "estimate", "outcome"]].round(2)
           id  estimate       outcome
    0   close       0.5           met
    1  absent       NaN  not testable
    >>> found.table.loc[1, "reason"]
    'z was not asked'
    >>> found.sentence
    '0 of 1 testable prediction failed (0 %), 1 of 2 not testable: construct validity is supported'
    """
    check_level(ci_level)
    names = [one.id for one in predictions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"predictions stand twice: {', '.join(twice)}")
    table = pd.DataFrame([_held(scores, one, ci_level) for one in predictions], columns=list(_held_columns()))
    counts = {outcome: int((table["outcome"] == outcome).sum()) for outcome in (MET, FAILED, NOT_TESTABLE)}
    verdict, sentence = _verdict(counts)
    return ConstructValidity(table, counts[MET], counts[FAILED], counts[NOT_TESTABLE], verdict, sentence)


def _held_columns() -> tuple[str, ...]:
    return (
        "id",
        "x",
        "y",
        "low",
        "high",
        "n",
        "n_lost",
        "estimate",
        "ci_low",
        "ci_high",
        "ci_level",
        "outcome",
        "reason",
    )


def _held(scores: pd.DataFrame, one: Prediction, ci_level: float) -> dict[str, Any]:
    row = {"id": one.id, "x": one.x, "y": one.y, "low": one.low, "high": one.high, "n": 0, "n_lost": len(scores),
           "estimate": np.nan, "ci_low": np.nan, "ci_high": np.nan, "ci_level": ci_level}  # fmt: skip
    if absent := [name for name in (one.x, one.y) if name not in scores.columns]:
        were = "was" if len(absent) == 1 else "were"
        return row | {"outcome": NOT_TESTABLE, "reason": f"{' and '.join(absent)} {were} not asked"}
    values = answers(scores[[one.x, one.y]])
    values = values[~np.isnan(values).any(axis=1)]
    row |= {"n": len(values), "n_lost": len(scores) - len(values)}
    if len(values) < LEAST_PEOPLE:
        return row | {"outcome": NOT_TESTABLE, "reason": f"{len(values)} people have both scores"}
    if flat := [name for name, spread in zip((one.x, one.y), np.ptp(values, axis=0), strict=True) if spread == 0]:
        return row | {"outcome": NOT_TESTABLE, "reason": f"{' and '.join(flat)} did not vary"}
    r = float(np.corrcoef(values, rowvar=False)[0, 1])
    low, high = correlation_interval(r, len(values), ci_level)
    met = one.low <= r <= one.high
    side = "" if met else f"the correlation lies {'below' if r < one.low else 'above'} the range"
    return row | {"estimate": r, "ci_low": low, "ci_high": high, "outcome": MET if met else FAILED, "reason": side}


def _verdict(counts: dict[str, int]) -> tuple[str, str]:
    testable = counts[MET] + counts[FAILED]
    if not testable:
        return (
            NOT_TESTABLE,
            f"none of {counts[NOT_TESTABLE]} predictions is testable: construct validity is not testable",
        )
    share = counts[FAILED] / testable
    verdict = "failed" if share > MOST_FAILED else "supported"
    word = "prediction" if testable == 1 else "predictions"
    missing = f", {counts[NOT_TESTABLE]} of {sum(counts.values())} not testable" if counts[NOT_TESTABLE] else ""
    end = "construct validity has failed (more than 25 %)" if verdict == "failed" else "construct validity is supported"
    failed = f"{counts[FAILED]} of {testable} testable {word} failed ({100 * share:.0f} %){missing}"
    return verdict, f"{failed}: {end}"
