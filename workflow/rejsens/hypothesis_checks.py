"""Families of hypotheses laid beside the study and the claim ledger. Read while Snakemake plans: no heavy import.

A family with a fault is set aside whole, and the rest of the study runs. Whole, because its correction counts its
hypotheses: without the one that is at fault the others would get smaller p values than were promised.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rejsens.declarations import load_yaml
from rejsens.hypotheses import DEFAULT, MODELS, Hypothesis, outcomes, predictors, unfit, variables
from rejsens.problems import Problem, did_you_mean, listed
from rejsens.registry import SHIPPED

if TYPE_CHECKING:
    from rejsens.definitions import Instrument
    from rejsens.study import Study

CORRECTIONS = ("holm", "benjamini-hochberg", "none")
AS_NUMBERS = ("outcome", "outcomes", "predictor", "predictors", "moderator", "mediator")
ROLES = {
    "outcome": "the outcome", "outcomes": "one of the outcomes", "predictor": "the predictor",
    "predictors": "one of the predictors", "moderator": "the moderator", "mediator": "the mediator",
    "covariates": "a covariate",
}  # fmt: skip


@dataclass(frozen=True)
class SetAside:
    """A family that is not tested until its file is mended.

    problems   its faults
    readable   what could be read of it, in the form of a family file: `family` is the file's name; each hypothesis has
               an id and, under `set_aside`, the reason why it is not tested
    content    the whole file, where it passes its schema; else None
    """

    problems: tuple[Problem, ...]
    readable: Mapping[str, Any]
    content: Mapping[str, Any] | None = None


def set_aside(name: str, problems: Sequence[Problem], content: Any, passes_schema: bool = False) -> SetAside:
    """One family with its faults; `content` is what the file holds, of whatever form."""
    marked = tuple(replace(problem, family=name) for problem in problems)
    return SetAside(marked, _readable(name, marked, content), content if passes_schema else None)


def family_problems(study: Study) -> dict[str, list[Problem]]:
    """Family -> its faults, for the families that pass their schema and do not fit the study or the ledger."""
    files_of: dict[str, list[str]] = {}
    for name, family in study.families.items():
        for hypothesis in family["hypotheses"]:
            files_of.setdefault(hypothesis["id"], []).append(name)
    found = {name: _own_problems(name, family, files_of) for name, family in study.families.items()}
    facts = Known.of(study)
    for name, family in study.families.items():
        found[name] += _auxiliary_problems(name, family, facts)
        for hypothesis in family["hypotheses"]:
            found[name] += _hypothesis_problems(f"{_file(name)} › {hypothesis['id']}", hypothesis, facts)
    return {name: problems for name, problems in found.items() if problems}


def _file(name: str) -> str:
    return f"config/hypotheses/{name}.yaml"


def _own_problems(name: str, family: Mapping[str, Any], files_of: Mapping[str, list[str]]) -> list[Problem]:
    """A name that is not the file's, ids that stand twice."""
    problems = []
    if family["family"] != name:
        found = f"the file says family “{family['family']}”"
        problems.append(Problem(_file(name), "File name and family differ", found, name, "rename one of them"))
    for key in dict.fromkeys(hypothesis["id"] for hypothesis in family["hypotheses"]):
        if len(files_of[key]) > 1:
            places = listed([_file(other) for other in files_of[key]])
            problems.append(
                Problem(places, "Two hypotheses with one id", f"“{key}”", "", "give each hypothesis its own id")
            )
    return problems


# --- what a hypothesis may name --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """What the study and the claim ledger hold, as the checks of a hypothesis ask for it."""

    study: Study
    scores: Mapping[str, Any]  # of people in waves, and of events with the kind before them
    of_events: tuple[str, ...]  # scores of single events, without the kind before them
    kinds: tuple[str, ...]
    waves: Mapping[str, tuple[int, ...]]  # score or background question -> numbers of the waves that ask it
    claims: tuple[str, ...]
    documents: Mapping[str, str]  # every way in which a document may be named -> its title

    @classmethod
    def of(cls, study: Study) -> Known:
        about_events = [i for i in study.instruments.values() if i.event]
        prefixed = {score.id: score for i in about_events for score in i.scores}
        bare = dict.fromkeys(score.id.removeprefix(f"{i.event}_") for i in about_events for score in i.scores)
        ledger = load_yaml(SHIPPED / "config" / "claims.yaml")
        return cls(
            study,
            dict(study.scores) | prefixed,
            tuple(bare),
            tuple(dict.fromkeys(i.event for i in about_events if i.event)),
            _waves(study),
            tuple(claim["id"] for claim in ledger["claims"]),
            ledger["documents"] | {slug(title): title for title in ledger["documents"].values()},
        )

    def names(self, hypothesis: Hypothesis) -> list[str]:
        """Everything that the hypothesis' model could name."""
        events = MODELS[hypothesis.get("model", DEFAULT)].of_events
        scores = [*self.study.scores, *self.of_events] if events else list(self.scores)
        return [*scores, *self.study.background]


