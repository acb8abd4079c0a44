"""Instruments as frozen objects, as their YAML files define them; `administration.py` makes what a wave asked of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rejsens.declarations import read_yaml
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import SHIPPED, instrument_files, translation_files

# Answers to an item up to which it is taken as ordered; with five and more, maximum likelihood with corrected errors
# serves (Rhemtulla, Brosseau-Liard & Savalei, 2012, 10.1037/a0029315), and keeps incomplete rows.
ORDERED_UP_TO = 4


@dataclass(frozen=True)
class AskedIf:
    """An item is asked of people whose answer to any of these items is `at_least` this; to others it does not apply."""

    any_of: tuple[str, ...]
    at_least: float


@dataclass(frozen=True)
class Item:
    """One question as administered. `low` and `high` are the theoretical range, never the observed one."""

    id: str
    label: str
    low: float
    high: float
    reverse: bool = False
    already_reversed: bool = False
    type: str = "scale"  # scale: whole numbers from low to high; number; category: the codes in `labels`
    labels: Mapping[float, str] = field(default_factory=dict)
    missing_codes: tuple[float, ...] = ()
    not_applicable: tuple[float, ...] = ()
    role: str | None = None
    measures: tuple[str, ...] = ()
    wording: str | None = None
    instructed: float | None = None
    choice_of: str | None = None  # the question of which this is one tick box
    row_of: str | None = None  # the question of which this is one row, where that is not the instrument's stem
    asked_if: AskedIf | None = None  # None: asked of everybody

    @property
    def must_be_reversed(self) -> bool:
        return self.reverse and not self.already_reversed

    @property
    def allowed(self) -> str:
        if self.type == "category":
            return ", ".join(f"{code:g} ({label})" for code, label in self.labels.items())
        kind = "" if self.type == "number" else "whole numbers "
        extra = (
            f", or {listed([f'{c:g}' for c in self.not_applicable])} for not applicable" if self.not_applicable else ""
        )
        return f"{kind}{self.low:g} to {self.high:g}{extra}"


@dataclass(frozen=True)
class Score:
    """One number computed from items. `min_answered` counts items, or pairs for a product score."""

    id: str
    label: str
    method: str
    items: tuple[str, ...]
    min_answered: int
    low: float
    high: float
    higher_means: str
    model: str
    pairs: tuple[tuple[str, str], ...] = ()
    of: tuple[str, ...] = ()
    multiply: float = 1.0
    at_least: float = 1.0
    weights: Mapping[float, float] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    expects: Mapping[str, str] = field(default_factory=dict)
    change: str | None = None
    norms: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Model:
    """A factor model of keyed items. `score`: it models what that score adds up, one factor; "" where the file declares it."""

    id: str
    label: str
    structure: str  # as `psychometrics.cfa` calls it: one_factor, correlated, second_order, bifactor, method
    factors: Mapping[str, tuple[str, ...]]  # factor -> item ids; of a product score, the items rated for concern
    score: str = ""
    residual_covariances: tuple[tuple[str, str], ...] = ()

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for own in self.factors.values() for item in own))


@dataclass(frozen=True)
class Instrument:
    """An instrument as defined, or (after `administer`) as one wave asked it."""

    id: str
    title: str
    version: str
    items: tuple[Item, ...]
    scores: tuple[Score, ...]
    models: tuple[Model, ...] = ()
    measures: tuple[str, ...] = ()
    window: str = ""
    stem: str | None = None
    questions: Mapping[str, str] = field(default_factory=dict)  # questions with tick boxes or rows: id -> wording
    events: Mapping[str, str] = field(
        default_factory=dict
    )  # kind of event -> how it is asked for; none: about the person
    from_wave: int = 1  # the first wave that can ask it
    citation: str = ""
    doi: str | None = None
    licence: Mapping[str, Any] = field(default_factory=dict)
    key: Mapping[str, Any] = field(default_factory=dict)
    status_line: str | None = None
    settings_required: tuple[str, ...] = ()
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order_keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    anchor_direction: str = "ascending"
    examples: tuple[Mapping[str, Any], ...] = ()
    path: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)  # language -> file with its words in that language
    language: str = ""  # of the words, where they are not the source's: see `translations.translated`
    shipped: bool = True
    name: str = ""  # as administered: id, or prefix_id
    event: str | None = None  # as administered: the kind of event that the answers are about
    order: str | None = None
    codes_descend: bool = False  # the wave's codes run against the definition's and are turned at import
    columns: tuple[str, ...] = ()  # canonical item ids in the order in which the wave presents them
    range_changed: bool = False
    risk_protocol: str | None = (
        None  # who reads answers about self-harm and reaches a person at risk, as the wave states it
    )
    permission: str | None = None  # by whose permission the wave asked a form whose rights are sold

    @property
    def user_supplied(self) -> bool:
        return not self.shipped or self.key.get("status") == "user_supplied"

    @property
    def file(self) -> str:
        """The definition's place as a researcher knows it, the same on every machine."""
        return f"schemas/instruments/{Path(self.path).name}"

    @cached_property
    def _by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    def item(self, item_id: str) -> Item:
        return self._by_id[item_id]

    def items_of(self, score: Score) -> tuple[Item, ...]:
        """The items of a score; of a score over subscales, those of its subscales one after the other."""
        if score.of:
            return tuple(item for part in self.scores if part.id in score.of for item in self.items_of(part))
        return tuple(self.item(i) for i in score.items)

    def may_not_apply(self, score: Score) -> bool:
        """Whether somebody may lack the score without having left a question out: nothing applied, or nothing is shared.

        Scores of events are of events that happened; who met none has no row of them.
        """
        conditional = any(item.not_applicable or item.asked_if for item in self.items_of(score))
        return not self.event and (conditional or score.method == "max_share")


