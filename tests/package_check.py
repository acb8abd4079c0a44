"""frictionless on Data Packages: python tests/package_check.py FILE ... Prints JSON: of each file its faults, or every table as read."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(*paths: str) -> None:
    print(json.dumps([checked(path) for path in paths], default=float))


def checked(path: str) -> dict[str, object]:
    from frictionless import Package, validate

    report = validate(path)
    found = [*report.errors, *(error for task in report.tasks for error in task.errors)]
    tables = {}
    for resource in Package(Path(path)).resources if not found else ():
        rows = resource.read_rows()
        tables[resource.name] = {name: [row[name] for row in rows] for name in resource.schema.field_names}
    return {"faults": [f"{error.type}: {error.message}" for error in found], "tables": tables}


if __name__ == "__main__":
    main(*sys.argv[1:])
