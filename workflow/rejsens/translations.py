"""An instrument's words in another language: one file ID.LANGUAGE.yaml beside its own, which keeps keys, codes and scoring.

The words in ID.yaml are the source, and English. A translation holds words only, all of them, of one version of the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from rejsens.declarations import load_yaml, read_yaml
from rejsens.definitions import Instrument, Item
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.registry import sha256
from rejsens.wording import plain_key, same_words

SOURCE = "en"
# ISO 639-1 codes of languages in which such studies are often run; others are named by their code.
NAMES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
ALONE, GROUPS = ("title", "window", "stem"), ("questions", "events")  # texts of an instrument beside its items

Words = Mapping[str, Any]  # the content of a translation's file


# --- names of languages ----------------------------------------------------------------------------------------------


def language_tag(stated: str | None) -> str:
    """The tag (BCP 47) of what a sidecar says under `language:`, or "" where that is no one language.

    >>> [language_tag(x) for x in ("de", "DE_at", "German", "pt-BR", "English and German", None)]
    ['de', 'de-AT', 'de', 'pt-BR', '', '']
    """
    text = (stated or "").strip()
    named = next((tag for tag, name in NAMES.items() if name.casefold() == text.casefold()), "")
    parts = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?", text)
    if named or not parts:
        return named
    return "-".join(filter(None, (parts[1].lower(), (parts[2] or "").title(), (parts[3] or "").upper())))


def language_name(tag: str) -> str:
    """How a language is called in a sentence.

    >>> language_name("de"), language_name("pt-BR"), language_name("qaa")
    ('German', 'Portuguese (BR)', 'qaa')
    """
    first, _, rest = tag.partition("-")
    return NAMES.get(first, first) + (f" ({rest})" if rest else "")


def same_language(first: str, second: str) -> bool:
    """Whether two waves were asked in one language, whatever the country; one that states none is taken as the source's.

    >>> same_language("de-AT", "de"), same_language("", "en"), same_language("", "de")
    (True, True, False)
    """
    return (first or SOURCE).partition("-")[0] == (second or SOURCE).partition("-")[0]


# --- an instrument in a language -------------------------------------------------------------------------------------


def languages(instrument: Instrument) -> tuple[str, ...]:
    """The languages in which an instrument's wording is at hand, the source first; none where it has no wording.

    >>> from rejsens.definitions import load_instruments
    >>> known = load_instruments(only=["mreii_impact", "rses"])
    >>> languages(known["mreii_impact"]), languages(known["rses"])
    (('en', 'de'), ())
    """
    return (SOURCE, *sorted(instrument.translations)) if any(item.wording for item in instrument.items) else ()


def words_file(instrument: Instrument, language: str | None) -> str:
    """The file with the instrument's words in a language; "" for the source, and where there is none.

    A tag that names a country or script falls back to the language as such: de-AT to de (lookup of RFC 4647, section 3.4).
    """
    return instrument.translations.get(lookup(language, instrument.translations), "")


def lookup(language: str | None, known: Iterable[str]) -> str:
    """The one of the known tags that serves for a language; "" for the source's language, and where none does.

    >>> lookup("de-AT", ["de", "fr"]), lookup("German", ["de"]), lookup("en-GB", ["de"]), lookup("fr", ["de"])
    ('de', 'de', '', '')
    """
    tag, known = language_tag(language), set(known)
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return "" if same_language(tag, SOURCE) else tag


def translated(instrument: Instrument, language: str) -> Instrument:
    """The instrument with its words in another language; ids, codes, keys and scores are the same objects.

    instrument   as defined, or as a wave administered it (with a prefix, with some items left out)
    language     a tag such as de; the source's language gives the instrument as it is
    raises       Refused: there is no such translation, or its file is at fault (every fault at once)

    >>> from rejsens.definitions import load_instruments
    >>> impact = load_instruments(only=["mreii_impact"])["mreii_impact"]
    >>> translated(impact, "de").item("mreii_sw06").wording
    'Ich schätze den Menschen, der ich bin.'
    """
    if same_language(language_tag(language) or language, SOURCE):
        return instrument
    path = words_file(instrument, language)
    if not path:
        there = listed([language_name(tag) for tag in languages(instrument)]) or "it has no wording to translate"
        fix = f"translate it: {instrument.id}.{language_tag(language) or 'LANGUAGE'}.yaml beside {instrument.file}"
        found = f"{instrument.id} has no words in {language_name(language)}"
        raise Refused(Problem(instrument.id, "A translation that is not there", found, there, fix), instrument.id)
    words = _words(path, instrument.path)
    return replace(
        instrument,
        language=words["language"],
        title=words["title"],
        window=words.get("window", ""),
        stem=words.get("stem"),
        questions=words.get("questions", {}),
        events=words.get("events", {}),
        items=tuple(_item(item, words, _own_id(instrument, item)) for item in instrument.items),
    )


def in_language(instrument: Instrument, language: str | None) -> Instrument | None:
    """The instrument in the words in which a wave asked it; None where nobody has written them down.

    language   as the sidecar states it; a wave that states none, or no one language, is taken as asked in the source's
    raises     Refused: the translation's file is at fault
    """
    tag = language_tag(language)
    if same_language(tag, SOURCE):
        return instrument
    return translated(instrument, tag) if words_file(instrument, tag) else None


def labels_in(instrument: Instrument, item: Item, language: str | None) -> Mapping[float, str]:
    """The answers of one item in the words of a language: code -> label; the source's where nobody has translated it."""
    path = words_file(instrument, language)
    return _item(item, _words(path, instrument.path), _own_id(instrument, item)).labels if path else item.labels


