"""Markup of every kind in every part of a document: each writer shows it, and none runs it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

import docx
import matplotlib.pyplot as plt
import pytest

from rejsens import style
from rejsens.document import Code, Document, Emphasis, Facts, Link, Paragraph, Section, Strong, Table
from rejsens.layout import PrintedTable, to_csv
from rejsens.spreadsheet import restored
from rejsens.writers import html, latex, pdf, word

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
