"""A printed table from its plug-in to its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rejsens import house_style
from rejsens.layout import PrintedTable, to_csv, to_html, to_json
from rejsens.registry import load_plugin
from rejsens.status_lines import on_table
from rejsens.writers.latex import to_latex
from rejsens.writers.typst_tables import to_typst


def laid_out(module: str, tables: Mapping[str, pd.DataFrame], study: Mapping[str, Any]) -> PrintedTable:
    """The table of a plug-in with the lines that its instruments ask for, in the study's style."""
    house_style.use(study)
    plugin = load_plugin(module)
    table = on_table(plugin.lay_out(**tables, study=study), study)
    return house_style.on_table(table, study, quotes=getattr(plugin, "QUOTES", ""))


def save(table: PrintedTable, name: str, csv: str, html: str, tex: str, typ: str, json: str) -> None:
    """Write the table in each format; the arguments are paths."""
    printed = {csv: to_csv(table), html: to_html(table, name), json: to_json(table)}
    files = printed | {tex: to_latex(table, name), typ: to_typst(table, name)}
    for path, text in files.items():
        Path(path).write_text(text, encoding="utf-8")
