"""The lock files as data, and which file of a package a machine would install."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK, BUILD_LOCK, WHEELS = (
    ROOT / "requirements.lock",
    ROOT / "requirements-build.lock",
    ROOT / "requirements.wheels.csv",
)
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
# newest system that a wheel may ask for: glibc of Debian 12 and of Ubuntu 22.04 both serve 2.34; macOS 14
NEWEST_GLIBC, NEWEST_MACOS = 34, 14
PLATFORMS = {
    "Linux, x86-64": ("linux", "x86_64"),
    "Linux, ARM": ("linux", "aarch64"),
    "macOS, Apple silicon": ("darwin", "arm64"),
    "macOS, Intel": ("darwin", "x86_64"),
    "Windows, x86-64": ("win32", "amd64"),
}


@dataclass(frozen=True)
class Locked:
    """One package of a lock: name, version, the marker that says where it is needed, and its files' sha256."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    def needed(self, platform: str, python: tuple[int, int]) -> bool:
        """Whether this machine installs it. Markers of three kinds stand in the lock; any other is an error here."""
        if not self.marker:
            return True
        if self.marker == "platform_python_implementation != 'PyPy'":
            return True  # each of PYTHONS is CPython
        if re.fullmatch(r"sys_platform == '\w+'", self.marker):
            return self.marker.split("'")[1] == PLATFORMS[platform][0]
        found = re.fullmatch(r"python_full_version (<|>=) '(\d+)\.(\d+)'", self.marker)
        if not found:
            raise ValueError(f"{self.name}: a marker that nobody has taught this test to read: {self.marker}")
        bound = (int(found[2]), int(found[3]))
        return python < bound if found[1] == "<" else python >= bound


def read_lock(path: Path = LOCK) -> list[Locked]:
    """Every package of a hashed requirements file, in its order."""
    pinned = re.compile(
        r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
    )
    found = [
        Locked(name, version, marker, frozenset(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, marker, hashes in pinned.findall(path.read_text(encoding="utf-8"))
    ]
    lines = re.findall(r"^[A-Za-z0-9].*", path.read_text(encoding="utf-8"), re.M)
    if len(found) != len(lines):
        raise ValueError(f"{path.name}: {len(lines)} packages, but {len(found)} with a version and hashes")
    return found


def fits(file: str, platform: str, python: tuple[int, int]) -> bool:
    """Whether a wheel can be installed there, from the tags in its name (PEP 425, 600, 656).

    >>> fits("numpy-2.5.5-cp314-cp314-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", "Linux, x86-64", (3, 14))
    True
    >>> fits("numpy-2.5.5-cp314-cp314t-manylinux_2_28_x86_64.whl", "Linux, x86-64", (3, 14))
    False
    >>> fits("x-1-cp39-abi3-macosx_10_12_universal2.whl", "macOS, Intel", (3, 13))
    True
    """
    if not file.endswith(".whl"):
        return False
    pythons, abis, platforms = file.removesuffix(".whl").split("-")[-3:]
    return _fits_python(pythons, abis, python) and any(_fits_platform(tag, platform) for tag in platforms.split("."))


def _fits_python(pythons: str, abis: str, python: tuple[int, int]) -> bool:
    own, (_, minor) = f"cp{python[0]}{python[1]}", python
    for tag in pythons.split("."):
        if tag in ("py3", own, f"py3{minor}") and ("none" in abis.split(".") or own in abis.split(".")):
            return True
        if "abi3" in abis.split(".") and re.fullmatch(r"cp3\d+", tag) and int(tag[3:]) <= minor:
            return True
    return False


def _fits_platform(tag: str, platform: str) -> bool:
    system, machine = PLATFORMS[platform]
    if tag == "any":
        return True
    if system == "win32":
        return tag == "win_amd64"
    if system == "darwin":
        found = re.fullmatch(r"macosx_(\d+)_\d+_(\w+)", tag)
        return bool(found) and int(found[1]) <= NEWEST_MACOS and found[2] in (machine, "universal2")
    if re.fullmatch(rf"manylinux(1|2010|2014)_{machine}", tag):
        return True
    found = re.fullmatch(rf"manylinux_2_(\d+)_{machine}", tag)
    return bool(found) and int(found[1]) <= NEWEST_GLIBC


def machines() -> Iterator[tuple[str, tuple[int, int]]]:
    """Every platform with every Python that the lock is for."""
    yield from ((platform, python) for platform in PLATFORMS for python in PYTHONS)


@dataclass(frozen=True)
class File:
    """One file that the index offers for a package."""

    package: str
    version: str
    file: str
    sha256: str


def read_wheels(path: Path = WHEELS) -> list[File]:
    with path.open(encoding="utf-8", newline="") as opened:
        return [File(**row) for row in csv.DictReader(opened)]


def chosen(files: Iterable[File]) -> list[File]:
    """Of all files, one for each machine (the first that fits, by name), and the source where some machine has no wheel."""
    ordered = sorted(files, key=lambda file: (file.package, file.version, file.file))
    kept = set()
    for name, version in {(file.package, file.version) for file in ordered}:
        own = [file for file in ordered if (file.package, file.version) == (name, version)]
        first = [next((file for file in own if fits(file.file, *machine)), None) for machine in machines()]
        kept |= {file for file in first if file}
        kept |= {file for file in own if None in first and not file.file.endswith(".whl")}
    return [file for file in ordered if file in kept]
