"""Write a simulated study into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")],
    out: Annotated[Path, typer.Option(help="Folder to write the study into.")],
    parameters: Annotated[Path | None, typer.Option(help="Parameter file (default: config/simulation.yaml).")] = None,
    truth: Annotated[
        bool, typer.Option(help="Also read the true values off a million people (a minute or two).")
    ] = False,
) -> None:
    """Write a simulated study, and the truth behind it, into a folder."""
    from rejsens.simulate import simulate_study, write_truth

    simulate_study(seed, out, parameters)
    if truth:
        write_truth(out, parameters, report=print)
    print(f"Wrote a simulated study to {out}")
