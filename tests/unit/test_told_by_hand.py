"""Sentences and verdicts that stand on a row alone: what is missing, what could not run, and the first of several waves."""

from __future__ import annotations

from types import SimpleNamespace

import example_tables
import numpy as np
import pandas as pd
import pytest
from test_assessment import ladder, sentences
from test_validation_plan import PLAN, rung

from rejsens import assessment_words, relation_words, validation, validation_steps, validity
from rejsens.assessment import assess_instruments
from rejsens.declarations import load_yaml
from rejsens.reasons import NOTHING
from rejsens.reasons import sentences as reasons
from rejsens.report import _facts
from rejsens.result_names import statistic_of

NAN = float("nan")
HELD = {"label": "A", "structure": "one_factor", "wave": "w", "n": 90, "n_lost": 0, "missing_rule": "FIML", "df": 9,
        "status": "admissible", "fit_status": "reported", "chi2": 9.0, "p": 0.4, "cfi": 0.96, "rmsea": 0.04,
        "rmsea_ci_low": 0.0, "rmsea_ci_high": 0.1, "srmr": 0.05, "estimator": "MLR"}  # fmt: skip


# --- an instrument ---------------------------------------------------------------------------------------------------


def between(*rows: tuple[str, str, float]) -> pd.DataFrame:
    about = {"instrument": "mreii_impact", "model": "five", "wave": "2026a", "status": "admissible"}
    return pd.DataFrame(
        [about | {"x": x, "y": y, "estimate": r, "ci_low": r - 0.1, "ci_high": r + 0.1} for x, y, r in rows]
    )


def test_the_ends_of_a_models_correlations_are_named_with_their_pairs():
    rows = between(("f", "g", 0.5), ("f", "h", -0.2), ("g", "h", 0.31))
    said = assessment_words.factor_correlations(rows, {"f": "Hypervigilance", "g": "Self-blame"}, "Five")
    assert said == (
        "Correlations of the factors in “Five” go from −.20 [−.30, −.10] (hypervigilance and h) to .50 [.40, .60] "
        "(hypervigilance and self-blame)."
    )
    one = assessment_words.factor_correlations(rows.head(1), {}, "Two")
    assert one == "Correlation of the two factors in “Two”: .50 [.40, .60] (f and g)."
    assert assessment_words.factor_correlations(rows.assign(estimate=NAN), {}, "Two") == ""


def test_correlations_of_factors_are_those_of_the_wave_whose_fit_they_follow():
    """A later wave's correlations, those of residuals, and those of a model that may not be used stand in the same table."""
    tables = example_tables.tables()
    model = pd.DataFrame(
        [
            HELD | {"instrument": "mreii_impact", "model": "five", "label": "Five factors", "wave": w}
            for w in ("2026a", "2026b")
        ]
    )
    loadings = pd.DataFrame([{"instrument": "mreii_impact", "model": "five", "wave": w, "factor": f, "item": f"{f}1", "label": f, "status": "admissible"}
                             for w in ("2026a", "2026b") for f in "fgh"])  # fmt: skip
    pairs = pd.concat([
        between(("f", "g", 0.5), ("f", "h", 0.3), ("f1", "g1", -0.7)),
        between(("f", "g", 0.9), ("f", "h", 0.1)).assign(wave="2026b"),
    ])  # fmt: skip
    only = {"dictionary": tables["dictionary"].query("instrument == 'mreii_impact'")}

    def told(pairs: pd.DataFrame) -> str:
        (one,) = assess_instruments(
            tables | only | {"factor_models": model, "loadings": loadings, "factor_correlations": pairs}
        )
        return " ".join(sentences(one, "structure"))

    assert "go from .30 [.20, .40] (f and h) to .50 [.40, .60] (f and g)." in told(pairs)
    assert ".90 [.80" not in told(pairs) and "−.70" not in told(pairs)
    assert "Correlation" not in told(
        pairs.assign(status=pairs["wave"].map({"2026a": "not converged", "2026b": "admissible"}))
    )


def test_an_index_of_fit_that_is_missing_is_a_dash_and_meets_no_guide():
    said = assessment_words.model_fit(HELD | {"srmr": NAN})
    assert "SRMR = —" in said and "CFI = .96" in said and "nan" not in said


def test_rows_that_hold_nothing_give_no_sentence_or_its_reason():
    empty = pd.DataFrame(columns=["item", "h", "item_rest", "coefficient", "estimate"])
    assert assessment_words.scalability(empty, "A") == assessment_words.item_rest(empty, "A") == ""
    assert assessment_words.agreement(empty, "A") == ""
    row = {
        "coefficient": "retest_icc2",
        "wave": "w2",
        "n": 3,
        "estimate": NAN,
        "status": "not reported: 3 complete rows",
    }
    assert assessment_words.agreement(pd.DataFrame([row]), "A") == (
        "A, at the retest (wave w2, n = 3; people with the score both times): could not run: 3 complete rows."
    )


