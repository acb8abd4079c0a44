"""From the files to a `Questionnaire`: the order of asking, the instruments, the language; all faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from rejsens.administration import administer
from rejsens.declarations import SHIPPED, load_settings, read_yaml
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
    minutes,
    mixed,
    paged,
    question_groups,
    question_of,
)

FOLDER = Path("schemas") / "questionnaires"
PATTERN = "mreii"  # whose words stand around an instrument that is asked alone
BASE = "en"  # the language of the instruments' own files
SUPPORT = "If you want to talk about it, turn to someone you trust or to a helpline in your country."


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a file of questionnaires or an instrument, for one wave, in one form and one language."""

    name: str = "mreii"
    study: Path = Path(".")
    language: str = BASE
    wave: int = 1
    form: str = "short"


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
    parts = [_part(entry, frame, instruments, wanted, problems) for entry in frame["order"]]
    parts = [part for part in parts if part and part.blocks]
    asked = _asked(frame, instruments, wanted, parts)
    found = Questionnaire(
        id=frame["id"], title=frame["title"], language=wanted.language, wave=wanted.wave, form=wanted.form,
        introduction=tuple(frame["introduction"]), closing=tuple(frame["closing"]), words=frame["words"],
        parts=tuple(parts), asked=tuple(asked), status_lines=tuple(frame.get("status_lines", ())) or _facts(asked, instruments),
    )  # fmt: skip
    problems += _twice(found)
    if not problems and not any(found.rows()):
        problems.append(
            Problem(
                wanted.name,
                "Nothing to ask",
                f"wave {wanted.wave}, {wanted.form} form",
                "",
                "name another wave or form",
            )
        )
    if problems:
        raise Refused(problems, "The questionnaire")
    values = {"minutes": str(minutes(found)), "support": _support(wanted)}
    return replace(found, introduction=_filled(found.introduction, values), closing=_filled(found.closing, values))


def _filled(paragraphs: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    texts = []
    for text in paragraphs:
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        texts.append(text.strip())
    return tuple(texts)


def _support(wanted: Wanted) -> str:
    """Where help is found: the study's settings, which are English; in another language the words of its file."""
    if wanted.language != BASE:
        words = _translation(wanted, wanted.name if _file(wanted, f"{wanted.name}.yaml") else PATTERN)["words"]
        return " ".join(str(words.get("support", "")).split())
    settings = (wanted.study / "config" / "config.yaml").is_file() and load_settings(wanted.study)
    return " ".join(str(settings["study"].get("support") or SUPPORT).split()) if settings else SUPPORT


# --- the files -------------------------------------------------------------------------------------------------------


def frame_of(wanted: Wanted, instruments: Mapping[str, Instrument]) -> dict[str, Any]:
    """What the file says, in the language asked for; an instrument by itself is a questionnaire of one block."""
    path = _file(wanted, f"{wanted.name}.yaml")
    if path is None and wanted.name in instruments:
        return _alone(wanted, instruments[wanted.name])
    if path is None:
        known = [*_names(wanted), *(name for name, i in instruments.items() if _has_wording(i))]
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
    return _with_language(frame, _translation(wanted, wanted.name)) if wanted.language != BASE else frame


def _alone(wanted: Wanted, instrument: Instrument) -> dict[str, Any]:
    """An instrument under the words of the shipped questionnaire; what that says of its own status stays away."""
    shared = read_yaml(SHIPPED / FOLDER / f"{PATTERN}.yaml", "questionnaire")
    if wanted.language != BASE:
        shared = _with_language(shared, _translation(wanted, PATTERN))
    asks = [{"instrument": instrument.id, "as": kind, "only_if": "-"} for kind in instrument.events]
    asks = asks or [{"instrument": instrument.id, "only_if": "-"}]
    blocks = {f"block_{k}": {"ask": [ask]} for k, ask in enumerate(asks, start=1)}
    own = {
        "id": instrument.id,
        "title": _spoken(instrument, wanted.language).title,
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


def _translation(wanted: Wanted, name: str) -> dict[str, Any]:
    path = _file(wanted, f"{name}.{wanted.language}.yaml")
    if path is None:
        folders = (SHIPPED / FOLDER, wanted.study / FOLDER)
        languages = sorted({p.suffixes[0].strip(".") for folder in folders for p in folder.glob(f"{name}.*.yaml")})
        raise Refused(
            Problem(
                name,
                "No words in this language",
                f"there is no {name}.{wanted.language}.yaml",
                listed([BASE, *languages]),
                f"write it in {FOLDER}/, beside {name}.yaml",
            ),
            "The questionnaire",
        )
    return read_yaml(path, "questionnaire_language")


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
    own = {key: other[key] for key in ("title", "introduction", "closing", "words")}
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
    if record is None or len(blocks) < 2:
        return Part(tuple(blocks))
    item = _named_item(record, instruments, f"{frame['id']} › order › record", problems)
    return Part(tuple(blocks), item, record["codes"])


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
    if missing := _without_wording(instrument, ask, where):
        problems.append(missing)
        return []
    # all of its items, so that a rule about one that is asked elsewhere stays; those without wording are measured
    asked = administer(_spoken(instrument, wanted.language), where, **_settings(ask) | {"items": None})
    wanted_items = _asked_items(ask, instrument, where, problems)
    here = [
        new for new, old in zip(asked.items, instrument.items, strict=True) if old.id in wanted_items and new.wording
    ]
    items = mixed(here, ask.get("mix", 1))
    for extra in sorted(ask.get("insert", ()), key=lambda e: -e["after"]):
        if item := _named_item(extra, instruments, f"{where} › insert", problems, wanted.language):
            items.insert(extra["after"], item)
    rows = [Row(item, item.wording.strip()) for item in items]
    if any(row.item.asked_if for row in rows) and "only_if" not in ask:
        problems.append(Problem(where, "Rows that not everybody is asked", "paper must say whom", "", "add `only_if:`"))
    return paged(_questions(rows, asked, ask), ask.get("per_page"))


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
                asked.questions,
                shuffled=bool(ask.get("shuffle")) and len(group) > 1,
                only_if="" if note == "-" else note,
            )
        )
    return questions


