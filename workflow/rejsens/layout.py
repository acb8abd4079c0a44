"""A table for print as data (cells, sections, notes) and its writers; nothing here knows what a table is about.

Every document format writes the same PrintedTable, so that they cannot disagree.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal

from rejsens import apa
from rejsens.spreadsheet import safe

NUMBER_SLOT = '<span class="table-number"></span>'  # the report fills it: only the report knows the order of its tables
WIDE = 16  # columns from which a printed page lies on its side
Alignment = Literal["left", "right", "center"]
RIGHT: Alignment = "right"


@dataclass(frozen=True)
class PrintedTable:
    """A table ready for print, in the APA manner.

    title      one line, title case, without a full stop
    columns    header texts; the first column is the stub that names the rows
    rows       one tuple of finished strings per row, as long as `columns`
    alignment  "left" or "right" per column; empty: stub left, the rest right
    sections   (index of the row before which it stands, heading), in order; empty when rows are not grouped
    heads      indices of rows that head those beneath them, such as a claim above its tests
    general    general notes, sentences
    specific   (mark, sentence) pairs; the mark stands in a cell as a trailing superscript, written "^a"
    probability  probability notes, sentences
    links      (index of a row, index of a column, anchor): cells that lead to a place of the document they stand in

    A row's cell ends in "^a" to refer to the specific note "a". Statistical symbols in headers and notes (M, SD, n, p)
    are set in italics by the writers.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    alignment: tuple[Alignment, ...] = ()
    sections: tuple[tuple[int, str], ...] = ()
    heads: tuple[int, ...] = ()
    general: tuple[str, ...] = ()
    specific: tuple[tuple[str, str], ...] = ()
    probability: tuple[str, ...] = ()
    links: tuple[tuple[int, int, str], ...] = ()

    def __post_init__(self) -> None:
        width = len(self.columns)
        if not self.alignment:
            object.__setattr__(self, "alignment", ("left",) + ("right",) * (width - 1))
        if len(self.alignment) != width:
            raise ValueError(f"“{self.title}” aligns {len(self.alignment)} of {width} columns")
        for k, row in enumerate(self.rows):
            if len(row) != width or not all(isinstance(cell, str) for cell in row):
                raise ValueError(f"“{self.title}”, row {k + 1}: {width} texts expected, found {row}")
        starts = [start for start, _ in self.sections]
        if starts != sorted(starts) or (starts and not 0 <= starts[0] <= starts[-1] < max(len(self.rows), 1)):
            raise ValueError(f"“{self.title}”: sections start at rows {starts} of {len(self.rows)}")


def grouped(groups: Mapping[str, Sequence[tuple[str, ...]]]) -> dict[str, tuple[Any, ...]]:
    """`rows` and `sections` of rows that come by heading; a heading without rows is left out.

    >>> grouped({"Wave 1": [("a", "1")], "Wave 2": [], "Wave 3": [("b", "2")]})
    {'rows': (('a', '1'), ('b', '2')), 'sections': ((0, 'Wave 1'), (1, 'Wave 3'))}
    """
    rows: list[tuple[str, ...]] = []
    sections = []
    for heading, own in groups.items():
        if own:
            sections.append((len(rows), heading))
            rows.extend(own)
    return {"rows": tuple(rows), "sections": tuple(sections)}


def split_mark(cell: str, printed: PrintedTable | None = None) -> tuple[str, str]:
    """A cell and the mark of its specific note.

    printed   the table it stands in: a label of a study that ends like a mark, and has no such note, stays whole

    >>> split_mark("0.84^a"), split_mark("0.84"), split_mark("x^b", PrintedTable("T", ("A",), (("x^b",),)))
    (('0.84', 'a'), ('0.84', ''), ('x^b', ''))
    """
    match = re.fullmatch(r"(.*)\^([a-z]{1,2})", cell, flags=re.DOTALL)
    meant = match and (printed is None or match[2] in dict(printed.specific))
    return (match[1], match[2]) if match and meant else (cell, "")


