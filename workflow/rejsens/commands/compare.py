"""Hold two finished runs against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rejsens.commands._pipeline import FAULTS, stop
from rejsens.problems import Problem, Refused, did_you_mean, listed


def compare(
    run_a: Annotated[
        Path,
        typer.Argument(metavar="RUN_A", help="A study that was run, or a results folder.", show_default=False),
    ],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another one.", show_default=False)],
    table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help="Every difference of this table.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.csv", help="Also write every difference into this file.", show_default=False
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", help="How far, as a share of itself, a number with decimals may move unmentioned."),
    ] = 1e-9,
) -> None:
    """Compare two runs number by number: which verdicts changed, which results moved and by how much, and what lies behind it.

    Rows are found by what they are about. Ends with 0 when no number differs, 1 when some do, 2 when there is nothing to compare.
    """
    from rejsens.run_comparison import compare_runs, read_run
    from rejsens.run_comparison_page import as_text, table_as_text
    from rejsens.spreadsheet import csv_text
    from rejsens.whole_files import write_whole

    if not 0 <= tolerance < 1:
        fix = "leave it out for one part in a billion, or give 0 for the last digit"
        stop(
            Problem("--tolerance", "Settings with a wrong value", f"{tolerance:g}", "0 up to 1", fix), "The comparison"
        )
    try:
        found = compare_runs(read_run(run_a), read_run(run_b), tolerance, min(tolerance, 1e-12))
    except Refused as refused:
        stop(refused.problems, "The comparison")
    if table and table not in found.compared:
        known = list(found.compared)
        fix = did_you_mean(table, known) or "name one of these"
        stop(
            Problem(f"“{table}”", "No such table", "both runs have no table of that name", listed(known, 60), fix),
            "The comparison",
        )
    print(table_as_text(found, table) if table else as_text(found, tolerance), end="")
    if out:
        write_whole(out, csv_text(found.changes), closed=True)  # two runs tell more of few people than either
        print(f"\nEvery difference is in {out}.")
    raise typer.Exit(0 if found.nothing else FAULTS)
