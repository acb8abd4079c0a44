"""What earlier runs left on record: Snakemake's file of each output, read as plain JSON.

A record holds the rule, its params as they were, the tables it read, and when it began and ended.
"""

from __future__ import annotations

import ast
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
        name = urlsafe_b64encode(output.encode()).decode()
        longest = os.pathconf(RECORDS, "PC_NAME_MAX") - 1
        pieces = [name[i : i + longest] for i in range(0, len(name), longest)]
        return json.loads(RECORDS.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1]).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def params(output: str) -> dict[str, Any] | None:
    """What a job was told when it made `output`; None when that is not on record."""
    try:
        told = ast.literal_eval(record(output)["params"][0])
    except (KeyError, IndexError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return told if isinstance(told, dict) else None


def unrecorded(folder: str = "results") -> set[str]:
    """Files there of which nobody knows how they were made: they came without the record, from a copy, say."""
    there = (str(path) for path in Path(folder).rglob("*") if path.is_file() and ".staging." not in str(path))
    return {path for path in there if not record(path)}


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
            if path.is_file():
                yield json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):  # being written by a run at this moment
            continue
