"""A wave's export as its sidecar names it: there, unchanged since, and read as the platform that it declares."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rejsens.importers import Export, open_export, refuse_endless
from rejsens.problems import Problem, Refused
from rejsens.sidecars import Wave, unreadable

__all__ = ["Export", "read_export"]


def read_export(wave: Wave) -> Export:
    """Read the export of one wave, whatever its container and platform.

    raises   Refused: missing, empty or changed file; everything that `importers.open_export` refuses
    """
    try:
        return open_export(
            wave.file,
            wave.platform,
            encoding=wave.encoding,
            delimiter=wave.delimiter,
            participant=wave.participant["column"],
            leave_out=wave.leave_out or (),
            advice=wave.path,
            data=_stated(wave, _bytes(wave)),
        )
    except Refused as refused:
        raise Refused(refused.problems, wave.name) from None


def _bytes(wave: Wave) -> bytes:
    """The export's bytes; whatever is wrong with its path is told of the path as the sidecar writes it."""
    try:
        if Path(wave.opened).is_file():
            refuse_endless(wave.opened, wave.file)
            return Path(wave.opened).read_bytes()
    except OSError as error:
        raise unreadable(wave, error) from None
    variable = " (is the environment variable set?)" if "$" in wave.file else ""
    raise Refused(
        Problem(
            wave.path,
            "A wave's export is missing",
            f"{wave.file} does not exist{variable}",
            "",
            "put the export there, or correct `file:` in the sidecar",
        ),
        wave.name,
    )


def _stated(wave: Wave, data: bytes) -> bytes:
    """The same bytes, when they are the ones whose hash the sidecar states."""
    if not data[:4096].strip() and not data.strip():
        raise Refused(
            Problem(wave.file, "The export is empty", "the file holds no text", "", "export the wave again"), wave.name
        )
    found = hashlib.sha256(data).hexdigest()
    if found != wave.sha256:
        raise Refused(
            Problem(
                wave.file,
                "The export changed since its sidecar was written",
                f"its SHA-256 begins {found[:12]}, the sidecar states {wave.sha256[:12]}",
                "",
                f"if the change is meant, put `sha256: {found}` into {wave.path}; a cut-off download also looks like this",
            ),
            wave.name,
        )
    return data
