"""A raw export becomes answers: every form an export takes, every map a sidecar may declare, and what is refused."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from tests.canaries import table

from rejsens import ingest
from rejsens.definitions import Item, load_instruments
from rejsens.exports import Export, read_export
from rejsens.ingest import Answers, gather_answers, read_answers
from rejsens.problems import Refused
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.validate import validate

SHIPPED = load_instruments()
GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
RSES_B = ["rses_07", "rses_10", "rses_02", "rses_04", "rses_05", "rses_09", "rses_01", "rses_08", "rses_03", "rses_06"]
TWO_PEOPLE = {"id": ["ann", "bob"], **{item: [i % 4, (i + 1) % 4] for i, item in enumerate(GAD7)}}
Read = Callable[..., tuple[Export, Answers]]


def one_person(**cells: object) -> str:
    return table({"id": ["ann"]} | {column: [cell] for column, cell in cells.items()})


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write an export and its sidecar as a researcher would, and read them."""

    def read_(
        export: str | bytes, *instruments: dict | str, name: str = "w1", **settings: object
    ) -> tuple[Export, Answers]:
        data = export.encode() if isinstance(export, str) else export
        (tmp_path / f"{name}.csv").write_bytes(data)
        sidecar = {
            "title": name, "platform": "plain", "collected": {"from": "2026-01-01", "to": "2026-01-02"},
            "sha256": hashlib.sha256(data).hexdigest(), "participant": {"column": "id"},
            "instruments": [{"id": i} if isinstance(i, str) else i for i in instruments or ["gad7"]], **settings,
        }  # fmt: skip
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(sidecar))
        wave = load_wave(tmp_path / f"{name}.yaml")
        found = read_export(wave)
        return found, read_answers(found, wave, instruments_asked(wave, SHIPPED))

    return read_


def refusal(read: Read, *arguments: object, **settings: object) -> str:
    with pytest.raises(Refused) as refused:
        read(*arguments, **settings)
    return str(refused.value)


def are_two_people(answers: Answers) -> bool:
    frame = answers.frame
    return all(
        frame[column].tolist() == values
        for column, values in (TWO_PEOPLE | {"participant": ["ann", "bob"]}).items()
        if column != "id"
    )


# --- delimiters, encodings, line ends --------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_usual_delimiter_is_found(read: Read, delimiter: str) -> None:
    export, answers = read(table(TWO_PEOPLE, delimiter))
    assert export.delimiter == delimiter
    assert are_two_people(answers)


def test_a_rare_delimiter_can_be_declared(read: Read) -> None:
    assert are_two_people(read(table(TWO_PEOPLE, "~"), delimiter="~")[1])


def test_commas_inside_a_quoted_column_name_do_not_make_the_delimiter(read: Read) -> None:
    text = table(
        {"id": ["ann", "bob"], '"how often, when, where, with whom, and for how long, in all, if so"': [1, 1]}
        | TWO_PEOPLE,
        ";",
    )
    export, answers = read(text)
    assert export.delimiter == ";"
    assert are_two_people(answers)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(read: Read, newline: str) -> None:
    assert are_two_people(read(table(TWO_PEOPLE, newline=newline))[1])


@pytest.mark.parametrize(
    ("written", "declared", "found"),
    [
        ("utf-8", None, "utf-8"), ("utf-8-sig", None, "utf-8-sig"), ("utf-8-sig", "utf-8", "utf-8"), ("cp1252", None, "latin-1"),
        ("utf-16", None, "utf-16"), ("utf-16-le", "utf-16-le", "utf-16-le"), ("cp1250", "cp1250", "cp1250"),
    ],
)  # fmt: skip
def test_every_encoding_gives_the_same_answers(read: Read, written: str, declared: str | None, found: str) -> None:
    text = one_person(**dict.fromkeys(GAD7, "häufig")).replace("ann", "Zoë")
    settings = {"encoding": declared} if declared else {}
    export, answers = read(text.encode(written), labels={"gad7": {"nie": 0, "häufig": 2}}, **settings)
    assert export.encoding == found
    assert answers.frame["participant"].tolist() == ["Zoë"]
    assert answers.frame[GAD7].to_numpy().tolist() == [[2.0] * 7]


def test_utf_16_of_either_byte_order_is_read_by_its_mark(read: Read) -> None:
    text = table(TWO_PEOPLE)
    assert are_two_people(read(b"\xfe\xff" + text.encode("utf-16-be"))[1])
    assert are_two_people(read(b"\xff\xfe" + text.encode("utf-16-le"))[1])


def test_a_declared_encoding_that_does_not_fit_is_refused(read: Read) -> None:
    message = refusal(read, table(TWO_PEOPLE).replace("ann", "Zoë").encode("cp1252"), encoding="utf-8")
    assert "cannot be decoded" in message and "it is not utf-8" in message


def test_utf_16_without_mark_is_found(read: Read) -> None:
    export, answers = read(table(TWO_PEOPLE).encode("utf-16-le"))
    assert export.encoding == "utf-16-le" and are_two_people(answers)


def test_a_delimiter_too_many_at_every_line_end_makes_no_answers(read: Read) -> None:
    export, answers = read(table(TWO_PEOPLE).replace("\n", ",,\n"))
    assert are_two_people(answers)
    assert answers.columns.query("used_as == 'not used'")["column"].tolist() == export.columns[-2:]


def test_blank_lines_hold_nobody_and_keep_the_row_numbers_of_a_spreadsheet(read: Read) -> None:
    lines = table(TWO_PEOPLE).splitlines()
    answers = read("\n".join([lines[0], lines[1], "", lines[2], "", ""]))[1]
    assert are_two_people(answers)
    assert answers.frame["row"].tolist() == [2, 4]


# --- Qualtrics -------------------------------------------------------------------------------------------------------

