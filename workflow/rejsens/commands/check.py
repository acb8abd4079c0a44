"""Say everything that the pipeline would complain about, before any run."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rejsens.check import Checked

UNREADABLE = 2


class Format(StrEnum):
    text = "text"
    html = "html"
    csv = "csv"
    json = "json"


def check(
    what: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_STUDY",
            help="A study folder, a wave of it (export or sidecar), or an export that belongs to no study yet.",
            show_default=False,
        ),
    ] = Path("."),
    format: Annotated[
        Format, typer.Option("--format", help="How to say it: text for people, html for sharing, csv or json.")
    ] = Format.text,
    out: Annotated[Path | None, typer.Option("--out", help="Write it into this file.", show_default=False)] = None,
) -> None:
    """Say everything that a run would complain about: all faults at once, by participant and spreadsheet row.

    What is only worth a look is told and counts as no fault. Ends with 0 when there is no fault, 1 when there are faults
    (also those that only set a family of hypotheses aside), 2 when there is nothing that could be read.
    """
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")  # small tables: starting threads would take longer than the sums

    gc.disable()  # a short life: looking for garbage would take a tenth of it
    from rejsens.check import Unreadable
    from rejsens.check import check as find
    from rejsens.check_report import FORMATS
    from rejsens.problems import explain
    from rejsens.system_faults import sentence
    from rejsens.whole_files import write_whole

    try:
        checked = find(what)
        text = FORMATS[format.value](checked)
    except Unreadable as unreadable:
        print(explain(unreadable.problems, unreadable.subject).replace(" cannot be used: ", " cannot be checked: ", 1))
        raise typer.Exit(UNREADABLE) from None
    except Exception as error:  # the message of an unforeseen error may quote a cell: only its kind and place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {Path(place.filename).name}, line {place.lineno}"
        print(
            sentence(error)
            or f"The check stopped at a fault of the software, not of your data ({where}). Please report it with these words.",
            file=sys.stderr,
        )
        raise typer.Exit(UNREADABLE) from None
    finally:
        gc.enable()
    if out:
        write_whole(out, text, closed=True)  # it names participants
        print(f"Wrote {out}: {len(checked.faults)} faults, {len(checked.notices)} worth a look.")
    else:
        print(text, end="" if text.endswith("\n") else "\n")
    if format is Format.text and not out:
        print(f"\n{_next(what, checked)}")
    raise typer.Exit(checked.exit_code)


def _next(what: Path, checked: Checked) -> str:
    kind = checked.kind
    if checked.exit_code:
        meanwhile = ". A run goes on without what is set aside" if checked.usable else ""
        return f"Next: mend what is named above and type `rejsens check {what}` again{meanwhile}."
    if kind == "export":
        return f"Next: rejsens add-wave {what} --name NAME --study STUDY"
    return (
        f"Next: rejsens run{'' if str(what) == '.' else f' {what}'}" if kind == "study" else "Next: rejsens run STUDY"
    )
