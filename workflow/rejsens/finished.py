"""Finished figures and printed tables, as the report reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def read_figures(paths: Iterable[str]) -> list[dict[str, str]]:
    """stem, svg, title, alt, caption, note of each figure, in the order given; `paths` name the SVG files."""
    figures = []
    for path in map(Path, paths):
        words = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        figures.append(
            {"stem": path.stem, "svg": path.read_text(encoding="utf-8")}
            | {k: words.get(k, "") for k in ("title", "alt", "caption", "note")}
        )
    return figures


def read_instrument_figures(paths: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Instrument (or family of hypotheses) -> its figures, from files that stand in a folder of its name."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in paths:
        found.setdefault(Path(path).parent.name, []).extend(read_figures([path]))
    return found


def read_printed(paths: Iterable[str]) -> dict[str, str]:
    """Printed table by name, as HTML."""
    return {Path(path).stem: Path(path).read_text(encoding="utf-8") for path in paths}
