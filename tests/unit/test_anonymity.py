"""Classes of equals, what becomes of small ones, and the search of coarsenings: by hand, and against a count of every pair."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from rejsens.definitions import Item
from rejsens.sharing.anonymity import (
    NEVER,
    PastMending,
    People,
    Release,
    class_sizes,
    classes,
    coarsened,
    joint_classes,
    kept_rows,
    people_of,
    set_apart,
    shown_classes,
    too_few,
)
from rejsens.sharing.coarsening import Sought, ladder, search

SAMPLE = random.Random(5).sample


def people(ages: list[list[float]], retests: list[bool] | None = None, **more: list[list[float]]) -> People:
    """People by their ages in each wave; -1 is a wave that somebody did not take part in."""
    values = {name: np.array(v, float) for name, v in {"age": ages, **more}.items()}
    present = values["age"] != -1
    return People(
        np.array([f"p{i}" for i in range(len(ages))], dtype=object),
        tuple("abcdef"[: present.shape[1]]),
        present,
        {name: np.where(present, v, np.nan) for name, v in values.items()},
        np.array(retests or [False] * present.shape[1]),
    )


def sizes_by_pairs(who: People, release: Release, coarsening: dict) -> list[int]:
    """The size of everybody's class by comparing every two people cell by cell."""
    told = []
    for i in range(len(who.ids)):
        cells = []
        for w in range(len(who.waves)):
            if release.rows[i, w]:
                row = [
                    "?" if release.blank[i] else str(coarsened(v, release.rows, coarsening.get(n, {}))[i, w])
                    for n, v in who.values.items()
                ]
                cells.append((who.waves[w], tuple(row)))
        told.append(tuple(cells))
    return [sum(mine == other for other in told) for mine in told]


def whole(who: People) -> Release:
    return Release(who.present.copy(), np.zeros(len(who.ids), bool))


def never(who: People) -> np.ndarray:
    return np.full(len(who.ids), NEVER)


def test_people_are_one_record_over_their_waves():
    """Two people of one age are told apart by a wave that only one of them answered, and by an age that changed."""
    who = people([[30, 30], [30, 30], [30, -1], [30, 31]])
    assert class_sizes(shown_classes(who, whole(who), {})).tolist() == [2, 2, 1, 1]
    entry = {"age": {"at": "entry"}}
    assert class_sizes(shown_classes(who, whole(who), entry)).tolist() == [3, 3, 1, 3]


def test_a_question_left_out_is_no_wave_missed():
    who = people([[30, np.nan], [30, -1]])
    assert class_sizes(shown_classes(who, whole(who), {})).tolist() == [1, 1]


def test_people_without_an_answer_join_no_class_of_those_with_one():
    """Numbered as -1, a missing answer in one class stood for the last answer in the class before."""
    found = classes([np.array([1.0, 1.0, 2.0, 2.0, 2.0]), np.array([5.0, 7.0, np.nan, np.nan, 5.0])], 5)
    assert found.tolist() == [0, 1, 2, 2, 3]
    assert classes([np.array([pd.NA, 1, pd.NA], dtype=object)], 3).tolist() == [0, 1, 0]


def test_class_sizes_equal_a_count_of_every_pair():
    rng = np.random.default_rng(3)
    ages = rng.integers(20, 60, (150, 3)).astype(float)
    ages[rng.random(ages.shape) < 0.2] = -1
    who = people(ages.tolist(), gender=rng.integers(1, 3, (150, 3)).tolist())
    for coarsening in ({"age": {"bands": 20}}, {"age": {"bands": 30, "at": "entry"}, "gender": {"drop": True}}):
        release = Release(who.present, rng.random(150) < 0.1)
        held = ~release.gone
        found = class_sizes(shown_classes(who, release, coarsening))
        assert found[held].tolist() == np.array(sizes_by_pairs(who, release, coarsening))[held].tolist()
        assert found.min() < 3 < found.max()


def test_rows_after_a_gap_and_retests_are_not_shown():
    who = people([[1, 1, 1, 1], [1, -1, 1, 1], [-1, 1, 1, -1]], [False, True, False, False])
    assert kept_rows(who, "until_gap").astype(int).tolist() == [[1, 0, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0]]
    assert kept_rows(who, "first").astype(int).tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert kept_rows(who, "as_is").tolist() == who.present.tolist()


def test_open_ends_and_merged_categories():
    values = np.array([[17.0], [25.0], [64.0], [80.0]])
    rows = np.ones((4, 1), bool)
    assert coarsened(values, rows, {"bands": 20, "from": 20, "to": 60})[:, 0].tolist() == [0, 20, 60, 60]
    codes = np.array([[1.0], [3.0], [4.0], [np.nan]])
    assert coarsened(codes, rows, {"merge": {"other": [3, 4]}})[:3, 0].tolist() == [1, 3, 3]


