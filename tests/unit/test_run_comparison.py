"""Two runs held against each other: rows by what they are about, numbers within the tolerance, and what lies behind a change."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import rejsens_here

from rejsens.provenance import as_json
from rejsens.registry import AGGREGATES, TABLES, hashes
from rejsens.run_changes import changed, people_in_waves, printed, told_of_few, verdicts
from rejsens.run_comparison import ONLY_A, ONLY_B, Run, compare_runs, compare_tables, read_run
from rejsens.run_comparison_page import as_text, table_as_text
from rejsens.spreadsheet import csv_text
from rejsens.table_keys import ROW_NAMES, TOLD_APART
from rejsens.tabular import COLUMNS, write_table

sys.path.insert(0, str(Path(__file__).parent))
import example_tables

RECORD: dict[str, Any] = {
    "settings": {"alpha": 0.05, "min_cell": 10, "study": {"title": "A study", "simulated": True}},
    "inputs": {"config/config.yaml": "1", "export of wave 2026c": "1", "config/hypotheses/primary.yaml": "1"},
    "definitions": {"config/claims.yaml": "1"},
    "code": {"workflow/rejsens/scoring.py": "1", "workflow/rejsens/problems.py": "1"},
    "packages": {"python": "3.11.7", "pandas": "3.1.0", "numpy": "2.4.6"},
    "processor": {"system": "Linux", "machine": "x86_64", "instructions": ["X86_V3"], "c_library": "glibc 2.36"},
    "lock_sha256": "1",
}


def as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as `read_run` reads it: text."""
    return frame.astype("object").where(frame.notna(), "").astype("str")


@pytest.fixture(scope="module")
def every_table() -> dict[str, pd.DataFrame]:
    return {name: as_read(frame) for name, frame in example_tables.tables().items() if name in AGGREGATES}


@pytest.fixture(scope="module")
def tables(every_table: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: every_table[name] for name in ("waves", "descriptives", "erosion", "estimates")}


def run(tables: dict[str, pd.DataFrame], record: dict[str, Any] | None = RECORD, name: str = "A") -> Run:
    return Run(name, dict(tables), record, {"H1": {"estimate": "0.12", "ci": {"low": "0.01"}}})


def with_cell(
    tables: dict[str, pd.DataFrame], name: str, column: str, value: str, row: int = 0
) -> dict[str, pd.DataFrame]:
    frame = tables[name].copy()
    frame.iloc[row, frame.columns.get_loc(column)] = value
    return tables | {name: frame}


def recorded(**changes: Any) -> dict[str, Any]:
    """The record with some of its entries changed: group -> entries."""
    other = copy.deepcopy(RECORD)
    for group, entries in changes.items():
        other[group] = other[group] | entries if isinstance(entries, dict) else entries
    return other


# --- rows and their names --------------------------------------------------------------------------------------------


def test_every_aggregate_table_says_what_names_its_rows() -> None:
    assert set(ROW_NAMES) == set(AGGREGATES)
    for name, keys in ROW_NAMES.items():
        assert {*keys, *TOLD_APART.get(name, ())} <= set(COLUMNS[name]), name


def test_a_run_against_itself_differs_in_nothing(every_table: dict[str, pd.DataFrame]) -> None:
    found = compare_runs(run(every_table), run(every_table))
    assert found.nothing and found.alike == () and sum(found.compared.values()) > 5_000
    assert "No number differs" in as_text(found, 1e-9)


def test_the_order_of_rows_is_no_difference(every_table: dict[str, pd.DataFrame]) -> None:
    turned = {name: frame.sample(frac=1, random_state=3).reset_index(drop=True) for name, frame in every_table.items()}
    assert compare_runs(run(every_table), run(turned)).nothing


