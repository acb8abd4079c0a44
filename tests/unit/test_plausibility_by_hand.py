"""Answers made so that one check must see one thing: shifted means, unused codes, exports that were cut, turned scores."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.faults.small_study import sheet, sidecar

from rejsens.check import check
from rejsens.definitions import Instrument, load_instruments
from rejsens.plausibility import Answered
from rejsens.plausibility.columns import codes, constant, missing_code, shifted_columns
from rejsens.plausibility.export import _cut_off
from rejsens.plausibility.keying import items_turned, scale_turned

SHIPPED = load_instruments(only=["rses", "gad7", "ucla3", "background"])
RSES, GAD7 = (replace(SHIPPED[name]) for name in ("rses", "gad7"))


@pytest.fixture
def study(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "study"))


def wave(instrument: Instrument, values: np.ndarray, name: str = "w1", **scores: np.ndarray) -> Answered:
    """Nobody is in two of these waves."""
    n = len(values)
    answers = {item.id: values[:, k].astype(float) for k, item in enumerate(instrument.items)}
    people = np.array([f"{name}-{k}" for k in range(n)], dtype=object)
    return Answered(name, int(name[1:]), "wave", (instrument,), people, np.arange(n) + 2, answers, scores)


def with_means(n: int, means: np.ndarray, seed: int) -> np.ndarray:
    noise = 0.4 * np.random.default_rng(seed).normal(size=(n, len(means)))
    return np.clip(np.round(means + noise), 1, 4)


@pytest.mark.parametrize(("by", "side"), [(-1, "next"), (1, "previous")])
def test_means_that_moved_by_one_column_are_seen_without_anybody_in_both_waves(by: int, side: str) -> None:
    means = np.array([1.2, 3.6, 1.6, 3.9, 2.1, 1.1, 3.1, 1.4, 3.8, 2.4])
    before, moved = wave(RSES, with_means(200, means, 1)), wave(RSES, with_means(200, np.roll(means, by), 2), "w2")
    found = [notice for notice in shifted_columns(moved, before) if notice.measure == "r"]
    profile = [np.column_stack(list(w.answers.values())).mean(axis=0) for w in (moved, before)]
    now, then = (profile[0][:-1], profile[1][1:]) if by < 0 else (profile[0][1:], profile[1][:-1])
    assert len(found) == 1 and found[0].value == pytest.approx(np.corrcoef(now, then)[0, 1])
    assert f"follow those of the {side} question in wave w1" in found[0].finding and "over 9 items" in found[0].finding
    assert not [n for n in shifted_columns(replace(before, name="w2"), before) if n.measure == "r"]


def test_a_lowest_code_that_nobody_ever_uses_is_seen_in_a_first_wave() -> None:
    """Codes 1 to 4 read as 0 to 3 in a platform's export: 7 items of 60 people, and the lowest of four is never given."""
    values = np.random.default_rng(3).integers(1, 4, (60, 7))
    [notice] = codes(wave(GAD7, values), None)
    assert "nobody gave the lowest code, 0, in 420 answers to 7 items; every other code is higher" in notice.finding
    values[0, 0] = 0
    assert not list(codes(wave(GAD7, values), None))
    assert not list(codes(wave(GAD7, np.random.default_rng(3).integers(1, 4, (42, 7))), None))  # 294 answers


def test_a_number_that_stands_for_no_answer_is_told_from_a_great_age() -> None:
    background = SHIPPED["background"]
    age = next(item for item in background.items if item.id == "age")
    only = replace(background, items=(age,))
    ages = np.random.default_rng(4).integers(19, 60, 60).astype(float)
    [notice] = missing_code(wave(only, np.append(ages, [99, 99, 99])[:, None]), None)
    assert notice.finding == "3 people gave 99, far above every other answer"
    old = np.append(np.linspace(60, 97, 60).round(), [99, 99, 99])
    assert not list(missing_code(wave(only, old[:, None]), None))
    assert not list(missing_code(wave(only, np.append(ages, [99, 99])[:, None]), None))


def test_a_wave_of_nobody_is_not_said_to_lack_answers() -> None:
    assert not list(constant(wave(GAD7, np.empty((0, 7))), None))
    assert [n.check for n in constant(wave(GAD7, np.full((3, 7), np.nan)), None)] == ["constant"]


