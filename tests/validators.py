"""Programs of others that check an export; they live in an environment of their own (`make validators`)."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
OWN = TESTS.parent / ".venv-validators/bin/python"


@functools.cache
def python_with(module: str) -> str:
    """A Python that has the module; the test skips where there is none."""
    for python in (str(OWN), sys.executable):
        if Path(python).exists() and not _run(python, "-c", f"import {module}").returncode:
            return python
    pytest.skip(f"{module} is not installed; `make validators` does it")


def checked(module: str, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What one of the scripts beside this file says."""
    return _run(python_with(module), str(TESTS / script), *map(str, arguments))


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
