"""The files of a figure, and the only way they are written. The same drawing gives the same bytes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rejsens.spreadsheet import csv_text
from rejsens.style import DPI, Drawing, applied


def save(drawing: Drawing, stem: str | Path) -> list[Path]:
    """Write a drawing as PDF, SVG and PNG, its data as CSV and its words as JSON, all beside each other.

    stem     path without a suffix
    returns  the files written

    The same drawing gives the same bytes: no dates, no software versions, identifiers from a fixed salt. Fonts are
    embedded in the PDF (TrueType); the text of the SVG is drawn as paths, with the alternative text in <title> and
    <desc>; the PNG carries it in a text chunk.
    """
    return write(Path(stem), vectors(drawing) | {"png": _png(drawing)} | beside(drawing))


def vectors(drawing: Drawing, suffixes: Sequence[str] = ("pdf", "svg")) -> dict[str, bytes]:
    """The files that have no resolution, by suffix."""
    writers = {"pdf": _pdf, "svg": _svg}
    return {suffix: writers[suffix](drawing) for suffix in suffixes}


def beside(drawing: Drawing, more: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """Data and words, by suffix; `more` stands at the end of the words."""
    return {"csv": _csv(drawing), "json": _json(drawing, more or {})}


def write(stem: Path, content: Mapping[str, bytes]) -> list[Path]:
    """Files beside each other, by suffix."""
    paths = []
    for suffix, data in content.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        path.write_bytes(data)
        paths.append(path)
    return paths


def _rendered(drawing: Drawing, form: str, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    with applied():
        drawing.figure.savefig(buffer, format=form, dpi=DPI, metadata=metadata)
    return buffer.getvalue()


def _pdf(drawing: Drawing) -> bytes:
    words = {"Title": drawing.title or None, "Subject": drawing.alt}
    return _rendered(drawing, "pdf", {"Creator": None, "Producer": None, "CreationDate": None, **words})


def _png(drawing: Drawing) -> bytes:
    words = {"Title": drawing.title, "Description": drawing.alt}
    return _rendered(drawing, "png", {"Software": None, **{key: text for key, text in words.items() if text}})


def _svg(drawing: Drawing) -> bytes:
    text = _rendered(drawing, "svg", {"Date": None, "Creator": None, "Format": None, "Type": None}).decode()
    # Nothing refers to the names of groups, and several figures in one page would share them.
    before, opening, rest = re.sub(r'<g id="[^"]*"', "<g", text).partition("<svg ")
    attributes, _, body = rest.partition(">")
    words = f"\n <title>{escape(drawing.title or 'Figure')}</title>\n <desc>{escape(drawing.alt)}</desc>"
    return f'{before}{opening}role="img" {attributes}>{words}{body}'.encode()


def _csv(drawing: Drawing) -> bytes:
    return csv_text(drawing.data).encode()


def _json(drawing: Drawing, more: Mapping[str, Any]) -> bytes:
    width, height = drawing.figure.get_size_inches() * 25.4
    record = {
        "title": drawing.title,
        "caption": drawing.caption,
        "note": drawing.note,
        "alt": drawing.alt,
        "width_mm": round(float(width), 2),
        "height_mm": round(float(height), 2),
        **more,
    }
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()
