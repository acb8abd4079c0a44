"""Snakemake's progress and errors in the researcher's words. Chosen with `--logger rejsens`, as `rejsens run` does.

Shown: what is being done (each rule's `message:`), how far the run is, faults as sentences, the last line of advice.
Hidden: rule names, job numbers, tracebacks; they stay in Snakemake's own log under `.snakemake/log/`.
With `--logger-rejsens-plan FILE`, a dry run also writes each step and its reason there, one JSON object a line.
"""

import contextlib
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from logging import ERROR, WARNING
from pathlib import Path
from typing import Any, Optional, Self

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from rejsens.past_runs import durations
from rejsens.problems import listed
from rejsens.reasons import NO_STEP
from rejsens.run_lock import nobody_runs
from rejsens.system_faults import told

NOISE = (
    "Exiting because a job execution failed",
    "Shutting down",
    "Complete log",
    "Removing output files",
    "Restored previous version",
    "Will exit after finishing",
    "At least one job did not complete",
    "Cannot restore",
    "Ignore corrupted or currently written metadata",
    "WorkflowError:\nAt least one job",
    "RuleException",
    "CalledProcessError",
    "Error: cores have to be specified",
    "No SLURM account given",  # a cluster without accounts has none to give
    "No account was given",
    "Unable to guess SLURM account",
    "Guessed SLURM account",
)
GATHERS = ("all", "figures")  # rules that only name files: no work, no step
LEFT_BEHIND = "A run that was cut off left this folder locked or half done: `rejsens run` clears that and goes on."
KEPT = "Check who owns the study's folder and whether its disk can be written; run again, or copy the study elsewhere."
KILLED = "died with <Signals.SIGKILL"
FLAGS = re.compile(
    r" \((?:update|temp|protected|ancient|pipe|service|touch)\)"
)  # Snakemake prints them behind a file's name
WORTH_SAYING = 10  # seconds; a shorter wait needs no forecast


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    plan: Optional[str] = field(  # noqa: UP045 (Snakemake reads this type, and knows no other spelling)
        default=None, metadata={"help": "File that gets each step of a dry run with its reason, as JSON lines"}
    )


