"""Answers of people who do not exist: a model of everybody's answers in all waves, and panels drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item
from rejsens.ingest import not_asked
from rejsens.problems import Problem, Refused
from rejsens.sharing.copula import Column, Copula, fit
from rejsens.study import Study
from rejsens.variables import NOT_APPLICABLE

CONSTANT = 0.98  # share of people with one answer in all their waves from which an item is a person's, not a wave's
AGEING = 0.98  # correlation of the first with later answers from which a number only drifts
MOST = 4000  # variables of one copula: items times waves
PRESENT = "present"
LEFT_OUT = (0.0, 0.1, 0.6, 1.0)  # shares of unanswered questions up to which people are of one kind
Name = tuple[str, str]  # (wave, item); wave "" for what is a person's


@dataclass(frozen=True)
class Gaps:
    """What people of one kind leave out in one wave: who they are by the share of questions that they leave unanswered.

    share    of the people with a row
    groups   items of an instrument, or boxes of a question, and the share of people who left out all of them
    items    share of the others who left out an item
    """

    share: float
    groups: tuple[tuple[tuple[str, ...], float], ...]
    items: Mapping[str, float]


@dataclass(frozen=True)
class Model:
    """Everything that twins are drawn from; of single people it holds nothing.

    always    waves that everybody answered
    flags     wave -> cluster of items that do not apply to the same people -> items
    drift     item -> wave -> how much it has changed since a person's first wave
    fixed     (wave, item) -> the value of one that hardly varies; what too few people answered has none
    gaps      wave -> kinds of people by how much they leave out
    """

    study: Study
    copula: Copula
    always: tuple[str, ...]
    flags: Mapping[str, Mapping[str, tuple[str, ...]]]
    drift: Mapping[str, Mapping[str, float]]
    persons: tuple[str, ...]
    fixed: Mapping[Name, float]
    gaps: Mapping[str, tuple[Gaps, ...]]


@dataclass(frozen=True)
class Wide:
    """Answers by wave with one row for everybody: wave -> (n, items) frame, NaN where there is none; who has a row."""

    ids: np.ndarray
    answers: Mapping[str, pd.DataFrame]
    present: Mapping[str, np.ndarray]


def asked_items(study: Study, wave: str) -> list[tuple[Instrument, Item]]:
    return [(instrument, instrument.item(i)) for instrument in study.asked[wave] for i in instrument.columns]


def wide(answers: pd.DataFrame) -> Wide:
    """The pooled answers, a frame for each wave with the same people in the same order."""
    ids = answers["participant"].unique()
    items = answers.columns[4:]
    frames, present = {}, {}
    for wave, rows in answers.groupby("wave", sort=False):
        own = rows.set_index("participant")[items].apply(lambda c: c.astype("float64"))
        present[wave] = pd.Index(ids).isin(own.index)
        frames[wave] = own.reindex(ids).reset_index(drop=True)
    return Wide(ids, frames, present)


# --- the model -------------------------------------------------------------------------------------------------------


def model_of(panel: Wide, study: Study, least: int) -> Model:
    """The model of a panel.

    least    fewest people behind any value, flag or correlation that the model keeps
    raises   Refused when items times waves are more than one copula can hold
    """
    waves = list(panel.answers)
    items = {wave: [pair for pair in asked_items(study, wave) if pair[1].id in panel.answers[wave]] for wave in waves}
    if (size := sum(map(len, items.values()))) > MOST:
        raise Refused(_too_wide(size), "The synthetic twin")
    persons, drift = _of_persons(panel, study, items, least)
    columns, fixed = [], {}
    for name in persons:
        first = _first(panel, name)
        item = study.background.get(name) or next(i for w in waves for _, i in items[w] if i.id == name)
        columns.append(Column(_key("", name), first, item.type == "number", item.type != "category", "person"))
    for wave in waves:
        for instrument, item in items[wave]:
            values = panel.answers[wave][item.id].to_numpy()
            if item.id in persons:
                continue
            seen, counts = np.unique(values[~np.isnan(values)], return_counts=True)
            if len(seen) and counts.max() >= least:
                fixed[wave, item.id] = float(seen[counts.argmax()])
            kind = item.type == "number", item.type != "category" or set(seen) <= {0.0, 1.0}
            block, sign = f"{instrument.name} {_scale_of(instrument, item)}", -1 if item.must_be_reversed else 1
            columns.append(Column(_key(wave, item.id), values, *kind, block, wave, sign, item.id))
    flags = {wave: _flag_clusters(panel, wave, items[wave], least) for wave in waves}
    columns += [
        Column(
            _key(wave, cluster), _flag(panel, wave, own[0]), False, True, f"does not apply: {own[0]}", wave, 1, own[0]
        )
        for wave in waves
        for cluster, own in flags[wave].items()
    ]
    always = tuple(wave for wave in waves if (~panel.present[wave]).sum() < least)
    columns += [
        Column(_key(wave, PRESENT), panel.present[wave].astype(float), False, True, PRESENT, wave)
        for wave in waves
        if wave not in always
    ]
    gaps = {wave: _gaps(panel, wave, items[wave], persons, least) for wave in waves}
    return Model(study, fit(columns, least), always, flags, drift, tuple(persons), fixed, gaps)


def _scale_of(instrument: Instrument, item: Item) -> str:
    """The first score that adds up the item, whose other items are its like; the item itself where none does."""
    own = (s.id for s in instrument.scores if item.id in s.items or any(item.id in pair for pair in s.pairs))
    return next(own, item.id)


def _too_wide(size: int) -> Problem:
    return Problem(
        "data/waves",
        "Too many answers for one model of them all",
        f"{size:,} items, counted in every wave that asked them",
        f"up to {MOST:,}",
        "make the twin of a study with fewer waves: copy the study's folder, put an underscore before the names of waves "
        "that the twin can do without, run it, and export from there",
    )


def _key(wave: str, name: str) -> str:
    return f"{wave}\x1f{name}"


def _first(panel: Wide, name: str) -> np.ndarray:
    stacked = np.column_stack([frame[name].to_numpy() for frame in panel.answers.values()])
    answered = ~np.isnan(stacked)
    return np.where(answered.any(axis=1), stacked[np.arange(len(stacked)), answered.argmax(axis=1)], np.nan)


def _of_persons(
    panel: Wide, study: Study, items: Mapping[str, Sequence[tuple[Instrument, Item]]], least: int
) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Background items that are a person's in all waves, and how those that drift have changed by each wave."""
    persons: list[str] = []
    drift: dict[str, dict[str, float]] = {}
    for name, item in study.background.items():
        asked = [w for w in items if any(i.id == name for _, i in items[w])]
        first = _first(panel, name)
        if len(asked) < 2 or len(np.unique(first[~np.isnan(first)])) < 2:
            continue
        later = np.column_stack([panel.answers[w][name].to_numpy() for w in asked])
        several = (~np.isnan(later)).sum(axis=1) > 1
        change = later - first[:, None]
        still = np.nan_to_num(np.abs(change)).max(axis=1) == 0
        pair = ~np.isnan(change) & several[:, None] & (np.arange(len(asked)) > 0)
        if several.sum() > 2 and still[several].mean() >= CONSTANT:
            persons.append(name)
        elif item.type == "number" and pair.sum(axis=0)[1:].min() >= least and first[pair.any(axis=1)].std() > 0:
            paired = np.broadcast_to(first[:, None], later.shape)[pair]
            if np.corrcoef(paired, later[pair])[0, 1] >= AGEING:
                persons.append(name)
                drift[name] = {w: float(np.nanmedian(change[several, k])) for k, w in enumerate(asked)}
    return persons, drift


