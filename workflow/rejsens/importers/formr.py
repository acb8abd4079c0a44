"""formr: one row for each session; codes of the item table's choices.

The results table begins with session, created, modified, ended and expired, one column for each item after them
(formr.org, `SurveyStudy::getResults`); the item table as JSON (`items`: name, label, choices) tells questions and choices
(the formr R package's `formr_items`). Answers to `mc_multiple` items are one cell of codes joined by ", ".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rejsens.importers.cells import name_text
from rejsens.importers.companions import companion_text, not_a_companion, without_markup
from rejsens.importers.model import Head, Layout
from rejsens.problems import Refused

TITLE = "formr"
COMPANION = "the item table as JSON"
IDS = ("session",)
PERSONAL = {"ip": "network address", "referrer": "page that a person came from", "email": "e-mail address"}
DATES = ("created", "ended")
DURATION: dict[str, float] = {}
NOT_ANSWERS: tuple[tuple[str, tuple[Any, ...], str], ...] = ()
OWN = ("session", "created", "modified", "ended")


def recognise(head: Head) -> str:
    known = [name for name in OWN if name in head.names[:8]]
    return f"columns {', '.join(known)} are those of formr" if len(known) == len(OWN) else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names; with the item table also questions and choices."""
    if companion is None:
        return Layout(head.names)
    try:
        content = json.loads(companion_text(companion))
        items = content["items"] if isinstance(content, dict) else content
        found = {
            item["name"]: (name_text(without_markup(item.get("label") or "")), item.get("choices") or {})
            for item in items
        }
        choices = {
            name: {str(code): name_text(without_markup(str(label))) for code, label in dict(given).items()}
            for name, (_, given) in found.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused(not_a_companion(companion, TITLE, COMPANION), str(companion)) from None
    known = [name for name in head.names if name in found]
    return Layout(
        head.names, questions={n: found[n][0] for n in known if found[n][0]}, choices={n: choices[n] for n in known if choices[n]},
        notes=(f"the item table describes {len(known)} of {len(head.names)} columns",),
    )  # fmt: skip
