"""The simulated study as every platform writes it, read again: the same scores, cell by cell, and the same ledgers.

The shapes are held against the platforms' own documentation without our reader: each test below names its source.
"""

import csv
import io
import tempfile
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml
from tests.flags import flags
from typer.testing import CliRunner

from rejsens.adding.ids import hash_all
from rejsens.cli import app
from rejsens.declarations import SHIPPED, load_settings
from rejsens.definitions import load_instruments
from rejsens.problems import Refused
from rejsens.score_wave import wave_scores
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.simulate import read_parameters, simulate, simulate_study, write_wave
from rejsens.simulate.platforms import WRITERS, redcap
from rejsens.study import load_study
from rejsens.validate import validate

SEED = 7
SETTINGS = load_settings(SHIPPED)
DEFINITIONS = load_instruments()
BOXES = [item.id for item in DEFINITIONS["background"].items if item.choice_of]
WAVES = ["2026a", "2026b", "2026e", "retest"]  # all instruments; choice texts; the other order; people asked again
WIDE_WAVES = ["2026a", "2026f"]  # all of the inventory in its short forms; the long form of the sources, healing
PLATFORMS = {  # name of the writer -> what a sidecar calls it
    "plain": "plain", "tsv": "plain", "semicolon": "plain", "excel": "excel", "spss": "spss", "qualtrics": "qualtrics",
    "qualtrics_text": "qualtrics", "qualtrics_tsv": "qualtrics", "redcap": "redcap", "redcap_labels": "redcap",
    "limesurvey": "limesurvey", "limesurvey_text": "limesurvey", "google_forms": "google_forms",
    "google_sheets": "google_forms", "formr": "formr",
}  # fmt: skip
WIDE = [(platform, "2026a") for platform in PLATFORMS]
WIDE += [(p, "2026f") for p in ("plain", "spss", "qualtrics_text", "redcap_labels", "limesurvey_text", "google_forms")]
FIRST_ROW = dict.fromkeys(PLATFORMS, 2) | {"spss": 1} | {name: 4 for name in PLATFORMS if name.startswith("qualtrics")}
KEY = b"a key of the tests, thirty-two bytes long"[:32]
PREVIEWS = ("qualtrics_text", "qualtrics_tsv")


def few():
    """Eighty people with every kind of defect, and enough refusals that every kind of cell is blank somewhere.

    Without the modules: what is asked twice, of some or of several people is in `all_modules`, which fewer tests read.
    """
    parameters = read_parameters()
    return {**all_modules(), "people": 80, "modules": {}, "waves": [
        {k: v for k, v in wave.items() if k != "instead"} for wave in parameters["waves"]]}  # fmt: skip


def all_modules():
    """Sixty people who are asked the whole battery."""
    parameters = read_parameters()
    return {**parameters, "people": 60, "missing": {**parameters["missing"], "refused": 0.03}}


@pytest.fixture(scope="module")
def study():
    found = simulate(few(), SEED)
    for wave in found.waves:
        assert set(wave.planted["kind"]) >= {"missing_code", "out_of_range", "exact_duplicate", "second_submission"}
    return found


@pytest.fixture(scope="module")
def wide():
    return simulate(all_modules(), SEED)


def wave_of(study, name):
    return next(wave for wave in study.waves if wave.name == name)


def read(sidecar):
    """One wave through validation and scoring, with the screening of the repository's own study."""
    wave = load_wave(sidecar)
    asked = instruments_asked(wave, DEFINITIONS)
    found = validate(wave, asked, SETTINGS["screening"], SETTINGS["out_of_range"])
    return found, wave_scores(found.checked_answers, asked, wave.name, 1, "wave")


@pytest.fixture(scope="module")
def expected(study, tmp_path_factory):
    """Wave -> (validated, scores), read from a plain table; test_simulate.py holds that against what was drawn."""
    folder = tmp_path_factory.mktemp("expected")
    return {name: read(write_wave(wave_of(study, name), folder, SEED, few(), "plain")) for name in WAVES}


