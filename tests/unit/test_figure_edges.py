"""Figures at the edge: scores of no range, distributions of few people, lines that leave the axis, no room at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import example_paths
import example_tables
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rejsens import style
from rejsens.figures import attrition, exposure_outcome_curve, indirect_paths, scores_by_wave, simple_slopes
from rejsens.figures import forest_of_hypotheses as forest
from rejsens.figures import invariance_ladder as ladder
from rejsens.figures import response_distributions as responses

NOTHING = (-np.inf, np.inf)


@pytest.fixture
def axes() -> Any:
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.add_axes((0, 0, 1, 1))


# --- distributions ---------------------------------------------------------------------------------------------------


def test_steps_of_a_score_without_a_range_go_two_deviations_to_each_side() -> None:
    values = pd.Series(np.random.default_rng(3).normal(50, 10, 500))
    edges = scores_by_wave.step_edges(values, NOTHING)
    assert edges[0] == pytest.approx(values.median() - 2 * values.std())
    assert edges[-1] == pytest.approx(values.median() + 2 * values.std())
    assert len(edges) == scores_by_wave.BINS + 1 and np.allclose(np.diff(edges), np.diff(edges)[0])


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0]])
def test_people_who_are_all_alike_have_steps_and_no_curve(values: list[float]) -> None:
    edges = scores_by_wave.step_edges(pd.Series(values), NOTHING)
    assert np.isfinite(edges).all() and edges[0] < 5.0 < edges[-1]
    assert scores_by_wave._density(np.array(values)) is None
    assert scores_by_wave._density(np.array([1.0, 2.0])) is None and scores_by_wave._density(np.arange(9.0)) is not None


def test_too_few_people_have_no_step_at_all() -> None:
    few = scores_by_wave.joined_steps(np.array([0.0, 1.0, 2.0]), np.array([4, 5]), 10)
    assert few.empty and list(few.columns) == ["low", "high", "n"]


def test_whoever_lies_outside_is_counted_in_the_end_step_and_nobody_twice() -> None:
    panel = pd.DataFrame({"wave": "w1", "x": np.r_[np.linspace(40, 60, 97), -900.0, 900.0, np.nan]})
    steps = scores_by_wave._steps(panel, "x", ["w1"], NOTHING, 10)
    assert steps["n"].sum() == 99 and steps["n"].min() >= 10
    assert steps["low"].iloc[1:].tolist() == steps["high"].iloc[:-1].tolist()


def test_a_pair_that_nobody_answered_whole_is_left_out_of_the_curves() -> None:
    scores = example_tables.tables()["scores"].copy()
    scores.loc[scores["mreii_e_freq"].notna(), "ucla3"] = np.nan
    pairs = [("mreii_e_freq", "ucla3"), ("mreii_e_freq", "rses_sum")]
    found = exposure_outcome_curve.curves(scores, pairs, example_tables.study())
    assert set(found["outcome"]) == {"rses_sum"}


# --- what leaves the axis --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "arrows"), [(0.01, 2.0, ["<"]), (0.5, 90.0, [">"]), (0.01, 90.0, ["<", ">"]), (0.5, 2.0, [])]
)
def test_an_odds_ratio_that_leaves_the_axis_ends_in_an_arrow(
    axes: Any, low: float, high: float, arrows: list[str]
) -> None:
    axes.set_xlim(0.1, 10)
    attrition.draw_ratio(axes, SimpleNamespace(ci_low=low, ci_high=high, odds_ratio=1.2), 0.5, clear=False)
    assert [line.get_marker() for line in axes.lines if line.get_marker() in "<>"] == arrows
    (drawn,) = axes.collections
    assert drawn.get_segments()[0][:, 0].tolist() == [max(low, 0.1), min(high, 10)]


def test_a_coefficient_without_a_sesoi_or_a_90_percent_interval_is_drawn_without_them(axes: Any) -> None:
    row = example_tables.tables()["estimates"].iloc[[0]].assign(sesoi=np.nan, ci90_low=np.nan, carries=True)
    axes.set_xlim(-1, 1)
    forest.draw_interval(axes, next(row.itertuples(index=False)), 0.5, 1.0, style.BLUE)
    assert not axes.patches and len(axes.collections) == 1  # no band, one line
    axes.clear()
    axes.set_xlim(-1, 1)
    whole = row.assign(sesoi=0.1, ci90_low=row["ci_low"] + 0.01)
    forest.draw_interval(axes, next(whole.itertuples(index=False)), 0.5, 1.0, style.BLUE)
    assert len(axes.patches) == 1 and len(axes.collections) == 2


# --- what is not drawn is told ---------------------------------------------------------------------------------------


def test_why_no_indirect_association_was_drawn_is_told() -> None:
    refused = [(f"H{k}", "too few people") for k in range(1, 6)]
    assert indirect_paths._nothing(refused).endswith("H1: too few people; H2: too few people; H3: too few people.")
    assert "No hypothesis asks" in indirect_paths._nothing([])


def test_a_rung_that_was_fitted_and_not_tested_does_not_say_that_it_holds() -> None:
    rung = dict.fromkeys(("cfi", "rmsea", "srmr", "d_p", "partial_d_p", "d_cfi", "d_rmsea", "n"), 0.5)
    words = ladder.in_words(
        SimpleNamespace(**rung, status="admissible", against="metric", holds="not tested", partial=""), False
    )
    assert words[0] == "other" and words[1][0] == "not tested"


@pytest.mark.parametrize(("start", "below"), [(10.0, True), (30.0 - ladder.GAP, False)])
def test_an_arrow_goes_below_a_rung_that_could_not_be_tested(axes: Any, start: float, below: bool) -> None:
    ladder._arrow(axes, start, 30.0, 8.0)
    (line,) = axes.lines
    assert (max(line.get_ydata()) > 8.0) == below and line.get_xdata()[[0, -1]].tolist() == [start, 29.0]


def test_slopes_of_two_levels_cross_0_nowhere_that_could_be_told() -> None:
    slopes = pd.DataFrame({"z": [0.0, 1.0], "estimate": [0.2, 0.4], "ci_low": [-0.1, 0.1], "ci_high": [0.5, 0.7]})
    assert simple_slopes.crossings(slopes) == []


def test_instruments_without_room_leave_from_the_last_of_the_studys_scores() -> None:
    names = ("extra", "late", "early", "middle")
    panels: Any = [SimpleNamespace(instrument=name, height=130.0) for name in names]
    dictionary = pd.DataFrame({"score": ["m", "e", "l"], "instrument": ["middle", "early", "late"]})
    kept, dropped = responses._that_fit(panels, {"score_order": ["e", "m", "l", "gone"]}, dictionary)
    assert [panel.instrument for panel in kept] == ["early", "middle"]  # one in each column
    assert dropped == ["late", "extra"]
    assert responses._that_fit(panels[:1], {}, dictionary) == (panels[:1], [])


def test_estimates_without_an_indirect_row_are_no_diagram() -> None:
    given = example_paths.estimates()
    own = given[given["analysis"].isin([indirect_paths.LAGGED, indirect_paths.ONE_WAVE])]
    name = str(own["hypothesis"].iloc[0])
    mine = own[own["hypothesis"].eq(name)]
    assert indirect_paths._one(name, mine) is not None
    assert indirect_paths._one(name, mine[mine["metric"].ne("indirect")]) is None


# --- no room ---------------------------------------------------------------------------------------------------------


def test_a_plot_without_room_is_refused_and_not_drawn_inside_out() -> None:
    sheet = style.Sheet(style.PAGE, 80, example_tables.study(), legend=True)
    with pytest.raises(style.NoRoom, match="a plot of 40 by -3 mm"):
        sheet.axes(10, 10, 40, -3)
    with pytest.raises(style.NoRoom, match="mm high"):
        sheet._grow(style.MAX_HEIGHT)
    assert style.wrap("abc", 0.1, lines=9) == "a\nb\nc"  # which never ended, for nothing fits
