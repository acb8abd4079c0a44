"""What every fault needs: the tiny study finished once, copies of it, runs to start and to kill, and bytes to compare."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from rejsens.declarations import SHIPPED
from tests.conftest import PATIENCE, contents, write_study

POOLED = "results/participants/scores.parquet"  # the last file of a short run: waves checked, scored, brought together
WAVES = ("validate_wave", "score_wave", "compare_waves", "pool_waves")


class Failed(AssertionError):
    """The pipeline did not do what it promises."""


@dataclass
class Run:
    """A run under way; what it says is read while it says it."""

    process: subprocess.Popen[str]
    folder: Path
    said: list[str] = field(default_factory=list)

    def until(self, words: str) -> bool:
        """Read what it says up to a line with these words; whether there was one."""
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if words in line:
                return True
        return False

    def end(self) -> int:
        self.said += [line.rstrip() for line in self.process.communicate(timeout=PATIENCE)[0].splitlines()]
        return self.process.returncode

    def snakemake(self) -> psutil.Process | None:
        """The process that plans and starts the jobs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    if "snakemake" in child.cmdline()[:4]:
                        return child
        return None

    def kill(self, everything: bool) -> bool:
        """SIGKILL to the run and all its jobs, or to Snakemake alone, so that its jobs go on. Whether it still ran."""
        if self.process.poll() is not None:
            return False
        if everything:
            os.killpg(self.process.pid, signal.SIGKILL)
        elif (run := self.snakemake()) is not None:
            run.kill()
        else:  # not begun yet
            self.process.kill()
        return self.process.wait(PATIENCE) != 0  # not its output: orphans, which go on, have that open as well

    def sentence(self, *words: str) -> str:
        """The line with these words, as it was told."""
        for line in self.said:
            if all(word in line for word in words):
                return line.strip()
        raise Failed(f"nothing said of {words}: {self.said[-15:]}")


@dataclass
class Bench:
    """A place to torture in, with the finished study that everything is compared with."""

    place: Path
    chance: random.Random
    cores: int = 2
    short: bool = False  # up to the pooled waves only
    of: Path | None = None  # a finished study made elsewhere

    @property
    def finished(self) -> Path:
        return self.of or self.place / "undisturbed"

    def prepare(self) -> float:
        """The undisturbed run; seconds it took."""
        if not self.finished.exists():
            write_study(self.finished)
        began = time.monotonic()
        self.run(self.finished, *([POOLED] if self.short else []))
        leftovers(self.finished)
        return time.monotonic() - began

    def copy(self, name: str, of: Path | None = None) -> Path:
        study = self.place / name
        shutil.rmtree(study, ignore_errors=True)
        shutil.copytree(of or self.finished, study, copy_function=shutil.copy2)
        return study

    def bare(self, name: str) -> Path:
        """The study as a researcher gave it: nothing made yet."""
        study = self.copy(name)
        for made in ("results", "logs", ".snakemake"):
            shutil.rmtree(study / made, ignore_errors=True)
        return study

    def start(self, study: Path, *words: str, before: Sequence[str] = (), project: Path = SHIPPED) -> Run:
        unwanted = ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN", "PYTEST_CURRENT_TEST")
        clean = {key: value for key, value in os.environ.items() if key not in unwanted}
        paths = [str(project / "workflow")]
        command = [*before, sys.executable, "-m", "rejsens.cli", *(words or ("run", "--cores", str(self.cores)))]
        process = subprocess.Popen(
            command, cwd=study, env=clean | {"PYTHONPATH": os.pathsep.join(paths)}, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Run(process, study)

    def words(self, *targets: str) -> tuple[str, ...]:
        return ("run", "--cores", str(self.cores), *targets)

    def run(self, study: Path, *targets: str) -> Run:
        """A run that must end well."""
        run = self.start(study, *self.words(*targets))
        if run.end():
            raise Failed(f"the run after it failed: {run.said[-20:]}")
        return run

    def recovers(self, study: Path, *targets: str, like: Path | None = None, marks: bool = True) -> Run:
        """The next run ends with the bytes of an undisturbed one, and nothing is left over.

        marks   whether marks of unfinished work count; what this run did not need may still bear one
        """
        run = self.run(study, *targets)
        self.same(study, like, marks)
        return run

    def same(self, study: Path, like: Path | None = None, marks: bool = True) -> None:
        settled(study)
        now, then = contents(study / "results"), contents((like or self.finished) / "results")
        if wrong := sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path)):
            raise Failed(f"{len(wrong)} files differ from an undisturbed run: {wrong[:5]}")
        leftovers(study, marks)


def settled(study: Path) -> None:
    """Wait until no process is at work in a study any more, orphans included."""
    for _ in range(PATIENCE):
        if not at_work(study):
            return
        time.sleep(1)
    raise Failed("a process of a killed run never ended")


def at_work(study: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(study) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def leftovers(study: Path, marks: bool = True) -> None:
    """Nothing half done stays: no folder of half-written files, no lock, no mark of unfinished work."""
    left = [*(study / "results").rglob(".staging*"), *(study / ".snakemake/locks").glob("*")]
    left += [path for path in (study / ".snakemake/incomplete").rglob("*") if path.is_file() and marks]
    if left:
        raise Failed(f"left over: {sorted(str(path.relative_to(study)) for path in left)[:5]}")


def outputs_of(study: Path, *rules: str) -> list[str]:
    """Every file that jobs of these rules made, as Snakemake has it on record."""
    from rejsens.commands._pipeline import in_folder
    from rejsens.past_runs import record

    with in_folder(study):
        return [file for file in contents(Path("results")) if record(f"results/{file}").get("rule") in rules]


def spoil(study: Path, files: Iterable[str], how: str) -> None:
    """Take files away, or put something else in their place, so that a run has work to do that shows."""
    for file in files:
        path = study / "results" / file
        path.unlink()
        if how == "spoilt":
            path.write_text("of an earlier run")


@contextlib.contextmanager
def stopped(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """Processes that stand still, and go on afterwards."""
    held = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.suspend()
            held.append(process)
    try:
        yield
    finally:
        for process in held:
            with contextlib.suppress(psutil.Error):
                process.resume()


def records(study: Path) -> list[Path]:
    """Snakemake's records of what was made, one file each."""
    return sorted(path for path in (study / ".snakemake/metadata").rglob("*") if path.is_file())
