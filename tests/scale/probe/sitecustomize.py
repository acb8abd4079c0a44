"""Stands before the project on a job's path while `make bench-scale` runs: one line for each job, of what it took.

Python imports a module of this name by itself when it starts.
"""

import atexit
import json
import os
import re
import resource
import sys

TAKEN = os.environ.get("REJSENS_TAKEN")
IMPORT = re.compile(r"^    (?:from (rejsens[\w.]*) import (.+)|import (\w+) as \w+)$", re.M)


def _memory(key: str) -> float:
    """MB of this process: VmHWM is the most it ever had since it started, VmRSS what it has."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))


def _seconds() -> float:
    return sum(
        getattr(resource.getrusage(who), name)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        for name in ("ru_utime", "ru_stime")
    )


def _import_all(script: str) -> None:
    """What the adapter imports, and Pandera, so that the job itself can be told from its imports."""
    import importlib

    importlib.import_module("pandera.pandas")
    for package, names, module in IMPORT.findall(script):
        importlib.import_module(package or module)
        for name in names.split(",") if package else ():
            if importlib.util.find_spec(package).submodule_search_locations and importlib.util.find_spec(
                f"{package}.{name.strip()}"
            ):
                importlib.import_module(f"{package}.{name.strip()}")


def _watch(path: str) -> None:
    with open(path, encoding="utf-8") as handle:
        _import_all(handle.read())
    imported, started = _memory("VmRSS"), _seconds()

    def tell() -> None:
        job = getattr(sys.modules["__main__"], "snakemake", None)
        if job is None:
            return
        line = {
            "rule": job.rule,
            "wildcards": list(job.wildcards),
            "seconds": round(_seconds() - started, 3),
            "imports": round(started, 3),
            "peak": round(_memory("VmHWM") - imported, 1),
            "base": round(imported, 1),
            "files": [str(f) for f in [*job.input, *job.output]],
        }
        with open(TAKEN, "a", encoding="utf-8") as taken:
            taken.write(json.dumps(line) + "\n")

    atexit.register(tell)


if TAKEN and len(sys.orig_argv) > 1 and "/.snakemake/scripts/" in sys.orig_argv[-1]:
    _watch(sys.orig_argv[-1])
