"""The faults of `make torture` that matter most, on the study that the tests share; the others need root or an hour."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.torture.bench import Bench
from tests.torture.faults import FAULTS

SHORT = {
    "an export edited between kill and next run; the orphan ends last": "published nothing",
    "the last row of a table lost, the rest whole": "Not as its step wrote it: results/waves/w1/flow.csv",
    "Snakemake's records full of rubbish, as after a power cut": "is not on record: made again",
}


@pytest.mark.parametrize("name", SHORT)
def test_the_next_run_ends_as_an_undisturbed_one(name: str, finished_study: Path, tmp_path: Path) -> None:
    seen = FAULTS[name](Bench(tmp_path, random.Random(1), of=finished_study))
    assert SHORT[name] in seen
