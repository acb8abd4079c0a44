"""Faults of one place that the other tests did not see, found by `make mutants`; and that its machinery sees faults at all."""

from __future__ import annotations

import math
import types
from dataclasses import replace

import pandas as pd
import pytest
from tests.mutants.__main__ import EXPLAINED, ROOT, TARGETS, plant
from tests.mutants.faults import Mutant, mutants

from rejsens.definitions import Instrument, instrument_from, load_instruments
from rejsens.inference.estimates import Estimate
from rejsens.inference.verdicts import adjust, decide, equivalence_p, exceeds_sesoi, reason, verdict
from rejsens.quality import screen
from rejsens.scoring import columns_of, filled, score

NAN = math.nan


def row(low: float, high: float, **changes: object) -> Estimate:
    """A row with this 95 % interval, and the same as its 90 % interval unless told otherwise."""
    given = {
        "estimate": (low + high) / 2, "se": 0.05, "df": 100.0, "p": 0.5, "p_adjusted": 0.5, "ci_level": 0.95,
        "ci_low": low, "ci_high": high, "ci90_low": low, "ci90_high": high, "sesoi": 0.10, "direction": "positive",
        "claim_type": "difference", "smallest_detectable": 0.12, "decides": True,
    }  # fmt: skip
    return Estimate(**(given | changes))


# --- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (row(-0.10, 0.05), "inconclusive"),  # each end of the 90 % interval on its bound, the other inside
        (row(-0.05, 0.10), "inconclusive"),
        (row(-0.09, 0.09), "equivalent"),
        (row(0.20, 0.40, p_adjusted=0.001, direction=""), "opposite"),  # nothing declared, nothing supported
        (row(-0.15, -0.06, claim_type="non-inferiority"), "inconclusive"),  # worse, but perhaps not by the SESOI
        (row(0.06, 0.15, claim_type="non-inferiority", direction="negative"), "inconclusive"),
        (row(-0.30, -0.10, claim_type="non-inferiority"), "inconclusive"),  # touches the bound
        (row(-0.30, -0.11, claim_type="non-inferiority"), "opposite"),
        (row(0.05, 0.30, claim_type="non-inferiority", p_adjusted=0.05), "inconclusive"),  # p on alpha
        (row(0.05, 0.30, claim_type="non-inferiority", p_adjusted=0.049), "supported"),
    ],
)
def test_verdicts_on_their_borders(found: Estimate, expected: str) -> None:
    assert verdict(found) == expected


def test_touching_a_bound_leaves_the_size_unsettled_on_every_side() -> None:
    assert exceeds_sesoi(-0.30, -0.10, 0.10) == exceeds_sesoi(-0.05, 0.10, 0.10) == "uncertain"
    assert exceeds_sesoi(-0.30, math.nextafter(-0.10, -1), 0.10) == "yes"
    assert exceeds_sesoi(-0.05, math.nextafter(0.10, 0), 0.10) == "no"


@pytest.mark.parametrize("blank", ["estimate", "se", "p", "sesoi"])
def test_no_p_of_equivalence_without_its_numbers(blank: str) -> None:
    assert math.isnan(equivalence_p(row(-0.1, 0.1, **{blank: NAN})))


def test_a_standard_error_of_nothing_tests_nothing_and_one_of_1_does() -> None:
    assert math.isnan(equivalence_p(row(-0.1, 0.1, se=0.0)))
    assert equivalence_p(row(-0.1, 0.1, se=1.0)) == pytest.approx(0.46, abs=0.005)  # t = .10 on 100 df


def test_a_row_without_a_number_is_not_testable_with_its_own_reason_or_a_plain_one() -> None:
    for changes in ({"estimate": NAN}, {"ci_low": NAN}, {"p": NAN}, {"ci90_high": math.inf}):
        (found,) = decide([row(0.2, 0.4, **changes)], "holm")
        assert (found.verdict, found.exceeds_sesoi) == ("not testable", "")
        assert found.reason == "the analysis gave no estimate"
    (found,) = decide([row(0.2, 0.4, estimate=NAN, reason="two waves only")], "holm")
    assert found.reason == "two waves only"


def test_an_unknown_correction_corrects_nothing_and_says_so() -> None:
    with pytest.raises(ValueError, match="unknown correction 'sidak'"):
        adjust([0.01, 0.02], "sidak")


