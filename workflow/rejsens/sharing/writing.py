"""An export as a folder that appears whole or not at all; one that holds rows of people is closed to others."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import psutil

from rejsens.problems import Problem, Refused, listed
from rejsens.sharing.package import Package
from rejsens.sharing.readme import readme

# name -> module that writes it, and what the README says of it
FORMATS = {
    "psych-ds": ("rejsens.sharing.psych_ds", "It follows Psych-DS (psych-ds.github.io)."),
    "datapackage": (
        "rejsens.sharing.data_package",
        "It is a Data Package (datapackage.org), described in datapackage.json.",
    ),
    "ro-crate": (
        "rejsens.sharing.ro_crate",
        "It is an RO-Crate (w3id.org/ro/crate), described in ro-crate-metadata.json.",
    ),
    "spss": ("rejsens.sharing.spss", "The tables are SPSS files, which R and Stata read too."),
    "csv": ("rejsens.sharing.plain_csv", ""),
}
README = "README.md"
STAGING = ".staging"
CLOSED, OPEN = (0o700, 0o600), (0o755, 0o644)  # modes of folders, of files


def write_export(package: Package, name: str, to: Path, study: Path) -> dict[str, str]:
    """Write a package in a format of FORMATS into a new folder.

    to        the folder; it must not be there
    study     the study's folder
    returns   path in the folder -> what it holds
    raises    Refused: the place is taken, or rows of people must not stand there, or the format cannot hold the package
    """
    refuse_place(package.kind, to, study)
    write: Callable[[Package, Path], Mapping[str, str]] = import_module(FORMATS[name][0]).write
    staged = _staged(to)
    staged.parent.mkdir(parents=True, exist_ok=True)
    before = os.umask(0o077)  # nobody may look in while it is being written
    try:
        staged.mkdir()
        files = {README: "this page", **write(package, staged)}
        (staged / README).write_text(readme(package, files, FORMATS[name][1]), encoding="utf-8", newline="")
        _set_modes(staged, *(CLOSED if package.kind == "full" else OPEN))
        os.replace(staged, to)
    finally:
        os.umask(before)
        shutil.rmtree(staged, ignore_errors=True)
    return files


def refuse_place(kind: str, to: Path, study: Path) -> None:
    """Refuse a place that is taken, and one in which rows of people (the kind "full") would be shared by mistake."""
    if to.exists() or to.is_symlink():
        found = "something of that name is there already, and an export overwrites nothing"
        raise Refused(
            Problem(str(to), "A place that is taken", found, "a new folder", "choose another name"), "The folder"
        )
    if kind != "full":
        return
    place, results = to.resolve(), study.resolve() / "results"
    if place.is_relative_to(results / "participants") and place != results / "participants":
        return
    fix = "choose a folder outside, or one below results/participants/"
    if place.is_relative_to(results):
        found = "an export with every row holds single people, and what stands in results/ outside participants/ is there to be shared"
    elif tree := next((folder for folder in place.parents if (folder / ".git").exists()), None):
        found = f"an export with every row holds single people, and git would carry them along in the history of {tree.name}/"
    else:
        return
    raise Refused(Problem(str(to), "No place for single people", found, "", fix), "The folder")


def _staged(to: Path) -> Path:
    """A folder beside the final one, on the same disk; what a killed export left there is cleared."""
    for left in to.parent.glob(f"{STAGING}.{glob.escape(to.name)}.*"):
        if left.suffix[1:].isdigit() and not psutil.pid_exists(int(left.suffix[1:])):
            shutil.rmtree(left, ignore_errors=True)
    return to.parent / f"{STAGING}.{to.name}.{os.getpid()}"


def _set_modes(folder: Path, of_folders: int, of_files: int) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(of_folders if path.is_dir() else of_files)


def known_format(name: str) -> str:
    """The format's name, or a refusal that lists those there are."""
    if name not in FORMATS:
        problem = Problem("--format", "An unknown format", f"“{name}”", listed(list(FORMATS)), "name one of these")
        raise Refused(problem, "The format")
    return name
