"""Sentences: every number comes from its row, no word claims more than a survey shows."""

import re

import audit
import example_tables
import pytest

from rejsens import narrative, verdict_words
from rejsens.inference import cross_level
from rejsens.inference import estimates as inference


@pytest.fixture(scope="module")
def tables():
    return example_tables.tables()


@pytest.fixture(scope="module")
def findings(tables):
    rows = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    assert [row["verdict"] for row in rows] == ["supported", "equivalent", "inconclusive"]
    opposite = rows[0] | {
        "verdict": "opposite",
        "estimate": 0.21,
        "ci_low": 0.12,
        "ci_high": 0.30,
        "direction": "negative",
        "exceeds_sesoi": "yes",
    }
    untestable = rows[0] | dict.fromkeys(
        ["estimate", "ci_low", "ci_high", "p", "p_adjusted", "se", "statistic", "df", "smallest_detectable"],
        float("nan"),
    )
    untestable |= {
        "verdict": "not testable",
        "reason": "the model did not converge",
        "n_people": 0,
        "n_obs": 0,
        "status": "not testable",
    }
    bounded = rows[2] | {
        "metric": "r",
        "analysis": "cross_sectional",
        "p": 0.9997,
        "method": "bootstrap, 200 draws",
        "p_adjusted": 0.0,
    }
    return [*rows, opposite, untestable, bounded]


def all_sentences(tables, findings):
    """Every kind of sentence with the rows that it was filled from."""
    for row in findings:
        for text in narrative.found(row) + narrative.judged(row):
            yield text, row
    for row in tables["estimates"].to_dict("records"):
        yield narrative.other_estimate(row), row
    for row in tables["descriptives"].to_dict("records"):
        yield narrative.described(row), row
    for row in tables["waves"].to_dict("records"):
        yield narrative.wave(row), row
    for row in tables["erosion"].to_dict("records"):
        yield narrative.changed(row), row
    for row in tables["correlations"].to_dict("records")[:200]:
        yield narrative.correlated(row), row


def test_every_number_is_found_back_in_its_row(tables, findings):
    seen = 0
    for text, row in all_sentences(tables, findings):
        assert audit.strange_numbers(text, [row]) == [], text
        seen += len(re.findall(r"\d", text))
    assert seen > 5000


def test_the_search_for_strange_numbers_finds_one():
    assert (
        audit.strange_numbers(
            "β = −0.13, 95% CI [0.02, 2,391], p < .001", [{"a": -0.128, "b": 0.95, "c": 0.018, "d": 2391, "e": 0.0004}]
        )
        == []
    )
    assert audit.strange_numbers("β = −0.14, p < .001, 90% of 12", [{"a": -0.128, "b": 0.95, "e": 0.2}]) == [
        "−0.14",
        "< .001",
        "90%",
        "12",
    ]


def test_no_banned_word_in_any_sentence(tables, findings):
    for text, _ in all_sentences(tables, findings):
        assert narrative.banned_words(text) == [], text


@pytest.mark.parametrize(
    "text",
    [
        "Exposure causes distress",
        "it leads to blame",
        "the effect of exposure on worth",
        "rejection erodes worth",
        "a large association",
        "a small one",
        "strong",
        "weakly? weak",
        "a significant result",
        "non-significant",
        "Insignificant",
        "it buffers",
        "it predicts worth",
        "due to exposure",
        "marginally lower",
    ],
)
def test_banned_words_are_caught(text):
    assert narrative.banned_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "smallest detectable association",
        "strongly disagree",
        "in the study “it leads to X” stands",
        "the cause-free wording of anchors: larger, stronger",
    ],
)
def test_words_that_only_look_banned_pass(text):
    assert narrative.banned_words(text.replace("cause-free", "plain")) == []


def test_exposure_is_always_reported(tables, findings):
    for text, _ in all_sentences(tables, findings):
        assert not re.search(r"(?<!reported )(?<!reported ambiguous )exposure", text, flags=re.IGNORECASE), text


def test_erosion_is_never_said_of_a_finding(tables, findings):
    assert not [text for text, _ in all_sentences(tables, findings) if "erosion" in text.lower()]


def test_values_are_taken_by_key_and_not_by_position(findings):
    for row in findings:
        turned = dict(reversed(row.items()))
        assert narrative.found(turned) + narrative.judged(turned) == narrative.found(row) + narrative.judged(row)


def test_the_exact_sentences_of_a_supported_and_an_inconclusive_finding(findings):
    h1, _, h3, *_ = findings
    assert narrative.result(h1) == (
        "Reported exposure, frequency (MREII) with self-esteem (RSES): β within persons = −0.13, 95% CI "
        "[−0.17, −0.09], SE = 0.022, t(1834.27) = −5.83, p < .001, adjusted p < .001."
    )
    assert (
        narrative.sample(h1)
        == "Based on 473 people with 2,391 observations; 124 observations lost (missing data: complete cases)."
    )
    assert (
        narrative.verdict(h1)
        == "Supported: the adjusted p is below the declared level and the sign is the declared one."
    )
    assert narrative.why_inconclusive(h3) == (
        "Inconclusive: the adjusted p = .148 is not below the declared level, and the equivalence interval "
        "[0.004, 0.118] reaches beyond ±0.10 within-person SDs, so an association of interest is not ruled out."
    )


def test_a_finding_that_is_not_testable_gives_its_reason_and_no_number(findings):
    row = findings[4]
    assert narrative.result(row) == "" and narrative.sample(row) == ""
    assert narrative.verdict(row) == "Not testable: the model did not converge."
    assert narrative.estimated(row).startswith("Planned for")


