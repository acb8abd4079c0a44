"""A questionnaire asks what the instruments' files say, in every format, and what comes back is what was asked.

Respondents here are drawn at random: simulated, nobody answered.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.conftest import ROOT
from typer.testing import CliRunner

from rejsens.adding import session
from rejsens.adding.request import request_of
from rejsens.adding.session import How, add_to
from rejsens.cli import app
from rejsens.declarations import load_settings
from rejsens.definitions import Item, load_instruments
from rejsens.importers import limesurvey as lime_importer
from rejsens.importers.limesurvey import read_structure
from rejsens.importers.model import Head
from rejsens.problems import Refused
from rejsens.questionnaire import limesurvey, page, pdf, qualtrics
from rejsens.questionnaire.contents import contents
from rejsens.questionnaire.model import Block, Part, Question, Questionnaire, Row, minutes, paged
from rejsens.questionnaire.reading import Wanted, read_questionnaire, support_notice
from rejsens.questionnaire.review import review_sheet
from rejsens.questionnaire.writing import write_files
from rejsens.sidecars import instruments_asked, load_wave
from rejsens.validate import validate

DOCS = ROOT / "docs" / "mreii"
SHIPPED = load_instruments()
FORMS = [(1, "short", "en"), (2, "short", "de"), (1, "long", "en")]
EVERY = pytest.mark.parametrize(("wave", "form", "language"), FORMS)
SOURCES = ("partner", "friend", "work", "dating", "family")


@cache
def asked(wave: int = 1, form: str = "short", language: str = "en") -> Questionnaire:
    return read_questionnaire(Wanted("mreii", ROOT, language, wave, form))


def expected_items(wave: int, form: str) -> list[str]:
    """What the files say is asked: every item with wording, the events twice, one form of the sources."""
    names = ["background", *(name for name in SHIPPED if name.startswith("mreii_"))]
    names.remove("mreii_matrix" if form == "short" else "mreii_sources")
    found = []
    for name in names:
        instrument = SHIPPED[name]
        first_only = name in ("mreii_climate", "mreii_perceived_change")
        if wave < instrument.from_wave or (wave > 1 and first_only):
            continue
        kinds = [f"{kind}_" for kind in instrument.events] or [""]
        found += [kind + item.id for kind in kinds for item in instrument.items if item.wording]
    return found


def plain(column: str) -> Item:
    """An item of the files by its column."""
    name = re.sub("^(unclear|clear)_", "", column)
    return next(item for i in SHIPPED.values() for item in i.items if item.id == name)


def applies(column: str, answers: dict[str, float]) -> bool:
    """Whether a person is asked an item, by the rule in its file, from the answers so far."""
    prefix = re.match("(unclear_|clear_)?", column).group(0)
    rule = plain(column).asked_if
    if rule is None:
        return True
    given = {i: answers.get(prefix + i) for i in rule.any_of}
    return any(a is not None and a >= rule.at_least and a not in plain(i).not_applicable for i, a in given.items())


def respondents(q: Questionnaire, people: int, seed: int = 5) -> list[dict[str, float]]:
    """Simulated people: each answers what is asked of them, now and then nothing."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(people):
        answers: dict[str, float] = {}
        for row in q.rows():
            if rng.random() < 0.05 or not applies(row.item.id, answers):
                continue
            codes = list(row.item.labels)
            whole = range(int(row.item.low), int(row.item.high) + 1)
            answers[row.item.id] = float(rng.choice(codes or whole))
        found.append(answers)
    return found


# --- what is asked ---------------------------------------------------------------------------------------------------


@EVERY
def test_every_item_is_asked_once_in_its_own_words(wave, form, language):
    q = asked(wave, form, language)
    columns = [row.item.id for row in q.rows()]
    assert Counter(columns) == Counter(expected_items(wave, form))
    if language == "en":
        assert all(row.text == plain(row.item.id).wording.strip() for row in q.rows())
        assert all(dict(question.choices) == dict(plain(row.item.id).labels) for question in q.questions() for row in question.rows if question.choices)  # fmt: skip
    else:
        same = [r.item.id for r in q.rows() if r.text == plain(r.item.id).wording]
        assert same == [] and all(set(x.choices) == set(plain(x.rows[0].item.id).labels) for x in q.questions() if x.choices)  # fmt: skip


@EVERY
def test_what_depends_on_an_answer_stands_on_a_later_page(wave, form, language):
    before: set[str] = set()
    for sheet in asked(wave, form, language).pages():
        here = [row.item for question in sheet.questions for row in question.rows]
        for item in here:
            assert not item.asked_if or set(item.asked_if.any_of) <= before, item.id
        before |= {item.id for item in here}


def test_instructed_items_stand_among_the_items_whose_answers_they_share():
    q = asked()
    places = {row.item.id: (question, [r.item.id for r in question.rows].index(row.item.id))
              for question in q.questions() for row in question.rows if row.item.instructed is not None}  # fmt: skip
    assert list(places) == ["mreii_q01", "mreii_q02"]
    for (question, place), scale in zip(places.values(), ("mreii_impact", "mreii_impact_wide"), strict=True):
        assert question.code.startswith(scale) and 0 < place < len(question.rows) - 1 and question.shuffled


def test_each_page_of_impact_holds_items_of_every_scale_and_the_events_are_shuffled_and_recorded():
    q = asked()
    pages = [question for question in q.questions() if re.fullmatch(r"mreii_impact_\d", question.code)]
    for question in pages:
        assert {re.match("mreii_[a-z]+", row.item.id).group(0) for row in question.rows} >= {f"mreii_{s}" for s in ("hv", "sb", "sw", "st", "in")}  # fmt: skip
    parts = {tuple(b.id for b in part.blocks): part for part in q.parts if part.shuffled}
    events = parts[("unclear_event", "clear_event")]
    labels = {code: label for code, label in events.record.labels.items()}
    assert events.record.id == "event_first" and [i.id for i in q.records()] == ["event_first"]
    assert {labels[float(code)]: name for name, code in events.codes.items()} == {"unclear": "unclear_event", "clear": "clear_event"}  # fmt: skip


def test_a_sidecar_of_it_lists_what_was_asked():
    entries = {(a.id, a.settings.get("as")): a for a in asked(wave=2).asked}
    assert ("mreii_healing", None) in entries and ("mreii_climate", None) not in entries
    assert {("mreii_events", "unclear"), ("mreii_events", "clear"), ("mreii_event_order", None)} <= set(entries)
    assert all("items" not in a.settings for a in entries.values())


