"""An instrument as one wave asked it: item order, prefix, range, codes that run the other way, items stored reversed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rejsens.definitions import AskedIf, Instrument, Item, Model, Score, theoretical_range
from rejsens.problems import Problem, Refused, did_you_mean, listed

# What a wave must state where an instrument's `settings_required` names it: what may stand there, and what to do.
REQUIRED = {
    "order": ("", "more than one version of this instrument circulates: look at the questionnaire and add `order:`"),
    "anchor_direction": (
        "ascending, descending",
        "more than one version of this instrument circulates: look at the questionnaire and add `anchor_direction:`",
    ),
    "range": (
        "the lowest and the highest code, such as [1, 5]",
        "forms with fewer answers circulate whose codes all lie inside the published ones, and reversed items would be "
        "turned wrongly: look at the questionnaire and add `range:`",
    ),
    "risk_protocol": (
        "a sentence: who reads these answers, how soon, and how a person at risk is reached",
        "an item asks about thoughts of self-harm, so the answers are read only under a declared protocol: add "
        "`risk_protocol:`, or ask an instrument without that item",
    ),
    "permission": (
        "a sentence: who permitted the use, and when",
        "the rights in this form are sold, so it is off until the study says by whose permission it was used: add "
        "`permission:`, or ask a free instrument",
    ),
}


COUNTED = ("count", "weighted_sum", "max_share")  # methods for which the codes are amounts and cannot be shifted


def administer(instrument: Instrument, where: str = "", **settings: Any) -> Instrument:
    """The instrument as one wave asked it.

    settings   `as` (prefix), order, anchor_direction, range, already_reversed (item ids or "all"), items (those asked),
               missing_codes, risk_protocol, permission; the keys of an entry of a sidecar's `instruments:`
    returns    Instrument whose item and score ids carry the prefix and whose ranges are those of this administration
    raises     Refused when a required setting is not stated, a named item does not exist, or the codes of a score that
               counts them are changed

    >>> from rejsens.definitions import load_instruments
    >>> rses = load_instruments()["rses"]
    >>> asked = administer(rses, order="B", anchor_direction="ascending", **{"as": "before"})
    >>> asked.columns[1], asked.scores[0].id
    ('before_rses_10', 'before_rses_sum')
    """
    where = where or instrument.id
    ids = [item.id for item in instrument.items]
    asked = list(settings.get("items") or ids)
    stored = settings.get("already_reversed") or ()
    stored = [item.id for item in instrument.items if item.reverse] if stored == "all" else list(stored)
    order = settings.get("order")
    span = _other_range(instrument, settings.get("range"))
    problems = _required_problems(instrument, settings, where) + _order_problems(instrument, order, where)
    problems += _item_problems(ids, {"already_reversed": stored, "items": asked}, where)
    problems += _range_problems(instrument, where) if span else []
    if problems:
        raise Refused(problems, where)

    prefix = f"{settings['as']}_" if settings.get("as") else ""
    missing_codes = tuple(map(float, settings.get("missing_codes") or ()))
    items = [
        replace(
            item if span is None or item.type != "scale" else replace(item, low=span[0], high=span[1], labels={}),
            id=prefix + item.id,
            already_reversed=item.id in stored,
            missing_codes=item.missing_codes + missing_codes,
            asked_if=_administered_condition(item.asked_if, asked, prefix),
        )
        for item in instrument.items
        if item.id in asked
    ]
    scores = _administered_scores(instrument, items, prefix, span is not None)
    direction = settings.get("anchor_direction") or instrument.anchor_direction
    return replace(
        instrument,
        items=tuple(items),
        scores=scores,
        models=_administered_models(instrument.models, asked, prefix, {score.id for score in scores}),
        name=prefix + instrument.id,
        title=instrument.title + _asked_as(prefix),
        event=settings.get("as") if instrument.events else None,
        order=order,
        columns=tuple(prefix + i for i in instrument.orders.get(order or "", ids) if i in asked),
        codes_descend=direction != instrument.anchor_direction,
        range_changed=span is not None,
        risk_protocol=settings.get("risk_protocol"),
        permission=settings.get("permission"),
    )


def _scales(instrument: Instrument) -> list[Item]:
    return [item for item in instrument.items if item.type == "scale"]


def _other_range(instrument: Instrument, stated: Sequence[float] | None) -> tuple[float, float] | None:
    """The range that the wave states, where it is not the definition's."""
    if not stated:
        return None
    low, high = map(float, stated)
    return (low, high) if any((item.low, item.high) != (low, high) for item in _scales(instrument)) else None


