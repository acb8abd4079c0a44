"""Faults by name. Each plants itself, says what a person was told, and fails unless the next run ends well."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from rejsens.declarations import SHIPPED
from tests.conftest import contents, seal
from tests.torture.bench import POOLED, WAVES, Bench, Failed, Run, outputs_of, records, settled, spoil, stopped

Fault = Callable[[Bench], str]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    def enter(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return enter


def waves_of(bench: Bench, name: str, how: str = "removed") -> Path:
    """A finished study whose waves have to be read again."""
    study = bench.copy(name)
    spoil(study, outputs_of(study, *WAVES), how)
    return study


# --- the disk --------------------------------------------------------------------------------------------------------


def in_a_mount(bench: Bench, study: Path, script: str) -> str:
    """Run a shell script in a mount namespace of its own; what it printed."""
    command = f"{sys.executable} -m rejsens.cli run --cores {bench.cores} {POOLED}"
    words = ["unshare", "-m", "--propagation", "private", "sh", "-c", script.replace("RUN", command)]
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
    clean |= {"PYTHONPATH": str(SHIPPED / "workflow")}
    done = subprocess.run(
        words, cwd=study, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def mounts() -> bool:
    """Whether this system lets us mount in a namespace of our own."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, check=False)
    return tried.returncode == 0


def line(said: str, *words: str) -> str:
    for one in said.splitlines():
        if all(word in one for word in words):
            return one.strip()
    raise Failed(f"nothing said of {words}: {said[-1500:]}")


def _full(bench: Bench, study: Path, kilobytes: int, whole: bool) -> str:
    """The study, or its results, on a disk with so much room; then with room again."""
    what = "." if whole else "results"
    script = f"""
        kept=$(mktemp -d) && cp -a {what}/. $kept/ && mount -t tmpfs -o size=200M none "$PWD/{what}" && cd "$PWD"
        cp -a $kept/. {what}/ && rm -rf $kept
        head -c $(( $(df --output=avail -k {what} | tail -1) * 1024 - {kilobytes * 1024} )) /dev/zero > {what}/filler
        RUN; echo "ended with $?"; rm {what}/filler; echo AGAIN; RUN || echo FAILED
        rm -rf "$KEEP"; cp -a . "$KEEP"
    """
    keep = bench.place / f"{study.name}-kept"
    said = in_a_mount(bench, study, script.replace("$KEEP", str(keep)))
    first, _, again = said.partition("AGAIN")
    if "ended with 0" in first or "FAILED" in again or "Traceback" in first:
        raise Failed(said[-1500:])
    bench.same(keep)
    return line(first, "disk is full")


@fault("results on a full disk")
def full_results(bench: Bench) -> str:
    return _full(bench, waves_of(bench, "full-results"), kilobytes=24, whole=False)


@fault("the whole study on a full disk, Snakemake's records too")
def full_study(bench: Bench) -> str:
    return _full(bench, waves_of(bench, "full-study"), kilobytes=140, whole=True)


@fault("results that cannot be written (read-only mount)")
def read_only(bench: Bench) -> str:
    study = waves_of(bench, "read-only", "spoilt")
    before = contents(study / "results")
    script = 'mount --bind results results && mount -o remount,ro,bind results && RUN; echo "ended with $?"'
    said = in_a_mount(bench, study, script)
    if "ended with 0" in said or "Traceback" in said or contents(study / "results") != before:
        raise Failed(said[-1500:])
    bench.recovers(study, POOLED)
    return line(said, "cannot be written")


# --- what changes between a kill and the next run --------------------------------------------------------------------


def edit_export(study: Path) -> None:
    path = study / "data/waves/w1.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-3]) + "\n")
    seal(study, "w1")


def edit_instrument(study: Path) -> None:
    """The study's own version of an instrument, with another rule on missing answers."""
    own = study / "schemas/instruments/gad7.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    content = yaml.safe_load((SHIPPED / "schemas/instruments/gad7.yaml").read_text(encoding="utf-8"))
    content["replaces"] = "gad7"
    content["title"] = f"{content.get('title', 'GAD-7')} (as asked here)"
    own.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def edit_setting(study: Path) -> None:
    path = study / "config/config.yaml"
    path.write_text(path.read_text().replace("screening: []", "min_cell: 7\nscreening: []"))