@pytest.fixture(scope="module")
def expected_of_all(wide, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected_of_all")
    return {name: read(write_wave(wave_of(wide, name), folder, SEED, all_modules(), "plain")) for name in WIDE_WAVES}


@pytest.fixture(scope="module")
def read_back(study, tmp_path_factory):
    """(platform, wave) -> (validated, scores) of the wave as that platform writes it; two tests look at each reading."""
    return cache(
        lambda platform, name: read(
            write_wave(wave_of(study, name), tmp_path_factory.mktemp("back"), SEED, few(), platform)
        )
    )


# --- round trips -----------------------------------------------------------------------------------------------------


def test_every_platform_has_a_writer():
    assert list(WRITERS) == list(PLATFORMS)


@pytest.mark.parametrize("name", WAVES)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_written_by_a_platform_and_read_again_the_scores_are_the_same(study, expected, read_back, platform, name):
    boxes = same_answers_and_scores(wave_of(study, name), platform, read_back(platform, name), expected[name])
    assert boxes.isna().any(axis=None) and (boxes == 1).any().all()


@pytest.mark.parametrize(("platform", "name"), WIDE)
def test_so_are_those_of_the_whole_battery(wide, expected_of_all, tmp_path, platform, name):
    """Two events in one form, questions asked of some people only, negative codes, several ranges in one instrument."""
    _, scores = expected_of_all[name]
    rated = {kind: scores[f"{kind}_mreii_a_hurt"].notna().mean() for kind in ("unclear", "clear")}
    assert 0.4 < rated["clear"] < rated["unclear"] < 1 and scores["mreii_g_avoidance"].isna().any()
    assert ("mreii_matrix_conc" in scores) == ("mreii_h" in scores) == (name == "2026f")
    wave = wave_of(wide, name)
    found = read(write_wave(wave, tmp_path, SEED, few(), platform))
    same_answers_and_scores(wave, platform, found, expected_of_all[name])


def same_answers_and_scores(wave, platform, found, expected):
    (validated, scores), (there, their_scores) = found, expected
    pd.testing.assert_frame_equal(scores, their_scores, check_exact=True)
    shift = FIRST_ROW[platform] - FIRST_ROW["plain"]
    for table in ("checked_answers", "set_aside"):
        ours, theirs = getattr(validated, table), getattr(there, table)
        assert len(theirs) and (ours["row"] - theirs["row"] == shift).all(), table
        pd.testing.assert_frame_equal(ours.drop(columns="row"), theirs.drop(columns="row"))
    kept = validated.checked_answers
    drawn = wave.cells.loc[kept["row"] - FIRST_ROW[platform], BOXES]
    np.testing.assert_array_equal(kept[BOXES].to_numpy(), drawn.to_numpy())
    return kept[BOXES]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_ledgers_are_the_same_but_for_previews(expected, read_back, platform):
    """A preview carries no id and answers of nobody: it leaves first, and is counted."""
    validated, _ = read_back(platform, "2026a")
    there, _ = expected["2026a"]
    previews = int(platform in PREVIEWS)
    ledger = [(rule, n) for rule, n in zip(validated.flow["rule"], validated.flow["n_excluded"], strict=True)]
    assert ledger == [("raw", 0), *[("left_out_1", 1)] * previews, *ledger[1 + previews :]]
    assert ledger[1 + previews :] == list(zip(there.flow["rule"], there.flow["n_excluded"], strict=True))[1:]
    assert validated.flow["n_remaining"].iloc[0] == there.flow["n_remaining"].iloc[0] + previews
    assert validated.flow["n_remaining"].iloc[-1] == there.flow["n_remaining"].iloc[-1]
    rows = validated.quality_rows[["participant", "excluded_by"]].iloc[: len(there.quality_rows)]
    pd.testing.assert_frame_equal(rows, there.quality_rows[["participant", "excluded_by"]])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_whole_study_is_written_as_a_folder_that_loads(study, tmp_path, platform):
    parameters = tmp_path / "simulation.yaml"
    parameters.write_text(yaml.safe_dump({**few(), "people": 30}), encoding="utf-8")
    simulate_study(SEED, tmp_path / "study", parameters, platform)
    loaded = load_study(tmp_path / "study")
    assert len(loaded.waves) == 7 and {wave.platform for wave in loaded.waves} == {PLATFORMS[platform]}
    assert all(Path(wave.file).is_file() for wave in loaded.waves)
    planted = pd.read_csv(tmp_path / "study/data/truth/planted.csv")
    outside = planted[(planted["kind"] == "out_of_range") & (planted["wave"] == "2026c")]
    validated, _ = read(tmp_path / "study/data/waves/2026c.yaml")
    found = validated.set_aside[["participant", "row", "column"]]
    assert found.values.tolist() == outside[["participant", "row", "column"]].values.tolist()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_study_gives_the_same_bytes(study, platform):
    wave = wave_of(study, "2026b")
    first, second = WRITERS[platform](wave, SEED), WRITERS[platform](wave, SEED)
    assert first.content == second.content and first.companions == second.companions


def test_a_platform_that_nobody_knows_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(Refused, match="Did you mean “qualtrics”"):
        simulate_study(1, tmp_path, platform="qualtrix")
    said = CliRunner().invoke(app, ["simulate", "--seed", "1", "--out", str(tmp_path), "--platform", "qualtrix"])
    assert said.exit_code == 1 and "Did you mean “qualtrics”" in said.output and "Traceback" not in said.output
    assert not list(tmp_path.iterdir())


# --- added by flags ------------------------------------------------------------------------------------------------


ADDED = [(platform, "2026b") for platform in [*PLATFORMS, "redcap_headings"]]
ADDED += [("plain", "2026e"), ("qualtrics", "2026e"), ("limesurvey", "2026e")]  # the other order of the Rosenberg scale
ADDED_WIDE = [("plain", "2026a"), ("qualtrics", "2026f"), ("redcap_headings", "2026f"), ("limesurvey", "2026b"),
              ("google_forms", "2026f"), ("spss", "2026f")]  # by name, place, label, code of the question, words, label  # fmt: skip


@pytest.mark.parametrize(("platform", "name"), ADDED)
def test_exported_by_a_platform_and_added_by_flags_the_scores_are_the_same(
    study, expected, tmp_path, platform, name, monkeypatch
):
    added_by_flags(wave_of(study, name), platform, tmp_path, monkeypatch, expected[name])


@pytest.fixture(scope="module")
def first_waves():
    """The whole battery without healing, which no first wave of a study can ask; name -> (wave, (validated, scores))."""
    parameters = all_modules()
    parameters = {**parameters, "modules": {**parameters["modules"], "later_waves": []}}
    drawn = simulate(parameters, SEED)
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: (
                wave_of(drawn, name),
                read(write_wave(wave_of(drawn, name), Path(folder), SEED, parameters, "plain")),
            )
            for name in {name for _, name in ADDED_WIDE}
        }


