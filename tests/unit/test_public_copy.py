"""The public copy under attack: by linkage on quasi-identifiers, and by comparing two copies of one study."""

from __future__ import annotations

import json
import random
import re
import stat
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.unit.example_panel import example_answers, example_package, example_study

from rejsens.problems import Refused
from rejsens.sharing.anonymity import Release
from rejsens.sharing.public import public_copy, sharing_settings
from rejsens.sharing.releases import STATED, History, history_of, remember

K = 5
SECRET = b"a secret of this test"
COARSEN = {
    "age": {"bands": 20, "from": 20, "to": 60, "at": "entry"},
    "gender": {"merge": {"another answer": [3, 4]}, "at": "entry"},
    "relationship_status": {"drop": True},
    "duration_seconds": {"drop": True},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return example_study(tmp_path_factory.mktemp("public") / "study", waves=3)


@pytest.fixture(scope="module")
def answers(study):
    return example_answers(study)


def stating(study, **sharing):
    return replace(study, settings={**study.settings, "sharing": {"k": K, "coarsen": COARSEN, **sharing}})


def copy_of(study, answers, *records, **sharing):
    return public_copy(example_package(study, answers), stating(study, **sharing), History("s", SECRET, records))


# --- linkage: somebody knows age, gender and waves of everybody ------------------------------------------------------


def band(age: float) -> float:
    return 0 if age < 20 else 60 if age >= 60 else (age - 20) // 20 * 20 + 20


def known_of(answers: pd.DataFrame) -> dict[str, tuple]:
    """What the attacker knows, put as the copy's notes say that it is shown; waves up to the first one missed."""
    known = {}
    for person, rows in answers.groupby("participant"):
        numbers = sorted(rows["wave_number"])
        first = rows.sort_values("wave_number").iloc[0]
        until = [n for i, n in enumerate(numbers) if n == numbers[0] + i]
        gender = first["gender"] if first["gender"] < 3 else 3.0
        known[person] = (band(first["age"]), gender, tuple(until))
    return known


def shown_in(copied: pd.DataFrame) -> dict[str, tuple]:
    shown = {}
    for person, rows in copied.groupby("participant"):
        row = rows.iloc[0]
        told = [None if pd.isna(row.get(c)) else float(row[c]) for c in ("age_band", "gender")]
        shown[person] = (*told, tuple(sorted(rows["wave_number"])))
    return shown


def candidates(known: tuple, shown: dict[str, tuple]) -> list[str]:
    """The rows that may be somebody's: those that agree; where the background is blanked, by the waves alone."""
    return [
        row
        for row, (age, gender, waves) in shown.items()
        if ((age, gender) == known[:2] and waves == known[2])
        or (age is None and gender is None and waves == known[2][: len(waves)])
    ]


def found_by_linkage(answers: pd.DataFrame, copied: pd.DataFrame) -> tuple[int, int]:
    """People with fewer than K candidates, and rows that are equal to fewer than K rows in all that is known."""
    shown = shown_in(copied)
    few = [p for p, known in known_of(answers).items() if 0 < len(candidates(known, shown)) < K]
    alike = Counter(shown.values())
    return len(few), sum(n for n in alike.values() if n < K)


def test_linkage_finds_nobody(study, answers):
    copied = copy_of(study, answers).package.tables["answers"]
    assert found_by_linkage(answers, copied) == (0, 0)
    shown, known = shown_in(copied), known_of(answers)
    chances = [1 / len(found) for who in known.values() if (found := candidates(who, shown))]
    assert max(chances) <= 1 / K and len(shown) > 280


def test_linkage_finds_people_in_a_copy_that_is_only_coarsened(study, answers):
    """The same attack on the same bands without setting anybody apart: it must be able to succeed."""
    naive = answers.assign(
        age_band=answers["age"].map(band), gender=answers["gender"].where(answers["gender"] < 3, 3.0)
    )
    few, alone = found_by_linkage(answers, naive)
    assert few > 0 and alone > 0


# --- differencing: somebody joins two copies row by row, by the answers ----------------------------------------------


def joined(one: pd.DataFrame, other: pd.DataFrame) -> list[int]:
    """Sizes of the groups that two copies tell apart together; rows of one person are joined by the answers they share."""
    of = [
        {
            tuple(rows.sort_values("wave_number").iloc[0][FINGERPRINT]): shown_in(rows)[name]
            for name, rows in copied.groupby("participant")
        }
        for copied in (one, other)
    ]
    pairs = [tuple(o.get(print_) for o in of) for print_ in set(of[0]) | set(of[1])]
    return list(Counter(pairs).values())


FINGERPRINT = [f"gad7_{i:02}" for i in range(1, 8)]


@pytest.fixture(scope="module")
def marked(answers):
    """The same answers with a first wave by which rows of two copies can be joined without fail."""
    number = answers["participant"].str[1:].astype(float)
    return answers.assign(gad7_01=number, **{c: 0.0 for c in FINGERPRINT[1:]})


SECOND = {
    "one withdrew": lambda a: (a[a["participant"] != "p0003"], {}),
    "one was added": lambda a: (a, {}),
    "a wave was added": lambda a: (a, {}),
    "other bands": lambda a: (a, {"coarsen": COARSEN | {"age": {"bands": 20, "from": 25, "to": 65, "at": "entry"}}}),
}
FIRST = {
    "one was added": lambda a: a[a["participant"] != "p0003"],
    "a wave was added": lambda a: a[a["wave_number"] < 3],
}


@pytest.mark.parametrize("what", list(SECOND))
def test_comparing_two_copies_finds_nobody(study, marked, what):
    before = FIRST.get(what, lambda a: a)(marked)
    after, sharing = SECOND[what](marked)
    one = copy_of(study, before)
    other = copy_of(study, after, one.record, set_aside_at_most=0.5, **sharing).package.tables["answers"]
    assert min(joined(one.package.tables["answers"], other)) >= K
    assert found_by_linkage(after, other)[1] == 0 and other["participant"].nunique() > 200


@pytest.mark.parametrize("what", list(SECOND))
def test_comparing_copies_that_do_not_know_of_each_other_finds_people(study, marked, what):
    """The attack is one that can succeed: made without the record of the first, the second copy singles people out."""
    one = copy_of(study, FIRST.get(what, lambda a: a)(marked)).package.tables["answers"]
    after, sharing = SECOND[what](marked)
    other = copy_of(study, after, set_aside_at_most=0.5, **sharing).package.tables["answers"]
    assert min(joined(one, other)) < K


def test_a_third_copy_is_compared_with_both(study, marked):
    one = copy_of(study, marked)
    two = copy_of(study, marked[marked["participant"] != "p0003"], one.record, set_aside_at_most=0.5)
    three = copy_of(study, marked[marked["participant"] > "p0010"], one.record, two.record, set_aside_at_most=0.5)
    tables = [c.package.tables["answers"] for c in (one, two, three)]
    assert min(joined(tables[0], tables[2])) >= K and min(joined(tables[1], tables[2])) >= K


def test_two_copies_share_neither_ids_nor_order(study, answers):
    one, other = (copy_of(study, answers).package.tables["answers"] for _ in range(2))
    assert not set(one["participant"]) & set(other["participant"])
    assert not set(one["participant"]) & set(answers["participant"])
    assert one["gad7_02"].tolist() != other["gad7_02"].tolist()
    assert sorted(one["gad7_02"].tolist()) == sorted(other["gad7_02"].tolist()) or len(one) != len(other)
    first = one.drop_duplicates("participant")["participant"].tolist()
    assert first == sorted(first)


# --- what it says and shows ------------------------------------------------------------------------------------------


def test_too_many_in_small_classes_is_refused_with_lines_that_do(study, answers):
    with pytest.raises(Refused) as refused:
        copy_of(study, answers, coarsen={})
    text = str(refused.value)
    assert "300 people share them with fewer than 4 others" in text and "would do" in text
    lines = text.split("would give something up:\n")[1].split("\n  Or ")[0].split("\n  Then")[0]
    offered = yaml.safe_load("sharing:\n" + lines)["sharing"]
    copied = copy_of(study, answers, **offered).package.tables["answers"]
    sizes = Counter(
        tuple(
            map(
                tuple,
                rows[[c for c in ("age_band", "age", "gender", "relationship_status") if c in rows]]
                .fillna(-1)
                .to_numpy(),
            )
        )
        + tuple(rows["wave_number"])
        for _, rows in copied.groupby("participant")
    )
    assert min(sizes.values()) >= K


def test_a_background_question_of_which_nothing_is_said_is_refused(study, answers):
    with pytest.raises(Refused, match="could somebody who knows a person know the answer to gender"):
        copy_of(study, answers, quasi_identifiers=["age", "relationship_status", "duration_seconds"])
    with pytest.raises(Refused, match="Did you mean “gender”"):
        copy_of(study, answers, quasi_identifiers=["age", "gendr", "relationship_status", "duration_seconds"])


def test_no_days_no_durations_no_hash_of_the_export(study, answers):
    package = copy_of(study, answers).package
    columns = set(package.tables["answers"]) | set(package.tables["scores"]) | set(package.dictionary["variable"])
    assert not columns & {"age", "relationship_status", "duration_seconds", "row"}
    assert all(re.fullmatch(r"\d{4}-\d{2}", wave[day]) for wave in package.facts.waves for day in ("from", "to"))
    assert not any(wave["sha256"] for wave in package.facts.waves)
    held = package.tables["answers"].columns
    assert [row["variable"] for row in package.columns("answers")] == list(held)
    assert (
        json.loads({row["variable"]: row["values"] for row in package.columns("answers")}["gender"])["3"]
        == "another answer"
    )


def test_answers_and_scores_show_the_same_people(study, answers):
    tables = copy_of(study, answers).package.tables
    same = ["participant", "wave", "age_band", "gender"]
    pd.testing.assert_frame_equal(tables["answers"][same], tables["scores"][same])
    sums = tables["answers"][FINGERPRINT].astype(float).sum(axis=1)
    assert np.allclose(sums, tables["scores"]["gad7_sum"])


def test_the_copy_counts_what_more_knowledge_would_do(study, answers):
    beside = copy_of(study, answers).package.beside
    risk = beside["risk"].set_index("knows")
    assert risk["n_alone"].iloc[0] == 0 and risk["smallest_class"].iloc[0] >= K
    assert risk["chance"].iloc[0] <= 1 / K and risk.loc["every answer", "n_alone"] > 250
    assert set(beside["alike"]["column"]) == {"gad7_sum", "ucla3"}


def test_a_class_in_which_all_say_the_same_is_counted(study, answers):
    old = answers["age"].ge(60)
    package = copy_of(
        study, answers.assign(ucla3_01=np.where(old, 3.0, answers["ucla3_01"])), sensitive=["ucla3_01", "ucla3_02"]
    ).package
    alike = package.beside["alike"].set_index("column")
    rows = package.tables["answers"].query("age_band == 60")
    assert alike.loc["ucla3_01", "n_people"] >= len(rows) > 0
    assert alike.loc["ucla3_01", "n_alike"] >= 12  # two genders, three patterns of waves, one class in each wave
    assert alike.loc["ucla3_02", "n_alike"] < 6  # by chance; who is drawn to be blanked is a secret


def test_instruments_may_be_left_out(study, answers):
    package = copy_of(study, answers, leave_out=["ucla3"]).package
    assert not any(c.startswith("ucla3") for t in package.tables.values() for c in t)
    with pytest.raises(Refused, match="Did you mean “ucla3”"):
        copy_of(study, answers, leave_out=["ucla"])


def test_it_stays_simulated_and_says_what_it_is(study, answers):
    package = copy_of(study, answers).package
    assert package.kind == "public" and package.facts.simulated
    assert any("Simulated data" in note for note in package.notes) and any(
        "k-anonymity" in note for note in package.notes
    )
    assert not any("never publish" in note for note in package.notes)


def test_what_is_not_stated_is_as_shipped(study):
    assert sharing_settings(study)["participation"] == "until_gap"


def test_who_left_a_class_that_an_earlier_copy_made_too_small_is_told_and_not_shown(study, answers):
    """The first copy was made with k = 2; of a class of fewer than five one has left since: five can never be made of it."""
    package, history = example_package(study, answers), History("s", SECRET)
    first = public_copy(package, stating(study, k=2), history, random.Random(5).sample).record
    sizes = Counter(first.people.values())
    of = {name: first.people.get(history.known_as(name)) for name in answers["participant"].unique()}
    left = next(name for name, group in of.items() if group is not None and sizes[group] < K)
    with pytest.raises(Refused, match="An earlier copy shows too few people") as refused:
        copy_of(study, answers[answers["participant"] != left], first)
    assert f"stood in a class of fewer than {K}" in str(refused.value) and left not in str(refused.value)


def test_where_nothing_is_enough_the_synthetic_twin_is_named(study, answers):
    few = answers[answers["participant"] < "p0004"]
    with pytest.raises(Refused, match=r"nothing that could be coarsened is enough\. Share the synthetic twin"):
        copy_of(study, few)


def test_a_copy_in_which_somebody_stands_alone_is_never_given_out(study, answers, monkeypatch):
    """What the search did is checked, not trusted."""
    whole = lambda people, coarsening, rows, *rest: Release(rows.copy(), np.zeros(len(rows), bool))  # noqa: E731
    monkeypatch.setattr("rejsens.sharing.anonymity.set_apart", whole)
    with pytest.raises(AssertionError, match="fewer than k people"):
        copy_of(study, answers)


# --- the record of releases ------------------------------------------------------------------------------------------


def test_a_release_is_remembered_outside_the_study_and_closed_to_others(study, answers, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "study"
    (folder / "config").mkdir(parents=True)
    for n in (1, 2):
        copied = public_copy(example_package(study, answers), stating(study), history_of(folder))
        kept = remember(copied.history, copied.record, folder, "w3")
        assert len(history_of(folder).records) == n
    assert kept.is_relative_to(tmp_path / "home" / "rejsens")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    said = kept.read_text() + (folder / STATED).read_text()
    assert not any(person in said for person in answers["participant"].unique())
    [one, two] = history_of(folder).records
    assert one.k == two.k == K and len(one.people.keys() & two.people.keys()) > 250


def test_a_record_that_is_elsewhere_is_missed(study, answers, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "study"
    (folder / "config").mkdir(parents=True)
    copied = public_copy(example_package(study, answers), stating(study), history_of(folder))
    remember(copied.history, copied.record, folder, "w3").unlink()
    with pytest.raises(Refused, match="is not on this computer"):
        history_of(folder)


def test_records_never_stand_inside_the_study(tmp_path, monkeypatch):
    folder = tmp_path / "study"
    (folder / "config").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "keys"))
    history = history_of(folder)
    with pytest.raises(Refused, match="inside the study"):
        remember(history, history.record(["p1"], np.array([0]), np.array([False]), 5), folder, "w1")
    assert not Path(folder / "keys").exists()


def test_a_list_of_releases_that_was_edited_is_refused(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / STATED).write_text("study: ../../elsewhere\nreleases: []\n")
    with pytest.raises(Refused, match="cannot be read"):
        history_of(tmp_path)
