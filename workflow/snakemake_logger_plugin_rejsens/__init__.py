"""Snakemake's progress and errors in the researcher's words. Chosen with `--logger rejsens`, as `rejsens run` does.

Shown: what is being done (each rule's `message:`), how far the run is, faults as sentences, the last line of advice.
Hidden: rule names, job numbers, tracebacks; they stay in Snakemake's own log under `.snakemake/log/`.
"""

from __future__ import annotations

import sys
from logging import ERROR, WARNING, LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

NOISE = (
    "Exiting because a job execution failed",
    "Shutting down",
    "Complete log",
    "Removing output files",
    "Restored previous version",
    "Will exit after finishing",
    "Terminating processes",
    "At least one job did not complete",
    "Cannot restore",
    "WorkflowError:\nAt least one job",
    "RuleException",
    "CalledProcessError",
)


class LogHandler(LogHandlerBase):
    def __post_init__(self) -> None:
        self.done, self.total = 0, 0
        self.messages: dict[int, str] = {}
        self.shown: set[str] = set()
        self.live = sys.stderr.isatty()

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        handler = {
            LogEvent.RUN_INFO: self._plan,
            LogEvent.JOB_INFO: self._remember,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.PROGRESS: self._progress,
            LogEvent.JOB_ERROR: self._failed,
            LogEvent.ERROR: self._error,
        }.get(event)
        if handler:
            handler(record)
        elif event is None:
            self._plain(record)

    def _plan(self, record: LogRecord) -> None:
        stats = getattr(record, "per_rule_job_counts", None) or getattr(record, "stats", None) or {}
        self.total = getattr(record, "total_job_count", 0) or sum(n for name, n in stats.items() if name != "total")

    def _remember(self, record: LogRecord) -> None:
        if not record.rule_msg:  # a rule that only gathers files does no work
            return
        message = record.rule_msg
        self.messages[record.jobid] = message
        self._say(f"  {self._count()} {message}" if not self.common_settings.dryrun else f"  would do: {message}")

    def _count(self) -> str:
        width = len(str(self.total))
        return f"[{self.done:>{width}}/{self.total}]"

    def _finished(self, record: LogRecord) -> None:
        pass  # the progress record that follows counts it

    def _progress(self, record: LogRecord) -> None:
        self.done, self.total = record.done, record.total
        if self.done == self.total:
            self._say(f"  {self._count()} Done.")

    def _failed(self, record: LogRecord) -> None:
        what = self.messages.get(record.jobid, record.rule_name)
        logs = ", ".join(map(str, record.log or ()))
        self._say(f"  Stopped: {what}. The reasons stand above; the full record is in {logs}.")

    def _error(self, record: LogRecord) -> None:
        """An exception outside a job: our own message as it is, anything else as its last line."""
        self._say(self._message(record))

    def _plain(self, record: LogRecord) -> None:
        text = record.getMessage().strip()
        if "Nothing to be done" in text:
            self._say("  Everything is up to date.")
        elif record.levelno >= ERROR:
            self._say(self._message(record))
        elif record.levelno >= WARNING and not text.startswith(NOISE):
            self._say(f"  {text}")

    def _message(self, record: LogRecord) -> str:
        text = record.getMessage()
        if "LockException" in text or "cannot be locked" in text:
            return "  A run that was cut off left this folder locked. `rejsens run` clears that when no other run is at work."
        if "cannot be used:" in text:  # one of ours: everything Snakemake put around it goes
            before, fault = text.split(" cannot be used:", 1)
            fault = fault.split('\n  File "', 1)[0]  # where in our code it was noticed
            return f"\n{before.splitlines()[-1].split('Refused: ')[-1]} cannot be used:{fault.rstrip()}\n"
        return "" if text.startswith(NOISE) or "Exception in rule" in text else f"\n{text.strip()}\n"

    def _say(self, text: str) -> None:
        if text and text not in self.shown:
            self.shown.add(text)
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
