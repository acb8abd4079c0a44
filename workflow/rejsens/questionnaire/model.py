"""A questionnaire as it is asked: blocks of pages of questions, the same for every format.

`schemas/questionnaires/NAME.yaml` says which instruments are asked in which order; the questions stand in the
instruments' files. A writer reads nothing but a `Questionnaire`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil
from typing import Any

from rejsens.definitions import AskedIf, Instrument, Item

WORDS_PER_MINUTE = (
    200  # below the 238 of silent reading (Brysbaert 2019, 10.1016/j.jml.2019.104047): adults read 175 to 300
)
SECONDS_PER_ANSWER = 3  # to choose and to click, beside reading


@dataclass(frozen=True)
class Row:
    """One item where it is asked. `item.id` is its column: the same in every export and in the study.

    descends   the wave's codes run against the definition's: it writes the turned ones, which are turned back at import
    """

    item: Item
    text: str
    descends: bool = False

    @property
    def codes(self) -> dict[float, str]:
        """Code as this questionnaire writes it -> answer, from the lowest; a scale without labels shows its codes."""
        if not self.descends or not self.item.labels:
            return codes_of(self.item)
        return dict(sorted((self.written(code), label) for code, label in self.item.labels.items()))

    def written(self, code: float) -> float:
        """A code of the definition as this questionnaire writes it; one for not applicable or missing stays.

        >>> agree = Item("a", "a", 1, 4, labels={1.0: "no", 4.0: "yes", 9.0: "does not apply"}, not_applicable=(9.0,))
        >>> Row(agree, "I sing.", descends=True).codes
        {1.0: 'yes', 4.0: 'no', 9.0: 'does not apply'}
        """
        stays = not self.descends or code in self.item.not_applicable or code in self.item.missing_codes
        return code if stays else self.item.low + self.item.high - code


@dataclass(frozen=True)
class Question:
    """Rows that share their answers.

    code      unique among questions: the column itself for a single item
    kind      grid (several rows), choice (one row), boxes (one tick box for each row), number
    stem      what stands above, such as an instruction; "" where the question before it says it
    text      the question itself: that of a grid of one event, of tick boxes, or the item's own
    choices   code -> answer, none for a number
    shuffled  rows in random order
    only_if   what paper says of rows that not everybody is asked
    """

    code: str
    kind: str
    stem: str
    text: str
    rows: tuple[Row, ...]
    choices: Mapping[float, str]
    shuffled: bool = False
    only_if: str = ""

    @property
    def condition(self) -> AskedIf | None:
        """Whom it is asked of, where that is one rule for all its rows."""
        rules = {row.item.asked_if for row in self.rows}
        return next(iter(rules)) if len(rules) == 1 else None

    @property
    def conditional(self) -> bool:
        """Whether none of its rows is asked of everybody."""
        return all(row.item.asked_if for row in self.rows)


@dataclass(frozen=True)
class Page:
    """Questions that are seen at once."""

    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Block:
    """Pages that stay together."""

    id: str
    heading: str
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Part:
    """One block, or several in random order; `record` is the item that says which came first, `codes` block -> its code."""

    blocks: tuple[Block, ...]
    record: Item | None = None
    codes: Mapping[str, int] | None = None

    @property
    def shuffled(self) -> bool:
        return len(self.blocks) > 1


@dataclass(frozen=True)
class Asked:
    """One entry of a sidecar's `instruments:`: what a wave that asked this questionnaire states."""

    id: str
    settings: Mapping[str, object]
    items: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """What people see, in the order in which they see it; no two questions bear one code."""

    id: str
    title: str
    language: str
    wave: int
    form: str
    introduction: tuple[str, ...]
    closing: tuple[str, ...]
    words: Mapping[str, str]
    parts: tuple[Part, ...]
    asked: tuple[Asked, ...]
    status_lines: tuple[str, ...]

    def blocks(self) -> Iterator[Block]:
        for part in self.parts:
            yield from part.blocks

    def pages(self) -> Iterator[Page]:
        for block in self.blocks():
            yield from block.pages

    def questions(self) -> Iterator[Question]:
        for page in self.pages():
            yield from page.questions

    def rows(self) -> Iterator[Row]:
        for question in self.questions():
            yield from question.rows

    def row(self, column: str) -> tuple[Question, int]:
        """The question that asks an item, and the row's place in it, from 0."""
        return next((q, k) for q in self.questions() for k, r in enumerate(q.rows) if r.item.id == column)

    def records(self) -> list[Item]:
        """Items that no person answers: the platform writes down which block came first."""
        return [part.record for part in self.parts if part.record]


def codes_of(item: Item) -> dict[float, str]:
    """Code -> answer as people see it, from the lowest; a scale without labels shows its codes.

    >>> codes_of(Item("a", "a", 1, 3, labels={3.0: "often", 1.0: "never"}))
    {1.0: 'never', 3.0: 'often'}
    """
    if item.labels:
        return dict(sorted(item.labels.items()))
    if item.type == "number":
        return {}
    return {float(code): f"{code}" for code in range(int(item.low), int(item.high) + 1)}


