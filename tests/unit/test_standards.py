"""No item of a reporting standard is satisfied by nothing: without its place, or without any one of its data, it is told."""

import io
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import chain

import audit
import docx
import example_tables
import pandas as pd
import pytest
import yaml
from docx.oxml.ns import qn
from test_report import document, with_ledger
from test_writers import drawn

from rejsens import frozen_plan, layout, narrative, registry, standards
from rejsens.declarations import SHIPPED, load_settings, schema_problems
from rejsens.definitions import instrument_facts, load_instruments
from rejsens.document import Bullets, Document, Figure, Paragraph, Section, Table, walk
from rejsens.finished import outline
from rejsens.layout import PrintedTable
from rejsens.provenance import provenance
from rejsens.report import compose
from rejsens.sections.places import PLACES
from rejsens.sections.reporting import numbered
from rejsens.standards import FILES, NOT_APPLICABLE, NOT_PROVIDED, SATISFIED, Run, checked, holds
from rejsens.statements import NAMES, OF_WAVES, statements
from rejsens.tables import standards as printed_standards
from rejsens.tabular import COLUMNS
from rejsens.writers import html, pdf, widths, word

CONTENT = standards.load_standards()
ITEMS = {item["id"]: item for item in CONTENT["items"]}
CASES = CONTENT["cases"]
OTHER = {bool: lambda old: not old, str: lambda _: "something else"}


# --- a run in which one item has all it asks for -----------------------------------------------------------------------


def needs_of(item) -> list[dict]:
    """What an item needs, and what the cases need in which it applies."""
    return [*item["needs"], *chain.from_iterable(CASES[name]["needs"] for name in item.get("applies", ()))]


def run_for(item, place="") -> Run:
    needs = needs_of(item)
    own = {kind: [need[kind] for need in needs if kind in need] for kind in standards.CONDITIONS}
    settings: dict = {}
    for key in own["setting"]:
        *groups, last = key.split(".")
        group = settings
        for name in groups:
            group = group.setdefault(name, {})
        group[last] = "stated"
    sections = {need: Section(need, need, (Bullets(("It is said.",)),)) for need in own["section"]}
    name = (place or item["places"][0]).replace("*", "primary")
    if name not in sections:
        sections[name] = Section(name, name, (held(name),))
    return Run(
        tables={name: table_for(name, needs) for name in own["table"]},
        settings=settings,
        waves=[dict.fromkeys(own["wave"], "stated")] * 2,
        hypotheses=[dict.fromkeys(own["hypothesis"], "stated")] * 2,
        record={"instruments": [dict.fromkeys(own["instrument"], "stated")] * 2} | dict.fromkeys(own["record"], "x"),
        report=Document("R", tuple(sections.values())),
    )


def held(anchor: str):
    kind, _, name = anchor.partition("-")
    if kind == "table":
        return Table(name, PrintedTable("Title", ("A", "B"), (("a", "b"),)))
    return Figure(name, "<svg/>", "words", "") if kind == "figure" and name else Bullets(("It is said.",))


def table_for(name: str, needs) -> pd.DataFrame:
    """Two rows for each need of the table, every column filled, those of `where` as they should be."""
    rows = []
    for need in (need for need in needs if need.get("table") == name):
        row = dict.fromkeys(COLUMNS[name], "stated") | {c: v[0] for c, v in need.get("where", {}).items()}
        rows += [row] * max(2, need.get("rows", 1))
    every = [need["where"] for need in needs if need.get("table") == name and "where" in need]
    if len(every) > 1 and not any(set(a) & set(b) for a in every for b in every if a is not b):
        rows = [row | {c: v[0] for where in every for c, v in where.items()} for row in rows]
    return pd.DataFrame(rows)


def found_of(item, run) -> dict:
    """The row of one item."""
    return standards.row_of(item, CONTENT, run)


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_an_item_that_has_all_it_asks_for_is_satisfied_at_its_place(item):
    run = run_for(item)
    row = found_of(item, run)
    assert row["outcome"] == SATISFIED
    assert row["anchor"] in run.places and row["place"] == run.places[row["anchor"]]
    assert "file" not in row and "reason" not in row


# --- and without any part of it ----------------------------------------------------------------------------------------


