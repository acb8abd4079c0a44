"""Psych-DS (psych-ds.github.io): data/ with files named by keywords, dataset_description.json in schema.org's words.

The rules that are kept: the description has @context, @type Dataset, name, description and variableMeasured; every column
of every data file stands in variableMeasured; data files are UTF-8 CSV whose names are KEY-VALUE pairs of the official
keywords, joined by _ and ended by _data.csv. Files without rows of people stand below documentation/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rejsens.sharing import facts
from rejsens.sharing.package import Package
from rejsens.sharing.plain_csv import write_beside, write_tables

DESCRIPTION = "dataset_description.json"
VERSION = "Psych-DS 0.4.0"


def write(package: Package, folder: Path) -> dict[str, str]:
    """dataset_description.json, data/, documentation/; path in the folder -> what it holds."""
    told = write_tables(package, folder, "data/" + data_file(package)) | write_beside(package, folder, "documentation/")
    (folder / DESCRIPTION).write_text(facts.as_json(dataset_description(package)), encoding="utf-8", newline="")
    return {DESCRIPTION: "the study and each column, for programs"} | told


def data_file(package: Package) -> str:
    """The name of a data file, with {} for its table; a keyword's value is letters and digits only."""
    study = re.sub(r"[^a-zA-Z0-9]", "", facts.slug(package.facts.title).title())[:30] or "Study"
    return f"study-{study}_description-{{}}_data.csv"


def dataset_description(package: Package) -> dict[str, Any]:
    """The content of dataset_description.json."""
    study = package.facts
    days = [wave["from"] for wave in study.waves] + [wave["to"] for wave in study.waves]
    columns: dict[str, Mapping[str, Any]] = {}
    for name in package.tables:
        for row in package.columns(name):
            columns.setdefault(row["variable"], row)
    used = {row["instrument"]: row["source"] for row in columns.values() if row["source"]}
    said = {
        "@context": "http://schema.org/",
        "@type": "Dataset",
        "schemaVersion": VERSION,
        "name": study.title,
        "description": facts.description(package),
        "version": study.version,
        "keywords": facts.keywords(package),
        "license": facts.address(study.licence) or study.licence,
        "maintainer": study.contact,
        "funder": dict(study.statements).get("Funding", ""),
        "temporalCoverage": f"{min(days)}/{max(days)}",
        "dateModified": package.newest,
        "citation": [study.citation, *dict.fromkeys(used.values())],
        "variableMeasured": [variable(row) for row in columns.values()],
    }
    return facts.without_blanks(said)


def variable(row: Mapping[str, Any]) -> dict[str, Any]:
    """One column as a schema.org PropertyValue; its values and their labels as PropertyValues of their own."""
    labels = facts.labels_of(row)
    said = [row["question_text"] or row["label"], f"An empty cell: {row['blank_means']}." if row["blank_means"] else ""]
    if row["reverse_keyed"] and not row["already_reversed"]:
        said.append("Scores take it turned round; the answers here are not turned.")
    values = [{"@type": "PropertyValue", "name": label or value, "value": value} for value, label in labels.items()]
    return facts.without_blanks(
        {
            "@type": "PropertyValue",
            "name": row["variable"],
            "alternateName": row["label"],
            "description": " ".join(filter(None, said)),
            "unitText": row["unit"],
            "minValue": facts.number(row["minimum"]),
            "maxValue": facts.number(row["maximum"]),
            "measurementTechnique": row["instrument"],
            "valueReference": values,
        }
    )
