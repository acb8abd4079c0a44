"""`make bench`: how long the pipeline takes, as ratios measured side by side in one run. Nothing here is a test.

python tests/bench.py            everything
python tests/bench.py check      only `rejsens check`
python tests/bench.py study      only the whole study
python tests/bench.py big        only the wave of a million people
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "REJSENS_RUN")}
ENVIRONMENT |= {"PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--logger", "rejsens", "--snakefile"]
PEOPLE, ITEMS = 1_000_000, 60


def seconds(command: Sequence[str], folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - start


def report(what: str, ours: float, theirs: float, target: float, unit: str = "s") -> None:
    verdict = "meets" if ours / theirs <= target else "MISSES"
    print(
        f"{what}: {ours:.1f} {unit} / {theirs:.1f} {unit} = {ours / theirs:.2f}  ({verdict} the target of at most {target:g})",
        flush=True,
    )


def copy_of_the_study(folder: Path) -> Path:
    study = folder / "study"
    for name in ("config", "data"):
        shutil.copytree(ROOT / name, study / name)
    return study


def whole_study(folder: Path) -> None:
    """Cold run against one plain process; a run with nothing to do against an empty Snakefile; one more wave."""
    study = copy_of_the_study(folder)
    (folder / "plain").mkdir()
    run = [*SNAKEMAKE, str(ROOT / "Snakefile"), "--cores", "2"]
    plain = seconds([sys.executable, str(ROOT / "tests/one_process.py"), str(folder / "plain")], study)
    cold = seconds(run, study)
    report("Cold run, two cores, over one plain process", cold, plain, 2.5)
    empty = folder / "Snakefile"
    empty.write_text("")
    idle = statistics.median(seconds(run, study) for _ in range(5))
    start = statistics.median(seconds([*SNAKEMAKE, str(empty), "--cores", "2"], folder) for _ in range(5))
    report("Nothing to do, over Snakemake on an empty Snakefile", idle, start, 1.3)
    add_wave(study)
    planned = subprocess.run(
        [*run, "--dry-run"], cwd=study, env=ENVIRONMENT, capture_output=True, text=True, check=True
    ).stderr
    others = [line for line in planned.splitlines() if "wave 2026" in line and "2026g" not in line]
    print(
        f"One more wave: {len(others)} jobs of other waves rerun; {seconds(run, study) / cold:.2f} of a cold run",
        flush=True,
    )


READ_ONCE = "import pandas, pandera.pandas, sys; [pandas.read_csv(file) for file in sys.argv[1:]]"


def checks(folder: Path) -> None:
    """`rejsens check` of one wave, and of the whole study, over importing pandas and pandera and reading those files once."""
    study = copy_of_the_study(folder / "checks")
    check = [sys.executable, "-m", "rejsens.cli", "check"]
    exports = sorted(map(str, (study / "data/waves").glob("*.csv")))
    wave = str(study / "data/waves/2026f.csv")
    pairs = [
        (seconds([*check, wave], study), seconds([sys.executable, "-c", READ_ONCE, wave], study)) for _ in range(7)
    ]
    report(
        "Check of a wave, over importing both and reading it", *map(statistics.median, zip(*pairs, strict=True)), 1.5
    )
    pairs = [
        (seconds([*check, "."], study), seconds([sys.executable, "-c", READ_ONCE, *exports], study)) for _ in range(7)
    ]
    ours, theirs = map(statistics.median, zip(*pairs, strict=True))
    print(
        f"Check of the whole study, over reading its {len(exports)} exports so: {ours / theirs:.2f} (no target)",
        flush=True,
    )


def add_wave(study: Path) -> None:
    waves = study / "data/waves"
    export = (waves / "2026f.csv").read_bytes()
    one_person_less = export[: export.rstrip().rindex(b"\n") + 1]  # one export for two waves would be refused
    (waves / "2026g.csv").write_bytes(one_person_less)
    sidecar = (waves / "2026f.yaml").read_text()
    for old, new in (
        ("2026f", "2026g"),
        ("2026-06", "2026-08"),
        ("2026-07", "2026-09"),
        (sha256(export), sha256(one_person_less)),
    ):
        sidecar = sidecar.replace(old, new)
    (waves / "2026g.yaml").write_text(sidecar)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


BIG_INSTRUMENT = """id: big
title: Sixty items
version: "1"
citation: "Made for the benchmark."
licence: {terms: none, permission_required: false}
key: {status: user_supplied, sources: []}
answers: {min: 1, max: 5}
items:
%s
scores:
%s
"""
SCORE = "  - {id: big_%d, label: Scale %d, method: mean, items: [%s], min_answered: 8, range: [1, 5], higher_means: more, model: reflective}"
OURS = """
import json, resource, sys
from rejsens.study import wave_with_instruments
from rejsens.validate import validate
from rejsens.score_wave import wave_scores
wave, instruments = wave_with_instruments("data/waves/big.yaml")
checked = validate(wave, instruments, json.loads(sys.argv[1]), "stop")
scores = wave_scores(checked.checked_answers, instruments, "big", 1, "wave")
assert len(scores) > 990_000 and scores["big_1"].notna().mean() > 0.9
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
THEIRS = "import pandas, sys; frame = pandas.read_csv('data/waves/big.csv'); print(frame.memory_usage(deep=True).sum() // 1024)"


