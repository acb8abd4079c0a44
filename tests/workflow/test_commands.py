"""The commands as a newcomer types them: a new study, a run in plain words, reasons, exit codes, Ctrl-C, two runs at once."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.main
import yaml

from rejsens.cli import COMMANDS, app
from rejsens.declarations import load_settings, schema_problems
from tests.conftest import PATIENCE, ROOT, contents, rejsens, rejsens_here, seal, write_wave

REPORT = "results/report/index.html"
OK, FAULTS, UNREADABLE, STOPPED = 0, 1, 2, 130


@pytest.fixture
def study(finished_study: Path, tmp_path: Path) -> Path:
    """The tiny study after a complete run, free to be changed."""
    copy = tmp_path / "study"
    shutil.copytree(finished_study, copy, copy_function=shutil.copy2)
    return copy


def said(run: subprocess.CompletedProcess[str]) -> str:
    return run.stdout + run.stderr


# --- a new study -----------------------------------------------------------------------------------------------------


def test_a_new_study_with_one_wave_runs(new_study: SimpleNamespace) -> None:
    made, none, run = new_study.made, new_study.without_waves, new_study.run
    assert made.returncode == OK
    assert made.stdout.splitlines()[-1] == "Next: rejsens add-wave EXPORT --name w1 --study one_scale"
    assert none.returncode == FAULTS and "rejsens add-wave EXPORT --name w1 --study one_scale" in none.stderr
    assert run.returncode == OK, run.stderr
    assert run.stdout.splitlines()[-1] == f"Open one_scale/{REPORT}"
    report = (new_study.folder / REPORT).read_text(encoding="utf-8")
    assert "<title>One scale" in report and "findahelpline.com" in report
    assert "Loneliness and anxiety" not in report  # the example of a hypothesis is left out


@pytest.mark.parametrize(("flags", "simulated"), [([], False), (["--simulated"], True)])
def test_a_new_study_states_what_must_be_decided(tmp_path: Path, flags: list[str], simulated: bool) -> None:
    title = 'Does it "hurt"? It\'s: {odd} # ä'
    assert rejsens_here(tmp_path, "init", "new", "--title", title, *flags).returncode == OK
    config = (tmp_path / "new/config/config.yaml").read_text(encoding="utf-8")
    settings = load_settings(tmp_path / "new")
    assert settings["study"]["title"] == title and settings["study"]["simulated"] is simulated
    assert settings["screening"] == [] and settings["out_of_range"] == "stop"
    decide = [line for line in config.splitlines() if "DECIDE" in line]
    for word in ("title:", "simulated:", "contact:", "support:", "min_cell", "set aside"):
        assert word in " ".join(decide) or re.search(rf"DECIDE.*\n(.*\n)?{word}", config), word
    assert f"# {title}" in (tmp_path / "new/README.md").read_text(encoding="utf-8")


def test_the_rules_and_the_family_of_a_new_study_can_be_used_as_they_stand(study: Path, tmp_path: Path) -> None:
    rejsens(tmp_path, "init", "new")
    config = (tmp_path / "new/config/config.yaml").read_text(encoding="utf-8")
    with_rules = yaml.safe_load(config.replace("screening: []", "screening:").replace("\n#  - {", "\n  - {"))
    assert len(with_rules["screening"]) == 5 and schema_problems(with_rules, "config", "config.yaml") == []
    shutil.copy(tmp_path / "new/config/hypotheses/_example.yaml", study / "config/hypotheses/loneliness.yaml")
    assert rejsens(study, "run", "--dry-run").returncode == OK


@pytest.mark.parametrize("taken", ["a file", "a folder in use"])
def test_a_new_study_overwrites_nothing(tmp_path: Path, taken: str) -> None:
    if taken == "a file":
        (tmp_path / "new").write_text("mine")
    else:
        (tmp_path / "new/config").mkdir(parents=True)
        (tmp_path / "new/config/config.yaml").write_text("mine")
    before = contents(tmp_path)
    run = rejsens_here(tmp_path, "init", "new")
    assert run.returncode == UNREADABLE and "choose" in run.stderr
    assert contents(tmp_path) == before


def test_git_leaves_out_what_is_private(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "new"], cwd=tmp_path, check=True)
    assert rejsens(tmp_path, "init", "new").returncode == OK  # a folder that holds nothing but .git is not in use
    private = ["raw/export.csv", "raw/deep/export.sav", "export.xlsx", "export.csv", "logs/validate_wave/w1.log",
               "results/participants/scores.csv", ".snakemake/log/x"]  # fmt: skip
    shared = ["data/waves/w1.csv", "data/waves/w1.yaml", "config/config.yaml", "results/flow.csv", "raw/.gitkeep"]
    for path in private + shared:
        (tmp_path / "new" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / path).touch()
    subprocess.run(["git", "add", "."], cwd=tmp_path / "new", check=True)
    kept = subprocess.run(["git", "ls-files"], cwd=tmp_path / "new", capture_output=True, text=True, check=True).stdout
    assert set(shared) <= set(kept.split()) and not set(private) & set(kept.split())


# --- a newcomer's first hour: the page, typed as it stands ------------------------------------------------------------

ROAD = ROOT / "docs/add-a-wave.md"
TICKS = {str(code): f"lives_with_{who}" for code, who in enumerate(("alone", "partner", "children", "relatives", "others"), start=1)}  # fmt: skip


def sessions(page: Path) -> list[tuple[list[str], list[str]]]:
    """What a page tells to type, with the lines that it shows below: (words, lines), continued lines joined."""
    typed = []
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S):
        for part in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.M)[1:]:
            line, *shown = part.rstrip("\n").split("\n")
            typed.append((shlex.split(re.sub(r"\s+# .*", "", line)), shown))
    return typed


def shows(output: str, lines: list[str]) -> None:
    """Each line as printed, in this order; spaces do not count, and … stands for what is left out."""
    rest = " ".join(output.split())
    for line in (" ".join(line.split()) for line in lines if line != "…"):
        assert line in rest, line
        rest = rest.split(line, 1)[1]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new study with two simulated Qualtrics exports in raw/, as somebody would have downloaded them."""
    folder = tmp_path_factory.mktemp("rehearsal")
    # without the modules, so that both waves number their questions alike, as a copied survey does
    parameters = yaml.safe_load((ROOT / "config/simulation.yaml").read_text(encoding="utf-8")) | {"modules": {}}
    (folder / "plain.yaml").write_text(yaml.safe_dump(parameters, sort_keys=False))
    words = ("--seed", "7", "--out", "drawn", "--platform", "qualtrics", "--parameters", "plain.yaml")
    assert rejsens(folder, "simulate", *words).returncode == OK
    assert rejsens(folder, "init", "study", "--simulated").returncode == OK
    shutil.copy(folder / "drawn/config/config.yaml", folder / "study/config/config.yaml")
    for name, export in (("first", "2026a"), ("export", "2026b")):
        shutil.copy(folder / f"drawn/data/waves/{export}.csv", folder / f"study/raw/{name}.csv")
    (folder / "study/raw/ticks.yaml").write_text(yaml.safe_dump({"multiple": {"Q15": TICKS}}))
    return folder


