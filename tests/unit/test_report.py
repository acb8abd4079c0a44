"""The report: complete, escaped, self-contained, equal for equal input, and no number that its tables do not hold."""

import base64
import hashlib
import importlib
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import audit
import example_tables
import pandas as pd
import pytest

from rejsens import claims, layout, narrative, pages, registry, verdict_words
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.definitions import instrument_facts, load_instruments
from rejsens.report import compose
from rejsens.sections.closing import RISK
from rejsens.writers import html as page_writer

SECTIONS = [
    "tested",
    "data",
    "differences",
    "participants",
    "missing",
    "instruments",
    "validation",
    "measures",
    "descriptives",
    "hypotheses",
    "change",
    "figures",
    "claims",
    "statements",
    "limitations",
    "reproduce",
    "standards",
]
CODEBOOK = "../codebook/codebook.html"
BESIDE = {CODEBOOK, "audit.html", "provenance.json"}  # files of the same study


def printed(tables, study):
    modules = {name: importlib.import_module(f"rejsens.tables.{name}") for name in registry.plugins("tables")}
    return {name: m.lay_out(**{t: tables[t] for t in m.TABLES}, study=study) for name, m in modules.items()}


def with_ledger(tables):
    content = read_yaml(SHIPPED / "config" / "claims.yaml", "claims")
    return {k: v for k, v in tables.items() if k != "scores"} | {
        "claims": claims.ledger(content, tables["dictionary"], tables["estimates"], tables["hypotheses"])
    }


def document(tables=None, figures=None, provenance=None, of_instruments=None, of_waves=None, **study):
    """The report of the example study."""
    tables = with_ledger(tables or example_tables.tables())
    facts = example_tables.study(**study)
    return compose(
        tables,
        figures or example_tables.figures(),
        printed(tables, facts),
        facts,
        provenance or example_tables.provenance(),
        of_instruments,
        of_waves=of_waves,
    )


def page(*given, **study) -> str:
    """The example study as a page; run as a script, its hash."""
    return page_writer.write(document(*given, **study))


@pytest.fixture(scope="module")
def full():
    return page()


@pytest.fixture(scope="module")
def one():
    return page(example_tables.one_wave(example_tables.tables()))


@pytest.fixture(scope="module")
def untested():
    return page(example_tables.without_hypotheses(example_tables.tables()))


@pytest.fixture(params=["full", "one", "untested"])
def any_page(request):
    return request.getfixturevalue(request.param)


# --- any page --------------------------------------------------------------------------------------------------------


def test_the_page_is_well_formed_and_its_links_arrive(any_page):
    found = audit.Page(any_page)
    assert found.faults == []
    assert len(found.ids) == len(set(found.ids))
    assert {value[1:] for tag, _, value in found.links if tag == "a" and value not in BESIDE} <= set(found.ids)
    assert [i for i in found.ids if i in SECTIONS] == SECTIONS


