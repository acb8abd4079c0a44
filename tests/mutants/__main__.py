"""Puts one fault at a time into what decides about numbers and verdicts, and tells every fault that no test sees.

    python -m tests.mutants [MODULE ...] [--only TEXT]     `make mutants` runs all; some minutes on one core

A fault that survives fails the run unless tests/mutants/explained.yaml says why it changes nothing that counts.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
import time
import types
from pathlib import Path

import hypothesis
import pytest
import yaml

from tests.mutants.faults import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("explained.yaml")
SECONDS = 120  # a fault that makes a loop endless is seen by that
UNIT = "tests/unit"
# module -> what is asked of pytest: the tests that ought to see a fault there, the quick ones
TARGETS = {
    "scoring": (f"{UNIT}/test_scoring.py", f"{UNIT}/test_instruments.py", f"{UNIT}/test_mutants.py", "-k",
                "(test_scoring and not reach_the_scores) or worked_example or test_mutants or rejsens"),
    "inference.verdicts": (f"{UNIT}/test_inference.py", f"{UNIT}/test_mutants.py", "-k",
                           "verdict or correction or equivalence or inferiority or touches or reasons or test_mutants"),
    "claims": (f"{UNIT}/test_claims.py", f"{UNIT}/test_mutants.py"),
    "quality": (f"{UNIT}/test_quality.py", f"{UNIT}/test_mutants.py"),
    "response_patterns": (f"{UNIT}/test_quality.py", f"{UNIT}/test_mutants.py"),
}  # fmt: skip


def examine(*arguments: str) -> int:
    """The tests' exit code, in this process and without a word."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", *arguments]))


def plant(module: types.ModuleType, mutant: Mutant) -> None:
    """Give every function of a loaded module the faulty code; who imported a function by name has it too."""
    faulty = types.ModuleType(module.__name__)
    faulty.__file__ = module.__file__
    exec(compile(mutant.source, str(module.__file__), "exec"), faulty.__dict__)
    for name, new in vars(faulty).items():
        old = vars(module).get(name)
        if (
            isinstance(new, types.FunctionType)
            and new.__module__ == module.__name__
            and isinstance(old, types.FunctionType)
        ):
            old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
        elif isinstance(new, dict) and isinstance(old, dict) and not any(map(callable, new.values())):
            old.clear()
            old.update(new)
        elif isinstance(new, (int, float, str, tuple, frozenset)) and not name.startswith("__"):
            setattr(module, name, new)


def survives(module: types.ModuleType, mutant: Mutant, arguments: tuple[str, ...]) -> bool:
    """Whether all tests pass with the fault in place; tried in a process of its own."""
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        code = 99
        with contextlib.suppress(BaseException):
            plant(module, mutant)
            code = examine(*arguments)
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_module(name: str, only: str) -> tuple[int, list[str], list[str]]:
    """How many faults a module was given; those that survived without an explanation, and explanations without one."""
    file = f"workflow/rejsens/{name.replace('.', '/')}.py"
    arguments = (file, *TARGETS[name])
    if examine(*arguments):
        raise SystemExit(f"{name}: its tests fail without any fault; run pytest {' '.join(map(repr, arguments))}")
    hypothesis.settings.register_profile("same_draws", hypothesis.settings.default, derandomize=True, database=None)
    hypothesis.settings.load_profile("same_draws")
    module = importlib.import_module(f"rejsens.{name}")
    explained = (yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or {}).get(name, {})
    planted = [mutant for mutant in mutants((ROOT / file).read_text(encoding="utf-8")) if only in mutant.name]
    alive = []
    for mutant in planted:
        if survives(module, mutant, arguments):
            alive.append(mutant.name)
            print(f"    {'explained' if mutant.name in explained else 'SURVIVES '}  {mutant.name}", flush=True)
    stale = [] if only else [name for name in explained if name not in alive]
    return len(planted), [name for name in alive if name not in explained], stale


def target(name: str) -> str:
    """A module that has targets; `choices` would hold the default against them as a whole."""
    if name not in TARGETS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(TARGETS)}")
    return name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", type=target, default=list(TARGETS), metavar="MODULE")
    parser.add_argument("--only", default="", help="only faults whose name holds this text")
    wanted = parser.parse_args()
    os.chdir(ROOT)
    failed = False
    for name in wanted.modules:
        started = time.monotonic()
        print(f"{name}", flush=True)
        count, alive, stale = test_module(name, wanted.only)
        print(f"  {count} faults, {len(alive)} seen by no test and not explained; {time.monotonic() - started:.0f} s")
        for old in stale:
            print(f"    explained, but seen by a test or not made any more: {old}")
        failed |= bool(alive or stale)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
