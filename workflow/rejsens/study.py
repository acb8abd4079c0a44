"""A study folder as one object, and what each job of the pipeline depends on. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from rejsens.declarations import SHIPPED, load_settings, read_yaml
from rejsens.definitions import Instrument, administer, instrument_facts, load_instruments
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import TABLES, code, constant, files, hashes, own_plugins, plugins, sha256
from rejsens.sidecars import Wave, administered_name, instruments_asked, load_wave, wave_facts

OWN_INSTRUMENTS = "schemas/instruments"
JOB = ("rejsens.job", "rejsens.tabular")  # what every job runs in, and reads and writes its tables with


@dataclass(frozen=True)
class Study:
    """Settings, waves in order of time, the instruments each asked, hypothesis families. `folder` is the study's root."""

    folder: str
    settings: Mapping[str, Any]
    waves: tuple[Wave, ...]
    asked: Mapping[str, tuple[Instrument, ...]]
    families: Mapping[str, Mapping[str, Any]]

    @cached_property
    def wave_numbers(self) -> dict[str, int]:
        """1, 2, … for the panel's waves in order of time; a retest carries the number of the wave it repeats."""
        panel = [wave.name for wave in self.waves if (wave.role or "wave") == "wave"]
        numbers = {name: position for position, name in enumerate(panel, start=1)}
        return {wave.name: numbers.get(wave.name) or numbers.get(wave.retest_of, 0) for wave in self.waves}

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
        return 1 if self.settings["study"]["simulated"] else self.settings["min_cell"]

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
        for i in (i for i in self.instruments.values() if i.status_line):
            names = [i.name, i.title, *(item.id for item in i.items), *(n for s in i.scores for n in (s.id, s.label))]
            lines.setdefault(i.status_line, []).extend(names)
        return lines

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
            "seed": s["seed"],
            "status_lines": self.status_lines,
            "score_order": [name for name in s["scores_shown"] if name in self.scores] or list(self.scores)[:12],
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

    raises   Refused: settings, sidecars, instruments or families that break their schema or do not fit together
    """
    problems: list[Problem] = []
    study = gather_study(folder, problems)
    if problems:
        raise Refused(problems, "The study")
    return study


def gather_study(folder: Path | str, problems: list[Problem]) -> Study:
    """The study as far as its declarations can be read; every fault goes into `problems`.

    A wave whose sidecar cannot be read is left out; one that asks an instrument at fault has no instruments.
    """
    folder = Path(folder)
    settings = _collect(problems, load_settings, folder) or {}
    waves = [
        wave for path in files("data/waves/*.yaml", folder).values() if (wave := _collect(problems, load_wave, path))
    ]
    folders = instrument_folders(folder)
    known = {name for place in folders for name in files("*.yaml", place)}
    wanted = {entry["id"] for wave in waves for entry in wave.instruments}
    instruments = _collect(problems, load_instruments, folders, wanted)  # None: a definition is at fault, and told
    asked = {
        wave.name: tuple(_collect(problems, instruments_asked, wave, instruments, known) or ())
        for wave in waves
        if instruments is not None
    }
    families = {
        name: family
        for name, path in files("config/hypotheses/*.yaml", folder).items()
        if (family := _collect(problems, read_yaml, path, "hypotheses"))
    }
    if not files("data/waves/*.yaml", folder):
        problems.append(
            Problem(
                f"{folder / 'data/waves'}",
                "No wave to read",
                "there is no sidecar (NAME.yaml)",
                "",
                "`rejsens add-wave EXPORT --name NAME` puts a wave there; docs/add-a-wave.md shows how",
            )
        )
    for name, path in files("data/waves/*.csv", folder).items():
        if not (path.with_suffix(".yaml")).exists():
            problems.append(
                Problem(
                    str(path),
                    "A wave without a sidecar",
                    f"{name}.yaml does not exist",
                    "",
                    "write the sidecar, or put an underscore before the file's name to leave it out",
                )
            )
    waves = sorted(waves, key=lambda wave: (wave.collected["from"], wave.name))
    study = Study(str(folder), settings, tuple(waves), asked, families)
    problems += _retest_problems(waves) + _screening_problems(settings.get("screening", ()), waves)
    problems += _date_problems(waves) + _same_export_problems(waves) + _key_problems(waves)
    if instruments is not None:
        problems += [*_range_problems(study), *_label_problems(study), *_early_problems(study)]
    problems += _plugin_problems(folder)
    # what no wave asks is only known when every wave could be read
    if len(waves) == len(files("data/waves/*.yaml", folder)) and asked and all(asked.values()):
        problems += [*(_shown_problems(study) if settings else ()), *_family_problems(study)]
    return study


def _collect(problems: list[Problem], call: Any, *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Refused as refused:
        problems += refused.problems
        return None


def instrument_folders(folder: Path) -> tuple[Path, Path]:
    """Where instruments are defined: the shipped folder, then the study's own."""
    return SHIPPED / OWN_INSTRUMENTS, folder / OWN_INSTRUMENTS