def test_a_rung_without_a_test_holds_nothing():
    """“Not tested” stands where a difference has no p value, whatever stands beside it."""
    said = assessment_words.invariance(
        ladder(("configural", "", "", ""), ("metric", "not tested", "", "")).assign(d_p=NAN), "A"
    )
    assert "metric not tested" in said and "Δχ²" not in said and "not rejected" not in said


def test_two_scales_are_told_with_what_is_known_of_them():
    row = {"x": "a", "y": "b", "wave": "w1", "n": 90, "n_lost": 2, "htmt": 0.8, "htmt_ci_low": 0.7, "htmt_ci_high": 0.9,
           "below": NAN, "outcome": "", "r": NAN, "corrected": NAN, "status": "estimated"}  # fmt: skip
    said = relation_words.discriminant(row, {"a": "One", "b": "Other"})
    assert said.endswith("): HTMT = .80 [.70, .90].") and said.startswith("One and other, wave w1 (")
    assert relation_words.discriminant(row | {"r": 0.4}, {}).endswith("HTMT = .80 [.70, .90]; r = .40.")
    full = relation_words.discriminant(row | {"below": 0.85, "outcome": "uncertain", "r": 0.4, "corrected": 0.5}, {})
    assert full.endswith("the guide of .85; r = .40, corrected for unreliability .50.")


def test_a_score_that_nobody_has_is_told_as_none():
    row = {"label": "A", "wave": "w", "n": 0, "n_missing": 90, "missing_rule": "all items", "mean": NAN}
    assert relation_words.distribution(row) == "A, wave w (n = 0, 90 missing; all items): no score."


# --- a validation plan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "text", "outcome"),
    [
        (rung(0.0, 0.0) | {"status": "barred: the rung configural is not admissible"}, "metric barred: the rung", "could not run"),
        (rung(0.0, 0.0) | {"status": "not testable: three categories"}, "metric not testable: three", ""),
        (rung(0.0, 0.0) | {"status": "negative residual variance: a"}, "metric negative residual", "could not run"),
    ],
)  # fmt: skip
def test_a_rung_that_may_not_be_used_meets_nothing(row, text, outcome):
    said, judged = validation_steps._rung(PLAN.guides, row)
    assert said.startswith(text) and judged == outcome


def test_a_rung_that_cannot_be_tested_by_its_nature_does_not_bar_the_others():
    other = rung(0.0, 0.0, "WLSMV", "not rejected", "loadings")
    whole = pd.DataFrame([other | {"rung": "thresholds", "status": "not testable: three categories"}, other])
    assert validation_steps._rungs(PLAN.guides, "waves", whole)[1] == "met"
    assert validation_steps._rungs(PLAN.guides, "waves", whole.head(1))[1] == "could not run"


def test_steps_of_a_plan_that_names_none_are_no_rows():
    none = SimpleNamespace(predictions="", discriminant="")
    assert validation_steps._predictions(none, {}) == validation_steps._discriminant(none, {}, {}) == []


def test_a_ratio_that_was_not_made_tells_no_scales_apart():
    pair = {"set": "mreii", "x": "a", "y": "b", "wave": "w1", "n": 0, "htmt": NAN, "htmt_ci_low": NAN, "htmt_ci_high": NAN,
            "below": 0.85, "outcome": "", "status": "not reported: 3 complete rows"}  # fmt: skip
    (row,) = validation_steps._discriminant(PLAN, {"discriminant": pd.DataFrame([pair])}, {})
    assert row["outcome"] == "could not run" and row["result"] == "not reported: 3 complete rows"
    blank = pair | {
        "htmt": 0.5,
        "htmt_ci_low": 0.4,
        "htmt_ci_high": 0.6,
    }  # withheld outcome: nothing is concluded from ends
    (row,) = validation_steps._discriminant(PLAN, {"discriminant": pd.DataFrame([blank])}, {})
    assert row["outcome"] == "could not run"


def test_a_retest_without_an_estimate_could_not_run():
    found, score = SimpleNamespace(instrument=SimpleNamespace(name="mine"), wave="w1"), SimpleNamespace(id="a")
    rows = {"instrument": "mine", "score": "a", "wave": "again", "n": 3, "ci_low": NAN, "ci_high": NAN}
    icc = rows | {"coefficient": "retest_icc2", "estimate": NAN, "status": "not reported: 3 complete rows"}
    row = validation_steps._retest(PLAN, found, score, {"reliability": pd.DataFrame([icc])})
    assert (row["outcome"], row["result"]) == ("could not run", "not reported: 3 complete rows")
    good = [icc | {"estimate": 0.8, "ci_low": 0.75, "ci_high": 0.85}]
    good += [
        rows | {"coefficient": name, "estimate": value}
        for name, value in (("sem_agreement", 1.5), ("sdc95_agreement", 4.158))
    ]
    row = validation_steps._retest(PLAN, found, score, {"reliability": pd.DataFrame(good)})
    assert row["outcome"] == "met" and row["result"].endswith("SEM = 1.50, SDC95 = 4.16")


