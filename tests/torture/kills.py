"""Kills at random moments: the whole process group, or Snakemake alone so that its jobs go on as orphans."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.torture.bench import WAVES, Bench, outputs_of, spoil

# rules whose results a run makes again, and how often each part is drawn; the cheap ones more often
PARTS: dict[tuple[str, ...], int] = {
    WAVES: 5,
    ("test_hypotheses", "collect_estimates"): 3,
    ("psychometrics",): 2,
    ("lay_out_table",): 3,
    ("draw_figure",): 3,
    ("draw_instrument_figures",): 1,
    ("codebook", "write_numbers", "write_draft"): 1,
    ("write_report", "write_documents"): 1,
}
SHORT = (WAVES, ("score_wave", "pool_waves"), ("compare_waves", "pool_waves"), ("pool_waves",))
MANY = ("lay_out_table", "draw_figure")  # rules of many jobs: a few of their files are enough work


def kill_once(bench: Bench, number: int) -> str:
    """One kill, one recovery; how it went in a few words.

    raises   Failed: the next run did not end with the bytes of an undisturbed one
    """
    while True:
        parts = dict.fromkeys(SHORT, 1) if bench.short else PARTS
        part = bench.chance.choices(list(parts), list(parts.values()))[0]
        study = bench.copy(f"kill-{number}")
        targets = _targets(bench, study, part)
        how = bench.chance.choice(["removed", "spoilt"])
        spoil(study, [target.removeprefix("results/") for target in targets], how)
        everything, share, wait = bench.chance.random() < 0.5, bench.chance.random(), bench.chance.uniform(0, 1.5)
        if moment := _killed(bench, study, targets, everything, share, wait):
            break
    if bench.chance.random() < 0.5:  # at once, beside the orphans, or when these have ended
        time.sleep(bench.chance.uniform(0, 3))
    bench.recovers(study, *targets)
    return f"{'run and jobs' if everything else 'Snakemake alone'} while {moment}; {part[0]} and on, results {how}"


def _targets(bench: Bench, study: Path, part: tuple[str, ...]) -> list[str]:
    files = [f"results/{file}" for file in outputs_of(study, *part)]
    if part[0] in MANY:
        stems = sorted({re.sub(r"\.\w+$", "", file) for file in files})
        few = bench.chance.sample(stems, 2)
        files = [file for file in files if re.sub(r"\.\w+$", "", file) in few]
    return files


def _killed(bench: Bench, study: Path, targets: list[str], everything: bool, share: float, wait: float) -> str:
    """Start and kill; what was being done at that moment, or nothing when the run had ended before."""
    run = bench.start(study, *bench.words(*targets))
    if share < 0.15:  # while it plans
        time.sleep(3 * wait)
        return "planning" if run.kill(everything) else ""
    steps = 0
    while run.until(" of "):
        steps += 1
        found = re.search(r"(\d+) of (\d+)  (.*)", run.said[-1])
        if found and int(found[1]) >= share * int(found[2]):
            time.sleep(wait)
            return f"“{found[3]}”" if run.kill(everything) else ""
    run.end()
    return ""


def kill_in_a_row(bench: Bench, most: int) -> str:
    """A study that begins with nothing, killed again and again until it is done, or killed often enough."""
    study, kills = bench.bare("in-a-row"), 0
    while kills < most:
        run = bench.start(study)
        run.until(" of ")
        time.sleep(bench.chance.uniform(2, 25))
        if not run.kill(everything=bench.chance.random() < 0.5):
            break
        kills += 1
    bench.recovers(study)
    return f"{kills} kills before one whole run was done"
