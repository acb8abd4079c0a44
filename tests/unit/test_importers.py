"""Every platform's export is told by looking at it and read cell by cell; what is no whole table is refused by its rows.

The small files here are made by hand in the shape that the platform's own documentation gives; each says which.
"""

from __future__ import annotations

import datetime
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from rejsens.importers import PANELS, PLATFORMS, Export, open_export, recognise
from rejsens.importers.cells import clean, label_key, name_text, number_text
from rejsens.importers.companions import without_markup
from rejsens.importers.redcap import box_name, read_dictionary
from rejsens.problems import Refused

Write = Callable[..., Path]
PLAIN = "id,q1,q2\nann,1,2\nbob,3,4\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(content: str | bytes, name: str = "export.csv") -> Path:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / name

    return write_


def cells(export: Export) -> list[list[str]]:
    return [list(row.values()) for row in export.cells.to_pylist()]


def refusal(path: Path, **settings: object) -> str:
    with pytest.raises(Refused) as refused:
        open_export(path, **settings)
    return str(refused.value)


def is_plain(export: Export) -> bool:
    return export.columns == ["id", "q1", "q2"] and cells(export) == [["ann", "1", "2"], ["bob", "3", "4"]]


# --- the interface ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [*PLATFORMS.values(), *PANELS.values()], ids=[*PLATFORMS, *PANELS])
def test_every_platform_states_the_same_facts(module: object) -> None:
    assert module.TITLE and module.IDS and isinstance(module.PERSONAL, dict) and isinstance(module.COMPANION, str)
    assert module.DATES is None or len(module.DATES) == 2
    assert all(seconds > 0 for seconds in module.DURATION.values())
    assert all(column and values and label for column, values, label in module.NOT_ANSWERS)


def test_the_platform_can_be_named_and_a_wrong_name_is_refused(write: Write) -> None:
    path = write(PLAIN)
    assert open_export(path, "redcap").platform == "redcap" and is_plain(open_export(path, "redcap"))
    assert "Did you mean “qualtrics”?" in refusal(path, platform="qualtrix")


def test_every_export_says_in_words_what_it_was_taken_for(write: Write) -> None:
    export = open_export(write(PLAIN))
    assert export.platform == "plain" and "separated by commas" in " ".join(export.notes)
    assert recognise(write(PLAIN))[0] == "plain"


def test_a_companion_that_no_platform_reads_is_refused(write: Write) -> None:
    assert "A companion that nothing reads" in refusal(write(PLAIN), companion=write("x", "codebook.csv"))


# --- cells -----------------------------------------------------------------------------------------------------------


def test_nothing_invisible_carries_meaning() -> None:
    assert clean("\ufeff\u200b 3\u00a0\u2009") == "3"
    assert name_text(" How \n often\u00a0? ") == "How often ?"
    assert label_key("Ha\u0308ufig ") == label_key("HÄUFIG".replace("Ä", "ä"))
    assert clean("a b") == "a b" != clean("ab")


def test_numbers_are_written_with_every_digit_and_no_decimal_point_too_many() -> None:
    assert [number_text(x) for x in (3.0, -99.0, 0.1, 1 / 3, 2.5e15, 1e-7)] == [
        "3",
        "-99",
        "0.1",
        "0.3333333333333333",
        "2500000000000000",
        "1e-07",
    ]


# --- text: encodings -------------------------------------------------------------------------------------------------

UMLAUT = "id,q1,q2\nzoë,1,häufig\nbob,3,nie\n"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"), ("latin-1", "latin-1"), ("cp1252", "latin-1"),
    ],
)  # fmt: skip
def test_encodings_are_found_and_named(write: Write, written: str, found: str) -> None:
    export = open_export(write(UMLAUT.encode(written)))
    assert export.encoding == found
    assert cells(export) == [["zoë", "1", "häufig"], ["bob", "3", "nie"]]


def test_windows_1252_is_told_from_latin_1_by_what_only_it_has(write: Write) -> None:
    export = open_export(write(UMLAUT.replace("nie", "nie – “wirklich”").encode("cp1252")))
    assert export.encoding == "cp1252" and cells(export)[1][2] == "nie – “wirklich”"
    assert "Windows-1252" in " ".join(export.notes)


def test_bytes_that_the_declared_encoding_does_not_have_are_told_by_row(write: Write) -> None:
    rows = ["id,q1", *(f"p{i},ä" if i in (3, 7) else f"p{i},a" for i in range(9))]
    message = refusal(write("\n".join(rows).encode("latin-1")), encoding="utf-8")
    assert "it is not utf-8: 2 rows with bytes that utf-8 does not have, rows 5 and 9" in message


def test_rows_are_counted_as_a_spreadsheet_does_also_where_cells_hold_line_ends(write: Write) -> None:
    text = 'id,q1\nann,"two\nlines"\nbob,ä\n'
    assert "does not have, row 3." in refusal(write(text.encode("latin-1")), encoding="utf-8")


