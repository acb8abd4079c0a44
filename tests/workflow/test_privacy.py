"""Planted names, addresses, numbers, places, days of birth and ids: in no stored wave, result, log, temporary file or sentence.

Every export below holds them where platforms put them, and in odd places: question texts, a header, an answer option, an
answered question, the file's own name, the description of the questions. They are looked for when the wave is added and
the study is run, and when the wave is refused.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet
import pyreadstat
import pytest
import yaml

from rejsens.adding import session, writing
from rejsens.adding.request import request_of
from rejsens.adding.session import How, add_to
from rejsens.problems import Refused
from rejsens.sharing.package import full_package
from rejsens.sharing.writing import FORMATS, write_export
from tests.conftest import rejsens

N = 24
GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
ITEMS = {item: [(i + k) % 4 for i in range(N)] for k, item in enumerate(GAD7)} | {"age": [20 + i for i in range(N)]}
FIRST = [f"Quack{chr(97 + i)}nna" for i in range(N)]
LAST = [f"Ducksworth{chr(97 + i)}" for i in range(N)]
EMAIL = [f"quack.{chr(97 + i)}@example.net" for i in range(N)]
IP = [f"203.0.113.{i + 1}" for i in range(N)]
IPV6 = [f"2001:db8:85a3::8a2e:{i:x}" for i in range(N)]
PHONE = [f"+49 170 55500{i:02}" for i in range(N)]
LATITUDE = [f"52.5162{i:02}" for i in range(N)]
LONGITUDE = [f"13.3777{i:02}" for i in range(N)]
BORN = [f"1987-06-{i + 1:02}" for i in range(N)]
BORN_EUROPEAN = [f"{i + 1:02}.06.1987" for i in range(N)]
PID = [f"c0ffee{i:018x}" for i in range(N)]
RESPONSE = [f"R_Gaggle{i:09}" for i in range(N)]
WORKER = [f"A7EIDER{i:07}" for i in range(N)]
CODE = [f"mallard-{i:03}" for i in range(N)]  # a study's own id, which is hashed like any other
WORDS = [f"my boss, Mr Fothergill, shouts at me {i}" for i in range(N)]
URL = [f"https://panel.example.net/?pid=teal{i}" for i in range(N)]
AGENT = [f"Mozilla/5.0 (Gadwall {i})" for i in range(N)]
CANARIES = (
    "quack", "ducksworth", "example.net", "203.0.113.", "2001:db8", "170 555", "170555", "52.5162", "13.3777", "1987-06",
    ".06.1987", "c0ffee0", "gaggle", "a7eider", "mallard-", "fothergill", "teal", "gadwall", "wigeon",
)  # fmt: skip
DAYS = {"dates_from": "2026-03-02", "dates_to": "2026-03-09"}


# --- looking everywhere ----------------------------------------------------------------------------------------------


def texts_of(path: Path) -> Iterator[str]:
    """Everything that a file says, unpacked: tables cell by cell, workbooks and pictures as the text inside."""
    data = path.read_bytes()
    yield data.decode("utf-8", errors="replace")
    yield data.decode("utf-16-le", errors="replace")
    if path.suffix == ".parquet":
        yield str(pyarrow.parquet.read_table(path).to_pydict())
    elif path.suffix == ".sav":
        yield str(pyreadstat.read_sav(path)[0].to_dict()) + str(vars(pyreadstat.read_sav(path)[1]))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            yield from (parts.read(name).decode("utf-8", errors="replace") for name in parts.namelist())
    elif data[:4] == b"%PDF":
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
            with pytest.MonkeyPatch.context():
                try:
                    yield zlib.decompress(stream).decode("latin-1")
                except zlib.error:
                    continue


def found_in(text: str) -> set[str]:
    text = text.casefold()
    return {canary for canary in CANARIES if canary in text}


def canaries_below(folder: Path) -> dict[str, set[str]]:
    """File -> what was planted and stands in it or in its name."""
    hits = {}
    for path in folder.rglob("*"):
        found = found_in(path.name)
        if path.is_file():
            found |= {canary for text in texts_of(path) for canary in found_in(text)}
        if found:
            hits[str(path.relative_to(folder))] = found
    return hits


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """In every form in which the pipeline writes; or the tests below could not fail."""
    frame = pd.DataFrame({"who": [FIRST[0]], "x": [1.0]})
    frame.to_parquet(tmp_path / "a.parquet", compression="zstd")
    frame.to_excel(tmp_path / "b.xlsx", index=False)
    pyreadstat.write_sav(frame, tmp_path / "c.sav", compress=True)
    (tmp_path / "d.log").write_text(f"... {EMAIL[0]} ...")
    (tmp_path / "e.pdf").write_bytes(b"%PDF-1.7\nstream\n" + zlib.compress(IP[0].encode()) + b"\nendstream")
    (tmp_path / f"{LAST[0]}.txt").write_text("")
    (tmp_path / "g.txt").write_text("nothing here")
    assert set(canaries_below(tmp_path)) == {"a.parquet", "b.xlsx", "c.sav", "d.log", "e.pdf", f"{LAST[0]}.txt"}


# --- exports ---------------------------------------------------------------------------------------------------------


def table(columns: dict[str, Sequence[object]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return text.getvalue()


def qualtrics(folder: Path, **more: Sequence[object]) -> tuple[Path, dict[str, Any]]:
    columns = {
        "StartDate": ["2026-01-05 10:11:12"] * N, "EndDate": ["2026-01-05 10:21:12"] * N, "Status": ["IP Address"] * N,
        "IPAddress": IP, "Duration (in seconds)": [600 + i for i in range(N)], "Finished": ["True"] * N, "ResponseId": RESPONSE,
        "RecipientLastName": LAST, "RecipientFirstName": FIRST, "RecipientEmail": EMAIL, "ExternalReference": CODE,
        "LocationLatitude": LATITUDE, "LocationLongitude": LONGITUDE, "PROLIFIC_PID": PID, "Q_Agent_UserAgent": AGENT,
        "Q1": BORN, "Q2": WORDS, "Q3": PHONE, "Q4": [f"{a} {b}" for a, b in zip(FIRST, LAST, strict=True)], "Q5": IPV6, "Q6": URL,
        "Q7": ["1", "2"] * (N // 2), **ITEMS, **more,
    }  # fmt: skip
    questions = {"Q1": "What is your date of birth?", "Q2": "Anything else?", "Q3": "How can we reach you?", "Q4": "Who are you?",
                 "gad7_01": f"Dear {FIRST[3]} {LAST[3]}, you wrote from {EMAIL[3]} and {PHONE[3]}: did you feel on edge, {LAST[3]}?",
                 "Q7": f"Was {FIRST[5]} kind to you?"}  # fmt: skip
    rows = table(columns).splitlines()
    second = table({questions.get(name, name): [] for name in columns}).splitlines()[0]
    third = table({f'{{"ImportId":"{k}"}}': [] for k in range(len(columns))}).splitlines()[0]
    path = folder / f"{FIRST[0]} {LAST[0]}.csv"
    path.write_text("\n".join([rows[0], second, third, *rows[1:]]) + "\n")
    return path, {}


HEAD = (
    'Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Field Note,'
    "Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,"
    "Branching Logic (Show field only if...),Required Field?,Custom Alignment,Question Number (surveys only),Matrix Group Name,"
    "Matrix Ranking?,Field Annotation"
)


def redcap(
    folder: Path, choices: str = "0, never | 1, some days | 2, more days | 3, nearly every day"
) -> tuple[Path, dict[str, Any]]:
    columns = {"record_id": CODE, "first_name": FIRST, "contact": EMAIL, "dob": BORN_EUROPEAN, "remarks": WORDS, "secret": URL, **ITEMS,
               "survey_complete": [2] * N}  # fmt: skip
    fields = [
        f'{item},f,,radio,"Ask {FIRST[2]} ({EMAIL[2]}): {item}","{choices}",call {PHONE[1]},,,,,,,,,,,' for item in GAD7
    ]
    lines = [HEAD, "record_id,f,,text,Record,,,,,,,,,,,,,", f"first_name,f,,text,First name,,e.g. {FIRST[1]},,,,y,,,,,,,",
             "contact,f,,text,Contact,,,,,,y,,,,,,,", "dob,f,,text,Date of birth,,,,,,y,,,,,,,", "age,f,,text,Age,,,,,,,,,,,,,", *fields]  # fmt: skip
    (folder / f"{LAST[4]}.dictionary.csv").write_text("\n".join(lines) + "\n")
    path = folder / "redcap.csv"
    path.write_text(table(columns))
    return path, {"companion": folder / f"{LAST[4]}.dictionary.csv", **DAYS}


def limesurvey(folder: Path) -> tuple[Path, dict[str, Any]]:
    days = ["2026-02-02 09:10:11"] * N
    columns = {"id": list(range(1, N + 1)), "submitdate": days, "lastpage": [1] * N, "startlanguage": ["en"] * N, "seed": [9876543] * N,
               "token": [f"wigeon{i:010}" for i in range(N)], "startdate": days, "datestamp": days, "ipaddr": IP, "refurl": URL, "firstname": FIRST,
               "lastname": LAST, "email": EMAIL, "other": WORDS, **ITEMS}  # fmt: skip
    structure = ["id\trelated_id\tclass\ttype/scale\tname\trelevance\ttext\thelp\tlanguage",
                 *(f"{k}\t\tQ\tL\t{name}\t1\t\"Written by {FIRST[6]}, {EMAIL[6]}: {name}\"\t\ten" for k, name in enumerate(ITEMS))]  # fmt: skip
    (folder / "structure.txt").write_text("\ufeff" + "\n".join(structure) + "\n")
    path = folder / "results.csv"
    path.write_text("\ufeff" + table(columns))
    return path, {"companion": folder / "structure.txt"}


def google(folder: Path) -> tuple[Path, dict[str, Any]]:
    names = {item: f"Over the last two weeks, how often: {item}?" for item in ITEMS}
    columns = {"Timestamp": [f"2026/02/{10 + i % 5} 9:14:{i:02} AM GMT+1" for i in range(N)], "Email Address": EMAIL,
               "What is your full name?": [f"{a} {b}" for a, b in zip(FIRST, LAST, strict=True)], "Your phone number, please": PHONE,
               "When were you born?": BORN_EUROPEAN, "Where do you live (coordinates)?": [f"{a}, {b}" for a, b in zip(LATITUDE, LONGITUDE, strict=True)],
               "Anything that we should know?": WORDS, **{names[item]: cells for item, cells in ITEMS.items()}}  # fmt: skip
    path = folder / "Form responses.csv"
    path.write_text(table(columns))
    return path, {"pairs": [f"{text}={item}" for item, text in names.items()], "participant": "Email Address"}


def formr(folder: Path) -> tuple[Path, dict[str, Any]]:
    days = ["2026-03-02 09:10:11"] * N
    columns = {"session": [f"mallard-{i:03}-XYZ" for i in range(N)], "created": days, "modified": days, "ended": days, "ip": IP,
               "email": EMAIL, "diary": WORDS, **ITEMS}  # fmt: skip
    path = folder / "formr.csv"
    path.write_text(table(columns))
    return path, {}


def spss(folder: Path) -> tuple[Path, dict[str, Any]]:
    frame = pd.DataFrame({"id": CODE, "vorname": FIRST, "strasse": [f"Wigeon Lane {i}" for i in range(N)], "born": BORN, "kind": [1.0, 2.0] * (N // 2)}
                         | {item: [float(v) for v in cells] for item, cells in ITEMS.items()})  # fmt: skip
    labels = {"kind": {1: f"known to {LAST[1]}", 2: "others"}}
    pyreadstat.write_sav(
        frame, folder / "data.sav", variable_value_labels=labels, column_labels={"gad7_02": f"asked by {EMAIL[1]}"}
    )
    return folder / "data.sav", {"participant": "id", **DAYS}


def excel(folder: Path) -> tuple[Path, dict[str, Any]]:
    book = openpyxl.Workbook()
    book.active.title = LAST[0]
    columns = {
        "participant": CODE,
        "Nachname": LAST,
        "mail": EMAIL,
        "bemerkung": WORDS,
        "ort": [f"{a},{b}" for a, b in zip(LATITUDE, LONGITUDE, strict=True)],
        **ITEMS,
    }
    for row in [list(columns), *zip(*columns.values(), strict=True)]:
        book.active.append(list(row))
    book.create_sheet(f"{FIRST[1]} {LAST[1]}")
    book.properties.creator = FIRST[2]
    book.save(folder / "answers.xlsx")
    return folder / "answers.xlsx", DAYS


def semicolon(folder: Path) -> tuple[Path, dict[str, Any]]:
    columns = {"id": CODE, "Name": LAST, "E-Mail": EMAIL, "Telefon": PHONE, "Geburtsdatum": BORN_EUROPEAN, "notiz": WORDS, "worker": WORKER,
               "fuenf": [LAST[0], LAST[1]] * (N // 2), **ITEMS}  # fmt: skip
    path = folder / "tabelle.csv"
    path.write_bytes(table(columns, ";").encode("cp1252"))
    return path, {"participant": "id", **DAYS}


def joined(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "export.csv"
    path.write_text(table({"PROLIFIC_PID": PID, **{item: ITEMS[item] for item in GAD7}}))
    columns = {"Submission id": [f"c0ffee0{i:017x}" for i in range(N)], "Participant id": PID, "Status": ["APPROVED"] * (N - 1) + ["RETURNED"],
               "Started at": ["2026-03-02T10:00:00Z"] * N, "Completed at": ["2026-03-02T10:09:00Z"] * N, "Time taken": [300 + i for i in range(N)],
               "Completion code": ["GADWALL1"] * N, "Age": [30 + i for i in range(N)], "Date of birth": BORN, "Country": ["Narnia"] * N}  # fmt: skip
    (folder / "prolific.csv").write_text(table(columns))
    return path, {"joins": [folder / "prolific.csv"], "participant": "PROLIFIC_PID", **DAYS}


def mturk(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "export.csv"
    path.write_text(table({"workerId": WORKER, **{item: ITEMS[item] for item in GAD7}}))
    columns = {"HITId": [f"3GADWALL{i}" for i in range(N)], "AssignmentId": [f"3TEAL{i}" for i in range(N)], "WorkerId": WORKER,
               "AssignmentStatus": ["Approved"] * N, "AcceptTime": ["Mon Mar 02 10:00:00 PST 2026"] * N, "Answer.age": ITEMS["age"],
               "Answer.comment": WORDS}  # fmt: skip
    (folder / "batch.csv").write_text(table(columns))
    return path, {"joins": [folder / "batch.csv"], "participant": "workerId", **DAYS}


PLATFORMS = (qualtrics, redcap, limesurvey, google, formr, spss, excel, semicolon, joined, mturk)


# --- adding, with every temporary file kept for the search -----------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A study, a home for keys, and a folder in which every temporary file stays."""
    place = SimpleNamespace(raw=tmp_path / "raw", kept=tmp_path / "kept")
    place.study, place.temporary = place.kept / "study", place.kept / "temporary"
    for folder in (place.raw, place.study / "config", place.temporary):
        folder.mkdir(parents=True)
    settings = {
        "study": {"title": "Canaries", "simulated": True},
        "screening": [],
        "out_of_range": "missing",
        "sample_table": ["age"],
        "scores_shown": ["gad7_sum"],
    }
    (place.study / "config/config.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.kept / "home"))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))

    @contextmanager
    def kept_folder(prefix: str = "") -> Iterator[str]:
        yield tempfile.mkdtemp(prefix=prefix)

    monkeypatch.setattr(writing.tempfile, "TemporaryDirectory", kept_folder)
    return place


@pytest.fixture
def add(place: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> Callable[..., SimpleNamespace]:
    def add_(export: Path, name: str = "w1", how: How | None = None, **flags: Any) -> SimpleNamespace:
        capfd.readouterr()
        try:
            code = add_to(place.study, request_of(export=export, name=name, **flags), how or How())
        except Refused as refused:
            code = session.tell(refused)
        said = capfd.readouterr()
        return SimpleNamespace(code=code, said=said.out + said.err)

    return add_


@pytest.mark.parametrize("export", PLATFORMS, ids=lambda function: function.__name__)
def test_nothing_personal_comes_in_with_a_wave(place: SimpleNamespace, add: Callable, export: Callable) -> None:
    path, flags = export(place.raw)
    assert canaries_below(place.raw)
    added = add(path, **flags)
    assert added.code == 0, added.said
    assert found_in(added.said) == set()
    assert canaries_below(place.kept) == {}
    stored = pd.read_csv(place.study / "data/waves/w1.csv", dtype=str)
    assert (
        len(stored) == N
        and stored.iloc[:, stored.columns.str.startswith("gad7_01") | stored.columns.str.contains("gad7_01")]
        .notna()
        .all()
        .all()
    )
    sidecar = yaml.safe_load((place.study / "data/waves/w1.yaml").read_text())
    assert sidecar["participant"]["key_fingerprint"] and len(sidecar["dropped"]) >= 2
    if "1987" in "".join(text for path in place.raw.iterdir() for text in texts_of(path)):
        assert stored["year_of_birth"].tolist() == ["1987"] * N  # of an exact day of birth, the year stays
    listed = {entry["column"] for entry in sidecar["dropped"]}
    said = " ".join(added.said.split())
    assert [name for name in listed if ": " not in name and not name.startswith("column ") and name not in said] == []


def test_nothing_personal_reaches_results_logs_or_the_terminal(place: SimpleNamespace, add: Callable) -> None:
    """Four waves of different platforms, added, checked, compared and run to the last document."""
    said = ""
    for k, export in enumerate((qualtrics, redcap, google, joined), start=1):
        folder = place.raw / str(k)
        folder.mkdir()
        path, flags = export(folder)
        flags |= {"dates_from": f"2026-0{k}-02", "dates_to": f"2026-0{k}-09"}
        if "participant" not in flags and k > 1:
            flags["participant"] = "record_id"
        (folder / "maps.yaml").write_text("replaces: {gad7: planted words differ from platform to platform}\n")
        flags["maps"] = [folder / "maps.yaml"]
        added = add(path, name=f"w{k}", **flags)
        assert added.code == 0, added.said
        said += added.said
    environment = {"XDG_CONFIG_HOME": str(place.kept / "home"), "TMPDIR": str(place.temporary)}
    for words in (("check", "."), ("diff-wave", "w2"), ("run", "--cores", "2")):
        done = rejsens(place.study, *words, **environment)
        said += done.stdout + done.stderr
        assert done.returncode == 0 or words[0] != "run", done.stdout + done.stderr
    package = full_package(place.study, wording=True)
    for name in FORMATS:
        write_export(package, name, place.kept / "exports" / name, place.study)
    assert (place.study / "results/report/index.html").is_file() and list((place.study / "results").rglob("*.parquet"))
    assert found_in(said) == set()
    assert canaries_below(place.kept) == {}


# --- refused ---------------------------------------------------------------------------------------------------------

CELLS = {
    "e-mail": EMAIL[7], "phone": PHONE[7], "dialled": "01705550007", "name": LAST[7], "ip": IP[7], "id": PID[7], "response": RESPONSE[7],
    "born": BORN[7], "place": f"{LATITUDE[7]}, {LONGITUDE[7]}", "words": WORDS[7], "long": "4917055500077",
}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("item", ["gad7_03", "age"])
def test_an_answered_question_with_personal_data_is_refused_unquoted(
    place: SimpleNamespace, add: Callable, kind: str, item: str
) -> None:
    path, flags = qualtrics(place.raw, **{item: [*ITEMS[item][:9], CELLS[kind], *ITEMS[item][10:]]})
    refused = add(path, **flags)
    assert refused.code == 1 and "13" in refused.said  # the row, behind three header rows
    assert found_in(refused.said) == set() and canaries_below(place.kept) == {}
    assert not (place.study / "data/waves/w1.csv").exists()
    drafted = add(path, how=How(draft=True), **flags)
    assert found_in(drafted.said) == set() and canaries_below(place.kept / "home") == {}
    assert canaries_below(place.study) == {}


def headed(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(
        table({"id": CODE, **ITEMS, EMAIL[0]: [1] * N, f"about {LAST[0]}": [2] * N, "last name": LAST}).replace(
            "gad7_05", f"gad7_05 {EMAIL[1]}"
        )
    )
    return path, {"participant": "id", "pairs": [f"gad7_05 {EMAIL[1]}=gad7_05"], **DAYS}


def twice(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{EMAIL[0]}.csv"
    path.write_text(f"id,{EMAIL[0]},{EMAIL[0]}\n{CODE[0]},1,2\n")
    return path, {"participant": "id", **DAYS}


def ragged(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{FIRST[0]}.csv"
    path.write_text(f"id,name,mail\n{CODE[0]},{LAST[0]},{EMAIL[0]},{PHONE[0]}\n{CODE[1]}\n")
    return path, {"participant": "id", **DAYS}


def picture(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{FIRST[0]} {LAST[0]}.csv"
    path.write_bytes(b"%PDF-1.7 " + EMAIL[0].encode())
    return path, {}


def absent(folder: Path) -> tuple[Path, dict[str, Any]]:
    return folder / f"{FIRST[0]} {LAST[0]}.csv", {}


def odd_choices(folder: Path) -> tuple[Path, dict[str, Any]]:
    return redcap(folder, f"0, never | 1, some days | 2, more days | 3, ask {EMAIL[0]}")


def broken_companion(folder: Path) -> tuple[Path, dict[str, Any]]:
    path, flags = redcap(folder)
    flags["companion"].write_text(f"{EMAIL[0]},{LAST[0]}\n1,2\n")
    return path, flags


def kept_words(folder: Path) -> tuple[Path, dict[str, Any]]:
    path, flags = semicolon(folder)
    text = path.read_bytes().replace(b"my boss, Mr Fothergill, shouts at me 3", EMAIL[3].encode())
    path.write_bytes(text)
    return path, flags | {"keep_text": ["notiz"]}


def damaged_ids(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": [*EMAIL[:5], "", "1.23E+05", *EMAIL[7:]], **ITEMS}))
    return path, {"participant": "mail", **DAYS}


def same_person(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": [*EMAIL[:-1], EMAIL[0]], **ITEMS}))
    return path, {"participant": "mail", **DAYS}


def kept_ids(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": EMAIL, **ITEMS}))
    return path, {"participant": "mail", "ids": "keep", **DAYS}


def few_labels(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"id": CODE, **ITEMS, "gad7_02": [f"the wigeon {i // 5}" for i in range(N)]}))
    return path, {"participant": "id", **DAYS}


@pytest.mark.parametrize(
    "export",
    [
        headed,
        twice,
        ragged,
        picture,
        absent,
        odd_choices,
        broken_companion,
        kept_words,
        damaged_ids,
        same_person,
        kept_ids,
        few_labels,
    ],
    ids=lambda function: function.__name__,
)
def test_no_refusal_tells_what_it_refuses(place: SimpleNamespace, add: Callable, export: Callable) -> None:
    path, flags = export(place.raw)
    refused = add(path, **flags)
    assert refused.code in (1, 2), refused.said
    assert "Nothing was written" in refused.said and found_in(refused.said) == set(), refused.said
    assert canaries_below(place.kept) == {}


def test_a_wave_whose_data_would_not_be_simulated_shows_no_more(place: SimpleNamespace, add: Callable) -> None:
    settings = place.study / "config/config.yaml"
    settings.write_text(settings.read_text().replace("simulated: true", "simulated: false"))
    path, flags = qualtrics(place.raw)
    added = add(path, **flags)
    assert added.code == 0 and found_in(added.said) == set() and canaries_below(place.kept) == {}
