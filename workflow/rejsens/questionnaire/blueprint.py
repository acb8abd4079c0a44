"""Two pages for people who judge the items: the blueprint (each item, its scale and construct) and how hard each is to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rejsens.catalogue import construct_names
from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, Refused
from rejsens.questionnaire.contents import Contents
from rejsens.questionnaire.readability import GRADE, reading

MADE = (
    "<!-- Made by `rejsens questionnaire {} --format {}` from the instruments' files. Change those, not this page. -->"
)


def blueprint(found: Contents) -> str:
    """The blueprint as Markdown: principles, items by instrument with stems and answers, constructs."""
    names = construct_names()
    lines = [
        "# Blueprint",
        "",
        MADE.format(found.id, "blueprint"),
        "",
        *(f"**{line}**" for line in dict.fromkeys(i.status_line for i in found.instruments if i.status_line)),
        "",
        "Every item with its scale, its construct and its key (R: reversed). Construct ids (C1a to C47) number the statements of",
        "the source documents.",
    ]
    if found.principles:
        lines += ["", "## How the items are worded, and why", "", *_principles(found)]
    for instrument in found.instruments:
        if any(item.wording for item in instrument.items):
            lines += ["", f"## {_heading(instrument)}", "", *_instrument(instrument)]
    ends = ", ".join(f"`{end}`" for end in _row_names(found))
    stars = f" A `*` stands for {ends}." if ends else ""
    lines += ["", "## Which item reaches which construct", "", f"Each item reaches exactly one construct.{stars}", ""]
    lines += _constructs(found, names)
    return "\n".join(lines) + "\n"


def _principles(found: Contents) -> list[str]:
    rows = [(p["principle"], p["checked_by"], p["reason"]) for p in found.principles]
    return _table(("principle", "checked by", "reason"), rows)


def _heading(instrument: Instrument) -> str:
    """The part of the title that names the module."""
    words = instrument.title.partition(", ")[2] or instrument.title
    return words[0].upper() + words[1:]


def _instrument(instrument: Instrument) -> list[str]:
    lines = [f"> {' '.join(instrument.stem.split())}", ""] if instrument.stem else []
    lines += [f"- `{kind}`: {text}" for kind, text in instrument.events.items()]
    lines += [f"- `{name}`: {text}" for name, text in instrument.questions.items()]
    lines += [""] if instrument.events or instrument.questions else []
    asked = [item for item in instrument.items if item.wording]
    shared = max((_answers(item) for item in asked), key=[_answers(item) for item in asked].count)
    lines += [shared, ""] if shared else []
    others: dict[str, list[str]] = {}
    for item in asked:
        if _answers(item) not in (shared, ""):
            others.setdefault(_answers(item), []).append(f"`{item.id}`")
    lines += [line for answers, ids in others.items() for line in (f"{', '.join(ids)}: {answers}", "")]
    if all(item.row_of for item in asked):
        return [*lines, *_matrix(instrument, asked)]
    rows = [(f"`{i.id}`", i.wording or "", ", ".join(i.measures), _key(i)) for i in asked]
    return [*lines, *_table(("item", "wording", "construct", "key"), rows)]


def _matrix(instrument: Instrument, asked: Sequence[Item]) -> list[str]:
    """Rows that return under each question, once."""
    same: dict[str, list[str]] = {}
    for item in asked:
        same.setdefault(item.wording or "", []).append(item.id)
    return _table(("items", "row"), [(f"`{ids[0]}` to `{ids[-1]}`", wording) for wording, ids in same.items()])


def _answers(item: Item) -> str:
    """The answers in one line, from the lowest; none for a tick box or a number."""
    if item.choice_of or not item.labels:
        return ""
    return " · ".join(f"{code:g} {label}" for code, label in item.labels.items())


def _key(item: Item) -> str:
    return "R" if item.reverse else f"answer {item.instructed:g}" if item.instructed is not None else ""


def _constructs(found: Contents, names: Mapping[str, str]) -> list[str]:
    items: dict[str, list[str]] = {}
    scores: dict[str, list[str]] = {}
    for _, item in found.items():
        for construct in item.measures:
            items.setdefault(construct, []).append(item.id)
    for instrument in found.instruments:
        for score in instrument.scores:
            for construct in score.measures:
                scores.setdefault(construct, []).append(score.id)
    ends = _row_names(found)
    rows = [
        (
            f"{construct} {name}",
            _names(items.get(construct, ()), ends) or "none of its own",
            _names(scores.get(construct, ()), ends),
        )
        for construct, name in names.items()
        if construct in items or construct in scores
    ]
    return _table(("construct", "items", "scores"), rows)


def _row_names(found: Contents) -> list[str]:
    """The ends of ids that return in each question of a matrix, such as the five sources."""
    matrices = [i for i in found.instruments if all(item.row_of for item in i.items)]
    return list(dict.fromkeys(item.id.rpartition("_")[2] for i in matrices for item in i.items))


def _names(ids: Iterable[str], ends: Sequence[str]) -> str:
    """Ids in quotation; `x_*` stands for one with each of the ends.

    >>> _names(["a", "b_x", "b_y", "c_x"], ["x", "y"])
    '`a`, `b_*`, `c_x`'
    """
    ids = list(ids)
    families = {i.rpartition("_")[0] for i in ids}
    whole = {f for f in families if ends and all(f"{f}_{end}" in ids for end in ends)}
    short = [
        f"{i.rpartition('_')[0]}_*" if i.rpartition("_")[0] in whole and i.rpartition("_")[2] in ends else i
        for i in ids
    ]
    return ", ".join(f"`{name}`" for name in dict.fromkeys(short))


def readability(found: Contents) -> str:
    """How hard each item is to read, as Markdown; what stands above the items is measured too.

    raises   Refused: no item with wording, or words that the dictionary lacks
    """
    rows, seen = [], set()
    for _, item in found.items():
        if item.wording and item.wording not in seen:
            rows.append((f"`{item.id}`", item.wording, *_measured(item.wording)))
            seen.add(item.wording)
    if not rows:
        said = "it holds no sentence of its own beside the questions about a person's background"
        raise Refused(
            Problem(found.id, "Nothing to measure", said, "", "name another questionnaire"), "The questionnaire"
        )
    above = [
        (f"`{i.id}`", text, *_measured(text))
        for i in found.instruments
        for text in (" ".join((i.stem or "").split()), *i.events.values(), *i.questions.values())
        if text and text not in seen and i.id != "background"
    ]
    grades = sorted(float(row[-1]) for row in rows)
    hard = [row[0] for row in rows if float(row[-1]) > GRADE]
    head = ("words", "syllables", "grade")
    lines = [
        "# Readability",
        "",
        MADE.format(found.id, "readability"),
        "",
        f"Flesch-Kincaid grade of each item: 0.39 words per sentence + 11.8 syllables per word - 15.59, with the syllables of the CMU Pronouncing Dictionary. No item may be above {GRADE:g}: {', '.join(hard) or 'none is'}.",
        f"Here the {len(rows)} items lie between {grades[0]:.1f} and {grades[-1]:.1f}, half of them below {_median(grades):.1f}. A sentence that stands twice is measured once.",
        "",
        "The grade was made for passages. In one sentence it limits long words and long sentences and no more; on single questions such formulas often miss what is hard (Lenzner 2014, [10.1177/0049124113513436](https://doi.org/10.1177/0049124113513436)). Whether people understand the items is for interviews to find.",
        "",
        "## Items",
        "",
        *_table(("item", "wording", *head), rows),
        "",
        "## What stands above the items",
        "",
        *_table(("instrument", "text", *head), above),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _measured(text: str) -> tuple[str, str, str]:
    found = reading(text)
    return str(found.words), str(found.syllables), f"{found.grade:.1f}"


def _median(values: Sequence[float]) -> float:
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