def load_instruments(
    folders: Iterable[Path | str] = (SHIPPED / "schemas" / "instruments",), only: Iterable[str] | None = None
) -> dict[str, Instrument]:
    """Every instrument in the folders, by id; a later folder is a study's own and must say `replaces:` to take an id.

    folders   the shipped folder first; folders that do not exist are skipped
    only      ids to load; all of them when None
    returns   id -> Instrument
    raises    Refused with the faults of all files
    """
    instruments: dict[str, Instrument] = {}
    problems: list[Problem] = []
    shipped_folder = (SHIPPED / "schemas" / "instruments").resolve()
    # the repository is a study too, and its instruments are the shipped ones
    places = [f for k, f in enumerate(map(Path, folders)) if not k or f.resolve() != shipped_folder]
    for position, folder in enumerate(places):
        for name, path in instrument_files(folder).items():
            if only is not None and name not in only:
                continue
            try:
                content = read_yaml(path, "instrument")
                instrument = instrument_from(content, str(path), shipped=position == 0)
            except Refused as refused:
                problems += refused.problems
                continue
            if instrument.id in instruments and content.get("replaces") != instrument.id:
                problems.append(
                    Problem(
                        str(path),
                        "Two instruments with one id",
                        f"“{instrument.id}” is defined already",
                        "",
                        f"give it another id, or state `replaces: {instrument.id}`",
                    )
                )
            instruments[instrument.id] = instrument
        for (name, language), path in translation_files(folder).items():
            if name in instruments:  # a study may translate a shipped instrument; one that it replaces starts anew
                known = {**instruments[name].translations, language: str(path)}
                instruments[name] = replace(instruments[name], translations=known)
            elif not any(name in instrument_files(place) for place in places):
                problems.append(_translation_of_nothing(path, name, places))
    if problems:
        raise Refused(problems, "The instrument definitions")
    return instruments


def _translation_of_nothing(path: Path, name: str, places: Iterable[Path]) -> Problem:
    known = sorted({stem for place in places for stem in instrument_files(place)})
    return Problem(
        str(path),
        "A translation of an instrument that is not there",
        f"there is no instrument “{name}”",
        "",
        did_you_mean(name, known) or "name the file INSTRUMENT.LANGUAGE.yaml, such as mreii_impact.de.yaml",
    )


