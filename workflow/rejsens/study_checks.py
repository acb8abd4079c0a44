"""What only shows when the declarations of a study are laid side by side. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rejsens.declarations import load_settings, read_yaml
from rejsens.definitions import load_instruments
from rejsens.problems import Problem, collect, did_you_mean, listed
from rejsens.registry import SHIPPED, TABLES, constant, files, own_plugins
from rejsens.sidecars import Wave
from rejsens.translations import in_language

if TYPE_CHECKING:
    from rejsens.study import Study


def file_problems(folder: Path) -> list[Problem]:
    """A study without waves, and waves without their sidecar."""
    problems = [
        Problem(
            str(path),
            "A wave without a sidecar",
            f"{name}.yaml does not exist",
            "",
            "write the sidecar, or put an underscore before the file's name to leave it out",
        )
        for name, path in files("data/waves/*.csv", folder).items()
        if not path.with_suffix(".yaml").exists()
    ]
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
    return problems


def wave_problems(study: Study) -> list[Problem]:
    """Sidecars that do not fit together, or not with the screening rules."""
    waves = list(study.waves)
    screening = _screening_problems(study.settings.get("screening", ()), waves)
    across = _same_export_problems(waves) + _key_problems(waves)
    return _retest_problems(waves) + screening + _date_problems(waves) + across


def instrument_problems(study: Study) -> list[Problem]:
    """What the waves ask, against one another and against the label maps, and the translations of it."""
    found = [*_range_problems(study), *_label_problems(study), *_early_problems(study)]
    return found + _translation_problems(study)


def name_problems(study: Study) -> list[Problem]:
    """Settings and predictions that name what no wave gives."""
    return [*(_shown_problems(study) if study.settings else ()), *_prediction_problems(study)]


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
    ] + [
        Problem(
            f"{wave.path} › collected",
            "A retest that does not come later",
            f"it began on {wave.collected['from']}",
            f"after {first.collected['from']}, when wave {first.name} began",
            "correct the days, or `retest_of:`",
        )
        for wave in waves
        for first in waves
        if wave.role == "retest" and wave.retest_of == first.name and wave.collected["from"] <= first.collected["from"]
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
        if days["from"] and days["to"] and days["from"] > days["to"]:
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


def _translation_problems(study: Study) -> list[Problem]:
    """Faults of the translations in which a wave was asked, and of all that stand in the study's own folder."""
    problems: list[Problem] = []
    for wave in study.waves:
        for instrument in study.asked.get(wave.name, ()):
            own = [tag for tag, path in instrument.translations.items() if not Path(path).is_relative_to(SHIPPED)]
            for language in dict.fromkeys([wave.language, *own]):
                collect(problems, in_language, instrument, language)
    return list(dict.fromkeys(problems))


def _shown_problems(study: Study) -> list[Problem]:
    """Names that the study itself asks to show and that nothing gives; the shipped lists are only suggestions."""
    shipped = load_settings(SHIPPED)
    problems = []
    categories = {name: item for name, item in study.background.items() if item.type == "category"}
    shown: dict[str, Sequence[Any]] = {
        name: (study.settings[name], shipped[name]) for name in ("sample_table", "scores_shown")
    }
    shown["invariance"] = tuple(settings["invariance"].get("groups", ()) for settings in (study.settings, shipped))
    shown["marker"] = tuple(list(filter(None, [settings["marker"]])) for settings in (study.settings, shipped))
    known_of = {"sample_table": study.background, "scores_shown": study.scores, "invariance": categories}
    known_of["marker"] = study.scores
    for setting, (named, suggested) in shown.items():
        known = known_of[setting]
        for unknown in (n for n in named if n not in known and named != suggested):
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


DRAWN_OF = ("study", "instrument", "family")  # what a figure is drawn for: once, for each instrument, for each family


def plugin_problems(folder: Path) -> list[Problem]:
    """Mistakes in a study's own figure and table modules that would otherwise surface as a programmer's message."""
    problems = []
    for kind, needed in (("figures", ("TABLES", "SHOWS_PEOPLE")), ("tables", ("TABLES",))):
        for path in own_plugins(kind, folder):
            cause = f"Faults in the study's own {kind}"
            try:
                compile(path.read_text(encoding="utf-8"), str(path), "exec")
                stated = {name: constant(path, name) for name in needed} | {"OF": constant(path, "OF", "study")}
            except SyntaxError as error:
                problems.append(Problem(str(path), cause, f"line {error.lineno} is not Python", "", "correct the line"))
                continue
            except (LookupError, ValueError) as error:
                advice = f"docs/add-a-figure.md shows {' and '.join(needed)}"
                problems.append(Problem(str(path), cause, str(error).removeprefix(f"{path} "), "", advice))
                continue
            if stated["OF"] not in DRAWN_OF:
                advice = "say one of them, or leave the line out"
                problems.append(Problem(f"{path} › OF", cause, f"“{stated['OF']}”", listed(list(DRAWN_OF)), advice))
            if not isinstance(stated["TABLES"], (tuple, list)):
                found, advice = f"“{stated['TABLES']}” is no list of names", 'write TABLES = ("flow",), with its comma'
                problems.append(Problem(f"{path} › TABLES", cause, found, "", advice))
                continue
            for unknown in (name for name in stated["TABLES"] if name not in TABLES):
                advice = did_you_mean(unknown, TABLES) or "name a table of the pipeline"
                problems.append(
                    Problem(f"{path} › TABLES", cause, f"“{unknown}” is no table", listed(list(TABLES), 40), advice)
                )
    return problems


def _prediction_problems(study: Study) -> list[Problem]:
    """The study's own predictions that name a score which no instrument has; one that is only not asked is no fault."""
    problems: list[Problem] = []
    named = []
    for path in files("*.yaml", Path(study.folder) / "schemas/predictions").values():
        content = collect(problems, read_yaml, path, "predictions") or {}
        entries = [*content.get("predictions", ()), *content.get("discriminant", ())]
        ends = [(f"{path} › {entry['id']}", entry[end]) for entry in entries for end in ("score", "with")]
        named += [(where, name) for where, name in ends if name not in study.scores]
    if not named:
        return problems
    folders = (SHIPPED / "schemas/instruments", Path(study.folder) / "schemas/instruments")
    instruments = collect(problems, load_instruments, folders) or {}
    known = [*study.scores, *(score.id for one in instruments.values() for score in one.scores)]
    return problems + [
        Problem(
            where,
            "Predictions that name an unknown score",
            f"“{name}”",
            "a score of an instrument, whether or not a wave asks it",
            did_you_mean(name, known) or "correct it; `codebook` in the results lists the scores of what is asked",
        )
        for where, name in named
        if name not in known
    ]
