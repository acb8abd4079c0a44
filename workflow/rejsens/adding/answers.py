"""What an export's rows and answers are: when they were given, which are none, what may be stored, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from rejsens.adding.cleaning import clean
from rejsens.adding.columns import Column, column
from rejsens.adding.dates import days_of, unknown
from rejsens.adding.instruments import platform_columns, platform_personal
from rejsens.adding.labels import direction_problem, number, read_item, strange_codes, unread_answers
from rejsens.adding.model import Need, Proposal
from rejsens.adding.personal import told_by
from rejsens.adding.request import Request
from rejsens.importers.cells import label_key
from rejsens.importers.model import Export
from rejsens.importers.rows import left_out
from rejsens.problems import Problem, listed

UNKNOWN_DAY = "1900-01-01"  # until somebody states the days


def find_days(proposal: Proposal) -> None:
    """First and last day of the wave: as stated, else by the platform's own date columns."""
    request, export, module = proposal.request, proposal.export, proposal.module
    first, last = request.dates_from, request.dates_to
    if first and last:
        proposal.sidecar["collected"] = {"from": first, "to": last}
        return
    names = [n for n in (module.DATES or ()) if n in export.columns]
    names = names or [n for n in getattr(module, "TIMESTAMPS", ()) if n in export.columns][:1]
    if names:
        kept = answered_rows(export, proposal.leave_out)
        texts = [
            {t for t, keep in zip(column(export, n).cells(), kept, strict=True) if keep and t}
            for n in (names[0], names[-1])
        ]
        starts, ends = (sorted(own) for own in texts)
        days = days_of(starts, ends, listed(list(dict.fromkeys(names))))
    else:
        days = unknown("The export", "no column of the platform says when people answered")
    if isinstance(days, Problem):
        question = f"What was the {'last' if first else 'first'} day of this wave (year-month-day)?"

        def stated(request: Request, day: str) -> Request:
            return replace(request, dates_to=day) if first else replace(request, dates_from=day)

        proposal.needs.append(Need(days, question, (), stated))
        proposal.sidecar["collected"] = {"from": first or last or UNKNOWN_DAY, "to": last or first or UNKNOWN_DAY}
        return
    proposal.notes.append(f"Dates were read {days.how}: {days.first} to {days.last}")
    proposal.sidecar["collected"] = {"from": first or str(days.first), "to": last or str(days.last)}


