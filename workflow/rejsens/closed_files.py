"""Files about single people are closed to everybody but their owner, whatever the umask; standard library only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CLOSED = ("results/participants", "logs")  # rows of people; logs, since a fault names participants
# what Snakemake keeps of a run: its log, what jobs were given, on a cluster what they said
RECORDS = Path(".snakemake")


def closed(path: Path | str) -> bool:
    """Whether a file of the study tells of single people.

    >>> closed("results/participants/scores.csv"), closed("logs/pool_waves.log"), closed("results/flow.csv")
    (True, True, False)
    """
    return any(Path(path).is_relative_to(folder) for folder in CLOSED)


def close_folders(paths: Iterable[Path | str]) -> None:
    """Shut the folders of such files, from the uppermost on, before anything is written into them."""
    folders = {folder for path in paths if closed(path) for folder in Path(path).parents if closed(folder)}
    for folder in sorted(folders, key=lambda folder: len(folder.parts)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def close_records() -> None:
    """Shut what Snakemake keeps of the runs in the folder one stands in; its log repeats what a job said of participants."""
    with contextlib.suppress(OSError):
        RECORDS.chmod(0o700)


def close_files(written: dict[str, str]) -> None:
    """Shut the files themselves while they still stand in a shut folder. written: final path -> where it was written"""
    for final, beside in written.items():
        if closed(final) and os.path.exists(beside):
            os.chmod(beside, 0o600)


def close_job(snakemake: Any) -> None:
    """Shut what a job is about to write: its folders, and its log, which exists from here on.

    A disk that refuses is told by the job itself, when it writes.
    """
    with contextlib.suppress(OSError):
        close_folders([*map(str, snakemake.output), *map(str, snakemake.log)])
        for log in filter(closed, map(str, snakemake.log)):
            os.close(os.open(log, os.O_WRONLY | os.O_CREAT, 0o600))
            os.chmod(log, 0o600)