@pytest.mark.parametrize(("platform", "name"), ADDED_WIDE)
def test_so_is_the_whole_battery(first_waves, tmp_path, platform, name, monkeypatch):
    wave, there = first_waves[name]
    added_by_flags(wave, platform, tmp_path, monkeypatch, there)


def added_by_flags(wave, platform, tmp_path, monkeypatch, expected):
    monkeypatch.setenv("REJSENS_ID_KEY", str(tmp_path / "key"))
    (tmp_path / "key").write_bytes(KEY)
    there, their_scores = expected
    names = {instrument.name for instrument in wave.instruments}
    written = redcap.label_headings(wave, SEED) if platform == "redcap_headings" else WRITERS[platform](wave, SEED)
    file = tmp_path / f"download{written.suffix}"
    file.write_bytes(written.content)
    folder = tmp_path / "study"
    (folder / "config").mkdir(parents=True)
    config = {"study": {"title": "Mine", "simulated": True}, **{k: SETTINGS[k] for k in ("screening", "out_of_range")}}
    (folder / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    typed = [
        "add-wave",
        str(file),
        "--name",
        wave.name,
        "--study",
        str(folder),
        "--simulated",
        "--ids",
        "hash",
        "--yes",
    ]
    said = CliRunner().invoke(app, [*typed, *flags(platform, written, wave, tmp_path, labels="mreii_matrix" in names)])
    assert said.exit_code == 0, said.output
    validated, scores = read(folder / f"data/waves/{wave.name}.yaml")
    for ours, theirs in ((scores, their_scores), (validated.set_aside, there.set_aside)):
        theirs = theirs.assign(participant=hash_all(theirs["participant"].tolist(), KEY))
        rows = [column for column in ("row",) if column in ours]
        pd.testing.assert_frame_equal(
            ours.drop(columns=rows), theirs.drop(columns=rows), check_exact=True, check_dtype=False
        )


# --- the shapes, by the platforms' own documentation -----------------------------------------------------------------


def rows_of(content, encoding="utf-8-sig", delimiter=","):
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def column(rows, name, first=1):
    return [row[rows[0].index(name)] for row in rows[first:]]


def exported(study, platform, name="2026b"):
    return WRITERS[platform](wave_of(study, name), SEED)


def test_qualtrics_writes_names_questions_and_import_ids_above_the_answers(study):
    """qualtrics.com/support, "Understanding Your Dataset": three rows of headers in CSV and TSV."""
    for platform, delimiter, encoding in (("qualtrics_text", ",", "utf-8"), ("qualtrics_tsv", "\t", "utf-16")):
        rows = rows_of(exported(study, platform).content, encoding, delimiter)
        assert rows[0][:2] == ["StartDate", "EndDate"] and rows[2][0] == '{"ImportId":"startDate"}'
        assert rows[1][rows[0].index("Q4_1")] == "I sent a personal message and got no answer."
        assert len({len(row) for row in rows}) == 1
    assert exported(study, "qualtrics_tsv").content.startswith(b"\xff\xfe")  # fileEncoding = "UTF-16LE", shlab.imgct


def test_qualtrics_puts_several_answers_into_one_cell_and_words_follow_the_kind_of_export(study):
    """As in the raw exports of github.com/gpwilliams/covid-gaming (`1,2,3,4`); Status and Finished likewise."""
    texts = rows_of(exported(study, "qualtrics_text").content)
    numbers = rows_of(exported(study, "qualtrics_tsv").content, "utf-16", "\t")
    assert {"A partner,Children", "I live alone", ""} <= set(column(texts, "Q13", 3))
    assert {"2,3", "1", ""} <= set(column(numbers, "Q13", 3))
    assert set(column(texts, "Status", 3)) == {"IP Address", "Survey Preview"}
    assert set(column(numbers, "Status", 3)) == {"0", "1"} and set(column(numbers, "Finished", 3)) == {"1"}
    assert set(column(texts, "Q8_1", 3)) <= {"0 not at all", "1", "2", "3 nearly every day", "", "No answer", "11"}


def test_redcap_writes_one_column_for_each_box_and_a_dictionary_of_eighteen_columns(study):
    """redcapAPI, `exportFieldNames` (three underscores); redcapAPI issue 301 (labels); REDCap help, "Data Dictionary"."""
    raw, labels = exported(study, "redcap"), redcap.label_headings(wave_of(study, "2026b"), SEED)
    rows = rows_of(raw.content)
    assert all(name == name.lower() and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for name in rows[0])
    boxes = [name for name in rows[0] if name.startswith("lives_with")]
    assert boxes == [f"lives_with___{k}" for k in range(1, 6)]
    assert {cell for name in boxes for cell in column(rows, name)} == {"0", "1"}  # also where nobody answered
    heading = "Who do you live with? Tick all that apply. (choice=a partner)"
    assert set(column(rows_of(labels.content), heading)) == {"Checked", "Unchecked"}
    assert set(column(rows_of(exported(study, "redcap_labels").content), boxes[0])) == {"Checked", "Unchecked"}
    dictionary = rows_of(raw.companions[".dictionary.csv"])
    assert len(dictionary[0]) == 18 and dictionary[0][0] == "Variable / Field Name"
    fields = {row[0]: row for row in dictionary[1:]}
    assert fields["lives_with"][3] == "checkbox" and fields["lives_with"][5].startswith(
        "1, I live alone | 2, a partner"
    )
    assert fields["gad7_01"][5] == "0, 0 not at all | 1, 1 | 2, 2 | 3, 3 nearly every day | -99, No answer"
    assert {name.partition("___")[0] for name in rows[0][3:-1]} <= set(fields)


def test_limesurvey_writes_marks_quotes_brackets_and_ticks(study):
    """LimeSurvey source: CsvWriter.php, Writer.php, SurveyObj.php (`getFullAnswer`, type M)."""
    for platform, separator in (("limesurvey", ","), ("limesurvey_text", ";")):
        content = exported(study, platform).content
        assert content.startswith(b"\xef\xbb\xbf") and content.endswith(b'"\r\n\r\n')
        assert content.decode("utf-8-sig").splitlines()[0].split(separator)[0] in ('"id"', '"Response ID"')
    rows = [row for row in rows_of(exported(study, "limesurvey").content) if row]
    assert set(column(rows, "liveswith[SQ001]")) == {"Y", ""} and "mreiiexposure[SQ016]" in rows[0]
    assert all(name.partition("[")[0].isalnum() for name in rows[0])
    full = [row for row in rows_of(exported(study, "limesurvey_text").content, delimiter=";") if row]
    assert set(column(full, "Who do you live with? Tick all that apply. [children]")) == {"Yes", "No"}


def test_limesurveys_structure_has_subquestions_and_answers_under_their_question(study):
    """LimeSurvey manual, "Tab Separated Value survey structure"."""
    content = exported(study, "limesurvey").companions[".structure.txt"]
    assert content.startswith(b"\xef\xbb\xbf")
    rows = rows_of(content, delimiter="\t")
    kinds = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["class"] for row in kinds[:4]] == ["S", "SL", "G", "Q"]
    at = next(k for k, row in enumerate(kinds) if row["name"] == "gad7")
    assert (kinds[at]["class"], kinds[at]["type/scale"]) == ("Q", "F")
    under = kinds[at + 1 : at + 13]
    assert [row["class"] for row in under] == ["SQ"] * 7 + ["A"] * 5
    assert [(row["name"], row["text"]) for row in under[7:9]] == [("0", "0 not at all"), ("1", "1")]
    assert next(row["type/scale"] for row in kinds if row["name"] == "liveswith") == "M"
    assert all(len(row["name"]) <= 5 for row in kinds if row["class"] in ("SQ", "A"))