def asking_codes(rule: AskedIf, row: Row) -> list[float]:
    """The codes, as written, that make a rule ask the next item: from `at_least` up, without those for not applicable."""
    item = row.item
    asking = [code for code in codes_of(item) if code >= rule.at_least and code not in item.not_applicable]
    return [row.written(code) for code in asking]


def mixed(items: Sequence[Item], stride: int) -> list[Item]:
    """Every `stride`-th item first, then the ones behind these, so that neighbours come from different scales.

    >>> mixed("abcdef", 3)
    ['a', 'd', 'b', 'e', 'c', 'f']
    """
    return [item for start in range(stride) for item in items[start::stride]]


def question_groups(rows: Iterable[Row]) -> list[list[Row]]:
    """Neighbouring rows that are one question: the same answers under the same words.

    A number, a category and whatever ends with a question mark is a question by itself.
    """

    def shown_with(row: Row) -> tuple[object, ...]:
        item = row.item
        alone = item.id if item.type == "number" or (item.type == "category" and not item.choice_of) else ""
        return (
            item.choice_of,
            item.row_of,
            tuple(row.codes.items()),
            alone,
            (item.wording or "").endswith("?") and item.id,
        )

    return [list(group) for _, group in groupby(rows, shown_with)]


def question_of(rows: Sequence[Row], name: str, stem: str, instrument: Instrument, **more: Any) -> Question:
    """One question from its rows; `name` begins its code where it has several.

    instrument   as administered: its `questions` are the words above rows or tick boxes, or, by an item's id, those that
                 stand above this item instead of the stem
    """
    first = rows[0].item
    prefix = instrument.name.removesuffix(instrument.id)
    lead = instrument.questions.get(first.choice_of or first.row_of or "", "")
    stem = instrument.questions.get(first.id.removeprefix(prefix), stem)
    choices = rows[0].codes
    if first.choice_of:
        return Question(prefix + first.choice_of, "boxes", stem, lead, tuple(rows), choices, **more)
    if first.type == "number":
        return Question(first.id, "number", stem, rows[0].text, tuple(rows), {}, **more)
    if len(rows) == 1 and not lead:
        return Question(first.id, "choice", stem, rows[0].text, tuple(rows), choices, **more)
    return Question(
        f"{name}_{first.row_of}" if first.row_of else name, "grid", stem, lead, tuple(rows), choices, **more
    )


def paged(questions: Sequence[Question], per_page: int | None) -> list[Page]:
    """Questions on pages of at most `per_page` rows; what depends on an answer stands on a later page than that answer.

    A grid that is longer than a page is cut into several.
    """
    pages: list[list[Question]] = [[]]
    for question in (piece for whole in questions for piece in _pieces(whole, per_page)):
        here = {row.item.id for q in pages[-1] for row in q.rows}
        needs = {i for row in question.rows if row.item.asked_if for i in row.item.asked_if.any_of}
        full = per_page and len(here) + len(question.rows) > per_page
        if pages[-1] and (here & needs or full):
            pages.append([])
        said = {q.stem for q in pages[-1]}
        pages[-1].append(replace(question, stem="") if question.stem in said else question)
    return [Page(tuple(page)) for page in pages if page]


def _pieces(question: Question, per_page: int | None) -> list[Question]:
    if question.kind != "grid" or not per_page or len(question.rows) <= per_page:
        return [question]
    size = ceil(len(question.rows) / ceil(len(question.rows) / per_page))
    cuts = [question.rows[start : start + size] for start in range(0, len(question.rows), size)]
    return [replace(question, code=f"{question.code}_{k}", rows=rows) for k, rows in enumerate(cuts, start=1)]


def numbered(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with a number behind each code that an earlier question or an item bears; an item's own column stays."""
    questions = [q for part in parts for block in part.blocks for page in block.pages for q in page.questions]
    taken = {row.item.id for q in questions for row in q.rows} | {part.record.id for part in parts if part.record}
    codes: list[str] = []
    for question in questions:
        code, number = question.code, 1
        while code in taken and question.kind in ("grid", "boxes"):
            number += 1
            code = f"{question.code}_{number}"
        codes.append(code)
        taken.add(code)
    rest = iter(codes)

    def page_of(page: Page) -> Page:
        return Page(tuple(replace(question, code=next(rest)) for question in page.questions))

    def block_of(block: Block) -> Block:
        return replace(block, pages=tuple(map(page_of, block.pages)))

    return tuple(replace(part, blocks=tuple(map(block_of, part.blocks))) for part in parts)


def minutes(questionnaire: Questionnaire) -> int:
    """How long it takes, as an estimate: 200 words read in a minute, 3 seconds for each answer; whole minutes, rounded up.

    The words are those of stems, questions and items; answers are read once for each question. Of rows that not
    everybody is asked, all count: the estimate is that of a person who is asked everything.

    returns   at least 1
    """
    words = answers = 0
    for question in questionnaire.questions():
        texts = [question.stem, question.text, *question.choices.values()]
        texts += [row.text for row in question.rows if row.text != question.text]
        words += sum(len(re.findall(r"\w[\w'’-]*", text)) for text in texts)
        answers += 1 if question.kind == "boxes" else len(question.rows)
    return max(1, ceil(words / WORDS_PER_MINUTE + answers * SECONDS_PER_ANSWER / 60))
