"""Gaps in panels of many waves: near waves predict one by one, those far away by the person's mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from rejsens.inference.imputed import (
    Variables,
    completed_panels,
    crowded,
    far_waves,
    many_waves,
    predictors_of,
    side_by_side,
)
from rejsens.missing import imputation, impute


def test_of_many_waves_the_near_ones_predict_and_the_others_by_their_mean():
    """Up to eleven waves nothing is near or far; categories, and what interactions hold, are drawn from every wave."""
    waves = [f"w{k:02}" for k in range(1, 15)]
    people = [f"p{k}" for k in range(300)]
    rows = [(p, wave, k) for p in people for k, wave in enumerate(waves, start=1)]
    rng = np.random.default_rng(1)
    panel = pd.DataFrame(rows, columns=["participant", "wave", "wave_number"]).assign(role="wave")
    level = rng.normal(size=300).repeat(14)
    panel = panel.assign(x=level + rng.normal(size=4200), y=level + rng.normal(size=4200), job=rng.integers(0, 2, 4200))
    panel["age"] = rng.normal(size=300).repeat(14)
    panel["y"] = panel["y"].mask(rng.random(4200) < 0.2)
    held = Variables(("x", "y", "z", "job"), ("age",), frozenset({"job"}), ("x", "y"))
    panel["z"] = panel["x"].where(panel["wave_number"] > 2)  # not asked before
    wide = side_by_side(panel, held)
    in_time = many_waves(panel, {})
    assert (
        in_time == waves
        and many_waves(panel[panel["wave_number"] < 12], {}) == many_waves(panel, {"x by y": ["x", "y"]}) == []
    )
    drawn, far = predictors_of(wide, held, in_time), far_waves(wide, held, in_time)
    around = {f"{name}@w{k:02}" for name in "xy" for k in range(1, 10)} - {"y@w04"}
    assert set(drawn["y@w04"]) == around | {"z@w04", "job@w04", "age"}
    assert far["y@w04"] == [[f"{name}@{wave}" for wave in waves] for name in "yx"]
    assert far["z@w05"][0] == [f"z@{wave}" for wave in waves[2:]]
    assert drawn["age"] == [] and far["age"] == [[f"{name}@{wave}" for wave in waves] for name in "xy"]
    assert (
        set(drawn["job@w01"]) == {f"job@{wave}" for wave in waves[1:]} | {"x@w01", "y@w01", "age"}
        and "job@w01" not in far
    )
    few = Variables(("x", "y"), always=("x", "y"))
    assert not crowded(panel, few, {})  # 23 predictors, not 27, of 240 people
    kind = Variables(("x", "y", "job"), (), frozenset({"job"}), ("x", "y"))
    assert crowded(panel[panel["participant"] < "p2"], kind, {}) and crowded(panel, few, {"x by y": ["x", "y"]})
    assert not crowded(panel.assign(job=1.0), replace(kind, varying=("x", "y")), {"x by job": ["x", "job"]})
    one = completed_panels(panel, few, 1, np.random.default_rng(1))[0]
    gap = panel["y"].isna()
    assert one["y"].notna().all() and np.corrcoef(one.loc[gap, "y"], level[gap])[0, 1] > 0.35
    early = panel[panel["wave_number"] < 12]
    assert far_waves(side_by_side(early, held), held, many_waves(early, {})) == {}


def test_the_rest_of_a_group_predicts_as_a_column_of_their_mean_would():
    """Drawn from the same random numbers; the mean is of standardised columns, since one may be in other units."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(300, 1)) + rng.normal(size=(300, 6))
    frame = pd.DataFrame(x, columns=[f"x{k}" for k in range(6)]).assign(x5=100 * x[:, 5] + 7, flat=2.0)
    y = pd.Series(x.mean(axis=1) + rng.normal(size=300), name="y").mask(rng.random(300) < 0.3)
    z = (frame[["x2", "x3", "x4", "x5"]] - frame.mean()) / frame.std(ddof=0)
    mean = z[["x2", "x3", "x4", "x5"]].mean(axis=1).rename("mean")
    named = {"methods": {"y": "linear"}, "iterations": 2}
    by_hand = impute(pd.concat([frame[["x0", "x1"]], mean, y], axis=1), 2, 3, **named)
    group = [["flat", *(f"x{k}" for k in range(6))]]
    found = impute(
        pd.concat([frame, y], axis=1), 2, 3, **named, predictors={"y": ["x0", "x1"]}, means={"y": group}
    )  # fmt: skip
    for one, other in zip(found, by_hand, strict=True):
        np.testing.assert_allclose(one["y"], other["y"], rtol=0, atol=1e-6)
    few = impute(pd.concat([frame, y], axis=1)[:6], 1, 3, predictors={"y": ["x0", "x1"]}, means={"y": group})
    assert any("and 3 predictors" in note for note in few.notes)


