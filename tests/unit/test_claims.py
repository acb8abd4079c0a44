"""The claim ledger: every claim once, a verdict only through the study's own claim_ids, else a reason."""

from pathlib import Path

import example_tables
import pandas as pd
import pytest

from rejsens import claims
from rejsens.declarations import SHIPPED, read_yaml
from rejsens.disclosure import Policy, guarded
from rejsens.problems import Refused
from rejsens.tables.claims import lay_out
from rejsens.tabular import COLUMNS

ISSUE = ["claim", "construct", "document", "quotation", "measured_by", "hypothesis", "verdict", "reason"]


@pytest.fixture(scope="module")
def content():
    return read_yaml(SHIPPED / "config" / "claims.yaml", "claims")


@pytest.fixture(scope="module")
def families():
    return [read_yaml(path, "hypotheses") for path in sorted((SHIPPED / "config" / "hypotheses").glob("*.yaml"))]


@pytest.fixture(scope="module")
def tables():
    return example_tables.tables()


def ledger(content, tables):
    return claims.ledger(content, tables["dictionary"], tables["estimates"], tables["hypotheses"])


def test_the_shipped_ledger_lists_every_construct_once(content):
    wanted = [f"C1{x}" for x in "abcdefghi"] + ["C2a", "C2b", "C2c"] + [f"C{k}" for k in range(3, 48)]
    assert [claim["id"] for claim in content["claims"]] == wanted
    assert all(
        claim["document"] in content["documents"] and 0 < len(claim["quotation"]) < 120 for claim in content["claims"]
    )
    assert all(claim["hypotheses"] or claim.get("reason") for claim in content["claims"])
    assert [claim["id"] for claim in content["measurement"]] == ["Z1", "Z2", "Z3", "Z4"]
    assert tuple([*wanted, "Z1", "Z2", "Z3", "Z4"]) == claims.CONSTRUCT_MAP


def test_families_and_ledger_name_each_other(content, families):
    """Every hypothesis of the construct map is declared, and stands at each claim that it names."""
    declared = {h["id"]: set(h["claim_ids"]) for family in families for h in family["hypotheses"]}
    numbers = {int("".join(filter(str.isdigit, name))) for name in declared}
    assert numbers == set(range(1, 49))
    listed = {(h, claim["id"]) for claim in content["claims"] for h in claim["hypotheses"]}
    assert {(h, claim) for h, ids in declared.items() for claim in ids} == listed


def test_a_claim_without_a_row_fails_the_build(content, tables):
    short = content | {"claims": [claim for claim in content["claims"] if claim["id"] != "C23"]}
    with pytest.raises(Refused, match="C23"):
        ledger(short, tables)


def test_quotations_stand_in_the_documents(content, families):
    folder = Path(__file__).resolve().parents[3] / "shared" / "sources"
    if not folder.is_dir():
        pytest.skip("the source documents are not at hand")
    names = {
        "S0": "silent-emotional-rejection",
        "S1": "micro-rejections-tiny-dismissals",
        "S2": "micro-rejections-almost-relationships",
    }
    texts = {key: (folder / f"{name}.txt").read_text(encoding="utf-8") for key, name in names.items()}
    assert [c["id"] for c in content["claims"] if c["quotation"] not in texts[c["document"]]] == []
    hypotheses = [h for family in families for h in family["hypotheses"]]
    by_name = {names[key]: text for key, text in texts.items()}
    wrong = [h["id"] for h in hypotheses if h["claim"]["quotation"] not in by_name[h["claim"]["document"]]]
    assert wrong == []


def test_the_measures_of_a_claim_stand_with_the_scores_and_nowhere_else(content, tables):
    words = tables["dictionary"].assign(event="")
    words.loc[0, ["score", "event", "measures"]] = ["clear_mreii_a_hurt", "clear", "C25 C7"]
    words.loc[1, ["score", "event", "measures"]] = ["unclear_mreii_a_hurt", "unclear", "C25 C7"]
    words.loc[2, ["score", "measures"]] = ["mine", "C25"]
    assert claims.measuring(words)["C25"] == ["mreii_a_hurt", "mine"]
    found = ledger(content, tables | {"dictionary": words}).groupby("claim")["measured_by"].first()
    assert found["C7"] == "mreii_a_hurt" and found["C27"] == ""


