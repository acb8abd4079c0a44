"""The sections on each instrument, from the data of :py:mod:`rejsens.assessment`, and on validation plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.assessment import Assessment, Question, assess_instruments
from rejsens.document import Block, Bullets, Facts, Paragraph, Part, Section, See, Strong, Table, Text
from rejsens.glossary import GLOSSARY
from rejsens.sections.places import Given, Row, figure, nothing
from rejsens.sentences import counted, sentence
from rejsens.validation_steps import HOLDS, MET, NOT_MET, NOT_PROVIDED, NOT_RUN, OUTSIDE

LOOKED_UP = "A"  # tables and figures that stand in no list of the report's are numbered apart: A1, A2, ...
COSMIN = (
    "Before a score is read: does the instrument measure one thing, reliably, and the same in every wave and group? The "
    "questions are those of COSMIN, the standard for judging instruments. Open an instrument to read what was found of it "
    "here, and what could not be."
)
WRITTEN_DOWN = "Structures, sets and guides were written down before the data, and each is met or not met."


def measures(given: Given) -> Section:
    """COSMIN's questions, answered for each instrument."""
    drawn = given.of_instruments or {}
    stems = {name: [one["stem"] for one in own] for name, own in drawn.items()}
    found = assess_instruments(given.tables, stems)
    blocks: tuple[Block, ...] = nothing("No instrument of this study has scores.")
    if found:
        blocks = (Paragraph(COSMIN), words("Words used here", GLOSSARY), *(_instrument(one, given) for one in found))
    return Section("measures", "Instruments one by one", blocks, "Instruments one by one")


def words(heading: str, meanings: Mapping[str, str]) -> Section:
    """Words with their meaning, to be opened."""
    return Section("", heading, (Facts(tuple(meanings.items()), "words"),), folded=True, role="words")


def _instrument(found: Assessment, given: Given) -> Section:
    name = found.instrument
    by_stem = {one["stem"]: one for one in (given.of_instruments or {}).get(name, ())}
    questions = tuple(_question(name, question, by_stem, given) for question in found.questions)
    return Section(f"instrument-{name}", found.title, questions, folded=True, summary=found.summary)


def _question(instrument: str, question: Question, drawn: Mapping[str, Row], given: Given) -> Section:
    several = len(question.sentences) > 1
    blocks: list[Block] = [Bullets(question.sentences) if several else Paragraph(question.sentences[0])]
    if see := [See(f"table-{name}") for name in question.see if name in given.shown]:
        blocks.append(Paragraph(_see(see), "see"))
    name = f"{instrument}-{question.name}"
    blocks += [Table(f"{name}-{k}", table, LOOKED_UP) for k, table in enumerate(question.tables, start=1)]
    blocks += [figure(drawn[stem], f"{instrument}-{stem}", LOOKED_UP) for stem in question.figures]
    return Section("", question.heading, tuple(blocks), role="question")


def _see(links: list[See]) -> Text:
    parts: list[Part] = ["See "]
    for k, link in enumerate(links):
        parts += [", ", link] if k else [link]
    return (*parts, ".")


def validation(given: Given) -> Section:
    """What became of each validation plan."""
    plans = tuple(_plan(plan, given) for plan in validation_words(given.tables["validation"]))
    return Section("validation", "Validation plan", (*plans, *given.placed("validation")), "Validation plan")


def _plan(plan: Row, given: Given) -> Section:
    blocks: list[Block] = [Paragraph(f"{WRITTEN_DOWN} {plan['summary']}")]
    if plan["open"]:
        blocks.append(Bullets(tuple(_open_step(row, given) for row in plan["open"]), "open"))
    return Section("", plan["title"], tuple(blocks))


def _open_step(row: Row, given: Given) -> Text:
    outcome = Strong(f"{row['outcome'][:1].upper()}{row['outcome'][1:]}.")
    return (outcome, f" {row['question']} {row['said']}", *given.see(row["see"]))


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
