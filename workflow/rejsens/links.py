"""Symbolic links where a run writes: a study from somebody else must not have files of this computer overwritten.

What is only read may be a link, such as an export that stands elsewhere: it counts by its stated hash. Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rejsens.problems import Problem, printable

WRITTEN = ("results", "logs", ".snakemake", "data/codebook", "config/plan.lock.yaml", "config/releases.yaml")
MEANT = "REJSENS_RESULTS"  # the variable that names the folders outside the study into which links may lead


def link_problems(folder: Path) -> list[Problem]:
    """Every link at, above or below the places of `WRITTEN` that leads out of the study, or nowhere.

    folder   the study's root
    returns  empty where links stay in the study, or lead into a folder that `REJSENS_RESULTS` names (several as in PATH)
    """
    named = os.environ.get(MEANT, "").split(os.pathsep)
    homes = [folder.resolve(), *(Path(home).resolve() for home in named if home)]
    above = dict.fromkeys((folder / place).parent for place in WRITTEN if "/" in place)
    astray = [path for path in above if path.is_symlink() and not _stays(path, homes)]
    places = [folder / place for place in WRITTEN if (folder / place).parent not in astray]
    return [*map(_problem, astray), *(problem for place in places for problem in _problems_of(place, homes))]


def _problems_of(place: Path, homes: Sequence[Path]) -> Iterator[Problem]:
    """One place and what stands beneath it; behind a link only where the place itself is one that may be."""
    if place.is_symlink() and not _stays(place, homes):
        yield _problem(place)
        return
    for above, folders, files in os.walk(place):
        links = (path for name in (*folders, *files) if (path := Path(above, name)).is_symlink())
        yield from (_problem(link) for link in links if not _stays(link, homes))


def _stays(link: Path, homes: Sequence[Path]) -> bool:
    end = _end(link)
    return end is not None and any(map(end.is_relative_to, homes))


def _end(link: Path) -> Path | None:
    """Where a link leads; None for one that leads nowhere, or in a circle."""
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _problem(link: Path) -> Problem:
    found, fix = "it leads nowhere, or in a circle", "delete it"
    if end := _end(link):
        found = f"it leads out of the study, to {printable(str(end))}, and a run would write there"
        fix = f"delete it; if you made it yourself, name that folder in the variable {MEANT}"
    return Problem(str(link), "Links that lead out of the study", found, "files and folders of the study", fix)