def _flag(panel: Wide, wave: str, name: str) -> np.ndarray:
    flagged = panel.answers[wave][name + NOT_APPLICABLE].to_numpy()
    return np.where(panel.present[wave], np.nan_to_num(flagged), np.nan)


def _flag_clusters(
    panel: Wide, wave: str, items: Sequence[tuple[Instrument, Item]], least: int
) -> dict[str, tuple[str, ...]]:
    """Items that do not apply to the very same people, as one flag; those with a condition follow from the answers to it."""
    clusters: dict[bytes, list[str]] = {}
    for _, item in items:
        if item.asked_if or item.id + NOT_APPLICABLE not in panel.answers[wave]:
            continue
        flagged = _flag(panel, wave, item.id)
        if np.nansum(flagged) >= least:
            clusters.setdefault(flagged.tobytes(), []).append(item.id)
    return {f"{names[0]}{NOT_APPLICABLE}": tuple(names) for names in clusters.values()}


def _gaps(
    panel: Wide, wave: str, items: Sequence[tuple[Instrument, Item]], persons: Sequence[str], least: int
) -> tuple[Gaps, ...]:
    """Kinds of people by the share of questions they left out, each of `least` people or more, and what they left out."""
    frame = panel.answers[wave][panel.present[wave]]
    asked = [item for _, item in items if item.id not in persons]
    values = np.isnan(frame[[item.id for item in asked]].to_numpy())
    absent = np.column_stack(
        [frame[c].eq(1) if (c := item.id + NOT_APPLICABLE) in frame else np.zeros(len(frame), bool) for item in asked]
    )
    gap = values & ~absent
    kind = np.searchsorted(LEFT_OUT, gap.sum(axis=1) / np.maximum((~absent).sum(axis=1), 1))
    for number in range(len(LEFT_OUT) - 1, 0, -1):  # too few of a kind are taken with those who left out less
        kind[kind == number] -= int(0 < (kind == number).sum() < least)
    groups: dict[str, list[int]] = {}
    for place, (instrument, item) in enumerate((i, item) for i, item in items if item.id not in persons):
        groups.setdefault(f"{instrument.name} {item.choice_of or ('' if instrument.scores else item.id)}", []).append(
            place
        )
    return tuple(
        _gaps_of(gap[kind == number], absent[kind == number], [i.id for i in asked], list(groups.values()), len(frame))
        for number in np.unique(kind)
    )


