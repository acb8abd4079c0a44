"""Answers that a coefficient has no value for, or a value that only a hand or another function tells: reasons and numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm
from tests.unit.test_reliability import BIFACTOR, FOUR, HEYWOOD, ITEMS, ORDINAL, SUMS, long, rng
from tests.unit.test_validity import ANSWERS, SCALES, TWO, screened

from rejsens import psychometrics as p
from rejsens.psychometrics import dimensionality, exploratory, factor_reliability
from rejsens.psychometrics.correlation_matrix import correlations_of
from rejsens.psychometrics.engine import indices
from rejsens.psychometrics.engine.minimise import invert_information
from rejsens.psychometrics.engine.start import _positive
from rejsens.psychometrics.engine.table import compile_table
from rejsens.psychometrics.schmid_leiman import NoSolution, _above
from rejsens.psychometrics.split_half import split_half


def people_of(table: list[list[int]]) -> pd.DataFrame:
    """One row per person of a table of counts of two items."""
    rows = [(i, j) for i, own in enumerate(table) for j, n in enumerate(own) for _ in range(n)]
    return pd.DataFrame(rows, columns=["a", "b"])


# --- polychoric correlations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "both_low"),
    [([[0, 12], [9, 19]], 0.5), ([[12, 0], [9, 19]], 11.5), ([[12, 9], [0, 19]], 11.5), ([[12, 9], [19, 0]], 12.5)],
)  # fmt: skip
def test_half_a_person_stands_in_an_empty_cell(table, both_low):
    """Of two items with two answers the correlation is the one at which Φ₂ gives the share of those low in both; with
    half a person moved into the empty cell and the margins kept, that share can be counted by hand."""
    counts = np.array(table)
    n = counts.sum()
    at = norm.ppf([counts.sum(axis=1)[0] / n, counts.sum(axis=0)[0] / n])
    expected = brentq(lambda r: multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf(at) - both_low / n, -0.9999, 0.9999)
    found = correlations_of(people_of(table), "polychoric")
    assert not found.reason and found.matrix[0, 1] == pytest.approx(expected, abs=1e-4)


def test_polychoric_correlations_that_are_none():
    steps = pd.DataFrame({"a": np.repeat([0, 1, 2], 8)})  # b is a in finer steps
    steps["b"] = 2 * steps["a"] + np.tile([0, 1], 12)
    assert (
        correlations_of(steps, "polychoric").reason == "the polychoric correlation of a and b runs to ±1 (empty cells)"
    )
    few = pd.DataFrame(np.random.default_rng(0).integers(0, 2, (12, 6)))
    by_pair = np.eye(6)
    for i, j in product(range(6), range(6)):
        if i != j:
            by_pair[i, j] = correlations_of(few[[i, j]], "polychoric").matrix[0, 1]
    assert np.linalg.eigvalsh(by_pair)[0] < 0
    found = correlations_of(few, "polychoric")
    assert found.reason == "the matrix of polychoric correlations is not positive definite"
    assert np.isnan(found.matrix).all() and found.n == 12


def test_ratios_of_ordered_items_are_drawn_from_people():
    """The interval is the percentiles of the ratio of people drawn again; a draw in which an item does not vary is none."""
    items = FOUR.head(150)
    whole = p.htmt(items, TWO, correlation="polychoric", draws=120, rng=rng()).iloc[0]
    again = rng()
    drawn = [
        p.htmt(items.iloc[again.integers(0, 150, 150)], TWO, correlation="polychoric")["estimate"][0]
        for _ in range(120)
    ]
    assert [whole["ci_low"], whole["ci_high"]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1e-9)
    rare = items.assign(q1=[2] + [1] * 149)  # only one person answers otherwise
    failed = p.htmt(rare, TWO, correlation="polychoric", draws=40, rng=rng()).iloc[0]
    again = rng()
    without = sum(0 not in again.integers(0, 150, 150) for _ in range(40))
    assert failed["status"].startswith("estimated") and failed["failed"] >= without > 8


# --- how many factors ------------------------------------------------------------------------------------------------


def test_random_data_that_fail_too_often_advise_nothing():
    few = pd.DataFrame(np.minimum(np.random.default_rng(6).integers(0, 6, (9, 4)), 2))
    found = p.parallel_analysis(few, correlation="polychoric", draws=20, seed=1)
    assert found.draws_failed > 20 * dimensionality.MOST_FAILED
    assert (
        found.status == f"not estimated: {found.draws_failed} of 20 random data sets have correlations that run to ±1"
    )
    with pytest.raises(ValueError, match="no advice by factors and p99"):
        p.parallel_analysis(BIFACTOR, draws=10).factors(threshold="p99")


def test_adequacy_of_correlations_needs_no_people_and_its_test_does():
    people, given = p.sampling_adequacy(BIFACTOR), p.sampling_adequacy(BIFACTOR.corr())
    assert given.kmo == pytest.approx(people.kmo) and np.isnan([given.chi2, given.p]).all()
    counted = p.sampling_adequacy(BIFACTOR.corr(), n=len(BIFACTOR))
    assert (counted.chi2, counted.p) == pytest.approx((people.chi2, people.p))


def test_a_general_factor_of_factors_by_hand():
    """Of three correlations a = √(r_ab r_ac / r_bc); above 1 the factor is the general one. Of two, a · b is theirs."""
    phi = np.array([[1, 0.56, 0.48], [0.56, 1, 0.42], [0.48, 0.42, 1]])
    np.testing.assert_allclose(_above(phi), [0.8, 0.7, 0.6], atol=1e-6)
    with pytest.raises(NoSolution, match="a group factor is the general factor"):
        _above(np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]]))
    for r in (0.36, -0.36):
        a, b = _above(np.array([[1, r], [r, 1]]))
        assert a * b == pytest.approx(r) and abs(a) == abs(b)


def test_draws_without_a_solution_are_left_out_of_schmid_and_leimans_interval():
    """One item is answered by one person only: draws without that person have no correlations."""
    rare = BIFACTOR.assign(b9=[1.0] + [0.0] * (len(BIFACTOR) - 1))
    found = p.omega_schmid_leiman(rare, draws=40, rng=rng())["omega_t_sl"]
    again = rng()
    without = sum(0 not in again.integers(0, len(rare), len(rare)) for _ in range(40))
    assert found.failed >= without > 8


# --- reliability -----------------------------------------------------------------------------------------------------

GONE = SUMS.assign(**{"2": np.nan}).rename(columns={"2": 4})[[1, 4]]
PAIR = SUMS[[1, 2]]
FLAT = pd.DataFrame({"participant": np.repeat(range(4), 3), "wave": np.tile([1, 2, 3], 4)})
STILL = FLAT.assign(**{i: FLAT["participant"] for i in ITEMS})  # nobody moves, and everybody answers every item alike
UNKNOWN = p.alpha(HEYWOOD.iloc[:0])


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: p.measurement_error(PAIR.head(2))["sem_agreement"], "2 complete rows, three are needed"),
        (lambda: p.measurement_error(GONE)["sem_agreement"], "no answers to 4"),
        (lambda: p.measurement_error(PAIR.head(1))["sdc95"], "1 complete row, three are needed"),
        (lambda: p.icc(SUMS[[1]])["icc2"], "one rating of each person says nothing of agreement"),
        (lambda: p.error_from_reliability(SUMS[1].head(1), p.alpha(ORDINAL))["sem_internal"], "fewer than two people have a score"),
        (lambda: p.error_from_reliability(SUMS[1], UNKNOWN)["sem_internal"], "alpha is not reported: no complete rows"),
        (lambda: p.test_retest(PAIR.head(3), 14)["retest_r"], "fewer than four complete rows"),
        (lambda: p.test_retest(GONE, 14)["retest_r"], "no answers to 4"),
        (lambda: p.test_retest(PAIR.assign(**{"2": 1.0})[[1, "2"]], 14)["retest_r"], "the score does not vary at one of the waves"),
        (lambda: p.categorical_omega(FOUR.iloc[:0]), "no complete rows"),
        (lambda: p.ordinal_alpha(FOUR[["q1"]]), "internal consistency needs two items or more"),
        (lambda: split_half(FOUR.head(1)).mean, "1 complete row"),
        (lambda: split_half(FOUR.iloc[:0]).mean, "no complete rows"),
        (lambda: p.generalisability(long(), ["i1"])["r_c"], "one item shows no consistency"),
        (lambda: p.generalisability(long(slice(2)), ITEMS)["r_c"], "2 people with every item at every wave, three are needed"),
        (lambda: p.generalisability(STILL, ITEMS)["r_c"], "its variances sum to nothing"),
    ],
)  # fmt: skip
def test_a_coefficient_that_is_withheld_says_why(made, words):
    found = made()
    assert words in found.status and not found.status.startswith("estimated")
    assert np.isnan([found.estimate, found.ci_low, found.ci_high]).all()


def test_items_that_run_against_each_other_have_no_ordinal_alpha():
    """Three items of which hardly anybody says yes to two: each pair correlates below -.5, so that the sum is below nought."""
    patterns = [(1, 0, 0), (0, 1, 0), (0, 0, 1)] * 20 + [(1, 1, 0), (0, 1, 1), (1, 0, 1), (0, 0, 0), (0, 0, 0)]
    items = pd.DataFrame(patterns, columns=list("abc"))
    of_pairs = [correlations_of(items[list(pair)], "polychoric").matrix[0, 1] for pair in ("ab", "ac", "bc")]
    assert 3 + 2 * sum(of_pairs) < 0
    assert p.ordinal_alpha(items).status == (
        "not reported: the polychoric correlations sum to nothing: keyed the wrong way?"
    )


def test_people_who_never_move_differ_reliably_and_change_has_no_reliability():
    found = p.generalisability(STILL, ITEMS)
    assert found["r_kf"].estimate == found["r_1r"].estimate == 1
    with pytest.raises(ValueError, match="no variance components: one item"):
        p.variance_components(STILL, ITEMS[:1])


def test_change_that_is_less_than_chance_is_said_to_be():
    """Every person's items change places from wave to wave, so that sums never move: 1 − MS(residual)/0, without bound."""
    made = rng(3)
    noise = made.normal(size=(60, 3, 4))
    noise -= 0.9 * noise.mean(axis=2, keepdims=True)  # means of waves differ less than single answers let them
    rows = pd.DataFrame(noise.reshape(-1, 4), columns=ITEMS).assign(
        participant=np.repeat(range(60), 3), wave=np.tile([1, 2, 3], 60)
    )
    found = p.generalisability(rows, ITEMS)["r_c"]
    parts = p.variance_components(rows, ITEMS).set_index("component")["variance"]
    assert found.estimate == pytest.approx(parts["person x wave"] / (parts["person x wave"] + parts["residual"] / 4))
    assert found.estimate < 0 and found.status.endswith("below 0: the waves (or the people) add no variance")
    assert found.ci_low < found.estimate < found.ci_high


