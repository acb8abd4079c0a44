"""Write a finished study's rows, with all that explains them, in a format that others read."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from rejsens.sharing.package import Package


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
    public: Annotated[
        bool, typer.Option("--public", help="A copy to share: nobody stands alone in it, or it is refused.")
    ] = False,
    synthetic: Annotated[
        bool,
        typer.Option(
            "--synthetic", help="A twin to share: people who do not exist, and how like the real ones they are."
        ),
    ] = False,
    wording: Annotated[
        bool,
        typer.Option(
            "--wording",
            help="Also the questions of published scales, as your platform told them, where no permission is asked.",
        ),
    ] = False,
) -> None:
    """Write a finished study's answers, scores and events, with their dictionary, in a format that others read.

    Every row is in it: the folder is closed to other users of this computer, and is never to be published. With
    [b]--public[/b] or [b]--synthetic[/b] it is a copy that may be.
    """
    from rejsens.sharing.package import full_package
    from rejsens.sharing.writing import known_format, refuse_place, write_export

    folder, words = study_and_rest(study, None)
    stop_at_more_words(words)
    try:
        known_format(format)
        kind = _kind(public, synthetic)
        refuse_place(kind, to, folder)
        _refuse_what_is_out_of_date(folder)
        package = full_package(folder, wording)
        files = MADE[kind](package, folder, lambda made: write_export(made, format, to, folder))
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


def _kind(public: bool, synthetic: bool) -> str:
    if public and synthetic:
        found, fix = (
            "--public and --synthetic are two different copies",
            "make them one after the other, in two folders",
        )
        stop(Problem("rejsens export", "Two copies at once", found, "", fix), "The export")
    return "public" if public else "synthetic" if synthetic else "full"


def _write_public(package: Package, folder: Path, write: Write) -> Mapping[str, str]:
    """The copy is on record before anybody can have it; one that could not be written was none."""
    from rejsens.sharing.public import public_copy
    from rejsens.sharing.releases import forget, history_of, remember
    from rejsens.study import load_study

    copy = public_copy(package, load_study(folder), history_of(folder))
    kept = remember(copy.history, copy.record, folder, copy.package.facts.waves[-1]["name"])
    try:
        files = write(copy.package)
    except BaseException:
        forget(copy.history, copy.record, folder)
        raise
    _tell(copy.package)
    print(
        f"On record as release {copy.record.name}: keep config/releases.yaml with the study, and {kept.parent} closed."
    )
    return files


def _write_synthetic(package: Package, folder: Path, write: Write) -> Mapping[str, str]:
    from rejsens.sharing.synthetic import synthetic_twin
    from rejsens.study import load_study

    twin = synthetic_twin(package, load_study(folder))
    files = write(twin)
    _tell(twin)
    return files


def _tell(package: Package) -> None:
    for note in package.notes:
        print(textwrap.fill(f"- {note}", 100, subsequent_indent="  "))


Write = Callable[["Package"], Mapping[str, str]]
MADE: dict[str, Callable[[Package, Path, Write], Mapping[str, str]]] = {
    "full": lambda package, _, write: write(package),
    "public": _write_public,
    "synthetic": _write_synthetic,
}


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
