"""Reporting standards as checks: every item of config/standards.yaml held against one run and the report of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rejsens.declarations import read_yaml
from rejsens.document import Document, Figure, Paragraph, Section, Table, walk
from rejsens.registry import SHIPPED
from rejsens.study import Study
from rejsens.tabular import tidy

FILE = SHIPPED / "config" / "standards.yaml"
SATISFIED, NOT_PROVIDED, NOT_APPLICABLE = OUTCOMES = ("satisfied", "NOT PROVIDED", "not applicable")
# what `provided_by: {file: ...}` means: the file as a person finds it, and the schema that knows its keys
FILES: Mapping[str, tuple[str, str]] = {
    "config": ("config/config.yaml", "config"),
    "wave": ("data/waves/WAVE.yaml", "wave"),
    "hypotheses": ("config/hypotheses/FAMILY.yaml", "hypotheses"),
    "instrument": ("schemas/instruments/INSTRUMENT.yaml", "instrument"),
    "multiverse": ("config/multiverse.yaml", "multiverse"),
    "plan": ("config/plan.lock.yaml", "plan_lock"),
    "predictions": ("schemas/predictions/SET.yaml", "predictions"),
}
WRITTEN_BY_RUN = "no setting: every run writes it, so make the report again"
_Need = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """What an item is held against.

    tables       aggregate contract tables by name; a name that is absent counts as an empty table
    settings     of the study, defaults included
    waves        sidecars, as read
    hypotheses   of all families, as declared
    record       as :py:func:`rejsens.provenance.provenance` makes it
    report       what stands where in the report, as :py:func:`rejsens.finished.outline` makes it
    """

    tables: Mapping[str, pd.DataFrame]
    settings: Mapping[str, Any]
    waves: Sequence[Mapping[str, Any]]
    hypotheses: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any]
    report: Document

    @cached_property
    def places(self) -> dict[str, str]:
        """Anchor -> what a reader looks for: the title of a table or figure, the heading of a section."""
        found = {section.id: f"Section “{section.heading}”" for section in self.report.sections}
        for block in walk(self.report.sections):
            if isinstance(block, Table | Figure):
                found[block.anchor] = block.printed.title if isinstance(block, Table) else block.title
        return found


def load_standards() -> dict[str, Any]:
    """The list as shipped.

    raises   Refused: the file breaks `schemas/standards.schema.yaml`
    """
    return read_yaml(FILE, "standards")


def run_of(study: Study, tables: Mapping[str, pd.DataFrame], record: Mapping[str, Any], report: Document) -> Run:
    """A run, from what its study declares."""
    families = study.planned.values()
    hypotheses = [hypothesis for family in families for hypothesis in family["hypotheses"]]
    return Run(tables, study.settings, [wave.settings for wave in study.waves], hypotheses, record, report)


def checked(content: Mapping[str, Any], run: Run) -> pd.DataFrame:
    """Every item with its outcome: satisfied, with its place; NOT PROVIDED, with what would provide it; or not applicable.

    Parameters
    ----------
    content : mapping
        `config/standards.yaml` as read.
    run : :py:class:`Run`
        What the items are held against.

    Returns
    -------
    :py:class:`pandas.DataFrame`
        The contract table `standards`, one row for each item, in the order of the file.
    """
    rows = [row_of(item, content, run) for item in content["items"]]
    return tidy(pd.DataFrame(rows), "standards")


def provider(row: Mapping[str, Any]) -> str:
    """What would provide an item, from its row of the table: file and setting, the command, or the run itself.

    >>> provider({"file": "config/plan.lock.yaml", "key": "frozen", "command": "rejsens plan freeze"})
    'config/plan.lock.yaml: frozen, by the command “rejsens plan freeze”'
    """
    setting = f"{row['file']}: {row['key']}" if row["file"] else ""
    command = f"the command “{row['command']}”" if row["command"] else ""
    return ", by ".join(filter(None, [setting, command])) or WRITTEN_BY_RUN


def holds(need: _Need, run: Run) -> bool:
    """Whether one condition of the list holds."""
    kind = next(kind for kind in CONDITIONS if kind in need)
    return CONDITIONS[kind](need, run)


def row_of(item: Mapping[str, Any], content: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """The row of one item; what an outcome does not have is left out."""
    standard = content["standards"][item["standard"]]
    row = {
        "standard": standard["title"],
        "about": _about(standard),
        "item": item["id"],
        "part": item["part"],
        "asks": item["asks"],
        "data": "; ".join(map(_named, item["needs"])),
    }
    for case in (content["cases"][name] for name in item.get("applies", ())):
        if not all(holds(need, run) for need in case["needs"]):
            return row | {"outcome": NOT_APPLICABLE, "reason": case["otherwise"]}
    place = next((anchor for name in item["places"] for anchor in run.places if fnmatchcase(anchor, name)), "")
    if place and all(holds(need, run) for need in item["needs"]):
        return row | {"outcome": SATISFIED, "anchor": place, "place": run.places[place]}
    return row | {"outcome": NOT_PROVIDED, **_provided_by(item["provided_by"])}


def _about(standard: Mapping[str, str]) -> str:
    """What a standard is for, and its source.

    >>> _about({"title": "SAMPL", "about": "reporting analyses", "citation": "Lang and Altman"})
    'reporting analyses (Lang and Altman)'
    """
    doi = f"https://doi.org/{standard['doi']}" if "doi" in standard else ""
    source = ", ".join(filter(None, [standard.get("citation", ""), doi]))
    return f"{standard['about']} ({source})" if source else standard["about"]


def _provided_by(given: Mapping[str, Any]) -> dict[str, str]:
    file = FILES[given["file"]][0] if "file" in given else ""
    return {"file": file, "key": given.get("key", ""), "command": given.get("command", "")}


def _named(need: _Need) -> str:
    """The data that make an item so, as a person would look them up.

    >>> _named({"table": "waves", "filled": ["wave", "n_raw"]}), _named({"wave": "consent"})
    ('waves.csv: wave, n_raw', 'sidecars: consent')
    """
    if "table" in need:
        columns = ", ".join([*need.get("where", ()), *need.get("filled", ())])
        return f"{need['table']}.csv" + (f": {columns}" if columns else "")
    kind = next(kind for kind in CONDITIONS if kind in need)
    return f"{_SOURCES[kind]}: {need[kind]}"


# --- conditions ------------------------------------------------------------------------------------------------------


def _in_table(need: _Need, run: Run) -> bool:
    """Rows that meet `where`, at least `rows` of them, with all of `filled` there in one of them or in every one."""
    frame = run.tables.get(need["table"])
    if frame is None:
        return False
    for column, values in need.get("where", {}).items():
        frame = frame[frame[column].isin(values)]
    if len(frame) < need.get("rows", 1):
        return False
    whole = np.ones(len(frame), dtype=bool)
    for column in need.get("filled", ()):
        whole &= (frame[column].notna() & frame[column].ne("")).to_numpy()
    return bool(whole.all() if need.get("every") else whole.any())


def _in_settings(need: _Need, run: Run) -> bool:
    value: Any = run.settings
    for key in need["setting"].split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return _stated(value)


def _in_every(what: str, of: Callable[[Run], Iterable[Mapping[str, Any]]]) -> Callable[[_Need, Run], bool]:
    """That each of several states a key; an empty list states that there is none."""

    def condition(need: _Need, run: Run) -> bool:
        found = list(of(run))
        return bool(found) and all(
            isinstance(one.get(need[what]), list) or _stated(one.get(need[what])) for one in found
        )

    return condition


def _in_record(need: _Need, run: Run) -> bool:
    return _stated(run.record.get(need["record"]))


def _in_section(need: _Need, run: Run) -> bool:
    section = next((s for s in run.report.sections if s.id == need["section"]), None)
    held = walk(section.blocks) if section else ()
    return any(not isinstance(b, Section) and not (isinstance(b, Paragraph) and b.role == "absent") for b in held)


def _stated(value: Any) -> bool:
    """Whether something is said; 0 and false are."""
    return bool(value.strip() if isinstance(value, str) else value) or (isinstance(value, int | float) and value == 0)


CONDITIONS: Mapping[str, Callable[[_Need, Run], bool]] = {
    "table": _in_table,
    "setting": _in_settings,
    "wave": _in_every("wave", lambda run: run.waves),
    "hypothesis": _in_every("hypothesis", lambda run: run.hypotheses),
    "instrument": _in_every("instrument", lambda run: run.record.get("instruments", ())),
    "record": _in_record,
    "section": _in_section,
}
_SOURCES = {
    "setting": "config.yaml",
    "wave": "sidecars",
    "hypothesis": "hypotheses",
    "instrument": "instruments",
    "record": "provenance.json",
    "section": "section of the report",
}
