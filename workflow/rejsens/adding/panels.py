"""Demographics of a recruiting panel, joined by id before the ids are hashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rejsens.adding.columns import column
from rejsens.adding.personal import tells_birth
from rejsens.importers import PANELS, open_export
from rejsens.importers.cells import encoded
from rejsens.importers.model import Export
from rejsens.problems import Problem, Refused, counted, listed
from rejsens.registry import sha256


@dataclass
class Joined:
    """What came of joining one file.

    export      the export with the panel's columns behind its own
    record      the sidecar's entry of `joined:`
    of_panel    new column -> the panel's own name of it
    items       new column -> the item that it is known to hold
    dropped     columns of the file that were not taken over, with the reason
    leave_out   rows that the panel marks as no valid submission
    no_answer   texts of the panel that mean no answer, where they occur
    notes       sentences for the person
    """

    export: Export
    record: dict[str, Any]
    of_panel: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    dropped: list[dict[str, str]] = field(default_factory=list)
    leave_out: list[dict[str, Any]] = field(default_factory=list)
    no_answer: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def panel_of(path: Path) -> tuple[Export, Any]:
    """A panel's file, opened, and the module that knows it.

    raises   Refused: not the file of a panel that is known
    """
    opened = open_export(path)
    if opened.platform not in PANELS:
        known = listed([module.TITLE for module in PANELS.values()])
        raise Refused(
            Problem(
                "--join",
                "Not the file of a recruiting panel",
                f"it was read as {opened.platform}",
                f"the demographic export of {known}",
                "download the demographic data of the study from the panel, and give that file as it is",
            ),
            "The panel's file",
        )
    return opened, PANELS[opened.platform]


def join(export: Export, panel: Export, module: Any, participant: str, path: Path) -> Joined:
    """Put a panel's columns behind those of an export, row by row, by the id of the person.

    A person with several submissions at the panel gets the last one that is not marked as invalid. Nobody is added: what
    the panel knows of people who are not in the export stays out.
    """
    ids = [text.strip() for text in column(export, participant).cells()]
    theirs = [text.strip() for text in column(panel, module.ID).cells()]
    status, invalid, label = module.STATUS
    states = column(panel, status).cells() if status in panel.columns else [""] * len(theirs)
    row_of: dict[str, int] = {}
    for position, who in enumerate(theirs):
        if who and (who not in row_of or states[position] not in invalid or states[row_of[who]] in invalid):
            row_of[who] = position
    matched = sum(who in row_of for who in ids)
    statuses = Counter(state for state in states if state)
    record: dict[str, Any] = {
        "platform": panel.platform,
        "sha256": sha256(path),
        "matched": matched,
        "unmatched": len(ids) - matched,
        "statuses": dict(sorted(statuses.items())),
    }
    joined = Joined(export, record)
    columns = {name: [text for text in column(export, name).cells()] for name in export.columns}
    for name in panel.columns:
        born = tells_birth(name)  # only the year of it is stored
        if name in (module.ID, *(module.DATES or ())) or (name in module.PERSONAL and not born):
            why = module.PERSONAL.get(name, "the panel's time stamps")
            reason = f"{why}; it served to join the file" if name == module.ID else why
            joined.dropped.append({"column": f"{module.TITLE}: {name}", "reason": reason})
            continue
        new = name if name not in columns else f"{module.TITLE} {name}"
        texts = column(panel, name).cells()
        columns[new] = [texts[row_of[who]] if who in row_of else "" for who in ids]
        joined.of_panel[new] = name
        if item := module.BACKGROUND.get(name):
            joined.items[new] = item
        if name == status and (hit := sorted(set(columns[new]) & set(invalid))):
            joined.leave_out.append({"column": new, "values": hit, "label": label})
    joined.no_answer = sorted({t for new in joined.of_panel for t in columns[new]} & set(module.NO_ANSWER))
    joined.export = _with(export, columns, participant)
    _tell(joined, panel, module, ids, row_of, statuses, participant)
    return joined


def _with(export: Export, columns: Mapping[str, list[str]], participant: str) -> Export:
    from dataclasses import replace

    return replace(export, cells=encoded(dict(columns), tuple(columns), participant))


def _tell(
    joined: Joined,
    panel: Export,
    module: Any,
    ids: list[str],
    row_of: Mapping[str, int],
    statuses: Counter[str],
    participant: str,
) -> None:
    matched, unmatched = joined.record["matched"], joined.record["unmatched"]
    absent = len(set(row_of) - set(ids))
    states = listed([f"{n} {state}" for state, n in statuses.most_common()], 12)
    sentence = f"{module.TITLE}: {matched} of {len(ids)} rows were found there"
    joined.notes.append(
        f"{sentence}; {counted(absent, 'person' if absent == 1 else 'people').replace('peoples', 'people')} of its file are not in the export"
        + (f" ({states})" if states else "")
    )
    if "Completion code" in panel.columns and (n := column(panel, "Completion code").counts.get("NOCODE", 0)):
        joined.notes.append(f"{module.TITLE}: {counted(n, 'submission')} came without a completion code (NOCODE)")
    if matched == 0:
        joined.problems.append(
            Problem(
                "--join",
                "Nobody of the panel's file is in the export",
                f"0 of {len(ids)} ids in “{participant}” stand in the file",
                "",
                "is it the file of this study, and does this column hold the panel's ids? --participant COLUMN",
            )
        )
    elif unmatched:
        joined.problems.append(
            Problem(
                "--join",
                "People whom the panel does not know",
                f"{counted(unmatched, 'row')} of the export hold an id that is not in the panel's file",
                "",
                "tests of your own, or people who typed their id wrongly? They have no demographics",
                blocks=False,
            )
        )