def item(name: str, text: str, **more: object) -> Row:
    return Row(Item(name, name, 1, 2, labels={1.0: "no", 2.0: "yes"}, wording=text, **more), text)


def test_minutes_worked_by_hand():
    grid = Question(
        "g",
        "grid",
        "How are you now?",
        "",
        (item("a", "I sing a song."), item("b", "I dance.")),
        {1.0: "no", 2.0: "yes"},
    )

    def lasting(questions: int) -> int:
        block = Block("b", "", tuple(paged([grid] * questions, None)))
        return minutes(replace(asked(), parts=(Part((block,)),)))

    assert lasting(10) == 2  # 4 words of the stem, said once, and 10 x 8: 84 / 200; 20 answers of 3 seconds: 1.42
    assert lasting(30) == 5  # 4 + 30 x 8 = 244: 1.22; 60 answers: 3; 4.22


def test_a_long_grid_is_cut_into_pages_of_like_length():
    rows = tuple(item(f"i{k}", "I dance.") for k in range(23))
    cut = paged([Question("g", "grid", "Stem.", "", rows, {1.0: "no"})], 10)
    assert [[len(q.rows) for q in sheet.questions] for sheet in cut] == [[8], [8], [7]]
    assert [q.code for sheet in cut for q in sheet.questions] == ["g_1", "g_2", "g_3"]


# --- refusals --------------------------------------------------------------------------------------------------------


def write(study: Path, name: str, content: dict) -> None:
    path = study / "schemas" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def frame(**blocks: list[dict]) -> dict:
    words = {"from_to": "{low} to {high}", "page_of": "{page}/{pages}", "code": "ids"}
    return {"id": "own", "title": "Own", "introduction": ["Hello."], "closing": ["Thanks. {support}"], "words": words,
            "order": list(blocks), "blocks": {name: {"ask": asks} for name, asks in blocks.items()}}  # fmt: skip


def test_a_study_makes_a_questionnaire_of_its_own_instruments(tmp_path):
    own = yaml.safe_load((ROOT / "schemas/instruments/mreii_healing.yaml").read_text()) | {
        "id": "steps",
        "from_wave": 1,
    }
    own["items"] = [i | {"id": i["id"].replace("mreii_h", "steps_")} for i in own["items"]]
    own |= {"scores": [], "examples": []}
    write(tmp_path, "instruments/steps.yaml", own)
    write(tmp_path, "questionnaires/own.yaml", frame(one=[{"instrument": "steps"}]))
    for name in ("own", "steps"):
        q = read_questionnaire(Wanted(name, tmp_path))
        assert [row.item.id for row in q.rows()] == [f"steps_0{k}" for k in range(1, 6)]
        made = write_files(Wanted(name, tmp_path), ["qualtrics", "limesurvey", "review"], tmp_path / name)
        assert len(made) == 6 and "steps_05" in (tmp_path / name / "review.csv").read_text()


