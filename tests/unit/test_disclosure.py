"""The disclosure guard: what is declared, what each rule hides, and whether anything follows from what is left."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ROOT
from tests.few_people import FEW, write_few
from tests.unit.disclosure_audit import leaks

from rejsens.disclosure import ROW_LEVEL, Policy, guarded, policy, small_cells, step, to_figures, to_step, use_of
from rejsens.disclosure_columns import GUARDED, MEANINGS
from rejsens.plan import Plan
from rejsens.registry import TABLES
from rejsens.study import load_study
from rejsens.tabular import COLUMNS, OPEN, read_table, write_table

TEN = Policy(10)


# --- declarations ----------------------------------------------------------------------------------------------------


def test_every_column_of_every_aggregate_says_what_it_tells_of_people() -> None:
    assert set(GUARDED) | ROW_LEVEL == set(COLUMNS) and not set(GUARDED) & ROW_LEVEL
    for name, table in GUARDED.items():
        declared = [column for columns in table.columns.values() for column in columns]
        assert sorted(declared) == sorted(COLUMNS[name]), name
        assert set(table.columns) <= set(MEANINGS) and set(table.told) <= set(declared), name
    assert {name for name, path in TABLES.items() if path.startswith("results/participants/")} <= ROW_LEVEL
    assert OPEN <= ROW_LEVEL


def test_a_column_that_may_be_hidden_may_be_blank() -> None:
    hidden = {"people", "counts"}
    for name, table in GUARDED.items():
        for column in (column for meaning in hidden for column in table.columns.get(meaning, ())):
            assert COLUMNS[name][column] in ("people", "count"), (name, column)


def test_every_job_is_given_the_policy_of_its_study_and_none_goes_without(tmp_path: Path) -> None:
    plan = Plan(load_study(write_few(tmp_path / "study")))
    assert plan.params("pool_waves")["disclosure"] == {"min_cell": 10, "secondary": True, "rounding": True}
    with pytest.raises(KeyError):
        use_of(type("Job", (), {"params": [{"numbers": 1}]}))
    assert policy() == Policy() and not policy().guards


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "blank"),
    [
        ({"a": 50, "b": 40}, set()),
        ({"a": 50, "b": 10, "c": 0}, set()),                       # nobody is nobody, and ten are enough
        ({"a": 50, "b": 9, "c": 12}, {"b", "c"}),                  # b alone could be worked out: the next smallest goes too
        ({"a": 50, "b": 9, "c": 0}, {"a", "b"}),                   # an empty level protects nobody
        ({"a": 50, "b": 9, "c": 8}, {"b", "c"}),
        ({"a": 50, "b": 1, "c": 1, "d": 20}, {"b", "c", "d"}),     # two people in two levels that are not empty: one each
        ({"a": 50, "b": 2, "c": 1, "d": 20}, {"b", "c"}),
        ({"a": 3}, {"a"}),
        ({"a": 0, "b": 0}, set()),
    ],
)  # fmt: skip
def test_small_cells_by_hand(counts: dict[str, int], blank: set[str]) -> None:
    assert small_cells(counts, 10) == blank


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 15), min_size=1), st.integers(1, 8))
def test_no_blank_can_be_worked_out_from_the_total(counts: dict[str, int], k: int) -> None:
    blank = small_cells(counts, k)
    assert {level for level, n in counts.items() if 0 < n < k} <= blank
    assert all(counts[level] > 0 for level in blank)
    shown = sum(n > 0 for n in counts.values()) - len(blank)
    if blank and shown:  # something of the table is left to subtract from
        assert len(blank) >= 2
        assert sum(counts[level] for level in blank) > len(blank)
    assert blank == small_cells(dict(reversed(counts.items())), k) or len(set(counts.values())) < len(counts)


