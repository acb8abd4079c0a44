"""A new export becomes a wave: what is matched and how, what is demanded, what is written, and that a refusal writes nothing."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from tests.canaries import table
from tests.conftest import REAL_DATA, ROOT, contents, write_study
from tests.unit.example_adding import DAYS, GAD7, Add, adder, answers, blocked, qualtrics, renamed

from rejsens.adding import session, writing
from rejsens.adding.dates import days_of
from rejsens.adding.ids import fingerprint, hashed, key_folder
from rejsens.adding.matching import matrices, pattern_of, readings
from rejsens.adding.request import parse_instrument, yaml_text
from rejsens.adding.session import How
from rejsens.declarations import SHIPPED, load_settings
from rejsens.definitions import load_instruments
from rejsens.problems import Problem, Refused
from rejsens.score_wave import wave_scores
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.simulate import read_parameters, simulate, write_wave
from rejsens.study import load_study
from rejsens.translations import translated
from rejsens.validate import Validated, validate


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two waves w1 and w2 of sixty people: anxiety, loneliness, age; ids stored as they are."""
    return write_study(tmp_path / "study", waves=2)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A study that has no wave yet."""
    folder = tmp_path / "empty"
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.yaml").write_text("study: {title: New, simulated: true}\n")
    return folder


@pytest.fixture
def add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Add:
    return adder(tmp_path, capsys)


def read(study: Path, name: str) -> Validated:
    wave = load_wave(study / f"data/waves/{name}.yaml")
    settings = load_settings(study)
    return validate(wave, instruments_asked(wave, load_instruments()), settings["screening"], settings["out_of_range"])


# --- a wave that needs nothing ---------------------------------------------------------------------------------------


def test_a_wave_like_the_last_is_added_with_its_dates_alone(study: Path, add: Add) -> None:
    added = add(study, table(answers()), **DAYS)
    assert added.code == 0, added.err
    sidecar = added.sidecar
    assert sidecar["collected"] == {"from": "2026-03-02", "to": "2026-03-09"} and sidecar["platform"] == "plain"
    assert sidecar["participant"] == {"column": "id"}  # as the study keeps them
    assert sidecar["instruments"] == [
        {"id": "background", "items": ["age"]},
        {"id": "gad7"},
        {"id": "ucla3", "anchor_direction": "ascending"},
    ]
    stored = (study / "data/waves/w3.csv").read_bytes()
    assert stored == table(answers()).encode() and hashlib.sha256(stored).hexdigest() == sidecar["sha256"]
    assert sidecar["original"]["rows"] == 12 and sidecar["simulated"] is True
    assert "Taken over from earlier waves" in added.out and "anchor_direction ascending" in added.all
    assert (study / "data/codebook/w3.csv").read_text().startswith("variable,wave,")
    assert added.out.rstrip().splitlines()[-1].startswith("Next: look at what differs with rejsens diff-wave w3")
    assert read(study, "w3").checked_answers[GAD7[0]].tolist() == answers()[GAD7[0]]
    load_study(study)


def test_a_dry_run_shows_all_and_writes_nothing(study: Path, add: Add) -> None:
    before = contents(study)
    shown = add(study, table(answers()), how=How(dry_run=True), **DAYS)
    assert shown.code == 0 and "gad7_01 … gad7_07" in shown.out and "--dry-run" in shown.out
    assert contents(study) == before and not key_folder().exists()


def test_a_wave_of_that_name_is_never_overwritten_unasked(study: Path, add: Add) -> None:
    before = contents(study)
    refused = add(study, table(answers()), name="w2", **DAYS)
    assert refused.code == 1 and "--replace" in refused.err and contents(study) == before
    replaced = add(study, table(answers()), name="w2", how=How(replace=True), **DAYS)
    assert replaced.code == 0 and contents(study)["data/waves/w2.csv"] != before["data/waves/w2.csv"]


@pytest.mark.parametrize("name", ["../w3", "a b", "_w3", "", "w3.csv", "x" * 70])
def test_a_name_must_be_a_files_name_everywhere(study: Path, add: Add, name: str) -> None:
    refused = add(study, Path(__file__), name=name)
    assert refused.code == 2 and "A wave's name" in refused.err


def test_a_question_keeps_no_character_that_no_sidecar_may_hold(study: Path, add: Add) -> None:
    asked = "Did you \x1b[31mworry \u202eesrever\tor <b>not</b>?"
    added = add(study, qualtrics(answers(), {"gad7_01": asked}), participant="id", platform="qualtrics", **DAYS)
    assert added.code == 0, added.out + added.err
    question = load_wave(study / "data/waves/w3.yaml").questions["gad7_01"]
    assert not set(question) & set("\x1b\u202e") and "worry" in question and "esrever" in question


def test_what_cannot_be_read_ends_with_two(study: Path, add: Add, tmp_path: Path) -> None:
    assert add(study, tmp_path / "nothing.csv").code == 2
    assert add(study, b"%PDF-1.7 a paper").code == 2
    assert add(tmp_path, table(answers())).code == 2 and "Not a study" in add(tmp_path, table(answers())).err
    assert "Did you mean “qualtrics”?" in add(study, table(answers()), platform="qualtrix").err


def test_every_fault_is_told_at_once_and_nothing_is_written(study: Path, add: Add) -> None:
    before = contents(study)
    columns = answers(age=["20"] * 11 + ["ann@example.org"], gad7_04=["often"] * 12)
    del columns["gad7_02"]
    refused = add(study, table(columns))
    blocked(refused, study, "Personal data among the answers", before)
    for cause in (
        "Items without a column",
        "The dates of the wave are not known",
        "Answers that no label or code explains",
    ):
        assert cause in refused.err
    assert "ann@example.org" not in refused.all and "row 13" in refused.all


def test_faults_that_only_the_check_finds_stop_it_too(study: Path, add: Add) -> None:
    before = contents(study)
    refused = add(study, table(answers(ucla3_01=[7] + [1] * 11)), **DAYS)
    blocked(refused, study, "Answers outside the range", before)
    assert "p000 (row 2): 7" in refused.all


def test_rows_are_those_of_the_original_export(empty: Path, add: Add) -> None:
    columns = {
        "StartDate": ["2026-03-02 10:00:00"] * 12,
        "EndDate": ["2026-03-02 10:09:00"] * 12,
        **answers(gad7_03=[9] + [1] * 11),
    }
    refused = add(empty, qualtrics(columns), instruments=["gad7"], participant="id")
    blocked(refused, empty, "(row 4): 9")


# --- columns ---------------------------------------------------------------------------------------------------------


def test_names_in_another_case_are_the_same_names(study: Path, add: Add) -> None:
    added = add(study, table({name.upper(): cells for name, cells in answers().items()}), participant="ID", **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["instruments"][1] == {"id": "gad7", "columns": "GAD7_{n:02}"}
    assert added.sidecar["headers"] == {"AGE": "age"}


def test_a_similar_name_is_only_ever_a_suggestion(study: Path, add: Add) -> None:
    export = table(renamed(answers(), gad7_03="gad7_3"))
    before = contents(study)
    refused = add(study, export, **DAYS)
    blocked(refused, study, "“gad7_3” may be gad7_03 (similar name)", before)
    assert "gad7_03 has no column" in refused.all
    for flags in ({"accept_suggestions": True}, {"pairs": ["gad7_3=gad7_03"]}):
        added = add(study, export, how=How(replace=True), **flags, **DAYS)
        assert added.code == 0 and added.sidecar["headers"]["gad7_3"] == "gad7_03"
    assert read(study, "w3").checked_answers["gad7_03"].tolist() == answers()["gad7_03"]


def test_another_number_is_no_misspelling(study: Path, add: Add) -> None:
    refused = add(study, table(renamed(answers(), gad7_03="gad7_08")), **DAYS)
    blocked(refused, study, "gad7_03 has no column")
    assert "may be gad7_03" not in refused.all


def test_items_that_were_left_out_have_to_be_said(study: Path, add: Add) -> None:
    columns = answers()
    del columns["gad7_07"]
    blocked(add(study, table(columns), **DAYS), study, "--partial gad7")
    added = add(study, table(columns), partial=["gad7"], **DAYS)
    assert added.code == 0 and added.sidecar["instruments"][1] == {"id": "gad7", "items": GAD7[:6]}


def test_instruments_that_were_not_asked_are_listed(study: Path, add: Add) -> None:
    columns = {name: cells for name, cells in answers().items() if not name.startswith("ucla3")}
    added = add(study, table(columns), **DAYS)
    assert added.code == 0 and added.sidecar["not_asked"] == ["ucla3"] and "Not asked this time: ucla3" in added.out


NUMBERED = {item: f"Q5_{k}" for k, item in enumerate(GAD7, start=1)}


def test_a_block_of_numbered_columns_is_stated_once_and_known_ever_after(study: Path, add: Add) -> None:
    export = table(renamed(answers(), **NUMBERED))
    unknown = add(study, export, **DAYS)
    assert unknown.code == 0 and "gad7" in unknown.sidecar["not_asked"]
    assert "Q5_1 to Q5_7 (as many as gad7, not found otherwise)" in unknown.all
    stated = add(study, export, how=How(replace=True), instruments=["gad7:columns=Q5_{n}"], **DAYS)
    assert stated.code == 0 and {"id": "gad7", "columns": "Q5_{n}"} in stated.sidecar["instruments"]
    again = add(study, export, name="w4", dates_from="2026-04-01", dates_to="2026-04-02")
    assert again.code == 0 and "as in wave w3" in again.out
    assert read(study, "w4").checked_answers[GAD7].equals(read(study, "w3").checked_answers[GAD7])


def test_a_question_is_known_by_its_words(empty: Path, add: Add) -> None:
    exposure = load_instruments(only=["mreii_exposure"])["mreii_exposure"]
    columns: dict[str, Sequence[object]] = {"id": [f"p{i}" for i in range(12)]}
    questions = {}
    for k, item in enumerate(exposure.items):
        columns[f"Q{40 + k}"] = [(i + k) % 5 for i in range(12)]
        questions[f"Q{40 + k}"] = f"<b>{exposure.stem}</b> - {item.wording.upper()}"
    added = add(empty, qualtrics(columns, questions), participant="id", **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["headers"] == {f"Q{40 + k}": item.id for k, item in enumerate(exposure.items)}
    assert added.sidecar["questions"]["Q40"].startswith("How often") or "questions" in added.sidecar
    assert "same question" in added.out


def german(name: str = "mreii_impact", q: str = "Q") -> tuple[str, dict[str, list[str]]]:
    """A Qualtrics export in German, with words for answers; and the words by item."""
    impact = translated(load_instruments(only=[name])[name], "de")
    given = {i.id: [list(i.labels.values())[(k + n) % 5] for n in range(12)] for k, i in enumerate(impact.items)}
    columns = {"id": [f"p{n}" for n in range(12)]} | {
        f"{q}{k}": cells for k, cells in enumerate(given.values(), start=1)
    }
    questions = {f"{q}{k}": f"{impact.stem} - {item.wording}" for k, item in enumerate(impact.items, start=1)}
    return qualtrics(columns, questions), given


def test_a_german_wave_is_known_by_its_german_words(empty: Path, add: Add) -> None:
    export, given = german()
    added = add(empty, export, participant="id", facts={"language": "de"}, **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["language"] == "de"
    assert added.sidecar["instruments"] == [{"id": "mreii_impact", "columns": "Q{n}"}]
    assert "same question, by its German wording" in added.all and "the instrument's German labels" in added.all
    labels = added.sidecar["labels"]["mreii_impact"]
    assert labels["stimme überhaupt nicht zu"] == 1 and labels["stimme voll und ganz zu"] == 5 and len(labels) == 5
    checked = read(empty, "w3").checked_answers
    assert checked["mreii_hv01"].tolist() == [labels[text] for text in given["mreii_hv01"]]


@pytest.mark.parametrize("pattern", ["{} - {}", "{} – {}", "{} [{}]"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_row_of_a_matrix_is_known_by_its_question_and_its_own_words(
    empty: Path, add: Add, pattern: str, language: str
) -> None:
    """Twelve questions have a row in the same words, so the row alone says nothing."""
    matrix = translated(load_instruments(only=["mreii_matrix"])["mreii_matrix"], language)
    columns = {"id": [f"p{n}" for n in range(12)]}
    columns |= {f"Q{k}": [(k + n) % 5 for n in range(12)] for k in range(1, len(matrix.items) + 1)}
    told = {f"Q{k}": pattern.format(matrix.questions[i.row_of], i.wording) for k, i in enumerate(matrix.items, start=1)}
    added = add(empty, qualtrics(columns, told), participant="id", facts={"language": language}, **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["instruments"] == [{"id": "mreii_matrix", "columns": "Q{n}"}]


def test_a_german_wave_that_does_not_say_so_is_not_guessed(empty: Path, add: Add) -> None:
    refused = add(empty, german()[0], participant="id", **DAYS)
    assert refused.code == 1 and refused.sidecar is None
    assert "28 questions are word for word the German wording of an instrument" in refused.all
    assert "--language de" in refused.all


def test_a_wave_is_asked_in_the_language_of_the_last_one(empty: Path, add: Add) -> None:
    export, _ = german()
    assert add(empty, export, name="w1", participant="id", facts={"language": "de"}, **DAYS).code == 0
    wide, _ = german("mreii_healing", "P")  # never asked before, so it is known by the file alone
    days = {"dates_from": "2026-05-02", "dates_to": "2026-05-09"}
    added = add(empty, wide, name="w2", participant="id", **days)
    assert added.code == 0, added.err
    assert added.sidecar["language"] == "de" and added.sidecar["instruments"][0]["id"] == "mreii_healing"


def with_questions(
    add: Add, study: Path, columns: dict[str, Sequence[object]], questions: dict[str, str], **flags: Any
) -> SimpleNamespace:
    return add(study, qualtrics(columns, questions), platform="qualtrics", **flags)


WORDS = {item: f"Invented sentence number {k} about something else" for k, item in enumerate(GAD7, start=1)}


def test_a_column_that_now_asks_something_else_is_refused(study: Path, add: Add) -> None:
    first = with_questions(add, study, answers(), WORDS, **DAYS)
    assert first.code == 0, first.err
    swapped = WORDS | {"gad7_02": WORDS["gad7_05"], "gad7_05": WORDS["gad7_02"]}
    again = {"dates_from": "2026-04-01", "dates_to": "2026-04-02", "name": "w4"}
    refused = with_questions(add, study, answers(), swapped, **again)
    blocked(refused, study, "A column whose name says one item and whose question another")
    assert "gad7_02: same name, it would be gad7_02; its question is the one of gad7_05" in refused.all
    told = with_questions(add, study, answers(), swapped, pairs=["gad7_02=gad7_05", "gad7_05=gad7_02"], **again)
    assert told.code == 0 and told.sidecar["headers"] == {"gad7_02": "gad7_05", "gad7_05": "gad7_02"}


def test_a_reworded_question_needs_a_reason(study: Path, add: Add) -> None:
    assert with_questions(add, study, answers(), WORDS, **DAYS).code == 0
    again = {"dates_from": "2026-04-01", "dates_to": "2026-04-02", "name": "w4"}
    other = WORDS | {"gad7_02": "Quite different words that nobody has read before"}
    blocked(with_questions(add, study, answers(), other, **again), study, "A known item was reworded")


RSES = [f"rses_{i:02}" for i in range(1, 11)]
ORDER_B = list(load_instruments(only=["rses"])["rses"].orders["B"])


def rses(order: Sequence[str]) -> tuple[dict[str, Sequence[object]], dict[str, str]]:
    """Ten columns S_1 … S_10 whose questions stand in an order; item k was answered k-dependently."""
    columns = {f"S_{k}": [1 + (i + int(item[-2:])) % 4 for i in range(12)] for k, item in enumerate(order, start=1)}
    return columns, {f"S_{k}": f"Another invented statement, {item} of ten" for k, item in enumerate(order, start=1)}


def test_settings_are_demanded_once_then_taken_over_and_questions_may_contradict_them(study: Path, add: Add) -> None:
    columns, questions = rses(RSES)
    base = {"id": answers()["id"]}
    silent = with_questions(add, study, base | columns, questions, instruments=["rses:columns=S_{n}"], **DAYS)
    blocked(silent, study, '--instrument "rses:order=…"')
    assert "`anchor_direction`" in silent.all
    said = ["rses:order=A,anchor_direction=descending,columns=S_{n}"]
    assert with_questions(add, study, base | columns, questions, instruments=said, **DAYS).code == 0
    again = {"dates_from": "2026-04-01", "dates_to": "2026-04-02", "name": "w4"}
    taken = with_questions(add, study, base | columns, questions, **again)
    assert taken.code == 0 and "rses: order A; rses: anchor_direction descending" in taken.all
    other, their = rses(ORDER_B)
    later = {"dates_from": "2026-05-01", "dates_to": "2026-05-02", "name": "w5"}
    refused = with_questions(add, study, base | other, their, **later)
    blocked(refused, study, "the questions stand in order B")
    turned = with_questions(add, study, base | other, their, instruments=["rses:order=B"], **later)
    assert turned.code == 0, turned.err
    assert read(study, "w5").checked_answers[RSES].equals(read(study, "w4").checked_answers[RSES])
    unsure = with_questions(
        add, study, base | columns, questions, name="w6", dates_from="2026-06-01", dates_to="2026-06-02"
    )
    blocked(unsure, study, '--instrument "rses:order=…"')  # the waves differ now


# --- answers ---------------------------------------------------------------------------------------------------------

AGREE = ["Strongly disagree", "disagree", "Neither agree nor disagree", "Agree", "Strongly agree"]
OFTEN = ["keinmal", "an manchen Tagen", "an vielen Tagen", "fast jeden Tag"]


def test_the_instruments_own_labels_need_no_map(empty: Path, add: Add) -> None:
    impact = load_instruments(only=["mreii_impact"])["mreii_impact"]
    columns = {"id": [f"p{i}" for i in range(12)]} | {
        item.id: [AGREE[i % 5] for i in range(12)] for item in impact.items
    }
    added = add(empty, table(columns), participant="id", **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["labels"]["mreii_impact"]["Neither agree nor disagree"] == 3
    assert read(empty, "w3").checked_answers["mreii_hv01"].tolist() == [1 + i % 5 for i in range(12)]


def test_unknown_answers_are_listed_with_counts_and_demanded_once(study: Path, add: Add, tmp_path: Path) -> None:
    columns = answers(40, **{item: [OFTEN[(i + k) % 4] for i in range(40)] for k, item in enumerate(GAD7)})
    refused = add(study, table(columns), **DAYS)
    blocked(refused, study, "“an manchen Tagen” (40 people)")
    assert "write into a file labels.yaml: gad7:" in refused.all
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump({"gad7": {text: code for code, text in enumerate(OFTEN)}}))
    added = add(study, table(columns), labels=[tmp_path / "labels.yaml"], **DAYS)
    assert added.code == 0 and added.sidecar["labels"] == {"gad7": {text: code for code, text in enumerate(OFTEN)}}
    again = add(study, table(columns), name="w4", dates_from="2026-04-01", dates_to="2026-04-02")
    assert again.code == 0 and again.sidecar["labels"] == added.sidecar["labels"]
    assert read(study, "w4").checked_answers["gad7_01"].tolist() == [i % 4 for i in range(40)]


def test_an_answer_of_few_people_is_not_shown(study: Path, add: Add) -> None:
    columns = answers(40, gad7_01=["0"] * 39 + ["my neighbour Mr Brown"])
    refused = add(study, table(columns), **DAYS)
    blocked(refused, study, "1 answer of fewer than 10 people, not shown here, in row 41")
    assert "Brown" not in refused.all


def test_what_means_no_answer_is_stated_and_taken_over(study: Path, add: Add) -> None:
    columns = answers(gad7_01=["NA", *["1"] * 11])
    blocked(add(study, table(columns), **DAYS), study, "Answers that no label or code explains")
    added = add(study, table(columns), missing=["NA", "-99"], **DAYS)
    assert added.code == 0 and added.sidecar["missing_codes"] == ["NA", -99]
    again = add(study, table(columns), name="w4", dates_from="2026-04-01", dates_to="2026-04-02")
    assert again.code == 0 and again.sidecar["missing_codes"] == ["NA", -99]


def test_codes_that_the_platform_words_otherwise_are_not_taken_for_the_instruments(
    empty: Path, add: Add, tmp_path: Path
) -> None:
    """REDCap choices 1 to 4 for an instrument from 0 to 3: which is which, only a person can say."""
    items = "\n".join(
        f'{i},f,,radio,{i},"1, not at all | 2, some days | 3, more days | 4, nearly every day",,,,,,,,,,,,'
        for i in GAD7
    )
    head = ("Variable / Field Name,Form Name,Section Header,Field Type,Field Label,\"Choices, Calculations, OR Slider Labels\",Field Note,"
            "Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,"
            "Branching Logic (Show field only if...),Required Field?,Custom Alignment,Question Number (surveys only),Matrix Group Name,"
            "Matrix Ranking?,Field Annotation")  # fmt: skip
    (tmp_path / "dictionary.csv").write_text(f"{head}\nrecord_id,f,,text,Record,,,,,,,,,,,,,\n{items}\n")
    columns = (
        {"record_id": [f"r{i}" for i in range(12)]}
        | {i: [1 + k % 3 for k in range(12)] for i in GAD7}
        | {"f_complete": [2] * 12}
    )
    refused = add(empty, table(columns), platform="redcap", companion=tmp_path / "dictionary.csv", **DAYS)
    blocked(refused, empty, "The export's codes are not the instrument's")
    (tmp_path / "labels.yaml").write_text("gad7: {1: 0, 2: 1, 3: 2, 4: 3}\n")
    added = add(
        empty,
        table(columns),
        platform="redcap",
        companion=tmp_path / "dictionary.csv",
        labels=[tmp_path / "labels.yaml"],
        **DAYS,
    )
    assert added.code == 0, added.err
    assert read(empty, "w3").checked_answers["gad7_01"].tolist() == [k % 3 for k in range(12)]


def test_several_choices_in_one_cell_become_tick_boxes(empty: Path, add: Add) -> None:
    question = load_instruments(only=["background"])["background"].questions["lives_with"]
    columns = {
        "id": [f"p{i}" for i in range(12)],
        **{i: answers()[i] for i in GAD7},
        question: ["a partner, children", "I live alone", ""] * 4,
    }
    added = add(empty, table(columns), participant="id", **DAYS)
    assert added.code == 0, added.err
    assert added.sidecar["multiple"][question]["a partner"] == "lives_with_partner"
    kept = read(empty, "w3").checked_answers
    np.testing.assert_array_equal(kept["lives_with_children"][:3], [1, 0, np.nan])
    refused = add(
        empty, table(columns | {question: ["a partner, my cat", "", ""] * 4}), name="w4", participant="id", **DAYS
    )
    blocked(refused, empty, "Choices that `multiple:` does not explain")
    assert "my cat" not in refused.all


# --- people ----------------------------------------------------------------------------------------------------------


def test_a_new_study_gets_a_key_and_its_waves_link(empty: Path, add: Add) -> None:
    columns = answers(12)
    first = add(
        empty,
        table(columns),
        name="w1",
        instruments=["ucla3:anchor_direction=ascending"],
        dates_from="2026-01-01",
        dates_to="2026-01-02",
    )
    assert first.code == 0, first.err
    (key,) = key_folder().glob("*.key")
    assert "Made the study's key" in first.out and str(key) in first.out and key.stat().st_mode & 0o077 == 0
    stored = [row["id"] for row in csv.DictReader((empty / "data/waves/w1.csv").open())]
    assert stored == [hashed(i, key.read_bytes().strip()) for i in columns["id"]]
    assert first.sidecar["participant"] == {"column": "id", "key_fingerprint": fingerprint(key.read_bytes().strip())}
    second = add(empty, table(answers(12, first=6)), name="w2", **DAYS)
    assert second.code == 0 and "6 of them are known from earlier waves" in second.out
    assert list(key_folder().glob("*.key")) == [key]
    assert set(stored) & {row["id"] for row in csv.DictReader((empty / "data/waves/w2.csv").open())} == set(stored[6:])


def test_lost_zeros_are_found_through_the_hash(empty: Path, add: Add) -> None:
    columns = answers(12, id=[f"{i:03}" for i in range(12)])
    said = {"instruments": ["ucla3:anchor_direction=ascending"]}
    assert add(empty, table(columns), name="w1", **said, dates_from="2026-01-01", dates_to="2026-01-02").code == 0
    refused = add(empty, table(columns | {"id": list(range(12))}), name="w2", **DAYS)
    blocked(refused, empty, "12 ids would be known from earlier waves if written with leading zeros")


def test_the_key_of_another_study_is_refused(
    empty: Path, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"instruments": ["ucla3:anchor_direction=ascending"]}
    assert add(empty, table(answers()), name="w1", **said, dates_from="2026-01-01", dates_to="2026-01-02").code == 0
    (tmp_path / "other.key").write_text("another key, long enough to be one")
    monkeypatch.setenv("REJSENS_ID_KEY", str(tmp_path / "other.key"))
    blocked(add(empty, table(answers()), name="w2", **DAYS), empty, "Another key for participant ids")
    monkeypatch.delenv("REJSENS_ID_KEY")
    for path in key_folder().glob("*.key"):
        path.unlink()
    blocked(add(empty, table(answers()), name="w2", **DAYS), empty, "The key for participant ids is missing")


def test_strangers_are_worth_a_look(study: Path, add: Add) -> None:
    added = add(study, table(answers(12, first=500)), **DAYS)
    assert added.code == 0 and "0 of 12 ids are known from earlier waves" in added.all


def test_a_panels_ids_are_not_stored_as_they_are_where_the_study_keeps_its_own(study: Path, add: Add) -> None:
    pids = [f"{i:024x}" for i in range(12)]
    blocked(add(study, table(answers(id=pids)), **DAYS), study, "Ids that may not be stored as they are")
    added = add(study, table(answers(id=pids)), ids="hash", **DAYS)
    assert added.code == 0 and pids[1] not in (study / "data/waves/w3.csv").read_text()


def test_people_who_said_nowhere_who_they_are(empty: Path, add: Add) -> None:
    columns = {name: cells for name, cells in answers().items() if name != "id"}
    said = {"instruments": ["ucla3:anchor_direction=ascending"]}
    blocked(add(empty, table(columns), **said, **DAYS), empty, "--participant none")
    added = add(empty, table(columns), participant="none", **said, **DAYS)
    assert added.code == 0 and added.sidecar["participant"] == {"column": "participant"}
    assert read(empty, "w3").checked_answers["participant"].tolist()[:2] == ["w3-00001", "w3-00002"]


def test_a_column_for_ids_that_the_survey_never_used_is_passed_over(empty: Path, add: Add) -> None:
    columns = {"StartDate": ["2026-03-02 10:00:00"] * 12, "EndDate": ["2026-03-02 10:09:00"] * 12, "Status": [0] * 12,
               "ResponseId": [f"R_{i:015}" for i in range(12)], "ExternalReference": ["NA"] * 12, **{i: answers()[i] for i in GAD7}}  # fmt: skip
    added = add(empty, qualtrics(columns))
    assert added.code == 0 and added.sidecar["participant"]["column"] == "ResponseId"
    assert "An id that is new in every wave" in added.all
    text = (empty / "data/waves/w3.csv").read_text()
    assert (
        "R_0" not in text
        and "10:00" not in text
        and added.sidecar["collected"] == {"from": "2026-03-02", "to": "2026-03-02"}
    )


def test_previews_are_left_out_and_need_no_id(empty: Path, add: Add) -> None:
    columns = {"StartDate": ["2026-01-01 10:00:00"] + ["2026-03-02 10:00:00"] * 12, "EndDate": ["2026-03-02 10:09:00"] * 13,
               "Status": [1] + [0] * 12, "PROLIFIC_PID": [""] + [f"{i:024x}" for i in range(12)],
               **{i: [3, *answers()[i]] for i in GAD7}}  # fmt: skip
    added = add(empty, qualtrics(columns))
    assert added.code == 0, added.err
    assert added.sidecar["leave_out"] == [
        {"column": "Status", "values": [1], "label": "Previews and tests of the questionnaire"}
    ]
    assert added.sidecar["collected"]["from"] == "2026-03-02"  # the preview was earlier
    assert read(empty, "w3").flow["n_remaining"].tolist() == [13, 12]


# --- panels ----------------------------------------------------------------------------------------------------------


def prolific(tmp_path: Path, rows: Sequence[Sequence[object]]) -> Path:
    head = ["Submission id", "Participant id", "Status", "Started at", "Completed at", "Time taken", "Completion code",
            "Total approvals", "Age", "Gender", "Nationality"]  # fmt: skip
    path = tmp_path / "prolific.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [head, *rows]) + "\n")
    return path


def test_prolific_demographics_are_joined_before_the_ids_are_hashed(empty: Path, add: Add, tmp_path: Path) -> None:
    pids = [f"{i:024x}" for i in range(1, 14)]
    clock = "2026-03-02T10:00:00.000000Z"
    rows = [[f"{i:024d}", pid, "APPROVED", clock, clock, 300 + i, "C0FFEE1", 77, 30 + i, "Woman" if i % 2 else "Man", "Narnia"]
            for i, pid in enumerate(pids[:11])]  # fmt: skip
    rows[3][2], rows[4][6], rows[5][8] = "RETURNED", "NOCODE", "DATA_EXPIRED"
    rows.append([f"{99:024d}", f"{99:024x}", "TIMED-OUT", clock, clock, "", "", 1, 50, "Man", "Narnia"])
    rows.append([f"{98:024d}", pids[0], "RETURNED", clock, clock, "", "", 1, 99, "Man", "Narnia"])  # and once for good
    columns = {"StartDate": ["2026-03-02 10:00:00"] * 12, "EndDate": ["2026-03-02 10:09:00"] * 12,
               "PROLIFIC_PID": pids[:12], **{i: answers()[i] for i in GAD7}}  # fmt: skip
    added = add(empty, qualtrics(columns), joins=[prolific(tmp_path, rows)])
    assert added.code == 0, added.err
    (joined,) = added.sidecar["joined"]
    assert (joined["platform"], joined["matched"], joined["unmatched"]) == ("prolific", 11, 1)
    assert joined["statuses"] == {"APPROVED": 10, "RETURNED": 2, "TIMED-OUT": 1}
    assert (
        "11 of 12 rows were found there" in added.all
        and "1 submission came without a completion code (NOCODE)" in added.all
    )
    assert "1 person of its file are not in the export" in added.all or "1 person" in added.all
    assert [e["column"] for e in added.sidecar["leave_out"]] == ["Status"]
    found = read(empty, "w3")
    assert found.flow["n_remaining"].tolist() == [12, 11]
    assert found.checked_answers["age"].tolist()[:3] == [30, 31, 32] and np.isnan(found.checked_answers["age"][4])
    assert found.checked_answers["gender"].tolist()[:2] == [2, 1]
    stored = (empty / "data/waves/w3.csv").read_text()
    assert pids[0] not in stored and "C0FFEE" not in stored and "0" * 23 + "9" not in stored
    dropped = {entry["column"] for entry in added.sidecar["dropped"]}
    assert {"Prolific: Participant id", "Prolific: Submission id", "Prolific: Completion code"} <= dropped


def test_mechanical_turk_is_joined_by_worker(empty: Path, add: Add, tmp_path: Path) -> None:
    workers = [f"A{i:013}" for i in range(12)]
    head = "HITId,AssignmentId,WorkerId,AssignmentStatus,AcceptTime,SubmitTime,WorkTimeInSeconds,Answer.age"
    lines = [f"3X{i},3Y{i},{w},{'Rejected' if i == 2 else 'Approved'},Mon Mar 02 10:00:00 PST 2026,Mon Mar 02 10:09:00 PST 2026,{200 + i},{25 + i}"
             for i, w in enumerate(workers)]  # fmt: skip
    (tmp_path / "batch.csv").write_text("\n".join([head, *lines]) + "\n")
    columns = {"workerId": workers, **{i: answers()[i] for i in GAD7}}
    added = add(empty, table(columns), joins=[tmp_path / "batch.csv"], participant="workerId", **DAYS)
    assert added.code == 0, added.err
    found = read(empty, "w3")
    assert found.flow["n_remaining"].tolist() == [12, 11] and found.checked_answers["age"].tolist()[:3] == [25, 26, 28]
    stored = (empty / "data/waves/w3.csv").read_text()
    assert not any(worker in stored for worker in workers) and "PST" not in stored


def test_a_panels_file_of_another_study_is_refused(empty: Path, add: Add, tmp_path: Path) -> None:
    columns = {"PROLIFIC_PID": [f"{i:024x}" for i in range(12)], **{i: answers()[i] for i in GAD7}}
    rows = [[1, f"{900 + i:024x}", "APPROVED", "", "", 1, "C", 1, 30, "Man", "N"] for i in range(12)]
    refused = add(empty, table(columns), joins=[prolific(tmp_path, rows)], participant="PROLIFIC_PID", **DAYS)
    blocked(refused, empty, "Nobody of the panel's file is in the export")
    assert add(empty, prolific(tmp_path, rows), **DAYS).code == 2
    wrong = add(empty, table(columns), joins=[ROOT / "data/waves/2026a.csv"], participant="PROLIFIC_PID", **DAYS)
    assert wrong.code == 2 and "Not the file of a recruiting panel" in wrong.err


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "first", "last", "how"),
    [
        (["18/05/2020 05:33", "03/06/2020 01:00"], ["08/06/2020"], "2020-05-18", "2020-06-08", "day first"),
        (["05/18/2020", "06/03/2020"], ["06/08/2020"], "2020-05-18", "2020-06-08", "month first"),
        (["2020-05-18 05:03", "2020-06-01"], ["2020-06-08"], "2020-05-18", "2020-06-08", "year first"),
        (["05.06.2020"], ["08.06.2020"], "2020-06-05", "2020-06-08", "day first"),
        (["2026/01/02 3:00:00 PM GMT+1"], ["2026/01/03 3:00:00 PM GMT+1"], "2026-01-02", "2026-01-03", "year first"),
        (["05/05/2026"], ["06/06/2026"], "2026-05-05", "2026-06-06", "day first"),
    ],
)  # fmt: skip
def test_days_and_months_are_told_apart_by_evidence(
    starts: list[str], ends: list[str], first: str, last: str, how: str
) -> None:
    found = days_of(starts, ends, "here")
    assert (str(found.first), str(found.last), found.how) == (first, last, how)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [(["05/06/2020", "08/06/2020"], "either"), (["13/01/2020", "01/13/2020"], "some dates put the day first and some the month"),
     (["2020-01-01", "05/06/2020"], "more than one way"), (["soon"], "are no dates"), ([], "empty"), (["31/02/2020"], "do not exist")],
)  # fmt: skip
def test_dates_that_could_be_either_are_never_guessed(texts: list[str], sentence: str) -> None:
    found = days_of(texts, texts, "here")
    assert (
        isinstance(found, Problem)
        and (sentence in found.found or "day first or the month" in found.found)
        and "--dates-from" in found.fix
    )


# --- asked at a terminal ---------------------------------------------------------------------------------------------


def test_a_person_is_asked_for_what_only_a_person_knows(empty: Path, add: Add) -> None:
    asked: list[str] = []

    def ask(question: str, choices: Sequence[str]) -> str:
        asked.append(question)
        said = {"Does “gad7_3” hold": "yes", "first day": "2026-03-02", "last day": "2026-03-09", "anchor_direction": "ascending",
                "Which column": "id", "Add wave": "yes"}  # fmt: skip
        return next(answer for words, answer in said.items() if words in question)

    columns = renamed(answers(), gad7_03="gad7_3", id="Your code word")
    added = add(empty, table(columns), participant="Your code word", how=How(ask=ask))
    assert added.code == 0, added.err
    assert len(asked) == len(set(asked)) == 5 and added.sidecar["headers"]["gad7_3"] == "gad7_03"
    assert added.sidecar["instruments"][-1] == {"id": "ucla3", "anchor_direction": "ascending"}


def test_a_no_leaves_everything_as_it_was(study: Path, add: Add) -> None:
    before = contents(study)
    refused = add(study, table(answers()), how=How(ask=lambda question, choices: "no" if choices else ""), **DAYS)
    assert refused.code == 1 and contents(study) == before and not key_folder().exists()
    still = add(study, table(renamed(answers(), gad7_03="gad7_3")), how=How(ask=lambda question, choices: "no"), **DAYS)
    blocked(still, study, "gad7_03 has no column", before)


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_write_that_fails_half_way_leaves_nothing(
    empty: Path, add: Add, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    real, calls = os.fsync, []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(writing.os, "fsync", fsync)
    before = contents(empty)
    refused = add(empty, table(answers()), instruments=["ucla3:anchor_direction=ascending"], **DAYS)
    assert refused.code == 2 and "The disk is full" in refused.err
    assert contents(empty) == before and not list(key_folder().glob("*"))


def test_a_sidecar_is_moved_last(empty: Path, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wave exists as soon as its sidecar does; whatever it needs must stand there before."""
    real, moved = os.replace, []
    monkeypatch.setattr(writing.os, "replace", lambda a, b: (moved.append(Path(b).name), real(a, b)))
    assert add(empty, table(answers()), instruments=["ucla3:anchor_direction=ascending"], **DAYS).code == 0
    assert moved[-1] == "w3.yaml" and set(moved) == {"w3.csv", "w3.yaml"}


