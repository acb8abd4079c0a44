"""The questionnaire as a file that Qualtrics imports (.qsf): blocks, page breaks, matrices, randomisers, display logic.

Qualtrics publishes no description of the format. The shape here follows files that Qualtrics itself exported, element by
element: ctesta01/QualtricsTools, data/Sample Surveys (Matrix_Single_Answer_Testing.qsf: matrices with RecodeValues and
ChoiceDataExportTags; Survey_Logic_EVERYWHERE.qsf: DisplayLogic of questions and of single rows, one block several times in
the flow, BlockRandomizer; Multiple_Answer_MC_Questions.qsf: tick boxes with RecodeValues; Long_Exhaustive_Sample_Survey.qsf)
and fflewddur/sp, libsp/data_test.go (EmbeddedData, NextChoiceId, VariableNaming, Properties.Count). A row of a matrix is
`q://QID1/SelectableChoice/ROW/ANSWER`. Randomization of rows is {"Advanced": null, "TotalRandSubset": "", "Type": "All"},
a range of numbers ContentType ValidNumber, as public writers of the format have them.

`DataExportTag` (of a matrix `ChoiceDataExportTags`) is the item's id and `RecodeValues` its codes, so that an export of
numeric values needs no map, but under a named order. A set of tick boxes is one column; `maps` says which box is which.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from rejsens.definitions import AskedIf
from rejsens.questionnaire.model import Part, Question, Questionnaire, Row, asking_codes

STAMP = "2026-01-01 00:00:00"  # a clock would give other bytes on every run; Qualtrics writes its own
NOT_FORCED = {"ForceResponse": "OFF", "ForceResponseType": "ON", "Type": "None"}
PARTICIPANT = "participant"  # embedded data, filled from the link that a person was sent: ...?participant=ID


def qsf(questionnaire: Questionnaire) -> str:
    """The file's text, JSON; the same questionnaire gives the same text."""
    writer = _Survey(questionnaire)
    return json.dumps(writer.content(), ensure_ascii=False, separators=(",", ":")) + "\n"


def maps(questionnaire: Questionnaire) -> dict[str, Any]:
    """Keys of a sidecar for an export of this questionnaire with numeric values (`add-wave --maps`)."""
    boxes = [question for question in questionnaire.questions() if question.kind == "boxes"]
    multiple = {q.code: {str(k): row.item.id for k, row in enumerate(q.rows, start=1)} for q in boxes}
    # under a named order a plain name such as rses_03 is read as the third question, and a column here bears the item's id
    ordered = {item for asked in questionnaire.asked if asked.settings.get("order") for item in asked.items}
    ordered &= {row.item.id for q in questionnaire.questions() if q.kind != "boxes" for row in q.rows}
    return {
        "platform": "qualtrics",
        "language": questionnaire.language,
        "participant": {"column": PARTICIPANT},
        **({"headers": {item: item for item in sorted(ordered)}} if ordered else {}),
        "instruments": [{"id": asked.id, **asked.settings} for asked in questionnaire.asked],
        **({"multiple": multiple} if multiple else {}),
    }


