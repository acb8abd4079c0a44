"""One instrument in every wave that asked it: reliability of its scores and statistics of their items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from rejsens.definitions import Instrument, Score
from rejsens.psychometrics import assess
from rejsens.scoring import keyed_name, units
from rejsens.tabular import by_wave


def assess_instrument(
    answers: pd.DataFrame, asked: Mapping[str, Instrument], ci_level: float, min_cell: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reliability rows and item rows (tables `reliability` and `items`).

    answers   pooled answers, raw
    asked     wave -> the instrument as that wave administered it
    min_cell  a share at an end of an item's range that fewer people than this make up is blank
    """
    pairs = [
        _assess_score(people, instrument, score, wave, ci_level, min_cell)
        for wave, people in by_wave(answers[answers["wave"].isin(list(asked))])
        for instrument in [asked[wave]]
        for score in instrument.scores
    ]
    reliability, items = zip(*pairs, strict=True)
    return pd.concat(reliability, ignore_index=True), pd.concat(items, ignore_index=True)


def _assess_score(
    people: pd.DataFrame, instrument: Instrument, score: Score, wave: str, ci_level: float, min_cell: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = units(people, instrument, score)
    low, high, labels, reverse = _facts(instrument, score, list(parts.columns))
    reliability, items = assess(parts, score, low=low, high=high, labels=labels, reverse=reverse, ci_level=ci_level)
    for share in ("floor_percent", "ceiling_percent"):
        people_there = (items[share] * items["n"] / 100).round()
        items[share] = items[share].where((people_there == 0) | (people_there >= min_cell))
    return tuple(table.assign(instrument=instrument.name, wave=wave) for table in (reliability, items))


def _facts(instrument: Instrument, score: Score, columns: Sequence[str]) -> tuple[dict, dict, dict, list[str]]:
    """Theoretical range, label and keying of each unit of a score."""
    if score.pairs:
        pairs = [(instrument.item(a), instrument.item(b)) for a, b in score.pairs]
        labels = [f"{a.label.removesuffix('_concern')}_product" for a, _ in pairs]
        low, high = [a.low * b.low for a, b in pairs], [a.high * b.high for a, b in pairs]
        reverse = []
    else:
        items = instrument.items_of(score)
        labels, low, high = [i.label for i in items], [i.low for i in items], [i.high for i in items]
        reverse = [keyed_name(i) for i in items if i.reverse]
    return (
        dict(zip(columns, low, strict=True)),
        dict(zip(columns, high, strict=True)),
        dict(zip(columns, labels, strict=True)),
        reverse,
    )