def test_a_draft_is_for_editing_and_stands_outside_the_study(study: Path, add: Add) -> None:
    drafted = add(study, table(answers(gad7_01=["often"] * 12)), how=How(draft=True), **DAYS)
    assert drafted.code == 0 and "take the underscore off" in drafted.out
    draft = yaml.safe_load((study / "data/waves/_w3.yaml").read_text())
    assert draft["instruments"][1] == {"id": "gad7"} and not (study / "data/waves/w3.yaml").exists()
    load_study(study)
    told = add(study, table(answers(age=["ann@example.org"] * 12)), name="w4", how=How(draft=True), **DAYS)
    assert told.code == 1 and not (study / "data/waves/_w4.csv").exists() and "No draft was written" in told.err


def test_no_cell_of_a_stored_wave_runs_in_a_spreadsheet(study: Path, add: Add) -> None:
    columns = answers(12, note=["=1+1", "@SUM(A1)"] * 6) | {"=cmd": ["1"] * 12}
    added = add(study, table(columns), keep_text=["note"], **DAYS)
    assert added.code == 0, added.err
    rows = list(csv.reader((study / "data/waves/w3.csv").open()))
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "@", "+")]
    assert rows[0][-1] == "'=cmd" and rows[1][-2] == "'=1+1"
    assert read(study, "w3").checked_answers["age"].tolist() == answers()["age"]


