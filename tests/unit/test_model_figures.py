"""Figures of models and of people over time, asked about what they say: their artists and their data, against the tables."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import example_paths
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

sys.path.insert(0, str(Path(__file__).parent))
from example_paths import X, Y, crossing, rows_of
from example_tables import one_wave, study, tables

from rejsens import absence, apa, style
from rejsens.figure_layout import drawn_texts, faults_of_layout
from rejsens.figures import attrition, cross_lagged_paths, indirect_paths, simple_slopes, trajectories
from rejsens.inference.moderation import johnson_neyman_curve, moderation
from rejsens.registry import SHIPPED, figures
from rejsens.result_names import interval


@cache
def _full() -> dict[str, pd.DataFrame]:
    return tables() | {"estimates": example_paths.estimates()}


def drawn(module, people: bool = True, **changed) -> style.Drawing:
    given = _full() | changed
    shown = study(simulated=people)
    return module.draw(**{name: given[name] for name in module.TABLES}, study=shown, people=people)


def words_of(made: style.Drawing) -> list[str]:
    return [ink.text for ink in drawn_texts(made.figure)]


def plots(made: style.Drawing) -> list:
    return [axes for axes in made.figure.axes if axes.axison]


def marks(axes, label: str) -> np.ndarray:
    found = [line for line in axes.lines if line.get_label() == label]
    return np.concatenate([line.get_ydata() for line in found]) if found else np.array([])


def test_the_page_of_results_names_every_figure_of_a_study():
    page = (SHIPPED / "docs" / "results.md").read_text(encoding="utf-8").split("## The figures by name")[1]
    named = set(re.findall(r"^\| `(\w+)` \|", page.split("\n## ")[0], re.MULTILINE))
    assert named == {*figures("no such study"), *figures("no such study", of="family")}


# Simple slopes -------------------------------------------------------------------------------------------------------


def test_marks_are_the_simple_slopes_of_the_table():
    made, table = drawn(simple_slopes), _full()["estimates"]
    within, wave = plots(made)[:2]
    for axes, kind in ((within, "beta_within"), (wave, "beta")):
        own = table[table["hypothesis"].eq("H61") & table["metric"].eq(kind) & ~table["term"].str.contains(":")]
        assert len(own) == 3
        np.testing.assert_allclose(marks(axes, "mean"), own["estimate"])
        (intervals,) = [c for c in axes.collections if c.get_label() == "interval"]
        ends = np.array([segment[:, 1] for segment in intervals.get_segments()])
        np.testing.assert_allclose(ends, own[["ci_low", "ci_high"]])


def test_the_interval_ends_at_0_where_the_bound_is_drawn():
    made = drawn(simple_slopes)
    wave = plots(made)[1]
    (bound,) = [line for line in wave.lines if line.get_label() == "bound"]
    assert bound.get_xdata()[0] == pytest.approx(crossing(0.15, 0.1), abs=1e-9)
    curve = made.data.query("kind == 'curve' and hypothesis == 'H61'")
    at = curve.iloc[(curve["z"] - crossing(0.15, 0.1)).abs().argmin()]
    assert at["ci_low"] == pytest.approx(0, abs=1e-12)
    assert (curve["excludes"] == (curve["z"] > at["z"] - 1e-9)).mean() > 0.95
    fills = [c for c in wave.collections if c.get_label() in ("excludes 0", "includes 0")]
    assert [to_hex(c.get_facecolor()[0]).upper() for c in fills] == [style.GHOST, style.PALE_BLUE]
    value = _full()["estimates"].query("hypothesis == 'H61' and metric == 'johnson_neyman'")["estimate"].iloc[0]
    assert f"0 at {apa.number(value)}" in " ".join(words_of(made))
    assert f"bound at {apa.number(value)}" in made.alt


def test_the_curve_is_that_of_the_regression():
    """Three slopes of the table give the slope and its interval all along, as the regression itself does."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(260, 2)), columns=["x", "m"])
    frame["y"] = 0.2 * frame["x"] + 0.25 * frame["x"] * frame["m"] + rng.normal(size=260)
    estimates = moderation(frame, "y", "x", moderator="m", wave="2026a")
    rows = rows_of([{name: getattr(row, name) for name in ("analysis", "wave", "outcome", "term", "metric", "estimate", "ci_low", "ci_high", "status")}
                    | {"hypothesis": "H1", "missing_rule": "complete cases"} for row in estimates])  # fmt: skip
    empty = pd.DataFrame(columns=["score", "wave", "mean", "sd"])
    (part,) = simple_slopes.moderated(rows, empty)["H1"]
    own = simple_slopes.curve(part).sort_values("z")
    whole = johnson_neyman_curve(frame, "y", "x", moderator="m", points=41)
    inside = whole[whole["z"].between(own["z"].min(), own["z"].max())]
    assert len(inside) > 20
    slope = np.polyfit(own["z"], own["estimate"], 1)
    np.testing.assert_allclose(np.polyval(slope, inside["z"]), inside["slope"], atol=1e-9)
    square = np.polyfit(own["z"], ((own["ci_high"] - own["ci_low"]) / 2) ** 2, 2)
    half = (inside["ci_high"] - inside["ci_low"]) / 2
    np.testing.assert_allclose(np.sqrt(np.polyval(square, inside["z"])), half, atol=1e-9)
    bounds = [row.estimate for row in estimates if row.metric == "johnson_neyman"]
    assert len(bounds) == len(part.bounds) > 0
    for value, z in part.bounds:
        assert (value - frame["m"].mean()) / frame["m"].std() == pytest.approx(z, abs=1e-9)


