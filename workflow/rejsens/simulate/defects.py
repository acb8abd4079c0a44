"""What goes wrong between a person and an export: skipped answers at random, and defects planted one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument, Item

OUT_OF_RANGE = 11.0  # the answer 1, typed twice
MISSING_CODE = -99.0
SPEEDER_SECONDS = (35, 110)


def skip_answers(
    complete: pd.DataFrame,
    instruments: Sequence[Instrument],
    rates: Mapping[str, float],
    rng: np.random.Generator,
    modules: Sequence[Instrument] = (),
    streams: Mapping[str, np.random.Generator] | None = None,
) -> pd.DataFrame:
    """Blank cells completely at random: some people skip much, everybody refuses a little.

    complete   participant and one column per item
    rates      skippers, skipped, refused: see config/simulation.yaml
    modules    instruments whose cells come from streams of their own, by name; the same people skip there
    returns    the same shape; instructed items, times and what a platform draws stay
    """
    scored = [item.id for item in _scored(instruments)]
    asked = [*scored, *(c for c in ("age", "gender", "relationship_status") if c in complete)]
    skippers = rng.random(len(complete)) < rates["skippers"]
    skips = skippers[:, None] & (rng.random((len(complete), len(scored))) < rates["skipped"])
    refuses = rng.random((len(complete), len(asked))) < rates["refused"]
    cells = complete.copy()
    cells[asked] = cells[asked].mask(refuses)
    cells[scored] = cells[scored].mask(skips)
    for module in modules:
        items, own = [item.id for item in _scored([module])], (streams or {})[module.name]
        left_out = skippers[:, None] & (own.random((len(complete), len(items))) < rates["skipped"])
        left_out |= own.random((len(complete), len(items))) < rates["refused"]
        cells[items] = cells[items].mask(left_out)
    return cells


def plant(
    honest: pd.DataFrame,
    instruments: Sequence[Instrument],
    rates: Mapping[str, float],
    streams: tuple[np.random.Generator, np.random.Generator],
    modules: Sequence[Instrument] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plant every kind of defect in people of their own, so that no defect hides another.

    honest    participant and one column per item, one row per person
    rates     share of rows for each kind, at least one row where a share is above 0
    streams   of the defects; of what the spoilt rows hold in the cells of `modules`
    modules   instruments that only spoilt rows touch: no single cell is planted there
    returns   cells    the honest rows, some spoilt, with repeated rows at the end
              planted  kind, participant, position (row of `cells`, from 0), column ("" for a whole row), detail
    """
    wave = _Cells(honest, list(instruments), streams, list(modules))
    free = iter(streams[0].permutation(len(honest)).tolist())
    planted = [
        (kind, honest["participant"][row], *spoil(wave, row, turn))
        for kind, spoil in SPOIL.items()
        for turn, row in zip(range(_count(rates.get(kind, 0), len(honest))), free, strict=False)
    ]
    frame = pd.DataFrame(planted, columns=["kind", "participant", "position", "column", "detail"])
    return wave.frame(), frame.sort_values("position", ignore_index=True)


def _count(rate: float, n: int) -> int:
    return max(1, round(rate * n)) if rate else 0


class _Cells:
    """One wave's cells while they are being spoilt."""

    def __init__(
        self, honest: pd.DataFrame, instruments: list[Instrument], streams: Sequence[np.random.Generator],
        modules: list[Instrument],
    ):  # fmt: skip
        self.honest, self.instruments = honest, instruments
        self.rng, self.rng_of_modules = streams
        self.columns = list(honest.columns[1:])
        self.rows = list(honest[self.columns].to_numpy(dtype=float, copy=True))
        self.participants = honest["participant"].tolist()
        self.scored, self.behind = _scored(instruments), _scored(modules)
        self.instructed = [item for i in instruments for item in i.items if item.instructed is not None]

    def at(self, column: str) -> int:
        return self.columns.index(column)

    def places(self, items: Sequence[Item]) -> np.ndarray:
        return np.array([self.at(item.id) for item in items], dtype=int)

    def answer_at_random(self, row: int) -> None:
        """Every scored item of a row gets any of its codes."""
        for items, rng in ((self.scored, self.rng), (self.behind, self.rng_of_modules)):
            low, high = ([int(getattr(item, end)) for item in items] for end in ("low", "high"))
            self.rows[row][self.places(items)] = rng.integers(low, np.array(high, dtype=int) + 1).astype(float)

    def answered(self, row: int) -> str:
        """A scored item with numeric codes only that this person answered."""
        items = [i.id for i in self.scored if not i.not_applicable and not np.isnan(self.rows[row][self.at(i.id)])]
        return items[int(self.rng.integers(len(items)))] if items else self.scored[-1].id

    def append(self, row: int, answers: np.ndarray) -> int:
        self.rows.append(answers)
        self.participants.append(self.participants[row])
        return len(self.rows) - 1

    def frame(self) -> pd.DataFrame:
        frame = pd.DataFrame(np.vstack(self.rows), columns=self.columns)
        frame.insert(0, "participant", np.array(self.participants, dtype=object))
        return frame


