"""What was measured as tables: what each kind of job takes at each size, and how that grows with the size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST = 4.0  # times its largest table that the peak memory of a job may be
LARGE = 100.0  # MB of a table from where that is judged: below, what a job needs anyway is more than its table
SLOW = 2.0  # seconds from where growth is judged
SLACK = 1.1  # exponent that still counts as linear: machines are never quiet
HEAD = ("job", "size", "jobs", "seconds", "peak MB", "table MB", "peak / table", "exponent", "verdict")


MORE = ("from", "to", "jobs", "seconds", "most of it")


def one_more(measured: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """One row per step of a single wave: the jobs that ran for it, their seconds, and the three that took most.

    measured   as for `rows_of`; a job that did not run again stands at an earlier number of waves
    """
    by_size: dict[int, list[Mapping[str, Any]]] = {}
    for job in measured:
        if "wildcards" in job:  # not planning, nor a run with nothing to do
            by_size.setdefault(job["waves"], []).append(job)
    rows = []
    for size, jobs in sorted(by_size.items()):
        if size - 1 in by_size:
            most = sorted(jobs, key=lambda job: -job["seconds"])[:3]
            told = ", ".join(f"{job['rule']} {job['seconds']:.1f}" for job in most)
            rows.append((str(size - 1), str(size), str(len(jobs)), f"{sum(job['seconds'] for job in jobs):.1f}", told))
    return rows


def rows_of(measured: Iterable[Mapping[str, Any]], by: str) -> list[tuple[str, ...]]:
    """One row per kind of job and size, in order of size.

    measured   one record per job: rule, seconds and peak without its imports, table (MB), and the size in `by`
    by         what grows: waves, people, instruments or hypotheses
    returns    cells as text: jobs and their seconds together, the highest peak, the largest table, the ratio of a job's
               peak to its own table where the table is large, the exponent of seconds over the size before, a verdict
    """
    found: dict[str, dict[int, list[Mapping[str, Any]]]] = {}
    for job in measured:
        found.setdefault(job["rule"], {}).setdefault(job[by], []).append(job)
    return [row for rule, sizes in found.items() for row in _rows_of_rule(rule, sizes)]


def _rows_of_rule(rule: str, sizes: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[tuple[str, ...]]:
    rows, before = [], None
    for size in sorted(sizes):
        jobs = sizes[size]
        seconds, table = sum(job["seconds"] for job in jobs), max(job["table"] for job in jobs)
        ratios = [job["peak"] / job["table"] for job in jobs if job["table"] >= LARGE]
        steep = exponent(before, (size, seconds))
        rows.append(
            (
                rule, f"{size:,}", str(len(jobs)), f"{seconds:.1f}", f"{max(job['peak'] for job in jobs):,.0f}",
                f"{table:,.0f}", f"{max(ratios):.1f}" if ratios else "", "" if steep is None else f"{steep:.2f}",
                verdict(steep, max(ratios, default=None)),
            )
        )  # fmt: skip
        before = (size, seconds)
    return rows


def exponent(before: tuple[int, float] | None, now: tuple[int, float]) -> float | None:
    """How seconds grow from one size to the next: 1 where they double with the size; None below SLOW seconds.

    >>> exponent((10, 4.0), (20, 8.0)), exponent((10, 0.1), (20, 0.2)), exponent(None, (10, 4.0))
    (1.0, None, None)
    """
    if before is None or now[1] < SLOW or before[1] <= 0 or now[0] == before[0]:
        return None
    return math.log(now[1] / before[1]) / math.log(now[0] / before[0])


def verdict(steep: float | None, ratio: float | None) -> str:
    """What a row says of the two limits.

    >>> verdict(1.0, 3.9), verdict(1.4, None), verdict(None, 4.2), verdict(None, None)
    ('holds', 'STEEPER than linear', 'ABOVE 4 tables', '')
    """
    faults = [
        *(["STEEPER than linear"] if steep is not None and steep > SLACK else []),
        *([f"ABOVE {MOST:g} tables"] if ratio is not None and ratio > MOST else []),
    ]
    return "; ".join(faults) or ("" if steep is None and ratio is None else "holds")


def printed(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as the documentation writes it."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)