def test_one_of_two_crossings_is_the_bound_that_the_table_has():
    """The slope at -0.05 + 0.2 z crosses twice; the table of descriptive statistics tells which one the bound is."""
    rows = rows_of(example_paths.moderation("H1", middle=-0.05, step=0.2))
    rows.loc[rows["metric"].eq("johnson_neyman"), ["estimate", "status"]] = 11.0, "ok"
    crossed = simple_slopes.crossings(
        rows[rows["term"].str.contains(" | ", regex=False) & rows["metric"].eq("beta")].assign(z=[-1.0, 0.0, 1.0])
    )
    assert len(crossed) == 2
    for mean, expected in ((9.6, crossed[1]), (11.2, crossed[0])):  # SD of 3
        described = pd.DataFrame({"score": ["a_rsq"], "wave": ["2026a"], "mean": [mean], "sd": [3.0]})
        bounds = simple_slopes.moderated(rows, described)["H1"][1].bounds
        assert bounds == [(11.0, expected)]


def test_dotted_lines_fan_out_by_the_sesoi():
    axes = plots(drawn(simple_slopes))[0]
    fans = [line.get_ydata() for line in axes.lines if line.get_label() == "sesoi"]
    np.testing.assert_allclose(sorted(map(tuple, fans)), [(0.05, 0.25), (0.25, 0.05)])


def test_levels_of_a_category_are_not_joined_and_bear_their_codes():
    made = drawn(simple_slopes)
    axes = plots(made)[-1]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1", "2"]
    assert [line.get_visible() for line in axes.lines if len(line.get_xdata()) == 3] == [False, True]
    assert "levels 0, 1, 2" in made.alt


def test_of_two_rules_for_missing_data_the_deciding_one_is_drawn():
    table = _full()["estimates"]
    again = table.query("hypothesis == 'H61' and analysis == 'cross_level'").assign(
        missing_rule="complete", estimate=9.0
    )
    made = drawn(simple_slopes, estimates=pd.concat([table, again]))
    assert made.data["estimate"].max() < 1


# Diagrams ------------------------------------------------------------------------------------------------------------


