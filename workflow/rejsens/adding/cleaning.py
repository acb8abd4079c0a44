"""What of an export is stored: answers and what describes them; nothing that tells who somebody is.

Every column that leaves is listed with its reason. A column that an item claims is never dropped: where its cells tell
somebody's name or address the wave is refused, since a blank there would pass for a refused answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rejsens.adding.columns import Column
from rejsens.adding.labels import allowed, number
from rejsens.adding.personal import (
    CLOCK,
    NUMBER,
    Secrets,
    birth_year,
    free_text,
    has_clock,
    is_date,
    looks_like_birth,
    named,
    secrets_of,
    tells_birth,
    tells_in_column,
    told_by,
)
from rejsens.definitions import Item
from rejsens.problems import Problem, counted, listed

TELLING = (
    "a name", "an e-mail address", "a phone number", "an IP address", "a platform or panel id",
    "a national or insurance number", "a name on a social network", "long numbers, such as phone numbers or ids",
)  # fmt: skip
YEAR_OF_BIRTH = "year_of_birth"
STAMP = re.compile(r"(?=.*(?:19|20)\d{2}).*\b\d{1,2}:\d{2}(?::\d{2})?\b")  # a year and a time of day, in whatever form
CODES = 12  # so many different small whole numbers are codes, whatever the column is called


@dataclass
class Cleaned:
    """columns: name -> cells, in the order of the export; dropped: what left, and what was shortened, with reasons."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    dropped: list[dict[str, str]] = field(default_factory=list)
    secrets: Secrets = field(default_factory=Secrets)
    problems: list[Problem] = field(default_factory=list)

    def shown(self, column: str, position: int | None = None) -> str:
        """A column's name as it may be printed and stored; its place where the name itself tells who somebody is."""
        if told_by(column) or self.secrets.found_in(column):
            return f"column {position}" if position else self.secrets.mask(column)
        return column


def clean(
    columns: Mapping[str, Column],
    participant: str | None,
    stored_ids: Sequence[str] | None,
    hashed: bool,
    items: Mapping[str, Sequence[Item]],
    platform: Mapping[str, str],
    technical: Iterable[str],
    questions: Mapping[str, str],
    choices: Mapping[str, Mapping[str, str]],
    keep_text: Iterable[str],
    collected: int,
    known_answers: Iterable[str] = (),
) -> Cleaned:
    """Drop what tells who somebody is.

    columns        every column of the export, joined ones included
    participant    the column of ids; `stored_ids` stand in its place
    hashed         whether these are pseudonyms: then the ids themselves may stand nowhere else
    items          column -> the items that it holds
    platform       column -> what the platform says it tells
    technical      columns of the platform that hold no words of people
    questions      column -> its question; a column is also known by what it asks
    keep_text      columns that a person wants kept although they look like free text
    collected      the year of the wave
    known_answers  answers of the questionnaire, whose words give nobody away
    returns        Cleaned; its problems name columns and rows and quote no cell
    """
    cleaned = Cleaned()
    kept_text, technical = set(keep_text), set(technical)
    reasons = {
        name: _reason(column, platform, technical, questions.get(name, ""), choices.get(name, {}), name in kept_text)
        for name, column in columns.items()
        if name not in items and name != participant
    }
    born = {n for n in reasons if "birth" in platform.get(n, "") or _birth(columns[n], questions.get(n, ""), collected)}
    telling = [columns[name].filled for name, (kind, _) in reasons.items() if kind in TELLING]
    telling += [columns[name].filled for name in born]
    telling += [columns[participant].filled] if participant is not None and participant in columns and hashed else []
    cleaned.secrets = secrets_of(telling, known_answers)
    for position, (name, column) in enumerate(columns.items(), start=1):
        shown = cleaned.shown(name, position)
        if name == participant:
            cleaned.columns[name] = list(stored_ids or [])
            if shown != name:
                cleaned.problems.append(_name_tells(position))
        elif name in items:
            cleaned.columns[name] = column.cells()
            cleaned.problems += [_name_tells(position)] if shown != name else []
            cleaned.problems += _answers_that_tell(column, shown, items[name], cleaned.secrets, choices.get(name, {}))
        elif reasons[name][1]:
            cleaned.dropped.append({"column": shown, "reason": reasons[name][1]})
        elif shown != name:
            cleaned.dropped.append({"column": shown, "reason": "its name tells who somebody is"})
        else:
            year = _free_name({*columns, *cleaned.columns}, name) if name in born else ""
            _keep(cleaned, column, year, collected, name in kept_text, name in technical)
    unknown = sorted(kept_text - set(columns))
    if unknown:
        cleaned.problems.append(
            Problem(
                "--keep-text",
                "A flag names a column that is not there",
                listed([f"“{n}”" for n in unknown]),
                "",
                "correct the name",
            )
        )
    return cleaned


def _reason(
    column: Column,
    platform: Mapping[str, str],
    technical: set[str],
    question: str,
    choices: Mapping[str, str],
    keep: bool,
) -> tuple[str, str]:
    """Kind and reason for which a column that no item claims leaves; two empty texts when it may stay."""
    texts = column.filled
    if tells_birth(column.name, question) or "birth" in platform.get(column.name, ""):
        return "", ""  # shortened, see _keep
    if column.name in platform:
        told = platform[column.name]
        return _kind_of(told), f"{told} (a column of the platform)"
    by_name = named(column.name) or (named("", question) if question and question != column.name else "")
    if by_name and not _codes(texts):
        return by_name, f"{by_name}, by the column's {'name' if named(column.name) else 'question'}"
    if texts and all(is_date(text) for text in texts):
        return "", ""  # shortened, see _keep
    if kind := tells_in_column([text for text in texts if text not in choices]):
        if keep:
            return "", ""  # what it tells all the same is refused by row, see _keep
        return kind, f"{kind}, by what its cells hold"
    if column.name in technical or keep:
        return "", ""
    declared = [*choices, *choices.values()]
    if why := free_text(texts, [column.counts[text] for text in texts], declared):
        return "free text", why
    return "", ""


