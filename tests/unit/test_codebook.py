"""The codebook: one row per variable and wave, the same in four forms, nothing of few people, simulated said everywhere."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import audit
import numpy as np
import openpyxl
import pandas as pd
import pytest
from tests.conftest import write_study

from rejsens import codebook as book
from rejsens import codebook_page
from rejsens.administration import administer
from rejsens.codebook import MEANINGS, SIMULATED, codebook, codebook_for_wave, write_codebook, write_wave_codebook
from rejsens.definitions import load_instruments
from rejsens.disclosure import Policy, guarded
from rejsens.plan import Plan
from rejsens.sidecars import Wave, wave_facts
from rejsens.study import Study, load_study
from rejsens.tabular import COLUMNS, read_table

# the columns that the research names, in its order
NAMED = [
    "variable",
    "wave",
    "label",
    "question_text",
    "instrument",
    "subscale",
    "position",
    "type",
    "choices",
    "missing_codes",
    "min",
    "max",
    "reverse_keyed",
    "scored_in",
    "replaces",
    "wording_changed",
    "display_logic",
    "required",
    "unit",
    "n",
    "n_missing",
    "pct_missing",
    "mean",
    "sd",
    "median",
    "skew",
    "kurtosis",
    "floor_pct",
    "ceiling_pct",
    "alpha",
    "omega",
    "source",
    "licence",
]
SHIPPED = load_instruments(only=["gad7", "ucla3", "mreii_exposure"])
GAD7, UCLA3 = SHIPPED["gad7"], administer(SHIPPED["ucla3"], anchor_direction="ascending")
NAN = float("nan")


def wave(name: str, month: int = 1, **settings: Any) -> Wave:
    days = {"from": f"2026-{month:02}-01", "to": f"2026-{month:02}-07"}
    given = {
        "title": f"Wave {name}",
        "collected": days,
        "instruments": [],
        "licence": "CC BY 4.0",
        "source": "a survey",
    } | settings
    return Wave(name, f"{name}.yaml", f"{name}.csv", given)


def asked(name: str, n: int = 200, **changes: Any) -> pd.DataFrame:
    """The table "variables" of a wave that asked two scales."""
    rows = []
    for instrument in (GAD7, UCLA3):
        for item in instrument.items:
            rows.append({
                "wave": name, "variable": item.id, "instrument": instrument.name, "subscale": "", "position": len(rows) + 1, "column": item.id, "platform": "plain",
                "label": item.label, "question_text": f"About {item.label}?", "question_source": "export", "type": "single",
                "choices": '{"0": "never", "3": "always"}', "choices_source": "export", "missing_codes": "[-99]", "min": item.low, "max": item.high,
                "reverse_keyed": False, "already_reversed": False, "item_order": "", "anchor_direction": "ascending", "scored_in": instrument.scores[0].id,
                "replaces": "", "language": "en", "defined_text": "", "defined_choices": "", "n": n, "n_missing": 4, "n_not_applicable": 0, "mean": 1.25, "sd": 0.5, "median": 1.0, "skew": 0.1, "kurtosis": -0.2,
                "floor_pct": 10.0, "ceiling_pct": 20.0} | changes)  # fmt: skip
    return pd.DataFrame(rows)


def described(*waves: str, n: int = 190) -> pd.DataFrame:
    rows = [{"score": s, "wave": w, "n": n, "n_missing": 14, "mean": 8.5, "sd": 3.25, "median": 8.0, "skew": 0.3, "kurtosis": 0.4,
             "floor_percent": 1.5, "ceiling_percent": 2.5} for w in waves for s in ("gad7_sum", "ucla3")]  # fmt: skip
    return pd.DataFrame(rows)


RELIABILITY = pd.DataFrame(
    [
        ("gad7_sum", "w1", "alpha", 0.87),
        ("gad7_sum", "w1", "omega_u", 0.88),
        ("gad7_sum", "w2", "alpha", 0.85),
        ("ucla3", "w2", "none", NAN),
    ],
    columns=["score", "wave", "coefficient", "estimate"],
)


def made(min_cell: int = 1, waves: tuple[Wave, ...] = (), n: int = 200, **changes: Any) -> pd.DataFrame:
    two = waves or (wave("w1", 1), wave("w2", 2))
    variables = {w.name: asked(w.name, n, **changes) for w in two}
    before = {"w1": [], "w2": ["w1"]}
    found = codebook(two, {w.name: (GAD7, UCLA3) for w in two}, variables, before, described("w1", "w2"), RELIABILITY)
    return guarded(found, "codebook", stated=Policy(min_cell))


def facts(*waves: Wave, **study: Any) -> dict[str, Any]:
    own = {
        "title": "A study",
        "simulated": False,
        "description": "What it is.",
        "contact": "ann@example.org",
        "min_cell": 10,
    }
    instrument = {
        "title": "Generalized Anxiety Disorder scale",
        "terms": "Free.",
        "citation": "Spitzer (2006).",
        "window": "past 2 weeks",
        "permission_required": False,
    }
    return {
        "study": own | study,
        "waves": [wave_facts(w) for w in waves or (wave("w1", 1), wave("w2", 2))],
        "instruments": {"gad7": instrument, "ucla3": instrument | {"title": "UCLA-3"}},
    }


def written(folder: Path, frame: pd.DataFrame | None = None, given: dict | None = None) -> SimpleNamespace:
    output = SimpleNamespace(**{form: str(folder / f"codebook.{form}") for form in ("csv", "xlsx", "html", "jsonld")})
    write_codebook(made() if frame is None else frame, given or facts(), output)
    return output


# --- rows ------------------------------------------------------------------------------------------------------------


def test_the_columns_are_those_of_a_codebook_and_each_is_explained() -> None:
    assert list(COLUMNS["codebook"])[: len(NAMED)] == NAMED
    assert list(MEANINGS) == list(COLUMNS["codebook"]) == list(made().columns)


def test_one_row_per_variable_and_wave() -> None:
    frame = made()
    assert len(frame) == 2 * (7 + 3 + 2 + len(GAD7.scores) - 1 + len(UCLA3.scores) - 1)
    assert not frame.duplicated(["variable", "wave"]).any()
    assert frame["wave"].tolist() == sorted(frame["wave"])
    items = frame[(frame["wave"] == "w1") & (frame["type"] != "score")]
    assert items["position"].tolist() == list(range(1, 11)) and items["variable"].iloc[0] == "gad7_01"


def test_a_score_has_the_numbers_of_its_tables() -> None:
    frame = made().set_index(["variable", "wave"])
    row = frame.loc[("gad7_sum", "w1")]
    assert row[["n", "n_missing", "mean", "sd", "floor_pct", "alpha", "omega"]].tolist() == [
        190,
        14,
        8.5,
        3.25,
        1.5,
        0.87,
        0.88,
    ]
    assert row["pct_missing"] == pytest.approx(100 * 14 / 204)
    assert (row["min"], row["max"], row["type"], row["unit"]) == (0, 21, "score", "sum of answers")
    assert "at least 6 of 7 items" in row["missing_rule"] and row["higher_means"] and pd.isna(row["position"])
    assert frame.loc[("gad7_sum", "w2"), "alpha"] == 0.85 and np.isnan(frame.loc[("gad7_sum", "w2"), "omega"])
    assert np.isnan(frame.loc[("ucla3", "w2"), "alpha"])


def test_an_item_has_what_the_wave_asked_and_how_it_was_answered() -> None:
    row = made().set_index(["variable", "wave"]).loc[("gad7_01", "w2")]
    assert (row["label"], row["question_text"], row["scored_in"]) == ("Nervous", "About nervous?", "gad7_sum")
    assert row[["n", "n_missing", "mean", "sd", "floor_pct"]].tolist() == [200, 4, 1.25, 0.5, 10.0]
    assert row["pct_missing"] == pytest.approx(100 * 4 / 204)
    assert (
        "Spitzer" in row["source"] and row["licence"].startswith("No permission") and row["data_licence"] == "CC BY 4.0"
    )
    assert (row["key_status"], row["data_source"], row["wording_changed"]) == ("verified", "a survey", "no")


def test_changed_words_are_marked_in_the_wave_that_changed_them() -> None:
    waves, instruments = (wave("w1", 1), wave("w2", 2)), (GAD7, UCLA3)
    variables = {"w1": asked("w1"), "w2": asked("w2", question_text="Another question?", replaces="plainer")}
    before = {"w1": [], "w2": ["w1"]}
    asked_of = dict.fromkeys(before, instruments)
    frame = codebook(waves, asked_of, variables, before, described("w1", "w2"), RELIABILITY)
    rows = frame.set_index(["variable", "wave"])
    assert (rows.loc[("gad7_01", "w1"), "wording_changed"], rows.loc[("gad7_01", "w2"), "wording_changed"]) == (
        "",
        "yes",
    )
    assert rows.loc[("gad7_01", "w2"), "replaces"] == "plainer"


def test_an_instruments_status_line_and_permission_stand_in_its_rows() -> None:
    exposure = SHIPPED["mreii_exposure"]
    rows = book.score_rows(wave("w1"), [exposure])
    assert "unvalidated" in rows[0]["status_line"] and rows[0]["key_status"] == "own"
    guarded = replace(GAD7, licence={"terms": "Ask first.", "permission_required": True, "notice": "Write to X."})
    assert book.score_rows(wave("w1"), [guarded])[0]["licence"] == "Ask first. Permission required. Write to X."


def test_numbers_of_few_people_are_blank_even_their_count() -> None:
    numbers = ["n", "n_missing", "pct_missing", "mean", "sd", "median", "skew", "kurtosis", "floor_pct", "ceiling_pct"]
    frame = made(min_cell=10, n=9)
    items, scores = frame[frame["type"] != "score"], frame[frame["variable"] == "gad7_sum"]
    assert items[numbers].isna().all(axis=None)
    assert scores[numbers].notna().all(axis=None)  # 190 people
    assert made(min_cell=9, n=9)[numbers].drop(columns="median").loc[0].notna().all()  # a median takes twice as many


def test_few_people_are_in_no_form(tmp_path: Path) -> None:
    output = written(tmp_path, made(min_cell=10, n=9, mean=1.23456))
    for form in ("csv", "html", "jsonld"):
        text = Path(getattr(output, form)).read_text(encoding="utf-8")
        assert "1.23" not in text, form
    rows = list(openpyxl.load_workbook(output.xlsx)["Codebook"].iter_rows(values_only=True))
    items = [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if "score" not in row]
    assert items and {row[name] for row in items for name in ("n", "n_missing", "mean", "sd", "floor_pct")} == {None}


def test_a_wave_on_its_own_has_items_with_numbers_and_scores_without(tmp_path: Path) -> None:
    frame = codebook_for_wave(wave("w1"), [GAD7, UCLA3], asked("w1"))
    assert list(frame.columns) == list(COLUMNS["codebook"]) and set(frame["wave"]) == {"w1"}
    scores = frame[frame["type"] == "score"]
    assert set(scores["variable"]) >= {"gad7_sum", "ucla3"} and scores["mean"].isna().all()
    assert frame.loc[0, "mean"] == 1.25
    write_wave_codebook(frame, tmp_path / "codebook" / "w1.csv", Policy())
    assert len((tmp_path / "codebook" / "w1.csv").read_text().splitlines()) == len(frame) + 1
    few = codebook_for_wave(wave("w1"), [GAD7, UCLA3], asked("w1", 9))
    for rule, blank in ((Policy(10), True), (Policy(), False)):
        write_wave_codebook(few, tmp_path / "few.csv", rule)
        assert pd.read_csv(tmp_path / "few.csv")["mean"].isna().all() == blank


# --- four forms that agree -------------------------------------------------------------------------------------------


def test_csv_and_workbook_hold_the_same_cells(tmp_path: Path) -> None:
    output = written(tmp_path)
    pd.testing.assert_frame_equal(
        read_table(output.csv, "codebook"), made().astype({"position": float}), check_dtype=False
    )
    with open(output.csv, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    sheet = openpyxl.load_workbook(output.xlsx)["Codebook"]
    cells = [["" if c is None else c for c in row] for row in sheet.iter_rows(values_only=True)]
    assert cells[0] == rows[0] and len(cells) == len(rows)
    for ours, theirs in zip(cells[1:], rows[1:], strict=True):
        for a, b in zip(ours, theirs, strict=True):
            if isinstance(a, (int, float)) and not isinstance(a, bool):
                assert a == pytest.approx(float(b), rel=1e-14)  # a workbook keeps 16 digits
            else:
                assert str(a) == b


def test_the_workbook_explains_its_columns_and_where_the_data_come_from(tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(written(tmp_path).xlsx)
    assert workbook.sheetnames == ["Codebook", "Columns", "About"]
    assert workbook["Codebook"].freeze_panes == "A2" and workbook["Codebook"]["A1"].font.bold
    assert [row[0].value for row in workbook["Columns"].iter_rows(min_row=2)] == list(MEANINGS)
    about = {row[0].value: row[1].value for row in workbook["About"].iter_rows(min_row=2)}
    assert about["Study"] == "A study" and about["Wave w1"] == "Wave w1; 2026-01-01 to 2026-01-07; a survey; CC BY 4.0"
    assert "Data" not in about


def test_the_page_holds_every_row_with_its_numbers(tmp_path: Path) -> None:
    html = Path(written(tmp_path).html).read_text(encoding="utf-8")
    page = audit.Page(html)
    assert page.faults == [] and len(page.ids) == len(set(page.ids))
    frame = made()
    assert len(re.findall(r'<tr class="v w\d+"', html)) == len(frame)
    assert {i for i in page.ids if i in set(frame["variable"])} == set(frame["variable"])
    for said in (
        "A study",
        "“About nervous?”",
        "never",
        "Wave w1",
        "Licence of the data: CC BY 4.0.",
        "8.50",
        "3.25",
        ".87",
        "190",
        "14 (6.9%)",
        "ann@example.org",
    ):
        assert said in page.text.replace("\u00a0", " "), said


def test_the_page_runs_no_script_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    html = Path(written(tmp_path).html).read_text(encoding="utf-8")
    page = audit.Page(html)
    siblings = {"codebook.csv", "codebook.xlsx", "codebook.jsonld"}
    assert {value for _, _, value in page.links} == siblings | {"#main"}
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "link", "form", "base", "img"}
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    assert "default-src 'none'" in html and not re.search(r"url\(|@import|@font-face", html)
    assert not re.search(r"\d\d:\d\d:\d\d|/(?:home|tmp|root|work)/", html)


def test_waves_kinds_and_instruments_can_be_chosen_without_a_script(tmp_path: Path) -> None:
    html = Path(written(tmp_path).html).read_text(encoding="utf-8")
    page = audit.Page(html)
    inputs = {given["id"]: given for tag, given in page.tags if tag == "input"}
    assert {
        "wave-0",
        "wave-1",
        "wave-2",
        "kind-all",
        "kind-items",
        "kind-scores",
        "instrument-0",
        "instrument-2",
    } <= set(inputs)
    labels = {given["for"] for tag, given in page.tags if tag == "label"}
    assert labels == set(inputs)
    for k in (1, 2):
        assert f"body:has(#wave-{k}:checked) .v:not(.w{k}) {{ display: none; }}" in html
        assert f"body:has(#instrument-{k}:checked) .i:not(.i{k}) {{ display: none; }}" in html


def test_a_question_is_described_once_while_it_stays_the_same(tmp_path: Path) -> None:
    html = Path(written(tmp_path).html).read_text(encoding="utf-8")
    assert html.count("“About nervous?”") == 1
    changed = made()
    changed.loc[(changed["variable"] == "gad7_01") & (changed["wave"] == "w2"), "question_text"] = "Another question?"
    html = codebook_page.page(changed, facts())
    assert "“Another question?”" in html and html.count("from wave w2") == 1


def test_every_text_of_a_study_is_escaped() -> None:
    bad = "<script>alert('x')</script>\"><img src=x onerror=y>"
    frame = made(question_text=bad, choices=json.dumps({"0": bad}), label="x", column=bad, replaces=bad)
    frame["source"] = frame["licence"] = frame["status_line"] = bad
    given = facts(
        wave("w1", 1, title=bad, population=bad, source=bad, licence=bad),
        wave("w2", 2, title=bad),
        title=bad,
        description=bad,
        contact=bad,
    )
    given["instruments"]["gad7"]["title"] = given["instruments"]["gad7"]["window"] = bad
    page = audit.Page(codebook_page.page(frame, given))
    assert page.faults == []
    assert not {tag for tag, _ in page.tags} & {"script", "img"}


def test_the_data_set_is_described_in_the_words_of_schema_org(tmp_path: Path) -> None:
    found = json.loads(Path(written(tmp_path).jsonld).read_text(encoding="utf-8"))
    assert (found["@context"], found["@type"], found["name"]) == ("https://schema.org/", "Dataset", "A study")
    assert found["temporalCoverage"] == "2026-01-01/2026-02-07" and found["license"] == [
        {"@type": "CreativeWork", "name": "CC BY 4.0"}
    ]
    assert [part["identifier"] for part in found["hasPart"]] == ["w1", "w2"]
    frame = made()
    measured = {x["propertyID"]: x for x in found["variableMeasured"]}
    assert list(measured) == [f"{w}/{v}" for w, v in zip(frame["wave"], frame["variable"], strict=True)]
    assert {x["@type"] for x in measured.values()} == {"PropertyValue"}
    row = measured["w1/gad7_01"]
    assert (row["name"], row["description"], row["minValue"], row["maxValue"]) == ("gad7_01", "About nervous?", 0, 3)
    assert row["valueReference"][0] == {"@type": "DefinedTerm", "termCode": "0", "name": "never"}
    assert row["valueReference"][-1] == {"@type": "DefinedTerm", "termCode": "-99", "name": "no answer"}


@pytest.mark.parametrize("whole", [True, False])
def test_simulated_data_are_called_so_in_every_form(tmp_path: Path, whole: bool) -> None:
    waves = (wave("w1", 1), wave("w2", 2, simulated=True))
    output = written(tmp_path, made(waves=waves), facts(*waves, simulated=whole))
    frame = read_table(output.csv, "codebook")
    assert frame.groupby("wave")["simulated"].all().to_dict() == {"w1": False, "w2": True}
    workbook = openpyxl.load_workbook(output.xlsx)
    assert all(sheet.oddHeader.center.text == SIMULATED for sheet in workbook)
    assert ("Data", SIMULATED) in list(workbook["About"].iter_rows(values_only=True))
    html = Path(output.html).read_text(encoding="utf-8")
    assert (
        'class="banner"' in html
        and "(simulated data)</title>" in html
        and html.count('class="tag">Simulated data') == 2
    )
    found = json.loads(Path(output.jsonld).read_text(encoding="utf-8"))
    assert SIMULATED in found["description"] and found["keywords"] == ["simulated data"]


def test_real_data_carry_no_such_mark(tmp_path: Path) -> None:
    output = written(tmp_path)
    for form in ("html", "jsonld"):
        assert "imulated data" not in re.sub(
            r"<style>.*</style>", "", Path(getattr(output, form)).read_text(encoding="utf-8"), flags=re.DOTALL
        )
    assert openpyxl.load_workbook(output.xlsx)["Codebook"].oddHeader.center.text is None


def test_equal_tables_give_equal_bytes_whenever_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = written(tmp_path / "a")
    time.sleep(2.1)
    second = written(tmp_path / "b")
    for form in ("csv", "xlsx", "html", "jsonld"):
        assert Path(getattr(first, form)).read_bytes() == Path(getattr(second, form)).read_bytes(), form


def test_waves_are_compared_with_those_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_study(tmp_path / "study", waves=3))
    path = Path("data/waves/w3.yaml")
    path.write_text(path.read_text() + "role: retest\nretest_of: w1\n")
    study: Study = load_study(".")
    assert study.waves_before == {"w1": [], "w2": ["w1"], "w3": ["w1"]}
    assert Plan(study).params("codebook")["disclosure"]["min_cell"] == 1


def test_asking_for_a_wave_codebook_draws_no_figure() -> None:
    """add-wave imports it; a person at a prompt must not wait for matplotlib."""
    script = "import sys, rejsens.codebook; print(*[m for m in ('matplotlib', 'openpyxl', 'statsmodels') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip() == ""
    )
