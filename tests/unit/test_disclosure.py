"""The disclosure guard: what is declared, what each rule hides, and whether anything follows from what is left."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import in_one_process
from tests.few_people import write_few
from tests.unit.disclosure_audit import leaks

from rejsens.disclosure import ROW_LEVEL, Policy, guarded, policy, small_cells, step, to_figures, to_step, use_of
from rejsens.disclosure_account import account
from rejsens.disclosure_columns import GUARDED, MEANINGS
from rejsens.plan import Plan
from rejsens.registry import TABLES
from rejsens.study import load_study
from rejsens.tabular import COLUMNS, OPEN, read_table, write_table

TEN = Policy(10)


# --- declarations ----------------------------------------------------------------------------------------------------


def test_every_column_of_every_aggregate_says_what_it_tells_of_people() -> None:
    assert set(GUARDED) | ROW_LEVEL == set(COLUMNS) and not set(GUARDED) & ROW_LEVEL
    for name, table in GUARDED.items():
        declared = [column for columns in table.columns.values() for column in columns]
        assert sorted(declared) == sorted(COLUMNS[name]), name
        assert set(table.columns) <= set(MEANINGS) and set(table.told) <= set(declared), name
    assert {name for name, path in TABLES.items() if path.startswith("results/participants/")} <= ROW_LEVEL
    assert OPEN <= ROW_LEVEL


def test_a_column_that_may_be_hidden_may_be_blank() -> None:
    hidden = {"people", "counts"}
    for name, table in GUARDED.items():
        for column in (column for meaning in hidden for column in table.columns.get(meaning, ())):
            assert COLUMNS[name][column] in ("people", "count"), (name, column)


def test_every_job_is_given_the_policy_of_its_study_and_none_goes_without(tmp_path: Path) -> None:
    plan = Plan(load_study(write_few(tmp_path / "study")))
    assert plan.params("pool_waves")["disclosure"] == {"min_cell": 10, "secondary": True, "rounding": True}
    with pytest.raises(KeyError):
        use_of(type("Job", (), {"params": [{"numbers": 1}]}))
    assert policy() == Policy() and not policy().guards


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "blank"),
    [
        ({"a": 50, "b": 40}, set()),
        ({"a": 50, "b": 10, "c": 0}, set()),                       # nobody is nobody, and ten are enough
        ({"a": 50, "b": 9, "c": 12}, {"b", "c"}),                  # b alone could be worked out: the next smallest goes too
        ({"a": 50, "b": 9, "c": 0}, {"a", "b"}),                   # an empty level protects nobody
        ({"a": 50, "b": 9, "c": 8}, {"b", "c"}),
        ({"a": 50, "b": 1, "c": 1, "d": 20}, {"b", "c", "d"}),     # two people in two levels that are not empty: one each
        ({"a": 50, "b": 2, "c": 1, "d": 20}, {"b", "c", "d"}),  # three people together are still few
        ({"a": 3}, {"a"}),
        ({"a": 3, "b": 0}, {"a", "b"}),           # the total is known: 0 in b would tell of a
        ({"a": 0, "b": 0}, set()),
    ],
)  # fmt: skip
def test_small_cells_by_hand(counts: dict[str, int], blank: set[str]) -> None:
    assert small_cells(counts, 10) == blank


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 15), min_size=1), st.integers(1, 8))
def test_no_blank_can_be_worked_out_from_the_total(counts: dict[str, int], k: int) -> None:
    blank = small_cells(counts, k)
    assert {level for level, n in counts.items() if 0 < n < k} <= blank
    if 0 < sum(counts.values()) < k:
        assert blank == set(counts)
        return
    assert all(counts[level] > 0 for level in blank)
    shown = sum(n > 0 for n in counts.values()) - len(blank)
    if blank and shown:  # something of the table is left to subtract from
        assert len(blank) >= 2
        assert sum(counts[level] for level in blank) >= max(k, len(blank) + 1)
    assert blank == small_cells(dict(reversed(counts.items())), k) or len(set(counts.values())) < len(counts)


def test_what_rests_on_few_people_is_blank_and_says_so() -> None:
    rows = pd.DataFrame(
        {
            "wave": ["w1", "w2", "w3"],
            "check": "c",
            "x": "a",
            "y": "b",
            "expected": "+",
            "r": 0.5,
            "n": [4, 0, 40],
            "status": "as expected",
        }
    )
    found = guarded(rows, "keying", stated=TEN)
    assert found["r"].isna().tolist() == [True, False, False] and found["n"].isna().tolist() == [True, False, False]
    assert found["status"].tolist() == ["not reported: fewer than 10 people", "as expected", "as expected"]


def test_a_table_without_people_loses_the_rows_whose_people_another_counts() -> None:
    models = pd.DataFrame({"instrument": "i", "model": ["m", "k"], "wave": "w1", "n": [4, 40]})
    loadings = pd.DataFrame({"instrument": "i", "model": ["m", "k"], "wave": "w1", "estimate": 0.5, "se": 0.1, "std": 0.5,
                             "std_ci_low": 0.4, "std_ci_high": 0.6, "status": "admissible"})  # fmt: skip
    assert guarded(loadings, "loadings", {"factor_models": models}, TEN)["model"].tolist() == ["k"]


def test_an_estimate_of_few_people_is_no_verdict_and_neither_is_a_share_of_few() -> None:
    blank = dict.fromkeys(COLUMNS["estimates"], "") | dict.fromkeys(GUARDED["estimates"].of_meaning("numbers"), 0.02)
    rows = pd.DataFrame([blank | {"metric": m, "n_people": n, "n_obs": n, "n_lost": 0, "verdict": "supported"}
                         for m, n in (("beta", 6), ("beta", 60), ("share", 200), ("share", 900))])  # fmt: skip
    found = guarded(rows, "estimates", stated=TEN)
    assert found["verdict"].tolist() == ["not testable", "supported", "not testable", "supported"]
    assert found["estimate"].isna().tolist() == [True, False, True, False]


def test_a_level_hidden_in_one_wave_is_hidden_in_the_others_and_never_alone() -> None:
    counts = {"w1": (31, 25, 3, 1), "w2": (28, 22, 0, 0)}
    rows = pd.DataFrame([{"wave": w, "variable": "g", "label": "G", "level": v, "n": n, "n_missing": 0, "percent": 100 * n / sum(own),
                          "mean": math.nan, "sd": math.nan, "min": math.nan, "max": math.nan}
                         for w, own in counts.items() for v, n in zip("abcd", own, strict=True)])  # fmt: skip
    found = guarded(rows, "sample", stated=TEN).set_index(["wave", "level"])["n"].isna()
    assert found["w1"].all()
    assert found["w2"].tolist() == [True, True, False, False]  # b alone would follow from the total


def test_a_question_that_all_but_few_were_asked_does_not_say_so() -> None:
    rows = pd.DataFrame(
        {
            "wave": "w1",
            "kind": "item",
            "variable": ["a", "b", "c"],
            "label": "l",
            "n": [300, 297, 200],
            "n_missing": 0,
            "percent_missing": 0.0,
        }
    )
    assert guarded(rows, "missing", stated=TEN)["n"].isna().tolist() == [False, True, False]


def test_a_mean_of_two_neighbouring_answers_is_a_count() -> None:
    values = np.array([0.0] * 97 + [1.0] * 3)
    row = {"wave": "w1", "index": "i", "label": "l", "definition": "d", "k": 1, "n": 100, "mean": values.mean(), "sd": values.std(ddof=1),
           "cutoff": "", "n_flagged": math.nan, "percent_flagged": math.nan, "status": "estimated"}  # fmt: skip
    assert np.isnan(guarded(pd.DataFrame([row]), "careless", stated=TEN).at[0, "mean"])


def test_sentences_name_no_few_people_and_no_rows() -> None:
    row = dict.fromkeys(COLUMNS["notices"], "") | {"n": 60, "value": 4.0, "ci_low": math.nan, "ci_high": math.nan}
    rows = pd.DataFrame(
        [
            row | {"measure": "count", "finding": "4 people of 60"},
            row | {"measure": "r", "finding": "seen in rows 3, 17 and 20"},
        ]
    )
    found = guarded(rows, "notices", stated=TEN)
    assert found["finding"].tolist() == ["not reported: fewer than 10 people", "seen in some rows"]
    assert math.isnan(found.at[0, "value"])


@given(st.floats(0.1, 200), st.integers(10, 100_000), st.sampled_from([0.5, 3.0]))
def test_the_rounding_of_a_mean_covers_the_people_that_it_says(span: float, people: int, persons: float) -> None:
    width = step(span, people, persons)
    assert persons * span <= people * width * (1 + 1e-9) and people * width <= 2.6 * persons * span
    assert to_step(to_step(span, width), width) == to_step(span, width)


@given(st.floats(-1e12, 1e12))
def test_figures_keep_sign_and_size(value: float) -> None:
    found = to_figures(value)
    assert math.copysign(1, found) == math.copysign(1, value)
    if abs(value) > 1e-300:
        assert found == pytest.approx(value, rel=1e-4)


def test_simulated_people_are_not_guarded_and_a_gap_that_no_guard_made_is_refused(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "wave": ["w1"],
            "x": ["a"],
            "y": ["b"],
            "n": [3],
            "r": [0.123456789],
            "ci_low": [0.1],
            "ci_high": [0.2],
            "p": [0.04],
        }
    )
    write_table(rows, tmp_path / "correlations.csv")
    assert read_table(tmp_path / "correlations.csv")["n"].dtype == "int64"
    assert (tmp_path / "correlations.csv").read_text().endswith("w1,a,b,3,0.123456789,0.1,0.2,0.04\n")
    with pytest.raises(Exception, match="non-nullable"):
        write_table(rows.assign(n=[None]), tmp_path / "correlations.csv")


# --- a finished study ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of few people, taken for real: all its tables, two figures and the report's numbers."""
    study = write_few(tmp_path_factory.mktemp("few") / "study")
    wanted = [*(TABLES[name] for name in ("claims", "standards")), *(f"results/figures/{name}.svg" for name in FIGURES)]
    done = in_one_process(study, *wanted)
    assert done.returncode == 0, done.stderr
    return study


