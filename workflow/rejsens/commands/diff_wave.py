"""Say how a wave's questionnaire differs from an earlier one."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAULTS, UNREADABLE = 1, 2


class Format(StrEnum):
    text = "text"
    html = "html"
    csv = "csv"
    json = "json"


def diff_wave(
    new: Annotated[
        str,
        typer.Argument(
            metavar="NEW", help="A wave of the study, or an export that has no sidecar yet.", show_default=False
        ),
    ],
    old: Annotated[
        str | None,
        typer.Argument(metavar="OLD", help="The wave to compare with. Default: the one before.", show_default=False),
    ] = None,
    study: Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder.")] = Path("."),
    language: Annotated[
        str | None,
        typer.Option(
            metavar="TAG", help="Language of an export that has no sidecar yet. Default: as in the wave before."
        ),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Every item on a line of its own, not one line for many.")
    ] = False,
    format: Annotated[
        Format, typer.Option("--format", help="How to say it: text for people, html for sharing, csv or json.")
    ] = Format.text,
) -> None:
    """Say how a wave's questionnaire differs from an earlier one: items added, missing, reworded, recoded, moved.

    Ends with 0 when nothing stops a run, 1 when something does (a known item that was reworded or recoded without a
    `replaces:` line, a column that is not there), 2 when a wave could not be read.
    """
    from rejsens.comparison_report import as_csv, as_html, as_json, as_text
    from rejsens.problems import Refused
    from rejsens.wave_comparison import compare_wave

    if not study.is_dir():
        print(f"{study} is no folder. Name the study's folder with --study.")
        raise typer.Exit(UNREADABLE)
    new = os.path.abspath(new) if os.path.isfile(new) else new  # as it is named from here
    os.chdir(study)
    try:
        found = compare_wave(new, old, language=language)
    except Refused as refused:
        print(str(refused).replace("The comparison cannot be used: ", "The comparison cannot be made: ", 1))
        raise typer.Exit(UNREADABLE) from None
    write = {Format.csv: as_csv, Format.json: as_json, Format.html: as_html}
    print(write[format](found) if format in write else as_text(found, each), end="")
    raise typer.Exit(FAULTS if found.problems else 0)
