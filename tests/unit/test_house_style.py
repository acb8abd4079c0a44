"""What a study asks for reaches everything that is printed, and nothing that is data: number profiles and spelling."""

import importlib
import io
import json
import re
from collections import Counter
from dataclasses import astuple, replace

import audit
import docx
import example_tables
import pandas as pd
import pytest
from british_forms import british, printed_sentences
from matplotlib.figure import Figure as Drawn
from test_writers import HAS_PDFTOTEXT, text_of_pdf, text_of_word
from test_writers import drawn as drawn_figures

from rejsens import apa, house_style, manuscript, narrative, registry
from rejsens.document import Document, Figure, Finding, Paragraph, Record, Section, Table, walk
from rejsens.draw import draw_and_save
from rejsens.layout import PrintedTable
from rejsens.plan import Plan
from rejsens.printed import laid_out
from rejsens.report import compose
from rejsens.spelling import AMERICAN, BRITISH, american, apart, as_written
from rejsens.study import load_study
from rejsens.style import Drawing
from rejsens.writers import html, pdf, word

PROFILES = ("lancet", "plain")
NUMBER = re.compile(r"(?<![\w.])[−-]?(?:\d[\d,]*)?[.·]?\d+(?![\w])")
P_VALUE = re.compile(r"p(?: of [\w-]+)? [=<>] [\d.·]+")


@pytest.fixture(autouse=True)
def style_of_a_new_job():
    yield
    apa.use("apa7")


@pytest.fixture(scope="module")
def tables():
    return example_tables.tables()  # without the ledger of claims, whose cells quote


def report(tables, **asked) -> Document:
    """The example study's report as the jobs make it."""
    study = example_tables.study(**asked)
    modules = {name: importlib.import_module(f"rejsens.tables.{name}") for name in registry.plugins("tables")}
    modules = {name: module for name, module in modules.items() if set(module.TABLES) <= set(tables)}
    printed = {
        name: laid_out(module.__name__, {t: tables[t] for t in module.TABLES}, study)
        for name, module in modules.items()
    }
    return compose(tables, drawn_figures(), printed, study, example_tables.provenance())


@pytest.fixture(scope="module")
def reports(tables):
    """As it is by default, and in another style altogether."""
    made = {"apa7": report(tables), "lancet": report(tables, numbers="lancet", spelling="american")}
    apa.use("apa7")
    return made


def value(text: str) -> str:
    """A number as it is, however it is printed."""
    sign = "-" if text[0] in "−-" and re.search("[1-9]", text) else ""
    whole, _, decimals = text.lstrip("−-").replace(",", "").replace("·", ".").partition(".")
    return f"{sign}{int(whole or 0)}.{decimals}"


def values(text: str) -> Counter:
    """Numbers of a text; what a relation stands before may be a p value, which each profile rounds in its own way."""
    return Counter(map(value, NUMBER.findall(P_VALUE.sub("p", text.replace("\u00a0", " ")))))


def own_words(document: Document) -> list[str]:
    """Sentences of the report outside its tables, figures, records and citations."""
    said = []
    for block in walk(document.sections):
        if (isinstance(block, Paragraph) and block.role == "citation") or isinstance(block, Table | Figure | Record):
            continue
        if isinstance(block, Finding):  # p values are rounded in each profile's own way
            block = replace(block, details=tuple(d for d in block.details if not re.search(r"\bp\b", d[0])))
        shown = (block.heading, block.summary) if isinstance(block, Section) else astuple(block)
        said += _strings(shown)
    return said


