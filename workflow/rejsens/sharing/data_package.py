"""A Data Package (datapackage.org, version 2): CSV files, each with a Table Schema in datapackage.json.

What version 1 knows is said in the same words, so that programs of either version read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens.sharing import facts
from rejsens.sharing.package import TITLES, Package
from rejsens.sharing.plain_csv import DICTIONARY_FILE, write_beside, write_tables

DESCRIPTOR = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
ENCODING = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
COLUMN_TYPES = {"bool": "boolean", "int64": "integer", "Int64": "integer", "float64": "number", "Float64": "number"}


def write(package: Package, folder: Path) -> dict[str, str]:
    """datapackage.json, the tables below data/, the dictionary; path in the folder -> what it holds."""
    told = write_tables(package, folder, "data/{}.csv") | write_beside(package, folder)
    (folder / DESCRIPTOR).write_text(facts.as_json(descriptor(package)), encoding="utf-8", newline="")
    return {DESCRIPTOR: "what each file and each column holds, for programs"} | told


def descriptor(package: Package) -> dict[str, Any]:
    """The content of datapackage.json."""
    study = package.facts
    beside = {"dictionary": package.dictionary, **package.beside}
    return facts.without_blanks(
        {
            "$schema": PROFILE,
            "name": facts.slug(study.title),
            "title": study.title,
            "description": facts.description(package),
            "version": study.version,
            "created": f"{f'{package.newest}-01'[:10]}T00:00:00Z",  # of a month its first day
            "keywords": facts.keywords(package),
            "licenses": licences(wave["licence"] for wave in study.waves),
            "contributors": [{"title": study.contact, "roles": ["contact"]}] if study.contact else [],
            "sources": [{"title": study.citation}],
            "resources": [
                *(resource(package, name) for name in package.tables),
                *(_beside(name, frame) for name, frame in beside.items()),
            ],
        }
    )


def licences(stated: Iterable[str]) -> list[dict[str, str]]:
    """Each licence by its name and address; one in other words by its words, which may hold a semicolon.

    stated   of each wave, "" where none is

    >>> [entry.get("title") or entry["name"] for entry in licences(["CC0-1.0; CC BY 4.0", "", "CC0-1.0"])]
    ['CC0-1.0', 'CC BY 4.0']
    >>> [entry.get("title") for entry in licences(["Free for research; ask the authors"])]
    ['Free for research; ask the authors']
    """
    found = []
    parted = ((one, one.split("; ")) for one in stated)
    names = (name for one, parts in parted for name in (parts if all(map(facts.address, parts)) else [one]))
    for name in dict.fromkeys(filter(None, names)):
        url = facts.address(name)
        found.append({"name": name, "path": url} if url else {"name": facts.slug(name), "title": name})
    return [entry for entry in found if "path" in entry] or found


def resource(package: Package, name: str) -> dict[str, Any]:
    """One table with its schema."""
    rows = package.columns(name)
    key = package.key(name)
    schema = {"fields": [field(row, row["variable"] in key) for row in rows], "missingValues": [""], "primaryKey": key}
    about = {"name": _lower(name), "type": "table", "title": TITLES.get(name, name), "path": f"data/{name}.csv"}
    return about | ENCODING | {"schema": facts.without_blanks(schema)}


def field(row: Mapping[str, Any], in_key: bool = False) -> dict[str, Any]:
    """One column: type, label, limits, values."""
    cast = {"integer": int, "number": float}.get(row["type"], str)
    values = {
        cast(float(value)) if cast is int else cast(value): label for value, label in facts.labels_of(row).items()
    }
    limits = {name: facts.number(row[name]) for name in ("minimum", "maximum")}
    constraints = {"required": True if in_key or row["type"] == "boolean" else None, "enum": list(values)} | limits
    said = [row["question_text"], f"An empty cell: {row['blank_means']}." if row["blank_means"] else ""]
    said += [
        f"Unit: {row['unit']}." if row["unit"] else "",
        f"A higher value: {row['higher_means']}." if row["higher_means"] else "",
    ]
    categories = [{"value": value, "label": label} for value, label in values.items() if label]
    whole = len(categories) == len(values)
    return facts.without_blanks(
        {
            "name": row["variable"],
            "type": row["type"],
            "title": row["label"],
            "description": " ".join(filter(None, said)),
            "constraints": facts.without_blanks(constraints),
            "categories": categories if whole else [],
            "categoriesOrdered": True if whole and categories and row["level"] == "ordinal" else None,
            "unit": row["unit"],
            "instrument": row["instrument"],
            "reverseKeyed": True if row["reverse_keyed"] else None,
        }
    )


def _lower(name: str) -> str:
    """A name in lower-case letters, as the first version asks.

    >>> _lower("syntheticAnswers"), _lower("utility_scales")
    ('synthetic-answers', 'utility-scales')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", "-", name).lower()


def _beside(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """A table that explains the others."""
    fields = [{"name": column, "type": COLUMN_TYPES.get(str(frame[column].dtype), "string")} for column in frame]
    about = {
        "name": _lower(name),
        "type": "table",
        "path": DICTIONARY_FILE if name == "dictionary" else f"{name}.csv",
    }
    return about | ENCODING | {"schema": {"fields": fields, "missingValues": [""]}}
