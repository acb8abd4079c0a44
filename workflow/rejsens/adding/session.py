"""Adding a wave from the first look to the last line: open, propose, ask, show, check, write."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from rejsens.adding import writing
from rejsens.adding.context import Context, load_context
from rejsens.adding.personal import Secrets
from rejsens.adding.proposal import Need, Proposal, propose
from rejsens.adding.request import Request, flag_problems
from rejsens.adding.showing import faults, show
from rejsens.importers import PLATFORMS, open_export
from rejsens.importers.model import Export
from rejsens.problems import Problem, Refused
from rejsens.system_faults import sentence

DONE, FAULTS, UNREADABLE = 0, 1, 2
# A draft is edited by hand and may be shared by mistake: with these it is not written at all.
TELLING = (
    "Personal data among the answers",
    "A column's name tells who somebody is",
    "Personal data in a text that should be kept",
    "Ids that may not be stored as they are",
    "The key for participant ids is missing",
    "The participant column is not known",
)

Ask = Callable[[str, Sequence[str]], str]  # a question and what may be answered (anything when empty); "" is no answer


@dataclass(frozen=True)
class How:
    """dry_run: only show; replace: put it in place of a wave of that name; draft: write _NAME.* even with faults."""

    dry_run: bool = False
    replace: bool = False
    draft: bool = False
    ask: Ask | None = None


def add_to(study: Path, request: Request, how: How) -> int:
    """Add a wave to the study in a folder; gives the exit code.

    0: added (or, in a dry run, could be); 1: faults, and nothing was written; 2: a file or flag that cannot be read.
    """
    if not ((study / "config/config.yaml").is_file() or (study / "data/waves").is_dir()):
        fix = "name the study's folder with --study, or make one with `rejsens init FOLDER`"
        where = "this folder" if study == Path(".") else str(study)
        return tell(
            Refused(Problem(where, "Not a study", "it has no config/config.yaml", "", fix), f"Wave {request.name}")
        )
    with contextlib.chdir(study):
        try:
            return add(request, how)
        except Exception as error:
            # the message of an unforeseen error may quote a cell, so only its kind and place are told
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            said = sentence(error) if isinstance(error, (OSError, MemoryError)) else ""
            print(said or f"\nrejsens stopped at a fault of the software, not of your data: {type(error).__name__} ({where}). "
                  "Please report it with these words.", file=sys.stderr)  # fmt: skip
            print("\nNothing was written.", file=sys.stderr)
            return UNREADABLE


def tell(refused: Refused) -> int:
    """Say why flags or files cannot be used; gives the exit code."""
    print(f"{refused}\n\nNothing was written.", file=sys.stderr)
    return UNREADABLE


def add(request: Request, how: How, console: Console | None = None) -> int:
    """Add a wave to the study in the folder one stands in; gives the exit code."""
    console = console or Console(width=None if sys.stdout.isatty() else 120)
    said = _said(request, Secrets())
    try:
        refused_flags = flag_problems(request, PLATFORMS)
        if refused_flags:
            return _stop(refused_flags, request.name, said, UNREADABLE)
        if standing := _standing(request, how):
            return _stop([standing], request.name, said, FAULTS)
        facts = {key: str(request.facts.get(key) or "") for key in ("retest_of", "language")}
        context = load_context(Path("."), request.name, facts["retest_of"], facts["language"])
        export = open_export(
            request.export, request.platform, request.companion, request.encoding, request.delimiter,
            leave_out=request.settings.get("leave_out", ()), advice="--encoding",
        )  # fmt: skip
        if export.platform not in PLATFORMS:
            return _stop([_a_panels_file(export)], request.name, said, UNREADABLE)
        proposal = _settle(request, export, context, how.ask)
    except Refused as refused:
        return _stop(refused.problems, request.name, said, UNREADABLE)
    said = _said(request, proposal.secrets)
    show(proposal, console, said)
    problems = all_problems(proposal)
    blocking = [p for p in problems if p.blocks]
    if problems:
        print(f"\n{faults(problems, request.name, said)}", file=sys.stdout if not blocking else sys.stderr)
    if how.draft:
        return _draft(proposal, blocking, how)
    if blocking:
        print(_nothing_written(how), file=sys.stderr)
        return FAULTS
    if how.dry_run:
        print(f"\nNothing was written (--dry-run). Without it: data/waves/{request.name}.csv and .yaml.")
        return DONE
    if how.ask and how.ask(f"Add wave {request.name} as shown?", ("yes", "no")) != "yes":
        print("\nNothing was written.")
        return FAULTS
    try:
        written = writing.write(proposal, request.name, codebook=True)
    except Refused as refused:
        return _stop(refused.problems, request.name, said, FAULTS)
    _last_words(proposal, written, context)
    return DONE


def _settle(request: Request, export: Export, context: Context, ask: Ask | None) -> Proposal:
    """The proposal, once a person has answered what only a person knows."""
    proposal = propose(request, export, context)
    if ask is None:
        return proposal
    asked: set[str] = set()
    while True:
        for suggestion in proposal.suggestions:
            question = f"Does “{suggestion.column}” hold {suggestion.item}? ({suggestion.why})"
            if question not in asked:
                asked.add(question)
                if ask(question, ("yes", "no")) == "yes":
                    request = replace(request, given={**request.given, suggestion.column: suggestion.item})
                    break
        else:
            need = next((n for n in proposal.needs if n.question not in asked), None)
            if need is None:
                return proposal
            asked.add(need.question)
            request = _answered(request, need, ask)
        proposal = propose(request, export, context)


def _answered(request: Request, need: Need, ask: Ask) -> Request:
    answer = ask(need.question, need.choices)
    return need.apply(request, answer) if answer else request


def all_problems(proposal: Proposal) -> list[Problem]:
    """The proposal's faults, and those that the pipeline's own check finds; one cause is told once."""
    own = [*proposal.problems, *(need.problem for need in proposal.needs)]
    told = {p.cause for p in own if p.blocks}
    readable = [i for i in proposal.asked if i.name not in proposal.unread]
    if not proposal.who.stored or not readable or not proposal.columns or any(p.cause in TELLING for p in own):
        return own
    return own + [p for p in writing.check(proposal) if p.cause not in told]


def _standing(request: Request, how: How) -> Problem | None:
    """A wave of that name which must not be overwritten."""
    stem = f"_{request.name}" if how.draft else request.name
    there = [str(p) for p in (writing.WAVES / f"{stem}.csv", writing.WAVES / f"{stem}.yaml") if p.exists()]
    if not there or how.replace or how.dry_run:
        return None
    return Problem(
        " and ".join(there), "A wave of this name is there already", "it would be overwritten", "",
        "choose another --name, or replace it with --replace",
    )  # fmt: skip


def _a_panels_file(export: Export) -> Problem:
    return Problem(
        "The export", "This is the file of a recruiting panel", "it holds demographics and no answers", "",
        "give the export of the questionnaire, and this file as --join FILE",
    )  # fmt: skip


def _draft(proposal: Proposal, blocking: Sequence[Problem], how: How) -> int:
    name = proposal.request.name
    telling = proposal.own_words or any(p.cause in TELLING for p in blocking)
    if telling or not proposal.who.stored or not proposal.asked:
        why = "what people wrote in their own words, or what tells who they are" if telling else "nothing to edit"
        print(f"\nNo draft was written: it would hold {why}.", file=sys.stderr)
        return FAULTS
    if how.dry_run:
        print("\nNothing was written (--dry-run).")
        return FAULTS if blocking else DONE
    written = writing.write(proposal, f"_{name}", codebook=False)
    print(f"\nWrote a draft: {' and '.join(map(str, written))}. The study leaves it out.")
    print(f"Next: edit {writing.WAVES}/_{name}.yaml, take the underscore off both names, and type rejsens check.")
    return DONE


def _nothing_written(how: How) -> str:
    return (
        "\nNothing was written. Row numbers are those of the export as you gave it. State what is missing by flags or in a "
        "maps file (--maps FILE.yaml), and run this again; --draft writes what is known so far for editing."
    )


def _last_words(proposal: Proposal, written: Sequence[Path], context: Context) -> None:
    name = proposal.request.name
    for path in written:
        if path.suffix == ".key":
            print(f"\nMade the study's key for participant ids: {path}")
            print("Keep it, share it only with those who add waves, and never put it beside the data.")
    print(f"\nWrote {', '.join(str(p) for p in written if p.suffix != '.key')}.")
    first = f"rejsens diff-wave {name}" if context.earlier else "rejsens check"
    print(f"Next: look at what differs with {first}, then make the report with rejsens run." if context.earlier
          else f"Next: {first}, then make the report with rejsens run.")  # fmt: skip


def _stop(problems: Sequence[Problem], name: str, said: Callable[[str], str], code: int) -> int:
    print(faults(problems, name, said), file=sys.stderr)
    print("\nNothing was written.", file=sys.stderr)
    return code


def _said(request: Request, secrets: Secrets) -> Callable[[str], str]:
    """A sentence as it may be printed: files are not named by their names, and what tells who somebody is becomes […]."""
    names = {str(request.export): "The export", request.export.name: "the export"}
    for path in (request.companion, *request.joins):
        if path:
            names |= {str(path): "The file", path.name: "the file"}

    def said(text: str) -> str:
        for name, instead in names.items():
            text = text.replace(name, instead)
        return secrets.mask(text)

    return said
