"""A study folder as one object. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from rejsens.administration import administer
from rejsens.declarations import load_settings, load_yaml, read_yaml
from rejsens.definitions import Instrument, instrument_facts, load_instruments
from rejsens.disclosure import policy_of
from rejsens.figure_presets import chosen_size
from rejsens.file_names import name_problems_of_files
from rejsens.hypothesis_checks import SetAside, family_problems, set_aside
from rejsens.links import link_problems
from rejsens.multiverse_file import Multiverse, load_multiverse, multiverse_problems
from rejsens.problems import Problem, Refused, collect
from rejsens.registry import SHIPPED, files, instrument_files
from rejsens.sidecars import Wave, administered_name, instruments_asked, load_wave, wave_facts
from rejsens.spelling import as_written
from rejsens.study_checks import file_problems, instrument_problems, name_problems, plugin_problems, wave_problems

OWN_INSTRUMENTS = "schemas/instruments"


@dataclass(frozen=True)
class Study:
    """Settings, waves in order of time, the instruments each asked, hypothesis families. `folder` is the study's root.

    families   those that are tested; `set_aside` holds the others, whose files are at fault
    """

    folder: str
    settings: Mapping[str, Any]
    waves: tuple[Wave, ...]
    asked: Mapping[str, tuple[Instrument, ...]]
    families: Mapping[str, Mapping[str, Any]]
    set_aside: Mapping[str, SetAside] = field(default_factory=dict)

    @cached_property
    def wave_numbers(self) -> dict[str, int]:
        """1, 2, … for the panel's waves in order of time; a retest carries the number of the wave it repeats."""
        panel = [wave.name for wave in self.waves if (wave.role or "wave") == "wave"]
        numbers = {name: position for position, name in enumerate(panel, start=1)}
        return {wave.name: numbers.get(wave.name) or numbers.get(wave.retest_of, 0) for wave in self.waves}

    @cached_property
    def multiverse(self) -> Multiverse | None:
        """Choices that could have been made otherwise; None where the study declares none."""
        return load_multiverse(self.folder)

    @property
    def family_names(self) -> list[str]:
        """Every family file, tested or set aside, in the order of the files."""
        return sorted([*self.families, *self.set_aside])

    @property
    def planned(self) -> dict[str, Mapping[str, Any]]:
        """Every family that passes its schema, tested or set aside: what was planned, whether or not it can be tested."""
        aside = {name: family.content for name, family in self.set_aside.items() if family.content is not None}
        return dict(sorted((dict(self.families) | aside).items()))

    @property
    def hypotheses_aside(self) -> set[str]:
        """Ids of hypotheses of families that are set aside, as far as they can be read."""
        return {h["id"] for family in self.set_aside.values() for h in family.readable["hypotheses"]}

    @property
    def told_aside(self) -> list[Problem]:
        """The faults of the families that are set aside, in the order of the files."""
        return [problem for name in sorted(self.set_aside) for problem in self.set_aside[name].problems]

    @property
    def words_aside(self) -> list[str]:
        """The same for the report, one sentence for each family."""
        return [
            f"The family of hypotheses “{name}” is set aside and not tested until its file is mended. "
            + " ".join(" ".join(problem.sentence().split()) for problem in self.set_aside[name].problems)
            for name in sorted(self.set_aside)
        ]

    @property
    def roles(self) -> dict[str, str]:
        return {wave.name: wave.role or "wave" for wave in self.waves}

    @property
    def waves_before(self) -> dict[str, list[str]]:
        """Wave -> the waves with which it is compared, nearest first; a retest is compared with the wave it repeats."""
        numbers, roles = self.wave_numbers, self.roles
        panel = [wave.name for wave in self.waves if roles[wave.name] == "wave"]
        return {
            name: [w for w in reversed(panel) if numbers[w] < numbers[name] + (roles[name] == "retest")]
            for name in numbers
        }

    @property
    def retests(self) -> dict[str, tuple[str, float]]:
        """Retest -> the wave that it repeats, and the days between their first days."""
        began = {wave.name: date.fromisoformat(wave.collected["from"]) for wave in self.waves}
        return {
            wave.name: (wave.retest_of, float((began[wave.name] - began[wave.retest_of]).days))
            for wave in self.waves
            if wave.role == "retest"
        }

    @cached_property
    def instruments(self) -> dict[str, Instrument]:
        """Administered instruments by name, in the order of first use: the newest administration, and what only earlier ones asked."""
        merged: dict[str, Instrument] = {}
        for instrument in (i for wave in self.waves for i in self.asked[wave.name]):
            merged[instrument.name] = _with_earlier(instrument, merged.get(instrument.name))
        return merged

    @cached_property
    def scores(self) -> dict[str, Any]:
        """Scores of people in waves; those of single events are rows of another table."""
        asked = [instrument for instrument in self.instruments.values() if not instrument.event]
        return {score.id: score for instrument in asked for score in instrument.scores}

    @property
    def scored(self) -> list[str]:
        """Administered instruments that have scores."""
        return [name for name, instrument in self.instruments.items() if instrument.scores]

    @cached_property
    def background(self) -> dict[str, Any]:
        """Items of instruments without scores: covariates and conditions."""
        return {
            item.id: item
            for instrument in self.instruments.values()
            if not instrument.scores
            for item in instrument.items
        }

    @property
    def min_cell(self) -> int:
        """Fewest people behind a number outside results/participants/; nobody's privacy is at stake in simulated data."""
        return policy_of(self.settings).min_cell

    @property
    def disclosure(self) -> dict[str, Any]:
        """What the disclosure guard of every job holds to."""
        return asdict(policy_of(self.settings))

    @property
    def codebook_facts(self) -> dict[str, Any]:
        """What the codebook tells of study, waves and instruments, as plain values."""
        return {
            "study": {name: self.facts[name] for name in ("title", "simulated", "description", "contact", "min_cell")},
            "waves": [wave_facts(wave) for wave in self.waves],
            "instruments": {name: instrument_facts(i) for name, i in self.instruments.items()},
        }

    @property
    def status_lines(self) -> dict[str, list[str]]:
        """Line that must be printed -> the names under which its instruments appear."""
        lines: dict[str, list[str]] = {}
        for i in self.instruments.values():
            if not i.status_line:
                continue
            names = [i.name, i.title, *(item.id for item in i.items), *(n for s in i.scores for n in (s.id, s.label))]
            lines.setdefault(i.status_line, []).extend(names)
        return lines

    @cached_property
    def _as_written(self) -> list[str]:
        """Own words of the study that another style leaves alone; none by default."""
        sidecars = [(wave_facts(wave), wave.settings) for wave in self.waves]
        return as_written(self.settings, self.settings["study"], self.families, sidecars, list(self.asked.values()))

    @property
    def facts(self) -> dict[str, Any]:
        """What figures, printed tables and the report need to know of the study, as plain values."""
        s = self.settings
        own = s["study"]
        return {
            "title": own["title"],
            "simulated": own["simulated"],
            "description": own.get("description", ""),
            "contact": own.get("contact", ""),
            "support": own.get("support", ""),
            "notes": list(own.get("notes", ())),
            "alpha": s["alpha"],
            "ci_level": s["ci_level"],
            "min_cell": s["min_cell"],
            "disclosure": s["disclosure"],
            "seed": s["seed"],
            "status_lines": self.status_lines,
            "score_order": [name for name in s["scores_shown"] if name in self.scores] or list(self.scores)[:12],
            "numbers": s["numbers"],
            "spelling": s["spelling"],
            "as_written": self._as_written,
        }


