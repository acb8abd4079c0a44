"""What adding a wave refuses: flags that mean nothing, columns read twice, keys that do not fit; nothing is written."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from tests.canaries import table
from tests.conftest import ROOT, contents, declare, write_study
from tests.unit.example_adding import DAYS, GAD7, Add, adder, answers, blocked, qualtrics, renamed

from rejsens.adding import asking, session
from rejsens.adding.columns import Column
from rejsens.adding.dates import days_of
from rejsens.adding.ids import fingerprint, store_key
from rejsens.adding.labels import direction_problem
from rejsens.adding.request import parse_instrument, parse_map, read_labels
from rejsens.adding.session import How
from rejsens.adding.several import read_choices
from rejsens.administration import administer
from rejsens.definitions import Item, load_instruments
from rejsens.problems import Problem, Refused

KEY = b"a key that stands outside the repository"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two waves w1 and w2 of sixty people: anxiety, loneliness, age; ids stored as they are."""
    return write_study(tmp_path / "study", waves=2)


@pytest.fixture
def add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Add:
    return adder(tmp_path, capsys)


# --- flags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"ids": "mask"}, "“mask”"),
        ({"dates_from": "2.3.2026"}, "year-month-day"),
        ({"dates_to": "2026-02-30"}, "year-month-day"),
        ({"dates_to": "20260302"}, "year-month-day"),
        ({"dates_from": "2026-03-09", "dates_to": "2026-03-02"}, "the first day lies after the last"),
        ({"pairs": ["gad7_01"]}, "it has no ="),
        ({"pairs": ["=age"]}, "COLUMN=ITEM"),
        ({"instruments": ["gad7:missing_codes=[none]"]}, "--instrument gad7"),
    ],
)
def test_flags_that_mean_nothing_are_refused_before_a_file_is_opened(
    study: Path, add: Add, flags: dict[str, Any], sentence: str
) -> None:
    before = contents(study)
    refused = add(study, study / "no such file.csv", **flags)
    assert refused.code == 2 and sentence in refused.all and "An export is missing" not in refused.all
    assert contents(study) == before


def test_a_labels_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.yaml").write_text("gad7: [never, often]\n")
    with pytest.raises(Refused, match="gad7"):
        read_labels(tmp_path / "labels.yaml")
    (tmp_path / "labels.yaml").write_text("labels: {gad7: {never: 0, often: 2}}\n")
    assert read_labels(tmp_path / "labels.yaml") == {"gad7": {"never": 0, "often": 2}}


# --- which column is which item --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"pairs": ["gad7_1=gad7_01"]}, "“gad7_1” is no column of the export that may hold an answer"),
        ({"pairs": ["age=gad7_1"]}, "A map names an unknown item"),
        ({"pairs": ["gad7_01=gad7_02", "gad7_02=gad7_02"]}, "Two columns read as one item"),
        ({"instruments": ["gad7:columns=[gad7_01,gad7_02]"]}, "2 columns"),
        ({"instruments": ["gad7:columns=Q{n}"]}, "are not among the columns of the export"),
        (
            {"instruments": [f"gad7:columns=[{','.join(GAD7)}]"], "pairs": ["gad7_02=age"]},
            "“gad7_02”: age and gad7_02",
        ),
        ({"instruments": ["gad77"]}, "“gad77” is not defined"),
        ({"instruments": ["gad7:order=Z"]}, "gad7"),
        ({"instruments": ["phq9"]}, "none of its 9 items has a column"),
        ({"participant": "idd"}, "“idd” is not in the header"),
        ({"keep_text": ["notes"]}, "A flag names a column that is not there"),
    ],
)
def test_what_is_said_of_columns_must_fit_the_export(
    study: Path, add: Add, flags: dict[str, Any], sentence: str
) -> None:
    before = contents(study)
    blocked(add(study, table(answers()), **flags, **DAYS), study, sentence, before)


def test_a_column_mapped_to_none_holds_no_item(study: Path, add: Add) -> None:
    refused = add(study, table(answers()), pairs=["gad7_03=none"], **DAYS)
    blocked(refused, study, "gad7_03 has no column")
    added = add(study, table(answers()), pairs=["gad7_03=none"], partial=["gad7"], **DAYS)
    assert (
        added.code == 0 and {"id": "gad7", "items": [i for i in GAD7 if i != "gad7_03"]} in added.sidecar["instruments"]
    )


def test_one_question_in_two_columns_is_taken_for_neither(study: Path, add: Add) -> None:
    age = load_instruments(only=["background"])["background"].item("age")
    columns = renamed(answers(), age="Q1") | {"Q2": [30] * 12}
    added = add(study, qualtrics(columns, {"Q1": age.wording, "Q2": age.wording}), participant="id", **DAYS)
    assert "One question in several columns" in added.all and "2 columns ask what age asks" in added.all
    assert not any(entry["id"] == "background" for entry in (added.sidecar or {"instruments": []})["instruments"])


