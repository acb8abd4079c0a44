"""What the study knows before a wave is added: its settings, its instruments, its earlier waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rejsens.adding.matching import Earlier, earlier_wave
from rejsens.declarations import load_settings
from rejsens.definitions import Instrument, load_instruments
from rejsens.exports import Export, read_export
from rejsens.problems import Problem, Refused, collect
from rejsens.registry import SHIPPED, files
from rejsens.sidecars import Wave, administered_name, instruments_asked, load_wave
from rejsens.translations import in_language

OWN = "schemas/instruments"


@dataclass(frozen=True)
class Context:
    """What stands in a study beside the new wave.

    instruments    every definition, by id, in the words of the new wave's language where they are at hand
    earlier        the study's other waves, the latest first and retests last
    fingerprints   of the keys that hashed ids, as the sidecars state them; a wave that would be replaced counts as well
    """

    study: Path
    settings: Mapping[str, Any]
    instruments: Mapping[str, Instrument]
    earlier: tuple[Earlier, ...]
    fingerprints: tuple[str, ...] = ()
    repeats: str = ""  # the wave that the new one repeats, when it is a retest

    @property
    def least(self) -> int:
        """Fewest people who must have given an answer before it is shown."""
        return int(self.settings["min_cell"])

    @property
    def latest(self) -> Earlier | None:
        return self.earlier[0] if self.earlier else None

    def entries(self, name: str) -> list[tuple[str, Mapping[str, Any]]]:
        """How earlier waves asked one instrument: (wave, entry of its `instruments:`), the latest first.

        Of a retest only the wave that it repeats counts, where that one asked the instrument.
        """
        found = [
            (past.wave.name, entry)
            for past in self.earlier
            for entry in past.wave.settings["instruments"]
            if administered_name(entry) == name
        ]
        return [(wave, entry) for wave, entry in found if wave == self.repeats] or found


def load_context(study: Path, name: str, repeats: str = "", language: str = "") -> Context:
    """Read a study's declarations; a wave of the new one's own name is left out, since it would be replaced.

    repeats    the wave that the new one repeats, when it is a retest
    language   of the new wave; that of the latest wave when it is not stated

    raises   Refused: settings, sidecars, instruments or translations that cannot be used
    """
    problems: list[Problem] = []
    settings = collect(problems, load_settings, study)
    found = files("data/waves/*.yaml", study)
    waves = [wave for stem, path in found.items() if stem != name and (wave := collect(problems, load_wave, path))]
    stood = [load_wave(found[name])] if name in found and not _faulty(found[name]) else []
    instruments = collect(problems, _definitions, study / OWN)
    asked = {wave.name: collect(problems, instruments_asked, wave, instruments) for wave in waves if instruments}
    if problems:
        raise Refused(problems, "The study")
    assert settings is not None and instruments is not None  # or there were problems
    order = sorted(
        waves, key=lambda w: (w.name == repeats, w.role != "retest", w.collected["from"], w.name), reverse=True
    )
    stated = sorted({p for wave in (*waves, *stood) if (p := wave.participant.get("key_fingerprint"))})
    earlier = tuple(earlier_wave(wave, asked[wave.name] or [], _export(wave)) for wave in order)
    worded = _worded(instruments, language or (order[0].language if order else ""))
    return Context(study, settings, worded, earlier, tuple(stated), repeats)


def _worded(instruments: Mapping[str, Instrument], language: str | None) -> dict[str, Instrument]:
    """The instruments in a language; those without words in it stay as they are, and no question is known by theirs."""
    problems: list[Problem] = []
    found = {}
    for name, instrument in instruments.items():
        translated = collect(problems, in_language, instrument, language)
        found[name] = translated or instrument
    if problems:
        raise Refused(problems, "The study")
    return found


def _definitions(own: Path) -> dict[str, Instrument]:
    """Every definition: the shipped ones, read once in a process, and a study's own."""
    shipped = SHIPPED / OWN
    if files("*.yaml", own) and own.resolve() != shipped.resolve():
        return load_instruments((shipped, own))
    return dict(_shipped(tuple((path.name, path.stat().st_mtime_ns) for path in sorted(shipped.glob("*.yaml")))))


@cache
def _shipped(_files: tuple[tuple[str, int], ...]) -> dict[str, Instrument]:
    return load_instruments((SHIPPED / OWN,))


def _export(wave: Wave) -> Export | None:
    try:
        return read_export(wave)
    except Refused:
        return None  # told by `rejsens check`; here it only helps


def _faulty(path: Path) -> bool:
    problems: list[Problem] = []
    collect(problems, load_wave, path)
    return bool(problems)


SETTINGS = ("order", "anchor_direction", "range", "already_reversed", "missing_codes", "risk_protocol", "permission")


def settled(
    context: Context, entry: Mapping[str, Any], instrument: Instrument
) -> tuple[dict[str, Any], list[str], list[str], list[str]]:
    """An entry with what earlier waves say of the same administration, where they all say the same.

    returns   the entry; the settings that were carried over; the required settings that are still open; the settings in
              which earlier waves differ
    """
    settings = dict(entry)
    past = [then for _, then in context.entries(administered_name(entry))]
    carried, differing = [], []
    for key in SETTINGS:
        values = [then.get(key) for then in past]
        if settings.get(key) is not None or not any(value is not None for value in values):
            continue
        if all(value == values[0] for value in values):
            settings[key] = values[0]
            carried.append(key)
        else:
            differing.append(key)
    still_open = [key for key in instrument.settings_required if settings.get(key) in (None, "")]
    return settings, carried, still_open, [key for key in differing if key not in still_open]


def candidates(
    context: Context, stated: Sequence[Mapping[str, Any]], only: bool
) -> tuple[dict[str, dict[str, Any]], dict[str, Sequence[str] | str]]:
    """Instruments that may have been asked, as entries by administered name, and the columns that a person stated.

    Those a person stated come first, then those of earlier waves, then all that are defined; with `only`, the stated alone.
    """
    entries: dict[str, dict[str, Any]] = {}
    columns: dict[str, Sequence[str] | str] = {}
    for entry in stated:
        name = administered_name(entry)
        entries[name] = {key: value for key, value in entry.items() if key != "columns"}
        if entry.get("columns"):
            columns[name] = entry["columns"]
    if only:
        return entries, columns
    for past in context.earlier:
        for entry in past.wave.settings["instruments"]:
            entries.setdefault(administered_name(entry), {key: entry[key] for key in ("id", "as") if key in entry})
    for name, instrument in context.instruments.items():
        for entry in [{"id": name, "as": kind} for kind in instrument.events] or [{"id": name}]:
            entries.setdefault(administered_name(entry), entry)
    return entries, columns