def test_google_forms_heads_columns_with_questions_and_grids_with_rows(study):
    """policies-database issue 36 (`Question [Row]`); GravityView pull request 1359 (;) and ancient-simile-widgets issue 174 (,)."""
    for platform, between in (("google_forms", ";"), ("google_sheets", ", ")):
        rows = rows_of(exported(study, platform).content)
        assert rows[0][:3] == ["Timestamp", "Your study code", "How old are you, in years?"]
        assert "gad7 [gad7: nervous]" in rows[0] and len(set(rows[0])) == len(rows[0])
        assert f"A partner{between}Children" in column(rows, "Who do you live with? Tick all that apply.")


def test_formr_begins_with_the_session_and_joins_choices(study):
    """formr source: SurveyStudy.php (`getResults`), Item/McMultiple.php."""
    content = exported(study, "formr").content
    rows = rows_of(content)
    assert rows[0][:5] == ["session", "created", "modified", "ended", "expired"]
    assert {"2, 3", "1", ""} <= set(column(rows, "lives_with")) and content.startswith(b'"session","created"')


def test_the_sav_file_holds_labels_and_user_missing_values(study, tmp_path):
    """pyreadstat, `write_sav` and `read_sav(user_missing=True)`; a range from lo to hi, or single values."""
    content = exported(study, "spss").content
    (tmp_path / "w.sav").write_bytes(content)
    frame, facts = pyreadstat.read_sav(tmp_path / "w.sav", user_missing=True)
    assert facts.column_names_to_labels["gad7_01"] == "gad7: nervous"
    assert facts.variable_value_labels["gad7_01"] == {
        0: "0 not at all",
        1: "1",
        2: "2",
        3: "3 nearly every day",
        -99: "No answer",
    }
    assert facts.missing_ranges["gad7_01"] == [{"lo": -99, "hi": -99}]
    assert facts.missing_ranges["mreii_hv01"] == [{"lo": -99, "hi": -90}]
    assert (frame.drop(columns="participant") == -99).any(axis=None)
    day = date.fromisoformat(wave_of(study, "2026b").declared["to"])
    assert facts.creation_time.date() == day


