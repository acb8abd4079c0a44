"""What made a report: content hashes of every input and of the settings, versions, seed. No commit id, time or path."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from rejsens import __version__
from rejsens.registry import SHIPPED, hashes, sha256

NAMED = (
    "snakemake",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "pandera",
    "pingouin",
    "mixedlm",
    "matplotlib",
    "pyarrow",
    "pyreadstat",
    "jinja2",
    "typst",
    "python-docx",
)


def provenance(
    inputs: Mapping[str, str],
    settings: Mapping[str, Any],
    instruments: Sequence[Mapping[str, Any]],
    tables: Iterable[str],
) -> dict[str, Any]:
    """The record: inputs (name -> sha256), hashes of the tables that the report read, settings, instruments, versions."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return {
        "software": {"rejsens": __version__, "python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in NAMED},
        "inputs": dict(sorted(inputs.items())),
        "results": hashes(tables),
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "lock_sha256": sha256(SHIPPED / "requirements.lock"),
        "cite": software_citation(),
        "seed": settings["seed"],
        "settings": dict(settings),
        "instruments": list(instruments),
    }


def software_citation() -> str:
    """How the pipeline asks to be cited, from its CITATION.cff.

    >>> software_citation()
    'The rejsens maintainers. (n.d.). rejsens: ... [Computer software].'
    """
    stated = yaml.safe_load((SHIPPED / "CITATION.cff").read_text(encoding="utf-8"))
    names = ", ".join(author.get("name") or author["family-names"] for author in stated["authors"])
    year = str(stated.get("date-released") or "n.d.")[:4]
    return f"{names}. ({year}). {stated['title']} (Version {stated['version']}) [Computer software]."


def as_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
