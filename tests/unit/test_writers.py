"""One report, three writers: page, PDF and Word file hold the same numbers, and a study at the edge still gets them all."""

import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from html import unescape

import audit
import docx
import example_tables
import pytest
from docx.oxml.ns import qn
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt
from test_report import document

from rejsens import layout
from rejsens.document import (
    Document,
    Entries,
    Facts,
    Figure,
    Finding,
    Paragraph,
    Record,
    Section,
    See,
    Strong,
    Table,
    walk,
)
from rejsens.layout import PrintedTable
from rejsens.problems import Refused
from rejsens.report import compose
from rejsens.writers import html, markdown, pdf, widths, word

NUMBER = re.compile(r"[−-]?(?:\d[\d,]*)?\.?\d+(?:\.\d+)?")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="500pt" height="{}pt"><rect width="9" height="9"/></svg>'
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


def drawn(height=300):
    return [{**figure, "svg": SVG.format(height), "png": PNG} for figure in example_tables.figures()]


@pytest.fixture(scope="module")
def report():
    return document(figures=drawn())


@pytest.fixture(scope="module")
def as_pdf(report):
    return pdf.write(report)


@pytest.fixture(scope="module")
def as_word(report):
    return word.write(report)


@pytest.fixture(scope="module")
def reopened(as_word):
    return docx.Document(io.BytesIO(as_word))


def small(*blocks, **given) -> Document:
    return Document("Small", (Section("one", "One", blocks, "One"),), date="2026-01-05", **given)


# --- what a reader can take from each format --------------------------------------------------------------------------


