"""The page in a browser: its tools work, nothing is asked of the network, nobody is shut out, and it is whole without scripts.

Debian's chromium is driven by playwright; without it the tests are skipped and say so.
"""

import re
import shutil
from pathlib import Path

import example_tables
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from test_report import document
from test_writers import PNG, small, tables_of

from rejsens import layout
from rejsens.document import Figure, Table, walk
from rejsens.provenance import software_citation
from rejsens.writers import html

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="150pt" viewBox="0 0 300 150">'
    '<rect x="10" y="10" width="280" height="130" fill="#{:06x}"/></svg>'
)
WIDTHS = (375, 768, 1440)
SILENT = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def drawing(name: str, colour: int, file: str = "") -> dict[str, str | bytes]:
    words = {"alt": f"A square of {name}.", "title": name.title(), "caption": f"M = 1.0 of {name}.", "note": ""}
    return {"stem": name, "svg": SVG.format(colour), "png": PNG, "file": file} | words


@pytest.fixture(scope="module")
def report():
    main = drawing("alone", 0x1F5673, "figures/alone") | {"note": "Wave 2026b, n = 9."}
    of_waves = {
        wave: [drawing("alone", colour) | {"alt": f"Of {wave}.", "note": f"Of {wave}."}]
        for wave, colour in (("2026a", 0xAA0000), ("2026b", 0x00AA00))
    }
    made = example_tables.provenance() | {"cite": software_citation()}
    return document(figures=[main, drawing("other", 0x000000)], provenance=made, of_waves=of_waves)


