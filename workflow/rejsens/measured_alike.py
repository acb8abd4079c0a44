"""Whether the scales behind a result measure the same in every wave, in the words that stand beside the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.problems import listed

NOT_ASSESSED = "not assessed"
OF_EVENTS = f"{NOT_ASSESSED}, over single events: "  # leads the ratings and covariates of a row over events
NOT_TESTED = "not tested"  # the difference of two rungs could not be tested
CONTINUOUS = (
    "configural",
    "metric",
    "scalar",
    "strict",
)  # rungs with names of their own; others are called by what is equal
INDEX = {
    "formative": "an index of items that need not go together, to which invariance does not apply",
    "single_item": "a single item",
}


def with_invariance(
    estimates: pd.DataFrame,
    hypotheses: pd.DataFrame,
    invariance: pd.DataFrame,
    dictionary: pd.DataFrame,
    descriptives: pd.DataFrame,
) -> pd.DataFrame:
    """The estimates, each row that compares waves or groups with the status of its scales in place of "not assessed".

    estimates, hypotheses, invariance, dictionary   the tables of these names
    descriptives   the table of this name, of the panel's waves: which asked each score. A ladder with too many items
                   leaves waves out (`invariance: max_columns`), and the words say so
    returns    `estimates` with `invariance` such as "rses_sum: metric invariance between w1 and w3 (2 of 3 waves);
               scalar rejected". A row over waves speaks of outcomes, predictors and a mediator between waves, a row of
               groups of its outcome between them, a row over events of its ratings and of the scales among its covariates:
               single ratings have nothing to assess, a rating of several items has the status of each kind of event
    """
    asked = descriptives.groupby("score")["wave"].agg(lambda waves: tuple(dict.fromkeys(waves))).to_dict()
    planned = hypotheses.set_index(["family", "hypothesis"])[["outcome", "predictor"]]
    scales = {row["score"]: row for row in dictionary.to_dict("records")}

    kinds = _kinds_of_ratings(scales)

    def told(row: pd.Series) -> str:
        outcomes, predictors = planned.loc[(row["family"], row["hypothesis"])]
        if row["invariance"].startswith(OF_EVENTS):
            named = row["invariance"].removeprefix(OF_EVENTS).split("; ")
            contrast = [kind for kind in predictors.split("; ") if kind in {k for own in kinds.values() for k in own}]
            return _of_events(named, contrast, kinds, scales, invariance, asked)
        between, named = predictors, outcomes
        if row["wave"] == "all":
            path = str(row.get("term")).split(" > ")  # predictor > mediator > outcome
            between, named = "waves", "; ".join([outcomes, predictors, *path[1:-1]])
        words = {
            n: _of_score(scales[n], invariance, between, asked.get(n, ())) for n in named.split("; ") if n in scales
        }
        return "; ".join(f"{name}: {status}" for name, status in words.items()) or NOT_ASSESSED

    given = estimates["invariance"].fillna("").astype(str)
    compared = (given == NOT_ASSESSED) | given.str.startswith(OF_EVENTS)
    return estimates.assign(
        invariance=[
            told(row) if compares else row["invariance"]
            for (_, row), compares in zip(estimates.iterrows(), compared, strict=True)
        ]
    )


def _kinds_of_ratings(scales: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Rating of events -> the kinds of event that it was asked of, as `dictionary` has them."""
    found: dict[str, list[str]] = {}
    for score, row in scales.items():
        kind = row.get("event")
        if isinstance(kind, str) and kind:
            found.setdefault(score.removeprefix(f"{kind}_"), []).append(kind)
    return found


def _of_events(
    named: Sequence[str],
    contrast: Sequence[str],
    kinds: Mapping[str, Sequence[str]],
    scales: Mapping[str, Mapping[str, Any]],
    invariance: pd.DataFrame,
    asked: Mapping[str, Sequence[str]],
) -> str:
    """In words, of ratings and covariates over events; `contrast`: the two kinds that a row compares, if any."""
    single, words = [], []
    for name in named:
        own = {kind: scales[f"{kind}_{name}"] for kind in kinds.get(name, ()) if not contrast or kind in contrast}
        status = {
            kind: _of_score(row, invariance, "waves", asked.get(f"{kind}_{name}", ())) for kind, row in own.items()
        }
        if own and all(row["model"] == "single_item" for row in own.values()):
            single.append(name)
        elif own:
            each = "; ".join(f"{kind} {text}" for kind, text in status.items())
            told = set(status.values())
            words.append(f"{name}: {told.pop() if len(told) == 1 else each}")
            words += [f"between the kinds of event {NOT_ASSESSED}"] if contrast else []
        elif name in scales:
            words.append(f"{name}: {_of_score(scales[name], invariance, 'waves', asked.get(name, ()))}")
    if single:
        what = "a single rating" if len(single) == 1 else "single ratings"
        words.insert(0, f"{listed(single, 50)}: {what}, with nothing to assess")
    return "; ".join(words) or NOT_ASSESSED


def _of_score(row: Mapping[str, Any], invariance: pd.DataFrame, between: str, asked: Sequence[str]) -> str:
    """In words, of the scale itself, of another score of the same items, or of each scale that a score is made of."""
    if row["model"] in INDEX:
        return INDEX[row["model"]]
    models = row["modelled_by"].split()
    if len(models) == 1:
        return reached(invariance, models[0], between, asked)
    return "; ".join(f"{model} {reached(invariance, model, between, asked)}" for model in models) or NOT_ASSESSED


def reached(invariance: pd.DataFrame, model: str, between: str, asked: Sequence[str] = ()) -> str:
    """How far up the ladder a scale is the same, between what, and what stopped it; `asked`: the waves that asked it.

    >>> rungs = pd.DataFrame({"model": "a", "between": "waves", "rung": ["configural", "metric", "scalar"],
    ...                       "compared": "w1; w2", "status": "admissible", "holds": ["", "not rejected", "rejected"]})
    >>> reached(rungs, "a", "waves"), reached(rungs.iloc[:2], "a", "waves"), reached(rungs, "b", "waves")
    ('metric invariance between w1 and w2; scalar rejected', 'metric invariance between w1 and w2', 'not assessed')
    >>> reached(rungs, "a", "waves", ["w1", "w2", "w3"])
    'metric invariance between w1 and w2 (2 of 3 waves); scalar rejected'
    """
    rows = invariance[(invariance["model"] == model) & (invariance["between"] == between)]
    last, stopped = "", ""
    for row in rows.to_dict("records"):
        if row["status"].startswith("not testable"):
            continue
        if row["status"] != "admissible":
            stopped = f"; {row['rung']} not assessable"
        elif row["holds"] in ("rejected", NOT_TESTED):
            stopped = f"; {row['rung']} {row['holds']}"
        if stopped:
            break
        last = row["rung"]
    words = f"{last} invariance" if last in CONTINUOUS else f"equal {last}"
    if not last:
        return NOT_ASSESSED
    compared = row["compared"].split("; ")
    some = between == "waves" and len(compared) < len(asked)
    part = f" ({len(compared)} of {len(asked)} waves)" if some else ""
    return f"{words} between {listed(compared, 50)}{part}{stopped}"
