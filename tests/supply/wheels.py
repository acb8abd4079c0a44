"""requirements.wheels.csv from a lock in the form of PEP 751, which names each file beside its hash.

python -m tests.supply.wheels FILE.toml ...
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.supply.lock import WHEELS, File, chosen


def offered(path: Path) -> Iterator[File]:
    """Every file of every package in a pylock file; where it was fetched from is left out."""
    for package in tomllib.loads(path.read_text(encoding="utf-8"))["packages"]:
        for file in [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]:
            yield File(package["name"], package["version"], file["url"].rsplit("/", 1)[1], file["hashes"]["sha256"])


def main() -> None:
    files = chosen(file for path in sys.argv[1:] for file in offered(Path(path)))
    with WHEELS.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened, lineterminator="\n")
        rows.writerow(("package", "version", "file", "sha256"))
        rows.writerows((file.package, file.version, file.file, file.sha256) for file in files)


if __name__ == "__main__":
    main()
