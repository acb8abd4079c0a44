"""`make bench-scale`: what each kind of job takes at growing sizes, and whether it grows at most as its data do."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.scale.measured import JSONL, jobs, project, snakemake
from tests.scale.study import Size, write_study


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("waves", "people", "instruments", "items", "hypotheses"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Size, name))
    parser.add_argument("--folder", type=Path, default=Path("/tmp/rejsens-scale"))
    parser.add_argument("targets", nargs="*")
    a = parser.parse_args()
    size = Size(a.waves, a.people, a.instruments, a.items, a.hypotheses)
    study = a.folder / size.name
    start = time.process_time()
    if not study.exists():
        write_study(study, size)
    print(size.name, f"written in {time.process_time() - start:.1f} s")
    (study / JSONL).unlink(missing_ok=True)
    snakefile = project(a.folder / "project")
    taken, said = snakemake(study, snakefile, "--keep-going", *a.targets)
    print(taken)
    if taken["code"]:
        print(said[-3000:])
    for j in jobs(study, {}):
        print(json.dumps(j))


if __name__ == "__main__":
    sys.exit(main())
