"""Run a study through Snakemake, in the researcher's words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

SNAKEFILE = Path(__file__).resolve().parents[3] / "Snakefile"


def run(
    targets: Annotated[
        list[str] | None, typer.Argument(help="A study folder, and what to make (default: everything).")
    ] = None,
    cores: Annotated[str, typer.Option(help="How many processor cores to use.")] = "all",
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be done.")] = False,
    force: Annotated[bool, typer.Option(help="Do everything again.")] = False,
) -> None:
    """Run a study from raw waves to report; what is up to date is left alone."""
    wanted = list(targets or [])
    study = Path(wanted.pop(0)) if wanted and (Path(wanted[0]) / "data").is_dir() else Path(".")
    os.chdir(study)
    _unlock_after_a_cut_off_run()
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(SNAKEFILE),
        "--cores",
        cores,
        "--logger",
        "rejsens",
        "--rerun-incomplete",
        "--keep-going",
        *(["--dry-run"] if dry_run else []),
        *(["--forceall"] if force else []),
        *wanted,
    ]
    done = subprocess.run(command, check=False).returncode
    report = Path("results/report/index.html")
    if done == 0 and not dry_run:
        made = {"figures": Path("results/figures")}.get(wanted[0], Path(wanted[-1])) if wanted else report
        print(f"\nOpen {study / made}")
    elif done:
        print(
            "\nNothing was made from what failed. Mend what is named above and run again.",
            file=sys.stderr,
        )
    raise typer.Exit(1 if done else 0)


def _unlock_after_a_cut_off_run() -> None:
    """Clear what a killed run left: Snakemake's lock and half-written folders, when nobody is at work here."""
    import shutil

    from rejsens.run_lock import nobody_runs

    if not Path(".snakemake").exists() or not nobody_runs():
        return
    for lock in Path(".snakemake/locks").glob("*"):
        lock.unlink(missing_ok=True)
    for left in Path("results").rglob(".staging.*"):
        shutil.rmtree(left, ignore_errors=True)