def _with_earlier(newest: Instrument, earlier: Instrument | None) -> Instrument:
    """An administration with the items and scores of earlier waves that it left out."""
    if earlier is None:
        return newest
    have = {*(item.id for item in newest.items), *(score.id for score in newest.scores)}
    return replace(
        newest,
        items=(*newest.items, *(item for item in earlier.items if item.id not in have)),
        scores=(*newest.scores, *(score for score in earlier.scores if score.id not in have)),
        columns=(*newest.columns, *(column for column in earlier.columns if column not in newest.columns)),
    )


def load_study(folder: Path | str = ".") -> Study:
    """Read and cross-check every declaration of a study; all faults of all files at once.

    A family of hypotheses with a fault does not stop the study: it stands in `set_aside`.

    raises   Refused: settings, sidecars or instruments that break their schema or do not fit together
    """
    problems: list[Problem] = []
    study = gather_study(folder, problems)
    if any(problem.stops for problem in problems):
        raise Refused(problems, "The study")
    return study


def gather_study(folder: Path | str, problems: list[Problem]) -> Study:
    """The study as far as its declarations can be read; every fault goes into `problems`.

    A wave whose sidecar cannot be read is left out; one that asks an instrument at fault has no instruments.
    """
    folder = Path(folder)
    settings = collect(problems, load_settings, folder) or {}
    waves = [
        wave for path in files("data/waves/*.yaml", folder).values() if (wave := collect(problems, load_wave, path))
    ]
    folders = instrument_folders(folder)
    known = {name for place in folders for name in instrument_files(place)}
    wanted = {entry["id"] for wave in waves for entry in wave.instruments}
    instruments = collect(problems, load_instruments, folders, wanted)  # None: a definition is at fault, and told
    asked = {
        wave.name: tuple(collect(problems, instruments_asked, wave, instruments, known) or ())
        for wave in waves
        if instruments is not None
    }
    families, aside = _families(folder)
    waves = sorted(waves, key=lambda wave: (wave.collected["from"], wave.name))
    study = Study(str(folder), settings, tuple(waves), asked, families, aside)
    problems += [
        *name_problems_of_files(folder),
        *link_problems(folder),
        *file_problems(folder),
        *wave_problems(study),
        *plugin_problems(folder),
    ]
    collect(problems, chosen_size, settings)
    if instruments is not None:
        problems += instrument_problems(study)
    # what no wave asks is only known when every wave could be read
    if len(waves) == len(files("data/waves/*.yaml", folder)) and asked and all(asked.values()):
        problems += name_problems(study)
        study = _without_unfit_families(study)
        problems += multiverse_problems(study)
    problems += study.told_aside
    return study


