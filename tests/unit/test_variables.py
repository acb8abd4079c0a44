"""What a wave asked, read off its export and sidecar; and how it was answered, told of nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rejsens.administration import administer
from rejsens.definitions import Instrument, Item, load_instruments
from rejsens.disclosure import Policy, guarded
from rejsens.importers.model import Export
from rejsens.problems import Refused
from rejsens.sidecars import Wave
from rejsens.tabular import COLUMNS, tidy
from rejsens.variables import STATISTICS, asked_variables, columns_of_items, item_statistics, variables

NAN = float("nan")
SHIPPED = load_instruments(only=["gad7", "ucla3", "rses", "background", "mreii_exposure"])
GAD7 = administer(SHIPPED["gad7"], items=["gad7_01", "gad7_02"])


def wave(**settings: Any) -> Wave:
    return Wave("w1", "data/waves/w1.yaml", "data/waves/w1.csv", {"collected": {}, "instruments": []} | settings)


def export(*columns: str, **told: Mapping) -> Export:
    cells = pa.table({name: ["1"] for name in columns})
    return Export("w1.csv", "plain", cells, np.array([2]), **told)


def asked(
    given: Wave, instruments: list[Instrument], columns: dict[str, str] | None = None, **told: Any
) -> dict[str, dict]:
    """variable -> its row"""
    places = columns or {i: i for instrument in instruments for i in instrument.columns}
    frame = asked_variables(given, instruments, export(*dict.fromkeys(places.values()), **told), places)
    return frame.set_index("variable").to_dict("index")


# --- what was asked --------------------------------------------------------------------------------------------------


def test_items_stand_in_the_order_of_the_export_and_name_their_column() -> None:
    found = asked(wave(), [GAD7], {"gad7_02": "Q8", "gad7_01": "Q9"})
    assert [(name, row["position"], row["column"]) for name, row in found.items()] == [
        ("gad7_02", 1, "Q8"),
        ("gad7_01", 2, "Q9"),
    ]
    row = found["gad7_01"]
    assert (row["min"], row["max"], row["type"], row["scored_in"], row["instrument"]) == (0, 3, "single", "", "gad7")


def test_the_table_has_the_columns_that_are_promised() -> None:
    frame = variables(wave(), [GAD7], export("gad7_01", "gad7_02"), {i: i for i in GAD7.columns}, answers(), 1)
    assert set(frame.columns) == set(COLUMNS["variables"])
    assert set(frame["wave"]) == {"w1"}


def test_scores_and_subscales_of_an_item() -> None:
    exposure = SHIPPED["mreii_exposure"]
    found = asked(wave(), [exposure])
    assert found["mreii_o01"]["scored_in"] == "mreii_o_freq" and "overt" in found["mreii_o01"]["subscale"]
    assert found["mreii_e01"]["scored_in"].split() == ["mreii_e_freq", "mreii_e_variety", "mreii_e_weighted"]
    rses = administer(SHIPPED["rses"], order="B", anchor_direction="ascending")
    row = asked(wave(), [rses])["rses_03"]
    assert (row["subscale"], row["reverse_keyed"], row["item_order"]) == ("", True, "B")


@pytest.mark.parametrize(
    ("sidecar", "told", "question", "source"),
    [
        ({}, {}, "What is your gender?", "definition"),
        ({}, {"gender": "  Which gender\nare you? "}, "Which gender are you?", "export"),
        ({"gender": "Your gender?"}, {"gender": "Which gender are you?"}, "Your gender?", "sidecar"),
        ({}, {"gender": "gender"}, "What is your gender?", "definition"),  # a platform without texts repeats the name
    ],
)
def test_the_wording_is_that_of_the_sidecar_then_the_export_then_the_instrument(
    sidecar: dict, told: dict, question: str, source: str
) -> None:
    background = administer(SHIPPED["background"], items=["gender"])
    row = asked(wave(questions=sidecar), [background], questions=told)["gender"]
    assert (row["question_text"], row["question_source"]) == (question, source)


def test_a_wording_that_nobody_tells_is_empty() -> None:
    row = asked(wave(), [GAD7])["gad7_01"]
    assert (row["question_text"], row["question_source"], row["choices"], row["choices_source"]) == ("", "", "", "")


def choices(given: Wave, instrument: Instrument, item: str, **told: Any) -> tuple[Any, str]:
    row = asked(given, [instrument], **told)[item]
    return json.loads(row["choices"] or "null"), row["choices_source"]


def test_answer_labels_come_from_the_label_map() -> None:
    labels = {"Not at all": 0, "Several days": 1, "some days": 1}
    assert choices(wave(labels={"gad7": labels}), GAD7, "gad7_01") == (
        {"0": "Not at all", "1": ["Several days", "some days"]},
        "labels",
    )
    of_item = {"gad7": labels, "gad7_01": {"Never": 0}}
    assert choices(wave(labels=of_item), GAD7, "gad7_01") == ({"0": "Never"}, "labels")


def test_answer_labels_come_from_the_platform_where_no_map_is() -> None:
    platform = {"gad7_01": {"0": "Not at all", "1": "Several days", "-99": "refused", "8": "skipped", "x": "?"}}
    given = wave(missing_codes=[-99])
    found = choices(given, GAD7, "gad7_01", choices=platform, missing={"gad7_01": ((7.0, 9.0),)})
    assert found == ({"0": "Not at all", "1": "Several days"}, "export")


def test_a_map_of_the_platforms_codes_keeps_the_platforms_labels() -> None:
    platform = {"gad7_01": {"1": "Not at all", "2": "Several days"}}
    assert choices(wave(labels={"gad7": {"1": 0, "2": 1}}), GAD7, "gad7_01", choices=platform)[0] == {
        "0": "Not at all",
        "1": "Several days",
    }


def test_codes_that_run_the_other_way_are_told_as_the_data_hold_them() -> None:
    rses = administer(SHIPPED["rses"], order="A", anchor_direction="descending")
    platform = {"rses_01": {"1": "strongly agree", "4": "strongly disagree"}}
    assert choices(wave(), rses, "rses_01", choices=platform)[0] == {"1": "strongly disagree", "4": "strongly agree"}
    assert asked(wave(), [rses])["rses_01"]["anchor_direction"] == "descending"


def test_own_labels_are_the_last_resort() -> None:
    found, source = choices(wave(), SHIPPED["mreii_exposure"], "mreii_e01")
    assert source == "definition" and found["0"] == "never" and found["9"].startswith("I had no such")


def test_a_cell_with_several_choices_gives_tick_boxes() -> None:
    background = administer(SHIPPED["background"], items=["lives_with_alone", "lives_with_partner"])
    given = wave(multiple={"Q13": {"1": "lives_with_alone", "2": "lives_with_partner"}})
    places = dict.fromkeys(background.columns, "Q13")
    row = asked(given, [background], places, choices={"Q13": {"1": "I live alone"}})["lives_with_alone"]
    assert (row["type"], json.loads(row["choices"]), row["choices_source"]) == (
        "multi",
        {"0": "not chosen", "1": "I live alone"},
        "export",
    )
    row = asked(given, [background], places)["lives_with_partner"]
    assert (json.loads(row["choices"]), row["choices_source"]) == ({"0": "not chosen", "1": "2"}, "labels")
    uses = pd.DataFrame(
        [("w1", "Q13", "items", "lives_with_alone lives_with_partner"), ("w1", "age", "item", "age")],
        columns=["wave", "column", "used_as", "name"],
    )
    assert columns_of_items(uses, given) == {"lives_with_alone": "Q13", "lives_with_partner": "Q13", "age": "age"}


def test_missing_codes_of_sidecar_instrument_and_file_are_listed_once() -> None:
    gad7 = administer(SHIPPED["gad7"], items=["gad7_01"], missing_codes=[-77])
    row = asked(wave(missing_codes=[-99, "NA", -77]), [gad7], missing={"gad7_01": (8.0, (97.0, 99.0))})["gad7_01"]
    assert json.loads(row["missing_codes"]) == [-99, "NA", -77, 8, "97 to 99"]


def test_a_declared_change_is_kept_with_its_item_and_an_unknown_one_is_refused() -> None:
    found = asked(
        wave(replaces={"gad7_01": "shorter", "ucla3": "translated"}),
        [GAD7, administer(SHIPPED["ucla3"], anchor_direction="ascending")],
    )
    assert [found[i]["replaces"] for i in ("gad7_01", "gad7_02", "ucla3_01")] == ["shorter", "", "translated"]
    with pytest.raises(Refused, match=r"not asked(.|\n)*“gad7_1”(.|\n)*Did you mean “gad7_01”"):
        asked(wave(replaces={"gad7_1": "shorter"}), [GAD7])


# --- how it was answered ---------------------------------------------------------------------------------------------


def answers() -> pd.DataFrame:
    return pd.DataFrame({"gad7_01": [0.0, 1, 3, NAN], "gad7_02": [NAN] * 4})


SCALE, NUMBER = Item("x", "x", 0, 4), Item("age", "age", 18, 110, type="number")


@pytest.mark.parametrize("item", [SCALE, NUMBER, Item("y", "y", -3, 3)])
def test_moments_are_those_of_pandas(item: Item) -> None:
    rng = np.random.default_rng(4)
    values = (
        rng.integers(item.low, item.high + 1, 300).astype(float) if item.type == "scale" else rng.gamma(9, 4, 300) + 18
    )
    values[:20] = NAN
    found, x = item_statistics(values, item, 5, 1), pd.Series(values)
    assert (found["n"], found["n_missing"], found["n_not_applicable"]) == (280, 15, 5)
    expected = {"mean": x.mean(), "sd": x.std(), "median": x.median(), "skew": x.skew(), "kurtosis": x.kurt()}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    if item.type == "scale":
        assert found["floor_pct"] == pytest.approx(100 * (x.dropna() == item.low).mean())
        assert found["ceiling_pct"] == pytest.approx(100 * (x.dropna() == item.high).mean())
    else:
        assert np.isnan(found["floor_pct"])


@pytest.mark.parametrize("values", [[], [2.0], [2.0, 2.0], [1.0, 2.0, 2.0]])
def test_few_or_equal_answers_have_the_moments_that_exist(values: list[float]) -> None:
    found, x = item_statistics(np.array(values), SCALE, 0, 1), pd.Series(values, dtype=float)
    for name, expected in {"mean": x.mean(), "sd": x.std(), "median": x.median()}.items():
        assert found[name] == pytest.approx(expected, nan_ok=True), name
    assert found["n"] == len(values) and (np.isnan(found["kurtosis"]))


def test_codes_of_a_category_have_no_mean() -> None:
    item = Item("gender", "gender", 1, 4, type="category", labels={1: "a", 4: "b"})
    found = item_statistics(np.array([1.0, 4, 4]), item, 0, 1)
    assert found["n"] == 3 and all(np.isnan(found[name]) for name in STATISTICS[3:])


def told(values: np.ndarray, item: Item, least: int) -> pd.Series:
    """The statistics of one item as they leave the building: through the disclosure guard."""
    row = {"variable": "x", "type": "single", "min": item.low, "max": item.high} | item_statistics(
        values, item, 0, least
    )
    return guarded(tidy(pd.DataFrame([row]), "variables"), "variables", stated=Policy(least)).iloc[0]


def test_few_people_have_no_statistics() -> None:
    assert told(np.array([0.0, 1, 2] * 3), SCALE, 10)[list(STATISTICS)].isna().all()
    assert not np.isnan(told(np.array([0.0, 1, 2] * 3), SCALE, 9)["mean"])


def test_an_answer_of_few_people_shows_neither_in_a_share_nor_through_the_moments() -> None:
    values = np.array([0.0] * 3 + [1.0] * 30 + [4.0] * 40)  # three people at the floor
    found = item_statistics(values, SCALE, 0, 10)
    assert np.isnan(found["floor_pct"]) and np.isnan(
        found["ceiling_pct"]
    )  # of two hidden answers the end may be the other
    assert np.isnan(found["skew"]) and np.isnan(found["kurtosis"])
    assert told(values, SCALE, 10)["mean"] == 2.6 != values.mean()


@pytest.mark.parametrize("item", [Item("box", "box", 0, 1), SCALE], ids=["two answers", "two of five answers"])
def test_a_mean_of_two_neighbouring_answers_does_not_tell_how_few_gave_one(item: Item) -> None:
    """The guard knows such a mean by its SD: both have to reach it as they are."""
    ticked = told(np.array([1.0] * 3 + [0.0] * 70), item, 10)
    assert ticked["n"] == 73 and ticked[list(STATISTICS[3:])].isna().all()
    assert told(np.array([1.0] * 30 + [0.0] * 70), item, 10)["mean"] == pytest.approx(0.3, abs=0.1)


def test_what_does_not_apply_is_not_missing() -> None:
    frame = answers().assign(gad7_01__na=[False, False, False, True])
    found = variables(wave(), [GAD7], export("gad7_01", "gad7_02"), {i: i for i in GAD7.columns}, frame, 1).set_index(
        "variable"
    )
    assert found.loc["gad7_01", ["n", "n_missing", "n_not_applicable"]].tolist() == [3, 0, 1]
    assert found.loc["gad7_02", ["n", "n_missing", "n_not_applicable"]].tolist() == [0, 4, 0]