def _gaps_of(
    gap: np.ndarray, absent: np.ndarray, names: Sequence[str], groups: Sequence[Sequence[int]], n: int
) -> Gaps:
    whole = []
    single: dict[str, float] = {}
    for places in groups:
        applies = ~absent[:, places].all(axis=1)
        none = (gap | absent)[:, places].all(axis=1) & applies
        rest = gap[applies & ~none][:, places]
        whole.append((tuple(names[p] for p in places), float(none.sum() / max(applies.sum(), 1))))
        shares = rest.mean(axis=0) if len(rest) and len(places) > 1 else np.zeros(len(places))
        single |= {names[p]: float(share) for p, share in zip(places, shares, strict=True)}
    return Gaps(len(gap) / n, tuple(whole), single)


# --- people drawn from it --------------------------------------------------------------------------------------------


def draw_answers(model: Model, n: int, rng: np.random.Generator) -> Wide:
    """n people with their answers in every wave, items in the order of the study; NaN where somebody gave none."""
    drawn = model.copula.draw(n, rng)
    waves = list(model.gaps)
    present = {
        w: np.ones(n, bool) if w in model.always else drawn.get(_key(w, PRESENT), np.zeros(n)) == 1 for w in waves
    }
    answers = {wave: _wave_answers(model, wave, drawn, n, rng) for wave in waves}
    return Wide(np.arange(n), {w: _with_rows(a, present[w]) for w, a in answers.items()}, present)


def _with_rows(frame: pd.DataFrame, present: np.ndarray) -> pd.DataFrame:
    return frame.where(np.broadcast_to(present[:, None], frame.shape))


def _wave_answers(
    model: Model, wave: str, drawn: Mapping[str, np.ndarray], n: int, rng: np.random.Generator
) -> pd.DataFrame:
    items = [item for _, item in asked_items(model.study, wave)]
    values = {}
    for item in items:
        fixed = np.full(n, model.fixed.get((wave, item.id), np.nan))
        if item.id in model.persons:
            own = drawn.get(_key("", item.id), fixed)
            values[item.id] = np.clip(own + model.drift.get(item.id, {}).get(wave, 0.0), item.low, item.high)
        else:
            values[item.id] = drawn.get(_key(wave, item.id), fixed).copy()
    absent = {item.id: np.zeros(n, bool) for item in items if item.not_applicable or item.asked_if}
    for cluster, names in model.flags[wave].items():
        off = drawn.get(_key(wave, cluster), np.zeros(n)) == 1
        for name in names:
            absent[name] = off.copy()
            values[name][off] = np.nan
    _leave_out(values, model.gaps[wave], n, rng)
    for item in (item for item in items if item.asked_if):
        values[item.id][_condition_fails(item, values, absent)] = np.nan
        absent[item.id] = not_asked(item, values, {i: a for i, a in absent.items() if i != item.id})
    flags = {name + NOT_APPLICABLE: off.astype(float) for name, off in absent.items()}
    return pd.DataFrame(values | flags)


def _condition_fails(item: Item, values: Mapping[str, np.ndarray], absent: Mapping[str, np.ndarray]) -> np.ndarray:
    """To whom the item was not put: every answer of its condition is below, does not apply, or was not given."""
    assert item.asked_if is not None
    below = [
        ~(values[i] >= item.asked_if.at_least) | absent.get(i, np.zeros(len(values[i]), bool))
        for i in item.asked_if.any_of
    ]
    return np.logical_and.reduce(below)


def _leave_out(values: dict[str, np.ndarray], kinds: Sequence[Gaps], n: int, rng: np.random.Generator) -> None:
    of = rng.choice(len(kinds), n, p=[kind.share for kind in kinds])
    for number, kind in enumerate(kinds):
        people = of == number
        for names, share in kind.groups:
            none = rng.random(n) < share
            for name in names:
                values[name][people & (none | (rng.random(n) < kind.items[name]))] = np.nan


def movable(model: Model, wave: str, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Item -> the answers that are given to it, for items on which no other one depends."""
    conditions = {i for _, item in asked_items(model.study, wave) if item.asked_if for i in item.asked_if.any_of}
    margins = {name: model.copula.margins.get(_key(wave, name)) for name in names if name not in conditions}
    return {name: margin.values for name, margin in margins.items() if margin is not None and not margin.number}


def pooled(panel: Wide, study: Study, ids: Sequence[str]) -> pd.DataFrame:
    """The drawn waves as one table, in the shape of the pipeline's answers (one row per person and wave)."""
    from rejsens.pool import pool_answers

    frames = {}
    for wave, frame in panel.answers.items():
        rows = frame[panel.present[wave]].reset_index(drop=True)
        flags = {c: rows[c].eq(1) for c in rows if c.endswith(NOT_APPLICABLE)}
        names = np.asarray(ids, dtype=object)[panel.present[wave]]
        frames[wave] = pd.concat([pd.DataFrame({"participant": names}), rows.assign(**flags)], axis=1)
    return pool_answers(frames, study.wave_numbers, study.roles)