QUESTION = '"How often were you ""nervous"",\n\nin the past two weeks?\nBe honest; nobody\'s watching."'
IMPORT = '"{""ImportId"":""QID1_1""}"'
QUALTRICS = "\n".join([
    ",".join(["id", *GAD7, "Q99"]), ",".join(["Response ID", *[QUESTION] * 7, '"Anything, else?"']), ",".join([IMPORT] * 9),
    "R_1,0,1,2,3,0,1,2,\"free text,\nover two lines\"", "R_2,3,3,3,3,3,3,3,", "",
])  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_three_header_rows_with_newlines_in_the_questions(read: Read, newline: str) -> None:
    export, answers = read(QUALTRICS.replace("\n", newline), platform="qualtrics")
    assert answers.frame["participant"].tolist() == ["R_1", "R_2"]
    assert answers.frame[GAD7].to_numpy().tolist() == [[0, 1, 2, 3, 0, 1, 2], [3] * 7]
    assert answers.frame["row"].tolist() == [4, 5]
    assert (
        export.questions["gad7_01"]
        == 'How often were you "nervous", in the past two weeks? Be honest; nobody\'s watching.'
    )
    assert export.questions["Q99"] == "Anything, else?"


def test_a_fault_in_a_qualtrics_row_is_named_by_its_row_in_the_spreadsheet(read: Read) -> None:
    assert "row 5" in refusal(read, QUALTRICS.replace("R_2,3", "R_2,x"), platform="qualtrics")
    assert "row 5 (4 cells)" in refusal(
        read, QUALTRICS.replace("R_2,3,3,3,3,3,3,3,", "R_2,3,3,3"), platform="qualtrics"
    )


def test_a_plain_export_loses_no_row_to_a_header_that_is_not_there(read: Read) -> None:
    assert len(read(table(TWO_PEOPLE))[1].frame) == 2


# --- columns, orders, prefixes, subsets ------------------------------------------------------------------------------


def test_columns_by_list_and_by_pattern(read: Read) -> None:
    cells = {f"Q{i}": i % 4 for i in range(1, 8)}
    by_pattern = read(one_person(**cells), {"id": "gad7", "columns": "Q{n}"})[1].frame
    by_list = read(one_person(**cells), {"id": "gad7", "columns": [f"Q{i}" for i in (7, 6, 5, 4, 3, 2, 1)]})[1].frame
    assert by_pattern[GAD7].iloc[0].tolist() == [1, 2, 3, 0, 1, 2, 3]
    assert by_list[GAD7].iloc[0].tolist() == [3, 2, 1, 0, 3, 2, 1]
    padded = {f"Q_{i:02}": 1 for i in range(1, 8)}
    assert read(one_person(**padded), {"id": "gad7", "columns": "Q_{n:02}"})[1].frame[GAD7].iloc[0].tolist() == [1] * 7


def test_a_column_list_of_the_wrong_length_is_refused(read: Read) -> None:
    message = refusal(read, one_person(**dict.fromkeys(GAD7, 1)), {"id": "gad7", "columns": GAD7[:6]})
    assert "6 columns" in message and "7 items were asked" in message


@pytest.mark.parametrize("entry", [{"columns": "Q{n}"}, {}])
def test_column_k_is_the_kth_question_of_the_declared_order(read: Read, entry: dict) -> None:
    """Order B opens with item 7: with the columns given, or named by position, the answer to question 1 is item 7's."""
    answers = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]
    names = [f"Q{i}" if entry else f"rses_{i:02}" for i in range(1, 11)]
    export = one_person(**dict(zip(names, answers, strict=True)))
    frame = read(export, {"id": "rses", "order": "B", "anchor_direction": "ascending", **entry})[1].frame
    assert frame[RSES_B].iloc[0].tolist() == answers
    as_a = read(export, {"id": "rses", "order": "A", "anchor_direction": "ascending", **entry})[1].frame
    assert as_a[[f"rses_{i:02}" for i in range(1, 11)]].iloc[0].tolist() == answers


def test_the_same_scale_twice_in_one_wave(read: Read) -> None:
    export = one_person(**{f"before_{i}": 1 for i in GAD7}, **{f"now_{i}": 2 for i in GAD7})
    frame = read(export, {"id": "gad7", "as": "before"}, {"id": "gad7", "as": "now"})[1].frame
    assert frame[[f"before_{i}" for i in GAD7]].iloc[0].tolist() == [1] * 7
    assert frame[[f"now_{i}" for i in GAD7]].iloc[0].tolist() == [2] * 7


def test_the_same_scale_twice_without_a_prefix_is_refused(read: Read) -> None:
    assert "An instrument asked twice" in refusal(read, one_person(**dict.fromkeys(GAD7, 1)), "gad7", "gad7")


def test_a_prefixed_scale_in_another_order(read: Read) -> None:
    answers = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]
    export = one_person(**{f"Q{i}": a for i, a in enumerate(answers, start=1)})
    entry = {"id": "rses", "as": "before", "order": "B", "anchor_direction": "ascending", "columns": "Q{n}"}
    assert read(export, entry)[1].frame[[f"before_{i}" for i in RSES_B]].iloc[0].tolist() == answers


def test_only_the_items_that_were_asked_are_wanted(read: Read) -> None:
    answers = read(one_person(gad7_01=1, gad7_03=2), {"id": "gad7", "items": ["gad7_01", "gad7_03"]})[1]
    assert [c for c in answers.frame if c.startswith("gad7")] == ["gad7_01", "gad7_03"]
    assert answers.frame[["gad7_01", "gad7_03"]].iloc[0].tolist() == [1, 2]


def test_a_subset_takes_its_columns_in_the_order_it_was_presented(read: Read) -> None:
    entry = {
        "id": "rses",
        "order": "B",
        "anchor_direction": "ascending",
        "items": ["rses_01", "rses_07"],
        "columns": ["first", "second"],
    }
    frame = read(one_person(first=4, second=1), entry)[1].frame  # order B shows item 7 before item 1
    assert frame[["rses_07", "rses_01"]].iloc[0].tolist() == [4, 1]


def test_the_header_map(read: Read) -> None:
    cells = {("worry" if i == "gad7_02" else i): n % 4 for n, i in enumerate(GAD7)}
    assert read(one_person(**cells), headers={"worry": "gad7_02"})[1].frame[GAD7].iloc[0].tolist() == [
        0,
        1,
        2,
        3,
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"worries": "gad7_02"}, "Header map names a column that is not there"),
        ({"extra": "gad7_2"}, "Header map names an unknown item"),
        ({"extra": "gad7_02", "gad7_02": "gad7_02"}, "Two columns read as one item"),
        ({"gad7_01": "gad7_02"}, "One column read as two items"),
    ],
)
def test_a_header_map_that_does_not_fit_is_refused(read: Read, headers: dict, sentence: str) -> None:
    assert sentence in refusal(read, one_person(**dict.fromkeys(GAD7, 1), extra=3), headers=headers)


