"""Mutated exports of every platform: the same scores, differences that are all named, or a sentence. Bounded.

`make fuzz` runs the same for as long as it is told to: `python -m tests.fuzz --seconds 3600`.
"""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from rejsens.problems import Refused
from tests.fuzz import judge as judging
from tests.fuzz.judge import PLATFORMS, Wrong, case, judge, judge_added, judge_checked
from tests.fuzz.mutator import MUTATIONS, legal_changes, mutation
from tests.fuzz.reference import columns_of, read

SEEDS = range(8)  # of each platform; more than these belong into `make fuzz`
# What the fuzzer found once, by platform and seed; each was mended and is tried again.
FOUND = [("excel", 19), ("excel", 28), ("qualtrics_tsv", 9), ("qualtrics_tsv", 23)]


# Fractions that a careless reader of a workbook or a .sav file would round to an answer.
TELLING = [("excel", 240), ("excel", 448), ("spss", 49), ("plain", 580)]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {platform: case(platform, tmp_path_factory.mktemp(platform)) for platform in PLATFORMS}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_mutated_exports_are_read_the_same_or_named_or_refused(cases, platform):
    said = [judge(cases[platform], seed) for seed in SEEDS]
    assert len(set(said)) > 1, "a fuzzer that finds only one kind of answer tests nothing"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_check_finds_a_fault_where_reading_refuses_and_nowhere_else(cases, platform):
    judge_checked(cases[platform], 100 + PLATFORMS.index(platform))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_mutated_exports_are_added_the_same_or_named_or_refused(cases, platform):
    judge_added(cases[platform], 200 + PLATFORMS.index(platform))


@pytest.mark.parametrize(("platform", "seed"), [*FOUND, *TELLING])
def test_what_the_fuzzer_found_once_and_what_tells_a_careless_reader(cases, platform, seed):
    judge(cases[platform], seed)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_second_reader_sees_the_same_in_the_valid_export(cases, platform):
    it = cases[platform]
    reading = read(it.valid.exported.content, it.settings, it.instruments)
    drawn = judging._wave().cells.replace(-99.0, np.nan)
    for item in reading.answers.columns[2:]:
        expected = drawn[item].where(drawn[item] != 9) if item in reading.not_applicable else drawn[item]
        np.testing.assert_array_equal(reading.answers[item], expected, err_msg=item)


def test_one_seed_gives_one_file_and_every_kind_of_mutation_occurs(cases):
    valid = cases["qualtrics_tsv"].valid
    assert mutation(valid, 3) == mutation(valid, 3) and mutation(valid, 3).content != mutation(valid, 4).content
    kinds = {mutation(valid, seed).kind for seed in range(30)}
    assert kinds == {"any", "legal", "harmless"} and len(set(MUTATIONS)) == 4


def test_the_mutator_knows_each_legal_change_it_made(cases):
    """Its list of changes is the difference between the two files, cell by cell."""
    it = cases["plain"]
    item_of = {column: item for item, (column, _) in columns_of(it.settings, it.instruments).items()}
    seen = 0
    for seed in range(20):
        mutated = legal_changes(it.valid, np.random.default_rng(seed))
        before, after = (
            pd.DataFrame(csv.reader(io.StringIO(b.decode()))) for b in (it.valid.exported.content, mutated.content)
        )
        rows, columns = np.nonzero((before != after).to_numpy())
        names = before.iloc[0]
        changed = {(int(row) - 1, item_of[names[column]]) for row, column in zip(rows, columns, strict=True)}
        assert changed == {(change.position, item) for change in mutated.changes for item in change.items}
        seen += len(changed)
    assert seen > 40


# --- the judge can tell ----------------------------------------------------------------------------------------------


def seed_of(it, kind, wanted="named"):
    return next(
        s for s in range(200) if mutation(it.valid, s).kind == kind and (kind != "any" or judge(it, s) == wanted)
    )


def broken(monkeypatch, change):
    """Validation whose checked answers somebody tampers with."""
    honest = judging._read

    def tampered(sidecar, asked):
        found, scores = honest(sidecar, asked)
        change(found, scores)
        return found, scores

    monkeypatch.setattr(judging, "_read", tampered)


@pytest.mark.parametrize("kind", ["harmless", "legal", "any"])
def test_a_score_that_is_silently_different_is_found(cases, monkeypatch, kind):
    it = cases["plain"]
    seed = seed_of(it, kind)
    broken(monkeypatch, lambda found, scores: scores.__setitem__("gad7_sum", scores["gad7_sum"] + 1))
    with pytest.raises(Wrong, match="read otherwise than it stands in the file"):
        judge(it, seed)


def test_a_ledger_that_forgets_a_row_is_found(cases, monkeypatch):
    it = cases["plain"]
    broken(monkeypatch, lambda found, scores: found.flow.__setitem__("n_excluded", 0))
    with pytest.raises(Wrong, match="the ledger of rows"):
        judge(it, seed_of(it, "harmless"))


@pytest.mark.parametrize(
    ("raised", "said"),
    [(KeyError("gad7_01"), "Traceback"), (Refused([]), "without a sentence"), (ValueError("x"), "Traceback")],
)
def test_a_crash_and_a_refusal_without_words_are_found(cases, monkeypatch, raised, said):
    it = cases["plain"]
    seed = seed_of(it, "any", "refused")

    def fails(sidecar, asked):
        raise raised

    monkeypatch.setattr(judging, "_read", fails)
    with pytest.raises(Wrong, match=said):
        judge(it, seed)