def without(run: Run, need) -> list[tuple[str, Run]]:
    """The run without what a need asks for: in each way in which it can be absent."""
    kind = next(kind for kind in standards.CONDITIONS if kind in need)
    match kind:
        case "table":
            return [(f"{need['table']}: {what}", replace(run, tables=run.tables | {need["table"]: frame}))
                    for what, frame in poorer(run.tables[need["table"]], need)]  # fmt: skip
        case "setting":
            return [(f"{kind} {value!r}", replace(run, settings=changed(run.settings, need[kind].split("."), value)))
                    for value in (None, "", " ")]  # fmt: skip
        case "wave":
            return [("one wave", replace(run, waves=[*run.waves[:1], {}])), ("no wave", replace(run, waves=[]))]
        case "hypothesis":
            return [("one hypothesis", replace(run, hypotheses=[*run.hypotheses[:1], {}]))]
        case "instrument":
            first = run.record["instruments"][:1]
            return [("one", replace(run, record=run.record | {"instruments": [*first, {}]}))]
        case "record":
            return [("record", replace(run, record=run.record | {need[kind]: {}}))]
        case "section":
            silent = Section(need[kind], need[kind], (Paragraph("There is nothing.", "absent"),))
            return [("section", replace(run, report=Document("R", (silent,))))]


def poorer(frame: pd.DataFrame, need) -> list[tuple[str, pd.DataFrame]]:
    found = [("no rows", frame.iloc[:0])]
    for column in need.get("filled", ()):
        found.append((f"{column}", frame.assign(**{column: None})))
        if need.get("every"):
            found.append((f"{column} of one row", frame.assign(**{column: [None, *frame[column][1:]]})))
    for column in need.get("filled", ())[:1]:
        found.append((f"{column} without a word", frame.assign(**{column: ""})))
    for column, values in need.get("where", {}).items():
        found.append((f"{column} is another", frame.assign(**{column: OTHER[type(values[0])](values[0])})))
    if need.get("rows", 1) > 1:
        found.append(("too few rows", frame.iloc[: need["rows"] - 1]))
    return found


def changed(settings: dict, keys: list[str], value) -> dict:
    first, *rest = keys
    return settings | {first: changed(settings[first], rest, value) if rest else value}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_an_item_that_lacks_any_of_it_is_told_with_what_would_provide_it(item):
    run, tried = run_for(item), 0
    for need in item["needs"]:
        for what, poor in without(run, need):
            row = found_of(item, poor)
            applies = all(holds(n, poor) for name in item.get("applies", ()) for n in CASES[name]["needs"])
            assert row["outcome"] == (NOT_PROVIDED if applies else NOT_APPLICABLE), what
            assert "anchor" not in row and "place" not in row
            if applies:
                tried += 1
                assert row["file"] or row["command"] or item["provided_by"] == {"run": True}
    assert tried


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_an_item_is_not_satisfied_where_the_report_does_not_hold_its_place(item):
    run = run_for(item)
    anchor = found_of(item, run)["anchor"]
    left = tuple(s for s in run.report.sections if s.id != anchor)  # a table or figure stands in a section of its name
    assert found_of(item, replace(run, report=Document("R", left)))["outcome"] == NOT_PROVIDED


@pytest.mark.parametrize("item", [i for i in ITEMS.values() if len(i["places"]) > 1], ids=lambda item: item["id"])
def test_a_second_place_serves_where_the_first_is_not_there(item):
    for place in item["places"]:
        assert found_of(item, run_for(item, place))["anchor"] == place


@pytest.mark.parametrize("item", [i for i in ITEMS.values() if "applies" in i], ids=lambda item: item["id"])
def test_an_item_that_does_not_apply_says_why(item):
    run = run_for(item)
    for name in item["applies"]:
        for need in CASES[name]["needs"]:
            frame = run.tables[need["table"]].iloc[: need.get("rows", 1) - 1]
            poor = replace(run, tables=run.tables | {need["table"]: frame})
            row = found_of(item, poor)
            assert row["outcome"] == NOT_APPLICABLE and "file" not in row and "anchor" not in row
            assert row["reason"] in [CASES[other]["otherwise"] for other in item["applies"]]


# --- what the list names is there --------------------------------------------------------------------------------------


@cache
def schema(kind: str) -> dict:
    return yaml.safe_load((SHIPPED / "schemas" / f"{kind}.schema.yaml").read_text(encoding="utf-8"))


def knows(kind: str, key: str) -> bool:
    """Whether a file of this kind may hold the key; entries of a list have the keys of each."""
    node = schema(kind)
    for name in key.split("."):
        node = node.get("items", node)
        if "$ref" in node:
            node = schema(kind)["$defs"][node["$ref"].rpartition("/")[2]]
        node = node.get("properties", {}).get(name)
        if node is None:
            return False
    return True


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_the_setting_that_would_provide_an_item_exists(item):
    given = item["provided_by"]
    if "file" in given:
        assert knows(FILES[given["file"]][1], given["key"])
    if "command" in given:
        commands = (SHIPPED / "docs/commands.md").read_text(encoding="utf-8")
        assert re.search(rf"^\$ {re.escape(given['command'])}\b", commands, re.MULTILINE)
    for need in item["needs"]:
        for kind, file in (("setting", "config"), ("wave", "wave")):
            assert kind not in need or knows(file, need[kind])
        assert "hypothesis" not in need or knows("hypotheses", f"hypotheses.{need['hypothesis']}")


