"""COSMIN's questions of each instrument: all answered, from the tables and nothing else, and printed in closed sections."""

import re

import audit
import example_tables
import numpy as np
import pandas as pd
import pytest
from test_report import page, with_ledger

from rejsens import assessment_words, narrative, phrases, registry, relation_words
from rejsens.assessment import QUESTIONS, TABLES, assess_instruments
from rejsens.embedded import compact, data_uri
from rejsens.sections.measures import validation_words

GUIDES = {"guides": [*assessment_words.GUIDES.values(), assessment_words.ITEM_REST, relation_words.AT_AN_END]}


@pytest.fixture(scope="module")
def tables():
    return example_tables.tables()


@pytest.fixture(scope="module")
def found(tables):
    return {one.instrument: one for one in assess_instruments(tables)}


def sentences(assessment, name):
    return next(q for q in assessment.questions if q.name == name).sentences


# --- the data --------------------------------------------------------------------------------------------------------


def test_every_instrument_answers_every_question_in_order(found, tables):
    assert list(found) == list(dict.fromkeys(tables["dictionary"]["instrument"]))
    for one in found.values():
        assert [q.name for q in one.questions] == list(QUESTIONS) and len(QUESTIONS) == 10
        assert all(q.sentences and all(s[0].isupper() or s[0].isdigit() for s in q.sentences) for q in one.questions)
        assert all(s.endswith(".") for q in one.questions for s in q.sentences)


def test_no_sentence_says_more_than_a_survey_shows(found):
    for one in found.values():
        text = " ".join(s for q in one.questions for s in (q.heading, *q.sentences))
        assert narrative.banned_words(text) == []
        assert re.findall(r"(?i)(?<!reported )exposure", text) == []
        assert "nan" not in re.findall(r"\w+", text)


def test_every_number_stands_in_a_table_of_the_instrument(found, tables):
    """Counts of rows (waves, pairs, items) are no cells; everything else is."""
    counted = [{"count": k} for k in range(40)]
    for name, one in found.items():
        rows = []
        for table in (t for t in TABLES if t in tables):
            frame = tables[table]
            own = frame[frame["instrument"] == name] if "instrument" in frame and table != "validation" else frame
            rows += own.to_dict("records")
        rows += [{f"guide{k}": value} for k, value in enumerate(GUIDES["guides"])] + counted
        for q in one.questions:
            for text in q.sentences:
                assert audit.strange_numbers(re.sub(r"%(?= at the|\))", "", text), rows) == [], text


def test_formative_scores_say_why_nothing_of_the_kind_applies(found):
    for name in ("structure", "consistency"):
        said = " ".join(sentences(found["mreii_exposure"], name))
        assert "formative: what it counts up need not go together" in said and "factor model" in said
        assert "alpha" not in said and "χ²" not in said


def test_what_was_not_made_says_so(tables):
    """With the dictionary alone, no question is silent and none claims a result."""
    for one in assess_instruments({"dictionary": tables["dictionary"]}):
        for q in one.questions:
            said = " ".join(q.sentences)
            assert not re.search(r"\d", re.sub(r"\([^)]*\)", "", said.replace("C2", ""))) or "formative" in said, said
            assert q.see == () or "formative" in said


def test_a_model_that_may_not_be_used_is_named_with_its_reason_and_without_numbers(found):
    said = [s for s in sentences(found["mreii_impact"], "structure") if "reversed items" in s]
    assert len(said) == 1 and "may not be used: negative residual variance" in said[0] and "CFI" not in said[0]
    assert "degrees of freedom" in " ".join(sentences(found["ucla3"], "structure"))


def test_loadings_of_a_model_that_may_not_be_used_are_marked_and_told_nowhere(tables, found):
    assert "Standardised loadings" in " ".join(sentences(found["mreii_impact"], "structure"))
    loadings = tables["loadings"].assign(status="not converged")
    only = {"dictionary": tables["dictionary"].query("instrument == 'mreii_impact'")}
    (one,) = assess_instruments(tables | only | {"loadings": loadings})
    question = next(q for q in one.questions if q.name == "structure")
    assert "Standardised loadings" not in " ".join(question.sentences)
    (table,) = question.tables
    assert all(row[-1].endswith("^a") for row in table.rows) and table.specific == (
        ("a", "Not usable: not converged."),
    )


