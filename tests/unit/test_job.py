"""What surrounds a job: all outputs or none, sentences on the terminal, tracebacks in the log; and the lock of a study."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.conftest import contents

from rejsens import job as job_module
from rejsens import run_lock
from rejsens.commands._pipeline import clear_leftovers
from rejsens.declarations import SHIPPED
from rejsens.job import RUN, job, run_lives
from rejsens.problems import Problem, Refused
from rejsens.run_lock import nobody_runs, who_runs


class Outputs(list):
    """Snakemake's outputs: a list of paths that also knows them by name."""

    def __init__(self, **named: str):
        super().__init__(named.values())
        self.named = named

    def items(self) -> Any:
        return self.named.items()


@pytest.fixture
def snakemake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A job of two outputs that an earlier run has written already."""
    monkeypatch.delenv(RUN, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("results/waves").mkdir(parents=True)
    Path("logs").mkdir()
    Path("results/flow.csv").write_text("old flow")
    Path("results/waves/scores.csv").write_text("old scores")
    output = Outputs(flow="results/flow.csv", scores="results/waves/scores.csv")
    return SimpleNamespace(input=[], output=output, log=["logs/job.log"], rule="score_wave", wildcards=["w1"])


def write_both(output: SimpleNamespace) -> None:
    Path(output.flow).write_text("new flow")
    Path(output.scores).write_text("new scores")


def results() -> dict[str, str]:
    return {
        path: Path(path).read_text() for path in map(str, sorted(Path("results").rglob("*"))) if Path(path).is_file()
    }


OLD = {"results/flow.csv": "old flow", "results/waves/scores.csv": "old scores"}
NEW = {"results/flow.csv": "new flow", "results/waves/scores.csv": "new scores"}


# --- all outputs or none ---------------------------------------------------------------------------------------------


def test_outputs_appear_when_the_body_ends_and_not_before(snakemake: SimpleNamespace) -> None:
    with job(snakemake) as output:
        write_both(output)
        assert {path: results()[path] for path in OLD} == OLD
    assert results() == NEW  # and no staging folder is left


def test_an_output_is_written_beside_its_place_under_its_own_name(snakemake: SimpleNamespace) -> None:
    with job(snakemake) as output:
        assert Path(output.flow).name == "flow.csv" and Path(output.flow).parent.parent == Path("results")
        assert Path(output.scores).parent.parent == Path("results/waves")  # the same disk, so that the move is atomic
        write_both(output)


def test_outputs_replace_whole_files(snakemake: SimpleNamespace) -> None:
    """Somebody who has the old file open goes on reading the old file."""
    reader = open("results/flow.csv")  # noqa: SIM115
    inode = os.stat("results/flow.csv").st_ino
    with job(snakemake) as output:
        write_both(output)
    assert reader.read() == "old flow" and os.stat("results/flow.csv").st_ino != inode
    reader.close()


@pytest.mark.parametrize(
    "error", [ValueError("x"), Refused(Problem("here", "A fault", "found")), KeyboardInterrupt(), SystemExit(3)]
)
def test_a_body_that_raises_publishes_nothing(snakemake: SimpleNamespace, error: BaseException) -> None:
    with pytest.raises(BaseException), job(snakemake) as output:  # noqa: B017
        write_both(output)
        raise error
    assert results() == OLD


def test_a_body_that_forgets_an_output_publishes_none_of_them(
    snakemake: SimpleNamespace, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit), job(snakemake) as output:
        Path(output.flow).write_text("new flow")
    assert results() == OLD
    assert "the job did not write results/waves/scores.csv" in Path("logs/job.log").read_text()


def test_an_orphan_of_a_killed_run_publishes_nothing(
    snakemake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(RUN, str(os.getppid()))
    with job(snakemake) as output:  # the run is above this process
        write_both(output)
    assert results() == NEW
    elsewhere = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setenv(RUN, str(elsewhere.pid))
    with pytest.raises(SystemExit), job(snakemake) as output:  # alive, but not the run that planned this job
        Path(output.flow).write_text("an orphan's flow")
        Path(output.scores).write_text("an orphan's scores")
    elsewhere.communicate(b"\n")
    assert results() == NEW
    assert "its results are not published" in Path("logs/job.log").read_text()
    assert "fault of the software" not in capsys.readouterr().err  # nobody waits for it


def test_a_run_that_begins_waits_for_a_job_that_is_moving_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between “does my run live?” and the last file moved, no other run can begin; so no orphan moves files into one."""
    monkeypatch.chdir(tmp_path)
    with run_lock.publishing():
        begins = run_python(HOLD)
        wait_for(lambda: str(begins.pid) in who_runs())  # it holds the lock of runs, and waits
        time.sleep(0.3)
        assert select.select([begins.stdout], [], [], 0)[0] == []
    assert begins.stdout.readline() == "held\n"
    begins.communicate("\n")


