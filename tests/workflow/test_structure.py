"""The shape the pipeline keeps: thin adapters, rules that log and speak, a library that plans without heavy imports."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

WORKFLOW = ROOT / "workflow"
LIBRARY = WORKFLOW / "rejsens"
SCRIPTS = sorted((WORKFLOW / "scripts").glob("*.py"))
RULES = sorted((WORKFLOW / "rules").glob("*.smk"))
SMK = [ROOT / "Snakefile", *RULES]
HEAVY = {"scipy", "matplotlib", "pingouin", "statsmodels"}
TARGETS = {"all", "figures"}  # these only gather files


def rules_of(file: Path) -> dict[str, str]:
    """Rule name -> its block, as text."""
    blocks = re.split(r"^(?:rule|checkpoint) (\w+):\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        name: re.split(r"^\S", block, maxsplit=1, flags=re.MULTILINE)[0]
        for name, block in zip(blocks[1::2], blocks[2::2], strict=True)
    }


ALL_RULES = {name: block for file in SMK for name, block in rules_of(file).items()}


def imports(file: Path) -> list[str]:
    """Dotted names that a file imports, wherever the import stands; a relative import begins with a dot."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return names


def file_of(module: str) -> Path | None:
    base = WORKFLOW.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def chain(module: str) -> set[Path]:
    """The file of a project module and those of all project modules it imports, packages' own files included."""
    seen: set[Path] = set()
    todo = [module]
    while todo:
        name = todo.pop()
        parents = [".".join(name.split(".")[:k]) for k in range(1, name.count(".") + 1)]
        for path in {p for n in (name, *parents) if n.startswith("rejsens") and (p := file_of(n))} - seen:
            seen.add(path)
            todo += imports(path)
    return seen


# --- rules and adapters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_adapter_reads_calls_and_writes_in_fifteen_lines(script: Path) -> None:
    lines = [line for line in script.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 15
    assert not [
        node
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda))
    ]
    assert lines[0] == "from rejsens.job import job" and lines[1] == "with job(snakemake) as output:"


def test_there_are_rules_to_check() -> None:
    assert set(ALL_RULES) > TARGETS and len(ALL_RULES) >= 12 and len(SCRIPTS) >= 10


@pytest.mark.parametrize("rule", sorted(set(ALL_RULES) - TARGETS))
def test_every_rule_logs_speaks_declares_what_it_depends_on_and_calls_one_adapter(rule: str) -> None:
    block = ALL_RULES[rule]
    for directive in ("message", "log", "params", "output", "script"):
        assert re.search(rf"^    {directive}:", block, flags=re.MULTILINE), directive
    script = re.search(r'script:\n\s+"\.\./scripts/(\w+)\.py"', block)
    assert script and (WORKFLOW / "scripts" / f"{script[1]}.py") in SCRIPTS
    assert re.search(r"params:\n\s+lambda w: PLAN\.", block)  # Snakemake does not track `lambda w, input:`


def test_every_adapter_belongs_to_a_rule() -> None:
    used = set(re.findall(r"scripts/(\w+)\.py", "".join(ALL_RULES.values())))
    assert used == {path.stem for path in SCRIPTS}


def test_target_rules_do_nothing_but_gather() -> None:
    for rule in TARGETS:
        assert re.findall(r"^    (\w+):", ALL_RULES[rule], flags=re.MULTILINE) == ["input"]