def test_the_few_lose_their_background_together_with_enough_others():
    """Two people of 50 among four of 30, k = 3: blanked, they would be two, so one of the four is blanked with them."""
    who = people([[30.0]] * 4 + [[50.0]] * 2)
    release = set_apart(who, {}, who.present, 3, never(who), SAMPLE)
    assert release.blank[4:].all() and release.blank.sum() in (3, 6)
    assert class_sizes(shown_classes(who, release, {})).min() >= 3


def test_a_wave_that_nobody_else_answered_is_left_out():
    """One person alone went on to the second wave: no background to take away helps, so that row goes."""
    who = people([[30.0, -1]] * 4 + [[30.0, 30.0]])
    release = set_apart(who, {}, who.present, 3, never(who), SAMPLE)
    assert release.rows.sum() == 5 and not release.rows[:, 1].any()


def test_too_few_people_leave_nobody():
    who = people([[30.0]] * 2)
    assert set_apart(who, {}, who.present, 3, never(who), SAMPLE).gone.all()


@pytest.mark.parametrize("seed", range(4))
def test_no_small_class_is_ever_left(seed):
    rng = np.random.default_rng(seed)
    ages = rng.integers(20, 50, (200, 3)).astype(float)
    ages[rng.random(ages.shape) < 0.3] = -1
    who = people(ages.tolist())
    earlier = rng.integers(-1, 6, 200)
    rows = kept_rows(who, "as_is")
    release = set_apart(who, {"age": {"bands": 15}}, rows, 4, earlier, SAMPLE)
    shown = shown_classes(who, release, {"age": {"bands": 15}})
    assert not too_few(joint_classes(shown, earlier), release, earlier, 4).any()
    pairs = np.array(sizes_by_pairs(who, release, {"age": {"bands": 15}}))
    assert pairs[~release.gone].min() >= 4
    assert 0 < (release.blank | (release.rows != rows).any(axis=1)).sum() < 200


def test_one_who_left_does_not_leave_alone():
    """Six people of one class were shown; one withdrew. With k = 3 two more are left out, so that three may be the one."""
    who = people([[30.0]] * 6 + [[-1.0]])
    earlier = np.zeros(7, int)
    release = set_apart(who, {}, who.present, 3, earlier, SAMPLE)
    assert release.gone.sum() == 3 and release.gone[6]


def test_one_who_left_a_class_that_was_too_small_already_cannot_be_hidden():
    who = people([[30.0]] * 6 + [[-1.0]])
    with pytest.raises(PastMending):
        set_apart(who, {}, who.present, 3, np.array([0] * 6 + [1]), SAMPLE)


@pytest.mark.parametrize("seed", range(6))
def test_an_earlier_class_is_past_mending_when_it_is_smaller_than_k_whatever_is_coarsened(seed):
    rng = np.random.default_rng(seed)
    ages = rng.integers(20, 26, (60, 2)).astype(float)
    ages[rng.random(ages.shape) < 0.3] = -1
    who, earlier = people(ages.tolist()), rng.integers(-1, 12, 60)
    smallest = np.unique(earlier[earlier != NEVER], return_counts=True)[1].min()
    for coarsening in ({}, {"age": {"bands": 5}}, {"age": {"drop": True}}):
        for kept in ("as_is", "first"):
            set_apart(who, coarsening, kept_rows(who, kept), smallest, earlier, SAMPLE)
            with pytest.raises(PastMending):
                set_apart(who, coarsening, kept_rows(who, kept), smallest + 1, earlier, SAMPLE)


def test_people_from_a_table():
    frame = pd.DataFrame(
        {
            "participant": ["x", "y", "x"], "wave": ["a", "a", "b"], "wave_number": [1, 1, 2],
            "role": "wave", "age": [20.0, np.nan, 21.0],
        }
    )  # fmt: skip
    who = people_of(frame, ["age"])
    assert who.present.tolist() == [[True, True], [True, False]]
    assert who.values["age"][0].tolist() == [20, 21] and np.isnan(who.values["age"][1]).all()


# --- the search ------------------------------------------------------------------------------------------------------

AGE = Item("age", "age", 18, 110, type="number")
GENDER = Item("gender", "gender", 1, 3, type="category")


def offers(who: People, most: int, k: int = 3, items=(AGE, GENDER), declared=None, together=None):
    ladders = {
        i.id: ladder(i, who.values[i.id], who.present, (declared or {}).get(i.id, {}))
        for i in items
        if i.id in who.values
    }
    together = together or [[name] for name in ladders]
    return search(who, Sought(ladders, together, "as_is", k, never(who), most), SAMPLE)


