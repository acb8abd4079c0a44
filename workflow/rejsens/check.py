"""Everything the pipeline would complain about, found before any run: `rejsens check`.

Declarations, every wave read and screened, hypotheses, differences between waves, and what only data can show
(`rejsens.plausibility`). Faults are collected, never raised one by one; nothing is written into the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens import plausibility
from rejsens.declarations import OWN_DEFAULTS
from rejsens.definitions import Instrument, load_instruments
from rejsens.differences import blocking, compare
from rejsens.frozen_plan import deviation_problems
from rejsens.plausibility import Answered, Notice, look_at_export
from rejsens.problems import Problem, Refused, counted
from rejsens.score_wave import compare_stored
from rejsens.scoring import score
from rejsens.sidecars import Wave, instruments_asked, load_wave
from rejsens.study import Study, gather_study, instrument_folders
from rejsens.validate import STORED, Gathered, gather
from rejsens.variables import asked_variables, columns_of_items, not_applicable


class Unreadable(Exception):
    """What was to be checked is no study, no wave and no export, or cannot be read at all."""

    def __init__(self, problems: Problem | Sequence[Problem], subject: str):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        self.subject = subject
        super().__init__(subject)


@dataclass(frozen=True)
class Finding:
    """One fault or notice, the wave it is about ("" for the study), and the evidence behind a notice."""

    wave: str
    problem: Problem
    evidence: Notice | None = None


@dataclass
class Checked:
    """What a check found.

    kind      study | wave | export
    looked_at sentences: what was read
    found     faults first met first; those with `problem.blocks` false are only worth a look
    not_run   checks that could not run, with the reason as their finding
    """

    kind: str
    subject: str
    looked_at: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    not_run: list[Notice] = field(default_factory=list)

    @property
    def faults(self) -> list[Finding]:
        return [f for f in self.found if f.problem.blocks]

    @property
    def notices(self) -> list[Finding]:
        return [f for f in self.found if not f.problem.blocks]

    @property
    def usable(self) -> bool:
        """Whether a run would go on: no fault, or only such as set a family of hypotheses aside."""
        return not any(f.problem.stops for f in self.found)

    @property
    def exit_code(self) -> int:
        return 1 if self.faults else 0

    def add(self, wave: str, problems: Sequence[Problem]) -> None:
        self.found += [Finding(wave, problem) for problem in problems]

    def look(self, wave: Wave, notices: Sequence[Notice]) -> None:
        self.found += [Finding(wave.name, n.problem(wave.file), n) for n in notices if n.ran and n.finding]
        self.not_run += [n for n in notices if not n.ran]


@dataclass(frozen=True)
class Examined:
    """One wave as far as it could be read."""

    wave: Wave
    instruments: Sequence[Instrument]
    gathered: Gathered
    answered: Answered
    variables: pd.DataFrame | None


def check(path: Path | str) -> Checked:
    """Check a study folder, one of its waves (export or sidecar), or an export that belongs to no study yet.

    returns  what was found, faults and notices
    raises   Unreadable: no such file, not a study, not a table
    """
    path = Path(path)
    if path.is_dir():
        return check_study(path)
    if not path.is_file():
        raise Unreadable(
            Problem(str(path), "Nothing to check", "there is no such file or folder", fix="correct the name"), str(path)
        )
    sidecar = path.with_suffix(".yaml")
    if path.suffix in (".yaml", ".yml"):
        sidecar = path
    if sidecar.is_file():
        return check_wave(sidecar)
    from rejsens.check_export import check_export

    return check_export(path)


# --- a study ---------------------------------------------------------------------------------------------------------


def check_study(folder: Path) -> Checked:
    """Every declaration and every wave of a study, and the waves with each other."""
    if not ((folder / "config/config.yaml").is_file() or (folder / "data/waves").is_dir()):
        raise Unreadable(
            Problem(
                str(folder),
                "Not a study",
                "it has no config/config.yaml",
                "a study folder, a wave or an export",
                "name the study's folder, or make one with `rejsens init FOLDER`",
            ),
            str(folder),
        )
    checked = Checked("study", f"The study {folder}" if str(folder) != "." else "The study")
    problems: list[Problem] = []
    study = gather_study(folder, problems)
    checked.add("", [*problems, *deviation_problems(study)])
    settings = dict(OWN_DEFAULTS) | dict(study.settings)
    partly = [wave for wave in study.waves if not study.asked.get(wave.name)]
    defined = _instruments_that_load(folder, partly)
    examined = [
        found
        for wave in study.waves
        if (found := _examine(wave, study.asked.get(wave.name) or _what_loads(wave, defined), settings, study, checked))
    ]
    _compare_questionnaires(examined, checked)
    _look_at(examined, checked)
    families = counted(len(study.family_names), "family").replace("familys", "families")
    aside = f", {len(study.set_aside)} of them set aside" if study.set_aside else ""
    checked.looked_at.append(f"{counted(len(study.waves), 'wave')}, {families} of hypotheses{aside}")
    return checked


def _instruments_that_load(folder: Path, waves: Sequence[Wave]) -> dict[str, Instrument]:
    """The definitions that waves ask and that are sound, one by one: a broken one must not hide the others."""
    found: dict[str, Instrument] = {}
    for name in {entry["id"] for wave in waves for entry in wave.settings["instruments"]}:
        try:
            found |= load_instruments(instrument_folders(folder), only={name})
        except Refused:
            continue  # told by gather_study
    return found


def _what_loads(wave: Wave, defined: Mapping[str, Instrument]) -> list[Instrument]:
    """The instruments of a sidecar that can be administered, where some of its entries are at fault."""
    asked = []
    for entry in wave.settings["instruments"]:
        alone = replace(wave, settings={**wave.settings, "instruments": [entry]})
        try:
            asked += instruments_asked(alone, defined)
        except Refused:
            continue
    return list({instrument.name: instrument for instrument in asked}.values())


# --- one wave --------------------------------------------------------------------------------------------------------


def check_wave(sidecar: Path) -> Checked:
    """One wave, and how it goes with the wave before it."""
    checked = Checked("wave", f"Wave {sidecar.stem}")
    problems: list[Problem] = []
    folder = _study_of(sidecar)
    study = gather_study(folder, problems) if folder else None
    wave = next((w for w in study.waves if Path(w.path) == sidecar), None) if study else None
    mine = [
        problem for problem in problems if problem.where.startswith((str(sidecar), str(sidecar.with_suffix(".csv"))))
    ]
    if wave is None:
        try:
            wave = load_wave(sidecar)
        except Refused as refused:
            checked.add(sidecar.stem, refused.problems)
            return checked
    checked.add(wave.name, mine)
    settings = dict(OWN_DEFAULTS) | dict(study.settings if study else {})
    waves = [wave, *_to_compare_with(wave, study)]
    known = study and study.asked.get(wave.name)
    defined = {} if known else _instruments_that_load(folder or sidecar.parent, [wave])
    asked = known or _what_loads(wave, defined)
    if not study:
        checked.add(wave.name, _asked_problems(wave, defined))
    elsewhere = Checked("wave", "")  # faults of another wave are another check's business
    own = _examine(wave, asked, settings, study, checked)
    if own is None:
        return checked
    others = [e for w in waves[1:] if study and (e := _examine(w, study.asked[w.name], settings, study, elsewhere))]
    _compare_questionnaires([*others, own], checked, only=wave.name)
    _look_at([*others, own], checked, only=wave.name)
    if others:
        checked.looked_at.append(f"compared with wave {others[-1].wave.name}")
    return checked


def _study_of(sidecar: Path) -> Path | None:
    """The study that a sidecar in data/waves/ belongs to."""
    place = sidecar.parent
    inside = place.resolve().parts[-2:] == ("data", "waves")
    folder = place / ".." / ".." if place.name != "waves" else place.parent.parent
    return folder if inside and (folder / "config/config.yaml").is_file() else None


def _asked_problems(wave: Wave, defined: Mapping[str, Instrument]) -> list[Problem]:
    try:
        instruments_asked(wave, defined)
    except Refused as refused:
        return refused.problems
    return []


def _to_compare_with(wave: Wave, study: Study | None) -> list[Wave]:
    """The wave of the panel before this one (for a retest the wave it repeats), if it can be read."""
    if study is None:
        return []
    if wave.role == "retest":
        return [w for w in study.waves if w.name == wave.retest_of and study.asked.get(w.name)]
    panel = [w for w in study.waves if (w.role or "wave") == "wave"]
    before = [w for w in panel if study.wave_numbers[w.name] < study.wave_numbers[wave.name]]
    return [w for w in before[-1:] if study.asked.get(w.name)]


def _examine(
    wave: Wave, asked: Sequence[Instrument], settings: Mapping[str, Any], study: Study | None, checked: Checked
) -> Examined | None:
    """Read one wave as far as it goes; its faults go into `checked`."""
    problems: list[Problem] = []
    try:
        gathered = gather(wave, asked, settings["screening"], settings["out_of_range"], problems)
    except Refused as refused:
        checked.add(wave.name, [*problems, *refused.problems])
        return None
    columns = columns_of_items(gathered.read.columns, wave)
    variables = _variables(wave, asked, gathered, columns, problems)
    checked.add(wave.name, problems)
    kept, read = int(gathered.kept.sum()), len(gathered.answers)
    checked.looked_at.append(f"wave {wave.name}: {counted(read, 'row')}, {kept:,} kept")
    scores = _scores(asked, gathered)
    checked.look(wave, look_at_export(wave, asked, gathered.export, gathered.answers, columns, gathered.outside))
    checked.look(wave, _stored_totals(wave, gathered, scores))
    return Examined(wave, asked, gathered, _answered(wave, asked, gathered, scores, columns, study), variables)


def _scores(asked: Sequence[Instrument], gathered: Gathered) -> pd.DataFrame:
    answers = gathered.checked_answers
    return score(answers, [i for i in asked if i.scores], not_applicable(answers))


def _answered(
    wave: Wave,
    asked: Sequence[Instrument],
    gathered: Gathered,
    scores: pd.DataFrame,
    columns: Mapping[str, str],
    study: Study | None,
) -> Answered:
    answers = gathered.checked_answers
    items = [item.id for instrument in asked for item in instrument.items]
    named = [s.id for i in asked for s in i.scores]
    return Answered(
        wave.name,
        study.wave_numbers[wave.name] if study else 1,
        wave.role or "wave",
        asked,
        answers["participant"].to_numpy(dtype=object),
        answers["row"].to_numpy(),
        dict(zip(items, answers[items].to_numpy().T, strict=True)),
        dict(zip(named, scores[named].to_numpy(dtype=float).T, strict=True)),
        columns,
        wave.collected,
        frozenset(i for i in items if columns.get(i) not in gathered.export.columns),
    )


def _variables(
    wave: Wave, asked: Sequence[Instrument], gathered: Gathered, columns: Mapping[str, str], problems: list[Problem]
) -> pd.DataFrame | None:
    """What the wave asked, item by item; None where a column is missing, which is told already."""
    if any(i not in columns for instrument in asked for i in instrument.columns):
        return None
    try:
        return asked_variables(wave, asked, gathered.export, columns)
    except Refused as refused:
        problems += refused.problems
        return None


def _stored_totals(wave: Wave, gathered: Gathered, scores: pd.DataFrame) -> list[Notice]:
    """Totals of the export that differ from the scores recomputed from its items: a sign of another key or coding."""
    answers = gathered.checked_answers
    known = {c: s for c, s in (wave.stored_totals or {}).items() if f"{c}{STORED}" in answers and s in scores}
    if not known:
        return []
    people = pd.concat([answers[["participant"]], scores], axis=1)
    compared, _ = compare_stored(answers, people, known, wave.name)
    advice = "look at reversed items, the range and the missing-data rule; results/stored_totals.csv will list them"
    return [
        Notice(
            wave.name, "stored_totals", row.column, f"{row.status} from {row.score} recomputed from the items", advice,
            int(row.n_compared), "count", float(row.n_differ),
        )
        for row in compared.itertuples()
        if row.n_differ
    ]  # fmt: skip


# --- waves with each other -------------------------------------------------------------------------------------------


def _compare_questionnaires(examined: Sequence[Examined], checked: Checked, only: str | None = None) -> None:
    """Items that were reworded or recoded under their old names."""
    for position, new in enumerate(examined):
        earlier = [e for e in reversed(examined[:position]) if e.variables is not None and e.wave.role != "retest"]
        earlier.sort(key=lambda e: e.wave.name != new.wave.retest_of)  # a retest: with the wave it repeats first
        if only in (None, new.wave.name) and earlier and new.variables is not None:
            found = compare(new.variables, [e.variables for e in earlier], new.wave.not_asked or ())
            checked.add(new.wave.name, blocking(found, {new.wave.name: new.wave.path}))


def _look_at(examined: Sequence[Examined], checked: Checked, only: str | None = None) -> None:
    ordered = sorted(examined, key=lambda e: (e.answered.number, e.answered.role == "retest"))
    found = plausibility.look_at([e.answered for e in ordered], only)
    for wave in (e.wave for e in examined):
        checked.look(wave, [notice for notice in found if notice.wave == wave.name])