_SYMBOLS = r"SEM|SDC|SD|SE|df|[MNnprtzFbk]"
_SYMBOL_HEAD = re.compile(rf"((?:Adjusted |Corrected |Item–rest )?)({_SYMBOLS})((?: ?\((?:{_SYMBOLS}|%)\))?)")


def header_runs(header: str) -> list[tuple[str, bool]]:
    """A column head cut where statistical symbols stand, each run with whether it is set in italics.

    >>> header_runs("M (SD)"), header_runs("Adjusted p"), header_runs("Wave n")
    ([('M', True), (' (', False), ('SD', True), (')', False)], [('Adjusted ', False), ('p', True)], [('Wave n', False)])
    """
    match = _SYMBOL_HEAD.fullmatch(header)
    if not match:
        return [(header, False)]
    tail = re.fullmatch(rf"( ?\()({_SYMBOLS}|%)(\))", match[3])
    inner = [(tail[1], False), (tail[2], tail[2] != "%"), (tail[3], False)] if tail else []
    return [run for run in [(match[1], False), (match[2], True), *inner] if run[0]]


def name_runs(name: str) -> list[tuple[str, bool]]:
    """The name of a number cut where its symbol stands, each run with whether it is set in italics.

    >>> name_runs("Adjusted p, two-sided"), name_runs("n (people)"), name_runs("Observations")
    ([('Adjusted ', False), ('p', True), (', two-sided', False)], [('n', True), (' (people)', False)], [('Observations', False)])
    """
    match = re.fullmatch(r"(Adjusted )?([pn])\b(.*)", name)
    return (
        [run for run in [(match[1] or "", False), (match[2], True), (match[3], False)] if run[0]]
        if match
        else [(name, False)]
    )


def to_csv(table: PrintedTable) -> str:
    """The printed cells as CSV text, one row each; a section becomes a first column, notes are left out; nothing runs.

    >>> print(to_csv(PrintedTable("T", ("Score", "M"), (("A", "1.00"),), sections=((0, "Wave 1"),))), end="")
    Section,Score,M
    Wave 1,A,1.00
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")

    def write(cells: tuple[str, ...]) -> None:
        writer.writerow(safe(cell.replace("\r", " ")) for cell in cells)

    write((("Section",) if table.sections else ()) + table.columns)
    headings = dict(table.sections)
    heading = ""
    for k, row in enumerate(table.rows):
        heading = headings.get(k, heading)
        cells = tuple(split_mark(cell, table)[0] for cell in row)
        write(((heading,) if table.sections else ()) + cells)
    return text.getvalue()


def to_json(table: PrintedTable) -> str:
    """The table as JSON, for the writers of documents; :py:func:`from_json` gives it back."""
    return json.dumps(asdict(table), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> PrintedTable:
    """The table that :py:func:`to_json` wrote.

    >>> table = PrintedTable("T", ("Score", "M"), (("A", "1.00^a"),), sections=((0, "Wave 1"),), specific=(("a", "New."),))
    >>> from_json(to_json(table)) == table
    True
    """
    parts: dict[str, Any] = {key: _tuples(value) for key, value in json.loads(text).items()}
    return PrintedTable(**parts)


def _tuples(value: object) -> object:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def to_html(table: PrintedTable, name: str, places: Collection[str] = ()) -> str:
    """The table as a semantic HTML fragment inside a box that scrolls sideways by itself; every text is escaped.

    name     the module's name; the fragment's id is `table-NAME`
    places   anchors of the page it stands on; a cell that leads elsewhere is no link
    """
    head = "".join(
        f'<th scope="col" class="{a}">{header_html(c)}</th>'
        for c, a in zip(table.columns, table.alignment, strict=True)
    )
    title = f'<span class="table-title">{escape(table.title)}</span>'
    lines = [
        f'<div class="table-box{" wide" if len(table.columns) >= WIDE else ""}" id="table-{escape(name)}">',
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="caption-{escape(name)}">',
        "<table>",
        f'<caption id="caption-{escape(name)}">{NUMBER_SLOT}{title}</caption>',
        f"<thead><tr>{head}</tr></thead>",
        *_bodies(table, places),
        "</table>",
        "</div>",
        *_notes(table),
        "</div>",
    ]
    return "\n".join(lines) + "\n"


def numbered(fragment: str, label: str) -> str:
    """A fragment of `to_html` with its number, such as "Table 3"."""
    return fragment.replace(NUMBER_SLOT, f'<span class="table-number">{escape(label)}</span> ', 1)


def italics(text: str) -> str:
    """Escaped HTML of a sentence: statistical symbols in italics, and no line break between a symbol and its value.

    >>> italics("M = 3.4 & p < .001")
    '<i>M</i>&nbsp;=&nbsp;3.4 &amp; <i>p</i>&nbsp;&lt;&nbsp;.001'
    """
    return runs_html(apa.italic_runs(text)).replace("\u00a0", "&nbsp;")


def header_html(text: str) -> str:
    """Escaped HTML of a column head: statistical symbols in italics."""
    return runs_html(header_runs(text))


def runs_html(runs: Iterable[tuple[str, bool]]) -> str:
    """Escaped HTML of runs, each with whether it is in italics."""
    return "".join(f"<i>{escape(run)}</i>" if italic else escape(run) for run, italic in runs)


def _bodies(table: PrintedTable, places: Collection[str]) -> list[str]:
    """One tbody per section, so that a screen reader hears a section's heading with its rows."""
    if not table.rows:
        return [f'<tbody><tr><td class="left" colspan="{len(table.columns)}">No rows.</td></tr></tbody>']
    starts = [start for start, _ in table.sections]
    edges = sorted({0, *starts, len(table.rows)})
    headings = dict(table.sections)
    links = links_by_row(table, places)
    lines = []
    for start, end in itertools.pairwise(edges):
        lines.append("<tbody>")
        if start in headings:
            cell = f'<th scope="rowgroup" colspan="{len(table.columns)}"><span>{escape(headings[start])}</span></th>'
            lines.append(f'<tr class="section">{cell}</tr>')
        rows = enumerate(table.rows[start:end], start=start)
        lines += [_row(row, table, k in table.heads, links.get(k, {})) for k, row in rows]
        lines.append("</tbody>")
    return lines