def _own_id(instrument: Instrument, item: Item) -> str:
    """The item's id in the instrument's own file, without the prefix of an administration."""
    return item.id.removeprefix(instrument.name.removesuffix(instrument.id))


def _item(item: Item, words: Words, own_id: str) -> Item:
    given = _given(words, own_id)
    if not given:
        return item  # nobody was asked it: the platform wrote it down
    labels = {float(code): text for code, text in (given.get("labels") or words.get("labels", {})).items()}
    return replace(item, wording=given["wording"], labels={code: labels[code] for code in item.labels})


def _given(words: Words, item: str) -> dict[str, Any]:
    found = words["items"].get(item, {})
    return {"wording": found} if isinstance(found, str) else found


def _words(path: str, source: str) -> Words:
    return _checked(path, sha256(path), source, sha256(source))


@cache
def _checked(path: str, _content: str, source: str, _source_content: str) -> Words:
    words = read_yaml(path, "translation")
    if problems := translation_problems(words, load_yaml(source), path):
        raise Refused(problems, path)
    return words


# --- faults ----------------------------------------------------------------------------------------------------------


def translation_problems(words: Words, source: Mapping[str, Any], path: str) -> list[Problem]:
    """Everything in which a translation does not fit its instrument.

    words    content of ID.LANGUAGE.yaml, which keeps its schema
    source   content of ID.yaml
    """
    name = f"{words['translates']}.{words['language']}"
    problems = []
    if Path(path).stem != name:
        problems.append(
            Problem(path, "File name and language differ", f"the file says {name}", "", f"rename it to {name}.yaml")
        )
    if not any(item.get("wording") for item in source["items"]):
        found = f"the file of {source['id']} holds short labels and no wording"
        return [*problems, Problem(path, "Nothing to translate", found, "", "remove the file")]
    if words["version"] != str(source["version"]):
        found = f"it translates version {words['version']} of {source['id']}, whose file is version {source['version']}"
        fix = "compare every text with the instrument's file, then state its version"
        problems.append(Problem(f"{path} › version", "A translation of another version", found, "", fix))
    problems += _item_problems(words, source, path)
    problems += _text_problems(words, source, path)
    problems += _label_problems(words, source, path)
    return problems + _same_problems(words, source, path)


def _set_problems(where: str, thing: str, there: Iterable[str], needed: Iterable[str]) -> list[Problem]:
    there, needed = list(there), list(needed)
    missing, unknown = [x for x in needed if x not in there], [x for x in there if x not in needed]
    problems = []
    if missing:
        found = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} not translated"
        problems.append(Problem(where, "A translation is not complete", found, "", "translate it"))
    if unknown:
        found = f"{listed(unknown)}: the instrument has no such {thing} to translate"
        hint = did_you_mean(unknown[0], needed) or "remove it"
        problems.append(Problem(where, "A translation of what is not there", found, "", hint))
    return problems


def _item_problems(words: Words, source: Mapping[str, Any], path: str) -> list[Problem]:
    asked = [item["id"] for item in source["items"] if item.get("wording")]
    return _set_problems(f"{path} › items", "item", words["items"], asked)


