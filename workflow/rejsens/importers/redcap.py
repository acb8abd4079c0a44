"""REDCap: raw data or labels as CSV, and its data dictionary.

The dictionary has 18 columns, one row for each field ("Variable / Field Name", "Form Name", …, "Choices, Calculations, OR
Slider Labels" as `1, Never | 2, Often`, "Identifier?"); the API's own names (`field_name`, …) are read as well. A checkbox
field becomes one column for each choice, `field___code` with three underscores (redcapAPI, `exportFieldNames`), letters of
the code in lower case and `-` as `_` (CHOP-CGTInformatics/REDCapTidieR#32); its cells are 0 and 1, or Unchecked and Checked
(PyCap, `export_records`). Each form ends in `form_complete`: 0 Incomplete, 1 Unverified, 2 Complete.

A repeating instrument gives a person several rows, which is no wave: it is refused. Several events of a longitudinal
project are several waves: export one event at a time, or name the others in the sidecar's `leave_out:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rejsens.importers.cells import answer_text, clean, label_key, name_text, texts_of
from rejsens.importers.companions import companion_rows, not_a_companion, without_markup
from rejsens.importers.model import Head, Layout
from rejsens.problems import Problem, Refused, counted, listed, rows_named

TITLE = "REDCap"
COMPANION = "the data dictionary (CSV)"
IDS = ("record_id", "participant_id", "study_id", "subject_id", "participant", "redcap_survey_identifier")
PERSONAL = {"redcap_survey_identifier": "the invitation's own id, often an e-mail address"}
DATES = None
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()

OWN = {  # REDCap's own columns, and their headings in an export of labels
    "redcap_event_name": "Event Name", "redcap_repeat_instrument": "Repeat Instrument", "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group", "redcap_survey_identifier": "Survey Identifier",
}  # fmt: skip
STATUS = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
BOX = {"0": "Unchecked", "1": "Checked"}
FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}


@dataclass(frozen=True)
class Field:
    """One row of the data dictionary."""

    name: str
    form: str
    type: str
    label: str
    choices: dict[str, str]
    identifies: bool


def recognise(head: Head) -> str:
    own = [name for name in OWN if name in head.names]
    boxes = [name for name in head.names if re.search(r"\w___\w+$", name)]
    forms = [name for name in head.names if name.endswith("_complete")]
    if own:
        return f"column {own[0]} is REDCap's"
    if boxes and forms:
        return f"columns such as {boxes[0]} and {forms[-1]} are named as REDCap does"
    if head.names[:1] == ("record_id",) and forms:
        return f"columns record_id and {forms[-1]} are REDCap's"
    if "Complete?" in head.names and (head.names[0] == "Record ID" or any("(choice=" in n for n in head.names)):
        return "headings such as “Complete?” are those of a REDCap export of labels"
    return ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names; with the dictionary also questions, choices, and which fields identify a person."""
    fields = read_dictionary(companion) if companion else []
    names, notes = list(head.names), []
    if "Complete?" in names or any("(choice=" in name for name in names):
        if not fields:
            raise Refused(_labels_as_headings(head), head.path)
        names = _names_of_headings(names, fields)
        notes.append("headings are labels: columns were named by the data dictionary")
    questions: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    personal: dict[str, str] = {}
    for name, _, field, choice in _columns(fields):
        if name not in names:
            continue
        if field is None:
            choices[name] = STATUS
            continue
        questions[name] = f"{field.label} [{field.choices[choice]}]" if choice is not None else field.label
        choices[name] = (
            _box(head, names.index(name), field.choices[choice]) if choice is not None else field.choices
        ) or {}
        if field.identifies:
            personal[name] = "the data dictionary says that it identifies a person"
    if fields:
        notes.append(f"the data dictionary describes {len(questions)} of {len(names)} columns")
    return Layout(
        tuple(names), questions={n: q for n, q in questions.items() if q}, choices={n: c for n, c in choices.items() if c},
        personal=personal, notes=tuple(notes),
    )  # fmt: skip


def _box(head: Head, column: int, choice: str) -> dict[str, str]:
    """A tick box's two labels; some exports write the choice's own text into a ticked box."""
    seen = {label_key(row[column]) for row in head.rows if column < len(row)}
    return {"0": "", "1": choice} if label_key(choice) in seen else BOX


# --- the data dictionary ---------------------------------------------------------------------------------------------


def read_dictionary(path: Path) -> list[Field]:
    """The fields of a data dictionary, in its order.

    raises   Refused: not a data dictionary; two choices whose columns would bear one name
    """
    rows = companion_rows(path, ",")
    if not rows or not any(key in rows[0] for key in ("variable / field name", "field_name")):
        rows = companion_rows(path, ";")
    if not rows or not any(key in rows[0] for key in ("variable / field name", "field_name")):
        raise Refused(not_a_companion(path, TITLE, COMPANION), str(path))
    fields = [_field(row) for row in rows]
    clashes = [
        f"{field.name}: {listed([c for c in field.choices if box_name(field.name, c) == name])}"
        for field in fields
        if field.type == "checkbox"
        for name in {box_name(field.name, c) for c in field.choices}
        if sum(box_name(field.name, c) == name for c in field.choices) > 1
    ]
    if clashes:
        raise Refused(
            Problem(
                str(path),
                "Two tick boxes with one name",
                f"REDCap names the columns of these choices alike: {listed(clashes)}",
                "",
                "give the choices other codes in REDCap, and export again",
            ),
            str(path),
        )
    return fields