class _Survey:
    """One survey while it is written: questions get their numbers in the order in which they are asked."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.q = questionnaire
        name = f"{questionnaire.id}.{questionnaire.language}.{questionnaire.wave}.{questionnaire.form}"
        self.id = _id("SV", name)
        self.response_set = _id("RS", name)
        self.trash = _id("BL", name, "trash")
        self.texts = {"introduction": "QID1"}
        asked = list(questionnaire.questions())
        self.numbers = {question.code: f"QID{k}" for k, question in enumerate(asked, start=2)}
        self.texts["closing"] = f"QID{len(asked) + 2}"
        self.flows = 1  # the root is FL_1

    def content(self) -> dict[str, Any]:
        blocks = self._blocks()
        flow = self._flow()
        questions = [self._text("introduction", self.q.introduction)]
        questions += [self._question(question) for question in self.q.questions()]
        questions.append(self._text("closing", self.q.closing))
        elements = [
            self._element("BL", "Survey Blocks", blocks),
            self._element("FL", "Survey Flow", flow),
            self._element("SO", "Survey Options", _options()),
            self._element("SCO", "Scoring", _scoring()),
            self._element("PROJ", "CORE", {"ProjectCategory": "CORE", "SchemaVersion": "1.1.0"}, None, "1.1.0"),
            self._element("STAT", "Survey Statistics", {"MobileCompatible": True, "ID": "Survey Statistics"}),
            self._element("QC", "Survey Question Count", None, str(len(questions))),
            self._element("RS", self.response_set, None, "Default Response Set"),
        ]
        elements += [self._element("SQ", q["QuestionID"], q, q["QuestionDescription"]) for q in questions]
        return {"SurveyEntry": self._entry(), "SurveyElements": elements}

    def _entry(self) -> dict[str, Any]:
        return {
            "SurveyID": self.id, "SurveyName": f"{self.q.title} ({self.q.id}, {self.q.language}, wave {self.q.wave})",
            "SurveyDescription": None, "SurveyOwnerID": _id("UR", self.q.id), "SurveyBrandID": "rejsens", "DivisionID": None,
            "SurveyLanguage": self.q.language.upper(), "SurveyActiveResponseSet": self.response_set, "SurveyStatus": "Inactive",
            "SurveyStartDate": "0000-00-00 00:00:00", "SurveyExpirationDate": "0000-00-00 00:00:00",
            "SurveyCreationDate": STAMP, "CreatorID": _id("UR", self.q.id), "LastModified": STAMP,
            "LastAccessed": "0000-00-00 00:00:00", "LastActivated": "0000-00-00 00:00:00", "Deleted": None,
        }  # fmt: skip

    def _element(
        self, kind: str, first: str, payload: Any, second: str | None = None, third: str | None = None
    ) -> dict[str, Any]:
        return {
            "SurveyID": self.id, "Element": kind, "PrimaryAttribute": first, "SecondaryAttribute": second,
            "TertiaryAttribute": third, "Payload": payload,
        }  # fmt: skip

    # --- blocks and flow ---

    def _block_id(self, block: str) -> str:
        return _id("BL", self.id, block)

    def _blocks(self) -> list[dict[str, Any]]:
        opening = self._block("introduction", "Introduction", [[self.texts["introduction"]]])
        found = [
            opening | {"Type": "Default"},
            {"Type": "Trash", "Description": "Trash / Unused Questions", "ID": self.trash, "BlockElements": []},
        ]
        for block in self.q.blocks():
            pages = [[self.numbers[question.code] for question in page.questions] for page in block.pages]
            found.append(self._block(block.id, block.heading or block.id, pages))
        found.append(self._block("closing", "Closing", [[self.texts["closing"]]]))
        return found

    def _block(self, name: str, heading: str, pages: Sequence[Sequence[str]]) -> dict[str, Any]:
        elements: list[dict[str, Any]] = []
        for number, page in enumerate(pages):
            elements += [{"Type": "Page Break"}] if number else []
            elements += [{"Type": "Question", "QuestionID": question} for question in page]
        options = {"BlockLocking": "false", "RandomizeQuestions": "false", "BlockVisibility": "Collapsed"}
        return {
            "Type": "Standard", "SubType": "", "Description": f"{heading} [{name}]", "ID": self._block_id(name),
            "BlockElements": elements, "Options": options,
        }  # fmt: skip

    def _flow(self) -> dict[str, Any]:
        inside = [self._embedded([{"Field": PARTICIPANT, "Type": "Recipient"}])]
        inside.append(self._shown("introduction"))
        for part in self.q.parts:
            inside += self._part(part)
        inside.append(self._shown("closing"))
        return {
            "Type": "Root",
            "FlowID": "FL_1",
            "Flow": inside,
            "Properties": {"Count": self.flows, "RemovedFieldsets": []},
        }

    def _part(self, part: Part) -> list[dict[str, Any]]:
        names = [block.id for block in part.blocks]
        if not part.shuffled:
            return [self._shown(name) for name in names]
        randomiser = {"Type": "BlockRandomizer", "FlowID": self._flow_id(), "EvenPresentation": True}
        if not part.record:
            return [randomiser | {"SubSet": len(names), "Flow": [self._shown(name) for name in names]}]
        groups = [self._order(part, first, names) for first in names]
        return [randomiser | {"SubSet": 1, "Flow": groups}]

    def _order(self, part: Part, first: str, names: Sequence[str]) -> dict[str, Any]:
        """One order of the blocks, with the code that says so."""
        assert part.record is not None and part.codes is not None  # the order is recorded
        group = {"Type": "Group", "FlowID": self._flow_id(), "Description": f"{first} first"}
        field = {"Field": part.record.id, "Type": "Custom", "Value": str(part.codes[first])}
        opening = [self._embedded([field]), self._shown(first)]
        rest = [self._shown(name) for name in names if name != first]
        if len(rest) > 1:
            rest = [
                {
                    "Type": "BlockRandomizer",
                    "FlowID": self._flow_id(),
                    "SubSet": len(rest),
                    "EvenPresentation": True,
                    "Flow": rest,
                }
            ]
        return group | {"Flow": [*opening, *rest]}

    def _shown(self, block: str) -> dict[str, Any]:
        return {"Type": "Block", "ID": self._block_id(block), "FlowID": self._flow_id(), "Autofill": []}

    def _embedded(self, fields: Iterable[Mapping[str, str]]) -> dict[str, Any]:
        more = {"VariableType": "String", "DataVisibility": [], "AnalyzeText": False}
        data = [{"Description": field["Field"], **field, **more} for field in fields]
        return {"Type": "EmbeddedData", "FlowID": self._flow_id(), "EmbeddedData": data}

    def _flow_id(self) -> str:
        self.flows += 1
        return f"FL_{self.flows}"

    # --- questions ---

    def _text(self, name: str, paragraphs: Iterable[str]) -> dict[str, Any]:
        """Words that ask nothing."""
        number = self.texts[name]
        return {
            "QuestionText": "<br><br>".join(escape(text, quote=False) for text in paragraphs if text) or "&nbsp;", "DefaultChoices": False,
            "DataExportTag": f"text_{name}", "QuestionType": "DB", "Selector": "TB",
            "Configuration": {"QuestionDescriptionOption": "UseText"}, "QuestionDescription": name, "ChoiceOrder": [],
            "Validation": {"Settings": {"Type": "None"}}, "GradingData": [], "Language": [], "NextChoiceId": 4,
            "NextAnswerId": 1, "QuestionID": number,
        }  # fmt: skip

    def _question(self, question: Question) -> dict[str, Any]:
        text = "<br><br>".join(escape(part, quote=False) for part in (question.stem, question.text) if part)
        payload = {
            "QuestionText": text or "&nbsp;", "DefaultChoices": False, "DataExportTag": question.code,
            **self._answers(question), "QuestionDescription": (question.text or question.stem or question.code)[:100],
            "Validation": {"Settings": dict(NOT_FORCED)}, "GradingData": [], "Language": [],
            "QuestionID": self.numbers[question.code],
        }  # fmt: skip
        if question.kind == "number":
            item = question.rows[0].item
            limits = {"Min": f"{item.low:g}", "Max": f"{item.high:g}", "NumDecimals": "0"}
            payload["Validation"] = {
                "Settings": NOT_FORCED
                | {"Type": "ContentType", "MinChars": "1", "ContentType": "ValidNumber", "ValidNumber": limits}
            }
        if question.shuffled:
            payload["Randomization"] = {"Advanced": None, "TotalRandSubset": "", "Type": "All"}
        if question.conditional:
            payload["DisplayLogic"] = self._logic([rule for row in question.rows if (rule := row.item.asked_if)])
        return payload

    def _answers(self, question: Question) -> dict[str, Any]:
        plain = {"QuestionDescriptionOption": "UseText", "TextPosition": "inline"}
        if question.kind == "number":
            return {
                "QuestionType": "TE",
                "Selector": "SL",
                "Configuration": {"QuestionDescriptionOption": "UseText"},
                "NextChoiceId": 4,
                "NextAnswerId": 1,
            }
        if question.kind == "grid":
            matrix = plain | {
                "ChoiceColumnWidth": 25,
                "RepeatHeaders": "none",
                "WhiteSpace": "OFF",
                "MobileFirst": True,
            }
            rows = {str(k): self._row(row, question) for k, row in enumerate(question.rows, start=1)}
            tags = {str(k): row.item.id for k, row in enumerate(question.rows, start=1)}
            return {
                "QuestionType": "Matrix", "Selector": "Likert", "SubSelector": "SingleAnswer", "Configuration": matrix,
                "Choices": rows, "ChoiceOrder": list(rows), "Answers": _displayed(question.choices.values()),
                "AnswerOrder": [str(k + 1) for k in range(len(question.choices))], "ChoiceDataExportTags": tags,
                "NextChoiceId": len(rows) + 1, "NextAnswerId": len(question.choices) + 1, **_codes(question.choices),
            }  # fmt: skip
        if question.kind == "boxes":
            shown, selector = _displayed(row.text for row in question.rows), "MAVR"
            recode = {"RecodeValues": {k: k for k in shown}}
        else:
            shown, selector = _displayed(question.choices.values()), "SAVR"
            recode = _codes(question.choices)
        return {
            "QuestionType": "MC", "Selector": selector, "SubSelector": "TX", "Configuration": plain, "Choices": shown,
            "ChoiceOrder": list(shown), "NextChoiceId": len(shown) + 1, "NextAnswerId": 1, **recode,
        }  # fmt: skip

    def _row(self, row: Row, question: Question) -> dict[str, Any]:
        """A row of a matrix, with a rule of its own where the rows of the matrix have different ones."""
        shown: dict[str, Any] = {"Display": escape(row.text, quote=False)}
        if row.item.asked_if and not question.condition:
            shown["DisplayLogic"] = self._logic([row.item.asked_if])
        return shown

    def _logic(self, rules: Iterable[AskedIf]) -> dict[str, Any]:
        """Shown if any answer of any of the rules was chosen."""
        locators = dict.fromkeys(place for rule in rules for place in self._locators(rule))
        expressions: dict[str, Any] = {}
        for number, (question, locator) in enumerate(locators):
            said = "If" if not number else "Or"
            expressions[str(number)] = {
                "LogicType": "Question", "QuestionID": question, "QuestionIsInLoop": "no", "ChoiceLocator": locator,
                "Operator": "Selected", "QuestionIDFromLocator": question, "LeftOperand": locator, "Type": "Expression",
                "Description": f'<span class="ConjDesc">{said}</span> <span class="LeftOpDesc">{locator}</span> Is <span class="OpDesc">Selected</span> ',
                **({"Conjuction": "Or"} if number else {}),
            }  # fmt: skip
        return {"0": expressions | {"Type": "If"}, "Type": "BooleanExpression", "inPage": False}

    def _locators(self, rule: AskedIf) -> Iterable[tuple[str, str]]:
        for column in rule.any_of:
            question, place = self.q.row(column)
            number = self.numbers[question.code]
            answers = list(question.choices)
            for code in asking_codes(rule, question.rows[place]):
                row = f"{place + 1}/" if question.kind == "grid" else ""
                yield number, f"q://{number}/SelectableChoice/{row}{answers.index(code) + 1}"


def _displayed(texts: Iterable[str]) -> dict[str, Any]:
    return {str(k): {"Display": escape(text, quote=False)} for k, text in enumerate(texts, start=1)}


def _codes(choices: Mapping[float, str]) -> dict[str, Any]:
    return {"RecodeValues": {str(k): f"{code:g}" for k, code in enumerate(choices, start=1)}}


def _id(kind: str, *names: str) -> str:
    """An id of Qualtrics' form: two letters and fifteen characters, always the same for the same names."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest(), "big")
    return f"{kind}_" + "".join(alphabet[number // 62**k % 62] for k in range(15))


def _options() -> dict[str, Any]:
    return {
        "BackButton": "false", "SaveAndContinue": "true", "SurveyProtection": "PublicSurvey",
        "BallotBoxStuffingPrevention": "false", "NoIndex": "Yes", "SecureResponseFiles": "true", "SurveyExpiration": "None",
        "SurveyTermination": "DefaultMessage", "Header": "", "Footer": "", "ProgressBarDisplay": "Text",
        "PartialData": "+1 week", "ValidationMessage": "", "PreviousButton": " ← ", "NextButton": " → ",
        "SkinLibrary": "Qualtrics", "SkinType": "MQ", "Skin": "QualtricsLight", "NewScoring": 1,
    }  # fmt: skip


def _scoring() -> dict[str, Any]:
    return {
        "ScoringCategories": [], "ScoringCategoryGroups": [], "ScoringSummaryCategory": None,
        "ScoringSummaryAfterQuestions": 0, "ScoringSummaryAfterSurvey": 0, "DefaultScoringCategory": None,
        "AutoScoringCategory": None,
    }  # fmt: skip
