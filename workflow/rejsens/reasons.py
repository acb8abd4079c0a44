"""Why a file would be made again: what a job was told then against what it would be told now, in the researcher's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rejsens.declarations import validator
from rejsens.problems import listed

NO_STEP = "No step of this study makes"  # how the progress begins its sentence on an unknown file
NOTHING = object()
Change = tuple[tuple[str, ...], Any, Any]  # where in the params; the value then and now, NOTHING for none

CONFIG = "config/config.yaml changed"
# What a file that a job depends on is to the researcher; the first pattern that fits. Groups: its name.
FILES = (
    (r"data/waves/(.+)\.yaml", "the sidecar of wave {0} changed", "wave {0} was added", "wave {0} was taken out"),
    (
        r"schemas/instruments/(.+)\.yaml",
        "the definition of instrument {0} changed",
        "instrument {0} is asked now",
        "instrument {0} is no longer asked",
    ),
    (
        r"config/hypotheses/(.+)\.yaml",
        "the hypotheses of family {0} changed",
        "the family of hypotheses {0} was added",
        "the family of hypotheses {0} was taken out",
    ),
    (r"config/config\.yaml", CONFIG, "config/config.yaml is new", "config/config.yaml is gone"),
    (r"config/claims\.yaml", *("the list of claims changed",) * 3),
    (r"config/standards\.yaml", *("the list of reporting standards changed",) * 3),
    (r"export of wave (.+)", "the export of wave {0} changed", "wave {0} was added", "wave {0} was taken out"),
    (r"requirements\.lock", *("the versions of the libraries changed",) * 3),
    (r"(?:figures|tables)/(.+)\.py", "your own {1} changed", "your own {1} is new", "your own {1} is gone"),
)
PIPELINE = "workflow/"
STYLE = {"numbers", "spelling"}  # settings of their own, which a job is told among the facts of a study
# of a study, in its settings
STATED = {"title", "simulated", "description", "contact", "support", "notes", "statements", *STYLE}
FOLLOWS = {  # entries that follow from others; told only when nothing else explains
    "wave_number": "the order of the waves in time changed",
    "numbers": "the order of the waves in time changed",
    "instruments": "the list of instruments changed",
    "sidecars": "other waves ask this instrument now",
    "families": "the list of families changed",
    "tables": "it is made from other tables now",
    "module": "it is made by another module now",
}


def changes(before: Any, now: Any, place: tuple[str, ...] = ()) -> list[Change]:
    """Every entry in which two params differ, group by group.

    >>> changes({"alpha": 0.05, "depends": {"a": "1"}}, {"alpha": 0.01, "depends": {"a": "1"}})
    [(('alpha',), 0.05, 0.01)]
    """
    if before is not NOTHING and now is not NOTHING and isinstance(before, Mapping) and isinstance(now, Mapping):
        return [
            found
            for key in dict.fromkeys([*before, *now])
            for found in changes(before.get(key, NOTHING), now.get(key, NOTHING), (*place, str(key)))
        ]
    return [] if before == now else [(place, before, now)]


def sentences(found: Iterable[tuple[str, Change]]) -> list[str]:
    """What changed, each thing once, in words: first what a researcher can change, last the pipeline itself.

    found   (the wave, instrument or family that a job is about, or ""; one change of what it is told)
    """
    told, derived, code = [], [], set()
    for about, (path, before, now) in found:
        group, name = path[0], path[-1]
        if group == "depends" and name.startswith(PIPELINE):
            code.add(name.removeprefix(PIPELINE).removeprefix("rejsens/"))
        elif group == "depends" and name == "export":
            told.append(f"the export of wave {about} changed")
        elif group in ("depends", "inputs"):
            told.append(_file(name, before, now))
        elif _is_setting(path):
            told.append(_setting(path, before, now))
        else:
            derived.append(FOLLOWS.get(group, "what is known of the study changed"))
    if any(said.startswith(("the setting ", "the screening ")) for said in told):  # says it better than the file's name
        told = [said for said in told if said != CONFIG]
    if code:
        told.append(f"the pipeline itself changed ({listed(sorted(code), 3)})")
    return list(dict.fromkeys(told or derived))


def _is_setting(path: tuple[str, ...]) -> bool:
    """Whether an entry stands in config/config.yaml as such, and does not follow from other things."""
    named = [part for part in path if part != "settings"]
    if named[0] == "study":
        return len(named) > 1 and named[1] in STATED
    return named[0] not in FOLLOWS and named[0] in validator("config").schema["properties"]


def _file(name: str, before: Any, now: Any) -> str:
    for pattern, changed, added, removed in FILES:
        if match := re.fullmatch(pattern, name):
            words = added if before in (NOTHING, "missing") else removed if now in (NOTHING, "missing") else changed
            return words.format(*match.groups(), name)
    return f"{name} changed"


def _setting(path: tuple[str, ...], before: Any, now: Any) -> str:
    named = [part for part in path if part != "settings"]
    name = named[-1] if named[-1] in STYLE else ".".join(named)
    if all(isinstance(value, (int, float, str)) and len(str(value)) < 60 for value in (before, now)):
        return f"the setting {name} changed from {_value(before)} to {_value(now)}"
    if named[0] == "screening":
        return "the screening rules changed"
    return f"the setting {name} changed"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