def test_a_key_that_no_schema_knows_would_be_found():
    assert knows("config", "study.statements.funding") and not knows("config", "study.statements.fundings")
    assert knows("hypotheses", "hypotheses.sesoi") and not knows("hypotheses", "sesoi")


def test_tables_columns_records_and_facts_are_those_of_the_project():
    record = provenance({}, {"seed": 1}, [], [])
    facts = instrument_facts(load_instruments((SHIPPED / "schemas/instruments",), {"rses"})["rses"])
    for need in chain.from_iterable([i["needs"] for i in ITEMS.values()] + [c["needs"] for c in CASES.values()]):
        if "table" in need:
            assert need["table"] in registry.AGGREGATES
            assert {*need.get("filled", ()), *need.get("where", ())} <= set(COLUMNS[need["table"]]), need
        assert "record" not in need or need["record"] in record
        assert "instrument" not in need or need["instrument"] in facts
    named = {v for i in ITEMS.values() for n in i["needs"] for v in n.get("where", {}).get("status", ())}
    assert named <= set(frozen_plan.STATUSES)


def test_the_list_is_sound():
    assert schema_problems(CONTENT, "standards", "standards") == []
    assert [name for name, n in Counter(item["id"] for item in CONTENT["items"]).items() if n > 1] == []
    assert {item["standard"] for item in ITEMS.values()} == set(CONTENT["standards"])
    assert {name for item in ITEMS.values() for name in item.get("applies", ())} == set(CASES)
    for text in chain((i["asks"] for i in ITEMS.values()), (c["otherwise"] for c in CASES.values())):
        assert narrative.banned_words(text) == [], text


@pytest.fixture(scope="module")
def report():
    return document(figures=drawn())


@pytest.mark.parametrize("place", sorted({place for item in ITEMS.values() for place in item["places"]}))
def test_every_place_is_one_that_the_report_can_hold(place, report):
    kind, _, name = place.partition("-")
    if kind == "table":
        assert name in {module for places in PLACES.values() for module, *_ in places}
        assert name in registry.plugins("tables")
    elif kind == "figure":
        of = "family" if name.endswith("-*") else "study"
        assert name.removesuffix("-*") in registry.figures(of=of)
    else:
        assert place in {section.id for section in report.sections}


