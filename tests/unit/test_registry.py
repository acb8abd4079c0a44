"""What a job depends on: content of every module it imports, however deep, and of nothing else; and what is plugged in."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import write_study

from rejsens import registry
from rejsens.plan import Plan, script_of
from rejsens.problems import Refused
from rejsens.registry import LIBRARY, SHIPPED, TABLES, code, constant, files, hashes, load_plugin, plugins, sha256
from rejsens.study import load_study

MODULE = "workflow/rejsens/{}.py".format


# --- content hashes --------------------------------------------------------------------------------------------------


def test_a_hash_is_that_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"id,age\n")
    assert sha256(file) == hashlib.sha256(b"id,age\n").hexdigest()
    assert sha256(tmp_path / "none.csv") == "missing"


def test_a_file_of_the_same_size_and_another_content_has_another_hash(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"id,age\n")
    first = sha256(file)
    os.utime(file, ns=(0, 0))
    assert sha256(file) == first  # a clock is no content
    file.write_bytes(b"id,sex\n")
    os.utime(file, ns=(10**18, 10**18))
    assert sha256(file) != first


def test_project_files_are_named_from_the_project_and_a_studys_files_as_the_study_names_them() -> None:
    assert list(hashes([SHIPPED / "schemas/instruments/gad7.yaml", "data/waves/w1.yaml"])) == [
        "schemas/instruments/gad7.yaml",
        "data/waves/w1.yaml",
    ]
    assert list(hashes(["b", "a"])) == list(hashes(["a", "b"])) == ["a", "b"]


# --- imports ---------------------------------------------------------------------------------------------------------


def test_code_follows_imports_of_imports() -> None:
    """validate imports ingest, ingest imports definitions, definitions imports problems."""
    found = code("rejsens.validate")
    assert {MODULE(name) for name in ("validate", "ingest", "quality", "responses", "definitions", "problems")} <= set(
        found
    )
    assert found[MODULE("problems")] == sha256(LIBRARY / "problems.py")
    assert MODULE("scoring") not in found and MODULE("report") not in found


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A library of our own, so that each form of import can be tried."""
    root = tmp_path / "rejsens"
    root.mkdir()
    monkeypatch.setattr(registry, "LIBRARY", root)
    monkeypatch.setattr(registry, "SHIPPED", tmp_path)

    def write(modules: dict[str, str] | None = None, **more: str) -> None:
        for name, text in ((modules or {}) | more).items():
            path = root / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    "form",
    ["import rejsens.b", "import rejsens.b as other", "from rejsens import b", "from rejsens import b as other", "from rejsens.b import thing",
     "def f():\n    from rejsens.b import thing", "if True:\n    import rejsens.b",
        "from rejsens.b import (\n    one,  # a remark\n    two,\n)", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rejsens.b import thing"],
)  # fmt: skip
def test_every_form_of_import_is_followed(library: Callable[..., None], form: str) -> None:
    library(a=form, b="import rejsens.c", c="", d="")
    assert set(code("rejsens.a")) == {f"rejsens/{name}.py" for name in "abc"}


def test_a_package_is_followed_into_its_modules(library: Callable[..., None]) -> None:
    library(
        {"p/__init__": "", "p/inner": "", "p/other": "import rejsens.b"},
        b="",
        a="from rejsens.p import inner\nfrom rejsens.p.other import f",
    )
    assert set(code("rejsens.a")) == {f"rejsens/{name}.py" for name in ("a", "b", "p/__init__", "p/inner", "p/other")}


def test_a_circle_of_imports_ends(library: Callable[..., None]) -> None:
    library(a="import rejsens.b", b="import rejsens.a")
    assert set(code("rejsens.b")) == {"rejsens/a.py", "rejsens/b.py"}


def test_an_edit_deep_down_changes_what_a_job_depends_on_and_an_import_added_later_is_seen(
    library: Callable[..., None],
) -> None:
    library(a="import rejsens.b", b="import rejsens.c", c="", d="")
    before = code("rejsens.a")
    library(c="edited = 1")
    after = code("rejsens.a")
    assert {name for name in after if after[name] != before[name]} == {"rejsens/c.py"}
    library(c="import rejsens.d")
    assert "rejsens/d.py" in code("rejsens.a")


def test_no_import_of_the_project_is_overlooked() -> None:
    """Imports are read as text; Python's own parser must find no other."""
    for path in LIBRARY.rglob("*.py"):
        names = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        bases = [LIBRARY.parent.joinpath(*name.split(".")) for name in names if name.split(".")[0] == "rejsens"]
        files_ = {file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()}
        assert files_ <= {SHIPPED / name for name in code(str(path))}, path


