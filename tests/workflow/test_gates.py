"""What `make lint` does not say: Snakemake's own linter, and that the gates are shut for the whole tree."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ROOT

# one environment serves every rule and is made from the lock by `make`; a recipe for each rule would be a second truth
ACCEPTED = {"Specify a conda environment or container for each rule."}


def test_snakemake_lints_nothing_but_what_is_accepted() -> None:
    command = [sys.executable, "-m", "snakemake", "--lint"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    findings = re.findall(r"^    \* (.+?):?$", told.stdout + told.stderr, flags=re.MULTILINE)
    assert findings, "the linter said nothing at all: did it run?\n" + told.stderr
    assert set(findings) == ACCEPTED


def test_linters_look_at_the_whole_tree_and_come_before_the_tests() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    steps = re.search(r"^lint:.*\n((?:\t.+\n)+)", makefile, flags=re.MULTILINE)
    assert steps and [line.split("/", 1)[1] for line in steps[1].splitlines()] == [
        "ruff check --quiet",
        "ruff format --check --quiet",
        "snakefmt --check Snakefile workflow/rules",
        "mypy --no-error-summary",
    ]
    assert re.search(r"^test: lint$", makefile, flags=re.MULTILINE)