def _field(row: dict[str, str]) -> Field:
    def cell(heading: str, api: str) -> str:
        return clean(row.get(heading) or row.get(api) or "")

    kind = cell("field type", "field_type").casefold()
    written = cell("choices, calculations, or slider labels", "select_choices_or_calculations")
    choices = FIXED.get(kind) or (_choices(written) if kind in ("radio", "dropdown", "checkbox") else {})
    return Field(
        cell("variable / field name", "field_name"), cell("form name", "form_name"), kind,
        without_markup(cell("field label", "field_label")), choices, cell("identifier?", "identifier").casefold() == "y",
    )  # fmt: skip


def _choices(written: str) -> dict[str, str]:
    """Code -> label of `1, Never | 2, Often`.

    >>> _choices("1, Never | -99, Rather not, thanks")
    {'1': 'Never', '-99': 'Rather not, thanks'}
    """
    parts = (part.partition(",") for part in written.split("|"))
    return {clean(code): without_markup(label) for code, comma, label in parts if comma and clean(code)}


def box_name(field: str, code: str) -> str:
    """The column of one choice of a checkbox field.

    >>> box_name("reasons", "-99"), box_name("reasons", "A1")
    ('reasons____99', 'reasons___a1')
    """
    return f"{field}___{re.sub('[^a-z0-9_]', '', code.lower().replace('-', '_'))}"


def _columns(fields: list[Field]) -> Iterator[tuple[str, str, Field | None, str | None]]:
    """Name, heading, field and choice of every column that a dictionary leads to, in the order of the export."""
    for position, field in enumerate(fields):
        if field.type == "checkbox":
            for code, label in field.choices.items():
                yield box_name(field.name, code), f"{field.label} (choice={label})", field, code
        elif field.type not in ("descriptive", "file", "signature"):
            yield field.name, field.label, field, None
        following = fields[position + 1].form if position + 1 < len(fields) else None
        if field.form and field.form != following:
            yield f"{field.form}_complete", "Complete?", None, None


def _names_of_headings(headings: list[str], fields: list[Field]) -> list[str]:
    """Column names for headings that are labels; both stand in the dictionary's order, so equal labels are told apart."""
    expected = [(name, label_key(name_text(heading))) for name, heading, _, _ in _columns(fields)]
    own = {label_key(heading): name for name, heading in OWN.items()}
    names, reached = [], 0
    for heading in headings:
        key = label_key(heading)
        at = next((i for i in range(reached, len(expected)) if expected[i][1] == key), None)
        if at is None:
            names.append(own.get(key, heading))
            continue
        names.append(expected[at][0])
        reached = at + 1
    return names


def _labels_as_headings(head: Head) -> Problem:
    return Problem(
        f"{head.path}, row 1",
        "Labels as column names",
        "the export is headed by field labels, which several columns may share",
        "field names (record_id, …), or the data dictionary beside it",
        "in REDCap choose “CSV / Microsoft Excel (raw data)”, or give the data dictionary with --companion",
    )


# --- what no wave can hold -------------------------------------------------------------------------------------------


def faults(cells: pa.Table, rows: np.ndarray, path: str) -> list[Problem]:
    """Several rows for one person: repeating instruments, and several events."""
    problems: list[Problem] = []
    for column in ("redcap_repeat_instrument", "redcap_repeat_instance"):
        if column in cells.column_names and not problems:
            codes, texts = texts_of(cells[column])
            repeated = rows[np.isin(codes, [i for i, text in enumerate(texts) if answer_text(text)])]
            if len(repeated):
                problems.append(_repeating(path, column, repeated))
    if "redcap_event_name" in cells.column_names:
        codes, texts = texts_of(cells["redcap_event_name"])
        events = sorted({answer_text(texts[i]) for i in np.unique(codes)} - {""})
        if len(events) > 1:
            problems.append(_several_events(path, events))
    return problems


def _repeating(path: str, column: str, rows: np.ndarray) -> Problem:
    return Problem(
        path,
        "A repeating instrument",
        f"{column} is filled in {counted(len(rows), 'row')} ({rows_named(rows.tolist())}): a person has several rows, and no rule says which one counts",
        "one row for each participant",
        "export the instruments that do not repeat, or make each repetition a wave of its own (a report filtered by the repeat instance)",
        cells=tuple(("", int(row)) for row in rows),
    )


def _several_events(path: str, events: list[str]) -> Problem:
    return Problem(
        f"{path} › redcap_event_name",
        "Several events in one export",
        f"{len(events)} events: {listed(events)}",
        "one event, which is one wave",
        "export one event at a time (a report filtered by event), or set the rows of the others aside by `leave_out:` in the sidecar",
    )
