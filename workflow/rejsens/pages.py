"""How every page of HTML is filled: nothing unescaped, nothing missing in silence."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parents[1] / "report"


def environment(*folders: Path) -> Environment:
    """Templates of the folders, the first that has one; without folders, those of `workflow/report`."""
    return Environment(
        loader=FileSystemLoader(folders or (TEMPLATES,)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
