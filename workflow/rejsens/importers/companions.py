"""Companion files: a platform's own description of the questions, kept beside its export of the answers."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from pathlib import Path

from rejsens.importers.text import decoded
from rejsens.limits import BESIDE_BYTES
from rejsens.problems import Problem, Refused

# without “<” inside, so that thousands of them with no end take no longer than other letters
TAG = re.compile(r"<[^<>]*>")
_PROGRAM = re.compile(r"(</?(?:script|style)\b[^<>]*>)", re.IGNORECASE)


def companion_text(path: Path | str) -> str:
    """A companion decoded, with LF line ends.

    raises   Refused: a missing, empty or endless file, or one that is no text
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
    if (size := path.stat().st_size) > BESIDE_BYTES:
        found = f"the file has {size >> 20:,} MB; at most {BESIDE_BYTES >> 20:,} are read"
        cause, fix = "The description of the questions cannot be read", "look whether it is that file, or leave it out"
        raise Refused(Problem(str(path), cause, found, "", fix), str(path))
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
    pieces = _PROGRAM.split(text)  # texts, and between them the tags of scripts and styles
    last = max((k for k in range(1, len(pieces), 2) if pieces[k][1] == "/"), default=0)
    kept, inside = [], False
    for k, piece in enumerate(pieces):
        if k % 2:
            inside = piece[1] != "/" and k < last
        elif not inside:
            kept.append(piece)
    return " ".join(html.unescape(TAG.sub(" ", " ".join(kept))).split())
