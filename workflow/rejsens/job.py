"""What surrounds every job: its log, its faults in sentences, and outputs that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from rejsens.closed_files import close_files, close_job
from rejsens.disclosure import use_of
from rejsens.problems import Refused
from rejsens.published import enter, read_whole
from rejsens.registry import sha256
from rejsens.run_lock import publishing, who_runs
from rejsens.system_faults import sentence

RUN = "REJSENS_RUN"  # process number of the Snakemake that planned this job; set by common.smk
HOLDER = "REJSENS_HOLDER"  # what the run says of itself in the study's lock; jobs on other computers know it by that
STAGING = ".staging"


@contextlib.contextmanager
def job(snakemake: Any) -> Iterator[SimpleNamespace]:
    """Run a job's body. Yields the outputs by name, as paths beside their final places, a list for a name
    of several files.

    Before the body, every file that it reads is held against what its own job published (:py:mod:`rejsens.published`).
    When the body ends well, and the run that started it still lives, all outputs move into place with `os.replace`; an
    orphan of a killed run publishes and says nothing. A fault of the study goes to the terminal as sentences, anything
    else (a full disk, a fault of the software) as one line; tracebacks go to the log.
    """
    terminal, told = sys.stderr, False
    staged: dict[str, str] = {}
    use_of(snakemake)
    close_job(snakemake)
    try:
        with _log_only(snakemake.log[0]) as log:
            try:
                given = read_whole(snakemake.input)
                staged |= {str(final): _staged(Path(final)) for final in snakemake.output}
                yield SimpleNamespace(**{name: _named(path, staged) for name, path in snakemake.output.items()})
                close_files(staged)
                _publish(staged, given)
                print(_taken(), file=log)
            except Refused as refused:
                told = True
                print(refused, file=log)
                _stop(f"{refused}", terminal)
            except Exception as error:
                told = True
                traceback.print_exc(file=log)
                if not run_lives():  # nobody waits for it, and what it stopped at may be the next run's clearing up
                    sys.exit(1)
                step = " ".join([snakemake.rule, *snakemake.wildcards])
                _stop(
                    sentence(error)
                    or f"{step} stopped at a fault of the software, not of your data: "
                    f"{type(error).__name__}. Details for a bug report: {snakemake.log[0]}",
                    terminal,
                )
    except OSError as error:  # the log itself cannot be written
        _stop("" if told else sentence(error) or f"The log cannot be written: {error}.", terminal)
    finally:
        for path in staged.values():
            shutil.rmtree(Path(path).parent, ignore_errors=True)


def _named(final: Any, staged: dict[str, str]) -> str | list[str]:
    """Where a named output is written; of several files under one name the list."""
    return staged[final] if final in staged else [staged[str(path)] for path in final]


@contextlib.contextmanager
def _log_only(path: str) -> Iterator[IO[str]]:
    """What a job prints goes to its log."""
    with (
        open(path, "w", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        yield log


def _staged(final: Path) -> str:
    """The same file name in a private folder on the same disk, so that the move is atomic."""
    folder = final.parent / f"{STAGING}.{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / final.name)


def _publish(staged: dict[str, str], given: dict[str, str]) -> None:
    """given   content hash of each file that was read, as it was when the job began"""
    if absent := [final for final, beside in staged.items() if not os.path.exists(beside)]:
        raise FileNotFoundError(f"the job did not write {', '.join(absent)}")  # before any other output is replaced
    made = {final: sha256(beside) for final, beside in staged.items()}
    read_whole(given, as_read=given)
    with publishing():  # a run that begins now waits; one that has begun is seen by the next line
        if not run_lives():
            raise RuntimeError("the run that started this job has ended; its results are not published")
        enter(made, given)
        for final, beside in staged.items():
            os.replace(beside, final)
        for folder in {os.path.dirname(final) for final in staged}:
            _keep(folder)


def _taken() -> str:
    """What a job took of the computer: the sizes in workflow/profiles are set by these lines."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return f"Took {used.ru_utime + used.ru_stime:.1f} s of a processor and at most {used.ru_maxrss / 1024:.0f} MB of memory."


def _keep(folder: str) -> None:
    """Have the new names of files outlive a power cut, so that Snakemake's record of a job is never older than its files."""
    opened = os.open(folder or ".", os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(opened)
    finally:
        os.close(opened)


def clear_half_written() -> list[str]:
    """Take away what cut-off jobs were writing, and say where that was. Only while no run is at work."""
    left = sorted(map(str, Path("results").rglob(f"{STAGING}.*")))
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return left


def _stop(message: str, terminal: Any) -> None:
    if message:
        print(f"\n{message}\n", file=terminal, flush=True)
    sys.exit(1)


def run_lives() -> bool:
    """Whether the run that planned this job is still above it, and holds the study; true outside a run.

    Ancestry is asked, not a clock: when the run is killed its jobs are handed to another parent. A job on another computer
    has a parent of its own there, so that the lock is asked too: since the next run began it bears that run's name.
    """
    planner, holder = os.environ.get(RUN), os.environ.get(HOLDER)
    if not planner:
        return True
    if holder and who_runs() != holder:
        return False
    import psutil

    return int(planner) in {os.getpid(), *(process.pid for process in psutil.Process().parents())}