def test_statements_are_the_same_in_schema_code_and_documentation():
    assert list(schema("config")["properties"]["study"]["properties"]["statements"]["properties"]) == list(NAMES)
    assert set(OF_WAVES) <= set(schema("wave")["properties"])
    page = (SHIPPED / "config/README.md").read_text(encoding="utf-8")
    rows = page.split("## Statements\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE) == list(NAMES)
    assert all(f"`{key}`" in rows for key in OF_WAVES)


def test_statements_are_never_inherited(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("study: {title: Mine, simulated: false}\n", encoding="utf-8")
    assert "statements" in load_settings(SHIPPED)["study"] and "statements" not in load_settings(tmp_path)["study"]


# --- a whole study -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(report):
    """The list held against the example study, which states no more than it shows."""
    hypothesis = {"covariates": [], "estimand": "What is estimated.", "sesoi": 0.1}
    settings = load_settings(SHIPPED) | {"study": {"title": "Example", "simulated": True, "support": "A line."}}
    return checked(CONTENT, Run(with_ledger(example_tables.tables()), settings, [{}], [hypothesis], {}, report))


def test_what_the_example_study_lacks_is_told_and_nothing_else(found):
    lacking = set(found.loc[found["outcome"] == NOT_PROVIDED, "item"])
    assert {"strobe_22", "tier_data", "practice_conflicts", "tier_source", "sampl_software"} <= lacking
    assert not lacking & {"jars_flow", "jars_dates", "jars_attrition", "sampl_exact_p", "strobe_12_sensitivity"}
    people = found[found["outcome"] == NOT_APPLICABLE]
    assert {"jars_ethics", "jars_consent"} <= set(people["item"])
    assert set(people.loc[people["item"] == "jars_ethics", "reason"]) == {CASES["people"]["otherwise"]}
    assert len(found) == len(ITEMS)


@pytest.fixture(scope="module")
def with_appendix(found, report):
    """A report that holds the whole appendix and every place that it names."""
    table = Table("standards", printed_standards.lay_out(standards=found, study={}))
    sections = tuple(replace(s, blocks=(table,)) if s.id == "standards" else s for s in report.sections)
    return numbered(replace(report, sections=sections))


def test_every_place_in_the_appendix_is_a_link_that_arrives_in_each_format(found, with_appendix):
    satisfied = found[found["outcome"] == SATISFIED]
    assert len(satisfied) > 50
    page = audit.Page(html.write(with_appendix))
    targets = Counter(value[1:] for tag, _, value in page.links if tag == "a" and value.startswith("#"))
    assert set(targets) <= set(page.ids) and all(targets[anchor] >= 1 for anchor in satisfied["anchor"])
    body = docx.Document(io.BytesIO(word.write(with_appendix))).element.body
    marks = [mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))]
    links = [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    assert len(marks) == len(set(marks)) and set(links) <= set(marks) and len(links) >= len(satisfied)
    source = pdf.source(with_appendix)
    assert all(f'label("{anchor}")' in source for anchor in satisfied["anchor"])


def test_a_place_is_told_with_its_number_and_title(found, with_appendix):
    """The list knows titles, the report its numbers."""
    table = next(b for b in walk(with_appendix.sections) if isinstance(b, Table) and b.name == "standards").printed
    titles = {b.anchor: b.printed.title for b in walk(with_appendix.sections) if isinstance(b, Table)}
    told = {anchor: table.rows[row][column] for row, column, anchor in table.links}
    assert set(told) == set(found.loc[found["outcome"] == SATISFIED, "anchor"])
    assert {told[anchor] for anchor in told if anchor in titles} == {
        f"{with_appendix.numbers[anchor]}. {titles[anchor]}" for anchor in told if anchor in titles
    }
    assert told["statements"] == "Section “Statements”" and len(set(told) & set(titles)) > 20


def test_what_is_looked_up_before_the_report_is_written_is_what_the_report_holds(report):
    """The outline that the job is given: the same places under the same titles."""
    tables, facts = with_ledger(example_tables.tables()), example_tables.study()
    shipped = {name: registry.title(path) for name, path in registry.plugins("tables").items()}
    titles = {"tables": shipped, "figures": {}, "of_families": {"forest": "Forest"}, "families": ["primary"]}
    held = outline(tables, facts, example_tables.provenance(), titles)
    there = {
        of: {b.anchor: b.printed.title for b in walk(one.sections) if isinstance(b, Table) and not b.series}
        for of, one in (("outline", held), ("report", report))
    }
    assert there["outline"] == there["report"]
    assert [s.id for s in held.sections] == [s.id for s in report.sections]
    assert "figure-forest-primary" in held.anchors


def test_the_section_counts_and_names_what_would_provide_the_rest(report):
    section = next(s for s in report.sections if s.id == "standards")
    text = " ".join(str(getattr(b, "text", getattr(b, "items", ""))) for b in walk(section.blocks))
    assert "4 items: 1 satisfied, 2 NOT PROVIDED, 1 not applicable." in text
    assert "config/config.yaml: study.statements.funding (STROBE, 22 Funding)" in text
    assert "the command “rejsens plan freeze” (JARS–Quant, Registration)" in text


def test_statements_are_printed_where_they_are_given(report):
    section = next(s for s in report.sections if s.id == "statements")
    assert ("Funding", "None.") in section.blocks[0].pairs
    silent = compose({}, [], {}, {"title": "Empty", "simulated": False}, {})
    assert "statements" not in {s.id for s in silent.sections}


def test_a_cell_is_a_link_only_where_its_place_is():
    table = PrintedTable("T", ("Item", "Where"), (("A", "Flow"),), ("left", "left"), links=((0, 1, "table-flow"),))
    assert "<a " not in layout.to_html(table, "t")
    assert '<a href="#table-flow">Flow</a>' in layout.to_html(table, "t", {"table-flow"})
    assert layout.from_json(layout.to_json(table)) == table


def test_a_table_that_is_cut_keeps_its_links_with_their_cells():
    cells = tuple(f"cell {k} of some length" for k in range(6))
    table = PrintedTable("T", tuple("ABCDEF"), (cells,), links=((0, 5, "table-flow"),))
    parts = widths.fitted(table, 70)
    assert len(parts) > 1 and [len(part.links) for part in parts] == [0] * (len(parts) - 1) + [1]
    row, column, _ = parts[-1].links[0]
    assert parts[-1].rows[row][column] == cells[5]


def test_statements_come_from_settings_and_sidecars():
    sidecars = [("w1", {"consent": "Yes.", "role": "wave"}), ("w2", {"consent": "Yes."})]
    said = statements({"study": {"statements": {"ethics": " Board 7. ", "funding": " "}}}, sidecars)
    assert said == [("Design", "panel survey, 2 waves"), ("Consent", "Yes."), ("Ethics approval", "Board 7.")]
