"""What `rejsens check` found, as text, HTML, CSV and JSON. The JSON's shape is documented in docs/check.md and kept stable."""

from __future__ import annotations

import csv
import html
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence

from rejsens.check import Checked, Finding
from rejsens.plausibility import CHECKS, Notice
from rejsens.problems import Problem, by_cause, explain, grouped, listed, usable
from rejsens.spreadsheet import safe

JSON_FORMAT = 1  # raised when a key is renamed, removed or changes its meaning; new keys may come at any time
NOT_CHECKED = "Could not be checked"


def as_text(checked: Checked) -> str:
    """For the terminal: faults grouped by cause, what is worth a look, what could not be checked, what to do next."""
    told = explain([f.problem for f in checked.found], checked.subject)
    parts = ["\n  ".join(["Looked at", *checked.looked_at])] if checked.looked_at else []
    parts.append(told)
    parts += (
        [f"{NOT_CHECKED}\n" + "\n".join(f"  {line}" for line in not_checked(checked.not_run))]
        if checked.not_run
        else []
    )
    return "\n\n".join(parts)


def not_checked(not_run: Sequence[Notice]) -> list[str]:
    """One line for each check and reason, with the waves that it holds for."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for notice in not_run:
        reasons.setdefault((notice.check, notice.finding.removeprefix("could not run: ")), []).append(notice.wave)
    return [f"{CHECKS[check]} ({listed(waves)}): {reason}." for (check, reason), waves in reasons.items()]


def as_json(checked: Checked) -> str:
    """For programs; see docs/check.md."""
    content = {
        "format": JSON_FORMAT,
        "kind": checked.kind,
        "subject": checked.subject,
        "exit_code": checked.exit_code,
        "usable": checked.usable,
        "looked_at": checked.looked_at,
        "faults": [_fault(f) for f in checked.faults],
        "worth_a_look": [_fault(f) | {"evidence": _evidence(f.evidence)} for f in checked.notices],
        "not_checked": [
            {"wave": n.wave, "check": n.check, "reason": n.finding.removeprefix("could not run: ")}
            for n in checked.not_run
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _fault(finding: Finding) -> dict[str, object]:
    p = finding.problem
    return {
        "wave": finding.wave,
        "cause": p.cause,
        "where": p.where,
        "found": p.found,
        "allowed": p.allowed,
        "what_to_do": p.fix,
        "cells": [{"participant": who, "row": row} for who, row in p.cells],
        "sets_aside": p.family,
    }


def _evidence(notice: Notice | None) -> dict[str, object] | None:
    if notice is None:
        return None
    numbers = {name: getattr(notice, name) for name in ("value", "ci_low", "ci_high")}
    return {
        "check": notice.check,
        "variable": notice.variable,
        "n": int(notice.n),
        "measure": notice.measure,
        **{name: None if math.isnan(number) else float(number) for name, number in numbers.items()},
    }


COLUMNS = ("kind", "wave", "cause", "where", "found", "allowed", "what_to_do", "participant", "row")


def as_csv(checked: Checked) -> str:
    """For a spreadsheet: one line for each cell that a fault is about, one line for a fault without cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in _lines(checked):
        writer.writerow([safe(str(cell)) for cell in line])
    return out.getvalue()


def _lines(checked: Checked) -> Iterator[tuple[object, ...]]:
    for kind, findings in (("fault", checked.faults), ("worth a look", checked.notices)):
        for finding in findings:
            p = finding.problem
            for who, row in p.cells or [("", "")]:
                yield kind, finding.wave, p.cause, p.where, p.found, p.allowed, p.fix, who, row
    for notice in checked.not_run:
        yield "not checked", notice.wave, CHECKS[notice.check], "", notice.finding, "", "", "", ""


def as_html(checked: Checked) -> str:
    """One page that stands by itself."""
    faults, notices = ([f.problem for f in found] for found in (checked.faults, checked.notices))
    told = usable(faults, checked.subject)
    body = [f"<h1>{html.escape(told)}</h1>"]
    if checked.looked_at:
        body.append(f"<p>Looked at</p>\n<ul>{''.join(f'<li>{html.escape(x)}</li>' for x in checked.looked_at)}</ul>")
    body += [_section(cause, group, 2) for cause, group in by_cause(faults).items()]
    if notices:
        body.append("<h2>Worth a look</h2>\n<p>This stops nothing.</p>")
        body += [_section(cause, group, 3) for cause, group in by_cause(notices).items()]
    if checked.not_run:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in not_checked(checked.not_run))
        body.append(f"<h2>{NOT_CHECKED}</h2>\n<ul>{lines}</ul>")
    return PAGE.format(title=html.escape(told), body="\n".join(body))


def _section(cause: str, problems: Sequence[Problem], level: int) -> str:
    (text,) = grouped(problems)
    lines = "".join(f"<p>{html.escape(line.strip())}</p>" for line in text.splitlines()[1:])
    return f"<section><h{level}>{html.escape(cause)}</h{level}>{lines}</section>"


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.15rem; margin-top: 2rem; }} h3 {{ font-size: 1rem; }}
section {{ border-left: 4px solid #767676; padding-left: 1rem; margin: 1rem 0; }}
p {{ margin: 0.3rem 0; overflow-wrap: anywhere; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""

FORMATS: dict[str, Callable[[Checked], str]] = {"text": as_text, "html": as_html, "csv": as_csv, "json": as_json}
