"""Change against the band of measurement error, and signs that definitions expect: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rejsens.administration import administer
from rejsens.collect import NOBODY_TWICE, NOT_IN_ONE_WAVE, convergent, erosion, keying
from rejsens.definitions import load_instruments
from rejsens.pool import change_scores
from rejsens.predictions import read_all
from rejsens.psychometrics import Prediction
from rejsens.tabular import COLUMNS, tidy

NAN = float("nan")
SHIPPED = load_instruments()
RSES = administer(SHIPPED["rses"], order="A", anchor_direction="ascending")
UCLA3 = administer(SHIPPED["ucla3"], anchor_direction="ascending")
GAD7 = SHIPPED["gad7"]


def panel(score: str = "rses_sum", **waves: list[float]) -> pd.DataFrame:
    """One column per wave, one person per position; `again` is a retest."""
    rows = [(f"p{i}", wave, number, "retest" if wave == "again" else "wave", value)
            for number, (wave, values) in enumerate(waves.items(), start=1) for i, value in enumerate(values)]  # fmt: skip
    return pd.DataFrame(rows, columns=["participant", "wave", "wave_number", "role", score])


def reliability(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["score", "wave", "coefficient", "estimate"])


def assessed(scores: pd.DataFrame, *rows: tuple[str, str, str, float], instruments: tuple = (RSES,)) -> pd.DataFrame:
    return erosion(scores, change_scores(scores, instruments), reliability(*rows), instruments, 0.95)


# --- erosion ---------------------------------------------------------------------------------------------------------

# First wave: 22 26 30 34 38, mean 30, SD sqrt(160 / 4) = 6.324555. Change: -10 -9 0 1 9.
FIVE = panel(w1=[22, 26, 30, 34, 38], w2=[12, 17, 30, 35, 47])


def test_the_smallest_detectable_change_by_hand() -> None:
    # SEM = 6.324555 x sqrt(1 - .75) = 3.162278; SDC95 = 1.96 x sqrt(2) x 3.162278 = 8.765387: -10 and -9 decline, 9 improves
    row = assessed(FIVE, ("rses_sum", "w1", "omega_u", 0.75)).iloc[0]
    assert row["sdc95"] == pytest.approx(8.765386471799175, abs=1e-12)
    assert row[["n", "n_decline", "n_improve", "reliability"]].tolist() == [5, 2, 1, 0.75]
    assert row[["score", "source", "from_wave", "to_wave", "status"]].tolist() == [
        "rses_change",
        "rses_sum",
        "w1",
        "w2",
        "estimated",
    ]
    assert row["method"] == "SEM from omega_u of the first wave"


def test_the_mean_change_has_students_interval() -> None:
    # mean -9 / 5 = -1.8; sum of squares 263 - 5 x 3.24 = 246.8, SD sqrt(61.7) = 7.854935; t(.975, 4) = 2.776445
    row = assessed(FIVE, ("rses_sum", "w1", "omega_u", 0.75)).iloc[0]
    half = 2.7764451051977987 * 61.7**0.5 / 5**0.5
    assert row["mean_change"] == pytest.approx(-1.8) and row["sd_change"] == pytest.approx(61.7**0.5)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([-1.8 - half, -1.8 + half], rel=1e-9)


def test_a_change_of_exactly_the_band_is_no_detected_change() -> None:
    perfect = panel(w1=[1, 2, 3], w2=[1, 2, 3])
    row = assessed(perfect, ("rses_sum", "w1", "alpha", 1.0)).iloc[0]
    assert row["sdc95"] == 0 and row[["n_decline", "n_improve"]].tolist() == [0, 0]


def test_the_band_comes_from_the_first_wave_of_each_pair_and_all_who_answered_it() -> None:
    scores = panel(w1=[22, 26, 30, 34, 38], w2=[12, 17, 30, NAN, NAN], w3=[10, 20, 30, 40, NAN])
    rows = assessed(
        scores,
        ("rses_sum", "w1", "omega_u", 0.75),
        ("rses_sum", "w2", "omega_u", 0.51),
        ("rses_sum", "w3", "omega_u", 0.0),
    )
    found = rows.set_index(["from_wave", "to_wave"])
    assert found["n"].to_dict() == {("w1", "w2"): 3, ("w1", "w3"): 4, ("w2", "w3"): 3}
    band = 1.96 * 2**0.5
    assert found.loc[("w1", "w3"), "sdc95"] == pytest.approx(band * 40**0.5 * 0.5)  # all five of wave 1
    assert found.loc[("w2", "w3"), "sdc95"] == pytest.approx(band * np.std([12, 17, 30], ddof=1) * 0.7)


def test_omega_goes_before_alpha_and_a_coefficient_without_a_value_is_passed_over() -> None:
    both = (("rses_sum", "w1", "alpha", 0.6), ("rses_sum", "w1", "omega_u", 0.8))
    assert assessed(FIVE, *both).loc[0, ["method", "reliability"]].tolist() == [
        "SEM from omega_u of the first wave",
        0.8,
    ]
    withheld = (("rses_sum", "w1", "omega_u", NAN), ("rses_sum", "w1", "alpha", 0.6))
    assert assessed(FIVE, *withheld).loc[0, ["method", "reliability"]].tolist() == [
        "SEM from alpha of the first wave",
        0.6,
    ]


def test_without_a_reliability_there_is_a_mean_change_and_no_band() -> None:
    row = assessed(FIVE, ("rses_sum", "w2", "omega_u", 0.75), ("other", "w1", "omega_u", 0.75)).iloc[
        0
    ]  # another wave, another score
    assert np.isnan(row["sdc95"]) and row["status"] == "no reliability" and row["mean_change"] == pytest.approx(-1.8)
    assert row[["n_decline", "n_improve"]].tolist() == [0, 0]


def test_one_wave_gets_the_sentence_and_no_number() -> None:
    for scores in (
        panel(w1=[22, 26, 30]),
        panel(w1=[22, 26, 30], again=[20, 25, 31]),
        panel(w1=[22, 26, 30], w2=[NAN] * 3),
    ):
        rows = assessed(scores, ("rses_sum", "w1", "omega_u", 0.75))
        assert rows[["score", "n", "status"]].to_numpy().tolist() == [["rses_change", 0, NOT_IN_ONE_WAVE]]
        assert tidy(rows, "erosion")[["mean_change", "sdc95"]].isna().all(axis=None)
    assert NOT_IN_ONE_WAVE == "erosion is not measurable in one wave"


def test_two_waves_that_share_nobody_are_not_called_one_wave() -> None:
    rows = assessed(panel(w1=[22, NAN], w2=[NAN, 30]), ("rses_sum", "w1", "omega_u", 0.75))
    assert rows[["n", "status"]].to_numpy().tolist() == [[0, NOBODY_TWICE]]


def test_a_score_that_nobody_was_asked_and_one_without_a_change_score() -> None:
    rows = assessed(panel("gad7_sum", w1=[1, 2], w2=[2, 3]), instruments=(RSES, GAD7))
    assert rows["score"].tolist() == ["rses_change"] and rows.loc[0, "status"] == NOT_IN_ONE_WAVE


# --- keying ----------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(5)
TRAIT = RNG.normal(size=200)


def scores_of(wave: str = "w1", number: int = 1, **signs: float) -> pd.DataFrame:
    """Scores that go with one trait; `signs` says with which sign."""
    person = {"participant": [f"p{i}" for i in range(200)], "wave": wave, "wave_number": number, "role": "wave"}
    return pd.DataFrame(person | {name: sign * TRAIT + RNG.normal(size=200) for name, sign in signs.items()})


def items(wave: str = "w1", **item_rest: float) -> pd.DataFrame:
    rows = [("s", wave, item, r, 200) for item, r in item_rest.items()]
    return pd.DataFrame(rows, columns=["score", "wave", "item", "item_rest", "n"])


def signs(scores: pd.DataFrame, *instruments, statistics: pd.DataFrame | None = None) -> dict[tuple[str, str], str]:
    found = keying(scores, items() if statistics is None else statistics, instruments, 0.95)
    return {(r.x, r.y): r.status for r in found.itertuples()} if len(found) else {}


def test_expected_signs_are_checked_and_a_wrong_key_is_seen() -> None:
    as_it_should = signs(scores_of(rses_sum=-1, gad7_sum=1, ucla3=1), RSES, UCLA3)
    assert as_it_should["rses_sum", "gad7_sum"] == as_it_should["ucla3", "gad7_sum"] == "as expected"
    keyed_wrongly = signs(scores_of(rses_sum=1, gad7_sum=1), RSES)
    assert keyed_wrongly["rses_sum", "gad7_sum"].startswith(
        "opposite sign: rses_sum and gad7_sum correlate positively, negative was expected"
    )
    assert signs(scores_of(rses_sum=0, gad7_sum=1), RSES)["rses_sum", "gad7_sum"] == "uncertain"


def test_a_prefixed_scale_is_compared_within_its_own_occasion() -> None:
    before = administer(SHIPPED["rses"], order="A", anchor_direction="ascending", **{"as": "before"})
    now = administer(SHIPPED["rses"], order="A", anchor_direction="ascending", **{"as": "now"})
    scores = scores_of(before_rses_sum=-1, now_rses_sum=-1, before_gad7_sum=1, now_gad7_sum=-1)
    found = signs(scores, before, now)
    assert set(found) == {("before_rses_sum", "before_gad7_sum"), ("now_rses_sum", "now_gad7_sum")}
    assert found["before_rses_sum", "before_gad7_sum"] == "as expected"
    assert found["now_rses_sum", "now_gad7_sum"].startswith("opposite sign")


def test_a_prefixed_scale_is_compared_with_a_scale_asked_once() -> None:
    before = administer(SHIPPED["rses"], order="A", anchor_direction="ascending", **{"as": "before"})
    assert signs(scores_of(before_rses_sum=-1, gad7_sum=1), before) == {("before_rses_sum", "gad7_sum"): "as expected"}
    both = scores_of(before_rses_sum=-1, before_gad7_sum=1, gad7_sum=1)
    assert set(signs(both, before)) == {("before_rses_sum", "before_gad7_sum")}  # its own occasion goes first
    assert signs(scores_of(before_rses_sum=-1, now_gad7_sum=1), before) == {}  # another occasion is another question


def test_each_wave_is_checked_with_what_it_asked() -> None:
    scores = pd.concat([scores_of("w1", 1, rses_sum=-1, gad7_sum=1), scores_of("w2", 2, rses_sum=-1, ucla3=1)])
    found = keying(scores, items(), [RSES], 0.95)
    assert found[["wave", "x", "y", "check"]].to_numpy().tolist() == [
        ["w1", "rses_sum", "gad7_sum", "between scales"], ["w2", "rses_sum", "ucla3", "between scales"],
    ]  # fmt: skip


def test_an_item_that_runs_against_its_scale_is_named_in_its_wave() -> None:
    scores = pd.concat([scores_of("w1", 1, rses_sum=-1), scores_of("w2", 2, rses_sum=-1)])
    statistics = pd.concat([items("w1", s_01=0.5, s_02=-0.2), items("w2", s_01=0.5, s_02=0.3)])
    found = keying(scores, statistics, [RSES], 0.95)
    assert found[["wave", "check", "x", "y", "r"]].to_numpy().tolist() == [
        ["w1", "within the scale", "s_02", "s", -0.2]
    ]
    assert "keyed the wrong way?" in found.loc[0, "status"]


def test_nothing_to_check_gives_a_table_that_can_be_written() -> None:
    found = keying(scores_of(gad7_sum=1), items(), [], 0.95)
    assert list(tidy(found, "keying")) == list(COLUMNS["keying"]) and len(found) == 0


# --- predictions fixed before the data -------------------------------------------------------------------------------


def test_predictions_are_held_against_the_first_wave_that_tests_most_of_them() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=300).T
    first = pd.DataFrame({"x": x, "wave": "w1", "wave_number": 1, "role": "wave"})
    later = pd.DataFrame({"x": x, "y": y, "wave": "w2", "wave_number": 2, "role": "wave"})
    retest = later.assign(wave="again", role="retest")
    plans = {"mine": [Prediction("close", "x", "y", 0.3, 0.7)], "other": [Prediction("far", "u", "v", 0.1, 0.2)]}
    found = convergent(pd.concat([retest, first, later]), plans, 0.95)
    assert found[["set", "wave", "outcome"]].to_numpy().tolist() == [["mine", "w2", "met"]]
    assert found["estimate"].item() == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert convergent(first, {"other": plans["other"]}, 0.95).empty


def test_a_study_may_add_its_own_set_of_predictions(tmp_path) -> None:
    own = tmp_path / "schemas" / "predictions"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text(
        "id: mine\ntitle: Mine\npredictions:\n  - {id: a, score: gad7_sum, with: phq8_sum, range: [0.4, 0.8]}\n"
    )
    assert set(read_all(tmp_path)) == {"mreii", "mine"} and read_all(tmp_path)["mine"][0].y == "phq8_sum"
