"""Google Forms: one column per question, headed by the question's text; answers are the texts that were clicked.

The first column is "Timestamp". A line of a multiple-choice grid is headed `Question [Row]` (transpose-publishing/
policies-database issue 36 builds the same heading from the form). Several answers stand in one cell: with semicolons
between in the CSV that Forms itself offers (GravityKit/GravityView pull request 1359), with a comma and a blank between
in the spreadsheet of responses (simile-widgets/ancient-simile-widgets issue 174). Forms has no ids and no time taken: a
study asks for its code in a question of its own, and the page around the form fills in the seconds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from rejsens.simulate.platforms._questionnaire import (
    NO_ANSWER,
    Exported,
    Question,
    alone,
    in_one_cell,
    label_maps,
    questionnaire,
    sittings,
    text_above,
    texts,
    tick_questions,
)
from rejsens.simulate.study import SimulatedWave

CODE = "Your study code"


def downloaded(wave: SimulatedWave, seed: int) -> Exported:
    """Responses downloaded from Forms: everything in quotation marks, semicolons between answers."""

    def moment(time: datetime) -> str:
        return f"{time:%Y/%m/%d} {int(f'{time:%I}')}:{time:%M:%S %p} GMT+1"

    return _exported(wave, seed, moment, ";", csv.QUOTE_ALL)


def sheet(wave: SimulatedWave, seed: int) -> Exported:
    """The spreadsheet of responses saved as CSV: a comma and a blank between answers."""

    def moment(time: datetime) -> str:
        return f"{time.month}/{time.day}/{time.year} {time.hour}:{time:%M:%S}"

    return _exported(wave, seed, moment, ", ", csv.QUOTE_MINIMAL)


def _exported(
    wave: SimulatedWave, seed: int, moment: Callable[..., Any], between: str, quoting: Literal[0, 1]
) -> Exported:
    questions = questionnaire(wave)
    columns = {"Timestamp": [moment(time) for time in sittings(wave, seed).end]}
    columns[CODE] = wave.cells["participant"].tolist()
    headers, multiple = {}, {}
    ticks = tick_questions(questions)
    for question in questions:
        if question.box_of is None:
            heading = _heading(question)
            columns[heading] = texts(wave, question)
            headers[heading] = question.item.id
        elif boxes := ticks.pop(question.box_of, None):
            choices = [box.text[0].upper() + box.text[1:] for box in boxes]
            heading = question.instrument.questions[question.box_of]
            columns[heading] = in_one_cell(wave, boxes, choices, between)
            multiple[heading] = dict(zip(choices, [box.item.id for box in boxes], strict=True))
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    maps = {
        "platform": "google_forms",
        "participant": {"column": CODE},
        "missing_codes": [NO_ANSWER],
        "headers": headers,
        "labels": label_maps(wave, [q for q in questions if not q.box_of]),
        **({"multiple": multiple} if multiple else {}),
    }
    return Exported(text.getvalue().encode(), maps)


def _heading(question: Question) -> str:
    return question.text if alone(question) else f"{text_above(question)} [{question.text}]"