def test_a_sidecar_in_yaml_is_read_as_it_was_meant() -> None:
    content = {"title": "Wave: 1 # not a comment", "headers": {"Q1: yes?": "age", "x" * 1500: "gender", "no": "x", "a\nb": "y"},
               "missing_codes": ["NA", "-99", -99, "no"], "instruments": [{"id": "gad7", "columns": "Q5_{n}"}],
               "labels": {"gad7": {"1": 0, "yes": 1, "≥ 3": 2}}, "collected": {"from": "2026-01-01", "to": "2026-01-02"}}  # fmt: skip
    assert yaml.safe_load(yaml_text(content)) == content


def test_facts_are_taken_over_and_shown_or_missed(study: Path, add: Add) -> None:
    first = add(
        study,
        table(answers()),
        facts={"population": "students", "consent": "to everything", "simulated": False},
        **DAYS,
    )
    assert first.code == 0 and "language, mode, contact and licence are not stated" in first.all
    second = add(study, table(answers()), name="w4", dates_from="2026-04-01", dates_to="2026-04-02")
    assert second.sidecar["population"] == "students" and "population: students" in second.all


def test_a_maps_file_says_what_flags_could_and_what_is_found_out_it_may_not(
    study: Path, add: Add, tmp_path: Path
) -> None:
    maps = {"headers": {"x": "age"}, "missing_codes": [-9], "title": "Third", "instruments": [{"id": "gad7"}, {"id": "background", "items": ["age"]}],
            "collected": {"from": "2026-03-01", "to": "2026-03-02"}, "population": "students"}  # fmt: skip
    (tmp_path / "maps.yaml").write_text(yaml.safe_dump(maps))
    added = add(study, table(renamed(answers(), age="x")), maps=[tmp_path / "maps.yaml"])
    assert added.code == 0, added.err
    assert [e["id"] for e in added.sidecar["instruments"]] == ["background", "gad7"] and added.sidecar[
        "title"
    ] == "Third"
    assert added.sidecar["headers"] == {"x": "age"} and added.sidecar["not_asked"] == ["ucla3"]
    (tmp_path / "maps.yaml").write_text("sha256: '" + "0" * 64 + "'\nheadrs: {}\n")
    refused = add(study, table(answers()), name="w4", maps=[tmp_path / "maps.yaml"])
    assert refused.code == 2 and "worked out from the export" in refused.err and "headers" in refused.err


