"""Files that a person keeps, written whole or not at all: beside their place first, on the disk, then moved into it.

What a run makes is published by :py:mod:`rejsens.job`; this is for everything else: waves, sidecars, settings, plans, pages.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

PREFIX = ".writing-"  # a name that no step of the pipeline reads


def write_whole(path: Path | str, content: str | bytes, closed: bool = False) -> None:
    """Write one file; text as UTF-8 with the line ends it has. Its folder is made where there is none.

    closed   whether only its owner may read it
    raises   OSError: as the system says; what stood there before is then untouched
    """
    write_all_whole({Path(path): content}, {Path(path)} if closed else ())


def write_all_whole(files: Mapping[Path, str | bytes], closed: Collection[Path] = ()) -> None:
    """Write several files: no old one is replaced before every new one is on the disk; then in the order given.

    closed   those that only their owner may read

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_all_whole({folder / "w1.csv": "a", folder / "w1.yaml": b"b"})
    >>> sorted((file.name, file.read_text()) for file in folder.iterdir())
    [('w1.csv', 'a'), ('w1.yaml', 'b')]
    """
    beside: dict[Path, Path] = {}
    contents = {path: text.encode("utf-8") if isinstance(text, str) else text for path, text in files.items()}
    try:
        for path, content in contents.items():
            if path.exists() and not path.is_file():  # a pipe or the terminal: nothing to replace
                path.write_bytes(content)
                continue
            final = Path(os.path.realpath(path))  # a link goes on pointing to where it pointed
            beside[final] = _beside(final, content, path in closed)
        for path, staged in beside.items():
            os.replace(staged, path)
    finally:
        for staged in beside.values():
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)


def _beside(path: Path, content: bytes, closed: bool) -> Path:
    """The content in a file of its own in the same folder, with the permissions that the file itself has or would get."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=PREFIX, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        usual = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(name, 0o600 if closed else usual)
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before
