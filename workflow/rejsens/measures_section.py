"""The report's section on each instrument, from the data of :py:mod:`rejsens.assessment`, and its words on validation plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from rejsens import apa, layout
from rejsens.assessment import Assessment, Question, assess_instruments
from rejsens.embedded import image
from rejsens.narrative import counted, sentence
from rejsens.validation_steps import HOLDS, MET, NOT_MET, NOT_PROVIDED, NOT_RUN, OUTSIDE

Figure = Mapping[str, str]
NO_PLAN = "No validation plan names a factor model of this study."


def instruments_section(
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Sequence[Figure]],
    numbers: Mapping[str, str],
) -> list[dict[str, Any]]:
    """What the template prints of each instrument; its own tables and figures are numbered A1, A2, ... through the section.

    figures   instrument -> its figures, as `write_report` takes them
    numbers   printed table of the report -> its number, "Table 7"; only these are referred to
    """
    stems = {name: [figure["stem"] for figure in own] for name, own in figures.items()}
    count = _Count()
    return [
        _instrument(found, figures.get(found.instrument, ()), numbers, count)
        for found in assess_instruments(tables, stems)
    ]


class _Count:
    """Numbers of tables and figures that stand in no list of the report's."""

    def __init__(self) -> None:
        self.tables = self.figures = 0

    def table(self) -> str:
        self.tables += 1
        return f"Table A{self.tables}"

    def figure(self) -> str:
        self.figures += 1
        return f"A{self.figures}"


def _instrument(
    found: Assessment, figures: Sequence[Figure], numbers: Mapping[str, str], count: _Count
) -> dict[str, Any]:
    by_stem = {figure["stem"]: figure for figure in figures}
    return {
        "id": f"instrument-{found.instrument}",
        "title": found.title,
        "summary": found.summary,
        "questions": [_question(found.instrument, question, by_stem, numbers, count) for question in found.questions],
    }


def _question(
    instrument: str, question: Question, figures: Mapping[str, Figure], numbers: Mapping[str, str], count: _Count
) -> dict[str, Any]:
    name = f"{instrument}-{question.name}"
    return {
        "heading": question.heading,
        "sentences": question.sentences,
        "tables": [
            Markup(layout.numbered(layout.to_html(table, f"{name}-{k}"), count.table()))
            for k, table in enumerate(question.tables, start=1)
        ],
        "see": [(table, numbers[table]) for table in question.see if table in numbers],
        "figures": [image(figures[stem], count.figure(), f"{instrument}-{stem}") for stem in question.figures],
    }


def validation_words(validation: pd.DataFrame) -> list[dict[str, Any]]:
    """What became of each plan: a sentence of counts, then every step that is not met or could not run."""
    found = []
    for title, rows in validation.groupby("title", sort=False) if len(validation) else ():
        checks = f"{counted(len(rows), 'check')} in {counted(rows['step'].nunique(), 'step')}"
        open_rows = rows[~rows["outcome"].str.startswith(MET)]
        found.append(
            {
                "title": title,
                "summary": sentence(f"{checks}: {_counts(rows['outcome'])}"),
                "open": [_open(row) for row in open_rows.to_dict("records")],
            }
        )
    return found


def _counts(outcomes: pd.Series) -> str:
    """How many of each outcome, and how many of those met or not met have an interval that holds the guide."""
    said = []
    for outcome in (MET, NOT_MET, NOT_RUN, OUTSIDE, NOT_PROVIDED):
        held = int((outcomes == outcome + HOLDS).sum())
        n = int((outcomes == outcome).sum()) + held
        name = "not provided" if outcome == NOT_PROVIDED else outcome
        said.append(f"{n} {name}" + (f" ({held} with an interval that holds the guide)" if held else "") if n else "")
    return ", ".join(filter(None, said))


def _open(row: Mapping[str, Any]) -> dict[str, str]:
    n = "" if apa.is_missing(row["n"]) else f" (n = {apa.count(row['n'])})"
    part = "" if apa.is_missing(row["part"]) else f"{row['part']}: "
    said = sentence(f"{part}{row['result']}{n}")
    return {"question": row["question"], "outcome": row["outcome"], "said": said, "see": row["where"] or ""}
