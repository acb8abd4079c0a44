"""The rules of Psych-DS whose breach its validator calls an error, and the words that it knows from schema.org.

Written after the specification's schema (psych-ds.github.io), since its validator is in no registry that the tests can use.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

NAMED = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
OFFICIAL = {"study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description"}
SCHEMA_ORG = {"http://schema.org/", "http://schema.org", "https://schema.org/", "https://schema.org"}
WORDS = {  # type -> the properties that schema.org gives it, of those that we use
    "Dataset": {"schemaVersion", "name", "description", "version", "keywords", "license", "maintainer", "funder", "temporalCoverage",
                "dateModified", "citation", "variableMeasured"},
    "PropertyValue": {"name", "alternateName", "description", "unitText", "minValue", "maxValue", "measurementTechnique",
                      "valueReference", "value"},
}  # fmt: skip


def faults(folder: Path) -> list[str]:
    """Every breach, in a sentence."""
    try:
        told = json.loads(
            (folder / "dataset_description.json").read_text(encoding="utf-8"), parse_constant=_no_constant
        )
    except FileNotFoundError:
        return ["there is no dataset_description.json"]
    except ValueError:
        return ["dataset_description.json is not JSON"]
    found = [
        f"dataset_description.json has no {key}"
        for key in ("name", "description", "variableMeasured")
        if not told.get(key)
    ]
    if told.get("@context") not in SCHEMA_ORG:
        found.append("@context is not schema.org")
    if told.get("@type") != "Dataset":
        found.append("@type is not Dataset")
    found += _words(told)
    if not (folder / "data").is_dir():
        return [*found, "there is no data/"]
    files = sorted((folder / "data").rglob("*.csv"))
    known = [entry if isinstance(entry, str) else entry["name"] for entry in told.get("variableMeasured", [])]
    return found + ["there is no data file"] * (not files) + [fault for path in files for fault in _file(path, known)]


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _words(node: object) -> list[str]:
    """Objects without a type, and properties that are not the type's."""
    if isinstance(node, list):
        return [fault for entry in node for fault in _words(entry)]
    if not isinstance(node, dict):
        return []
    if node.get("@type") not in WORDS:
        return [f"an object of the type {node.get('@type')}"] if node.get("@type") != "Thing" else []
    strange = [key for key in node if not key.startswith("@") and key not in WORDS[node["@type"]]]
    return [f"{key} is no schema.org name for {node['@type']}" for key in strange] + _words(list(node.values()))


def _file(path: Path, known: list[str]) -> list[str]:
    found = []
    if not NAMED.fullmatch(path.name):
        found.append(f"{path.name} is not named by keywords")
    elif strange := {pair.split("-")[0] for pair in path.name.removesuffix("_data.csv").split("_")} - OFFICIAL:
        found.append(f"{path.name} has keywords that are not official: {strange}")
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            header, *rows = csv.reader(handle)
    except UnicodeDecodeError:
        return [*found, f"{path.name} is not UTF-8"]
    if len(set(header)) < len(header):
        found.append(f"{path.name} names a column twice")
    found += [f"{name} is not in variableMeasured" for name in header if name not in known]
    ragged = [row for row in rows if len(row) != len(header)]
    return found + [f"{path.name}: {len(ragged)} rows have more or fewer cells than the header"] * bool(ragged)
