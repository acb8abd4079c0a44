"""A study whose every text is markup, from export to report: each file shows its texts as they are, and nothing in one runs."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pyreadstat
import pytest

from tests.conftest import rejsens_here
from tests.hostile_study import KINDS
from tests.planted_texts import Page, broken, files_below, planted_in, texts_of

PAGES = ("report/index.html", "codebook/codebook.html", "report/audit.html")
# fields of a study that the results print nowhere
UNPRINTED = re.compile(
    r"home\.version|\w+\.(stem|sources|example)|calm\.(norms|anchors)\..*|quarrel\.events\.loud|predictions\.title|"
    r"family\.(title|long_title|aside)|multiverse\.exclusions\.1|export\.preview|w[12]\.(contact|dropped\..*)|"
    r"figure\.(cell|legend|x|y|tick)|table\.(alt|caption)"  # the figure draws four of its own
)


@pytest.fixture(scope="module")
def results(hostile_study: SimpleNamespace) -> Path:
    folder: Path = hostile_study.folder
    return folder / "results"


@pytest.fixture(scope="module")
def texts(hostile_study: SimpleNamespace) -> dict[str, str]:
    planted: dict[str, str] = hostile_study.texts
    return planted


def all_texts(path: Path) -> list[str]:
    return list(texts_of(path.name, path.read_bytes()))


def test_every_text_of_the_study_stands_somewhere(results: Path, texts: dict[str, str]) -> None:
    """Or what follows could not fail; what is not printed by design is named above."""
    found = set()
    for path in files_below(results, ".html", ".csv", ".docx", ".json"):
        found |= planted_in(all_texts(path), texts)
    assert found ^ {place for place in texts if not UNPRINTED.fullmatch(place)} == set()


@pytest.mark.parametrize("ending", [".html", ".csv", ".xlsx", ".json", ".jsonld", ".docx", ".md", ".typ", ".zip"])
def test_a_text_that_stands_in_a_file_stands_there_whole(results: Path, texts: dict[str, str], ending: str) -> None:
    files = [path for path in files_below(results, ending) if path.name != "audit.html"]
    assert files
    assert {path.name: bad for path in files if (bad := broken(all_texts(path), texts, cut=ending == ".zip"))} == {}


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_for_print_shows_them_too_and_nothing_leaves_its_pages(results: Path, texts: dict[str, str]) -> None:
    path = results / "report/report.pdf"
    said = all_texts(path)
    assert broken(said, texts) == [] and "root:" not in said[0]
    assert planted_in(said, texts) >= planted_in(all_texts(results / "report/report.docx"), texts)
    boxes = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True).stdout
    for page in boxes.split("<page ")[1:]:
        found = re.match(r'width="([\d.]+)"', page)
        assert found
        assert max(map(float, re.findall(r'xMax="([\d.]+)"', page))) <= float(found[1])


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_a_figure_shows_a_text_or_its_beginning(results: Path, texts: dict[str, str]) -> None:
    files = files_below(results / "figures", ".pdf")
    seen = {path.stem: all_texts(path) for path in files if planted_in(all_texts(path), texts)}
    assert {name: bad for name, said in seen.items() if (bad := broken(said, texts, cut=True))} == {}
    assert {"own_figure", "path_diagram", "forest_of_hypotheses", "participant_flow", "correlation_heatmap"} <= set(
        seen
    )
    assert {"figure.x", "figure.y", "figure.legend"} <= planted_in(seen["own_figure"], texts)
    flow = planted_in(seen["participant_flow"], texts)
    assert {"w1.leave_out", "w2.leave_out", "screening.exclude"} <= flow  # each wave left rows out by a rule of its own


def test_no_picture_holds_more_than_a_drawing(results: Path) -> None:
    files = files_below(results / "figures", ".svg")
    for path in files:
        made = [element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()]
        assert not {"script", "foreignObject", "a", "image", "iframe"} & set(made) - {"image"}, path
        names = {name for element in ElementTree.parse(path).iter() for name in element.attrib}
        assert not [name for name in names if name.startswith("on")], path
    assert len(files) > 20


def test_no_page_holds_what_runs_or_leads_elsewhere(results: Path) -> None:
    """That no element was made of a text follows from the texts being whole; this is the rest."""
    for path in files_below(results, ".html"):
        page = Page(path.read_text(encoding="utf-8"))
        own = {"index.html": 1}.get(path.name, 0)
        assert page.elements.count("script") == own or path.name == "audit.html", path
        if path.name != "audit.html":  # Snakemake's own page, which the browser is asked about
            assert not {"iframe", "object", "embed", "base", "form"} & set(page.elements), path
            assert not [name for name in page.attributes if name.startswith("on")], path
            assert not [
                link for link in page.links if not re.match(r"#|data:|https://|\.\./|[\w-]+\.\w+(#|$)", link)
            ], path


@pytest.mark.parametrize("width", [1440, 375])
def test_a_browser_runs_nothing_and_no_word_leaves_the_page(results: Path, texts: dict[str, str], width: int) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        for name in PAGES:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.set_default_timeout(60_000)
            dialogs: list[str] = []
            asked: list[str] = []
            page.on("dialog", lambda dialog, said=dialogs: (said.append(dialog.message), dialog.dismiss()))
            page.on("request", lambda request, said=asked: said.append(request.url))
            page.goto((results / name).as_uri())
            assert page.evaluate("window.hit") is None and dialogs == []
            assert page.locator("img[src=x]").count() == 0 and page.locator('a[href^="javascript"]').count() == 0
            assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
            said = re.sub(r"\s+", " ", page.locator("body").inner_text())
            if name == "report/index.html":
                assert page.title().startswith(" ".join(texts["study.title"].split()))
                assert page.evaluate("document.fonts.check('16px \"Source Sans 3\"')")
            if name == "report/audit.html":
                assert " ".join(texts["study.title"].split()) in said and "System Message" not in said
            else:
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
        browser.close()


def test_the_audit_trail_reads_no_file_and_no_markup_of_a_title(results: Path) -> None:
    page = (results / "report/audit.html").read_text(encoding="utf-8")
    assert "root:x:" not in page and "System Message" not in page and 'href=\\"javascript:' not in page
    assert "<script>window.hit=1" not in page


def test_a_word_file_holds_no_field_or_link_of_a_text(results: Path) -> None:
    for path in files_below(results, ".docx"):
        with zipfile.ZipFile(path) as parts:
            body = parts.read("word/document.xml").decode()
            links = parts.read("word/_rels/document.xml.rels").decode()
            about = parts.read("docProps/core.xml").decode()
        fields = set(re.findall(r"<w:instrText[^>]*>\s*(\w+)", body))
        assert fields <= {"SEQ", "PAGE"} and 'TargetMode="External"' not in links
        title = ElementTree.fromstring(about).findtext("{http://purl.org/dc/elements/1.1/}title") or ""
        assert len(title) <= 255


def test_latex_holds_no_command_of_a_text(results: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in files_below(results, ".tex")]
    commands = {name for source in sources for name in re.findall(r"\\([A-Za-z]+)", source)}
    assert len(sources) > 30 and not {"input", "write", "frac", "include"} & commands
    assert any("\\textbackslash{}input" in source for source in sources)


def test_names_of_numbers_are_names(results: Path) -> None:
    numbers = json.loads((results / "manuscript/numbers.json").read_text(encoding="utf-8"))
    assert numbers
    with zipfile.ZipFile(results / "manuscript/submission.zip") as parts:
        assert [name for name in parts.namelist() if not re.fullmatch(r"[\w./-]+", name) or ".." in name] == []


def test_nothing_was_run_on_the_way(hostile_study: SimpleNamespace) -> None:
    assert not list(hostile_study.folder.rglob("ran")) and "49" not in hostile_study.texts["study.title"]
    for path in files_below(hostile_study.folder, ".log"):
        assert "root:x:" not in path.read_text(encoding="utf-8", errors="replace")


# --- what is handed on, and what commands print ----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "datapackage", "psych-ds", "ro-crate", "spss", "csv --synthetic"])
def test_an_export_holds_the_texts_as_they_are(hostile_study: SimpleNamespace, tmp_path: Path, form: str) -> None:
    done = rejsens_here(hostile_study.folder, "export", "--to", str(tmp_path / "out"), "--format", *form.split())
    assert done.returncode == 0, done.stdout + done.stderr
    found: set[str] = set()
    for path in files_below(tmp_path / "out", ""):
        assert re.fullmatch(r"[\w.-]+", path.name), path
        said = [
            text for text in all_texts(path) if not re.fullmatch(r"[a-z0-9-]+", text)
        ]  # a package's name is made of its title
        assert broken(said, hostile_study.texts) == [], path.name
        found |= planted_in(said, hostile_study.texts)
        if path.suffix == ".sav":
            told = pyreadstat.read_sav(path)[1]
            found |= planted_in(
                [str(told.column_names_to_labels), str(told.variable_value_labels)], hostile_study.texts
            )
    assert {"calm.score", "export.houses.1"} <= found
    readme = read_markdown(tmp_path / "out/README.md")
    assert (
        not {"script", "img", "b"} & set(readme.elements)
        and [link for link in readme.links if "javascript" in link] == []
    )


def read_markdown(path: Path) -> Page:
    from markdown_it import MarkdownIt

    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "command",
    [
        ("check", ".", "--format", "html", "--out", "{}"),
        ("diff-wave", "w2", "w1", "--format", "html"),
        ("compare", ".", ".", "--out", "{}"),
        ("instruments", "calm", "--format", "json"),
        ("questionnaire", "calm", "--out", "{}"),
    ],
    ids=lambda command: command[0],
)
def test_what_a_command_writes_is_masked_too(
    hostile_study: SimpleNamespace, tmp_path: Path, command: tuple[str, ...]
) -> None:
    place = tmp_path / ("out" if command[0] == "questionnaire" else "page.html")
    done = rejsens_here(hostile_study.folder, *(str(place) if word == "{}" else word for word in command))
    assert "Traceback" not in done.stdout + done.stderr and done.returncode in (0, 1), done.stdout + done.stderr
    said = done.stdout if not place.exists() else ""
    for path in [place] if place.is_file() else files_below(place, ".html"):
        said = path.read_text(encoding="utf-8")
    if "<html" in said:
        page = Page(said)
        assert not {"img", "iframe"} & set(page.elements) and "<script>window.hit" not in said
        assert broken([page.text], hostile_study.texts) == []


def test_the_terminal_shows_no_character_that_turns_or_colours_it(hostile_study: SimpleNamespace) -> None:
    assert not set(hostile_study.said) & set("\x1b\x00\u202a\u202b\u202d\u202e") and KINDS["mark"] in hostile_study.said


def test_every_csv_file_of_an_export_is_one_table(hostile_study: SimpleNamespace, tmp_path: Path) -> None:
    """Line ends and tabs within a text begin no row and no column."""
    done = rejsens_here(hostile_study.folder, "export", "--format", "csv", "--to", str(tmp_path / "out"))
    assert done.returncode == 0
    for path in [*files_below(tmp_path / "out", ".csv"), *files_below(hostile_study.folder / "results", ".csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            assert len({len(row) for row in csv.reader(file)}) == 1, path
