"""Documents as Word files: true tables and captions, named styles, the same bytes on every run.

Looks live in styles alone, so that a journal's template takes them over: Word's own Title, Subtitle, Heading 1 to 5,
Caption, Bibliography and List Bullet, and ours, whose names begin with what they are for (Table Title, Table Text, Figure Title).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from docx import Document as new_file
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.image.image import Image
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.shape import CT_Inline
from docx.parts.image import ImagePart
from docx.shared import Emu, Mm, Pt, RGBColor

from rejsens import apa
from rejsens.document import (
    Block,
    Bullets,
    Code,
    Document,
    Emphasis,
    Entries,
    Facts,
    Figure,
    Finding,
    Link,
    Paragraph,
    Part,
    Record,
    Section,
    See,
    Strong,
    Table,
    Text,
)
from rejsens.layout import PrintedTable, name_runs
from rejsens.shipped_fonts import FAMILY
from rejsens.writers.widths import LANDSCAPE, cut, fitted, lies
from rejsens.writers.word_fonts import embed
from rejsens.writers.word_tables import TABLE_STYLE, Raised, Runs, notes_of, seen, table_xml

NO_DATE = datetime(2000, 1, 1)  # where the document has none: the time of writing would make every file another one
SPLIT = LANDSCAPE * 1.33  # letters of a line from which a table is cut into several
TALLEST = Mm(205)  # a drawing that leaves room for its caption
TWIP = 635  # English metric units in a twentieth of a point
DEEPEST = 5  # headings
LONGEST_PROPERTY = 255  # characters of a title in the file's properties
OWN_STYLES = (  # name, style it follows, size in points, italic, bold
    ("Table Title", "Normal", 10, True, False),
    ("Table Text", "Normal", 8, False, False),
    ("Table Note", "Normal", 8, False, False),
    ("Figure Title", "Normal", 10, True, False),
    ("Figure Note", "Normal", 9, False, False),
    ("Notice", "Normal", 10.5, False, True),
    ("Remark", "Normal", 10.5, False, False),
    ("Small Print", "Normal", 9, False, False),
    ("Bibliography", "Normal", 10.5, False, False),
    ("To Be Written", "Normal", 10.5, True, False),
)
STYLES = {  # role of a paragraph -> its style
    "lead": "Subtitle",
    "warning": "Notice",
    "status": "Remark",
    "support": "Remark",
    "evidence": "Remark",
    "reference": "Bibliography",
    "unwritten": "To Be Written",
    **dict.fromkeys(("legend", "terms", "citation", "eyebrow", "see", "absent"), "Small Print"),
}


def write(document: Document) -> bytes:
    """The document as the bytes of a .docx file."""
    return _Writer(document).bytes()


def write_table(printed: PrintedTable, label: str, mark: str = "", date: str = "") -> bytes:
    """One table as a .docx file of its own, under the number that it has elsewhere, which Word does not count anew."""
    document, file = Document(label, (), mark=mark, date=date), new_file(io.BytesIO(_blank(mark, date)))
    file.core_properties.title = cut(seen(label), LONGEST_PROPERTY)
    alone = _Writer(document, file)
    alone.table(printed, label)
    return _saved(alone.file)


class _Writer:
    """A file that is being filled, and what is known of the document while it is.

    file      one with its styles that holds nothing yet, where a table stands alone: Word then counts nothing anew
    """

    def __init__(self, document: Document, file: Any = None) -> None:
        self.document, self.counted = document, file is None
        self.file = file or _new(document)
        self.styles = {style.name: style.style_id for style in self.file.styles}
        self.bookmarks = self.pictures = 0
        self.marks = {anchor: _bookmark(label) for anchor, label in document.numbers.items()}
        self.marks |= {section.id: _bookmark(f"section {section.id}") for section in document.sections}
        self.lies = False  # whether the page at hand lies on its side

    def bytes(self) -> bytes:
        document = self.document
        self.new("Title", document.title)
        if document.notice:
            self.paragraph(document.notice, "Notice")
        if document.lead:
            self.paragraph(document.lead, "Subtitle")
        self.facts(Facts(document.facts))
        for section in document.sections:
            self.section(section, 1)
        return _saved(self.file)

    # --- blocks

    def section(self, section: Section, level: int) -> None:
        self.face(lies=False)
        heading = self.new(f"Heading {min(level, DEEPEST)}", section.heading)
        if level == 1:
            self.mark(heading, self.marks[section.id])
        if section.summary:
            self.paragraph(section.summary, "Small Print")
        for block in section.blocks:
            self.block(block, level)

    def block(self, block: Block, level: int) -> None:
        if not isinstance(block, Section | Table | Record):
            self.face(lies=False)
        match block:
            case Section():
                self.section(block, level + 1)
            case Paragraph():
                self.paragraph(block.text, STYLES.get(block.role, "Normal"))
            case Bullets():
                for item in block.items:
                    self.paragraph(item, "List Bullet")
            case Entries():
                for paragraph in (paragraph for entry in block.items for paragraph in entry):
                    self.paragraph(paragraph.text, STYLES.get(paragraph.role, "Normal"))
            case Facts():
                self.facts(block)
            case Table():
                self.table(block.printed, self.document.numbers[block.anchor])
            case Record():
                self.table(PrintedTable(block.title, block.columns, block.rows, ("left", "left")), "")
            case Figure():
                self.figure(block, self.document.numbers[block.anchor])
            case Finding():
                self.finding(block, level)

    def new(self, style: str = "Normal", text: str = "") -> Any:
        """A new paragraph. Its style is set by id, since the library looks a name up among all styles each time."""
        paragraph = self.file.add_paragraph(seen(text))
        paragraph._p.style = self.styles[style]
        return paragraph

    def paragraph(self, text: Text, style: str = "Normal") -> None:
        self.fill(self.new(style), text)

    def facts(self, facts: Facts) -> None:
        for name, text in facts.pairs:
            paragraph = self.new()
            paragraph.add_run(f"{seen(name)}: ").bold = True
            self.fill(paragraph, text)

    def finding(self, finding: Finding, level: int) -> None:
        self.new(f"Heading {min(level + 1, DEEPEST)}", f"{finding.eyebrow} {finding.heading}")
        line = self.new()
        line.add_run(seen(finding.verdict)).bold = True
        claimed = f" ({finding.claimed})" if finding.claimed else ""
        value = f". {finding.metric} {finding.value} {finding.interval}" if finding.value else ""
        _runs(line, apa.italic_runs(f"{claimed}{value}"))
        self.paragraph(finding.estimated)
        if finding.details:
            details = self.new("Small Print")
            for k, (name, text) in enumerate(finding.details):
                _runs(details, [("; " if k else "", False), *name_runs(name), (f": {text}", False)])
        if finding.why:
            self.paragraph(finding.why)

    def table(self, printed: PrintedTable, label: str) -> None:
        """Number and title, then the table; what no page holds is cut, and lies on its side where that helps."""
        parts = fitted(printed, SPLIT)
        self.face(lies=lies(printed, SPLIT))
        page = self.file.sections[-1]
        room = (page.page_width - page.left_margin - page.right_margin) // TWIP
        for k, part in enumerate(parts):
            if label:
                self.caption(label, new=k == 0)
            self.new("Table Title", part.title)
            xml = parse_xml(table_xml(part, f"{label} {part.title}".strip(), room, self.marks))
            self.file.element.body.insert_element_before(xml, "w:sectPr")
        notes = notes_of(printed)
        for note in notes:
            _runs(self.new("Table Note"), note)
        if not notes:
            self.new("Table Note")  # two tables without a paragraph between them become one

    def figure(self, figure: Figure, label: str) -> None:
        """The picture with its words for those who do not see it, under number and title, above caption and note."""
        self.caption(label)
        self.new("Figure Title", figure.title)
        place = self.new()
        place.paragraph_format.keep_with_next = True
        place.add_run()._r.add_drawing(self.picture(figure, label))
        self.paragraph(figure.caption, "Figure Note")
        if figure.note:
            note = [("Note.", True), (" ", False), *apa.italic_runs(figure.note)]
            _runs(self.new("Figure Note"), note)

    def picture(self, figure: Figure, label: str) -> Any:
        """A drawing in the text. Made by hand, since the library compares each new picture with every one before."""
        self.pictures += 1
        png = Image.from_blob(figure.png)
        part = ImagePart.from_image(png, PackURI(f"/word/media/image{self.pictures}.png"))
        page = self.file.sections[-1]
        room = page.page_width - page.left_margin - page.right_margin
        scale = min(1.0, room / png.width, TALLEST / png.height)
        size = [Emu(round(side * scale)) for side in (png.width, png.height)]
        inline = CT_Inline.new_pic_inline(
            self.pictures, self.file.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE), f"{figure.anchor}.png", *size
        )
        inline.docPr.set("descr", seen(figure.alt))
        inline.docPr.set("name", label)
        return inline

    def face(self, lies: bool) -> None:
        """Turn to pages that lie on their side, or back; nothing where they do already."""
        if lies == self.lies:
            return
        empty = not self.file.element.body.inner_content_elements  # a file that begins so has no page before
        page, self.lies = (self.file.sections[0] if empty else self.file.add_section()), lies
        page.orientation = WD_ORIENT.LANDSCAPE if lies else WD_ORIENT.PORTRAIT
        page.page_width, page.page_height = page.page_height, page.page_width

    def caption(self, label: str, new: bool = True) -> None:
        """The number as a field that Word counts anew, under a bookmark that links go to; a continued table repeats it."""
        found = re.fullmatch(r"(\w+) ([A-Z]*)(\d+)", label)
        assert found is not None, label
        kind, series, number = found.groups()
        paragraph = self.new("Caption")
        if not (new and self.counted):
            paragraph.add_run(label)
            return
        paragraph.add_run(f"{kind} {series}")
        _field(paragraph, f"SEQ {kind}{series} \\* ARABIC", number)
        self.mark(paragraph, _bookmark(label))

    def mark(self, paragraph: Any, bookmark: str) -> None:
        """A bookmark around all that a paragraph holds by now."""
        self.bookmarks += 1
        runs = paragraph._p.r_lst
        runs[0].addprevious(_element("w:bookmarkStart", id=str(self.bookmarks), name=bookmark))
        runs[-1].addnext(_element("w:bookmarkEnd", id=str(self.bookmarks)))

    # --- texts

    def fill(self, paragraph: Any, text: Text) -> None:
        for part in (text,) if isinstance(text, str) else text:
            self.part(paragraph, part)

    def part(self, paragraph: Any, part: Part) -> None:
        match part:
            case Strong():
                paragraph.add_run(seen(part.text)).bold = True
            case Emphasis():
                paragraph.add_run(seen(part.text)).italic = True
            case Code():
                paragraph.add_run(seen(part.text)).font.name = "Consolas"
            case Link():
                paragraph.add_run(seen(part.text))
            case See():
                if label := self.document.numbers.get(part.anchor):
                    link = _element("w:hyperlink", anchor=_bookmark(label))
                    link.append(paragraph.add_run(label)._r)
                    paragraph._p.append(link)
            case _:
                _runs(paragraph, apa.italic_runs(part))


def _runs(paragraph: Any, runs: Runs) -> None:
    """Runs of text, and raised marks of notes."""
    for text, italic in runs:
        run = paragraph.add_run(seen(text))
        run.italic, run.font.superscript = (True if italic else None), (True if isinstance(text, Raised) else None)


def _bookmark(label: str) -> str:
    return re.sub(r"\W", "_", label)[:40]  # as long as Word allows


def _element(tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def _field(paragraph: Any, code: str, shown: str) -> None:
    """A field with the text that it shows until Word counts it anew."""
    for kind in ("begin", "code", "separate", "text", "end"):
        run = paragraph.add_run(shown if kind == "text" else "")
        if kind == "code":
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {code} "
            run._r.append(instruction)
        elif kind != "text":
            run._r.append(_element("w:fldChar", fldCharType=kind))


# --- the file --------------------------------------------------------------------------------------------------------


def _new(document: Document) -> Any:
    """A file with its styles, its mark above every page and the page's number below."""
    file = new_file()
    about = file.core_properties
    about.title, about.author, about.language, about.comments = (
        cut(seen(document.title), LONGEST_PROPERTY),
        "rejsens",
        document.language,
        "",
    )
    about.created = about.modified = datetime.fromisoformat(document.date) if document.date else NO_DATE
    page = file.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(22)
    _set_styles(file.styles, document.language)
    above, below = page.header.paragraphs[0], page.footer.paragraphs[0]
    above.add_run(seen(document.mark)).bold = True
    above.alignment, below.alignment = 2, 1  # right, centred
    _field(below, "PAGE", "1")
    embed(file)
    return file