FIGURES = ("response_distributions", "scores_by_wave", "exposure_outcome_curve")


def test_nothing_of_few_people_follows_from_a_finished_study(finished: Path) -> None:
    assert leaks(finished / "results", 10) == []
    sample = read_table(finished / "results/sample.csv")
    assert sample["n"].isna().any() and read_table(finished / "results/descriptives.csv")["n"].isna().any()


def test_the_report_lists_all_that_the_guard_left_out(finished: Path) -> None:
    """Held against the files themselves: each blank that only the guard makes is in the account."""
    tables = {
        name: read_table(finished / path)
        for name, path in TABLES.items()
        if name in GUARDED and (finished / path).exists()
    }
    told = {(title.split("(")[1], what): (blank, of) for title, what, blank, of in account(tables)}
    few = "rows that rest on few people"
    for name in ("descriptives", "correlations", "items", "reliability"):
        blank = tables[name]["n"].isna()
        assert told[f"{name}.csv)", few] == (int(blank.sum()), len(blank)), name
    codebook = tables["codebook"]
    described = codebook[codebook["mean"].notna() & codebook["type"].ne("numeric")]
    ends = int(described[["floor_pct", "ceiling_pct"]].isna().sum().sum())
    assert ends and told["codebook.csv)", "shares at an end of a scale"] == (ends, 2 * len(described))
    counts = "counts of few people, and others that would reveal them"
    assert told["responses.csv)", counts][0] == tables["responses"]["n"].isna().sum()
    assert told["sample.csv)", counts][0] > 0 and all(0 < blank <= of for blank, of in told.values())
    assert not any(str(number) in title + what for title, what, *_ in account(tables) for number in range(10))


