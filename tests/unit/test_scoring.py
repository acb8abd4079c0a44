"""Scores by hand, and what must hold for any scale and any answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejsens.administration import administer
from rejsens.definitions import Instrument, instrument_from, load_instruments
from rejsens.problems import Refused
from rejsens.score_wave import compare_stored, wave_scores
from rejsens.scoring import keyed, keyed_values, score, units

NAN = float("nan")


def scale(n: int = 4, low: int = 1, high: int = 5, reverse: tuple[int, ...] = (), **entry: Any) -> Instrument:
    """A scale of n items with one score; `entry` overrides the score's settings."""
    method = entry.get("method", "mean")
    items = [{"id": f"s_{i:02}", "label": f"item_{i}", "reverse": i in reverse} for i in range(1, n + 1)]
    declared = {
        "id": "s",
        "label": "S",
        "method": method,
        "min_answered": n,
        "higher_means": "more",
        "model": "reflective",
    } | entry
    ends = {"mean": (low, high), "sum": (n * low, n * high), "count": (0, n), "max_share": (1 / n, 1)}.get(method)
    if method == "weighted_sum":
        ends = (n * min(entry["weights"].values()), n * max(entry["weights"].values()))
    times = declared.get("multiply", 1)
    declared["range"] = [ends[0] * times, ends[1] * times]
    return instrument_from(
        {
            "id": "s",
            "title": "S",
            "version": "1",
            "answers": {"min": low, "max": high},
            "items": items,
            "scores": [declared],
        }
    )


def product(n: int = 3, min_answered: int | None = None) -> Instrument:
    """n situations, concern times expectancy (7 minus the rated acceptance)."""
    items = [{"id": f"p_{i:02}_{part}", "label": f"{part}_{i}", "reverse": part == "acceptance"}
             for i in range(1, n + 1) for part in ("concern", "acceptance")]  # fmt: skip
    declared = {"id": "p", "label": "P", "method": "product_mean", "min_answered": min_answered or n, "range": [1, 36], "higher_means": "more",
                "model": "reflective", "pairs": [[f"p_{i:02}_concern", f"p_{i:02}_acceptance"] for i in range(1, n + 1)]}  # fmt: skip
    return instrument_from(
        {"id": "p", "title": "P", "version": "1", "answers": {"min": 1, "max": 6}, "items": items, "scores": [declared]}
    )


