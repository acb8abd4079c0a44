"""formr: one row per session, one column per item, under the items' own names.

From its source (rubenarslan/formr.org, application/Model/): `SurveyStudy::getResults` begins each row with session,
created, modified, ended and expired; SpreadsheetReader.php writes the table through PHPExcel, every cell in quotation
marks; Item/McMultiple.php joins the ticked choices with a comma and a blank. Seconds come from a `calculate` item.
"""

from __future__ import annotations

import csv
import io

from rejsens.simulate.platforms._questionnaire import (
    Exported,
    codes,
    in_one_cell,
    questionnaire,
    sittings,
    tick_questions,
)
from rejsens.simulate.study import SimulatedWave


def csv_codes(wave: SimulatedWave, seed: int) -> Exported:
    """CSV as formr's results page offers it."""
    questions, sat, n = questionnaire(wave), sittings(wave, seed), len(wave.cells)
    ended = list(map(str, sat.end))
    columns = {
        "session": wave.cells["participant"].tolist(), "created": list(map(str, sat.start)), "modified": ended,
        "ended": ended, "expired": [""] * n,
    }  # fmt: skip
    multiple = {}
    ticks = tick_questions(questions)
    for question in questions:
        if question.box_of is None:
            columns[question.name] = codes(wave, question)
        elif boxes := ticks.pop(question.box_of, None):
            choices = [str(place) for place in range(1, len(boxes) + 1)]
            columns[question.box_of] = in_one_cell(wave, boxes, choices, ", ")
            multiple[question.box_of] = dict(zip(choices, [box.item.id for box in boxes], strict=True))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    maps = {"platform": "formr", "participant": {"column": "session"}}
    return Exported(text.getvalue().encode(), maps | ({"multiple": multiple} if multiple else {}))
