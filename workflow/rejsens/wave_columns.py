"""Which column of an export holds which item, by what the sidecar declares; whatever does not fit is told with the nearest name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens.definitions import Instrument
from rejsens.exports import Export
from rejsens.problems import Problem, did_you_mean, listed
from rejsens.sidecars import Wave, administered_name


def column_map(export: Export, wave: Wave, asked: list[Instrument], problems: list[Problem]) -> dict[str, str]:
    """Item id -> column of the export: choices of a cell first, then explicit lists and patterns, the header map, equal names.

    What does not fit goes into `problems`; an item whose column is not there has no entry.
    """
    entries = {administered_name(entry): entry for entry in wave.settings["instruments"]}
    renamed = {item: column for column, item in (wave.headers or {}).items()}
    boxes = {item: column for column, choices in (wave.multiple or {}).items() for item in choices.values()}
    found: dict[str, str] = {}
    for instrument in asked:
        declared = _declared_columns(instrument, entries[instrument.name], wave, boxes, problems)
        absent = []
        for position, item in enumerate(instrument.columns):
            # under a named order, column k of the wave is the k-th item of that order
            column = (
                declared.get(item) or boxes.get(item) or renamed.get(item) or _positional(instrument, position, item)
            )
            if column in export.columns:
                found[item] = column
            elif item not in boxes:  # told below, with the line that names it
                absent.append(column)
        if absent:
            problems.append(_missing_columns(instrument, absent, export, wave))
    known = {item for instrument in asked for item in instrument.columns}
    problems += _header_map_problems(export, wave, known, boxes)
    twice = {column for column in found.values() if list(found.values()).count(column) > 1} - set(wave.multiple or {})
    problems += [
        Problem(wave.path, "One column read as two items", f"“{c}”", "", "correct `columns:` or `headers:`")
        for c in sorted(twice)
    ]
    problems += _named_column_problems(export, wave, asked)
    return found


def _declared_columns(
    instrument: Instrument, entry: Mapping[str, Any], wave: Wave, boxes: Mapping[str, str], problems: list[Problem]
) -> dict[str, str]:
    """Item -> column by the entry's `columns:`; items that share a cell with others have their column from `multiple:`."""
    declared = entry.get("columns")
    if not declared:
        return {}
    alone = [item for item in instrument.columns if item not in boxes]
    if isinstance(declared, str):
        return {item: declared.format(n=n) for n, item in enumerate(alone, start=1)}
    for items in (alone, instrument.columns):
        if len(declared) == len(items):
            return {item: column for item, column in zip(items, declared, strict=True) if item not in boxes}
    problems.append(
        Problem(
            f"{wave.path} › {instrument.name} › columns",
            "A column list of the wrong length",
            f"{len(declared)} columns",
            f"{len(alone)} items were asked",
            "list one column per item, in the order of the questionnaire",
        )
    )
    return {}


def _positional(instrument: Instrument, position: int, item: str) -> str:
    """The name an export gives to the item at one position: rses_03 is the third question, whatever the item order."""
    if instrument.order is None:
        return item
    prefix = instrument.name.removesuffix(instrument.id)
    numbered = [prefix + i for i in next(iter(instrument.orders.values())) if prefix + i in instrument.columns]
    return numbered[position]


def _missing_columns(instrument: Instrument, absent: list[str], export: Export, wave: Wave) -> Problem:
    hints = [
        nearest_column(absent[0], export.columns),
        f"Map the column in {wave.path} (`headers:` or `columns:`), or list the items that were asked (`items:`)",
    ]
    return Problem(
        f"{wave.file}, row 1",
        "Missing columns",
        f"{instrument.name}: {listed(absent)} {'is' if len(absent) == 1 else 'are'} not in the header",
        "",
        " ".join(filter(None, hints)),
    )


def nearest_column(name: str, columns: Sequence[str]) -> str:
    """A hint for a column that is not there: one that differs in case, blanks and punctuation only, or the nearest.

    >>> nearest_column("gad7_01", ["ID", "GAD7 01"])
    'Did you mean “GAD7 01”?'
    """
    same = [column for column in columns if _letters(column) == _letters(name)]
    return f"Did you mean “{same[0]}”?" if same else did_you_mean(name, columns)


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum()) or name


def _header_map_problems(export: Export, wave: Wave, known: set[str], boxes: Mapping[str, str]) -> list[Problem]:
    headers = wave.headers or {}
    problems = [
        Problem(
            wave.path,
            "Header map names a column that is not there",
            f"“{column}”",
            "",
            nearest_column(column, export.columns) or "remove the line",
        )
        for column in headers
        if column not in export.columns
    ]
    items = [*headers.values(), *(item for choices in (wave.multiple or {}).values() for item in choices.values())]
    problems += [
        Problem(
            wave.path, "Two columns read as one item", f"“{item}”", "one column for each item", "correct `headers:`"
        )
        for item in sorted({item for item in items if items.count(item) > 1})
    ]
    named = [(wave.path, column, item) for column, item in headers.items()]
    named += [(f"{wave.path} › multiple", column, item) for item, column in boxes.items()]
    return problems + [
        Problem(
            where,
            "Header map names an unknown item",
            f"{column} → “{item}”",
            "",
            did_you_mean(item, known) or "correct the item",
        )
        for where, column, item in named
        if item not in known
    ]


def _named_column_problems(export: Export, wave: Wave, asked: list[Instrument]) -> list[Problem]:
    """Columns that the sidecar names for something else than an item, and that are not there."""
    named = [
        (wave.path, "The participant column is missing", f"“{wave.participant['column']}”", wave.participant["column"], "name the column that identifies a person"),
        *((f"{wave.path} › stored_totals", "Missing columns", f"“{c}” is not in the header", c, "remove the line") for c in (wave.stored_totals or {})),
        *((f"{wave.path} › multiple", "Missing columns", f"“{c}” is not in the header", c, "correct the name") for c in (wave.multiple or {})),
        *((f"{wave.path} › leave_out", "Missing columns", f"“{e['column']}” is not in the header", e["column"], "remove the entry") for e in (wave.leave_out or ())),
    ]  # fmt: skip
    problems = [
        Problem(where, cause, found, "", nearest_column(column, export.columns) or otherwise)
        for where, cause, found, column, otherwise in named
        if column not in export.columns
    ]
    scores = [score.id for instrument in asked for score in instrument.scores]
    return problems + [
        Problem(
            f"{wave.path} › stored_totals",
            "Unknown scores",
            f"{c} → “{s}”",
            listed(scores, 40),
            did_you_mean(s, scores) or "correct the score",
        )
        for c, s in (wave.stored_totals or {}).items()
        if s not in scores
    ]


def column_uses(export: Export, wave: Wave, columns: Mapping[str, str]) -> pd.DataFrame:
    """What became of each column of the export; a column that nothing reads is listed, not forgotten."""
    uses: dict[str, tuple[str, str]] = {e["column"]: ("rows left out", "") for e in (wave.leave_out or ())}
    uses |= {column: ("item", item) for item, column in columns.items()}
    uses |= {
        column: ("items", " ".join(choices.values()))
        for column, choices in (wave.multiple or {}).items()
        if column in columns.values()
    }
    uses |= {column: ("stored total", score) for column, score in (wave.stored_totals or {}).items()}
    uses[wave.participant["column"]] = ("participant", "participant")
    rows = [(wave.name, column, *uses.get(column, ("not used", ""))) for column in export.columns]
    return pd.DataFrame(rows, columns=["wave", "column", "used_as", "name"])