def test_adjusted_p_stops_at_1() -> None:
    assert adjust([0.6, 0.7], "holm").tolist() == [1.0, 1.0]
    assert adjust([0.9, 0.95], "benjamini-hochberg").tolist() == [0.95, 0.95]


def test_exploratory_rows_beside_confirmatory_ones_keep_their_p_and_alone_are_corrected() -> None:
    rows = [row(0.2, 0.4, p=p, confirmatory=True) for p in (0.02, 0.03)]
    one_of_each = decide([rows[0], replace(rows[1], confirmatory=False)], "holm")
    assert [found.p_adjusted for found in one_of_each] == pytest.approx([0.02, 0.03])
    alone = decide([replace(found, confirmatory=False) for found in rows], "holm")
    assert [found.p_adjusted for found in alone] == pytest.approx([0.04, 0.04])


def test_a_verdict_that_stands_is_not_given_anew_and_counts_in_no_correction() -> None:
    stands = row(0.2, 0.4, p=0.001, verdict="inconclusive", p_adjusted=NAN)
    kept, other = decide([stands, row(0.2, 0.4, p=0.02)], "holm")
    assert kept.verdict == "inconclusive" and math.isnan(kept.p_adjusted)
    assert other.p_adjusted == pytest.approx(0.02)


def test_reasons_name_the_sign_of_differences_alone_and_count_one_test_at_05() -> None:
    supported = row(0.05, 0.30, claim_type="non-inferiority", p_adjusted=0.001, verdict="supported", exceeds_sesoi="no")
    assert "sign" not in reason(supported, "holm")
    unclear = replace(row(0.02, 0.30, p_adjusted=0.06), verdict="inconclusive", exceeds_sesoi="uncertain")
    assert "over 1 test is not below 0.05" in reason(unclear, "holm")
    for touching in (row(0.0, 0.3), row(-0.3, 0.0)):
        assert "includes 0" in reason(replace(touching, verdict="inconclusive", exceeds_sesoi="uncertain"), "holm")


# --- scores ----------------------------------------------------------------------------------------------------------


def two_items(model: str = "formative") -> Instrument:
    """Two items that may not apply to somebody, and their mean."""
    declared = {"id": "x", "label": "X", "method": "mean", "min_answered": 2, "range": [0, 4], "model": model}
    return instrument_from(
        {
            "id": "x",
            "title": "X",
            "version": "1",
            "answers": {"min": 0, "max": 4, "not_applicable": [9]},
            "items": [{"id": "x_01", "label": "one"}, {"id": "x_02", "label": "two"}],
            "scores": [declared | {"higher_means": "more"}],
        }
    )


def test_the_columns_of_a_score_are_those_that_scoring_makes() -> None:
    answers = pd.DataFrame({"x_01": [1.0], "x_02": [2.0]})
    for model in ("formative", "reflective"):
        x = two_items(model)
        assert columns_of(x, x.scores[0]) == list(score(answers, [x]))
    assert "x__does_not_apply" in columns_of(two_items(), two_items().scores[0])
    gad7 = load_instruments()["gad7"]
    beside = ["gad7_sum", "gad7_sum__n_answered", "gad7_sum__prorated"]
    assert columns_of(gad7, next(declared for declared in gad7.scores if declared.id == "gad7_sum")) == beside


def test_what_was_not_asked_counts_no_answers_and_has_no_flags() -> None:
    beside = {"x__n_answered": [2.0, NAN], "x__prorated": [True, None], "x__does_not_apply": [None, True]}
    found = filled(pd.DataFrame({"x": [1.5, NAN], **beside}))
    assert found["x__n_answered"].tolist() == [2, 0]
    assert found["x__prorated"].tolist() == [True, False]
    assert found["x__does_not_apply"].tolist() == [False, True]
    assert math.isnan(found["x"][1]) and found["x"][0] == 1.5


