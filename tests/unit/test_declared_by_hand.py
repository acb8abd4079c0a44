"""What files may not say, each told in the researcher's words; and what tables, waves and versions may lack."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_assess_structure import answered
from test_assess_structure import scale as two_scales
from test_registry import library  # noqa: F401  # a fixture

from rejsens.assess_instrument import over_time
from rejsens.declarations import load_settings, schema_problems
from rejsens.definitions import instrument_from, load_instruments
from rejsens.parquet import read_parquet, write_parts
from rejsens.problems import Refused
from rejsens.provenance import BESIDE, NAMED, versions
from rejsens.psychometrics import generalisability
from rejsens.registry import code
from rejsens.responses import cells_refused

ITEMS = [{"id": f"s_{k}", "label": f"item_{k}"} for k in (1, 2, 3)]
SCORE = {"id": "s", "label": "S", "method": "mean", "items": ["s_1", "s_2", "s_3"], "min_answered": 3, "range": [1, 5],
         "higher_means": "more", "model": "reflective"}  # fmt: skip
TOTAL = {"id": "t", "label": "T", "method": "mean_of_scores", "of": ["s"], "min_answered": 1, "range": [1, 5],
         "higher_means": "more", "model": "formative"}  # fmt: skip


def instrument(**changes: Any) -> dict[str, Any]:
    return {
        "id": "s",
        "title": "S",
        "version": "1",
        "answers": {"min": 1, "max": 5},
        "items": ITEMS,
        "scores": [SCORE],
    } | changes


# --- an instrument's file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "path", "said"),
    [
        (instrument(), "own/other.yaml", ["File name and id differ", "the file says id “s”"]),
        (instrument(orders={"A": ["s_1", "s_2"]}), "", ["An item order is incomplete", "it lists 2 of 3 items"]),
        (instrument(orders={"A": ["s_1", "s_2", "s_2"]}), "", ["An item order is incomplete"]),
        (instrument(items=[*ITEMS, ITEMS[0]]), "", ["Items defined twice", "s_1"]),
        (instrument(scores=[SCORE | {"items": ["s_1", "s_22", "s_3"]}]), "", ["Unknown items", "s_22", "Did you mean “s_2”"]),
        (instrument(scores=[TOTAL, SCORE]), "", ["Unknown scores", "define these scores above this one"]),
    ],
)  # fmt: skip
def test_what_an_instrument_may_not_say_is_told(content: dict[str, Any], path: str, said: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        instrument_from(content, path)
    for words in said:
        assert words in str(refused.value)


def test_the_same_instrument_said_rightly_is_taken() -> None:
    made = instrument_from(instrument(orders={"A": ["s_3", "s_1", "s_2"]}, scores=[SCORE, TOTAL]), "own/s.yaml")
    assert [score.id for score in made.scores] == ["s", "t"] and made.id == "s"


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"alpha": 1}, "a number below 1"),  # 1 itself is refused
        ({"alpha": 0}, "a number above 0"),
        ({"min_cell": 0}, "a number from 1 upwards"),
        ({"sharing": {"k": 2, "set_aside_at_most": 1.5}}, "a number up to 1"),
        ({"alpha": "five"}, "a number"),
    ],
)
def test_the_limits_of_a_setting_are_told_as_they_are(setting: dict[str, Any], said: str) -> None:
    [problem] = schema_problems({"study": {"title": "T", "simulated": True}} | setting, "config", "config.yaml")
    assert problem.allowed.startswith(said)


def test_a_study_has_to_say_that_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("alpha: 0.01\n")
    with pytest.raises(Refused, match="“study” is not stated"):
        load_settings(tmp_path)
    (tmp_path / "config/config.yaml").write_text("alpha: 0.01\nstudy: {title: T, simulated: false}\n")
    assert load_settings(tmp_path)["alpha"] == 0.01


# --- tables and code -------------------------------------------------------------------------------------------------


def test_a_table_that_lacks_a_column_is_refused_and_none_of_its_cells_is_judged() -> None:
    gad7 = load_instruments(only=["gad7"])["gad7"]
    frame = pd.DataFrame({item.id: [0.0, 3.0] for item in gad7.items}).drop(columns="gad7_04")
    frame.insert(0, "participant", pd.Series(["p1", "p2"], dtype="str"))
    frame.insert(1, "row", [2, 3])
    with pytest.raises(Refused, match="not the promised shape") as refused:
        cells_refused(frame, [gad7], "w1.csv")
    assert "the column gad7_04 is not there" in str(refused.value)
    with pytest.raises(Refused, match="gad7_04: "):
        cells_refused(frame.assign(gad7_04=["x", "y"]), [gad7], "w1.csv")


def test_a_table_of_numbers_alone_is_read_as_pandas_reads_it(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": [0.25, 2.0]})
    write_parts([frame.head(1), frame.tail(1)], tmp_path / "numbers.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "numbers.parquet"), frame)
    write_parts([], tmp_path / "nothing.parquet")
    assert not (tmp_path / "nothing.parquet").exists()


def test_only_the_projects_own_modules_are_followed(library: Any) -> None:  # noqa: F811
    library(a="import rejsens_other.thing\nfrom rejsens_other import b\nimport rejsens.c", b="", c="")
    assert set(code("rejsens.a")) == {"rejsens/a.py", "rejsens/c.py"}


def test_a_library_that_is_not_there_is_recorded_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.metadata.version

    def without(name: str) -> str:
        if name == NAMED[0]:
            raise importlib.metadata.PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    found = versions()
    assert found[NAMED[0]] == "not installed" and {*NAMED, *BESIDE} <= set(found)
    assert found[NAMED[1]] == there(NAMED[1])


# --- over time -------------------------------------------------------------------------------------------------------


def test_a_wave_that_asked_other_scores_is_no_part_of_their_change() -> None:
    """Four waves, of which one asked scale b alone: the reliability of change of scale a is that of the other three."""
    both = two_scales()
    answers = answered(both)
    only_b = instrument_from(
        {"id": "mine", "title": "Mine", "version": "1", "answers": {"min": 1, "max": 7},
         "items": [{"id": f"b{j}", "label": f"b_{j}", "reverse": j == 4} for j in (1, 2, 3, 4)],
         "scores": [{"id": "b", "label": "B", "method": "mean", "items": [f"b{j}" for j in (1, 2, 3, 4)], "min_answered": 4,
                     "range": [1, 7], "higher_means": "more", "model": "reflective"}]}
    )  # fmt: skip
    asked = {"w1": both, "w2": only_b, "w3": both, "w4": both}
    answers.loc[answers["wave"] == "w2", [f"a{j}" for j in (1, 2, 3, 4)]] = np.nan
    found = pd.concat(over_time(answers, asked, {}, 0.95))
    change = found[found["coefficient"] == "r_c"].set_index("score")["estimate"]
    keyed = answers.assign(a4=8 - answers["a4"], b4=8 - answers["b4"])
    three = generalisability(keyed[keyed["wave"] != "w2"], ["a1", "a2", "a3", "a4"])["r_c"]
    four = generalisability(keyed, ["b1", "b2", "b3", "b4"])["r_c"]
    assert change["a"] == pytest.approx(three.estimate) and change["b"] == pytest.approx(four.estimate)


def test_a_retest_of_two_people_or_of_another_score_has_no_rows() -> None:
    both = two_scales()
    answers = answered(both, waves=("w1", "again"))
    few = answers[answers["participant"].isin(answers["participant"].unique()[:2])]
    asked = dict.fromkeys(("w1", "again"), both)
    assert over_time(few, asked, {"again": ("w1", 14.0)}, 0.95) == []
    assert len(over_time(answers, asked, {"again": ("w1", 14.0)}, 0.95)) == 2
    assert over_time(answers, {"w1": both}, {"again": ("w1", 14.0)}, 0.95) == []