def test_two_encodings_in_one_file_are_never_guessed(write: Write) -> None:
    data = "id,q1\nann,häufig\n".encode() + "bob,häufig\n".encode("cp1252")
    message = refusal(write(data))
    assert (
        "Two encodings in one file" in message and "1 row in UTF-8 (row 2)" in message and "another (row 3)" in message
    )
    assert cells(open_export(write(data), encoding="cp1252"))[1] == ["bob", "häufig"]  # unless somebody knows


def test_bytes_of_no_usual_encoding_are_told_by_row(write: Write) -> None:
    message = refusal(write("id,q1\nann,1\nbob,нет\n".encode("mac_cyrillic").replace(b"\xed", b"\x81")))
    assert "neither UTF-8 nor Windows-1252 has, row 3" in message


def test_an_encoding_that_does_not_exist_is_refused(write: Write) -> None:
    assert "“utf-9” is not an encoding" in refusal(write(PLAIN), encoding="utf-9")


def test_a_mark_in_front_of_another_encoding_is_refused(write: Write) -> None:
    assert "row 2" in refusal(write(b"\xef\xbb\xbf" + UMLAUT.encode("latin-1")))


def test_zero_bytes_are_told_by_row(write: Write) -> None:
    message = refusal(write(PLAIN.encode() * 30 + b"x,\0,1\n"))
    assert "Zero bytes in the export" in message and "row 91" in message


def test_marks_inside_the_file_change_nothing(write: Write) -> None:
    export = open_export(write("\ufeffid,\ufeffq1,q2\nann,1,2\nbob,3,4\n".encode()))
    assert is_plain(export)


# --- text: delimiters, quotes, rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(write: Write, delimiter: str) -> None:
    export = open_export(write(PLAIN.replace(",", delimiter)))
    assert export.delimiter == delimiter and is_plain(export)


def test_decimal_commas_do_not_make_the_delimiter(write: Write) -> None:
    export = open_export(write("id;q1;q2\nann;1,5;2,5\nbob;2,5;3,5\n"))
    assert export.delimiter == ";" and cells(export)[0] == ["ann", "1,5", "2,5"]


def test_commas_in_the_names_do_not_make_the_delimiter(write: Write) -> None:
    export = open_export(write("id;often, or not, or never\nann;1\nbob;2\n"))
    assert export.delimiter == ";" and export.columns == ["id", "often, or not, or never"]


def test_a_first_line_for_excel_names_the_delimiter_and_counts_as_a_row(write: Write) -> None:
    export = open_export(write("sep=;\n" + PLAIN.replace(",", ";")))
    assert is_plain(export) and export.rows.tolist() == [3, 4]


def test_other_delimiters_in_the_rows_than_in_the_header_are_told(write: Write) -> None:
    message = refusal(write("id,q1,q2\nann;1;2\nbob;3;4\n"))
    assert "row 2 (1 cells)" in message and "separated by another character" in message


def test_a_delimiter_too_many_in_the_rows_alone_is_told(write: Write) -> None:
    assert "each row ends with a delimiter" in refusal(write("id,q1,q2\nann,1,2,\nbob,3,4,\n"))


@pytest.mark.parametrize("cell", ['"1"2', '1"', 'a "b" c', ' "1"', '"1" '])
def test_quotation_marks_inside_cells_are_refused_by_row(write: Write, cell: str) -> None:
    """Programs disagree on `"1"2`: some read 12, some 1, some stop."""
    message = refusal(write(PLAIN.replace("3", cell)))
    assert "row 3" in message and ("Quotation marks inside cells" in message or "never closed" in message)


def test_quoted_cells_are_read_whole(write: Write) -> None:
    export = open_export(write('id,q1,q2\n"ann","say ""hello"", then\ngo, ""quickly""",""\nbob,"""x""",4\n'))
    assert cells(export) == [["ann", 'say "hello", then\ngo, "quickly"', ""], ["bob", '"x"', "4"]]
    assert export.rows.tolist() == [2, 3]


def test_a_quotation_mark_that_stays_open_says_where(write: Write) -> None:
    message = refusal(write('id,q1\nann,1\nbob,"2\ncid,3\n'))
    assert "The export is cut off" in message and "row 3 or after it" in message


def test_blank_rows_hold_nobody_and_keep_the_numbers_of_a_spreadsheet(write: Write) -> None:
    export = open_export(write("id,q1,q2\n\nann,1,2\n,,\n \t ,,\nbob,3,4\n,,\n\n\n"))
    assert is_plain(export) and export.rows.tolist() == [3, 6]
    assert "3 rows without any content left out" in export.notes


def test_blank_lines_above_the_header_are_skipped_and_counted(write: Write) -> None:
    export = open_export(write("\n\n" + PLAIN))
    assert is_plain(export) and export.rows.tolist() == [4, 5]


def test_an_answer_longer_than_a_reader_expects_is_read(write: Write) -> None:
    export = open_export(write(f'id,q1,q2\nann,"{"x" * 300_000}",2\nbob,3,4\n'))
    assert len(cells(export)[0][1]) == 300_000


