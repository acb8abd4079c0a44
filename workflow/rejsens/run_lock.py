"""Two runs in one study folder would overwrite each other: the running one holds a lock that dies with it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rejsens.problems import Problem, Refused

LOCK = Path(".snakemake/rejsens.lock")
PUBLISHING = Path(".snakemake/rejsens.publishing")  # shared by jobs that move files into place
PATIENCE = 5.0  # seconds: somebody who only asks holds the lock for a moment
_held: list[
    IO[str]
] = []  # an open file keeps the lock; the operating system lets go when the process ends, however it ends


def take_lock() -> str:
    """Hold the study's lock until this process ends, and say under what name; refuse when another run holds it.

    Returns when no job of an earlier run, cut off while its jobs went on, can move a file into place any more.
    """
    handle = _within(PATIENCE, LOCK, fcntl.LOCK_EX)
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
    print(f"process {os.getpid()}, begun {time.strftime('%Y-%m-%d %H:%M:%S')}", file=handle, flush=True)
    _held.append(handle)
    _wait_for_orphans()
    return who_runs()


def _wait_for_orphans() -> None:
    """A job asks whether its run lives, then moves its files: whichever is between the two now is let finish."""
    last = _within(12 * PATIENCE, PUBLISHING, fcntl.LOCK_EX)
    if last is None:
        found = "a step of a run that was cut off is still writing its files"
        raise Refused(
            Problem(str(Path.cwd()), "An earlier run is still at work in this folder", found, "", "wait, or end it"),
            "The run",
        )
    last.close()


@contextlib.contextmanager
def publishing() -> Iterator[None]:
    """While a job moves its files into place no run begins. Whether its own run lives is asked within."""
    handle = _within(12 * PATIENCE, PUBLISHING, fcntl.LOCK_SH)
    if handle is None:
        raise RuntimeError("a run that begins holds the results of this folder for too long")
    with handle:
        yield


def nobody_runs() -> bool:
    """Whether no live run holds the lock, so that what a killed run left locked may be cleared."""
    handle = _within(1, LOCK, fcntl.LOCK_EX)
    if handle is None:
        return False
    handle.close()
    return True


@contextlib.contextmanager
def while_nobody_runs() -> Iterator[bool]:
    """Whether nobody is at work; if so, no run begins within."""
    handle = _within(0, LOCK, fcntl.LOCK_EX)
    try:
        yield handle is not None
    finally:
        if handle:
            handle.close()


def who_runs() -> str:
    """What the run that holds the lock says of itself."""
    return LOCK.read_text(encoding="utf-8").strip() if LOCK.is_file() else ""


def _within(seconds: float, lock: Path, kind: int) -> IO[str] | None:
    """The lock's open file, or nothing when others hold it for longer than that."""
    lock.parent.mkdir(exist_ok=True)
    handle = lock.open("a", encoding="utf-8")  # whoever only asks must not wipe what the holder wrote
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= until:
                handle.close()
                return None
            time.sleep(0.05)
