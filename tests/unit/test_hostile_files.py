"""Files of a study that somebody else made: nothing in them runs, grows without end, or is read as what it does not say."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.conftest import declare, rejsens_here, seal, write_study

from rejsens.declarations import load_yaml, schema_problems
from rejsens.limits import YAML_BYTES
from rejsens.problems import Refused
from rejsens.registry import LIBRARY, SHIPPED
from rejsens.sidecars import export_hash, load_wave
from rejsens.yaml_loader import parse

SOURCES = sorted(p for folder in ("rejsens", "scripts") for p in (LIBRARY.parent / folder).rglob("*.py"))
CODE = "__import__('pathlib').Path('ran').write_text('x')"


# --- nothing that a file says is run ---------------------------------------------------------------------------------


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call of a module by the name it is called by, from the last dot on."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), node) for node in found]


def is_fixed(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile", "literal_eval"}
ALLOWED = {  # what stands where, and why it takes nothing from a file but what the page says
    "past_runs.py: ast.literal_eval": "reads Snakemake's own record of a job, and makes nothing but literals",
    "registry.py: ast.literal_eval": "reads a literal of a figure module, and makes nothing but literals",
    "study_checks.py: compile": "looks whether a study's own figure is Python; the result is thrown away",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(LIBRARY.parent).as_posix())
def test_no_module_runs_a_text(path):
    for name, call in calls(path):
        last = name.rpartition(".")[2]
        place = f"{path.name}: {name}"
        if last in RUNS_CODE and not name.startswith(("re.", "typst.")):
            assert place in ALLOWED, place
        if last in ("query", "eval") and not (last == "query" and is_fixed(call.args[0])):
            raise AssertionError(f"{place} takes an expression that is not written there")
        assert name == "platform.system" or last not in ("system", "popen", "getoutput"), place
        assert not name.startswith(("shelve.", "marshal.", "joblib.", "dill.")), place
        assert last != "read_pickle" and not (name.startswith("pickle.") and path.name != "declarations.py"), place
        assert last not in ("from_formula", "dmatrix", "dmatrices", "Formula", "model_matrix"), place
        assert last != "lmer" or path.name == "mixedlm_adapter.py", place
        if name.startswith("subprocess."):
            assert "shell" not in {word.arg for word in call.keywords}, place
            assert not isinstance(call.args[0], (ast.Constant, ast.JoinedStr)), place
        if re.fullmatch(r"yaml\.\w+", name) and last not in ("safe_dump", "safe_load", "parse", "YAMLError"):
            assert (last, path.name) == ("dump", "export.py"), place  # writes, with a safe dumper
        assert "allow_pickle" not in {word.arg for word in call.keywords}, place


def test_the_scan_knows_what_it_looks_for(tmp_path):
    """A module with each of these would be found."""
    module = tmp_path / "bad.py"
    for line in ("eval(x)", "frame.query(x)", "pickle.loads(x)", "yaml.load(x)", "subprocess.run(x, shell=True)", "smf.ols.from_formula(x)"):  # fmt: skip
        module.write_text(line)
        with pytest.raises(AssertionError):
            test_no_module_runs_a_text(module)


def test_a_column_with_code_for_a_name_is_a_name(tmp_path, monkeypatch):
    """The package behind mixed models reads a formula: it gets plain names, whatever the columns are called."""
    from rejsens.inference.mixedlm_adapter import fit_mixed_model

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    person, occasion = np.repeat(np.arange(30), 4), np.tile(np.arange(4), 30)
    columns = pd.DataFrame({CODE: rng.normal(size=120), "I(1) + x:y | `z`": rng.normal(size=120)})
    y = columns[CODE].to_numpy() + rng.normal(size=30)[person] + rng.normal(size=120)
    fit = fit_mixed_model(y, columns, person, occasion=occasion)
    assert list(fit.estimate) == ["(Intercept)", CODE, "I(1) + x:y | `z`"]
    assert not (tmp_path / "ran").exists()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("tiny") / "study", waves=1)


def told(study: Path, file: str, edit) -> str:
    """What `rejsens check` says once a file was edited; the file is put back."""
    path = study / file
    before = path.read_text(encoding="utf-8")
    path.write_text(edit(before), encoding="utf-8")
    try:
        done = rejsens_here(study, "check", ".")
    finally:
        path.write_text(before, encoding="utf-8")
    assert not (study / "ran").exists()
    assert done.returncode == 1, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


WAVE, FAMILY = "data/waves/w1.yaml", "config/hypotheses/loneliness.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (FAMILY, "predictor: ucla3", f'predictor: "{CODE}"', "the name of a score or background variable"),
        (FAMILY, "outcome: gad7_sum", 'outcome: "gad7_sum + np.exp(ucla3)"', "the name of a score or background variable"),
        (FAMILY, "outcome: gad7_sum", 'outcome: "gad7_sum\\n"', "the name of a score or background variable"),
        (FAMILY, "covariates: []", f'covariates: ["C({CODE})"]', "covariates"),
        (FAMILY, "id: L1", f'id: "{CODE}"', "a capital letter, then letters and digits"),
        (WAVE, "- id: gad7", f'- id: "{CODE}"', "is not defined"),
        (WAVE, "- id: gad7", "- id: ../../gad7", "is not defined"),
        (WAVE, "- id: gad7", '- id: gad7\n  as: "x\\n"', "lower-case letters, digits and underscores"),
        (WAVE, "- id: gad7", "- id: gad7\n  as: ../x", "lower-case letters, digits and underscores"),
        (WAVE, "title: Wave w1", 'title: !!python/object/apply:os.system ["touch ran"]', "a value bears the tag"),
    ],
)  # fmt: skip
def test_an_id_is_a_name_and_no_code(tiny, file, old, new, says):
    assert says in told(tiny, file, lambda text: text.replace(old, new))


# --- a number is the number that is written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says", "fix"),
    [
        ("codes: [1, 012]", "“012” would be read as the number 10", "plain digits"),
        ("codes: [1:30]", "“1:30” would be read as the number 90", "plain digits"),
        ("codes: [0x1f]", "“0x1f” would be read as the number 31", "plain digits"),
        ("codes: [1_000]", "“1_000” would be read as the number 1000", "plain digits"),
        ("codes: [1:30.5]", "“1:30.5” would be read as the number 90.5", "plain digits"),
        ("alpha: .nan", "“.nan” would be read as no number", "plain digits"),
        ("sesoi: -.inf", "“-.inf” would be read as a number without an end", "plain digits"),
        ("seed: " + "9" * 5000, "is too large", "numbers from"),
        ("low: 1.0e+99", "is too large", "numbers from"),
        ("labels: {no: 0, yes: 1}", "“no” would be read as false", "quotes"),
        ("labels: {~: 0}", "“~” would be read as nothing", "quotes"),
        ("labels: {2026-01-05: 0}", "“2026-01-05” would be read as a date", "quotes"),
        ("from: 2026-02-30", "“2026-02-30” is not in the calendar", "correct it"),
        ("a: {x: 1, y: 2, x: 3}", "the key “x” stands twice", "correct"),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2}", "“<<” takes over another group", "write its settings out"),
        ('title: "\\e[31mred"', "a control character (U+001B)", "take it out"),
        ('title: "a\\u202eb"', "a character that turns the direction of writing (U+202E)", "take it out"),
        ('title: "\\u2067a\\u202c"', "turns the direction of writing (U+2067) stands in a text and nothing turns it back", ""),
        ('title: "a\\0b"', "a control character (U+0000)", "take it out"),
        ("title: a\0b", "a character stands in it that no text has", ""),
        ("a: !!binary aGk=", "a value bears the tag “!!binary”", "take the tag away"),
    ],
)  # fmt: skip
def test_what_yaml_would_read_otherwise_is_refused(tmp_path, text, says, fix):
    file = tmp_path / "w1.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load_yaml(file)
    (problem,) = refused.value.problems
    assert str(file) in problem.where and says in problem.found and fix in problem.fix
    assert "line 1, column" in problem.found or "\n" in text or "\0" in text


def test_plain_values_are_read_as_they_stand():
    text = 'a: [0, -99, 1.5, .5, 1.0e+3, "012", no, null, 2026-01-05]\n1: x\nwords: é ✓ עברית ‏‫a‬'
    content = parse(text)
    assert content["a"][:7] == [0, -99, 1.5, 0.5, 1000.0, "012", False] and content[1] == "x"
    for path in sorted([*SHIPPED.glob("schemas/**/*.yaml"), *SHIPPED.glob("config/**/*.yaml"), *SHIPPED.glob("data/waves/*.yaml")]):  # fmt: skip
        assert load_yaml(path) == yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), path


def test_a_bare_word_that_should_be_text_is_told_to_be_quoted():
    (problem,) = [p for p in schema_problems({"title": False}, "wave", "w1.yaml") if p.where.endswith("title")]
    assert problem.found == "“False”" and problem.fix.startswith("put it in quotes (YAML reads a bare yes, no")


def test_a_column_whose_name_is_a_number_is_told_to_be_quoted(tiny):
    assert "one that is a number stands in quotes" in told(tiny, WAVE, lambda t: t + "headers: {1: gad7_01}\n")


# --- a file does not grow while it is read ---------------------------------------------------------------------------


def bomb(levels: int) -> str:
    """A list of ten lists of ten lists …, each written once."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    return "\n".join(rows + [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, levels)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (bomb(9), "with every *reference written out it holds"),
        ("a: &a [*a]", "a group refers to itself"),
        ("[" * 300 + "]" * 300, "more than 40 groups stand within one another"),
        ("[" * 200_000 + "]" * 200_000, "more than 40 groups stand within one another"),
        ("- " * 100_000 + "x", "more than 40 groups stand within one another"),
        ("".join(" " * k + "a:\n" for k in range(2_000)), "more than 40 groups stand within one another"),
        ("\n".join(["a0: &a0 [x]", *(f"a{k}: &a{k} [*a{k - 1}]" for k in range(1, 60))]), "more than 40 groups"),
        ("x" * (YAML_BYTES + 1), "the file is larger than"),
    ],
    ids=["laughs", "cycle", "deep", "very deep", "deep list", "deep keys", "deep by reference", "long"],
)
def test_a_file_that_would_grow_is_refused(tmp_path, text, says):
    """In a process of its own: the parser is C, and overruns its stack without an exception."""
    (tmp_path / "w.yaml").write_text(text)
    read = "import sys; from rejsens.declarations import load_yaml; load_yaml(sys.argv[1])"
    run = subprocess.run([sys.executable, "-c", read, str(tmp_path / "w.yaml")], capture_output=True, text=True)
    assert run.returncode == 1 and says in run.stderr


