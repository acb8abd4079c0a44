"""Descriptive tables: numbers against R (tests/reference/describe.R), blanks against what one could work out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rejsens.administration import administer
from rejsens.assess_instrument import assess_instrument
from rejsens.definitions import instrument_from, load_instruments
from rejsens.describe import (
    by_wave,
    describe_score,
    descriptives,
    extremes,
    missing_answers,
    missing_rule,
    responses,
    sample_table,
)
from rejsens.disclosure import Policy, guarded
from rejsens.tabular import tidy

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "describe.json").read_text(encoding="utf-8"))
DATA = pd.read_csv(REFERENCE / "describe.csv")
SHIPPED = load_instruments()
GAD7_SUM, RSES_MEAN = SHIPPED["gad7"].scores[0], SHIPPED["rses"].scores[1]
NAN = float("nan")
ENDS = {"sum21": GAD7_SUM, "mean5": SHIPPED["scs_sf"].scores[0], "few": GAD7_SUM}  # 0 to 21, 1 to 5, 0 to 21


def waves(scores: dict[str, list], wave: str = "w1", number: int = 1, role: str = "wave") -> pd.DataFrame:
    n = len(next(iter(scores.values())))
    return pd.DataFrame(
        {"participant": [f"p{i}" for i in range(n)], "wave": wave, "wave_number": number, "role": role} | scores
    )


# --- against R -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENDS)
def test_descriptives_equal_r(name: str) -> None:
    found = describe_score(DATA[name], ENDS[name], ci_level=0.95, min_cell=1)
    for key in (
        "n",
        "n_missing",
        "mean",
        "sd",
        "se",
        "min",
        "q25",
        "median",
        "q75",
        "max",
        "skew",
        "kurtosis",
        "floor_percent",
        "ceiling_percent",
    ):
        assert found[key] == pytest.approx(R[name][key], rel=1e-9, abs=1e-12), key
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(R[name]["ci95"], rel=1e-9)


def test_the_interval_has_the_level_that_was_asked() -> None:
    found = describe_score(DATA["sum21"], GAD7_SUM, ci_level=0.90, min_cell=1)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(R["sum21"]["ci90"], rel=1e-9)


def test_the_reference_data_tell_the_formulas_apart() -> None:
    """Another quantile type, the plain moments or a normal interval would not pass the comparison with R."""
    x = DATA["mean5"].dropna().to_numpy()
    d = x - x.mean()
    assert abs(np.mean(d**3) / np.mean(d**2) ** 1.5 - R["mean5"]["skew"]) > 1e-4
    assert abs(np.mean(d**4) / np.mean(d**2) ** 2 - 3 - R["mean5"]["kurtosis"]) > 1e-4
    few = DATA["few"].dropna().to_numpy()
    assert abs(np.quantile(few, 0.75, method="weibull") - R["few"]["q75"]) > 0.1
    assert abs(few.mean() + 1.96 * few.std(ddof=1) / 2 - R["few"]["ci95"][1]) > 1
    assert all(0 < R["mean5"][f"{end}_percent"] < 100 for end in ("floor", "ceiling"))


@pytest.mark.parametrize("values", [[], [5.0], [5.0, 7.0], [1.0, 2.0, 4.0], [1.0, 2.0, 4.0, 4.0]])
def test_few_people_have_the_statistics_that_exist_for_them(values: list[float]) -> None:
    found = describe_score(pd.Series(values, dtype=float), GAD7_SUM, 0.95, 1)
    people_needed = {"mean": 1, "median": 1, "sd": 2, "ci_low": 2, "skew": 3, "kurtosis": 4}
    assert {name: not np.isnan(found[name]) for name in people_needed} == {
        name: len(values) >= n for name, n in people_needed.items()
    }
    assert found["n"] == len(values)


# --- small cells -----------------------------------------------------------------------------------------------------


def test_an_extreme_that_few_people_hold_is_blank() -> None:
    values = np.array([0.0] * 3 + [5.0] * 10 + [21.0] * 4)
    assert extremes(values, 4)[1] == 21 and np.isnan(extremes(values, 4)[0])
    assert extremes(values, 3) == (0, 21)
    assert np.isnan(extremes(np.array([]), 1)).all()


def test_the_share_at_an_end_of_the_scale_does_not_give_the_extreme_away() -> None:
    values = pd.Series([0.0] * 3 + [5.0] * 93 + [21.0] * 4)
    found = describe_score(values, GAD7_SUM, 0.95, min_cell=4)
    assert np.isnan(found["min"]) and np.isnan(found["floor_percent"])
    assert found["max"] == 21 and np.isnan(found["ceiling_percent"])  # the other hidden answer may be this end
    many = pd.Series([0.0] * 3 + list(range(1, 21)) * 5 + [21.0] * 4)
    assert np.isnan(describe_score(many, GAD7_SUM, 0.95, min_cell=4)["floor_percent"])
    assert describe_score(values, RSES_MEAN, 0.95, min_cell=4)["floor_percent"] == 0  # nobody there: nobody to hide


def test_fewer_people_than_a_cell_may_hold_have_no_mean() -> None:
    few, enough = pd.Series([3.0, 5.0, NAN]), pd.Series([3.0, 5.0, 7.0])
    rows = [describe_score(values, GAD7_SUM, 0.95, min_cell=3) for values in (few, enough)]
    found = guarded(tidy(pd.DataFrame(rows), "descriptives"), "descriptives", stated=Policy(3, rounding=False))
    numbers = ["n", "mean", "sd", "se", "ci_low", "ci_high", "q25", "median", "q75", "min", "max"]
    assert found.loc[0, numbers].isna().all() and found.loc[1, "mean"] == 5


# --- tables ----------------------------------------------------------------------------------------------------------

BACKGROUND = {
    item.id: item
    for item in instrument_from({
        "id": "background", "title": "B", "version": "1", "answers": {"min": 0, "max": 120},
        "items": [
            {"id": "age", "label": "age_in_years", "type": "number"},
            {"id": "gender", "label": "gender", "type": "category", "answers": {"labels": {1: "woman", 2: "man", 3: "another", 4: "no answer"}}},
            {"id": "income", "label": "income", "type": "number"},
        ],
    }).items
}  # fmt: skip


def sample(min_cell: int, variables: tuple[str, ...] = ("gender", "age")) -> pd.DataFrame:
    gender = [1] * 12 + [2] * 5 + [3] * 2 + [NAN]
    age = [20.0] * 10 + [30.0] * 8 + [40.0, NAN]
    return sample_table(waves({"age": age, "gender": gender, "income": [NAN] * 20}), BACKGROUND, variables, min_cell)


def test_table_1_by_hand() -> None:
    table = sample(min_cell=1)
    levels = table[table["variable"] == "gender"].set_index("level")
    assert levels["n"].to_dict() == {"woman": 12, "man": 5, "another": 2, "no answer": 0}
    assert levels["percent"].to_dict() == pytest.approx(
        {"woman": 1200 / 19, "man": 500 / 19, "another": 200 / 19, "no answer": 0}
    )
    assert (levels["n_missing"] == 1).all() and levels["mean"].isna().all()
    age = table[table["variable"] == "age"].iloc[0]
    assert age["label"] == "Age in years" and age["level"] == ""
    assert (age["n"], age["n_missing"], age["min"], age["max"]) == (19, 1, 20, 40)
    assert age["mean"] == pytest.approx((10 * 20 + 8 * 30 + 40) / 19)
    assert age["sd"] == pytest.approx(np.std([20] * 10 + [30] * 8 + [40], ddof=1))


def test_table_1_keeps_the_declared_order_and_skips_what_nobody_answered_or_nobody_asked() -> None:
    table = sample(1, ("income", "age", "shoe_size", "gender"))
    assert table["variable"].drop_duplicates().tolist() == ["age", "gender"]


def test_table_1_blanks_small_levels_and_rare_extremes() -> None:
    table = guarded(sample(min_cell=3), "sample", stated=Policy(3))
    levels = table[table["variable"] == "gender"].set_index("level")
    assert levels["n"].isna().to_dict() == {"woman": False, "man": True, "another": True, "no answer": False}
    assert levels["percent"].isna().tolist() == levels["n"].isna().tolist()
    age = table[table["variable"] == "age"].iloc[0]
    assert age["min"] == 20 and np.isnan(age["max"])


def test_table_1_gives_no_mean_of_few_people() -> None:
    row = sample_table(waves({"age": [33.0, NAN, NAN]}), BACKGROUND, ["age"], min_cell=2)
    row = guarded(row, "sample", stated=Policy(2)).iloc[0]
    assert row[["n", "mean", "sd", "min", "max"]].isna().all()


def test_waves_stand_in_order_of_time_and_the_retest_last() -> None:
    frame = pd.concat(
        [waves({"s": [1]}, "late", 2), waves({"s": [1]}, "again", 1, "retest"), waves({"s": [1]}, "early", 1)]
    )
    assert [wave for wave, _ in by_wave(frame)] == ["early", "late", "again"]


def test_descriptives_have_one_row_for_each_wave_that_asked() -> None:
    ucla3 = administer(SHIPPED["ucla3"], anchor_direction="ascending")
    flags = {f"{s}__prorated": [False] * 3 for s in ("gad7_sum", "ucla3")}
    scores = pd.concat([
        waves({"gad7_sum": [4.0, 8.0, NAN], "ucla3": [NAN] * 3} | flags, "w1", 1),
        waves({"gad7_sum": [5.0, 5.0, 8.0], "ucla3": [3.0, 6.0, 9.0]} | flags | {"gad7_sum__prorated": [True, False, True]}, "w2", 2),
    ])  # fmt: skip
    table = descriptives(scores, [SHIPPED["gad7"], ucla3, SHIPPED["phq8"]], 0.95, 1)
    assert table[["score", "wave", "n", "n_missing", "n_prorated", "mean"]].to_numpy().tolist() == [
        ["gad7_sum", "w1", 2, 1, 0, 6], ["gad7_sum", "w2", 3, 0, 2, 6], ["ucla3", "w2", 3, 0, 0, 6],
    ]  # fmt: skip
    assert table["range_high"].tolist() == [21, 21, 9]


def test_the_missing_data_rule_in_words() -> None:
    words = {score.id: missing_rule(score) for i in SHIPPED.values() for score in i.scores}
    assert words["rses_sum"] == "at least 8 of 10 items, prorated"
    assert words["a_rsq"] == "at least 8 of 9 pairs, prorated"
    assert words["ucla3"] == "all 3 items needed"
    assert words["mreii_e_freq"] == "all 12 items that apply needed, never prorated"
    assert words["ace_4"] == "the answer is needed"


def test_how_often_each_answer_was_given() -> None:
    rses = administer(SHIPPED["rses"], order="A", anchor_direction="ascending")
    answers = waves({item.id: [4.0] * 7 + [1.0] * 3 + [2.0, NAN] for item in rses.items})
    table = responses(answers, {"w1": [rses]})
    item = table[table["item"] == "rses_03"]
    assert item["value"].tolist() == [1, 2, 3, 4] and item["n"].tolist() == [3, 1, 0, 7]
    assert item["percent"].tolist() == pytest.approx([300 / 11, 100 / 11, 0, 700 / 11])
    assert item["reverse"].all() and not table.loc[table["item"] == "rses_01", "reverse"].any()
    masked = guarded(table, "responses", stated=Policy(3))
    assert masked[masked["item"] == "rses_03"]["n"].isna().tolist() == [True, True, False, False]


def test_item_statistics_do_not_give_away_the_answers_that_the_response_table_blanks() -> None:
    gad7 = SHIPPED["gad7"]
    rng = np.random.default_rng(3)
    answers = waves({item.id: rng.integers(1, 3, 100).astype(float) for item in gad7.items})
    answers.loc[:1, "gad7_01"] = 0  # two people at the floor
    answers.loc[:11, "gad7_02"] = 3  # twelve at the ceiling
    items = assess_instrument(answers, {"w1": gad7}, 0.95, min_cell=10)[1].set_index("item")
    assert np.isnan(items.loc["gad7_01", "floor_percent"])
    assert items.loc["gad7_02", "ceiling_percent"] == 12 and items.loc["gad7_03", "floor_percent"] == 0
    shown = assess_instrument(answers, {"w1": gad7}, 0.95)[1].set_index("item")
    assert shown.loc["gad7_01", "floor_percent"] == 2


def test_missing_answers_and_scores_of_the_waves_that_asked() -> None:
    gad7, ucla3 = SHIPPED["gad7"], administer(SHIPPED["ucla3"], anchor_direction="ascending")
    answered = {i.id: [1.0, 1.0, NAN, 1.0] for i in gad7.items} | {"gad7_01": [1.0, NAN, NAN, NAN]}
    answers = pd.concat(
        [waves(answered, "w1", 1), waves({i.id: [1.0] * 4 for i in (*gad7.items, *ucla3.items)}, "w2", 2)]
    )
    scores = pd.concat(
        [
            waves({"gad7_sum": [7.0, 7.0, NAN, 7.0]}, "w1", 1),
            waves({"gad7_sum": [7.0] * 4, "ucla3": [3.0] * 4}, "w2", 2),
        ]
    )
    table = missing_answers(answers, scores, {"w1": [gad7], "w2": [gad7, ucla3]})
    row = {(r.wave, r.variable): (r.kind, r.n, r.n_missing, r.percent_missing) for r in table.itertuples()}
    assert row["w1", "gad7_01"] == ("item", 4, 3, 75)
    assert row["w1", "gad7_02"] == ("item", 4, 1, 25)
    assert row["w1", "gad7_sum"] == ("score", 4, 1, 25)
    assert row["w2", "ucla3"] == ("score", 4, 0, 0)
    assert ("w1", "ucla3") not in row and ("w1", "ucla3_01") not in row


def test_an_answer_that_does_not_apply_is_not_missing() -> None:
    exposure = load_instruments()["mreii_exposure"]
    people = pd.DataFrame({"participant": list("abcd"), "wave": "w1", "wave_number": 1, "role": "wave"})
    answers = people.assign(**{item.id: 1.0 for item in exposure.items}, mreii_e01__na=[True, False, False, False])
    answers.loc[[0, 1], "mreii_e01"] = np.nan  # one without such a person, one who left it blank
    scores = people.assign(**{score.id: 1.0 for score in exposure.scores})

    found = missing_answers(answers, scores, {"w1": [exposure]}).set_index("variable")

    assert found.loc["mreii_e01", ["n", "n_missing"]].tolist() == [3, 1]
    assert found.loc["mreii_e02", ["n", "n_missing"]].tolist() == [4, 0]


def test_a_score_of_which_nothing_applies_is_not_missing() -> None:
    matrix = administer(SHIPPED["mreii_sources"])
    items = [item.id for item in matrix.items]
    person = pd.DataFrame({"participant": ["p1", "p2"], "wave": "w1", "wave_number": 1, "role": "wave"})
    answers = person.assign(**{i: 1.0 for i in items}, **{f"{i}__na": False for i in items})
    dating = next(s for s in matrix.scores if s.id == "mreii_from_dating")
    answers.loc[0, [*dating.items]], answers.loc[0, [f"{i}__na" for i in dating.items]] = np.nan, True
    scores = person.assign(**{s.id: 1.0 for s in matrix.scores})
    scores.loc[0, "mreii_from_dating"] = np.nan
    found = missing_answers(answers, scores, {"w1": [matrix]}).set_index("variable")
    assert found.loc["mreii_from_dating", ["n", "n_missing"]].tolist() == [1, 0]