def test_no_guide_decides_over_ordered_items():
    """Guides of CFI, RMSEA and SRMR are for maximum likelihood: a fit inside all of them is no verdict under WLSMV."""
    fit = SimpleNamespace(df=9)
    good = {"chi2": 9.0, "p": 0.4, "cfi": 0.99, "rmsea": 0.01, "rmsea_ci_low": 0.0, "rmsea_ci_high": 0.03, "srmr": 0.02}
    model = SimpleNamespace(admissible=True, estimator="WLSMV", fit=fit, reported=good, n=900, n_lost=0,
                            residual_variances=[0] * 6, missing_rule="complete cases", status="admissible")  # fmt: skip
    said, outcome = validation._confirmed(SimpleNamespace(model=model, ordered=None), PLAN)
    assert said.endswith("; no guide decides") and outcome == "could not run"
    model.estimator = "MLR"
    said, outcome = validation._confirmed(SimpleNamespace(model=model, ordered=None), PLAN)
    assert outcome == "met" and "COSMIN" not in said
    wide = model.__dict__ | {"reported": good | {"rmsea_ci_high": 0.07}, "n": 40}
    said, outcome = validation._confirmed(SimpleNamespace(model=SimpleNamespace(**wide), ordered=None), PLAN)
    assert outcome == f"met{validation_steps.HOLDS}" and said.endswith("COSMIN asks for 100 people")


# --- validity, statistics, facts -------------------------------------------------------------------------------------


def test_a_marker_needs_two_scores_beside_it():
    people = pd.DataFrame({"a": [1.0, 2, 3], "marker": [1.0, 2, 1], "b": [NAN] * 3})
    row = validity.held_against(people, "marker", ["a", "b"]).iloc[0]
    assert row["status"] == "not run: fewer than two scores stand beside the marker variable"


def test_a_t_without_degrees_of_freedom_is_not_printed():
    assert statistic_of({"metric": "beta", "statistic": 2.5, "df": NAN}) == ""
    assert statistic_of({"metric": "beta", "statistic": 2.5, "df": 40.0}) == "t(40) = 2.50"


def test_the_report_counts_retest_samples_apart_from_waves_and_says_only_known_days():
    row = {
        "wave_number": 1,
        "n_kept": 120,
        "collected_from": "2026-01-05",
        "collected_to": "2026-01-11",
        "role": "wave",
    }
    waves = pd.DataFrame([row, row | {"role": "retest", "n_kept": 30}])
    facts = dict(_facts(waves.head(1), waves, [{}, {}], False))
    assert (facts["Waves"], facts["Retest samples"], facts["Hypotheses"]) == ("1", "1", "2")
    assert facts["Collected"] == "2026-01-05 to 2026-01-11" and "Data" not in facts
    unknown = waves.head(1).assign(collected_to=None)
    assert "Collected" not in dict(_facts(unknown, unknown, [], True))


# --- why a file is made again ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((("depends", "data/waves/w2.yaml"), "1", "2"), "the sidecar of wave w2 changed"),
        ((("depends", "data/waves/w2.yaml"), NOTHING, "2"), "wave w2 was added"),
        ((("inputs", "config/hypotheses/one.yaml"), "1", "missing"), "the family of hypotheses one was taken out"),
        ((("depends", "figures/mine.py"), "1", "2"), "your own figures/mine.py changed"),
        ((("depends", "elsewhere/notes.txt"), "1", "2"), "elsewhere/notes.txt changed"),
        ((("settings", "alpha"), 0.05, 0.01), "the setting alpha changed from 0.05 to 0.01"),
        ((("settings", "screening"), [{"id": "a"}], []), "the screening rules changed"),
        ((("settings", "sample_table"), ["age"], ["age", "gender"]), "the setting sample_table changed"),
        ((("settings", "study", "description"), "x" * 80, "y"), "the setting study.description changed"),
    ],
)  # fmt: skip
def test_what_changed_is_told_in_the_researchers_words(change, said):
    assert reasons([("", change)]) == [said]


def test_a_yaml_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Exception, match="A file is missing") as refused:
        load_yaml(tmp_path / "none.yaml")
    assert "there is no such file" in str(refused.value) and np.isnan(NAN)
