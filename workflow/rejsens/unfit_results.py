"""Results that cannot stand: cut short, edited, swapped, gone, of unknown origin, or older than what they were made from.

The content on record decides (`published.py`). What is found is marked where Snakemake looks for unfinished work.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from rejsens.past_runs import drop_unreadable, place_of, results_there, unrecorded
from rejsens.problems import counted, listed
from rejsens.published import entries, hashes
from rejsens.registry import sha256
from rejsens.run_lock import while_nobody_runs

MARKS = Path(".snakemake/incomplete")  # Snakemake makes again what is marked there, and refuses to build on it
GONE, CHANGED, STRANGE, STALE = "gone", "changed", "not on record", "from an earlier file"


def faults() -> dict[str, str]:
    """Path -> what is wrong with it (`GONE`, `CHANGED`, `STRANGE`, `STALE`), for every result that cannot stand."""
    found = dict.fromkeys(sorted(unrecorded()), STRANGE)
    made = [entry for _, entry in entries()]
    known = hashes()
    found |= {path: STRANGE for path in results_there() if path not in known}
    for entry in made:
        for path, then in entry["outputs"].items():
            if (now := sha256(path)) != then:
                found[path] = GONE if now == "missing" else CHANGED
    for entry in made:
        moved = [p for p, then in entry["inputs"].items() if known.get(p, then) != then]
        if moved and _clock_hides(moved, entry["outputs"]):
            found |= {path: STALE for path in entry["outputs"] if path not in found}
    return found


def _clock_hides(inputs: Iterable[str], outputs: Iterable[str]) -> bool:
    """Whether modification times would let outputs pass for newer than what they should have been made from."""
    times = [_time(path) for path in outputs]
    return bool(times) and max(map(_time, inputs)) <= min(times)


def _time(path: str) -> int:
    with contextlib.suppress(OSError):
        return os.stat(path).st_mtime_ns
    return 0


def mark(made_here: Callable[[str], bool]) -> None:
    """Have Snakemake make again every result that cannot stand, and say which. Asked while it plans.

    made_here   whether some rule of the study makes a file; what is left of a wave that was taken out is nobody's

    Nothing is marked while a run is at work: what it is publishing at this moment would look like a mixture.
    """
    if not Path("results").is_dir():
        return
    wrong: dict[str, str] = {}
    with _nothing_to_write_on(), while_nobody_runs() as alone:
        if not alone:
            return
        drop_unreadable()
        _date_to_now()
        wrong = {path: what for path, what in faults().items() if made_here(path)}
        together = [set(entry["outputs"]) for _, entry in entries()]
        for path in {path for one in wrong for path in _made_with(one, together)}:
            place = place_of(path, MARKS)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text('{"external_jobid": null}', encoding="utf-8")
    for said in sentences(wrong):
        print(f"  {said}", file=sys.stderr)


def _date_to_now() -> None:
    """Results that a clock which ran ahead dated into the future: Snakemake stops at what is older than its input."""
    now = time.time_ns()
    for path in results_there():
        if _time(path) > now:
            os.utime(path, ns=(now, now))


def _made_with(path: str, together: list[set[str]]) -> set[str]:
    """A file and what the same job makes: where one is gone, Snakemake must be told of another that is there."""
    return {path}.union(*(outputs for outputs in together if path in outputs))


@contextlib.contextmanager
def _nothing_to_write_on() -> Iterator[None]:
    """Where nothing can be written nothing is run either, and a plan is told as well as it can be."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise


def sentences(wrong: Mapping[str, str]) -> list[str]:
    """What to tell of results that are made again; of those that only follow from others nothing.

    >>> sentences({"results/flow.csv": CHANGED, "results/waves.csv": STALE})
    ['Not as its step wrote it: results/flow.csv. Made again where this run needs it.']
    """
    told = []
    changed = [path for path, what in wrong.items() if what == CHANGED]
    gone = [path for path, what in wrong.items() if what == GONE]
    strange = [path for path, what in wrong.items() if what == STRANGE]
    if changed:
        who, them = ("its step", "it") if len(changed) == 1 else ("their steps", "them")
        told += [f"Not as {who} wrote {them}: {listed(changed, 3)}. Made again where this run needs {them}."]
    if gone:
        told += [f"No longer there: {listed(gone, 3)}. Made again where this run needs {'it' if len(gone) == 1 else 'them'}."]  # fmt: skip
    if strange:
        told += [f"How {counted(len(strange), 'file')} came about is not on record: made again where this run needs {'it' if len(strange) == 1 else 'them'}."]  # fmt: skip
    return told


def why(outputs: Iterable[str]) -> list[str]:
    """Why a job's files are made again, as far as their content says it; for `rejsens explain`."""
    wanted, found = set(outputs), faults()
    own = {path: what for path, what in found.items() if path in wanted}
    words = {GONE: "is not there", CHANGED: "is not as its step wrote it", STALE: "was made from an earlier file"}
    told = [f"{path} {words[what]}" for path, what in own.items() if what in words]
    return told or (["how it came about is not on record"] if own else [])