def _retest_problems(waves: list[Wave]) -> list[Problem]:
    names = [wave.name for wave in waves if wave.role != "retest"]
    return [
        Problem(
            wave.path,
            "A retest of an unknown wave",
            f"`retest_of: {wave.retest_of}`",
            listed(names, 20),
            did_you_mean(wave.retest_of or "", names) or "name the wave that was repeated",
        )
        for wave in waves
        if wave.role == "retest" and wave.retest_of not in names
    ]


def _date_problems(waves: list[Wave]) -> list[Problem]:
    """Days of collection that are not in the calendar, or that end before they begin."""
    problems = []
    for wave in waves:
        days = {name: _day(wave.collected[name]) for name in ("from", "to")}
        problems += [
            Problem(
                f"{wave.path} › collected › {name}",
                "Days that do not exist",
                f"“{wave.collected[name]}”",
                "a date in quotes, year-month-day",
                "correct it",
            )
            for name, day in days.items()
            if day is None
        ]
        if all(days.values()) and days["from"] > days["to"]:
            found = f"from {wave.collected['from']} to {wave.collected['to']}"
            problems.append(
                Problem(
                    f"{wave.path} › collected", "Days that run backwards", found, "", "exchange or correct the two days"
                )
            )
    return problems


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _same_export_problems(waves: list[Wave]) -> list[Problem]:
    """Waves that read one export in one way; a wide export may hold two waves in columns of their own."""
    first: dict[str, Wave] = {}
    problems = []
    for wave in waves:
        other = first.setdefault(f"{wave.sha256} {wave.headers} {wave.settings['instruments']}", wave)
        if other is not wave:
            problems.append(
                Problem(
                    wave.path,
                    "One export for two waves",
                    f"its SHA-256 and its columns are those of wave {other.name}",
                    "each wave has answers of its own",
                    "correct `file:` and `sha256:`, or put an underscore before one sidecar's name to leave it out",
                )
            )
    return problems


def _key_problems(waves: list[Wave]) -> list[Problem]:
    """Waves whose ids were hashed with different keys: nobody of the one would ever be found in the other."""
    stated: dict[str, list[str]] = {}
    for wave in waves:
        if fingerprint := wave.participant.get("key_fingerprint"):
            stated.setdefault(fingerprint, []).append(wave.name)
    if len(stated) < 2:
        return []
    found = [
        f"{fingerprint} in {listed([f'wave {name}' for name in names], 4)}" for fingerprint, names in stated.items()
    ]
    return [
        Problem(
            "data/waves › participant › key_fingerprint",
            "Different keys for participant ids",
            listed(found),
            "one key for all waves of a study",
            "add the waves again from their exports with one key, or the people of one are never found in the other",
        )
    ]


def _screening_problems(rules: Sequence[Mapping[str, Any]], waves: list[Wave]) -> list[Problem]:
    """Screening rules that would be taken for one another, or that name a wave nobody knows."""
    ids, names = [rule["id"] for rule in rules], [wave.name for wave in waves]
    where = "config/config.yaml › screening"
    problems = [
        Problem(where, "Two screening rules with one id", f"“{name}”", "", "give each rule its own id")
        for name in sorted({name for name in ids if ids.count(name) > 1})
    ]
    unknown = [(rule["id"], name) for rule in rules for name in rule.get("waves", ()) if name not in names]
    hints = {name: did_you_mean(name, names) or "name a wave of this study" for _, name in unknown}
    return problems + [
        Problem(
            f"{where} › {rule}", "A screening rule for an unknown wave", f"“{name}”", listed(names, 20), hints[name]
        )
        for rule, name in unknown
    ]


