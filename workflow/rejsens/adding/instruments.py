"""Which instruments an export holds, how they were asked, and what of them only a person can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rejsens.adding.columns import column
from rejsens.adding.context import Context, candidates, settled
from rejsens.adding.labels import allowed, number
from rejsens.adding.matching import lenient, match_columns, plain_question, readings
from rejsens.adding.model import Need, Proposal
from rejsens.adding.request import Request
from rejsens.adding.several import read_choices
from rejsens.administration import administer
from rejsens.definitions import Instrument, Item
from rejsens.importers.model import Export
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.sidecars import administered_name
from rejsens.translations import language_name, translated


def platform_personal(proposal: Proposal) -> dict[str, str]:
    """Columns that the platform itself knows to tell who somebody is; every id but the chosen one is such a column."""
    export, module = proposal.export, proposal.module
    told = {**module.PERSONAL, **export.personal}
    told |= {name: told.get(name, "another id of the person") for name in module.IDS}
    return {name: words for name, words in told.items() if name in export.columns and name != proposal.who.column}


def platform_columns(proposal: Proposal) -> set[str]:
    """Columns that the platform fills in by itself, without a person's words."""
    module = proposal.module
    own = {*(module.DATES or ()), *module.DURATION, *getattr(module, "OWN", ()), *(e[0] for e in module.NOT_ANSWERS)}
    own |= set(getattr(module, "TIMESTAMPS", ())) if module.DATES else set()
    own |= {entry["column"] for joined in proposal.joined for entry in joined.leave_out}
    return {name for name in own if name in proposal.export.columns}


def match(proposal: Proposal) -> dict[str, dict[str, Any]]:
    """Match columns to items; gives the settings of every instrument that may have been asked, by administered name."""
    request, export, context = proposal.request, proposal.export, proposal.context
    entries, stated = candidates(context, request.instruments, request.only)
    known, instruments = _that_load(proposal, entries)
    free = _open_columns(proposal)
    given = _by_panels(proposal, {item for instrument in instruments.values() for item in instrument.columns})
    found = match_columns(
        free,
        {c: q for c, q in export.questions.items() if c in free},
        instruments,
        {n: _listed(columns, instruments[n]) for n, columns in stated.items() if n in instruments},
        context.earlier,
        {**given, **request.given},
        [c for c, unit in proposal.module.DURATION.items() if unit == 1 and c in export.columns],
    )
    for name, item in given.items():
        if name in found.matches and name not in request.given and found.matches[name].item == item:
            found.take(name, item, "the panel's own column")
    if request.accept_suggestions:
        for suggestion in found.suggestions:
            found.take(suggestion.column, suggestion.item, f"suggested ({suggestion.why}) and accepted")
    proposal.suggestions = [] if request.accept_suggestions else found.suggestions
    proposal.problems += found.problems
    proposal.matching = found
    proposal.problems += _asked_in_another_language(proposal, free)
    return known


def _asked_in_another_language(proposal: Proposal, free: Iterable[str]) -> list[Problem]:
    """Questions that no item is known for, and that are word for word those of a translation: the language is not stated."""
    questions = proposal.export.questions
    unknown = [set(readings(questions[c])) for c in free if questions.get(c) and c not in proposal.matching.matches]
    wording: dict[str, set[str]] = {}
    for instrument in proposal.context.instruments.values() if unknown else ():
        for tag in (tag for tag in instrument.translations if tag != instrument.language):
            words = {plain_question(item.wording) for item in translated(instrument, tag).items if item.wording}
            wording[tag] = wording.get(tag, set()) | words
    found = {tag: sum(not words.isdisjoint(asked) for asked in unknown) for tag, words in wording.items()}
    return [
        Problem(
            "The export",
            "Questions in another language",
            f"{counted(n, 'question')} {'is' if n == 1 else 'are'} word for word the {language_name(tag)} wording of an instrument",
            "",
            f"say in which language the wave was asked: --language {tag}",
            blocks=False,
        )
        for tag, n in found.items()
        if n
    ]


