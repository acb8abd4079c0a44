"""Documents as tagged PDF for paper and screen: A4, the shipped font, checked by Typst against PDF/UA-1 and PDF/A-2a.

Every text enters as a Typst string, so that nothing in it is read as markup. A document depends on its source only: it
carries the document's own date and no identifier of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fontTools.ttLib import TTFont

from rejsens.document import (
    Bullets,
    Code,
    Document,
    Emphasis,
    Entries,
    Facts,
    Figure,
    Finding,
    Leaf,
    Link,
    Paragraph,
    Part,
    Record,
    Section,
    See,
    Strong,
    Table,
    Text,
    walk,
)
from rejsens.layout import PrintedTable, name_runs
from rejsens.problems import Problem, Refused
from rejsens.shipped_fonts import FOLDER, font_files
from rejsens.writers.typst_tables import SPLIT, TABLE_STYLE, runs, sentence, string, table
from rejsens.writers.widths import cut, lies

STANDARDS = ("ua-1", "a-2a")
WIDTH, HEIGHT = 470.0, 590.0  # points that a drawing may take
LONGEST_IN_TITLE = 30  # letters of a word of the title that stay together
RUNNING = 90  # letters of the title above each page, which has one line there
HEADINGS = 5  # levels of headings below the title
NOT_SHOWN = "\u25a1"  # stands for a character that no font has
SETUP = """
#set document(title: {title}, author: "rejsens", date: {date})
#set page(paper: "a4", margin: (x: 22mm, top: 24mm, bottom: 22mm),
  header: context [#set text(8pt, fill: luma(35%)); #if counter(page).get().first() > 1 [#{short}] #h(1fr) #strong({mark})],
  footer: context [#set text(8pt, fill: luma(35%)); #align(center)[#counter(page).display("1 / 1", both: true)]])
#set text(font: "Source Sans 3", size: 10pt, lang: {language}, region: {region}, hyphenate: true)
#set par(leading: 0.62em, spacing: 0.9em)
#show raw: set text(font: "Source Sans 3", size: 0.95em)
#show heading: set text(font: "Source Sans 3")
#show heading.where(level: 1): it => block(above: 2.4em, below: 1em, sticky: true, text(16pt, it.body))
#show heading.where(level: 2): it => block(above: 1.8em, below: 0.7em, sticky: true, text(12.5pt, it.body))
#show heading.where(level: 3): it => block(above: 1.5em, below: 0.6em, sticky: true, text(10.5pt, it.body))
#show heading.where(level: 4): it => block(above: 1.3em, below: 0.5em, sticky: true, text(10pt, it.body))
#show title: set text(22pt)
#show terms: set block(above: 1em)
#show outline: set block(above: 1.6em)
#show link: set text(fill: rgb("#1F5673"))
#show figure.where(kind: image): set block(sticky: true, above: 1.8em, below: 0.6em, width: 100%)
#show figure.where(kind: image): set align(left)
#show figure.where(kind: image): set figure.caption(position: top)
#let soft(body) = text(fill: luma(35%), body)
#let small(body) = text(0.88em, fill: luma(35%), body)
#let small-par(body) = par(small(body))
#let barred(colour, body) = block(stroke: (left: 2pt + colour), inset: (left: 8pt, y: 3pt), par(body))
#let said = (
  legend: small-par, terms: small-par, citation: small-par, eyebrow: small-par, see: small-par,
  absent: it => par(soft(emph(it))), lead: it => par(text(12pt, it)),
  status: it => barred(rgb("#1F5673"), it), support: it => barred(rgb("#1F5673"), it),
  warning: it => barred(rgb("#B07A00"), it), evidence: it => barred(luma(70%), it),
)
#let verdict(body) = box(stroke: 0.7pt + rgb("#1F5673"), radius: 6pt, inset: (x: 5pt, y: 2.5pt), text(8.5pt, strong(body)))
#let strip(minus, band, low, high, low90, high90, at, texts) = pdf.artifact(box(width: 240pt, height: 31pt, {{
  let x(v) = v * 0.75pt
  place(dx: x(minus), dy: 1.5pt, rect(width: x(band), height: 18pt, fill: rgb("#E4ECF0")))
  place(dy: 19.5pt, line(length: 240pt, stroke: 0.5pt + luma(75%)))
  place(dx: 120pt, dy: 1.5pt, line(angle: 90deg, length: 18pt, stroke: (paint: luma(45%), thickness: 0.5pt, dash: "dashed")))
  place(dx: x(low), dy: 10.5pt, line(length: x(high - low), stroke: 1.2pt + rgb("#1F5673")))
  if low90 != none {{ place(dx: x(low90), dy: 10.5pt, line(length: x(high90 - low90), stroke: 3pt + rgb("#1F5673"))) }}
  place(dx: x(at) - 3pt, dy: 7.5pt, circle(radius: 3pt, fill: white, stroke: 1.4pt + rgb("#1F5673")))
  for (place-of, body) in texts {{ place(dx: x(place-of) - 20pt, dy: 22pt, box(width: 40pt, align(center, text(7pt, fill: luma(35%), body)))) }}
}}))
"""


def write(document: Document) -> bytes:
    """The PDF's bytes; equal documents give equal bytes.

    A character that the shipped font does not have is set in a font of the machine, and where none has it, is shown as
    a square, which the first page says.

    raises   Refused: Typst found another fault
    """
    pictures = {f"{b.anchor}.svg": b.svg.encode() for b in walk(document.sections) if isinstance(b, Figure)}
    standards = STANDARDS if document.date else STANDARDS[:1]  # PDF/A asks for a date
    text = source(document)
    strange = unknown_to_the_font(text)
    if not strange:
        return compiled(text, document.title, pictures, standards)
    try:
        return compiled(text, document.title, pictures, standards, system_fonts=True)
    except Refused:
        shown = source(document, _missing(strange)).translate(dict.fromkeys(map(ord, strange), NOT_SHOWN))
        return compiled(shown, document.title, pictures, standards)


def source(document: Document, missing: str = "") -> str:
    """The document as Typst source.

    missing   a warning that stands first, where there is one
    """
    language, _, region = document.language.partition("-")
    date = "none"
    if document.date:
        year, month, day = map(int, document.date.split("-"))
        date = f"datetime(year: {year}, month: {month}, day: {day})"
    lines = [
        SETUP.format(
            title=string(document.title),
            short=string(cut(document.title, RUNNING)),
            date=date,
            mark=string(document.mark),
            language=string(language),
            region=string(region),
        ),
        TABLE_STYLE,
        f"#title({string(document.title, LONGEST_IN_TITLE)})",
        *([_paragraph(Paragraph(missing, "warning"), document)] if missing else []),
        *([_paragraph(Paragraph(document.notice, "warning"), document)] if document.notice else []),
        *([_paragraph(Paragraph(document.lead, "lead"), document)] if document.lead else []),
        *_facts(Facts(document.facts), document),
        "#outline(depth: 1)",
        "#pagebreak(weak: true)",
    ]
    pieces = [piece for section in document.sections for piece in _section(section, document, 1)]
    return "\n".join([*lines, *_turned(pieces)]) + "\n"


def compiled(
    text: str,
    subject: str,
    files: dict[str, bytes] | None = None,
    standards: Iterable[str] = STANDARDS[:1],
    system_fonts: bool = False,
) -> bytes:
    """Typst source as a tagged PDF that Typst has checked.

    files    what the source names, by name

    raises   Refused: Typst found a fault, such as a character that no font has
    """
    import typst

    try:
        return typst.compile(  # type: ignore[call-overload]  # its stubs know no sources by name
            {"main": text.encode(), **(files or {})},
            font_paths=[str(FOLDER)],
            ignore_system_fonts=not system_fonts,
            pdf_standards=list(standards),
        )
    except typst.TypstError as error:
        fault = Problem(subject, "The PDF could not be set", str(error), "", "look at the text it names")
        raise Refused(fault, subject) from None


def unknown_to_the_font(text: str) -> str:
    """Characters of a text that a face of the shipped font does not have, each once.

    >>> unknown_to_the_font("α = .84, ≥ 3, Łódź, Київ"), unknown_to_the_font("自尊")
    ('', '尊自')
    """
    faces = [set(TTFont(path, lazy=True).getBestCmap()) for path in font_files()]
    return "".join(sorted(c for c in set(text) if c.isprintable() and ord(c) not in set.intersection(*faces)))


def _missing(characters: str) -> str:
    return (
        f"The fonts at hand lack {len(characters)} characters of this report; they are shown as {NOT_SHOWN}. "
        "The page in HTML has them."
    )


# --- blocks ----------------------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """Source, whether it needs a page that lies on its side, and whether it stands with what follows it."""

    text: str
    lies: bool = False
    heads: bool = False


def _turned(pieces: Sequence[Piece]) -> list[str]:
    """The source of the pieces, with pages turned where one needs it; a heading is never left on a page of its own."""
    sides, side = [], False
    for piece in reversed(pieces):
        side = side if piece.heads else piece.lies
        sides.append(side)
    lines, now = [], False
    for piece, side in zip(pieces, reversed(sides), strict=True):
        if side != now:
            lines.append(f"#set page(flipped: {str(side).lower()})")
        lines.append(piece.text)
        now = side
    return lines


def _section(section: Section, document: Document, level: int) -> list[Piece]:
    heading = f"#heading(level: {min(level, HEADINGS)}, {string(section.heading)})"
    pieces = [Piece(heading + (f" #label({string(section.id)})" if section.id else ""), heads=True)]
    if section.summary:
        pieces.append(Piece(f"#block(sticky: true, above: 0pt, small({string(section.summary)}))", heads=True))
    for block in section.blocks:
        if isinstance(block, Section):
            pieces += _section(block, document, level + 1)
        else:
            wide = isinstance(block, Table) and lies(block.printed, SPLIT)
            pieces.append(Piece("\n".join(_block(block, document, level)), wide))
    return pieces


def _block(block: Leaf, document: Document, level: int) -> list[str]:
    """Lines of source of a block that is no section."""
    match block:
        case Paragraph():
            return [_paragraph(block, document)]
        case Bullets():
            return [f"#list({', '.join(f'[{_text(item, document)}]' for item in block.items)})"]
        case Entries():
            return [_entry(entry, document) for entry in block.items]
        case Facts():
            return _facts(block, document)
        case Table():
            return [table(block.printed, block.anchor, document.numbers[block.anchor], document.anchors)]
        case Record():
            return [table(PrintedTable(block.title, block.columns, block.rows, ("left", "left")), "")]
        case Figure():
            return _figure(block, document)
        case Finding():
            return [_finding(block, document, level)]


def _paragraph(paragraph: Paragraph, document: Document) -> str:
    text = f"[{_text(paragraph.text, document)}]"
    return f"#(said.{paragraph.role}){text}" if paragraph.role else f"#par{text}"


def _entry(entry: Iterable[Paragraph], document: Document) -> str:
    own = " ".join(_paragraph(paragraph, document) for paragraph in entry)
    return f"#block(above: 1.2em, below: 0pt, inset: (left: 8pt))[#set par(spacing: 0.6em); {own}]"


def _facts(facts: Facts, document: Document) -> list[str]:
    items = [f"terms.item([#{string(name)}], [{_text(said, document)}])" for name, said in facts.pairs]
    return [f"#terms(separator: [: ], hanging-indent: 12pt, {', '.join(items)})"] if items else []


def _finding(finding: Finding, document: Document, level: int) -> str:
    """One hypothesis: its line, then what decided; a strip shows estimate and interval, and its numbers stand in words."""
    came_out = f"#verdict({string(finding.verdict)})" + (
        f" #small({string(finding.claimed)})" if finding.claimed else ""
    )
    value = ""
    if finding.value:
        value = f" #h(1em) #{string(finding.metric)} #strong({string(finding.value)}) #{string(finding.interval)}"
    details = [f"{runs(name_runs(name))}: #{string(said)}" for name, said in finding.details]
    heading = f"#heading(level: {min(level + 1, HEADINGS)})[#{string(finding.eyebrow + ' ' + finding.heading)}]"
    lines = [
        f"#block(breakable: false, above: 1.6em, width: 100%)[{heading} #label({string(finding.id)})",
        f"#par[{came_out}{value}]",
        f"#par[{sentence(finding.estimated)}]",
        *([_strip(finding)] if finding.strip else []),
        *([f"#par(small[{' #sym.dot.c '.join(details)}])"] if details else []),
        *([f"#par[{sentence(finding.why)}]"] if finding.why else []),
        "]",
    ]
    return "\n".join(lines)


def _strip(finding: Finding) -> str:
    at = finding.strip or {}
    ends = [at.get("ci90_low", "none"), at.get("ci90_high", "none")]
    texts = [(at["minus"], at["low"]), ("160", at["zero"]), (at["sesoi"], at["high"])]
    written = ", ".join(f"({place}, {string(text)})" for place, text in texts)
    numbers = [at["minus"], at["band"], at["ci_low"], at["ci_high"], *ends, at["estimate"]]
    return f"#block(strip({', '.join(numbers)}, ({written})))"


def _figure(figure: Figure, document: Document) -> list[str]:
    """Number and title, the drawing with its words for those who do not see it, then caption and note."""
    width, height = _size(figure.svg)
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    drawing = f"image({string(figure.anchor + '.svg')}, width: {width * scale:.1f}pt, alt: {string(figure.alt)})"
    heading = f"#number({string(document.numbers[figure.anchor])})#emph({string(figure.title)})"
    caption = f"caption: [{heading}]"
    notes = [sentence(figure.caption), f'#emph("Note.") {sentence(figure.note)}' if figure.note else ""]
    return [
        f"#figure(kind: image, supplement: none, numbering: none, {caption}, {drawing}) #label({string(figure.anchor)})",
        *(f"#note[{text}]" for text in notes if text),
        "#v(0.6em)",
    ]


def _size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in points."""
    units = {"pt": 1.0, "mm": 72 / 25.4, "in": 72.0, "px": 0.75, "": 0.75}
    found = [
        re.search(rf"<svg[^>]*?\b{side}=[\"']([\d.]+)(pt|mm|in|px)?[\"']", svg, re.DOTALL)
        for side in ("width", "height")
    ]
    width, height = ((float(side[1]) * units[side[2] or ""]) if side else 0.0 for side in found)
    return width or WIDTH, height or WIDTH


# --- texts -----------------------------------------------------------------------------------------------------------


def _text(text: Text, document: Document) -> str:
    return "".join(_part(part, document) for part in ((text,) if isinstance(text, str) else text))


def _part(part: Part, document: Document) -> str:
    match part:
        case Strong():
            return f"#strong[{sentence(part.text)}]"
        case Emphasis():
            return f"#emph[#{string(part.text)}]"
        case Code():
            return f"#raw({string(part.text)})"
        case Link():
            return f"#link({string(part.target)}, {string(part.text)})"
        case See():
            number = document.numbers.get(part.anchor)
            return f"#link(label({string(part.anchor)}), {string(number)})" if number else ""
    return sentence(part)
