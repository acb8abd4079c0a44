"""LimeSurvey: question codes or question texts in the header, answer codes or full answers in the cells; and the structure.

From its source (LimeSurvey/LimeSurvey, application/helpers/admin/export/): CsvWriter.php writes a UTF-8 mark, every cell
in quotation marks, carriage returns and a last blank line; its own separator is a semicolon, the export page offers the
comma. Writer.php and SurveyObj.php: a line of an array and a box of a multiple-choice question stand in a column
`question[subquestion]`, in full headings `Question text [Subquestion text]`; a ticked box is Y (in full "Yes"), any
other is empty ("No"), also where the question was left out. Question codes are letters and digits, answer codes have at
most five characters, the lines of one array share their answers. The structure is a tab-separated file with a mark
(manual, "Tab Separated Value survey structure"; export_helper.php, `tsvSurveyExport`): class S, SL, G, Q, SQ or A in each
row, subquestions and answers under their question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.platforms._questionnaire import (
    NO_ANSWER,
    Exported,
    Question,
    alone,
    codes,
    label_maps,
    questionnaire,
    sittings,
    text_above,
    texts,
)
from rejsens.simulate.study import SimulatedWave

DURATION, TOTAL_TIME = "interviewtime", "Total time"
AROUND = {  # code and full heading of what stands around the answers
    "id": "Response ID", "submitdate": "Date submitted", "lastpage": "Last page", "startlanguage": "Start language",
    "seed": "Seed", "token": "Access code", "startdate": "Date started", "datestamp": "Date last action",
}  # fmt: skip
STRUCTURE = (
    "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
    "mandatory", "other", "default", "same_default",
)  # fmt: skip
MARK = "\ufeff"
Arranged = Mapping[str, list[Question]]  # question code -> itself, its lines, or its boxes


def answer_codes(wave: SimulatedWave, seed: int) -> Exported:
    """Headings: question code. Responses: answer codes. Commas."""
    arranged = _arranged(questionnaire(wave))
    names = _codes(arranged)
    cells = {names[q.item.id]: _ticks(wave, q, "Y", "") if q.box_of else codes(wave, q) for q in _all(arranged)}
    maps = {
        "platform": "limesurvey",
        "participant": {"column": "token"},
        "headers": {names[q.item.id]: q.item.id for q in _all(arranged) if alone(q) or q.box_of},
        "labels": {q.item.id: {"Y": 1} for q in _all(arranged) if q.box_of},
    }
    table = {**_around(wave, seed), **_time_last(cells)}
    return Exported(_csv(table, ","), maps, _columns(wave, names), companions={".structure.txt": _structure(arranged)})


def full_answers(wave: SimulatedWave, seed: int) -> Exported:
    """Headings: full question text. Responses: full answers. Semicolons."""
    arranged = _arranged(questionnaire(wave))
    names = _headings(arranged)
    cells = {names[q.item.id]: _ticks(wave, q, "Yes", "No") if q.box_of else texts(wave, q) for q in _all(arranged)}
    maps = {
        "platform": "limesurvey",
        "participant": {"column": AROUND["token"]},
        "delimiter": ";",
        "missing_codes": [NO_ANSWER],
        "headers": {names[q.item.id]: q.item.id for q in _all(arranged)},
        "labels": label_maps(wave, [q for q in _all(arranged) if not q.box_of])
        | {q.item.id: {"Yes": 1, "No": 0} for q in _all(arranged) if q.box_of},
    }
    around = {AROUND[code]: column for code, column in _around(wave, seed).items()}
    table = {**around, **_time_last(cells)}
    return Exported(_csv(table, ";"), maps, companions={".structure.txt": _structure(arranged)})


# --- questions and their codes ---------------------------------------------------------------------------------------


def _arranged(questions: Sequence[Question]) -> dict[str, list[Question]]:
    """Background questions stand alone, boxes under their question, other items in one array for each set of answers."""
    groups: dict[str, list[Question]] = {}
    answers: dict[str, list[object]] = {}
    for question in questions:
        code = question.item.id if alone(question) else question.box_of or _array(question)
        sets = answers.setdefault(code, [])
        if question.choices not in sets:
            sets.append(question.choices)
        letter = "ABCDEFGH"[sets.index(question.choices)].replace("A", "")
        groups.setdefault(re.sub("[^A-Za-z0-9]", "", code) + letter, []).append(question)
    return groups


def _array(question: Question) -> str:
    """An array for each question that is asked of several people or with reasons, one for all other items."""
    return question.instrument.name + (question.item.row_of or "")


def _all(arranged: Arranged) -> list[Question]:
    return [question for members in arranged.values() for question in members]


def _codes(arranged: Arranged) -> dict[str, str]:
    """Item -> heading when headings are codes."""
    found = {}
    for code, members in arranged.items():
        for line, question in enumerate(members, start=1):
            found[question.item.id] = code if alone(question) else f"{code}[SQ{line:03}]"
    return found | {"duration_seconds": DURATION}


def _headings(arranged: Arranged) -> dict[str, str]:
    """Item -> heading when headings are texts."""
    found = {q.item.id: q.text if alone(q) else f"{text_above(q)} [{q.text}]" for q in _all(arranged)}
    return found | {"duration_seconds": TOTAL_TIME}


def _columns(wave: SimulatedWave, names: Mapping[str, str]) -> dict[str, list[str]]:
    """The columns of each instrument in the order in which its items were presented."""
    return {i.name: [names[item] for item in i.columns] for i in wave.instruments if i.scores or i.stem}


# --- files -----------------------------------------------------------------------------------------------------------


def _ticks(wave: SimulatedWave, question: Question, ticked: str, other: str) -> list[str]:
    return [ticked if answer == 1 else other for answer in wave.cells[question.item.id]]


def _around(wave: SimulatedWave, seed: int) -> dict[str, list[str]]:
    sat, n = sittings(wave, seed), len(wave.cells)
    number = {response: str(k) for k, response in enumerate(dict.fromkeys(sat.response), start=1)}
    cells = (
        [number[response] for response in sat.response], list(map(str, sat.end)), ["3"] * n, ["en"] * n,
        ["1147483647"] * n, wave.cells["participant"].tolist(), list(map(str, sat.start)), list(map(str, sat.end)),
    )  # fmt: skip
    return dict(zip(AROUND, cells, strict=True))


def _time_last(cells: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Times stand behind the answers."""
    times = (DURATION, TOTAL_TIME)
    return {n: c for n, c in cells.items() if n not in times} | {n: c for n, c in cells.items() if n in times}


