"""Re-check a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rejsens.commands._pipeline import FAULTS, UNREADABLE, in_folder, is_study, refuse_beside_another_run, say, stop
from rejsens.problems import Problem, Refused


def verify(
    study: Annotated[
        Path,
        typer.Argument(
            help="The study's folder, or a results folder. Default: the folder you are in.", show_default=False
        ),
    ] = Path("."),
) -> None:
    """Say whether the results of a run are as the run left them, and whether what made them has changed since.

    Ends with 0 when both hold, 1 when a file or what made it changed, 2 when there is no list of a complete run.
    """
    from rejsens.verification import as_text, verified

    if not study.is_dir():
        fix = "name the study's folder, or a copy of its results"
        stop(Problem(str(study), "Nothing to verify", "there is no such folder", "", fix), "The results")
    whole = is_study(study)
    if whole:
        with in_folder(study):
            refuse_beside_another_run()
    try:
        found = verified(
            study / "results" if whole or (study / "results").is_dir() else study, study if whole else None
        )
    except Refused as refused:
        stop(refused.problems, "The results", UNREADABLE)
    print(as_text(found, say("run", study)), end="")
    raise typer.Exit(0 if found.all_well else FAULTS)
