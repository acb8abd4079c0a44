"""Labels, reasons and numbers beside their limits, as the words on tables write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.definitions import load_instruments
from rejsens.problems import listed


def spoken(label: Any) -> str:
    """A short label as it is read: underscores are blanks."""
    return str(label).replace("_", " ")


def quoted(label: Any) -> str:
    """An item's short label, which speaks with the item's own words.

    >>> quoted("worth_feels_low")
    '“worth feels low”'
    """
    return f"“{spoken(label)}”"


ABOVE_REJECTED = "above a rung that was itself rejected"


def above_rejected(rungs: pd.DataFrame) -> list[bool]:
    """Of one ladder's rungs, whether a lower one was rejected: the test of such a rung starts from a model that fits worse.

    >>> above_rejected(pd.DataFrame({"holds": ["", "rejected", "not rejected", "not rejected"]}))
    [False, False, True, True]
    """
    rejected = (rungs["holds"] == "rejected").to_numpy()
    return [bool(rejected[:k].any()) for k in range(len(rejected))]


def labelled(text: Any, labels: Mapping[str, str]) -> str:
    """A text that names items by their ids, with their short labels in place of these.

    >>> labelled("loadings of b1, loadings of b2", {"b1": "worth_feels_low"})
    'loadings of “worth feels low”, loadings of b2'
    >>> labelled("told apart: method=~b1_r, b1~~b2", {"b1": "worth_feels_low"})  # _r: turned before the model
    'told apart: loading of “worth feels low” on method, covariance of “worth feels low” and b2'
    """

    def named(word: str) -> str:
        known = next((name for name in (word, word.removesuffix("_r")) if name in labels), None)
        return quoted(labels[known]) if known else word

    said = re.sub(
        r"(\w+)=~(\w+)", r"loading of \2 on \1", re.sub(r"(\w+)~~(\w+)", r"covariance of \1 and \2", str(text))
    )
    return re.sub(r"\w+", lambda word: named(word[0]), said)


def not_run(*statuses: Any) -> str:
    """Why there is no number, each reason once and without saying twice that there is none.

    >>> not_run("not estimated: two items"), not_run("not reported: two items", "not run: two items", "too few people")
    ('could not run: two items', 'could not run: two items and too few people')
    """
    reasons = dict.fromkeys(re.sub(r"^not [a-z]+: ", "", str(status)) for status in statuses)
    return f"could not run: {listed(list(reasons), 3)}"


def sided(value: float, low: float = -math.inf, high: float = math.inf, decimals: int = 2) -> str:
    """A bounded number with as many decimals as show on which side of its limits (both included) it lies.

    >>> sided(0.29967, 0.30, 0.55), sided(0.456, 0.30, 0.55), sided(0.0152, high=0.015, decimals=3)
    ('.2997', '.46', '.0152')
    """
    inside = low <= value <= high
    enough = (d for d in range(decimals, 7) if (low <= float(apa.rounded(value, d)) <= high) == inside)
    return apa.r(value, next(enough, 7))


def relabelled(reason: Any, names: Mapping[str, str]) -> str:
    """A reason that names scores by their ids, with their labels in place of these.

    >>> relabelled("bfne and x1 were not asked", {"bfne": "Fear of evaluation"})
    'Fear of evaluation and x1 were not asked'
    """
    return "" if apa.is_missing(reason) else " ".join(names.get(word, word) for word in str(reason).split(" "))


@cache
def shipped_labels() -> dict[str, str]:
    """Labels of all scores and factor models that the shipped instruments declare, for those that a study never asked.

    >>> shipped_labels()["bfne"]
    'Fear of negative evaluation (BFNE)'
    """
    instruments = load_instruments().values()
    models = {model.id: model.label for instrument in instruments for model in instrument.models}
    return models | {score.id: score.label for instrument in instruments for score in instrument.scores}