def instrument_from(content: Mapping[str, Any], path: str = "", shipped: bool = True) -> Instrument:
    """Build one Instrument from its YAML; refuse what the JSON Schema cannot see (unknown items, ranges that disagree)."""
    answers = content.get("answers", {})
    items = tuple(_item(item, answers) for item in content["items"])
    ids = [item.id for item in items]
    problems = [
        Problem(path, "Items defined twice", i, "", "give each item one id")
        for i in {x for x in ids if ids.count(x) > 1}
    ]
    if Path(path).stem not in ("", content["id"]):
        problems.append(
            Problem(path, "File name and id differ", f"the file says id “{content['id']}”", "", "rename one of them")
        )
    for name, order in content.get("orders", {}).items():
        if sorted(order) != sorted(ids):
            problems.append(
                Problem(
                    f"{path} › orders › {name}",
                    "An item order is incomplete",
                    f"it lists {len(order)} of {len(ids)} items",
                    "each item once",
                    "complete it",
                )
            )
    scores, score_problems = _scores(content, {item.id: item for item in items}, path)
    models, model_problems = _models(content, scores, [item.id for item in items], path)
    problems += score_problems + model_problems + _reference_problems(content, items, path)
    if problems:
        raise Refused(problems, path)
    tuples: dict[str, Any] = {k: tuple(content.get(k, ())) for k in ("measures", "settings_required", "examples")}
    return Instrument(
        id=content["id"],
        name=content["id"],
        title=content["title"],
        version=str(content["version"]),
        items=items,
        scores=scores,
        models=models,
        window=content.get("window", ""),
        stem=content.get("stem"),
        questions=content.get("questions", {}),
        events=content.get("events", {}),
        from_wave=content.get("from_wave", 1),
        citation=content.get("citation", ""),
        doi=content.get("doi"),
        licence=content.get("licence", {}),
        key=content.get("key", {}),
        status_line=content.get("status_line"),
        orders={k: tuple(v) for k, v in content.get("orders", {}).items()},
        order_keys={k: tuple(v) for k, v in content.get("order_keys", {}).items()},
        anchor_direction=answers.get("anchor_direction", "ascending"),
        path=path,
        shipped=shipped,
        columns=tuple(ids),
        **tuples,
    )


def _item(content: Mapping[str, Any], defaults: Mapping[str, Any]) -> Item:
    answers = {**defaults, **content.get("answers", {})}
    labels = {float(code): str(label) for code, label in answers.get("labels", {}).items()}
    applicable = [code for code in labels if code not in map(float, answers.get("not_applicable", ()))]
    return Item(
        id=content["id"],
        label=content["label"],
        reverse=content.get("reverse", False),
        low=float(answers.get("min", min(applicable, default=-math.inf))),
        high=float(answers.get("max", max(applicable, default=math.inf))),
        type=content.get("type", "scale"),
        labels=labels,
        role=content.get("role"),
        missing_codes=tuple(map(float, answers.get("missing_codes", ()))),
        not_applicable=tuple(map(float, answers.get("not_applicable", ()))),
        measures=tuple(content.get("measures", ())),
        wording=content.get("wording"),
        instructed=content.get("instructed"),
        choice_of=content.get("choice_of"),
        row_of=content.get("row_of"),
        asked_if=_asked_if(content.get("asked_if")),
    )


def _asked_if(content: Mapping[str, Any] | None) -> AskedIf | None:
    return AskedIf(tuple(content["any_of"]), float(content["at_least"])) if content else None