def test_items_that_people_do_not_differ_in_have_no_omega_between():
    """Between people only the trait differs, so that by chance an item has less variance than its loading explains."""
    made = rng(0)
    trait = made.normal(size=(60, 1, 1)) + 0.7 * made.normal(size=(60, 3, 1))
    answered = trait * np.array([1, 0.8, 0.6, 0.5]) + 0.7 * made.normal(size=(60, 3, 4))
    rows = pd.DataFrame(answered.reshape(-1, 4), columns=ITEMS)
    rows = rows.assign(participant=np.repeat(range(60), 3), wave=np.tile([1, 2, 3], 60))
    for found in p.omega_within_between(rows, ITEMS).values():
        assert found.status == (
            "not reported: the two-level model is not admissible (negative residual variance between people)"
        )
        assert np.isnan(found.estimate)


def test_an_item_against_items_that_cancel_out_has_no_item_rest_correlation():
    items = pd.DataFrame({"a": [1, 2, 3, 4, 2], "b": [1, 5, 2, 4, 3], "c": [5, 1, 4, 2, 3]})  # b + c is always 6
    found = p.item_statistics(items, 1, 5).set_index("item")
    assert np.isnan(found.loc["a", "item_rest"])
    rest = items["a"] + items["c"]
    assert found.loc["b", "item_rest"] == pytest.approx(np.corrcoef(items["b"], rest)[0, 1])