def test_flags_are_read_in_a_sidecars_words() -> None:
    assert parse_instrument("ucla3:as=before,anchor_direction=descending,range=[0,2],items=[ucla3_01,ucla3_02]") == {
        "id": "ucla3", "as": "before", "anchor_direction": "descending", "range": [0, 2], "items": ["ucla3_01", "ucla3_02"]}  # fmt: skip
    with pytest.raises(Refused, match="has no ="):
        parse_instrument("rses:order")
    with pytest.raises(Refused, match="order"):
        parse_instrument("rses:ordr=A")


def test_patterns_and_parts_of_questions() -> None:
    assert matrices(["Q7_1", "Q7_2", "Q7_3", "Q7_5"]) == {"Q7_{n}": 3}
    assert pattern_of([f"gad7_{i:02}" for i in range(1, 13)]) == "gad7_{n:02}"
    assert pattern_of(["a_1", "a_3"]) is None and pattern_of(["a_1"]) is None
    assert readings("How often? - I was - so to speak - tired")[1] == "tired"


def test_an_unforeseen_error_quotes_nothing(study: Path, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("could not convert string to float: 'ann@example.org'")

    monkeypatch.setattr(session, "propose", fails)
    refused = add(study, table(answers()), **DAYS)
    assert refused.code == 2 and "ValueError (test_add_wave.py" in refused.err and "ann@" not in refused.all


# --- every platform, by way of a wave --------------------------------------------------------------------------------

PLATFORMS = ("qualtrics_text", "redcap_labels", "limesurvey", "google_forms", "formr", "spss", "excel", "semicolon")


@pytest.fixture(scope="module")
def simulated() -> SimpleNamespace:
    parameters = read_parameters()
    few = {**parameters, "people": 60, "modules": {}, "missing": {**parameters["missing"], "refused": 0.03}}
    return SimpleNamespace(parameters=few, waves={wave.name: wave for wave in simulate(few, 11).waves})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wave_of_every_platform_gives_the_scores_that_its_export_gives(
    simulated: SimpleNamespace, empty: Path, add: Add, tmp_path: Path, platform: str
) -> None:
    """The first wave with maps, the second from what the first has taught: the same scores, cell by cell, and the same ledger."""
    (empty / "config/config.yaml").write_text((ROOT / "config/config.yaml").read_text())
    settings = load_settings(SHIPPED)
    defined = load_instruments()
    for name in ("2026a", "2026b"):
        sidecar = write_wave(simulated.waves[name], tmp_path / "raw", 11, simulated.parameters, platform)
        wave = load_wave(sidecar)
        companion = next(iter((tmp_path / "raw").glob(f"_{name}.*")), None)
        flags: dict[str, Any] = {
            "dates_from": wave.collected["from"],
            "dates_to": wave.collected["to"],
            "companion": companion,
        }
        if name == "2026a":
            known = {
                key: value
                for key, value in wave.settings.items()
                if key not in ("sha256", "file", "platform", "collected")
            }
            (tmp_path / "maps.yaml").write_text(yaml.safe_dump(known))
            flags["maps"] = [tmp_path / "maps.yaml"]
        added = add(empty, Path(wave.file), name=name, **flags)
        assert added.code == 0, added.err
        stored = load_wave(empty / f"data/waves/{name}.yaml")
        results = []
        for one in (wave, stored):
            asked = instruments_asked(one, defined)
            found = validate(one, asked, settings["screening"], settings["out_of_range"])
            results.append((found, wave_scores(found.checked_answers, asked, name, 1, "wave")))
        (expected, wanted), (got, scores) = results
        assert got.flow["n_remaining"].tolist() == expected.flow["n_remaining"].tolist()
        assert len(wanted) > 20 and sorted(wanted.columns) == sorted(scores.columns)
        for column in wanted.columns.drop("participant"):
            np.testing.assert_array_equal(wanted[column].to_numpy(), scores[column].to_numpy(), err_msg=column)
        assert set(scores["participant"]).isdisjoint(wanted["participant"])  # hashed
    assert "as in wave 2026a" in added.out or "same name" in added.out


# --- Hodgetts, Williams and Butler: two raw platform exports, with maps only -----------------------------------------


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real survey data (../shared/data) are not at hand")
@pytest.mark.parametrize(
    ("number", "background", "encoding", "days", "flow", "how"),
    [
        (1, ["Q3", "Q7", "Q9"], "cp1252", ("2020-05-15", "2020-06-08"), [571, 548, 344], "day first"),
        (2, ["Q2", "Q36", "Q9"], "utf-8", ("2020-11-16", "2020-12-02"), [210, 202, 158], "year first"),
    ],
)
def test_two_published_exports_are_added_with_maps_only(
    add: Add,
    tmp_path: Path,
    number: int,
    background: list[str],
    encoding: str,
    days: tuple[str, str],
    flow: list[int],
    how: str,
) -> None:
    """344 of 571 and 158 of 210; the authors kept the row that the platform had marked as spam, so `leave_out:` is empty."""
    study = tmp_path / "lockdown"
    for part in ("config/config.yaml", "schemas/instruments/background.yaml"):
        (study / part).parent.mkdir(parents=True)
        (study / part).write_text((ROOT / f"tests/studies/lockdown{number}" / part).read_text())
    maps = {
        "labels": {"dass21": {"1": 0, "2": 1, "3": 2, "4": 3}, "consent": {"1,2,3,4": 1}},
        "missing_codes": ["NA"],
        "leave_out": [],
        "instruments": [
            *({"id": "dass21", "as": when, "columns": f"{block}_{{n}}"} for when, block in (("before", "Q11"), ("now", "Q38"))),
            *({"id": "ucla3", "as": when, "anchor_direction": "ascending", "columns": f"{block}_{{n}}"}
              for when, block in (("before", "Q13"), ("now", "Q39"))),
            {"id": "background", "columns": background},
        ],
    }  # fmt: skip
    (tmp_path / "maps.yaml").write_text(yaml.safe_dump(maps))
    export = REAL_DATA / f"qualtrics-lockdown/study-{number}_raw.csv"
    added = add(study, export, name="study", maps=[tmp_path / "maps.yaml"])
    assert added.code == 0, added.err
    assert added.sidecar["original"]["encoding"] == encoding and tuple(added.sidecar["collected"].values()) == days
    assert f"Dates were read {how}" in added.all
    found = load_study(study)
    wave, settings = found.waves[0], found.settings
    read_back = validate(wave, found.asked["study"], settings["screening"], settings["out_of_range"])
    assert read_back.flow["n_remaining"].tolist() == flow
    dropped = {entry["column"]: entry["reason"] for entry in added.sidecar["dropped"]}
    assert {"Q28", "Q34", "Q32", "Q33"} <= {
        column for column, reason in dropped.items() if reason.startswith("free text")
    }
    stored = list(csv.reader((study / "data/waves/study.csv").open(encoding="utf-8")))
    assert not {"Q24", "ExternalReference", "Q28"} & set(stored[0])
    assert max(len(cell) for row in stored[1:] for cell in row) <= 16  # codes, days, pseudonyms
    assert any("," in cell for row in stored[1:] for cell in row)  # several choices in one cell
