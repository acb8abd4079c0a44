"""How much of a score is one general factor (omega hierarchical and total), in the first wave that asked its items.

Asked of the models that an instrument's file declares, and of scores in whose items parallel analysis sees several factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from rejsens.assess_structure import parts
from rejsens.definitions import Instrument, Model, Score
from rejsens.events import administered
from rejsens.psychometrics import Reliability, omega_general, omega_schmid_leiman, reliability_table
from rejsens.psychometrics.scale import RELIABILITY_COLUMNS
from rejsens.scoring import keyed_name, units
from rejsens.seeds import generator

GENERAL = ("bifactor", "second_order", "method")  # where two have the same items, the first of these speaks for them
LEAST_ITEMS = 6  # fewer hold no two group factors
DRAWS = 200  # of people, an exploratory solution in each; where parallel analysis sees one factor there are none


def general_factors(
    answers: pd.DataFrame,
    asked: Mapping[str, Instrument],
    dimensionality: pd.DataFrame | None,
    seed: int,
    ci_level: float,
) -> list[pd.DataFrame]:
    """Reliability rows (table `reliability`) of the scores that a general factor is about.

    Of a declared bifactor or second-order model, or of one factor beside one of the reversed items: `omega_h` and `omega_t`
    of the score that sums all its items, where one does; `omega_s` and `omega_hs` of the scores that sum the items of one
    factor. Of a score of six items or more without such a
    model, in which parallel analysis sees two factors or more: `omega_h_sl` and `omega_t_sl`, by Schmid and Leiman.
    """
    modelled: set[frozenset[str]] = set()
    explored: set[str] = set()
    tables = []
    for wave, people in administered(answers, asked):
        instrument = asked[wave]
        for model in _declared(instrument):
            if frozenset(model.items) not in modelled:
                modelled.add(frozenset(model.items))
                tables += [(wave, score, found) for score, found in _confirmed(people, instrument, model, ci_level)]
        for score in (s for s in instrument.scores if s.model == "reflective" and s.id not in explored):
            explored.add(score.id)
            number, frame = _advised(dimensionality, score, wave), units(people, instrument, score)
            if number > 1 and frame.shape[1] >= LEAST_ITEMS and _items(instrument, score) not in modelled:
                rng = generator(seed, "omega_schmid_leiman", score.id, wave)
                found = omega_schmid_leiman(frame, number, ci_level, draws=DRAWS, rng=rng)
                tables += [(wave, score.id, found[name]) for name in ("omega_h_sl", "omega_t_sl")]
    return [
        reliability_table([one])
        .reindex(columns=RELIABILITY_COLUMNS)
        .assign(instrument=asked[wave].name, score=score, wave=wave)
        for wave, score, one in tables
    ]


def _declared(instrument: Instrument) -> list[Model]:
    """Models with a general factor, those that say most of the subscales first."""
    usable = [
        m for m in instrument.models if m.structure in GENERAL and not (m.structure == "method" and len(m.factors) > 1)
    ]
    return sorted(usable, key=lambda model: GENERAL.index(model.structure))


def _confirmed(
    people: pd.DataFrame, instrument: Instrument, model: Model, ci_level: float
) -> Iterator[tuple[str, Reliability]]:
    frame, factors = parts(people, instrument, model)
    turned = [keyed_name(instrument.item(i)) for i in model.items if instrument.item(i).reverse]
    method: dict[str, Any] = {"reversed_items": turned} if model.structure == "method" else {}
    found = omega_general(frame, factors, model.structure, ci_level, **method)
    whole = _score_of(instrument, model.items)
    # Without such a score there is none: subscales that point opposite ways have a sum of no meaning.
    if whole:
        remark = "; of the sum of all items, where the score takes that of its subscales" if whole.of else ""
        for name in ("omega_h", "omega_t"):
            yield whole.id, replace(found[name], status=found[name].status + remark)
    for factor, own in model.factors.items() if model.structure != "method" else ():
        score = _score_of(instrument, own)
        if score:
            for name in ("omega_hs", "omega_s"):
                yield score.id, replace(found[f"{name}_{factor}"], coefficient=name)


def _score_of(instrument: Instrument, items: tuple[str, ...]) -> Score | None:
    """The reflective score of exactly these items."""
    usable = (s for s in instrument.scores if s.model == "reflective" and not s.pairs)
    return next((s for s in usable if _items(instrument, s) == set(items)), None)


def _items(instrument: Instrument, score: Score) -> frozenset[str]:
    """Ids of the items of a score; of a product score none, since a model of its answers is not one of its products."""
    return frozenset() if score.pairs else frozenset(item.id for item in instrument.items_of(score))


def _advised(dimensionality: pd.DataFrame | None, score: Score, wave: str) -> int:
    """How many factors parallel analysis sees in a score's items; 0 where it said nothing."""
    if dimensionality is None or "factors_parallel" not in dimensionality:  # no set of three items was explored
        return 0
    own = dimensionality[(dimensionality["set"] == score.id) & (dimensionality["wave"] == wave)]["factors_parallel"]
    return int(own.iloc[0]) if len(own) and own.notna().all() else 0
