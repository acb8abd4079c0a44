"""Questionnaires at the edge: blocks shuffled at the end or in threes, words that a translation lacks, items of no scale."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import ROOT

from rejsens.definitions import Item, load_instruments
from rejsens.problems import Refused
from rejsens.questionnaire import limesurvey, pdf, qualtrics
from rejsens.questionnaire.blueprint import blueprint
from rejsens.questionnaire.contents import Contents, Scale, _misfiled, contents
from rejsens.questionnaire.model import Questionnaire, codes_of
from rejsens.questionnaire.readability import reading
from rejsens.questionnaire.reading import Wanted, _with_language, read_questionnaire

RECORD = {"instrument": "mreii_event_order", "item": "event_first"}
BLOCKS = {"one": "mreii_climate", "two": "mreii_perceived_change", "three": "mreii_quality"}


def write(study: Path, order: list[Any], **more: Any) -> Wanted:
    """A questionnaire of a study's own: the blocks of `BLOCKS` in this order."""
    words = {"from_to": "{low} to {high}", "page_of": "{page}/{pages}", "code": "ids"}
    content = {
        "id": "own", "title": "Own", "introduction": ["Hello."], "closing": ["Thanks. {support}"], "words": words, "order": order,
        "blocks": {name: {"ask": [{"instrument": instrument}]} for name, instrument in BLOCKS.items()},
    }  # fmt: skip
    path = study / "schemas/questionnaires/own.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content | more, sort_keys=False), encoding="utf-8")
    return Wanted("own", study)


@pytest.fixture
def shuffled(tmp_path: Path) -> Questionnaire:
    """Two blocks in either order, whose first one is written down, and nothing behind them."""
    order = ["three", {"shuffle": ["one", "two"], "record": RECORD | {"codes": {"one": 1, "two": 2}}}]
    return read_questionnaire(write(tmp_path, order))


def test_which_block_came_first_is_written_down_also_behind_the_last_block(shuffled: Questionnaire) -> None:
    text = limesurvey.structure(shuffled).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    (place,) = (k for k, row in enumerate(rows) if row["name"] == "eventfirst")
    assert rows[place]["equation"] == '{if(firstone.NAOK == 1, 1, if(firsttwo.NAOK == 1, 2, ""))}'
    group = next(row for row in reversed(rows[:place]) if row["class"] == "G")
    assert group["random_group"] == "" and rows.index(group) > max(k for k, r in enumerate(rows) if r["random_group"])


def test_of_three_blocks_the_two_behind_the_first_are_shuffled_too(shuffled: Questionnaire) -> None:
    fixed, part = shuffled.parts
    three = replace(part, blocks=(*part.blocks, *fixed.blocks), codes={"one": 1, "two": 2, "three": 3})
    flow = json.loads(qualtrics.qsf(replace(shuffled, parts=(three,))))
    groups = [node for node in nodes(flow) if node.get("Type") == "Group"]
    assert [node["Flow"][0]["EmbeddedData"][0]["Value"] for node in groups] == ["1", "2", "3"]
    shown = [node["Flow"][1]["ID"] for node in groups]
    for first, group in zip(shown, groups, strict=True):
        (rest,) = group["Flow"][2:]
        assert rest["Type"] == "BlockRandomizer" and rest["SubSet"] == 2
        assert {node["ID"] for node in rest["Flow"]} == {*shown} - {first}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_the_order_of_an_unknown_instrument_is_refused(tmp_path: Path) -> None:
    record = {"instrument": "mreii_event_oder", "item": "event_first", "codes": {"one": 1, "two": 2}}
    wanted = write(tmp_path, ["three", {"shuffle": ["one", "two"], "record": record}])
    with pytest.raises(Refused, match="Unknown instruments") as refused:
        read_questionnaire(wanted)
    assert "mreii_event_order" in refused.value.problems[0].fix


FRAME: Mapping[str, Any] = {
    "id": "own", "words": {"code": "ids"}, "blocks": {"one": {"heading": "First", "ask": [{"instrument": "a", "only_if": "If."}]}},
}  # fmt: skip
GERMAN: Mapping[str, Any] = {
    "language": "de", "translates": "own", "headings": {"one": "Erstens"}, "only_if": {"one": "Falls."}, "words": {"code": "Codes"},
    "title": "Eigen", "introduction": ["Hallo."], "closing": ["Danke."],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"translates": "other"}, "de › translates"),
        ({"headings": {}}, "de › headings"),
        ({"only_if": {}}, "de › only_if"),
        ({"words": {}}, "de › words"),
    ],
)
def test_words_that_a_translation_lacks_are_refused_and_none_is_left_in_english(
    changes: dict[str, Any], where: str
) -> None:
    whole = _with_language(FRAME, GERMAN)
    assert whole["blocks"]["one"]["heading"] == "Erstens" and whole["blocks"]["one"]["ask"][0]["only_if"] == "Falls."
    with pytest.raises(Refused) as refused:
        _with_language(FRAME, GERMAN | changes)
    assert [problem.where for problem in refused.value.problems] == [where]


@pytest.mark.parametrize(("items", "said"), [([("a", ("*01",))], "none"), ([("a", None), ("b", ("*01",))], "a and b")])
def test_an_item_stands_in_one_scale(items: list[tuple[str, tuple[str, ...] | None]], said: str) -> None:
    climate = load_instruments(only=["mreii_climate"])["mreii_climate"]
    every = tuple(item.id for item in climate.items)
    fitting = Contents("own", "Own", (climate,), (Scale("a", every, "inside", "outside"),), ())
    assert _misfiled(fitting) == []
    scales = tuple(Scale(name, every if own is None else own, "inside", "outside") for name, own in items)
    problems = _misfiled(replace(fitting, scales=scales))
    told = {problem.found.partition(": ")[0]: problem.found.partition(": ")[2] for problem in problems}
    assert said in told.values() and problems[0].allowed == "one scale"


def test_a_questionnaire_whose_scales_do_not_hold_its_items_is_refused(tmp_path: Path) -> None:
    scale = {"name": "A", "items": ["mreii_c*"], "inside": "in", "outside": "out"}
    with pytest.raises(Refused, match="Items that belong to no scale, or to several"):
        contents(write(tmp_path, list(BLOCKS), scales=[scale]))


def test_a_blueprint_without_principles_has_no_heading_for_them(tmp_path: Path) -> None:
    wanted = write(tmp_path, list(BLOCKS))
    text = blueprint(contents(wanted))
    assert "How the items are worded" not in text and "mreii_" in text
    assert "How the items are worded" in blueprint(contents(Wanted("mreii", ROOT)))


@pytest.mark.parametrize(
    ("text", "cause"), [("… – !", "Nothing to read"), ("A xqzzy day", "Words that the dictionary lacks")]
)
def test_wording_that_cannot_be_measured_is_refused(text: str, cause: str) -> None:
    with pytest.raises(Refused, match=cause):
        reading(text)


def test_a_scale_without_labels_shows_its_codes_and_a_number_none() -> None:
    assert codes_of(Item("a", "a", 0, 3)) == {0.0: "0", 1.0: "1", 2.0: "2", 3.0: "3"}
    assert codes_of(Item("a", "a", 0, 120, type="number")) == {}


def test_a_pdf_that_would_show_a_box_for_a_letter_is_refused(shuffled: Questionnaire) -> None:
    with pytest.raises(Refused, match="The PDF could not be set"):
        pdf.pdf(replace(shuffled, title="Own \U00013000"))
