"""What jobs put on record, what they read only when it is whole, and what the next run makes again."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.test_job import Outputs

from rejsens import past_runs, published, run_lock
from rejsens.declarations import SHIPPED
from rejsens.job import RUN, job
from rejsens.past_runs import place_of
from rejsens.problems import Refused
from rejsens.unfit_results import CHANGED, GONE, MARKS, STALE, STRANGE, faults, mark, why

FIRST, SECOND, POOLED = "results/w1/scores.csv", "results/w1/events.csv", "results/pooled.csv"


def run_job(outputs: list[str], inputs: list[str] = (), text: str = "whole") -> None:
    """One job as Snakemake would run it, with Snakemake's own record of it."""
    named = Outputs(**{Path(path).stem: path for path in outputs})
    given = SimpleNamespace(input=inputs, output=named, log=["logs/job.log"], rule="score_wave", wildcards=[])
    with job(given) as output:
        for path in vars(output).values():
            Path(path).write_text(f"{text} {Path(path).name}")
    for path in outputs:
        place_of(path).parent.mkdir(parents=True, exist_ok=True)
        place_of(path).write_text(json.dumps({"rule": "score_wave", "params": ["{}"]}))


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs that ended well, the second made from what the first wrote."""
    monkeypatch.delenv(RUN, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(published, "OTHERS_TO_SEE", 0.0)
    Path("logs").mkdir()
    run_job([FIRST, SECOND])
    run_job([POOLED], [FIRST])
    assert faults() == {}
    return tmp_path


def marked() -> set[str]:
    return {path for path in (FIRST, SECOND, POOLED) if place_of(path, MARKS).exists()}


def test_no_result_stays_dated_into_the_future(done: Path) -> None:
    """A clock ran ahead and was put right. What is made next would be older than what it is made from."""
    for path in (FIRST, SECOND, POOLED):
        os.utime(path, (4102444800, 4102444800))
    run_job([FIRST, SECOND], text="corrected")
    mark(lambda path: True)
    assert max(os.stat(path).st_mtime for path in (FIRST, SECOND, POOLED)) <= time.time()
    assert faults() == {POOLED: STALE} and marked() == {POOLED}


def swap(first: str, second: str) -> None:
    os.rename(first, "kept")
    os.rename(second, first)
    os.rename("kept", second)


def same_time_and_size(path: str) -> None:
    """Other content under a face that has not changed."""
    stat = os.stat(path)
    Path(path).write_text(Path(path).read_text()[::-1])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert os.stat(path).st_size == stat.st_size and os.stat(path).st_mtime_ns == stat.st_mtime_ns


DAMAGE: dict[str, tuple[Callable[[], object], dict[str, str], set[str]]] = {
    "cut in half": (lambda: os.truncate(FIRST, 5), {FIRST: CHANGED}, {FIRST, SECOND}),
    "of no length": (lambda: os.truncate(FIRST, 0), {FIRST: CHANGED}, {FIRST, SECOND}),
    "removed": (lambda: os.unlink(SECOND), {SECOND: GONE}, {FIRST, SECOND}),  # its neighbour bears the mark
    "swapped": (lambda: swap(FIRST, SECOND), {FIRST: CHANGED, SECOND: CHANGED}, {FIRST, SECOND}),
    "another content of the same size and time": (lambda: same_time_and_size(FIRST), {FIRST: CHANGED}, {FIRST, SECOND}),
    "touched": (lambda: os.utime(FIRST, (0, 0)), {}, set()),
    "Snakemake's record spoilt": (lambda: place_of(FIRST).write_bytes(b"\xff\0{"), {FIRST: STRANGE}, {FIRST, SECOND}),
    "Snakemake's record gone": (lambda: place_of(FIRST).unlink(), {FIRST: STRANGE}, {FIRST, SECOND}),
    "the hidden folder gone": (lambda: shutil.rmtree(".snakemake"), dict.fromkeys((FIRST, SECOND, POOLED), STRANGE), {FIRST, SECOND, POOLED}),
    "our record spoilt": (lambda: [p.write_text("{") for p in published.FOLDER.glob("*")], dict.fromkeys((FIRST, SECOND, POOLED), STRANGE), {FIRST, SECOND, POOLED}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_result_that_cannot_stand_is_made_again(damage: str, done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harm, found, again = DAMAGE[damage]
    harm()
    assert faults() == found
    mark(made_here=lambda file: True)
    assert marked() == again
    assert bool(capsys.readouterr().err) == bool(found)


def test_what_no_rule_makes_is_nobodys_business(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.unlink(SECOND)
    mark(made_here=lambda file: file != SECOND)
    assert marked() == set() and capsys.readouterr().err == ""


def test_nothing_is_marked_while_a_run_is_at_work(done: Path) -> None:
    """What it publishes at this moment would look like a mixture."""
    os.truncate(FIRST, 5)
    hold = "from rejsens.run_lock import take_lock; take_lock(); print('held', flush=True); input()"
    clean = {**os.environ, "PYTHONPATH": str(SHIPPED / "workflow")}
    with subprocess.Popen(
        [sys.executable, "-c", hold], env=clean, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout.readline() == "held\n"
        mark(made_here=lambda file: True)
        run.kill()
    assert marked() == set()
    mark(made_here=lambda file: True)
    assert marked() == {FIRST, SECOND}


def test_a_clock_that_ran_ahead_hides_no_older_result(done: Path) -> None:
    """The pooled file has a time in the future; the wave was scored anew since, and the run cut off before pooling."""
    os.utime(POOLED, (4e9, 4e9))
    run_job([FIRST, SECOND], text="corrected")
    assert faults() == {POOLED: STALE}
    mark(made_here=lambda file: True)
    assert marked() == {POOLED}
    assert why([POOLED]) == [f"{POOLED} was made from an earlier file"]


def test_a_clock_that_hides_nothing_is_left_to_snakemake(done: Path) -> None:
    os.utime(POOLED, (1e9, 1e9))
    run_job([FIRST, SECOND], text="corrected")
    assert faults() == {}


@pytest.mark.parametrize("harm", [lambda: os.truncate(FIRST, 5), lambda: swap(FIRST, SECOND), lambda: os.unlink(FIRST)])
def test_a_job_reads_no_file_that_is_not_whole(
    harm: Callable[[], object], done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harm()
    with pytest.raises(SystemExit):
        run_job([POOLED], [FIRST], text="from half a file")
    assert Path(POOLED).read_text() == "whole pooled.csv"
    told = capsys.readouterr().err
    assert FIRST in told and "What to do: run again: it is made again" in told and "Traceback" not in told


def test_a_job_whose_input_changes_while_it_reads_publishes_nothing(done: Path) -> None:
    given = SimpleNamespace(input=[FIRST], output=Outputs(pooled=POOLED), log=["logs/job.log"], rule="p", wildcards=[])
    with pytest.raises(SystemExit), job(given) as output:
        Path(output.pooled).write_text("from a file that changed meanwhile")
        same_time_and_size(FIRST)
    assert Path(POOLED).read_text() == "whole pooled.csv"


def test_a_job_that_is_killed_between_two_of_its_files_is_not_taken_for_done(done: Path) -> None:
    """First file new, second old: each is whole by itself, and Snakemake's mark may be lost with the power."""
    code = f"""
import os, signal
from types import SimpleNamespace
from rejsens import job as module
from tests.unit.test_published import run_job
move = os.replace
def replace(source, target):
    move(source, target)
    if str(target) in ({FIRST!r}, {SECOND!r}):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
run_job([{FIRST!r}, {SECOND!r}], text="newer")
"""
    clean = {**os.environ, "PYTHONPATH": f"{SHIPPED / 'workflow'}{os.pathsep}{SHIPPED}"}
    killed = subprocess.run([sys.executable, "-c", code], env=clean, check=False)
    assert killed.returncode == -signal.SIGKILL
    texts = {path: Path(path).read_text().split()[0] for path in (FIRST, SECOND)}
    assert sorted(texts.values()) == ["newer", "whole"]  # a mixture
    assert list(faults()) == [path for path, text in texts.items() if text == "whole"]
    mark(made_here=lambda file: True)
    assert marked() == {FIRST, SECOND}