def answered_rows(export: Export, entries: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Which rows are answers of a person, and not left out."""
    hits = left_out(export.cells, entries)
    return (~np.logical_or.reduce(hits)).tolist() if hits else [True] * export.n_rows


def rows_left_out(proposal: Proposal) -> list[dict[str, Any]]:
    """Rows that are no answers of a person, as the platform and the panel mark them; only where there are any."""
    export = proposal.export
    stated = proposal.request.settings.get("leave_out")
    if stated is not None:
        return list(stated)
    entries = [
        {"column": name, "values": list(values), "label": label}
        for name, values, label in proposal.module.NOT_ANSWERS
        if name in export.columns
    ]
    hits = left_out(export.cells, entries)
    own = [entry | {"values": _present(export, entry)} for entry, hit in zip(entries, hits, strict=True) if hit.any()]
    return own + [entry for joined in proposal.joined for entry in joined.leave_out]


def _present(export: Export, entry: Mapping[str, Any]) -> list[str | float]:
    """Of the values that mark such rows, those that occur."""
    texts = {label_key(t) for t in column(export, entry["column"]).filled}
    return [
        v
        for v in entry["values"]
        if label_key(v) in texts or any(number(t) == v for t in texts if not isinstance(v, str))
    ]


def drop_personal(proposal: Proposal) -> None:
    """What of the export is stored, and what leaves; see `rejsens.adding.cleaning`."""
    export, who, days = proposal.export, proposal.who, proposal.sidecar["collected"]
    columns = {name: column(export, name) for name in export.columns}
    answers = [label for i in proposal.asked for item in i.items for label in item.labels.values()]
    answers += [label for choices in export.choices.values() for label in choices.values() if not told_by(label)]
    answers += [t for past in proposal.context.earlier for labels in (past.wave.labels or {}).values() for t in labels]
    answers += [t for labels in proposal.request.labels.values() for t in labels]
    cleaned = clean(
        columns,
        who.column if who.column in columns else None,
        who.stored or [""] * export.n_rows,
        who.key is not None,
        proposal.items_of,
        platform_personal(proposal),
        platform_columns(proposal),
        export.questions,
        export.choices,
        proposal.request.keep_text,
        int(days["to"][:4]) if days["to"] != UNKNOWN_DAY else date.today().year,
        answers,
    )
    if who.made_up and who.column:
        if who.column in cleaned.columns:
            found, advice = "the export holds a column of this name", "name it: --participant COLUMN"
            cleaned.problems.append(Problem(who.column, "Two columns with one name", found, "", advice))
        cleaned.columns = {who.column: who.stored, **cleaned.columns}
    for joined in proposal.joined:
        cleaned.dropped += joined.dropped
    proposal.problems += cleaned.problems
    proposal.cleaned = cleaned


def read_all(proposal: Proposal) -> None:
    """How the answers to every item are read; what nothing explains is told once per instrument."""
    export, asked, column_of = proposal.export, proposal.asked, proposal.matching.column_of
    labels, earlier, least = proposal.request.labels, proposal.context.earlier, proposal.context.least
    decimal, missing = _decimal(proposal), _missing_codes(proposal)
    words = {code for code in missing if isinstance(code, str)}
    columns: dict[str, Column] = {}
    choices: dict[str, dict[str, str]] = {}  # without those that mean no answer
    for instrument, item in ((i, item) for i in asked for item in i.items):
        if item.id not in column_of:
            continue  # its column holds several choices
        columns[item.id] = found = column(export, column_of[item.id])
        codes = {float(c) for c in (*missing, *item.missing_codes) if not isinstance(c, str)}
        none = {t for t in found.filled if t in words or number(t, decimal) in codes}
        choices[found.name] = {
            code: label
            for code, label in export.choices.get(found.name, {}).items()
            if number(code, decimal) not in codes and not {code, label} & words
        }
        question = export.questions.get(found.name, "")
        proposal.readings[item.id] = read_item(
            found, item, instrument, labels, earlier, choices[found.name], none, decimal, question
        )
    proposal.problems += strange_codes(proposal.readings, asked, choices, column_of, labels)
    proposal.problems += filter(None, (direction_problem(i, export.choices, column_of) for i in asked))

    def tellable(text: str) -> bool:
        return not told_by(text) and not proposal.secrets.found_in(text)

    for unread in unread_answers(proposal.readings, columns, asked, export.choices, least, tellable):
        proposal.problems.append(unread.problem(least))
        for name in {i.id for i in unread.instrument.items} & set(columns):
            if own := set(proposal.readings[name].unread) & set(unread.hidden):
                proposal.own_words[columns[name].name] = own


def _decimal(proposal: Proposal) -> str:
    """The decimal mark of the export's numbers: stated, or a comma where numbers with a comma stand and none with a point."""
    if stated := proposal.request.settings.get("decimal"):
        return stated
    export, column_of = proposal.export, proposal.matching.column_of
    texts = {
        text
        for instrument in proposal.asked
        for item in instrument.items
        if item.id in column_of and item.type != "category"
        for text in column(export, column_of[item.id]).filled
    }
    comma = any(re.fullmatch(r"[+-]?\d*,\d+", text) for text in texts)
    point = any(re.fullmatch(r"[+-]?\d*\.\d+", text) for text in texts)
    if comma and not point:
        proposal.sidecar["decimal"] = ","
        proposal.notes.append("Numbers are written with a decimal comma")
        return ","
    return "."


def _missing_codes(proposal: Proposal) -> list[str | float]:
    """What means "no answer" in this wave: as stated, as in the latest wave, as the file and the panel have it."""
    export, context, asked = proposal.export, proposal.context, proposal.asked
    stated = proposal.request.settings.get("missing_codes")
    latest = context.latest.wave.missing_codes if context.latest else None
    if stated is None and latest:
        proposal.carried.append(f"missing_codes: {listed([str(c) for c in latest], 12)}")
    codes = list(stated if stated is not None else latest or [])
    codes += [c for c in proposal.request.missing if c not in codes]
    used = set(proposal.items_of)
    known = {label_key(label) for i in asked for item in i.items for label in item.labels.values()}
    for name in sorted(used):
        codes += [one for one in export.missing.get(name, ()) if isinstance(one, str) and one not in codes]
    for result in proposal.joined:
        held = {t for name in result.of_panel if name in used for t in column(export, name).filled}
        codes += [t for t in result.no_answer if t in held and label_key(t) not in known and t not in codes]
    if codes:
        proposal.sidecar["missing_codes"] = codes
    return codes
