"""CSV files with a dictionary: what every program reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rejsens.sharing.columns import DICTIONARY
from rejsens.sharing.package import Package
from rejsens.sharing.readme import rows_of
from rejsens.spreadsheet import write_csv

DICTIONARY_FILE = "dictionary.csv"


def write(package: Package, folder: Path) -> dict[str, str]:
    """A file for each table, and the dictionary; UTF-8, comma, a text that a spreadsheet would run has an apostrophe before it.

    returns   path in the folder -> what it holds
    """
    return write_tables(package, folder) | write_beside(package, folder)


def write_tables(package: Package, folder: Path, named: str = "{}.csv") -> dict[str, str]:
    """The rows of people, or nobody's: one file for each table."""
    for name, frame in package.tables.items():
        write_csv(frame, folder / named.format(name))
    return {named.format(name): what for name, what in rows_of(package).items()}


def write_beside(package: Package, folder: Path, below: str = "") -> dict[str, str]:
    """The dictionary, and what else stands beside the tables."""
    write_csv(package.dictionary, folder / below / DICTIONARY_FILE)
    told: Mapping[str, str] = {
        f"{below}{DICTIONARY_FILE}": "one row per column of each table: " + ", ".join(DICTIONARY)
    }
    for name, frame in package.beside.items():
        write_csv(frame, folder / below / f"{name}.csv")
        told = {**told, f"{below}{name}.csv": f"{name.replace('_', ' ')} of this copy against the full tables"}
    return dict(told)