def test_header_rows_longer_than_the_first_look_are_skipped_whole(write: Write) -> None:
    long = "x" * 700_000
    text = f'StartDate,Q1\n"{long}","{long}"\n"{{""ImportId"":""a""}}","{{""ImportId"":""b""}}"\n2026-01-01,3\n'
    export = open_export(write(text))
    assert cells(export) == [["2026-01-01", "3"]] and export.rows.tolist() == [4]


# --- text: what is no table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The export is empty"), (b" \n\n", "The export is empty"), (b"id,q1\n", "no answer row"), (b"id,q1\n,\n", "no answer row"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "an old Excel workbook (.xls)"), (b"%PDF-1.7 ...", "a PDF"), (b"\x1f\x8b\x08xxx", "compressed"),
        (b"<!DOCTYPE html><html>", "log in and download the export again"), (b'[{"id": 1}]', "JSON"), (b"just one column\n1\n", "1 column name"),
        (b"PK\x03\x04" + bytes(90), "damaged and cannot be opened"), (bytes(range(256)) * 20, "The export"),
        (b"ann,1,2\nbob,3,4\n", "2 of its 3 cells are numbers"), (b"Results of wave 1,,\nid,q1,q2\nann,1,2\n", "remove the title above them"),
        (b"id,q1,q1\nann,1,2\n", "Two columns with one name"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_a_sentence(write: Write, data: bytes, sentence: str) -> None:
    assert sentence in refusal(write(data))


def test_columns_without_a_name_get_one_and_are_told(write: Write) -> None:
    """R writes row numbers under an empty name, and so does pandas."""
    export = open_export(write(',id,q1\n"1",ann,3\n"2",bob,4\n'))
    assert export.columns == ["(no name 1)", "id", "q1"] and "1 column without a name" in " ".join(export.notes)


def test_two_files_put_together_are_told_by_the_header_in_the_middle(write: Write) -> None:
    message = refusal(write(PLAIN + PLAIN))
    assert "The header stands again among the answers" in message and "row 4" in message
    assert "row 4" in refusal(write(PLAIN + "\ufeffid,q2,q1\ncid,1,2\n"))  # with a mark, and in another order


def test_column_names_as_answers_are_no_header(write: Write) -> None:
    assert open_export(write("id,age,place,q1,q2\nann,place,age,1,2\nbob,3,4,1,2\n")).n_rows == 2
    assert cells(open_export(write("id,age,q2\nann,age,2\nbob,3,4\n")))[0][1] == "age"


# --- Qualtrics -------------------------------------------------------------------------------------------------------

# Three header rows: internal names, question texts, import ids (qualtrics.com/support › Understanding Your Dataset);
# column names and import ids as davemosk/FinSL-signbank, docs/validation_result_model.md, quotes an export.
QUALTRICS_ROWS = [
    ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "ResponseId", "Q1", "Q2"],
    ["Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished", "Recorded Date", "Response ID",
     "How often, in\nthe past week?", "Which? - Selected Choice"],
    [f'{{"ImportId":"{i}"}}' for i in ("startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate", "_recordId", "QID1", "QID2")],
    ["2026-05-01 10:00:00", "2026-05-01 10:05:00", "IP Address", "192.0.2.1", "100", "300", "True", "2026-05-01 10:05:01", "R_1", "Never", "a,b"],
    ["2026-05-01 11:00:00", "2026-05-01 11:05:00", "Survey Preview", "", "100", "300", "True", "2026-05-01 11:05:01", "R_2", "Often", ""],
]  # fmt: skip


def delimited(rows: list[list[str]], delimiter: str = ",", newline: str = "\n") -> str:
    return newline.join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows) + newline


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), ("\t", "utf-16"), (",", "utf-8-sig")])
def test_qualtrics_three_header_rows_as_csv_and_tsv(write: Write, delimiter: str, encoding: str) -> None:
    """Qualtrics' TSV is UTF-16 (sokolhessnerlab/shlab.imgct, R/load_qualtrics_tsv.R)."""
    export = open_export(write(delimited(QUALTRICS_ROWS, delimiter, "\r\n").encode(encoding)))
    assert export.platform == "qualtrics" and export.encoding == encoding and export.delimiter == delimiter
    assert export.questions["Q1"] == "How often, in the past week?"
    assert cells(export)[0][-2:] == ["Never", "a,b"] and export.rows.tolist() == [4, 5]


def test_qualtrics_with_one_header_row_left(write: Write) -> None:
    export = open_export(write(delimited([QUALTRICS_ROWS[0], *QUALTRICS_ROWS[3:]])))
    assert export.platform == "qualtrics" and export.n_rows == 2 and export.rows.tolist() == [2, 3]


@pytest.mark.parametrize("left", [1, 2])
def test_qualtrics_with_two_header_rows_is_refused(write: Write, left: int) -> None:
    rows = [QUALTRICS_ROWS[0], QUALTRICS_ROWS[left], *QUALTRICS_ROWS[3:]]
    assert "A header row of Qualtrics stands among the answers" in refusal(write(delimited(rows)))


