"""An export that belongs to no study yet: what it is, and what would be wrong if it were added as a wave."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rejsens.adding.context import Context, load_context
from rejsens.adding.personal import Secrets
from rejsens.adding.proposal import Proposal, propose
from rejsens.adding.request import Request
from rejsens.adding.session import all_problems
from rejsens.check import Checked, Finding, Unreadable
from rejsens.declarations import load_settings
from rejsens.definitions import load_instruments
from rejsens.importers import PANELS, PLATFORMS, Export, open_export
from rejsens.plausibility import CHECKS
from rejsens.problems import Problem, Refused, counted, listed
from rejsens.registry import SHIPPED

NAME = "new"  # the wave's name while nobody gave it one
UNKNOWN_DAY = "1900-01-01"  # stands in a proposal until somebody states the days
TO_BE_STATED = "To be stated when it is added"


def check_export(path: Path) -> Checked:
    """Look at a loose export as `rejsens add-wave` would; in a study's folder, beside the waves of that study.

    raises   Unreadable: it is no table of any kind, or its rows cannot be told apart
    """
    try:
        export = open_export(path)
    except Refused as refused:
        raise Unreadable(refused.problems, str(path)) from None
    checked = Checked("export", f"The export {path}", looked_at=_what_it_is(export))
    if export.platform in PANELS:
        advice = "give the export of the questionnaire, and this file as `rejsens add-wave EXPORT --join FILE`"
        found = "it holds demographics and no answers"
        checked.add("", [Problem(str(path), "The file of a recruiting panel", found, "", advice, blocks=False)])
        return checked
    study = _study_around(path)
    with _in(study):
        try:
            context = load_context(Path("."), NAME) if study else _no_study()
            proposal = propose(Request(NAME, path.resolve()), export, context)
            problems = all_problems(proposal)
        except Refused as refused:
            checked.add("", refused.problems)
            return checked
    checked.looked_at += _what_was_found(proposal)
    needs = {need.problem for need in proposal.needs}
    no_days = proposal.sidecar.get("collected", {}).get("from") == UNKNOWN_DAY
    for problem in problems:
        if no_days and problem.cause == CHECKS["dates"]:
            continue  # there is nothing yet that the export's dates could be compared with
        told = _told(problem, proposal.secrets, path)
        # what only a person knows is no fault of the file; add-wave asks for it
        checked.found.append(Finding("", replace(told, blocks=False, cause=TO_BE_STATED) if problem in needs else told))
    return checked


def _what_it_is(export: Export) -> list[str]:
    module: Any = {**PLATFORMS, **PANELS}[export.platform]
    written = listed([word for word in (export.encoding, _delimiter(export.delimiter)) if word])
    read = f"{export.path}: {module.TITLE}" + (f", {written}" if written else "")
    return [read, f"{counted(export.n_rows, 'row')} and {counted(len(export.columns), 'column')}", *export.notes]


def _delimiter(delimiter: str) -> str:
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    return f"{names.get(delimiter, delimiter)} between the cells" if delimiter else ""


def _what_was_found(proposal: Proposal) -> list[str]:
    """Which instruments its columns hold, which columns would be left out, which nothing reads."""
    asked = [f"{i.name} ({counted(len(i.items), 'item')})" for i in proposal.asked]
    dropped = [row.column for row in proposal.rows if row.kind == "dropped"]
    left = [row.column for row in proposal.rows if row.kind == "left over"]
    said = [f"instruments found: {listed(asked, 20)}" if asked else "no instrument was recognised"]
    said += (
        [f"columns that would be left out because they tell who somebody is: {listed(dropped, 20)}"] if dropped else []
    )
    said += [f"columns that nothing reads: {listed(left, 20)}"] if left else []
    return said


def _told(problem: Problem, secrets: Secrets, path: Path) -> Problem:
    """A sentence about the wave as it would stand in a study, as one about the file; what tells who somebody is becomes […]."""
    text: dict[str, Any] = {part: secrets.mask(getattr(problem, part)) for part in ("found", "allowed", "fix")}
    return replace(problem, where=str(path) if problem.where == "The export" else problem.where, **text)


def _study_around(path: Path) -> Path | None:
    """The study in whose folder one stands, or in whose folder the file lies."""
    for folder in (Path("."), *path.resolve().parents):
        if (folder / "config/config.yaml").is_file() and (folder / "data").is_dir():
            return folder
    return None


def _no_study() -> Context:
    return Context(Path("."), load_settings(SHIPPED), load_instruments(), ())


@contextlib.contextmanager
def _in(study: Path | None) -> Iterator[None]:
    if study is None:
        yield
    else:
        with contextlib.chdir(study):
            yield