def test_the_page_walks_from_the_download_to_the_merged_wave(rehearsal: Path) -> None:
    study, keys = rehearsal / "study", str(rehearsal / "keys")
    typed = sessions(ROAD)
    first = next(step for step in typed if "raw/first.csv" in step[0])
    steps = [first, *(step for step in typed if step is not first)]  # the page tells of the first wave second
    assert [words[1] for words, _ in steps] == ["add-wave"] * 3 + ["check", "diff-wave", "run"]
    for (_, *words), shown in steps:
        words = (
            [*words, "--simulated"]
            if words[0] == "add-wave"
            else [*words, "2026a", "2026b"]
            if words == ["run"]
            else words
        )
        run = rejsens(study, *words, XDG_CONFIG_HOME=keys)
        assert run.returncode == OK, said(run)
        shows(said(run), shown)
        if "--dry-run" in words:
            assert not (study / "data/waves/2026b.csv").exists()
    assert {path.name for path in (study / "data/waves").glob("2026*")} == {f"2026{k}.{e}" for k in "ab" for e in ("csv", "yaml")}  # fmt: skip
    assert (study / "results/waves/2026b/flow.csv").exists()
    ids = {line.split(",")[7] for line in (study / "raw/first.csv").read_text().splitlines()[3:]}
    assert len(ids) == 1500 and not any(id_ in (study / "data/waves/2026a.csv").read_text() for id_ in ids)