def _edited(bench: Bench, name: str, edit: Callable[[Path], None], hold: bool) -> str:
    """Kill Snakemake while a wave is read, edit, run again; the orphan ends after the new run, or beside it."""
    like = bench.bare(f"{name}-fresh")
    edit(like)
    bench.run(like, POOLED)
    study = bench.bare(name)
    run = bench.start(study, *bench.words(POOLED))
    run.until("Checking wave w")
    time.sleep(1)
    snakemake = run.snakemake()
    jobs = snakemake.children(recursive=True) if snakemake else []
    if not jobs:
        raise Failed("no step was at work")
    with stopped(jobs if hold else []):
        run.kill(everything=False)
        edit(study)
        bench.run(study, POOLED)
        orphans = len([p for p in jobs if p.is_running()])
    settled(study)
    bench.same(study, like)
    return f"{orphans} of its steps went on beside the next run and published nothing"


@fault("an export edited between kill and next run; the orphan ends last")
def edited_export(bench: Bench) -> str:
    return _edited(bench, "edited-export", edit_export, hold=True)


@fault("an instrument edited between kill and next run; the orphan goes on")
def edited_instrument(bench: Bench) -> str:
    return _edited(bench, "edited-instrument", edit_instrument, hold=False)


@fault("a setting edited between kill and next run; the orphan ends last")
def edited_setting(bench: Bench) -> str:
    return _edited(bench, "edited-setting", edit_setting, hold=True)


