"""Qualtrics: three header rows (names, question texts, ImportIds), then one row per response.

"CSV and TSV files come with 3 rows of headers", and what stands in which column: qualtrics.com/support, "Understanding
Your Dataset". The TSV is UTF-16 with a byte-order mark: readers of it say `fileEncoding = "UTF-16LE"`
(sokolhessnerlab/shlab.imgct, R/load_qualtrics_tsv.R). Several answers to one question stand in one cell with commas
between, as codes or as choice texts; a tick box question and a matrix are one question number each. `Status` and
`Finished` are 0 and 1 in an export of codes, "IP Address" and "True" in one of choice texts; a test of the
questionnaire by its author is a "Survey Preview".
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from rejsens.simulate.platforms._questionnaire import (
    NO_ANSWER,
    Exported,
    Question,
    alone,
    codes,
    in_one_cell,
    label_maps,
    line_text,
    questionnaire,
    sittings,
    texts,
    tick_questions,
)
from rejsens.simulate.study import SimulatedWave

DURATION = "Duration (in seconds)"
# What the platform adds around the questionnaire; columns that would identify a person are not exported.
BEFORE = {
    "StartDate": "Start Date", "EndDate": "End Date", "Status": "Response Type", "Progress": "Progress",
    DURATION: DURATION, "Finished": "Finished", "ResponseId": "Response ID", "panel_id": "panel_id",
}  # fmt: skip
IMPORT_IDS = {DURATION: "duration", "ResponseId": "_recordId", "panel_id": "panel_id"}
AS_CODES = {"IP Address": "0", "Survey Preview": "1", "True": "1"}


def csv_codes(wave: SimulatedWave, seed: int) -> Exported:
    """CSV with codes; the instruments that a wave of the parameter file calls `labelled` as choice texts."""
    labelled = [i.name for i in wave.instruments if i.id in wave.declared.get("labelled", ())]
    return _exported(wave, seed, labelled, text_status=bool(labelled), preview=False)


def csv_texts(wave: SimulatedWave, seed: int) -> Exported:
    """CSV with choice texts throughout, and a preview at the end."""
    return _exported(wave, seed, [i.name for i in wave.instruments], text_status=True, preview=True)


def tsv(wave: SimulatedWave, seed: int) -> Exported:
    """TSV with codes in UTF-16, and a preview at the end."""
    return _exported(wave, seed, [], text_status=False, preview=True, delimiter="\t")


def _exported(
    wave: SimulatedWave, seed: int, labelled: Sequence[str], text_status: bool, preview: bool, delimiter: str = ","
) -> Exported:
    questions = questionnaire(wave)
    names = _names(questions)
    ticks = tick_questions(questions)
    said = {q.item.id: texts if q.instrument.name in labelled else codes for q in questions}
    columns = _around(wave, seed)
    headings = dict(BEFORE)
    import_ids = {name: IMPORT_IDS.get(name, name[0].lower() + name[1:]) for name in BEFORE}
    multiple = {}
    for question in questions:
        name = names[question.item.id]
        if name in columns:
            continue
        import_ids[name] = name if name == question.item.id else f"QID{name.removeprefix('Q')}"
        if question.box_of:
            boxes = ticks[question.box_of]
            choices = _choices(boxes, said[question.item.id])
            columns[name] = in_one_cell(wave, boxes, choices, ",")
            headings[name] = question.instrument.questions[question.box_of]
            multiple[name] = dict(zip(choices, [box.item.id for box in boxes], strict=True))
        else:
            columns[name] = said[question.item.id](wave, question)
            headings[name] = line_text(question, " - ")
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    if preview:
        rows.append(_preview(columns))
    if not text_status:
        for name in ("Status", "Finished"):
            place = list(columns).index(name)
            for row in rows:
                row[place] = AS_CODES[row[place]]
    content = io.StringIO()
    writer = csv.writer(content, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow(headings[name] for name in columns)
    writer.writerow(json.dumps({"ImportId": import_ids[name]}, separators=(",", ":")) for name in columns)
    writer.writerows(rows)
    maps: dict[str, Any] = {"platform": "qualtrics", "participant": {"column": "panel_id"}}
    if delimiter == "\t":
        maps |= {"encoding": "utf-16", "delimiter": "\t"}
    maps["headers"] = {names[q.item.id]: q.item.id for q in questions if alone(q)}
    if labels := label_maps(wave, [q for q in questions if q.instrument.name in labelled and not q.box_of]):
        maps["labels"] = labels
    maps |= {"multiple": multiple} if multiple else {}
    maps |= {"missing_codes": [NO_ANSWER]} if len(labelled) == len(wave.instruments) else {}
    if preview:
        found = "Survey Preview" if text_status else AS_CODES["Survey Preview"]
        maps["leave_out"] = [{"column": "Status", "values": [found], "label": "Previews of the questionnaire"}]
    matrices = {
        q.instrument.name: names[q.item.id].removesuffix("_1") + "_{n}"
        for q in questions
        if q.number == 1 and not alone(q)
    }
    encoded = content.getvalue().encode("utf-16-le" if delimiter == "\t" else "utf-8")
    mark, suffix = (b"\xff\xfe", ".tsv") if delimiter == "\t" else (b"", ".csv")
    return Exported(mark + encoded, maps, matrices, suffix, first_row=4)


def _names(questions: Sequence[Question]) -> dict[str, str]:
    """Item -> column: background questions are Q1, Q2, …; any other instrument is one matrix Qk_1, Qk_2, ….

    A tick box question has the last number: the platform counts questions in the order in which they were made, and
    this one was added to the questionnaire when the others stood.
    """
    names, number, matrices = {}, 0, {}
    for question in questions:
        if question.item.id == "duration_seconds":
            names[question.item.id] = DURATION
        elif alone(question) and not question.item.wording:  # drawn by the platform: a field of embedded data
            names[question.item.id] = question.item.id
        elif alone(question):
            number += 1
            names[question.item.id] = f"Q{number}"
        elif not question.box_of:
            if question.instrument.name not in matrices:
                number += 1
                matrices[question.instrument.name] = number
            names[question.item.id] = f"Q{matrices[question.instrument.name]}_{question.number}"
    for boxes in tick_questions(questions).values():
        number += 1
        names |= {box.item.id: f"Q{number}" for box in boxes}
    return names


def _choices(boxes: Sequence[Question], said: Callable[..., Any]) -> list[str]:
    """A box in a cell: its place as a code, its wording with a capital as a choice text."""
    return [
        str(place) if said is codes else box.text[0].upper() + box.text[1:] for place, box in enumerate(boxes, start=1)
    ]


def _around(wave: SimulatedWave, seed: int) -> dict[str, list[str]]:
    sat, n = sittings(wave, seed), len(wave.cells)
    return {
        "StartDate": list(map(str, sat.start)), "EndDate": list(map(str, sat.end)), "Status": ["IP Address"] * n,
        "Progress": ["100"] * n, DURATION: list(map(str, sat.seconds)), "Finished": ["True"] * n,
        "ResponseId": list(sat.response), "panel_id": wave.cells["participant"].tolist(),
    }  # fmt: skip


def _preview(columns: dict[str, list[str]]) -> list[str]:
    """What the author of the questionnaire clicked while trying it out: the first person's answers, without an id."""
    row = {name: cells[0] for name, cells in columns.items()}
    row |= {"Status": "Survey Preview", "ResponseId": "R_preview00000000", "panel_id": "", DURATION: "41"}
    return list(row.values())