# --- labels, missing codes, directions -------------------------------------------------------------------------------


def test_labels_are_read_whatever_their_case_and_the_blanks_around_them(read: Read) -> None:
    spellings = ["Never", " never ", "NEVER", "Often", "often", " OFTEN", "never"]
    frame = read(one_person(**dict(zip(GAD7, spellings, strict=True))), labels={"gad7": {"never": 0, "Often": 3}})[
        1
    ].frame
    assert frame[GAD7].iloc[0].tolist() == [0, 0, 0, 3, 3, 3, 0]


def test_the_labels_of_an_item_go_before_those_of_its_instrument(read: Read) -> None:
    labels = {"gad7": {"yes": 1}, "gad7_07": {"yes": 3}}
    assert read(one_person(**dict.fromkeys(GAD7, "yes")), labels=labels)[1].frame[GAD7].iloc[0].tolist() == [1] * 6 + [
        3
    ]


def test_the_labels_of_one_administration_go_before_those_of_the_instrument(read: Read) -> None:
    export = one_person(**{f"{when}_{i}": "yes" for when in ("before", "now") for i in GAD7})
    labels = {"gad7": {"yes": 1}, "now_gad7": {"yes": 2}}
    frame = read(export, {"id": "gad7", "as": "before"}, {"id": "gad7", "as": "now"}, labels=labels)[1].frame
    assert frame.loc[0, ["before_gad7_01", "now_gad7_01"]].tolist() == [1, 2]


def test_an_instruments_own_labels_are_known(read: Read) -> None:
    answers = read(one_person(age=30, gender="Woman", relationship_status="in a relationship"),
                   {"id": "background", "items": ["age", "gender", "relationship_status"]})[1]  # fmt: skip
    assert answers.frame[["age", "gender", "relationship_status"]].iloc[0].tolist() == [30, 1, 1]


def test_codes_that_the_map_translates_are_translated_once(read: Read) -> None:
    labels = {"gad7": {"1": 0, "2": 1, "3": 2, "4": 3}}
    frame = read(one_person(**dict(zip(GAD7, [1, 2, 3, 4, 1, 2, 3], strict=True))), labels=labels)[1].frame
    assert frame[GAD7].iloc[0].tolist() == [0, 1, 2, 3, 0, 1, 2]


def test_a_code_that_the_map_does_not_know_is_refused_even_when_it_looks_right(read: Read) -> None:
    """With 1 to 4 mapped to 0 to 3, a 0 is no answer that anybody declared."""
    labels = {"gad7": {"1": 0, "2": 1, "3": 2, "4": 3}}
    assert "gad7_07: 1 different answer in 1 cell, row 2" in refusal(
        read, one_person(**dict(zip(GAD7, [1] * 6 + [0], strict=True))), labels=labels
    )


def test_unmapped_texts_are_all_named_at_once_and_never_quoted(read: Read) -> None:
    cells = {i: ["1", "1"] for i in GAD7} | {"gad7_02": ["my secret", "1"], "gad7_05": ["1", "my other secret"]}
    message = refusal(read, table({"id": ["ann", "bob"]} | cells))
    assert "2 faults" in message
    assert "gad7_02: 1 different answer in 1 cell, row 2" in message
    assert "gad7_05: 1 different answer in 1 cell, row 3" in message
    assert "secret" not in message


def test_missing_codes_however_they_are_written(read: Read) -> None:
    cells = dict(zip(GAD7, ["NA", " NA ", "-99", "-99.0", "9999999", "", "0"], strict=True))
    frame = read(one_person(**cells), missing_codes=["NA", -99, 9999999])[1].frame
    assert np.isnan(frame[GAD7].iloc[0, :6]).all() and frame.loc[0, "gad7_07"] == 0


def test_a_missing_code_of_one_instrument_is_missing_there_only(read: Read) -> None:
    export = one_person(**dict.fromkeys(GAD7, 3), ucla3_01=3, ucla3_02=1, ucla3_03=2)
    frame = read(export, {"id": "gad7", "missing_codes": [3]}, {"id": "ucla3", "anchor_direction": "ascending"})[
        1
    ].frame
    assert frame[GAD7].isna().all(axis=None)
    assert frame[["ucla3_01", "ucla3_02", "ucla3_03"]].iloc[0].tolist() == [3, 1, 2]


def test_a_missing_code_needs_no_place_in_the_label_map(read: Read) -> None:
    cells = dict(zip(GAD7, [1, 2, 3, 4, 1, -99, 2], strict=True))
    frame = read(
        one_person(**cells), {"id": "gad7", "missing_codes": [-99]}, labels={"gad7": {"1": 0, "2": 1, "3": 2, "4": 3}}
    )[1].frame
    assert frame[GAD7].iloc[0, :5].tolist() == [0, 1, 2, 3, 0] and np.isnan(frame.loc[0, "gad7_06"])


def test_codes_that_descend_are_turned_and_missing_ones_are_not(read: Read) -> None:
    entry = {"id": "ucla3", "anchor_direction": "descending", "missing_codes": [9]}
    frame = read(one_person(ucla3_01=1, ucla3_02=3, ucla3_03=9), entry)[1].frame
    assert frame[["ucla3_01", "ucla3_02"]].iloc[0].tolist() == [3, 1] and np.isnan(frame.loc[0, "ucla3_03"])


def test_codes_of_a_descending_order_are_turned_within_the_range_that_was_asked(read: Read) -> None:
    entry = {"id": "rses", "order": "A", "anchor_direction": "descending", "range": [0, 3]}
    frame = read(one_person(**{f"rses_{i:02}": i % 4 for i in range(1, 11)}), entry)[1].frame
    assert frame[[f"rses_{i:02}" for i in range(1, 11)]].iloc[0].tolist() == [3 - i % 4 for i in range(1, 11)]


@pytest.mark.parametrize("direction", ["ascending", "descending"])
def test_not_applicable_is_neither_an_answer_nor_a_blank(read: Read, direction: str) -> None:
    items = [i.id for i in SHIPPED["mreii_exposure"].items]
    cells = dict.fromkeys(items, 0) | {"mreii_e01": 9, "mreii_e02": ""}
    answers = read(one_person(**cells), {"id": "mreii_exposure", "anchor_direction": direction})[1]
    assert answers.frame[["mreii_e01", "mreii_e02"]].isna().all(axis=None)
    assert answers.not_applicable.loc[0, "mreii_e01"] and not answers.not_applicable.loc[0, "mreii_e02"]
    assert answers.not_applicable.sum(axis=None) == 1
    assert answers.frame.loc[0, "mreii_e03"] == (0 if direction == "ascending" else 4)