def test_the_workbook_holds_numbers_on_its_first_sheet_and_no_moment_of_its_making(study):
    """openpyxl; a zip archive states a moment for each entry (APPNOTE of the zip format)."""
    content = exported(study, "excel").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Answers", "Notes"]
    first = next(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert isinstance(first[0], str) and {type(cell) for cell in first[1:]} <= {int, type(None)}
    day = date.fromisoformat(wave_of(study, "2026b").declared["to"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(day.year, day.month, day.day)}
    assert book.properties.created.date() == book.properties.modified.date() == day


def test_a_semicolon_file_writes_decimal_commas(study):
    """pandas, `DataFrame.to_csv(sep=";", decimal=",")`."""
    rows = rows_of(exported(study, "semicolon").content, "cp1252", ";")
    assert "-99,0" in {cell for row in rows for cell in row} and "3,0" in set(column(rows, "gad7_01"))


def test_no_published_scale_is_worded(study):
    """Only our own short labels: every question text of a published scale is its id and a label."""
    published = [i for i in wave_of(study, "2026a").instruments if i.scores and not i.id.startswith("mreii")]
    headings = rows_of(exported(study, "google_forms", "2026a").content)[0]
    for instrument in published:
        labels = {f"{instrument.id} [{instrument.id}: {item.label.replace('_', ' ')}]" for item in instrument.items}
        assert labels <= set(headings) and not any(item.wording for item in instrument.items)
