"""What is missing together: who took part in which waves, which instruments people left incomplete, and Little's test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.describe import nothing_applies
from rejsens.distinct_scores import distinct
from rejsens.missing import little_test, missing_patterns
from rejsens.tabular import PERSON, waves_in_order

OVER_WAVES = "all"
WAVES, INSTRUMENTS = "waves", "instruments"
POOLED = 0  # the number of the row in which patterns of few people stand together
COLUMNS = ("wave", "level", "asked", "pattern", "n_patterns", "n", "percent", "n_missing", "missing")
Asked = Mapping[str, Sequence[Instrument]]


def missing_tables(answers: pd.DataFrame, scores: pd.DataFrame, asked: Asked, min_cell: int) -> dict[str, pd.DataFrame]:
    """The tables `missing_patterns` and `little`.

    answers, scores   pooled, a row per person and wave
    asked             wave -> instruments as that wave administered them
    min_cell          patterns of fewer people stand in one row, pattern 0: the disclosure guard could only blank each of them
    """
    frames = {(OVER_WAVES, WAVES): attendance(answers)}
    tests = []
    for wave, people in waves_in_order(answers).items():
        own = scores[scores["wave"] == wave].set_index("participant")
        people = people.set_index("participant")
        frames[wave, INSTRUMENTS] = incomplete(people, own.reindex(people.index), asked[wave])
        tests.append({"wave": wave, **_little(own, asked[wave])})
    patterns = [
        _rows(frame, min_cell).assign(wave=wave, level=level)
        for (wave, level), frame in frames.items()
        if frame.shape[1]
    ]
    return {
        "missing_patterns": pd.concat(patterns, ignore_index=True) if patterns else pd.DataFrame(columns=list(COLUMNS)),
        "little": pd.DataFrame(tests),
    }


def scores_named(asked: Asked) -> list[str]:
    """The columns of the scores that the tables look at: the values, not how many items they rest on."""
    return list(dict.fromkeys(score.id for own in asked.values() for i in own for score in i.scores))


def attendance(answers: pd.DataFrame) -> pd.DataFrame:
    """People x waves of the panel in order of time, 1 where somebody took part and NaN where not; no column with one wave."""
    panel = answers.loc[answers["role"] == "wave", list(PERSON)]  # not its answers: they are many
    waves = list(waves_in_order(panel))
    if len(waves) < 2:
        return pd.DataFrame(index=panel["participant"])
    return panel.assign(_there=1.0).pivot(index="participant", columns="wave", values="_there")[waves]


def incomplete(people: pd.DataFrame, scores: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """People x instruments of one wave: NaN where a score that applies to the person could not be computed, else 1.

    Ratings of single events are left out (who has no such event has none to rate), and so is the largest share of
    several amounts, which has no value where there is nothing to share.
    """
    columns = {}
    for instrument in (i for i in instruments if not i.event):
        lost = pd.Series(False, index=people.index)
        counted = [s for s in instrument.scores if s.method != "max_share" and s.id in scores]
        for score in counted:
            lost |= scores[score.id].isna() & ~nothing_applies(people, instrument.items_of(score))
        if counted:
            columns[instrument.name] = lost.map({True: np.nan, False: 1.0})
    return pd.DataFrame(columns, index=people.index)


def _rows(frame: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Patterns, the most frequent first, and one row of those that too few people show."""
    found = missing_patterns(frame, min_cell)
    missing = found.cells[found.cells["missing"]].groupby("pattern")["column"].agg("; ".join)
    rows = found.table.assign(n_patterns=1, missing=[missing.get(k, "") for k in found.table["pattern"]])
    if found.patterns_pooled:
        rest = {"pattern": POOLED, "n_patterns": found.patterns_pooled, "n": found.n_pooled,
                "percent": 100 * found.n_pooled / found.n, "n_missing": np.nan, "missing": ""}  # fmt: skip
        rows = pd.concat([rows, pd.DataFrame([rest])], ignore_index=True) if len(rows) else pd.DataFrame([rest])
    return rows.assign(asked="; ".join(map(str, frame.columns)))


def _little(scores: pd.DataFrame, instruments: Sequence[Instrument]) -> dict[str, object]:
    """Little's test of the scores of one wave that share no item and apply to everybody."""
    names = [
        score.id
        for instrument, score in distinct(instruments)
        if score.id in scores
        and scores[score.id].notna().any()
        and not any(item.asked_if or item.not_applicable for item in instrument.items_of(score))
    ]
    test = little_test(scores[names])
    df = test.df if np.isfinite(test.chi2) else pd.NA
    return {"n": test.n, "n_lost": test.n_lost, "k": len(names), "patterns": test.patterns, "chi2": test.chi2,
            "df": df, "p": test.p, "status": test.status, "remark": test.remark}  # fmt: skip
