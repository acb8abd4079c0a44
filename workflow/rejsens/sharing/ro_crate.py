"""RO-Crate 1.1 (w3id.org/ro/crate) with the Process Run Crate profile 0.5: the files, and the run that made them from which waves.

The waves' exports are not part of the crate; each stands in it as a thing of its own with the fingerprint of its file.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rejsens.sharing import facts
from rejsens.sharing.package import Package
from rejsens.sharing.plain_csv import write_beside, write_tables

METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
README = "README.md"
RUN, PROGRAM, CONTACT = "#run", "#rejsens", "#contact"
GPL = "https://spdx.org/licenses/GPL-3.0-or-later"
DONE = {
    "full": "Every row of the finished study, as the run of the pipeline made it.",
    "public": "A copy for the public, made from the rows that the run of the pipeline made.",
    "synthetic": "A synthetic twin, drawn from what the run of the pipeline estimated.",
}


def write(package: Package, folder: Path) -> dict[str, str]:
    """ro-crate-metadata.json, the tables below data/, the dictionary; path in the folder -> what it holds."""
    told = write_tables(package, folder, "data/{}.csv") | write_beside(package, folder)
    described = {README: "What this is, whether people are in it, on what terms, and how to cite it"} | told
    (folder / METADATA).write_text(facts.as_json(metadata(package, described)), encoding="utf-8", newline="")
    return {METADATA: "the files and how they came about, for programs"} | told


def metadata(package: Package, files: Mapping[str, str]) -> dict[str, Any]:
    """The content of ro-crate-metadata.json; `files` are path -> what it holds."""
    entities = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        _root(package, files),
        *_files(package, files),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        _licence(package),
        *_run(package, files),
        *_inputs(package),
        *_variables(package),
    ]
    return {"@context": CONTEXT, "@graph": [facts.without_blanks(entity) for entity in entities]}


def _root(package: Package, files: Mapping[str, str]) -> dict[str, Any]:
    study = package.facts
    days = [wave["from"] for wave in study.waves] + [wave["to"] for wave in study.waves]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": study.title,
        "description": facts.description(package),
        "datePublished": package.newest,
        "license": {"@id": _licence(package)["@id"]},
        "conformsTo": {"@id": PROFILE},
        "keywords": ", ".join(facts.keywords(package)),
        "temporalCoverage": f"{min(days)}/{max(days)}",
        "hasPart": [{"@id": path} for path in files],
        "mentions": {"@id": RUN},
        "author": {"@id": CONTACT} if study.contact else "",
    }


def _files(package: Package, files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each file; of a table also which variables it has."""
    kinds = {".md": "text/markdown", ".csv": "text/csv"}
    found = []
    for path, what in files.items():
        table = Path(path).stem if path.startswith("data/") else ""
        named = [{"@id": _variable_id(table, column)} for column in package.tables[table]] if table else []
        kind = kinds.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        found.append(
            {
                "@id": path,
                "@type": "File",
                "name": Path(path).name,
                "description": what,
                "encodingFormat": kind,
                "variableMeasured": _one_or_all(named),
            }
        )
    return found


def _licence(package: Package) -> dict[str, Any]:
    """The licence of the data by its address, or its words as they stand."""
    stated = package.facts.licence
    if url := facts.address(stated):
        return {"@id": url, "@type": "CreativeWork", "name": stated, "description": f"{stated}, see {url}"}
    words = stated or "No licence is stated. Ask before you use these data."
    return {"@id": "#licence", "@type": "CreativeWork", "name": stated or "No licence", "description": words}


def _run(package: Package, files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The run of the pipeline: what went in, which program, what came out; no time, since no clock is asked."""
    study = package.facts
    made = [{"@id": path} for path in files if path != README]
    about = f"{DONE[package.kind]} Seed {study.seed}."
    run = {
        "@id": RUN,
        "@type": "CreateAction",
        "name": f"rejsens {study.version}: {study.title}",
        "description": about,
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "endTime": package.newest,
        "agent": {"@id": CONTACT} if study.contact else "",
        "instrument": {"@id": PROGRAM},
        "object": _one_or_all([{"@id": f"#wave-{wave['name']}"} for wave in study.waves]),
        "result": made,
    }
    program = {
        "@id": PROGRAM,
        "@type": "SoftwareApplication",
        "name": "rejsens",
        "description": study.citation,
        "softwareVersion": study.version,
        "license": {"@id": GPL},
    }
    terms = {"@id": GPL, "@type": "CreativeWork", "name": "GPL-3.0-or-later", "description": "Licence of the program"}
    contact = {"@id": CONTACT, "@type": "Person", "name": study.contact} if study.contact else {}
    return [run, program, terms, *([contact] if contact else [])]


def _inputs(package: Package) -> list[dict[str, Any]]:
    """The waves' exports, which are not in the crate: days, platform, terms, and the fingerprint of the file."""
    return [
        {
            "@id": f"#wave-{wave['name']}",
            "@type": "CreativeWork",
            "name": wave["title"] or wave["name"],
            "description": f"Export of {wave['platform']}, not part of this crate. {wave['population']}".strip(),
            "identifier": f"sha256:{wave['sha256']}" if wave.get("sha256") else "",
            "temporalCoverage": f"{wave['from']}/{wave['to']}",
            "inLanguage": wave["language"],
        }
        for wave in package.facts.waves
    ]


def _variables(package: Package) -> list[dict[str, Any]]:
    """One PropertyValue for each column of each table."""
    return [
        {
            "@id": _variable_id(name, row["variable"]),
            "@type": "PropertyValue",
            "name": row["variable"],
            "alternateName": row["label"],
            "description": " ".join(filter(None, [row["question_text"] or row["label"], _values(row)])),
            "unitText": row["unit"],
            "minValue": facts.number(row["minimum"]),
            "maxValue": facts.number(row["maximum"]),
            "measurementTechnique": row["instrument"],
        }
        for name in package.tables
        for row in package.columns(name)
    ]


def _one_or_all(things: list[dict[str, str]]) -> Any:
    """One thing stands without a list around it."""
    return things[0] if len(things) == 1 else things


def _values(row: Mapping[str, Any]) -> str:
    labels = facts.labels_of(row)
    named = "; ".join(f"{value} {label}" if label else value for value, label in labels.items())
    return " ".join(
        filter(
            None, [f"({named})" if named else "", f"An empty cell: {row['blank_means']}." if row["blank_means"] else ""]
        )
    )


def _variable_id(table: str, column: str) -> str:
    return f"#{table}-{column}"
