"""Every declared hypothesis was put to R (tests/reference/families.R); here one of each model is put to the library again.

`python tests/reference/families_data.py compare` and `make bench` hold all of them against R.
"""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from tests.reference import families_data as reference

from rejsens.tables.precision import detectable

# the cheapest of each model, and of each form that a model takes in this study
SHOWN = (
    "H1", "H7", "H7b", "H13", "H14", "H15", "H18", "H20", "H21", "H23a", "H28", "H31a", "H37", "H38", "H40",
    "H41a", "H42", "H43", "H44a", "H47",
)  # fmt: skip


@pytest.fixture(scope="module")
def kept():
    return json.loads(reference.KEPT.read_text("utf-8"))


@pytest.fixture(scope="module")
def study():
    return reference.panel_and_events()


def test_r_was_given_the_hypotheses_and_the_data_of_this_study(kept, study):
    asked = reference.declared()
    data = reference.fingerprint(reference.named_columns(*study, asked))
    assert reference.stale(kept, asked, data) == []
    assert {row[0] for row in kept["rows"]} == set(asked)


def test_other_data_and_other_hypotheses_are_noticed(kept, study):
    asked, (panel, _) = reference.declared(), study
    given = {"waves": panel[["participant", "wave", "rses_sum"]].head(50)}
    moved = {"waves": given["waves"].assign(rses_sum=given["waves"]["rses_sum"] + np.eye(50)[5])}
    assert reference.fingerprint(given) == reference.fingerprint({"waves": given["waves"].copy()})
    assert reference.fingerprint(given) != reference.fingerprint(moved)
    (said,) = reference.stale(kept, asked, reference.fingerprint(moved))
    assert "simulated waves" in said and "redraw" in said
    changed = copy.deepcopy(asked)
    changed["H1"]["covariates"] = changed["H1"]["covariates"][:-1]
    del changed["H2"]
    assert "told: H1, H2" in reference.stale(kept, changed, kept["data"])[0]


def test_the_shown_hypotheses_cover_every_model_but_the_longest():
    asked = reference.declared()
    models = {name: h.get("model", "association") for name, h in asked.items()}
    assert set(models.values()) - {models[name] for name in SHOWN} == {
        "mediation"
    }  # lagged_mediation is held in panel.R


def test_one_hypothesis_of_each_model_agrees_with_r(kept, study):
    theirs = reference.r_rows(kept)
    draws = {"H13": 5000}
    asked = {name: h for name, h in reference.declared().items() if name in SHOWN}
    drawn = {name: h for name, h in asked.items() if name in draws}
    rest = {name: h for name, h in asked.items() if name not in draws}
    for some, number in ((drawn, 5000), (rest, 100)):
        rows = theirs[theirs["hypothesis"].isin(list(some)) & ~((theirs["metric"] == "breakpoint") & (number < 999))]
        ours = reference.own_rows(*study, some, draws=number)
        ours = ours[~((ours["metric"] == "breakpoint") & (number < 999))]  # its interval is drawn
        assert reference.differences(ours, rows) == []
        deciding = ours[ours["decides"]].assign(claim_type="difference")  # a claim of absence has its own power
        assert all(math.isfinite(detectable(row, 5, 0.05)[0]) for row in deciding.to_dict("records"))


def test_a_number_that_is_off_is_named(kept):
    theirs = reference.r_rows(kept)
    own = theirs[(theirs["hypothesis"] == "H1") & (theirs["analysis"] == "within_between")]
    for column, off in (("estimate", 3e-5), ("se", 3e-5), ("df", 2.0), ("ci_low", 2e-3), ("n_obs", 1)):
        moved = own.assign(**{column: own[column] + np.array([off, 0])[: len(own)]})
        (said,) = reference.differences(moved, own)
        assert column in said and "mreii_e_freq_within" in said
    assert any("only R has it" in said for said in reference.differences(own.iloc[1:], own))
