"""What a researcher is told of a run: progress, faults in sentences, time left, and why something would be made again."""

from __future__ import annotations

import json
import logging
import os
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from rejsens import past_runs
from rejsens.reasons import changes, sentences
from snakemake_logger_plugin_rejsens import Forecast, LogHandler, LogHandlerSettings


def handler(dryrun: bool = False, plan: Path | None = None) -> LogHandler:
    settings = LogHandlerSettings(plan=str(plan) if plan else None)
    return LogHandler(SimpleNamespace(dryrun=dryrun), settings)


def record(
    event: LogEvent | None = None, text: str = "", level: int = logging.INFO, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    for name, value in {"event": event, **fields}.items():
        setattr(made, name, value)
    return made


def step(number: int, message: str | None = "Scoring wave w1", rule: str = "score_wave") -> logging.LogRecord:
    return record(LogEvent.JOB_INFO, jobid=number, rule_msg=message, rule_name=rule, wildcards={"wave": "w1"},
                  input=["a"], output=["b (update)"], reason="Missing output files: b (update)")  # fmt: skip


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- progress --------------------------------------------------------------------------------------------------------


def test_steps_are_counted_and_gathering_is_no_step(capsys: pytest.CaptureFixture) -> None:
    log = handler()
    log.emit(record(LogEvent.RUN_INFO, stats={"score_wave": 2, "all": 1, "total": 3}))
    for number, message in ((1, "Scoring wave w1"), (2, "Scoring wave w2"), (3, None)):
        log.emit(step(number, message))
    log.emit(record(LogEvent.PROGRESS, done=3, total=3))
    assert capsys.readouterr().err.splitlines() == ["  1 of 2  Scoring wave w1", "  2 of 2  Scoring wave w2", "  Done."]


def test_a_dry_run_says_what_would_be_done(capsys: pytest.CaptureFixture) -> None:
    log = handler(dryrun=True)
    log.emit(step(1))
    assert capsys.readouterr().err == "  would do: Scoring wave w1\n"


def test_a_plan_is_written_and_not_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    log = handler(dryrun=True, plan=tmp_path / "plan")
    log.emit(step(1))
    assert json.loads((tmp_path / "plan").read_text()) == {
        "rule": "score_wave", "message": "Scoring wave w1", "wildcards": {"wave": "w1"},
        "input": ["a"], "output": ["b"], "reason": "Missing output files: b",
    }  # fmt: skip
    assert capsys.readouterr().err == ""


def test_a_record_nobody_foresaw_does_not_end_the_progress(capsys: pytest.CaptureFixture) -> None:
    log = handler()
    log.emit(record(LogEvent.PROGRESS, text="something new"))  # without its fields
    log.emit(step(1))
    assert "Scoring wave w1" in capsys.readouterr().err


def test_a_cluster_without_accounts_is_no_news_and_other_warnings_are(capsys: pytest.CaptureFixture) -> None:
    log = handler()
    for text in (
        "No SLURM account given, trying to guess.",
        "No account was given, not able to get a SLURM account via sacct: no database",
        "Unable to guess SLURM account. Trying to proceed without.",
        "No wall time information given.",
    ):
        log.emit(record(text=text, level=logging.WARNING))
    assert capsys.readouterr().err == "  No wall time information given.\n"


# --- faults, as Snakemake 9 words them -------------------------------------------------------------------------------

RULE_ERROR = (
    "RuleException:\nCalledProcessError in file \"waves.smk\", line 9:\nCommand 'set -euo pipefail; python x.py' "
)
SAID = {
    "a killed step": (RULE_ERROR + "died with <Signals.SIGKILL: 9>.", "memory runs out. Try again with `--cores 1`"),
    "a step that told its own fault": (RULE_ERROR + "returned non-zero exit status 1.", ""),
    "a full disk": ("OSError: [Errno 28] No space left on device: '.snakemake/metadata/x'", "The disk is full."),
    "a folder that is closed": ("PermissionError: [Errno 13] Permission denied: 'results'", "may not be read or written"),
    "a target nobody makes": ("MissingRuleException:\nNo rule to produce results/flw.csv (if you use input functions …)", "No step of this study makes results/flw.csv."),
    "rules that do not fit": ("MissingInputException in rule a in file \"b.smk\", line 3:\nMissing input files for rule a:\n    output: x\n    affected files:\n        results/y.csv", "no step makes results/y.csv"),
    "a table taken away meanwhile": ("MissingOutputException: Missing files after 5 seconds.\nresults/flow.csv (missing locally, parent dir contents: waves.csv)", "Gone since the run began: results/flow.csv. Run again"),
    "a folder left locked": ("Error: Directory cannot be locked.\nLockException: …", "`rejsens run` clears that"),
    "half-made files": ("IncompleteFilesException:\nThe files below seem to be incomplete.", "`rejsens run` clears that"),
    "our own sentence": ("Refused in file \"common.smk\", line 30:\nrejsens.problems.Refused: The study cannot be used: 1 fault.\n\nNo wave to read\n  data/waves\n  File \"x.py\", line 3", "The study cannot be used: 1 fault.\n\nNo wave to read\n  data/waves"),
    "Ctrl-C": ("Cancelling snakemake on user request.", "Stopped as you asked."),
    "a fault of the software": ("Traceback (most recent call last):\n\n  File \"common.smk\", line 26, in <module>\n    PLAN = x\n\nValueError: not callable", "A fault of the software, not of your data: ValueError: not callable"),
}  # fmt: skip


@pytest.mark.parametrize("fault", SAID)
def test_a_fault_is_a_sentence(fault: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snakemake_logger_plugin_rejsens.time.sleep", lambda seconds: None)
    text, sentence = SAID[fault]
    handler().emit(record(LogEvent.ERROR, text, logging.ERROR))
    said = capsys.readouterr().err
    assert sentence in said and bool(said) == bool(sentence)
    for programmers_word in ("Traceback", "Exception", 'File "', "CalledProcess", "Errno"):
        assert programmers_word not in said


def test_a_locked_folder_in_which_a_run_is_at_work(capsys: pytest.CaptureFixture) -> None:
    from rejsens.run_lock import _held, take_lock

    take_lock()
    handler().emit(record(LogEvent.ERROR, "LockException: …", logging.ERROR))
    _held.pop().close()
    assert capsys.readouterr().err == "  Another run is at work in this folder. Wait for it to end, or stop it.\n"


def test_a_step_that_left_no_log_promises_none(capsys: pytest.CaptureFixture) -> None:
    log = handler()
    log.emit(step(1))
    log.emit(record(LogEvent.JOB_ERROR, jobid=1, rule_name="score_wave", log=["logs/score.log"]))
    Path("logs").mkdir()
    Path("logs/score.log").touch()
    log.emit(record(LogEvent.JOB_ERROR, jobid=1, rule_name="score_wave", log=["logs/score.log"]))
    short, long = capsys.readouterr().err.splitlines()[1:]
    assert short == "  Stopped: Scoring wave w1."
    assert long == f"{short} The reasons stand above; the full record is in logs/score.log."


# --- earlier runs, and time left -------------------------------------------------------------------------------------


def put_on_record(output: str, **fields: object) -> None:
    name = urlsafe_b64encode(output.encode()).decode()
    past_runs.RECORDS.mkdir(parents=True, exist_ok=True)
    longest = os.pathconf(past_runs.RECORDS, "PC_NAME_MAX") - 1
    while len(name) > longest:  # as Snakemake does with names that are too long for one folder
        (past_runs.RECORDS / f"@{name[:longest]}").mkdir(exist_ok=True)
        return (past_runs.RECORDS / f"@{name[:longest]}" / name[longest:]).write_text(json.dumps(fields))
    return (past_runs.RECORDS / name).write_text(json.dumps(fields))


@pytest.mark.parametrize("output", ["results/flow.csv", "results/" + "long/" * 60 + "flow.csv"])
def test_what_a_job_was_told_is_read_back(output: str) -> None:
    assert past_runs.params(output) is None
    put_on_record(output, rule="pool_waves", params=["{'numbers': {'w1': 1}, 'depends': {'a': 'b'}}"])
    assert past_runs.params(output) == {"numbers": {"w1": 1}, "depends": {"a": "b"}}
    put_on_record(output, rule="pool_waves", params=["something else"])
    assert past_runs.params(output) is None


def test_time_left_is_told_only_when_every_kind_of_step_was_done_before() -> None:
    for k, seconds in enumerate((3.0, 5.0, 40.0)):
        put_on_record(f"results/{k}", rule="score_wave", starttime=100.0, endtime=100.0 + seconds)
    assert past_runs.durations() == {"score_wave": 5.0}
    assert Forecast.of({"score_wave": 3}) is not None
    assert Forecast.of({"score_wave": 3, "pool_waves": 1}) is None


def test_time_left_follows_the_pace_of_this_run_and_is_said_once() -> None:
    put_on_record("results/a", rule="score_wave", starttime=0.5, endtime=10.5)
    forecast = Forecast.of({"score_wave": 10})
    assert forecast.news() == ""  # nothing is known of the pace of this run
    for _ in range(2):
        forecast.finished("score_wave")
    forecast.began = time.monotonic() - 10  # two steps in 10 s, which took 20 s in the earlier run
    assert forecast.news() == "about 40 s left"
    assert forecast.news() == ""
    forecast.finished("score_wave")
    forecast.began = time.monotonic() - 60
    assert forecast.news() == "about 2 min left"


# --- why something would be made again -------------------------------------------------------------------------------

WAVE = "data/waves/2026b.yaml"
WHY = {
    "a sidecar": ({"depends": {WAVE: "1"}}, {"depends": {WAVE: "2"}}, ["the sidecar of wave 2026b changed"]),
    "a new wave": ({"depends": {}, "numbers": {}}, {"depends": {WAVE: "2"}, "numbers": {"2026b": 1}}, ["wave 2026b was added"]),
    "a wave that is gone": ({"depends": {WAVE: "1"}}, {"depends": {}}, ["wave 2026b was taken out"]),
    "an export": ({"depends": {"export": "1"}}, {"depends": {"export": "2"}}, ["the export of wave w1 changed"]),
    "an instrument": ({"depends": {"schemas/instruments/gad7.yaml": "1"}}, {"depends": {"schemas/instruments/gad7.yaml": "2"}}, ["the definition of instrument gad7 changed"]),
    "an instrument more": ({"depends": {}}, {"depends": {"schemas/instruments/gad7.yaml": "2"}}, ["instrument gad7 is asked now"]),
    "a family": ({"depends": {"config/hypotheses/p.yaml": "1"}}, {"depends": {"config/hypotheses/p.yaml": "2"}}, ["the hypotheses of family p changed"]),
    "a number": ({"settings": {"alpha": 0.05}}, {"settings": {"alpha": 0.01}}, ["the setting alpha changed from 0.05 to 0.01"]),
    "the study's title": ({"study": {"title": "A", "seed": 1}}, {"study": {"title": "B", "seed": 1}}, ["the setting study.title changed from A to B"]),
    "simulated": ({"study": {"simulated": True}}, {"study": {"simulated": False}}, ["the setting study.simulated changed from true to false"]),
    "screening": ({"screening": []}, {"screening": [{"id": "speed"}]}, ["the screening rules changed"]),
    "a comment in the settings": ({"inputs": {"config/config.yaml": "1"}}, {"inputs": {"config/config.yaml": "2"}}, ["config/config.yaml changed"]),
    "a setting and its file": ({"inputs": {"config/config.yaml": "1"}, "alpha": 0.05}, {"inputs": {"config/config.yaml": "2"}, "alpha": 0.01}, ["the setting alpha changed from 0.05 to 0.01"]),
    "what follows from it": ({"settings": {"alpha": 0.05}, "facts": {"x": 1}}, {"settings": {"alpha": 0.01}, "facts": {"x": 2}}, ["the setting alpha changed from 0.05 to 0.01"]),
    "what follows from nothing known": ({"facts": {"x": 1}}, {"facts": {"x": 2}}, ["what is known of the study changed"]),
    "the order of waves": ({"numbers": {"w1": 1}}, {"numbers": {"w1": 2}}, ["the order of the waves in time changed"]),
    "the manner of numbers": (
        {"study": {"numbers": "apa7"}}, {"study": {"numbers": "lancet"}}, ["the setting numbers changed from apa7 to lancet"],
    ),
    "your own figure": ({"depends": {"figures/mine.py": "1"}}, {"depends": {"figures/mine.py": "2"}}, ["your own figures/mine.py changed"]),
    "the pipeline, last": (
        {"depends": {"workflow/rejsens/scoring.py": "1", "workflow/rejsens/apa.py": "1", WAVE: "1"}},
        {"depends": {"workflow/rejsens/scoring.py": "2", "workflow/rejsens/apa.py": "2", WAVE: "2"}},
        ["the sidecar of wave 2026b changed", "the pipeline itself changed (apa.py and scoring.py)"],
    ),
    "nothing": ({"depends": {WAVE: "1"}}, {"depends": {WAVE: "1"}}, []),
}  # fmt: skip


@pytest.mark.parametrize("what", WHY)
def test_what_changed_is_said_in_words(what: str) -> None:
    before, now, told = WHY[what]
    assert sentences(("w1", change) for change in changes(before, now)) == told