def test_the_scan_for_levels_sees_every_way_to_go_deeper():
    """Texts that the quick count lets through have fewer levels than the parser can read."""
    for text in ("[" * 2_400 + "]" * 2_400, "- " * 1_200 + "x", "{a: " * 1_000 + "}" * 1_000):
        with pytest.raises(yaml.YAMLError, match="more than 40"):
            parse(text)


# --- names of files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a{b}", "{wave}", "a;touch ran", "$(touch ran)", "`ran`", 'a"b', "a\nb", "-rf", "aux", "com1.x", "x" * 100, "a\u202eb", "..a"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["data/waves/{}.yaml", "config/hypotheses/{}.yaml", "figures/{}.py"])
def test_a_name_that_a_rule_or_a_computer_would_read_otherwise_is_refused(tmp_path, place, name):
    from rejsens.file_names import name_problems_of_files

    (file := tmp_path / place.replace("{}", name)).parent.mkdir(parents=True)
    file.write_text("")
    (problem,) = name_problems_of_files(tmp_path)
    assert problem.found and problem.allowed.startswith("at most 80 letters") and problem.fix == "rename the file"


def test_names_that_differ_in_case_only_are_refused_and_usual_ones_are_not(tmp_path):
    from rejsens.file_names import name_problems_of_files

    (folder := tmp_path / "data/waves").mkdir(parents=True)
    for name in ("2026a", "w-1", "study_1e", "welle 2", "Ärger", "_draft{x}"):
        (folder / f"{name}.yaml").write_text("")
    assert name_problems_of_files(tmp_path) == []
    (folder / "W-1.yaml").write_text("")
    (problem,) = name_problems_of_files(tmp_path)
    assert problem.found == "“W-1” and “w-1” differ in capital letters only"