@pytest.fixture(scope="module")
def place(report, tmp_path_factory):
    """The page where a study keeps it, with the files beside it that it links."""
    folder = tmp_path_factory.mktemp("study") / "results"
    for name in (
        "report/index.html",
        "report/audit.html",
        "report/provenance.json",
        "codebook/codebook.html",
        *(f"figures/alone.{k}" for k in ("pdf", "svg", "png", "csv")),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("", encoding="utf-8")
    page = folder / "report" / "index.html"
    page.write_text(html.write(report), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=SILENT, chromium_sandbox=False)
        yield started
        started.close()


class Watched:
    """A page with everything that it said to the console and asked of anything but itself."""

    def __init__(self, browser, place: Path, **context):
        given = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"} | context
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **given)
        self.page = self.context.new_page()
        self.page.set_default_timeout(8000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(place.as_uri())
        self.page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")

    def own(self, url: str) -> bool:
        return url.startswith(("data:", "blob:")) or url == self.page.url.partition("#")[0]


@pytest.fixture(scope="module")
def watched(browser, place):
    watched = Watched(browser, place)
    yield watched
    watched.context.close()


@pytest.fixture
def page(watched):
    return watched.page


def tools(page, anchor: str):
    return page.locator(f"#{anchor} .tools").first


def shown(page, anchor: str, column: int) -> list[str]:
    """A column of the rows that are seen, from top to bottom."""
    cells = "(rows, k) => rows.filter((row) => !row.hidden).map((row) => row.cells[k].textContent)"
    return page.locator(f"#{anchor} tbody tr:not(.section)").evaluate_all(cells, column)


def press(button) -> None:
    """A button that copies, until it says that it did."""
    button.click()
    expect(button).to_have_text("Copied")


def clipboard(page, kind: str = "text/plain") -> str:
    read = (
        "async (kind) => { const [one] = await navigator.clipboard.read(); return (await one.getType(kind)).text(); }"
    )
    page.bring_to_front()
    return page.evaluate(read, kind)


def table(report, name: str):
    return next(one for one in tables_of(report) if one.name == name)


# --- filter and sort -------------------------------------------------------------------------------------------------


def first_number(text: str) -> float:
    return float(re.search(r"−?[\d.,]+", text)[0].replace("−", "-").replace(",", ""))


def test_coefficients_are_sorted_by_their_numbers_and_put_back(page, report):
    printed = [row[6] for row in table(report, "estimates").printed.rows]
    head = page.locator("#table-estimates thead th", has_text="Estimate")
    orders = {"ascending": False, "descending": True}
    for said, down in orders.items():
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == said
        found = [first_number(text) for text in shown(page, "table-estimates", 6) if re.search(r"\d", text)]
        assert found == sorted(found, reverse=down) and len(found) == len([p for p in printed if re.search(r"\d", p)])
        assert page.locator("#table-estimates .of").first.inner_text().startswith("H")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") is None and page.locator("#table-estimates .of").count() == 0
    assert [text.strip() for text in shown(page, "table-estimates", 6)] == printed


def test_sorting_works_from_the_keyboard_and_is_announced(page):
    button = page.locator("#table-estimates thead th", has_text="Analysis").locator("button")
    button.focus()
    page.keyboard.press("Enter")
    names = shown(page, "table-estimates", 1)
    assert names == sorted(names, key=str.lower) and len(set(names)) > 1
    expect(page.locator("main > [role=status]")).to_have_text("Sorted by Analysis, ascending")
    outline = button.evaluate("(button) => getComputedStyle(button).outlineStyle")
    assert outline == "solid"
    for _ in range(2):
        page.keyboard.press("Space")
    assert page.locator("#table-estimates [aria-sort]").count() == 0


def test_coefficients_are_filtered_by_words_and_by_a_list(page, report):
    printed = table(report, "estimates").printed
    count = tools(page, "table-estimates").locator("[role=status]")
    page.locator("#table-estimates input[type=search]").fill("H2 hypervigilance")
    kept = shown(page, "table-estimates", 0)
    assert 0 < len(kept) < len(printed.rows) and count.inner_text() == f"{len(kept)} of {len(printed.rows)} rows"
    assert page.locator("#table-estimates tr.section:visible").count() == 1
    page.locator("#table-estimates input[type=search]").fill("")
    assert count.inner_text() == "All rows" and len(shown(page, "table-estimates", 0)) == len(printed.rows)
    choice = tools(page, "table-estimates").get_by_role("combobox", name="Wave", exact=True)
    wave = next(row[2] for row in printed.rows if row[2] != "all")
    choice.select_option(wave)
    assert set(shown(page, "table-estimates", 2)) == {wave}
    choice.select_option("")


def test_a_claim_keeps_its_tests_when_the_ledger_is_sorted_and_filtered(page, report):
    printed = table(report, "claims").printed
    groups, names = {}, [layout.split_mark(row[0])[0] for row in printed.rows]
    for k, name in enumerate(names):
        head = name if k in printed.heads else head  # noqa: F821 (the first row is a head)
        groups.setdefault(head, []).append(name)
    button = page.locator("#table-claims thead th").first.locator("button")
    for _ in range(2):
        button.click()
    stubs = "(rows) => rows.map((row) => { const cell = row.cells[0].cloneNode(true); cell.querySelector('.of')?.remove(); return cell.textContent; })"
    found = page.locator("#table-claims tbody tr:not(.section)").evaluate_all(stubs)
    assert found[0] != names[0] and sorted(found) == sorted(names)
    assert [name for head in [n for n in found if n in groups] for name in groups[head]] == found
    button.click()
    with_tests = next(head for head, own in groups.items() if len(own) > 1)
    page.locator("#table-claims input[type=search]").fill(with_tests)
    assert set(groups[with_tests]) <= set(shown(page, "table-claims", 0))
    page.locator("#table-claims input[type=search]").fill("")
    verdicts = tools(page, "table-claims").get_by_role("combobox", name="Verdict", exact=True)
    verdicts.select_option("not tested")
    assert "Not tested" in shown(page, "table-claims", 1) and "Supported" not in shown(page, "table-claims", 1)
    verdicts.select_option("")


# --- copy ------------------------------------------------------------------------------------------------------------


def test_a_sentence_a_citation_and_a_caption_are_copied_with_their_italics(page):
    prose = page.locator("article.prose").first
    prose.get_by_role("button", name="Copy a sentence").click()
    sentence = prose.locator("p > span").nth(1)
    words = sentence.evaluate("(span) => span.firstChild.textContent")
    press(sentence.locator("button"))
    assert clipboard(page).startswith(words.strip()[:20]) and "Copy" not in clipboard(page)
    expect(page.locator("main > [role=status]")).to_have_text("Copied")
    prose.get_by_role("button", name="Copy a sentence").click()
    assert prose.locator("p button").count() == 0
    press(prose.get_by_role("button", name="Copy text"))
    assert "<i>p</i>" in clipboard(page, "text/html") and "\n\n" in clipboard(page)
    press(page.locator("p.citation button").first)
    assert clipboard(page).startswith("Rosenberg, M. (1965). Society and the adolescent self-image.")
    press(page.locator("[aria-labelledby=reproduce] p.citation button"))
    assert clipboard(page) == software_citation()
    press(page.locator("#figure-alone").get_by_role("button", name="Copy caption"))
    assert clipboard(page) == "Figure 1 Alone M = 1.0 of alone. Note. Wave 2026b, n = 9."


def test_a_row_is_copied_under_the_heads_of_its_columns(page, report):
    printed = table(report, "estimates").printed
    tools(page, "table-estimates").get_by_role("button", name="Copy a row").click()
    buttons = page.locator("#table-estimates tbody .copy")
    assert buttons.count() == len(printed.rows)
    press(buttons.nth(2))
    cells = [layout.split_mark(cell)[0].replace("\u00a0", " ") for cell in printed.rows[2]]
    assert clipboard(page) == "\t".join(printed.columns) + "\n" + "\t".join(cells)
    assert clipboard(page, "text/html").count("<tr>") == 2
    tools(page, "table-estimates").get_by_role("button", name="Copy a row").click()
    assert buttons.count() == 0


# --- download --------------------------------------------------------------------------------------------------------


CAUGHT = """(buttons) => {
  const [make, press] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
  let [blob, files] = [null, []];
  URL.createObjectURL = (given) => ((blob = given), "#");
  HTMLAnchorElement.prototype.click = function () {
    const name = this.download;
    files.push(blob.text().then((text) => [name, text]));
  };
  buttons.forEach((button) => button.click());
  [URL.createObjectURL, HTMLAnchorElement.prototype.click] = [make, press];
  return Promise.all(files);
}"""  # name and content of what would be downloaded: chromium asks before it takes more than ten files at once


def test_every_table_downloads_as_the_file_that_the_study_holds(watched, report):
    page = watched.page
    page.locator("#table-estimates thead button").first.click()  # the order on screen changes nothing
    expected = {f"{one.name}.csv": layout.to_csv(one.printed).replace("\u00a0", " ") for one in tables_of(report)}
    files = page.locator(".table-box[id]").get_by_role("button", name="Download CSV").evaluate_all(CAUGHT)
    found = {name: content.replace("\u00a0", " ") for name, content in files}
    assert len(found) > 30 and found == expected
    for _ in range(2):
        page.locator("#table-estimates thead button").first.click()


def test_a_cell_that_a_spreadsheet_would_run_is_made_safe_as_in_the_files(browser, tmp_path):
    cells = ("=1+1", "-2+3", "-99", ' "@SUM(A1)"', "never; =1+1", 'quoted "x", y', "＝1", "plain")
    made = layout.PrintedTable("T", ("a", "b"), tuple((cell, cell) for cell in cells))
    (tmp_path / "index.html").write_text(html.write(small(Table("bad", made))), encoding="utf-8")
    watched = Watched(browser, tmp_path / "index.html")
    with watched.page.expect_download() as started:
        tools(watched.page, "table-bad").get_by_role("button", name="Download CSV").click()
    assert Path(started.value.path()).read_text(encoding="utf-8") == layout.to_csv(made)
    watched.context.close()


def test_a_figure_downloads_as_a_drawing_with_its_words_and_as_points(page):
    box = page.locator("#figure-alone")
    with page.expect_download() as started:
        box.get_by_role("button", name="Download SVG").click()
    drawn = Path(started.value.path()).read_text(encoding="utf-8")
    assert started.value.suggested_filename == "alone.svg"
    assert "<title>Alone</title><desc>A square of alone.</desc>" in drawn and 'fill="#1f5673"' in drawn
    with page.expect_download() as started:
        box.get_by_role("button", name="Download PNG").click()
    points = Path(started.value.path()).read_bytes()
    assert started.value.suggested_filename == "alone.png" and points.startswith(b"\x89PNG")
    assert [int.from_bytes(points[k : k + 4]) for k in (16, 20)] == [1250, 625]  # 300 points at 300 to the inch


def test_a_figure_switches_between_waves_and_downloads_the_one_that_is_seen(page):
    box = page.locator("#figure-alone")
    image, waves = box.locator("img").first, box.get_by_role("combobox", name="Wave", exact=True)
    assert not box.locator(".waves").is_visible()
    assert waves.locator("option").all_inner_texts() == ["as printed", "2026a", "2026b"]
    for wave, colour in (("2026a", "aa0000"), ("2026b", "00aa00"), ("", "1f5673")):
        waves.select_option(wave)
        assert colour in image.get_attribute("src")
        assert image.get_attribute("alt") == (f"Of {wave}." if wave else "A square of alone.")
        assert box.locator("figcaption .note").text_content().endswith(f"Of {wave}." if wave else "9.")
        with page.expect_download() as started:
            box.get_by_role("button", name="Download SVG").click()
        assert started.value.suggested_filename == (f"alone-{wave}.svg" if wave else "alone.svg")
        assert colour in Path(started.value.path()).read_text(encoding="utf-8")
    assert page.locator("#figure-other").get_by_role("combobox").count() == 0


# --- the page as a whole ---------------------------------------------------------------------------------------------


def test_links_arrive(page, place):
    links = page.locator("a[href]").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert "../figures/alone.pdf" in links and "../codebook/codebook.html" in links
    ids = set(page.locator("[id]").evaluate_all("(all) => all.map((one) => one.id)"))
    inside = {link[1:] for link in links if link.startswith("#")}
    files = {link for link in links if not link.startswith("#")}
    assert len(inside) > 10 and inside <= ids
    assert [link for link in files if not (place.parent / link).is_file()] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = "(all) => all.filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"
    assert page.locator(".tools, .tools *, p, h1, h2, h3, figcaption").evaluate_all(outside) == []
    page.set_viewport_size({"width": 1440, "height": 900})


THIN = """() => {
  document.querySelectorAll("tbody").forEach((body) => [...body.rows].slice(3).forEach((row) => row.remove()));
  [...document.querySelectorAll(".table-box")].filter((box, k) => k % 4 && !/claims|estimates/.test(box.id)).forEach((box) => box.remove());
}"""  # tables and rows are alike, and axe looks at each


def faults(page, **options) -> dict[str, str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return {one["id"]: one["help"] + ": " + one["nodes"][0]["html"][:200] for one in found}


def test_axe_finds_nothing_in_light_and_in_dark(browser, place):
    watched = Watched(browser, place)
    page = watched.page
    tools(page, "table-estimates").get_by_role("button", name="Copy a row").click()
    page.locator("#table-estimates thead button").first.click()
    page.evaluate(THIN)
    assert faults(page) == {}
    page.emulate_media(color_scheme="dark")
    assert faults(page, runOnly=["color-contrast"]) == {}  # colours are all that differs
    page.evaluate("document.documentElement.style.setProperty('--soft', '#333')")  # these checks can fail
    page.evaluate(
        "document.querySelector('main figure img').alt = ''; document.querySelector('main').append(new Image())"
    )
    assert set(faults(page, runOnly=["color-contrast", "image-alt"])) == {"color-contrast", "image-alt"}
    watched.context.close()


def test_the_page_is_set_in_the_font_that_it_carries(browser, place):
    watched = Watched(browser, place)  # its own page: the inspector speaks to the console
    page = watched.page
    used = "() => document.fonts.ready.then((all) => [...all].filter((font) => font.status === 'loaded').map((font) => font.family))"
    assert [name.strip('"') for name in page.evaluate(used)].count("Report Sans") >= 2
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    session.send("CSS.enable")
    for part in ("#main p", "#main h2", "#table-estimates td"):
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": part})["nodeId"]
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert fonts and all(font["isCustomFont"] for font in fonts), (part, fonts)
    watched.context.close()


def test_nothing_moves_and_paper_shows_no_tools(page):
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator(".tools:visible").count() > 20
    page.emulate_media(media="print")
    assert page.locator(".tools:visible, button.copy:visible, .files:visible").count() == 0
    assert page.locator("#table-estimates thead th").nth(6).inner_text() == "Estimate"
    page.emulate_media(media="screen")


def test_without_scripts_the_page_is_whole_and_promises_no_tool(browser, place, report):
    watched = Watched(browser, place, java_script_enabled=False)
    page = watched.page
    assert page.locator("button, input, select, .tools").count() == 0
    figures = [block for block in walk(report.sections) if isinstance(block, Figure)]
    assert page.locator("main figure > .scroll img").count() == len(figures) and page.locator(".wave img").count() == 2
    page.set_viewport_size({"width": 375, "height": 900})
    assert page.locator(".waves").is_visible()
    assert page.locator("table .table-title").count() >= len(tables_of(report))
    assert page.locator("#table-claims tbody tr:not(.section)").count() == len(table(report, "claims").printed.rows)
    assert page.get_by_role("link", name="Figure 1 as PDF").get_attribute("href") == "../figures/alone.pdf"
    assert watched.said == [] and [url for url in watched.asked if not watched.own(url)] == []
    watched.context.close()


def test_nothing_was_said_to_the_console_and_nothing_asked_of_the_network(watched):
    """Last: after all that was done on the page above."""
    assert watched.said == []
    assert [url for url in watched.asked if not watched.own(url)] == []
    refused = "fetch('https://example.org/').then(() => 'let through', () => 'refused')"
    assert watched.page.evaluate(refused) == "refused"  # by the page's own policy
