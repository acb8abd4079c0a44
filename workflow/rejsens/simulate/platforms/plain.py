"""A plain table: one header row, one column per item, codes. With commas, with tabs, or with semicolons and decimal commas.

The last is what `pandas.DataFrame.to_csv(sep=";", decimal=",")` and `write.csv2` of R write, and what a spreadsheet
saves where the comma is the decimal mark (pandas documentation, `DataFrame.to_csv`; R documentation, `write.table`).
"""

from __future__ import annotations

import pandas as pd

from rejsens.simulate.platforms._questionnaire import Exported, codes, questionnaire
from rejsens.simulate.study import SimulatedWave

MAPS = {"platform": "plain", "participant": {"column": "participant"}}


def comma(wave: SimulatedWave, seed: int) -> Exported:
    """UTF-8, commas, one line feed after each row."""
    return Exported(_text(wave, ",").encode(), MAPS)


def tab(wave: SimulatedWave, seed: int) -> Exported:
    """UTF-8, tabs."""
    return Exported(_text(wave, "\t").encode(), {**MAPS, "delimiter": "\t"}, suffix=".tsv")


def semicolon(wave: SimulatedWave, seed: int) -> Exported:
    """Windows-1252, semicolons, decimal commas (3,0), carriage returns."""
    numbers = {question.name: wave.cells[question.item.id] for question in questionnaire(wave)}
    table = pd.DataFrame({"participant": wave.cells["participant"], **numbers})
    text = table.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    maps = {**MAPS, "encoding": "cp1252", "delimiter": ";", "decimal": ","}
    return Exported(text.encode("cp1252"), maps)


def _text(wave: SimulatedWave, delimiter: str) -> str:
    columns = {question.name: codes(wave, question) for question in questionnaire(wave)}
    table = pd.DataFrame({"participant": wave.cells["participant"], **columns})
    return table.to_csv(index=False, sep=delimiter, lineterminator="\n")
