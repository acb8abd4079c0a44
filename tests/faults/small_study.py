"""A small simulated study that faults are planted into: two waves of 120 people, five scales, stable items.

Answers are made so that keys, panel links and neighbouring columns can be told apart: each item has a part of its own
that stays from wave to wave, concern and acceptance are two factors, distress and self-esteem run against each other.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.conftest import FAMILY

PEOPLE = 120
SECRET = "Ottilie Krummholz"  # stands for what a participant typed: no message may quote it
RSES_REVERSED = (3, 5, 8, 9, 10)
GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
UCLA3 = [f"ucla3_{i:02}" for i in range(1, 4)]
RSES = [f"rses_{i:02}" for i in range(1, 11)]
A_RSQ = [f"a_rsq_{i:02}_{part}" for i in range(1, 10) for part in ("concern", "acceptance")]
DAYS = {"w1": ("2026-01-05", "2026-01-11"), "w2": ("2026-03-02", "2026-03-08")}


def write_small_study(study: Path) -> Path:
    """Settings, two waves of the same people and one family of hypotheses; `rejsens check` finds nothing in it."""
    (study / "config/hypotheses").mkdir(parents=True)
    (study / "data/waves").mkdir(parents=True)
    config = {
        "study": {"title": "A small simulated study", "simulated": True},
        "screening": [],
        "out_of_range": "stop",
        "sample_table": ["age", "gender"],
        "scores_shown": ["gad7_sum", "rses_sum"],
    }
    (study / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (study / "config/hypotheses/loneliness.yaml").write_text(yaml.safe_dump(FAMILY, sort_keys=False))
    people = _people()
    for number, wave in enumerate(DAYS):
        table = _answers(people, number)
        (study / f"data/waves/{wave}.yaml").write_text(yaml.safe_dump(sidecar_of(wave), sort_keys=False))
        save(study, wave, table)
    return study


def sidecar_of(wave: str) -> dict[str, Any]:
    first, last = DAYS[wave]
    return {
        "title": f"Wave {wave}",
        "simulated": True,
        "platform": "plain",
        "sha256": "0" * 64,
        "participant": {"column": "id"},
        "collected": {"from": first, "to": last},
        "instruments": [
            {"id": "background", "items": ["age", "gender", "duration_seconds"]},
            {"id": "gad7"},
            {"id": "ucla3", "anchor_direction": "ascending"},
            {"id": "rses", "order": "A", "anchor_direction": "ascending"},
            {"id": "a_rsq"},
        ],
    }


def _people() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20260105)
    distress, concern, acceptance = rng.standard_normal((3, PEOPLE))
    return {
        "id": np.array([f"{k:04}" for k in rng.permutation(np.arange(1, 4 * PEOPLE))[:PEOPLE]]),
        "age": rng.integers(19, 60, PEOPLE),
        "gender": rng.integers(1, 3, PEOPLE),
        "distress": distress,
        "esteem": -0.7 * distress + 0.7 * rng.standard_normal(PEOPLE),
        "concern": 0.5 * distress + 0.85 * concern,
        "acceptance": -0.5 * distress - 0.2 * concern + 0.8 * acceptance,
        "own": rng.standard_normal((PEOPLE, 38)),
    }


def _answers(people: dict[str, np.ndarray], number: int) -> dict[str, list[str]]:
    """One wave's columns as text; people of the second wave are the same but for a few."""
    rng = np.random.default_rng([7, number])
    own = iter(people["own"].T)

    def item(factor: str, low: int, high: int, turned: bool = False) -> np.ndarray:
        level = 0.75 * people[factor] + 0.55 * next(own) + 0.4 * rng.standard_normal(PEOPLE)
        codes = np.clip(np.round((low + high) / 2 + level * (high - low) / 3.2), low, high).astype(int)
        return low + high - codes if turned else codes

    columns: dict[str, np.ndarray] = {"id": people["id"]}
    day = DAYS[list(DAYS)[number]][0][:8]
    first = int(DAYS[list(DAYS)[number]][0][8:])
    columns["StartDate"] = np.array(
        [f"{day}{first + d:02} 10:{m:02}:00" for d, m in rng.integers(0, [7, 60], (PEOPLE, 2))]
    )
    columns |= {"age": people["age"], "gender": people["gender"], "duration_seconds": rng.integers(240, 900, PEOPLE)}
    columns |= {name: item("distress", 0, 3) for name in GAD7}
    columns |= {name: item("distress", 1, 3) for name in UCLA3}
    columns |= {name: item("esteem", 1, 4, k in RSES_REVERSED) for k, name in enumerate(RSES, start=1)}
    for name in A_RSQ:
        columns[name] = item(name.rsplit("_", 1)[1], 1, 6)
    kept = np.ones(PEOPLE, bool)
    kept[rng.permutation(PEOPLE)[: 8 * number]] = False
    return {name: [str(cell) for cell in values[kept]] for name, values in columns.items()}


# --- reading and changing it -----------------------------------------------------------------------------------------


@dataclass
class Sheet:
    """An export while a fault is planted: its header and its rows, all text."""

    header: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def put(self, name: str, values: list[Any]) -> None:
        place = self.header.index(name)
        for row, value in zip(self.rows, values, strict=True):
            row[place] = str(value)

    def each(self, names: list[str], change: Callable[[str], Any]) -> None:
        for name in names:
            self.put(name, [change(cell) for cell in self.column(name)])

    def cell(self, name: str, row: int, value: str) -> None:
        """Put a value into one cell; `row` is the spreadsheet row (the header is row 1)."""
        self.rows[row - 2][self.header.index(name)] = value

    def exchange(self, first: str, second: str) -> None:
        a, b = self.column(first), self.column(second)
        self.put(first, b)
        self.put(second, a)


@contextmanager
def sheet(study: Path, wave: str) -> Iterator[Sheet]:
    """The export of one wave, to change; it is written back and its hash stated anew, as after a change that is meant."""
    rows = list(csv.reader(io.StringIO((study / f"data/waves/{wave}.csv").read_text())))
    opened = Sheet(rows[0], rows[1:])
    yield opened
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([opened.header, *opened.rows])
    write_bytes(study, wave, out.getvalue().encode())


def save(study: Path, wave: str, columns: dict[str, list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([list(columns), *zip(*columns.values(), strict=True)])
    write_bytes(study, wave, out.getvalue().encode())


def write_bytes(study: Path, wave: str, data: bytes) -> None:
    (study / f"data/waves/{wave}.csv").write_bytes(data)
    with sidecar(study, wave) as content:
        content["sha256"] = hashlib.sha256(data).hexdigest()


@contextmanager
def sidecar(study: Path, wave: str) -> Iterator[dict[str, Any]]:
    with yaml_file(study / f"data/waves/{wave}.yaml") as content:
        yield content


@contextmanager
def yaml_file(path: Path) -> Iterator[dict[str, Any]]:
    """A YAML file's content, to change."""
    content = yaml.safe_load(path.read_text())
    yield content
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def entry(content: dict[str, Any], instrument: str) -> dict[str, Any]:
    """The entry of a sidecar that asks one instrument."""
    return next(e for e in content["instruments"] if e["id"] == instrument)