def test_settings_in_which_earlier_waves_differ_are_not_taken_over(study: Path, add: Add) -> None:
    for wave, code, way in (("w1", -9, "ascending"), ("w2", -8, "descending")):
        entries = [{"id": "gad7", "missing_codes": [code]}, {"id": "ucla3", "anchor_direction": way}]
        declare(study, wave, instruments=[*entries, {"id": "background", "items": ["age"]}])
    refused = add(study, table(answers()), **DAYS)
    blocked(refused, study, "ucla3 does not state `anchor_direction`")
    assert "`missing_codes` is [-8] in wave w2 and [-9] in wave w1; here it is taken as not stated" in refused.all
    added = add(study, table(answers()), instruments=["ucla3:anchor_direction=ascending"], **DAYS)
    assert added.code == 0 and {"id": "gad7"} in added.sidecar["instruments"]


# --- who answered ----------------------------------------------------------------------------------------------------


def test_a_column_of_ids_that_earlier_waves_did_not_use_is_not_taken_by_itself(study: Path, add: Add) -> None:
    export = table(renamed(answers(), id="code"))
    blocked(add(study, export, **DAYS), study, "earlier waves know people by “id”, which this export does not hold")
    assert add(study, export, participant="code", **DAYS).code == 0


def test_ids_are_not_kept_where_earlier_waves_hash_them_nor_hashed_with_either_of_two_keys(
    study: Path, add: Add
) -> None:
    store_key(KEY, study)
    for wave in ("w1", "w2"):
        declare(study, wave, participant={"column": "id", "key_fingerprint": fingerprint(KEY)})
    blocked(add(study, table(answers()), ids="keep", **DAYS), study, "Ids that would never link")
    declare(study, "w2", participant={"column": "id", "key_fingerprint": fingerprint(b"another key, long enough")})
    blocked(add(study, table(answers()), **DAYS), study, "one key for all waves")


def test_made_up_ids_get_no_name_that_the_export_uses(study: Path, add: Add) -> None:
    columns = renamed(answers(participant=["a", "b"] * 6), id="code")
    blocked(add(study, table(columns), participant="none", **DAYS), study, "the export holds a column of this name")


def test_a_panels_file_has_nobody_to_join_where_the_export_names_nobody(study: Path, add: Add, tmp_path: Path) -> None:
    (tmp_path / "prolific.csv").write_text(
        "Submission id,Participant id,Status,Age\n" + f"{1:024x},{2:024x},APPROVED,30\n"
    )
    columns = {name: cells for name, cells in answers().items() if name != "id"}
    refused = add(study, table(columns), joins=[tmp_path / "prolific.csv"], **DAYS)
    blocked(refused, study, "The participant column is not known")
    made_up = add(study, table(columns), joins=[tmp_path / "prolific.csv"], participant="none", **DAYS)
    blocked(made_up, study, "A panel's file without ids to join by")


# --- what stays as it was --------------------------------------------------------------------------------------------


def test_a_draft_that_is_only_tried_writes_nothing(study: Path, add: Add) -> None:
    before = contents(study)
    assert add(study, table(answers()), how=How(draft=True, dry_run=True), **DAYS).code == 0
    assert add(study, table(answers()), how=How(draft=True, dry_run=True)).code == 1  # its dates are not known
    assert contents(study) == before


def test_a_wave_is_not_added_to_a_study_whose_settings_cannot_be_read(study: Path, add: Add) -> None:
    (study / "config/config.yaml").write_text("study: {title: New, simulated: maybe}\n")
    refused = add(study, table(answers()), **DAYS)
    assert refused.code == 2 and "simulated" in refused.all and refused.sidecar is None
    assert not list((study / "data/waves").glob("w3*"))


def test_an_earlier_wave_without_its_export_still_says_where_items_stood(study: Path, add: Add) -> None:
    for wave in ("w1", "w2"):
        (study / f"data/waves/{wave}.csv").unlink()
    added = add(study, table(answers()), **DAYS)
    assert added.code == 0 and added.sidecar["instruments"][2] == {"id": "ucla3", "anchor_direction": "ascending"}
    assert "known from earlier waves" not in added.all  # whose people nobody can look up


# --- what cells and choices mean -------------------------------------------------------------------------------------


def column(*cells: str) -> Column:
    different = list(dict.fromkeys(cells))
    return Column("q", tuple(different), np.array([different.index(c) for c in cells]), np.arange(len(cells)) + 2)


BOXES = {
    "lives_alone": Item("lives_alone", "alone", 0, 1, wording="I live alone", choice_of="lives_with"),
    "lives_partner": Item("lives_partner", "partner", 0, 1, wording="A partner", choice_of="lives_with"),
}
CHOICES = {"1": "I live alone", "2": "a partner"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "1, 2"], {"1": "lives_alone", "2": "lives_partner"}),
        (["I live alone", "a partner"], {"I live alone": "lives_alone", "a partner": "lives_partner"}),
        (["I live alone; a partner"], {"I live alone": "lives_alone", "a partner": "lives_partner"}),
        (["", ""], {"I live alone": "lives_alone", "a partner": "lives_partner"}),
    ],
)
def test_choices_come_as_the_platforms_codes_or_as_its_words(cells: Sequence[str], expected: dict[str, str]) -> None:
    found = read_choices(column(*cells), BOXES, {}, CHOICES)
    assert found.items == expected and not found.problems