def _range_problems(study: Study) -> list[Problem]:
    """A scale asked with one range in one wave and with another in the next: its scores could not be compared."""
    first: dict[str, tuple[str, Any]] = {}
    problems = []
    for wave in study.waves:
        for score in (score for instrument in study.asked[wave.name] for score in instrument.scores):
            before, known = first.setdefault(score.id, (wave.name, score))
            if (score.low, score.high) != (known.low, known.high):
                problems.append(
                    Problem(
                        f"{wave.path} › instruments",
                        "One score in two metrics",
                        f"{score.id} runs from {score.low:g} to {score.high:g}",
                        f"{known.low:g} to {known.high:g}, as in wave {before}",
                        "export the answers in one range, or give one administration a name of its own with `as:`",
                    )
                )
    return problems


def _early_problems(study: Study) -> list[Problem]:
    """Questions that look back at an earlier wave, asked where there was none."""
    return [
        Problem(
            f"{wave.path} › instruments › {instrument.name}",
            "Asked before there was anything to look back at",
            f"{instrument.id} in wave {study.wave_numbers[wave.name]}",
            f"from wave {instrument.from_wave} on",
            "take it out of this wave's `instruments:`; its columns are then listed as not used",
        )
        for wave in study.waves
        for instrument in study.asked.get(wave.name, ())
        if study.wave_numbers[wave.name] < instrument.from_wave
    ]


def _label_problems(study: Study) -> list[Problem]:
    """Label maps for what a wave did not ask: misspelt, they would leave the answers unmapped without a word."""
    problems = []
    for wave in (wave for wave in study.waves if study.asked.get(wave.name)):
        asked = study.asked[wave.name]
        known = {*(n for i in asked for n in (i.id, i.name)), *(item.id for i in asked for item in i.items)}
        problems += [
            Problem(
                f"{wave.path} › labels",
                "Labels for what was not asked",
                f"“{name}”",
                "an instrument or an item of this wave",
                did_you_mean(name, known) or "remove the map, or ask the instrument",
            )
            for name in (wave.labels or {})
            if name not in known and name not in (wave.multiple or {})
        ]
    return problems


def _shown_problems(study: Study) -> list[Problem]:
    """Names that the study itself asks to show and that nothing gives; the shipped lists are only suggestions."""
    shipped = load_settings(SHIPPED)
    problems = []
    for setting, known in (("sample_table", study.background), ("scores_shown", study.scores)):
        named = study.settings[setting]
        for unknown in (n for n in named if n not in known and named != shipped[setting]):
            advice = did_you_mean(unknown, known) or "no wave asks it"
            problems.append(
                Problem(
                    f"config/config.yaml › {setting}",
                    "Names that nothing gives",
                    f"“{unknown}”",
                    listed(list(known), 40),
                    advice,
                )
            )
    return problems


def _plugin_problems(folder: Path) -> list[Problem]:
    """Mistakes in a study's own figure and table modules that would otherwise surface as a programmer's message."""
    problems = []
    for kind, needed in (("figures", ("TABLES", "SHOWS_PEOPLE")), ("tables", ("TABLES",))):
        for path in own_plugins(kind, folder):
            cause = f"Faults in the study's own {kind}"
            try:
                compile(path.read_text(encoding="utf-8"), str(path), "exec")
                stated = {name: constant(path, name) for name in needed}
            except SyntaxError as error:
                problems.append(Problem(str(path), cause, f"line {error.lineno} is not Python", "", "correct the line"))
                continue
            except (LookupError, ValueError) as error:
                advice = f"docs/add-a-figure.md shows {' and '.join(needed)}"
                problems.append(Problem(str(path), cause, str(error).removeprefix(f"{path} "), "", advice))
                continue
            for unknown in (name for name in stated["TABLES"] if name not in TABLES):
                advice = did_you_mean(unknown, TABLES) or "name a table of the pipeline"
                problems.append(
                    Problem(f"{path} › TABLES", cause, f"“{unknown}” is no table", listed(list(TABLES), 40), advice)
                )
    return problems