def test_qualtrics_previews_and_spam_are_known_by_text_and_by_code() -> None:
    """Status codes and their labels: VALUE LABELS of Qualtrics' own SPSS export."""
    values = {value for column, given, _ in PLATFORMS["qualtrics"].NOT_ANSWERS if column == "Status" for value in given}
    assert {"Survey Preview", 1, "Survey Test", 2, "Spam", 8, "Survey Preview Spam", 9, "Imported Spam", 12} <= values
    assert not {"IP Address", 0, "Imported", 4, "Offline", 16} & values


# --- REDCap ----------------------------------------------------------------------------------------------------------

# The 18 columns of the data dictionary (REDCap help, Data Dictionary).
DICTIONARY = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note",'
    '"Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",Identifier?,"Branching Logic (Show field only if...)",'
    '"Required Field?","Custom Alignment","Question Number (surveys only)","Matrix Group Name","Matrix Ranking?","Field Annotation"\n'
    'record_id,survey,,text,"Record ID",,,,,,,,,,,,,\n'
    'mail,survey,,text,"Your address",,,email,,,y,,,,,,,\n'
    'intro,survey,,descriptive,"Welcome",,,,,,,,,,,,,\n'
    'often,survey,,radio,"<b>How often</b>&nbsp;?","0, Never | 1, Sometimes, or more | -99, No answer",,,,,,,,,,,,\n'
    'who,survey,,checkbox,"Who?","1, A friend | -99, Nobody | B2, Other",,,,,,,,,,,,\n'
    'again,follow_up,,yesno,"Again?",,,,,,,,,,,,,\n'
)
# Names as redcapAPI, exportFieldNames ("exactly three underscores"), letters lower-case and - as _ (REDCapTidieR#32).
REDCAP = (
    "record_id,mail,often,who___1,who____99,who___b2,survey_complete,again,follow_up_complete\n"
    "1,a@example.org,0,1,0,0,2,1,2\n2,b@example.org,1,0,0,1,2,0,0\n"
)


def test_redcap_with_its_dictionary_tells_questions_choices_and_identifiers(write: Write) -> None:
    export = open_export(write(REDCAP), companion=write(DICTIONARY, "dictionary.csv"))
    assert export.platform == "redcap" and cells(export)[0] == ["1", "a@example.org", "0", "1", "0", "0", "2", "1", "2"]
    assert export.questions["often"] == "How often ?" and export.questions["who____99"] == "Who? [Nobody]"
    assert export.choices["often"] == {"0": "Never", "1": "Sometimes, or more", "-99": "No answer"}
    assert export.choices["who___b2"] == {"0": "Unchecked", "1": "Checked"}
    assert export.choices["again"] == {"1": "Yes", "0": "No"} and export.choices["survey_complete"]["2"] == "Complete"
    assert list(export.personal) == ["mail"]


def test_redcap_without_its_dictionary_is_read_as_it_stands(write: Write) -> None:
    export = open_export(write(REDCAP))
    assert export.platform == "redcap" and export.n_rows == 2 and not export.choices


def test_redcap_labels_as_headings_take_their_names_from_the_dictionary(write: Write) -> None:
    """Headings are labels, boxes `Label (choice=Choice)`, and every form ends in “Complete?” (vubiostat/redcapAPI#301)."""
    text = (
        '"Record ID","Your address","How often ?","Who? (choice=A friend)","Who? (choice=Nobody)","Who? (choice=Other)",'
        "Complete?,Again?,Complete?\n1,a@example.org,Never,Checked,Unchecked,Unchecked,Complete,Yes,Complete\n"
    )
    assert "Labels as column names" in refusal(write(text)) and "--companion" in refusal(write(text))
    export = open_export(write(text), companion=write(DICTIONARY, "dictionary.csv"))
    assert export.columns == REDCAP.splitlines()[0].split(",")
    assert cells(export)[0][2:5] == ["Never", "Checked", "Unchecked"]


def test_redcap_boxes_that_hold_their_own_label(write: Write) -> None:
    """REDCapR, redcap_report: with export_checkbox_label a ticked box is "the text displayed to the users"."""
    text = "record_id,who___1,who____99,survey_complete\n1,A friend,,2\n2,,Nobody,2\n"
    export = open_export(write(text), companion=write(DICTIONARY, "dictionary.csv"))
    assert export.choices["who___1"] == {"0": "", "1": "A friend"}


def test_redcap_dictionary_as_the_api_names_its_columns(write: Write) -> None:
    text = 'field_name,form_name,field_type,field_label,select_choices_or_calculations,identifier\nq1,s,radio,Q,"1, A | 2, B",\n'
    assert read_dictionary(write(text))[0].choices == {"1": "A", "2": "B"}


def test_redcap_boxes_whose_names_would_be_one_are_refused(write: Write) -> None:
    path = write(DICTIONARY.replace("B2, Other", "b2, Other | B2, More"), "dictionary.csv")
    assert "Two tick boxes with one name" in refusal(write(REDCAP), companion=path)