def _csv(table: Mapping[str, list[str]], separator: str) -> bytes:
    lines = [list(table), *map(list, zip(*table.values(), strict=True))]
    quoted = (separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    return (MARK + "\r\n".join(quoted) + "\r\n\r\n").encode()


def _structure(arranged: Arranged) -> bytes:
    """The questionnaire as LimeSurvey exports its structure."""
    rows = [
        {"class": "S", "name": "language", "text": "en"},
        {"class": "SL", "name": "surveyls_title", "text": "A simulated questionnaire", "language": "en"},
        {"id": "1", "class": "G", "type/scale": "1", "name": "Questions", "language": "en"},
    ]
    for number, (code, members) in enumerate(arranged.items(), start=1):
        if members[0].item.id != "duration_seconds":
            rows += _question_rows(str(number), code, members)
    lines = [STRUCTURE, *(tuple(row.get(name, "") for name in STRUCTURE) for row in rows)]
    return (MARK + "".join("\t".join(map(_put, line)) + "\n" for line in lines)).encode()


def _question_rows(number: str, code: str, members: Sequence[Question]) -> list[dict[str, str]]:
    first = members[0]
    kind = "M" if first.box_of else "F" if not alone(first) else "L" if first.choices else "N"
    text = first.text if alone(first) else text_above(first)
    row = {"id": number, "relevance": "1", "language": "en"}
    rows = [{**row, "class": "Q", "type/scale": kind, "name": code, "text": text, "mandatory": "N", "other": "N"}]
    if not alone(first):
        rows += [{**row, "class": "SQ", "name": f"SQ{k:03}", "text": q.text} for k, q in enumerate(members, start=1)]
    if kind in "FL":
        offered = dict(first.choices) | ({MISSING_CODE: NO_ANSWER} if first.instrument.scores else {})
        answer = {**row, "class": "A", "type/scale": "0", "relevance": ""}
        rows += [{**answer, "name": f"{choice:g}", "text": said} for choice, said in offered.items()]
    return rows


def _put(cell: str) -> str:
    """PHP's `fputcsv` puts a cell with a blank, a tab or a quotation mark into quotation marks."""
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[\s"\\]', cell) else cell