# --- what to make, by name -------------------------------------------------------------------------------------------

MAKES = {  # words -> what is done, after everything was thrown away
    ("w2",): {"Checking wave w2", "Scoring wave w2"},
    ("ucla3",): {"Checking wave w1", "Checking wave w2", "Scoring wave w1", "Scoring wave w2", "Comparing what the waves asked", "Bringing all waves together", "Assessing ucla3"},
    ("w1", "results/waves/w2/flow.csv"): {"Checking wave w1", "Scoring wave w1", "Checking wave w2"},
}  # fmt: skip


@pytest.mark.parametrize("words", MAKES)
def test_a_thing_is_made_by_its_name_and_nothing_else(words: tuple[str, ...], study: Path) -> None:
    shutil.rmtree(study / "results")
    run = rejsens(study, "run", *words, "--dry-run")
    assert run.returncode == OK, run.stderr
    assert set(re.findall(r"would do: (.*)", run.stderr)) == MAKES[words]
    assert run.stdout.strip() == f"Nothing was done. Next: rejsens run {' '.join(words)}"
    assert not (study / "results").exists()


def test_progress_counts_to_the_end_and_the_last_line_says_where_to_look(study: Path) -> None:
    run = rejsens(study.parent, "run", "study", "w1", "w2", "--force", "--cores", "2")
    steps = [tuple(map(int, pair)) for pair in re.findall(r"^ +(\d+) of (\d+)  \S", run.stderr, re.M)]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert run.stdout.split() == ["Open", "study/results/waves/w1", "Open", "study/results/waves/w2"]
    assert (study / "results/waves/w1").is_dir()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("figures",), "results/figures"),
        (("figures", "headline"), "results/figures/headline.png"),
        (("report",), REPORT),
    ],
)
def test_figures_and_report_are_commands(words: tuple[str, ...], place: str, study: Path) -> None:
    run = rejsens(study, *words)
    assert (run.returncode, run.stdout.strip()) == (OK, f"Open {place}")
    assert "Everything is up to date" in run.stderr and (study / place).exists()


def test_everything_is_reachable_by_plain_snakemake(study: Path) -> None:
    """No command of ours knows more than the rules do: the files they ask for are targets like any other."""
    wanted = ["figures", REPORT, "results/waves/w1/stored_totals.csv", "results/figures/headline.png",
              "results/psychometrics/instruments/ucla3/reliability.csv", "results/families/loneliness/estimates.csv"]  # fmt: skip
    named = rejsens(study, "run", "figures", "report", "w1", "headline", "ucla3", "loneliness", "--dry-run")
    clean = {k: v for k, v in os.environ.items() if k not in ("REJSENS_RUN", "PYTHONDONTWRITEBYTECODE")}
    plain = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--dry-run", *wanted],
        cwd=study, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (named.returncode, plain.returncode) == (OK, OK), plain.stderr
    assert "up to date" in named.stderr and "Nothing to be done" in said(plain)


# --- exit codes: 0 well, 1 faults, 2 cannot be read or understood -----------------------------------------------------

