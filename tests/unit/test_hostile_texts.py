"""Markup of every kind in every part of a document: each writer shows it, and none runs it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import docx
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from openpyxl import load_workbook

sys.path.insert(0, str(Path(__file__).parent))
import test_codebook
from tests.planted_texts import Page

from rejsens import audit_words, style
from rejsens.adding.matching import plain_question
from rejsens.content_validity import read_sheets
from rejsens.document import Code, Document, Emphasis, Facts, Link, Paragraph, Section, Strong, Table
from rejsens.importers import open_export
from rejsens.importers.companions import without_markup
from rejsens.layout import PrintedTable, to_csv
from rejsens.limits import BESIDE_BYTES, UNPACKED_SMALL
from rejsens.problems import Refused
from rejsens.spreadsheet import restored
from rejsens.writers import html, latex, markdown, pdf, typst_tables, word

RUNS = '=HYPERLINK("http://example.org","go")'
ATTACK = (
    '<script>window.hit=1</script><img src=x onerror="window.hit=1">]]>&amp; {{ 7*7 }} #let x = 1 #read("/etc/passwd") '
    "$\\frac{1}{$ *b* `c` \\input{/etc/passwd} \\write18{id} [red]r[/red] \u202elrev\u202c"
)
CONTROL = "\x1b[31mred\x00\x0b"
SHOWN = ("{{ 7*7 }}", "#let x = 1", "\\input{/etc/passwd}", "[red]r[/red]", "<script>window.hit=1</script>")


@pytest.fixture(scope="module")
def report() -> Document:
    bad = f"{ATTACK} {CONTROL}"
    parts = (Strong(bad), Emphasis(bad), Code(bad), Link(bad, 'https://example.org/"><script>window.hit=1</script>'))
    table = PrintedTable(bad, (bad, RUNS), ((bad, RUNS), (RUNS, "-2+3")), ("left", "left"), ((0, bad),), general=(bad,))
    blocks = (Paragraph(bad), Paragraph(parts), Facts(((bad, bad),)), Table("t", table))
    return Document(bad, (Section("one", bad, blocks, bad),), lead=bad, mark=bad, notice=bad, date="2026-01-05")


def test_no_script_of_a_study_runs_in_a_browser(report, tmp_path):
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    (tmp_path / "page.html").write_text(html.write(report), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto((tmp_path / "page.html").as_uri())
        assert page.evaluate("window.hit") is None and dialogs == []
        assert page.locator("script").count() == 1 and page.locator("img[src=x]").count() == 0
        text = page.locator("body").inner_text()
        browser.close()
    assert [piece for piece in SHOWN if piece not in text] == []


def test_the_pdf_shows_the_markup_as_text(report, tmp_path):
    (tmp_path / "r.pdf").write_bytes(pdf.write(report))
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    said = subprocess.run(["pdftotext", "-raw", "r.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True)
    text = re.sub(r"\s", "", said.stdout.replace("\u00ad", ""))
    assert [piece for piece in SHOWN if piece.replace(" ", "") not in text] == []
    assert "root:" not in text and "49" not in re.sub(r"7\*7", "", text).replace("2026", "")


def test_the_word_file_opens_and_shows_the_markup_as_text(report):
    file = docx.Document(io.BytesIO(word.write(report)))
    text = "".join(piece.text or "" for piece in file.element.body.iter() if piece.tag.endswith("}t"))
    assert [piece for piece in SHOWN if text.count(piece) < 4] == []


def test_no_cell_of_a_table_runs_in_a_spreadsheet(report):
    import csv

    (table,) = [block.printed for block in report.sections[0].blocks if isinstance(block, Table)]
    cells = [cell for row in csv.reader(io.StringIO(to_csv(table))) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert RUNS in map(restored, cells)


def test_latex_has_no_command_of_a_study(report):
    (table,) = [block.printed for block in report.sections[0].blocks if isinstance(block, Table)]
    source = latex.to_latex(table, "t")
    assert r"\input" not in source and r"\write18" not in source and r"\frac" not in source
    assert r"\textbackslash{}input\{/etc/passwd\}" in source and not set(source) & set("\x1b\x00\x0b")


def test_a_dollar_in_a_figure_is_a_dollar(tmp_path):
    with style.applied():
        figure, axis = plt.subplots(figsize=(3, 2))
        axis.set_title("$\\frac{1}{$ costs")
        axis.set_xlabel("from $5 to $10")
        figure.savefig(tmp_path / "f.png")
        assert [axis.title.get_parse_math(), axis.xaxis.label.get_parse_math()] == [False, False]
        plt.close(figure)


# --- what a text may not be taken for ---------------------------------------------------------------------------------

LABEL = PrintedTable("T", ("Label", "n"), (("x^b", "1^a"), ("^care y", "2")), specific=(("a", "A note."),))


def test_a_label_that_ends_like_the_mark_of_a_note_stays_whole():
    """And one that begins so; what is a mark is raised as before."""
    document = Document("T", (Section("s", "s", (Paragraph("^d first"), Table("t", LABEL))),))
    assert "x^b" in Page(html.write(document)).text and "<sup>a</sup>" in html.write(document)
    file = docx.Document(io.BytesIO(word.write(document)))
    runs = [run for p in file.element.body.iter() if p.tag.endswith("}p") for run in p if run.tag.endswith("}r")]
    said = ["".join(t.text or "" for t in run.iter() if t.tag.endswith("}t")) for run in runs]
    raised = [text for text, run in zip(said, runs, strict=True) if "superscript" in run.xml]
    assert {"x^b", "^care y", "^d first"} <= set(said) and raised == ["a", "a"]
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.write(document)))
    assert "x^b" in page.text and "^care y" in page.text and "^d first" in page.text
    assert r"x\textasciicircum{}b &" in latex.to_latex(LABEL, "t") and r"1\tnote{a}" in latex.to_latex(LABEL, "t")
    assert '"x^b"' in typst_tables.to_typst(LABEL, "t") and '#super("a")' in typst_tables.to_typst(LABEL, "t")
    assert to_csv(LABEL).splitlines()[1:] == ["x^b,1", "^care y,2"]


def test_latex_joins_no_hyphens_and_no_apostrophes():
    assert latex.masked("a--b '' `c`") == "a-{}-b '{}' \\textasciigrave{}c\\textasciigrave{}"


@pytest.mark.parametrize("title", ["/* fonts of the page */", str(html.FONTS_HERE), "</title><style>"])
def test_no_title_moves_the_fonts_of_the_page(title):
    head, _, rest = html.write(Document(title, (Section("s", "s", (Paragraph("p"),)),))).partition("</title>")
    assert "@font-face" not in head and "@font-face" in rest.partition("</style>")[0]


def test_a_title_longer_than_word_allows_is_cut_in_the_files_properties_only():
    file = docx.Document(io.BytesIO(word.write(Document("t" * 300, ()))))
    assert file.core_properties.title == "t" * 254 + "…" and file.paragraphs[0].text == "t" * 300


def test_a_word_that_no_line_holds_may_be_broken_in_print(tmp_path):
    """A fingerprint and an address stay whole, to be copied; nothing leaves the page, the line above each page included."""
    digest, address = "0123456789abcdef" * 4, "https://doi.org/10.1177/0164027504268574"
    assert [typst_tables.string(text, 10) for text in (digest, address)] == [f'"{digest}"', f'"{address}"']
    table = PrintedTable("T", ("A", "B", "C"), (("W" * 90, "W" * 90, "1"),), ("left", "left", "left"))
    parts = (Paragraph("W" * 200), Paragraph(f"{digest} {address}"), Paragraph("x " * 9_000), Table("t", table))
    (tmp_path / "r.pdf").write_bytes(pdf.write(Document("W" * 200, (Section("s", "s", parts),))))
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    said = subprocess.run(
        ["pdftotext", "-bbox", "r.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    width, right = (
        [float(n) for n in re.findall(rf'{name}="([\d.]+)"', said.stdout)] for name in ("page width", "xMax")
    )
    assert len(width) > 2 and max(right) < max(width)


REST = ".. include:: /etc/passwd\n\n.. raw:: html\n\n   <script>window.hit=1</script>\n\n"


@pytest.mark.parametrize(
    "title", [f"x\n\n{REST}y", "*a* `b <javascript:c>`_ |d|_ e_ [1]_ https://example.org a@b.example", "\\"]
)
def test_the_audit_trail_takes_a_title_for_a_text(title):
    from docutils.core import publish_parts

    page = publish_parts(f"“{audit_words.literal(title)}”", writer="html")["body"]
    shown = Page(page)
    assert set(shown.elements) == {"p"} and shown.text.strip() == f"“{' '.join(title.split())}”"


# --- the codebook ----------------------------------------------------------------------------------------------------

BAD = f"{ATTACK} </script><!--"


@pytest.fixture(scope="module")
def codebook(tmp_path_factory) -> SimpleNamespace:
    """The codebook of a study whose labels, questions, choices, titles and licences are markup, formulas included."""
    choices = json.dumps({"0": RUNS, "3": BAD})
    frame = test_codebook.made(label=RUNS, question_text=f"{BAD} {CONTROL}", choices=choices)
    waves = [
        test_codebook.wave(name, month, title=BAD, licence=RUNS, source=BAD) for month, name in ((1, "w1"), (2, "w2"))
    ]
    given = test_codebook.facts(*waves, title=RUNS, description=BAD, contact=RUNS)
    given["instruments"] = {name: about | {"title": BAD, "terms": RUNS} for name, about in given["instruments"].items()}
    return test_codebook.written(tmp_path_factory.mktemp("codebook"), frame, given)


def test_no_cell_of_the_codebooks_workbook_runs(codebook):
    book = load_workbook(codebook.xlsx)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "b"}  # no formula
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == [] and RUNS in map(restored, texts)
    assert sum("<script>window.hit=1</script>" in text for text in texts) > 10


def test_the_codebooks_page_shows_the_markup_as_text(codebook):
    page = Page(Path(codebook.html).read_text(encoding="utf-8"))
    assert not {"script", "img", "iframe", "object", "embed", "base", "form"} & set(page.elements)
    assert [name for name in page.attributes if name.startswith("on")] == []
    assert [piece for piece in SHOWN if piece not in page.text] == []


def test_the_codebooks_json_holds_the_texts_as_they_are(codebook):
    text = Path(codebook.jsonld).read_text(encoding="utf-8")
    told = json.loads(text)
    assert (told["@context"], told["@type"], told["name"]) == ("https://schema.org/", "Dataset", RUNS)
    measured = {one["name"]: one for one in told["variableMeasured"]}["gad7_01"]
    assert measured["alternateName"] == RUNS.lower() and measured["description"].startswith(BAD)
    assert {term["name"] for term in measured["valueReference"]} >= {RUNS, BAD}
    assert not set(text) & set("\x1b\x00\x0b")  # written as \u001b


# --- the draft in Markdown -------------------------------------------------------------------------------------------


def test_the_markdown_shows_the_markup_as_text(report):
    """Read as a forge reads it: HTML within is HTML, unless it was masked."""
    source = markdown.write(report)
    assert not set(source) & set("\x1b\x00\x0b")
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(source))
    assert (
        not {"script", "img"} & set(page.elements) and [name for name in page.attributes if name.startswith("on")] == []
    )
    assert set(page.elements) <= {"h1", "h2", "h3", "p", "strong", "em", "code", "a", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
    shown = page.text
    assert [piece for piece in (*SHOWN, "]]>&amp; {{", "`c`") if shown.count(piece) < 6] == []


def test_a_title_of_several_lines_opens_no_block_in_markdown():
    title = "One\n===\n\n    code\n\n---\n- item\n<b>\n1. x"
    source = markdown.write(Document(title, (Section("s", title, (Paragraph(title),)),), lead=title))
    tags = Page(MarkdownIt("commonmark", {"html": True}).render(source)).elements
    assert tags == ["h1", "p", "h2", "p"]


@pytest.mark.parametrize("part", [Code("a ` <script>b</script> ``"), Link("a", "b.html) <script>c</script> (")])
def test_neither_code_nor_an_address_ends_early_in_markdown(part):
    source = markdown.write(Document("t", (Section("s", "s", (Paragraph((part, " end")),)),)))
    page = Page(MarkdownIt("commonmark", {"html": True}).render(source))
    assert "script" not in page.elements and {"code", "a"} & set(page.elements)


# --- what platforms give beside an export ----------------------------------------------------------------------------

NESTED = "[" * 200_000
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
NO_EXPORTS = {  # name -> the file, as a platform or somebody else might write it
    "deep.qsf": '{"SurveyEntry": {"SurveyName": "x"}, "SurveyElements": ' + NESTED,
    "blank.qsf": '\n {\n "SurveyEntry": {},\n "SurveyElements": [{"Payload": ' + NESTED,
    "survey.lss": f'<?xml version="1.0" encoding="UTF-8"?>{LAUGHS}<document><LimeSurveyDocType>&b;</LimeSurveyDocType></document>',
    "no-head.lss": f"{LAUGHS}<document>&b;</document>",
    "deep.lss": "<?xml version='1.0'?>" + "<a>" * 200_000,
}  # fmt: skip


@pytest.mark.parametrize("name", NO_EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_questionnaires_file_is_no_export(name, encoding, tmp_path):
    (tmp_path / name).write_text(NO_EXPORTS[name], encoding=encoding)
    with pytest.raises(Refused) as refused:
        open_export(tmp_path / name)
    assert len(str(refused.value)) < 600 and "hahaha" not in str(refused.value)


EXPORTS = {"formr": "session,created,modified,ended,q1\na,2026-01-01,2026-01-01,2026-01-01,1\n",
           "limesurvey": "id,submitdate,lastpage,startlanguage,q1\n1,2026-01-01,1,en,1\n",
           "redcap": "record_id,q1,form_complete\n1,1,2\n"}  # fmt: skip


@pytest.mark.parametrize("platform", EXPORTS)
@pytest.mark.parametrize("name", [*NO_EXPORTS, "nested.json"])
def test_it_is_no_description_of_the_questions_either(platform, name, tmp_path):
    """Nesting, entities and XML are refused in a sentence; nothing of them is built."""
    (tmp_path / "export.csv").write_text(EXPORTS[platform])
    (tmp_path / name).write_text(NO_EXPORTS.get(name, NESTED))
    with pytest.raises(Refused) as refused:
        open_export(tmp_path / "export.csv", platform, tmp_path / name)
    assert "The description of the questions cannot be read" in str(refused.value) and len(str(refused.value)) < 600


@pytest.mark.parametrize("platform", EXPORTS)
def test_a_description_without_an_end_is_not_read(platform, tmp_path, monkeypatch):
    (tmp_path / "export.csv").write_text(EXPORTS[platform])
    with (tmp_path / "beside.txt").open("wb") as file:
        file.truncate(BESIDE_BYTES + 1)  # takes no room on the disk
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read") if path.name == "beside.txt" else path.open("rb").read())  # fmt: skip
    with pytest.raises(Refused, match="at most 50 are read"):
        open_export(tmp_path / "export.csv", platform, tmp_path / "beside.txt")


@pytest.mark.parametrize("text", ["<", "<script ", "<script>", "</style><style>", "<!--", "&lt;"])
def test_a_question_of_open_brackets_is_read_like_any_other(text):
    """A minute or more, when each bracket looks for its end in all that follows."""
    assert len(without_markup(text * 300_000)) < 3_000_000 and plain_question(text * 300_000) is not None


def test_a_review_sheet_that_grows_is_refused(tmp_path):
    head = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><worksheet/>'
    for name, part in (("bomb.xlsx", b"0" * (UNPACKED_SMALL + 1)), ("laughs.xlsx", head.encode())):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", part)
    with (tmp_path / "long.csv").open("wb") as file:
        file.truncate(BESIDE_BYTES + 1)
    with pytest.raises(Refused) as refused:
        read_sheets([tmp_path / name for name in ("bomb.xlsx", "laughs.xlsx", "long.csv")], pd.DataFrame())
    said = str(refused.value)
    assert "times its size" in said and "declares entities" in said and "at most 50 are read" in said