def _of_its_own(item: Item, rows: Sequence[Row]) -> bool:
    """Whether a question of its own stands among sentences under the stem, which then does not hold for it."""

    def question(item: Item) -> bool:
        return bool(item.row_of) or item.wording.endswith("?")

    return question(item) and not all(question(row.item) for row in rows)


def _by_rule(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of a grid, those of everybody apart from those that not everybody is asked."""
    everybody = [row for row in rows if not row.item.asked_if]
    others = [row for row in rows if row.item.asked_if]
    return [part for part in (everybody, others) if part]


def _settings(ask: Mapping[str, Any]) -> dict[str, Any]:
    return dict(ask.get("settings", {})) | {key: ask[key] for key in ("as", "items") if key in ask}


def _spoken(instrument: Instrument, language: str) -> Instrument:
    if language == BASE:
        return instrument
    from rejsens.translations import translated

    return translated(instrument, language)


def _has_wording(instrument: Instrument) -> bool:
    return any(item.wording for item in instrument.items)


def _without_wording(instrument: Instrument, ask: Mapping[str, Any], where: str) -> Problem | None:
    """A published scale has no wording here; of our own, only what a platform measures has none."""
    items = [item for item in instrument.items if item.id in ask.get("items", [item.id])]
    worded = [item for item in items if item.wording]
    if len(worded) == len(items) or (worded and instrument.key.get("status") == "own"):
        return None
    own = f"write schemas/instruments/{instrument.id}.yaml in your study with `replaces: {instrument.id}` and the wording that you may use"
    return Problem(where, "Instruments without wording", "published questions are not shipped", "", own)


def _named_item(
    entry: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    where: str,
    problems: list[Problem],
    language: str = BASE,
) -> Item | None:
    if entry["instrument"] not in instruments:
        problems.append(_unknown("instruments", entry["instrument"], instruments, where))
        return None
    items = {item.id: item for item in _spoken(instruments[entry["instrument"]], language).items}
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
) -> list[Asked]:
    """The instruments as a sidecar lists them, in the order in which they come first."""
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
    ]
    entries += [extra for ask in entries for extra in ask.get("insert", ())]
    entries += [entry["record"] for entry in frame["order"] if isinstance(entry, Mapping) and "record" in entry]
    for entry in entries:
        instrument = instruments.get(entry["instrument"])
        if instrument is None or (instrument.id, entry.get("as", "")) in found:
            continue
        prefix = f"{entry['as']}_" if entry.get("as") else ""
        ids = tuple(i.id for i in instrument.items if not i.wording or prefix + i.id in columns)  # or it is measured
        if any(prefix + i in columns for i in ids):
            settings = {k: v for k, v in _settings(entry).items() if k != "items"}
            if len(ids) < len(instrument.items):
                settings["items"] = list(ids)
            found[(instrument.id, entry.get("as", ""))] = Asked(instrument.id, settings, tuple(prefix + i for i in ids))
    return list(found.values())


def _block_names(entry: Any) -> list[str]:
    return entry["shuffle"] if isinstance(entry, Mapping) else [entry]


def _facts(asked: Iterable[Asked], instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """What the instruments' files say of their status and their licence, each once."""
    used = [instruments[entry.id] for entry in asked]
    lines = [i.status_line for i in used] + [i.licence.get("terms") for i in used]
    return tuple(dict.fromkeys(line for line in lines if line))
