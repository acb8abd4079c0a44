"""A wave's export as its sidecar names it: there, unchanged since, and read as the platform that it declares."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rejsens.importers import Export, open_export, refuse_endless
from rejsens.problems import Problem, Refused
from rejsens.sidecars import Wave

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
            data=_bytes(wave),
        )
    except Refused as refused:
        raise Refused(refused.problems, wave.name) from None


def _bytes(wave: Wave) -> bytes:
    path = Path(wave.file)
    if not path.is_file():
        variable = " (is the environment variable set?)" if "$" in str(path) else ""
        raise Refused(
            Problem(
                wave.path,
                "A wave's export is missing",
                f"{path} does not exist{variable}",
                "",
                "put the export there, or correct `file:` in the sidecar",
            ),
            wave.name,
        )
    refuse_endless(path)
    data = path.read_bytes()
    if not data[:4096].strip() and not data.strip():
        raise Refused(
            Problem(str(path), "The export is empty", "the file holds no text", "", "export the wave again"), wave.name
        )
    found = hashlib.sha256(data).hexdigest()
    if found != wave.sha256:
        raise Refused(
            Problem(
                str(path),
                "The export changed since its sidecar was written",
                f"its SHA-256 begins {found[:12]}, the sidecar states {wave.sha256[:12]}",
                "",
                f"if the change is meant, put `sha256: {found}` into {wave.path}; a cut-off download also looks like this",
            ),
            wave.name,
        )
    return data
