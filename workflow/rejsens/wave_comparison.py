"""One wave, or an export that is no wave yet, compared with the waves of a study; nothing needs to have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens.definitions import load_instruments
from rejsens.differences import blocking, compare
from rejsens.exports import read_export
from rejsens.importers import Export, open_export
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import files
from rejsens.sidecars import Wave, instruments_asked, load_wave
from rejsens.study import instrument_folders
from rejsens.told_words import without_persons
from rejsens.variables import asked_variables, choices_of_platform
from rejsens.wave_columns import column_map
from rejsens.wording import plain_key


@dataclass(frozen=True)
class Comparison:
    """The differences of one wave from earlier ones, and what stops a run: changes of meaning, columns that are not there."""

    wave: str
    previous: str
    differences: pd.DataFrame
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()  # columns of a loose export that no item of the earlier wave reads


def compare_wave(new: str, old: str | None = None, folder: Path | str = ".", language: str | None = None) -> Comparison:
    """Compare a wave (by name, sidecar or export file) with another, or with the wave of the panel before it.

    new       name of a wave, or a file; an export without a sidecar is held against the earlier wave's columns and questions
    old       name of a wave; the panel wave before `new` (for a retest the wave it repeats) when None, and earlier ones for
              what that one did not ask
    language  of an export without a sidecar; that of the earlier wave when None
    raises    Refused: unknown waves, or exports and sidecars that cannot be read
    """
    folder = Path(folder)
    waves = _waves(folder)
    name = _name(new, waves)
    earlier = [_named(old, waves)] if old else _before(name, waves)
    if not earlier:
        fix = "name the wave to compare with"
        raise Refused(Problem(new, "No earlier wave", "no wave of the panel came before it", "", fix), "The comparison")
    problems: list[Problem] = []
    tables = [_variables(wave, folder, []) for wave in earlier]
    if name in waves:
        if language:
            found, fix = f"the sidecar of {name} says it", "leave out --language"
            raise Refused(
                Problem("--language", "The language of a wave of the study", found, "", fix), "The comparison"
            )
        wave = waves[name]
        own, path, not_asked = _variables(wave, folder, problems), wave.path, wave.not_asked or ()
        unread: tuple[str, ...] = ()
    else:
        export = open_export(new)
        asked = tables if language is None else [_variables(_in(language, wave), folder, []) for wave in earlier]
        own, path, not_asked = loose_variables(without_persons(export, export.columns), asked, Path(new).name), new, ()
        read = {*own["column"], *(w.participant["column"] for w in earlier[:1])}
        unread = tuple(column for column in export.columns if column not in read)
    found = compare(own, tables, not_asked)
    stops = [*blocking(found, {name or Path(new).name: path}), *(p for p in problems if p.blocks)]
    return Comparison(name or Path(new).name, earlier[0].name, found, tuple(stops), unread)


def _in(language: str, wave: Wave) -> Wave:
    """The wave as it would have been asked in another language."""
    return replace(wave, settings={**wave.settings, "language": language})


def _waves(folder: Path) -> dict[str, Wave]:
    """The waves of a study by name; a sidecar that cannot be read is another check's business."""
    waves = {}
    for name, path in files("data/waves/*.yaml", folder).items():
        try:
            waves[name] = load_wave(path)
        except Refused:
            continue
    return waves


def _name(new: str, waves: Mapping[str, Wave]) -> str:
    """The wave that a name or a file means; "" for an export that is no wave."""
    if new in waves:
        return new
    path = Path(new)
    if path.suffix and path.is_file():
        own = [
            name
            for name, wave in waves.items()
            if path.resolve() in (Path(p).resolve() for p in (wave.path, wave.opened))
        ]
        if own:
            return own[0]
        if path.suffix in (".yaml", ".yml"):
            load_wave(path)  # says what is wrong with it
        return ""
    return _named(new, waves).name


def _named(name: str, waves: Mapping[str, Wave]) -> Wave:
    known = Path(name).stem if Path(name).suffix in (".yaml", ".yml", ".csv") else name
    if known not in waves:
        hint = did_you_mean(known, waves) or "name a wave of this study, or an export file"
        found = "there is no readable sidecar and no file of that name"
        raise Refused(Problem(f"“{name}”", "Unknown waves", found, listed(list(waves), 20), hint), "The comparison")
    return waves[known]


def _before(name: str, waves: Mapping[str, Wave]) -> list[Wave]:
    """Waves of the panel to compare with, nearest first; all of them, newest first, for an export that is no wave yet."""
    panel = sorted(
        (wave for wave in waves.values() if (wave.role or "wave") == "wave"),
        key=lambda wave: (wave.collected["from"], wave.name),
        reverse=True,
    )
    names = [wave.name for wave in panel]
    if not name:
        return panel
    if waves[name].role == "retest":
        start = names.index(waves[name].retest_of) if waves[name].retest_of in names else len(names)
        return panel[start:]
    return panel[names.index(name) + 1 :]


def _variables(wave: Wave, folder: Path, problems: list[Problem]) -> pd.DataFrame:
    """What a wave asked, from its export and sidecar alone; columns that are not there go into `problems`."""
    ids = {entry["id"] for entry in wave.settings["instruments"]}
    instruments = instruments_asked(wave, load_instruments(instrument_folders(folder), only=ids))
    export = read_export(wave)
    return asked_variables(wave, instruments, export, column_map(export, wave, list(instruments), problems))


def loose_variables(export: Export, earlier: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    """What an export without a sidecar seems to ask, going by earlier waves: by column, by item id, by the same question.

    earlier   the tables "variables" of those waves, in the language of the export, without statistics, nearest first
    returns   their items as far as the export has them, each column once, with the export's own questions and choices;
              codes are taken as they stand, since no sidecar says how to read them
    """
    asked = {plain_key(text): column for column, text in export.questions.items() if text}
    places = {column: k for k, column in enumerate(export.columns)}
    rows: dict[str, dict[str, Any]] = {}
    for item in (item for table in earlier for item in table.to_dict("records") if item["variable"] not in rows):
        told = [plain_key(item["question_text"])] if item["question_text"] else []
        column = next((c for c in (item["column"], item["variable"], *map(asked.get, told)) if c in places), None)
        shared = item["type"] == "multi"  # one cell holds several boxes
        if column is None or (not shared and column in (row["column"] for row in rows.values())):
            continue
        rows[item["variable"]] = item | _as_exported(export, column, item["variable"]) | {
            "wave": name, "position": places[column], "replaces": ""
        }  # fmt: skip
    ordered = sorted(rows.values(), key=lambda row: row["position"])
    return pd.DataFrame(ordered, columns=list(earlier[0].columns))


def _as_exported(export: Export, column: str, item: str) -> dict[str, str]:
    question = " ".join(export.questions.get(column, "").split())
    told = bool(question) and question not in (column, item)
    choices = choices_of_platform(export, column)
    return {
        "column": column,
        "platform": export.platform,
        "question_text": question if told else "",
        "question_source": "export" if told else "",
        "choices": choices,
        "choices_source": "export" if choices else "",
    }