def test_no_run_can_begin_between_asking_and_the_last_file_moved(
    snakemake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = []

    def asked() -> bool:
        handle = run_lock._within(0, run_lock.PUBLISHING, fcntl.LOCK_EX)
        free.append(handle is not None)
        return True

    monkeypatch.setattr(job_module, "run_lives", asked)
    with job(snakemake) as output:
        write_both(output)
    assert free == [False]


def test_a_job_knows_when_its_run_was_killed(tmp_path: Path) -> None:
    child = f"""
import os, sys, time
from rejsens.job import run_lives
said = open({str(tmp_path / "said")!r}, "w", buffering=1)
print(run_lives(), file=said)
first = os.getppid()
while os.getppid() == first: time.sleep(0.02)
print(run_lives(), file=said)
"""
    planner = f"""
import os, subprocess, sys
os.environ["{RUN}"] = str(os.getpid())
subprocess.Popen([sys.executable, "-c", {child!r}]).wait()
"""
    run = subprocess.Popen([sys.executable, "-c", planner])
    said = tmp_path / "said"
    wait_for(lambda: said.exists() and "True" in said.read_text())
    run.kill()
    run.wait()
    wait_for(lambda: said.read_text().count("\n") == 2)
    assert said.read_text().split() == ["True", "False"]


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited half a minute in vain")


def test_a_job_outside_a_run_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RUN, raising=False)
    assert run_lives()


# --- what is said where ----------------------------------------------------------------------------------------------