def _strings(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _strings(part)] if isinstance(value, tuple | list) else []


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "printed"),
    [
        ("apa7", ("−.46", "−0.46", "2,391", "1834.27", "[.31, .50]", "97.5%", "−0.13, 95% CI [−0.17, −0.09]", ".46 [.31, .50]")),
        ("lancet", ("−0·46", "−0·46", "2,391", "1834·27", "(0·31 to 0·50)", "97·5%", "−0·13, 95% CI (−0·17 to −0·09)", "0·46 (0·31 to 0·50)")),
        ("plain", ("-0.46", "-0.46", "2391", "1834.27", "[0.31, 0.50]", "97.5%", "-0.13, 95% CI [-0.17, -0.09]", "0.46 [0.31, 0.50]")),
    ],
)  # fmt: skip
def test_a_number_in_each_profile(profile, printed):
    with apa.printed_as(profile):
        found = (
            apa.r(-0.456), apa.number(-0.456), apa.count(2391), apa.df(1834.265), apa.interval(0.31, 0.5, bounded=True),
            apa.level(0.975), apa.coefficient(-0.128, -0.171, -0.085, 0.95), apa.coefficient(0.456, 0.31, 0.5, bounded=True),
        )  # fmt: skip
    assert found == printed
    assert apa.r(-0.456) == "−.46"  # and afterwards it is as before


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.5, "0·50"), (0.034, "0·034"), (0.05, "0·050"), (0.00042, "0·0004"), (0.0001, "0·0001"), (0.00009, "< 0·0001"),
        (0.0996, "0·10"), (0.00996, "0·010"), (0.994, "0·99"), (0.9951, "> 0·99"), (1, "> 0·99"), (0, "< 0·0001"),
    ],
)  # fmt: skip
def test_p_values_of_the_lancet_have_two_figures_and_four_decimals_at_most(x, text):
    with apa.printed_as("lancet"):
        assert apa.p(x) == text
        assert apa.p(0.0, draws=5000) == "< 0·0002"


def test_what_was_written_in_apas_manner_is_retold_and_names_are_not():
    said = "p < .001; interval [−0.166, −.12] of 2,391.5 on −3; Python 3.11.2, 10.1037/a.12, results/a.1, v.2"
    with apa.printed_as("plain"):
        assert (
            apa.retold(said)
            == "p < 0.001; interval [-0.166, -0.12] of 2391.5 on -3; " + said.partition("; ")[2].partition("; ")[2]
        )
    assert apa.retold(said) == said


def printed_tables(document: Document) -> list[PrintedTable]:
    return [block.printed for block in walk(document.sections) if isinstance(block, Table)]


def test_every_number_of_the_report_is_the_same_in_another_profile(reports):
    ours, theirs = ("\n".join(own_words(reports[name])) for name in ("lancet", "apa7"))
    assert values(ours) == values(theirs) and sum(values(ours).values()) > 300
    for own, other in zip(*map(printed_tables, (reports["lancet"], reports["apa7"])), strict=True):
        kept = [k for k, head in enumerate(other.columns) if not re.search(r"\bp\b| equal$", head)]
        for row, same in zip(own.rows, other.rows, strict=True):
            assert [values(row[k]) for k in kept] == [values(same[k]) for k in kept], other.title


def test_no_decimal_of_another_profile_is_left(reports):
    for block in walk(reports["lancet"].sections):
        if isinstance(block, Table) and block.name != "wave_differences":
            told = [*(c for row in block.printed.rows for c in row), *block.printed.general]
            assert not [t for t in told if re.search(r"(?<![\w/.])\d*\.\d", t)], block.name
    assert not [t for t in own_words(reports["lancet"]) if re.search(r"(?<![\w/.])\.\d|\b0\.\d", t)]


@pytest.mark.parametrize("name", ["descriptives", "correlations", "hypotheses", "estimates", "factor_models"])
def test_a_plain_table_holds_the_same_numbers_with_hyphens_and_zeros(tables, name):
    module = importlib.import_module(f"rejsens.tables.{name}")
    given = {t: tables[t] for t in module.TABLES}
    plain, usual = (laid_out(module.__name__, given, example_tables.study(numbers=p)) for p in ("plain", "apa7"))
    told = [cell for row in plain.rows for cell in row]
    assert not [cell for cell in told if re.search(r"−|(?<![\w/.])\.\d|\d,\d{3}", cell)] and any(
        "0." in cell for cell in told
    )
    assert [values(cell) for cell in told] == [values(cell) for row in usual.rows for cell in row]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_numbers_by_name_are_found_back_in_their_rows(tables, profile):
    with apa.printed_as(profile):
        found = manuscript.numbers(tables)
        rows = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    for row in rows:
        texts = " ; ".join(house_style.retold(t, {"numbers": profile}) for t in found[row["hypothesis"]].values())
        told = {k: v.replace(".", "·") if isinstance(v, str) and profile == "lancet" else v for k, v in row.items()}
        plain = re.sub(r"(?<![\w])-(?=\d)", "−", texts.replace("·", "."))
        assert audit.strange_numbers(plain, [row, told]) == []
    mark = "·" if profile == "lancet" else "-0."
    assert mark in found["H1"]["estimate"] and mark in json.loads(manuscript.as_json(found))["H1"]["interval"]


