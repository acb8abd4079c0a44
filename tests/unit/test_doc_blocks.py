"""Every fenced block of every page: it runs, or it is held against what it shows, or a comment above it says why not."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import typer.main
import yaml
from snakemake.cli import get_argument_parser
from tests.conftest import ROOT, rejsens_here, write_study, write_wave

sys.path.insert(0, str(Path(__file__).parent))
import test_docs
from doc_pages import PAGES, Typed, blocks, first_line, inline, of, path_of, typed

from rejsens import style
from rejsens.cli import app
from rejsens.commands import explain
from rejsens.figure_presets import size_of
from rejsens.frozen_plan import deviations, freeze
from rejsens.journal_size import draw_at
from rejsens.manifest import Checked
from rejsens.reasons import sentences
from rejsens.study import gather_study
from rejsens.verification import Verified, as_text

LANGUAGES = {"console", "python", "yaml", "json", "csv", "text", "r", "latex", "markdown"}
# Blocks that another test holds: page and language -> the test that takes them from the page.
ELSEWHERE = {
    ("docs/psychometrics.md", "python"): "unit/test_factor_models.py: test_the_examples_of_the_page_run",
    ("docs/manuscript.md", "python"): "unit/test_manuscript.py: test_the_example_in_python_runs",
    ("docs/manuscript.md", "latex"): "unit/test_manuscript.py: test_every_name_on_the_page_is_a_name",
    ("docs/manuscript.md", "markdown"): "unit/test_manuscript.py: test_every_name_on_the_page_is_a_name",
    ("docs/manuscript.md", "r"): "unit/test_manuscript.py: test_every_name_on_the_page_is_a_name",
    ("docs/sidecar.md", "csv"): "unit/test_docs.py: test_the_wave_is_read_checked_and_scored",
    ("docs/sidecar.md", "text"): "unit/test_docs.py: test_the_fault_on_the_page_of_sidecars",
    ("docs/add-an-instrument.md", "text"): "unit/test_docs.py: test_the_fault_on_the_page_of_instruments",
    ("docs/add-a-hypothesis.md", "text"): "unit/test_docs.py: test_the_faults_on_the_page_of_hypotheses",
    ("docs/add-a-figure.md", "text"): "unit/test_docs.py: test_the_fault_on_the_page_of_figures",
}


def pages_with(language: str) -> list[str]:
    return sorted({block.page for block in of(language) if (block.page, language) not in ELSEWHERE})


# --- every block is one of these -------------------------------------------------------------------------------------


def test_every_fence_is_closed_and_names_its_language():
    for page in PAGES:
        marks = re.findall(r"^ *(?:`{3,}|~{3,})", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(marks) == 2 * sum(block.page == page.relative_to(ROOT).as_posix() for block in blocks()), page
    assert [block.place for block in blocks() if block.language not in LANGUAGES] == []


def test_a_block_is_run_or_held_or_says_why_not():
    for block in blocks():
        own = block.language in ("console", "python", "json", "csv")  # below
        own |= block.language == "yaml" and ROOT / block.page in test_docs.PAGES
        held = (block.page, block.language) in ELSEWHERE or (block.page, first_line(block)) in PRINTED
        assert own or held or len(block.reason.split()) > 3, f"{block.place}: nothing runs it, and no comment says why"
        assert not (block.reason and held), f"{block.place}: a test holds it, and a comment says that none does"


@pytest.mark.parametrize("key", ELSEWHERE, ids=" ".join)
def test_the_other_tests_are_there_and_so_are_their_blocks(key):
    file, name = ELSEWHERE[key].split(": ")
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert f"def {name}(" in source and Path(key[0]).stem.removeprefix("add-a") in source
    assert any((block.page, block.language) == key for block in blocks())


def test_reasons_stand_directly_above_a_block():
    for page in PAGES:
        named = page.relative_to(ROOT).as_posix()
        said = page.read_text(encoding="utf-8").count("<!-- not run:")
        assert said == sum(block.page == named and bool(block.reason) for block in blocks()), named


# --- Python, JSON, CSV -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_runs_from_the_top_of_the_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in of("python"):
        if block.page == page:
            lines = "\n" * block.line + block.body  # a fault names the line of the page
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(lines, page, "exec"), names)
            assert "print(" not in block.body or printed.getvalue().strip()
    assert list(tmp_path.iterdir()) == []


def test_json_and_csv_are_what_they_say():
    for block in of("json"):
        json.loads(block.body)
    for block in of("csv"):
        assert len({len(row) for row in csv.reader(io.StringIO(block.body))}) == 1, block.place


# --- YAML: valid alone (test_docs.py), and in a study ----------------------------------------------------------------


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """What people declare in the study of this repository, without its answers."""
    folder = tmp_path_factory.mktemp("repository") / "study"
    for part in ("config", "schemas/predictions", "data/waves"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.csv"))
    return folder


WHOLE = [
    block for block in of("yaml") if re.match(r"config/config|config/multiverse|schemas/predictions", path_of(block))
]


@pytest.mark.parametrize("block", WHOLE, ids=lambda block: block.place)
def test_settings_on_a_page_fit_a_whole_study(block, repository, tmp_path, monkeypatch):
    """In the repository's study, over its settings or in place of the file, which must still load: what they name is there."""
    study = Path(shutil.copytree(repository, tmp_path / "study"))
    (study / "config/multiverse.yaml").unlink()  # names rules and scores that a page's settings may replace
    file = study / path_of(block)
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(yaml.safe_dump(merged(settings, yaml.safe_load(block.body)), sort_keys=False), encoding="utf-8")
    monkeypatch.chdir(study)
    problems = []
    gather_study(".", problems)
    assert [str(problem.sentence()) for problem in problems] == []


