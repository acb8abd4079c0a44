"""The sidecar of a new wave: what is true of it and of no other, found out, stated, or taken over from the wave before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rejsens.adding.labels import label_map
from rejsens.adding.matching import names_of, pattern_of
from rejsens.adding.model import Proposal
from rejsens.adding.request import FACTS
from rejsens.declarations import schema_problems
from rejsens.importers.model import Export
from rejsens.importers.text import WORDS
from rejsens.problems import CONTROL, Problem, listed

CARRIED_FACTS = ("population", "language", "mode", "source", "licence", "contact", "consent", "simulated")
WANTED_FACTS = (
    "population",
    "language",
    "mode",
    "consent",
    "contact",
    "licence",
)  # worth a look when nobody states them
ORDER = (
    "title", "simulated", "role", "retest_of", "platform", "original", "sha256", "collected", "population", "language", "mode",
    "source", "licence", "contact", "consent", "participant", "headers", "labels", "missing_codes", "decimal", "multiple",
    "leave_out", "instruments", "not_asked", "replaces", "stored_totals", "questions", "joined", "dropped",
)  # fmt: skip


FOUND = (
    "labels",
    "headers",
    "leave_out",
    "missing_codes",
    "multiple",
    "collected",
)  # what a person stated is in them already
MAY_BE_EMPTY = ("headers", "labels", "multiple", "leave_out", "not_asked", "questions", "joined", "dropped")


def fill_sidecar(proposal: Proposal) -> None:
    """Everything that the wave's sidecar will say; the fingerprint of the stored file is put in when it is written."""
    multiple = {name: dict(choices.items) for name, choices in proposal.several.items() if choices.items}
    stated = {k: v for k, v in proposal.request.settings.items() if k not in FOUND}
    sidecar = {
        **proposal.sidecar,
        **_facts(proposal),
        "platform": proposal.export.platform,
        "original": _original(proposal.export),
        "sha256": "0" * 64,
        "participant": proposal.who.entry(),
        "multiple": multiple,
        "headers": _columns_and_headers(proposal, multiple),
        "labels": label_map(proposal.readings, proposal.asked),
        "leave_out": proposal.leave_out,
        "not_asked": list(proposal.not_asked),
        "questions": _questions(proposal),
        "joined": [joined.record for joined in proposal.joined],
        **stated,
        "dropped": proposal.cleaned.dropped,
    }
    proposal.sidecar = {
        key: sidecar[key] for key in ORDER if key in sidecar and (sidecar[key] or key not in MAY_BE_EMPTY)
    }
    if not proposal.blocking:
        proposal.problems += schema_problems(proposal.sidecar, "wave", proposal.request.name)


def _questions(proposal: Proposal) -> dict[str, str]:
    """The questions as they were asked, of columns that hold items, without what tells who somebody is."""
    asked, taken_out = {}, []
    holding = proposal.items_of
    for name in (name for name in proposal.export.columns if name in holding):
        question = proposal.export.questions.get(name, "")
        masked = proposal.secrets.mask(question)
        if masked != question:
            taken_out.append(proposal.shown(name))
        masked = CONTROL.sub(" ", masked)  # no sidecar may hold them
        if masked and masked != name:
            asked[name] = masked
    reason = "personal words in its question; the rest of the question was kept"
    proposal.cleaned.dropped += [{"column": name, "reason": reason} for name in taken_out]
    if taken_out:
        proposal.notes.append(f"Personal words were taken out of the questions of {', '.join(taken_out)}")
    return asked


def _original(export: Export) -> dict[str, Any]:
    data = Path(export.path).read_bytes()
    kind = {
        "text": f"text, separated by {WORDS.get(export.delimiter, export.delimiter)}",
        "workbook": "Excel workbook",
        "spss": "SPSS file",
    }[export.container]
    entry = {"sha256": hashlib.sha256(data).hexdigest(), "format": kind, "rows": export.n_rows}
    return entry | ({"encoding": export.encoding} if export.encoding else {})


def _facts(proposal: Proposal) -> dict[str, Any]:
    """Title, population and their like: stated, else as in the latest wave, and shown as such."""
    context = proposal.context
    stated = {k: v for k, v in proposal.request.facts.items() if v not in (None, "")}
    latest = context.latest.wave.settings if context.latest else {}
    carried = {k: latest[k] for k in CARRIED_FACTS if k in latest and k not in stated}
    proposal.carried += [f"{k}: {v}" for k, v in carried.items()]
    simulated = {"simulated": True} if context.settings["study"]["simulated"] else {}
    facts = {"title": f"Wave {proposal.request.name}", **simulated, **carried, **stated}
    absent = [k for k in WANTED_FACTS if k not in facts]
    if absent and not facts.get("simulated"):
        proposal.problems.append(
            Problem("The sidecar", "Facts that the next reader will want", f"{listed(absent)} {'is' if len(absent) == 1 else 'are'} not stated", "",
                    "state them by flags (" + listed([f"--{k}" for k in absent]) + ") or later in the sidecar", blocks=False)
        )  # fmt: skip
    return {k: v for k, v in facts.items() if k in FACTS}


def _columns_and_headers(proposal: Proposal, multiple: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Put a pattern of columns into each instrument's entry where there is one; the header map for the rest."""
    column_of = proposal.matching.column_of
    ticked = {item for choices in multiple.values() for item in choices.values()}
    headers: dict[str, str] = {}
    for entry, instrument in zip(proposal.sidecar["instruments"], proposal.asked, strict=True):
        entry.pop("columns", None)
        names = dict(zip(instrument.columns, names_of(instrument), strict=True))
        items = [item for item in instrument.columns if item not in ticked]
        columns = [column_of[item] for item in items]
        if columns == [names[item] for item in items]:
            continue
        if len(items) == len(instrument.columns) and (pattern := pattern_of(columns)):
            entry["columns"] = pattern
        else:
            headers |= {c: i for c, i in zip(columns, items, strict=True) if c != names[i] or instrument.order}
    return headers