@pytest.mark.parametrize("file", SMK, ids=lambda path: path.name)
def test_no_functions_no_run_blocks_no_checkpoints(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for word in (r"def ", r"\s*class ", r"\s+run:", r"checkpoint ", r"\s+shell:", r"\s*lambda w, "):
        assert not re.search(rf"^{word}", text, flags=re.MULTILINE), word


@pytest.mark.parametrize("file", SMK, ids=lambda path: path.name)
def test_no_input_is_ancient(file: Path) -> None:
    """When the job that makes such an input runs, Snakemake asks nothing of the jobs behind it: what changed there waits a run."""
    assert "ancient(" not in re.sub(r"#.*", "", file.read_text(encoding="utf-8"))


def test_the_snakefile_is_a_table_of_contents() -> None:
    text = (ROOT / "Snakefile").read_text(encoding="utf-8")
    assert re.findall(r'^include: "workflow/rules/(\w+)\.smk"', text, flags=re.MULTILINE)[0] == "common"
    assert {f"{name}.smk" for name in re.findall(r"rules/(\w+)\.smk", text)} == {path.name for path in RULES}
    assert len([line for line in text.splitlines() if line.strip()]) <= 30


@pytest.mark.parametrize("file", RULES, ids=lambda path: path.name)
def test_a_rules_file_opens_with_what_it_needs_and_what_it_makes(file: Path) -> None:
    opening = file.read_text(encoding="utf-8").split('"""')[1]
    assert "Needs " in opening and "Makes " in opening


# --- the library -----------------------------------------------------------------------------------------------------


def test_the_library_has_never_heard_of_snakemake() -> None:
    for path in LIBRARY.rglob("*.py"):
        assert not [name for name in imports(path) if name.split(".")[0].startswith("snakemake")], path


@pytest.mark.parametrize("library", ["pingouin", "pandera"])
def test_only_its_adapter_imports(library: str) -> None:
    importers = {
        path.relative_to(WORKFLOW).as_posix()
        for path in WORKFLOW.rglob("*.py")
        if library in {n.split(".")[0] for n in imports(path)}
    }
    assert importers == {f"rejsens/{library}_adapter.py"}


def test_imports_name_the_project_in_full_since_the_registry_follows_no_other() -> None:
    for path in LIBRARY.rglob("*.py"):
        assert not [name for name in imports(path) if name.startswith(".")], path
        assert not [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__"], path  # fmt: skip


def test_no_module_is_called_utils() -> None:
    assert not [path for path in WORKFLOW.rglob("*.py") if re.search(r"util|helper|misc|common", path.stem)]


@pytest.mark.parametrize(
    "module",
    ["rejsens.validate", "rejsens.score_wave", "rejsens.study", "rejsens.registry", "rejsens.job", "rejsens.tabular"],
)
def test_reading_and_scoring_import_no_statistics_and_no_figures(module: str) -> None:
    files = chain(module)
    assert file_of(module) in files
    heavy = {path.name: found for path in files if (found := {name.split(".")[0] for name in imports(path)} & HEAVY)}
    assert heavy == {}


def test_the_chain_of_imports_is_really_followed() -> None:
    """Otherwise the test above could not fail: describing imports scipy, drawing matplotlib."""
    assert {"ingest.py", "quality.py", "definitions.py", "problems.py"} <= {
        path.name for path in chain("rejsens.validate")
    }
    assert any("scipy" in {n.split(".")[0] for n in imports(p)} for p in chain("rejsens.describe"))
    assert any("matplotlib" in {n.split(".")[0] for n in imports(p)} for p in chain("rejsens.figures.participant_flow"))


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("rejsens.registry", "pandas numpy pandera pyarrow scipy matplotlib jsonschema yaml"),
        ("rejsens.study", "pandas numpy pandera pyarrow scipy matplotlib"),
        ("rejsens.job", "pandas numpy pandera pyarrow scipy matplotlib"),
        ("rejsens.cli", "pandas numpy pandera pyarrow scipy matplotlib snakemake"),
        ("rejsens.validate", "scipy matplotlib pingouin statsmodels"),
        ("rejsens.score_wave", "scipy matplotlib pingouin statsmodels"),
        ("rejsens.finished", "scipy.stats statsmodels matplotlib"),
        ("rejsens.pandera_adapter", "hypothesis"),
    ],
)
def test_what_is_not_needed_is_not_loaded(module: str, forbidden: str) -> None:
    """The same promise at run time, other people's imports included."""
    script = f"import sys, {module}; print(*[name for name in '{forbidden}'.split() if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
