"""One wave from raw export to checked answers: import, schema, screening, ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.exports import Export, read_export
from rejsens.ingest import Answers, gather_answers
from rejsens.plausibility import look_at_export, table
from rejsens.problems import Problem, Refused, people_named, rows_named
from rejsens.quality import screen
from rejsens.responses import cells_outside, cells_refused, range_problems, without
from rejsens.sidecars import Wave
from rejsens.variables import NOT_APPLICABLE, columns_of_items, variables

STORED = "__stored"  # suffix of a total that came with the export
MIN_CELL = 10  # fewest people behind a number of the codebook, where the caller knows of no other limit


@dataclass(frozen=True)
class Validated:
    """checked_answers: rows kept (participant, row, items, `<item>__na`, `<column>__stored`); the ledger and its ingredients."""

    checked_answers: pd.DataFrame
    flow: pd.DataFrame
    quality: pd.DataFrame
    quality_rows: pd.DataFrame
    set_aside: pd.DataFrame
    columns: pd.DataFrame
    variables: pd.DataFrame
    notices: pd.DataFrame


@dataclass(frozen=True)
class Gathered:
    """One wave as far as it could be read: `answers` of all rows (cells outside their range missing), who is kept.

    outside   participant, row, column, found, allowed: one row per cell outside its range
    """

    export: Export
    read: Answers
    answers: pd.DataFrame
    outside: pd.DataFrame
    flow: pd.DataFrame
    quality: pd.DataFrame
    quality_rows: pd.DataFrame
    kept: np.ndarray

    @property
    def checked_answers(self) -> pd.DataFrame:
        """The rows kept, with what stands beside the answers: `<item>__na`, `<column>__stored`."""
        read = self.read
        beside = [read.not_applicable.add_suffix(NOT_APPLICABLE), read.stored_totals.add_suffix(STORED)]
        answers = (
            self.answers if not any(len(b.columns) for b in beside) else pd.concat([self.answers, *beside], axis=1)
        )
        # a large wave is not copied for nothing
        return answers if self.kept.all() else answers[self.kept].reset_index(drop=True)


def validate(
    wave: Wave,
    instruments: Sequence[Instrument],
    screening: Sequence[Mapping[str, Any]],
    out_of_range: str,
    min_cell: int = MIN_CELL,
) -> Validated:
    """Read, check and screen one wave; `min_cell` is the fewest people behind a number that describes a variable.

    raises   Refused with every fault found, when a fault is not one that the study declares how to set aside
    """
    problems: list[Problem] = []
    found = gather(wave, instruments, screening, out_of_range, problems, cells_refused)
    if any(problem.blocks for problem in problems):
        raise Refused(problems, wave.name)
    answers = found.checked_answers
    columns = columns_of_items(found.read.columns, wave)
    asked = variables(wave, instruments, found.export, columns, answers, min_cell)
    notices = table(look_at_export(wave, instruments, found.export, found.answers, columns, found.outside))
    return Validated(
        answers, found.flow, found.quality, found.quality_rows, found.outside, found.read.columns, asked, notices
    )  # fmt: skip


def gather(
    wave: Wave,
    instruments: Sequence[Instrument],
    screening: Sequence[Mapping[str, Any]],
    out_of_range: str,
    problems: list[Problem],
    find: Callable[..., pd.DataFrame] = cells_outside,
) -> Gathered:
    """Read, check and screen one wave as far as it goes; every fault goes into `problems`, none hides another.

    find     which cells are outside their range: `responses.cells_refused` (Pandera) or `cells_outside` (the same cells)
    raises   Refused when the export cannot be read as a table
    """
    export = read_export(wave)
    read = gather_answers(export, wave, list(instruments), problems)
    outside = find(read.frame, list(instruments), wave.file)
    problems += range_problems(outside) if out_of_range == "stop" else []
    answers = without(read.frame, outside)
    flow, quality, rows = screen(answers, instruments, screening, wave.name, read.left_out)
    kept = (rows["excluded_by"] == "").to_numpy()
    problems += _duplicates(answers[["participant", "row"]][kept], wave)
    if len(outside):
        label = "Cells outside their range, set aside one by one"
        n_rows = outside["row"].nunique()
        quality.loc[len(quality)] = (wave.name, "out_of_range", label, len(answers), n_rows, "cell", "")
    return Gathered(export, read, answers, outside, flow, quality, _with_left_out(rows, read.left_out), kept)


def _with_left_out(rows: pd.DataFrame, left_out: pd.DataFrame) -> pd.DataFrame:
    """Every row of the export with the rule that set it aside; those that were no answers stand last, checked by no rule."""
    if left_out.empty:
        return rows
    aside = left_out.rename(columns={"rule": "excluded_by"})[["participant", "row", "excluded_by"]]
    return pd.concat([rows, aside.assign(**dict.fromkeys(rows.columns[3:], False))], ignore_index=True)


def _duplicates(kept: pd.DataFrame, wave: Wave) -> list[Problem]:
    twice = kept[kept["participant"].duplicated(keep=False) & (kept["participant"] != "")]
    if not len(twice):
        return []
    rows = [f"{name} ({rows_named(group['row'].tolist())})" for name, group in twice.groupby("participant")]
    return [
        Problem(
            wave.file,
            "Two rows for one person",
            people_named(rows),
            "one row for each participant",
            "remove the row that should not count, or declare the rule `duplicate_participant` under `screening:` in config/config.yaml",
            cells=tuple(zip(twice["participant"], twice["row"].tolist(), strict=True)),
        )
    ]
