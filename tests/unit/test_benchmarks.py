"""Published results beside this study's own: what is joined, in which metric, and what is said of it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from rejsens import narrative
from rejsens.benchmarks import NO_METRIC, NO_SCORE, benchmarks
from rejsens.claims import claim_ids
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.definitions import load_instruments
from rejsens.disclosure import Policy, guarded
from rejsens.layout import to_html
from rejsens.tables.benchmarks import lay_out
from rejsens.tabular import COLUMNS

SHIPPED_FILE = read_yaml(SHIPPED / "config/benchmarks.yaml", "benchmarks")
CORRELATIONS = pd.DataFrame(
    [("w1", "y", "x", 103, math.nan, math.nan, math.nan), ("w2", "y", "x", 103, 0.50, 0.34, 0.63),
     ("w3", "y", "x", 99, 0.90, 0.85, 0.93)],
    columns=["wave", "x", "y", "n", "r", "ci_low", "ci_high"],
)  # fmt: skip
DESCRIPTIVES = pd.DataFrame([("x", "w1", 100, 5.0, 2.0, 4.6, 5.4)], columns=["score", "wave", "n", "mean", "sd", "ci_low", "ci_high"])  # fmt: skip
RELIABILITY = pd.DataFrame(
    [("x", "w2", "alpha", 103, 0.80, 0.70, 0.87), ("y", "w2", "alpha", 103, 0.45, 0.30, 0.60)],
    columns=["score", "wave", "coefficient", "n", "estimate", "ci_low", "ci_high"],
)


OWN = {"nearer": (-0.41, -0.46, -0.36), "farther": (-0.6, -0.7, -0.5), "positive": (0.2, 0.1, 0.3)}


def joined(**entry: Any) -> list[dict[str, Any]]:
    content = {"benchmarks": [{"id": "one", "finding": "F", "source": "S (2000)"} | entry]}
    return benchmarks(content, CORRELATIONS, DESCRIPTIVES, RELIABILITY).to_dict("records")


def test_the_same_two_scores_are_joined_in_either_order_from_the_first_wave_that_has_them() -> None:
    (row,) = joined(metric="r", value=0.20, n=203, x=["x", "other"], y=["y"])
    assert (row["wave"], row["n"], row["estimate"]) == ("w2", 103, 0.50)
    assert row["z"] == pytest.approx((math.atanh(0.5) - math.atanh(0.2)) / math.sqrt(1 / 100 + 1 / 200))
    assert row["comparison"] == "the interval of this study lies above the published value"


def test_beside_a_negative_value_the_distance_to_0_is_said() -> None:
    def said(x: str, **published: float) -> str:
        given = CORRELATIONS.assign(**dict(zip(("r", "ci_low", "ci_high"), OWN[x], strict=True)))
        entry = {
            "id": "one",
            "finding": "F",
            "source": "S",
            "metric": "r",
            "n": 203,
            "x": ["x"],
            "y": ["y"],
        } | published
        return benchmarks({"benchmarks": [entry]}, given, DESCRIPTIVES, RELIABILITY)["comparison"][0]

    start = "the interval of this study lies "
    assert said("nearer", value=-0.54) == f"{start}nearer to 0 than the published value"
    assert said("farther", value=-0.30, low=-0.4, high=-0.2) == f"{start}farther from 0 than the published interval"
    assert said("positive", value=-0.30) == f"{start}on the other side of 0 from the published value"


def test_two_means_are_compared_by_their_standard_errors() -> None:
    (row,) = joined(metric="mean", value=5.3, sd=3.0, n=225, scores=["x"])
    assert row["z"] == pytest.approx(-0.3 / math.sqrt(0.04 + 0.04))
    assert row["comparison"] == "the interval of this study holds the published value"


def test_a_corrected_value_is_compared_with_ours_corrected_alike() -> None:
    (row,) = joined(metric="r_corrected", value=0.60, low=0.40, high=0.57, sample="20 studies", x=["x"], y=["y"])
    assert row["estimate"] == pytest.approx(0.50 / 0.6) and row["ci_low"] == pytest.approx(0.34 / 0.6)
    assert math.isnan(row["z"]) and row["comparison"] == "the interval of this study overlaps the published interval"
    (none,) = joined(metric="r_corrected", value=0.60, sample="20 studies", x=["x"], y=["z"])
    assert none["comparison"] == NO_SCORE


def test_many_samples_have_no_z_and_a_range_is_called_one() -> None:
    (row,) = joined(metric="alpha", sample="several samples", **{"from": 0.89, "to": 0.94}, scores=["x"])
    assert math.isnan(row["z"]) and row["comparison"] == "the interval of this study lies below the published range"


def test_what_cannot_be_compared_stays_in_the_table_and_says_why() -> None:
    (absent,) = joined(metric="r", value=0.2, n=50, x=["nobody"], y=["y"])
    (other,) = joined(metric="none", n=50, note="d = 0.41.")
    assert absent["comparison"] == NO_SCORE and other["comparison"] == NO_METRIC
    assert absent["x"] == "" and math.isnan(absent["estimate"])


def test_the_shipped_benchmarks_name_real_scores_and_no_banned_word() -> None:
    scores = {score.id for instrument in load_instruments().values() for score in instrument.scores}
    for entry in SHIPPED_FILE["benchmarks"]:
        assert set(entry.get("scores", [])) | set(entry.get("x", [])) | set(entry.get("y", [])) <= scores, entry["id"]
        assert bool(entry.get("x")) == bool(entry.get("y"))
        assert (entry["metric"] == "mean") == ("sd" in entry)
        for text in (entry["finding"], entry.get("note", "")):
            assert narrative.banned_words(text) == [] and claim_ids(text) == []
    ids = [entry["id"] for entry in SHIPPED_FILE["benchmarks"]]
    assert len(set(ids)) == len(ids)
    against = {entry["source"] for entry in SHIPPED_FILE["benchmarks"] if entry.get("against")}
    assert {"Blackhart et al. (2009)", "BMC Psychology (2024)"} <= against
    assert "rses" not in str(SHIPPED_FILE)  # its norms and any r with rejection sensitivity are not verified


def test_the_printed_table_has_the_shipped_columns_covers_few_people_and_says_when_it_is_simulated() -> None:
    own = DESCRIPTIVES.assign(score="a_rsq", n=7)
    table = benchmarks(SHIPPED_FILE, CORRELATIONS, own, RELIABILITY)
    assert list(table.columns) == list(COLUMNS["benchmarks"])
    dictionary = pd.DataFrame({"score": ["a_rsq"], "label": ["Rejection sensitivity"]})
    study = {"ci_level": 0.95, "simulated": False, "min_cell": 10}
    through_the_guard = guarded(table, "benchmarks", stated=Policy(10))
    printed = lay_out(benchmarks=through_the_guard, dictionary=dictionary, study=study)
    assert len(printed.rows) == len(table) and printed.rows[0][4:7] == ("Rejection sensitivity, wave w1", "—", "—")
    assert "simulated" not in to_html(printed, "benchmarks")
    simulated = lay_out(benchmarks=table, dictionary=dictionary, study=study | {"simulated": True})
    assert "are simulated" in to_html(simulated, "benchmarks") and "5.00 [4.60, 5.40]" in simulated.rows[0]


def test_a_number_of_this_study_without_an_interval_is_compared_with_nothing() -> None:
    given = CORRELATIONS.assign(ci_low=math.nan, ci_high=math.nan)
    entry = {"id": "one", "finding": "F", "source": "S", "metric": "r", "value": 0.2, "n": 203, "x": ["x"], "y": ["y"]}
    (row,) = benchmarks({"benchmarks": [entry]}, given, DESCRIPTIVES, RELIABILITY).to_dict("records")
    assert row["comparison"] == "this study has no interval" and row["estimate"] == 0.50


def test_a_finding_whose_metric_this_study_does_not_have_is_compared_with_nothing() -> None:
    (row,) = joined(metric="none", value=0.20, n=203, x=["x"], y=["y"])
    assert row["comparison"] == NO_METRIC and math.isnan(row["estimate"])
