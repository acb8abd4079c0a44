"""What data can show though every cell is legal: items reversed twice, scales turned round, swapped or shifted columns,
another wave's codes, ids that link the wrong people, pasted rows, impossible ages. Nothing here stops a run.

Each finding carries its evidence in numbers; a check that could not run says why. Correlations are judged by their 99%
interval and need 30 people. See `model.CHECKS` for the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from rejsens.plausibility import columns, keying, people, rows
from rejsens.plausibility.export import look_at_export
from rejsens.plausibility.model import CHECKS, Answered, Notice, not_run, ran
from rejsens.tabular import rows_of_waves

__all__ = ["CHECKS", "Answered", "Notice", "answered_waves", "look_at", "look_at_export", "notices", "table"]

COLUMNS = (
    "wave",
    "check",
    "label",
    "variable",
    "status",
    "n",
    "measure",
    "value",
    "ci_low",
    "ci_high",
    "finding",
    "advice",
)
FOUND, CLEAR, NOT_RUN = "worth a look", "nothing seen", "not run"
WITHIN = {"items_turned": keying.items_turned}
PANEL = {
    "scale_turned": keying.scale_turned,
    "concern_expectancy": keying.concern_expectancy,
    "shifted_columns": columns.shifted_columns,
    "codes": columns.codes,
    "missing_code": columns.missing_code,
    "constant": columns.constant,
    "sorted_column": columns.sorted_column,
    "same_columns": columns.same_columns,
    "ids_link": people.ids_link,
    "empty_rows": rows.empty_rows,
    "same_rows": rows.same_rows,
    "background": people.background,
}
HISTORY = {"ids_spelling": people.ids_spelling, "ids_known": people.ids_known, "old_rows": rows.old_rows}


def notices(answers: pd.DataFrame, scores: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Every plausibility check of every wave.

    answers   pooled: participant, wave, wave_number, role, one float column per item (missing as NaN, pairwise); `<item>__na`
              is not looked at
    scores    pooled: participant, wave and one float column per score; same rows
    facts     wave -> instruments (as that wave administered them), collected {from, to}, columns (item id -> column of
              the export, in its order; may be empty)
    returns   one row per finding; one row with status "nothing seen" for each check of a wave that found nothing and
              one with status "not run" and the reason for each that could not run: wave, check, label, variable,
              status, n, measure, value, ci_low, ci_high, finding, advice. No participant is named in it.
    """
    return table(look_at(answered_waves(answers, scores, facts)))


def answered_waves(
    answers: pd.DataFrame, scores: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]
) -> list[Answered]:
    """Pooled tables, wave by wave, in order of time (a retest behind the wave that it repeats)."""
    waves, scored = [], dict(rows_of_waves(scores))
    for name, frame in rows_of_waves(answers):
        own = scored.get(name, scores.iloc[:0])
        asked = facts[name]["instruments"]
        ids = {item.id for instrument in asked for item in instrument.items}
        waves.append(
            Answered(
                str(name),
                int(frame["wave_number"].iloc[0]),
                str(frame["role"].iloc[0]),
                asked,
                frame["participant"].to_numpy(),
                np.zeros(len(frame), dtype=np.int64),
                {c: frame[c].to_numpy(dtype=float) for c in frame if c in ids},
                {s.id: own[s.id].to_numpy(dtype=float) for i in asked for s in i.scores if s.id in own},
                facts[name].get("columns", {}),
                facts[name].get("collected", {}),
            )
        )
    return sorted(waves, key=lambda wave: (wave.number, wave.role == "retest"))


def look_at(waves: Sequence[Answered], only: str | None = None) -> list[Notice]:
    """Every check of every wave (or of the one named), with the waves before it to compare it with."""
    found: list[Notice] = []
    waves = [wave for wave in waves if wave.n]  # a wave without people is told as a fault
    for position, wave in enumerate(waves):
        if only is not None and wave.name != only:
            continue
        earlier = list(waves[:position])
        before = _compared_with(wave, earlier)
        found += ran(wave.name, wave.n, "waves_in_time", _overlap(wave, earlier))
        for name, check in WITHIN.items():
            found += ran(wave.name, wave.n, name, check(wave))
        for name, compare in PANEL.items():
            found += ran(wave.name, wave.n, name, compare(wave, before))
        for name, look_back in HISTORY.items():
            found += ran(wave.name, wave.n, name, look_back(wave, earlier))
    return found


def _compared_with(wave: Answered, earlier: Sequence[Answered]) -> Answered | None:
    """The wave of the panel before this one; for a retest, the wave that it repeats."""
    panel = [other for other in earlier if other.role != "retest"]
    return panel[-1] if panel else None


def _overlap(wave: Answered, earlier: Sequence[Answered]) -> Iterator[Notice]:
    """Waves of the panel whose days of collection overlap."""
    if wave.role == "retest":
        return
    for other in (o for o in earlier if o.role != "retest"):
        try:
            begins, ended = date.fromisoformat(wave.collected["from"]), date.fromisoformat(other.collected["to"])
        except (KeyError, ValueError):
            yield not_run(wave.name, "waves_in_time", "a wave states no days of collection")
            continue
        if begins <= ended:
            text = f"it begins on {begins}, wave {other.name} goes on until {ended}"
            yield Notice(
                wave.name,
                "waves_in_time",
                "",
                text,
                "correct `collected:`; waves take their number from their first day",
            )


def table(found: Sequence[Notice]) -> pd.DataFrame:
    """Notices as the pipeline's table; participants stay out of it."""
    frame = pd.DataFrame(
        [
            (
                notice.wave, notice.check, CHECKS[notice.check], notice.variable,
                NOT_RUN if not notice.ran else FOUND if notice.finding else CLEAR,
                notice.n, notice.measure, notice.value, notice.ci_low, notice.ci_high, notice.finding, notice.advice,
            )
            for notice in found
        ],
        columns=COLUMNS,
    )  # fmt: skip
    numbers = {"n": "int64", "value": "float64", "ci_low": "float64", "ci_high": "float64"}
    return frame.astype(numbers | {c: "str" for c in COLUMNS if c not in numbers})
