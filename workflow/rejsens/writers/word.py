"""Documents and printed tables as Word files: true tables and captions, named styles, the same bytes on every run.

Looks live in styles alone, so that a journal's template takes them over: Word's own Title, Heading 1 to 4, Caption and
List Bullet, and ours, whose names begin with what they are for (Table Title, Table Text, Table Note, Figure Title).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from docx import Document as new_file
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from rejsens import apa
from rejsens.document import (
    Block,
    Bullets,
    Code,
    Document,
    Facts,
    Figure,
    Finding,
    Link,
    Paragraph,
    Part,
    Section,
    See,
    Strong,
    Table,
    Text,
)
from rejsens.layout import PrintedTable, header_runs, split_mark

NO_DATE = datetime(2000, 1, 1)  # a date would make every file another one
FONT = "Source Sans 3"
Runs = Sequence[tuple[str, bool]]  # text and whether it is in italics
OWN_STYLES = (  # name, style it follows, size in points, italic, bold
    ("Table Title", "Normal", 10, True, False),
    ("Table Text", "Normal", 8, False, False),
    ("Table Note", "Normal", 8, False, False),
    ("Figure Title", "Normal", 10, True, False),
    ("Notice", "Normal", 10, False, True),
    ("Eyebrow", "Normal", 9, False, False),
)
WIDE = 8  # columns from which a page lies on its side
TABLE_STYLE = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="ReportTable"><w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/>
<w:tblPr><w:tblBorders><w:top w:val="single" w:sz="8" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:color="000000"/></w:tblBorders>
<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr>
<w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="4" w:color="000000"/></w:tcBorders></w:tcPr></w:tblStylePr>
</w:style>"""


def write(document: Document) -> bytes:
    """The document as the bytes of a .docx file."""
    file = _new(document.title, document.language)
    file.add_paragraph(document.title, style="Title")
    if document.lead:
        _paragraph(file, document.lead, document)
    _facts(file, Facts(document.facts), document)
    for section in document.sections:
        _section(file, section, document, 1)
    return _saved(file)


def _new(title: str, language: str) -> Any:
    file = new_file()
    about = file.core_properties
    about.title, about.author, about.language, about.comments = title, "rejsens", language, ""
    about.created = about.modified = NO_DATE
    page = file.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(22)
    styles = file.styles
    styles["Normal"].font.name, styles["Normal"].font.size = FONT, Pt(10.5)
    for name, base, size, italic, bold in OWN_STYLES:
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles[base]
        style.font.size, style.font.italic, style.font.bold = Pt(size), italic, bold
    styles["Table Text"].paragraph_format.space_after = Pt(0)
    styles["Table Title"].paragraph_format.keep_with_next = True
    for name in ("Title", "Caption", *(f"Heading {k}" for k in range(1, 6))):
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        styles[name].font.name, styles[name].font.color.rgb = FONT, RGBColor(0, 0, 0)
    styles["Caption"].paragraph_format.keep_with_next = True
    styles.element.append(parse_xml(TABLE_STYLE))
    return file


def _saved(file: Any) -> bytes:
    """The file with the same date on every part of it."""
    written, fixed = io.BytesIO(), io.BytesIO()
    file.save(written)
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(parts.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), parts.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def _section(file: Any, section: Section, document: Document, level: int) -> None:
    file.add_heading(section.heading, min(level, 5))
    if section.summary:
        file.add_paragraph(section.summary, style="Eyebrow")
    for block in section.blocks:
        _block(file, block, document, level)


def _block(file: Any, block: Block, document: Document, level: int) -> None:
    if isinstance(block, Section):
        _section(file, block, document, level + 1)
    elif isinstance(block, Paragraph):
        _paragraph(file, block.text, document, "Notice" if block.role == "warning" else "Normal")
    elif isinstance(block, Bullets):
        for item in block.items:
            _paragraph(file, item, document, "List Bullet")
    elif isinstance(block, Facts):
        _facts(file, block, document)
    elif isinstance(block, Table):
        _table(file, block.printed, document.numbers[block.name])
    elif isinstance(block, Figure):
        _figure(file, block, document.numbers[block.name])
    elif isinstance(block, Finding):
        _finding(file, block, level)


def _paragraph(file: Any, text: Text, document: Document, style: str = "Normal") -> None:
    _fill(file.add_paragraph(style=style), text, document)


def _fill(paragraph: Any, text: Text, document: Document) -> None:
    for part in (text,) if isinstance(text, str) else text:
        _part(paragraph, part, document)


def _part(paragraph: Any, part: Part, document: Document) -> None:
    if isinstance(part, str):
        _runs(paragraph, apa.italic_runs(part))
    elif isinstance(part, Strong):
        paragraph.add_run(part.text).bold = True
    elif isinstance(part, Code):
        paragraph.add_run(part.text).font.name = "Consolas"
    elif isinstance(part, Link):
        paragraph.add_run(part.text)
    elif isinstance(part, See):
        paragraph.add_run(document.numbers.get(part.name, ""))


def _runs(paragraph: Any, runs: Iterable[tuple[str, bool]]) -> None:
    for text, italic in runs:
        paragraph.add_run(text).italic = True if italic else None


def _facts(file: Any, facts: Facts, document: Document) -> None:
    for name, text in facts.pairs:
        paragraph = file.add_paragraph()
        paragraph.add_run(f"{name}: ").bold = True
        _fill(paragraph, text, document)


