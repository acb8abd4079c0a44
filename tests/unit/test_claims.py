"""The claim ledger: every claim once, a verdict only through the study's own claim_ids, else a reason."""

from pathlib import Path

import example_tables
import pandas as pd
import pytest

from rejsens import claims
from rejsens.declarations import SHIPPED, read_yaml


@pytest.fixture(scope="module")
def content():
    return read_yaml(SHIPPED / "config" / "claims.yaml", "claims")


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


def test_quotations_stand_in_the_documents(content):
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
    assert "−0.13, 95% CI [−0.17, −0.09]" in found.loc[("C11", "H1"), "reason"]
    assert "Inconclusive: the adjusted p = .148" in found.loc[("C10", "H3"), "reason"]


def test_what_has_no_verdict_has_a_reason(content, tables):
    found = ledger(content, tables)
    assert (found[found["verdict"].isin(["not tested", "not testable"])]["reason"].str.len() > 10).all()
    by_claim = found.set_index("claim")
    assert by_claim.loc["C27", "verdict"] == "not testable" and "questionnaire" in by_claim.loc["C27", "reason"]
    assert (
        by_claim.loc["C38", "reason"] == "not in this study’s plan"
    )  # self-compassion is measured, H31 is not planned
    assert by_claim.loc["C5", "reason"] == "its measure is not in this study"
    assert set(found["claim"]) == {claim["id"] for claim in content["claims"]}


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
    assert len(found) == len(content["claims"])
    assert (
        found.loc[found["verdict"] == "not tested", "reason"].str.contains("its measure is not in this study")
    ).all()


def test_every_cell_is_text(content, tables):
    found = ledger(content, tables)
    assert list(found.columns) == list(claims.COLUMNS)
    assert found.map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert not found.duplicated(["claim", "hypothesis"]).any()
    assert isinstance(found, pd.DataFrame)