# --- ids, stored totals, the list of columns -------------------------------------------------------------------------


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    path = tmp_path / "study.key"
    path.write_bytes(b"a key that stands outside the repository")
    monkeypatch.setenv("REJSENS_ID_KEY", str(path))
    return path.read_bytes()


def test_ids_are_hashed_with_the_studys_key_and_link_across_waves(read: Read, key: bytes) -> None:
    participant = {"column": "id", "hash": True, "key_fingerprint": fingerprint(key)}
    first = read(table(TWO_PEOPLE), participant=participant, name="w1")[1].frame["participant"].tolist()
    second = (
        read(table(TWO_PEOPLE | {"id": ["bob ", "ann"]}), participant=participant, name="w2")[1]
        .frame["participant"]
        .tolist()
    )
    assert first == [hmac.new(key, name, hashlib.sha256).hexdigest()[:16] for name in (b"ann", b"bob")]
    assert second == first[::-1]


def test_another_key_is_refused_since_waves_would_never_link(read: Read, key: bytes) -> None:
    participant = {"column": "id", "hash": True, "key_fingerprint": fingerprint(b"another key")}
    message = refusal(read, table(TWO_PEOPLE), participant=participant)
    assert "Another key for participant ids" in message and fingerprint(key) in message


def test_hashing_without_a_stated_fingerprint_or_a_key_is_refused(
    read: Read, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Another key" in refusal(read, table(TWO_PEOPLE), participant={"column": "id", "hash": True})
    monkeypatch.delenv("REJSENS_ID_KEY")
    participant = {"column": "id", "hash": True, "key_fingerprint": fingerprint(key)}
    assert "The key for participant ids is missing" in refusal(read, table(TWO_PEOPLE), participant=participant)


def test_a_participant_column_that_is_not_there_is_refused(read: Read) -> None:
    assert "Did you mean “id”?" in refusal(read, table(TWO_PEOPLE), participant={"column": "ids"})


def test_stored_totals_are_read_beside_the_answers(read: Read) -> None:
    totals = read(
        table(TWO_PEOPLE | {"total": ["14.5", "NA"]}), missing_codes=["NA"], stored_totals={"total": "gad7_sum"}
    )[1].stored_totals
    assert totals["total"].tolist()[0] == 14.5 and np.isnan(totals["total"][1])


@pytest.mark.parametrize(
    ("totals", "sentence"),
    [({"tota": "gad7_sum"}, "“tota” is not in the header"), ({"total": "gad_sum"}, "Did you mean “gad7_sum”?")],
)
def test_stored_totals_that_name_nothing_are_refused(read: Read, totals: dict, sentence: str) -> None:
    assert sentence in refusal(read, table(TWO_PEOPLE | {"total": [1, 2]}), stored_totals=totals)


def test_every_column_of_the_export_is_accounted_for(read: Read) -> None:
    cells = {
        "id": ["ann"],
        "Q1": [0],
        **{i: [1] for i in GAD7[1:]},
        "total": [6],
        "free_text": ["hello"],
        "browser": ["x"],
    }
    uses = read(table(cells), headers={"Q1": "gad7_01"}, stored_totals={"total": "gad7_sum"})[1].columns
    assert uses["column"].tolist() == list(cells)
    assert uses.set_index("column")["used_as"].to_dict() == {
        "id": "participant", "Q1": "item", **dict.fromkeys(GAD7[1:], "item"), "total": "stored total", "free_text": "not used", "browser": "not used",
    }  # fmt: skip
    assert uses.set_index("column")["name"][["Q1", "total", "free_text"]].tolist() == ["gad7_01", "gad7_sum", ""]
    assert set(uses["wave"]) == {"w1"}


# --- rows that are left out ------------------------------------------------------------------------------------------

PREVIEWS = {"column": "Status", "values": ["Survey Preview", 1], "label": "Previews"}
STATUS = {"id": ["ann", "", "bob", "cid"], "Status": ["IP Address", "survey preview", "Spam", "IP Address"]}
FOUR = table(STATUS | {item: [1, "x", "total", 2] for item in GAD7})


def test_rows_that_are_left_out_leave_first_and_are_counted_by_entry(read: Read) -> None:
    """Nothing in them is a fault: a preview has no id, and its cells hold what nobody answered."""
    spam = {"column": "Status", "values": ["Spam"], "label": "Spam"}
    answers = read(FOUR, leave_out=[PREVIEWS, spam])[1]
    assert answers.frame["participant"].tolist() == ["ann", "cid"] and answers.frame["row"].tolist() == [2, 5]
    assert answers.frame[GAD7[0]].tolist() == [1, 2]
    assert answers.left_out.values.tolist() == [["", 3, "left_out_1", "Previews"], ["bob", 4, "left_out_2", "Spam"]]
    assert answers.columns.set_index("column")["used_as"]["Status"] == "rows left out"


def test_a_row_is_left_out_once_by_the_first_entry_that_names_it(read: Read) -> None:
    again = {"column": "id", "values": [""], "label": "No id"}
    spam = {"column": "Status", "values": ["Spam"], "label": "Spam"}
    assert read(FOUR, leave_out=[PREVIEWS, again, spam])[1].left_out["rule"].tolist() == ["left_out_1", "left_out_3"]


@pytest.mark.parametrize(("value", "cell"), [(8, "8"), (8, "8.0"), ("8", "8"), ("spam ", "SPAM"), (8.5, "8.5")])
def test_values_to_leave_out_are_met_however_they_are_written(read: Read, value: object, cell: str) -> None:
    text = table({"id": ["a", "b"], "s": [cell, "0"], **{item: [1, 1] for item in GAD7}})
    left = read(text, leave_out=[{"column": "s", "values": [value], "label": "x"}])[1].left_out
    assert left["row"].tolist() == [2]


def test_leaving_out_by_a_column_that_is_not_there_or_leaving_out_everybody_is_refused(read: Read) -> None:
    assert "Did you mean “Status”?" in refusal(read, FOUR, leave_out=[PREVIEWS | {"column": "status"}])
    everybody = {"column": "Status", "values": ["IP Address", "Survey Preview", "Spam"], "label": "all"}
    assert "No row is left" in refusal(read, FOUR, leave_out=[everybody])


def test_the_flow_of_participants_adds_up(tmp_path: Path) -> None:
    data = table(STATUS | {item: [1, "x", 3, 2] for item in GAD7}).encode()
    (tmp_path / "w1.csv").write_bytes(data)
    rules = [
        {
            "id": "only_ann",
            "label": "Only Ann",
            "check": "condition",
            "column": "gad7_01",
            "below": 2,
            "action": "exclude",
        }
    ]
    sidecar = {
        "title": "w1", "platform": "qualtrics", "collected": {"from": "2026-01-01", "to": "2026-01-02"}, "sha256": hashlib.sha256(data).hexdigest(),
        "participant": {"column": "id"}, "instruments": [{"id": "gad7"}], "leave_out": [PREVIEWS, {"column": "Status", "values": ["Spam"], "label": "Spam"}],
    }  # fmt: skip
    (tmp_path / "w1.yaml").write_text(yaml.safe_dump(sidecar))
    wave = load_wave(tmp_path / "w1.yaml")
    found = validate(wave, instruments_asked(wave, SHIPPED), rules, "stop")
    assert found.flow[["rule", "n_excluded", "n_remaining"]].values.tolist() == [
        ["raw", 0, 4], ["left_out_1", 1, 3], ["left_out_2", 1, 2], ["only_ann", 1, 1],
    ]  # fmt: skip
    assert found.flow["label"].tolist()[1:3] == ["Previews", "Spam"]
    rows = found.quality_rows.set_index("row")["excluded_by"].to_dict()
    assert rows == {2: "", 3: "left_out_1", 4: "left_out_2", 5: "only_ann"}
    assert found.checked_answers["participant"].tolist() == ["ann"]


# --- several choices in one cell, and tick boxes ---------------------------------------------------------------------

BOXES = [f"lives_with_{who}" for who in ("alone", "partner", "children", "relatives", "others")]
BACKGROUND = {"id": "background", "items": BOXES}


def lives_with(read: Read, cells: list[str], choices: dict[str, str], **settings: object) -> list[list[float]]:
    text = table({"id": [f"p{i:03}" for i in range(len(cells))], "Q5": cells})
    return read(text, BACKGROUND, multiple={"Q5": choices}, **settings)[1].frame[BOXES].to_numpy().tolist()


def test_a_cell_of_several_choices_becomes_boxes_and_an_empty_one_is_missing(read: Read) -> None:
    choices = {str(k): item for k, item in enumerate(BOXES, start=1)}
    found = lives_with(read, ["2,3", "1", "", "5 , 4", "3;2", "NA"], choices, missing_codes=["NA"])
    assert found[:2] == [[0, 1, 1, 0, 0], [1, 0, 0, 0, 0]] and np.isnan(found[2]).all() and np.isnan(found[5]).all()
    assert found[3:5] == [[0, 0, 0, 1, 1], [0, 1, 1, 0, 0]]


def test_choices_may_hold_commas_themselves(read: Read) -> None:
    choices = dict(
        zip(["Alone", "A partner", "Children, mine or yours", "Parents", "Friends, or others"], BOXES, strict=True)
    )
    found = lives_with(
        read, ["children, mine or yours, friends, or others", "A partner,Children, mine or yours"], choices
    )
    assert found == [[0, 0, 1, 0, 1], [0, 1, 1, 0, 0]]


@pytest.mark.parametrize("cell", ["2,7", "2,2", "2 3", "23", "my secret", ",2", "2,"])
def test_a_cell_that_the_choices_do_not_explain_is_refused_and_not_quoted(read: Read, cell: str) -> None:
    choices = {str(k): item for k, item in enumerate(BOXES, start=1)}
    with pytest.raises(Refused) as refused:
        lives_with(read, ["1", cell], choices)
    message = str(refused.value)
    assert (
        "Choices that `multiple:` does not explain" in message and "row 3 (p001)" in message and "secret" not in message
    )
    assert refused.value.problems[0].cells == (("p001", 3),)


def test_a_cell_that_can_be_read_in_two_ways_is_refused(read: Read) -> None:
    choices = dict(zip(["a", "a, b", "b", "d", "e"], BOXES, strict=True))
    with pytest.raises(Refused):
        lives_with(read, ["a, b"], choices)


def test_a_star_takes_what_people_wrote_themselves(read: Read) -> None:
    choices = dict(zip(["Alone", "A partner", "Children", "Parents", "*"], BOXES, strict=True))
    assert lives_with(read, ["A partner, my cat", "Children"], choices) == [[0, 1, 0, 0, 1], [0, 0, 1, 0, 0]]
    choices = dict(zip(["Alone", "A partner, or two", "Children", "Parents", "*"], BOXES, strict=True))
    found = lives_with(read, ["A partner, or two, cats, dogs", "cats; A partner, or two"], choices)
    assert found == [[0, 1, 0, 0, 1], [0, 1, 0, 0, 1]]


@pytest.mark.parametrize(
    ("rows", "settings"),
    [
        ([["Y", "", "Y"], ["", "", ""]], {"Y": 1}),  # LimeSurvey, codes: an empty box is not ticked, or was never seen
        ([["Yes", "No", "Yes"], ["No", "No", "No"]], {"Yes": 1, "No": 0}),  # LimeSurvey, full answers
        ([["1", "0", "1"], ["0", "0", "0"]], {}),  # REDCap, raw
        ([["Checked", "Unchecked", "Checked"], ["Unchecked"] * 3], {"Checked": 1, "Unchecked": 0}),  # REDCap, labels
    ],
)
def test_boxes_in_columns_of_their_own_mean_the_same_on_every_platform(read: Read, rows: list, settings: dict) -> None:
    """Without any tick nobody can tell whether the question was left out, so nobody is taken to have answered it."""
    text = table({"id": ["ann", "bob"], **dict(zip(BOXES[:3], zip(*rows, strict=True), strict=True))})
    labels = {"labels": {box: settings for box in BOXES[:3]}} if settings else {}
    frame = read(text, {"id": "background", "items": BOXES[:3]}, **labels)[1].frame
    assert frame.loc[0, BOXES[:3]].tolist() == [1, 0, 1] and frame.loc[1, BOXES[:3]].isna().all()


def test_a_column_list_needs_no_place_for_choices_that_share_a_cell(read: Read) -> None:
    choices = {str(k): item for k, item in enumerate(BOXES, start=1)}
    entry = {"id": "background", "items": ["age", *BOXES, "gender"], "columns": ["Q1", "Q9"]}
    answers = read(table({"id": ["ann"], "Q1": [30], "Q5": [2], "Q9": [1]}), entry, multiple={"Q5": choices})[1]
    assert answers.frame.loc[0, ["age", "gender", *BOXES]].tolist() == [30, 1, 0, 1, 0, 0, 0]
    uses = answers.columns.set_index("column")
    assert uses.loc["Q5", "used_as"] == "items" and uses.loc["Q5", "name"].split() == BOXES


@pytest.mark.parametrize(
    ("multiple", "sentence"),
    [({"q5": {"1": "lives_with_alone"}}, "Did you mean “Q5”?"), ({"Q5": {"1": "live_with_alone"}}, "Did you mean “lives_with_alone”?")],
)  # fmt: skip
def test_a_map_of_choices_that_names_nothing_is_refused(read: Read, multiple: dict, sentence: str) -> None:
    assert sentence in refusal(
        read, table({"id": ["ann"], "Q5": [1]}), {"id": "background", "items": BOXES[:1]}, multiple=multiple
    )


# --- decimal marks and numbers ---------------------------------------------------------------------------------------

AGE = {"id": "background", "items": ["age"]}


def test_decimal_commas_are_read_where_they_are_declared(read: Read) -> None:
    text = "id;age;total\nann;30,5;1,25\nbob;41;-99\n"
    answers = read(text, AGE, decimal=",", missing_codes=[-99])[1]
    assert answers.frame["age"].tolist() == [30.5, 41]
    message = refusal(read, text.replace("41", "41.5"), AGE, decimal=",")
    assert "Decimal points where a comma is declared" in message and "“41.5”" in message


@pytest.mark.parametrize("cell", ["170 555 007", "170.555.007", "1705550,07", "1705550.07%", "1;7;0;5;5;5;0"])
def test_a_number_that_could_be_dialled_is_not_repeated(read: Read, cell: str) -> None:
    message = refusal(read, one_person(age=cell).replace(cell, f'"{cell}"'), AGE)
    assert "row 2" in message and cell not in message and "555" not in message


@pytest.mark.parametrize(
    ("cell", "value"), [("30", 30), ("30.0", 30), ("+30", 30), ("030", 30), ("3e1", 30), ("30.", 30), ("3.0E+01", 30)]
)
def test_every_spelling_of_a_number_is_that_number(read: Read, cell: str, value: float) -> None:
    assert read(one_person(age=cell), AGE)[1].frame.loc[0, "age"] == value


def test_a_signed_zero_is_zero(read: Read) -> None:
    value = read(one_person(**dict.fromkeys(GAD7, "-0")))[1].frame.loc[0, "gad7_01"]
    assert value == 0 and not np.signbit(value)


@pytest.mark.parametrize("around", ["\u00a0{}\u00a0", "\u200b{}", "{}\ufeff", "\u2009{} ", "\t{}", "\u200f{}"])
def test_what_nobody_sees_around_an_answer_carries_no_meaning(read: Read, around: str) -> None:
    cells = [around.format(i % 4) for i in range(7)]
    assert read(one_person(**dict(zip(GAD7, cells, strict=True))))[1].frame[GAD7].iloc[0].tolist() == [
        0,
        1,
        2,
        3,
        0,
        1,
        2,
    ]
    labels = {"gad7": {"once or twice": 1}}
    frame = read(one_person(**dict.fromkeys(GAD7, around.format("Once\u00a0or  twice"))), labels=labels)[1].frame
    assert frame[GAD7].iloc[0].tolist() == [1] * 7


def test_invisible_characters_around_ids_do_not_split_people(read: Read) -> None:
    frame = read(table(TWO_PEOPLE | {"id": ["\ufeffann", "bob\u200b\u00a0"]}))[1].frame
    assert frame["participant"].tolist() == ["ann", "bob"]


def test_names_of_columns_are_met_without_what_nobody_sees(read: Read) -> None:
    assert are_two_people(read("\ufeff" + table(TWO_PEOPLE).replace("gad7_01", "\u200bgad7_01\u00a0"))[1])


def test_a_name_that_differs_in_case_or_punctuation_is_not_taken_but_suggested(read: Read) -> None:
    assert "Did you mean “GAD7-03”?" in refusal(read, table(TWO_PEOPLE).replace("gad7_03", "GAD7-03"))


# --- what went wrong in a cell ---------------------------------------------------------------------------------------

DAMAGE = {
    "Dates where answers should stand": ["1-May", "May-01", "01/05/2026", "2026-05-01", "1.5.2026", "2026-05-01 10:00:00", "01. Mai 2026", "1/2", "46143"],
    "Error values of a spreadsheet": ["#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#N/A", "#NV", "#WERT!"],
    "Formulas in cells": ["=A1+1", "=SUM(A1:A3)", "'=A1+1"],
    "Words for no answer that are not declared": ["NA", "n/a", "NULL", "None", "missing", "-", "."],
    "Words that a program writes for no number": ["nan", "NaN", "inf", "-Infinity"],
    "Truth values where answers should stand": ["TRUE", "false", "Wahr"],
    "Percent signs": ["50%", "12.5 %"],
    "Decimal commas that are not declared": ["1,5", "0,25"],
    "Thousands separators": ["1,234", "1.234.567", "12 000"],
    "Several answers in one cell": ["1,2,3", "1; 2; 3"],
    "Numbers in another notation": ["0x10", "1_0", "1e400"],
    "Digits of another script": ["１", "٣", "²"],
    "Dashes for minus signs": ["−1", "–99"],
    "Quotation marks around numbers": ["'1'", "“2”", "'1"],
    "Letters for digits": ["O", "1O", "l0"],
    "Answers that no label or code explains": ["my secret", "3 points", "five"],
}  # fmt: skip


@pytest.mark.parametrize(("cause", "cell"), [(cause, cell) for cause, cells in DAMAGE.items() for cell in cells])
def test_every_damage_has_its_own_sentence_and_is_never_read_as_a_number(read: Read, cause: str, cell: str) -> None:
    text = table(TWO_PEOPLE | {"gad7_04": [0, cell]}, "\t")
    with pytest.raises(Refused) as refused:
        read(text)
    problem = refused.value.problems[0]
    assert [p.cause for p in refused.value.problems] == [cause]
    assert problem.where == "gad7_04" and "row 3 (bob)" in problem.found and problem.cells == (("bob", 3),)
    assert problem.fix and "whole numbers 0 to 3" in problem.allowed
    assert "secret" not in str(refused.value) and "2026" not in problem.found  # dates may be of birth


def test_fractions_that_look_like_thousands_are_told_and_stop_nothing(read: Read, tmp_path: Path) -> None:
    def told(*seconds: str) -> list[str]:
        export = table({"id": [f"person{i}" for i in range(len(seconds))], "duration_seconds": seconds})
        read(export, {"id": "background", "items": ["duration_seconds"]})
        wave, problems = load_wave(tmp_path / "w1.yaml"), []
        gather_answers(read_export(wave), wave, instruments_asked(wave, SHIPPED), problems)
        assert not any(problem.blocks for problem in problems)
        return [problem.found for problem in problems]

    assert told("987", "1.234", "2.001") == [
        "“1.234” and “2.001” in 2 cells, rows 3 (person1) and 4 (person2), beside whole numbers of three digits"
    ]
    assert told("0.987", "1.234", "300") == told("1.5", "1.234", "300") == told("1.234", "2.345") == []


def test_a_date_as_a_number_is_told_once_and_not_as_an_answer_out_of_range(read: Read, tmp_path: Path) -> None:
    refusal(read, table(TWO_PEOPLE | {"gad7_04": [0, 46143]}))
    wave = load_wave(tmp_path / "w1.yaml")
    with pytest.raises(Refused) as refused:
        validate(wave, instruments_asked(wave, SHIPPED), [], "stop")
    assert [problem.cause for problem in refused.value.problems] == ["Dates where answers should stand"]


def test_two_ways_of_going_wrong_in_one_column_are_told_apart(read: Read) -> None:
    message = refusal(read, table(TWO_PEOPLE | {"gad7_04": ["#REF!", "1-May"]}))
    assert "Error values of a spreadsheet" in message and "Dates where answers should stand" in message


def test_words_for_no_answer_are_missing_where_they_are_declared(read: Read) -> None:
    cells = dict(zip(GAD7, ["NA", "#N/A", "nan", "-", "NULL", "1", "2"], strict=True))
    frame = read(one_person(**cells), missing_codes=["NA", "#N/A", "nan", "-", "NULL"])[1].frame
    assert frame[GAD7].iloc[0, :5].isna().all() and frame[GAD7].iloc[0, 5:].tolist() == [1, 2]


def test_a_label_map_may_say_what_would_be_damage(read: Read) -> None:
    labels = {"gad7": {"TRUE": 1, "FALSE": 0, "1-2": 2, "１": 3}}
    cells = dict(zip(GAD7, ["TRUE", "false", "1-2", "１", "true", "FALSE", "1-2"], strict=True))
    assert read(one_person(**cells), labels=labels)[1].frame[GAD7].iloc[0].tolist() == [1, 0, 2, 3, 1, 0, 2]


def test_a_number_in_the_label_map_stands_for_every_spelling_of_it(read: Read) -> None:
    labels = {"gad7": {"1": 0, "2": 1, "3": 2, "4": 3}}
    cells = dict(zip(GAD7, ["1", "2.0", "+3", "04", "1.", "2", "3"], strict=True))
    assert read(one_person(**cells), labels=labels)[1].frame[GAD7].iloc[0].tolist() == [0, 1, 2, 3, 0, 1, 2]


# --- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("1.23E+12", "Participant ids that a spreadsheet has damaged"), ("1001.0", "Participant ids that a spreadsheet has damaged"),
        ("#REF!", "Participant ids that a spreadsheet has damaged"), ("=A2", "Formulas in cells"), (" \u200b", "Rows without a participant id"),
        ("Total", "Rows of totals under the answers"), ("n = 2", "Rows of totals under the answers"),
    ],
)  # fmt: skip
def test_ids_that_are_none_are_refused_by_row(read: Read, bad: str, sentence: str) -> None:
    message = refusal(read, table(TWO_PEOPLE | {"id": ["ann", bad]}))
    assert sentence in message and "3" in message


