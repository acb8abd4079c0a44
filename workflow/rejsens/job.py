"""What surrounds every job: its log, its faults in sentences, and outputs that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
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
from rejsens.system_faults import sentence

RUN = "REJSENS_RUN"  # process number of the Snakemake that planned this job; set by common.smk
STAGING = ".staging"


@contextlib.contextmanager
def job(snakemake: Any) -> Iterator[SimpleNamespace]:
    """Run a job's body. Yields the outputs by name, as paths beside their final places, a list for a name
    of several files.

    When the body ends well, and the run that started it still lives, all outputs move into place with `os.replace`; an
    orphan of a killed run publishes nothing. A fault of the study goes to the terminal as sentences, anything else (a
    full disk, a fault of the software) as one line; tracebacks go to the log.
    """
    terminal, staged, told = sys.stderr, {}, False
    use_of(snakemake)
    close_job(snakemake)
    try:
        with _log_only(snakemake.log[0]) as log:
            try:
                staged |= {str(final): _staged(Path(final)) for final in snakemake.output}
                yield SimpleNamespace(**{name: _named(path, staged) for name, path in snakemake.output.items()})
                close_files(staged)
                _publish(staged)
            except Refused as refused:
                told = True
                print(refused, file=log)
                _stop(f"{refused}", terminal)
            except Exception as error:
                told = True
                traceback.print_exc(file=log)
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


def _publish(staged: dict[str, str]) -> None:
    if not run_lives():
        raise RuntimeError("the run that started this job has ended; its results are not published")
    if absent := [final for final, beside in staged.items() if not os.path.exists(beside)]:
        raise FileNotFoundError(f"the job did not write {', '.join(absent)}")  # before any other output is replaced
    for final, beside in staged.items():
        os.replace(beside, final)


def _stop(message: str, terminal: Any) -> None:
    if message:
        print(f"\n{message}\n", file=terminal, flush=True)
    sys.exit(1)


def run_lives() -> bool:
    """Whether the run that planned this job is still above it; true outside a run.

    Ancestry is asked, not a clock: when the run is killed its jobs are handed to another parent.
    """
    planner = os.environ.get(RUN)
    if not planner:
        return True
    import psutil

    return int(planner) in {os.getpid(), *(process.pid for process in psutil.Process().parents())}
