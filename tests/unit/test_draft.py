"""The draft of a manuscript: its numbers stand in the tables, its works in the bibliography, its words are the report's."""

import ast
import csv
import hashlib
import importlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import audit
import docx
import example_tables
import pytest
from docx.oxml.ns import qn
from test_report import with_ledger
from test_writers import cells_of_csv, cells_of_word, drawn, tables_of

from rejsens import draft, narrative, references, submission
from rejsens.definitions import load_instruments
from rejsens.document import Bullets, Document, Figure, Paragraph, Section, See, Table, walk
from rejsens.layout import to_csv
from rejsens.plan import Plan
from rejsens.registry import LIBRARY
from rejsens.verdict_words import why_inconclusive
from rejsens.writers import html, markdown, pdf, word

SECTIONS = ["Method", "Results", "Limitations", "References", "Supplementary material"]
SOURCES = [LIBRARY / "draft.py", LIBRARY / "sections" / "method.py", LIBRARY / "sections" / "results.py"]
PRINTED = [
    "attrition",
    "correlations",
    "descriptives",
    "erosion",
    "flow",
    "hypotheses",
    "participants",
    "reliability",
    "waves",
]
KEY = re.compile(r"[a-z]+\d{4}b?")


def given(tables=None, **study):
    tables, facts = with_ledger(tables or example_tables.tables()), example_tables.study(**study)
    modules = {name: importlib.import_module(f"rejsens.tables.{name}") for name in PRINTED}
    laid_out = {name: m.lay_out(**{t: tables[t] for t in m.TABLES}, study=facts) for name, m in modules.items()}
    figures = [{**one, "file": f"figures/{one['stem']}"} for one in drawn()]
    return tables, figures, laid_out, facts, example_tables.provenance()


def composed(tables=None, **study) -> Document:
    return draft.compose(
        *given(tables, **study), of_families={"primary": [{**drawn()[0], "file": "figures/families/primary/one"}]}
    )


def written(folder: Path) -> tuple[Document, bytes]:
    """The draft of the example study with its archive, from figures that are written into a folder."""
    tables, figures, laid_out, facts, record = given()
    files = []
    for stem in [*(f["stem"] for f in figures), f"families/primary/{figures[0]['stem']}"]:
        for form in ("pdf", "png"):
            path = folder / f"{stem}.{form}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{stem} {form}".encode())
            files.append(path)
    families = {"primary": figures[:1]}
    document = draft.compose(tables, figures, laid_out, facts, record, of_families=families)
    return document, submission.pack(document, laid_out, draft.figures_of(figures, families), files)


def hashes(document: Document, archive: bytes) -> list[str]:
    files = (word.write(document), markdown.write(document).encode(), archive)
    return [hashlib.sha256(content).hexdigest() for content in files]


def one_instrument() -> dict:
    tables = example_tables.tables()
    return tables | {"dictionary": tables["dictionary"][tables["dictionary"]["instrument"] == "rses"]}


def nothing() -> Document:
    return draft.compose({}, [], {}, {"title": "Empty", "simulated": False}, {})


