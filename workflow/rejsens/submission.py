"""Tables and figures named for submission, in one archive: Table_1.docx, Figure_1.pdf, and a list of which is which.

What the draft shows is numbered as in the draft; everything else is the supplement, S1, S2, … Equal files give an equal
archive.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rejsens.document import Document
from rejsens.draft import Numbered, numbered
from rejsens.layout import PrintedTable, to_csv
from rejsens.sections.places import of_family
from rejsens.writers import word

STAMP = (1980, 1, 1, 0, 0, 0)
PACKED_ALREADY = (".png", ".tiff", ".docx")
FAMILIES = "families"  # the folder of their figures
LIST, CAPTIONS, SUPPLEMENT = "list.csv", "captions.txt", "supplement"


def pack(
    draft: Document,
    printed: Mapping[str, PrintedTable],
    figures: Sequence[Mapping[str, Any]],
    files: Iterable[str | Path],
) -> bytes:
    """The archive.

    draft     of :py:func:`rejsens.draft.compose`, which numbers what it shows
    printed   printed tables by name; one without rows is left out, as the draft leaves it out
    figures   stem, title, caption, note of each figure, as :py:func:`rejsens.draft.figures_of` names them
    files     of the figures, in the formats to be handed in; those of a family stand in a folder of its name
    returns   the bytes of a ZIP file: Table_1.docx and .csv, Figure_1.pdf and so on, the same under supplement/,
              list.csv (label, title, name in the report, files) and captions.txt
    """
    tables = {name: table for name, table in printed.items() if table.rows}
    drawn: dict[str, list[Path]] = {}
    for path in map(Path, files):
        family = path.parent.name if path.parent.parent.name == FAMILIES else ""
        drawn.setdefault(of_family(path.stem, family) if family else path.stem, []).append(path)
    content: dict[str, bytes] = {}
    listed = [("Label", "Title", "Name in the report", "Files")]
    named = numbered(draft, tables, figures)
    for one in named:
        own = _table(one, tables[one.name], draft) if one.kind == "Table" else _figure(one, drawn.get(one.name, ()))
        content |= own
        listed.append((one.label, one.title, one.name, "; ".join(own)))
    content[LIST] = to_csv(PrintedTable("", listed[0], tuple(listed[1:]))).encode()
    content[CAPTIONS] = _captions(named, tables, figures, draft.mark).encode()
    return _zipped(content)


def file_of(label: str) -> str:
    """The name of a file, without its suffix.

    >>> file_of("Table 1"), file_of("Figure S2")
    ('Table_1', 'supplement/Figure_S2')
    """
    name = label.replace(" ", "_")
    return f"{SUPPLEMENT}/{name}" if "_S" in name else name


def _table(one: Numbered, table: PrintedTable, draft: Document) -> dict[str, bytes]:
    name = file_of(one.label)
    alone = word.write_table(table, one.label, draft.mark, draft.date)
    return {f"{name}.docx": alone, f"{name}.csv": to_csv(table).encode()}


def _figure(one: Numbered, paths: Iterable[Path]) -> dict[str, bytes]:
    return {f"{file_of(one.label)}{path.suffix}": path.read_bytes() for path in paths}


def _captions(
    named: Sequence[Numbered], tables: Mapping[str, PrintedTable], figures: Sequence[Mapping[str, Any]], mark: str
) -> str:
    """Number, title and caption of everything, as text to copy."""
    words = {one["stem"]: one for one in figures}
    said = [f"{mark}."] if mark else []
    for one in named:
        told = " ".join(tables[one.name].general) if one.kind == "Table" else _told(words[one.name], one.title)
        said.append(" ".join(filter(None, [f"{one.label}. {one.title.rstrip('.')}.", told])))
    return "\n\n".join(said) + "\n"


def _told(figure: Mapping[str, Any], title: str) -> str:
    caption = "" if figure["caption"] == title else figure["caption"]
    return " ".join(filter(None, [caption, figure.get("note") and f"Note. {figure['note']}"]))


def _zipped(content: Mapping[str, bytes]) -> bytes:
    """Files in an archive with one date, in the order of their names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.external_attr = 0o644 << 16
            packed = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            out.writestr(entry, content[name], packed)
    return made.getvalue()
