"""Translations: complete or refused with every fault, words alone are replaced, and the German of MREII keeps its principles."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from tests.conftest import ROOT, seal, write_study

from rejsens.administration import administer
from rejsens.codebook import codebook_for_wave, item_rows
from rejsens.declarations import load_yaml, read_yaml
from rejsens.definitions import Instrument, load_instruments
from rejsens.exports import read_export
from rejsens.plan import Plan
from rejsens.problems import Refused
from rejsens.registry import instrument_files, translation_files
from rejsens.study import gather_study, load_study, wave_with_instruments
from rejsens.translations import in_language, labels_in, languages, translated, translation_problems, words_file
from rejsens.validate import validate
from rejsens.variables import asked_variables

FOLDER = ROOT / "schemas/instruments"
KNOWN = load_instruments()
WORDED = {name: instrument for name, instrument in KNOWN.items() if languages(instrument)}
GERMAN = {name: translated(instrument, "de") for name, instrument in WORDED.items()}
MREII = {name: instrument for name, instrument in GERMAN.items() if name.startswith("mreii")}
ITEMS = {item.id: item for instrument in MREII.values() for item in instrument.items if item.wording}

# --- every instrument with wording, in every language that ships ------------------------------------------------------


def test_every_instrument_with_wording_is_complete_in_german() -> None:
    """`translated` refuses a file with any fault; here the words are counted once more, from the YAML itself."""
    assert set(WORDED) == {i for i, path in instrument_files(FOLDER).items() if "wording:" in path.read_text()}
    for name in WORDED:
        source, german = load_yaml(FOLDER / f"{name}.yaml"), load_yaml(FOLDER / f"{name}.de.yaml")
        assert translation_problems(german, source, f"{name}.de.yaml") == []
        assert set(german["items"]) == {item["id"] for item in source["items"] if item.get("wording")}
    assert sum(len(instrument.items) for instrument in MREII.values()) == len(ITEMS) > 200


def test_no_translation_stands_alone() -> None:
    assert {name for name, _ in translation_files(FOLDER)} <= set(instrument_files(FOLDER))
    assert len(translation_files(FOLDER)) == len(WORDED)


@pytest.mark.parametrize("name", WORDED)
def test_words_are_replaced_and_nothing_else(name: str) -> None:
    source, german = WORDED[name], GERMAN[name]
    bare = [replace(i, wording=None, labels={}) for i in source.items]
    assert bare == [replace(i, wording=None, labels={}) for i in german.items]
    words = {"items": (), "title": "", "window": "", "stem": None, "questions": {}, "events": {}, "language": ""}
    assert replace(source, **words) == replace(german, **words)
    for one, other in zip(source.items, german.items, strict=True):
        assert list(one.labels) == list(other.labels) and bool(one.wording) == bool(other.wording)
    assert german.language == "de" and german.title != source.title
    assert list(german.questions) == list(source.questions) and list(german.events) == list(source.events)


def test_an_instrument_as_administered_keeps_its_prefix_and_its_items() -> None:
    asked = administer(KNOWN["mreii_events"], **{"as": "clear", "items": ["mreii_a01", "mreii_a04"]})
    german = translated(asked, "de-AT")  # Austria has no file of its own, German has
    assert german.columns == asked.columns == ("clear_mreii_a01", "clear_mreii_a04")
    assert german.item("clear_mreii_a04").wording == ITEMS["mreii_a04"].wording and german.scores == asked.scores
    assert german.item("clear_mreii_a01").labels[9] == "Mir fällt kein solches Ereignis ein"
    shifted = administer(KNOWN["mreii_impact"], range=[1, 7])  # of other answers the file knows no words
    assert translated(shifted, "de").item("mreii_hv01").labels == {}


def test_the_source_and_what_nobody_translated() -> None:
    gad7, impact = KNOWN["gad7"], KNOWN["mreii_impact"]
    assert languages(gad7) == () and languages(impact) == ("en", "de")
    assert in_language(impact, "en-GB") is impact and in_language(impact, None) is impact
    assert in_language(impact, "fr") is None and in_language(gad7, "de") is None
    assert labels_in(impact, impact.items[0], "de")[1] == "stimme überhaupt nicht zu"
    assert labels_in(impact, impact.items[0], "fr")[1] == "strongly disagree"
    with pytest.raises(Refused, match=r"mreii_impact has no words in French.\s+Allowed: English and German"):
        translated(impact, "fr")
    with pytest.raises(Refused, match="it has no wording to translate"):
        translated(gad7, "de")


# --- faults ----------------------------------------------------------------------------------------------------------

SOURCE = load_yaml(FOLDER / "mreii_events.yaml")
WORDS = load_yaml(FOLDER / "mreii_events.de.yaml")


def without(words: dict[str, Any], *way: str) -> None:
    for key in way[:-1]:
        words = words[key]
    del words[way[-1]]


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an item is missing": (lambda w: without(w, "items", "mreii_a07"), "mreii_a07 is not translated"),
    "an item does not exist": (lambda w: w["items"].update(mreii_a70="Was?"), "mreii_a70: the instrument has no such item"),
    "the stem is missing": (lambda w: without(w, "stem"), "stem is not translated"),
    "the window is missing": (lambda w: without(w, "window"), "window is not translated"),
    "an event is missing": (lambda w: without(w, "events", "clear"), "clear is not translated"),
    "a question that is not asked": (lambda w: w.update(questions={"why": "Warum?"}), "why: the instrument has no such question"),
    "the shared answers are missing": (lambda w: without(w, "labels"), "no words for 1 (not at all true)"),
    "an answer is missing": (lambda w: without(w, "labels", 4), "no words for 4 (partly true)"),
    "an item's own answer is missing": (lambda w: w["items"]["mreii_a01"]["labels"].pop(9), "no words for 9 (I can think of no such event)"),
    "an item's own answers are missing": (lambda w: w["items"]["mreii_a01"].pop("labels"), "mreii_a01 › labels"),
    "an answer has another code": (lambda w: w["labels"].update({8: "mehr als völlig"}), "Allowed: 1, 2, 3, 4, 5, 6 and 7"),
    "a code is no number": (lambda w: w["labels"].update({"viel": "sehr viel"}), "labels: viel"),
    "answers of an item that has none of its own": (lambda w: w["items"].update(mreii_a02={"wording": "Was?", "labels": {1: "ja"}}), "no words for 2"),
    "two answers in the same words": (lambda w: w["labels"].update({2: "Trifft teilweise zu"}), "“Trifft teilweise zu”"),
    "an item is not translated": (lambda w: w["items"].update(mreii_a10="The matter is closed for me"), None),
    "an answer is not translated": (lambda w: w["labels"].update({7: "completely true"}), "1 text is the source's: answer 7"),
    "an item still in the source's words": (lambda w: w["items"].update(mreii_a10="the matter is  closed for me."), "1 text is the source's: mreii_a10"),
    "an older version": (lambda w: w.update(version="0"), "it translates version 0 of mreii_events, whose file is version 1"),
    "another language than the name": (lambda w: w.update(language="nl"), "rename it to mreii_events.nl.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told(fault: str) -> None:
    change, sentence = FAULTS[fault]
    words = copy.deepcopy(WORDS)
    change(words)
    said = [p.sentence() for p in translation_problems(words, SOURCE, "mreii_events.de.yaml")]
    if sentence is None:  # a text that differs by its full stop is not the source's
        assert said == []
    else:
        assert len(said) == 1 and sentence in said[0]


def test_words_that_are_rightly_the_same_are_declared() -> None:
    words = copy.deepcopy(WORDS) | {"title": SOURCE["title"]}
    assert len(translation_problems(words, SOURCE, "mreii_events.de.yaml")) == 1
    assert translation_problems(words | {"same_words": [SOURCE["title"]]}, SOURCE, "mreii_events.de.yaml") == []


def test_an_instrument_without_wording_has_nothing_to_translate() -> None:
    words = {"translates": "gad7", "language": "de", "version": "1", "title": "x", "items": {"gad7_01": "Nervosität"}}
    (problem,) = translation_problems(words, load_yaml(FOLDER / "gad7.yaml"), "gad7.de.yaml")
    assert problem.cause == "Nothing to translate" and "short labels and no wording" in problem.found


# --- in a study ------------------------------------------------------------------------------------------------------

CALM = {
    "id": "calm", "title": "Calm", "version": "2", "citation": "Invented.", "stem": "Think of today.",
    "licence": {"terms": "free", "permission_required": False}, "key": {"status": "user_supplied", "sources": []},
    "answers": {"min": 1, "max": 2, "labels": {1: "no", 2: "yes"}},
    "items": [{"id": "calm_1", "label": "calm", "wording": "I am calm."}],
}  # fmt: skip
RUHIG = {
    "translates": "calm", "language": "de", "version": "2", "method": "by hand", "status": "untested", "title": "Ruhe",
    "stem": "Denken Sie an heute.", "labels": {1: "nein", 2: "ja"}, "items": {"calm_1": "Ich bin ruhig."},
}  # fmt: skip


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with an instrument of its own, in two languages, that its second wave asks in German."""
    folder = write_study(tmp_path / "study")
    (folder / "schemas/instruments").mkdir(parents=True)
    (folder / "schemas/instruments/calm.yaml").write_text(yaml.safe_dump(CALM))
    (folder / "schemas/instruments/calm.de.yaml").write_text(yaml.safe_dump(RUHIG))
    sidecar = folder / "data/waves/w2.yaml"
    content = yaml.safe_load(sidecar.read_text()) | {"language": "de"}
    content["instruments"].append({"id": "calm"})
    content["headers"] = {"age": "calm_1"}
    sidecar.write_text(yaml.safe_dump(content))
    monkeypatch.chdir(folder)
    return folder