# --- method, fit of persons, careless answers ------------------------------------------------------------------------


def test_harmans_check_shows_no_fit_of_a_model_that_may_not_be_used():
    found = p.single_factor_check(HEYWOOD)
    roots = np.sort(np.linalg.eigvalsh(HEYWOOD.corr()))[::-1]
    assert found["estimate"].iloc[:2].tolist() == pytest.approx([roots[0] / len(roots), roots[0] / roots[1]])
    assert found["estimate"].iloc[2:].isna().all()
    assert found["status"].iloc[2:].str.startswith("not reported: the model is not admissible (negative resid").all()


def test_no_person_is_judged_by_a_model_that_may_not_be_used():
    model = p.graded_response(FOUR.assign(q1=1))
    found = p.person_fit(FOUR, model)
    assert found["lz"].isna().all() and found["status"].str.startswith("not run: the model is not admissible (").all()


def test_scales_that_have_no_guttman_errors_are_left_out_and_named():
    """One item, or answers between the steps; what is left counts as if these scales had not been named."""
    others = {s: SCALES[s] for s in "cd"}
    halves = ANSWERS.assign(a1=ANSWERS["a1"].where(ANSWERS["a1"] > 4, ANSWERS["a1"] + 0.5))
    found = p.careless(halves, 1, 5, scales={"a": SCALES["a"], "one": ["b1"], **others})
    alone = screened(scales=others, reverse=())
    assert found.indices["guttman_errors"].equals(alone.indices["guttman_errors"])
    status = found.checks.set_index("index").loc["guttman_errors", "status"]
    assert status == "estimated; without a, one (one item, or no whole steps)"
    none = p.careless(halves, 1, 5, scales={"a": SCALES["a"], "one": ["b1"]}).checks.set_index("index")
    assert none.loc["guttman_errors", "status"].startswith("not run: Guttman errors need scales of two items or more")


