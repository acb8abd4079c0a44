"""REDCap: one row per record, one column per field, and the data dictionary beside it.

Field names are lower-case letters, digits and underscores. A checkbox field has one column `field___code` per choice, 0
or 1, also where nobody answered ("there are exactly three underscores separating the field name and the coded value":
redcapAPI documentation, `exportFieldNames`). Each form brings `form_timestamp` (when it is a survey) and
`form_complete`. Cells may hold labels instead of codes, those of a checkbox "Checked" and "Unchecked", and so may the
header, whatever the cells hold (PyCap and REDCapR: `raw_or_label`, `raw_or_label_headers`): then it has field labels, a
checkbox column `Field label (choice=Choice label)` (vubiostat/redcapAPI issue 301), and "Complete?" for every form. The
dictionary has the 18 columns of the REDCap help page "Data Dictionary", choices written `code, label | code, label`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.platforms._questionnaire import (
    NO_ANSWER,
    Exported,
    Question,
    codes,
    label_maps,
    line_text,
    questionnaire,
    sittings,
    texts,
    tick_questions,
    written,
)
from rejsens.simulate.study import SimulatedWave

FORM = "survey"
DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip


def raw(wave: SimulatedWave, seed: int) -> Exported:
    """Variable names in the header, codes in the cells."""
    return _exported(wave, seed, _code_cells, {})


def labels(wave: SimulatedWave, seed: int) -> Exported:
    """Variable names in the header, labels in the cells."""
    questions = questionnaire(wave)
    ticked = {q.item.id: {"Checked": 1, "Unchecked": 0} for q in questions if q.box_of}
    known = label_maps(wave, [q for q in questions if not q.box_of])
    return _exported(wave, seed, _label_cells, {"missing_codes": [NO_ANSWER], "labels": known | ticked})


def label_headings(wave: SimulatedWave, seed: int) -> Exported:
    """Field labels in the header, labels in the cells: columns have names only in the dictionary beside it."""
    questions = questionnaire(wave)
    table = _around(wave, seed, "Record ID", "Survey Identifier", "Survey Timestamp", "Panel id")
    table |= {_field_label(q): _label_cells(wave, q) for q in questions}
    table["Complete?"] = ["Complete"] * len(wave.cells)
    maps = {"platform": "redcap", "participant": {"column": "panel_id"}, "missing_codes": [NO_ANSWER]}
    return Exported(_csv(table), maps, companions={".dictionary.csv": _dictionary(questions)})


def _exported(wave: SimulatedWave, seed: int, cells: Callable[..., Any], maps: dict[str, Any]) -> Exported:
    questions = questionnaire(wave)
    boxes = _box_codes(questions)
    names = {q.item.id: f"{q.box_of}___{boxes[q.item.id]}" if q.box_of else q.name for q in questions}
    around = _around(wave, seed, "record_id", "redcap_survey_identifier", f"{FORM}_timestamp", "panel_id")
    columns = {names[q.item.id]: cells(wave, q) for q in questions}
    table = {**around, **columns, f"{FORM}_complete": ["2"] * len(wave.cells)}
    maps = {
        "platform": "redcap",
        "participant": {"column": "panel_id"},
        "headers": {names[q.item.id]: q.item.id for q in questions if q.box_of},
        **maps,
    }
    return Exported(_csv(table), maps, companions={".dictionary.csv": _dictionary(questions)})


def _code_cells(wave: SimulatedWave, question: Question) -> list[str]:
    return written(wave.cells[question.item.id].fillna(0)) if question.box_of else codes(wave, question)


def _label_cells(wave: SimulatedWave, question: Question) -> list[str]:
    if not question.box_of:
        return texts(wave, question)
    return written(wave.cells[question.item.id].fillna(0), {0: "Unchecked", 1: "Checked"})


def _field_label(question: Question) -> str:
    if not question.box_of:
        return line_text(question)
    return f"{question.instrument.questions[question.box_of]} (choice={question.text})"


def _box_codes(questions: Iterable[Question]) -> dict[str, int]:
    return {q.item.id: k for boxes in tick_questions(questions).values() for k, q in enumerate(boxes, start=1)}


def _around(wave: SimulatedWave, seed: int, *names: str) -> dict[str, list[str]]:
    """Record id, survey identifier, time of submission and the panel's id, under the names that the header gives them."""
    sat = sittings(wave, seed)
    number = {response: str(k) for k, response in enumerate(dict.fromkeys(sat.response), start=1)}
    cells = (
        [number[response] for response in sat.response],
        [""] * len(wave.cells),
        list(map(str, sat.end)),
        wave.cells["participant"].tolist(),
    )
    return dict(zip(names, cells, strict=True))


def _csv(table: dict[str, list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue().encode()


def _dictionary(questions: Sequence[Question]) -> bytes:
    """The data dictionary: one row per field, a tick box question being one field."""
    rows = [_field("record_id", "text", "Record ID"), _field("panel_id", "text", "Panel id")]
    ticks = tick_questions(questions)
    for question in questions:
        if question.box_of:
            if boxes := ticks.pop(question.box_of, None):
                choices: dict[float, str] = {k: box.text for k, box in enumerate(boxes, start=1)}
                label = question.instrument.questions[question.box_of]
                rows.append(_field(question.box_of, "checkbox", label, choices))
        elif question.choices:
            offered = dict(question.choices) | ({MISSING_CODE: NO_ANSWER} if question.instrument.scores else {})
            matrix = question.instrument.name if question.instrument.scores else ""
            rows.append(_field(question.name, "radio", line_text(question), offered, matrix=matrix))
        else:
            rows.append(_field(question.name, "text", question.text, validation="integer"))
    return _csv({name: [row[name] for row in rows] for name in DICTIONARY})


def _field(
    name: str, kind: str, label: str, choices: dict[float, str] | None = None, validation: str = "", matrix: str = ""
) -> dict[str, str]:
    offered = " | ".join(f"{code:g}, {text}" for code, text in (choices or {}).items())
    stated = (name, FORM, "", kind, label, offered, "", validation, *[""] * 7, matrix, "", "")
    return dict(zip(DICTIONARY, stated, strict=True))