def test_redcap_something_else_than_a_dictionary_is_refused(write: Write) -> None:
    assert "it is not the data dictionary" in refusal(write(REDCAP), companion=write(PLAIN, "dictionary.csv"))
    assert "there is no such file" in refusal(write(REDCAP), companion=Path("nowhere.csv"))


def test_redcap_repeating_instruments_are_refused_with_the_reason(write: Write) -> None:
    """Columns as PyCap, Records.export_records: record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,…"""
    text = "record_id,redcap_repeat_instrument,redcap_repeat_instance,q1\n1,,,1\n1,diary,1,2\n1,diary,2,3\n"
    message = refusal(write(text))
    assert (
        "A repeating instrument" in message
        and "2 rows (rows 3 and 4)" in message
        and "a person has several rows" in message
    )
    assert open_export(write(text.partition("1,diary")[0])).n_rows == 1  # the column alone is no fault


def test_redcap_several_events_are_refused_unless_the_others_are_left_out(write: Write) -> None:
    path = write("record_id,redcap_event_name,q1\n1,baseline_arm_1,1\n1,month_1_arm_1,2\n2,baseline_arm_1,3\n")
    message = refusal(path)
    assert "Several events in one export" in message and "baseline_arm_1 and month_1_arm_1" in message
    entry = {"column": "redcap_event_name", "values": ["month_1_arm_1"], "label": "Other events"}
    assert open_export(path, leave_out=[entry]).n_rows == 3


@pytest.mark.parametrize(("code", "name"), [("1", "f___1"), ("-99", "f____99"), ("A", "f___a"), ("a_b", "f___a_b")])
def test_redcap_names_of_boxes(code: str, name: str) -> None:
    assert box_name("f", code) == name


# --- LimeSurvey ------------------------------------------------------------------------------------------------------

# CsvWriter.php: mark, every cell in quotation marks, CRLF, a blank line at the end; `=` is masked (Writer.php).
LIMESURVEY = "\ufeff" + delimited([
    ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "startdate", "datestamp", "ipaddr", "G01Q01", "G01Q02[SQ001]", "G01Q02[SQ002]", "G01Q03[A]", "G01Q03[B]", "G01Q03[other]", "G01Q04"],
    ["1", "2026-05-01 10:00:00", "3", "en", "77", "abc", "2026-05-01 09:55:00", "2026-05-01 10:00:00", "192.0.2.1", "A2", "1", "2", "Y", "", "", "'=1+1"],
], newline="\r\n") + "\r\n"  # fmt: skip
# LimeSurvey manual, Tab Separated Value survey structure: class S, SL, G, Q, SQ, A; the base language first.
STRUCTURE = "\ufeff" + "\n".join("\t".join(row) for row in [
    ["id", "class", "type/scale", "name", "relevance", "text", "help", "language"],
    ["", "S", "", "language", "", "en", "", ""], ["", "SL", "", "surveyls_title", "", "A survey", "", "en"],
    ["1", "G", "", "First", "1", "", "", "en"],
    ["1", "Q", "L", "G01Q01", "1", "<p>How often?</p>", "", "en"], ["1", "A", "0", "A1", "0", "Never", "", "en"], ["1", "A", "0", "A2", "0", "Often", "", "en"],
    ["2", "Q", "F", "G01Q02", "1", "How much?", "", "en"], ["3", "SQ", "", "SQ001", "1", "work", "", "en"], ["4", "SQ", "", "SQ002", "1", "home", "", "en"],
    ["2", "A", "0", "1", "0", "little", "", "en"], ["2", "A", "0", "2", "0", "much", "", "en"],
    ["5", "Q", "M", "G01Q03", "1", "Who?", "", "en"], ["6", "SQ", "", "A", "1", "friends", "", "en"], ["7", "SQ", "", "B", "1", "family", "", "en"],
    ["8", "Q", "S", "G01Q04", "1", "Anything else?", "", "en"],
    ["1", "Q", "L", "G01Q01", "1", "Wie oft?", "", "de"], ["1", "A", "0", "A1", "0", "Nie", "", "de"],
]) + "\n"  # fmt: skip


def test_limesurvey_codes_with_the_structure_file(write: Write) -> None:
    export = open_export(write(LIMESURVEY), companion=write(STRUCTURE, "structure.txt"))
    assert export.platform == "limesurvey" and export.encoding == "utf-8-sig" and export.n_rows == 1
    assert export.questions["G01Q01"] == "How often?" and export.questions["G01Q02[SQ002]"] == "How much? [home]"
    assert export.choices["G01Q01"] == {"A1": "Never", "A2": "Often"}
    assert export.choices["G01Q02[SQ001]"] == {"1": "little", "2": "much"}
    assert export.choices["G01Q03[A]"] == {"Y": "Yes", "N": "No"}
    assert not {"G01Q03[other]", "G01Q04"} & set(export.choices)


