"""What changed from wave to wave: every kind of change is found, only those of meaning stop, and a declared one does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.conftest import declare, rejsens, rejsens_here, seal, write_study

from rejsens.answer_options import options_across, options_changed
from rejsens.comparison_report import as_html, as_text
from rejsens.definitions import load_instruments
from rejsens.difference_lines import said_of, summarise
from rejsens.differences import COLUMNS, blocking, compare, compare_waves, wording_changed
from rejsens.problems import Refused
from rejsens.tabular import COLUMNS as TABLES
from rejsens.translations import translated
from rejsens.wave_comparison import compare_wave
from rejsens.wording import same_words

ITEM = {
    "subscale": "", "label": "nervous", "question_text": "", "question_source": "", "type": "single", "choices": "",
    "choices_source": "", "platform": "plain", "missing_codes": "[-99]", "min": 0.0, "max": 3.0, "reverse_keyed": False, "already_reversed": False,
    "item_order": "", "anchor_direction": "ascending", "scored_in": "gad7_sum", "replaces": "",
    "language": "", "defined_text": "", "defined_choices": "",
}  # fmt: skip


def asked(wave: str, *items: str | dict[str, Any], instrument: str = "gad7", **shared: Any) -> pd.DataFrame:
    """The table "variables" of a wave; an item is its id, or a mapping that states what is special about it."""
    rows = []
    for position, given in enumerate(items, start=1):
        own = given if isinstance(given, dict) else {"variable": given}
        rows.append(
            ITEM
            | {"wave": wave, "instrument": instrument, "column": own["variable"], "position": position}
            | shared
            | own
        )
    return pd.DataFrame(rows)


def q(name: str, question: str, source: str = "export", **more: Any) -> dict[str, Any]:
    return {"variable": name, "question_text": question, "question_source": source} | more


def c(name: str, choices: dict, source: str = "labels", **more: Any) -> dict[str, Any]:
    return {"variable": name, "choices": json.dumps(choices), "choices_source": source} | more


def changed(new: pd.DataFrame, *earlier: pd.DataFrame) -> dict[str, str]:
    """What `wording_changed` says of one wave, held against those before it, the nearest first."""
    tables = {str(frame["wave"].iloc[0]): frame for frame in (new, *earlier)}
    name, *before = tables
    return wording_changed(tables, {name: before} | dict.fromkeys(before, ()))[name]


def found(new: pd.DataFrame, *earlier: pd.DataFrame, **more: Any) -> list[tuple]:
    """(change, variable, before, after, status) of every row but the first, which says what was compared."""
    rows = compare(new, earlier, **more)
    assert list(rows.columns) == list(COLUMNS) == list(TABLES["differences"])
    assert rows.iloc[0]["status"] == "compared" and (rows["wave"] == "w2").all()
    return [tuple(row) for row in rows.iloc[1:][["change", "variable", "before", "after", "status"]].to_numpy()]


W1 = asked("w1", "a", "b", "c")


# --- what was asked, and where it stood ------------------------------------------------------------------------------


def test_equal_waves_differ_in_nothing_and_say_what_could_be_compared() -> None:
    new = asked("w2", "a", "b", "c")
    assert found(new, W1) == []
    row = compare(new, [W1]).iloc[0]
    assert (row["before"], row["after"], row["previous_wave"]) == ("3 items", "3 items", "w1")
    assert row["reason"] == (
        "3 items asked before; neither wording nor answer labels could be compared, since the waves do not both tell them"
    )
    told = asked("w1", q("a", "x"), c("b", {"0": "no"})), asked("w2", q("a", "x"), c("b", {"0": "no"}))
    assert "the wording of 1 and the answer labels of 1" in compare(told[1], [told[0]]).iloc[0]["reason"]


def test_the_first_wave_has_nothing_to_differ_from() -> None:
    assert compare(W1, []).empty


def test_items_added_missing_and_asked_again() -> None:
    w0 = asked("w0", q("d", "Do you sleep?"))
    rows = found(asked("w2", "a", "c", q("d", "Do you sleep?"), "e"), W1, w0)
    assert rows == [
        ("item asked again", "d", "", "Do you sleep?", "noted"),
        ("item added", "e", "", "nervous", "noted"),
        ("item missing", "b", "nervous", "", "noted"),
    ]


def test_instruments_new_left_out_and_asked_again() -> None:
    sleep, mood = asked("w2", "s1", "s2", instrument="sleep"), asked("w2", "m1", instrument="mood")
    new = pd.concat([sleep, mood, asked("w2", "a", "b", "c")])
    w1 = pd.concat([W1, asked("w1", "p1", instrument="phq8"), asked("w1", "u1", instrument="ucla3")])
    w0 = asked("w0", "m1", instrument="mood")
    rows = compare(new, [w1, w0], not_asked=["phq8"])
    got = {row["change"] + " " + row["instrument"]: row for row in rows.to_dict("records")}
    assert got["instrument new sleep"]["after"] == "2 items"
    assert got["instrument asked again mood"]["reason"] == "last asked in w0"
    assert "as the sidecar says" in got["instrument not asked phq8"]["reason"]
    assert "list it under `not_asked`; if not, add it to `instruments`" in got["instrument not asked ucla3"]["reason"]
    assert not rows["change"].isin(["item added", "item missing"]).any()  # told once, as an instrument


def test_an_item_in_another_column() -> None:
    assert found(asked("w2", {"variable": "a", "column": "Q1"}, "b", "c"), W1) == [("renamed", "a", "a", "Q1", "noted")]


def test_one_item_that_moved_is_one_difference() -> None:
    assert found(asked("w2", "c", "a", "b"), W1) == [("reordered", "c", "3 of 3", "1 of 3", "noted")]


def test_an_instrument_that_moved_is_no_difference_of_its_items() -> None:
    first, second = asked("w1", "a", "b"), asked("w1", "x", "y", instrument="phq8")
    second["position"] += 2
    one, two = asked("w2", "a", "b"), asked("w2", "x", "y", instrument="phq8")
    one["position"] += 2
    rows = compare(pd.concat([two, one]), [pd.concat([first, second])])
    assert rows.iloc[1:][["change", "before", "after"]].to_numpy().tolist() in (
        [["instrument moved", "2 of 2", "1 of 2"]], [["instrument moved", "1 of 2", "2 of 2"]],
    )  # fmt: skip


def test_an_item_order_a_direction_and_items_stored_reversed() -> None:
    old = asked("w1", "a", "b", item_order="A", anchor_direction="ascending")
    new = asked("w2", {"variable": "a", "already_reversed": True}, "b", item_order="B", anchor_direction="descending")
    assert set(found(new, old)) == {
        ("item order", "", "A", "B", "noted"),
        ("answer direction", "", "ascending", "descending", "noted"),
        ("stored reversed", "a", "stored as answered", "stored reversed", "noted"),
    }


def test_ranges_and_missing_codes() -> None:
    new = asked("w2", {"variable": "a", "max": 4.0}, {"variable": "b", "missing_codes": '[-99, "NA"]'}, "c")
    assert found(new, W1) == [
        ("range changed", "a", "0 to 3", "0 to 4", "noted"),
        ("missing codes", "b", "-99", "-99, NA", "noted"),
    ]
    open_ended = {"min": np.nan, "max": np.nan}
    assert found(asked("w2", "a", **open_ended), asked("w1", "a", **open_ended)) == []


# --- wording ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    ["I FEEL  seen, don’t I?", "I feel\nseen, don't I?", "<p>I feel seen, don&#39;t I?</p>", "I feel seen, don\u2019t\u00a0I?", "I feel seen, don´t I?"],
)  # fmt: skip
def test_case_spaces_and_typographic_marks_are_not_other_words(same: str) -> None:
    assert found(asked("w2", q("a", same)), asked("w1", q("a", "I feel seen, don't I?"))) == []


@pytest.mark.parametrize(
    "other",
    [
        "I feel unseen, don't I?",
        "I feel seen, don't I",
        "I feel seen, do I?",
        "In the past week: I feel seen, don't I?",
    ],
)
def test_other_words_under_a_known_id_stop(other: str) -> None:
    rows = compare(asked("w2", q("a", other)), [asked("w1", q("a", "I feel seen, don't I?"))])
    assert rows.iloc[1][["change", "before", "after", "status"]].tolist() == [
        "reworded",
        "I feel seen, don't I?",
        other,
        "blocks",
    ]
    problem = blocking(rows)[0]
    assert problem.where == "data/waves/w2.yaml › a" and problem.cause == "A known item was reworded"
    assert problem.found == f"wave w1 asked “I feel seen, don't I?”, wave w2 asks “{other}”"
    assert "`replaces:`" in problem.fix and "item id of its own" in problem.fix and problem.blocks


def test_a_change_that_the_sidecar_declares_does_not_stop() -> None:
    new = asked("w2", q("a", "I feel noticed.", replaces="plainer word, same meaning"))
    rows = compare(new, [asked("w1", q("a", "I feel seen."))])
    assert rows.iloc[1][["change", "status", "reason"]].tolist() == [
        "reworded",
        "replaced",
        "plainer word, same meaning",
    ]
    assert blocking(rows) == []


def test_the_wave_after_a_declared_change_is_compared_with_the_new_words() -> None:
    w1, w2 = asked("w1", q("a", "I feel seen.")), asked("w2", q("a", "I feel noticed.", replaces="why"))
    w3 = asked("w3", q("a", "I feel noticed."))
    assert "reworded" not in set(compare(w3, [w2, w1])["change"])


def test_a_declaration_that_nothing_needs_is_told() -> None:
    rows = compare(
        asked("w2", q("a", "Same.", replaces="new words"), q("b", "Same.", replaces="new words")),
        [asked("w1", q("a", "Same."), "b")],
    )
    idle = rows[rows["change"] == "declared, not found"]
    assert len(idle) == 1 and "new words" in idle.iloc[0]["reason"]


def test_words_are_compared_with_the_last_wave_that_tells_them() -> None:
    """A plain export between two that tell their questions does not hide a change."""
    rows = compare(asked("w3", q("a", "I feel bad.")), [asked("w2", "a"), asked("w1", q("a", "I feel sad."))])
    row = rows[rows["change"] == "reworded"].iloc[0]
    assert (row["previous_wave"], row["before"], row["status"]) == ("w1", "I feel sad.", "blocks")


def test_an_item_asked_again_is_compared_with_the_wave_that_asked_it() -> None:
    rows = compare(asked("w3", "a", q("b", "I feel bad.")), [asked("w2", "a"), asked("w1", "a", q("b", "I feel sad."))])
    assert set(rows["change"]) == {"compared", "item asked again", "reworded"}


def test_words_that_nobody_tells_are_not_called_the_same() -> None:
    w1, w2 = asked("w1", q("a", "x"), "b", "c"), asked("w2", q("a", "y"), q("b", "x"), "c", "d")
    assert changed(w2, w1) == {"a": "yes", "b": "not known", "c": "not known", "d": ""}
    assert changed(asked("w2", q("a", "X")), w1) == {"a": "no"}


def test_words_against_the_instruments_own_are_worth_a_look_and_stop_nothing() -> None:
    old, file = asked("w1", q("a", "I feel seen.", "definition")), {"defined_text": "I feel seen."}
    assert found(asked("w2", q("a", "How often? – I feel seen.", **file)), old) == []  # platforms put the stem in front
    assert found(asked("w2", q("a", "I feel unnoticed.", **file)), old) == [
        ("other words than the definition", "a", "I feel seen.", "I feel unnoticed.", "noted")
    ]
    assert found(asked("w2", q("a", "Seen.", **file)), old)[0][0] == "other words than the definition"
    assert found(asked("w2", q("a", "Anything", "definition")), asked("w1", q("a", "I feel seen."))) == []


def test_a_cell_with_several_tick_boxes_tells_their_question_alone() -> None:
    boxes = {"type": "multi", "defined_text": "Who do you live with? – a partner"}
    old = asked("w1", q("a", "Who do you live with? – a partner", "definition"))
    assert found(asked("w2", q("a", "Who do you live with?", **boxes)), old) == []
    assert found(asked("w2", q("a", "Who do you live with? - a partner", **boxes)), old) == []
    assert found(asked("w2", q("a", "Whom do you see?", **boxes)), old)[0][0] == "other words than the definition"


def test_a_stem_that_only_one_of_two_platforms_tells_is_no_other_wording() -> None:
    sad, glad = "I am sad.", "I am glad."
    plain = asked("w1", q("a", sad), q("b", glad), platform="limesurvey")
    stem = [q("a", f"How often? - {sad}"), q("b", f"How often? - {glad}")]
    assert found(asked("w2", *stem, platform="qualtrics"), plain) == []
    assert changed(asked("w2", *stem, platform="qualtrics"), plain) == {"a": "no", "b": "no"}
    assert [row[0] for row in found(asked("w2", *stem, platform="limesurvey"), plain)] == ["reworded", "reworded"]
    brackets = asked("w1", q("a", f"How often? [{sad}]"), q("b", f"How often? [{glad}]"), platform="limesurvey")
    assert found(asked("w2", *stem, platform="qualtrics"), brackets) == []
    other = asked("w1", q("a", f"This week? [{sad}]"), q("b", f"This week? [{glad}]"), platform="limesurvey")
    assert [row[0] for row in found(asked("w2", *stem, platform="qualtrics"), other)] == ["reworded", "reworded"]
    assert found(asked("w2", q("a", "How often? - I am mad."), stem[1], platform="qualtrics"), plain)[0][:2] == (
        "reworded",
        "a",
    )


def test_a_tick_boxs_label_that_only_one_of_two_platforms_tells_is_no_other_wording() -> None:
    old = asked("w1", q("a", "Whom do you live with?", type="multi"), platform="qualtrics")
    new = q("a", "Whom do you live with? [A partner]", type="multi")
    assert found(asked("w2", new, platform="limesurvey"), old) == []
    assert found(asked("w2", new, platform="qualtrics"), old)[0][0] == "reworded"


# --- answers ---------------------------------------------------------------------------------------------------------

SCALE = {"0": "Never", "1": "Sometimes", "2": "Often"}


def test_the_same_labels_differ_in_nothing_whatever_their_case() -> None:
    assert (
        found(
            asked("w2", c("a", {"0": "never ", "1": "SOMETIMES", "2": "Often"}, "export")), asked("w1", c("a", SCALE))
        )
        == []
    )


def test_a_label_with_another_code_stops() -> None:
    rows = compare(asked("w2", c("a", {"2": "Never", "1": "Sometimes", "0": "Often"})), [asked("w1", c("a", SCALE))])
    row = rows.iloc[1]
    assert (row["change"], row["status"]) == ("recoded", "blocks")
    assert (row["before"], row["after"]) == ("“Never” is 0, “Often” is 2", "“Never” is 2, “Often” is 0")
    problem = blocking(rows, {"w2": "elsewhere/w2.yaml"})[0]
    assert problem.where == "elsewhere/w2.yaml › a" and problem.cause == "A known item was recoded"
    assert problem.found == "in wave w1 “Never” is 0, “Often” is 2; in wave w2 “Never” is 2, “Often” is 0"


@pytest.mark.parametrize("other", ["Always", "Not never", "never again", "Hardly ever"])
def test_a_code_with_another_label_stops(other: str) -> None:
    rows = found(asked("w2", c("a", SCALE | {"0": other})), asked("w1", c("a", SCALE)))
    assert rows == [("recoded", "a", "“Never” is 0", f"“{other}” is 0", "blocks")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("unlikely", "likely"),
        ("satisfied", "dissatisfied"),
        ("agree", "disagree"),
        ("male", "female"),
        ("Rarely", "Barely"),
        ("not true", "true"),
        ("Once a week", "Twice a week"),
    ],
)
def test_a_word_that_turns_the_meaning_is_no_spelling(first: str, second: str) -> None:
    assert options_changed({"1": [first]}, {"1": [second]})[0][:2] == ("recoded", "blocks")


@pytest.mark.parametrize(
    ("first", "second"),
    [("non-binary", "Nonbinary"), ("Several days", "several day"), ("Once or twice", "once or twice."), ("Colour", "color"), ("Schüchtern", "schuchtern"),
     ("Somtimes", "Sometimes"), ("Soemtimes", "Sometimes")],
)  # fmt: skip
def test_label_maps_that_spell_otherwise_are_noted_and_stop_nothing(first: str, second: str) -> None:
    rows = found(asked("w2", c("a", SCALE | {"1": second})), asked("w1", c("a", SCALE | {"1": first})))
    assert rows == [("spelled otherwise", "a", f"“{first}” is 1", f"“{second}” is 1", "noted")]


def test_one_of_several_spellings_is_enough() -> None:
    assert found(asked("w2", c("a", {"0": ["never", "nie"]})), asked("w1", c("a", {"0": ["Nie", "jamais"]}))) == []


def test_answer_options_added_and_removed() -> None:
    new = asked("w2", c("a", {"0": "Never", "1": "Sometimes", "3": "Always"}))
    assert found(new, asked("w1", c("a", SCALE))) == [
        ("options added", "a", "", "“Always” is 3", "noted"),
        ("options removed", "a", "“Often” is 2", "", "noted"),
    ]


def test_answers_that_close_up_behind_a_removed_one_are_recoded() -> None:
    """Non-consecutive codes: the platform renumbers, the labels stay."""
    rows = found(asked("w2", c("a", {"0": "Never", "1": "Often"})), asked("w1", c("a", SCALE)))
    assert rows == [
        ("recoded", "a", "“Often” is 2", "“Often” is 1", "blocks"),
        ("options removed", "a", "“Sometimes” is 1", "", "noted"),
    ] or rows == [("recoded", "a", "“Often” is 2", "“Often” is 1", "blocks")]


def test_codes_of_the_export_are_no_labels() -> None:
    """Two maps of numbers to the same codes say how to read each export; the answers mean the same."""
    rows = found(asked("w2", c("a", {"0": "0", "1": "1"})), asked("w1", c("a", {"0": "1", "1": "2"})))
    assert rows == [("read from another code", "a", "“1” is 0, “2” is 1", "“0” is 0, “1” is 1", "noted")]


def test_labels_that_one_wave_does_not_tell_are_not_compared() -> None:
    assert found(asked("w2", c("a", {"0": "Always"}, "definition")), asked("w1", c("a", SCALE))) == []
    assert found(asked("w2", "a"), asked("w1", c("a", SCALE))) == []


def test_a_declared_recoding_does_not_stop() -> None:
    rows = found(asked("w2", c("a", SCALE | {"0": "Not once"}, replaces="same meaning")), asked("w1", c("a", SCALE)))
    assert rows == [("recoded", "a", "“Never” is 0", "“Not once” is 0", "replaced")]


# --- all waves of a study --------------------------------------------------------------------------------------------


def test_every_wave_is_compared_and_a_retest_with_the_wave_it_repeats() -> None:
    waves = {"w1": W1, "again": asked("again", "a", "b", "c"), "w2": asked("w2", "a", "b")}
    rows = compare_waves(waves, {"w1": [], "again": ["w1"], "w2": ["w1"]}, {})
    assert rows[["wave", "previous_wave"]].drop_duplicates().to_numpy().tolist() == [["again", "w1"], ["w2", "w1"]]


def test_what_stops_is_told_of_all_waves_at_once() -> None:
    waves = {"w1": asked("w1", q("a", "x"), c("b", SCALE)), "w2": asked("w2", q("a", "y"), c("b", SCALE)),
             "w3": asked("w3", q("a", "y"), c("b", SCALE | {"0": "Always"}))}  # fmt: skip
    with pytest.raises(Refused) as refused:
        compare_waves(waves, {"w1": [], "w2": ["w1"], "w3": ["w2", "w1"]}, {})
    text = str(refused.value)
    assert "2 faults" in text and "w2.yaml › a" in text and "w3.yaml › b" in text
    assert text.count("What to do") == 2  # once for each cause


# --- in few words ----------------------------------------------------------------------------------------------------


def many(wave: str, prefix: str = "", **shared: Any) -> pd.DataFrame:
    frames = []
    for instrument in ("gad7", "phq8", "ucla3", "rses"):
        names = [f"{instrument}_{k}" for k in range(5)]
        frames.append(
            asked(wave, *({"variable": n, "column": prefix + n} for n in names), instrument=instrument, **shared)
        )
        frames[-1]["position"] += 5 * (len(frames) - 1)
    return pd.concat(frames, ignore_index=True)


def test_what_happened_to_all_instruments_is_one_line() -> None:
    lines = summarise(compare(many("w2", "Q_"), [many("w1")]))
    assert [(line.change, said_of(line), line.n_items, line.before, line.after) for line in lines] == [
        ("in another column", "4 instruments", 20, "e.g. gad7_0", "Q_gad7_0")
    ]


def test_what_follows_from_an_item_order_is_not_told_twice() -> None:
    old = asked("w1", "a", "b", "c", item_order="A")
    new = asked(
        "w2",
        {"variable": "c", "column": "a"},
        {"variable": "a", "column": "b"},
        {"variable": "b", "column": "c"},
        item_order="B",
    )
    assert len(found(new, old)) > 3
    assert [(line.change, line.before, line.after) for line in summarise(compare(new, [old]))] == [
        ("other item order", "A", "B")
    ]


def test_an_example_says_that_it_is_one() -> None:
    lines = summarise(compare(asked("w2", q("a", "A?"), q("b", "B?")), [asked("w1", "c", "d")]))
    assert [(line.n_items, line.before, line.after) for line in lines] == [(2, "", "e.g. A?"), (2, "nervous", "")]


def test_each_reworded_question_is_shown_up_to_a_limit() -> None:
    old = asked("w1", *(q(f"i{k}", f"Old {k}.") for k in range(20)))
    new = asked("w2", *(q(f"i{k}", f"New {k}.", replaces="shorter") for k in range(20)))
    lines = summarise(compare(new, [old]))
    assert len(lines) == 13 and [line.n_items for line in lines] == [1] * 12 + [8]
    assert lines[0].before == "Old 0." and lines[0].reason == "shorter"


def test_items_recoded_alike_are_one_line() -> None:
    names = [f"i{k}" for k in range(7)]
    lines = summarise(
        compare(
            asked("w2", *(c(n, SCALE | {"0": "Always"}) for n in names)), [asked("w1", *(c(n, SCALE) for n in names))]
        )
    )
    assert [(line.change, line.n_items, line.status) for line in lines] == [("answers recoded", 7, "blocks")]


# --- the command, and the run ----------------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two waves; the second asks one known question in other words."""
    folder = write_study(tmp_path / "study")
    declare(folder, "w1", questions={"gad7_01": "Were you uneasy?", "gad7_02": "Did you worry?"})
    declare(folder, "w2", questions={"gad7_01": "Were you at ease?", "gad7_02": "Did you   WORRY?"})
    return folder