def test_an_id_that_means_no_answer_is_none(read: Read) -> None:
    message = refusal(read, table(TWO_PEOPLE | {"id": ["ann", "unknown"]}), missing_codes=["unknown"])
    assert "Rows without a participant id" in message and "row 3" in message


def test_words_that_many_bear_are_ids_and_no_totals(read: Read) -> None:
    people = {"id": ["sum", "mean", "total"], **{item: [1, 1, 1] for item in GAD7}}
    assert len(read(table(people))[1].frame) == 3
    initials = {"id": ["ab", "cd", "ef", "gh", "sd"], **{item: [1] * 5 for item in GAD7}}
    assert len(read(table(initials))[1].frame) == 5
    numbered = refusal(read, table(initials | {"id": ["1", "2", "3", "4", "SD"]}))
    assert "Rows of totals under the answers" in numbered and "row 6:" in numbered


# --- what the file itself tells of its answers -----------------------------------------------------------------------


@pytest.fixture
def read_spss(tmp_path: Path) -> Read:
    """Write an SPSS file and a sidecar that names it, and read them."""

    def read_(frame: pd.DataFrame, *instruments: dict | str, about: dict | None = None, **settings: object) -> Answers:
        pyreadstat.write_sav(frame, str(tmp_path / "w.sav"), **(about or {}))
        sidecar = {
            "title": "w", "platform": "spss", "collected": {"from": "2026-01-01", "to": "2026-01-02"}, "file": str(tmp_path / "w.sav"),
            "sha256": hashlib.sha256((tmp_path / "w.sav").read_bytes()).hexdigest(), "participant": {"column": "id"},
            "instruments": [{"id": i} if isinstance(i, str) else i for i in instruments or ["gad7"]], **settings,
        }  # fmt: skip
        (tmp_path / "w.yaml").write_text(yaml.safe_dump(sidecar))
        wave = load_wave(tmp_path / "w.yaml")
        return read_answers(read_export(wave), wave, instruments_asked(wave, SHIPPED))

    return read_