def _that_load(
    proposal: Proposal, entries: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, dict[str, Any]], dict[str, Instrument]]:
    """Entries with what earlier waves say of them, and their instruments; faults of entries go into the proposal."""
    defined = proposal.context.instruments
    known: dict[str, dict[str, Any]] = {}
    instruments: dict[str, Instrument] = {}
    for name, entry in entries.items():
        if entry["id"] not in defined:
            hint = did_you_mean(entry["id"], defined) or "define it in schemas/instruments/"
            where = f"--instrument {entry['id']}"
            proposal.problems.append(Problem(where, "Unknown instruments", f"“{entry['id']}” is not defined", "", hint))
            continue
        settings = settled(proposal.context, entry, defined[entry["id"]])[0]
        try:
            instruments[name] = lenient(defined[entry["id"]], settings)
            known[name] = settings
        except Refused as refused:
            proposal.problems += refused.problems
    return known, instruments


def _by_panels(proposal: Proposal, items: set[str]) -> dict[str, str]:
    """Columns of a panel that are known to hold a background item, unless the export has a column of that name itself."""
    of_panels = {name for joined in proposal.joined for name in joined.of_panel}
    own = {name.casefold() for name in proposal.export.columns if name not in of_panels}
    known = {name: item for joined in proposal.joined for name, item in joined.items.items()}
    return {name: item for name, item in known.items() if item in items and item.casefold() not in own}


def _open_columns(proposal: Proposal) -> list[str]:
    """Columns that may hold an answer: all but ids, the platform's own, and what it knows to be personal."""
    request = proposal.request
    closed = {*platform_personal(proposal), *platform_columns(proposal)} - set(proposal.module.DURATION)
    stated = {c for entry in request.instruments if isinstance(entry.get("columns"), list) for c in entry["columns"]}
    closed -= {*request.given, *stated}
    return [name for name in proposal.export.columns if name != proposal.who.column and name not in closed]


def _listed(columns: Sequence[str] | str, instrument: Instrument) -> list[str]:
    """Stated columns one by one; a pattern gives as many as there are items."""
    if isinstance(columns, str) and "{n" in columns:
        return [columns.format(n=n) for n in range(1, len(instrument.columns) + 1)]
    return [columns] if isinstance(columns, str) else list(columns)


