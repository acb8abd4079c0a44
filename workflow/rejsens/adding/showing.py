"""The proposal as tables and sentences on the screen; nothing of an answer is ever printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rejsens.adding.proposal import Proposal, Row
from rejsens.definitions import Instrument
from rejsens.problems import Problem, counted, explain, listed

COLOURS = {"item": "", "participant": "bold", "kept": "dim", "left over": "dim", "dropped": "yellow"}


def show(proposal: Proposal, console: Console, said: Callable[[str], str]) -> None:
    """What becomes of every column, which instruments were asked and which not, and what was carried over.

    said   a sentence as it may be printed
    """
    for note in proposal.export.notes:
        # sheets and columns without use bear whatever names somebody gave them
        quiet = re.sub(r"“[^”]*”", "“…”", note) if proposal.export.container == "workbook" else note
        console.print(Text(said(quiet)))
    for note in proposal.notes:
        console.print(Text(said(note)))
    console.print()
    console.print(_columns(proposal.rows, said))
    console.print()
    console.print(_instruments(proposal, said))
    if proposal.not_asked:
        console.print(Text(f"Not asked this time: {listed(proposal.not_asked, 20)}."))
    _people(proposal, console)
    if proposal.carried:
        console.print(Text("Taken over from earlier waves: " + said("; ".join(proposal.carried)) + "."))
    for entry in proposal.sidecar.get("leave_out", ()):
        values = listed([str(v) for v in entry["values"]])
        console.print(
            Text(said(f"Left out of the answers, and counted: {entry['label']} ({entry['column']} {values})."))
        )
    for suggestion in proposal.suggestions:
        sentence = f"Not applied: “{suggestion.column}” may be {suggestion.item} ({suggestion.why})."
        console.print(Text(said(sentence + " Accept with --accept-suggestions or --map.")))
    kinds = [
        sum(row.kind in group for row in proposal.rows) for group in (("item",), ("kept", "left over"), ("dropped",))
    ]
    console.print(
        Text(
            f"{counted(len(proposal.rows), 'column')}: {kinds[0]} hold items, {kinds[1]} are kept beside them, {kinds[2]} are dropped."
        )
    )


def _people(proposal: Proposal, console: Console) -> None:
    who = proposal.who
    if who.column is None:
        return
    how = (
        "hashed with the study's key"
        if who.key and not who.new_key
        else "hashed with a new key"
        if who.key
        else "stored as they are"
    )
    known = "" if who.known is None else f"; {who.known} of them are known from earlier waves"
    people = "1 person" if who.people == 1 else f"{who.people:,} people"
    console.print(Text(f"{people} in {counted(proposal.export.n_rows, 'row')}, ids {how}{known}."))


def _columns(rows: Sequence[Row], said: Callable[[str], str]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in ("Column", "becomes", "because"):
        table.add_column(heading, overflow="fold")
    for row in _runs(rows):
        table.add_row(*(Text(said(text)) for text in (row.column, row.becomes, row.how)), style=COLOURS[row.kind])
    return table


def _runs(rows: Sequence[Row]) -> list[Row]:
    """Neighbouring columns with one fate and numbered names in one line: Q5_1 … Q5_7 become gad7_01 … gad7_07.

    Columns that nothing uses stand together in the last line.
    """
    over = _folded_runs([row for row in rows if row.kind == "left over"])
    together = [replace(over[0], column=", ".join(row.column for row in over))] if over else []
    return _folded_runs([row for row in rows if row.kind != "left over"]) + together


def _folded_runs(rows: Sequence[Row]) -> list[Row]:
    runs: list[list[Row]] = []
    for row in rows:
        last = runs[-1][-1] if runs else None
        if (
            last
            and (last.how, last.kind) == (row.how, row.kind)
            and _next(last.column, row.column)
            and _goes_on(last, row)
        ):
            runs[-1].append(row)
        else:
            runs.append([row])
    return [folded for run in runs for folded in (run if len(run) < 3 else [_folded(run)])]


def _next(one: str, other: str) -> bool:
    """Whether one name ends in the number after that of the other: Q5_9 and Q5_10."""
    first, second = (re.fullmatch(r"(.*?)(\d+)", text) for text in (one, other))
    return bool(first and second and first[1] == second[1] and int(second[2]) == int(first[2]) + 1)


def _goes_on(one: Row, other: Row) -> bool:
    first, second = (row.becomes.split(" (")[0] for row in (one, other))
    return first == second or first.rstrip("0123456789") == second.rstrip("0123456789")


def _folded(run: Sequence[Row]) -> Row:
    first, last = (row.becomes.split(" (")[0] for row in (run[0], run[-1]))
    becomes = first if first == last else f"{first} … {last}"
    return replace(run[0], column=f"{run[0].column} … {run[-1].column}", becomes=becomes)


def _instruments(proposal: Proposal, said: Callable[[str], str]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in ("Instrument", "items", "settings", "answers"):
        table.add_column(heading, overflow="fold")
    for entry, instrument in zip(proposal.sidecar.get("instruments", ()), proposal.asked, strict=True):
        settings = "; ".join(f"{k} {v}" for k, v in entry.items() if k not in ("id", "as", "items", "missing_codes"))
        table.add_row(
            *(Text(said(t)) for t in (instrument.name, _how_many(instrument), settings, _answers(instrument, proposal)))
        )
    return table


def _how_many(instrument: Instrument) -> str:
    return str(len(instrument.items))


def _answers(instrument: Instrument, proposal: Proposal) -> str:
    """How the answers are read: the label map that the sidecar will hold, and whose words explained them."""
    labels = proposal.sidecar.get("labels", {})
    mapped = [name for name in (instrument.name, *(i.id for i in instrument.items)) if name in labels]
    if not mapped:
        return "codes, or the instrument's own labels"
    shown = [f"{n}: {listed([f'{text} = {code:g}' for text, code in labels[n].items()], 6)}" for n in mapped[:4]]
    read = [proposal.readings[i.id] for i in instrument.items if i.id in proposal.readings]
    sources = dict.fromkeys(source for reading in read for source in reading.sources)
    by = f" (by {listed(list(sources))})" if sources else ""
    return "; ".join(shown) + (" …" if len(mapped) > 4 else "") + by


def faults(problems: Sequence[Problem], name: str, said: Callable[[str], str]) -> str:
    """Faults, and what is only worth a look, as text."""
    told = [
        replace(p, where=said(p.where), found=said(p.found), allowed=said(p.allowed), fix=said(p.fix)) for p in problems
    ]
    return explain(list(dict.fromkeys(told)), f"Wave {name}")
