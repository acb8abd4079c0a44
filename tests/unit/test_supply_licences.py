"""Bill of materials, licences and recipes: current with the lock, complete, and nothing that the licence forbids."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml
from tests.supply import recipes, sbom
from tests.supply.licences import READ, SHIPPED, compatible, installed, read_table
from tests.supply.lock import BUILD_LOCK, LOCK, ROOT, read_lock

LOCKED = read_lock(LOCK) + read_lock(BUILD_LOCK)
TABLE = {licence.package: licence for licence in read_table()}


@pytest.mark.parametrize(
    ("file", "made"),
    [
        (sbom.SBOM, sbom.sbom),
        (sbom.PAGE, sbom.page),
        (recipes.CONTAINER, recipes.containerfile),
        (recipes.CONDA, recipes.environment),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_made_from_the_lock_is_current(file: Path, made) -> None:
    assert file.read_text(encoding="utf-8") == made(), "make sbom"


# --- licences --------------------------------------------------------------------------------------------------------


def test_every_locked_package_has_a_licence_that_is_compatible() -> None:
    assert set(TABLE) == {package.name for package in LOCKED}, "make sbom"
    assert [licence for licence in TABLE.values() if not compatible(licence.licence)] == []
    assert all(licence.told_by for licence in TABLE.values())


@pytest.mark.parametrize("package", LOCKED, ids=lambda package: f"{package.name}-{package.version}")
def test_the_table_is_what_the_installed_package_says(package) -> None:
    found = installed(package.name)
    if found is None:
        assert package.marker, "installed on every machine, and not here"
        pytest.skip(f"not installed here: {package.marker}")
    assert found == TABLE[package.name]


@pytest.mark.parametrize(
    "expression",
    ["unknown", "", "Proprietary", "CC-BY-NC-4.0", "MIT AND SSPL-1.0", "GPL-2.0-only", "CC-BY-SA-3.0", "BSD License"],
)
def test_what_is_unknown_or_forbidden_is_refused(expression: str) -> None:
    assert not compatible(expression)


def test_nothing_is_read_by_hand_that_is_not_there() -> None:
    assert set(READ) <= set(TABLE)


def test_shipped_files_are_there_and_named_with_a_licence() -> None:
    for place, licence, _what in SHIPPED:
        assert (ROOT / place).exists() and compatible(licence), place
    told = {Path(place) for place, _licence, _what in SHIPPED}
    listed = subprocess.run(
        ["git", "ls-files", "workflow", "tests/reference"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    kinds = (".ttf", ".otf", ".woff2", ".csl", ".js", ".schema.json")
    foreign = [Path(name) for name in listed.splitlines() if name.endswith(kinds)]
    assert not [path for path in foreign if not {path, *path.parents} & told], "name it in tests/supply/licences.py"
    data = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "data/waves").glob("*.yaml")]
    assert {wave.get("licence") for wave in data} == {"CC0-1.0"}


# --- bill of materials -----------------------------------------------------------------------------------------------

BILL = json.loads(sbom.SBOM.read_text(encoding="utf-8"))
PACKAGES = [part for part in BILL["components"] if part["type"] == "library"]


def test_the_bill_has_every_package_once_with_its_files() -> None:
    pinned = {(package.name, package.version): package for package in LOCKED}
    assert sorted((part["name"], part["version"]) for part in PACKAGES) == sorted(pinned)
    for part in PACKAGES:
        sums = {h["content"] for file in part["externalReferences"] for h in file["hashes"]}
        assert sums and sums <= pinned[part["name"], part["version"]].hashes


def test_the_graph_reaches_every_package_from_the_project() -> None:
    graph = {entry["ref"]: entry["dependsOn"] for entry in BILL["dependencies"]}
    reached, todo = set(), [BILL["metadata"]["component"]["bom-ref"]]
    while todo:
        ref = todo.pop()
        if ref not in reached:
            reached.add(ref)
            todo += graph[ref]
    assert reached == set(graph) and {part["bom-ref"] for part in PACKAGES} < reached
    asked = {re.split(r"[\[<>=]", line)[0] for line in sbom.project()["dependencies"]}
    assert {
        ref.split("/")[1].split("@")[0] for ref in graph["pkg:pypi/rejsens@" + sbom.project()["version"]]
    } == asked | {"setuptools"}


def test_the_bill_holds_no_clock_and_no_chance() -> None:
    assert not re.search(r"timestamp|https?://(?!cyclonedx\.org/schema)", sbom.SBOM.read_text(encoding="utf-8"))
    assert uuid.UUID(BILL["serialNumber"].removeprefix("urn:uuid:")).version == 5
    assert (BILL["bomFormat"], BILL["specVersion"], BILL["version"]) == ("CycloneDX", "1.6", 1)
    refs = [part["bom-ref"] for part in BILL["components"]]
    assert len(refs) == len(set(refs))


# --- recipes ---------------------------------------------------------------------------------------------------------


def steps() -> list[list[str]]:
    """The Containerfile's instructions, continued lines joined."""
    lines = recipes.CONTAINER.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_the_container_is_of_known_instructions_and_installs_by_hash() -> None:
    known = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "ENTRYPOINT", "CMD"}
    assert {step[0] for step in steps()} <= known and steps()[0][0] == "FROM"
    image, tag = steps()[0][1].split(":")
    assert image == "python" and tag.startswith("3.11-slim")  # a tag, never "latest"
    installs = " && ".join(" ".join(step[1:]) for step in steps() if step[0] == "RUN").split("&&")
    for line in (line.split() for line in installs if "pip install" in line):
        assert "--require-hashes" in line or "--no-deps" in line
    assert json.loads(" ".join(next(step[1:] for step in steps() if step[0] == "ENTRYPOINT"))) == ["rejsens"]


def test_the_container_copies_what_a_run_needs_and_no_data(small: Path, tmp_path: Path) -> None:
    """The same files in an empty folder plan a study; nothing else of the repository is at hand."""
    for step in (step for step in steps() if step[0] == "COPY"):
        for name in step[1:-1]:
            assert name.split("/")[0] not in {".", "data", "results", "tests", "docs"}
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, tmp_path / name)
    study = tmp_path / "study"
    shutil.copytree(small, study)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(tmp_path / "Snakefile"), "-n", "--quiet"]
    done = subprocess.run(command, cwd=study, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_conda_environment_takes_the_lock() -> None:
    made = yaml.safe_load(recipes.CONDA.read_text(encoding="utf-8"))
    assert set(made) == {"name", "channels", "dependencies"} and made["channels"][0] == "conda-forge"
    *plain, pip = made["dependencies"]
    assert plain == ["python=3.11", "pip", f"setuptools={read_lock(BUILD_LOCK)[0].version}"]
    assert pip == {"pip": ["-r requirements.lock"]} and LOCK.name in pip["pip"][0]


@pytest.mark.parametrize("recipe", [recipes.CONTAINER, recipes.CONDA], ids=lambda path: path.name)
def test_a_recipe_says_that_nobody_ran_it(recipe: Path) -> None:
    assert re.search(r"^# Not (built or )?run .*tests", recipe.read_text(encoding="utf-8"), re.M)
    assert "do not run them" in (ROOT / "docs/install.md").read_text(encoding="utf-8")