def own(study: Path) -> Instrument:
    return load_instruments((FOLDER, study / "schemas/instruments"), only=["calm", "mreii_healing"])["calm"]


def test_a_studys_own_instrument_is_translated_beside_it(study: Path) -> None:
    calm = own(study)
    assert languages(calm) == ("en", "de") and translated(calm, "de").items[0].wording == "Ich bin ruhig."
    assert translated(calm, "de").window == "" and translated(calm, "de").shipped is False


def test_a_study_may_translate_a_shipped_instrument_and_starts_anew_where_it_replaces_one(study: Path) -> None:
    words = load_yaml(FOLDER / "mreii_healing.de.yaml") | {"language": "nl"}
    (study / "schemas/instruments/mreii_healing.nl.yaml").write_text(yaml.safe_dump(words))
    folders = (FOLDER, study / "schemas/instruments")
    assert languages(load_instruments(folders, only=["mreii_healing"])["mreii_healing"]) == ("en", "de", "nl")
    replacing = load_yaml(FOLDER / "mreii_healing.yaml") | {"replaces": "mreii_healing"}
    (study / "schemas/instruments/mreii_healing.yaml").write_text(yaml.safe_dump(replacing))
    assert languages(load_instruments(folders, only=["mreii_healing"])["mreii_healing"]) == ("en", "nl")