def test_a_study_that_brings_code_says_so_before_it_runs(tmp_path, monkeypatch, capsys):
    from rejsens.commands._pipeline import tell_own_code

    monkeypatch.chdir(tmp_path)
    tell_own_code()
    assert capsys.readouterr().err == ""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/mine.py").write_text("")
    tell_own_code()
    assert "which runs with your rights: figures/mine.py" in capsys.readouterr().err


def test_no_message_moves_or_colours_a_terminal():
    from rejsens.problems import Problem, explain

    said = explain([Problem("w.csv, \x1b[31mred", "A cause", "“\x1b]0;x\x07\r\u202e”", "\x9b1m", "\x00")])
    assert "\\x1b[31mred" in said and "\\u202e" in said
    assert not set(said) & set("\x1b\x07\r\x9b\x00\u202e")


# --- what stands in the environment ----------------------------------------------------------------------------------


@pytest.fixture
def mine(tiny, tmp_path):
    return Path(shutil.copytree(tiny, tmp_path / "study"))


@pytest.mark.parametrize("file", ["$TOKEN/x.csv", "${TOKEN}", "a/$HOME.csv", "$REJSENS_DATA/${PATH}", "${REJSENS_DATA"])
def test_a_sidecar_reads_no_variable_but_those_of_rejsens(mine, monkeypatch, file):
    monkeypatch.setenv("TOKEN", "hunter2")
    declare(mine, "w1", file=file)
    done = rejsens_here(mine, "check")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1 and f"data/waves/w1.yaml › file: “{file}”" in said
    assert "only those whose names begin with REJSENS_" in said and "hunter2" not in said


