"""The questionnaire as a file that LimeSurvey imports: its tab-separated survey structure (.txt, UTF-8 with a mark).

The format: LimeSurvey manual, "Tab Separated Value survey structure"; how it is read: LimeSurvey/LimeSurvey,
application/helpers/admin/import_helper.php, `TSVImportSurvey` (classes S, SL, G, Q, SQ, A; relations by neighbourhood; a
group's `random_group` shuffles it with the groups of the same name; every further column is an attribute of the question).
Question codes are letters and digits and begin with a letter, at most 20; answer codes have 1 to 5 characters
(application/models/Answer.php). An item's code is its id without underscores, an answer below zero is `m` and its number:
`maps` holds both, so that an export is read as it was asked. Random order keeps a group together and not several, so a
block that is shuffled is one page here. LimeSurvey evaluates an equation more than once and keeps what it holds where the
equation says so (manual, "Question type - Equation"): that is how the block that came first is written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from rejsens.definitions import AskedIf, Item
from rejsens.questionnaire.model import Part, Question, Questionnaire, Row, asking_codes

COLUMNS = (
    "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
    "mandatory", "other", "default", "same_default", "random_group", "random_order", "repeat_headings", "hidden",
    "equation", "numbers_only", "num_value_int_only", "min_num_value_n", "max_num_value_n",
)  # fmt: skip
MARK = "\ufeff"
TYPES = {"grid": "F", "choice": "L", "boxes": "M", "number": "N"}
LONGEST = 20  # characters of a question's code
SURVEY = {  # one page after the other, never back, so that the order of the events stays what it was
    "format": "G", "allowprev": "N", "anonymized": "N", "datestamp": "Y", "savetimings": "Y", "showwelcome": "Y",
    "showprogress": "Y", "shownoanswer": "N", "showqnumcode": "X", "showgroupinfo": "N", "tokenanswerspersistence": "Y",
}  # fmt: skip


def structure(questionnaire: Questionnaire) -> str:
    """The file's text; the same questionnaire gives the same text."""
    return _Survey(questionnaire).text()


def maps(questionnaire: Questionnaire) -> dict[str, Any]:
    """Keys of a sidecar for an export with question codes as headings and answer codes (`add-wave --maps`)."""
    survey = _Survey(questionnaire)
    rows = list(questionnaire.rows())
    labels = {row.item.id: {"Y": 1} for q in questionnaire.questions() if q.kind == "boxes" for row in q.rows}
    for row in rows:
        if row.item.labels and any(code < 0 for code in row.codes):
            labels[row.item.id] = {answer_code(code): int(code) for code in row.codes}
    return {
        "platform": "limesurvey",
        "language": questionnaire.language,
        "participant": {"column": "token"},
        "headers": {survey.column(row.item.id): row.item.id for row in rows}
        | {survey.codes[item.id]: item.id for item in questionnaire.records()},
        "instruments": [{"id": asked.id, **asked.settings} for asked in questionnaire.asked],
        **({"labels": labels} if labels else {}),
    }


def answer_code(code: float) -> str:
    """An answer's code as LimeSurvey takes it: letters and digits.

    >>> answer_code(3.0), answer_code(-3.0)
    ('3', 'm3')
    """
    return f"{code:g}".replace("-", "m")


def legal_codes(names: Iterable[str]) -> dict[str, str]:
    """Name -> code: without underscores, at most 20 characters, each once (LimeSurvey compares without case).

    >>> legal_codes(["mreii_hv01", "a_b", "ab", "relationship_satisfaction_now", "relationship_satisfaction_then"])
    {'mreii_hv01': 'mreiihv01', 'a_b': 'ab', 'ab': 'ab2', 'relationship_satisfaction_now': 'relationshipsatisfac',
     'relationship_satisfaction_then': 'relationshipsatisfa2'}
    """
    codes: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = re.sub("[^A-Za-z0-9]", "", name)
        code, number = plain[:LONGEST], 1
        while code.lower() in {c.lower() for c in codes.values()}:
            number += 1
            code = plain[: LONGEST - len(str(number))] + str(number)
        codes[name] = code
    return codes


