"""`make bench-scale`: what each kind of job takes at growing sizes, and whether it grows at most as its data do.

python -m tests.bench_scale                                   everything, for hours
python -m tests.bench_scale --only waves --sizes 1 5          one part, at some of its sizes
python -m tests.bench_scale --only people --until results/sample.csv
python -m tests.bench_scale --show                            the tables of what was measured so far

Every job of a simulated study runs as in any study, with a probe beside it (tests/scale/probe). Seconds are those of the
processor, children included, since the clock also tells what else a machine does; imports are taken off. Peak memory is
the most that the job's process held, less what it held after its imports. The largest table is that of the files the
job reads or writes that would take most memory as a DataFrame. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.scale.growth import HEAD, MORE, one_more, printed, rows_of
from tests.scale.measured import JSONL, jobs, project, snakemake
from tests.scale.study import Size, more_waves, write_study

PARTS = {  # what grows, from which study, through which sizes
    "waves": (Size(people=20_000, instruments=10, items=15), (1, 5, 10, 25, 50, 51)),
    "people": (Size(instruments=4, items=15), (2_000, 20_000, 200_000, 1_000_000)),
    "instruments": (Size(people=300, items=6), (10, 50, 200)),
    "hypotheses": (Size(waves=2, people=300, instruments=26, items=6), (30, 100, 300)),
}
EVERYTHING = [  # every job that reads people, and what is made of all of them
    "results/sample.csv", "results/careless.csv", "results/attrition.csv", "results/psychometrics/discriminant.csv",
    "results/estimates.csv", "results/codebook/codebook.csv", "results/report/index.html",
]  # fmt: skip
PLANNING = "planning (Snakemake, dry run)"
PER_WAVE = {"validate_wave", "score_wave", "fit_answers"}  # a wave's own jobs stay done when the study grows


def measure(part: str, sizes: Sequence[int], until: Sequence[str], folder: Path) -> None:
    """Runs the studies of one part and adds a line for each job to measured.jsonl."""
    base, _ = PARTS[part]
    snakefile = project(folder / "project")
    study, done = folder / part, 0
    shutil.rmtree(study, ignore_errors=True)
    for number in sizes:
        size = replace(base, **{part: number})
        if part == "waves" and done:  # a study grows; its earlier waves are done
            more_waves(study, size, done)
        else:
            write_study(study, size)
        planned, _ = snakemake(study, snakefile, "--dry-run", "--quiet", "all")
        _keep(folder, part, size, [{"rule": PLANNING, "files": []} | planned])
        (study / JSONL).unlink(missing_ok=True)
        taken, said = snakemake(study, snakefile, "--keep-going", *until)
        if taken["code"]:
            print(said[-3000:], file=sys.stderr)
        _keep(folder, part, size, jobs(study, {}))
        idle, _ = snakemake(study, snakefile, *until)
        _keep(folder, part, size, [{"rule": "nothing to do", "files": []} | idle])
        done = number
        print(f"{part} {number:,}: {taken['seconds']:,.0f} s", flush=True)
        show(folder, [part])


def _keep(folder: Path, part: str, size: Size, found: Sequence[dict[str, Any]]) -> None:
    with (folder / "measured.jsonl").open("a", encoding="utf-8") as kept:
        for job in found:
            job.pop("files", None)
            kept.write(json.dumps({"part": part, "table": 0.0} | asdict(size) | job) + "\n")


def show(folder: Path, parts: Sequence[str]) -> None:
    """Prints one table per part, of everything measured so far; of a job measured twice the last counts."""
    path = folder / "measured.jsonl"
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    for part in parts:
        last = {(j[part], j["rule"], *j.get("wildcards", ())): j for j in told if j["part"] == part}
        jobs_of = list(last.values())
        if part == "waves":
            print(f"\nOne more wave\n\n{printed(MORE, one_more(jobs_of))}")
            sizes = sorted({job["waves"] for job in jobs_of})
            own = [job for job in jobs_of if job["rule"] in PER_WAVE]
            jobs_of += [job | {"waves": size} for job in own for size in sizes if size > job["waves"]]
        print(f"\nGrowing {part}\n\n{printed(HEAD, rows_of(jobs_of, part))}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, help="one part (default: all)")
    parser.add_argument("--sizes", type=int, nargs="+", help="with --only: these sizes instead of its own")
    parser.add_argument("--until", nargs="+", default=EVERYTHING, help="files to make (default: everything)")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rejsens-scale", help="where to work"
    )
    parser.add_argument("--show", action="store_true", help="only print what was measured so far")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    parts = [given.only] if given.only else list(PARTS)
    if given.show:
        show(given.folder, parts)
        return
    for part in parts:
        measure(part, given.sizes or PARTS[part][1], given.until, given.folder)


if __name__ == "__main__":
    main()
