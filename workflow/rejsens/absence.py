"""Who of the first wave is absent later: one logistic model of the background, and one more for each score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from rejsens.definitions import Item
from rejsens.hypotheses import variables
from rejsens.inference.attrition import FEWEST, logistic
from rejsens.inference.covariates import Covariate, covariate_columns, independent_columns, person_waves, z_scores
from rejsens.inference.estimates import NotTestable

BACKGROUND = "background"
UNASKED = "it was not asked in the first wave, or nobody answered it then"
ALIKE = "the people with complete answers all have the same value"
COLUMNS = (
    "wave", "model", "term", "against", "label", "odds_ratio", "ci_level", "ci_low", "ci_high", "p", "n", "n_absent",
    "n_lost", "status",
)  # fmt: skip


def absence(
    scores: pd.DataFrame,
    names: Sequence[str],
    background: Sequence[Covariate],
    labels: Mapping[str, str],
    *,
    ci_level: float = 0.95,
    min_cell: int = 1,
) -> pd.DataFrame:
    """Who of the first wave has no row in each later wave.

        logit P(absent_i at t) = b0 + background of the first wave [+ z(score) of the first wave]

    scores      one row per participant and wave: participant, wave, wave_number, role, and the columns named
    names       scores, each in a model of its own beside the background
    background  covariates with `name` and `type` (number, category), together in one model
    labels      term -> what is printed; a term without one bears its name
    min_cell    fewest people behind a level or a count; never fewer than ten
    returns     columns `COLUMNS`: odds ratios with Wald intervals and z tests, per SD of the first wave (numbers) or
                against the most frequent level (categories). One row of status "not testable: ..." where too few people
                are absent or present, where the first wave has no value of a score or one only, or where it tells completely who is
    missing     complete cases of the first wave; n_lost counts its other people, also those of a level that fewer than
                `min_cell` share or that is all absent or all present
    checked     against the odds ratio of a two-by-two table; the fit against R's glm (attrition_model)

    >>> rng = np.random.default_rng(1)
    >>> first = pd.DataFrame({"participant": range(200), "wave": "w1", "wave_number": 1, "role": "wave",
    ...                       "x": rng.normal(size=200)})
    >>> later = first[rng.random(200) < 1 / (1 + np.exp(first["x"]))].assign(wave="w2", wave_number=2)
    >>> table = absence(pd.concat([first, later]), ["x"], [], {"x": "Reported x"})
    >>> table[["wave", "label", "n", "n_absent", "status"]].to_dict("records")
    [{'wave': 'w2', 'label': 'Reported x', 'n': 200, 'n_absent': 93, 'status': 'ok'}]
    >>> bool(table.at[0, "ci_low"] > 1)
    True
    """
    panel = person_waves(scores)
    waves = panel.drop_duplicates("wave").sort_values("wave_number")["wave"].tolist()
    first = panel[panel["wave"] == waves[0]]
    few, rows = max(min_cell, FEWEST), []
    for wave in waves[1:]:
        gone = ~first["participant"].isin(panel.loc[panel["wave"] == wave, "participant"])
        people = first.assign(_absent=gone.to_numpy(float))
        for score in (*([""] if background else []), *names):
            rows += [{"wave": wave} | row for row in _model(people, score, background, ci_level, few)]
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "label"])
    frame["label"] = [
        _labelled(term, against, labels) for term, against in zip(frame["term"], frame["against"], strict=True)
    ]
    return frame[list(COLUMNS)]


def declared(
    families: Iterable[Mapping[str, Any]], scores: Sequence[str], background: Mapping[str, Item], table: Sequence[str]
) -> tuple[list[str], list[Covariate]]:
    """What to look at: scores and background that the hypotheses name; without any, every score and the sample table."""
    named = [v for family in families for h in family["hypotheses"] for names in variables(h).values() for v in names]
    wanted = [name for name in dict.fromkeys(named or [*scores, *table])]
    given: list[Covariate] = [{"name": name, "type": _type(background[name])} for name in wanted if name in background]
    return [name for name in wanted if name in scores], given


def labels_of(scores: Mapping[str, Any], background: Mapping[str, Item]) -> dict[str, str]:
    """Term -> label: of scores as printed, of a background question its name, of its answers the answer behind it."""
    found = {name: score.label for name, score in scores.items()}
    for name, item in background.items():
        found[name] = item.label.replace("_", " ").capitalize()
        found |= {f"{name}={code:g}": text for code, text in item.labels.items()}
    return found


def _type(item: Item) -> str:
    return "category" if item.type == "category" else "number"


def _model(
    people: pd.DataFrame, score: str, background: Sequence[Covariate], ci_level: float, few: int
) -> list[dict[str, Any]]:
    """The rows of one model: of the background, or of the score beside it."""
    names = [covariate["name"] for covariate in background]
    blank = {
        "model": score or BACKGROUND,
        "term": score or BACKGROUND,
        "against": "",
        "ci_level": ci_level,
        "n_absent": np.nan,
    }
    blank |= dict.fromkeys(("odds_ratio", "ci_low", "ci_high", "p"), math.nan)
    absent = [name for name in (*names, *filter(None, [score])) if name not in people]
    if absent:
        return [
            blank | {"n": 0, "n_lost": len(people), "status": f"not testable: the first wave does not hold {absent[0]}"}
        ]
    if score and people[score].isna().all():
        return [blank | {"n": 0, "n_lost": len(people), "status": f"not testable: {UNASKED}"}]
    rows = _without_rare_levels(people.dropna(subset=[*names, *filter(None, [score])]), background, few)
    blank |= {"n": len(rows) if len(rows) >= few else 0, "n_lost": len(people) - len(rows)}
    gone = rows["_absent"].to_numpy(bool)
    if min(gone.sum(), (~gone).sum()) < few:
        why = f"fewer than {few} people with complete answers are absent, or present"
        return [blank | {"status": f"not testable: {why}"}]
    columns = covariate_columns(rows, background)
    if score:
        columns.insert(0, score, z_scores(rows[score].to_numpy(float)))
    columns = columns[independent_columns(columns)]
    shown = [score] if score else list(columns)
    if not columns.columns.isin(shown).any():
        return [blank | {"status": f"not testable: {ALIKE}"}]
    try:
        estimate, covariance, _ = logistic(gone, columns)
    except NotTestable as refusal:
        return [blank | {"status": f"not testable: {refusal}"}]
    common = {name: _most_frequent(rows, name) for name in names}
    return [
        blank
        | {"term": term, "against": common.get(term.partition("=")[0], "") if "=" in term else "", "n_absent": int(gone.sum())}
        | _odds(float(estimate[k]), math.sqrt(covariance[k, k]), ci_level)
        for k, term in enumerate(columns.columns, start=1) if term in shown
    ]  # fmt: skip


def _odds(b: float, se: float, ci_level: float) -> dict[str, Any]:
    z = float(ndtri(0.5 + ci_level / 2))
    low, high = math.exp(b - z * se), math.exp(b + z * se)
    return {
        "odds_ratio": math.exp(b),
        "ci_low": low,
        "ci_high": high,
        "p": 2 * float(ndtr(-abs(b / se))),
        "status": "ok",
    }


def _without_rare_levels(rows: pd.DataFrame, background: Sequence[Covariate], few: int) -> pd.DataFrame:
    """Without people of a level that too few share, or whose people are all absent or all present: it has no odds ratio."""
    for covariate in background:
        if covariate["type"] == "category":
            level = rows[covariate["name"]]
            absent = rows.groupby(level)["_absent"].mean()
            rows = rows[(level.map(level.value_counts()) >= few) & level.map(absent).between(0, 1, inclusive="neither")]
    return rows.reset_index(drop=True)


def _most_frequent(rows: pd.DataFrame, name: str) -> str:
    """The level that a category is held against, as `covariate_columns` takes it."""
    counts = rows[name].value_counts().sort_index()
    level = counts.idxmax()
    return f"{name}={level:g}" if isinstance(level, (int, float)) else f"{name}={level}"


def _labelled(term: str, against: str, labels: Mapping[str, str]) -> str:
    name, equals, _ = term.partition("=")
    if not equals:
        return labels.get(term, term.replace("_", " ").capitalize())
    said = [labels.get(text, text.partition("=")[2]) for text in (term, against)]
    return f"{labels.get(name, name)}: {said[0]}, against {said[1]}"