def links_by_row(table: PrintedTable, places: Collection[str]) -> dict[int, dict[int, str]]:
    """Row -> column -> the anchor to which that cell leads, of those among the places.

    >>> table = PrintedTable("T", ("Item", "Where"), (("A", "Flow"),), links=((0, 1, "table-flow"),))
    >>> links_by_row(table, {"table-flow"}), links_by_row(table, ())
    ({0: {1: 'table-flow'}}, {})
    """
    found: dict[int, dict[int, str]] = {}
    for row, column, anchor in table.links:
        if anchor in places:
            found.setdefault(row, {})[column] = anchor
    return found


def _row(row: tuple[str, ...], table: PrintedTable, head: bool, links: Mapping[int, str]) -> str:
    stub, *cells = (_cell(*split_mark(cell, table), links.get(k, "")) for k, cell in enumerate(row))
    rest = "".join(f'<td class="{a}">{cell}</td>' for cell, a in zip(cells, table.alignment[1:], strict=True))
    start = '<tr class="head">' if head else "<tr>"
    return f'{start}<th scope="row" class="{table.alignment[0]}">{stub}</th>{rest}</tr>'


def _cell(text: str, mark: str, anchor: str) -> str:
    shown = f'<a href="#{escape(anchor)}">{italics(text)}</a>' if anchor else italics(text)
    return shown + (f"<sup>{mark}</sup>" if mark else "")


def _notes(table: PrintedTable) -> list[str]:
    lines = []
    if table.general:
        lines.append(f'<p class="note"><i>Note.</i> {" ".join(italics(s) for s in table.general)}</p>')
    if table.specific:
        marked = " ".join(f"<sup>{escape(mark)}</sup> {italics(s)}" for mark, s in table.specific)
        lines.append(f'<p class="note">{marked}</p>')
    if table.probability:
        lines.append(f'<p class="note">{" ".join(italics(s) for s in table.probability)}</p>')
    return lines
