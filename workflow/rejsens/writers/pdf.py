"""Printed tables as Typst source, and Typst source as a tagged PDF that Typst has checked against PDF/UA-1.

Every text enters as a Typst string, so that nothing in it is read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rejsens import apa
from rejsens.layout import PrintedTable, header_runs, split_mark
from rejsens.problems import Problem, Refused
from rejsens.registry import LIBRARY

FONTS = LIBRARY / "fonts"
LETTER = 0.52  # em: the mean width of a letter or digit
LINE = 112  # letters of a table's type on an upright page, blanks between columns included
SHORT = 14  # letters up to which a column is never narrower than its text
READABLE = 24  # letters that a column of longer texts needs
TABLE_STYLE = """
#set table(stroke: none, inset: (x: 3.5pt, y: 2.6pt))
#show figure.where(kind: table): set block(breakable: true, width: 100%)
#show figure.where(kind: table): set align(left)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure.caption.where(kind: table): it => block(sticky: true, below: 0.7em, it.body)
#let number(label) = [#strong(label) #linebreak()]
#let note(body) = block(above: 0.55em, below: 0pt, text(0.88em, body))
#let section(columns, body) = table.cell(colspan: columns, align: center, inset: (top: 6pt), strong(body))
"""


def string(text: str) -> str:
    """A Typst string; control characters, which no page can show, become blanks.

    >>> string('say "a\\\\b"')
    '"say \\\\"a\\\\\\\\b\\\\""'
    """
    seen = "".join(c if c.isprintable() or c == "\u00ad" else " " for c in text)
    return '"' + seen.replace("\\", "\\\\").replace('"', '\\"') + '"'


def runs(parts: Iterable[tuple[str, bool]]) -> str:
    """Content of runs, each with whether it is in italics."""
    return "".join(f"#emph({string(text)})" if italic else f"#{string(text)}" for text, italic in parts)


def sentence(text: str) -> str:
    """Content of a sentence, with statistical symbols in italics and none parted from its value."""
    return runs(apa.italic_runs(text))


def table(printed: PrintedTable, name: str, label: str = "") -> str:
    """Typst source of a table in the APA manner: number, title, rules above and below head and body, notes.

    A table too wide for an upright page lies on its side; numbers never break, words share what they leave.

    name    what a link to it calls it, `table-NAME`
    label   its number, such as "Table 3"; empty where nothing numbers it
    """
    widths, wide = _widths(printed)
    headings = dict(printed.sections)
    lines = [
        f"#figure(kind: table, supplement: none, numbering: none, caption: [{_caption(printed, label)}], table(",
        f"columns: ({''.join(f'{width},' for width in widths)}), align: ({''.join(f'{a},' for a in printed.alignment)}),",
        "table.header(repeat: true, table.hline(stroke: 0.8pt),",
        *(f"[{runs(header_runs(head))}]," for head in printed.columns),
        "table.hline(stroke: 0.5pt)),",
    ]
    for k, row in enumerate(printed.rows):
        if k in headings:
            lines.append(f"section({len(row)}, [#{string(headings[k])}]),")
        lines.append(" ".join(f"[{_cell(cell)}]," for cell in row))
    if not printed.rows:
        lines.append(f"table.cell(colspan: {len(widths)})[No rows.],")
    lines += [f"table.hline(stroke: 0.8pt))) <table-{name}>", *_notes(printed)]
    return "\n".join(["#page(flipped: true)[", *lines, "]"] if wide else lines) + "\n"


def _widths(printed: PrintedTable) -> tuple[list[str], bool]:
    """Typst widths of the columns, and whether the page has to lie on its side.

    Columns whose cells are short, or all numbers, take what they need; the others share the rest by the length of
    their texts. Lengths are counted in letters.
    """
    cells = list(zip(printed.columns, *printed.rows, strict=True)) if printed.rows else [(c,) for c in printed.columns]
    texts = [[split_mark(cell)[0] for cell in column] for column in cells]
    longest = [max(map(len, column)) for column in texts]
    shares = [
        0.0 if size <= SHORT or all(map(_of_numbers, column[1:])) else max(SHORT, sum(map(len, column)) / len(column))
        for size, column in zip(longest, texts, strict=True)
    ]
    needed = sum(min(size, READABLE) if share else size for size, share in zip(longest, shares, strict=True))
    fixed = [
        f"{LETTER * size:.2f}em + 7pt" for size in longest
    ]  # Typst's own widths give a spanning heading to one column
    widths = [f"{share:.1f}fr" if share else width for share, width in zip(shares, fixed, strict=True)]
    return widths, needed + 2 * len(longest) > LINE


def _of_numbers(text: str) -> bool:
    return not re.search(r"[^\W\d_]{2}", text)


def _caption(printed: PrintedTable, label: str) -> str:
    return (f"#number({string(label)})" if label else "") + f"#emph({string(printed.title)})"


def _cell(cell: str) -> str:
    """A cell; what holds no word is not broken."""
    text, mark = split_mark(cell)
    text = text.replace(" ", "\u00a0") if _of_numbers(text) else text
    return sentence(text) + (f"#super({string(mark)})" if mark else "")


def _notes(printed: PrintedTable) -> list[str]:
    kinds = [
        [f'#emph("Note.") {" ".join(map(sentence, printed.general))}'] if printed.general else [],
        [f"#super({string(mark)}) {sentence(text)}" for mark, text in printed.specific],
        [sentence(text) for text in printed.probability],
    ]
    return [f"#note[{' '.join(kind)}]" for kind in kinds if kind]


def compiled(source: str, subject: str) -> bytes:
    """The PDF's bytes: tagged, the shipped fonts only, no date and no identifier, so that equal sources give equal bytes.

    raises   Refused: Typst found a fault, such as a character that the shipped font does not have
    """
    import typst

    try:
        return typst.compile(source.encode(), font_paths=[str(FONTS)], ignore_system_fonts=True, pdf_standards="ua-1")
    except typst.TypstError as error:
        fault = Problem(subject, "The PDF could not be set", str(error), "", "look at the text it names")
        raise Refused(fault, subject) from None