def test_a_name_given_twice_counts_once_and_categories_take_means_too():
    rng = np.random.default_rng(4)
    level = rng.normal(size=(400, 1))
    frame = pd.DataFrame(level + rng.normal(size=(400, 5)), columns=[f"x{k}" for k in range(5)])
    high = pd.Series((level[:, 0] + 0.5 * rng.normal(size=400) > 0).astype(float), name="high").map({0: "no", 1: "yes"})
    y = pd.Series(level[:, 0] + rng.normal(size=400), name="y").mask(rng.random(400) < 0.3)
    frame = pd.concat([frame, y, high.mask(rng.random(400) < 0.3)], axis=1)
    columns = list(frame)[:5]
    once, twice = (
        impute(frame, 2, 3, iterations=2, predictors=own, means=means)
        for own, means in (
            ({"y": ["x0"], "high": ["x0"]}, {"y": [columns], "high": [columns]}),
            ({"y": ["x0", "x0"], "high": ["x0"]}, {"y": [columns * 2], "high": [columns]}),
        )
    )
    for one, other in zip(once, twice, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert once.predictors["y"] == ("x0",) and once.means == twice.means == {
        "y": (tuple(columns),),
        "high": (tuple(columns),),
    }
    alone = impute(frame, 2, 3, iterations=2, predictors={"y": ["x0"], "high": ["x0"]})
    right = [
        (one.loc[frame["high"].isna(), "high"] == high[frame["high"].isna()]).mean() for one in (once[0], alone[0])
    ]
    assert right[0] > right[1] + 0.03 and alone.means == {"y": (), "high": ()}


def test_sums_of_a_group_follow_what_is_drawn(monkeypatch):
    """After every draw the sums, the products and their columns are those of the completed values."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(80, 1)) + rng.normal(size=(80, 8)), columns=[f"x{k}" for k in range(8)])
    frame["g"] = pd.Categorical(rng.integers(0, 3, 80))
    frame = frame.mask(rng.random(frame.shape) < 0.2)
    names, states = list(frame)[:8], []
    drawn = imputation._State.draw

    def looked_at(state, name, method):
        drawn(state, name, method)
        states.append(name)
        np.testing.assert_allclose(state.cross, state.matrix.T @ state.matrix, rtol=0, atol=1e-10)
        whole = state.matrix[:, [state._place(other) for other in names]].sum(axis=1)
        np.testing.assert_allclose(state.matrix[:, -1], whole, rtol=0, atol=1e-12)

    monkeypatch.setattr(imputation._State, "draw", looked_at)
    near = {name: [other for other in names if abs(names.index(other) - k) == 1] for k, name in enumerate(names)}
    impute(frame, 1, 1, predictors=near, means={name: [names] for name in names}, iterations=3)
    assert len(states) == 27


def test_what_a_person_has_in_common_over_many_waves_is_kept_by_the_mean_of_far_ones():
    """Waves that go together at .5 however far apart: of neighbours alone drawn values would forget the far ones."""
    rng = np.random.default_rng(6)
    whole = pd.DataFrame(rng.normal(size=(800, 1)) + rng.normal(size=(800, 30)), columns=[f"x{k}" for k in range(30)])
    holes = whole.mask(rng.random(whole.shape) < 0.3)
    near = {x: [f"x{other}" for other in range(30) if other != k and abs(other - k) < 3] for k, x in enumerate(whole)}

    def together(completed: pd.DataFrame) -> float:
        """Mean correlation of drawn values of a wave with what is known of the waves ten and more away."""
        found = []
        for k, name in enumerate(whole):
            gap = holes[name].isna()
            found += [completed.loc[gap, name].corr(whole.loc[gap, f"x{j}"]) for j in range(30) if abs(j - k) >= 10]
        return float(np.mean(found))

    named = {"methods": dict.fromkeys(whole, "linear"), "predictors": near, "iterations": 5}
    alone, kept = (
        together(impute(holes, 1, 1, **named, means=means)[0])
        for means in ({}, {name: [list(whole)] for name in whole})
    )
    assert alone < 0.42 < 0.47 < kept < 0.53