NOT_READ = {  # what the variable holds -> what is said of the path as the sidecar writes it
    "hunter2": "${REJSENS_DATA}/w1.csv does not exist (is the environment variable set?)",
    "hunter2" * 1000: "${REJSENS_DATA}/w1.csv: file name too long",  # as the system says it, with the name
}


@pytest.mark.parametrize("secret", NOT_READ, ids=["absent", "unreadable"])
def test_what_a_variable_holds_is_never_printed(mine, monkeypatch, secret):
    monkeypatch.setenv("REJSENS_DATA", secret)
    declare(mine, "w1", file="${REJSENS_DATA}/w1.csv")
    for command in (["check"], ["diff-wave", "data/waves/w1.csv", "w1"]):
        done = rejsens_here(mine, *command)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0 and NOT_READ[secret] in said and "hunter2" not in said
    monkeypatch.chdir(mine)
    try:  # what a run asks first
        assert export_hash(load_wave("data/waves/w1.yaml")) == "missing"
    except Refused as refused:
        assert "hunter2" not in str(refused) and "too long" in str(refused)


def test_a_fault_in_an_export_behind_a_variable_names_the_path_as_written(mine, tmp_path, monkeypatch):
    """Cells, header, hash and findings: every message about a file that could be read."""
    monkeypatch.setenv("REJSENS_DATA", str(tmp_path / "hunter2"))
    (tmp_path / "hunter2").mkdir()
    export = tmp_path / "hunter2/w1.csv"
    text = (mine / "data/waves/w1.csv").read_text()
    for old, new, says in (("gad7_01", "gad7_1", "row 1"), ("p001,", "p000,", "Two rows for one person"), ("p000", "p000", "")):  # fmt: skip
        export.write_text(text.replace(old, new))
        shutil.copy(export, mine / "data/waves/w1.csv")
        seal(mine, "w1")
        declare(mine, "w1", file="$REJSENS_DATA/w1.csv")
        done = rejsens_here(mine, "check")
        said = done.stdout + done.stderr
        assert "hunter2" not in said and says in said
        assert done.returncode == (1 if says else 0) and ("$REJSENS_DATA/w1.csv" in said) is bool(says)
    export.write_text("changed")
    said = rejsens_here(mine, "check").stdout
    assert "hunter2" not in said and "$REJSENS_DATA/w1.csv" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("? [a, b]\n: 1", "a list or a group of settings stands where a key should"),
        ("? {a: b}\n: 1", "a list or a group of settings stands where a key should"),
        (f"a: {'9' * 5_000}", "is too large"),
        ("x" * (YAML_BYTES + 1), f"the file holds {YAML_BYTES + 1:,} characters"),
    ],
    ids=["list as key", "group as key", "digits", "long"],
)
def test_a_text_that_is_no_setting_is_refused_where_it_is_read(text, says):
    with pytest.raises(yaml.YAMLError, match=re.escape(says)):
        parse(text)
