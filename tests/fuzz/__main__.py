"""The fuzzer for as long as it is told to: `python -m tests.fuzz --seconds 600 [--seed 1] [--platform redcap]`.

Most files are read by their sidecar, some are checked, some are added with `rejsens add-wave`. Prints what became of them, and every file that was not treated rightly, with the platform and the seed that make it again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.judge import PLATFORMS, Wrong, case, judge, judge_added, judge_checked

HOW = (judge, judge, judge, judge_checked, judge, judge_added)  # by its sidecar mostly: that is fast


def main() -> int:
    """1 when something was wrong."""
    parser = argparse.ArgumentParser(description="Mutate exports of every platform and read them.")
    parser.add_argument("--seconds", type=float, default=600, help="how long")
    parser.add_argument("--seed", type=int, default=None, help="where to begin (default: by the clock)")
    parser.add_argument("--platform", action="append", choices=PLATFORMS, help="only this one (may be repeated)")
    parser.add_argument("--most", type=int, default=20, help="stop after so many faults")
    asked = parser.parse_args()
    seed = int(time.time()) if asked.seed is None else asked.seed
    said: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        cases = [case(platform, Path(folder) / platform) for platform in asked.platform or PLATFORMS]
        print(f"First seed {seed}; {len(cases)} platforms; {asked.seconds:g} seconds", flush=True)
        end = time.monotonic() + asked.seconds
        while time.monotonic() < end and wrong < asked.most:
            for it in cases:
                if time.monotonic() >= end:
                    break
                try:
                    said[HOW[seed % len(HOW)](it, seed)] += 1
                except Wrong as fault:
                    wrong += 1
                    print(f"\nWRONG {fault}", flush=True)
            seed += 1
    print(
        f"Last seed {seed - 1}. Read the same: {said['same']}, differences named: {said['named']}, refused: {said['refused']}, wrong: {wrong}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
