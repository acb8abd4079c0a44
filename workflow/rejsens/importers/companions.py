"""Companion files: a platform's own description of the questions, kept beside its export of the answers."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from pathlib import Path

from rejsens.importers.text import decoded
from rejsens.problems import Problem, Refused


def companion_text(path: Path | str) -> str:
    """A companion decoded, with LF line ends.

    raises   Refused: a missing or empty file, or one that is no text
    """
    path = Path(path)
    if not path.is_file():
        raise Refused(
            Problem(
                str(path),
                "A file is missing",
                "there is no such file",
                "",
                "give the place of the file that describes the questions",
            ),
            str(path),
        )
    try:
        return decoded(str(path), path.read_bytes(), None, "")[0].decode()
    except Refused as refused:
        raise Refused([replace(p, fix="save the file as UTF-8") for p in refused.problems], str(path)) from None


def companion_rows(path: Path | str, delimiter: str) -> list[dict[str, str]]:
    """A delimited companion as one mapping for each row, by the names of its first row in lower case."""
    rows = [row for row in csv.reader(io.StringIO(companion_text(path)), delimiter=delimiter) if any(row)]
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


def not_a_companion(path: Path | str, title: str, expected: str) -> Problem:
    return Problem(
        str(path),
        "The description of the questions cannot be read",
        f"it is not {expected} of {title}",
        "",
        f"export {expected} from {title} again, or leave it out",
    )


def without_markup(text: str) -> str:
    """Question text without HTML: no tags, no entities, one line.

    >>> without_markup("<p>How <b>often</b>&nbsp;?</p>")
    'How often ?'
    """
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.I | re.S) if "<" in text else text
    return " ".join(html.unescape(text).split())