def test_a_scale_that_nobody_finished_adds_nothing_to_guttman_errors():
    nobody = ANSWERS.assign(d1=np.nan)
    found = p.careless(nobody, 1, 5, scales=SCALES).indices["guttman_errors"]
    without = p.careless(nobody, 1, 5, scales={s: SCALES[s] for s in "abc"}).indices["guttman_errors"]
    assert found.equals(without) and found.notna().sum() > 60


# --- the engine ------------------------------------------------------------------------------------------------------


def test_information_that_is_none_is_not_inverted():
    np.testing.assert_allclose(
        invert_information(np.array([[4.0, 1.0], [1.0, 9.0]])), np.array([[9, -1], [-1, 4]]) / 35
    )
    for singular in (
        [[1.0, 0.0], [0.0, 0.0]],
        [[1.0, 2.0], [2.0, 1.0]],
        [[np.inf, 0.0], [0.0, 1.0]],
        [[1.0, 1.0], [1.0, 1.0]],
    ):
        assert invert_information(np.array(singular)) is None


def test_a_start_is_drawn_in_until_it_is_one_that_can_be():
    rows = [p.Parameter(a, "~~", b) for a, b in (("a", "a"), ("b", "b"), ("a", "b"))]
    structure = compile_table(p.Table(("a", "b"), (), tuple(rows)))
    assert _positive(structure, np.array([1.0, 1.0, 3.0])).tolist() == [1.0, 1.0, 0.75]
    assert _positive(structure, np.array([1.0, 1.0, 0.9])).tolist() == [1.0, 1.0, 0.9]


def test_a_model_without_an_admissible_start_is_said_to_have_none():
    rows = [p.Parameter("b1", "~~", "b1"), p.Parameter("b2", "~~", "b2"), p.Parameter("b1", "~~", "b2", fixed=500.0)]
    model = p.fit_model(BIFACTOR, p.Table(("b1", "b2"), (), tuple(rows)))
    assert model.status.startswith("not converged: no admissible start was found")
    assert np.isnan(model.fit.chi2) and model.modification_indices().empty


@pytest.mark.parametrize("index", [indices.cfi, indices.tli, indices.rmsea, indices.rmsea_interval, indices.close_fit])
def test_no_index_of_fit_is_made_of_a_statistic_that_is_not_there(index):
    """A missing statistic had a CFI of 1 where the baseline fitted, too, and an interval of RMSEA from 0 to 0."""
    more = {"base": 3.0, "base_df": 10.0} if index in (indices.cfi, indices.tli) else {"n": 100}
    assert np.isnan(index(np.nan, 5.0, **more)).all()
    if "base" in more:
        assert np.isnan(index(4.0, 5.0, np.nan, 10.0))
        assert index(4.0, 5.0, **more) == 1.0 or index is indices.tli
    assert np.isfinite(index(7.0, 5.0, **more)).all()