def answers(instrument: Instrument, *rows: list[float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=[item.id for item in instrument.items], dtype=float)


def scored(instrument: Instrument, *rows: list[float], absent: pd.DataFrame | None = None) -> pd.DataFrame:
    return score(answers(instrument, *rows), [instrument], absent)


def triple(frame: pd.DataFrame, name: str = "s") -> list[list]:
    return frame[[name, f"{name}__n_answered", f"{name}__prorated"]].to_numpy().tolist()


# --- reversal --------------------------------------------------------------------------------------------------------


def test_reversal_uses_the_declared_range_and_never_the_observed_one() -> None:
    s = scale(2, reverse=(2,))
    assert keyed(answers(s, [2, 2], [4, 4], [3, NAN]), s.items)["s_02_r"].tolist()[:2] == [4, 2]
    administered = administer(s, range=[-3, 3])
    assert keyed_values(answers(s, [0, 2], [0, -3]), administered.items[1]).tolist() == [-2, 3]


def test_another_range_is_that_of_the_scales_and_of_nothing_else() -> None:
    defined = instrument_from({
        "id": "s", "title": "S", "version": "1", "answers": {"min": 1, "max": 5},
        "items": [{"id": "s_01", "label": "a"},
                  {"id": "s_02", "label": "b", "type": "category", "answers": {"labels": {0: "no", 1: "yes"}}},
                  {"id": "s_03", "label": "c", "type": "number", "answers": {"min": 0, "max": 120}}],
    })  # fmt: skip
    scale_item, box, number = administer(defined, range=[1, 7]).items
    assert (scale_item.low, scale_item.high) == (1, 7)
    assert box.allowed == "0 (no), 1 (yes)" and (number.low, number.high) == (0, 120)


def test_items_stored_reversed_are_not_reversed_again() -> None:
    s = administer(scale(3, reverse=(1, 2)), already_reversed=["s_02"])
    assert keyed(answers(s, [5, 5, 5]), s.items).iloc[0].to_dict() == {"s_01_r": 1, "s_02": 5, "s_03": 5}


def test_a_mean_with_reversed_items_by_hand() -> None:
    # 4, 6 - 2, 5, 6 - 1: (4 + 4 + 5 + 5) / 4
    assert triple(scored(scale(4, reverse=(2, 4)), [4, 2, 5, 1])) == [[4.5, 4, False]]


ITEM = st.tuples(st.integers(-5, 5), st.integers(1, 9)).map(lambda ends: (ends[0], ends[0] + ends[1]))


@given(ITEM, st.data())
def test_reversing_twice_is_the_identity(ends: tuple[int, int], data: st.DataObject) -> None:
    s = scale(2, *ends, reverse=(1,))
    given_ = answers(s, *[[data.draw(st.one_of(st.integers(*ends), st.just(NAN))), ends[0]] for _ in range(5)])
    once = given_.assign(s_01=keyed_values(given_, s.items[0]))
    np.testing.assert_array_equal(keyed_values(once, s.items[0]), given_["s_01"].to_numpy())
    assert ((once["s_01"] >= ends[0]) & (once["s_01"] <= ends[1]) | once["s_01"].isna()).all()


# --- each method by hand ---------------------------------------------------------------------------------------------


def test_a_sum_is_prorated_from_the_items_answered_and_not_rounded() -> None:
    s = scale(5, low=0, high=3, method="sum", min_answered=4)
    found = scored(s, [3, 2, 1, 0, 1], [3, 2, 1, 1, NAN], [3, 2, 1, NAN, NAN], [NAN] * 5)
    assert triple(found)[:2] == [[7.0, 5, False], [8.75, 4, True]]  # 7 / 4 x 5
    assert found["s"].isna().tolist() == [False, False, True, True]
    assert found["s__n_answered"].tolist() == [5, 4, 3, 0]
    assert found["s__prorated"].tolist() == [False, True, False, False]  # what does not exist is not prorated


def test_a_mean_averages_what_was_answered() -> None:
    s = scale(5, min_answered=4, reverse=(1,))
    assert triple(scored(s, [2, 5, 4, 4, NAN])) == [[4.25, 4, True]]  # (4 + 5 + 4 + 4) / 4


def test_a_factor_multiplies_the_sum_and_its_range() -> None:
    s = scale(3, low=0, high=3, method="sum", multiply=2, min_answered=2)
    assert (s.scores[0].low, s.scores[0].high) == (0, 18)
    assert scored(s, [1, 2, 3], [1, 2, NAN])["s"].tolist() == [12, 9]


def test_a_product_score_is_the_mean_of_products_and_not_the_product_of_means() -> None:
    # concern 6 and 1, acceptance 1 and 6, so expectancy 6 and 1: (36 + 1) / 2 = 18.5; the means' product is 3.5 x 3.5 = 12.25
    found = scored(product(2), [6, 1, 1, 6])
    assert triple(found, "p") == [[18.5, 2, False]]
    assert found["p"][0] != 3.5 * 3.5


def test_a_product_score_counts_complete_pairs_only() -> None:
    p = product(3, min_answered=2)
    # pairs (2, 7 - 3 = 4) and (5, 7 - 5 = 2) count; the third lacks its concern: (8 + 10) / 2
    found = scored(p, [2, 3, 5, 5, NAN, 6], [2, 3, NAN, 5, NAN, 6])
    assert triple(found, "p")[0] == [9.0, 2, True]
    assert np.isnan(found["p"][1]) and found["p__n_answered"].tolist() == [2, 1]
    assert units(answers(p, [2, 3, 5, 5, NAN, 6]), p, p.scores[0]).iloc[0].tolist()[:2] == [8, 10]


def test_a_count_by_hand() -> None:
    s = scale(4, low=0, high=4, method="count", at_least=2, model="formative")
    assert scored(s, [0, 1, 2, 4], [2, 2, 2, 2], [0, 0, 0, 0])["s"].tolist() == [2, 4, 0]


def test_a_weighted_sum_by_hand() -> None:
    s = scale(3, low=0, high=2, method="weighted_sum", weights={0: 0, 1: 1.5, 2: 4}, model="formative")
    assert scored(s, [0, 1, 2], [2, 2, 2])["s"].tolist() == [5.5, 12]


def test_a_largest_share_by_hand() -> None:
    s = scale(4, low=0, high=4, method="max_share", model="formative")
    # 3 of 3 + 1 + 0 + 2; all alike, 1 of 4; all from one; nothing happened
    found = scored(s, [3, 1, 0, 2], [2, 2, 2, 2], [0, 0, 4, 0], [0, 0, 0, 0])
    assert found["s"].tolist()[:3] == [0.5, 0.25, 1]
    assert np.isnan(found["s"][3]) and found["s__n_answered"].tolist() == [4] * 4
    assert not found["s__prorated"].any()


def test_a_share_leaves_out_what_does_not_apply_and_is_missing_with_what_was_refused() -> None:
    s = scale(3, low=0, high=4, method="max_share", model="formative")
    absent = pd.DataFrame({"s_03": [True, True, False, True, True]})
    # 3 of 3 + 1; one source left, so all of it; refused; refused beside not applicable; none of the two that apply
    found = scored(s, [3, 1, NAN], [2, NAN, NAN], [3, 1, NAN], [NAN, 1, NAN], [0, 0, NAN], absent=absent)
    assert found["s"][0] == 0.75 and found["s"][1:].isna().all()
    one_left = pd.DataFrame({"s_02": [True], "s_03": [True]})
    assert scored(s, [2, NAN, NAN], absent=one_left)["s"].tolist() == [1.0]


def shares_of_means() -> Instrument:
    """Two sources of two items each; the share of their means."""
    mean = {"method": "mean", "min_answered": 2, "range": [0, 4], "higher_means": "", "model": "formative"}
    return instrument_from({
        "id": "t", "title": "T", "version": "1", "answers": {"min": 0, "max": 4},
        "items": [{"id": f"t_{source}{i}", "label": f"{source}{i}"} for source in "ab" for i in (1, 2)],
        "scores": [
            {"id": "t_a", "label": "A", "items": ["t_a1", "t_a2"], **mean},
            {"id": "t_b", "label": "B", "items": ["t_b1", "t_b2"], **mean},
            {"id": "t", "label": "T", "of": ["t_a", "t_b"], **mean, "method": "max_share", "range": [0.5, 1]},
        ],
    })  # fmt: skip


def test_a_share_of_scores_takes_their_means_and_leaves_out_a_source_that_does_not_exist() -> None:
    absent = pd.DataFrame({item: flags for item, flags in {
        "t_a1": [False] * 5, "t_a2": [False] * 5,
        "t_b1": [False, False, True, False, True], "t_b2": [False, True, True, False, False],
    }.items()})  # fmt: skip
    # 3 of 3 + 1 | b applies in part: 2 of 2 + 4 is not the larger, 4 of 6 | b absent: all of it | b refused | b refused in part
    rows = [[4, 2, 1, 1], [2, 2, 4, NAN], [1, 0, NAN, NAN], [1, 1, NAN, 1], [1, 1, NAN, NAN]]
    found = scored(shares_of_means(), *rows, absent=absent)
    assert found["t"].tolist()[:3] == pytest.approx([0.75, 2 / 3, 1], abs=1e-12)
    assert found["t"].isna().tolist() == [False, False, False, True, True]
    assert found["t__n_answered"].tolist() == [2, 2, 1, 1, 1]


@pytest.mark.parametrize("low", [1, -2])
def test_a_share_of_answers_without_a_zero_is_refused(low: int) -> None:
    with pytest.raises(Refused, match=f"(?s)no zero.*the lowest code is {low}"):
        scale(3, low=low, high=4, method="max_share", model="formative")
    with pytest.raises(Refused, match=r"(?s)counts certain codes.*labels:"):
        administer(scale(3, low=0, high=4, method="max_share", model="formative"), range=[1, 5])


def test_a_mean_of_scores_needs_each_of_them() -> None:
    content = {
        "id": "t", "title": "T", "version": "1", "answers": {"min": 1, "max": 5},
        "items": [{"id": f"t_{i:02}", "label": f"item_{i}"} for i in range(1, 6)],
        "scores": [
            {"id": "t_a", "label": "A", "method": "mean", "items": ["t_01", "t_02"], "min_answered": 1, "range": [1, 5], "higher_means": "", "model": "reflective"},
            {"id": "t_b", "label": "B", "method": "mean", "items": ["t_03", "t_04", "t_05"], "min_answered": 3, "range": [1, 5], "higher_means": "", "model": "reflective"},
            {"id": "t", "label": "T", "method": "mean_of_scores", "of": ["t_a", "t_b"], "min_answered": 2, "range": [1, 5], "higher_means": "", "model": "reflective"},
        ],
    }  # fmt: skip
    t = instrument_from(content)
    found = scored(t, [1, 2, 4, 4, 4], [1, NAN, 4, 4, 4], [1, 2, 4, 4, NAN])
    assert found["t"].tolist()[:2] == [2.75, 2.5]  # (1.5 + 4) / 2, not the mean of all five; (1 + 4) / 2
    assert np.isnan(found["t"][2])
    assert found["t__prorated"].tolist() == [False, True, False]
    assert found["t__n_answered"].tolist() == [2, 2, 1]


# --- formative: refused makes missing, not applicable leaves the denominator -----------------------------------------


@pytest.mark.parametrize(
    ("method", "more", "all_four", "three_apply"),
    [
        ("mean", {}, 1.5, 4 / 3), ("count", {"at_least": 1}, 3, 2), ("sum", {}, 6, 4),
        ("weighted_sum", {"weights": {0: 0, 1: 1.5, 2: 4, 3: 12, 4: 24}}, 17.5, 13.5),
    ],
)  # fmt: skip
def test_not_applicable_leaves_the_denominator_and_a_refusal_makes_the_index_missing(
    method: str, more: dict, all_four: float, three_apply: float
) -> None:
    s = scale(4, low=0, high=4, method=method, model="formative", **more)
    absent = pd.DataFrame({"s_03": [False, True, False, True, True]})
    # applies and answered | item 3 does not apply | item 4 refused | item 3 does not apply and item 4 refused | ditto, all refused
    rows = [[1, 3, 2, 0], [1, 3, NAN, 0], [1, 3, 2, NAN], [1, 3, NAN, NAN], [NAN] * 4]
    found = scored(s, *rows, absent=absent)
    assert found["s"].tolist()[:2] == pytest.approx([all_four, three_apply], abs=1e-12)
    assert found["s"].isna().tolist() == [False, False, True, True, True]
    assert not found["s__prorated"].any()


def test_an_index_of_which_nothing_applies_is_missing() -> None:
    s = scale(2, low=0, high=4, model="formative")
    absent = pd.DataFrame({"s_01": [True], "s_02": [True]})
    assert scored(s, [NAN, NAN], absent=absent)["s"].isna().all()


# --- whatever the scale and the answers ------------------------------------------------------------------------------


@st.composite
def scales_with_answers(draw: st.DrawFn) -> tuple[Instrument, pd.DataFrame]:
    low, high = draw(ITEM)
    n = draw(st.integers(1, 6))
    cell = st.one_of(st.integers(low, high), st.just(NAN))
    kind = draw(st.sampled_from(["mean", "sum", "product"]))
    if kind == "product":
        instrument, cell = product(n, draw(st.integers(1, n))), st.one_of(st.integers(1, 6), st.just(NAN))
    else:
        reverse = tuple(draw(st.sets(st.integers(1, n))))
        instrument = scale(
            n,
            low,
            high,
            reverse,
            method=kind,
            min_answered=draw(st.integers(1, n)),
            multiply=draw(st.sampled_from([1, 2])),
        )
    rows = draw(
        st.lists(st.lists(cell, min_size=len(instrument.items), max_size=len(instrument.items)), min_size=1, max_size=5)
    )
    return instrument, answers(instrument, *rows)


@given(scales_with_answers())
@settings(max_examples=60)
def test_a_score_never_leaves_its_theoretical_range(case: tuple[Instrument, pd.DataFrame]) -> None:
    instrument, given_ = case
    declared = instrument.scores[0]
    values = score(given_, [instrument])[declared.id].dropna()
    assert ((values >= declared.low - 1e-9) & (values <= declared.high + 1e-9)).all()


@given(scales_with_answers())
@settings(max_examples=60)
def test_a_score_exists_exactly_when_enough_was_answered(case: tuple[Instrument, pd.DataFrame]) -> None:
    instrument, given_ = case
    declared = instrument.scores[0]
    found = score(given_, [instrument])
    groups = [list(pair) for pair in declared.pairs] or [[item] for item in declared.items]
    counts = sum(given_[group].notna().all(axis=1).astype(int) for group in groups)
    assert found[f"{declared.id}__n_answered"].tolist() == counts.tolist()
    assert found[declared.id].notna().tolist() == (counts >= declared.min_answered).tolist()
    assert (
        found[f"{declared.id}__prorated"].tolist()
        == ((counts >= declared.min_answered) & (counts < len(groups))).tolist()
    )


@given(scales_with_answers(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_people_and_of_columns_does_not_matter(case: tuple[Instrument, pd.DataFrame], random: Any) -> None:
    instrument, given_ = case
    order = list(range(len(given_)))
    random.shuffle(order)
    columns = list(given_.columns)
    random.shuffle(columns)
    shuffled = given_.iloc[order].reset_index(drop=True)[columns]
    expected = score(given_, [instrument]).iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(score(shuffled, [instrument]), expected, check_exact=True)


@given(st.lists(st.one_of(st.integers(1, 5), st.just(NAN)), min_size=5, max_size=5), st.permutations(range(5)))
def test_the_order_of_like_items_does_not_matter(row: list[float], order: list[int]) -> None:
    s = scale(5, min_answered=3)
    a, b = scored(s, row), scored(s, [row[i] for i in order])
    np.testing.assert_allclose(a["s"], b["s"], atol=1e-12)


@given(scales_with_answers())
@settings(max_examples=40)
def test_scoring_leaves_the_raw_answers_as_they_are(case: tuple[Instrument, pd.DataFrame]) -> None:
    instrument, given_ = case
    before = given_.copy(deep=True)
    keyed(given_, instrument.items)
    score(given_, [instrument])
    pd.testing.assert_frame_equal(given_, before, check_exact=True)


def test_reversed_copies_have_names_of_their_own() -> None:
    s = scale(3, reverse=(1, 3))
    assert list(keyed(answers(s, [1, 2, 3]), s.items)) == ["s_01_r", "s_02", "s_03_r"]


# --- one wave's scores, and totals that came with the data -----------------------------------------------------------


def wave_answers(items: list[str], *rows: list[float], **more: list) -> pd.DataFrame:
    return pd.DataFrame(
        {"participant": [f"p{i}" for i in range(len(rows))], "row": range(2, 2 + len(rows))}
        | dict(zip(items, zip(*rows, strict=True), strict=True))
        | more
    )


def test_a_waves_scores_carry_person_wave_and_background() -> None:
    s = scale(2)
    background = instrument_from(
        {
            "id": "background",
            "title": "B",
            "version": "1",
            "answers": {"min": 0, "max": 99},
            "items": [{"id": "age", "label": "age"}],
        }
    )
    given_ = wave_answers(["s_01", "s_02", "age"], [1.0, 3.0, 30.0], [2.0, NAN, 40.0])
    found = wave_scores(given_, [background, s], "w2", 2, "wave")
    assert list(found) == ["participant", "wave", "wave_number", "role", "age", "s", "s__n_answered", "s__prorated"]
    assert found.iloc[0].tolist() == ["p0", "w2", 2, "wave", 30, 2, 2, False]
    assert np.isnan(found["s"][1])


def test_a_waves_not_applicable_answers_reach_the_scores() -> None:
    exposure = load_instruments(only=["mreii_exposure"])["mreii_exposure"]
    asked = administer(exposure, items=[f"mreii_o{i:02}" for i in range(1, 5)])
    items = [item.id for item in asked.items]
    flags = {f"{item}__na": [item == "mreii_o03"] for item in items}
    given_ = wave_answers(items, [1.0, 2.0, NAN, 0.0], **flags)
    found = wave_scores(given_, [asked], "w1", 1, "wave")
    assert found["mreii_o_freq"].tolist() == [1.0]  # 3 / 3
    assert [c for c in found if "freq" in c or "variety" in c] == [
        "mreii_o_freq",
        "mreii_o_freq__n_answered",
        "mreii_o_freq__prorated",
        "mreii_o_freq__does_not_apply",
    ]


def test_what_does_not_apply_is_told_from_what_was_left_out() -> None:
    """The largest share of nothing does not exist either."""
    sources = load_instruments(only=["mreii_sources"])["mreii_sources"]
    items = [item.id for item in sources.items]
    work = next(s.items[0] for s in sources.scores if s.id == "mreii_from_work")
    answers = pd.DataFrame({item: [NAN, 0.0, NAN, 2.0] for item in items}).assign(**{work: [NAN, NAN, NAN, 1.0]})
    absent = pd.DataFrame({item: [True, False, False, False] for item in items}).assign(
        **{work: [True, True, False, False]}
    )
    found = score(answers, [sources], absent)
    assert found["mreii_from_work__does_not_apply"].tolist() == [True, True, False, False]
    assert found["mreii_from_friend__does_not_apply"].tolist() == [True, False, False, False]
    assert found["mreii_e_conc"].isna().tolist() == [True, True, True, False]
    assert found["mreii_e_conc__does_not_apply"].tolist() == [True, True, False, False]


def test_scores_that_everybody_can_have_and_those_of_events_carry_no_such_flag() -> None:
    known = load_instruments()
    event = administer(known["mreii_events"], **{"as": "unclear"})
    assert not any(known["gad7"].may_not_apply(s) for s in known["gad7"].scores)
    assert not any(event.may_not_apply(s) for s in event.scores)


def test_stored_totals_are_compared_to_the_last_digit() -> None:
    given_ = wave_answers(["x"], *[[1.0]] * 5, total__stored=[1.5, 2.0 + 5e-13, 2.5 + 1e-9, NAN, NAN])
    scores = pd.DataFrame({"participant": given_["participant"], "s": [1.5, 2.0, 2.5, 3.0, NAN]})
    table, people = compare_stored(given_, scores, {"total": "s"}, "w1")
    row = table.iloc[0]
    assert (row["n_compared"], row["n_differ"], row["status"]) == (3, 2, "2 of 5 people differ")
    assert row["max_difference"] == pytest.approx(1e-9, rel=1e-5)
    # p1 differs by less than the tolerance; p3 has no stored total although one can be computed; p4 has neither
    assert people["participant"].tolist() == ["p2", "p3"] and people["recomputed"].tolist() == [2.5, 3.0]


def test_stored_totals_that_agree_say_so() -> None:
    given_ = wave_answers(["x"], [1.0], [2.0], total__stored=[1.0, 2.0])
    scores = pd.DataFrame({"participant": given_["participant"], "s": [1.0, 2.0]})
    table, people = compare_stored(given_, scores, {"total": "s"}, "w1")
    assert table.loc[0, ["n_compared", "n_differ", "max_difference", "status"]].tolist() == [2, 0, 0, "agrees"]
    assert people.empty
