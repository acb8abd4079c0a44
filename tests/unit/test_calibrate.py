"""The machinery of `make calibrate`, with a handful of replications: that it counts rightly, not what the rates are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests import calibrate as c
from tests import calibrate_power as power
from tests import calibrate_study as study
from tests.calibration_page import _verdict

from rejsens.hypotheses import variables
from rejsens.inference.mixed import fixed_effects
from rejsens.simulate.truth import draw_population


def condition(once, target=c.COVERS) -> c.Condition:
    return c.Condition("made_up", "a test", target, 1000, once)


def test_every_condition_runs_and_repeats_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(c, "CENSUS", 50_000)
    c.true_categorical_omega.cache_clear()
    slow = (
        "omega_u_bootstrap",
        "omega_schmid_leiman",
        "htmt",
        "study_within_imputed",
        "many_waves_imputed",
    )  # many draws each
    quick = [one for one in c.CONDITIONS if one.name not in slow]
    rows = pd.DataFrame([c.run(one, share=2 / one.replications) for one in quick])
    c.true_categorical_omega.cache_clear()
    assert (rows["replications"] == 2).all() and rows["rate"].dropna().between(0, 1).all()
    withheld = rows.loc[rows["withheld"] > 0, "condition"]
    assert set(withheld) <= {"study_interaction", "latent_growth"}  # a variance of 0 makes some models inadmissible
    assert c.run(quick[0], share=0.01) == c.run(quick[0], share=0.01)
    assert {one.replications for one in quick if one.target == c.COVERS} == {2000}
    assert {one.replications for one in quick if one.target == c.REJECTS} == {5000}


def test_rates_errors_and_withheld_results_are_counted():
    answers = iter([1.0, 1.0, np.nan, 0.0, 1.0] * 200)
    row = c.run(condition(lambda rng: next(answers)))
    assert (row["replications"], row["withheld"], row["rate"]) == (1000, 200, 0.75)
    assert row["mc_error"] == pytest.approx(np.sqrt(0.75 * 0.25 / 799))
    assert not row["meets"]
    assert not c.run(condition(lambda rng: np.nan))["meets"]


def test_a_wrong_interval_misses_and_a_right_one_meets():
    def mean(half_width: float):
        return condition(lambda rng: float(abs(rng.normal(size=25).mean()) < half_width / 5))

    assert c.run(mean(1.96))["meets"]
    assert not c.run(mean(1.6))["meets"] and not c.run(mean(2.6))["meets"]


def test_true_values_are_those_of_large_samples():
    rng = np.random.default_rng(1)
    items = pd.DataFrame(c.one_factor(rng, 100_000, c.LOADINGS))
    from rejsens import psychometrics as p

    assert p.omega(items).estimate == pytest.approx(c.true_omega(c.LOADINGS, 1 - c.LOADINGS**2), abs=0.005)
    assert np.corrcoef(items, rowvar=False)[0, 1] == pytest.approx(c.LOADINGS[0] * c.LOADINGS[1], abs=0.01)


def test_a_run_goes_on_where_it_stopped_and_the_page_says_what_fails(tmp_path, capsys):
    table, page = tmp_path / "calibration.csv", tmp_path / "calibration.md"
    c.main(["sdc95", "--share", "0.01", "--jobs", "1", "--table", str(table)])
    first = pd.read_csv(table)
    first.assign(rate=0.5, mc_error=0.01, meets=False).to_csv(table, index=False)
    capsys.readouterr()
    c.main(
        ["sdc95", "spearman", "--share", "0.01", "--jobs", "1", "--table", str(table), "--resume", "--page", str(page)]
    )
    assert "sdc95 " not in capsys.readouterr().out.splitlines()[0]  # what is known is not run again
    words = page.read_text(encoding="utf-8")
    assert "1 outside: `sdc95`" in words and "**Not run yet**, and so not known: `alpha`" in words
    assert "| 50.00 % | 1.00 | 93–97 % | **outside** |" in words
    assert _verdict(0.925, 0.005, c.COVERS) == "inside with its error"


def test_missing_answers_of_a_condition_depend_on_what_is_seen():
    rng = np.random.default_rng(3)
    items = c.FIML.items(rng)
    gone = items["i3"].isna()
    assert items["i0"].notna().all() and 0.2 < gone.mean() < 0.4
    assert items.loc[gone, "i0"].mean() > items.loc[~gone, "i0"].mean() + 0.3


def test_the_command_prints_writes_and_chooses(tmp_path, capsys):
    table = tmp_path / "calibration.csv"
    assert c.main(["spearman", "sdc95", "--share", "0.01", "--jobs", "1", "--table", str(table)]) == 0
    assert pd.read_csv(table)["condition"].tolist() == ["spearman_brown", "sdc95"]
    assert "20 replications, 0 withheld" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        c.main(["nothing_of_the_kind"])


def test_a_simulated_study_of_a_condition_loses_people_and_answers_as_the_study_does():
    of = study.design("H1")
    rows = study.panel(np.random.default_rng(1), of, people=1200)
    there = rows.groupby("wave_number").size()
    assert there[1] == 1200 and 0.55 < there[6] / 1200 < 0.75 and there.is_monotonic_decreasing
    assert 0.05 < rows["rses_sum"].isna().mean() < 0.2 and rows["relationship_status"].isna().any()
    stayed = rows.groupby("participant")["wave_number"].max()
    first = rows[rows["wave_number"] == 1].set_index("participant")["rses_sum"]
    assert first[stayed == 6].mean() > first[stayed == 1].mean() + 1  # who leaves had a lower score
    whole = study.panel(np.random.default_rng(1), of, people=50, complete=True)
    assert len(whole) == 300 and not whole[["rses_sum", "mreii_e_freq"]].isna().any().any()


def test_power_is_read_off_the_t_of_one_person():
    """The census's own coefficient over its standard error is what person fixed effects find in it."""
    people, of = 300, study.design("H6")
    names = {name for named in variables(of.hypothesis).values() for name in named}
    values = draw_population(study.parameters(), names, people, (1, "a test"))
    wave = np.tile(np.arange(1, 7), people)
    frame = pd.DataFrame({name: v.ravel() for name, v in values.items()})
    frame = frame.assign(participant=np.repeat(np.arange(people), 6), wave=wave, wave_number=wave, role="wave")
    row = fixed_effects(frame, of.hypothesis["outcome"], of.hypothesis["predictor"], of.covariates)
    t = power.signal(values, of.hypothesis) * np.sqrt(people - 1)
    assert t == pytest.approx(row.estimate / row.se, rel=1e-6)
    assert power.power("H6", 80, True, census=8000, batches=2)[0] == pytest.approx(
        study.POWER["study_reversed"], abs=0.1
    )


def test_what_is_declared_supported_looks_at_sign_and_p():
    rng = np.random.default_rng(4)
    towards = {"people": 300, "complete": True}
    assert (
        study.in_direction(rng, "H1", **towards) == 1 and study.in_direction(rng, "H1", opposite=True, **towards) == 0
    )
    assert (
        study.in_direction(rng, "H6", **towards) == 0 and study.in_direction(rng, "H6", opposite=True, **towards) == 1
    )
