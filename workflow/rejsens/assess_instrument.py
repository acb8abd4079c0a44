"""One instrument in every wave that asked it: reliability of its scores, statistics of their items, and both over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.definitions import Instrument, Score, few_answers
from rejsens.disclosure import round_items
from rejsens.events import administered, raters
from rejsens.general_factors import general_factors
from rejsens.psychometrics import assess, generalisability, reliability_table, test_retest
from rejsens.psychometrics.scale import RELIABILITY_COLUMNS
from rejsens.scoring import keyed_name, product_label, units
from rejsens.scoring import score as scored
from rejsens.seeds import generator
from rejsens.variables import not_applicable

EVERY_WAVE = "all"


def assess_instrument(
    answers: pd.DataFrame,
    asked: Mapping[str, Instrument],
    ci_level: float,
    min_cell: int = 1,
    retests: Mapping[str, tuple[str, float]] | None = None,
    seed: int = 0,
    dimensionality: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reliability rows and item rows (tables `reliability` and `items`).

    answers   pooled answers, raw
    asked     wave -> the instrument as that wave administered it
    retests   wave -> the wave that it repeats, and the days between them
    min_cell  a share at an end of an item's range is blank where fewer people than this gave some answer: the disclosure
              guard does not see who gave which
    seed      the study's; of splits into halves that are drawn, and of the bootstraps of omega hierarchical
    dimensionality   the table of that name of this instrument, or None: which scores have several factors
    """
    pairs = [
        _assess_score(people, instrument, score, wave, ci_level, min_cell, seed)
        for wave, people in administered(answers, asked)
        for instrument in [asked[wave]]
        for score in instrument.scores
    ]
    reliability, items = zip(*pairs, strict=True)
    general = general_factors(answers, asked, dimensionality, seed, ci_level)
    later = over_time(answers, asked, retests or {}, ci_level)
    return pd.concat([*reliability, *general, *later], ignore_index=True), pd.concat(items, ignore_index=True)


def over_time(
    answers: pd.DataFrame,
    asked: Mapping[str, Instrument],
    retests: Mapping[str, tuple[str, float]],
    ci_level: float,
) -> list[pd.DataFrame]:
    """Reliability rows of scores at a retest, and (wave "all") of change from wave to wave of reflective scores.

    Agreement of a score with itself and its error of measurement; how reliably people's changes from wave to wave differ.
    Lost are, of the people of the later wave, those without both scores, and of all people those without every wave.
    """
    tables = []
    for later, (first, days) in retests.items():
        both = {wave: _scored(answers, asked[wave], wave) for wave in (first, later) if wave in asked}
        for score in asked[later].scores if len(both) == 2 and later in asked else ():
            pair = pd.concat({wave: frame[score.id] for wave, frame in both.items() if score.id in frame}, axis=1)
            pair = pair.reindex(both[later].index)
            if pair.shape[1] == 2 and len(pair.dropna()) > 2:
                rows = reliability_table(test_retest(pair, days, ci_level).values())
                tables.append(rows.assign(score=score.id, wave=later))
    panel = {wave: rows for wave, rows in administered(answers, asked) if rows["role"].eq("wave").any()}
    waves = list(panel)
    for score in asked[waves[-1]].scores if len(waves) > 2 else ():
        if score.model == "reflective" and not score.of and not score.pairs and len(score.items) > 1:
            tables.append(_change(panel, asked, score, waves, ci_level))
    name = next(iter(asked.values())).name
    return [table.reindex(columns=[*RELIABILITY_COLUMNS, "wave"]).assign(instrument=name) for table in tables]


def _scored(answers: pd.DataFrame, instrument: Instrument, wave: str) -> pd.DataFrame:
    people = raters(answers[answers["wave"] == wave], instrument).set_index("participant")
    return scored(people, [instrument], not_applicable(people))


def _change(
    panel: Mapping[str, pd.DataFrame],
    asked: Mapping[str, Instrument],
    score: Score,
    waves: Sequence[str],
    ci_level: float,
) -> pd.DataFrame:
    """How reliably changes of a scale from wave to wave differ between people (generalisability theory)."""
    frames = []
    for wave in waves:
        own = next((s for s in asked[wave].scores if s.id == score.id), None)
        if own is not None:
            people = panel[wave]
            items = units(people, asked[wave], own).set_axis(list(own.items), axis=1)  # named alike in every wave
            frames.append(items.assign(participant=people["participant"], wave=wave))
    found = generalisability(pd.concat(frames, ignore_index=True), list(score.items), ci_level=ci_level)
    return reliability_table([found["r_c"]]).assign(score=score.id, wave=EVERY_WAVE)


def _assess_score(
    people: pd.DataFrame, instrument: Instrument, score: Score, wave: str, ci_level: float, min_cell: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = units(people, instrument, score)
    low, high, labels, reverse = _facts(instrument, score, list(parts.columns))
    ordered = not score.pairs and not score.of and few_answers(instrument.items_of(score))
    rng = generator(seed, "split_half", score.id, wave)
    reliability, items = assess(
        parts, score, low=low, high=high, labels=labels, reverse=reverse, ordered=ordered, ci_level=ci_level, rng=rng
    )
    given = {name: parts[name].value_counts() for name in parts}
    # stays beside the gate, which sees no answers; as `disclosure.end_shares`
    few = items["item"].map(lambda item: bool((given[item] < min_cell).any())).astype(bool)
    for end in ("floor_percent", "ceiling_percent"):
        items[end] = items[end].where(~few | (items[end] == 0))
    items = round_items(items, low, high)
    return tuple(table.assign(instrument=instrument.name, wave=wave) for table in (reliability, items))


def _facts(
    instrument: Instrument, score: Score, columns: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]:
    """Theoretical range, label and keying of each unit of a score."""
    if score.pairs:
        pairs = [(instrument.item(a), instrument.item(b)) for a, b in score.pairs]
        labels = [product_label(a) for a, _ in pairs]
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