def test_all_faults_of_a_studys_translation_are_told_before_anything_runs(study: Path) -> None:
    path = study / "schemas/instruments/calm.de.yaml"
    path.write_text(yaml.safe_dump(RUHIG | {"version": "1", "stem": "Think of today.", "labels": {1: "nein"}}))
    with pytest.raises(Refused) as refused:
        load_study(".")
    causes = {p.cause for p in refused.value.problems}
    assert {
        "A translation of another version",
        "A text that is not translated",
        "A translation is not complete",
    } <= causes
    assert (
        sum(p.cause == "A translation of another version" for p in refused.value.problems) == 1
    )  # in however many waves
    path.write_text(yaml.safe_dump(RUHIG | {"codes": [1], "items": {"calm_1": ""}}))
    with pytest.raises(Refused, match="“codes” is not a setting here") as refused:
        load_study(".")
    assert "calm_1" in str(refused.value)


def test_a_translation_of_an_instrument_that_is_not_there(study: Path) -> None:
    (study / "schemas/instruments/clam.de.yaml").write_text(yaml.safe_dump(RUHIG))
    with pytest.raises(Refused, match=r"there is no instrument “clam”\.\n.*Did you mean “calm”\?"):
        load_study(".")


def test_a_job_depends_on_the_translation_in_which_its_wave_was_asked(study: Path) -> None:
    columns = (study / "data/waves/w2.csv").read_text()
    assert columns.startswith("id,")
    plan = Plan(gather_study(".", []))
    own_file = "schemas/instruments/calm.de.yaml"
    assert own_file in plan.validate_wave("w2")["depends"] and own_file not in plan.validate_wave("w1")["depends"]
    before = plan.validate_wave("w2")["depends"][own_file]
    (study / own_file).write_text(yaml.safe_dump(RUHIG | {"items": {"calm_1": "Ich bin gelassen."}}))
    assert Plan(gather_study(".", [])).validate_wave("w2")["depends"][own_file] != before
    assert words_file(own(study), "de-CH").endswith("calm.de.yaml")


