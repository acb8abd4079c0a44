"""Figures, asked about what they say: their artists, their data and their files, never their pixels."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from rejsens import figure_files, style
from rejsens.figure_layout import drawn_texts, faults_of_layout
from rejsens.figures import (
    correlation_heatmap,
    exposure_outcome_curve,
    forest_of_hypotheses,
    headline,
    missing_patterns,
    participant_flow,
    response_distributions,
    scores_by_wave,
)
from rejsens.narrative import banned_words
from rejsens.registry import LIBRARY, TABLES, figures, load_plugin

sys.path.insert(0, str(Path(__file__).parent))
from example_paths import added
from example_tables import one_wave, study, tables, without_hypotheses

FIGURES = figures("no such study")
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")


# Measuring what is on the page ---------------------------------------------------------------------------------------


def test_the_measure_sees_what_it_is_for():
    with style.applied():
        sheet = style.Sheet(60, 30, {})
        sheet.text(10, 10, "first")
        sheet.text(11, 10.5, "second")
        sheet.text(50, 20, "runs off the page")
        sheet.text(10, 20, "tiny", size=6)
    found = " ".join(faults_of_layout(sheet.figure))
    assert "'first' overlaps 'second'" in found
    assert "'runs off the page' leaves the page" in found
    assert "'tiny' is 6.0 pt" in found


# Studies to draw -----------------------------------------------------------------------------------------------------


@cache
def _full() -> dict[str, pd.DataFrame]:
    return tables()


def stressed() -> dict[str, pd.DataFrame]:
    """Long names everywhere: 20 scores, 40 hypotheses (12 not testable), wide intervals, a retest, big numbers."""
    full = {name: frame.copy() for name, frame in _full().items()}
    long = " of people who answered every questionnaire of the longer form"
    extra = full["dictionary"].iloc[[2, 4, 9]].copy()
    extra["score"] = ["long_a", "long_b", "long_c"]
    full["dictionary"] = pd.concat([full["dictionary"], extra], ignore_index=True)
    full["dictionary"]["label"] += long
    full["dictionary"]["title"] += long
    full["dictionary"]["higher_means"] += long
    for new, old in zip(extra["score"], _full()["dictionary"]["score"].iloc[[2, 4, 9]], strict=True):
        full["scores"][new] = full["scores"][old]
        full["descriptives"] = pd.concat(
            [full["descriptives"], full["descriptives"].query("score == @old").assign(score=new)]
        )
        pairs = full["correlations"].query("x == @old or y == @old").replace({"x": {old: new}, "y": {old: new}})
        full["correlations"] = pd.concat([full["correlations"], pairs], ignore_index=True)
    full["responses"]["label"] = "an_item_whose_short_label_is_not_short_at_all"
    full["flow"]["label"] = "Answered every page faster than two seconds per item, " + full["flow"]["label"].str.lower()
    full["flow"][["n_excluded", "n_remaining"]] *= 100
    full["waves"][["n_raw", "n_kept"]] *= 100
    retest = full["waves"].iloc[[0]].assign(wave="retest", wave_number=7, role="retest")
    full["waves"] = pd.concat([full["waves"], retest], ignore_index=True)
    names = {wave: f"{wave}_spring_follow_up" for wave in full["waves"]["wave"].iloc[:6]}
    full = {name: frame.replace({"wave": names}) if "wave" in frame else frame for name, frame in full.items()}
    full["estimates"] = many_hypotheses(full["estimates"], 40, "Study2_H")
    full["hypotheses"]["hypothesis"] = "Study2_" + full["hypotheses"]["hypothesis"]
    return full


def many_hypotheses(estimates: pd.DataFrame, count: int, prefix: str = "H") -> pd.DataFrame:
    deciding = estimates[estimates["decides"]]
    rows = []
    for number in range(count):
        row = deciding.iloc[number % 3].to_dict() | {
            "hypothesis": f"{prefix}{number + 1}",
            "family": "primary" if number < 20 else "secondary",
        }
        row |= {"confirmatory": number < 20, "estimate": row["estimate"] * (1 + number / 20)}
        if number % 3 == 1:
            row["label"] = (
                "Reported exposure and hypervigilance in the weeks after the questionnaire was first answered"
            )
        if number % 7 == 3:
            row |= {"ci_low": -3.0, "ci_high": 4.0, "ci90_low": -2.5, "ci90_high": 3.5}
        if number % 10 in (4, 8, 9):
            row |= {
                "estimate": np.nan,
                "ci_low": np.nan,
                "ci_high": np.nan,
                "ci90_low": np.nan,
                "ci90_high": np.nan,
                "verdict": "not testable",
                "reason": "growth needs at least five waves and this study has fewer than that",
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=estimates.columns)


def few_people() -> dict[str, pd.DataFrame]:
    """Seven people: nothing may be drawn of them."""
    full = {name: frame.copy() for name, frame in _full().items()}
    few = full["scores"]["participant"].unique()[:7]
    full["scores"] = full["scores"][full["scores"]["participant"].isin(few)]
    full["descriptives"]["n"] = 7
    full["correlations"]["n"] = 7
    full["responses"][["n", "percent"]] = np.nan
    return full


SHARED = {"simulated": False}
SCENARIOS = {
    "full": (_full, {}, True),
    "shared": (_full, SHARED, False),
    "one wave": (lambda: one_wave(_full()), {}, True),
    "no hypotheses": (lambda: without_hypotheses(_full()), {}, True),
    "stressed": (stressed, {"score_order": []}, True),
    "stressed, shared": (stressed, SHARED, False),
    "few people": (few_people, SHARED, False),
    "nothing": (lambda: {name: frame.iloc[:0] for name, frame in _full().items()}, SHARED, False),
}


@cache
def drawing(name: str, scenario: str) -> style.Drawing:
    make, changes, people = SCENARIOS[scenario]
    module = load_plugin(f"rejsens.figures.{name}")
    given = added(name, make())
    return module.draw(**{table: given[table] for table in module.TABLES}, study=study(**changes), people=people)


# The contract of every figure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_module_declares_itself(name):
    module = load_plugin(f"rejsens.figures.{name}")
    title, caption = style.title_and_caption(module.__doc__)
    assert banned_words(f"{title} {caption}") == []
    assert title and not title.endswith(".")
    assert caption.endswith(".")
    assert set(module.TABLES) <= set(TABLES)
    assert isinstance(module.SHOWS_PEOPLE, bool)
    assert (drawing(name, "full").title, drawing(name, "full").caption) == (title, caption)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_small_clipped_or_overlapping(name, scenario):
    assert faults_of_layout(drawing(name, scenario).figure) == []


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_simulated_data_are_called_so_and_others_are_not(name, scenario):
    words = [ink.text for ink in drawn_texts(drawing(name, scenario).figure)]
    assert (style.SIMULATED in words) == ("simulated" not in SCENARIOS[scenario][1])


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_numbers_are_printed_with_a_true_minus(name, scenario):
    made = drawing(name, scenario)
    for words in [*(ink.text for ink in drawn_texts(made.figure)), made.alt, made.note]:
        assert not re.search(r"(?<![\w])-\.?\d|nan|NaN|None|<NA>", words), words


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_the_alternative_text_holds_numbers_or_is_the_sentence_that_is_shown(name, scenario):
    made = drawing(name, scenario)
    if made.data.empty:
        shown = " ".join(ink.text for ink in drawn_texts(made.figure) if ink.text != style.SIMULATED)
        assert shown == made.alt
        assert made.alt.endswith(".")
    else:
        assert len(re.findall(r"\d+", made.alt)) >= 3


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_nothing_is_one_sentence(name):
    made = drawing(name, "nothing")
    assert made.data.empty
    assert not made.figure.axes


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_a_page(name, scenario):
    width, height = drawing(name, scenario).figure.get_size_inches() * 25.4
    assert width <= style.PAGE + 0.01
    assert height <= style.MAX_HEIGHT + 0.01


@pytest.mark.parametrize("name", FIGURES)
def test_no_participant_leaves_with_the_data(name):
    ids = set(_full()["scores"]["participant"])
    for scenario in ("full", "shared"):
        data = drawing(name, scenario).data
        assert "participant" not in data.columns
        assert not any(ids & set(data[column].dropna().astype(str)) for column in data)


@pytest.mark.parametrize("path", [path for path in (LIBRARY / "figures").glob("*.py")], ids=lambda path: path.stem)
def test_colours_and_sizes_are_chosen_in_style_only(path):
    source = path.read_text(encoding="utf-8")
    assert not COLOUR.search(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in {
            "fontsize",
            "size",
            "color",
            "colour",
            "facecolor",
            "edgecolor",
        }:
            assert not isinstance(node.value, ast.Constant) or node.value.value is None, ast.unparse(node)


def test_pyplot_is_never_imported():
    names = ", ".join(f"rejsens.figures.{name}" for name in FIGURES)
    code = f"import sys, {names}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=_environment(), check=False).returncode == 0


def _environment(**changes: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(LIBRARY.parent)} | changes


# Each figure, asked --------------------------------------------------------------------------------------------------


def test_flow_prints_every_step_of_every_wave():
    made = drawing("participant_flow", "full")
    words = [ink.text for ink in drawn_texts(made.figure)]
    for _, wave in _full()["waves"].iterrows():
        assert str(wave["n_raw"]) in words
        assert str(wave["n_kept"]) in words
    first = _full()["flow"].query("wave == '2026a' and order > 0")
    assert all(f"−{n}" in words for n in first["n_excluded"])
    kept = made.data.query("rule == 'kept'").set_index("wave")["n_remaining"]
    assert kept.to_dict() == dict(zip(_full()["waves"]["wave"], _full()["waves"]["n_kept"], strict=True))
    assert "531 rows, 486 kept (92%)" in made.alt


def test_a_step_that_a_wave_did_not_take_is_said():
    flow = _full()["flow"].query("not (wave == '2026c' and rule == 'attention')")
    made = participant_flow.draw(flow=flow, waves=_full()["waves"], study=study())
    assert [ink.text for ink in drawn_texts(made.figure)].count("not applied") == 1


def test_flow_of_many_waves_goes_on_below():
    waves = pd.concat(
        [
            _full()["waves"].assign(
                wave=lambda w, k=k: w["wave"] + str(k), wave_number=lambda w, k=k: w["wave_number"] + 6 * k
            )
            for k in range(2)
        ]
    )
    flow = pd.concat([_full()["flow"].assign(wave=lambda w, k=k: w["wave"] + str(k)) for k in range(2)])
    made = participant_flow.draw(flow=flow, waves=waves, study=study())
    assert faults_of_layout(made.figure) == []
    assert len(made.figure.axes) == 2


def test_scores_mark_the_means_of_the_table():
    made = drawing("scores_by_wave", "full")
    expected = (
        _full()["descriptives"]
        .query("score == 'mreii_e_freq'")
        .set_index("wave")
        .loc[list(_full()["waves"]["wave"]), "mean"]
    )
    marks = [line for line in made.figure.axes[1].lines if line.get_label() == "mean"]
    assert len(marks) == 1
    np.testing.assert_allclose(marks[0].get_ydata(), expected)
    people = made.data.query("kind == 'person' and score == 'mreii_e_freq' and wave == '2026a'")
    assert len(people) == _full()["scores"].query("wave == '2026a'")["mreii_e_freq"].notna().sum()


def test_the_middle_half_of_the_scores_is_that_of_the_table():
    axes = drawing("scores_by_wave", "full").figure.axes[1]
    halves, dashes = (next(c for c in axes.collections if c.get_label() == name) for name in ("middle half", "median"))
    table = _full()["descriptives"].query("score == 'mreii_e_freq'")
    np.testing.assert_allclose([part[:, 1] for part in halves.get_segments()], table[["q25", "q75"]])
    np.testing.assert_allclose([part[0, 1] for part in dashes.get_segments()], table["median"])
    made = scores_by_wave.draw(
        dictionary=_full()["dictionary"], descriptives=_full()["descriptives"].assign(n=39), scores=_full()["scores"],
        study=study(simulated=False),
    )  # fmt: skip
    assert set(made.data["kind"]) == {"mean", "step"}  # quarters of nine people are not shown


def test_of_many_people_as_many_are_drawn_as_can_be_seen(monkeypatch):
    given = tables()
    shown = {name: given[name] for name in scores_by_wave.TABLES}
    whole = scores_by_wave.draw(**shown, study=study(), people=True)
    monkeypatch.setattr(scores_by_wave, "DOTS", 40)
    some, again = (scores_by_wave.draw(**shown, study=study(), people=True) for _ in range(2))
    counts = [made.data.query("kind == 'person'").groupby(["score", "wave"]).size() for made in (whole, some)]
    assert counts[0].min() > 0 and (counts[1] == counts[0].clip(upper=40)).all() and counts[0].max() > 40
    assert some.data.equals(again.data) and "Of waves of more than 40 people" in some.note
    assert "drawn at random" not in whole.note
    kept = some.data.query("kind == 'person'").merge(
        whole.data.query("kind == 'person'"), on=["score", "wave", "value"]
    )
    assert len(kept) >= counts[1].sum()  # nobody is made up


def test_the_shared_version_of_the_scores_holds_no_person():
    made = drawing("scores_by_wave", "shared")
    assert set(made.data["kind"]) == {"mean", "quartiles", "step"}
    assert made.data["n"].min() >= 10
    assert not any(line.get_rasterized() for axes in made.figure.axes for line in axes.lines)
    steps = made.data.query("kind == 'step'")
    for score, own in steps.groupby("score"):
        declared = _full()["dictionary"].set_index("score").loc[score]
        people = _full()["scores"].groupby("wave")[score].count()
        assert own.groupby("wave")["n"].sum().to_dict() == people.to_dict()
        # The outer edges are those of the scale (half a possible score beyond it), whoever the most extreme person is.
        assert own["low"].min() == pytest.approx(declared["range_low"], abs=0.51)
        assert own["high"].max() == pytest.approx(declared["range_high"], abs=0.51)


def test_the_most_extreme_person_moves_no_edge():
    scores = _full()["scores"]
    changed = scores.copy()
    changed.loc[changed["rses_sum"].idxmin(), "rses_sum"] = 10
    before, after = (scores_by_wave._steps(frame, "rses_sum", ["2026a"], (10, 40), 10) for frame in (scores, changed))
    assert before["low"].min() == after["low"].min() == 9.5


@pytest.mark.parametrize("waves", [1, 2, 3, 6])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_scores_of_any_number_are_laid_out(count, waves):
    scores = _full()["scores"].query("wave_number <= @waves")
    given = {
        "dictionary": _full()["dictionary"].iloc[:count],
        "descriptives": _full()["descriptives"],
        "scores": scores,
    }
    made = scores_by_wave.draw(**given, study=study(score_order=[]), people=True)
    assert len(_plots(made.figure)) == count
    assert faults_of_layout(made.figure) == []


def test_steps_of_a_mean_hold_the_same_number_of_possible_scores():
    values = pd.Series(np.repeat(np.arange(1, 5.001, 1 / 6), 20))
    edges = scores_by_wave.step_edges(values, (1.0, 5.0))
    possible = np.histogram(np.arange(1, 5.001, 1 / 6), edges)[0]
    assert len(set(possible[:-1])) == 1
    assert 0 < possible[-1] <= possible[0]
    prorated = pd.concat([values, pd.Series(np.repeat(np.arange(1, 5.001, 1 / 5), 3))])
    np.testing.assert_allclose(scores_by_wave.step_edges(prorated, (1.0, 5.0)), edges)


def test_waves_too_small_for_a_mean_are_left_out_of_the_shared_version():
    descriptives = _full()["descriptives"].copy()
    descriptives.loc[descriptives["wave"].eq("2026f"), "n"] = 9
    made = scores_by_wave.draw(
        dictionary=_full()["dictionary"],
        descriptives=descriptives,
        scores=_full()["scores"],
        study=study(simulated=False),
    )
    assert "2026f" not in set(made.data.query("kind == 'mean'")["wave"])


def test_correlations_are_printed_in_their_cells():
    made = drawing("correlation_heatmap", "full")
    axes = made.figure.axes[0]
    printed = {
        (round(text.get_position()[1] - 0.5), round(text.get_position()[0] - 0.5)): text.get_text()
        for text in axes.texts
    }
    shown = study()["score_order"]
    cell = _full()["correlations"].query(
        "wave == '2026f' and ((x == 'mreii_hv' and y == 'rses_sum') or (x == 'rses_sum' and y == 'mreii_hv'))"
    )
    place = shown.index("rses_sum"), shown.index("mreii_hv")
    assert place[0] > place[1]
    assert printed[place] == f"{cell['r'].iloc[0]:.2f}".replace("0.", ".").replace("-", "−")
    assert len(made.data) == len(shown) * (len(shown) - 1) / 2


def test_the_heatmap_takes_the_latest_full_wave_of_the_panel():
    pairs, waves = _full()["correlations"], _full()["waves"]
    assert correlation_heatmap.wave_to_show(pairs, waves) == "2026f"
    assert correlation_heatmap.wave_to_show(pairs[pairs["wave"].ne("2026f")], waves) == "2026e"
    retest = waves.assign(role=np.where(waves["wave"].eq("2026f"), "retest", "wave"))
    assert correlation_heatmap.wave_to_show(pairs, retest) == "2026e"
    few = pairs[pairs["wave"].ne("2026f") | (pairs["x"].eq("rses_sum") & pairs["y"].eq("a_rsq"))]
    assert correlation_heatmap.wave_to_show(few, waves) == "2026e"


@pytest.mark.parametrize("count", range(2, 17))
def test_a_heatmap_of_any_size_is_laid_out(count):
    scores = _full()["dictionary"]["score"].iloc[:count]
    pairs = _full()["correlations"].query("x in @scores and y in @scores")
    given = {"correlations": pairs, "dictionary": _full()["dictionary"], "waves": _full()["waves"]}
    made = correlation_heatmap.draw(**given, study=study(score_order=list(scores)))
    assert len(made.data) == count * (count - 1) / 2
    assert faults_of_layout(made.figure) == []


def _plots(figure: Figure) -> list:
    """Axes with a frame: not the strips on which legends and bars are drawn by hand."""
    return [axes for axes in figure.axes if axes.axison]


def _marks(figure: Figure, label: str) -> list[float]:
    return [float(line.get_xdata()[0]) for axes in figure.axes for line in axes.lines if line.get_label() == label]


def test_the_forest_says_no_difference_and_bounds_a_share_of_variance_on_one_side():
    estimates = many_hypotheses(_full()["estimates"], 2).assign(direction=["", "positive"])
    estimates["claim_type"], estimates["metric"] = ["equivalence", "difference"], ["beta_within", "delta_r2"]
    made = forest_of_hypotheses.draw(estimates=estimates, study=study())
    assert {"0", "+"} <= {ink.text for ink in drawn_texts(made.figure)}
    bands = [bar.patches[0] for axes in _plots(made.figure) for bar in axes.containers if bar.get_label() == "sesoi"]
    assert [band.get_x() for band in bands] == [-0.10, 0.0]


def test_the_forest_marks_what_decides():
    made = drawing("forest_of_hypotheses", "full")
    deciding = _full()["estimates"].query("decides")
    np.testing.assert_allclose(_marks(made.figure, "decides"), deciding["estimate"])
    assert (
        len(_marks(made.figure, "reported")) == 3 + 18
    )  # between people, and one wave at a time; no bootstrap companions
    words = [ink.text for ink in drawn_texts(made.figure)]
    assert [word for word in words if word in style.VERDICT_COLOURS] == ["supported", "equivalent", "inconclusive"]
    assert "−0.13 [−0.17, −0.09]" in words
    assert "H1 Reported exposure and self-esteem: β within = −0.13 [−0.17, −0.09], supported" in made.alt


def test_the_band_is_the_smallest_effect_of_interest():
    axes = _plots(drawing("forest_of_hypotheses", "full").figure)[0]
    bands = [bar.patches[0] for bar in axes.containers if bar.get_label() == "sesoi"]
    assert [(band.get_x(), band.get_x() + band.get_width()) for band in bands] == [(-0.10, 0.10)] * 3


def test_a_number_that_is_only_reported_is_hollow_and_not_said_to_carry_a_verdict():
    estimates = many_hypotheses(_full()["estimates"], 3)
    estimates.loc[0, "verdict"] = "not tested"
    made = forest_of_hypotheses.draw(estimates=estimates, study=study())
    assert len(_marks(made.figure, "decides")) == 2 and len(_marks(made.figure, "reported")) == 1
    bold = {text.get_text() for text in made.figure.texts if text.get_weight() == "bold"}
    assert {"H2", "H3"} <= bold and "H1" not in bold
    only = forest_of_hypotheses.draw(estimates=estimates.iloc[:1], study=study())
    legend = [ink.text for ink in drawn_texts(only.figure)]
    assert "without a verdict" in legend and "carries the verdict" not in legend


@pytest.mark.parametrize("count", [1, 2, 7, 25, 40])
def test_the_forest_grows_with_its_rows(count):
    made = forest_of_hypotheses.draw(estimates=many_hypotheses(_full()["estimates"], count), study=study())
    assert len(made.data) == count
    assert faults_of_layout(made.figure) == []
    assert len(_marks(made.figure, "decides")) == made.data["estimate"].notna().sum()
    assert all(axes.get_xlim()[0] < 0 < axes.get_xlim()[1] for axes in _plots(made.figure))


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow():
    made = forest_of_hypotheses.draw(estimates=many_hypotheses(_full()["estimates"], 7), study=study())
    arrows = [line.get_marker() for axes in made.figure.axes for line in axes.lines if line.get_marker() in "<>"]
    assert sorted(arrows) == ["<", ">"]


def test_hypotheses_that_cannot_be_tested_give_their_reason_in_grey():
    estimates = many_hypotheses(_full()["estimates"], 5)
    estimates.loc[4, "reason"] = "three waves at least"
    made = forest_of_hypotheses.draw(estimates=estimates, study=study())
    grey = {text.get_text() for text in made.figure.texts if text.get_color() == style.SOFT}
    assert {"H5", "three waves at least", "not testable"} <= grey
    assert "Not testable: H5." in made.alt
    assert len(_marks(made.figure, "decides")) == 4


def test_rows_of_one_metric_are_told_apart_by_wave_or_analysis():
    between = _full()["estimates"].query("metric == 'beta_within' and hypothesis == 'H1'")
    again = between.assign(analysis="fixed_effects", decides=False, verdict="")
    estimates = pd.concat([_full()["estimates"], again])
    shown = forest_of_hypotheses.candidates(estimates).query("hypothesis == 'H1'")
    label = "Reported exposure and self-esteem"
    within = shown.query("metric == 'beta_within'")["text"].tolist()
    after = "reported exposure and self-esteem"  # what tells a row apart comes first
    assert within == [label, f"Fixed effects: {after}"]
    waves = shown.query("metric == 'beta'")["text"].tolist()
    assert waves == [f"{wave}: {after}" for wave in _full()["waves"]["wave"]]
    assert shown.query("metric == 'beta_between'")["text"].tolist() == [label]


def test_rows_of_a_hypothesis_leave_the_forest_together():
    rows = forest_of_hypotheses.candidates(_full()["estimates"])
    more = [rows.assign(hypothesis=rows["hypothesis"] + suffix) for suffix in ("", "b", "c")]
    shown = forest_of_hypotheses.that_fit(pd.concat(more, ignore_index=True))
    sizes = shown.query("metric == 'beta'").groupby("hypothesis").size()
    assert set(sizes) <= {6}
    assert shown["decides"].sum() == 9


def test_hypotheses_stand_in_the_order_of_their_numbers():
    estimates = many_hypotheses(_full()["estimates"], 12).iloc[::-1]
    shown = forest_of_hypotheses.candidates(estimates)
    numbers = [int(name[1:]) for name in shown["hypothesis"]]
    assert numbers == sorted(numbers)


def test_rows_without_a_verdict_give_way_to_those_with_one():
    estimates = pd.concat([many_hypotheses(_full()["estimates"], 38), _full()["estimates"].query("not decides")])
    made = forest_of_hypotheses.draw(estimates=estimates, study=study())
    assert made.data["decides"].sum() == 38
    assert len(made.data) <= 40
    assert "further coefficients in the table of estimates" in made.note


def test_bars_of_responses_add_up_to_everybody():
    made = drawing("response_distributions", "full")
    np.testing.assert_allclose(made.data.groupby("item")["percent"].sum(), 100)
    latest = _full()["responses"].query("wave == '2026f' and item == 'gad7_01' and value == 3").iloc[0]
    drawn = made.data.query("item == 'gad7_01' and code == 3").iloc[0]
    assert (drawn["n"], drawn["percent"]) == (latest["n"], latest["percent"])
    assert [text.get_text() for text in made.figure.texts if text.get_text().endswith("(R)")]


def test_bars_of_responses_meet_at_the_middle_of_their_scale():
    made = drawing("response_distributions", "full")
    drawn = [bar for axes in made.figure.axes for bar in axes.patches if bar.get_height() == pytest.approx(0.8)]
    np.testing.assert_allclose([bar.get_x() for bar in drawn], made.data["start"])
    even = made.data.query("item == 'gad7_01'").set_index("code")  # 0 to 3: the line lies between 1 and 2
    assert even.loc[0, "start"] == pytest.approx(-even.loc[[0, 1], "percent"].sum())
    assert even.loc[2, "start"] == pytest.approx(0)
    odd = made.data.query("item == 'mreii_e01'").set_index("code")  # 0 to 4: 2 lies half on each side
    assert odd.loc[2, "start"] == pytest.approx(-odd.loc[2, "percent"] / 2)
    assert odd.loc[3, "start"] == pytest.approx(odd.loc[2, "percent"] / 2)
    framed = [axes for axes in made.figure.axes if axes.get_yaxis().get_inverted() and axes.axison]
    assert framed and {axes.get_xlim() for axes in framed} == {framed[0].get_xlim()}


def test_blanked_answers_are_drawn_as_one_hatched_rest():
    responses = _full()["responses"].astype({"n": "Int64"})
    hidden = responses["item"].eq("gad7_01") & responses["value"].ge(2)
    responses.loc[hidden, ["n", "percent"]] = pd.NA, np.nan
    made = response_distributions.draw(
        responses=responses, dictionary=_full()["dictionary"], waves=_full()["waves"], study=study(simulated=False)
    )
    own = made.data.query("item == 'gad7_01'")
    assert own["code"].isna().sum() == 1
    assert own["percent"].sum() == pytest.approx(100)
    hatched = [bar for axes in made.figure.axes for bar in axes.patches if bar.get_hatch()]
    assert len(hatched) == 1
    assert hatched[0].get_width() == pytest.approx(own.loc[own["code"].isna(), "percent"].iloc[0])
    assert "fewer than 10 people" in made.note


def test_an_instrument_is_shown_in_its_own_latest_wave():
    responses = _full()["responses"].query("not (instrument == 'gad7' and wave in ['2026e', '2026f'])")
    made = response_distributions.draw(
        responses=responses, dictionary=_full()["dictionary"], waves=_full()["waves"], study=study()
    )
    asked = made.data.groupby("instrument")["wave"].unique().map(list).to_dict()
    assert asked["rses"] == ["2026f"]
    present = set(_full()["responses"].query("instrument == 'gad7'")["wave"])
    assert asked.get("gad7", []) == (["2026d"] if "2026d" in present else [])


def test_panels_of_responses_fill_two_columns_evenly():
    bars = pd.DataFrame({"item": range(30)})
    panels = [
        response_distributions.Panel(name, name, bars.iloc[:items])
        for name, items in zip("abcd", (4, 20, 13, 3), strict=True)
    ]
    columns = response_distributions.in_columns(panels)
    assert [[panel.instrument for panel in column] for column in columns] == [["a", "c", "d"], ["b"]]


def test_no_choice_of_panels_is_more_even_and_forty_panels_are_arranged_too():
    rng, bars = np.random.default_rng(4), pd.DataFrame({"item": range(60)})
    many = [response_distributions.Panel(f"i{k}", "t", bars.iloc[: rng.integers(5, 30)]) for k in range(40)]
    length = response_distributions._length
    for first in range(0, 30, 5):
        panels = many[first : first + 9]
        left, right = response_distributions.in_columns(panels)
        assert left[0] is panels[0] and sorted(p.instrument for p in left + right) == sorted(
            p.instrument for p in panels
        )
        choices = (c for k in range(8) for c in combinations(panels[1:], k))
        most_even = min(abs(length(panels) - 2 * length([panels[0], *chosen])) for chosen in choices)
        assert abs(length(left) - length(right)) <= most_even + 1  # heights are added up in tenths of a millimetre
    left, right = response_distributions.in_columns(many)  # every choice of 2⁴⁰ would never end
    assert abs(length(left) - length(right)) < 3


def test_the_map_of_missing_data_has_a_dark_square_for_all_that_is_missing():
    made, table = drawing("missing_patterns", "full"), _full()["missing_patterns"]
    squares = [c for axes in made.figure.axes for c in axes.collections if isinstance(c, PatchCollection)]
    dark = [c for c in squares if to_hex(c.get_facecolor()[0]) == style.BLUE.lower()]
    assert sum(len(c.get_paths()) for c in dark) == table["n_missing"].sum()
    bars = [
        bar.get_width() / missing_patterns.BAR
        for axes in made.figure.axes
        for bar in axes.patches
        if bar.get_label() == "share"
    ]
    assert sorted(100 * bar for bar in bars) == pytest.approx(sorted(table["percent"]))
    assert "all incomplete but mreii impact 6.8%" in made.alt and "took part in 2026a only 11.5%" in made.alt
    assert _contrast(style.BLUE, style.BAND) >= 3  # told apart in grey


def test_the_map_of_missing_data_blanks_small_cells_and_keeps_to_its_page():
    table = pd.concat([_full()["missing_patterns"].replace({"wave": {"2026a": f"w{k:02d}"}}) for k in range(14)])
    table["asked"] = table["asked"].str.replace("ucla3", "; ".join(f"instrument_{k}" for k in range(60)))
    table.loc[table["pattern"].eq(0), ["n", "percent"]] = np.nan
    table.loc[table["n"].eq(33), "n"] = 9
    made = missing_patterns.draw(missing_patterns=table, waves=_full()["waves"], study=study(simulated=False))
    assert faults_of_layout(made.figure) == []
    assert made.figure.get_size_inches()[1] * 25.4 <= style.MAX_HEIGHT + 0.01
    assert made.data["n"].min() >= 10 and "In the table only: wave" in made.note
    assert [ink.text for ink in drawn_texts(made.figure)].count("—") == made.data["n"].isna().sum()


def test_groups_of_the_curve_hold_enough_people_and_equal_scores_stay_together():
    made = drawing("exposure_outcome_curve", "full")
    assert made.data["n_people"].min() >= 10
    assert made.data["n_reports"].ge(made.data["n_people"]).all()
    values = pd.DataFrame(
        {"participant": range(200), "x": np.repeat([0.0, 1.0, 2.0, 3.0], [150, 5, 5, 40]), "y": np.arange(200.0)}
    )
    groups = exposure_outcome_curve.groups_of_neighbours(values, 10)
    assert [sorted(group["x"].unique()) for group in groups] == [[0.0], [1.0, 2.0], [3.0]]
    fine = pd.DataFrame({"participant": range(803), "x": np.linspace(0, 1, 803), "y": 0.0})
    sizes = [len(group) for group in exposure_outcome_curve.groups_of_neighbours(fine, 10)]
    assert len(sizes) == 8
    assert sum(sizes) == 803
    assert max(sizes) - min(sizes) <= 80
    assert exposure_outcome_curve.groups_of_neighbours(fine.head(9), 10) == []


def test_group_means_equal_a_regression_with_clustered_errors():
    import statsmodels.api as sm

    draw = np.random.default_rng(3)
    people = np.repeat(np.arange(30), 4)
    y = draw.normal(size=30)[people] + draw.normal(size=120)
    values = pd.DataFrame({"participant": people, "x": 1.0, "y": y})
    (group,) = exposure_outcome_curve.group_means(values, 10, 0.95).to_dict("records")
    fitted = sm.OLS(y, np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": people, "df_correction": True}, use_t=True
    )
    low, high = fitted.conf_int(0.05)[0]
    assert (group["y"], group["ci_low"], group["ci_high"]) == pytest.approx((y.mean(), low, high), rel=1e-10)


def test_deviations_are_from_the_persons_own_mean():
    both = pd.DataFrame(
        {"participant": ["a", "a", "b"], "wave_number": [1, 2, 1], "x": [1.0, 3.0, 9.0], "y": [4.0, 8.0, 0.0]}
    )
    own = exposure_outcome_curve.deviations(both)
    assert own[["x", "y"]].to_numpy().tolist() == [[-1.0, -2.0], [1.0, 2.0]]


def test_within_people_needs_three_waves():
    kinds = set(drawing("exposure_outcome_curve", "full").data["comparison"])
    assert kinds == {"between people", "within people"}
    assert set(drawing("exposure_outcome_curve", "one wave").data["comparison"]) == {"between people"}


def test_the_headline_repeats_the_verdicts_and_the_curves():
    made = drawing("headline", "full")
    data = made.data.set_index("panel")
    deciding = _full()["estimates"].query("decides")
    np.testing.assert_allclose(data.loc["B", "estimate"], deciding["estimate"])
    assert data.loc["A", "n_kept"].tolist() == _full()["waves"]["n_kept"].tolist()
    curve = drawing("exposure_outcome_curve", "full").data.query(
        "comparison == 'within people' and outcome == 'rses_sum'"
    )
    own = data.loc["C"].query("hypothesis == 'H1'")
    np.testing.assert_allclose(own["y"], (curve["y"] - curve["outcome_mean"]) / curve["outcome_sd"])
    assert {"H1", "H2", "H3"} <= {text.get_text() for text in made.figure.axes[-1].texts}
    assert headline.deciding(_full()["estimates"])["metric"].unique().tolist() == ["beta_within"]


def test_the_headline_says_which_hypotheses_it_shows():
    given = {table: _full()[table] for table in headline.TABLES}
    notes = [
        headline.draw(**given | {"estimates": rows.assign(family=family)}, study=study()).note.partition(" Panel B:")[0]
        for rows in (_full()["estimates"], many_hypotheses(_full()["estimates"], 6).assign(verdict="supported"))
        for family in ("primary", "coping")
    ]
    assert notes[0].startswith("Panel B: n =") and notes[1] == "Panels B and C show hypotheses of the family “coping”."
    assert [note.rpartition(" of ")[0] for note in notes[2:]] == [
        f"Panels B and C show the first 4 of {n} hypotheses" for n in (5, 5)
    ]
    assert notes[2].endswith("of the primary family.") and notes[3].endswith("of the family “coping”.")


# Words that fit ------------------------------------------------------------------------------------------------------


def test_wrapped_text_is_as_narrow_as_asked_and_loses_nothing_it_need_not():
    text = "Rejection sensitivity in close relationships of adults"
    for width in (20, 30, 45, 90):
        lines = style.wrap(text, width, lines=9).split("\n")
        assert " ".join(lines) == text
        assert max(style.width_of(line) for line in lines) <= width
    short = style.wrap(text, 25, lines=2)
    assert short.endswith("…")
    assert max(style.width_of(line) for line in short.split("\n")) <= 25


def test_a_name_without_spaces_is_cut_where_it_has_a_joint():
    assert style.wrap("autumn_follow_up_wave", 22, lines=3).split("\n")[0].endswith("_")


def test_printed_numbers_contrast_with_their_cells():
    scale = style.diverging()
    for value in np.linspace(0, 1, 21):
        fill = scale(value)
        assert _contrast(fill, style.readable_on(fill)) >= 4.5, value


def _contrast(first, second) -> float:
    """Contrast ratio of the Web Content Accessibility Guidelines 2.1."""
    from matplotlib.colors import to_rgb

    def luminance(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return float(np.dot((0.2126, 0.7152, 0.0722), parts))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert _contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert _contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("colour", [style.INK, style.SOFT, style.RUST, *style.VERDICT_COLOURS.values()])
def test_colours_of_text_contrast_with_the_page(colour):
    assert _contrast(colour, style.WHITE) >= 4.5


# Files ---------------------------------------------------------------------------------------------------------------

DRAW_ONE = """
import sys
sys.path.insert(0, sys.argv[1])
from example_tables import study, tables
from rejsens import figure_files, style
from rejsens.figures import headline, scores_by_wave
given = tables()
for module in (headline, scores_by_wave):
    made = module.draw(**{name: given[name] for name in module.TABLES}, study=study(), people=True)
    figure_files.save(made, sys.argv[2] + "/" + module.__name__.rsplit(".")[-1])
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    for name in FIGURES:
        figure_files.save(drawing(name, "full"), folder / name)
    return folder


