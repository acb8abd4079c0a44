"""An Excel workbook: the answers on the first sheet, under a header row; what somebody noted, on the second.

Written by openpyxl; numbers are numbers, ids are text. A workbook is a zip archive that holds moments of its making
(openpyxl documentation, `openpyxl.packaging.core.DocumentProperties`; APPNOTE of the zip format): all are set to the
wave's last day, so that the same study gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import numpy as np

from rejsens.simulate.platforms._questionnaire import Exported, questionnaire
from rejsens.simulate.study import SimulatedWave


def xlsx(wave: SimulatedWave, seed: int) -> Exported:
    """Codes under the items' names, on the first of two sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    answers = book.active
    answers.title = "Answers"
    questions = questionnaire(wave)
    answers.append(["participant", *(question.name for question in questions)])
    for person, row in zip(
        wave.cells["participant"], wave.cells[[q.item.id for q in questions]].to_numpy(), strict=True
    ):
        answers.append([person, *(None if np.isnan(answer) else int(answer) for answer in row)])
    notes = book.create_sheet("Notes")
    notes.append(["Simulated answers; nobody answered these questions."])
    content = io.BytesIO()
    book.save(content)
    stamped = _stamped(content.getvalue(), date.fromisoformat(wave.declared["to"]))
    return Exported(stamped, {"platform": "excel", "participant": {"column": "participant"}}, suffix=".xlsx")


def _stamped(archive: bytes, day: date) -> bytes:
    """The same archive with every moment set to noon of one day."""
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", f"{day}T12:00:00Z".encode(), data)
            stamp = zipfile.ZipInfo(entry.filename, (day.year, day.month, day.day, 12, 0, 0))
            stamp.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(stamp, data)
    return found.getvalue()
