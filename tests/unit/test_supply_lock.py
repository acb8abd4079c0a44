"""The lock serves Linux, macOS and Windows under Python 3.11 to 3.14: hashes of a file for each, not only a version."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest
from tests.supply.lock import BUILD_LOCK, LOCK, PYTHONS, ROOT, File, Locked, fits, machines, read_lock, read_wheels

LOCKED = read_lock(LOCK) + read_lock(BUILD_LOCK)
FILES = read_wheels()
# package -> (the first Python without wheels, why that is bearable)
FROM_SOURCE = {
    "connection-pool": ((3, 11), "plain Python, which the index has only as a source: built by the hashed setuptools"),
    "immutables": ((3, 14), "no wheel for 3.14 yet: built with a C compiler, which docs/install.md says"),
}


def files_of(package: Locked) -> list[File]:
    return [file for file in FILES if (file.package, file.version) == (package.name, package.version)]


def without_a_wheel(package: Locked, files: list[File]) -> set[tuple[str, tuple[int, int]]]:
    """Machines that need the package and find no wheel whose hash the lock allows."""
    allowed = [file.file for file in files if file.sha256 in package.hashes]
    needing = (machine for machine in machines() if package.needed(*machine))
    return {machine for machine in needing if not any(fits(file, *machine) for file in allowed)}


@pytest.mark.parametrize("package", LOCKED, ids=lambda package: f"{package.name}-{package.version}")
def test_every_machine_has_a_file_with_a_hash(package: Locked) -> None:
    missing = without_a_wheel(package, files_of(package))
    first, _why = FROM_SOURCE.get(package.name, ((9, 9), ""))
    assert missing == {machine for machine in machines() if machine[1] >= first and package.needed(*machine)}
    if missing:
        assert any(file.file.endswith(".tar.gz") and file.sha256 in package.hashes for file in files_of(package))


def test_the_table_of_files_is_that_of_the_lock() -> None:
    pinned = {(package.name, package.version): package.hashes for package in LOCKED}
    assert {(file.package, file.version) for file in FILES} == set(pinned), "make lock"
    assert not [file for file in FILES if file.sha256 not in pinned[file.package, file.version]]


def test_a_hash_that_is_gone_is_seen() -> None:
    package = next(package for package in LOCKED if package.name == "pandas")
    windows = next(file for file in files_of(package) if fits(file.file, "Windows, x86-64", (3, 13)))
    less = replace(package, hashes=package.hashes - {windows.sha256})
    assert without_a_wheel(package, files_of(package)) == set()
    assert without_a_wheel(less, files_of(package)) == {("Windows, x86-64", (3, 13))}


@pytest.mark.parametrize(
    ("marker", "needing"),
    [
        ("", 20),
        ("sys_platform == 'win32'", 4),
        ("python_full_version < '3.12'", 5),
        ("python_full_version >= '3.12'", 15),
        ("platform_python_implementation != 'PyPy'", 20),
    ],
)
def test_markers_say_which_machines_need_a_package(marker: str, needing: int) -> None:
    package = Locked("x", "1", marker, frozenset())
    assert sum(package.needed(*machine) for machine in machines()) == needing


def test_a_marker_nobody_foresaw_is_an_error() -> None:
    with pytest.raises(ValueError, match="platform_machine"):
        Locked("x", "1", "platform_machine == 's390x'", frozenset()).needed("macOS, Intel", (3, 12))


@pytest.mark.parametrize(
    ("file", "serves"),
    [
        ("x-1-py3-none-any.whl", 20),
        ("x-1-py2.py3-none-any.whl", 20),
        ("x-1-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", 4),
        ("x-1-cp313-abi3-win_amd64.whl", 2),
        ("x-1-py3-none-macosx_11_0_universal2.whl", 8),
        ("x-1-cp312-cp312-macosx_15_0_arm64.whl", 0),  # asks for a newer system than is promised
        ("x-1-cp312-cp312-manylinux_2_39_x86_64.whl", 0),
        ("x-1-cp312-cp312-musllinux_1_2_x86_64.whl", 0),
        ("x-1-cp313-cp313t-win_amd64.whl", 0),  # free-threaded Python is another one
        ("x-1-pp311-pypy311_pp73-win_amd64.whl", 0),
        ("x-1.tar.gz", 0),
    ],
)
def test_tags_are_read_as_pip_reads_them(file: str, serves: int) -> None:
    assert sum(fits(file, *machine) for machine in machines()) == serves


def test_tags_agree_with_packaging() -> None:
    """An independent reader of the same names, for the machine that runs this."""
    tags, utils = pytest.importorskip("packaging.tags"), pytest.importorskip("packaging.utils")
    here, python = set(tags.sys_tags()), sys.version_info[:2]
    machine = next(
        (name for name in ("x86_64", "aarch64") if f"manylinux_2_34_{name}" in {t.platform for t in here}), ""
    )
    if python not in PYTHONS or not machine:
        pytest.skip("compared on Linux with glibc 2.34 or newer, under a Python that the lock is for")
    platform = {"x86_64": "Linux, x86-64", "aarch64": "Linux, ARM"}[machine]
    wheels = [file.file for file in FILES if file.file.endswith(".whl")]
    judged = {file: bool(utils.parse_wheel_filename(file)[3] & here) for file in wheels}
    assert {file: fits(file, platform, python) for file in wheels} == judged


def test_no_lock_names_an_index() -> None:
    for lock in (LOCK, BUILD_LOCK, ROOT / "requirements.wheels.csv"):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock.read_text(encoding="utf-8"))