def test_a_row_that_one_run_lacks_is_told_and_moves_no_other(tables: dict[str, pd.DataFrame]) -> None:
    found = compare_runs(run(tables), run(tables | {"descriptives": tables["descriptives"].drop(index=1)}))
    assert found.changes["kind"].tolist() == [ONLY_A]
    assert found.changes["row"].iloc[0] == "score={}; wave={}".format(*tables["descriptives"].loc[1, ["score", "wave"]])
    back = compare_runs(run(tables | {"descriptives": tables["descriptives"].drop(index=1)}), run(tables))
    assert back.changes["kind"].tolist() == [ONLY_B]


def test_a_table_that_one_run_lacks_is_told(tables: dict[str, pd.DataFrame]) -> None:
    found = compare_runs(run(tables), run({name: frame for name, frame in tables.items() if name != "erosion"}))
    assert found.absent == {"erosion": ONLY_A} and not found.nothing
    assert "Tables only in A: erosion." in as_text(found, 1e-9)


def test_rows_of_the_same_name_are_matched_by_what_they_hold() -> None:
    a = pd.DataFrame({"score": "x", "wave": "w1", "mean": ["1.5", "2.5", "3.5"]})
    same, _, doubled = compare_tables("descriptives", a, a[::-1].reset_index(drop=True))
    assert same.empty and doubled
    fewer, _, _ = compare_tables("descriptives", a, a[:2])
    assert fewer["kind"].tolist() == [ONLY_A]


def test_rows_told_apart_by_their_method_keep_their_partner_when_its_numbers_change() -> None:
    plain = {
        "hypothesis": "H1",
        "family": "f",
        "analysis": "x",
        "wave": "all",
        "outcome": "y",
        "term": "z",
        "metric": "beta",
    }
    imputed = plain | {
        "missing_rule": "multiple imputation, m = 20",
        "method": "OLS",
        "estimate": "0.5",
        "decides": "True",
    }
    complete = plain | {"missing_rule": "complete cases", "method": "OLS", "estimate": "0.1", "decides": "False"}
    a = pd.DataFrame([imputed, complete])
    b = pd.DataFrame([complete, imputed | {"missing_rule": "multiple imputation, m = 33"}])
    found, _, _ = compare_tables("estimates", a, b)
    assert found[["column", "after"]].values.tolist() == [["missing_rule", "multiple imputation, m = 33"]]
    other = imputed | {"method": "mixed model", "estimate": "0.7"}
    found, _, _ = compare_tables("estimates", a, pd.DataFrame([complete, other]))
    assert set(found["column"]) == {
        "method",
        "estimate",
    }  # the deciding row has its partner although the method changed
    alone, _, _ = compare_tables("estimates", a, pd.DataFrame([complete]))
    assert alone["kind"].tolist() == [ONLY_A]


def test_a_number_that_names_a_row_may_differ_in_its_last_digit() -> None:
    a = pd.DataFrame(
        {"instrument": "i", "score": "s", "wave": "w", "item": "", "theta": ["0.1", "0.2"], "information": ["1", "2"]}
    )
    b = a.assign(theta=["0.10000000000000002", "0.2"])
    assert compare_tables("information", a, b)[0].empty


# --- numbers, counts, texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ("0.5", "0.5000000001", False),
        ("0.5", "0.500000001", True),
        ("0.0", "1e-13", False),
        ("0.0", "1e-11", True),
        ("", "", False),
        ("", "0.0", True),
        ("0.1", "", True),
        ("inf", "inf", False),
        ("inf", "-inf", True),
        ("inf", "1e300", True),
        ("-0.5", "0.5", True),
    ],
)
def test_numbers_agree_within_the_tolerance_and_a_blank_only_with_a_blank(
    before: str, after: str, differs: bool
) -> None:
    a, b = (pd.DataFrame({"score": ["x"], "wave": ["w"], "mean": [value]}) for value in (before, after))
    found, _, _ = compare_tables("descriptives", a, b)
    assert bool(len(found)) is differs