def text_of_pdf(content: bytes, folder) -> str:
    """Its text in the order of its tags, hyphens at the ends of lines undone."""
    (folder / "report.pdf").write_bytes(content)
    subprocess.run(["pdftotext", "-raw", "report.pdf", "report.txt"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    text = (folder / "report.txt").read_text(encoding="utf-8")
    return text.replace("\u00ad\n", "").replace("\u00ad", "")


def text_of_word(file) -> str:
    """Paragraphs and cells in the order of the page."""
    return "\n".join(piece.text or "" for piece in file.element.body.iter() if piece.tag.endswith("}t"))


def numbers(text: str) -> Counter:
    return Counter(NUMBER.findall(text.replace("\u00a0", " ")))


def tables_of(report: Document) -> list[Table]:
    return [block for block in walk(report.sections) if isinstance(block, Table)]


def cells_of_csv(table: PrintedTable) -> list[list[str]]:
    """Rows of the CSV file without the column that holds the headings of sections."""
    rows = list(csv.reader(io.StringIO(layout.to_csv(table))))
    return [[cell.lstrip("'") for cell in row[1:] if table.sections] or row for row in rows]


def cells_of_word(table) -> list[list[str]]:
    """Rows without those that are a section's heading, as they are spelt in the CSV file; marks of notes are raised."""
    found = []
    for row in table._tbl.tr_lst:
        if len(row.tc_lst) > 1:
            found.append([_plain(cell) for cell in row.tc_lst])
    return found


def _plain(cell) -> str:
    runs = [run for run in cell.iter(qn("w:r")) if not list(run.iter(qn("w:vertAlign")))]
    return "".join(run.text for run in runs).replace("\u00a0", " ")


HAS_PDFTOTEXT = shutil.which("pdftotext") is not None
needs_pdftotext = pytest.mark.skipif(not HAS_PDFTOTEXT, reason="pdftotext (poppler-utils) is not installed")


# --- they agree ------------------------------------------------------------------------------------------------------


@needs_pdftotext
def test_page_pdf_word_and_csv_hold_the_same_numbers(report, as_pdf, reopened, tmp_path):
    page = html.write(report)
    own = {
        "page": numbers(audit.Page(page).text),
        "PDF": numbers(text_of_pdf(as_pdf, tmp_path)),
        "Word": numbers(text_of_word(reopened)),
    }
    assert sum(own["page"].values()) > 3000
    for form in ("PDF", "Word"):
        # a long text may be broken at a number in the PDF, and running heads add page numbers there: none may be missing
        assert own["page"].keys() - own[form].keys() == set(), form
    in_tables = Counter()
    for table in tables_of(report):
        in_tables += numbers("\n".join(" ; ".join(row) for row in cells_of_csv(table.printed)))
    assert sum(in_tables.values()) > 1000
    for form, found in own.items():
        assert in_tables - found == Counter(), form


def test_every_table_of_the_word_file_holds_the_cells_of_its_csv(report, reopened):
    blocks = [block for block in walk(report.sections) if isinstance(block, Table | Record)]
    found = [cells_of_word(table) for table in reopened.tables]
    assert len(found) == len(blocks) > 20
    for one, block in zip(found, blocks, strict=True):
        other = cells_of_csv(block.printed) if isinstance(block, Table) else [[*block.columns], *map(list, block.rows)]
        assert one == [[cell.replace("\u00a0", " ") for cell in row] for row in other], block


def test_a_number_that_a_writer_dropped_would_be_seen(report, tmp_path):
    """The comparison above can fail: a report without one table misses numbers that the page holds."""
    lost = replace(report, sections=tuple(s for s in report.sections if s.id != "participants"))
    missed = numbers(audit.Page(html.write(report)).text) - numbers(
        text_of_word(docx.Document(io.BytesIO(word.write(lost))))
    )
    assert missed


def test_every_sentence_of_the_page_stands_in_the_word_file(report, reopened):
    said = " ".join(text_of_word(reopened).replace("\u00a0", " ").split())
    squeezed = re.sub(r"\s", "", said)
    for block in walk(report.sections):
        if isinstance(block, Paragraph):
            parts = (block.text,) if isinstance(block.text, str) else block.text
            for part in parts:
                text = part if isinstance(part, str) else getattr(part, "text", "")
                assert re.sub(r"\s", "", text) in squeezed, text


# --- what each promises ----------------------------------------------------------------------------------------------


def test_the_pdf_is_checked_tagged_and_set_in_the_shipped_font(as_pdf):
    assert as_pdf.startswith(b"%PDF-1.7")
    for sign in (b"/MarkInfo", b"/StructTreeRoot", b"pdfuaid:part>1<", b"pdfaid:part>2<", b"pdfaid:conformance>A<"):
        assert sign in as_pdf, sign
    fonts = set(re.findall(rb"/BaseFont\s*/\w+\+([\w-]+)", as_pdf))
    assert fonts and all(name.startswith(b"SourceSans3") for name in fonts)


def test_every_figure_has_its_words_in_every_format(report, as_pdf, reopened):
    figures = [block for block in walk(report.sections) if isinstance(block, Figure)]
    assert figures
    page = [given["alt"] for tag, given in audit.Page(html.write(report)).tags if tag == "img"]
    file = [shape._inline.docPr.get("descr") for shape in reopened.inline_shapes]
    assert page == file == [figure.alt for figure in figures]
    source = pdf.source(report)
    assert all(f"alt: {pdf.string(figure.alt)}" in source for figure in figures)
    assert as_pdf.count(b"/Alt") >= len(figures)


def test_the_word_file_has_captions_headings_and_heads_that_repeat(report, reopened):
    styles = Counter(paragraph.style.name for paragraph in reopened.paragraphs)
    assert styles["Title"] == 1 and styles["Heading 1"] == len(report.sections)
    assert styles["Caption"] == len(report.numbers) and styles["Table Title"] == len(reopened.tables)
    xml = reopened.element.xml
    assert xml.count("<w:tblHeader/>") == len(reopened.tables)
    targets = set(re.findall(r'w:bookmarkStart w:id="\d+" w:name="([^"]+)"', xml))
    links = set(re.findall(r'<w:hyperlink w:anchor="([^"]+)"', xml))
    assert links and links <= targets
    assert {section.header.paragraphs[0].text for section in reopened.sections} == {"Simulated data"}
    pages = {(s.orientation, s.page_width > s.page_height) for s in reopened.sections}
    assert pages == {(0, False), (1, True)}


def of_every_kind() -> Document:
    table = PrintedTable("T", ("a", "M"), (("x", "1.00^a"),), sections=((0, "S"),), specific=(("a", "N."),))
    figure = Figure("f", SVG.format(300), "Words.", "A caption, M = 1.00.", "Title", "A note.", PNG)
    finding = Finding("h", "H1", "A claim", "supported", "Estimated: a difference.", details=(("p", ".01"),))
    words = Facts((("one", "a"), ("two", (Strong("b"), See("table-t")))))
    return small(
        Paragraph("A", "warning"), words, Table("t", table), figure, finding, Record("R", ("a", "b"), (("c", "d"),))
    )


def test_the_word_file_carries_the_shipped_font(as_word):
    """Undone by the rule of the standard: the key's hexadecimal pairs from the last to the first."""
    with zipfile.ZipFile(io.BytesIO(as_word)) as parts:
        table, links = (parts.read(f"word/{name}").decode() for name in ("fontTable.xml", "_rels/fontTable.xml.rels"))
        targets = dict(re.findall(r'Id="(\w+)"[^>]*Target="([^"]+)"', links)) | dict(
            map(reversed, re.findall(r'Target="([^"]+)"[^>]*Id="(\w+)"', links))
        )
        for cut in ("Regular", "Italic", "Bold"):
            place, key = re.search(rf'<w:embed{cut} r:id="(\w+)" w:fontKey="{{([^}}]+)}}"', table).groups()
            mask = bytes.fromhex(key.replace("-", ""))[::-1]
            content = parts.read(f"word/{targets[place]}")
            font = bytes(byte ^ mask[k % 16] for k, byte in enumerate(content[:32])) + content[32:]
            own = TTFont(io.BytesIO(font))["name"]
            assert (own.getBestFamilyName(), own.getBestSubFamilyName()) == ("Source Sans 3", cut)
        assert re.search(r"<w:zoom [^>]*/>\s*<w:embedTrueTypeFonts/>", parts.read("word/settings.xml").decode())


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_every_table_and_every_cell(as_word, reopened, tmp_path):
    """Another program's reading of the Word file, as OpenDocument; heads that repeat are rows like any other there."""
    (tmp_path / "report.docx").write_bytes(as_word)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"  # its own, so that an open window does not matter
    told = [
        "soffice",
        home,
        "--headless",
        "--convert-to",
        "odt",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "report.docx"),
    ]
    subprocess.run(told, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(tmp_path / "report.odt") as parts:
        content = parts.read("content.xml").decode()
    assert len(re.findall(r"<table:table [^>]*table:name=", content)) == len(reopened.tables)
    text = re.sub(r"<[^>]+>", "", re.sub(r"<text:s(?: [^>]*)?/>|</text:p>|</table:table-cell>", " ", content))
    written = numbers("\n".join(cell for table in reopened.tables for row in cells_of_word(table) for cell in row))
    assert sum(written.values()) > 1000 and written - numbers(unescape(text)) == Counter()


def test_equal_reports_give_equal_bytes_in_another_process():
    made = [write(of_every_kind()) for write in (pdf.write, word.write)]
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, __file__],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.split() == [hashlib.sha256(content).hexdigest() for content in made]
    assert {part.date_time for part in zipfile.ZipFile(io.BytesIO(made[1])).infolist()} == {(1980, 1, 1, 0, 0, 0)}


# --- studies at the edge ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lack", ["one wave", "one instrument", "people", "nothing"])
def test_a_study_that_lacks_something_is_written_whole(lack, tmp_path):
    tables = example_tables.tables()
    if lack == "nothing":
        report = compose({}, [], {}, {"title": "Empty", "simulated": False}, {})
    else:
        if lack == "one wave":
            tables = example_tables.one_wave(tables)
        elif lack == "people":
            tables = example_tables.twenty_people(tables)
        else:
            tables["dictionary"] = tables["dictionary"][tables["dictionary"]["instrument"] == "rses"]
        report = document(tables, figures=drawn())
    file = docx.Document(io.BytesIO(word.write(report)))
    assert pdf.write(report).startswith(b"%PDF") and len(file.paragraphs) > 20
    assert [p.text for p in file.paragraphs if p.style.name == "Heading 1"] == [s.heading for s in report.sections]


def test_a_table_wider_than_the_page_is_cut_and_loses_no_cell(tmp_path):
    columns = ("Score", *(f"Column number {k}" for k in range(40)))
    rows = tuple((f"Score {k}", *(f"{k}.{c:02d} [0.10, 0.90]" for c in range(40))) for k in range(3))
    wide = PrintedTable("Very Wide", columns, rows, sections=((1, "Second part"),), general=("A note.",))
    report = small(Table("wide", wide))
    assert len(widths.fitted(wide, widths.LANDSCAPE)) > 3
    file = docx.Document(io.BytesIO(word.write(report)))
    parts = [cells_of_word(table) for table in file.tables]
    joined = [row[:1] + [cell for part in parts for cell in part[k][1:]] for k, row in enumerate(parts[0])]
    assert joined == cells_of_csv(wide)
    room = [(s.page_width - s.left_margin - s.right_margin) // 635 for s in file.sections]
    assert all(int(t._tbl.tblPr.xpath("w:tblW/@w:w")[0]) <= max(room) for t in file.tables)
    if HAS_PDFTOTEXT:
        text = " ".join(text_of_pdf(pdf.write(report), tmp_path).replace("\u00a0", " ").split())
        assert [cell for row in rows for cell in row[1:] if cell not in text] == []


def test_a_cell_longer_than_a_page_and_a_figure_taller_than_one_are_fitted():
    table = PrintedTable("Long", ("What", "Said"), (("A", "word " * 3000), ("B", "x")), ("left", "left"))
    figure = Figure("tall", SVG.format(3000), "Tall.", "A caption.", "Tall", png=PNG)
    assert pdf.write(small(Table("long", table), figure)).startswith(b"%PDF")


def test_labels_of_other_scripts_and_marks_of_markup_stand_in_every_format(tmp_path):
    texts = ("Самооценка", "Αυτοεκτίμηση", '#let x = [a] $b$ "c" \\d @e *f* _g_ <h>', "tab\there\x0b")
    report = small(*map(Paragraph, texts), Table("t", PrintedTable("T", ("a", "b"), tuple((t, "1") for t in texts))))
    file = docx.Document(io.BytesIO(word.write(report)))
    assert file.paragraphs[2].text == texts[0] and file.tables[0].cell(3, 0).text == texts[2]
    content = pdf.write(report)
    if HAS_PDFTOTEXT:
        text = text_of_pdf(content, tmp_path)
        assert all(text.count(said) >= 2 for said in texts[:2]) and text.count("@e *f* _g_ <h>") == 2


def test_a_character_that_no_font_has_is_shown_as_a_square_and_told(tmp_path, monkeypatch):
    report = small(Paragraph("自尊 of the self"), mark="Simulated data")
    real = pdf.compiled

    def without_system_fonts(*given, system_fonts=False):
        return real(*given)

    monkeypatch.setattr(pdf, "compiled", without_system_fonts)
    content = pdf.write(report)
    assert "lack 2 characters" in pdf.source(report, pdf._missing("自尊"))
    assert b"pdfuaid:part>1<" in content
    if HAS_PDFTOTEXT:
        text = text_of_pdf(content, tmp_path)
        assert "□□ of the self" in text and "lack 2 characters of this report" in text


def test_a_fault_of_the_source_is_told_in_a_sentence():
    with pytest.raises(Refused, match="could not be set"):
        pdf.compiled("#panic()", "The report")


def test_two_of_one_name_are_refused_and_a_link_to_nothing_is_nothing():
    table = Table("same", PrintedTable("T", ("a",), ()))
    with pytest.raises(ValueError, match="table-same"):
        small(table, table)
    report = small(Paragraph(("See", See("table-none"), Strong("."))), table)
    assert "#table-none" not in html.write(report) and "table-none" not in pdf.source(report)


def test_a_finding_without_an_estimate_has_neither_strip_nor_value():
    finding = Finding("f", "H1", "A claim", "not testable", "Estimated: nothing.")
    assert "strip(" not in pdf._finding(finding, small(finding), 1) and 'class="strip"' not in html.write(
        small(finding)
    )
    assert pdf.write(small(finding)).startswith(b"%PDF")


def test_every_kind_of_block_says_the_same_in_every_format():
    """A finding with a number and one without, an entry of two paragraphs, a record, a table without rows."""
    full = Finding(
        "h", "H1", "A claim of *mine*", "supported", "Estimated: a difference.", "as claimed", "b", "−0.21", "[−0.30, −0.12]",
        (("p", ".01"), ("n", "388")), "The interval lies below 0.",
    )  # fmt: skip
    bare = Finding("g", "H2", "Another claim", "not testable", "Planned: a difference.")
    empty = Table("none", PrintedTable("Nothing here", ("a", "M"), ()))
    entry = (Paragraph("Sixty people | answered."), Paragraph("Permission required.", "warning"))
    record = Record("Fingerprints", ("file", "hash"), (("w1.csv", "0af3"), ("w2.csv", "9be1")))
    report = small(Entries((entry,)), Table("t", PrintedTable("T", ("a",), (("x",),))), empty, full, bare, record,
                   Paragraph(("See ", See("table-t"), See("table-gone"), ".")), facts=(("Design", "panel survey"),))  # fmt: skip
    told = docx.Document(io.BytesIO(word.write(report)))
    cells = [cell.text for table in told.tables for row in table.rows for cell in row.cells]
    rendered = MarkdownIt("commonmark").enable("table").render(markdown.write(report))
    said = {
        "word": " ".join([*(p.text for p in told.paragraphs), *cells]),
        "html": audit.Page(html.write(report)).text,
        "markdown": unescape(re.sub("<[^>]+>", "", rendered)).replace("\\", ""),
    }
    wanted = [
        "A claim of *mine*", "supported", "as claimed", "−0.21", "[−0.30, −0.12]", ".01", "388", "The interval lies below 0.",
        "Estimated: a difference.", "Another claim", "not testable", "Planned: a difference.", "No rows.", "Nothing here",
        "Sixty people | answered.", "Permission required.", "Fingerprints", "w1.csv", "0af3", "w2.csv", "9be1", "Design",
        "panel survey", "Table 1", "Table 2",
    ]  # fmt: skip
    for name, text in said.items():
        plain = " ".join(text.replace("\u00a0", " ").split())
        assert [words for words in wanted if words not in plain] == [], name
        assert "None" not in plain and "table-gone" not in plain, name
    assert "(as claimed)" in said["markdown"] and said["markdown"].count("()") == 0


if __name__ == "__main__":
    print(*(hashlib.sha256(write(of_every_kind())).hexdigest() for write in (pdf.write, word.write)))
