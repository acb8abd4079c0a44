"""Names of files that become names of results: what no folder of another computer, or no rule, could hold is refused."""

from __future__ import annotations

import re
from pathlib import Path

from rejsens.limits import NAME_CHARACTERS
from rejsens.problems import Problem, listed
from rejsens.registry import files

PLACES = ("data/waves/*.yaml", "config/hypotheses/*.yaml", "schemas/instruments/*.yaml", "figures/*.py", "tables/*.py")
_REFUSED = re.compile(r"""[\x00-\x1f\x7f-\x9f/\\:*?"'<>|{}$`;&\u200b-\u200f\u202a-\u202e\u2060-\u2069]|^[-. ~]|[. ]$""")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))}


def name_problems_of_files(folder: Path) -> list[Problem]:
    """Names that a file system, a web address or a rule would read as something else; and two that differ in case only.

    >>> name_fault("2026a"), name_fault("a{b}"), name_fault("con"), name_fault("x" * 81)
    ('', 'it holds “{”', 'Windows keeps this name for itself', 'it has 81 characters')
    """
    problems = []
    for place in PLACES:
        found = files(place, folder)
        named = {name: name_fault(name) for name in found}
        problems += [_problem(found[name], fault, "rename the file") for name, fault in named.items() if fault]
        for names in _alike(list(found)):
            fault = f"{listed([f'“{name}”' for name in names])} differ in capital letters only"
            problems.append(
                _problem(found[names[1]], fault, "rename one of them: some computers take them for one file")
            )
    return problems


def name_fault(name: str) -> str:
    """What is wrong with a name, or nothing."""
    if len(name) > NAME_CHARACTERS:
        return f"it has {len(name)} characters"
    if name.partition(".")[0].casefold() in RESERVED:
        return "Windows keeps this name for itself"
    found = _REFUSED.search(name)
    if not found:
        return ""
    return f"it holds “{found[0]}”" if found[0].isprintable() else f"it holds the character U+{ord(found[0]):04X}"


def _alike(names: list[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.casefold(), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _problem(path: Path, fault: str, fix: str) -> Problem:
    where = str(path) if len(path.name) <= NAME_CHARACTERS else f"{str(path)[:NAME_CHARACTERS]}…"
    allowed = f"at most {NAME_CHARACTERS} letters, digits, - and _, beginning with a letter or digit"
    return Problem(where, "Names of files that cannot name results", fault, allowed, fix)