def test_limesurvey_question_texts_as_headings(write: Write) -> None:
    headings = LIMESURVEY
    for code, text in [("id", "Response ID"), ("submitdate", "Date submitted"), ("lastpage", "Last page"), ("startlanguage", "Start language"),
                       ("seed", "Seed"), ("G01Q01", "How often?"), ("G01Q02[SQ001]", "How much? [work]"), ("A2", "Often")]:  # fmt: skip
        headings = headings.replace(f'"{code}"', f'"{text}"')
    plain = open_export(write(headings))
    assert plain.platform == "limesurvey" and plain.questions["How much? [work]"] == "How much? [work]"
    export = open_export(write(headings), companion=write(STRUCTURE, "structure.txt"))
    assert export.choices["How often?"] == {"A1": "Never", "A2": "Often"}
    assert export.choices["How much? [work]"] == {"1": "little", "2": "much"}


def test_limesurvey_codes_and_texts_together_and_dual_scales(write: Write) -> None:
    """Writer.php, 'codetext': code, separator, text; an array of two scales is code[part][scale]."""
    structure = STRUCTURE.replace("\tF\tG01Q02", "\t1\tG01Q02").replace("A\t0\t2\t0\tmuch", "A\t1\t2\t0\tmuch")
    text = LIMESURVEY.replace("G01Q01", "G01Q01. How often?").replace("G01Q02[SQ002]", "G01Q02[SQ001][2]")
    export = open_export(write(text), companion=write(structure, "structure.txt"))
    assert export.choices["G01Q01. How often?"] == {"A1": "Never", "A2": "Often"}
    assert export.choices["G01Q02[SQ001][2]"] == {"2": "much"}


def test_limesurvey_something_else_than_a_structure_is_refused(write: Write) -> None:
    assert "it is not the survey structure" in refusal(write(LIMESURVEY), companion=write(PLAIN, "structure.txt"))


# --- Google Forms, formr, panels -------------------------------------------------------------------------------------


def test_google_forms_questions_are_the_header(write: Write) -> None:
    """A row of a grid is headed `Question [Row]`; ticked boxes are joined by ", " in the sheet."""
    text = delimited([
        ["Timestamp", "Email Address", "How often,\nin a week?", "How much? [work]", "Which of them?"],
        ["2026/05/01 3:14:15 PM GMT+1", "a@example.org", "Never", "a little", "Friends, Family, and others"],
    ])  # fmt: skip
    export = open_export(write(text))
    assert export.platform == "google_forms"
    assert export.columns[2:] == ["How often, in a week?", "How much? [work]", "Which of them?"]
    assert set(export.questions) == set(export.columns[2:]) and "Email Address" in PLATFORMS["google_forms"].PERSONAL
    assert recognise(write(text.replace("Timestamp", "Zeitstempel")))[0] == "google_forms"


# SurveyStudy.php, getResults: session, created, modified, ended, expired, then the items; missing is empty.
FORMR = delimited(
    [
        ["session", "created", "modified", "ended", "expired", "often", "who"],
        ["s1", "2026-05-01 10:00:00", "2026-05-01 10:03:00", "2026-05-01 10:03:00", "", "3", "1, 2"],
    ]
)


def test_formr_codes_with_the_item_table(write: Write) -> None:
    """The formr R package, formr_items: `items` with name, label and choices (inst/extdata/gods_example_items.json)."""
    table = {"items": [{"type": "mc_button", "name": "often", "label": "How **often**?", "choices": {"1": "never", "3": "often"}},
                       {"type": "text", "name": "other", "label": "?", "choices": None}]}  # fmt: skip
    export = open_export(write(FORMR), companion=write(json.dumps(table), "items.json"))
    assert export.platform == "formr" and cells(export)[0][-2:] == ["3", "1, 2"]
    assert export.choices == {"often": {"1": "never", "3": "often"}} and export.questions["often"] == "How **often**?"
    assert "it is not the item table" in refusal(write(FORMR), companion=write("[1]", "items.json"))
    assert open_export(write(FORMR)).columns[0] == "session"


def test_prolific_demographics_are_told_apart(write: Write) -> None:
    """Header of a summary file as quoted in a public reader of such files (Submission id,Participant id,Status,…)."""
    text = "Submission id,Participant id,Status,Custom study tncs accepted at,Started at,Completed at,Reviewed at,Archived at,Time taken,Completion code,Total approvals,Age,Sex\ns1,p1,APPROVED,Not Applicable,2026-05-01T12:27:09.179000Z,2026-05-01T12:46:18.540000Z,,,1150,CODE,389,25,CONSENT_REVOKED\n"
    export = open_export(write(text))
    assert export.platform == "prolific" and PANELS["prolific"].BACKGROUND["Age"] == "age"
    assert PANELS["prolific"].ID in export.columns and "CONSENT_REVOKED" in PANELS["prolific"].NO_ANSWER


