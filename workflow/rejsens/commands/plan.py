"""Freeze what is planned, and say what differs from it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAULTS, UNREADABLE = 1, 2


class Action(StrEnum):
    freeze = "freeze"
    show = "show"


def plan(
    action: Annotated[Action, typer.Argument(help="Record the plan, or tell when it was frozen and what differs now.")],
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", show_default=False)] = Path("."),
    again: Annotated[
        str, typer.Option(help="Freeze anew, for this reason; it stays on record.", show_default=False)
    ] = "",
) -> None:
    """Record the plan in config/plan.lock.yaml before the data, or tell every later difference.

    A plan is what the families of hypotheses, the settings that bind inference and the scoring of the instruments say.
    It needs no wave. Ends with 1 when a plan is frozen already and no reason is given, or when `show` finds a difference.
    """
    from rejsens.frozen_plan import LOCK, account, deviations, freeze, readable
    from rejsens.problems import Problem, Refused, counted
    from rejsens.study import gather_study

    if not (study / "config").is_dir():
        print(f"{study} is no study: it has no folder config/. Name the study's folder.")
        raise typer.Exit(UNREADABLE)
    try:
        if action is Action.freeze:
            lock = freeze(study, again=again)
            families = counted(len(lock["families"]), "family").replace("familys", "families")
            n = sum(len(family["hypotheses"]) for family in lock["families"].values())
            tests = counted(n, "hypothesis").replace("hypothesiss", "hypotheses")
            print(f"Froze {tests} of {families} in {study / LOCK}, {lock['hash'][:12]}.")
            if lock["frozen"][-1]["waves"]:
                print(f"Waves that were there by then, as it records: {', '.join(lock['frozen'][-1]['waves'])}.")
            print("Next: keep that file with the study and leave it alone; the report tells what differs from it.")
            return
        problems: list[Problem] = []
        read = gather_study(study, problems)
        if not readable(read):
            raise Refused(problems, "The plan")
        print(*account(read), sep="\n")
        differs = bool(deviations(read))
    except Refused as refused:
        print(str(refused).replace(" cannot be used: ", " cannot be frozen or shown: ", 1))
        raise typer.Exit(FAULTS) from None
    raise typer.Exit(FAULTS if differs else 0)