def test_a_cross_lagged_diagram_has_every_path_of_its_model():
    made, table = drawn(cross_lagged_paths), _full()["estimates"]
    words = words_of(made)
    for name in ("H64", "H65"):
        own = table[table["hypothesis"].eq(name) & table["analysis"].eq("ri_clpm") & table["metric"].eq("beta_within")]
        assert len(own) == 4
        for row in own.itertuples():
            assert f"{apa.number(row.estimate)} {interval(row._asdict())}" in words
    canvas = next(axes for axes in made.figure.axes if len(axes.patches) > 4)
    assert (
        len([p for p in canvas.patches if p.get_label() and not p.get_label().startswith("_")]) == 4
    )  # two in each wave
    assert "r = −.31 [−.39, −.23]" in " ".join(words)


def test_arrows_are_thick_that_carry_the_verdict_and_broken_that_include_0():
    made = drawn(cross_lagged_paths)
    first, both = [axes for axes in made.figure.axes if len(axes.lines) == 4]
    of = {(line.get_label(), abs(line.get_ydata()[1] - line.get_ydata()[0]) > 1): line for line in first.lines}
    carries = of[f"{X}_lagged", True]
    assert (carries.get_linewidth(), carries.get_color(), carries.get_linestyle()) == (style.THICK, style.BLUE, "-")
    back = of[f"{Y}_lagged", True]
    assert (back.get_linewidth(), back.get_color(), back.get_linestyle()) == (style.LINE, style.SOFT, "--")
    itself = of[f"{Y}_lagged", False]  # 0.11 [0.07, 0.15]
    assert (itself.get_linewidth(), itself.get_color(), itself.get_linestyle()) == (style.LINE, style.BLUE, "-")
    thick = [line for line in both.lines if line.get_linewidth() == style.THICK]
    assert {line.get_label() for line in thick} == {f"{X}_lagged", f"{Y}_lagged"}  # a cycle claims both
    assert made.data.query("hypothesis == 'H65'")["carries"].sum() == 2


def test_a_panel_that_is_not_admissible_is_named_and_not_drawn():
    refused = rows_of([{"hypothesis": "H68", "analysis": "ri_clpm", "metric": "beta_within", "term": f"{X}_lagged", "outcome": Y,
                        "status": "not testable", "reason": "a negative variance"}])  # fmt: skip
    made = drawn(cross_lagged_paths, estimates=pd.concat([_full()["estimates"], refused]))
    assert "H68" not in words_of(made) and "could be estimated: H68." in made.note
    alone = drawn(cross_lagged_paths, estimates=refused)
    assert alone.data.empty and alone.alt.endswith("H68: a negative variance.")


def test_an_indirect_diagram_has_its_paths_its_product_and_what_is_known_of_the_order():
    made = drawn(indirect_paths)
    text = " ".join(words_of(made))
    for number in ("a 0.21 [0.16, 0.26]", "b −0.17 [−0.22, −0.12]", "c′ 0.02 [−0.03, 0.07]", "Indirect a × b = −0.036 [−0.057, −0.015]"):  # fmt: skip
        assert number in text, number
    assert "total −0.19 [−0.24, −0.14]" in made.alt
    assert "the order in time is in the model" in text
    assert "In wave 2026a, between persons: the order in time is not established." in text
    assert made.data.query("path == 'indirect'")["estimate"].tolist() == [-0.0357, -0.0837]
    assert "percentile bootstrap" in made.note


def test_an_indirect_association_without_one_of_its_paths_is_not_drawn():
    table = _full()["estimates"]
    lacking = table[~(table["hypothesis"].eq("H66") & table["term"].eq(f"{X}_lagged") & table["outcome"].eq(Y))]
    assert set(drawn(indirect_paths, estimates=lacking).data["hypothesis"]) == {"H67"}


# Who left ------------------------------------------------------------------------------------------------------------


def leaving() -> pd.DataFrame:
    table = _full()["attrition"].copy()
    table.loc[table["term"].eq("rses_sum"), ["odds_ratio", "ci_low", "ci_high"]] = 0.62, 0.55, 0.70
    table.loc[table["wave"].eq("2026f"), ["n", "n_absent"]] = 486, 109
    return table


