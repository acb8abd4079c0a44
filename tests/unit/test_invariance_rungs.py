"""Every rung's standardised estimates and errors (tests/reference/sem_rungs.R), and what a rejected rung may give up."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_factor_models import DATA, LADDERS, SIX, THREE, TWO, compare_fit
from tests.unit.test_factor_models import R as LADDERS_IN_R

from rejsens.assess_structure import _rungs
from rejsens.psychometrics import invariance, partial_invariance
from rejsens.tables.invariance import _releases

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "sem_rungs.json").read_text(encoding="utf-8"))
MIXED = json.loads((REFERENCE / "sem_mixed.json").read_text(encoding="utf-8"))
HOLES = DATA["groups"].copy()  # as in sem_rungs.R
for j in range(1, 10):
    HOLES.loc[(np.arange(1, len(HOLES) + 1) * 7 + j * 3) % 11 == 0, f"x{j}"] = np.nan
MORE = {
    ("groups", "fiml"): lambda: invariance(HOLES, THREE, groups="group", missing="fiml"),
    ("groups", "fiml_mlr"): lambda: invariance(HOLES, THREE, groups="group", missing="fiml", estimator="MLR"),
}
NAMES = [(over, name) for over in ("groups", "waves", "ordered") for name in R[over]]


@pytest.mark.parametrize("name", NAMES, ids="-".join)
def test_standardised_estimates_and_errors_of_each_rung_equal_lavaan(name):
    ladder = (LADDERS | MORE)[name]()
    for rung, model in ladder.models.items():
        if name in MORE:
            compare_fit(model.fit, R["fit"][name[1]][rung])
        theirs = pd.DataFrame(R[name[0]][name[1]][rung])
        ours = model.estimates.assign(**{end: model.estimates[end].str.replace(".w", "") for end in ("lhs", "rhs")})
        if model.groups:
            ours["group"] = [model.groups.index(one) + 1 for one in ours["group"]]
        key = [column for column in ("lhs", "op", "rhs", "group") if column in ours]
        both = ours.merge(theirs, on=key, how="left", validate="one_to_one", suffixes=("", "_r"))
        assert both["est.std"].notna().all() and len(both) > 40
        np.testing.assert_allclose(both["std"], both["est.std"], atol=1e-4, err_msg=rung)
        np.testing.assert_allclose(both["std_se"].fillna(0), both["se_r"].fillna(0), atol=1e-3, err_msg=rung)


def test_a_rejected_rung_releases_what_lavaan_would_release():
    ladder = LADDERS["groups", "ml"]()
    found = partial_invariance(ladder)
    assert found["rung"].tolist() == ["scalar", "strict"]
    assert found["released"].tolist() == ["intercepts of x5"] * 2
    assert found["holds"].tolist() == ["not rejected"] * 2
    for row, lavaan in zip(found.itertuples(), LADDERS_IN_R["groups"]["partial"]["difference"][1:], strict=True):
        assert (row.d_df, row.d_chi2) == (lavaan["df"], pytest.approx(lavaan["chi2"], abs=1e-3, rel=1e-5))
    assert ladder.table["released"].eq("").all()  # the ladder itself stays whole


@pytest.fixture(scope="module")
def moved():
    """Half of group two answer q2 one category higher, as in sem_mixed.R."""
    data = DATA["ordinal5"].copy()
    up = (data["group"] == "two") & (data["q2"] < 4) & (np.arange(1, len(data) + 1) % 2 == 0)
    data.loc[up, "q2"] += 1
    return invariance(data, TWO, groups="group", estimator="WLSMV")


def test_releases_of_ordered_items_equal_lavaan(moved):
    found, lavaan = partial_invariance(moved), MIXED["partial"]
    assert found["released"].tolist() == ["intercepts of q2", "intercepts of q2, residuals of q2"]
    assert moved.table.loc[3, "d_chi2"] == pytest.approx(lavaan["full"]["chi2"], abs=1e-3, rel=1e-5)
    for row, theirs in zip(found.itertuples(), (lavaan["partial"], lavaan["above"]), strict=True):
        assert (row.d_df, row.d_chi2) == (theirs["df"], pytest.approx(theirs["chi2"], abs=1e-3, rel=1e-5))


def test_no_more_than_a_fifth_of_the_items_is_released(moved):
    few = partial_invariance(moved, most=0.1)
    assert (few["released"].tolist(), few["holds"].tolist()) == ([""], ["no release: fewer items than 10"])
    data = DATA["groups"].copy()
    second = data["group"] == "two"
    data.loc[second, ["x1", "x4", "x8"]] += 0.8
    ladder = invariance(data, THREE, groups="group")
    found = partial_invariance(ladder)  # one of nine items
    assert found["rung"].tolist() == ["scalar"] and found["holds"].tolist() == ["rejected"]
    assert found.loc[0, "released"].count(" of ") == 1
    wide = partial_invariance(ladder, most=0.5)
    assert wide.loc[0, "holds"] == "not rejected"
    assert {"intercepts of x1", "intercepts of x8"} <= set(wide.loc[0, "released"].split(", "))
    with pytest.raises(ValueError, match="share of the items"):
        partial_invariance(moved, most=20)


def test_nothing_is_released_where_nothing_is_rejected():
    assert partial_invariance(LADDERS["groups", "ml"](), alpha=1e-12).empty
    alike = invariance(DATA["ordinal4"], TWO, groups="group", estimator="WLSMV")
    assert partial_invariance(alike, alpha=1e-6).empty and len(SIX) == 6


def test_the_ladder_of_a_study_has_its_releases_beside_it():
    asked = SimpleNamespace(name="mine", event=None)
    ladder = LADDERS["groups", "ml"]()
    table = _rungs(ladder, 0.05, asked, len(DATA["groups"]) + 7).assign(model="scale", between="gender")
    assert (table["n"] + table["n_lost"] + table["n_left_out"]).eq(len(DATA["groups"]) + 7).all()
    assert table["released"].tolist() == ["", "", "intercepts of x5", "intercepts of x5"]
    assert table["holds"].tolist() == ["", "not rejected", "rejected", "not rejected"]
    assert table["partial_holds"].tolist() == ["", "", "not rejected", "not rejected"]
    assert table.loc[2, "d_p"] < 0.05 < table.loc[2, "partial_d_p"]  # the row itself is the rung without a release
    said = _releases(table, {"scale": "The scale"}, {"x5": "fifth_item"})
    assert len(said) == 1 and said[0].startswith(
        "Exploratory, for what is released was chosen by the data: The scale by gender"
    )
    assert (
        "intercepts equal: not rejected with the intercepts of “fifth item” free (p = " in said[0]
        and "strict" not in said[0]
    )
    assert _releases(table.assign(released="", partial_holds=""), {}, {}) == []
    kept = table.assign(released="", partial_holds=["", "", "no release: fewer items than 5", ""])
    assert _releases(kept, {"scale": "The scale"}, {}) == [
        "Nothing could be released: The scale by gender, intercepts equal: no release: fewer items than 5."
    ]
