"""Every metric and every analysis has its printed name, and what is printed of a row is in the row."""

import ast
import importlib
import math
import re
from pathlib import Path

import audit
import example_models
import example_tables
import numpy as np
import pandas as pd
import pytest

from rejsens import hypotheses_section, inference, layout, narrative, report
from rejsens.figures import forest_of_hypotheses
from rejsens.hypotheses import MODELS
from rejsens.inference.estimates import estimates_frame
from rejsens.inference.least_squares import fit_least_squares, joint_row
from rejsens.inference.within_contrasts import contrast_of_predictors
from rejsens.result_names import (
    ANALYSES,
    APPLIES,
    METRICS,
    analysis_of,
    label_of,
    labels_of,
    numerator_df,
    statistic_of,
)
from rejsens.tabular import COLUMNS

SOURCES = sorted(Path(inference.__file__).parent.glob("*.py"))
WORDS = {"within", "between", "level", "deviation", "mean", "line", "spline", "breakpoint", "ok", "all"}  # no metrics


@pytest.fixture(scope="module")
def tables():
    return example_models.tables()


@pytest.fixture(scope="module")
def findings(tables):
    return narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])


@pytest.fixture(scope="module")
def page(tables):
    kept = {name: frame for name, frame in tables.items() if name != "scores"}
    facts = example_tables.study()
    modules = {name: importlib.import_module(f"rejsens.tables.{name}") for name in ("hypotheses", "estimates")}
    laid_out = {
        name: layout.to_html(m.lay_out(**{t: tables[t] for t in m.TABLES}, study=facts), name)
        for name, m in modules.items()
    }
    return report.write_report(kept, [], laid_out, facts, example_tables.provenance())


def known(row):
    """The row, the numbers that its method and its term state (degrees of freedom), and labels that hold a number."""
    said = re.findall(r"\d+", f"{row.get('method')} {row.get('term')}")
    labels = ("loneliness (UCLA-3)", "anxiety (GAD-7)")
    return [row, {k: float(number) for k, number in enumerate(said)}, {label: label for label in labels}]


# --- nothing without a name ------------------------------------------------------------------------------------------


def stated(source: str, key: str) -> set[str]:
    """Every text that a module gives as `key` of a row, also by a constant, and by the tuples of its function."""
    tree = ast.parse(source)
    constants: dict[str, str] = {}
    for node in (n for n in tree.body if isinstance(n, ast.Assign)):
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            constants |= {n.id: v.value for n, v in zip(names, values, strict=False)
                      if isinstance(n, ast.Name) and isinstance(v, ast.Constant)}  # fmt: skip
    found: set[str] = set()
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        for node in ast.walk(function):
            given = [k.value for k in node.keywords if k.arg == key] if isinstance(node, ast.Call) else []
            if isinstance(node, ast.Dict):
                given += [v for k, v in zip(node.keys, node.values, strict=True) if getattr(k, "value", None) == key]
            for value in given:
                found |= _texts(value, constants, function)
    return {text for text in found if isinstance(text, str)}


def _texts(value: ast.expr, constants: dict[str, str], function: ast.FunctionDef) -> set[str]:
    if isinstance(value, ast.Constant):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return _texts(value.body, constants, function) | _texts(value.orelse, constants, function)
    if isinstance(value, ast.JoinedStr):  # f"beta_{part}"
        return {"".join(getattr(p, "value", part) if isinstance(p, ast.Constant) else part for p in value.values)
                for part in ("within", "between")}  # fmt: skip
    if isinstance(value, ast.Name) and value.id in constants:
        return {constants[value.id]}
    parts = [n for n in ast.walk(function) if isinstance(n, (ast.Tuple, ast.Dict))]
    parts = [e for n in parts for e in (n.elts if isinstance(n, ast.Tuple) else n.keys)]
    said = {e.value for e in parts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
    return {text for text in said if re.fullmatch(r"[a-z][a-z0-9_]*", text)} - WORDS - set(COLUMNS["estimates"])


def columns_of(source: str) -> set[str]:
    """Metrics that stand in tuples which are zipped with the names of columns (cross_lagged.py)."""
    if '"term", "metric")' not in source:
        return set()
    return set(re.findall(r'"(beta_\w+|r_\w+)"', source))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_metric_and_analysis_that_an_estimator_writes_has_a_name(path):
    source = path.read_text(encoding="utf-8")
    assert stated(source, "metric") | columns_of(source) <= set(METRICS) | {""}
    assert stated(source, "analysis") <= set(ANALYSES) | {""}


def test_a_new_metric_without_a_name_is_noticed():
    assert stated("def f():\n    return Estimate(metric='hazard', **{'analysis': 'cox'})", "metric") == {"hazard"}
    told = stated("def f():\n    return [row(metric=m) for m, of in ((('hazard', 1), ('beta', 2)))]", "metric")
    assert told == {"hazard", "beta"}
    assert stated("ANALYSIS = 'cox'\ndef f():\n    return row(analysis=ANALYSIS)", "analysis") == {"cox"}


def test_the_examples_cover_every_metric_every_analysis_and_every_model(tables):
    assert set(tables["estimates"]["metric"]) == set(METRICS)
    assert set(tables["estimates"]["analysis"]) == set(ANALYSES)
    assert {given[0] for given in example_models.DECIDING} == set(MODELS)


# --- statistics ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "own", "said"),
    [
        ("beta", {"df": 470.0}, "t(470) = 2.50"),
        ("beta_within", {"df": math.inf}, "z = 2.50"),
        ("chi2", {"df": 14.0}, "χ²(14) = 2.50"),
        (
            "wald_f",
            {"df": 470.0, "method": "OLS, HC3, Wald F test on 2 and 470 degrees of freedom"},
            "F(2, 470) = 2.50",
        ),
        ("delta_r2", {"df": math.nan, "method": "5000 draws; HC3 Wald F on 1 and 470"}, "F(1, 470) = 2.50"),
        ("sd_slope", {"df": math.inf}, "LR = 2.50"),
        ("share_difference", {"df": math.inf}, "z = 2.50"),
        ("indirect", {"df": math.nan}, ""),
        ("isotonic_r2", {"df": math.nan}, ""),
    ],
)
def test_a_statistic_carries_its_own_symbol_and_degrees_of_freedom(metric, own, said):
    assert statistic_of({"metric": metric, "statistic": 2.5, **own}) == said