class LogHandler(LogHandlerBase):
    def __post_init__(self) -> None:
        logging.raiseExceptions = False  # a log that a full disk does not take must not put a traceback on the terminal
        self.started, self.total = 0, 0
        self.messages: dict[int, str] = {}
        self.rules: dict[int, str] = {}
        self.shown: set[str] = set()
        self.forecast: Forecast | None = None
        plan: str | None = getattr(self.settings, "plan", None)
        self.plan = Path(plan) if plan else None

    def emit(self, record: Any) -> None:
        """Never raises: an exception here would silence the rest of the run."""
        try:
            self._tell(record)
        except Exception:
            self._say(f"  {str(record.msg or '').strip()}")

    def _tell(self, record: Any) -> None:
        event = getattr(record, "event", None)
        handlers: dict[Any, Callable[[Any], None]] = {
            LogEvent.RUN_INFO: self._steps,
            LogEvent.JOB_INFO: self._start,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.PROGRESS: self._progress,
            LogEvent.JOB_ERROR: self._failed,
            LogEvent.ERROR: self._error,
        }
        if handler := handlers.get(event):
            handler(record)
        elif event is None:
            self._plain(record)

    def _steps(self, record: Any) -> None:
        counts = {n: k for n, k in (getattr(record, "stats", None) or {}).items() if n not in ("total", *GATHERS)}
        self.total = sum(counts.values())
        if not self.common_settings.dryrun:
            self.forecast = Forecast.of(counts)

    def _start(self, record: Any) -> None:
        if self.plan:
            return self._write_plan(record, self.plan)
        if not record.rule_msg:  # a rule that only gathers files does no work
            return None
        self.messages[record.jobid], self.rules[record.jobid] = record.rule_msg, record.rule_name
        self.started += 1
        if self.common_settings.dryrun:
            return self._say(f"  would do: {record.rule_msg}")
        left, width = self.forecast.news() if self.forecast else "", len(str(self.total))
        return self._say(f"  {self.started:>{width}} of {self.total}  {record.rule_msg}{left and f'  ({left})'}")

    def _write_plan(self, record: Any, file: Path) -> None:
        step = {
            "rule": record.rule_name,
            "message": record.rule_msg,
            "wildcards": dict(record.wildcards),
            "input": [FLAGS.sub("", name) for name in record.input],
            "output": [FLAGS.sub("", name) for name in record.output],
            "reason": FLAGS.sub("", record.reason),
        }
        with file.open("a", encoding="utf-8") as plan:
            print(json.dumps(step), file=plan)

    def _finished(self, record: Any) -> None:
        if self.forecast and record.job_id in self.rules:
            self.forecast.finished(self.rules[record.job_id])

    def _progress(self, record: Any) -> None:
        if record.done == record.total:
            self._say("  Done.")

    def _failed(self, record: Any) -> None:
        what = self.messages.get(record.jobid, record.rule_name)
        logs = [str(log) for log in record.log or () if Path(log).is_file()]  # a step that was killed wrote none
        where = f" The reasons stand above; the full record is in {', '.join(logs)}." if logs else ""
        self._say(f"  Stopped: {what}.{where}")

    def _error(self, record: Any) -> None:
        """An exception outside a job: our own message as it is, anything else in a sentence."""
        self._say(self._message(record))

    def _plain(self, record: Any) -> None:
        text = record.getMessage().strip()
        if "Nothing to be done" in text:
            self._say("  Everything is up to date.")
        elif text.startswith("Terminating processes"):
            self._say("  Stopping.")
        elif record.levelno >= ERROR:
            self._say(self._message(record))
        elif record.levelno >= WARNING and not text.startswith(NOISE):
            self._say(f"  {text}")

    def _message(self, record: Any) -> str:
        text = record.getMessage().strip()
        if any(word in text for word in ("LockException", "cannot be locked", "IncompleteFilesException")):
            return f"  {_another_run() or LEFT_BEHIND}"
        if "cannot be used:" in text:  # one of ours: everything Snakemake put around it goes
            before, fault = text.split(" cannot be used:", 1)
            fault = fault.split('\n  File "', 1)[0]  # where in our code it was noticed
            return f"\n{before.splitlines()[-1].split('Refused: ')[-1]} cannot be used:{fault.rstrip()}\n"
        if KILLED in text:
            return "  The computer ended a step, as it does when memory runs out. Try again with `--cores 1`."
        if unknown := re.search(r"No rule to produce (\S+)", text):
            return f"  {NO_STEP} {unknown[1]}."
        if gone := re.findall(r"(\S+) \(missing locally", text):
            return f"  Gone since the run began: {listed(gone, 3)}. Run again: what is gone is made again."
        if text.startswith("MissingInputException"):
            absent = ", ".join(
                line.strip() for line in text.partition("affected files:")[2].splitlines() if line.strip()
            )
            return f"  A fault of the software, not of your data: no step makes {absent}, which another one needs."
        if text.startswith("ProtectedOutputException"):
            kept = [file.strip() for file in text.partition("affected files:")[2].splitlines() if file.strip()]
            return f"  Results that cannot be written over: {listed(kept, 3)}. {KEPT}"
        if text.startswith("Cancelling snakemake"):
            return "  Stopped as you asked."
        if sentence := told(text):
            return f"  {sentence}"
        if text.startswith(NOISE):
            return ""
        if "Traceback" in text or '  File "' in text:
            return f"  A fault of the software, not of your data: {_last_line(text)}\n  The full record is in .snakemake/log/."
        return f"\n{text}\n"

    def _say(self, text: str) -> None:
        if text and text not in self.shown:
            self.shown.add(text)
            with contextlib.suppress(OSError):  # nobody listens any more; the run itself goes on
                print(text, file=sys.stderr, flush=True)

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False


def _another_run() -> str:
    """Whether it is a live run that stands in the way; one that has just begun takes its lock a moment later."""
    for _ in range(10):
        if not nobody_runs():
            return "Another run is at work in this folder. Wait for it to end, or stop it."
        time.sleep(0.2)
    return ""


def _last_line(text: str) -> str:
    """What a traceback ends in, without the frames above it."""
    said = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("  ")]
    return said[-1] if said else text.splitlines()[-1].strip()


@dataclass
class Forecast:
    """Rough time left: what the steps still to be done took in an earlier run, set against how fast this run goes.

    There is none unless every kind of step was done here before, and none until a fifth of the work shows this run's
    pace: a guess is no forecast.
    """

    todo: Counter[str]
    seconds: dict[str, float]
    began: float = field(default_factory=time.monotonic)
    done: float = 0.0
    told: str = ""

    @classmethod
    def of(cls, counts: dict[str, int]) -> Self | None:
        seconds = durations()
        return cls(Counter(counts), seconds) if set(counts) <= set(seconds) else None

    def finished(self, rule: str) -> None:
        self.todo[rule] -= 1
        self.done += self.seconds[rule]

    def news(self) -> str:
        """The time left in words, when that is known and was not said already."""
        work = sum(n * self.seconds[rule] for rule, n in self.todo.items())
        if self.done < 0.2 * (self.done + work):
            return ""
        left = rough((time.monotonic() - self.began) * work / self.done)
        said, self.told = self.told, left
        return left if left != said else ""


def rough(seconds: float) -> str:
    """Seconds as a person would say them.

    >>> rough(4), rough(34), rough(89), rough(700), rough(8000)
    ('', 'about 30 s left', 'about 90 s left', 'about 12 min left', 'about 2.2 h left')
    """
    if seconds < WORTH_SAYING:
        return ""
    if seconds < 120:
        return f"about {round(seconds, -1):.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"