def spss_frame(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({"id": ["ann", "bob"], **{item: [0.0, 3.0] for item in GAD7}, **columns})


def test_values_that_an_spss_file_calls_missing_are_missing_in_that_column_only(read_spss: Read) -> None:
    frame = spss_frame(gad7_01=[-99.0, 1], gad7_02=[97.0, 2], gad7_03=[98.0, 3], age=[97.0, 40])
    about = {
        "missing_ranges": {"gad7_01": [-99], "gad7_02": [{"lo": 90, "hi": 99}], "gad7_03": [{"lo": 90, "hi": 97}, 98]}
    }
    found = read_spss(frame, "gad7", AGE, about=about).frame
    assert found.loc[0, ["gad7_01", "gad7_02", "gad7_03"]].isna().all() and found.loc[0, "age"] == 97
    assert found.loc[1, ["gad7_01", "gad7_02", "gad7_03"]].tolist() == [1, 2, 3]


def test_a_label_map_goes_before_what_the_file_calls_missing(read_spss: Read) -> None:
    frame = spss_frame(**{item: [9.0, 1] for item in GAD7})
    about = {"missing_ranges": {item: [9] for item in GAD7}}
    found = read_spss(frame, about=about, labels={"gad7": {"9": 0, "1": 1}}).frame
    assert found[GAD7].to_numpy().tolist() == [[0] * 7, [1] * 7]


def test_value_labels_of_a_file_explain_its_texts(read: Read, tmp_path: Path) -> None:
    read(table(TWO_PEOPLE))
    wave = load_wave(tmp_path / "w1.yaml")
    texts = {"id": ["ann", "bob"], **{item: ["Never", " often"] for item in GAD7}}
    worded = read_export_of(tmp_path, texts, wave)
    answers = read_answers(
        replace(worded, choices={item: {"0": "never", "2": "Often"} for item in GAD7}),
        wave,
        instruments_asked(wave, SHIPPED),
    )
    assert answers.frame[GAD7].to_numpy().tolist() == [[0] * 7, [2] * 7]
    two = replace(worded, choices={item: {"0": "never", "1": "often", "2": "Often"} for item in GAD7})
    with pytest.raises(Refused, match="no label or code explains"):  # one label, two codes: neither is taken
        read_answers(two, wave, instruments_asked(wave, SHIPPED))


def read_export_of(folder: Path, columns: dict[str, list], wave: object) -> Export:
    from rejsens.importers import open_export

    (folder / "other.csv").write_text(table(columns))
    return open_export(folder / "other.csv", participant="id")


def test_value_labels_that_contradict_the_instrument_are_refused(read_spss: Read) -> None:
    frame = spss_frame(gender=[1.0, 2.0])
    entry = {"id": "background", "items": ["gender"]}
    about = {"variable_value_labels": {"gender": {1: "Man", 2: "Woman"}}}
    with pytest.raises(Refused) as refused:
        read_spss(frame, "gad7", entry, about=about)
    message = str(refused.value)
    assert "The export's codes are not the instrument's" in message
    assert "“Man” is 1 in the export and 2 in the instrument" in message and "`labels:`" in message
    found = read_spss(frame, "gad7", entry, about=about, labels={"gender": {"1": 2, "2": 1}}).frame  # somebody decided
    assert found["gender"].tolist() == [2, 1]


def test_value_labels_with_codes_of_another_range_are_refused_even_when_nobody_chose_the_odd_one(
    read_spss: Read,
) -> None:
    about = {"variable_value_labels": {item: {1: "not at all", 2: "some", 3: "more", 4: "daily"} for item in GAD7}}
    with pytest.raises(Refused, match="codes 1, 2, 3 and 4"):
        read_spss(spss_frame(**{item: [1.0, 2.0] for item in GAD7}), about=about)


def test_value_labels_in_other_words_are_no_contradiction(read_spss: Read) -> None:
    about = {"variable_value_labels": {item: {0: "nie", 3: "immer", 9: "weiß nicht"} for item in GAD7}, "missing_ranges": {item: [9] for item in GAD7}}  # fmt: skip
    found = read_spss(spss_frame(gad7_01=[9.0, 2.0]), about=about).frame
    assert np.isnan(found.loc[0, "gad7_01"]) and found.loc[1, "gad7_01"] == 2


def test_an_instruments_own_labels_mean_its_own_codes_also_where_a_waves_codes_descend(read: Read) -> None:
    items = [i.id for i in SHIPPED["mreii_exposure"].items]
    labels = SHIPPED["mreii_exposure"].items[0].labels
    text = one_person(**(dict.fromkeys(items, 4) | {items[0]: labels[0.0], items[1]: 0, items[2]: labels[4.0]}))
    frame = read(text, {"id": "mreii_exposure", "anchor_direction": "descending"})[1].frame
    assert frame.loc[0, items[:4]].tolist() == [0, 4, 4, 0]


def test_stored_totals_that_are_no_numbers_are_refused_by_row_and_not_quoted(read: Read) -> None:
    said = refusal(read, table(TWO_PEOPLE | {"total": ["Ann Smith", "14"]}), stored_totals={"total": "gad7_sum"})
    assert "Answers that are not numbers" in said and "total: 1 cell, row 2 (ann)" in said
    assert "Ann Smith" not in said


def test_boxes_belong_together_by_their_question_whatever_they_are_called() -> None:
    """Of several boxes a row without any tick was left out; of one box that would make every no a missing answer."""
    boxes = [Item(name, name, 0, 1, choice_of="lives_with") for name in ("partner", "children")]
    values = {"partner": np.array([1.0, 0.0, np.nan]), "children": np.array([np.nan, 0.0, np.nan])}
    asked, again = (SimpleNamespace(name=name) for name in ("background", "later_background"))
    assert ingest._tick_boxes([(asked, boxes[0])], values) == {}
    assert ingest._tick_boxes([(asked, boxes[0]), (again, boxes[1])], values) == {}  # one question, asked twice
    read = ingest._tick_boxes([(asked, box) for box in boxes], values)
    np.testing.assert_array_equal(read["partner"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(read["children"], [0, np.nan, np.nan])
