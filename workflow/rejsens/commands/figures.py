"""Make the figures of a study, and nothing that they do not need."""

from __future__ import annotations

from typing import Annotated

import typer

from rejsens.commands._pipeline import Cores, DryRun, Study, files_of, make, next_after, study_and_rest


def figures(
    study: Study = None,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Which figures, by name. Default: all of them.", show_default=False),
    ] = None,
    cores: Cores = "all",
    dry_run: DryRun = False,
) -> None:
    """Make the figures only: PDF, SVG and PNG, each with its data and its words."""
    folder, words = study_and_rest(study, names)
    targets = files_of(folder, words, only="figures") or ["figures"]
    make(folder, targets, cores, dry_run)
    next_after("figures", folder, words, targets, dry_run)