def _required_problems(instrument: Instrument, settings: Mapping[str, Any], where: str) -> list[Problem]:
    names = [name for name in instrument.settings_required if not str(settings.get(name) or "").strip()]
    return [
        Problem(
            where,
            "Settings that this instrument requires",
            f"{instrument.id} does not state `{name}`",
            REQUIRED[name][0] or listed(list(instrument.orders)),
            REQUIRED[name][1],
        )
        for name in names
    ]


def _order_problems(instrument: Instrument, order: str | None, where: str) -> list[Problem]:
    if order is None or order in instrument.orders:
        return []
    known = listed(list(instrument.orders)) or "this instrument has one order"
    return [Problem(where, "Unknown item order", f"“{order}”", known, "correct it")]


def _item_problems(ids: Sequence[str], named: Mapping[str, Sequence[str]], where: str) -> list[Problem]:
    unknown = {setting: [i for i in names if i not in ids] for setting, names in named.items()}
    return [
        Problem(f"{where} › {setting}", "Unknown items", listed(names), listed(ids, 40), did_you_mean(names[0], ids))
        for setting, names in unknown.items()
        if names
    ]


def _range_problems(instrument: Instrument, where: str) -> list[Problem]:
    """Codes with a meaning of their own, which another range would shift."""
    scales = _scales(instrument)
    counted = [score.id for score in instrument.scores if score.method in COUNTED]
    conditional = [item.id for item in scales if item.asked_if]
    counting = (
        f"{listed(counted)} {'counts' if len(counted) == 1 else 'count'} certain codes, which another range would shift"
    )
    deciding = f"whether {listed(conditional, 6)} applies depends on certain codes, which another range would shift"
    found = (
        ("Codes that a score counts", counted, counting),
        ("Codes that decide who is asked", conditional, deciding),
    )
    fix = "map the wave's answers to these codes with `labels:`"
    return [
        Problem(f"{where} › range", cause, sentence, scales[0].allowed, fix)
        for cause, names, sentence in found
        if names
    ]


def _administered_condition(condition: AskedIf | None, asked: list[str], prefix: str) -> AskedIf | None:
    """The condition on the items that were asked; without them nobody can tell to whom an item does not apply."""
    if condition is None or any(item not in asked for item in condition.any_of):
        return None
    return replace(condition, any_of=tuple(prefix + item for item in condition.any_of))


def _asked_as(prefix: str) -> str:
    """What tells two administrations of one instrument apart in a heading: ", before"."""
    return f", {prefix.rstrip('_').replace('_', ' ')}" if prefix else ""


def _administered_models(
    models: Sequence[Model], asked: Sequence[str], prefix: str, scores: Collection[str]
) -> tuple[Model, ...]:
    """The factor models whose items were all asked, and whose score there still is."""
    return tuple(
        replace(
            model,
            id=prefix + model.id,
            factors={prefix + factor: tuple(prefix + i for i in own) for factor, own in model.factors.items()},
            score=model.score and prefix + model.score,
            residual_covariances=tuple((prefix + a, prefix + b) for a, b in model.residual_covariances),
        )
        for model in models
        if set(model.items) <= set(asked) and (not model.score or prefix + model.score in scores)
    )


def _administered_scores(
    instrument: Instrument, items: list[Item], prefix: str, range_changed: bool
) -> tuple[Score, ...]:
    """The scores whose items were all asked, with prefixed names and the range that follows from the administration."""
    by_id = {item.id: item for item in items}
    scores: dict[str, Score] = {}
    for score in instrument.scores:
        names = tuple(prefix + i for i in score.items)
        parts = tuple(prefix + s for s in score.of)
        if any(i not in by_id for i in names) or any(s not in scores for s in parts):
            continue
        new = replace(
            score,
            id=prefix + score.id,
            label=score.label + _asked_as(prefix),
            items=names,
            of=parts,
            pairs=tuple((prefix + a, prefix + b) for a, b in score.pairs),
            change=score.change and prefix + score.change,
            norms=() if range_changed else score.norms,
            expects={prefix + other: sign for other, sign in score.expects.items()},
        )
        new = replace(new, low=theoretical_range(new, by_id, scores)[0], high=theoretical_range(new, by_id, scores)[1])
        scores[new.id] = new
    return tuple(scores.values())
