"""A command without a network, and how often it tried to reach one all the same."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

# what was asked of the kernel in this namespace is told after the command, whatever came of it
TOLD = '"$@"; ended=$?; cat /proc/net/snmp >"$COUNTERS"; exit $ended'


@functools.cache
def refusal() -> str:
    """Why this machine gives no empty network namespace; empty where it does."""
    try:
        done = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        return "there is no `unshare` on this machine (it belongs to Linux)"
    return done.stderr.strip() if done.returncode else ""


def _unshare() -> list[str]:
    """Who is not root becomes it in a namespace of their own, where the system allows that."""
    return ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]


def offline(command: Sequence[str], counters: Path) -> list[str]:
    """The command in a network namespace that is empty, the loopback included; `counters` is written when it ends."""
    return [*_unshare(), "env", f"COUNTERS={counters}", "sh", "-c", TOLD, "sh", *command]


def without_schedulers(folder: Path) -> str:
    """A PATH on which Slurm's own commands do nothing: Snakemake asks them whether a cluster is there."""
    folder.mkdir(exist_ok=True)
    for name in ("scontrol", "sacct", "sinfo", "squeue"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def tries(counters: Path) -> int:
    """Packets that were sent, or would have been if there had been a way out; look-ups of names count.

    Of IPv4: Linux does not count a connection over IPv6 that finds no route, and nobody asks that way alone.
    """
    names, values = (line.split()[1:] for line in re.findall(r"^Ip: .+$", counters.read_text(), flags=re.MULTILINE))
    told = dict(zip(names, map(int, values), strict=True))
    return told["OutRequests"] + told["OutNoRoutes"]
