"""Links in a study and names that become paths: a run writes in the study's folder, and nowhere else unasked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml
from tests.conftest import rejsens, rejsens_here, write_study

from rejsens.declarations import load_yaml
from rejsens.links import MEANT, link_problems
from rejsens.problems import Refused

LINKED = {  # place of the link -> what it leads to, of a folder outside the study
    "results": "",
    "results/participants": "",
    "results/tables/deep/down": "",
    "logs/pool_waves.log": "notes.txt",
    ".snakemake": "",
    ".snakemake/rejsens.lock": "notes.txt",
    "data/codebook": "",
    "config/plan.lock.yaml": "notes.txt",
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("tiny") / "study", waves=1)


@pytest.fixture
def study(tiny: Path, tmp_path: Path) -> Path:
    (tmp_path / "mine/locks").mkdir(parents=True)
    (tmp_path / "mine/notes.txt").write_text("a year of work")
    (tmp_path / "mine/locks/key").write_text("a key")
    return Path(shutil.copytree(tiny, tmp_path / "study"))


def link(study: Path, place: str, to: Path) -> Path:
    (study / place).parent.mkdir(parents=True, exist_ok=True)
    (study / place).symlink_to(to)
    return study / place


def kept(study: Path) -> list[str]:
    """What stands in the folder that the links lead to."""
    mine = study.parent / "mine"
    return sorted(f"{path.relative_to(mine)}: {path.read_text()}" for path in mine.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", LINKED)
def test_a_link_that_leads_out_of_the_study_is_refused_before_anything_is_written(study: Path, place: str) -> None:
    link(study, place, study.parent / "mine" / LINKED[place])
    before = kept(study)
    for words in (["check", "."], ["run", "."], ["run", ".", "--dry-run"], ["unlock", "."]):
        done = rejsens_here(study, *words)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == 1 and "Links that lead out of the study" in said and f"{place}: it leads out" in said
        assert f"name that folder in the variable {MEANT}" in said
    assert kept(study) == before


def test_plain_snakemake_refuses_it_too(study: Path) -> None:
    import subprocess
    import sys

    from rejsens.commands._pipeline import SNAKEFILE

    link(study, "results", study.parent / "mine")
    words = [sys.executable, "-m", "snakemake", "-s", str(SNAKEFILE), "-c", "1", "--directory", str(study)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode and "Links that lead out of the study" in run.stderr
    assert kept(study) == ["locks/key: a key", "notes.txt: a year of work"]


def test_a_person_may_keep_results_elsewhere(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link(study, "results", study.parent / "mine")
    monkeypatch.setenv(MEANT, str(study.parent / "mine"))
    assert link_problems(study) == []
    link(study, "logs", study.parent)  # not what was named
    assert [problem.where for problem in link_problems(study)] == [str(study / "logs")]


@pytest.mark.parametrize("folder", ["data", "config"])
def test_a_link_above_what_is_written_is_refused_unless_it_is_meant(
    study: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A codebook would go into the folder behind `data`, a plan or a record of releases into the one behind `config`."""
    shutil.move(study / folder, study.parent / "mine" / folder)
    link(study, folder, study.parent / "mine" / folder)
    before = kept(study)
    done = rejsens_here(study, "run", ".")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1 and f"{folder}: it leads out of the study" in said
    assert kept(study) == before
    monkeypatch.setenv(MEANT, os.pathsep.join(["/nowhere", str(study.parent / "mine")]))
    assert link_problems(study) == [] and rejsens_here(study, "check", ".").returncode == 0


def test_a_link_within_the_study_is_none_of_our_business(study: Path) -> None:
    (study / "out").mkdir()
    link(study, "results", study / "out")
    link(study, "out/newest", study / "out")  # a circle of folders, walked through once
    assert link_problems(study) == []


@pytest.mark.parametrize(("place", "to"), [("results", "results"), ("logs/a.log", "nowhere")])
def test_a_link_to_itself_or_to_nothing_is_told(study: Path, place: str, to: str) -> None:
    link(study, place, Path(to))
    (problem,) = link_problems(study)
    assert problem.found == "it leads nowhere, or in a circle" and problem.fix == "delete it"
    assert rejsens_here(study, "run", ".").returncode == 1