def test_a_module_that_is_not_there_is_an_error_and_a_name_inside_a_module_is_none(
    library: Callable[..., None],
) -> None:
    library(a="from rejsens.b import SOMETHING", b="")
    assert set(code("rejsens.a")) == {"rejsens/a.py", "rejsens/b.py"}
    with pytest.raises(ModuleNotFoundError):
        code("rejsens.nothing")


def test_every_job_depends_on_the_module_it_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapters' imports, read from workflow/scripts, are all among what the plan declares for their rule."""
    monkeypatch.chdir(write_study(tmp_path / "study"))
    plan = Plan(load_study("."))
    jobs = {
        "validate_wave": plan.validate_wave("w1"), "score_wave": plan.score_wave("w1"),
        "compare_waves": plan.compare_waves(), "codebook": plan.codebook(), "pool_waves": plan.pool_waves(),
        "describe_sample": plan.describe_sample(), "psychometrics": plan.psychometrics("gad7"), "collect_psychometrics": plan.collect_psychometrics(),
        "test_hypotheses": plan.test_hypotheses("loneliness"), "collect_estimates": plan.collect_estimates(),
        "draw_figure": plan.draw_figure("participant_flow"), "draw_instrument_figures": plan.draw_instrument_figures("gad7"),
        "draw_family_figures": plan.draw_family_figures(), "draw_wave_figures": plan.draw_wave_figures(),
        "lay_out_table": plan.lay_out_table("flow"), "write_report": plan.write_report(),
        "write_documents": plan.write_documents(), "write_numbers": plan.write_numbers(),
        "write_draft": plan.write_draft(), "pack_submission": plan.pack_submission(),
        "assess_validity": plan.assess_validity(), "describe_answering": plan.describe_answering(), "fit_answers": plan.fit_answers("w1"),
        "validate_inventory": plan.validate_inventory(), "compare_benchmarks": plan.compare_benchmarks(),
        "tell_plan": plan.tell_plan(), "check_standards": plan.check_standards(), "model_attrition": plan.model_attrition(),
        "record_provenance": plan.record_provenance(), "list_results": plan.list_results(),
        "run_multiverse": plan.run_multiverse("loneliness"), "summarise_multiverse": plan.summarise_multiverse(),
    }  # fmt: skip
    assert set(jobs) == {path.stem for path in (SHIPPED / "workflow/scripts").glob("*.py")}
    for script, job in jobs.items():
        tree = ast.parse((SHIPPED / f"workflow/scripts/{script}.py").read_text())
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported = {node.module for node in nodes if node.module.startswith("rejsens.")}
        imported |= {f"rejsens.{alias.name}" for node in nodes if node.module == "rejsens" for alias in node.names}
        declared = {path.removeprefix("workflow/").removesuffix(".py").replace("/", ".") for path in job["depends"]}
        # the plan itself (rejsens.study) is no part of a result: what it declares is in the params
        assert imported - {"rejsens.study"} <= {name.removesuffix(".__init__") for name in declared}, script


# --- plug-ins --------------------------------------------------------------------------------------------------------

FIGURE = "from rejsens.problems import counted\n\nTABLES: list[str] = ['flow']\nSHOWS_PEOPLE = False\n\n\ndef draw(flow, study, people):\n    return counted(len(flow), 'row')\n"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_study(tmp_path / "study")
    (folder / "figures").mkdir()
    (folder / "figures/mine.py").write_text(FIGURE)
    (folder / "figures/_helper.py").write_text("")
    monkeypatch.chdir(folder)
    return folder


def test_a_studys_own_plug_ins_stand_beside_the_shipped_ones(study: Path) -> None:
    shipped = plugins("figures", study.parent)
    found = plugins("figures", study)
    assert set(found) - set(shipped) == {"mine"}
    assert "participant_flow" in shipped and not any(name.startswith("_") for name in found)
    assert plugins("tables", study) == plugins("tables", study.parent)


def test_a_studys_plug_in_takes_the_place_of_a_shipped_one_of_its_name(study: Path) -> None:
    shutil.copy(study / "figures/mine.py", study / "figures/participant_flow.py")
    assert plugins("figures", ".")["participant_flow"] == Path("figures/participant_flow.py")


@pytest.mark.parametrize(
    "text",
    ["TABLES = ['flow', 'waves']", "TABLES = (\n    'flow',\n    'waves',\n)", "TABLES = [\n    'flow',\n    'waves',\n]",
     "TABLES: list[str] = ['flow', 'waves']", "TABLES = ['flow', 'waves']  # what it shows"],
)  # fmt: skip
def test_a_plug_ins_constants_are_read_without_running_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"{text}\nSHOWS_PEOPLE = True\nraise RuntimeError('this must not run')\n")
    assert list(constant(file, "TABLES")) == ["flow", "waves"] and constant(file, "SHOWS_PEOPLE") is True
    with pytest.raises(LookupError, match="does not define COLOURS"):
        constant(file, "COLOURS")