def _text_problems(words: Words, source: Mapping[str, Any], path: str) -> list[Problem]:
    texts = [key for key in ALONE if source.get(key)]
    problems = _set_problems(path, "text", [key for key in ALONE if words.get(key)], texts)
    for group in GROUPS:
        problems += _set_problems(f"{path} › {group}", group[:-1], words.get(group, ()), source.get(group, ()))
    return problems


def _label_problems(words: Words, source: Mapping[str, Any], path: str) -> list[Problem]:
    """Answers: the shared ones under `labels:`, an item's own beside its wording; the same codes, each in words of its own."""
    shared, problems = _labels(source["answers"]), []
    uses_shared = False
    for item in (item for item in source["items"] if item.get("wording")):
        given, own = _given(words, item["id"]), _labels({**source["answers"], **item.get("answers", {})})
        if own == shared:
            uses_shared = True
        if given and (own != shared or given.get("labels")):
            problems += _code_problems(f"{path} › items › {item['id']} › labels", given.get("labels", {}), own)
    if uses_shared or words.get("labels"):
        problems += _code_problems(f"{path} › labels", words.get("labels", {}), shared if uses_shared else {})
    return problems


def _labels(answers: Mapping[str, Any]) -> dict[float, str]:
    return {float(code): str(text) for code, text in answers.get("labels", {}).items()}


def _code_problems(where: str, labels: Mapping[Any, str], own: Mapping[float, str]) -> list[Problem]:
    codes = {_number(code): text for code, text in labels.items()}
    missing, strange = [c for c in own if c not in codes], [str(c) for c in labels if _number(c) not in own]
    problems = []
    if missing:
        found = f"there are no words for {listed([f'{c:g} ({own[c]})' for c in missing])}"
        problems.append(Problem(where, "A translation is not complete", found, "", "translate it"))
    if strange:
        allowed = listed([f"{c:g}" for c in own], 20) or "no answers of its own"
        problems.append(
            Problem(where, "Answers with other codes", listed(strange), allowed, "keep the codes of the instrument")
        )
    twice = [text for text, n in Counter(map(plain_key, codes.values())).items() if n > 1]
    if twice and len({plain_key(text) for text in own.values()}) == len(own):
        said = listed([f"“{next(t for t in codes.values() if plain_key(t) == key)}”" for key in twice])
        problems.append(Problem(where, "Two answers in the same words", said, "", "give each answer words of its own"))
    return problems


def _label(labels: Mapping[float, str], code: Any) -> str:
    number = _number(code)
    return "" if number is None else labels.get(number, "")


def _number(code: Any) -> float | None:
    try:
        return float(code)
    except (TypeError, ValueError):
        return None


def _same_problems(words: Words, source: Mapping[str, Any], path: str) -> list[Problem]:
    """Texts that are still the source's; those that are rightly the same stand under `same_words:`."""
    alike = {plain_key(text) for text in words.get("same_words", ())}
    untranslated = [
        where
        for where, text, original in _pairs(words, source)
        if same_words(text, original) and plain_key(text) not in alike
    ]
    if not untranslated:
        return []
    found = f"{counted(len(untranslated), 'text')} {'is' if len(untranslated) == 1 else 'are'} the source's: {listed(untranslated)}"
    fix = "translate it, or list under `same_words:` what is rightly the same in both languages"
    return [Problem(path, "A text that is not translated", found, "", fix)]


def _pairs(words: Words, source: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(place, text, the source's text) of everything that stands in both."""
    pairs = [(key, words.get(key, ""), source.get(key, "")) for key in ALONE]
    for group in GROUPS:
        pairs += [(key, text, source.get(group, {}).get(key, "")) for key, text in words.get(group, {}).items()]
    shared = _labels(source["answers"])
    pairs += [(f"answer {code}", text, _label(shared, code)) for code, text in words.get("labels", {}).items()]
    for item in source["items"]:
        given, own = _given(words, item["id"]), _labels({**source["answers"], **item.get("answers", {})})
        pairs.append((item["id"], given.get("wording", ""), item.get("wording", "")))
        labels = given.get("labels", {}).items()
        pairs += [(f"{item['id']}, answer {code}", text, _label(own, code)) for code, text in labels]
    return [(where, text, original) for where, text, original in pairs if text and original]
