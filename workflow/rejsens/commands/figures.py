"""Make the figures of a study, and nothing that they do not need."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rejsens.commands._pipeline import (
    FAULTS,
    Cores,
    DryRun,
    Study,
    files_of,
    make,
    next_after,
    plan_of,
    say,
    stop,
    study_and_rest,
)

if TYPE_CHECKING:
    from rejsens.figure_presets import Size

FIGURES = "results/figures/"


def figures(
    study: Study = None,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Which figures, by name. Default: all of them.", show_default=False),
    ] = None,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="A journal's size, such as elsevier.", show_default=False)
    ] = "",
    columns: Annotated[
        str, typer.Option(metavar="NUMBER", help="How many columns wide: 1, 1.5 or 2.", show_default=False)
    ] = "",
    cores: Cores = "all",
    dry_run: DryRun = False,
) -> None:
    """Make the figures only: PDF, SVG and PNG, each with its data and its words.

    With [b]--preset[/b] they are made at the size of a journal, also as TIFF, in a folder of their own such as
    results/figures/elsevier-1/.
    """
    folder, words = study_and_rest(study, names)
    size = _size(folder, preset, columns)
    targets = files_of(folder, words, only="figures")
    if size is None:
        targets = targets or ["figures"]
        make(folder, targets, cores, dry_run)
        next_after("figures", folder, words, targets, dry_run)
        return
    targets = [_at(size, target) for target in targets] or plan_of(folder).sized_figures([size.name])
    make(folder, targets, cores, dry_run)
    if dry_run:
        print(
            f"\nNothing was done. Next: {say('figures', folder, *words, '--preset', size.preset, '--columns', size.columns)}"
        )
        return
    told = _without_room(folder, targets)
    print(f"\nOpen {folder / FIGURES / size.name}")
    if told:
        print("\n" + "\n".join(told), file=sys.stderr)
        raise typer.Exit(FAULTS)


def _size(folder: Path, preset: str, columns: str) -> Size | None:
    """The size that is asked for; `--columns` alone goes with the preset of the settings."""
    if not preset and not columns:
        return None
    from rejsens.declarations import load_settings
    from rejsens.figure_presets import load_presets, size_of
    from rejsens.problems import Problem, Refused, listed

    try:
        preset = preset or (load_settings(folder).get("figures") or {}).get("preset", "")
        if not preset:
            fix = f"add --preset: {listed(list(load_presets()), 20)}"
            stop(Problem("--columns", "A width without a preset", "a column's width differs between journals", "", fix), "The figures")  # fmt: skip
        return size_of(preset, columns)
    except Refused as refused:
        stop(refused.problems, refused.subject)


def _at(size: Size, target: str) -> str:
    """The same figure in the folder of a size, and of its files the one that every size has."""
    below = target.removeprefix(FIGURES).removeprefix(f"{size.name}/")
    return f"{FIGURES}{size.name}/{below}"


def _without_room(folder: Path, targets: Sequence[str]) -> list[str]:
    """What the figures say that have no room at this size."""
    words = [(folder / target).with_suffix(".json") for target in targets]
    told = [json.loads(path.read_text(encoding="utf-8")).get("no_room", "") for path in words if path.exists()]
    return [sentence for sentence in told if sentence]