def test_verdicts_come_from_the_deciding_rows(content, tables):
    found = ledger(content, tables).set_index(["claim", "hypothesis"])
    assert found.loc[("C11", "H1"), "verdict"] == "supported"
    assert found.loc[("C9", "H2"), "verdict"] == "equivalent"
    assert found.loc[("C10", "H3"), "verdict"] == "inconclusive"
    deciding = tables["estimates"].query("decides and hypothesis == 'H1'").iloc[0]
    numbers = ["estimate", "ci_level", "ci_low", "ci_high", "sesoi", "n_people"]
    assert list(found.loc[("C11", "H1"), numbers]) == list(deciding[numbers])
    assert found.loc[("C11", "H1"), "invariance"] == deciding["invariance"] != ""
    assert "declared level and the sign is the declared one" in found.loc[("C11", "H1"), "reason"]
    assert found.loc[("C10", "H3"), "reason"].startswith("The adjusted p = .148")


def test_what_has_no_verdict_has_a_reason(content, tables):
    found = ledger(content, tables)
    assert (found["reason"].str.len() > 10).all()
    by_claim = found.set_index("claim")
    assert by_claim.loc["C27", "verdict"] == "not testable" and "questionnaire" in by_claim.loc["C27", "reason"]
    assert (
        by_claim.loc["C38", "reason"] == "not in this study’s plan"
    )  # self-compassion is measured, H31 is not planned
    assert by_claim.loc["C5", "reason"] == "its measure is not in this study"
    assert tuple(dict.fromkeys(found["claim"])) == claims.CONSTRUCT_MAP


def test_an_equal_id_of_another_study_does_not_link(content, tables):
    """H1 of another study is another hypothesis: only `claim_ids` tie it to a claim."""
    other = tables | {"hypotheses": tables["hypotheses"].assign(claim_ids="")}
    assert set(ledger(content, other)["verdict"]) == {"not tested", "not testable"}


def test_a_planned_hypothesis_without_an_estimate_is_not_tested(content, tables):
    found = ledger(content, tables | {"estimates": tables["estimates"].iloc[:0]}).set_index(["claim", "hypothesis"])
    assert found.loc[("C11", "H1"), "verdict"] == "not tested"
    assert found.loc[("C11", "H1"), "reason"] == "planned in this study, but no estimate carries the verdict"


def test_not_testable_keeps_the_reason_of_the_model(content, tables):
    estimates = tables["estimates"].copy()
    estimates.loc[estimates["decides"], ["verdict", "reason"]] = ["not testable", "the model did not converge"]
    found = ledger(content, tables | {"estimates": estimates}).set_index(["claim", "hypothesis"])
    assert list(found.loc[("C9", "H2"), ["verdict", "reason"]]) == ["not testable", "the model did not converge"]


def test_a_study_without_our_measures_gets_a_whole_ledger(content, tables):
    empty = {
        "dictionary": tables["dictionary"].iloc[:0],
        "estimates": tables["estimates"].iloc[:0],
        "hypotheses": tables["hypotheses"].iloc[:0],
    }
    found = ledger(content, empty)
    assert list(found["claim"]) == list(claims.CONSTRUCT_MAP)
    why = found.set_index("claim").query("verdict == 'not tested'")["reason"]
    assert why.filter(regex="^C").str.contains("its measure is not in this study").all()
    assert (why.filter(regex="^Z") == "no step of the validation plan could run in this study").all()


def test_every_cell_is_text_or_a_number_of_the_estimate(content, tables):
    found = ledger(content, tables)
    assert list(found.columns) == list(claims.COLUMNS) == list(COLUMNS["claims"])
    assert list(found)[:8] == ISSUE
    assert found.drop(columns=list(claims.NUMBERS)).map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert not found.duplicated(["claim", "hypothesis"]).any()
    assert isinstance(found, pd.DataFrame)


def test_a_measurement_claim_is_met_when_every_check_of_its_steps_is(content, tables):
    plan = tables["validation"].iloc[[0, 0, 0]].assign(
        step=["retest", "retest", "discriminant"], part=["Vigilance", "Blame", "Vigilance and anxiety"],
        outcome=["met, the interval holds the guide", "not met", "met"],
    )  # fmt: skip
    given = (content, tables["dictionary"], tables["estimates"], tables["hypotheses"])
    found = claims.ledger(*given, plan).set_index("claim")
    assert list(found.loc[["Z1", "Z2", "Z4"], "verdict"]) == ["not tested", "met", "not met"]
    assert found.loc["Z4", "reason"] == "1 of 2 checks of the validation plan met; not met: Blame"


def test_a_claim_that_only_the_study_names_is_not_lost(content, tables):
    planned = tables["hypotheses"].assign(claim_ids="C91")
    planned["claim"] = "“they said so” [our-own-document]"
    found = ledger(content, tables | {"hypotheses": planned}).query("claim == 'C91'")
    assert list(found["hypothesis"]) == ["H1", "H2", "H3"] and set(found["theme"]) == {claims.OWN_THEME}
    assert set(found["quotation"]) == {"they said so"} and set(found["document"]) == {"our-own-document"}


