"""Two runs in one study folder would overwrite each other: the running one holds a lock that dies with it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from rejsens.problems import Problem, Refused

LOCK = Path(".snakemake/rejsens.lock")
_held: list[
    IO[str]
] = []  # an open file keeps the lock; the operating system lets go when the process ends, however it ends


def take_lock() -> None:
    """Hold the study's lock until this process ends; refuse when another run holds it."""
    handle = _try()
    if handle is None:
        raise Refused(
            Problem(
                str(Path.cwd()),
                "Another run is at work in this folder",
                who_runs() or "its lock is held",
                "",
                "wait for it to end, or stop it",
            ),
            "The run",
        )
    handle.truncate(0)
    print(f"process {os.getpid()}, begun {time.strftime('%Y-%m-%d %H:%M')}", file=handle, flush=True)
    _held.append(handle)


def nobody_runs() -> bool:
    """Whether no live run holds the lock, so that what a killed run left locked may be cleared."""
    handle = _try()
    if handle is None:
        return False
    handle.close()
    return True


def who_runs() -> str:
    """What the run that holds the lock says of itself."""
    return LOCK.read_text(encoding="utf-8").strip() if LOCK.is_file() else ""


def _try() -> IO[str] | None:
    LOCK.parent.mkdir(exist_ok=True)
    handle = LOCK.open("a", encoding="utf-8")  # whoever only asks must not wipe what the holder wrote
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle
