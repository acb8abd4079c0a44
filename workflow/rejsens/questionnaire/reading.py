"""From the files to a `Questionnaire`: the order of asking, the instruments, the language; all faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from rejsens.administration import administer
from rejsens.declarations import load_settings, read_yaml
from rejsens.definitions import Instrument, Item, load_instruments
from rejsens.problems import Problem, Refused, collect, did_you_mean, listed
from rejsens.questionnaire.model import (
    Asked,
    Block,
    Page,
    Part,
    Question,
    Questionnaire,
    Row,
    codes_of,
    minutes,
    mixed,
    numbered,
    paged,
    question_groups,
    question_of,
)
from rejsens.registry import SHIPPED
from rejsens.sidecars import event_problem
from rejsens.translations import SOURCE, language_name, language_tag, languages, lookup, same_language, translated

FOLDER = Path("schemas") / "questionnaires"
PATTERN = "mreii"  # whose words stand around an instrument that is asked alone
SUPPORT = "If you want to talk about it, turn to someone you trust or to a helpline in your country."


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a file of questionnaires or an instrument, for one wave, in one form and one language.

    language   as a person states it: de, de-AT or German
    """

    name: str = "mreii"
    study: Path = Path(".")
    language: str = SOURCE
    wave: int = 1
    form: str = "short"

    @property
    def translation(self) -> bool:
        """Whether another language than the source's is asked for."""
        return not same_language(language_tag(self.language) or self.language, SOURCE)


def read_questionnaire(wanted: Wanted) -> Questionnaire:
    """The questionnaire that `wanted.name` names, in its language.

    wanted    name: a file in the study's or the shipped schemas/questionnaires/, or an instrument with wording
    returns   Questionnaire: only what the wave and the form ask, items that no person answers left out
    raises    Refused: no such questionnaire, unknown blocks, instruments or items, instruments without wording, an item
              asked twice, a language that is not complete

    >>> asked = read_questionnaire(Wanted("mreii_healing", SHIPPED, wave=2))
    >>> [row.item.id for row in asked.rows()]
    ['mreii_h01', 'mreii_h02', 'mreii_h03', 'mreii_h04', 'mreii_h05']
    """
    instruments = load_instruments([SHIPPED / "schemas" / "instruments", wanted.study / "schemas" / "instruments"])
    frame = frame_of(wanted, instruments)
    problems: list[Problem] = []
    read = [_part(entry, frame, instruments, wanted, problems) for entry in frame["order"]]
    parts = numbered([part for part in read if part and part.blocks])
    asked = _asked(frame, instruments, wanted, parts, problems)
    found = Questionnaire(
        id=frame["id"], title=frame["title"], language=frame["language"], wave=wanted.wave, form=wanted.form,
        introduction=tuple(frame["introduction"]), closing=tuple(frame["closing"]), words=frame["words"],
        parts=parts, asked=tuple(asked), status_lines=tuple(frame.get("status_lines", ())) or _facts(asked, instruments),
    )  # fmt: skip
    problems += _twice(found)
    if not problems and not any(found.rows()):
        at = f"wave {wanted.wave}, {wanted.form} form"
        problems.append(Problem(wanted.name, "Nothing to ask", at, "", "name another wave or form"))
    if problems:
        raise Refused(problems, "The questionnaire")
    values = {"minutes": str(minutes(found)), "support": " ".join(_support(wanted)[0].split())}
    return replace(found, introduction=_filled(found.introduction, values), closing=_filled(found.closing, values))


def _filled(paragraphs: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    texts = []
    for text in paragraphs:
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        texts.append(text.strip())
    return tuple(texts)


def _support(wanted: Wanted) -> tuple[str, bool]:
    """Where help is found, and whether that is what the study's settings say in a language that nobody stated.

    The study's own words in the language come first, then its settings, then the shipped words.
    """
    words, own = "", False
    if wanted.translation:
        path = _words_path(wanted, wanted.name if _file(wanted, f"{wanted.name}.yaml") else PATTERN)
        words = read_yaml(path, "questionnaire_language")["words"].get("support", "")
        own = bool(words) and path.is_relative_to(wanted.study / FOLDER)
    settings = (wanted.study / "config" / "config.yaml").is_file() and load_settings(wanted.study)
    configured = str(settings["study"].get("support") or "") if settings else ""
    if configured and not own:
        return configured, wanted.translation
    return words or SUPPORT, False


def support_notice(wanted: Wanted) -> Problem | None:
    """A word of warning where the helpline of the settings stands in a questionnaire of another language; else None."""
    instruments = load_instruments([SHIPPED / "schemas" / "instruments", wanted.study / "schemas" / "instruments"])
    frame = frame_of(wanted, instruments)
    if not any("{support}" in text for text in frame["closing"]) or not _support(wanted)[1]:
        return None
    found = f"the questionnaire is in {language_name(frame['language'])}, and `study: support:` stands in it as it is"
    fix = f"look whether the language is right; words of their own go into {FOLDER}/{frame['id']}.{frame['language']}.yaml under `words: support:`"
    return Problem("config/config.yaml", "A helpline in another language", found, "", fix, blocks=False)


# --- the files -------------------------------------------------------------------------------------------------------


def frame_of(wanted: Wanted, instruments: Mapping[str, Instrument]) -> dict[str, Any]:
    """What the file says, in the language asked for; an instrument by itself is a questionnaire of one block."""
    path = _file(wanted, f"{wanted.name}.yaml")
    if path is None and wanted.name in instruments:
        return _alone(wanted, instruments[wanted.name])
    if path is None:
        known = [*_names(wanted), *(name for name, i in instruments.items() if languages(i))]
        raise Refused(
            Problem(
                wanted.name,
                "No such questionnaire",
                "neither a file nor an instrument with wording bears this name",
                listed(known, 40),
                did_you_mean(wanted.name, known) or "name one of these",
            ),
            "The questionnaire",
        )
    frame = read_yaml(path, "questionnaire")
    return _in_language(frame, wanted, wanted.name)


def _alone(wanted: Wanted, instrument: Instrument) -> dict[str, Any]:
    """An instrument under the words of the shipped questionnaire; what that says of its own status stays away."""
    shared = _in_language(read_yaml(SHIPPED / FOLDER / f"{PATTERN}.yaml", "questionnaire"), wanted, PATTERN)
    asks = [{"instrument": instrument.id, "as": kind, "only_if": "-"} for kind in instrument.events]
    asks = asks or [{"instrument": instrument.id, "only_if": "-"}]
    blocks = {f"block_{k}": {"ask": [ask]} for k, ask in enumerate(asks, start=1)}
    own = {
        "id": instrument.id,
        "title": translated(instrument, wanted.language).title if languages(instrument) else instrument.title,
        "blocks": blocks,
        "order": list(blocks),
    }
    own |= {"introduction": [""], "closing": [shared["closing"][0]], "status_lines": ()}
    ids = [item.id for item in instrument.items]
    own["scales"] = [scale for scale in shared["scales"] if any(fnmatchcase(i, g) for i in ids for g in scale["items"])]
    return shared | own | {"principles": ()}


def _file(wanted: Wanted, name: str) -> Path | None:
    places = [wanted.study / FOLDER / name, SHIPPED / FOLDER / name]
    return next((path for path in places if path.is_file()), None)


def _names(wanted: Wanted) -> list[str]:
    folders = (SHIPPED / FOLDER, wanted.study / FOLDER)
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml") if "." not in path.stem})


def _words_path(wanted: Wanted, name: str) -> Path:
    """The file with a questionnaire's words in the language, or in the one without its country."""
    folders = (SHIPPED / FOLDER, wanted.study / FOLDER)  # the study's own words count before the shipped ones
    known = {p.suffixes[0].strip("."): p for folder in folders for p in sorted(folder.glob(f"{name}.*.yaml"))}
    tag = lookup(wanted.language, known)
    if not tag:
        found = f"there is no {name}.{language_tag(wanted.language) or wanted.language}.yaml"
        fix = f"write it in {FOLDER}/, beside {name}.yaml"
        problem = Problem(name, "No words in this language", found, listed([SOURCE, *known]), fix)
        raise Refused(problem, "The questionnaire")
    return known[tag]


def _in_language(frame: Mapping[str, Any], wanted: Wanted, name: str) -> dict[str, Any]:
    """The frame in the language asked for, which it states under `language`."""
    if not wanted.translation:
        return dict(frame) | {"language": SOURCE}
    return _with_language(frame, read_yaml(_words_path(wanted, name), "questionnaire_language"))


def _with_language(frame: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The frame with its words replaced; a word that the other file lacks is refused."""
    blocks, problems = {}, []
    if other["translates"] != frame["id"]:
        problems.append(
            Problem(
                f"{other['language']} › translates",
                "Words of another questionnaire",
                other["translates"],
                frame["id"],
                "correct it",
            )
        )
    for name, block in frame["blocks"].items():
        heading = other["headings"].get(name)
        if block.get("heading") and not heading:
            problems.append(
                Problem(f"{other['language']} › headings", "Words that are not translated", name, "", "add it")
            )
        note = other["only_if"].get(name)
        if any("only_if" in ask for ask in block["ask"]) and not note:
            problems.append(
                Problem(f"{other['language']} › only_if", "Words that are not translated", name, "", "add it")
            )
        asks = [ask | ({"only_if": note} if "only_if" in ask else {}) for ask in block["ask"]]
        blocks[name] = block | {"heading": heading or "", "ask": asks}
    problems += [
        Problem(f"{other['language']} › words", "Words that are not translated", name, "", "add it")
        for name in frame["words"]
        if name not in other["words"]
    ]
    if problems:
        raise Refused(problems, "The questionnaire")
    own = {key: other[key] for key in ("language", "title", "introduction", "closing", "words")}
    return dict(frame) | own | {"blocks": blocks, "status_lines": other.get("status_lines", ())}


# --- blocks ----------------------------------------------------------------------------------------------------------


def _part(
    entry: Any,
    frame: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    wanted: Wanted,
    problems: list[Problem],
) -> Part | None:
    names = entry["shuffle"] if isinstance(entry, Mapping) else [entry]
    unknown = [name for name in names if name not in frame["blocks"]]
    problems += [_unknown("blocks", name, frame["blocks"], f"{frame['id']} › order") for name in unknown]
    blocks = [
        _block(name, frame["blocks"][name], instruments, wanted, problems) for name in names if name not in unknown
    ]
    blocks = [block for block in blocks if block.pages]
    record = entry.get("record") if isinstance(entry, Mapping) else None
    if record is None:
        return Part(tuple(blocks))
    where = f"{frame['id']} › order › record"
    item = _named_item(record, instruments, where, problems)
    faults = _record_problems(names, record["codes"], item, where) if item else []
    problems += faults
    return Part(tuple(blocks)) if faults or len(blocks) < 2 else Part(tuple(blocks), item, record["codes"])


def _record_problems(names: Sequence[str], codes: Mapping[str, int], item: Item, where: str) -> list[Problem]:
    """Codes that do not say of each block, and of no other, that it came first."""
    where, known = f"{where} › codes", codes_of(item)
    missing, others = [n for n in names if n not in codes], [n for n in codes if n not in names]
    strange = [code for code in codes.values() if code not in known]
    again = sorted({code for code in codes.values() if list(codes.values()).count(code) > 1})
    said = listed([f"{code:g} ({label})" for code, label in known.items()], 20)
    faults = (
        ("Blocks without a code", missing, "", "state the code that says it came first"),
        ("Codes of other blocks", others, listed(names, 20), "name the blocks that are shuffled"),
        ("Codes that the item does not have", strange, said, f"choose among the codes of {item.id}"),
        ("One code for several blocks", again, said, "give each block a code of its own"),
    )
    return [Problem(where, cause, listed(found), allowed, fix) for cause, found, allowed, fix in faults if found]


def _block(
    name: str,
    block: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    wanted: Wanted,
    problems: list[Problem],
) -> Block:
    pages: list[Page] = []
    for ask in block["ask"]:
        where = f"{name} › {ask['instrument']}"
        if not _has_place(ask, instruments, wanted):
            continue
        if ask["instrument"] not in instruments:
            problems.append(_unknown("instruments", ask["instrument"], instruments, where))
            continue
        pages += collect(problems, _pages, ask, instruments, wanted, where, problems) or []
    return Block(name, block.get("heading", ""), tuple(pages))


def _unknown(what: str, name: str, known: Iterable[str], where: str) -> Problem:
    known = list(known)
    hint = did_you_mean(name, known) or "correct the name"
    return Problem(where, f"Unknown {what}", f"“{name}”", listed(known, 60), hint)


def _has_place(ask: Mapping[str, Any], instruments: Mapping[str, Instrument], wanted: Wanted) -> bool:
    """Whether this wave and this form ask it."""
    instrument = instruments.get(ask["instrument"])
    first = max(ask.get("from_wave", 1), instrument.from_wave if instrument else 1)
    return first <= wanted.wave <= ask.get("to_wave", wanted.wave) and ask.get("form", wanted.form) == wanted.form


def _pages(
    ask: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    wanted: Wanted,
    where: str,
    problems: list[Problem],
) -> list[Page]:
    instrument = instruments[ask["instrument"]]
    refused = [_without_wording(instrument, ask, where), event_problem(instrument, ask, where), _stored(ask, where)]
    if faults := [problem for problem in refused if problem]:
        problems += faults
        return []
    # all of its items, so that a rule about one that is asked elsewhere stays; those without wording are measured
    asked = administer(translated(instrument, wanted.language), where, **_settings(ask) | {"items": None})
    wanted_items = _asked_items(ask, instrument, where, problems)
    prefix = asked.name.removesuffix(asked.id)
    here = [asked.item(i) for i in asked.columns if i.removeprefix(prefix) in wanted_items]
    rows = [
        _row(item, asked.codes_descend) for item in mixed([item for item in here if item.wording], ask.get("mix", 1))
    ]
    rows = _inserted(rows, ask.get("insert", ()), instruments, wanted, f"{where} › insert", problems)
    if any(row.item.asked_if for row in rows) and "only_if" not in ask:
        problems.append(Problem(where, "Rows that not everybody is asked", "paper must say whom", "", "add `only_if:`"))
    return paged(_questions(rows, asked, ask), ask.get("per_page"))


def _row(item: Item, descends: bool = False) -> Row:
    assert item.wording is not None  # items without words are told before
    return Row(item, item.wording.strip(), descends)


def _inserted(
    rows: Sequence[Row],
    extras: Iterable[Mapping[str, Any]],
    instruments: Mapping[str, Instrument],
    wanted: Wanted,
    where: str,
    problems: list[Problem],
) -> list[Row]:
    """The rows with items of other instruments among them, each behind so many of the rows."""
    found = list(rows)
    for extra in sorted(extras, key=lambda e: -e["after"]):
        item = collect(problems, _named_item, extra, instruments, where, problems, wanted.language)
        if item and (missing := _without_wording(instruments[extra["instrument"]], {"items": [item.id]}, where)):
            problems.append(missing)
        elif extra["after"] > len(rows):
            said = f"{extra['item']} after {extra['after']}, and there are {len(rows)} items here"
            problems.append(Problem(where, "A place that is not there", said, f"1 to {len(rows)}", "correct `after:`"))
        elif item:
            found.insert(extra["after"], _row(item))
    return found


def _stored(ask: Mapping[str, Any], where: str) -> Problem | None:
    """What no questionnaire can do: an item is stored reversed by who made the export, not by who asks."""
    if "already_reversed" not in ask.get("settings", {}):
        return None
    said = "`already_reversed` says how an export was stored; what is asked here is stored as it was answered"
    return Problem(f"{where} › settings", "Settings that are not asked", said, "", "remove it")


def _asked_items(ask: Mapping[str, Any], instrument: Instrument, where: str, problems: list[Problem]) -> Sequence[str]:
    known = [item.id for item in instrument.items]
    unknown = [name for name in ask.get("items", ()) if name not in known]
    problems += [_unknown("items", name, known, f"{where} › items") for name in unknown]
    return ask.get("items", known)


def _questions(rows: Sequence[Row], asked: Instrument, ask: Mapping[str, Any]) -> list[Question]:
    stem = " ".join((asked.stem or "").split())
    if asked.event:
        stem = f"{asked.events[asked.event]} {stem}"
    questions: list[Question] = []
    groups = [part for group in question_groups(rows) for part in _by_rule(group)]
    for number, group in enumerate(groups, start=1):
        note = ask.get("only_if", "") if all(row.item.asked_if for row in group) else ""
        name = asked.name if len(groups) == 1 or group[0].item.row_of else f"{asked.name}_{number}"
        above = "" if _of_its_own(group[0].item, rows) else stem
        questions.append(
            question_of(
                group,
                name,
                above,
                asked,
                shuffled=bool(ask.get("shuffle")) and len(group) > 1,
                only_if="" if note == "-" else note,
            )
        )
    return questions


def _of_its_own(item: Item, rows: Sequence[Row]) -> bool:
    """Whether a question of its own stands among sentences under the stem, which then does not hold for it."""

    def question(item: Item) -> bool:
        return bool(item.row_of) or (item.wording or "").endswith("?")

    return question(item) and not all(question(row.item) for row in rows)


def _by_rule(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of a grid, those of everybody apart from those that not everybody is asked."""
    everybody = [row for row in rows if not row.item.asked_if]
    others = [row for row in rows if row.item.asked_if]
    return [part for part in (everybody, others) if part]


def _settings(ask: Mapping[str, Any]) -> dict[str, Any]:
    return dict(ask.get("settings", {})) | {key: ask[key] for key in ("as", "items") if key in ask}


def _without_wording(instrument: Instrument, ask: Mapping[str, Any], where: str) -> Problem | None:
    """A published scale has no wording here; of our own, only what a platform writes down has none."""
    items = [item for item in instrument.items if item.id in ask.get("items", [item.id])]
    worded = [item for item in items if item.wording]
    ours = instrument.key.get("status") == "own"
    if len(worded) == len(items) or (worded and ours):
        return None
    if ours:
        said = f"nobody is asked {instrument.id}: the platform writes it down"
        fix = "ask it beside something else; in a questionnaire, an item that says which block came first stands under `record:`"
        return Problem(where, "Nothing to ask", said, "", fix)
    own = f"write schemas/instruments/{instrument.id}.yaml in your study with `replaces: {instrument.id}` and the wording that you may use"
    return Problem(where, "Instruments without wording", "published questions are not shipped", "", own)


def _named_item(
    entry: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    where: str,
    problems: list[Problem],
    language: str = SOURCE,
) -> Item | None:
    if entry["instrument"] not in instruments:
        problems.append(_unknown("instruments", entry["instrument"], instruments, where))
        return None
    items = {item.id: item for item in translated(instruments[entry["instrument"]], language).items}
    if entry["item"] not in items:
        problems.append(_unknown("items", entry["item"], items, where))
    return items.get(entry["item"])


def _twice(found: Questionnaire) -> list[Problem]:
    columns = [row.item.id for row in found.rows()]
    again = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    fix = "ask it once, or under another `as:`"
    problems = [Problem(found.id, "Items asked twice", column, "", fix) for column in again]
    seen: set[str] = set()
    for row in found.rows():
        if row.item.asked_if and (later := [i for i in row.item.asked_if.any_of if i not in seen]):
            problems.append(
                Problem(
                    f"{found.id} › {row.item.id}",
                    "Items that depend on what is not asked before them",
                    listed(later),
                    "",
                    "ask these items first",
                )
            )
        seen.add(row.item.id)
    return problems


# --- what a sidecar states -------------------------------------------------------------------------------------------


def _asked(
    frame: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    wanted: Wanted,
    parts: Sequence[Part],
    problems: list[Problem],
) -> list[Asked]:
    """The instruments as a sidecar lists them, in the order in which they come first, each with one set of settings."""
    columns = {
        row.item.id
        for part in parts
        for block in part.blocks
        for page in block.pages
        for q in page.questions
        for row in q.rows
    }
    columns |= {part.record.id for part in parts if part.record}
    found: dict[tuple[str, str], Asked] = {}
    entries = [
        ask
        for entry in frame["order"]
        for name in _block_names(entry)
        for ask in frame["blocks"].get(name, {}).get("ask", ())
        if _has_place(ask, instruments, wanted)
    ]
    entries += [extra for ask in entries for extra in ask.get("insert", ())]
    entries += [entry["record"] for entry in frame["order"] if isinstance(entry, Mapping) and "record" in entry]
    for entry in entries:
        instrument = instruments.get(entry["instrument"])
        if instrument is None:
            continue
        stated = {k: v for k, v in _settings(entry).items() if k != "items"}
        if before := found.get((instrument.id, entry.get("as", ""))):
            if stated != {k: v for k, v in before.settings.items() if k != "items"}:
                said = f"{instrument.id} is asked in two places, and they state different settings"
                problems.append(Problem(frame["id"], "Settings that differ", said, "", "state the same in both places"))
            continue
        prefix = f"{entry['as']}_" if entry.get("as") else ""
        ids = tuple(i.id for i in instrument.items if not i.wording or prefix + i.id in columns)  # or it is measured
        if any(prefix + i in columns for i in ids):
            if len(ids) < len(instrument.items):
                stated["items"] = list(ids)
            found[(instrument.id, entry.get("as", ""))] = Asked(instrument.id, stated, tuple(prefix + i for i in ids))
    return list(found.values())


def _block_names(entry: Any) -> list[str]:
    return entry["shuffle"] if isinstance(entry, Mapping) else [entry]


def _facts(asked: Iterable[Asked], instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """What the instruments' files say of their status and their licence, each once."""
    used = [instruments[entry.id] for entry in asked]
    lines = [i.status_line for i in used] + [i.licence.get("terms") for i in used]
    return tuple(dict.fromkeys(line for line in lines if line))