def test_mechanical_turk_results_are_told_apart(write: Write) -> None:
    """Batch results: HITId … AssignmentId, WorkerId, AssignmentStatus … Input.*, Answer.*, Approve, Reject."""
    text = '"HITId","HITTypeId","Title","AssignmentId","WorkerId","AssignmentStatus","AcceptTime","SubmitTime","WorkTimeInSeconds","Answer.age","Approve","Reject"\n"h","t","x","a","w","Approved","Mon May 01 10:00:00 PDT 2026","Mon May 01 10:05:00 PDT 2026","300","33","",""\n'
    export = open_export(write(text))
    assert export.platform == "mturk" and PANELS["mturk"].ID in export.columns


# --- SPSS ------------------------------------------------------------------------------------------------------------


def spss(path: Path, frame: pd.DataFrame, **about: object) -> Path:
    pyreadstat.write_sav(frame, str(path), **about)
    return path


def test_spss_values_labels_and_missing_values(tmp_path: Path) -> None:
    """pyreadstat, write_sav: variable_value_labels, missing_ranges (single values, or lo and hi); read with user_missing=True."""
    frame = pd.DataFrame({
        "id": ["ann", "bob", "zoë"], "q1": [1.0, -99.0, None], "q2": [1.5, 97.0, 0.1], "word": ["x", "NA", ""],
        "day": [datetime.date(2026, 5, 1), None, None], "time": pd.to_datetime(["2026-05-01 10:30:00", None, None]),
    })  # fmt: skip
    path = spss(
        tmp_path / "w.sav", frame, column_labels={"q1": "How often?"}, variable_value_labels={"q1": {1: "never", 2: "often", -99: "refused"}},
        missing_ranges={"q1": [-99], "q2": [{"lo": 90, "hi": 99}], "word": ["NA"]},
    )  # fmt: skip
    export = open_export(path)
    assert (export.platform, export.container, export.encoding, export.delimiter) == ("spss", "spss", "utf-8", "")
    assert cells(export) == [
        ["ann", "1", "1.5", "x", "2026-05-01", "2026-05-01 10:30:00"], ["bob", "-99", "97", "NA", "", ""], ["zoë", "", "0.1", "", "", ""],
    ]  # fmt: skip
    assert export.choices == {"q1": {"1": "never", "2": "often", "-99": "refused"}}
    assert export.questions == {"q1": "How often?"}
    assert export.missing == {"q1": (-99.0,), "q2": ((90.0, 99.0),), "word": ("NA",)}
    assert export.rows.tolist() == [1, 2, 3]  # case numbers


def test_spss_compressed_and_damaged(tmp_path: Path, write: Write) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "q1": [1, 2]})
    pyreadstat.write_sav(frame, str(tmp_path / "w.zsav"), compress=True)
    assert cells(open_export(tmp_path / "w.zsav")) == [["a", "1"], ["b", "2"]]
    data = spss(tmp_path / "w.sav", frame).read_bytes()
    assert "the SPSS file is damaged or cut off" in refusal(write(data[:-20], "cut.sav"))
    assert "the SPSS file is damaged or cut off" in refusal(write(data[:300], "short.sav"))


def test_spss_a_stored_wave_of_it_is_a_plain_table(write: Write) -> None:
    assert is_plain(open_export(write(PLAIN), "spss"))


# --- Excel -----------------------------------------------------------------------------------------------------------


