"""One wave from raw export to checked answers: import, schema, screening, ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens.definitions import Instrument
from rejsens.exports import read_export
from rejsens.ingest import read_answers
from rejsens.problems import Problem, Refused, listed
from rejsens.quality import screen
from rejsens.responses import check_answers
from rejsens.sidecars import Wave

STORED = "__stored"  # suffix of a total that came with the export
NOT_APPLICABLE = "__na"


@dataclass(frozen=True)
class Validated:
    """checked_answers: rows kept (participant, row, items, `<item>__na`, `<column>__stored`); the ledger and its ingredients."""

    checked_answers: pd.DataFrame
    flow: pd.DataFrame
    quality: pd.DataFrame
    quality_rows: pd.DataFrame
    set_aside: pd.DataFrame
    columns: pd.DataFrame


def validate(
    wave: Wave, instruments: Sequence[Instrument], screening: Sequence[Mapping[str, Any]], out_of_range: str
) -> Validated:
    """Read, check and screen one wave.

    raises   Refused with every fault found, when a fault is not one that the study declares how to set aside
    """
    read = read_answers(read_export(wave), wave, list(instruments))
    answers, set_aside = check_answers(read.frame, list(instruments), out_of_range, wave.file)
    flow, quality, rows = screen(answers, instruments, screening, wave.name)
    kept = (rows["excluded_by"] == "").to_numpy()
    _refuse_duplicates(answers[["participant", "row"]][kept], wave)
    if len(set_aside):
        label = "Cells outside their range, set aside one by one"
        n_rows = set_aside["row"].nunique()
        quality.loc[len(quality)] = (wave.name, "out_of_range", label, len(answers), n_rows, "cell", "")
    beside = pd.concat([read.not_applicable.add_suffix(NOT_APPLICABLE), read.stored_totals.add_suffix(STORED)], axis=1)
    answers = pd.concat([answers, beside], axis=1) if len(beside.columns) else answers
    answers = answers if kept.all() else answers[kept].reset_index(drop=True)  # a large wave is not copied for nothing
    return Validated(answers, flow, quality, rows, set_aside, read.columns)


def _refuse_duplicates(kept: pd.DataFrame, wave: Wave) -> None:
    twice = kept[kept["participant"].duplicated(keep=False)]
    if len(twice):
        rows = [f"{name} (rows {listed(group['row'].tolist())})" for name, group in twice.groupby("participant")]
        raise Refused(
            Problem(
                wave.file,
                "Two rows for one person",
                f"participants {listed(rows)}",
                "one row for each participant",
                "remove the row that should not count, or declare the rule `duplicate_participant` under `screening:` in config/config.yaml",
            ),
            wave.name,
        )
