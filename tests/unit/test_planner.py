"""The planner against powers worked out in other ways, and what it refuses."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from scipy import stats

from rejsens.commands import power as command
from rejsens.commands.power import Kind, power
from rejsens.inference.planned_panel import Plan, change_reliability, simulate
from rejsens.inference.planner import _model, by_formula, power_of_correlation, power_table
from rejsens.problems import Refused


def monte_carlo_error(share: float, draws: int) -> float:
    return math.sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize(("r", "people"), [(0.08, 1224), (0.10, 782), (0.15, 346), (0.20, 194)])
def test_people_for_80_percent_are_those_of_published_tables(r: float, people: int) -> None:
    assert abs(by_formula(Plan("between", 100, 1, r)).people_needed - people) <= 1
    assert by_formula(Plan("between", people, 1, r)).smallest_detectable == pytest.approx(r, abs=0.001)


def test_the_formula_is_the_rate_of_rejections_of_drawn_correlations() -> None:
    rng, n, draws = np.random.default_rng(1), 30, 40_000
    x = rng.normal(size=(draws, n))
    y = 0.4 * x + math.sqrt(1 - 0.16) * rng.normal(size=(draws, n))
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
    r = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    share = (r * np.sqrt((n - 2) / (1 - r**2)) > stats.t.ppf(0.975, n - 2)).mean()
    assert power_of_correlation(0.4, n) == pytest.approx(share, abs=3 * monte_carlo_error(share, draws))


def test_simulation_and_formula_agree() -> None:
    plan = Plan("between", 150, 1, 0.30, reliability_predictor=0.8, reliability_outcome=0.7)
    drawn, exact = power_table([plan], draws=200, simulate_all=True).iloc[0], by_formula(plan)
    assert exact.expected == pytest.approx(0.30 * math.sqrt(0.56))
    assert exact.smallest_error_free == pytest.approx(exact.smallest_detectable / math.sqrt(0.56))
    assert drawn["smallest_error_free"] == pytest.approx(exact.smallest_error_free, rel=0.1)
    assert drawn["power"] == pytest.approx(exact.power, abs=3 * monte_carlo_error(exact.power, 200))
    assert drawn["power_low"] < drawn["power"] < drawn["power_high"]
    assert drawn["expected"] == pytest.approx(exact.expected, abs=3 * 0.08 / math.sqrt(200))
    assert drawn["width"] == pytest.approx(exact.width, rel=0.03)
    assert drawn["smallest_detectable"] == pytest.approx(exact.smallest_detectable, rel=0.03)
    assert drawn["people_needed"] == pytest.approx(exact.people_needed, rel=0.15)


def test_no_effect_is_found_at_the_level_of_one_test() -> None:
    plan = Plan("within", 40, 2, 0.0, alpha=0.5, tests=2)
    rate = power_table([plan], draws=150).loc[0, "power"]
    assert rate == pytest.approx(0.25, abs=3 * monte_carlo_error(0.25, 150))
    assert by_formula(Plan("between", 40, 1, 0.0, tests=5)).power == pytest.approx(0.01)


def test_a_panel_is_as_precise_as_its_changes_within_people_allow() -> None:
    few, many = (
        row
        for _, row in power_table([Plan("within", n, 4, 0.30, attrition=0.1) for n in (20, 50)], draws=50).iterrows()
    )
    assert few["power"] < many["power"]
    waves = 50 * (1 + 0.9 + 0.81 + 0.729)
    df = waves - 50 - 4
    assert many["width"] == pytest.approx(2 * stats.t.ppf(0.975, df) * math.sqrt((1 - 0.09) / df), rel=0.05)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan("within", 1500, 3, 0.3, icc=0.6, reliability_predictor=0.85, reliability_outcome=0.9), 0.3 * math.sqrt(0.625 * 0.75)),
        (Plan("within", 3000, 2, -0.3), -0.3),
        (Plan("between", 3000, 2, 0.4, icc=0.6), 0.4 * 0.6 / 0.8),
        (Plan("lagged", 2000, 4, 0.2), 0.2),
        (Plan("interaction", 1000, 4, 0.2, slope_sd=0.3, main_effect=0.2, reliability_moderator=0.5), 0.2 * math.sqrt(0.5)),
        (Plan("interaction", 3000, 1, 0.2, main_effect=0.3, reliability_predictor=0.8), 0.2 * math.sqrt(0.8)),
    ],
    ids=lambda value: f"{value.kind}-{value.waves}" if isinstance(value, Plan) else "",
)  # fmt: skip
def test_the_pipelines_own_model_gives_the_stated_effect_back(plan: Plan, expected: float) -> None:
    row = _model(plan, simulate(plan, np.random.default_rng(7)))
    assert abs(row.estimate - expected) < 3 * row.se < 0.12


def test_scores_have_the_variance_and_the_stable_share_that_were_stated() -> None:
    panel = simulate(Plan("within", 20_000, 3, 0.2, icc=0.6, reliability_predictor=0.8), np.random.default_rng(1))
    wide = panel.pivot(index="participant", columns="wave", values="x")
    assert wide.var().to_numpy() == pytest.approx(1, abs=0.04)
    assert wide.corr().to_numpy()[0, 1] == pytest.approx(0.6, abs=0.02)
    assert change_reliability(0.8, 0.6) == pytest.approx(0.5)


def test_lagged_scores_are_stationary_and_carry_over_as_stated() -> None:
    panel = simulate(Plan("lagged", 20_000, 4, 0.3, icc=0.0, carry_over=0.4), np.random.default_rng(2))
    for score in ("x", "y"):
        wide = panel.pivot(index="participant", columns="wave", values=score)
        assert wide.var().to_numpy() == pytest.approx(1, abs=0.04)
    x = panel.pivot(index="participant", columns="wave", values="x").corr().to_numpy()
    assert x[0, 1] == pytest.approx(0.4, abs=0.02) and x[0, 2] == pytest.approx(0.16, abs=0.02)


def test_bounds_that_the_interval_cannot_fit_into_are_never_met() -> None:
    """With 20 people half of a 90 % interval is wider than .05: no estimate lies inside ±.05 with all of its interval."""
    few = Plan("between", 20, 1, 0.0)
    assert by_formula(few, sesoi=0.05).within_sesoi == 0.0
    assert 0 < by_formula(few, sesoi=0.6).within_sesoi < 1
    with pytest.raises(ValueError, match="no formula covers 3 waves of kind 'within'"):
        by_formula(Plan("within", 100, 3, 0.2))


def test_each_drawn_study_is_told_and_one_without_an_estimate_counts_as_not_finding_it() -> None:
    seen: list[tuple[Plan, int, int]] = []
    plan = Plan("interaction", 20, 3, 0.2, slope_sd=0.05)
    row = power_table([plan], draws=50, progress=lambda *told: seen.append(told)).iloc[0]
    assert seen == [(plan, done, 50) for done in range(1, 51)]
    assert 0 < row["not_testable"] < 1 and row["reason"]


def test_same_numbers_in_any_order_and_on_any_number_of_cores() -> None:
    plans = [Plan("between", n, 1, 0.2) for n in (30, 40)]
    asked = {"draws": 50, "simulate_all": True, "sesoi": 0.5}
    one = power_table(plans, **asked)
    other = power_table(plans[::-1], cores=2, **asked)[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, other)
    assert 0 < one.loc[0, "within_sesoi"] < one.loc[1, "within_sesoi"]
    assert not power_table(plans[:1], seed=2, **asked).equals(one[:1])


def test_a_study_whose_model_gives_nothing_counts_as_not_finding_the_effect() -> None:
    row = power_table([Plan("within", 20, 2, 0.9, attrition=0.9)], draws=50).iloc[0]
    assert row["not_testable"] > 0.9 and row["power"] < 0.1 and "complete cases" in row["reason"]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan("lagged", 200, 2, 0.1), "an effect of kind “lagged” needs 3"),
        (Plan("within", 200, 1, 0.1), "needs 2"),
        (Plan("interaction", 200, 2, 0.1, slope_sd=0.1), "one wave, or three and more"),
        (Plan("interaction", 200, 4, 0.1), "slope-sd: 0"),
        (Plan("between", 200, 1, 0.1, attrition=0.1), "nobody can leave"),
        (Plan("between", 200, 1, 0.1, slope_sd=0.1), "a coefficient of their own"),
        (Plan("within", 200, 3, 0.1, reliability_outcome=0.5, icc=0.5), "leaves no change that is not error"),
        (Plan("lagged", 200, 3, 0.9, carry_over=0.6), "more than all of the outcome"),
        (Plan("within", 5, 3, 2.0), "from 20 to 100000"),
        (Plan("sideways", 200, 3, 0.2), "is not known"),
    ],
)  # fmt: skip
def test_impossible_plans_are_refused_in_a_sentence(plan: Plan, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        power_table([plan])
    assert words in str(refusal.value)


def test_the_command_prints_writes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "power.csv"
    power(effect=0.10, kind=Kind.between, waves="1", people="782,400", csv=file, sesoi=0.2)
    printed = capsys.readouterr().out
    assert "   782      1   .800     0.100  0.140       0.100     782" in printed
    assert "Next: 782 people, 1 wave is the first line with 80% power" in printed
    assert pd.read_csv(file)["people"].tolist() == [400, 782]
    with pytest.raises(typer.Exit) as left:
        power(effect=0.1, people="many")
    assert left.value.exit_code == 2 and "people: “many”" in capsys.readouterr().out


def test_a_simulated_plan_is_printed_with_what_it_rests_on_and_how_sure_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "power.csv"
    asked = {"reliability_predictor": 0.84, "reliability_outcome": 0.9, "icc": 0.6, "attrition": 0.125}
    power(effect=0.6, people="60", waves="3", draws=50, csv=file, **asked)
    printed = capsys.readouterr().out
    row = pd.read_csv(file).iloc[0]
    line = next(line for line in printed.splitlines() if line.split()[:1] == ["60"])
    head = next(line for line in printed.splitlines() if "Range" in line)
    cells = dict(zip(head.split(), re.findall(r"\[[^]]*\]|\S+", line), strict=True))
    assert cells["Power"] == f"{row['power']:.3f}".lstrip("0")
    assert cells["Range"] == f"[{row['power_low']:.2f}, {row['power_high']:.2f}]".replace("0.", ".")
    said = " ".join(printed.split())
    assert "12.5% leave before each later wave; reliability .84 (predictor), .90 (outcome); ICC .60" in said
    # a score's changes share (reliability - ICC) / (1 - ICC) with what is meant: .24 / .40 and .30 / .40
    assert "ups and downs within people: .60 (predictor), .75 (outcome)" in said
    assert "50 simulated studies a line" in said and "By formula" not in said


@pytest.mark.parametrize(
    ("effect", "rows", "words"),
    [
        (0.0, [(0.05, 0.0)], "state an effect other than 0"),
        (0.2, [(0.5, 0.0), (0.79, 0.0)], "no line reaches 80% power; plan more people or waves"),
        (0.2, [(0.5, 0.0), (0.4, 0.3)], "30% of the studies in the last line give no estimate"),
        (0.2, [(0.4, 0.3), (0.8, 0.3), (0.9, 0.3)], "200 people, 3 waves is the first line with 80% power"),
    ],
)
def test_what_to_plan_next(effect: float, rows: list[tuple[float, float]], words: str) -> None:
    table = pd.DataFrame(rows, columns=["power", "not_testable"])
    table["people"], table["waves"], table["reason"] = [100 * (k + 1) for k in range(len(rows))], 3, ""
    assert words in command._next(table, Plan("within", 100, 3, effect))


def test_lines_that_gave_no_estimate_say_how_often_and_why() -> None:
    table = power_table([Plan("within", 20, 2, 0.9, attrition=0.9)], draws=50)
    columns = command._columns(table, Plan("within", 20, 2, 0.9, attrition=0.9), None)
    assert columns["No estimate"] == [f"{table['not_testable'].iloc[0]:.3f}".lstrip("0")]
    assert command._notes(table, Plan("within", 20, 2, 0.9))[-1] == f"No estimate: {table['reason'].iloc[0]}."
    without = command._columns(table.assign(not_testable=0.0), Plan("within", 20, 2, 0.0), None)
    assert "No estimate" not in without and "Needed" not in without and "Rejections" in without


@pytest.mark.parametrize("terminal", [True, False])
def test_how_far_the_drawing_is_stands_in_a_terminal_only(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    command._progress(Plan("within", 60, 3, 0.2), 10, 50)
    command._progress(Plan("within", 60, 3, 0.2), 50, 50)
    told = capsys.readouterr().err
    assert ("60 people, 3 waves: 10 of 50 studies" in told) == terminal and told.endswith("\r\033[K") == terminal
