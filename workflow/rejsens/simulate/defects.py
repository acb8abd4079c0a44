"""What goes wrong between a person and an export: skipped answers at random, and defects planted one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item

OUT_OF_RANGE = 11.0  # the answer 1, typed twice
MISSING_CODE = -99.0
SPEEDER_SECONDS = (35, 110)
PLANTED = ("kind", "participant", "position", "column", "detail")
Planted = tuple[str, str, int, str, str]


def skip_answers(
    complete: pd.DataFrame, instruments: Sequence[Instrument], rates: Mapping[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Blank cells completely at random: some people skip much, everybody refuses a little.

    complete   participant and one column per item
    rates      skippers, skipped, refused: see config/simulation.yaml
    returns    the same shape; instructed items and times stay
    """
    scored = [item.id for item in _scored(instruments)]
    asked = [*scored, *(c for c in ("age", "gender", "relationship_status") if c in complete)]
    skips = (rng.random(len(complete)) < rates["skippers"])[:, None] & (
        rng.random((len(complete), len(scored))) < rates["skipped"]
    )
    refuses = rng.random((len(complete), len(asked))) < rates["refused"]
    cells = complete.copy()
    cells[asked] = cells[asked].mask(refuses)
    cells[scored] = cells[scored].mask(skips)
    return cells


def plant(
    honest: pd.DataFrame, instruments: Sequence[Instrument], rates: Mapping[str, float], rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plant every kind of defect in people of their own, so that no defect hides another.

    honest    participant and one column per item, one row per person
    rates     share of rows for each kind, at least one row where a share is above 0
    returns   cells    the honest rows, some spoilt, with repeated rows at the end
              planted  kind, participant, position (row of `cells`, from 0), column ("" for a whole row), detail
    """
    cells, planted = honest.copy(), []
    free = iter(rng.permutation(len(honest)).tolist())
    for kind, spoil in SPOIL.items():
        for turn, row in zip(range(_count(rates.get(kind, 0), len(honest))), free, strict=False):
            planted += [(kind, cells["participant"][row], *found) for found in spoil(cells, row, turn, instruments, rng)]
    order = list(PLANTED)
    return cells, pd.DataFrame(planted, columns=order).sort_values(["position", "column"], ignore_index=True)


def _count(rate: float, n: int) -> int:
    return max(1, round(rate * n)) if rate else 0


Found = Iterator[tuple[int, str, str]]


def exact_duplicate(cells, row, _turn, _instruments, _rng) -> Found:
    """The same row twice."""
    cells.loc[len(cells)] = cells.loc[row]
    yield len(cells) - 1, "", f"repeats position {row}"


def second_submission(cells, row, _turn, instruments, rng) -> Found:
    """The same person again, with a third of the answers as another person gave them."""
    scored = [item.id for item in _scored(instruments)]
    other = cells.loc[rng.integers(row), scored] if row else cells.loc[1, scored]
    new = cells.loc[row].copy()
    changed = [i for i, hit in zip(scored, rng.random(len(scored)) < 1 / 3, strict=True) if hit]
    new[changed] = other[changed]
    cells.loc[len(cells)] = new
    yield len(cells) - 1, "", f"second submission of the person at position {row}"


def straight_liner(cells, row, turn, instruments, rng) -> Found:
    """One answer throughout: in turn over the whole questionnaire, and over its longest instrument only."""
    items = _scored(instruments)
    if turn % 2:
        items = max((list(i.items) for i in instruments if i.scores), key=len)
    low, high = max(item.low for item in items), min(item.high for item in items)
    code = float(rng.integers(int(low), int(high) + 1))
    cells.loc[row, [item.id for item in items]] = code
    yield row, "", f"answer {code:g} to {len(items)} items"


def inattentive(cells, row, _turn, instruments, rng) -> Found:
    """Answers at random, and at least one instructed item failed."""
    _answer_at_random(cells, row, instruments, rng)
    instructed = [item for i in instruments for item in i.items if item.instructed is not None]
    failed = instructed[int(rng.integers(len(instructed)))]
    wrong = [v for v in np.arange(failed.low, failed.high + 1) if v != failed.instructed]
    cells.loc[row, failed.id] = rng.choice(wrong)
    yield row, failed.id, f"{cells.loc[row, failed.id]:g} instead of {failed.instructed:g}"


def speeder(cells, row, _turn, instruments, rng) -> Found:
    """Answers at random in less time than reading takes; instructed items are answered as told."""
    _answer_at_random(cells, row, instruments, rng)
    cells.loc[row, "duration_seconds"] = float(rng.integers(*SPEEDER_SECONDS))
    yield row, "duration_seconds", f"{cells.loc[row, 'duration_seconds']:g} seconds"


def out_of_range(cells, row, _turn, instruments, rng) -> Found:
    """One cell that the item's range does not hold."""
    column = _answered(cells, row, instruments, rng)
    cells.loc[row, column] = OUT_OF_RANGE
    yield row, column, f"{OUT_OF_RANGE:g}"


def missing_code(cells, row, _turn, instruments, rng) -> Found:
    """One answer replaced by the code that the sidecar declares as missing."""
    column = _answered(cells, row, instruments, rng)
    cells.loc[row, column] = MISSING_CODE
    yield row, column, f"{MISSING_CODE:g}"


# Rows are repeated last, so that a repeated row is never a spoilt one.
SPOIL = {
    "straight_liner": straight_liner, "inattentive": inattentive, "speeder": speeder, "out_of_range": out_of_range,
    "missing_code": missing_code, "exact_duplicate": exact_duplicate, "second_submission": second_submission,
}  # fmt: skip


def _scored(instruments: Sequence[Instrument]) -> list[Item]:
    return [item for instrument in instruments if instrument.scores for item in instrument.items]


def _answer_at_random(cells: pd.DataFrame, row: int, instruments: Sequence[Instrument], rng: np.random.Generator) -> None:
    for item in _scored(instruments):
        cells.loc[row, item.id] = float(rng.integers(int(item.low), int(item.high) + 1))


def _answered(cells: pd.DataFrame, row: int, instruments: Sequence[Instrument], rng: np.random.Generator) -> str:
    """A scored item with numeric codes that this person answered."""
    items = [item.id for item in _scored(instruments) if not item.not_applicable and not np.isnan(cells.loc[row, item.id])]
    return items[int(rng.integers(len(items)))]
