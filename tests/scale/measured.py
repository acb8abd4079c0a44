"""Runs a study of one size through Snakemake and gathers what each of its jobs took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).resolve().parent / "probe" / "sitecustomize.py"
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
ENVIRONMENT |= {"PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TAKEN = "REJSENS_TAKEN"
JSONL = "taken.jsonl"


def project(folder: Path) -> Path:
    """The project by links, with the probe where a job looks first for modules."""
    (folder / "workflow").mkdir(parents=True, exist_ok=True)
    links = {folder / name: ROOT / name for name in ("Snakefile", "config", "schemas")}
    links |= {folder / "workflow" / path.name: path for path in (ROOT / "workflow").iterdir()}
    links[folder / "workflow" / "sitecustomize.py"] = PROBE
    for link, real in links.items():
        if not link.is_symlink():
            link.symlink_to(real)
    return folder / "Snakefile"


def snakemake(study: Path, snakefile: Path, *arguments: str) -> tuple[dict[str, float], str]:
    """Processor seconds and peak memory (MB) of one command and what it starts, and what it said."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--cores", "1", "--nolock", *arguments]
    return timed(command, study)


def timed(command: Sequence[str], study: Path) -> tuple[dict[str, float], str]:
    """Processor seconds (children included), seconds on the clock, peak memory of the largest of its processes in MB."""
    start, said = time.perf_counter(), study / "said.txt"
    with said.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            command, cwd=study, env=ENVIRONMENT | {TAKEN: str(study / JSONL)}, stdout=sink, stderr=sink
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = {
        "code": process.returncode,
        "seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "clock": round(time.perf_counter() - start, 2),
        "peak": round(usage.ru_maxrss / 1024, 1),
    }
    return taken, said.read_text("utf-8")


def jobs(study: Path, sizes: dict[str, float]) -> list[dict[str, Any]]:
    """What each job took, with the MB of its largest table; `sizes` remembers those of files seen before."""
    path = study / JSONL
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    for job in told:
        for name in job["files"]:
            if name not in sizes:
                sizes[name] = table_size(study / name)
        job["table"] = round(max((sizes[name] for name in job.pop("files")), default=0.0), 2)
    return told


def table_size(path: Path) -> float:
    """MB of a file's table as a DataFrame holds it: 8 bytes per number, 1 per yes or no, 8 and its letters per text."""
    if path.suffix == ".parquet" and path.exists():
        file = pa.parquet.ParquetFile(path)
        return sum(_bytes(batch) for batch in file.iter_batches(200_000)) / 2**20
    if path.suffix == ".csv" and path.exists():
        try:
            return _bytes(pa.csv.read_csv(path)) / 2**20
        except pa.ArrowInvalid:
            return 0.0
    return 0.0


def _bytes(table: pa.Table | pa.RecordBatch) -> int:
    widths = 0
    for column in table.columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            letters = pa.compute.sum(pa.compute.binary_length(column.cast(pa.large_string()))).as_py() or 0
            widths += 8 * len(column) + letters
        else:
            widths += (1 if pa.types.is_boolean(kind) else 8) * len(column)
    return widths