def test_an_equivalent_result_that_differs_from_0_is_not_called_the_opposite(findings):
    h2 = findings[1]
    inside = "±0.10 within-person SDs; the claim of an association of interest is not borne out."
    differing = h2 | {
        "estimate": 0.06,
        "ci90_low": 0.03,
        "ci90_high": 0.08,
        "p_adjusted": 0.003,
        "direction": "positive",
    }
    assert narrative.verdict(differing) == (
        "Equivalent: the result differs from 0 in the declared direction (adjusted p = .003), but the equivalence interval "
        f"[0.03, 0.08] lies inside {inside}"
    )
    assert "against the declared direction" in narrative.verdict(differing | {"direction": "negative"})
    unclear = differing | {"p_adjusted": 0.2}
    assert narrative.verdict(unclear).startswith(
        "Equivalent: no association of interest; the equivalence interval [0.03,"
    )
    assert "differs" not in narrative.verdict(unclear) and "against" not in narrative.verdict(differing)
    assert narrative.verdict(differing | {"claim_type": "equivalence"}).endswith("lies inside ±0.10 within-person SDs.")


def test_a_difference_that_is_shown_though_none_was_claimed_is_said(findings):
    row = findings[2] | {"metric": "dz", "sesoi": 0.2, "claim_type": "equivalence", "estimate": 0.21, "p": 0.00001,
                         "ci_low": 0.185, "ci_high": 0.242, "ci90_low": 0.19, "ci90_high": 0.24}  # fmt: skip
    assert narrative.why_inconclusive(row) == (
        "Inconclusive: the result differs from 0 (p < .001), but the equivalence interval [0.19, 0.24] reaches beyond "
        "±0.20 SDs of the differences: open is whether the difference is one of interest."
    )
    assert "is not ruled out" in narrative.why_inconclusive(row | {"ci_low": -0.01})


def test_both_directions_are_said_in_words(findings):
    assert "Declared: negative; found: positive." in narrative.judged(findings[3])
    assert "Declared: negative; found: negative." in narrative.judged(findings[0])
    both = findings[0] | {"analysis": "ri_clpm_both", "warnings": "the two paths have opposite signs"}
    assert "Declared: negative; found: one path positive, one negative." in narrative.judged(both)
    assert not [text for text in narrative.judged(findings[4]) if "found:" in text]


def test_equivalent_results_are_counted_by_what_they_claim(findings):
    rows = [*findings[:3], findings[1] | {"claim_type": "equivalence"}]
    counts = {"supported": 1, "equivalent (as claimed)": 1, "equivalent (not as claimed)": 1, "inconclusive": 1}
    assert narrative.verdict_counts(rows) == counts and list(narrative.verdict_counts(rows)) == list(counts)


def test_every_verdict_has_its_meaning_and_no_banned_word():
    assert list(verdict_words.MEANINGS) == list(narrative._VERDICTS)
    assert all(narrative.banned_words(text) == [] for text in verdict_words.MEANINGS.values())


def test_a_simpler_model_is_said_in_plain_words_for_every_status_that_an_estimator_writes(findings):
    for status in (cross_level.AT_ZERO, cross_level.UNCORRELATED, "random slope not admissible: random intercept only"):
        said = verdict_words.simpler_model({"status": f"{status} (in 22 of 24 imputations)"})
        assert "in 22 of 24 completed panels" in said and narrative.banned_words(said) == []
        assert verdict_words.simpler_model({"status": status}) in narrative.judged(findings[0] | {"status": status})
    assert verdict_words.simpler_model({"status": "ok"}) == ""


def test_why_inconclusive_is_silent_for_other_verdicts(findings):
    assert [bool(narrative.why_inconclusive(row)) for row in findings[:5]] == [False, False, True, False, False]


def test_one_wave_is_not_sold_as_a_within_person_estimand(tables):
    one = example_tables.one_wave(tables)
    rows = narrative.findings(one["estimates"], one["hypotheses"], one["dictionary"])
    for row in rows:
        assert "between persons in one wave" in narrative.estimated(row)
        assert narrative.declared(row).startswith("One wave cannot give the declared estimand")


def test_complete_cases_are_called_provisional_once(findings):
    said = "Complete cases, provisional: nothing was imputed."
    assert said in narrative.judged(findings[0])
    assert said not in narrative.judged(findings[0] | {"missing_rule": "complete cases, provisional"})
    assert said not in narrative.judged(findings[0] | {"m": 40.0, "missing_rule": "multiple imputation"})


def test_two_deciding_rows_are_refused(tables):
    doubled = tables["estimates"].assign(decides=True)
    with pytest.raises(ValueError, match="two deciding rows"):
        narrative.findings(doubled, tables["hypotheses"], tables["dictionary"])


def test_a_hypothesis_without_an_estimate_is_not_tested(tables):
    rows = narrative.findings(tables["estimates"].iloc[:0], tables["hypotheses"], tables["dictionary"])
    assert [narrative.verdict(row) for row in rows] == ["Not tested: no deciding estimate was made."] * 3
    assert narrative.verdict_counts(rows) == {"not tested": 3}


def test_the_printed_power_is_the_computed_one():
    assert narrative.POWER == inference.POWER


def test_the_first_page_names_the_declared_estimand_or_what_stands_instead(tables, findings):
    assert narrative.target(findings[0]).startswith("Estimated: concurrent within-person association")
    one = example_tables.one_wave(tables)
    row = narrative.findings(one["estimates"], one["hypotheses"], one["dictionary"])[0]
    assert "between persons in one wave" in narrative.target(row) and "cannot give" in narrative.target(row)
    assert narrative.target(findings[4]).startswith("Planned for")