class _Survey:
    """One survey while it is written: groups and questions get their numbers in the order in which they are asked."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.q = questionnaire
        self.lines: list[dict[str, str]] = []
        self.groups = self.questions = 0
        recorded = [part for part in questionnaire.parts if part.record]
        names = [n for q in questionnaire.questions() for n in (q.code, *(row.item.id for row in q.rows))]
        names += [part.record.id for part in recorded if part.record]
        names += [_helper(block.id) for part in recorded for block in part.blocks]
        self.codes = legal_codes(names)

    def column(self, item: str) -> str:
        """The heading of an item in an export of codes: `question` or `question[row]`."""
        question, _ = self.q.row(item)
        code = self.codes[question.code]
        return f"{code}[{self.codes[item]}]" if question.kind in ("grid", "boxes") else code

    def text(self) -> str:
        self._survey()
        waiting: list[Part] = []
        for number, part in enumerate(self.q.parts, start=1):
            self._part(part, number, waiting)
        if waiting:  # nothing came after the shuffled blocks
            self._group("", "")
            self._recorded(waiting)
        rows = [COLUMNS, *([line.get(name, "") for name in COLUMNS] for line in self.lines)]
        return MARK + "".join("\t".join(map(_cell, row)) + "\n" for row in rows)

    def _add(self, kind: str, **cells: str) -> None:
        cells = {name.replace("type_scale", "type/scale"): value for name, value in cells.items()}
        self.lines.append({"class": kind, "language": "" if kind == "S" else self.q.language, **cells})

    def _survey(self) -> None:
        for name, value in (SURVEY | {"language": self.q.language}).items():
            self._add("S", name=name, text=value)
        texts = {
            "surveyls_title": escape(self.q.title, quote=False),
            "surveyls_welcometext": _paragraphs(self.q.introduction),
            "surveyls_endtext": _paragraphs(self.q.closing),
        }
        for name, value in texts.items():
            self._add("SL", name=name, text=value)

    def _part(self, part: Part, number: int, waiting: list[Part]) -> None:
        for block in part.blocks:
            if part.shuffled:
                self._group(block.heading or block.id, f"shuffle{number}")
                if part.record:
                    self._came_first(part, block.id)
                for page in block.pages:
                    self._page(page.questions)
                continue
            for page in block.pages:
                self._group(block.heading or block.id, "")
                self._page(page.questions)
                self._recorded(waiting)
                waiting.clear()
        if part.record:
            waiting.append(part)

    def _group(self, heading: str, shuffled_with: str) -> None:
        self.groups += 1
        self._add(
            "G",
            id=str(self.groups),
            type_scale=str(self.groups),
            name=escape(heading, quote=False) or "-",
            relevance="1",
            random_group=shuffled_with,
        )

    def _page(self, questions: Sequence[Question]) -> None:
        for question in questions:
            self._question(question)

    # --- which block came first ---

    def _came_first(self, part: Part, block: str) -> None:
        """1 if no other block of its part was shown before, else 0; kept when it is evaluated again."""
        own = self.codes[_helper(block)]
        others = [self.codes[_helper(b.id)] for b in part.blocks if b.id != block]
        none = " and ".join(f"is_empty({code}.NAOK)" for code in others)
        self._equation(own, f"{{if(is_empty({own}.NAOK), if({none}, 1, 0), {own}.NAOK)}}")

    def _recorded(self, parts: Iterable[Part]) -> None:
        for part in parts:
            assert part.record is not None and part.codes is not None  # only such parts wait
            said = '""'
            for block in reversed(part.blocks):
                said = f"if({self.codes[_helper(block.id)]}.NAOK == 1, {part.codes[block.id]}, {said})"
            self._equation(self.codes[part.record.id], f"{{{said}}}")

    def _equation(self, code: str, equation: str) -> None:
        self.questions += 1
        self._add(
            "Q",
            id=str(self.questions),
            type_scale="*",
            name=code,
            relevance="1",
            text=code,
            mandatory="N",
            other="N",
            hidden="1",
            equation=equation,
            numbers_only="1",
        )

    # --- questions ---

    def _question(self, question: Question) -> None:
        self.questions += 1
        number = str(self.questions)
        text = "<br /><br />".join(escape(part, quote=False) for part in (question.stem, question.text) if part)
        rules = [rule for row in question.rows if (rule := row.item.asked_if)] if question.conditional else []
        self._add(
            "Q", id=number, type_scale=TYPES[question.kind], name=self.codes[question.code], relevance=self._relevance(rules),
            text=text, mandatory="N", other="N", **self._attributes(question),
        )  # fmt: skip
        if question.kind in ("grid", "boxes"):
            for row in question.rows:
                self._row(row, question)
        if question.kind in ("grid", "choice"):
            for code, label in question.choices.items():
                self._add("A", id=number, type_scale="0", name=answer_code(code), text=escape(label, quote=False))

    def _row(self, row: Row, question: Question) -> None:
        self.questions += 1
        own = [row.item.asked_if] if row.item.asked_if and not question.condition else []
        self._add(
            "SQ",
            id=str(self.questions),
            type_scale="0",
            name=self.codes[row.item.id],
            relevance=self._relevance(own),
            text=escape(row.text, quote=False),
        )

    def _attributes(self, question: Question) -> dict[str, str]:
        if question.kind == "number":
            item: Item = question.rows[0].item
            return {"num_value_int_only": "1", "min_num_value_n": f"{item.low:g}", "max_num_value_n": f"{item.high:g}"}
        shuffled = {"random_order": "1"} if question.shuffled else {}
        return shuffled | ({"repeat_headings": "10"} if len(question.rows) > 12 else {})

    def _relevance(self, rules: Sequence[AskedIf]) -> str:
        """Asked if any answer of any of the rules was given."""
        tests = dict.fromkeys(test for rule in rules for test in self._tests(rule))
        return " or ".join(tests) or "1"

    def _tests(self, rule: AskedIf) -> Iterable[str]:
        for column in rule.any_of:
            question, place = self.q.row(column)
            name = self.codes[question.code]
            name += f"_{self.codes[column]}" if question.kind == "grid" else ""
            for code in asking_codes(rule, question.rows[place]):
                yield f'{name}.NAOK == "{answer_code(code)}"'


def _helper(block: str) -> str:
    return f"first_{block}"


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{escape(text, quote=False)}</p>" for text in texts if text)


def _cell(text: str) -> str:
    """PHP's `fputcsv` puts a cell with a blank, a tab or a quotation mark into quotation marks."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[\s"\\]', text) else text