def test_guides_decide_under_maximum_likelihood_alone():
    row = {"label": "A", "structure": "one_factor", "wave": "w", "n": 90, "n_lost": 0, "missing_rule": "FIML", "df": 9,
           "status": "admissible", "fit_status": "reported", "chi2": 9.0, "p": 0.4, "cfi": 0.949, "rmsea": 0.061,
           "rmsea_ci_low": 0.0, "rmsea_ci_high": 0.1, "srmr": 0.08, "estimator": "MLR"}  # fmt: skip
    assert "outside the guide by CFI and RMSEA (" in assessment_words.model_fit(row)
    assert "inside the guides" in assessment_words.model_fit(row | {"cfi": 0.95, "rmsea": 0.06})
    ordered = assessment_words.model_fit(row | {"estimator": "WLSMV"})
    assert "no guide decides" in ordered and "outside" not in ordered


def test_a_value_is_taken_by_its_key_and_not_by_its_place(tables, found):
    """The rows of a table in another order, and another wave's value, change nothing that is said of the first wave."""
    only = {"dictionary": tables["dictionary"].query("instrument == 'rses'")}
    shuffled = tables["items"].sample(frac=1, random_state=5)
    first = tables["items"]["wave"].iloc[0]
    again = assess_instruments(tables | only | {"items": shuffled.sort_values("wave", kind="stable")})
    same = {one.instrument: one for one in again}
    assert sentences(same["rses"], "consistency") == sentences(found["rses"], "consistency")
    moved = tables["items"].assign(item_rest=tables["items"]["item_rest"].where(tables["items"]["wave"] != first, 0.11))
    changed = {one.instrument: one for one in assess_instruments(tables | only | {"items": moved})}
    assert "below the guide of .30: “label 1”" in " ".join(sentences(changed["rses"], "consistency"))


def test_scores_at_an_end_are_told_beyond_the_guide_alone():
    row = {"label": "A", "wave": "w", "n": 90, "n_missing": 3, "missing_rule": "all items", "mean": 2.0, "sd": 1.0,
           "range_low": 1.0, "range_high": 5.0, "floor_percent": 15.0, "ceiling_percent": 15.1}  # fmt: skip
    said = relation_words.distribution(row)
    assert said.endswith("more than the guide of 15% at the highest.") and "(n = 90, 3 missing; all items)" in said
    assert "stand for few people" in relation_words.distribution(
        row | {"floor_percent": np.nan, "ceiling_percent": np.nan}
    )


def test_exploration_and_item_response_are_told_where_they_were_made():
    about = {"instrument": "mine", "wave": "w1", "n": 90, "status": "estimated"}
    dimensions = about | {"set": "a", "label": "A", "correlations": "polychoric", "n_lost": 4, "kmo": 0.81,
                          "factors_parallel": 2.0, "factors_map": 1.0, "bartlett_chi2": 55.0, "bartlett_df": 6.0,
                          "bartlett_p": 0.0001}  # fmt: skip
    assert assessment_words.dimensionality(dimensions, "A") == (
        "Exploration of A, wave w1, polychoric correlations (n = 90, 4 lost; people with every answer): parallel analysis "
        "advises 2 factors, minimum average partial 1, KMO = .81, Bartlett χ²(6) = 55.00, p < .001."
    )
    lost = {"kmo": np.nan, "factors_parallel": np.nan, "status": "too few people"}
    assert "could not run: too few people" in assessment_words.dimensionality(dimensions | lost, "A")
    pairs = pd.DataFrame(
        [about | {"statistic": "residual", "value": v, "flagged": v > 0.2} for v in (0.1, 0.3)]
        + [
            about
            | {"statistic": "q3_above_mean", "value": np.nan, "flagged": False, "status": "not estimated: two items"}
        ]
    )
    assert assessment_words.dependence(pairs, "A").endswith(
        "residual correlations 1 of 2 pairs of items flagged (n = 90); Q3 above its mean could not run: two items."
    )


