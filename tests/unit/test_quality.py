"""Screening: each check on a table small enough to see, and a ledger whose counts add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejsens.administration import administer
from rejsens.definitions import Instrument, instrument_from
from rejsens.quality import CHECKS, clicked, longest_run, response_variability, screen

NAN = float("nan")


def scale(name: str, n: int, low: int = 1, high: int = 5, reverse: tuple[int, ...] = (), **more: Any) -> Instrument:
    items = [{"id": f"{name}_{i:02}", "label": f"item_{i}", "reverse": i in reverse} for i in range(1, n + 1)]
    score = {
        "id": name,
        "label": name,
        "method": "mean",
        "min_answered": n,
        "range": [low, high],
        "higher_means": "more",
        "model": "reflective",
    }
    return instrument_from(
        {
            "id": name,
            "title": name,
            "version": "1",
            "answers": {"min": low, "max": high},
            "items": items,
            "scores": [score],
        }
        | more
    )


def unscored(items: list[dict]) -> Instrument:
    return instrument_from(
        {"id": "background", "title": "Background", "version": "1", "answers": {"min": 0, "max": 99}, "items": items}
    )


def people(**columns: list) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    defaults = {"participant": [f"p{i}" for i in range(n)], "row": np.arange(n) + 2}
    return pd.DataFrame(
        defaults | {c: v if c == "participant" else np.array(v, dtype=float) for c, v in columns.items()}
    )


def answered(instrument: Instrument, rows: list[list[float]]) -> pd.DataFrame:
    """Answers in the order in which the instrument presents its items."""
    return people(**dict(zip(instrument.columns, map(list, zip(*rows, strict=True)), strict=True)))


def rule(check: str, action: str = "exclude", name: str | None = None, **settings: Any) -> dict[str, Any]:
    return {"id": name or check, "label": f"Label of {name or check}", "check": check, "action": action, **settings}


def hits(answers: pd.DataFrame, instruments: list[Instrument], **settings: Any) -> list[bool]:
    return CHECKS[settings["check"]](answers, instruments, settings).tolist()


# --- one check at a time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep", "expected"), [("first", [0, 0, 1, 0, 1]), ("last", [1, 0, 1, 0, 0]), (None, [0, 0, 1, 0, 1])]
)
def test_duplicates_but_the_first_or_the_last(keep: str | None, expected: list[int]) -> None:
    answers = people(participant=["ann", "bob", "ann", "eve", "ann"])
    settings = {"keep": keep} if keep else {}
    assert hits(answers, [], check="duplicate_participant", **settings) == [bool(x) for x in expected]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"equals": 18}, [18]), ({"one_of": [17, 19]}, [17, 19]), ({"above": 18}, [19, 20]), ({"at_least": 18}, [18, 19, 20]),
        ({"below": 18}, [17]), ({"at_most": 18}, [17, 18]), ({"above": 17, "below": 20}, [18, 19]), ({"at_least": 18, "at_most": 19}, [18, 19]),
    ],
)  # fmt: skip
def test_a_condition_excludes_who_does_not_meet_it_and_who_did_not_answer(settings: dict, kept: list[int]) -> None:
    ages = [17, 18, 19, 20, NAN]
    excluded = hits(people(age=ages), [], check="condition", column="age", **settings)
    assert [age for age, out in zip(ages, excluded, strict=True) if not out] == kept


@pytest.mark.parametrize(
    ("at_least", "expected"), [(1, [0, 1, 1, 0, 0, 1]), (2, [0, 0, 1, 0, 0, 0]), (None, [0, 1, 1, 0, 0, 1])]
)
def test_instructed_items_count_wrong_answers_and_not_blanks(at_least: int | None, expected: list[int]) -> None:
    checks = unscored([{"id": "q_01", "label": "choose_2", "instructed": 2}, {"id": "q_02", "label": "choose_5", "instructed": 5},
                       {"id": "q_03", "label": "anything"}])  # fmt: skip
    answers = people(q_01=[2, 3, 3, 2, NAN, NAN], q_02=[5, 5, 1, NAN, NAN, 4], q_03=[0, 0, 0, 0, 0, 0])
    settings = {"failed_at_least": at_least} if at_least else {}
    assert hits(answers, [checks], check="instructed_items", **settings) == [bool(x) for x in expected]


def test_a_missing_time_flags_nobody_and_the_limit_itself_is_fast_enough() -> None:
    answers = people(seconds=[119.9, 120, 121, NAN])
    assert hits(answers, [], check="duration", column="seconds", below=120) == [True, False, False, False]


def test_the_longest_run_by_hand() -> None:
    s = scale("s", 6)
    answers = answered(s, [
        [1, 1, 1, 2, 2, 1],      # three ones
        [1, 2, 3, 4, 5, 1],      # never twice
        [4, 4, 4, 4, 4, 4],      # all six
        [4, 4, NAN, 4, 4, 4],    # a blank ends the run
        [NAN] * 6,               # nothing answered
        [5, 1, 1, 1, 1, 5],      # four in the middle
    ])  # fmt: skip
    assert longest_run(answers, [s]).tolist() == [3, 1, 6, 3, 0, 4]
    assert hits(answers, [s], check="long_string", at_least=4) == [False, False, True, False, False, True]


def test_a_run_goes_on_across_scales_of_one_range_and_ends_where_the_range_changes() -> None:
    first, same, other = scale("a", 2), scale("b", 2), scale("c", 3, low=0, high=5)
    answers = pd.concat(
        [answered(first, [[3, 3]]), answered(same, [[3, 3]]).iloc[:, 2:], answered(other, [[3, 3, 3]]).iloc[:, 2:]],
        axis=1,
    )
    assert longest_run(answers, [first, same]).tolist() == [4]
    assert longest_run(answers, [first, same, other]).tolist() == [4]  # 4, then a run of 3 of its own
    assert longest_run(answers, [other, first, same]).tolist() == [4]


def test_a_run_follows_the_order_in_which_the_items_were_shown() -> None:
    names = ["s_01", "s_02", "s_03", "s_04"]
    s = scale("s", 4, orders={"A": names, "B": ["s_01", "s_03", "s_02", "s_04"]})
    answers = people(s_01=[2], s_02=[5], s_03=[2], s_04=[5])
    assert longest_run(answers, [administer(s, order="A")]).tolist() == [1]
    assert longest_run(answers, [administer(s, order="B")]).tolist() == [2]


def test_unscored_questions_are_no_part_of_a_run() -> None:
    s, background = scale("s", 2), unscored([{"id": "age", "label": "age"}])
    answers = people(s_01=[3], age=[30], s_02=[3])
    assert longest_run(answers, [s, background]).tolist() == [2]


def test_a_straight_liner_is_seen_behind_items_that_are_stored_reversed() -> None:
    """Someone who clicks 1 throughout is stored as 1 5 1 5 when items 2 and 4 are stored reversed."""
    s = scale("s", 4, reverse=(2, 4))
    stored = administer(s, already_reversed="all")
    answers = answered(s, [[1, 5, 1, 5]])
    assert longest_run(answers, [stored]).tolist() == [4]
    assert longest_run(answers, [s]).tolist() == [1]
    assert response_variability(answers, [stored]).tolist() == [0]
    item = stored.item("s_02")
    as_clicked = [
        clicked(answers, "s_02", one).tolist()
        for one in (item, replace(item, reverse=False), replace(item, already_reversed=False))
    ]
    assert as_clicked == [[1], [5], [5]]  # only what is both keyed and stored the other way round is turned back
    assert response_variability(answers, [s])[0] > 0.5


def test_response_variability_is_numpys_sd_of_the_answers_mapped_to_0_and_1() -> None:
    rng = np.random.default_rng(11)
    instruments = [scale("a", 5), scale("b", 4, low=0, high=3), scale("c", 3, low=-3, high=3, reverse=(2,))]
    items = [item for instrument in instruments for item in instrument.items]
    columns = {i.id: rng.integers(i.low, i.high + 1, 50).astype(float) for i in items}
    for column in columns.values():
        column[rng.random(50) < 0.2] = NAN
    answers = people(**{name: list(values) for name, values in columns.items()})
    answers.loc[0, list(columns)] = NAN
    answers.loc[1, list(columns)[1:]] = NAN

    found = response_variability(answers, instruments)

    assert np.isnan(found[:2]).all()  # nothing, or one answer
    for person in range(2, 50):
        mapped = [
            (answers.loc[person, i.id] - i.low) / (i.high - i.low)
            for i in items
            if not np.isnan(answers.loc[person, i.id])
        ]
        assert found[person] == pytest.approx(np.std(mapped, ddof=1), abs=1e-12)


@given(st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_response_variability_does_not_depend_on_order_or_direction(row: list[int]) -> None:
    s = scale("s", 6)
    shuffled, turned = sorted(row), [6 - x for x in row]
    a, b, c = response_variability(answered(s, [row, shuffled, turned]), [s])
    assert a == pytest.approx(b, abs=1e-7) and a == pytest.approx(c, abs=1e-7)


def test_low_variability_flags_below_the_limit_and_never_who_answered_too_little() -> None:
    s = scale("s", 4)
    answers = answered(s, [[3, 3, 3, 3], [1, 5, 1, 5], [3, NAN, NAN, NAN], [2, 2, 2, 3]])  # SD 0, .577, none, .125
    assert hits(answers, [s], check="intra_individual_variability", below=0.2) == [True, False, False, True]
    assert hits(answers, [s], check="intra_individual_variability", below=0.125) == [True, False, False, False]


def test_two_answers_are_enough_for_a_spread() -> None:
    s = scale("s", 2)
    assert response_variability(answered(s, [[1, 5]]), [s]) == pytest.approx([0.5**0.5])


# --- all checks, in order --------------------------------------------------------------------------------------------

S = scale("s", 4)
EIGHT = people(
    participant=["a", "b", "b", "c", "d", "e", "f", "g"],
    consent=[1, 0, 1, 1, 1, 1, 0, 1],
    age=[30, 30, 30, 17, 40, NAN, 17, 50],
    s_01=[1, 1, 2, 1, 3, 1, 3, 1], s_02=[2, 2, 4, 3, 3, 5, 3, 2], s_03=[3, 1, 1, 5, 3, 2, 3, 4], s_04=[4, 5, 3, 2, 3, 3, 3, 5],
)  # fmt: skip
RULES = [
    rule("condition", name="consent", column="consent", equals=1), rule("duplicate_participant", name="duplicate"),
    rule("condition", name="adult", column="age", at_least=18), rule("long_string", action="flag", at_least=4),
]  # fmt: skip


def test_the_ledger_by_hand() -> None:
    flow, quality, rows = screen(EIGHT, [S], RULES, "w1")
    # consent: b's first row and f leave; then b's second row is the first one left; then c (17) and e (no age)
    assert flow[["order", "rule", "n_excluded", "n_remaining"]].to_numpy().tolist() == [
        [0, "raw", 0, 8], [1, "consent", 2, 6], [2, "duplicate", 0, 6], [3, "adult", 2, 4],
    ]  # fmt: skip
    assert rows["excluded_by"].tolist() == ["", "consent", "", "adult", "", "adult", "consent", ""]
    assert (
        rows["participant"].tolist() == EIGHT["participant"].tolist() and rows["row"].tolist() == EIGHT["row"].tolist()
    )
    # the flag comes last: of d and f, who never change their answer, only d is still there to be counted
    assert quality[["check", "n_checked", "n_flagged", "action", "reason"]].to_numpy().tolist() == [
        ["consent", 8, 2, "exclude", ""], ["duplicate", 6, 0, "exclude", ""], ["adult", 6, 2, "exclude", ""], ["long_string", 4, 1, "flag", ""],
    ]  # fmt: skip
    assert rows["long_string"].tolist() == [p == "d" for p in EIGHT["participant"]]
    assert flow["label"].tolist() == [
        "Rows in the export",
        *(f"Label of {name}" for name in ("consent", "duplicate", "adult")),
    ]
    assert set(flow["wave"]) == set(quality["wave"]) == {"w1"}


def test_the_order_of_the_rules_decides_which_rule_a_row_leaves_by_and_who_stays() -> None:
    turned = screen(EIGHT, [S], [RULES[1], RULES[2], RULES[0]], "w1")
    assert turned[0][["rule", "n_excluded"]].to_numpy().tolist() == [
        ["raw", 0],
        ["duplicate", 1],
        ["adult", 3],
        ["consent", 1],
    ]
    # duplicates first: b's second row leaves as a duplicate, then b's first row for want of consent
    assert turned[2]["excluded_by"].tolist() == ["", "consent", "duplicate", "adult", "", "adult", "adult", ""]


def test_a_person_who_starts_twice_keeps_the_row_that_may_count() -> None:
    """The first row left for want of consent; the second, complete one is then no duplicate of anybody."""
    answers = people(participant=["b", "b", "b"], consent=[0, 1, 1])
    rows = screen(answers, [], [RULES[0], rule("duplicate_participant", keep="first")], "w1")[2]
    assert rows["excluded_by"].tolist() == ["consent", "", "duplicate_participant"]
    rows = screen(answers, [], [RULES[0], rule("duplicate_participant", keep="last")], "w1")[2]
    assert rows["excluded_by"].tolist() == ["consent", "duplicate_participant", ""]


def test_flagging_removes_nobody_and_stands_in_no_ledger() -> None:
    flow, quality, rows = screen(EIGHT, [S], [r | {"action": "flag"} for r in RULES], "w1")
    assert flow["rule"].tolist() == ["raw"]
    assert (rows["excluded_by"] == "").all()
    assert quality["n_checked"].tolist() == [8] * 4 and quality["n_flagged"].tolist() == [2, 1, 3, 2]


@pytest.mark.parametrize(
    ("unable", "reason"),
    [
        (rule("condition", column="agee", above=18), "“agee” was not asked"),
        (rule("duration", column="seconds", below=120), "“seconds” was not asked"),
        (rule("instructed_items"), "no instructed item was asked"),
        (rule("long_string", at_least=3), "no scored instrument was asked"),
        (rule("intra_individual_variability", below=0.2), "fewer than two scored items were asked"),
    ],
)
def test_a_check_that_could_not_run_says_so_and_removes_nobody(unable: dict, reason: str) -> None:
    flow, quality, rows = screen(people(age=[30, 40]), [unscored([{"id": "age", "label": "age"}])], [unable], "w1")
    assert quality.loc[0, ["n_checked", "n_flagged", "reason"]].tolist() == [0, 0, f"could not run: {reason}"]
    assert flow["n_remaining"].tolist() == [2, 2] and (rows["excluded_by"] == "").all()


def test_a_rule_of_other_waves_leaves_this_one_alone() -> None:
    rules = [RULES[0] | {"waves": ["w2", "w3"]}, RULES[2] | {"waves": ["w1"]}]
    flow, quality, _ = screen(EIGHT, [S], rules, "w1")
    assert flow["rule"].tolist() == ["raw", "adult"] and quality["check"].tolist() == ["adult"]


@given(st.permutations(RULES), st.lists(st.integers(0, 7), max_size=20))
def test_whatever_the_order_the_ledger_adds_up_to_the_raw_rows(rules: list[dict], drawn: list[int]) -> None:
    answers = EIGHT.iloc[drawn].reset_index(drop=True).assign(row=np.arange(len(drawn)) + 2)
    flow, quality, rows = screen(answers, [S], rules, "w1")
    assert flow["n_remaining"].iloc[0] == len(drawn)
    assert (flow["n_remaining"].iloc[0] - flow["n_excluded"].cumsum() == flow["n_remaining"]).all()
    assert flow["n_remaining"].iloc[-1] == (rows["excluded_by"] == "").sum()
    assert rows["excluded_by"].value_counts().drop("", errors="ignore").to_dict() == {
        r.rule: r.n_excluded for r in flow.itertuples() if r.n_excluded
    }
    assert len(quality) == len(rules)
    kept = rows.loc[rows["excluded_by"] == "", "participant"]
    assert kept.is_unique