def test_the_search_takes_the_least_that_is_enough():
    """Ages 20 to 49 once each, one gender: bands of five hold five people each, bands of ten hold ten."""
    who = people([[float(age)] for age in range(20, 50)], gender=[[1.0]] * 30)
    [best, *_] = offers(who, most=0)
    assert best.coarsening["age"]["bands"] == 5 and not best.coarsening["gender"]
    assert best.participation == "as_is" and best.touched == 0
    [best, *_] = offers(who, most=0, k=7)
    assert best.coarsening["age"]["bands"] == 10


def test_the_search_agrees_with_trying_everything():
    """Of every combination of rungs, none that is enough keeps more detail than the one offered."""
    rng = np.random.default_rng(11)
    who = people(rng.integers(20, 60, (60, 1)).astype(float).tolist(), gender=rng.integers(1, 4, (60, 1)).tolist())
    [best, *_] = offers(who, most=0, k=5)
    ladders = {i.id: ladder(i, who.values[i.id], who.present, {}) for i in (AGE, GENDER)}
    enough = [
        (a, g)
        for a, age in enumerate(ladders["age"])
        for g, gender in enumerate(ladders["gender"])
        if min(sizes_by_pairs(who, whole(who), {"age": age, "gender": gender})) >= 5
    ]
    chosen = tuple(ladders[name].index(best.coarsening[name]) for name in ("age", "gender"))
    assert chosen in enough
    assert not any(e != chosen and e[0] <= chosen[0] and e[1] < chosen[1] for e in enough)
    assert not any(e != chosen and e[0] < chosen[0] and e[1] <= chosen[1] for e in enough)


def test_the_search_says_when_nothing_is_enough():
    assert offers(people([[30.0]] * 2, gender=[[1.0]] * 2), most=0) == []


def test_what_is_dropped_already_is_no_end_of_the_search_for_the_other_boxes_of_its_question():
    """Box b is declared as dropped, and box a tells two people apart: it has to be dropped as well, and can be."""
    boxes = (Item("a", "a", 0, 1, type="category"), Item("b", "b", 0, 1, type="category"))
    who = people([[30.0]] * 6, a=[[1.0]] * 2 + [[0.0]] * 4, b=[[0.0], [1.0]] * 3)
    [best, *_] = offers(who, 0, 3, boxes, {"b": {"drop": True}}, [["a", "b"]])
    assert best.coarsening == {"a": {"drop": True}, "b": {"drop": True}}
    assert ladder(boxes[1], who.values["b"], who.present, {"drop": True}) == [{"drop": True}]


def test_rare_answers_are_merged_with_the_next_rarest():
    """One answer of 3 of 100 people cannot be merged alone; two of two answers are not merged, for nothing would be left."""
    one = np.array([[1.0]] * 60 + [[2.0]] * 37 + [[3.0]] * 3)
    rungs = ladder(GENDER, one, np.ones((100, 1), bool), {})
    assert {"merge": {"another answer": [2, 3]}, "at": "entry"} in rungs
    two = np.array([[1.0]] * 97 + [[2.0]] * 3)
    assert ladder(GENDER, two, np.ones((100, 1), bool), {}) == [{}, {"at": "entry"}, {"drop": True}]
    halves = np.array([[1.0]] * 94 + [[2.5]] * 3 + [[3.0]] * 3)
    assert ladder(GENDER, halves, np.ones((100, 1), bool), {})[2] == {
        "merge": {"another answer": [2.5, 3]},
        "at": "entry",
    }
    nobody = np.full((100, 1), np.nan)
    assert ladder(AGE, nobody, np.ones((100, 1), bool), {}) == [{}, {"at": "entry"}, {"drop": True}]


def test_many_quasi_identifiers_are_searched_by_their_ends_and_middles():
    """Six ladders of six rungs have 46,656 combinations; what is offered of the 729 that are looked at holds for everybody."""
    rng = np.random.default_rng(2)
    items = tuple(Item(name, name, 0, 99, type="number") for name in ("age", *"vwxyz"))
    values = {i.id: rng.integers(10, 90, (40, 1)).tolist() for i in items}
    who = people(values.pop("age"), **values)
    found = offers(who, most=0, k=4, items=items)
    assert found and all(offer.touched == 0 for offer in found)
    for offer in found:
        release = Release(kept_rows(who, offer.participation), np.zeros(40, bool))
        assert min(sizes_by_pairs(who, release, offer.coarsening)) >= 4