def test_does_not_apply_is_said_only_where_nothing_that_applies_was_left_out() -> None:
    x = two_items()
    answers = pd.DataFrame({"x_01": [NAN, NAN, 1.0, NAN], "x_02": [NAN, NAN, 2.0, 2.0]})
    absent = pd.DataFrame({"x_01": [True, False, False, True]})  # the second item applies to everybody
    assert score(answers, [x], absent)["x__does_not_apply"].tolist() == [False] * 4
    both = absent.assign(x_02=[True, False, False, False])
    assert score(answers, [x], both)["x__does_not_apply"].tolist() == [True, False, False, False]
    assert score(answers, [x], both)["x"].tolist()[2:] == [1.5, 2.0]
    assert not score(answers, [x])["x__does_not_apply"].any()


def test_a_sum_of_one_answer_is_that_answer_times_the_items() -> None:
    x = two_items("reflective")
    lenient = replace(x, scores=(replace(x.scores[0], method="sum", min_answered=1, high=8),))
    assert score(pd.DataFrame({"x_01": [3.0], "x_02": [NAN]}), [lenient])["x"].tolist() == [6.0]


def test_a_mean_of_one_product_is_that_product() -> None:
    a_rsq = load_instruments()["a_rsq"]
    lenient = replace(a_rsq, scores=(replace(a_rsq.scores[0], min_answered=1),))
    concern, acceptance = a_rsq.scores[0].pairs[0]
    row = dict.fromkeys([item.id for item in a_rsq.items], NAN) | {concern: 3.0, acceptance: 2.0}
    assert score(pd.DataFrame([row]), [lenient])[a_rsq.scores[0].id].tolist() == [15.0]  # 3 x (7 - 2)


def test_rows_that_were_no_answers_leave_first_and_the_ledger_adds_up() -> None:
    answers = pd.DataFrame({"participant": ["a", "b", "b"], "row": [2, 3, 5], "age": [30.0, 40.0, 40.0]})
    left_out = pd.DataFrame(
        {"participant": [""] * 3, "row": [1, 4, 6], "rule": ["labels", "preview", "preview"], "label": ["L", "P", "P"]}
    )
    twice = {"id": "twice", "label": "Twice", "check": "duplicate_participant", "action": "exclude"}
    flow, _, rows = screen(answers, [], [twice], "w1", left_out)
    assert flow["rule"].tolist() == ["raw", "labels", "preview", "twice"]
    assert flow["order"].tolist() == [0, 1, 2, 3]
    assert flow["n_excluded"].tolist() == [0, 1, 2, 1]
    assert flow["n_remaining"].tolist() == [6, 5, 3, 2]
    assert rows["excluded_by"].tolist() == ["", "", "twice"]


# --- the machinery ---------------------------------------------------------------------------------------------------


def test_every_place_gets_its_fault_and_words_get_none() -> None:
    source = 'def f(x, y):\n    """Adds 1."""\n    if x < 2 and not y:\n        return -x * 3\n    return f"{x}"\n'
    assert [mutant.name.removeprefix("f: ") for mutant in mutants(source)] == [
        "if x < 2 and (not y): return -x * 3 -> if not (x < 2 and (not y)): return -x * 3 #1",
        "x < 2 and (not y) -> x < 2 or not y #1",
        "x < 2 and (not y) -> not y #1",
        "x < 2 and (not y) -> x < 2 #1",
        "x < 2 -> x <= 2 #1",
        "x < 2 -> x > 2 #1",
        "2 -> 3 #1",
        "not y -> y #1",
        "-x * 3 -> -x / 3 #1",
        "-x -> x #1",
        "3 -> 4 #1",
    ]


def test_a_planted_fault_reaches_whoever_holds_the_function() -> None:
    module = types.ModuleType("planted")
    module.__file__ = "planted.py"
    exec("LIMIT = 2\nNAMES = {'a': 1}\ndef over(x, by=1):\n    return x > LIMIT + by", module.__dict__)
    held, names = module.over, module.NAMES
    assert not held(3) and held(4)
    plant(module, Mutant("", "LIMIT = 3\nNAMES = {'a': 2}\ndef over(x, by=2):\n    return x > LIMIT + by"))
    assert not held(4) and not held(5) and held(6) and names == {"a": 2}


def test_an_explanation_is_of_a_fault_that_can_be_made() -> None:
    import yaml

    for name, explained in (yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or {}).items():
        assert name in TARGETS
        source = (ROOT / f"workflow/rejsens/{name.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert set(explained) <= {mutant.name for mutant in mutants(source)}, name
        assert all(len(why) > 15 for why in explained.values())