def test_counts_and_texts_must_be_equal() -> None:
    a = pd.DataFrame({"score": ["x"], "wave": ["w"], "n": ["1000000000000"], "label": ["1"]})
    found, _, _ = compare_tables("descriptives", a, a.assign(n="1000000000001", label="1.0"))
    assert found[["column", "kind"]].values.tolist() == [["n", "count"], ["label", "text"]]


def test_the_tolerance_can_be_chosen() -> None:
    a = pd.DataFrame({"score": ["x"], "wave": ["w"], "mean": ["100"]})
    assert compare_tables("descriptives", a, a.assign(mean="101"), relative=0.02)[0].empty
    assert len(compare_tables("descriptives", a, a.assign(mean="100.0000000001"), relative=0.0, absolute=0.0)[0]) == 1


cells = st.one_of(st.floats(allow_nan=False).map(repr), st.sampled_from(["", "inf", "-inf", "0", "1e-320"]))
frames = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["w1", "w2"]), cells, cells), max_size=8).map(
    lambda rows: pd.DataFrame(rows, columns=["score", "wave", "mean", "sd"], dtype="str")
)


@settings(max_examples=40)
@given(frames, frames)
def test_comparing_is_symmetric_and_nothing_differs_from_itself(a: pd.DataFrame, b: pd.DataFrame) -> None:
    assert compare_tables("descriptives", a, a)[0].empty
    there, _, _ = compare_tables("descriptives", a, b)
    back, _, _ = compare_tables("descriptives", b, a)
    mirrored = back.rename(columns={"before": "after", "after": "before"}).replace(
        {"kind": {ONLY_A: ONLY_B, ONLY_B: ONLY_A}}
    )
    order = ["row", "column", "kind", "before", "after"]
    assert sorted(map(tuple, there[order].values)) == sorted(map(tuple, mirrored[order].values))
    np.testing.assert_array_equal(
        np.sort(there["difference"].dropna()), np.sort(-back["difference"].dropna().to_numpy())
    )


# --- verdicts, printed numbers, what lies behind ---------------------------------------------------------------------


def test_a_verdict_that_changed_stands_first(tables: dict[str, pd.DataFrame]) -> None:
    row = tables["estimates"].index[tables["estimates"]["decides"] == "True"][0]
    old = tables["estimates"].loc[row]
    other = with_cell(tables, "estimates", "verdict", "opposite", row)
    moved = [v for v in verdicts(run(tables), run(other)) if v.moved]
    assert [(v.hypothesis, v.before["verdict"], v.after["verdict"]) for v in moved] == [
        (old["hypothesis"], old["verdict"], "opposite")
    ]
    text = as_text(compare_runs(run(tables), run(other)), 1e-9, width=200)
    assert f"{old['hypothesis']} ({old['label']}): {old['verdict']} → opposite" in text
    assert text.index("Verdicts") < text.index("Numbers")


