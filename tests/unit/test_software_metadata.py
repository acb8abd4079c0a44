"""CITATION.cff, codemeta.json and .zenodo.json: current, of one source, and as their formats ask."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.conftest import ROOT

from rejsens import __version__
from rejsens.software_metadata import metadata_files, write

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# schema of the Citation File Format 1.2.0 as its authors publish it (CC BY 4.0, doi:10.5281/zenodo.5171937)
CFF = json.loads((ROOT / "tests/reference/citation-file-format-1.2.0.schema.json").read_text(encoding="utf-8"))
PERSON = {"given-names": "Example", "family-names": "Person", "orcid": "https://orcid.org/0000-0002-1825-0097"}
# terms of CodeMeta 3.0 for source code that may be used here, and of what they hold
CODEMETA = {
    "SoftwareSourceCode": {
        "name", "identifier", "description", "version", "license", "author", "keywords", "programmingLanguage",
        "runtimePlatform", "softwareRequirements", "codeRepository", "datePublished", "developmentStatus", "operatingSystem",
    },
    "SoftwareApplication": {"name", "version"},
    "ComputerLanguage": {"name", "version"},
    "Organization": {"name", "@id"},
    "Person": {"givenName", "familyName", "@id"},
}  # fmt: skip
ZENODO = {
    "title", "description", "upload_type", "version", "license", "access_right", "creators", "keywords", "notes", "language",
    "related_identifiers", "contributors", "communities", "grants", "publication_date",
}  # fmt: skip


def people() -> dict[str, Any]:
    """The source as it will be when people stand in it."""
    cited = PYPROJECT["tool"]["rejsens"]["citation"] | {"authors": [PERSON]}
    return PYPROJECT | {"tool": {"rejsens": {"citation": cited}}}


@pytest.mark.parametrize("name", ["CITATION.cff", "codemeta.json", ".zenodo.json"])
def test_what_is_there_is_what_the_source_says(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == metadata_files(PYPROJECT)[name], "type: make metadata"


def test_one_version_everywhere() -> None:
    assert PYPROJECT["project"]["version"] == __version__


@pytest.mark.parametrize("source", [PYPROJECT, people()], ids=["as it is", "with people"])
def test_the_citation_is_as_its_schema_asks(source: dict[str, Any]) -> None:
    check = jsonschema.Draft7Validator(CFF)
    stated = yaml.safe_load(metadata_files(source)["CITATION.cff"])
    assert [error.message for error in check.iter_errors(stated)] == []
    for spoilt in (stated | {"authors": []}, stated | {"licence": "MIT"}, stated | {"license": "GPL"}):
        assert list(check.iter_errors(spoilt))


def codemeta_faults(node: dict[str, Any]) -> list[str]:
    known = CODEMETA.get(node.get("@type", ""), set()) | {"@type", "@context"}
    inside = [part for value in node.values() for part in (value if isinstance(value, list) else [value])]
    return [name for name in node if name not in known] + [
        fault for part in inside if isinstance(part, dict) for fault in codemeta_faults(part)
    ]


@pytest.mark.parametrize("source", [PYPROJECT, people()], ids=["as it is", "with people"])
def test_the_codemeta_file_names_known_terms(source: dict[str, Any]) -> None:
    told = json.loads(metadata_files(source)["codemeta.json"])
    assert (told["@context"], told["@type"]) == ("https://w3id.org/codemeta/3.0", "SoftwareSourceCode")
    assert codemeta_faults(told) == []
    assert codemeta_faults(told | {"licence": "MIT"}) == ["licence"]
    assert told["license"].startswith("https://spdx.org/licenses/") and told["author"]
    assert {"name": "pandera", "version": ">=0.35", "@type": "SoftwareApplication"} in told["softwareRequirements"]


@pytest.mark.parametrize("source", [PYPROJECT, people()], ids=["as it is", "with people"])
def test_the_zenodo_file_has_the_fields_of_a_deposit(source: dict[str, Any]) -> None:
    told = json.loads(metadata_files(source)[".zenodo.json"])
    assert set(told) <= ZENODO and {"title", "description", "upload_type", "creators"} <= set(told)
    assert told["upload_type"] == "software" and told["access_right"] == "open"
    assert all(re.fullmatch(r"[^,]+(, [^,]+)?", creator["name"]) for creator in told["creators"])
    assert source is PYPROJECT or told["creators"] == [{"name": "Person, Example", "orcid": "0000-0002-1825-0097"}]


def test_writing_goes_beside_the_source(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["pyproject.toml", *metadata_files(PYPROJECT)])