STUDIES = {
    "full": composed,
    "one wave": lambda: composed(example_tables.one_wave(example_tables.tables())),
    "one instrument": lambda: composed(one_instrument()),
    "twenty people": lambda: composed(example_tables.twenty_people(example_tables.tables())),
    "untested": lambda: composed(example_tables.without_hypotheses(example_tables.tables())),
    "nothing": nothing,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return written(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def whole(made):
    return made[0]


@pytest.fixture(scope="module", params=STUDIES)
def any_draft(request):
    return request.param, STUDIES[request.param]()


def section(document: Document, name: str) -> Section:
    return next(
        block for block in walk(document.sections) if isinstance(block, Section) and name in (block.id, block.heading)
    )


def texts(document: Document, name: str = "") -> list[str]:
    """Every text of paragraphs and lists, in one section or in all; references apart."""
    found: list = []
    for block in walk([section(document, name)] if name else document.sections):
        if isinstance(block, Paragraph) and block.role != "reference":
            found.append(block.text)
        elif isinstance(block, Bullets):
            found += block.items
    numbers = document.numbers
    with_numbers = (
        tuple(numbers.get(part.anchor, "") if isinstance(part, See) else part for part in text)
        if isinstance(text, tuple)
        else text
        for text in found
    )
    return [references.plain(text) for text in with_numbers]


# --- the bibliography ------------------------------------------------------------------------------------------------


def test_every_instrument_with_a_source_has_the_entry_that_its_file_states():
    own = [i for i in load_instruments().values() if i.doi]
    assert len(own) > 25
    for instrument in own:
        entry = references.entries()[references.key_of(instrument.doi)]
        said = " ".join(instrument.citation.split())
        stated = [entry["title"], str(entry["issued"]["date-parts"][0][0]), *(a["family"] for a in entry["author"])]
        stated += [entry[key] for key in ("container-title", "volume", "issue", "page", "publisher") if key in entry]
        assert [text for text in stated if text not in said] == [], instrument.id
        assert [a["given"] for a in entry["author"] if a["given"] not in said] == [], instrument.id


def test_every_key_resolves_and_every_entry_is_cited_or_of_an_instrument():
    cited = {
        key for path in SOURCES for key in re.findall(rf"[\"']({KEY.pattern})[\"']", path.read_text(encoding="utf-8"))
    }
    instruments = {references.key_of(i.doi) for i in load_instruments().values() if i.doi}
    assert len(cited) > 15 and cited - references.entries().keys() == set()
    assert references.entries().keys() - cited - instruments == set()
    with pytest.raises(KeyError, match="nobody2000"):
        references.References().cite("nobody2000")


@pytest.mark.filterwarnings("error")
def test_the_style_is_valid_csl():
    from citeproc import CitationStylesStyle

    assert CitationStylesStyle(str(references.STYLE), validate=True).has_bibliography()


def test_works_are_written_as_psychology_writes_them():
    of = references.References()
    assert of.cite("rosenberg1965") == "(Rosenberg, 1965)"
    assert of.cite("spitzer2006", "hays1987") == "(Hays & DiMatteo, 1987; Spitzer et al., 2006)"
    assert (
        of.cite("carleton2007b") == "(Carleton, Norton, & Asmundson, 2007)"
    )  # et al. would read as the other of that year
    listed = [references.plain(text) for text in of.listed()]
    assert [text.split(",")[0] for text in listed] == ["Carleton", "Hays", "Rosenberg", "Spitzer"]
    assert listed[1] == (
        "Hays, R. D., & DiMatteo, M. R. (1987). A short-form measure of loneliness. Journal of Personality Assessment, "
        "51(1), 69–81. https://doi.org/10.1207/s15327752jpa5101_6"
    )
    assert "right? Advances" in references.plain(dict(references._in_full())["flora2020"])


def test_the_list_holds_what_the_text_cites_and_the_file_of_works_the_same(whole):
    listed = [references.plain(b.text) for b in section(whole, "References").blocks]
    said = " ".join(texts(whole))
    assert len(listed) >= 9 and [e["title"] for e in references.cited(whole)] != []
    assert len(references.cited(whole)) == len(listed)
    for entry in references.cited(whole):
        assert f"{entry['author'][0]['family']}" in said and str(entry["issued"]["date-parts"][0][0]) in said, entry[
            "id"
        ]


# --- numbers and words -----------------------------------------------------------------------------------------------


def test_no_number_is_typed_in_a_sentence():
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        constants = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in docstrings]
        said = [n.value for n in constants if isinstance(n.value, str) and re.search(r"(?<!\w)\d", n.value)]
        assert [text for text in said if not KEY.fullmatch(text)] == [], path.name


def test_every_number_about_a_hypothesis_stands_in_its_row(whole):
    tables = with_ledger(example_tables.tables())
    rows = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    told = [t for t in texts(whole, "tests") if re.match(r"H\d+\w?[. ]", t)]
    assert len(told) == len(rows) == 3
    for row, text in zip(rows, told, strict=True):
        assert len(audit.NUMBER.findall(text)) > 10
        assert audit.strange_numbers(text, [row]) == []
        decided = why_inconclusive(row) or narrative.verdict(row)
        for said in (narrative.result(row), narrative.sample(row), decided, narrative.invariance(row)):
            assert said in text
        assert audit.strange_numbers(text.replace("95%", "94%"), [row]) == ["94%"]


def test_every_number_about_a_score_stands_in_its_rows(whole):
    tables = example_tables.tables()
    for row in tables["dictionary"].to_dict("records"):
        told = [t for t in texts(whole, "instruments") if t.startswith(f"{row['label']}:")]
        own = tables["reliability"][tables["reliability"]["score"] == row["score"]]
        others = [{"waves": own["wave"].nunique() - 1}]
        for text in told:
            assert audit.strange_numbers(text, [row, *own.to_dict("records"), *others]) == [], text
    scores = [t for t in texts(whole, "instruments") if "a higher score means" in t]
    assert len(scores) == len(example_tables.study()["score_order"])
    assert "alpha .83 [.80, .85]" in " ".join(scores)


def test_every_number_about_the_waves_and_the_analyses_stands_in_the_tables(whole):
    tables = example_tables.tables()
    waves = [*tables["waves"].to_dict("records"), {"waves": len(tables["waves"])}]
    assert audit.strange_numbers(" ".join(texts(whole, "people")), waves) == []
    counts = [{"n": 3.0}, *tables["hypotheses"].to_dict("records"), example_tables.study()]
    said = re.sub(r"\([^()]*\d{4}[^()]*\)", "", " ".join(texts(whole, "analyses")))
    assert "H1" in said and audit.strange_numbers(said, counts) == []
    software = [{"said": f"{name} {version}"} for name, version in example_tables.provenance()["software"].items()]
    rows = [*software, example_tables.study(), *tables["plan"].to_dict("records"), {"n": 1.0}]
    assert audit.strange_numbers(" ".join(texts(whole, "openness")), rows) == []


def test_a_changed_estimate_changes_the_draft(whole):
    tables = example_tables.tables()
    tables["reliability"] = tables["reliability"].assign(estimate=tables["reliability"]["estimate"] + 0.01)
    assert texts(composed(tables)) != texts(whole)


def test_no_banned_word_and_exposure_is_reported_exposure(any_draft):
    _, document = any_draft
    said = "\n".join(texts(document))
    assert narrative.banned_words(said) == []
    said = re.sub(r"“[^”]*”|Micro-Rejection Exposure and Impact Inventory", " ", said)
    assert re.findall(r"(?i)(?<!reported )exposure", said) == []


def test_every_study_gets_its_sections_and_what_is_absent_is_said(any_draft):
    name, document = any_draft
    assert [s.heading for s in document.sections] == SECTIONS
    for block in walk(document.sections):
        assert not isinstance(block, Section) or block.blocks, block.heading
    said = " ".join(texts(document))
    assert not re.search(r"\bnan\b|None\b(?!\.)|  ", said)
    assert "[To be written: how people were recruited" in said
    assert (narrative.NO_HYPOTHESIS in said) == (name in ("untested", "nothing"))
    assert (narrative.NO_CHANGE in said) == (name in ("one wave", "twenty people", "nothing"))
    if name == "twenty people":
        assert "people kept: 20." in said and "too few people" in said


def test_simulated_data_are_called_so_in_title_and_method(any_draft):
    name, document = any_draft
    marked = "(simulated data)" in document.title and "Simulated data. The data" in " ".join(texts(document))
    assert marked == (name != "nothing") == bool(document.mark)


def test_a_title_that_says_simulated_is_left_as_it_is():
    assert composed(title="A simulated panel").title == "A simulated panel"


def test_real_data_carry_no_simulated_mark():
    tables = example_tables.tables()
    tables["waves"] = tables["waves"].assign(simulated=False)
    said = composed(tables, simulated=False, title="A panel", description="Adults.")
    assert "simulated" not in " ".join([said.title, *texts(said)]).lower()


# --- the files -------------------------------------------------------------------------------------------------------


def test_the_word_file_has_true_tables_captions_and_hanging_references(any_draft):
    _, document = any_draft
    file = docx.Document(io.BytesIO(word.write(document)))
    styles = [p.style.name for p in file.paragraphs]
    works = [b for b in walk(document.sections) if isinstance(b, Paragraph) and b.role == "reference"]
    assert styles.count("Bibliography") == len(works) and styles.count("Caption") == len(document.numbers)
    hanging = file.styles["Bibliography"].paragraph_format
    assert hanging.first_line_indent == -hanging.left_indent < 0
    assert [cells_of_word(t) for t in file.tables] == [cells_of_csv(t.printed) for t in tables_of(document)]
    if works:
        journal = next(p for p in file.paragraphs if p.style.name == "Bibliography" and "Applied Psych" in p.text)
        assert [r.text for r in journal.runs if r.italic] == ["Applied Psychological Measurement", "11"]


def cells_of_markdown(lines: list[str]) -> list[list[str]]:
    rows = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    plain = [[re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[*]|\^\w+\^", "", c)) for c in row] for row in rows]
    return [plain[0], *(row for row in plain[2:] if row[0] == "" or any(row[1:]) or len(row) == 1)]


def test_the_markdown_holds_every_text_and_every_cell(any_draft):
    _, document = any_draft
    text = markdown.write(document).replace("\u00a0", " ")
    plain = re.sub(r"\\(.)", r"\1", text.replace("*", ""))
    for said in texts(document):
        assert said.replace("\u00a0", " ").replace("*", "") in plain, said
    found = [cells_of_markdown(block.splitlines()) for block in text.split("\n\n") if block.startswith("| ")]
    expected = [cells_of_csv(table.printed) for table in tables_of(document)]
    assert found == [[[c.replace("\u00a0", " ") for c in row] for row in table] for table in expected]
    for figure in (b for b in walk(document.sections) if isinstance(b, Figure)):
        assert figure.file and f"](../{figure.file}.png)" in text


def test_what_could_be_markup_is_masked():
    texts = ("1. no list", "- no list", "# no heading", "a*b*_c_ `d` <e> [f](g) |h| $i$ ~j~ k^l^", "© 100")
    document = Document("T_t", (Section("s", "S*", tuple(map(Paragraph, texts)), ""),))
    text = markdown.write(document)
    assert text.startswith("# T\\_t\n\n## S\\*\n\n\\1. no list\n\n\\- no list\n\n\\# no heading\n\n")
    assert r"a\*b\*\_c\_ \`d\` \<e\> \[f\](g) \|h\| \$i\$ \~j\~ k\^l\^" in text


def test_names_in_italics_are_so_in_every_format(whole):
    works = Document("W", (Section("r", "References", section(whole, "References").blocks, ""),))
    assert "<em>Applied Psychological Measurement</em>, <em>11</em>(1)" in html.write(works)
    assert '#emph[#"Applied Psychological Measurement"]' in pdf.source(works)
    assert "*Applied Psychological Measurement*, *11*(1)" in markdown.write(works)


# --- the archive -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(made):
    return zipfile.ZipFile(io.BytesIO(made[1]))


def test_files_are_named_as_the_draft_numbers_them_and_the_list_says_which(packed, whole):
    rows = list(csv.DictReader(io.StringIO(packed.read("list.csv").decode())))
    named = {row["Label"]: row for row in rows}
    main = [b for b in walk(whole.sections) if isinstance(b, Table | Figure)]
    assert {whole.numbers[b.anchor]: b.name for b in main} == {
        k: r["Name in the report"] for k, r in named.items() if " S" not in k
    }
    assert [r["Label"] for r in rows[: len(main)]] == list(whole.numbers.values())
    files = [name for row in rows for name in row["Files"].split("; ")]
    assert sorted([*files, "list.csv", "captions.txt"]) == sorted(packed.namelist())
    assert packed.read("Figure_1.pdf") == b"families/primary/exposure_by_wave pdf"
    assert packed.read("supplement/Figure_S1.png") == b"exposure_by_wave png"
    supplement = [references.plain(item) for item in section(whole, "Supplementary material").blocks[0].items]
    assert supplement == [f"{r['Label']}. {r['Title'].rstrip('.')}." for r in rows[len(main) :]]


def test_each_table_of_the_archive_is_the_reports_as_word_and_csv(packed):
    tables_printed = given()[2]
    for row in csv.DictReader(io.StringIO(packed.read("list.csv").decode())):
        if row["Label"].startswith("Table"):
            table, (as_word, as_csv) = tables_printed[row["Name in the report"]], row["Files"].split("; ")
            assert packed.read(as_csv).decode() == to_csv(table)
            if row["Label"] in ("Table 1", "Table 3", "Table S1"):
                file = docx.Document(io.BytesIO(packed.read(as_word)))
                caption, *rest = [p.text for p in file.paragraphs]
                assert caption == row["Label"] and table.title in rest
                assert not list(file.element.iter(qn("w:fldChar"))), "Word would count it anew"
                assert len(file.sections) == 1, "an empty page before it"
                parts = [cells_of_word(t) for t in file.tables]
                assert parts == [cells_of_csv(table)]
                assert file.sections[0].header.paragraphs[0].text == "Simulated data"


def test_captions_stand_in_the_archive(packed):
    text = packed.read("captions.txt").decode()
    assert text.startswith("Simulated data.\n\nTable 1. ")
    assert "Figure S1. Reported exposure and self-esteem by wave. Lines are means" in text and "Note. Bands are" in text


def test_equal_input_gives_an_equal_archive_and_an_equal_draft_in_another_process(made, packed, tmp_path):
    assert {part.date_time for part in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    env = os.environ | {"PYTHONHASHSEED": "2"}
    run = subprocess.run([sys.executable, __file__, tmp_path], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.split() == hashes(*made)


def test_figures_are_handed_in_at_the_size_that_the_settings_name():
    def submitted(**settings) -> list[str]:
        study = SimpleNamespace(settings={"figures": settings}, family_names=["primary"])
        plan = SimpleNamespace(study=study, figures={"headline": 1}, figures_of_families={"forest": 1})
        return Plan.submitted_figures.fget(plan)

    plain = ["headline.pdf", "headline.png", "families/primary/forest.pdf", "families/primary/forest.png"]
    assert submitted() == [f"results/figures/{name}" for name in plain]
    sized = submitted(preset="elsevier", columns=1)
    assert sized == [f"results/figures/elsevier-1/{name.replace('png', 'tiff')}" for name in plain]


if __name__ == "__main__":
    print(*hashes(*written(Path(sys.argv[1]))))