def workbook(path: Path, rows: list[list[object]], *others: str, change: Callable[..., None] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Answers"
    for row in rows:
        sheet.append(row)
    for name in others:
        book.create_sheet(name).append(["something else"])
    if change:
        change(book, sheet)
    book.save(path)
    return path


def test_excel_numbers_are_written_as_they_were_typed(tmp_path: Path) -> None:
    rows = [
        ["id", "q1", "q2", "when", "ok"],
        ["007", 3, 0.1, datetime.datetime(2026, 5, 1), True],
        [1001, 3.0, 1 / 3, datetime.datetime(2026, 5, 1, 10, 30), None],
    ]
    export = open_export(workbook(tmp_path / "w.xlsx", rows))
    assert (export.platform, export.container, export.encoding) == ("excel", "workbook", "")
    assert cells(export) == [
        ["007", "3", "0.1", "2026-05-01", "TRUE"],
        ["1001", "3", "0.3333333333333333", "2026-05-01 10:30:00", ""],
    ]
    assert export.rows.tolist() == [2, 3]


def test_excel_other_and_hidden_sheets_are_told(tmp_path: Path) -> None:
    def hide(book: openpyxl.Workbook, sheet: object) -> None:
        book["Lists"].sheet_state = "hidden"
        sheet.row_dimensions[2].hidden = True

    export = open_export(
        workbook(tmp_path / "w.xlsx", [["id", "q1"], ["ann", 1], ["bob", 2]], "Codes", "Lists", change=hide)
    )
    notes = " ".join(export.notes)
    assert "sheet “Answers”" in notes and "“Codes” and “Lists” (hidden)" in notes and "1 hidden row" in notes
    assert export.n_rows == 2


def test_excel_the_first_visible_sheet_is_read(tmp_path: Path) -> None:
    def hide(book: openpyxl.Workbook, sheet: object) -> None:
        sheet.sheet_state = "hidden"
        book["Data"].append(["x", "y"])
        book["Data"]["B1"] = "else"

    export = open_export(workbook(tmp_path / "w.xlsx", [["id", "q1"], ["ann", 1]], "Data", change=hide))
    assert export.columns == ["something else", "else"]


def test_excel_formulas_are_refused_by_cell_address(tmp_path: Path) -> None:
    message = refusal(
        workbook(tmp_path / "w.xlsx", [["id", "q1", "q2"], ["ann", "=A1+1", 2], ["bob", 1, "=SUM(B2:B2)"]])
    )
    assert "Formulas in cells" in message and "B2 and C3" in message


def test_excel_a_text_that_looks_like_a_formula_is_no_formula(tmp_path: Path) -> None:
    def as_text(book: openpyxl.Workbook, sheet: object) -> None:
        sheet["B2"].value = "=A1+1"
        sheet["B2"].data_type = "s"

    export = open_export(workbook(tmp_path / "w.xlsx", [["id", "q1"], ["ann", "x"]], change=as_text))
    assert cells(export) == [["ann", "=A1+1"]]  # the reading of answers refuses it


def test_excel_errors_and_blank_rows(tmp_path: Path) -> None:
    def errors(book: openpyxl.Workbook, sheet: object) -> None:
        sheet["B2"].value = "#REF!"
        sheet["B2"].data_type = "e"

    export = open_export(
        workbook(
            tmp_path / "w.xlsx", [["id", "q1"], ["ann", 1], [None, None], ["bob", " "], [" ", None]], change=errors
        )
    )
    assert cells(export) == [["ann", "#REF!"], ["bob", ""]] and export.rows.tolist() == [2, 4]


def test_excel_merged_cells_are_refused_by_address(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "w.xlsx", [["id", "q1"], ["ann", 1], ["bob", 2]], change=lambda b, s: s.merge_cells("B2:B3")
    )
    assert "Merged cells" in refusal(path) and "B2:B3" in refusal(path)


def test_excel_qualtrics_header_rows_are_found_in_a_workbook_too(tmp_path: Path) -> None:
    export = open_export(workbook(tmp_path / "w.xlsx", QUALTRICS_ROWS))
    assert export.platform == "qualtrics" and export.container == "workbook" and export.rows.tolist() == [4, 5]


def test_excel_a_wrong_archive_is_named(write: Write, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("survey.csv", PLAIN)
    assert "unpack it first, and give the file inside (survey.csv)" in refusal(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "table.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "OpenDocument table (.ods)" in refusal(tmp_path / "table.ods")
    data = bytearray(workbook(tmp_path / "w.xlsx", [["id", "q1"], ["ann", 1]]).read_bytes())
    data[len(data) // 2] ^= 0xFF
    assert "The export is not a table" in refusal(write(bytes(data), "damaged.xlsx"))


# --- damage ----------------------------------------------------------------------------------------------------------


def _samples(folder: Path) -> dict[str, bytes]:
    frame = pd.DataFrame({"id": ["a", "b"] * 20, "q1": [1, 2] * 20})
    book = io.BytesIO(workbook(folder / "w.xlsx", [["id", "q1"], *([f"p{i}", i] for i in range(20))]).read_bytes())
    return {
        "plain": PLAIN.replace("bob", "zoë").encode() * 1, "qualtrics": delimited(QUALTRICS_ROWS).encode(), "tsv": delimited(QUALTRICS_ROWS, "\t").encode("utf-16"),
        "redcap": REDCAP.encode(), "limesurvey": LIMESURVEY.encode(), "formr": FORMR.encode(), "latin": UMLAUT.encode("latin-1"),
        "spss": spss(folder / "w.sav", frame).read_bytes(), "excel": book.getvalue(),
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["plain", "qualtrics", "tsv", "redcap", "limesurvey", "formr", "latin", "spss", "excel"]
)
def test_damaged_bytes_are_read_or_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    whole, rng = _samples(tmp_path)[kind], random.Random(kind)
    pieces = [b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\t", b"'", b"\xc3", b"="]
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3, 20])):
            place = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[place] = rng.randrange(256)
                case 1:
                    del data[place : place + rng.choice([1, 2, 40])]
                case 2:
                    data[place:place] = rng.choice(pieces)
                case 3:
                    data[place:place] = data[rng.randrange(len(data)) :][:50]
            if not data:
                break
        try:
            export = open_export(f"damaged.{kind}", data=bytes(data))
        except Refused as refused:
            assert refused.problems and all(problem.sentence() for problem in refused.problems)
        else:
            assert export.n_rows == len(export.rows) > 0


def test_question_texts_lose_their_markup_and_nothing_else() -> None:
    assert without_markup("<p>Is 2 &lt; 3<br/>or&nbsp;not?</p><script>x</script>") == "Is 2 < 3 or not?"
    assert without_markup("2 > 1 & more") == "2 > 1 & more"