def ladder(*rungs):
    """Rungs (name, holds, released, partial_holds) over three waves, each tested against the one before."""
    names = [name for name, *_ in rungs]
    about = {"between": "waves", "compared": "w1; w2", "n": 90, "n_lost": 2, "n_left_out": 0, "missing_rule": "FIML",
             "estimator": "MLR", "status": "admissible", "df": 9, "cfi": 0.97, "rmsea": 0.05, "d_chi2": 8.0, "d_df": 3,
             "d_p": 0.04, "d_cfi": -0.003, "d_rmsea": 0.01, "partial_d_p": np.nan}  # fmt: skip
    return pd.DataFrame(
        [
            about | {"rung": name, "against": against, "holds": holds, "released": freed, "partial_holds": partial}
            for (name, holds, freed, partial), against in zip(rungs, ["", *names], strict=False)
        ]
    )


def test_a_rung_above_a_rejected_one_says_so_and_so_does_one_that_could_release_nothing():
    rungs = ladder(
        ("configural", "", "", ""),
        ("metric", "rejected", "", "no release: fewer items than 5"),
        ("scalar", "not rejected", "", ""),
        ("strict", "not rejected", "", ""),
    )
    said = assessment_words.invariance(rungs, "A")
    assert (
        "metric rejected, Δχ²(3) = 8.00, p = .040, ΔCFI = −.003, ΔRMSEA = .010 (no release: fewer items than 5); "
        in said
    )
    assert [phrases.ABOVE_REJECTED in part for part in said.split("; ")[-4:]] == [False, False, True, True]
    fine = ladder(*((name, "not rejected" if k else "", "", "") for k, name in enumerate(("configural", "metric"))))
    assert phrases.ABOVE_REJECTED not in assessment_words.invariance(fine, "A")


def test_released_items_bear_their_labels():
    rungs = ladder(("configural", "", "", ""), ("metric", "rejected", "loadings of b1, loadings of b2", "not rejected"))
    said = assessment_words.invariance(rungs, "A", {"b1": "one_thing", "b2": "another"})
    assert "not rejected with the loadings of “one thing”, loadings of “another” free" in said


def test_people_left_out_of_the_groups_are_told():
    rungs = ladder(("configural", "", "", "")).assign(n_left_out=68)
    assert "(n = 90, 2 lost, 68 left out; FIML; MLR)" in assessment_words.invariance(rungs, "A")


def test_extracted_variance_stands_under_structure_with_its_people():
    rows = pd.DataFrame(
        {"score": "a", "wave": "w1", "coefficient": ["alpha", "ave"], "n": [90, 80], "n_lost": [1, 11], "k": 4,
         "estimate": [0.8, 0.45], "ci_low": [0.7, 0.4], "ci_high": [0.9, 0.5], "status": "estimated"}
    )  # fmt: skip
    assert assessment_words.extracted(rows, "A") == (
        "Average variance extracted by the factor of A, wave w1 (n = 80, 11 lost; people with every answer): .45 [.40, .50]."
    )
    assert "ave".startswith(assessment_words.NOT_CONSISTENCY)


def test_a_prediction_shows_the_side_on_which_it_lies_and_labels_what_was_not_asked():
    row = {"x": "a", "y": "bfne", "wave": "w1", "low": 0.3, "high": 0.55, "n": 90, "n_lost": 2, "estimate": 0.29967,
           "ci_low": 0.25, "ci_high": 0.35, "outcome": "failed", "reason": "the correlation lies below the range"}  # fmt: skip
    said = relation_words.prediction(row, {"a": "A scale"})
    assert "r = .2997 [.25, .35], not met, the correlation lies below the range (by the estimate)" in said
    assert "r = .31 [" in relation_words.prediction(row | {"estimate": 0.3149, "outcome": "met"}, {})
    absent = relation_words.prediction(
        row | {"estimate": np.nan, "outcome": "not testable", "reason": "bfne was not asked"}, {}
    )
    assert "ear of negative evaluation (BFNE)" in absent.split("not testable")[1] and "bfne" not in absent


def test_an_index_of_fit_shows_the_side_of_its_guide():
    fit = {
        "chi2": 9.0,
        "p": 0.3,
        "cfi": 0.9499,
        "rmsea": 0.0601,
        "rmsea_ci_low": 0.0,
        "rmsea_ci_high": 0.1,
        "srmr": 0.08,
    }
    said = assessment_words.fit_words("MLR", 9, fit)
    assert "CFI = .9499" in said and "RMSEA = .0601 [.00, .10]" in said and "SRMR = .08" in said


