"""The cluster profile on a real Slurm of one node: the same bytes as here. Skipped where Slurm is not installed.

What starts a Slurm is minutes of waiting for its answers, and the repository's study takes longer still: `make cluster` runs them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, contents, rejsens, write_study

HARNESS = ROOT / "tests/one_node_slurm.sh"
PROFILE = ROOT / "workflow/profiles/slurm"
SCALE = "results/psychometrics/instruments/ucla3/reliability.csv"


@pytest.fixture
def slurm(tmp_path: Path) -> list[str]:
    """The words before a command that run it beside a Slurm of its own."""
    if "REJSENS_CLUSTER" not in os.environ:
        pytest.skip("minutes of waiting for Slurm: `make cluster` runs it")
    missing = [name for name in ("slurmctld", "slurmd", "munged", "unshare") if not shutil.which(name)]
    if missing or not Path("/etc/slurm").is_dir():
        pytest.skip(f"Slurm is not installed here ({', '.join(missing) or 'no /etc/slurm'})")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a mount namespace, in which the test's Slurm would run")
    return ["unshare", "--mount", "bash", str(HARNESS), str(tmp_path / "slurm")]


def on_slurm(slurm: list[str], study: Path, *arguments: str, seconds: int) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
    words = [*slurm, sys.executable, "-m", "rejsens.cli", "run", ".", *arguments, "--profile", "slurm"]
    return subprocess.run(words, cwd=study, env=clean, capture_output=True, text=True, timeout=seconds, check=False)


def results(study: Path) -> dict[str, str]:
    return {f"results/{path}": content for path, content in contents(study / "results").items()}


def test_a_study_on_slurm_gives_the_same_bytes(slurm: list[str], finished_study: Path, tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    done = on_slurm(slurm, study, SCALE, seconds=900)
    assert done.returncode == 0, done.stderr
    made = results(study)
    here = results(finished_study)
    assert SCALE in made and "results/participants/scores.parquet" in made
    assert {path for path, content in made.items() if content != here[path]} == set()


def test_each_wave_is_one_submission(slurm: list[str], tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    done = on_slurm(slurm, study, "w1", "w2", seconds=600)
    assert done.returncode == 0, done.stderr
    said = "".join(path.read_text(encoding="utf-8") for path in (study / ".snakemake/log").iterdir())
    submitted = re.findall(r"submitted with SLURM jobid \d+ \(log: \S*/slurm_logs/(\w+)/\d+\.log", said)
    assert submitted == ["group_wave_score_wave_validate_wave"] * 2


def test_the_repository_study_on_slurm_gives_the_same_bytes(slurm: list[str], tmp_path: Path) -> None:
    here, there = (tmp_path / name for name in ("here", "there"))
    for copy in (here, there):
        copy.mkdir()
        for name in ("config", "data"):
            shutil.copytree(ROOT / name, copy / name)
    assert rejsens(here, "run", ".").returncode == 0
    done = on_slurm(slurm, there, seconds=7200)
    assert done.returncode == 0, done.stderr
    assert results(there) == results(here)


def test_every_rule_that_the_profile_names_exists() -> None:
    profile = yaml.safe_load((PROFILE / "profile.yaml").read_text())
    rules = {line.split()[1].rstrip(":") for path in (ROOT / "workflow/rules").glob("*.smk")
             for line in path.read_text().splitlines() if line.startswith("rule ")}  # fmt: skip
    named = {entry.partition("=")[0] for entry in profile["groups"]} | set(profile.get("set-resources", {}))
    assert named <= rules
    groups = {entry.partition("=")[2] for entry in profile["groups"]}
    assert groups == {entry.partition("=")[0] for entry in profile["group-components"]}


def test_an_unknown_profile_is_told(finished_study: Path) -> None:
    run = rejsens(finished_study, "run", "--profile", "slrum", "--dry-run")
    assert run.returncode == 2
    assert "“slrum”" in run.stderr and "Did you mean “slurm”?" in run.stderr
