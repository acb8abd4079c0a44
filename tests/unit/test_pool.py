"""All waves together: what each wave asked, who came back, and files for other programs that say the same."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from rejsens.administration import administer
from rejsens.definitions import instrument_from, load_instruments
from rejsens.pool import (
    change_scores,
    column_dictionary,
    dictionary,
    pool_answers,
    pool_scores,
    wave_list,
    write_sav,
    write_scores,
)
from rejsens.score_wave import wave_scores
from rejsens.sidecars import Wave
from rejsens.study import Study
from rejsens.tabular import read_table

NAN = float("nan")
SHIPPED = load_instruments(only=["gad7", "ucla3", "rses", "background", "mreii_exposure"])
GAD7 = SHIPPED["gad7"]
UCLA3 = administer(SHIPPED["ucla3"], anchor_direction="ascending")
BACKGROUND = administer(SHIPPED["background"], items=["age", "gender"])
PERSON = ["participant", "wave", "wave_number", "role"]


def checked(people: list[str], answers: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame({"participant": people, "row": range(2, 2 + len(people))} | answers)


def all_items(instrument, *rows: float) -> dict[str, list[float]]:
    return {item.id: list(rows) for item in instrument.items}


W1 = checked(["ann", "bob"], all_items(GAD7, 1, 2) | {"age": [30, NAN], "gender": [1, 4]})
W2 = checked(["bob", "eve"], all_items(GAD7, 3, NAN) | {"gad7_01": [NAN, NAN]} | all_items(UCLA3, 2, 3))
W2["ucla3_01__na"], W2["total__stored"] = False, 1.0


def study(waves: tuple[str, ...] = ("w1", "w2")) -> Study:
    settings = {
        "collected": {"from": "2026-01-01", "to": "2026-01-07"},
        "title": "W",
        "platform": "plain",
        "sha256": "0" * 64,
    }
    asked = {"w1": (GAD7, BACKGROUND), "w2": (GAD7, UCLA3)}
    return Study(
        ".", {}, tuple(Wave(w, f"{w}.yaml", f"{w}.csv", settings) for w in waves), {w: asked[w] for w in waves}, {}
    )


def pooled() -> pd.DataFrame:
    return pool_scores(
        [wave_scores(W1, [GAD7, BACKGROUND], "w1", 1, "wave"), wave_scores(W2, [GAD7, UCLA3], "w2", 2, "wave")]
    )


# --- pooling ---------------------------------------------------------------------------------------------------------


def test_answers_of_waves_that_asked_different_things() -> None:
    found = pool_answers({"w1": W1, "w2": W2}, {"w1": 1, "w2": 2}, {"w1": "wave", "w2": "retest"})
    assert found[PERSON].to_numpy().tolist() == [
        ["ann", "w1", 1, "wave"], ["bob", "w1", 1, "wave"], ["bob", "w2", 2, "retest"], ["eve", "w2", 2, "retest"],
    ]  # fmt: skip
    assert found["gad7_02"].tolist()[:3] == [1, 2, 3]
    assert found["ucla3_01"].isna().tolist() == [True, True, False, False]
    assert found["age"].isna().tolist() == [False, True, True, True]
    assert set(found) == {
        *PERSON,
        "age",
        "gender",
        "ucla3_01__na",
        *(i.id for i in GAD7.items),
        *(i.id for i in UCLA3.items),
    }


def test_scores_of_waves_that_asked_different_things() -> None:
    found = pooled()
    assert found["gad7_sum"].tolist()[:3] == [7, 14, 21]  # bob's 6 items in wave 2: 18 / 6 x 7
    assert found["gad7_sum__n_answered"].tolist() == [7, 7, 6, 0] and found["gad7_sum__prorated"].tolist() == [
        False,
        False,
        True,
        False,
    ]
    assert found["ucla3"].isna().tolist() == [True, True, False, False]
    assert found["ucla3__n_answered"].tolist() == [0, 0, 3, 3] and not found["ucla3__prorated"].any()
    assert (found.dtypes["ucla3__n_answered"], found.dtypes["ucla3__prorated"]) == ("int64", "bool")


def test_the_order_of_the_waves_decides_the_order_of_rows_only() -> None:
    found = pooled().sort_values(["wave", "participant"], ignore_index=True)
    w1, w2 = wave_scores(W1, [GAD7, BACKGROUND], "w1", 1, "wave"), wave_scores(W2, [GAD7, UCLA3], "w2", 2, "wave")
    other = pool_scores([w2, w1]).sort_values(["wave", "participant"], ignore_index=True)
    pd.testing.assert_frame_equal(found, other[found.columns], check_exact=True)


def test_the_list_of_waves_takes_its_counts_from_the_ledger() -> None:
    flow = pd.DataFrame({"wave": ["w1", "w1", "w1", "w2"], "order": [0, 1, 2, 0], "n_remaining": [100, 90, 88, 50]})
    found = wave_list(study().waves, {"w1": 1, "w2": 2}, flow)
    assert found[["wave", "wave_number", "role", "n_raw", "n_kept", "simulated"]].to_numpy().tolist() == [
        ["w1", 1, "wave", 100, 88, False], ["w2", 2, "wave", 50, 50, False],
    ]  # fmt: skip


def test_the_dictionary_says_what_a_score_is_and_whose_key_it_has() -> None:
    own = instrument_from(
        {"id": "mine", "title": "Mine", "version": "1", "answers": {"min": 0, "max": 4}, "items": [{"id": "mine_01", "label": "one"}],
         "licence": {"terms": "", "permission_required": True}, "key": {"status": "verified", "sources": []},
         "scores": [{"id": "mine", "label": "M", "method": "mean", "min_answered": 1, "range": [0, 4], "higher_means": "more", "model": "single_item"}]},
        shipped=False,
    )  # fmt: skip
    found = dictionary([GAD7, SHIPPED["mreii_exposure"], own]).set_index("score")
    assert found.loc["gad7_sum", ["n_items", "range_low", "range_high", "key_status", "status_line"]].tolist() == [
        7,
        0,
        21,
        "verified",
        "",
    ]
    assert (
        "unvalidated" in found.loc["mreii_e_freq", "status_line"] and found.loc["mreii_e_freq", "key_status"] == "own"
    )
    assert found.loc["mine", ["key_status", "license_notice"]].tolist() == ["user_supplied", "Permission required."]


# --- change between waves --------------------------------------------------------------------------------------------


def panel(*waves: tuple[str, int, str, dict[str, float]]) -> pd.DataFrame:
    rows = [(p, wave, number, role, value) for wave, number, role, values in waves for p, value in values.items()]
    return pd.DataFrame(rows, columns=[*PERSON, "rses_sum"])


RSES = administer(SHIPPED["rses"], order="A", anchor_direction="ascending")
THREE = panel(
    ("late", 3, "wave", {"ann": 25, "bob": 20}), ("early", 1, "wave", {"ann": 30, "bob": 32, "eve": 35}),
    ("again", 1, "retest", {"ann": 31, "bob": 33}), ("mid", 2, "wave", {"ann": 28, "bob": NAN, "eve": 36}),
)  # fmt: skip


def test_change_scores_by_hand_for_each_pair_of_panel_waves() -> None:
    found = change_scores(THREE, [RSES, GAD7])
    assert {(r.from_wave, r.to_wave, r.participant): r.change for r in found.itertuples()} == {
        ("early", "mid", "ann"): -2, ("early", "mid", "eve"): 1,
        ("early", "late", "ann"): -5, ("early", "late", "bob"): -12,
        ("mid", "late", "ann"): -3,
    }  # fmt: skip
    assert set(found["score"]) == {"rses_change"} and set(found["source"]) == {"rses_sum"}


def test_a_retest_is_no_wave_to_change_between() -> None:
    assert "again" not in set(change_scores(THREE, [RSES])[["from_wave", "to_wave"]].to_numpy().ravel())


def test_one_wave_has_no_change_scores_but_the_table_has_its_columns() -> None:
    found = change_scores(THREE[THREE["wave"] == "early"], [RSES])
    assert found.empty and list(found) == ["participant", "score", "source", "from_wave", "to_wave", "change"]


def test_a_change_score_of_a_prefixed_scale_bears_the_prefix() -> None:
    asked = administer(SHIPPED["rses"], order="A", anchor_direction="ascending", **{"as": "at_work"})
    found = change_scores(THREE.rename(columns={"rses_sum": "at_work_rses_sum"}), [asked])
    assert set(found["score"]) == {"at_work_rses_change"}


# --- files for other programs ----------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> SimpleNamespace:
    names = {"scores": "scores.parquet", "scores_csv": "scores.csv", "scores_sav": "scores.sav",
             "scores_dictionary": "scores_dictionary.csv", "dictionary": "dictionary.csv"}  # fmt: skip
    output = SimpleNamespace(**{name: str(tmp_path / file) for name, file in names.items()})
    scores = pooled()
    scores["participant"] = ["ann", "bob", "bob", "Zoë"]
    scores.loc[0, "gad7_sum"] = 1 / 3  # a number that no rounding survives
    write_scores(scores, study(), output)
    return output


def test_the_spss_file_says_the_same_as_the_csv_file(written: SimpleNamespace) -> None:
    sav, meta = pyreadstat.read_sav(written.scores_sav)
    csv = pd.read_csv(written.scores_csv)
    assert list(sav) == list(csv)
    for column in csv:
        if csv[column].dtype == "str":
            assert sav[column].tolist() == csv[column].tolist(), column
        else:
            np.testing.assert_array_equal(sav[column].to_numpy(float), csv[column].to_numpy(float), err_msg=column)
    assert csv.loc[0, "gad7_sum"] == 1 / 3 and sav["participant"].tolist()[-1] == "Zoë"
    assert meta.column_names_to_labels["gad7_sum"] == GAD7.scores[0].label
    assert meta.column_names_to_labels["gad7_sum__n_answered"] == f"{GAD7.scores[0].label}: items answered"
    assert meta.column_names_to_labels["ucla3__prorated"].endswith("computed although items are missing")
    assert meta.column_names_to_labels["age"] == "age_in_years"
    assert meta.variable_value_labels["gender"] == dict(BACKGROUND.item("gender").labels)


def test_the_csv_file_says_the_same_as_the_table_of_the_pipeline(written: SimpleNamespace) -> None:
    table, csv = read_table(written.scores, "scores"), pd.read_csv(written.scores_csv)
    pd.testing.assert_frame_equal(table, csv, check_exact=True)


def test_the_dictionary_of_the_scores_file_explains_each_column(written: SimpleNamespace) -> None:
    csv, words = pd.read_csv(written.scores_csv), pd.read_csv(written.scores_dictionary).set_index("variable")
    assert words.index.tolist() == list(csv)
    assert words["n_missing"].to_dict() == csv.isna().sum().to_dict()
    assert words.loc["gad7_sum", "label"] == GAD7.scores[0].label and words.loc["participant", "label"] == "participant"


def test_an_spss_file_has_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    scores = pooled()
    labels = column_dictionary(scores, {}).set_index("variable")["label"].to_dict()
    first, second = tmp_path / "first.sav", tmp_path / "second.sav"
    write_sav(scores, str(first), labels, {})
    time.sleep(1.1)  # the header's clock counts seconds
    write_sav(scores, str(second), labels, {})
    assert first.read_bytes() == second.read_bytes()
    assert pyreadstat.read_sav(str(second))[0]["gad7_sum"].tolist()[:3] == [7, 14, 21]
    assert first.read_bytes()[84:92] == np.array(100.0).tobytes()  # the field before the date is whole
