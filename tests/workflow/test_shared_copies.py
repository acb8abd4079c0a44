"""`rejsens export --public` and `--synthetic` on a finished study, as a researcher types them, in every format."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest
import yaml

from rejsens.sharing.package import full_package
from rejsens.sharing.synthetic import synthetic_twin
from rejsens.sharing.writing import FORMATS, write_export
from rejsens.study import load_study
from tests.conftest import rejsens_here


@pytest.fixture
def study(finished_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(finished_study, tmp_path / "study"))


def test_a_public_copy_by_the_command(study: Path, tmp_path: Path) -> None:
    done = rejsens_here(study, "export", "--public", "--to", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "k-anonymity, k = 5" in " ".join(done.stdout.split()) and "On record as release" in done.stdout
    answers = pd.read_csv(tmp_path / "copy/answers.csv")
    sizes = answers.groupby("participant")[["age_band", "wave"]].agg(lambda v: tuple(v.fillna(-1))).value_counts()
    assert sizes.min() >= 5 and "age" not in answers and stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o755
    ids = set(pd.read_csv(study / "data/waves/w1.csv")["id"])
    said = "".join(path.read_text() for path in (tmp_path / "copy").rglob("*.*"))
    assert not any(f",{name}," in said or f"\n{name}," in said for name in ids) and "2026-01-0" not in said
    assert len(yaml.safe_load((study / "config/releases.yaml").read_text())["releases"]) == 1


def test_a_copy_that_could_not_be_written_is_no_release(study: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("rejsens.sharing.plain_csv.write", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    done = rejsens_here(study, "export", "--public", "--to", str(tmp_path / "copy"))
    assert done.returncode == 2 and not (study / "config/releases.yaml").exists()
    assert not list((tmp_path / "home").rglob("*.json"))


def test_a_refusal_comes_with_lines_to_paste(study: Path, tmp_path: Path) -> None:
    config = study / "config/config.yaml"
    config.write_text(config.read_text() + "sharing:\n  coarsen: {}\n")
    done = rejsens_here(study, "export", "--public", "--to", str(tmp_path / "copy"))
    assert done.returncode == 1 and "60 people share them" in done.stderr and "with nobody" in done.stderr
    lines = done.stderr.split("would give something up:\n")[1].split("\n  Or ")[0].split("\n  Then")[0]
    config.write_text(config.read_text().replace("  coarsen: {}\n", lines + "\n"))
    again = rejsens_here(study, "export", "--public", "--to", str(tmp_path / "copy"))
    assert again.returncode == 0, again.stderr


def test_a_twin_by_the_command_and_two_copies_at_once(study: Path, tmp_path: Path) -> None:
    done = rejsens_here(study, "export", "--synthetic", "--to", str(tmp_path / "twin"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "people who do not exist" in done.stdout and not (study / "config/releases.yaml").exists()
    answers = pd.read_csv(tmp_path / "twin/syntheticAnswers.csv")
    assert answers["synthetic"].all() and len(answers) > 100
    page = (tmp_path / "twin/README.md").read_text()
    assert "no row is a person's" in page and "simulated too" in page
    assert {"risk.csv", "utility_answers.csv"} <= {p.name for p in (tmp_path / "twin").iterdir()}
    both = rejsens_here(study, "export", "--public", "--synthetic", "--to", str(tmp_path / "both"))
    assert both.returncode == 2 and "Two copies at once" in both.stderr


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_holds_a_twin(study: Path, tmp_path: Path, name: str) -> None:
    twin = synthetic_twin(full_package(study), load_study(study))
    files = write_export(twin, name, tmp_path / name, study)
    assert sum("ynthetic" in file for file in files) >= 2
