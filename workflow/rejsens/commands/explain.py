"""Why a file would be made again, or whether it is up to date."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rejsens.commands._pipeline import (
    FAULTS,
    files_of,
    in_folder,
    is_study,
    plan_of,
    planned,
    say,
    stop,
    study_and_rest,
)
from rejsens.problems import Problem, did_you_mean, listed
from rejsens.reasons import NO_STEP, Change, changes, sentences


def explain(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A file below results/, or the name of a wave, an instrument, a figure, a table, or report.",
            show_default=False,
        ),
    ],
    study: Annotated[
        str | None,
        typer.Option(
            "--study", metavar="FOLDER", help="The study's folder. Default: the one the file is in.", show_default=False
        ),
    ] = None,
) -> None:
    """Say why a file would be made again: which wave, instrument, setting or hypothesis changed."""
    folder, _ = study_and_rest(study or _study_of(file), None)
    _refuse_own_files(folder, file)
    plan = plan_of(folder)
    (target,) = files_of(folder, [file])
    steps = _steps(folder, target)
    if not steps:
        print(f"{target} is up to date{_made(folder / target)}. Nothing would be made again.")
        return
    with in_folder(folder):
        told = reasons(steps, plan)
    there = (folder / target).exists()
    told = told if there or any(target in sentence for sentence in told) else [f"{target} is not there", *told]
    again = "would be made again" if there else "would be made"
    print(f"{target} {again}, because")
    print("\n".join(f"  {sentence}{'.' if sentence is told[-1] else ';'}" for sentence in told))
    work = [step["message"] for step in steps if step["message"]]
    print(f"That takes {len(work)} steps: {listed(work, 4)}." if len(work) > 1 else f"That takes one step: {work[0]}.")
    print(f"Next: {say('run', folder, target)}")


def _study_of(file: str) -> str:
    """The nearest folder above a file that is a study, else the folder one stands in."""
    return str(next((folder for folder in Path(file).parents if is_study(folder)), "."))


def _refuse_own_files(study: Path, file: str) -> None:
    """A wave, a setting, an instrument: what the researcher gives is not made."""
    own = [place for place in (Path(file), study / file) if place.is_file()]
    if own and "results" not in Path(os.path.relpath(own[0], study)).parts:
        found = "no step makes it; it is one of the files that you give, and the pipeline only reads it"
        fix = "name a file below results/; `rejsens run --dry-run` says what a change of yours would make again"
        stop(Problem(file, "Nothing makes this file", found, "", fix), "The file")


def _steps(study: Path, target: str) -> list[dict[str, Any]]:
    """What a run of `target` would do; a file that no step makes ends the command."""
    made: list[str] = []
    with in_folder(study):
        try:
            return planned([target])
        except LookupError as error:
            if NO_STEP not in str(error):
                stop(Problem(target, "The plan could not be made", str(error)), "The run", FAULTS)
        with contextlib.suppress(LookupError):
            made = [file for step in planned([], everything=True) for file in step["output"]]
    fix = did_you_mean(target, made) or "look into results/ for what there is, or type `rejsens run --dry-run`"
    stop(Problem(target, "Nothing makes this file", "no step of this study makes it", "", fix), "The file")


def _made(file: Path) -> str:
    """When a file was made, where that is known."""
    if not file.is_file():
        return ""
    return f" (made on {datetime.fromtimestamp(file.stat().st_mtime):%Y-%m-%d at %H:%M})"


def reasons(steps: Sequence[Mapping[str, Any]], plan: Any) -> list[str]:
    """What set the steps going, each cause once: what changed in what they are told, then what is missing, or was edited."""
    told = sentences(change for step in steps for change in _changed(step, plan))
    for step in steps:
        told += _of_the_files(step, told)
    return list(dict.fromkeys(told)) or ["a step before it is done again"]


def _changed(step: Mapping[str, Any], plan: Any) -> list[tuple[str, Change]]:
    """What the step would be told now against what is on record, where anything is."""
    from rejsens.past_runs import params

    before = next((told for output in step["output"] if (told := params(output))), None)
    if before is None or not hasattr(plan, step["rule"]):
        return []
    about = list(step["wildcards"].values())
    return [(", ".join(about), change) for change in changes(before, plan.params(step["rule"], *about))]


def _of_the_files(step: Mapping[str, Any], told: Sequence[str]) -> list[str]:
    """Snakemake's own reasons that no change of params covers."""
    from rejsens.unfit_results import why

    found = []
    for reason in step["reason"].split("; "):
        kind, _, files = reason.partition(": ")
        match kind:
            case "Missing output files":
                absent = [file for file in files.split(", ") if not Path(file).exists()]
                found += [f"{listed(absent, 3)} {'is' if len(absent) == 1 else 'are'} not there"] if absent else []
            case "Incomplete output files":
                found.append(f"the step “{step['message']}” was cut off before it ended")
            case "Updated input files":
                found.append(f"{listed(files.split(', '), 3)} {'was' if ', ' not in files else 'were'} made anew since")
            case "Set of input files has changed since last execution" if not told:
                found.append("it is made from other tables now")
            case "Forced execution":
                found += why(step["output"]) or [f"the step “{step['message']}” was cut off before it ended"]
    return found