def test_headings_go_down_one_step_at_a_time(any_page):
    levels = [int(tag[1]) for tag, _ in audit.Page(any_page).headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_nothing_is_asked_of_the_network_and_one_script_runs(any_page):
    found = audit.Page(any_page)
    links = [value for _, _, value in found.links if value not in BESIDE]
    assert len(links) == len(found.links) - len(BESIDE)
    assert all(value.startswith(("#", "data:image/svg+xml,")) for value in links)
    names = {tag for tag, _ in found.tags}
    assert not names & {"iframe", "object", "embed", "link", "form", "base"}
    assert [given for tag, given in found.tags if tag == "script"] == [{}]
    script = re.search(r"<script>(.*?)</script>", any_page, flags=re.DOTALL)[1]
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'\"" in any_page
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|fetch\(|XMLHttp|import\(|eval\(|localStorage", script)
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]
    assert "default-src 'none'" in any_page
    assert not re.search(r"url\((?!data:font/woff;base64,)|@import", any_page)


def test_no_time_and_no_machine_path(any_page):
    text = re.sub(r"data:[^\")]+", "", any_page)
    assert not re.search(r"\d\d:\d\d:\d\d|T\d\d:\d\d", text)
    assert not re.search(r"/(?:home|tmp|root|work|Users|usr)/", text)


def test_every_section_is_marked_as_simulated(any_page):
    found = audit.Page(any_page)
    assert "Simulated data. Nobody answered these questions." in found.text
    assert [text for tag, text in found.headings if tag == "h2" and "Simulated data" not in text] == []
    assert "(simulated data)</title>" in any_page and '@top-center { content: "Simulated data"' in any_page


def test_every_table_has_a_caption_and_scrolls_in_its_own_box(any_page):
    tags = [(tag, given.get("class", "")) for tag, given in audit.Page(any_page).tags]
    tables = [k for k, (tag, _) in enumerate(tags) if tag == "table"]
    assert len(tables) > 10
    for k in tables:
        assert tags[k - 1] == ("div", "scroll") and tags[k + 1][0] == "caption"


def test_tables_are_numbered_in_order(any_page):
    numbers = re.findall(r'class="table-number">Table (\d+)<', any_page)
    assert numbers == [str(k) for k in range(1, len(numbers) + 1)]
    assert layout.NUMBER_SLOT not in any_page


def test_no_banned_word_outside_quotations(any_page):
    assert narrative.banned_words(audit.Page(any_page).text) == []


def test_the_smallest_effect_of_interest_has_one_name(any_page):
    text = " ".join(audit.Page(any_page).text.split())
    assert re.findall(r"(?i)smallest (?!effect\b)\w+ of interest", text) == []
    assert re.findall(r"(?i)smallest effects?(?! of interest)", text) == []


def test_a_family_that_is_set_aside_stands_on_the_first_page_with_its_reason(full):
    said = "The family of hypotheses “b” is set aside and not tested until its file is mended. config/hypotheses/b.yaml: torn."
    html = page(set_aside=[said])
    first, rest = html.split('aria-labelledby="data"')
    assert said in first and said in rest.partition('aria-labelledby="limitations"')[2]
    assert "set aside" not in full.partition('aria-labelledby="data"')[0].lower()


def test_exposure_is_reported_exposure(any_page):
    text = re.sub(r"“[^”]*”|Micro-Rejection Exposure and Impact Inventory", " ", audit.Page(any_page).text)
    assert re.findall(r"(?i)(?<!reported )exposure", text) == []


def test_the_page_says_what_every_report_must_say(any_page):
    text = audit.Page(any_page).text
    for said in (
        "Nothing here is diagnostic",
        "self-report",
        "observational",
        "the same questionnaire",
        example_tables.STATUS_LINE,
        example_tables.study()["support"],
        example_tables.study()["contact"],
        "User-supplied key.",
        "Permission required.",
        "Ask the publisher before collecting data with this scale.",
        "SCS-SF items 11 and 12",
        "Formative indices have no internal consistency",
        "20260105",
        "c" * 64,
        "d" * 64,
        "9.27.0",
        "a" * 64,
    ):
        assert said in text, said


# --- the first page and the hypotheses -------------------------------------------------------------------------------


def test_the_first_page_states_each_hypothesis_whole(full):
    cards = audit.Page(full).articles["finding"]
    assert len(cards) == 3
    h1, h2, h3 = (" ".join(card.split()) for card in cards)
    for said in (
        "H1 Reported exposure and self-esteem",
        "Verdict: supported",
        "Estimated: concurrent within-person association",
        "Supported: the adjusted",
        "−0.13",
        "95% CI [−0.17, −0.09]",
        "n (people) 473",
        "Observations 2,391",
        "Smallest detectable 0.06",
        "Adjusted p < .001",
        "SESOI ±0.10 within-person SDs",
    ):
        assert said in h1, said
    assert "Inconclusive:" not in h1 + h2
    assert (
        "Inconclusive: the adjusted p = .148 is not below the declared level, and the equivalence interval [0.004, 0.118]"
        in h3.replace("\u00a0", " ")
    )
    text = audit.Page(full).text
    assert "3 hypotheses were declared: 1 supported, 1 equivalent (not as claimed), 1 inconclusive." in text
    assert all(f"{verdict} {meaning}" in text for verdict, meaning in verdict_words.MEANINGS.items())
    assert "Verdict: equivalent not as claimed" in h2 and "as claimed" not in h1
    assert "Direction declared: negative; found: negative" in h1


@pytest.mark.parametrize("kind", ["finding", "prose"])
def test_every_number_about_a_hypothesis_is_found_back_in_its_row(full, kind):
    tables = with_ledger(example_tables.tables())
    rows = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    articles = audit.Page(full).articles[kind]
    for row, text in zip(rows, articles, strict=True):
        evidence = [{"text": piece} for piece in tables["claims"]["evidence"].unique() if piece]
        text = " ".join(text.replace("\u00a0", " ").split())
        for piece in evidence:
            text = text.replace(piece["text"], "")
        text = re.sub(r"Published evidence.*$", "", text)
        assert audit.strange_numbers(text, [row]) == [], text


def test_the_strip_puts_the_estimate_inside_its_interval(full):
    strips = re.findall(
        r'class="ci" d="M([\d.]+) 14H([\d.]+)".*?<circle class="dot" cx="([\d.]+)"', full, flags=re.DOTALL
    )
    assert len(strips) == 3
    for low, high, dot in strips:
        assert 0 <= float(low) < float(dot) < float(high) <= 320
    assert float(strips[0][1]) < 160 < float(strips[1][2])  # H1 lies left of zero, H2 right


def test_published_evidence_stands_beside_the_result(full):
    h1, h2, _ = audit.Page(full).articles["prose"]
    assert "Published evidence beside this result." in h1 and "Blackhart" in h1 and "Gerber" in h1
    assert "Published evidence" not in h2


def test_a_result_that_is_not_testable_shows_its_reason_and_no_strip():
    tables = example_tables.tables()
    estimates = tables["estimates"].copy()
    own = estimates["decides"] & (estimates["hypothesis"] == "H2")
    estimates.loc[
        own, ["estimate", "ci_low", "ci_high", "ci90_low", "ci90_high", "p", "p_adjusted", "smallest_detectable"]
    ] = float("nan")
    estimates.loc[own, ["verdict", "reason", "status"]] = ["not testable", "the model did not converge", "not testable"]
    card = audit.Page(html := page(tables | {"estimates": estimates})).articles["finding"][1]
    assert "Not testable: the model did not converge." in card and "Estimated" not in card
    assert html.count('class="strip"') == 2


def test_the_page_says_what_changed_between_waves_and_where_the_codebook_is(full, one):
    section = re.search(r'<section aria-labelledby="differences">.*?</section>', full, flags=re.DOTALL)[0]
    text = audit.Page(section).text
    assert (
        "What changed between waves" in text
        and "2026d, compared with 2026c" in text
        and "Declared: Plainer words." in text
    )
    assert CODEBOOK in section and "in the folder codebook" in text
    assert "There is one wave, and none to compare it with." in audit.Page(one).text


def test_reasons_for_giving_stand_among_the_descriptives_where_they_were_asked(full):
    title = "Reasons for Giving Micro-Rejections"
    section = re.search(r'<section aria-labelledby="descriptives">.*?</section>', full, flags=re.DOTALL)[0]
    assert title in section and full.count(f"{title}, the Most") == section.count(f"{title}, the Most")
    tables = example_tables.tables()
    others = tables["responses"][tables["responses"]["instrument"] != "mreii_giving"]
    assert title not in page(tables | {"responses": others})


# --- studies that lack something -------------------------------------------------------------------------------------


def test_a_study_without_hypotheses_says_so(untested):
    found = audit.Page(untested)
    assert narrative.NO_HYPOTHESIS in found.text
    assert found.articles == {}
    assert "Hypotheses and Verdicts" not in found.text
    assert "Descriptive Statistics of All Scores by Wave" in found.text


def test_one_wave_says_erosion_only_to_say_that_it_cannot(one):
    text = re.sub(r"“[^”]*”", " ", audit.Page(one).text)
    assert narrative.NO_CHANGE in text
    assert "erosion" not in text.replace(narrative.NO_CHANGE, "").lower()
    assert "One wave cannot give the declared estimand" in text
    assert "People in the latest wave" not in text


def test_real_data_carry_no_simulated_mark():
    tables = example_tables.tables()
    tables["waves"] = tables["waves"].assign(simulated=False)
    html = page(tables, simulated=False, description="Adults answered six times.")
    assert "simulated" not in audit.Page(html).text.lower().replace("simulated data: nobody", "")
    assert 'class="banner"' not in html and "@top-center" not in html


def test_a_simulated_wave_marks_the_page_whatever_the_settings_say():
    assert 'class="banner"' in page(simulated=False)


def test_a_family_that_is_set_aside_is_told_first_and_among_the_limitations():
    said = "The family of this file is not tested."
    told = document(set_aside=[said])
    first, limits = told.sections[0], next(s for s in told.sections if s.id == "limitations")
    assert first.blocks[0].role == "warning" and first.blocks[0].text[1] == f" {said}"
    assert any(said in getattr(block, "items", ()) for block in limits.blocks)


def test_a_study_with_next_to_nothing_still_gets_a_page():
    html = page_writer.write(compose({}, [], {}, {"title": "Empty", "simulated": False}, {}))
    found = audit.Page(html)
    without = [name for name in SECTIONS if name != "statements"]  # it says nothing of itself
    assert found.faults == [] and [i for i in found.ids if i in SECTIONS] == without
    assert "No figure was drawn." in found.text and narrative.NO_HYPOTHESIS in found.text


def test_tables_that_no_section_knows_stand_at_the_end():
    table = layout.PrintedTable(title="A Table of the Study's Own", columns=("a", "b"), rows=(("1", "2"),))
    tables = with_ledger(example_tables.tables())
    facts = example_tables.study()
    own = printed(tables, facts) | {"own": table}
    html = page_writer.write(compose(tables, [], own, facts, example_tables.provenance()))
    assert html.index('id="further"') < html.index('id="table-own"')
    assert audit.Page(html).faults == []


def test_the_risk_notice_comes_with_the_item_on_self_harm():
    tables = example_tables.tables()
    assert RISK not in page(tables)
    tables["dictionary"] = tables["dictionary"].replace({"phq8": "phq9"})
    assert RISK in audit.Page(page(tables)).text


# --- escaping --------------------------------------------------------------------------------------------------------


def test_every_text_of_a_study_is_escaped():
    bad = "<script>alert('x')</script>\"><img src=x onerror=y>"
    tables = example_tables.tables()
    for name, columns in {
        "waves": ["title", "platform"],
        "dictionary": ["label", "title", "higher_means", "status_line"],
        "estimates": ["label", "reason", "warnings", "method"],
        "hypotheses": ["label", "estimand", "claim"],
        "flow": ["label"],
        "quality": ["label", "reason"],
        "differences": ["before", "after", "reason"],
        "sample": ["label", "level"],
        "descriptives": ["label", "missing_rule"],
        "missing": ["label"],
        "items": ["label", "warning"],
        "erosion": ["method"],
    }.items():
        tables[name] = tables[name].assign(**dict.fromkeys(columns, bad))
    tables["sample"] = tables["sample"].drop_duplicates(["wave", "variable"])
    record = example_tables.provenance()
    record["instruments"] = [
        {key: bad if isinstance(value, str) or value is None else value for key, value in row.items()}
        for row in record["instruments"]
    ]
    record |= {"software": {bad: bad}, "inputs": {bad: bad}}
    figures = [
        {
            "stem": "x",
            "svg": "<svg><script>alert(1)</script></svg>",
            "alt": bad,
            "caption": bad,
            "note": bad,
            "title": bad,
        }
    ]
    html = page(tables, figures, record, title=bad, description=bad, support=bad, contact=bad, notes=[bad])
    found = audit.Page(html)
    assert found.faults == []
    assert html.lower().count("<script") == 1 and "<img src=x" not in html
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]
    assert html.count("&lt;script&gt;") > 100


def test_a_figure_is_an_image_with_its_alt_text_and_its_own_size(full):
    images = [given for tag, given in audit.Page(full).tags if tag == "img"]
    assert [i["alt"] for i in images] == [f["alt"] for f in example_tables.figures()]
    assert {i["width"] for i in images} == {"680"}  # 510 pt


def test_an_input_is_named_without_the_machines_folders():
    record = example_tables.provenance() | {
        "inputs": {
            "/srv/secret/ann/wave.csv": "e" * 64,
            "C:\\Users\\ann\\b.csv": "f" * 64,
            "data/waves/c.csv": "0" * 64,
        }
    }
    text = audit.Page(page(provenance=record)).text
    assert "secret" not in text and "Users" not in text and "ann" not in text.split()
    assert "wave.csv" in text and "b.csv" in text and "data/waves/c.csv" in text


# --- equal input, equal page -----------------------------------------------------------------------------------------


def test_equal_input_gives_equal_bytes_in_another_process(full):
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, __file__],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == hashlib.sha256(full.encode()).hexdigest()


def test_the_order_of_the_record_does_not_matter(full):
    record = example_tables.provenance()
    record |= {key: dict(reversed(record[key].items())) for key in ("inputs", "software")}
    assert page(provenance=record) == full


def test_a_changed_estimate_changes_the_page(full):
    tables = example_tables.tables()
    tables["estimates"] = tables["estimates"].assign(estimate=tables["estimates"]["estimate"] + 0.01)
    assert page(tables) != full


def test_the_facts_of_a_shipped_instrument_fit_the_page():
    facts = [instrument_facts(i) for i in load_instruments().values()]
    html = page(provenance=example_tables.provenance() | {"instruments": facts})
    text = audit.Page(html).text
    assert audit.Page(html).faults == [] and "Rosenberg" in text and "https://doi.org/" in text
    assert isinstance(example_tables.tables()["waves"], pd.DataFrame) and Path(pages.TEMPLATES).is_dir()


if __name__ == "__main__":
    print(hashlib.sha256(page().encode()).hexdigest())
