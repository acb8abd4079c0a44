"""The `rejsens` command: the pipeline for people who never met Snakemake. Each command is a module of `commands/`."""

from __future__ import annotations

import typer

from rejsens.commands.run import run
from rejsens.commands.simulate import simulate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """From raw survey waves about rejection to a report."""


for command in (run, simulate):
    app.command()(command)

if __name__ == "__main__":
    app()
