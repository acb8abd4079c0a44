"""A finished run looked at again: are its files as it left them, and is what made them still the same?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejsens.manifest import PEOPLE, Checked, check_files
from rejsens.plan import Plan
from rejsens.problems import Refused, counted, listed
from rejsens.provenance import processor, versions
from rejsens.reasons import changes, sentences
from rejsens.registry import SHIPPED, sha256
from rejsens.run_changes import software_changes
from rejsens.study import load_study

NOT_HERE = "What made them was not looked at: this is a results folder, without its study."
UNREAD = "What made them cannot be told: the study can no longer be read; `rejsens check` says why."
UNRECORDED = "What made them cannot be told: report/provenance.json is not there, or cannot be read."


@dataclass(frozen=True)
class Verified:
    """The files of a run, and what changed since of what made them.

    since      data, settings, definitions and code that differ now, in words; None where that could not be looked at
    software   versions and type of processor that differ now, in words
    untold     why `since` is None
    """

    files: Checked
    since: tuple[str, ...] | None
    software: tuple[str, ...] = ()
    untold: str = ""
    simulated: bool = False

    @property
    def untouched(self) -> bool:
        return not (self.files.changed or self.files.missing)

    @property
    def all_well(self) -> bool:
        """Whether every file is as it was and nothing that made it is known to have changed."""
        return self.untouched and not self.since and not self.software and self.untold in ("", NOT_HERE)


def verified(results: Path, study: Path | None) -> Verified:
    """A results folder held against its list, and its record against the study as it is now.

    study    the folder of the study; None for results by themselves, such as a copy
    raises   Refused: there is no list of what a run left
    """
    files = check_files(results)
    record = _record(results / "report/provenance.json")
    told = bool(record.get("settings", {}).get("study", {}).get("simulated"))
    if study is None:
        return Verified(files, None, (), NOT_HERE, told)
    if "code" not in record:
        return Verified(files, None, (), UNRECORDED, told)
    try:
        with contextlib.chdir(study):
            since = _since(record, Plan(load_study(".")).params("record_provenance"))
    except Refused:
        return Verified(files, None, (), UNREAD, told)
    now = {"packages": versions(), "processor": processor(), "lock_sha256": sha256(SHIPPED / "requirements.lock")}
    return Verified(files, tuple(since), tuple(software_changes(record, now)), "", told)


def _record(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _since(record: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    now = {name: digest for name, digest in facts["depends"].items() if name != "requirements.lock"}
    before = {name: digest for name, digest in (record["definitions"] | record["code"] | record["inputs"]).items()}
    plain = json.loads(json.dumps(facts["settings"]))  # as a record holds them
    found = [("", (("settings", *path), x, y)) for path, x, y in changes(record["settings"], plain)]
    return sentences(
        [*found, *(("", (("depends", *path), x, y)) for path, x, y in changes(before, now | facts["inputs"]))]
    )


def as_text(found: Verified, again: str) -> str:
    """What was found, in sentences: the files first, then what changed since, then what to do.

    again   the command that runs the study
    """
    files = found.files
    n = len(files.same) + len(files.changed) + len(files.missing)
    if found.untouched:
        lines = [f"All {n:,} files are as the run left them."]
    else:
        lines = [f"{len(files.same):,} of {n:,} files are as the run left them."]
        lines += _told("changed since the run", files.changed) + _told("gone", files.missing)
    if not files.people:
        lines.append(f"Files about single people ({PEOPLE}/) are not here, and were not looked at.")
    lines += _told("no file of the run; somebody put it there", files.extra)
    lines += [found.untold] if found.untold else _told_since(found)
    if found.simulated:
        lines.append("The study is simulated: nobody answered its questions.")
    if not found.all_well:
        lines.append(
            f"Next: {again}{' --force' if found.software and not found.since else ''} (brings everything up to date)"
        )
    return "\n".join(lines) + "\n"


def _told(what: str, paths: tuple[str, ...]) -> list[str]:
    return [f"  {counted(len(paths), 'file')} {what}: {listed(paths, 6)}."] if paths else []


def _told_since(found: Verified) -> list[str]:
    told = [*(found.since or ()), *found.software]
    if not told:
        return ["What made them is as it was: data, settings, definitions, code, versions, type of processor."]
    begin = (
        "But what made them has changed since the run" if found.untouched else "What made them has changed since, too"
    )
    return [f"{begin}:", *(f"  {sentence};" for sentence in told[:-1]), f"  {told[-1]}."]
