"""All waves read again from their exports: scores of the people whom other screening rules keep, by another scoring rule."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Score
from rejsens.hypotheses import variables
from rejsens.multiverse_file import Multiverse, options
from rejsens.problems import Problem
from rejsens.quality import screen
from rejsens.responses import cells_outside
from rejsens.score_wave import wave_scores
from rejsens.study import Study
from rejsens.validate import Gathered, gather

LEAST = 0.8
AS_DECLARED, ALL, ANY = "declared", "all", "any"  # how many items of a reflective scale must be answered


@dataclass
class Rescored:
    """Every row of every wave's export, and what of it each way of screening and scoring makes."""

    study: Study
    names: Collection[str]  # scores and background variables that are wanted
    careless: pd.DataFrame  # participant, wave of rows beyond a cut-off of `careless_cutoffs`
    read: dict[str, Gathered] = field(default_factory=dict)

    def scores(
        self, exclusions: Mapping[str, Any], scoring: str = AS_DECLARED, removed: Collection[str] = ()
    ) -> pd.DataFrame:
        """Rows as in the pooled scores, with only the background variables and scores of instruments that are wanted.

        exclusions   keep, leave_out, change, leave_out_careless, as in an option of config/multiverse.yaml; {} as declared
        scoring      declared: each score's own `min_answered`; all or any: of the items of a reflective score
        removed      ids of items that no score counts; of those left 80 % must be answered, and no more may be missing than of all
        """
        frames = [self._wave(name, exclusions, scoring, removed) for name in self.study.wave_numbers]
        pooled = pd.concat(frames, ignore_index=True)
        if exclusions.get("leave_out_careless"):
            beyond = pd.MultiIndex.from_frame(self.careless[["participant", "wave"]])
            pooled = pooled[~pd.MultiIndex.from_frame(pooled[["participant", "wave"]]).isin(beyond)]
        return pooled.reset_index(drop=True)

    def _wave(self, name: str, exclusions: Mapping[str, Any], scoring: str, removed: Collection[str]) -> pd.DataFrame:
        found, asked = self._gathered(name), self.study.asked[name]
        rules = changed_rules(self.study.settings["screening"], exclusions)
        kept = found.kept
        if rules != list(self.study.settings["screening"]):
            _, _, rows = screen(found.answers, asked, rules, name, found.read.left_out)
            kept = (rows["excluded_by"] == "").to_numpy()
        answers = replace(found, kept=kept).checked_answers
        wanted = [rescored(i, scoring, removed) for i in asked if not i.scores or self._wants(i)]
        number, role = self.study.wave_numbers[name], self.study.roles[name]
        scores = wave_scores(answers, wanted, name, number, role)
        return scores[[c for c in scores if c in self.names or c in ("participant", "wave", "wave_number", "role")]]

    def _wants(self, instrument: Instrument) -> bool:
        return any(score.id in self.names for score in instrument.scores)

    def _gathered(self, name: str) -> Gathered:
        """One export, read once. Its faults were told when the wave was checked."""
        if name not in self.read:
            told: list[Problem] = []
            wave = next(wave for wave in self.study.waves if wave.name == name)
            s = self.study.settings
            self.read[name] = gather(
                wave, self.study.asked[name], s["screening"], s["out_of_range"], told, cells_outside
            )
        return self.read[name]


def changed_rules(screening: Sequence[Mapping[str, Any]], exclusions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Screening rules as an option of config/multiverse.yaml has them.

    >>> rules = [{"id": "speed", "below": 120, "action": "exclude"}, {"id": "flat", "action": "flag"}]
    >>> changed_rules(rules, {"keep": ["speed"], "leave_out": ["flat"]})
    [{'id': 'flat', 'action': 'exclude'}]
    >>> changed_rules(rules, {"change": {"speed": {"below": 300}}})[0]["below"]
    300
    """
    rules = []
    for rule in screening:
        if rule["id"] in exclusions.get("keep", ()):
            continue
        action = {"action": "exclude"} if rule["id"] in exclusions.get("leave_out", ()) else {}
        rules.append({**rule, **exclusions.get("change", {}).get(rule["id"], {}), **action})
    return rules


def rescored(instrument: Instrument, scoring: str, removed: Collection[str] = ()) -> Instrument:
    """An instrument whose scores count other items, or take fewer or more of them.

    Only reflective scores have a rule to change: of a formative score every applicable item must be answered.
    """
    if scoring == AS_DECLARED and not removed:
        return instrument
    return replace(instrument, scores=tuple(_rescored(score, scoring, set(removed)) for score in instrument.scores))


def _rescored(score: Score, scoring: str, removed: set[str]) -> Score:
    items = tuple(item for item in score.items if item not in removed)
    pairs = tuple(pair for pair in score.pairs if not removed & set(pair))
    before, after = (len(s) for s in ((score.pairs, pairs) if score.pairs else (score.items, items)))
    needed = score.min_answered
    if after < before:  # 80 % of those left, and no more missing than the score allowed before
        needed = max(math.ceil(np.round(LEAST * after, 9)), after - (before - needed))
    if score.model == "reflective" and not score.of and scoring != AS_DECLARED:
        needed = after if scoring == ALL else 1
    return replace(score, items=items, pairs=pairs, min_answered=needed)


def rescored_study(
    study: Study, family: Mapping[str, Any], multiverse: Multiverse, careless: pd.DataFrame
) -> tuple[Rescored, dict[str, frozenset[str]]]:
    """Where the multiverse of one family takes its scores from, and the items that each score rests on.

    careless   the table "careless_people": participant, wave and beyond_cutoff ("" within every cut-off)
    """
    names = {name for h in family["hypotheses"] for own in variables(h).values() for name in own}
    for option in options(multiverse, "scores"):
        names |= set(option.get("instead", {}).values())
    for option in options(multiverse, "covariates"):
        names |= {covariate["name"] for covariate in option.get("add", ())}
    beyond = careless.loc[careless["beyond_cutoff"].fillna("") != "", ["participant", "wave"]]
    items = {s.id: frozenset(i.id for i in one.items_of(s)) for one in study.instruments.values() for s in one.scores}
    return Rescored(study, names, beyond), items
