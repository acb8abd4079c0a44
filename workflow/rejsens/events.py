"""Events: ratings of single events, one row per person, wave and kind of event. They are no scores of a person's wave.

A wave asks an instrument with `events:` once for each kind, under `as: KIND`. Items and scores bear the kind as their prefix
up to the wave's scores; from there on the scores stand in a table of their own, stacked, without the prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from rejsens.definitions import Instrument
from rejsens.scoring import N_ANSWERED, columns_of, filled
from rejsens.tabular import by_wave

PERSON = ["participant", "wave", "wave_number", "role"]
FIRST = (
    "event_first"  # the background item that says which kind of event was asked about first; its labels are the kinds
)


OF_RATERS = "ratings of an event: n and lost are of those who rated one"


def raters(people: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Of an instrument about events, the people who rated one: who could think of none has nothing to lose.

    people     people x items, as asked under the instrument's prefix; missing as NaN
    returns    the rows with an answer to at least one item; every row of an instrument that is not about events
    """
    return people[people[[item.id for item in instrument.items]].notna().any(axis=1)] if instrument.event else people


def administered(answers: pd.DataFrame, asked: Mapping[str, Instrument]) -> list[tuple[str, pd.DataFrame]]:
    """The waves that asked one instrument, in order of time, each with the people whom a statistic of it is about.

    answers    pooled answers, raw
    asked      wave -> the instrument as that wave administered it
    """
    return [(wave, raters(people, asked[wave])) for wave, people in by_wave(answers[answers["wave"].isin(list(asked))])]


def base_of(rule: str, instrument: Instrument) -> str:
    """How missing answers were taken, and of an instrument about events of whom."""
    return f"{rule}; {OF_RATERS}" if rule and instrument.event else rule


def person_scores(scores: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """One wave's scores without those of events.

    scores    participant, wave, wave_number, role, background, every score of the wave with its count and flag
    returns   the same rows
    """
    return scores.drop(columns=[column for i in instruments if i.event for column in _columns(i)])


def event_rows(scores: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """The scores of each event as a row of its own; a person without an event of a kind has no row for it.

    scores    as for `person_scores`
    returns   participant, wave, wave_number, role, event (the kind), came_first (1, 0, or missing where the wave does
              not say which kind was asked about first), every event score with its count and flag; by person, then kind;
              no rows when the wave asked about no event
    """
    kinds = {kind: [i for i in instruments if i.event == kind] for kind in dict.fromkeys(i.event for i in instruments)}
    frames = [_rows_of(scores, kind, asked, instruments) for kind, asked in kinds.items() if kind]
    if not frames:
        return pd.DataFrame(columns=[*PERSON, "event", "came_first"])
    stacked = pd.concat(frames).sort_index(kind="stable").reset_index(drop=True)
    return filled(stacked)


def _rows_of(
    scores: pd.DataFrame, kind: str, asked: Sequence[Instrument], instruments: Sequence[Instrument]
) -> pd.DataFrame:
    columns = [column for instrument in asked for column in _columns(instrument)]
    rated = scores[[column for column in columns if column.endswith(N_ANSWERED)]].gt(0).any(axis=1)
    rows = scores.loc[rated, PERSON].assign(event=kind, came_first=_came_first(scores, kind, instruments)[rated])
    return pd.concat([rows, scores.loc[rated, columns].rename(columns=lambda c: c.removeprefix(f"{kind}_"))], axis=1)


def _came_first(scores: pd.DataFrame, kind: str, instruments: Iterable[Instrument]) -> pd.Series:
    items = [item for instrument in instruments for item in instrument.items if item.id == FIRST]
    codes = {label: code for item in items for code, label in item.labels.items()}
    if kind not in codes:
        return pd.Series(pd.NA, index=scores.index, dtype="Int64")
    return scores[FIRST].eq(codes[kind]).astype("Int64").mask(scores[FIRST].isna())


def with_events(scores: pd.DataFrame, events: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """The scores of people with those of their events beside them, each under the name of its kind.

    For tables that describe one score after another. Two kinds are two ratings of one person, not two people: models of
    events take the rows of `events`.

    scores, events   the pooled tables
    returns          the rows of `scores`; missing where a person rated no event of the kind
    """
    rated = [instrument for instrument in instruments if instrument.event]
    if not rated:
        return scores
    people = pd.MultiIndex.from_frame(scores[["participant", "wave"]])
    beside = [scores]
    for instrument in rated:
        rows = events[events["event"] == instrument.event].set_index(["participant", "wave"])
        plain = {column: column.removeprefix(f"{instrument.event}_") for column in _columns(instrument)}
        own = rows.reindex(index=people, columns=list(plain.values()))
        beside.append(own.set_axis(list(plain), axis=1).set_axis(scores.index))
    return filled(pd.concat(beside, axis=1))


def _columns(instrument: Instrument) -> list[str]:
    return [column for score in instrument.scores for column in columns_of(instrument, score)]
