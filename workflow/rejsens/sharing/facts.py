"""What the JSON descriptions of an export have in common: licences by their address, texts on one line, JSON as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rejsens.sharing.package import Package
from rejsens.sharing.readme import more_notes, whose

ADDRESSES = {  # licence as sidecars name it (SPDX) -> where it stands
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "ODC-BY-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
}
SOFTWARE = "rejsens"


def address(licence: str) -> str:
    """Where a licence can be read; "" for one that is stated in other words.

    >>> address("CC0-1.0"), address("CC BY 4.0"), address("on request")
    ('https://creativecommons.org/publicdomain/zero/1.0/', 'https://creativecommons.org/licenses/by/4.0/', '')
    """
    plain = {re.sub(r"[\s-]+", "-", name).casefold(): url for name, url in ADDRESSES.items()}
    return plain.get(re.sub(r"[\s-]+", "-", licence.strip()).casefold(), "")


def description(package: Package) -> str:
    """What the study is, and whose rows these are, on one line."""
    said = [package.facts.description, whose(package).replace("**", ""), *more_notes(package)]
    return " ".join(" ".join(" ".join(filter(None, said)).split()).split())


def keywords(package: Package) -> list[str]:
    """A few words by which the export is found."""
    state = ["synthetic data"] if package.kind == "synthetic" else ["simulated data"] if package.facts.simulated else []
    return ["psychology", "survey", "rejection", *state]


def slug(text: str) -> str:
    """A text as a name of lower-case letters, digits and hyphens.

    >>> slug("Reported micro-rejections: six waves!"), slug("日本")
    ('reported-micro-rejections-six-waves', 'study')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60].strip("-") or "study"


def labels_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Value -> label of one row of the dictionary; empty where any value within the range may stand."""
    return json.loads(row["values"] or "{}")


def without_blanks(content: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that say something."""
    return {name: value for name, value in content.items() if value not in ("", None, [], {})}


def number(value: float) -> int | float | None:
    """A limit as JSON prints it: a whole number without a point, and nothing for none.

    >>> number(4.0), number(0.5), number(float("nan"))
    (4, 0.5, None)
    """
    if value != value:
        return None
    return int(value) if float(value).is_integer() else float(value)


def as_json(content: Any) -> str:
    """JSON text, the same for the same content on every machine; a number that JSON does not know is refused."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