def _families(folder: Path) -> tuple[dict[str, Mapping[str, Any]], dict[str, SetAside]]:
    """Family files that pass their schema, and those that do not."""
    families: dict[str, Mapping[str, Any]] = {}
    aside: dict[str, SetAside] = {}
    for name, path in files("config/hypotheses/*.yaml", folder).items():
        problems: list[Problem] = []
        family = collect(problems, read_yaml, path, "hypotheses")
        if family is not None:
            families[name] = family
        else:
            aside[name] = set_aside(name, problems, collect([], load_yaml, path))
    return families, aside


def _without_unfit_families(study: Study) -> Study:
    """The study with those families set aside that name what it does not have."""
    unfit = {name: set_aside(name, p, study.families[name], True) for name, p in family_problems(study).items()}
    fit = {name: family for name, family in study.families.items() if name not in unfit}
    return replace(study, families=fit, set_aside={**study.set_aside, **unfit})


def instrument_folders(folder: Path) -> tuple[Path, Path]:
    """Where instruments are defined: the shipped folder, then the study's own."""
    return SHIPPED / OWN_INSTRUMENTS, folder / OWN_INSTRUMENTS


def wave_with_instruments(path: str) -> tuple[Wave, list[Instrument]]:
    """One sidecar and the instruments it asks, for a job that needs no other file."""
    wave = load_wave(path)
    ids = {entry["id"] for entry in wave.settings["instruments"]}
    return wave, instruments_asked(wave, load_instruments(instrument_folders(Path(".")), only=ids))


def administrations(sidecars: Iterable[str], name: str) -> dict[str, Instrument]:
    """wave -> one instrument as that wave asked it, for a job that needs no other instrument."""
    asked = {}
    for wave in map(load_wave, sidecars):
        entry = next(e for e in wave.settings["instruments"] if administered_name(e) == name)
        defined = load_instruments(instrument_folders(Path(".")), only={entry["id"]})
        asked[wave.name] = administer(defined[entry["id"]], **entry)
    return asked
