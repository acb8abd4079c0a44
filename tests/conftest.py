"""A tiny study that tests may run, break and run again; and where the real data are, when they are at hand."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in a job: matrices of this size gain nothing from a second thread
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import numpy as np
import pandas as pd
import pytest
import yaml

from tests.offline import offline, refusal, without_schedulers

ROOT = Path(__file__).resolve().parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
PATIENCE = 3600  # seconds that one run may take: what never ends has to fail, what shares its computer has not

# how long an example takes says how busy the machine is, not whether the answer is right
hypothesis.settings.register_profile(
    "any_clock", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any_clock")


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip("the real survey data (../shared/data) are not at hand")
    return REAL_DATA


def rejsens(
    folder: Path, *arguments: str, counters: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command as a researcher types it, in a study folder; with `counters`, without a network where that can be."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN", "PYTEST_CURRENT_TEST")
    }
    command = [sys.executable, "-m", "rejsens.cli", *arguments]
    return subprocess.run(
        offline(command, counters) if counters and not refusal() else command,
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def in_one_process(study: Path, *targets: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Every job that the targets need, in one process: half the seconds of a run, where the run is not what is tested."""
    command = [sys.executable, "-m", "tests.in_process", str(study), *targets]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def rejsens_here(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same command without a process of its own: a second less each time, where the process is not what is tested."""
    from typer.testing import CliRunner

    from rejsens.cli import app

    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def contents(folder: Path) -> dict[str, str]:
    """Path -> content hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def seal(study: Path, wave: str) -> None:
    """Write the export's hash into its sidecar, as after a change that is meant."""
    sidecar = study / "data/waves" / f"{wave}.yaml"
    content = yaml.safe_load(sidecar.read_text())
    content["sha256"] = hashlib.sha256(sidecar.with_suffix(".csv").read_bytes()).hexdigest()
    sidecar.write_text(yaml.safe_dump(content, sort_keys=False))


def declare(study: Path, wave: str, **settings: Any) -> None:
    """State more in a wave's sidecar."""
    path = study / "data/waves" / f"{wave}.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | settings, sort_keys=False, allow_unicode=True))


def write_wave(study: Path, wave: str, month: int, people: int = 60) -> None:
    """One wave of seeded answers to two short scales."""
    rng = np.random.default_rng([month, people])
    trait = np.random.default_rng(7).normal(size=people)  # the same people in every wave
    columns = {"id": [f"p{i:03}" for i in range(people)], "age": rng.integers(19, 60, people)}
    for item in [f"gad7_{i:02}" for i in range(1, 8)]:
        columns[item] = np.clip(np.round(1.5 + 0.7 * trait + rng.normal(size=people) * 0.7), 0, 3).astype(int)
    for item in [f"ucla3_{i:02}" for i in range(1, 4)]:
        columns[item] = np.clip(np.round(2 + 0.5 * trait + rng.normal(size=people) * 0.5), 1, 3).astype(int)
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    folder = study / "data/waves"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{wave}.csv").write_text("\n".join([",".join(columns), *rows]) + "\n")
    sidecar = {
        "title": f"Wave {wave}",
        "simulated": True,
        "platform": "plain",
        "sha256": "0" * 64,
        "participant": {"column": "id"},
        "collected": {"from": f"2026-{month:02}-01", "to": f"2026-{month:02}-07"},
        "instruments": [
            {"id": "gad7"},
            {"id": "ucla3", "anchor_direction": "ascending"},
            {"id": "background", "items": ["age"]},
        ],
    }
    (folder / f"{wave}.yaml").write_text(yaml.safe_dump(sidecar, sort_keys=False))
    seal(study, wave)


FAMILY = {
    "family": "loneliness",
    "title": "Loneliness and anxiety",
    "correction": "holm",
    "confirmatory": True,
    "declared": "2026-01-01",
    "hypotheses": [
        {
            "id": "L1",
            "label": "More loneliness, more anxiety",
            "claim": {"quotation": "anxiety, and loneliness", "document": "S0"},
            "claim_ids": ["C16"],
            "predictor": "ucla3",
            "outcome": "gad7_sum",
            "direction": "positive",
            "sesoi": 0.1,
            "covariates": [],
            "claim_type": "difference",
            "estimand": "Change in anxiety that goes with change in loneliness within a person.",
        }
    ],
}


def write_study(study: Path, waves: int = 2) -> Path:
    """Settings, two waves and one family."""
    (study / "config/hypotheses").mkdir(parents=True)
    config = {
        "study": {"title": "A tiny simulated study", "simulated": True},
        "screening": [],
        "out_of_range": "stop",
        "sample_table": ["age"],
        "scores_shown": ["gad7_sum", "ucla3"],
        "bootstrap_draws": 200,
    }
    (study / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (study / "config/hypotheses/loneliness.yaml").write_text(yaml.safe_dump(FAMILY, sort_keys=False))
    for number in range(waves):
        write_wave(study, f"w{number + 1}", month=number + 1)
    return study


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study that faults are planted into, as it was written; copy it before changing it."""
    from tests.faults.small_study import write_small_study

    return write_small_study(tmp_path_factory.mktemp("small") / "study")


@pytest.fixture(scope="session")
def new_study(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A new study whose only wave asks GAD-7 and nothing else, from `init` on: its folder, and what each command said."""
    place = tmp_path_factory.mktemp("new")
    made, study = rejsens(place, "init", "one_scale", "--simulated"), place / "one_scale"
    without_waves = rejsens(place, "run", "one_scale")
    write_wave(study, "w1", 1)
    path, export = study / "data/waves/w1.yaml", study / "data/waves/w1.csv"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"instruments": [{"id": "gad7"}]}))
    answers = pd.read_csv(export).convert_dtypes()
    answers.loc[0, "gad7_04"] = pd.NA
    answers[["id", *(c for c in answers if c.startswith("gad7"))]].to_csv(export, index=False)
    seal(study, "w1")
    run = rejsens(place, "run", "one_scale", "--cores", "2")
    return SimpleNamespace(folder=study, made=made, without_waves=without_waves, run=run)


@pytest.fixture(scope="session")
def hostile_study(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The study whose every text is markup after one complete run, its folder and what was planted; copy it before changing it."""
    from tests.hostile_study import write_hostile_study

    study = tmp_path_factory.mktemp("hostile") / "study"
    texts = write_hostile_study(study)
    run = rejsens(study, "run", "--audit", "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return SimpleNamespace(folder=study, texts=texts, said=run.stdout + run.stderr)


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study after one complete run; copy it before changing it."""
    study = write_study(tmp_path_factory.mktemp("finished") / "study")
    path = without_schedulers(study.parent / "bin")
    run = rejsens(study, "run", "--cores", "2", counters=study.parent / "network.txt", PATH=path)
    assert run.returncode == 0, run.stderr
    return study