def test_attrition_marks_the_odds_ratios_of_the_latest_wave_and_the_share_present():
    made = drawn(attrition, attrition=leaving())
    bars, forest = plots(made)
    own = leaving().query("wave == '2026f'")
    ratios = [line.get_xdata()[0] for line in forest.lines if line.get_label() == "odds ratio"]
    np.testing.assert_allclose(ratios, own["odds_ratio"])
    filled = [to_hex(line.get_markerfacecolor()).upper() for line in forest.lines if line.get_label() == "odds ratio"]
    assert filled == [style.WHITE, style.WHITE, style.BLUE]
    assert bars.patches[-1].get_height() == pytest.approx(100 * (1 - 109 / 486))
    assert "2026f 78%" in made.alt and "excludes 1 for Self-esteem (RSES) 0.62 [0.55, 0.70]" in made.alt
    assert forest.get_xscale() == "log" and "0.62 [0.55, 0.70]" in words_of(made)


def test_the_background_model_is_called_as_where_it_is_fitted():
    assert attrition.BACKGROUND == absence.BACKGROUND


def test_attrition_shows_no_wave_that_too_few_left():
    few = leaving()
    few.loc[few["wave"].eq("2026b"), "n_absent"] = 7
    made = drawn(attrition, people=False, attrition=few)
    assert "2026b" not in made.data.query("kind == 'present'")["wave"].tolist()
    assert len(made.data.query("kind == 'present'")) == 4


def test_attrition_of_many_scores_keeps_to_its_page():
    rows = [
        leaving().query("wave == '2026f' and term == 'rses_sum'").assign(model=f"s{k}", label=f"Score {k}")
        for k in range(90)
    ]
    made = drawn(attrition, attrition=pd.concat([leaving(), *rows]))
    assert faults_of_layout(made.figure) == []
    assert made.figure.get_size_inches()[1] * 25.4 <= style.MAX_HEIGHT
    assert "In the table only: " in made.note


# Trajectories --------------------------------------------------------------------------------------------------------


def test_lines_are_people_of_the_scores_and_break_where_a_wave_is_missing():
    made = drawn(trajectories)
    axes = plots(made)[0]
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection) and c.get_label() == "person"]
    assert len(lines.get_segments()) == trajectories.LINES
    scores = _full()["scores"].pivot(index="participant", columns="wave", values="mreii_e_freq")
    real = {tuple(np.nan_to_num(values, nan=-1).round(9)) for values in scores.to_numpy()}
    own = made.data.query("kind == 'person' and score == 'mreii_e_freq'").pivot(
        index="person", columns="wave", values="value"
    )
    assert all(tuple(np.nan_to_num(values, nan=-1).round(9)) in real for values in own.to_numpy())
    assert own.notna().sum(axis=1).min() >= 2 and own.isna().any(axis=None)
    means = _full()["descriptives"].query("score == 'mreii_e_freq'")["mean"]
    np.testing.assert_allclose(marks(axes, "mean"), means)


def test_the_shared_version_has_a_band_of_the_table_and_nobody_in_it():
    made = drawn(trajectories, people=False)
    axes, table = plots(made)[0], _full()["descriptives"].query("score == 'mreii_e_freq'")
    assert set(made.data["kind"]) == {"mean", "quartiles"} and "person" not in made.data
    np.testing.assert_allclose(marks(axes, "median"), table["median"])
    own = made.data.query("kind == 'quartiles' and score == 'mreii_e_freq'")
    np.testing.assert_allclose(own[["q25", "q75"]], table[["q25", "q75"]])
    assert not [c for c in axes.collections if c.get_label() == "person"]


def test_quartiles_need_enough_people_in_each_quarter():
    few = _full()["descriptives"].assign(n=39)
    assert drawn(trajectories, people=False, descriptives=few).data.empty
    assert not drawn(trajectories, people=False, descriptives=few.assign(n=40)).data.empty


def test_one_wave_has_no_trajectory():
    given = one_wave(_full())
    made = trajectories.draw(**{name: given[name] for name in trajectories.TABLES}, study=study(), people=True)
    assert made.alt == "There is one wave, so nobody has a trajectory."
