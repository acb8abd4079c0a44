"""A finished study's row-level tables with all that explains them, as one object. Every format is written from it alone.

`full_package` reads what a run made. A public copy and a synthetic twin are made from the full one, and are packages too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens import __version__
from rejsens.problems import Problem, Refused, listed
from rejsens.provenance import software_citation
from rejsens.registry import TABLES
from rejsens.sharing.columns import dictionary_of, in_types
from rejsens.sidecars import Wave, wave_facts
from rejsens.statements import statements
from rejsens.study import Study, load_study
from rejsens.tabular import read_table

KINDS = ("full", "public", "synthetic")
KEYS = {  # table -> the columns that name one row of it
    "answers": ("participant", "wave"),
    "scores": ("participant", "wave"),
    "events": ("participant", "wave", "event"),
}
TITLES = {
    "answers": "Checked answers, one row per person and wave, in the direction in which they were exported",
    "scores": "Background answers and scale scores, one row per person and wave",
    "events": "Scores of single events, one row per person, wave and kind of event",
}
READ = (*KEYS, "codebook")  # tables of a finished run that a package is made from
MADE_UP = {name: f"synthetic{name.capitalize()}" for name in KEYS}  # what a twin's tables are called, also as files
KEYS |= {MADE_UP[name]: key for name, key in KEYS.items()}
TITLES |= {MADE_UP[name]: f"Synthetic, nobody's rows: {title[0].lower()}{title[1:]}" for name, title in TITLES.items()}


@dataclass(frozen=True)
class Facts:
    """What is true of the study as a whole.

    waves       one mapping each, in order of time: name, title, role, platform, from, to, population, language, mode,
                source, licence, sha256 (of the export), simulated; what a sidecar does not state is ""
    licence     of the data, as the sidecars state it; several are joined by "; "; "" where none does
    statements  (name, text) as reporting standards ask for them
    citation    of the software that made the tables; `version` is its version
    """

    title: str
    description: str
    simulated: bool
    contact: str
    licence: str
    waves: tuple[Mapping[str, Any], ...]
    statements: tuple[tuple[str, str], ...]
    citation: str
    version: str
    seed: int


@dataclass(frozen=True)
class Package:
    """Tables of a study with what explains them.

    kind         "full": every person of the study; "public": a shareable copy; "synthetic": nobody's rows
    tables       "answers", "scores", "events" (left out where the study has none): one row per person and wave (and event)
    dictionary   one row per column of each table; its columns are `columns.DICTIONARY`
    notes        sentences: what was done to the tables, and what must not be done with them
    beside       further tables without rows of people, by name (utility, risk)
    """

    kind: str
    facts: Facts
    tables: Mapping[str, pd.DataFrame]
    dictionary: pd.DataFrame
    notes: tuple[str, ...] = ()
    beside: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        """Last day of the newest wave, or its month where days are not told: the date of an export; no clock is asked."""
        return max(wave["to"] for wave in self.facts.waves)

    def key(self, table: str) -> list[str]:
        """The columns that name one row of a table; none where that is not known."""
        return [name for name in KEYS.get(table, ()) if name in self.tables[table]]

    def columns(self, table: str) -> list[Mapping[str, Any]]:
        """The dictionary's rows of one table, in the order of its columns."""
        own = self.dictionary[self.dictionary["table"] == table].set_index("variable", drop=False)
        return own.loc[list(self.tables[table].columns)].to_dict("records")


def full_package(folder: Path | str, wording: bool = False) -> Package:
    """Everything that a finished run knows of its participants, read from the study's folder.

    wording   whether to take along the questions of published scales too, as the study's platform told them; without, only
              those of instruments that are this project's or the study's own
    raises    Refused: the study is at fault, or its results are not there. Whether they are up to date is not asked here.
    """
    folder = Path(folder)
    study = load_study(folder)
    if absent := [TABLES[name] for name in READ if not (folder / TABLES[name]).is_file()]:
        found = f"{listed(absent)} {'is' if len(absent) == 1 else 'are'} not there"
        raise Refused(Problem(str(folder), "No finished results", found, "", "`rejsens run` makes them"), "The results")
    read = {name: read_table(folder / TABLES[name], name) for name in READ}
    tables = {name: read[name] for name in READ[:-1] if len(read[name])}
    dictionary = dictionary_of(tables, study, read["codebook"], wording)
    return Package("full", facts_of(study), in_types(tables, dictionary), dictionary, notes_on_all())


def facts_of(study: Study) -> Facts:
    """The facts of a study, from its settings and sidecars."""
    own, waves = study.facts, study.waves
    return Facts(
        title=own["title"],
        description=" ".join(own["description"].split()),
        simulated=bool(own["simulated"]),
        contact=own["contact"],
        licence="; ".join(dict.fromkeys(wave.licence for wave in waves if wave.licence)),
        waves=tuple(_wave(wave) for wave in waves),
        statements=tuple(statements(study.settings, [(wave.name, wave.settings) for wave in waves])),
        citation=software_citation(),
        version=__version__,
        seed=own["seed"],
    )


def _wave(wave: Wave) -> dict[str, Any]:
    more = {"role": wave.role or "wave", "platform": wave.platform, "sha256": wave.sha256}
    return wave_facts(wave) | more


def notes_on_all() -> tuple[str, ...]:
    """What has to be said of a full package."""
    return (
        "Every row that the study's screening rules kept is here, with every answer and score.",
        "Columns that tell who somebody is were dropped when a wave was added, and ids were hashed where the study asked for that.",
        "Reversed items are not turned round in the answers; scores take them turned round.",
    )
