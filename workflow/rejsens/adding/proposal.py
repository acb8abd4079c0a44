"""What a new wave would be: which column holds what, how its answers are read, what leaves, and the sidecar that says so."""

from __future__ import annotations

from dataclasses import replace

from rejsens.adding.answers import answered_rows, drop_personal, find_days, read_all, rows_left_out
from rejsens.adding.columns import column
from rejsens.adding.context import Context
from rejsens.adding.describing import fill_sidecar
from rejsens.adding.instruments import find_asked, match, read_several
from rejsens.adding.matching import matrices
from rejsens.adding.model import Need, Proposal, Row
from rejsens.adding.panels import join, panel_of
from rejsens.adding.participants import made_up_ids, participant_column, participants
from rejsens.adding.request import Request
from rejsens.importers import PANELS, PLATFORMS
from rejsens.importers.model import Export
from rejsens.problems import Problem, listed

__all__ = ["Need", "Proposal", "Row", "propose"]


def propose(request: Request, export: Export, context: Context) -> Proposal:
    """Work out what a new wave would be. Nothing is written; every fault that can be seen is in the proposal.

    request   what a person stated
    export    the file, opened
    context   the study before the wave
    """
    proposal = Proposal(request, export, context, PLATFORMS[export.platform])
    _join_panels(proposal)
    proposal.leave_out = rows_left_out(proposal)
    _find_people(proposal)
    entries = match(proposal)
    read_several(proposal, entries)
    find_asked(proposal, entries)
    find_days(proposal)
    drop_personal(proposal)
    read_all(proposal)
    fill_sidecar(proposal)
    proposal.rows = _rows(proposal)
    _look_for_blocks(proposal)
    return proposal


def _join_panels(proposal: Proposal) -> None:
    """Put the demographics of panels behind the export's own columns."""
    for path in proposal.request.joins:
        panel, module = panel_of(path)
        name, _, problems = participant_column(
            proposal.request, proposal.export, proposal.module, proposal.context.earlier, module.IN_SURVEY
        )
        if name is None or name not in proposal.export.columns:
            cause, found = "A panel's file without ids to join by", "the export holds no ids"
            proposal.problems += problems or [Problem("--join", cause, found, "", "leave it out")]
            continue
        joined = join(proposal.export, panel, module, name, path)
        proposal.joined.append(joined)
        proposal.export = joined.export
        proposal.notes += joined.notes
        proposal.problems += joined.problems


def _find_people(proposal: Proposal) -> None:
    """Who answered, and under which ids they are stored."""
    request, export, context = proposal.request, proposal.export, proposal.context
    survey = [name for joined in proposal.joined for name in PANELS[joined.record["platform"]].IN_SURVEY]
    name, how, problems = participant_column(request, export, proposal.module, context.earlier, survey)
    for problem in problems:
        question, columns = "Which column says who answered?", tuple(export.columns)
        proposal.needs.append(Need(problem, question, columns, lambda r, a: replace(r, participant=a)))
    present = column(export, name) if name and name in export.columns and how != "made up" else None
    answered = answered_rows(export, proposal.leave_out)
    proposal.who = participants(
        request, present, name, how, proposal.module, context.earlier, context.fingerprints, answered
    )
    if how == "made up":
        proposal.who.stored = made_up_ids(request.name, export.n_rows)
        proposal.who.people = export.n_rows
    proposal.problems += proposal.who.problems


def _rows(proposal: Proposal) -> list[Row]:
    """What becomes of every column, in the order of the export."""
    who, items = proposal.who, {item.id: item for instrument in proposal.asked for item in instrument.items}
    gone = {entry["column"]: entry["reason"] for entry in proposal.cleaned.dropped}
    rows = []
    for name in proposal.export.columns:
        shown, match = proposal.shown(name), proposal.matching.matches.get(name)
        if name == who.column:
            rows.append(Row(shown, "participant, hashed" if who.key else "participant", who.how, "participant"))
        elif name in proposal.several:
            ticked = listed(list(proposal.several[name].items.values()), 3)
            rows.append(Row(shown, ticked, "several choices in one cell", "item"))
        elif match and match.item in items:
            rows.append(Row(shown, f"{match.item} ({items[match.item].label})", match.how, "item"))
        elif shown in gone and "was kept" in gone[shown]:
            rows.append(Row(shown, "shortened", gone[shown], "kept"))
        elif shown in gone:
            rows.append(Row(shown, "dropped", gone[shown], "dropped"))
        elif any(entry["column"] == name for entry in proposal.leave_out):
            rows.append(Row(shown, "kept", "says which rows are left out", "kept"))
        else:
            rows.append(Row(shown, "kept, not used", "no item is known to stand here", "left over"))
    return rows


def _look_for_blocks(proposal: Proposal) -> None:
    """Numbered columns that nothing claims: perhaps an instrument; what its columns are, only a person can say."""
    free = [row.column for row in proposal.rows if row.kind in ("left over", "dropped")]
    asked = {instrument.name for instrument in proposal.asked}
    wanted = {i.name: len(i.columns) for past in proposal.context.earlier for i in past.asked if i.name not in asked}
    told, blocks = [], {pattern: n for pattern, n in matrices(free).items() if n > 2}
    for pattern, n in blocks.items():
        fits = [name for name, length in wanted.items() if length == n]
        like = f" (as many as {listed(fits)}, not found otherwise)" if fits else ""
        told.append(f"{pattern.format(n=1)} to {pattern.format(n=n)}{like}")
    if told:
        advice = f'if they are an instrument, say which: --instrument "ID:columns={next(iter(blocks))}"'
        cause = "Numbered columns that no item claims"
        proposal.problems.append(Problem("The export", cause, listed(told, 12), "", advice, blocks=False))