def test_a_wave_in_german_is_read_and_described_in_german(study: Path) -> None:
    """Without a map and without questions in the export: the answers and the codebook go by the translation."""
    Path("data/waves/w2.csv").write_text("id,calm_1,gad7_01\np1,ja,0\np2,Nein,1\n")
    content = yaml.safe_load(Path("data/waves/w2.yaml").read_text()) | {"headers": {}}
    content["instruments"] = [{"id": "calm"}, {"id": "gad7", "items": ["gad7_01"]}]
    Path("data/waves/w2.yaml").write_text(yaml.safe_dump(content))
    seal(study, "w2")
    wave, asked = wave_with_instruments("data/waves/w2.yaml")
    found = validate(wave, asked, [], "stop", 1)
    assert found.checked_answers["calm_1"].tolist() == [2, 1]
    rows = codebook_for_wave(wave, asked, found.variables).set_index("variable")
    assert rows.loc["calm_1", ["question_text", "language"]].tolist() == ["Ich bin ruhig.", "de"]
    assert rows.loc["calm_1", "choices"] == '{"1": "nein", "2": "ja"}'
    Path(
        "schemas/instruments/calm.de.yaml"
    ).unlink()  # nobody knows the German words, so the file's own are shown as such
    wave, asked = wave_with_instruments("data/waves/w2.yaml")
    with pytest.raises(Refused, match="calm"):
        validate(wave, asked, [], "stop", 1)
    english = asked_variables(wave, asked, read_export(wave), {"calm_1": "calm_1"}).iloc[0]
    assert english[["question_text", "language", "defined_text", "defined_choices"]].tolist() == [
        "I am calm.",
        "de",
        "",
        "",
    ]
    row = english.to_dict() | {"n": 2, "n_missing": 0}
    assert item_rows(wave, asked, pd.DataFrame([row]), {})[0]["language"] == "en"


def test_the_files_keep_their_schema() -> None:
    for path in translation_files(FOLDER).values():
        content = read_yaml(path, "translation")
        assert content["method"] and "not" in content["status"].lower()  # what was not done is said plainly


# --- the German of MREII, as far as its principles can be checked by a machine ------------------------------------------

NEGATION = re.compile(
    r"\b(nicht\w*|nie\w*|kein\w*|ohne|weder|noch nie|kaum|selten|miss\w+|un(?!d\b|s\b|ter|ten|sere?|i\b)\w+|\w+los(e|en|er|es)?)\b",
    re.IGNORECASE,
)
CAUSE = re.compile(
    r"\b(weil|da|nach|seit\w*|daher|darum|deshalb|deswegen|dadurch|wegen|durch|aufgrund|infolge)\b", re.IGNORECASE
)
JARGON = re.compile(
    r"mikro|zurückweis|ablehn|ghost|trigger|bindung|trauma|toxisch|valid|emotion|vernachlässig|verletzlich|hypervig|selbstwert",
    re.IGNORECASE,
)
GENDERED = re.compile(
    r"\b(er|ihn|ihm|seine[rmns]?|mann|männer|frau|frauen|junge|mädchen|vater|mutter|bruder|schwester|freund(in|e|innen|en)?|"
    r"partner(in|innen|n)?|kolleg(e|en|in|innen)|chef(in)?)\b",
    re.IGNORECASE,
)
INFORMAL = re.compile(r"\b(du|dich|dir|deine?[rmns]?|euch|eure?)\b", re.IGNORECASE)
TIME = re.compile(r"\b(wochen?|monate?n?|jahre?n?|neulich|kürzlich|heute|letzte[rns]?)\b", re.IGNORECASE)
IMPACT = {
    i: x
    for i, x in ITEMS.items()
    if x.id in {y.id for n in ("mreii_impact", "mreii_impact_wide") for y in MREII[n].items}
}
REVERSED = {i: x for i, x in ITEMS.items() if x.reverse}
LEADS = {f"{name} {k}": text for name, i in MREII.items()
         for k, text in enumerate([i.stem, *i.questions.values(), *i.events.values()])}  # fmt: skip