def test_the_command_tells_what_stops_and_what_to_do(study: Path) -> None:
    run = rejsens(study, "diff-wave", "w2")
    assert run.returncode == 1
    for said in ("w2 (11 items) compared with w1 (11 items)", "reworded", "Were you uneasy?", "Were you at ease?",
                 "1 change to settle before a run", "A known item was reworded", "data/waves/w2.yaml › gad7_01", "What to do", "`replaces:`"):  # fmt: skip
        assert said in " ".join(run.stdout.split()), said
    assert "gad7_02" not in run.stdout and "Traceback" not in run.stderr


def test_a_declared_change_lets_the_command_end_well(study: Path) -> None:
    declare(study, "w2", replaces={"gad7_01": "turned round on purpose, scored likewise"})
    run = rejsens_here(study.parent, "diff-wave", "w2", "--study", str(study))
    assert run.returncode == 0 and "Nothing here stops a run." in run.stdout
    assert "reworded, gad7: turned round on purpose, scored likewise" in run.stdout


def test_the_command_speaks_json_csv_and_html(study: Path) -> None:
    record = json.loads(rejsens_here(study, "diff-wave", "w2", "--format", "json").stdout)
    assert record["stops"] == 1 and record["faults"][0]["cause"] == "A known item was reworded"
    assert [row["variable"] for row in record["differences"] if row["change"] == "reworded"] == ["gad7_01"]
    csv = rejsens_here(study, "diff-wave", "w2", "--format", "csv")
    assert csv.returncode == 1 and csv.stdout.splitlines()[0] == ",".join(COLUMNS)
    html = rejsens_here(study, "diff-wave", "w2", "--format", "html").stdout
    assert "<h1>w2 compared with w1</h1>" in html and "“Were you uneasy?”" in html and "<script" not in html


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["w3"], "Allowed: w1 and w2"),
        (["w1"], "No earlier wave"),
        (["w2", "w9"], "Unknown waves"),
        (["none.csv"], "Unknown waves"),
    ],
)
def test_a_wave_that_is_not_there_ends_the_command_with_two(study: Path, words: list[str], said: str) -> None:
    run = rejsens_here(study, "diff-wave", *words)
    assert run.returncode == 2 and said in run.stdout and "Traceback" not in run.stderr


