"""How each survey platform writes a wave: one module per platform, each citing the platform's documentation.

A writer takes a simulated wave and the study's seed and returns `Exported`: the file's bytes, the maps that a sidecar
needs so that the file is read, and what the platform gives beside it. Some platforms write in several ways.
"""

from __future__ import annotations

from collections.abc import Callable

from rejsens.simulate.platforms import formr, google_forms, limesurvey, plain, qualtrics, redcap, spss, workbook
from rejsens.simulate.platforms._questionnaire import Exported
from rejsens.simulate.study import SimulatedWave

WRITERS: dict[str, Callable[[SimulatedWave, int], Exported]] = {
    "plain": plain.comma,
    "tsv": plain.tab,
    "semicolon": plain.semicolon,
    "excel": workbook.xlsx,
    "spss": spss.sav,
    "qualtrics": qualtrics.csv_codes,
    "qualtrics_text": qualtrics.csv_texts,
    "qualtrics_tsv": qualtrics.tsv,
    "redcap": redcap.raw,
    "redcap_labels": redcap.labels,
    "limesurvey": limesurvey.answer_codes,
    "limesurvey_text": limesurvey.full_answers,
    "google_forms": google_forms.downloaded,
    "google_sheets": google_forms.sheet,
    "formr": formr.csv_codes,
}

__all__ = ["WRITERS", "Exported"]
