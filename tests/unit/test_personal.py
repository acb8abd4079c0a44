"""What tells who somebody is: found by name, by question and by content; and ids that become pseudonyms under one key."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.conftest import write_study

from rejsens.adding.cleaning import Cleaned, clean
from rejsens.adding.columns import Column
from rejsens.adding.ids import (
    find_key,
    fingerprint,
    hash_all,
    hashed,
    id_problems,
    key_folder,
    link_problems,
    new_key,
    read_key,
    store_key,
)
from rejsens.adding.personal import (
    birth_year,
    free_text,
    looks_like_birth,
    named,
    secrets_of,
    tells_birth,
    tells_in_column,
    told_by,
)
from rejsens.definitions import load_instruments
from rejsens.problems import Refused
from rejsens.sharing.releases import History, Record, remember
from rejsens.study import load_study

AGE = load_instruments(only=["background"])["background"].item("age")
GAD7 = load_instruments(only=["gad7"])["gad7"].items[0]
KEY = b"a key that stands outside the repository"


# --- by name ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "columns"),
    {
        "an IP address": ["IPAddress", "ip", "ipaddr", "Ip_1", "IP-Adresse"],
        "an e-mail address": ["RecipientEmail", "email_2", "E-Mail-Adresse", "Correo electrónico", "courriel", "mail"],
        "a name": ["RecipientFirstName", "last_name", "Q5 name", "Vorname", "Nachname", "Prénom", "apellidos", "cognome",
                   "voornaam", "Imię", "имя", "姓名", "partner_name", "Username", "full name"],
        "a phone number": ["Handynummer", "phone", "Telefonnummer", "mobile", "numéro de téléphone", "celular"],
        "a place": ["LocationLatitude", "longitude", "PLZ", "zip", "Postcode", "código postal", "home address", "geo_lat"],
        "a device or a browser": ["UserAgent", "browser_language", "device_fingerprint"],
        "where somebody came from": ["refurl", "Referrer", "ExternalReference"],
        "a platform or panel id": ["ResponseId", "PROLIFIC_PID", "workerId", "session_id", "token", "record_id", "SESSION_ID"],
    }.items(),
)  # fmt: skip
def test_columns_are_known_by_their_names_in_many_languages(kind: str, columns: list[str]) -> None:
    assert {column: named(column) for column in columns} == dict.fromkeys(columns, kind)


@pytest.mark.parametrize(
    "column",
    ["gad7_01", "how_long", "mobile_use", "redcap_event_name", "submitdate", "UserLanguage", "consent", "Finished",
     "relationship_status", "Duration (in seconds)", "phq8_01", "naming", "seed", "startlanguage", "gender", "Q3"],
)  # fmt: skip
def test_columns_of_a_questionnaire_are_not(column: str) -> None:
    assert named(column) == "" and not tells_birth(column)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is your first name?", "a name"), ("Please enter your e-mail address to take part", "an e-mail address"),
        ("Wie ist deine Telefonnummer?", "a phone number"), ("What is your postal code?", "a place"),
        ("How often do you use your phone?", "a phone number"),  # better one column too many than one too few
        ("How often did you feel left out?", ""), ("Which of these names do you like?", ""),
    ],
)  # fmt: skip
def test_a_question_that_asks_for_it_is_known_too(question: str, kind: str) -> None:
    assert named("Q7", question) == kind


def test_a_day_of_birth_is_told_from_a_year() -> None:
    assert all(map(tells_birth, ["dob", "Geburtsdatum", "date_of_birth", "Fecha de nacimiento", "birthday"]))
    assert not tells_birth("year_of_birth") and not tells_birth("StartDate")


# --- by content ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "texts"),
    {
        "an e-mail address": ["ann@example.org", "please write to Ann.B+x@mail.example.co.uk thanks", "anna(at)web.de"],
        "an IP address": ["192.168.7.12", "seen from 10.0.0.1", "2001:db8::7334", "fe80::1ff:fe23:4567:890a"],
        "a phone number": ["+44 7700 900123", "(555) 123-4567", "555-0142", "0151 23456789", "01512345678", "0044 20 7946 0958",
                           "call me: 555 123 4567"],
        "a place": ["52.5200, 13.4050", "52°31'12\"N"],
        "a platform or panel id": ["R_1F3bzU7bH2MFGx1", "5f3c9e2b1a4d7c0012ab34cd", "A1B2C3D4E5F6G7",
                                   "123e4567-e89b-12d3-a456-426614174000"],
        "a device or a browser": ["Mozilla/5.0 (X11; Linux x86_64)", "00:1B:44:11:3A:B7"],
        "a web address": ["https://survey.example.org/?pid=7", "www.example.org"],
        "a bank account": ["DE89 3704 0044 0532 0130 00"],
        "a name on a social network": ["@ann_k"],
    }.items(),
)  # fmt: skip
def test_cells_are_known_by_what_they_hold(kind: str, texts: list[str]) -> None:
    assert {text: told_by(text) for text in texts} == dict.fromkeys(texts, kind)


@pytest.mark.parametrize(
    "text",
    ["3", "-99", "2.5", "1,2,3,4", "several times a week", "2020-05-15 06:34:11", "18/05/2020 05:33", "12:30:05", "1990",
     "1990-2000", "20.000 - 29.999", "€10,000-€19,999", "more than 3 times", "0-1", "3.14159", "n/a", "strongly agree (5)",
     "30 to 60 minutes", "not at all", "2026/03/05 9:14:02 AM GMT+1", "100000", "15.05.2020 - 20.05.2020"],
)  # fmt: skip
def test_answers_are_not(text: str) -> None:
    assert told_by(text) == ""


def test_a_column_that_nothing_claims_is_judged_as_a_whole() -> None:
    assert tells_in_column(["1", "2", "5551234567"]) == "long numbers, such as phone numbers or ids"
    assert tells_in_column(["52.52437", "48.85661", "-33.86785"]) == "numbers that look like coordinates"
    assert tells_in_column(["1", "2", "3.25", "610"]) == ""


# --- free text -------------------------------------------------------------------------------------------------------


def test_a_text_that_one_person_alone_wrote_is_free_text() -> None:
    assert free_text(["a", "b"], [30, 25]) == ""
    assert "1 of its answers was given by one person alone" in free_text(["a", "b", "my boss"], [30, 25, 1])
    assert free_text(["yes", "no"], [1, 1]) == "" and free_text(["3", "1,2", "1999"], [1, 1, 1]) == ""
    assert free_text(["a", "b", "rare choice"], [30, 25, 1], declared=["Rare choice"]) == ""
    assert "different answers" in free_text([f"text {i}" for i in range(30)], [2] * 30)


# --- dates of birth --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "year"),
    [("1990-05-04", "1990"), ("04.05.1990", "1990"), ("5/4/90", "1990"), ("4-5-05", "2005"), ("1990", "1990"),
     ("4 May 1990", "1990"), ("May 1990", "1990"), ("1990-05-04 00:00:00", "1990"), ("in spring", None), ("34", None)],
)  # fmt: skip
def test_dates_of_birth_are_cut_to_years(text: str, year: str | None) -> None:
    assert birth_year(text, 2026) == year


def test_days_long_before_the_wave_are_taken_for_births() -> None:
    assert looks_like_birth(["1990-05-04", "1985-01-01"], 2026)
    assert not looks_like_birth(["2026-01-05", "2026-01-06"], 2026)
    assert not looks_like_birth(["1990-05-04 10:00", "1985-01-01 10:00"], 2026) and not looks_like_birth(["1990"], 2026)


# --- a whole export --------------------------------------------------------------------------------------------------


def table(**columns: list[str]) -> dict[str, Column]:
    rows = np.arange(2, 2 + len(next(iter(columns.values()))))
    found = {}
    for name, cells in columns.items():
        texts = tuple(dict.fromkeys(cells))
        found[name] = Column(name, texts, np.array([texts.index(cell) for cell in cells]), rows)
    return found


def cleaned(columns: dict[str, Column], **settings: object) -> Cleaned:
    given = {"participant": "id", "stored_ids": ["x", "y", "z"], "hashed": True, "items": {"age": [AGE]}, "platform": {},
             "technical": [], "questions": {}, "choices": {}, "keep_text": [], "collected": 2026} | settings  # fmt: skip
    return clean(columns, **given)


PEOPLE = {"id": ["p1000", "p2000", "p3000"], "age": ["20", "30", "40"]}


def test_what_stays_and_what_leaves_and_why() -> None:
    found = cleaned(
        table(**PEOPLE, FirstName=["Ann", "Bo", "Cyd"], Q9=["ann@example.org", "", ""], dob=["1990-05-04", "1.2.1991", ""],
              began=["2026-01-05 10:11", "2026-01-05 10:15", "2026-01-06 09:00"], note=["fine", "I met Zoe", ""], arm=["1", "2", "1"])
    )  # fmt: skip
    assert list(found.columns) == ["id", "age", "year_of_birth", "began", "arm"]
    assert found.columns["id"] == ["x", "y", "z"] and found.columns["year_of_birth"] == ["1990", "1991", ""]
    assert found.columns["began"] == ["2026-01-05", "2026-01-05", "2026-01-06"]
    reasons = {entry["column"]: entry["reason"] for entry in found.dropped}
    assert reasons == {
        "FirstName": "a name, by the column's name",
        "Q9": "an e-mail address, by what its cells hold",
        "dob": "exact dates of birth; the year was kept, as year_of_birth",
        "began": "the time of day; the day was kept",
        "note": "free text: 2 of its answers were given by one person alone",
    }
    assert found.problems == []


@pytest.mark.parametrize(
    ("name", "cells", "kept", "reason"),
    [
        ("dob", ["1990-05-04", "in spring", "1.2.1991"], None, "dates of birth that could not be cut to a year"),
        ("birthday", ["1990", "", "1991"], ["1990", "", "1991"], None),  # years already: nothing is taken away
        ("began", ["Mar 2, 2026 10:15:31"] * 3, None, "time stamps that could not be cut to a day"),
        ("began", ["Mon 02 Mar 2026 10:15", "", "Tue 03 Mar 2026 9:05"], None, "time stamps that could not be cut to a day"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_shortened_leave(
    name: str, cells: list[str], kept: list[str] | None, reason: str | None
) -> None:
    found = cleaned(table(**PEOPLE, **{name: cells}), technical=["began"])
    assert found.columns.get(name) == kept and "1990-05-04" not in str(found.columns)
    assert [entry["reason"] for entry in found.dropped] == ([reason] if reason else [])


def test_the_years_of_two_dates_of_birth_take_the_place_of_no_other_column() -> None:
    dates = {"dob": ["1990-05-04", "1.2.1991", ""], "year_of_birth": ["1960", "1961", "1962"]}
    found = cleaned(table(**PEOPLE, **dates))
    assert found.columns["year_of_birth"] == dates["year_of_birth"] and found.columns["dob_year"] == [
        "1990",
        "1991",
        "",
    ]
    assert [e["reason"] for e in found.dropped] == ["exact dates of birth; the year was kept, as dob_year"]


def test_a_column_of_ids_whose_name_tells_who_somebody_is_has_to_be_renamed() -> None:
    columns = table(**{"ann@example.org": ["p1", "p2", "p3"]}, age=PEOPLE["age"])
    (problem,) = cleaned(columns, participant="ann@example.org").problems
    assert problem.blocks and problem.cause == "A column's name tells who somebody is"
    assert "ann@example.org" not in problem.sentence()


def test_codes_are_answers_whatever_their_column_is_called() -> None:
    assert "phone_use" in cleaned(table(**PEOPLE, phone_use=["1", "5", "3"])).columns
    assert "phone_use" not in cleaned(table(**PEOPLE, phone_use=["1", "5", "5551234567"])).columns


def test_an_answered_question_is_never_dropped_but_refused_by_row() -> None:
    for cell, kind in [
        ("ann@example.org", "e-mail"),
        ("5551234567", "long number"),
        ("Ann", "a name"),
        ("p1000", "an id"),
    ]:
        columns = table(id=PEOPLE["id"], age=["20", cell, "40"], first_name=["Ann", "Bo", "Cyd"])
        (problem,) = cleaned(columns).problems
        assert problem.blocks and "row 3" in problem.found and kind in problem.found
        assert cell not in problem.sentence()


def test_names_are_looked_for_wherever_else_they_stand() -> None:
    columns = table(
        id=PEOPLE["id"], age=PEOPLE["age"], last_name=["Okonkwo", "Bo", "Cyd"], closest=["okonkwo", "okonkwo", "nobody"]
    )
    found = cleaned(columns, questions={"age": "How old are you, Ms Okonkwo?"})
    assert "closest" not in found.columns
    assert found.secrets.mask("How old are you, Ms Okonkwo?") == "How old are you, Ms […]?"
    assert found.secrets.mask("row 14 of 2026-01-05: 3 to 5") == "row 14 of 2026-01-05: 3 to 5"
    assert found.secrets.mask("ask ann@example.org or +44 7700 900123") == "ask […] or […]"


def test_words_of_the_questionnaire_give_nobody_away() -> None:
    secrets = secrets_of([["Hope Never", "Bo"]], harmless=["never", "always"])
    assert not secrets.found_in("never") and not secrets.found_in("I hope") and secrets.found_in("hope never")


def test_a_column_whose_name_tells_is_shown_by_its_place() -> None:
    found = cleaned(table(**PEOPLE) | table(**{"ann@example.org": ["1", "2", "1"]}))
    assert found.dropped == [{"column": "column 3", "reason": "its name tells who somebody is"}]


def test_free_text_is_kept_when_listed_and_refused_when_it_tells() -> None:
    columns = table(**PEOPLE, note=["fine", "so so", "bad"])
    assert "note" not in cleaned(columns).columns and "note" in cleaned(columns, keep_text=["note"]).columns
    told = cleaned(table(**PEOPLE, note=["fine", "ann@example.org", "bad"]), keep_text=["note"])
    assert "note" not in told.columns
    assert "ann@example.org" not in str(told.problems) + str(told.dropped)


# --- keys and pseudonyms ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)
    return tmp_path


def test_a_pseudonym_is_a_keyed_hash_in_sixteen_digits() -> None:
    assert hashed("007", KEY) == hmac.new(KEY, b"007", hashlib.sha256).hexdigest()[:16]
    assert hash_all(["007", " 007", "7", "a", "A", ""], KEY)[:2] == [hashed("007", KEY)] * 2
    assert len({hashed(text, KEY) for text in ("007", "7", "a", "A")}) == 4 and hash_all([""], KEY) == [""]


def test_a_new_key_is_its_owners_alone_and_is_found_by_its_fingerprint(own_home: Path) -> None:
    key = new_key()
    path = store_key(key, own_home / "study")
    assert path.parent == key_folder() and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_key(fingerprint(key), "w1.yaml") == key
    with pytest.raises(FileExistsError):
        store_key(key, own_home / "study")
    assert len(new_key()) == 64 and new_key() != new_key()


def test_of_several_studies_keys_the_one_with_the_fingerprint_is_found(own_home: Path) -> None:
    keys = [new_key() for _ in range(4)]
    for place, key in enumerate(keys):
        store_key(key, own_home / f"study{place}")
    assert [find_key(fingerprint(key), "w1.yaml") for key in keys] == keys


def test_a_line_end_that_an_editor_added_changes_no_key(own_home: Path) -> None:
    (own_home / "mine.key").write_bytes(KEY + b"\r\n")
    assert read_key(own_home / "mine.key", "here") == KEY


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("study/mine.key", "inside the study's folder"),
        ("tree/deep/mine.key", "inside a git work tree"),
        ("none.key", "names no file"),
    ],
)
def test_a_key_within_reach_of_readers_is_refused(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, place: str, sentence: str
) -> None:
    (own_home / "tree/.git").mkdir(parents=True)
    path = own_home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if "none" not in place:
        path.write_bytes(KEY)
    monkeypatch.setenv("REJSENS_ID_KEY", str(path))
    with pytest.raises(Refused, match=sentence):
        find_key(fingerprint(KEY), "w1.yaml", own_home / "study")


def test_a_key_that_git_carries_along_with_its_folder_is_refused_and_said_to_be_there(own_home: Path) -> None:
    """A home whose settings are kept in git: the key is found, so that nobody looks for a lost one, and not used."""
    path = store_key(KEY, own_home / "study")
    assert find_key(fingerprint(KEY), "w1.yaml") == KEY
    (own_home / "config/.git").mkdir()
    with pytest.raises(Refused, match="inside a git work tree"):
        find_key(fingerprint(KEY), "w1.yaml")
    path.unlink()
    with pytest.raises(Refused, match="the folder for keys lies inside a git work tree"):
        store_key(KEY, own_home / "study")
    assert not list(own_home.rglob("*.key"))


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_folders_of_keys_and_of_releases_are_their_owners_alone(own_home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        remember(History("s1", KEY), Record("r1", 5, {"p": 1}), own_home / "study", "w1")
        store_key(KEY, own_home / "study")
    finally:
        os.umask(before)
    made = [key_folder(), *key_folder().rglob("*")]
    assert len(made) == 6
    assert {path for path in made if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)} == set()


def test_a_link_into_the_study_is_within_reach(own_home: Path) -> None:
    (own_home / "study").mkdir()
    (own_home / "study/real.key").write_bytes(KEY)
    os.symlink(own_home / "study/real.key", own_home / "link.key")
    with pytest.raises(Refused, match="inside the study's folder"):
        read_key(own_home / "link.key", "here", own_home / "study")


def test_short_keys_and_other_keys_are_refused(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_home / "mine.key").write_bytes(b"secret")
    with pytest.raises(Refused, match="too short"):
        read_key(own_home / "mine.key", "here")
    (own_home / "mine.key").write_bytes(KEY)
    monkeypatch.setenv("REJSENS_ID_KEY", str(own_home / "mine.key"))
    with pytest.raises(Refused, match="Another key"):
        find_key(fingerprint(b"another key, long enough"), "w1.yaml")
    monkeypatch.delenv("REJSENS_ID_KEY")
    with pytest.raises(Refused, match="holds no key with the fingerprint"):
        find_key(fingerprint(KEY), "w1.yaml")


def test_waves_of_one_study_state_one_key(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", waves=3)
    for wave, key in (("w1", KEY), ("w2", KEY), ("w3", b"another key, long enough")):
        path = study / f"data/waves/{wave}.yaml"
        content = yaml.safe_load(path.read_text())
        content["participant"]["key_fingerprint"] = fingerprint(key)
        path.write_text(yaml.safe_dump(content))
    with pytest.raises(Refused, match="Different keys for participant ids") as refused:
        load_study(study)
    assert "wave w1 and wave w2" in str(refused.value) and fingerprint(KEY) in str(refused.value)


# --- damaged and unknown ids -----------------------------------------------------------------------------------------


def test_ids_that_a_spreadsheet_damaged_are_named_by_row() -> None:
    ids = ["p1", "1.23E+05", "5,1e+10", "1001.0", "#REF!", "", "NA", "0012", "1E5"]
    found = {p.cause: p for p in reversed(id_problems(ids, range(2, 11), "id"))}
    told = " ".join(p.found for p in id_problems(ids, range(2, 11), "id"))
    assert set(found) == {"Participant ids that a spreadsheet has damaged", "Rows without a participant id"}
    assert "rows 3 and 4" in told and "row 5" in told and "row 6" in told
    assert found["Rows without a participant id"].found == "rows 7 and 8"
    assert "1.23E+05" not in told.replace("such as 1.23E+05", "")


@pytest.mark.parametrize("key", [KEY, None])
def test_ids_that_nobody_knows_and_ids_that_lost_their_zeros(key: bytes | None) -> None:
    known = {hashed(text, key) if key else text for text in ("007", "008", "abc")}
    assert link_problems(["007", "9"], [2, 3], known, key, "id") == ([], 1)
    (lost,), met = link_problems(["7", "8", "9"], [2, 3, 4], known, key, "id")
    assert lost.blocks and "2 ids would be known" in lost.found and "leading zeros" in lost.found and met == 0
    (case,), _ = link_problems(["ABC"], [2], known, key, "id")
    assert "in small letters" in case.found
    (nobody,), _ = link_problems(["x", "y"], [2, 3], known, key, "id")
    assert not nobody.blocks and "0 of 2 ids are known" in nobody.found
    assert link_problems(["x"], [2], set(), key, "id") == ([], 0)
