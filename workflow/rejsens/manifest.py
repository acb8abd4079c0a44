"""The list of a finished run: every file it left, with size and fingerprint; and a folder held against that list.

Files about single people have a list of their own beside them: the fingerprint of a file with few possible contents can be
found by trying them all, so that nothing which is shared may carry one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejsens.problems import Problem, Refused
from rejsens.registry import sha256

RESULTS, PEOPLE = "results", "participants"
SHARED, OF_PEOPLE = f"{RESULTS}/manifest.json", f"{RESULTS}/{PEOPLE}/manifest.json"
AUDIT = "report/audit.html"  # tells the times of a run, and so differs from run to run
NOTE = {
    SHARED: "Every file that the run made, but for those about single people, which are listed beside them, and for the "
    "audit trail, which differs from run to run.",
    OF_PEOPLE: "Files about single people. This list stays with them: the fingerprint of a file can give its content away "
    "to somebody who knows most of it.",
}


def listed_files(made: Iterable[str], folder: Path | str = ".") -> list[str]:
    """Files of the results that a run makes: those below `results/` whose path one of the patterns fits.

    made   regular expressions of what the rules make; what else lies there was put there by somebody
    """
    patterns = [re.compile(pattern) for pattern in made]
    there = (path.relative_to(folder).as_posix() for path in Path(folder, RESULTS).rglob("*") if path.is_file())
    return sorted(path for path in there if path not in NOTE and any(p.fullmatch(path) for p in patterns))


def manifests(paths: Iterable[str], folder: Path | str = ".") -> dict[str, str]:
    """The two lists, as the JSON text of each file.

    paths   files below `results/`, as seen from the study's folder
    """
    found: dict[str, dict[str, Any]] = {SHARED: {}, OF_PEOPLE: {}}
    for path in sorted(paths):
        file = Path(folder, path)
        below = Path(path).relative_to(RESULTS)
        own = OF_PEOPLE if below.parts[0] == PEOPLE else SHARED
        found[own][below.as_posix()] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    return {
        name: json.dumps({"format": 1, "note": NOTE[name], "files": files}, indent=1, ensure_ascii=False) + "\n"
        for name, files in found.items()
    }


@dataclass(frozen=True)
class Checked:
    """A results folder held against its lists; paths as seen from that folder."""

    same: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    people: bool  # whether the files about single people are there to be checked


def check_files(results: Path) -> Checked:
    """Hold every file of a results folder against what the run left.

    raises   Refused: there is no list, or it cannot be read
    """
    expected = _files(results / "manifest.json")
    people = (results / PEOPLE).is_dir()
    own = results / PEOPLE / "manifest.json"
    if people:
        expected |= _files(own)
    there = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    beside = {AUDIT, "manifest.json", f"{PEOPLE}/manifest.json"}
    now = {path: sha256(results / path) for path in expected if path in there}
    return Checked(
        same=tuple(sorted(path for path, digest in now.items() if digest == expected[path]["sha256"])),
        changed=tuple(sorted(path for path, digest in now.items() if digest != expected[path]["sha256"])),
        missing=tuple(sorted(set(expected) - there)),
        extra=tuple(sorted(p for p in there - set(expected) - beside if "/.staging." not in f"/{p}")),
        people=people,
    )


def _files(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        found = "the list of what a run left is not there"
        fix = "`rejsens run` writes it at the end of a complete run"
        raise Refused(Problem(str(path), "No list of results", found, "", fix), "The results")
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {str(name): {"sha256": str(of["sha256"])} for name, of in stated.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        fix = "`rejsens run --force` writes it anew"
        raise Refused(
            Problem(str(path), "No list of results", "the list of what a run left cannot be read", "", fix),
            "The results",
        ) from None
