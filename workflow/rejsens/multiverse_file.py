"""config/multiverse.yaml: choices that could have been made otherwise. Read while Snakemake plans: no heavy import."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rejsens.declarations import read_yaml
from rejsens.hypotheses import DEFAULT, variables
from rejsens.problems import Problem, collect, did_you_mean, listed

if TYPE_CHECKING:
    from rejsens.study import Study

FILE = "config/multiverse.yaml"
CHOICES = ("exclusions", "scoring", "items", "scores", "covariates", "missing", "outliers", "model")
MODELS = ("association", "correlation", "moderation", "contrast_of_outcomes", "contrast_of_predictors")
MOST_CROSSED = 100_000
Multiverse = Mapping[str, Any]


def load_multiverse(folder: Path | str = ".") -> Multiverse | None:
    """The parsed file; None where the study has none. Raises Refused when it breaks its schema."""
    path = Path(folder) / FILE
    return read_yaml(path, "multiverse") if path.exists() else None


def options(multiverse: Multiverse, choice: str) -> list[Mapping[str, Any]]:
    """Options of a choice, the declared one first; a choice that the file leaves out has that one alone."""
    return multiverse["choices"].get(choice, [{"label": "as declared"}])


def hypotheses_of(multiverse: Multiverse | None, family: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The hypotheses of one family that the file names."""
    return [h for h in family["hypotheses"] if multiverse and h["id"] in multiverse["hypotheses"]]


def multiverse_problems(study: Study) -> list[Problem]:
    """Faults of the file, or what it names and nothing gives; none where there is no file."""
    problems: list[Problem] = []
    found = collect(problems, load_multiverse, study.folder)
    if found is None:
        return problems
    return [
        *_first_problems(found),
        *_hypothesis_problems(found, study),
        *_rule_problems(found, study),
        *_item_problems(found, study),
        *_name_problems(found, study),
    ]


def _first_problems(multiverse: Multiverse) -> list[Problem]:
    """The first option is the declared one; labels tell options apart; the crossing can be counted."""
    problems = []
    for choice in multiverse["choices"]:
        first, *_ = own = options(multiverse, choice)
        labels = [option["label"] for option in own]
        if set(first) != {"label"}:
            fix = "put an option that states only its label first: it is what the study declares elsewhere"
            found = f"it states {listed([k for k in first if k != 'label'])}"
            problems.append(
                Problem(f"{FILE} › {choice}", "A first option that is not the declared one", found, "", fix)
            )
        problems += [
            Problem(f"{FILE} › {choice}", "Two options with one label", f"“{label}”", "", "name them apart")
            for label in sorted({label for label in labels if labels.count(label) > 1})
        ]
        problems += [
            Problem(f"{FILE} › {choice} › {option['label']}", "Options that change nothing", "it states only a label", "",
                    "say what differs, or remove it")
            for option in own[1:]
            if set(option) == {"label"}
        ]  # fmt: skip
    crossed = math.prod(len(options(multiverse, choice)) for choice in CHOICES)
    if crossed > MOST_CROSSED:
        found = f"{crossed:,} combinations"
        problems.append(Problem(FILE, "Too many options", found, f"up to {MOST_CROSSED:,}", "leave some out"))
    return problems


def _unknown(place: str, cause: str, names: Iterable[str], known: Iterable[str], otherwise: str) -> list[Problem]:
    known = list(known)
    return [
        Problem(f"{FILE} › {place}", cause, f"“{name}”", listed(known, 40), did_you_mean(name, known) or otherwise)
        for name in dict.fromkeys(names)
        if name not in known
    ]


