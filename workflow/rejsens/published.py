"""What each job published: content hashes of its outputs, and of what it read, put on record before the files move into place.

Snakemake never looks into a file. Against this record a file shows that was cut short, edited, swapped or put back from
a copy, a mixture of two runs, and a result that came from an earlier version of what it was made from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rejsens.problems import Problem, Refused
from rejsens.registry import sha256

FOLDER = Path(".snakemake/rejsens/published")
OTHERS_TO_SEE = 5.0  # seconds until a file that another computer wrote shows here whole; on one disk it does at once
Entry = dict[str, dict[str, str]]  # "outputs" and "inputs": path -> content hash


def enter(outputs: Mapping[str, str], inputs: Mapping[str, str]) -> None:
    """Put on record what a job is about to publish and what it read, each as path -> content hash.

    Before the first file moves: a job that is cut off between two of its files leaves one that differs from the record.
    """
    entry = json.dumps({"outputs": dict(outputs), "inputs": dict(inputs)}, indent=0)
    place = FOLDER / f"{hashlib.sha256(min(outputs).encode()).hexdigest()[:32]}.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    staged = place.with_suffix(f".{os.getpid()}")
    with staged.open("w", encoding="utf-8") as file:
        file.write(entry)
        file.flush()
        os.fsync(file.fileno())
    older = [other for other, known in entries() if other != place and not known["outputs"].keys().isdisjoint(outputs)]
    os.replace(staged, place)
    for other in older:  # the same file among the outputs of a job that is cut otherwise now
        other.unlink(missing_ok=True)


def hashes() -> dict[str, str]:
    """Path -> content hash of every file as the last job published it, in the folder one stands in."""
    return {path: known for _, entry in entries() for path, known in entry["outputs"].items()}


def entries() -> Iterator[tuple[Path, Entry]]:
    """Every entry that can be read, with where it stands; one that cannot is none, and its files are made again."""
    for place in sorted(FOLDER.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            read = json.loads(place.read_text("utf-8"))
            yield place, {"outputs": dict(read["outputs"]), "inputs": dict(read["inputs"])}


# --- what a job reads ------------------------------------------------------------------------------------------------


def read_whole(paths: Iterable[str], as_read: Mapping[str, str] | None = None) -> dict[str, str]:
    """Path -> content hash of the files that a job reads, each as its own job published it.

    as_read   what this said before the files were read, to ask again afterwards
    raises    Refused: a file is gone, or is not what was published; half a file is never read as a whole one
    """
    wanted = sorted(map(str, paths))
    until = time.monotonic() + OTHERS_TO_SEE
    while True:
        known = hashes() if as_read is None else as_read
        found = {path: sha256(path) for path in wanted}
        wrong = [path for path, now in found.items() if now == "missing" or now != known.get(path, now)]
        if not wrong:
            return found
        if time.monotonic() > until or as_read is not None:
            raise Refused([_not_whole(path, found[path]) for path in wrong], "What this step reads")
        time.sleep(0.5)


def _not_whole(path: str, now: str) -> Problem:
    if now == "missing":
        cause, found = "Results of an earlier step that are gone", "it was there when the run began"
    else:
        cause = "Results of an earlier step that are not whole"
        found = "it was cut short, edited or replaced since its step wrote it"
    return Problem(path, cause, found, "", "run again: it is made again, and so is what follows from it")
