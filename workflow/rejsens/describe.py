"""Descriptive tables: Table 1, scores per wave, correlations, answers per item, missing answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from rejsens.definitions import Instrument, Item, Score
from rejsens.disclosure import end_shares
from rejsens.scoring import PRORATED
from rejsens.tabular import by_wave, rows_of_waves
from rejsens.variables import NOT_APPLICABLE

ANSWERS = 11  # a score of so many values at most is held to what holds for an item


def sample_table(
    scores: pd.DataFrame, background: Mapping[str, Item], variables: Sequence[str], min_cell: int
) -> pd.DataFrame:
    """Table 1: numbers as mean, SD and range, categories as counts; an extreme of fewer than `min_cell` people is blank.

    Counts are as they are: the disclosure guard looks at them when the table is written.
    """
    rows = []
    for wave, people in by_wave(scores):
        for name in (v for v in variables if v in background and v in people):
            item, values = background[name], people[name].dropna()
            label, n, lost = item.label.replace("_", " ").capitalize(), len(values), int(people[name].isna().sum())
            if n == 0:
                continue
            if item.type == "category":
                counts = {text: int((values == code).sum()) for code, text in item.labels.items()}
                rows += [
                    (wave, name, label, text, count, lost, 100 * count / n, *[np.nan] * 4)
                    for text, count in counts.items()
                ]
            else:
                moments = (values.mean(), values.std(ddof=1), *extremes(values, min_cell))
                rows.append((wave, name, label, "", n, lost, np.nan, *moments))
    columns = ["wave", "variable", "label", "level", "n", "n_missing", "percent", "mean", "sd", "min", "max"]
    return pd.DataFrame(rows, columns=columns)


def extremes(values: pd.Series | np.ndarray, min_cell: int) -> tuple[float, float]:
    """Lowest and highest value, each blank when fewer than `min_cell` people hold it: an extreme can be one person."""
    x = np.asarray(values)
    ends = (x.min(), x.max()) if len(x) else (np.nan, np.nan)
    low, high = (float(end) if np.count_nonzero(x == end) >= min_cell else np.nan for end in ends)
    return low, high


def describe_score(values: pd.Series, declared: Score, ci_level: float, min_cell: int) -> dict[str, float]:
    """Moments and quantiles of one score in one wave; the mean's interval is Student's t.

    skew, kurtosis   bias-corrected sample skewness and excess kurtosis (as SPSS and pandas)
    floor_percent    share of people at the lowest score that the scale allows, in per cent; ceiling likewise
    min_cell         an end of the scale where 1 to min_cell − 1 people stand has no share, and an extreme of so few none: the
                     disclosure guard, to which all else is left, does not see who stands there
    """
    x = values.dropna().to_numpy()
    counts = {"n": len(x), "n_missing": int(values.isna().sum())}
    n = len(x)
    spread = n > 1
    mean, sd = (x.mean(), x.std(ddof=1)) if spread else (x.mean() if n else np.nan, np.nan)
    se = sd / np.sqrt(n) if spread else np.nan
    half = stdtrit(n - 1, (1 + ci_level) / 2) * se if spread else np.nan
    low, high = extremes(x, min_cell)
    q25, median, q75 = np.quantile(x, [0.25, 0.5, 0.75]) if n else [np.nan] * 3
    series = pd.Series(x)
    return {
        **counts,
        "mean": mean,
        "sd": sd,
        "se": se,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "min": low,
        "q25": q25,
        "median": median,
        "q75": q75,
        "max": high,
        "skew": series.skew(),
        "kurtosis": series.kurt(),
        "range_low": declared.low,
        "range_high": declared.high,
        **_at_the_ends(x, declared, min_cell),
    }


def _at_the_ends(x: np.ndarray, declared: Score, min_cell: int) -> dict[str, float]:
    """Shares at either end of the range; of a score with the values of an item as strict as for an item."""
    low, high = (int(np.count_nonzero(x == end)) for end in (declared.low, declared.high))
    counts = np.unique(x, return_counts=True)[1].tolist()
    told = end_shares(counts if len(counts) <= ANSWERS else [low, high, len(x) - low - high], low, high, min_cell)
    return dict(zip(("floor_percent", "ceiling_percent"), told, strict=True))


def missing_rule(declared: Score) -> str:
    """The missing-data rule of one score in words."""
    unit = "pairs" if declared.pairs else "items"
    total = len(declared.pairs or declared.items or declared.of)
    if declared.method == "max_share":
        return f"all {len(declared.items or declared.of)} amounts that apply needed; missing where they add up to 0"
    if declared.of:
        return "every subscale needed"
    if total == 1:
        return "the answer is needed"
    if declared.model == "formative":
        return f"all {total} {unit} that apply needed, never prorated"
    if declared.min_answered == total:
        return f"all {total} {unit} needed"
    if declared.method == "count":
        return f"at least {declared.min_answered} of {total} {unit}, a missing one counts as no"
    return f"at least {declared.min_answered} of {total} {unit}, prorated"


def descriptives(
    scores: pd.DataFrame, instruments: Sequence[Instrument], ci_level: float, min_cell: int
) -> pd.DataFrame:
    """One row per score and wave in which it was asked."""
    rows, waves = [], list(by_wave(scores))  # told apart once, not once for each score
    for instrument in instruments:
        for declared in instrument.scores:
            for wave, people in waves:
                if declared.id not in people or people[declared.id].isna().all():
                    continue
                rows.append(
                    {
                        "score": declared.id,
                        "label": declared.label,
                        "instrument": instrument.name,
                        "wave": wave,
                        **describe_score(people[declared.id], declared, ci_level, min_cell),
                        "n_prorated": int(people[declared.id + PRORATED].sum()),
                        "missing_rule": missing_rule(declared),
                    }
                )
    return pd.DataFrame(rows)


def responses(answers: pd.DataFrame, asked: Mapping[str, Sequence[Instrument]]) -> pd.DataFrame:
    """How often each answer was given, per item and wave, before the disclosure guard."""
    rows = []
    for wave, people in by_wave(answers):
        for instrument in (i for i in asked[wave] if i.scores):
            for item in (i for i in instrument.items if i.type == "scale" and i.high - i.low <= 10):
                values = people[item.id].dropna()
                counts = {f"{code:g}": int((values == code).sum()) for code in np.arange(item.low, item.high + 1)}
                rows += [
                    (
                        instrument.name,
                        item.id,
                        item.label,
                        wave,
                        float(code),
                        count,
                        100 * count / len(values) if len(values) else np.nan,
                        item.must_be_reversed,
                    )
                    for code, count in counts.items()
                ]
    return pd.DataFrame(rows, columns=["instrument", "item", "label", "wave", "value", "n", "percent", "reverse"])


def missing_answers(
    answers: pd.DataFrame, scores: pd.DataFrame, asked: Mapping[str, Sequence[Instrument]]
) -> pd.DataFrame:
    """Missing answers per item and missing scores, per wave in which they were asked.

    n   people to whom the item, or any item of the score, applies: "no such person" is an answer, not a missing one
    """
    rows, scores_of = [], dict(rows_of_waves(scores))
    for wave, people in by_wave(answers):
        scored = scores_of.get(wave, scores.iloc[:0])
        for instrument in asked[wave]:
            sources = [
                ("item", item.id, item.label, people, nothing_applies(people, [item])) for item in instrument.items
            ]
            for score in instrument.scores:
                outside = people.loc[nothing_applies(people, instrument.items_of(score)), "participant"]
                sources.append(("score", score.id, score.label, scored, scored["participant"].isin(outside)))
            for kind, name, label, frame, outside in sources:
                values = frame.loc[~outside, name]
                n, lost = len(values), int(values.isna().sum())
                rows.append((wave, kind, name, label, n, lost, 100 * lost / n if n else np.nan))
    return pd.DataFrame(rows, columns=["wave", "kind", "variable", "label", "n", "n_missing", "percent_missing"])


def nothing_applies(people: pd.DataFrame, items: Sequence[Item]) -> pd.Series:
    """People to whom none of the items applies."""
    flags = [f"{item.id}{NOT_APPLICABLE}" for item in items]
    if any(flag not in people for flag in flags):
        return pd.Series(False, index=people.index)
    return people[flags].all(axis=1)