def test_a_dash_is_no_tick_of_a_box_without_words() -> None:
    boxes = {"other": Item("other", "somebody else", 0, 1, choice_of="lives_with")}
    found = read_choices(column("-", "somebody else"), boxes, {}, {"9": "?"})
    assert found.items == {"somebody else": "other"} and found.unread == ["-"]


@pytest.mark.parametrize(
    "texts",
    [["Mar 2, 2026", "March 9, 2026 10:15 PM"], ["2 Mar 2026 08:00", "09-Mar-2026"], ["2. March 2026", "9 March 2026"]],
)
def test_months_in_words_are_read(texts: list[str]) -> None:
    found = days_of(texts, [], "here")
    assert not isinstance(found, Problem) and (str(found.first), str(found.last)) == ("2026-03-02", "2026-03-09")


def test_choices_that_run_the_other_way_contradict_the_stated_direction() -> None:
    """The platform lists the end words at the other ends: the scores of the whole wave would be turned round."""
    definition = load_instruments(only=["ucla3"])["ucla3"]
    anchors = yaml.safe_load((ROOT / "schemas/instruments/ucla3.yaml").read_text(encoding="utf-8"))["answers"][
        "anchors"
    ]
    asked = {way: administer(definition, "w3", anchor_direction=way) for way in ("ascending", "descending")}
    columns = {item.id: item.id for item in definition.items}
    up, down = ({item: {"1": one, "3": three} for item in columns} for one, three in
                ((anchors["min"], anchors["max"]), (anchors["max"], anchors["min"])))  # fmt: skip
    for stated, told, other in (("ascending", down, "descending"), ("descending", up, "ascending")):
        problem = direction_problem(asked[stated], told, columns)
        assert problem is not None and problem.blocks and problem.fix.endswith(f'"ucla3:anchor_direction={other}"')
        first = told[next(iter(columns))]["1"]
        assert f"put “{first}” at the lowest code" in problem.found
        assert direction_problem(asked[other], told, columns) is None


# --- a person is asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "choices", "answer"),
    [
        ("yes\n", ("yes", "no"), "yes"),
        ("Y\n", ("yes", "no"), "yes"),
        ("maybe\nno\n", ("yes", "no"), "no"),
        ("\n", ("yes", "no"), ""),
        ("a\nasc\n", ("ascending", "also"), "ascending"),  # "a" begins both
        ("2026-03-02\n", (), "2026-03-02"),
        ("", ("yes", "no"), ""),  # the terminal was closed
    ],
)
def test_an_answer_is_one_of_the_choices_or_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, choices: Sequence[str], answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert asking.ask("Which?", choices) == answer
    assert ("Please answer with one of" in capsys.readouterr().out) == (typed.count("\n") == 2)
    assert not asking.at_a_terminal()


def test_a_map_and_an_instrument_that_cannot_be_read_say_how_they_are_written() -> None:
    for wrong in ("age", "=age", "Q1="):
        with pytest.raises(Refused, match="COLUMN=ITEM"):
            parse_map(wrong)
    with pytest.raises(Refused, match="missing_codes"):
        parse_instrument("gad7:missing_codes=[none]")
    assert parse_instrument("gad7:missing_codes=[-9,8.5]")["missing_codes"] == [-9, 8.5]
    assert session.FAULTS == 1


def test_a_code_that_spss_calls_missing_in_one_item_and_another_item_uses_is_refused(
    study: Path, add: Add, tmp_path: Path
) -> None:
    """Taken as missing for the whole instrument, it would take real answers away from the other items."""
    frame = pd.DataFrame(answers())
    pyreadstat.write_sav(frame, str(tmp_path / "one.sav"), missing_ranges={"gad7_01": [3]})
    blocked(add(study, tmp_path / "one.sav", **DAYS), study, "3: the file declares it as missing for some items")
    frame.loc[0, GAD7] = -9
    every: dict[str, list[Any]] = {item: [{"lo": -99, "hi": -1}] for item in GAD7[:-1]} | {GAD7[-1]: [-9]}
    pyreadstat.write_sav(frame, str(tmp_path / "all.sav"), missing_ranges=every)
    added = add(study, tmp_path / "all.sav", **DAYS)
    assert added.code == 0 and {"id": "gad7", "missing_codes": [-9]} in added.sidecar["instruments"]


def test_a_wave_that_cannot_be_stored_is_told_and_leaves_nothing(
    study: Path, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any, **named: Any) -> Any:
        raise Refused(Problem("the key", "A key is there already", "of another study", "", "move it"), "The key")

    before = contents(study)
    monkeypatch.setattr("rejsens.adding.session.writing.write", fail)
    refused = add(study, table(answers()), **DAYS)
    assert refused.code == 1 and "A key is there already" in refused.all and contents(study) == before
