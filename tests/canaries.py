"""Planted names, addresses, numbers, places, days of birth, ids and words: exports of every platform that hold them, and a search.

Every export holds them where platforms put them, and in odd places: question texts, an answer option, the file's own name,
the description of the questions. `EXPORTS` has one for each platform and panel that the software reads.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet
import pyreadstat

from rejsens.importers import PANELS, PLATFORMS

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
URL = [f"https://panel.example.net/?pid=tealduck{i}" for i in range(N)]
AGENT = [f"Mozilla/5.0 (Gadwall {i})" for i in range(N)]
CANARIES = (
    "quack", "ducksworth", "example.net", "203.0.113.", "2001:db8", "170 555", "170555", "52.5162", "13.3777", "1987-06",
    ".06.1987", "c0ffee0", "gaggle", "a7eider", "mallard-", "fothergill", "tealduck", "gadwall", "wigeon", "shoveler",
)  # fmt: skip
DIARY = [f"the shoveler said nothing on day {i}" for i in range(N)]  # words that one wave keeps
KEPT = ("shoveler",)  # stands in the stored wave that was told to keep it, and nowhere else
DAYS = {"dates_from": "2026-03-02", "dates_to": "2026-03-09"}


# --- looking everywhere ----------------------------------------------------------------------------------------------


def texts_of(data: bytes) -> Iterator[str]:
    """Everything that a file says, unpacked: tables cell by cell, pages as they are read, what lies in an archive.

    Letters of figures are drawn as paths: what could stand there is looked for in the tables that they are drawn from.
    """
    yield data.decode("utf-8", errors="replace")
    yield data.decode("utf-16-le", errors="replace")
    yield html.unescape(re.sub(r"<[^<>]*>", "", data.decode("utf-8", errors="ignore")))  # a name may stand across marks
    if data[:4] == b"PAR1":
        yield str(pyarrow.parquet.read_table(io.BytesIO(data)).to_pydict())
    elif data[:4] in (b"$FL2", b"$FL3"):
        yield from _spss_file(data)
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            for name in parts.namelist():
                yield name
                yield from texts_of(parts.read(name))
    elif data[:4] == b"%PDF":
        yield from _pdf(data)


def _spss_file(data: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(suffix=".sav") as file:
        Path(file.name).write_bytes(data)
        frame, meta = pyreadstat.read_sav(file.name)
    yield str(frame.to_dict()) + str(vars(meta))


def _pdf(data: bytes) -> Iterator[str]:
    """Its streams, and its pages as a person reads them where the program for that is at hand: letters are numbers of glyphs."""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        with contextlib.suppress(zlib.error):
            yield zlib.decompress(stream).decode("latin-1")
    if shutil.which("pdftotext"):
        read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=False)
        yield read.stdout.decode("utf-8", errors="replace")


def found_in(text: str, planted: Iterable[str] = CANARIES) -> set[str]:
    text = text.casefold()
    return {canary for canary in planted if canary in text}


def canaries_below(folder: Path, planted: Sequence[str] = CANARIES) -> dict[str, set[str]]:
    """File -> what was planted and stands in it or in its name."""
    hits = {}
    for path in folder.rglob("*"):
        found = found_in(path.name, planted)
        if path.is_file():
            found |= {canary for text in texts_of(path.read_bytes()) for canary in found_in(text, planted)}
        if found:
            hits[str(path.relative_to(folder))] = found
    return hits


# --- exports ---------------------------------------------------------------------------------------------------------


def table(columns: dict[str, Sequence[object]], delimiter: str = ",", newline: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return text.getvalue()


def and_the_others(platform: str, columns: dict[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """The columns, and before the last of them every identifying column that the platform may write beside them."""
    module = (PLATFORMS | PANELS)[platform]
    further = {name: EMAIL for name in module.PERSONAL if name not in columns}
    *first, last = columns
    return {name: columns[name] for name in first} | further | {last: columns[last]}


def qualtrics(folder: Path, **more: Sequence[object]) -> tuple[Path, dict[str, Any]]:
    columns = {
        "StartDate": ["2026-01-05 10:11:12"] * N, "EndDate": ["2026-01-05 10:21:12"] * N, "Status": ["IP Address"] * N,
        "IPAddress": IP, "Duration (in seconds)": [600 + i for i in range(N)], "Finished": ["True"] * N, "ResponseId": RESPONSE,
        "RecipientLastName": LAST, "RecipientFirstName": FIRST, "RecipientEmail": EMAIL, "ExternalReference": CODE,
        "LocationLatitude": LATITUDE, "LocationLongitude": LONGITUDE, "PROLIFIC_PID": PID, "Q_Agent_UserAgent": AGENT,
        "Q1": BORN, "Q2": WORDS, "Q3": PHONE, "Q4": [f"{a} {b}" for a, b in zip(FIRST, LAST, strict=True)], "Q5": IPV6, "Q6": URL,
        "Q7": ["1", "2"] * (N // 2), **ITEMS, **more,
    }  # fmt: skip
    columns = and_the_others("qualtrics", columns)
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
    columns = and_the_others("redcap", columns)
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
    columns = and_the_others("limesurvey", columns)
    structure = ["id\trelated_id\tclass\ttype/scale\tname\trelevance\ttext\thelp\tlanguage",
                 *(f"{k}\t\tQ\tL\t{name}\t1\t\"Written by {FIRST[6]}, {EMAIL[6]}: {name}\"\t\ten" for k, name in enumerate(ITEMS))]  # fmt: skip
    (folder / "structure.txt").write_text("\ufeff" + "\n".join(structure) + "\n")
    path = folder / "results.csv"
    path.write_text("\ufeff" + table(columns))
    return path, {"companion": folder / "structure.txt"}


def google_forms(folder: Path) -> tuple[Path, dict[str, Any]]:
    names = {item: f"Over the last two weeks, how often: {item}?" for item in ITEMS}
    columns = {"Timestamp": [f"2026/02/{10 + i % 5} 9:14:{i:02} AM GMT+1" for i in range(N)], "Email Address": EMAIL,
               "What is your full name?": [f"{a} {b}" for a, b in zip(FIRST, LAST, strict=True)], "Your phone number, please": PHONE,
               "When were you born?": BORN_EUROPEAN, "Where do you live (coordinates)?": [f"{a}, {b}" for a, b in zip(LATITUDE, LONGITUDE, strict=True)],
               "Anything that we should know?": WORDS, **{names[item]: cells for item, cells in ITEMS.items()}}  # fmt: skip
    columns = and_the_others("google_forms", columns)
    path = folder / "Form responses.csv"
    path.write_text(table(columns))
    return path, {"pairs": [f"{text}={item}" for item, text in names.items()], "participant": "Email Address"}


def formr(folder: Path) -> tuple[Path, dict[str, Any]]:
    days = ["2026-03-02 09:10:11"] * N
    columns = {"session": [f"mallard-{i:03}-XYZ" for i in range(N)], "created": days, "modified": days, "ended": days, "ip": IP,
               "email": EMAIL, "diary": WORDS, **ITEMS}  # fmt: skip
    path = folder / "formr.csv"
    path.write_text(table(and_the_others("formr", columns)))
    items = [{"name": name, "label": f"<p>Ask {EMAIL[8]} or {PHONE[8]}: {name}</p>", "choices": None} for name in ITEMS]
    (folder / "items.json").write_text(json.dumps({"items": items}))
    return path, {"companion": folder / "items.json"}


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


def plain(folder: Path) -> tuple[Path, dict[str, Any]]:
    columns = {"id": CODE, "Name": LAST, "E-Mail": EMAIL, "Telefon": PHONE, "Geburtsdatum": BORN_EUROPEAN, "notiz": WORDS, "worker": WORKER,
               "fuenf": [LAST[0], LAST[1]] * (N // 2), "tagebuch": DIARY, **ITEMS}  # fmt: skip
    path = folder / "tabelle.csv"
    path.write_bytes(table(columns, ";").encode("cp1252"))
    return path, {"participant": "id", "keep_text": ["tagebuch"], **DAYS}


def prolific(folder: Path) -> tuple[Path, dict[str, Any]]:
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
    columns = {"HITId": [f"3GADWALL{i}" for i in range(N)], "AssignmentId": [f"3TEALDUCK{i}" for i in range(N)], "WorkerId": WORKER,
               "AssignmentStatus": ["Approved"] * N, "AcceptTime": ["Mon Mar 02 10:00:00 PST 2026"] * N, "Answer.age": ITEMS["age"],
               "Answer.comment": WORDS}  # fmt: skip
    (folder / "batch.csv").write_text(table(columns))
    return path, {"joins": [folder / "batch.csv"], "participant": "workerId", **DAYS}


# name of the platform or panel -> what writes its export and says with which flags it is added
EXPORTS: dict[str, Callable[[Path], tuple[Path, dict[str, Any]]]] = {
    function.__name__: function
    for function in (qualtrics, redcap, limesurvey, google_forms, formr, spss, excel, plain, prolific, mturk)
}