def test_the_numerator_is_read_from_the_method_that_the_estimators_write():
    rng = np.random.default_rng(1)
    matrix = pd.DataFrame(rng.normal(size=(40, 4)), columns=list("abcd"))
    joint = joint_row(fit_least_squares(rng.normal(size=40), matrix), [{"a": 1.0}, {"b": 1.0}, {"c": 1.0}], term="a")
    assert numerator_df(joint.method) == 3
    names = ["x", "y", "z"]
    panel = pd.DataFrame(rng.normal(size=(240, 4)), columns=[*names, "out"])
    panel = panel.assign(participant=np.repeat(np.arange(60), 4), wave=list("abcd") * 60, wave_number=[1, 2, 3, 4] * 60)
    equal = next(row for row in contrast_of_predictors(panel, "out", names) if row.metric == "wald_f")
    assert numerator_df(equal.method) == 2
    assert statistic_of(vars(equal)).startswith("F(2, ")


# --- sentences -------------------------------------------------------------------------------------------------------


def test_every_sentence_of_every_model_holds_only_its_own_numbers_and_no_banned_word(findings, tables):
    names = labels_of(tables["dictionary"])
    for row in findings:
        for text in [*narrative.found(row), *narrative.judged(row), narrative.target(row)]:
            assert audit.strange_numbers(text, known(row)) == [], text
            assert narrative.banned_words(text) == [], text
            assert not re.search(
                r"(?<!reported )(?<!reported ambiguous )exposure|erosion|_within|mreii_\w", text, re.IGNORECASE
            ), text
    for row in tables["estimates"].to_dict("records"):
        text = narrative.other_estimate(row, names)
        assert (
            audit.strange_numbers(text.replace("25th", ""), known(row)) == [] and narrative.banned_words(text) == []
        ), text
        assert "mreii_" not in text and "_within" not in text, text


def test_several_outcomes_and_predictors_are_named_together(findings):
    about = {row["analysis"]: row["about"] for row in findings}
    exposure, worth = "Reported exposure, frequency (MREII)", "self-esteem (RSES)"
    assert about["within_contrast"] == f"{exposure} with loneliness (UCLA-3) and anxiety (GAD-7)"
    assert about["predictor_contrast"] == f"{exposure} and reported overt rejection (MREII) with {worth}"
    assert about["cross_level"] == f"{exposure} with {worth}, by self-compassion (SCS-SF)"
    assert about["lagged_indirect"] == f"{exposure} with later {worth}, by way of self-compassion (SCS-SF)"
    assert about["paired_contrast"] == "Social hypervigilance (MREII) and self-blame (MREII), the first less the second"
    groups = 'undefined or "almost" relationship less in a relationship'
    assert about["group_contrast"] == f"Self-esteem (RSES), by relationship status ({groups})"
    assert about["proportion"] == "Self-blame (MREII)"
    contrast = next(row for row in findings if row["analysis"] == "event_level" and row["metric"] == "dz")
    assert contrast["about"] == "Hurt (MREII-A), unclear and clear events contrasted"