def _kind_of(told: str) -> str:
    """A platform's words for what a column tells, as one of our kinds."""
    words = {
        "name": "a name",
        "mail": "an e-mail address",
        "phone": "a phone number",
        "network": "an IP address",
        "id": "a platform or panel id",
    }
    return next((kind for word, kind in words.items() if re.search(rf"\b{word}", told)), told)


def _codes(texts: Sequence[str]) -> bool:
    """Whether a column holds nothing but a few small codes: answers to a question about phones, not phone numbers."""
    return bool(texts) and len(texts) <= CODES and all(re.fullmatch(r"-?\d{1,2}", text) for text in texts)


def _birth(column: Column, question: str, collected: int) -> bool:
    return tells_birth(column.name, question) or looks_like_birth(column.filled, collected)


def _keep(cleaned: Cleaned, column: Column, year: str, collected: int, keep_text: bool, technical: bool) -> None:
    """Store a column: dates of birth as years (in the column `year`), time stamps as days, the rest as it is."""
    texts = column.filled
    if year:
        years = {text: birth_year(text, collected) for text in texts}
        if all(years.values()):
            only_years = all(re.fullmatch(r"\d{4}", text) for text in texts)
            name = column.name if only_years else year
            cleaned.columns[name] = [years[text] or "" if text else "" for text in column.cells()]
            if not only_years:
                cleaned.dropped.append(
                    {"column": column.name, "reason": f"exact dates of birth; the year was kept, as {name}"}
                )
            return
        cleaned.dropped.append({"column": column.name, "reason": "dates of birth that could not be cut to a year"})
        return
    stamps = [text for text in texts if has_clock(text)]
    if stamps and all(is_date(text) for text in texts):
        cleaned.columns[column.name] = [
            re.sub(CLOCK + "$", "", text).strip() if has_clock(text) else text for text in column.cells()
        ]
        cleaned.dropped.append({"column": column.name, "reason": "the time of day; the day was kept"})
        return
    if texts and all(STAMP.search(text) for text in texts):
        cleaned.dropped.append({"column": column.name, "reason": "time stamps that could not be cut to a day"})
        return
    secret = [text for text in texts if not NUMBER.fullmatch(text) and cleaned.secrets.found_in(text)]
    if (secret and not technical) or (keep_text and any(told_by(text) for text in texts)):
        if keep_text:
            rows = column.rows_with([*secret, *(text for text in texts if told_by(text))])
            cleaned.problems.append(
                Problem(
                    column.name,
                    "Personal data in a text that should be kept",
                    f"{counted(len(rows), 'cell')} tell who somebody is, row{'s' if len(rows) > 1 else ''} {listed(rows)}",
                    "",
                    "blank these cells in a copy of the export, or leave the column out of --keep-text",
                )
            )
            return
        cleaned.dropped.append({"column": column.name, "reason": "its cells repeat what a dropped column tells"})
        return
    cleaned.columns[column.name] = column.cells()


def _free_name(taken: set[str], column: str) -> str:
    """A name for the years of a column of dates that no column of the export has."""
    return YEAR_OF_BIRTH if YEAR_OF_BIRTH not in taken else f"{column}_year"


def _answers_that_tell(
    column: Column, shown: str, items: Sequence[Item], secrets: Secrets, choices: Mapping[str, str]
) -> list[Problem]:
    """Cells of an answered question that hold somebody's name, address or number; told by row, never quoted."""
    hit: dict[str, list[str]] = {}
    for text in column.filled:
        kind = told_by(text) or (
            "a name or an id that stands in another column" if _repeats(text, secrets, items) else ""
        )
        if (
            not kind
            and (long := re.fullmatch(r"[+-]?\d{7,}", text))
            and not any(allowed(number(long[0]), i) for i in items)
        ):
            kind = "a long number, such as a phone number or an id"
        if kind:
            hit.setdefault(kind, []).append(text)
    problems = []
    for kind, texts in hit.items():
        rows = column.rows_with(texts)
        problems.append(
            Problem(
                f"{shown} ({listed([i.id for i in items], 3)})",
                "Personal data among the answers",
                f"{counted(len(rows), 'cell')} {'holds' if len(rows) == 1 else 'hold'} {kind}, row{'s' if len(rows) > 1 else ''} {listed(rows)}",
                listed(sorted({i.allowed for i in items}), 3),
                "look at these rows in the export: correct them in a copy, or give another column for this item",
            )
        )
    labels = [label for label in choices.values() if told_by(label) or secrets.found_in(label)]
    if labels:
        problems.append(
            Problem(
                shown,
                "Personal data among the answers",
                f"{counted(len(labels), 'answer option')} of this question {'tells' if len(labels) == 1 else 'tell'} who somebody is",
                "",
                "reword the option in the platform or in its description of the questions, and export again",
            )
        )
    return problems


def _repeats(text: str, secrets: Secrets, items: Sequence[Item]) -> bool:
    if NUMBER.fullmatch(text):
        return False
    return secrets.found_in(text)


def _name_tells(position: int) -> Problem:
    return Problem(
        f"column {position}",
        "A column's name tells who somebody is",
        "its name holds an address, a number or a name",
        "",
        "rename the column in a copy of the export",
    )