def test_a_fault_of_the_study_is_told_in_sentences(snakemake: SimpleNamespace, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stopped, job(snakemake):
        raise Refused(
            [Problem("gad7_03", "Answers outside the range", "row 14: 11", "0 to 3", "correct the cell")], "Wave w1"
        )
    said = capsys.readouterr()
    assert stopped.value.code == 1
    assert (
        "Wave w1 cannot be used: 1 fault.\n\nAnswers outside the range\n  gad7_03: row 14: 11.\n  Allowed: 0 to 3."
        in said.err
    )
    assert "Traceback" not in said.err and said.out == ""
    assert "gad7_03" in Path("logs/job.log").read_text()


def test_a_fault_of_the_software_is_one_line_and_its_traceback_goes_to_the_log(
    snakemake: SimpleNamespace, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as stopped, job(snakemake):
        raise ZeroDivisionError("somebody's answer is 17")
    said = capsys.readouterr().err.strip()
    assert stopped.value.code == 1
    assert (
        said
        == "score_wave w1 stopped at a fault of the software, not of your data: ZeroDivisionError. Details for a bug report: logs/job.log"
    )
    log = Path("logs/job.log").read_text()
    assert "Traceback" in log and "somebody's answer is 17" in log


@pytest.mark.parametrize("log", ["logs/job.log", "/dev/full"])
def test_a_full_disk_is_told_once_in_a_sentence(
    snakemake: SimpleNamespace, capsys: pytest.CaptureFixture, log: str
) -> None:
    snakemake.log = [log]
    with pytest.raises(SystemExit), job(snakemake) as output:
        write_both(output)
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (
        capsys.readouterr().err.strip() == "The disk is full. Make room on it and run again; what was finished stays."
    )
    assert results() == OLD


def test_a_log_that_cannot_be_written_is_told(snakemake: SimpleNamespace, capsys: pytest.CaptureFixture) -> None:
    snakemake.log = ["/dev/full"]
    with pytest.raises(SystemExit), job(snakemake) as output:
        write_both(output)
        print("something for the log")
    assert "The disk is full." in capsys.readouterr().err


def test_what_a_job_prints_goes_to_its_log(snakemake: SimpleNamespace, capsys: pytest.CaptureFixture) -> None:
    with job(snakemake) as output:
        print("to standard output")
        print("a warning", file=sys.stderr)
        write_both(output)
    assert capsys.readouterr() == ("", "")
    assert Path("logs/job.log").read_text().startswith("to standard output\na warning\nTook ")


def test_two_jobs_of_one_folder_do_not_meet(snakemake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The staging folder bears the process number: the one that ends first leaves the other's work alone."""
    other = SimpleNamespace(
        **vars(snakemake) | {"log": ["logs/other.log"], "output": Outputs(waves="results/waves.csv")}
    )
    with job(snakemake) as output:
        write_both(output)
        with monkeypatch.context() as second:
            second.setattr(job_module.os, "getpid", lambda: 1)
            with job(other) as others:
                Path(others.waves).write_text("waves")
        assert Path(output.flow).exists()
    assert results() == NEW | {"results/waves.csv": "waves"}


# --- one run at a time -----------------------------------------------------------------------------------------------

HOLD = "from rejsens.run_lock import take_lock; take_lock(); print('held', flush=True); input()"


def run_python(code: str) -> subprocess.Popen:
    clean = {**os.environ, "PYTHONPATH": str(SHIPPED / "workflow")}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean,
    )


def test_a_second_run_is_refused_and_a_killed_one_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = run_python(HOLD)
    assert first.stdout.readline() == "held\n"
    assert not nobody_runs()
    second = run_python(HOLD)
    assert f"process {first.pid}, begun " in who_runs()
    assert "Another run is at work in this folder" in second.communicate("\n")[1] and second.returncode
    assert not nobody_runs()  # the refused run took nothing away
    first.kill()
    first.communicate()
    assert nobody_runs()


def test_what_a_killed_run_left_is_cleared_only_when_nobody_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for left in (".snakemake/locks/0.input.lock", "results/waves/.staging.4711/flow.csv"):
        Path(left).parent.mkdir(parents=True)
        Path(left).write_text("half done")
    Path("results/flow.csv").write_text("whole")
    run = run_python(HOLD)
    assert run.stdout.readline() == "held\n"
    before = contents(tmp_path)
    clear_leftovers()
    assert contents(tmp_path) == before
    run.kill()
    run.communicate()
    clear_leftovers()
    locks = {".snakemake/rejsens.lock", ".snakemake/rejsens.publishing"}  # of ours, which the system lets go of
    assert set(contents(tmp_path)) == {*locks, "results/flow.csv"}


def test_a_job_on_another_computer_publishes_only_for_the_run_that_holds_the_study(
    snakemake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parent there lives on when the run at the front end is killed; the next run's name in the lock tells it."""
    monkeypatch.setenv(RUN, str(os.getpid()))
    monkeypatch.setenv(job_module.HOLDER, run_lock.take_lock())
    with job(snakemake) as output:
        write_both(output)
    assert results()["results/flow.csv"] == "new flow"
    run_lock._held.pop().close()  # the run is killed, and another begins
    run_lock.LOCK.write_text("process 4711, begun 2026-01-05 10:11:12\n")
    Path("results/flow.csv").write_text("flow of the next run")
    with pytest.raises(SystemExit), job(snakemake) as output:
        write_both(output)
    assert results()["results/flow.csv"] == "flow of the next run"


def test_a_log_ends_with_what_the_job_took(snakemake: SimpleNamespace) -> None:
    with job(snakemake) as output:
        write_both(output)
    said = Path("logs/job.log").read_text().splitlines()[-1]
    assert re.fullmatch(r"Took \d+\.\d s of a processor and at most [1-9]\d* MB of memory\.", said)