def test_moderation_differs_and_mediation_claims_no_order_it_does_not_have(findings):
    moderated = next(row for row in findings if row["analysis"] == "moderation")
    assert narrative.verdict(moderated).startswith("Supported: the association differs by self-compassion (SCS-SF);")
    one_wave = next(row for row in findings if row["analysis"] == "mediation")
    assert "the order in time is not established" in narrative.estimated(one_wave)
    share = next(row for row in findings if row["analysis"] == "proportion")
    assert "share of people" in narrative.estimated(share)


def test_equivalence_is_said_with_its_own_test(findings):
    equal, unequal = (row for row in findings if row["claim_type"] == "equivalence")
    assert "p of equivalence" in narrative.result(equal) and "adjusted p" not in narrative.result(equal)
    assert narrative.as_claimed(equal) in narrative.judged(equal)
    assert "±0.20 SDs of the differences" in narrative.verdict(equal)
    assert narrative.verdict(unequal).startswith("Opposite") and narrative.as_claimed(unequal) == ""
    assert "smallest effect of interest (SESOI, ±0.20 SDs of the differences)" in narrative.beyond_sesoi(equal)


def test_what_is_not_testable_says_why_with_labels(findings):
    row = findings[-1]
    said = "Not testable: no wave holds both reported exposure, frequency (MREII) and self-esteem (RSES)."
    assert narrative.judged(row)[0] == said
    assert narrative.estimated(row).startswith("Planned for reported exposure, frequency (MREII) with self-esteem")
    assert narrative.result(row) == narrative.sample(row) == ""


def test_only_complete_cases_are_provisional(findings):
    provisional = {row["analysis"]: narrative.is_provisional(row) for row in findings}
    assert provisional["change"] and not provisional["within_between"] and not provisional["ri_clpm"]
    events = next(row for row in findings if row["analysis"] == "event_level") | {
        "missing_rule": f"{APPLIES}, since why"
    }
    assert not narrative.is_provisional(events) and "provisional" not in " ".join(narrative.cautions(events))
    assert "observations lost or not asked about (missing data: complete cases where it applies" in narrative.sample(
        events
    )
    imputed = next(row for row in findings if row["analysis"] == "within_between")
    assert "multiple imputation, m = 24, fraction of missing information .19" in narrative.sample(imputed)


def test_an_interval_is_not_rounded_onto_its_bound(findings):
    row = findings[0] | {"ci90_low": -0.0996, "ci90_high": 0.01, "verdict": "equivalent"}
    assert "[−0.0996, 0.0100]" in narrative.verdict(row) and "[−0.10," not in narrative.verdict(row)
    assert "[0.003, 0.119]" in narrative.result(row | {"ci_low": 0.0026, "ci_high": 0.119})


def test_of_several_predictors_the_two_that_are_contrasted_are_named(tables):
    own = tables["hypotheses"].assign(
        predictor=lambda t: t["predictor"].replace("mreii_e_freq; mreii_o_freq", "a; b; c; d")
    )
    rows = tables["estimates"].replace({"term": {"mreii_e_freq - mreii_o_freq": "c_within - b_within"}})
    found = narrative.findings(rows, own, tables["dictionary"])
    (about,) = {row["about"] for row in found if row["analysis"] == "predictor_contrast"}
    assert about == "C less b, with self-esteem (RSES), at equal a and d"


def test_scales_that_were_held_together_are_called_by_their_labels(tables):
    rows = tables["estimates"].assign(invariance="rses_sum: strict invariance between 2026a and 2026f")
    row = narrative.findings(rows, tables["hypotheses"], tables["dictionary"])[0]
    assert narrative.invariance(row).startswith("Invariance of the scales: self-esteem (RSES): strict invariance")


def test_a_share_stands_beside_its_distance_from_a_half(findings, tables):
    of = {"metric": "share", "estimate": 0.37, "ci_low": 0.3438, "ci_high": 0.397}
    row = next(row for row in findings if row["analysis"] == "proportion")
    own = tables["estimates"].query("analysis == 'proportion' and decides")
    beside = pd.concat([tables["estimates"], own.assign(**of, decides=False)])
    with_share = narrative.findings(beside, tables["hypotheses"], tables["dictionary"])
    got = next(r for r in with_share if r["hypothesis"] == row["hypothesis"])
    assert "Share of people: 37%, 95% CI [34%, 40%]." in narrative.found(got)
    assert ("Share of people", "37%, 95% CI [34%, 40%]") in hypotheses_section._details(got)
    assert "share" not in row and not any("share" in r for r in with_share if r["analysis"] != "proportion")