@cache
def _blank(mark: str, date: str) -> bytes:
    """A file with styles and mark that holds nothing yet: to open one takes a tenth of the time that making one does."""
    return _saved(_new(Document("", (), mark=mark, date=date)))


def _set_styles(styles: Any, language: str) -> None:
    styles["Normal"].font.name, styles["Normal"].font.size = FAMILY, Pt(10.5)
    for tongue in styles.element.iter(qn("w:lang")):
        tongue.set(qn("w:val"), language)
    for name, base, size, italic, bold in OWN_STYLES:
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=name == "Bibliography")
        style.base_style = styles[base]
        style.font.size, style.font.italic, style.font.bold = Pt(size), italic, bold
    styles["Table Text"].paragraph_format.space_after = Pt(0)
    styles["Table Note"].paragraph_format.space_before = Pt(3)
    styles["Remark"].paragraph_format.left_indent = Mm(5)
    hanging = styles["Bibliography"].paragraph_format
    hanging.left_indent, hanging.first_line_indent = Mm(12.7), Mm(-12.7)
    for name in ("Title", "Subtitle", "Caption", *_headings()):
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        styles[name].font.name, styles[name].font.color.rgb = FAMILY, RGBColor(0, 0, 0)
    for name in ("Caption", "Table Title", "Figure Title"):
        styles[name].paragraph_format.keep_with_next = True
        styles[name].paragraph_format.space_after = Pt(3)
    styles["Caption"].font.size = Pt(10)
    styles["Subtitle"].font.italic = False
    styles.element.append(parse_xml(TABLE_STYLE))


def _headings() -> Iterable[str]:
    return (f"Heading {k}" for k in range(1, DEEPEST + 1))


def _saved(file: Any) -> bytes:
    """The file with the same date on every part of it."""
    written, fixed = io.BytesIO(), io.BytesIO()
    file.save(written)
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(parts.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            packed = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), parts.read(name), packed)
    return fixed.getvalue()