def _reference_problems(content: Mapping[str, Any], items: Iterable[Item], path: str) -> list[Problem]:
    """Questions and items that an item refers to and that the file does not hold."""
    items = list(items)
    known = {
        "Unknown questions": list(content.get("questions", {})),
        "Unknown items": [item.id for item in items],
    }
    named = [
        (item, cause, name)
        for item in items
        for cause, names in (
            ("Unknown questions", filter(None, (item.choice_of, item.row_of))),
            ("Unknown items", item.asked_if.any_of if item.asked_if else ()),
        )
        for name in names
    ]
    return [
        Problem(
            f"{path} › items › {item.id}",
            cause,
            f"“{name}”",
            listed(known[cause], 40),
            did_you_mean(name, known[cause]) or "correct the name",
        )
        for item, cause, name in named
        if name not in known[cause]
    ]


def _scores(
    content: Mapping[str, Any], items: Mapping[str, Item], path: str
) -> tuple[tuple[Score, ...], list[Problem]]:
    scores: dict[str, Score] = {}
    problems: list[Problem] = []
    for entry in content.get("scores", ()):
        where = f"{path} › scores › {entry['id']}"
        score = _score(entry, items)
        if faults := _unknown_parts(score, items, scores, where) or _no_amount(score, items, scores, where):
            problems += faults
            continue
        problems += _range_problems(score, items, scores, where)
        scores[score.id] = score
    return tuple(scores.values()), problems


def _score(entry: Mapping[str, Any], items: Mapping[str, Item]) -> Score:
    pairs = tuple((a, b) for a, b in entry.get("pairs", ()))
    of = tuple(entry.get("of", ()))
    named = [i for pair in pairs for i in pair] or entry.get("items", [] if of else "all")
    return Score(
        id=entry["id"],
        label=entry["label"],
        method=entry["method"],
        items=tuple(items) if named == "all" else tuple(named),
        pairs=pairs,
        of=of,
        min_answered=entry["min_answered"],
        low=float(entry["range"][0]),
        high=float(entry["range"][1]),
        higher_means=entry["higher_means"],
        model=entry["model"],
        multiply=float(entry.get("multiply", 1)),
        at_least=float(entry.get("at_least", 1)),
        weights={float(k): float(v) for k, v in entry.get("weights", {}).items()},
        measures=tuple(entry.get("measures", ())),
        expects=entry.get("expects", {}),
        change=entry.get("change"),
        norms=tuple(entry.get("norms", ())),
    )


def _unknown_parts(score: Score, items: Mapping[str, Item], scores: Mapping[str, Score], where: str) -> list[Problem]:
    """Items that the file does not hold, or scores that it does not define above this one."""
    if unknown := [i for i in score.items if i not in items]:
        advice = did_you_mean(unknown[0], items)
        return [Problem(where, "Unknown items", listed(unknown), listed(list(items), 40), advice)]
    if unknown := [s for s in score.of if s not in scores]:
        advice = "define these scores above this one"
        return [Problem(where, "Unknown scores", listed(unknown), listed(list(scores), 40), advice)]
    return []


def _no_amount(score: Score, items: Mapping[str, Item], scores: Mapping[str, Score], where: str) -> list[Problem]:
    """A share needs amounts, which begin at zero."""
    lows = {scores[s].low for s in score.of} | {items[i].low for i in score.items}
    if score.method != "max_share" or not lows - {0.0}:
        return []
    return [
        Problem(
            where,
            "A share of answers that have no zero",
            f"the lowest code is {listed([f'{low:g}' for low in sorted(lows)])}",
            "0, so that the answers add up to an amount",
            "use another method, or codes that begin at 0",
        )
    ]


def _range_problems(score: Score, items: Mapping[str, Item], scores: Mapping[str, Score], where: str) -> list[Problem]:
    computed = theoretical_range(score, items, scores)
    if all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(computed, (score.low, score.high), strict=True)):
        return []
    return [
        Problem(
            where,
            "A declared range that the items cannot give",
            f"{score.low:g} to {score.high:g}",
            f"{computed[0]:g} to {computed[1]:g} follows from the items",
            "correct the range or the items",
        )
    ]