def test_either_path_of_a_cycle_has_its_own_numbers(tables):
    own = tables["estimates"].query("analysis == 'ri_clpm_both' and decides").assign(decides=False, analysis="ri_clpm")
    paths = [own.assign(term="mreii_e_freq_lagged", estimate=0.034), own.assign(estimate=-0.012, p=0.519),
             own.assign(term="rses_sum_lagged")]  # fmt: skip
    paths[1] = paths[1].assign(term="rses_sum_lagged", outcome="mreii_e_freq")
    beside = pd.concat([tables["estimates"], *paths])
    found = narrative.findings(beside, tables["hypotheses"], tables["dictionary"])
    (said,) = (narrative.both_paths(row) for row in found if row["analysis"] == "ri_clpm_both")
    first, second = said.removeprefix("Both paths: ").split("; ")
    assert first.startswith(
        "reported exposure, frequency (MREII) one wave earlier with self-esteem (RSES), β within persons = 0.03"
    )
    assert (
        second.startswith("self-esteem (RSES) one wave earlier with reported exposure, frequency (MREII), ")
        and "= −0.01" in second
    )
    assert "p = .519" in second and not any(narrative.both_paths(row) for row in found if row["analysis"] == "ri_clpm")


def test_a_card_says_what_decides_and_what_to_be_wary_of(findings):
    equal = next(row for row in findings if row["analysis"] == "paired_contrast")
    card = hypotheses_section._card(1, equal, {"dz": 1.0})
    assert (card["verdict"], card["claimed"]) == ("equivalent", "as claimed")
    supported = findings[0] | {"invariance": "rses_sum: not assessed", "warnings": "the two paths have opposite signs"}
    card = hypotheses_section._card(1, supported, {"beta_within": 1.0})
    said = [narrative.beyond_sesoi(supported), "not assessed", "Caution: the two paths have opposite signs."]
    assert all(said) and [text for text in said if text not in card["why"]] == [] and card["claimed"] == ""
    assert ("Direction", "declared: negative; found: negative") in card["details"]
    groups = next(row for row in findings if row["analysis"] == "group_contrast")
    assert (
        dict(hypotheses_section._details(groups))["Groups"]
        == 'Undefined or "almost" relationship less in a relationship'
    )


def test_labels_follow_a_name_through_its_parts():
    assert label_of("x_before_within", {"x": "frequency"}) == "frequency in earlier waves"
    assert label_of("relationship_status", {}) == "relationship status"


# --- report, tables, figure ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["finding", "prose"])
def test_every_number_of_every_hypothesis_is_found_back_in_its_row(page, findings, kind):
    articles = audit.Page(page).articles[kind]
    for row, text in zip(findings, articles, strict=True):
        text = " ".join(text.replace("\u00a0", " ").split())
        assert audit.strange_numbers(text, known(row)) == [], text
    assert sum(len(re.findall(r"\d", text)) for text in articles) > 900


def test_a_number_of_another_row_is_noticed(page, findings):
    articles = audit.Page(page).articles["prose"]
    text = " ".join(articles[0].replace("\u00a0", " ").split())
    assert audit.strange_numbers(text, [findings[1]]) != []


def test_the_page_is_well_formed_and_says_nothing_banned(page):
    found = audit.Page(page)
    assert found.faults == [] and narrative.banned_words(found.text) == []
    assert len(found.ids) == len(set(found.ids))
    assert found.text.count("Verdict: ") == len(example_models.DECIDING)


def test_every_cell_of_the_table_of_coefficients_is_in_its_row(tables):
    module = importlib.import_module("rejsens.tables.estimates")
    table = module.lay_out(estimates=tables["estimates"], dictionary=tables["dictionary"], study=example_tables.study())
    by_hypothesis = tables["estimates"].sort_values(
        "hypothesis", key=lambda ids: ids.str[1:].astype(int), kind="stable"
    )
    for row, cells in zip(by_hypothesis.to_dict("records"), table.rows, strict=True):
        text = " ; ".join(layout.split_mark(cell)[0] for cell in cells).replace("25th", "")
        assert audit.strange_numbers(text, known(row)) == [], text
        assert cells[1] == analysis_of(row).name


def test_each_measure_has_a_panel_of_its_own_and_nothing_is_left_out_silently(tables):
    own = tables["estimates"]
    made = forest_of_hypotheses.draw(
        estimates=own, dictionary=tables["dictionary"], family="models", study=example_tables.study()
    )
    deciding = own[own["decides"] & own["ci_low"].notna()]
    assert set(deciding["hypothesis"]) <= set(made.data["hypothesis"])
    panels = [axes for axes in made.figure.axes if axes.get_xlabel()]
    assert len(panels) == deciding["metric"].nunique()
    left_out = own[["estimate", "ci_low"]].notna().all(axis=1).sum() - made.data["estimate"].notna().sum()
    assert f"{left_out} further coefficients in the table of estimates." in made.note
    empty = forest_of_hypotheses.draw(estimates=estimates_frame([]), family="models", study=example_tables.study())
    assert empty.data.empty