def _hypothesis_problems(multiverse: Multiverse, study: Study) -> list[Problem]:
    declared = {h["id"]: h for family in study.families.values() for h in family["hypotheses"]}
    named = [name for name in multiverse["hypotheses"] if name not in study.hypotheses_aside]
    if any(not family.readable["hypotheses"] for family in study.set_aside.values()):
        named = [name for name in named if name in declared]  # it may stand in the file that cannot be read
    problems = _unknown("hypotheses", "A hypothesis that no family declares", named, declared, "name one of these")
    return problems + [
        Problem(
            f"{FILE} › hypotheses › {name}", "A model that is not made in several ways", f"“{kind}”", listed(MODELS),
            "leave the hypothesis out here",
        )
        for name in named
        if (kind := declared.get(name, {}).get("model", DEFAULT)) not in MODELS
    ]  # fmt: skip


def _rule_problems(multiverse: Multiverse, study: Study) -> list[Problem]:
    """Screening rules that nobody declared, that do otherwise already, or without which a person has two rows."""
    rules = {rule["id"]: rule for rule in study.settings.get("screening", ())}
    problems = []
    for option in options(multiverse, "exclusions"):
        place = f"exclusions › {option['label']}"
        named = [*option.get("keep", ()), *option.get("leave_out", ()), *option.get("change", ())]
        problems += _unknown(place, "A screening rule that nobody declared", named, rules, "name one of these")
        problems += [
            Problem(f"{FILE} › {place} › {name}", "Second rows of one person cannot be kept", f"“keep: {name}”", "",
                    "leave this rule out of `keep:`")
            for name in option.get("keep", ())
            if rules.get(name, {}).get("check") == "duplicate_participant"
        ]  # fmt: skip
        problems += [
            Problem(f"{FILE} › {place} › {name}", "A screening rule that does so already",
                    f"“{name}” has `action: {wanted}`", "", "remove it here")
            for key, wanted in (("keep", "flag"), ("leave_out", "exclude"))
            for name in option.get(key, ())
            if rules.get(name, {}).get("action") == wanted
        ]  # fmt: skip
    return problems


def _item_problems(multiverse: Multiverse, study: Study) -> list[Problem]:
    """Items that no score counts, and scores that would have none left."""
    known = {item for i in study.instruments.values() for score in i.scores for item in items_of(score)}
    problems = []
    for option in options(multiverse, "items"):
        removed, place = set(option.get("remove", ())), f"items › {option['label']}"
        problems += _unknown(
            place, "An item that no score counts", option.get("remove", ()), sorted(known), "remove it"
        )
        problems += [
            Problem(f"{FILE} › {place}", "A score without items", f"“{score.id}” would have none left", "", "keep some")
            for i in study.instruments.values()
            for score in i.scores
            if items_of(score) and not set(items_of(score)) - removed
        ]
    return problems


def items_of(score: Any) -> tuple[str, ...]:
    """Items that a score counts itself: those of its pairs, or its own; none where it is made of other scores."""
    return tuple(item for pair in score.pairs for item in pair) or tuple(score.items)


def _name_problems(multiverse: Multiverse, study: Study) -> list[Problem]:
    known = [*study.scores, *study.background]
    known += [score.id for i in study.instruments.values() if i.event for score in i.scores]
    declared = [h for family in study.families.values() for h in hypotheses_of(multiverse, family)]
    covariates = sorted({name for h in declared for name in variables(h).get("covariates", ())})
    problems = []
    for option in options(multiverse, "scores"):
        names = [name for pair in option.get("instead", {}).items() for name in pair]
        problems += _unknown(
            f"scores › {option['label']}", "A score that nothing gives", names, known, "no wave asks it"
        )
    for option in options(multiverse, "covariates"):
        place = f"covariates › {option['label']}"
        added = [covariate["name"] for covariate in option.get("add", ())]
        problems += _unknown(place, "A covariate that nothing gives", added, known, "no wave asks it")
        if option.get("without") not in (None, "all") and not study.set_aside:  # a file that is at fault may have it
            cause = "A covariate that these hypotheses do not have"
            problems += _unknown(place, cause, option["without"], covariates, "remove it")
        if option.get("possible_mediator") and not added:
            fix = "add it under `add:`, or take `possible_mediator:` out"
            problems.append(
                Problem(f"{FILE} › {place}", "A possible mediator that is not named", "nothing is added", "", fix)
            )
    return problems
