"""Run a study through Snakemake, in the researcher's words."""

from __future__ import annotations

from typing import Annotated

import typer

from rejsens.commands._pipeline import (
    AUDIT,
    Cores,
    DryRun,
    Study,
    files_of,
    make,
    next_after,
    study_and_rest,
    write_audit,
)


def run(
    study: Study = None,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to make: a wave, an instrument, a family of hypotheses, a figure, a printed table, figures, report, "
            "or a file below results/. Default: everything.",
            show_default=False,
        ),
    ] = None,
    cores: Cores = "all",
    dry_run: DryRun = False,
    force: Annotated[bool, typer.Option("--force", help="Do everything again, up to date or not.")] = False,
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Run on a cluster: slurm, or a folder of your own settings.", show_default=False
        ),
    ] = "",
    audit: Annotated[bool, typer.Option("--audit", help=f"Also write the audit trail, {AUDIT}.")] = False,
) -> None:
    """Run a study from its waves to the report.

    What is up to date is left alone. Faults are told in sentences, and earlier results stay as they were. With
    [b]--profile slurm[/b] the steps run as jobs of a Slurm cluster and give the same bytes.
    """
    folder, words = study_and_rest(study, what)
    targets = files_of(folder, words)
    make(folder, targets, cores, dry_run, force, profile)
    if audit and not dry_run:
        write_audit(folder, targets)
    next_after("run", folder, words, targets, dry_run)