def test_counts_add_up_over_claims_and_over_tests():
    rows = [("C1", "H1", "supported", "difference"), ("C1", "H2", "supported", "difference"),
            ("C2", "H2", "supported", "difference"), ("C2", "H3", "equivalent", "equivalence"),
            ("C3", "H4", "opposite", "difference"), ("C3", "H5", "not tested", ""), ("C4", "", "not testable", ""),
            ("C5", "H6", "not tested", ""), ("Z1", "", "not met", "")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["claim", "hypothesis", "verdict", "claim_type"])
    assert claims.counted(frame) == [
        "Of 5 claims: 1 supported, 1 opposite, 1 with different verdicts (all as claimed), 1 not testable, 1 not tested.",
        "The 4 tests behind them: 2 supported, 1 opposite, 1 equivalent (as claimed).",
        "Of 1 claim about the measures: 1 not met.",
    ]


def test_published_results_and_contrary_evidence_stand_beside_their_claim(content, tables):
    found = claims.ledger(content, *(tables[name] for name in ("dictionary", "estimates", "hypotheses", "validation", "benchmarks")))  # fmt: skip
    of = found.drop_duplicates("claim").set_index("claim")
    own = tables["benchmarks"].query("benchmark == 'rs_depression' and x != ''").iloc[0]
    assert f"r = .33; here .{round(own['estimate'] * 100):02d} [" in of.loc["C30", "benchmarks"]
    assert "192 studies" in of.loc["C11", "evidence"] and of.loc["C9", "benchmarks"] == ""
    printed = lay_out(claims=found, benchmarks=tables["benchmarks"], dictionary=tables["dictionary"],
                      study=example_tables.study())  # fmt: skip
    rows = dict(zip((row[0] for row in printed.rows), printed.rows, strict=False))
    assert printed.rows[printed.heads[0]][0].startswith("C1a ") and printed.sections[0] == (0, "What happens")
    assert "Gao et al. (2017), Rejection sensitivity and depression" in rows["C30 Dispositional sensitivity"][3]
    told = rows["C11 Self-esteem over time"][3]
    assert "Gerber" in told and "Rejection in the laboratory" not in told  # told as evidence, and only once
    few = guarded(tables["benchmarks"].assign(n=7.0), "benchmarks", tables, Policy(10))
    hidden = lay_out(claims=found, benchmarks=few, dictionary=tables["dictionary"],
                     study=example_tables.study(simulated=False))  # fmt: skip
    assert not any("; here " in row[3] for row in hidden.rows)


def test_the_printed_ledger_has_each_claim_above_its_tests_by_theme(content, tables):
    found = ledger(content, tables)
    printed = lay_out(claims=found, benchmarks=tables["benchmarks"], dictionary=tables["dictionary"],
                      study=example_tables.study())  # fmt: skip
    names = [row[0].split()[0] for row in printed.rows]
    assert tuple(names[k] for k in printed.heads) == claims.CONSTRUCT_MAP
    at = names.index("C8")
    assert names[at : at + 4] == ["C8", "H1", "H2", "H3"]
    assert [row[1] for row in printed.rows[at : at + 2]] == [
        "1 supported, 1 equivalent (not as claimed), 1 inconclusive",
        "supported",
    ]
    assert printed.rows[at + 2][1] == "equivalent (not as claimed)"


def test_one_word_does_not_stand_for_opposite_outcomes():
    rows = pd.DataFrame({"verdict": ["equivalent"] * 2, "claim_type": ["equivalence", "difference"]})
    assert claims.overall(rows) == "with different verdicts" and claims.overall(rows[:1]) == "equivalent (as claimed)"
    assert claims.overall(rows[1:]) == "equivalent (not as claimed)"
    against = pd.DataFrame({"verdict": ["equivalent", "opposite"], "claim_type": ["difference"] * 2})
    assert claims.overall(against) == "with different verdicts (all not as claimed)"
    assert {claims.overall(part) for part in (rows, rows[:1], rows[1:], against)} <= set(claims.OVERALL)


# --- places where a fault would give a wrong row ---------------------------------------------------------------------


def with_claim(content, name, **changes):
    """The shipped ledger with one claim changed."""
    return content | {"claims": [claim | changes if claim["id"] == name else claim for claim in content["claims"]]}