def test_printed_numbers_that_read_otherwise_are_named(tables: dict[str, pd.DataFrame]) -> None:
    a = run(tables)
    b = Run("B", a.tables, RECORD, {"H1": {"estimate": "0.13", "ci": {"low": "0.01"}}, "H2": {"estimate": "1"}})
    assert printed(a, b) == ({"H1.estimate": ("0.12", "0.13")}, 2)
    assert printed(a, Run("B", a.tables, RECORD, None)) is None


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (recorded(settings={"alpha": 0.01}), ["the setting alpha changed from 0.05 to 0.01"]),
        (recorded(inputs={"config/hypotheses/coping.yaml": "1"}), ["the family of hypotheses coping was added"]),
        (recorded(code={"workflow/rejsens/scoring.py": "2"}), ["the pipeline itself changed (scoring.py)"]),
        (recorded(packages={"pandas": "3.1.1"}, lock_sha256="2"), ["versions: pandas 3.1.0 → 3.1.1"]),
        (recorded(lock_sha256="2"), ["the lock file, with no other version of what results depend on"]),
        (recorded(definitions={"config/claims.yaml": "2"}), ["the list of claims changed"]),
        (
            recorded(processor={"machine": "aarch64", "instructions": ["ASIMD"]}),
            ["the type of processor: Linux x86_64 glibc 2.36 X86_V3 → Linux aarch64 glibc 2.36 ASIMD"],
        ),
        (
            recorded(processor={"kernels": "Haswell"}),
            [
                "the type of processor: Linux x86_64 glibc 2.36 X86_V3 → Linux x86_64 glibc 2.36 X86_V3, kernels of Haswell "
                "(OPENBLAS_CORETYPE)"
            ],
        ),
        (
            recorded(inputs={"config/config.yaml": "2"}, settings={"alpha": 0.1}),
            ["the setting alpha changed from 0.05 to 0.1"],
        ),
        (RECORD, []),
    ],
)
def test_what_changed_is_told_from_the_records(
    after: dict[str, Any], said: list[str], tables: dict[str, pd.DataFrame]
) -> None:
    assert changed(run(tables), run(tables, after)) == said


def test_a_changed_export_says_how_many_people_it_moved(tables: dict[str, pd.DataFrame]) -> None:
    kept = tables["waves"].set_index("wave")["n_kept"]
    more = with_cell(tables, "waves", "n_kept", str(int(kept["2026c"]) + 12), list(kept.index).index("2026c"))
    other = recorded(inputs={"export of wave 2026c": "2"})
    told = changed(run(tables), run(more, other))
    assert told == [f"the export of wave 2026c changed: 12 people more, {kept['2026c']} → {int(kept['2026c']) + 12}"]
    assert people_in_waves(run(tables), run(more))["2026c"] == (int(kept["2026c"]), int(kept["2026c"]) + 12)


def test_a_wave_that_came_or_went_says_how_many_people_went_with_it(tables: dict[str, pd.DataFrame]) -> None:
    kept = tables["waves"].set_index("wave")["n_kept"]
    without = tables | {"waves": tables["waves"].query("wave != '2026c'")}
    fewer = recorded(inputs={"export of wave 2026c": None})
    del fewer["inputs"]["export of wave 2026c"]
    assert changed(run(without, fewer), run(tables)) == [f"wave 2026c was added, with {kept['2026c']} people"]
    assert changed(run(tables), run(without, fewer)) == [f"wave 2026c was taken out, with {kept['2026c']} people"]
    nothing = {name: frame for name, frame in tables.items() if name != "waves"}
    assert people_in_waves(run(nothing), run(nothing)) == {}


def test_a_row_named_by_a_number_is_the_same_row_in_other_digits() -> None:
    """And a blank among such names is a name, too."""
    a = pd.DataFrame(
        {
            "instrument": "x",
            "score": "s",
            "wave": "w1",
            "item": "i",
            "theta": ["-3.0", "", "0.10000000001"],
            "information": ["1.5", "2.5", "3.5"],
        }
    )
    b = a.assign(theta=["-3", "", "0.1"])
    assert compare_tables("information", a, b)[0].empty
    moved, _, _ = compare_tables("information", a, b.assign(information=["1.5", "9.5", "3.5"]))
    assert moved[["before", "after"]].to_numpy().tolist() == [["2.5", "9.5"]]