def merged(old: dict, new: dict) -> dict:
    """A fragment over a file: groups are merged, entries of a list replace those of the same id, the rest is replaced."""
    whole = dict(old)
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            whole[key] = merged(before, value)
        elif isinstance(before, list) and all(isinstance(entry, dict) and "id" in entry for entry in [*before, *value]):
            ids = {entry["id"] for entry in value}
            whole[key] = [entry for entry in before if entry["id"] not in ids] + value
        else:
            whole[key] = value
    return whole


def test_the_part_of_a_profile_is_a_part_of_the_shipped_one(tmp_path):
    """Read by Snakemake's own parser, over the profile that the page tells to copy."""
    (block,) = [block for block in of("yaml") if block.page == "docs/cluster.md"]
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/profile.yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load(block.body)
    assert set(own) <= set(profile)
    (tmp_path / "profile.yaml").write_text(yaml.safe_dump(profile | own, sort_keys=False))
    read = get_argument_parser(profiles=[str(tmp_path)]).parse_args([]).default_resources
    assert set(own["default-resources"]) <= set(read.args)


# --- what is typed ---------------------------------------------------------------------------------------------------


def understood(words: tuple[str, ...]) -> None:
    """Held against the command line of `rejsens` itself, which raises on an unknown command, option or value."""
    group = typer.main.get_command(app)
    assert words[1] in group.commands, words
    group.commands[words[1]].make_context(words[1], list(words[2:]))