def a_million_people(folder: Path) -> None:
    """Validate and score one wave of 1,000,000 people and 60 items, over plain pandas.read_csv of the same file."""
    import json

    import numpy as np
    import pandas as pd

    study = folder / "big"
    for name in ("data/waves", "schemas/instruments", "config"):
        (study / name).mkdir(parents=True)
    names = [f"big_{i:02}" for i in range(1, ITEMS + 1)]
    items = "\n".join(
        f"  - {{id: {n}, label: item_{i}{', reverse: true' if i % 3 == 0 else ''}}}" for i, n in enumerate(names)
    )
    scores = "\n".join(SCORE % (k + 1, k + 1, ", ".join(names[10 * k : 10 * k + 10])) for k in range(ITEMS // 10))
    (study / "schemas/instruments/big.yaml").write_text(BIG_INSTRUMENT % (items, scores))
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(1, 6, (PEOPLE, ITEMS), dtype=np.int8), columns=names)
    frame.insert(0, "id", np.arange(PEOPLE))
    export = study / "data/waves/big.csv"
    frame.to_csv(export, index=False)
    sidecar = {
        "title": "Big",
        "platform": "plain",
        "sha256": sha256(export.read_bytes()),
        "participant": {"column": "id"},
        "collected": {"from": "2026-01-01", "to": "2026-01-02"},
        "instruments": [{"id": "big"}],
    }
    (study / "data/waves/big.yaml").write_text(json.dumps(sidecar))
    screening = [
        {"id": "duplicate", "label": "Duplicates", "check": "duplicate_participant", "action": "exclude"},
        {"id": "runs", "label": "Long runs", "check": "long_string", "at_least": 25, "action": "exclude"},
        {
            "id": "irv",
            "label": "Little variation",
            "check": "intra_individual_variability",
            "below": 0.1,
            "action": "flag",
        },
    ]
    ours = [timed([sys.executable, "-c", OURS, json.dumps(screening)], study) for _ in range(3)]
    theirs = [timed([sys.executable, "-c", THEIRS], study) for _ in range(3)]
    report(
        "Validate and score a million people, over pandas.read_csv",
        *(statistics.median(t for t, _ in runs) for runs in (ours, theirs)),
        4,
    )
    report("Peak memory of that, over the frame's own size", ours[0][1] / 1024, theirs[0][1] / 1024, 4, "MB")


def timed(command: Sequence[str], folder: Path) -> tuple[float, int]:
    """Seconds, and the kilobytes that the command printed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - start, int(done.stdout.split()[-1])


def main() -> None:
    print(
        f"{os.cpu_count()} processors, Python {sys.version.split()[0]}; whole processes, so imports count", flush=True
    )
    parts = {"check": checks, "study": whole_study, "big": a_million_people}
    with tempfile.TemporaryDirectory() as name:
        for part in sys.argv[1:] or parts:
            parts[part](Path(name))


if __name__ == "__main__":
    main()