def test_all_faults_are_told_at_once(tmp_path):
    order = frame(
        one=[{"instrument": "rses"}, {"instrument": "mreii_cliamte"}],
        two=[{"instrument": "mreii_giving"}, {"instrument": "mreii_climate", "insert": [{"instrument": "mreii_quality", "item": "mreii_q9", "after": 1}]}],
        three=[{"instrument": "mreii_climate"}],
    )  # fmt: skip
    write(tmp_path, "questionnaires/own.yaml", order | {"order": ["one", "two", "three", "four"]})
    with pytest.raises(Refused) as refused:
        read_questionnaire(Wanted("own", tmp_path))
    causes = {p.cause for p in refused.value.problems}
    assert causes == {"Instruments without wording", "Unknown instruments", "Rows that not everybody is asked",
                      "Unknown items", "Items asked twice", "Unknown blocks"}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        (Wanted("mreij", ROOT), "No such questionnaire"),
        (Wanted("mreii", ROOT, language="xx"), "No words in this language"),
        (Wanted("mreii_healing", ROOT), "Nothing to ask"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(wanted, cause):
    with pytest.raises(Refused, match=cause):
        read_questionnaire(wanted)


def test_an_item_that_depends_on_a_later_one_is_refused(tmp_path):
    write(tmp_path, "questionnaires/own.yaml", frame(
        one=[{"instrument": "mreii_giving", "items": ["mreii_r01"], "only_if": "If."}],
        two=[{"instrument": "mreii_giving", "items": ["mreii_g01"]}],
    ))  # fmt: skip
    with pytest.raises(Refused):
        read_questionnaire(Wanted("own", tmp_path))


RECORD = {"instrument": "mreii_event_order", "item": "event_first"}


@pytest.mark.parametrize(
    ("ask", "cause"),
    [
        ({"instrument": "mreii_climate", "settings": {"already_reversed": "all"}}, "Settings that are not asked"),
        ({"instrument": "mreii_events", "only_if": "If."}, "An event of an unknown kind"),
        ({"instrument": "mreii_climate", "insert": [{"instrument": "mreii_quality", "item": "mreii_q01", "after": 6}]},
         "A place that is not there"),
        ({"instrument": "mreii_climate", "insert": [{"instrument": "rses", "item": "rses_01", "after": 1}]},
         "Instruments without wording"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_asked_is_refused_in_words(tmp_path, ask, cause):
    write(tmp_path, "questionnaires/own.yaml", frame(one=[ask]))
    with pytest.raises(Refused) as refused:
        read_questionnaire(Wanted("own", tmp_path))
    assert [p.cause for p in refused.value.problems] == [cause]


def test_an_item_may_be_inserted_behind_the_last_one(tmp_path):
    extra = {"instrument": "mreii_quality", "item": "mreii_q01", "after": 5}
    write(tmp_path, "questionnaires/own.yaml", frame(one=[{"instrument": "mreii_climate", "insert": [extra]}]))
    assert [row.item.id for row in read_questionnaire(Wanted("own", tmp_path)).rows()][-1] == "mreii_q01"


@pytest.mark.parametrize(
    ("codes", "causes"),
    [
        ({"one": 1, "two": 2}, []),
        ({"one": 1}, ["Blocks without a code"]),
        ({"one": 1, "two": 2, "three": 2}, ["Codes of other blocks", "One code for several blocks"]),
        ({"one": 1, "two": 1}, ["One code for several blocks"]),
        ({"one": 1, "two": 3}, ["Codes that the item does not have"]),
    ],
)
def test_the_codes_of_the_order_are_those_of_the_shuffled_blocks_and_of_the_item(tmp_path, codes, causes):
    content = frame(one=[{"instrument": "mreii_climate"}], two=[{"instrument": "mreii_perceived_change"}])
    content["order"] = [{"shuffle": ["one", "two"], "record": RECORD | {"codes": codes}}]
    write(tmp_path, "questionnaires/own.yaml", content)
    if not causes:
        assert read_questionnaire(Wanted("own", tmp_path)).parts[0].codes == codes
        return
    with pytest.raises(Refused) as refused:
        read_questionnaire(Wanted("own", tmp_path))
    assert [p.cause for p in refused.value.problems] == causes


def test_two_places_that_state_different_settings_of_one_instrument_are_refused(tmp_path):
    own_instrument(tmp_path)
    stated = [{"order": "A", "anchor_direction": direction} for direction in ("ascending", "descending")]
    write(tmp_path, "questionnaires/own.yaml", frame(
        one=[{"instrument": "sing", "items": ["sing_1"], "settings": stated[0]}],
        two=[{"instrument": "sing", "items": ["sing_2"], "settings": stated[1]}],
    ))  # fmt: skip
    with pytest.raises(Refused, match="Settings that differ"):
        read_questionnaire(Wanted("own", tmp_path))


def test_what_the_platform_writes_down_is_not_called_published():
    with pytest.raises(Refused, match="Nothing to ask") as refused:
        read_questionnaire(Wanted("mreii_event_order", ROOT))
    assert "published" not in str(refused.value) and "platform" in str(refused.value)


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stated", "language"), [("de-AT", "de"), ("German", "de"), ("DE", "de"), ("en-GB", "en"), ("English", "en")])  # fmt: skip
def test_a_language_is_found_as_a_person_states_it(stated, language):
    assert read_questionnaire(Wanted("mreii", ROOT, language=stated)) == asked(language=language)


@pytest.mark.parametrize("stated", ["fr", "English and German"])
def test_a_language_without_words_is_refused(stated):
    with pytest.raises(Refused, match="No words in this language"):
        read_questionnaire(Wanted("mreii", ROOT, language=stated))


@pytest.mark.parametrize("name", ["blueprint", "readability", "review"])
def test_the_pages_for_judges_are_refused_in_another_language(tmp_path, name):
    with pytest.raises(Refused, match="Pages in one language"):
        write_files(Wanted("mreii", ROOT, language="de"), [name], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_studys_own_helpline_stands_in_every_language_and_one_in_the_language_wins(tmp_path):
    def end(language: str) -> str:
        return read_questionnaire(Wanted("mreii", tmp_path, language)).closing[-1]

    shipped = end("de")
    (tmp_path / "config").mkdir()
    config = tmp_path / "config/config.yaml"
    config.write_text("study: {title: T, simulated: true}\n")
    assert (
        end("de") == shipped and "Hilfetelefon" in shipped and support_notice(Wanted("mreii", tmp_path, "de")) is None
    )
    config.write_text("study: {title: T, simulated: true, support: Ring 123.}\n")
    assert end("en").endswith("Ring 123.") and end("de").endswith("Ring 123.") and "{support}" not in end("de")
    notice = support_notice(Wanted("mreii", tmp_path, "de"))
    assert not notice.blocks and "German" in notice.sentence() and support_notice(Wanted("mreii", tmp_path)) is None
    own = yaml.safe_load((ROOT / "schemas/questionnaires/mreii.de.yaml").read_text(encoding="utf-8"))
    own["words"]["support"] = "Rufen Sie 456 an."
    write(tmp_path, "questionnaires/mreii.de.yaml", own)
    assert end("de").endswith("Rufen Sie 456 an.") and end("en").endswith("Ring 123.")
    assert support_notice(Wanted("mreii", tmp_path, "de")) is None


def test_the_command_says_that_the_helpline_is_in_another_language(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("study: {title: T, simulated: true, support: Ring 123.}\n")
    for language, told in (("de", True), ("en", False)):
        order = ["questionnaire", "--study", str(tmp_path), "--out", str(tmp_path / "q"), "--format", "html"]
        said = CliRunner().invoke(app, [*order, "--language", language])
        assert said.exit_code == 0 and ("A helpline in another language" in said.output) == told


@pytest.mark.parametrize(("language", "window"), [("en", "past four weeks"), ("de", "letzten vier Wochen")])
def test_the_questions_that_stand_by_themselves_state_the_time_that_their_files_state(language, window):
    q = asked(language=language)
    for name in ("mreii_n01", "mreii_g_clear"):
        question, _ = q.row(name)
        assert question.kind == "choice" and question.stem.count(window) == 1, name
        assert question.stem in page.html(q) and pdf._text(question.stem) in pdf._source(q)


# --- the page and the PDF --------------------------------------------------------------------------------------------


class Inputs(HTMLParser):
    """name -> values of the inputs, texts, and every address that the page names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.texts: list[str] = []
        self.tags: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags[tag] += 1
        self.addresses += [v for k, v in own.items() if k in ("src", "href") and v]
        if tag == "input":
            self.values.setdefault(own["name"], []).append(own.get("value") or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@EVERY
def test_the_page_offers_every_answer_of_every_item_and_needs_nothing_else(wave, form, language):
    q = asked(wave, form, language)
    text = page.html(q)
    found = Inputs(text)
    assert set(found.values) == {row.item.id for row in q.rows()}
    for question in q.questions():
        for row in question.rows:
            offered = {"boxes": ["1"], "number": [""]}.get(question.kind) or [f"{c:g}" for c in question.choices]
            assert found.values[row.item.id] == offered, row.item.id
            assert row.text in found.texts
    assert found.addresses == [] and not found.tags["script"] and "url(" not in text and "http" not in text
    assert f'<html lang="{language}">' in text and 'name="viewport"' in text
    assert found.tags["fieldset"] == found.tags["legend"] == sum(
        1 if x.kind == "boxes" else len(x.rows) for x in q.questions() if x.kind != "number"
    )  # fmt: skip


def test_the_pdf_is_the_same_on_every_run_holds_every_sentence_and_is_tagged():
    q = asked()
    made = pdf.pdf(q)
    assert made == pdf.pdf(q) and made.startswith(b"%PDF-1.7") and b"/MarkInfo" in made and b"pdfuaid" in made
    source = pdf._source(q)
    for row in q.rows():
        assert pdf._text(row.text) in source and pdf._text(row.item.id) in source
    for question in q.questions():
        assert all(pdf._text(label) in source for label in question.choices.values() if question.kind != "boxes")


# --- Qualtrics -------------------------------------------------------------------------------------------------------

# Keys that the cited files of Qualtrics hold in the elements that are written here.
PAYLOAD = {
    "QuestionText", "DefaultChoices", "DataExportTag", "QuestionType", "Selector", "SubSelector", "Configuration",
    "QuestionDescription", "Choices", "ChoiceOrder", "Answers", "AnswerOrder", "ChoiceDataExportTags", "Validation",
    "GradingData", "Language", "NextChoiceId", "NextAnswerId", "QuestionID", "RecodeValues", "Randomization", "DisplayLogic",
}  # fmt: skip
KINDS = {("DB", "TB", None), ("TE", "SL", None), ("MC", "SAVR", "TX"), ("MC", "MAVR", "TX"), ("Matrix", "Likert", "SingleAnswer")}  # fmt: skip
ENTRY = {
    "SurveyID", "SurveyName", "SurveyDescription", "SurveyOwnerID", "SurveyBrandID", "DivisionID", "SurveyLanguage",
    "SurveyActiveResponseSet", "SurveyStatus", "SurveyStartDate", "SurveyExpirationDate", "SurveyCreationDate", "CreatorID",
    "LastModified", "LastAccessed", "LastActivated", "Deleted",
}  # fmt: skip


class Qsf:
    """A .qsf file as Qualtrics would hold it."""

    def __init__(self, text: str) -> None:
        self.whole = json.loads(text)
        self.elements = self.whole["SurveyElements"]
        self.questions = {e["PrimaryAttribute"]: e["Payload"] for e in self.of("SQ")}
        self.blocks = {b["ID"]: b for b in self.of("BL")[0]["Payload"]}
        self.flow = self.of("FL")[0]["Payload"]

    def of(self, kind: str) -> list[dict]:
        return [e for e in self.elements if e["Element"] == kind]

    def walk(self, node: dict) -> list[dict]:
        return [node, *(n for inner in node.get("Flow", ()) for n in self.walk(inner))]

    def columns(self) -> dict[str, tuple[str, str | None]]:
        """Column of an export -> question and row."""
        found: dict[str, tuple[str, str | None]] = {}
        for number, q in self.questions.items():
            if q["QuestionType"] == "Matrix":
                found |= {tag: (number, row) for row, tag in q["ChoiceDataExportTags"].items()}
            elif q["QuestionType"] != "DB":
                found[q["DataExportTag"]] = (number, None)
        return found

    def labels(self, column: str) -> dict[str, str]:
        """Recoded value -> answer."""
        number, row = self.columns()[column]
        q = self.questions[number]
        shown = q["Answers"] if row else q.get("Choices", {})
        return {q["RecodeValues"][k]: shown[k]["Display"] for k in shown}

    def logic_of(self, column: str) -> list[dict]:
        number, row = self.columns()[column]
        q = self.questions[number]
        return [x for x in (q.get("DisplayLogic"), row and q["Choices"][row].get("DisplayLogic")) if x]


@pytest.fixture(scope="module", params=FORMS, ids=lambda p: f"wave{p[0]}-{p[1]}-{p[2]}")
def pair(request):
    q = asked(*request.param)
    return q, Qsf(qualtrics.qsf(q))


def test_every_reference_of_the_qsf_resolves_and_every_question_stands_in_one_block(pair):
    _, qsf = pair
    assert set(qsf.whole) == {"SurveyEntry", "SurveyElements"} and set(qsf.whole["SurveyEntry"]) == ENTRY
    entry = qsf.whole["SurveyEntry"]
    assert {e["SurveyID"] for e in qsf.elements} == {entry["SurveyID"]}
    assert Counter(e["Element"] for e in qsf.elements if e["Element"] != "SQ") == dict.fromkeys(["BL", "FL", "SO", "SCO", "PROJ", "STAT", "QC", "RS"], 1)  # fmt: skip
    assert all(set(e) == {"SurveyID", "Element", "PrimaryAttribute", "SecondaryAttribute", "TertiaryAttribute", "Payload"} for e in qsf.elements)  # fmt: skip
    assert qsf.of("RS")[0]["PrimaryAttribute"] == entry["SurveyActiveResponseSet"]
    assert qsf.of("QC")[0]["SecondaryAttribute"] == str(len(qsf.questions)) == str(len(qsf.of("SQ")))
    inside = [x["QuestionID"] for b in qsf.blocks.values() for x in b["BlockElements"] if x["Type"] == "Question"]
    assert Counter(inside) == dict.fromkeys(qsf.questions, 1)
    assert {x["Type"] for b in qsf.blocks.values() for x in b["BlockElements"]} <= {"Question", "Page Break"}
    assert [b["Type"] for b in qsf.blocks.values()].count("Trash") == [b["Type"] for b in qsf.blocks.values()].count("Default") == 1  # fmt: skip
    nodes = qsf.walk(qsf.flow)
    shown = [n["ID"] for n in nodes if n["Type"] == "Block"]
    assert set(shown) == {i for i, b in qsf.blocks.items() if b["Type"] != "Trash"}
    flows = [n["FlowID"] for n in nodes]
    assert len(set(flows)) == len(flows) == qsf.flow["Properties"]["Count"]
    ids = [entry["SurveyID"], entry["SurveyActiveResponseSet"], *qsf.blocks]
    assert all(re.fullmatch(r"(SV|RS|BL)_[A-Za-z0-9]{15}", i) for i in ids)


def test_questions_of_the_qsf_have_the_shape_of_qualtrics_own(pair):
    _, qsf = pair
    for number, q in qsf.questions.items():
        assert set(q) <= PAYLOAD and q["QuestionID"] == number and re.fullmatch(r"QID\d+", number)
        assert (q["QuestionType"], q["Selector"], q.get("SubSelector")) in KINDS
        for shown, order in (("Choices", "ChoiceOrder"), ("Answers", "AnswerOrder")):
            assert set(q.get(shown, {})) == set(q.get(order, ()))
        if q["QuestionType"] == "Matrix":
            assert set(q["ChoiceDataExportTags"]) == set(q["Choices"]) and set(q["RecodeValues"]) == set(q["Answers"])
        elif q["QuestionType"] == "MC":
            assert set(q["RecodeValues"]) == set(q["Choices"])
        assert q["NextChoiceId"] > max(map(int, q.get("Choices", {"0": 0})))
    tags = [q["DataExportTag"] for q in qsf.questions.values()]
    assert len(set(tags)) == len(tags)


def test_the_qsf_holds_every_item_once_with_every_code_and_answer(pair):
    q, qsf = pair
    columns = qsf.columns()
    boxes = {x.code: x for x in q.questions() if x.kind == "boxes"}
    assert Counter([*columns]) == Counter([r.item.id for x in q.questions() if x.kind != "boxes" for r in x.rows] + list(boxes))  # fmt: skip
    for question in q.questions():
        for row in question.rows:
            if question.kind in ("grid", "choice"):
                assert qsf.labels(row.item.id) == {f"{c:g}": label for c, label in question.choices.items()}
    maps = qualtrics.maps(q)["multiple"]
    for name, question in boxes.items():
        shown = qsf.questions[columns[name][0]]["Choices"]
        assert {shown[k]["Display"]: v for k, v in maps[name].items()} == {r.text: r.item.id for r in question.rows}
    age = qsf.questions[columns["age"][0]]["Validation"]["Settings"]
    assert (age["ContentType"], age["ValidNumber"]["Min"], age["ValidNumber"]["Max"]) == ("ValidNumber", "18", "110")


def chosen(locator: str, qsf: Qsf, answers: dict[str, float]) -> bool:
    number, row, answer = re.fullmatch(r"q://(QID\d+)/SelectableChoice/(?:(\d+)/)?(\d+)", locator).groups()
    q = qsf.questions[number]
    column = q["ChoiceDataExportTags"][row] if row else q["DataExportTag"]
    return answers.get(column) == float(q["RecodeValues"][answer])


def test_the_display_logic_asks_whom_the_files_ask(pair):
    q, qsf = pair
    for answers in respondents(q, 12):
        for column in qsf.columns():
            if column == "lives_with":
                continue
            shown = True
            for logic in qsf.logic_of(column):
                terms = [v for k, v in logic["0"].items() if k != "Type"]
                assert all(t["QuestionID"] == t["QuestionIDFromLocator"] in qsf.questions for t in terms)
                assert [t.get("Conjuction") for t in terms] == [None, *["Or"] * (len(terms) - 1)]
                shown = shown and any(chosen(t["LeftOperand"], qsf, answers) for t in terms)
            assert shown == applies(column, answers), column


def test_both_orders_of_the_events_stand_in_the_flow_with_their_code(pair):
    q, qsf = pair
    names = {i: re.search(r"\[(\w+)\]", b["Description"]).group(1) for i, b in qsf.blocks.items() if b["Type"] == "Standard"}  # fmt: skip
    groups = [n for n in qsf.walk(qsf.flow) if n["Type"] == "Group"]
    orders = {g["Flow"][0]["EmbeddedData"][0]["Value"]: [names[n["ID"]] for n in g["Flow"][1:]] for g in groups}
    assert orders == {"1": ["unclear_event", "clear_event"], "2": ["clear_event", "unclear_event"]}
    assert {g["Flow"][0]["EmbeddedData"][0]["Field"] for g in groups} == {"event_first"}
    randomisers = [n for n in qsf.walk(qsf.flow) if n["Type"] == "BlockRandomizer"]
    assert [n["SubSet"] for n in randomisers] == [2, 1] and all(n["EvenPresentation"] for n in randomisers)
    shuffled = {row.item.id for x in q.questions() if x.shuffled for row in x.rows}
    randomised = {c for c, (n, _) in qsf.columns().items() if qsf.questions[n].get("Randomization")}
    assert randomised == shuffled and all(qsf.questions[qsf.columns()[c][0]]["Randomization"]["Type"] == "All" for c in shuffled)  # fmt: skip


# --- LimeSurvey ------------------------------------------------------------------------------------------------------


def structure_rows(q: Questionnaire) -> list[dict[str, str]]:
    text = limesurvey.structure(q)
    assert text.startswith("\ufeff") and "\r" not in text and "\\" not in text
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter="\t"))


@EVERY
def test_our_importer_reads_the_structure_with_the_same_choices_for_each_item(tmp_path, wave, form, language):
    q = asked(wave, form, language)
    path = tmp_path / "structure.txt"
    path.write_text(limesurvey.structure(q), encoding="utf-8")
    headers = limesurvey.maps(q)["headers"]
    assert Counter(headers.values()) == Counter([*(row.item.id for row in q.rows()), "event_first"])
    layout = lime_importer.read(Head(str(path), "text", ("id", "submitdate", "lastpage", *headers)), path)
    for question in q.questions():
        for row in question.rows:
            column = next(c for c, i in headers.items() if i == row.item.id)
            choices = layout.choices.get(column, {})
            if question.kind in ("grid", "choice"):
                codes = {limesurvey.answer_code(c): label for c, label in question.choices.items()}
                assert choices == codes, column
            assert row.text in layout.questions[column]


@EVERY
def test_codes_are_legal_for_limesurvey_and_every_question_stands_in_a_group(wave, form, language):
    rows = structure_rows(asked(wave, form, language))
    assert [r["class"] for r in rows[:1]] == ["S"] and set(r["class"] for r in rows) == {"S", "SL", "G", "Q", "SQ", "A"}
    codes = [r["name"] for r in rows if r["class"] == "Q"]
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9]{0,19}", code) for code in codes)
    assert len({code.lower() for code in codes}) == len(codes)
    group, question, parts = None, None, set()
    for row in rows:
        if row["class"] == "G":
            group, question = row["id"], None
        elif row["class"] == "Q":
            assert group
            question, parts = row["id"], set()
        elif row["class"] == "SQ":
            assert question and re.fullmatch("[A-Za-z0-9]{1,20}", row["name"]) and row["name"] not in parts
            parts.add(row["name"])
        elif row["class"] == "A":
            assert row["id"] == question and re.fullmatch("[A-Za-z0-9]{1,5}", row["name"])
    numbers = [r["id"] for r in rows if r["class"] in ("Q", "SQ")]
    assert len(set(numbers)) == len(numbers)
    assert {r["language"] for r in rows if r["class"] not in "S"} == {language}


def test_shuffled_blocks_are_groups_of_one_name_and_the_first_event_is_written_down():
    rows = structure_rows(asked())
    groups = Counter(r["random_group"] for r in rows if r["class"] == "G" and r["random_group"])
    assert list(groups.values()) == [2, 2]
    equations = {r["name"]: r["equation"] for r in rows if r["type/scale"] == "*"}
    assert list(equations) == ["firstunclearevent", "firstclearevent", "eventfirst"]

    def value(name: str, held: dict[str, int | None]) -> int:
        code = equations[name].strip("{}").replace('""', "None")
        code = re.sub(r"is_empty\((\w+)\.NAOK\)", r"(held['\1'] is None)", code)
        code = re.sub(r"(\w+)\.NAOK", r"held['\1']", code).replace("if(", "choose(")
        return eval(code, {"held": held, "choose": lambda a, b, c: b if a else c})

    for first, second, expected in (("unclear", "clear", 1), ("clear", "unclear", 2)):
        held: dict[str, int | None] = dict.fromkeys(equations)
        for name in (f"first{first}event", f"first{second}event", f"first{first}event", "eventfirst"):
            held[name] = value(name, held)  # an equation is evaluated more than once
        assert held["eventfirst"] == expected


@EVERY
def test_the_relevance_asks_whom_the_files_ask(wave, form, language):
    q = asked(wave, form, language)
    rows, rules = structure_rows(q), {}
    maps = limesurvey.maps(q)
    for row in rows:
        if row["class"] == "Q":
            question = row
            rules[row["name"]] = [row["relevance"]]
        elif row["class"] == "SQ":
            rules[f"{question['name']}[{row['name']}]"] = [question["relevance"], row["relevance"]]
    items = {re.sub(r"\[(\w+)\]", r"_\1", column): name for column, name in maps["headers"].items()}

    def holds(rule: str, answers: dict[str, float]) -> bool:
        tests = [re.fullmatch(r'(\w+)\.NAOK == "(\w+)"', test) for test in rule.split(" or ")] if rule != "1" else []
        return not tests or any(answers.get(items[t[1]]) == float(t[2].replace("m", "-")) for t in tests)

    for answers in respondents(q, 8):
        for column, name in maps["headers"].items():
            if name != "event_first" and not name.startswith("lives_with"):
                assert all(holds(rule, answers) for rule in rules[column]) == applies(name, answers), column


# --- there and back --------------------------------------------------------------------------------------------------


def as_qualtrics(q: Questionnaire, people: list[dict[str, float]]) -> str:
    """An export of numeric values: three rows of headers, a set of tick boxes in one cell."""
    qsf = Qsf(qualtrics.qsf(q))
    multiple = qualtrics.maps(q).get("multiple", {})
    records = [item.id for item in q.records()]
    around = {"StartDate": "2026-03-02 10:00:00", "EndDate": "2026-03-02 10:20:00", "Status": "0", "Progress": "100",
              "Duration (in seconds)": "1200", "Finished": "1", "ResponseId": "R_1"}  # fmt: skip
    names = [*around, *qsf.columns(), "participant", *records]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([names, names, [json.dumps({"ImportId": name}) for name in names]])
    for number, answers in enumerate(people):
        cells = {name: f"{code:g}" for name, code in answers.items()}
        for name, boxes in multiple.items():
            cells[name] = ",".join(choice for choice, box in boxes.items() if answers.get(box) == 1)
        cells |= around | {
            "participant": f"p{number:03}",
            "ResponseId": f"R_{number}",
            **{name: str(1 + number % 2) for name in records},
        }
        writer.writerow([cells.get(name, "") for name in names])
    return text.getvalue()


def as_limesurvey(q: Questionnaire, people: list[dict[str, float]]) -> str:
    """An export of codes: `question[row]`, a ticked box is Y, any other empty."""
    headers = limesurvey.maps(q)["headers"]
    names = ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "startdate", "datestamp", *headers, "interviewtime"]  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for number, answers in enumerate(people):
        day = "2026-03-02 10:00:00"
        row = {"id": number, "submitdate": day, "lastpage": 9, "startlanguage": q.language, "seed": 4, "token": f"p{number:03}",
               "startdate": day, "datestamp": day, "interviewtime": "1200"}  # fmt: skip
        for column, name in headers.items():
            code = answers.get(name, 1 + number % 2 if name == "event_first" else None)
            ticked = "Y" if code == 1 else ""
            row[column] = (
                ticked if name.startswith("lives_with") else "" if code is None else limesurvey.answer_code(code)
            )
        writer.writerow([row[name] for name in names])
    return "\ufeff" + text.getvalue()


@pytest.mark.parametrize(
    ("platform", "wave", "form", "language"),
    [("qualtrics", 1, "short", "en"), ("limesurvey", 1, "long", "de")],
)
def test_what_people_answered_comes_back_as_they_answered_it(tmp_path, monkeypatch, capsys, platform, wave, form, language):  # fmt: skip
    q = asked(wave, form, language)
    people = respondents(q, 10)
    loaded, read = come_back(Wanted("mreii", ROOT, language, wave, form), platform, people, tmp_path, monkeypatch, capsys)  # fmt: skip
    assert loaded.language == language and len(read) == len(people)
    for number, (answers, (_, row)) in enumerate(zip(people, read.iterrows(), strict=True)):
        assert row["event_first"] == 1 + number % 2 and row["duration_seconds"] == 1200
        boxes = {r.item.id for x in q.questions() if x.kind == "boxes" for r in x.rows}
        for item_row in q.rows():
            name = item_row.item.id
            if name in boxes:
                assert (row[name] == 1) == (answers.get(name) == 1), name
            elif answers.get(name) in plain(name).not_applicable or name not in answers:
                assert np.isnan(row[name]) or row[name] == answers.get(name), name
            else:
                assert row[name] == answers[name], name


def come_back(wanted, platform, people, tmp_path, monkeypatch, capsys):
    """The sidecar and the answers, in the order of the people, after their export was added to a study of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)
    study, q = tmp_path / "study", read_questionnaire(wanted)
    (study / "config").mkdir(parents=True)
    (study / "config/config.yaml").write_text("study: {title: Simulated, simulated: true}\nscreening: []\n")
    export = tmp_path / "export.csv"
    export.write_text({"qualtrics": as_qualtrics, "limesurvey": as_limesurvey}[platform](q, people), encoding="utf-8")
    files = write_files(wanted, [platform], tmp_path)
    structure = next((f for f in files if f.suffix == ".txt"), None)
    maps = next(f for f in files if f.name.endswith(".maps.yaml"))
    try:
        code = add_to(study, request_of(export=export, name="w1", maps=[maps], companion=structure, ids="hash", facts={"simulated": True}), How())  # fmt: skip
    except Refused as refused:
        code = session.tell(refused)
    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    settings = load_settings(study)
    loaded = load_wave(study / "data/waves/w1.yaml")
    known = load_instruments([ROOT / "schemas/instruments", study / "schemas/instruments"])
    asked_then = instruments_asked(loaded, known)
    read = validate(loaded, asked_then, settings["screening"], settings["out_of_range"]).checked_answers
    return loaded, read.sort_values("row")


AGREE = {1: "not true", 2: "hardly true", 3: "rather true", 4: "quite true", 9: "cannot say"}


def own_instrument(study: Path, **more: object) -> None:
    """An instrument of a study: two orders, anchors that run either way, a reversed item, one for some people only."""
    items = [{"id": f"sing_{k}", "label": f"sing_{k}", "reverse": k == 2, "wording": f"I sing in room {name}."}
             for k, name in enumerate(("one", "two", "three", "four"), start=1)]  # fmt: skip
    items[3]["asked_if"] = {"any_of": ["sing_1"], "at_least": 3}
    ids = [item["id"] for item in items]
    score = {"id": "sing_sum", "label": "Singing", "measures": ["C11"], "method": "sum", "items": ids[:3], "min_answered": 3,
             "range": [3, 12], "higher_means": "more song", "model": "reflective", "expects": {}, "change": None, "norms": []}  # fmt: skip
    content = {
        "id": "sing", "title": "Singing", "version": "1", "measures": [], "window": "general", "citation": "Simulated study.",
        "licence": {"terms": "Free.", "permission_required": False, "notice": None}, "key": {"status": "own", "sources": ["us"]},
        "stem": "How true is this?", "settings_required": ["order", "anchor_direction"],
        "orders": {"A": ids, "B": [ids[2], ids[0], ids[3], ids[1]]},
        "answers": {"min": 1, "max": 4, "anchor_direction": "ascending", "labels": AGREE, "missing_codes": [], "not_applicable": [9]},
        "items": items, "scores": [score], "examples": [],
    }  # fmt: skip
    write(study, "instruments/sing.yaml", content | more)


@pytest.mark.parametrize("platform", ["qualtrics", "limesurvey"])
@pytest.mark.parametrize(("order", "direction"), [("A", "ascending"), ("B", "ascending"), ("A", "descending"), ("B", "descending")])  # fmt: skip
def test_other_orders_and_anchors_come_back_in_the_codes_of_the_definition(tmp_path, monkeypatch, capsys, platform, order, direction):  # fmt: skip
    study = tmp_path / "study"
    own_instrument(study)
    ask = {"instrument": "sing", "only_if": "If.", "settings": {"order": order, "anchor_direction": direction}}
    write(study, "questionnaires/own.yaml", frame(one=[ask]))
    wanted = Wanted("own", study)
    q = read_questionnaire(wanted)
    presented = ["sing_1", "sing_2", "sing_3", "sing_4"] if order == "A" else ["sing_3", "sing_1", "sing_4", "sing_2"]
    by_rule = [i for i in presented if i != "sing_4"]  # whom not everybody is asked stands on a later page
    assert [row.item.id for row in q.rows()] == [*by_rule, "sing_4"]
    if platform == "qualtrics":
        qsf = Qsf(qualtrics.qsf(q))
        offered = {name: qsf.labels(name) for name in qsf.columns()}
        asks = {qsf.labels("sing_1")[code] for code in asking_answers(qsf)}
    else:
        lines = structure_rows(q)
        offered = {f"sing_{k}": {r["name"]: r["text"] for r in lines if r["class"] == "A"} for k in range(1, 5)}
        rule = next(r["relevance"] for r in lines if r["class"] == "Q" and r["name"] == "sing4")
        asks = {offered["sing_1"][code] for code in re.findall(r'"(\d)"', rule)}
    assert asks == {AGREE[3], AGREE[4]}  # whatever their codes are
    assert next(iter(offered["sing_1"].values())) == (AGREE[1] if direction == "ascending" else AGREE[4])
    rng = np.random.default_rng(3)
    said = [{i: int(rng.choice(list(AGREE))) for i in presented} for _ in range(12)]  # what people mean
    ticks = [{i: float(next(c for c, text in offered[i].items() if text == AGREE[code])) for i, code in one.items()} for one in said]  # fmt: skip
    _, read = come_back(wanted, platform, ticks, tmp_path, monkeypatch, capsys)
    for meant, (_, row) in zip(said, read.iterrows(), strict=True):
        assert all(row[i] == code or (code == 9 and np.isnan(row[i])) for i, code in meant.items())


def asking_answers(qsf: Qsf) -> list[str]:
    """The recoded answers to sing_1 of which one must be chosen before sing_4 is shown."""
    (logic,) = qsf.logic_of("sing_4")
    places = [re.search(r"/(\d+)$", term["LeftOperand"]).group(1) for key, term in logic["0"].items() if key != "Type"]
    number, _ = qsf.columns()["sing_1"]
    return [qsf.questions[number]["RecodeValues"][place] for place in places]


def test_an_instrument_in_two_places_and_boxes_asked_twice_make_questions_of_different_codes(tmp_path):
    own_instrument(tmp_path, settings_required=[])
    boxes = {"instrument": "background", "items": [i.id for i in SHIPPED["background"].items if i.choice_of]}
    write(tmp_path, "questionnaires/own.yaml", frame(
        one=[{"instrument": "sing", "items": ["sing_1", "sing_2"]}, boxes],
        two=[{"instrument": "sing", "items": ["sing_3", "sing_4"], "only_if": "If."}],
        three=[{"instrument": "sing", "items": ["sing_1", "sing_3"], "as": "now"}, boxes | {"as": "then"}],
    ))  # fmt: skip
    q = read_questionnaire(Wanted("own", tmp_path))
    codes = [question.code for question in q.questions()]
    assert len(set(codes)) == len(codes) and codes[0] == "sing" and "then_lives_with" in codes and "lives_with" in codes
    qsf = Qsf(qualtrics.qsf(q))
    assert list(qsf.questions) == [f"QID{k}" for k in range(1, len(codes) + 3)]
    tags = [x["DataExportTag"] for x in qsf.questions.values()]
    assert len(set(tags)) == len(tags)
    assert [set(m.values()) for m in qualtrics.maps(q)["multiple"].values()] == [
        set(boxes["items"]), {f"then_{i}" for i in boxes["items"]},
    ]  # fmt: skip
    names = [r["name"].lower() for r in structure_rows(q) if r["class"] == "Q"]
    assert len(set(names)) == len(names)


def test_a_number_behind_a_repeated_code_never_makes_the_column_of_an_item(tmp_path):
    items = [{"id": f"{name}", "label": name, "reverse": False, "wording": f"I {name}."} for name in ("sing", "sing_2", "hum", "dance")]  # fmt: skip
    own_instrument(tmp_path, settings_required=[], orders={}, items=items, scores=[])
    write(tmp_path, "questionnaires/own.yaml", frame(
        one=[{"instrument": "sing", "items": ["sing", "sing_2"]}], two=[{"instrument": "sing", "items": ["hum", "dance"]}],
    ))  # fmt: skip
    q = read_questionnaire(Wanted("own", tmp_path))
    assert [question.code for question in q.questions()] == ["sing_3", "sing_4"]
    assert list(Qsf(qualtrics.qsf(q)).questions) == ["QID1", "QID2", "QID3", "QID4"]


# --- what is in the repository ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", [1, 2])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_files_in_the_repository_are_what_is_made_now(tmp_path, language, wave):
    made = write_files(Wanted("mreii", ROOT, language, wave), ["html", "pdf", "qualtrics", "limesurvey"], tmp_path)
    assert len(made) == 6
    for path in made:
        assert (DOCS / path.name).read_bytes() == path.read_bytes(), f"{path.name}: make mreii"


def test_the_pages_for_judges_in_the_repository_are_what_is_made_now(tmp_path):
    for path in write_files(Wanted("mreii", ROOT), ["blueprint", "readability", "review"], tmp_path):
        assert (DOCS / path.name).read_bytes() == path.read_bytes(), f"{path.name}: make mreii"


def test_no_other_file_stands_among_them():
    hand = {"README.md", "administration.md"}
    made = {"blueprint.md", "readability.md", "review.csv", "review.xlsx"}
    made |= {f"mreii.{language}.wave{wave}.{end}" for language in ("en", "de") for wave in (1, 2) for end in
             ("html", "pdf", "qsf", "qualtrics.maps.yaml", "limesurvey.txt", "limesurvey.maps.yaml")}  # fmt: skip
    assert {path.name for path in DOCS.iterdir()} == hand | made


@pytest.mark.parametrize(("language", "named"), [("en", "English"), ("de", "German")])
def test_the_notes_on_administration_state_the_minutes_that_the_rule_gives(language, named):
    text = (DOCS / "administration.md").read_text(encoding="utf-8")
    said = re.search(rf"in {named} \| about (\d+) in the first wave and (\d+) later; (\d+) with", text).groups()
    forms = ((1, "short"), (2, "short"), (1, "long"))
    assert [int(m) for m in said] == [minutes(asked(*form, language)) for form in forms]


def test_the_page_says_of_each_scale_what_the_reviewers_are_told():
    page_text = (DOCS / "README.md").read_text(encoding="utf-8")
    for scale in contents(Wanted("mreii", ROOT)).scales:
        assert f"| {scale.name} | {scale.inside} | {scale.outside} |" in page_text


def test_an_instrument_asked_alone_in_another_language_keeps_its_own_status():
    q = read_questionnaire(Wanted("mreii_events", ROOT, "de"))
    assert len(list(q.rows())) == 26 and q.status_lines[0] == SHIPPED["mreii_events"].status_line
    assert "Einschätzung" in q.title and q.questions().__next__().stem.startswith("Denken Sie")


def test_every_scale_and_every_reviewed_item_is_on_the_review_sheet():
    found = contents(Wanted("mreii", ROOT))
    sheet = review_sheet(found)
    named = [item.id for i in found.instruments for item in i.items if item.measures and item.row_of != "e01"]
    matrix = {f"mreii_e{k:02}_{s}" for k in range(1, 13) for s in SOURCES}
    assert set(sheet["item"]) == set(named) - matrix and sheet["item"].is_unique
    assert (sheet[["relevance", "clarity", "comment", "rater"]] == "").all().all()
    assert sheet["definition"].str.contains("Does not: ").all() and sheet["construct"].str.match(r"C\d").all()


@pytest.mark.parametrize("where", ["score", "instrument"])
def test_an_item_is_rated_for_the_construct_of_its_score_or_of_its_instrument(tmp_path, where):
    """`measures` may stand in either place."""
    content = {"settings_required": []} | ({"measures": ["C12"]} if where == "instrument" else {})
    own_instrument(tmp_path, **content)
    if where == "instrument":
        path = tmp_path / "schemas/instruments/sing.yaml"
        write(tmp_path, "instruments/sing.yaml", yaml.safe_load(path.read_text()) | {"scores": []})
    sheet = review_sheet(contents(Wanted("sing", tmp_path)))
    rated = {"score": ["sing_1", "sing_2", "sing_3"], "instrument": ["sing_1", "sing_2", "sing_3", "sing_4"]}[where]
    assert sheet["item"].tolist() == rated
    assert sheet["construct"].str.startswith("C11" if where == "score" else "C12").all()


@pytest.mark.parametrize(("name", "kind", "cause"), [("background", "review", "Nothing to rate"), ("mreii_quality", "review", "Nothing to rate"), ("background", "readability", "Nothing to measure")])  # fmt: skip
def test_pages_that_would_be_empty_are_refused_before_anything_is_written(tmp_path, name, kind, cause):
    with pytest.raises(Refused, match=cause):
        write_files(Wanted(name, ROOT), ["html", kind], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_structure_file_of_limesurvey_is_refused_when_it_is_none(tmp_path):
    (tmp_path / "s.txt").write_text("a\tb\n1\t2\n")
    with pytest.raises(Refused):
        read_structure(tmp_path / "s.txt")
