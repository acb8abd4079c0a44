"""A wave's sidecar: what is true of one export and of no other, and the instruments that it asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejsens.administration import administer
from rejsens.declarations import read_yaml
from rejsens.definitions import Instrument
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import sha256

REFUSED_INSTRUMENTS = {
    "ecr_s": "its key could not be verified and its publisher holds the copyright",
    "cerq": "two item orders circulate, its key could not be verified, and its manual reserves all rights",
    "ipsm": "two keys compete and neither could be verified",
    "bhs": "its anchors, sum and cut-offs could not be verified, and its items are about physical danger",
    "gbs": "the numbers of its reversed items could not be verified",
    "dts": "its key could not be verified",
    "need_threat": "at least three versions circulate and no key could be verified",
    "oes": "its key was found in one place only, it comes from a thesis, and its terms are unclear",
    "oss": "its four items were found, but no scoring rule that could be verified",
    "sccs": "its key was found in one place only",
    "ams": "its five items and one factor were found, but no scoring rule that could be verified",
    "pies": "its ten items and one factor were found, but no scoring rule that could be verified",
}


@dataclass(frozen=True)
class Wave:
    """One wave's sidecar: everything that is true of one export and of no other.

    file     the export as messages name it: variables of the environment stay as the sidecar writes them
    opened   the export as it is read: variables filled in, never printed, since their values may be secret
    """

    name: str
    path: str
    file: str
    settings: Mapping[str, Any]

    @property
    def opened(self) -> str:
        return os.path.expandvars(self.file)

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        return self.settings.get(key)


def load_wave(path: Path | str) -> Wave:
    """One sidecar; its data file stands beside it unless `file:` points elsewhere (also through `$REJSENS_…`)."""
    path = Path(path)
    content = read_yaml(path, "wave")
    file = content.get("file") or path.with_suffix(".csv").name
    if not os.path.dirname(os.path.expandvars(file)):  # a name without a folder
        file = str(path.with_name(file))
    return Wave(name=path.stem, path=str(path), file=file, settings=content)


def unreadable(wave: Wave, error: OSError) -> Refused:
    """An export that is there and cannot be read; the system's own message would print what stands in a variable."""
    cause = "A wave's export cannot be read"
    fix = "make the file and its folder readable for you, or correct `file:` in the sidecar"
    return Refused(Problem(wave.path, cause, f"{wave.file}: {(error.strerror or '').lower()}", "", fix), wave.name)


def export_hash(wave: Wave) -> str:
    """Content hash of a wave's export, or "missing".

    raises   Refused: a file that is there and cannot be read
    """
    try:
        return sha256(wave.opened)
    except OSError as error:
        raise unreadable(wave, error) from None


def wave_facts(wave: Wave) -> dict[str, Any]:
    """What a codebook prints of one wave, as plain values; what a sidecar does not state is empty."""
    words = {
        key: wave.settings.get(key) or "" for key in ("title", "source", "licence", "population", "language", "mode")
    }
    days = {"from": wave.collected["from"], "to": wave.collected["to"]}
    return {"name": wave.name, "simulated": bool(wave.simulated), **words, **days}


def administered_name(entry: Mapping[str, Any]) -> str:
    """The name under which a sidecar's entry asks an instrument: its id, behind the prefix if it has one."""
    return f"{entry['as']}_{entry['id']}" if entry.get("as") else entry["id"]


def instruments_asked(wave: Wave, instruments: Mapping[str, Instrument], known: Iterable[str] = ()) -> list[Instrument]:
    """The instruments of one sidecar as administered; unknown ones are refused with the nearest of the known names."""
    asked, problems = [], []
    for entry in wave.settings["instruments"]:
        where = f"{wave.path} › instruments › {entry['id']}"
        if entry["id"] not in instruments:
            problems.append(_unknown_instrument(entry["id"], {*instruments, *known}, where))
            continue
        if fault := event_problem(instruments[entry["id"]], entry, where):
            problems.append(fault)
            continue
        try:
            asked.append(administer(instruments[entry["id"]], where, **entry))
        except Refused as refused:
            problems += refused.problems
    names = [instrument.name for instrument in asked]
    problems += [
        Problem(
            wave.path, "An instrument asked twice", f"“{name}” stands twice", "", "give one of them a prefix with `as:`"
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise Refused(problems, wave.path)
    return asked


def event_problem(instrument: Instrument, entry: Mapping[str, Any], where: str) -> Problem | None:
    """An instrument about single events is asked once for each kind, and `as:` says which."""
    if not instrument.events or entry.get("as") in instrument.events:
        return None
    return Problem(
        where,
        "An event of an unknown kind",
        f"“{entry['as']}”" if entry.get("as") else "`as:` is missing",
        listed(list(instrument.events)),
        did_you_mean(entry.get("as") or "", instrument.events) or "say with `as:` which kind of event was rated",
    )


def _unknown_instrument(name: str, known: Iterable[str], where: str) -> Problem:
    if name in REFUSED_INSTRUMENTS:
        return Problem(
            where,
            "Instruments that are not shipped",
            f"“{name}”: {REFUSED_INSTRUMENTS[name]}",
            "",
            "define it in the study's own schemas/instruments/ if you hold the form; the report will say “user-supplied, unverified key”",
        )
    return Problem(
        where,
        "Unknown instruments",
        f"“{name}” is not defined",
        listed(sorted(known), 60),
        did_you_mean(name, known) or f"define it in schemas/instruments/{name}.yaml",
    )