def read_several(proposal: Proposal, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Questions with several choices in one cell: which choice is which item."""
    export, context, matching = proposal.export, proposal.context, proposal.matching
    stated = proposal.request.settings.get("multiple", {})
    items = {
        item.id: item
        for entry in entries.values()
        for item in lenient(context.instruments[entry["id"]], entry).items
        if item.choice_of
    }
    for name in dict.fromkeys([*matching.several, *(c for c in stated if c in export.columns)]):
        own = {i: item for i, item in items.items() if item.choice_of == matching.several.get(name, name)}
        known = {**_known_choices(context, name, own), **stated.get(name, {})}
        choices = read_choices(column(export, name), own or items, known, export.choices.get(name, {}))
        proposal.problems += choices.problems
        proposal.own_words |= {name: set(choices.unread)} if choices.unread else {}
        matching.matches.pop(name, None)
        proposal.several[name] = choices


def _known_choices(context: Context, name: str, items: Mapping[str, Item]) -> Mapping[str, str]:
    """The choices of the latest wave that asked the question: in the same column, or in whatever column it stood then."""
    for past in context.earlier:
        for column_then, choices in past.several.items():
            if column_then == name or (items and set(choices.values()) <= set(items)):
                return choices
    return {}


def find_asked(proposal: Proposal, entries: Mapping[str, dict[str, Any]]) -> None:
    """The instruments that were asked, in the order of the questionnaire; what is missing of one is never passed over."""
    ticked = {item: name for name, choices in proposal.several.items() for item in choices.items.values()}
    column_of = proposal.matching.column_of | ticked
    place = {name: k for k, name in enumerate(proposal.export.columns)}
    stated = {administered_name(entry): entry for entry in proposal.request.instruments}
    found: list[tuple[int, Instrument, dict[str, Any]]] = []
    for name, entry in entries.items():
        whole = lenient(proposal.context.instruments[entry["id"]], entry)
        have = [item for item in whole.columns if item in column_of]
        if have:
            settings, instrument = _as_asked(proposal, name, entry, whole, have, column_of, stated.get(name))
            found.append((min(place[column_of[item]] for item in have), instrument, settings))
        elif name in stated:
            proposal.problems.append(_nothing_of(name, whole))
    found.sort(key=lambda f: f[0])
    proposal.sidecar["instruments"] = [settings for _, _, settings in found]
    proposal.asked = tuple(instrument for _, instrument, _ in found)
    asked = {instrument.name for instrument in proposal.asked}
    panel = [past for past in proposal.context.earlier if past.wave.role != "retest"]
    proposal.not_asked = tuple(dict.fromkeys(i.name for past in panel for i in past.asked if i.name not in asked))
    if not proposal.asked:
        advice = (
            'say which columns hold an instrument, such as --instrument "gad7:columns=Q5_{n}", or --map COLUMN=ITEM'
        )
        what = "no column holds a known item"
        proposal.problems.append(Problem("The export", "No instrument was found in the export", what, "", advice))


def _as_asked(
    proposal: Proposal,
    name: str,
    entry: Mapping[str, Any],
    whole: Instrument,
    have: Sequence[str],
    column_of: Mapping[str, str],
    stated: Mapping[str, Any] | None,
) -> tuple[dict[str, Any], Instrument]:
    """One instrument's entry of the sidecar, and the instrument as it was asked; what is open goes into the proposal."""
    context = proposal.context
    definition = context.instruments[entry["id"]]
    settings, carried, still_open, differing = settled(context, stated or _bare(entry), definition)
    expected = _expected(context, name, whole, stated)
    missing = [item for item in whole.columns if item in expected and item not in column_of]
    proposal.needs += _incomplete(proposal, name, whole, missing, definition)
    proposal.needs += [_setting_needed(name, entry, definition, key) for key in still_open]
    proposal.unread |= {whole.name} if still_open else set()
    proposal.carried += [f"{name}: {key} {settings[key]}" for key in carried]
    proposal.problems += [_waves_differ(context, name, key) for key in differing]
    if seen := proposal.matching.orders.get(name):
        proposal.needs.append(_another_order(name, entry, definition, seen))
    prefix = whole.name.removesuffix(definition.id)
    if len(have) < len(definition.items):
        settings["items"] = [i.id for i in definition.items if prefix + i.id in have]
    else:
        settings.pop("items", None)
    settings |= _file_missing(proposal, whole, have, column_of, settings)
    usable = {key: value for key, value in settings.items() if key not in still_open}
    return usable, lenient(definition, usable)


def _bare(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("id", "as") if key in entry}


def _waves_differ(context: Context, name: str, key: str) -> Problem:
    said = listed([f"{then.get(key)} in wave {wave}" for wave, then in context.entries(name)])
    return Problem(
        name,
        "Settings in which earlier waves differ",
        f"`{key}` is {said}; here it is taken as not stated",
        "",
        f'state it if this wave has one: --instrument "{name}:{key}=…"',
        blocks=False,
    )


def _nothing_of(name: str, instrument: Instrument) -> Problem:
    return Problem(
        f"--instrument {name}",
        "Missing columns",
        f"none of its {len(instrument.columns)} items has a column",
        "",
        f'say where they stand: --instrument "{name}:columns=…"',
    )


def _expected(context: Context, name: str, whole: Instrument, stated: Mapping[str, Any] | None) -> set[str]:
    """The items that a wave should hold: those a person listed, those of the latest wave that asked it, or all."""
    if stated and stated.get("items"):
        return set(whole.columns)
    for past in context.earlier:
        for instrument in past.asked:
            if instrument.name == name:
                return set(instrument.columns)
    return set(whole.columns) if whole.scores else set()


def _incomplete(
    proposal: Proposal, name: str, whole: Instrument, missing: Sequence[str], definition: Instrument
) -> list[Need]:
    """Items of an instrument that have no column: a misspelt name looks just like a question that was not asked."""
    if not missing or name in proposal.request.partial:
        return []
    hints = [f"“{s.column}” may be {s.item} ({s.why})" for s in proposal.suggestions if s.item in missing]
    accept = f"{listed(hints, 4)}: --accept-suggestions, or --map COLUMN=ITEM. " if hints else ""
    problem = Problem(
        name,
        "Items without a column",
        f"{len(whole.columns) - len(missing)} of {len(whole.columns)} items were found; {listed(missing)} "
        f"{'has' if len(missing) == 1 else 'have'} no column",
        "",
        f"{accept}{'Say' if accept else 'say'} which column holds each (--map COLUMN=ITEM), or that they were not asked: --partial {name}",
        blocks=bool(definition.scores),
    )
    question = f"{name}: {listed(missing)} {'has' if len(missing) == 1 else 'have'} no column. Was this left out of the questionnaire?"
    return [
        Need(problem, question, ("yes", "no"), lambda r, a: replace(r, partial=r.partial | {name}) if a == "yes" else r)
    ]


def _setting_needed(name: str, entry: Mapping[str, Any], definition: Instrument, key: str) -> Need:
    try:
        administer(definition, name, **{k: v for k, v in entry.items() if k not in ("columns", key)})
        problems: list[Problem] = []
    except Refused as refused:
        problems = [p for p in refused.problems if f"`{key}`" in p.found]
    problem = (
        problems[0] if problems else Problem(name, "Settings that this instrument requires", f"`{key}` is not stated")
    )
    problem = replace(problem, where=name, fix=f'{problem.fix}: --instrument "{name}:{key}=…"')
    choices = {"order": tuple(definition.orders), "anchor_direction": ("ascending", "descending")}.get(key, ())
    return Need(problem, f"{definition.title}: {key}?", choices, lambda r, a: _with_setting(r, entry, key, a))


def _with_setting(request: Request, entry: Mapping[str, Any], key: str, answer: str) -> Request:
    name = administered_name(entry)
    others = [e for e in request.instruments if administered_name(e) != name]
    own = next(
        (dict(e) for e in request.instruments if administered_name(e) == name),
        {k: entry[k] for k in ("id", "as") if k in entry},
    )
    return replace(request, instruments=(*others, own | {key: answer}))


def _file_missing(
    proposal: Proposal,
    whole: Instrument,
    have: Sequence[str],
    column_of: Mapping[str, str],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Codes that the file itself declares as missing (SPSS), as codes of the instrument; refused where another item uses them."""
    export = proposal.export
    codes: set[float] = set()
    for item in have:
        declared = export.missing.get(column_of[item], ())
        values = [number(text) for text in column(export, column_of[item]).filled]
        for one in declared:
            if isinstance(one, tuple):
                codes |= {v for v in values if one[0] <= v <= one[1]}
            elif not isinstance(one, str):
                codes.add(float(one))
    clash = sorted(
        c for c in codes for item in have if allowed(c, whole.item(item)) and not _declares(export, column_of[item], c)
    )
    if clash:
        proposal.problems.append(
            Problem(
                whole.name,
                "A code that is missing in one item and an answer in another",
                f"{listed([f'{c:g}' for c in dict.fromkeys(clash)])}: the file declares it as missing for some items of this instrument only",
                "",
                "declare the same missing values for all items of the instrument in SPSS, and save again",
            )
        )
    if not codes:
        return {}
    merged = sorted({*codes, *map(float, settings.get("missing_codes") or ())})
    return {"missing_codes": [int(c) if c.is_integer() else c for c in merged]}


def _declares(export: Export, name: str, code: float) -> bool:
    return any(
        one[0] <= code <= one[1] if isinstance(one, tuple) else not isinstance(one, str) and float(one) == code
        for one in export.missing.get(name, ())
    )


def _another_order(name: str, entry: Mapping[str, Any], definition: Instrument, seen: str) -> Need:
    """The questions stand in another order than the one that was stated or taken over."""
    problem = Problem(
        name,
        "An item order that the questions contradict",
        f"order {entry.get('order')} was stated or taken over from earlier waves; the questions stand in order {seen}",
        listed(list(definition.orders)),
        f'if the questions tell the truth: --instrument "{name}:order={seen}"',
    )
    question = f"{definition.title}: the questions stand in order {seen}, not {entry.get('order')}. Which order was it?"
    return Need(problem, question, tuple(definition.orders), lambda r, a: _with_setting(r, entry, "order", a))