Planted = tuple[int, str, str]  # position, column, detail


def exact_duplicate(wave: _Cells, row: int, _turn: int) -> Planted:
    """The same row twice."""
    return wave.append(row, wave.rows[row].copy()), "", f"repeats position {row}"


def second_submission(wave: _Cells, row: int, _turn: int) -> Planted:
    """The same person again, with a third of the answers as another person gave them."""
    other = int(wave.rng.integers(len(wave.honest)))
    drawn = [(wave.places(wave.scored), wave.rng), (wave.places(wave.behind), wave.rng_of_modules)]
    changed = np.concatenate([places[rng.random(len(places)) < 1 / 3] for places, rng in drawn])
    answers = wave.rows[row].copy()
    answers[changed] = wave.honest.iloc[other, 1 + changed].to_numpy(dtype=float)
    return wave.append(row, answers), "", f"second submission of the person at position {row}"


def straight_liner(wave: _Cells, row: int, turn: int) -> Planted:
    """One answer throughout: in turn over the whole questionnaire, and over its longest instrument only."""
    longest = max((list(i.items) for i in wave.instruments if i.scores), key=len)
    items = longest if turn % 2 else wave.scored
    low, high = max(item.low for item in items), min(item.high for item in items)
    code = float(wave.rng.integers(int(low), int(high) + 1))
    wave.rows[row][wave.places(items)] = code
    if items is wave.scored:
        wave.rows[row][wave.places(wave.behind)] = code
        items = [*items, *wave.behind]
    return row, "", f"answer {code:g} to {len(items)} items"


def inattentive(wave: _Cells, row: int, _turn: int) -> Planted:
    """Answers at random, and an instructed item failed."""
    wave.answer_at_random(row)
    failed = wave.instructed[int(wave.rng.integers(len(wave.instructed)))]
    wrong = [code for code in np.arange(failed.low, failed.high + 1) if code != failed.instructed]
    given = float(wave.rng.choice(wrong))
    wave.rows[row][wave.at(failed.id)] = given
    return row, failed.id, f"{given:g} instead of {failed.instructed:g}"


def speeder(wave: _Cells, row: int, _turn: int) -> Planted:
    """Answers at random in less time than reading takes; instructed items are answered as told."""
    wave.answer_at_random(row)
    seconds = float(wave.rng.integers(*SPEEDER_SECONDS))
    wave.rows[row][wave.at("duration_seconds")] = seconds
    return row, "duration_seconds", f"{seconds:g} seconds"


def out_of_range(wave: _Cells, row: int, _turn: int) -> Planted:
    """One cell that the item's range does not hold."""
    column = wave.answered(row)
    wave.rows[row][wave.at(column)] = OUT_OF_RANGE
    return row, column, f"{OUT_OF_RANGE:g}"


def missing_code(wave: _Cells, row: int, _turn: int) -> Planted:
    """One answer replaced by the code that the sidecar declares as missing."""
    column = wave.answered(row)
    wave.rows[row][wave.at(column)] = MISSING_CODE
    return row, column, f"{MISSING_CODE:g}"


# Rows are repeated last, so that a repeated row is never a spoilt one.
SPOIL: dict[str, Callable[[_Cells, int, int], Planted]] = {
    "straight_liner": straight_liner, "inattentive": inattentive, "speeder": speeder, "out_of_range": out_of_range,
    "missing_code": missing_code, "exact_duplicate": exact_duplicate, "second_submission": second_submission,
}  # fmt: skip


def _scored(instruments: Sequence[Instrument]) -> list[Item]:
    return [item for instrument in instruments if instrument.scores for item in instrument.items]