def test_every_shipped_plug_in_names_tables_that_exist() -> None:
    for kind in ("figures", "tables"):
        for path in plugins(kind, "/nowhere").values():
            assert set(constant(path, "TABLES")) <= set(TABLES), path.name


def test_a_studys_plug_in_is_loaded_from_its_file(study: Path) -> None:
    assert load_plugin("figures/mine.py").draw([1, 2], {}, False) == "2 rows"
    assert load_plugin("rejsens.tables.flow").__name__ == "rejsens.tables.flow"


def test_a_studys_plug_in_depends_on_itself_and_on_what_it_imports(study: Path) -> None:
    """Its own text and, through its import of rejsens.problems, that module's text decide whether it is drawn again."""
    job = Plan(load_study(".")).draw_figure("mine")
    assert job["module"] == "figures/mine.py" and job["tables"] == ["flow"]
    assert job["depends"]["figures/mine.py"] == sha256("figures/mine.py")
    assert {MODULE("problems"), MODULE("style"), MODULE("job")} <= set(job["depends"])


def test_a_figure_of_each_instrument_is_drawn_by_the_job_of_that_instrument(study: Path) -> None:
    (study / "figures/each.py").write_text(FIGURE.replace("SHOWS_PEOPLE", 'OF = "instrument"\nSHOWS_PEOPLE'))
    plan = Plan(load_study("."))
    assert "each" not in plan.figures and "participant_flow" not in plan.figures_of_instruments
    job = plan.draw_instrument_figures(plan.modelled[0])
    assert job["figures"]["each"] == {"module": "figures/each.py", "tables": ["flow"]}
    assert {"figures/each.py", MODULE("figures/loadings"), MODULE("style")} <= set(job["depends"])
    read = plan.tables_of_instrument_figures("gad7", ["loadings"])
    assert {"results/psychometrics/instruments/gad7/loadings.csv", "results/flow.csv"} <= set(read)


def test_a_figure_of_something_else_is_a_fault_of_the_study(study: Path) -> None:
    (study / "figures/other.py").write_text(FIGURE.replace("SHOWS_PEOPLE", 'OF = "wave"\nSHOWS_PEOPLE'))
    with pytest.raises(Refused, match="“wave”"):
        load_study(".")


def test_names_with_an_underscore_are_not_plugged_in(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "_off.yaml", "c.txt"):
        (tmp_path / name).write_text("")
    assert list(files("*.yaml", tmp_path)) == ["a", "b"]


def test_figures_at_a_journals_size_are_kept_in_step_once_they_are_there(study: Path) -> None:
    """By default there is none; what was asked for once, or what the settings name, is part of every run."""
    plan = Plan(load_study("."))
    assert plan.sized_figures_kept == []
    asked = "results/figures/elsevier-1/headline.png"
    Path(asked).parent.mkdir(parents=True)
    Path(asked).write_bytes(b"")
    assert plan.sized_figures_kept == [asked]
    config = Path("config/config.yaml")
    config.write_text(config.read_text(encoding="utf-8") + "\nfigures: {preset: plos, columns: 2}\n", encoding="utf-8")
    kept = Plan(load_study(".")).sized_figures_kept
    assert asked in kept and set(plan.sized_figures(["plos-2"])) < set(kept)
    params = plan.draw_sized_figure("elsevier-1", "headline")
    assert (params["size"]["width"], params["beside"]["elsevier-2"]) == (90, 190)
    assert params["depends"] == plan.draw_figure("headline")["depends"]


def test_an_unknown_preset_in_the_settings_is_told_with_near_matches(study: Path) -> None:
    config = Path("config/config.yaml")
    config.write_text(config.read_text(encoding="utf-8") + "\nfigures: {preset: elsevir}\n", encoding="utf-8")
    with pytest.raises(Refused, match="elsevier"):
        load_study(".")


def test_every_rule_depends_on_the_content_of_the_script_that_it_runs():
    rules = "\n".join(path.read_text() for path in sorted((SHIPPED / "workflow/rules").glob("*.smk")))
    runs = re.findall(r'^rule (\w+):.*?script:\s+"\.\./scripts/(\w+)\.py"', rules, flags=re.MULTILINE | re.DOTALL)
    assert len(runs) > 25
    assert {rule: script_of(rule).stem for rule, _ in runs} == dict(runs)
