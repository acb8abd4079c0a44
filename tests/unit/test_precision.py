"""What a finished design could have found, against distributions worked out in other ways."""

import math

import example_tables
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rejsens import apa
from rejsens.inference import power
from rejsens.inference.estimates import smallest_detectable
from rejsens.tables import precision
from rejsens.tables.precision import detectable, lay_out


@pytest.mark.parametrize(("n", "against"), [(200, 0.5), (1262, 0.5), (800, 0.2)])
def test_the_smallest_detectable_share_is_rejected_in_80_percent_of_samples(n: int, against: float) -> None:
    d, counts = power.smallest_detectable_share(n, against), np.arange(n + 1)
    z = (counts / n - against) / math.sqrt(against * (1 - against) / n)
    rates = [stats.binom.pmf(counts, n, against + side * d)[abs(z) > stats.norm.isf(0.025)].sum() for side in (-1, 1)]
    assert min(rates) == pytest.approx(0.80, abs=0.025) and max(rates) >= 0.78  # counts are whole numbers


def test_a_share_that_no_sample_of_this_size_could_tell_has_none() -> None:
    assert math.isnan(power.smallest_detectable_share(10, 0.05))
    assert power.smallest_detectable_share(400, 0.5, alpha=0.01) > power.smallest_detectable_share(400, 0.5)


def test_the_smallest_detectable_added_variance_is_that_of_the_noncentral_f() -> None:
    n, df, r2 = 320, 312, 0.15
    noncentrality = n * power.smallest_detectable_r2(n, df, r2) / (1 - r2)
    assert stats.ncf.sf(stats.f.ppf(0.95, 1, df), 1, df, noncentrality) == pytest.approx(0.80, abs=1e-4)


@pytest.mark.parametrize(("metric", "tests"), [("beta", 15), ("delta_r2", 5), ("r", 11), ("beta", 1)])
def test_a_family_s_correction_is_a_test_at_a_smaller_level(metric: str, tests: int) -> None:
    n, df, alone = 500, 490, 0.05 / tests
    before, after = {
        "beta": [smallest_detectable(0.04, df, a) for a in (0.05, alone)],
        "delta_r2": [power.smallest_detectable_r2(n, df, 0.1, a) for a in (0.05, alone)],
        "r": [power.smallest_detectable_r(n, a) for a in (0.05, alone)],
    }[metric]
    assert power.after_correction(before, df, metric, tests) == pytest.approx(after, rel=2e-3)


@pytest.mark.parametrize("one_sided", [False, True])
def test_equivalence_is_shown_in_80_percent_of_samples_without_an_association(one_sided: bool) -> None:
    rng, df, draws = np.random.default_rng(3), 60, 40_000
    estimates, errors = rng.normal(size=draws), np.sqrt(rng.chisquare(df, draws) / df)
    bound = power.equivalence_bounds(1.0, df, one_sided=one_sided)
    reach = stats.t.ppf(0.95, df) * errors
    shown = (estimates - reach > -bound) & ((estimates + reach < bound) | one_sided)
    assert shown.mean() == pytest.approx(0.80, abs=0.01)


def test_claims_of_absence_are_held_against_their_own_test() -> None:
    row = {
        "status": "ok",
        "claim_type": "equivalence",
        "se": 0.03,
        "df": math.inf,
        "smallest_detectable": 0.084,
        "metric": "beta",
    }
    least, corrected, note = detectable(row, 4, 0.05)
    assert least == corrected == pytest.approx(0.03 * (1.6449 + 1.2816), abs=1e-5) and "equivalence" in note
    one, alone, _ = detectable(row | {"claim_type": "non-inferiority"}, 4, 0.05)
    assert (one, alone) == pytest.approx((0.03 * (1.6449 + 0.8416), 0.03 * (2.2414 + 0.8416)), abs=1e-5)
    assert detectable(
        row | {"claim_type": "difference", "smallest_detectable": math.nan, "metric": "indirect"}, 4, 0.05
    )[2]


def test_the_corrected_column_is_over_the_tests_of_a_difference_that_were_made() -> None:
    row = {
        "family": "ambiguity", "confirmatory": True, "status": "ok", "metric": "beta", "se": 0.03, "df": 400.0, "decides": True,
        "claim_type": "difference", "smallest_detectable": 0.0843, "p_adjusted": 0.2, "sesoi": 0.1, "label": "x and y",
        "n_people": 100, "n_obs": 400, "ci_low": -0.06, "ci_high": 0.06,
    }  # fmt: skip
    claims = ("difference", "difference", "equivalence", "difference", "difference")
    rows = [row | {"hypothesis": f"H{k}", "claim_type": claim} for k, claim in enumerate(claims)]
    rows[3] |= {"status": "not testable", "p_adjusted": math.nan}
    rows[4] |= {"confirmatory": False}
    declared = pd.DataFrame(
        {"hypothesis": [f"H{k}" for k in range(5)], "correction": [*["benjamini-hochberg"] * 4, "none"]}
    )
    table = lay_out(estimates=pd.DataFrame(rows), hypotheses=declared, study={"alpha": 0.05, "ci_level": 0.95})
    heads = [head for _, head in table.sections]
    assert heads[0].endswith("over 2 tests") and "over" not in heads[1]
    numbers = {cells[0]: cells[7:9] for cells in table.rows if len(cells) > 8 and cells[0].startswith("H")}
    assert numbers["H0 x and y"] == ("0.084", f"{power.after_correction(0.0843, 400, 'beta', 2):.3f}")
    assert numbers["H2 x and y"][0].split("^")[0] == numbers["H2 x and y"][1]
    assert numbers["H4 x and y"] == ("0.084", "0.084")


def test_the_corrected_value_counts_the_tests_of_the_correction_alone_and_the_primary_family_is_first() -> None:
    tables = example_tables.tables()
    estimates, hypotheses = tables["estimates"], tables["hypotheses"]
    rows = estimates[estimates["decides"].astype(bool) & estimates["smallest_detectable"].notna()].head(1)
    names = ["E1", "C1", "C2"]
    rows = pd.concat([rows.assign(hypothesis=name, family="f", p_adjusted=0.02) for name in names])
    rows["confirmatory"] = [False, True, True]
    stated = pd.concat([hypotheses.head(1).assign(hypothesis=name, family="f", correction="holm") for name in names])
    stated["correction"] = ["none", "holm", "holm"]
    last = estimates[estimates["decides"].astype(bool)].head(1).assign(family="primary", hypothesis="P")
    stated = pd.concat([stated, hypotheses.head(1).assign(hypothesis="P", family="primary", correction="holm")])
    study = example_tables.study()
    printed = precision.lay_out(estimates=pd.concat([rows, last]), hypotheses=stated, study=study)
    cells = {row[0].split()[0]: row for row in printed.rows}
    assert cells["E1"][7] == cells["E1"][8]
    row = rows.iloc[1].to_dict()
    two = precision.detectable(row, 2, study["alpha"])[1]
    assert cells["C1"][8] == cells["C2"][8] == apa.number(two, 3)
    assert printed.sections[0][1].startswith("Primary family")
