"""A raw export becomes answers: every form an export takes, every map a sidecar may declare, and what is refused."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from rejsens.definitions import load_instruments
from rejsens.exports import Export, read_export
from rejsens.ingest import Answers, read_answers
from rejsens.problems import Refused
from rejsens.sidecars import instruments_asked, load_wave

SHIPPED = load_instruments()
GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
RSES_B = ["rses_07", "rses_10", "rses_02", "rses_04", "rses_05", "rses_09", "rses_01", "rses_08", "rses_03", "rses_06"]
TWO_PEOPLE = {"id": ["ann", "bob"], **{item: [i % 4, (i + 1) % 4] for i, item in enumerate(GAD7)}}
Read = Callable[..., tuple[Export, Answers]]


def table(columns: dict[str, list], delimiter: str = ",", newline: str = "\n") -> str:
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return newline.join(delimiter.join(map(str, row)) for row in rows) + newline


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
        ("utf-8", None, "utf-8"), ("utf-8-sig", None, "utf-8-sig"), ("utf-8-sig", "utf-8", "utf-8"), ("cp1252", None, "cp1252"),
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


def test_utf_16_without_mark_or_declaration_is_refused_and_not_guessed(read: Read) -> None:
    assert "The export is not a table" in refusal(read, table(TWO_PEOPLE).encode("utf-16-le"))


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
    assert "rows 5" in refusal(read, QUALTRICS.replace("R_2,3", "R_2,x"), platform="qualtrics")
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
    assert "gad7_07: 1 different answer in 1 cell, rows 2" in refusal(
        read, one_person(**dict(zip(GAD7, [1] * 6 + [0], strict=True))), labels=labels
    )


def test_unmapped_texts_are_all_named_at_once_and_never_quoted(read: Read) -> None:
    cells = {i: ["1", "1"] for i in GAD7} | {"gad7_02": ["my secret", "1"], "gad7_05": ["1", "my other secret"]}
    message = refusal(read, table({"id": ["ann", "bob"]} | cells))
    assert "2 faults" in message
    assert "gad7_02: 1 different answer in 1 cell, rows 2" in message
    assert "gad7_05: 1 different answer in 1 cell, rows 3" in message
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