def test_what_is_only_read_may_be_a_link(study: Path) -> None:
    """The export counts by its hash, wherever it stands; a folder that leads back into the study is not gone through."""
    export = study / "data/waves/w1.csv"
    export.rename(study.parent / "mine/w1.csv")
    link(study, "data/waves/w1.csv", study.parent / "mine/w1.csv")
    link(study, "schemas/instruments/again", study)
    assert rejsens_here(study, "check", ".").returncode == 0
    export.unlink()
    link(study, "data/waves/w1.csv", Path("/etc/passwd"))
    done = rejsens_here(study, "check", ".")
    assert done.returncode == 1 and "The export changed since its sidecar was written" in done.stdout
    assert "root" not in done.stdout + done.stderr


@pytest.mark.parametrize("place", ["config/config.yaml", "data/waves/w1.yaml"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(study: Path, place: str) -> None:
    (study / place).unlink()
    os.mkfifo(study / place)
    with pytest.raises(Refused, match="no file stands there"):
        load_yaml(study / place)
    assert rejsens(study, "check", ".").returncode in (1, 2)


# --- names that become paths -----------------------------------------------------------------------------------------

UP = "../up"
OWN = {"id": UP, "title": "T", "version": "1", "citation": "C", "licence": {"terms": "T", "permission_required": False},
       "key": {"status": "own", "sources": []}, "answers": {"min": 0, "max": 1}, "items": [{"id": "own_1", "label": "own"}]}  # fmt: skip
PREDICTIONS = {
    "id": UP,
    "title": "T",
    "discriminant": [{"id": "x", "score": "gad7_sum", "with": "ucla3", "below": 0.5}],
}


def edited(study: Path, place: str, **change: object) -> None:
    path = study / place
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change))


@pytest.mark.parametrize("where", ["instrument", "family", "predictions", "preset", "as", "event", "model", "score"])
def test_an_id_in_a_file_is_no_path(study: Path, where: str) -> None:
    (study / "schemas/instruments").mkdir(parents=True)
    (study / "schemas/predictions").mkdir()
    own = OWN | {"id": "own"}
    if where == "family":
        edited(study, "config/hypotheses/loneliness.yaml", family=UP)
    elif where == "preset":
        edited(study, "config/config.yaml", figures={"preset": UP, "columns": "1"})
    elif where == "predictions":
        (study / "schemas/predictions/own.yaml").write_text(yaml.safe_dump(PREDICTIONS))
    elif where == "as":
        edited(study, "data/waves/w1.yaml", instruments=[{"id": "gad7", "as": UP}])
    else:
        score = {"id": UP, "label": "L", "method": "sum", "items": "all", "min_answered": 1, "range": [0, 1], "higher_means": "m", "model": "single_item"}  # fmt: skip
        more = {"instrument": OWN, "event": {"events": {UP: "when?"}}, "score": {"scores": [score]},
                "model": {"models": [{"id": UP, "label": "L", "structure": "one_factor", "factors": {"f": ["own_1"]}}]}}  # fmt: skip
        (study / "schemas/instruments/own.yaml").write_text(yaml.safe_dump(own | more[where]))
        asked = yaml.safe_load((study / "data/waves/w1.yaml").read_text())["instruments"]
        edited(study, "data/waves/w1.yaml", instruments=[*asked, {"id": "own"}])
    done = rejsens_here(study, "check", ".")
    assert done.returncode == 1 and UP in done.stdout and "Allowed:" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("run", ".", UP),
        ("run", ".", "results/../../up"),
        ("run", ".", "--profile", UP),
        ("figures", ".", UP),
        ("figures", ".", "--preset", UP),
        ("figures", ".", "--preset", "elsevier", "--columns", UP),
        ("questionnaire", UP),
        ("questionnaire", "mreii", "--language", UP),
        ("content-validity", "sheet.csv", "--name", UP),
        ("instruments", UP),
        ("diff-wave", UP),
        ("explain", "results/../../up"),
        ("compare", UP, "."),
        ("export", ".", "--format", UP, "--to", "out"),
    ],
    ids=" ".join,
)
def test_a_name_that_is_typed_is_no_way_out(study: Path, words: tuple[str, ...]) -> None:
    """A sentence, no traceback, and no file beside the study."""
    before = sorted(study.parent.rglob("up*"))
    (study / "sheet.csv").write_text("")
    done = rejsens_here(study, *words)
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stdout + done.stderr
    assert len(done.stdout + done.stderr) > 40 and sorted(study.parent.rglob("up*")) == before
