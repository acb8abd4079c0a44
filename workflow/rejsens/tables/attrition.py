"""Who of the First Wave Was Absent Later"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.absence import BACKGROUND
from rejsens.layout import Alignment, PrintedTable, grouped
from rejsens.tables._cells import latest, sentence

TABLES = ("attrition", "waves")
COLUMNS = ("In the first wave", "Odds ratio", "p", "n", "Absent")


def lay_out(*, attrition: pd.DataFrame, waves: pd.DataFrame, study: Mapping[str, Any]) -> PrintedTable:
    """The latest wave: the background in one model, then each score beside it."""
    wave = latest(attrition, waves)
    groups: dict[str, list[tuple[str, ...]]] = {
        "Background, in one model": [],
        "Scores, each beside the background": [],
    }
    together, alone = groups
    if not (attrition["model"] == BACKGROUND).any():
        alone = "Scores, each alone"
        groups[alone] = groups.pop("Scores, each beside the background")
    for row in attrition[attrition["wave"] == wave].to_dict("records"):
        groups[together if row["model"] == BACKGROUND else alone].append(_row(row))
    shown = attrition[(attrition["wave"] == wave) & (attrition["status"] != "ok")]
    general = (
        f"Absent: people of the first wave without a row that was kept in wave {wave}. The odds of being absent are "
        "multiplied by the odds ratio for each SD more, or against the answer named last; at 1 nothing differs. "
        f"Brackets hold {apa.level(study['ci_level'])} intervals. The p values are not adjusted for their number.",
        "People who leave may differ from those who stay in what is told here, and in what nobody asked. Weighted "
        "companions of the results over waves, in which those who stay stand for their like who left, are rows of the "
        "table of estimates (inverse probability).",
        "Earlier waves are in attrition.csv.",
        *dict.fromkeys(sentence(f"{row['label']}: {row['status']}") for row in shown.to_dict("records")),
    )
    alignment: tuple[Alignment, ...] = ("left", "right", "right", "right", "right")
    return PrintedTable(title=__doc__, columns=COLUMNS, **grouped(groups), alignment=alignment, general=general)


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    ratio = apa.coefficient(row["odds_ratio"], row["ci_low"], row["ci_high"])
    return (row["label"], ratio, apa.p(row["p"]), apa.count(row["n"] or None), apa.count(row["n_absent"]))
