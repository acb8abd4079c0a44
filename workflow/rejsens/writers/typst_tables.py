"""Printed tables as Typst source. Every text enters as a Typst string, so that nothing in it is read as markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from rejsens import apa
from rejsens.layout import PrintedTable, header_runs, links_by_row, split_mark
from rejsens.writers.widths import LANDSCAPE, READABLE, SHORT, columns_of, fitted, letters, needed, of_numbers

LONGEST_WORD, LONGEST_IN_CELL = 66, 40  # letters that stay together: a fingerprint of a file has 64
PIECE = 10  # letters of a longer one between two places at which it may be broken
_WORD = re.compile(
    r"[\x21-,.0-\u02ff\u0370-\u058f]{31,}"
)  # no hyphen and no slash, behind which lines end; scripts with blanks
_FINGERPRINT = re.compile("[0-9a-f]{64}")
LETTER = 0.52  # em: the mean width of a letter or digit
TALL = 900  # letters of a cell that may be broken over two pages
SIZE, SMALLEST = 8.0, 6.0  # points
SPLIT = LANDSCAPE * SIZE / SMALLEST  # letters of a line from which a table is cut into several
TABLE_STYLE = """
#set table(stroke: none, inset: (x: 3.5pt, y: 2.6pt))
#set table.cell(breakable: false)
#show figure.where(kind: table): set block(breakable: true, width: 100%, above: 1.8em, below: 0.9em)
#show figure.where(kind: table): set align(left)
#show figure.where(kind: table): set figure.caption(position: top)
#show table: set text(8pt, hyphenate: true)
#show table: set par(justify: false, leading: 0.5em)
#show figure.caption: it => block(sticky: true, below: 0.7em, it.body)
#let number(label) = [#strong(label) #linebreak()]
#let note(body) = block(above: 0.6em, below: 0pt, text(0.85em, par(leading: 0.5em, body)))
#let section(columns, body) = table.header(level: 2, repeat: false, table.cell(colspan: columns, align: center, inset: (top: 6pt), strong(body)))
"""


def string(text: str, longest: int = LONGEST_WORD) -> str:
    """A Typst string; control characters, which no page can show, become blanks, and a word beyond `longest` may be broken.

    >>> string('say "a\\\\b"')
    '"say \\\\"a\\\\\\\\b\\\\""'
    """
    seen = "".join(c if c.isprintable() or c == "\u00ad" else " " for c in text)
    seen = _WORD.sub(lambda word: _breakable(word[0]) if len(word[0]) > longest else word[0], seen)
    return '"' + seen.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _breakable(word: str) -> str:
    return word if _FINGERPRINT.fullmatch(word) else re.sub(rf"(.{{{PIECE}}})(?=.)", "\\1\u200b", word)


def runs(parts: Iterable[tuple[str, bool]], longest: int = LONGEST_WORD) -> str:
    """Content of runs, each with whether it is in italics."""
    strings = ((string(text, longest), italic) for text, italic in parts)
    return "".join(f"#emph({text})" if italic else f"#{text}" for text, italic in strings)


def sentence(text: str, longest: int = LONGEST_WORD) -> str:
    """Content of a sentence, with statistical symbols in italics and none parted from its value."""
    return runs(apa.italic_runs(text), longest)


def to_typst(printed: PrintedTable, anchor: str) -> str:
    """A table as Typst source that compiles by itself, or is taken into another text with `include`."""
    return f"{TABLE_STYLE}\n{table(printed, anchor)}\n"


def table(printed: PrintedTable, anchor: str, label: str = "", places: Collection[str] = ()) -> str:
    """Typst source of a table in the APA manner: number, title, rules above and below head and body, notes.

    A table too wide for a page that lies on its side is cut into several that repeat the stub. Numbers never break,
    words share what they leave.

    anchor  what a link to it calls it
    label   its number, such as "Table 3"; empty where nothing numbers it
    places  anchors of the document; a cell that leads elsewhere is no link
    """
    parts = fitted(printed, SPLIT)
    longest = max(letters(part) for part in parts)
    size = SIZE * min(1.0, LANDSCAPE / longest)
    lines = [f"#[#show table: set text({size:.2f}pt)"] if size < SIZE else []
    for k, part in enumerate(parts):
        lines.append(_part(part, anchor if k == 0 else "", label, size, places))
    lines += [*_notes(printed), *(["]"] if size < SIZE else []), "#v(0.6em)"]
    return "\n".join(lines) + "\n"


def _part(printed: PrintedTable, anchor: str, label: str, size: float, places: Collection[str]) -> str:
    widths, headings, columns = _widths(printed), dict(printed.sections), len(printed.columns)
    links = links_by_row(printed, places)
    lines = [
        f"#figure(kind: table, supplement: none, numbering: none, caption: [{_caption(printed, label)}], table(",
        f"columns: ({''.join(f'{width},' for width in widths)}), align: ({''.join(f'{a},' for a in printed.alignment)}),",
        "table.header(repeat: true, table.hline(stroke: 0.8pt),",
        *(f"[{runs(header_runs(head), LONGEST_IN_CELL)}]," for head in printed.columns),
        "table.hline(stroke: 0.5pt)),",
    ]
    for k, row in enumerate(printed.rows):
        if k in headings:
            lines.append(f"section({columns}, [#{string(headings[k])}]),")
        bold = k in printed.heads
        led = links.get(k, {})
        cells = (_cell(*split_mark(cell, printed), bold and at < 2, led.get(at, "")) for at, cell in enumerate(row))
        lines.append(" ".join(f"{cell}," for cell in cells))
    if not printed.rows:
        lines.append(f"table.cell(colspan: {columns})[No rows.],")
    lines.append("table.hline(stroke: 0.8pt)))" + (f" #label({string(anchor)})" if anchor else ""))
    return "\n".join(lines)


def _widths(printed: PrintedTable) -> list[str]:
    """Typst widths of the columns: those of short texts or numbers take what they need, the others share the rest.

    Typst's own widths would give the width of a heading that spans the row to one column.
    """
    widths = []
    for column in columns_of(printed):
        size = max(map(len, column))
        if size <= SHORT or all(map(of_numbers, column[1:])):
            widths.append(f"{LETTER * size:.2f}em + 7pt")
        else:
            share = max(needed(column), min(sum(map(len, column)) / len(column), 3 * READABLE))
            widths.append(f"{share:.1f}fr")
    return widths


def _caption(printed: PrintedTable, label: str) -> str:
    return (f"#number({string(label)})" if label else "") + f"#emph({string(printed.title)})"


def _cell(text: str, mark: str, bold: bool = False, anchor: str = "") -> str:
    """A cell; what holds no word is not broken, and what is as long as a page may be."""
    text = text.replace(" ", "\u00a0") if of_numbers(text) else text
    said = sentence(text, LONGEST_IN_CELL)
    body = f"#link(label({string(anchor)}))[{said}]" if anchor else said
    body += f"#super({string(mark)})" if mark else ""
    body = f"[#strong[{body}]]" if bold else f"[{body}]"
    return f"table.cell(breakable: true){body}" if len(text) > TALL else body


def _notes(printed: PrintedTable) -> list[str]:
    kinds = [
        [f'#emph("Note.") {" ".join(map(sentence, printed.general))}'] if printed.general else [],
        [f"#super({string(mark)}) {sentence(text)}" for mark, text in printed.specific],
        [sentence(text) for text in printed.probability],
    ]
    return [f"#note[{' '.join(kind)}]" for kind in kinds if kind]
