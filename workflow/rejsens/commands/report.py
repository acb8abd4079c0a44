"""Bring the report of a study up to date, and open it."""

from __future__ import annotations

from typing import Annotated

import typer

from rejsens.commands._pipeline import (
    PRINTED,
    RECORD,
    REPORT,
    Cores,
    DryRun,
    Study,
    make,
    next_after,
    stop_at_more_words,
    study_and_rest,
)


def report(
    study: Study = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in your browser.")] = False,
    cores: Cores = "all",
    dry_run: DryRun = False,
) -> None:
    """Bring the report up to date, and name the page or open it."""
    folder, words = study_and_rest(study, None)
    stop_at_more_words(words)
    make(folder, [REPORT, *PRINTED, RECORD], cores, dry_run)
    if open_it and not dry_run:
        import webbrowser

        webbrowser.open((folder / REPORT).resolve().as_uri())
    next_after("report", folder, [], [REPORT], dry_run)
