"""What the commands that run a study share: which folder, which files, and Snakemake started and stopped on their behalf."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from rejsens.job import clear_half_written
from rejsens.problems import Problem, Refused, did_you_mean, explain, listed, printable

SNAKEFILE = Path(__file__).resolve().parents[3] / "Snakefile"
PROFILES = SNAKEFILE.parent / "workflow/profiles"
REPORT = "results/report/index.html"
RECORD = "results/report/provenance.json"  # what made the results
PRINTED = ["results/report/report.pdf", "results/report/report.docx"]  # the same report for paper
AUDIT = "results/report/audit.html"  # how each result came about, as Snakemake has it on record
FAULTS, UNREADABLE, STOPPED = 1, 2, 130  # exit codes; 130 is what a shell expects after Ctrl-C

Study = Annotated[
    str | None, typer.Argument(help="The study's folder. Default: the folder you are in.", show_default=False)
]
Cores = Annotated[str, typer.Option(metavar="NUMBER", help="How many processor cores to use: a number, or all.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be done.")]


def stop(problems: Problem | Sequence[Problem], subject: str, code: int = UNREADABLE) -> NoReturn:
    """Tell what is wrong and leave with an exit code."""
    print(explain([problems] if isinstance(problems, Problem) else list(problems), subject), file=sys.stderr)
    raise typer.Exit(code)


def is_study(folder: Path) -> bool:
    return (folder / "config/config.yaml").is_file() or (folder / "data/waves").is_dir()


def study_and_rest(first: str | None, rest: Sequence[str] | None) -> tuple[Path, list[str]]:
    """The study folder (the first word if it is one, else the folder one stands in) and the other words."""
    words = [word for word in (first, *(rest or ())) if word]
    if words and is_study(Path(words[0])):
        return Path(words[0]), words[1:]
    if not is_study(Path(".")):
        named = words[0] if words and not words[0].startswith("results/") else "."
        what = "there is no such folder" if words and not Path(named).exists() else "it has no config/config.yaml"
        hint = did_you_mean(named, [p.name for p in Path(".").iterdir() if p.is_dir() and is_study(p)])
        fix = hint or "name the study's folder, or make a new one with `rejsens init FOLDER`"
        stop(Problem(str(Path(named)), "Not a study", what, "a folder with config/config.yaml", fix), "The study")
    return Path("."), words


def files_of(study: Path, words: Sequence[str], only: str = "") -> list[str]:
    """Files of `results/` (from the study's folder) for what the researcher names: a file, a wave, an instrument, a figure, …

    `only`   "figures": a name means a figure and nothing else
    """
    named = [word for word in words if not _from_study(study, word).startswith("results/")]
    known = (_gathering if not only else {}) | _named(study, only) if named else {}
    if unknown := [word for word in named if word not in known]:
        problems = [
            Problem(
                f"“{word}”",
                "Nothing of that name",
                "this study does not make it",
                listed(list(known), 60),
                did_you_mean(word, known) or "name one of these, or a file below results/",
            )
            for word in unknown
        ]
        stop(problems, "The run")
    return [known.get(word) or _from_study(study, word) for word in words]


def _from_study(study: Path, word: str) -> str:
    """A path as it is called in the study's folder, however it was typed."""
    beneath = os.path.relpath(word, study)
    typed_from_here = Path(word).is_absolute() or Path(word).exists() or not beneath.startswith("..")
    return beneath if typed_from_here else os.path.normpath(word)


_gathering = {"report": REPORT, "figures": "figures", "all": "all"}
SHOWN_BY = {  # what stands for a thing that is named, in the order in which a name is looked up
    "waves": "results/waves/{}/stored_totals.csv",
    "instruments": "results/psychometrics/instruments/{}/reliability.csv",
    "families": "results/families/{}/estimates.csv",
    "figures": "results/figures/{}.png",
    "tables": "results/tables/{}.html",
}


def _named(study: Path, only: str = "") -> dict[str, str]:
    """Name -> file for every wave, instrument, family, figure and printed table of a study."""
    plan = plan_of(study)
    own = plan.study
    names = {
        "waves": [wave.name for wave in own.waves],
        "instruments": own.scored,
        "families": own.family_names,
        "figures": plan.figures,
        "tables": plan.tables,
    }
    known: dict[str, str] = {}
    for kind, file in SHOWN_BY.items():
        for name in names[kind] if only in ("", kind) else ():
            known.setdefault(name, file.format(name))
    return known


def plan_of(study: Path) -> Any:
    """The study's declarations as the pipeline plans with them; their faults end the command."""
    from rejsens.plan import Plan
    from rejsens.study import load_study

    with in_folder(study):
        try:
            return Plan(load_study("."))
        except Refused as refused:
            stop(refused.problems, refused.subject, FAULTS)


def stop_at_more_words(words: Sequence[str]) -> None:
    """For a command that takes a study and nothing else."""
    if words:
        stop(
            Problem(
                f"“{words[0]}”", "Not a study", "there is no study in such a folder", "", "name the study's folder"
            ),
            "The study",
        )


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def command(*arguments: str) -> list[str]:
    """Snakemake with the project's rules and our progress; `snakemake -s Snakefile …` does the same."""
    by_content = ["--max-checksum-file-size", "1GB"]  # of larger files Snakemake asks the time alone
    # without "code": of that Snakemake asks when it was saved, and its content is in the params
    by_content += ["--rerun-triggers", "params", "input", "mtime"]
    return [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(SNAKEFILE),
        "--logger",
        "rejsens",
        *by_content,
        *arguments,
    ]


def tell_own_code() -> None:
    """Name the Python files that a study brings: they are the one thing in it that runs."""
    from rejsens.registry import own_plugins

    if own := [printable(str(path)) for kind in ("figures", "tables") for path in own_plugins(kind)]:
        what = "code of its own, which runs" if len(own) == 1 else "programs of its own, which run"
        print(f"This study brings {what} with your rights: {listed(own)}. Read it first where the study is somebody else's.\n", file=sys.stderr)  # fmt: skip


def make(
    study: Path,
    targets: Sequence[str],
    cores: str = "all",
    dry_run: bool = False,
    force: bool = False,
    profile: str = "",
) -> None:
    """Bring `targets` up to date. Returns when that is done; leaves with an exit code and what to do when it is not.

    profile   where jobs run, if not here: a folder of Snakemake settings, or the name of one that ships
    """
    if cores != "all" and not (cores.isdigit() and int(cores) > 0):
        stop(
            Problem("--cores", "Settings with a wrong value", f"“{cores}”", "a number from 1 upwards, or all"),
            "The run",
        )
    where = _where(cores, profile)
    with in_folder(study):
        if not os.access(".", os.W_OK):
            what = "the folder cannot be written"
            stop(
                Problem(str(study), "No room for results", what, "", "copy the study elsewhere and run it there"),
                "The run",
            )
        if not list(Path("data/waves").glob("[!_]*.*")):
            fix = f"rejsens add-wave EXPORT --name w1{'' if study == Path('.') else f' --study {shlex.quote(str(study))}'}"
            stop(
                Problem(str(study / "data/waves"), "No wave to read", "the study has no wave yet", "", fix),
                "The study",
                FAULTS,
            )
        refuse_links()
        if not dry_run:
            refuse_beside_another_run()
            clear_leftovers()
            tell_own_code()
        arguments = [*where, "--rerun-incomplete", "--keep-going"]
        arguments += ["--dry-run"] * dry_run + ["--forceall"] * force
        code = _until_done(command(*arguments, "--", *targets))
        if code and not dry_run:
            clear_leftovers()
    if code == STOPPED:
        print(
            f"\nStopped as you asked. What was finished stays; `{say('run', study)}` goes on from there.",
            file=sys.stderr,
        )
    elif code:
        print("\nNothing was made from what failed. Mend what is named above and run again.", file=sys.stderr)
    if code:
        raise typer.Exit(code)


def _where(cores: str, profile: str) -> list[str]:
    """Snakemake's words for the machine that does the work; a cluster decides itself how many cores it has."""
    if not profile:
        return ["--cores", cores]
    shipped = {path.name: path for path in PROFILES.iterdir()}
    folder = shipped.get(profile, Path(profile).absolute())
    if not (folder / "profile.yaml").is_file():
        known = listed(sorted(shipped))
        fix = did_you_mean(profile, shipped) or f"copy {PROFILES.name}/slurm and name the copy"
        stop(
            Problem("--profile", "No such profile", f"“{profile}”", f"{known}, or a folder with profile.yaml", fix),
            "The run",
        )
    return ["--profile", str(folder), *(["--cores", cores] if cores != "all" else [])]


def write_audit(study: Path, targets: Sequence[str] = ()) -> None:
    """Snakemake's own report of a finished run, as one page that asks nothing of the network."""
    with in_folder(study):
        refuse_links()
        words = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--report", AUDIT, "--", *targets]
        Path(AUDIT).parent.mkdir(parents=True, exist_ok=True)  # no report among a few targets
        run = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode:
        said = run.stderr.strip().splitlines()[-1:] or ["Snakemake gave no reason"]
        fix = f"`{say('run', study, '--force')}` puts every step on record again"
        stop(Problem(AUDIT, "The audit trail could not be written", said[0], "", fix), "The audit trail", FAULTS)


def next_after(name: str, study: Path, words: Sequence[str], targets: Sequence[str], dry_run: bool) -> None:
    """The last line: where to look, or what to type."""
    if dry_run:
        print(f"\nNothing was done. Next: {say(name, study, *words)}")
        return
    places = [_gathering.get(target, target) for target in targets or [REPORT]]
    looks = [
        {"figures": "results/figures", "all": REPORT}.get(place, _folder_if_one_of_many(place)) for place in places
    ]
    print("\n" + "\n".join(f"Open {study / look}" for look in looks))


def _folder_if_one_of_many(file: str) -> str:
    """A wave or an instrument is a folder of tables; the one that stood for it is of no more interest than the others."""
    return os.path.dirname(file) if re.match(r"results/(waves|psychometrics/instruments)/", file) else file


def say(name: str, study: Path, *words: str) -> str:
    """A command as it would be typed from here."""
    return shlex.join(["rejsens", name, *([str(study)] if study != Path(".") else []), *words])


def refuse_links() -> None:
    """A run that follows a link out of its folder would overwrite what stands there. Asked in the study's folder."""
    from rejsens.links import link_problems

    if problems := link_problems(Path(".")):
        stop(problems, "The study", FAULTS)


def refuse_beside_another_run() -> None:
    """Two runs in one folder would overwrite each other. Asked in the study's folder."""
    from rejsens.run_lock import nobody_runs, who_runs

    if Path(".snakemake").exists() and not nobody_runs():
        held = who_runs() or "its lock is held"
        fix = "wait for it to end, or stop it"
        stop(Problem(str(Path.cwd()), "Another run is at work in this folder", held, "", fix), "The run", FAULTS)


def clear_leftovers() -> list[str]:
    """Clear what a killed run left, Snakemake's locks and half-written folders, when nobody is at work here; and say what."""
    from rejsens.run_lock import while_nobody_runs

    if not Path(".snakemake").exists():
        return []
    with while_nobody_runs() as alone:
        if not alone:
            return []
        locks = list(Path(".snakemake/locks").glob("*"))
        for lock in locks:
            lock.unlink(missing_ok=True)
        return [*map(str, locks), *clear_half_written()]


def planned(targets: Sequence[str], everything: bool = False) -> list[dict[str, Any]]:
    """Each step that a run would do, with its rule, wildcards, files and Snakemake's reason; nothing is done.

    Asked in the study's folder. `everything`: as if nothing had been made yet.
    raises   LookupError: there is no such plan; with what Snakemake said
    """
    with tempfile.TemporaryDirectory() as folder:
        steps = Path(folder) / "steps"
        arguments = ["--dry-run", "--rerun-incomplete", "--logger-rejsens-plan", str(steps)]
        arguments += ["--forceall"] * everything
        words = command(*arguments, "--", *targets)
        run = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode:
            raise LookupError(run.stderr.strip())
        return in_order(json.loads(line) for line in steps.read_text("utf-8").splitlines()) if steps.exists() else []


def in_order(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps as a run could do them, always in the same order: Snakemake tells those that wait for nothing by chance.

    >>> two = {"rule": "b", "input": ["x"], "output": ["y"]}
    >>> [step["rule"] for step in in_order([two, {"rule": "c", "input": [], "output": ["x"]}])]
    ['c', 'b']
    """
    left = sorted(steps, key=lambda step: (step["rule"], step["output"]))
    ordered = []
    while left:
        awaited = {file for step in left for file in step["output"]}
        ordered += (ready := [step for step in left if awaited.isdisjoint(step["input"])])
        left = [step for step in left if step not in ready]
    return ordered


def _until_done(words: Sequence[str]) -> int:
    """Run to the end and give the exit code. On the first Ctrl-C the steps under way are finished, on the second they are ended."""
    asked = 0

    def end(*_: object) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            print("\n  Finishing the steps that are under way. Ctrl-C again ends them at once.", file=sys.stderr)
            run.terminate()
        else:
            _end_with_its_jobs(run.pid)

    # steps must not hear Ctrl-C, which a terminal sends to all: what is ignored here is ignored there
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        handlers = {s: signal.signal(s, end) for s in (signal.SIGINT, signal.SIGTERM)}
        code = run.wait()
        signal.signal(signal.SIGTERM, handlers[signal.SIGTERM])
    finally:
        signal.signal(signal.SIGINT, before)
    return STOPPED if asked and code else FAULTS if code else 0


def _end_with_its_jobs(pid: int) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        run = psutil.Process(pid)
        for process in [run, *run.children(recursive=True)]:  # the run first: it would start further steps
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
