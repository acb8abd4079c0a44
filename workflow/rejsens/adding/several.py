"""Questions with several choices in one cell: which choice is which tick box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rejsens.adding.columns import Column
from rejsens.adding.matching import plain_question
from rejsens.definitions import Item
from rejsens.importers.cells import label_key
from rejsens.problems import Problem, counted, listed

SEPARATORS = ",;|"


@dataclass
class Choices:
    """items: choice as it stands in the cells -> item; unread: cells that hold something else."""

    items: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_choices(
    column: Column, items: Mapping[str, Item], known: Mapping[str, str], choices: Mapping[str, str]
) -> Choices:
    """Which choices the cells of a column are made of.

    items     the question's tick boxes, by item id
    known     choice -> item, as a person or an earlier wave said
    choices   code -> label, where the platform lists the choices
    returns   Choices; a cell that they do not explain raises a problem that names rows and quotes nothing
    """
    worded = {plain_question(item.wording or ""): i for i, item in items.items()} | {label_key(i): i for i in items}
    worded |= {label_key(item.label): i for i, item in items.items()}
    worded.pop("", None)  # of a box without words: no dash in a cell is its tick
    found = {str(choice): item for choice, item in known.items()}
    for code, label in choices.items():
        item = worded.get(plain_question(label)) or worded.get(label_key(code))
        if item and item not in found.values():
            found |= {label: item} if _uses(column, label) or not _uses(column, code) else {code: item}
    for cell in column.filled:
        for part in _parts(cell):
            if part not in found and (item := worded.get(plain_question(part))) and item not in found.values():
                found[part] = item
    for wording, item in ((item.wording or "", i) for i, item in items.items()):
        if wording and item not in found.values():  # a box that nobody ticked this time
            found[wording] = item
    unread = [cell for cell in column.filled if not _explained(label_key(cell), [label_key(c) for c in found])]
    problems = []
    if unread and "*" not in found:
        rows = column.rows_with(unread)
        problems.append(
            Problem(
                column.name,
                "Choices that `multiple:` does not explain",
                f"{counted(len(unread), 'different cell')} in {counted(len(rows), 'row')}, row{'s' if len(rows) > 1 else ''} {listed(rows)}",
                listed([f"“{c}”" for c in found], 12),
                f'state each choice in a maps file: multiple: {{"{column.name}": {{CHOICE: ITEM}}}}; "*" is whatever else people wrote',
            )
        )
    return Choices(found, unread if problems else [], problems)


def _parts(cell: str) -> list[str]:
    parts = [cell]
    for separator in SEPARATORS:
        parts = [piece for part in parts for piece in part.split(separator)]
    return [piece.strip() for piece in parts if piece.strip()]


def _uses(column: Column, text: str) -> bool:
    return any(part == label_key(text) for cell in column.filled for part in map(label_key, _parts(cell))) or any(
        label_key(text) in label_key(cell) for cell in column.filled if len(text) > 3
    )


def _explained(text: str, choices: list[str]) -> bool:
    """Whether a cell is a row of choices; a choice may hold the separator itself."""
    if not text:
        return True
    for choice in sorted(choices, key=len, reverse=True):
        if text.startswith(choice):
            rest = text[len(choice) :].lstrip()
            if not rest or (rest[0] in SEPARATORS and _explained(rest[1:].lstrip(), choices)):
                return True
    return False