# --- the page --------------------------------------------------------------------------------------------------------


def figure(stem):
    return {
        "stem": stem,
        "svg": '<svg width="510pt"><path d="M 0 0"/></svg>',
        "alt": f"Alt of {stem}.",
        "caption": "C.",
    }


@pytest.fixture(scope="module")
def html():
    return page(of_instruments={"mreii_impact": [figure("own_one"), figure("loadings"), figure("invariance_ladder")]})


def test_each_instrument_is_closed_and_whole(html, found):
    parts = re.findall(r'<details class="measure" id="instrument-(\w+)">(.*?)</details>', html, flags=re.DOTALL)
    assert [name for name, _ in parts] == list(found) and "<details open" not in html
    for name, part in parts:
        assert re.findall(r"<h4>(.*?):", part) == [q.heading.split(":")[0] for q in found[name].questions]
    assert audit.Page(html).faults == []


def test_figures_of_an_instrument_stand_under_their_question(html):
    part = re.search(r'id="instrument-mreii_impact">(.*?)</details>', html, flags=re.DOTALL)[1]
    order = [part.index(f'id="figure-mreii_impact-{stem}"') for stem in ("loadings", "own_one", "invariance_ladder")]
    heads = [part.index(f"<h4>{head}") for head in ("Structural", "Internal", "Measurement inv", "Reliability")]
    assert heads[0] < order[0] < order[1] < heads[1] and heads[2] < order[2] < heads[3]
    assert "Figure A1" in part and "Figure A3" in part and 'alt="Alt of loadings."' in part


def test_a_table_is_referred_to_by_the_number_it_bears(html):
    for name, number in re.findall(r'<a href="#table-(\w+)">(Table \d+)</a>', html):
        box = html.index(f'id="table-{name}"')
        assert f'<span class="table-number">{number}</span>' in html[box : box + 600]


def test_the_validation_plan_is_summed_up_with_what_is_open(html, tables):
    text = " ".join(audit.Page(html).text.split())
    assert "4 checks in 3 steps: 1 met, 1 not met, 1 could not run, 1 not provided." in text
    assert "Not met. Does an exploration find the intended scales? Five factors: 4 factors advised, 5 intended" in text
    (plan,) = validation_words(tables["validation"])
    assert [row["outcome"] for row in plan["open"]] == ["outside the data, not provided", "not met", "could not run"]


def test_the_report_reads_every_table_that_it_tells_of():
    assert set(TABLES) <= set(registry.TABLES) and "validation" in with_ledger(example_tables.tables())


# --- a drawing in a page ---------------------------------------------------------------------------------------------


def test_a_drawing_keeps_its_shapes_and_references():
    svg = """<?xml version="1.0"?><!DOCTYPE svg><svg width="10pt"><title>T</title><defs>
    <path id="Font-1" d="M 1.23456 2
L 3 4
z"/><path id="Font-2" d="M 16 80
L 24 80
Q 32 88 40 80
z
M 16 8
L 24 8
z" transform="scale(0.015625)"/><clipPath id="clip"><rect x="0.123456"/></clipPath></defs>
    <use xlink:href="#Font-1" transform="translate(1.005 2)"/><use xlink:href="#Font-2" transform="translate(7 0)"/><g clip-path="url(#clip)" style="fill: #ff0000"/></svg>"""
    assert compact(svg) == (
        '<svg width="10pt"><defs><path id="i0" d="M1.23 2L3 4z"/><path id="i1" d="m2 10l1 0q1 1 2 0zm0 -9l1 0z" transform="scale(0.125)"/>'
        '<clipPath id="i2"><rect x="0.123456"/></clipPath></defs><use href="#i0" transform="translate(1 2)"/><use href="#i1" x="7"/>'
        '<g clip-path="url(#i2)" style="fill: #ff0000"/></svg>'
    )


def test_nothing_in_a_drawing_ends_the_attribute_that_holds_it():
    uri = data_uri('<svg a=\'1\' b="2"><script>alert("x & y")</script>100% #</svg>')
    assert '"' not in uri and "<" not in uri and "&" not in uri and "#" not in uri
    assert uri.startswith("data:image/svg+xml,%3Csvg a=%271%27 b='2'>")