REFUSED = {
    "a name that is no study": (["run", "stduy"], UNREADABLE, "there is no such folder"),
    "a name that is nothing": (["run", "study", "ucla4"], UNREADABLE, "Did you mean “ucla3”?"),
    "a table where a figure is meant": (["figures", "study", "flow"], UNREADABLE, "“flow”"),
    "an unknown option": (["run", "study", "--corse", "2"], UNREADABLE, "No such option"),
    "an unknown command": (["rum"], UNREADABLE, "No such command"),
    "no core": (["run", "study", "--cores", "0"], UNREADABLE, "a number from 1 upwards, or all"),
    "many words for the report": (["report", "study/data"], UNREADABLE, "study/data"),
    "a file nobody makes": (["explain", "study/results/flw.csv"], UNREADABLE, "Did you mean “results/flow.csv”?"),
    "a file of one's own": (["explain", "study/data/waves/w1.csv"], UNREADABLE, "one of the files that you give"),
    "no file": (["explain"], UNREADABLE, "FILE"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_understood_ends_with_two_and_a_sentence(case: str, study: Path) -> None:
    words, code, sentence = REFUSED[case]
    before = {folder: contents(study / folder) for folder in ("data", "config", "results")}
    run = rejsens_here(study.parent, *words)
    assert (run.returncode, run.stdout) == (code, ""), run.stderr
    assert sentence in " ".join(run.stderr.split()) and "Traceback" not in run.stderr
    assert before == {folder: contents(study / folder) for folder in before}


def test_outside_a_study_the_way_in_is_shown(tmp_path: Path) -> None:
    for words in (["run"], ["figures"], ["report"], ["unlock"], ["explain", "report"]):
        run = rejsens_here(tmp_path, *words)
        assert run.returncode == UNREADABLE and "rejsens init FOLDER" in run.stderr, words


def test_faults_of_the_study_end_with_one(study: Path) -> None:
    (study / "data/waves/w1.yaml").unlink()
    for words in (["run"], ["figures"], ["explain", REPORT], ["run", "w2"]):
        run = rejsens(study, *words)
        assert run.returncode == FAULTS and "A wave without a sidecar" in run.stderr, words


# --- why would this be made again? -----------------------------------------------------------------------------------


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(study: Path) -> None:
        text = (study / file).read_text()
        assert old in text
        (study / file).write_text(text.replace(old, new))

    return change


def another_answer(study: Path) -> None:
    lines = (study / "data/waves/w2.csv").read_text().splitlines()
    (study / "data/waves/w2.csv").write_text("\n".join(lines[:-1]) + "\n")
    seal(study, "w2")


def edited_by_hand(study: Path) -> None:
    time.sleep(0.1)
    (study / "results/flow.csv").write_text((study / "results/flow.csv").read_text() + "x,1,raw,edited,0,0\n")


def both(*edits: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda study: [change(study) for change in edits]


def own_figure(study: Path) -> None:
    (study / "figures").mkdir()
    shutil.copy(ROOT / "workflow/rejsens/figures/participant_flow.py", study / "figures/mine.py")


WHY: dict[str, tuple[Callable[[Path], None], str, list[str]]] = {
    "a sidecar": (edit("data/waves/w2.yaml", "Wave w2", "Wave 2"), REPORT, ["the sidecar of wave w2 changed."]),
    "an export": (another_answer, REPORT, ["the sidecar of wave w2 changed;", "the export of wave w2 changed."]),
    "a new wave": (lambda study: write_wave(study, "w3", 3), "results/descriptives.csv", ["wave w3 was added"]),
    "a number": (edit("config/config.yaml", "bootstrap_draws: 200", "bootstrap_draws: 300"), "results/estimates.csv", ["the setting bootstrap_draws changed from 200 to 300."]),
    "a title": (edit("config/config.yaml", "A tiny", "A small"), REPORT, ["the setting study.title changed from A tiny simulated study to A small simulated study"]),
    "a family": (edit("config/hypotheses/loneliness.yaml", "More loneliness", "Less loneliness"), REPORT, ["the hypotheses of family loneliness changed."]),
    "a deleted file": (lambda study: (study / "results/flow.csv").unlink(), "results/flow.csv", ["results/flow.csv is not there."]),
    "a deleted file and a sidecar": (both(lambda study: (study / "results/waves.csv").unlink(), edit("data/waves/w2.yaml", "Wave w2", "Wave 2")), "results/waves.csv", ["results/waves.csv is not there;", "the sidecar of wave w2 changed."]),
    "a result edited by hand": (edited_by_hand, "results/tables/flow.html", ["results/flow.csv is not as its step wrote it."]),
    "a figure of one's own": (own_figure, REPORT, ["results/figures/mine.svg is not there."]),
}  # fmt: skip


@pytest.mark.parametrize("case", WHY)
def test_a_reason_is_told_in_words(case: str, study: Path) -> None:
    change, file, sentences = WHY[case]
    change(study)
    run = rejsens_here(study.parent, "explain", f"study/{file}")
    assert run.returncode == OK, run.stderr
    first, *_, last = run.stdout.splitlines()
    assert first.startswith(f"{file} would be made") and first.endswith("because")
    assert last == f"Next: rejsens run study {file}"
    for sentence in sentences:
        assert sentence in run.stdout, run.stdout
    assert "the pipeline itself" not in run.stdout and "params" not in run.stdout.lower()


@pytest.mark.parametrize("word", [REPORT, "report", "w1", "ucla3", "headline", "results/waves/w1/flow.csv"])
def test_what_is_up_to_date_is_called_so(word: str, study: Path) -> None:
    run = rejsens_here(study, "explain", word)
    assert run.returncode == OK and "is up to date (made on 2" in run.stdout


def test_what_it_is_made_from_may_be_newer(study: Path) -> None:
    """A run of one wave alone leaves the pooled tables as they were."""
    another_answer(study)
    assert rejsens(study, "run", "results/waves/w2/quality.csv").returncode == OK
    told = rejsens(study, "explain", "results/participants/scores.parquet").stdout
    assert re.search(r"waves/w2/\S+.* (?:was|were) made anew since", told) and "by hand" not in told, told


def test_results_without_a_record_are_made_again(study: Path) -> None:
    """Snakemake alone would call them up to date, whatever they are."""
    shutil.rmtree(study / ".snakemake")
    (study / "results/flow.csv").write_text("something that came with a copy")
    told = rejsens(study, "explain", "results/flow.csv")
    assert "how it came about is not on record" in told.stdout
    run = rejsens(study, "run", "results/flow.csv", "--cores", "2")
    assert run.returncode == OK and "is not on record: made again" in run.stderr
    assert (study / "results/flow.csv").read_text().startswith("wave,")
    assert {"Checking wave w1", "Checking wave w2", "Bringing all waves together"} <= set(re.findall(r"of \d+  (.*?)(?:  \(.*)?$", run.stderr, re.M))  # fmt: skip
    assert "Describing" not in run.stderr  # what was not asked for waits
    assert "is up to date" in rejsens(study, "explain", "results/flow.csv").stdout


def test_a_change_elsewhere_is_no_reason(study: Path) -> None:
    edit("config/hypotheses/loneliness.yaml", "More loneliness", "Less loneliness")(study)
    assert "up to date" in rejsens(study, "explain", "results/descriptives.csv").stdout


# --- interrupted, locked, twice --------------------------------------------------------------------------------------


def start(study: Path, *words: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("REJSENS_RUN", "PYTHONDONTWRITEBYTECODE")}
    return subprocess.Popen(
        [sys.executable, "-m", "rejsens.cli", *words],
        cwd=study, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def until(run: subprocess.Popen[str], words: str) -> str:
    """What a run says, up to a line with these words."""
    heard = ""
    while words not in heard:
        line = run.stdout.readline()
        assert line, heard
        heard += line
    return heard


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_stops_in_a_sentence_and_the_next_run_goes_on(study: Path, times: int) -> None:
    run = start(study, "run", "--force", "--cores", "2")
    until(run, "Scoring wave")
    time.sleep(0.5)  # its step is at work
    for _ in range(times):
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the run and all its steps
        heard = until(run, "Finishing the steps") if _ == 0 else ""
    heard += run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == STOPPED
    assert "Stopped as you asked. What was finished stays; `rejsens run` goes on from there." in heard
    assert "Traceback" not in heard and "KeyboardInterrupt" not in heard
    assert times == 2 or "Stopped: " not in heard  # the steps under way were finished
    assert not list(study.rglob(".staging.*")) and not list((study / ".snakemake/locks").glob("*"))
    again = rejsens(study, "run", "w1")
    assert again.returncode == OK, again.stderr


def test_two_runs_in_one_folder(study: Path) -> None:
    first = start(study, "run", "--force", "--cores", "1")
    until(first, "Checking wave")
    for words in (["run"], ["unlock"], ["report"]):
        second = rejsens(study, *words)
        assert second.returncode == FAULTS and "Another run is at work in this folder" in second.stderr, words
        assert "process " in second.stderr and "wait for it to end" in second.stderr
    assert rejsens(study, "run", "--dry-run").returncode == OK  # looking does no harm
    first.terminate()
    assert first.communicate(timeout=PATIENCE) and first.returncode == STOPPED


def test_unlock_clears_what_a_killed_run_left_and_nothing_else(study: Path) -> None:
    assert "Nothing was locked" in rejsens(study, "unlock").stdout
    left = [study / ".snakemake/locks/0.output.lock", study / "results/waves/w1/.staging.4711/flow.csv"]
    before = contents(study / "results")
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    run = rejsens(study.parent, "unlock", "study")
    assert (run.returncode, run.stdout) == (
        OK,
        "Cleared 2 leftovers of a run that was cut off. Next: rejsens run study\n",
    )
    assert not any(path.exists() for path in left) and contents(study / "results") == before


# --- help, and the page of commands ----------------------------------------------------------------------------------

ALL = {function.__name__.replace("_", "-"): function for commands in COMMANDS.values() for function in commands}
PAGE = ROOT / "docs/commands.md"


def options_of(name: str) -> set[str]:
    """Long options of a command, --help aside."""
    params = typer.main.get_command(app).commands[name].params
    return {o for p in params for o in (*p.opts, *p.secondary_opts) if o.startswith("--")} - {"--help"}


def test_help_is_grouped_and_free_of_programmers_types(tmp_path: Path) -> None:
    text = rejsens(tmp_path, "--help", COLUMNS="100").stdout
    assert re.findall(r"^╭─ (\w+)", text, re.M)[1:] == list(COMMANDS)
    for name in ALL:
        assert re.search(rf"^│ {name} ", text, re.M), name
        own = rejsens_here(tmp_path, name, "--help").stdout
        assert not re.search(r"<\w+(\[.*\])?>|Snakemake job|DAG|wildcard", own), name


def test_help_waits_for_no_library(tmp_path: Path) -> None:
    heavy = "pandas numpy pyarrow pandera matplotlib snakemake openpyxl"
    script = f"import sys, rejsens.cli; print(*[name for name in '{heavy}'.split() if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split() == []
    )


def test_every_command_is_on_the_page_with_its_options_and_an_example() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### rejsens ([\w-]+).*?\n(.*?)(?=^##|\Z)", page, re.M | re.S))
    assert set(sections) == set(ALL)
    for name, text in sections.items():
        documented = set(re.findall(r"^\| (?:`-\w`, )?`(--[\w-]+)", text, re.M))
        assert documented == options_of(name), f"{name}: {documented ^ options_of(name)}"
        assert re.search(rf"^\$ rejsens {name}\b", text, re.M), f"{name} has no example"


def test_panels_are_on_the_page() -> None:
    assert re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.M)[: len(COMMANDS)] == list(COMMANDS)


def test_commands_are_functions_with_a_first_line_for_the_help() -> None:
    for name, function in ALL.items():
        assert inspect.getdoc(function).splitlines()[0].endswith("."), name