def test_the_same_figure_gives_the_same_bytes_in_another_process(saved, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nfigure.facecolor: red\nsvg.fonttype: none\n")
    changes = {"PYTHONHASHSEED": "77", "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", DRAW_ONE, str(Path(__file__).parent), str(tmp_path)],
        check=True,
        env=_environment(**changes),
    )
    for name in ("headline", "scores_by_wave"):
        for suffix in (*style.FORMATS, "csv", "json"):
            assert (tmp_path / f"{name}.{suffix}").read_bytes() == (saved / f"{name}.{suffix}").read_bytes(), (
                f"{name}.{suffix}"
            )


def test_drawing_twice_gives_the_same_bytes(saved, tmp_path):
    for name in FIGURES:
        make, changes, people = SCENARIOS["full"]
        module, given = load_plugin(f"rejsens.figures.{name}"), added(name, make())
        again = module.draw(**{table: given[table] for table in module.TABLES}, study=study(**changes), people=people)
        for path in figure_files.save(again, tmp_path / name):
            assert path.read_bytes() == (saved / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", FIGURES)
def test_the_words_travel_with_every_file(name, saved):
    made = drawing(name, "full")
    record = json.loads((saved / f"{name}.json").read_text(encoding="utf-8"))
    assert {key: record[key] for key in ("title", "caption", "note", "alt")} == {
        "title": made.title,
        "caption": made.caption,
        "note": made.note,
        "alt": made.alt,
    }
    with Image.open(saved / f"{name}.png") as picture:
        assert picture.text == {"Title": made.title, "Description": made.alt}
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert picture.width == pytest.approx(record["width_mm"] / 25.4 * 300, abs=1)
    from xml.etree import ElementTree

    tree = ElementTree.parse(saved / f"{name}.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert [child.tag for child in tree][:2] == [f"{space}title", f"{space}desc"]
    assert (tree[0].text, tree[1].text) == (made.title, made.alt)
    assert tree.get("role") == "img"
    assert not list(tree.iter(f"{space}text"))  # letters are paths
    pd.testing.assert_frame_equal(
        pd.read_csv(saved / f"{name}.csv")[list(made.data)].astype(object).where(lambda t: t.notna(), None).map(str),
        made.data.replace({"": None}).astype(object).where(lambda t: t.notna(), None).reset_index(drop=True).map(str),
        check_dtype=False,
        check_index_type=False,
    )


def test_figures_may_stand_in_one_page(saved):
    defined: dict[str, str] = {}
    for name in FIGURES:
        content = (saved / f"{name}.svg").read_text(encoding="utf-8")
        own = dict(re.findall(r'<(?:path|clipPath|pattern|image)[^>]*? id="([^"]+)"([^>]*>)', content))
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', content)) <= set(re.findall(r' id="([^"]+)"', content))
        assert len(re.findall(r' id="', content)) == len(set(re.findall(r' id="([^"]+)"', content)))
        assert "<g id=" not in content
        assert all(defined.setdefault(key, value) == value for key, value in own.items() if key.startswith("Source"))


@pytest.mark.parametrize("name", FIGURES)
def test_files_tell_no_date_and_no_version(name, saved):
    for suffix in style.FORMATS:
        content = (saved / f"{name}.{suffix}").read_bytes()
        for word in (
            b"CreationDate",
            b"ModDate",
            b"dc:date",
            b"Matplotlib v",
            b"Software",
            b"Producer",
            str(Path.cwd()).encode(),
        ):
            assert word not in content, f"{name}.{suffix}: {word!r}"


@pytest.mark.parametrize("name", FIGURES)
def test_fonts_are_embedded_as_truetype(name, saved):
    content = (saved / f"{name}.pdf").read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    used = set(re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?([\w-]+)", content))
    assert used and all(font.startswith(b"SourceSans3") for font in used), used


def test_the_fonts_ship_with_their_licence():
    folder = LIBRARY / "fonts"
    assert {path.name for path in folder.iterdir()} == {
        "OFL.txt",
        "SourceSans3-Regular.ttf",
        "SourceSans3-Bold.ttf",
        "SourceSans3-Italic.ttf",
    }
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_050_000
    from matplotlib.font_manager import fontManager

    assert {Path(entry.fname).parent for entry in fontManager.ttflist if entry.name == style.FONT} == {folder}
