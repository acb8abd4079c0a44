"""The `rejsens` command: the pipeline for people who never met Snakemake. Each command is a module of `commands/`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from rejsens.commands.add_wave import add_wave
from rejsens.commands.check import check
from rejsens.commands.compare import compare
from rejsens.commands.diff_wave import diff_wave
from rejsens.commands.explain import explain
from rejsens.commands.export import export
from rejsens.commands.figures import figures
from rejsens.commands.init import init
from rejsens.commands.instruments import instruments
from rejsens.commands.plan import plan
from rejsens.commands.power import power
from rejsens.commands.questionnaire import content_validity, questionnaire
from rejsens.commands.report import report
from rejsens.commands.run import run
from rejsens.commands.simulate import simulate
from rejsens.commands.unlock import unlock
from rejsens.commands.verify import verify

COMMANDS = {  # panel of the help -> its commands, in the order in which a newcomer needs them
    "Study": (init, power, plan, run),
    "Instruments": (instruments, questionnaire, content_validity),
    "Waves": (add_wave, check, diff_wave),
    "Results": (figures, report, explain, compare, verify, export),
    "Upkeep": (unlock, simulate),
}
WORDS = {bool: "", int: "NUMBER", float: "NUMBER", str: "TEXT"}


class PlainWords:
    """Help without a programmer's names of types."""

    def get_params(self, ctx: Any) -> list[Any]:
        params = super().get_params(ctx)  # type: ignore[misc]  # a command or a group of Typer stands behind it
        for param in params:
            if not isinstance(param, TyperOption):
                param.display_type_rich = lambda ctx: ""
            elif param.metavar is None and not param.type_descriptor.is_choice:
                param.metavar = WORDS.get(param.type_descriptor.annotation, "FILE")
        return params


class PlainCommand(PlainWords, TyperCommand):
    """One command."""


class PlainGroup(PlainWords, TyperGroup):
    """All commands."""


app = typer.Typer(cls=PlainGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"rejsens {version('rejsens')}")
        raise typer.Exit


def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """From raw survey waves about rejection to a report.

    [b]rejsens init STUDY[/b] begins a new study. Then, for each wave of answers: [b]rejsens add-wave EXPORT --name NAME[/b],
    [b]rejsens check[/b], [b]rejsens run[/b].

    [b]rejsens COMMAND --help[/b] says more of a command. A command ends with 0 when all is well, 1 when it found faults,
    2 when it could not read or understand something.
    """


def _flowing(function: Callable[..., None]) -> str:
    """A docstring with its paragraphs in one line each: the terminal wraps them."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(function) or "")


app.callback(help=_flowing(main))(main)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(cls=PlainCommand, rich_help_panel=panel, help=_flowing(command))(command)

if __name__ == "__main__":
    app()
