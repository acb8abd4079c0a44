"""Whether the scales behind a result measure the same in every wave, in the words that stand beside the result."""

from __future__ import annotations

import pandas as pd

NOT_ASSESSED = "not assessed"
INDEX = {"formative": "an index of what happened, to which invariance does not apply", "single_item": "a single item"}


def with_invariance(
    estimates: pd.DataFrame, hypotheses: pd.DataFrame, invariance: pd.DataFrame, dictionary: pd.DataFrame
) -> pd.DataFrame:
    """The estimates, each row that compares waves with the status of its scales in place of "not assessed".

    estimates, hypotheses, invariance, dictionary   the tables of these names
    returns    `estimates` with `invariance` such as "rses_sum: metric, scalar rejected; mreii_e_freq: an index …"
    """
    predictors = dict(zip(hypotheses["hypothesis"], hypotheses["predictor"], strict=True))
    models = dict(zip(dictionary["score"], dictionary["model"], strict=True))
    words = {score: INDEX.get(model) or reached(invariance, score, "waves") for score, model in models.items()}
    compared = estimates["invariance"] == NOT_ASSESSED
    named = [
        "; ".join(f"{score}: {words.get(score, NOT_ASSESSED)}" for score in dict.fromkeys((outcome, predictors.get(hypothesis, ""))) if score)
        for outcome, hypothesis in zip(estimates["outcome"], estimates["hypothesis"], strict=True)
    ]  # fmt: skip
    return estimates.assign(
        invariance=estimates["invariance"].where(~compared, pd.Series(named, index=estimates.index))
    )


def reached(invariance: pd.DataFrame, model: str, between: str) -> str:
    """How far up the ladder a scale is the same, and what stopped it.

    >>> rungs = pd.DataFrame({"model": "a", "between": "waves", "rung": ["configural", "metric", "scalar"],
    ...                       "status": "admissible", "holds": ["", "not rejected", "rejected"]})
    >>> reached(rungs, "a", "waves"), reached(rungs.iloc[:2], "a", "waves"), reached(rungs, "b", "waves")
    ('metric; scalar rejected', 'metric', 'not assessed')
    """
    rows = invariance[(invariance["model"] == model) & (invariance["between"] == between)]
    last = ""
    for row in rows.to_dict("records"):
        if row["status"].startswith("not testable"):
            continue
        if row["status"] != "admissible":
            return f"{last}; {row['rung']} not assessable" if last else NOT_ASSESSED
        if row["holds"] == "rejected":
            return f"{last}; {row['rung']} rejected"
        last = row["rung"]
    return last or NOT_ASSESSED