def test_the_page_says_how_rows_were_matched_and_which_printed_numbers_moved(tables: dict[str, pd.DataFrame]) -> None:
    twice = pd.concat([tables["descriptives"], tables["descriptives"].assign(mean="1.25")], ignore_index=True)
    both = tables | {"descriptives": twice}
    other = with_cell(both, "descriptives", "mean", "1.5", len(twice) - 1)
    a, b = run(both), Run("B", other, RECORD, {"H1": {"estimate": "0.13", "ci": {"low": "0.01"}}})
    text = as_text(compare_runs(a, b), 1e-9, width=200)
    assert "Rows of the same name were matched by what else they hold in: descriptives." in text
    assert "Printed text: 1 of 2 numbers of hypotheses read otherwise: H1.estimate 0.12 → 0.13." in text
    only = compare_runs(run(tables), run(tables | {"descriptives": tables["descriptives"].drop(index=1)}))
    lines = [line for line in as_text(only, 1e-9, width=200).splitlines() if line.strip().startswith("descriptives")]
    assert len(lines) == 1 and "%" not in lines[0] and "→" not in lines[0]
    assert "waves: nothing differs." in table_as_text(only, "waves", width=200)


def test_a_sidecar_that_changed_with_its_export_is_no_second_change(tables: dict[str, pd.DataFrame]) -> None:
    sealed = {"data/waves/2026c.yaml": "1"}
    both = recorded(inputs={"export of wave 2026c": "2", "data/waves/2026c.yaml": "2"})
    told = changed(run(tables, recorded(inputs=sealed)), run(tables, both))
    assert [said.partition(": ")[0] for said in told] == ["the export of wave 2026c changed, and its sidecar with it"]
    alone = changed(run(tables, recorded(inputs=sealed)), run(tables, recorded(inputs={"data/waves/2026c.yaml": "2"})))
    assert alone == ["the sidecar of wave 2026c changed"]


def test_several_changes_are_told_and_none_is_blamed(tables: dict[str, pd.DataFrame]) -> None:
    other = with_cell(tables, "descriptives", "mean", "99.5")
    several = run(other, recorded(settings={"alpha": 0.01}, packages={"pandas": "3.1.1"}), "B")
    text = as_text(compare_runs(run(tables), several), 1e-9, width=160)
    assert "2 changes at once: which of them moved a number cannot be told." in text
    one = as_text(compare_runs(run(tables), run(other, recorded(settings={"alpha": 0.01}))), 1e-9, width=160)
    assert "at once" not in one and "alpha changed from 0.05 to 0.01" in one
    none = as_text(compare_runs(run(tables), run(other)), 1e-9, width=160)
    assert "the same on record, and yet results differ" in none


def test_a_missing_record_is_told(tables: dict[str, pd.DataFrame]) -> None:
    text = as_text(compare_runs(run(tables), run(tables, None)), 1e-9, width=160)
    assert "What changed cannot be told: B has no readable report/provenance.json." in text


def test_what_an_earlier_version_did_not_record_is_told_and_no_claim_rests_on_it(
    tables: dict[str, pd.DataFrame],
) -> None:
    earlier = {name: entry for name, entry in RECORD.items() if name not in ("code", "processor")}
    other = with_cell(tables, "descriptives", "mean", "99.5")
    text = as_text(compare_runs(run(tables, earlier), run(other)), 1e-9, width=160)
    assert "cannot be told: code and the type of processor." in text and "a file was changed" not in text


def test_a_column_that_one_run_lacks_is_told(tables: dict[str, pd.DataFrame]) -> None:
    found = compare_runs(
        run(tables), run(tables | {"descriptives": tables["descriptives"].drop(columns="skew").assign(mean="1")})
    )
    assert "Columns only in A: descriptives.skew." in as_text(found, 1e-9, width=160)