def test_tests_that_are_not_planned_have_a_row_beside_those_that_are(content, tables):
    found = ledger(content, tables).query("claim == 'C11'").set_index("hypothesis")
    assert list(found.index) == ["H1", "H27"]
    assert found.loc["H27", "verdict"] == "not tested" and pd.isna(found.loc["H27", "estimate"])


def test_each_test_is_called_what_its_plan_calls_it(content, tables):
    estimates = tables["estimates"].assign(confirmatory=tables["estimates"]["hypothesis"] == "H1")
    kinds = ledger(content, tables | {"estimates": estimates}).query("claim == 'C8'").set_index("hypothesis")["kind"]
    assert list(kinds[["H1", "H2", "H3"]]) == ["confirmatory", "exploratory", "exploratory"]


def test_only_an_equivalence_that_was_claimed_is_said_to_be(content, tables):
    claimed = tables["estimates"].assign(
        claim_type=tables["estimates"]["claim_type"].mask(tables["estimates"]["hypothesis"] == "H2", "equivalence")
    )
    said = {
        name: ledger(content, tables | {"estimates": frame}).query("claim == 'C8'").set_index("hypothesis")["reason"]
        for name, frame in (("difference", tables["estimates"]), ("equivalence", claimed))
    }
    borne_out = {name: reasons.str.contains("Equivalence is what the claim says") for name, reasons in said.items()}
    assert borne_out["difference"][["H1", "H2", "H3"]].tolist() == [False, False, False]
    assert borne_out["equivalence"][["H1", "H2", "H3"]].tolist() == [False, True, False]


def test_direction_and_size_are_told_of_differences_that_were_found(content, tables):
    reasons = ledger(content, tables).query("claim == 'C8'").set_index("hypothesis")["reason"]
    assert reasons.str.contains("Declared: negative; found: negative").reindex(["H1", "H2", "H3"]).tolist() == [1, 0, 0]
    assert reasons.str.contains("(SESOI", regex=False).reindex(["H1", "H2", "H3"]).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hypotheses": []}, "no test is defined for this claim"),
        ({"hypotheses": [], "reason": "it needs a diary"}, "it needs a diary"),
        ({"reason": "it needs a diary"}, "not in this study’s plan; it needs a diary"),
        ({}, "not in this study’s plan"),
    ],
)
def test_a_claim_that_is_measured_says_why_it_is_not_tested(content, tables, changes, reason):
    found = ledger(with_claim(content, "C38", **changes), tables).set_index("claim")
    assert list(found.loc["C38", ["verdict", "reason"]]) == ["not tested", reason]


def test_a_claim_that_no_survey_can_test_is_told_from_one_that_waits():
    both = pd.DataFrame({"verdict": ["not tested", "not testable"]})
    assert claims.overall(both) == "not testable" and claims.overall(both[:1]) == "not tested"


def test_checks_that_could_not_run_are_neither_met_nor_not(content, tables):
    plan = (
        tables["validation"]
        .iloc[[0, 0]]
        .assign(step="retest", part=["Vigilance", "Blame"], outcome=["could not run", "met"])
    )
    given = (content, tables["dictionary"], tables["estimates"], tables["hypotheses"])
    found = claims.ledger(*given, plan).set_index("claim")
    assert found.loc["Z4", "reason"] == "1 of 1 checks of the validation plan met"


def test_claims_about_the_measures_are_counted():
    frame = pd.DataFrame({"claim": ["Z1", "Z2"], "hypothesis": "", "verdict": ["met", "not met"], "claim_type": ""})
    assert claims.counted(frame)[-1] == "Of 2 claims about the measures: 1 met, 1 not met."


def test_without_claims_about_the_measures_nothing_is_said_of_them():
    frame = pd.DataFrame(
        {"claim": ["C1"], "hypothesis": ["H1"], "verdict": ["supported"], "claim_type": ["difference"]}
    )
    assert claims.counted(frame) == ["Of 1 claim: 1 supported.", "The 1 test behind them: 1 supported."]


def test_measures_of_a_dictionary_without_kinds_of_event():
    dictionary = pd.DataFrame({"score": ["blame", "worth"], "measures": ["C1a", "C1a; C9"]})
    assert claims.measuring(dictionary) == {"C1a": ["blame", "worth"], "C9": ["worth"]}


def test_an_id_without_a_number_stands_first():
    assert sorted(["H1", "H0b", "mine"], key=claims.in_order) == ["H0b", "mine", "H1"]


def test_missing_claims_are_named_up_to_ten(content, tables):
    short = content | {"claims": content["claims"][12:]}
    with pytest.raises(Refused, match=r"C1a, .*, C2a and 2 more"):
        ledger(short, tables)