def test_the_writers_agree_in_the_lancets_manner(reports, tmp_path):
    parts = ("tested", "participants", "hypotheses")
    document = replace(reports["lancet"], sections=tuple(s for s in reports["lancet"].sections if s.id in parts))
    page = values(audit.Page(html.write(document)).text)
    file = values(text_of_word(docx.Document(io.BytesIO(word.write(document)))))
    assert sum(page.values()) > 500 and page.keys() - file.keys() == set()
    if HAS_PDFTOTEXT:
        content = values(text_of_pdf(pdf.write(document), tmp_path))
        assert page.keys() - content.keys() == set()


def drawn(tables, folder, name, **asked):
    folder.mkdir()
    module = importlib.import_module(f"rejsens.figures.{name}")
    settings = {"study": example_tables.study(**asked), "people": True}
    given = {t: tables[t] for t in module.TABLES}
    return draw_and_save(settings, name, module.__name__, folder / f"{name}.svg", **given)


def test_a_figure_prints_in_the_profile_and_its_data_stay(tables, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("rejsens.draw.save", lambda drawing, stem: shown.append(drawing) or [])
    for name in ("apa7", "lancet"):
        drawn(
            tables,
            tmp_path / name,
            "correlation_heatmap",
            numbers=name,
            spelling="american" if name == "lancet" else "british",
        )
    plain, told = shown
    assert plain.data.equals(told.data) and plain.alt != told.alt
    texts = [[t.get_text() for t in d.figure.findobj(lambda o: hasattr(o, "get_text"))] for d in (plain, told)]
    assert [t for t in texts[0] if re.search(r"\.\d", t)] and not [t for t in texts[1] if re.search(r"\.\d", t)]
    assert [t for t in texts[1] if "·" in t]
    assert british(plain.caption + plain.note) and not british(told.caption + told.note)


def test_axes_count_in_the_profile():
    figure = Drawn()
    axes = figure.subplots()
    axes.plot([-0.5, 0.5], [0, 1])
    apa.use("lancet")
    drawing = house_style.on_drawing(Drawing(figure, "Slope .5.", pd.DataFrame()), {"numbers": "lancet"})
    figure.draw_without_rendering()
    labels = [t.get_text() for t in axes.get_xticklabels()]
    assert "−0·4" in labels and not [t for t in labels if "." in t] and drawing.alt == "Slope 0·5."


def params(plan: Plan) -> dict[str, object]:
    """What each job depends on, one job of each rule."""
    one = {"wave": plan.study.waves[0].name, "instrument": plan.modelled[0], "family": plan.study.family_names[0]}
    size = next(iter(plan.sizes))
    given = {
        "validate_wave": ("wave",), "score_wave": ("wave",), "fit_answers": ("wave",), "psychometrics": ("instrument",),
        "test_hypotheses": ("family",), "run_multiverse": ("family",), "draw_instrument_figures": ("instrument",),
    }  # fmt: skip
    named = {
        "draw_figure": ("headline",), "draw_figure_of_people": ("headline",), "lay_out_table": ("flow",),
        "draw_sized_figure": (size, "headline"), "draw_sized_family_figures": (size,),
        "draw_sized_instrument_figures": (size, one["instrument"]),
    }  # fmt: skip
    plain = [
        "compare_waves",
        "codebook",
        "pool_waves",
        "describe_sample",
        "model_attrition",
        "collect_psychometrics",
        "validate_inventory",
        "assess_validity",
        "describe_answering",
        "collect_estimates",
        "summarise_multiverse",
        "tell_plan",
        "compare_benchmarks",
        "draw_family_figures",
        "write_report",
        "write_documents",
        "write_numbers",
    ]
    wild = {rule: tuple(one[w] for w in wanted) for rule, wanted in given.items()} | named | dict.fromkeys(plain, ())
    return {rule: plan.params(rule, *wildcards) for rule, wildcards in wild.items()}


def test_a_setting_of_style_reruns_what_prints_and_nothing_that_computes(monkeypatch):
    monkeypatch.chdir(registry.SHIPPED)
    for name in ("code", "hashes", "export_hash"):  # files are the same whatever the settings say
        monkeypatch.setattr(f"rejsens.plan.{name}", lambda *given: {})
    study = load_study(".")
    before = params(Plan(study))
    printing = {rule for rule in before if rule.startswith(("draw_", "write_", "lay_out_"))}
    for asked in ({"numbers": "lancet"}, {"spelling": "american"}):
        after = params(Plan(replace(study, settings={**study.settings, **asked})))
        changed = {rule for rule in before if before[rule] != after[rule]}
        assert changed == printing - ({"write_numbers"} if "spelling" in asked else set())


# --- words -----------------------------------------------------------------------------------------------------------


def test_every_word_of_the_list_stands_in_a_sentence_of_the_project():
    said = " ".join(printed_sentences()).lower()
    assert [w for w in AMERICAN if not re.search(rf"(?<![a-z]){w}(?![a-z])", said)] == []


def test_no_sentence_of_the_project_keeps_a_british_form():
    left = {w: text for text in printed_sentences() for w in british(american(text))}
    assert left == {}


def test_the_report_in_american_spelling_holds_no_british_form(reports):
    made, plain = reports["lancet"], reports["apa7"]
    assert (made.language, plain.language) == ("en-US", "en-GB")
    own = own_words(made) + [text for t in printed_tables(made) for text in (t.title, *t.columns, *t.general)]
    labels = ("Over-analysing",)  # of an instrument: stays as its file has it
    assert (
        len(own) > 200
        and {w: t for t in own for w in british(t) if not any(n.lower() in t.lower() for n in labels)} == {}
    )
    assert british(" ".join(own_words(plain)))
    assert 'lang="en-US"' in html.write(made)


def test_labels_quotations_paths_and_citations_stay():
    study = {"spelling": "american", "as_written": ["Grey behaviour", "Colour"]}
    said = "Standardised grey behaviour and behaviour, “a colour”, `grey`, results/colour.csv, colour.png"
    assert (
        house_style.retold(said, study)
        == "Standardized grey behaviour and behavior, “a colour”, `grey`, results/colour.csv, colour.png"
    )
    assert house_style.retold("Colour", study) == "Colour" and house_style.retold("Colour map", study) == "Color map"
    assert house_style.retold("Grey\nbehaviour", study) == "Grey\nbehaviour"
    document = Document(
        "Grey title",
        (Section("s", "Grey", (Paragraph("Grey et al.", "citation"), Paragraph("grey"))),),
        lead="Grey lead",
    )
    made = house_style.on_document(document, study)
    assert (made.title, made.lead, made.sections[0].heading) == ("Grey title", "Grey lead", "Gray")
    assert [b.text for b in made.sections[0].blocks] == ["Grey et al.", "gray"]
    table = PrintedTable("Grey", ("Colour", "p"), (("grey^a", "1"),), specific=(("a", "Grey."),))
    assert house_style.on_table(table, study, quotes="words").rows == table.rows
    with apa.printed_as("lancet"):
        number = replace(table, rows=(("grey .5", "−0.1"),))
        assert house_style.on_table(number, study | {"numbers": "lancet"}, quotes="words").rows == (
            ("grey 0·5", "−0·1"),
        )
        assert house_style.on_table(number, study | {"numbers": "lancet"}, quotes="all").rows == number.rows
    assert house_style.on_table(table, study).rows == (("gray^a", "1"),)
    assert house_style.on_table(table, study).columns[0] == "Colour"  # a label of the study stands alone


def test_what_a_study_declares_is_kept(monkeypatch):
    monkeypatch.chdir(registry.SHIPPED)
    study = load_study(".")
    facts = replace(study, settings={**study.settings, "spelling": "american"}).facts
    assert any("judgement" in text for text in facts["as_written"]) and study.facts["as_written"] == []
    assert all(BRITISH.search(t) or re.search(r"\d\.\d|\.\d|−\d", t) for t in facts["as_written"])
    assert as_written({"spelling": "american"}, {"a": ["grey", {"b": "plain"}]}) == ["grey"]


def test_the_default_changes_nothing(reports):
    document = reports["apa7"]
    assert house_style.on_document(document, {"numbers": "apa7", "spelling": "british"}) is document
    assert all(house_style.on_table(table, {}) is table for table in printed_tables(document))
    assert apart("a “b” c", ()) == [("a ", False), ("“b”", True), (" c", False)]