def _models(
    content: Mapping[str, Any], scores: Iterable[Score], items: list[str], path: str
) -> tuple[tuple[Model, ...], list[Problem]]:
    """One factor for each reflective score of three items or products and more, then what the file declares."""
    by_id = {score.id: score for score in scores}
    reflective = {  # the first of several scores of the same parts, such as a sum and a mean
        (score.pairs or score.items): score for score in reversed(by_id.values()) if score.model == "reflective"
    }
    models = [
        Model(
            score.id, score.label, "one_factor", {score.id: tuple(a for a, _ in score.pairs) or score.items}, score.id
        )
        for parts, score in reversed(reflective.items())
        if len(parts) > 2
    ]
    problems = []
    for entry in content.get("models", ()):
        named = {factor: (own,) if isinstance(own, str) else tuple(own) for factor, own in entry["factors"].items()}
        known = [*by_id, *items]
        where = f"{path} › models › {entry['id']}"
        if unknown := [name for own in named.values() for name in own if name not in known]:
            advice = did_you_mean(unknown[0], known)
            problems.append(Problem(where, "Unknown items", listed(unknown), listed(known, 40), advice))
            continue
        factors = {
            factor: tuple(item for name in own for item in (by_id[name].items if name in by_id else (name,)))
            for factor, own in named.items()
        }
        pairs = tuple((a, b) for a, b in entry.get("residual_covariances", ()))
        models.append(Model(entry["id"], entry["label"], entry["structure"], factors, "", pairs))
    return tuple(models), problems


def models_of(instrument: Instrument, score: Score) -> list[str]:
    """The one-factor models behind a score: its own, that of another score of the same parts, or those of its subscales."""
    by_id = {s.id: s for s in instrument.scores}
    parts = [by_id[name] for name in score.of if name in by_id] or [score]
    modelled = [(model.id, by_id[model.score]) for model in instrument.models if model.score in by_id]
    return [id for part in parts for id, own in modelled if (own.pairs or own.items) == (part.pairs or part.items)]


def few_answers(items: Iterable[Item]) -> bool:
    """Whether items have so few answers that models had better take them as ordered categories."""
    return all(item.type != "number" and item.high - item.low < ORDERED_UP_TO for item in items)


def theoretical_range(score: Score, items: Mapping[str, Item], scores: Mapping[str, Score]) -> tuple[float, float]:
    """Lowest and highest value the score can take, from the items' declared ranges."""
    used = [items[i] for i in score.items]
    low, high = [i.low for i in used], [i.high for i in used]
    match score.method:
        case "mean":
            ends = (math.fsum(low) / len(low), math.fsum(high) / len(high))
        case "sum":
            ends = (math.fsum(low), math.fsum(high))
        case "count":
            ends = (0.0, float(len(used)))
        case "weighted_sum":
            ends = (min(score.weights.values()) * len(used), max(score.weights.values()) * len(used))
        case "max_share":
            ends = (1 / len(score.of or used), 1.0)
        case "product_mean":
            corners = [
                [x * y for x in (items[a].low, items[a].high) for y in (items[b].low, items[b].high)]
                for a, b in score.pairs
            ]
            ends = (sum(map(min, corners)) / len(corners), sum(map(max, corners)) / len(corners))
        case "mean_of_scores" | "sum_of_scores":
            parts = [scores[s] for s in score.of]
            number = len(parts) if score.method == "mean_of_scores" else 1
            ends = (sum(p.low for p in parts) / number, sum(p.high for p in parts) / number)
    return ends[0] * score.multiply, ends[1] * score.multiply


def instrument_facts(i: Instrument) -> dict[str, Any]:
    """What the report prints of one administered instrument, as plain values."""
    return {
        "id": i.name,
        "title": i.title,
        "version": i.version,
        "window": i.window,
        "citation": i.citation,
        "doi": i.doi,
        "terms": i.licence.get("terms", ""),
        "permission_required": bool(i.licence.get("permission_required")),
        "notice": i.licence.get("notice"),
        "key_status": i.key.get("status", ""),
        "status_line": i.status_line,
        "user_supplied": i.user_supplied,
        "range_changed": i.range_changed,
        "order": i.order,
        "risk_protocol": i.risk_protocol,
        "permission": i.permission,
    }