def _family_problems(study: Study) -> list[Problem]:
    """Hypotheses that name what no instrument of the study gives, or that bear one id; families named unlike their file."""
    known = [*study.scores, *study.background]
    files_of: dict[str, list[str]] = {}
    for name, family in study.families.items():
        for hypothesis in family["hypotheses"]:
            files_of.setdefault(hypothesis["id"], []).append(f"config/hypotheses/{name}.yaml")
    problems = [
        Problem(listed(places), "Two hypotheses with one id", f"“{name}”", "", "give each hypothesis its own id")
        for name, places in files_of.items()
        if len(places) > 1
    ]
    problems += [
        Problem(
            f"config/hypotheses/{name}.yaml",
            "File name and family differ",
            f"the file says family “{family['family']}”",
            name,
            "rename one of them",
        )
        for name, family in study.families.items()
        if family["family"] != name
    ]
    for name, family in study.families.items():
        for hypothesis in family["hypotheses"]:
            named = [
                hypothesis["predictor"],
                hypothesis["outcome"],
                *(c["name"] for c in [*family.get("covariates", ()), *hypothesis.get("covariates", ())]),
            ]
            for unknown in dict.fromkeys(n for n in named if n not in known):
                problems.append(
                    Problem(
                        f"config/hypotheses/{name}.yaml › {hypothesis['id']}",
                        "Hypotheses that name an unknown score",
                        f"“{unknown}”",
                        listed(known, 60),
                        _no_such_score(unknown, study, known),
                    )
                )
    return problems


def _no_such_score(name: str, study: Study, known: Iterable[str]) -> str:
    about_events = [instrument for instrument in study.instruments.values() if instrument.event]
    if name in {n for i in about_events for s in i.scores for n in (s.id, s.id.removeprefix(f"{i.event}_"))}:
        return "it is a score of single events (results/participants/events.parquet), which no hypothesis can name yet"
    return did_you_mean(name, known) or "no wave asks an instrument that gives this score"


