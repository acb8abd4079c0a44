"""How this software is described to those who cite or archive it: three files from one source, `pyproject.toml`.

`make metadata` writes CITATION.cff (Citation File Format 1.2.0), codemeta.json (CodeMeta 3.0) and .zenodo.json. Nobody edits
them; what they say stands in `[project]` and `[tool.rejsens.citation]`.
"""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rejsens.registry import SHIPPED
from rejsens.whole_files import write_all_whole


def metadata_files(pyproject: Mapping[str, Any]) -> dict[str, str]:
    """File name -> its text, from the content of pyproject.toml.

    >>> told = {"name": "x", "version": "1", "license": "MIT", "authors": [{"name": "Y"}], "keywords": ["z"],
    ...         "requires-python": ">=3.11", "dependencies": ["pandas>=3.1"]}
    >>> cited = {"title": "X", "message": "Cite it.", "abstract": "It is short."}
    >>> files = metadata_files({"project": told, "tool": {"rejsens": {"citation": cited}}})
    >>> print(files["CITATION.cff"], end="")
    cff-version: 1.2.0
    type: software
    title: X
    message: Cite it.
    abstract: It is short.
    authors:
    - name: Y
    version: '1'
    license: MIT
    keywords:
    - z
    >>> json.loads(files[".zenodo.json"])["creators"]
    [{'name': 'Y'}]
    """
    project, cited = pyproject["project"], pyproject["tool"]["rejsens"]["citation"]
    return {
        "CITATION.cff": yaml.safe_dump(_citation(project, cited), sort_keys=False, allow_unicode=True, width=120),
        "codemeta.json": _json(_codemeta(project, cited)),
        ".zenodo.json": _json(_zenodo(project, cited)),
    }


def _citation(project: Mapping[str, Any], cited: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cff-version": "1.2.0",
        "type": "software",
        "title": cited["title"],
        "message": cited["message"],
        "abstract": cited["abstract"],
        "authors": _authors(project, cited),
        "version": project["version"],
        "license": project["license"],
        "keywords": list(project["keywords"]),
    }


def _codemeta(project: Mapping[str, Any], cited: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": cited["title"],
        "identifier": project["name"],
        "description": cited["abstract"],
        "version": project["version"],
        "license": f"https://spdx.org/licenses/{project['license']}",
        "author": [_as_codemeta(author) for author in _authors(project, cited)],
        "keywords": list(project["keywords"]),
        "programmingLanguage": {"@type": "ComputerLanguage", "name": "Python"},
        "runtimePlatform": f"Python {project['requires-python']}",
        "softwareRequirements": [_requirement(stated) for stated in project["dependencies"]],
    }


def _requirement(stated: str) -> dict[str, str]:
    found = re.fullmatch(r"([\w.-]+)(?:\[.*\])?(.*)", stated)
    assert found is not None, stated
    name, version = found.groups()
    return {"@type": "SoftwareApplication", "name": name, "version": version}


def _authors(project: Mapping[str, Any], cited: Mapping[str, Any]) -> list[dict[str, str]]:
    """As the Citation File Format has them: people with given-names, family-names and perhaps orcid, or a name for a group."""
    return [dict(author) for author in cited.get("authors", project["authors"])]


def _as_codemeta(author: Mapping[str, str]) -> dict[str, str]:
    if "family-names" not in author:
        return {"@type": "Organization", "name": author["name"]}
    known = {"@id": author.get("orcid"), "givenName": author.get("given-names"), "familyName": author["family-names"]}
    return {"@type": "Person"} | {key: value for key, value in known.items() if value}


def _as_zenodo(author: Mapping[str, str]) -> dict[str, str]:
    if "family-names" not in author:
        return {"name": author["name"]}
    named = {"name": ", ".join(filter(None, [author["family-names"], author.get("given-names")]))}
    return named | ({"orcid": author["orcid"].rpartition("/")[2]} if "orcid" in author else {})


def _zenodo(project: Mapping[str, Any], cited: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": cited["title"],
        "description": f"<p>{html.escape(cited['abstract'])}</p>",
        "upload_type": "software",
        "version": project["version"],
        "license": project["license"].lower(),
        "access_right": "open",
        "creators": [_as_zenodo(author) for author in _authors(project, cited)],
        "keywords": list(project["keywords"]),
        "notes": f"<p>{html.escape(cited['message'])}</p>",
    }


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = SHIPPED) -> None:
    """Write the three files beside the pyproject.toml that they come from."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    write_all_whole({folder / name: text for name, text in metadata_files(pyproject).items()})


if __name__ == "__main__":
    write()
