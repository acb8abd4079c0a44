"""Whole rows that stand twice: different people with the same answers, and another wave's answers pasted in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rejsens.plausibility.model import Answered, Notice, not_run

MIN_ITEMS = 10  # fewer answers may be equal by chance
FEW, SHARE = 3, 0.05


def empty_rows(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """People who count as participants and answered no item of any scale."""
    items = list(wave.scored_items())
    empty = np.flatnonzero(np.isnan(wave.table(items)).all(axis=1)) if items else np.array([], dtype=int)
    if len(empty):
        hold = "holds" if len(empty) == 1 else "hold"
        text = f"{len(empty):,} of {wave.n:,} rows {hold} no answer to any of the {len(items)} items of scales"
        advice = "notes and totals under a table look like this; for people who stopped, a screening rule says that they are set aside"
        yield Notice(
            wave.name, "empty_rows", "", text, advice, wave.n, "share", len(empty) / wave.n, people=wave.who(empty)
        )  # fmt: skip


def same_rows(wave: Answered, before: Answered | None) -> Iterator[Notice]:
    """People under different ids whose answers to everything are the same."""
    items, scored = list(wave.items()), list(wave.scored_items())
    if len(scored) < MIN_ITEMS:
        yield not_run(wave.name, "same_rows", f"{len(scored)} items of scales were asked, {MIN_ITEMS} are needed")
        return
    positions, keys = _keys(wave, items, scored)
    _, first = np.unique(keys, return_index=True)
    twice = np.delete(positions, first)
    if len(twice):
        text = (
            f"{len(twice):,} of {wave.n:,} rows repeat the {len(items)} answers of another participant"
            if len(twice) > 1
            else f"1 of {wave.n:,} rows repeats the {len(items)} answers of another participant"
        )
        advice = "look whether rows were copied, or two files that share people were put one under the other"
        yield Notice(
            wave.name, "same_rows", "", text, advice, wave.n, "count", len(twice), people=wave.who(twice)
        )  # fmt: skip


def old_rows(wave: Answered, earlier: Sequence[Answered]) -> Iterator[Notice]:
    """Rows whose answers to all items that another wave asked too stand there already."""
    for other in earlier:
        items = [i for i, item in wave.scored_items().items() if i in other.answers]
        if len(items) < MIN_ITEMS:
            reason = f"{len(items)} items were asked in wave {other.name} too, {MIN_ITEMS} are needed"
            yield not_run(wave.name, "old_rows", reason)
            continue
        positions, keys = _keys(wave, items, items)
        again = positions[np.isin(keys, _keys(other, items, items)[1])]
        if len(again) >= FEW and len(again) >= SHARE * min(wave.n, other.n):
            whole = "all" if len(again) == wave.n else f"{len(again):,} of"
            text = f"{whole} {wave.n:,} rows hold exactly the answers to {len(items)} items that stand in wave {other.name}"
            advice = (
                f"look whether (part of) the export of wave {other.name} was pasted in, or the wrong file was taken"
            )
            yield Notice(
                wave.name, "old_rows", "", text, advice, wave.n, "share", len(again) / wave.n,
                people=wave.who(again),
            )  # fmt: skip


def _keys(wave: Answered, items: Sequence[str], scored: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Positions and fingerprints of the rows with MIN_ITEMS answers to scales, three of them distinct.

    Straight-liners are equal to each other without having been copied.
    """
    named = (tuple(items), tuple(scored))
    if named not in wave.keys:
        wave.keys[named] = _work_out(wave, items, scored)
    return wave.keys[named]


def _work_out(wave: Answered, items: Sequence[str], scored: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    table = wave.table(scored)
    low, high = (end.reduce(table, axis=1)[:, None] for end in (np.fmin, np.fmax))
    enough = table.shape[1] - np.isnan(table).sum(axis=1) >= MIN_ITEMS
    chosen = np.flatnonzero(enough & ((table > low) & (table < high)).any(axis=1))
    return chosen, wave.fingerprints(items)[chosen]
