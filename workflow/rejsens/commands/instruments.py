"""List the instruments that there are, or explain one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

UNREADABLE = 2


class Format(StrEnum):
    text = "text"
    csv = "csv"
    json = "json"


def instruments(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="INSTRUMENT", help="The instrument to explain. Default: list them all.", show_default=False
        ),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option(
            metavar="CONSTRUCT", help="Only those for a construct: its id, or a word of its name.", show_default=False
        ),
    ] = None,
    study: Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder.")] = Path("."),
    format: Annotated[Format, typer.Option("--format", help="How to say it: text for people, csv or json.")] = (
        Format.text
    ),
) -> None:
    """List the instruments that there are, or explain one: items, scores, key, sources, licence, norms, how to ask it.

    A study's own instruments are listed with the shipped ones. A name that was left out on purpose is told with the
    reason.
    """
    from rejsens import catalogue
    from rejsens.problems import Refused, grouped

    try:
        known = _instruments(study)
        names = catalogue.construct_names()
        if name:
            known = {name: catalogue.find(known, name)}
        if measures:
            known = {i.id: i for i in catalogue.measuring(known.values(), names, measures)}
    except Refused as refused:
        print("\n".join(grouped(refused.problems)))
        raise typer.Exit(UNREADABLE) from None
    spoken = _languages(known)
    rows = catalogue.overview(known.values(), spoken)
    match format:
        case Format.csv:
            _print_csv(rows)
        case Format.json:
            _print_json(rows)
        case Format.text if name:
            _explain(known[name], names, spoken[name])
        case Format.text:
            _list(rows)


def _instruments(study: Path) -> dict[str, Any]:
    from rejsens.definitions import load_instruments
    from rejsens.study import instrument_folders

    return load_instruments(instrument_folders(study))


def _languages(known: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    from rejsens.translations import languages

    return {name: languages(instrument) for name, instrument in known.items()}


def _list(rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rejsens.sidecars import REFUSED_INSTRUMENTS

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown = {"id": "Instrument", "items": "Items", "key": "Key", "use": "Use", "title": "Title"}
    for column, heading in shown.items():
        table.add_column(heading, justify="right" if column == "items" else "left", no_wrap=column != "title")
    for row in rows:
        table.add_row(*(Text(str(row[column])) for column in shown))
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print("Use: free; ask its holder first; off until the study states a permission.", soft_wrap=True)
    console.print(f"Left out on purpose: {', '.join(REFUSED_INSTRUMENTS)}.", soft_wrap=True)
    console.print("`rejsens instruments INSTRUMENT` explains one, or says why it was left out.", soft_wrap=True)


def _explain(instrument: Any, names: dict[str, str], languages: Sequence[str]) -> None:
    import textwrap

    from rejsens.catalogue import paragraphs

    print(f"{instrument.title} ({instrument.id}, version {instrument.version})")
    for heading, lines in paragraphs(instrument, names, languages):
        print(f"\n{heading}")
        for line in lines:
            print(textwrap.fill(line, 110, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))


def _print_csv(rows: list[dict[str, Any]]) -> None:
    import pandas as pd

    from rejsens.catalogue import COLUMNS
    from rejsens.spreadsheet import csv_text

    print(csv_text(pd.DataFrame(rows, columns=list(COLUMNS))), end="")


def _print_json(rows: list[dict[str, Any]]) -> None:
    import json

    print(json.dumps(rows, ensure_ascii=False, indent=2))