def test_a_wave_may_be_named_by_its_files(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    for named in ("w2", "w2.yaml", "data/waves/w2.yaml", "data/waves/w2.csv", str(study / "data/waves/w2.csv")):
        assert compare_wave(named).wave == "w2", named


def test_a_column_that_is_not_there_is_a_fault_and_the_rest_is_compared(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    path = study / "data/waves/w2.csv"
    path.write_text(path.read_text().replace("gad7_07", "gad7_7", 1))
    seal(study, "w2")
    result = compare_wave("w2")
    assert "item missing" in set(result.differences["change"])
    assert [p.cause for p in result.problems] == ["A known item was reworded", "Missing columns"]


def test_an_export_without_a_sidecar_is_held_against_the_wave_before(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    names = (study / "data/waves/w1.csv").read_text().splitlines()[0].split(",")
    texts = [{"gad7_01": "Did you worry?", "gad7_02": "Were you tense?"}.get(n, n) for n in names]
    header = [n.replace("gad7_01", "Q77") for n in names]
    ids = [json.dumps({"ImportId": f"QID{k}"}) for k in range(len(names))]
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, texts, ids)]
    answers = (study / "data/waves/w1.csv").read_text().splitlines()[1:]
    (study / "new.csv").write_text("\n".join([*quoted, *answers]) + "\n")

    result = compare_wave("new.csv", "w1")

    rows = {(row["change"], row["variable"]): row for row in result.differences.to_dict("records")}
    assert ("item missing", "gad7_01") in rows and rows["reworded", "gad7_02"]["after"] == "Were you tense?"
    assert result.unread == ("Q77",) and "1 column that no item of w1 reads: Q77" in as_text(result, width=100)
    assert "Q77" in as_html(result)


# --- another language ------------------------------------------------------------------------------------------------

SEEN, GESEHEN = "I feel seen.", "Ich fühle mich gesehen."
NEVER, NIE = {"0": "never", "1": "at times", "4": "daily"}, {"0": "nie", "1": "manchmal", "4": "täglich"}


def de(name: str, question: str = GESEHEN, file: str = GESEHEN, **more: Any) -> dict[str, Any]:
    return q(name, question, language="de", defined_text=file) | more


def en(name: str, question: str = SEEN, file: str = SEEN, **more: Any) -> dict[str, Any]:
    return q(name, question, language="en", defined_text=file) | more


def across(new: list[dict[str, Any]], *earlier: list[dict[str, Any]]) -> tuple[pd.DataFrame, str]:
    """All rows but those on what was compared and on the language, and what is said of the language ("" when nothing)."""
    frames = [asked(f"w{len(earlier) - k}", *items) for k, items in enumerate(earlier)]
    rows = compare(asked(f"w{len(earlier) + 1}", *new), frames)
    told = rows[rows["change"] == "other language"]
    assert len(told) <= 1
    said = " ".join(told.iloc[0][["before", "after", "reason"]]) if len(told) else ""
    return rows[~rows["change"].isin(["compared", "other language"])].reset_index(drop=True), said


def test_another_language_is_told_once_and_is_no_rewording() -> None:
    rows, said = across([de("a"), de("b"), de("c")], [en("a"), en("b"), en("c")])
    assert rows.empty and said.startswith("English German the wording of 3 items was compared with the German of the")
    assert "without a test that the two languages measure alike, unless one is reported" in said
    assert across([de("a")], [de("a")])[1] == across([en("a")], [en("a", language="")])[1] == ""
    assert across([de("a", language="de-AT")], [de("a")])[1] == ""  # another country is not another language


def test_words_in_another_language_are_held_against_the_translation() -> None:
    rows, _ = across([de("a", "Ich fühle mich übersehen."), de("b")], [en("a"), en("b")])
    assert rows[["change", "variable", "before", "after", "status"]].to_numpy().tolist() == [
        ["other words than the definition", "a", GESEHEN, "Ich fühle mich übersehen.", "noted"]
    ]


def test_without_a_translation_the_wording_is_not_called_the_same() -> None:
    rows, said = across([de("a", file=""), de("b"), {"variable": "c", "language": "de"}], [en("a"), en("b"), en("c")])
    assert rows.empty
    assert "the wording of 1 item could not be compared, since no file holds it in German" in said
    assert "the wording of 1 item was compared with the German" in said and "the wording of 1 item is not told" in said
    w2 = asked("w2", de("a", file=""), de("b"), language="de")
    assert changed(w2, asked("w1", en("a"), en("b"))) == {"a": "other language", "b": "other language"}


def test_words_are_compared_with_the_last_wave_in_the_same_language() -> None:
    """German, English, German: the third wave is held against the first, and what it changes stops."""
    rows, said = across([de("a", "Man sieht mich.")], [en("a")], [de("a", "Man übersieht mich.")])
    assert rows[["change", "previous_wave", "status"]].to_numpy().tolist() == [["reworded", "w1", "blocks"]]
    assert "the wording of 1 item was compared with an earlier wave in German" in said
    assert across([de("a", "Man sieht mich.")], [en("a")], [de("a", "Man sieht mich.")])[0].empty


def test_a_wave_that_states_no_language_is_taken_as_english_and_that_is_said() -> None:
    said = across([de("a")], [en("a", language="")])[1]
    assert said.startswith("English (taken as such, since the sidecar states none) German")


def labelled(row: dict[str, Any], choices: dict, file: dict) -> dict[str, Any]:
    return row | c(row["variable"], choices) | {"defined_choices": json.dumps(file)}


def test_answers_in_two_languages_are_compared_by_what_the_files_labels_mean() -> None:
    old = labelled(en("a"), NEVER, NEVER)
    assert across([labelled(de("a"), NIE, NIE)], [old])[0].empty
    rows, _ = across([labelled(de("a"), NIE | {"0": "täglich", "4": "nie"}, NIE)], [old])
    assert rows[["change", "before", "after", "status"]].to_numpy().tolist() == [
        ["recoded", "“never” is 0, “daily” is 4", "“täglich” is 0, “nie” is 4", "blocks"]
    ]
    rows, _ = across([labelled(de("a"), NIE | {"9": "weiß nicht"}, NIE)], [old])
    assert rows[["change", "after", "status"]].to_numpy().tolist() == [["options added", "“weiß nicht” is 9", "noted"]]
    assert across([labelled(de("a"), {"0": "gar nicht", "4": "immer"}, NIE)], [old])[0].empty  # words of nobody's file
    assert options_across({"0": ["never"]}, {"0": ["nie"], "1": ["oft"]}, NEVER, {}) == []


def test_only_what_could_be_compared_is_counted() -> None:
    new = labelled(de("a"), NIE, NIE)
    rows = compare(asked("w2", new), [asked("w1", labelled(en("a"), NEVER, NEVER))])
    assert "compared were the wording of 1 and the answer labels of 1" in rows.iloc[0]["reason"]
    rows = compare(asked("w2", new | {"defined_text": ""}), [asked("w1", labelled(en("a"), NEVER, NEVER))])
    assert (
        "compared were the answer labels of 1; not the wording, which the waves do not both tell"
        in rows.iloc[0]["reason"]
    )
    rows = compare(asked("w2", labelled(de("a", file=""), NIE, {})), [asked("w1", labelled(en("a"), NEVER, NEVER))])
    assert "neither wording nor answer labels could be compared" in rows.iloc[0]["reason"]


def test_the_language_stands_in_the_lines_for_people() -> None:
    lines = summarise(compare(asked("w2", de("a")), [asked("w1", en("a"))]))
    assert [(line.change, said_of(line), line.n_items) for line in lines] == [
        ("asked in another language", "the questionnaire", 0)
    ]


PERCEIVED = ["mreii_p01", "mreii_p02", "mreii_p03"]


@pytest.fixture
def two_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two waves that ask one inventory, the second in German; their sidecars tell the questions and labels."""
    folder = write_study(tmp_path / "languages")
    for wave, language in (("w1", "en"), ("w2", "de")):
        path = folder / f"data/waves/{wave}.csv"
        first, *rest = path.read_text().splitlines()
        path.write_text(
            "\n".join([f"{first},{','.join(PERCEIVED)}", *(f"{row},{k % 7 - 3},0,1" for k, row in enumerate(rest))])
            + "\n"
        )
        asking = yaml.safe_load((folder / f"data/waves/{wave}.yaml").read_text())["instruments"]
        words = translated(load_instruments(only=["mreii_perceived_change"])["mreii_perceived_change"], language)
        declare(
            folder, wave, language=language, instruments=[*asking, {"id": "mreii_perceived_change"}],
            questions={item.id: f"{words.stem} - {item.wording}" for item in words.items},
            labels={"mreii_perceived_change": {t: int(code) for code, t in words.items[0].labels.items()} | {f"{n}": n for n in range(-3, 4)}},
        )  # fmt: skip
        seal(folder, wave)
    monkeypatch.chdir(folder)
    return folder


def test_a_german_wave_of_a_study_differs_in_its_language_alone(two_languages: Path) -> None:
    result = compare_wave("w2")
    assert not result.problems and set(result.differences["change"]) == {"compared", "other language"}
    said = " ".join(as_text(result, width=110).split())
    assert "asked in another language: the wording of 3 items was compared with the German" in said
    assert "German" in as_html(result)
    sidecar = two_languages / "data/waves/w2.yaml"
    sidecar.write_text(sidecar.read_text().replace("Vertrauen in Menschen", "Misstrauen gegen Menschen"))
    assert "other words than the definition" in set(compare_wave("w2").differences["change"])
    turned = {"viel weniger": 3, "viel mehr": -3} | {f"{n}": n for n in range(-3, 4)}
    declare(two_languages, "w2", labels={"mreii_perceived_change": turned})
    assert {p.cause for p in compare_wave("w2").problems} == {"A known item was recoded"}


def test_an_export_in_another_language_needs_its_language_said(two_languages: Path) -> None:
    names = (two_languages / "data/waves/w2.csv").read_text().splitlines()[0].split(",")
    told = yaml.safe_load((two_languages / "data/waves/w2.yaml").read_text())["questions"]
    ids = [json.dumps({"ImportId": f"QID{k}"}) for k in range(len(names))]
    quoted = [
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in (names, [told.get(n, n) for n in names], ids)
    ]
    answers = (two_languages / "data/waves/w2.csv").read_text().splitlines()[1:]
    (two_languages / "new.csv").write_text("\n".join([*quoted, *answers]) + "\n")
    assert len(compare_wave("new.csv", "w1").problems) == 3  # taken as English, each question is another
    result = compare_wave("new.csv", "w1", language="de")
    assert not result.problems and "other language" in set(result.differences["change"])
    with pytest.raises(Refused, match="leave out --language"):
        compare_wave("w2", language="de")
    run = rejsens_here(two_languages, "diff-wave", "new.csv", "w1", "--language", "de")
    assert run.returncode == 0 and "asked in another language" in run.stdout


def test_same_words_is_symmetric_and_strict() -> None:
    assert same_words("", "") and not same_words("a", "") and same_words("ﬁne", "fine")
