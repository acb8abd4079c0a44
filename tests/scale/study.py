"""Simulated studies of any size: invented instruments, exports and sidecars. Nobody answered them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import yaml

CHUNK = 100_000  # people drawn at once
STAYING = 0.95  # share of the people who answer any one wave


@dataclass(frozen=True)
class Size:
    """How large a study is. `people` answer each wave; each instrument has `items` items and one score, the first also two
    parts."""

    waves: int = 1
    people: int = 2_000
    instruments: int = 10
    items: int = 15
    hypotheses: int = 2

    @property
    def name(self) -> str:
        return f"w{self.waves}_p{self.people}_i{self.instruments}x{self.items}_h{self.hypotheses}"

    @property
    def names(self) -> list[str]:
        return [f"inv{number:03}" for number in range(1, self.instruments + 1)]


def write_study(folder: Path, size: Size) -> Path:
    """Settings, instruments, waves and hypotheses of one size, from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("config/hypotheses", "data/waves", "schemas/instruments"):
        (folder / name).mkdir(parents=True)
    settings = {
        "study": {"title": "A simulated study of a size", "simulated": True},
        "screening": [
            {"id": "duplicate", "label": "Second row of one person", "check": "duplicate_participant", "action": "exclude"},
            {"id": "runs", "label": "One answer all the way", "check": "long_string", "at_least": 30, "action": "exclude"},
            {"id": "flat", "label": "Hardly varies", "check": "intra_individual_variability", "below": 0.05, "action": "flag"},
        ],
        "out_of_range": "stop",
        "sample_table": ["age", "gender"],
        "scores_shown": [f"{name}_mean" for name in size.names[:6]],
    }  # fmt: skip
    _dump(folder / "config/config.yaml", settings)
    for number, name in enumerate(size.names):
        _dump(folder / f"schemas/instruments/{name}.yaml", instrument(name, size.items, parts=number == 0))
    for number, family in enumerate(families(size), start=1):
        _dump(folder / f"config/hypotheses/family_{number:02}.yaml", family)
    more_waves(folder, size, 0)
    return folder


def more_waves(folder: Path, size: Size, there: int) -> None:
    """The waves after those that are there."""
    for wave in range(there + 1, size.waves + 1):
        write_wave(folder, size, wave)


def instrument(name: str, items: int, parts: bool = False) -> dict[str, Any]:
    """One invented scale of five answers, perhaps with two parts; every third item is worded the other way round."""
    own = [f"{name}_{i:02}" for i in range(1, items + 1)]
    return {
        "id": name,
        "title": f"Invented scale {name}",
        "version": "1",
        "citation": "Invented for the benchmark.",
        "licence": {"terms": "none", "permission_required": False},
        "key": {"status": "user_supplied", "sources": []},
        "answers": {"min": 1, "max": 5},
        "items": [
            {"id": item, "label": f"part_{i}"} | ({"reverse": True} if i % 3 == 0 else {}) for i, item in enumerate(own, 1)
        ],
        "scores": [
            _score(f"{name}_mean", f"Invented {name}", own),
            *([_score(f"{name}_first", "First part", own[::2]), _score(f"{name}_second", "Second part", own[1::2])] if parts else []),
        ],
    }  # fmt: skip


def _score(name: str, label: str, items: list[str]) -> dict[str, Any]:
    return {"id": name, "label": label, "method": "mean", "items": items, "range": [1, 5],
            "min_answered": max(1, len(items) - 2), "higher_means": "more of it", "model": "reflective"}  # fmt: skip


def families(size: Size) -> list[dict[str, Any]]:
    """Hypotheses about pairs of scores, thirty to a family."""
    pairs = [(a, b) for step in range(1, size.instruments) for a, b in zip(size.names, size.names[step:], strict=False)]
    hypotheses = [
        {
            "id": f"S{number:03}",
            "label": f"More of {a}, more of {b}",
            "claim": {"quotation": "more of one, more of the other", "document": "S0"},
            "claim_ids": ["C16"],
            "predictor": f"{a}_mean",
            "outcome": f"{b}_mean",
            "direction": "positive",
            "sesoi": 0.1,
            "covariates": [],
            "claim_type": "difference",
            "estimand": "Difference in one that goes with a difference in the other.",
        }
        for number, (a, b) in enumerate(pairs[: size.hypotheses], start=1)
    ]
    return [
        {
            "family": f"family_{number:02}",
            "title": f"Invented family {number}",
            "correction": "holm",
            "confirmatory": True,
            "declared": "2000-01-01",
            "hypotheses": hypotheses[start : start + 30],
        }
        for number, start in enumerate(range(0, len(hypotheses), 30), start=1)
    ]


def write_wave(folder: Path, size: Size, wave: int) -> None:
    """One export and its sidecar: 2 % of the cells blank, everybody as likely to answer as anybody else."""
    name = f"v{wave:03}"
    export = folder / f"data/waves/{name}.csv"
    items = [f"{i}_{k:02}" for i in size.names for k in range(1, size.items + 1)]
    population = int(np.ceil(size.people / STAYING))
    people = np.sort(np.random.default_rng([wave, 1]).permutation(population)[: size.people])
    sink = None
    for start in range(0, size.people, CHUNK):
        chunk = people[start : start + CHUNK]
        columns = {"id": pa.array([f"person{i:08}" for i in chunk.tolist()])}
        columns |= _background(chunk) | dict(zip(items, _answers(chunk, size, wave), strict=True))
        table = pa.table(columns)
        sink = sink or pa.csv.CSVWriter(export, table.schema)
        sink.write_table(table)
    sink.close()
    year, month = divmod(wave - 1, 12)
    sidecar = {
        "title": f"Simulated wave {wave}",
        "simulated": True,
        "platform": "plain",
        "sha256": hashlib.sha256(export.read_bytes()).hexdigest(),
        "participant": {"column": "id"},
        "collected": {"from": f"{2000 + year}-{month + 1:02}-01", "to": f"{2000 + year}-{month + 1:02}-07"},
        "instruments": [*({"id": i} for i in size.names), {"id": "background", "items": ["age", "gender"]}],
    }
    _dump(folder / f"data/waves/{name}.yaml", sidecar)


def _background(people: np.ndarray) -> dict[str, pa.Array]:
    return {
        "age": pa.array((18 + people * 7 % 50).astype(np.int8)),
        "gender": pa.array((1 + people % 2).astype(np.int8)),
    }


def _answers(people: np.ndarray, size: Size, wave: int) -> list[pa.Array]:
    """One column per item: what lasts of a person in general and on the scale, what is of this wave, and noise."""
    rng = np.random.default_rng([wave, int(people[0])])
    population = int(np.ceil(size.people / STAYING))
    lasting = np.random.default_rng([7, 0]).standard_normal(population, np.float32)[people]
    columns = []
    for number in range(1, size.instruments + 1):
        own = np.random.default_rng([7, number]).standard_normal(population, np.float32)[people]
        trait = 0.5 * lasting + 0.7 * own + 0.5 * rng.standard_normal(len(people), np.float32)
        for item in range(1, size.items + 1):
            noise = 0.8 * rng.standard_normal(len(people), np.float32)
            seen = 3 + (-0.8 if item % 3 == 0 else 0.8) * trait + noise
            codes = np.clip(np.round(seen), 1, 5).astype(np.int8)
            columns.append(pa.array(codes, mask=rng.random(len(people), np.float32) < 0.02))
    return columns


def _dump(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False))
