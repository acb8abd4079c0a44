"""Printed tables as true Word tables: the header row repeats on every page, a heading spans its row, no row is broken.

Written as XML text: cell by cell through the library a table of a hundred rows takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from docx.oxml.ns import nsdecls

from rejsens import apa
from rejsens.layout import PrintedTable, header_runs, links_by_row, split_mark
from rejsens.writers.widths import LANDSCAPE, READABLE, columns_of, letters, needed, of_numbers


class Raised(str):
    """The mark of a note, which stands above the line."""


Runs = Sequence[tuple[str, bool]]  # text and whether it is in italics
LETTER = 84  # twentieths of a point: the mean width of a letter of a table's type
SIZE = 16  # half points
TABLE_STYLE = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="ReportTable"><w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/>
<w:tblPr><w:tblBorders><w:top w:val="single" w:sz="8" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:color="000000"/></w:tblBorders>
<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr>
<w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="4" w:color="000000"/></w:tcBorders></w:tcPr></w:tblStylePr>
</w:style>"""


def table_xml(printed: PrintedTable, label: str, room: int, bookmarks: Mapping[str, str] | None = None) -> str:
    """The table as XML.

    label      what a screen reader calls it
    room       width of the page between its margins, in twentieths of a point
    bookmarks  anchor of the document -> its bookmark; a cell that leads elsewhere is no link
    """
    headings, widths = dict(printed.sections), _widths(printed, room)
    size = round(SIZE * min(1.0, LANDSCAPE / letters(printed)))
    bookmarks = bookmarks or {}
    links = links_by_row(printed, bookmarks)
    rows = [_row([header_runs(head) for head in printed.columns], printed.alignment, widths, size, head=True)]
    for k, row in enumerate(printed.rows):
        if k in headings:
            rows.append(_row([[(headings[k], False)]], ("left",), [sum(widths)], size, span=len(widths), bold=1))
        led = {at: bookmarks[anchor] for at, anchor in links.get(k, {}).items()}
        bold = 2 if k in printed.heads else 0
        rows.append(
            _row(
                (_cell_runs(*split_mark(cell, printed)) for cell in row),
                printed.alignment,
                widths,
                size,
                bold=bold,
                links=led,
            )
        )
    if not printed.rows:
        rows.append(_row([[("No rows.", False)]], ("left",), [sum(widths)], size, span=len(widths)))
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    look = '<w:tblLook w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="ReportTable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/>{look}<w:tblCaption w:val="{escape(seen(label))}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def notes_of(printed: PrintedTable) -> list[list[tuple[str, bool]]]:
    """Notes in the order general, specific, probability, each as runs."""
    general = [[("Note.", True), (" ", False), *apa.italic_runs(" ".join(printed.general))]] if printed.general else []
    specific = [[(Raised(mark), False), (" ", False), *apa.italic_runs(text)] for mark, text in printed.specific]
    return [*general, *specific, *(apa.italic_runs(text) for text in printed.probability)]


def seen(text: str) -> str:
    """A text without the control characters that XML does not know.

    >>> seen("a\\x0bb")
    'a b'
    """
    return "".join(c if c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else " " for c in text)


def _widths(printed: PrintedTable, room: int) -> list[int]:
    """Widths of the columns; those of words share what numbers leave, and no table is wider than the page."""
    columns = columns_of(printed)
    own = [needed(column) * LETTER + 200 for column in columns]  # room for a font that is wider than ours, too
    flexible = [
        0.0 if of_numbers("".join(column[1:])) else min(sum(map(len, column)) / len(column), 3 * READABLE)
        for column in columns
    ]
    long = [share if max(map(len, column)) > READABLE else 0.0 for share, column in zip(flexible, columns, strict=True)]
    left = room - sum(own)
    if left > 0 and sum(long) > 0:
        own = [width + int(left * share / sum(long)) for width, share in zip(own, long, strict=True)]
    return own if left >= 0 else [width * room // sum(own) for width in own]


def _row(
    cells: Iterable[Runs],
    alignment: Iterable[str],
    widths: Sequence[int],
    size: int,
    head: bool = False,
    span: int = 1,
    bold: int = 0,
    links: Mapping[int, str] | None = None,
) -> str:
    """bold: how many of the first cells are in bold type; links: place of a cell -> the bookmark to which it leads"""
    texts = (
        _cell(runs, side, width, size, span, place < bold, (links or {}).get(place, ""))
        for place, (runs, side, width) in enumerate(zip(cells, alignment, widths, strict=True))
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{''.join(texts)}</w:tr>"


def _cell(runs: Runs, side: str, width: int, size: int, span: int, bold: bool, bookmark: str) -> str:
    over = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    ahead = "<w:keepNext/>" if span > 1 else ""
    texts = "".join(_run(text, italic, bold, size) for text, italic in runs)
    texts = f'<w:hyperlink w:anchor="{escape(bookmark)}">{texts}</w:hyperlink>' if bookmark else texts
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{over}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="TableText"/>{ahead}<w:jc w:val="{side}"/></w:pPr>{texts}</w:p></w:tc>'
    )


def _run(text: str, italic: bool, bold: bool, size: int) -> str:
    looks = [
        ("<w:b/>", bold),
        ("<w:i/>", italic),
        (f'<w:sz w:val="{size}"/>', size != SIZE),
        ('<w:vertAlign w:val="superscript"/>', isinstance(text, Raised)),
    ]
    set_so = "".join(look for look, on in looks if on)
    return f'<w:r><w:rPr>{set_so}</w:rPr><w:t xml:space="preserve">{escape(seen(text), quote=False)}</w:t></w:r>'


def _cell_runs(text: str, mark: str) -> list[tuple[str, bool]]:
    """A cell's runs; what holds no word is not broken."""
    text = text.replace(" ", "\u00a0") if of_numbers(text) else text
    return [*apa.italic_runs(text), *([(Raised(mark), False)] if mark else [])]
