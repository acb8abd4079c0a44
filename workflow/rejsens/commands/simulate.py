"""Write a simulated study into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")],
    out: Annotated[Path, typer.Option(help="Folder to write the study into.")],
    parameters: Annotated[Path | None, typer.Option(help="Parameter file (default: config/simulation.yaml).")] = None,
    platform: Annotated[
        str | None, typer.Option(help="Write every wave as this survey platform exports it (default: each wave's own).")
    ] = None,
    truth: Annotated[
        bool, typer.Option(help="Also read the true values off a million people (a minute or two).")
    ] = False,
) -> None:
    """Write a simulated study, and the truth behind it, into a folder."""
    from rejsens.problems import Refused
    from rejsens.simulate import simulate_study, write_truth

    try:
        simulate_study(seed, out, parameters, platform)
    except Refused as refused:
        typer.echo(refused, err=True)
        raise typer.Exit(1) from None
    if truth:
        write_truth(out, parameters, report=print)
    print(f"Wrote a simulated study to {out}")
