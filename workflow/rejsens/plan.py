"""What each job of the pipeline depends on. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rejsens.definitions import instrument_facts
from rejsens.figure_presets import Size, chosen_size, every_size
from rejsens.frozen_plan import LOCK
from rejsens.multiverse_file import FILE as MULTIVERSE
from rejsens.multiverse_file import hypotheses_of
from rejsens.registry import SHIPPED, TABLES, code, constant, figures, files, hashes, plugins, title
from rejsens.sidecars import Wave, export_hash
from rejsens.statements import statements
from rejsens.study import Study
from rejsens.translations import words_file
from rejsens.validation_plan import expert_files, plan_files

FONTS = SHIPPED / "workflow" / "rejsens" / "fonts"
PREDICTIONS = "schemas/predictions/*.yaml"
STANDARDS = SHIPPED / "config" / "standards.yaml"
VERSIONS, CITED = SHIPPED / "requirements.lock", SHIPPED / "CITATION.cff"
JOB = ("rejsens.job", "rejsens.tabular")  # what every job runs in, and reads and writes its tables with


@dataclass(frozen=True)
class Plan:
    """What each job reads besides its input tables. Every method returns one rule's `params`: plain values and content hashes.

    Every job depends on the versions of the libraries, which can move a number as code can. A job reruns when, and only when, something in its params or a table before it has changed.
    """

    study: Study
    _worked_out: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict, repr=False)  # Snakemake asks often

    def params(self, rule: str, *wildcards: str) -> dict[str, Any]:
        """The params of one job; worked out once."""
        key = (rule, *wildcards)
        if key not in self._worked_out:
            told = getattr(self, rule)(*wildcards)
            depends = told["depends"] | hashes([VERSIONS, script_of(rule)])
            always = {"depends": depends, "disclosure": self.study.disclosure}
            self._worked_out[key] = told | always
        return self._worked_out[key]

    def validate_wave(self, wave: str) -> dict[str, Any]:
        s = self.study.settings
        return {
            "wave": self._wave(wave).path,
            "screening": s["screening"],
            "out_of_range": s["out_of_range"],
            "min_cell": self.study.min_cell,
            "depends": {"export": export_hash(self._wave(wave))}
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

    def model_attrition(self) -> dict[str, Any]:
        s = self.study.settings
        return {
            "sample_table": s["sample_table"],
            "ci_level": s["ci_level"],
            "min_cell": self.study.min_cell,
            "depends": hashes(f"config/hypotheses/{name}.yaml" for name in self.study.family_names)
            | self._declared()
            | code(*JOB, "rejsens.absence", "rejsens.study"),
        }

    def psychometrics(self, instrument: str) -> dict[str, Any]:
        asking = [wave for wave in self.study.waves if instrument in {i.name for i in self.study.asked[wave.name]}]
        s, known, sidecars = self.study.settings, self.study.background, [wave.path for wave in asking]
        return {
            "instrument": instrument,
            "sidecars": sidecars,
            "reported": {
                "ci_level": s["ci_level"],
                "min_cell": self.study.min_cell,
                "retests": self.study.retests,
                "seed": s["seed"],
            },
            "structure": {
                "groups": {name: dict(known[name].labels) for name in s["invariance"]["groups"] if name in known},
                "alpha": s["alpha"],
                "ci_level": s["ci_level"],
                "min_people": s["invariance"]["min_people"],
                "max_columns": s["invariance"]["max_columns"],
            },
            "explored": {"seed": s["seed"], "ci_level": s["ci_level"], "min_cell": self.study.min_cell},
            "depends": hashes([*sidecars, self.study.instruments[instrument].path])
            | code(
                *JOB,
                "rejsens.assess_instrument",
                "rejsens.assess_structure",
                "rejsens.explore_instrument",
                "rejsens.study",
                "rejsens.variables",
            ),
        }

    def collect_psychometrics(self) -> dict[str, Any]:
        return {
            "ci_level": self.study.settings["ci_level"],
            "depends": self._declared()
            | self._predictions()
            | code(*JOB, "rejsens.collect", "rejsens.events", "rejsens.pool", "rejsens.predictions"),
        }

    def validate_inventory(self) -> dict[str, Any]:
        experts = expert_files(self.study.folder)
        return {
            "seed": self.study.settings["seed"],
            "ci_level": self.study.settings["ci_level"],
            "min_cell": self.study.min_cell,
            "depends": self._declared()
            | hashes([*plan_files(self.study.folder).values(), *experts.values()])
            | code(*JOB, "rejsens.study", "rejsens.validation"),
        }

    def assess_validity(self) -> dict[str, Any]:
        s = self.study.settings
        return {
            "intervals": {"ci_level": s["ci_level"], "draws": s["bootstrap_draws"], "seed": s["seed"]},
            "method": {"marker": s["marker"], "shown": self.study.facts["score_order"]},
            "min_cell": self.study.min_cell,
            "depends": self._declared() | self._predictions() | code(*JOB, "rejsens.study", "rejsens.validity"),
        }

    def fit_answers(self, wave: str) -> dict[str, Any]:
        return {
            "wave": self._wave(wave).path,
            "depends": self._declared([wave]) | code(*JOB, "rejsens.scale_fits", "rejsens.study"),
        }

    def describe_answering(self) -> dict[str, Any]:
        return {
            "cutoffs": self.study.settings["careless_cutoffs"],
            "min_cell": self.study.min_cell,
            "depends": self._declared()
            | code(*JOB, "rejsens.careless_answers", "rejsens.missing_together", "rejsens.study"),
        }

    def test_hypotheses(self, family: str) -> dict[str, Any]:
        s = self.study.settings
        return {
            "family": f"config/hypotheses/{family}.yaml",
            "set_aside": self._set_aside(family),
            "settings": {k: s[k] for k in ("alpha", "ci_level", "bootstrap_draws", "imputation", "seed")}
            | {"min_cell": self.study.min_cell},
            "depends": hashes([f"config/hypotheses/{family}.yaml"])
            | self._declared()
            | code(
                *JOB,
                "rejsens.declarations",
                "rejsens.events",
                "rejsens.inference.diagnostics",
                "rejsens.inference.families",
                "rejsens.study",
            ),
        }

    def collect_estimates(self) -> dict[str, Any]:
        families = [f"config/hypotheses/{name}.yaml" for name in self.study.family_names]
        claims = str(SHIPPED / "config" / "claims.yaml")
        return {
            "families": families,
            "set_aside": {f"config/hypotheses/{name}.yaml": self._set_aside(name) for name in self.study.set_aside},
            "depends": hashes([*families, claims])
            | code(
                *JOB, "rejsens.claims", "rejsens.declarations", "rejsens.inference.families", "rejsens.measured_alike"
            ),
        }

    @property
    def families_in_multiverse(self) -> list[str]:
        """Families with a hypothesis that config/multiverse.yaml names."""
        return [name for name, family in self.study.families.items() if hypotheses_of(self.study.multiverse, family)]

    def run_multiverse(self, family: str) -> dict[str, Any]:
        s = self.study.settings
        return {
            "multiverse": self.study.multiverse,
            "settings": {k: s[k] for k in ("alpha", "ci_level", "bootstrap_draws", "imputation", "seed")},
            "screening": {"rules": s["screening"], "out_of_range": s["out_of_range"]},
            "depends": hashes([f"config/hypotheses/{family}.yaml"])
            | {f"export of wave {wave.name}": export_hash(wave) for wave in self.study.waves}
            | self._declared()
            | code(*JOB, "rejsens.inference.multiverse", "rejsens.rescored", "rejsens.study"),
        }

    def summarise_multiverse(self) -> dict[str, Any]:
        named = list(self.study.multiverse["hypotheses"]) if self.study.multiverse else []
        return {"hypotheses": named, "depends": code(*JOB, "rejsens.inference.multiverse_summary")}

    def tell_plan(self) -> dict[str, Any]:
        """The lock may be absent: its hash then says so, and a first freeze reruns the job."""
        named = [
            LOCK,
            MULTIVERSE,
            "config/config.yaml",
            *(f"config/hypotheses/{name}.yaml" for name in self.study.family_names),
        ]
        return {"depends": hashes(named) | self._declared() | code(*JOB, "rejsens.frozen_plan", "rejsens.study")}

    def compare_benchmarks(self) -> dict[str, Any]:
        published = str(SHIPPED / "config" / "benchmarks.yaml")
        return {"depends": hashes([published]) | code(*JOB, "rejsens.benchmarks", "rejsens.declarations")}

    def draw_figure(self, figure: str) -> dict[str, Any]:
        """The shared version; simulated persons may be shown anywhere."""
        return self._plugin("figures", figure) | {"people": self.study.settings["study"]["simulated"]}

    def draw_figure_of_people(self, figure: str) -> dict[str, Any]:
        return self._plugin("figures", figure) | {"people": True}

    def draw_instrument_figures(self, instrument: str) -> dict[str, Any]:
        """All figures of one instrument; none of them shows a person."""
        return {"instrument": instrument} | self._drawn(self.figures_of_instruments)

    def draw_family_figures(self) -> dict[str, Any]:
        """The figures of all families of hypotheses; none of them shows a person."""
        return {"families": self.study.family_names} | self._drawn(self.figures_of_families)

    def draw_wave_figures(self) -> dict[str, Any]:
        """The figures that show one wave, drawn for each wave of the panel; none of them shows a person."""
        return {"waves": self.waves_to_switch} | self._drawn(self.figures_by_wave)

    def draw_sized_figure(self, size: str, figure: str) -> dict[str, Any]:
        """The shared version, at the size of a journal."""
        return self._sized(size, self.draw_figure(figure))

    def draw_sized_instrument_figures(self, size: str, instrument: str) -> dict[str, Any]:
        return self._sized(size, self.draw_instrument_figures(instrument))

    def draw_sized_family_figures(self, size: str) -> dict[str, Any]:
        return self._sized(size, self.draw_family_figures())

    def _sized(self, size: str, params: dict[str, Any]) -> dict[str, Any]:
        """What a job needs that draws at the size of a journal: the size, and the widths that it could name instead."""
        own = self.sizes[size]
        beside = {name: other.width for name, other in self.sizes.items() if other.preset == own.preset}
        return params | {"size": own.plain(), "beside": beside}

    @cached_property
    def sizes(self) -> dict[str, Size]:
        """Every size at which figures can be drawn, by the name of its folder."""
        return every_size()

    def sized_figures(self, sizes: Iterable[str]) -> list[str]:
        """One file of every figure at each of the sizes."""
        below = [
            *self.figures,
            *(f"instruments/{i}/{figure}" for i in self.modelled for figure in self.figures_of_instruments),
            *(f"families/{f}/{figure}" for f in self.study.family_names for figure in self.figures_of_families),
        ]
        return [f"results/figures/{size}/{name}.png" for size in sizes for name in below]

    @property
    def sized_figures_kept(self) -> list[str]:
        """What every run keeps up to date: the size that the settings name, and what was asked for before."""
        size = chosen_size(self.study.settings)
        chosen = self.sized_figures([size.name] if size else [])
        there = [name for name in self.sized_figures(self.sizes) if (Path(self.study.folder) / name).exists()]
        return list(dict.fromkeys([*chosen, *there]))

    def _drawn(self, figures: Mapping[str, Path]) -> dict[str, Any]:
        """What a job needs that draws several figures at once."""
        drawn = {name: self._plugin("figures", name) for name in figures}
        return {
            "figures": {name: {"module": own["module"], "tables": own["tables"]} for name, own in drawn.items()},
            "study": self.study.facts,
            "people": self.study.settings["study"]["simulated"],
            "depends": {file: content for own in drawn.values() for file, content in own["depends"].items()},
        }

    def lay_out_table(self, table: str) -> dict[str, Any]:
        return self._plugin("tables", table)

    def write_report(self) -> dict[str, Any]:
        templates = [path for path in (SHIPPED / "workflow" / "report").iterdir() if path.is_file()]
        return self._written([*templates, *FONTS.glob("*.ttf")], "rejsens.writers.html")

    def write_documents(self) -> dict[str, Any]:
        return self._written(FONTS.glob("*.ttf"), "rejsens.writers.pdf", "rejsens.writers.word")

    def check_standards(self) -> dict[str, Any]:
        """What the report will hold, of what the standards name: a new figure or table of a study changes nothing."""
        named = set(re.findall(r"\b(?:table|figure)-(\w+)", STANDARDS.read_text(encoding="utf-8")))
        held = {"tables": self.tables, "figures": self.figures, "of_families": self.figures_of_families}
        titles = {kind: {n: title(path) for n, path in of.items() if n in named} for kind, of in held.items()}
        return self._written([STANDARDS], "rejsens.standards", "rejsens.study") | {
            "titles": titles | {"families": self.study.family_names},
        }

    def write_numbers(self) -> dict[str, Any]:
        return {
            "simulated": self.study.settings["study"]["simulated"],
            "numbers": self.study.settings["numbers"],
            "depends": code(*JOB, "rejsens.house_style", "rejsens.manuscript"),
        }

    def write_draft(self) -> dict[str, Any]:
        return self._written(self._bibliography, "rejsens.draft", "rejsens.writers.markdown", "rejsens.writers.word")

    def pack_submission(self) -> dict[str, Any]:
        return self._written(self._bibliography, "rejsens.draft", "rejsens.submission")

    @property
    def submitted_figures(self) -> list[str]:
        """The files of the study's figures that are handed in: at the size that the settings name, where they name one."""
        size = chosen_size(self.study.settings)
        folder, bitmap = (f"{size.name}/", "tiff") if size else ("", "png")
        of_families = [f"families/{f}/{figure}" for f in self.study.family_names for figure in self.figures_of_families]
        return [
            f"results/figures/{folder}{name}.{form}"
            for name in [*self.figures, *of_families]
            for form in ("pdf", bitmap)
        ]

    @property
    def _bibliography(self) -> list[Path]:
        return sorted((SHIPPED / "workflow" / "report" / "bibliography").iterdir())

    def _written(self, files: Iterable[Path], *writers: str) -> dict[str, Any]:
        """What the report and its writers depend on. files: what the writers read besides."""
        return {
            "study": self.study.facts | {"set_aside": self.study.words_aside, "statements": self._statements},
            "settings": dict(self.study.settings),
            "inputs": self.inputs,
            "instruments": [instrument_facts(i) for i in self.study.instruments.values() if i.scores],
            "depends": self._declared()
            | hashes([*files, CITED])
            | code(*JOB, "rejsens.finished", "rejsens.report", "rejsens.provenance", *writers),
        }

    def record_provenance(self) -> dict[str, Any]:
        """Everything that any job depends on: what was given, what ships and was read, every module that a job imports."""
        return {
            "settings": dict(self.study.settings),
            "inputs": self.inputs,
            "instruments": [instrument_facts(i) for i in self.study.instruments.values() if i.scores],
            "depends": self._read_by_any_job | self._code_of_all_jobs,
        }

    def list_results(self) -> dict[str, Any]:
        return {"depends": self._read_by_any_job | self._code_of_all_jobs | self.inputs}

    @cached_property
    def _read_by_any_job(self) -> dict[str, str]:
        """Files besides code and what was given: definitions, lists of claims and standards, templates, fonts."""
        report = SHIPPED / "workflow" / "report"
        lists = [SHIPPED / "config" / f"{name}.yaml" for name in ("benchmarks", "claims", "standards")]
        validation = [*plan_files(self.study.folder).values(), *expert_files(self.study.folder).values()]
        shown = [path for folder in (report, report / "codebook", report / "bibliography") for path in folder.iterdir()]
        read = [*lists, *validation, *FONTS.glob("*.ttf"), CITED, *(path for path in shown if path.is_file())]
        return self._declared() | self._predictions() | hashes(read)

    @cached_property
    def _code_of_all_jobs(self) -> dict[str, str]:
        """Every adapter and plug-in, the library's modules that they import, the rules."""
        workflow = SHIPPED / "workflow"
        plugged = [path for kind in ("figures", "tables") for path in plugins(kind, self.study.folder).values()]
        rules = [SHIPPED / "Snakefile", *(workflow / "rules").glob("*.smk")]
        return code(*map(str, [*(workflow / "scripts").glob("*.py"), *plugged])) | hashes(rules)

    @property
    def figures(self) -> dict[str, Path]:
        """Figures of the study by name, in the order of the report: the headline first."""
        found = figures(self.study.folder)
        return dict(sorted(found.items(), key=lambda entry: entry[0] != "headline"))

    @property
    def figures_of_people(self) -> list[str]:
        return [name for name, path in self.figures.items() if constant(path, "SHOWS_PEOPLE")]

    @property
    def figures_of_instruments(self) -> dict[str, Path]:
        """Figures that are drawn for each instrument, by name."""
        return figures(self.study.folder, of="instrument")

    @property
    def figures_of_families(self) -> dict[str, Path]:
        """Figures that are drawn for each family of hypotheses, by name."""
        return figures(self.study.folder, of="family")

    @property
    def figures_by_wave(self) -> dict[str, Path]:
        """Figures of the study that are also drawn for each wave of the panel, by name; none where it has one wave."""
        drawn = {name: path for name, path in self.figures.items() if constant(path, "BY_WAVE", False)}
        return drawn if len(self.waves_to_switch) > 1 else {}

    @property
    def waves_to_switch(self) -> list[str]:
        return [name for name, role in self.study.roles.items() if role == "wave"]

    @property
    def tables_of_family_figures(self) -> list[str]:
        """The finished tables that the figures of families name."""
        return _named(self.figures_of_families)

    @property
    def tables_of_wave_figures(self) -> list[str]:
        return _named(self.figures_by_wave)

    @property
    def modelled(self) -> list[str]:
        """Instruments with a factor model, which have figures of their own."""
        return [name for name, instrument in self.study.instruments.items() if instrument.models]

    def tables_of_instrument_figures(self, instrument: str, in_parts: list[str]) -> list[str]:
        """The finished tables that the figures of an instrument name; of those `in_parts` the instrument's own part."""
        folder = f"results/psychometrics/instruments/{instrument}"
        named = dict.fromkeys(t for path in self.figures_of_instruments.values() for t in constant(path, "TABLES"))
        return [f"{folder}/{name}.csv" if name in in_parts else TABLES[name] for name in named]

    @property
    def tables(self) -> dict[str, Path]:
        return plugins("tables", self.study.folder)

    def tables_of(self, kind: str, name: str) -> list[str]:
        """The finished tables that a figure or printed table names in its TABLES."""
        return [TABLES[table] for table in constant(plugins(kind, self.study.folder)[name], "TABLES")]

    @property
    def inputs(self) -> dict[str, str]:
        """Content hashes of every file the researcher gave: exports, sidecars, families, settings, instruments asked."""
        named = (
            [w.path for w in self.study.waves]
            + [f"config/hypotheses/{f}.yaml" for f in self.study.family_names]
            + ["config/config.yaml", LOCK, MULTIVERSE]
        )
        given = hashes(path for path in named if Path(path).exists()) | self._declared()
        return given | {f"export of wave {w.name}": export_hash(w) for w in self.study.waves}

    def _plugin(self, kind: str, name: str) -> dict[str, Any]:
        path = plugins(kind, self.study.folder)[name]
        shipped = path.is_relative_to(SHIPPED / "workflow")
        module = f"rejsens.{kind}.{name}" if shipped else str(path)
        saved_with = "rejsens.draw" if kind == "figures" else "rejsens.printed"
        return {
            "module": module,
            "tables": list(constant(path, "TABLES")),
            "study": self.study.facts,
            "depends": code(module, *JOB, saved_with),
        }

    @property
    def _statements(self) -> list[tuple[str, str]]:
        return statements(self.study.settings, [(wave.name, wave.settings) for wave in self.study.waves])

    def _set_aside(self, family: str) -> dict[str, Any] | None:
        """What can be told of a family that is not tested until its file is mended; None for the others."""
        aside = self.study.set_aside.get(family)
        if aside is None:
            return None
        return {"told": [problem.sentence() for problem in aside.problems], "readable": dict(aside.readable)}

    def _wave(self, name: str) -> Wave:
        return next(wave for wave in self.study.waves if wave.name == name)

    def _declared(self, waves: list[str] | None = None) -> dict[str, str]:
        """Sidecars and the instrument files they ask, in the languages in which they ask them."""
        names = [wave.name for wave in self.study.waves] if waves is None else waves
        return hashes([*(self._wave(name).path for name in names), *self._definitions(names)])

    def _predictions(self) -> dict[str, str]:
        """Files of what scales should show with each other: the shipped ones and the study's own."""
        return hashes([*files(PREDICTIONS, SHIPPED).values(), *files(PREDICTIONS, self.study.folder).values()])

    def _definitions(self, waves: list[str]) -> list[str]:
        asked = [(self._wave(name).language, instrument) for name in waves for instrument in self.study.asked[name]]
        files = {path for language, i in asked for path in (i.path, words_file(i, language))}
        return sorted(files - {""})


def script_of(rule: str) -> Path:
    """The adapter that a rule runs: it bears the rule's name, and figures in other sizes or of people share theirs.

    >>> [script_of(rule).stem for rule in ("score_wave", "draw_sized_figure", "draw_figure_of_people")]
    ['score_wave', 'draw_figure', 'draw_figure']
    """
    name = rule.replace("_sized", "").removesuffix("_of_people")
    return SHIPPED / "workflow" / "scripts" / f"{name}.py"


def _named(figures: Mapping[str, Path]) -> list[str]:
    """The finished tables that several figures name, each once."""
    return [TABLES[t] for t in dict.fromkeys(t for path in figures.values() for t in constant(path, "TABLES"))]