@pytest.mark.parametrize(("last", "seen"), [(65_536, True), (1_048_576, True), (65_537, False), (65_535, False)])
def test_an_export_that_ends_where_a_spreadsheet_ends_is_told(last: int, seen: bool) -> None:
    """Row 1 holds the names, so that an .xls sheet holds 65,535 people and an .xlsx sheet 1,048,575."""
    found = list(_cut_off("w1", np.arange(2, last + 1)))
    assert bool(found) is seen and all(notice.n == last - 1 for notice in found)
    assert not list(_cut_off("w1", np.arange(0)))


@pytest.mark.parametrize("stored", [False, True])
def test_one_turned_item_is_told_by_what_is_declared_of_it(stored: bool) -> None:
    """Nine items go with the trait as keyed, one against it: stored turned and turned again, or declared and not so."""
    rng = np.random.default_rng(5)
    turned = next(k for k, item in enumerate(RSES.items) if item.reverse)
    trait = rng.normal(size=(150, 1))
    keyed = np.clip(np.round(2.5 + 0.8 * trait + 0.6 * rng.normal(size=(150, 10))), 1, 4)
    values = np.where([item.reverse for item in RSES.items], 5 - keyed, keyed)
    values[:, turned] = 5 - values[:, turned]
    items = tuple(replace(item, already_reversed=stored and k == turned) for k, item in enumerate(RSES.items))
    if stored:  # as it was given, though it is declared as stored reversed
        values[:, turned] = 5 - keyed[:, turned]
    own = replace(RSES, items=items, order=None)
    [notice] = [n for n in items_turned(wave(own, values)) if n.measure == "r"]
    assert notice.variable == RSES.items[turned].id and notice.value < notice.ci_high < 0
    said = (
        "it is declared as stored reversed" if stored else "it is a reversed item: stored reversed, and reversed again?"
    )
    assert said in notice.finding


def test_of_two_scores_with_a_wrong_sign_neither_is_blamed_alone() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=200)
    one, other = GAD7.scores[0], RSES.scores[0]
    assert other.expects or one.expects
    pair = next((s, name) for s in (one, other) for name in s.expects if name in (one.id, other.id))
    assert pair[0].expects[pair[1]] == "negative"
    y = x + 0.5 * rng.normal(size=200)
    both = replace(wave(GAD7, rng.integers(0, 4, (200, 7))), instruments=(GAD7, RSES), scores={one.id: x, other.id: y})
    [notice] = [n for n in scale_turned(both, None) if n.measure == "r"]
    assert notice.value == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert (
        set(notice.variable.split(" or ")) == {one.id, other.id} and "one of them looks turned round" in notice.finding
    )


# --- exports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("descends", "moved", "said"), [
    (False, lambda x: x - 1, "answers are 0 and nobody gave 3: coded 0 to 2 instead of 1 to 3?"),
    (False, lambda x: x + 1, "answers are 4 and nobody gave 1: coded 2 to 4 instead of 1 to 3?"),
    (True, lambda x: 3 - x, "answers are 0 and nobody gave 3: coded 0 to 2 instead of 1 to 3?"),
    (True, lambda x: 5 - x, "answers are 4 and nobody gave 1: coded 2 to 4 instead of 1 to 3?"),
])  # fmt: skip
def test_another_coding_is_told_in_the_codes_of_the_export(study: Path, descends: bool, moved, said: str) -> None:
    """Whichever way the codes run, the researcher looks for these numbers in the export."""
    with sidecar(study, "w1") as content:
        entry = next(e for e in content["instruments"] if e["id"] == "ucla3")
        entry["anchor_direction"] = "descending" if descends else "ascending"
    with sheet(study, "w1") as s:
        s.each([f"ucla3_{k:02}" for k in (1, 2, 3)], lambda cell: moved(int(cell)))
    notices = [f.evidence.finding for f in check(study).notices if f.evidence.check == "codes"]
    assert len(notices) == 1 and notices[0].endswith(said)


def test_dates_that_nobody_can_read_are_said_not_to_have_been_looked_at(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.put("StartDate", ["some day"] * len(s.rows))
    found = check(study)
    assert not [f for f in found.notices if f.evidence.check == "dates"]
    [said] = [notice for notice in found.not_run if notice.check == "dates"]
    assert said.wave == "w1" and said.finding == "could not run: no cell of StartDate is a date that can be read"
