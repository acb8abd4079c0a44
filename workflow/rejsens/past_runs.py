"""What earlier runs left on record: Snakemake's file of each output, read as plain JSON.

A record holds the rule, its params as they were, the tables it read, and when it began and ended.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import statistics
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RECORDS = Path(".snakemake/metadata")


def record(output: str) -> dict[str, Any]:
    """The record of one output file, or nothing when there is none that can be read."""
    try:
        found = json.loads(place_of(output).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def place_of(output: str, folder: Path = RECORDS) -> Path:
    """Where Snakemake keeps what it knows of one output file: the file's path in base 64, cut where names end."""
    name = urlsafe_b64encode(output.encode()).decode()
    longest = os.pathconf(folder if folder.is_dir() else ".", "PC_NAME_MAX") - 1
    pieces = [name[i : i + longest] for i in range(0, len(name), longest)]
    return folder.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])


def drop_unreadable() -> None:
    """Take away records that a crash has spoilt: Snakemake would stop at some of them, and what they told is lost anyway."""
    for path in RECORDS.rglob("*") if RECORDS.is_dir() else ():
        with contextlib.suppress(OSError):
            if path.is_file() and not _whole(path):
                path.unlink()


def _whole(path: Path) -> bool:
    with contextlib.suppress(ValueError):
        found = json.loads(path.read_text("utf-8"))
        return isinstance(found, dict) and isinstance(found.get("rule"), str) and isinstance(found.get("params"), list)
    return False


def params(output: str) -> dict[str, Any] | None:
    """What a job was told when it made `output`; None when that is not on record."""
    try:
        told = ast.literal_eval(record(output)["params"][0])
    except (KeyError, IndexError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return told if isinstance(told, dict) else None


def unrecorded(folder: str = "results") -> set[str]:
    """Files there of which nobody knows how they were made: they came without the record, from a copy, say."""
    return {path for path in results_there(folder) if not record(path)}


def results_there(folder: str = "results") -> set[str]:
    """Every file there, but for what a job is writing at this moment."""
    return {str(path) for path in Path(folder).rglob("*") if path.is_file() and ".staging." not in str(path)}


def durations() -> dict[str, float]:
    """Rule -> seconds that one job of it took, as the median of what is on record."""
    taken: dict[str, list[float]] = {}
    for entry in _all():
        if entry.get("rule") and entry.get("starttime") and entry.get("endtime"):
            taken.setdefault(entry["rule"], []).append(max(entry["endtime"] - entry["starttime"], 0.1))
    return {rule: statistics.median(seconds) for rule, seconds in taken.items()}


def _all() -> Iterator[dict[str, Any]]:
    for path in RECORDS.rglob("*") if RECORDS.is_dir() else ():
        try:
            if path.is_file() and isinstance(found := json.loads(path.read_text("utf-8")), dict):
                yield found
        except (OSError, ValueError):  # being written by a run at this moment
            continue
