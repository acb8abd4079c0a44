"""The differences of a wave in few lines, for the screen and for the report."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rejsens.differences import COMPARED
from rejsens.problems import listed

# change -> how it is said of n items; the order is that of the page
SAID = {
    "other language": "asked in another language",
    "reworded": "reworded",
    "recoded": "answers recoded",
    "instrument new": "new instrument",
    "instrument asked again": "asked again",
    "instrument not asked": "no longer asked",
    "item added": "item added",
    "item asked again": "item asked again",
    "item missing": "item missing",
    "options added": "answer options added",
    "options removed": "answer options removed",
    "range changed": "range changed",
    "item order": "other item order",
    "answer direction": "answers run the other way",
    "stored reversed": "stored reversed or not",
    "other words than the definition": "other words than the instrument's file",
    "spelled otherwise": "answers spelled otherwise",
    "read from another code": "answers read from other codes",
    "missing codes": "other missing codes",
    "renamed": "in another column",
    "reordered": "in another place of its scale",
    "instrument moved": "instrument in another place",
    "declared, not found": "declared as changed, no change found",
}
SHOW_ALL = ("reworded", "recoded", "options added", "options removed")  # each text is shown, not one as an example
MOST_SHOWN = 12


@dataclass(frozen=True)
class Summary:
    """Some items of one or several instruments that changed in the same way."""

    instruments: tuple[str, ...]
    kind: str
    change: str  # the kind in words
    n_items: int
    before: str
    after: str
    status: str
    reason: str


def summarise(differences: pd.DataFrame) -> list[Summary]:
    """The differences of one wave in few lines: a line per instrument and kind of change; one line for all instruments
    when more than three changed in the same way; one line per item where its texts matter."""
    lines = []
    rows = differences[differences["status"] != COMPARED]
    reordered = set(rows.loc[rows["change"] == "item order", "instrument"])  # other columns and places follow from that
    rows = rows[~(rows["change"].isin(["renamed", "reordered"]) & rows["instrument"].isin(reordered))]
    for change in SAID:
        own = rows[rows["change"] == change]
        if change in SHOW_ALL:
            lines += _each(own, change)
            continue
        groups = list(own.groupby(["instrument", "status"], sort=False))
        if len({instrument for (instrument, _), _ in groups}) > 3:
            groups = [(("", status), group) for status, group in own.groupby("status", sort=False)]
        lines += [_line(group, change) for _, group in groups]
    return lines


def _each(rows: pd.DataFrame, change: str) -> list[Summary]:
    """Rows that say the same of several items of one instrument are one line."""
    alike = [group for _, group in rows.groupby(["instrument", "before", "after", "status"], sort=False)]
    lines = [_line(group, change) for group in alike[:MOST_SHOWN]]
    return [*lines, _line(pd.concat(alike[MOST_SHOWN:]), change)] if len(alike) > MOST_SHOWN else lines


def _line(rows: pd.DataFrame, change: str) -> Summary:
    first = rows.iloc[0]
    same = rows.groupby(["before", "after"], sort=False).ngroups == 1
    example = "" if same else "e.g. "
    items = [name for name in rows["variable"] if name]
    return Summary(
        instruments=tuple(dict.fromkeys(rows["instrument"])),
        kind=change,
        change=SAID[change],
        n_items=len(items),
        before=f"{example}{first['before']}" if first["before"] else "",
        after=first["after"] if first["before"] or not first["after"] else f"{example}{first['after']}",
        status=first["status"],
        reason=first["reason"] if rows["reason"].nunique() == 1 else "",
    )


def said_of(line: Summary, shown: int = 3) -> str:
    """Whom a line is about, in words."""
    if line.instruments == ("",):
        return "the questionnaire"
    return listed(line.instruments, shown) if len(line.instruments) <= shown else f"{len(line.instruments)} instruments"