@dataclass(frozen=True)
class Plan:
    """What each job reads besides its input tables. Every method returns one rule's `params`: plain values and content hashes.

    A job reruns when, and only when, something in its params or a table before it has changed.
    """

    study: Study
    _worked_out: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict, repr=False)  # Snakemake asks often

    def params(self, rule: str, *wildcards: str) -> dict[str, Any]:
        """The params of one job; worked out once."""
        key = (rule, *wildcards)
        if key not in self._worked_out:
            self._worked_out[key] = getattr(self, rule)(*wildcards)
        return self._worked_out[key]

    def validate_wave(self, wave: str) -> dict[str, Any]:
        s = self.study.settings
        return {
            "wave": self._wave(wave).path,
            "screening": s["screening"],
            "out_of_range": s["out_of_range"],
            "min_cell": self.study.min_cell,
            "depends": {"export": sha256(self._wave(wave).file)}
            | self._declared([wave])
            | code(*JOB, "rejsens.validate"),
        }

    def score_wave(self, wave: str) -> dict[str, Any]:
        return {
            "wave": self._wave(wave).path,
            "wave_number": self.study.wave_numbers[wave],
            "depends": self._declared([wave]) | code(*JOB, "rejsens.events", "rejsens.score_wave"),
        }

    def compare_waves(self) -> dict[str, Any]:
        return {
            "before": self.study.waves_before,
            "not_asked": {wave.name: list(wave.not_asked or ()) for wave in self.study.waves},
            "sidecars": {wave.name: wave.path for wave in self.study.waves},
            "depends": code(*JOB, "rejsens.differences"),
        }

    def codebook(self) -> dict[str, Any]:
        return {
            "facts": self.study.codebook_facts,
            "before": self.study.waves_before,
            "min_cell": self.study.min_cell,
            "depends": self._declared()
            | hashes((SHIPPED / "workflow" / "report" / "codebook").iterdir())
            | hashes([SHIPPED / "workflow" / "report" / "style.css"])
            | code(*JOB, "rejsens.codebook", "rejsens.study"),
        }

    def pool_waves(self) -> dict[str, Any]:
        return {
            "numbers": self.study.wave_numbers,
            "depends": self._declared() | code(*JOB, "rejsens.pool", "rejsens.study"),
        }

    def describe_sample(self) -> dict[str, Any]:
        s = self.study.settings
        return {
            "sample_table": s["sample_table"],
            "ci_level": s["ci_level"],
            "min_cell": self.study.min_cell,
            "depends": self._declared()
            | code(*JOB, "rejsens.describe", "rejsens.events", "rejsens.inference.correlation", "rejsens.study"),
        }

    def psychometrics(self, instrument: str) -> dict[str, Any]:
        asking = [wave for wave in self.study.waves if instrument in {i.name for i in self.study.asked[wave.name]}]
        sidecars = [wave.path for wave in asking]
        return {
            "instrument": instrument,
            "sidecars": sidecars,
            "ci_level": self.study.settings["ci_level"],
            "min_cell": self.study.min_cell,
            "depends": hashes([*sidecars, self.study.instruments[instrument].path])
            | code(*JOB, "rejsens.assess_instrument", "rejsens.study"),
        }

    def collect_psychometrics(self) -> dict[str, Any]:
        return {
            "ci_level": self.study.settings["ci_level"],
            "depends": self._declared() | code(*JOB, "rejsens.collect", "rejsens.events", "rejsens.pool"),
        }

    def test_hypotheses(self, family: str) -> dict[str, Any]:
        s = self.study.settings
        return {
            "family": f"config/hypotheses/{family}.yaml",
            "settings": {k: s[k] for k in ("alpha", "ci_level", "bootstrap_draws", "seed")},
            "depends": hashes([f"config/hypotheses/{family}.yaml"])
            | code(*JOB, "rejsens.declarations", "rejsens.inference.families"),
        }

    def collect_estimates(self) -> dict[str, Any]:
        families = [f"config/hypotheses/{name}.yaml" for name in self.study.families]
        claims = str(SHIPPED / "config" / "claims.yaml")
        return {
            "families": families,
            "depends": hashes([*families, claims])
            | code(*JOB, "rejsens.claims", "rejsens.declarations", "rejsens.inference.families"),
        }

    def draw_figure(self, figure: str) -> dict[str, Any]:
        """The shared version; simulated persons may be shown anywhere."""
        return self._plugin("figures", figure) | {"people": self.study.settings["study"]["simulated"]}

    def draw_figure_of_people(self, figure: str) -> dict[str, Any]:
        return self._plugin("figures", figure) | {"people": True}

    def lay_out_table(self, table: str) -> dict[str, Any]:
        return self._plugin("tables", table)

    def write_report(self) -> dict[str, Any]:
        templates = [path for path in (SHIPPED / "workflow" / "report").iterdir() if path.is_file()]
        return {
            "study": self.study.facts,
            "settings": dict(self.study.settings),
            "inputs": self.inputs,
            "instruments": [instrument_facts(i) for i in self.study.instruments.values() if i.scores],
            "depends": self._declared()
            | hashes([*templates, SHIPPED / "requirements.lock"])
            | code(*JOB, "rejsens.finished", "rejsens.report", "rejsens.provenance"),
        }

    @property
    def figures(self) -> dict[str, Path]:
        """Figures by name, in the order of the report: the headline first."""
        found = plugins("figures", self.study.folder)
        return dict(sorted(found.items(), key=lambda entry: entry[0] != "headline"))

    @property
    def figures_of_people(self) -> list[str]:
        return [name for name, path in self.figures.items() if constant(path, "SHOWS_PEOPLE")]

    @property
    def tables(self) -> dict[str, Path]:
        return plugins("tables", self.study.folder)

    def tables_of(self, kind: str, name: str) -> list[str]:
        """The finished tables that a figure or printed table names in its TABLES."""
        return [TABLES[table] for table in constant(plugins(kind, self.study.folder)[name], "TABLES")]

    @property
    def inputs(self) -> dict[str, str]:
        """Content hashes of every file the researcher gave: exports, sidecars, families, settings."""
        named = (
            [w.path for w in self.study.waves]
            + [f"config/hypotheses/{f}.yaml" for f in self.study.families]
            + ["config/config.yaml"]
        )
        return hashes(path for path in named if Path(path).exists()) | {
            f"export of wave {w.name}": sha256(w.file) for w in self.study.waves
        }

    def _plugin(self, kind: str, name: str) -> dict[str, Any]:
        path = plugins(kind, self.study.folder)[name]
        shipped = path.is_relative_to(SHIPPED / "workflow")
        module = f"rejsens.{kind}.{name}" if shipped else str(path)
        saved_with = "rejsens.style" if kind == "figures" else "rejsens.layout"
        return {
            "module": module,
            "tables": list(constant(path, "TABLES")),
            "study": self.study.facts,
            "depends": code(module, *JOB, "rejsens.status_lines", saved_with),
        }

    def _wave(self, name: str) -> Wave:
        return next(wave for wave in self.study.waves if wave.name == name)

    def _declared(self, waves: list[str] | None = None) -> dict[str, str]:
        """Sidecars and the instrument files they ask."""
        names = [wave.name for wave in self.study.waves] if waves is None else waves
        return hashes([*(self._wave(name).path for name in names), *self._definitions(names)])

    def _definitions(self, waves: list[str]) -> list[str]:
        return sorted({instrument.path for name in waves for instrument in self.study.asked[name]})


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
