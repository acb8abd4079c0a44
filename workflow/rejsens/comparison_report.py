"""The comparison of two waves for people and for programs: text, HTML, CSV, JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from rejsens import layout, pages
from rejsens.difference_lines import SAID, Summary, said_of, summarise
from rejsens.differences import COMPARED
from rejsens.problems import by_cause, counted, grouped, listed
from rejsens.spreadsheet import csv_text
from rejsens.tables import wave_differences
from rejsens.tables._cells import sentence
from rejsens.wave_comparison import Comparison

STATUS = {"blocks": "stops the run", "replaced": "declared", "noted": ""}


def as_text(found: Comparison, each: bool = False, width: int | None = None) -> str:
    """What changed as a table, then what stops and what to do, then the next step."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head = found.differences.iloc[0]
    lines = _each(found.differences) if each else summarise(found.differences)
    parts: list[object] = [
        f"{found.wave} ({head['after']}) compared with {found.previous} ({head['before']})",
        sentence(head["reason"]),
    ]
    if lines:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in ("What changed", "Where", "Items", "Before", "Now", ""):
            table.add_column(
                name,
                justify="right" if name == "Items" else "left",
                overflow="fold",
                no_wrap=name in ("Where", "Items"),
            )
        for line in lines:
            cells = (line.change, said_of(line), str(line.n_items or ""), line.before, line.after, STATUS[line.status])
            table.add_row(*map(Text, cells))
        parts += [table, *_remarks(lines)]
    else:
        parts.append("Nothing changed.")
    if found.unread:
        unread = f"{counted(len(found.unread), 'column')} that no item of {found.previous} reads"
        parts.append(f"{unread}: {listed(found.unread, 12)}.")
    if found.problems:
        parts.append(f"\n{counted(len(found.problems), 'change')} to settle before a run")
        parts += [f"\n{block}" for block in grouped(found.problems)]
    else:
        parts.append("\nNothing here stops a run.")
    console = Console(file=(text := io.StringIO()), width=width, highlight=False, markup=False)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _remarks(lines: Sequence[Summary]) -> list[str]:
    """What is said of the lines beside their texts, each remark once with those it is for."""
    said: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.reason:
            said.setdefault((line.change, line.reason), []).extend(line.instruments)
    whom = {key: listed([name for name in names if name], 4) for key, names in said.items()}
    return [f"{', '.join(filter(None, (change, whom[change, reason])))}: {reason}" for change, reason in said]


def _each(differences: pd.DataFrame) -> list[Summary]:
    """Every row as a line of its own, in the order of the page."""
    rows = differences[differences["status"] != COMPARED].to_dict("records")
    rows.sort(key=lambda row: list(SAID).index(row["change"]))
    return [
        Summary((row["variable"] or row["instrument"],), row["change"], SAID[row["change"]], int(bool(row["variable"])),
                row["before"], row["after"], row["status"], row["reason"])
        for row in rows
    ]  # fmt: skip


def as_csv(found: Comparison) -> str:
    """The table "differences"; texts that a spreadsheet would run are neutralised."""
    return csv_text(found.differences)


def as_json(found: Comparison) -> str:
    """wave, previous_wave, stops (a count), faults (where, cause, found, fix), differences (the rows)."""
    faults = [{"where": p.where, "cause": p.cause, "found": p.found, "fix": p.fix} for p in found.problems]
    record = {
        "wave": found.wave,
        "previous_wave": found.previous,
        "stops": len(faults),
        "faults": faults,
        "unread_columns": list(found.unread),
        "differences": found.differences.to_dict("records"),
    }
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def as_html(found: Comparison) -> str:
    """A page of its own: the printed table of the report, and what stops."""
    waves = pd.DataFrame({"wave": [found.wave], "role": ["wave"], "wave_number": [1]})
    dictionary = pd.DataFrame({"instrument": [], "title": []})
    printed = wave_differences.lay_out(differences=found.differences, waves=waves, dictionary=dictionary, study={})
    environment = pages.environment()
    return environment.get_template("comparison/page.html.j2").render(
        wave=found.wave,
        previous=found.previous,
        table=Markup(layout.to_html(printed, "wave_differences")),
        faults=by_cause(found.problems),
        unread=found.unread,
    )