def in_makefile(words: tuple[str, ...]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words[1:]:
        name, given, _ = word.partition("=")
        known = rf"\$\({name}\)|\$\(or \$\({name}\)" if given else rf"^{name}:"
        assert re.search(known, makefile, re.MULTILINE), word


def by_snakemake(words: tuple[str, ...]) -> None:
    get_argument_parser().parse_args(list(words[1:]))


@cache
def help_of(command: str) -> str:
    asked = [sys.executable, "-m", "pip", command, "--help"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def by_pip(words: tuple[str, ...]) -> None:
    for word in words[2:]:
        if word.startswith("-"):
            assert re.search(rf"(?<!\S){re.escape(word)}\b", help_of(words[1])), word
        elif word.endswith(".lock"):
            assert (ROOT / word).exists(), word


def of_the_shell(words: tuple[str, ...]) -> None:
    """`source`, `cd`, `cp`, `python3 -m venv`: what stands in the repository is there."""
    for word in words[1:]:
        if "/" in word and not word.startswith((".venv/", "../")):
            assert (ROOT / word).exists(), word


READERS = {
    "rejsens": understood, "make": in_makefile, "snakemake": by_snakemake, "pip": by_pip,
    "source": of_the_shell, "cd": of_the_shell, "cp": of_the_shell, "python3": of_the_shell,
}  # fmt: skip


@pytest.mark.parametrize("page", pages_with("console"))
def test_what_a_page_tells_to_type_is_understood(page):
    for line in (line for line in typed() if line.block.page == page):
        if line.words[0] in READERS:
            READERS[line.words[0]](line.words)
        else:
            assert len(line.block.reason.split()) > 3, f"{line.block.place}: nothing here reads `{line.words[0]}`"
    for block in (block for block in of("console") if block.page == page and block.reason):
        others = {line.words[0] for line in typed() if line.block == block} - set(READERS)
        assert others, f"{block.place}: all of it is held against its program; the comment can go"


def test_commands_within_sentences_have_these_options():
    commands = typer.main.get_command(app).commands
    found = 0
    for page, text in inline():
        program, name, *_ = shlex.split(text)
        if program == "rejsens" and name not in ("COMMAND", "--help"):
            assert name in commands, f"{page}: {text}"
            options = {o for p in commands[name].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
            for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", text):
                assert option in options, f"{page}: {text}"
                found += 1
        elif program == "snakemake":
            by_snakemake(tuple(shlex.split(text)))
    assert found > 20


# --- what is typed, run ----------------------------------------------------------------------------------------------

# Seconds at most, in a study of 60 people; whole studies are run in tests/workflow.
RUN = ("init", "instruments", "plan", "check", "unlock", "content-validity", "diff-wave")
RUN_WITH = (("questionnaire", "--format"), ("power", "between"))
NOT_HERE = {"docs/add-a-wave.md"}  # typed in tests/workflow/test_commands.py
WAVES = ("2026a", "2026b", "2026g")


def is_run(line: Typed) -> bool:
    program, command, *rest = (*line.words, "")
    cheap = command in RUN or any(command == name and word in rest for name, word in RUN_WITH)
    return program == "rejsens" and cheap and line.block.page not in NOT_HERE


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    study = write_study(tmp_path_factory.mktemp("tiny") / "study", waves=0)
    for month, wave in enumerate(WAVES, start=1):
        write_wave(study, wave, month)
    return study


@pytest.fixture
def desk(tiny, tmp_path) -> Path:
    """A folder with a study named my-study, and review sheets that came back, as the pages take for granted."""
    shutil.copytree(tiny, tmp_path / "my-study")
    assert rejsens_here(tmp_path, "content-validity", "--example", "--out", "returned").returncode == 0
    return tmp_path


@pytest.mark.parametrize("page", sorted({line.block.page for line in typed() if is_run(line)}))
def test_what_a_page_tells_to_type_works(page, tiny, desk):
    """In order: beside a folder my-study, or inside it where a command names no study; what is too long is left out."""
    lines = [line for line in typed() if line.block.page == page]
    enters = ("cd", "my-study") in [line.words for line in lines]
    for line in lines:
        if line.words[:2] == ("rejsens", "add-wave"):  # as if it had been added
            name = line.words[line.words.index("--name") + 1]
            write_wave(desk / "my-study", name, month=WAVES.index(name) + 1)
        if not is_run(line):
            continue
        if line.words[1] == "init" or "--example" in line.words:  # makes the folder
            shutil.rmtree(desk / line.words[2 if line.words[1] == "init" else line.words.index("--out") + 1])
        inside = "my-study" not in line.words and line.words[1] in ("check", "diff-wave", "plan")
        done = rejsens_here(desk / "my-study" if inside else desk, *by_the_shell(desk, line.words[1:]))
        assert done.returncode == 0, f"{line.block.place}: {' '.join(line.words)}\n{done.stdout}{done.stderr}"
        shows(done.stdout, line.shown)
        if line.words[1] == "init" and not enters:
            shutil.rmtree(desk / "my-study")
            shutil.copytree(tiny, desk / "my-study")


def by_the_shell(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Patterns of files filled in, and a wave for its placeholder."""
    many = [sorted(path.relative_to(folder).as_posix() for path in folder.glob(w)) if "*" in w else [w] for w in words]
    return ["2026b" if word == "NAME" else word for group in many for word in group]


def shows(output: str, lines: tuple[str, ...]) -> None:
    """Each line as printed, in this order; spaces do not count, and a line … stands for what is left out."""
    rest = [" ".join(line.split()) for line in output.splitlines()]
    for line in (" ".join(line.split()) for line in lines if line not in ("", "…")):
        assert line in rest, f"{line}\n{output}"
        rest = rest[rest.index(line) + 1 :]


# --- what is printed: made again by the program's own words ----------------------------------------------------------


def answer_of_power() -> str:
    (line,) = [line for line in typed() if line.block.page == "docs/plan-a-study.md" and "between" in line.words]
    done = rejsens_here(ROOT, *line.words[1:])
    assert done.returncode == 0
    return done.stdout


def deviations_of_a_plan(folder: Path) -> str:
    """The plan of this repository, frozen, and then changed in the three places of the page."""
    file, settings = folder / "config/hypotheses/primary.yaml", folder / "config/config.yaml"
    freeze(folder, today=date(2026, 1, 1))
    family = yaml.safe_load(file.read_text(encoding="utf-8"))
    first = family["hypotheses"][0]
    assert (first["id"], first["sesoi"]) == ("H1", 0.1)
    family["hypotheses"] = [first | {"sesoi": 0.05}, *family["hypotheses"][1:], first | {"id": "H9"}]
    file.write_text(yaml.safe_dump(family), encoding="utf-8")
    text = settings.read_text(encoding="utf-8")
    assert "below: 120" in text
    settings.write_text(text.replace("below: 120", "below: 60"), encoding="utf-8")
    return "\n".join(deviation.sentence for deviation in deviations(gather_study(folder, [])))


def no_room() -> str:
    """Of a figure that is 120 mm wide."""

    def draw() -> style.Drawing:
        with style.applied():
            return style.Drawing(style.Sheet(120, 40, {}).figure, "Wide.", pd.DataFrame({"n": [1]}))

    return draw_at(
        size_of("elsevier", "1"), "invariance_ladder of gad7", draw, {"simulated": True, "min_cell": 10}
    ).no_room


PRINTED = {
    ("docs/plan-a-study.md", "People  Waves  Power  Estimate  Width  Detectable  Needed"): lambda _: answer_of_power(),
    ("docs/plan-a-study.md", "H1 (family primary): smallest effect of interest changed from 0.1 to 0.05."): deviations_of_a_plan,
    ("docs/figure-presets.md", "The figure “invariance_ladder of gad7” has no room in 90 mm with letters of 7 points (elsevier-1): it has in 140 mm. Choose --preset elsevier --columns 1.5."): lambda _: no_room(),
}  # fmt: skip


@pytest.mark.parametrize("key", PRINTED, ids=" ".join)
def test_what_a_page_shows_is_what_is_printed(key, repository, tmp_path):
    (block,) = [block for block in of("text") if (block.page, first_line(block)) == key]
    shows(PRINTED[key](Path(shutil.copytree(repository, tmp_path / "study"))), tuple(block.body.splitlines()))


def shown_by(page: str, command: str) -> tuple[str, ...]:
    (line,) = [line for line in typed() if line.block.page == page and line.words[1] == command]
    return line.shown


def test_the_answers_of_verify_are_worded_so():
    since = sentences([("", (("settings", "alpha"), 0.05, 0.01))])
    for page, n, found in (("docs/commands.md", 1204, since), ("docs/reproducing.md", 506, [])):
        verified = Verified(Checked(("waves.csv",) * n, (), (), (), True), tuple(found), (), "", not found)
        shown = shown_by(page, "verify")
        assert as_text(verified, "rejsens run my-study").splitlines() == list(shown)


def test_the_answer_of_explain_is_worded_so(tiny, tmp_path, monkeypatch, capsys):
    study = tmp_path / "my-study"
    shutil.copytree(tiny, study)
    (study / "results/report").mkdir(parents=True)
    (study / "results/report/index.html").touch()
    step = {"rule": "write_report", "message": "Writing the report", "output": [], "wildcards": {}, "reason": ""}
    changed = ("", (("depends", "data/waves/2026b.yaml"), "1", "2"))
    monkeypatch.setattr(explain, "_steps", lambda *_: [step])
    monkeypatch.setattr(explain, "_changed", lambda *_: [changed])
    monkeypatch.chdir(tmp_path)
    explain.explain("my-study/results/report/index.html", None)
    shows(capsys.readouterr().out, shown_by("docs/commands.md", "explain"))


def test_every_printed_line_below_a_command_is_held():
    """By running the command, by the two tests above, or by the walk through a page."""
    walked = NOT_HERE | {"docs/commands.md", "docs/reproducing.md"}
    for line in typed():
        text = [shown for shown in line.shown if shown.strip()]
        told = line.words[1] in ("explain", "verify") if line.block.page not in NOT_HERE else True
        assert not text or is_run(line) or (line.block.page in walked and told), line.block.place
