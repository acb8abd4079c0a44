"""LimeSurvey: CSV with question codes (or texts) as headings, answer codes or full answers, and its structure file.

The export is UTF-8 with a byte-order mark, CRLF, every cell in quotation marks, a blank line at the end
(LimeSurvey, application/helpers/admin/export/CsvWriter.php); response columns come first: id, submitdate, lastpage,
startlanguage, seed, token, startdate, datestamp, ipaddr, refurl. A part of a question is `code[part]`. As full answers,
a tick box is Yes, No, or N/A when it was not shown; as codes it is Y or empty (SurveyObj.php). A leading `=` is masked by
an apostrophe. The tab-separated structure file (.txt, UTF-8 with mark) has a row for each question (class Q), part (SQ)
and answer (A), each under the question it belongs to, the base language first (manual, Tab Separated Value survey structure).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rejsens.importers.cells import label_key
from rejsens.importers.companions import companion_rows, not_a_companion, without_markup
from rejsens.importers.model import Head, Layout
from rejsens.problems import Refused

TITLE = "LimeSurvey"
COMPANION = "the survey structure (tab-separated, .txt)"
IDS = ("token", "Access code", "id", "Response ID")
PERSONAL = {
    "ipaddr": "network address", "IP address": "network address", "token": "the invitation's own id", "Access code": "the invitation's own id",
    "firstname": "name", "First name": "name", "lastname": "name", "Last name": "name", "email": "e-mail address", "Email address": "e-mail address",
    "refurl": "page that a person came from", "Referrer URL": "page that a person came from",
}  # fmt: skip
DATES = ("startdate", "datestamp")
DURATION = {"interviewtime": 1.0, "Total time": 1.0}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()
OWN = ("submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp")
OWN_TEXTS = ("Date submitted", "Last page", "Start language", "Seed", "Date started", "Date last action")
AROUND = (*OWN_TEXTS, "Response ID", "Access code", "IP address", "Referrer URL", "Total time")

YES_NO = {"Y": "Yes", "N": "No"}
BY_TYPE = {  # answers that LimeSurvey brings along for a question type
    "Y": YES_NO, "M": YES_NO, "P": YES_NO, "C": YES_NO | {"U": "Uncertain"}, "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
    "G": {"F": "Female", "M": "Male"},
}  # fmt: skip
WITHOUT_CHOICES = frozenset("STUQNKDX|*:;R")
COLUMN = re.compile(r"(?P<code>[^\[\]]+?)(?:\[(?P<part>[^\]]*)\])?(?:\[(?P<scale>[^\]]*)\])?(?:\. .*)?")


@dataclass
class Question:
    """One question of the structure file: its type, its text, the texts of its parts, the answers of each scale."""

    type: str
    text: str
    parts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)


def recognise(head: Head) -> str:
    known = [name for name in (*OWN, *OWN_TEXTS) if name in head.names[:12]]
    return f"columns {', '.join(known[:3])} are those of LimeSurvey" if len(known) >= 3 else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names, and questions where these are the headings; with the structure file all questions and answer choices."""
    by_text = any(name in head.names for name in OWN_TEXTS)
    questions = {n: n for n in head.names if by_text and n not in AROUND} if by_text else {}
    if companion is None:
        return Layout(head.names, questions=questions)
    structure = read_structure(companion)
    headed = {label_key(heading): code for code, heading in _headings(structure)} if by_text else {}
    choices, described = {}, 0
    for name in head.names:
        question, part, scale = _of_column(headed.get(label_key(name), name), structure)
        if question is None:
            continue
        described += 1
        questions[name] = _question_text(question, part)
        if part is None or not re.search(r"(other|comment)$", part):
            choices[name] = _answers(question, scale)
    return Layout(
        head.names, questions={n: q for n, q in questions.items() if q}, choices={n: c for n, c in choices.items() if c},
        notes=(f"the survey structure describes {described} of {len(head.names)} columns",),
    )  # fmt: skip


def _question_text(question: Question, part: str | None) -> str:
    text = question.parts.get(part or "", "")
    return f"{question.text} [{text}]" if text else question.text


def _headings(structure: Mapping[str, Question]) -> Iterator[tuple[str, str]]:
    """Column by code, and the same column headed by texts: `Question`, or `Question [part]`."""
    for code, question in structure.items():
        yield code, question.text
        for part in question.parts:
            yield f"{code}[{part}]", _question_text(question, part)


def read_structure(path: Path) -> dict[str, Question]:
    """Question code -> question, in the survey's base language.

    raises   Refused: not a structure file
    """
    rows = companion_rows(path, "\t")
    if not rows or not {"class", "type/scale", "name", "text"} <= set(rows[0]):
        raise Refused(not_a_companion(path, TITLE, COMPANION), str(path))
    language = next((row.get("language") for row in rows if row["class"] == "Q"), None)
    structure: dict[str, Question] = {}
    current: Question | None = None
    for row in rows:
        if row.get("language") not in (language, None):
            continue
        name, text, scale = row["name"], without_markup(row.get("text", "")), row["type/scale"]
        if row["class"] == "Q":
            current = structure.setdefault(name, Question(scale, text))
        elif row["class"] == "SQ" and current:
            current.parts[name] = text
        elif row["class"] == "A" and current:
            current.answers.setdefault(scale or "0", {})[name] = text
    return structure


def _of_column(name: str, structure: dict[str, Question]) -> tuple[Question | None, str | None, str | None]:
    """The question, part and scale of a column: `code`, `code[part]`, `code[part][scale]`, or `code_part`."""
    found = COLUMN.fullmatch(name)
    if found and found["code"] in structure:
        return structure[found["code"]], found["part"], found["scale"]
    for code in sorted(structure, key=len, reverse=True):
        if name.startswith(f"{code}_"):
            return structure[code], name.removeprefix(f"{code}_"), None
    return None, None, None


def _answers(question: Question, scale: str | None) -> dict[str, str]:
    if question.answers and question.type not in WITHOUT_CHOICES:
        return question.answers.get(str(int(scale) - 1) if scale and scale.isdigit() else "0", {})
    return BY_TYPE.get(question.type, {})
