"""Torture the pipeline: every fault, then kills at random moments; a table of what was seen and how it ended.

python -m tests.torture [--kills 50] [--seed 1] [--only WORD] [--short] [--in FOLDER]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.torture.bench import Bench, Failed, settled
from tests.torture.faults import FAULTS, digest, mounts
from tests.torture.kills import kill_in_a_row, kill_once


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="how many kills at random moments")
    parser.add_argument("--seed", type=int, default=None, help="where chance begins (default: by the clock)")
    parser.add_argument(
        "--only", default="", help="only the faults with one of these words (A,B) in their name; no kills"
    )
    parser.add_argument("--no-faults", action="store_true", help="only the kills")
    parser.add_argument("--in", dest="place", type=Path, help="a folder to work in; its finished study is used again")
    parser.add_argument("--short", action="store_true", help="only up to the pooled waves: no psychometrics, no report")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else int(time.time())
    place = (asked.place or Path(tempfile.mkdtemp(prefix="torture-"))).resolve()
    place.mkdir(parents=True, exist_ok=True)
    bench = Bench(place, random.Random(seed), asked.cores, asked.short)
    print(f"Seed {seed}. The undisturbed run first.", flush=True)
    took = bench.prepare()
    print(f"It took {took:.0f} s; its results are {digest(bench.finished)}.\n", flush=True)
    failed = 0 if asked.no_faults else faults(bench, asked.only)
    if not asked.only:
        failed += kills(bench, asked.kills)
    if asked.place is None and not failed:
        shutil.rmtree(place)
    return bool(failed)


def faults(bench: Bench, only: str) -> int:
    """Each fault once; how many of them the pipeline did not stand."""
    failed = 0
    for name, plant in FAULTS.items():
        if only and not any(word in name for word in only.split(",")):
            continue
        if ("disk" in name or "mount" in name) and not mounts():
            report(name, "not run: this system lets nobody mount", "-")
            continue
        failed += not _stood(bench, name, plant)
    return failed


def kills(bench: Bench, number: int) -> int:
    """So many kills, a recovery after each; how many of these failed."""
    recovered = 0
    for kill in range(1, number + 1):
        recovered += _stood(bench, f"kill {kill} of {number}", lambda b, kill=kill: kill_once(b, kill))
    if number:
        print(f"\n{recovered} of {number} kills recovered to identical bytes.", flush=True)
    if number >= 10 and not bench.short:
        recovered -= not _stood(bench, "kills in a row, from nothing", lambda b: kill_in_a_row(b, number // 5))
    return number - recovered


def _stood(bench: Bench, name: str, plant: Callable[[Bench], str]) -> bool:
    """Plant one fault and print its row; the folder of one that was not stood is kept."""
    before = set(bench.place.iterdir())
    try:
        seen = plant(bench)
    except Failed as failed:
        report(name, str(failed), "FAILED")
        return False
    report(name, seen, "identical")
    for folder in set(bench.place.iterdir()) - before:
        settled(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return True


def report(name: str, seen: str, outcome: str) -> None:
    print(f"| {name} | {seen} | {outcome} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