def test_a_file_that_another_job_makes_now_has_one_entry(done: Path) -> None:
    run_job([SECOND], text="by a job of its own")
    assert faults() == {FIRST: STRANGE}  # what the job that made both had said is no longer true
    run_job([FIRST], text="by a job of its own")
    assert faults() == {}


def test_the_entry_of_a_job_that_made_more_goes_with_the_first_of_its_files_that_another_makes(done: Path) -> None:
    """The entry of both stands under the name of the second file; making the first one anew takes it away."""
    run_job([FIRST], text="by a job of its own")
    assert (
        faults() == {SECOND: STRANGE}
        and [list(entry["outputs"]) for _, entry in published.entries()].count([FIRST]) == 1
    )
    assert published.hashes()[FIRST] == published.sha256(FIRST)


@pytest.mark.parametrize(("reason", "told"), [(errno.EROFS, False), (errno.EACCES, False), (errno.ENOSPC, True)])
def test_a_plan_is_told_where_nothing_can_be_written(
    reason: int, told: bool, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only folder nothing can be marked, and nothing can be run either; a full disk is told."""
    os.truncate(FIRST, 5)

    def refused(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(run_lock, "_within", refused)
    if told:
        with pytest.raises(OSError):
            mark(made_here=lambda file: True)
    else:
        mark(made_here=lambda file: True)
    assert marked() == set() and faults() == {FIRST: CHANGED}


def test_a_run_does_not_begin_while_a_step_of_an_earlier_one_moves_its_files(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "PATIENCE", 0.0)
    with run_lock.publishing():
        with pytest.raises(Refused, match="An earlier run is still at work") as refused:
            run_lock.take_lock()
        run_lock._held.pop().close()
    assert "is still writing its files" in str(refused.value)
    run_lock.take_lock()
    run_lock._held.pop().close()


def test_a_step_does_not_move_its_files_while_a_run_begins(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "PATIENCE", 0.0)
    begins = run_lock._within(0, run_lock.PUBLISHING, fcntl.LOCK_EX)
    with begins, pytest.raises(RuntimeError, match="for too long"), run_lock.publishing():
        raise AssertionError("it moved its files")
    with run_lock.publishing():
        pass


def test_a_file_that_shows_whole_a_moment_later_is_read(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a shared disk what another computer wrote can show in part at first."""
    monkeypatch.setattr(published, "OTHERS_TO_SEE", 60.0)
    whole, waited = Path(FIRST).read_bytes(), []

    def later(seconds: float) -> None:
        waited.append(seconds)
        Path(FIRST).write_bytes(whole)

    monkeypatch.setattr(published.time, "sleep", later)
    os.truncate(FIRST, 5)
    assert published.read_whole([FIRST]) == {FIRST: published.sha256(FIRST)} and len(waited) == 1


@pytest.mark.parametrize("record", [b"", b"[1]", b'"x"', b"{", b"null"])
def test_durations_pass_over_records_that_are_none(record: bytes, done: Path) -> None:
    place_of(SECOND).write_bytes(record)
    place_of(FIRST).write_text(json.dumps({"rule": "score_wave", "starttime": 10.0, "endtime": 17.0}))
    assert past_runs.durations() == {"score_wave": 7.0}


def test_why_is_told_in_words(done: Path) -> None:
    os.truncate(FIRST, 5)
    os.unlink(SECOND)
    assert why([FIRST, SECOND]) == [f"{SECOND} is not there", f"{FIRST} is not as its step wrote it"] or why(
        [FIRST, SECOND]
    ) == [f"{FIRST} is not as its step wrote it", f"{SECOND} is not there"]
    assert why([POOLED]) == []


@pytest.mark.parametrize("record", [b"", b"[]", b'"x"', b"\xff\xfe", b'{"rule": 3}', b'{"rule": "x"'])
def test_records_that_snakemake_cannot_read_go(record: bytes, done: Path) -> None:
    place_of(FIRST).write_bytes(record)
    past_runs.drop_unreadable()
    assert not place_of(FIRST).exists() and place_of(SECOND).exists()


def test_read_whole_says_what_it_read(done: Path) -> None:
    assert published.read_whole([FIRST]) == {FIRST: published.hashes()[FIRST]}
    with pytest.raises(Refused, match="that are gone"):
        published.read_whole(["results/never.csv"])