def test_an_implied_matrix_that_is_none_has_no_fit():
    found = correlations_of(BIFACTOR)
    residuals = np.zeros_like(found.matrix)
    residuals[0, 1] = residuals[1, 0] = found.matrix[0, 1] - 1.5  # implied: a correlation of 1.5
    fit = exploratory._fit(found, residuals, 2)
    assert np.isnan([fit.chi2, fit.p, fit.tli, fit.rmsea, fit.rmsea_ci_low, fit.rmsea_ci_high, fit.bic]).all()
    off = residuals[0, 1]
    assert fit.rmsr == pytest.approx(np.sqrt(2 * off**2 / (9 * 8)))


def test_robust_indices_need_polychoric_correlations_that_can_be():
    made = rng(21)
    items = pd.DataFrame((1.2 * made.normal(size=(40, 1)) + made.normal(size=(40, 5)) > 0.3).astype(int))
    items = items.rename(columns="q{}".format)
    assert "not positive definite" in correlations_of(items, "polychoric").reason
    fit = p.cfa(items, {"f": list(items)}, estimator="WLSMV").fit
    assert np.isfinite([fit.chi2_scaled, fit.cfi_scaled]).all()
    assert np.isnan(
        [fit.cfi_robust, fit.tli_robust, fit.rmsea_robust, fit.rmsea_robust_ci_low, fit.rmsea_robust_ci_high]
    ).all()


def test_draws_whose_search_does_not_arrive_are_left_out_of_an_interval(monkeypatch):
    """Every fourth search is stopped: its draw counts as failed, and the ends are those of the other draws."""
    whole = p.omega(ORDINAL, draws=160, rng=rng())
    solve, calls = factor_reliability.engine.solve, []

    def stopped(structure, samples, start=None):
        objective, optimum = solve(structure, samples, start)
        calls.append(len(calls))
        return objective, replace(optimum, gradient_norm=1.0) if len(calls) % 4 == 0 else optimum

    monkeypatch.setattr(factor_reliability.engine, "solve", stopped)
    found = p.omega(ORDINAL, draws=160, rng=rng())
    assert (whole.failed, found.failed, len(calls)) == (0, 40, 1 + 160)
    assert found.status == "estimated; 40 of 160 draws failed and are left out" and found.estimate == whole.estimate
    assert found.ci_low == pytest.approx(whole.ci_low, abs=0.02) and found.ci_low != whole.ci_low


def test_a_parameter_that_nothing_observed_depends_on_is_named():
    rows = [p.Parameter(i, "~~", i) for i in ("b1", "b2", "b3")] + [p.Parameter("f", "~~", "f")]
    model = p.fit_model(BIFACTOR, p.Table(("b1", "b2", "b3"), ("f",), tuple(rows)))
    assert "the model is not identified: nothing observed depends on f~~f" in model.status
    two = p.cfa(FOUR, {"f": ["q1", "q2"]}, estimator="WLSMV")
    assert "more parameter than thresholds and correlations)" in two.status


# --- arguments without meaning ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: p.omega(ORDINAL, draws=-1), "0 or more, not -1"),
        (lambda: p.omega_general(BIFACTOR, {"f": list(BIFACTOR)}, "one_factor"), "structure is one of"),
        (lambda: p.omega_general(BIFACTOR, {"f": ["b1", "b2"], "g": ["b3", "b4"]}, "method", reversed_items=["b1"]), "only if it has one other"),
        (lambda: p.graded_response(FOUR, ci_level=95), "between 0 and 1, not at 95"),
        (lambda: p.scalability(FOUR, ci_level=0), "between 0 and 1, not at 0"),
        (lambda: p.efa(BIFACTOR, 1, starts=0), "one start or more"),
        (lambda: p.efa(BIFACTOR.corr(), 1, n=9), "correlations of 9 items need more than 9 people"),
        (lambda: p.parallel_analysis(BIFACTOR, draws=9), "ten random data sets or more, not 9"),
        (lambda: p.omega_schmid_leiman(BIFACTOR.corr()), "takes people, not correlations"),
        (lambda: p.htmt(FOUR, TWO, kind="htmt3"), "not “htmt3”"),
        (lambda: p.htmt(FOUR, TWO, correlation="rank"), "not “rank”"),
        (lambda: p.disattenuated_correlations(FOUR, TWO, coefficient="beta"), "not “beta”"),
        (lambda: p.marker_check(PAIR, 1), "held against two scores or more"),
    ],
)  # fmt: skip
def test_mistakes_of_the_caller_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