def slug(title: str) -> str:
    """A document's title as family files name it.

    >>> slug("Micro-rejections: tiny dismissals")
    'micro-rejections-tiny-dismissals'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _waves(study: Study) -> dict[str, tuple[int, ...]]:
    """Score or background question -> the waves of the panel that ask it, by number."""
    asked: dict[str, list[int]] = {}
    for wave in study.waves:
        if study.roles[wave.name] != "wave":
            continue
        for instrument in study.asked[wave.name]:
            for name in _given_by(instrument):
                asked.setdefault(name, []).append(study.wave_numbers[wave.name])
    return {name: tuple(sorted(numbers)) for name, numbers in asked.items()}


def _given_by(instrument: Instrument) -> list[str]:
    return [given.id for given in (instrument.scores or instrument.items)]


# --- the checks of one hypothesis ------------------------------------------------------------------------------------


def _hypothesis_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """All faults of one hypothesis; what rests on its variables is asked when all of them are known."""
    problems = [*_setting_problems(place, hypothesis), *_claim_problems(place, hypothesis, known)]
    problems += _role_problems(place, hypothesis)
    unknown = _name_problems(place, hypothesis, known)
    if unknown:
        return problems + unknown
    checks: tuple[Callable[[str, Hypothesis, Known], list[Problem]], ...] = (
        _category_problems, _answer_problems, _order_problems,
    )  # fmt: skip
    return problems + [problem for check in checks for problem in check(place, hypothesis, known)]


def _setting_problems(place: str, hypothesis: Hypothesis) -> list[Problem]:
    """Keys that its model lacks or does not use."""
    kind = hypothesis.get("model", DEFAULT)
    lacking, useless = unfit(hypothesis)
    problems = [
        Problem(place, "Hypotheses that lack a setting", f"model “{kind}” needs “{key}”", "", "add it, or name another model")
        for key in lacking
    ] + [
        Problem(
            place, "Settings that a model has no use for", f"model “{kind}” does not use “{key}”",
            listed(MODELS[kind].keys), "remove it, or name another model",
        )
        for key in useless
    ]  # fmt: skip
    if hypothesis["covariates"] and not MODELS[kind].adjusts:  # the result would pass for an adjusted one
        cause, found = "Settings that a model has no use for", f"model “{kind}” does not adjust for covariates"
        problems.append(Problem(place, cause, found, "covariates: []", "remove them, or name another model"))
    return problems


def _claim_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """Claims and documents that the ledger does not hold."""
    problems = [
        Problem(
            f"{place} › claim_ids", "Hypotheses about an unknown claim", f"“{claim}”", "a claim of config/claims.yaml",
            did_you_mean(claim, known.claims) or "docs/claims.md lists them",
        )
        for claim in hypothesis["claim_ids"]
        if claim not in known.claims
    ]  # fmt: skip
    document = hypothesis["claim"]["document"]
    if document not in known.documents:
        allowed, hint = listed(list(known.documents)), did_you_mean(document, known.documents)
        problems.append(
            Problem(
                f"{place} › claim", "Quotations of an unknown document", f"“{document}”", allowed,
                hint or "name the document that the quotation is from",
            )
        )  # fmt: skip
    return problems


def _role_problems(place: str, hypothesis: Hypothesis) -> list[Problem]:
    """One variable in two roles: what is left of it is nothing, or the other role by itself.

    In a recovery the predictor only says when things got better, so that it may also be held equal.
    """
    held: dict[str, list[str]] = {}
    named = variables(hypothesis)
    if hypothesis.get("model") == "recovery":
        named.pop("predictor", None)
    for role, names in named.items():
        for name in names if role in ROLES else ():
            held.setdefault(name, []).append(role)
    return [
        Problem(
            place, "One variable in two roles",
            f"“{name}” stands twice among the covariates" if set(roles) == {"covariates"}
            else f"“{name}” is {' and '.join(ROLES[role] for role in dict.fromkeys(roles))}",
            "each variable once", "take it out of one of them, or correct the name",
        )
        for name, roles in held.items()
        if len(roles) > 1
    ]  # fmt: skip


def _auxiliary_problems(name: str, family: Mapping[str, Any], known: Known) -> list[Problem]:
    """Auxiliary variables that no wave gives."""
    names = [*known.scores, *known.study.background]
    return [
        Problem(
            f"{_file(name)} › auxiliary", "Auxiliary variables that are unknown scores", f"“{other}”", listed(names, 60),
            _no_such_score(other, known, names),
        )
        for other in family.get("auxiliary", ())
        if other not in names
    ]  # fmt: skip


def _name_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """Variables that no wave gives, kinds of event that nobody is asked about."""
    names = known.names(hypothesis)
    named = dict.fromkeys(name for own in variables(hypothesis).values() for name in own)
    problems = [
        Problem(
            place, "Hypotheses that name an unknown score", f"“{name}”", listed(names, 60),
            _no_such_score(name, known, names),
        )
        for name in named
        if name not in names
    ]  # fmt: skip
    return problems + [
        Problem(
            place, "Hypotheses that name an unknown kind of event", f"“{event}”", listed(list(known.kinds)),
            did_you_mean(event, known.kinds) or "ask about it with `as:` in a wave",
        )
        for event in hypothesis.get("contrast", ())
        if event not in known.kinds
    ]  # fmt: skip


def _no_such_score(name: str, known: Known, names: Iterable[str]) -> str:
    if name in known.of_events:
        models = listed([model for model, facts in MODELS.items() if facts.of_events])
        return f"it is a score of single events: name it with the kind of event before it, or use a model of events ({models})"
    return did_you_mean(name, names) or "no wave asks an instrument that gives this score"


def _category_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """Answers without an order whose codes would be added up: a wrong number that looks right."""
    named = [(role, name) for role, names in variables(hypothesis).items() for name in names if role in AS_NUMBERS]
    if hypothesis.get("model") == "difference_of_groups":
        named = [(role, name) for role, name in named if role != "predictor"]
    named += [("covariates", c["name"]) for c in hypothesis["covariates"] if c["type"] == "number"]
    cause = "Categories that would be taken for numbers"
    problems = []
    for role, name in named:
        item = known.study.background.get(name)
        if item is None or item.type != "category" or len(item.labels) < 3:
            continue
        found = f"{ROLES[role]} “{name}” has {len(item.labels)} answers without an order: {item.allowed}"
        if role == "covariates":
            problems.append(Problem(place, cause, found, "`type: category`", "state it"))
        else:
            fix = "compare two of its answers (`model: difference_of_groups`), or keep to one of them (`where:`)"
            problems.append(Problem(place, cause, found, "a score, a number or a question with two answers", fix))
    return problems


def _answer_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """Answers named in `where`, `groups` and `at_least` that nobody can give."""
    named = [("where", name, value) for name, value in hypothesis.get("where", {}).items()]
    named += [("groups", name, value) for name in predictors(hypothesis)[:1] for value in hypothesis.get("groups", ())]
    named += [("at_least", name, hypothesis["at_least"]) for name in outcomes(hypothesis) if "at_least" in hypothesis]
    return [
        Problem(
            f"{place} › {key}", "Answers that nobody can give", f"“{name}” {value:g}", _allowed(name, known),
            "name one of these",
        )
        for key, name, value in named
        if not _can_be(name, value, known)
    ]  # fmt: skip


def _can_be(name: str, value: float, known: Known) -> bool:
    item = known.study.background.get(name)
    if item is not None and item.type == "category":
        return value in item.labels
    given = item or known.scores.get(name)
    return given is None or given.low <= value <= given.high  # scores of events without a kind have no range here


def _allowed(name: str, known: Known) -> str:
    item = known.study.background.get(name)
    given = item or known.scores[name]
    return item.allowed if item else f"{given.low:g} to {given.high:g}"


def _order_problems(place: str, hypothesis: Hypothesis, known: Known) -> list[Problem]:
    """A moderator or mediator that is only asked when it is too late for what it should come before."""
    if MODELS[hypothesis.get("model", DEFAULT)].of_events:
        return []
    problems = []
    outcome, predictor = (known.waves.get(hypothesis.get(role) or "", ()) for role in ("outcome", "predictor"))
    together = sorted(set(outcome) & set(predictor))
    moderator, mediator = (known.waves.get(hypothesis.get(role) or "", ()) for role in ("moderator", "mediator"))
    if moderator and together and moderator[0] > together[0]:
        problems.append(_late(place, "moderator", hypothesis, moderator[0], "outcome", together[0]))
    if mediator and outcome and mediator[0] > outcome[-1]:
        problems.append(_late(place, "mediator", hypothesis, mediator[0], "outcome", outcome[-1]))
    if mediator and predictor and predictor[0] > mediator[-1]:
        problems.append(_late(place, "predictor", hypothesis, predictor[0], "mediator", mediator[-1]))
    return problems


def _late(place: str, role: str, hypothesis: Hypothesis, asked: int, before: str, wave: int) -> Problem:
    found = f"{ROLES[role]} “{hypothesis[role]}” is first asked in wave {asked}, after {ROLES[before]} in wave {wave}"
    allowed = f"asked in wave {wave} or before"
    fix = f"name another {role}, or ask it earlier: it cannot come before what was measured before it"
    return Problem(place, "Measured too late for its role", found, allowed, fix)


# --- what can be told of a family that is set aside ------------------------------------------------------------------


def _readable(name: str, problems: Sequence[Problem], content: Any) -> dict[str, Any]:
    """The hypotheses of a file at fault whose ids can be read, each with what can be read of it and the reason."""
    family = content if isinstance(content, dict) else {}
    stated = family.get("hypotheses")
    entries = stated if isinstance(stated, list) else []
    known = {str(h["id"]): h for h in entries if isinstance(h, dict) and isinstance(h.get("id"), str)}
    return {
        "family": name,
        "title": _text(family, "title") or name,
        "correction": family.get("correction") if family.get("correction") in CORRECTIONS else "none",
        "confirmatory": family.get("confirmatory") is True,
        "hypotheses": [_legible(h) | {"set_aside": _reason(key, problems)} for key, h in known.items()],
    }


def _legible(hypothesis: Mapping[str, Any]) -> dict[str, Any]:
    """A hypothesis in the form of the schema, whatever stands in the file."""
    claim, claims = hypothesis.get("claim"), hypothesis.get("claim_ids")
    claim, claims = claim if isinstance(claim, dict) else {}, claims if isinstance(claims, list) else []
    sesoi, direction = hypothesis.get("sesoi"), hypothesis.get("direction")
    named = {key: hypothesis[key] for key in ("outcome", "predictor") if isinstance(hypothesis.get(key), str)}
    named |= {
        key: [str(name) for name in hypothesis[key]]
        for key in ("outcomes", "predictors", "contrast")
        if isinstance(hypothesis.get(key), list)
    }
    return named | {
        "id": hypothesis["id"],
        "label": _text(hypothesis, "label") or hypothesis["id"],
        "claim": {key: _text(claim, key) for key in ("quotation", "document")},
        "claim_ids": [claim for claim in claims if isinstance(claim, str)],
        "estimand": _text(hypothesis, "estimand"),
        "covariates": [],
        "sesoi": float(sesoi) if isinstance(sesoi, (int, float)) and not isinstance(sesoi, bool) else math.nan,
        "claim_type": _text(hypothesis, "claim_type") or "difference",
        "direction": direction if direction in ("positive", "negative") else "",
        "exploratory": hypothesis.get("exploratory") is True,
    }


def _text(content: Mapping[str, Any], key: str) -> str:
    return content[key] if isinstance(content.get(key), str) else ""


def _reason(hypothesis: str, problems: Sequence[Problem]) -> str:
    """Why a hypothesis is not tested: its own faults, or the first of its family."""
    own = [problem for problem in problems if hypothesis in problem.where.split(" › ")]
    faults = [f"{p.cause[0].lower()}{p.cause[1:]}: {p.found}" for p in own or problems[:1]]
    place = "" if own else f"{problems[0].where.partition(' › ')[2] or problems[0].where}: "
    return f"its family is set aside until the file is mended ({place}{'; '.join(faults)})"