def _finding(file: Any, finding: Finding, level: int) -> None:
    file.add_heading(f"{finding.heading}: {finding.verdict}", min(level + 1, 5))
    file.add_paragraph(finding.eyebrow, style="Eyebrow")
    value = [f"{finding.metric} = {finding.value}, {finding.interval}."] if finding.value else []
    _runs(file.add_paragraph(), apa.italic_runs(" ".join([finding.estimated, *value, finding.why])))


def _caption(file: Any, label: str, title: str) -> None:
    """The number as a field that Word counts anew, and the title on a line of its own."""
    kind, _, number = label.rpartition(" ")
    paragraph = file.add_paragraph(style="Caption")
    paragraph.add_run(f"{kind} {number[: -len(number.lstrip('A'))] if number[:1] == 'A' else ''}")
    for tag, text in (
        ("begin", ""),
        ("", f" SEQ {kind}{'A' if number[:1] == 'A' else ''} \\* ARABIC "),
        ("separate", ""),
        ("text", number.lstrip("A")),
        ("end", ""),
    ):
        run = paragraph.add_run(text if tag == "text" else "")
        if tag in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), tag)
            run._r.append(mark)
        elif not tag:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._r.append(code)
    file.add_paragraph(title, style=f"{kind} Title")


def _table(file: Any, printed: PrintedTable, label: str) -> None:
    """A true table: the header row repeats on every page, a section's heading spans the row, no row is broken."""
    wide = len(printed.columns) >= WIDE
    if wide:
        _turn(file, WD_ORIENT.LANDSCAPE)
    _caption(file, label, printed.title)
    file.element.body.insert_element_before(parse_xml(_table_xml(printed)), "w:sectPr")
    for note in _notes(printed):
        paragraph = file.add_paragraph(style="Table Note")
        for text, italic in note:
            run = paragraph.add_run(text.removeprefix("^"))
            run.italic, run.font.superscript = (True if italic else None), (True if text.startswith("^") else None)
    if wide:
        _turn(file, WD_ORIENT.PORTRAIT)


def _table_xml(printed: PrintedTable) -> str:
    """Written as text: cell by cell through the library a table of a hundred rows takes seconds."""
    headings, width = dict(printed.sections), len(printed.columns)
    rows = [_row([header_runs(head) for head in printed.columns], printed.alignment, head=True)]
    for k, row in enumerate(printed.rows):
        if k in headings:
            rows.append(_row([[(headings[k], False)]], ("left",), span=width, bold=True))
        rows.append(_row([_cell_runs(cell) for cell in row], printed.alignment))
    look = '<w:tblLook w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="ReportTable"/><w:tblW w:w="0" w:type="auto"/>{look}</w:tblPr>'
        f"<w:tblGrid>{'<w:gridCol/>' * width}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _row(cells: Sequence[Runs], alignment: Iterable[str], head: bool = False, span: int = 1, bold: bool = False) -> str:
    texts = (_cell(runs, side, span, bold) for runs, side in zip(cells, alignment, strict=True))
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{''.join(texts)}</w:tr>"


def _cell(runs: Runs, side: str, span: int, bold: bool) -> str:
    over = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    ahead = "<w:keepNext/>" if span > 1 else ""
    texts = "".join(_run(text, italic, bold) for text, italic in runs)
    return (
        f'<w:tc><w:tcPr>{over}</w:tcPr><w:p><w:pPr><w:pStyle w:val="TableText"/>{ahead}<w:jc w:val="{side}"/></w:pPr>'
        f"{texts}</w:p></w:tc>"
    )


def _run(text: str, italic: bool, bold: bool) -> str:
    """One run; a text that begins with ^ is the raised mark of a note."""
    looks = [("<w:b/>", bold), ("<w:i/>", italic), ('<w:vertAlign w:val="superscript"/>', text.startswith("^"))]
    set_so = "".join(look for look, on in looks if on)
    return f'<w:r><w:rPr>{set_so}</w:rPr><w:t xml:space="preserve">{escape(text.removeprefix("^"), quote=False)}</w:t></w:r>'


def _turn(file: Any, orientation: Any) -> None:
    page = file.add_section()
    long, short = max(page.page_width, page.page_height), min(page.page_width, page.page_height)
    lies = orientation == WD_ORIENT.LANDSCAPE
    page.orientation, page.page_width, page.page_height = orientation, *((long, short) if lies else (short, long))


def _cell_runs(cell: str) -> list[tuple[str, bool]]:
    text, mark = split_mark(cell)
    return [*apa.italic_runs(text), *([(f"^{mark}", False)] if mark else [])]


def _notes(printed: PrintedTable) -> list[list[tuple[str, bool]]]:
    general = [[("Note.", True), (" ", False), *apa.italic_runs(" ".join(printed.general))]] if printed.general else []
    specific = [[(f"^{mark}", False), (" ", False), *apa.italic_runs(text)] for mark, text in printed.specific]
    return [*general, *specific, *(apa.italic_runs(text) for text in printed.probability)]


def _figure(file: Any, figure: Figure, label: str) -> None:
    """The picture with its words for those who do not see it, under number and title, above caption and note."""
    _caption(file, label, figure.title or figure.caption)
    page = file.sections[-1]
    shape = file.add_picture(io.BytesIO(figure.png))
    room = page.page_width - page.left_margin - page.right_margin
    if shape.width > room:
        shape.width, shape.height = room, round(shape.height * room / shape.width)
    properties = shape._inline.docPr
    properties.set("descr", figure.alt)
    properties.set("name", label)
    note = " ".join(
        filter(None, [figure.caption if figure.title else "", f"Note. {figure.note}" if figure.note else ""])
    )
    file.add_paragraph(note, style="Table Note")