# --- files between the steps -----------------------------------------------------------------------------------------


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def one_row_less(path: Path) -> None:
    """Still a table that reads well."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def swapped(first: Path, second: Path) -> None:
    kept = first.with_name("kept")
    first.rename(kept)
    second.rename(first)
    kept.rename(second)


def _damaged(bench: Bench, name: str, damage: Callable[[Path], None], *targets: str) -> str:
    study = bench.copy(name)
    damage(study)
    run = bench.recovers(study, *(targets or (POOLED,)))
    return run.sentence("Made again where this run needs")


@fault("a wave's answers cut in half (Parquet)")
def half_parquet(bench: Bench) -> str:
    file = "results/participants/waves/w1/checked_answers.parquet"
    return _damaged(bench, "half-parquet", lambda study: half(study / file))


@fault("an aggregate cut in half (CSV)")
def half_csv(bench: Bench) -> str:
    return _damaged(bench, "half-csv", lambda study: half(study / "results/waves/w2/quality.csv"))


@fault("the last row of a table lost, the rest whole")
def lost_row(bench: Bench) -> str:
    return _damaged(bench, "lost-row", lambda study: one_row_less(study / "results/waves/w1/flow.csv"))


@fault("two waves' scores swapped")
def swapped_waves(bench: Bench) -> str:
    folder = "results/participants/waves"
    return _damaged(
        bench, "swapped", lambda s: swapped(s / folder / "w1/scores.parquet", s / folder / "w2/scores.parquet")
    )


@fault("a file of no length")
def empty_file(bench: Bench) -> str:
    return _damaged(bench, "empty", lambda s: os.truncate(s / "results/participants/waves/w2/events.parquet", 0))


@fault("a file that nothing else needs, removed")
def removed_beside(bench: Bench) -> str:
    study = bench.copy("removed-beside")
    (study / "results/participants/scores_dictionary.csv").unlink()
    return bench.recovers(study, POOLED).sentence("No longer there", "Made again")


@fault("a file removed between two steps of a run")
def removed_meanwhile(bench: Bench) -> str:
    study = waves_of(bench, "removed-meanwhile")
    run = bench.start(study, "run", "--cores", "1", POOLED)
    run.until("Scoring wave")
    run.until("Scoring wave")  # both waves are checked by then
    (study / "results/waves/w1/flow.csv").unlink()
    if run.end() == 0:
        raise Failed(f"a run without one of its tables ended well: {run.said[-10:]}")
    bench.recovers(study, POOLED)
    return run.sentence("Gone since the run began", "flow.csv")


@fault("killed between the first and the second file of a step")
def between_files(bench: Bench) -> str:
    """The pipeline's own scripts, one of them edited so that it ends the run and itself after its first file."""
    study = waves_of(bench, "between", "spoilt")
    project = bench.place / "dying-project"
    shutil.rmtree(project, ignore_errors=True)
    for name in ("workflow", "schemas", "config"):
        shutil.copytree(
            SHIPPED / name, project / name, copy_function=shutil.copy2, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("Snakefile", "requirements.lock", "CITATION.cff"):
        shutil.copy2(SHIPPED / name, project / name)
    script = project / "workflow/scripts/score_wave.py"
    dying = (
        "import os, signal\n_move = os.replace\n"
        "def _move_and_die(source, target):\n    _move(source, target)\n"
        "    if str(target).endswith('scores.parquet'):\n"
        "        os.kill(int(os.environ['REJSENS_RUN']), signal.SIGKILL)\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = _move_and_die\n"
    )
    script.write_text(dying + script.read_text())
    run = bench.start(study, *bench.words(POOLED), project=project)
    run.end()
    settled(study)
    wave = next(w for w in ("w1", "w2") if "PAR1" in _head(study, f"participants/waves/{w}/scores.parquet"))
    if "PAR1" in _head(study, f"participants/waves/{wave}/events.parquet"):
        raise Failed("the step was not cut off between two of its files")
    bench.recovers(study, POOLED)
    return f"scores of {wave} were new, its events not; both were made again"


def _head(study: Path, file: str) -> str:
    path = study / "results" / file
    return path.read_bytes()[:17].decode("latin-1") if path.exists() else ""


# --- two at once -----------------------------------------------------------------------------------------------------


@fault("a second run in the same folder")
def second_run(bench: Bench) -> str:
    study = waves_of(bench, "second")
    first = bench.start(study, *bench.words(POOLED))
    first.until("Checking wave")
    second = bench.start(study, *bench.words(POOLED))
    direct = _plain_snakemake(study)
    if not second.end() or not direct.returncode:
        raise Failed("a second run was let in")
    if first.end():
        raise Failed(f"the first run was harmed: {first.said[-10:]}")
    bench.same(study)
    return second.sentence("Another run is at work")


def _plain_snakemake(study: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(SHIPPED / "Snakefile"), "--cores", "1"]
    return subprocess.run(
        [*words, *arguments, "--", POOLED], cwd=study, env=clean | {"PYTHONPATH": str(SHIPPED / "workflow")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@fault("two runs begun at the same moment in the same folder")
def same_moment(bench: Bench) -> str:
    study = waves_of(bench, "same-moment")
    runs: list[Run] = [bench.start(study, *bench.words(POOLED)) for _ in range(2)]
    codes = [run.end() for run in runs]
    if 0 not in codes:
        raise Failed(f"neither run ended well: {[run.said[-6:] for run in runs]}")
    bench.same(study)
    refused = [run for run, code in zip(runs, codes, strict=True) if code]
    return refused[0].sentence("Another run is at work") if refused else "the second began when the first had ended"


@fault("two copies of a study at once")
def two_copies(bench: Bench) -> str:
    studies = [waves_of(bench, f"copy-{number}") for number in (1, 2)]
    runs = [bench.start(study, *bench.words(POOLED)) for study in studies]
    if any(run.end() for run in runs):
        raise Failed("one of two copies was harmed")
    for study in studies:
        bench.same(study)
    return "neither noticed the other"


@fault("plain Snakemake after a result was edited")
def plain_snakemake(bench: Bench) -> str:
    study = bench.copy("plain")
    one_row_less(study / "results/waves/w1/flow.csv")
    refused = _plain_snakemake(study)
    if refused.returncode == 0:
        raise Failed("it built on a file that was edited")
    if (told := _plain_snakemake(study, "--rerun-incomplete")).returncode:
        raise Failed(told.stderr[-1500:])
    bench.same(study)
    return line(refused.stderr, "Not as its step wrote it")


# --- clocks ----------------------------------------------------------------------------------------------------------

PAST, FUTURE = 946684800, 4102444800


def _set_clock(folders: list[Path], to: float) -> None:
    for folder in folders:
        for path in folder.rglob("*"):
            os.utime(path, (to, to))


@fault("all results dated into the future, then a wave corrected and the run cut off after it")
def clock_back(bench: Bench) -> str:
    """What a clock that ran ahead and was put right does: times say that older results are the newer ones."""
    like = bench.copy("clock-fresh")
    edit_export(like)
    bench.run(like, POOLED)
    study = bench.copy("clock")
    _set_clock([study / "results"], FUTURE)
    edit_export(study)
    run = bench.start(study, "run", "--cores", "1", POOLED)
    run.until("Scoring wave w1")
    run.kill(everything=True)
    settled(study)
    _set_clock([study / "data", study / "config"], PAST)
    bench.recovers(study, POOLED, like=like)
    return "made from the corrected wave, whatever the times say"


@fault("inputs newer than all results, by the clock only")
def inputs_touched(bench: Bench) -> str:
    study = bench.copy("touched")
    _set_clock([study / "data", study / "config"], FUTURE)
    _set_clock([study / "results"], PAST)
    run = bench.recovers(study, POOLED)
    steps = [said for said in run.said if " of " in said and "Checking wave" in said]
    if steps:
        raise Failed(f"a clock made a wave be read again: {steps}")
    return run.sentence("Everything is up to date") if any("up to date" in s for s in run.said) else "nothing changed"


# --- what Snakemake remembers ----------------------------------------------------------------------------------------


def _forgotten(bench: Bench, name: str, harm: Callable[[Path], object], *words: str) -> str:
    study = bench.copy(name)
    spoil(study, ["flow.csv"], "spoilt")  # what is not on record must not be believed
    harm(study)
    run = bench.recovers(study, POOLED, marks=False)
    return run.sentence(*words) if words else "cleared without a word"


@fault("Snakemake's records cut off in mid-word")
def half_records(bench: Bench) -> str:
    return _forgotten(
        bench, "half-records", lambda s: [half(r) for r in records(s)[::3]], "is not on record: made again"
    )


@fault("Snakemake's records full of rubbish, as after a power cut")
def rubbish_records(bench: Bench) -> str:
    def harm(study: Path) -> None:
        for number, path in enumerate(records(study)[::2]):
            path.write_bytes([b"\0" * 200, b"\xff\xfe{", b"[]", b"", b'{"rule": 7}'][number % 5])

    return _forgotten(bench, "rubbish-records", harm, "is not on record: made again")


@fault("locks of a run that is no more")
def stale_locks(bench: Bench) -> str:
    def harm(study: Path) -> None:
        (study / ".snakemake/locks").mkdir(exist_ok=True)
        for kind in ("input", "output"):
            (study / f".snakemake/locks/0.{kind}.lock").write_text("\n".join(contents(study)))
        (study / ".snakemake/rejsens.lock").write_text("process 1, begun long ago\n")
        (study / "results/.staging.4711").mkdir()
        (study / "results/.staging.4711/flow.csv").write_text("half")

    return _forgotten(bench, "stale-locks", harm)


@fault("the hidden folder .snakemake deleted")
def no_memory(bench: Bench) -> str:
    return _forgotten(bench, "no-memory", lambda s: shutil.rmtree(s / ".snakemake"), "is not on record: made again")


@fault("the pipeline's own record of what was published spoilt")
def own_records(bench: Bench) -> str:
    def harm(study: Path) -> None:
        for path in sorted((study / ".snakemake/rejsens/published").glob("*"))[::2]:
            half(path)

    return _forgotten(bench, "own-records", harm, "is not on record: made again")


def digest(study: Path) -> str:
    """One hash of all results, for the table that is printed."""
    return hashlib.sha256(repr(sorted(contents(study / "results").items())).encode()).hexdigest()[:12]