LABELS = {text for instrument in MREII.values() for item in instrument.items for text in item.labels.values()}


@pytest.mark.parametrize(
    "sentence", ["Ich bin nicht ruhig", "Ich bin unsicher", "Ich bin wertlos", "ohne Sorge", "niemand"]
)
def test_german_negations_are_found(sentence: str) -> None:
    assert NEGATION.search(sentence)


@pytest.mark.parametrize(
    "sentence", ["Ich ruhe und warte unter uns", "Ich bin unten bei unseren Leuten", "ich lasse los"]
)
def test_plain_german_is_no_negation(sentence: str) -> None:
    assert not NEGATION.search(sentence)


def cases(items: dict[str, Any]) -> Any:
    return pytest.mark.parametrize("item", items.values(), ids=items)


def test_the_reversed_items_are_those_of_the_source() -> None:
    assert len(REVERSED) == sum(item.reverse for i in MREII for item in KNOWN[i].items) > 20


@cases(REVERSED)
def test_reversed_items_hold_no_negation(item: Any) -> None:
    assert not NEGATION.search(item.wording)


@cases(IMPACT)
def test_impact_items_name_no_cause_and_no_time(item: Any) -> None:
    assert not CAUSE.search(item.wording) and not TIME.search(item.wording)


def test_texts_hold_no_jargon_no_gender_and_no_du() -> None:
    texts = [*(item.wording for item in ITEMS.values()), *LEADS.values(), *LABELS]
    for pattern in (JARGON, GENDERED, INFORMAL):
        assert [text for text in texts if pattern.search(text)] == []


def test_items_are_one_short_sentence() -> None:
    questions = {"mreii_n01", "mreii_g_clear", "mreii_q01", "mreii_q02", "mreii_q03", "mreii_q04"}
    for item in (item for item in ITEMS.values() if item.id not in questions):
        assert re.fullmatch(r"[A-ZÄÖÜ][^.?!;:]*\.", item.wording) and len(item.wording.split()) <= 16, item.wording


@pytest.mark.parametrize("name", [n for n, i in KNOWN.items() if n in MREII and "four weeks" in (i.stem or "")])
def test_the_stem_says_the_recall_window(name: str) -> None:
    assert "vier Wochen" in MREII[name].stem and "vier Wochen" not in "".join(i.wording for i in MREII[name].items)


def test_what_is_asked_twice_is_asked_in_the_same_words() -> None:
    """The long form repeats the twelve sentences of E; equal answers in English are equal in German."""
    exposure, matrix = MREII["mreii_exposure"], MREII["mreii_matrix"]
    assert [matrix.questions[f"e{k:02}"] for k in range(1, 13)] == [i.wording for i in exposure.items[:12]]
    german: dict[str, set[str]] = {}
    for name in MREII:
        for source, item in zip(KNOWN[name].items, MREII[name].items, strict=True):
            pairs = [(source.labels[code], item.labels[code]) for code in source.labels]
            for english, text in [*pairs, (source.wording, item.wording)]:
                german.setdefault(english, set()).add(text)
    assert {english: words for english, words in german.items() if len(words) > 1} == {}


def test_an_instructed_answer_names_an_answer_word_for_word() -> None:
    quality = MREII["mreii_quality"]
    for item in (item for item in quality.items if item.instructed is not None):
        assert f"„{item.labels[item.instructed]}“" in item.wording
