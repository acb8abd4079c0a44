"""Finished figures and printed tables, and the report that is composed of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens.document import Document
from rejsens.draft import figures_of
from rejsens.layout import PrintedTable, from_json
from rejsens.registry import AGGREGATES
from rejsens.report import compose
from rejsens.tabular import read_tables


def report_of(
    given: Any,
    study: Mapping[str, Any],
    record: Mapping[str, Any],
    pictures: bool = False,
    compose: Callable[..., Document] = compose,
) -> Document:
    """The report, or what else `compose` makes of the same, from the files that a job is given.

    given     paths: `figures`, `of_instruments` and perhaps `of_families` and `of_waves` (SVG files), `tables` (JSON files)
    record    as :py:func:`rejsens.provenance.provenance` makes it
    pictures  whether a writer needs the drawings in points too; such a writer switches no waves
    """
    return compose(
        read_tables(AGGREGATES),
        read_figures(given.figures, pictures),
        read_printed(given.tables),
        study,
        record,
        read_instrument_figures(given.of_instruments, pictures),
        read_instrument_figures(given.get("of_families", []), pictures),
        read_instrument_figures(given.get("of_waves", []) if not pictures else []),
    )


def outline(
    tables: Mapping[str, pd.DataFrame], study: Mapping[str, Any], record: Mapping[str, Any], titles: Mapping[str, Any]
) -> Document:
    """What stands where in the report, before anything is drawn or laid out: its sections, tables and figures by title.

    titles   "tables", "figures" and "of_families": name -> title; "families": their names
    """
    printed = {name: PrintedTable(title, ("",), (("",),)) for name, title in titles["tables"].items()}
    figures, of_family = ([_untold(*one) for one in titles[kind].items()] for kind in ("figures", "of_families"))
    return compose(tables, figures, printed, study, record, {}, dict.fromkeys(titles["families"], of_family))


def _untold(name: str, title: str) -> dict[str, Any]:
    return {"stem": name, "title": title, "svg": "", "alt": "", "caption": ""}


def figures_submitted(given: Any) -> list[Mapping[str, Any]]:
    """Words of every figure that a submission holds, from the files that a job is given."""
    return figures_of(read_figures(given.figures), read_instrument_figures(given.of_families))


def read_figures(paths: Iterable[str], pictures: bool = False) -> list[dict[str, Any]]:
    """stem, svg, file, title, alt, caption, note of each figure, in the order given; `paths` name the SVG files.

    pictures   whether to read `png` too, the drawing in points
    """
    figures: list[dict[str, Any]] = []
    for path in map(Path, paths):
        words = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        figures.append(
            {"stem": path.stem, "svg": path.read_text(encoding="utf-8"), "file": _below_results(path)}
            | {k: words.get(k, "") for k in ("title", "alt", "caption", "note")}
            | ({"png": path.with_suffix(".png").read_bytes()} if pictures else {})
        )
    return figures


def _below_results(path: Path) -> str:
    """Where a figure's files stand, for links from one file of the results to another.

    >>> _below_results(Path("results/figures/forest.svg")), _below_results(Path("elsewhere/forest.svg"))
    ('figures/forest', '')
    """
    return path.with_suffix("").relative_to("results").as_posix() if path.parts[:1] == ("results",) else ""


def read_instrument_figures(paths: Iterable[str], pictures: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Instrument (or family of hypotheses) -> its figures, from files that stand in a folder of its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        found.setdefault(Path(path).parent.name, []).extend(read_figures([path], pictures))
    return found


def read_printed(paths: Iterable[str]) -> dict[str, PrintedTable]:
    """Printed table by name, from its JSON file."""
    return {Path(path).stem: from_json(Path(path).read_text(encoding="utf-8")) for path in paths}