def test_few_real_people_between_two_releases_are_warned_of(tables: dict[str, pd.DataFrame]) -> None:
    real = {name: frame.replace({"True": "False"}) if name == "waves" else frame for name, frame in tables.items()}
    place = real["waves"].index[real["waves"]["wave"] == "2026c"][0]
    own = {"settings": {"alpha": 0.05, "min_cell": 10, "study": {"title": "T", "simulated": False}}}
    a, changed_export = recorded(**own), recorded(**own, inputs={"export of wave 2026c": "2"})
    n = int(real["waves"].loc[place, "n_kept"])
    for more, warned in ((3, ["2026c"]), (-9, ["2026c"]), (0, ["2026c"]), (12, [])):
        other = with_cell(real, "waves", "n_kept", str(n + more), place)
        found = compare_runs(run(real, a), run(other, changed_export))
        assert told_of_few(found.a, found.b) == warned
        assert ("Keep this to yourself" in as_text(found, 1e-9, width=200)) is bool(warned)
        assert told_of_few(run(real, a), run(other, a)) == []  # the same answers, screened otherwise: nobody is new
    assert told_of_few(run(tables), run(tables, recorded(inputs={"export of wave 2026c": "2"}))) == []


def test_every_difference_of_a_table_can_be_asked_for(tables: dict[str, pd.DataFrame]) -> None:
    other = with_cell(with_cell(tables, "descriptives", "mean", "99.5"), "descriptives", "label", "Other", 2)
    text = table_as_text(compare_runs(run(tables), run(other)), "descriptives", width=200)
    assert "descriptives: 2 differences." in text and "99.5" in text and "Other" in text and "simulated" in text


# --- from files, as typed --------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A results folder of a few tables with its record."""
    for name in ("waves", "descriptives", "estimates"):
        path = tmp_path / "one" / TABLES[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(example_tables.tables()[name], path)
    (tmp_path / "one/results/report").mkdir()
    (tmp_path / "one/results/report/provenance.json").write_text(as_json(RECORD))
    return tmp_path


def test_a_copied_results_folder_is_compared_with_its_study(written: Path) -> None:
    (written / "one/results").rename(written / "copy")
    said = rejsens_here(written, "compare", "copy", "copy")
    assert said.returncode == 0 and "No number differs" in said.stdout and "Nobody answered" in said.stdout
    path = written / "copy/descriptives.csv"
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    (written / "other").mkdir()
    (written / "other/descriptives.csv").write_text(csv_text(frame.assign(n=["1", *frame["n"][1:]])))
    said = rejsens_here(written, "compare", "copy", "other", "--out", "all.csv")
    assert said.returncode == 1 and "Tables only in A: waves and estimates." in said.stdout
    listed = pd.read_csv(written / "all.csv")
    assert listed[["table", "column", "kind"]].values.tolist() == [["descriptives", "n", "count"]]


def test_what_cannot_be_compared_is_refused_in_a_sentence(written: Path) -> None:
    for words, told in (
        (("compare", "one", "none"), "there is no such folder"),
        (("compare", "one", "."), "no results are there"),
        (("compare", "one", "one", "--table", "descriptive"), "Did you mean “descriptives”?"),
        (("compare", "one", "one", "--tolerance", "2"), "0 up to 1"),
        (("compare", "one", "one", "--tolerance", "nan"), "0 up to 1"),
    ):
        said = rejsens_here(written, *words)
        assert (said.returncode, told in said.stderr) == (2, True), words
    (written / "one/results/descriptives.csv").write_bytes(b'a,b\n"1,2\n\xff\xfe')
    said = rejsens_here(written, "compare", "one", "one")
    assert said.returncode == 2 and "cannot be read" in said.stderr and "Traceback" not in said.stderr


def test_a_record_that_is_older_than_its_tables_is_told(written: Path) -> None:
    record = RECORD | {"results": {TABLES["descriptives"]: "0" * 64}}
    (written / "one/results/report/provenance.json").write_text(json.dumps(record))
    assert read_run(written / "one").stale == ("descriptives",)
    assert "older than its tables (descriptives)" in " ".join(
        rejsens_here(written, "compare", "one", "one").stdout.split()
    )
    right = hashes([written / "one" / TABLES["descriptives"]])
    record = RECORD | {"results": {TABLES["descriptives"]: next(iter(right.values()))}}
    (written / "one/results/report/provenance.json").write_text(json.dumps(record))
    assert read_run(written / "one").stale == ()