def planted(results: Path, name: str, change: Callable[[pd.DataFrame], object]) -> list[str]:
    path = results / name
    frame = pd.read_csv(path)
    change(frame)
    frame.to_csv(path, index=False)
    return leaks(results, 10)


def first_hidden(frame: pd.DataFrame) -> int:
    return frame.index[frame["n"].isna()][0]


MUTATIONS = {
    "a hidden level": ("sample.csv", lambda t: t.__setitem__("n", t["n"].where(t["level"].ne("prefers not to say"), 1))),
    "all hidden levels but one": ("sample.csv", lambda t: t.__setitem__("n", t["n"].where(t["level"].ne("man") | t["wave"].ne("w1"), 25).where(t["level"].ne("prefers not to say") | t["wave"].ne("w1"), 0))),
    "the answers that hide another": ("responses.csv", lambda t: t.__setitem__("n", t["n"].mask(t.index == first_hidden(t), 11))),
    "a mean at full precision": ("codebook/codebook.csv", lambda t: t.__setitem__("mean", t["mean"] + t["variable"].eq("gad7_06") * 0.0166666667)),
    "the share at an end": ("codebook/codebook.csv", lambda t: t.__setitem__("floor_pct", t["floor_pct"].fillna(5.0))),
    "a statistic of few": ("correlations.csv", lambda t: t.__setitem__("n", t["n"].fillna(8))),
    "people beyond a cut-off": ("careless.csv", lambda t: t.__setitem__("n_flagged", 3)),
    "whom it does not concern": ("waves/w1/variables.csv", lambda t: t.__setitem__("n_not_applicable", 2)),
    "a sentence": ("psychometrics/reliability.csv", lambda t: t.__setitem__("status", "estimated for 3 people")),
    "rows of people": ("responses.csv", lambda t: t.__setitem__("participant", "p001")),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_audit_finds_what_is_planted(finished: Path, tmp_path: Path, mutation: str) -> None:
    results = tmp_path / "results"
    shutil.copytree(
        finished / "results", results, ignore=shutil.ignore_patterns("participants", "*.svg", "*.png", "*.pdf")
    )
    assert planted(results, *MUTATIONS[mutation]), mutation


def test_the_audit_finds_two_means_of_nearly_the_same_people(finished: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(finished / "results", results, ignore=shutil.ignore_patterns("participants", "figures"))
    exact = {
        "codebook/codebook.csv": ("variable", 60, 1.5833333333),
        "psychometrics/items.csv": ("item", 59, 1.593220339),
    }
    for name, (column, n, mean) in exact.items():
        frame = pd.read_csv(results / name)
        frame.loc[frame[column].eq("gad7_03") & frame["wave"].eq("w1"), ["n", "mean"]] = n, mean
        frame.to_csv(results / name, index=False)
    assert any("gad7_03" in leak and "1 people" in leak for leak in leaks(results, 10))


def test_no_id_of_a_person_is_outside_the_folder_of_participants(finished: Path) -> None:
    ids = set(pd.read_csv(finished / "results/participants/scores.csv")["participant"])
    named = re.compile(rf"(?<![\w.])p(?:{'|'.join(sorted(i[1:] for i in ids))})(?!\w)")
    kinds = (".csv", ".json", ".svg", ".html", ".jsonld")
    shared = [path for path in (finished / "results").rglob("*") if path.suffix in kinds]
    shared = [path for path in shared if (finished / "results/participants") not in path.parents]
    assert len(ids) == 60 and len(shared) > 40
    assert [path.name for path in shared if named.search(path.read_text(encoding="utf-8"))] == []


def test_rows_of_people_and_logs_are_closed_to_others_and_aggregates_are_not(finished: Path) -> None:
    closed = [
        path
        for folder in ("results/participants", "logs")
        for path in [finished / folder, *(finished / folder).rglob("*")]
    ]
    assert len(closed) > 30 and {path.name for path in closed if path.stat().st_mode & 0o077} == set()
    assert all(path.stat().st_mode & 0o400 for path in (finished / "results").glob("*.csv"))
    assert (finished / "results/sample.csv").stat().st_mode & 0o044 == 0o044 & ~umask()


def umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before
