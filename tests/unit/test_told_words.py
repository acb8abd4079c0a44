"""What an export that is read where it lies tells of its questions: the words stay, what tells of people goes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rejsens.importers.model import Export
from rejsens.told_words import without_persons

CELLS = {
    "First name": ["Quackanna", "Rose"],
    "Full name": ["Quackanna Ducksworth", "Rose, Tealby"],
    "e-mail": ["q@example.net", "t@example.net"],
    "remarks": ["Monday is hard", "nothing"],
    "q1": ["1", "2"],
    "q2": ["1", "2"],
}


def told(questions: dict[str, str], choices: dict[str, dict[str, str]] | None = None) -> Export:
    cells = pa.table({name: pa.array(texts).dictionary_encode() for name, texts in CELLS.items()})
    export = Export("e.csv", "plain", cells, np.arange(2), questions=questions, choices=choices or {})
    return without_persons(export, ["q1", "q2"])


def test_names_addresses_and_numbers_of_people_are_taken_out() -> None:
    export = told(
        {"q1": "Dear Quackanna, or write to q@example.net or +49 170 5550007: did Ducksworth and Tealby call you?"}
    )
    assert export.questions["q1"] == "Dear […], or write to […] or […]: did […] and […] call you?"


def test_answer_options_are_masked_for_telling_and_codes_stay() -> None:
    assert told({}, {"q1": {"1": "as Tealby does", "2": "never"}}).choices["q1"] == {"1": "as […] does", "2": "never"}


def test_words_of_the_language_and_of_free_text_stay() -> None:
    questions = {
        "q1": "Rose was late on Monday. Was it hard?",
        "q2": "How often did the rose grow, from 0 to 10, in 2019-2020?",
    }
    assert told(questions).questions == questions


def test_an_export_without_questions_is_left_alone() -> None:
    assert told({"remarks": "Ask Quackanna"}).questions == {"remarks": "Ask Quackanna"}  # nobody tells that column
