"""SPSS: a .sav file with variable labels, value labels and user-missing values, written by pyreadstat.

pyreadstat documentation, `write_sav`: `column_labels`, `variable_value_labels`, `missing_ranges` (single values or a
range with `lo` and `hi`), `variable_measure`. The file states the moment of its making in bytes 92 to 108 of its header
(GNU PSPP manual, "System File Format", file header record: creation_date, creation_time); it is set to the wave's last day.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.platforms._questionnaire import NO_ANSWER, Exported, Question, line_text, questionnaire
from rejsens.simulate.study import SimulatedWave

CREATED = slice(92, 109)
MEASURES = {"scale": "ordinal", "number": "scale", "category": "nominal"}


def sav(wave: SimulatedWave, seed: int) -> Exported:
    """Codes with value labels; -99 is user-missing, in our own inventory as a range from -99 to -90."""
    import pyreadstat

    questions = questionnaire(wave)
    table = pd.DataFrame(
        {"participant": wave.cells["participant"], **{q.name: wave.cells[q.item.id] for q in questions}}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wave.sav"
        pyreadstat.write_sav(
            table,
            str(path),
            column_labels={"participant": "Participant", **{q.name: _label(q) for q in questions}},
            variable_value_labels={q.name: _value_labels(q) for q in questions if q.choices},
            missing_ranges={q.name: _missing(q) for q in questions if q.instrument.scores},
            variable_measure={q.name: MEASURES[q.item.type] for q in questions},
        )
        content = bytearray(path.read_bytes())
    day = date.fromisoformat(wave.declared["to"])
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    content[CREATED] = f"{day:%d} {months[day.month - 1]} {day:%y}12:00:00".encode()
    return Exported(
        bytes(content), {"platform": "spss", "participant": {"column": "participant"}}, suffix=".sav", first_row=1
    )


def _label(question: Question) -> str:
    if not question.box_of:
        return line_text(question)
    return f"{question.instrument.questions[question.box_of]} {question.text}"


def _value_labels(question: Question) -> dict[float, str]:
    return dict(question.choices) | ({MISSING_CODE: NO_ANSWER} if question.instrument.scores else {})


def _missing(question: Question) -> list[Any]:
    return [{"lo": MISSING_CODE, "hi": -90.0}] if question.instrument.id.startswith("mreii") else [MISSING_CODE]
