"""Write a finished study's rows, with all that explains them, in a format that others read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rejsens.commands._pipeline import (
    FAULTS,
    UNREADABLE,
    Study,
    in_folder,
    plan_of,
    planned,
    refuse_beside_another_run,
    say,
    stop,
    stop_at_more_words,
    study_and_rest,
)
from rejsens.problems import Problem, Refused, counted
from rejsens.system_faults import sentence


def export(
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="The new folder to write into.", show_default=False)
    ],
    study: Study = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help="How to write it: psych-ds, datapackage, ro-crate, spss or csv."
        ),
    ] = "csv",
    wording: Annotated[
        bool,
        typer.Option(
            "--wording",
            help="Also the questions of published scales, as your platform told them, where no permission is asked.",
        ),
    ] = False,
) -> None:
    """Write a finished study's answers, scores and events, with their dictionary, in a format that others read.

    Every row is in it: the folder is closed to other users of this computer, and is never to be published.
    """
    from rejsens.sharing.package import full_package
    from rejsens.sharing.writing import known_format, refuse_place, write_export

    folder, words = study_and_rest(study, None)
    stop_at_more_words(words)
    try:
        known_format(format)
        refuse_place("full", to, folder)
        _refuse_what_is_out_of_date(folder)
        package = full_package(folder, wording)
        files = write_export(package, format, to, folder)
    except Refused as refused:
        stop(refused.problems, refused.subject, FAULTS)
    except OSError as error:
        fix = sentence(error) or str(error)
        stop(
            Problem(str(to), "The export could not be written", "nothing of it is there", "", fix),
            "The export",
            UNREADABLE,
        )
    print(f"Wrote {counted(len(files), 'file')} into {to}. Read {to}/README.md first.")


def _refuse_what_is_out_of_date(folder: Path) -> None:
    """An export of results that no longer fit the study's files would be a wrong number that looks right."""
    from rejsens.registry import TABLES
    from rejsens.sharing.package import READ

    with in_folder(folder):
        refuse_beside_another_run()
        try:
            steps = planned([TABLES[name] for name in READ])
        except LookupError as error:
            plan_of(Path("."))  # ends here when the study is at fault
            stop(Problem(str(folder), "The plan could not be made", str(error)), "The results", FAULTS)
    if steps:
        found = f"{counted(len(steps), 'step')} of the run would be made, or made again"
        fix = f"`{say('run', folder)}` first; `rejsens explain {folder / TABLES['scores']}` says why"
        raise Refused(Problem(str(folder), "No finished results", found, "", fix), "The results")
