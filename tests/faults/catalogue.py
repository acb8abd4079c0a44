"""The fault catalogue: what goes wrong between a questionnaire and a wave, how it is planted, and what is said of it.

stops            the data or the sidecar shows it for certain: `rejsens check` ends with 1, and a run refuses the study
set aside        it is in a family of hypotheses: `rejsens check` ends with 1, and a run goes on without the family
worth a look     the data can only make it likely: it is told with its evidence and stops nothing
guarded          no file can show it; a declaration does, which is either required or makes the answers come out right
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rejsens.study import load_study
from tests.faults.small_study import (
    A_RSQ,
    GAD7,
    RSES,
    RSES_REVERSED,
    SECRET,
    UCLA3,
    entry,
    sheet,
    sidecar,
    write_bytes,
    yaml_file,
)  # fmt: skip

Plant = Callable[[Path], None]
STOPS, ASIDE, LOOK, GUARDED = "stops", "sets a family aside", "worth a look", "guarded by declaration"


@dataclass(frozen=True)
class Fault:
    """One fault.

    name     what went wrong, as a researcher would say it
    group    where faults of its kind stand in the list
    plant    plants it into the small study (wave w1 is the first, w2 the second)
    says     sentences (or parts of them) that `rejsens check` must print
    kind     STOPS, ASIDE, LOOK or GUARDED
    guard    GUARDED: the declaration, as it is called in the list
    declare  GUARDED: states the declaration; or None when its absence is what is refused, and `says` is said without it
    shows    GUARDED: whether the declaration worked; when None, the scores must be those of the unspoilt study
    """

    name: str
    group: str
    plant: Plant
    says: tuple[str, ...]
    kind: str = STOPS
    guard: str = ""
    declare: Plant | None = None
    shows: Callable[[Path], bool] | None = None


FAULTS: list[Fault] = []


def fault(group: str, name: str, *says: str, **more: Any) -> Callable[[Plant], Plant]:
    """Enter a planting function into the catalogue."""

    def enter(plant: Plant) -> Plant:
        FAULTS.append(Fault(name, group, plant, says, **more))
        return plant

    return enter


# --- small tools -----------------------------------------------------------------------------------------------------


def cells(wave: str, name: str, value: str, *rows: int) -> Plant:
    """Put `value` into cells of one column, by spreadsheet row."""

    def plant(study: Path) -> None:
        with sheet(study, wave) as s:
            for row in rows:
                s.cell(name, row, value)

    return plant


def rename(wave: str, old: str, new: str) -> Plant:
    def plant(study: Path) -> None:
        with sheet(study, wave) as s:
            s.header[s.header.index(old)] = new

    return plant


def states(wave: str, **settings: Any) -> Plant:
    """Add settings to a sidecar (None takes one away)."""

    def plant(study: Path) -> None:
        with sidecar(study, wave) as content:
            content.update(settings)
            for name in [name for name, value in settings.items() if value is None]:
                del content[name]

    return plant


def asks(wave: str, instrument: str, **settings: Any) -> Plant:
    """Add settings to the entry that asks one instrument (None takes one away)."""

    def plant(study: Path) -> None:
        with sidecar(study, wave) as content:
            own = entry(content, instrument)
            own.update(settings)
            for name in [name for name, value in settings.items() if value is None]:
                own.pop(name, None)

    return plant


def config(**settings: Any) -> Plant:
    def plant(study: Path) -> None:
        with yaml_file(study / "config/config.yaml") as content:
            content.update(settings)

    return plant


def hypothesis(**settings: Any) -> Plant:
    def plant(study: Path) -> None:
        with yaml_file(study / "config/hypotheses/loneliness.yaml") as content:
            content["hypotheses"][0].update(settings)

    return plant


def export(wave: str, change: Callable[[bytes], bytes]) -> Plant:
    """Change the bytes of an export."""

    def plant(study: Path) -> None:
        write_bytes(study, wave, change((study / f"data/waves/{wave}.csv").read_bytes()))

    return plant


def both(*plants: Plant) -> Plant:
    def plant(study: Path) -> None:
        for one in plants:
            one(study)

    return plant


def turned(low: int, high: int) -> Callable[[str], Any]:
    return lambda cell: low + high - int(cell)


def moved(by: int) -> Callable[[str], Any]:
    return lambda cell: int(cell) + by


def lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


@contextmanager
def both_waves(study: Path) -> Iterator[Any]:
    with sheet(study, "w1") as first, sheet(study, "w2") as second:
        yield first, second


def enter(group: str, name: str, plant: Plant, *says: str, **more: Any) -> None:
    fault(group, name, *says, **more)(plant)


# --- structure -------------------------------------------------------------------------------------------------------

S = "Structure"
enter(S, "an empty file", export("w1", lambda d: b""), "The export is empty")
enter(S, "a header without answers", export("w1", lambda d: lines(d)[0]), "The export is empty", "no answer row")
enter(S, "a download that was cut off in the middle of a row", export("w1", lambda d: b"".join(lines(d)[:40]) + b"0017,2026"),
      "Rows with too few or too many cells")  # fmt: skip
enter(
    S,
    "a quotation mark that is never closed",
    export("w1", lambda d: d.replace(b"\n", b'\n"', 1)),
    "The export is cut off",
    "quotation mark",
)
enter(
    S,
    "bytes of nothing in the middle of a file",
    export("w1", lambda d: d[:900] + bytes(8) + d[908:]),
    "Zero bytes in the export",
)
enter(
    S,
    "a picture under the name of an export",
    export("w1", lambda d: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    "The export is not a table",
)
enter(
    S,
    "a workbook that is damaged",
    export("w1", lambda d: b"PK\x03\x04" + bytes(200)),
    "the workbook is damaged and cannot be opened",
)
enter(S, "a log-in page saved in place of the export", export("w1", lambda d: b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>Sign in</body></html>\n"),
      "the file is a web page", "log in and download the export again")  # fmt: skip
enter(
    S,
    "an unquoted comma in a text",
    export("w1", lambda d: d.replace(b" 10:", b", 10:", 1)),
    "Rows with too few or too many cells",
)
enter(
    S,
    "the export is missing",
    lambda study: (study / "data/waves/w1.csv").unlink(),
    "A wave's export is missing",
    "w1.csv does not exist",
)
enter(
    S,
    "the sidecar is missing",
    lambda study: (study / "data/waves/w1.yaml").unlink(),
    "A wave without a sidecar",
    "w1.yaml does not exist",
)
enter(
    S,
    "no wave at all",
    lambda study: [f.unlink() for f in (study / "data/waves").iterdir()] and None,
    "No wave to read",
)
enter(S, "the export changed since it was declared", lambda study: (study / "data/waves/w1.csv").write_text((study / "data/waves/w1.csv").read_text() + "x,1\n"),
      "The export changed since its sidecar was written")  # fmt: skip
enter(
    S,
    "two files one under the other, with the header of the second",
    export("w1", lambda d: d + d),
    "The header stands again",
    "row 122",
)
enter(
    S,
    "two files with the same people one under the other",
    export("w1", lambda d: d + b"".join(lines(d)[1:40])),
    "Two rows for one person",
)
enter(S, "a block of rows pasted twice, where repeated people are set aside",
      both(config(screening=[{"id": "d", "label": "Twice", "check": "duplicate_participant", "action": "exclude"}]), export("w1", lambda d: d + b"".join(lines(d)[1:40]))),
      "Rows that stand in the export twice", "39 of 159 rows repeat an earlier row of the same participant", kind=LOOK)  # fmt: skip
enter(S, "a row of totals at the end", export("w1", lambda d: d + b"Total," + b",".join([b"31.5"] * lines(d)[0].count(b",")) + b"\n"),
      "Answers outside the range", "Total (row 122): 31.5")  # fmt: skip
enter(S, "a note under the table", export("w1", lambda d: d + b"end of file" + b"," * lines(d)[0].count(b",") + b"\n"),
      "Rows without an answer", "1 of 121 rows", kind=LOOK)  # fmt: skip
enter(S, "one wave's export under two names", lambda study: (write_bytes(study, "w2", (study / "data/waves/w1.csv").read_bytes())),
      "One export for two waves", "those of wave w1")  # fmt: skip
enter(S, "a declared delimiter that is not the file's", states("w1", delimiter=";"), "The export is not a table")

# --- header ----------------------------------------------------------------------------------------------------------

H = "Header"
enter(
    H,
    "a column that is missing",
    rename("w1", "gad7_03", "other"),
    "Missing columns",
    "gad7_03 is not in the header",
    "What to do",
)
enter(H, "a misspelt column", rename("w1", "gad7_03", "gad7_3"), "Missing columns", "Did you mean “gad7_3”?")
enter(
    H, "no header row", export("w1", lambda d: b"".join(lines(d)[1:])), "The first row does not hold the column names"
)
enter(H, "a spreadsheet's own column names", export("w1", lambda d: b",".join(b"Column%d" % k for k in range(1, 44)).join([b"", b"\n"]) + b"".join(lines(d)[1:])),
      "Missing columns", "gad7_07 are not in the header", "The participant column is missing")  # fmt: skip
enter(H, "two columns of one name", rename("w1", "gad7_02", "gad7_01"), "Two columns with one name", "gad7_01")
enter(
    H,
    "the participant column under another name",
    rename("w1", "id", "ResponseId"),
    "The participant column is missing",
    "“id”",
)
enter(
    H,
    "a header map that names a column that is not there",
    states("w1", headers={"Q99": "age"}),
    "Header map names a column that is not there",
    "“Q99”",
)
enter(H, "a header map that names an unknown item", both(rename("w1", "gad7_01", "Q1"), states("w1", headers={"Q1": "gad7_1"})),
      "Header map names an unknown item", "Did you mean “gad7_01”?")  # fmt: skip
enter(
    H,
    "two columns read as one item",
    states("w1", headers={"gad7_01": "gad7_02", "gad7_02": "gad7_02"}),
    "Two columns read as one item",
)
enter(
    H,
    "one column read as two items",
    asks("w1", "gad7", columns=["gad7_01", *GAD7[:6]]),
    "One column read as two items",
    "“gad7_01”",
)
enter(
    H,
    "a column list of the wrong length",
    asks("w1", "gad7", columns=GAD7[:6]),
    "A column list of the wrong length",
    "6 columns",
    "7 items were asked",
)
enter(
    H,
    "a stored total that is not in the header",
    states("w1", stored_totals={"gad": "gad7_sum"}),
    "“gad” is not in the header",
)
enter(
    H,
    "a stored total of an unknown score",
    states("w1", stored_totals={"age": "gad_sum"}),
    "Unknown scores",
    "Did you mean “gad7_sum”?",
)
enter(H, "a stored total that is not what the items give", states("w1", stored_totals={"age": "gad7_sum"}),
      "Totals that differ from those recomputed", "from gad7_sum recomputed from the items", kind=LOOK)  # fmt: skip
enter(H, "question texts left under the header", export("w1", lambda d: lines(d)[0] + b",".join([b"How often?"] * (lines(d)[0].count(b",") + 1)) + b"\n" + b"".join(lines(d)[1:])),
      "Answers that no label or code explains", "row")  # fmt: skip


@fault(
    H,
    "a column inserted without its name, so that all names stand one too far left",
    "Answers outside the range",
    "Columns look shifted",
    "to the previous question",
)
def _inserted(study: Path) -> None:
    with sheet(study, "w2") as s:
        for row in s.rows:
            row.insert(5, "7")
            row.pop()


@fault(
    H,
    "a column inserted without its name, in the first wave",
    "Answers outside the range",
    "Columns look shifted",
    "from gad7_01 on, would be legal one column to the left",
)
def _inserted_at_first(study: Path) -> None:
    with sheet(study, "w1") as s:
        for row in s.rows:
            row.insert(3, "7")
            row.pop()


@fault(
    H,
    "a column deleted without its name, in the first wave",
    "Columns look shifted",
    "would be legal one column to the right",
)
def _deleted_at_first(study: Path) -> None:
    with sheet(study, "w1") as s:
        for row in s.rows:
            row.append(row.pop(3))


# --- encoding --------------------------------------------------------------------------------------------------------

E = "Encoding"
LABELS = {"gad7": {"nie": 0, "gelegentlich": 1, "häufig": 2, "ständig": 3}}


def _german(study: Path, written: str, **settings: Any) -> None:
    """Answers of the first wave as German labels, written in an encoding; the sidecar maps them."""
    words = ["nie", "gelegentlich", "häufig", "ständig"]
    with sheet(study, "w1") as s:
        s.each(GAD7, lambda cell: words[int(cell)])
    text = (study / "data/waves/w1.csv").read_text()
    write_bytes(study, "w1", text.encode(written))
    with sidecar(study, "w1") as content:
        content.update(labels=LABELS, **settings)


enter(
    E,
    "another encoding than the declared one",
    lambda study: _german(study, "cp1252", encoding="utf-8"),
    "The export cannot be decoded",
    "utf-8",
)
enter(E, "an encoding that does not exist", states("w1", encoding="utf-99"), "utf-99")
enter(
    E,
    "letters broken by a wrong encoding on the way",
    lambda study: write_german_twice_encoded(study),
    "Answers that no label or code explains",
    "gad7_01",
)
enter(
    E,
    "UTF-16 cut off in the middle of a letter",
    both(lambda study: _german(study, "utf-16"), export("w1", lambda d: d[:-1])),
    "it is not utf-16: 1 row with bytes that utf-16 does not have",
)


def write_german_twice_encoded(study: Path) -> None:
    _german(study, "utf-8")
    text = (study / "data/waves/w1.csv").read_text(encoding="utf-8")
    write_bytes(study, "w1", text.encode().decode("latin-1").encode())


@fault(E, "two encodings in one file", "Two encodings in one file", "rows in UTF-8")
def _mixed(study: Path) -> None:
    _german(study, "utf-8")
    data = lines((study / "data/waves/w1.csv").read_bytes())
    data[60:] = [line.decode().encode("cp1252") for line in data[60:]]
    write_bytes(study, "w1", b"".join(data))


# --- type ------------------------------------------------------------------------------------------------------------

T = "Type"
NO_LABEL = "Answers that no label or code explains"
enter(
    T,
    "a text where a number stands",
    cells("w1", "ucla3_02", SECRET, 9),
    NO_LABEL,
    "ucla3_02",
    "1 different answer in 1 cell, row 9",
    "whole numbers 1 to 3",
)
enter(T, "a number spelt out", cells("w1", "gad7_02", "two", 9), NO_LABEL, "gad7_02")
enter(
    T,
    "half an answer",
    cells("w1", "gad7_05", "1.5", 14),
    "Answers outside the range",
    "(row 14): 1.5",
    "whole numbers 0 to 3",
)
enter(T, "a decimal comma that is not declared", cells("w1", "gad7_05", "1,0", 14), "gad7_05")
enter(T, "a number with its unit", cells("w1", "age", "34 years", 11), NO_LABEL, "age")
enter(T, "an open-ended number", cells("w1", "age", "60+", 11), NO_LABEL, "age")
enter(T, "a thousands separator", cells("w1", "duration_seconds", "1.200,5", 11), "duration_seconds")
enter(
    T,
    "true and false for 1 and 0",
    cells("w1", "gad7_01", "TRUE", 11, 12),
    "Truth values where answers should stand",
    "gad7_01",
    "TRUE: 1",
)
enter(T, "a number that is no number to a reader", cells("w1", "gad7_01", "inf", 11), "gad7_01")
enter(T, "a long dash for a minus", cells("w1", "gad7_01", "–1", 11), "gad7_01")

# --- range -----------------------------------------------------------------------------------------------------------

R = "Range"
OUT = "Answers outside the range"
enter(
    R,
    "a number typed twice",
    cells("w1", "gad7_05", "11", 14),
    OUT,
    "gad7_05",
    "(row 14): 11",
    "Allowed: whole numbers 0 to 3 (schemas/instruments/gad7.yaml)",
)
enter(R, "a zero on a scale that begins at 1", cells("w1", "ucla3_01", "0", 5), OUT, "ucla3_01", "(row 5): 0")
enter(R, "a negative answer", cells("w1", "gad7_01", "-1", 5), OUT, "(row 5): -1")
enter(R, "a year of birth in place of an age", cells("w1", "age", "1990", 5), OUT, "age", "(row 5): 1990")
enter(R, "somebody too young to be asked", cells("w1", "age", "15", 5), OUT, "(row 5): 15")
enter(R, "a category that does not exist", cells("w1", "gender", "7", 5), OUT, "gender", "(row 5): 7")
enter(R, "a negative time", cells("w1", "duration_seconds", "-5", 5), OUT, "(row 5): -5")


@fault(R, "a slider from 0 to 100 in place of the scale", OUT, "gad7_01")
def _slider(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each(GAD7, lambda cell: int(cell) * 33)


@fault(
    R, "the codes 1 to 4 of another platform", OUT, "Answers look coded otherwise", "coded 1 to 4 instead of 0 to 3?"
)
def _one_to_four(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(GAD7, moved(1))


@fault(
    R,
    "another platform's codes, one higher, where nobody gave the highest answer",
    "Answers look coded otherwise",
    "nobody gave the lowest code, 0",
    kind=LOOK,
)
def _higher_but_legal(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(GAD7, lambda cell: min(int(cell) + 1, 3))


@fault(R, "a scale in another range than in the wave before", "One score in two metrics", "gad7_sum runs from 7 to 28")
def _two_ranges(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(GAD7, moved(1))
    asks("w2", "gad7", range=[1, 4])(study)


# --- labels ----------------------------------------------------------------------------------------------------------

L = "Labels"
WORDS = ["not at all", "several days", "over half the days", "nearly every day"]


def _labelled(study: Path, *waves: str, **labels: int) -> None:
    for wave in waves:
        with sheet(study, wave) as s:
            s.each(GAD7, lambda cell: WORDS[int(cell)])
        with sidecar(study, wave) as content:
            content["labels"] = {"gad7": {word: code for code, word in enumerate(WORDS)} | labels}


@fault(L, "a new spelling of a label", NO_LABEL, "Did you mean “several days”?")
def _spelling(study: Path) -> None:
    _labelled(study, "w1")
    cells("w1", "gad7_01", "severl days", 7)(study)


@fault(L, "a label in another language", NO_LABEL, "gad7_01")
def _language(study: Path) -> None:
    _labelled(study, "w1")
    cells("w1", "gad7_01", "mehrere Tage", 7)(study)


@fault(L, "a code among labels", NO_LABEL, "gad7_01")
def _code_among_labels(study: Path) -> None:
    _labelled(study, "w1")
    cells("w1", "gad7_01", "1", 7)(study)


@fault(L, "a label map that leads out of the range", OUT, "gad7_01")
def _label_out_of_range(study: Path) -> None:
    _labelled(study, "w1", **{"nearly every day": 4})


@fault(L, "labels that mean other codes than in the wave before", "A known item was recoded")
def _recoded(study: Path) -> None:
    _labelled(study, "w1", "w2")
    with sidecar(study, "w2") as content:
        content["labels"]["gad7"] |= {"not at all": 1, "several days": 0}


@fault(L, "a question reworded under its old name", "A known item was reworded", "gad7_01")
def _reworded(study: Path) -> None:
    for wave, text in (("w1", "Felt nervous in the past two weeks"), ("w2", "Felt nervous in the past year")):
        with sidecar(study, wave) as content:
            content["questions"] = {"gad7_01": text}


enter(L, "a label map for an instrument that was not asked", states("w1", labels={"phq8": {"never": 0}}), "phq8")

# --- ids -------------------------------------------------------------------------------------------------------------

K = "Ids"
DAMAGED = "Participant ids that a spreadsheet has damaged"
enter(K, "a row without an id", cells("w1", "id", "", 12), "Rows without a participant id", "row 12")


@fault(K, "two rows for one person", "Two rows for one person", "(rows 5 and 12)", "duplicate_participant")
def _two_rows(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.cell("id", 12, s.column("id")[3])


@fault(
    K,
    "leading zeros lost in a spreadsheet",
    "Ids that are spelt otherwise in an earlier wave",
    "leading zeros",
    kind=LOOK,
)
def _zeros(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(["id"], lambda cell: cell.lstrip("0"))


@fault(K, "ids as decimal numbers", DAMAGED, "112 ids are written with decimals")
def _decimal_ids(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(["id"], lambda cell: f"{cell}.0")


@fault(K, "ids in other capitals", "Ids that are spelt otherwise in an earlier wave", "112 ids of 112", kind=LOOK)
def _capitals(study: Path) -> None:
    with both_waves(study) as (first, second):
        first.each(["id"], lambda cell: f"p{cell}")
        second.each(["id"], lambda cell: f"P{cell}")


@fault(K, "ids in scientific notation", DAMAGED, "120 ids are written as rounded numbers")
def _scientific(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.put("id", [f"{k + 1}.2E+{10 + k % 7}" for k in range(len(s.rows))])


@fault(
    K,
    "the platform's response ids in place of the panel's",
    "Few people of earlier waves",
    "0 of 112 participants",
    kind=LOOK,
)
def _response_ids(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.put("id", [f"R_{(k * 7919) % 100_003:06}" for k in range(len(s.rows))])


@fault(K, "ids given anew, from 1 upwards", "Few people of earlier waves", "count up without a gap", kind=LOOK)
def _renumbered(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.put("id", [f"n{k}" for k in range(1, len(s.rows) + 1)])


@fault(K, "ids sorted apart from their rows", "Ids that seem to link the wrong people", kind=LOOK)
def _sorted_ids(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.put("id", sorted(s.column("id")))


@fault(K, "ids moved down by one row", "Ids that seem to link the wrong people", kind=LOOK)
def _moved_ids(study: Path) -> None:
    with sheet(study, "w2") as s:
        ids = s.column("id")
        s.put("id", [ids[-1], *ids[:-1]])


@fault(K, "ids hashed with another key", "Another key for participant ids")
def _another_key(study: Path) -> None:
    _with_key(study, "0" * 16)


@fault(K, "ids to be hashed and no key at hand", "The key for participant ids is missing")
def _no_key(study: Path) -> None:
    states("w1", participant={"column": "id", "hash": True, "key_fingerprint": "0" * 16})(study)


def _with_key(study: Path, fingerprint: str) -> None:
    (study.parent / "id.key").write_bytes(b"k" * 32)
    os.environ["REJSENS_ID_KEY"] = str(study.parent / "id.key")  # the test takes it away again
    states("w1", participant={"column": "id", "hash": True, "key_fingerprint": fingerprint})(study)


enter(
    K,
    "one person under two ids",
    states("w1", participant=None),
    "“participant” is not stated",
    kind=GUARDED,
    guard="participant: {column: …}, the same id in every wave",
)

# --- order -----------------------------------------------------------------------------------------------------------

O = "Order"  # noqa: E741
enter(O, "an item order that is not stated", asks("w1", "rses", order=None), "rses does not state `order`", "A and B")
enter(O, "an item order that does not exist", asks("w1", "rses", order="C"), "Unknown item order", "“C”")


@fault(
    O,
    "the other printed order declared",
    "Items that run against their scale",
    "none would under `order: A`",
    kind=LOOK,
)
def _other_order(study: Path) -> None:
    asks("w1", "rses", order="B", columns=RSES)(study)


@fault(O, "columns of a scale moved by one", "Columns look shifted", "to the previous question", kind=LOOK)
def _shifted(study: Path) -> None:
    with sheet(study, "w2") as s:
        names = [*GAD7, *UCLA3][:7]
        s.header[s.header.index(names[0]) : s.header.index(names[-1]) + 1] = [*names[1:], names[0]]


@fault(O, "items of one scale in another order than the questionnaire's", "", kind=GUARDED, guard="columns: […] of the instrument, in the order of the questionnaire",
       declare=asks("w1", "a_rsq", columns=[*A_RSQ[2:], *A_RSQ[:2]]))  # fmt: skip
def _permuted(study: Path) -> None:
    with sheet(study, "w1") as s:
        columns = [s.column(name) for name in A_RSQ]
        for name, values in zip([*A_RSQ[2:], *A_RSQ[:2]], columns, strict=True):
            s.put(name, values)


# --- direction -------------------------------------------------------------------------------------------------------

D = "Direction and reversed items"
enter(
    D,
    "a direction that is not stated",
    asks("w1", "ucla3", anchor_direction=None),
    "ucla3 does not state `anchor_direction`",
)
enter(D, "a direction that is stated the wrong way round", asks("w2", "ucla3", anchor_direction="descending"),
      "A scale that looks turned round", "ucla3", "with the same score of the same", kind=LOOK)  # fmt: skip
enter(D, "a direction that is stated the wrong way round, in the only wave",
      both(lambda study: [(study / f"data/waves/w2.{e}").unlink() for e in ("csv", "yaml")] and None, asks("w1", "ucla3", anchor_direction="descending")),
      "A scale that looks turned round", "ucla3", "positive was expected", kind=LOOK)  # fmt: skip


@fault(
    D,
    "reversed items that the platform had reversed already",
    "Items that run against their scale",
    "the 5 reversed items correlate",
    "stored reversed, and reversed again?",
    kind=LOOK,
)
def _reversed_twice(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each([f"rses_{k:02}" for k in RSES_REVERSED], turned(1, 4))


@fault(
    D,
    "one reversed item that the platform had reversed already",
    "Items that run against their scale",
    "rses_05",
    "reversed item: stored reversed, and reversed again?",
    kind=LOOK,
)
def _one_reversed_twice(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each(["rses_05"], turned(1, 4))


enter(D, "items declared as stored reversed that are not", asks("w1", "rses", already_reversed="all"),
      "Items that run against their scale", "although `already_reversed:` says", kind=LOOK)  # fmt: skip
enter(D, "an item turned round that is not a reversed one", lambda study: _turn(study, "w1", ["rses_02"], 1, 4),
      "Items that run against their scale", "rses_02", "it is not a reversed item", kind=LOOK)  # fmt: skip
enter(
    D,
    "a whole scale turned round",
    lambda study: _turn(study, "w2", GAD7, 0, 3),
    "A scale that looks turned round",
    "gad7_sum",
    kind=LOOK,
)
enter(
    D,
    "acceptance ratings reversed twice",
    lambda study: _turn(study, "w1", A_RSQ[1::2], 1, 6),
    "A scale that looks turned round",
    "a_rsq_expectancy",
    kind=LOOK,
)
enter(
    D,
    "items declared as stored reversed that do not exist",
    asks("w1", "rses", already_reversed=["rses_11"]),
    "Unknown items",
    "rses_11",
)
enter(D, "a scale without reversed items turned round in the only wave, with nothing to compare it with",
      lambda study: _alone(study), kind=GUARDED, guard="anchor_direction: of the instrument",
      declare=asks("w1", "gad7", anchor_direction="descending"))  # fmt: skip


def _turn(study: Path, wave: str, names: list[str], low: int, high: int) -> None:
    with sheet(study, wave) as s:
        s.each(names, turned(low, high))


def _alone(study: Path) -> None:
    """The only wave asks the only scale, and its codes run the other way."""
    for ending in ("csv", "yaml"):
        (study / f"data/waves/w2.{ending}").unlink()
    (study / "config/hypotheses/loneliness.yaml").unlink()
    with sidecar(study, "w1") as content:
        content["instruments"] = [entry(content, "gad7")]
    config(sample_table=[], scores_shown=["gad7_sum"])(study)
    _turn(study, "w1", GAD7, 0, 3)


# --- concern and acceptance ------------------------------------------------------------------------------------------

C = "Concern and acceptance"


@fault(
    C,
    "concern and acceptance columns swapped",
    "Concern and acceptance look swapped",
    "what stands as concern goes with the acceptance ratings of wave w1",
    kind=LOOK,
)
def _swapped(study: Path) -> None:
    with sheet(study, "w2") as s:
        for concern, acceptance in zip(A_RSQ[::2], A_RSQ[1::2], strict=True):
            s.exchange(concern, acceptance)


@fault(
    C,
    "concern and acceptance of one situation swapped",
    "Concern and acceptance look swapped",
    "a_rsq_04_concern and a_rsq_04_acceptance",
    kind=LOOK,
)
def _one_swapped(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.exchange("a_rsq_04_concern", "a_rsq_04_acceptance")


@fault(C, "concern and acceptance swapped in the only wave", "", kind=GUARDED, guard="columns: […] of the instrument, in the order of the questionnaire",
       declare=asks("w1", "a_rsq", columns=[name for pair in zip(A_RSQ[1::2], A_RSQ[::2], strict=True) for name in pair]))  # fmt: skip
def _swapped_in_the_only_wave(study: Path) -> None:
    for ending in ("csv", "yaml"):
        (study / f"data/waves/w2.{ending}").unlink()
    with sheet(study, "w1") as s:
        for concern, acceptance in zip(A_RSQ[::2], A_RSQ[1::2], strict=True):
            s.exchange(concern, acceptance)


@fault(C, "question texts that show the swap", "A known item was reworded")
def _swapped_texts(study: Path) -> None:
    texts = {name: f"{k}: how {'concerned' if 'concern' in name else 'likely'}?" for k, name in enumerate(A_RSQ)}
    exchanged = {name: texts[A_RSQ[k ^ 1]] for k, name in enumerate(A_RSQ)}
    for wave, questions in (("w1", texts), ("w2", exchanged)):
        with sidecar(study, wave) as content:
            content["questions"] = questions


# --- duplicates ------------------------------------------------------------------------------------------------------

U = "Duplicates"


@fault(U, "rows copied under other ids", "Different people with the same answers", "12 of 132 rows", kind=LOOK)
def _copied(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.rows += [[f"9{row[0]}", *row[1:]] for row in s.rows[:12]]


@fault(U, "part of the last wave pasted in", "Answers that stand in another wave too", "20 of 112 rows", kind=LOOK)
def _pasted(study: Path) -> None:
    with both_waves(study) as (first, second):
        answers = {row[0]: row[5:] for row in first.rows}
        for row in second.rows[:20]:
            row[5:] = answers[row[0]]


@fault(U, "the last wave's answers under new ids", "Answers that stand in another wave too", "112 rows", kind=LOOK)
def _old_wave(study: Path) -> None:
    with both_waves(study) as (first, second):
        for new, old in zip(second.rows, first.rows, strict=False):
            new[5:] = old[5:]


@fault(U, "one column copied over another", "Columns that are the same", "gad7_02", kind=LOOK)
def _same_column(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.put("gad7_02", s.column("gad7_01"))


@fault(U, "an instrument asked twice under one name", "An instrument asked twice", "“gad7” stands twice")
def _asked_twice(study: Path) -> None:
    with sidecar(study, "w1") as content:
        content["instruments"].append({"id": "gad7"})


# --- dates -----------------------------------------------------------------------------------------------------------

Z = "Dates"
enter(
    Z,
    "days of collection that run backwards",
    states("w1", collected={"from": "2026-01-11", "to": "2026-01-05"}),
    "Days that run backwards",
)
enter(
    Z,
    "a day that is not in the calendar",
    states("w1", collected={"from": "2026-01-05", "to": "2026-02-30"}),
    "Days that do not exist",
    "“2026-02-30”",
)
enter(
    Z,
    "a date without quotes",
    lambda study: _unquoted(study),
    "w1.yaml › collected › from",
    "a date in quotes, year-month-day",
)
enter(
    Z,
    "days of collection of another wave",
    states("w2", collected={"from": "2026-04-01", "to": "2026-04-07"}),
    "Dates outside the wave",
    "112 rows of 112",
    kind=LOOK,
)
enter(
    Z,
    "waves that overlap",
    states("w2", collected={"from": "2026-01-08", "to": "2026-03-08"}),
    "Waves that overlap in time",
    kind=LOOK,
)
enter(Z, "days of collection that are not stated", states("w1", collected=None), "“collected” is not stated")


def _unquoted(study: Path) -> None:
    path = study / "data/waves/w1.yaml"
    path.write_text(path.read_text().replace("'2026-01-05'", "2026-01-05"))


# --- missing codes ---------------------------------------------------------------------------------------------------

M = "Missing codes"
enter(
    M,
    "a missing code that is not declared",
    cells("w1", "gad7_04", "-99", 5, 6, 7),
    OUT,
    "gad7_04",
    "-99",
    "`missing_codes:`",
)
enter(
    M,
    "a missing word that is not declared",
    cells("w1", "gad7_04", "NA", 5, 6, 7),
    "Words for no answer that are not declared",
    "gad7_04",
    "`missing_codes:`",
)
enter(
    M,
    "an answer declared as missing",
    states("w1", missing_codes=[3]),
    "A missing code that is an answer",
    "3",
    kind=LOOK,
)
enter(
    M,
    "99 for no age",
    cells("w1", "age", "99", 5, 6, 7, 8),
    "A number that looks like a missing code",
    "4 people gave 99",
    kind=LOOK,
)


@fault(
    M, "a column that nobody answered", "Columns that say nothing", "nobody answered 1 item of 7 (gad7_04)", kind=LOOK
)
def _empty_column(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each(["gad7_04"], lambda cell: "")


@fault(M, "rows without any answer", "Rows without an answer", "10 of 120 rows", kind=LOOK)
def _empty_rows(study: Path) -> None:
    with sheet(study, "w1") as s:
        for row in s.rows[:10]:
            row[2:] = [""] * len(row[2:])


# --- several answers in one cell -------------------------------------------------------------------------------------

V = "Several answers in one cell"
BOXES = ["alone", "partner", "children", "relatives", "others"]


def _lives_with(study: Path, **choices: str) -> None:
    """A question with tick boxes, exported as numbers with commas between them."""
    with sheet(study, "w1") as s:
        s.header.append("Q9")
        for k, row in enumerate(s.rows):
            row.append("1" if k % 3 else "2,3")
    with sidecar(study, "w1") as content:
        entry(content, "background")["items"] += [f"lives_with_{box}" for box in BOXES]
        content["multiple"] = {"Q9": {str(k): f"lives_with_{box}" for k, box in enumerate(BOXES, start=1)} | choices}


@fault(V, "a choice that nothing explains", "Choices that `multiple:` does not explain", "Q9")
def _unknown_choice(study: Path) -> None:
    _lives_with(study)
    cells("w1", "Q9", "2,9", 7)(study)


@fault(V, "a choice that stands for an unknown item", "Header map names an unknown item", "“lives_with_cat”")
def _choice_of_nothing(study: Path) -> None:
    _lives_with(study, **{"6": "lives_with_cat"})


@fault(V, "a question of several answers whose column is not there", "Missing columns", "“Q9” is not in the header")
def _no_such_question(study: Path) -> None:
    _lives_with(study)
    rename("w1", "Q9", "Q10")(study)


# --- rows to leave out -----------------------------------------------------------------------------------------------

W = "Rows to leave out"
LEFT_OUT = {"column": "gender", "values": [1, 2], "label": "previews"}
enter(
    W,
    "rows left out by a column that is not there",
    states("w1", leave_out=[LEFT_OUT | {"column": "Status"}]),
    "Missing columns",
    "“Status” is not in the header",
)
enter(W, "every row left out", states("w1", leave_out=[LEFT_OUT]), "No row is left")

# --- damage by a spreadsheet -----------------------------------------------------------------------------------------

X = "Damage by a spreadsheet"
enter(X, "a scale turned into dates", cells("w1", "gad7_02", "01-Feb", 9, 10), "gad7_02", "9")
enter(X, "a scale turned into day numbers", cells("w1", "gad7_02", "46054", 9, 10), "gad7_02", "9")
enter(X, "a formula", cells("w1", "gad7_02", "=B2+1", 9), "gad7_02", "9")
enter(X, "an error of the spreadsheet", cells("w1", "gad7_02", "#REF!", 9), "gad7_02", "9")
enter(
    X, "an error of the spreadsheet that looks like a missing code", cells("w1", "gad7_02", "#N/A", 9), "gad7_02", "9"
)
enter(X, "a column too narrow to show its numbers", cells("w1", "gad7_02", "########", 9), "gad7_02", "9")
enter(X, "an id that is a formula", cells("w1", "id", "=A2", 9), "Formulas in cells", "1 id is a formula", "row 9")
enter(X, "an id that is an error of the spreadsheet", cells("w1", "id", "#REF!", 9), DAMAGED, "row 9")


@fault(X, "a workbook whose scale became dates", "gad7_02", "9")
def _workbook(study: Path) -> None:
    import datetime

    import openpyxl

    with sheet(study, "w1") as s:
        table = [s.header, *s.rows]
    book = openpyxl.Workbook()
    for row in table:
        book.active.append([int(cell) if cell.isdigit() and k > 1 else cell for k, cell in enumerate(row)])
    book.active.cell(9, table[0].index("gad7_02") + 1).value = datetime.datetime(2026, 2, 1)
    path = study / "data/waves/w1.xlsx"
    book.save(path)
    (study / "data/waves/w1.csv").unlink()
    states("w1", file=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest(), platform="excel")(study)


@fault(X, "a column filled down", "Columns that say nothing", "all 120 answers are 2", kind=LOOK)
def _filled_down(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each(["gad7_03"], lambda cell: "2")


@fault(X, "one column sorted by itself", "A column that is sorted by itself", "gad7_03", kind=LOOK)
def _sorted_column(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.put("gad7_03", sorted(s.column("gad7_03")))


# --- people ----------------------------------------------------------------------------------------------------------

P = "People"


@fault(P, "people who grew younger", "Background that cannot have changed so", "4 people", kind=LOOK)
def _younger(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.put("age", [int(age) - 5 if k < 4 and int(age) > 25 else age for k, age in enumerate(s.column("age"))])


@fault(
    P,
    "gender coded the other way round",
    "Background that cannot have changed so",
    "it differs from wave w1 for 112 of 112 people",
    kind=LOOK,
)
def _gender(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(["gender"], turned(1, 2))


@fault(P, "e-mail addresses left in the export", "Personal data in a wave", "contact", "an e-mail address", kind=LOOK)
def _e_mail(study: Path) -> None:
    states("w1", simulated=None)(study)
    with sheet(study, "w1") as s:
        s.header.append("contact")
        for k, row in enumerate(s.rows):
            row.append(f"person{k}@example.org")


@fault(
    P, "e-mail addresses as ids", "Personal data in a wave", "w1.csv, id: the column tells an e-mail address", kind=LOOK
)
def _e_mail_ids(study: Path) -> None:
    states("w1", simulated=None)(study)
    with both_waves(study) as both_sheets:
        for s in both_sheets:
            s.each(["id"], lambda cell: f"person{cell}@example.org")


# --- declarations ----------------------------------------------------------------------------------------------------

Y = "Declarations"


def text(file: str, old: str, new: str) -> Plant:
    def plant(study: Path) -> None:
        content = (study / file).read_text()
        assert old in content, f"{old} is not in {file}"
        (study / file).write_text(content.replace(old, new, 1))

    return plant


CONFIG, SIDECAR, FAMILY = "config/config.yaml", "data/waves/w1.yaml", "config/hypotheses/loneliness.yaml"
enter(
    Y,
    "a misspelt setting",
    text(CONFIG, "scores_shown", "score_shown"),
    "Unknown settings",
    "“score_shown”",
    "Did you mean “scores_shown”?",
)
enter(
    Y,
    "a misspelt key of a sidecar",
    text(SIDECAR, "platform", "plattform"),
    "Unknown settings",
    "Did you mean “platform”?",
)
enter(
    Y,
    "a key twice",
    text(CONFIG, "screening: []", "screening: []\nscreening: []"),
    "not valid YAML",
    "the key “screening” stands twice",
)
enter(Y, "a tab in a sidecar", text(SIDECAR, "title:", "\ttitle:"), "not valid YAML", "line 1")
enter(Y, "a fingerprint that is none", states("w1", sha256="abc"), "w1.yaml › sha256", "SHA-256")
enter(
    Y,
    "an unknown instrument",
    lambda study: _ask(study, {"id": "gad_7"}),
    "Unknown instruments",
    "“gad_7” is not defined",
    "Did you mean “gad7”?",
)
enter(
    Y,
    "an instrument that must not be shipped",
    lambda study: _ask(study, {"id": "cerq"}),
    "Instruments that are not shipped",
    "two item orders circulate",
)
enter(Y, "items that an instrument does not have", asks("w1", "gad7", items=["gad7_08"]), "Unknown items", "gad7_08")
enter(
    Y,
    "a prediction about an unknown score",
    lambda study: _predicting(study, "ucla4"),
    "Predictions that name an unknown score",
    "Did you mean “ucla3”?",
)
enter(Y, "a screening rule for an unknown wave", config(screening=[{"id": "d", "label": "Twice", "check": "duplicate_participant", "action": "flag", "waves": ["w9"]}]),
      "A screening rule for an unknown wave", "“w9”")  # fmt: skip
enter(Y, "a retest of an unknown wave", states("w2", role="retest", retest_of="w9"), "A retest of an unknown wave")
enter(
    Y,
    "a score to be shown that nothing gives",
    config(scores_shown=["gad7_total"]),
    "Names that nothing gives",
    "“gad7_total”",
)
enter(
    Y,
    "an own instrument under a shipped id",
    lambda study: _own_gad7(study),
    "Two instruments with one id",
    "`replaces: gad7`",
)
enter(
    Y,
    "an own instrument whose range its items cannot give",
    lambda study: _own_gad7(study, replaces="gad7", range=[0, 30]),
    "A declared range that the items cannot give",
    "0 to 30",
)
enter(
    Y,
    "an own figure that is not Python",
    lambda study: _own_figure(study),
    "Faults in the study's own figures",
    "line 1 is not Python",
)
enter(
    Y,
    "a change declared of an item that was not asked",
    states("w2", replaces={"gad7_99": "why"}),
    "A declared change of an item that was not asked",
)
enter(Y, "a retest that is not declared as one", states("w2", collected={"from": "2026-01-20", "to": "2026-03-08"}), kind=GUARDED, guard="role: retest, retest_of:",
      declare=states("w2", role="retest", retest_of="w1"), shows=lambda study: load_study(study).wave_numbers["w2"] == 1)  # fmt: skip


def _ask(study: Path, asked: dict[str, Any]) -> None:
    with sidecar(study, "w1") as content:
        content["instruments"].append(asked)


def _predicting(study: Path, score: str) -> None:
    place = study / "schemas/predictions"
    place.mkdir(parents=True)
    (place / "own.yaml").write_text(
        "id: own\ntitle: Own predictions\n"
        f"predictions: [{{id: lonely, score: {score}, with: rses_sum, range: [-0.8, -0.2]}}]\n"
    )


def _own_gad7(study: Path, **more: Any) -> None:
    from rejsens.declarations import SHIPPED

    content = yaml.safe_load((SHIPPED / "schemas/instruments/gad7.yaml").read_text()) | {"examples": []}
    if "range" in more:
        content["scores"][0]["range"] = more.pop("range")
    (study / "schemas/instruments").mkdir(parents=True)
    (study / "schemas/instruments/gad7.yaml").write_text(yaml.safe_dump(content | more))


def _own_figure(study: Path) -> None:
    (study / "figures").mkdir()
    (study / "figures/mine.py").write_text("def draw(:\n")


# --- families of hypotheses ------------------------------------------------------------------------------------------

H = "Families of hypotheses"
AGE = {"name": "age", "type": "number", "varies": False}


def doubted(name: str, plant: Plant, *says: str) -> None:
    enter(H, name, plant, *says, kind=ASIDE)


def _without(key: str, of_family: bool = False) -> Plant:
    def plant(study: Path) -> None:
        with yaml_file(study / FAMILY) as content:
            del (content if of_family else content["hypotheses"][0])[key]

    return plant


def _asked_late(role: str) -> Plant:
    """A scale that only the second wave asks, as moderator or mediator of what both waves ask."""

    def plant(study: Path) -> None:
        with sidecar(study, "w1") as content:
            content["instruments"].remove(entry(content, "rses"))
        asks("w2", "gad7" if role == "mediator" else "rses")(study)
        hypothesis(model={"moderator": "moderation", "mediator": "mediation"}[role], **{role: "rses_sum"})(study)
        if role == "mediator":
            with sidecar(study, "w2") as content:
                content["instruments"].remove(entry(content, "gad7"))

    return plant


def _twice(study: Path) -> None:
    with yaml_file(study / FAMILY) as content:
        content["hypotheses"].append(content["hypotheses"][0])


doubted("a hypothesis about an unknown score", hypothesis(predictor="ucla4"),
        "can be used, but for 1 family of hypotheses that is set aside (loneliness)",
        "Hypotheses that name an unknown score", "Did you mean “ucla3”?")  # fmt: skip
doubted(
    "an unknown score to draw missing answers with",
    text(FAMILY, "title:", "auxiliary: [ucla4]\ntitle:"),
    "Auxiliary variables",
    "Did you mean “ucla3”?",
)
doubted("a hypothesis without a direction", _without("direction"), "“direction” is not stated")
doubted("a family without a correction", _without("correction", of_family=True), "“correction” is not stated", "holm")
doubted("a family that is no YAML", text(FAMILY, "family:", "\tfamily:"), "not valid YAML")
doubted(
    "a family under another file's name",
    text(FAMILY, "family: loneliness", "family: lonely"),
    "File name and family differ",
)
doubted("two hypotheses with one id", _twice, "Two hypotheses with one id", "“L1”")
doubted("a smallest effect of interest of nothing", hypothesis(sesoi=0), "L1 › sesoi", "a number above 0")
doubted("a smallest effect of interest below nothing", hypothesis(sesoi=-0.1), "L1 › sesoi", "a number above 0")
doubted("a smallest effect of interest without an end", hypothesis(sesoi=float("inf")), "a number without an end")
doubted("a claim that the ledger does not hold", hypothesis(claim_ids=["C16", "C48"]), "Hypotheses about an unknown claim",
        "“C48”", "Did you mean")  # fmt: skip
doubted("a quotation of an unknown document", hypothesis(claim={"quotation": "q", "document": "silent-emotional-rejections"}),
        "Quotations of an unknown document", "Did you mean “silent-emotional-rejection”?")  # fmt: skip
doubted("a predictor that is the outcome", hypothesis(predictor="gad7_sum"), "One variable in two roles",
        "“gad7_sum” is the outcome and the predictor")  # fmt: skip
doubted(
    "a covariate that is the predictor",
    hypothesis(predictor="age", covariates=[AGE]),
    "“age” is the predictor and a covariate",
)
doubted("a covariate twice", hypothesis(covariates=[AGE, AGE]), "“age” stands twice among the covariates")
doubted("a category of several answers as a predictor", hypothesis(predictor="gender"), "Categories that would be taken for numbers",
        "the predictor “gender” has 4 answers without an order", "difference_of_groups")  # fmt: skip
doubted("a category of several answers as a number to adjust for", hypothesis(covariates=[AGE | {"name": "gender"}]),
        "a covariate “gender” has 4 answers without an order", "`type: category`")  # fmt: skip
doubted(
    "an answer that nobody can give, to keep to",
    hypothesis(where={"gender": 5}),
    "Answers that nobody can give",
    "L1 › where: “gender” 5",
    "1 (woman)",
)
doubted("groups that are no answers", hypothesis(model="difference_of_groups", predictor="gender", groups=[1, 7]),
        "Answers that nobody can give", "L1 › groups: “gender” 7")  # fmt: skip
doubted("a moderator asked after the outcome", _asked_late("moderator"), "Measured too late for its role",
        "the moderator “rses_sum” is first asked in wave 2, after the outcome in wave 1")  # fmt: skip
doubted("a mediator asked after the outcome", _asked_late("mediator"), "Measured too late for its role",
        "the mediator “rses_sum” is first asked in wave 2, after the outcome in wave 1")  # fmt: skip
doubted("covariates where the model adjusts for none", hypothesis(model="difference_of_groups", predictor="gender", groups=[1, 2], covariates=[AGE]),
        "Settings that a model has no use for", "does not adjust for covariates")  # fmt: skip
