"""The fault catalogue as a page; `python -m tests.faults.listing` writes it anew."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tests.faults.catalogue import ASIDE, FAULTS, GUARDED, LOOK, STOPS, Fault

PAGE = Path(__file__).with_name("README.md")
HEAD = """# Fault catalogue

{n} faults, each planted into a small simulated study by `test_catalogue.py` and checked with `rejsens check`. This page is
made from `catalogue.py` by `python -m tests.faults.listing`; a test fails when it is not current.

- **stops** ({stops}): the data or the sidecar shows it for certain. `rejsens check` ends with 1, and a run refuses the study.
- **sets aside** ({aside}): it is in a family of hypotheses. `rejsens check` ends with 1, and a run goes on without that family.
- **worth a look** ({look}): the data can only make it likely. It is told with its evidence, and stops nothing.
- **guarded** ({guarded}): no file can show it. A declaration does, which is required, or makes the answers come out right.
"""
WORDS = {STOPS: "stops", ASIDE: "sets aside", LOOK: "worth a look", GUARDED: "guarded"}


def page() -> str:
    """The whole page, from the catalogue alone."""
    counts = {kind: sum(f.kind == kind for f in FAULTS) for kind in WORDS}
    numbers = {"stops": counts[STOPS], "aside": counts[ASIDE], "look": counts[LOOK], "guarded": counts[GUARDED]}
    parts = [HEAD.format(n=len(FAULTS), **numbers)]
    for group, faults in groupby(FAULTS, key=lambda f: f.group):
        rows = "\n".join(f"| {_cell(f.name)} | {WORDS[f.kind]} | {_said(f)} |" for f in faults)
        parts.append(f"## {group}\n\n| fault | | what is said |\n| --- | --- | --- |\n{rows}\n")
    return "\n".join(parts)


def _said(fault: Fault) -> str:
    sentences = " … ".join(_cell(sentence) for sentence in fault.says if sentence)
    if fault.kind is not GUARDED:
        return sentences
    return f"guarded by `{_cell(fault.guard)}`" + (f"; without it: {sentences}" if sentences else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
