"""What lies behind the differences of two runs: verdicts, printed numbers, and what changed of data, settings, code and versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rejsens.problems import counted, listed
from rejsens.reasons import changes, sentences
from rejsens.run_comparison import Run

EXPORT, SIDECAR = "the export of wave {} changed", "the sidecar of wave {} changed"
TOLD = {
    "inputs": "data",
    "settings": "settings",
    "definitions": "definitions",
    "code": "code",
    "packages": "versions",
    "processor": "the type of processor",
}
ADDED, GONE = "wave {} was added", "wave {} was taken out"


@dataclass(frozen=True)
class Verdict:
    """What is said of one hypothesis in two runs; "" where a run does not have it."""

    hypothesis: str
    label: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def moved(self) -> bool:
        return self.before.get("verdict") != self.after.get("verdict")


def verdicts(a: Run, b: Run) -> list[Verdict]:
    """Every hypothesis of either run, with the row that decides it in each."""
    before, after = _deciding(a), _deciding(b)
    return [
        Verdict(name, (after.get(name) or before[name]).get("label", ""), before.get(name, {}), after.get(name, {}))
        for name in dict.fromkeys([*before, *after])
    ]


def _deciding(run: Run) -> dict[str, dict[str, str]]:
    rows = run.tables.get("estimates", pd.DataFrame())
    if not {"decides", "hypothesis", "verdict"} <= set(rows.columns):
        return {}
    deciding = rows[rows["decides"] == "True"].drop_duplicates("hypothesis")
    return {row["hypothesis"]: row for row in deciding.to_dict("records")}


def printed(a: Run, b: Run) -> tuple[dict[str, tuple[str, str]], int] | None:
    """Name of a number of the printed text -> how it reads in each run, where that differs; and how many both print.

    None where a run has no such numbers.
    """
    if a.numbers is None or b.numbers is None:
        return None
    before, after = _flat(a.numbers), _flat(b.numbers)
    both = [name for name in before if name in after]
    return {name: (before[name], after[name]) for name in both if before[name] != after[name]}, len(both)


def _flat(numbers: Mapping[str, Any], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in numbers.items():
        place = f"{above}.{name}" if above else str(name)
        found |= _flat(value, place) if isinstance(value, Mapping) else {place: str(value)}
    return found


def changed(a: Run, b: Run) -> list[str] | None:
    """What changed between two runs by their records, in words, each thing once; None where a record is missing."""
    if a.record is None or b.record is None:
        return None
    before, after = a.record, b.record
    groups = [group for group in ("settings", "inputs", "definitions", "code") if group in before and group in after]
    found = []
    for group in groups:
        place = group if group in ("settings", "inputs") else "depends"
        found += [("", ((place, *path), x, y)) for path, x, y in changes(before[group], after[group])]
    told = [_with_people(said, a, b) for said in _each_wave_once(sentences(found))]
    return [*told, *software_changes(before, after)]


def _each_wave_once(told: list[str]) -> list[str]:
    """A sidecar holds its export's fingerprint and so changes with it: that is one change, not two."""
    with_export = {SIDECAR.format(said.split(" ")[-2]) for said in told if re.fullmatch(EXPORT.format(".+"), said)}
    return [said for said in told if said not in with_export]


def not_on_record(a: Run, b: Run) -> list[str]:
    """What the record of one of two runs does not tell, as records of earlier versions may not: it cannot be compared."""
    records = [run.record for run in (a, b) if run.record is not None]
    return [words for name, words in TOLD.items() if any(name not in record for record in records)]


def software_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Versions, the lock and the type of processor in two records, as far as both tell them, in words.

    >>> software_changes({"packages": {"pandas": "3.1.0"}}, {"packages": {"pandas": "3.1.1"}})
    ['versions: pandas 3.1.0 → 3.1.1']
    """
    told = []
    old, new = ({**run.get("software", {}), **run.get("packages", {})} for run in (before, after))
    versions = [f"{name} {old[name]} → {new[name]}" for name in old if name in new and old[name] != new[name]]
    if versions:
        told.append(f"versions: {listed(versions, 12)}")
    elif (
        before.get("lock_sha256", "") != after.get("lock_sha256", "") and "lock_sha256" in before.keys() & after.keys()
    ):
        told.append("the lock file, with no other version of what results depend on")
    if before.get("processor") != after.get("processor") and "processor" in before.keys() & after.keys():
        told.append(f"the type of processor: {_machine(before['processor'])} → {_machine(after['processor'])}")
    return told


def _machine(processor: Mapping[str, Any]) -> str:
    best = [name for name in processor.get("instructions", ())][-1:]
    told = [str(processor.get(key, "")) for key in ("system", "machine", "c_library")] + best
    kernels = processor.get("kernels")
    return " ".join(told) + (f", kernels of {kernels} (OPENBLAS_CORETYPE)" if kernels else "")


def _with_people(said: str, a: Run, b: Run) -> str:
    """A sentence about the export of a wave with what that did to the number of people."""
    for wave, (before, after) in people_in_waves(a, b).items():
        if said == EXPORT.format(wave):
            more = after - before
            how = f"{_people(abs(more))} {'more' if more > 0 else 'fewer'}" if more else "as many people as before"
            also = ", and its sidecar with it" if _sealed(a, b, wave) else ""
            return f"{said}{also}: {how}, {before:,} → {after:,}"
        if said in (ADDED.format(wave), GONE.format(wave)):
            return f"{said}, with {_people(before or after)}"
    return said


def _sealed(a: Run, b: Run, wave: str) -> bool:
    return _differ([(run.record or {}).get("inputs", {}) for run in (a, b)], f"data/waves/{wave}.yaml")


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def people_in_waves(a: Run, b: Run) -> dict[str, tuple[int, int]]:
    """Wave -> people kept in each run; 0 where a run does not have the wave."""
    before, after = _kept(a), _kept(b)
    return {wave: (before.get(wave, 0), after.get(wave, 0)) for wave in dict.fromkeys([*before, *after])}


def _kept(run: Run) -> dict[str, int]:
    waves = run.tables.get("waves", pd.DataFrame())
    if not {"wave", "n_kept"} <= set(waves.columns):
        return {}
    kept = pd.to_numeric(waves["n_kept"], errors="coerce").fillna(0)
    return dict(zip(waves["wave"], map(int, kept), strict=True))


def told_of_few(a: Run, b: Run) -> list[str]:
    """Waves of real people that differ by so few that two releases beside each other tell what those few answered."""
    if (a.simulated and b.simulated) or a.record is None or b.record is None:
        return []
    fewest = max(int(run.record.get("settings", {}).get("min_cell", 10)) for run in (a, b) if run.record is not None)
    inputs = [run.record.get("inputs", {}) for run in (a, b) if run.record is not None]
    return [
        wave
        for wave, (before, after) in people_in_waves(a, b).items()
        if abs(before - after) < fewest and before and after and _differ(inputs, f"export of wave {wave}")
    ]


def _differ(records: Iterable[Mapping[str, Any]], name: str) -> bool:
    return len({record.get(name) for record in records}) > 1


def too_many_to_tell(told: list[str]) -> str:
    """That nobody can say which of several changes moved a number; "" for one.

    >>> too_many_to_tell(["a", "b"])
    '2 changes at once: which of them moved a number cannot be told. Make one at a time, run, and compare.'
    """
    if len(told) < 2:
        return ""
    return (
        f"{counted(len(told), 'change')} at once: which of them moved a number cannot be told. "
        "Make one at a time, run, and compare."
    )
